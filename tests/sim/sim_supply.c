// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-sim: the chip's supply, for boards that can switch it
 *
 * A chip must not be enabled before it has its supply: it would be fed through its
 * pins. sim_gpio.c sees to that.
 */

#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/regulator/driver.h>
#include <linux/regulator/machine.h>

#include "sim.h"

static bool supply;
module_param(supply, bool, 0444);
MODULE_PARM_DESC(supply, "the chip's client has a supply, off until it is switched on");

static bool supply_sticks;
module_param(supply_sticks, bool, 0644);
MODULE_PARM_DESC(supply_sticks, "the supply can't be switched off");

static uint supply_fails;
module_param(supply_fails, uint, 0644);
MODULE_PARM_DESC(supply_fails, "so many times it can't be switched on");

static int sim_supply_set(struct sim *sim, bool on)
{
	mutex_lock(&sim->lock);
	sim->supply = on;
	if (!on && sim_enabled(sim))
		sim->card.violations[CARD_V_SUPPLY]++;
	sim_power(sim);
	mutex_unlock(&sim->lock);
	return 0;
}

static int sim_supply_enable(struct regulator_dev *dev)
{
	if (supply_fails) {
		supply_fails--;
		return -EIO;
	}
	return sim_supply_set(rdev_get_drvdata(dev), true);
}

static int sim_supply_disable(struct regulator_dev *dev)
{
	if (supply_sticks)
		return -EIO;
	return sim_supply_set(rdev_get_drvdata(dev), false);
}

static int sim_supply_is_enabled(struct regulator_dev *dev)
{
	struct sim *sim = rdev_get_drvdata(dev);

	return sim->supply;
}

static const struct regulator_ops sim_supply_ops = {
	.enable = sim_supply_enable,
	.disable = sim_supply_disable,
	.is_enabled = sim_supply_is_enabled,
};

static const struct regulator_desc sim_supply_desc = {
	.name = "se05x-vdd",
	.type = REGULATOR_VOLTAGE,
	.owner = THIS_MODULE,
	.ops = &sim_supply_ops,
};

int sim_supply_add(struct sim *sim, struct device *board)
{
	static struct regulator_consumer_supply consumer =
		REGULATOR_SUPPLY("vdd", "i2c-" SIM_CLIENT);
	static const struct regulator_init_data data = {
		.constraints.valid_ops_mask = REGULATOR_CHANGE_STATUS,
		.num_consumer_supplies = 1,
		.consumer_supplies = &consumer,
	};
	static struct lock_class_key pm_key;
	struct regulator_dev *rdev;
	struct regulator_config config = {
		.dev = board,
		.init_data = &data,
		.driver_data = sim,
	};

	sim->supply = !supply;
	if (!supply)
		return 0;
	rdev = devm_regulator_register(board, &sim_supply_desc, &config);
	if (IS_ERR(rdev))
		return PTR_ERR(rdev);
	/*
	 * To lockdep the runtime PM works of all devices are one. The core waits for
	 * the regulator's while it holds a lock that the chip's, which switches the
	 * regulator, takes: no deadlock, since they are two.
	 */
	lockdep_init_map(&rdev->dev.power.work.lockdep_map, "sim_supply_pm", &pm_key, 0);
	return 0;
}
