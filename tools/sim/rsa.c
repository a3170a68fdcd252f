// SPDX-License-Identifier: GPL-2.0-only
/*
 * RSA keys by libcrypto
 *
 * The value of such an object is the parts that came so far, each as tag 1, length 2
 * and the part; the tags are those of WriteRSAKey.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "object.h"
#include "policy.h"
#include "rsa.h"

#define PART_P		TAG_3
#define PART_Q		TAG_4
#define PART_DP		TAG_5
#define PART_DQ		TAG_6
#define PART_QINV	TAG_7
#define PART_E		TAG_8
#define PART_D		TAG_9
#define PART_N		TAG_10

#define FORMAT_RAW	0x4f
#define E_MAX		4	/* bytes of a public exponent */
#define VALUE_MAX	(8 * 3 + 512 / 2 * 5 + 2 * 512 + E_MAX)

#define ALGORITHM_NOPAD	0x0c
#define ALGORITHM_PKCS1	0x0a
#define ALGORITHM_OAEP	0x0f	/* SHA-1 */

/* What a chip may take: guesses, but tens of seconds for the long ones are real. */
static const struct size {
	uint16_t bits;
	uint32_t generate_ms;
	uint32_t private_ms;
} sizes[] = {
	{ 512, 500, 30 },
	{ 1024, 2500, 60 },
	{ 1152, 3000, 70 },
	{ 2048, 12000, 180 },
	{ 3072, 40000, 500 },
	{ 4096, 90000, 1100 },
};

static const struct size *find_size(uint32_t bits)
{
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (sizes[i].bits == bits)
			return &sizes[i];
	return NULL;
}

uint32_t rsa_private_ms(const struct object *key)
{
	return find_size(key->bits)->private_ms;
}

/* ---- parts ---- */

static bool find_part(const struct object *key, uint8_t tag, struct tlv *part)
{
	const uint8_t *at = key->value, *end = at + key->len;

	for (; at < end; at += 3 + part->len) {
		*part = (struct tlv) { .value = at + 3, .len = get_be(at + 1, 2) };
		if (at[0] == tag)
			return true;
	}
	return false;
}

static BIGNUM *number(const struct object *key, uint8_t tag)
{
	struct tlv part;

	return find_part(key, tag, &part) ? BN_bin2bn(part.value, part.len, NULL) : NULL;
}

static size_t put_part(uint8_t *at, uint8_t tag, const uint8_t *value, size_t len)
{
	at[0] = tag;
	put_be16(at + 1, len);
	memcpy(at + 3, value, len);
	return 3 + len;
}

/* The value of @key with one part more, or another one in its place */
static size_t with_part(const struct object *key, uint8_t tag, const struct tlv *part,
			uint8_t value[VALUE_MAX])
{
	size_t len = 0;
	struct tlv old;
	uint8_t t;

	for (t = PART_P; t <= PART_N; t++)
		if (t == tag)
			len += put_part(value + len, t, part->value, part->len);
		else if (find_part(key, t, &old))
			len += put_part(value + len, t, old.value, old.len);
	return len;
}

static bool part_fits(uint16_t bits, uint8_t tag, size_t len)
{
	switch (tag) {
	case PART_E:
		return len >= 1 && len <= E_MAX;
	case PART_D:
	case PART_N:
		return len == bits / 8;
	default:
		return len == bits / 16;
	}
}

/* ---- a key to libcrypto ---- */

static bool push(OSSL_PARAM_BLD *bld, const char *name, const BIGNUM *n)
{
	return OSSL_PARAM_BLD_push_BN(bld, name, n);
}

/* n of a CRT key, if it did not come; and d, which never does */
static bool complete(const struct object *key, BIGNUM **n, BIGNUM *e, BIGNUM **d)
{
	BIGNUM *p = number(key, PART_P), *q = number(key, PART_Q);
	BN_CTX *ctx = BN_CTX_new();
	bool ok = p && q && ctx;

	if (ok && !*n) {
		*n = BN_new();
		ok = *n && BN_mul(*n, p, q, ctx);
	}
	if (ok) {
		BIGNUM *phi = BN_new();

		*d = BN_new();
		ok = phi && *d && BN_sub_word(p, 1) && BN_sub_word(q, 1) &&
		     BN_mul(phi, p, q, ctx) && BN_mod_inverse(*d, e, phi, ctx);
		BN_clear_free(phi);
	}
	BN_CTX_free(ctx);
	BN_clear_free(p);
	BN_clear_free(q);
	return ok;
}

