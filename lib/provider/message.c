// SPDX-License-Identifier: LGPL-2.1-or-later
/* Signatures of messages, and what signature.c and this are by name */
#include <string.h>

#include "signature.h"

/* A key in the chip: the host's context is told the digest, and the message hashed here. */
static bool begin_digest(struct context *c, const char *name)
{
	EVP_MD *md;
	bool good;

	if (name && *name && !signature_set_digest(c, name))
		return false;
	md = signature_digest(c, OSSL_SIGNATURE_PARAM_DIGEST);
	if (!md)
		return name && *name ? false : begin_digest(c, "SHA256");
	if (!c->md)
		c->md = EVP_MD_CTX_new();
	good = c->md && EVP_DigestInit_ex2(c->md, md, NULL);
	EVP_MD_free(md);
	return good;
}

bool message_add(struct context *c, const uint8_t *message, size_t len)
{
	return c->md && EVP_DigestUpdate(c->md, message, len);
}

int message_sign(struct context *c, uint8_t *sig, size_t *sig_len, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (sig && !(c->md && EVP_DigestFinal_ex(c->md, digest, &len)))
		return 0;
	return signature_in_chip(c, sig, sig_len, size, digest, len);
}

static int digest_sign_init(void *data, const char *name, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (!signature_begin(c, key, true))
		return 0;
	if (!c->key->chip)
		return CALL(c, 0, SIGNATURE_DIGEST_SIGN_INIT, signature_digest_sign_init, c->ctx,
			    name, key ? c->key->data : NULL, params);
	if (c->algorithm->type == TYPE_ED25519)
		return signature_can_be(c, params) &&
		       CALL(c, 0, SIGNATURE_DIGEST_VERIFY_INIT, signature_digest_verify_init,
			    c->ctx, name, key ? c->key->data : NULL, params);
	return signature_sign_init(c, key, params) && begin_digest(c, name);
}

static int digest_sign_update(void *data, const uint8_t *message, size_t len)
{
	struct context *c = data;

	if (c->key->chip)
		return message_add(c, message, len);
	return CALL(c, 0, SIGNATURE_DIGEST_SIGN_UPDATE, signature_digest_sign_update, c->ctx,
		    message, len);
}

static int digest_sign_final(void *data, uint8_t *sig, size_t *sig_len, size_t size)
{
	struct context *c = data;

	if (c->key->chip)
		return message_sign(c, sig, sig_len, size);
	return CALL(c, 0, SIGNATURE_DIGEST_SIGN_FINAL, signature_digest_sign_final, c->ctx, sig,
		    sig_len, size);
}

static int digest_sign(void *data, uint8_t *sig, size_t *sig_len, size_t size,
		       const uint8_t *message, size_t len)
{
	struct context *c = data;

	if (c->key->chip)
		return signature_in_chip(c, sig, sig_len, size, message, len);
	return CALL(c, 0, SIGNATURE_DIGEST_SIGN, signature_digest_sign, c->ctx, sig, sig_len,
		    size, message, len);
}

/* ---- parameters of the digest: it is the host's, or for a key in the chip here ---- */

static int get_md_params(void *data, OSSL_PARAM params[])
{
	struct context *c = data;

	if (c->md)
		return EVP_MD_CTX_get_params(c->md, params);
	return CALL(c, 0, SIGNATURE_GET_CTX_MD_PARAMS, signature_get_ctx_md_params, c->ctx, params);
}

static const OSSL_PARAM *gettable_md_params(void *data)
{
	struct context *c = data;

	if (c->md)
		return EVP_MD_gettable_ctx_params(EVP_MD_CTX_get0_md(c->md));
	return CALL(c, NULL, SIGNATURE_GETTABLE_CTX_MD_PARAMS, signature_gettable_ctx_md_params,
		    c->ctx);
}

static int set_md_params(void *data, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (c->md)
		return EVP_MD_CTX_set_params(c->md, params);
	return CALL(c, 0, SIGNATURE_SET_CTX_MD_PARAMS, signature_set_ctx_md_params, c->ctx, params);
}

