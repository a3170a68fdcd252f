// SPDX-License-Identifier: GPL-2.0-only
/* The simulated chip's secure channels: a log of real silicon, and a host of our own */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "applet_host.h"

static const struct scp_keys published = {	/* SE050E, OEF A921: AN12436 */
	.version = 0x0B, .len = 16, .enc =
	{ 0xD2, 0xDB, 0x63, 0xE7, 0xA0, 0xA5, 0xAE, 0xD7, 0x2A, 0x64, 0x60, 0xC4, 0xDF, 0xDC,
	  0xAF, 0x64 }, .mac =
	{ 0x73, 0x8D, 0x5B, 0x79, 0x8E, 0xD2, 0x41, 0xB0, 0xB2, 0x47, 0x68, 0x51, 0x4B, 0xFB,
	  0xA9, 0x5B },
};

/* An SE050E's answer to INITIALIZE UPDATE, from a log (community.nxp.com, 2114523) */
static void test_silicon(void **state)
{
	uint8_t host[8], card[8], cryptogram[8], buf[64];
	struct scp scp = { };
	struct apdu apdu;

	(void)state;
	unhex(host, HOST);
	unhex(card, "05437D4E3C213D20");
	assert_true(scp_derive(&scp, &published, host, card, cryptogram));
	assert_string_equal(hex(cryptogram, 8), "C4D889C1270264C4");
	assert_string_equal(hex(scp.enc, 16), "012C3FCDB34F6CFF7E344D075BD048CB");
	assert_string_equal(hex(scp.mac, 16), "5CAE32DEA3A3615E2AAE308D742277E0");
	assert_string_equal(hex(scp.rmac, 16), "5FBBB883F36E0F2C4358130883C7D471");
	assert_int_equal(apdu_parse(&apdu, buf, unhex(buf, "8482330010F00F6091B6F1FDEEBCD19E29C783892D")),
			 0x9000);
	assert_int_equal(scp_authenticate(&scp, &apdu), 0x9000);
	assert_string_equal(hex(scp.chaining, 16), "BCD19E29C783892D1628093AB9E3B64E");
}

/* The channel of the whole chip */
static void test_platform(void **state)
{
	struct applet *applet = chip(NULL);
	struct host host = { .applet = applet };
	struct scp_keys wrong = test_keys;

	(void)state;
	wrong.mac[0] ^= 1;
	assert_int_equal(authenticate(&host, &wrong, "0B"), 0);
	assert_int_equal(authenticate(&host, &test_keys, "0C"), 0x6A88);
	assert_string_equal(run(applet, "8050 0B00 07 11223344556677 00"), "6700");
	assert_string_equal(run(applet, "8482330010F00F6091B6F1FDEEBCD19E29C783892D"), "6985");
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	secured(0x9000, &host, "80040020", "");
	assert_string_equal(value_hex(0x41), "0702003F9FFFFF");
	secured(0x9000, &host, "80010600", "41=" ID " 43=0004 44=41424344");
	assert_int_equal(answer.len, 0);
	secured(0x6985, &host, "80020000", "41=00000009");	/* an error comes bare */
	secured(0x9000, &host, "80020000", "41=" ID);
	assert_string_equal(value_hex(0x41), "41424344");
	secured(0x6D00, &host, "80FF0000", "");
	secured(0x9000, &host, "80040049", "41=0100");
	assert_int_equal(answer.len, 4 + 256);
	/* long commands and answers, and short ones in the long form */
	{
		uint8_t data[600] = { 1, 2, 3 };
		char body[1300];

		snprintf(body, sizeof(body), "41=00000002 43=0258 44=%s", hex(data, sizeof(data)));
		secured(0x9000, &host, "80010600", body);
		secured(0x9000, &host, "80020000", "41=00000002");
		assert_string_equal(value_hex(0x41), hex(data, sizeof(data)));
		long_form = true;
		secured(0x9000, &host, "80020000", "41=00000002 42=0001 43=0002");
		assert_string_equal(value_hex(0x41), "0203");
		secured(0x9000, &host, "80040020", "");
		long_form = false;
	}
	/* what is not secured, or is tampered with, ends it */
	assert_string_equal(run(applet, "8004002000"), "6982");
	assert_string_equal(run(applet, "8004002000")  + 8, "0702003F9FFFFF9000");
	assert_int_equal(authenticate(&host, &test_keys, "00"), 0x9000);
	host.mac[3] ^= 1;
	secured(0x6982, &host, "80040020", "");
	host.mac[3] ^= 1;
	secured(0x6E00, &host, "80040020", "");
	/* so does SELECT */
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	run(applet, "00A4040010A000000396545300000001030000000000");
	assert_int_equal(answer.sw, 0x9000);
	secured(0x6E00, &host, "80040020", "");
	/* a host that does not know the keys */
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	run(applet, "8050 0B00 08 " HOST " 00");
	assert_string_equal(run(applet, "8482330010F00F6091B6F1FDEEBCD19E29C783892D"), "6982");
	assert_string_equal(run(applet, "8482330010F00F6091B6F1FDEEBCD19E29C783892D"), "6985");
	applet_free(applet);
}

