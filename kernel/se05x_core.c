// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a chip object: it is registered and removed, it sleeps and resumes
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "se05x.h"
#include "se05x_trace.h"

static dev_t first_devt;

static void se05x_chip_release(struct device *dev)
{
	struct se05x_chip *chip = container_of(dev, struct se05x_chip, dev);
	struct se05x_user *user, *next;

	list_for_each_entry_safe(user, next, &chip->users, node)
		kfree(user);
	kfree(chip->location);
	kfree_sensitive(chip);
}

/* /dev/se05x, /dev/se05x1, ...: with or without udev */
static char *se05x_devnode(se05x_devnode_const struct device *dev, umode_t *mode)
{
	const struct se05x_chip *chip = container_of(dev, const struct se05x_chip, dev);

	if (!chip->index)
		return kstrdup("se05x", GFP_KERNEL);
	return kasprintf(GFP_KERNEL, "se05x%d", chip->index);
}

static struct class se05x_class = {
	.name = "se05x",
	.devnode = se05x_devnode,
	.dev_groups = se05x_groups,
	.dev_release = se05x_chip_release,
};

/* ---- the chip ---- */

static void power_init(struct se05x_chip *chip)
{
	struct device *dev = chip->dev.parent;

	dev_set_drvdata(dev, chip);
	pm_runtime_set_active(dev);
	pm_runtime_get_noresume(dev);
	chip->powered = true;
	pm_runtime_use_autosuspend(dev);
	pm_runtime_enable(dev);
}

static void power_exit(struct se05x_chip *chip)
{
	struct device *dev = chip->dev.parent;

	pm_runtime_disable(dev);
	pm_runtime_dont_use_autosuspend(dev);
	if (chip->powered)
		pm_runtime_put_noidle(dev);
	pm_runtime_set_suspended(dev);
	dev_set_drvdata(dev, NULL);
}

/**
 * se05x_chip_power_off() - cut the power of a chip that sleeps: runtime suspend
 * @chip: the chip; the owner has dropped its usage count
 *
 * Return: 0; -EBUSY if it has to stay on.
 */
int se05x_chip_power_off(struct se05x_chip *chip)
{
	bool idle;
	int ret;

	/* the driver core may suspend the device at other times, too */
	spin_lock(&chip->lock);
	idle = chip->rested && !chip->clients;
	spin_unlock(&chip->lock);
	if (!idle)
		return -EBUSY;
	ret = chip->phy_ops->power(chip->phy, false);
	trace_se05x_power(chip->index, SE05X_POWER_OFF, ret);
	if (ret)
		return -EBUSY;
	fsleep(SE05X_T1_OFF_TIME);	/* shorter cuts may not reset the chip */
	spin_lock(&chip->lock);
	chip->off = true;
	chip->cold = true;
	chip->state = SE05X_STATE_OFF;
	se05x_event_queue(chip, SE05X_EVENT_OFF, 0, 0);
	se05x_lose_context(chip);
	if (!chip->dead)
		kthread_queue_work(chip->worker, &chip->serve);	/* sends the event */
	spin_unlock(&chip->lock);
	return 0;
}

/**
 * se05x_chip_power_on() - give it power again: runtime resume
 * @chip: the chip; whoever uses it next waits for its boot
 *
 * Return: 0, or an errno of the lines or the supply.
 */
int se05x_chip_power_on(struct se05x_chip *chip)
{
	int ret = chip->phy_ops->power(chip->phy, true);

	trace_se05x_power(chip->index, SE05X_POWER_ON, ret);
	if (ret)
		return ret;
	spin_lock(&chip->lock);
	chip->off = false;
	chip->rested = false;
	if (chip->state == SE05X_STATE_OFF)
		chip->state = SE05X_STATE_ASLEEP;
	se05x_idle_start(chip);
	spin_unlock(&chip->lock);
	return 0;
}

static struct se05x_chip *chip_alloc(struct device *parent, const struct se05x_setup *setup)
{
	struct se05x_chip *chip = kzalloc(sizeof(*chip), GFP_KERNEL);

	if (!chip)
		return NULL;
	device_initialize(&chip->dev);
	chip->dev.class = &se05x_class;
	chip->dev.parent = parent;
	chip->index = U32_MAX;	/* for trace events, until it has one */
	chip->phy_ops = setup->ops;
	chip->phy = setup->phy;
	chip->can_power = setup->can_power;
	chip->location = kstrdup(setup->location, GFP_KERNEL);
	chip->send_events = se05x_event_send;
	se05x_state_init(chip);
	se05x_link_init(&chip->link, &se05x_owner_ops, chip, setup->max_write,
			setup->max_read);
	chip->link.trusted = setup->trusted;
	chip->link.retries = setup->retries;
	se05x_worker_init(chip);
	cdev_init(&chip->cdev, &se05x_fops);
	chip->cdev.owner = THIS_MODULE;
	return chip;
}

/* In probe: there is no thread yet, so nobody else touches the chip. */
static int chip_find(struct se05x_chip *chip, bool booting)
{
	int ret = se05x_link_open(&chip->link, booting);

	if (ret)
		return ret;
	spin_lock(&chip->lock);
	se05x_forget_context(chip);
	if (booting)
		chip->context.state = SE05X_CLEAN;
	spin_unlock(&chip->lock);
	se05x_publish(chip);
	return 0;
}

