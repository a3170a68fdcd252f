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

#include "../../tools/sim/scp.h"
#include "applet_run.h"

#define HOST	"1122334455667788"

/* A new simulated chip's */
static const struct scp_keys test_keys = {
	0x0B, 16, "se05x-sim, S-ENC", "se05x-sim, S-MAC", "se05x-sim, S-DEK",
};

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

/* ---- a host ---- */

struct host {
	struct applet *applet;
	const char *session;	/* NULL: the chip's own channel */
	bool bare;		/* the next answer is not secured */
	bool cut;		/* the next answer does not come */
	bool only_data;		/* applet before 4.3: only commands with data are counted */
	uint8_t enc[32], mac[32], rmac[32], chaining[16];
	unsigned int counter;
};

static size_t key_len = 16;	/* of all keys: 16 or 32 */

static void cmac(const uint8_t *key, const uint8_t *data, size_t len, uint8_t mac[16])
{
	size_t n;

	assert_non_null(EVP_Q_mac(NULL, "CMAC", NULL, key_len == 16 ? "AES-128-CBC" : "AES-256-CBC",
				  NULL, key, key_len, data, len, mac, 16, &n));
}

/* @bits 0: a key */
static void derive(const uint8_t *key, uint8_t constant, uint8_t bits, const char *context,
		   uint8_t *out)
{
	size_t len = bits ? bits : 8 * key_len;
	uint8_t input[32] = { [11] = constant, [13] = len >> 8, [14] = len, [15] = 1 };

	unhex(input + 16, context);
	cmac(key, input, sizeof(input), out);
	input[15] = 2;
	if (len > 128)
		cmac(key, input, sizeof(input), out + 16);
}

static void cbc(struct host *host, bool encrypt, bool answer_iv, uint8_t *data, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t iv[16] = { answer_iv ? 0x80 : 0, [14] = host->counter >> 8, [15] = host->counter };
	int n;

	EVP_EncryptInit_ex(ctx, key_len == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(), NULL,
			   host->enc, NULL);
	EVP_EncryptUpdate(ctx, iv, &n, iv, 16);
	EVP_CipherInit_ex(ctx, key_len == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(), NULL,
			  host->enc, iv, encrypt);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	EVP_CipherUpdate(ctx, data, &n, data, len);
	EVP_CIPHER_CTX_free(ctx);
}

/* As it is, or in the session's wrapper */
static unsigned int forward(struct host *host, const uint8_t *apdu, size_t len)
{
	if (host->cut) {
		size_t n;

		applet_process(host->applet, apdu, len, answer.buf, &n, &answer.delay_us);
		assert_int_equal(n, 0);
		return answer.sw = 0;
	}
	if (!host->session) {
		run(host->applet, hex(apdu, len));
		return answer.sw;
	}
	return xfer(host->applet, "80050000", "10=%s 41=%s", host->session, hex(apdu, len));
}

/* Append the MAC of @apdu, whose Lc counts it already. */
static size_t put_mac(struct host *host, uint8_t *apdu, size_t len)
{
	uint8_t input[2048];

	memcpy(input, host->chaining, 16);
	memcpy(input + 16, apdu, len);
	cmac(host->mac, input, 16 + len, host->chaining);
	memcpy(apdu + len, host->chaining, 8);
	return len + 8;
}

static unsigned int authenticate(struct host *host, const struct scp_keys *keys,
				 const char *kvn)
{
	uint8_t apdu[64], cryptogram[16];
	char context[33];

	key_len = keys->len;
	memset(host->chaining, 0, 16);
	snprintf((char *)apdu, sizeof(apdu), "8050%s0008" HOST "00", kvn);
	forward(host, apdu, unhex(apdu, strdupa((char *)apdu)));
	if (answer.sw != 0x9000)
		return answer.sw;
	assert_int_equal(answer.len, 29);
	snprintf(context, sizeof(context), HOST "%s", hex(answer.buf + 13, 8));
	derive(keys->enc, 0x04, 0, context, host->enc);
	derive(keys->mac, 0x06, 0, context, host->mac);
	derive(keys->mac, 0x07, 0, context, host->rmac);
	derive(host->mac, 0x00, 0x40, context, cryptogram);
	if (memcmp(cryptogram, answer.buf + 21, 8))
		return 0;	/* not our card */
	derive(host->mac, 0x01, 0x40, context, cryptogram);
	memcpy(apdu + unhex(apdu, "8482330010"), cryptogram, 8);
	forward(host, apdu, put_mac(host, apdu, 13));
	host->counter = 0;
	return answer.sw;
}

