// SPDX-License-Identifier: GPL-2.0-only
/* The simulated chip's cryptography: libcrypto is the judge, and published vectors are */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "applet_run.h"

#define DIGEST	"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F" \
		"202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F"

static const struct { const char *id, *name; int len; } ecdsa[] = {
	{ "11", "SHA1", 20 }, { "25", "SHA224", 28 }, { "21", "SHA256", 32 },
	{ "22", "SHA384", 48 }, { "26", "SHA512", 64 },
};

/* The value of that tag, the other way round, as RFC 7748 and RFC 8032 have numbers */
static const char *reversed(const char *text)
{
	uint8_t from[70], to[70];
	size_t len = unhex(from, text), i;

	for (i = 0; i < len; i++)
		to[i] = from[len - 1 - i];
	return hex(to, len);
}

/* ---- elliptic curves ---- */

static EVP_PKEY *public_key(const char *curve, const uint8_t *point, size_t len)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, len),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *read_public(struct applet *applet, const char *id, const char *curve)
{
	const uint8_t *point;
	size_t len;

	expect(0x9000, applet, "80020000", "41=%s", id);
	point = value(0x41, &len);
	return public_key(curve, point, len);
}

static bool verifies(EVP_PKEY *key, const uint8_t *sig, size_t sig_len, const char *digest)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t bytes[64];
	size_t len = unhex(bytes, digest);
	bool ok;

	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	ok = EVP_PKEY_verify(ctx, sig, sig_len, bytes, len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* The chip signs, libcrypto verifies; libcrypto signs, the chip verifies. */
static void check_ecdsa(struct applet *applet, unsigned int id, const char *curve)
{
	EVP_PKEY *chips = read_public(applet, ID, curve), *ours = EVP_EC_gen(curve);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ours, NULL);
	uint8_t point[140], bytes[64], sig[160];
	size_t len, sig_len;

	EVP_PKEY_get_octet_string_param(ours, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len);
	expect(0x9000, applet, "80012100", "41=00000002 42=%02X 44=%s", id, hex(point, len));
	for (size_t i = 0; i < sizeof(ecdsa) / sizeof(ecdsa[0]); i++) {
		const char *digest;
		const uint8_t *at;

		unhex(bytes, DIGEST);
		digest = hex(bytes, ecdsa[i].len);
		expect(0x9000, applet, "80030C09", "41=" ID " 42=%s 43=%s", ecdsa[i].id, digest);
		at = value(0x41, &len);
		assert_true(verifies(chips, at, len, digest));
		expect(0x6985, applet, "80030C09", "41=" ID " 42=%s 43=%s00", ecdsa[i].id, digest);
		expect(0x6985, applet, "80030C09", "41=" ID " 42=%s 43=%s", ecdsa[i].id, digest + 2);

		assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
		sig_len = sizeof(sig);
		assert_int_equal(EVP_PKEY_sign(ctx, sig, &sig_len, bytes, ecdsa[i].len), 1);
		expect(0x9000, applet, "80030C0A", "41=00000002 42=%s 43=%s 45=%s",
		       ecdsa[i].id, digest, hex(sig, sig_len));
		assert_string_equal(value_hex(0x41), "01");
		sig[sig_len - 1] ^= 1;
		expect(0x9000, applet, "80030C0A", "41=00000002 42=%s 43=%s 45=%s",
		       ecdsa[i].id, digest, hex(sig, sig_len));
		assert_string_equal(value_hex(0x41), "02");
	}
	/* a public key signs nothing */
	expect(0x6985, applet, "80030C09", "41=00000002 42=21 43=%.64s", DIGEST);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(chips);
}

