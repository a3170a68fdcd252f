/* SPDX-License-Identifier: GPL-2.0-only */
/* SCP03 (GlobalPlatform, Card Specification, Amendment D): the card's side */
#ifndef SE05X_SIM_SCP_H
#define SE05X_SIM_SCP_H

#include "apdu.h"

#define SCP_KEY_LEN		16
#define SCP_KEY_MAX		32
#define SCP_CHALLENGE_LEN	8
#define SCP_MAC_LEN		8	/* what is sent of a MAC */

#define INS_INITIALIZE_UPDATE		0x50
#define INS_EXTERNAL_AUTHENTICATE	0x82
#define INS_PUT_KEY			0xD8
#define INS_INTERNAL_AUTHENTICATE	0x88
#define INS_GET_DATA			0xCA

/* @len: of each, 16, 24 or 32 */
struct scp_keys {
	uint8_t version;
	uint8_t len;
	uint8_t enc[SCP_KEY_MAX];
	uint8_t mac[SCP_KEY_MAX];
	uint8_t dek[SCP_KEY_MAX];	/* what new keys are encrypted with */
};

struct scp {
	enum { SCP_NONE, SCP_BEGUN, SCP_OPEN } state;
	bool count_all;		/* applet 4.3 on: commands without data advance the counter, too */
	uint8_t key_len;
	uint8_t enc[SCP_KEY_MAX];	/* session keys */
	uint8_t mac[SCP_KEY_MAX];
	uint8_t rmac[SCP_KEY_MAX];
	uint8_t chaining[16];
	uint8_t host_cryptogram[8];
	uint32_t counter;	/* of the command under way */
};

/*
 * Derive the session keys and cryptograms. Two challenges of SCP_CHALLENGE_LEN bytes.
 * Return: false if libcrypto failed.
 */
bool scp_derive(struct scp *scp, const struct scp_keys *keys, const uint8_t *host,
		const uint8_t *card, uint8_t card_cryptogram[8]);

/* INITIALIZE UPDATE: a new channel begins, whatever there was. */
uint16_t scp_initialize(struct scp *scp, const struct scp_keys *keys, const struct apdu *apdu,
			struct response *rsp);

/* EXTERNAL AUTHENTICATE: the channel is open, or there is none. */
uint16_t scp_authenticate(struct scp *scp, const struct apdu *apdu);

/*
 * The command in a secured one. @buf: room for APPLET_COMMAND_MAX bytes, which @plain
 * then points into. What is wrong ends the channel.
 */
uint16_t scp_unwrap(struct scp *scp, const struct apdu *apdu, uint8_t *buf,
		    struct apdu *plain);

/* Secure the answer to it in its place, if @sw is good. */
uint16_t scp_wrap(struct scp *scp, struct response *rsp, uint16_t sw);

void scp_close(struct scp *scp);

/*
 * PUT KEY, the data of it: new keys in the place of @keys, encrypted with the DEK
 * (GlobalPlatform, Card Specification, 11.8; Amendment D, 7.2). @longer: keys of 32 bytes are
 * taken, too. The answer goes to @rsp.
 */
uint16_t scp_put_key(struct scp_keys *keys, bool longer, const struct apdu *apdu,
		     struct response *rsp);

#endif /* SE05X_SIM_SCP_H */