/* Take the answer out of its wrapping; an error has none. */
static void open_answer(struct host *host)
{
	uint8_t input[4200], mac[16];
	size_t len = answer.len - 8;

	if (answer.sw != 0x9000) {
		assert_int_equal(answer.len, 0);
		return;
	}
	assert_true(answer.len >= 8 && len % 16 == 0);
	memcpy(input, host->chaining, 16);
	memcpy(input + 16, answer.buf, len);
	memcpy(input + 16 + len, "\x90\x00", 2);
	cmac(host->rmac, input, 16 + len + 2, mac);
	assert_memory_equal(mac, answer.buf + len, 8);
	if (len) {
		cbc(host, false, true, answer.buf, len);
		while (!answer.buf[len - 1])
			len--;
		assert_int_equal(answer.buf[--len], 0x80);
	}
	answer.len = len;
}

/* Lc and Le in three and two bytes even where one would do */
static bool long_form;

static unsigned int secure(struct host *host, const char *header, const char *body)
{
	uint8_t plain[2048], apdu[2048], secret[2048];
	size_t len = build(plain, header, body), data = 0, pad = 0, lc, n, from = 5;

	if (len > 6 && !plain[4]) {	/* extended, with Le in two bytes */
		from = 7;
		data = len - 9;
	} else if (len > 6) {
		data = len - 6;
	}
	memcpy(apdu, plain, 4);
	apdu[0] = 0x84;
	memcpy(secret, plain + from, data);
	if (data || !host->only_data)
		host->counter++;
	if (data) {
		secret[data] = 0x80;
		for (pad = 1; (data + pad) % 16; pad++)
			secret[data + pad] = 0;
		cbc(host, true, false, secret, data + pad);
	}
	lc = data + pad + 8;
	n = 4;
	if (lc > 255 || long_form) {
		apdu[n++] = 0;
		apdu[n++] = lc >> 8;
	}
	apdu[n++] = lc;
	memcpy(apdu + n, secret, data + pad);
	n = put_mac(host, apdu, n + data + pad);
	if (!host->session) {
		apdu[n++] = 0;
		if (lc > 255 || long_form)
			apdu[n++] = 0;
	}
	forward(host, apdu, n);
	if (host->bare)
		assert_int_equal(answer.len, 0);
	else
		open_answer(host);
	return answer.sw;
}

#define secured(sw, ...) assert_int_equal(secure(__VA_ARGS__), sw)

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

/* A FIPS part answers nothing but who it is outside its channel, and all within it. */
static void test_fips(void **state)
{
	static const struct { const char *model, *version, *memory; bool only_data; } cases[] = {
		{ "SE050F", "0306006FF3010B", "4102", true },
		{ "SE052F", "0702106FF3FFFF", "41820004", false },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct applet *applet = chip_model(cases[i].model);
		struct host host = { .applet = applet, .only_data = cases[i].only_data };
		char want[32];

		snprintf(want, sizeof(want), "%s9000", cases[i].version);
		assert_string_equal(answer.hex, want);		/* of SELECT */
		expect(0x6982, applet, "80040020", NOTHING);
		expect(0x6982, applet, "8004001B", "41=7FFF0207");
		expect(0x6982, applet, "80010600", "41=" ID " 43=0004 44=41424344");
		assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
		secured(0x9000, &host, "80010600", "41=" ID " 43=0004 44=41424344");
		secured(0x9000, &host, "80040022", "41=01");
		assert_memory_equal(hex(answer.buf, 4), cases[i].memory, strlen(cases[i].memory));
		secured(0x6A80, &host, "80410700", "41=00000009 42=010203");	/* a UserID */
		/* the channel is lost, and all is as it was */
		run(applet, "00A4040010A000000396545300000001030000000000");
		expect(0x6982, applet, "80020000", "41=" ID);
		applet_reset(applet);
		run(applet, "00A4040010A000000396545300000001030000000000");
		expect(0x6982, applet, "80020000", "41=" ID);
		applet_free(applet);
	}
}

/* What ends the channel */
static void test_ends(void **state)
{
	static const struct { const char *apdu; unsigned int sw; } cases[] = {
		{ "00A4040010A000000396545300000001030000000000", 0x9000 },	/* SELECT */
		{ "00A4040007D276000085010000", 0x9000 },
		{ "80500B0008" HOST "00", 0x9000 },
		{ "80500B0007" "11223344556677" "00", 0x6700 },
		{ "8004002000", 0x6982 },	/* plain */
		{ "84040020080102030405060708" "00", 0x6982 },	/* a bad MAC */
		{ "84040020" "00", 0x6982 },	/* none */
	};
	struct applet *applet = chip(NULL);
	struct host host = { .applet = applet };

	(void)state;
	for (size_t i = 0; i <= sizeof(cases) / sizeof(cases[0]) + 1; i++) {
		assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
		secured(0x9000, &host, "80040020", "");
		secured(0x6985, &host, "80020000", "41=00000009");	/* an error does not */
		secured(0x9000, &host, "80040020", "");
		if (i < sizeof(cases) / sizeof(cases[0])) {
			run(applet, cases[i].apdu);
			assert_int_equal(answer.sw, cases[i].sw);
		} else if (i == sizeof(cases) / sizeof(cases[0])) {
			applet_sleep(applet);	/* the end of the T=1 session */
		} else {
			applet_reset(applet);
		}
		run(applet, "84040020080102030405060708" "00");
		assert_int_not_equal(answer.sw, 0x9000);
		run(applet, "00A4040010A000000396545300000001030000000000");
	}
	/* no domain of others has this one's keys */
	run(applet, "00A4040000");
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x6A88);
	applet_free(applet);
}

