/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PKCS#11 module on se05x-sim, by its function list: what tests of its mechanisms have
 * in common. The chip is $SE05X_SIM, which each test starts afresh.
 */
#ifndef SE05X_TEST_PKCS11_RUN_H
#define SE05X_TEST_PKCS11_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "../../lib/pkcs11/mech.h"

extern CK_FUNCTION_LIST *f;
extern CK_SESSION_HANDLE s;	/* read and write, logged in */

/* cmocka's: a chip with applet 7.2, 7.2 without RSA, 3.1; and a session */
int setup_7(void **state);
int setup_no_rsa(void **state);
int setup_3(void **state);
/* 7.2 whose ECDSA signatures are no DER; 7.2 where PIN_USER is configured, and logged in */
int setup_liar(void **state);
int setup_pin(void **state);
int teardown(void **state);

#define PIN_USER	0x0A0B0C0Du
#define PIN		"1234"

/* Past the module, to the chip; and the object of a handle that stands for one there */
struct se05x_iot *chip_open(void);
void chip_close(struct se05x_iot *iot);
uint32_t chip_id(CK_OBJECT_HANDLE object);

#define ON_7(test)	{ #test, test, setup_7, teardown, NULL }
#define ON_3(test)	{ #test " (3)", test, setup_3, teardown, NULL }
#define ON_NO_RSA(test)	{ #test " (no RSA)", test, setup_no_rsa, teardown, NULL }

/* main() of a test program */
int test_main(const char *name, const struct CMUnitTest *tests, size_t n);

#define IS(expected, expression) do {						\
	CK_RV is_rv = (expression);						\
	if (is_rv != (expected))						\
		fail_msg("0x%lX, not 0x%lX: %s", is_rv, (CK_RV)(expected), #expression); \
} while (0)
#define OK(expression)	IS(CKR_OK, expression)

#define VALUE(type, value)	{ type, (void *)&(value), sizeof(value) }
#define BYTES(type, bytes, len)	{ type, (void *)(bytes), len }

/* Commands that went to the chip so far, SELECT too */
extern unsigned int commands;
/*
 * The next command but @n has that answer, or fails with that errno and nobody knows whether it
 * ran: @error is negative: it did not; positive: it did. @n is -1: none. Return: it came to that.
 */
bool fail_command(int n, uint16_t sw, int error);

/* Each hash: its mechanisms, and libcrypto's name */
#define HASHES	5
extern const struct test_hash {
	CK_MECHANISM_TYPE digest, ecdsa, rsa, pss, hmac, hmac_general;
	CK_RSA_PKCS_MGF_TYPE mgf;
	const char *name;
	size_t len;
} hashes[HASHES];

/* ---- keys ---- */

struct pair {
	CK_OBJECT_HANDLE public, private;
	EVP_PKEY *key;		/* libcrypto's of its public half */
};

/* @curve: as libcrypto calls it, such as "prime256v1"; its type of key follows from it */
struct pair make_ec(const char *curve, CK_BBOOL token, CK_BBOOL sign, CK_BBOOL derive);
struct pair make_rsa(CK_ULONG bits, CK_BBOOL token, CK_BBOOL sign, CK_BBOOL decrypt);
void free_pair(struct pair *pair);
/* A secret key with that value */
CK_OBJECT_HANDLE make_secret(CK_KEY_TYPE type, CK_BBOOL token, const void *value, CK_ULONG len);
void destroy(CK_OBJECT_HANDLE object);

/* The value of an attribute, to be freed; the test fails without it */
uint8_t *attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *len);

/* Some bytes that are always the same */
void fill(uint8_t *bytes, size_t len);

#endif
