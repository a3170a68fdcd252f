// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OpenSSL provider by libcrypto's functions, with its sources inside so that the
 * sanitizers see them: what is told of a key, keys that are none of the chip's, PINs, and
 * keys that are known by their public half. The chip is se05x-sim, which runs this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

#include "provider_run.h"

#define PIN_ID	0x0A0B0C0D

/* ---- what is told of a key ---- */

static int count(const OSSL_PARAM params[], void *arg)
{
	while (params++->key)
		++*(int *)arg;
	return 1;
}

static void check_halves(struct setup *s, EVP_PKEY *key, const char *private)
{
	EVP_PKEY *public = public_half(s, key), *copy;
	unsigned char raw[100];
	size_t len = sizeof(raw);
	OSSL_PARAM *params;
	BIGNUM *bn = NULL;
	uint32_t id = 0;
	OSSL_PARAM ask[] = { OSSL_PARAM_uint32(PARAM_ID, &id), OSSL_PARAM_END };
	int n = 0;

	assert_non_null(OSSL_PARAM_locate_const(EVP_PKEY_gettable_params(key), PARAM_ID));
	assert_int_equal(EVP_PKEY_get_params(key, ask), 1);
	assert_true(id >= 0x50000000 && id <= 0x5FFFFEFF);
	/* the public half goes everywhere */
	assert_int_equal(EVP_PKEY_export(key, EVP_PKEY_PUBLIC_KEY, count, &n), 1);
	assert_true(n > 0);
	assert_int_equal(EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &params), 1);
	OSSL_PARAM_free(params);
	assert_int_equal(EVP_PKEY_eq(public, key), 1);
	assert_int_equal(EVP_PKEY_eq(key, public), 1);
	assert_int_equal(EVP_PKEY_eq(key, key), 1);
	clean();
	/* the private one nowhere, and nothing is given in its place */
	n = 0;
	assert_int_not_equal(EVP_PKEY_export(key, EVP_PKEY_KEYPAIR, count, &n), 1);
	assert_int_not_equal(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &params), 1);
	assert_int_equal(n, 0);
	assert_int_not_equal(EVP_PKEY_get_bn_param(key, private, &bn), 1);
	assert_int_not_equal(EVP_PKEY_get_raw_private_key(key, raw, &len), 1);
	ERR_clear_error();
	/* a copy is as good */
	copy = EVP_PKEY_dup(key);
	assert_non_null(copy);
	assert_int_equal(EVP_PKEY_eq(copy, public), 1);
	EVP_PKEY_free(copy);
	EVP_PKEY_free(public);
	clean();
}

static void test_halves(void **state)
{
	struct setup *s = *state;
	static const char *const kinds[][3] = {
		{ "EC", "P-256", OSSL_PKEY_PARAM_PRIV_KEY },
		{ "EC", "brainpoolP384r1", OSSL_PKEY_PARAM_PRIV_KEY },
		{ "RSA", NULL, OSSL_PKEY_PARAM_RSA_D }, { "RSA-PSS", NULL, OSSL_PKEY_PARAM_RSA_D },
		{ "ED25519", NULL, OSSL_PKEY_PARAM_PRIV_KEY },
		{ "X25519", NULL, OSSL_PKEY_PARAM_PRIV_KEY },
		{ "X448", NULL, OSSL_PKEY_PARAM_PRIV_KEY },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		EVP_PKEY *key = in_chip(s, kinds[i][0], kinds[i][1]);

		assert_true(EVP_PKEY_is_a(key, kinds[i][0]));
		check_halves(s, key, kinds[i][2]);
		EVP_PKEY_free(key);
	}
}

static void test_certificate(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *key = in_chip(s, "EC", "P-256"), *other = in_chip(s, "EC", "P-256");
	EVP_PKEY *soft = EVP_PKEY_Q_keygen(s->ctx, NULL, "EC", "P-256");
	X509 *cert = certificate(s, key, EVP_sha256());

	assert_int_equal(X509_check_private_key(cert, key), 1);
	clean();
	assert_int_not_equal(X509_check_private_key(cert, other), 1);
	ERR_clear_error();
	assert_int_not_equal(X509_check_private_key(cert, soft), 1);
	ERR_clear_error();
	assert_int_not_equal(X509_verify(cert, other), 1);
	ERR_clear_error();
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(soft);
}

