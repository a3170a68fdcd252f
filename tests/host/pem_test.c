// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that name a key, as programs read them by libcrypto, with the provider loaded and
 * no chip: what is read, what goes on to others, and what is left in the error queue
 *
 *	pem_test	with $OPENSSL_MODULES
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "keys.h"

static const char *const kinds[] = { "EC", "RSA", "ED25519", "X25519", "X448" };

/* Software keys of each kind, and files that say that a chip has them */
static EVP_PKEY *keys[5];
static X509 *cert;
static OSSL_PROVIDER *host, *ours;

static EVP_PKEY *make(const char *kind)
{
	if (!strcmp(kind, "EC"))
		return EVP_PKEY_Q_keygen(NULL, NULL, kind, "P-256");
	if (!strcmp(kind, "RSA"))
		return EVP_PKEY_Q_keygen(NULL, NULL, kind, (size_t)2048);
	return EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

/* What there is to read, in one BIO */
static BIO *text(const char *before)
{
	BIO *bio = BIO_new(BIO_s_mem());

	BIO_puts(bio, before);
	return bio;
}

static void add_ref(BIO *bio, EVP_PKEY *key, uint32_t user)
{
	struct keys_ref ref = { .id = 0x01010101, .user = user };

	ref.spki_len = i2d_PUBKEY(key, &ref.spki);
	assert_true(keys_ref_write(bio, &ref));
	keys_ref_clear(&ref);
}

static void add_soft(BIO *bio, EVP_PKEY *key)
{
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
}

/* Whose key is it? */
static const char *owner(const EVP_PKEY *key)
{
	return key ? OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key)) : "nobody's";
}

static void expect_key(EVP_PKEY *key, EVP_PKEY *same, const char *whose)
{
	assert_non_null(key);
	assert_string_equal(owner(key), whose);
	assert_int_equal(EVP_PKEY_eq(key, same), 1);
	EVP_PKEY_free(key);
	assert_int_equal(ERR_peek_error(), 0);
}

static bool in_queue(const char *words)
{
	const char *data;
	bool found = false;
	int flags;

	while (ERR_get_error_all(NULL, NULL, NULL, &data, &flags))
		found |= flags & ERR_TXT_STRING && strstr(data, words);
	return found;
}

static EVP_PKEY *read_key(BIO *bio)
{
	return PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
}

static void test_each_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		BIO *bio = text("some words\n\n");

		add_ref(bio, keys[i], 0);
		expect_key(read_key(bio), keys[i], "se05x");
		BIO_free(bio);
	}
}

/* As d2i_AutoPrivateKey() and others that have DER */
static void test_der(void **state)
{
	struct keys_ref ref = { .id = 1 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		OSSL_DECODER_CTX *ctx;
		EVP_PKEY *key = NULL;
		const uint8_t *at;
		uint8_t *der;
		size_t len;

		ref.spki_len = i2d_PUBKEY(keys[i], &ref.spki);
		len = keys_ref_encode(&ref, &der);
		at = der;
		ctx = OSSL_DECODER_CTX_new_for_pkey(&key, "DER", NULL, NULL, 0, NULL, NULL);
		assert_int_equal(OSSL_DECODER_from_data(ctx, &at, &len), 1);
		expect_key(key, keys[i], "se05x");
		OSSL_DECODER_CTX_free(ctx);
		OPENSSL_free(der);
		OPENSSL_free(ref.spki);
		ref.spki = NULL;
	}
}

/* nginx, haproxy: certificates and key in one file, read one after the other */
static void test_blocks(void **state)
{
	BIO *bio = text("");
	X509 *x;

	(void)state;
	add_ref(bio, keys[0], 0);
	PEM_write_bio_X509(bio, cert);
	add_soft(bio, keys[1]);
	add_ref(bio, keys[2], 0);
	expect_key(read_key(bio), keys[0], "se05x");
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_non_null(x);
	X509_free(x);
	expect_key(read_key(bio), keys[1], "default");
	expect_key(read_key(bio), keys[2], "se05x");
	assert_null(read_key(bio));
	ERR_clear_error();
	BIO_free(bio);
}

static void test_certificate_first(void **state)
{
	BIO *bio = text("");

	(void)state;
	PEM_write_bio_X509(bio, cert);
	PEM_write_bio_X509(bio, cert);
	add_ref(bio, keys[1], 0);
	expect_key(read_key(bio), keys[1], "se05x");
	BIO_free(bio);
}

/* A pipe can't be read twice. */
static void test_pipe(void **state)
{
	int ends[2];
	BIO *in, *out;

	(void)state;
	for (int ours = 0; ours < 2; ours++) {
		assert_int_equal(pipe(ends), 0);
		in = BIO_new_fd(ends[0], BIO_CLOSE);
		out = BIO_new_fd(ends[1], BIO_CLOSE);
		(ours ? add_ref(out, keys[0], 0) : add_soft(out, keys[0]));
		BIO_free(out);
		expect_key(read_key(in), keys[0], ours ? "se05x" : "default");
		BIO_free(in);
	}
}

