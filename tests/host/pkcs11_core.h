/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PKCS#11 module inside a test, on se05x-sim by its socket, $SE05X_SIM, which this starts
 * and kills as a bus is bound and unbound. APDUs are counted on their way.
 */
#ifndef SE05X_TEST_PKCS11_CORE_H
#define SE05X_TEST_PKCS11_CORE_H

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "../../lib/keys/keys.h"
#include "../../lib/pkcs11/v30.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PIN		((CK_UTF8CHAR *)"1234")
#define USER		0x0A0B0C0D

#define RV(expression, expected) do {						\
	CK_RV rv_ = (expression);						\
	if (rv_ != (expected))							\
		fail_msg("0x%lX, not 0x%lX: %s", rv_, (CK_RV)(expected), #expression); \
} while (0)
#define OK(expression)	RV(expression, CKR_OK)

extern CK_BBOOL yes, no;

/* Sent so far, SELECT too */
extern _Atomic unsigned int apdus;

/* Where the chip keeps its objects, as se05x-sim's option; another chip */
extern char file[100], other[120];
extern char device[120], path[100], conf[100];	/* by its socket; that; pkcs11.conf */
void start_with(const char *keep, const char *model, const char *option);
void start(const char *keep);		/* an SE051 */
void stop(void);
void configure(const char *text);

/* cmocka's: a chip, and the module initialised */
int setup(void **state);
int teardown(void **state);
#define CHIP(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

/* main() of a test program */
int test_main(const char *name, const struct CMUnitTest *tests, size_t n);

/* What is to be in the chip without the module's help */
extern struct keys_chip *chip;
extern struct se05x_call call;
#define CHIP_RUN(function, ...) do {						\
	chip = keys_chip_new(device);						\
	assert_int_equal(KEYS_RUN(chip, &call, function, __VA_ARGS__), 0);	\
	keys_chip_free(chip);							\
} while (0)

CK_SESSION_HANDLE open_session(CK_FLAGS flags);
CK_SESSION_HANDLE rw(void);
CK_STATE state_of(CK_SESSION_HANDLE s);

/* What a search found; their number */
extern CK_OBJECT_HANDLE objects[64];
CK_ULONG find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n);
CK_ULONG find_class(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class);
bool is_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, bool is);
void check_bytes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
		 const void *bytes, size_t len);

/* A private key on P-256, this one */
extern uint8_t p256[10], scalar[32];
CK_RV import_ec(CK_SESSION_HANDLE s, bool token, const char *label, const char *id,
		CK_OBJECT_HANDLE *o);

/* What it exits with, or 1000 and its signal */
int child_of(int (*run)(CK_SESSION_HANDLE s), CK_SESSION_HANDLE s);
/* One that never logs in */
int in_quiet_child(CK_SESSION_HANDLE s);
/* A UserID with that PIN, configured; @more of the configuration. A session. */
CK_SESSION_HANDLE with_user(const char *more, uint16_t attempts);

#endif /* SE05X_TEST_PKCS11_CORE_H */
