// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose applet is selected: what a file's commands are for, what the chip has
 * selected, and what a command changes of it
 */
#include <linux/string.h>

#include "se05x.h"

#define INS_SELECT		0xA4
#define INS_INITIALIZE_UPDATE	0x50
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
	context->aid_len = len;
	memcpy(context->aid, aid, len);
}

/* What a file's commands are for: what it selected, else what was selected last */
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
	case SE05X_CLEAN:
		return want->state == SE05X_SELECTED;
	default:
		return (is->channel && is->channel != file->id) || !se05x_same_aid(is, want);
	}
}

/* Nobody may find what a file that is gone left behind. */
bool se05x_is_heir(struct se05x_chip *chip, const struct se05x_file *file)
{
	lockdep_assert_held(&chip->lock);
	return chip->clients && !(chip->context.channel && file->closed);
}

bool se05x_is_success(u32 sw)
{
	return sw == 0x9000 || (sw >= 0x6100 && sw <= 0x63ff);
}

/* The chip answered a SELECT by name: what holds from now on. */
void se05x_note_select(struct se05x_chip *chip, const struct se05x_file *file,
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
	if (se05x_is_success(sw)) {
		chip->last = *selected;
		if (se05x_is_heir(chip, file))
			chip->context = *selected;
	}
	spin_unlock(&chip->lock);
}

struct se05x_said se05x_parse_command(const u8 *c, size_t len)
{
	struct se05x_said said = { };
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
		se05x_set_aid(&said.name, c + data, lc);
	said.remember = said.plain && c[3] == P2_FIRST_FCI;
	return said;
}
