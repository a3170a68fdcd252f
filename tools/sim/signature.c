// SPDX-License-Identifier: GPL-2.0-only
/* Signatures: ECDSA over a digest, EdDSA and RSA over a message */

#include <string.h>

#include <openssl/evp.h>

#include "ec.h"
#include "object.h"
#include "policy.h"
#include "rsa.h"
#include "signature.h"

static const struct algorithm {
	uint8_t id;
	enum { ECDSA, EDDSA, PKCS1, PSS } scheme;
	const char *digest;
	uint8_t len;
} algorithms[] = {
	{ 0x11, ECDSA, "SHA1", 20 },
	{ 0x25, ECDSA, "SHA224", 28 },
	{ 0x21, ECDSA, "SHA256", 32 },
	{ 0x22, ECDSA, "SHA384", 48 },
	{ 0x26, ECDSA, "SHA512", 64 },
	{ 0xa3, EDDSA, "SHA512", 64 },
	{ 0x0a, PKCS1, "SHA1", 20 },
	{ 0x27, PKCS1, "SHA224", 28 },
	{ 0x28, PKCS1, "SHA256", 32 },
	{ 0x29, PKCS1, "SHA384", 48 },
	{ 0x2a, PKCS1, "SHA512", 64 },
	{ 0x15, PSS, "SHA1", 20 },
	{ 0x2b, PSS, "SHA224", 28 },
	{ 0x2c, PSS, "SHA256", 32 },
	{ 0x2d, PSS, "SHA384", 48 },
	{ 0x2e, PSS, "SHA512", 64 },
};

static const struct algorithm *find_algorithm(uint32_t id)
{
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].id == id)
			return &algorithms[i];
	return NULL;
}

/* Is it for keys of that kind? */
static bool fits(const struct algorithm *algorithm, const struct object *key)
{
	switch (key->type) {
	case TYPE_EC_PAIR:
	case TYPE_EC_PRIVATE:
	case TYPE_EC_PUBLIC:
		if (key->curve == CURVE_ED25519)
			return algorithm->scheme == EDDSA;
		return !ec_built_in(ec_curve(key->curve)) && algorithm->scheme == ECDSA;
	default:
		return algorithm->scheme == PKCS1 || algorithm->scheme == PSS;
	}
}

size_t signature_digest(uint32_t id, const uint8_t *data, size_t len, uint8_t digest[64])
{
	const struct algorithm *algorithm = find_algorithm(id);
	size_t n;

	if (!algorithm ||
	    !EVP_Q_digest(NULL, algorithm->digest, NULL, data, len, digest, &n))
		return 0;
	return n;
}

static uint16_t ec_signature(const struct object *key, const uint8_t *data, size_t len,
			     uint8_t *sig, size_t *sig_len)
{
	const struct curve *curve = ec_curve(key->curve);

	*sig_len = ec_sign(curve, key->value, key->value + curve->len, data, len, sig);
	return *sig_len ? SW_OK : SW_INTERNAL;
}

uint16_t signature_make(const struct object *key, uint32_t id, const uint8_t *message,
			size_t len, uint8_t sig[SIGNATURE_MAX], size_t *sig_len)
{
	const struct algorithm *algorithm = find_algorithm(id);
	uint8_t digest[64];

	if (!algorithm || !fits(algorithm, key))
		return SW_DATA;
	switch (algorithm->scheme) {
	case ECDSA:
		len = signature_digest(id, message, len, digest);
		return len ? ec_signature(key, digest, len, sig, sig_len) : SW_INTERNAL;
	case EDDSA:
		return ec_signature(key, message, len, sig, sig_len);
	default:
		return rsa_sign(key, algorithm->scheme == PSS, algorithm->digest,
				algorithm->len, message, len, sig, sig_len);
	}
}

/* Key and algorithm of sign() and verify(), and the salt length of PSS */
static uint16_t arguments(const struct call *call, uint32_t types, uint32_t right,
			  struct object **key, const struct algorithm **algorithm,
			  uint32_t *salt)
{
	uint16_t sw = find_typed(call, TAG_1, types, right, key);
	uint32_t id;

	if (sw != SW_OK)
		return sw;
	*algorithm = tlv_number(arg(call, TAG_2), 1, &id) ? find_algorithm(id) : NULL;
	if (!*algorithm || !fits(*algorithm, *key) || !has(call, TAG_3))
		return SW_DATA;
	if ((*algorithm)->scheme == ECDSA && arg(call, TAG_3)->len != (*algorithm)->len)
		return SW_CONDITIONS;
	*salt = (*algorithm)->len;
	if (has(call, TAG_4) && (!is_7(call) || (*algorithm)->scheme != PSS))
		return SW_DATA;
	/* in one byte or in two [U] */
	return arg_optional(call, TAG_4, arg(call, TAG_4)->len == 1 ? 1 : 2, salt);
}

uint16_t cmd_sign(struct call *call)
{
	const struct tlv *data = arg(call, TAG_3);
	const struct algorithm *algorithm;
	uint8_t sig[SIGNATURE_MAX];
	struct object *key;
	uint32_t salt;
	uint16_t sw = arguments(call, RSA_PAIRS | EC_SECRETS, RIGHT_SIGN, &key, &algorithm, &salt);
	size_t len;

	if (sw != SW_OK)
		return sw;
	if (algorithm->scheme == ECDSA || algorithm->scheme == EDDSA) {
		call->delay_ms = ec_curve(key->curve)->sign_ms;
		sw = ec_signature(key, data->value, data->len, sig, &len);
		if (algorithm->scheme == ECDSA && call->iot->short_signature)
			len--;
	} else {
		call->delay_ms = rsa_private_ms(key);
		sw = rsa_sign(key, algorithm->scheme == PSS, algorithm->digest, salt,
			      data->value, data->len, sig, &len);
	}
	if (sw == SW_OK)
		rsp_tlv(call->rsp, TAG_1, sig, len);
	return sw;
}

uint16_t cmd_verify(struct call *call)
{
	const struct tlv *data = arg(call, TAG_3), *sig = arg(call, TAG_5);
	const struct algorithm *algorithm;
	struct object *key;
	uint32_t salt;
	uint16_t sw = arguments(call, KEYS, RIGHT_VERIFY, &key, &algorithm, &salt);
	bool good = false;

	if (sw != SW_OK)
		return sw;
	if (!sig->value)
		return SW_DATA;
	if (algorithm->scheme == ECDSA || algorithm->scheme == EDDSA) {
		const struct curve *curve = ec_curve(key->curve);

		call->delay_ms = curve->sign_ms;
		good = ec_verify(curve, key->value + key->len - ec_point_len(curve),
				 data->value, data->len, sig->value, sig->len);
	} else {
		sw = rsa_verify(key, algorithm->scheme == PSS, algorithm->digest, salt,
				data->value, data->len, sig->value, sig->len, &good);
	}
	if (sw == SW_OK)
		rsp_u8(call->rsp, TAG_1, good ? 1 : 2);
	return sw;
}
