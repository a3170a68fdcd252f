// SPDX-License-Identifier: LGPL-2.1-or-later
/* Public keys, from the chip's bytes to libcrypto's, and what is verified with them */
#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "keys.h"

/* Edwards and Montgomery: libcrypto names the kind as the curve is named */
static bool is_raw(const struct se05x_iot_curve *curve)
{
	return curve->id >= SE05X_IOT_CURVE_ED25519;
}

const char *keys_group(const struct se05x_iot_curve *curve)
{
	int nid = EC_curve_nist2nid(curve->name);	/* "P-256" */

	if (nid == NID_undef)
		nid = OBJ_txt2nid(curve->name);
	return OBJ_nid2sn(nid);
}

const struct se05x_iot_curve *keys_curve(const EVP_PKEY *key)
{
	const char *type = EVP_PKEY_get0_type_name(key);
	char group[80];

	if (EVP_PKEY_is_a(key, "EC"))
		return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 ?
		       se05x_iot_curve_by_name(group) : NULL;
	return type ? se05x_iot_curve_by_name(type) : NULL;
}

static EVP_PKEY *build(OSSL_LIB_CTX *lib, const char *type, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(lib, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *keys_from_point(OSSL_LIB_CTX *lib, const struct se05x_iot_curve *curve,
			  const void *point)
{
	size_t len = se05x_iot_point_len(curve->id);
	OSSL_PARAM_BLD *bld;
	EVP_PKEY *key = NULL;

	if (is_raw(curve))
		return EVP_PKEY_new_raw_public_key_ex(lib, curve->name, NULL, point, len);
	bld = OSSL_PARAM_BLD_new();
	if (bld && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
						   keys_group(curve), 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, len))
		key = build(lib, KEYS_EC, bld);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

EVP_PKEY *keys_from_rsa(OSSL_LIB_CTX *lib, const void *n, size_t n_len, const void *e,
			size_t e_len)
{
	BIGNUM *bn = BN_bin2bn(n, n_len, NULL), *be = BN_bin2bn(e, e_len, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (bn && be && bld && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
		key = build(lib, KEYS_RSA, bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	return key;
}

int keys_public(struct se05x_iot *iot, const struct se05x_iot_object *object, OSSL_LIB_CTX *lib,
		EVP_PKEY **key, struct se05x_call *call)
{
	uint8_t bytes[SE05X_IOT_SIG_MAX], e[8], curve = object->curve;
	size_t len = sizeof(bytes), e_len = sizeof(e);
	int ret;

	switch (object->kind) {
	case SE05X_IOT_KIND_EC:
		ret = se05x_iot_ec_public(iot, object->id, &curve, bytes, &len, call);
		if (!ret)
			*key = keys_from_point(lib, se05x_iot_curve(curve), bytes);
		break;
	case SE05X_IOT_KIND_RSA:
		ret = se05x_iot_rsa_public(iot, object->id, bytes, &len, e, &e_len, call);
		if (!ret)
			*key = keys_from_rsa(lib, bytes, len, e, e_len);
		break;
	default:
		return -EMEDIUMTYPE;
	}
	return !ret && !*key ? -EPROTO : ret;
}

bool keys_fingerprint(OSSL_LIB_CTX *lib, EVP_PKEY *key, uint8_t fingerprint[8])
{
	uint8_t *der = NULL, digest[EVP_MAX_MD_SIZE];
	int len = i2d_PUBKEY(key, &der);
	bool good = len > 0 && EVP_Q_digest(lib, "SHA256", NULL, der, len, digest, NULL) == 1;

	if (good)
		memcpy(fingerprint, digest, 8);
	OPENSSL_free(der);
	return good;
}

/* Ed25519 signs messages, not digests. */
static bool verify_message(OSSL_LIB_CTX *lib, EVP_PKEY *key, const void *message, size_t len,
			   const void *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, lib, NULL, key, NULL) == 1 &&
		    EVP_DigestVerify(ctx, sig, sig_len, message, len) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

bool keys_verify(OSSL_LIB_CTX *lib, EVP_PKEY *key, enum se05x_iot_padding padding,
		 const struct keys_hash *hash, const void *digest, size_t len, const void *sig,
		 size_t sig_len)
{
	OSSL_PARAM params[4], *p = params;
	EVP_PKEY_CTX *ctx;
	bool good;

	if (!hash)
		return verify_message(lib, key, digest, len, sig, sig_len);
	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, (char *)hash->name, 0);
	if (EVP_PKEY_is_a(key, "RSA")) {
		bool pss = padding == SE05X_IOT_PADDING_PSS;

		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE,
							pss ? (char *)OSSL_PKEY_RSA_PAD_MODE_PSS :
							(char *)OSSL_PKEY_RSA_PAD_MODE_PKCSV15, 0);
		if (pss)
			*p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
								(char *)OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST, 0);
	}
	*p = OSSL_PARAM_construct_end();
	ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
	good = ctx && EVP_PKEY_verify_init_ex(ctx, params) == 1 &&
	       EVP_PKEY_verify(ctx, sig, sig_len, digest, len) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}