static void check_ecdh(struct applet *applet, const char *curve)
{
	EVP_PKEY *chips = read_public(applet, ID, curve), *ours = EVP_EC_gen(curve);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ours, NULL);
	uint8_t point[140], secret[70];
	size_t point_len, len = sizeof(secret);

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, chips), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, secret, &len), 1);
	EVP_PKEY_get_octet_string_param(ours, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					&point_len);
	expect(0x9000, applet, "8003010F", "41=" ID " 42=%s", hex(point, point_len));
	assert_string_equal(value_hex(0x41), hex(secret, len));
	point[point_len - 1] ^= 1;	/* not on the curve */
	expect(0x6A80, applet, "8003010F", "41=" ID " 42=%s", hex(point, point_len));
	expect(0x6A80, applet, "8003010F", "41=" ID " 42=%s", hex(point, point_len - 1));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(chips);
}

static void test_weierstrass(void **state)
{
	static const struct { unsigned int id; const char *name; } curves[] = {
		{ 0x01, "prime192v1" }, { 0x02, "secp224r1" }, { 0x03, "prime256v1" },
		{ 0x04, "secp384r1" }, { 0x05, "secp521r1" }, { 0x06, "brainpoolP160r1" },
		{ 0x07, "brainpoolP192r1" }, { 0x08, "brainpoolP224r1" },
		{ 0x09, "brainpoolP256r1" }, { 0x0a, "brainpoolP320r1" },
		{ 0x0b, "brainpoolP384r1" }, { 0x0c, "brainpoolP512r1" },
		{ 0x0d, "secp160k1" }, { 0x0e, "secp192k1" }, { 0x0f, "secp224k1" },
		{ 0x10, "secp256k1" },
	};
	struct applet *applet = chip(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		set_up_curve(applet, curves[i].id, curves[i].name);
		expect(0x9000, applet, "80016100", "41=" ID " 42=%02X", curves[i].id);
		check_ecdsa(applet, curves[i].id, curves[i].name);
		check_ecdh(applet, curves[i].name);
		expect(0x9000, applet, "80040028", "41=" ID);
		expect(0x9000, applet, "80040028", "41=00000002");
	}
	applet_free(applet);
}

/* RFC 6979, A.2.5 */
#define P256_X	"C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
#define P256_U	"0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6" \
		"7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"

static void test_ec_import(void **state)
{
	struct applet *applet = chip(NULL);
	EVP_PKEY *key;
	char digest[65];
	const uint8_t *sig;
	size_t len;

	(void)state;
	snprintf(digest, sizeof(digest), "%.64s", DIGEST);
	set_up_curve(applet, 3, "prime256v1");
	set_up_curve(applet, 4, "secp384r1");
	/* a private part that does not fit, a part too short, a public part alone for a pair */
	expect(0x6A80, applet, "80016100", "41=" ID " 42=03 43=%.62s22 44=" P256_U, P256_X);
	expect(0x6985, applet, "80016100", "41=" ID " 42=03 43=%.62s 44=" P256_U, P256_X);
	expect(0x6985, applet, "80012100", "41=" ID " 42=03 44=%.128s", P256_U);
	expect(0x6985, applet, "80012100", "41=" ID " 42=03 44=" P256_U "00");
	expect(0x6A80, applet, "80016100", "41=" ID " 42=03 44=" P256_U);
	expect(0x6A80, applet, "80016100", "41=" ID " 42=03 43=" P256_X);
	expect(0x6985, applet, "80016100", "41=" ID " 42=04 43=" P256_X " 44=" P256_U);
	expect(0x6A80, applet, "80012100", "41=" ID " 42=03 43=" P256_X " 44=" P256_U);
	expect(0x6A80, applet, "80012100", "41=" ID " 42=03");
	expect(0x9000, applet, "80040027", "41=" ID);
	assert_string_equal(value_hex(0x41), "02");

	expect(0x9000, applet, "80016100", "41=" ID " 42=03 43=" P256_X " 44=" P256_U);
	expect(0x9000, applet, "80020007", "41=" ID);
	assert_string_equal(value_hex(0x41), "0020");
	/* a public key is read as a whole, and is no RSA key */
	expect(0x6A80, applet, "80020000", "41=" ID " 42=0001");
	expect(0x6A80, applet, "80020000", "41=" ID " 43=0001");
	expect(0x6A80, applet, "80020000", "41=" ID " 44=00");
	key = read_public(applet, ID, "prime256v1");
	expect(0x9000, applet, "80030C09", "41=" ID " 42=21 43=%.64s", DIGEST);
	sig = value(0x41, &len);
	assert_true(verifies(key, sig, len, digest));
	digest[0] ^= 1;
	assert_false(verifies(key, sig, len, digest));
	EVP_PKEY_free(key);
	/* another key in its place, of the same curve only, and of the same kind */
	expect(0x9000, applet, "80016100", "41=" ID);
	expect(0x9000, applet, "80020000", "41=" ID);
	assert_string_not_equal(value_hex(0x41), P256_U);
	expect(0x6985, applet, "80016100", "41=" ID " 42=04");
	expect(0x6985, applet, "80012100", "41=" ID " 42=03 44=" P256_U);
	applet_free(applet);
}

