// SPDX-License-Identifier: GPL-2.0-only
/* What the module encrypts, digests and derives: each against libcrypto */
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
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

/* A counter of few bits begins again at zero, and the bits before it stay. */
static void test_counter(void **state)
{
	uint8_t value[16], iv[16] = IV, out[160], expected[160];

	(void)state;
	fill(value, sizeof(value));
	for (unsigned int bits = 1; bits <= 128; bits++) {
		CK_AES_CTR_PARAMS p = { bits, { 0 } };
		CK_MECHANISM m = { CKM_AES_CTR, &p, sizeof(p) };
		CK_OBJECT_HANDLE key = make_secret(CKK_AES, bits % 2, value, sizeof(value));
		size_t blocks = bits < 4 ? 1 << bits : 10;
		CK_ULONG n = sizeof(out);

		/* two blocks from the end: all ones but the last bit */
		memset(p.cb, 0xff, 16);
		p.cb[15] = 0xfe;
		for (size_t i = 0; i < blocks; i++) {
			memset(iv, 0xff, 16);
			iv[15] = 0xfe;
			for (size_t step = 0; step < i; step++)
				for (unsigned int bit = 0; bit < bits; bit++) {
					iv[15 - bit / 8] ^= 1 << bit % 8;
					if (iv[15 - bit / 8] >> bit % 8 & 1)
						break;
				}
			expect("AES-128-ECB", value, NULL, false, 0, expected);
			{
				EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
				int len;

				assert_true(EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, value, NULL));
				assert_true(EVP_EncryptUpdate(c, expected + 16 * i, &len, iv, 16));
				EVP_CIPHER_CTX_free(c);
			}
			for (size_t k = 0; k < 16; k++)
				expected[16 * i + k] ^= message[16 * i + k];
		}
		OK(crypt(true, &m, key, message, 16 * blocks, out, &n));
		if (memcmp(out, expected, 16 * blocks))
			fail_msg("%u bits", bits);
		n = sizeof(out);
		if (bits < 4)
			IS(CKR_DATA_LEN_RANGE, crypt(true, &m, key, message, 16 * blocks + 1, out, &n));
		destroy(key);
	}
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

static const struct {
	CK_MECHANISM_TYPE type;
	CK_RSA_PKCS_MGF_TYPE mgf;
	const char *name;
	size_t len;
} hashes[] = {
	{ CKM_SHA_1, CKG_MGF1_SHA1, "SHA1", 20 }, { CKM_SHA224, CKG_MGF1_SHA224, "SHA224", 28 },
	{ CKM_SHA256, CKG_MGF1_SHA256, "SHA256", 32 },
	{ CKM_SHA384, CKG_MGF1_SHA384, "SHA384", 48 },
	{ CKM_SHA512, CKG_MGF1_SHA512, "SHA512", 64 },
};

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
		hashes[h].type, hashes[g].mgf, CKZ_DATA_SPECIFIED, label_len ? message + 3 : NULL,
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
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		rsa_oaep(&pair, i, i, 0);
		rsa_oaep(&pair, i, (i + 1) % ARRAY_SIZE(hashes), 9);
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
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		CK_MECHANISM m = { hashes[i].type, NULL, 0 };
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

/* ---- derivation ---- */

static CK_RV derive(CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_KEY_TYPE type, CK_ULONG len,
		    CK_OBJECT_HANDLE *key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BBOOL sensitive = CK_FALSE, extractable = CK_TRUE;
	CK_ATTRIBUTE t[] = {
		VALUE(CKA_CLASS, class), VALUE(CKA_KEY_TYPE, type),
		VALUE(CKA_SENSITIVE, sensitive), VALUE(CKA_EXTRACTABLE, extractable),
		VALUE(CKA_VALUE_LEN, len),
	};

	return f->C_DeriveKey(s, m, base, t, ARRAY_SIZE(t) - !len, key);
}

static void is_value(CK_OBJECT_HANDLE key, const uint8_t *expected, size_t expected_len)
{
	CK_ULONG len;
	uint8_t *value = attribute(key, CKA_VALUE, &len);

	assert_int_equal(len, expected_len);
	assert_memory_equal(value, expected, len);
	free(value);
	destroy(key);
}

/* What libcrypto makes of it: one with the chip's public half, one with ours */
static size_t agreed(EVP_PKEY *mine, EVP_PKEY *theirs, uint8_t *z)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	size_t len = 80;

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, theirs), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, z, &len), 1);
	EVP_PKEY_CTX_free(ctx);
	return len;
}

