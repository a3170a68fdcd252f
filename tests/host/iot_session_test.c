// SPDX-License-Identifier: GPL-2.0-only
/* libse05x-iot's sessions by key: a secure channel of their own, on the simulated applet */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "iot_run.h"

#define KEY	0x0A0B0C0D
#define KEY2	0x0A0B0C0E
#define KEY3	0x0A0B0C0F

static const uint8_t key[32] = "the key of a session, 32 bytes";

static const struct se05x_iot_new auth = { .auth = true };

static struct se05x_iot *session;

static int open_aes(uint32_t id, const void *with, size_t len)
{
	return se05x_iot_session_open_aes(iot, id, with, len, &session, &call);
}

static void open_good(void)
{
	bool there;

	GOOD(se05x_iot_exists(iot, KEY, &there, &call));
	if (!there)
		GOOD(se05x_iot_key_import(iot, KEY, SE05X_IOT_KIND_AES, key, 16, &auth, &call));
	GOOD(open_aes(KEY, key, 16));
}

/* ---- what goes over the bus ---- */

static bool seen;	/* the marker, in an answer */
static const char marker[] = "what nobody on the bus may read!";

static size_t look(void *ctx, uint8_t *rsp, size_t len, size_t max)
{
	(void)ctx;
	(void)max;
	if (memmem(rsp, len, marker, 8))
		seen = true;
	return len;
}

/* Commands with and without data, long answers, errors, and others in between */
static void test_aes(void **state)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX], uid[SE05X_IOT_UID_LEN], again[SE05X_IOT_UID_LEN];
	size_t len = sizeof(policy);
	struct se05x_iot_new how = { .policy = policy };
	uint8_t bytes[2000], read[2000];
	const char *where;
	bool there;

	(void)state;
	open_good();
	GOOD(se05x_iot_policy_parse("0x0A0B0C0D:read,write,delete,secure-messaging", policy, &len,
				    &where));
	how.policy_len = len;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = marker[i % 32];
	GOOD(se05x_iot_binary_create(session, ID, bytes, sizeof(bytes), &how, NULL, &call));
	/* not for others */
	assert_int_equal(se05x_iot_binary_read(iot, ID, 0, read, 16, &call), -EACCES);
	chip_hostile(se, look, NULL);
	GOOD(se05x_iot_binary_read(session, ID, 0, read, sizeof(read), &call));
	assert_memory_equal(read, bytes, sizeof(bytes));
	assert_false(seen);
	chip_hostile(se, NULL, NULL);
	for (int i = 0; i < 300; i++) {		/* the counter takes more than a byte */
		GOOD(se05x_iot_random(session, read, 10, &call));
		if (i % 3)
			GOOD(se05x_iot_random(iot, read, 10, &call));
		assert_int_equal(se05x_iot_delete(session, ID2, &call), -ENOENT);
	}
	GOOD(se05x_iot_unique_id(iot, uid, &call));
	GOOD(se05x_iot_unique_id(session, again, &call));
	assert_memory_equal(uid, again, sizeof(uid));
	GOOD(se05x_iot_delete(session, ID, &call));
	GOOD(se05x_iot_session_close(session, &call));
	GOOD(se05x_iot_exists(iot, ID, &there, &call));
	assert_false(there);
	GOOD(open_aes(KEY, key, 16));		/* it was free again */
	GOOD(se05x_iot_session_close(session, &call));
}

/* ---- who does not get in ---- */