static bool push_crt(OSSL_PARAM_BLD *bld, const struct object *key, BIGNUM *parts[5])
{
	static const char *const names[] = {
		OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};
	int i;

	for (i = 0; i < 5; i++) {
		parts[i] = number(key, PART_P + i);
		if (!parts[i] || !push(bld, names[i], parts[i]))
			return false;
	}
	return true;
}

static bool is_crt(const struct object *key)
{
	return key->type == TYPE_RSA_PAIR_CRT;
}

/* Return: NULL if parts are missing or make no key. */
static EVP_PKEY *rsa_key(const struct object *key, bool private)
{
	BIGNUM *n = number(key, PART_N), *e = number(key, PART_E), *d = number(key, PART_D);
	BIGNUM *crt[5] = { };
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	int i;

	if (!bld || !ctx || !e || (is_crt(key) && !complete(key, &n, e, &d)) || !n ||
	    !push(bld, OSSL_PKEY_PARAM_RSA_N, n) || !push(bld, OSSL_PKEY_PARAM_RSA_E, e))
		goto out;
	if (private && (!d || !push(bld, OSSL_PKEY_PARAM_RSA_D, d) ||
			(is_crt(key) && !push_crt(bld, key, crt))))
		goto out;
	params = OSSL_PARAM_BLD_to_param(bld);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			      params) != 1)
		pkey = NULL;
out:
	for (i = 0; i < 5; i++)
		BN_clear_free(crt[i]);
	BN_free(n);
	BN_free(e);
	BN_clear_free(d);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* ---- making keys ---- */

static size_t pull(EVP_PKEY *pkey, const char *name, uint8_t tag, size_t len, uint8_t *at)
{
	uint8_t part[512];
	BIGNUM *n = NULL;
	size_t put = 0;

	if (EVP_PKEY_get_bn_param(pkey, name, &n) == 1) {
		if (!len)
			len = BN_num_bytes(n);
		if (BN_bn2binpad(n, part, len) == (int)len)
			put = put_part(at, tag, part, len);
	}
	OPENSSL_cleanse(part, sizeof(part));
	BN_clear_free(n);
	return put;
}

/* Return: length of @value, 0 if libcrypto failed. */
static size_t generate(uint16_t bits, bool crt, uint8_t value[VALUE_MAX])
{
	const struct { const char *name; uint8_t tag; size_t len; } parts[] = {
		{ OSSL_PKEY_PARAM_RSA_FACTOR1, PART_P, bits / 16 },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, PART_Q, bits / 16 },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT1, PART_DP, bits / 16 },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, PART_DQ, bits / 16 },
		{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, PART_QINV, bits / 16 },
		{ OSSL_PKEY_PARAM_RSA_E, PART_E, 0 },
		{ OSSL_PKEY_PARAM_RSA_D, PART_D, bits / 8 },
		{ OSSL_PKEY_PARAM_RSA_N, PART_N, bits / 8 },
	};
	EVP_PKEY *pkey = EVP_RSA_gen(bits);
	size_t len = 0, i;

	for (i = 0; pkey && i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t put = 0;

		if (crt ? parts[i].tag == PART_D : parts[i].tag < PART_E)
			continue;
		put = pull(pkey, parts[i].name, parts[i].tag, parts[i].len, value + len);
		len = put ? len + put : 0;
		if (!put)
			break;
	}
	EVP_PKEY_free(pkey);
	return len;
}

/* What this command is about: 0 if P1 says no part, as it may for a key that is there. */
static uint8_t wanted_type(const struct call *call)
{
	bool raw = call->apdu->p2 == FORMAT_RAW;

	switch (call->apdu->p1 & ~P1_MASK) {
	case P1_PAIR:
		return raw ? TYPE_RSA_PAIR : TYPE_RSA_PAIR_CRT;
	case P1_PUBLIC:
		return TYPE_RSA_PUBLIC;
	default:
		return 0;
	}
}

