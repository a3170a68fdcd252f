// SPDX-License-Identifier: LGPL-2.1-or-later
/* AES, DES and HMAC keys, and digests */
#include "iot.h"

EXPORT int se05x_iot_key_import(struct se05x_iot *iot, uint32_t id, enum se05x_iot_kind kind,
				const void *key, size_t len, const struct se05x_iot_new *how,
				struct se05x_call *call)
{
	uint16_t feature;
	struct command cmd;
	bool good;
	uint8_t p1;
	int ret;

	switch (kind) {
	case SE05X_IOT_KIND_AES:
		p1 = P1_AES;
		feature = SE05X_IOT_FEATURE_AES;
		good = len == 16 || len == 24 || len == 32;
		break;
	case SE05X_IOT_KIND_DES:
		p1 = P1_DES;
		feature = SE05X_IOT_FEATURE_DES;
		good = len == 8 || len == 16 || len == 24;
		break;
	case SE05X_IOT_KIND_HMAC:
		p1 = P1_HMAC;
		feature = SE05X_IOT_FEATURE_HMAC;
		good = len >= 1 && len <= 256;
		break;
	default:
		return siot_refuse(-EINVAL, call);
	}
	ret = siot_need(iot, feature, call);
	if (ret)
		return ret;
	if (!good)
		return siot_refuse(-EINVAL, call);
	ret = siot_place(iot, id, how, kind, 0, kind == SE05X_IOT_KIND_HMAC ? 0 : len, call);
	if (ret)
		return ret;
	siot_begin(&cmd, INS_WRITE, p1, 0x00, 0);
	siot_new(&cmd, how);
	siot_object(&cmd, id);
	siot_tlv(&cmd, TAG_3, key, len);
	return siot_run(iot, &cmd, NULL, call);
}

/* ---- ciphers ---- */

static const struct {
	uint8_t mode;
	uint8_t block;
	uint8_t iv;
	uint16_t feature;
} ciphers[] = {
	[SE05X_IOT_CIPHER_AES_ECB] = { 0x0E, 16, 0, SE05X_IOT_FEATURE_AES },
	[SE05X_IOT_CIPHER_AES_CBC] = { 0x0D, 16, 16, SE05X_IOT_FEATURE_AES },
	[SE05X_IOT_CIPHER_AES_CTR] = { 0xF0, 16, 16, SE05X_IOT_FEATURE_AES },
	[SE05X_IOT_CIPHER_DES_ECB] = { 0x05, 8, 0, SE05X_IOT_FEATURE_DES },
	[SE05X_IOT_CIPHER_DES_CBC] = { 0x01, 8, 8, SE05X_IOT_FEATURE_DES },
};

EXPORT size_t se05x_iot_cipher_block(enum se05x_iot_cipher cipher)
{
	return (size_t)cipher < ARRAY_SIZE(ciphers) ? ciphers[cipher].block : 0;
}

EXPORT size_t se05x_iot_cipher_iv(enum se05x_iot_cipher cipher)
{
	return (size_t)cipher < ARRAY_SIZE(ciphers) ? ciphers[cipher].iv : 0;
}

/* CTR: @blocks further */
static void count(uint8_t counter[16], size_t blocks)
{
	for (int i = 15; i >= 0 && blocks; i--) {
		blocks += counter[i];
		counter[i] = blocks;
		blocks >>= 8;
	}
}

EXPORT int se05x_iot_cipher(struct se05x_iot *iot, uint32_t id, enum se05x_iot_cipher cipher,
			    bool encrypt, const void *iv, const void *in, void *out,
			    size_t len, struct se05x_call *call)
{
	size_t block = se05x_iot_cipher_block(cipher), iv_len = se05x_iot_cipher_iv(cipher);
	bool ctr = cipher == SE05X_IOT_CIPHER_AES_CTR;
	const uint8_t *from = in;
	uint8_t *to = out, chain[16], next[16];
	struct command cmd;
	size_t most, n;
	int ret;

	if (!block || (len % block && !ctr) || (iv_len && !iv))
		return siot_refuse(-EINVAL, call);
	ret = siot_need(iot, ciphers[cipher].feature, call);
	if (ret)
		return ret;
	ret = siot_refuse(0, call);
	memcpy(chain, iv_len ? iv : "", iv_len);
	/* 41 04 id, 42 01 mode, 44 iv */
	most = siot_room(iot, 6 + 3 + 2 + sizeof(chain)) / block * block;
	for (; !ret && len; from += n, to += n, len -= n) {
		n = len < most ? len : most;
		siot_begin(&cmd, INS_CRYPTO, P1_CIPHER, encrypt ? 0x37 : 0x38, LE_LONG);
		siot_object(&cmd, id);
		siot_u8(&cmd, TAG_2, ciphers[cipher].mode);
		siot_tlv(&cmd, TAG_3, from, n);
		if (iv_len)
			siot_tlv(&cmd, TAG_4, chain, iv_len);
		if (iv_len && !ctr && !encrypt)
			memcpy(next, from + n - iv_len, iv_len);	/* @out may be @in */
		ret = siot_run_fixed(iot, &cmd, to, n, call);
		if (ret || !iv_len)
			continue;
		if (ctr)
			count(chain, n / block);
		else
			memcpy(chain, encrypt ? to + n - iv_len : next, iv_len);
	}
	return ret;
}

