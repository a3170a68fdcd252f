// SPDX-License-Identifier: GPL-2.0-only
/*
 * EC and RSA keys by libse05x-iot in the simulated applet, 3.1 and 7.2: libcrypto is
 * the judge, and published vectors
 */
#include <errno.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "../../tools/sim/applet.h"
#include "iot_run.h"

/* ---- EC ---- */

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

	if (curve->id >= SE05X_IOT_CURVE_ED25519) {
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

	if (curve->id >= SE05X_IOT_CURVE_ED25519)
		assert_int_equal(EVP_PKEY_get_raw_public_key(key, point, &len), 1);
	else
		assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
								 point, len, &len), 1);
	assert_int_equal(len, se05x_iot_point_len(curve->id));
}

static const uint8_t weierstrass[] = {
	SE05X_IOT_CURVE_P192, SE05X_IOT_CURVE_P224, SE05X_IOT_CURVE_P256, SE05X_IOT_CURVE_P384,
	SE05X_IOT_CURVE_P521,
	SE05X_IOT_CURVE_BP160, SE05X_IOT_CURVE_BP192, SE05X_IOT_CURVE_BP224,
	SE05X_IOT_CURVE_BP256, SE05X_IOT_CURVE_BP320,
	SE05X_IOT_CURVE_BP384, SE05X_IOT_CURVE_BP512, SE05X_IOT_CURVE_SECP192K1,
	SE05X_IOT_CURVE_SECP256K1,
};

static void one_curve(const struct se05x_iot_curve *curve)
{
	uint8_t point[SE05X_IOT_POINT_MAX], digest[64] = { 1, 2, 3 }, sig[160];
	struct se05x_iot_object object;
	bool good, made;
	EVP_PKEY *key;

	GOOD(se05x_iot_ec_generate(iot, ID, curve->id, NULL, &made, &call));
	assert_int_equal(made, curve->id != SE05X_IOT_CURVE_P256);	/* it comes with the chip */
	GOOD(se05x_iot_object(iot, ID, &object, &call));
	assert_int_equal(object.kind, SE05X_IOT_KIND_EC);
	assert_int_equal(object.part, SE05X_IOT_PART_PAIR);
	assert_int_equal(object.curve, curve->id);
	GOOD(read_point(iot, ID, curve->id, point, &call));
	key = public_key(curve, point);
	for (int hash = SE05X_IOT_HASH_SHA1; hash <= SE05X_IOT_HASH_SHA512; hash++) {
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
		SE05X_IOT_CURVE_P256, SE05X_IOT_CURVE_P521, SE05X_IOT_CURVE_BP384,
		SE05X_IOT_CURVE_X25519, SE05X_IOT_CURVE_X448,
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

		if (curve->id == SE05X_IOT_CURVE_X448 && v.major < 7)
			continue;
		GOOD(se05x_iot_ec_generate(iot, ID, curve->id, NULL, NULL, &call));
		GOOD(read_point(iot, ID, curve->id, point, &call));
		chip = public_key(curve, point);
		own = curve->id >= SE05X_IOT_CURVE_ED25519 ?
		      EVP_PKEY_Q_keygen(NULL, NULL, curve->name) : EVP_EC_gen(curve->name);
		host_point(own, curve, peer);
		host_derives(own, chip, theirs, &len);
		GOOD(agree(iot, ID, curve->id, peer, ours, &call));
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
		GOOD(se05x_iot_ec_import(iot, ID, SE05X_IOT_CURVE_ED25519, secret, public, NULL,
					 NULL, &call));
		GOOD(read_point(iot, ID, SE05X_IOT_CURVE_ED25519, back, &call));
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
	GOOD(se05x_iot_ec_import(iot, ID, SE05X_IOT_CURVE_X25519, secret, public, NULL, NULL,
				 &call));
	GOOD(read_point(iot, ID, SE05X_IOT_CURVE_X25519, back, &call));
	assert_memory_equal(back, public, 32);
	GOOD(agree(iot, ID, SE05X_IOT_CURVE_X25519, peer, shared, &call));
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
	GOOD(se05x_iot_ec_import(iot, ID, SE05X_IOT_CURVE_P256, scalar, point, NULL, NULL, &call));
	EVP_Digest("sample", 6, digest, NULL, EVP_sha256(), NULL);
	/* r and s of SHA-256, message "sample" */
	unhex("3046022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
	      "022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8", sig);
	GOOD(se05x_iot_ecdsa_verify(iot, ID, SE05X_IOT_HASH_SHA256, digest, sig, 72, &good, &call));
	assert_true(good);
	GOOD(se05x_iot_ecdsa_sign(iot, ID, SE05X_IOT_HASH_SHA256, digest, sig, &len, &call));
	key = public_key(se05x_iot_curve(SE05X_IOT_CURVE_P256), point);
	assert_true(host_verifies(key, digest, 32, sig, len));
	EVP_PKEY_free(key);
}

/* A key and the curve that it is said to be on */
static void test_curve_mismatch(void **state)
{
	uint8_t scalar[32] = { 1 }, point[65] = { 0x04, 1, 2 }, out[66];
	EVP_PKEY *p256 = EVP_EC_gen("P-256");

	(void)state;
	assert_int_equal(se05x_iot_ec_import(iot, ID, SE05X_IOT_CURVE_P256, scalar, point, NULL,
					     NULL, &call), -EBADR);
	assert_int_equal(call.sw, 0x6A80);
	host_point(p256, se05x_iot_curve(SE05X_IOT_CURVE_P256), point);
	assert_int_equal(se05x_iot_ec_import(iot, ID, SE05X_IOT_CURVE_SECP256K1, NULL, point,
					     NULL, NULL, &call), -EBADR);
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P384, NULL, NULL, &call));
	assert_int_not_equal(agree(iot, ID, SE05X_IOT_CURVE_P256, point, out, &call), 0);
	assert_int_equal(se05x_iot_ec_import(iot, ID, SE05X_IOT_CURVE_P256, NULL, point, NULL, NULL,
					     &call), -EEXIST);
	EVP_PKEY_free(p256);
}