/* A private part alone: hosts import keys so. It signs and agrees; nothing of it is read. */
static void test_ec_private(void **state)
{
	static const struct { const char *model, *type; } models[] = {
		{ "3", "02" }, { "7-no-rsa", "2A" },
	};

	(void)state;
	for (int m = 0; m < 2; m++) {
		struct applet *applet = chip_model(models[m].model);
		EVP_PKEY *key;
		const char *secret;
		uint8_t point[65];
		const uint8_t *sig;
		size_t len;

		/* as a client of NXP's sends it */
		run(applet, "80014100 2B 4104 7B000001 420103 4320" P256_X);
		assert_string_equal(answer.hex, "9000");
		expect(0x9000, applet, "80020026", "41=7B000001");
		assert_string_equal(value_hex(0x41), models[m].type);
		expect(0x9000, applet, "80020007", "41=7B000001");
		assert_string_equal(value_hex(0x41), "0020");
		expect(0x9000, applet, "80020B36", "41=7B000001");
		assert_string_equal(value_hex(0x41), "03");
		expect(0x6985, applet, "80020000", "41=7B000001");

		expect(0x9000, applet, "80030C09", "41=7B000001 42=21 43=%.64s", DIGEST);
		sig = value(0x41, &len);
		key = public_key("prime256v1", point, unhex(point, P256_U));
		assert_true(verifies(key, sig, len, "000102030405060708090A0B0C0D0E0F"
				     "101112131415161718191A1B1C1D1E1F"));
		EVP_PKEY_free(key);
		/* the pair of the same number has the same secret */
		expect(0x9000, applet, "80016100", "41=" ID " 42=03 43=" P256_X " 44=" P256_U);
		expect(0x9000, applet, "8003010F", "41=" ID " 42=" P256_U);
		secret = value_hex(0x41);
		expect(0x9000, applet, "8003010F", "41=7B000001 42=" P256_U);
		assert_string_equal(value_hex(0x41), secret);
		/* no signature is verified with it, and it is not made here */
		expect(0x6985, applet, "80030C0A", "41=7B000001 42=21 43=%.64s 45=00", DIGEST);
		expect(0x6A80, applet, "80014100", "41=00000009 42=03");
		expect(0x6A80, applet, "80014100", "41=00000009 42=03 43=" P256_X " 44=" P256_U);
		expect(0x6985, applet, "80014100", "41=00000009 42=03 43=" P256_X "00");
		expect(0x6A80, applet, "80014100", "41=00000009 42=03 43=%064d", 0);
		/* another one in its place; it does not become a pair */
		expect(0x9000, applet, "80014100", "41=7B000001 43=%063d1", 0);
		expect(0x6985, applet, "80016100", "41=7B000001 42=03");
		expect(0x9000, applet, "80014100", "41=00000040 42=40 43=" P256_X);
		expect(0x9000, applet, "80030C09", "41=00000040 42=A3 43=00");
		applet_free(applet);
	}
}

