// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the owner does with a request when its turn has come
 *
 * All of this runs in the chip's own thread.
 */
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "se05x.h"
#include "se05x_trace.h"

#define INS_SELECT		0xA4
#define P1_BY_NAME		0x04
#define P2_FIRST_FCI		0x00

/* 00 A4 04 00 Lc AID Le */
#define SELECT_MAX		(5 + SE05X_AID_MAX + 1)

/* ---- the chip ---- */

/*
 * The last check before the command's first byte is sent. Return: false if the
 * caller has stopped to wait: then it was told that nothing was sent.
 */
static bool start(struct se05x_chip *chip, struct se05x_request *req, bool protect)
{
	spin_lock(&chip->lock);
	req->started = !req->abandoned;
	if (protect)	/* until its answer was verified */
		req->protection = SE05X_PROTECTION_UNVERIFIED;
	spin_unlock(&chip->lock);
	return req->started;
}

/* What became of a command on behalf of a request: the answer is in req->response. */
static int note_exchange(struct se05x_chip *chip, struct se05x_request *req,
			 const struct se05x_apdu *apdu, u32 *outcome, int ret)
{
	*outcome = max(*outcome, apdu->outcome);
	if (!ret) {
		*outcome = apdu->outcome;
		req->response_len = apdu->response_len;
		req->sw = req->response[apdu->response_len - 2] << 8 |
			  req->response[apdu->response_len - 1];
	}
	se05x_note_chain(chip, req, apdu->command, ret);
	return ret == -ECANCELED ? -ECONNABORTED : ret;
}

/* Send one command plain. */
static int exchange_apdu(struct se05x_chip *chip, struct se05x_request *req,
			 const u8 *command, size_t len, u32 *outcome)
{
	struct se05x_apdu apdu = {
		.command = command,
		.command_len = len,
		.response = req->response,
	};

	return note_exchange(chip, req, &apdu, outcome, se05x_exchange(chip, &apdu));
}

/* Send the request's own command, through the channel if it is to be protected. */
static int exchange_own(struct se05x_chip *chip, struct se05x_request *req, bool protect)
{
	struct se05x_apdu apdu = {
		.command = req->command,
		.command_len = req->command_len,
		.response = req->response,
	};
	int ret;

	if (!protect)
		return exchange_apdu(chip, req, req->command, req->command_len, &req->outcome);
	ret = se05x_channel_transceive(chip, &apdu);
	ret = note_exchange(chip, req, &apdu, &req->outcome, ret);
	spin_lock(&chip->lock);	/* the caller may leave just now */
	if (req->outcome == SE05X_OUTCOME_NOT_SENT)
		req->protection = SE05X_PROTECTION_NONE;
	else if (req->outcome == SE05X_OUTCOME_RAN)
		req->protection = SE05X_PROTECTION_VERIFIED;
	spin_unlock(&chip->lock);
	return ret;
}

/* SELECT by name, made by the driver. It does no harm twice, so it may be sent again. */
static int select_context(struct se05x_chip *chip, struct se05x_request *req,
			  const struct se05x_context *want, u32 *outcome)
{
	u8 command[SELECT_MAX] = { 0x00, INS_SELECT, P1_BY_NAME, P2_FIRST_FCI };
	struct se05x_context selected = { };
	size_t len = 5;
	int tries = 2, ret;

	se05x_set_aid(&selected, want->aid, want->aid_len);
	command[4] = selected.aid_len;
	if (selected.aid_len) {
		memcpy(command + len, selected.aid, selected.aid_len);
		len += selected.aid_len + 1;
	}
	do {
		ret = se05x_owner_wake(chip, true) ?:
		      exchange_apdu(chip, req, command, len, outcome);
	} while ((ret == -ECONNABORTED || ret == -ECONNRESET) && --tries);
	if (ret && *outcome == SE05X_OUTCOME_MAY_HAVE_RUN)
		return -ECONNRESET;
	if (!ret)
		se05x_note_select(chip, req->file, &selected, req->sw, req->response,
				  req->response_len);
	return ret;
}

/* Select the applet that this file's commands go to. */
static int select_again(struct se05x_chip *chip, struct se05x_request *req)
{
	const struct se05x_context none = { };
	const struct se05x_context *want = se05x_target(chip, req->file);
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
	if (!se05x_is_success(req->sw))
		return -ENOTCONN;
	req->sw = 0;
	return 0;
}

/* ---- TRANSCEIVE ---- */

/*
 * ESTALE is told once for some reasons. So a caller whose deadline passes just now
 * must wait for it, or it would be told to nobody.
 */
static int stale(struct se05x_request *req, enum se05x_reason reason)
{
	req->reason = reason;
	req->decided = true;
	return -ESTALE;
}

/* An administrator's RESET broke this file's lock: ESTALE, once. */
static int check_lock(struct se05x_request *req)
{
	if (req->abandoned)
		return -EBUSY;
	if (!req->file->lost_lock)
		return 0;
	req->file->lost_lock = false;
	return stale(req, SE05X_REASON_LOCK);
}