/* One rule for every kind: what is there stays, unless it is to be replaced. */
static void test_replace(void **state)
{
	const struct se05x_iot_new replace = { .replace = true }, attempts = { .max_attempts = 3 };
	struct se05x_iot_new both = { .policy = (uint8_t *)"\x08\0\0\0\0\x10\x04\0\0",
				      .policy_len = 9, .replace = true };
	uint8_t before[65], after[65], key[32] = { 1 };

	(void)state;
	assert_int_equal(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P256, &replace, NULL,
					       &call), -ENOENT);
	/* attempts at what is not for authentication */
	assert_int_equal(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P256, &attempts, NULL,
					       &call), -EINVAL);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P256, NULL, NULL, &call));
	GOOD(read_point(iot, ID, SE05X_IOT_CURVE_P256, before, &call));
	assert_int_equal(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P256, NULL, NULL, &call),
			 -EEXIST);
	/* a policy, or another curve: not what the chip would do */
	assert_int_equal(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P256, &both, NULL, &call),
			 -EINVAL);
	assert_int_equal(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P384, &replace, NULL,
					       &call), -EMEDIUMTYPE);
	GOOD(read_point(iot, ID, SE05X_IOT_CURVE_P256, after, &call));
	assert_memory_equal(after, before, sizeof(before));
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P256, &replace, NULL, &call));
	GOOD(read_point(iot, ID, SE05X_IOT_CURVE_P256, after, &call));
	assert_memory_not_equal(after, before, sizeof(before));

	/* every kind says -EEXIST, also at an object of another kind */
	assert_int_equal(se05x_iot_rsa_generate(iot, ID, 1024, NULL, &call), -EEXIST);
	assert_int_equal(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_AES, key, 16, NULL, &call),
			 -EEXIST);
	assert_int_equal(se05x_iot_userid_create(iot, ID, "pass", 4, NULL, &call), -EEXIST);
	assert_int_equal(se05x_iot_binary_create(iot, ID, key, 16, NULL, NULL, &call), -EEXIST);
	assert_int_equal(se05x_iot_counter_create(iot, ID, 4, 0, NULL, &call), -EEXIST);
	assert_int_equal(se05x_iot_pcr_create(iot, ID, key, NULL, &call), -EEXIST);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	/* what the chip can't replace, or not by that */
	assert_int_equal(se05x_iot_counter_create(iot, ID, 4, 0, &replace, &call), -EOPNOTSUPP);
	assert_int_equal(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_AES, key, 16, &replace, &call),
			 -EMEDIUMTYPE);
	GOOD(se05x_iot_key_import(iot, ID2, SE05X_IOT_KIND_AES, key, 16, NULL, &call));
	assert_int_equal(se05x_iot_key_import(iot, ID2, SE05X_IOT_KIND_AES, key, 32, &replace,
					      &call), -EMEDIUMTYPE);
	GOOD(se05x_iot_key_import(iot, ID2, SE05X_IOT_KIND_AES, key, 16, &replace, &call));
}

