// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * CMAC, GCM and CCM (NIST SP 800-38B, D and C) of any length, for applets that have them
 * not, or not for so much: the host has the structure, the chip the block cipher, in
 * one-shots. A crypto object would write flash.
 */
#include <stdlib.h>

#include "iot.h"

#define BLOCK	16

static int ecb(struct se05x_iot *iot, uint32_t id, const void *in, void *out, size_t len,
	       struct se05x_call *call)
{
	return se05x_iot_cipher(iot, id, SE05X_IOT_CIPHER_AES_ECB, true, NULL, in, out, len, call);
}

static int ctr(struct se05x_iot *iot, uint32_t id, bool encrypt, const uint8_t *counter,
	       const void *in, void *out, size_t len, struct se05x_call *call)
{
	return se05x_iot_cipher(iot, id, SE05X_IOT_CIPHER_AES_CTR, encrypt, counter, in, out, len,
				call);
}

/* The last block of CBC; @data is whole blocks, and of no use after it */
static int cbc_mac(struct se05x_iot *iot, uint32_t id, uint8_t *data, size_t len,
		   uint8_t mac[BLOCK], struct se05x_call *call)
{
	static const uint8_t iv[BLOCK];
	int ret = se05x_iot_cipher(iot, id, SE05X_IOT_CIPHER_AES_CBC, true, iv, data, data, len,
				   call);

	if (!ret)
		memcpy(mac, data + len - BLOCK, BLOCK);
	return ret;
}

bool siot_same(const void *a, const void *b, size_t len)
{
	const uint8_t *p = a, *q = b;
	uint8_t different = 0;

	for (size_t i = 0; i < len; i++)
		different |= p[i] ^ q[i];
	return !different;
}

static void wipe(void *data, size_t len)
{
	if (data)
		explicit_bzero(data, len);
	free(data);
}

static size_t whole_blocks(size_t len)
{
	return (len + BLOCK - 1) / BLOCK * BLOCK;
}

/* ---- CMAC ---- */

/* Times x in GF(2^128) as CMAC writes it (38B, 6.1) */
static void twice(uint8_t block[BLOCK])
{
	uint8_t carry = -(block[0] >> 7) & 0x87;

	for (int i = 0; i < BLOCK - 1; i++)
		block[i] = block[i] << 1 | block[i + 1] >> 7;
	block[BLOCK - 1] = block[BLOCK - 1] << 1 ^ carry;
}

int siot_cmac(struct se05x_iot *iot, uint32_t id, const void *message, size_t len,
	      uint8_t mac[BLOCK], struct se05x_call *call)
{
	static const uint8_t zero[BLOCK];
	size_t padded = len ? whole_blocks(len) : BLOCK;
	uint8_t key[BLOCK], *data = calloc(1, padded);
	int ret;

	if (!data)
		return siot_refuse(-ENOMEM, call);
	ret = ecb(iot, id, zero, key, BLOCK, call);
	if (!ret) {
		if (len)
			memcpy(data, message, len);
		twice(key);
		if (len != padded) {
			data[len] = 0x80;
			twice(key);
		}
		for (int i = 0; i < BLOCK; i++)
			data[padded - BLOCK + i] ^= key[i];
		ret = cbc_mac(iot, id, data, padded, mac, call);
	}
	explicit_bzero(key, sizeof(key));
	wipe(data, padded);
	return ret;
}

/* ---- GCM ---- */

struct gcm {
	uint64_t h[2];		/* the hash key */
	uint64_t y[2];		/* the hash so far */
	uint8_t counter[BLOCK];	/* J0 */
	uint8_t mask[BLOCK];	/* E(J0) */
};

static uint64_t get_be64(const uint8_t *from)
{
	return (uint64_t)get_be(from, 4) << 32 | get_be(from + 4, 4);
}

