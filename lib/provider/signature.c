// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Signatures: hashed and padded here, signed in the chip, and verified by the host before
 * anybody sees them. The host's context keeps what was said about digest and padding: for
 * a key in the chip as that of somebody who will verify, since he has the public half.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "provider.h"

#define CALL(c, otherwise, id, name, ...) ({				\
	OSSL_FUNC_##name##_fn *call_f = HOST((c)->functions, id, name);	\
	call_f ? call_f(__VA_ARGS__) : (otherwise); })

struct context {
	struct provider *prov;
	enum type type;
	const OSSL_DISPATCH *functions;	/* the host's */
	void *ctx;			/* the host's */
	struct key *key;
	EVP_MD_CTX *md;		/* while a message is hashed here */
};

static void free_context(void *data)
{
	struct context *c = data;

	if (c->ctx)
		CALL(c, (void)0, SIGNATURE_FREECTX, signature_freectx, c->ctx);
	EVP_MD_CTX_free(c->md);
	key_free(c->key);
	free(c);
}

static void *new_context(struct provider *prov, const char *properties, enum type type,
			 const char *name)
{
	const struct host *host = host_of(prov, type);
	const OSSL_DISPATCH *functions =
		host ? host_functions(host, OSSL_OP_SIGNATURE, name) : NULL;
	struct context *c = functions ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return NULL;
	c->prov = prov;
	c->type = type;
	c->functions = functions;
	c->ctx = CALL(c, NULL, SIGNATURE_NEWCTX, signature_newctx, host->ctx, properties);
	if (c->ctx)
		return c;
	free_context(c);
	return NULL;
}

static void *dup_context(void *data)
{
	const struct context *c = data;
	struct context *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *c;
	copy->key = key_hold(c->key);
	copy->ctx = CALL(c, NULL, SIGNATURE_DUPCTX, signature_dupctx, c->ctx);
	copy->md = c->md ? EVP_MD_CTX_new() : NULL;
	if (copy->ctx && (!c->md || (copy->md && EVP_MD_CTX_copy_ex(copy->md, c->md))))
		return copy;
	free_context(copy);
	return NULL;
}

/* NULL: the same key again */
static bool take_key(struct context *c, struct key *key)
{
	if (key) {
		key_hold(key);
		key_free(c->key);
		c->key = key;
	}
	return c->key;
}

static void *host_key(struct key *key)
{
	return key ? key->data : NULL;
}

/* ---- what was said about it ---- */

/* An int or text of the host's context; false: it has none */
static bool get_int(struct context *c, const char *name, int *value)
{
	OSSL_PARAM params[] = { OSSL_PARAM_int(name, value), OSSL_PARAM_END };

	return CALL(c, 0, SIGNATURE_GET_CTX_PARAMS, signature_get_ctx_params, c->ctx, params) &&
	       OSSL_PARAM_modified(params);
}

static EVP_MD *get_digest(struct context *c, const char *name)
{
	char digest[50] = "";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(name, digest, sizeof(digest)), OSSL_PARAM_END,
	};

	if (!CALL(c, 0, SIGNATURE_GET_CTX_PARAMS, signature_get_ctx_params, c->ctx, params) ||
	    !digest[0])
		return NULL;
	return host_digest(c->prov, digest, NULL);
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_SET_CTX_PARAMS, signature_set_ctx_params, c->ctx, params);
}

static int get_params(void *data, OSSL_PARAM params[])
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_GET_CTX_PARAMS, signature_get_ctx_params, c->ctx, params);
}

static const OSSL_PARAM *settable_params(void *data, void *prov)
{
	struct context *c = data;

	(void)prov;
	return c ? CALL(c, NULL, SIGNATURE_SETTABLE_CTX_PARAMS, signature_settable_ctx_params,
			c->ctx, host_of(c->prov, c->type)->ctx) : NULL;
}

static const OSSL_PARAM *gettable_params(void *data, void *prov)
{
	struct context *c = data;

	(void)prov;
	return c ? CALL(c, NULL, SIGNATURE_GETTABLE_CTX_PARAMS, signature_gettable_ctx_params,
			c->ctx, host_of(c->prov, c->type)->ctx) : NULL;
}

/* ---- signed in the chip ---- */

struct signing {
	struct key *key;
	const struct keys_hash *hash;	/* ECDSA */
	const uint8_t *in;
	size_t len;
	uint8_t out[SE05X_IOT_SIG_MAX];
	size_t out_len;
};

static int run_ecdsa(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct signing *s = arg;

	s->out_len = sizeof(s->out);
	return se05x_iot_ecdsa_sign(iot, s->key->id, s->hash->hash, s->in, s->out, &s->out_len,
				    call);
}

static int run_rsa(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct signing *s = arg;

	s->out_len = sizeof(s->out);
	return se05x_iot_rsa_decrypt(iot, s->key->id, SE05X_IOT_PADDING_NONE, 0, s->in, s->len,
				     s->out, &s->out_len, call);
}

static int run_eddsa(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct signing *s = arg;

	s->out_len = 64;
	return se05x_iot_eddsa_sign(iot, s->key->id, s->in, s->len, s->out, call);
}

