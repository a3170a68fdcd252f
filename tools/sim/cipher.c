// SPDX-License-Identifier: GPL-2.0-only
/* Ciphers: AES and DES, at once or over several commands */

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "cipher.h"
#include "cryptobj.h"
#include "object.h"
#include "policy.h"
#include "symkey.h"

#define P2_ENCRYPT_ONE_SHOT	0x37
#define P2_ENCRYPT		0x42

static const struct cipher_mode modes[] = {
	{ 0x01, "CBC", TYPE_DES, PAD_NONE },
	{ 0x02, "CBC", TYPE_DES, PAD_M1 },
	{ 0x03, "CBC", TYPE_DES, PAD_M2 },
	{ 0x05, "ECB", TYPE_DES, PAD_NONE },
	{ 0x0d, "CBC", TYPE_AES, PAD_NONE },
	{ 0x0e, "ECB", TYPE_AES, PAD_NONE },
	{ 0x16, "CBC", TYPE_AES, PAD_M1 },
	{ 0x17, "CBC", TYPE_AES, PAD_M2 },
	{ 0xf0, "CTR", TYPE_AES, PAD_NONE },
};

/* A computation, at once or under way */
struct running {
	EVP_CIPHER_CTX *ctx;
	const struct cipher_mode *mode;
	bool encrypt;
	size_t total;		/* bytes that went in */
};

const struct cipher_mode *cipher_mode(uint32_t id)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (modes[i].id == id)
			return &modes[i];
	return NULL;
}

static void stop(void *arg)
{
	struct running *running = arg;

	EVP_CIPHER_CTX_free(running->ctx);
	free(running);
}

static struct running *begin(const struct cipher_mode *mode, const struct object *key,
			     bool encrypt, const struct tlv *iv)
{
	struct running *running = calloc(1, sizeof(*running));
	EVP_CIPHER *cipher = symm_cipher(key, mode->name);
	uint8_t room[24];
	bool ok;

	if (running) {
		running->ctx = EVP_CIPHER_CTX_new();
		running->mode = mode;
		running->encrypt = encrypt;
	}
	ok = running && running->ctx && cipher &&
	     EVP_CipherInit_ex2(running->ctx, cipher, symm_key(key, room), iv->value, encrypt,
				NULL) == 1 &&
	     EVP_CIPHER_CTX_set_padding(running->ctx, 0) == 1;
	OPENSSL_cleanse(room, sizeof(room));
	EVP_CIPHER_free(cipher);
	if (ok)
		return running;
	if (running)
		stop(running);
	return NULL;
}

static size_t block(const struct running *running)
{
	return running->mode->type == TYPE_DES ? 8 : 16;
}

/* Key, right and IV. Without an IV it is 0, where there is one to be [U]. */
static uint16_t start(const struct call *call, const struct cipher_mode *mode, bool encrypt,
		      struct running **running)
{
	static const uint8_t zero[16];
	const struct tlv *iv = arg(call, TAG_4);
	struct tlv none = { .value = zero };
	struct object *key;
	uint16_t sw = find_typed(call, TAG_1, IS_TYPE(mode->type),
				 encrypt ? RIGHT_ENC : RIGHT_DEC, &key);

	if (sw != SW_OK)
		return sw;
	if (iv->value && (!strcmp(mode->name, "ECB") ||
			  iv->len != (mode->type == TYPE_DES ? 8 : 16)))
		return SW_DATA;
	*running = begin(mode, key, encrypt, iv->value ? iv : &none);
	return *running ? SW_OK : SW_INTERNAL;
}

/* Return: false if libcrypto failed. */
static bool feed(struct running *running, const struct tlv *data, uint8_t *out, int *len)
{
	running->total += data->len;
	*len = 0;
	return !data->len ||
	       EVP_CipherUpdate(running->ctx, out, len, data->value, data->len) == 1;
}

/* Zeros if need be (M1), or 80 and zeros always (M2) */
static bool pad(struct running *running, uint8_t *out, int *len)
{
	uint8_t padding[16] = { running->mode->pad == PAD_M2 ? 0x80 : 0 };
	size_t missing = block(running) - running->total % block(running);

	*len = 0;
	if (!running->encrypt || running->mode->pad == PAD_NONE ||
	    (running->mode->pad == PAD_M1 && missing == block(running)))
		return true;
	running->total += missing;
	return EVP_CipherUpdate(running->ctx, out, len, padding, missing) == 1;
}

/* M1 can't be told from data: it stays. Return: false if there is no M2 padding. */
static bool unpad(const struct running *running, const uint8_t *out, int *len)
{
	if (running->encrypt || running->mode->pad != PAD_M2)
		return true;
	while (*len && !out[*len - 1])
		--*len;
	return *len && out[--*len] == 0x80;
}

/* The last data, and what padding asks for */
static uint16_t finish(struct call *call, struct running *running, const struct tlv *data)
{
	uint8_t out[1024 + 32];
	int len, more, last = 0;
	bool ok;

	ok = feed(running, data, out, &len) && pad(running, out + len, &more);
	if (ok && strcmp(running->mode->name, "CTR") && running->total % block(running))
		ok = false;	/* not whole blocks */
	if (ok) {
		len += more;
		ok = EVP_CipherFinal_ex(running->ctx, out + len, &last) == 1;
		len += last;
	}
	ok = ok && unpad(running, out, &len);
	if (ok)
		rsp_tlv(call->rsp, TAG_1, out, len);
	OPENSSL_cleanse(out, sizeof(out));
	return ok ? SW_OK : SW_DATA;
}

uint16_t cmd_cipher_one_shot(struct call *call)
{
	bool encrypt = call->apdu->p2 == P2_ENCRYPT_ONE_SHOT;
	const struct cipher_mode *mode;
	struct running *running;
	uint32_t id = 0;
	uint16_t sw;

	mode = tlv_number(arg(call, TAG_2), 1, &id) ? cipher_mode(id) : NULL;
	if (!mode || !has(call, TAG_3))
		return SW_DATA;
	sw = start(call, mode, encrypt, &running);
	if (sw != SW_OK)
		return sw;
	sw = finish(call, running, arg(call, TAG_3));
	stop(running);
	return sw;
}

uint16_t cmd_cipher_init(struct call *call)
{
	struct crypto_object *crypto;
	struct running *running;
	uint16_t sw = find_crypto(call, TAG_2, CONTEXT_CIPHER, &crypto);

	if (sw == SW_OK)
		sw = start(call, cipher_mode(crypto->subtype), call->apdu->p2 == P2_ENCRYPT,
			   &running);
	if (sw == SW_OK)
		crypto_start(crypto, running, stop);
	return sw;
}

uint16_t cmd_cipher_update(struct call *call)
{
	uint8_t out[1024 + 32];
	struct crypto_object *crypto;
	uint16_t sw = find_running(call, TAG_2, CONTEXT_CIPHER, &crypto);
	int len;

	if (sw != SW_OK)
		return sw;
	if (!has(call, TAG_3))
		return SW_DATA;
	if (!feed(crypto->running, arg(call, TAG_3), out, &len))
		return SW_INTERNAL;
	rsp_tlv(call->rsp, TAG_1, out, len);
	OPENSSL_cleanse(out, sizeof(out));
	return SW_OK;
}

uint16_t cmd_cipher_final(struct call *call)
{
	struct crypto_object *crypto;
	uint16_t sw = find_running(call, TAG_2, CONTEXT_CIPHER, &crypto);

	if (sw != SW_OK)
		return sw;
	sw = finish(call, crypto->running, arg(call, TAG_3));
	crypto_stop(crypto);
	return sw;
}
