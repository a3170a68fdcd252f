// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Key management, for each type of key: what is public is the host's to tell, and keys
 * that are in no chip are the host's as a whole
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/params.h>

#include "../common.h"
#include "provider.h"

#define PRIVATE	OSSL_KEYMGMT_SELECT_PRIVATE_KEY

static void *new(struct provider *prov, enum type type)
{
	struct key *key = key_new(prov, type);

	if (key)
		key->data = CALL_KEYS(key, NULL, KEYMGMT_NEW, keymgmt_new, key->host->ctx);
	if (key && !key->data) {
		key_free(key);
		key = NULL;
	}
	return key;
}

/* The store and the decoder hand a key over by its address. */
static void *load(const void *reference, size_t size)
{
	struct key *key;

	if (size != sizeof(key))
		return NULL;
	memcpy(&key, reference, size);
	return key_hold(key);
}

static int has(const void *data, int selection)
{
	const struct key *key = data;

	if (!key)
		return 0;
	if (key->chip)
		selection &= ~PRIVATE;	/* the chip has it */
	return CALL_KEYS(key, 0, KEYMGMT_HAS, keymgmt_has, key->data, selection);
}

/* By the public half, if one of them has no other here */
static int match(const void *a, const void *b, int selection)
{
	const struct key *k1 = a, *k2 = b;

	if ((k1->chip || k2->chip) && selection & PRIVATE)
		selection = (selection & ~PRIVATE) | OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
	return k1->host == k2->host &&
	       CALL_KEYS(k1, 0, KEYMGMT_MATCH, keymgmt_match, k1->data, k2->data, selection);
}

static int validate(const void *data, int selection, int type)
{
	const struct key *key = data;

	if (key->chip)
		selection &= ~PRIVATE;
	return CALL_KEYS(key, 0, KEYMGMT_VALIDATE, keymgmt_validate, key->data, selection, type);
}

static int get_params(void *data, OSSL_PARAM params[])
{
	const struct key *key = data;
	OSSL_PARAM *p = OSSL_PARAM_locate(params, PARAM_ID);

	if (p && key->chip && !OSSL_PARAM_set_uint32(p, key->id))
		return 0;
	return CALL_KEYS(key, 0, KEYMGMT_GET_PARAMS, keymgmt_get_params, key->data, params);
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	const struct key *key = data;

	if (key->chip && OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY)) {
		raise_text("0x%08X: a key in the chip can't be changed", key->id);
		return 0;
	}
	return CALL_KEYS(key, 0, KEYMGMT_SET_PARAMS, keymgmt_set_params, key->data, params);
}

static int import(void *data, int selection, const OSSL_PARAM params[])
{
	const struct key *key = data;

	return !key->chip &&
	       CALL_KEYS(key, 0, KEYMGMT_IMPORT, keymgmt_import, key->data, selection, params);
}

/*
 * Who asks for the private half is not to go on with the public one. No error is raised:
 * OpenSSL asks for all to compare two keys, goes on with the public half, and would leave
 * an error behind where there was none.
 */
static int export(void *data, int selection, OSSL_CALLBACK *callback, void *arg)
{
	const struct key *key = data;

	if (key->chip && selection & PRIVATE)
		return 0;
	return CALL_KEYS(key, 0, KEYMGMT_EXPORT, keymgmt_export, key->data, selection, callback,
			 arg);
}

/* All of a key in the chip is the same key; parts of it are in no chip. */
static void *dup(const void *data, int selection)
{
	struct key *key = (struct key *)data, *copy;

	if (key->chip && selection & PRIVATE)
		return key_hold(key);
	copy = key_new(key->prov, key->type);
	if (copy)
		copy->data = CALL_KEYS(key, NULL, KEYMGMT_DUP, keymgmt_dup, key->data, selection);
	if (copy && !copy->data) {
		key_free(copy);
		copy = NULL;
	}
	return copy;
}

/* ---- what there is to get, set and import: as the host says ---- */

static const OSSL_PARAM *gettable(struct provider *prov, enum type type)
{
	const struct host *host = host_of(prov, type);

	return host ? host->gettable : NULL;
}

static const OSSL_PARAM *settable(struct provider *prov, enum type type)
{
	const struct host *host = host_of(prov, type);
	OSSL_FUNC_keymgmt_settable_params_fn *f =
		host ? HOST(host->keys, KEYMGMT_SETTABLE_PARAMS, keymgmt_settable_params) : NULL;

	return f ? f(host->ctx) : NULL;
}

#define BN(name)	OSSL_PARAM_BN(name, NULL, 0)
#define TEXT(name)	OSSL_PARAM_utf8_string(name, NULL, 0)
#define BYTES(name)	OSSL_PARAM_octet_string(name, NULL, 0)

/* OpenSSL asks for them without saying which provider it has in mind. */
static const OSSL_PARAM *ec_types(int selection)
{
	static const OSSL_PARAM all[] = {
		TEXT(OSSL_PKEY_PARAM_GROUP_NAME), TEXT(OSSL_PKEY_PARAM_EC_ENCODING),
		TEXT(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT),
		TEXT(OSSL_PKEY_PARAM_EC_FIELD_TYPE), BN(OSSL_PKEY_PARAM_EC_P),
		BN(OSSL_PKEY_PARAM_EC_A), BN(OSSL_PKEY_PARAM_EC_B),
		BYTES(OSSL_PKEY_PARAM_EC_GENERATOR), BN(OSSL_PKEY_PARAM_EC_ORDER),
		BN(OSSL_PKEY_PARAM_EC_COFACTOR), BYTES(OSSL_PKEY_PARAM_EC_SEED),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH, NULL),
		TEXT(OSSL_PKEY_PARAM_EC_GROUP_CHECK_TYPE),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_EC_INCLUDE_PUBLIC, NULL),
		BYTES(OSSL_PKEY_PARAM_PUB_KEY), BN(OSSL_PKEY_PARAM_PRIV_KEY), OSSL_PARAM_END,
	};

	return selection ? all : NULL;
}

