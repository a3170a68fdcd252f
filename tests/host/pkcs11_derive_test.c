// SPDX-License-Identifier: GPL-2.0-only
/* Keys that the module derives: each against libcrypto */
#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "pkcs11_run.h"

static uint8_t message[3000];

static CK_RV derive(CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_KEY_TYPE type, CK_ULONG len,
		    CK_OBJECT_HANDLE *key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BBOOL sensitive = CK_FALSE, extractable = CK_TRUE;
	CK_ATTRIBUTE t[] = {
		VALUE(CKA_CLASS, class), VALUE(CKA_KEY_TYPE, type),
		VALUE(CKA_SENSITIVE, sensitive), VALUE(CKA_EXTRACTABLE, extractable),
		VALUE(CKA_VALUE_LEN, len),
	};

	return f->C_DeriveKey(s, m, base, t, ARRAY_SIZE(t) - !len, key);
}

static void is_value(CK_OBJECT_HANDLE key, const uint8_t *expected, size_t expected_len)
{
	CK_ULONG len;
	uint8_t *value = attribute(key, CKA_VALUE, &len);

	assert_int_equal(len, expected_len);
	assert_memory_equal(value, expected, len);
	free(value);
	destroy(key);
}

/* What libcrypto makes of it: one with the chip's public half, one with ours */
static size_t agreed(EVP_PKEY *mine, EVP_PKEY *theirs, uint8_t *z)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	size_t len = 80;

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, theirs), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, z, &len), 1);
	EVP_PKEY_CTX_free(ctx);
	return len;
}

static void x963(const char *hash, const uint8_t *z, size_t z_len, const uint8_t *info,
		 size_t info_len, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", (char *)hash, 0),
		OSSL_PARAM_construct_octet_string("key", (void *)z, z_len),
		OSSL_PARAM_construct_octet_string("info", (void *)info, info_len),
		OSSL_PARAM_END,
	};

	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static const CK_ULONG kdfs[] = {
	CKD_SHA1_KDF, CKD_SHA224_KDF, CKD_SHA256_KDF, CKD_SHA384_KDF, CKD_SHA512_KDF,
};

static void ecdh(const char *curve, CK_BBOOL token)
{
	struct pair pair = make_ec(curve, token, CK_FALSE, CK_TRUE);
	EVP_PKEY *peer = curve[0] == 'X' ? EVP_PKEY_Q_keygen(NULL, NULL, curve) :
			 EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
	uint8_t z[80], derived[200], *point, wrapped[160];
	size_t len = EVP_PKEY_get1_encoded_public_key(peer, &point), z_len;
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, len, point };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_HANDLE key;

	z_len = agreed(peer, pair.key, z);
	OK(derive(&m, pair.private, CKK_GENERIC_SECRET, 0, &key));
	is_value(key, z, z_len);
	OK(derive(&m, pair.private, CKK_GENERIC_SECRET, z_len, &key));
	is_value(key, z, z_len);
	/* what is too much is cut off in front */
	OK(derive(&m, pair.private, CKK_AES, 16, &key));
	is_value(key, z + z_len - 16, 16);
	IS(CKR_ATTRIBUTE_VALUE_INVALID, derive(&m, pair.private, CKK_GENERIC_SECRET, z_len + 1, &key));
	IS(CKR_ATTRIBUTE_VALUE_INVALID, derive(&m, pair.private, CKK_AES, 17, &key));
	IS(CKR_TEMPLATE_INCOMPLETE, derive(&m, pair.private, CKK_AES, 0, &key));
	m.mechanism = CKM_ECDH1_COFACTOR_DERIVE;
	OK(derive(&m, pair.private, CKK_GENERIC_SECRET, 0, &key));
	is_value(key, z, z_len);
	m.mechanism = CKM_ECDH1_DERIVE;
	for (size_t i = 0; i < ARRAY_SIZE(kdfs); i++) {
		p = (CK_ECDH1_DERIVE_PARAMS) { kdfs[i], 0, NULL, len, point };
		x963(hashes[i].name, z, z_len, NULL, 0, derived, 32);
		OK(derive(&m, pair.private, CKK_AES, 32, &key));
		is_value(key, derived, 32);
		p.ulSharedDataLen = 9;
		p.pSharedData = message;
		x963(hashes[i].name, z, z_len, message, 9, derived, 150);
		OK(derive(&m, pair.private, CKK_GENERIC_SECRET, 150, &key));
		is_value(key, derived, 150);
	}
	/* as an OCTET STRING too */
	wrapped[0] = 0x04;
	wrapped[1] = len < 128 ? len : 0x81;
	wrapped[2] = len;
	memcpy(wrapped + (len < 128 ? 2 : 3), point, len);
	p = (CK_ECDH1_DERIVE_PARAMS) { CKD_NULL, 0, NULL, len + (len < 128 ? 2 : 3), wrapped };
	OK(derive(&m, pair.private, CKK_GENERIC_SECRET, 0, &key));
	is_value(key, z, z_len);
	EVP_PKEY_free(peer);
	OPENSSL_free(point);
	free_pair(&pair);
}

