// SPDX-License-Identifier: GPL-2.0-only
/* The simulated chip's sessions, policies and attested reads */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "applet_run.h"

#define ALICE		"0000000A"
#define BOB		"0000000B"
#define ALICES_ID	"616C696365"
#define BOBS_ID		"626F6262"
#define ANYONE		"00000000"
#define SELECT		"00A4040010A000000396545300000001030000000000"

static struct applet *with_users(const char *model)
{
	struct applet *applet = chip_model(model);

	expect(0x9000, applet, "80410700", "12=0003 41=" ALICE " 42=" ALICES_ID);
	expect(0x9000, applet, "80410700", "41=" BOB " 42=" BOBS_ID);
	return applet;
}

static void test_sessions(void **state)
{
	struct applet *applet = with_users(NULL);
	const char *alice, *bob;
	char unverified[17];

	(void)state;
	expect(0x6985, applet, "8004001B", "41=" ID);		/* no such user */
	expect(0x6985, applet, "8004001B", "41=7FFF0206");	/* that is no user */
	expect(0x6A80, applet, "8004001B", "41=00");
	alice = open_session(applet, ALICE, ALICES_ID);
	expect(0x6985, applet, "8004001B", "41=" ALICE);	/* one for each user */
	bob = open_session(applet, BOB, BOBS_ID);
	assert_string_not_equal(alice, bob);
	expect(0x9000, applet, "80410700", "41=0000000C 42=01020304");
	expect(0x6985, applet, "8004001B", "41=0000000C");	/* two at once */
	/* the inner answer is the answer */
	expect_in(0x9000, applet, alice, "80040020", NOTHING);
	assert_string_equal(answer.hex, "418200070702003F9FFFFF9000");
	expect_in(0x6985, applet, alice, "80020000", "41=" ID);
	expect_in(0x6D00, applet, alice, "80FF0000", NOTHING);
	expect_in(0x6985, applet, alice, "8004002C", "41=" ALICES_ID);	/* twice */
	expect_in(0x6985, applet, "0102030405060708", "80040020", NOTHING);
	expect_in(0x6A80, applet, "01", "80040020", NOTHING);
	expect(0x6700, applet, "80050000", "10=%s 41=800400", alice);
	expect(0x6985, applet, "80050000", "10=%s 41=8005000000", alice);	/* no nesting */
	/* a user with a session stays */
	expect(0x6985, applet, "80040028", "41=" ALICE);
	expect_in(0x9000, applet, alice, "8004001C", NOTHING);
	expect_in(0x6985, applet, alice, "80040020", NOTHING);
	expect(0x9000, applet, "8004001B", "41=0000000C");
	strcpy(unverified, value_hex(0x41));
	/* before his UserID is verified he is nobody */
	expect_in(0x6985, applet, unverified, "8004001F", "41=0480000002");
	expect_in(0x6985, applet, unverified, "8004001E", NOTHING);
	expect_in(0x9000, applet, unverified, "80010600", "41=" ID " 43=0001");
	expect(0x9000, applet, "8002003B", "41=" ID);
	assert_memory_equal(value_hex(0x43) + 16, "00000000", 8);
	expect_in(0x9000, applet, unverified, "8004001C", NOTHING);
	/* SELECT ends them all */
	run(applet, SELECT);
	expect_in(0x6985, applet, bob, "80040020", NOTHING);
	applet_free(applet);
}

static void wrong_userid(struct applet *applet, const char *user, const char *userid)
{
	char session[17];

	expect(0x9000, applet, "8004001B", "41=%s", user);
	strcpy(session, value_hex(0x41));
	expect_in(0x6985, applet, session, "8004002C", "41=%s", userid);
	expect_in(0x9000, applet, session, "8004001C", NOTHING);
}

