// SPDX-License-Identifier: LGPL-2.1-or-later
/* ECDSA: hashed here, signed in the chip */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "provider.h"

struct context {
	struct key *key;
	EVP_MD_CTX *md;		/* while a message is hashed here */
	const struct keys_hash *hash;	/* NULL: not said */
};

static void *new_context(void *prov, const char *properties)
{
	struct context *c = calloc(1, sizeof(*c));

	(void)prov;
	(void)properties;
	return c;
}

static void free_context(void *data)
{
	struct context *c = data;

	EVP_MD_CTX_free(c->md);
	key_free(c->key);
	free(c);
}

static bool set_hash(struct context *c, const char *name)
{
	EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);

	for (c->hash = keys_hash_next(NULL); c->hash; c->hash = keys_hash_next(c->hash))
		if (md && EVP_MD_is_a(md, c->hash->name))
			break;
	EVP_MD_free(md);
	if (c->hash)
		return true;
	raise_text("the chip signs digests of SHA-1 and SHA-2 only");
	return false;
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct context *c = data;
	const OSSL_PARAM *p = params ? OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST) :
				       NULL;
	const char *name;

	return !p || (OSSL_PARAM_get_utf8_string_ptr(p, &name) && set_hash(c, name));
}

static int sign_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (key) {
		atomic_fetch_add(&((struct key *)key)->references, 1);
		key_free(c->key);
		c->key = key;
	}
	return c->key && set_params(c, params);
}

/* Is it the signature of the key that the caller was shown? */
static bool check_signature(const struct key *key, const struct keys_hash *hash,
			    const uint8_t *digest, const uint8_t *sig, size_t sig_len)
{
	EVP_PKEY *public = keys_from_point(NULL, key->curve, key->point);
	bool good = public && keys_verify(NULL, public, SE05X_IOT_PADDING_NONE, hash, digest,
					  hash->len, sig, sig_len);

	EVP_PKEY_free(public);
	if (!good)
		raise_text("the chip's signature is wrong, or its key was replaced");
	return good;
}

static int sign(void *data, uint8_t *sig, size_t *sig_len, size_t size, const uint8_t *digest,
		size_t len)
{
	struct context *c = data;
	/* a digest without a name says by its length what it is */
	const struct keys_hash *hash = c->hash ? c->hash : keys_hash_by_len(len);
	uint8_t bytes[SE05X_IOT_SIG_MAX];
	size_t out = sizeof(bytes);
	struct se05x_call call = { 0 };
	int ret;

	if (!sig) {
		*sig_len = 2 * (c->key->curve->size + 3) + 4;
		return 1;
	}
	if (!hash || hash->len != len) {
		raise_text("that is no digest of SHA-1 or SHA-2");
		return 0;
	}
	ret = KEYS_RUN(c->key->prov->chip, &call, se05x_iot_ecdsa_sign, c->key->id, hash->hash,
		       digest, bytes, &out);
	if (ret) {
		raise_chip("sign with", c->key->id, ret, &call);
		return 0;
	}
	if (!check_signature(c->key, hash, digest, bytes, out))
		return 0;
	if (out > size) {
		raise_text("no room for the signature");
		return 0;
	}
	memcpy(sig, bytes, out);
	*sig_len = out;
	return 1;
}

static int digest_sign_init(void *data, const char *name, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;
	EVP_MD *md;
	int ok;

	if (!sign_init(c, key, params) || !set_hash(c, name && *name ? name : "SHA256"))
		return 0;
	md = EVP_MD_fetch(NULL, c->hash->name, NULL);
	if (!c->md)
		c->md = EVP_MD_CTX_new();
	ok = md && c->md && EVP_DigestInit_ex2(c->md, md, NULL);
	EVP_MD_free(md);
	return ok;
}

static int digest_sign_update(void *data, const uint8_t *message, size_t len)
{
	return EVP_DigestUpdate(((struct context *)data)->md, message, len);
}

static int digest_sign_final(void *data, uint8_t *sig, size_t *sig_len, size_t size)
{
	struct context *c = data;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (sig && !EVP_DigestFinal_ex(c->md, digest, &len))
		return 0;
	return sign(c, sig, sig_len, size, digest, len);
}

static void *dup_context(void *data)
{
	const struct context *c = data;
	struct context *copy = new_context(NULL, NULL);

	if (!copy)
		return NULL;
	copy->hash = c->hash;
	copy->key = c->key;
	if (copy->key)
		atomic_fetch_add(&copy->key->references, 1);
	copy->md = c->md ? EVP_MD_CTX_new() : NULL;
	if (c->md && (!copy->md || !EVP_MD_CTX_copy_ex(copy->md, c->md))) {
		free_context(copy);
		return NULL;
	}
	return copy;
}

static const OSSL_PARAM *settable_params(void *ctx, void *prov)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)prov;
	return params;
}

static const OSSL_PARAM *gettable_params(void *ctx, void *prov)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)ctx;
	(void)prov;
	return params;
}

/* What a certificate says how it was signed */
static bool set_algorithm(const struct context *c, OSSL_PARAM *p)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();
	uint8_t *der = NULL;
	int len = -1;
	bool ok;

	if (algorithm && X509_ALGOR_set0(algorithm, OBJ_nid2obj(c->hash->ecdsa_nid),
					 V_ASN1_UNDEF, NULL))
		len = i2d_X509_ALGOR(algorithm, &der);
	ok = len > 0 && OSSL_PARAM_set_octet_string(p, der, len);
	OPENSSL_free(der);
	X509_ALGOR_free(algorithm);
	return ok;
}

static int get_params(void *data, OSSL_PARAM params[])
{
	const struct context *c = data;
	OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);

	if (p && (!c->hash || !set_algorithm(c, p)))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);
	return !p || OSSL_PARAM_set_utf8_string(p, c->hash ? c->hash->name : "");
}

const OSSL_DISPATCH signature_functions[] = {
	FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, new_context),
	FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, free_context),
	FUNCTION(OSSL_FUNC_SIGNATURE_DUPCTX, dup_context),
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN_INIT, sign_init),
	FUNCTION(OSSL_FUNC_SIGNATURE_SIGN, sign),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, digest_sign_init),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, digest_sign_update),
	FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, digest_sign_final),
	FUNCTION(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, get_params),
	FUNCTION(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, gettable_params),
	FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, set_params),
	FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, settable_params),
	FUNCTION_END
};