/* y times h (38D, 6.3), without a branch or an address that depends on either */
static void multiply(struct gcm *g)
{
	uint64_t z[2] = { 0 }, v[2] = { g->h[0], g->h[1] };

	for (int i = 0; i < 128; i++) {
		uint64_t yes = -(g->y[i / 64] >> (63 - i % 64) & 1);
		uint64_t carry = -(v[1] & 1) & 0xe100000000000000ULL;

		z[0] ^= v[0] & yes;
		z[1] ^= v[1] & yes;
		v[1] = v[1] >> 1 | v[0] << 63;
		v[0] = v[0] >> 1 ^ carry;
	}
	memcpy(g->y, z, sizeof(z));
}

/* With zeros up to a whole block */
static void hash(struct gcm *g, const void *data, size_t len)
{
	const uint8_t *at = data;
	uint8_t block[BLOCK];

	for (size_t n; len; at += n, len -= n) {
		n = len < BLOCK ? len : BLOCK;
		memset(block, 0, sizeof(block));
		memcpy(block, at, n);
		g->y[0] ^= get_be64(block);
		g->y[1] ^= get_be64(block + 8);
		multiply(g);
	}
}

static void hash_lengths(struct gcm *g, uint64_t first, uint64_t second)
{
	uint8_t block[BLOCK];

	put_be(block, 8 * first, 8);
	put_be(block + 8, 8 * second, 8);
	hash(g, block, sizeof(block));
}

/* The hash key, J0 and what the tag is masked with (38D, 7.1: steps 1, 2 and 6) */
static int gcm_begin(struct se05x_iot *iot, struct gcm *g, uint32_t id, const void *iv,
		     size_t iv_len, struct se05x_call *call)
{
	bool usual = iv_len == 12;
	uint8_t blocks[2 * BLOCK] = { 0 };
	int ret;

	memset(g, 0, sizeof(*g));
	if (usual) {
		memcpy(g->counter, iv, iv_len);
		g->counter[BLOCK - 1] = 1;
		memcpy(blocks + BLOCK, g->counter, BLOCK);
	}
	ret = ecb(iot, id, blocks, blocks, usual ? 2 * BLOCK : BLOCK, call);
	if (ret)
		return ret;
	g->h[0] = get_be64(blocks);
	g->h[1] = get_be64(blocks + 8);
	memcpy(g->mask, blocks + BLOCK, BLOCK);
	if (!usual) {
		hash(g, iv, iv_len);
		hash_lengths(g, 0, iv_len);
		put_be(g->counter, g->y[0], 8);
		put_be(g->counter + 8, g->y[1], 8);
		memset(g->y, 0, sizeof(g->y));
		ret = ecb(iot, id, g->counter, g->mask, BLOCK, call);
	}
	explicit_bzero(blocks, sizeof(blocks));
	return ret;
}

static void gcm_tag(struct gcm *g, const void *aad, size_t aad_len, const void *text,
		    size_t len, uint8_t tag[BLOCK])
{
	hash(g, aad, aad_len);
	hash(g, text, len);
	hash_lengths(g, aad_len, len);
	put_be(tag, g->y[0], 8);
	put_be(tag + 8, g->y[1], 8);
	for (int i = 0; i < BLOCK; i++)
		tag[i] ^= g->mask[i];
}

/* GCM counts in the last four bytes only, the chip's CTR in all sixteen. */
static int gcm_crypt(struct se05x_iot *iot, struct gcm *g, uint32_t id, bool encrypt,
		     const uint8_t *in, uint8_t *out, size_t len, struct se05x_call *call)
{
	uint32_t count = get_be(g->counter + 12, 4) + 1;
	int ret = 0;

	while (!ret && len) {
		uint64_t left = BLOCK * (0x100000000ULL - count);
		size_t n = len < left ? len : left;

		put_be(g->counter + 12, count, 4);
		ret = ctr(iot, id, encrypt, g->counter, in, out, n, call);
		in += n;
		out += n;
		len -= n;
		count = 0;
	}
	return ret;
}

static int gcm(struct se05x_iot *iot, const struct aead *a, struct se05x_call *call)
{
	uint8_t tag[BLOCK];
	struct gcm g;
	int ret = gcm_begin(iot, &g, a->id, a->iv, a->iv_len, call);

	if (!ret && a->encrypt)
		ret = gcm_crypt(iot, &g, a->id, true, a->in, a->out, a->len, call);
	if (!ret) {
		gcm_tag(&g, a->aad, a->aad_len, a->encrypt ? a->out : a->in, a->len, tag);
		if (a->encrypt)
			memcpy(a->tag, tag, a->tag_len);
		else
			*a->good = siot_same(a->expected, tag, a->tag_len);
	}
	if (!ret && !a->encrypt && *a->good)
		ret = gcm_crypt(iot, &g, a->id, false, a->in, a->out, a->len, call);
	explicit_bzero(&g, sizeof(g));
	return ret;
}

