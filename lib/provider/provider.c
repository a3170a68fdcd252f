// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the provider has, and the chips behind it */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/params.h>

#include "../common.h"
#include "provider.h"

void raise_text(const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ERR_raise_data(ERR_LIB_PROV, ERR_R_OPERATION_FAIL, RAISED "%s", text);
}

void raise_chip(const char *what, uint32_t id, int error, const struct se05x_call *call)
{
	const char *text = se05x_iot_error_text(error, call), *remedy = "";

	if (call && keys_answered(call)) {
		raise_text("%s 0x%08X: %s (%04X)", what, id, text, call->sw);
		return;
	}
	if (error == -ENODEV || error == -ENOENT)
		remedy = " (SE05X_DEVICE, or /dev/se05x)";
	else if (error == -EACCES || error == -EPERM)
		remedy = " (the group se05x may open the chip)";
	raise_text("%s 0x%08X: %s%s", what, id, text, remedy);
}

/* ---- chips ---- */

struct chip {
	struct chip *next;
	struct keys_chip *chip;
	char device[];	/* "": the default one */
};

/* They are few: a list, which only grows, so that nobody waits who reads it. */
struct keys_chip *provider_chip(struct provider *prov, const char *device)
{
	struct chip *first = atomic_load(&prov->chips), *c, *new;

	if (!device)
		device = "";
	for (c = first; c; c = c->next)
		if (!strcmp(c->device, device))
			return c->chip;
	new = malloc(sizeof(*new) + strlen(device) + 1);
	if (!new)
		return NULL;
	strcpy(new->device, device);
	new->chip = keys_chip_new(*device ? device : NULL);
	new->next = first;
	if (new->chip && atomic_compare_exchange_strong(&prov->chips, &first, new))
		return new->chip;
	/* no memory, or another thread was faster */
	keys_chip_free(new->chip);
	c = new->chip ? first : NULL;
	free(new);
	return c ? provider_chip(prov, device) : NULL;
}

static void free_chips(struct chip *chip)
{
	while (chip) {
		struct chip *next = chip->next;

		keys_chip_free(chip->chip);
		free(chip);
		chip = next;
	}
}

/* ---- algorithms ---- */

#define OURS	"provider=se05x"
#define BY	"by an SE05x, or elsewhere"

/* As OpenSSL names the types, all names of each */
#define NAMES_EC	"EC:id-ecPublicKey:1.2.840.10045.2.1"
#define NAMES_RSA	"RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define NAMES_RSA_PSS	"RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10"
#define NAMES_ED25519	"ED25519:1.3.101.112"
#define NAMES_X25519	"X25519:1.3.101.110"
#define NAMES_X448	"X448:1.3.101.111"

static const OSSL_ALGORITHM keymgmt[] = {
	{ NAMES_EC, OURS, ec_keys, "EC, in an SE05x or not" },
	{ NAMES_RSA, OURS, rsa_keys, "RSA, in an SE05x or not" },
	{ NAMES_RSA_PSS, OURS, rsa_pss_keys,
	  "RSA-PSS, in an SE05x or not" },
	{ NAMES_ED25519, OURS, ed25519_keys, "Ed25519, in an SE05x or not" },
	{ NAMES_X25519, OURS, x25519_keys, "X25519, in an SE05x or not" },
	{ NAMES_X448, OURS, x448_keys, "X448, in an SE05x or not" },
	{ }
};

static const OSSL_ALGORITHM signature[] = {
	{ NAME_ECDSA, OURS, ecdsa_functions, "ECDSA by an SE05x" },
	{ NAME_RSA, OURS, rsa_functions, "RSA signatures by an SE05x" },
	{ NAME_ED25519, OURS, ed25519_functions, "Ed25519 by an SE05x" },
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
	/* nobody gets these by a key: they are asked for by name */
	{ "RSA-SHA1", OURS, rsa_sha1_functions, BY },
	{ "RSA-SHA224", OURS, rsa_sha224_functions, BY },
	{ "RSA-SHA256", OURS, rsa_sha256_functions, BY },
	{ "RSA-SHA384", OURS, rsa_sha384_functions, BY },
	{ "RSA-SHA512", OURS, rsa_sha512_functions, BY },
	{ "ECDSA-SHA1", OURS, ecdsa_sha1_functions, BY },
	{ "ECDSA-SHA224", OURS, ecdsa_sha224_functions, BY },
	{ "ECDSA-SHA256", OURS, ecdsa_sha256_functions, BY },
	{ "ECDSA-SHA384", OURS, ecdsa_sha384_functions, BY },
	{ "ECDSA-SHA512", OURS, ecdsa_sha512_functions, BY },
#endif
	{ }
};