static const OSSL_PARAM *rsa_types(int selection)
{
	static const OSSL_PARAM all[] = {
		BN(OSSL_PKEY_PARAM_RSA_N), BN(OSSL_PKEY_PARAM_RSA_E), BN(OSSL_PKEY_PARAM_RSA_D),
		BN(OSSL_PKEY_PARAM_RSA_FACTOR1), BN(OSSL_PKEY_PARAM_RSA_FACTOR2),
		BN(OSSL_PKEY_PARAM_RSA_FACTOR3), BN(OSSL_PKEY_PARAM_RSA_FACTOR4),
		BN(OSSL_PKEY_PARAM_RSA_EXPONENT1), BN(OSSL_PKEY_PARAM_RSA_EXPONENT2),
		BN(OSSL_PKEY_PARAM_RSA_EXPONENT3), BN(OSSL_PKEY_PARAM_RSA_EXPONENT4),
		BN(OSSL_PKEY_PARAM_RSA_COEFFICIENT1), BN(OSSL_PKEY_PARAM_RSA_COEFFICIENT2),
		BN(OSSL_PKEY_PARAM_RSA_COEFFICIENT3), TEXT(OSSL_PKEY_PARAM_RSA_DIGEST),
		TEXT(OSSL_PKEY_PARAM_RSA_MASKGENFUNC), TEXT(OSSL_PKEY_PARAM_RSA_MGF1_DIGEST),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, NULL), OSSL_PARAM_END,
	};

	return selection ? all : NULL;
}

static const OSSL_PARAM *raw_types(int selection)
{
	static const OSSL_PARAM all[] = {
		BYTES(OSSL_PKEY_PARAM_PUB_KEY), BYTES(OSSL_PKEY_PARAM_PRIV_KEY), OSSL_PARAM_END,
	};

	return selection ? all : NULL;
}

static const char *ec_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? NAME_ECDSA :
	       operation == OSSL_OP_KEYEXCH ? NAME_ECDH : "EC";
}

static const char *rsa_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE || operation == OSSL_OP_ASYM_CIPHER ? NAME_RSA :
	       "RSA";
}

static const char *ed25519_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? NAME_ED25519 : "ED25519";
}

static const char *x25519_operation(int operation)
{
	return operation == OSSL_OP_KEYEXCH ? NAME_X25519 : "X25519";
}

static const char *x448_operation(int operation)
{
	return operation == OSSL_OP_KEYEXCH ? NAME_X448 : "X448";
}

#ifdef OSSL_FUNC_KEYMGMT_GEN_GET_PARAMS
#define GENERATION_TOLD									\
	FUNCTION(OSSL_FUNC_KEYMGMT_GEN_GET_PARAMS, generate_get_params),		\
	FUNCTION(OSSL_FUNC_KEYMGMT_GEN_GETTABLE_PARAMS, generate_gettable_params),
#else
#define GENERATION_TOLD
#endif

/* OpenSSL does not say of which type the key is to be: each has functions of its own. */
#define TABLE(name, type, types, operation)						\
	static void *new_##name(void *prov) { return new(prov, type); }			\
	static void *generate_##name(void *prov, int selection, const OSSL_PARAM params[]) \
	{ return generate_init(prov, type, selection, params); }			\
	static const OSSL_PARAM *gettable_##name(void *prov) { return gettable(prov, type); } \
	static const OSSL_PARAM *settable_##name(void *prov) { return settable(prov, type); } \
	const OSSL_DISPATCH name##_keys[] = {						\
		FUNCTION(OSSL_FUNC_KEYMGMT_NEW, new_##name),				\
		FUNCTION(OSSL_FUNC_KEYMGMT_GEN_INIT, generate_##name),			\
		FUNCTION(OSSL_FUNC_KEYMGMT_GEN_SET_TEMPLATE, generate_set_template),	\
		FUNCTION(OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, generate_set_params),	\
		FUNCTION(OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, generate_settable_params), \
		GENERATION_TOLD								\
		FUNCTION(OSSL_FUNC_KEYMGMT_GEN, generate),				\
		FUNCTION(OSSL_FUNC_KEYMGMT_GEN_CLEANUP, generate_cleanup),		\
		FUNCTION(OSSL_FUNC_KEYMGMT_LOAD, load),					\
		FUNCTION(OSSL_FUNC_KEYMGMT_FREE, key_free),				\
		FUNCTION(OSSL_FUNC_KEYMGMT_HAS, has),					\
		FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, match),				\
		FUNCTION(OSSL_FUNC_KEYMGMT_VALIDATE, validate),				\
		FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_params),			\
		FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable_##name),		\
		FUNCTION(OSSL_FUNC_KEYMGMT_SET_PARAMS, set_params),			\
		FUNCTION(OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, settable_##name),		\
		FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, import),				\
		FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, types),			\
		FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, export),				\
		FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, types),			\
		FUNCTION(OSSL_FUNC_KEYMGMT_DUP, dup),					\
		FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, operation),		\
		FUNCTION_END								\
	}

TABLE(ec, TYPE_EC, ec_types, ec_operation);
TABLE(rsa, TYPE_RSA, rsa_types, rsa_operation);
TABLE(rsa_pss, TYPE_RSA_PSS, rsa_types, rsa_operation);
TABLE(ed25519, TYPE_ED25519, raw_types, ed25519_operation);
TABLE(x25519, TYPE_X25519, raw_types, x25519_operation);
TABLE(x448, TYPE_X448, raw_types, x448_operation);
