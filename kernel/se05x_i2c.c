// SPDX-License-Identifier: GPL-2.0-only
/*
 * NXP EdgeLock SE05x secure element on I2C: one write, one read, power
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/i2c.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/pm_runtime.h>
#include <linux/property.h>
#include <linux/regulator/consumer.h>
#include <linux/string.h>

#include "compat.h"
#include "se05x.h"

/* A whole S-block with one byte, S(WTX response), must go through. */
#define TRANSFER_MIN	(SE05X_T1_OVERHEAD + 1)

/**
 * struct se05x_i2c - the chip's place on the bus
 * @client: its address
 * @enable: enable line, NULL without one
 * @reset: reset line, NULL without one
 * @vdd: supply, NULL without one
 * @vdd_on: we have switched @vdd on
 * @on: the chip is to have power, as it was last told or found
 * @readable: @enable was read as active once, so its controller can do that
 * @computes: the driver was removed while the chip computed
 * @frame: the only buffer that the adapter sees. It is allocated apart and safe for
 *	DMA, so that no adapter copies an APDU to memory that nobody wipes.
 */
struct se05x_i2c {
	struct i2c_client *client;
	struct gpio_desc *enable;
	struct gpio_desc *reset;
	struct regulator *vdd;
	bool vdd_on;
	bool on;
	bool readable;
	bool computes;
	u8 *frame;
};

/*
 * One message, START to STOP: the chip knows no repeated start. i2c_transfer()
 * counts messages; one that did not arrive whole is a failure of the bus.
 */
static int transfer(struct se05x_i2c *bus, size_t len, u16 flags)
{
	struct i2c_msg msg = {
		.addr = bus->client->addr,
		.flags = flags | I2C_M_DMA_SAFE,
		.len = len,
		.buf = bus->frame,
	};
	int ret = i2c_transfer(bus->client->adapter, &msg, 1);

	if (ret < 0)
		return ret;
	return ret == 1 ? len : -EIO;
}

static int se05x_i2c_write(void *phy, const u8 *buf, size_t len)
{
	struct se05x_i2c *bus = phy;
	int ret;

	memcpy(bus->frame, buf, len);
	ret = transfer(bus, len, 0);
	memzero_explicit(bus->frame, len);
	return ret;
}

static int se05x_i2c_read(void *phy, u8 *buf, size_t len)
{
	struct se05x_i2c *bus = phy;
	int ret = transfer(bus, len, I2C_M_RD);

	if (ret > 0)
		memcpy(buf, bus->frame, len);
	memzero_explicit(bus->frame, len);
	return ret;
}

static int set_vdd(struct se05x_i2c *bus, bool on)
{
	int ret;

	if (!bus->vdd || bus->vdd_on == on)
		return 0;
	ret = on ? regulator_enable(bus->vdd) : regulator_disable(bus->vdd);
	if (!ret)
		bus->vdd_on = on;
	return ret;
}

static bool is_enabled(struct se05x_i2c *bus)
{
	return bus->enable && gpiod_get_value_cansleep(bus->enable) > 0;
}

/* Supply first and enable line last, and back in reverse order. */
static int switch_on(struct se05x_i2c *bus)
{
	int ret = set_vdd(bus, true);

	if (!ret && bus->reset)
		ret = gpiod_direction_output(bus->reset, 0);
	if (!ret && bus->enable)
		ret = gpiod_direction_output(bus->enable, 1);
	bus->on = true;
	bus->readable |= is_enabled(bus);
	return ret;
}

/* A reset line stands in for the others only where there is neither. */
static int switch_off(struct se05x_i2c *bus)
{
	int ret;

	if (bus->enable) {
		ret = gpiod_direction_output(bus->enable, 0);
		/* The chip is off now, even if the supply can't be switched off. */
		if (!ret)
			set_vdd(bus, false);
	} else if (bus->vdd) {
		ret = set_vdd(bus, false);
		/* It is still on if others use it, or if it can't be switched. */
		if (!ret && regulator_is_enabled(bus->vdd) > 0)
			ret = set_vdd(bus, true) ?: -EOPNOTSUPP;
	} else {
		ret = gpiod_direction_output(bus->reset, 1);
	}
	if (!ret)
		bus->on = false;
	return ret;
}

/*
 * A line without a controller takes every command, and reads 0. If the controller
 * has only lost its state, the line reads 1 after it was driven again.
 */
static bool is_line_gone(struct se05x_i2c *bus)
{
	if (bus->vdd || !bus->on || !bus->readable || is_enabled(bus))
		return false;
	gpiod_direction_output(bus->enable, 1);
	return !is_enabled(bus);
}

static int se05x_i2c_power(void *phy, bool on)
{
	struct se05x_i2c *bus = phy;

	if (!bus->enable && !bus->vdd && !bus->reset)
		return -EOPNOTSUPP;
	if (on)
		return switch_on(bus);
	return is_line_gone(bus) ? -EOPNOTSUPP : switch_off(bus);
}

