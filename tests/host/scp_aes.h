/* SPDX-License-Identifier: GPL-2.0-only */
/* libcrypto's AES for kernel/se05x_scp.c in tests */
#ifndef SE05X_SCP_AES_H
#define SE05X_SCP_AES_H

#include <stdlib.h>

#include <openssl/evp.h>

#include "../../kernel/se05x_scp.h"

struct scp_aes {
	EVP_CIPHER_CTX *encrypt;
	EVP_CIPHER_CTX *decrypt;
};

static inline EVP_CIPHER_CTX *scp_aes_key(const u8 *key, size_t len, int encrypt)
{
	const EVP_CIPHER *cipher = len == 16 ? EVP_aes_128_ecb() : len == 24 ? EVP_aes_192_ecb() :
				   EVP_aes_256_ecb();
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (!ctx || !EVP_CipherInit_ex(ctx, cipher, NULL, key, NULL, encrypt) ||
	    !EVP_CIPHER_CTX_set_padding(ctx, 0))
		abort();
	return ctx;
}

static inline void scp_aes_set(struct scp_aes *aes, const u8 *key, size_t len)
{
	aes->encrypt = scp_aes_key(key, len, 1);
	aes->decrypt = scp_aes_key(key, len, 0);
}

static inline void scp_aes_clear(struct scp_aes *aes)
{
	EVP_CIPHER_CTX_free(aes->encrypt);
	EVP_CIPHER_CTX_free(aes->decrypt);
	*aes = (struct scp_aes) { };
}

static inline void scp_aes_one(EVP_CIPHER_CTX *ctx, u8 *out, const u8 *in)
{
	int n;

	if (!EVP_CipherUpdate(ctx, out, &n, in, SE05X_SCP_BLOCK))
		abort();
}

static inline void scp_aes_encrypt(const void *key, u8 *out, const u8 *in)
{
	scp_aes_one(((const struct scp_aes *)key)->encrypt, out, in);
}

static inline void scp_aes_decrypt(const void *key, u8 *out, const u8 *in)
{
	scp_aes_one(((const struct scp_aes *)key)->decrypt, out, in);
}

static const struct se05x_scp_cipher scp_aes = {
	.encrypt = scp_aes_encrypt,
	.decrypt = scp_aes_decrypt,
};

#endif /* SE05X_SCP_AES_H */
