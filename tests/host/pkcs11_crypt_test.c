// SPDX-License-Identifier: GPL-2.0-only
/* What the module encrypts and digests: each against libcrypto */
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "pkcs11_run.h"

#define MOST	3000
static uint8_t message[MOST];

static CK_RV crypt(bool encrypt, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const uint8_t *in,
		   size_t len, uint8_t *out, CK_ULONG *out_len)
{
	CK_RV rv = (encrypt ? f->C_EncryptInit : f->C_DecryptInit)(s, m, key);

	return rv ? rv : (encrypt ? f->C_Encrypt : f->C_Decrypt)(s, (CK_BYTE *)in, len, out, out_len);
}

static CK_RV crypt_parts(bool encrypt, CK_MECHANISM *m, CK_OBJECT_HANDLE key, const uint8_t *in,
			 size_t len, size_t size, uint8_t *out, CK_ULONG *out_len)
{
	CK_RV rv = (encrypt ? f->C_EncryptInit : f->C_DecryptInit)(s, m, key);
	CK_ULONG room = *out_len, done = 0, n;

	for (size_t at = 0; !rv && at < len; at += size, done += n) {
		n = room - done;
		rv = (encrypt ? f->C_EncryptUpdate : f->C_DecryptUpdate)
			(s, (CK_BYTE *)in + at, len - at < size ? len - at : size, out + done, &n);
	}
	n = room - done;
	if (!rv)
		rv = (encrypt ? f->C_EncryptFinal : f->C_DecryptFinal)(s, out + done, &n);
	*out_len = done + n;
	return rv;
}

/* ---- AES ---- */

#define IV	{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xff, 0xff, 0xff, 0xfd }

/* libcrypto's; Return: bytes */
static size_t expect(const char *name, const uint8_t *key, const uint8_t *iv, bool padding,
		     size_t len, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n, last;

	assert_true(EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL));
	EVP_CIPHER_CTX_set_padding(ctx, padding);
	assert_true(EVP_EncryptUpdate(ctx, out, &n, message, len));
	assert_true(EVP_EncryptFinal_ex(ctx, out + n, &last));
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return n + last;
}

static void aes(CK_MECHANISM *m, CK_OBJECT_HANDLE key, const char *name, const uint8_t *value,
		const uint8_t *iv, bool padding, size_t len)
{
	static uint8_t expected[MOST + 16], out[MOST + 16], back[MOST + 16];
	size_t n = expect(name, value, iv, padding, len, expected);
	CK_ULONG out_len = sizeof(out), back_len = sizeof(back);

	OK(crypt(true, m, key, message, len, out, &out_len));
	assert_int_equal(out_len, n);
	assert_memory_equal(out, expected, n);
	out_len = sizeof(out);
	OK(crypt_parts(true, m, key, message, len, 33, out, &out_len));
	assert_int_equal(out_len, n);
	assert_memory_equal(out, expected, n);
	OK(crypt(false, m, key, out, out_len, back, &back_len));
	assert_int_equal(back_len, len);
	assert_memory_equal(back, message, len);
	back_len = sizeof(back);
	OK(crypt_parts(false, m, key, out, out_len, 50, back, &back_len));
	assert_int_equal(back_len, len);
	assert_memory_equal(back, message, len);
	/* as much room as the text needs is enough */
	back_len = len;
	if (len)
		OK(crypt(false, m, key, out, out_len, back, &back_len));
}

static void aes_modes(CK_BBOOL token, size_t bytes)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 32, 800, 881, 1024, 1040, 2999, 2992 };
	uint8_t value[32], iv[16] = IV;
	CK_AES_CTR_PARAMS p = { 128, IV };
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 }, cbc = { CKM_AES_CBC, iv, 16 };
	CK_MECHANISM pad = { CKM_AES_CBC_PAD, iv, 16 }, ctr = { CKM_AES_CTR, &p, sizeof(p) };
	char name[4][16];
	CK_OBJECT_HANDLE key;

	fill(value, sizeof(value));
	key = make_secret(CKK_AES, token, value, bytes);
	snprintf(name[0], 16, "AES-%zu-ECB", 8 * bytes);
	snprintf(name[1], 16, "AES-%zu-CBC", 8 * bytes);
	snprintf(name[2], 16, "AES-%zu-CTR", 8 * bytes);
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		uint8_t out[MOST + 16];
		CK_ULONG n = sizeof(out);

		aes(&pad, key, name[1], value, iv, true, lens[i]);
		aes(&ctr, key, name[2], value, iv, false, lens[i]);
		if (lens[i] % 16) {
			IS(CKR_DATA_LEN_RANGE, crypt(true, &cbc, key, message, lens[i], out, &n));
			IS(CKR_DATA_LEN_RANGE, crypt(true, &ecb, key, message, lens[i], out, &n));
			IS(CKR_ENCRYPTED_DATA_LEN_RANGE,
			   crypt(false, &cbc, key, message, lens[i], out, &n));
			IS(CKR_ENCRYPTED_DATA_LEN_RANGE,
			   crypt(false, &pad, key, message, lens[i], out, &n));
			continue;
		}
		aes(&ecb, key, name[0], value, NULL, false, lens[i]);
		aes(&cbc, key, name[1], value, iv, false, lens[i]);
	}
	destroy(key);
}

