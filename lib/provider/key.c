// SPDX-License-Identifier: LGPL-2.1-or-later
/* Key management: what is public of a key in the chip */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/params.h>

#include "provider.h"

struct key *key_new(struct provider *prov, const struct se05x_iot_object *object)
{
	const struct se05x_iot_curve *curve = se05x_iot_curve(object->curve);
	struct se05x_call call = { 0 };
	uint8_t number = object->curve;
	struct key *key;
	int ret;

	if (object->kind != SE05X_IOT_KIND_EC || object->part == SE05X_IOT_PART_PUBLIC || !curve ||
	    curve->id >= SE05X_IOT_CURVE_ED25519) {
		raise_text("only EC key pairs for ECDSA are supported");
		return NULL;
	}
	key = calloc(1, sizeof(*key));
	if (!key)
		return NULL;
	key->references = 1;
	key->prov = prov;
	key->id = object->id;
	key->curve = curve;
	key->group = keys_group(curve);
	key->point_len = sizeof(key->point);
	ret = KEYS_RUN(prov->chip, &call, se05x_iot_ec_public, key->id, &number, key->point,
		       &key->point_len);
	if (ret) {
		raise_chip("public key of", key->id, ret, &call);
		key_free(key);
		return NULL;
	}
	return key;
}

void key_free(void *data)
{
	struct key *key = data;

	if (key && atomic_fetch_sub(&key->references, 1) == 1)
		free(key);
}

/* The store hands a key over by its address. */
static void *load(const void *reference, size_t size)
{
	struct key *key;

	if (size != sizeof(key))
		return NULL;
	memcpy(&key, reference, size);
	atomic_fetch_add(&key->references, 1);
	return key;
}

static int has(const void *data, int selection)
{
	(void)selection;	/* parameters, public half, and as good as a private one */
	return data != NULL;
}

static int match(const void *a, const void *b, int selection)
{
	const struct key *k1 = a, *k2 = b;

	(void)selection;
	return k1->curve == k2->curve && !memcmp(k1->point, k2->point, k1->point_len);
}

static const OSSL_PARAM *gettable_params(void *ctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_FIELD_TYPE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	return params;
}

static bool set_number(OSSL_PARAM params[], const char *name, int value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return !p || OSSL_PARAM_set_int(p, value);
}

static bool set_text(OSSL_PARAM params[], const char *name, const char *value)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return !p || OSSL_PARAM_set_utf8_string(p, value);
}

static bool set_point(OSSL_PARAM params[], const char *name, const struct key *key)
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, name);

	return !p || OSSL_PARAM_set_octet_string(p, key->point, key->point_len);
}

static int get_params(void *data, OSSL_PARAM params[])
{
	const struct key *key = data;

	return set_number(params, OSSL_PKEY_PARAM_BITS, key->curve->bits) &&
	       set_number(params, OSSL_PKEY_PARAM_SECURITY_BITS, key->curve->bits / 2) &&
	       /* two INTEGERs and a SEQUENCE around them */
	       set_number(params, OSSL_PKEY_PARAM_MAX_SIZE, 2 * (key->curve->size + 3) + 4) &&
	       set_text(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST, "SHA256") &&
	       set_text(params, OSSL_PKEY_PARAM_GROUP_NAME, key->group) &&
	       set_text(params, OSSL_PKEY_PARAM_EC_FIELD_TYPE, "prime-field") &&
	       set_text(params, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") &&
	       set_point(params, OSSL_PKEY_PARAM_PUB_KEY, key) &&
	       set_point(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, key);
}

static const OSSL_PARAM *export_types(int selection)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	return selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY ? params : NULL;
}

/*
 * The public half, also if all is asked for: so a certificate and its key are
 * compared, and public keys written, by libcrypto's own EC code.
 */
static int export(void *data, int selection, OSSL_CALLBACK *callback, void *arg)
{
	const struct key *key = data;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)key->group,
				       strlen(key->group)),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)key->point,
					key->point_len),
		OSSL_PARAM_END,
	};

	if (!(selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY))
		params[1] = params[2];
	return callback(params, arg);
}

static const char *operation_name(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? SIGNATURE_NAME : NULL;
}

const OSSL_DISPATCH key_functions[] = {
	FUNCTION(OSSL_FUNC_KEYMGMT_LOAD, load),
	FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),
	FUNCTION(OSSL_FUNC_KEYMGMT_HAS, has),
	FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, match),
	FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_params),
	FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, export_types),
	FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, export),
	FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, operation_name),
	FUNCTION_END
};