/* ---- CCM ---- */

/* 38C, A.2.2: how long the additional data is, and itself up to a whole block */
static size_t put_aad(uint8_t *to, const struct aead *a)
{
	size_t n = 2;

	if (!a->aad_len)
		return 0;
	if (a->aad_len < 0xff00) {
		put_be(to, a->aad_len, 2);
	} else {
		put_be(to, 0xfffe, 2);
		put_be(to + 2, a->aad_len, 4);
		n = 6;
	}
	memcpy(to + n, a->aad, a->aad_len);
	return whole_blocks(n + a->aad_len);
}

/* What the tag is before it is masked (38C, 6.1, steps 1 to 4) */
static int ccm_mac(struct se05x_iot *iot, const struct aead *a, const void *plain,
		   uint8_t mac[BLOCK], struct se05x_call *call)
{
	size_t q = BLOCK - 1 - a->iv_len, size = 2 * BLOCK + 6 + whole_blocks(a->aad_len) +
		   whole_blocks(a->len), n = BLOCK;
	uint8_t *data = calloc(1, size);
	int ret;

	if (!data)
		return siot_refuse(-ENOMEM, call);
	data[0] = (a->aad_len ? 0x40 : 0) | (a->tag_len - 2) / 2 << 3 | (q - 1);
	memcpy(data + 1, a->iv, a->iv_len);
	put_be(data + 1 + a->iv_len, a->len, q);
	n += put_aad(data + n, a);
	if (a->len)
		memcpy(data + n, plain, a->len);
	ret = cbc_mac(iot, a->id, data, n + whole_blocks(a->len), mac, call);
	wipe(data, size);
	return ret;
}

/* The tag and then the text are one stream of CTR, from counter 0 on (6.1, steps 5 to 8). */
static int ccm(struct se05x_iot *iot, const struct aead *a, struct se05x_call *call)
{
	uint8_t counter[BLOCK] = { 0 }, mac[BLOCK], *data = calloc(1, BLOCK + a->len);
	int ret = 0;

	if (!data)
		return siot_refuse(-ENOMEM, call);
	counter[0] = BLOCK - 2 - a->iv_len;
	memcpy(counter + 1, a->iv, a->iv_len);
	if (a->encrypt)
		ret = ccm_mac(iot, a, a->in, data, call);
	else
		memcpy(data, a->expected, a->tag_len);
	if (!ret) {
		if (a->len)
			memcpy(data + BLOCK, a->in, a->len);
		ret = ctr(iot, a->id, a->encrypt, counter, data, data, BLOCK + a->len, call);
	}
	if (!ret && a->encrypt) {
		memcpy(a->tag, data, a->tag_len);
	} else if (!ret) {
		ret = ccm_mac(iot, a, data + BLOCK, mac, call);
		*a->good = !ret && siot_same(mac, data, a->tag_len);
	}
	if (!ret && a->len && (a->encrypt || *a->good))
		memcpy(a->out, data + BLOCK, a->len);
	wipe(data, BLOCK + a->len);
	return ret;
}

int siot_aead(struct se05x_iot *iot, const struct aead *a, struct se05x_call *call)
{
	uint64_t len = a->len, aad_len = a->aad_len;

	if (a->aead == SE05X_IOT_AEAD_GCM)
		return gcm(iot, a, call);
	/* as many bytes as are left by the nonce say how long the text is */
	if (a->iv_len < 7 || a->iv_len > 13 || a->tag_len % 2 ||
	    (a->iv_len > 7 && len >> 8 * (BLOCK - 1 - a->iv_len)) || aad_len > UINT32_MAX)
		return siot_refuse(-EINVAL, call);
	return ccm(iot, a, call);
}
