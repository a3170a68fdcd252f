// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * RSA encryption: by the host; and decryption: bare in the chip, the padding taken off
 * here, since the chip's own error would tell an attacker too much
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "provider.h"

/* Of OpenSSL 3.2 and later */
#define PARAM_REJECTION	"implicit-rejection"

struct context {
	struct provider *prov;
	const OSSL_DISPATCH *functions;	/* the host's */
	void *ctx;			/* the host's; it keeps what was said about the padding */
	struct key *key;
};

static void free_context(void *data)
{
	struct context *c = data;

	if (c->ctx)
		CALL(c, (void)0, ASYM_CIPHER_FREECTX, asym_cipher_freectx, c->ctx);
	key_free(c->key);
	free(c);
}

static void *new_context(void *prov)
{
	const struct host *host = host_of(prov, TYPE_RSA);
	const OSSL_DISPATCH *functions =
		host ? host_functions(host, OSSL_OP_ASYM_CIPHER, "RSA") : NULL;
	struct context *c = functions ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return NULL;
	c->prov = prov;
	c->functions = functions;
	c->ctx = CALL(c, NULL, ASYM_CIPHER_NEWCTX, asym_cipher_newctx, host->ctx);
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
	copy->ctx = CALL(c, NULL, ASYM_CIPHER_DUPCTX, asym_cipher_dupctx, c->ctx);
	if (copy->ctx)
		return copy;
	free_context(copy);
	return NULL;
}

static bool take_key(struct context *c, struct key *key)
{
	if (key) {
		key_hold(key);
		key_free(c->key);
		c->key = key;
	}
	return c->key;
}

static int encrypt_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	return take_key(c, key) &&
	       CALL(c, 0, ASYM_CIPHER_ENCRYPT_INIT, asym_cipher_encrypt_init, c->ctx,
		    c->key->data, params);
}

static int encrypt(void *data, uint8_t *out, size_t *out_len, size_t size, const uint8_t *in,
		   size_t len)
{
	struct context *c = data;

	return CALL(c, 0, ASYM_CIPHER_ENCRYPT, asym_cipher_encrypt, c->ctx, out, out_len, size,
		    in, len);
}

static int decrypt_init(void *data, void *key, const OSSL_PARAM params[])
{
	struct context *c = data;

	if (!take_key(c, key))
		return 0;
	if (c->key->chip)
		return encrypt_init(c, NULL, params);
	return CALL(c, 0, ASYM_CIPHER_DECRYPT_INIT, asym_cipher_decrypt_init, c->ctx,
		    c->key->data, params);
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct context *c = data;

	return CALL(c, 0, ASYM_CIPHER_SET_CTX_PARAMS, asym_cipher_set_ctx_params, c->ctx, params);
}

static int get_params(void *data, OSSL_PARAM params[])
{
	struct context *c = data;

	return CALL(c, 0, ASYM_CIPHER_GET_CTX_PARAMS, asym_cipher_get_ctx_params, c->ctx, params);
}

static const OSSL_PARAM *settable_params(void *data, void *prov)
{
	struct context *c = data;

	return c ? CALL(c, NULL, ASYM_CIPHER_SETTABLE_CTX_PARAMS, asym_cipher_settable_ctx_params,
			c->ctx, host_of(prov, TYPE_RSA)->ctx) : NULL;
}

static const OSSL_PARAM *gettable_params(void *data, void *prov)
{
	struct context *c = data;

	return c ? CALL(c, NULL, ASYM_CIPHER_GETTABLE_CTX_PARAMS, asym_cipher_gettable_ctx_params,
			c->ctx, host_of(prov, TYPE_RSA)->ctx) : NULL;
}

/* ---- what was said, from the host's context ---- */

/* What the host does not know stays as it is. */
static void get(struct context *c, OSSL_PARAM p)
{
	OSSL_PARAM params[] = { p, OSSL_PARAM_END };

	ERR_set_mark();
	get_params(c, params);
	ERR_pop_to_mark();
}

static unsigned int get_uint(struct context *c, const char *name, unsigned int otherwise)
{
	get(c, OSSL_PARAM_construct_uint(name, &otherwise));
	return otherwise;
}

static int get_padding(struct context *c)
{
	int mode = RSA_PKCS1_PADDING;

	get(c, OSSL_PARAM_construct_int(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, &mode));
	return mode;
}

static EVP_MD *get_digest(struct context *c, const char *name, const char *otherwise)
{
	char digest[50] = "";

	get(c, OSSL_PARAM_construct_utf8_string(name, digest, sizeof(digest)));
	return host_digest(c->prov, digest[0] ? digest : otherwise, NULL);
}

/* ---- decrypted in the chip ---- */

struct decryption {
	struct key *key;
	const uint8_t *in;
	size_t len;
	uint8_t em[SE05X_IOT_SIG_MAX];
	size_t em_len;
};

static int run(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct decryption *d = arg;

	d->em_len = sizeof(d->em);
	return se05x_iot_rsa_decrypt(iot, d->key->id, SE05X_IOT_PADDING_NONE, 0, d->in, d->len,
				     d->em, &d->em_len, call);
}

static bool decrypt_bare(struct decryption *d)
{
	if (d->len != d->key->size || d->len > sizeof(d->em)) {
		raise_text("0x%08X: %zu bytes are not encrypted with that key", d->key->id, d->len);
		return false;
	}
	if (!key_run(d->key, "decrypt with", run, d))
		return false;
	if (d->em_len == d->len)
		return true;
	raise_text("0x%08X: the chip's answer makes no sense", d->key->id);
	return false;
}

/*
 * A secret of the key's owner, for implicit rejection: what the private key makes of a
 * number that depends on the key, and that nobody has a reason to decrypt. It is asked for
 * once, and is the same in every process.
 */
