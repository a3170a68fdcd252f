// SPDX-License-Identifier: GPL-2.0-only
/* The module's signatures and MACs: each against libcrypto, and all that can be wrong */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "pkcs11_run.h"

#define MOST	2048
static uint8_t message[MOST];

static CK_RV sign(CK_MECHANISM *m, CK_OBJECT_HANDLE key, size_t len, uint8_t *sig,
		  CK_ULONG *sig_len)
{
	CK_RV rv = f->C_SignInit(s, m, key);

	return rv ? rv : f->C_Sign(s, message, len, sig, sig_len);
}

/* In parts of @size bytes */
static CK_RV sign_parts(CK_MECHANISM *m, CK_OBJECT_HANDLE key, size_t len, size_t size,
			uint8_t *sig, CK_ULONG *sig_len)
{
	CK_RV rv = f->C_SignInit(s, m, key);

	for (size_t at = 0; !rv && at < len; at += size)
		rv = f->C_SignUpdate(s, message + at, len - at < size ? len - at : size);
	return rv ? rv : f->C_SignFinal(s, sig, sig_len);
}

static CK_RV verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, size_t len, uint8_t *sig,
		    CK_ULONG sig_len)
{
	CK_RV rv = f->C_VerifyInit(s, m, key);

	return rv ? rv : f->C_Verify(s, message, len, sig, sig_len);
}

static CK_RV verify_parts(CK_MECHANISM *m, CK_OBJECT_HANDLE key, size_t len, size_t size,
			  uint8_t *sig, CK_ULONG sig_len)
{
	CK_RV rv = f->C_VerifyInit(s, m, key);

	for (size_t at = 0; !rv && at < len; at += size)
		rv = f->C_VerifyUpdate(s, message + at, len - at < size ? len - at : size);
	return rv ? rv : f->C_VerifyFinal(s, sig, sig_len);
}

/* ---- libcrypto's word for it ---- */

/* r and s, to DER; NULL is no signature */
static int to_der(const uint8_t *sig, size_t len, uint8_t **der)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	int n;

	ECDSA_SIG_set0(pair, BN_bin2bn(sig, len / 2, NULL), BN_bin2bn(sig + len / 2, len / 2, NULL));
	n = i2d_ECDSA_SIG(pair, der);
	ECDSA_SIG_free(pair);
	return n;
}

/* @hash: NULL: @message is the digest, or Ed25519's message */
static bool is_good(EVP_PKEY *key, const char *hash, const OSSL_PARAM *params, size_t len,
		    const uint8_t *sig, size_t sig_len)
{
	EVP_PKEY_CTX *p = NULL;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	bool good;

	if (EVP_PKEY_is_a(key, "EC")) {
		sig_len = to_der(sig, sig_len, &der);
		sig = der;
	}
	if (hash || EVP_PKEY_is_a(key, "ED25519")) {
		good = EVP_DigestVerifyInit_ex(c, NULL, hash, NULL, NULL, key, params) == 1 &&
		       EVP_DigestVerify(c, sig, sig_len, message, len) == 1;
	} else {
		p = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
		good = EVP_PKEY_verify_init_ex(p, params) == 1 &&
		       EVP_PKEY_verify(p, sig, sig_len, message, len) == 1;
	}
	EVP_PKEY_CTX_free(p);
	EVP_MD_CTX_free(c);
	OPENSSL_free(der);
	return good;
}

/* ---- ECDSA ---- */

static void ecdsa_lengths(const char *curve, CK_BBOOL token)
{
	struct pair pair = make_ec(curve, token, CK_TRUE, CK_FALSE);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	size_t size = 2 * se05x_iot_curve_by_name(curve)->size;

	for (size_t len = 1; len < 140; len += len < 70 ? 1 : 31) {
		uint8_t sig[132] = { 0 };
		CK_ULONG n = sizeof(sig);

		if (token && !strcmp(curve, "secp521r1") && len > 64) {
			IS(CKR_DATA_LEN_RANGE, sign(&m, pair.private, len, sig, &n));
			continue;
		}
		OK(sign(&m, pair.private, len, sig, &n));
		assert_int_equal(n, size);
		if (!is_good(pair.key, NULL, NULL, len, sig, n))
			fail_msg("%s: %zu bytes", curve, len);
		OK(verify(&m, pair.public, len, sig, n));
		sig[n - 1] ^= 1;
		IS(CKR_SIGNATURE_INVALID, verify(&m, pair.public, len, sig, n));
		IS(CKR_SIGNATURE_LEN_RANGE, verify(&m, pair.public, len, sig, n - 1));
	}
	free_pair(&pair);
}

