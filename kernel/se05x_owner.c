// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owner: what it does with a request when its turn has come
 *
 * All of this runs in the chip's own thread, but for the probe, which is over
 * before there is one.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/pm_runtime.h>
#include <linux/string.h>

#include "se05x.h"

#define CREATE_TRACE_POINTS
#include "se05x_trace.h"

#define LOCK_WATCH		HZ	/* who holds the lock longer is told of */

#define INS_SELECT		0xA4
#define INS_INITIALIZE_UPDATE	0x50
#define P1_BY_NAME		0x04
#define P2_FIRST_FCI		0x00
#define P2_FIRST_NO_FCI		0x0C

/* 00 A4 04 00 Lc AID Le */
#define SELECT_MAX		(5 + SE05X_AID_MAX + 1)

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
	/* the clock's microsecond may have been nearly over */
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

/* A block that resets counters is tried, or power was cut. */
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
	chip->rested = false;
	spin_lock(&chip->lock);
	if (rung >= SE05X_RUNG_SOFT)
		se05x_note(chip, SE05X_EVENT_RESET,
			   wanted ? SE05X_BY_USER : SE05X_BY_RECOVERY, kinds[rung]);
	se05x_lose_context(chip);
	spin_unlock(&chip->lock);
}

static void note_rung(struct se05x_chip *chip, enum se05x_rung rung)
{
	trace_se05x_rung(chip->index, rung);
	spin_lock(&chip->lock);
	if (rung < SE05X_RUNG_GIVEN_UP)	/* which is a state, with its own event */
		se05x_note(chip, SE05X_EVENT_RECOVERY, 0, rung);
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

/* ---- contexts ---- */

static u32 state_of(struct se05x_chip *chip)
{
	const struct se05x_link *link = &chip->link;

	if (link->given_up)
		return SE05X_STATE_GIVEN_UP;
	if (chip->off)
		return SE05X_STATE_OFF;
	if (link->synced)
		return SE05X_STATE_ONLINE;
	return chip->asleep ? SE05X_STATE_ASLEEP : SE05X_STATE_RECOVERING;
}

/* Tell the others how the chip is. */
void se05x_owner_publish(struct se05x_chip *chip)
{
	static const u8 events[] = {
		[SE05X_STATE_ONLINE] = SE05X_EVENT_ONLINE,
		[SE05X_STATE_ASLEEP] = SE05X_EVENT_ASLEEP,
		[SE05X_STATE_OFF] = SE05X_EVENT_OFF,
		[SE05X_STATE_RECOVERING] = 0,
		[SE05X_STATE_GIVEN_UP] = SE05X_EVENT_GIVEN_UP,
	};
	u32 state;

	spin_lock(&chip->lock);
	state = state_of(chip);
	if (state != chip->state && events[state])
		se05x_note(chip, events[state], 0, 0);
	chip->state = state;
	chip->atr = chip->link.atr;
	chip->stats = chip->link.stats;
	spin_unlock(&chip->lock);
}

static bool same_aid(const struct se05x_context *a, const struct se05x_context *b)
{
	return a->aid_len == b->aid_len && !memcmp(a->aid, b->aid, a->aid_len);
}

static void set_aid(struct se05x_context *context, const u8 *aid, size_t len)
{
	context->state = SE05X_SELECTED;
	context->channel = 0;
	context->aid_len = len;
	memcpy(context->aid, aid, len);
}

/* What a file's commands are for: what it selected, else what was selected last */
static const struct se05x_context *target(struct se05x_chip *chip,
					  const struct se05x_file *file)
{
	return file->bound.state == SE05X_SELECTED ? &file->bound : &chip->last;
}

static bool must_select(struct se05x_chip *chip, const struct se05x_file *file)
{
	const struct se05x_context *is = &chip->context;
	const struct se05x_context *want = target(chip, file);

	lockdep_assert_held(&chip->lock);
	switch (is->state) {
	case SE05X_UNKNOWN:
		return true;
	case SE05X_CLEAN:
		return want->state == SE05X_SELECTED;
	default:
		return (is->channel && is->channel != file->id) || !same_aid(is, want);
	}
}

/* Nobody may find what a file that is gone left behind. */
static bool is_heir(struct se05x_chip *chip, const struct se05x_file *file)
{
	lockdep_assert_held(&chip->lock);
	return !list_empty(&chip->files) && !(chip->context.channel && file->closed);
}

static bool is_success(u32 sw)
{
	return sw == 0x9000 || (sw >= 0x6100 && sw <= 0x63ff);
}

/* The chip answered a SELECT by name: what holds from now on. */
static void note_select(struct se05x_chip *chip, const struct se05x_file *file,
			const struct se05x_context *selected, u32 sw,
			const u8 *answer, size_t len)
{
	chip->answer_len = 0;
	if (sw == 0x9000 && answer && len <= sizeof(chip->answer)) {
		memcpy(chip->answer, answer, len);
		chip->answer_len = len;
	}
	spin_lock(&chip->lock);
	se05x_forget_context(chip);
	if (is_success(sw)) {
		chip->last = *selected;
		if (is_heir(chip, file))
			chip->context = *selected;
	}
	spin_unlock(&chip->lock);
}

/* ---- the chip ---- */

/*
 * Before the first transfer: runtime PM must not cut the power. The only place
 * that waits for a resume, and the callbacks never wait for us.
 */
static int power_up(struct se05x_chip *chip)
{
	struct device *dev = chip->dev.parent;
	int ret;

	if (!chip->powered) {
		ret = pm_runtime_resume_and_get(dev);
		if (ret < 0) {
			dev_err(dev, "can't switch the chip on: %d\n", ret);
			pm_runtime_set_suspended(dev);	/* so the next may try */
			chip->link.given_up = true;
			return -ENOLINK;
		}
		chip->powered = true;
	}
	if (chip->cold) {
		chip->cold = false;
		chip->power_lost = true;
		se05x_link_booted(&chip->link);
	}
	return 0;
}

/* Nobody needs it for a while: runtime PM may cut it after power_off_ms. */
static void power_down(struct se05x_chip *chip)
{
	struct device *dev = chip->dev.parent;

	pm_runtime_set_autosuspend_delay(dev, READ_ONCE(chip->power_off_ms));
	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
	chip->powered = false;
}

static int wake(struct se05x_chip *chip)
{
	bool asleep = !chip->link.synced;
	int ret;

	chip->power_lost = false;
	ret = power_up(chip) ?: se05x_link_wake(&chip->link);
	if (asleep)
		trace_se05x_power(chip->index, SE05X_POWER_WAKE, ret);
	if (!ret && chip->power_lost) {
		spin_lock(&chip->lock);
		chip->context.state = SE05X_CLEAN;
		spin_unlock(&chip->lock);
	}
	se05x_owner_publish(chip);
	return ret == -ECANCELED ? -ECONNABORTED : ret;
}

/* The command's own first byte may be out from now on; unless nobody waits. */
static bool start(struct se05x_chip *chip, struct se05x_request *req)
{
	spin_lock(&chip->lock);
	req->started = !req->abandoned;
	spin_unlock(&chip->lock);
	return req->started;
}

/* One command of a request's; the answer is in req->response. */
static int exchange(struct se05x_chip *chip, struct se05x_request *req,
		    const u8 *command, size_t len, u32 *outcome)
{
	struct se05x_apdu apdu = {
		.command = command,
		.command_len = len,
		.response = req->response,
	};
	u64 begin = owner_now(chip);
	int ret;

	trace_se05x_apdu_begin(chip->index, len);
	ret = se05x_link_transceive(&chip->link, &apdu);
	*outcome = max(*outcome, apdu.outcome);
	if (!ret) {
		*outcome = apdu.outcome;
		req->response_len = apdu.response_len;
		req->sw = req->response[apdu.response_len - 2] << 8 |
			  req->response[apdu.response_len - 1];
	}
	trace_se05x_apdu_end(chip->index, apdu.response_len, ret ? 0 : req->sw, ret,
			     owner_now(chip) - begin);
	return ret == -ECANCELED ? -ECONNABORTED : ret;
}

/* SELECT by name, on the driver's own account. It may be sent again. */
static int select_context(struct se05x_chip *chip, struct se05x_request *req,
			  const struct se05x_context *want, u32 *outcome)
{
	u8 command[SELECT_MAX] = { 0x00, INS_SELECT, P1_BY_NAME, P2_FIRST_FCI };
	struct se05x_context selected = { };
	size_t len = 5;
	int tries = 2, ret;

	set_aid(&selected, want->aid, want->aid_len);
	command[4] = selected.aid_len;
	if (selected.aid_len) {
		memcpy(command + len, selected.aid, selected.aid_len);
		len += selected.aid_len + 1;
	}
	do {
		ret = wake(chip) ?: exchange(chip, req, command, len, outcome);
	} while ((ret == -ECONNABORTED || ret == -ECONNRESET) && --tries);
	if (ret && *outcome == SE05X_OUTCOME_MAY_HAVE_RUN)
		return -ECONNRESET;
	if (!ret)
		note_select(chip, req->file, &selected, req->sw, req->response,
			    req->response_len);
	return ret;
}

/* Have this file's applet selected. */
static int select_again(struct se05x_chip *chip, struct se05x_request *req)
{
	const struct se05x_context none = { };
	const struct se05x_context *want = target(chip, req->file);
	u32 outcome = SE05X_OUTCOME_NOT_SENT;	/* the SELECT's, not the command's */
	int ret;

	if (want->state != SE05X_SELECTED)
		want = &none;
	ret = select_context(chip, req, want, &outcome);
	memzero_explicit(req->response, req->response_len);
	req->response_len = 0;
	if (ret == -ECONNRESET)
		return chip->link.given_up ? -ENOLINK : -ECONNABORTED;
	if (ret)
		return ret;
	if (!is_success(req->sw))
		return -ENOTCONN;
	req->sw = 0;
	return 0;
}

/* ---- TRANSCEIVE ---- */

/* What a command says about contexts, if it is carried out */
struct said {
	bool select;		/* a SELECT by name on the basic channel */
	bool plain;		/* with an AID and a P2 that bind its file */
	bool remember;		/* whose answer may be given again */
	bool open_channel;
	struct se05x_context name;
};

static struct said parse_command(const u8 *c, size_t len)
{
	struct said said = { };
	size_t lc = 0, data = 5;

	said.open_channel = (c[0] & 0xE3) == 0x80 && c[1] == INS_INITIALIZE_UPDATE;
	said.select = c[0] < 0x20 && c[1] == INS_SELECT && c[2] == P1_BY_NAME;
	if (!said.select)
		return said;
	if (len > 5)
		lc = c[4];
	if (len > 7 && !lc) {
		lc = c[5] << 8 | c[6];
		data = 7;
	}
	said.plain = !c[0] && (c[3] == P2_FIRST_FCI || c[3] == P2_FIRST_NO_FCI) &&
		     lc <= SE05X_AID_MAX && (!lc || data + lc <= len);
	if (said.plain)
		set_aid(&said.name, c + data, lc);
	said.remember = said.plain && c[3] == P2_FIRST_FCI;
	return said;
}

/* Somebody broke the lock: ESTALE, once, to somebody who hears it. */
static int check_lock(struct se05x_request *req)
{
	if (req->abandoned)
		return -EBUSY;
	if (!req->file->lost_lock)
		return 0;
	req->file->lost_lock = false;
	req->decided = true;
	return -ESTALE;
}

/* May this command be sent to the chip as it is now? */
static int admit(struct se05x_chip *chip, struct se05x_request *req, bool select)
{
	struct se05x_file *file = req->file;
	bool keep = select || (chip->link.synced && !must_select(chip, file));
	int ret;

	lockdep_assert_held(&chip->lock);
	ret = check_lock(req);
	if (ret)
		return ret;
	if (!select && file->bound.channel && chip->context.channel != file->id) {
		file->bound.channel = 0;
		req->decided = true;
		return -ESTALE;
	}
	if (req->demanded && (req->demanded != chip->generation || !keep))
		return -ESTALE;
	return chip->link.given_up ? -ENOLINK : 0;
}

static void note_channel(struct se05x_chip *chip, struct se05x_file *file)
{
	spin_lock(&chip->lock);
	if (chip->context.state != SE05X_SELECTED)	/* what a boot selects */
		set_aid(&chip->context, NULL, 0);
	chip->context.channel = file->id;
	file->bound = chip->context;
	se05x_renew(chip);
	if (!is_heir(chip, file))
		se05x_forget_context(chip);
	spin_unlock(&chip->lock);
}

static void note_command(struct se05x_chip *chip, struct se05x_request *req,
			 const struct said *said)
{
	struct se05x_file *file = req->file;

	if (said->open_channel && req->sw == 0x9000)
		note_channel(chip, file);
	if (!said->select)
		return;
	note_select(chip, file, &said->name, said->plain ? req->sw : 0,
		    said->remember ? req->response : NULL, req->response_len);
	spin_lock(&chip->lock);
	file->bound.channel = 0;
	if (!said->plain)
		file->bound.state = SE05X_UNKNOWN;
	else if (is_success(req->sw))
		file->bound = said->name;
	spin_unlock(&chip->lock);
}

static int serve_transceive(struct se05x_chip *chip, struct se05x_request *req)
{
	struct said said = parse_command(req->command, req->command_len);
	bool select;
	int ret;

	spin_lock(&chip->lock);
	ret = admit(chip, req, said.select);
	spin_unlock(&chip->lock);
	ret = ret ?: wake(chip);
	if (ret)
		return ret;
	spin_lock(&chip->lock);
	select = !said.select && must_select(chip, req->file);
	spin_unlock(&chip->lock);
	ret = select ? select_again(chip, req) : 0;
	if (ret)
		return ret;
	if (!start(chip, req))
		return -EBUSY;
	ret = exchange(chip, req, req->command, req->command_len, &req->outcome);
	if (!ret)
		note_command(chip, req, &said);
	return ret;
}

/* ---- SELECT ---- */

static bool is_remembered(struct se05x_chip *chip, const struct se05x_context *want)
{
	lockdep_assert_held(&chip->lock);
	return chip->link.synced && chip->answer_len && !chip->context.channel &&
	       chip->context.state == SE05X_SELECTED && same_aid(&chip->context, want);
}

static int serve_select(struct se05x_chip *chip, struct se05x_request *req)
{
	struct se05x_context want = { };
	bool remembered;
	int ret;

	set_aid(&want, req->aid, req->aid_len);
	spin_lock(&chip->lock);
	ret = check_lock(req);
	remembered = is_remembered(chip, &want) && !(req->flags & SE05X_SELECT_FRESH);
	if (!ret && remembered)
		req->decided = true;
	spin_unlock(&chip->lock);
	if (ret)
		return ret;

	if (remembered) {
		memcpy(req->response, chip->answer, chip->answer_len);
		req->response_len = chip->answer_len;
		req->sw = 0x9000;
		req->outcome = SE05X_OUTCOME_RAN;
	} else {
		ret = wake(chip);
		if (ret)
			return ret;
		if (!start(chip, req))
			return -EBUSY;
		ret = select_context(chip, req, &want, &req->outcome);
		if (ret)
			return ret;
	}
	spin_lock(&chip->lock);
	req->file->bound.channel = 0;
	if (is_success(req->sw))
		req->file->bound = want;
	spin_unlock(&chip->lock);
	return 0;
}

/* ---- LOCK and RESET ---- */

static int serve_lock(struct se05x_chip *chip, struct se05x_request *req)
{
	int ret;

	spin_lock(&chip->lock);
	ret = check_lock(req);
	if (!ret && chip->holder == req->file)
		ret = -EALREADY;
	if (!ret) {
		req->decided = true;
		chip->holder = req->file;
		req->outcome = SE05X_OUTCOME_RAN;
		mod_delayed_work(system_wq, &chip->lock_watch, LOCK_WATCH);
	}
	spin_unlock(&chip->lock);
	return ret;
}

/* Does anybody else have something to lose? */
static bool others_work(struct se05x_chip *chip, const struct se05x_file *me)
{
	const struct se05x_request *req;
	const struct se05x_file *file;

	list_for_each_entry(file, &chip->files, node)
		if (file != me && file->bound.state == SE05X_SELECTED)
			return true;
	list_for_each_entry(req, &chip->queue, node)
		if (req->file != me && req->type != SE05X_RANDOM)
			return true;
	return false;
}

static int may_reset(struct se05x_chip *chip, const struct se05x_request *req)
{
	const struct se05x_file *me = req->file;

	lockdep_assert_held(&chip->lock);
	if (req->privileged || chip->link.given_up)
		return 0;
	if (list_is_singular(&chip->files) && !me->closed)
		return 0;
	return chip->holder == me && !others_work(chip, me) ? 0 : -EPERM;
}

static void break_lock(struct se05x_chip *chip, const struct se05x_request *req)
{
	lockdep_assert_held(&chip->lock);
	if (req->privileged && chip->holder && chip->holder != req->file) {
		chip->holder->lost_lock = true;
		chip->holder = NULL;
	}
}

static int serve_reset(struct se05x_chip *chip, struct se05x_request *req)
{
	static const enum se05x_rung rungs[] = {
		[SE05X_RESET_SOFT] = SE05X_RUNG_SOFT,
		[SE05X_RESET_CHIP] = SE05X_RUNG_CHIP,
		[SE05X_RESET_POWER] = SE05X_RUNG_POWER,
	};
	bool clean;
	int ret;

	spin_lock(&chip->lock);
	ret = chip->dead ? -ENODEV : may_reset(chip, req);
	if (!ret && req->kind == SE05X_RESET_POWER && !chip->can_power)
		ret = -EOPNOTSUPP;
	if (!ret && req->abandoned)
		ret = -EBUSY;
	if (!ret) {
		req->started = true;
		break_lock(chip, req);
		chip->state = SE05X_STATE_RECOVERING;
	}
	spin_unlock(&chip->lock);
	if (ret)
		return ret;

	chip->power_lost = false;
	chip->resetting = true;
	ret = power_up(chip) ?: se05x_link_reset(&chip->link, rungs[req->kind],
						 req->flags & SE05X_RESET_FORCE);
	chip->resetting = false;
	if (ret == -ECANCELED) {
		req->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		return -ECONNRESET;
	}
	if (ret)
		return ret;
	req->outcome = SE05X_OUTCOME_RAN;
	clean = chip->power_lost || (req->kind == SE05X_RESET_CHIP && !chip->climbed);
	spin_lock(&chip->lock);
	chip->resets++;
	chip->context.state = clean ? SE05X_CLEAN : SE05X_UNKNOWN;
	spin_unlock(&chip->lock);
	return 0;
}

/* ---- hwrng ---- */

/* It must not be in anybody's way, nor take anything from anybody. */
static int may_draw(struct se05x_chip *chip, const struct se05x_context *want)
{
	const struct se05x_context *is = &chip->context;
	const struct se05x_request *req;

	lockdep_assert_held(&chip->lock);
	if (chip->holder)
		return -EBUSY;
	list_for_each_entry(req, &chip->queue, node)
		if (req->type == SE05X_LOCK)
			return -EBUSY;
	if (list_empty(&chip->files))
		return 0;
	return chip->link.synced && is->state == SE05X_SELECTED && !is->channel &&
	       same_aid(is, want) ? 0 : -EBUSY;
}

/* One command to an applet, whose SELECT nobody else is to notice */
static int draw_alone(struct se05x_chip *chip, struct se05x_request *req)
{
	u8 command[SELECT_MAX] = { 0x00, INS_SELECT, P1_BY_NAME, P2_FIRST_FCI, req->aid_len };
	u32 outcome = SE05X_OUTCOME_NOT_SENT;
	int ret;

	memcpy(command + 5, req->aid, req->aid_len);
	chip->answer_len = 0;
	ret = wake(chip) ?: exchange(chip, req, command, 5 + req->aid_len + 1, &outcome);
	if (!ret && !is_success(req->sw))
		ret = -ENOTCONN;
	return ret;
}

/*
 * With nobody there no generation is at stake, also for a file that is opened
 * while this goes on: it has sent nothing yet, and finds the context unknown.
 */
static int serve_random(struct se05x_chip *chip, struct se05x_request *req)
{
	struct se05x_context want = { };
	bool alone;
	int ret;

	set_aid(&want, req->aid, req->aid_len);
	spin_lock(&chip->lock);
	alone = list_empty(&chip->files);
	ret = req->abandoned ? -EBUSY : may_draw(chip, &want);
	chip->quiet = alone && !ret;
	spin_unlock(&chip->lock);
	if (ret)
		return ret;

	if (alone)
		ret = draw_alone(chip, req);
	if (!ret && start(chip, req))
		ret = exchange(chip, req, req->command, req->command_len, &req->outcome);
	else
		ret = ret ?: -EBUSY;
	spin_lock(&chip->lock);
	if (alone)
		se05x_forget_context(chip);
	chip->quiet = false;
	spin_unlock(&chip->lock);
	return ret;
}

/**
 * se05x_owner_serve() - carry out a request
 * @chip: the chip
 * @req: the request; its results are filled in
 */
void se05x_owner_serve(struct se05x_chip *chip, struct se05x_request *req)
{
	chip->climbed = false;
	switch (req->type) {
	case SE05X_TRANSCEIVE:
		req->error = serve_transceive(chip, req);
		break;
	case SE05X_SELECT:
		req->error = serve_select(chip, req);
		break;
	case SE05X_LOCK:
		req->error = serve_lock(chip, req);
		break;
	case SE05X_RESET:
		req->error = serve_reset(chip, req);
		break;
	case SE05X_RANDOM:
		req->error = serve_random(chip, req);
		break;
	}
	se05x_owner_publish(chip);
}

/**
 * se05x_owner_sleep() - end the session, if there is one
 * @chip: the chip
 */
void se05x_owner_sleep(struct se05x_chip *chip)
{
	int ret;

	if (chip->link.given_up || !chip->link.synced)
		return;
	ret = se05x_link_sleep(&chip->link);
	trace_se05x_power(chip->index, SE05X_POWER_SLEEP, ret);
	chip->rested = !ret;
	chip->asleep = true;
	se05x_owner_publish(chip);
}

/**
 * se05x_owner_idle() - nobody has the chip open for a while: let it save power
 * @chip: the chip
 *
 * A chip that is awake, as far as we know, but out of step is put in step first:
 * after a resume it may be either. Power may be cut once the end of the session
 * was answered, and only then.
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
	if (!rested && !off && !wake(chip)) {
		se05x_owner_sleep(chip);
		rested = chip->rested;
	}
	if (rested && chip->powered && wanted)
		power_down(chip);
	else if (!chip->powered && !off && !wanted)
		power_up(chip);
}