/* Lc in another form than the chip's is a wrong MAC. */
static void test_lc_form(void **state)
{
	struct applet *applet = chip(NULL);
	struct host host = { .applet = applet };
	uint8_t apdu[64];
	size_t len;

	(void)state;
	for (int le = 0; le <= 2; le++) {	/* bytes of Le behind three bytes of Lc */
		assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
		host.counter++;
		len = put_mac(&host, apdu, unhex(apdu, "84040020000008"));
		memset(apdu + len, 0, 2);
		run(applet, hex(apdu, len + le));
		assert_int_equal(answer.sw, le == 2 ? 0x9000 : le == 1 ? 0x6700 : 0x6982);
	}
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	len = put_mac(&host, apdu, unhex(apdu, "8404002008"));
	run(applet, hex(apdu, len));	/* without Le */
	assert_int_equal(answer.sw, 0x9000);
	applet_free(applet);
}

static void put_ecb(const struct scp_keys *dek, bool encrypt, const uint8_t *key, size_t len,
		    const uint8_t *in, size_t in_len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	if (dek) {
		key = dek->dek;
		len = dek->len;
	}
	assert_true(EVP_CipherInit_ex(ctx, len == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(), NULL,
				      key, NULL, encrypt));
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_true(EVP_CipherUpdate(ctx, out, &n, in, in_len));
	EVP_CIPHER_CTX_free(ctx);
}

/* PUT KEY in the channel of @old. @spoil: which byte of its data is wrong; -1: none */
static unsigned int put_key(struct host *host, const struct scp_keys *old,
			    const struct scp_keys *fresh, int spoil, char *values)
{
	const uint8_t *keys[] = { fresh->enc, fresh->mac, fresh->dek };
	uint8_t apdu[256], data[144] = { fresh->version }, ones[16], value[16];
	size_t n = 1, len, i;

	memset(ones, 1, 16);
	strcpy(values, hex(&fresh->version, 1));
	for (i = 0; i < 3; i++) {
		data[n++] = 0x88;
		data[n++] = fresh->len + 1;
		data[n++] = fresh->len;
		put_ecb(old, true, NULL, 0, keys[i], fresh->len, data + n);
		n += fresh->len;
		put_ecb(NULL, true, keys[i], fresh->len, ones, 16, value);
		data[n++] = 3;
		memcpy(data + n, value, 3);
		n += 3;
		strcat(values, hex(value, 3));
	}
	if (spoil >= 0)
		data[spoil] ^= 1;
	host->counter++;
	data[n++] = 0x80;
	while (n % 16)
		data[n++] = 0;
	cbc(host, true, false, data, n);
	len = unhex(apdu, "84D80B81");
	apdu[len++] = n + 8;
	memcpy(apdu + len, data, n);
	len = put_mac(host, apdu, len + n);
	apdu[len++] = 0;
	forward(host, apdu, len);
	if (answer.sw == 0x9000)
		open_answer(host);
	return answer.sw;
}

#define DOMAIN "00A404000BD276000085304A434F900300"

static const struct scp_keys fresh_keys = {
	0x0B, 16, "the new key, ENC", "the new key, MAC", "the new key, DEK",
};
static const struct scp_keys long_keys = {
	0x0B, 32, "the new key of thirty-two b, ENC", "the new key of thirty-two b, MAC",
	"the new key of thirty-two b, DEK",
};

