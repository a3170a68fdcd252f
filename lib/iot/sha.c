// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SHA-1 and SHA-2 (FIPS 180-4), for the padding of RSA: so that this library needs no
 * other. What is long is hashed by who has a library for it.
 */
#include "iot.h"

/*
 * Cube roots of the first eighty primes, the fraction's first 64 bits (4.2.3). Of the
 * first 64 the upper halves are SHA-256's (4.2.2).
 */
static const uint64_t k512[80] = {
	0x428a2f98d728ae22ULL, 0x7137449123ef65cdULL, 0xb5c0fbcfec4d3b2fULL,
	0xe9b5dba58189dbbcULL, 0x3956c25bf348b538ULL, 0x59f111f1b605d019ULL,
	0x923f82a4af194f9bULL, 0xab1c5ed5da6d8118ULL, 0xd807aa98a3030242ULL,
	0x12835b0145706fbeULL, 0x243185be4ee4b28cULL, 0x550c7dc3d5ffb4e2ULL,
	0x72be5d74f27b896fULL, 0x80deb1fe3b1696b1ULL, 0x9bdc06a725c71235ULL,
	0xc19bf174cf692694ULL, 0xe49b69c19ef14ad2ULL, 0xefbe4786384f25e3ULL,
	0x0fc19dc68b8cd5b5ULL, 0x240ca1cc77ac9c65ULL, 0x2de92c6f592b0275ULL,
	0x4a7484aa6ea6e483ULL, 0x5cb0a9dcbd41fbd4ULL, 0x76f988da831153b5ULL,
	0x983e5152ee66dfabULL, 0xa831c66d2db43210ULL, 0xb00327c898fb213fULL,
	0xbf597fc7beef0ee4ULL, 0xc6e00bf33da88fc2ULL, 0xd5a79147930aa725ULL,
	0x06ca6351e003826fULL, 0x142929670a0e6e70ULL, 0x27b70a8546d22ffcULL,
	0x2e1b21385c26c926ULL, 0x4d2c6dfc5ac42aedULL, 0x53380d139d95b3dfULL,
	0x650a73548baf63deULL, 0x766a0abb3c77b2a8ULL, 0x81c2c92e47edaee6ULL,
	0x92722c851482353bULL, 0xa2bfe8a14cf10364ULL, 0xa81a664bbc423001ULL,
	0xc24b8b70d0f89791ULL, 0xc76c51a30654be30ULL, 0xd192e819d6ef5218ULL,
	0xd69906245565a910ULL, 0xf40e35855771202aULL, 0x106aa07032bbd1b8ULL,
	0x19a4c116b8d2d0c8ULL, 0x1e376c085141ab53ULL, 0x2748774cdf8eeb99ULL,
	0x34b0bcb5e19b48a8ULL, 0x391c0cb3c5c95a63ULL, 0x4ed8aa4ae3418acbULL,
	0x5b9cca4f7763e373ULL, 0x682e6ff3d6b2b8a3ULL, 0x748f82ee5defb2fcULL,
	0x78a5636f43172f60ULL, 0x84c87814a1f0ab72ULL, 0x8cc702081a6439ecULL,
	0x90befffa23631e28ULL, 0xa4506cebde82bde9ULL, 0xbef9a3f7b2c67915ULL,
	0xc67178f2e372532bULL, 0xca273eceea26619cULL, 0xd186b8c721c0c207ULL,
	0xeada7dd6cde0eb1eULL, 0xf57d4f7fee6ed178ULL, 0x06f067aa72176fbaULL,
	0x0a637dc5a2c898a6ULL, 0x113f9804bef90daeULL, 0x1b710b35131c471bULL,
	0x28db77f523047d84ULL, 0x32caab7b40c72493ULL, 0x3c9ebe0a15c9bebcULL,
	0x431d67c49c100d4cULL, 0x4cc5d4becb3e42b6ULL, 0x597f299cfc657e2aULL,
	0x5fcb6fab3ad6faecULL, 0x6c44198c4a475817ULL,
};

/* Square roots of the first eight primes (5.3.5, 5.3.3), and of the next (5.3.4, 5.3.2) */
static const uint64_t h512[8] = {
	0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL, 0x3c6ef372fe94f82bULL,
	0xa54ff53a5f1d36f1ULL, 0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL,
	0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL,
};

static const uint64_t h384[8] = {
	0xcbbb9d5dc1059ed8ULL, 0x629a292a367cd507ULL, 0x9159015a3070dd17ULL,
	0x152fecd8f70e5939ULL, 0x67332667ffc00b31ULL, 0x8eb44a8768581511ULL,
	0xdb0c2e0d64f98fa7ULL, 0x47b5481dbefa4fa4ULL,
};

