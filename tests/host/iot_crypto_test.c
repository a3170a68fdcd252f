// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ciphers, MACs, objects and sessions by libse05x-iot in the simulated applet, 3.1 and
 * 7.2: libcrypto is the judge, and published vectors
 */
#include <errno.h>

#include <openssl/evp.h>

#include "iot_run.h"

/* ---- symmetric ---- */

/* NIST SP 800-38A, F.1.1, F.2.1, F.5.1 (AES-128), F.2.5 (AES-256) */
static void test_aes(void **state)
{
#define PLAIN	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
		"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define KEY128	"2b7e151628aed2a6abf7158809cf4f3c"
#define KEY256	"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
	static const struct {
		enum se05x_iot_cipher cipher;
		const char *key, *iv, *out;
	} vectors[] = {
		{ SE05X_IOT_CIPHER_AES_ECB, KEY128, "",
		  "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
		  "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4" },
		{ SE05X_IOT_CIPHER_AES_CBC, KEY128, "000102030405060708090a0b0c0d0e0f",
		  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
		  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
		{ SE05X_IOT_CIPHER_AES_CTR, KEY128, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		  "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
		  "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee" },
		{ SE05X_IOT_CIPHER_AES_CBC, KEY256, "000102030405060708090a0b0c0d0e0f",
		  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
		  "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b" },
	};
	uint8_t key[32], iv[16], plain[64], out[64];

	(void)state;
	unhex(PLAIN, plain);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t key_len = unhex(vectors[i].key, key);

		unhex(vectors[i].iv, iv);
		GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_AES, key, key_len, NULL, &call));
		GOOD(se05x_iot_cipher(iot, ID, vectors[i].cipher, true, iv, plain, out, 64, &call));
		is_hex(out, 64, vectors[i].out);
		/* in place */
		GOOD(se05x_iot_cipher(iot, ID, vectors[i].cipher, false, iv, out, out, 64, &call));
		assert_memory_equal(out, plain, 64);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* More than one command's worth, chained here, against libcrypto in one go */
static void test_long(void **state)
{
	static const char *const names[] = {
		[SE05X_IOT_CIPHER_AES_ECB] = "AES-128-ECB",
		[SE05X_IOT_CIPHER_AES_CBC] = "AES-128-CBC",
		[SE05X_IOT_CIPHER_AES_CTR] = "AES-128-CTR",
		[SE05X_IOT_CIPHER_DES_CBC] = "DES-EDE3-CBC",
	};
	static uint8_t plain[5008], out[5008], want[5024];
	uint8_t key[24], iv[16];

	(void)state;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = i * 7;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = 0x10 + 0x11 * i;
	/* the counter's carry is in the way */
	memset(iv, 0xff, sizeof(iv));
	iv[15] = 0x80;
	for (int c = SE05X_IOT_CIPHER_AES_ECB; c <= SE05X_IOT_CIPHER_DES_CBC; c++) {
		bool des = c == SE05X_IOT_CIPHER_DES_CBC;
		EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
		EVP_CIPHER *cipher = names[c] ? EVP_CIPHER_fetch(NULL, names[c], NULL) : NULL;
		int n = 0;

		if (cipher) {
			assert_int_equal(EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL), 1);
			EVP_CIPHER_CTX_set_padding(ctx, 0);
			EVP_EncryptUpdate(ctx, want, &n, plain, sizeof(plain));
			assert_int_equal(n, sizeof(plain));
			GOOD(se05x_iot_key_import(iot, ID, des ? SE05X_IOT_KIND_DES :
						  SE05X_IOT_KIND_AES, key, des ? 24 : 16, NULL,
						  &call));
			GOOD(se05x_iot_cipher(iot, ID, c, true, iv, plain, out, sizeof(plain),
					      &call));
			assert_memory_equal(out, want, sizeof(plain));
			GOOD(se05x_iot_cipher(iot, ID, c, false, iv, out, out, sizeof(plain),
					      &call));
			assert_memory_equal(out, plain, sizeof(plain));
			GOOD(se05x_iot_delete(iot, ID, &call));
		}
		EVP_CIPHER_free(cipher);
		EVP_CIPHER_CTX_free(ctx);
	}
}

