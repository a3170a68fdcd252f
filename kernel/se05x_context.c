// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts: which applet a file's commands go to, which one the chip has selected,
 * and how a command changes that. Chains of commands and answers belong to it.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "se05x.h"

#define CLA_CHAINED		0x10	/* not the last command of a chain (ISO 7816-4, 5.4.1) */
#define CLA_LAST		0x9F	/* the last CLA in which that bit says so */
#define CLA_SECURE		0x0C	/* secure messaging (the same) */
#define CHAIN_GAP		(100 * USEC_PER_MSEC)
#define CHAIN_MAX		USEC_PER_SEC
#define SW1_MORE		0x61	/* GET RESPONSE fetches the rest (the same, 5.6) */
#define INS_SELECT		0xA4
#define INS_GET_RESPONSE	0xC0
#define INS_INITIALIZE_UPDATE	0x50
#define INS_EXTERNAL_AUTHENTICATE	0x82
#define INS_PUT_KEY		0xD8
#define RID_LEN			5	/* the shortest AID (ISO 7816-5) */
#define VERSION_MIN		(2 + 2)	/* the SELECT's answer with it: major, minor, SW */
#define VERSION_NOT_TOLD	0xFFFF	/* so none of the old ones */
#define P1_BY_NAME		0x04
#define P2_FIRST_FCI		0x00
#define P2_FIRST_NO_FCI		0x0C

bool se05x_same_aid(const struct se05x_context *a, const struct se05x_context *b)
{
	return a->aid_len == b->aid_len && !memcmp(a->aid, b->aid, a->aid_len);
}

void se05x_set_aid(struct se05x_context *context, const u8 *aid, size_t len)
{
	context->state = SE05X_SELECTED;
	context->channel = 0;
	context->before = false;
	context->aid_len = len;
	memcpy(context->aid, aid, len);
}

/* A file's commands go to the AID that it selected, else to the one selected last. */
const struct se05x_context *se05x_target(struct se05x_chip *chip,
					 const struct se05x_file *file)
{
	return file->bound.state == SE05X_SELECTED ? &file->bound : &chip->last;
}

bool se05x_must_select(struct se05x_chip *chip, const struct se05x_file *file)
{
	const struct se05x_context *is = &chip->context;
	const struct se05x_context *want = se05x_target(chip, file);

	lockdep_assert_held(&chip->lock);
	switch (is->state) {
	case SE05X_UNKNOWN:
		return true;
	case SE05X_CLEAN:	/* perhaps the IoT applet, without being asked for */
		return want->state == SE05X_SELECTED || chip->guarded;
	default:
		return (is->channel && is->channel != file->id) || !se05x_same_aid(is, want);
	}
}

/*
 * May the chip's context stay known after a command of @file? Not if there is no
 * client left, nor if the context is the channel of a file that was closed:
 * nobody else may use what such a file left behind.
 */
bool se05x_is_heir(struct se05x_chip *chip, const struct se05x_file *file)
{
	lockdep_assert_held(&chip->lock);
	return chip->clients && !(chip->context.channel && file->closed);
}

/* Instances of the IoT applet have names that begin alike (AN12413); a name may be cut. */
bool se05x_is_iot(const struct se05x_context *context)
{
	static const u8 iot[] = {
		0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00, 0x00, 0x00, 0x01, 0x03
	};
	size_t len = min_t(size_t, context->aid_len, sizeof(iot));

	return context->state == SE05X_SELECTED && len >= RID_LEN &&
	       !memcmp(context->aid, iot, len);
}

bool se05x_is_success(u32 sw)
{
	return sw == 0x9000 || (sw >= 0x6100 && sw <= 0x63ff);
}

/* A SELECT was answered. The answer of the IoT applet begins with its version. */
void se05x_note_version(struct se05x_chip *chip, u32 sw, const u8 *answer, size_t len)
{
	chip->fresh = true;
	chip->version = 0;
	if (sw == 0x9000 && answer)
		chip->version = len < VERSION_MIN ? VERSION_NOT_TOLD : answer[0] << 8 | answer[1];
}

/* The chip answered a SELECT by name: note its new context, and the answer. */
void se05x_note_select(struct se05x_chip *chip, const struct se05x_file *file,
		       const struct se05x_context *selected, u32 sw,
			const u8 *answer, size_t len)
{
	se05x_note_version(chip, sw, answer, len);
	chip->answer_len = 0;
	if (sw == 0x9000 && answer && len <= sizeof(chip->answer)) {
		memcpy(chip->answer, answer, len);
		chip->answer_len = len;
	}
	spin_lock(&chip->lock);
	se05x_forget_context(chip);
	if (se05x_is_success(sw)) {
		chip->last = *selected;
		if (se05x_is_heir(chip, file))
			chip->context = *selected;
	}
	spin_unlock(&chip->lock);
}

static bool is_piece(const u8 *command)
{
	return command[0] <= CLA_LAST && (command[0] & CLA_CHAINED);
}

struct se05x_said se05x_parse_command(const u8 *c, size_t len)
{
	struct se05x_said said = { };
	size_t lc = 0, data = 5;

