// SPDX-License-Identifier: LGPL-2.1-or-later
/* What public keys and certificates say of themselves */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>

#include "object.h"

CK_RV p11_put(struct p11_value *value, const void *bytes, size_t len)
{
	value->bytes = malloc(len + 1);
	if (!value->bytes)
		return CKR_HOST_MEMORY;
	memcpy(value->bytes, bytes, len);
	value->len = len;
	return CKR_OK;
}

CK_RV p11_put_bool(struct p11_value *value, bool is)
{
	CK_BBOOL byte = is;

	return p11_put(value, &byte, sizeof(byte));
}

CK_RV p11_put_ulong(struct p11_value *value, CK_ULONG number)
{
	return p11_put(value, &number, sizeof(number));
}

void p11_value_clear(struct p11_value *value)
{
	if (value->bytes)
		explicit_bzero(value->bytes, value->len);
	free(value->bytes);
	*value = (struct p11_value) { 0 };
}

/* What libcrypto encoded; it is freed */
static CK_RV put_der(struct p11_value *value, uint8_t *der, int len)
{
	CK_RV rv = len < 0 ? CKR_GENERAL_ERROR : p11_put(value, der, len);

	OPENSSL_free(der);
	return rv;
}

static CK_RV put_number(struct p11_value *value, EVP_PKEY *key, const char *name)
{
	BIGNUM *n = NULL;
	uint8_t *bytes;
	CK_RV rv = CKR_HOST_MEMORY;

	if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	bytes = malloc(BN_num_bytes(n) + 1);
	if (bytes)
		rv = p11_put(value, bytes, BN_bn2bin(n, bytes));
	free(bytes);
	BN_clear_free(n);
	return rv;
}

/* As PKCS#11 3.0 has it: an OCTET STRING around the point, of all curves */
static CK_RV put_point(struct p11_value *value, EVP_PKEY *key)
{
	ASN1_OCTET_STRING *string = ASN1_OCTET_STRING_new();
	uint8_t point[SE05X_IOT_POINT_MAX], *der = NULL;
	size_t len = 0;
	int der_len = -1;

	/* raw ones too: the parameter is theirs as well */
	if (string && EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
						      sizeof(point), &len) == 1 &&
	    ASN1_OCTET_STRING_set(string, point, len))
		der_len = i2d_ASN1_OCTET_STRING(string, &der);
	ASN1_OCTET_STRING_free(string);
	return put_der(value, der, der_len);
}

static CK_RV put_params(struct p11_value *value, EVP_PKEY *key)
{
	const struct se05x_iot_curve *curve = keys_curve(key);
	uint8_t *der = NULL;
	size_t len;

	if (!curve)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	len = p11_curve_params(curve, &der);
	return put_der(value, der, len ? (int)len : -1);
}

CK_RV p11_key_attribute(EVP_PKEY *key, CK_ATTRIBUTE_TYPE type, struct p11_value *value)
{
	bool rsa = EVP_PKEY_is_a(key, "RSA");
	CK_ULONG bits = EVP_PKEY_get_bits(key);
	uint8_t *der = NULL;
	int len;

	switch (type) {
	case CKA_PUBLIC_KEY_INFO:
		len = i2d_PUBKEY(key, &der);
		return put_der(value, der, len > 0 ? len : -1);
	case CKA_MODULUS:
		return put_number(value, key, OSSL_PKEY_PARAM_RSA_N);
	case CKA_PUBLIC_EXPONENT:
		return put_number(value, key, OSSL_PKEY_PARAM_RSA_E);
	case CKA_MODULUS_BITS:
		return rsa ? p11_put(value, &bits, sizeof(bits)) : CKR_ATTRIBUTE_TYPE_INVALID;
	case CKA_EC_PARAMS:
		return rsa ? CKR_ATTRIBUTE_TYPE_INVALID : put_params(value, key);
	case CKA_EC_POINT:
		return rsa ? CKR_ATTRIBUTE_TYPE_INVALID : put_point(value, key);
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

/* ---- certificates ---- */

static CK_RV put_name(struct p11_value *value, const X509_NAME *name)
{
	uint8_t *der = NULL;
	int len = i2d_X509_NAME(name, &der);

	return put_der(value, der, len);
}

static CK_RV put_date(struct p11_value *value, const ASN1_TIME *time)
{
	struct tm tm;
	char text[16];

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return p11_put(value, "", 0);
	/* a CK_DATE is eight digits */
	strftime(text, sizeof(text), "%Y%m%d", &tm);
	return p11_put(value, text, sizeof(CK_DATE));
}

static CK_RV put_check_value(struct p11_value *value, const void *der, size_t len)
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_Q_digest(p11.lib, "SHA1", NULL, der, len, digest, NULL) != 1)
		return CKR_GENERAL_ERROR;
	return p11_put(value, digest, 3);
}

static CK_RV of_certificate(X509 *cert, CK_ATTRIBUTE_TYPE type, struct p11_value *value)
{
	uint8_t *der = NULL;
	EVP_PKEY *key;
	int len;

	switch (type) {
	case CKA_SUBJECT:
		return put_name(value, X509_get_subject_name(cert));
	case CKA_ISSUER:
		return put_name(value, X509_get_issuer_name(cert));
	case CKA_SERIAL_NUMBER:
		len = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &der);
		return put_der(value, der, len);
	case CKA_START_DATE:
		return put_date(value, X509_get0_notBefore(cert));
	case CKA_END_DATE:
		return put_date(value, X509_get0_notAfter(cert));
	case CKA_PUBLIC_KEY_INFO:
		key = X509_get0_pubkey(cert);
		len = key ? i2d_PUBKEY(key, &der) : 0;
		return put_der(value, der, len);
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

/* Where the certificate ends, its file may have more */
static CK_RV put_value(struct p11_value *value, const uint8_t *der, size_t len)
{
	const uint8_t *at = der;
	long value_len;
	int tag, class;

	if (ASN1_get_object(&at, &value_len, &tag, &class, len) & 0x80)
		return CKR_GENERAL_ERROR;
	return p11_put(value, der, at - der + value_len);
}

CK_RV p11_certificate_attribute(const void *der, size_t len, CK_ATTRIBUTE_TYPE type,
				struct p11_value *value)
{
	CK_ULONG number = 0;
	X509 *cert;
	CK_RV rv;

	switch (type) {
	case CKA_VALUE:
		return put_value(value, der, len);
	case CKA_CERTIFICATE_TYPE:	/* CKC_X_509 */
	case CKA_CERTIFICATE_CATEGORY:	/* unspecified */
	case CKA_JAVA_MIDP_SECURITY_DOMAIN:
		return p11_put(value, &number, sizeof(number));
	case CKA_NAME_HASH_ALGORITHM:
		number = CKM_SHA_1;
		return p11_put(value, &number, sizeof(number));
	case CKA_URL:
	case CKA_HASH_OF_SUBJECT_PUBLIC_KEY:
	case CKA_HASH_OF_ISSUER_PUBLIC_KEY:
		return p11_put(value, "", 0);
	case CKA_CHECK_VALUE:
		return put_check_value(value, der, len);
	default:
		cert = p11_certificate(der, len);
		rv = cert ? of_certificate(cert, type, value) : CKR_GENERAL_ERROR;
		X509_free(cert);
		return rv;
	}
}
