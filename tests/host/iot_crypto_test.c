// SPDX-License-Identifier: GPL-2.0-only
/*
 * libse05x-iot against the simulated applet, 3.1 and 7.2: libcrypto is the judge,
 * and published vectors
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "chip.h"

#define ID	0x01010101
#define ID2	0x01010102

static struct se05x *se;
static struct se05x_iot *iot;
static struct se05x_call call;

static int setup_model(const char *model)
{
	se = chip_applet(model);
	call = (struct se05x_call) { 0 };
	return se05x_iot_open(se, &iot, NULL);
}

static int setup_3(void **state)
{
	(void)state;
	return setup_model("3");
}

static int setup_7(void **state)
{
	(void)state;
	return setup_model("7");
}

static int teardown(void **state)
{
	(void)state;
	se05x_iot_close(iot);
	se05x_close(se);
	return 0;
}

#define GOOD(expression) do {							\
	int good_ret = (expression);						\
	if (good_ret)								\
		fail_msg("%d, SW %04X: %s", good_ret, call.sw, #expression);	\
} while (0)

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &out[i]), 1);
	return n;
}

static void is_hex(const void *bytes, size_t len, const char *hex)
{
	uint8_t want[1024];

	assert_int_equal(unhex(hex, want), len);
	assert_memory_equal(bytes, want, len);
}

/* ---- EC ---- */

static const char *const md_names[] = { "SHA1", "SHA224", "SHA256", "SHA384", "SHA512" };

static EVP_PKEY *public_key(const struct se05x_iot_curve *curve, const uint8_t *point)
{
	size_t len = se05x_iot_point_len(curve->id);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve->name, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, len),
		OSSL_PARAM_END,
	};
	EVP_PKEY *key = NULL;

	if (curve->id >= SE05X_IOT_ED25519) {
		EVP_PKEY_CTX_free(ctx);
		return EVP_PKEY_new_raw_public_key_ex(NULL, curve->name, NULL, point, len);
	}
	params[0].data_size = strlen(curve->name);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool host_verifies(EVP_PKEY *key, const uint8_t *digest, size_t len, const uint8_t *sig,
			  size_t sig_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool good = EVP_PKEY_verify_init(ctx) == 1 &&
		    EVP_PKEY_verify(ctx, sig, sig_len, digest, len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static void host_derives(EVP_PKEY *own, EVP_PKEY *peer, uint8_t *secret, size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, secret, len), 1);
	EVP_PKEY_CTX_free(ctx);
}

static void host_point(EVP_PKEY *key, const struct se05x_iot_curve *curve, uint8_t *point)
{
	size_t len = SE05X_IOT_POINT_MAX;

	if (curve->id >= SE05X_IOT_ED25519)
		assert_int_equal(EVP_PKEY_get_raw_public_key(key, point, &len), 1);
	else
		assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
								 point, len, &len), 1);
	assert_int_equal(len, se05x_iot_point_len(curve->id));
}

static const uint8_t weierstrass[] = {
	SE05X_IOT_P192, SE05X_IOT_P224, SE05X_IOT_P256, SE05X_IOT_P384, SE05X_IOT_P521,
	SE05X_IOT_BP160, SE05X_IOT_BP192, SE05X_IOT_BP224, SE05X_IOT_BP256, SE05X_IOT_BP320,
	SE05X_IOT_BP384, SE05X_IOT_BP512, SE05X_IOT_SECP256K1,
};

static void one_curve(const struct se05x_iot_curve *curve)
{
	uint8_t point[SE05X_IOT_POINT_MAX], digest[64] = { 1, 2, 3 }, sig[160];
	struct se05x_iot_object object;
	bool good, made;
	EVP_PKEY *key;

	GOOD(se05x_iot_ec_generate(iot, ID, curve->id, NULL, &made, &call));
	assert_true(made);
	GOOD(se05x_iot_object(iot, ID, &object, &call));
	assert_int_equal(object.kind, SE05X_IOT_KIND_EC);
	assert_int_equal(object.part, SE05X_IOT_PAIR);
	assert_int_equal(object.curve, curve->id);
	GOOD(se05x_iot_ec_public(iot, ID, curve->id, point, &call));
	key = public_key(curve, point);
	for (int hash = SE05X_IOT_SHA1; hash <= SE05X_IOT_SHA512; hash++) {
		size_t len = sizeof(sig), digest_len = se05x_iot_hash_len(hash);

		GOOD(se05x_iot_ecdsa_sign(iot, ID, hash, digest, sig, &len, &call));
		assert_true(host_verifies(key, digest, digest_len, sig, len));
		GOOD(se05x_iot_ecdsa_verify(iot, ID, hash, digest, sig, len, &good, &call));
		assert_true(good);
		digest[0] ^= 1;
		GOOD(se05x_iot_ecdsa_verify(iot, ID, hash, digest, sig, len, &good, &call));
		assert_false(good);
	}
	EVP_PKEY_free(key);
	GOOD(se05x_iot_delete(iot, ID, &call));
}

