/* SPDX-License-Identifier: GPL-2.0-only */
/* Secure objects, crypto objects and curves, and the file they live in */
#ifndef SE05X_STORE_H
#define SE05X_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "scp.h"

#define STORE_CURVES	0x43		/* curve n is at n - 1 */
#define STORE_CRYPTOS	8		/* crypto objects at most: a guess [U] */
#define STORE_FLASH	32768		/* bytes for persistent objects */
#define STORE_RAM	1024		/* bytes for transient ones */

#define ID_SESSION_KEY		0x7fff0201u	/* P-256: for sessions by EC key */
#define ID_UNIQUE		0x7fff0206u	/* the chip's own number, 18 bytes */
#define UNIQUE_LEN		18
#define ID_ATTEST_KEY		0xf0000012u	/* P-256: it attests */
#define ID_ATTEST_CERT		0xf0000013u
#define ID_DEVICE_KEY		0xf0000100u	/* P-256: it is the device's */
#define ID_DEVICE_CERT		0xf0000101u

/* Object types; EC types of applet 7.x also name the curve, see object_type() */
#define TYPE_EC_PAIR		0x01
#define TYPE_EC_PRIVATE		0x02
#define TYPE_EC_PUBLIC		0x03
#define TYPE_RSA_PAIR		0x04
#define TYPE_RSA_PAIR_CRT	0x05
#define TYPE_RSA_PRIVATE	0x06
#define TYPE_RSA_PRIVATE_CRT	0x07
#define TYPE_RSA_PUBLIC		0x08
#define TYPE_AES		0x09
#define TYPE_DES		0x0a
#define TYPE_BINARY		0x0b
#define TYPE_USERID		0x0c
#define TYPE_COUNTER		0x0d
#define TYPE_PCR		0x0f
#define TYPE_HMAC		0x11

enum { ORIGIN_EXTERNAL = 1, ORIGIN_INTERNAL, ORIGIN_PROVISIONED };

struct object {
	struct object *next;
	uint32_t id;
	uint8_t type;		/* one of TYPE_* */
	uint8_t curve;
	uint8_t origin;		/* one of ORIGIN_* */
	bool transient;
	bool auth;
	uint16_t bits;		/* RSA: of the modulus */
	uint16_t min_tag_len;	/* AES: of AEAD */
	uint16_t attempts;	/* failed ones, since the last good one */
	uint16_t max_attempts;
	uint32_t owner;		/* who made it: an authentication object, 0: nobody */
	uint32_t version;
	uint8_t *policy;	/* as it came; with @policy_len 0 the default one */
	size_t policy_len;
	uint8_t *value;		/* EC: scalar if any, point; RSA: see rsa.c */
	size_t len;
};

/* What a computation over several commands is kept in */
struct crypto_object {
	uint16_t id;		/* 0: this place is free */
	uint8_t context;	/* one of CONTEXT_* */
	uint8_t subtype;	/* algorithm or mode */
	void *running;		/* gone with a reset; see cryptobj.c */
	void (*stop)(void *running);
};

struct store {
	uint8_t model;
	uint8_t scp_required;	/* 1: nothing goes without the chip's secure channel */
	struct scp_keys scp_keys;	/* of that channel */
	char *path;		/* NULL: no file */
	int lock;		/* the file, as long as it is ours; -1: none */
	FILE *wear_log;		/* NULL: none */
	unsigned long writes;	/* since it was opened */
	struct object *objects;	/* by rising id */
	uint8_t curves[STORE_CURVES];	/* CURVE_* and the parameters set */
	struct crypto_object cryptos[STORE_CRYPTOS];
};

#define CURVE_CREATED	0x80
#define CURVE_SET	0x9f	/* created, with A, B, G, N and PRIME */

/*
 * A state file remembers the number of its @model, and serves no other. A new chip's
 * channel has the keys @scp_keys.
 * Return: 0, or -1 with errno: EBUSY: another program has it; EBADMSG: damaged, or no such
 * file at all; EPROTO: of another version of this program; EMEDIUMTYPE: another model's.
 */
int store_open(struct store *store, const char *path, const char *wear_log, uint8_t model,
	       const struct scp_keys *scp_keys);
void store_close(struct store *store);

/* One write to flash. @why: INS, P1, P2. Return: 0, or -1 with errno. */
int store_save(struct store *store, const uint8_t why[3], uint32_t id);

struct object *store_find(const struct store *store, uint32_t id);

/* @object and what it points at then belong to the store. */
void store_add(struct store *store, struct object *object);
void store_delete(struct store *store, struct object *object);

/* Objects and computations that are only in RAM go. */
void store_drop_transient(struct store *store);
size_t store_free(const struct store *store, bool transient);

void object_free(struct object *object);

/* Bytes that an object takes, its name and rights included: a guess [U]. */
size_t object_size(const struct object *object);

void crypto_stop(struct crypto_object *crypto);

#endif /* SE05X_STORE_H */