/* RFC 8032, 7.1: secret key, public key, message, signature */
static void test_ed25519(void **state)
{
	static const struct { const char *secret, *public, *message, *r, *s; } cases[] = {
		{ "9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60",
		  "D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A",
		  "",
		  "E5564300C360AC729086E2CC806E828A84877F1EB8E5D974D873E06522490155",
		  "5FB8821590A33BACC61E39701CF9B46BD25BF5F0595BBE24655141438E7A100B" },
		{ "4CCD089B28FF96DA9DB6C346EC114E0F5B8A319F35ABA624DA8CF6ED4FB8A6FB",
		  "3D4017C3E843895A92B70AA74D1B7EBC9C982CCF2EC4968CC0CD55F12AF4660C",
		  "72",
		  "92A009A9F0D4CAB8720E820B5F642540A2B27B5416503F8FB3762223EBDB69DA",
		  "085AC1E43E15996E458F3613D0F11D8C387B2EAEB4302AEEB00D291612BB0C00" },
		{ "C5AA8DF43F9F837BEDB7442F31DCB7B166D38535076F094B85CE3A2E0B4458F7",
		  "FC51CD8E6218A1A38DA47ED00230F0580816ED13BA3303AC5DEB911548908025",
		  "AF82",
		  "6291D657DEEC24024827E69C3ABE01A30CE548A284743A445E3680D7DB5AC3AC",
		  "18FF9B538D16F290AE67F760984DC6594A7C15E9716ED28DC027BECEEA1EC40A" },
	};
	struct applet *applet = chip(NULL);
	EVP_PKEY *key;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t raw[64], sig[64], message[3] = "abc";
	char want[129];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(0x9000, applet, "80016100", "41=%08zX 42=40 43=%s 44=%s", i + 1,
		       cases[i].secret, reversed(cases[i].public));
		expect(0x9000, applet, "80020000", "41=%08zX", i + 1);
		assert_string_equal(value_hex(0x41), reversed(cases[i].public));
		expect(0x9000, applet, "80030C09", "41=%08zX 42=A3 43=%s", i + 1, cases[i].message);
		snprintf(want, sizeof(want), "%s%s", reversed(cases[i].r), reversed(cases[i].s));
		assert_string_equal(value_hex(0x41), want);
		expect(0x9000, applet, "80030C0A", "41=%08zX 42=A3 43=%s 45=%s", i + 1,
		       cases[i].message, want);
		assert_string_equal(value_hex(0x41), "01");
		expect(0x9000, applet, "80030C0A", "41=%08zX 42=A3 43=%s00 45=%s", i + 1,
		       cases[i].message, want);
		assert_string_equal(value_hex(0x41), "02");
	}
	/* one made in the chip, to libcrypto */
	expect(0x9000, applet, "80016100", "41=" ID " 42=40");
	expect(0x9000, applet, "80020000", "41=" ID);
	unhex(raw, reversed(value_hex(0x41)));
	key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, raw, 32);
	expect(0x9000, applet, "80030C09", "41=" ID " 42=A3 43=616263");
	snprintf(want, sizeof(want), "%.64s", value_hex(0x41));
	unhex(sig, reversed(want));
	unhex(sig + 32, reversed(value_hex(0x41) + 64));
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestVerify(ctx, sig, sizeof(sig), message, sizeof(message)), 1);
	/* it is for EdDSA only, and of a pair the halves must fit */
	expect(0x6A80, applet, "80030C09", "41=" ID " 42=21 43=%.64s", DIGEST);
	expect(0x6985, applet, "8003010F", "41=" ID " 42=%s", hex(raw, 32));
	expect(0x6A80, applet, "80016100", "41=00000009 42=40 43=%s 44=%s", cases[0].secret,
	       reversed(cases[1].public));
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	applet_free(applet);
}

