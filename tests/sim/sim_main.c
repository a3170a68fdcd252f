// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-sim: an I2C bus and an enable line with a simulated SE05x on them
 *
 * A device tree may describe it (compatible "se05x-sim": an I2C bus and a GPIO
 * controller in one node), and the chip on it.
 */

#include <linux/gpio/machine.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/slab.h>

#include "sim.h"

static char *personality = "se050";
module_param(personality, charp, 0644);
MODULE_PARM_DESC(personality, "se050, se051 or se052 (from the next plug on)");

static int boot_us = 20000;
module_param(boot_us, int, 0644);
MODULE_PARM_DESC(boot_us, "boot time in microseconds (from the next plug on)");

static int wake_us = -1;
module_param(wake_us, int, 0644);
MODULE_PARM_DESC(wake_us, "wake-up time in microseconds, -1: the personality's (from the next plug on)");

static uint r_us = 300;
module_param(r_us, uint, 0644);
MODULE_PARM_DESC(r_us, "time the chip needs for R- and S-blocks, in microseconds (from the next plug on)");

static u8 wtx = 1;
module_param(wtx, byte, 0644);
MODULE_PARM_DESC(wtx, "multiplier the chip asks for by WTX (from the next plug on)");

static bool takes_writes;
module_param(takes_writes, bool, 0644);
MODULE_PARM_DESC(takes_writes, "a busy chip acknowledges R- and S-blocks (from the next plug on)");

static ushort max_read;
module_param(max_read, ushort, 0644);
MODULE_PARM_DESC(max_read, "longest read the adapter takes, 0: any (from the next plug on)");

static ushort max_write;
module_param(max_write, ushort, 0644);
MODULE_PARM_DESC(max_write, "longest write the adapter takes, 0: any (from the next plug on)");

static bool autobind;
module_param(autobind, bool, 0444);
MODULE_PARM_DESC(autobind, "register the chip's I2C client with its enable line; without it the chip has power from the start");

static bool reset_line;
module_param(reset_line, bool, 0444);
MODULE_PARM_DESC(reset_line, "autobind gives the client the reset line and no enable line; the chip has power from the start");

static int active_low = -1;
module_param(active_low, int, 0444);
MODULE_PARM_DESC(active_low, "enable line is active-low, -1: as the personality's");

static bool wrong_polarity;
module_param(wrong_polarity, bool, 0444);
MODULE_PARM_DESC(wrong_polarity, "the enable line is described the wrong way round; the chip has power from the start");

static ushort vacant;
module_param(vacant, ushort, 0444);
MODULE_PARM_DESC(vacant, "autobind registers a client at this address first, where there is no chip");

uint sim_bus_hz = 400000;
module_param_named(bus_hz, sim_bus_hz, uint, 0644);
MODULE_PARM_DESC(bus_hz, "bus clock in Hz, 0: transfers take no time");

int sim_compute_us = -1;
module_param_named(compute_us, sim_compute_us, int, 0644);
MODULE_PARM_DESC(compute_us, "without a program the chip answers everything, so many microseconds later, give or take 5 %; -1: it refuses");

int sim_nack_errno = ENXIO;
module_param_named(nack_errno, sim_nack_errno, int, 0644);
MODULE_PARM_DESC(nack_errno, "what the adapter says for a NACK: 6 (ENXIO) or 121 (EREMOTEIO)");

ushort sim_addr = 0x48;
module_param_named(addr, sim_addr, ushort, 0444);
MODULE_PARM_DESC(addr, "the chip's address");

static const struct {
	const char *name;
	u32 wake_us;
	bool active_low;
} sim_personalities[] = {
	{ "se050", 1000, false },
	{ "se051", 5000, false },
	{ "se052", 5000, true },
};

static struct sim *sim;

static struct gpiod_lookup_table sim_lookup = {
	.dev_id = "i2c-" SIM_CLIENT,
	.table = { {}, {} },
};

static int sim_personality(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(sim_personalities); i++)
		if (sysfs_streq(personality, sim_personalities[i].name))
			return i;
	return -EINVAL;
}

bool sim_enable_active_low(void)
{
	return active_low > 0;
}

/*
 * A chip as it leaves the factory, with power if the lines say so.
 * Return: which of sim_personalities, or -EINVAL.
 */
static int sim_new_card(struct sim *sim)
{
	struct card_config config = {
		.boot_us = boot_us,
		.r_us = r_us,
		.wtx = wtx,
		.takes_writes = takes_writes,
	};
	int who;

	kernel_param_lock(THIS_MODULE);
	who = sim_personality();
	kernel_param_unlock(THIS_MODULE);
	if (who < 0)
		return who;
	config.wake_us = wake_us < 0 ? sim_personalities[who].wake_us : wake_us;

	mutex_lock(&sim->lock);
	card_init(&sim->card, &config, &sim_card_ops, sim);
	sim_card_ops.reset(sim, &sim->card);
	sim->powered = false;
	sim->dead = false;
	sim->gone = false;
	sim_power(sim);
	mutex_unlock(&sim->lock);
	return who;
}

