// SPDX-License-Identifier: GPL-2.0-only
/*
 * libse05x-iot byte by byte: what it sends, what it makes of each answer, and what
 * it refuses to send. No applet here: the bytes are those of AN12413.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/iot/iot.h"
#include "../../tools/sim/applet.h"
#include "chip.h"

#define V3	"03 01 01 6F FF 01 0B"
#define V7	"07 02 00 7F FF FF FF"	/* with RSA */
#define SE050E	"07 02 00 3F 9F FF FF"

static struct se05x *se;
static struct se05x_iot *iot;
static struct se05x_call call;

static void begin(const char *version, const char *const *pairs)
{
	se = chip_script(version, pairs);
	assert_int_equal(se05x_iot_open(se, NULL, 0, &iot, NULL), 0);
	call = (struct se05x_call) { .outcome = 99, .sw = 99 };
}

static void end(void)
{
	se05x_iot_close(iot);
	chip_done(se);
}

/* One function, its one APDU, its one answer */
#define ONE(version, command, answer, expected) do {				\
	const char *const pairs[] = { command, answer, NULL };			\
	begin(version, pairs);							\
	assert_int_equal((expected), 0);					\
	assert_int_equal(call.outcome, SE05X_OUTCOME_RAN);			\
	assert_int_equal(call.sw, 0x9000);					\
	end();									\
} while (0)

static const uint8_t d32[32] = { 0xD1, 0xD2 };
#define D32	"D1D2000000000000 0000000000000000 0000000000000000 0000000000000000"

static void test_chip(void **state)
{
	uint8_t uid[18], stamp[12], bytes[16];
	struct se05x_iot_version v;
	uint32_t free_bytes;
	bool yes = false;

	(void)state;
	begin(SE050E, (const char *const[]) { NULL });
	se05x_iot_version(iot, &v);
	assert_int_equal(v.major, 7);
	assert_int_equal(v.minor, 2);
	assert_int_equal(v.features, 0x3F9F);
	end();
	ONE(V7, "80 02 00 00 00 0006 4104 7FFF0206 0000",
	    "41 82 0012 000102030405060708090A0B0C0D0E0F1011 9000",
	    se05x_iot_unique_id(iot, uid, &call));
	assert_int_equal(uid[17], 0x11);
	ONE(V7, "80 04 00 3D 00", "41 0C 000102030405060708090A0B 9000",
	    se05x_iot_timestamp(iot, stamp, &call));
	ONE(V7, "80 04 00 22 03 4101 01 00", "41 82 0002 1234 9000",
	    se05x_iot_free_memory(iot, SE05X_IOT_MEMORY_PERSISTENT, &free_bytes, &call));
	assert_int_equal(free_bytes, 0x1234);
	ONE(V7, "80 04 00 22 03 4101 02 00", "41 04 00012345 9000",	/* SE052 */
	    se05x_iot_free_memory(iot, SE05X_IOT_MEMORY_TRANSIENT_RESET, &free_bytes, &call));
	assert_int_equal(free_bytes, 0x12345);
	ONE(V7, "80 04 00 49 00 0004 4102 0010 0000",
	    "41 82 0010 000102030405060708090A0B0C0D0E0F 9000",
	    se05x_iot_random(iot, bytes, 16, &call));
	ONE(V7, "80 04 00 27 06 4104 01020304 00", "4101 01 9000",
	    se05x_iot_exists(iot, 0x01020304, &yes, &call));
	assert_true(yes);
	ONE(V7, "80 04 00 28 06 4104 01020304", "9000",
	    se05x_iot_delete(iot, 0x01020304, &call));
}

/* Only 01 is locked, and three bytes are what the chip has to say. */
static void test_state(void **state)
{
	static const struct { const char *answer; bool locked, scp; uint8_t restriction; } said[] = {
		{ "41 82 0003 01 00 02 9000", true, false, SE05X_IOT_RESTRICTION_NONE },
		{ "41 03 02 01 01 9000", false, true, SE05X_IOT_RESTRICTION_NEW },
		{ "41 03 00 02 02 9000", false, false, SE05X_IOT_RESTRICTION_ALL },
		{ "41 03 FF 07 00 9000", false, false, 7 },
	};
	static const struct { const char *answer; int error; } wrong[] = {
		{ "41 02 01 00 9000", -EPROTO }, { "41 04 01 00 02 00 9000", -EPROTO },
		{ "42 03 01 00 02 9000", -EPROTO }, { "9000", -EPROTO },
		{ "6D00", -EOPNOTSUPP }, { "6982", -EACCES },
	};
	struct se05x_iot_state s;

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		memset(&s, 0xA5, sizeof(s));
		ONE(V7, "80 02 00 5B 00", said[i].answer, se05x_iot_state(iot, &s, &call));
		assert_int_equal(s.locked, said[i].locked);
		assert_int_equal(s.scp_required, said[i].scp);
		assert_int_equal(s.restriction, said[i].restriction);
		assert_int_equal(s.reserved[0] | s.reserved[12], 0);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin(V7, (const char *const[]) { "80 02 00 5B 00", wrong[i].answer, NULL });
		assert_int_equal(se05x_iot_state(iot, &s, &call), wrong[i].error);
		end();
	}
	begin(V3, (const char *const[]) { NULL });
	assert_int_equal(se05x_iot_state(iot, &s, &call), -EOPNOTSUPP);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	end();
}

/* ---- the script itself ---- */

static void one_delete(void **state)
{
	begin(V7, *state);
	assert_int_equal(se05x_iot_delete(iot, 0x01010101, &call), 0);
	end();
}