static bool sign_ecdsa(struct context *c, const uint8_t *digest, size_t len, struct signing *s)
{
	uint8_t fitted[KEYS_DIGEST_MAX];

	s->hash = keys_fit_digest(c->key->curve, digest, len, fitted);
	s->in = fitted;
	if (s->hash)
		return key_run(c->key, "sign with", run_ecdsa, s);
	raise_text("0x%08X: the chip signs digests of up to 64 bytes", c->key->id);
	return false;
}

/* PKCS #1 (RFC 8017): what the private key is applied to */
static bool pad_rsa(struct context *c, const uint8_t *in, size_t len, uint8_t *em)
{
	EVP_MD *md = get_digest(c, OSSL_SIGNATURE_PARAM_DIGEST);
	EVP_MD *mgf = get_digest(c, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	int mode = RSA_PKCS1_PADDING, salt = RSA_PSS_SALTLEN_DIGEST;
	bool good = false;

	get_int(c, OSSL_SIGNATURE_PARAM_PAD_MODE, &mode);
	get_int(c, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
	if (md && len != (size_t)EVP_MD_get_size(md)) {
		raise_text("0x%08X: %zu bytes are no digest of %s", c->key->id, len,
			   EVP_MD_get0_name(md));
	} else if (mode == RSA_PKCS1_PADDING) {
		good = keys_rsa_pad_pkcs1(md, in, len, em, c->key->size);
	} else if (mode == RSA_PKCS1_PSS_PADDING && md) {
		good = keys_rsa_pad_pss(c->prov->own, md, mgf ? mgf : md, salt, in, em,
					EVP_PKEY_get_bits(c->key->public));
	} else if (mode == RSA_NO_PADDING && len == c->key->size) {
		memcpy(em, in, len);
		good = true;
	}
	if (!good)
		raise_text("0x%08X: the key is too short for that, or has no such padding",
			   c->key->id);
	EVP_MD_free(md);
	EVP_MD_free(mgf);
	return good;
}

static bool sign_rsa(struct context *c, const uint8_t *in, size_t len, struct signing *s)
{
	uint8_t em[SE05X_IOT_SIG_MAX];

	if (c->key->size > sizeof(em) || !pad_rsa(c, in, len, em))
		return false;
	s->in = em;
	s->len = c->key->size;
	return key_run(c->key, "sign (decrypt without padding) with", run_rsa, s);
}

/* Is it the signature of the key that the caller was shown? */
static bool verified(struct context *c, const struct signing *s, const uint8_t *in, size_t len)
{
	bool good;

	ERR_set_mark();
	if (c->type == TYPE_ED25519)
		good = CALL(c, 0, SIGNATURE_DIGEST_VERIFY, signature_digest_verify, c->ctx,
			    s->out, s->out_len, in, len);
	else
		good = CALL(c, 0, SIGNATURE_VERIFY, signature_verify, c->ctx, s->out, s->out_len,
			    in, len);
	ERR_pop_to_mark();
	if (!good)
		raise_text("0x%08X: the chip's signature is wrong, or its key was replaced",
			   c->key->id);
	return good;
}

static int sign_in_chip(struct context *c, uint8_t *sig, size_t *sig_len, size_t size,
			const uint8_t *in, size_t len)
{
	struct signing s = { .key = c->key, .in = in, .len = len };
	bool good;

	if (!sig) {
		*sig_len = c->key->size;
		return 1;
	}
	if (c->type == TYPE_EC)
		good = sign_ecdsa(c, in, len, &s);
	else if (c->type == TYPE_RSA)
		good = sign_rsa(c, in, len, &s);
	else
		good = key_run(c->key, "sign with", run_eddsa, &s);
	if (!good || !verified(c, &s, in, len))
		return 0;
	if (s.out_len > size) {
		raise_text("no room for the signature: it has %zu bytes", s.out_len);
		return 0;
	}
	memcpy(sig, s.out, s.out_len);
	*sig_len = s.out_len;
	return 1;
}

/* ---- as OpenSSL calls it ---- */

static int sign_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (!take_key(c, key))
		return 0;
	if (c->key->chip)
		return CALL(c, 0, SIGNATURE_VERIFY_INIT, signature_verify_init, c->ctx,
			    host_key(key), params);
	return CALL(c, 0, SIGNATURE_SIGN_INIT, signature_sign_init, c->ctx, host_key(key),
		    params);
}

static int sign(void *data, uint8_t *sig, size_t *sig_len, size_t size, const uint8_t *in,
		size_t len)
{
	struct context *c = data;

	if (c->key->chip)
		return sign_in_chip(c, sig, sig_len, size, in, len);
	return CALL(c, 0, SIGNATURE_SIGN, signature_sign, c->ctx, sig, sig_len, size, in, len);
}

static int verify_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	return take_key(c, key) && CALL(c, 0, SIGNATURE_VERIFY_INIT, signature_verify_init,
					c->ctx, host_key(key), params);
}

