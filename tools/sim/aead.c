// SPDX-License-Identifier: GPL-2.0-only
/* AEAD: AES in GCM and CCM mode, at once (7.x) */

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "object.h"
#include "policy.h"
#include "symkey.h"

#define P2_ENCRYPT	0x37
#define MODE_GCM	0xb0
#define MODE_GCM_INT_IV	0xf3	/* the chip makes the IV; TAG_5 is its length */
#define MODE_CCM	0xf4
#define IV_MAX		64
#define TAG_LEN_MIN	4
#define TAG_LEN_MAX	16

struct aead {
	bool encrypt;
	bool own_iv;
	const char *name;	/* to libcrypto */
	uint8_t iv[IV_MAX];
	size_t iv_len;
	uint8_t tag[TAG_LEN_MAX];
	size_t tag_len;
};

static uint16_t take_iv(const struct call *call, struct aead *aead)
{
	const struct tlv *iv = arg(call, TAG_5);
	uint32_t len;

	if (!aead->own_iv) {
		if (!iv->len || iv->len > IV_MAX)
			return SW_DATA;
		memcpy(aead->iv, iv->value, iv->len);
		aead->iv_len = iv->len;
	} else {
		if (!aead->encrypt || !tlv_number(iv, 2, &len) || !len || len > IV_MAX)
			return SW_DATA;
		aead->iv_len = len;
		if (RAND_bytes(aead->iv, len) != 1)
			return SW_INTERNAL;
	}
	/* NIST SP 800-38C, A.1: 15 - q bytes, and q is 2 to 8 */
	if (!strcmp(aead->name, "CCM") && (aead->iv_len < 7 || aead->iv_len > 13))
		return SW_DATA;
	return SW_OK;
}

static uint16_t take_tag(const struct call *call, const struct object *key,
			 struct aead *aead)
{
	const struct tlv *tag = arg(call, TAG_6);
	uint32_t len = tag->len;

	if (aead->encrypt && !tlv_number(tag, 2, &len))
		return SW_DATA;
	if (len < TAG_LEN_MIN || len > TAG_LEN_MAX || len < key->min_tag_len ||
	    (!strcmp(aead->name, "CCM") && len % 2))
		return SW_DATA;
	aead->tag_len = len;
	if (!aead->encrypt)
		memcpy(aead->tag, tag->value, len);
	return SW_OK;
}

static bool set_up(EVP_CIPHER_CTX *ctx, const struct object *key, struct aead *aead)
{
	EVP_CIPHER *cipher = symm_cipher(key, aead->name);
	bool ccm = !strcmp(aead->name, "CCM");
	bool ok = cipher && EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, aead->encrypt, NULL) == 1 &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, aead->iv_len, NULL) == 1 &&
		  (aead->encrypt && !ccm ? 1 :
		   EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, aead->tag_len,
				       aead->encrypt ? NULL : aead->tag)) == 1 &&
		  EVP_CipherInit_ex2(ctx, NULL, key->value, aead->iv, aead->encrypt, NULL) == 1;

	EVP_CIPHER_free(cipher);
	return ok;
}

/* Return: false if libcrypto failed, or, on decryption, if the tag is wrong. */
static bool run(EVP_CIPHER_CTX *ctx, struct aead *aead, const struct tlv *data,
		const struct tlv *aad, uint8_t *out)
{
	static const uint8_t nothing[1];
	bool ccm = !strcmp(aead->name, "CCM");
	int n;

	if (ccm && EVP_CipherUpdate(ctx, NULL, &n, NULL, data->len) != 1)
		return false;
	if (aad->len && EVP_CipherUpdate(ctx, NULL, &n, aad->value, aad->len) != 1)
		return false;
	if ((data->len || ccm) &&
	    EVP_CipherUpdate(ctx, out, &n, data->len ? data->value : nothing, data->len) != 1)
		return false;
	if (!(ccm && !aead->encrypt) && EVP_CipherFinal_ex(ctx, out + data->len, &n) != 1)
		return false;
	return !aead->encrypt ||
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, aead->tag_len, aead->tag) == 1;
}

uint16_t cmd_aead_one_shot(struct call *call)
{
	struct aead aead = { .encrypt = call->apdu->p2 == P2_ENCRYPT };
	const struct tlv *data = arg(call, TAG_3), *aad = arg(call, TAG_4);
	uint8_t out[1024 + 32];
	EVP_CIPHER_CTX *ctx;
	struct object *key;
	uint32_t mode = 0;
	uint16_t sw = find_typed(call, TAG_1, IS_TYPE(TYPE_AES),
				 aead.encrypt ? RIGHT_ENC : RIGHT_DEC, &key);
	bool ok;

	if (sw != SW_OK)
		return sw;
	if (!tlv_number(arg(call, TAG_2), 1, &mode) ||
	    (mode != MODE_GCM && mode != MODE_GCM_INT_IV && mode != MODE_CCM))
		return SW_DATA;
	aead.name = mode == MODE_CCM ? "CCM" : "GCM";
	aead.own_iv = mode == MODE_GCM_INT_IV;
	if (aead.encrypt && !aead.own_iv && policy_rules(call, key) & RIGHT_FORBID_EXT_IV)
		return SW_DENIED;
	sw = take_iv(call, &aead);
	if (sw == SW_OK)
		sw = take_tag(call, key, &aead);
	if (sw != SW_OK)
		return sw;
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx && set_up(ctx, key, &aead) && run(ctx, &aead, data, aad, out);
	EVP_CIPHER_CTX_free(ctx);
	if (ok)		/* of a message that is not what was sent nothing is told */
		rsp_tlv(call->rsp, TAG_1, out, data->len);
	OPENSSL_cleanse(out, sizeof(out));
	if (!aead.encrypt) {
		rsp_u8(call->rsp, TAG_2, ok ? 1 : 2);
		return SW_OK;
	}
	if (!ok)
		return SW_DATA;
	rsp_tlv(call->rsp, TAG_2, aead.tag, aead.tag_len);
	if (aead.own_iv)
		rsp_tlv(call->rsp, TAG_3, aead.iv, aead.iv_len);
	return SW_OK;
}