static const uint8_t *get_rejection(struct key *key)
{
	static const char text[] = "se05x: implicit rejection of PKCS #1 padding";
	struct decryption d = { .key = key, .len = key->size };
	uint8_t in[SE05X_IOT_SIG_MAX] = { 0 }, *secret = atomic_load(&key->rejection);
	uint8_t *before = NULL;

	if (secret)
		return secret;
	/* it begins with a zero, and so is smaller than the modulus */
	memcpy(in + 1, text, sizeof(text));
	d.in = in;
	secret = OPENSSL_zalloc(KEYS_REJECTION_LEN);
	if (!secret || !decrypt_bare(&d) ||
	    EVP_Q_digest(key->prov->own, "SHA256", NULL, d.em, d.em_len, secret, NULL) != 1) {
		OPENSSL_free(secret);
		return NULL;
	}
	OPENSSL_cleanse(d.em, sizeof(d.em));
	if (atomic_compare_exchange_strong(&key->rejection, &before, secret))
		return secret;
	OPENSSL_clear_free(secret, KEYS_REJECTION_LEN);	/* another thread was faster */
	return before;
}

static int unpad_oaep(struct context *c, const struct decryption *d, uint8_t *out)
{
	EVP_MD *md = get_digest(c, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, "SHA1");
	EVP_MD *mgf = md ? get_digest(c, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST,
				      EVP_MD_get0_name(md)) : NULL;
	OSSL_PARAM label[] = {
		OSSL_PARAM_octet_ptr(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, NULL, 0), OSSL_PARAM_END,
	};
	void *bytes = NULL;
	int n = -1;

	label[0].data = &bytes;
	get_params(c, label);
	if (md && mgf)
		n = keys_rsa_unpad_oaep(md, mgf, bytes, bytes ? label[0].return_size : 0, d->em,
					d->em_len, out);
	if (n < 0)
		raise_text("0x%08X: wrong padding", c->key->id);
	EVP_MD_free(md);
	EVP_MD_free(mgf);
	return n;
}

/* The secret comes first: that it is asked for must not depend on the padding. */
static int unpad_pkcs1(struct context *c, const struct decryption *d, const uint8_t *secret,
		       uint8_t *out)
{
	int n = keys_rsa_unpad_pkcs1(c->prov->own, secret, d->in, d->em, d->em_len, out);

	if (n < 0)
		raise_text("0x%08X: wrong padding", c->key->id);
	return n;
}

static int unpad_tls(struct context *c, const struct decryption *d, uint8_t *out)
{
	unsigned int version = get_uint(c, OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, 0);
	unsigned int other = get_uint(c, OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, 0);

	if (!version || !keys_rsa_unpad_tls(c->prov->own, version, other, d->em, d->em_len, out)) {
		raise_text("0x%08X: no client's TLS version, or the key is too short", c->key->id);
		return -1;
	}
	return KEYS_PREMASTER_LEN;
}

/* Return: bytes of the message; -1 with an error raised */
static int decrypt_in_chip(struct context *c, struct decryption *d, uint8_t *out)
{
	int mode = get_padding(c), n = -1;
	const uint8_t *rejection = NULL;

	if (mode == RSA_PKCS1_PADDING && get_uint(c, PARAM_REJECTION, 1)) {
		rejection = get_rejection(c->key);
		if (!rejection)
			return -1;
	}
	if (!decrypt_bare(d))
		return -1;
	switch (mode) {
	case RSA_NO_PADDING:
		memcpy(out, d->em, d->em_len);
		n = d->em_len;
		break;
	case RSA_PKCS1_PADDING:
		n = unpad_pkcs1(c, d, rejection, out);
		break;
	case RSA_PKCS1_OAEP_PADDING:
		n = unpad_oaep(c, d, out);
		break;
	case RSA_PKCS1_WITH_TLS_PADDING:
		n = unpad_tls(c, d, out);
		break;
	default:
		raise_text("0x%08X: no such padding", c->key->id);
	}
	OPENSSL_cleanse(d->em, sizeof(d->em));
	return n;
}

static int decrypt(void *data, uint8_t *out, size_t *out_len, size_t size, const uint8_t *in,
		   size_t len)
{
	struct context *c = data;
	struct decryption d = { .key = c->key, .in = in, .len = len };
	uint8_t message[SE05X_IOT_SIG_MAX];
	int n;

	if (!c->key->chip)
		return CALL(c, 0, ASYM_CIPHER_DECRYPT, asym_cipher_decrypt, c->ctx, out, out_len,
			    size, in, len);
	if (!out) {
		*out_len = get_padding(c) == RSA_PKCS1_WITH_TLS_PADDING ? KEYS_PREMASTER_LEN :
									   c->key->size;
		return 1;
	}
	n = decrypt_in_chip(c, &d, message);
	if (n >= 0 && (size_t)n > size)
		raise_text("no room for the message");
	if (n >= 0 && (size_t)n <= size) {
		memcpy(out, message, n);
		*out_len = n;
	}
	OPENSSL_cleanse(message, sizeof(message));
	return n >= 0 && (size_t)n <= size;
}

const OSSL_DISPATCH cipher_functions[] = {
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_NEWCTX, new_context),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_FREECTX, free_context),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_DUPCTX, dup_context),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_ENCRYPT_INIT, encrypt_init),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_ENCRYPT, encrypt),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, decrypt_init),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_DECRYPT, decrypt),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, set_params),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS, settable_params),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_GET_CTX_PARAMS, get_params),
	FUNCTION(OSSL_FUNC_ASYM_CIPHER_GETTABLE_CTX_PARAMS, gettable_params),
	FUNCTION_END
};
