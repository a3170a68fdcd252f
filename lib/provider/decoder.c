// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files that name a key: PEM to DER, and of that one decoder for each type of key
 *
 * They are asked about every PEM and DER that any program reads, so what is not ours
 * goes on to the next decoder as if we were not there. The chip is not asked: whether it
 * has that key is seen when the key is first used.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_object.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "provider.h"

/* ---- both ---- */

struct decoder {
	struct provider *prov;
	enum type type;
};

static void *new(struct provider *prov, enum type type)
{
	struct decoder *d = OPENSSL_zalloc(sizeof(*d));

	if (d) {
		d->prov = prov;
		d->type = type;
	}
	return d;
}

static void free_decoder(void *data)
{
	OPENSSL_free(data);
}

/* No public keys and no parameters; 0: whatever is there */
static int does_selection(void *prov, int selection)
{
	(void)prov;
	return !selection || selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY;
}

/*
 * Why a decoder of DER made no key: the one of PEM, which called it in the same thread,
 * raises that once more, since on its way up OpenSSL forgets it
 */
static _Thread_local char reason[400];

static void keep_reason(void)
{
	const char *text = NULL;
	int flags = 0;

	ERR_peek_last_error_all(NULL, NULL, NULL, &text, &flags);
	if (text && flags & ERR_TXT_STRING && !strncmp(text, RAISED, strlen(RAISED)))
		snprintf(reason, sizeof(reason), "%s", text + strlen(RAISED));
}

/* An RSA key of 4096 bits has 600 bytes */
#define DER_MAX	1024

static void raise_long(const struct keys_ref *ref)
{
	raise_text("0x%08X: the public key in its file is longer than any chip's", ref->id);
}

/* ---- PEM ---- */

static int give_der(const struct keys_ref *ref, OSSL_CALLBACK *callback, void *arg)
{
	int type = OSSL_OBJECT_PKEY, ok, len;
	uint8_t *der;
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, (char *)ref->kind,
				       strlen(ref->kind)),
		OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE, STRUCTURE,
				       strlen(STRUCTURE)),
		OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_DATA, NULL, 0),
		OSSL_PARAM_END,
	};

	len = keys_ref_encode(ref, &der);
	if (len <= 0)
		return 0;
	params[3].data = der;
	params[3].data_size = len;
	*reason = 0;
	ok = len <= DER_MAX && callback(params, arg);
	if (len > DER_MAX)
		raise_long(ref);
	else if (!ok && *reason)
		raise_text("%s", reason);
	OPENSSL_free(der);
	return ok;
}

static void *new_pem(void *prov)
{
	return new(prov, TYPES);
}

static int decode_pem(void *data, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *callback,
		      void *arg, OSSL_PASSPHRASE_CALLBACK *ask, void *ask_arg)
{
	const struct decoder *d = data;
	BIO *bio = BIO_new_from_core_bio(d->prov->child, in);
	struct keys_ref ref;
	const char *why;
	int ok = 1;

	(void)selection;
	(void)ask;
	(void)ask_arg;
	if (!bio)
		return 0;
	switch (keys_ref_read(bio, &ref, &why)) {
	case KEYS_REF_NONE:
		break;
	case KEYS_REF_BAD:
		raise_text("the file with a key's name is bad: %s", why);
		ok = 0;
		break;
	case KEYS_REF_GOOD:
		ok = give_der(&ref, callback, arg);
		break;
	}
	keys_ref_clear(&ref);
	BIO_free(bio);
	return ok;
}

const OSSL_DISPATCH pem_decoder[] = {
	FUNCTION(OSSL_FUNC_DECODER_NEWCTX, new_pem),
	FUNCTION(OSSL_FUNC_DECODER_FREECTX, free_decoder),
	FUNCTION(OSSL_FUNC_DECODER_DOES_SELECTION, does_selection),
	FUNCTION(OSSL_FUNC_DECODER_DECODE, decode_pem),
	FUNCTION_END
};

/* ---- DER ---- */