/* The library finds a key's curve, and says how much room it needs. */
static void test_curve_found(void **state)
{
	uint8_t curve = 0, want[SE05X_IOT_POINT_MAX], point[SE05X_IOT_POINT_MAX], secret[66];
	size_t len = 96, secret_len = sizeof(secret);
	EVP_PKEY *peer = EVP_EC_gen("P-384");
	uint8_t theirs[97];

	(void)state;
	host_point(peer, se05x_iot_curve(SE05X_IOT_CURVE_P384), theirs);
	EVP_PKEY_free(peer);
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P384, NULL, NULL, &call));
	GOOD(read_point(iot, ID, SE05X_IOT_CURVE_P384, want, &call));
	assert_int_equal(se05x_iot_ec_public(iot, ID, &curve, point, &len, &call), -ENOSPC);
	assert_int_equal(len, 97);
	assert_int_equal(curve, SE05X_IOT_CURVE_P384);
	curve = 0;
	GOOD(se05x_iot_ec_public(iot, ID, &curve, point, &len, &call));
	assert_memory_equal(point, want, 97);
	GOOD(se05x_iot_ecdh(iot, ID, 0, theirs, 97, secret, &secret_len, &call));
	assert_int_equal(secret_len, 48);
	assert_int_equal(se05x_iot_ecdh(iot, ID, 0, theirs, 65, secret, &secret_len, &call), -EINVAL);
	curve = 0;
	assert_int_equal(se05x_iot_ec_public(iot, ID2, &curve, point, &len, &call), -ENOENT);
	GOOD(se05x_iot_binary_create(iot, ID2, "x", 1, NULL, NULL, &call));
	assert_int_equal(se05x_iot_ec_public(iot, ID2, &curve, point, &len, &call), -EMEDIUMTYPE);
}

/* Applets that want X25519 and X448 to be created first */
static void test_montgomery_created(void **state)
{
	const struct applet_config config = { .model = "7", .create_montgomery = true };
	bool made = false;

	(void)state;
	se05x_iot_close(iot);
	se05x_close(se);
	se = chip_config(&config);
	GOOD(se05x_iot_open(se, NULL, 0, &iot, &call));
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_X448, NULL, &made, &call));
	assert_true(made);
	GOOD(se05x_iot_ec_generate(iot, ID2, SE05X_IOT_CURVE_X448, NULL, &made, &call));
	assert_false(made);
}

