/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The secure channel of a session: SCP03 inside PROCESS */
#ifndef SE05X_IOT_CHANNEL_H
#define SE05X_IOT_CHANNEL_H

#include "../../kernel/se05x_scp.h"
#include "iot.h"

struct channel;

/*
 * Open it with the AES key @id on the session @opened, which has none yet. Return: 0;
 * -EKEYREJECTED: the chip has another key, and no attempt is gone; as the chip says, with
 * call->sw.
 */
int siot_channel_open(struct se05x_iot *opened, const void *key, size_t len,
		      struct se05x_call *call);

/* Close and free it; NULL is fine. */
void siot_channel_free(struct channel *channel);

/*
 * One command of the session at a time. The lock is taken by siot_channel_wrap(), which
 * fails without it, and given back by siot_channel_unwrap().
 *
 * @apdu: the plain command, which becomes the protected one; room for @size bytes
 * Return: 0; -ESTALE: the channel is closed; -E2BIG: it does not fit.
 */
int siot_channel_wrap(struct channel *channel, uint8_t *apdu, size_t *len, size_t size);

/*
 * The end of it: what se05x_transceive() returned and said is @ret and @call; @answer is
 * the R-APDU, which becomes the plain one. Return: @ret; -EBADMSG: the chip didn't
 * make this answer. The channel is closed if the chip may not be in step any more.
 */
int siot_channel_unwrap(struct channel *channel, int ret, uint8_t *answer, size_t *len,
			struct se05x_call *call);

#endif /* SE05X_IOT_CHANNEL_H */
