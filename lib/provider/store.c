// SPDX-License-Identifier: LGPL-2.1-or-later
/* se05x:0x01010101 is that object: a key pair, or a file with a certificate in it */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/core_object.h>
#include <openssl/params.h>

#include "provider.h"

#define SCHEME	"se05x:"

struct loader {
	struct provider *prov;
	struct keys_chip *chip;
	struct se05x_iot_object object;
	bool done;
};

/* se05x:0x and hex digits, or an alias */
static bool parse_uri(const char *uri, uint32_t *id)
{
	if (strncasecmp(uri, SCHEME, strlen(SCHEME)))
		return false;
	uri += strlen(SCHEME);
	return keys_looks_like_id(uri) ? keys_parse_id(uri, id) : keys_alias(uri, id);
}

static void *open_uri(void *data, const char *uri)
{
	struct provider *prov = data;
	struct se05x_call call = { 0 };
	struct loader *l;
	uint32_t id;
	int ret;

	if (!parse_uri(uri, &id)) {
		raise_text("not an object: it is se05x:0x and up to eight hex digits, or se05x:"
			   " and a name of the alias file");
		return NULL;
	}
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->prov = prov;
	l->chip = provider_chip(prov, NULL);
	ret = KEYS_RUN(l->chip, &call, se05x_iot_object, id, &l->object);
	if (!ret)
		return l;
	raise_chip("object", id, ret, &call);
	free(l);
	return NULL;
}

static int load_key(struct loader *l, OSSL_CALLBACK *callback, void *arg)
{
	const struct place place = { .chip = l->chip, .id = l->object.id };
	struct key *key = key_open(l->prov, &place, &l->object);
	const char *name = key ? type_name(key->type) : "";
	int type = OSSL_OBJECT_PKEY, ok;
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, (char *)name, strlen(name)),
		OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key)),
		OSSL_PARAM_END,
	};

	if (!key)
		return 0;
	ok = callback(params, arg);
	key_free(key);	/* who took it counted */
	return ok;
}

static int load_certificate(struct loader *l, OSSL_CALLBACK *callback, void *arg)
{
	int type = OSSL_OBJECT_CERT, ok = 0, ret;
	struct se05x_call call = { 0 };
	size_t len = l->object.size;
	uint8_t *der = len <= SE05X_IOT_BINARY_MAX ? malloc(len + 1) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_DATA, der, len),
		OSSL_PARAM_END,
	};

	if (!der)
		return 0;
	ret = KEYS_RUN(l->chip, &call, se05x_iot_binary_read, l->object.id, 0, der, len);
	if (ret)
		raise_chip("read", l->object.id, ret, &call);
	else
		ok = callback(params, arg);
	free(der);
	return ok;
}

static int load(void *data, OSSL_CALLBACK *callback, void *arg, OSSL_PASSPHRASE_CALLBACK *ask,
		void *ask_arg)
{
	struct loader *l = data;

	(void)ask;
	(void)ask_arg;
	l->done = true;
	if (l->object.kind == SE05X_IOT_KIND_BINARY)
		return load_certificate(l, callback, arg);
	return load_key(l, callback, arg);
}

static int eof(void *data)
{
	return ((struct loader *)data)->done;
}

static int close_loader(void *data)
{
	free(data);
	return 1;
}

/* What is expected is found or not; nothing is asked of the chip for it. */
static int set_params(void *data, const OSSL_PARAM params[])
{
	(void)data;
	(void)params;
	return 1;
}

static const OSSL_PARAM *settable_params(void *data)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
		OSSL_PARAM_END,
	};

	(void)data;
	return params;
}

const OSSL_DISPATCH store_functions[] = {
	FUNCTION(OSSL_FUNC_STORE_OPEN, open_uri),
	FUNCTION(OSSL_FUNC_STORE_LOAD, load),
	FUNCTION(OSSL_FUNC_STORE_EOF, eof),
	FUNCTION(OSSL_FUNC_STORE_CLOSE, close_loader),
	FUNCTION(OSSL_FUNC_STORE_SET_CTX_PARAMS, set_params),
	FUNCTION(OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, settable_params),
	FUNCTION_END
};