/* What is not in the script fails its test, and the next one runs. */
static void test_script(void **state)
{
	static const char *const good[] = { "80 04 00 28 06 4104 01010101", "9000", NULL },
		*const other[] = { "80 04 00 28 06 4104 01010102", "9000", NULL },
		*const shorter[] = { "80 04 00 28 05", "9000", NULL },
		*const none[] = { NULL },
		*const more[] = { "80 04 00 28 06 4104 01010101", "9000", "80 04 ..", "9000", NULL };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(one_delete, (void *)other),
		cmocka_unit_test_prestate(one_delete, (void *)shorter),
		cmocka_unit_test_prestate(one_delete, (void *)none),
		cmocka_unit_test_prestate(one_delete, (void *)more),
		cmocka_unit_test_prestate(one_delete, (void *)good),
	};
	pid_t child = fork();
	int status;

	(void)state;
	if (!child) {
		/* what fails there is not to be read, nor to last for ever */
		alarm(20);
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(99);
		_exit(cmocka_run_group_tests_name("script", tests, NULL, NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 4);
}

/* The same chip by all that its version says, and by nothing else */
static void test_reopen(void **state)
{
	uint8_t *bytes;

	(void)state;
	begin(V7, (const char *const[]) { NULL });
	bytes = (uint8_t *)&iot->version;
	/* between @patch and @features nothing is told */
	assert_int_equal(offsetof(struct se05x_iot_version, features), 4);
	bytes[3] = 0xA5;
	assert_int_equal(se05x_iot_reopen(iot, &call), 0);
	for (size_t i = 0; i < offsetof(struct se05x_iot_version, reserved); i++) {
		if (i == 3)
			continue;
		bytes[i] ^= 1;
		assert_int_equal(se05x_iot_reopen(iot, &call), -ENODEV);
		bytes[i] ^= 1;
	}
	assert_int_equal(se05x_iot_reopen(iot, &call), 0);
	end();
}

static void test_objects(void **state)
{
	const char *const list[] = {
		"80 02 00 25 00 0007 4102 0000 4201 FF 0000",
		"4101 02 42 82 0008 01010101 02020202 9000",
		"80 02 00 25 00 0007 4102 0002 4201 FF 0000",
		"4101 01 42 82 0004 7FFF0206 9000", NULL };
	const char *const old_ec[] = {
		"80 02 00 26 06 4104 01010101 00", "4101 01 4201 01 9000",
		"80 02 0B 36 06 4104 01010101 00", "4101 03 9000", NULL };
	const char *const file[] = {
		"80 02 00 26 06 4104 01010101 00", "4101 0B 4201 02 9000",
		"80 02 00 07 06 4104 01010101 00", "4182 0002 0102 9000", NULL };
	const char *const secret[] = {
		"80 02 00 26 06 4104 01010101 00", "4101 09 4201 01 9000",
		"80 02 00 07 06 4104 01010101 00", "6986", NULL };
	struct se05x_iot_attributes a;
	struct se05x_iot_object o;
	uint32_t *ids;
	size_t n;

	(void)state;
	begin(V7, list);
	assert_int_equal(se05x_iot_list(iot, &ids, &n, &call), 0);
	assert_int_equal(n, 3);
	assert_int_equal(ids[2], 0x7FFF0206);
	free(ids);
	end();
	ONE(V7, "80 02 00 25 00 0007 4102 0000 4201 0B 0000",
	    "4101 01 42 82 0004 01010101 9000",
	    se05x_iot_list_kind(iot, SE05X_IOT_KIND_BINARY, &ids, &n, &call));
	assert_int_equal(n, 1);
	assert_int_equal(ids[0], 0x01010101);
	free(ids);
	begin(V7, (const char *const[]) { NULL });
	assert_int_equal(se05x_iot_list_kind(iot, SE05X_IOT_KIND_EC, &ids, &n, &call), -EINVAL);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	end();
	begin(V3, old_ec);
	assert_int_equal(se05x_iot_object(iot, 0x01010101, &o, &call), 0);
	assert_int_equal(o.kind, SE05X_IOT_KIND_EC);
	assert_int_equal(o.part, SE05X_IOT_PART_PAIR);
	assert_int_equal(o.curve, SE05X_IOT_CURVE_P256);
	assert_int_equal(o.size, 32);
	end();
	ONE(V7, "80 02 00 26 06 4104 01010101 00", "4101 67 4201 01 9000",
	    se05x_iot_object(iot, 0x01010101, &o, &call));
	assert_int_equal(o.curve, SE05X_IOT_CURVE_ED25519);
	assert_int_equal(o.part, SE05X_IOT_PART_PUBLIC);
	begin(V7, file);
	assert_int_equal(se05x_iot_object(iot, 0x01010101, &o, &call), 0);
	assert_int_equal(o.size, 0x102);
	assert_true(o.transient);
	end();
	begin(V7, secret);
	assert_int_equal(se05x_iot_object(iot, 0x01010101, &o, &call), 0);
	assert_int_equal(o.kind, SE05X_IOT_KIND_AES);
	assert_int_equal(o.size, 0);
	end();
	ONE(V7, "80 02 00 3B 00 0006 4104 01010101 0000",
	    "42 82 001C 01010101 29 01 0000 0A0B0C0D 0000 08 00000000 10040000 02 00000007 9000",
	    se05x_iot_attributes(iot, 0x01010101, &a, &call));
	assert_false(a.auth);
	assert_int_equal(a.owner, 0x0A0B0C0D);
	assert_int_equal(a.origin, 2);
	assert_int_equal(a.version, 7);
	assert_int_equal(a.policy_len, 9);
	assert_int_equal(se05x_iot_policy_rights(a.policy, a.policy_len),
			 SE05X_IOT_MAY_SIGN | SE05X_IOT_MAY_DELETE);
}

/* The types of every curve that has one (AN12543, 4.3.5) */
static void test_types(void **state)
{
	static const struct {
		uint8_t type, curve;
	} types[] = {
		{ 0x21, SE05X_IOT_CURVE_P192 }, { 0x25, SE05X_IOT_CURVE_P224 },
		{ 0x29, SE05X_IOT_CURVE_P256 },
		{ 0x2D, SE05X_IOT_CURVE_P384 }, { 0x31, SE05X_IOT_CURVE_P521 },
		{ 0x35, SE05X_IOT_CURVE_BP160 },
		{ 0x39, SE05X_IOT_CURVE_BP192 }, { 0x3D, SE05X_IOT_CURVE_BP224 },
		{ 0x41, SE05X_IOT_CURVE_BP256 },
		{ 0x45, SE05X_IOT_CURVE_BP320 }, { 0x49, SE05X_IOT_CURVE_BP384 },
		{ 0x4D, SE05X_IOT_CURVE_BP512 },
		{ 0x55, SE05X_IOT_CURVE_SECP192K1 },
		{ 0x5D, SE05X_IOT_CURVE_SECP256K1 }, { 0x65, SE05X_IOT_CURVE_ED25519 },
		{ 0x69, SE05X_IOT_CURVE_X25519 }, { 0x71, SE05X_IOT_CURVE_X448 },
	};
	struct se05x_iot_object o;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char answer[40];

		snprintf(answer, sizeof(answer), "4101 %02X 4201 01 9000", types[i].type);
		ONE(V7, "80 02 00 26 06 4104 01010101 00", answer,
		    se05x_iot_object(iot, 0x01010101, &o, &call));
		assert_int_equal(o.kind, SE05X_IOT_KIND_EC);
		assert_int_equal(o.curve, types[i].curve);
	}
}