static void test_refused(void **state)
{
	const struct se05x_iot_new limited = { .auth = true, .max_attempts = 2 };
	struct se05x_iot_version version;
	uint8_t wrong[32];
	unsigned int before;
	size_t len;

	(void)state;
	memcpy(wrong, key, sizeof(wrong));
	wrong[15] ^= 1;
	GOOD(se05x_iot_key_import(iot, KEY, SE05X_IOT_KIND_AES, key, 16, &limited, &call));
	GOOD(se05x_iot_key_import(iot, KEY2, SE05X_IOT_KIND_AES, key, 16, NULL, &call));
	GOOD(se05x_iot_key_import(iot, KEY3, SE05X_IOT_KIND_AES, key, 32, &auth, &call));
	GOOD(se05x_iot_userid_create(iot, ID, "pass", 4, NULL, &call));
	/* a wrong key is found out by the chip's cryptogram: no attempt is gone, and no session */
	for (int i = 0; i < 5; i++)
		assert_int_equal(open_aes(KEY, wrong, 16), -EKEYREJECTED);
	assert_non_null(strstr(se05x_iot_error_text(-EKEYREJECTED, &call), "another key"));
	for (len = 0; len <= 32; len++) {	/* a length that no AES key has */
		before = chip_commands(se);
		if (len == 16 || len == 24 || len == 32)
			continue;
		assert_int_equal(open_aes(KEY, key, len), -EINVAL);
		assert_int_equal(chip_commands(se), before);
	}
	assert_int_equal(open_aes(KEY, key, 24), -EKEYREJECTED);	/* another length */
	assert_int_equal(open_aes(ID2, key, 16), -ENOENT);
	assert_int_equal(open_aes(ID, key, 16), -EMEDIUMTYPE);		/* a UserID */
	/* no key for that; before applet 6 nobody tells */
	se05x_iot_version(iot, &version);
	assert_int_equal(open_aes(KEY2, key, 16), version.major < 6 ? -EUSERS : -EMEDIUMTYPE);
	assert_int_equal(open_aes(KEY3, key, 32), -EMEDIUMTYPE);	/* longer than it takes */
	GOOD(open_aes(KEY, key, 16));
	{
		struct se05x_iot *other;

		assert_int_equal(se05x_iot_session_open_aes(iot, KEY, key, 16, &other, &call), -EUSERS);
		assert_int_equal(se05x_iot_session_open_aes(session, KEY, key, 16, &other, &call),
				 -EINVAL);
		/* the other place is not taken by those who did not get in */
		GOOD(se05x_iot_session_open(iot, ID, "pass", 4, &other, &call));
		GOOD(se05x_iot_session_close(other, &call));
	}
	GOOD(se05x_iot_session_close(session, &call));
}

/* A status word in the place of one answer */
struct refusal {
	int at;		/* answers until then */
	uint16_t sw;
};

static size_t refuse(void *ctx, uint8_t *rsp, size_t len, size_t max)
{
	struct refusal *r = ctx;

	(void)max;
	if (r->at-- != 0)
		return len;
	rsp[0] = r->sw >> 8;
	rsp[1] = r->sw & 0xff;
	return 2;
}

/* INITIALIZE UPDATE, then EXTERNAL AUTHENTICATE: once each, and no session is left. */
static void test_chip_refuses(void **state)
{
	static const struct { uint16_t sw; int ret[2]; } cases[] = {
		{ 0x6A80, { -EBADR, -EBADR } }, { 0x6D00, { -EOPNOTSUPP, -EOPNOTSUPP } },
		{ 0x66A6, { -EAGAIN, -EAGAIN } }, { 0x6982, { -EBADE, -EBADE } },
		{ 0x6300, { -EBADE, -EBADE } }, { 0x6985, { -EMEDIUMTYPE, -EMEDIUMTYPE } },
		{ 0x9000, { -EPROTO, 0 } },
	};
	struct refusal refusal;

	(void)state;
	GOOD(se05x_iot_key_import(iot, KEY, SE05X_IOT_KIND_AES, key, 16, &auth, &call));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int step = 0; step < 2; step++) {
			refusal = (struct refusal) { .at = 1 + step, .sw = cases[i].sw };
			chip_hostile(se, refuse, &refusal);
			assert_int_equal(open_aes(KEY, key, 16), cases[i].ret[step]);
			if (!cases[i].ret[step])
				GOOD(se05x_iot_session_close(session, &call));
		}
	GOOD(open_aes(KEY, key, 16));
	GOOD(se05x_iot_session_close(session, &call));
}

/* ---- answers that are not the chip's ---- */

struct attack {
	unsigned int bit;
	enum { NONE, FLIP, BARE, REPLAY, CUT, LONGER } how;
	bool on;
	uint8_t last[64];
	size_t last_len;
	size_t len;
};

static size_t attack(void *ctx, uint8_t *rsp, size_t len, size_t max)
{
	struct attack *a = ctx;
	uint8_t now[64];
	size_t now_len = len;

	(void)max;
	assert_true(len <= sizeof(now));
	memcpy(now, rsp, len);
	a->len = len;
	switch (a->on ? a->how : NONE) {
	case NONE:
		break;
	case FLIP:
		rsp[a->bit / 8] ^= 1 << a->bit % 8;
		break;
	case BARE:
		memcpy(rsp, "\x90", 2);
		len = 2;
		break;
	case REPLAY:
		memcpy(rsp, a->last, a->last_len);
		len = a->last_len;
		break;
	case CUT:
		memmove(rsp + len - 3, rsp + len - 2, 2);
		len--;
		break;
	case LONGER:
		memcpy(rsp + len, rsp + len - 2, 2);
		len += 2;
		break;
	}
	memcpy(a->last, now, now_len);
	a->last_len = now_len;
	return len;
}