	said.open_channel = (c[0] & 0xE3) == 0x80 && c[1] == INS_INITIALIZE_UPDATE;
	said.meddles = (c[0] & CLA_SECURE) || c[1] == INS_INITIALIZE_UPDATE ||
		       c[1] == INS_EXTERNAL_AUTHENTICATE || c[1] == INS_PUT_KEY;
	said.piece = is_piece(c);
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
		se05x_set_aid(&said.name, c + data, lc);
	said.remember = said.plain && c[3] == P2_FIRST_FCI;
	return said;
}

/* ---- the kernel's secure channel ---- */

/*
 * A file has a channel of its own that the kernel's keys don't forbid: it was there
 * before them, or an administrator opened it and holds the lock still.
 */
static bool has_own_channel(const struct se05x_chip *chip, const struct se05x_file *file)
{
	return chip->context.channel == file->id &&
	       (chip->context.before || chip->holder == file);
}

/**
 * se05x_find_way() - how a command has to go
 * @chip: the chip, locked
 * @req: the command
 * @way: what is known of it; out: @protect
 *
 * Return: 0; or why it can't be sent: -EPERM, -ENOKEY, -EOPNOTSUPP.
 */
int se05x_find_way(struct se05x_chip *chip, const struct se05x_request *req,
		   struct se05x_way *way)
{
	bool demanded = req->flags & SE05X_TRANSCEIVE_PROTECTED;
	const struct se05x_said *said = &way->said;
	struct se05x_file *file = req->file;
	bool own = has_own_channel(chip, file);

	lockdep_assert_held(&chip->lock);
	/* nobody could tell which applet the last piece selects */
	if (said->select && said->piece)
		return -EOPNOTSUPP;
	if (!way->how)
		return demanded ? -ENOKEY : 0;
	if (said->meddles && !(own && chip->context.before) &&
	    !(req->privileged && chip->holder == file))
		return -EPERM;
	/* without the lock its own channel ends */
	if (chip->context.channel == file->id && !own)
		se05x_forget_context(chip);
	if (said->meddles || said->select || own || !se05x_is_iot(se05x_target(chip, file)))
		return demanded ? -ENOKEY : 0;
	if (way->how < 0)
		return way->how;
	if (said->piece)
		return -EOPNOTSUPP;
	way->protect = true;
	return 0;
}

/* ---- chains ---- */

static bool is_get_response(const u8 *command)
{
	return command[0] < 0x20 && command[1] == INS_GET_RESPONSE;
}

/* A command of @file goes to the chip next: that ends the chain of another file. */
void se05x_interrupt_chain(struct se05x_chip *chip, const struct se05x_file *file)
{
	lockdep_assert_held(&chip->lock);
	if (chip->chain.file != file)
		se05x_break_chain(chip);
}

/*
 * Is this command the next piece of a broken chain? Then it is not sent. Nor is
 * GET RESPONSE of a file that the chip's last answer was not for.
 */
bool se05x_lacks_chain(struct se05x_chip *chip, struct se05x_request *req)
{
	struct se05x_chain *broken = &req->file->broken;
	const u8 *c = req->command;
	bool lacks;

	lockdep_assert_held(&chip->lock);
	lacks = broken->file && broken->command && c[1] == broken->ins &&
		c[2] == broken->p1 && c[3] == broken->p2;
	broken->file = NULL;
	if (is_get_response(c))
		lacks = chip->chain.file != req->file || chip->chain.command;
	return lacks;
}

/*
 * After each exchange: does a chain begin, go on or end? While it goes on its file
 * has preference, for CHAIN_GAP after each answer and for CHAIN_MAX in all. The
 * same user gets no other preference within CHAIN_MAX.
 */
void se05x_note_chain(struct se05x_chip *chip, const struct se05x_request *req,
		      const u8 *command, int error)
{
	struct se05x_chain *chain = &chip->chain;
	struct se05x_file *file = req->file;
	u64 now = ktime_to_us(ktime_get());
	bool more = !error && req->sw >> 8 == SW1_MORE;
	bool piece = !error && is_piece(command) && req->sw == 0x9000;

	spin_lock(&chip->lock);
	if (error)	/* the errno tells the caller that the chain is gone */
		file->broken.file = NULL;
	if (file->closed || req->type == SE05X_RANDOM || (!more && !piece)) {
		chain->file = NULL;
		/* The chip keeps this piece: a SELECT must come before any other command. */
		if (piece && chip->context.state != SE05X_UNKNOWN)
			se05x_forget_context(chip);
	} else {
		if (chain->file != file) {
			chain->preferred = !file->user->preferred_us ||
					   now - file->user->preferred_us >= CHAIN_MAX;
			if (chain->preferred)
				file->user->preferred_us = now;
			chain->begun_us = now;
		}
		chain->file = file;
		chain->command = !more;
		chain->ins = command[1];
		chain->p1 = command[2];
		chain->p2 = command[3];
		chain->until_us = min(now + CHAIN_GAP, chain->begun_us + CHAIN_MAX);
	}
	spin_unlock(&chip->lock);
}