static void test_signing(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *key = in_chip(s, "RSA", NULL), *public = public_half(s, key);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();
	unsigned char one[256], two[256], small[255];
	size_t one_len = 0, two_len = sizeof(two);

	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, NULL, s->ctx, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSignUpdate(ctx, "half ", 5), 1);
	assert_int_equal(EVP_MD_CTX_copy_ex(copy, ctx), 1);
	assert_int_equal(EVP_DigestSignUpdate(ctx, "and half", 8), 1);
	assert_int_equal(EVP_DigestSignUpdate(copy, "and half", 8), 1);
	assert_int_equal(EVP_DigestSignFinal(ctx, NULL, &one_len), 1);
	assert_int_equal(one_len, 256);
	assert_int_equal(EVP_DigestSignFinal(ctx, one, &one_len), 1);
	assert_int_equal(EVP_DigestSignFinal(copy, two, &two_len), 1);
	assert_memory_equal(one, two, 256);
	clean();
	EVP_MD_CTX_reset(ctx);
	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", s->ctx, NULL, key, NULL), 1);
	one_len = sizeof(small);
	assert_int_not_equal(EVP_DigestSign(ctx, small, &one_len, one, 1), 1);
	assert_non_null(strstr(last_error(), "no room"));
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(copy);
	EVP_PKEY_free(public);
	EVP_PKEY_free(key);
}

#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT	/* OpenSSL 3.4 and later */

static void check_whole(struct setup *s, EVP_PKEY *key, const char *name, const char *other)
{
	EVP_SIGNATURE *ours = EVP_SIGNATURE_fetch(s->ctx, name, "provider=se05x");
	EVP_SIGNATURE *theirs = EVP_SIGNATURE_fetch(s->ctx, other, "provider=default");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(s->ctx, key, NULL), *verifier;
	const unsigned char message[] = "a message";
	EVP_PKEY *public = public_half(s, key);
	unsigned char sig[512];
	size_t len;
	bool parts = !EVP_PKEY_is_a(key, "ED25519");

	assert_non_null(ours);
	assert_non_null(theirs);
	verifier = EVP_PKEY_CTX_new_from_pkey(s->ctx, public, NULL);
	for (int i = 0; i <= parts; i++) {
		len = sizeof(sig);
		assert_int_equal(EVP_PKEY_sign_message_init(ctx, ours, NULL), 1);
		if (i) {
			assert_int_equal(EVP_PKEY_sign_message_update(ctx, message, 4), 1);
			assert_int_equal(EVP_PKEY_sign_message_update(ctx, message + 4, 6), 1);
			assert_int_equal(EVP_PKEY_sign_message_final(ctx, sig, &len), 1);
		} else {
			assert_int_equal(EVP_PKEY_sign(ctx, sig, &len, message, 10), 1);
		}
		assert_int_equal(EVP_PKEY_verify_message_init(verifier, theirs, NULL), 1);
		assert_int_equal(EVP_PKEY_verify(verifier, sig, len, message, 10), 1);
		assert_int_equal(EVP_PKEY_verify_message_init(ctx, ours, NULL), 1);
		assert_int_equal(EVP_PKEY_verify(ctx, sig, len, message, 10), 1);
		assert_int_not_equal(EVP_PKEY_verify(ctx, sig, len, message, 9), 1);
		ERR_clear_error();
	}
	if (parts) {
		unsigned char digest[32] = { 7 };

		len = sizeof(sig);
		assert_int_equal(EVP_PKEY_sign_init_ex2(ctx, ours, NULL), 1);
		assert_int_equal(EVP_PKEY_sign(ctx, sig, &len, digest, 32), 1);
		assert_int_equal(EVP_PKEY_verify_init_ex2(verifier, theirs, NULL), 1);
		assert_int_equal(EVP_PKEY_verify(verifier, sig, len, digest, 32), 1);
	}
	clean();
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_CTX_free(verifier);
	EVP_PKEY_free(public);
	EVP_SIGNATURE_free(ours);
	EVP_SIGNATURE_free(theirs);
	EVP_PKEY_free(key);
}