#define KEY "000102030405060708090A0B0C0D0E0F"

/* A session on an AES key, in the chip's channel and without it */
static void test_aes_session(void **state)
{
	struct applet *applet = chip(NULL);
	struct host host = { .applet = applet };
	struct scp_keys keys = { .len = 16 };
	char session[17];

	(void)state;
	unhex(keys.enc, KEY);
	unhex(keys.mac, KEY);
	expect(0x9000, applet, "80410300", "41=0000000A 43=" KEY);
	expect(0x9000, applet, "80410700", "41=0000000B 42=01020304");
	/* an object that only this user has, and only by secure messaging */
	expect(0x9000, applet, "80010600", "11=080000000A00360000 41=" ID " 43=0004 44=41424344");
	expect(0x6986, applet, "80020000", "41=" ID);
	expect(0x9000, applet, "8004001B", "41=0000000A");
	strcpy(session, value_hex(0x41));
	host.session = session;
	expect_in(0x6986, applet, session, "80020000", "41=" ID);	/* nobody yet */
	assert_int_equal(authenticate(&host, &test_keys, "00"), 0);
	assert_int_equal(authenticate(&host, &keys, "0B"), 0x6A88);
	assert_int_equal(authenticate(&host, &keys, "00"), 0x9000);
	secured(0x9000, &host, "80020000", "41=" ID);
	assert_string_equal(value_hex(0x41), "41424344");
	secured(0x9000, &host, "80040020", "");
	secured(0x6985, &host, "80020000", "41=00000009");
	secured(0x9000, &host, "80040020", "");
	secured(0x9000, &host, "8004001C", "");		/* closed: that was still secured */
	expect_in(0x6985, applet, session, "80040020", NOTHING);
	/* without its channel it is over */
	expect(0x9000, applet, "8004001B", "41=0000000A");
	strcpy(session, value_hex(0x41));
	assert_int_equal(authenticate(&host, &keys, "00"), 0x9000);
	expect_in(0x6982, applet, session, "80020000", "41=" ID);
	expect_in(0x6985, applet, session, "80020000", "41=" ID);
	/* a key of another length */
	expect(0x9000, applet, "80410300", "41=0000000C 43=" KEY KEY);
	expect(0x9000, applet, "8004001B", "41=0000000C");
	strcpy(session, value_hex(0x41));
	assert_int_equal(authenticate(&host, &keys, "00"), 0x6985);
	expect_in(0x9000, applet, session, "8004001C", NOTHING);
	/* a UserID is no key */
	expect(0x9000, applet, "8004001B", "41=0000000B");
	strcpy(session, value_hex(0x41));
	assert_int_equal(authenticate(&host, &keys, "00"), 0x6985);
	applet_free(applet);
}

/* What requires secure messaging is content with the chip's channel, too. */
static void test_require_sm(void **state)
{
	struct applet *applet = chip(NULL);
	struct host host = { .applet = applet };

	(void)state;
	expect(0x9000, applet, "80010600", "11=080000000000260000 41=" ID " 43=0004 44=41424344");
	expect(0x6986, applet, "80020000", "41=" ID);
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	secured(0x9000, &host, "80020000", "41=" ID);
	secured(0x9000, &host, "80040028", "41=" ID);
	applet_free(applet);
}

/*
 * What the counter counts: before applet 4.3 only commands with data, and the answer to
 * one without uses the number of the one before; from 4.3 on all. Errors count as well.
 */
