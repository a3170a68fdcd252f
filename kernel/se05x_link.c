// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between the owner and the link layer (se05x_t1.c): the functions by which that
 * reaches the bus, the clock and the power lines; what is reported of its events;
 * and how the owner wakes the chip, ends its session and switches its power
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/pm_runtime.h>

#include "se05x.h"

#define CREATE_TRACE_POINTS
#include "se05x_trace.h"

/* ---- the world, as the link sees it ---- */

static int owner_write(void *ctx, const u8 *buf, size_t len)
{
	struct se05x_chip *chip = ctx;

	return chip->phy_ops->write(chip->phy, buf, len);
}

static int owner_read(void *ctx, u8 *buf, size_t len)
{
	struct se05x_chip *chip = ctx;

	return chip->phy_ops->read(chip->phy, buf, len);
}

static int told_to_stop(struct se05x_chip *chip)
{
	if (READ_ONCE(chip->stop))
		return -ENODEV;
	return READ_ONCE(chip->cut) ? -ECANCELED : 0;
}

static int owner_sleep(void *ctx, u32 us)
{
	struct se05x_chip *chip = ctx;
	int ret = told_to_stop(chip);

	if (ret || !us)
		return ret;
	/* one more: owner_now() rounds down to a microsecond */
	usleep_range(us + 1, us + 50);
	return told_to_stop(chip);
}

static u64 owner_now(void *ctx)
{
	return ktime_to_us(ktime_get());
}

static int owner_power(void *ctx, bool on)
{
	struct se05x_chip *chip = ctx;
	int ret = chip->phy_ops->power(chip->phy, on);

	trace_se05x_power(chip->index, on ? SE05X_POWER_ON : SE05X_POWER_OFF, ret);
	return ret;
}

/* The link tries a block that resets counters, or has cut the power. */
static void note_lost(struct se05x_chip *chip, enum se05x_rung rung)
{
	static const u8 kinds[] = {
		[SE05X_RUNG_SOFT] = SE05X_RESET_SOFT,
		[SE05X_RUNG_CHIP] = SE05X_RESET_CHIP,
		[SE05X_RUNG_POWER] = SE05X_RESET_POWER,
	};
	bool wanted = chip->resetting && !chip->climbed;

	chip->power_lost |= rung == SE05X_RUNG_POWER;
	chip->asleep = false;
	spin_lock(&chip->lock);
	chip->rested = false;
	if (rung >= SE05X_RUNG_SOFT)
		se05x_event_queue(chip, SE05X_EVENT_RESET,
				  wanted ? SE05X_BY_USER : SE05X_BY_RECOVERY, kinds[rung]);
	se05x_lose_context(chip);
	spin_unlock(&chip->lock);
}

static void note_rung(struct se05x_chip *chip, enum se05x_rung rung)
{
	trace_se05x_rung(chip->index, rung);
	spin_lock(&chip->lock);
	if (rung < SE05X_RUNG_GIVEN_UP)	/* given up has an event of its own */
		se05x_event_queue(chip, SE05X_EVENT_RECOVERY, 0, rung);
	if (rung > SE05X_RUNG_RNAK) {
		chip->recoveries += !chip->climbed;
		chip->climbed = true;
		chip->state = SE05X_STATE_RECOVERING;
	}
	spin_unlock(&chip->lock);
}

static void owner_event(void *ctx, enum se05x_link_event event, u32 arg, int result)
{
	struct se05x_chip *chip = ctx;

	switch (event) {
	case SE05X_LINK_FRAME_OUT:
		trace_se05x_frame_out(chip->index, arg >> 8, arg & 0xff, result);
		break;
	case SE05X_LINK_FRAME_IN:
		trace_se05x_frame_in(chip->index, arg >> 8, arg & 0xff, result);
		break;
	case SE05X_LINK_RUNG:
		note_rung(chip, arg);
		break;
	case SE05X_LINK_LOST:
		note_lost(chip, arg);
		break;
	}
}

const struct se05x_link_ops se05x_owner_ops = {
	.write = owner_write,
	.read = owner_read,
	.sleep = owner_sleep,
	.now = owner_now,
	.power = owner_power,
	.event = owner_event,
};

/**
 * se05x_exchange() - send a command as it is
 * @chip: the chip, awake
 * @apdu: the command; its answer and outcome are filled in
 *
 * Return: 0 or the errno of se05x_link_transceive().
 */