/* New keys, and old ones again; what is wrong with them changes nothing. */
static void test_rotation(void **state)
{
	char path[] = "/tmp/se05x-scp.XXXXXX", values[32];
	struct applet_config config = { .state = path, .model = "SE051" };
	struct host host = { };
	static const int spoils[] = { 0, 1, 2, 3, 4, 18, 19, 20, 21, 22, 25, 40, 69 };

	(void)state;
	close(mkstemp(path));
	unlink(path);
	host.applet = chip(&config);
	run(host.applet, DOMAIN);
	assert_int_equal(answer.sw, 0x9000);
	assert_string_equal(run(host.applet, "80D80B8101" "0B" "00"), "6982");	/* plain */
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
		assert_int_equal(put_key(&host, &test_keys, &fresh_keys, spoils[i], values),
				 0x6A80);
	}
	assert_int_equal(put_key(&host, &test_keys, &fresh_keys, -1, values), 0x9000);
	assert_string_equal(hex(answer.buf, answer.len), values);
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0);
	applet_free(host.applet);
	host.applet = chip(&config);	/* it stays so, and the IoT applet's channel is the same */
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0);
	assert_int_equal(authenticate(&host, &fresh_keys, "0B"), 0x9000);
	secured(0x9000, &host, "80040020", "");
	run(host.applet, DOMAIN);
	assert_int_equal(authenticate(&host, &fresh_keys, "0B"), 0x9000);
	assert_int_equal(put_key(&host, &fresh_keys, &long_keys, -1, values), 0x9000);
	assert_string_equal(hex(answer.buf, answer.len), values);
	assert_int_equal(authenticate(&host, &long_keys, "0B"), 0x9000);
	assert_int_equal(put_key(&host, &long_keys, &fresh_keys, -1, values), 0x9000);
	assert_int_equal(authenticate(&host, &fresh_keys, "0B"), 0x9000);
	applet_free(host.applet);
	unlink(path);
	/* a chip of applet 3 takes no long ones */
	host = (struct host) { .applet = chip_model("3"), .only_data = true };
	run(host.applet, DOMAIN);
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
	assert_int_equal(put_key(&host, &test_keys, &long_keys, -1, values), 0x6A80);
	applet_free(host.applet);
}

/* Keys that a new chip was given, and that it keeps */
static void test_key_file(void **state)
{
	char path[] = "/tmp/se05x-scp.XXXXXX";
	struct applet_config config = { .state = path, .scp_keys = &long_keys };
	struct host host = { };

	(void)state;
	close(mkstemp(path));
	unlink(path);
	host.applet = chip(&config);
	assert_int_equal(authenticate(&host, &test_keys, "0B"), 0);
	assert_int_equal(authenticate(&host, &long_keys, "0B"), 0x9000);
	secured(0x9000, &host, "80040049", "41=0010");
	secured(0x9000, &host, "80040020", "");
	applet_free(host.applet);
	config.scp_keys = NULL;
	host.applet = chip(&config);
	assert_int_equal(authenticate(&host, &long_keys, "0B"), 0x9000);
	applet_free(host.applet);
	unlink(path);
}

/* Power is cut in PUT KEY: the chip has the old keys or the new ones, and no others. */
static void test_cut(void **state)
{
	char values[32];

	(void)state;
	for (unsigned int cut = 1; cut <= 2; cut++) {
		uint8_t apdu[] = { 0x80, 0xCA, 0x9F, 0x7F, 0x00 };
		struct host host = { .applet = chip(&(struct applet_config) { .cut = cut }) };
		const struct scp_keys *has = cut == 1 ? &test_keys : &fresh_keys;

		run(host.applet, DOMAIN);
		assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
		host.cut = true;
		put_key(&host, &test_keys, &fresh_keys, -1, values);
		host.cut = false;
		forward(&host, apdu, sizeof(apdu));	/* the card manager is selected */
		assert_int_equal(answer.sw, 0x9000);
		run(host.applet, "00A4040010A000000396545300000001030000000000");
		assert_int_equal(authenticate(&host, cut == 1 ? &fresh_keys : &test_keys, "0B"), 0);
		assert_int_equal(authenticate(&host, has, "0B"), 0x9000);
		secured(0x9000, &host, "80040020", "");
		applet_free(host.applet);
	}
}

/* The configuration ID tells the product, by which a host knows the keys. */
static void test_identify(void **state)
{
	static const struct { const char *model, *oef; } cases[] = {
		{ "3", "0001A1F4" }, { "7", "0005A8FA" }, { "SE050F", "0001A92A" },
		{ "SE052F", "0005B501" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct applet *applet = chip_model(cases[i].model);
		char want[32];

		run(applet, "00A4040000");
		run(applet, "80CA00FE02DF2800");
		assert_int_equal(answer.sw, 0x9000);
		assert_int_equal(answer.len, 2 + 0x45);
		snprintf(want, sizeof(want), "FE45DF2842010C%s", cases[i].oef);
		assert_memory_equal(answer.hex, want, strlen(want));
		assert_string_equal(run(applet, "80CA00FE02DF2900"), "6A80");
		applet_free(applet);
	}
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
		cmocka_unit_test(test_demanded),
		cmocka_unit_test(test_fips),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_lc_form),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_identify),
		cmocka_unit_test(test_cplc),
	};

	return cmocka_run_group_tests_name("applet secure channels", tests, NULL, NULL);
}
