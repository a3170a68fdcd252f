// SPDX-License-Identifier: GPL-2.0-only
/* lib/keys: what goes around the chip's bare RSA and ECDSA, against libcrypto's own */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "../../lib/keys/keys.h"

static void test_fitted_digests(void **state)
{
	const struct se05x_iot_curve *p256 = se05x_iot_curve_by_name("P-256");
	const struct se05x_iot_curve *p521 = se05x_iot_curve_by_name("P-521");
	const struct se05x_iot_curve *p192 = se05x_iot_curve_by_name("P-192");
	uint8_t in[100], out[KEYS_DIGEST_MAX], zeros[KEYS_DIGEST_MAX] = { 0 };

	(void)state;
	memset(in, 0xA5, sizeof(in));
	for (size_t len = 0; len < sizeof(in); len++) {
		const struct keys_hash *h = keys_fit_digest(p256, in, len, out);
		bool known = keys_hash_by_len(len) != NULL;
		size_t used = known || len < 32 ? len : 32, before = known ? 0 : 32 - used;

		assert_int_equal(h->len, known ? len : 32);
		assert_memory_equal(out, zeros, before);
		assert_memory_equal(out + before, in, used);
		assert_memory_equal(out + before + used, zeros, sizeof(out) - before - used);
	}
	/* 24 bytes of order: the chip gets 28, of which it takes the first 24 */
	assert_int_equal(keys_fit_digest(p192, in, 16, out)->len, 28);
	assert_memory_equal(out, zeros, 8);
	assert_memory_equal(out + 8, in, 16);
	assert_memory_equal(out + 24, zeros, 4);
	assert_int_equal(keys_fit_digest(p521, in, 63, out)->len, 64);
	assert_int_equal(out[0], 0);
	assert_null(keys_fit_digest(p521, in, 65, out));
}

/* ---- RSA's paddings, against libcrypto's ---- */

/* The bare private key, as the chip applies it */
static void bare(EVP_PKEY *key, const uint8_t *in, uint8_t *out, size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = len;

	assert_true(EVP_PKEY_decrypt_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
		    EVP_PKEY_decrypt(ctx, out, &n, in, len) == 1);
	EVP_PKEY_CTX_free(ctx);
	assert_int_equal(n, len);
}

static bool verifies(EVP_PKEY *key, int padding, int salt, const EVP_MD *md, const EVP_MD *mgf,
		     const uint8_t *digest, const uint8_t *sig, size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good = EVP_PKEY_verify_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1 &&
		    EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;

	if (padding == RSA_PKCS1_PSS_PADDING)
		good = good && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1;
	good = good && EVP_PKEY_verify(ctx, sig, len, digest, EVP_MD_get_size(md)) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

static void test_signature_paddings(void **state)
{
	static const unsigned int bits[] = { 1024, 1025, 1031, 2048 };
	static const int salts[] = { 0, 1, 20, RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX };
	const EVP_MD *const mds[] = { EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha3_256() };
	uint8_t digest[64], em[512], sig[512];

	(void)state;
	memset(digest, 0x5A, sizeof(digest));
	for (size_t b = 0; b < sizeof(bits) / sizeof(bits[0]); b++) {
		EVP_PKEY *key = EVP_RSA_gen(bits[b]);
		size_t len = (bits[b] + 7) / 8;

		for (size_t m = 0; m < sizeof(mds) / sizeof(mds[0]); m++) {
			assert_true(keys_rsa_pad_pkcs1(mds[m], digest, EVP_MD_get_size(mds[m]), em, len));
			bare(key, em, sig, len);
			assert_true(verifies(key, RSA_PKCS1_PADDING, 0, mds[m], NULL, digest, sig, len));
			for (size_t s = 0; s < sizeof(salts) / sizeof(salts[0]); s++) {
				const EVP_MD *mgf = mds[(m + s) % 4];

				assert_true(keys_rsa_pad_pss(NULL, mds[m], mgf, salts[s], digest, em,
							     bits[b]));
				bare(key, em, sig, len);
				assert_true(verifies(key, RSA_PKCS1_PSS_PADDING, salts[s], mds[m], mgf,
						     digest, sig, len));
			}
		}
		EVP_PKEY_free(key);
	}
	assert_false(keys_rsa_pad_pkcs1(EVP_sha512(), digest, 64, em, 64));
	assert_false(keys_rsa_pad_pss(NULL, EVP_sha512(), EVP_sha512(), 64, digest, em, 1024));
	assert_false(keys_rsa_pad_pss(NULL, EVP_sha512(), EVP_sha512(), 0, digest, em, 512));
	assert_false(keys_rsa_pad_pss(NULL, EVP_sha1(), EVP_sha1(), -7, digest, em, 1024));
	ERR_clear_error();
}

static void encrypt(EVP_PKEY *key, int padding, const void *in, size_t in_len, uint8_t *out,
		    size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = len;

	assert_true(EVP_PKEY_encrypt_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1);
	if (padding == RSA_PKCS1_OAEP_PADDING)
		assert_true(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
			    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha1()) == 1 &&
			    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup("here"), 4) == 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &n, in, in_len), 1);
	EVP_PKEY_CTX_free(ctx);
}