static void x963(const char *hash, const uint8_t *z, size_t z_len, const uint8_t *info,
		 size_t info_len, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", (char *)hash, 0),
		OSSL_PARAM_construct_octet_string("key", (void *)z, z_len),
		OSSL_PARAM_construct_octet_string("info", (void *)info, info_len),
		OSSL_PARAM_END,
	};

	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static const CK_ULONG kdfs[] = {
	CKD_SHA1_KDF, CKD_SHA224_KDF, CKD_SHA256_KDF, CKD_SHA384_KDF, CKD_SHA512_KDF,
};

static void ecdh(const char *curve, CK_BBOOL token)
{
	struct pair pair = make_ec(curve, token, CK_FALSE, CK_TRUE);
	EVP_PKEY *peer = curve[0] == 'X' ? EVP_PKEY_Q_keygen(NULL, NULL, curve) :
			 EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
	uint8_t z[80], derived[200], *point, wrapped[160];
	size_t len = EVP_PKEY_get1_encoded_public_key(peer, &point), z_len;
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, len, point };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_HANDLE key;

	z_len = agreed(peer, pair.key, z);
	OK(derive(&m, pair.private, CKK_GENERIC_SECRET, 0, &key));
	is_value(key, z, z_len);
	OK(derive(&m, pair.private, CKK_GENERIC_SECRET, z_len, &key));
	is_value(key, z, z_len);
	/* what is too much is cut off in front */
	OK(derive(&m, pair.private, CKK_AES, 16, &key));
	is_value(key, z + z_len - 16, 16);
	IS(CKR_ATTRIBUTE_VALUE_INVALID, derive(&m, pair.private, CKK_GENERIC_SECRET, z_len + 1, &key));
	IS(CKR_ATTRIBUTE_VALUE_INVALID, derive(&m, pair.private, CKK_AES, 17, &key));
	IS(CKR_TEMPLATE_INCOMPLETE, derive(&m, pair.private, CKK_AES, 0, &key));
	m.mechanism = CKM_ECDH1_COFACTOR_DERIVE;
	OK(derive(&m, pair.private, CKK_GENERIC_SECRET, 0, &key));
	is_value(key, z, z_len);
	m.mechanism = CKM_ECDH1_DERIVE;
	for (size_t i = 0; i < ARRAY_SIZE(kdfs); i++) {
		p = (CK_ECDH1_DERIVE_PARAMS) { kdfs[i], 0, NULL, len, point };
		x963(hashes[i].name, z, z_len, NULL, 0, derived, 32);
		OK(derive(&m, pair.private, CKK_AES, 32, &key));
		is_value(key, derived, 32);
		p.ulSharedDataLen = 9;
		p.pSharedData = message;
		x963(hashes[i].name, z, z_len, message, 9, derived, 150);
		OK(derive(&m, pair.private, CKK_GENERIC_SECRET, 150, &key));
		is_value(key, derived, 150);
	}
	/* as an OCTET STRING too */
	wrapped[0] = 0x04;
	wrapped[1] = len < 128 ? len : 0x81;
	wrapped[2] = len;
	memcpy(wrapped + (len < 128 ? 2 : 3), point, len);
	p = (CK_ECDH1_DERIVE_PARAMS) { CKD_NULL, 0, NULL, len + (len < 128 ? 2 : 3), wrapped };
	OK(derive(&m, pair.private, CKK_GENERIC_SECRET, 0, &key));
	is_value(key, z, z_len);
	EVP_PKEY_free(peer);
	OPENSSL_free(point);
	free_pair(&pair);
}

static void test_ecdh(void **state)
{
	(void)state;
	for (int token = 0; token < 2; token++) {
		ecdh("prime256v1", token);
		ecdh("secp384r1", token);
		ecdh("secp521r1", token);
		ecdh("brainpoolP256r1", token);
		ecdh("X25519", token);
	}
}

static void test_ecdh_x448(void **state)
{
	(void)state;
	ecdh("X448", CK_TRUE);
	ecdh("X448", CK_FALSE);
}