/* RFC 7748, 6.1 (Bob's) and 6.2 (Alice's): private and public key, the peer's, the secret */
static void test_montgomery(void **state)
{
	static const struct { const char *curve, *private, *public, *peer, *secret; } cases[] = {
		{ "41",
		  "5DAB087E624A8A4B79E17F8B83800EE66F3BB1292618B6FD1C2F8B27FF88E0EB",
		  "DE9EDB7D7B7DC1B4D35B61C2ECE435373F8343C85B78674DADFC7E146F882B4F",
		  "8520F0098930A754748B7DDCB43EF75A0DBF3A0D26381AF4EBA4A98EAA9B4E6A",
		  "4A5D9D5BA4CE2DE1728E3BF480350F25E07E21C947D19E3376F09B3C1E161742" },
		{ "43",
		  "9A8F4925D1519F5775CF46B04B5800D4EE9EE8BAE8BC5565D498C28D"
		  "D9C9BAF574A9419744897391006382A6F127AB1D9AC2D8C0A598726B",
		  "9B08F7CC31B7E3E67D22D5AEA121074A273BD2B83DE09C63FAA73D2C"
		  "22C5D9BBC836647241D953D40C5B12DA88120D53177F80E532C41FA0",
		  "3EB7A829B0CD20F5BCFC0B599B6FECCF6DA4627107BDB0D4F345B430"
		  "27D8B972FC3E34FB4232A13CA706DCB57AEC3DAE07BDC1C67BF33609",
		  "07FFF4181AC6CC95EC1C16A94A0F74D12DA232CE40A77552281D282B"
		  "B60C0B56FD2464C335543936521C24403085D59A449A5037514A879D" },
	};
	struct applet *applet = chip(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(0x9000, applet, "80016100", "41=%08zX 42=%s 43=%s 44=%s", i + 1,
		       cases[i].curve, reversed(cases[i].private), reversed(cases[i].public));
		expect(0x9000, applet, "8003010F", "41=%08zX 42=%s", i + 1,
		       reversed(cases[i].peer));
		assert_string_equal(value_hex(0x41), reversed(cases[i].secret));
		/* applet 7.x can turn it round itself */
		expect(0x9000, applet, "80030159", "41=%08zX 42=%s", i + 1,
		       reversed(cases[i].peer));
		assert_string_equal(value_hex(0x41), cases[i].secret);
		expect(0x6A80, applet, "80030C09", "41=%08zX 42=21 43=%.64s", i + 1, DIGEST);
		expect(0x6A80, applet, "80030C09", "41=%08zX 42=A3 43=00", i + 1);
	}
	/* two made in the chip agree, and the secret can stay there */
	expect(0x9000, applet, "80016100", "41=" ID " 42=41");
	expect(0x9000, applet, "80020000", "41=" ID);
	expect(0x9000, applet, "8003010F", "41=00000001 42=%s", value_hex(0x41));
	expect(0x9000, applet, "80010500", "41=00000005 43=00");
	expect(0x9000, applet, "80030D45", "41=00000005 42=19 43=00");
	assert_string_not_equal(value_hex(0x41), "none");
	expect(0x9000, applet, "8003010F", "41=00000001 42=%s 47=00000005",
	       reversed(cases[0].peer));
	assert_int_equal(answer.len, 0);
	expect(0x9000, applet, "80030D45", "41=00000005 42=19 43=00");
	{
		char mac[65];

		strcpy(mac, value_hex(0x41));
		expect(0x9000, applet, "80010500", "41=00000006 43=%s", reversed(cases[0].secret));
		expect(0x9000, applet, "80030D45", "41=00000006 42=19 43=00");
		assert_string_equal(value_hex(0x41), mac);
	}
	expect(0x6985, applet, "8003010F", "41=00000001 42=%s 47=00000001",
	       reversed(cases[0].peer));	/* that is no place for it */
	applet_free(applet);
}

/* ---- RSA ---- */

