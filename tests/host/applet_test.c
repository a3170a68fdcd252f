// SPDX-License-Identifier: GPL-2.0-only
/* The simulated chip's applets, without chip and kernel */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../sim/applet/applet.h"

#define SELECT_IOT "00A4040010A000000396545300000001030000000000"

static char answer[2 * APPLET_RESPONSE_MAX + 1];
static uint32_t delay;

/* C-APDU in hex, R-APDU in hex */
static const char *run(struct applet *applet, const char *hex)
{
	uint8_t command[APPLET_COMMAND_MAX], rsp[APPLET_RESPONSE_MAX];
	size_t len = 0, n;

	for (; *hex; hex += 2 + (hex[2] == ' '))
		sscanf(hex, "%2hhx", &command[len++]);
	applet_process(applet, command, len, rsp, &n, &delay);
	for (size_t i = 0; i < n; i++)
		sprintf(answer + 2 * i, "%02X", rsp[i]);
	return answer;
}

static struct applet *fresh(const char *state)
{
	struct applet *applet = applet_new(&(struct applet_config) { .state = state });

	assert_non_null(applet);
	assert_string_equal(run(applet, SELECT_IOT), "0702003F9FFFFF9000");
	return applet;
}

static void set_up_p256(struct applet *applet)
{
	assert_string_equal(run(applet, "80010B0403410103"), "9000");
	assert_string_equal(run(applet, "80010B40284101034201014320FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"), "9000");
	assert_string_equal(run(applet, "80010B402841010342010243205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"), "9000");
	assert_string_equal(run(applet, "80010B40494101034201044341046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"), "9000");
	assert_string_equal(run(applet, "80010B40284101034201084320FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), "9000");
	assert_string_equal(run(applet, "80010B40284101034201104320FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"), "9000");
}

static void test_status_words(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		{ "8004002000", "418200070702003F9FFFFF9000" },
		{ "80FF0000", "6D00" },			/* unknown INS */
		{ "8004009900", "6A86" },
		{ "0004002000", "6E00" },
		{ "8004002001AA", "6700" },		/* it takes no data */
		{ "80040049", "6700" },			/* it takes some */
		{ "800400490341010000", "6A80" },	/* one byte is no size */
		{ "80040049044102000000", "6A80" },	/* nothing wanted */
		{ "80040049FF41", "6700" },		/* Lc lies */
		{ "8002000006410401010101", "6985" },	/* no such object */
		{ "80040028064104 01010101", "6985" },
		{ "80040027064104 0101010100", "4101029000" },
		{ "8004002806 41047FFF0206", "6986" },	/* the chip's own number stays */
		{ "800100000341010300", "6A86" },
		{ "800161000942010341 04 01010101", "6A80" },	/* tags not ascending */
		{ "80016100094104 01010101 42 01 03", "6985" },	/* the curve is not set up */
		{ "80016100094104 01010101 42 01 77", "6A80" },	/* no such curve */
		{ "00A4040003F0010200", "6A82" },
	};
	struct applet *applet = fresh(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(run(applet, cases[i].command), cases[i].answer);
	/* a command that is no C-APDU at all */
	assert_string_equal(run(applet, "8004"), "6700");
	applet_free(applet);
}

static void test_lengths(void **state)
{
	struct applet *applet = fresh(NULL);

	(void)state;
	run(applet, "8004002100");
	assert_int_equal(strlen(answer), 2 * (4 + 37 + 2));
	run(applet, "8004003D00");
	assert_int_equal(strlen(answer), 2 * (4 + 12 + 2));
	run(applet, "80040049044102002000");
	assert_int_equal(strlen(answer), 2 * (4 + 32 + 2));
	run(applet, "800200000641047FFF020600");
	assert_int_equal(strlen(answer), 2 * (4 + 18 + 2));
	run(applet, "8004002203410101");
	assert_int_equal(strlen(answer), 2 * (4 + 2));
	/* what the factory put in: number, two keys, two certificates */
	run(applet, "80020025 07 4102 0000 4201 FF 00");
	assert_string_equal(answer, "41010142820014" "7FFF0206" "F0000012" "F0000013"
			    "F0000100" "F0000101" "9000");
	run(applet, "80020025 07 4102 0003 4201 FF 00");
	assert_string_equal(answer, "41010142820008" "F0000100" "F0000101" "9000");
	run(applet, "80020025 07 4102 0000 4201 29 00");	/* P-256 pairs */
	assert_string_equal(answer, "41010142820008" "F0000012" "F0000100" "9000");
	applet_free(applet);
}

/* What is written stays over a reset and a new process, what is transient does not. */
static void test_persistence(void **state)
{
	char path[] = "/tmp/se05x-applet-test.XXXXXX";
	struct applet *applet;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	applet = fresh(path);
	assert_string_equal(run(applet, "80010600 10 4104 00000001 4302 0004 4404 41424344"), "9000");
	assert_string_equal(run(applet, "80810600 10 4104 00000002 4302 0004 4404 51525354"), "9000");
	assert_string_equal(run(applet, "80020026 06 4104 00000002 00"), "41010B4201029000");
	applet_reset(applet);
	assert_string_equal(run(applet, "80020000 06 4104 00000001 00"), "6D00");	/* nothing selected */
	run(applet, SELECT_IOT);
	assert_string_equal(run(applet, "80020000 06 4104 00000001 00"), "41820004414243449000");
	assert_string_equal(run(applet, "80020000 06 4104 00000002 00"), "6985");
	applet_free(applet);

	applet = fresh(path);
	assert_string_equal(run(applet, "80020000 0E 4104 00000001 4202 0001 4302 0002 00"), "4182000242439000");
	assert_string_equal(run(applet, "80020007 06 4104 00000001 00"), "410200049000");
	assert_string_equal(run(applet, "80040028 06 4104 00000001"), "9000");
	applet_free(applet);
	applet = fresh(path);
	assert_string_equal(run(applet, "80020000 06 4104 00000001 00"), "6985");
	applet_free(applet);

	/* a damaged file is refused, not taken for an empty chip */
	assert_int_equal(truncate(path, 30), 0);
	assert_null(applet_new(&(struct applet_config) { .state = path }));
	assert_int_equal(errno, EBADMSG);
	unlink(path);
}

static void test_keys(void **state)
{
	struct applet *applet = fresh(NULL);
	char command[512], sig[256];
	unsigned int sig_len;

	(void)state;
	set_up_p256(applet);
	assert_string_equal(run(applet, "80020B2500"), "41820010" "01010201010101010101010101010101" "9000");
	assert_string_equal(run(applet, "80016100 09 4104 01010101 4201 03"), "9000");
	assert_string_equal(run(applet, "80020026 06 4104 01010101 00"), "4101294201019000");
	assert_string_equal(run(applet, "80020007 06 4104 01010101 00"), "410200209000");
	run(applet, "80020000 06 4104 01010101 00");
	assert_memory_equal(answer, "4182004104", 10);

	/* sign, then verify, then verify another digest */
	run(applet, "80030C09 2B 4104 01010101 4201 21 4320 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F 00");
	assert_string_equal(answer + strlen(answer) - 4, "9000");
	assert_int_equal(sscanf(answer, "4182%4x", &sig_len), 1);
	snprintf(sig, sizeof(sig), "%.*s", 2 * (int)sig_len, answer + 8);
	snprintf(command, sizeof(command),
		 "80030C0A%02X4104010101014201214320000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F45%02X%s",
		 43 + 2 + sig_len, sig_len, sig);
	assert_string_equal(run(applet, command), "4101019000");
	command[60] ^= 1;
	assert_string_equal(run(applet, command), "4101029000");
	/* a digest of another length than the algorithm's */
	assert_string_equal(run(applet, "80030C09 0F 4104 01010101 4201 21 4304 00010203 00"), "6A80");

	/* import: RFC 6979 A.2.5; a private part that does not fit is refused */
	assert_string_equal(run(applet, "80016100 6E 4104 01010102 4201 03 4320 C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721 4441 0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"), "9000");
	assert_string_equal(run(applet, "80016100 6E 4104 01010103 4201 03 4320 C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6722 4441 0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"), "6A80");
	assert_string_equal(run(applet, "80040027 06 4104 01010103 00"), "4101029000");
	applet_free(applet);
}

/* Some commands take so long that the chip asks for WTX. */
static void test_slow(void **state)
{
	struct applet *applet = fresh(NULL);

	(void)state;
	run(applet, "8004002000");
	assert_true(delay < 100000);
	run(applet, "00A4040007D276000085010000");
	assert_string_equal(run(applet, "801209C4"), "9000");
	assert_int_equal(delay, 2500000);
	applet_free(applet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_words),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_persistence),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests_name("applet", tests, NULL, NULL);
}
