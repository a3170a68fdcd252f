// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chip object: its life
 *
 * Who waits for it is in se05x_worker.c, what its owner does in se05x_owner.c.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "compat.h"
#include "se05x.h"
#include "se05x_trace.h"

#define SE05X_MINORS	64
#define QUIESCE_TIME	(10 * HZ)	/* for an exchange in flight at removal */

static unsigned int idle_ms = 5000;
module_param(idle_ms, uint, 0644);
MODULE_PARM_DESC(idle_ms, "time from the last close to the end of the session, in ms, of each chip whose own is not set");

#define HARD_LIMIT_MIN_MS	10000

static unsigned int hard_limit_ms = 300000;
module_param(hard_limit_ms, uint, 0644);
MODULE_PARM_DESC(hard_limit_ms, "how long one command may keep the chip, in ms, 10000 or more");

static dev_t first_devt;
static DEFINE_XARRAY_ALLOC(chips);	/* an entry is NULL but while others may see it */
static atomic64_t generations;

static void se05x_chip_release(struct device *dev)
{
	struct se05x_chip *chip = container_of(dev, struct se05x_chip, dev);

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

/* What the applet held may be gone: an old generation is good for nothing now. */
void se05x_renew(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	chip->generation = atomic64_inc_return(&generations);
}

void se05x_forget_context(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	chip->context.state = SE05X_UNKNOWN;
	chip->context.channel = 0;
	if (!chip->quiet)
		se05x_renew(chip);
}

/* The same, where no program asked for it. */
void se05x_lose_context(struct se05x_chip *chip)
{
	se05x_forget_context(chip);
	if (!chip->quiet)
		se05x_event_queue(chip, SE05X_EVENT_GENERATION, 0, 0);
}

/**
 * se05x_chip_next() - the chips, one after the other
 * @index: from which index on; out: the one found
 * @last: up to which
 *
 * Return: a chip, the caller's to put_device(); NULL if there is none.
 */
struct se05x_chip *se05x_chip_next(unsigned long *index, unsigned long last)
{
	struct se05x_chip *chip;

	xa_lock(&chips);
	chip = xa_find(&chips, index, last, XA_PRESENT);
	if (chip)
		get_device(&chip->dev);
	xa_unlock(&chips);
	return chip;
}

/**
 * se05x_chip_counts() - how it is, and what it did so far
 * @chip: the chip
 * @counts: out; what an exchange in flight adds is not in it yet
 */
void se05x_chip_counts(struct se05x_chip *chip, struct se05x_counts *counts)
{
	spin_lock(&chip->lock);
	counts->state = chip->state;
	counts->generation = chip->generation;
	counts->resets = chip->resets;
	counts->recoveries = chip->recoveries;
	counts->waits = chip->waits;
	counts->wait_us = chip->wait_us;
	counts->link = chip->stats;
	spin_unlock(&chip->lock);
}

/* past it power may be cut, so it is never less than a command may well take */
u64 se05x_hard_limit_us(void)
{
	return max_t(u64, hard_limit_ms, HARD_LIMIT_MIN_MS) * 1000;
}

u32 se05x_idle_ms(struct se05x_chip *chip)
{
	u32 ms = READ_ONCE(chip->idle_ms);

	return ms == SE05X_IDLE_DEFAULT ? READ_ONCE(idle_ms) : ms;
}

/* If nobody has the chip open it is idle from now on. */
void se05x_idle_start(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	if (list_empty(&chip->files) && !chip->dead)
		kthread_mod_delayed_work(chip->worker, &chip->idle,
					 msecs_to_jiffies(se05x_idle_ms(chip)));
}

/* Nobody has the chip open for a while: let it save power. */
static void idle_work(struct kthread_work *work)
{
	struct se05x_chip *chip = container_of(work, struct se05x_chip, idle.work);

	spin_lock(&chip->lock);
	if (!list_empty(&chip->files) || chip->parked || chip->dead) {
		spin_unlock(&chip->lock);
		return;
	}
	chip->busy = true;
	spin_unlock(&chip->lock);

	se05x_owner_idle(chip);

	spin_lock(&chip->lock);
	se05x_owner_free(chip);
	spin_unlock(&chip->lock);
	se05x_event_send(chip);
}

static void lock_watch_work(struct work_struct *work)
{
	struct se05x_chip *chip = container_of(work, struct se05x_chip, lock_watch.work);
	bool held;

	spin_lock(&chip->lock);
	held = chip->holder && time_is_before_eq_jiffies(chip->held_since + LOCK_WATCH);
	spin_unlock(&chip->lock);
	if (held)
		se05x_event_send_lock(chip);
}

static void quiesce_work(struct kthread_work *work)
{
	struct se05x_chip *chip = container_of(work, struct se05x_chip, quiesce);

	se05x_owner_sleep(chip);
	spin_lock(&chip->lock);
	se05x_owner_free(chip);
	spin_unlock(&chip->lock);
}

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

	/* the driver core may drop a count of its own at any time */
	spin_lock(&chip->lock);
	idle = chip->rested && list_empty(&chip->files);
	spin_unlock(&chip->lock);
	if (!idle)
		return -EBUSY;
	ret = chip->phy_ops->power(chip->phy, false);
	trace_se05x_power(chip->index, SE05X_POWER_OFF, ret);
	if (ret)
		return -EBUSY;
	fsleep(SE05X_T1_OFF_TIME);	/* or it might not notice */
	spin_lock(&chip->lock);
	chip->off = true;
	chip->cold = true;
	chip->state = SE05X_STATE_OFF;
	se05x_event_queue(chip, SE05X_EVENT_OFF, 0, 0);
	se05x_lose_context(chip);
	if (!chip->dead)
		kthread_queue_work(chip->worker, &chip->serve);	/* tells */
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
	const struct xa_limit limit = XA_LIMIT(0, SE05X_MINORS - 1);
	struct se05x_chip *chip = kzalloc(sizeof(*chip), GFP_KERNEL);
	int ret;

	if (!chip)
		return ERR_PTR(-ENOMEM);
	device_initialize(&chip->dev);
	chip->dev.class = &se05x_class;
	chip->dev.parent = parent;
	chip->phy_ops = setup->ops;
	chip->phy = setup->phy;
	chip->can_power = setup->can_power;
	se05x_worker_init(chip);
	kthread_init_work(&chip->quiesce, quiesce_work);
	kthread_init_delayed_work(&chip->idle, idle_work);
	INIT_DELAYED_WORK(&chip->lock_watch, lock_watch_work);
	chip->idle_ms = SE05X_IDLE_DEFAULT;
	se05x_link_init(&chip->link, &se05x_owner_ops, chip, setup->max_write,
			setup->max_read);
	chip->link.trusted = setup->trusted;
	chip->link.hard_limit_us = se05x_hard_limit_us();

	ret = xa_alloc(&chips, &chip->index, NULL, limit, GFP_KERNEL);
	if (ret) {
		put_device(&chip->dev);
		return ERR_PTR(ret);
	}
	chip->dev.devt = first_devt + chip->index;
	cdev_init(&chip->cdev, &se05x_fops);
	chip->cdev.owner = THIS_MODULE;
	return chip;
}

