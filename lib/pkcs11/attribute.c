// SPDX-License-Identifier: LGPL-2.1-or-later
/* Attributes of objects in the chip, and how a caller gets them */
#include <stdio.h>
#include <string.h>

#include "object.h"

static CK_RV put_text(struct p11_value *value, const char *text)
{
	return p11_put(value, text, strlen(text));
}

/* ---- who may what ---- */

/* What a key of that kind can do, where nobody says what it may */
static uint32_t abilities(const struct p11_object *object)
{
	switch (object->key_type) {
	case CKK_RSA:
		return SE05X_IOT_MAY_SIGN | SE05X_IOT_MAY_DECRYPT;
	case CKK_EC:
		return SE05X_IOT_MAY_SIGN | SE05X_IOT_MAY_AGREE;
	case CKK_EC_EDWARDS:
		return SE05X_IOT_MAY_SIGN;
	case CKK_EC_MONTGOMERY:
		return SE05X_IOT_MAY_AGREE;
	case CKK_AES:
		return SE05X_IOT_MAY_ENCRYPT | SE05X_IOT_MAY_DECRYPT | SE05X_IOT_MAY_SIGN |
		       SE05X_IOT_MAY_VERIFY;
	default:
		return SE05X_IOT_MAY_SIGN | SE05X_IOT_MAY_VERIFY | SE05X_IOT_MAY_DERIVE;
	}
}

static CK_RV rights_of(struct p11_object *object, uint32_t *rights)
{
	struct p11_chipobj *o = object->chip;
	CK_RV rv = p11_chipobj_attributes(object->token, o);

	*rights = SE05X_IOT_MAY_DELETE | abilities(object);
	if (!rv && o->has_attributes && o->attributes.policy_len)
		*rights &= se05x_iot_policy_rights(o->attributes.policy, o->attributes.policy_len);
	return rv;
}

/* Public halves work on the host: they may what fits to what the other half may. */
static uint32_t right_for(const struct p11_object *object, CK_ATTRIBUTE_TYPE usage)
{
	bool secret = object->class == CKO_SECRET_KEY;

	switch (usage) {
	case CKA_SIGN:
		return object->class == CKO_PUBLIC_KEY ? 0 : SE05X_IOT_MAY_SIGN;
	case CKA_VERIFY:
		return secret ? SE05X_IOT_MAY_VERIFY :
		       object->class == CKO_PUBLIC_KEY ? SE05X_IOT_MAY_SIGN : 0;
	case CKA_ENCRYPT:
		return secret ? SE05X_IOT_MAY_ENCRYPT :
		       object->class == CKO_PUBLIC_KEY ? SE05X_IOT_MAY_DECRYPT : 0;
	case CKA_DECRYPT:
		return object->class == CKO_PUBLIC_KEY ? 0 : SE05X_IOT_MAY_DECRYPT;
	case CKA_DERIVE:
		return object->class == CKO_PUBLIC_KEY ? 0 :
		       secret ? SE05X_IOT_MAY_DERIVE : SE05X_IOT_MAY_AGREE;
	default:
		return 0;
	}
}

bool p11_can(const struct p11_object *object, CK_ATTRIBUTE_TYPE usage)
{
	return abilities(object) & right_for(object, usage);
}

/* A public key without a private half verifies and encrypts as its type can. */
static CK_RV put_usage(struct p11_object *object, CK_ATTRIBUTE_TYPE usage,
		       struct p11_value *value)
{
	uint32_t rights = abilities(object);
	CK_RV rv = CKR_OK;

	if (object->chip->info.part != SE05X_IOT_PART_PUBLIC)
		rv = rights_of(object, &rights);
	return rv ? rv : p11_put_bool(value, rights & right_for(object, usage));
}

static CK_RV put_deletable(struct p11_object *object, struct p11_value *value)
{
	uint32_t rights;
	CK_RV rv = rights_of(object, &rights);

	return rv ? rv : p11_put_bool(value, rights & SE05X_IOT_MAY_DELETE &&
					 !p11_is_reserved(p11_id(object)));
}

/* ---- how it came to be ---- */

#define ORIGIN_GENERATED	2

static CK_RV is_generated(struct p11_object *object, bool *generated)
{
	struct p11_chipobj *o = object->chip;
	CK_RV rv = p11_chipobj_attributes(object->token, o);

	*generated = !rv && o->has_attributes && o->attributes.origin == ORIGIN_GENERATED;
	return rv;
}

static CK_RV put_origin(struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			struct p11_value *value)
{
	CK_ULONG mechanism = CK_UNAVAILABLE_INFORMATION;
	bool generated;
	CK_RV rv = is_generated(object, &generated);

	if (rv)
		return rv;
	if (type != CKA_KEY_GEN_MECHANISM)
		return p11_put_bool(value, generated);
	if (generated)
		mechanism = object->key_type == CKK_RSA ? CKM_RSA_PKCS_KEY_PAIR_GEN :
			    object->key_type == CKK_EC_EDWARDS ? CKM_EC_EDWARDS_KEY_PAIR_GEN :
			    object->key_type == CKK_EC_MONTGOMERY ?
			    CKM_EC_MONTGOMERY_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
	return p11_put_ulong(value, mechanism);
}