/* A UserID can be changed by whom its policy lets: the old one is worth nothing then. */
static void test_change_userid(void **state)
{
	struct applet *applet = chip(NULL);
	const char *alice;

	(void)state;
	expect(0x9000, applet, "80410700", "11=08" ALICE "00100000 12=0002 41=" ALICE
	       " 42=" ALICES_ID);
	expect(0x6986, applet, "80410700", "41=" ALICE " 42=01020304");
	alice = open_session(applet, ALICE, ALICES_ID);
	expect_in(0x9000, applet, alice, "80410700", "41=" ALICE " 42=0102030405060708");
	expect_in(0x9000, applet, alice, "8004001C", NOTHING);
	wrong_userid(applet, ALICE, ALICES_ID);
	open_session(applet, ALICE, "0102030405060708");
	applet_free(applet);
}

/* Three wrong ones in a row, counted over sessions and power, lock Alice out. */
static void test_attempts(void **state)
{
	char path[] = "/tmp/se05x-attempts.XXXXXX";
	struct applet *applet;
	const char *session;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	applet = chip(&(struct applet_config) { .state = path });
	expect(0x9000, applet, "80410700", "12=0003 41=" ALICE " 42=" ALICES_ID);
	expect(0x9000, applet, "80410700", "41=" BOB " 42=" BOBS_ID);
	wrong_userid(applet, ALICE, "00000000");
	wrong_userid(applet, ALICE, "616C6963");	/* too short */
	expect(0x9000, applet, "8002003B", "41=" ALICE);
	assert_memory_equal(value_hex(0x43) + 12, "0002", 4);
	session = open_session(applet, ALICE, ALICES_ID);	/* good: counted anew */
	expect_in(0x9000, applet, session, "8004001C", NOTHING);
	wrong_userid(applet, ALICE, "00000000");
	wrong_userid(applet, ALICE, "00000000");
	applet_free(applet);
	applet = chip(&(struct applet_config) { .state = path });
	wrong_userid(applet, ALICE, "00000000");
	wrong_userid(applet, ALICE, ALICES_ID);
	/* Bob has no limit */
	for (int i = 0; i < 10; i++)
		wrong_userid(applet, BOB, "00000000");
	open_session(applet, BOB, BOBS_ID);
	applet_free(applet);
	unlink(path);
}

static void test_session_policy(void **state)
{
	struct applet *applet = with_users(NULL);
	const char *alice = open_session(applet, ALICE, ALICES_ID);

	(void)state;
	expect_in(0x6A80, applet, alice, "8004001F", "41=00");
	expect_in(0x6A80, applet, alice, "8004001F", "41=028000");	/* how many? */
	expect_in(0x6A80, applet, alice, "8004001F", "41=0180");
	expect_in(0x6A80, applet, alice, "8004001F", "41=05A0000003");
	expect_in(0x6A80, applet, alice, "8004001F", "41=0480000003FF");
	expect_in(0x6A80, applet, alice, "8004001F", "41=020001");	/* no such rule */
	/* three more, and again with a refresh, if it may */
	expect_in(0x9000, applet, alice, "8004001F", "41=04A0000063");
	expect_in(0x6A80, applet, alice, "8004001E", "11=00");
	expect_in(0x9000, applet, alice, "8004001E", "11=04A0000003");
	expect_in(0x9000, applet, alice, "80040020", NOTHING);
	expect_in(0x9000, applet, alice, "8004001E", NOTHING);
	for (int i = 0; i < 3; i++)
		expect_in(0x9000, applet, alice, "80040020", NOTHING);
	expect_in(0x6985, applet, alice, "80040020", NOTHING);
	/* its place is free again */
	alice = open_session(applet, ALICE, ALICES_ID);
	expect_in(0x9000, applet, alice, "8004001F", "41=0480000002");
	expect_in(0x6985, applet, alice, "8004001E", NOTHING);
	expect_in(0x9000, applet, alice, "80040020", NOTHING);
	expect_in(0x6985, applet, alice, "80040020", NOTHING);
	/* no time at all is over at once */
	alice = open_session(applet, ALICE, ALICES_ID);
	expect_in(0x9000, applet, alice, "8004001F", "41=0440000000");
	expect_in(0x6985, applet, alice, "80040020", NOTHING);
	applet_free(applet);
}