static const uint32_t h1[8] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };

static uint32_t ror32(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint64_t ror64(uint64_t x, unsigned int n)
{
	return x >> n | x << (64 - n);
}

/* 6.1.2 */
static void block_sha1(uint32_t h[8], const uint8_t *p)
{
	static const uint32_t k[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int i = 0; i < 80; i++) {
		uint32_t f, t;

		w[i] = i < 16 ? get_be(p + 4 * i, 4) :
		       ror32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 31);
		if (i < 20)
			f = (b & c) ^ (~b & d);
		else if (i >= 40 && i < 60)
			f = (b & c) ^ (b & d) ^ (c & d);
		else
			f = b ^ c ^ d;
		t = ror32(a, 27) + f + e + k[i / 20] + w[i];
		e = d;
		d = c;
		c = ror32(b, 2);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	explicit_bzero(w, sizeof(w));
}

/* 6.2.2 */
static void block_sha256(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], v[8];

	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t t1, t2;

		if (i < 16)
			w[i] = get_be(p + 4 * i, 4);
		else
			w[i] = (ror32(w[i - 2], 17) ^ ror32(w[i - 2], 19) ^ w[i - 2] >> 10) +
			       w[i - 7] +
			       (ror32(w[i - 15], 7) ^ ror32(w[i - 15], 18) ^ w[i - 15] >> 3) +
			       w[i - 16];
		t1 = v[7] + (ror32(v[4], 6) ^ ror32(v[4], 11) ^ ror32(v[4], 25)) +
		     ((v[4] & v[5]) ^ (~v[4] & v[6])) + (uint32_t)(k512[i] >> 32) + w[i];
		t2 = (ror32(v[0], 2) ^ ror32(v[0], 13) ^ ror32(v[0], 22)) +
		     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
	explicit_bzero(w, sizeof(w));
}

/* 6.4.2 */
static void block_sha512(uint64_t h[8], const uint8_t *p)
{
	uint64_t w[80], v[8];

	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 80; i++) {
		uint64_t t1, t2;

		if (i < 16)
			w[i] = (uint64_t)get_be(p + 8 * i, 4) << 32 | get_be(p + 8 * i + 4, 4);
		else
			w[i] = (ror64(w[i - 2], 19) ^ ror64(w[i - 2], 61) ^ w[i - 2] >> 6) +
			       w[i - 7] +
			       (ror64(w[i - 15], 1) ^ ror64(w[i - 15], 8) ^ w[i - 15] >> 7) +
			       w[i - 16];
		t1 = v[7] + (ror64(v[4], 14) ^ ror64(v[4], 18) ^ ror64(v[4], 41)) +
		     ((v[4] & v[5]) ^ (~v[4] & v[6])) + k512[i] + w[i];
		t2 = (ror64(v[0], 28) ^ ror64(v[0], 34) ^ ror64(v[0], 39)) +
		     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
	explicit_bzero(w, sizeof(w));
}

void siot_hash(enum se05x_iot_hash hash, const void *data, size_t len, uint8_t *digest)
{
	bool wide = hash >= SE05X_IOT_HASH_SHA384;
	size_t block = wide ? 128 : 64, tail = len % block, n = se05x_iot_hash_len(hash);
	const uint8_t *p = data;
	uint8_t last[256] = { 0 };
	uint64_t h64[8];
	uint32_t h32[8];

	for (int i = 0; i < 8; i++) {
		h64[i] = hash == SE05X_IOT_HASH_SHA512 ? h512[i] : h384[i];
		h32[i] = hash == SE05X_IOT_HASH_SHA1 ? h1[i] :
			 hash == SE05X_IOT_HASH_SHA224 ? (uint32_t)h384[i] : h512[i] >> 32;
	}
	/* a one, zeros, and the length in bits at the end of a block (5.1) */
	memcpy(last, p + len - tail, tail);
	last[tail] = 0x80;
	tail = tail + 1 + block / 8 > block ? 2 * block : block;
	put_be(last + tail - 8, 8 * (uint64_t)len, 8);
	for (size_t at = 0; at < len / block * block + tail; at += block) {
		const uint8_t *from = at + block <= len ? p + at : last + at - len / block * block;

		if (wide)
			block_sha512(h64, from);
		else if (hash == SE05X_IOT_HASH_SHA1)
			block_sha1(h32, from);
		else
			block_sha256(h32, from);
	}
	for (size_t i = 0; i < n; i += 4)
		put_be(digest + i, wide ? h64[i / 8] >> (i % 8 ? 0 : 32) : h32[i / 4], 4);
	explicit_bzero(last, sizeof(last));
}