/* Whoever is here before the owner's thread is the owner. */
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
	se05x_owner_publish(chip);
	return 0;
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

	if (IS_ERR(chip))
		return chip;
	ret = chip_find(chip, setup->booting);
	setup->heard = chip->link.stats.bytes_out || chip->link.stats.bytes_in;
	if (ret)
		goto free_index;
	ret = dev_set_name(&chip->dev, "se05x%u", chip->index);
	if (ret)
		goto free_index;
	chip->worker = kthread_create_worker(0, "se05x%u", chip->index);
	if (IS_ERR(chip->worker)) {
		ret = PTR_ERR(chip->worker);
		goto free_index;
	}
	sched_set_fifo_low(chip->worker->task);
	power_init(chip);
	spin_lock(&chip->lock);
	chip->nnotes = 0;	/* nobody knew it */
	se05x_event_queue(chip, SE05X_EVENT_ADDED, 0, 0);
	spin_unlock(&chip->lock);
	ret = cdev_device_add(&chip->cdev, &chip->dev);
	if (ret)
		goto stop_owner;
	xa_store(&chips, chip->index, chip, GFP_KERNEL);
	spin_lock(&chip->lock);
	kthread_queue_work(chip->worker, &chip->serve);	/* tells */
	se05x_idle_start(chip);
	spin_unlock(&chip->lock);
	ret = se05x_hwrng_add(chip, setup->hwrng);
	if (ret)	/* all else works */
		dev_warn(parent, "hw_random does not take it: %d\n", ret);
	return chip;