/* One command, the rule it needs, and the SW with which it succeeds */
static const struct { unsigned int rule; const char *key, *header, *body; } needs[] = {
	{ 0x10000000, "ec", "80030C09", "42=21 43=%064d" },		/* sign */
	{ 0x08000000, "ec", "80030C0A", "42=21 43=%064d 45=00" },	/* verify */
	{ 0x04000000, "ec", "8003010F", "42=" },			/* agree */
	{ 0x00200000, "ec", "80020000", "" },				/* read */
	{ 0x00080000, "ec", "80016100", "" },				/* generate */
	{ 0x00040000, "ec", "80040028", "" },				/* delete */
	{ 0x02000000, "aes", "80030E37", "42=0E 43=%032d" },		/* encrypt */
	{ 0x01000000, "aes", "80030E38", "42=0E 43=%032d" },		/* decrypt */
	{ 0x10000000, "aes", "80030D45", "42=31 43=%02d" },		/* MAC */
	{ 0x08000000, "aes", "80030D46", "42=31 43=%02d 45=00" },
	{ 0x00100000, "aes", "80010300", "43=%032d" },			/* write */
	{ 0x00800000, "hmac", "8003002D", "42=04 45=0020" },		/* HKDF */
	{ 0x00000080, "hmac", "8003002E", "42=%02d 43=0001 44=0020" },	/* PBKDF2 */
	{ 0x00100000, "binary", "80010600", "44=%02d" },
	{ 0x00200000, "binary", "80020000", "" },
	{ 0x00100000, "counter", "80010800", "" },
	{ 0x00100000, "pcr", "80010900", "43=%02d" },
};

static void make(struct applet *applet, const char *what, const char *policy)
{
	static const struct { const char *what, *header, *body; } how[] = {
		{ "ec", "80016100", "42=03" },
		{ "aes", "80010300", "43=2B7E151628AED2A6ABF7158809CF4F3C" },
		{ "hmac", "80010500", "43=00" },
		{ "binary", "80010600", "43=0001" },
		{ "counter", "80010800", "42=0004" },
		{ "pcr", "80010900", "42=000000000000000000000000000000000000000000000000"
				     "0000000000000000" },
	};

	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++)
		if (!strcmp(how[i].what, what))
			expect(0x9000, applet, how[i].header, "11=%s 41=" ID " %s", policy,
			       how[i].body);
}

/* For each command: with its rule and no other it is run; with all but its rule not. */
static void test_rules(void **state)
{
	const unsigned int all_key = 0x1FFC0080, all_file = 0x00340000, remove = 0x00040000;
	struct applet *applet = with_users("7");
	const char *alice = open_session(applet, ALICE, ALICES_ID);

	(void)state;
	set_up_curve(applet, 3, "prime256v1");
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		bool key = i < 13;
		char policy[64], body[256];

		snprintf(body, sizeof(body), needs[i].body, 0);
		snprintf(policy, sizeof(policy), "0800000000%08X",
			 ((key ? all_key : all_file) & ~needs[i].rule) | (needs[i].rule == remove ?
			 0 : remove));
		make(applet, needs[i].key, policy);
		if (xfer(applet, needs[i].header, "41=" ID " %s", body) != 0x6986)
			fail_msg("%s %s without its rule: %04X", needs[i].key, needs[i].header,
				 answer.sw);
		if (needs[i].rule == remove) {
			/* made for ever: only a new chip helps */
			applet_free(applet);
			applet = with_users("7");
			alice = open_session(applet, ALICE, ALICES_ID);
			set_up_curve(applet, 3, "prime256v1");
		} else {
			expect(0x9000, applet, "80040028", "41=" ID);
		}
		/* Alice alone may, and only in her session */
		snprintf(policy, sizeof(policy), "08" ALICE "%08X" "08" ANYONE "%08X",
			 needs[i].rule, remove & ~needs[i].rule);
		make(applet, needs[i].key, policy);
		expect(0x6986, applet, needs[i].header, "41=" ID " %s", body);
		xfer_in(applet, alice, needs[i].header, "41=" ID " %s", body);
		/* what has no peer to agree with gets as far as that */
		if (answer.sw != (strstr(needs[i].header, "8003010F") ? 0x6A80 : 0x9000))
			fail_msg("%s %s with its rule: %04X", needs[i].key, needs[i].header,
				 answer.sw);
		if (needs[i].rule == remove)
			continue;
		/* and nothing else: not even what is for anyone, for she has an entry */
		expect_in(0x6986, applet, alice, "80040028", "41=" ID);
		expect(0x9000, applet, "80040028", "41=" ID);
	}
	applet_free(applet);
}

