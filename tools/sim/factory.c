// SPDX-License-Identifier: GPL-2.0-only
/* The chip as it leaves the factory */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "apdu.h"
#include "ec.h"
#include "factory.h"
#include "policy.h"

#define CURVE_P256	0x03

/* For everybody, and for ever: nobody may write or delete. */
static struct object *provision(struct store *store, uint32_t id, uint8_t type,
				uint32_t rights, size_t len)
{
	struct object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	object->id = id;
	object->type = type;
	object->origin = ORIGIN_PROVISIONED;
	object->policy_len = 9;
	object->policy = calloc(1, object->policy_len);
	object->len = len;
	object->value = OPENSSL_zalloc(len);
	store_add(store, object);
	if (!object->policy || !object->value)
		return NULL;
	object->policy[0] = 8;
	put_be32(object->policy + 5, rights);
	return object;
}

static bool sign_certificate(X509 *cert, EVP_PKEY *key, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(cert);

	/* RFC 5280, 4.1.2.5: this date means that there is none */
	return X509_set_version(cert, X509_VERSION_3) &&
	       ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
	       ASN1_TIME_set_string(X509_getm_notBefore(cert), "20240101000000Z") &&
	       ASN1_TIME_set_string(X509_getm_notAfter(cert), "99991231235959Z") &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					  (const unsigned char *)name, -1, -1, 0) &&
	       X509_set_issuer_name(cert, subject) && X509_set_pubkey(cert, key) &&
	       X509_sign(cert, key, EVP_sha256());
}

/* The chip's part of sessions by EC key: nobody can use it for anything else. */
static bool make_session_key(struct store *store)
{
	const struct curve *curve = ec_curve(CURVE_P256);
	struct object *pair = provision(store, ID_SESSION_KEY, TYPE_EC_PAIR,
					RIGHT_READ | RIGHT_ATTEST, curve->len + ec_point_len(curve));

	if (!pair || !ec_generate(curve, pair->value, pair->value + curve->len))
		return false;
	pair->curve = curve->id;
	return true;
}

/* A key pair, and its certificate, signed by itself. */
static bool make_pair(struct store *store, uint32_t key_id, uint32_t cert_id,
		      uint32_t rights, const char *name)
{
	const struct curve *curve = ec_curve(CURVE_P256);
	struct object *pair = provision(store, key_id, TYPE_EC_PAIR, rights,
					curve->len + ec_point_len(curve));
	struct object *binary;
	X509 *cert = X509_new();
	EVP_PKEY *key = NULL;
	unsigned char *der = NULL;
	int len = -1;

	if (pair && ec_generate(curve, pair->value, pair->value + curve->len)) {
		pair->curve = curve->id;
		key = ec_key(curve, pair->value, pair->value + curve->len);
	}
	if (cert && key && sign_certificate(cert, key, name))
		len = i2d_X509(cert, &der);
	binary = len > 0 ? provision(store, cert_id, TYPE_BINARY, RIGHT_READ, len) : NULL;
	if (binary)
		memcpy(binary->value, der, len);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	X509_free(cert);
	return binary;
}

int factory_make(struct store *store)
{
	/* the first bytes tell the product [U]; what matters is that it is unique */
	static const uint8_t prefix[] = { 0x04, 0x00, 0x50, 0x01 };
	struct object *unique = provision(store, ID_UNIQUE, TYPE_BINARY,
					  RIGHT_READ | RIGHT_ATTEST, UNIQUE_LEN);

	if (!unique || RAND_bytes(unique->value, UNIQUE_LEN) != 1)
		goto failed;
	memcpy(unique->value, prefix, sizeof(prefix));
	/* the factory's keys are on it; DeleteAll takes the curve, not the keys */
	store->curves[CURVE_P256 - 1] = CURVE_SET;
	if (make_session_key(store) &&
	    make_pair(store, ID_ATTEST_KEY, ID_ATTEST_CERT, RIGHT_READ | RIGHT_ATTEST,
		      "se05x-sim attestation") &&
	    make_pair(store, ID_DEVICE_KEY, ID_DEVICE_CERT,
		      RIGHT_READ | RIGHT_SIGN | RIGHT_VERIFY | RIGHT_KA, "se05x-sim device"))
		return 0;
failed:
	errno = ENOMEM;
	return -1;
}
