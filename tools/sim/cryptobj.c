// SPDX-License-Identifier: GPL-2.0-only
/* Crypto objects: what a computation over several commands is kept in */

#include "cipher.h"
#include "cryptobj.h"
#include "mac.h"

static struct crypto_object *lookup(const struct call *call, uint16_t id)
{
	struct crypto_object *crypto = call->iot->store.cryptos;
	int i;

	for (i = 0; i < STORE_CRYPTOS; i++)
		if (crypto[i].id == id)
			return &crypto[i];
	return NULL;
}

uint16_t find_crypto(const struct call *call, uint8_t tag, uint8_t context,
		     struct crypto_object **crypto)
{
	uint32_t id;

	if (!tlv_number(arg(call, tag), 2, &id) || !id)
		return SW_DATA;
	*crypto = lookup(call, id);
	return *crypto && (!context || (*crypto)->context == context) ? SW_OK : SW_CONDITIONS;
}

uint16_t find_running(const struct call *call, uint8_t tag, uint8_t context,
		      struct crypto_object **crypto)
{
	uint16_t sw = find_crypto(call, tag, context, crypto);

	return sw == SW_OK && !(*crypto)->running ? SW_CONDITIONS : sw;
}

void crypto_start(struct crypto_object *crypto, void *running, void (*stop)(void *running))
{
	crypto_stop(crypto);
	crypto->running = running;
	crypto->stop = stop;
}

static bool known(uint8_t context, uint8_t subtype)
{
	switch (context) {
	case CONTEXT_DIGEST:
		return digest_name(subtype);
	case CONTEXT_CIPHER:
		return cipher_mode(subtype);
	case CONTEXT_MAC:
		return mac_algorithm(subtype);
	default:
		return false;
	}
}

uint16_t cmd_create_crypto_object(struct call *call)
{
	uint32_t id, context, subtype;
	struct crypto_object *free_one;

	if (!tlv_number(arg(call, TAG_1), 2, &id) || !id ||
	    !tlv_number(arg(call, TAG_2), 1, &context) ||
	    !tlv_number(arg(call, TAG_3), 1, &subtype) || !known(context, subtype))
		return SW_DATA;
	if (lookup(call, id))
		return SW_CONDITIONS;
	free_one = lookup(call, 0);
	if (!free_one)
		return SW_MEMORY;
	free_one->id = id;
	free_one->context = context;
	free_one->subtype = subtype;
	return iot_save(call);
}

/* Number 2, context, subtype of each */
uint16_t cmd_read_crypto_list(struct call *call)
{
	const struct crypto_object *crypto = call->iot->store.cryptos;
	uint8_t list[4 * STORE_CRYPTOS];
	size_t len = 0;
	int i;

	for (i = 0; i < STORE_CRYPTOS; i++) {
		if (!crypto[i].id)
			continue;
		put_be16(list + len, crypto[i].id);
		list[len + 2] = crypto[i].context;
		list[len + 3] = crypto[i].subtype;
		len += 4;
	}
	rsp_tlv(call->rsp, TAG_1, list, len);
	return SW_OK;
}

uint16_t cmd_delete_crypto_object(struct call *call)
{
	struct crypto_object *crypto;
	uint16_t sw = find_crypto(call, TAG_1, 0, &crypto);

	if (sw != SW_OK)
		return sw;
	crypto_stop(crypto);
	crypto->id = 0;
	return iot_save(call);
}
