// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A file that names a key in the chip: PEM around DER
 *
 *	SE05XKey ::= SEQUENCE {
 *		version		INTEGER (1),
 *		id		INTEGER,
 *		chip		OCTET STRING (SIZE (18)),	-- its unique number
 *		user		[0] INTEGER OPTIONAL,		-- UserID that the key wants
 *		publicKey	SubjectPublicKeyInfo
 *	}
 *
 * It comes from anywhere. So it has no name and no path in it: who hands such a file to
 * a program must not choose which file or device that opens. One key has one DER, and
 * every other one is refused.
 */
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "keys.h"

#define VERSION_1	1
#define TEXT_MAX	8192	/* of the base64: an RSA key of 4096 bits has 800 characters */

typedef struct {
	int64_t version;
	ASN1_INTEGER *id;
	ASN1_OCTET_STRING *chip;
	ASN1_INTEGER *user;
	ASN1_STRING *public;	/* its DER as it is */
} KEY_REF;

ASN1_SEQUENCE(KEY_REF) = {
	ASN1_EMBED(KEY_REF, version, INT64),
	ASN1_SIMPLE(KEY_REF, id, ASN1_INTEGER),
	ASN1_SIMPLE(KEY_REF, chip, ASN1_OCTET_STRING),
	ASN1_IMP_OPT(KEY_REF, user, ASN1_INTEGER, 0),
	ASN1_SIMPLE(KEY_REF, public, ASN1_SEQUENCE)
} static_ASN1_SEQUENCE_END(KEY_REF)

typedef struct {
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *key;
} KEY_SPKI;

ASN1_SEQUENCE(KEY_SPKI) = {
	ASN1_SIMPLE(KEY_SPKI, algorithm, X509_ALGOR),
	ASN1_SIMPLE(KEY_SPKI, key, ASN1_BIT_STRING)
} static_ASN1_SEQUENCE_END(KEY_SPKI)

/* Of a key as keymgmts are called; NULL: no such kind */
static const char *kind_name(int nid)
{
	switch (nid) {
	case NID_X9_62_id_ecPublicKey:
		return "EC";
	case NID_rsaEncryption:
		return "RSA";
	case NID_rsassaPss:
		return "RSA-PSS";
	case NID_ED25519:
		return "ED25519";
	case NID_X25519:
		return "X25519";
	case NID_X448:
		return "X448";
	default:
		return NULL;
	}
}

/* An object's number; false: that is none */
static bool take_id(const ASN1_INTEGER *number, uint32_t *id)
{
	uint64_t n;

	if (!ASN1_INTEGER_get_uint64(&n, number) || !n || n >= UINT32_MAX)
		return false;
	*id = n;
	return true;
}

/* Is it the one and only DER of what was read out of it? */
static bool is_der(const void *value, const ASN1_ITEM *item, const uint8_t *der, size_t len)
{
	uint8_t *again = NULL;
	int n = ASN1_item_i2d(value, &again, item);
	bool same = n > 0 && (size_t)n == len && !memcmp(again, der, len);

	OPENSSL_free(again);
	return same;
}

static const char *take_public(const ASN1_STRING *der, struct keys_ref *ref)
{
	const uint8_t *at = ASN1_STRING_get0_data(der);
	size_t len = ASN1_STRING_length(der);
	KEY_SPKI *spki = (KEY_SPKI *)ASN1_item_d2i(NULL, &at, len, ASN1_ITEM_rptr(KEY_SPKI));
	const ASN1_OBJECT *algorithm;
	const char *why = NULL;

	if (!spki || !is_der(spki, ASN1_ITEM_rptr(KEY_SPKI), ASN1_STRING_get0_data(der), len)) {
		why = "what it has of the public key is none";
	} else {
		X509_ALGOR_get0(&algorithm, NULL, NULL, spki->algorithm);
		ref->kind = kind_name(OBJ_obj2nid(algorithm));
		if (!ref->kind)
			why = "the public key is of a kind that no chip has";
	}
	ASN1_item_free((ASN1_VALUE *)spki, ASN1_ITEM_rptr(KEY_SPKI));
	if (why)
		return why;
	ref->spki = OPENSSL_memdup(ASN1_STRING_get0_data(der), len);
	ref->spki_len = len;
	return ref->spki ? NULL : "no memory";
}

static const char *take(const KEY_REF *in, struct keys_ref *ref)
{
	if (in->version != VERSION_1)
		return "it is of a version that is not known here";
	if (!take_id(in->id, &ref->id) || (in->user && !take_id(in->user, &ref->user)))
		return "the identifier in it is none";
	if (ASN1_STRING_length(in->chip) != SE05X_IOT_UID_LEN)
		return "the chip's number in it has not 18 bytes";
	memcpy(ref->chip, ASN1_STRING_get0_data(in->chip), SE05X_IOT_UID_LEN);
	return take_public(in->public, ref);
}