/* The one part that came. 0: none, 0xff: more than one, which is not taken [U]. */
static uint8_t part_tag(const struct call *call)
{
	uint8_t found = 0, tag;

	for (tag = PART_P; tag <= PART_N; tag++)
		if (has(call, tag))
			found = found ? 0xff : tag;
	return found;
}

static uint16_t new_key(struct call *call, uint8_t type, struct object **made)
{
	uint32_t bits;
	uint16_t sw;

	if (!tlv_number(arg(call, TAG_2), 2, &bits) || !find_size(bits))
		return SW_DATA;
	sw = object_new(call, type, 0, made);
	if (sw != SW_OK)
		return sw;
	(*made)->bits = bits;
	if (object_size(*made) > store_free(&call->iot->store, (*made)->transient)) {
		object_free(*made);
		return SW_MEMORY;
	}
	return SW_OK;
}

static uint16_t fill_key(struct call *call, struct object *key, uint8_t tag)
{
	const struct tlv *part = arg(call, tag);
	uint8_t value[VALUE_MAX];
	size_t len;
	uint16_t sw;

	if (tag) {
		if (!part_fits(key->bits, tag, part->len) ||
		    (key->type == TYPE_RSA_PUBLIC && tag != PART_E && tag != PART_N))
			return SW_DATA;
		len = with_part(key, tag, part, value);
	} else {
		if (key->type == TYPE_RSA_PUBLIC)
			return SW_DATA;
		len = generate(key->bits, is_crt(key), value);
		call->delay_ms = find_size(key->bits)->generate_ms;
	}
	sw = len ? object_set_value(call, key, value, len) : SW_INTERNAL;
	OPENSSL_cleanse(value, sizeof(value));
	if (sw != SW_OK)
		return sw;
	key->origin = tag ? ORIGIN_EXTERNAL : ORIGIN_INTERNAL;
	object_set_version(call, key);
	return SW_OK;
}

uint16_t cmd_write_rsa_key(struct call *call)
{
	uint8_t tag = part_tag(call), type = wanted_type(call);
	struct object *old, *key;
	uint32_t bits;
	uint16_t sw;

	if (tag == 0xff || ((call->apdu->p1 & ~P1_MASK) && !type))
		return SW_DATA;	/* private parts alone are not taken any more */
	if (!type) {
		sw = find_object(call, TAG_1, 0, &old);
		if (sw != SW_OK)
			return sw;
		type = old->type;
		if (type < TYPE_RSA_PAIR || type > TYPE_RSA_PUBLIC || !tag)
			return SW_CONDITIONS;
	}
	sw = write_begin(call, type, tag ? RIGHT_WRITE : RIGHT_GEN, &old);
	if (sw != SW_OK)
		return sw;
	if (old && has(call, TAG_2) &&
	    (!tlv_number(arg(call, TAG_2), 2, &bits) || bits != old->bits))
		return SW_CONDITIONS;
	key = old;
	if (!old)
		sw = new_key(call, type, &key);
	if (sw != SW_OK)
		return sw;
	sw = fill_key(call, key, tag);
	if (sw == SW_OK && !old)
		store_add(&call->iot->store, key);
	else if (!old)
		object_free(key);
	return sw == SW_OK ? iot_save_object(call, key) : sw;
}

uint16_t rsa_read(struct call *call, const struct object *key)
{
	uint8_t value[512];
	EVP_PKEY *pkey;
	BIGNUM *n = NULL;
	uint32_t component;
	int len = -1;

	if (!tlv_number(arg(call, TAG_4), 1, &component) || component > 1)
		return SW_DATA;
	pkey = rsa_key(key, false);
	if (pkey && EVP_PKEY_get_bn_param(pkey, component ? OSSL_PKEY_PARAM_RSA_E :
					  OSSL_PKEY_PARAM_RSA_N, &n) == 1)
		len = BN_bn2binpad(n, value, component ? BN_num_bytes(n) : key->bits / 8);
	BN_free(n);
	EVP_PKEY_free(pkey);
	if (len < 0)
		return SW_CONDITIONS;	/* not all of it is there yet */
	rsp_tlv(call->rsp, TAG_1, value, len);
	return SW_OK;
}

