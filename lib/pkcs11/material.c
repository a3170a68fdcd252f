// SPDX-License-Identifier: LGPL-2.1-or-later
/* Keys out of templates, for libcrypto and for the chip */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "object.h"

static EVP_PKEY *build(const char *type, int selection, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(p11.lib, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* ---- RSA ---- */

static const struct {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} numbers[] = {
	{ CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N },
	{ CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E },
	{ CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D },
	{ CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1 },
	{ CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2 },
	{ CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1 },
	{ CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2 },
	{ CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

static CK_RV rsa_key(const struct p11_template *t, bool private, EVP_PKEY **key)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *n[ARRAY_SIZE(numbers)] = { NULL };
	size_t count = private ? ARRAY_SIZE(numbers) : 2;
	CK_RV rv = bld ? CKR_OK : CKR_HOST_MEMORY;

	*key = NULL;
	for (size_t i = 0; !rv && i < count; i++) {
		const CK_ATTRIBUTE *a = p11_template_find(t, numbers[i].type);

		/* n, e, d; and all five of the remainder theorem, or none */
		if (!a || !a->ulValueLen) {
			if (i < 3 || n[3])
				rv = CKR_TEMPLATE_INCOMPLETE;
			continue;
		}
		n[i] = BN_secure_new();
		/* a zero may stand in front of one that is as long as the longest modulus */
		if (a->ulValueLen > SE05X_IOT_SIG_MAX + 1 || !n[i] ||
		    !BN_bin2bn(a->pValue, a->ulValueLen, n[i]) ||
		    BN_num_bytes(n[i]) > SE05X_IOT_SIG_MAX ||
		    !OSSL_PARAM_BLD_push_BN(bld, numbers[i].name, n[i]))
			rv = CKR_ATTRIBUTE_VALUE_INVALID;
	}
	if (!rv)
		*key = build(KEYS_RSA, private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, bld);
	if (!rv && !*key)
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	OSSL_PARAM_BLD_free(bld);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		BN_clear_free(n[i]);
	return rv;
}

/* ---- EC ---- */

static CK_RV curve_of(const struct p11_template *t, CK_KEY_TYPE type,
		      const struct se05x_iot_curve **curve)
{
	const CK_ATTRIBUTE *params = p11_template_find(t, CKA_EC_PARAMS);
	bool edwards, montgomery;

	if (!params)
		return CKR_TEMPLATE_INCOMPLETE;
	*curve = p11_curve_from_params(params->pValue, params->ulValueLen);
	if (!*curve)
		return CKR_CURVE_NOT_SUPPORTED;
	edwards = (*curve)->id == SE05X_IOT_CURVE_ED25519;
	montgomery = (*curve)->id > SE05X_IOT_CURVE_ED25519;
	return (type == CKK_EC_EDWARDS) == edwards && (type == CKK_EC_MONTGOMERY) == montgomery ?
	       CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

static CK_RV ec_public(const struct p11_template *t, const struct se05x_iot_curve *curve,
		       EVP_PKEY **key)
{
	const CK_ATTRIBUTE *a = p11_template_find(t, CKA_EC_POINT);
	const uint8_t *point = a ? p11_point(curve, a->pValue, a->ulValueLen) : NULL;

	if (!a)
		return CKR_TEMPLATE_INCOMPLETE;
	*key = point ? keys_from_point(p11.lib, curve, point) : NULL;
	return *key ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

/* The public half of a scalar is not in a template: it is computed. 0: no scalar */
static size_t point_of(const char *group_name, const BIGNUM *scalar,
		       uint8_t bytes[SE05X_IOT_POINT_MAX])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name_ex(p11.lib, NULL, OBJ_sn2nid(group_name));
	EC_POINT *point = group ? EC_POINT_new(group) : NULL;
	size_t len = 0;

	if (point && !BN_is_zero(scalar) && BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0 &&
	    EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1)
		len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes,
					 SE05X_IOT_POINT_MAX, NULL);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return len;
}

/* On a curve of Weierstrass' form; NULL: no scalar of it */
static EVP_PKEY *from_scalar(const char *group, const BIGNUM *scalar)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	uint8_t point[SE05X_IOT_POINT_MAX];
	size_t len = point_of(group, scalar, point);
	EVP_PKEY *key = NULL;

	if (bld && len && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, scalar) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, len) &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0))
		key = build(KEYS_EC, EVP_PKEY_KEYPAIR, bld);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

static CK_RV ec_private(const struct p11_template *t, const struct se05x_iot_curve *curve,
			EVP_PKEY **key)
{
	const CK_ATTRIBUTE *a = p11_template_find(t, CKA_VALUE);
	BIGNUM *scalar;

	if (!a || !a->ulValueLen)
		return CKR_TEMPLATE_INCOMPLETE;
	if (curve->id >= SE05X_IOT_CURVE_ED25519) {
		*key = a->ulValueLen == curve->size ?
		       EVP_PKEY_new_raw_private_key_ex(p11.lib, curve->name, NULL, a->pValue,
						       a->ulValueLen) : NULL;
		return *key ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
	}
	scalar = BN_secure_new();
	*key = NULL;
	if (scalar && a->ulValueLen <= SE05X_IOT_POINT_MAX &&
	    BN_bin2bn(a->pValue, a->ulValueLen, scalar))
		*key = from_scalar(keys_group(curve), scalar);
	BN_clear_free(scalar);
	return *key ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV p11_key_from_template(const struct p11_template *t, CK_OBJECT_CLASS class,
			    CK_KEY_TYPE type, EVP_PKEY **key)
{
	const struct se05x_iot_curve *curve;
	CK_RV rv;

	switch (type) {
	case CKK_RSA:
		return rsa_key(t, class == CKO_PRIVATE_KEY, key);
	case CKK_EC:
	case CKK_EC_EDWARDS:
	case CKK_EC_MONTGOMERY:
		rv = curve_of(t, type, &curve);
		if (rv)
			return rv;
		return class == CKO_PRIVATE_KEY ? ec_private(t, curve, key) :
		       ec_public(t, curve, key);
	default:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
}