static const OSSL_ALGORITHM cipher[] = {
	{ NAME_RSA, OURS, cipher_functions, "RSA decryption by an SE05x" },
	{ }
};

static const OSSL_ALGORITHM exchange[] = {
	{ NAME_ECDH, OURS, ecdh_functions, "ECDH by an SE05x" },
	{ NAME_X25519, OURS, x25519_functions, "X25519 by an SE05x" },
	{ NAME_X448, OURS, x448_functions, "X448 by an SE05x" },
	{ }
};

static const OSSL_ALGORITHM store[] = {
	{ "se05x", OURS, store_functions, "objects of an SE05x" },
	{ }
};

static const OSSL_ALGORITHM decoder[] = {
	{ "DER", OURS ",input=pem", pem_decoder, "PEM that names a key in an SE05x" },
	{ NAMES_EC, OURS ",input=der,structure=" STRUCTURE, ec_decoder, "key in an SE05x" },
	{ NAMES_RSA, OURS ",input=der,structure=" STRUCTURE, rsa_decoder, "key in an SE05x" },
	{ NAMES_RSA_PSS, OURS ",input=der,structure=" STRUCTURE, rsa_pss_decoder, "key in an SE05x" },
	{ NAMES_ED25519, OURS ",input=der,structure=" STRUCTURE, ed25519_decoder, "key in an SE05x" },
	{ NAMES_X25519, OURS ",input=der,structure=" STRUCTURE, x25519_decoder, "key in an SE05x" },
	{ NAMES_X448, OURS ",input=der,structure=" STRUCTURE, x448_decoder, "key in an SE05x" },
	{ }
};

/* What they encode of keys that are in no chip is their providers' */
#define FILES(names, structure, of)					\
	{ names, OURS ",output=pem,structure=" structure, pem_##of##_encoder, "name of the key" }, \
	{ names, OURS ",output=der,structure=" structure, der_##of##_encoder, "a refusal" }
#define FILES_AND_TEXT(names)						\
	FILES(names, "PrivateKeyInfo", pkcs8),				\
	{ names, OURS ",output=text", text_encoder, "name and public half of the key" }

static const OSSL_ALGORITHM encoder[] = {
	FILES_AND_TEXT(NAMES_EC),
	FILES_AND_TEXT(NAMES_RSA),
	FILES_AND_TEXT(NAMES_RSA_PSS),
	FILES_AND_TEXT(NAMES_ED25519),
	FILES_AND_TEXT(NAMES_X25519),
	FILES_AND_TEXT(NAMES_X448),
	/* what openssl's ec and rsa write; who asks for no structure gets the last one */
	FILES(NAMES_EC, "type-specific", specific),
	FILES(NAMES_RSA, "type-specific", specific),
	FILES(NAMES_RSA, "pkcs1", pkcs1),
	FILES(NAMES_RSA_PSS, "pkcs1", pkcs1),
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
	case OSSL_OP_ASYM_CIPHER:
		return cipher;
	case OSSL_OP_KEYEXCH:
		return exchange;
	case OSSL_OP_STORE:
		return store;
	case OSSL_OP_DECODER:
		return decoder;
	case OSSL_OP_ENCODER:
		return encoder;
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
	if (p && !OSSL_PARAM_set_utf8_ptr(p, "Keys in an NXP EdgeLock SE05x"))
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

	for (size_t i = 0; i < TYPES; i++)
		host_free(prov->hosts[i]);
	pins_free(prov->pins);
	free_chips(prov->chips);
	OSSL_LIB_CTX_free(prov->child);
	OSSL_LIB_CTX_free(prov->own);
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
		FUNCTION(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, host_capabilities),
		FUNCTION_END
	};
	struct provider *prov = calloc(1, sizeof(*prov));

	if (!prov)
		return 0;
	prov->handle = handle;
	prov->own = OSSL_LIB_CTX_new();
	prov->child = OSSL_LIB_CTX_new_child(handle, in);
	if (!prov->own || !prov->child) {
		teardown(prov);
		return 0;
	}
	*out = functions;
	*ctx = prov;
	return 1;
}
