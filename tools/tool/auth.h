/* SPDX-License-Identifier: GPL-2.0-only */
/* Who se05x-tool is to the chip: --user-id, --auth */
#ifndef SE05X_TOOLS_AUTH_H
#define SE05X_TOOLS_AUTH_H

#include "tool.h"

/* What opens the session; to be cleared */
struct auth {
	enum { AUTH_NONE, AUTH_USERID, AUTH_AES, AUTH_EC } how;
	uint32_t id;
	uint8_t secret[64];	/* password, key, or scalar */
	size_t len;
	uint8_t point[SE05X_IOT_POINT_MAX];	/* of an EC key */
};

/* From the command line, files and the terminal. Return: OK, or USAGE after a complaint. */
int read_auth(const struct tool *t, struct auth *auth);
/* Under the chip's lock; t->iot is the session then. Return: OK, or TROUBLE. */
int open_session(struct tool *t, const struct auth *auth);
void clear_auth(struct auth *auth);

#endif /* SE05X_TOOLS_AUTH_H */