/* One SEQUENCE. Return: its bytes; 0: it is none, or longer than any of ours. */
static size_t read_der(struct provider *prov, OSSL_CORE_BIO *in, uint8_t der[DER_MAX])
{
	BIO *bio = BIO_new_from_core_bio(prov->child, in);
	size_t len = 0, n = 4;

	while (bio && len < n) {
		size_t got = 0;

		if (!BIO_read_ex(bio, der + len, n - len, &got) || !got)
			break;
		len += got;
		if (n > 4 || len < 4)
			continue;
		if (der[0] != 0x30)
			break;
		n = der[1] < 0x80 ? 2u + der[1] : der[1] == 0x81 ? 3u + der[2] :
		    der[1] == 0x82 ? 4u + (der[2] << 8 | der[3]) : 0;
		if (n <= 4 || n > DER_MAX)
			break;
	}
	BIO_free(bio);
	return n > 4 && len == n ? len : 0;
}

static struct key *claim(struct provider *prov, const struct keys_ref *ref,
			 OSSL_PASSPHRASE_CALLBACK *ask, void *arg)
{
	const uint8_t *at = ref->spki;
	struct place place = {
		.chip = provider_chip(prov, NULL), .id = ref->id, .user = ref->user,
		.uid = ref->chip,
	};
	EVP_PKEY *public;
	struct key *key = NULL;

	ERR_set_mark();
	public = d2i_PUBKEY_ex(NULL, &at, ref->spki_len, prov->own, NULL);
	ERR_pop_to_mark();
	if (!place.chip)
		raise_text("no memory");
	else if (!public || (EVP_PKEY_is_a(public, "EC") && !keys_curve(public)))
		raise_text("0x%08X: the public key in its file is none, or on a curve that no chip"
			   " has", ref->id);
	else if (EVP_PKEY_get_size(public) > SE05X_IOT_SIG_MAX)
		raise_long(ref);
	else if (!ref->user || (place.pin = pin_ask(prov, &place, ask, arg)))
		key = key_claim(prov, &place, public);
	/* a server's workers may have no right to open it */
	if (key)
		keys_chip_open(place.chip);
	keys_secret_free(place.pin);
	EVP_PKEY_free(public);
	return key;
}

static int decode_der(void *data, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *callback,
		      void *arg, OSSL_PASSPHRASE_CALLBACK *ask, void *ask_arg)
{
	const struct decoder *d = data;
	char *name = (char *)type_name(d->type);
	int type = OSSL_OBJECT_PKEY, ok = 1;
	uint8_t der[DER_MAX];
	struct keys_ref ref;
	struct key *key;
	const char *why;
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, name, strlen(name)),
		OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key)),
		OSSL_PARAM_END,
	};
	size_t len = read_der(d->prov, in, der);

	(void)selection;
	if (!len || !keys_ref_decode(der, len, &ref, &why))
		return 1;
	if (!strcmp(ref.kind, name)) {
		key = claim(d->prov, &ref, ask, ask_arg);
		if (!key)
			keep_reason();
		ok = key && callback(params, arg);
		key_free(key);	/* who took it counted */
	}
	keys_ref_clear(&ref);
	return ok;
}

#define DECODER(type_, TYPE_)						\
static void *new_##type_(void *prov)					\
{									\
	return new(prov, TYPE_);					\
}									\
const OSSL_DISPATCH type_##_decoder[] = {				\
	FUNCTION(OSSL_FUNC_DECODER_NEWCTX, new_##type_),		\
	FUNCTION(OSSL_FUNC_DECODER_FREECTX, free_decoder),		\
	FUNCTION(OSSL_FUNC_DECODER_DOES_SELECTION, does_selection),	\
	FUNCTION(OSSL_FUNC_DECODER_DECODE, decode_der),			\
	FUNCTION_END							\
}

DECODER(ec, TYPE_EC);
DECODER(rsa, TYPE_RSA);
DECODER(rsa_pss, TYPE_RSA_PSS);
DECODER(ed25519, TYPE_ED25519);
DECODER(x25519, TYPE_X25519);
DECODER(x448, TYPE_X448);