/* The GCM specification's test case 4; CCM: NIST SP 800-38C, example 1 */
static void test_aead(void **state)
{
	static const struct {
		enum se05x_iot_aead aead;
		const char *key, *iv, *aad, *plain, *out, *tag;
	} vectors[] = {
		{ SE05X_IOT_AEAD_GCM, "feffe9928665731c6d6a8f9467308308",
		"cafebabefacedbaddecaf888",
		  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
		  "5bc94fbc3221a5db94fae95ae7121a47" },
		{ SE05X_IOT_AEAD_CCM, "404142434445464748494a4b4c4d4e4f", "10111213141516",
		  "0001020304050607", "20212223", "7162015b", "4dac255d" },
	};
	uint8_t key[16], iv[16], aad[32], plain[64], out[64], tag[16], back[64];
	bool good = false;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t iv_len = unhex(vectors[i].iv, iv), aad_len = unhex(vectors[i].aad, aad);
		size_t len = unhex(vectors[i].plain, plain), tag_len = strlen(vectors[i].tag) / 2;

		unhex(vectors[i].key, key);
		GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_AES, key, 16, NULL, &call));
		GOOD(se05x_iot_aead_encrypt(iot, ID, vectors[i].aead, iv, iv_len, aad, aad_len,
					    plain, out, len, tag, tag_len, &call));
		is_hex(out, len, vectors[i].out);
		is_hex(tag, tag_len, vectors[i].tag);
		GOOD(se05x_iot_aead_decrypt(iot, ID, vectors[i].aead, iv, iv_len, aad, aad_len, out,
					    back, len, tag, tag_len, &good, &call));
		assert_true(good);
		assert_memory_equal(back, plain, len);
		aad[0] ^= 1;
		memset(back, 0, sizeof(back));
		GOOD(se05x_iot_aead_decrypt(iot, ID, vectors[i].aead, iv, iv_len, aad, aad_len, out,
					    back, len, tag, tag_len, &good, &call));
		assert_false(good);
		assert_int_equal(back[0], 0);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* What libcrypto makes of it; @tag_len bytes of tag behind the text */
static void host_aead(bool ccm, const uint8_t *key, const uint8_t *iv, size_t iv_len,
		      const uint8_t *aad, size_t aad_len, const uint8_t *plain, size_t len,
		      size_t tag_len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_int_equal(EVP_EncryptInit_ex(ctx, ccm ? EVP_aes_128_ccm() : EVP_aes_128_gcm(), NULL,
					    NULL, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, iv_len, NULL), 1);
	if (ccm)
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, tag_len, NULL), 1);
	assert_int_equal(EVP_EncryptInit_ex(ctx, NULL, NULL, key, iv), 1);
	if (ccm)
		assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, NULL, len), 1);
	if (aad_len)
		assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, aad, aad_len), 1);
	if (len || ccm)
		assert_int_equal(EVP_EncryptUpdate(ctx, out, &n, plain, len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, out + len, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, tag_len, out + len), 1);
	EVP_CIPHER_CTX_free(ctx);
}