static int sim_bind_one(struct sim *sim, int who, u16 addr, const char *name)
{
	struct i2c_board_info info = { .addr = addr, .dev_name = name };

	strscpy(info.type, sim_personalities[who].name, sizeof(info.type));
	return PTR_ERR_OR_ZERO(i2c_new_client_device(&sim->adapter, &info));
}

static int sim_bind(struct sim *sim, int who)
{
	int ret = vacant ? sim_bind_one(sim, who, vacant, "se05x-vacant") : 0;

	return ret ?: sim_bind_one(sim, who, sim_addr, SIM_CLIENT);
}

int sim_plug(struct sim *sim)
{
	int ret = 0;
	int who;

	mutex_lock(&sim->plug_lock);
	if (sim->plugged)
		goto out;
	who = sim_new_card(sim);
	if (who < 0) {
		ret = who;
		goto out;
	}
	ret = sim_bus_add(sim, max_read, max_write);
	if (ret)
		goto out;
	sim->plugged = true;
	if (autobind)
		ret = sim_bind(sim, who);
out:
	mutex_unlock(&sim->plug_lock);
	return ret;
}

/* As if the adapter were pulled: transfers fail at once, then it is gone. */
void sim_unplug(struct sim *sim)
{
	mutex_lock(&sim->plug_lock);
	if (sim->plugged) {
		mutex_lock(&sim->lock);
		sim->gone = true;
		mutex_unlock(&sim->lock);
		sim_bus_del(sim);
		sim->plugged = false;
	}
	mutex_unlock(&sim->plug_lock);
}

static void sim_lines_init(struct sim *sim)
{
	bool enable_line = (autobind || sim->node) && !reset_line;
	bool on = !enable_line || wrong_polarity;
	enum gpio_lookup_flags flags = sim_enable_active_low() != wrong_polarity ?
				       GPIO_ACTIVE_LOW : GPIO_ACTIVE_HIGH;

	sim->line[SIM_ENABLE] = on != sim_enable_active_low();
	sim->line[SIM_RESET] = true;
	sim_lookup.table[0] = enable_line ?
		GPIO_LOOKUP("se05x-sim", SIM_ENABLE, "enable", flags) :
		GPIO_LOOKUP("se05x-sim", SIM_RESET, "reset", GPIO_ACTIVE_LOW);
}

static int __init sim_init(void)
{
	int who = sim_personality();
	int ret;

	if (who < 0) {
		pr_err("se05x-sim: no personality %s; there are se050, se051, se052\n",
		       personality);
		return who;
	}
	if (active_low < 0)
		active_low = sim_personalities[who].active_low;

	sim = kzalloc(sizeof(*sim), GFP_KERNEL);
	if (!sim)
		return -ENOMEM;
	mutex_init(&sim->lock);
	mutex_init(&sim->plug_lock);
	sim->node = of_find_compatible_node(NULL, NULL, "se05x-sim");
	if (sim->node && !of_device_is_available(sim->node)) {
		of_node_put(sim->node);
		sim->node = NULL;
	}
	sim_lines_init(sim);
	gpiod_add_lookup_table(&sim_lookup);

	ret = sim_channel_add(sim);
	if (ret)
		goto err_lookup;
	ret = sim_board_add(sim);
	if (ret)
		goto err_channel;
	ret = sim_lines(sim, true);
	if (ret)
		goto err_board;
	ret = sim_plug(sim);
	if (ret)
		goto err_plug;
	sim_debugfs_add(sim);
	return 0;

err_plug:
	sim_unplug(sim);
	sim_lines(sim, false);
err_board:
	sim_board_del();
err_channel:
	sim_channel_del();
err_lookup:
	gpiod_remove_lookup_table(&sim_lookup);
	of_node_put(sim->node);
	kfree(sim);
	return ret;
}
module_init(sim_init);

static void __exit sim_exit(void)
{
	sim_debugfs_del();
	sim_squat(sim, 0);
	sim_unplug(sim);
	sim_lines(sim, false);
	sim_board_del();
	sim_channel_del();
	gpiod_remove_lookup_table(&sim_lookup);
	of_node_put(sim->node);
	kfree(sim);
}
module_exit(sim_exit);

MODULE_DESCRIPTION("Simulated I2C bus with an NXP SE05x secure element");
MODULE_LICENSE("GPL");
