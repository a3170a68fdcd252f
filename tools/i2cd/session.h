/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one opener has at the chip: a file of /dev/se05x, applet sessions, perhaps a lock
 *
 * Every command gets an R-APDU, whatever happens: a client that is left without one polls
 * for a quarter of an hour. One thread at a time may call it.
 */
#ifndef SE05X_I2CD_SESSION_H
#define SE05X_I2CD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <se05x.h>

#include "slave.h"
#include "turns.h"

#define SESSION_IDS	2	/* the applet has no more */

struct session {
	const char *device;
	struct se05x *se;	/* NULL: opened by the next command */
	struct turns *turns;
	uint8_t aid[16];	/* the applet that it selected last */
	size_t aid_len;
	bool selected;
	bool channel;		/* it had INITIALIZE UPDATE answered */
	bool locked;		/* for that channel */
	uint8_t ids[SESSION_IDS][8];
	unsigned int n_ids;
};

/* Return: 0; as se05x_open(), -ENOMEM. @atr is the chip's, @len its length. */
int session_open(struct session *session, const char *device, uid_t uid,
		 uint8_t atr[SLAVE_ATR_MAX], size_t *len);

/* One C-APDU. @rapdu has room for SLAVE_RESPONSE_MAX. Return: bytes of the R-APDU. */
size_t session_run(struct session *session, const uint8_t *capdu, size_t len, uint8_t *rapdu);

/* Others may have their turn: the opener with a channel was idle for too long. */
void session_unlock(struct session *session);

/* End all that it has in the chip, and close the file: the chip may sleep. */
void session_forget(struct session *session);

void session_close(struct session *session);

#endif /* SE05X_I2CD_SESSION_H */