static void test_ecdsa(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(weierstrass); i++)
		one_curve(se05x_iot_curve(weierstrass[i]));
}

static void test_ecdh(void **state)
{
	static const uint8_t curves[] = {
		SE05X_IOT_P256, SE05X_IOT_P521, SE05X_IOT_BP384, SE05X_IOT_X25519, SE05X_IOT_X448,
	};
	struct se05x_iot_version v;

	(void)state;
	se05x_iot_version(iot, &v);
	for (size_t i = 0; i < sizeof(curves); i++) {
		const struct se05x_iot_curve *curve = se05x_iot_curve(curves[i]);
		uint8_t point[SE05X_IOT_POINT_MAX], peer[SE05X_IOT_POINT_MAX];
		uint8_t theirs[80], ours[80];
		size_t len = sizeof(theirs);
		EVP_PKEY *own, *chip;

		if (curve->id == SE05X_IOT_X448 && v.major < 7)
			continue;
		GOOD(se05x_iot_ec_generate(iot, ID, curve->id, NULL, NULL, &call));
		GOOD(se05x_iot_ec_public(iot, ID, curve->id, point, &call));
		chip = public_key(curve, point);
		own = curve->id >= SE05X_IOT_ED25519 ?
		      EVP_PKEY_Q_keygen(NULL, NULL, curve->name) : EVP_EC_gen(curve->name);
		host_point(own, curve, peer);
		host_derives(own, chip, theirs, &len);
		GOOD(se05x_iot_ecdh(iot, ID, curve->id, peer, ours, &call));
		assert_int_equal(len, curve->size);
		assert_memory_equal(ours, theirs, len);
		EVP_PKEY_free(own);
		EVP_PKEY_free(chip);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* RFC 8032, 7.1: TEST 1 to 3, and SHA(abc) */
static void test_eddsa(void **state)
{
	static const struct {
		const char *secret, *public, *message, *signature;
	} vectors[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
		  "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
		{ "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
		  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
		  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
		  "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704" },
	};
	uint8_t secret[32], public[32], back[32], message[64], sig[64];
	bool good;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = unhex(vectors[i].message, message);

		unhex(vectors[i].secret, secret);
		unhex(vectors[i].public, public);
		GOOD(se05x_iot_ec_import(iot, ID, SE05X_IOT_ED25519, secret, public, NULL, NULL,
					 &call));
		GOOD(se05x_iot_ec_public(iot, ID, SE05X_IOT_ED25519, back, &call));
		assert_memory_equal(back, public, 32);
		GOOD(se05x_iot_eddsa_sign(iot, ID, message, len, sig, &call));
		is_hex(sig, 64, vectors[i].signature);
		GOOD(se05x_iot_eddsa_verify(iot, ID, message, len, sig, &good, &call));
		assert_true(good);
		sig[40] ^= 1;
		GOOD(se05x_iot_eddsa_verify(iot, ID, message, len, sig, &good, &call));
		assert_false(good);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* RFC 7748, 6.1: Bob's key in the chip, Alice's outside */
static void test_x25519(void **state)
{
	uint8_t secret[32], public[32], back[32], peer[32], shared[32];

	(void)state;
	unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", secret);
	unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", public);
	unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", peer);
	GOOD(se05x_iot_ec_import(iot, ID, SE05X_IOT_X25519, secret, public, NULL, NULL, &call));
	GOOD(se05x_iot_ec_public(iot, ID, SE05X_IOT_X25519, back, &call));
	assert_memory_equal(back, public, 32);
	GOOD(se05x_iot_ecdh(iot, ID, SE05X_IOT_X25519, peer, shared, &call));
	is_hex(shared, 32, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

/* RFC 6979, A.2.5: the key, and signatures that must verify; the chip's k is its own */
static void test_rfc6979(void **state)
{
	uint8_t scalar[32], point[65] = { 0x04 }, digest[32], sig[72];
	size_t len = sizeof(sig);
	EVP_PKEY *key;
	bool good;

	(void)state;
	unhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", scalar);
	unhex("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6", point + 1);
	unhex("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299", point + 33);
	GOOD(se05x_iot_ec_import(iot, ID, SE05X_IOT_P256, scalar, point, NULL, NULL, &call));
	EVP_Digest("sample", 6, digest, NULL, EVP_sha256(), NULL);
	/* r and s of SHA-256, message "sample" */
	unhex("3046022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
	      "022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8", sig);
	GOOD(se05x_iot_ecdsa_verify(iot, ID, SE05X_IOT_SHA256, digest, sig, 72, &good, &call));
	assert_true(good);
	GOOD(se05x_iot_ecdsa_sign(iot, ID, SE05X_IOT_SHA256, digest, sig, &len, &call));
	key = public_key(se05x_iot_curve(SE05X_IOT_P256), point);
	assert_true(host_verifies(key, digest, 32, sig, len));
	EVP_PKEY_free(key);
}

/* A key and the curve that it is said to be on */
static void test_curve_mismatch(void **state)
{
	uint8_t scalar[32] = { 1 }, point[65] = { 0x04, 1, 2 }, out[66];
	EVP_PKEY *p256 = EVP_EC_gen("P-256");

	(void)state;
	assert_int_equal(se05x_iot_ec_import(iot, ID, SE05X_IOT_P256, scalar, point, NULL, NULL,
					     &call), -EINVAL);
	assert_int_equal(call.sw, 0x6A80);
	host_point(p256, se05x_iot_curve(SE05X_IOT_P256), point);
	assert_int_equal(se05x_iot_ec_import(iot, ID, SE05X_IOT_SECP256K1, NULL, point, NULL, NULL,
					     &call), -EINVAL);
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_P384, NULL, NULL, &call));
	assert_int_not_equal(se05x_iot_ecdh(iot, ID, SE05X_IOT_P256, point, out, &call), 0);
	/* what is there keeps its curve */
	assert_int_not_equal(se05x_iot_ec_import(iot, ID, SE05X_IOT_P256, NULL, point, NULL, NULL,
						 &call), 0);
	EVP_PKEY_free(p256);
}

/* ---- RSA ---- */

static EVP_PKEY *rsa_public(void)
{
	uint8_t n[512], e[8];
	size_t n_len = sizeof(n), e_len = sizeof(e);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *bn, *be;
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	GOOD(se05x_iot_rsa_public(iot, ID, n, &n_len, e, &e_len, &call));
	bn = BN_bin2bn(n, n_len, NULL);
	be = BN_bin2bn(e, e_len, NULL);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be);
	params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_fromdata_init(ctx);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(bn);
	BN_free(be);
	return key;
}

static void rsa_signs(EVP_PKEY *key, size_t modulus)
{
	static const char message[] = "a message that the chip hashes";
	uint8_t sig[512];
	bool good;

	for (int pss = 0; pss < 2; pss++) {
		for (int hash = SE05X_IOT_SHA1; hash <= SE05X_IOT_SHA512; hash++) {
			enum se05x_iot_padding padding = pss ? SE05X_IOT_PSS : SE05X_IOT_PKCS1;
			const EVP_MD *md = EVP_get_digestbyname(md_names[hash]);
			EVP_MD_CTX *ctx = EVP_MD_CTX_new();
			size_t len = sizeof(sig);
			EVP_PKEY_CTX *pctx;

			if (pss && 2 * se05x_iot_hash_len(hash) + 2 > modulus) {
				EVP_MD_CTX_free(ctx);
				continue;	/* no room for salt and digest */
			}

			GOOD(se05x_iot_rsa_sign(iot, ID, padding, hash, message, sizeof(message),
						sig, &len, &call));
			assert_int_equal(len, modulus);
			assert_int_equal(EVP_DigestVerifyInit(ctx, &pctx, md, NULL, key), 1);
			if (pss) {
				EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
				EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
			}
			assert_int_equal(EVP_DigestVerify(ctx, sig, len, (const uint8_t *)message,
							  sizeof(message)), 1);
			EVP_MD_CTX_free(ctx);
			GOOD(se05x_iot_rsa_verify(iot, ID, padding, hash, message, sizeof(message),
						  sig, len, &good, &call));
			assert_true(good);
			sig[5] ^= 1;
			GOOD(se05x_iot_rsa_verify(iot, ID, padding, hash, message, sizeof(message),
						  sig, len, &good, &call));
			assert_false(good);
		}
	}
}

static void rsa_crypts(EVP_PKEY *key)
{
	static const int paddings[] = {
		[SE05X_IOT_PKCS1] = RSA_PKCS1_PADDING, [SE05X_IOT_OAEP] = RSA_PKCS1_OAEP_PADDING,
	};
	uint8_t out[512], back[512];

	for (int p = SE05X_IOT_PKCS1; p <= SE05X_IOT_OAEP; p++) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
		size_t len = sizeof(out), back_len = sizeof(back);

		if (p == SE05X_IOT_PSS) {
			EVP_PKEY_CTX_free(ctx);
			continue;
		}
		assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, paddings[p]), 1);
		assert_int_equal(EVP_PKEY_encrypt(ctx, out, &len, (const uint8_t *)"secret", 6), 1);
		GOOD(se05x_iot_rsa_decrypt(iot, ID, p, out, len, back, &back_len, &call));
		assert_int_equal(back_len, 6);
		assert_memory_equal(back, "secret", 6);
		len = sizeof(out);
		GOOD(se05x_iot_rsa_encrypt(iot, ID, p, "secret", 6, out, &len, &call));
		back_len = sizeof(back);
		GOOD(se05x_iot_rsa_decrypt(iot, ID, p, out, len, back, &back_len, &call));
		assert_memory_equal(back, "secret", 6);
		EVP_PKEY_CTX_free(ctx);
	}
}