static const struct se05x_phy_ops se05x_i2c_ops = {
	.write = se05x_i2c_write,
	.read = se05x_i2c_read,
	.power = se05x_i2c_power,
};

static const struct of_device_id se05x_of_match[] = {
	{ .compatible = "nxp,se050" },
	{ .compatible = "nxp,se051" },
	{ .compatible = "nxp,se052" },
	{ .compatible = "nxp,a5000" },
	{ }
};
MODULE_DEVICE_TABLE(of, se05x_of_match);

/* Did the board's description name an SE05x? By id alone it might be anything. */
static bool is_described(struct device *dev)
{
	const struct of_device_id *id;

	for (id = se05x_of_match; id->compatible[0]; id++)
		if (device_property_match_string(dev, "compatible", id->compatible) >= 0)
			return true;
	return false;
}

static void vdd_off(void *data)
{
	struct se05x_i2c *bus = data;

	/*
	 * A driven line must not feed a chip without supply. But if others keep the
	 * supply on, this would cut a chip that computes.
	 */
	if (bus->vdd_on && bus->enable && !bus->computes)
		gpiod_direction_output(bus->enable, 0);
	set_vdd(bus, false);
}

/*
 * Lines are taken as they are: driving one here could cut a chip that an
 * earlier boot stage left computing.
 */
static struct gpio_desc *get_line(struct device *dev, const char *name)
{
	struct gpio_desc *line = devm_gpiod_get_optional(dev, name, GPIOD_ASIS);
	int ret = PTR_ERR_OR_ZERO(line);

	if (ret == -EBUSY)
		dev_err_probe(dev, ret, "no %s line: another driver has it, see debugfs gpio\n",
			      name);
	else if (ret)
		dev_err_probe(dev, ret, "no %s line\n", name);
	return line;
}

static int get_lines(struct se05x_i2c *bus)
{
	struct device *dev = &bus->client->dev;

	bus->enable = get_line(dev, "enable");
	if (IS_ERR(bus->enable))
		return PTR_ERR(bus->enable);
	bus->reset = get_line(dev, "reset");
	if (IS_ERR(bus->reset))
		return PTR_ERR(bus->reset);
	bus->vdd = devm_regulator_get_optional(dev, "vdd");
	if (IS_ERR(bus->vdd)) {
		if (PTR_ERR(bus->vdd) != -ENODEV)
			return dev_err_probe(dev, PTR_ERR(bus->vdd), "no vdd supply\n");
		bus->vdd = NULL;
	}
	return devm_add_action_or_reset(dev, vdd_off, bus);
}

/* Return: 1 if the chip had to be switched on just now, 0 if it was on. */
static int power_on(struct se05x_i2c *bus)
{
	bool off = (bus->vdd && regulator_is_enabled(bus->vdd) == 0) ||
		   (bus->enable && gpiod_get_value_cansleep(bus->enable) == 0) ||
		   (bus->reset && gpiod_get_value_cansleep(bus->reset) > 0);

	bus->on = true;
	bus->readable = is_enabled(bus);
	if (!off)	/* but keep the supply on */
		return set_vdd(bus, true);
	fsleep(SE05X_T1_OFF_TIME);	/* an earlier binding may just have cut it */
	return switch_on(bus) ?: 1;
}

/* One line says what is wrong, as far as can be known. */
static int not_found(struct se05x_i2c *bus, const struct se05x_setup *setup)
{
	const char *lines = bus->enable ? "enable line switched on" :
			    bus->reset ? "reset line only" : "no enable line";
	const char *why = "nothing answers, check power, enable line and wiring";

	if (setup->heard)
		why = "what answers is another chip";
	else if (bus->enable)
		why = "nothing answers, check power, wiring, and if ENA is active low (ena_low)";
	return dev_err_probe(&bus->client->dev, -ENODEV, "no SE05x at 0x%02x on %s (%s): %s\n",
			     bus->client->addr, dev_name(&bus->client->adapter->dev), lines, why);
}

static int check_adapter(struct se05x_i2c *bus, struct se05x_setup *setup)
{
	struct i2c_adapter *adapter = bus->client->adapter;
	struct device *dev = &bus->client->dev;

	if (!i2c_check_functionality(adapter, I2C_FUNC_I2C))
		return dev_err_probe(dev, -EOPNOTSUPP, "%s can't do plain I2C transfers\n",
				     adapter->name);
	if (adapter->quirks) {
		setup->max_write = adapter->quirks->max_write_len;
		setup->max_read = adapter->quirks->max_read_len;
	}
	setup->retries = adapter->retries > 0;
	if ((setup->max_write && setup->max_write < TRANSFER_MIN) ||
	    (setup->max_read && setup->max_read < TRANSFER_MIN))
		return dev_err_probe(dev, -EOPNOTSUPP, "%s: transfers are too short\n",
				     adapter->name);
	if (i2c_check_quirks(adapter, I2C_AQ_NO_CLK_STRETCH))
		dev_notice(dev, "%s stretches no clock: if the link has many errors, use a slower clock or i2c-gpio\n",
			   adapter->name);
	return 0;
}