static const OSSL_PARAM *settable_md_params(void *data)
{
	struct context *c = data;

	if (c->md)
		return EVP_MD_settable_ctx_params(EVP_MD_CTX_get0_md(c->md));
	return CALL(c, NULL, SIGNATURE_SETTABLE_CTX_MD_PARAMS, signature_settable_ctx_md_params,
		    c->ctx);
}

static int digest_verify_init(void *data, const char *name, void *key,
			      const OSSL_PARAM params[])
{
	struct context *c = data;

	return signature_begin(c, key, false) &&
	       CALL(c, 0, SIGNATURE_DIGEST_VERIFY_INIT, signature_digest_verify_init, c->ctx,
		    name, key ? c->key->data : NULL, params);
}

static int digest_verify_update(void *data, const uint8_t *message, size_t len)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_DIGEST_VERIFY_UPDATE, signature_digest_verify_update, c->ctx,
		    message, len);
}

static int digest_verify_final(void *data, const uint8_t *sig, size_t len)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_DIGEST_VERIFY_FINAL, signature_digest_verify_final, c->ctx,
		    sig, len);
}

static int digest_verify(void *data, const uint8_t *sig, size_t sig_len, const uint8_t *message,
			 size_t len)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_DIGEST_VERIFY, signature_digest_verify, c->ctx, sig, sig_len,
		    message, len);
}

#define RECOVER										\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_RECOVER_INIT, signature_recover_init),	\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_RECOVER, signature_recover),

/* ---- OpenSSL 3.4 and later: whole algorithms, such as RSA-SHA256 ---- */

#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT

static int sign_message_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (!signature_begin(c, key, true))
		return 0;
	if (!c->key->chip)
		return CALL(c, 0, SIGNATURE_SIGN_MESSAGE_INIT, signature_sign_message_init, c->ctx,
			    key ? c->key->data : NULL, params);
	if (!digest_sign_init(c, c->algorithm->hash, key, params))
		return 0;
	c->message = true;
	return 1;
}

static int sign_message_update(void *data, const uint8_t *message, size_t len)
{
	struct context *c = data;

	if (c->key->chip)
		return message_add(c, message, len);
	return CALL(c, 0, SIGNATURE_SIGN_MESSAGE_UPDATE, signature_sign_message_update, c->ctx,
		    message, len);
}

static int sign_message_final(void *data, uint8_t *sig, size_t *sig_len, size_t size)
{
	struct context *c = data;

	if (c->key->chip)
		return message_sign(c, sig, sig_len, size);
	return CALL(c, 0, SIGNATURE_SIGN_MESSAGE_FINAL, signature_sign_message_final, c->ctx, sig,
		    sig_len, size);
}

static int verify_message_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	return signature_begin(c, key, false) &&
	       CALL(c, 0, SIGNATURE_VERIFY_MESSAGE_INIT, signature_verify_message_init, c->ctx,
		    key ? c->key->data : NULL, params);
}

static int verify_message_update(void *data, const uint8_t *message, size_t len)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_VERIFY_MESSAGE_UPDATE, signature_verify_message_update,
		    c->ctx, message, len);
}

static int verify_message_final(void *data)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_VERIFY_MESSAGE_FINAL, signature_verify_message_final, c->ctx);
}

static const char **key_types_rsa(void)
{
	static const char *types[] = { "RSA", NULL };

	return types;
}

static const char **key_types_ecdsa(void)
{
	static const char *types[] = { "EC", NULL };

	return types;
}

static const char **key_types_ed25519(void)
{
	static const char *types[] = { "ED25519", NULL };

	return types;
}

#define MESSAGE_INIT									\
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT, sign_message_init),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN, signature_sign),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_MESSAGE_INIT, verify_message_init),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY, signature_verify),