static void test_ecdh(void **state)
{
	(void)state;
	for (int token = 0; token < 2; token++) {
		ecdh("prime256v1", token);
		ecdh("secp384r1", token);
		ecdh("secp521r1", token);
		ecdh("brainpoolP256r1", token);
		ecdh("X25519", token);
	}
}

static void test_ecdh_x448(void **state)
{
	(void)state;
	ecdh("X448", CK_TRUE);
	ecdh("X448", CK_FALSE);
}

static void test_ecdh_wrong(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_FALSE, CK_TRUE);
	struct pair x = make_ec("X25519", CK_TRUE, CK_FALSE, CK_TRUE);
	uint8_t point[65] = { 4 }, zero[32] = { 0 };
	CK_ECDH1_DERIVE_PARAMS bad[] = {
		{ CKD_NULL, 0, NULL, 65, point },		/* not on the curve */
		{ CKD_NULL, 0, NULL, 64, point }, { CKD_NULL, 0, NULL, 0, NULL },
		{ CKD_NULL, 0, NULL, 65, NULL }, { CKD_NULL, 3, point, 65, point },
		{ CKD_SHA256_KDF, 3, NULL, 65, point }, { 77, 0, NULL, 65, point },
	}, low = { CKD_NULL, 0, NULL, 32, zero }, own = { CKD_NULL, 0, NULL, 0, NULL };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, NULL, 0 };
	CK_OBJECT_HANDLE key;
	unsigned int before;

	(void)state;
	IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, ec.private, CKK_AES, 16, &key));
	before = commands;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		m = (CK_MECHANISM) { CKM_ECDH1_DERIVE, &bad[i], sizeof(bad[i]) };
		IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, ec.private, CKK_AES, 16, &key));
	}
	assert_int_equal(commands, before);
	m = (CK_MECHANISM) { CKM_ECDH1_DERIVE, &low, sizeof(low) };
	IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, x.private, CKK_GENERIC_SECRET, 0, &key));
	/* busy is not the other side's fault */
	own.pPublicData = attribute(ec.public, CKA_EC_POINT, &own.ulPublicDataLen);
	m = (CK_MECHANISM) { CKM_ECDH1_DERIVE, &own, sizeof(own) };
	OK(derive(&m, ec.private, CKK_AES, 16, &key));
	fail_command(0, 0x66A6, 0);
	IS(CKR_FUNCTION_FAILED, derive(&m, ec.private, CKK_AES, 16, &key));
	assert_true(fail_command(-1, 0, 0));
	OK(derive(&m, ec.private, CKK_AES, 16, &key));
	free(own.pPublicData);
	free_pair(&ec);
	free_pair(&x);
}