/* Of any length, with and without the chip's own AEAD; where blocks and counters end */
static void test_aead_long(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 800, 1024, 2000, 5000 };
	static const struct {
		enum se05x_iot_aead aead;
		const char *iv;
		size_t aad, tag;
	} ways[] = {
		{ SE05X_IOT_AEAD_GCM, "000102030405060708090a0b", 0, 16 },
		{ SE05X_IOT_AEAD_GCM, "000102030405060708090a0b", 3000, 12 },
		{ SE05X_IOT_AEAD_GCM, "0001020304050607", 5, 16 },
		/* made so that J0 is 0123456789abcdef01234567fffffff0: it counts over */
		{ SE05X_IOT_AEAD_GCM, "73b885fa036bbdf710f14812b4764a8b", 16, 16 },
		{ SE05X_IOT_AEAD_CCM, "00010203040506", 0, 16 },
		{ SE05X_IOT_AEAD_CCM, "000102030405060708090a0b0c", 14, 8 },
		{ SE05X_IOT_AEAD_CCM, "000102030405060708090a0b0c", 0xff00, 4 },
		{ SE05X_IOT_AEAD_CCM, "000102030405060708090a", 0xfeff, 10 },
	};
	static uint8_t plain[5000], want[5016], out[5000], aad[0xff00], back[5000];
	uint8_t key[16], iv[16], tag[16];
	bool good;

	(void)state;
	for (size_t i = 0; i < sizeof(aad); i++)
		aad[i] = i * 5;
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = i * 11;
	unhex("000102030405060708090a0b0c0d0e0f", key);
	GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_AES, key, 16, NULL, &call));
	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		size_t iv_len = unhex(ways[w].iv, iv);

		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			size_t len = lens[i];

			host_aead(ways[w].aead == SE05X_IOT_AEAD_CCM, key, iv, iv_len, aad,
				  ways[w].aad, plain, len, ways[w].tag, want);
			GOOD(se05x_iot_aead_encrypt(iot, ID, ways[w].aead, iv, iv_len, aad,
						    ways[w].aad, plain, out, len, tag,
						    ways[w].tag, &call));
			assert_memory_equal(out, want, len);
			assert_memory_equal(tag, want + len, ways[w].tag);
			/* in place */
			memcpy(back, out, len);
			GOOD(se05x_iot_aead_decrypt(iot, ID, ways[w].aead, iv, iv_len, aad,
						    ways[w].aad, back, back, len, tag, ways[w].tag,
						    &good, &call));
			assert_true(good);
			assert_memory_equal(back, plain, len);
			tag[ways[w].tag - 1] ^= 1;
			memset(back, 0x33, sizeof(back));
			GOOD(se05x_iot_aead_decrypt(iot, ID, ways[w].aead, iv, iv_len, aad,
						    ways[w].aad, out, back, len, tag, ways[w].tag,
						    &good, &call));
			assert_false(good);
			for (size_t k = 0; k < sizeof(back); k++)
				assert_int_equal(back[k], 0x33);
		}
	}
	/* a text that its nonce leaves no length for, a tag and a nonce that CCM has not */
	assert_int_equal(se05x_iot_aead_encrypt(iot, ID, SE05X_IOT_AEAD_CCM, key, 13, NULL, 0, aad,
						aad, 0x10000, tag, 16, &call), -EINVAL);
	assert_int_equal(se05x_iot_aead_encrypt(iot, ID, SE05X_IOT_AEAD_CCM, key, 13, aad, 2000,
						plain, out, 2000, tag, 5, &call), -EINVAL);
	assert_int_equal(se05x_iot_aead_encrypt(iot, ID, SE05X_IOT_AEAD_CCM, key, 14, aad, 2000,
						plain, out, 2000, tag, 4, &call), -EINVAL);
}

/* CMAC has no limit, and all else that has one tells it. */
static void test_limits(void **state)
{
	static const size_t lens[] = { 800, 1000, 1008, 1024, 4999, 5000 };
	static uint8_t message[5000];
	uint8_t key[16] = { 9 }, out[64], want[16];
	size_t len, want_len, most;
	bool good;

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = i * 13;
	GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_AES, key, 16, NULL, &call));
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, key, 16, message, lens[i], want,
			  sizeof(want), &want_len);
		len = 15;
		assert_int_equal(se05x_iot_mac(iot, ID, SE05X_IOT_MAC_CMAC_AES, message, lens[i], out,
					       &len, &call), -ENOSPC);
		assert_int_equal(len, 16);
		GOOD(se05x_iot_mac(iot, ID, SE05X_IOT_MAC_CMAC_AES, message, lens[i], out, &len,
				   &call));
		assert_memory_equal(out, want, 16);
		GOOD(se05x_iot_mac_verify(iot, ID, SE05X_IOT_MAC_CMAC_AES, message, lens[i], out, 16,
					  &good, &call));
		assert_true(good);
		out[15] ^= 1;
		GOOD(se05x_iot_mac_verify(iot, ID, SE05X_IOT_MAC_CMAC_AES, message, lens[i], out, 16,
					  &good, &call));
		assert_false(good);
	}
	GOOD(se05x_iot_delete(iot, ID, &call));

	GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_HMAC, key, 16, NULL, &call));
	most = se05x_iot_max(iot, SE05X_IOT_MAX_HMAC);
	assert_in_range(most, 700, 1100);
	len = sizeof(out);
	GOOD(se05x_iot_mac(iot, ID, SE05X_IOT_MAC_HMAC_SHA512, message, most, out, &len, &call));
	GOOD(se05x_iot_mac_verify(iot, ID, SE05X_IOT_MAC_HMAC_SHA512, message, most, out, len, &good,
				  &call));
	assert_true(good);
	most = se05x_iot_max(iot, SE05X_IOT_MAX_HKDF);
	GOOD(se05x_iot_hkdf(iot, ID, SE05X_IOT_HASH_SHA512, NULL, 0, NULL, 0, message, most, &call));
	assert_int_equal(se05x_iot_hkdf(iot, ID, SE05X_IOT_HASH_SHA512, NULL, 0, NULL, 0, message,
					most + 1, &call), -E2BIG);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	GOOD(se05x_iot_digest(iot, SE05X_IOT_HASH_SHA256, message,
			      se05x_iot_max(iot, SE05X_IOT_MAX_DIGEST), out, &call));
	GOOD(se05x_iot_pcr_create(iot, ID2, out, NULL, &call));
	GOOD(se05x_iot_pcr_extend(iot, ID2, message, se05x_iot_max(iot, SE05X_IOT_MAX_PCR), &call));
	GOOD(se05x_iot_ec_generate(iot, ID + 5, SE05X_IOT_CURVE_ED25519, NULL, NULL, &call));
	most = se05x_iot_max(iot, SE05X_IOT_MAX_ED25519);
	GOOD(se05x_iot_eddsa_sign(iot, ID + 5, message, most, out, &call));
	GOOD(se05x_iot_eddsa_verify(iot, ID + 5, message, most, out, &good, &call));
	assert_true(good);
	assert_int_equal(se05x_iot_eddsa_sign(iot, ID + 5, message, 1100, out, &call), -E2BIG);
	assert_int_equal(se05x_iot_max(iot, 99), 0);
}