int se05x_exchange(struct se05x_chip *chip, struct se05x_apdu *apdu)
{
	ktime_t begin = ktime_get();
	u32 sw = 0;
	int ret;

	trace_se05x_apdu_begin(chip->index, apdu->command_len);
	chip->fresh = false;
	ret = se05x_link_transceive(&chip->link, apdu);
	if (!ret)
		sw = apdu->response[apdu->response_len - 2] << 8 |
		     apdu->response[apdu->response_len - 1];
	trace_se05x_apdu_end(chip->index, apdu->response_len, sw, ret,
			     ktime_us_delta(ktime_get(), begin));
	return ret;
}

/* ---- power ---- */

/**
 * se05x_owner_power_up() - before the first transfer: runtime PM must not cut the power
 * @chip: the chip
 *
 * This is the only place that waits for a runtime resume. The callbacks of runtime
 * PM never wait for the owner, so neither can wait for the other.
 *
 * Return: 0; -ENOLINK: it can't be switched on.
 */
int se05x_owner_power_up(struct se05x_chip *chip)
{
	struct device *dev = chip->dev.parent;
	bool cold;
	int ret;

	if (!chip->powered) {
		ret = pm_runtime_resume_and_get(dev);
		if (ret < 0) {
			dev_err_ratelimited(dev, "can't switch the chip on: %d\n", ret);
			pm_runtime_set_suspended(dev);	/* or the next try would fail at once */
			se05x_link_give_up(&chip->link);
			return -ENOLINK;
		}
		chip->powered = true;
	}
	spin_lock(&chip->lock);
	cold = chip->cold;
	chip->cold = false;
	spin_unlock(&chip->lock);
	if (cold) {
		chip->power_lost = true;
		se05x_link_booted(&chip->link);
	}
	return 0;
}

/* The chip sleeps: runtime PM may cut its power after power_off_ms. */
static void power_down(struct se05x_chip *chip)
{
	struct device *dev = chip->dev.parent;

	pm_runtime_set_autosuspend_delay(dev, READ_ONCE(chip->power_off_ms));
	pm_runtime_mark_last_busy(dev);
	if (chip->powered)
		pm_runtime_put_autosuspend(dev);
	else	/* an earlier try failed, or power_off_ms was changed */
		pm_request_autosuspend(dev);
	chip->powered = false;
}

/**
 * se05x_owner_wake() - wake the chip and bring the link in step, if need be
 * @chip: the chip
 * @retry: a chip that was given up may be tried again, when it is time
 *
 * Return: 0; or the errno of a request that was not sent for that reason.
 */
int se05x_owner_wake(struct se05x_chip *chip, bool retry)
{
	bool asleep = !chip->link.synced;
	int ret;

	if (!se05x_link_is_due(&chip->link, retry))
		return -ENOLINK;
	chip->power_lost = false;
	ret = se05x_owner_power_up(chip) ?: se05x_link_wake(&chip->link, retry);
	if (asleep)
		trace_se05x_power(chip->index, SE05X_POWER_WAKE, ret);
	if (!ret && chip->power_lost) {
		spin_lock(&chip->lock);
		chip->context.state = SE05X_CLEAN;
		spin_unlock(&chip->lock);
	}
	se05x_publish(chip);
	return ret == -ECANCELED ? -ECONNABORTED : ret;
}

/**
 * se05x_owner_sleep() - end the session, if there is one
 * @chip: the chip
 */
void se05x_owner_sleep(struct se05x_chip *chip)
{
	int ret;

	if (!chip->link.synced)
		return;
	ret = se05x_link_sleep(&chip->link);
	trace_se05x_power(chip->index, SE05X_POWER_SLEEP, ret);
	chip->asleep = true;
	spin_lock(&chip->lock);
	chip->rested = !ret;
	spin_unlock(&chip->lock);
	se05x_publish(chip);
}

/**
 * se05x_owner_idle() - there was no client for a while: let the chip save power
 * @chip: the chip
 *
 * After a resume nobody knows whether the chip is awake. So a chip that is out of
 * step is brought in step before its session is ended. Its power may be cut only
 * after it has answered the end of its session.
 */
void se05x_owner_idle(struct se05x_chip *chip)
{
	bool wanted = READ_ONCE(chip->power_off_ms) && chip->can_power;
	bool off, rested;

	chip->climbed = false;
	spin_lock(&chip->lock);
	off = chip->off;
	rested = chip->rested;
	spin_unlock(&chip->lock);
	if (!rested && !off && !se05x_owner_wake(chip, false)) {
		se05x_owner_sleep(chip);
		rested = chip->rested;
	}
	if (rested && !off && wanted)
		power_down(chip);
	else if (!chip->powered && !off && !wanted && se05x_owner_power_up(chip))
		se05x_publish(chip);
}