static void test_whole(void **state)
{
	struct setup *s = *state;

	check_whole(s, in_chip(s, "EC", "P-256"), "ECDSA-SHA256", "ECDSA-SHA256");
	check_whole(s, in_chip(s, "RSA", NULL), "RSA-SHA256", "RSA-SHA256");
	check_whole(s, in_chip(s, "ED25519", NULL), NAME_ED25519, "ED25519");
	check_whole(s, EVP_PKEY_Q_keygen(s->ctx, NULL, "RSA", (size_t)2048), "RSA-SHA256",
		    "RSA-SHA256");
	check_whole(s, EVP_PKEY_Q_keygen(s->ctx, NULL, "EC", "P-256"), "ECDSA-SHA256",
		    "ECDSA-SHA256");
}

#endif

/* ---- what the chip does not do ---- */

static void try_instance(struct setup *s, EVP_PKEY *key, const char *instance,
			 const char *context, bool taken)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string("instance", (char *)instance, strlen(instance)),
		OSSL_PARAM_octet_string("context-string", (char *)context, strlen(context)),
		OSSL_PARAM_END,
	};
	const char *why = "";

	assert_int_equal(EVP_DigestSignInit_ex(md, NULL, NULL, s->ctx, NULL, key, params) == 1,
			 taken);
	/* the first: OpenSSL 3.0 says after it that it has no default digest */
	if (!taken) {
		ERR_peek_error_data(&why, NULL);
		assert_non_null(strstr(why, "neither Ed25519ph nor Ed25519ctx"));
	}
	ERR_clear_error();
	EVP_MD_CTX_free(md);
}

#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT

/* Said after the beginning, or of a digest */
static void try_later(struct setup *s, EVP_PKEY *key)
{
	OSSL_PARAM ph[] = { OSSL_PARAM_utf8_string("instance", "Ed25519ph", 9), OSSL_PARAM_END };
	OSSL_PARAM usual[] = { OSSL_PARAM_utf8_string("instance", "Ed25519", 7), OSSL_PARAM_END };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char sig[64];
	size_t len = sizeof(sig);
	EVP_PKEY_CTX *ctx;

	assert_int_equal(EVP_DigestSignInit_ex(md, &ctx, NULL, s->ctx, NULL, key, NULL), 1);
	assert_int_not_equal(EVP_PKEY_CTX_set_params(ctx, ph), 1);
	assert_non_null(strstr(last_error(), "neither Ed25519ph nor Ed25519ctx"));
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, usual), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &len, sig, 10), 1);
	/* the public half has no such limits */
	assert_int_equal(EVP_DigestVerifyInit_ex(md, &ctx, NULL, s->ctx, NULL, key, NULL), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, ph), 1);
	EVP_MD_CTX_free(md);
	ctx = EVP_PKEY_CTX_new_from_pkey(s->ctx, key, NULL);
	assert_int_not_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_non_null(strstr(last_error(), "neither Ed25519ph nor Ed25519ctx"));
	assert_int_equal(EVP_PKEY_verify_init_ex(ctx, ph), 1);
	EVP_PKEY_CTX_free(ctx);
	clean();
}

#endif

static void test_ed25519_instances(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *key = in_chip(s, "ED25519", NULL);

	try_instance(s, key, "ed25519", "", true);
	try_instance(s, key, "Ed25519ph", "", false);
	try_instance(s, key, "Ed25519ctx", "who", false);
	try_instance(s, key, "Ed25519", "who", false);
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
	try_later(s, key);
#endif
	EVP_PKEY_free(key);
}

/* ---- keys that are none of the chip's ---- */

static void test_soft(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *ec = EVP_PKEY_Q_keygen(s->ctx, NULL, "EC", "P-384"), *again = NULL;
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(s->ctx, NULL, "RSA", (size_t)1024);
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(s->ctx, NULL, "ED25519");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(s->ctx, "EC", NULL);
	OSSL_PARAM *params;
	BIGNUM *bn = NULL;
	uint32_t id;
	OSSL_PARAM ask[] = { OSSL_PARAM_uint32(PARAM_ID, &id), OSSL_PARAM_END };

	assert_true(sign_and_verify(s, ec, ec, "SHA384"));
	assert_true(sign_and_verify(s, rsa, rsa, "SHA256"));
	assert_true(sign_and_verify(s, ed, ed, NULL));
	assert_int_equal(EVP_PKEY_get_bn_param(ec, OSSL_PKEY_PARAM_PRIV_KEY, &bn), 1);
	BN_free(bn);
	assert_int_equal(EVP_PKEY_todata(ec, EVP_PKEY_KEYPAIR, &params), 1);
	assert_non_null(EVP_PKEY_fromdata_settable(ctx, EVP_PKEY_KEYPAIR));
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &again, EVP_PKEY_KEYPAIR, params), 1);
	assert_int_equal(EVP_PKEY_eq(ec, again), 1);
	assert_true(sign_and_verify(s, again, ec, "SHA1"));
	clean();
	assert_false(EVP_PKEY_get_params(ec, ask) == 1 && OSSL_PARAM_modified(ask));
	ERR_clear_error();
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(again);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
}