static const struct { const char *id, *digest; bool pss; int len; } rsa[] = {
	{ "0A", "SHA1", false, 20 }, { "27", "SHA224", false, 28 },
	{ "28", "SHA256", false, 32 }, { "29", "SHA384", false, 48 },
	{ "2A", "SHA512", false, 64 }, { "15", "SHA1", true, 20 },
	{ "2B", "SHA224", true, 28 }, { "2C", "SHA256", true, 32 },
	{ "2D", "SHA384", true, 48 }, { "2E", "SHA512", true, 64 },
};

static EVP_PKEY *read_rsa(struct applet *applet, const char *id)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	BIGNUM *n = NULL, *e = NULL;
	EVP_PKEY *key = NULL;

	expect(0x9000, applet, "80020000", "41=%s 44=00", id);
	BN_hex2bn(&n, value_hex(0x41));
	expect(0x9000, applet, "80020000", "41=%s 44=01", id);
	assert_string_equal(value_hex(0x41), "010001");
	BN_hex2bn(&e, value_hex(0x41));
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

static bool rsa_verifies(EVP_PKEY *key, size_t i, const char *message, int salt)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	size_t len;
	const uint8_t *sig = value(0x41, &len);
	bool ok;

	assert_int_equal(EVP_DigestVerifyInit_ex(md, &ctx, rsa[i].digest, NULL, NULL, key, NULL), 1);
	if (rsa[i].pss) {
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt);
	}
	ok = EVP_DigestVerify(md, sig, len, (const uint8_t *)message, strlen(message)) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

/* What the chip signs libcrypto verifies, and the chip itself; not another message. */
static void check_rsa_signatures(struct applet *applet, EVP_PKEY *key)
{
	size_t n = sizeof(rsa) / sizeof(rsa[0]), len = EVP_PKEY_get_size(key), i;
	char sig[1025];

	for (i = 0; i < n; i++) {
		/* the longest digests do not fit into the shortest keys (RFC 8017, 9.1, 9.2) */
		bool fits = len >= 2 * (size_t)rsa[i].len + 2 && (len > 64 || rsa[i].len <= 28);

		xfer(applet, "80030C09", "41=" ID " 42=%s 43=616263", rsa[i].id);
		if (!fits)
			continue;
		assert_int_equal(answer.sw, 0x9000);
		assert_true(rsa_verifies(key, i, "abc", rsa[i].len));
		strcpy(sig, value_hex(0x41));
		expect(0x9000, applet, "80030C0A", "41=" ID " 42=%s 43=616263 45=%s", rsa[i].id, sig);
		assert_string_equal(value_hex(0x41), "01");
		expect(0x9000, applet, "80030C0A", "41=" ID " 42=%s 43=616264 45=%s", rsa[i].id, sig);
		assert_string_equal(value_hex(0x41), "02");
	}
}

/* Encrypted by libcrypto, decrypted by the chip; and there and back in the chip */
static void check_rsa_encryption(struct applet *applet, EVP_PKEY *key)
{
	static const struct { const char *id; int padding; } modes[] = {
		{ "0A", RSA_PKCS1_PADDING }, { "0F", RSA_PKCS1_OAEP_PADDING },
	};
	size_t size = EVP_PKEY_get_size(key), len, i;
	uint8_t out[512], raw[512] = { 0, 1, 2, 3 };

	for (i = 0; i < 2; i++) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

		assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
		EVP_PKEY_CTX_set_rsa_padding(ctx, modes[i].padding);
		len = sizeof(out);
		assert_int_equal(EVP_PKEY_encrypt(ctx, out, &len, (const uint8_t *)"hello", 5), 1);
		EVP_PKEY_CTX_free(ctx);
		expect(0x9000, applet, "80030238", "41=" ID " 42=%s 43=%s", modes[i].id, hex(out, len));
		assert_string_equal(value_hex(0x41), "68656C6C6F");
		expect(0x9000, applet, "80030237", "41=" ID " 42=%s 43=414243", modes[i].id);
		expect(0x9000, applet, "80030238", "41=" ID " 42=%s 43=%s", modes[i].id,
		       value_hex(0x41));
		assert_string_equal(value_hex(0x41), "414243");
	}
	expect(0x9000, applet, "80030237", "41=" ID " 42=0C 43=%s", hex(raw, size));
	expect(0x9000, applet, "80030238", "41=" ID " 42=0C 43=%s", value_hex(0x41));
	assert_string_equal(value_hex(0x41), hex(raw, size));
	/* what is too long or too short, and no such padding */
	expect(0x6A80, applet, "80030237", "41=" ID " 42=0C 43=%s", hex(raw, size - 1));
	expect(0x6A80, applet, "80030238", "41=" ID " 42=0A 43=%s", hex(raw, size - 1));
	expect(0x6A80, applet, "80030237", "41=" ID " 42=0A 43=%s", hex(raw, size - 10));
	expect(0x6A80, applet, "80030237", "41=" ID " 42=0B 43=00");
}