static void test_aes(void **state)
{
	(void)state;
	for (size_t bytes = 16; bytes <= 32; bytes += 8) {
		aes_modes(CK_TRUE, bytes);
		aes_modes(CK_FALSE, bytes);
	}
}

/* The next of a counter whose last @bits bits count */
static void count(uint8_t counter[16], unsigned int bits)
{
	for (unsigned int bit = 0; bit < bits; bit++) {
		counter[15 - bit / 8] ^= 1 << bit % 8;
		if (counter[15 - bit / 8] >> bit % 8 & 1)
			break;
	}
}

static void one_block(const uint8_t *key, const uint8_t *in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len;

	assert_true(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL));
	assert_true(EVP_EncryptUpdate(ctx, out, &len, in, 16));
	EVP_CIPHER_CTX_free(ctx);
}

/* A counter of few bits begins again at zero, and the bits before it stay. */
static void test_counter(void **state)
{
	uint8_t value[16], counter[16], out[160], expected[160];

	(void)state;
	fill(value, sizeof(value));
	for (unsigned int bits = 1; bits <= 128; bits++) {
		CK_AES_CTR_PARAMS p = { bits, { 0 } };
		CK_MECHANISM m = { CKM_AES_CTR, &p, sizeof(p) };
		CK_OBJECT_HANDLE key = make_secret(CKK_AES, bits % 2, value, sizeof(value));
		size_t blocks = bits < 4 ? 1 << bits : 10;
		CK_ULONG n = sizeof(out);

		/* two blocks before its end */
		memset(counter, 0xff, sizeof(counter));
		counter[15] = 0xfe;
		memcpy(p.cb, counter, sizeof(counter));
		for (size_t i = 0; i < blocks; i++) {
			one_block(value, counter, expected + 16 * i);
			count(counter, bits);
		}
		for (size_t i = 0; i < 16 * blocks; i++)
			expected[i] ^= message[i];
		OK(crypt(true, &m, key, message, 16 * blocks, out, &n));
		if (memcmp(out, expected, 16 * blocks))
			fail_msg("%u bits", bits);
		n = sizeof(out);
		memset(out, 0, n);
		OK(crypt_parts(true, &m, key, message, 16 * blocks, 7 + bits % 40, out, &n));
		if (n != 16 * blocks || memcmp(out, expected, 16 * blocks))
			fail_msg("%u bits in parts", bits);
		n = sizeof(out);
		if (bits < 4)
			IS(CKR_DATA_LEN_RANGE,
			   crypt_parts(true, &m, key, message, 16 * blocks + 1, 16, out, &n));
		n = sizeof(out);
		if (bits < 4)
			IS(CKR_DATA_LEN_RANGE, crypt(true, &m, key, message, 16 * blocks + 1, out, &n));
		destroy(key);
	}
}

/* Update's answer to @len bytes, in just the room it needs; less room costs nothing */
static void step(bool encrypt, size_t len, size_t expected)
{
	CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *) =
		encrypt ? f->C_EncryptUpdate : f->C_DecryptUpdate;
	uint8_t in[MOST] = { 0 }, out[MOST];
	unsigned int before = commands;
	CK_ULONG n = 0;

	OK(update(s, in, len, NULL, &n));
	assert_true(n >= expected);
	if (expected) {
		n = expected - 1;
		IS(CKR_BUFFER_TOO_SMALL, update(s, in, len, out, &n));
		assert_int_equal(n, expected);
	}
	assert_int_equal(commands, before);
	n = expected;
	OK(update(s, in, len, out, &n));
	assert_int_equal(n, expected);
	if (!expected)
		assert_int_equal(commands, before);
}