/* ---- PINs, and keys that are known by their public half ---- */

static struct key *pin_key(struct provider *prov, const char *pin, uint32_t id)
{
	struct place place = {
		.chip = provider_chip(prov, NULL), .id = id, .user = PIN_ID,
		.pin = keys_secret_new(pin, strlen(pin)),
	};
	struct key *key = key_open(prov, &place, NULL);

	keys_secret_free(place.pin);
	return key;
}

static int sign_run(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	const struct key *key = arg;
	uint8_t digest[32] = { 1 }, sig[SE05X_IOT_SIG_MAX];
	size_t len = sizeof(sig);

	return se05x_iot_ecdsa_sign(iot, key->id, SE05X_IOT_HASH_SHA256, digest, sig, &len, call);
}

/* As after a mended link: certainly not sent, once */
static int run_lost_once(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	static bool lost;

	lost = !lost;
	if (!lost)
		return sign_run(iot, arg, call);
	*call = (struct se05x_call) { .outcome = SE05X_OUTCOME_NOT_SENT };
	return -ECONNABORTED;
}

static struct keys_secret *read_pin(struct provider *prov, const struct place *place,
				    const char *text)
{
	char path[] = "/tmp/provider-api-test-XXXXXX";
	struct keys_secret *secret;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	secret = pin_read(prov, place, path);
	unlink(path);
	return secret;
}

/* One PIN, by whatever name of the chip and from a file of whatever system */
static void test_same_pin(void **state)
{
	struct setup *s = *state;
	struct provider *prov = provider_of(s);
	const char *device = getenv("SE05X_DEVICE");
	char link[] = "/tmp/provider-api-link-XXXXXX", other[50];
	struct place place = { .chip = provider_chip(prov, NULL), .user = PIN_ID };
	struct place same = place, user = place;
	struct keys_secret *pin = read_pin(prov, &place, "123456\n"), *again;

	assert_non_null(pin);
	close(mkstemp(link));
	unlink(link);
	assert_int_equal(symlink(device + strlen("unix:"), link), 0);
	snprintf(other, sizeof(other), "unix:%s", link);
	same.chip = provider_chip(prov, other);
	assert_ptr_not_equal(same.chip, place.chip);
	again = read_pin(prov, &same, "123456\r\n");
	assert_ptr_equal(again, pin);
	unlink(link);
	keys_secret_free(again);
	user.user++;
	again = read_pin(prov, &user, "123456");
	assert_ptr_not_equal(again, pin);
	keys_secret_free(again);
	again = read_pin(prov, &place, "1234567890123456\r\n");
	assert_non_null(again);
	keys_secret_free(again);
	assert_null(read_pin(prov, &place, "12345678901234567\r\n"));
	ERR_clear_error();
	keys_secret_free(pin);
}