static void test_policies(void **state)
{
	struct applet *applet = with_users("7");
	const char *alice = open_session(applet, ALICE, ALICES_ID);
	uint8_t pcr[32] = { 7 };

	(void)state;
	/* what is no policy, and what is none for that */
	expect(0x6A80, applet, "80010600", "11= 41=" ID " 43=0001");
	expect(0x6A80, applet, "80010600", "11=0800000000 41=" ID " 43=0001");
	expect(0x6A80, applet, "80010600", "11=0700000000002400 41=" ID " 43=0001");
	expect(0x6984, applet, "80010600", "11=080000000010000000 41=" ID " 43=0001");	/* sign */
	expect(0x6984, applet, "80010600", "11=090000000000240000FF 41=" ID " 43=0001");
	expect(0x6984, applet, "80010600", "11=080000000000210000 41=" ID " 43=0001");	/* PCR? */
	expect(0x6984, applet, "80010600", "11=080000000000240000080000000000240000 41=" ID " 43=0001");
	expect(0x6984, applet, "80010800", "11=080000000010000000 41=" ID " 42=0001");
	expect(0x6984, applet, "80010900", "11=080000000002000000 41=" ID " 42=%064d", 0);
	expect(0x6984, applet, "80410700", "11=080000000004000000 41=" ID " 42=01020304");
	expect(0x6984, applet, "80010600", "11=08" ALICE "00240000" "08" ANYONE "00240000"
	       "08" ALICE "00340000 41=" ID " 43=0001");
	expect(0x9000, applet, "80040027", "41=" ID);
	assert_string_equal(value_hex(0x41), "02");
	/* it can't be changed later, but it can be checked (7.x) */
	expect(0x9000, applet, "80010600", "11=080000000000340000 41=" ID " 43=0001");
	expect(0x6985, applet, "80010600", "11=080000000000340000 41=" ID " 44=00");
	expect(0x9000, applet, "80010600", "15=080000000000340000 41=" ID " 44=00");
	expect(0x6985, applet, "80010600", "15=080000000000240000 41=" ID " 44=00");
	expect(0x6985, applet, "80010600", "15=080000000000340000 41=00000009 43=0001");
	expect(0x9000, applet, "80040028", "41=" ID);
	/* everything is forbidden to Alice, and only to her */
	expect(0x9000, applet, "80010600", "11=08" ALICE "20000000" "08" ANYONE "00340000"
	       " 41=" ID " 43=0001");
	expect(0x9000, applet, "80020000", "41=" ID);
	expect_in(0x6986, applet, alice, "80020000", "41=" ID);
	expect_in(0x6986, applet, alice, "80040028", "41=" ID);
	expect(0x9000, applet, "80040028", "41=" ID);
	/* who has no entry of his own is anyone */
	expect(0x9000, applet, "80010600", "11=08" BOB "00200000" "08" ANYONE "00340000"
	       " 41=" ID " 43=0001");
	expect_in(0x9000, applet, alice, "80010600", "41=" ID " 44=00");
	expect_in(0x9000, applet, alice, "80040028", "41=" ID);
	expect(0x9000, applet, "80010600", "11=08" BOB "00340000 41=" ID " 43=0001");
	expect_in(0x6986, applet, alice, "80020000", "41=" ID);
	expect(0x6986, applet, "80020000", "41=" ID);
	{
		const char *bob = open_session(applet, BOB, BOBS_ID);

		expect_in(0x9000, applet, bob, "80020000", "41=" ID);
		expect_in(0x9000, applet, bob, "80040028", "41=" ID);
		expect_in(0x9000, applet, bob, "8004001C", NOTHING);
	}
	/* only by secure messaging, of which there is none */
	expect(0x9000, applet, "80010600", "11=08" ANYONE "00260000" " 41=00000002 43=0001");
	expect(0x6986, applet, "80020000", "41=00000002");
	expect(0x6986, applet, "80040028", "41=00000002");
	/* only while a PCR has a value */
	expect(0x9000, applet, "80010900", "41=00000003 42=%s", hex(pcr, 32));
	expect(0x9000, applet, "80010600", "11=2C" ANYONE "00250000" "00000003%s"
	       " 41=" ID " 43=0001", hex(pcr, 32));
	expect(0x9000, applet, "80020000", "41=" ID);
	expect(0x9000, applet, "80010900", "41=00000003 43=00");
	expect(0x6986, applet, "80020000", "41=" ID);
	expect(0x9000, applet, "80040028", "41=00000003");
	expect(0x6986, applet, "80020000", "41=" ID);
	/* the owner is who made it */
	expect_in(0x9000, applet, alice, "80010600", "41=00000005 43=0001");
	expect(0x9000, applet, "8002003B", "41=00000005");
	assert_memory_equal(value_hex(0x43) + 16, ALICE, 8);
	applet_free(applet);
	/* rules that 3.x does not know */
	applet = chip_model("3");
	expect(0x6984, applet, "80010500", "11=080000000000000080 41=" ID " 43=00");
	expect(0x9000, applet, "80010500", "11=080000000000840000 41=" ID " 43=00");
	expect(0x9000, applet, "8003002E", "41=" ID " 42=00 43=0001 44=0010");	/* KDF is enough */
	applet_free(applet);
}

