// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Private keys as PEM, and all keys as text: of a key in the chip its name, and of other
 * keys what their provider makes of them. As DER a key in the chip is refused, with the
 * reason. Files of what is public go by export to OpenSSL's encoders.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/encoder.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "provider.h"

#define PRIVATE	OSSL_KEYMGMT_SELECT_PRIVATE_KEY

struct encoder {
	struct provider *prov;
	const char *output, *structure;	/* as encoders of others have it in their properties */
	/* for keys that are not in the chip */
	char cipher[64], properties[256];
	int save_parameters;
};

static void *new(struct provider *prov, const char *output, const char *structure)
{
	struct encoder *e = OPENSSL_zalloc(sizeof(*e));

	if (e) {
		e->prov = prov;
		e->output = output;
		e->structure = structure;
		e->save_parameters = 1;
	}
	return e;
}

static void free_encoder(void *data)
{
	OPENSSL_free(data);
}

static const OSSL_PARAM *settable_params(void *prov)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_ENCODER_PARAM_CIPHER, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_ENCODER_PARAM_PROPERTIES, NULL, 0),
		OSSL_PARAM_int(OSSL_ENCODER_PARAM_SAVE_PARAMETERS, NULL),
		OSSL_PARAM_END,
	};

	(void)prov;
	return params;
}

static bool take(const OSSL_PARAM params[], const char *name, char *to, size_t size)
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, name);

	*to = p ? 0 : *to;
	return !p || !p->data || OSSL_PARAM_get_utf8_string(p, &to, size);
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct encoder *e = data;
	const OSSL_PARAM *p;

	p = OSSL_PARAM_locate_const(params, OSSL_ENCODER_PARAM_SAVE_PARAMETERS);
	return take(params, OSSL_ENCODER_PARAM_CIPHER, e->cipher, sizeof(e->cipher)) &&
	       take(params, OSSL_ENCODER_PARAM_PROPERTIES, e->properties, sizeof(e->properties)) &&
	       (!p || OSSL_PARAM_get_int(p, &e->save_parameters));
}

static int does_private(void *prov, int selection)
{
	(void)prov;
	return !!(selection & PRIVATE);
}

/*
 * Text of anything, parameters alone too. What is declined here, OpenSSL exports to another
 * provider's encoder: of an RSA key no parameters, that is a key without a modulus, and
 * OpenSSL's own text encoder crashes on that.
 */
static int does_all(void *prov, int selection)
{
	(void)prov;
	(void)selection;
	return 1;
}

/* ---- a copy, in OpenSSL's default provider ---- */

struct copy {
	const struct key *key;
	int selection;
	EVP_PKEY *pkey;
};

static int take_copy(const OSSL_PARAM params[], void *arg)
{
	struct copy *c = arg;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(c->key->prov->own,
						       type_name(c->key->type), NULL);
	int ok = ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
		 EVP_PKEY_fromdata(ctx, &c->pkey, c->selection, (OSSL_PARAM *)params) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* EVP_PKEY_free() it; NULL: its provider does not give it */
static EVP_PKEY *copy_of(const struct key *key, int selection)
{
	struct copy c = { .key = key, .selection = selection };

	HOST(key->host->keys, KEYMGMT_EXPORT, keymgmt_export)(key->data, selection, take_copy, &c);
	return c.pkey;
}

/* "output=pem": pem */
static const char *value(const char *property)
{
	const char *at = strchr(property, '=');

	return at ? at + 1 : NULL;
}

/* Of a key whose provider has no encoder for it, as OpenSSL's fips has none */
static int encode_copy(struct encoder *e, OSSL_CORE_BIO *out, const struct key *key,
		       int selection, OSSL_PASSPHRASE_CALLBACK *ask, void *arg)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_ENCODER_PARAM_SAVE_PARAMETERS, &e->save_parameters),
		OSSL_PARAM_END,
	};
	EVP_PKEY *copy = copy_of(key, selection & PRIVATE ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
	OSSL_ENCODER_CTX *ctx = copy ?
		OSSL_ENCODER_CTX_new_for_pkey(copy, selection, value(e->output),
					      value(e->structure), NULL) : NULL;
	BIO *bio = BIO_new_from_core_bio(e->prov->child, out);
	int ok = ctx && bio && OSSL_ENCODER_CTX_set_params(ctx, params) &&
		 (!*e->cipher || OSSL_ENCODER_CTX_set_cipher(ctx, e->cipher, e->properties)) &&
		 (!ask || OSSL_ENCODER_CTX_set_passphrase_cb(ctx, ask, arg)) &&
		 OSSL_ENCODER_to_bio(ctx, bio);

	if (!copy)
		raise_text("the provider %s has no encoder for %s keys, and gives nobody this one",
			   OSSL_PROVIDER_get0_name(key->host->provider), type_name(key->type));
	BIO_free(bio);
	OSSL_ENCODER_CTX_free(ctx);
	EVP_PKEY_free(copy);
	return ok;
}