static void test_counter(void **state)
{
	static const struct { const char *model; bool only_data; } cases[] = {
		{ "3", true }, { "7-no-rsa", false }, { "SE050F", true }, { "SE052F", false },
	};
	static const struct { unsigned int sw; const char *header, *body; } commands[] = {
		{ 0x9000, "80040020", "" },		/* none before it */
		{ 0x9000, "80040020", "" },
		{ 0x9000, "80040049", "41=0010" },
		{ 0x9000, "80040020", "" },
		{ 0x6985, "80020000", "41=00000009" },
		{ 0x9000, "80020B25", "" },
		{ 0x6D00, "80FF0000", "" },
		{ 0x9000, "80040049", "41=0010" },
		{ 0x9000, "80040020", "" },
	};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct host host = { .only_data = cases[i / 2].only_data };
		struct scp_keys keys = { .len = 16 };
		char session[17];

		host.applet = chip_model(cases[i / 2].model);
		if (i < 4 && i % 2) {	/* the same in a session */
			unhex(keys.enc, KEY);
			unhex(keys.mac, KEY);
			expect(0x9000, host.applet, "80410300", "41=0000000A 43=" KEY);
			expect(0x9000, host.applet, "8004001B", "41=0000000A");
			strcpy(session, value_hex(0x41));
			host.session = session;
			assert_int_equal(authenticate(&host, &keys, "00"), 0x9000);
		} else {
			assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
		}
		for (size_t n = 0; n < sizeof(commands) / sizeof(commands[0]); n++)
			secured(commands[n].sw, &host, commands[n].header, commands[n].body);
		applet_free(host.applet);
	}
}

/* DeleteAll's answer comes bare, and then there is no channel: neither the session's nor the chip's. */
static void test_delete_all(void **state)
{
	struct applet *applet = chip(NULL);
	struct host host = { .applet = applet };
	char body[64], session[17];

	(void)state;
	expect(0x9000, applet, "80410700", "41=7FFF0205 42=01020304");
	expect(0x9000, applet, "80010600", "41=" ID " 43=0004 44=41424344");
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	secured(0x9000, &host, "8004001B", "41=7FFF0205");
	strcpy(session, value_hex(0x41));
	snprintf(body, sizeof(body), "10=%s 41=8004002C0641%s", session, "0401020304");
	secured(0x9000, &host, "80050000", body);
	snprintf(body, sizeof(body), "10=%s 41=8004002A", session);
	host.bare = true;
	secured(0x9000, &host, "80050000", body);
	host.bare = false;
	secured(0x6E00, &host, "80040020", "");
	expect(0x9000, applet, "80040027", "41=" ID);
	assert_string_equal(value_hex(0x41), "02");
	applet_free(applet);
}

/* A host that does not know the session's key tries to get in. */
static unsigned int intrude(struct applet *applet, const char *session)
{
	xfer(applet, "80050000", "10=%s 41=8050000008" HOST, session);
	return xfer(applet, "80050000", "10=%s 41=8482330010%032d", session, 0);
}

/* Failed attempts on an AES key count as those on a UserID do. */
static void test_attempts(void **state)
{
	struct applet *applet = chip(NULL);
	struct host host = { .applet = applet };
	struct scp_keys keys = { .len = 16 };
	char session[17];

	(void)state;
	unhex(keys.enc, KEY);
	unhex(keys.mac, KEY);
	expect(0x9000, applet, "80410300", "12=0002 41=0000000A 43=" KEY);
	expect(0x9000, applet, "80410300", "41=0000000B 43=" KEY);
	expect(0x9000, applet, "8004001B", "41=0000000A");
	strcpy(session, value_hex(0x41));
	host.session = session;
	/* a good one has the count start anew */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(intrude(applet, session), 0x6982);
		assert_int_equal(authenticate(&host, &keys, "00"), 0x9000);
		secured(0x9000, &host, "80040020", "");
	}
	assert_int_equal(intrude(applet, session), 0x6982);
	assert_int_equal(intrude(applet, session), 0x6982);
	assert_int_equal(authenticate(&host, &keys, "00"), 0x6985);	/* used up */
	/* without a limit there is nothing to be used up */
	expect(0x9000, applet, "8004001B", "41=0000000B");
	strcpy(session, value_hex(0x41));
	for (int i = 0; i < 5; i++)
		assert_int_equal(intrude(applet, session), 0x6982);
	assert_int_equal(authenticate(&host, &keys, "00"), 0x9000);
	applet_free(applet);
}