static void test_rsa(void **state)
{
	static const unsigned int sizes[] = { 1024, 1152, 2048 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct se05x_iot_object object;
		EVP_PKEY *key;

		GOOD(se05x_iot_rsa_generate(iot, ID, sizes[i], NULL, &call));
		GOOD(se05x_iot_object(iot, ID, &object, &call));
		assert_int_equal(object.kind, SE05X_IOT_KIND_RSA);
		assert_int_equal(object.part, SE05X_IOT_PAIR);
		assert_int_equal(object.size, sizes[i] / 8);
		key = rsa_public();
		rsa_signs(key, sizes[i] / 8);
		rsa_crypts(key);
		EVP_PKEY_free(key);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

static void take(const EVP_PKEY *key, const char *name, struct se05x_iot_number *number)
{
	BIGNUM *bn = NULL;
	uint8_t *bytes;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &bn), 1);
	number->len = BN_num_bytes(bn);
	bytes = malloc(number->len);
	BN_bn2bin(bn, bytes);
	number->bytes = bytes;
	BN_free(bn);
}

static void test_rsa_import(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(1024), *other = EVP_RSA_gen(1024);
	struct se05x_iot_rsa rsa = { 0 };
	const struct {
		const char *name;
		struct se05x_iot_number *number;
	} numbers[] = {
		{ OSSL_PKEY_PARAM_RSA_N, &rsa.n }, { OSSL_PKEY_PARAM_RSA_E, &rsa.e },
		{ OSSL_PKEY_PARAM_RSA_D, &rsa.d }, { OSSL_PKEY_PARAM_RSA_FACTOR1, &rsa.p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, &rsa.q }, { OSSL_PKEY_PARAM_RSA_EXPONENT1, &rsa.dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, &rsa.dq },
		{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &rsa.qinv },
	};
	struct se05x_iot_rsa part;
	EVP_PKEY *back;
	bool begun;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		take(key, numbers[i].name, numbers[i].number);
	/* by CRT, by exponent, public */
	for (int how = 0; how < 3; how++) {
		part = rsa;
		if (how > 0)
			part.p.len = 0;
		if (how > 1)
			part.d.len = 0;
		GOOD(se05x_iot_rsa_import(iot, ID, 1024, &part, NULL, &begun, &call));
		assert_int_equal(se05x_iot_rsa_import(iot, ID, 1024, &part, NULL, &begun, &call),
				 -EEXIST);
		assert_false(begun);
		back = rsa_public();
		assert_int_equal(EVP_PKEY_eq(back, key), 1);
		EVP_PKEY_free(back);
		if (how < 2) {
			rsa_signs(key, 128);
			rsa_crypts(key);
		}
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
	/* the link fails in the middle: there is something, and it can be removed */
	chip_fail(se, 4, -ECONNRESET, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(se05x_iot_rsa_import(iot, ID, 1024, &rsa, NULL, &begun, &call),
			 -ECONNRESET);
	assert_true(begun);
	GOOD(se05x_iot_delete(iot, ID, &call));
	for (size_t i = 0; i < 8; i++)
		free((void *)numbers[i].number->bytes);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static void test_rsa_sizes(void **state)
{
	static const unsigned int sizes[] = { 512, 3072, 4096 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		EVP_PKEY *key;

		GOOD(se05x_iot_rsa_generate(iot, ID, sizes[i], NULL, &call));
		key = rsa_public();
		assert_int_equal(EVP_PKEY_get_bits(key), sizes[i]);
		EVP_PKEY_free(key);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* ---- symmetric ---- */

/* NIST SP 800-38A, F.1.1, F.2.1, F.5.1 (AES-128), F.2.5 (AES-256) */
static void test_aes(void **state)
{
#define PLAIN	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define KEY128	"2b7e151628aed2a6abf7158809cf4f3c"
#define KEY256	"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
	static const struct {
		enum se05x_iot_cipher cipher;
		const char *key, *iv, *out;
	} vectors[] = {
		{ SE05X_IOT_AES_ECB, KEY128, "",
		  "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
		  "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4" },
		{ SE05X_IOT_AES_CBC, KEY128, "000102030405060708090a0b0c0d0e0f",
		  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
		  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
		{ SE05X_IOT_AES_CTR, KEY128, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		  "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
		  "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee" },
		{ SE05X_IOT_AES_CBC, KEY256, "000102030405060708090a0b0c0d0e0f",
		  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
		  "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b" },
	};
	uint8_t key[32], iv[16], plain[64], out[64];

	(void)state;
	unhex(PLAIN, plain);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t key_len = unhex(vectors[i].key, key);

		unhex(vectors[i].iv, iv);
		GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_AES, key, key_len, NULL, &call));
		GOOD(se05x_iot_cipher(iot, ID, vectors[i].cipher, true, iv, plain, out, 64, &call));
		is_hex(out, 64, vectors[i].out);
		/* in place */
		GOOD(se05x_iot_cipher(iot, ID, vectors[i].cipher, false, iv, out, out, 64, &call));
		assert_memory_equal(out, plain, 64);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* More than one command's worth, chained here, against libcrypto in one go */
static void test_long(void **state)
{
	static const char *const names[] = {
		[SE05X_IOT_AES_ECB] = "AES-128-ECB", [SE05X_IOT_AES_CBC] = "AES-128-CBC",
		[SE05X_IOT_AES_CTR] = "AES-128-CTR", [SE05X_IOT_DES_CBC] = "DES-EDE3-CBC",
	};
	static uint8_t plain[5008], out[5008], want[5024];
	uint8_t key[24], iv[16];

	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = i * 7;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = 0x10 + 0x11 * i;
	/* the counter's carry is in the way */
	memset(iv, 0xff, sizeof(iv));
	iv[15] = 0x80;
	for (int c = SE05X_IOT_AES_ECB; c <= SE05X_IOT_DES_CBC; c++) {
		bool des = c == SE05X_IOT_DES_CBC;
		EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
		EVP_CIPHER *cipher = names[c] ? EVP_CIPHER_fetch(NULL, names[c], NULL) : NULL;
		int n = 0;

		if (cipher) {
			assert_int_equal(EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL), 1);
			EVP_CIPHER_CTX_set_padding(ctx, 0);
			EVP_EncryptUpdate(ctx, want, &n, plain, sizeof(plain));
			assert_int_equal(n, sizeof(plain));
			GOOD(se05x_iot_key_import(iot, ID, des ? SE05X_IOT_KIND_DES :
						  SE05X_IOT_KIND_AES, key, des ? 24 : 16, NULL,
						  &call));
			GOOD(se05x_iot_cipher(iot, ID, c, true, iv, plain, out, sizeof(plain),
					      &call));
			assert_memory_equal(out, want, sizeof(plain));
			GOOD(se05x_iot_cipher(iot, ID, c, false, iv, out, out, sizeof(plain),
					      &call));
			assert_memory_equal(out, plain, sizeof(plain));
			GOOD(se05x_iot_delete(iot, ID, &call));
		}
		EVP_CIPHER_free(cipher);
		EVP_CIPHER_CTX_free(ctx);
	}
}

/* The GCM specification's test case 4; CCM: NIST SP 800-38C, example 1 */
static void test_aead(void **state)
{
	static const struct {
		enum se05x_iot_aead aead;
		const char *key, *iv, *aad, *plain, *out, *tag;
	} vectors[] = {
		{ SE05X_IOT_GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
		  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
		  "5bc94fbc3221a5db94fae95ae7121a47" },
		{ SE05X_IOT_CCM, "404142434445464748494a4b4c4d4e4f", "10111213141516",
		  "0001020304050607", "20212223", "7162015b", "4dac255d" },
	};
	uint8_t key[16], iv[16], aad[32], plain[64], out[64], tag[16], back[64];
	struct se05x_iot_version v;
	bool good = false;

	(void)state;
	se05x_iot_version(iot, &v);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t iv_len = unhex(vectors[i].iv, iv), aad_len = unhex(vectors[i].aad, aad);
		size_t len = unhex(vectors[i].plain, plain), tag_len = strlen(vectors[i].tag) / 2;

		unhex(vectors[i].key, key);
		GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_AES, key, 16, NULL, &call));
		if (v.major < 7) {
			assert_int_equal(se05x_iot_aead_encrypt(iot, ID, vectors[i].aead, iv, iv_len,
								aad, aad_len, plain, out, len, tag,
								tag_len, &call), -EOPNOTSUPP);
			assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
			return;
		}
		GOOD(se05x_iot_aead_encrypt(iot, ID, vectors[i].aead, iv, iv_len, aad, aad_len,
					    plain, out, len, tag, tag_len, &call));
		is_hex(out, len, vectors[i].out);
		is_hex(tag, tag_len, vectors[i].tag);
		GOOD(se05x_iot_aead_decrypt(iot, ID, vectors[i].aead, iv, iv_len, aad, aad_len, out,
					    back, len, tag, tag_len, &good, &call));
		assert_true(good);
		assert_memory_equal(back, plain, len);
		aad[0] ^= 1;
		memset(back, 0, sizeof(back));
		GOOD(se05x_iot_aead_decrypt(iot, ID, vectors[i].aead, iv, iv_len, aad, aad_len, out,
					    back, len, tag, tag_len, &good, &call));
		assert_false(good);
		assert_int_equal(back[0], 0);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* RFC 4231 (test cases 1, 2), RFC 2202 (2), RFC 4493 (examples 1, 3) */
static void test_mac(void **state)
{
#define KEY_JEFE "4a656665"
#define WHAT	"7768617420646f2079612077616e7420666f72206e6f7468696e673f"
	static const struct {
		enum se05x_iot_kind kind;
		enum se05x_iot_mac mac;
		const char *key, *message, *value;
	} vectors[] = {
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_HMAC_SHA1, KEY_JEFE, WHAT,
		  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_HMAC_SHA256, KEY_JEFE, WHAT,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_HMAC_SHA384, KEY_JEFE, WHAT,
		  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		  "8e2240ca5e69e2c78b3239ecfab21649" },
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_HMAC_SHA512, KEY_JEFE, WHAT,
		  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_HMAC_SHA256,
		  "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ SE05X_IOT_KIND_AES, SE05X_IOT_CMAC_AES, KEY128,
		  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		  "30c81c46a35ce411", "dfa66747de9ae63030ca32611497c827" },
		{ SE05X_IOT_KIND_AES, SE05X_IOT_CMAC_AES, KEY128,
		  "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c" },
	};
	uint8_t key[64], message[64], out[SE05X_IOT_MAC_MAX];
	bool good;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t key_len = unhex(vectors[i].key, key), out_len = sizeof(out);
		size_t len = unhex(vectors[i].message, message);

		GOOD(se05x_iot_key_import(iot, ID, vectors[i].kind, key, key_len, NULL, &call));
		GOOD(se05x_iot_mac(iot, ID, vectors[i].mac, message, len, out, &out_len, &call));
		is_hex(out, out_len, vectors[i].value);
		GOOD(se05x_iot_mac_verify(iot, ID, vectors[i].mac, message, len, out, out_len,
					  &good, &call));
		assert_true(good);
		out[0] ^= 1;
		GOOD(se05x_iot_mac_verify(iot, ID, vectors[i].mac, message, len, out, out_len,
					  &good, &call));
		assert_false(good);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* RFC 5869, A.1 and A.4 */
static void test_hkdf(void **state)
{
	static const struct {
		enum se05x_iot_hash hash;
		const char *ikm, *salt, *info, *okm;
	} vectors[] = {
		{ SE05X_IOT_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		  "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		  "34007208d5b887185865" },
		{ SE05X_IOT_SHA1, "0b0b0b0b0b0b0b0b0b0b0b",
		  "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		  "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2"
		  "c22e422478d305f3f896" },
	};
	uint8_t ikm[80], salt[80], info[80], out[42];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t ikm_len = unhex(vectors[i].ikm, ikm);
		size_t salt_len = unhex(vectors[i].salt, salt);
		size_t info_len = unhex(vectors[i].info, info);

		GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_HMAC, ikm, ikm_len, NULL, &call));
		GOOD(se05x_iot_hkdf(iot, ID, vectors[i].hash, salt, salt_len, info, info_len, out,
				    sizeof(out), &call));
		is_hex(out, sizeof(out), vectors[i].okm);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

static void test_digest(void **state)
{
	uint8_t out[64], want[64];

	(void)state;
	for (int hash = SE05X_IOT_SHA1; hash <= SE05X_IOT_SHA512; hash++) {
		EVP_Digest("abc", 3, want, NULL, EVP_get_digestbyname(md_names[hash]), NULL);
		GOOD(se05x_iot_digest(iot, hash, "abc", 3, out, &call));
		assert_memory_equal(out, want, se05x_iot_hash_len(hash));
	}
}

static void test_random(void **state)
{
	static uint8_t a[3000], b[3000];

	(void)state;
	GOOD(se05x_iot_random(iot, a, sizeof(a), &call));
	GOOD(se05x_iot_random(iot, b, sizeof(b), &call));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + 2900, b + 2900, 100);
}

/* ---- objects ---- */

static void test_files(void **state)
{
	static uint8_t data[5000], back[5000];
	struct se05x_iot_object object;
	size_t done;
	uint32_t before, after;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i ^ i >> 8;
	GOOD(se05x_iot_binary_create(iot, ID, data, sizeof(data), NULL, &done, &call));
	GOOD(se05x_iot_object(iot, ID, &object, &call));
	assert_int_equal(object.kind, SE05X_IOT_KIND_BINARY);
	assert_int_equal(object.size, sizeof(data));
	GOOD(se05x_iot_binary_read(iot, ID, 0, back, sizeof(back), &call));
	assert_memory_equal(back, data, sizeof(data));
	GOOD(se05x_iot_binary_write(iot, ID, 4000, "changed", 7, &done, &call));
	GOOD(se05x_iot_binary_read(iot, ID, 3999, back, 9, &call));
	assert_memory_equal(back + 1, "changed", 7);
	assert_int_not_equal(se05x_iot_binary_read(iot, ID, 4999, back, 2, &call), 0);
	assert_int_not_equal(se05x_iot_binary_write(iot, ID, 4999, back, 2, &done, &call), 0);
	GOOD(se05x_iot_delete(iot, ID, &call));

	/* the chip is reset in the middle: what is left is known, and can be removed */
	GOOD(se05x_iot_free_memory(iot, SE05X_IOT_PERSISTENT, &before, &call));
	chip_fail(se, 4, -ECONNRESET, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(se05x_iot_binary_create(iot, ID, data, sizeof(data), NULL, &done, &call),
			 -ECONNRESET);
	assert_in_range(done, 1, sizeof(data) - 1);
	GOOD(se05x_iot_object(iot, ID, &object, &call));
	assert_int_equal(object.size, sizeof(data));
	GOOD(se05x_iot_delete(iot, ID, &call));
	GOOD(se05x_iot_free_memory(iot, SE05X_IOT_PERSISTENT, &after, &call));
	assert_int_equal(before, after);
}

static void test_counter_pcr(void **state)
{
	uint8_t zero[SE05X_IOT_PCR_LEN] = { 0 }, value[SE05X_IOT_PCR_LEN], want[32];
	uint64_t n;

	(void)state;
	GOOD(se05x_iot_counter_create(iot, ID, 4, 41, NULL, &call));
	GOOD(se05x_iot_counter_add(iot, ID, &call));
	GOOD(se05x_iot_counter_read(iot, ID, &n, &call));
	assert_int_equal(n, 42);
	GOOD(se05x_iot_counter_set(iot, ID, 4, 0x10000, &call));
	assert_int_not_equal(se05x_iot_counter_set(iot, ID, 4, 5, &call), 0);
	GOOD(se05x_iot_counter_read(iot, ID, &n, &call));
	assert_int_equal(n, 0x10000);
	assert_int_equal(se05x_iot_counter_create(iot, ID, 4, 0, NULL, &call), -EEXIST);

	GOOD(se05x_iot_pcr_create(iot, ID2, zero, NULL, &call));
	GOOD(se05x_iot_pcr_extend(iot, ID2, "abc", 3, &call));
	GOOD(se05x_iot_pcr_read(iot, ID2, value, &call));
	EVP_Digest("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "abc", 35,
		   want, NULL, EVP_sha256(), NULL);
	assert_memory_equal(value, want, 32);
}

static void test_list(void **state)
{
	uint32_t *ids;
	size_t n, mine = 0;

	(void)state;
	for (uint32_t i = 0; i < 210; i++)
		GOOD(se05x_iot_binary_create(iot, 0x02000000 + i, "x", 1, NULL, NULL, &call));
	GOOD(se05x_iot_list(iot, &ids, &n, &call));
	for (size_t i = 0; i < n; i++)
		mine += ids[i] >> 24 == 0x02;
	assert_int_equal(mine, 210);
	free(ids);
}

/* ---- policies, sessions ---- */

static void test_policy(void **state)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX], digest[32] = { 0 }, sig[80], point[65];
	struct se05x_iot_new how = { .policy = policy };
	struct se05x_iot_attributes a;
	struct se05x_iot_version v;
	size_t len = sizeof(sig);
	char text[200];

	(void)state;
	how.policy_len = sizeof(policy);
	GOOD(se05x_iot_policy_parse("any:sign;0x0A0B0C0D:read,delete", policy, &how.policy_len,
				    NULL));
	GOOD(se05x_iot_userid_create(iot, 0x0A0B0C0D, "pass", 4, NULL, &call));
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_P256, &how, NULL, &call));
	GOOD(se05x_iot_ecdsa_sign(iot, ID, SE05X_IOT_SHA256, digest, sig, &len, &call));
	assert_int_equal(se05x_iot_ec_public(iot, ID, SE05X_IOT_P256, point, &call), -EACCES);
	assert_int_equal(call.sw, 0x6986);
	assert_int_equal(se05x_iot_delete(iot, ID, &call), -EACCES);
	se05x_iot_version(iot, &v);
	if (v.major >= 7) {
		GOOD(se05x_iot_attributes(iot, ID, &a, &call));
		assert_true(se05x_iot_policy_print(a.policy, a.policy_len, text, sizeof(text)) > 0);
		assert_string_equal(text, "any:sign;0x0A0B0C0D:read,delete");
	}

	assert_int_not_equal(se05x_iot_session_open(iot, 0x0A0B0C0D, "past", 4, &call), 0);
	assert_int_equal(se05x_iot_delete(iot, ID, &call), -EACCES);
	GOOD(se05x_iot_session_open(iot, 0x0A0B0C0D, "pass", 4, &call));
	GOOD(se05x_iot_ec_public(iot, ID, SE05X_IOT_P256, point, &call));
	GOOD(se05x_iot_delete(iot, ID, &call));
	GOOD(se05x_iot_session_close(iot, &call));
	/* twice: nothing of it stayed open */
	for (int i = 0; i < 5; i++) {
		GOOD(se05x_iot_session_open(iot, 0x0A0B0C0D, "pass", 4, &call));
		GOOD(se05x_iot_session_close(iot, &call));
	}
}