/* Ciphers give out what is whole as it comes: who encrypts a file has a small buffer at the end. */
static void test_stream(void **state)
{
	CK_OBJECT_HANDLE key = make_secret(CKK_AES, CK_TRUE, message, 16);
	CK_MECHANISM m = { CKM_AES_CBC_PAD, message, 16 };
	uint8_t out[32];
	CK_ULONG n;

	(void)state;
	OK(f->C_EncryptInit(s, &m, key));
	step(true, 5, 0);
	step(true, 10, 0);
	step(true, 1, 16);
	step(true, 2000, 2000);
	step(true, 0, 0);
	step(true, 15, 0);
	n = 16;
	OK(f->C_EncryptFinal(s, out, &n));
	assert_int_equal(n, 16);
	/* the last block may be padding */
	OK(f->C_DecryptInit(s, &m, key));
	step(false, 16, 0);
	step(false, 1, 16);
	step(false, 31, 16);
	n = sizeof(out);
	IS(CKR_ENCRYPTED_DATA_INVALID, f->C_DecryptFinal(s, out, &n));
	/* the chip fails on the way: it is over */
	m.mechanism = CKM_AES_CBC;
	OK(f->C_EncryptInit(s, &m, key));
	step(true, 16, 16);
	fail_command(0, 0x6A80, 0);
	n = sizeof(out);
	assert_int_not_equal(f->C_EncryptUpdate(s, message, 16, out, &n), CKR_OK);
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_EncryptUpdate(s, message, 16, out, &n));
	destroy(key);
}

/* Each step would show the PIN: then all of it comes at the end. */
static void test_stream_pin(void **state)
{
	CK_OBJECT_HANDLE key = make_secret(CKK_AES, CK_TRUE, message, 16);
	CK_MECHANISM m = { CKM_AES_CBC, message, 16 };
	uint8_t out[64];
	CK_ULONG n = sizeof(out);

	(void)state;
	OK(f->C_EncryptInit(s, &m, key));
	step(true, 32, 0);
	step(true, 16, 0);
	OK(f->C_EncryptFinal(s, out, &n));
	assert_int_equal(n, 48);
	destroy(key);
}

static void aead_one(CK_OBJECT_HANDLE key, const uint8_t *value, bool ccm, size_t iv_len,
		     size_t aad_len, size_t tag_len, size_t len)
{
	static uint8_t expected[MOST + 16], out[MOST + 16], back[MOST + 16];
	CK_GCM_PARAMS g = { message, iv_len, 8 * iv_len, message + 7, aad_len, 8 * tag_len };
	struct p11_ccm_params c = { len, message, iv_len, message + 7, aad_len, tag_len };
	CK_MECHANISM m = { ccm ? CKM_AES_CCM : CKM_AES_GCM, ccm ? (void *)&c : &g,
			   ccm ? sizeof(c) : sizeof(g) };
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	CK_ULONG n = sizeof(out), back_len = sizeof(back);
	int part;

	assert_true(EVP_EncryptInit_ex(ctx, ccm ? EVP_aes_128_ccm() : EVP_aes_128_gcm(), NULL, NULL,
				       NULL));
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, iv_len, NULL);
	if (ccm)
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, tag_len, NULL);
	assert_true(EVP_EncryptInit_ex(ctx, NULL, NULL, value, message));
	if (ccm)
		assert_true(EVP_EncryptUpdate(ctx, NULL, &part, NULL, len));
	if (aad_len)
		assert_true(EVP_EncryptUpdate(ctx, NULL, &part, message + 7, aad_len));
	assert_true(EVP_EncryptUpdate(ctx, expected, &part, message, len));
	assert_true(EVP_EncryptFinal_ex(ctx, expected + len, &part));
	EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, tag_len, expected + len);
	EVP_CIPHER_CTX_free(ctx);

	OK(crypt(true, &m, key, message, len, out, &n));
	assert_int_equal(n, len + tag_len);
	assert_memory_equal(out, expected, n);
	OK(crypt_parts(true, &m, key, message, len, 99, out, &n));
	assert_memory_equal(out, expected, n);
	OK(crypt(false, &m, key, out, n, back, &back_len));
	assert_int_equal(back_len, len);
	assert_memory_equal(back, message, len);
	/* one wrong bit, and nothing comes out */
	out[n - 1] ^= 1;
	memset(back, 0x55, sizeof(back));
	back_len = sizeof(back);
	IS(CKR_ENCRYPTED_DATA_INVALID, crypt(false, &m, key, out, n, back, &back_len));
	for (size_t i = 0; i < sizeof(back); i++)
		assert_int_equal(back[i], 0x55);
	IS(CKR_ENCRYPTED_DATA_LEN_RANGE, crypt(false, &m, key, out, tag_len - 1, back, &back_len));
}

