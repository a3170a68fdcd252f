// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-sim: the board, and what befalls all that is on it: system sleep and
 * shutdown
 */

#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/pm_wakeup.h>
#include <linux/slab.h>
#include <linux/timer.h>

#include "sim.h"

static bool sleep_cuts;
module_param(sleep_cuts, bool, 0644);
MODULE_PARM_DESC(sleep_cuts, "the chip loses its power while the machine sleeps");

static struct platform_device *board;
static struct wakeup_source *wakeup;

/* After the chip's driver, as the bus is below us. Who uses it now is told off. */
static int board_suspend(struct device *dev)
{
	struct sim *sim = dev_get_drvdata(dev);

	i2c_mark_adapter_suspended(&sim->adapter);
	mutex_lock(&sim->lock);
	sim->cut = sleep_cuts;
	sim_lines_sleep(sim);
	sim_power(sim);
	mutex_unlock(&sim->lock);
	return 0;
}

static int board_resume(struct device *dev)
{
	struct sim *sim = dev_get_drvdata(dev);

	mutex_lock(&sim->lock);
	sim->cut = false;
	sim_power(sim);
	mutex_unlock(&sim->lock);
	i2c_mark_adapter_resumed(&sim->adapter);
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(board_pm, board_suspend, board_resume);

/* The last that is seen of it: for the console. */
static void board_shutdown(struct platform_device *pdev)
{
	struct sim *sim = platform_get_drvdata(pdev);

	i2c_mark_adapter_suspended(&sim->adapter);
	mutex_lock(&sim->lock);
	dev_info(&pdev->dev, "shut down: %u APDUs run, chip %s, power %s, cut %u times, %u rules broken\n",
		 sim->runs, sim->card.running ? "computes" : "idle",
		 sim->powered ? "on" : "off", sim->powercycles,
		 card_violations(&sim->card));
	mutex_unlock(&sim->lock);
}

static struct platform_driver board_driver = {
	.shutdown = board_shutdown,
	.driver = {
		.name = "se05x-sim",
		.pm = pm_sleep_ptr(&board_pm),
	},
};

static void wakeup_happens(struct timer_list *unused)
{
	__pm_wakeup_event(wakeup, 0);
}

static DEFINE_TIMER(wakeup_timer, wakeup_happens);

/* An event that is to wake the machine, or to keep it awake: a key, say */
void sim_wakeup(u32 ms)
{
	mod_timer(&wakeup_timer, jiffies + msecs_to_jiffies(ms));
}

int sim_board_add(struct sim *sim)
{
	int ret = platform_driver_register(&board_driver);

	if (ret)
		return ret;
	board = platform_device_register_simple("se05x-sim", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(board)) {
		platform_driver_unregister(&board_driver);
		return PTR_ERR(board);
	}
	platform_set_drvdata(board, sim);
	sim->adapter_parent = &board->dev;
	wakeup = wakeup_source_register(NULL, "se05x-sim");
	ret = wakeup ? sim_supply_add(sim, &board->dev) : -ENOMEM;
	if (ret)
		sim_board_del();
	return ret;
}

void sim_board_del(void)
{
	timer_delete_sync(&wakeup_timer);
	wakeup_source_unregister(wakeup);
	platform_device_unregister(board);
	platform_driver_unregister(&board_driver);
}

static int sim_is_client(struct device *dev, void *found)
{
	struct i2c_client *client = i2c_verify_client(dev);

	if (!client || client->addr != sim_addr)
		return 0;
	*(struct device **)found = get_device(dev);
	return 1;
}

/* The chip's client, whoever made it: we, or the device tree. The caller's to put. */
static struct device *sim_client(struct sim *sim)
{
	struct device *dev = NULL;

	if (sim->plugged)
		device_for_each_child(&sim->adapter.dev, &dev, sim_is_client);
	return dev;
}

/*
 * What system sleep, and the end of the system, do to the chip's driver and lines
 * and to nothing else: the VM's root file system would not survive the real one.
 */
int sim_sleep(struct sim *sim, bool on)
{
	const struct dev_pm_ops *pm;
	struct device *dev;
	int ret = -ENODEV;

	mutex_lock(&sim->plug_lock);
	dev = sim_client(sim);
	if (dev) {
		device_lock(dev);
		pm = dev->driver ? dev->driver->pm : NULL;
		if (pm)
			ret = on ? pm->suspend(dev) : pm->resume(dev);
		if (on && !ret) {
			mutex_lock(&sim->lock);
			sim_lines_sleep(sim);
			mutex_unlock(&sim->lock);
		}
		device_unlock(dev);
		put_device(dev);
	}
	mutex_unlock(&sim->plug_lock);
	return ret;
}

static void squatter_release(struct device *dev)
{
	kfree(dev);
}

static int squatter_add(struct sim *sim, u32 devt)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int ret;

	if (!dev)
		return -ENOMEM;
	device_initialize(dev);
	dev->devt = devt;
	dev->release = squatter_release;
	ret = dev_set_name(dev, "se05x-squatter") ?: device_add(dev);
	if (ret)
		put_device(dev);
	else
		sim->squatter = dev;
	return ret;
}

/*
 * Another device takes a number that should be the chip's, so that the chip's
 * own can't be added to sysfs. The other's node in /dev reaches the chip's driver
 * while that tries. @devt is a major number shifted by MINORBITS (20), and a minor
 * number; 0: give the number back.
 */
int sim_squat(struct sim *sim, u32 devt)
{
	int ret = 0;

	mutex_lock(&sim->plug_lock);
	if (sim->squatter)
		device_unregister(sim->squatter);
	sim->squatter = NULL;
	if (devt)
		ret = squatter_add(sim, devt);
	mutex_unlock(&sim->plug_lock);
	return ret;
}

int sim_shutdown(struct sim *sim)
{
	struct device *dev;

	mutex_lock(&sim->plug_lock);
	dev = sim_client(sim);
	if (dev) {
		device_lock(dev);
		if (dev->driver)
			dev->bus->shutdown(dev);
		device_unlock(dev);
		put_device(dev);
	}
	mutex_unlock(&sim->plug_lock);
	return dev ? 0 : -ENODEV;
}
