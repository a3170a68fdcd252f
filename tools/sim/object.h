/* SPDX-License-Identifier: GPL-2.0-only */
/* What all objects have in common */
#ifndef SE05X_OBJECT_H
#define SE05X_OBJECT_H

#include "call.h"

#define ID_RESERVED	0x7fff0000u
#define ID_RESERVED_MASK 0xffff0000u
#define ID_FACTORY_RESET 0x7fff0205u
#define ID_PLATFORM_SCP	0x7fff0207u

/*
 * The object whose number is in @tag, and @right to it; 0: none is needed.
 * Return: SW_OK, SW_DATA without a number, SW_CONDITIONS without an object, SW_DENIED.
 */
uint16_t find_object(const struct call *call, uint8_t tag, uint32_t right,
		     struct object **object);

/* The same for an object that must be one of @types: ORed IS_TYPE(). */
#define IS_TYPE(type)	(1u << (type))
#define RSA_PAIRS	(IS_TYPE(TYPE_RSA_PAIR) | IS_TYPE(TYPE_RSA_PAIR_CRT))
#define PAIRS		(IS_TYPE(TYPE_EC_PAIR) | RSA_PAIRS)
#define EC_SECRETS	(IS_TYPE(TYPE_EC_PAIR) | IS_TYPE(TYPE_EC_PRIVATE))
#define KEYS		(PAIRS | IS_TYPE(TYPE_EC_PUBLIC) | IS_TYPE(TYPE_RSA_PUBLIC))
#define AUTHENTICATE	(EC_SECRETS | IS_TYPE(TYPE_EC_PUBLIC) | IS_TYPE(TYPE_AES) | \
			 IS_TYPE(TYPE_USERID))	/* what can open a session */
uint16_t find_typed(const struct call *call, uint8_t tag, uint32_t types, uint32_t right,
		    struct object **object);

/*
 * Begin to write the object in TAG_1.
 *
 * @type: what it is to be
 * @right: to an object that is there already: RIGHT_WRITE or RIGHT_GEN
 * @old: the object that is there, of type @type; or NULL: object_new() makes one
 */
uint16_t write_begin(const struct call *call, uint8_t type, uint32_t right,
		     struct object **old);

/* One that is not in the store yet. SW_OK, SW_MEMORY, or what is wrong with the policy. */
uint16_t object_new(const struct call *call, uint8_t type, size_t len, struct object **made);

/* Put a value of @len bytes in place of the old one; the old one is wiped. */
uint16_t object_set_value(const struct call *call, struct object *object,
			  const uint8_t *value, size_t len);

/* The version that came with the command, if one did */
void object_set_version(const struct call *call, struct object *object);

/* What ReadType calls it: applet 7.x names the curve too. */
uint8_t object_type(const struct call *call, const struct object *object);

/* What ReadSize says. Bytes; 0: it does not say. */
size_t object_length(const struct object *object);

#endif /* SE05X_OBJECT_H */