/* ---- AEAD ---- */

static int aead_begin(struct se05x_iot *iot, struct command *cmd, uint8_t p2, uint32_t id,
		      enum se05x_iot_aead aead, const void *iv, size_t iv_len, const void *aad,
		      size_t aad_len, const void *in, size_t len, size_t tag_len,
		      struct se05x_call *call)
{
	static const uint8_t modes[] = { [SE05X_IOT_AEAD_GCM] = 0xB0, [SE05X_IOT_AEAD_CCM] = 0xF4 };
	int ret = siot_need(iot, SE05X_IOT_FEATURE_AES, call);

	if (ret)
		return ret;
	if (!iot->as->aead)
		return siot_refuse(-EOPNOTSUPP, call);
	if ((size_t)aead >= ARRAY_SIZE(modes) || !iv_len || tag_len < 4 || tag_len > 16)
		return siot_refuse(-EINVAL, call);
	siot_begin(cmd, INS_CRYPTO, P1_AEAD, p2, LE_LONG);
	siot_object(cmd, id);
	siot_u8(cmd, TAG_2, modes[aead]);
	siot_tlv(cmd, TAG_3, in, len);
	if (aad_len)
		siot_tlv(cmd, TAG_4, aad, aad_len);
	siot_tlv(cmd, TAG_5, iv, iv_len);
	return 0;
}

EXPORT int se05x_iot_aead_encrypt(struct se05x_iot *iot, uint32_t id, enum se05x_iot_aead aead,
				  const void *iv, size_t iv_len, const void *aad,
				  size_t aad_len, const void *in, void *out, size_t len,
				  void *tag, size_t tag_len, struct se05x_call *call)
{
	const uint8_t *text, *mac;
	size_t text_len, mac_len;
	struct response rsp;
	struct command cmd;
	int ret = aead_begin(iot, &cmd, 0x37, id, aead, iv, iv_len, aad, aad_len, in, len,
			     tag_len, call);

	if (ret)
		return ret;
	siot_u16(&cmd, TAG_6, tag_len);
	ret = siot_run(iot, &cmd, &rsp, call);
	if (ret)
		return ret;
	if (!siot_get(&rsp, TAG_1, &text, &text_len) || text_len != len ||
	    !siot_get(&rsp, TAG_2, &mac, &mac_len) || mac_len != tag_len)
		return -EPROTO;
	if (len)
		memcpy(out, text, len);
	memcpy(tag, mac, tag_len);
	return 0;
}

EXPORT int se05x_iot_aead_decrypt(struct se05x_iot *iot, uint32_t id, enum se05x_iot_aead aead,
				  const void *iv, size_t iv_len, const void *aad,
				  size_t aad_len, const void *in, void *out, size_t len,
				  const void *tag, size_t tag_len, bool *good,
				  struct se05x_call *call)
{
	const uint8_t *text;
	struct response rsp;
	struct command cmd;
	uint32_t result;
	size_t text_len;
	int ret = aead_begin(iot, &cmd, 0x38, id, aead, iv, iv_len, aad, aad_len, in, len,
			     tag_len, call);

	if (ret)
		return ret;
	siot_tlv(&cmd, TAG_6, tag, tag_len);
	ret = siot_run(iot, &cmd, &rsp, call);
	if (!ret && (!siot_get_number(&rsp, TAG_2, 1, &result) ||
		     (result != RESULT_YES && result != RESULT_NO)))
		ret = -EPROTO;
	if (!ret && result == RESULT_YES &&
	    (!siot_get(&rsp, TAG_1, &text, &text_len) || text_len != len))
		ret = -EPROTO;
	if (!ret) {
		*good = result == RESULT_YES;
		if (*good && len)
			memcpy(out, text, len);
	}
	explicit_bzero(&rsp, sizeof(rsp));
	return ret;
}

/* ---- MACs ---- */