static void attacked(struct attack *a)
{
	uint8_t bytes[10];
	int ret;

	open_good();
	chip_hostile(se, attack, a);
	GOOD(se05x_iot_random(session, bytes, 10, &call));
	a->on = true;
	ret = se05x_iot_random(session, bytes, 10, &call);
	a->on = false;
	assert_int_equal(ret, -EBADMSG);
	assert_int_equal(call.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(call.sw, 0);
	/* it is over */
	for (int i = 0; i < 2; i++) {
		unsigned int sent = chip_commands(se);

		assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -ESTALE);
		assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
		assert_int_equal(chip_commands(se), sent);
	}
	chip_hostile(se, NULL, NULL);
	se05x_iot_session_close(session, &call);
	/* in the chip it is not, until another SELECT */
	se05x_iot_reopen(iot, &call);
}

static void test_attacks(void **state)
{
	struct attack a = { .how = FLIP };

	(void)state;
	do {
		attacked(&a);
		a.bit++;
	} while (a.bit < 8 * a.len);
	for (a.how = BARE; a.how <= LONGER; a.how++)
		attacked(&a);
	open_good();
	GOOD(se05x_iot_session_close(session, &call));
}

/* ---- the link, and a chip that forgets ---- */

static void test_link(void **state)
{
	uint8_t bytes[10];

	(void)state;
	open_good();
	/* not sent: it does not count, whatever comes next */
	chip_fail(se, 0, -EAGAIN, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -EAGAIN);
	GOOD(se05x_iot_random(session, bytes, 10, &call));
	chip_fail(se, 0, -EINTR, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -EINTR);
	GOOD(se05x_iot_random(session, bytes, 10, &call));
	/* it may have run: nobody knows what the chip counted */
	chip_fail(se, 0, -ETIMEDOUT, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -ETIMEDOUT);
	assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -ESTALE);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	GOOD(se05x_iot_session_close(session, &call));
	GOOD(se05x_iot_reopen(iot, &call));
	/* begun and aborted */
	open_good();
	chip_fail(se, 0, -ECONNABORTED, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -ECONNABORTED);
	assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -ESTALE);
	GOOD(se05x_iot_session_close(session, &call));
	GOOD(se05x_iot_reopen(iot, &call));
	/* each step of the opening */
	for (unsigned int n = 0; n < 3; n++) {
		chip_fail(se, n, -ECONNRESET, SE05X_OUTCOME_MAY_HAVE_RUN);
		assert_int_equal(open_aes(KEY, key, 16), -ECONNRESET);
		GOOD(se05x_iot_reopen(iot, &call));
	}
	/* the chip lost its power */
	open_good();
	chip_generation(se, 77);
	assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -ESTALE);
	GOOD(se05x_iot_session_close(session, &call));
}

/* The session ends in the chip, and the host does not know. */
static void test_forgotten(void **state)
{
	uint8_t bytes[10];

	(void)state;
	open_good();
	GOOD(se05x_iot_reopen(iot, &call));	/* SELECT, with the same generation */
	assert_int_equal(se05x_iot_random(session, bytes, 10, &call), -ENOENT);
	assert_int_equal(call.sw, 0x6985);
	assert_int_equal(call.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);	/* anybody may say it */
	GOOD(se05x_iot_session_close(session, &call));
	open_good();
	GOOD(se05x_iot_session_close(session, &call));
}

/* ---- by EC key ---- */

struct pair {
	uint8_t scalar[32], point[65];
};

static struct pair make_pair(void)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	BIGNUM *n = NULL;
	struct pair pair;
	size_t len;

	assert_true(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &n));
	assert_int_equal(BN_bn2binpad(n, pair.scalar, 32), 32);
	assert_true(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, pair.point, 65,
						    &len));
	assert_int_equal(len, 65);
	BN_free(n);
	EVP_PKEY_free(pkey);
	return pair;
}

static int open_ec(uint32_t id, const struct pair *pair, const uint8_t *chip)
{
	return se05x_iot_session_open_ec(iot, id, pair->scalar, pair->point, chip, &session, &call);
}

