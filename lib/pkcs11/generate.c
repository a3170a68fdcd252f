// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * New keys. Token keys are made in the chip, or imported there where it can't make them;
 * session keys are the host's.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "mech.h"

/* ---- templates ---- */

/* Of that class and type, if it says so at all? */
static bool fits(const struct p11_template *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	return p11_template_ulong(t, CKA_CLASS, class) == class &&
	       p11_template_ulong(t, CKA_KEY_TYPE, type) == type;
}

static bool wants_token(const struct p11_template *t)
{
	return p11_template_bool(t, CKA_TOKEN, false);
}

/* ---- secret keys ---- */

bool mech_good_secret(CK_KEY_TYPE type, CK_ULONG len)
{
	switch (type) {
	case CKK_AES:
		return len == 16 || len == 24 || len == 32;
	case CKK_GENERIC_SECRET:
	case CKK_SHA_1_HMAC:
	case CKK_SHA224_HMAC:
	case CKK_SHA256_HMAC:
	case CKK_SHA384_HMAC:
	case CKK_SHA512_HMAC:
	case CKK_HKDF:
		return len >= 1 && len <= SECRET_MAX;
	default:
		return false;
	}
}

static CK_RV generate(struct p11_session *s, const CK_MECHANISM *mechanism,
		      const CK_ATTRIBUTE *attributes, CK_ULONG n, CK_OBJECT_HANDLE *handle)
{
	const struct mechanism *m = mech_find(s->token, mechanism->mechanism, CKF_GENERATE);
	uint8_t value[SECRET_MAX];
	struct p11_template t;
	CK_ULONG len;
	CK_RV rv = p11_template_check(attributes, n, &t);

	if (!m)
		return CKR_MECHANISM_INVALID;
	if (mechanism->ulParameterLen)
		return CKR_MECHANISM_PARAM_INVALID;
	if (rv)
		return rv;
	if (!p11_template_find(&t, CKA_VALUE_LEN))
		return CKR_TEMPLATE_INCOMPLETE;
	if (!fits(&t, CKO_SECRET_KEY, m->key_type) || p11_template_find(&t, CKA_VALUE))
		return CKR_TEMPLATE_INCONSISTENT;
	len = p11_template_ulong(&t, CKA_VALUE_LEN, 0);
	if (!mech_good_secret(m->key_type, len))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (RAND_priv_bytes_ex(p11.lib, value, len, 0) != 1)
		return CKR_FUNCTION_FAILED;
	rv = p11_new_secret(s, &t, m->key_type, value, len, handle);
	OPENSSL_cleanse(value, sizeof(value));
	return rv;
}

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *template,
		    CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!mechanism || !key)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	return p11_end(s, generate(s, mechanism, template, n, key));
}

/* ---- key pairs ---- */

struct pair {
	CK_KEY_TYPE type;
	struct p11_template public, private;
	const struct se05x_iot_curve *curve;
	unsigned int bits;	/* of RSA's modulus */
	uint32_t rights;
};

static CK_RV want_curve(struct pair *p)
{
	const CK_ATTRIBUTE *params = p11_template_find(&p->public, CKA_EC_PARAMS);
	CK_KEY_TYPE type;

	if (!params)
		return CKR_TEMPLATE_INCOMPLETE;
	p->curve = p11_curve_from_params(params->pValue, params->ulValueLen);
	if (!p->curve)
		return CKR_CURVE_NOT_SUPPORTED;
	type = p->curve->id < SE05X_IOT_CURVE_ED25519 ? CKK_EC :
	       p->curve->id == SE05X_IOT_CURVE_ED25519 ? CKK_EC_EDWARDS : CKK_EC_MONTGOMERY;
	return type == p->type ? CKR_OK : CKR_CURVE_NOT_SUPPORTED;
}

