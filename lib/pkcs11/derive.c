// SPDX-License-Identifier: LGPL-2.1-or-later
/* Keys that are derived: what comes out is on the host, for the session as a rule */
#include <string.h>

#include <openssl/crypto.h>

#include "mech.h"

/* What its caller wants to have derived */
struct wanted {
	struct p11_template t;
	CK_KEY_TYPE type;
	CK_ULONG len;		/* 0: all that comes */
};

static CK_RV want(const CK_ATTRIBUTE *attributes, CK_ULONG n, struct wanted *w)
{
	CK_RV rv = p11_template_check(attributes, n, &w->t);

	if (rv)
		return rv;
	w->type = p11_template_ulong(&w->t, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
	w->len = p11_template_ulong(&w->t, CKA_VALUE_LEN, 0);
	if (p11_template_ulong(&w->t, CKA_CLASS, CKO_SECRET_KEY) != CKO_SECRET_KEY ||
	    p11_template_find(&w->t, CKA_VALUE))
		return CKR_TEMPLATE_INCONSISTENT;
	if (w->type == CKK_AES && !p11_template_find(&w->t, CKA_VALUE_LEN))
		return CKR_TEMPLATE_INCOMPLETE;
	/* without a length any that the type can have */
	return mech_good_secret(w->type, p11_template_ulong(&w->t, CKA_VALUE_LEN, 1)) ? CKR_OK :
	       CKR_ATTRIBUTE_VALUE_INVALID;
}

/* ---- ECDH ---- */

/* SHA's KDFs by their numbers, which are in no order of hashes; NULL: none of them */
static const struct keys_hash *hash_of_kdf(ck_ec_kdf_t kdf)
{
	switch (kdf) {
	case CKD_SHA1_KDF:
		return keys_hash(SE05X_IOT_HASH_SHA1);
	case CKD_SHA224_KDF:
		return keys_hash(SE05X_IOT_HASH_SHA224);
	case CKD_SHA256_KDF:
		return keys_hash(SE05X_IOT_HASH_SHA256);
	case CKD_SHA384_KDF:
		return keys_hash(SE05X_IOT_HASH_SHA384);
	case CKD_SHA512_KDF:
		return keys_hash(SE05X_IOT_HASH_SHA512);
	default:
		return NULL;
	}
}

/* The shared secret with what the parameter says of the other side */
static CK_RV agree(const struct key *key, const CK_ECDH1_DERIVE_PARAMS *p, uint8_t *secret,
		   size_t *len)
{
	const struct se05x_iot_curve *curve = p11_curve(key->object);
	const uint8_t *point = p->pPublicData ?
			       p11_point(curve, p->pPublicData, p->ulPublicDataLen) : NULL;
	EVP_PKEY *peer = point ? keys_from_point(p11.lib, curve, point) : NULL;
	uint8_t any = 0;
	CK_RV rv;

	if (!peer)
		return CKR_MECHANISM_PARAM_INVALID;	/* not on the curve, for one */
	rv = key_ecdh(key, peer, point, secret, len);
	EVP_PKEY_free(peer);
	for (size_t i = 0; !rv && i < *len; i++)
		any |= secret[i];
	/* RFC 7748, 6.1: with a point of small order anybody knows the secret; some refuse it */
	return !rv && !any ? CKR_MECHANISM_PARAM_INVALID : rv;
}

static CK_RV ecdh(struct p11_session *s, const struct key *key, const CK_MECHANISM *mechanism,
		  struct wanted *w, CK_OBJECT_HANDLE *handle)
{
	const CK_ECDH1_DERIVE_PARAMS *p = mechanism->pParameter;
	uint8_t z[SE05X_IOT_POINT_MAX], derived[SECRET_MAX], *value = z;
	const struct keys_hash *hash;
	struct secret secret = { .value = z, .len = sizeof(z) };
	CK_RV rv;

	if (!p11_curve(key->object))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!p || mechanism->ulParameterLen != sizeof(*p))
		return CKR_MECHANISM_PARAM_INVALID;
	hash = hash_of_kdf(p->kdf);
	if ((!hash && (p->kdf != CKD_NULL || p->ulSharedDataLen)) ||
	    (p->ulSharedDataLen && !p->pSharedData))
		return CKR_MECHANISM_PARAM_INVALID;
	if (!hash && w->len > p11_curve(key->object)->size)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	rv = agree(key, p, z, &secret.len);
	if (!w->len)
		w->len = hash ? hash->len : secret.len;
	if (!rv && hash) {
		value = derived;
		rv = soft_x963(&secret, hash, p->pSharedData, p->ulSharedDataLen, value, w->len);
	} else if (!rv) {
		/* what is too much is cut off in front */
		value = z + secret.len - w->len;
	}
	if (!rv)
		rv = p11_new_secret(s, &w->t, w->type, value, w->len, handle);
	OPENSSL_cleanse(z, sizeof(z));
	OPENSSL_cleanse(derived, sizeof(derived));
	return rv;
}

