// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Signatures: hashed and padded here, signed in the chip, and verified by the host before
 * anybody sees them. The host's context keeps what was said about digest and padding: for
 * a key in the chip as that of somebody who will verify, since he has the public half.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "signature.h"

#define NO_INSTANCE	"the chip does neither Ed25519ph nor Ed25519ctx"

void signature_free(void *data)
{
	struct context *c = data;

	if (c->ctx)
		CALL(c, (void)0, SIGNATURE_FREECTX, signature_freectx, c->ctx);
	EVP_MD_CTX_free(c->md);
	key_free(c->key);
	free(c->properties);
	free(c);
}

/* The host's context for one of the two names; the one that is there, if it is that */
static bool open_host(struct context *c, const char *name)
{
	const struct host *host = host_of(c->prov, c->algorithm->type);
	const OSSL_DISPATCH *functions =
		host ? host_functions(host, OSSL_OP_SIGNATURE, name) : NULL;

	if (!functions)
		return false;
	if (c->ctx && c->functions == functions)
		return true;
	if (c->ctx)
		CALL(c, (void)0, SIGNATURE_FREECTX, signature_freectx, c->ctx);
	c->functions = functions;
	c->ctx = CALL(c, NULL, SIGNATURE_NEWCTX, signature_newctx, host->ctx, c->properties);
	return c->ctx;
}

void *signature_new(struct provider *prov, const char *properties,
		    const struct algorithm *algorithm)
{
	struct context *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->prov = prov;
	c->algorithm = algorithm;
	if (properties)
		c->properties = strdup(properties);
	if ((!properties || c->properties) && open_host(c, algorithm->name))
		return c;
	signature_free(c);
	return NULL;
}

void *signature_dup(void *data)
{
	const struct context *c = data;
	struct context *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *c;
	copy->key = key_hold(c->key);
	copy->properties = c->properties ? strdup(c->properties) : NULL;
	copy->ctx = CALL(c, NULL, SIGNATURE_DUPCTX, signature_dupctx, c->ctx);
	copy->md = c->md ? EVP_MD_CTX_new() : NULL;
	if (copy->ctx && (!c->md || (copy->md && EVP_MD_CTX_copy_ex(copy->md, c->md))))
		return copy;
	signature_free(copy);
	return NULL;
}

bool signature_begin(struct context *c, struct key *key, bool to_sign)
{
	const struct algorithm *a = c->algorithm;

	if (key) {
		key_hold(key);
		key_free(c->key);
		c->key = key;
	}
	EVP_MD_CTX_free(c->md);
	c->md = NULL;
	c->message = false;
	if (!c->key)
		return false;
	c->in_chip = to_sign && c->key->chip;
	return open_host(c, a->whole && !c->in_chip ? a->whole : a->name);
}

/* ---- what was said about it ---- */

/* An int or text of the host's context; false: it has none */
static bool get_int(struct context *c, const char *name, int *value)
{
	OSSL_PARAM params[] = { OSSL_PARAM_int(name, value), OSSL_PARAM_END };

	return CALL(c, 0, SIGNATURE_GET_CTX_PARAMS, signature_get_ctx_params, c->ctx, params) &&
	       OSSL_PARAM_modified(params);
}

EVP_MD *signature_digest(struct context *c, const char *name)
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

/* These names are OpenSSL 3.2's; older ones don't know them, and would leave them out of it. */
static bool is_plain_ed25519(const OSSL_PARAM params[])
{
	const OSSL_PARAM *instance = OSSL_PARAM_locate_const(params, "instance");
	const OSSL_PARAM *context = OSSL_PARAM_locate_const(params, "context-string");
	const char *name = "Ed25519";

	return (!instance || (OSSL_PARAM_get_utf8_string_ptr(instance, &name) &&
			      !strcasecmp(name, "Ed25519"))) &&
	       (!context || !context->data_size);
}

