// SPDX-License-Identifier: GPL-2.0-only
/* MACs: HMAC and CMAC */

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "cryptobj.h"
#include "mac.h"
#include "object.h"
#include "policy.h"
#include "symkey.h"

#define P2_VALIDATE_ONE_SHOT	0x46
#define P2_VALIDATE		0x44

static const struct mac_algorithm algorithms[] = {
	{ 0x18, "HMAC", "SHA1", TYPE_HMAC },
	{ 0x19, "HMAC", "SHA256", TYPE_HMAC },
	{ 0x1a, "HMAC", "SHA384", TYPE_HMAC },
	{ 0x1b, "HMAC", "SHA512", TYPE_HMAC },
	{ 0x31, "CMAC", NULL, TYPE_AES },
	{ 0x7a, "CMAC", NULL, TYPE_DES },
};

/* A MAC under way */
struct running {
	EVP_MAC_CTX *ctx;
	bool validate;
};

const struct mac_algorithm *mac_algorithm(uint32_t id)
{
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].id == id)
			return &algorithms[i];
	return NULL;
}

/* Return: NULL if libcrypto failed. */
static EVP_MAC_CTX *begin(const struct mac_algorithm *algorithm, const struct object *key)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, algorithm->name, NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	EVP_CIPHER *cipher = algorithm->digest ? NULL : symm_cipher(key, "CBC");
	const char *param = algorithm->digest;
	OSSL_PARAM params[2];
	uint8_t room[24];
	bool ok;

	if (cipher)
		param = EVP_CIPHER_get0_name(cipher);
	params[0] = OSSL_PARAM_construct_utf8_string(cipher ? OSSL_MAC_PARAM_CIPHER :
						     OSSL_MAC_PARAM_DIGEST, (char *)param, 0);
	params[1] = OSSL_PARAM_construct_end();
	ok = ctx && param && EVP_MAC_init(ctx, symm_key(key, room), key->type == TYPE_DES ?
					  24 : key->len, params);
	OPENSSL_cleanse(room, sizeof(room));
	EVP_CIPHER_free(cipher);
	EVP_MAC_free(mac);
	if (ok)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

/* The MAC itself, or whether @want is it */
static uint16_t answer(struct call *call, EVP_MAC_CTX *ctx, bool validate,
		       const struct tlv *want)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t len;

	if (!EVP_MAC_final(ctx, mac, &len, sizeof(mac)))
		return SW_INTERNAL;
	if (validate)
		rsp_u8(call->rsp, TAG_1, want->len == len &&
		       !CRYPTO_memcmp(want->value, mac, len) ? 1 : 2);
	else
		rsp_tlv(call->rsp, TAG_1, mac, len);
	OPENSSL_cleanse(mac, sizeof(mac));
	return SW_OK;
}

static uint16_t find_key(const struct call *call, bool validate,
			 const struct mac_algorithm *algorithm, struct object **key)
{
	return find_typed(call, TAG_1, IS_TYPE(algorithm->type),
			  validate ? RIGHT_VERIFY : RIGHT_SIGN, key);
}

uint16_t cmd_mac_one_shot(struct call *call)
{
	bool validate = call->apdu->p2 == P2_VALIDATE_ONE_SHOT;
	const struct tlv *data = arg(call, TAG_3), *want = arg(call, TAG_5);
	const struct mac_algorithm *algorithm;
	struct object *key;
	EVP_MAC_CTX *ctx;
	uint32_t id = 0;
	uint16_t sw;

	algorithm = tlv_number(arg(call, TAG_2), 1, &id) ? mac_algorithm(id) : NULL;
	if (!algorithm || !data->value || (validate && !want->value))
		return SW_DATA;
	sw = find_key(call, validate, algorithm, &key);
	if (sw != SW_OK)
		return sw;
	ctx = begin(algorithm, key);
	sw = ctx && EVP_MAC_update(ctx, data->value, data->len) ?
	     answer(call, ctx, validate, want) : SW_INTERNAL;
	EVP_MAC_CTX_free(ctx);
	return sw;
}

static void stop(void *arg)
{
	struct running *running = arg;

	EVP_MAC_CTX_free(running->ctx);
	free(running);
}

uint16_t cmd_mac_init(struct call *call)
{
	bool validate = call->apdu->p2 == P2_VALIDATE;
	struct crypto_object *crypto;
	struct running *running;
	struct object *key;
	uint16_t sw = find_crypto(call, TAG_2, CONTEXT_MAC, &crypto);

	if (sw == SW_OK)
		sw = find_key(call, validate, mac_algorithm(crypto->subtype), &key);
	if (sw != SW_OK)
		return sw;
	running = calloc(1, sizeof(*running));
	if (!running)
		return SW_MEMORY;
	running->validate = validate;
	running->ctx = begin(mac_algorithm(crypto->subtype), key);
	if (!running->ctx) {
		free(running);
		return SW_INTERNAL;
	}
	crypto_start(crypto, running, stop);
	return SW_OK;
}

uint16_t cmd_mac_update(struct call *call)
{
	const struct tlv *data = arg(call, TAG_1);
	struct crypto_object *crypto;
	uint16_t sw = find_running(call, TAG_2, CONTEXT_MAC, &crypto);
	struct running *running;

	if (sw != SW_OK)
		return sw;
	running = crypto->running;
	if (!data->value)
		return SW_DATA;
	return EVP_MAC_update(running->ctx, data->value, data->len) ? SW_OK : SW_INTERNAL;
}

uint16_t cmd_mac_final(struct call *call)
{
	const struct tlv *data = arg(call, TAG_1), *want = arg(call, TAG_3);
	struct crypto_object *crypto;
	uint16_t sw = find_running(call, TAG_2, CONTEXT_MAC, &crypto);
	struct running *running;

	if (sw != SW_OK)
		return sw;
	running = crypto->running;
	if (running->validate != !!want->value)
		return SW_DATA;
	sw = EVP_MAC_update(running->ctx, data->value, data->len) ?
	     answer(call, running->ctx, running->validate, want) : SW_INTERNAL;
	crypto_stop(crypto);
	return sw;
}
