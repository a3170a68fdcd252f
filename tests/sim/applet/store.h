/* SPDX-License-Identifier: GPL-2.0-only */
/* Secure objects and curves, and the file they live in */
#ifndef SE05X_STORE_H
#define SE05X_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_CURVES	16		/* curve n is at n - 1 */
#define STORE_FLASH	32768		/* bytes for persistent objects */
#define STORE_RAM	1024		/* bytes for transient ones */

#define ID_UNIQUE	0x7fff0206u	/* the chip's own number, 18 bytes */
#define UNIQUE_LEN	18

/* Object types; EC types of applet 7.x also name the curve, see ec_type() */
#define TYPE_EC_PAIR	0x01
#define TYPE_EC_PUBLIC	0x03
#define TYPE_BINARY	0x0b

struct object {
	struct object *next;
	uint32_t id;
	uint8_t type;		/* one of TYPE_* */
	uint8_t curve;
	bool transient;
	bool auth;
	uint16_t max_attempts;
	uint32_t version;
	uint8_t *policy;
	size_t policy_len;
	uint8_t *value;		/* EC: private scalar if any, then 04 X Y */
	size_t len;
};

struct store {
	char *path;		/* NULL: no file */
	struct object *objects;	/* by rising id */
	uint8_t curves[STORE_CURVES];	/* CURVE_* and the parameters set */
};

#define CURVE_CREATED	0x80
#define CURVE_SET	0x9f	/* created, with A, B, G, N and PRIME */

/* Return: 0, or -1 with errno. */
int store_open(struct store *store, const char *path);
int store_save(const struct store *store);
void store_close(struct store *store);

struct object *store_find(const struct store *store, uint32_t id);

/* @object and what it points at then belong to the store. */
void store_add(struct store *store, struct object *object);
void store_delete(struct store *store, struct object *object);
void store_drop_transient(struct store *store);
size_t store_free(const struct store *store, bool transient);

void object_free(struct object *object);

/* Bytes that an object takes, its name and rights included: a guess [U]. */
size_t object_size(const struct object *object);

#endif /* SE05X_STORE_H */
