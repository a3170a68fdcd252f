// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: keys between openssl's files and the chip's numbers, by libcrypto */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tool.h"

/* Edwards and Montgomery: libcrypto names the kind as the curve is named */
static bool is_raw(const struct se05x_iot_curve *curve)
{
	return curve->id >= SE05X_IOT_CURVE_ED25519;
}

EVP_PKEY *build_key(const char *type, int selection, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

int read_public(struct tool *t, const struct se05x_iot_object *object, EVP_PKEY **key)
{
	int ret = CHIP(t, keys_public, object, NULL, key);

	if (ret == -EMEDIUMTYPE && !t->call.sw)
		complain("%s %s: wrong kind: %s has no public key", t->command,
			 id_text(object->id), object_text(object));
	else if (ret)
		chip_failed(t, object->id, ret);
	return ret ? TROUBLE : OK;
}

bool key_to_point(EVP_PKEY *key, const struct se05x_iot_curve *curve, uint8_t *point)
{
	size_t len = se05x_iot_point_len(curve->id), got = len;

	if (is_raw(curve))
		return EVP_PKEY_get_raw_public_key(key, point, &got) == 1 && got == len;
	EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
				       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
	return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, len,
					       &got) == 1 && got == len;
}

bool key_to_scalar(EVP_PKEY *key, const struct se05x_iot_curve *curve, uint8_t *scalar)
{
	size_t got = curve->size;
	BIGNUM *number = NULL;
	bool ok;

	if (is_raw(curve))
		return EVP_PKEY_get_raw_private_key(key, scalar, &got) == 1 &&
		       got == curve->size;
	ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
	     BN_bn2binpad(number, scalar, curve->size) == curve->size;
	BN_clear_free(number);
	return ok;
}

/* ---- RSA ---- */

static bool take_number(const EVP_PKEY *key, const char *name, struct se05x_iot_number *number)
{
	BIGNUM *bn = NULL;
	uint8_t *bytes;

	if (EVP_PKEY_get_bn_param(key, name, &bn) != 1)
		return false;
	bytes = OPENSSL_malloc(BN_num_bytes(bn) + 1);
	if (bytes) {
		number->len = BN_bn2bin(bn, bytes);
		number->bytes = bytes;
	}
	BN_clear_free(bn);
	return bytes;
}

int import_rsa(struct tool *t, uint32_t id, EVP_PKEY *key, bool private,
	       const struct se05x_iot_new *how)
{
	struct se05x_iot_rsa rsa = { };
	const struct {
		const char *name;
		struct se05x_iot_number *number;
	} numbers[] = {
		{ OSSL_PKEY_PARAM_RSA_N, &rsa.n }, { OSSL_PKEY_PARAM_RSA_E, &rsa.e },
		{ OSSL_PKEY_PARAM_RSA_D, &rsa.d }, { OSSL_PKEY_PARAM_RSA_FACTOR1, &rsa.p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, &rsa.q },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT1, &rsa.dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, &rsa.dq },
		{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &rsa.qinv },
	};
	unsigned int bits = EVP_PKEY_get_bits(key);
	BIGNUM *third = NULL;
	bool begun = false;
	int ret = OK;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1) {
		BN_clear_free(third);
		complain("import: an RSA key of more than two primes: the chip takes two");
		return USAGE;
	}

	for (size_t i = 0; i < (private ? 8 : 2) && !ret; i++)
		if (!take_number(key, numbers[i].name, numbers[i].number) && i < 3)
			ret = -EINVAL;
	if (!ret)
		ret = CHIP(t, se05x_iot_rsa_import, id, bits, &rsa, how, &begun);
	for (size_t i = 0; i < 8; i++)
		OPENSSL_clear_free((void *)numbers[i].number->bytes, numbers[i].number->len);
	if (ret == -EINVAL && !t->call.sw) {
		complain("%s: a key of %u bits; the chip takes 512, 1024, 1152, 2048, 3072 and"
			 " 4096", t->command, bits);
		return USAGE;
	}
	if (!ret)
		return OK;
	chip_failed(t, id, ret);
	if (begun)
		complain("a part of the key is in the chip and of no use: 'se05x-tool delete"
			 " 0x%08X' removes it", id);
	return TROUBLE;
}