#define WHOLE(kind, key_type, hosts_name, bits, more)					\
	static void *new_##kind##_sha##bits(void *prov, const char *properties)		\
	{										\
		static const struct algorithm a = { key_type, hosts_name,		\
						    hosts_name "-SHA" #bits, "SHA" #bits }; \
											\
		return signature_new(prov, properties, &a);				\
	}										\
	const OSSL_DISPATCH kind##_sha##bits##_functions[] = {				\
		FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, new_##kind##_sha##bits),		\
		FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, signature_free),			\
		FUNCTION(OSSL_FUNC_SIGNATURE_DUPCTX, signature_dup),			\
		FUNCTION(OSSL_FUNC_SIGNATURE_QUERY_KEY_TYPES, key_types_##kind),	\
		FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_INIT, signature_sign_init),		\
		FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_INIT, signature_verify_init),	\
		MESSAGE_INIT								\
		more									\
		FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_UPDATE, sign_message_update),	\
		FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_FINAL, sign_message_final),	\
		FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_MESSAGE_UPDATE, verify_message_update), \
		FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_MESSAGE_FINAL, verify_message_final), \
		FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signature_set_params),	\
		FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signature_settable_params), \
		FUNCTION(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, signature_get_params),	\
		FUNCTION(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, signature_gettable_params), \
		FUNCTION_END								\
	}

WHOLE(rsa, TYPE_RSA, "RSA", 1, RECOVER);
WHOLE(rsa, TYPE_RSA, "RSA", 224, RECOVER);
WHOLE(rsa, TYPE_RSA, "RSA", 256, RECOVER);
WHOLE(rsa, TYPE_RSA, "RSA", 384, RECOVER);
WHOLE(rsa, TYPE_RSA, "RSA", 512, RECOVER);
WHOLE(ecdsa, TYPE_EC, "ECDSA", 1, );
WHOLE(ecdsa, TYPE_EC, "ECDSA", 224, );
WHOLE(ecdsa, TYPE_EC, "ECDSA", 256, );
WHOLE(ecdsa, TYPE_EC, "ECDSA", 384, );
WHOLE(ecdsa, TYPE_EC, "ECDSA", 512, );

/* Of a digest, or not plain: for keys that are in no chip */
#define MORE_ED25519									\
	MESSAGE_INIT									\
	FUNCTION(OSSL_FUNC_SIGNATURE_QUERY_KEY_TYPES, key_types_ed25519),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_INIT, signature_sign_init),			\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_INIT, signature_verify_init),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signature_set_params),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signature_settable_params),

#else
#define MORE_ED25519
#endif

/* ---- by the type of the key ---- */

#define NEW(name, type, hosts_name)							\
	static void *new_##name(void *prov, const char *properties)			\
	{										\
		static const struct algorithm a = { type, hosts_name, NULL, NULL };	\
											\
		return signature_new(prov, properties, &a);				\
	}

#define COMMON(name)									\
	FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, new_##name),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, signature_free),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_DUPCTX, signature_dup),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, digest_sign_init),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, digest_verify_init),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, signature_get_params),			\
	FUNCTION(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, signature_gettable_params)

#define DIGESTS(name)									\
	COMMON(name),									\
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_INIT, signature_sign_init),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN, signature_sign),					\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_INIT, signature_verify_init),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY, signature_verify),					\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, digest_sign_update),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, digest_sign_final),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, digest_verify_update),	\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, digest_verify_final),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_GET_CTX_MD_PARAMS, get_md_params),			\
	FUNCTION(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_MD_PARAMS, gettable_md_params),	\
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_MD_PARAMS, set_md_params),			\
	FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_MD_PARAMS, settable_md_params),	\
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signature_set_params),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, signature_settable_params)

NEW(ecdsa, TYPE_EC, "ECDSA")
NEW(rsa, TYPE_RSA, "RSA")
NEW(ed25519, TYPE_ED25519, "ED25519")

const OSSL_DISPATCH ecdsa_functions[] = { DIGESTS(ecdsa), FUNCTION_END };

const OSSL_DISPATCH rsa_functions[] = { DIGESTS(rsa), RECOVER FUNCTION_END };

const OSSL_DISPATCH ed25519_functions[] = {
	COMMON(ed25519),
	MORE_ED25519
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, digest_sign),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, digest_verify),
	FUNCTION_END
};