static void test_encryption_paddings(void **state)
{
	static const uint8_t secret[KEYS_REJECTION_LEN] = { 1 }, other[KEYS_REJECTION_LEN] = { 2 };
	EVP_PKEY *key = EVP_RSA_gen(1024);
	uint8_t in[128], em[128], out[128], message[117];
	int n;

	(void)state;
	memset(message, 'm', sizeof(message));
	for (size_t len = 0; len <= sizeof(message); len++) {
		encrypt(key, RSA_PKCS1_PADDING, message, len, in, sizeof(in));
		bare(key, in, em, sizeof(em));
		for (int s = 0; s < 2; s++) {
			assert_int_equal(keys_rsa_unpad_pkcs1(NULL, s ? secret : NULL, in, em,
							      sizeof(em), out), len);
			assert_memory_equal(out, message, len);
		}
		if (len > 128 - 66)
			continue;
		encrypt(key, RSA_PKCS1_OAEP_PADDING, message, len, in, sizeof(in));
		bare(key, in, em, sizeof(em));
		assert_int_equal(keys_rsa_unpad_oaep(EVP_sha256(), EVP_sha1(), "here", 4, em,
						     sizeof(em), out), len);
		assert_memory_equal(out, message, len);
		assert_int_equal(keys_rsa_unpad_oaep(EVP_sha256(), EVP_sha1(), "there", 5, em,
						     sizeof(em), out), -1);
		assert_int_equal(ERR_peek_error(), 0);
	}
	/* every byte that makes it bad; what comes instead depends on secret and input only */
	memset(em, 0xFF, sizeof(em));
	em[0] = 0;
	em[1] = 2;
	em[100] = 0;
	assert_int_equal(keys_rsa_unpad_pkcs1(NULL, NULL, in, em, sizeof(em), out), 27);
	for (int bad = 0; bad < 11; bad++) {
		uint8_t wrong[128], one[128], two[128];

		memcpy(wrong, em, sizeof(em));
		wrong[bad == 10 ? 100 : bad] = bad == 10 || bad < 2 ? 7 : 0;
		assert_int_equal(keys_rsa_unpad_pkcs1(NULL, NULL, in, wrong, sizeof(em), out), -1);
		n = keys_rsa_unpad_pkcs1(NULL, secret, in, wrong, sizeof(em), one);
		assert_true(n >= 0 && n <= 117);
		assert_int_equal(keys_rsa_unpad_pkcs1(NULL, secret, in, wrong, sizeof(em), two), n);
		assert_memory_equal(one, two, sizeof(one));
		keys_rsa_unpad_pkcs1(NULL, other, in, wrong, sizeof(em), two);
		assert_memory_not_equal(one, two, sizeof(one));
		in[0]++;
		keys_rsa_unpad_pkcs1(NULL, secret, in, wrong, sizeof(em), two);
		assert_memory_not_equal(one, two, sizeof(one));
	}
	assert_int_equal(keys_rsa_unpad_pkcs1(NULL, secret, in, em, 10, out), -1);
	EVP_PKEY_free(key);
}

static void test_premaster(void **state)
{
	uint8_t em[128], out[KEYS_PREMASTER_LEN], wrong[128];
	const uint8_t *message = em + sizeof(em) - KEYS_PREMASTER_LEN;

	(void)state;
	memset(em, 0xEE, sizeof(em));
	em[0] = 0;
	em[1] = 2;
	em[79] = 0;
	em[80] = 3;
	em[81] = 3;
	assert_true(keys_rsa_unpad_tls(NULL, 0x303, 0, em, sizeof(em), out));
	assert_memory_equal(out, message, sizeof(out));
	assert_true(keys_rsa_unpad_tls(NULL, 0x304, 0x303, em, sizeof(em), out));
	assert_memory_equal(out, message, sizeof(out));
	assert_true(keys_rsa_unpad_tls(NULL, 0x302, 0, em, sizeof(em), out));
	assert_memory_not_equal(out, message, sizeof(out));
	for (int bad = 0; bad < 82; bad++) {
		memcpy(wrong, em, sizeof(em));
		wrong[bad] = bad < 2 || bad > 78 ? 9 : 0;
		assert_true(keys_rsa_unpad_tls(NULL, 0x303, 0, wrong, sizeof(em), out));
		assert_memory_not_equal(out, wrong + 80, sizeof(out));
	}
	assert_false(keys_rsa_unpad_tls(NULL, 0x303, 0, em, 58, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fitted_digests), cmocka_unit_test(test_signature_paddings),
		cmocka_unit_test(test_encryption_paddings), cmocka_unit_test(test_premaster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
