// SPDX-License-Identifier: GPL-2.0-only
/* Key derivation: HKDF (RFC 5869) and PBKDF2 (RFC 8018) */

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "mac.h"
#include "object.h"
#include "policy.h"

#define P2_EXPAND_ONLY	0x2f
#define SALT_MAX	64
#define LENGTH_MAX	768	/* of HKDF's answer: what fits into one */

/* The salt: given, or the value of an HMAC key (7.x). May be missing. */
static uint16_t find_salt(const struct call *call, uint8_t tag, uint8_t id_tag,
			  struct tlv *salt)
{
	struct object *object;
	uint16_t sw;

	*salt = *arg(call, tag);
	if (has(call, id_tag)) {
		if (!is_7(call) || salt->value)
			return SW_DATA;
		sw = find_typed(call, id_tag, IS_TYPE(TYPE_HMAC), RIGHT_KDF, &object);
		if (sw != SW_OK)
			return sw;
		*salt = (struct tlv) { .value = object->value, .len = object->len };
	}
	return salt->len > SALT_MAX ? SW_DATA : SW_OK;
}

/* What was derived goes out, or becomes the value of the object in TAG_7 (7.x). */
static uint16_t deliver(struct call *call, const uint8_t *derived, size_t len)
{
	struct object *target;
	uint16_t sw;

	if (!has(call, TAG_7)) {
		rsp_tlv(call->rsp, TAG_1, derived, len);
		return SW_OK;
	}
	if (!is_7(call))
		return SW_DATA;
	sw = find_typed(call, TAG_7, IS_TYPE(TYPE_HMAC) | IS_TYPE(TYPE_AES), RIGHT_WRITE,
			&target);
	if (sw != SW_OK)
		return sw;
	if (target->len != len)
		return SW_CONDITIONS;
	sw = object_set_value(call, target, derived, len);
	return sw == SW_OK ? iot_save_object(call, target) : sw;
}

static uint16_t derive(struct call *call, const char *name, OSSL_PARAM *params, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	uint8_t derived[LENGTH_MAX];
	uint16_t sw = SW_DATA;

	if (ctx && EVP_KDF_derive(ctx, derived, len, params) == 1)
		sw = deliver(call, derived, len);
	OPENSSL_cleanse(derived, sizeof(derived));
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return sw;
}

static OSSL_PARAM octets(const char *name, const uint8_t *value, size_t len)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)value, len);
}

static OSSL_PARAM text(const char *name, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *)value, 0);
}

uint16_t cmd_hkdf(struct call *call)
{
	int mode = call->apdu->p2 == P2_EXPAND_ONLY ? EVP_KDF_HKDF_MODE_EXPAND_ONLY :
						      EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
	const struct tlv *info = arg(call, TAG_4);
	OSSL_PARAM params[6], *p = params;
	uint32_t digest = 0, len = 0;
	struct object *key;
	struct tlv salt;
	uint16_t sw = find_typed(call, TAG_1, IS_TYPE(TYPE_HMAC), RIGHT_KDF, &key);

	if (sw != SW_OK)
		return sw;
	if (!tlv_number(arg(call, TAG_2), 1, &digest) || !digest_name(digest) ||
	    !tlv_number(arg(call, TAG_5), 2, &len) || !len || len > LENGTH_MAX)
		return SW_DATA;
	sw = find_salt(call, TAG_3, TAG_6, &salt);
	if (sw != SW_OK)
		return sw;
	*p++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	*p++ = text(OSSL_KDF_PARAM_DIGEST, digest_name(digest));
	*p++ = octets(OSSL_KDF_PARAM_KEY, key->value, key->len);
	if (salt.len)
		*p++ = octets(OSSL_KDF_PARAM_SALT, salt.value, salt.len);
	if (info->len)
		*p++ = octets(OSSL_KDF_PARAM_INFO, info->value, info->len);
	*p = OSSL_PARAM_construct_end();
	return derive(call, "HKDF", params, len);
}

uint16_t cmd_pbkdf2(struct call *call)
{
	uint32_t right = is_7(call) ? RIGHT_PBKDF : RIGHT_KDF;
	uint32_t count = 0, len = 0, algorithm = 0x18;	/* HMAC with SHA-1 */
	const struct mac_algorithm *mac;
	OSSL_PARAM params[6], *p = params;
	uint64_t iterations;
	struct object *key;
	struct tlv salt;
	int unchecked = 1;	/* a chip does not mind short ones */
	uint16_t sw = find_typed(call, TAG_1, IS_TYPE(TYPE_HMAC), right, &key);

	if (sw != SW_OK)
		return sw;
	if (!tlv_number(arg(call, TAG_3), 2, &count) || !count ||
	    !tlv_number(arg(call, TAG_4), 2, &len) || !len || len > LENGTH_MAX ||
	    (has(call, TAG_5) && !is_7(call)) || arg_optional(call, TAG_5, 1, &algorithm) != SW_OK)
		return SW_DATA;
	mac = mac_algorithm(algorithm);
	if (!mac || !mac->digest)
		return SW_DATA;
	sw = find_salt(call, TAG_2, TAG_6, &salt);
	if (sw != SW_OK)
		return sw;
	iterations = count;
	*p++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &unchecked);
	*p++ = text(OSSL_KDF_PARAM_DIGEST, mac->digest);
	*p++ = octets(OSSL_KDF_PARAM_PASSWORD, key->value, key->len);
	*p++ = octets(OSSL_KDF_PARAM_SALT, salt.value ? salt.value : key->value, salt.len);
	*p++ = OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations);
	*p = OSSL_PARAM_construct_end();
	call->delay_ms += count / 10;
	return derive(call, "PBKDF2", params, len);
}
