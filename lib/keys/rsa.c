// SPDX-License-Identifier: LGPL-2.1-or-later
/* RSA's paddings, with any hash that libcrypto has */
#define OPENSSL_SUPPRESS_DEPRECATED	/* what libcrypto does well is not done again here */

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "../common.h"
#include "keys.h"

/* ---- on ---- */

static int digest_info(const EVP_MD *md, const void *digest, size_t len, uint8_t **der)
{
	X509_SIG *info = X509_SIG_new();
	ASN1_OCTET_STRING *value;
	X509_ALGOR *algorithm;
	int n = -1;

	if (!info)
		return -1;
	X509_SIG_getm(info, &algorithm, &value);
	if (X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL, NULL) &&
	    ASN1_OCTET_STRING_set(value, digest, len))
		n = i2d_X509_SIG(info, der);
	X509_SIG_free(info);
	return n;
}

bool keys_rsa_pad_pkcs1(const EVP_MD *md, const void *in, size_t len, uint8_t *em,
			size_t em_len)
{
	uint8_t *der = NULL;
	bool good;
	int n;

	/* TLS 1.1 and before signed both digests and no DigestInfo */
	if (!md || EVP_MD_is_a(md, "MD5-SHA1"))
		return RSA_padding_add_PKCS1_type_1(em, em_len, in, len) == 1;
	n = digest_info(md, in, len, &der);
	good = n > 0 && RSA_padding_add_PKCS1_type_1(em, em_len, der, n) == 1;
	OPENSSL_free(der);
	return good;
}

/* As OpenSSL takes the special lengths when it signs. Return: -1: no such length. */
static int pss_salt_len(int salt_len, int digest_len, int max)
{
	if (max < 0)
		return -1;
	if (salt_len == RSA_PSS_SALTLEN_DIGEST)
		return digest_len;
	if (salt_len == RSA_PSS_SALTLEN_AUTO || salt_len == RSA_PSS_SALTLEN_MAX)
		return max;
	if (salt_len == KEYS_PSS_SALTLEN_AUTO_DIGEST_MAX)
		return digest_len < max ? digest_len : max;
	return salt_len;
}

/* H = hash of eight zeros, the digest and the salt */
static bool pss_hash(const EVP_MD *md, const uint8_t *digest, const uint8_t *salt, size_t len,
		     uint8_t *hash)
{
	static const uint8_t zeros[8];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestInit_ex2(ctx, md, NULL) &&
		    EVP_DigestUpdate(ctx, zeros, sizeof(zeros)) &&
		    EVP_DigestUpdate(ctx, digest, EVP_MD_get_size(md)) &&
		    EVP_DigestUpdate(ctx, salt, len) && EVP_DigestFinal_ex(ctx, hash, NULL);

	EVP_MD_CTX_free(ctx);
	return good;
}

bool keys_rsa_pad_pss(OSSL_LIB_CTX *ctx, const EVP_MD *md, const EVP_MD *mgf, int salt_len,
		      const void *digest, uint8_t *em, unsigned int bits)
{
	int n = EVP_MD_get_size(md), whole = (bits + 7) / 8, top = (bits - 1) % 8;
	int len = top ? whole : whole - 1, db_len = len - n - 1;
	uint8_t *db = em + whole - len, *hash = db + db_len, mask[SE05X_IOT_SIG_MAX];

	salt_len = pss_salt_len(salt_len, n, len - n - 2);
	if (salt_len < 0 || salt_len > len - n - 2 || db_len > (int)sizeof(mask))
		return false;
	memset(em, 0, whole);
	db[db_len - salt_len - 1] = 0x01;
	if (RAND_bytes_ex(ctx, db + db_len - salt_len, salt_len, 0) != 1 ||
	    !pss_hash(md, digest, db + db_len - salt_len, salt_len, hash) ||
	    PKCS1_MGF1(mask, db_len, hash, n, mgf) != 0)
		return false;
	for (int i = 0; i < db_len; i++)
		db[i] ^= mask[i];
	if (top)
		db[0] &= 0xff >> (8 - top);
	hash[n] = 0xbc;
	return true;
}

/* ---- off, in constant time: masks of all ones or all zeros ---- */

static uint32_t is_zero(uint32_t x)
{
	return -((~x & (x - 1)) >> 31);
}

/* both below 2^31 */
static uint32_t is_less(uint32_t a, uint32_t b)
{
	return -((a - b) >> 31);
}

static uint32_t choose(uint32_t mask, uint32_t a, uint32_t b)
{
	return (a & mask) | (b & ~mask);
}

int keys_rsa_unpad_oaep(const EVP_MD *md, const EVP_MD *mgf, const void *label,
			size_t label_len, const uint8_t *em, size_t em_len, uint8_t *out)
{
	int n;

	ERR_set_mark();
	n = RSA_padding_check_PKCS1_OAEP_mgf1(out, em_len, em, em_len, em_len, label, label_len,
					      md, mgf);
	ERR_pop_to_mark();
	return n;
}