/* ---- HKDF ---- */

/* The salt's key, if it is one: of the host, as the chip takes bytes only */
static CK_RV salt_key(struct p11_session *s, const struct p11_hkdf_params *p, struct hkdf *h,
		      struct p11_object **salt)
{
	if (p11_object_get(s, p->salt_key, salt))
		return CKR_KEY_HANDLE_INVALID;
	if ((*salt)->class != CKO_SECRET_KEY || (*salt)->chip)
		return CKR_KEY_TYPE_INCONSISTENT;
	h->salt = (*salt)->secret;
	h->salt_len = (*salt)->secret_len;
	return CKR_OK;
}

static CK_RV hkdf_parameter(struct p11_session *s, const CK_MECHANISM *mechanism, struct hkdf *h,
			    struct p11_object **salt)
{
	const struct p11_hkdf_params *p = mechanism->pParameter;

	if (!p || mechanism->ulParameterLen != sizeof(*p))
		return CKR_MECHANISM_PARAM_INVALID;
	*h = (struct hkdf) {
		.extract = p->extract, .expand = p->expand, .hash = mech_hash_named(p->hash),
		.info = p->info, .info_len = p->info_len,
	};
	if (!h->hash || (!h->extract && !h->expand) || (h->info_len && !h->info))
		return CKR_MECHANISM_PARAM_INVALID;
	switch (h->extract ? p->salt_type : CKF_HKDF_SALT_NULL) {
	case CKF_HKDF_SALT_NULL:
		return CKR_OK;
	case CKF_HKDF_SALT_DATA:
		if (p->salt_len && !p->salt)
			return CKR_MECHANISM_PARAM_INVALID;
		h->salt = p->salt;
		h->salt_len = p->salt_len;
		return CKR_OK;
	case CKF_HKDF_SALT_KEY:
		return salt_key(s, p, h, salt);
	default:
		return CKR_MECHANISM_PARAM_INVALID;
	}
}

static CK_RV hkdf(struct p11_session *s, const struct key *key, const CK_MECHANISM *mechanism,
		  struct wanted *w, CK_OBJECT_HANDLE *handle)
{
	struct p11_object *salt = NULL;
	uint8_t value[SECRET_MAX];
	struct hkdf h;
	CK_RV rv = hkdf_parameter(s, mechanism, &h, &salt);

	if (!rv && !w->len)
		w->len = h.hash->len;
	/* extraction alone has one length, and expansion an end */
	if (!rv && (h.expand ? w->len > 255 * h.hash->len : w->len != h.hash->len))
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	if (!rv)
		rv = key_hkdf(key, &h, value, w->len);
	if (!rv)
		rv = p11_new_secret(s, &w->t, w->type, value, w->len, handle);
	if (salt)
		p11_object_put(salt);
	OPENSSL_cleanse(value, sizeof(value));
	return rv;
}

/* ---- both ---- */

static CK_RV derive(struct p11_session *s, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
		    struct wanted *w, CK_OBJECT_HANDLE *handle)
{
	const struct mechanism *m = mech_find(s->token, mechanism->mechanism, CKF_DERIVE);
	struct key key;
	CK_RV rv;

	if (!m)
		return CKR_MECHANISM_INVALID;
	rv = op_check_type(s, m, base);
	if (!rv)
		rv = key_take(s, base, CKF_DERIVE, &key);
	if (rv)
		return rv;
	rv = (m->type == CKM_HKDF_DERIVE ? hkdf : ecdh)(s, &key, mechanism, w, handle);
	key_drop(&key);
	return rv;
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
		  CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	struct p11_session *s;
	struct wanted w;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!mechanism || !key)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	rv = want(template, n, &w);
	return p11_end(s, rv ? rv : derive(s, mechanism, base, &w, key));
}
