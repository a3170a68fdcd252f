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

/* Return: true if the chip can do it in one command, which then is @cmd. */
static bool aead_command(struct se05x_iot *iot, struct command *cmd, const struct aead *a)
{
	static const uint8_t modes[] = {
		[SE05X_IOT_AEAD_GCM] = 0xB0, [SE05X_IOT_AEAD_CCM] = 0xF4,
	};

	if (!iot->as->aead)
		return false;
	siot_begin(cmd, INS_CRYPTO, P1_AEAD, a->encrypt ? 0x37 : 0x38, LE_LONG);
	siot_object(cmd, a->id);
	siot_u8(cmd, TAG_2, modes[a->aead]);
	siot_tlv(cmd, TAG_3, a->in, a->len);
	if (a->aad_len)
		siot_tlv(cmd, TAG_4, a->aad, a->aad_len);
	siot_tlv(cmd, TAG_5, a->iv, a->iv_len);
	if (a->encrypt)
		siot_u16(cmd, TAG_6, a->tag_len);
	else
		siot_tlv(cmd, TAG_6, a->expected, a->tag_len);
	return siot_fits(iot, cmd);
}

static int aead(struct se05x_iot *iot, const struct aead *a, struct se05x_call *call)
{
	const uint8_t *text = NULL, *tag;
	size_t text_len = 0, tag_len;
	struct response rsp;
	struct command cmd;
	uint32_t result = RESULT_YES;
	int ret = siot_need(iot, SE05X_IOT_FEATURE_AES, call);

	if (ret)
		return ret;
	if ((a->aead != SE05X_IOT_AEAD_GCM && a->aead != SE05X_IOT_AEAD_CCM) || !a->iv_len ||
	    a->tag_len < 4 || a->tag_len > 16)
		return siot_refuse(-EINVAL, call);
	if (!aead_command(iot, &cmd, a)) {
		explicit_bzero(&cmd, sizeof(cmd));
		return siot_aead(iot, a, call);
	}
	ret = siot_run(iot, &cmd, &rsp, call);
	if (ret)
		return ret;
	if (a->encrypt && (!siot_get(&rsp, TAG_2, &tag, &tag_len) || tag_len != a->tag_len))
		ret = -EPROTO;
	if (!a->encrypt && (!siot_get_number(&rsp, TAG_2, 1, &result) ||
			    (result != RESULT_YES && result != RESULT_NO)))
		ret = -EPROTO;
	if (!ret && result == RESULT_YES &&
	    (!siot_get(&rsp, TAG_1, &text, &text_len) || text_len != a->len))
		ret = -EPROTO;
	if (!ret && a->encrypt)
		memcpy(a->tag, tag, tag_len);
	else if (!ret)
		*a->good = result == RESULT_YES;
	if (!ret && text_len)
		memcpy(a->out, text, text_len);
	explicit_bzero(&rsp, sizeof(rsp));
	return ret;
}

EXPORT int se05x_iot_aead_encrypt(struct se05x_iot *iot, uint32_t id, enum se05x_iot_aead mode,
				  const void *iv, size_t iv_len, const void *aad,
				  size_t aad_len, const void *in, void *out, size_t len,
				  void *tag, size_t tag_len, struct se05x_call *call)
{
	const struct aead a = {
		.id = id, .aead = mode, .encrypt = true, .iv = iv, .iv_len = iv_len, .aad = aad,
		.aad_len = aad_len, .in = in, .out = out, .len = len, .tag = tag,
		.tag_len = tag_len,
	};

	return aead(iot, &a, call);
}

EXPORT int se05x_iot_aead_decrypt(struct se05x_iot *iot, uint32_t id, enum se05x_iot_aead mode,
				  const void *iv, size_t iv_len, const void *aad,
				  size_t aad_len, const void *in, void *out, size_t len,
				  const void *tag, size_t tag_len, bool *good,
				  struct se05x_call *call)
{
	const struct aead a = {
		.id = id, .aead = mode, .iv = iv, .iv_len = iv_len, .aad = aad,
		.aad_len = aad_len, .in = in, .out = out, .len = len, .expected = tag,
		.tag_len = tag_len, .good = good,
	};

	return aead(iot, &a, call);
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

#define CMAC_LEN	16

EXPORT int se05x_iot_mac(struct se05x_iot *iot, uint32_t id, enum se05x_iot_mac mac,
			 const void *message, size_t len, void *out, size_t *out_len,
			 struct se05x_call *call)
{
	size_t room = *out_len;
	struct command cmd;
	int ret = mac_begin(iot, &cmd, 0x45, id, mac, message, len, call);

	if (ret)
		return ret;
	if (mac != SE05X_IOT_MAC_CMAC_AES || siot_fits(iot, &cmd))
		return siot_run_bytes(iot, &cmd, out, out_len, call);
	explicit_bzero(&cmd, sizeof(cmd));
	*out_len = CMAC_LEN;
	return room < CMAC_LEN ? siot_refuse(-ENOSPC, call) :
				 siot_cmac(iot, id, message, len, out, call);
}

EXPORT int se05x_iot_mac_verify(struct se05x_iot *iot, uint32_t id, enum se05x_iot_mac mac,
				const void *message, size_t len, const void *value,
				size_t value_len, bool *good, struct se05x_call *call)
{
	uint8_t computed[CMAC_LEN];
	struct command cmd;
	int ret = mac_begin(iot, &cmd, 0x46, id, mac, message, len, call);

	if (ret)
		return ret;
	siot_tlv(&cmd, TAG_5, value, value_len);
	if (mac != SE05X_IOT_MAC_CMAC_AES || siot_fits(iot, &cmd))
		return siot_run_yes(iot, &cmd, good, call);
	explicit_bzero(&cmd, sizeof(cmd));
	ret = siot_cmac(iot, id, message, len, computed, call);
	if (!ret)
		*good = value_len == CMAC_LEN && siot_same(value, computed, CMAC_LEN);
	explicit_bzero(computed, sizeof(computed));
	return ret;
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
	if (out_len > se05x_iot_max(iot, SE05X_IOT_MAX_HKDF))
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

/* ---- how much ---- */

#define HKDF_MAX	768	/* bytes that the applet derives at once [U] */

EXPORT size_t se05x_iot_max(const struct se05x_iot *iot, enum se05x_iot_limit limit)
{
	/* of the other TLVs: 41 04 id, 42 01 algorithm, 45 signature or MAC */
	switch (limit) {
	case SE05X_IOT_MAX_HMAC:
		return siot_room(iot, 6 + 3 + 2 + SE05X_IOT_MAC_MAX);
	case SE05X_IOT_MAX_DIGEST:
		return siot_room(iot, 3);
	case SE05X_IOT_MAX_PCR:
		return siot_room(iot, 6);
	case SE05X_IOT_MAX_ED25519:
		return siot_room(iot, 6 + 3 + 2 + 64);
	case SE05X_IOT_MAX_RSA:
		return siot_room(iot, 6 + 3 + 4 + SE05X_IOT_SIG_MAX);
	case SE05X_IOT_MAX_HKDF:
		return HKDF_MAX;
	default:
		return 0;
	}
}