/* ---- by class ---- */

static CK_RV of_public_half(struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			    struct p11_value *value)
{
	EVP_PKEY *key;
	CK_RV rv;

	/* without asking the chip: what is known of the curve or the size already */
	if (type == CKA_EC_PARAMS && object->key_type != CKK_RSA) {
		uint8_t *der = NULL;
		size_t len = p11_curve_params(p11_curve(object), &der);

		rv = len ? p11_put(value, der, len) : CKR_HOST_MEMORY;
		OPENSSL_free(der);
		return rv;
	}
	rv = p11_public(object, &key);
	/* nobody may read it: then this key has no such attribute to tell */
	if (rv == CKR_KEY_FUNCTION_NOT_PERMITTED)
		return CKR_ATTRIBUTE_SENSITIVE;
	return rv ? rv : p11_key_attribute(key, type, value);
}

static CK_RV of_private_key(struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			    struct p11_value *value)
{
	switch (type) {
	case CKA_VALUE:
		return object->key_type == CKK_RSA ? CKR_ATTRIBUTE_TYPE_INVALID :
		       CKR_ATTRIBUTE_SENSITIVE;
	case CKA_PRIVATE_EXPONENT:
	case CKA_PRIME_1:
	case CKA_PRIME_2:
	case CKA_EXPONENT_1:
	case CKA_EXPONENT_2:
	case CKA_COEFFICIENT:
		return object->key_type == CKK_RSA ? CKR_ATTRIBUTE_SENSITIVE :
		       CKR_ATTRIBUTE_TYPE_INVALID;
	case CKA_ALWAYS_AUTHENTICATE:
		return p11_put_bool(value, false);
	case CKA_SUBJECT:
		return put_text(value, "");
	default:
		return of_public_half(object, type, value);
	}
}