/* @len bytes that follow from the key and a word */
static bool expand(OSSL_LIB_CTX *ctx, const uint8_t key[32], const char *word, uint8_t *out,
		   size_t len)
{
	uint8_t block[32], in[16] = { 0 };
	bool good = true;

	memcpy(in + 4, word, strlen(word));
	for (size_t i = 0; good && i < len; i += sizeof(block)) {
		size_t n = len - i < sizeof(block) ? len - i : sizeof(block);

		put_be(in, i / sizeof(block), 4);
		good = EVP_Q_mac(ctx, "HMAC", NULL, "SHA256", NULL, key, 32, in, sizeof(in), block,
				 sizeof(block), NULL);
		memcpy(out + i, block, n);
	}
	OPENSSL_cleanse(block, sizeof(block));
	return good;
}

#define TRIES	128	/* for a length: that none of them fits has a chance of 2^-128 or less */

/* What a bad message is replaced by, at the end of @em_len bytes. Return: its length; 0: error */
static uint32_t substitute(OSSL_LIB_CTX *ctx, const uint8_t *secret, const void *in,
			   uint8_t *out, size_t em_len)
{
	uint32_t max = em_len - 11, mask = max, len = 0;
	uint8_t key[32], lengths[2 * TRIES];
	bool good;

	for (int i = 1; i < 16; i <<= 1)
		mask |= mask >> i;
	good = EVP_Q_mac(ctx, "HMAC", NULL, "SHA256", NULL, secret, KEYS_REJECTION_LEN, in, em_len,
			 key, sizeof(key), NULL) &&
	       expand(ctx, key, "length", lengths, sizeof(lengths)) &&
	       expand(ctx, key, "message", out, em_len);
	for (size_t i = 0; i < TRIES; i++) {
		uint32_t n = get_be(lengths + 2 * i, 2) & mask;

		len = choose(is_less(n, max + 1), n, len);
	}
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(lengths, sizeof(lengths));
	return good ? len : UINT32_MAX;
}

/* The last @n bytes of @em to the front: by powers of two, so that no address tells how many */
static void take_end(uint8_t *em, size_t len, uint32_t n, uint8_t *out)
{
	uint32_t skip = len - n;

	for (size_t bit = 1; bit <= len; bit <<= 1) {
		uint32_t yes = ~is_zero(skip & bit);

		for (size_t i = 0; i < len; i++)
			em[i] = choose(yes, i + bit < len ? em[i + bit] : 0, em[i]);
	}
	for (size_t i = 0; i < len; i++)
		out[i] = em[i] & is_less(i, n);
}

int keys_rsa_unpad_pkcs1(OSSL_LIB_CTX *ctx, const uint8_t *secret, const void *in,
			 const uint8_t *em, size_t em_len, uint8_t *out)
{
	uint8_t chosen[SE05X_IOT_SIG_MAX], other[SE05X_IOT_SIG_MAX] = { 0 };
	uint32_t good, found = 0, end = 0, n, other_len = 0;

	if (em_len < 11 || em_len > sizeof(chosen))
		return -1;
	if (secret)
		other_len = substitute(ctx, secret, in, other, em_len);
	if (other_len == UINT32_MAX)
		return -1;
	good = is_zero(em[0]) & is_zero(em[1] ^ 0x02);
	for (size_t i = 2; i < em_len; i++) {
		uint32_t first = is_zero(em[i]) & ~found;

		end |= i & first;
		found |= first;
	}
	good &= found & ~is_less(end, 2 + 8);
	n = choose(good, em_len - end - 1, other_len);
	for (size_t i = 0; i < em_len; i++)
		chosen[i] = choose(good, em[i], other[i]);
	take_end(chosen, em_len, n, out);
	OPENSSL_cleanse(chosen, sizeof(chosen));
	OPENSSL_cleanse(other, sizeof(other));
	return secret || good ? (int)n : -1;
}

bool keys_rsa_unpad_tls(OSSL_LIB_CTX *ctx, unsigned int version, unsigned int other,
			const uint8_t *em, size_t em_len, uint8_t out[KEYS_PREMASTER_LEN])
{
	uint8_t random[KEYS_PREMASTER_LEN];
	const uint8_t *message = em + em_len - KEYS_PREMASTER_LEN;
	uint32_t good, sent;

	if (em_len < KEYS_PREMASTER_LEN + 11 ||
	    RAND_bytes_ex(ctx, random, sizeof(random), 0) != 1)
		return false;
	good = is_zero(em[0]) & is_zero(em[1] ^ 0x02) & is_zero(message[-1]);
	for (const uint8_t *p = em + 2; p < message - 1; p++)
		good &= ~is_zero(*p);
	sent = message[0] << 8 | message[1];
	good &= is_zero(sent ^ version) | (is_zero(sent ^ other) & ~is_zero(other));
	for (size_t i = 0; i < KEYS_PREMASTER_LEN; i++)
		out[i] = choose(good, message[i], random[i]);
	OPENSSL_cleanse(random, sizeof(random));
	return true;
}
