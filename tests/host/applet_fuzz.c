// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands with a few bytes changed, cut short, or put together anew, one after
 * another to one chip of each kind, under the sanitizers
 *
 *   applet_fuzz [COMMANDS [SEED]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "applet_run.h"

/* What every kind of command looks like, so that what is near it gets far */
static const struct { const char *header, *body; } commands[] = {
	{ "80040020", "" }, { "80040021", "" }, { "80040022", "41=01" },
	{ "80040049", "41=0010" }, { "80040027", "41=" ID }, { "80040028", "41=" ID },
	{ "8004001B", "41=0000000A" }, { "8004002C", "41=616C696365" },
	{ "8004001F", "41=06C00000100010" }, { "8004001E", "11=04A0000003" },
	{ "80500B00", "41=010203040506" }, { "8004001B", "41=0000000E" },
	{ "80410300", "41=0000000E 43=000102030405060708090A0B0C0D0E0F" },
	{ "84823300", "41=0102030405060708090A0B0C0D0E" },
	{ "80020000", "41=" ID " 42=0001 43=0002" }, { "80020000", "41=" ID " 44=00" },
	{ "80220000", "41=" ID " 45=F0000012 46=21 47=00112233445566778899AABBCCDDEEFF" },
	{ "8022003B", "41=" ID " 45=00000006 46=28 47=00112233445566778899AABBCCDDEEFF" },
	{ "8002003B", "41=" ID }, { "80020026", "41=" ID }, { "80020007", "41=" ID },
	{ "80020025", "41=0000 42=FF" }, { "80020B25", "" }, { "80020B36", "41=00000003" },
	{ "80021025", "" },
	{ "80010600", "11=080000000000348000 41=" ID " 43=0020 44=4142434445" },
	{ "80010600", "11=2C0000000000250000000000080000000000000000000000000000000000000000"
		      "000000000000000000000000 41=00000002 43=0004" },
	{ "80410700", "12=0003 41=0000000A 42=616C696365" },
	{ "80010800", "41=00000007 42=0004 43=00000001" }, { "80010800", "41=00000007" },
	{ "80010900", "41=00000008 42=0000000000000000000000000000000000000000000000000000"
		      "000000000000 43=0102" },
	{ "80010B04", "41=03" },
	{ "80010B40", "41=03 42=01 43=FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC" },
	{ "80016100", "41=00000003 42=40" }, { "80016100", "41=00000004 42=41" },
	{ "80016200", "41=00000005 42=0200" }, { "8001624F", "41=00000006 42=0200 48=010001" },
	{ "80010200", "41=00000006 48=010001" },
	{ "80010300", "41=00000009 43=000102030405060708090A0B0C0D0E0F" },
	{ "80010300", "41=0000000B 42=00000009 43=1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5" },
	{ "80010400", "41=0000000C 43=0001020304050607" }, { "80010500", "41=0000000D 43=00" },
	{ "80011000", "41=0001 42=01 43=04" }, { "80011000", "41=0002 42=02 43=17" },
	{ "80011000", "41=0003 42=03 43=31" }, { "80041028", "41=0001" },
	{ "80030C09", "41=00000003 42=A3 43=0001" }, { "80030C09", "41=00000005 42=0A 43=0001" },
	{ "80030C0A", "41=00000005 42=15 43=0001 45=0001" },
	{ "80030C09", "41=F0000100 42=11 43=0000000000000000000000000000000000000000" },
	{ "8003010F", "41=00000004 42=0900000000000000000000000000000000000000000000000000000000000000" },
	{ "80030237", "41=00000005 42=0A 43=0001" }, { "80030238", "41=00000005 42=0C 43=00" },
	{ "80030E37", "41=00000009 42=17 43=000102 44=000102030405060708090A0B0C0D0E0F" },
	{ "80030E38", "41=0000000C 42=03 43=0001020304050607" },
	{ "80030E42", "41=00000009 42=0002" }, { "80030E43", "41=00000009 42=0002" },
	{ "80030E0C", "42=0002 43=000102030405060708090A0B0C0D0E0F1011" },
	{ "80030E0D", "42=0002 43=00" },
	{ "80031137", "41=00000009 42=B0 43=0102 44=00 45=000102030405060708090A0B 46=0010" },
	{ "80031138", "41=00000009 42=F4 43=0102 44=00 45=00010203040506 46=00010203" },
	{ "80030D45", "41=0000000D 42=19 43=00" }, { "80030D46", "41=00000009 42=31 43=00 45=00" },
	{ "80030D03", "41=00000009 42=0003" }, { "80030D0C", "41=00 42=0003" },
	{ "80030D0D", "41=00 42=0003 43=00" },
	{ "8003000E", "41=04 42=00" }, { "8003000B", "42=0001" }, { "8003000C", "42=0001 43=00" },
	{ "8003000D", "42=0001" },
	{ "8003002D", "41=0000000D 42=04 43=00 44=00 45=0020" },
	{ "8003002F", "41=0000000D 42=04 45=0010 46=0000000D 47=00000009" },
	{ "8003002E", "41=0000000D 42=00 43=0002 44=0020" },
};

static uint32_t seed = 1;

static uint32_t pick(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;	/* Numerical Recipes, 7.1 */
	return (seed >> 8) % n;
}

static size_t mutate(uint8_t *apdu, size_t len)
{
	static const uint8_t likely[] = { 0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0xff, 0x41 };
	uint8_t other[APPLET_COMMAND_MAX];
	size_t n, at, i;

	switch (pick(12)) {
	case 1:		/* cut short */
		return pick(len + 1);
	case 2:		/* longer */
		for (n = pick(64); n; n--)
			apdu[len++] = pick(256);
		return len;
	case 3:		/* the end of another one */
		i = pick(sizeof(commands) / sizeof(commands[0]));
		n = build(other, commands[i].header, commands[i].body);
		at = pick(n);
		memcpy(apdu + len, other + at, n - at);
		return len + n - at;
	case 4:		/* nothing but the header */
		for (i = 4; i < len; i++)
			apdu[i] = pick(256);
		return len;
	case 5:		/* a few bytes */
	case 6:
	case 7:
		for (n = 1 + pick(3); n; n--)
			apdu[pick(len)] = pick(2) ? pick(256) : likely[pick(sizeof(likely))];
		return len;
	default:	/* as it is */
		return len;
	}
}

/* In a session, if there is one */
static size_t wrap(const char *session, uint8_t *apdu, size_t len)
{
	char body[2 * APPLET_COMMAND_MAX + 64];

	snprintf(body, sizeof(body), "10=%s 41=%s", session, hex(apdu, len));
	return build(apdu, "80050000", body);
}

static void fuzz(const char *model, unsigned long count)
{
	struct applet *applet = chip_model(model);
	char session[17] = "0000000000000000";
	unsigned long good = 0, i;

	for (i = 0; i < count; i++) {
		uint8_t apdu[APPLET_COMMAND_MAX];
		size_t n = pick(sizeof(commands) / sizeof(commands[0])), len;

		len = mutate(apdu, build(apdu, commands[n].header, commands[n].body));
		if (len && pick(4) == 0)
			len = wrap(session, apdu, len);
		run(applet, hex(apdu, len));
		good += answer.sw == 0x9000;
		if (answer.sw == 0x9000 && strlen(value_hex(0x41)) == 16)
			strcpy(session, value_hex(0x41));
		assert_int_not_equal(answer.sw, 0x6f00);
		if (pick(500) == 0)
			applet_reset(applet);
		if (pick(500) == 0 || answer.sw == 0x6d00)
			run(applet, "00A4040010A000000396545300000001030000000000");
	}
	printf("# %s: %lu commands, %lu good\n", model, count, good);
	assert_true(good > count / 10);
	applet_free(applet);
}

static unsigned long count = 20000;

static void test_fuzz(void **state)
{
	fuzz(*state, count);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_fuzz, "3"),
		cmocka_unit_test_prestate(test_fuzz, "7"),
		cmocka_unit_test_prestate(test_fuzz, "7-no-rsa"),
	};

	if (argc > 1)
		count = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoul(argv[2], NULL, 0);
	return cmocka_run_group_tests_name("applet fuzz", tests, NULL, NULL);
}
