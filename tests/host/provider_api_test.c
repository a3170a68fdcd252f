// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OpenSSL provider by libcrypto's functions, with its sources inside so that the
 * sanitizers see them, loaded before and after OpenSSL's own: what is told of a key, keys
 * that are none of the chip's, PINs, threads and forks, and TLS without a write to flash.
 * The chip is se05x-sim, which runs this: $WEAR is its wear log.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "../../lib/provider/provider.h"

#define PIN_ID	0x0A0B0C0D
#define ROUNDS	20

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED	1
#else
#define SANITIZED	0
#endif

OSSL_provider_init_fn OSSL_provider_init;

/* A program's OpenSSL, with the providers in that order */
struct setup {
	const char *names[2];
	OSSL_LIB_CTX *ctx;
	OSSL_PROVIDER *providers[2];
};

static struct setup orders[] = { { .names = { "se05x", "default" } },
				 { .names = { "default", "se05x" } } };

static int load(void **state)
{
	struct setup *s = *state;

	s->ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER_add_builtin(s->ctx, "se05x", OSSL_provider_init);
	for (int i = 0; i < 2; i++) {
		s->providers[i] = OSSL_PROVIDER_load(s->ctx, s->names[i]);
		assert_non_null(s->providers[i]);
	}
	return 0;
}

static int unload(void **state)
{
	struct setup *s = *state;

	for (int i = 0; i < 2; i++)
		OSSL_PROVIDER_unload(s->providers[i]);
	OSSL_LIB_CTX_free(s->ctx);
	return 0;
}

static struct provider *provider_of(struct setup *s)
{
	return OSSL_PROVIDER_get0_provider_ctx(s->providers[strcmp(s->names[0], "se05x") != 0]);
}

static void clean(void)
{
	unsigned long error = ERR_peek_error();

	if (error)
		fail_msg("left in the queue: %s", ERR_error_string(error, NULL));
}

/* The text of the last error, and no more of them */
static const char *last_error(void)
{
	static char text[500];
	const char *data = "";

	ERR_peek_last_error_data(&data, NULL);
	snprintf(text, sizeof(text), "%s", data);
	ERR_clear_error();
	return text;
}

static EVP_PKEY *make_key(struct setup *s, const char *type, const char *properties,
			  const char *group, const char *id)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(s->ctx, type, properties);
	OSSL_PARAM params[3], *p = params;
	EVP_PKEY *key = NULL;

	if (group)
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0);
	if (id)
		*p++ = OSSL_PARAM_construct_utf8_string(PARAM_ID, (char *)id, 0);
	*p = OSSL_PARAM_construct_end();
	assert_non_null(ctx);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
	if (EVP_PKEY_generate(ctx, &key) != 1)
		fail_msg("%s: %s", type, last_error());
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* One of ours, though the default provider may come first */
static EVP_PKEY *in_chip(struct setup *s, const char *type, const char *group)
{
	return make_key(s, type, "provider=se05x", group, "auto");
}

static EVP_PKEY *public_half(struct setup *s, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_PUBKEY(key, &der);
	EVP_PKEY *public;

	assert_true(len > 0);
	p = der;
	public = d2i_PUBKEY_ex(NULL, &p, len, s->ctx, NULL);
	assert_non_null(public);
	OPENSSL_free(der);
	return public;
}

static bool sign_and_verify(struct setup *s, EVP_PKEY *key, EVP_PKEY *public, const char *hash)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t len = sizeof(sig);
	bool good = EVP_DigestSignInit_ex(ctx, NULL, hash, s->ctx, NULL, key, NULL) == 1 &&
		    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)"message", 7) == 1;

	EVP_MD_CTX_free(ctx);
	ctx = EVP_MD_CTX_new();
	good = good && EVP_DigestVerifyInit_ex(ctx, NULL, hash, s->ctx, NULL, public, NULL) == 1 &&
	       EVP_DigestVerify(ctx, sig, len, (const unsigned char *)"message", 7) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

/* ---- what reaches the chip, by the linker's --wrap ---- */

typedef int transceive(struct se05x *se, const void *command, size_t len, void *response,
		       size_t *response_len, struct se05x_call *call);
transceive __real_se05x_transceive, __wrap_se05x_transceive;

static atomic_int apdus;

int __wrap_se05x_transceive(struct se05x *se, const void *command, size_t len, void *response,
			    size_t *response_len, struct se05x_call *call)
{
	atomic_fetch_add(&apdus, 1);
	return __real_se05x_transceive(se, command, len, response, response_len, call);
}

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

static X509 *certificate(struct setup *s, EVP_PKEY *key, const EVP_MD *md)
{
	X509 *cert = X509_new_ex(s->ctx, NULL);
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, md) > 0);
	assert_int_equal(X509_verify(cert, key), 1);
	return cert;
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

/* One command for what the chip does, none for what it need not be asked */
static void test_cost(void **state)
{
	struct setup *s = *state;
	static const char *const types[] = { "EC", "RSA", "ED25519" };
	unsigned char in[] = "a message", out[256], back[256];
	size_t len = sizeof(out), back_len = sizeof(back);
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key, *public;

	for (int i = 0; i < 3; i++) {
		key = in_chip(s, types[i], i ? NULL : "P-256");
		public = public_half(s, key);
		atomic_store(&apdus, 0);
		assert_true(sign_and_verify(s, key, key, i < 2 ? "SHA256" : NULL));
		assert_true(sign_and_verify(s, key, public, i < 2 ? "SHA256" : NULL));
		assert_int_equal(atomic_load(&apdus), 2);
		EVP_PKEY_free(public);
		EVP_PKEY_free(key);
	}
	key = in_chip(s, "RSA", NULL);
	atomic_store(&apdus, 0);
	ctx = EVP_PKEY_CTX_new_from_pkey(s->ctx, key, NULL);
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &len, in, sizeof(in)), 1);
	assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_decrypt(ctx, NULL, &back_len, out, len), 1);
	assert_int_equal(atomic_load(&apdus), 0);
	/* the first time the secret of implicit rejection is asked for */
	for (int i = 0; i < 3; i++) {
		back_len = sizeof(back);
		assert_int_equal(EVP_PKEY_decrypt(ctx, back, &back_len, out, len), 1);
		assert_int_equal(back_len, sizeof(in));
		assert_memory_equal(back, in, sizeof(in));
		assert_int_equal(atomic_load(&apdus), i + 2);
	}
	EVP_PKEY_CTX_free(ctx);
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