bool keys_ref_decode(const void *der, size_t len, struct keys_ref *ref, const char **why)
{
	const uint8_t *at = der;
	KEY_REF *in;

	*ref = (struct keys_ref) { };
	ERR_set_mark();
	in = (KEY_REF *)ASN1_item_d2i(NULL, &at, len, ASN1_ITEM_rptr(KEY_REF));
	if (!in || !is_der(in, ASN1_ITEM_rptr(KEY_REF), der, len))
		*why = "damaged, or there is more in it than a key's name";
	else
		*why = take(in, ref);
	ASN1_item_free((ASN1_VALUE *)in, ASN1_ITEM_rptr(KEY_REF));
	ERR_pop_to_mark();
	if (*why)
		keys_ref_clear(ref);
	return !*why;
}

void keys_ref_clear(struct keys_ref *ref)
{
	OPENSSL_free(ref->spki);
	*ref = (struct keys_ref) { };
}

int keys_ref_encode(const struct keys_ref *ref, uint8_t **der)
{
	KEY_REF *out = (KEY_REF *)ASN1_item_new(ASN1_ITEM_rptr(KEY_REF));
	int len = -1;

	*der = NULL;
	if (!out)
		return -1;
	out->version = VERSION_1;
	if (ref->user)
		out->user = ASN1_INTEGER_new();
	if ((!ref->user || (out->user && ASN1_INTEGER_set_uint64(out->user, ref->user))) &&
	    ASN1_INTEGER_set_uint64(out->id, ref->id) &&
	    ASN1_OCTET_STRING_set(out->chip, ref->chip, sizeof(ref->chip)) &&
	    ASN1_STRING_set(out->public, ref->spki, ref->spki_len))
		len = ASN1_item_i2d((ASN1_VALUE *)out, der, ASN1_ITEM_rptr(KEY_REF));
	ASN1_item_free((ASN1_VALUE *)out, ASN1_ITEM_rptr(KEY_REF));
	return len;
}

bool keys_ref_write(BIO *bio, const struct keys_ref *ref)
{
	uint8_t *der;
	int len = keys_ref_encode(ref, &der);
	bool good = len > 0 && PEM_write_bio(bio, KEYS_REF_PEM, "", der, len) > 0;

	OPENSSL_free(der);
	return good;
}

/* ---- PEM ---- */

#define BEGIN	"-----BEGIN "
#define DASHES	"-----"

/* A line without blanks and CR at its end. Return: its length; -1: there is none. */
static int get_line(BIO *bio, char line[256])
{
	int n = BIO_gets(bio, line, 256);

	if (n <= 0)
		return -1;
	while (n && strchr(" \t\r\n", line[n - 1]))
		n--;
	line[n] = 0;
	return n;
}

/* From the first line after BEGIN to END, also of what is bad. Return: why it is. */
static const char *read_text(BIO *bio, char text[TEXT_MAX], size_t *len)
{
	const char *why = NULL;
	char line[256];

	for (*len = 0;;) {
		int n = get_line(bio, line);

		if (n < 0)
			return why ? why : "cut off: it has no end";
		if (!strcmp(line, "-----END " KEYS_REF_PEM DASHES))
			return why;
		if (!strncmp(line, DASHES, strlen(DASHES)))
			return why ? why : "cut off: another block begins or ends in it";
		if (strchr(line, ':'))
			why = "there are lines like 'NAME: VALUE' in it, which no such file has";
		else if (*len + n + 1 > TEXT_MAX)
			why = "too long";
		if (why)
			continue;
		memcpy(text + *len, line, n);
		*len += n;
		text[(*len)++] = '\n';
	}
}

static bool from_base64(const char *text, size_t text_len, uint8_t *der, size_t *len)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	int n = 0, more = 0;
	bool good = false;

	if (ctx) {
		EVP_DecodeInit(ctx);
		good = EVP_DecodeUpdate(ctx, der, &n, (const uint8_t *)text, text_len) >= 0 &&
		       EVP_DecodeFinal(ctx, der + n, &more) == 1;
	}
	EVP_ENCODE_CTX_free(ctx);
	*len = n + more;
	return good;
}

enum keys_ref_found keys_ref_read(BIO *bio, struct keys_ref *ref, const char **why)
{
	char text[TEXT_MAX], line[256];
	uint8_t der[TEXT_MAX];
	size_t text_len, len;

	*ref = (struct keys_ref) { };
	do {
		if (get_line(bio, line) < 0)
			return KEYS_REF_NONE;
	} while (strncmp(line, BEGIN, strlen(BEGIN)));
	if (strcmp(line, BEGIN KEYS_REF_PEM DASHES))
		return KEYS_REF_NONE;
	*why = read_text(bio, text, &text_len);
	if (!*why && !from_base64(text, text_len, der, &len))
		*why = "damaged: that is no base64";
	if (*why || !keys_ref_decode(der, len, ref, why))
		return KEYS_REF_BAD;
	return KEYS_REF_GOOD;
}