static bool is_random_ecdsa(const OSSL_PARAM params[])
{
	const OSSL_PARAM *nonce = OSSL_PARAM_locate_const(params, "nonce-type");
	unsigned int type;

	return !nonce || (OSSL_PARAM_get_uint(nonce, &type) && !type);
}

bool signature_can_be(const struct context *c, const OSSL_PARAM params[])
{
	const char *why = NULL;

	if (c->algorithm->type == TYPE_ED25519 && !is_plain_ed25519(params))
		why = NO_INSTANCE;
	else if (c->algorithm->type == TYPE_EC && !is_random_ecdsa(params))
		why = "the chip does no deterministic ECDSA: it takes a nonce at random";
	if (why)
		raise_text("0x%08X: %s", c->key->id, why);
	return !why;
}

int signature_set_params(void *data, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (c->in_chip && !signature_can_be(c, params))
		return 0;
	return CALL(c, 0, SIGNATURE_SET_CTX_PARAMS, signature_set_ctx_params, c->ctx, params);
}

bool signature_set_digest(struct context *c, const char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, (char *)name, strlen(name)),
		OSSL_PARAM_END,
	};

	return signature_set_params(c, params);
}

int signature_get_params(void *data, OSSL_PARAM params[])
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_GET_CTX_PARAMS, signature_get_ctx_params, c->ctx, params);
}

const OSSL_PARAM *signature_settable_params(void *data, void *prov)
{
	struct context *c = data;

	(void)prov;
	return c ? CALL(c, NULL, SIGNATURE_SETTABLE_CTX_PARAMS, signature_settable_ctx_params,
			c->ctx, host_of(c->prov, c->algorithm->type)->ctx) : NULL;
}