static void test_ec(void **state)
{
	const char *const generate[] = {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 02 0B 25 00", "4182 0003 01 01 02 9000",
		"80 01 61 00 14 1109 0800000000 10040000 4104 01010101 4201 03", "9000", NULL };
	const char *const ready[] = {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 C1 61 00 0D 1202 0005 4104 01010101 4201 40", "9000", NULL };
	const char *const import[] = {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 01 21 00 2B 4104 01010101 4201 40 4420"
		"1F1E1D1C1B1A19181716151413121110 0F0E0D0C0B0A09080706050403020100", "9000",
		NULL };
	static const uint8_t policy[] = { 8, 0, 0, 0, 0, 0x10, 0x04, 0, 0 };
	const struct se05x_iot_new how = { .policy = policy, .policy_len = 9 };
	const struct se05x_iot_new odd = { .max_attempts = 5, .transient = true, .auth = true };
	uint8_t key[133], sig[141], secret[66];
	size_t len = sizeof(sig);
	bool made = true, good = true;

	(void)state;
	begin(V7, generate);
	assert_int_equal(se05x_iot_ec_generate(iot, 0x01010101, SE05X_IOT_CURVE_P256, &how, &made,
					       &call), 0);
	assert_false(made);
	end();
	begin(V7, ready);
	assert_int_equal(se05x_iot_ec_generate(iot, 0x01010101, SE05X_IOT_CURVE_ED25519, &odd,
					       &made, &call), 0);
	end();
	for (uint8_t i = 0; i < 32; i++)
		key[i] = i;
	begin(V7, import);
	assert_int_equal(se05x_iot_ec_import(iot, 0x01010101, SE05X_IOT_CURVE_ED25519, NULL, key,
					     NULL, &made, &call), 0);
	end();
	ONE(V7, "80 02 00 00 00 0006 4104 01010101 0000", "4182 0020"
	    "1F1E1D1C1B1A19181716151413121110 0F0E0D0C0B0A09080706050403020100 9000",
	    read_point(iot, 0x01010101, SE05X_IOT_CURVE_ED25519, key + 32, &call));
	assert_memory_equal(key, key + 32, 32);
	ONE(V7, "80 03 0C 09 2B 4104 01010101 4201 21 4320" D32 "00",
	    "4182 0008 3006020101020102 9000",
	    se05x_iot_ecdsa_sign(iot, 0x01010101, SE05X_IOT_HASH_SHA256, d32, sig, &len, &call));
	assert_int_equal(len, 8);
	ONE(V7, "80 03 0C 0A 2F 4104 01010101 4201 21 4320" D32 "4502 1234 00", "4101 02 9000",
	    se05x_iot_ecdsa_verify(iot, 0x01010101, SE05X_IOT_HASH_SHA256, d32, "\x12\x34", 2,
				   &good, &call));
	assert_false(good);
	ONE(V7, "80 03 01 0F 00 0028 4104 01010101 4220"
	    "1F1E1D1C1B1A19181716151413121110 0F0E0D0C0B0A09080706050403020100 0000",
	    "4182 0020" D32 "9000",
	    agree(iot, 0x01010101, SE05X_IOT_CURVE_X25519, key, secret, &call));
	assert_int_equal(secret[31], 0xD1);
}

static void test_curve_setup(void **state)
{
	const char *const setup[] = {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 02 0B 25 00", "4182 0003 01 01 01 9000",
		"80 01 0B 04 03 4101 03", "9000",
		"80 01 0B 40 28 4101 03 4201 01 4320 FFFFFFFF00000001 ..", "9000",
		"80 01 0B 40 28 4101 03 4201 02 4320 5AC635D8AA3A93E7 ..", "9000",
		"80 01 0B 40 49 4101 03 4201 04 4341 046B17D1F2E12C42 ..", "9000",
		"80 01 0B 40 28 4101 03 4201 08 4320 FFFFFFFF00000000 ..", "9000",
		"80 01 0B 40 28 4101 03 4201 10 4320 FFFFFFFF00000001 ..", "9000",
		"80 01 61 00 09 4104 01010101 4201 03", "9000", NULL };
	bool made = false;

	(void)state;
	begin(V7, setup);
	assert_int_equal(se05x_iot_ec_generate(iot, 0x01010101, SE05X_IOT_CURVE_P256, NULL, &made,
					       &call), 0);
	assert_true(made);
	end();
}

/* Somebody else sets a curve up at the same time: it is not taken away from him. */
static void test_curve_raced(void **state)
{
	bool made = true;

	(void)state;
	begin(V7, (const char *const[]) {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 02 0B 25 00", "4104 01010201 9000",
		"80 01 0B 04 03 4101 04", "6985",
		"80 02 0B 25 00", "4104 01010202 9000",
		"80 01 61 00 09 4104 01010101 4201 04", "9000", NULL });
	assert_int_equal(se05x_iot_ec_generate(iot, 0x01010101, SE05X_IOT_CURVE_P384, NULL, &made,
					       &call), 0);
	assert_false(made);
	end();
}

/* An ECDSA signature is DER, or it is none. */
static void test_signature_is_der(void **state)
{
	static const char *const bad[] = {
		"4108 3006020101020102 9000",		/* good, to begin with */
		"4107 30060201010201 9000", "4107 30050201010201 9000",
		"4108 3106020101020102 9000", "4108 3006020181020102 9000",
		"4109 3007020101020102 00 9000", "4108 3006030101020102 9000",
		"4109 3007020200010201 02 9000", "4101 30 9000", "4100 9000", "4102 3000 9000",
		"4109 308106020101020102 9000", "4108 3080020101020102 9000",
	};
	uint8_t sig[141];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t len = sizeof(sig);

		begin(V7, (const char *const[]) {
			"80 03 0C 09 2B 4104 01010101 4201 21 4320" D32 "00", bad[i], NULL });
		assert_int_equal(se05x_iot_ecdsa_sign(iot, 0x01010101, SE05X_IOT_HASH_SHA256, d32,
						      sig, &len, &call), i ? -EPROTO : 0);
		end();
	}
}

