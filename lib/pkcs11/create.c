// SPDX-License-Identifier: LGPL-2.1-or-later
/* C_CreateObject: keys, certificates and data from outside */
#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>

#include "mech.h"
#include "object.h"

#define RSA_BITS_MIN	1024	/* as the mechanisms say; the chip takes 512 too */

/* What goes into the chip */
struct material {
	EVP_PKEY *key;
	enum se05x_iot_kind kind;	/* of @bytes */
	const void *bytes;
	size_t len;
};

/* ---- into the chip ---- */

static bool get_scalar(EVP_PKEY *key, const struct se05x_iot_curve *curve, uint8_t *scalar)
{
	BIGNUM *n = NULL;
	size_t len;
	bool good;

	if (curve->id >= SE05X_IOT_CURVE_ED25519)
		return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PRIV_KEY, scalar,
						       SE05X_IOT_POINT_MAX, &len) == 1 &&
		       len == curve->size;
	good = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &n) == 1 &&
	       BN_bn2binpad(n, scalar, curve->size) == curve->size;
	BN_clear_free(n);
	return good;
}

static int make_ec(struct se05x_iot *iot, uint32_t id, const struct se05x_iot_new *how,
		   bool private, EVP_PKEY *key, struct se05x_call *call)
{
	const struct se05x_iot_curve *curve = keys_curve(key);
	uint8_t scalar[SE05X_IOT_POINT_MAX], point[SE05X_IOT_POINT_MAX];
	size_t len;
	int ret = -EINVAL;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					    &len) == 1 &&
	    len == se05x_iot_point_len(curve->id) &&
	    (!private || get_scalar(key, curve, scalar)))
		ret = se05x_iot_ec_import(iot, id, curve->id, private ? scalar : NULL, point, how,
					  NULL, call);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	return ret;
}

/* The numbers of an RSA key, one behind the other in @bytes */
static void get_numbers(EVP_PKEY *key, bool private, struct se05x_iot_rsa *rsa,
			uint8_t bytes[8 * SE05X_IOT_SIG_MAX])
{
	const struct {
		const char *name;
		struct se05x_iot_number *number;
	} numbers[] = {
		{ OSSL_PKEY_PARAM_RSA_N, &rsa->n }, { OSSL_PKEY_PARAM_RSA_E, &rsa->e },
		{ OSSL_PKEY_PARAM_RSA_D, &rsa->d }, { OSSL_PKEY_PARAM_RSA_FACTOR1, &rsa->p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, &rsa->q },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT1, &rsa->dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, &rsa->dq },
		{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &rsa->qinv },
	};

	for (size_t i = 0; i < (private ? ARRAY_SIZE(numbers) : 2); i++) {
		BIGNUM *n = NULL;

		if (EVP_PKEY_get_bn_param(key, numbers[i].name, &n) != 1)
			continue;
		if (BN_num_bytes(n) <= SE05X_IOT_SIG_MAX) {
			numbers[i].number->bytes = bytes;
			numbers[i].number->len = BN_bn2bin(n, bytes);
			bytes += SE05X_IOT_SIG_MAX;
		}
		BN_clear_free(n);
	}
	/* by the remainder theorem, if all of it is there */
	if (rsa->qinv.len)
		rsa->d = (struct se05x_iot_number) { NULL, 0 };
	else
		rsa->p = rsa->q = rsa->dp = rsa->dq = (struct se05x_iot_number) { NULL, 0 };
}

static int make_rsa(struct se05x_iot *iot, uint32_t id, const struct se05x_iot_new *how,
		    bool private, EVP_PKEY *key, bool *begun, struct se05x_call *call)
{
	uint8_t bytes[8 * SE05X_IOT_SIG_MAX];
	struct se05x_iot_rsa rsa = { 0 };
	int ret;

	get_numbers(key, private, &rsa, bytes);
	ret = se05x_iot_rsa_import(iot, id, EVP_PKEY_get_bits(key), &rsa, how, begun, call);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return ret;
}

struct import {
	const struct material *material;
	bool private;
};