const OSSL_PARAM *signature_gettable_params(void *data, void *prov)
{
	struct context *c = data;

	(void)prov;
	return c ? CALL(c, NULL, SIGNATURE_GETTABLE_CTX_PARAMS, signature_gettable_ctx_params,
			c->ctx, host_of(c->prov, c->algorithm->type)->ctx) : NULL;
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
static bool pad_rsa(struct context *c, const EVP_MD *md, const uint8_t *in, size_t len,
		    uint8_t *em)
{
	EVP_MD *mgf = signature_digest(c, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	int mode = RSA_PKCS1_PADDING, salt = RSA_PSS_SALTLEN_DIGEST;
	bool good = false;

	get_int(c, OSSL_SIGNATURE_PARAM_PAD_MODE, &mode);
	get_int(c, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
	if (mode == RSA_PKCS1_PADDING) {
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
	EVP_MD_free(mgf);
	return good;
}

static bool sign_rsa(struct context *c, const EVP_MD *md, const uint8_t *in, size_t len,
		     struct signing *s)
{
	uint8_t em[SE05X_IOT_SIG_MAX];

	if (c->key->size > sizeof(em)) {
		raise_text("0x%08X: the key is longer than any chip's", c->key->id);
		return false;
	}
	if (!pad_rsa(c, md, in, len, em))
		return false;
	s->in = em;
	s->len = c->key->size;
	return key_run(c->key, "sign (decrypt without padding) with", run_rsa, s);
}

/* What the host's context would not verify is not signed. */
static bool sign_digest(struct context *c, const uint8_t *digest, size_t len, struct signing *s)
{
	EVP_MD *md = signature_digest(c, OSSL_SIGNATURE_PARAM_DIGEST);
	bool good = false;

	if (md && len != (size_t)EVP_MD_get_size(md))
		raise_text("0x%08X: %zu bytes are no digest of %s", c->key->id, len,
			   EVP_MD_get0_name(md));
	else if (c->algorithm->type == TYPE_EC)
		good = sign_ecdsa(c, digest, len, s);
	else
		good = sign_rsa(c, md, digest, len, s);
	EVP_MD_free(md);
	return good;
}

/* Is it the signature of the key that the caller was shown? */
static bool verified(struct context *c, const struct signing *s, const uint8_t *in, size_t len)
{
	bool good = s->out_len <= c->key->size;

	ERR_set_mark();
	if (c->algorithm->type == TYPE_ED25519)
		good = good && CALL(c, 0, SIGNATURE_DIGEST_VERIFY, signature_digest_verify, c->ctx,
				    s->out, s->out_len, in, len);
	else
		good = good && CALL(c, 0, SIGNATURE_VERIFY, signature_verify, c->ctx, s->out,
				    s->out_len, in, len);
	ERR_pop_to_mark();
	if (!good)
		raise_text("0x%08X: the chip's signature is wrong, or its key was replaced",
			   c->key->id);
	return good;
}

int signature_in_chip(struct context *c, uint8_t *sig, size_t *sig_len, size_t size,
			const uint8_t *in, size_t len)
{
	struct signing s = { .key = c->key, .in = in, .len = len };
	bool good;

	if (!sig) {
		*sig_len = c->key->size;
		return 1;
	}
	if (size < c->key->size) {
		raise_text("no room for the signature: it has up to %zu bytes", c->key->size);
		return 0;
	}
	if (c->algorithm->type == TYPE_ED25519)
		good = key_run(c->key, "sign with", run_eddsa, &s);
	else
		good = sign_digest(c, in, len, &s);
	if (!good || !verified(c, &s, in, len))
		return 0;
	memcpy(sig, s.out, s.out_len);
	*sig_len = s.out_len;
	return 1;
}

/* ---- as OpenSSL calls it ---- */

int signature_sign_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (!signature_begin(c, key, true))
		return 0;
	if (!c->key->chip)
		return CALL(c, 0, SIGNATURE_SIGN_INIT, signature_sign_init, c->ctx,
			    key ? c->key->data : NULL, params);
	/* a digest is what Ed25519ph signs */
	if (c->algorithm->type == TYPE_ED25519) {
		raise_text("0x%08X: " NO_INSTANCE, c->key->id);
		return 0;
	}
	if (!signature_can_be(c, params) ||
	    !CALL(c, 0, SIGNATURE_VERIFY_INIT, signature_verify_init, c->ctx, c->key->data, params))
		return 0;
	return !c->algorithm->hash || signature_set_digest(c, c->algorithm->hash);
}

int signature_sign(void *data, uint8_t *sig, size_t *sig_len, size_t size, const uint8_t *in,
		   size_t len)
{
	struct context *c = data;

	if (!c->key->chip)
		return CALL(c, 0, SIGNATURE_SIGN, signature_sign, c->ctx, sig, sig_len, size, in,
			    len);
	if (c->message && c->algorithm->type != TYPE_ED25519)
		return (!sig || message_add(c, in, len)) && message_sign(c, sig, sig_len, size);
	return signature_in_chip(c, sig, sig_len, size, in, len);
}

int signature_verify_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	return signature_begin(c, key, false) &&
	       CALL(c, 0, SIGNATURE_VERIFY_INIT, signature_verify_init, c->ctx,
		    key ? c->key->data : NULL, params);
}

int signature_verify(void *data, const uint8_t *sig, size_t sig_len, const uint8_t *in,
		     size_t len)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_VERIFY, signature_verify, c->ctx, sig, sig_len, in, len);
}

int signature_recover_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	return signature_begin(c, key, false) &&
	       CALL(c, 0, SIGNATURE_VERIFY_RECOVER_INIT, signature_verify_recover_init, c->ctx,
		    key ? c->key->data : NULL, params);
}

int signature_recover(void *data, uint8_t *out, size_t *out_len, size_t size,
		      const uint8_t *sig, size_t sig_len)
{
	struct context *c = data;

	return CALL(c, 0, SIGNATURE_VERIFY_RECOVER, signature_verify_recover, c->ctx, out,
		    out_len, size, sig, sig_len);
}