static void test_ecdh_wrong(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_FALSE, CK_TRUE);
	struct pair x = make_ec("X25519", CK_TRUE, CK_FALSE, CK_TRUE);
	uint8_t point[65] = { 4 }, zero[32] = { 0 };
	CK_ECDH1_DERIVE_PARAMS bad[] = {
		{ CKD_NULL, 0, NULL, 65, point },		/* not on the curve */
		{ CKD_NULL, 0, NULL, 64, point }, { CKD_NULL, 0, NULL, 0, NULL },
		{ CKD_NULL, 0, NULL, 65, NULL }, { CKD_NULL, 3, point, 65, point },
		{ CKD_SHA256_KDF, 3, NULL, 65, point }, { 77, 0, NULL, 65, point },
	}, low = { CKD_NULL, 0, NULL, 32, zero };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, NULL, 0 };
	CK_OBJECT_HANDLE key;
	unsigned int before;

	(void)state;
	IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, ec.private, CKK_AES, 16, &key));
	before = commands;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		m = (CK_MECHANISM) { CKM_ECDH1_DERIVE, &bad[i], sizeof(bad[i]) };
		IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, ec.private, CKK_AES, 16, &key));
	}
	assert_int_equal(commands, before);
	m = (CK_MECHANISM) { CKM_ECDH1_DERIVE, &low, sizeof(low) };
	IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, x.private, CKK_GENERIC_SECRET, 0, &key));
	free_pair(&ec);
	free_pair(&x);
}

static void hkdf_here(const char *hash, int mode, const uint8_t *ikm, size_t ikm_len,
		      size_t salt_len, size_t info_len, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int("mode", &mode),
		OSSL_PARAM_construct_utf8_string("digest", (char *)hash, 0),
		OSSL_PARAM_construct_octet_string("key", (void *)ikm, ikm_len),
		OSSL_PARAM_construct_octet_string("salt", message, salt_len),
		OSSL_PARAM_construct_octet_string("info", message + 50, info_len),
		OSSL_PARAM_END,
	};

	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void hkdf(CK_BBOOL token)
{
	uint8_t ikm[32], expected[256];
	CK_OBJECT_HANDLE base, key;

	fill(ikm, sizeof(ikm));
	base = make_secret(CKK_GENERIC_SECRET, token, ikm, sizeof(ikm));
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		for (size_t salt = 0; salt <= 64; salt += 32) {
			struct p11_hkdf_params p = {
				CK_TRUE, CK_TRUE, hashes[i].type,
				salt ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL, message, salt, 0,
				message + 50, salt,
			};
			CK_MECHANISM m = { CKM_HKDF_DERIVE, &p, sizeof(p) };

			if (token && hashes[i].type == CKM_SHA224) {
				IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, base, CKK_AES, 32, &key));
				continue;
			}
			hkdf_here(hashes[i].name, 0, ikm, 32, salt, salt, expected, 256);
			OK(derive(&m, base, CKK_AES, 32, &key));
			is_value(key, expected, 32);
			OK(derive(&m, base, CKK_GENERIC_SECRET, 256, &key));
			is_value(key, expected, 256);
			p.expand = CK_FALSE;
			hkdf_here(hashes[i].name, 1, ikm, 32, salt, 0, expected, hashes[i].len);
			if (token) {
				IS(CKR_MECHANISM_PARAM_INVALID,
				   derive(&m, base, CKK_GENERIC_SECRET, hashes[i].len, &key));
				continue;
			}
			OK(derive(&m, base, CKK_GENERIC_SECRET, 0, &key));
			is_value(key, expected, hashes[i].len);
			p.extract = CK_FALSE;
			IS(CKR_MECHANISM_PARAM_INVALID, derive(&m, base, CKK_AES, 16, &key));
			p.expand = CK_TRUE;
			hkdf_here(hashes[i].name, 2, ikm, 32, 0, salt, expected, 100);
			OK(derive(&m, base, CKK_GENERIC_SECRET, 100, &key));
			is_value(key, expected, 100);
		}
	destroy(base);
}

static void test_hkdf(void **state)
{
	(void)state;
	hkdf(CK_TRUE);
	hkdf(CK_FALSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_7(test_aes), ON_3(test_aes), ON_7(test_counter), ON_7(test_aead), ON_3(test_aead),
		ON_7(test_parameters), ON_7(test_rsa), ON_3(test_rsa), ON_7(test_digests),
		ON_7(test_ecdh), ON_3(test_ecdh), ON_7(test_ecdh_x448), ON_7(test_ecdh_wrong),
		ON_7(test_hkdf), ON_3(test_hkdf),
	};

	fill(message, sizeof(message));
	return test_main("pkcs11: encryption and derivation", tests, ARRAY_SIZE(tests));
}