static int make(struct se05x_iot *iot, uint32_t id, const struct se05x_iot_new *how, bool *begun,
		void *arg, struct se05x_call *call)
{
	const struct import *in = arg;
	const struct material *m = in->material;
	size_t done = 0;
	int ret;

	if (m->key && EVP_PKEY_is_a(m->key, "RSA"))
		return make_rsa(iot, id, how, in->private, m->key, begun, call);
	if (m->key)
		return make_ec(iot, id, how, in->private, m->key, call);
	if (m->kind != SE05X_IOT_KIND_BINARY)
		return se05x_iot_key_import(iot, id, m->kind, m->bytes, m->len, how, call);
	ret = se05x_iot_binary_create(iot, id, m->bytes, m->len, how, &done, call);
	*begun = done;
	return ret;
}

/* ---- rights ---- */

static uint32_t if_wanted(const struct p11_template *t, CK_ATTRIBUTE_TYPE usage, uint32_t right)
{
	return p11_template_bool(t, usage, true) ? right : 0;
}

/* The EC pair of a FIPS chip does one of the two: to sign, unless the template says otherwise. */
static uint32_t ec_rights(const struct p11_template *t, bool fips)
{
	bool derive = p11_template_bool(t, CKA_DERIVE, !fips);

	return (p11_template_bool(t, CKA_SIGN, !fips || !derive) ? SE05X_IOT_MAY_SIGN : 0) |
	       (derive ? SE05X_IOT_MAY_AGREE : 0);
}

/* What the template does not forbid; a chip may refuse some of it for a kind of key */
static uint32_t rights_of(const struct p11_template *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
			  bool fips)
{
	uint32_t rights;

	switch (class) {
	case CKO_PUBLIC_KEY:
		rights = SE05X_IOT_MAY_READ | SE05X_IOT_MAY_VERIFY;
		return type == CKK_RSA ? rights | SE05X_IOT_MAY_ENCRYPT | SE05X_IOT_MAY_WRITE : rights;
	case CKO_PRIVATE_KEY:
		break;
	case CKO_SECRET_KEY:
		rights = if_wanted(t, CKA_SIGN, SE05X_IOT_MAY_SIGN) |
			 if_wanted(t, CKA_VERIFY, SE05X_IOT_MAY_VERIFY);
		if (type != CKK_AES)
			return rights | if_wanted(t, CKA_DERIVE, SE05X_IOT_MAY_DERIVE);
		return rights | if_wanted(t, CKA_ENCRYPT, SE05X_IOT_MAY_ENCRYPT) |
		       if_wanted(t, CKA_DECRYPT, SE05X_IOT_MAY_DECRYPT);
	default:	/* files: whoever may delete one may as well write it */
		return SE05X_IOT_MAY_READ | SE05X_IOT_MAY_WRITE;
	}
	rights = SE05X_IOT_MAY_READ;
	if (type == CKK_EC)
		return rights | ec_rights(t, fips);
	if (type != CKK_EC_MONTGOMERY)
		rights |= if_wanted(t, CKA_SIGN, SE05X_IOT_MAY_SIGN);
	else
		rights |= if_wanted(t, CKA_DERIVE, SE05X_IOT_MAY_AGREE);
	/* it comes number by number, and each but the first writes a key that is there */
	if (type == CKK_RSA)
		rights |= SE05X_IOT_MAY_WRITE;
	/* the host pads, and the chip decrypts what it shall sign */
	if (type == CKK_RSA && (rights & SE05X_IOT_MAY_SIGN ||
				p11_template_bool(t, CKA_DECRYPT, true)))
		rights |= SE05X_IOT_MAY_DECRYPT;
	return rights;
}

/* ---- out of the template ---- */

static CK_RV get_bytes(const struct p11_template *t, struct material *m)
{
	const CK_ATTRIBUTE *a = p11_template_find(t, CKA_VALUE);

	if (!a || !a->ulValueLen)
		return CKR_TEMPLATE_INCOMPLETE;
	m->bytes = a->pValue;
	m->len = a->ulValueLen;
	return CKR_OK;
}

