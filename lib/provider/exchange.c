// SPDX-License-Identifier: LGPL-2.1-or-later
/* Key agreement: the shared secret comes from the chip, what is derived of it is made here */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "provider.h"

#define SECRET_MAX	66	/* of P-521 */

struct context {
	struct provider *prov;
	enum type type;
	const OSSL_DISPATCH *functions;	/* the host's */
	void *ctx;			/* the host's; it keeps what was said about the KDF */
	struct key *key;
	struct key *peer;
};

static void free_context(void *data)
{
	struct context *c = data;

	if (c->ctx)
		CALL(c, (void)0, KEYEXCH_FREECTX, keyexch_freectx, c->ctx);
	key_free(c->key);
	key_free(c->peer);
	free(c);
}

static void *new_context(struct provider *prov, enum type type, const char *name)
{
	const struct host *host = host_of(prov, type);
	const OSSL_DISPATCH *functions =
		host ? host_functions(host, OSSL_OP_KEYEXCH, name) : NULL;
	struct context *c = functions ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return NULL;
	c->prov = prov;
	c->type = type;
	c->functions = functions;
	c->ctx = CALL(c, NULL, KEYEXCH_NEWCTX, keyexch_newctx, host->ctx);
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
	copy->peer = key_hold(c->peer);
	copy->ctx = CALL(c, NULL, KEYEXCH_DUPCTX, keyexch_dupctx, c->ctx);
	if (copy->ctx)
		return copy;
	free_context(copy);
	return NULL;
}

static int init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	key_hold(key);
	key_free(c->key);
	c->key = key;
	return c->key &&
	       CALL(c, 0, KEYEXCH_INIT, keyexch_init, c->ctx, c->key->data, params);
}

/* The host knows whether they fit together. */
static int set_peer(void *data, void *peer)
{
	struct context *c = data;

	key_hold(peer);
	key_free(c->peer);
	c->peer = peer;
	return c->peer && CALL(c, 0, KEYEXCH_SET_PEER, keyexch_set_peer, c->ctx, c->peer->data);
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct context *c = data;

	return CALL(c, 1, KEYEXCH_SET_CTX_PARAMS, keyexch_set_ctx_params, c->ctx, params);
}

static int get_params(void *data, OSSL_PARAM params[])
{
	struct context *c = data;

	return CALL(c, 1, KEYEXCH_GET_CTX_PARAMS, keyexch_get_ctx_params, c->ctx, params);
}

static const OSSL_PARAM *settable_params(void *data, void *prov)
{
	struct context *c = data;

	return c ? CALL(c, NULL, KEYEXCH_SETTABLE_CTX_PARAMS, keyexch_settable_ctx_params, c->ctx,
			host_of(prov, c->type)->ctx) : NULL;
}

static const OSSL_PARAM *gettable_params(void *data, void *prov)
{
	struct context *c = data;

	return c ? CALL(c, NULL, KEYEXCH_GETTABLE_CTX_PARAMS, keyexch_gettable_ctx_params, c->ctx,
			host_of(prov, c->type)->ctx) : NULL;
}

/* ---- agreed on in the chip ---- */

struct agreement {
	struct key *key;
	uint8_t peer[SE05X_IOT_POINT_MAX];
	size_t peer_len;
	uint8_t secret[SECRET_MAX];
	size_t secret_len;
};

static int run(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct agreement *a = arg;

	a->secret_len = sizeof(a->secret);
	return se05x_iot_ecdh(iot, a->key->id, a->key->curve->id, a->peer, a->peer_len, a->secret,
			      &a->secret_len, call);
}

static bool agree(struct context *c, struct agreement *a)
{
	static const uint8_t zeros[SECRET_MAX];
	OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, a->peer,
					sizeof(a->peer)),
		OSSL_PARAM_END,
	};

	if (!c->peer || !HOST(c->peer->host->keys, KEYMGMT_GET_PARAMS, keymgmt_get_params)
			     (c->peer->data, params)) {
		raise_text("0x%08X: no public key to agree with", c->key->id);
		return false;
	}
	a->key = c->key;
	a->peer_len = params[0].return_size;
	if (!key_run(c->key, "agree with", run, a))
		return false;
	/* RFC 7748, 6.1: the other side's key has a small order */
	if (CRYPTO_memcmp(a->secret, zeros, a->secret_len))
		return true;
	raise_text("0x%08X: the other side's public key is a bad one", c->key->id);
	return false;
}

