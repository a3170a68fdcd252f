// SPDX-License-Identifier: GPL-2.0-only
/* Elliptic curves by libcrypto */

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#include "ec.h"

/* P-521 is slow enough for the chip to ask for WTX, once per second. */
static const struct curve curves[] = {
	{ 0x01, "prime192v1", 24, 50, 40 },
	{ 0x02, "secp224r1", 28, 55, 40 },
	{ 0x03, "prime256v1", 32, 60, 40 },
	{ 0x04, "secp384r1", 48, 150, 60 },
	{ 0x05, "secp521r1", 66, 1300, 80 },
	{ 0x06, "brainpoolP160r1", 20, 50, 40 },
	{ 0x07, "brainpoolP192r1", 24, 50, 40 },
	{ 0x08, "brainpoolP224r1", 28, 55, 40 },
	{ 0x09, "brainpoolP256r1", 32, 60, 40 },
	{ 0x0a, "brainpoolP320r1", 40, 100, 50 },
	{ 0x0b, "brainpoolP384r1", 48, 150, 60 },
	{ 0x0c, "brainpoolP512r1", 64, 1200, 80 },
	{ 0x0d, "secp160k1", 20, 50, 40 },
	{ 0x0e, "secp192k1", 24, 50, 40 },
	{ 0x0f, "secp224k1", 28, 55, 40 },
	{ 0x10, "secp256k1", 32, 60, 40 },
	{ CURVE_ED25519, "ED25519", 32, 60, 50 },
	{ CURVE_X25519, "X25519", 32, 60, 50 },
	{ CURVE_X448, "X448", 56, 90, 70 },
};

const struct curve *ec_curve(uint32_t id)
{
	size_t i;

	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].id == id)
			return &curves[i];
	return NULL;
}

/* Return: bytes of that parameter in @buf, 0 on failure. */
static size_t ec_param(const struct curve *curve, uint32_t param, uint8_t *buf)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_txt2nid(curve->name));
	BIGNUM *p = BN_new(), *a = BN_new(), *b = BN_new();
	const BIGNUM *number = NULL;
	size_t len = 0;

	if (!group || !p || !a || !b || !EC_GROUP_get_curve(group, p, a, b, NULL))
		goto out;
	switch (param) {
	case EC_PARAM_A:
		number = a;
		break;
	case EC_PARAM_B:
		number = b;
		break;
	case EC_PARAM_N:
		number = EC_GROUP_get0_order(group);
		break;
	case EC_PARAM_PRIME:
		number = p;
		break;
	case EC_PARAM_G:
		len = EC_POINT_point2oct(group, EC_GROUP_get0_generator(group),
					 POINT_CONVERSION_UNCOMPRESSED, buf,
					 EC_POINT_MAX, NULL);
		break;
	}
	if (number) {
		len = BN_num_bytes(number) > curve->len ? curve->len + 1 : curve->len;
		BN_bn2binpad(number, buf, len);
	}
out:
	BN_free(p);
	BN_free(a);
	BN_free(b);
	EC_GROUP_free(group);
	return len;
}

bool ec_param_fits(const struct curve *curve, uint32_t param, const uint8_t *value,
		   size_t len)
{
	uint8_t want[EC_POINT_MAX];
	size_t want_len = ec_param(curve, param, want);

	return want_len && want_len == len && !memcmp(want, value, len);
}

static void reverse(uint8_t *to, const uint8_t *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = from[len - 1 - i];
}

/* As RFC 7748 and RFC 8032 have it, and back */
static void swap_scalar(const struct curve *curve, uint8_t *to, const uint8_t *from)
{
	if (curve->id == CURVE_ED25519)
		memcpy(to, from, curve->len);
	else
		reverse(to, from, curve->len);
}

static EVP_PKEY *built_in_key(const struct curve *curve, const uint8_t *scalar,
			      const uint8_t *point)
{
	uint8_t raw[EC_SCALAR_MAX];
	EVP_PKEY *key;

	if (scalar)
		swap_scalar(curve, raw, scalar);
	else
		reverse(raw, point, curve->len);
	key = scalar ? EVP_PKEY_new_raw_private_key_ex(NULL, curve->name, NULL, raw, curve->len) :
		       EVP_PKEY_new_raw_public_key_ex(NULL, curve->name, NULL, raw, curve->len);
	OPENSSL_cleanse(raw, sizeof(raw));
	return key;
}

static EVP_PKEY *weierstrass_key(const struct curve *curve, const uint8_t *scalar,
				 const uint8_t *point)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *number = scalar ? BN_bin2bn(scalar, curve->len, NULL) : NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (!ctx || !bld || (scalar && !number) ||
	    !OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
					     curve->name, 0) ||
	    !OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point,
					      ec_point_len(curve)) ||
	    (number && !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, number)))
		goto out;
	params = OSSL_PARAM_BLD_to_param(bld);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			      params) != 1)
		key = NULL;
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_clear_free(number);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *ec_key(const struct curve *curve, const uint8_t *scalar, const uint8_t *point)
{
	return ec_built_in(curve) ? built_in_key(curve, scalar, point) :
				    weierstrass_key(curve, scalar, point);
}

/* The public point of a built-in curve's key */
static bool built_in_point(const struct curve *curve, const EVP_PKEY *key, uint8_t *point)
{
	uint8_t raw[EC_SCALAR_MAX];
	size_t len = sizeof(raw);

	if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1 || len != curve->len)
		return false;
	reverse(point, raw, len);
	return true;
}

