// SPDX-License-Identifier: LGPL-2.1-or-later
/* Encryption */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "mech.h"

/* ---- RSA: decrypted bare, and the padding is taken off here ---- */

static size_t modulus_len(const struct p11_op *op)
{
	return EVP_PKEY_get_size(op->key.pkey);
}

static CK_RV oaep_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	const CK_RSA_PKCS_OAEP_PARAMS *p = mechanism->pParameter;

	if (!p || mechanism->ulParameterLen != sizeof(*p))
		return CKR_MECHANISM_PARAM_INVALID;
	op->rsa.hash = mech_hash_named(p->hashAlg);
	op->rsa.mgf = mech_hash_of_mgf(p->mgf);
	/* some say no source where they have no label */
	if (!op->rsa.hash || !op->rsa.mgf || 2 * op->rsa.hash->len + 2 > modulus_len(op) ||
	    (p->ulSourceDataLen && (!p->pSourceData || p->source != CKZ_DATA_SPECIFIED)) ||
	    p->source > CKZ_DATA_SPECIFIED)
		return CKR_MECHANISM_PARAM_INVALID;
	if (!p->ulSourceDataLen)
		return CKR_OK;
	op->rsa.label = op_copy(op, p->pSourceData, p->ulSourceDataLen, NULL, 0);
	op->rsa.label_len = p->ulSourceDataLen;
	return op->rsa.label ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV rsa_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	op->rsa.padding = op->mechanism->how;
	if (modulus_len(op) > RSA_MAX)
		return CKR_KEY_SIZE_RANGE;
	return op->rsa.padding == SE05X_IOT_PADDING_OAEP ? oaep_init(op, mechanism) :
	       op_no_parameter(op, mechanism);
}

/* What of the modulus is not the message */
static size_t overhead(const struct p11_op *op)
{
	return op->rsa.padding == SE05X_IOT_PADDING_PKCS1 ? 11 :
	       op->rsa.padding == SE05X_IOT_PADDING_OAEP ? 2 * op->rsa.hash->len + 2 : 0;
}

static size_t rsa_room(const struct p11_op *op, size_t len)
{
	(void)len;
	return op->what == CKF_ENCRYPT ? modulus_len(op) : modulus_len(op) - overhead(op);
}

static CK_RV rsa_encrypt(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out,
			 size_t *out_len)
{
	size_t n = modulus_len(op);
	uint8_t padded[RSA_MAX];
	CK_RV rv;

	if (len > n - overhead(op))
		return CKR_DATA_LEN_RANGE;
	if (op->rsa.padding == SE05X_IOT_PADDING_NONE) {
		memset(padded, 0, n - len);
		memcpy(padded + n - len, in, len);
		if (!soft_below_modulus(op->key.pkey, padded, n))
			return CKR_DATA_INVALID;
		in = padded;
		len = n;
	}
	rv = soft_encrypt(op->key.pkey, &op->rsa, in, len, out, out_len);
	OPENSSL_cleanse(padded, sizeof(padded));
	return rv;
}

/* Return: bytes of the message; -1: wrong, whatever it is */
static int unpad_rsa(const struct p11_op *op, const uint8_t *in, const uint8_t *em, size_t n,
		     uint8_t *out)
{
	EVP_MD *md = soft_hash(op->rsa.hash), *mgf = soft_hash(op->rsa.mgf);
	int len = n;

	if (op->rsa.padding == SE05X_IOT_PADDING_PKCS1)
		len = keys_rsa_unpad_pkcs1(p11.lib, NULL, in, em, n, out);
	else if (op->rsa.padding == SE05X_IOT_PADDING_OAEP)
		len = keys_rsa_unpad_oaep(md, mgf, op->rsa.label, op->rsa.label_len, em, n, out);
	else
		memcpy(out, em, n);
	EVP_MD_free(md);
	EVP_MD_free(mgf);
	return len;
}

static CK_RV rsa_decrypt(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out,
			 size_t *out_len)
{
	uint8_t em[RSA_MAX], message[RSA_MAX] = { 0 };
	size_t n = modulus_len(op), room = rsa_room(op, len);
	int message_len;
	CK_RV rv;

	if (len != n)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (!soft_below_modulus(op->key.pkey, in, n))
		return CKR_ENCRYPTED_DATA_INVALID;
	rv = key_rsa(&op->key, in, em, n);
	if (rv)
		return rv;
	message_len = unpad_rsa(op, in, em, n, message);
	memcpy(out, message, room);
	*out_len = message_len < 0 ? 0 : message_len;
	OPENSSL_cleanse(em, sizeof(em));
	OPENSSL_cleanse(message, sizeof(message));
	return message_len < 0 ? CKR_ENCRYPTED_DATA_INVALID : CKR_OK;
}

static CK_RV rsa_crypt(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out,
		       size_t *out_len)
{
	return (op->what == CKF_ENCRYPT ? rsa_encrypt : rsa_decrypt)(op, in, len, out, out_len);
}

const struct method rsa_crypt_method = {
	.init = rsa_init, .room = rsa_room, .run = rsa_crypt,
};

/* ---- AES ---- */