/* RFC 4231 (test cases 1, 2), RFC 2202 (2), RFC 4493 (examples 1, 3) */
static void test_mac(void **state)
{
#define KEY_JEFE "4a656665"
#define WHAT	"7768617420646f2079612077616e7420666f72206e6f7468696e673f"
	static const struct {
		enum se05x_iot_kind kind;
		enum se05x_iot_mac mac;
		const char *key, *message, *value;
	} vectors[] = {
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_MAC_HMAC_SHA1, KEY_JEFE, WHAT,
		  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_MAC_HMAC_SHA256, KEY_JEFE, WHAT,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_MAC_HMAC_SHA384, KEY_JEFE, WHAT,
		  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		  "8e2240ca5e69e2c78b3239ecfab21649" },
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_MAC_HMAC_SHA512, KEY_JEFE, WHAT,
		  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
		{ SE05X_IOT_KIND_HMAC, SE05X_IOT_MAC_HMAC_SHA256,
		  "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ SE05X_IOT_KIND_AES, SE05X_IOT_MAC_CMAC_AES, KEY128,
		  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
		  "30c81c46a35ce411", "dfa66747de9ae63030ca32611497c827" },
		{ SE05X_IOT_KIND_AES, SE05X_IOT_MAC_CMAC_AES, KEY128,
		  "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c" },
	};
	uint8_t key[64], message[64], out[SE05X_IOT_MAC_MAX];
	bool good;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t key_len = unhex(vectors[i].key, key), out_len = sizeof(out);
		size_t len = unhex(vectors[i].message, message);

		GOOD(se05x_iot_key_import(iot, ID, vectors[i].kind, key, key_len, NULL, &call));
		GOOD(se05x_iot_mac(iot, ID, vectors[i].mac, message, len, out, &out_len, &call));
		is_hex(out, out_len, vectors[i].value);
		GOOD(se05x_iot_mac_verify(iot, ID, vectors[i].mac, message, len, out, out_len,
					  &good, &call));
		assert_true(good);
		out[0] ^= 1;
		GOOD(se05x_iot_mac_verify(iot, ID, vectors[i].mac, message, len, out, out_len,
					  &good, &call));
		assert_false(good);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

/* RFC 5869, A.1 and A.4 */
static void test_hkdf(void **state)
{
	static const struct {
		enum se05x_iot_hash hash;
		const char *ikm, *salt, *info, *okm;
	} vectors[] = {
		{ SE05X_IOT_HASH_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		  "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		  "34007208d5b887185865" },
		{ SE05X_IOT_HASH_SHA1, "0b0b0b0b0b0b0b0b0b0b0b",
		  "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		  "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2"
		  "c22e422478d305f3f896" },
	};
	uint8_t ikm[80], salt[80], info[80], out[42];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t ikm_len = unhex(vectors[i].ikm, ikm);
		size_t salt_len = unhex(vectors[i].salt, salt);
		size_t info_len = unhex(vectors[i].info, info);

		GOOD(se05x_iot_key_import(iot, ID, SE05X_IOT_KIND_HMAC, ikm, ikm_len, NULL, &call));
		GOOD(se05x_iot_hkdf(iot, ID, vectors[i].hash, salt, salt_len, info, info_len, out,
				    sizeof(out), &call));
		is_hex(out, sizeof(out), vectors[i].okm);
		GOOD(se05x_iot_delete(iot, ID, &call));
	}
}