static void test_pin(void **state)
{
	struct setup *s = *state;
	struct provider *prov = provider_of(s);
	struct keys_chip *chip = provider_chip(prov, NULL);
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how = { .policy = policy, .policy_len = sizeof(policy) };
	struct se05x_iot_new three = { .max_attempts = 3 };
	struct place wrong = { .chip = chip, .user = PIN_ID };
	struct se05x_call call = { 0 };
	EVP_PKEY *public;
	struct key *key;
	uint32_t id;
	int status;

	KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, &three);
	assert_int_equal(KEYS_RUN(chip, &call, keys_free_id, s->ctx, &id), 0);
	assert_int_equal(se05x_iot_policy_parse("0x0A0B0C0D:sign,delete;any:read", policy,
						&how.policy_len, NULL), 0);
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_ec_generate, id, SE05X_IOT_CURVE_P256,
				  &how, NULL), 0);
	key = pin_key(prov, "1234", id);
	if (!key)
		fail_msg("%s", last_error());
	assert_true(key_run(key, "sign with", sign_run, key));
	assert_true(key_run(key, "sign with", run_lost_once, key));
	/* the children have it too, by files of their own */
	if (!fork())
		_exit(!key_run(key, "sign with", sign_run, key));
	wait(&status);
	assert_int_equal(status, 0);
	public = key->public;
	EVP_PKEY_up_ref(public);
	key_free(key);
	/* a wrong one is shown once, though many ask, and in two processes */
	wrong.pin = keys_secret_new("4321", 4);
	wrong.id = id;
	key = key_claim(prov, &wrong, public);
	keys_secret_free(wrong.pin);
	EVP_PKEY_free(public);
	if (!fork())
		_exit(key_run(key, "sign with", sign_run, key));
	wait(&status);
	assert_int_equal(status, 0);
	for (int i = 0; i < 5; i++) {
		assert_false(key_run(key, "sign with", sign_run, key));
		assert_non_null(strstr(last_error(), "refused before; it is not tried again"));
	}
	key_free(key);
	key = pin_key(prov, "1234", id);
	assert_non_null(key);
	assert_true(key_run(key, "sign with", sign_run, key));
	key_free(key);
}

static void test_claim(void **state)
{
	struct setup *s = *state;
	struct provider *prov = provider_of(s);
	EVP_PKEY *pkey = in_chip(s, "EC", "P-256"), *public = public_half(s, pkey);
	EVP_PKEY *other = EVP_PKEY_Q_keygen(s->ctx, NULL, "EC", "P-256");
	uint8_t uid[SE05X_IOT_UID_LEN] = { 0 };
	struct place place = { .chip = provider_chip(prov, NULL) };
	OSSL_PARAM ask[] = { OSSL_PARAM_uint32(PARAM_ID, &place.id), OSSL_PARAM_END };
	struct se05x_call call = { 0 };
	struct key *key;

	assert_int_equal(EVP_PKEY_get_params(pkey, ask), 1);
	key = key_claim(prov, &place, public);
	assert_true(key_run(key, "sign with", sign_run, key));
	key_free(key);
	key = key_claim(prov, &place, other);
	assert_false(key_run(key, "sign with", sign_run, key));
	assert_non_null(strstr(last_error(), "it was replaced"));
	key_free(key);
	place.uid = uid;
	key = key_claim(prov, &place, public);
	assert_false(key_run(key, "sign with", sign_run, key));
	assert_non_null(strstr(last_error(), "another chip"));
	key_free(key);
	assert_int_equal(KEYS_RUN(place.chip, &call, se05x_iot_unique_id, uid), 0);
	key = key_claim(prov, &place, public);
	assert_true(key_run(key, "sign with", sign_run, key));
	key_free(key);
	EVP_PKEY_free(pkey);
	EVP_PKEY_free(public);
	EVP_PKEY_free(other);
}

struct naming {
	OSSL_LIB_CTX *ctx;
	struct keys_name name;
};

static int give_name(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct naming *n = arg;
	struct se05x_iot_object object;
	struct keys_names *names;
	int ret = keys_names_read(iot, &names, call);

	if (!ret)
		ret = se05x_iot_object(iot, n->name.id, &object, call);
	if (!ret)
		ret = keys_object_fingerprint(iot, &object, n->ctx, n->name.fingerprint, call);
	if (!ret)
		ret = keys_names_write(iot, names, &n->name, NULL, call);
	keys_names_free(names);
	return ret;
}