static CK_RV cipher_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	enum se05x_iot_cipher mode = op->mechanism->how & ~CIPHER_PADDED;
	const CK_AES_CTR_PARAMS *ctr = mechanism->pParameter;

	if (mode == SE05X_IOT_CIPHER_AES_ECB)
		return op_no_parameter(op, mechanism);
	if (!mechanism->pParameter ||
	    mechanism->ulParameterLen != (mode == SE05X_IOT_CIPHER_AES_CTR ? sizeof(*ctr) : BLOCK))
		return CKR_MECHANISM_PARAM_INVALID;
	if (mode != SE05X_IOT_CIPHER_AES_CTR) {
		memcpy(op->iv, mechanism->pParameter, BLOCK);
		return CKR_OK;
	}
	if (!ctr->ulCounterBits || ctr->ulCounterBits > 8 * BLOCK)
		return CKR_MECHANISM_PARAM_INVALID;
	op->counter_bits = ctr->ulCounterBits;
	memcpy(op->iv, ctr->cb, BLOCK);
	return CKR_OK;
}

static bool is_padded(const struct p11_op *op)
{
	return op->mechanism->how & CIPHER_PADDED;
}

static size_t cipher_room(const struct p11_op *op, size_t len)
{
	return is_padded(op) && op->what == CKF_ENCRYPT ? len / BLOCK * BLOCK + BLOCK : len;
}

/*
 * Blocks until the counter's last @bits bits are all zero again, which PKCS#11 leaves the
 * other bits alone at, and the chip does not. UINT64_MAX: never.
 */
static uint64_t until_zero(const uint8_t counter[BLOCK], unsigned int bits)
{
	unsigned int low = bits < 64 ? bits : 64;
	uint64_t n = (uint64_t)get_be(counter + 8, 4) << 32 | get_be(counter + 12, 4);
	uint64_t mask = low < 64 ? (1ULL << low) - 1 : UINT64_MAX;

	for (unsigned int bit = 64; bit < bits; bit++)
		if (!(counter[15 - bit / 8] >> bit % 8 & 1))
			return UINT64_MAX;
	n = (n & mask) ^ mask;
	return n == UINT64_MAX ? n : n + 1;
}

static void clear_counter(uint8_t counter[BLOCK], unsigned int bits)
{
	for (unsigned int bit = 0; bit < bits; bit++)
		counter[15 - bit / 8] &= ~(1 << bit % 8);
}

/* The counter behind so many blocks */
static void count(uint8_t counter[BLOCK], unsigned int bits, uint64_t blocks)
{
	unsigned int sum = 0;

	for (unsigned int bit = 0; bit < bits; bit += 8, blocks >>= 8) {
		uint8_t mask = bits - bit < 8 ? (1 << (bits - bit)) - 1 : 0xff;
		uint8_t *at = &counter[15 - bit / 8];

		sum += (*at & mask) + (blocks & 0xff);
		*at = (*at & ~mask) | (sum & mask);
		sum >>= 8;
	}
}

static CK_RV ctr(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out)
{
	unsigned int bits = op->counter_bits;
	uint64_t blocks = ((uint64_t)len + BLOCK - 1) / BLOCK, first = until_zero(op->iv, bits);
	size_t n = first < blocks ? first * BLOCK : len;
	CK_RV rv;

	/* a counter that comes again is the same key stream again */
	if (bits < 64 && blocks > (1ULL << bits) - op->blocks)
		return CKR_DATA_LEN_RANGE;
	rv = key_cipher(&op->key, SE05X_IOT_CIPHER_AES_CTR, op->what == CKF_ENCRYPT, op->iv, in,
			out, n);
	if (rv || n == len)
		return rv;
	clear_counter(op->iv, bits);
	return key_cipher(&op->key, SE05X_IOT_CIPHER_AES_CTR, op->what == CKF_ENCRYPT, op->iv,
			  in + n, out + n, len - n);
}

/* PKCS#7's padding, in constant time. Return: bytes of the message; the error if it is none. */
static CK_RV unpad(const uint8_t *data, size_t len, size_t *out_len)
{
	unsigned int n = data[len - 1], bad = (n - 1) >> 4;	/* 1 to 16 */

	for (unsigned int i = 0; i < BLOCK; i++) {
		unsigned int in_padding = -((i - n) >> 31);	/* i < n */

		bad |= in_padding & (data[len - 1 - i] ^ n);
	}
	*out_len = bad ? 0 : len - n;
	return bad ? CKR_ENCRYPTED_DATA_INVALID : CKR_OK;
}

static CK_RV whole_blocks(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out,
		    size_t *out_len)
{
	enum se05x_iot_cipher mode = op->mechanism->how & ~CIPHER_PADDED;
	bool encrypt = op->what == CKF_ENCRYPT, padded = is_padded(op);
	uint8_t more = BLOCK - len % BLOCK;
	CK_RV rv;

	if (padded && encrypt) {
		if (len)
			memcpy(out, in, len);
		memset(out + len, more, more);
		in = out;
		len += more;
	}
	if (len % BLOCK || (padded && !len))
		return encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
	rv = key_cipher(&op->key, mode, encrypt, op->iv, in, out, len);
	*out_len = len;
	return !rv && padded && !encrypt ? unpad(out, len, out_len) : rv;
}