/* Both sides of a handshake, by memory */
static void shake_hands(SSL_CTX *server, SSL_CTX *client)
{
	SSL *a = SSL_new(server), *b = SSL_new(client);
	BIO *one, *two;
	bool done = false;

	BIO_new_bio_pair(&one, 0, &two, 0);
	SSL_set_bio(a, one, one);
	SSL_set_bio(b, two, two);
	SSL_set_accept_state(a);
	SSL_set_connect_state(b);
	for (int i = 0; i < 10 && !done; i++) {
		int client_done = SSL_do_handshake(b), server_done = SSL_do_handshake(a);

		done = client_done == 1 && server_done == 1;
	}
	if (!done)
		fail_msg("no handshake: %s", last_error());
	SSL_free(a);
	SSL_free(b);
}

static long writes(void)
{
	FILE *log = fopen(getenv("WEAR"), "r");
	long n = 0;

	assert_non_null(log);
	for (int c; (c = getc(log)) != EOF; )
		n += c == '\n';
	fclose(log);
	return n;
}

static void handshakes(struct setup *s, EVP_PKEY *key, const EVP_MD *md, int version, int n)
{
	SSL_CTX *server = SSL_CTX_new_ex(s->ctx, NULL, TLS_server_method());
	SSL_CTX *client = SSL_CTX_new_ex(s->ctx, NULL, TLS_client_method());
	X509 *cert = certificate(s, key, md);
	long before = writes();

	SSL_CTX_set_max_proto_version(server, version);
	SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
	assert_int_equal(SSL_CTX_use_certificate(server, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server, key), 1);
	clean();
	for (int i = 0; i < n; i++) {
		SSL_CTX_set1_groups_list(client, i % 2 ? "P-256" : "X25519:P-256");
		shake_hands(server, client);
	}
	assert_int_equal(writes(), before);
	clean();
	X509_free(cert);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
}

static void test_handshakes(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *soft = EVP_PKEY_Q_keygen(s->ctx, NULL, "EC", "P-256");
	EVP_PKEY *ec = in_chip(s, "EC", "P-256"), *rsa = in_chip(s, "RSA", NULL);
	EVP_PKEY *ed = in_chip(s, "ED25519", NULL);

	atomic_store(&apdus, 0);
	handshakes(s, soft, EVP_sha256(), TLS1_3_VERSION, 500);
	handshakes(s, soft, EVP_sha256(), TLS1_2_VERSION, 500);
	assert_int_equal(atomic_load(&apdus), 0);
	handshakes(s, ec, EVP_sha256(), TLS1_3_VERSION, ROUNDS);
	handshakes(s, ec, EVP_sha256(), TLS1_2_VERSION, ROUNDS);
	handshakes(s, rsa, EVP_sha256(), TLS1_3_VERSION, ROUNDS);
	handshakes(s, rsa, EVP_sha256(), TLS1_2_VERSION, ROUNDS);
	handshakes(s, ed, NULL, TLS1_3_VERSION, ROUNDS);
	EVP_PKEY_free(soft);
	EVP_PKEY_free(ec);
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

/* ---- threads and forks ---- */

struct work {
	struct setup *s;
	EVP_PKEY *key, *public;
	bool good;
};

static void *work(void *arg)
{
	struct work *w = arg;

	w->good = true;
	for (int i = 0; w->good && i < ROUNDS; i++)
		w->good = sign_and_verify(w->s, w->key, w->public, "SHA256");
	return NULL;
}

static void test_threads(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *keys[] = { in_chip(s, "EC", "P-256"), in_chip(s, "RSA", NULL) };
	struct work works[8];
	pthread_t threads[8];
	int status;

	for (int i = 0; i < 8; i++) {
		works[i] = (struct work){ .s = s, .key = keys[i % 2] };
		works[i].public = public_half(s, keys[i % 2]);
	}
	/* older address sanitizers' malloc() is not to be used in a child of many threads */
	for (int i = 0; i < 8; i++)
		if (!SANITIZED)
			pthread_create(&threads[i], NULL, work, &works[i]);
	for (int i = 0; i < 4; i++) {
		if (!fork()) {
			work(&works[i]);
			_exit(!works[i].good);
		}
	}
	for (int i = 0; i < 8; i++)
		if (SANITIZED)
			pthread_create(&threads[i], NULL, work, &works[i]);
	for (int i = 0; i < 4; i++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_true(works[i].good);
		EVP_PKEY_free(works[i].public);
	}
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
}

#define TEST(name, order)	{ #name ": " #order, name, load, unload, &orders[order] }
#define BOTH(name)		TEST(name, 0), TEST(name, 1)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_halves), BOTH(test_certificate), BOTH(test_signing),
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
		BOTH(test_whole),
#endif
		BOTH(test_cost), BOTH(test_soft), BOTH(test_handshakes), BOTH(test_pin),
		BOTH(test_claim), BOTH(test_no_chip), BOTH(test_threads),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