static void test_named(void **state)
{
	struct setup *s = *state;
	struct naming n = { .ctx = s->ctx };
	OSSL_PARAM ask[] = { OSSL_PARAM_uint32(PARAM_ID, &n.name.id), OSSL_PARAM_END };
	EVP_PKEY *key = in_chip(s, "EC", "P-256"), *found;
	struct se05x_call call = { 0 };
	OSSL_STORE_CTX *store;
	OSSL_STORE_INFO *info;
	char uri[40];

	assert_int_equal(EVP_PKEY_get_params(key, ask), 1);
	snprintf(n.name.label, sizeof(n.name.label), "door %s", s->names[0]);
	assert_int_equal(keys_burst(provider_chip(provider_of(s), NULL), 0, NULL, 0, give_name, &n,
				    &call), 0);
	snprintf(uri, sizeof(uri), "se05x:door%%20%s", s->names[0]);
	store = OSSL_STORE_open_ex(uri, s->ctx, NULL, NULL, NULL, NULL, NULL, NULL);
	if (!store)
		fail_msg("%s", last_error());
	info = OSSL_STORE_load(store);
	assert_non_null(info);
	found = OSSL_STORE_INFO_get1_PKEY(info);
	assert_int_equal(EVP_PKEY_eq(found, key), 1);
	assert_true(sign_and_verify(s, found, key, "SHA256"));
	OSSL_STORE_INFO_free(info);
	OSSL_STORE_close(store);
	EVP_PKEY_free(found);
	EVP_PKEY_free(key);
	clean();
}

/* An RSA key of the chip, in a file that says what it may be used for: RFC 4055 */
static EVP_PKEY *with_rules(struct setup *s, EVP_PKEY *rsa)
{
	struct place place = { .chip = provider_chip(provider_of(s), NULL) };
	OSSL_PARAM ask[] = { OSSL_PARAM_uint32(PARAM_ID, &place.id), OSSL_PARAM_END };
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(s->ctx, "RSA-PSS", NULL);
	EVP_PKEY *public = NULL, *key;
	struct se05x_call call = { 0 };
	struct keys_ref ref = { 0 };
	BIGNUM *n = NULL, *e = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	OSSL_PARAM *params;

	EVP_PKEY_get_params(rsa, ask);
	EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n);
	EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_E, &e);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
	OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_RSA_DIGEST, "SHA256", 0);
	OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, "SHA256", 0);
	OSSL_PARAM_BLD_push_int(bld, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, 32);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &public, EVP_PKEY_PUBLIC_KEY, params), 1);
	ref.id = place.id;
	KEYS_RUN(place.chip, &call, se05x_iot_unique_id, ref.chip);
	ref.spki_len = i2d_PUBKEY(public, &ref.spki);
	assert_true(keys_ref_write(bio, &ref));
	key = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, s->ctx, NULL);
	if (!key)
		fail_msg("%s", last_error());
	assert_int_equal(EVP_PKEY_eq(key, public), 1);
	keys_ref_clear(&ref);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(public);
	BN_free(n);
	BN_free(e);
	BIO_free(bio);
	return key;
}

static void test_rules(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *rsa = in_chip(s, "RSA", NULL), *key = with_rules(s, rsa);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	char name[50];

	assert_true(EVP_PKEY_is_a(key, "RSA-PSS"));
	assert_true(EVP_PKEY_get_default_digest_name(key, name, sizeof(name)) > 0);
	assert_non_null(strstr(name, "256"));
	assert_true(sign_and_verify(s, key, key, "SHA256"));
	assert_true(sign_and_verify(s, key, key, NULL));
	clean();
	assert_false(sign_and_verify(s, key, key, "SHA512"));
	assert_int_equal(EVP_DigestSignInit_ex(md, &ctx, "SHA256", s->ctx, NULL, key, NULL), 1);
	assert_int_not_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 20), 1);
	assert_int_not_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 40), 1);
	ERR_clear_error();
	EVP_MD_CTX_free(md);
	ctx = EVP_PKEY_CTX_new_from_pkey(s->ctx, key, NULL);
	assert_false(EVP_PKEY_decrypt_init(ctx) == 1);
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	EVP_PKEY_free(rsa);
}

static void test_no_chip(void **state)
{
	struct setup *s = *state;
	struct provider *prov = provider_of(s);
	struct place place = {
		.chip = provider_chip(prov, "unix:/nonexistent/socket"), .id = 1,
	};

	assert_ptr_equal(provider_chip(prov, "unix:/nonexistent/socket"), place.chip);
	assert_null(key_open(prov, &place, NULL));
	assert_non_null(strstr(last_error(), "public key of 0x00000001: no such device"));
	test_soft(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_halves), BOTH(test_certificate), BOTH(test_signing),
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
		BOTH(test_whole),
#endif
		BOTH(test_ed25519_instances), BOTH(test_soft), BOTH(test_pin), BOTH(test_same_pin), BOTH(test_claim),
		BOTH(test_rules), BOTH(test_named),
		BOTH(test_no_chip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