static CK_RV cipher(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out,
		    size_t *out_len)
{
	if (op->mechanism->how != SE05X_IOT_CIPHER_AES_CTR)
		return whole_blocks(op, in, len, out, out_len);
	*out_len = len;
	return ctr(op, in, len, out);
}

/* Where padding is to be taken off, the last block is needed for that. */
static size_t cipher_ready(const struct p11_op *op, size_t len)
{
	size_t kept = is_padded(op) && op->what == CKF_DECRYPT && len;

	return (len - kept) / BLOCK * BLOCK;
}

static CK_RV cipher_part(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out)
{
	enum se05x_iot_cipher mode = op->mechanism->how & ~CIPHER_PADDED;
	bool encrypt = op->what == CKF_ENCRYPT;
	uint8_t next[BLOCK];
	CK_RV rv;

	if (mode == SE05X_IOT_CIPHER_AES_CTR) {
		memcpy(next, op->iv, BLOCK);
		count(next, op->counter_bits, len / BLOCK);
		rv = ctr(op, in, len, out);
		op->blocks += len / BLOCK;
	} else {
		rv = key_cipher(&op->key, mode, encrypt, op->iv, in, out, len);
		memcpy(next, (encrypt ? out : in) + len - BLOCK, BLOCK);
	}
	memcpy(op->iv, next, BLOCK);
	return rv;
}

const struct method cipher_method = {
	.init = cipher_init, .room = cipher_room, .run = cipher, .ready = cipher_ready,
	.part = cipher_part,
};

/* ---- GCM and CCM: the tag is behind the text ---- */

static CK_RV keep_aead(struct p11_op *op, const void *iv, size_t iv_len, const void *aad,
		       size_t aad_len, size_t tag_len)
{
	if (!iv || (aad_len && !aad))
		return CKR_MECHANISM_PARAM_INVALID;
	op->aead.iv = op_copy(op, iv, iv_len, aad, aad_len);
	if (!op->aead.iv)
		return CKR_HOST_MEMORY;
	op->aead.aad = op->aead.iv + iv_len;
	op->aead.iv_len = iv_len;
	op->aead.aad_len = aad_len;
	op->aead.tag_len = tag_len;
	return CKR_OK;
}

static CK_RV gcm_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	const CK_GCM_PARAMS *p = mechanism->pParameter;

	/* 12 bytes of IV by custom; SP 800-38D knows tags of 4, 8 and 12 to 16 bytes */
	if (!p || mechanism->ulParameterLen != sizeof(*p) || !p->ulIvLen || p->ulIvLen > 256 ||
	    p->ulTagBits % 8 || p->ulTagBits > 128 ||
	    (p->ulTagBits < 96 && p->ulTagBits != 64 && p->ulTagBits != 32))
		return CKR_MECHANISM_PARAM_INVALID;
	return keep_aead(op, p->pIv, p->ulIvLen, p->pAAD, p->ulAADLen, p->ulTagBits / 8);
}

static CK_RV ccm_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	const struct p11_ccm_params *p = mechanism->pParameter;

	if (!p || mechanism->ulParameterLen != sizeof(*p) || p->nonce_len < 7 ||
	    p->nonce_len > 13 || p->mac_len < 4 || p->mac_len > 16 || p->mac_len % 2)
		return CKR_MECHANISM_PARAM_INVALID;
	op->aead.data_len = p->data_len;
	return keep_aead(op, p->nonce, p->nonce_len, p->aad, p->aad_len, p->mac_len);
}

static CK_RV aead_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	op->aead.mode = op->mechanism->how;
	op->aead.encrypt = op->what == CKF_ENCRYPT;
	return (op->aead.mode == SE05X_IOT_AEAD_GCM ? gcm_init : ccm_init)(op, mechanism);
}

static size_t aead_room(const struct p11_op *op, size_t len)
{
	size_t tag = op->aead.tag_len;

	return op->aead.encrypt ? len + tag : len > tag ? len - tag : 0;
}

/* CCM was told how long the text is; some mean it with its tag. */
static bool told_length(const struct p11_op *op, size_t len)
{
	return op->aead.mode != SE05X_IOT_AEAD_CCM || op->aead.data_len == len ||
	       (!op->aead.encrypt && op->aead.data_len == len + op->aead.tag_len);
}

static CK_RV aead(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out,
		  size_t *out_len)
{
	size_t tag_len = op->aead.tag_len;
	uint8_t tag[BLOCK];

	if (op->aead.encrypt) {
		*out_len = len + tag_len;
		return told_length(op, len) ?
		       key_aead(&op->key, &op->aead, in, out, len, out + len) :
		       CKR_DATA_LEN_RANGE;
	}
	if (len < tag_len || !told_length(op, len - tag_len))
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	*out_len = len - tag_len;
	memcpy(tag, in + *out_len, tag_len);
	return key_aead(&op->key, &op->aead, in, out, *out_len, tag);
}

const struct method aead_method = {
	.init = aead_init, .room = aead_room, .run = aead,
};
