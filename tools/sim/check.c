// SPDX-License-Identifier: GPL-2.0-only
/* What is refused of a request before anything else is looked at: see docs/abi.md */
#include <errno.h>

#include "driver.h"

#define RESERVED(s)	((s)->reserved_in[0] || (s)->reserved_in[1])

/* The basic channel only, and classes that ISO/IEC 7816-4, 5.4.1 has; no MANAGE CHANNEL */
static bool class_supported(const uint8_t *apdu)
{
	uint8_t cla = apdu[0];

	if (cla <= 0x1f && apdu[1] == 0x70)
		return false;
	if (cla <= 0x1f || (cla >= 0x80 && cla <= 0x9f))
		return !(cla & 0x03);
	return !((cla >= 0x40 && cla <= 0x7f) || (cla >= 0xc0 && cla <= 0xfe));
}

static int check_transceive(const struct se05x_transceive *t, const uint8_t *command)
{
	if (t->flags & ~SE05X_TRANSCEIVE_PROTECTED || t->padding || RESERVED(t) ||
	    t->command_len < 4)
		return EINVAL;
	if (t->command_len > SE05X_SOCKET_COMMAND_MAX)
		return E2BIG;
	if (!class_supported(command))
		return EOPNOTSUPP;
	return t->flags ? ENOKEY : 0;
}

static int check_select(const struct se05x_select *s)
{
	uint32_t i;

	if (s->flags & ~SE05X_SELECT_FRESH || s->aid_len > SE05X_AID_MAX || RESERVED(s))
		return EINVAL;
	for (i = s->aid_len; i < SE05X_AID_MAX; i++)
		if (s->aid[i])
			return EINVAL;
	return 0;
}

static int check_reset(const struct se05x_reset *r, bool admin)
{
	if (r->flags & ~SE05X_RESET_FORCE || r->kind < SE05X_RESET_SOFT ||
	    r->kind > SE05X_RESET_POWER || RESERVED(r))
		return EINVAL;
	return r->flags && !admin ? EPERM : 0;
}

int request_check(uint32_t number, const union se05x_socket_arg *arg, const uint8_t *command,
		  bool admin)
{
	const struct se05x_info *i = &arg->info;

	switch (number) {
	case SE05X_IOC_INFO:
		return i->flags || i->padding[0] || i->padding[1] || i->padding[2] ||
		       RESERVED(i) ? EINVAL : 0;
	case SE05X_IOC_TRANSCEIVE:
		return check_transceive(&arg->transceive, command);
	case SE05X_IOC_SELECT:
		return check_select(&arg->select);
	case SE05X_IOC_LOCK:
		return arg->lock.flags || RESERVED(&arg->lock) ? EINVAL : 0;
	case SE05X_IOC_UNLOCK:
		return arg->unlock.flags || RESERVED(&arg->unlock) ? EINVAL : 0;
	case SE05X_IOC_RESET:
		return check_reset(&arg->reset, admin);
	default:
		return ENOTTY;
	}
}
