// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * RSA's paddings (RFC 8017), where the chip does the bare RSA. Taking one off says
 * good or bad, and takes the same time whatever is wrong.
 */
#include <sys/random.h>

#include "iot.h"

#define DIGEST_MAX	64

/* 9.2, note 1: what a DigestInfo begins with */
static const uint8_t info_sha1[] = {
	0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14,
};

/* SHA-2: the last byte of the object identifier says which */
static const uint8_t info_sha2[] = {
	0x30, 0x00, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x00,
	0x05, 0x00, 0x04, 0x00,
};

static const uint8_t oid_end[] = {
	[SE05X_IOT_HASH_SHA224] = 4, [SE05X_IOT_HASH_SHA256] = 1,
	[SE05X_IOT_HASH_SHA384] = 2, [SE05X_IOT_HASH_SHA512] = 3,
};

static bool pad_pkcs1(enum se05x_iot_hash hash, const uint8_t *digest, uint8_t *em, size_t len)
{
	size_t n = se05x_iot_hash_len(hash), info_len = sizeof(info_sha2);
	uint8_t info[sizeof(info_sha2)];

	if (hash == SE05X_IOT_HASH_SHA1) {
		info_len = sizeof(info_sha1);
		memcpy(info, info_sha1, info_len);
	} else {
		memcpy(info, info_sha2, info_len);
		info[1] = info_len - 2 + n;
		info[14] = oid_end[hash];
		info[18] = n;
	}
	if (len < info_len + n + 11)
		return false;
	memset(em, 0xff, len);
	em[0] = 0x00;
	em[1] = 0x01;
	em[len - n - info_len - 1] = 0x00;
	memcpy(em + len - n - info_len, info, info_len);
	memcpy(em + len - n, digest, n);
	return true;
}

/* B.2.1, onto what is there */
static bool mask(enum se05x_iot_hash hash, const uint8_t *seed, size_t seed_len, uint8_t *to,
		 size_t len)
{
	size_t n = se05x_iot_hash_len(hash);
	uint8_t in[SE05X_IOT_SIG_MAX + 4], digest[DIGEST_MAX];
	bool good = true;

	memcpy(in, seed, seed_len);
	for (size_t i = 0; i < len && good; i++) {
		if (i % n == 0) {
			put_be(in + seed_len, i / n, 4);
			good = siot_hash(hash, in, seed_len + 4, digest);
		}
		to[i] ^= digest[i % n];
	}
	explicit_bzero(in, sizeof(in));
	explicit_bzero(digest, sizeof(digest));
	return good;
}

/* 9.1.1, salt as long as the digest. The modulus has 8 * @len bits: one more than fits. */
static bool pad_pss(enum se05x_iot_hash hash, const uint8_t *digest, uint8_t *em, size_t len)
{
	size_t n = se05x_iot_hash_len(hash), db_len = len - n - 1;
	uint8_t all[8 + 2 * DIGEST_MAX] = { 0 };

	if (len < 2 * n + 2)
		return false;
	memcpy(all + 8, digest, n);
	if (getrandom(all + 8 + n, n, 0) != (ssize_t)n)
		return false;
	memset(em, 0, len);
	if (!siot_hash(hash, all, 8 + 2 * n, em + db_len))
		return false;
	em[db_len - n - 1] = 0x01;
	memcpy(em + db_len - n, all + 8 + n, n);
	if (!mask(hash, em + db_len, n, em, db_len))
		return false;
	em[0] &= 0x7f;
	em[len - 1] = 0xbc;
	return true;
}

bool siot_pad_signature(enum se05x_iot_padding padding, enum se05x_iot_hash hash,
			const uint8_t *digest, uint8_t *em, size_t len)
{
	return (padding == SE05X_IOT_PADDING_PSS ? pad_pss : pad_pkcs1)(hash, digest, em, len);
}

/* 7.1.1, without a label */
bool siot_pad_oaep(enum se05x_iot_hash hash, const void *message, size_t message_len,
		   uint8_t *em, size_t len)
{
	size_t n = se05x_iot_hash_len(hash);
	uint8_t *seed = em + 1, *db = em + 1 + n;
	size_t db_len = len - n - 1;

	if (len < 2 * n + 2 || message_len > len - 2 * n - 2)
		return false;
	memset(em, 0, len);
	if (getrandom(seed, n, 0) != (ssize_t)n)
		return false;
	if (!siot_hash(hash, "", 0, db))
		return false;
	db[db_len - message_len - 1] = 0x01;
	memcpy(db + db_len - message_len, message, message_len);
	return mask(hash, seed, n, db, db_len) && mask(hash, db, db_len, seed, n);
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

/*
 * What is behind the first @skip bytes, to the front: by powers of two, so that no
 * address tells how many. @out has room for @len bytes.
 */
static int take_out(uint8_t *em, size_t len, uint32_t skip, uint32_t good, uint8_t *out,
		    size_t *out_len)
{
	uint32_t n = (len - skip) & good;

	for (size_t bit = 1; bit < len; bit <<= 1) {
		uint32_t yes = ~is_zero(skip & bit);

		for (size_t i = 0; i < len; i++) {
			uint8_t from = i + bit < len ? em[i + bit] : 0;

			em[i] = (em[i] & ~yes) | (from & yes);
		}
	}
	for (size_t i = 0; i < len; i++)
		out[i] = em[i] & is_less(i, n);
	*out_len = n;
	return good ? 0 : -EILSEQ;
}

/* 7.2.2: 00 02, at least eight bytes that are not 00, 00, the message */
static int unpad_pkcs1(uint8_t *em, size_t len, uint8_t *out, size_t *out_len)
{
	uint32_t good = is_zero(em[0]) & is_zero(em[1] ^ 0x02), found = 0, end = 0;

	for (size_t i = 2; i < len; i++) {
		uint32_t first = is_zero(em[i]) & ~found;

		end |= i & first;
		found |= first;
	}
	good &= found & ~is_less(end, 2 + 8);
	return take_out(em, len, end + 1, good, out, out_len);
}

/* 7.1.2, without a label */
static int unpad_oaep(enum se05x_iot_hash hash, uint8_t *em, size_t len, uint8_t *out,
		      size_t *out_len)
{
	size_t n = se05x_iot_hash_len(hash);
	uint8_t *seed = em + 1, *db = em + 1 + n, label[DIGEST_MAX];
	size_t db_len = len - n - 1;
	uint32_t bad = em[0], good, found = 0, end = 0;

	if (!mask(hash, db, db_len, seed, n) || !mask(hash, seed, n, db, db_len) ||
	    !siot_hash(hash, "", 0, label))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		bad |= db[i] ^ label[i];
	for (size_t i = n; i < db_len; i++) {
		uint32_t first = ~is_zero(db[i]) & ~found;

		bad |= (db[i] ^ 0x01) & first;
		end |= i & first;
		found |= first;
	}
	good = is_zero(bad) & found;
	return take_out(db, db_len, end + 1, good, out, out_len);
}

int siot_unpad(enum se05x_iot_padding padding, enum se05x_iot_hash hash, uint8_t *em, size_t len,
	       void *out, size_t *out_len)
{
	if (padding == SE05X_IOT_PADDING_PKCS1)
		return unpad_pkcs1(em, len, out, out_len);
	return unpad_oaep(hash, em, len, out, out_len);
}
