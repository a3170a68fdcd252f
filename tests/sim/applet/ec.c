// SPDX-License-Identifier: GPL-2.0-only
/* Elliptic curves by libcrypto */

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
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
	{ 0x10, "secp256k1", 32, 60, 40 },
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
	if (number && BN_bn2binpad(number, buf, curve->len) == curve->len)
		len = curve->len;
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

/* Without @scalar a public key. Return: NULL if libcrypto does not like it. */
static EVP_PKEY *ec_key(const struct curve *curve, const uint8_t *scalar,
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

bool ec_generate(const struct curve *curve, uint8_t *scalar, uint8_t *point)
{
	EVP_PKEY *key = EVP_EC_gen(curve->name);
	BIGNUM *number = NULL;
	size_t len = 0;
	bool ok;

	ok = key && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
	     BN_bn2binpad(number, scalar, curve->len) == curve->len &&
	     EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
					     ec_point_len(curve), &len) == 1 &&
	     len == ec_point_len(curve);
	BN_clear_free(number);
	EVP_PKEY_free(key);
	return ok;
}

bool ec_key_fits(const struct curve *curve, const uint8_t *scalar, const uint8_t *point)
{
	EVP_PKEY *key = ec_key(curve, scalar, point);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	bool ok = ctx && (scalar ? EVP_PKEY_check(ctx) : EVP_PKEY_public_check(ctx)) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

size_t ec_sign(const struct curve *curve, const uint8_t *scalar, const uint8_t *point,
	       const uint8_t *digest, size_t digest_len, uint8_t *sig)
{
	EVP_PKEY *key = ec_key(curve, scalar, point);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	size_t len = EC_SIG_MAX;

	if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_sign(ctx, sig, &len, digest, digest_len) != 1)
		len = 0;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return len;
}

bool ec_verify(const struct curve *curve, const uint8_t *point, const uint8_t *digest,
	       size_t digest_len, const uint8_t *sig, size_t sig_len)
{
	EVP_PKEY *key = ec_key(curve, NULL, point);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	bool ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		  EVP_PKEY_verify(ctx, sig, sig_len, digest, digest_len) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}
