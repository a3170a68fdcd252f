// SPDX-License-Identifier: GPL-2.0-only
/* Digests */

#include <openssl/evp.h>

#include "cryptobj.h"

const char *digest_name(uint32_t mode)
{
	static const char *const names[] = {
		[0x01] = "SHA1", [0x04] = "SHA256", [0x05] = "SHA384", [0x06] = "SHA512",
		[0x07] = "SHA224",
	};

	return mode < sizeof(names) / sizeof(names[0]) ? names[mode] : NULL;
}

uint16_t cmd_digest_one_shot(struct call *call)
{
	const struct tlv *data = arg(call, TAG_2);
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint32_t mode = 0;
	size_t len;

	if (!tlv_number(arg(call, TAG_1), 1, &mode) || !digest_name(mode) || !data->value)
		return SW_DATA;
	if (!EVP_Q_digest(NULL, digest_name(mode), NULL, data->value, data->len, digest, &len))
		return SW_INTERNAL;
	rsp_tlv(call->rsp, TAG_1, digest, len);
	return SW_OK;
}

static void stop(void *running)
{
	EVP_MD_CTX_free(running);
}

uint16_t cmd_digest_init(struct call *call)
{
	struct crypto_object *crypto;
	uint16_t sw = find_crypto(call, TAG_2, CONTEXT_DIGEST, &crypto);
	EVP_MD_CTX *ctx;

	if (sw != SW_OK)
		return sw;
	ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestInit_ex(ctx, EVP_get_digestbyname(digest_name(crypto->subtype)),
				      NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		return SW_INTERNAL;
	}
	crypto_start(crypto, ctx, stop);
	return SW_OK;
}

uint16_t cmd_digest_update(struct call *call)
{
	const struct tlv *data = arg(call, TAG_3);
	struct crypto_object *crypto;
	uint16_t sw = find_running(call, TAG_2, CONTEXT_DIGEST, &crypto);

	if (sw != SW_OK)
		return sw;
	if (!data->value)
		return SW_DATA;
	return EVP_DigestUpdate(crypto->running, data->value, data->len) ? SW_OK : SW_INTERNAL;
}

uint16_t cmd_digest_final(struct call *call)
{
	const struct tlv *data = arg(call, TAG_3);
	uint8_t digest[EVP_MAX_MD_SIZE];
	struct crypto_object *crypto;
	uint16_t sw = find_running(call, TAG_2, CONTEXT_DIGEST, &crypto);
	unsigned int len;
	bool ok;

	if (sw != SW_OK)
		return sw;
	ok = EVP_DigestUpdate(crypto->running, data->value, data->len) &&
	     EVP_DigestFinal_ex(crypto->running, digest, &len);
	crypto_stop(crypto);
	if (ok)
		rsp_tlv(call->rsp, TAG_1, digest, len);
	return ok ? SW_OK : SW_INTERNAL;
}