/* A file through a session: its pieces are smaller than a command's payload */
static void test_session_file(void **state)
{
	static uint8_t data[3000], back[3000];

	(void)state;
	memset(data, 0x5a, sizeof(data));
	GOOD(se05x_iot_userid_create(iot, 0x0A0B0C0D, "pass", 4, NULL, &call));
	GOOD(se05x_iot_session_open(iot, 0x0A0B0C0D, "pass", 4, &call));
	GOOD(se05x_iot_binary_create(iot, ID, data, sizeof(data), NULL, NULL, &call));
	GOOD(se05x_iot_binary_read(iot, ID, 0, back, sizeof(back), &call));
	assert_memory_equal(back, data, sizeof(data));
	GOOD(se05x_iot_session_close(iot, &call));
}

/* ---- attestation ---- */

static void test_attest(void **state)
{
	static struct se05x_iot_attestation a;
	static uint8_t message[EVP_MAX_MD_SIZE + sizeof(a.message)];
	uint8_t fresh[16] = "sixteen bytes ..", point[65], digest[32];
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how = { .policy = policy, .policy_len = sizeof(policy) };
	struct se05x_iot_attributes attributes;
	unsigned int len = 0;
	EVP_PKEY *key;

	(void)state;
	GOOD(se05x_iot_policy_parse("any:attest,read,delete", policy, &how.policy_len, NULL));
	GOOD(se05x_iot_ec_generate(iot, ID2, SE05X_IOT_P256, &how, NULL, &call));
	GOOD(se05x_iot_ec_public(iot, ID2, SE05X_IOT_P256, point, &call));
	key = public_key(se05x_iot_curve(SE05X_IOT_P256), point);
	GOOD(se05x_iot_binary_create(iot, ID, "held by the chip", 16, NULL, NULL, &call));
	GOOD(se05x_iot_attest(iot, ID, SE05X_IOT_KIND_BINARY, ID2, SE05X_IOT_SHA256, fresh, 0, 0,
			      &a, &call));
	assert_int_equal(a.value_len, 16);
	assert_memory_equal(a.value, "held by the chip", 16);
	if (a.command_len)
		EVP_Digest(a.command, a.command_len, message, &len, EVP_sha256(), NULL);
	memcpy(message + len, a.message, a.message_len);
	EVP_Digest(message, len + a.message_len, digest, NULL, EVP_sha256(), NULL);
	assert_true(host_verifies(key, digest, 32, a.signature, a.signature_len));
	GOOD(se05x_iot_attributes_parse(iot, a.attributes, a.attributes_len, &attributes));
	assert_int_equal(attributes.origin, 1);
	EVP_PKEY_free(key);

	/* a key: its public half, and that it was made in the chip */
	GOOD(se05x_iot_rsa_generate(iot, 0x01010103, 1024, NULL, &call));
	GOOD(se05x_iot_attest(iot, 0x01010103, SE05X_IOT_KIND_RSA, ID2, SE05X_IOT_SHA256, fresh, 0,
			      0, &a, &call));
	assert_int_equal(a.value_len, 128);
	GOOD(se05x_iot_attributes_parse(iot, a.attributes, a.attributes_len, &attributes));
	assert_int_equal(attributes.origin, 2);
}