/* ---- using them ---- */

static bool set_padding(EVP_PKEY_CTX *ctx, bool pss, uint32_t salt)
{
	if (!pss)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1;
}

uint16_t rsa_sign(const struct object *key, bool pss, const char *digest, uint32_t salt,
		  const uint8_t *message, size_t len, uint8_t *sig, size_t *sig_len)
{
	EVP_PKEY *pkey = key->type == TYPE_RSA_PUBLIC ? NULL : rsa_key(key, true);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	uint16_t sw = SW_CONDITIONS;

	*sig_len = key->bits / 8;
	if (pkey && md && EVP_DigestSignInit_ex(md, &ctx, digest, NULL, NULL, pkey, NULL) == 1)
		sw = set_padding(ctx, pss, salt) &&
		     EVP_DigestSign(md, sig, sig_len, message, len) == 1 ? SW_OK : SW_DATA;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(pkey);
	return sw;
}

uint16_t rsa_verify(const struct object *key, bool pss, const char *digest, uint32_t salt,
		    const uint8_t *message, size_t len, const uint8_t *sig, size_t sig_len,
		    bool *good)
{
	EVP_PKEY *pkey = rsa_key(key, false);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	uint16_t sw = SW_CONDITIONS;

	if (pkey && md &&
	    EVP_DigestVerifyInit_ex(md, &ctx, digest, NULL, NULL, pkey, NULL) == 1) {
		*good = set_padding(ctx, pss, salt) &&
			EVP_DigestVerify(md, sig, sig_len, message, len) == 1;
		sw = SW_OK;
	}
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(pkey);
	return sw;
}

static int padding(uint32_t algorithm)
{
	switch (algorithm) {
	case ALGORITHM_NOPAD:
		return RSA_NO_PADDING;
	case ALGORITHM_PKCS1:
		return RSA_PKCS1_PADDING;
	case ALGORITHM_OAEP:
		return RSA_PKCS1_OAEP_PADDING;
	default:
		return 0;
	}
}

static uint16_t rsa_crypt(struct call *call, bool decrypt)
{
	const struct tlv *data = arg(call, TAG_3);
	uint8_t out[512];
	size_t len = sizeof(out);
	struct object *key;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *ctx;
	uint32_t algorithm = 0;
	uint16_t sw = find_typed(call, TAG_1, RSA_PAIRS | (decrypt ? 0 : IS_TYPE(TYPE_RSA_PUBLIC)),
				 decrypt ? RIGHT_DEC : RIGHT_ENC, &key);
	bool ok;

	if (sw != SW_OK)
		return sw;
	if (!tlv_number(arg(call, TAG_2), 1, &algorithm) || !padding(algorithm) || !data->value)
		return SW_DATA;
	if ((decrypt || algorithm == ALGORITHM_NOPAD) && data->len != key->bits / 8)
		return SW_DATA;
	pkey = rsa_key(key, decrypt);
	if (!pkey)
		return SW_CONDITIONS;
	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	ok = ctx && (decrypt ? EVP_PKEY_decrypt_init(ctx) : EVP_PKEY_encrypt_init(ctx)) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, padding(algorithm)) == 1 &&
	     (decrypt ? EVP_PKEY_decrypt(ctx, out, &len, data->value, data->len) :
			EVP_PKEY_encrypt(ctx, out, &len, data->value, data->len)) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	if (decrypt)
		call->delay_ms = rsa_private_ms(key);
	if (ok)
		rsp_tlv(call->rsp, TAG_1, out, len);
	OPENSSL_cleanse(out, sizeof(out));
	return ok ? SW_OK : SW_DATA;
}

uint16_t cmd_rsa_encrypt(struct call *call)
{
	return rsa_crypt(call, false);
}

uint16_t cmd_rsa_decrypt(struct call *call)
{
	return rsa_crypt(call, true);
}