/* DeleteAll: in a session on 7FFF0205 only; what NXP provisioned stays. */
static void test_delete_all(void **state)
{
	struct applet *applet = with_users(NULL);
	const char *session = open_session(applet, ALICE, ALICES_ID);

	(void)state;
	set_up_curve(applet, 3, "prime256v1");
	expect(0x9000, applet, "80016100", "11=080000000000200000 41=" ID " 42=03");
	expect(0x9000, applet, "80011000", "41=0001 42=01 43=04");
	expect(0x6986, applet, "80040028", "41=" ID);
	expect(0x6985, applet, "8004002A", NOTHING);
	expect_in(0x6985, applet, session, "8004002A", NOTHING);
	expect(0x9000, applet, "80410700", "41=7FFF0205 42=01020304");
	expect_in(0x9000, applet, session, "8004001C", NOTHING);
	session = open_session(applet, "7FFF0205", "01020304");
	expect_in(0x9000, applet, session, "8004002A", NOTHING);
	expect(0x9000, applet, "80020025", "41=0000 42=FF");
	assert_string_equal(value_hex(0x42), "7FFF0205" "7FFF0206" "F0000012" "F0000013"
			    "F0000100" "F0000101");
	assert_string_equal(run(applet, "80021025 00"), "418200009000");
	assert_string_equal(run(applet, "80020B25 00"), "4182001001010101010101010101010101010101" "9000");
	expect_in(0x6985, applet, session, "80040020", NOTHING);	/* sessions are gone */
	applet_free(applet);
}

