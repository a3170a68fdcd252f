/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of lib/keys have in common: se05x-sim by its socket, $SE05X_SIM, which they start
 * and kill as a bus is bound and unbound.
 */
#ifndef SE05X_TEST_KEYS_RUN_H
#define SE05X_TEST_KEYS_RUN_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/keys/keys.h"

#define ID	0x01010101
#define PIN_ID	0x0A0B0C0D

extern unsigned int keys_idle_ms;

extern struct se05x_call call;

#define GOOD(expression) do {							\
	int good_ret = (expression);						\
	if (good_ret)								\
		fail_msg("%d, SW %04X: %s", good_ret, call.sw, #expression);	\
} while (0)

extern char folder[], device[120], path[100];	/* of the chip; its socket, and where it is */
/* Where the chip keeps its objects, as se05x-sim's option; another chip */
extern char file[100], other[120];
void start(const char *keep);
void stop(void);

/* cmocka's, with a struct keys_chip for state */
int setup(void **state);
int teardown(void **state);
#define CHIP(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

/* main() of a test program */
int test_main(const char *name, const struct CMUnitTest *tests, size_t n);

/* Is there an object? */
bool exists(struct keys_chip *chip, uint32_t id);
/* For a burst that must not begin */
int never(struct se05x_iot *session, void *arg, struct se05x_call *c);

#endif /* SE05X_TEST_KEYS_RUN_H */