/*
 * Where the chip is, the same at each boot. Names of software nodes are numbers that
 * depend on the order of probes, and so do names of buses.
 */
static const char *location_of(struct i2c_client *client)
{
	struct device *adapter = &client->adapter->dev;
	struct fwnode_handle *fwnode = dev_fwnode(&client->dev);

	if (fwnode && !is_software_node(fwnode))
		return devm_kasprintf(&client->dev, GFP_KERNEL, "%pfw", fwnode);
	return devm_kasprintf(&client->dev, GFP_KERNEL, "%s/%02x",
			      dev_name(adapter->parent ?: adapter), client->addr);
}

static int se05x_i2c_probe(struct i2c_client *client)
{
	struct se05x_setup setup = { .ops = &se05x_i2c_ops };
	struct device *dev = &client->dev;
	struct se05x_chip *chip;
	struct se05x_i2c *bus;
	int ret;

	bus = devm_kzalloc(dev, sizeof(*bus), GFP_KERNEL);
	if (!bus)
		return -ENOMEM;
	bus->frame = devm_kmalloc(dev, SE05X_T1_FRAME_MAX, GFP_KERNEL);
	if (!bus->frame)
		return -ENOMEM;
	bus->client = client;
	setup.phy = bus;
	ret = check_adapter(bus, &setup);
	if (ret)
		return ret;
	ret = get_lines(bus);
	if (ret)
		return ret;
	ret = power_on(bus);
	if (ret < 0)
		return dev_err_probe(dev, ret, "can't switch the chip on\n");

	setup.booting = ret;
	setup.trusted = bus->enable && is_described(dev);
	setup.can_power = bus->enable || bus->vdd || bus->reset;
	setup.hwrng = device_property_read_bool(dev, "nxp,hwrng");
	setup.location = location_of(client);
	if (!setup.location)
		return -ENOMEM;
	chip = se05x_chip_register(dev, &setup);
	if (IS_ERR(chip)) {
		ret = PTR_ERR(chip);
		if (ret == -ENODEV)
			return not_found(bus, &setup);
		return dev_err_probe(dev, ret, "no SE05x at 0x%02x on %s\n", client->addr,
				     dev_name(&client->adapter->dev));
	}
	return 0;
}

/* Lines and supply stay as they are: devres releases them after a removal. */
static void se05x_i2c_shutdown(struct i2c_client *client)
{
	struct se05x_chip *chip = i2c_get_clientdata(client);
	struct se05x_i2c *bus;

	if (chip) {	/* not shut down already */
		bus = chip->phy;
		bus->computes = !se05x_chip_unregister(chip);
	}
}

static int se05x_i2c_suspend(struct device *dev)
{
	return se05x_chip_suspend(dev_get_drvdata(dev));
}

/* Lines and supply may have lost their state: switch them as they were. */
static int se05x_i2c_resume(struct device *dev)
{
	struct se05x_chip *chip = dev_get_drvdata(dev);
	struct se05x_i2c *bus = chip->phy;
	int ret = 0;

	if (bus->on)
		ret = switch_on(bus);
	else if (bus->enable || bus->vdd || bus->reset)
		ret = switch_off(bus);
	if (ret)	/* the owner tries again when the chip does not answer */
		dev_warn(dev, "can't switch the chip as it was before: %d\n", ret);
	se05x_chip_resume(chip);
	return 0;
}

static int se05x_i2c_runtime_suspend(struct device *dev)
{
	return se05x_chip_power_off(dev_get_drvdata(dev));
}

static int se05x_i2c_runtime_resume(struct device *dev)
{
	return se05x_chip_power_on(dev_get_drvdata(dev));
}

static const struct dev_pm_ops se05x_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(se05x_i2c_suspend, se05x_i2c_resume)
	RUNTIME_PM_OPS(se05x_i2c_runtime_suspend, se05x_i2c_runtime_resume, NULL)
};

static const struct i2c_device_id se05x_ids[] = {
	{ "se050" },
	{ "se051" },
	{ "se052" },
	{ "a5000" },
	{ }
};
MODULE_DEVICE_TABLE(i2c, se05x_ids);

static struct i2c_driver se05x_i2c_driver = {
	.driver = {
		.name = "se05x",
		.of_match_table = se05x_of_match,
		.pm = pm_ptr(&se05x_pm_ops),
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
	.se05x_i2c_probe_member = se05x_i2c_probe,
	.remove = se05x_i2c_shutdown,
	.shutdown = se05x_i2c_shutdown,
	.id_table = se05x_ids,
};

static int __init se05x_init(void)
{
	int ret = se05x_core_init();

	if (ret)
		return ret;
	ret = i2c_add_driver(&se05x_i2c_driver);
	if (ret)
		se05x_core_exit();
	return ret;
}
module_init(se05x_init);

static void __exit se05x_exit(void)
{
	i2c_del_driver(&se05x_i2c_driver);
	se05x_core_exit();
}
module_exit(se05x_exit);

MODULE_DESCRIPTION("NXP EdgeLock SE05x secure element");
MODULE_LICENSE("GPL");
