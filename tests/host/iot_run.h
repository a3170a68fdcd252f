/* SPDX-License-Identifier: GPL-2.0-only */
/* libse05x-iot on the simulated applet: what its tests have in common */
#ifndef SE05X_TEST_IOT_RUN_H
#define SE05X_TEST_IOT_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chip.h"

#define ID	0x01010101
#define ID2	0x01010102

extern struct se05x *se;
extern struct se05x_iot *iot;
extern struct se05x_call call;

/* cmocka's: a chip with applet 3.1, 7.2, 7.2 without RSA */
int setup_3(void **state);
int setup_7(void **state);
int setup_no_rsa(void **state);
int teardown(void **state);

#define BOTH(test)							\
	{ #test " (3)", test, setup_3, teardown, NULL },		\
	{ #test " (7)", test, setup_7, teardown, NULL }

#define GOOD(expression) do {							\
	int good_ret = (expression);						\
	if (good_ret)								\
		fail_msg("%d, SW %04X: %s", good_ret, call.sw, #expression);	\
} while (0)

size_t unhex(const char *hex, uint8_t *out);
void is_hex(const void *bytes, size_t len, const char *hex);

/* libcrypto's name of each hash */
extern const char *const md_names[];

#endif