/* ---- attested reads ---- */

#define FRESH	"00112233445566778899AABBCCDDEEFF"

static EVP_PKEY *attestation_key(struct applet *applet)
{
	const uint8_t *der;
	size_t len;
	X509 *cert;
	EVP_PKEY *key;

	expect(0x9000, applet, "80020000", "41=F0000013");
	der = value(0x41, &len);
	cert = d2i_X509(NULL, &der, len);
	assert_non_null(cert);
	key = X509_get_pubkey(cert);
	assert_int_equal(X509_verify(cert, key), 1);
	X509_free(cert);
	return key;
}

/* The signature in @tag is over @len bytes of @data. */
static bool signed_by(EVP_PKEY *key, uint8_t tag, const uint8_t *data, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t sig_len;
	const uint8_t *sig = value(tag, &sig_len);
	bool ok;

	assert_non_null(sig);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	ok = EVP_DigestVerify(ctx, sig, sig_len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

#define READ_ATTESTED	"41=" ID " 45=F0000012 46=21 47=" FRESH

static void test_attest_3(void **state)
{
	struct applet *applet = chip_model("3");
	EVP_PKEY *key = attestation_key(applet);
	uint8_t data[512];
	char unique[40];
	size_t len;

	(void)state;
	expect(0x9000, applet, "80020000", "41=7FFF0206");
	strcpy(unique, value_hex(0x41));
	expect(0x9000, applet, "80010600", "41=" ID " 43=0003 44=414243");
	expect(0x9000, applet, "80220000", READ_ATTESTED);
	assert_string_equal(value_hex(0x41), "414243");
	assert_string_equal(value_hex(0x42), ID "0B01" "0000" "00000000" "0000"
			    "080000000000340000" "01");
	assert_int_equal(strlen(value_hex(0x43)), 24);
	assert_string_equal(value_hex(0x44), FRESH);
	assert_string_equal(value_hex(0x45), unique);
	len = 0;
	for (uint8_t tag = 0x41; tag <= 0x45; tag++)
		len += unhex(data + len, value_hex(tag));
	assert_true(signed_by(key, 0x46, data, len));
	data[0] ^= 1;
	assert_false(signed_by(key, 0x46, data, len));
	/* its attributes alone */
	expect(0x9000, applet, "8022003B", READ_ATTESTED);
	assert_string_equal(value_hex(0x41), "none");
	len = 0;
	for (uint8_t tag = 0x42; tag <= 0x45; tag++)
		len += unhex(data + len, value_hex(tag));
	assert_true(signed_by(key, 0x46, data, len));
	EVP_PKEY_free(key);
	applet_free(applet);
}

/* What 7.x signs: the digest of the command without Le, then the TLVs as they came. */
static size_t attested_7(const char *header, const char *body, uint8_t *data)
{
	uint8_t apdu[512];
	size_t apdu_len = build(apdu, header, body) - 1, len, sig_len;
	const uint8_t *sig = value(0x52, &sig_len);

	assert_true(EVP_Q_digest(NULL, "SHA256", NULL, apdu, apdu_len, data, &len));
	memcpy(data + len, answer.buf, sig - 4 - answer.buf);
	return len + (sig - 4 - answer.buf);
}

static void test_attest_7(void **state)
{
	struct applet *applet = chip_model("7");
	EVP_PKEY *key = attestation_key(applet);
	uint8_t data[1024];
	size_t len;

	(void)state;
	expect(0x9000, applet, "80010600", "41=" ID " 43=0003 44=414243");
	expect(0x9000, applet, "80220000", READ_ATTESTED);
	assert_string_equal(value_hex(0x41), "414243");
	assert_int_equal(strlen(value_hex(0x42)), 36);
	assert_string_equal(value_hex(0x43), ID "0B01" "0000" "00000000" "0000"
			    "080000000000340000" "01" "00000000");
	assert_string_equal(value_hex(0x44), "0003");
	assert_int_equal(strlen(value_hex(0x4F)), 24);
	len = attested_7("80220000", READ_ATTESTED, data);
	assert_true(signed_by(key, 0x52, data, len));
	data[0] ^= 1;
	assert_false(signed_by(key, 0x52, data, len));
	expect(0x9000, applet, "8022003B", READ_ATTESTED);
	assert_string_equal(value_hex(0x41), "none");
	len = attested_7("8022003B", READ_ATTESTED, data);
	assert_true(signed_by(key, 0x52, data, len));
	/* an object that nobody reads is attested without its value */
	expect(0x9000, applet, "80010300", "41=00000002 43=%032d", 0);
	expect(0x9000, applet, "80220000", "41=00000002 45=F0000012 46=21 47=" FRESH);
	assert_string_equal(value_hex(0x41), "none");
	assert_string_equal(value_hex(0x44), "0010");
	len = attested_7("80220000", "41=00000002 45=F0000012 46=21 47=" FRESH, data);
	assert_true(signed_by(key, 0x52, data, len));
	expect(0x9000, applet, "80010600", "11=080000000000040000 41=00000003 43=0001");
	expect(0x6986, applet, "80020000", "41=00000003");
	expect(0x9000, applet, "80220000", "41=00000003 45=F0000012 46=21 47=" FRESH);
	assert_string_equal(value_hex(0x41), "none");
	EVP_PKEY_free(key);
	applet_free(applet);
}

/* An RSA key attests, too, by PKCS#1 and by PSS. */
static void test_attest_rsa(void **state)
{
	static const struct { const char *id; int padding; } cases[] = {
		{ "28", RSA_PKCS1_PADDING }, { "2C", RSA_PKCS1_PSS_PADDING },
	};
	struct applet *applet = chip_model("7");
	OSSL_PARAM params[3];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	uint8_t n[128], e[8], data[1024];
	EVP_PKEY *key = NULL;
	size_t n_len, e_len;

	(void)state;
	expect(0x9000, applet, "80016200", "11=080000000000208000 41=00000002 42=0400");
	expect(0x9000, applet, "80020000", "41=00000002 44=00");
	n_len = unhex(n, value_hex(0x41));
	expect(0x9000, applet, "80020000", "41=00000002 44=01");
	e_len = unhex(e, value_hex(0x41));
	/* libcrypto wants its numbers in the order of this machine */
	for (size_t i = 0; i < n_len / 2; i++) {
		uint8_t byte = n[i];

		n[i] = n[n_len - 1 - i];
		n[n_len - 1 - i] = byte;
	}
	params[0] = OSSL_PARAM_construct_BN("n", n, n_len);
	params[1] = OSSL_PARAM_construct_BN("e", e, e_len);
	params[2] = OSSL_PARAM_construct_end();
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	expect(0x9000, applet, "80010600", "41=" ID " 43=0003 44=414243");
	for (size_t i = 0; i < 2; i++) {
		char body[128];
		EVP_MD_CTX *md = EVP_MD_CTX_new();
		EVP_PKEY_CTX *verify;
		const uint8_t *sig;
		size_t len, sig_len;

		snprintf(body, sizeof(body), "41=" ID " 45=00000002 46=%s 47=" FRESH, cases[i].id);
		expect(0x9000, applet, "80220000", "%s", body);
		len = attested_7("80220000", body, data);
		sig = value(0x52, &sig_len);
		assert_int_equal(EVP_DigestVerifyInit(md, &verify, EVP_sha256(), NULL, key), 1);
		EVP_PKEY_CTX_set_rsa_padding(verify, cases[i].padding);
		assert_int_equal(EVP_DigestVerify(md, sig, sig_len, data, len), 1);
		EVP_MD_CTX_free(md);
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	applet_free(applet);
}

static void test_attest_errors(void **state)
{
	static const char *const models[] = { "3", "7" };

	(void)state;
	for (int m = 0; m < 2; m++) {
		struct applet *applet = chip_model(models[m]);

		expect(0x9000, applet, "80010600", "41=" ID " 43=0003 44=414243");
		/* which key, which algorithm, what freshness? */
		expect(0x6A80, applet, "80220000", "41=" ID);
		expect(0x6A80, applet, "80220000", "41=" ID " 45=F0000012 46=21");
		expect(0x6A80, applet, "80220000", "41=" ID " 45=F0000012 46=21 47=00");
		expect(0x6A80, applet, "80220000", "41=" ID " 45=F0000012 46=28 47=" FRESH);
		expect(0x6A80, applet, "80220000", "41=" ID " 45=F0000012 46=A3 47=" FRESH);
		expect(0x6985, applet, "80220000", "41=" ID " 45=00000009 46=21 47=" FRESH);
		expect(0x6985, applet, "80220000", "41=" ID " 45=7FFF0206 46=28 47=" FRESH);
		expect(0x6986, applet, "80220000", "41=" ID " 45=F0000100 46=21 47=" FRESH);
		expect(0x6985, applet, "80220000", "41=00000009 45=F0000012 46=21 47=" FRESH);
		/* those TLVs are for attested reads only */
		expect(0x6A80, applet, "80020000", "41=" ID " 45=F0000012 46=21 47=" FRESH);
		/* a key of one's own attests if it was made for it; Ed25519 does, too */
		expect(0x9000, applet, "80016100", "41=00000002 42=40");
		expect(0x6986, applet, "80220000", "41=" ID " 45=00000002 46=A3 47=" FRESH);
		expect(0x9000, applet, "80016100", "11=080000000000208000 41=00000003 42=40");
		expect(0x9000, applet, "80220000", "41=" ID " 45=00000003 46=A3 47=" FRESH);
		if (m == 0) {
			/* 3.x attests no object that it does not tell */
			expect(0x9000, applet, "80010300", "41=00000004 43=%032d", 0);
			expect(0x6985, applet, "80220000", "41=00000004 45=F0000012 46=21 47=" FRESH);
		}
		applet_free(applet);
	}
}

/* The device's key does what its certificate says. */
static void test_provisioned(void **state)
{
	struct applet *applet = chip(NULL);
	const uint8_t *der;
	uint8_t point[65], cert_point[65];
	EVP_PKEY *key;
	X509 *cert;
	size_t len;

	(void)state;
	expect(0x9000, applet, "80020000", "41=F0000100");
	unhex(point, value_hex(0x41));
	expect(0x9000, applet, "80020000", "41=F0000101");
	der = value(0x41, &len);
	cert = d2i_X509(NULL, &der, len);
	assert_non_null(cert);
	key = X509_get_pubkey(cert);
	EVP_PKEY_get_octet_string_param(key, "pub", cert_point, sizeof(cert_point), &len);
	assert_memory_equal(point, cert_point, sizeof(point));
	expect(0x9000, applet, "80030C09", "41=F0000100 42=21 43="
	       "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824");
	assert_true(signed_by(key, 0x41, (const uint8_t *)"hello", 5));
	expect(0x6986, applet, "80040028", "41=F0000100");
	expect(0x6986, applet, "80016100", "41=F0000100");
	expect(0x6986, applet, "80010600", "41=F0000101 44=00");
	EVP_PKEY_free(key);
	X509_free(cert);
	applet_free(applet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_change_userid),
		cmocka_unit_test(test_session_policy),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_delete_all),
		cmocka_unit_test(test_attest_3),
		cmocka_unit_test(test_attest_7),
		cmocka_unit_test(test_attest_rsa),
		cmocka_unit_test(test_attest_errors),
		cmocka_unit_test(test_provisioned),
	};

	return cmocka_run_group_tests_name("applet policies", tests, NULL, NULL);
}