bool ec_generate(const struct curve *curve, uint8_t *scalar, uint8_t *point)
{
	EVP_PKEY *key = ec_built_in(curve) ? EVP_PKEY_Q_keygen(NULL, NULL, curve->name) :
					     EVP_EC_gen(curve->name);
	uint8_t raw[EC_SCALAR_MAX];
	BIGNUM *number = NULL;
	size_t len = sizeof(raw);
	bool ok = false;

	if (key && ec_built_in(curve)) {
		ok = EVP_PKEY_get_raw_private_key(key, raw, &len) == 1 && len == curve->len &&
		     built_in_point(curve, key, point);
		if (ok)
			swap_scalar(curve, scalar, raw);
		OPENSSL_cleanse(raw, sizeof(raw));
	} else if (key) {
		ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
		     BN_bn2binpad(number, scalar, curve->len) == curve->len &&
		     EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
						     ec_point_len(curve), &len) == 1 &&
		     len == ec_point_len(curve);
	}
	BN_clear_free(number);
	EVP_PKEY_free(key);
	return ok;
}

static bool weierstrass_point(const struct curve *curve, const uint8_t *scalar, uint8_t *point)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_txt2nid(curve->name));
	EC_POINT *sum = group ? EC_POINT_new(group) : NULL;
	BIGNUM *number = BN_bin2bn(scalar, curve->len, NULL);
	bool ok = sum && number && !BN_is_zero(number) &&
		  BN_cmp(number, EC_GROUP_get0_order(group)) < 0 &&
		  EC_POINT_mul(group, sum, number, NULL, NULL, NULL) &&
		  EC_POINT_point2oct(group, sum, POINT_CONVERSION_UNCOMPRESSED, point,
				     ec_point_len(curve), NULL) == ec_point_len(curve);

	BN_clear_free(number);
	EC_POINT_free(sum);
	EC_GROUP_free(group);
	return ok;
}

bool ec_public(const struct curve *curve, const uint8_t *scalar, uint8_t *point)
{
	EVP_PKEY *key;
	bool ok;

	if (!ec_built_in(curve))
		return weierstrass_point(curve, scalar, point);
	key = built_in_key(curve, scalar, NULL);
	ok = key && built_in_point(curve, key, point);
	EVP_PKEY_free(key);
	return ok;
}

bool ec_key_fits(const struct curve *curve, const uint8_t *scalar, const uint8_t *point)
{
	EVP_PKEY *key = ec_key(curve, scalar, point);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	uint8_t own[EC_POINT_MAX];
	bool ok;

	if (ec_built_in(curve))
		ok = key && (!scalar || (built_in_point(curve, key, own) &&
					 !memcmp(own, point, curve->len)));
	else
		ok = ctx && (scalar ? EVP_PKEY_check(ctx) : EVP_PKEY_public_check(ctx)) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

/* R and S each the other way round */
static void swap_halves(uint8_t *to, const uint8_t *from)
{
	reverse(to, from, 32);
	reverse(to + 32, from + 32, 32);
}

static size_t eddsa_sign(EVP_PKEY *key, const uint8_t *data, size_t len, uint8_t *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t raw[64];
	size_t sig_len = sizeof(raw);

	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, raw, &sig_len, data, len) != 1)
		sig_len = 0;
	else
		swap_halves(sig, raw);
	EVP_MD_CTX_free(ctx);
	return sig_len;
}

static bool eddsa_verify(EVP_PKEY *key, const uint8_t *data, size_t len,
			 const uint8_t *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t raw[64];
	bool ok = false;

	if (sig_len == sizeof(raw)) {
		swap_halves(raw, sig);
		ok = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		     EVP_DigestVerify(ctx, raw, sizeof(raw), data, len) == 1;
	}
	EVP_MD_CTX_free(ctx);
	return ok;
}

size_t ec_sign(const struct curve *curve, const uint8_t *scalar, const uint8_t *point,
	       const uint8_t *data, size_t data_len, uint8_t *sig)
{
	EVP_PKEY *key = ec_key(curve, scalar, point);
	EVP_PKEY_CTX *ctx = NULL;
	size_t len = EC_SIG_MAX;

	if (!key)
		return 0;
	if (ec_built_in(curve)) {
		len = eddsa_sign(key, data, data_len, sig);
	} else {
		ctx = EVP_PKEY_CTX_new(key, NULL);
		if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
		    EVP_PKEY_sign(ctx, sig, &len, data, data_len) != 1)
			len = 0;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return len;
}

bool ec_verify(const struct curve *curve, const uint8_t *point, const uint8_t *data,
	       size_t data_len, const uint8_t *sig, size_t sig_len)
{
	EVP_PKEY *key = ec_key(curve, NULL, point);
	EVP_PKEY_CTX *ctx = NULL;
	bool ok;

	if (!key)
		return false;
	if (ec_built_in(curve)) {
		ok = eddsa_verify(key, data, data_len, sig, sig_len);
	} else {
		ctx = EVP_PKEY_CTX_new(key, NULL);
		ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		     EVP_PKEY_verify(ctx, sig, sig_len, data, data_len) == 1;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

bool ec_agree(const struct curve *curve, const uint8_t *scalar, const uint8_t *point,
	      const uint8_t *peer, uint8_t *secret)
{
	EVP_PKEY *key = ec_key(curve, scalar, point);
	EVP_PKEY *other = ec_key_fits(curve, NULL, peer) ? ec_key(curve, NULL, peer) : NULL;
	EVP_PKEY_CTX *ctx = key && other ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	uint8_t raw[EC_SCALAR_MAX];
	size_t len = sizeof(raw);
	bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 &&
		  EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
		  EVP_PKEY_derive(ctx, raw, &len) == 1 && len == curve->len;

	if (ok && ec_built_in(curve))
		reverse(secret, raw, len);
	else if (ok)
		memcpy(secret, raw, len);
	OPENSSL_cleanse(raw, sizeof(raw));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(other);
	EVP_PKEY_free(key);
	return ok;
}
