// SPDX-License-Identifier: LGPL-2.1-or-later
/* Templates, and what is written in them in DER */
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "pkcs11.h"

/* ---- attributes ---- */

enum kind {
	BYTES,
	BOOL,
	ULONG,
	DATE,	/* empty, or a CK_DATE */
};

static const struct {
	CK_ATTRIBUTE_TYPE type;
	enum kind kind;
} known[] = {
	{ CKA_CLASS, ULONG }, { CKA_TOKEN, BOOL }, { CKA_PRIVATE, BOOL }, { CKA_LABEL, BYTES },
	{ CKA_UNIQUE_ID, BYTES }, { CKA_APPLICATION, BYTES }, { CKA_VALUE, BYTES },
	{ CKA_OBJECT_ID, BYTES }, { CKA_CERTIFICATE_TYPE, ULONG }, { CKA_ISSUER, BYTES },
	{ CKA_SERIAL_NUMBER, BYTES }, { CKA_TRUSTED, BOOL }, { CKA_CERTIFICATE_CATEGORY, ULONG },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN, ULONG }, { CKA_URL, BYTES },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, BYTES }, { CKA_HASH_OF_ISSUER_PUBLIC_KEY, BYTES },
	{ CKA_NAME_HASH_ALGORITHM, ULONG }, { CKA_CHECK_VALUE, BYTES }, { CKA_KEY_TYPE, ULONG },
	{ CKA_SUBJECT, BYTES }, { CKA_ID, BYTES }, { CKA_SENSITIVE, BOOL }, { CKA_ENCRYPT, BOOL },
	{ CKA_DECRYPT, BOOL }, { CKA_WRAP, BOOL }, { CKA_UNWRAP, BOOL }, { CKA_SIGN, BOOL },
	{ CKA_SIGN_RECOVER, BOOL }, { CKA_VERIFY, BOOL }, { CKA_VERIFY_RECOVER, BOOL },
	{ CKA_DERIVE, BOOL }, { CKA_START_DATE, DATE }, { CKA_END_DATE, DATE },
	{ CKA_MODULUS, BYTES }, { CKA_MODULUS_BITS, ULONG }, { CKA_PUBLIC_EXPONENT, BYTES },
	{ CKA_PRIVATE_EXPONENT, BYTES }, { CKA_PRIME_1, BYTES }, { CKA_PRIME_2, BYTES },
	{ CKA_EXPONENT_1, BYTES }, { CKA_EXPONENT_2, BYTES }, { CKA_COEFFICIENT, BYTES },
	{ CKA_PUBLIC_KEY_INFO, BYTES }, { CKA_VALUE_LEN, ULONG }, { CKA_EXTRACTABLE, BOOL },
	{ CKA_LOCAL, BOOL }, { CKA_NEVER_EXTRACTABLE, BOOL }, { CKA_ALWAYS_SENSITIVE, BOOL },
	{ CKA_KEY_GEN_MECHANISM, ULONG }, { CKA_MODIFIABLE, BOOL }, { CKA_COPYABLE, BOOL },
	{ CKA_DESTROYABLE, BOOL }, { CKA_EC_PARAMS, BYTES }, { CKA_EC_POINT, BYTES },
	{ CKA_ALWAYS_AUTHENTICATE, BOOL }, { CKA_WRAP_WITH_TRUSTED, BOOL },
};

static bool kind_of(CK_ATTRIBUTE_TYPE type, enum kind *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].type != type)
			continue;
		*kind = known[i].kind;
		return true;
	}
	return false;
}

static bool good_value(enum kind kind, const CK_ATTRIBUTE *a)
{
	if (a->ulValueLen == CK_UNAVAILABLE_INFORMATION || a->ulValueLen > INT32_MAX ||
	    (a->ulValueLen && !a->pValue))
		return false;
	switch (kind) {
	case BOOL:
		return a->ulValueLen == sizeof(CK_BBOOL);
	case ULONG:
		return a->ulValueLen == sizeof(CK_ULONG);
	case DATE:
		return !a->ulValueLen || a->ulValueLen == sizeof(CK_DATE);
	default:
		return true;
	}
}