static void test_rsa(void **state)
{
	uint8_t number[512] = { 0x01 }, out[512];
	const struct se05x_iot_rsa pub = { .n = { number, 64 }, .e = { "\x00\x01\x00\x01", 4 } };
	const struct se05x_iot_rsa bad = { .n = { number, 65 }, .e = { "\x03", 1 } };
	struct se05x_iot_rsa later = pub;
	const char *const import[] = {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 01 22 4F 4C 4104 01010101 4202 0200 4A40 01 ..", "9000",
		"80 01 02 4F 0B 4104 01010101 4803 010001", "9000", NULL };
	const char *const half[] = {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 01 22 4F 4C 4104 01010101 4202 0200 4A40 01 ..", "9000",
		"80 01 02 4F 0B 4104 01010101 4803 010001", "6A80", NULL };
	size_t len = sizeof(out), e_len = sizeof(out);
	bool begun = true, good = false;

	(void)state;
	begin(V7, (const char *const[]) {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 01 62 00 0A 4104 01010101 4202 0800", "9000", NULL });
	assert_int_equal(se05x_iot_rsa_generate(iot, 0x01010101, 2048, NULL, &call), 0);
	end();
	begin(V7, import);
	assert_int_equal(se05x_iot_rsa_import(iot, 0x01010101, 512, &pub, NULL, &begun, &call), 0);
	end();
	begin(V7, half);
	assert_int_equal(se05x_iot_rsa_import(iot, 0x01010101, 512, &pub, NULL, &begun, &call),
			 -EBADR);
	assert_true(begun);
	assert_int_equal(call.sw, 0x6A80);
	end();
	/* what is too long for the size, and a size that is none, are found before */
	begin(V7, (const char *const[]) { NULL });
	assert_int_equal(se05x_iot_rsa_import(iot, 1, 512, &bad, NULL, &begun, &call), -EINVAL);
	assert_false(begun);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_iot_rsa_generate(iot, 1, 2047, NULL, &call), -EINVAL);
	for (size_t i = 0; i < 2; i++) {
		later.reserved[i] = 1;
		assert_int_equal(se05x_iot_rsa_import(iot, 1, 512, &later, NULL, &begun, &call),
				 -EINVAL);
		assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
		later.reserved[i] = 0;
	}
	end();
	begin(V7, (const char *const[]) {
		"80 02 00 00 00 0009 4104 01010101 4401 00 0000", "4182 0002 1234 9000",
		"80 02 00 00 00 0009 4104 01010101 4401 01 0000", "4103 010001 9000", NULL });
	assert_int_equal(se05x_iot_rsa_public(iot, 0x01010101, out, &len, out, &e_len, &call), 0);
	assert_int_equal(len, 2);
	assert_int_equal(e_len, 3);
	end();
	len = sizeof(out);
	ONE(V7, "80 03 0C 09 00 000C 4104 01010101 4201 28 4301 61 0000", "4182 0002 1234 9000",
	    se05x_iot_rsa_sign(iot, 0x01010101, SE05X_IOT_PADDING_PKCS1, SE05X_IOT_HASH_SHA256,
			       "a", 1, out,
			       &len, &call));
	ONE(V7, "80 03 0C 0A 00 0010 4104 01010101 4201 2E 4301 61 4502 1234 0000", "4101 01 9000",
	    se05x_iot_rsa_verify(iot, 0x01010101, SE05X_IOT_PADDING_PSS, SE05X_IOT_HASH_SHA512,
				 "a", 1,
				 "\x12\x34", 2, &good, &call));
	assert_true(good);
	len = sizeof(out);
	ONE(V7, "80 03 02 37 00 000C 4104 01010101 4201 0A 4301 61 0000", "4102 1234 9000",
	    se05x_iot_rsa_encrypt(iot, 0x01010101, SE05X_IOT_PADDING_PKCS1, 0, "a", 1, out, &len,
				  &call));
	len = sizeof(out);
	ONE(V7, "80 03 02 38 00 000C 4104 01010101 4201 0C 4301 61 0000", "4101 12 9000",
	    se05x_iot_rsa_decrypt(iot, 0x01010101, SE05X_IOT_PADDING_NONE, 0, "a", 1, out, &len,
				  &call));
}

static void test_symmetric(void **state)
{
	static const uint8_t iv[16] = { 0xFF };
	uint8_t out[64], in[32] = { 1 };
	size_t len = sizeof(out);
	bool good = false;

	(void)state;
	begin(V7, (const char *const[]) {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 01 03 00 18 4104 01010101 4310 01000000000000000000000000000000", "9000",
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 01 05 00 09 4104 01010101 4301 01", "9000", NULL });
	assert_int_equal(se05x_iot_key_import(iot, 0x01010101, SE05X_IOT_KIND_AES, in, 16, NULL,
					      &call), 0);
	assert_int_equal(se05x_iot_key_import(iot, 0x01010101, SE05X_IOT_KIND_HMAC, in, 1, NULL,
					      &call), 0);
	end();
	ONE(V7, "80 03 0E 37 00 002D 4104 01010101 4201 0D 4310 01000000000000000000000000000000"
	    "4410 FF000000000000000000000000000000 0000",
	    "4182 0010 000102030405060708090A0B0C0D0E0F 9000",
	    se05x_iot_cipher(iot, 0x01010101, SE05X_IOT_CIPHER_AES_CBC, true, iv, in, out, 16,
			     &call));
	ONE(V7, "80 03 0E 38 00 001B 4104 01010101 4201 0E 4310 01000000000000000000000000000000 0000",
	    "4182 0010 000102030405060708090A0B0C0D0E0F 9000",
	    se05x_iot_cipher(iot, 0x01010101, SE05X_IOT_CIPHER_AES_ECB, false, NULL, in, out, 16,
			     &call));
	ONE(V7, "80 03 0D 45 0C 4104 01010101 4201 19 4301 61 00", "4182 0002 1234 9000",
	    se05x_iot_mac(iot, 0x01010101, SE05X_IOT_MAC_HMAC_SHA256, "a", 1, out, &len, &call));
	ONE(V7, "80 03 0D 46 10 4104 01010101 4201 31 4301 61 4502 1234 00", "4101 01 9000",
	    se05x_iot_mac_verify(iot, 0x01010101, SE05X_IOT_MAC_CMAC_AES, "a", 1, "\x12\x34", 2,
				 &good, &call));
	ONE(V7, "80 03 00 2D 00 0013 4104 01010101 4201 04 4301 61 4401 62 4502 0002 0000",
	    "4182 0002 1234 9000",
	    se05x_iot_hkdf(iot, 0x01010101, SE05X_IOT_HASH_SHA256, "a", 1, "b", 1, out, 2, &call));
	ONE(V7, "80 03 00 0E 06 4101 04 4201 61 00", "4182 0020" D32 "9000",
	    se05x_iot_digest(iot, SE05X_IOT_HASH_SHA256, "a", 1, out, &call));
	/* half a block, and no IV where one belongs */
	begin(V7, (const char *const[]) { NULL });
	assert_int_equal(se05x_iot_cipher(iot, 1, SE05X_IOT_CIPHER_AES_CBC, true, iv, in, out,
					  15, &call),
			 -EINVAL);
	assert_int_equal(se05x_iot_cipher(iot, 1, SE05X_IOT_CIPHER_AES_CBC, true, NULL, in, out, 16,
					  &call), -EINVAL);
	assert_int_equal(se05x_iot_key_import(iot, 1, SE05X_IOT_KIND_AES, in, 17, NULL, &call),
			 -EINVAL);
	end();
}

static void test_files(void **state)
{
	static uint8_t data[2000], back[2000];
	const char *const create[] = {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 04 00 22 03 4101 01 00", "4102 07D0 9000",
		/* 1024 bytes of payload less what session, channel and the other TLVs take */
		"80 01 06 00 00 03CF 4104 01010101 4302 07D0 4482 03C1 ..", "9000",
		"80 01 06 00 00 03CF 4104 01010101 4202 03C1 4482 03C1 ..", "9000",
		"80 01 06 00 5A 4104 01010101 4202 0782 444E ..", "9000", NULL };
	const char *const full[] = {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 04 00 22 03 4101 01 00", "4102 07CF 9000", NULL };
	const char *const taken[] = { "80 04 00 27 06 4104 01010101 00", "4101 01 9000", NULL };
	size_t done = 99;
	uint64_t value;
	void *whole;
	size_t len;

	(void)state;
	begin(V7, create);
	assert_int_equal(se05x_iot_binary_create(iot, 0x01010101, data, 2000, NULL, &done,
						 &call), 0);
	assert_int_equal(done, 2000);
	end();
	begin(V7, full);
	assert_int_equal(se05x_iot_binary_create(iot, 0x01010101, data, 2000, NULL, &done,
						 &call), -EDQUOT);
	assert_int_equal(done, 0);
	assert_int_equal(call.sw, 0);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	end();
	begin(V7, taken);
	assert_int_equal(se05x_iot_binary_create(iot, 0x01010101, data, 2000, NULL, &done,
						 &call), -EEXIST);
	end();
	/* the link fails in the middle: how far it came is known */
	begin(V7, create);
	chip_fail(se, 3, -ECONNRESET, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(se05x_iot_binary_create(iot, 0x01010101, data, 2000, NULL, &done,
						 &call), -ECONNRESET);
	assert_int_equal(done, 0x3C1);
	assert_int_equal(call.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	se05x_iot_close(iot);
	se05x_close(se);
	ONE(V7, "80 02 00 00 00 000E 4104 01010101 4202 0005 4302 0002 0000",
	    "4182 0002 1234 9000", se05x_iot_binary_read(iot, 0x01010101, 5, back, 2, &call));

	/* all of it: by one command, or where the chip wants to be told how much */
	ONE(V7, "80 02 00 00 00 0006 4104 01010101 0000", "4182 0003 616263 9000",
	    se05x_iot_binary_load(iot, 0x01010101, &whole, &len, &call));
	assert_int_equal(len, 3);
	assert_memory_equal(whole, "abc", 3);
	free(whole);
	begin(V7, (const char *const[]) {
		"80 02 00 00 00 0006 4104 01010101 0000", "6700",
		"80 02 00 07 06 4104 01010101 00", "4182 0002 0002 9000",
		"80 02 00 00 00 000A 4104 01010101 4302 0002 0000", "4182 0002 1234 9000", NULL });
	assert_int_equal(se05x_iot_binary_load(iot, 0x01010101, &whole, &len, &call), 0);
	assert_int_equal(len, 2);
	free(whole);
	end();
	begin(V7, (const char *const[]) {
		"80 02 00 00 00 0006 4104 01010101 0000", "6986",
		"80 02 00 07 06 4104 01010101 00", "6986", NULL });
	assert_int_equal(se05x_iot_binary_load(iot, 0x01010101, &whole, &len, &call), -EACCES);
	end();

	begin(V7, (const char *const[]) {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 41 07 00 0C 4104 01010101 4204 31323334", "9000", NULL });
	assert_int_equal(se05x_iot_userid_create(iot, 0x01010101, "1234", 4, NULL, &call), 0);
	end();
	begin(V7, (const char *const[]) {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 01 08 00 0A 4104 01010101 4202 0002", "9000",
		"80 01 08 00 0A 4104 01010101 4302 0102", "9000", NULL });
	assert_int_equal(se05x_iot_counter_create(iot, 0x01010101, 2, 0x102, NULL, &call), 0);
	end();
	ONE(V7, "80 01 08 00 06 4104 01010101", "9000",
	    se05x_iot_counter_add(iot, 0x01010101, &call));
	ONE(V7, "80 02 00 00 00 0006 4104 01010101 0000", "4182 0002 0103 9000",
	    se05x_iot_counter_read(iot, 0x01010101, &value, &call));
	assert_int_equal(value, 0x103);
	begin(V7, (const char *const[]) {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 01 09 00 28 4104 01010101 4220" D32, "9000", NULL });
	assert_int_equal(se05x_iot_pcr_create(iot, 0x01010101, d32, NULL, &call), 0);
	end();
	ONE(V7, "80 01 09 00 09 4104 01010101 4301 61", "9000",
	    se05x_iot_pcr_extend(iot, 0x01010101, "a", 1, &call));
}

static size_t part_len(const struct se05x_iot_attestation *a, enum se05x_iot_attested what)
{
	size_t len = 0;

	assert_non_null(se05x_iot_attested(a, what, &len));
	return len;
}

static void test_attest(void **state)
{
#define FRESH	"00112233445566778899AABBCCDDEEFF"
#define UID	"000102030405060708090A0B0C0D0E0F1011"
#define STAMP	"A0A1A2A3A4A5A6A7A8A9AAAB"
	static const uint8_t fresh[16] = {
		0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
	};
	struct se05x_iot_attestation *a;
	size_t len;

	(void)state;
#define COMMAND	"80 22 00 00 00 0021 4104 01010101 4504 F0000012 4601 21 4710" FRESH
	ONE(V3, COMMAND "0000",
	    "4182 0002 1234 4282 0002 5678 4382 000C" STAMP "4482 0010" FRESH "4582 0012" UID
	    "4682 0003 300102 9000",
	    se05x_iot_attest(iot, 0x01010101, SE05X_IOT_KIND_BINARY, 0xF0000012,
			     SE05X_IOT_HASH_SHA256, fresh, 0, 0, &a, &call));
	assert_int_equal(part_len(a, SE05X_IOT_ATTESTED_VALUE), 2);
	assert_int_equal(part_len(a, SE05X_IOT_ATTESTED_COMMAND), 0);
	assert_int_equal(part_len(a, SE05X_IOT_ATTESTED_MESSAGE), 2 + 2 + 12 + 16 + 18);
	assert_memory_equal(se05x_iot_attested(a, SE05X_IOT_ATTESTED_MESSAGE, &len), "\x12\x34\x56\x78\xA0", 5);
	assert_int_equal(part_len(a, SE05X_IOT_ATTESTED_SIGNATURE), 3);

	se05x_iot_attestation_free(a);
	ONE(V7, COMMAND "0000",
	    "4182 0002 1234 4282 0012" UID "4382 0002 5678 4482 0002 0002 4F82 000C" STAMP
	    "5282 0003 300102 9000",
	    se05x_iot_attest(iot, 0x01010101, SE05X_IOT_KIND_BINARY, 0xF0000012,
			     SE05X_IOT_HASH_SHA256, fresh, 0, 0, &a, &call));
	assert_int_equal(part_len(a, SE05X_IOT_ATTESTED_COMMAND), 7 + 0x21);
	assert_memory_equal(se05x_iot_attested(a, SE05X_IOT_ATTESTED_COMMAND, &len), "\x80\x22\x00\x00\x00\x00\x21\x41", 8);
	assert_int_equal(part_len(a, SE05X_IOT_ATTESTED_MESSAGE), 6 + 4 + 18 + 6 + 6 + 4 + 12);
	assert_int_equal(se05x_iot_attested_size(a), 2);
	/* the value may be missing; the freshness must be ours */
	se05x_iot_attestation_free(a);
	ONE(V7, COMMAND "0000",
	    "4282 0012" UID "4382 0002 5678 4482 0002 0002 4F82 000C" STAMP
	    "5282 0003 300102 9000",
	    se05x_iot_attest(iot, 0x01010101, SE05X_IOT_KIND_BINARY, 0xF0000012,
			     SE05X_IOT_HASH_SHA256, fresh, 0, 0, &a, &call));
	assert_int_equal(part_len(a, SE05X_IOT_ATTESTED_VALUE), 0);
	se05x_iot_attestation_free(a);
	begin(V3, (const char *const[]) { COMMAND "0000",
	    "4182 0002 1234 4282 0002 5678 4382 000C" STAMP "4482 0010 FF" FRESH "4582 0012" UID
	    "4682 0003 300102 9000", NULL });
	assert_int_equal(se05x_iot_attest(iot, 0x01010101, SE05X_IOT_KIND_BINARY, 0xF0000012,
					  SE05X_IOT_HASH_SHA256, fresh, 0, 0, &a, &call), -EPROTO);
	end();
}

static void test_session(void **state)
{
	const char *const pairs[] = {
		"80 04 00 1B 06 4104 0A0B0C0D 00", "4182 0008 0102030405060708 9000",
		"80 05 00 00 17 1008 0102030405060708 410B 80 04 00 2C 06 4104 31323334 00",
		"9000",
		/* a command with a long answer: as long outside */
		"80 05 00 00 00 0017 1008 0102030405060708 410B 80 02 00 00 06 4104 01010101 0000",
		"4182 0002 0103 9000",
		"80 05 00 00 10 1008 0102030405060708 4104 80 04 00 1C 00", "9000",
		"80 04 00 28 06 4104 01010101", "9000", NULL };
	const char *const wrong[] = {
		"80 04 00 1B 06 4104 0A0B0C0D 00", "4182 0008 0102030405060708 9000",
		"80 05 00 00 17 1008 0102030405060708 410B 80 04 00 2C 06 4104 31323334 00",
		"6985",
		"80 02 00 3B 00 0006 4104 0A0B0C0D 0000", "6986",
		"80 05 00 00 10 1008 0102030405060708 4104 80 04 00 1C 00", "6985",
		"80 04 00 28 06 4104 01010101", "6986", NULL };
	const char *const refused[] = {
		"80 04 00 1B 06 4104 0A0B0C0D 00", "6985",
		"80 04 00 27 06 4104 0A0B0C0D 00", "4101 02 9000",
		"80 04 00 1B 06 4104 0A0B0C0D 00", "6985",
		"80 04 00 27 06 4104 0A0B0C0D 00", "4101 01 9000",
		"80 02 00 26 06 4104 0A0B0C0D 00", "4101 0C 4201 01 9000",
		"80 04 00 1B 06 4104 0A0B0C0D 00", "6985",
		"80 04 00 27 06 4104 0A0B0C0D 00", "4101 01 9000",
		"80 02 00 26 06 4104 0A0B0C0D 00", "4101 09 4201 01 9000",
		"80 02 00 07 06 4104 0A0B0C0D 00", "4182 0002 0010 9000", NULL };
	struct se05x_iot *session = NULL;
	uint64_t value;

	(void)state;
	begin(V7, pairs);
	assert_int_equal(se05x_iot_session_open(iot, 0x0A0B0C0D, "1234", 4, &session, &call), 0);
	assert_int_equal(se05x_iot_counter_read(session, 0x01010101, &value, &call), 0);
	/* somebody else's SELECT ended it: nothing of it is sent any more */
	chip_generation(se, 2);
	assert_int_equal(se05x_iot_delete(session, 0x01010101, &call), -ESTALE);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(call.demanded, 0);
	chip_generation(se, 1);
	assert_int_equal(se05x_iot_session_open(session, 1, "1234", 4, &session, &call), -EINVAL);
	assert_int_equal(se05x_iot_session_close(session, &call), 0);
	assert_int_equal(se05x_iot_session_close(NULL, &call), 0);
	assert_int_equal(se05x_iot_session_close(iot, &call), -EINVAL);
	assert_int_equal(se05x_iot_delete(iot, 0x01010101, &call), 0);
	end();
	begin(V7, wrong);
	assert_int_equal(se05x_iot_session_open(iot, 0x0A0B0C0D, "1234", 4, &session, &call),
			 -EBADE);
	assert_int_equal(call.sw, 0x6985);
	assert_int_equal(se05x_iot_delete(iot, 0x01010101, &call), -EACCES);
	end();
	/* CreateSession's 6985: no such object, none free, another kind */
	begin(V7, refused);
	assert_int_equal(se05x_iot_session_open(iot, 0x0A0B0C0D, "1234", 4, &session, &call),
			 -ENOENT);
	assert_int_equal(se05x_iot_session_open(iot, 0x0A0B0C0D, "1234", 4, &session, &call),
			 -EUSERS);
	assert_int_equal(se05x_iot_session_open(iot, 0x0A0B0C0D, "1234", 4, &session, &call),
			 -EMEDIUMTYPE);
	end();
}

/* What Verify's status words mean, and how often each is asked: once */
static void test_password_refused(void **state)
{
#define CREATE "80 04 00 1B 06 4104 0A0B0C0D 00", "4182 0008 0102030405060708 9000"
#define VERIFY "80 05 00 00 17 1008 0102030405060708 410B 80 04 00 2C 06 4104 31323334 00"
#define CLOSE "80 05 00 00 10 1008 0102030405060708 4104 80 04 00 1C 00", "6985", NULL
#define ATTRIBUTES "80 02 00 3B 00 0006 4104 0A0B0C0D 0000"
#define ATTEMPTS(failed, most) "4282 001C 0A0B0C0D 0C 02" failed "00000000" most \
	"080000000000200000 01 00000000 9000"
	static const struct {
		const char *version;
		int expected;
		uint16_t sw;
		const char *pairs[10];
	} cases[] = {
		{ V7, -EBADE, 0x6985, { CREATE, VERIFY, "6985", ATTRIBUTES,
					ATTEMPTS("0001", "0003"), CLOSE } },
		{ V7, -EBADE, 0x6985, { CREATE, VERIFY, "6985", ATTRIBUTES,
					ATTEMPTS("0000", "0000"), CLOSE } },
		{ V7, -EBADE, 0x6985, { CREATE, VERIFY, "6985", ATTRIBUTES, "6986", CLOSE } },
		{ V3, -EBADE, 0x6985, { CREATE, VERIFY, "6985", CLOSE } },
		{ V3, -EBADE, 0x6300, { CREATE, VERIFY, "6300", CLOSE } },
		{ V7, -EBADE, 0x63C2, { CREATE, VERIFY, "63C2", CLOSE } },
		{ V7, -EKEYREVOKED, 0x6985, { CREATE, VERIFY, "6985", ATTRIBUTES,
					      ATTEMPTS("0003", "0003"), CLOSE } },
		{ V7, -EKEYREVOKED, 0x63C0, { CREATE, VERIFY, "63C0", CLOSE } },
		{ V7, -EKEYREVOKED, 0x6983, { CREATE, VERIFY, "6983", CLOSE } },
		/* no word about the password */
		{ V7, -EACCES, 0x6982, { CREATE, VERIFY, "6982", CLOSE } },
		{ V7, -EACCES, 0x6986, { CREATE, VERIFY, "6986", CLOSE } },
		{ V7, -EBADR, 0x6A80, { CREATE, VERIFY, "6A80", CLOSE } },
		{ V7, -EAGAIN, 0x66A6, { CREATE, VERIFY, "66A6", CLOSE } },
		{ V7, -EOPNOTSUPP, 0x6D00, { CREATE, VERIFY, "6D00", CLOSE } },
		{ V7, -EREMOTEIO, 0x6F00, { CREATE, VERIFY, "6F00", CLOSE } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct se05x_iot *session = NULL;
		int ret;

		begin(cases[i].version, cases[i].pairs);
		ret = se05x_iot_session_open(iot, 0x0A0B0C0D, "1234", 4, &session, &call);
		if (ret != cases[i].expected)
			fail_msg("case %zu: %d", i, ret);
		assert_null(session);
		assert_int_equal(call.sw, cases[i].sw);
		end();
	}
}

/* How long each APDU may take: the call's word counts before the handle's */
static void test_deadline(void **state)
{
	(void)state;
	call = (struct se05x_call) { 0 };
	begin(V7, (const char *const[]) {
		"80 04 00 28 06 4104 01010101", "9000", "80 04 00 28 06 4104 01010101", "9000",
		"80 04 00 28 06 4104 01010101", "9000", NULL });
	assert_int_equal(se05x_iot_delete(iot, 0x01010101, &call), 0);
	assert_int_equal(chip_deadline(se), 0);
	se05x_iot_set_deadline(iot, 700);
	assert_int_equal(se05x_iot_delete(iot, 0x01010101, &call), 0);
	assert_int_equal(chip_deadline(se), 700);
	assert_int_equal(call.deadline_ms, 0);
	call.deadline_ms = 20;
	assert_int_equal(se05x_iot_delete(iot, 0x01010101, &call), 0);
	assert_int_equal(chip_deadline(se), 20);
	call.deadline_ms = 0;
	end();
}

/* The applet under another name, as where it is installed more than once */
static void test_aid(void **state)
{
	static const uint8_t aid[] = { 0xA0, 0, 0, 3, 0x96, 0x54, 0x53, 0xAA };
	const struct applet_config config = { .aid = "A0000003965453AA" };

	(void)state;
	se = chip_config(&config);
	assert_int_equal(se05x_iot_open(se, NULL, 0, &iot, &call), -ENOPKG);
	assert_int_equal(call.sw, 0x6A82);
	assert_string_equal(se05x_iot_error_text(-ENOPKG, &call), "the chip has no such applet");
	assert_int_equal(se05x_iot_open(se, aid, sizeof(aid), &iot, &call), 0);
	end();
}

/* A chip that has no RSA, or is too old, is not even asked. */
static void test_capability(void **state)
{
	struct se05x_iot_attributes a;
	uint8_t out[512];
	size_t len = sizeof(out);

	(void)state;
	begin(SE050E, (const char *const[]) { NULL });
	assert_int_equal(se05x_iot_rsa_generate(iot, 1, 2048, NULL, &call), -EOPNOTSUPP);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(call.sw, 0);
	assert_int_equal(se05x_iot_rsa_sign(iot, 1, SE05X_IOT_PADDING_PKCS1,
					    SE05X_IOT_HASH_SHA256, "", 0, out,
					    &len, &call), -EOPNOTSUPP);
	assert_string_equal(se05x_iot_error_text(-EOPNOTSUPP, &call), "this chip can't do that");
	end();
	begin(V3, (const char *const[]) { NULL });
	assert_int_equal(se05x_iot_attributes(iot, 1, &a, &call), -EOPNOTSUPP);
	assert_int_equal(se05x_iot_ec_generate(iot, 1, SE05X_IOT_CURVE_X448, NULL, NULL, &call),
			 -EOPNOTSUPP);
	end();
	begin("03 01 01 00 82 01 0B", (const char *const[]) { NULL });
	assert_int_equal(se05x_iot_ec_generate(iot, 1, SE05X_IOT_CURVE_ED25519, NULL, NULL, &call),
			 -EOPNOTSUPP);
	assert_int_equal(se05x_iot_key_import(iot, 1, SE05X_IOT_KIND_HMAC, "a", 1, NULL, &call),
			 -EOPNOTSUPP);
	end();
}

static void test_status_words(void **state)
{
	static const struct {
		const char *sw;
		uint16_t number;
		int ret;
	} cases[] = {
		{ "6700", 0x6700, -EBADR }, { "6984", 0x6984, -EBADR },
		{ "6A80", 0x6A80, -EBADR }, { "6A86", 0x6A86, -EBADR },
		{ "6982", 0x6982, -EACCES }, { "6983", 0x6983, -EACCES },
		{ "6986", 0x6986, -EACCES }, { "6300", 0x6300, -EACCES },
		{ "63C2", 0x63C2, -EACCES }, { "6985", 0x6985, -ENOENT },
		{ "6A82", 0x6A82, -ENOENT }, { "6A88", 0x6A88, -ENOENT },
		{ "6A84", 0x6A84, -EDQUOT }, { "66A6", 0x66A6, -EAGAIN },
		{ "6A81", 0x6A81, -EOPNOTSUPP }, { "6D00", 0x6D00, -EOPNOTSUPP },
		{ "6E00", 0x6E00, -EOPNOTSUPP }, { "6F00", 0x6F00, -EREMOTEIO },
		{ "6400", 0x6400, -EREMOTEIO }, { "0000", 0x0000, -EREMOTEIO },
		{ "6101", 0x6101, -EREMOTEIO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(V7, (const char *const[]) {
			"80 04 00 28 06 4104 01020304", cases[i].sw,
			cases[i].ret == -ENOENT ? "80 04 00 27 06 4104 01020304 00" : NULL,
			"4101 02 9000", NULL });
		assert_int_equal(se05x_iot_delete(iot, 0x01020304, &call), cases[i].ret);
		assert_int_equal(call.outcome, SE05X_OUTCOME_RAN);
		assert_int_equal(call.sw, cases[i].number);
		if (cases[i].number && cases[i].ret != -ENOENT && cases[i].ret != -EDQUOT)
			assert_string_equal(se05x_iot_error_text(cases[i].ret, &call),
					    se05x_sw_text(cases[i].number));
		end();
	}
}

/* One status word, and what it means: found out by one more command */
static void test_told_apart(void **state)
{
	const char *const exists = "80 04 00 27 06 4104 01020304 00";
	uint8_t out[2];
	size_t len = sizeof(out);
	bool yes;

	(void)state;
	begin(V7, (const char *const[]) {
		"80 01 08 00 06 4104 01020304", "6985", exists, "4101 01 9000",
		"80 01 08 00 06 4104 01020304", "6985", exists, "4101 02 9000", NULL });
	assert_int_equal(se05x_iot_counter_add(iot, 0x01020304, &call), -EMEDIUMTYPE);
	assert_int_equal(call.sw, 0x6985);
	assert_int_equal(se05x_iot_counter_add(iot, 0x01020304, &call), -ENOENT);
	assert_string_equal(se05x_iot_error_text(-ENOENT, &call), "no such object");
	end();
	/* asking about it is not asked about */
	begin(V7, (const char *const[]) { exists, "6985", NULL });
	assert_int_equal(se05x_iot_exists(iot, 0x01020304, &yes, &call), -ENOENT);
	end();
	/* a room that is too small, and the one that would do */
	begin(V7, (const char *const[]) {
		"80 03 0D 45 0C 4104 01010101 4201 19 4301 61 00", "4182 0003 123456 9000", NULL });
	assert_int_equal(se05x_iot_mac(iot, 0x01010101, SE05X_IOT_MAC_HMAC_SHA256, "a", 1, out,
				       &len, &call), -ENOSPC);
	assert_int_equal(len, 3);
	end();
}

/* A chip that does not say how much is free takes files all the same. */
static void test_free_memory_unknown(void **state)
{
	(void)state;
	begin(V7, (const char *const[]) {
		"80 04 00 27 06 4104 01010101 00", "4101 02 9000",
		"80 04 00 22 03 4101 01 00", "6A80",
		"80 01 06 00 0D 4104 01010101 4302 0001 4401 61", "9000", NULL });
	assert_int_equal(se05x_iot_binary_create(iot, 0x01010101, "a", 1, NULL, NULL, &call), 0);
	end();
}

/* Answers that no chip should give */
static void test_bad_answers(void **state)
{
	static const char *const exists[] = {
		"", "90", "9000", "41 9000", "4101 9000", "4102 01 9000", "4100 9000",
		"4101 03 9000", "4102 0101 9000", "4201 01 9000", "4181 9000", "4181 01 9000",
		"4182 01 9000", "4182 0001 9000", "4183 000001 01 9000", "4184 00000001 01 9000",
		"4180 01 9000", "41FF 01 9000", "4101 01 42 9000", "4101 01 4205 00 9000",
	};
	static const char *const lists[] = {
		"4101 02 42 82 0000 9000",		/* more, but nothing */
		"4101 01 42 82 0003 010101 9000",	/* three quarters of an id */
		"42 82 0004 01010101 9000", "4101 01 9000", "4102 0001 42 82 0000 9000",
	};
	uint32_t *ids;
	size_t n;
	bool yes;

	(void)state;
	for (size_t i = 0; i < sizeof(exists) / sizeof(exists[0]); i++) {
		begin(V7, (const char *const[]) {
			"80 04 00 27 06 4104 01020304 00", exists[i], NULL });
		assert_int_equal(se05x_iot_exists(iot, 0x01020304, &yes, &call), -EPROTO);
		end();
	}
	/* long forms of short lengths are what chips send */
	ONE(V7, "80 04 00 27 06 4104 01020304 00", "4181 01 01 9000",
	    se05x_iot_exists(iot, 0x01020304, &yes, &call));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		begin(V7, (const char *const[]) {
			"80 02 00 25 00 0007 4102 0000 4201 FF 0000", lists[i], NULL });
		assert_int_equal(se05x_iot_list(iot, &ids, &n, &call), -EPROTO);
		end();
	}
}

static size_t same_page(void *ctx, uint8_t *rsp, size_t len, size_t max)
{
	(void)ctx;
	(void)len;
	(void)max;
	memset(rsp, 0x11, 4000);
	memcpy(rsp, "\x41\x01\x02\x42\x82\x0F\x00", 7);
	memcpy(rsp + 7 + 0xF00, "\x90\x00", 2);
	return 7 + 0xF00 + 2;
}

/* A list that never ends ends. */
static void test_endless_list(void **state)
{
	uint32_t *ids;
	size_t n;

	(void)state;
	se = chip_applet(NULL);
	assert_int_equal(se05x_iot_open(se, NULL, 0, &iot, NULL), 0);
	chip_hostile(se, same_page, NULL);
	assert_int_equal(se05x_iot_list(iot, &ids, &n, &call), -EPROTO);
	end();
}

static void test_refused(void **state)
{
	static const uint8_t big[1200];
	uint8_t out[64];
	size_t len = sizeof(out), done;

	(void)state;
	begin(V7, (const char *const[]) { NULL });
	assert_int_equal(se05x_iot_mac(iot, 1, SE05X_IOT_MAC_HMAC_SHA256, big, sizeof(big), out,
				       &len, &call), -E2BIG);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_iot_mac(iot, 1, SE05X_IOT_MAC_HMAC_SHA256, big, 1024, out, &len,
				       &call),
			 -E2BIG);
	assert_int_equal(se05x_iot_digest(iot, 9, big, 1, out, &call), -EINVAL);
	assert_int_equal(se05x_iot_mac(iot, 1, 9, big, 1, out, &len, &call), -EINVAL);
	assert_int_equal(se05x_iot_hkdf(iot, 1, SE05X_IOT_HASH_SHA224, NULL, 0, NULL, 0, out, 1,
					&call),
			 -EINVAL);
	assert_int_equal(se05x_iot_binary_create(iot, 1, big, 0x8000, NULL, &done, &call),
			 -EINVAL);
	assert_int_equal(se05x_iot_binary_write(iot, 1, 0x7FFF, big, 1, &done, &call), -EINVAL);
	assert_int_equal(se05x_iot_userid_create(iot, 1, "abc", 3, NULL, &call), -EINVAL);
	assert_int_equal(se05x_iot_counter_create(iot, 1, 9, 0, NULL, &call), -EINVAL);
	assert_int_equal(se05x_iot_counter_create(iot, 1, 1, 256, NULL, &call), -EINVAL);
	assert_int_equal(se05x_iot_ec_generate(iot, 1, 0x99, NULL, NULL, &call), -EINVAL);
	assert_int_equal(read_point(iot, 1, 0x99, out, &call), -EINVAL);
	assert_int_equal(agree(iot, 1, SE05X_IOT_CURVE_ED25519, big, out, &call), -EINVAL);
	end();
}

/* ---- policies ---- */

static void policy_is(const char *text, const char *printed, const uint8_t *bytes, size_t len)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	size_t policy_len = sizeof(policy);
	char back[500];

	assert_int_equal(se05x_iot_policy_parse(text, policy, &policy_len, NULL), 0);
	assert_int_equal(policy_len, len);
	assert_memory_equal(policy, bytes, len);
	assert_int_equal(se05x_iot_policy_print(policy, policy_len, back, sizeof(back)),
			 strlen(printed));
	assert_string_equal(back, printed);
}

static void test_policy(void **state)
{
	static const char *const bad[][2] = {
		{ "", "" }, { "any", "any" }, { "any:", "" }, { "any:sign,", "" },
		{ "any:sing", "sing" }, { "any:sign read", "sign read" }, { "all:sign", "all:sign" },
		{ "0x0:sign", "0x0:sign" }, { "0x123456789:sign", "0x123456789:sign" },
		{ "any:sign;", "" }, { "any:sign;read", "read" }, { "any:0xZ", "0xZ" },
		{ "any:pcr", "pcr" }, { "any:pcr=0x1/00", "pcr=0x1/00" }, { "any:sign=1", "sign=1" },
		{ "any:0x10000", "0x10000" }, { "any:derived-input", "derived-input" },
	};
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	char text[20], many[600] = "any:sign";
	const char *where;
	size_t len;

	(void)state;
	policy_is("any:sign,read;0x0A0B0C0D:delete", "any:sign,read;0x0A0B0C0D:delete",
		  (const uint8_t *)"\x08\0\0\0\0\x10\x20\0\0\x08\x0A\x0B\x0C\x0D\0\x04\0\0", 18);
	policy_is("0xa:read,sign,0x1", "0x0000000A:sign,read,0x00000001",
		  (const uint8_t *)"\x08\0\0\0\x0A\x10\x20\0\x01", 9);
	policy_is("any:derived-input=0x01020304,delete", "any:delete,derived-input=0x01020304",
		  (const uint8_t *)"\x0C\0\0\0\0\0\x04\x01\0\1\2\3\4", 13);
	policy_is("any:pcr=0x00000001/"
		  "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F,read",
		  "any:read,pcr=0x00000001/"
		  "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
		  (const uint8_t *)"\x2C\0\0\0\0\0\x21\0\0\0\0\0\1\x00\x01\x02\x03\x04\x05\x06\x07"
		  "\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A"
		  "\x1B\x1C\x1D\x1E\x1F", 45);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		len = sizeof(policy);
		where = NULL;
		assert_int_equal(se05x_iot_policy_parse(bad[i][0], policy, &len, &where), -EINVAL);
		assert_string_equal(where, bad[i][1]);
	}
	for (int i = 0; i < 30; i++)
		strcat(many, ";any:read");
	len = sizeof(policy);
	assert_int_equal(se05x_iot_policy_parse(many, policy, &len, NULL), -ENOSPC);

	/* what the chip says is no better than its bytes */
	assert_int_equal(se05x_iot_policy_print((const uint8_t *)"\x07\0\0\0\0\0\0\0", 8, text,
						sizeof(text)), -EINVAL);
	assert_int_equal(se05x_iot_policy_print((const uint8_t *)"\x09\0\0\0\0\0\0\0\0", 9, text,
						sizeof(text)), -EINVAL);
	assert_int_equal(se05x_iot_policy_print((const uint8_t *)"\x08\0\0\0\0\0\1\0\0", 9, text,
						sizeof(text)), -EINVAL);
	assert_int_equal(se05x_iot_policy_rights((const uint8_t *)"\x09\0\0\0\0\x10\0\0\0", 9), 0);
	assert_int_equal(se05x_iot_policy_rights((const uint8_t *)"\x08\0\0\0\0\x30\0\0\0", 9), 0);
	/* as snprintf() */
	assert_int_equal(se05x_iot_policy_print((const uint8_t *)"\x08\0\0\0\0\x10\0\0\0", 9, text,
						5), 8);
	assert_string_equal(text, "any:");
	assert_int_equal(se05x_iot_policy_print((const uint8_t *)"\x08\0\0\0\0\x10\0\0\0", 9, NULL,
						0), 8);
}

static void test_curves(void **state)
{
	(void)state;
	assert_int_equal(se05x_iot_curve_by_name("prime256v1")->id, SE05X_IOT_CURVE_P256);
	assert_int_equal(se05x_iot_curve_by_name("p-521")->id, SE05X_IOT_CURVE_P521);
	assert_int_equal(se05x_iot_curve_by_name("ED25519")->id, SE05X_IOT_CURVE_ED25519);
	assert_null(se05x_iot_curve_by_name("p-255"));
	assert_int_equal(se05x_iot_point_len(SE05X_IOT_CURVE_P521), 133);
	assert_int_equal(se05x_iot_point_len(SE05X_IOT_CURVE_X448), 56);
	assert_int_equal(se05x_iot_point_len(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_script), cmocka_unit_test(test_chip),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_reopen),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_ec),
		cmocka_unit_test(test_curve_setup),
		cmocka_unit_test(test_curve_raced), cmocka_unit_test(test_signature_is_der),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_symmetric),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_attest),
		cmocka_unit_test(test_session), cmocka_unit_test(test_password_refused),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_aid),
		cmocka_unit_test(test_capability),
		cmocka_unit_test(test_status_words),
		cmocka_unit_test(test_told_apart),
		cmocka_unit_test(test_free_memory_unknown),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_endless_list),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_curves),
	};

	return cmocka_run_group_tests_name("iot", tests, NULL, NULL);
}