/* What a host asks of a session by EC key before it opens the channel */
static void test_ec_data(void **state)
{
	struct applet *applet = chip(NULL);
	const char *session, *point;
	char want[400];

	(void)state;
	expect(0x9000, applet, "80416100", "41=0000000C 42=03");
	expect(0x9000, applet, "80410700", "41=0000000D 42=01020304");
	expect(0x9000, applet, "80020000", "41=7FFF0201");
	point = strdupa(value_hex(0x41));
	expect(0x9000, applet, "8004001B", "41=0000000C");
	session = strdupa(value_hex(0x41));
	expect(0x9000, applet, "80050000", "10=%s 41=80CABF2106A60483020000", session);
	snprintf(want, sizeof(want), "7F4946B041%sF001035F37", point);
	assert_memory_equal(answer.hex, want, strlen(want));
	assert_int_equal(answer.len, 3 + 70 + 3 + answer.buf[75]);
	expect(0x6A80, applet, "80050000", "10=%s 41=80CABF2106A60483020001", session);
	expect(0x6A88, applet, "80050000", "10=%s 41=80CABF2206A60483020000", session);
	expect(0x6A80, applet, "80050000", "10=%s 41=8488000001A6", session);
	expect(0x9000, applet, "8004001B", "41=0000000D");	/* on a UserID */
	session = strdupa(value_hex(0x41));
	expect(0x6985, applet, "80050000", "10=%s 41=80CABF2106A60483020000", session);
	expect(0x6985, applet, "80050000", "10=%s 41=8488000001A6", session);
	applet_free(applet);
}

/* Whoever has the key for it can demand the chip's channel for everything. */
static void test_demanded(void **state)
{
	char path[] = "/tmp/se05x-scp.XXXXXX";
	struct applet_config config = { .state = path };
	char session_text[17], body[64];
	struct host host = { };
	const char *session;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	host.applet = chip(&config);
	expect(0x6985, host.applet, "80040052", "41=01");
	expect(0x9000, host.applet, "80410700", "41=7FFF0207 42=01020304");
	session = open_session(host.applet, "7FFF0207", "01020304");
	expect_in(0x6A80, host.applet, session, "80040052", "41=03");
	expect_in(0x9000, host.applet, session, "80040052", "41=01");
	expect(0x6982, host.applet, "80040020", NOTHING);
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	secured(0x9000, &host, "80040020", "");
	applet_free(host.applet);
	host.applet = chip(&config);	/* it stays so */
	expect(0x6982, host.applet, "80040020", NOTHING);
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	secured(0x9000, &host, "80040020", "");
	/* and that is taken back in the channel only */
	secured(0x9000, &host, "8004001B", "41=7FFF0207");
	snprintf(session_text, sizeof(session_text), "%s", value_hex(0x41));
	snprintf(body, sizeof(body), "10=%s 41=8004002C0641%s", session_text, "0401020304");
	secured(0x9000, &host, "80050000", body);
	snprintf(body, sizeof(body), "10=%s 41=8004005203410102", session_text);
	secured(0x9000, &host, "80050000", body);
	expect(0x6982, host.applet, "80040020", NOTHING);	/* in an open channel */
	expect(0x9000, host.applet, "80040020", NOTHING);
	applet_free(host.applet);
	host.applet = chip(&config);
	expect(0x9000, host.applet, "80040020", NOTHING);
	applet_free(host.applet);
	unlink(path);
}

/* The chip's production data: 42 bytes, the serial number among them */
static void test_cplc(void **state)
{
	char serials[2][9];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct applet *applet = chip(NULL);

		assert_string_equal(run(applet, "80CA9F7F00"), "6D00");	/* of the card manager only */
		run(applet, "00A4040000");
		run(applet, "80CA9F7F00");
		assert_int_equal(answer.sw, 0x9000);
		assert_int_equal(answer.len, 3 + 42);
		assert_memory_equal(answer.hex, "9F7F2A4790", 10);	/* NXP made it */
		memcpy(serials[i], answer.hex + 6 + 2 * 12, 8);
		serials[i][8] = 0;
		assert_string_equal(run(applet, "80CA9F7F01AA"), "6700");
		assert_string_equal(run(applet, "80CA9F7E00"), "6A88");
		applet_free(applet);
	}
	assert_string_not_equal(serials[0], serials[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silicon),
		cmocka_unit_test(test_platform),
		cmocka_unit_test(test_aes_session),
		cmocka_unit_test(test_require_sm),
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_delete_all),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_ec_data),
		cmocka_unit_test(test_demanded),
		cmocka_unit_test(test_cplc),
	};

	return cmocka_run_group_tests_name("applet secure channels", tests, NULL, NULL);
}