static void test_digest(void **state)
{
	uint8_t out[64], want[64];

	(void)state;
	for (int hash = SE05X_IOT_HASH_SHA1; hash <= SE05X_IOT_HASH_SHA512; hash++) {
		EVP_Digest("abc", 3, want, NULL, EVP_get_digestbyname(md_names[hash]), NULL);
		GOOD(se05x_iot_digest(iot, hash, "abc", 3, out, &call));
		assert_memory_equal(out, want, se05x_iot_hash_len(hash));
	}
}

static void test_random(void **state)
{
	static uint8_t a[3000], b[3000];

	(void)state;
	GOOD(se05x_iot_random(iot, a, sizeof(a), &call));
	GOOD(se05x_iot_random(iot, b, sizeof(b), &call));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + 2900, b + 2900, 100);
}

/* ---- objects ---- */

static void test_files(void **state)
{
	static uint8_t data[5000], back[5000];
	struct se05x_iot_object object;
	size_t done;
	uint32_t before, after;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i ^ i >> 8;
	GOOD(se05x_iot_binary_create(iot, ID, data, sizeof(data), NULL, &done, &call));
	GOOD(se05x_iot_object(iot, ID, &object, &call));
	assert_int_equal(object.kind, SE05X_IOT_KIND_BINARY);
	assert_int_equal(object.size, sizeof(data));
	GOOD(se05x_iot_binary_read(iot, ID, 0, back, sizeof(back), &call));
	assert_memory_equal(back, data, sizeof(data));
	GOOD(se05x_iot_binary_write(iot, ID, 4000, "changed", 7, &done, &call));
	GOOD(se05x_iot_binary_read(iot, ID, 3999, back, 9, &call));
	assert_memory_equal(back + 1, "changed", 7);
	assert_int_not_equal(se05x_iot_binary_read(iot, ID, 4999, back, 2, &call), 0);
	assert_int_not_equal(se05x_iot_binary_write(iot, ID, 4999, back, 2, &done, &call), 0);
	GOOD(se05x_iot_delete(iot, ID, &call));

	/* the chip is reset in the middle: what is left is known, and can be removed */
	GOOD(se05x_iot_free_memory(iot, SE05X_IOT_MEMORY_PERSISTENT, &before, &call));
	chip_fail(se, 4, -ECONNRESET, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(se05x_iot_binary_create(iot, ID, data, sizeof(data), NULL, &done, &call),
			 -ECONNRESET);
	assert_in_range(done, 1, sizeof(data) - 1);
	GOOD(se05x_iot_object(iot, ID, &object, &call));
	assert_int_equal(object.size, sizeof(data));
	GOOD(se05x_iot_delete(iot, ID, &call));
	GOOD(se05x_iot_free_memory(iot, SE05X_IOT_MEMORY_PERSISTENT, &after, &call));
	assert_int_equal(before, after);
}

static void test_counter_pcr(void **state)
{
	uint8_t zero[SE05X_IOT_PCR_LEN] = { 0 }, value[SE05X_IOT_PCR_LEN], want[32];
	uint64_t n;

	(void)state;
	GOOD(se05x_iot_counter_create(iot, ID, 4, 41, NULL, &call));
	GOOD(se05x_iot_counter_add(iot, ID, &call));
	GOOD(se05x_iot_counter_read(iot, ID, &n, &call));
	assert_int_equal(n, 42);
	GOOD(se05x_iot_counter_set(iot, ID, 4, 0x10000, &call));
	assert_int_not_equal(se05x_iot_counter_set(iot, ID, 4, 5, &call), 0);
	GOOD(se05x_iot_counter_read(iot, ID, &n, &call));
	assert_int_equal(n, 0x10000);
	assert_int_equal(se05x_iot_counter_create(iot, ID, 4, 0, NULL, &call), -EEXIST);

	GOOD(se05x_iot_pcr_create(iot, ID2, zero, NULL, &call));
	GOOD(se05x_iot_pcr_extend(iot, ID2, "abc", 3, &call));
	GOOD(se05x_iot_pcr_read(iot, ID2, value, &call));
	EVP_Digest("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "abc", 35,
		   want, NULL, EVP_sha256(), NULL);
	assert_memory_equal(value, want, 32);
}

static void test_list(void **state)
{
	uint32_t *ids;
	size_t n, mine = 0;

	(void)state;
	for (uint32_t i = 0; i < 210; i++)
		GOOD(se05x_iot_binary_create(iot, 0x02000000 + i, "x", 1, NULL, NULL, &call));
	GOOD(se05x_iot_list(iot, &ids, &n, &call));
	for (size_t i = 0; i < n; i++)
		mine += ids[i] >> 24 == 0x02;
	assert_int_equal(mine, 210);
	free(ids);
}

/* ---- policies, sessions ---- */

static void test_policy(void **state)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX], digest[32] = { 0 }, sig[80], point[65];
	struct se05x_iot_new how = { .policy = policy };
	struct se05x_iot *session, *other;
	struct se05x_iot_attributes a;
	struct se05x_iot_version v;
	size_t len = sizeof(sig);
	char text[200];

	(void)state;
	how.policy_len = sizeof(policy);
	GOOD(se05x_iot_policy_parse("any:sign;0x0A0B0C0D:read,delete", policy, &how.policy_len,
				    NULL));
	GOOD(se05x_iot_userid_create(iot, 0x0A0B0C0D, "pass", 4, NULL, &call));
	GOOD(se05x_iot_ec_generate(iot, ID, SE05X_IOT_CURVE_P256, &how, NULL, &call));
	GOOD(se05x_iot_ecdsa_sign(iot, ID, SE05X_IOT_HASH_SHA256, digest, sig, &len, &call));
	assert_int_equal(read_point(iot, ID, SE05X_IOT_CURVE_P256, point, &call), -EACCES);
	assert_int_equal(call.sw, 0x6986);
	assert_int_equal(se05x_iot_delete(iot, ID, &call), -EACCES);
	se05x_iot_version(iot, &v);
	if (v.major >= 7) {
		GOOD(se05x_iot_attributes(iot, ID, &a, &call));
		assert_true(se05x_iot_policy_print(a.policy, a.policy_len, text, sizeof(text)) > 0);
		assert_string_equal(text, "any:sign;0x0A0B0C0D:read,delete");
	}

	assert_int_equal(se05x_iot_session_open(iot, 0x0A0B0C0D, "past", 4, &session, &call),
			 -EBADE);
	assert_int_equal(se05x_iot_session_open(iot, ID, "pass", 4, &session, &call), -EMEDIUMTYPE);
	assert_int_equal(se05x_iot_session_open(iot, ID2, "pass", 4, &session, &call), -ENOENT);
	assert_int_equal(se05x_iot_delete(iot, ID, &call), -EACCES);
	GOOD(se05x_iot_session_open(iot, 0x0A0B0C0D, "pass", 4, &session, &call));
	assert_int_equal(se05x_iot_session_open(iot, 0x0A0B0C0D, "pass", 4, &other, &call),
			 -EUSERS);
	/* who has no session is not concerned */
	assert_int_equal(se05x_iot_delete(iot, ID, &call), -EACCES);
	GOOD(read_point(session, ID, SE05X_IOT_CURVE_P256, point, &call));
	GOOD(se05x_iot_delete(session, ID, &call));
	GOOD(se05x_iot_session_close(session, &call));
	/* twice: nothing of it stayed open */
	for (int i = 0; i < 5; i++) {
		GOOD(se05x_iot_session_open(iot, 0x0A0B0C0D, "pass", 4, &session, &call));
		se05x_iot_close(session);
	}
}

/* A file through a session: its pieces are smaller than a command's payload */
static void test_session_file(void **state)
{
	static uint8_t data[3000], back[3000];
	struct se05x_iot *session;

	(void)state;
	memset(data, 0x5a, sizeof(data));
	GOOD(se05x_iot_userid_create(iot, 0x0A0B0C0D, "pass", 4, NULL, &call));
	GOOD(se05x_iot_session_open(iot, 0x0A0B0C0D, "pass", 4, &session, &call));
	GOOD(se05x_iot_binary_create(session, ID, data, sizeof(data), NULL, NULL, &call));
	GOOD(se05x_iot_binary_read(session, ID, 0, back, sizeof(back), &call));
	assert_memory_equal(back, data, sizeof(data));
	GOOD(se05x_iot_session_close(session, &call));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_aes), BOTH(test_long), BOTH(test_aead), BOTH(test_aead_long), BOTH(test_limits), BOTH(test_mac),
		BOTH(test_hkdf), BOTH(test_digest), BOTH(test_random), BOTH(test_files),
		BOTH(test_counter_pcr), BOTH(test_list), BOTH(test_policy),
		BOTH(test_session_file),
	};

	return cmocka_run_group_tests_name("iot crypto", tests, NULL, NULL);
}
