/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions of the IoT applet */
#ifndef SE05X_SESSION_H
#define SE05X_SESSION_H

#include "call.h"

/* The command is in that session's wrapper. SW_OK, or SW_CONDITIONS if there is none. */
uint16_t session_enter(struct call *call, const struct tlv *id);

/* Run its command by @run, through the session's secure channel if there is to be one. */
uint16_t session_run(struct call *call, uint16_t (*run)(struct call *call));

/* It ran: the session may have reached its limit. */
void session_leave(struct call *call);

/* Is there a session on that authentication object? */
struct session *session_find(struct iot *iot, uint32_t auth_id);

#endif /* SE05X_SESSION_H */