/* Would the owner have to select before it can send this file's command? */
static bool must_select(struct se05x_chip *chip, const struct se05x_file *file,
			const struct se05x_way *way)
{
	return !way->said.select &&
	       (se05x_must_select(chip, file) ||
		(way->protect && se05x_channel_needs_select(chip)));
}

static bool needs_select(struct se05x_chip *chip, const struct se05x_file *file,
			 const struct se05x_way *way)
{
	return !chip->link.synced || must_select(chip, file, way) ||
	       (chip->chain.file != file && chip->chain.file && chip->chain.command);
}

/*
 * May this command be sent to the chip as it is now? If so somebody else's chain
 * ends here, which may leave the context unknown.
 */
static int admit(struct se05x_chip *chip, struct se05x_request *req, struct se05x_way *way)
{
	struct se05x_file *file = req->file;
	bool select = way->said.select;
	int ret;

	lockdep_assert_held(&chip->lock);
	ret = check_lock(req) ?: se05x_find_way(chip, req, way);
	if (!ret && way->protect)
		ret = se05x_channel_refuses(chip, req);
	if (ret)
		return ret;
	if (se05x_lacks_chain(chip, req))
		return stale(req, SE05X_REASON_CHAIN);
	if (!select && file->bound.channel && chip->context.channel != file->id) {
		file->bound.channel = 0;
		return stale(req, SE05X_REASON_CHANNEL);
	}
	if (req->demanded && req->demanded != chip->generation)
		return stale(req, SE05X_REASON_GENERATION);
	if (req->demanded && !select && needs_select(chip, file, way))
		return stale(req, SE05X_REASON_CONTEXT);
	se05x_interrupt_chain(chip, file);
	return 0;
}

static void note_channel(struct se05x_chip *chip, struct se05x_file *file, bool before)
{
	spin_lock(&chip->lock);
	if (chip->context.state != SE05X_SELECTED)	/* the default applet */
		se05x_set_aid(&chip->context, NULL, 0);
	before |= chip->context.channel == file->id && chip->context.before;
	chip->context.channel = file->id;
	chip->context.before = before;
	file->bound = chip->context;
	se05x_renew(chip);
	if (!se05x_is_heir(chip, file))
		se05x_forget_context(chip);
	spin_unlock(&chip->lock);
}

static void note_command(struct se05x_chip *chip, struct se05x_request *req,
			 const struct se05x_way *way)
{
	const struct se05x_said *said = &way->said;
	struct se05x_file *file = req->file;

	if (said->open_channel && req->sw == 0x9000)
		note_channel(chip, file, !way->how);
	if (!said->select)
		return;
	se05x_note_select(chip, file, &said->name, said->plain ? req->sw : 0,
			  said->remember ? req->response : NULL, req->response_len);
	spin_lock(&chip->lock);
	file->bound.channel = 0;
	if (!said->plain)
		file->bound.state = SE05X_UNKNOWN;
	else if (se05x_is_success(req->sw))
		file->bound = said->name;
	spin_unlock(&chip->lock);
}

/* The chip is selected and the channel open: all that comes before the command's bytes. */
static int reach_once(struct se05x_chip *chip, struct se05x_request *req,
		      const struct se05x_way *way, bool last)
{
	bool select, open;
	int ret = se05x_owner_wake(chip, true);

	if (ret)
		return ret;
	spin_lock(&chip->lock);
	select = must_select(chip, req->file, way);
	if (select && req->demanded)
		ret = stale(req, SE05X_REASON_CONTEXT);
	spin_unlock(&chip->lock);
	if (!ret && select)
		ret = select_again(chip, req);
	if (ret || !way->protect)
		return ret;
	spin_lock(&chip->lock);
	open = chip->channel_state == SE05X_CHANNEL_OPEN;
	spin_unlock(&chip->lock);
	return open ? 0 : se05x_channel_open(chip, last, &req->sw);
}

/* An opening that the chip refused, or in which the link failed, is done once more. */
static int reach(struct se05x_chip *chip, struct se05x_request *req, const struct se05x_way *way)
{
	bool once = !way->protect || req->demanded;
	int ret = reach_once(chip, req, way, once);

	if (!once && (ret == -EAGAIN || ret == -ECONNABORTED))
		ret = reach_once(chip, req, way, true);
	return ret;
}

static int serve_transceive(struct se05x_chip *chip, struct se05x_request *req)
{
	struct se05x_way way = {
		.said = se05x_parse_command(req->command, req->command_len),
		.how = se05x_channel_look(chip),
	};
	int ret;

	spin_lock(&chip->lock);
	ret = admit(chip, req, &way);
	spin_unlock(&chip->lock);
	ret = ret ?: reach(chip, req, &way);
	if (ret)
		return ret;
	if (!start(chip, req, way.protect))
		return -EBUSY;
	if (way.said.meddles)
		se05x_channel_drop(chip);
	ret = exchange_own(chip, req, way.protect);
	if (!ret)
		note_command(chip, req, &way);
	return ret;
}

/* ---- SELECT ---- */