stop_owner:
	kthread_destroy_worker(chip->worker);
	power_exit(chip);
free_index:
	xa_erase(&chips, chip->index);
	put_device(&chip->dev);
	return ERR_PTR(ret);
}

static bool owner_is_free(struct se05x_chip *chip)
{
	bool is_free;

	spin_lock(&chip->lock);
	is_free = !chip->busy;
	spin_unlock(&chip->lock);
	return is_free;
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
	long left;

	cdev_device_del(&chip->cdev, &chip->dev);
	xa_store(&chips, chip->index, NULL, GFP_KERNEL);	/* but keep the index */
	se05x_worker_disconnect(chip);
	se05x_hwrng_del(chip);
	left = wait_event_timeout(chip->wait, owner_is_free(chip), QUIESCE_TIME);
	if (left) {
		spin_lock(&chip->lock);
		chip->busy = true;
		spin_unlock(&chip->lock);
		kthread_queue_work(chip->worker, &chip->quiesce);
		left = wait_event_timeout(chip->wait, owner_is_free(chip), left);
	}
	if (!left) {
		dev_warn(chip->dev.parent,
			 "removed while the chip computes: it is left in mid-command\n");
		WRITE_ONCE(chip->stop, true);
	}
	cancel_delayed_work_sync(&chip->lock_watch);
	kthread_cancel_delayed_work_sync(&chip->idle);
	kthread_destroy_worker(chip->worker);
	power_exit(chip);
	xa_erase(&chips, chip->index);
	spin_lock(&chip->lock);
	se05x_event_queue(chip, SE05X_EVENT_REMOVED, 0, 0);
	spin_unlock(&chip->lock);
	se05x_event_send(chip);
	put_device(&chip->dev);
	return left;
}

static void unpark(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	chip->parked = false;
	kthread_queue_work(chip->worker, &chip->serve);
	se05x_idle_start(chip);
}

/**
 * se05x_chip_suspend() - park the owner after the exchange in flight
 * @chip: the chip
 *
 * Return: 0; -EBUSY if the chip still computes after ten seconds: never cut it.
 */
int se05x_chip_suspend(struct se05x_chip *chip)
{
	spin_lock(&chip->lock);
	chip->parked = true;
	spin_unlock(&chip->lock);
	if (wait_event_timeout(chip->wait, owner_is_free(chip), QUIESCE_TIME))
		return 0;
	spin_lock(&chip->lock);
	unpark(chip);
	spin_unlock(&chip->lock);
	return -EBUSY;
}

/**
 * se05x_chip_resume() - go on; whether the chip kept its power nobody knows
 * @chip: the chip
 */
void se05x_chip_resume(struct se05x_chip *chip)
{
	chip->link.synced = false;	/* parked, so the owner is not at it */
	chip->link.fresh = true;
	chip->asleep = true;
	chip->rested = false;
	se05x_owner_publish(chip);
	spin_lock(&chip->lock);
	se05x_event_queue(chip, SE05X_EVENT_RESET, SE05X_BY_RESUME, 0);
	se05x_lose_context(chip);
	unpark(chip);
	spin_unlock(&chip->lock);
}

int __init se05x_core_init(void)
{
	int ret;

	/* never 0, and not again what an earlier load of the module gave out */
	atomic64_set(&generations, ktime_get_real_ns());
	ret = alloc_chrdev_region(&first_devt, 0, SE05X_MINORS, "se05x");
	if (ret)
		return ret;
	ret = class_register(&se05x_class);
	if (ret)
		goto free_devt;
	ret = se05x_netlink_init();
	if (ret)
		goto free_class;
	return 0;

free_class:
	class_unregister(&se05x_class);
free_devt:
	unregister_chrdev_region(first_devt, SE05X_MINORS);
	return ret;
}

void se05x_core_exit(void)
{
	se05x_netlink_exit();
	class_unregister(&se05x_class);
	unregister_chrdev_region(first_devt, SE05X_MINORS);
	xa_destroy(&chips);
}