static void test_ecdsa_lengths(void **state)
{
	static const char *const curves[] = {
		"prime192v1", "secp224r1", "prime256v1", "secp384r1", "secp521r1", "secp192k1",
		"secp256k1",
		"brainpoolP160r1", "brainpoolP192r1", "brainpoolP224r1", "brainpoolP256r1",
		"brainpoolP320r1", "brainpoolP384r1", "brainpoolP512r1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		ecdsa_lengths(curves[i], CK_TRUE);
	ecdsa_lengths("prime256v1", CK_FALSE);
	ecdsa_lengths("secp521r1", CK_FALSE);
}

static void ecdsa_hashes(CK_BBOOL token)
{
	struct pair pair = make_ec("prime256v1", token, CK_TRUE, CK_FALSE);

	for (size_t i = 0; i < HASHES; i++) {
		CK_MECHANISM m = { hashes[i].ecdsa, NULL, 0 };
		uint8_t sig[64];
		CK_ULONG n = sizeof(sig);

		OK(sign(&m, pair.private, MOST, sig, &n));
		assert_true(is_good(pair.key, hashes[i].name, NULL, MOST, sig, n));
		OK(sign_parts(&m, pair.private, MOST, 97, sig, &n));
		assert_true(is_good(pair.key, hashes[i].name, NULL, MOST, sig, n));
		OK(verify(&m, pair.public, MOST, sig, n));
		OK(verify_parts(&m, pair.public, MOST, 1000, sig, n));
		IS(CKR_SIGNATURE_INVALID, verify_parts(&m, pair.public, MOST - 1, 1000, sig, n));
		OK(sign(&m, pair.private, 0, sig, &n));
		OK(verify(&m, pair.public, 0, sig, n));
	}
	free_pair(&pair);
}

static void test_ecdsa_hashes(void **state)
{
	(void)state;
	ecdsa_hashes(CK_TRUE);
	ecdsa_hashes(CK_FALSE);
}

/* ---- Ed25519 ---- */

static void ed25519(CK_BBOOL token, size_t most)
{
	struct pair pair = make_ec("ED25519", token, CK_TRUE, CK_FALSE);
	CK_MECHANISM m = { CKM_EDDSA, NULL, 0 };
	uint8_t sig[64], again[64];
	CK_ULONG n = sizeof(sig);

	for (size_t len = 0; len <= most; len += 97) {
		OK(sign(&m, pair.private, len, sig, &n));
		assert_int_equal(n, 64);
		assert_true(is_good(pair.key, NULL, NULL, len, sig, n));
		OK(verify(&m, pair.public, len, sig, n));
		/* of Ed25519 each signature of a message is the same */
		OK(sign_parts(&m, pair.private, len, 13, again, &n));
		assert_memory_equal(sig, again, n);
		sig[5] ^= 1;
		IS(CKR_SIGNATURE_INVALID, verify(&m, pair.public, len, sig, n));
	}
	free_pair(&pair);
}

static void test_ed25519(void **state)
{
	struct pair pair = make_ec("ED25519", CK_TRUE, CK_TRUE, CK_FALSE);
	CK_MECHANISM m = { CKM_EDDSA, NULL, 0 };
	uint8_t sig[64];
	CK_ULONG n = sizeof(sig);

	(void)state;
	ed25519(CK_TRUE, 780);
	ed25519(CK_FALSE, MOST);
	IS(CKR_DATA_LEN_RANGE, sign(&m, pair.private, 1200, sig, &n));
	IS(CKR_DATA_LEN_RANGE, sign_parts(&m, pair.private, 1200, 100, sig, &n));
	/* only the pure one is there */
	m = (CK_MECHANISM) { CKM_EDDSA, sig, 24 };
	IS(CKR_MECHANISM_PARAM_INVALID, sign(&m, pair.private, 3, sig, &n));
	free_pair(&pair);
}

/* ---- RSA ---- */

static void rsa_pkcs1(const struct pair *pair, size_t bytes)
{
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	uint8_t sig[512];
	CK_ULONG n;

	for (size_t len = 0; len <= bytes - 11; len += len ? 1 + len / 4 : 1) {
		n = sizeof(sig);
		OK(sign(&m, pair->private, len, sig, &n));
		assert_int_equal(n, bytes);
		/* libcrypto does not verify a message of no bytes */
		assert_true(!len || is_good(pair->key, NULL, NULL, len, sig, n));
		OK(verify(&m, pair->public, len, sig, n));
		OK(sign_parts(&m, pair->private, len, 7, sig, &n));
		OK(verify_parts(&m, pair->public, len, 9, sig, n));
	}
	IS(CKR_DATA_LEN_RANGE, sign(&m, pair->private, bytes - 10, sig, &n));
	IS(CKR_DATA_LEN_RANGE, verify(&m, pair->public, bytes - 10, sig, bytes));
	for (size_t i = 0; i < HASHES; i++) {
		m.mechanism = hashes[i].rsa;
		n = sizeof(sig);
		OK(sign(&m, pair->private, MOST, sig, &n));
		assert_true(is_good(pair->key, hashes[i].name, NULL, MOST, sig, n));
		OK(verify_parts(&m, pair->public, MOST, 500, sig, n));
		OK(sign_parts(&m, pair->private, MOST, 500, sig, &n));
		OK(verify(&m, pair->public, MOST, sig, n));
		sig[3] ^= 1;
		IS(CKR_SIGNATURE_INVALID, verify(&m, pair->public, MOST, sig, n));
		IS(CKR_SIGNATURE_LEN_RANGE, verify(&m, pair->public, MOST, sig, n - 1));
	}
}

static void rsa_raw(const struct pair *pair, size_t bytes)
{
	CK_MECHANISM m = { CKM_RSA_X_509, NULL, 0 };
	uint8_t sig[512];
	CK_ULONG n = sizeof(sig);

	/* the first byte of the message is 1: less than every modulus */
	OK(sign(&m, pair->private, bytes, sig, &n));
	OK(verify(&m, pair->public, bytes, sig, n));
	OK(sign(&m, pair->private, 5, sig, &n));
	OK(verify(&m, pair->public, 5, sig, n));
	IS(CKR_DATA_LEN_RANGE, sign(&m, pair->private, bytes + 1, sig, &n));
	message[0] = 0xff;
	memset(message + 1, 0xff, bytes - 1);
	IS(CKR_DATA_INVALID, sign(&m, pair->private, bytes, sig, &n));
	fill(message, sizeof(message));
}

static void rsa_pss(const struct pair *pair, size_t bytes, size_t h, size_t g, int salt)
{
	CK_RSA_PKCS_PSS_PARAMS p = { hashes[h].digest, hashes[g].mgf, salt };
	CK_MECHANISM m = { hashes[h].pss, &p, sizeof(p) }, bare = { CKM_RSA_PKCS_PSS, &p, sizeof(p) };
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("pad-mode", (char *)"pss", 0),
		OSSL_PARAM_construct_utf8_string("mgf1-digest", (char *)hashes[g].name, 0),
		OSSL_PARAM_construct_int("saltlen", &salt),
		OSSL_PARAM_construct_utf8_string("digest", (char *)hashes[h].name, 0),
		OSSL_PARAM_END,
	};
	uint8_t sig[512];
	CK_ULONG n = sizeof(sig);

	if (hashes[h].len + salt + 2 > bytes) {
		IS(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &m, pair->private));
		return;
	}
	OK(sign(&bare, pair->private, hashes[h].len, sig, &n));
	assert_true(is_good(pair->key, NULL, params, hashes[h].len, sig, n));
	OK(verify(&bare, pair->public, hashes[h].len, sig, n));
	IS(CKR_DATA_LEN_RANGE, sign(&bare, pair->private, hashes[h].len - 1, sig, &n));
	params[3] = params[4];
	OK(sign_parts(&m, pair->private, MOST, 333, sig, &n));
	assert_true(is_good(pair->key, hashes[h].name, params, MOST, sig, n));
	OK(verify(&m, pair->public, MOST, sig, n));
	sig[3] ^= 1;
	IS(CKR_SIGNATURE_INVALID, verify(&m, pair->public, MOST, sig, n));
	p.hashAlg = hashes[(h + 1) % HASHES].digest;
	IS(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &m, pair->private));
}