static CK_RV get_secret(const struct p11_template *t, CK_KEY_TYPE type, bool token,
			struct material *m)
{
	CK_RV rv = get_bytes(t, m);

	if (rv)
		return rv;
	if (p11_template_ulong(t, CKA_VALUE_LEN, m->len) != m->len)
		return CKR_TEMPLATE_INCONSISTENT;
	switch (type) {
	case CKK_AES:
		m->kind = SE05X_IOT_KIND_AES;
		return m->len == 16 || m->len == 24 || m->len == 32 ? CKR_OK :
		       CKR_ATTRIBUTE_VALUE_INVALID;
	case CKK_GENERIC_SECRET:
	case CKK_SHA_1_HMAC:
	case CKK_SHA224_HMAC:
	case CKK_SHA256_HMAC:
	case CKK_SHA384_HMAC:
	case CKK_SHA512_HMAC:
	case CKK_HKDF:
		m->kind = SE05X_IOT_KIND_HMAC;
		return m->len <= 256 || !token ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
	default:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
}

static CK_RV get_file(const struct p11_template *t, CK_OBJECT_CLASS class, struct material *m)
{
	bool token = p11_template_bool(t, CKA_TOKEN, false);
	CK_RV rv = get_bytes(t, m);

	m->kind = SE05X_IOT_KIND_BINARY;
	/* data may be empty, but the chip has no empty files */
	if (rv && class == CKO_DATA && !token)
		m->bytes = "";
	else if (rv)
		return rv;
	if (class == CKO_DATA) {
		const CK_ATTRIBUTE *application = p11_template_find(t, CKA_APPLICATION);
		const CK_ATTRIBUTE *id = p11_template_find(t, CKA_OBJECT_ID);

		if (token && ((application && application->ulValueLen) ||
			      (id && id->ulValueLen))) {
			p11_log("data in the chip has no APPLICATION and no OBJECT_ID");
			return CKR_TEMPLATE_INCONSISTENT;
		}
		return m->len <= SE05X_IOT_BINARY_MAX ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
	}
	if (p11_template_ulong(t, CKA_CERTIFICATE_TYPE, CKC_X_509) != CKC_X_509)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return p11_is_certificate(m->bytes, m->len) && m->len <= SE05X_IOT_BINARY_MAX ? CKR_OK :
	       CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV get_material(const struct p11_template *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
			  bool token, struct material *m)
{
	switch (class) {
	case CKO_PUBLIC_KEY:
	case CKO_PRIVATE_KEY:
		return p11_key_from_template(t, class, type, &m->key);
	case CKO_SECRET_KEY:
		return get_secret(t, type, token, m);
	case CKO_CERTIFICATE:
	case CKO_DATA:
		return get_file(t, class, m);
	default:
		p11_log("objects of class 0x%lX are not kept", class);
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
}

/* ---- made ---- */

static CK_RV on_host(struct p11_session *s, const struct p11_template *t, CK_OBJECT_CLASS class,
		     CK_KEY_TYPE type, struct material *m, CK_OBJECT_HANDLE *handle)
{
	struct p11_object *object;
	CK_RV rv = p11_host_new(s, class, type, t, &object);

	if (rv)
		return rv;
	object->key = m->key;
	m->key = NULL;
	if (m->bytes) {
		object->secret = OPENSSL_malloc(m->len + !m->len);
		if (!object->secret) {
			p11_object_put(object);
			return CKR_HOST_MEMORY;
		}
		memcpy(object->secret, m->bytes, m->len);
		object->secret_len = m->len;
	}
	return p11_publish(object, handle);
}

/* The public half of a key that is there is no second object. */
static CK_RV find_half(struct p11_session *s, EVP_PKEY *key, CK_OBJECT_HANDLE *handle)
{
	CK_RV rv = p11_refresh(s->token);

	*handle = 0;
	for (struct p11_chipobj *o = s->token->objects; o && !rv && !*handle; o = o->next) {
		struct p11_object *half;

		rv = o->gone ? CKR_OK : p11_chipobj_type(s->token, o);
		if (rv || o->gone || !p11_is_key(o))
			continue;
		rv = p11_chipobj_public(s->token, o);
		if (rv || !o->public || EVP_PKEY_eq(o->public, key) != 1)
			continue;
		pthread_mutex_lock(&p11.lock);
		half = o->gone ? NULL : p11_half(s->token, o, 0);
		if (half) {
			o->hidden = false;
			*handle = half->handle;
		}
		pthread_mutex_unlock(&p11.lock);
	}
	return rv;
}

/* What the chip refused, or does not have, is what the template asked for. */
static CK_RV refused(CK_RV rv, const struct material *m)
{
	if (rv == CKR_FUNCTION_NOT_SUPPORTED && m->key && !EVP_PKEY_is_a(m->key, "RSA"))
		return CKR_CURVE_NOT_SUPPORTED;
	return rv == CKR_ARGUMENTS_BAD || rv == CKR_FUNCTION_NOT_SUPPORTED ?
	       CKR_ATTRIBUTE_VALUE_INVALID : rv;
}

static CK_RV in_chip(struct p11_session *s, const struct p11_template *t, CK_OBJECT_CLASS class,
		     CK_KEY_TYPE type, struct material *m, CK_OBJECT_HANDLE *handle)
{
	struct import in = { m, class == CKO_PRIVATE_KEY };
	struct p11_making making = {
		.private = t, .rights = rights_of(t, class, type, mech_is_fips(s->token)),
		.make = make, .arg = &in,
	};
	CK_RV rv;

	if (m->key && EVP_PKEY_is_a(m->key, "RSA") && EVP_PKEY_get_bits(m->key) < RSA_BITS_MIN)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (class == CKO_PRIVATE_KEY && !mech_can_be(s->token, type, making.rights))
		return CKR_TEMPLATE_INCONSISTENT;
	if (class == CKO_PUBLIC_KEY) {
		rv = s->rw ? find_half(s, m->key, handle) : CKR_SESSION_READ_ONLY;
		if (rv || *handle)
			return rv;
	}
	return refused(p11_make(s, &making, handle, NULL), m);
}

CK_RV p11_new_secret(struct p11_session *s, const struct p11_template *t, CK_KEY_TYPE type,
		     const void *value, size_t len, CK_OBJECT_HANDLE *handle)
{
	struct material m = {
		.kind = type == CKK_AES ? SE05X_IOT_KIND_AES : SE05X_IOT_KIND_HMAC,
		.bytes = value, .len = len,
	};

	return p11_template_bool(t, CKA_TOKEN, false) ?
	       in_chip(s, t, CKO_SECRET_KEY, type, &m, handle) :
	       on_host(s, t, CKO_SECRET_KEY, type, &m, handle);
}

static CK_RV create(struct p11_session *s, const CK_ATTRIBUTE *attributes, CK_ULONG n,
		    CK_OBJECT_HANDLE *handle)
{
	bool token, key;
	struct material m = { 0 };
	struct p11_template t;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	CK_RV rv = p11_template_check(attributes, n, &t);

	if (rv)
		return rv;
	class = p11_template_ulong(&t, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	type = p11_template_ulong(&t, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	token = p11_template_bool(&t, CKA_TOKEN, false);
	key = p11_is_key_class(class);
	if (class == CK_UNAVAILABLE_INFORMATION || (key && type == CK_UNAVAILABLE_INFORMATION) ||
	    (class == CKO_CERTIFICATE && !p11_template_find(&t, CKA_CERTIFICATE_TYPE)))
		return CKR_TEMPLATE_INCOMPLETE;
	rv = get_material(&t, class, type, token, &m);
	if (!rv)
		rv = token ? in_chip(s, &t, class, type, &m, handle) :
		     on_host(s, &t, class, type, &m, handle);
	if (m.key)
		EVP_PKEY_free(m.key);
	return rv;
}

CK_RV C_CreateObject(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *attributes, CK_ULONG n,
		     CK_OBJECT_HANDLE *object)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	if (!object || !attributes || !n)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	return p11_end(s, create(s, attributes, n, object));
}
