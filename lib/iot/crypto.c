// SPDX-License-Identifier: LGPL-2.1-or-later
/* libcrypto for this library alone: digests, and AES for sessions */
#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto.h"
#include "iot.h"

static OSSL_LIB_CTX *context;

static void make_context(void)
{
	context = OSSL_LIB_CTX_new();
}

/* It is there to the end of the process: who uses it last can't be known. */
OSSL_LIB_CTX *siot_crypto(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_context);
	return context;
}

bool siot_hash(enum se05x_iot_hash hash, const void *data, size_t len, uint8_t *digest)
{
	static const struct {
		enum se05x_iot_hash hash;
		const char *name;
	} names[] = {
		{ SE05X_IOT_HASH_SHA1, "SHA1" }, { SE05X_IOT_HASH_SHA224, "SHA224" },
		{ SE05X_IOT_HASH_SHA256, "SHA256" }, { SE05X_IOT_HASH_SHA384, "SHA384" },
		{ SE05X_IOT_HASH_SHA512, "SHA512" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].hash == hash)
			return siot_crypto() && EVP_Q_digest(siot_crypto(), names[i].name, NULL,
							     data, len, digest, NULL);
	return false;
}

/* ---- AES ---- */

static EVP_CIPHER_CTX *prepare(const void *bytes, size_t len, int encrypt)
{
	const char *name = len == 16 ? "AES-128-ECB" : len == 24 ? "AES-192-ECB" : "AES-256-ECB";
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(siot_crypto(), name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (!cipher || !ctx || !EVP_CipherInit_ex2(ctx, cipher, bytes, NULL, encrypt, NULL) ||
	    !EVP_CIPHER_CTX_set_padding(ctx, 0)) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher);
	return ctx;
}

bool siot_aes_set(struct aes_key *key, const void *bytes, size_t len)
{
	siot_aes_clear(key);
	if (!siot_crypto())
		return false;
	key->encrypt = prepare(bytes, len, 1);
	key->decrypt = prepare(bytes, len, 0);
	return key->encrypt && key->decrypt;
}

/* libcrypto wipes the key in them. */
void siot_aes_clear(struct aes_key *key)
{
	EVP_CIPHER_CTX_free(key->encrypt);
	EVP_CIPHER_CTX_free(key->decrypt);
	*key = (struct aes_key) { 0 };
}

static void one_block(struct aes_key *key, EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in)
{
	int n;

	if (EVP_CipherUpdate(ctx, out, &n, in, SE05X_SCP_BLOCK))
		return;
	key->failed = true;
	memset(out, 0, SE05X_SCP_BLOCK);
}

static void encrypt(const void *key, uint8_t *out, const uint8_t *in)
{
	one_block((struct aes_key *)key, ((const struct aes_key *)key)->encrypt, out, in);
}

static void decrypt(const void *key, uint8_t *out, const uint8_t *in)
{
	one_block((struct aes_key *)key, ((const struct aes_key *)key)->decrypt, out, in);
}

const struct se05x_scp_cipher siot_aes = { .encrypt = encrypt, .decrypt = decrypt };
