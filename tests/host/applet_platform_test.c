// SPDX-License-Identifier: GPL-2.0-only
/* The secure channel of the whole simulated chip: FIPS parts, what ends it, new keys; locks */
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

/* P-256's base point, which could be another's public key (FIPS 186-4, D.1.2.3) */
#define POINT \
	"046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296" \
	"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"

/* An EC pair of a FIPS part signs or agrees, whoever may do the one and the other. */
static void test_fips_pair(void **state)
{
	static const struct { const char *policy; unsigned int made, sign, agree; } cases[] = {
		{ "11=080000000014040000 ", 0x6984, 0x6985, 0x6985 },
		{ "11=0800000000100400000800000009040C0000 ", 0x6984, 0x6985, 0x6985 },
		{ "11=080000000010040000 ", 0x9000, 0x9000, 0x6986 },
		{ "11=080000000004040000 ", 0x9000, 0x6986, 0x9000 },
		{ "", 0x9000, 0x9000, 0x6986 },
	};
	static const char *const models[] = { "SE050F", "SE052F" };
	char body[200];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct applet *applet = chip_model(models[i % 2]);
		struct host host = { .applet = applet, .only_data = i % 2 == 0 };

		assert_int_equal(authenticate(&host, &test_keys, "0B"), 0x9000);
		snprintf(body, sizeof(body), "%s41=" ID " 42=03", cases[i / 2].policy);
		secured(cases[i / 2].made, &host, "80016100", body);
		snprintf(body, sizeof(body), "41=" ID " 42=21 43=%.64s", POINT);
		secured(cases[i / 2].sign, &host, "80030C09", body);
		secured(cases[i / 2].agree, &host, "8003010F", "41=" ID " 42=" POINT);
		/* a public key does neither */
		secured(0x9000, &host, "80012100",
			"11=080000000014040000 41=00000007 42=03 44=" POINT);
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

/* What its owner locked answers as ever, and keeps what it has as it is. */
static void test_locked(void **state)
{
	static const char *const refused[] = {
		"80016100 41=00000002 42=40", "80010600 41=" ID " 42=0000 44=00",
		"80410700 41=00000002 42=01020304", "80010800 41=00000002 42=0004",
		"80010B04 41=05", "80011000 41=0001 42=01 43=04", "80040028 41=" ID,
		"80040B28 41=03", "80041028 41=0001", "8003010F 41=00000003 42=00 47=" ID,
	};
	static const char *const taken[] = {
		"80040020 ", "80040049 41=0010", "80040027 41=" ID, "80020000 41=" ID,
		"80020025 41=0000 42=FF", "8003000E 41=04 42=00",
	};
	char path[] = "/tmp/se05x-locked.XXXXXX";
	struct applet_config config = { .state = path };
	struct applet *applet;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	applet = chip(&config);
	expect(0x9000, applet, "80010600", "41=" ID " 43=0004 44=41424344");
	assert_string_equal(run(applet, "8002005B00"), "418200030200029000");
	applet_free(applet);
	config.locked = true;
	applet = chip(&config);
	assert_string_equal(run(applet, "8002005B00"), "418200030100029000");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char header[9];

		snprintf(header, sizeof(header), "%s", refused[i]);
		expect(0x6986, applet, header, "%s", refused[i] + 9);
	}
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		char header[9];

		snprintf(header, sizeof(header), "%s", taken[i]);
		expect(0x9000, applet, header, "%s", taken[i] + 9);
	}
	applet_free(applet);
	unlink(path);
	applet = chip_model("3");
	assert_string_equal(run(applet, "8002005B00"), "6A86");
	applet_free(applet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fips),
		cmocka_unit_test(test_fips_pair),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_lc_form),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_key_file),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_identify),
		cmocka_unit_test(test_locked),
	};

	return cmocka_run_group_tests_name("applet's own secure channel", tests, NULL, NULL);
}