/* What was half made is not "not sent": who tries that again would find it in his way. */
static void test_half_made(void **state)
{
	static const uint8_t data[2000];
	size_t done;

	(void)state;
	chip_fail(se, 2, -ECONNABORTED, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_iot_counter_create(iot, ID, 4, 5, NULL, &call), -ECONNABORTED);
	assert_int_equal(call.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	chip_fail(se, 3, -ECONNABORTED, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_iot_binary_create(iot, ID2, data, sizeof(data), NULL, &done, &call),
			 -ECONNABORTED);
	assert_true(done);
	assert_int_equal(call.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	/* the first of them was not: nothing is there */
	chip_fail(se, 1, -ECONNABORTED, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_iot_counter_create(iot, ID + 7, 4, 5, NULL, &call), -ECONNABORTED);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
}

/* The link fails while a curve is set up: the next key on it is made all the same. */
static void test_half_curve(void **state)
{
	bool made = false;

	(void)state;
	chip_fail(se, 4, -ECONNRESET, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P521, NULL, NULL, &call),
			 -ECONNRESET);
	assert_int_equal(se05x_iot_curve_create(iot, SE05X_IOT_CURVE_P521, &call), -EEXIST);
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P521, NULL, &made, &call));
	assert_true(made);
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
	uint8_t sig[512], digest[64];
	bool good;

	for (int pss = 0; pss < 2; pss++) {
		for (int hash = SE05X_IOT_HASH_SHA1; hash <= SE05X_IOT_HASH_SHA512; hash++) {
			enum se05x_iot_padding padding = pss ? SE05X_IOT_PADDING_PSS : SE05X_IOT_PADDING_PKCS1;
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
			/* hashed here: the chip can't tell the difference */
			EVP_Digest(message, sizeof(message), digest, NULL, md, NULL);
			len = sizeof(sig);
			GOOD(se05x_iot_rsa_sign_digest(iot, ID, padding, hash, digest, sig, &len,
						       &call));
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

static void rsa_crypts(EVP_PKEY *key, size_t modulus)
{
	uint8_t out[512], back[512];

	/* PKCS#1, then OAEP with each hash */
	for (int c = -1; c <= SE05X_IOT_HASH_SHA512; c++) {
		int padding = c < 0 ? SE05X_IOT_PADDING_PKCS1 : SE05X_IOT_PADDING_OAEP;
		enum se05x_iot_hash hash = c < 0 ? 0 : c;
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
		size_t len = sizeof(out), back_len = sizeof(back);

		assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, c < 0 ? RSA_PKCS1_PADDING :
							      RSA_PKCS1_OAEP_PADDING), 1);
		if (c >= 0)
			EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, md_names[hash], NULL);
		if (c >= 0 && 2 * se05x_iot_hash_len(hash) + 2 + 6 > modulus) {
			EVP_PKEY_CTX_free(ctx);
			continue;
		}
		assert_int_equal(EVP_PKEY_encrypt(ctx, out, &len, (const uint8_t *)"secret", 6), 1);
		GOOD(se05x_iot_rsa_decrypt(iot, ID, padding, hash, out, len, back, &back_len, &call));
		assert_int_equal(back_len, 6);
		assert_memory_equal(back, "secret", 6);
		len = sizeof(out);
		GOOD(se05x_iot_rsa_encrypt(iot, ID, padding, hash, "secret", 6, out, &len, &call));
		back_len = len - 1;
		assert_int_equal(se05x_iot_rsa_decrypt(iot, ID, padding, hash, out, len, back,
						       &back_len, &call), -ENOSPC);
		assert_int_equal(back_len, len);
		GOOD(se05x_iot_rsa_decrypt(iot, ID, padding, hash, out, len, back, &back_len, &call));
		assert_int_equal(back_len, 6);
		assert_memory_equal(back, "secret", 6);
		/* by another hash; as PKCS#1 one in some hundred would pass by chance */
		back_len = sizeof(back);
		assert_int_equal(se05x_iot_rsa_decrypt(iot, ID, SE05X_IOT_PADDING_OAEP, c ? 0 : 1,
						       out, len, back, &back_len, &call), -EILSEQ);
		assert_int_equal(call.sw, 0x9000);
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
		assert_int_equal(object.part, SE05X_IOT_PART_PAIR);
		assert_int_equal(object.size, sizes[i] / 8);
		key = rsa_public();
		rsa_signs(key, sizes[i] / 8);
		rsa_crypts(key, sizes[i] / 8);
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
			rsa_crypts(key, 128);
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

static void test_no_rsa(void **state)
{
	unsigned int before = chip_commands(se);

	(void)state;
	assert_int_equal(se05x_iot_rsa_generate(iot, ID, 2048, NULL, &call), -EOPNOTSUPP);
	assert_int_equal(chip_commands(se), before);
}

/* ---- attestation ---- */

static struct {
	const uint8_t *bytes;
	size_t len;
} part;

static void get_part(const struct se05x_iot_attestation *a, enum se05x_iot_attested what)
{
	part.bytes = se05x_iot_attested(a, what, &part.len);
	assert_non_null(part.bytes);
}

static void test_attest(void **state)
{
	uint8_t fresh[16] = "sixteen bytes ..", point[65], digest[32], message[3000];
	struct se05x_iot_attestation *a;
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how = { .policy = policy, .policy_len = sizeof(policy) };
	struct se05x_iot_attributes attributes;
	unsigned int len = 0;
	EVP_PKEY *key;

	(void)state;
	GOOD(se05x_iot_policy_parse("any:attest,read,delete", policy, &how.policy_len, NULL));
	GOOD(se05x_iot_ec_generate(iot, ID2, SE05X_IOT_CURVE_P256, &how, NULL, &call));
	GOOD(read_point(iot, ID2, SE05X_IOT_CURVE_P256, point, &call));
	key = public_key(se05x_iot_curve(SE05X_IOT_CURVE_P256), point);
	GOOD(se05x_iot_binary_create(iot, ID, "held by the chip", 16, NULL, NULL, &call));
	GOOD(se05x_iot_attest(iot, ID, SE05X_IOT_KIND_BINARY, ID2, SE05X_IOT_HASH_SHA256, fresh,
			      0, 0, &a, &call));
	get_part(a, SE05X_IOT_ATTESTED_VALUE);
	assert_int_equal(part.len, 16);
	assert_memory_equal(part.bytes, "held by the chip", 16);
	get_part(a, SE05X_IOT_ATTESTED_COMMAND);
	if (part.len)
		EVP_Digest(part.bytes, part.len, message, &len, EVP_sha256(), NULL);
	get_part(a, SE05X_IOT_ATTESTED_MESSAGE);
	memcpy(message + len, part.bytes, part.len);
	EVP_Digest(message, len + part.len, digest, NULL, EVP_sha256(), NULL);
	get_part(a, SE05X_IOT_ATTESTED_SIGNATURE);
	assert_true(host_verifies(key, digest, 32, part.bytes, part.len));
	get_part(a, SE05X_IOT_ATTESTED_ATTRIBUTES);
	GOOD(se05x_iot_attributes_parse(iot, part.bytes, part.len, &attributes));
	assert_int_equal(attributes.origin, 1);
	assert_null(se05x_iot_attested(a, SE05X_IOT_ATTESTED_MESSAGE + 1, &part.len));
	se05x_iot_attestation_free(a);
	EVP_PKEY_free(key);

	/* a key: its public half, and that it was made in the chip */
	GOOD(se05x_iot_rsa_generate(iot, 0x01010103, 1024, NULL, &call));
	GOOD(se05x_iot_attest(iot, 0x01010103, SE05X_IOT_KIND_RSA, ID2, SE05X_IOT_HASH_SHA256,
			      fresh, 0, 0, &a, &call));
	get_part(a, SE05X_IOT_ATTESTED_VALUE);
	assert_int_equal(part.len, 128);
	get_part(a, SE05X_IOT_ATTESTED_ATTRIBUTES);
	GOOD(se05x_iot_attributes_parse(iot, part.bytes, part.len, &attributes));
	assert_int_equal(attributes.origin, 2);
	se05x_iot_attestation_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_ecdsa), BOTH(test_ecdh), BOTH(test_eddsa), BOTH(test_x25519),
		BOTH(test_rfc6979), BOTH(test_curve_mismatch), BOTH(test_replace), BOTH(test_curve_found),
		BOTH(test_half_curve), BOTH(test_half_made), BOTH(test_rsa),
		BOTH(test_rsa_import), BOTH(test_attest),
		{ "test_rsa_sizes (7)", test_rsa_sizes, setup_7, teardown, NULL },
		{ "test_montgomery_created", test_montgomery_created, setup_7, teardown, NULL },
		{ "test_no_rsa", test_no_rsa, setup_no_rsa, teardown, NULL },
	};

	return cmocka_run_group_tests_name("iot keys", tests, NULL, NULL);
}
