// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "iot_run.h"

struct se05x *se;
struct se05x_iot *iot;
struct se05x_call call;

const char *const md_names[] = { "SHA1", "SHA224", "SHA256", "SHA384", "SHA512" };

static int setup_model(const char *model)
{
	se = chip_applet(model);
	call = (struct se05x_call) { 0 };
	return se05x_iot_open(se, NULL, 0, &iot, NULL);
}

int setup_3(void **state)
{
	(void)state;
	return setup_model("3");
}

int setup_7(void **state)
{
	(void)state;
	return setup_model("7");
}

int setup_no_rsa(void **state)
{
	(void)state;
	return setup_model("7-no-rsa");
}

int teardown(void **state)
{
	(void)state;
	se05x_iot_close(iot);
	se05x_close(se);
	return 0;
}

size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &out[i]), 1);
	return n;
}

void is_hex(const void *bytes, size_t len, const char *hex)
{
	uint8_t want[1024];

	assert_int_equal(unhex(hex, want), len);
	assert_memory_equal(bytes, want, len);
}