static void rsa(CK_ULONG bits, CK_BBOOL token)
{
	struct pair pair = make_rsa(bits, token, CK_TRUE, CK_FALSE);

	rsa_pkcs1(&pair, bits / 8);
	rsa_raw(&pair, bits / 8);
	for (size_t h = 0; h < HASHES; h++) {
		rsa_pss(&pair, bits / 8, h, h, hashes[h].len);
		rsa_pss(&pair, bits / 8, h, (h + 1) % HASHES, 0);
		rsa_pss(&pair, bits / 8, h, h, bits / 8 - hashes[h].len - 2);
		rsa_pss(&pair, bits / 8, h, h, bits / 8 - hashes[h].len - 1);
	}
	free_pair(&pair);
}

static void test_rsa(void **state)
{
	(void)state;
	rsa(2048, CK_TRUE);
	rsa(2048, CK_FALSE);
}

static void test_rsa_short(void **state)
{
	(void)state;
	rsa(1024, CK_TRUE);
}

/* ---- MACs ---- */

static void mac(CK_MECHANISM_TYPE type, CK_MECHANISM_TYPE general, CK_OBJECT_HANDLE key,
		const char *hash, const uint8_t *value, size_t value_len, size_t len)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(hash ? "digest" : "cipher",
						 (char *)(hash ? hash : "AES-128-CBC"), 0),
		OSSL_PARAM_END,
	};
	CK_MECHANISM m = { type, NULL, 0 };
	uint8_t expected[64], tag[64];
	CK_ULONG n = sizeof(tag);
	size_t whole;

	assert_non_null(EVP_Q_mac(NULL, hash ? "HMAC" : "CMAC", NULL, NULL, params, value,
				  value_len, message, len, expected, sizeof(expected), &whole));
	OK(sign(&m, key, len, tag, &n));
	assert_int_equal(n, whole);
	assert_memory_equal(tag, expected, n);
	OK(sign_parts(&m, key, len, 11, tag, &n));
	assert_memory_equal(tag, expected, n);
	OK(verify(&m, key, len, tag, n));
	tag[n - 1] ^= 1;
	IS(CKR_SIGNATURE_INVALID, verify(&m, key, len, tag, n));
	IS(CKR_SIGNATURE_LEN_RANGE, verify(&m, key, len, tag, n - 1));
	for (CK_ULONG part = 0; part <= whole + 1; part += part < 4 ? 1 : 3) {
		CK_MECHANISM g = { general, &part, sizeof(part) };

		if (!part || part > whole) {
			IS(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &g, key));
			continue;
		}
		n = sizeof(tag);
		OK(sign(&g, key, len, tag, &n));
		assert_int_equal(n, part);
		assert_memory_equal(tag, expected, n);
		OK(verify(&g, key, len, tag, n));
		tag[0] ^= 1;
		IS(CKR_SIGNATURE_INVALID, verify(&g, key, len, tag, n));
	}
}

