// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OpenSSL provider in use: what it costs in commands, TLS without a write to flash,
 * threads and forks. The chip is se05x-sim, which runs this: $WEAR is its wear log.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ssl.h>

#include "provider_run.h"

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

static uint32_t id_of(EVP_PKEY *key)
{
	uint32_t id = 0;
	OSSL_PARAM ask[] = { OSSL_PARAM_uint32(PARAM_ID, &id), OSSL_PARAM_END };

	assert_int_equal(EVP_PKEY_get_params(key, ask), 1);
	return id;
}

/* One request makes any number of keys, each where there is room. */
static void test_again(void **state)
{
	struct setup *s = *state;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(s->ctx, "EC", "provider=se05x");
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0),
		OSSL_PARAM_utf8_string(PARAM_ID, "auto", 0), OSSL_PARAM_END,
	};
	EVP_PKEY *keys[3] = { NULL };

	for (int i = 0; i < 2; i++)
		params[i].data_size = strlen(params[i].data);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
	for (int i = 0; i < 3; i++)
		if (EVP_PKEY_generate(ctx, &keys[i]) != 1)
			fail_msg("%d: %s", i, last_error());
	clean();
	assert_int_not_equal(id_of(keys[0]), id_of(keys[1]));
	assert_int_not_equal(id_of(keys[1]), id_of(keys[2]));
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(keys[i]);
	EVP_PKEY_CTX_free(ctx);
}

/* What can't be is refused without asking the chip. */
static void test_sizes(void **state)
{
	struct setup *s = *state;
	static const char *const types[] = { "EC", "RSA" };
	unsigned char in[32] = { 1 }, out[256];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t len;
	EVP_PKEY *key;

	for (int i = 0; i < 2; i++) {
		EVP_PKEY_CTX *ctx;

		key = in_chip(s, types[i], i ? NULL : "P-256");
		ctx = EVP_PKEY_CTX_new_from_pkey(s->ctx, key, NULL);
		atomic_store(&apdus, 0);
		assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
		assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
		len = 60;
		assert_int_not_equal(EVP_PKEY_sign(ctx, out, &len, in, 32), 1);
		assert_non_null(strstr(first_error(), "no room for the signature"));
		len = sizeof(out);
		assert_int_not_equal(EVP_PKEY_sign(ctx, out, &len, in, 20), 1);
		assert_non_null(strstr(first_error(), "20 bytes are no digest of SHA"));
		assert_int_equal(atomic_load(&apdus), 0);
		assert_int_equal(EVP_PKEY_sign(ctx, out, &len, in, 32), 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(key);
	}
	key = in_chip(s, "ED25519", NULL);
	atomic_store(&apdus, 0);
	assert_int_equal(EVP_DigestSignInit_ex(md, NULL, NULL, s->ctx, NULL, key, NULL), 1);
	len = 63;
	assert_int_not_equal(EVP_DigestSign(md, out, &len, in, 32), 1);
	assert_non_null(strstr(first_error(), "no room for the signature"));
	assert_int_equal(atomic_load(&apdus), 0);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
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
	/* first: libcrypto's locks are not to be used in a child of many threads */
	for (int i = 0; i < 4; i++) {
		if (!fork()) {
			work(&works[i]);
			_exit(!works[i].good);
		}
	}
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &works[i]), 0);
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

/* A nonce that follows from message and key: the chip takes one at random. */
static void test_nonce(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *key = in_chip(s, "EC", "P-256");
	unsigned int type = 1;
	OSSL_PARAM params[] = { OSSL_PARAM_uint("nonce-type", &type), OSSL_PARAM_END };
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(s->ctx, key, NULL);
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	assert_int_not_equal(EVP_PKEY_sign_init_ex(ctx, params), 1);
	assert_non_null(strstr(first_error(), "no deterministic ECDSA"));
	assert_int_not_equal(EVP_DigestSignInit_ex(md, NULL, "SHA256", s->ctx, NULL, key, params),
			     1);
	assert_non_null(strstr(first_error(), "no deterministic ECDSA"));
	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_not_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
	assert_non_null(strstr(first_error(), "no deterministic ECDSA"));
	assert_int_equal(EVP_PKEY_verify_init_ex(ctx, params), 1);
	type = 0;
	assert_int_equal(EVP_PKEY_sign_init_ex(ctx, params), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
	clean();
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_cost), BOTH(test_again), BOTH(test_sizes), BOTH(test_handshakes),
		BOTH(test_nonce), BOTH(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