static void test_ec(void **state)
{
	const struct se05x_iot_new limited = { .auth = true, .max_attempts = 2 };
	uint8_t chip[65], policy[SE05X_IOT_POLICY_MAX], data[16];
	struct pair owner = make_pair(), other = make_pair(), mixed = owner;
	size_t len = sizeof(policy);
	struct se05x_iot_new how = { .policy = policy };
	unsigned int sent;
	const char *where;

	(void)state;
	GOOD(se05x_iot_ec_import(iot, KEY, SE05X_IOT_CURVE_P256, NULL, owner.point, &limited, NULL,
				 &call));
	GOOD(read_point(iot, SE05X_IOT_ID_SESSION_KEY, SE05X_IOT_CURVE_P256, chip, &call));
	GOOD(se05x_iot_policy_parse("0x0A0B0C0D:read,delete,secure-messaging", policy, &len, &where));
	how.policy_len = len;
	for (int known = 0; known < 2; known++) {
		GOOD(open_ec(KEY, &owner, known ? chip : NULL));
		GOOD(se05x_iot_binary_create(session, ID, marker, 16, &how, NULL, &call));
		assert_int_equal(se05x_iot_binary_read(iot, ID, 0, data, 16, &call), -EACCES);
		seen = false;
		chip_hostile(se, look, NULL);
		GOOD(se05x_iot_binary_read(session, ID, 0, data, 16, &call));
		assert_memory_equal(data, marker, 16);
		assert_false(seen);
		chip_hostile(se, NULL, NULL);
		GOOD(se05x_iot_delete(session, ID, &call));
		assert_int_equal(se05x_iot_delete(session, ID, &call), -ENOENT);
		GOOD(se05x_iot_random(session, data, 16, &call));
		GOOD(se05x_iot_session_close(session, &call));
	}
	/* no key, none of the curve, and no point: nothing is lost by them */
	memcpy(mixed.scalar, other.scalar, 32);
	sent = chip_commands(se);
	assert_int_equal(open_ec(KEY, &mixed, chip), -EINVAL);
	chip[64] ^= 1;
	assert_int_equal(open_ec(KEY, &owner, chip), -EINVAL);
	memset(mixed.scalar, 0, sizeof(mixed.scalar));
	assert_int_equal(open_ec(KEY, &mixed, chip), -EINVAL);
	assert_int_equal(chip_commands(se), sent);
	/* a chip that is not the one that is known can't answer */
	assert_int_equal(open_ec(KEY, &owner, other.point), 0);
	assert_int_equal(se05x_iot_random(session, data, 16, &call), -EACCES);
	assert_int_equal(call.sw, 0x6982);	/* it does not understand the host either */
	GOOD(se05x_iot_session_close(session, &call));
	/* another key's signature costs an attempt, and a good one gives them all back */
	assert_int_equal(open_ec(KEY, &other, NULL), -EBADE);
	GOOD(open_ec(KEY, &owner, NULL));
	GOOD(se05x_iot_session_close(session, &call));
	for (int i = 0; i < 2; i++)
		assert_true(open_ec(KEY, &other, NULL) < 0);
	assert_true(open_ec(KEY, &owner, NULL) < 0);
}

static void test_ec_refused(void **state)
{
	struct pair owner = make_pair();

	(void)state;
	GOOD(se05x_iot_userid_create(iot, ID, "pass", 4, NULL, &call));
	GOOD(se05x_iot_ec_generate(iot, KEY, SE05X_IOT_CURVE_P384, &auth, NULL, &call));
	assert_int_equal(open_ec(ID, &owner, NULL), -EMEDIUMTYPE);
	assert_int_equal(open_ec(KEY, &owner, NULL), -EMEDIUMTYPE);
	assert_int_equal(open_ec(ID2, &owner, NULL), -ENOENT);
	/* an EC key opens no session of an AES key */
	GOOD(se05x_iot_ec_import(iot, KEY2, SE05X_IOT_CURVE_P256, NULL, owner.point, &auth, NULL,
				 &call));
	assert_int_equal(open_aes(KEY2, key, 16), -EMEDIUMTYPE);
	GOOD(open_ec(KEY2, &owner, NULL));
	GOOD(se05x_iot_session_close(session, &call));
}

/* ---- threads ---- */

static void *draw(void *wrong)
{
	for (int i = 0; i < 50; i++) {
		struct se05x_call mine = { 0 };
		uint8_t bytes[16];
		bool there;

		if (se05x_iot_random(session, bytes, sizeof(bytes), &mine))
			++*(int *)wrong;
		if (se05x_iot_exists(session, KEY, &there, &mine) || !there)
			++*(int *)wrong;
		if (se05x_iot_random(iot, bytes, sizeof(bytes), &mine))
			++*(int *)wrong;
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	int wrong[4] = { 0 };

	(void)state;
	open_good();
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, draw, &wrong[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(wrong[i], 0);
	}
	GOOD(se05x_iot_session_close(session, &call));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_aes),
		BOTH(test_refused),
		BOTH(test_chip_refuses),
		BOTH(test_attacks),
		BOTH(test_link),
		BOTH(test_forgotten),
		BOTH(test_ec),
		BOTH(test_ec_refused),
		BOTH(test_threads),
	};

	return cmocka_run_group_tests_name("iot sessions by key", tests, NULL, NULL);
}