/* What the host's context knows of X9.63's function; empty @type: none */
struct kdf {
	char type[50], digest[50];
	size_t len;
	void *ukm;
	size_t ukm_len;
};

static void get_kdf(struct context *c, struct kdf *k)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, k->type, sizeof(k->type)),
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, k->digest,
				       sizeof(k->digest)),
		OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, &k->len),
		OSSL_PARAM_octet_ptr(OSSL_EXCHANGE_PARAM_KDF_UKM, &k->ukm, 0),
		OSSL_PARAM_END,
	};

	ERR_set_mark();
	get_params(c, params);
	ERR_pop_to_mark();
	k->ukm_len = k->ukm ? params[3].return_size : 0;
}

static bool derive_by_kdf(struct context *c, const struct kdf *k, struct agreement *a,
			  uint8_t *out)
{
	OSSL_PARAM params[4], *p = params;
	EVP_KDF *kdf = EVP_KDF_fetch(c->prov->child, OSSL_KDF_NAME_X963KDF, NULL);
	EVP_KDF_CTX *ctx;
	bool good;

	if (!kdf)
		kdf = EVP_KDF_fetch(c->prov->own, OSSL_KDF_NAME_X963KDF, NULL);
	ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)k->digest, 0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, a->secret, a->secret_len);
	if (k->ukm)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, k->ukm, k->ukm_len);
	*p = OSSL_PARAM_construct_end();
	good = ctx && EVP_KDF_derive(ctx, out, k->len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good;
}

static size_t secret_len(const struct key *key)
{
	return key->curve->size;
}

static int derive(void *data, uint8_t *secret, size_t *len, size_t size)
{
	struct context *c = data;
	struct agreement a;
	struct kdf k = { .ukm = NULL };
	bool good;
	size_t n;

	if (!c->key->chip)
		return CALL(c, 0, KEYEXCH_DERIVE, keyexch_derive, c->ctx, secret, len, size);
	get_kdf(c, &k);
	n = k.type[0] ? k.len : secret_len(c->key);
	if (!secret) {
		*len = n;
		return 1;
	}
	if (size < n) {
		raise_text("no room for the secret: it has %zu bytes", n);
		return 0;
	}
	good = agree(c, &a) && (k.type[0] ? derive_by_kdf(c, &k, &a, secret) : a.secret_len == n);
	if (good && !k.type[0])
		memcpy(secret, a.secret, n);
	if (good)
		*len = n;
	OPENSSL_cleanse(&a, sizeof(a));
	return good;
}

#define TABLE(name, type, hosts_name)							\
	static void *new_##name(void *prov) { return new_context(prov, type, hosts_name); } \
	const OSSL_DISPATCH name##_functions[] = {					\
		FUNCTION(OSSL_FUNC_KEYEXCH_NEWCTX, new_##name),				\
		FUNCTION(OSSL_FUNC_KEYEXCH_FREECTX, free_context),			\
		FUNCTION(OSSL_FUNC_KEYEXCH_DUPCTX, dup_context),			\
		FUNCTION(OSSL_FUNC_KEYEXCH_INIT, init),					\
		FUNCTION(OSSL_FUNC_KEYEXCH_SET_PEER, set_peer),				\
		FUNCTION(OSSL_FUNC_KEYEXCH_DERIVE, derive),				\
		FUNCTION(OSSL_FUNC_KEYEXCH_SET_CTX_PARAMS, set_params),			\
		FUNCTION(OSSL_FUNC_KEYEXCH_SETTABLE_CTX_PARAMS, settable_params),	\
		FUNCTION(OSSL_FUNC_KEYEXCH_GET_CTX_PARAMS, get_params),			\
		FUNCTION(OSSL_FUNC_KEYEXCH_GETTABLE_CTX_PARAMS, gettable_params),	\
		FUNCTION_END								\
	}

TABLE(ecdh, TYPE_EC, "ECDH");
TABLE(x25519, TYPE_X25519, "X25519");
TABLE(x448, TYPE_X448, "X448");