static void test_rsa(void **state)
{
	static const unsigned int sizes[] = { 512, 1024, 1152, 2048 };
	struct applet *applet = chip_model("7");

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const char *format = i % 2 ? "80016200" : "8001624F";	/* CRT, raw */
		EVP_PKEY *key;

		expect(0x9000, applet, format, "41=" ID " 42=%04X", sizes[i]);
		assert_true(answer.delay_us >= 500000);
		expect(0x9000, applet, "80020026", "41=" ID);
		assert_string_equal(value_hex(0x41), i % 2 ? "05" : "04");
		expect(0x9000, applet, "80020007", "41=" ID);
		assert_int_equal(strtoul(value_hex(0x41), NULL, 16), sizes[i] / 8);
		key = read_rsa(applet, ID);
		check_rsa_signatures(applet, key);
		check_rsa_encryption(applet, key);
		EVP_PKEY_free(key);
		expect(0x9000, applet, "80040028", "41=" ID);
	}
	expect(0x6A80, applet, "80016200", "41=" ID " 42=0401");
	expect(0x6A80, applet, "80016200", "41=" ID " 42=0600");
	expect(0x6A80, applet, "80016200", "41=" ID);
	expect(0x6A80, applet, "80012200", "41=" ID " 42=0400");	/* no public key is made */
	expect(0x6985, applet, "80010200", "41=" ID " 48=010001");	/* a part of what? */
	/* a salt of another length: 7.x only */
	expect(0x9000, applet, "80016200", "41=" ID " 42=0400");
	expect(0x9000, applet, "80030C09", "41=" ID " 42=2C 43=616263 44=0008");
	{
		EVP_PKEY *key = read_rsa(applet, ID);

		expect(0x9000, applet, "80030C09", "41=" ID " 42=2C 43=616263 44=0008");
		assert_true(rsa_verifies(key, 7, "abc", 8));
		assert_false(rsa_verifies(key, 7, "abc", 32));
		EVP_PKEY_free(key);
	}
	expect(0x6A80, applet, "80030C09", "41=" ID " 42=28 43=616263 44=0008");
	expect(0x6A80, applet, "80030C09", "41=" ID " 42=21 43=%.64s", DIGEST);	/* ECDSA */
	applet_free(applet);
}

static const char *part(EVP_PKEY *key, const char *name, int len)
{
	BIGNUM *n = NULL;
	uint8_t buf[512];

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	if (!len)
		len = BN_num_bytes(n);
	assert_int_equal(BN_bn2binpad(n, buf, len), len);
	BN_clear_free(n);
	return hex(buf, len);
}