/* ---- by the provider that has the key ---- */

static const OSSL_DISPATCH *find(const struct encoder *e, const struct host *host,
				 const char *name)
{
	const OSSL_ALGORITHM *a;
	int no_cache;

	a = OSSL_PROVIDER_query_operation(host->provider, OSSL_OP_ENCODER, &no_cache);
	for (; a && a->algorithm_names; a++)
		if (host_is_named(a->algorithm_names, name) &&
		    strcasestr(a->property_definition, e->output) &&
		    strcasestr(a->property_definition, e->structure))
			return a->implementation;
	return NULL;
}

static int encode_there(struct encoder *e, OSSL_CORE_BIO *out, const struct key *key,
			int selection, OSSL_PASSPHRASE_CALLBACK *ask, void *arg)
{
	const OSSL_DISPATCH *f = find(e, key->host, type_name(key->type));
	OSSL_FUNC_encoder_set_ctx_params_fn *set = HOST(f, ENCODER_SET_CTX_PARAMS,
							encoder_set_ctx_params);
	void *ctx = f ? HOST(f, ENCODER_NEWCTX, encoder_newctx)(key->host->ctx) : NULL;
	OSSL_PARAM params[4], *p = params;
	int ok;

	if (!f)
		return encode_copy(e, out, key, selection, ask, arg);
	if (!ctx)
		return 0;
	*p++ = OSSL_PARAM_construct_int(OSSL_ENCODER_PARAM_SAVE_PARAMETERS, &e->save_parameters);
	if (*e->cipher) {
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_ENCODER_PARAM_CIPHER, e->cipher, 0);
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_ENCODER_PARAM_PROPERTIES,
							e->properties, 0);
	}
	*p = OSSL_PARAM_construct_end();
	ok = (!set || set(ctx, params)) &&
	     HOST(f, ENCODER_ENCODE, encoder_encode)(ctx, out, key->data, NULL, selection, ask,
						     arg);
	HOST(f, ENCODER_FREECTX, encoder_freectx)(ctx);
	return ok;
}

/* ---- ours ---- */

/* As its type has it: an RSA-PSS key is one in its file, too. */
static bool get_spki(const struct key *key, struct keys_ref *ref)
{
	EVP_PKEY *public = copy_of(key, EVP_PKEY_PUBLIC_KEY);
	int len = public ? i2d_PUBKEY(public, &ref->spki) : -1;

	EVP_PKEY_free(public);
	ref->spki_len = len;
	return len > 0;
}

static int ask_number(struct se05x_iot *iot, void *number, struct se05x_call *call)
{
	return se05x_iot_unique_id(iot, number, call);
}