static void hmac(CK_BBOOL token)
{
	uint8_t value[64], tag[64];
	CK_OBJECT_HANDLE key;
	CK_ULONG n = sizeof(tag);

	fill(value, sizeof(value));
	key = make_secret(CKK_GENERIC_SECRET, token, value, sizeof(value));
	for (size_t i = 0; i < HASHES; i++) {
		CK_MECHANISM m = { hashes[i].hmac, NULL, 0 };

		if (token && hashes[i].hmac == CKM_SHA224_HMAC) {
			/* the chip has none */
			IS(CKR_KEY_TYPE_INCONSISTENT, sign(&m, key, 3, tag, &n));
			continue;
		}
		mac(hashes[i].hmac, hashes[i].hmac_general, key, hashes[i].name, value, 64, 1);
		mac(hashes[i].hmac, hashes[i].hmac_general, key, hashes[i].name, value, 64, 600);
		if (token)
			IS(CKR_DATA_LEN_RANGE, sign(&m, key, 1500, tag, &n));
		else
			mac(hashes[i].hmac, hashes[i].hmac_general, key, hashes[i].name, value, 64, MOST);
	}
	destroy(key);
}

static void test_hmac(void **state)
{
	(void)state;
	hmac(CK_TRUE);
	hmac(CK_FALSE);
}

static void test_cmac(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 32, 700, 900, 1100, MOST };
	uint8_t value[16];

	(void)state;
	fill(value, sizeof(value));
	for (int token = 0; token < 2; token++) {
		CK_OBJECT_HANDLE key = make_secret(CKK_AES, token, value, sizeof(value));

		for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
			mac(CKM_AES_CMAC, CKM_AES_CMAC_GENERAL, key, NULL, value, 16, lens[i]);
		destroy(key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_7(test_ecdsa_lengths), ON_7(test_ecdsa_hashes), ON_3(test_ecdsa_hashes),
		ON_NO_RSA(test_ecdsa_hashes), ON_7(test_ed25519), ON_3(test_ed25519),
		ON_7(test_rsa), ON_3(test_rsa), ON_7(test_rsa_short), ON_7(test_hmac),
		ON_3(test_hmac), ON_7(test_cmac), ON_3(test_cmac),
	};

	fill(message, sizeof(message));
	return test_main("pkcs11: signatures", tests, ARRAY_SIZE(tests));
}