/* Part by part; until the last one came there is no key. */
static void test_rsa_import(void **state)
{
	static const struct { const char *tag, *name; int divisor; } crt[] = {
		{ "43", OSSL_PKEY_PARAM_RSA_FACTOR1, 16 },
		{ "44", OSSL_PKEY_PARAM_RSA_FACTOR2, 16 },
		{ "45", OSSL_PKEY_PARAM_RSA_EXPONENT1, 16 },
		{ "46", OSSL_PKEY_PARAM_RSA_EXPONENT2, 16 },
		{ "47", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 16 },
		{ "48", OSSL_PKEY_PARAM_RSA_E, 0 },
	}, raw[] = {
		{ "48", OSSL_PKEY_PARAM_RSA_E, 0 },
		{ "49", OSSL_PKEY_PARAM_RSA_D, 8 },
		{ "4A", OSSL_PKEY_PARAM_RSA_N, 8 },
	};
	const struct { const char *header; size_t parts; } formats[] = {
		{ "80016200", 6 }, { "8001624F", 3 },
	};
	EVP_PKEY *key = EVP_RSA_gen(1024);
	struct applet *applet = chip_model("3");
	char n[257];

	(void)state;
	strcpy(n, part(key, OSSL_PKEY_PARAM_RSA_N, 128));
	for (int f = 0; f < 2; f++) {
		for (size_t i = 0; i < formats[f].parts; i++) {
			const char *tag = f ? raw[i].tag : crt[i].tag;
			const char *p = part(key, f ? raw[i].name : crt[i].name,
					     (f ? raw[i].divisor : crt[i].divisor) ?
					     1024 / (f ? raw[i].divisor : crt[i].divisor) : 0);

			if (i)	/* not complete yet */
				expect(0x6985, applet, "80030C09", "41=" ID " 42=28 43=616263");
			if (i)
				expect(0x9000, applet, formats[f].header, "41=" ID " %s=%s", tag, p);
			else
				expect(0x9000, applet, formats[f].header, "41=" ID " 42=0400 %s=%s",
				       tag, p);
		}
		expect(0x9000, applet, "80020000", "41=" ID " 44=00");
		assert_string_equal(value_hex(0x41), n);
		expect(0x9000, applet, "80030C09", "41=" ID " 42=28 43=616263");
		assert_true(rsa_verifies(key, 2, "abc", 0));
		/* a part of the wrong length, two at once, another size, another format */
		expect(0x6A80, applet, "80010200", "41=" ID " 4A=%s", n + 2);
		expect(0x6A80, applet, "80010200", "41=" ID " 48=010001 4A=%s", n);
		expect(0x6985, applet, formats[f].header, "41=" ID " 42=0800 48=010001");
		expect(0x6985, applet, formats[!f].header, "41=" ID " 48=010001");
		expect(0x9000, applet, "80040028", "41=" ID);
	}
	/* the public part alone */
	expect(0x9000, applet, "80012200", "41=" ID " 42=0400 4A=%s", n);
	expect(0x6985, applet, "80020000", "41=" ID " 44=00");
	expect(0x9000, applet, "80010200", "41=" ID " 48=010001");
	expect(0x9000, applet, "80020000", "41=" ID " 44=00");
	assert_string_equal(value_hex(0x41), n);
	expect(0x6A80, applet, "80020000", "41=" ID);
	expect(0x6A80, applet, "80020000", "41=" ID " 44=02");
	expect(0x9000, applet, "80020026", "41=" ID);
	assert_string_equal(value_hex(0x41), "08");
	expect(0x6985, applet, "80030C09", "41=" ID " 42=28 43=616263");
	expect(0x6985, applet, "80030238", "41=" ID " 42=0A 43=%s", n);
	expect(0x6A80, applet, "80010200", "41=" ID " 43=%.128s", n);
	EVP_PKEY_free(key);
	applet_free(applet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weierstrass),
		cmocka_unit_test(test_ec_import),
		cmocka_unit_test(test_ec_private),
		cmocka_unit_test(test_ed25519),
		cmocka_unit_test(test_montgomery),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_rsa_import),
	};

	return cmocka_run_group_tests_name("applet crypto", tests, NULL, NULL);
}