/* What was in the queue before stays, and nothing is added. */
static void test_queue(void **state)
{
	EVP_PKEY *key;
	BIO *bio;

	(void)state;
	for (int ours = 0; ours < 2; ours++) {
		bio = text("");
		(ours ? add_ref(bio, keys[0], 0) : add_soft(bio, keys[0]));
		ERR_raise(ERR_LIB_USER, 77);
		key = read_key(bio);
		assert_non_null(key);
		EVP_PKEY_free(key);
		assert_int_equal(ERR_GET_REASON(ERR_get_error()), 77);
		assert_int_equal(ERR_get_error(), 0);
		BIO_free(bio);
	}
}

/* Public keys and parameters are none of ours, whatever is in the file. */
static void test_other_selections(void **state)
{
	BIO *bio = text("");

	(void)state;
	add_ref(bio, keys[0], 0);
	assert_null(PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL));
	ERR_clear_error();
	BIO_free(bio);
	bio = text("");
	PEM_write_bio_PUBKEY(bio, keys[0]);
	expect_key(PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL), keys[0], "default");
	BIO_free(bio);
	bio = text("");
	PEM_write_bio_Parameters(bio, keys[0]);
	add_ref(bio, keys[0], 0);
	expect_key(read_key(bio), keys[0], "se05x");
	BIO_free(bio);
}

static void test_bad(void **state)
{
	BIO *bio = text("-----BEGIN SE05X KEY-----\nAAAA\n-----END SE05X KEY-----\n");

	(void)state;
	assert_null(read_key(bio));
	assert_true(in_queue("se05x: the file with a key's name is bad"));
	BIO_free(bio);
}

struct answer {
	const char *pin;
	int asked;
};

static int give_pin(char *buf, int size, int writing, void *data)
{
	struct answer *a = data;

	(void)writing;
	a->asked++;
	if (!a->pin)
		return -1;
	snprintf(buf, size, "%s", a->pin);
	return strlen(a->pin);
}

static void test_pin(void **state)
{
	struct answer answers[] = { { "1234", 0 }, { NULL, 0 }, { "123", 0 },
				    { "01234567890123456", 0 } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		BIO *bio = text("");
		EVP_PKEY *key;

		add_ref(bio, keys[0], 0x7a);
		key = PEM_read_bio_PrivateKey(bio, NULL, give_pin, &answers[i]);
		if (i) {
			assert_null(key);
			assert_true(in_queue("se05x: PIN of UserID 0x0000007A"));
		} else {
			expect_key(key, keys[0], "se05x");
			assert_int_equal(answers[i].asked, 1);
		}
		BIO_free(bio);
	}
}

/* An application's password for its own encrypted key is asked for as before. */
static void test_encrypted(void **state)
{
	struct answer answer = { "word", 0 };
	BIO *bio = text("");

	(void)state;
	PEM_write_bio_PrivateKey(bio, keys[0], EVP_aes_128_cbc(), (uint8_t *)"word", 4, NULL, NULL);
	expect_key(PEM_read_bio_PrivateKey(bio, NULL, give_pin, &answer), keys[0], "default");
	assert_int_equal(answer.asked, 1);
	BIO_free(bio);
}

/* A byte is another, or the end comes early: no crash, and no key but the one. */
static void test_damaged(void **state)
{
	BIO *whole = text("");
	char copy[2048];
	char *data;
	long len;

	(void)state;
	add_ref(whole, keys[0], 0x7a);
	len = BIO_get_mem_data(whole, &data);
	assert_true(len < (long)sizeof(copy));
	for (long i = 0; i < 2 * len; i++) {
		struct answer answer = { "1234", 0 };
		EVP_PKEY *key;
		BIO *bio;

		memcpy(copy, data, len);
		copy[i % len] ^= 1 + i / len;
		bio = BIO_new_mem_buf(copy, i & 1 ? len : i % len);
		key = PEM_read_bio_PrivateKey(bio, NULL, give_pin, &answer);
		EVP_PKEY_free(key);
		BIO_free(bio);
	}
	ERR_clear_error();
	BIO_free(whole);
}

static void *read_many(void *arg)
{
	for (int i = 0; i < 100; i++) {
		BIO *bio = text("");
		EVP_PKEY *key;

		(i & 1 ? add_ref(bio, keys[i % 5], 0) : add_soft(bio, keys[i % 5]));
		key = read_key(bio);
		if (!key || strcmp(owner(key), i & 1 ? "se05x" : "default"))
			*(int *)arg = 1;
		EVP_PKEY_free(key);
		BIO_free(bio);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[8];
	int failed[8] = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, read_many, &failed[i]);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failed[i], 0);
	}
}

static int setup(void **state)
{
	(void)state;
	/* keys of others first: ours would be used for them as well */
	host = OSSL_PROVIDER_load(NULL, "default");
	ours = OSSL_PROVIDER_load(NULL, "se05x");
	if (!host || !ours) {
		ERR_print_errors_fp(stderr);
		return -1;
	}
	for (size_t i = 0; i < 5; i++)
		keys[i] = make(kinds[i]);
	cert = X509_new();
	X509_set_pubkey(cert, keys[0]);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	return X509_sign(cert, keys[0], EVP_sha256()) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++)
		EVP_PKEY_free(keys[i]);
	X509_free(cert);
	return OSSL_PROVIDER_unload(ours) && OSSL_PROVIDER_unload(host) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind),
		cmocka_unit_test(test_der),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_certificate_first),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_other_selections),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests_name("pem", tests, setup, teardown);
}
