/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may do what with an object */
#ifndef SE05X_POLICY_H
#define SE05X_POLICY_H

#include "call.h"

#define RIGHT_TLS_KDF		0x80000000u	/* 7.x */
#define RIGHT_TLS_PMS		0x40000000u	/* 7.x */
#define RIGHT_FORBID_ALL	0x20000000u
#define RIGHT_SIGN		0x10000000u
#define RIGHT_VERIFY		0x08000000u
#define RIGHT_KA		0x04000000u	/* key agreement */
#define RIGHT_ENC		0x02000000u
#define RIGHT_DEC		0x01000000u
#define RIGHT_KDF		0x00800000u	/* 3.x: all; 7.x: HKDF */
#define RIGHT_WRAP		0x00400000u
#define RIGHT_READ		0x00200000u
#define RIGHT_WRITE		0x00100000u
#define RIGHT_GEN		0x00080000u
#define RIGHT_DELETE		0x00040000u
#define RIGHT_REQUIRE_SM	0x00020000u
#define RIGHT_REQUIRE_PCR	0x00010000u
#define RIGHT_ATTEST		0x00008000u
#define RIGHT_DESFIRE		0x00006000u
#define RIGHT_IMPORT_EXPORT	0x00001000u
#define RIGHT_7_ONLY		0xc0000ff8u	/* bits that applet 3.x does not know */
#define RIGHT_DESFIRE_KEY	0x00000200u	/* 7.x, with 4 bytes more */
#define RIGHT_DERIVED_INPUT	0x00000100u	/* 7.x, with 4 bytes more */
#define RIGHT_PBKDF		0x00000080u	/* 7.x */
#define RIGHT_FORBID_EXT_IV	0x00000020u	/* 7.x */

/* Is that a policy set that an object of that type can have? SW_OK, SW_DATA, SW_POLICY. */
uint16_t policy_check(const struct call *call, uint8_t type, const struct tlv *set);

/* May this command's caller do that? SW_OK or SW_DENIED. */
uint16_t policy_allows(const struct call *call, const struct object *object, uint32_t right);

/* The rules for the caller, the default ones included; 0: nothing. */
uint32_t policy_rules(const struct call *call, const struct object *object);

/* What an object made without a policy gets. Room for 9 bytes. */
void policy_default(const struct call *call, uint8_t type, uint8_t set[9]);

#endif /* SE05X_POLICY_H */
