// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the provider has, and the chip behind it */
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/params.h>

#include "provider.h"

void raise_text(const char *text)
{
	ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "se05x: %s", text);
}

void raise_chip(const char *what, uint32_t id, int error, const struct se05x_call *call)
{
	const char *text = se05x_iot_error_text(error, call);

	if (keys_answered(call))
		ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "se05x: %s 0x%08X: %s (%04X)",
			       what, id, text, call->sw);
	else if (error == -ENODEV)
		ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "se05x: %s 0x%08X: %s"
			       " (SE05X_DEVICE, or /dev/se05x)", what, id, text);
	else
		ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, "se05x: %s 0x%08X: %s", what,
			       id, text);
}

static const OSSL_ALGORITHM keymgmt[] = {
	{ "EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=se05x", key_functions,
	  "EC keys in an SE05x" },
	{ }
};

static const OSSL_ALGORITHM signature[] = {
	{ SIGNATURE_NAME, "provider=se05x", signature_functions, "ECDSA by an SE05x" },
	{ }
};

static const OSSL_ALGORITHM store[] = {
	{ "se05x", "provider=se05x", store_functions, "objects of an SE05x by number" },
	{ }
};

static const OSSL_ALGORITHM *query(void *ctx, int operation, int *no_cache)
{
	(void)ctx;
	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return keymgmt;
	case OSSL_OP_SIGNATURE:
		return signature;
	case OSSL_OP_STORE:
		return store;
	default:
		return NULL;
	}
}

static const OSSL_PARAM *gettable_params(void *ctx)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, NULL, 0),
		OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
		OSSL_PARAM_END,
	};

	(void)ctx;
	return params;
}

static int get_params(void *ctx, OSSL_PARAM params[])
{
	OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_NAME);

	(void)ctx;
	if (p && !OSSL_PARAM_set_utf8_ptr(p, "EC keys in an NXP EdgeLock SE05x"))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_VERSION);
	if (p && !OSSL_PARAM_set_utf8_ptr(p, VERSION))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_BUILDINFO);
	if (p && !OSSL_PARAM_set_utf8_ptr(p, VERSION))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
	return !p || OSSL_PARAM_set_int(p, 1);
}

static void teardown(void *ctx)
{
	struct provider *prov = ctx;

	keys_chip_free(prov->chip);
	free(prov);
}

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
		       const OSSL_DISPATCH **out, void **ctx);

__attribute__((visibility("default")))
int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
		       const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH functions[] = {
		FUNCTION(OSSL_FUNC_PROVIDER_TEARDOWN, teardown),
		FUNCTION(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, gettable_params),
		FUNCTION(OSSL_FUNC_PROVIDER_GET_PARAMS, get_params),
		FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
		FUNCTION_END
	};
	struct provider *prov = calloc(1, sizeof(*prov));

	(void)in;
	if (prov)
		prov->chip = keys_chip_new(NULL);
	if (!prov || !prov->chip) {
		free(prov);
		return 0;
	}
	prov->handle = handle;
	*out = functions;
	*ctx = prov;
	return 1;
}