static int setup_no_rsa(void **state)
{
	(void)state;
	return setup_model("7-no-rsa");
}

static void test_no_rsa(void **state)
{
	unsigned int before = chip_commands(se);

	(void)state;
	assert_int_equal(se05x_iot_rsa_generate(iot, ID, 2048, NULL, &call), -EOPNOTSUPP);
	assert_int_equal(chip_commands(se), before);
}

#define BOTH(test)							\
	{ #test " (3)", test, setup_3, teardown, NULL },		\
	{ #test " (7)", test, setup_7, teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_ecdsa), BOTH(test_ecdh), BOTH(test_eddsa), BOTH(test_x25519),
		BOTH(test_rfc6979), BOTH(test_curve_mismatch), BOTH(test_rsa),
		BOTH(test_rsa_import), BOTH(test_aes), BOTH(test_long), BOTH(test_aead),
		BOTH(test_mac),
		BOTH(test_hkdf), BOTH(test_digest), BOTH(test_random), BOTH(test_files),
		BOTH(test_counter_pcr), BOTH(test_list), BOTH(test_policy),
		BOTH(test_session_file), BOTH(test_attest),
		{ "test_rsa_sizes (7)", test_rsa_sizes, setup_7, teardown, NULL },
		{ "test_no_rsa", test_no_rsa, setup_no_rsa, teardown, NULL },
	};

	return cmocka_run_group_tests_name("iot crypto", tests, NULL, NULL);
}