/* Callers get -ENODEV from now on. Return: false if the chip computes still. */
static bool chip_stop(struct se05x_chip *chip)
{
	bool quiet;

	se05x_worker_disconnect(chip);
	se05x_hwrng_del(chip);
	quiet = se05x_worker_quiesce(chip);
	if (!quiet)
		dev_warn(chip->dev.parent,
			 "removed while the chip computes: it is left in mid-command\n");
	se05x_worker_stop(chip);
	se05x_channel_del(chip);
	power_exit(chip);
	se05x_state_free(chip);
	spin_lock(&chip->lock);
	se05x_event_queue(chip, SE05X_EVENT_REMOVED, 0, 0);
	spin_unlock(&chip->lock);
	se05x_event_send(chip);
	put_device(&chip->dev);
	return quiet;
}

/**
 * se05x_chip_register() - find the chip and give it to the programs
 * @parent: the device on the bus
 * @setup: how to reach it
 *
 * Return: the chip; -ENODEV if no SE05x answers; another errno.
 */
struct se05x_chip *se05x_chip_register(struct device *parent,
				       struct se05x_setup *setup)
{
	struct se05x_chip *chip = chip_alloc(parent, setup);
	int ret;

	if (!chip)
		return ERR_PTR(-ENOMEM);
	ret = -ENOMEM;
	if (!chip->location)
		goto put_chip;
	ret = chip_find(chip, setup->booting);
	setup->heard = chip->link.stats.bytes_out || chip->link.stats.bytes_in;
	if (ret)
		goto put_chip;
	/* after the chip was found: an empty place on the bus must not take an index */
	ret = se05x_state_reserve(chip);
	if (ret)
		goto put_chip;
	chip->dev.devt = first_devt + chip->index;
	ret = dev_set_name(&chip->dev, "se05x%u", chip->index);
	if (ret)
		goto free_index;
	ret = se05x_worker_start(chip);
	if (ret)
		goto free_index;
	power_init(chip);
	ret = se05x_channel_add(chip);
	if (ret) {
		chip_stop(chip);
		return ERR_PTR(ret);
	}
	spin_lock(&chip->lock);
	chip->nevents = 0;	/* those of the probe, before anybody knew the chip */
	se05x_event_queue(chip, SE05X_EVENT_ADDED, 0, 0);
	spin_unlock(&chip->lock);
	ret = cdev_device_add(&chip->cdev, &chip->dev);
	if (ret) {	/* a program may have opened it already */
		chip_stop(chip);
		return ERR_PTR(ret);
	}
	se05x_state_show(chip);
	spin_lock(&chip->lock);
	kthread_queue_work(chip->worker, &chip->serve);	/* sends the event */
	se05x_idle_start(chip);
	spin_unlock(&chip->lock);
	ret = se05x_hwrng_add(chip, setup->hwrng);
	if (ret)	/* all else works */
		dev_warn(parent, "hw_random does not take it: %d\n", ret);
	return chip;

free_index:
	se05x_state_free(chip);
put_chip:
	put_device(&chip->dev);
	return ERR_PTR(ret);
}

/**
 * se05x_chip_unregister() - take the chip from the programs
 * @chip: the chip; not the caller's any more
 *
 * An exchange in flight gets ten seconds: the chip may be writing. After this
 * returns nothing is sent, so the lines may be released.
 *
 * Return: false if the chip computes still.
 */
bool se05x_chip_unregister(struct se05x_chip *chip)
{
	cdev_device_del(&chip->cdev, &chip->dev);
	se05x_state_hide(chip);
	return chip_stop(chip);
}

/**
 * se05x_chip_suspend() - park the owner after the exchange in flight, end the session
 * @chip: the chip
 *
 * Return: 0; -EBUSY if the chip still computes after ten seconds, or when something
 * is to wake the machine: the exchange is never cut.
 */
int se05x_chip_suspend(struct se05x_chip *chip)
{
	return se05x_worker_park(chip);
}

/**
 * se05x_chip_resume() - go on; the chip may have been without power
 * @chip: the chip
 */
void se05x_chip_resume(struct se05x_chip *chip)
{
	se05x_link_resumed(&chip->link);	/* parked, so the owner is not at it */
	chip->asleep = true;
	se05x_publish(chip);
	spin_lock(&chip->lock);
	chip->rested = false;
	se05x_event_queue(chip, SE05X_EVENT_RESET, SE05X_BY_RESUME, 0);
	se05x_lose_context(chip);
	se05x_worker_unpark(chip);
	spin_unlock(&chip->lock);
}

int __init se05x_core_init(void)
{
	int ret;

	se05x_state_setup();
	ret = alloc_chrdev_region(&first_devt, 0, SE05X_MINORS, "se05x");
	if (ret)
		return ret;
	ret = se05x_keys_init();
	if (ret)
		goto free_devt;
	ret = class_register(&se05x_class);
	if (ret)
		goto free_keys;
	ret = se05x_netlink_init();
	if (ret)
		goto free_class;
	return 0;

free_class:
	class_unregister(&se05x_class);
free_keys:
	se05x_keys_exit();
free_devt:
	unregister_chrdev_region(first_devt, SE05X_MINORS);
	return ret;
}

void se05x_core_exit(void)
{
	se05x_netlink_exit();
	class_unregister(&se05x_class);
	unregister_chrdev_region(first_devt, SE05X_MINORS);
	se05x_keys_exit();
	se05x_state_cleanup();
}