static void test_aead(void **state)
{
	static const size_t lens[] = { 0, 1, 16, 33, 700, 1000, 2500 };
	uint8_t value[16];

	(void)state;
	fill(value, sizeof(value));
	for (int token = 0; token < 2; token++) {
		CK_OBJECT_HANDLE key = make_secret(CKK_AES, token, value, sizeof(value));

		for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
			aead_one(key, value, false, 12, 20, 16, lens[i]);
			aead_one(key, value, false, 12, 0, 12, lens[i]);
			aead_one(key, value, false, 16, 500, 16, lens[i]);
			aead_one(key, value, true, 13, 20, 16, lens[i]);
			aead_one(key, value, true, 7, 0, 8, lens[i]);
			aead_one(key, value, true, 12, 500, 4, lens[i]);
		}
		destroy(key);
	}
}

static void test_parameters(void **state)
{
	CK_GCM_PARAMS g = { message, 12, 96, NULL, 0, 128 }, bad_gcm[] = {
		{ NULL, 12, 96, NULL, 0, 128 }, { message, 0, 0, NULL, 0, 128 },
		{ message, 12, 96, NULL, 3, 128 }, { message, 12, 96, NULL, 0, 100 },
		{ message, 12, 96, NULL, 0, 136 }, { message, 12, 96, NULL, 0, 0 },
	};
	struct p11_ccm_params bad_ccm[] = {
		{ 1, message, 6, NULL, 0, 8 }, { 1, message, 14, NULL, 0, 8 },
		{ 1, message, 12, NULL, 0, 5 }, { 1, message, 12, NULL, 0, 18 },
		{ 1, message, 12, NULL, 0, 2 }, { 1, NULL, 12, NULL, 0, 8 },
	}, c = { 5, message, 12, NULL, 0, 8 };
	CK_AES_CTR_PARAMS ctr[] = { { 0, { 0 } }, { 129, { 0 } } };
	CK_MECHANISM m;
	uint8_t value[16], out[64];
	CK_ULONG n = sizeof(out);
	CK_OBJECT_HANDLE key;

	(void)state;
	fill(value, sizeof(value));
	key = make_secret(CKK_AES, CK_FALSE, value, sizeof(value));
#define BAD(type, p, len) do {							\
	m = (CK_MECHANISM) { type, p, len };					\
	IS(CKR_MECHANISM_PARAM_INVALID, f->C_EncryptInit(s, &m, key));		\
} while (0)
	for (size_t i = 0; i < ARRAY_SIZE(bad_gcm); i++)
		BAD(CKM_AES_GCM, &bad_gcm[i], sizeof(g));
	for (size_t i = 0; i < ARRAY_SIZE(bad_ccm); i++)
		BAD(CKM_AES_CCM, &bad_ccm[i], sizeof(c));
	for (size_t i = 0; i < ARRAY_SIZE(ctr); i++)
		BAD(CKM_AES_CTR, &ctr[i], sizeof(*ctr));
	BAD(CKM_AES_GCM, &g, sizeof(g) - 1);
	BAD(CKM_AES_GCM, NULL, 0);
	BAD(CKM_AES_GCM, NULL, sizeof(g));
	BAD(CKM_AES_CCM, NULL, 0);
	BAD(CKM_AES_CTR, NULL, 0);
	BAD(CKM_AES_CBC, value, 15);
	BAD(CKM_AES_CBC, NULL, 0);
	BAD(CKM_AES_ECB, value, 16);
	/* CCM is told before how much it will be */
	m = (CK_MECHANISM) { CKM_AES_CCM, &c, sizeof(c) };
	IS(CKR_DATA_LEN_RANGE, crypt(true, &m, key, message, 6, out, &n));
	n = sizeof(out);
	IS(CKR_ENCRYPTED_DATA_LEN_RANGE, crypt(false, &m, key, message, 12, out, &n));
	destroy(key);
}

/* ---- RSA ---- */

static void encrypt_here(EVP_PKEY *key, const OSSL_PARAM *params, const uint8_t *in, size_t len,
			 uint8_t *out, size_t *out_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	assert_int_equal(EVP_PKEY_encrypt_init_ex(ctx, params), 1);
	*out_len = 512;
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, out_len, in, len), 1);
	EVP_PKEY_CTX_free(ctx);
}