static int verify(void *data, const uint8_t *sig, size_t sig_len, const uint8_t *in, size_t len)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_VERIFY, signature_verify, c->ctx, sig, sig_len, in, len);
}

static int recover_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	return take_key(c, key) &&
	       CALL(c, 0, SIGNATURE_VERIFY_RECOVER_INIT, signature_verify_recover_init, c->ctx,
		    host_key(key), params);
}

static int recover(void *data, uint8_t *out, size_t *out_len, size_t size, const uint8_t *sig,
		   size_t sig_len)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_VERIFY_RECOVER, signature_verify_recover, c->ctx, out,
		    out_len, size, sig, sig_len);
}

/* ---- with the digest, or of the whole message ---- */

/* A key in the chip: the host's context is told the digest, and the message hashed here. */
static bool begin_digest(struct context *c, const char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, (char *)name, 0),
		OSSL_PARAM_END,
	};
	EVP_MD *md;
	bool good;

	if (name && *name) {
		params[0].data_size = strlen(name);
		if (!CALL(c, 0, SIGNATURE_SET_CTX_PARAMS, signature_set_ctx_params, c->ctx, params))
			return false;
	}
	md = get_digest(c, OSSL_SIGNATURE_PARAM_DIGEST);
	if (!md)
		return name ? false : begin_digest(c, "SHA256");
	if (!c->md)
		c->md = EVP_MD_CTX_new();
	good = c->md && EVP_DigestInit_ex2(c->md, md, NULL);
	EVP_MD_free(md);
	return good;
}

static int digest_sign_init(void *data, const char *name, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (!take_key(c, key))
		return 0;
	if (!c->key->chip)
		return CALL(c, 0, SIGNATURE_DIGEST_SIGN_INIT, signature_digest_sign_init, c->ctx,
			    name, host_key(key), params);
	if (c->type == TYPE_ED25519)
		return CALL(c, 0, SIGNATURE_DIGEST_VERIFY_INIT, signature_digest_verify_init,
			    c->ctx, name, host_key(key), params);
	return sign_init(c, key, params) && begin_digest(c, name);
}

static int digest_sign_update(void *data, const uint8_t *message, size_t len)
{
	struct context *c = data;

	if (c->key->chip)
		return c->md && EVP_DigestUpdate(c->md, message, len);
	return CALL(c, 0, SIGNATURE_DIGEST_SIGN_UPDATE, signature_digest_sign_update, c->ctx,
		    message, len);
}

static int digest_sign_final(void *data, uint8_t *sig, size_t *sig_len, size_t size)
{
	struct context *c = data;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (!c->key->chip)
		return CALL(c, 0, SIGNATURE_DIGEST_SIGN_FINAL, signature_digest_sign_final,
			    c->ctx, sig, sig_len, size);
	if (sig && !(c->md && EVP_DigestFinal_ex(c->md, digest, &len)))
		return 0;
	return sign_in_chip(c, sig, sig_len, size, digest, len);
}

static int digest_sign(void *data, uint8_t *sig, size_t *sig_len, size_t size,
		       const uint8_t *message, size_t len)
{
	struct context *c = data;

	if (c->key->chip)
		return sign_in_chip(c, sig, sig_len, size, message, len);
	return CALL(c, 0, SIGNATURE_DIGEST_SIGN, signature_digest_sign, c->ctx, sig, sig_len,
		    size, message, len);
}

static int digest_verify_init(void *data, const char *name, void *key,
			      const OSSL_PARAM params[])
{
	struct context *c = data;

	return take_key(c, key) &&
	       CALL(c, 0, SIGNATURE_DIGEST_VERIFY_INIT, signature_digest_verify_init, c->ctx,
		    name, host_key(key), params);
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

#define NEW(name, type, hosts_name)							\
	static void *new_##name(void *prov, const char *properties)			\
	{ return new_context(prov, properties, type, hosts_name); }

#define COMMON(name)									\
	FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, new_##name),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, free_context),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_DUPCTX, dup_context),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, digest_sign_init),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, digest_verify_init),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, get_params),			\
	FUNCTION(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, gettable_params)

#define DIGESTS(name)									\
	COMMON(name),									\
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_INIT, sign_init),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN, sign),					\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_INIT, verify_init),				\
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY, verify),					\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, digest_sign_update),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, digest_sign_final),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, digest_verify_update),	\
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, digest_verify_final),		\
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, set_params),			\
	FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, settable_params)

NEW(ecdsa, TYPE_EC, "ECDSA")
NEW(rsa, TYPE_RSA, "RSA")
NEW(ed25519, TYPE_ED25519, "ED25519")

const OSSL_DISPATCH ecdsa_functions[] = { DIGESTS(ecdsa), FUNCTION_END };

const OSSL_DISPATCH rsa_functions[] = {
	DIGESTS(rsa),
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_RECOVER_INIT, recover_init),
	FUNCTION(OSSL_FUNC_SIGNATURE_VERIFY_RECOVER, recover),
	FUNCTION_END
};

const OSSL_DISPATCH ed25519_functions[] = {
	COMMON(ed25519),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, digest_sign),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, digest_verify),
	FUNCTION_END
};
