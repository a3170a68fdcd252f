// SPDX-License-Identifier: GPL-2.0-only
/* libse05x on the host: what needs no chip */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../lib/core/se05x.h"

static const uint8_t header[4] = { 0x80, 0x10, 0x01, 0x02 };
static uint8_t data[65536], apdu[65550];

static size_t build(size_t lc, size_t le)
{
	size_t len = sizeof(apdu);

	assert_int_equal(se05x_apdu_build(apdu, &len, header, lc ? data : NULL, lc, le), 0);
	assert_memory_equal(apdu, header, 4);
	assert_true(len <= SE05X_APDU_SIZE(lc));
	assert_int_equal(se05x_apdu_check(apdu, len), 0);
	return len;
}

static void test_cases_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 3;
	assert_int_equal(build(0, 0), 4);
	assert_int_equal(build(0, 1), 5);
	assert_int_equal(apdu[4], 1);
	assert_int_equal(build(0, 256), 5);
	assert_int_equal(apdu[4], 0);
	assert_int_equal(build(255, 0), 260);
	assert_int_equal(apdu[4], 255);
	assert_memory_equal(apdu + 5, data, 255);
	assert_int_equal(build(3, 256), 9);
	assert_memory_equal(apdu + 4, "\x03\x00\x03\x06\x00", 5);
}

static void test_cases_extended(void **state)
{
	(void)state;
	assert_int_equal(build(0, 257), 7);
	assert_memory_equal(apdu + 4, "\x00\x01\x01", 3);
	assert_int_equal(build(0, 65536), 7);
	assert_memory_equal(apdu + 4, "\x00\x00\x00", 3);
	assert_int_equal(build(256, 0), 263);
	assert_memory_equal(apdu + 4, "\x00\x01\x00", 3);
	assert_int_equal(build(65535, 65536), 4 + 3 + 65535 + 2);
	assert_memory_equal(apdu + 4, "\x00\xff\xff", 3);
	/* Lc would do with one byte, Le would not */
	assert_int_equal(build(1, 1000), 4 + 3 + 1 + 2);
	assert_memory_equal(apdu + 4, "\x00\x00\x01\x00\x03\xe8", 6);
}

static void test_build_refuses(void **state)
{
	size_t len = sizeof(apdu);

	(void)state;
	assert_int_equal(se05x_apdu_build(apdu, &len, header, data, 65536, 0), -EINVAL);
	assert_int_equal(se05x_apdu_build(apdu, &len, header, NULL, 0, 65537), -EINVAL);
	for (size_t room = 0; room < 12; room++) {
		len = room;
		memset(apdu, 0x55, sizeof(apdu));
		assert_int_equal(se05x_apdu_build(apdu, &len, header, data, 6, 256), -ENOSPC);
		assert_int_equal(apdu[0], 0x55);
		assert_int_equal(len, 12);
	}
	len = 12;
	assert_int_equal(se05x_apdu_build(apdu, &len, header, data, 6, 256), 0);
}

static void test_check(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int ret;
	} cases[] = {
		{ "\x80\x04\x00\x20\x00", 3, -EINVAL },
		{ "\x80\x04\x00\x20\x00", 4, 0 },
		{ "\x80\x04\x00\x20\x00", 5, 0 },
		{ "\x80\x04\x00\x20\x05", 5, 0 },
		{ "\x80\x04\x00\x20\x02\x01", 6, -EILSEQ },
		{ "\x80\x04\x00\x20\x00\x01", 6, -EILSEQ },
		{ "\x80\x04\x00\x20\x01\x01", 6, 0 },
		{ "\x80\x04\x00\x20\x01\x01\x00", 7, 0 },
		{ "\x80\x04\x00\x20\x01\x01\x00\x00", 8, -EILSEQ },
		{ "\x80\x04\x00\x20\x00\x00\x00", 7, 0 },
		{ "\x80\x04\x00\x20\x00\x00\x00\x00", 8, -EILSEQ },
		{ "\x80\x04\x00\x20\x00\x00\x01\xaa", 8, 0 },
		{ "\x80\x04\x00\x20\x00\x00\x01\xaa\x00", 9, -EILSEQ },
		{ "\x80\x04\x00\x20\x00\x00\x01\xaa\x00\x00", 10, 0 },
		{ "\x80\x04\x00\x20\x00\x00\x02\xaa", 8, -EILSEQ },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(se05x_apdu_check(cases[i].bytes, cases[i].len), cases[i].ret);
}

static void test_open_refuses(void **state)
{
	struct se05x *se = (void *)1;

	(void)state;
	assert_int_equal(se05x_open("/dev/no-such-device", &se), -ENODEV);
	assert_int_equal(se05x_open("/dev/null", &se), -ENOTTY);
	assert_int_equal(se05x_open("/proc/self", &se), -EISDIR);
	assert_ptr_equal(se, (void *)1);
	setenv("SE05X_DEVICE", "/dev/null", 1);
	assert_int_equal(se05x_open(NULL, &se), -ENOTTY);
	unsetenv("SE05X_DEVICE");
	se05x_close(NULL);
}

/* Every errno of the ABI has a text of its own, and so has every status word. */
static void test_texts(void **state)
{
	static const int errnos[] = {
		0, EINVAL, ENOTTY, EBADF, E2BIG, EPERM, EAGAIN, EALREADY, EOPNOTSUPP, ENOMEM,
		EINTR, EBUSY, ESTALE, ENOTCONN, ENOLINK, ENODEV, ECONNABORTED, ETIMEDOUT,
		ECONNRESET, EMSGSIZE, EFAULT, ENOKEY, EKEYREJECTED, EBADMSG,
	};
	const char *unknown = se05x_errno_text(9999);

	(void)state;
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
		assert_string_not_equal(se05x_errno_text(errnos[i]), unknown);
		assert_ptr_equal(se05x_errno_text(errnos[i]), se05x_errno_text(-errnos[i]));
	}
	for (unsigned int sw = 0; sw <= 0xffff; sw++)
		assert_true(*se05x_sw_text(sw) != 0);
	assert_string_equal(se05x_sw_text(0x9000), "success");
	assert_string_equal(se05x_sw_text(0x6A82), "applet or file not found");
	assert_string_equal(se05x_sw_text(0x9999), "unknown status word");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_short),
		cmocka_unit_test(test_cases_extended),
		cmocka_unit_test(test_build_refuses),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_open_refuses),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests_name("lib", tests, NULL, NULL);
}
