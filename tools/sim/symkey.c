// SPDX-License-Identifier: GPL-2.0-only
/* AES, DES and HMAC keys */

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "object.h"
#include "policy.h"
#include "symkey.h"

#define KEY_MAX		256	/* HMAC */
#define TAG_LEN_MIN	4	/* of AEAD */
#define TAG_LEN_MAX	16

EVP_CIPHER *symm_cipher(const struct object *key, const char *mode)
{
	char name[32];

	if (key->type == TYPE_DES)
		snprintf(name, sizeof(name), "DES-EDE3-%s", mode);
	else
		snprintf(name, sizeof(name), "AES-%zu-%s", 8 * key->len, mode);
	return EVP_CIPHER_fetch(NULL, name, NULL);
}

/* K K K and K1 K2 K1 are DES and two-key triple DES. */
const uint8_t *symm_key(const struct object *key, uint8_t room[24])
{
	size_t i;

	if (key->type != TYPE_DES)
		return key->value;
	for (i = 0; i < 24; i++)
		room[i] = key->value[i % key->len];
	return room;
}

static bool len_fits(uint8_t type, size_t len)
{
	switch (type) {
	case TYPE_AES:
		return len == 16 || len == 24 || len == 32;
	case TYPE_DES:
		return len == 8 || len == 16 || len == 24;
	default:
		return len >= 1 && len <= KEY_MAX;
	}
}

/* Wrapped by RFC 3394 with the key in TAG_2. Return: SW_OK and its length in @len. */
static uint16_t unwrap(const struct call *call, uint8_t *value, size_t *len)
{
	const struct tlv *wrapped = arg(call, TAG_3);
	EVP_CIPHER_CTX *ctx;
	EVP_CIPHER *cipher;
	struct object *kek;
	int n = 0, last = 0;
	uint16_t sw = find_typed(call, TAG_2, IS_TYPE(TYPE_AES), RIGHT_WRAP, &kek);
	bool ok;

	if (sw != SW_OK)
		return sw;
	if (wrapped->len < 24 || wrapped->len > KEY_MAX + 8 || wrapped->len % 8)
		return SW_DATA;
	cipher = symm_cipher(kek, "WRAP");
	ctx = EVP_CIPHER_CTX_new();
	ok = cipher && ctx && EVP_DecryptInit_ex2(ctx, cipher, kek->value, NULL, NULL) == 1 &&
	     EVP_DecryptUpdate(ctx, value, &n, wrapped->value, wrapped->len) == 1 &&
	     EVP_DecryptFinal_ex(ctx, value + n, &last) == 1;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	*len = n + last;
	return ok ? SW_OK : SW_DATA;
}

static uint16_t put_key(struct call *call, uint8_t type, struct object *object,
			const uint8_t *value, size_t len)
{
	uint32_t min_tag_len = 0;
	uint16_t sw;

	if (arg_optional(call, TAG_4, 2, &min_tag_len) != SW_OK ||
	    (min_tag_len && (min_tag_len < TAG_LEN_MIN || min_tag_len > TAG_LEN_MAX)))
		return SW_DATA;
	if (object) {
		/* its length was settled, too */
		if (len != object->len)
			return SW_CONDITIONS;
		object_set_version(call, object);
		memcpy(object->value, value, len);
		return iot_save_object(call, object);
	}
	sw = object_new(call, type, len, &object);
	if (sw != SW_OK)
		return sw;
	object->min_tag_len = min_tag_len;
	memcpy(object->value, value, len);
	store_add(&call->iot->store, object);
	return iot_save_object(call, object);
}

uint16_t cmd_write_symm_key(struct call *call)
{
	static const uint8_t types[] = {
		[P1_AES] = TYPE_AES, [P1_DES] = TYPE_DES, [P1_HMAC] = TYPE_HMAC,
	};
	uint8_t type = types[call->apdu->p1], value[KEY_MAX + 16];
	const struct tlv *plain = arg(call, TAG_3);
	struct object *object;
	size_t len = plain->len;
	uint16_t sw;

	if (!is_7(call) && (has(call, TAG_4) || has(call, TAG_5)))
		return SW_DATA;
	sw = write_begin(call, type, RIGHT_WRITE, &object);
	if (sw != SW_OK)
		return sw;
	if (has(call, TAG_2)) {
		sw = unwrap(call, value, &len);
		if (sw != SW_OK)
			return sw;
	} else if (plain->value && len <= KEY_MAX) {
		memcpy(value, plain->value, len);
	}
	sw = plain->value && len_fits(type, len) ? put_key(call, type, object, value, len) :
						   SW_DATA;
	OPENSSL_cleanse(value, sizeof(value));
	return sw;
}