static void hkdf_here(const char *hash, int mode, const uint8_t *ikm, size_t ikm_len,
		      size_t salt_len, size_t info_len, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int("mode", &mode),
		OSSL_PARAM_construct_utf8_string("digest", (char *)hash, 0),
		OSSL_PARAM_construct_octet_string("key", (void *)ikm, ikm_len),
		OSSL_PARAM_construct_octet_string("salt", message, salt_len),
		OSSL_PARAM_construct_octet_string("info", message + 50, info_len),
		OSSL_PARAM_END,
	};

	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void hkdf(CK_BBOOL token)
{
	uint8_t ikm[32], expected[256];
	CK_OBJECT_HANDLE base, key;

	fill(ikm, sizeof(ikm));
	base = make_secret(CKK_GENERIC_SECRET, token, ikm, sizeof(ikm));
	for (size_t i = 0; i < HASHES; i++)
		for (size_t salt = 0; salt <= 64; salt += 32) {
			struct p11_hkdf_params p = {
				CK_TRUE, CK_TRUE, hashes[i].digest,
				salt ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL, message, salt, 0,
				message + 50, salt,
			};
			CK_MECHANISM m = { CKM_HKDF_DERIVE, &p, sizeof(p) };

			if (token && hashes[i].digest == CKM_SHA224) {
				IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, base, CKK_AES, 32, &key));
				continue;
			}
			hkdf_here(hashes[i].name, 0, ikm, 32, salt, salt, expected, 256);
			OK(derive(&m, base, CKK_AES, 32, &key));
			is_value(key, expected, 32);
			OK(derive(&m, base, CKK_GENERIC_SECRET, 256, &key));
			is_value(key, expected, 256);
			p.expand = CK_FALSE;
			hkdf_here(hashes[i].name, 1, ikm, 32, salt, 0, expected, hashes[i].len);
			if (token) {
				IS(CKR_MECHANISM_PARAM_INVALID,
				   derive(&m, base, CKK_GENERIC_SECRET, hashes[i].len, &key));
				continue;
			}
			OK(derive(&m, base, CKK_GENERIC_SECRET, 0, &key));
			is_value(key, expected, hashes[i].len);
			p.extract = CK_FALSE;
			IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, base, CKK_AES, 16, &key));
			p.expand = CK_TRUE;
			hkdf_here(hashes[i].name, 2, ikm, 32, 0, salt, expected, 100);
			OK(derive(&m, base, CKK_GENERIC_SECRET, 100, &key));
			is_value(key, expected, 100);
		}
	destroy(base);
}

static void test_hkdf(void **state)
{
	(void)state;
	hkdf(CK_TRUE);
	hkdf(CK_FALSE);
}

/* What is derived may be the token's: then it is the chip's, and nobody sees it again. */
static void test_token(void **state)
{
	struct pair pair = make_ec("prime256v1", CK_TRUE, CK_FALSE, CK_TRUE);
	CK_ECDH1_DERIVE_PARAMS p = { CKD_SHA256_KDF, 0, NULL, 0, NULL };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) }, ecb = { CKM_AES_ECB, NULL, 0 };
	CK_KEY_TYPE aes = CKK_AES;
	CK_BBOOL token = CK_TRUE;
	CK_ULONG len = 16, n;
	CK_ATTRIBUTE t[] = {
		VALUE(CKA_KEY_TYPE, aes), VALUE(CKA_VALUE_LEN, len), VALUE(CKA_TOKEN, token),
	}, value = { CKA_VALUE, NULL, 0 };
	uint8_t in_chip[16], here[16];
	CK_OBJECT_HANDLE key;

	(void)state;
	p.pPublicData = attribute(pair.public, CKA_EC_POINT, &p.ulPublicDataLen);
	OK(f->C_DeriveKey(s, &m, pair.private, t, 3, &key));
	IS(CKR_ATTRIBUTE_SENSITIVE, f->C_GetAttributeValue(s, key, &value, 1));
	n = sizeof(in_chip);
	OK(f->C_EncryptInit(s, &ecb, key));
	OK(f->C_Encrypt(s, message, 16, in_chip, &n));
	destroy(key);
	OK(f->C_DeriveKey(s, &m, pair.private, t, 2, &key));
	OK(f->C_EncryptInit(s, &ecb, key));
	OK(f->C_Encrypt(s, message, 16, here, &n));
	assert_memory_equal(in_chip, here, 16);
	destroy(key);
	free(p.pPublicData);
	free_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_7(test_ecdh), ON_3(test_ecdh), ON_7(test_ecdh_x448), ON_7(test_ecdh_wrong),
		ON_7(test_hkdf), ON_3(test_hkdf), ON_7(test_token),
	};

	fill(message, sizeof(message));
	return test_main("pkcs11: derivation", tests, ARRAY_SIZE(tests));
}