static CK_RV of_secret_key(struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			   struct p11_value *value)
{
	switch (type) {
	case CKA_VALUE:
		return CKR_ATTRIBUTE_SENSITIVE;
	case CKA_VALUE_LEN:
		return p11_put_ulong(value, object->chip->info.size);
	case CKA_TRUSTED:
		return p11_put_bool(value, false);
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

static CK_RV of_public_key(struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			   struct p11_value *value)
{
	switch (type) {
	case CKA_TRUSTED:
		return p11_put_bool(value, false);
	case CKA_SUBJECT:
		return put_text(value, "");
	default:
		return of_public_half(object, type, value);
	}
}

static CK_RV of_data(struct p11_object *object, CK_ATTRIBUTE_TYPE type, struct p11_value *value)
{
	switch (type) {
	case CKA_VALUE:
		return p11_put(value, object->chip->file, object->chip->file_len);
	case CKA_APPLICATION:
	case CKA_OBJECT_ID:
		return put_text(value, "");
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

static CK_RV by_class(struct p11_object *object, CK_ATTRIBUTE_TYPE type,
		      struct p11_value *value)
{
	switch (object->class) {
	case CKO_PRIVATE_KEY:
		return of_private_key(object, type, value);
	case CKO_PUBLIC_KEY:
		return of_public_key(object, type, value);
	case CKO_SECRET_KEY:
		return of_secret_key(object, type, value);
	case CKO_CERTIFICATE:
		if (type == CKA_TRUSTED)
			return p11_put_bool(value, false);
		return p11_certificate_attribute(object->chip->file, object->chip->file_len, type,
						 value);
	default:
		return of_data(object, type, value);
	}
}

/* ---- of all, and of all keys ---- */

static CK_RV put_unique(const struct p11_object *object, struct p11_value *value)
{
	char text[16];

	snprintf(text, sizeof(text), "%08X-%lu", p11_id(object), object->class);
	return put_text(value, text);
}

static CK_RV put_label(struct p11_object *object, struct p11_value *value)
{
	char label[P11_LABEL_MAX];
	CK_RV rv = p11_label(object->token, object->chip, label);

	return rv ? rv : put_text(value, label);
}

static CK_RV put_id(struct p11_object *object, struct p11_value *value)
{
	uint8_t id[KEYS_CKA_ID_MAX];
	size_t len;
	CK_RV rv = p11_cka_id(object->token, object->chip, id, &len);

	return rv ? rv : p11_put(value, id, len);
}

static CK_RV of_key(struct p11_object *object, CK_ATTRIBUTE_TYPE type, struct p11_value *value)
{
	bool hidden = object->class != CKO_PUBLIC_KEY;

	switch (type) {
	case CKA_KEY_TYPE:
		return p11_put_ulong(value, object->key_type);
	case CKA_START_DATE:
	case CKA_END_DATE:
		return put_text(value, "");
	case CKA_LOCAL:
	case CKA_KEY_GEN_MECHANISM:
		return put_origin(object, type, value);
	case CKA_SIGN:
	case CKA_VERIFY:
	case CKA_ENCRYPT:
	case CKA_DECRYPT:
	case CKA_DERIVE:
		return put_usage(object, type, value);
	case CKA_WRAP:	/* no key is wrapped here */
	case CKA_UNWRAP:
	case CKA_SIGN_RECOVER:
	case CKA_VERIFY_RECOVER:
		return p11_put_bool(value, false);
	}
	if (hidden && (type == CKA_SENSITIVE || type == CKA_EXTRACTABLE ||
		       type == CKA_WRAP_WITH_TRUSTED))
		return p11_put_bool(value, type == CKA_SENSITIVE);
	if (hidden && (type == CKA_ALWAYS_SENSITIVE || type == CKA_NEVER_EXTRACTABLE))
		return put_origin(object, type, value);
	return by_class(object, type, value);
}

static CK_RV of_chip(struct p11_object *object, CK_ATTRIBUTE_TYPE type, struct p11_value *value)
{
	switch (type) {
	case CKA_CLASS:
		return p11_put_ulong(value, object->class);
	case CKA_TOKEN:
		return p11_put_bool(value, true);
	case CKA_PRIVATE:
		return p11_put_bool(value, object->class == CKO_PRIVATE_KEY ||
				       object->class == CKO_SECRET_KEY);
	case CKA_MODIFIABLE:
		return p11_put_bool(value, !p11_is_reserved(p11_id(object)));
	case CKA_COPYABLE:
		return p11_put_bool(value, false);
	case CKA_DESTROYABLE:
		return put_deletable(object, value);
	case CKA_UNIQUE_ID:
		return put_unique(object, value);
	case CKA_LABEL:
		return put_label(object, value);
	case CKA_ID:
		return object->class == CKO_DATA ? CKR_ATTRIBUTE_TYPE_INVALID :
		       put_id(object, value);
	default:
		return p11_is_key_class(object->class) ? of_key(object, type, value) :
		       by_class(object, type, value);
	}
}

CK_RV p11_attribute(struct p11_object *object, CK_ATTRIBUTE_TYPE type, struct p11_value *value)
{
	*value = (struct p11_value) { 0 };
	return object->chip ? of_chip(object, type, value) :
	       p11_host_attribute(object, type, value);
}

bool p11_attribute_bool(struct p11_object *object, CK_ATTRIBUTE_TYPE type)
{
	struct p11_value value;
	bool is = !p11_attribute(object, type, &value) && value.len && value.bytes[0];

	p11_value_clear(&value);
	return is;
}

/* ---- for a caller ---- */

/* CK_UNAVAILABLE_INFORMATION where there is nothing to be told: 2.40, 4.1.1 of C_Get... */
static CK_RV get_one(struct p11_object *object, CK_ATTRIBUTE *a)
{
	struct p11_value value;
	CK_ULONG room = a->ulValueLen;
	CK_RV rv = p11_attribute(object, a->type, &value);

	a->ulValueLen = rv ? CK_UNAVAILABLE_INFORMATION : value.len;
	if (!rv && a->pValue) {
		if (room < value.len) {
			a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
			rv = CKR_BUFFER_TOO_SMALL;
		} else {
			memcpy(a->pValue, value.bytes, value.len);
		}
	}
	p11_value_clear(&value);
	return rv;
}

/* All of them are answered, whatever became of one. */
static CK_RV get_all(struct p11_object *object, CK_ATTRIBUTE *attributes, CK_ULONG n)
{
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; i < n; i++) {
		CK_RV one = get_one(object, &attributes[i]);

		if (one == CKR_ATTRIBUTE_SENSITIVE || one == CKR_ATTRIBUTE_TYPE_INVALID ||
		    one == CKR_BUFFER_TOO_SMALL)
			rv = rv ? rv : one;
		else if (one)
			return one;
	}
	return rv;
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle,
			  CK_ATTRIBUTE *attributes, CK_ULONG n)
{
	struct p11_object *object;
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	if (!attributes || !n)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	rv = p11_object_get(s, object_handle, &object);
	if (rv)
		return p11_end(s, rv);
	rv = get_all(object, attributes, n);
	p11_object_put(object);
	return p11_end(s, rv);
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle, CK_ULONG *size)
{
	struct p11_object *object;
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	if (!size)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	rv = p11_object_get(s, object_handle, &object);
	if (rv)
		return p11_end(s, rv);
	*size = !object->chip ? object->secret_len : object->chip->file ?
		object->chip->file_len : object->chip->info.size;
	if (!*size)
		*size = CK_UNAVAILABLE_INFORMATION;
	p11_object_put(object);
	return p11_end(s, CKR_OK);
}
