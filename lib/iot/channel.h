/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The secure channel of a session: SCP03 inside PROCESS */
#ifndef SE05X_IOT_CHANNEL_H
#define SE05X_IOT_CHANNEL_H

#include <openssl/types.h>

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

#define SIOT_POINT_LEN	65	/* of P-256 */

/* Who opens the session by an EC key; to be cleared */
struct siot_ec_auth {
	EVP_PKEY *own;
	EVP_PKEY *fresh;
	uint8_t secret[32];	/* that the fresh key and the chip's have */
};

/* @chip: the chip's public key. Return: 0; -EINVAL: one of the keys is none; -ENOMEM. */
int siot_ec_prepare(struct siot_ec_auth *auth, const uint8_t *scalar, const uint8_t *point,
		    const uint8_t *chip);
void siot_ec_clear(struct siot_ec_auth *auth);

/* siot_channel_open() with an EC key */
int siot_channel_open_ec(struct se05x_iot *opened, const struct siot_ec_auth *auth,
			 struct se05x_call *call);

/* A command that opens a channel, which has no TLVs of the applet's: as it is, in PROCESS */
int siot_channel_run(struct se05x_iot *opened, const uint8_t *apdu, size_t len,
		     struct response *rsp, struct se05x_call *call);

/*
 * Have it open, with keys of @len bytes and that chaining value. Return: 0 or -ENOMEM.
 */
int siot_channel_start(struct se05x_iot *opened, const struct se05x_scp_keys *keys, size_t len,
		       const uint8_t chaining[SE05X_SCP_BLOCK]);

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