CK_RV p11_template_check(const CK_ATTRIBUTE *attributes, CK_ULONG n, struct p11_template *t)
{
	enum kind kind;

	*t = (struct p11_template) { attributes, n };
	if (n && !attributes)
		return CKR_ARGUMENTS_BAD;
	for (CK_ULONG i = 0; i < n; i++) {
		if (!kind_of(attributes[i].type, &kind)) {
			p11_log("attribute 0x%lX is not known", attributes[i].type);
			return CKR_ATTRIBUTE_TYPE_INVALID;
		}
		if (!good_value(kind, &attributes[i])) {
			p11_log("attribute 0x%lX has no value of its kind", attributes[i].type);
			return CKR_ATTRIBUTE_VALUE_INVALID;
		}
		for (CK_ULONG j = 0; j < i; j++)
			if (attributes[j].type == attributes[i].type)
				return CKR_TEMPLATE_INCONSISTENT;
	}
	return CKR_OK;
}

const CK_ATTRIBUTE *p11_template_find(const struct p11_template *t, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; t && i < t->n; i++)
		if (t->attributes[i].type == type)
			return &t->attributes[i];
	return NULL;
}

bool p11_template_bool(const struct p11_template *t, CK_ATTRIBUTE_TYPE type, bool missing)
{
	const CK_ATTRIBUTE *a = p11_template_find(t, type);

	return a ? *(const CK_BBOOL *)a->pValue != CK_FALSE : missing;
}

CK_ULONG p11_template_ulong(const struct p11_template *t, CK_ATTRIBUTE_TYPE type,
			    CK_ULONG missing)
{
	const CK_ATTRIBUTE *a = p11_template_find(t, type);
	CK_ULONG value = missing;

	if (a)	/* it may stand anywhere */
		memcpy(&value, a->pValue, sizeof(value));
	return value;
}

/* ---- curves and points ---- */

static const struct se05x_iot_curve *curve_by_text(const uint8_t *text, size_t len)
{
	char name[40];

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, text, len);
	name[len] = 0;
	/* as PKCS#11 3.0 and its drafts write them */
	if (!strcmp(name, "edwards25519"))
		return se05x_iot_curve(SE05X_IOT_CURVE_ED25519);
	if (!strcmp(name, "curve25519"))
		return se05x_iot_curve(SE05X_IOT_CURVE_X25519);
	if (!strcmp(name, "curve448"))
		return se05x_iot_curve(SE05X_IOT_CURVE_X448);
	return se05x_iot_curve_by_name(name);
}

static int nid_of(const struct se05x_iot_curve *curve)
{
	switch (curve->id) {
	case SE05X_IOT_CURVE_ED25519:
		return NID_ED25519;
	case SE05X_IOT_CURVE_X25519:
		return NID_X25519;
	case SE05X_IOT_CURVE_X448:
		return NID_X448;
	default:
		return OBJ_sn2nid(keys_group(curve));
	}
}

/* Curves have numbers from 1 to X448's. */
static const struct se05x_iot_curve *curve_by_nid(int nid)
{
	for (int id = 1; nid != NID_undef && id <= SE05X_IOT_CURVE_X448; id++) {
		const struct se05x_iot_curve *curve = se05x_iot_curve(id);

		if (curve && nid_of(curve) == nid)
			return curve;
	}
	return NULL;
}

const struct se05x_iot_curve *p11_curve_from_params(const void *der, size_t len)
{
	const uint8_t *at = der;
	const struct se05x_iot_curve *curve = NULL;
	ASN1_OBJECT *object;

	/* opensc's pkcs11-tool has a length for curve25519 that is one too many */
	if (len > 2 && at[0] == V_ASN1_PRINTABLESTRING && (at[1] == len - 2 || at[1] == len - 1))
		return curve_by_text(at + 2, len - 2);
	object = d2i_ASN1_OBJECT(NULL, &at, len);
	if (object && at == (const uint8_t *)der + len)
		curve = curve_by_nid(OBJ_obj2nid(object));
	ASN1_OBJECT_free(object);
	return curve;
}

size_t p11_curve_params(const struct se05x_iot_curve *curve, uint8_t **der)
{
	int len = i2d_ASN1_OBJECT(OBJ_nid2obj(nid_of(curve)), der);

	return len > 0 ? len : 0;
}

const uint8_t *p11_point(const struct se05x_iot_curve *curve, const void *bytes, size_t len)
{
	size_t want = se05x_iot_point_len(curve->id);
	const uint8_t *at = bytes;
	long value_len;
	int tag, class;

	/* a point of 04 04... is as long as a point is, an OCTET STRING (04) is longer */
	if (len == want)
		return at;
	if (!len || ASN1_get_object(&at, &value_len, &tag, &class, len) ||
	    tag != V_ASN1_OCTET_STRING || (size_t)value_len != want ||
	    at + want != (const uint8_t *)bytes + len)
		return NULL;
	return at;
}