/* A message of @len bytes from libcrypto, and from the module to itself */
static void rsa_message(const struct pair *pair, CK_MECHANISM *m, const OSSL_PARAM *params,
			size_t len)
{
	uint8_t sealed[512], out[512];
	CK_ULONG n = sizeof(out);
	size_t sealed_len;

	encrypt_here(pair->key, params, message, len, sealed, &sealed_len);
	OK(crypt(false, m, pair->private, sealed, sealed_len, out, &n));
	assert_int_equal(n, len);
	assert_memory_equal(out, message, len);
	n = sizeof(sealed);
	OK(crypt(true, m, pair->public, message, len, sealed, &n));
	assert_int_equal(n, EVP_PKEY_get_size(pair->key));
	sealed_len = n;
	n = sizeof(out);
	OK(crypt_parts(false, m, pair->private, sealed, sealed_len, 50, out, &n));
	assert_int_equal(n, len);
	assert_memory_equal(out, message, len);
	/* all that is wrong is one error */
	for (size_t i = 1; i < sealed_len; i += 37) {
		sealed[i] ^= 1;
		n = sizeof(out);
		IS(CKR_ENCRYPTED_DATA_INVALID, crypt(false, m, pair->private, sealed, sealed_len, out, &n));
		sealed[i] ^= 1;
	}
	IS(CKR_ENCRYPTED_DATA_LEN_RANGE, crypt(false, m, pair->private, sealed, sealed_len - 1, out, &n));
	memset(sealed, 0xff, sealed_len);
	n = sizeof(out);
	IS(CKR_ENCRYPTED_DATA_INVALID, crypt(false, m, pair->private, sealed, sealed_len, out, &n));
}

static void rsa_oaep(const struct pair *pair, size_t h, size_t g, size_t label_len)
{
	CK_RSA_PKCS_OAEP_PARAMS p = {
		hashes[h].digest, hashes[g].mgf, CKZ_DATA_SPECIFIED, label_len ? message + 3 : NULL,
		label_len,
	};
	CK_MECHANISM m = { CKM_RSA_PKCS_OAEP, &p, sizeof(p) };
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("pad-mode", (char *)"oaep", 0),
		OSSL_PARAM_construct_utf8_string("digest", (char *)hashes[h].name, 0),
		OSSL_PARAM_construct_utf8_string("mgf1-digest", (char *)hashes[g].name, 0),
		OSSL_PARAM_construct_octet_string("oaep-label", message + 3, label_len),
		OSSL_PARAM_END,
	};
	size_t most = EVP_PKEY_get_size(pair->key) - 2 * hashes[h].len - 2;
	uint8_t out[512];
	CK_ULONG n = sizeof(out);

	if (!label_len)
		params[3] = params[4];
	rsa_message(pair, &m, params, 0);
	rsa_message(pair, &m, params, 16);
	rsa_message(pair, &m, params, most);
	IS(CKR_DATA_LEN_RANGE, crypt(true, &m, pair->public, message, most + 1, out, &n));
}

static void rsa(CK_BBOOL token)
{
	struct pair pair = make_rsa(2048, token, CK_FALSE, CK_TRUE);
	OSSL_PARAM pkcs1[] = {
		OSSL_PARAM_construct_utf8_string("pad-mode", (char *)"pkcs1", 0), OSSL_PARAM_END,
	};
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 }, raw = { CKM_RSA_X_509, NULL, 0 };
	CK_RSA_PKCS_OAEP_PARAMS bad[] = {
		{ CKM_MD5, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 },
		{ CKM_SHA_1, 77, CKZ_DATA_SPECIFIED, NULL, 0 },
		{ CKM_SHA_1, CKG_MGF1_SHA1, 2, NULL, 0 },
		{ CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 5 },
		{ CKM_SHA_1, CKG_MGF1_SHA1, 0, message, 5 },
	};
	uint8_t out[512], back[512];
	CK_ULONG n = sizeof(out), back_len = sizeof(back);

	rsa_message(&pair, &m, pkcs1, 0);
	rsa_message(&pair, &m, pkcs1, 48);
	rsa_message(&pair, &m, pkcs1, 245);
	IS(CKR_DATA_LEN_RANGE, crypt(true, &m, pair.public, message, 246, out, &n));
	for (size_t i = 0; i < HASHES; i++) {
		rsa_oaep(&pair, i, i, 0);
		rsa_oaep(&pair, i, (i + 1) % HASHES, 9);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		m = (CK_MECHANISM) { CKM_RSA_PKCS_OAEP, &bad[i], sizeof(bad[i]) };
		IS(CKR_MECHANISM_PARAM_INVALID, f->C_DecryptInit(s, &m, pair.private));
	}
	OK(crypt(true, &raw, pair.public, message, 100, out, &n));
	OK(crypt(false, &raw, pair.private, out, n, back, &back_len));
	assert_int_equal(back_len, 256);
	assert_memory_equal(back + 156, message, 100);
	free_pair(&pair);
}