static CK_RV want_modulus(struct pair *p)
{
	static const uint8_t f4[] = { 0x01, 0x00, 0x01 };
	const CK_ATTRIBUTE *e = p11_template_find(&p->public, CKA_PUBLIC_EXPONENT);
	const uint8_t *bytes = e ? e->pValue : f4;
	size_t len = e ? e->ulValueLen : sizeof(f4);

	if (!p11_template_find(&p->public, CKA_MODULUS_BITS))
		return CKR_TEMPLATE_INCOMPLETE;
	/* the chip takes no other exponent */
	for (; len && !*bytes; len--)
		bytes++;
	if (len != sizeof(f4) || memcmp(bytes, f4, len))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	switch (p11_template_ulong(&p->public, CKA_MODULUS_BITS, 0)) {
	case 1024:
	case 1152:
	case 2048:
	case 3072:
	case 4096:
		p->bits = p11_template_ulong(&p->public, CKA_MODULUS_BITS, 0);
		return CKR_OK;
	default:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
}

/* Without a word of the template's: to sign, unless it is said to be for something else */
static CK_RV want_rights(const struct p11_token *token, struct pair *p)
{
	bool derive = p11_template_bool(&p->private, CKA_DERIVE, p->type == CKK_EC_MONTGOMERY);
	bool decrypt = p11_template_bool(&p->private, CKA_DECRYPT, false) ||
		       p11_template_bool(&p->private, CKA_UNWRAP, false);
	bool sign = p11_template_bool(&p->private, CKA_SIGN, !derive && !decrypt);

	if (p->type == CKK_RSA) {
		/* the host pads what is to be signed, and the chip "decrypts" it */
		if (sign)
			p->rights |= SE05X_IOT_MAY_SIGN;
		if (sign || decrypt)
			p->rights |= SE05X_IOT_MAY_DECRYPT;
	} else {
		/* some ask for signatures of all curves */
		if (sign && p->type != CKK_EC_MONTGOMERY)
			p->rights |= SE05X_IOT_MAY_SIGN;
		if (derive && p->type != CKK_EC_EDWARDS)
			p->rights |= SE05X_IOT_MAY_AGREE;
	}
	return mech_can_be(token, p->type, p->rights) ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

static CK_RV want_pair(struct p11_session *s, struct pair *p)
{
	CK_RV rv;

	if (!fits(&p->public, CKO_PUBLIC_KEY, p->type) ||
	    !fits(&p->private, CKO_PRIVATE_KEY, p->type) ||
	    (wants_token(&p->public) && !wants_token(&p->private)))
		return CKR_TEMPLATE_INCONSISTENT;
	rv = p->type == CKK_RSA ? want_modulus(p) : want_curve(p);
	return rv ? rv : want_rights(s->token, p);
}

static int make_pair(struct se05x_iot *iot, uint32_t id, const struct se05x_iot_new *how,
		     bool *begun, void *arg, struct se05x_call *call)
{
	const struct pair *p = arg;

	(void)begun;
	return p->curve ? se05x_iot_ec_generate(iot, id, p->curve->id, how, NULL, call) :
	       se05x_iot_rsa_generate(iot, id, p->bits, how, call);
}

/* One half, which takes the key */
static CK_RV soft_half(struct p11_session *s, CK_OBJECT_CLASS class, const struct pair *p,
		       EVP_PKEY *key, CK_OBJECT_HANDLE *handle)
{
	struct p11_object *object;
	CK_RV rv = !key ? CKR_FUNCTION_FAILED :
		   p11_host_new(s, class, p->type, class == CKO_PUBLIC_KEY ? &p->public :
				&p->private, &object);

	if (rv) {
		EVP_PKEY_free(key);
		return rv;
	}
	object->key = key;
	return p11_publish(object, handle);
}

static void drop(CK_OBJECT_HANDLE handle)
{
	struct p11_object *object;

	pthread_mutex_lock(&p11.lock);
	object = p11_table_get(&p11.objects, handle);
	if (object)
		p11_table_remove(&p11.objects, handle);
	pthread_mutex_unlock(&p11.lock);
	p11_object_put(object);
}

static CK_RV pair_on_host(struct p11_session *s, const struct pair *p, CK_OBJECT_HANDLE *public,
			  CK_OBJECT_HANDLE *private)
{
	EVP_PKEY *key = soft_generate(p->curve, p->bits);
	CK_RV rv;

	if (!key)
		return CKR_FUNCTION_FAILED;
	/* the private number is to go with the private half */
	rv = soft_half(s, CKO_PUBLIC_KEY, p, soft_public(key), public);
	if (rv) {
		EVP_PKEY_free(key);
		return rv;
	}
	rv = soft_half(s, CKO_PRIVATE_KEY, p, key, private);
	if (rv)
		drop(*public);
	return rv;
}

static CK_RV generate_pair(struct p11_session *s, const CK_MECHANISM *mechanism, struct pair *p,
			   CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	/* GnuTLS asks for pairs on Ed25519 by the mechanism of their signatures */
	const struct mechanism *m = mech_find(s->token, mechanism->mechanism == CKM_EDDSA ?
					      CKM_EC_EDWARDS_KEY_PAIR_GEN : mechanism->mechanism,
					      CKF_GENERATE_KEY_PAIR);
	struct p11_making making = {
		.private = &p->private, .public = &p->public, .make = make_pair, .arg = p,
	};
	CK_RV rv;

	if (!m)
		return CKR_MECHANISM_INVALID;
	if (mechanism->ulParameterLen)
		return CKR_MECHANISM_PARAM_INVALID;
	p->type = m->key_type;
	rv = want_pair(s, p);
	if (rv)
		return rv;
	if (!wants_token(&p->private))
		return pair_on_host(s, p, public, private);
	making.rights = p->rights | SE05X_IOT_MAY_READ;
	rv = p11_make(s, &making, private, public);
	/* X448 is not in every chip; and what the chip did not take is not its caller's fault */
	return rv == CKR_FUNCTION_NOT_SUPPORTED && p->curve ? CKR_CURVE_NOT_SUPPORTED :
	       rv == CKR_ARGUMENTS_BAD ? CKR_FUNCTION_FAILED : rv;
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			CK_ATTRIBUTE *public_template, CK_ULONG public_n,
			CK_ATTRIBUTE *private_template, CK_ULONG private_n,
			CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	struct pair p = { 0 };
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!mechanism || !public || !private)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	rv = p11_template_check(public_template, public_n, &p.public);
	if (!rv)
		rv = p11_template_check(private_template, private_n, &p.private);
	return p11_end(s, rv ? rv : generate_pair(s, mechanism, &p, public, private));
}