static const struct {
	uint8_t algorithm;
	uint16_t feature;
} macs[] = {
	[SE05X_IOT_MAC_HMAC_SHA1] = { 0x18, SE05X_IOT_FEATURE_HMAC },
	[SE05X_IOT_MAC_HMAC_SHA256] = { 0x19, SE05X_IOT_FEATURE_HMAC },
	[SE05X_IOT_MAC_HMAC_SHA384] = { 0x1A, SE05X_IOT_FEATURE_HMAC },
	[SE05X_IOT_MAC_HMAC_SHA512] = { 0x1B, SE05X_IOT_FEATURE_HMAC },
	[SE05X_IOT_MAC_CMAC_AES] = { 0x31, SE05X_IOT_FEATURE_AES },
};

static int mac_begin(struct se05x_iot *iot, struct command *cmd, uint8_t p2, uint32_t id,
		     enum se05x_iot_mac mac, const void *message, size_t len,
		     struct se05x_call *call)
{
	int ret;

	if ((size_t)mac >= ARRAY_SIZE(macs))
		return siot_refuse(-EINVAL, call);
	ret = siot_need(iot, macs[mac].feature, call);
	if (ret)
		return ret;
	siot_begin(cmd, INS_CRYPTO, P1_MAC, p2, LE_SHORT);
	siot_object(cmd, id);
	siot_u8(cmd, TAG_2, macs[mac].algorithm);
	siot_tlv(cmd, TAG_3, message, len);
	return 0;
}

EXPORT int se05x_iot_mac(struct se05x_iot *iot, uint32_t id, enum se05x_iot_mac mac,
			 const void *message, size_t len, void *out, size_t *out_len,
			 struct se05x_call *call)
{
	struct command cmd;
	int ret = mac_begin(iot, &cmd, 0x45, id, mac, message, len, call);

	return ret ? ret : siot_run_bytes(iot, &cmd, out, out_len, call);
}

EXPORT int se05x_iot_mac_verify(struct se05x_iot *iot, uint32_t id, enum se05x_iot_mac mac,
				const void *message, size_t len, const void *value,
				size_t value_len, bool *good, struct se05x_call *call)
{
	struct command cmd;
	int ret = mac_begin(iot, &cmd, 0x46, id, mac, message, len, call);

	if (ret)
		return ret;
	siot_tlv(&cmd, TAG_5, value, value_len);
	return siot_run_yes(iot, &cmd, good, call);
}

/* ---- digests, and what is derived by them ---- */

static const uint8_t digests[] = {
	[SE05X_IOT_HASH_SHA1] = 0x01, [SE05X_IOT_HASH_SHA224] = 0x07,
	[SE05X_IOT_HASH_SHA256] = 0x04,
	[SE05X_IOT_HASH_SHA384] = 0x05, [SE05X_IOT_HASH_SHA512] = 0x06,
};

EXPORT int se05x_iot_hkdf(struct se05x_iot *iot, uint32_t id, enum se05x_iot_hash hash,
			  const void *salt, size_t salt_len, const void *info,
			  size_t info_len, void *out, size_t out_len, struct se05x_call *call)
{
	struct command cmd;
	int ret = siot_need(iot, SE05X_IOT_FEATURE_HMAC, call);

	if (ret)
		return ret;
	if (!se05x_iot_hash_len(hash) || hash == SE05X_IOT_HASH_SHA224 || !out_len ||
	    out_len > 255 * se05x_iot_hash_len(hash))
		return siot_refuse(-EINVAL, call);
	if (out_len > siot_room(iot, 0))
		return siot_refuse(-E2BIG, call);
	siot_begin(&cmd, INS_CRYPTO, P1_DEFAULT, 0x2D, LE_LONG);
	siot_object(&cmd, id);
	siot_u8(&cmd, TAG_2, digests[hash]);
	if (salt_len)
		siot_tlv(&cmd, TAG_3, salt, salt_len);
	if (info_len)
		siot_tlv(&cmd, TAG_4, info, info_len);
	siot_u16(&cmd, TAG_5, out_len);
	return siot_run_fixed(iot, &cmd, out, out_len, call);
}

EXPORT int se05x_iot_digest(struct se05x_iot *iot, enum se05x_iot_hash hash, const void *data,
			    size_t len, void *digest, struct se05x_call *call)
{
	struct command cmd;

	if (!se05x_iot_hash_len(hash))
		return siot_refuse(-EINVAL, call);
	siot_begin(&cmd, INS_CRYPTO, P1_DEFAULT, 0x0E, LE_SHORT);
	siot_u8(&cmd, TAG_1, digests[hash]);
	siot_tlv(&cmd, TAG_2, data, len);
	return siot_run_fixed(iot, &cmd, digest, se05x_iot_hash_len(hash), call);
}