static void test_rsa(void **state)
{
	(void)state;
	rsa(CK_TRUE);
	rsa(CK_FALSE);
}

/* ---- digests ---- */

static void test_digests(void **state)
{
	uint8_t digest[64], expected[64], value[20];
	CK_OBJECT_HANDLE key, chips;
	unsigned int before = commands;
	CK_ULONG n;

	(void)state;
	fill(value, sizeof(value));
	key = make_secret(CKK_GENERIC_SECRET, CK_FALSE, value, sizeof(value));
	for (size_t i = 0; i < HASHES; i++) {
		CK_MECHANISM m = { hashes[i].digest, NULL, 0 };
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		assert_true(EVP_Q_digest(NULL, hashes[i].name, NULL, message, MOST, expected, NULL));
		OK(f->C_DigestInit(s, &m));
		IS(CKR_OPERATION_ACTIVE, f->C_DigestInit(s, &m));
		OK(f->C_Digest(s, message, MOST, NULL, &n));
		assert_int_equal(n, hashes[i].len);
		n--;
		IS(CKR_BUFFER_TOO_SMALL, f->C_Digest(s, message, MOST, digest, &n));
		OK(f->C_Digest(s, message, MOST, digest, &n));
		assert_memory_equal(digest, expected, n);
		IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Digest(s, message, MOST, digest, &n));
		OK(f->C_DigestInit(s, &m));
		OK(f->C_DigestUpdate(s, message, 7));
		OK(f->C_DigestUpdate(s, NULL, 0));
		OK(f->C_DigestKey(s, key));
		OK(f->C_DigestUpdate(s, message + 7, 600));
		IS(CKR_OK, f->C_DigestFinal(s, NULL, &n));
		OK(f->C_DigestFinal(s, digest, &n));
		assert_true(EVP_DigestInit_ex(ctx, EVP_get_digestbyname(hashes[i].name), NULL));
		EVP_DigestUpdate(ctx, message, 7);
		EVP_DigestUpdate(ctx, value, sizeof(value));
		EVP_DigestUpdate(ctx, message + 7, 600);
		EVP_DigestFinal(ctx, expected, NULL);
		EVP_MD_CTX_free(ctx);
		assert_memory_equal(digest, expected, n);
		OK(f->C_DigestInit(s, &m));
		OK(f->C_DigestUpdate(s, message, 7));
		IS(CKR_OPERATION_ACTIVE, f->C_Digest(s, message, 7, digest, &n));
		OK(f->C_DigestInit(s, &m));
		IS(CKR_ARGUMENTS_BAD, f->C_DigestUpdate(s, NULL, 7));
		IS(CKR_OPERATION_NOT_INITIALIZED, f->C_DigestUpdate(s, message, 7));
		OK(f->C_DigestInit(s, &m));
		OK(f->C_DigestInit(s, NULL));
	}
	assert_int_equal(commands, before);	/* the chip has nothing to do with it */
	chips = make_secret(CKK_GENERIC_SECRET, CK_TRUE, value, sizeof(value));
	OK(f->C_DigestInit(s, &(CK_MECHANISM) { CKM_SHA256, NULL, 0 }));
	IS(CKR_KEY_INDIGESTIBLE, f->C_DigestKey(s, chips));
	IS(CKR_MECHANISM_INVALID, f->C_DigestInit(s, &(CK_MECHANISM) { CKM_MD5, NULL, 0 }));
	destroy(key);
	destroy(chips);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_7(test_aes), ON_3(test_aes), ON_7(test_counter), ON_7(test_aead), ON_3(test_aead),
		ON_7(test_stream),
		{ "test_stream_pin", test_stream_pin, setup_pin, teardown, NULL },
		ON_7(test_parameters), ON_7(test_rsa), ON_3(test_rsa), ON_7(test_digests),
	};

	fill(message, sizeof(message));
	return test_main("pkcs11: encryption and digests", tests, ARRAY_SIZE(tests));
}