/* May the answer to a SELECT be given from memory? Not if it is to end a command chain. */
static bool is_remembered(struct se05x_chip *chip, const struct se05x_file *file,
			  const struct se05x_context *want)
{
	lockdep_assert_held(&chip->lock);
	if (chip->chain.file == file && chip->chain.command)
		return false;
	return chip->link.synced && chip->answer_len && !chip->context.channel &&
	       chip->context.state == SE05X_SELECTED && se05x_same_aid(&chip->context, want);
}

static int serve_select(struct se05x_chip *chip, struct se05x_request *req)
{
	struct se05x_context want = { };
	bool remembered;
	int ret;

	se05x_set_aid(&want, req->aid, req->aid_len);
	spin_lock(&chip->lock);
	ret = check_lock(req);
	remembered = is_remembered(chip, req->file, &want) &&
		     !(req->flags & SE05X_SELECT_FRESH);
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
		ret = se05x_owner_wake(chip, true);
		if (ret)
			return ret;
		if (!start(chip, req, false))
			return -EBUSY;
		spin_lock(&chip->lock);
		se05x_interrupt_chain(chip, req->file);
		spin_unlock(&chip->lock);
		ret = select_context(chip, req, &want, &req->outcome);
		if (ret)
			return ret;
	}
	spin_lock(&chip->lock);
	req->file->broken.file = NULL;
	req->file->bound.channel = 0;
	if (se05x_is_success(req->sw))
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
		se05x_interrupt_chain(chip, req->file);
		chip->holder = req->file;
		req->outcome = SE05X_OUTCOME_RAN;
		chip->held_since = jiffies;
		mod_delayed_work(system_wq, &chip->lock_watch, LOCK_WATCH);
	}
	spin_unlock(&chip->lock);
	return ret;
}

/* RESET is refused while another client is there, who would lose its state. */
static int may_reset(struct se05x_chip *chip, const struct se05x_request *req)
{
	const struct se05x_file *me = req->file;

	lockdep_assert_held(&chip->lock);
	if (req->privileged || chip->link.given_up)
		return 0;
	return chip->clients > (me->client && !me->closed) ? -EPERM : 0;
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
		se05x_break_chain(chip);
		chip->state = SE05X_STATE_RECOVERING;
	}
	spin_unlock(&chip->lock);
	if (ret)
		return ret;
	if (req->privileged)
		se05x_channel_forgive(chip);

	chip->power_lost = false;
	chip->resetting = true;
	ret = se05x_owner_power_up(chip);
	if (!ret)
		ret = se05x_link_reset(&chip->link, rungs[req->kind],
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

/* Without disturbing a client: no change of its applet, its chain, its lock. */
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
	if (!chip->clients)
		return 0;
	return chip->link.synced && is->state == SE05X_SELECTED && !is->channel &&
	       !chip->chain.file && se05x_same_aid(is, want) ? 0 : -EBUSY;
}

/* It opens the kernel's channel only while there is no client. */
static int may_draw_protected(struct se05x_chip *chip, struct se05x_request *req, int how)
{
	lockdep_assert_held(&chip->lock);
	if (how < 0)
		return how;
	if (chip->clients)
		return chip->channel_state == SE05X_CHANNEL_OPEN ? 0 : -EBUSY;
	return se05x_channel_refuses(chip, req);
}

/* Without a client: select the applet. The context counts as unknown afterwards. */
static int draw_alone(struct se05x_chip *chip, struct se05x_request *req, bool protect)
{
	u8 command[SELECT_MAX] = { 0x00, INS_SELECT, P1_BY_NAME, P2_FIRST_FCI, req->aid_len };
	u32 outcome = SE05X_OUTCOME_NOT_SENT;
	int ret;

	memcpy(command + 5, req->aid, req->aid_len);
	chip->answer_len = 0;
	ret = se05x_owner_wake(chip, false) ?:
	      exchange_apdu(chip, req, command, 5 + req->aid_len + 1, &outcome);
	if (!ret && !se05x_is_success(req->sw))
		ret = -ENOTCONN;
	if (ret || !protect)
		return ret;
	se05x_note_version(chip, req->sw, req->response, req->response_len);
	return se05x_channel_open(chip, true, &req->sw);
}

/*
 * Without a client the generation stays as it is (chip->quiet): nobody holds one.
 * A file that sends its first command meanwhile finds the context unknown.
 */
static int serve_random(struct se05x_chip *chip, struct se05x_request *req)
{
	struct se05x_context want = { };
	int how = se05x_channel_look(chip), ret;
	bool alone, protect;

	se05x_set_aid(&want, req->aid, req->aid_len);
	protect = how && se05x_is_iot(&want);
	spin_lock(&chip->lock);
	alone = !chip->clients;
	ret = req->abandoned ? -EBUSY : may_draw(chip, &want);
	if (!ret && protect)
		ret = may_draw_protected(chip, req, how);
	chip->quiet = alone && !ret;
	spin_unlock(&chip->lock);
	if (ret)
		return ret;

	if (alone)
		ret = draw_alone(chip, req, protect);
	if (!ret && start(chip, req, protect))
		ret = exchange_own(chip, req, protect);
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
	se05x_publish(chip);
}