static int write_ref(const struct encoder *e, OSSL_CORE_BIO *out, struct key *key)
{
	struct keys_ref ref = { .id = key->id, .user = key->user };
	BIO *bio;
	int ok;

	if (*e->cipher) {
		raise_text("0x%08X: what is written of a key in the chip is no secret: write it"
			   " without a password", key->id);
		return 0;
	}
	if (key->has_uid)
		memcpy(ref.chip, key->uid, sizeof(ref.chip));
	else if (!key_run(key, "chip of", ask_number, ref.chip))
		return 0;
	bio = BIO_new_from_core_bio(e->prov->child, out);
	ok = bio && get_spki(key, &ref) && keys_ref_write(bio, &ref);
	BIO_free(bio);
	keys_ref_clear(&ref);
	return ok;
}

static int encode_pem(void *data, OSSL_CORE_BIO *out, const void *object,
		      const OSSL_PARAM abstract[], int selection, OSSL_PASSPHRASE_CALLBACK *ask,
		      void *arg)
{
	struct key *key = (struct key *)object;

	if (!key || abstract)
		return 0;
	return key->chip ? write_ref(data, out, key) :
			   encode_there(data, out, key, selection, ask, arg);
}

static int encode_der(void *data, OSSL_CORE_BIO *out, const void *object,
		      const OSSL_PARAM abstract[], int selection, OSSL_PASSPHRASE_CALLBACK *ask,
		      void *arg)
{
	const struct key *key = object;

	if (!key || abstract)
		return 0;
	if (!key->chip)
		return encode_there(data, out, key, selection, ask, arg);
	raise_text("0x%08X: a private key does not leave the chip; a PEM file names it", key->id);
	return 0;
}

static int encode_text(void *data, OSSL_CORE_BIO *out, const void *object,
		       const OSSL_PARAM abstract[], int selection, OSSL_PASSPHRASE_CALLBACK *ask,
		       void *arg)
{
	const struct key *key = object;
	struct encoder *e = data;
	BIO *bio;

	if (!key || abstract)
		return 0;
	if (key->chip && selection & PRIVATE) {
		bio = BIO_new_from_core_bio(e->prov->child, out);
		if (!bio)
			return 0;
		BIO_printf(bio, "Private-Key: 0x%08X in an SE05x\n", key->id);
		BIO_free(bio);
		selection = (selection & ~PRIVATE) | OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
	}
	return encode_there(e, out, key, selection, ask, arg);
}

#define ENCODER(name, output, structure, does_selection, encode)	\
static void *new_##name(void *prov)					\
{									\
	return new(prov, "output=" output, structure);			\
}									\
const OSSL_DISPATCH name##_encoder[] = {				\
	FUNCTION(OSSL_FUNC_ENCODER_NEWCTX, new_##name),			\
	FUNCTION(OSSL_FUNC_ENCODER_FREECTX, free_encoder),		\
	FUNCTION(OSSL_FUNC_ENCODER_SETTABLE_CTX_PARAMS, settable_params), \
	FUNCTION(OSSL_FUNC_ENCODER_SET_CTX_PARAMS, set_params),		\
	FUNCTION(OSSL_FUNC_ENCODER_DOES_SELECTION, does_selection),	\
	FUNCTION(OSSL_FUNC_ENCODER_ENCODE, encode),			\
	FUNCTION_END							\
}

/* What is written of a key in the chip is the same, whatever it is to look like. */
ENCODER(pem_pkcs8, "pem", "structure=PrivateKeyInfo", does_private, encode_pem);
ENCODER(der_pkcs8, "der", "structure=PrivateKeyInfo", does_private, encode_der);
ENCODER(pem_specific, "pem", "structure=type-specific", does_private, encode_pem);
ENCODER(der_specific, "der", "structure=type-specific", does_private, encode_der);
ENCODER(pem_pkcs1, "pem", "structure=pkcs1", does_private, encode_pem);
ENCODER(der_pkcs1, "der", "structure=pkcs1", does_private, encode_der);
ENCODER(text, "text", "", does_all, encode_text);
