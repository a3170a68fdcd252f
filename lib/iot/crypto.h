/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcrypto for this library alone */
#ifndef SE05X_IOT_CRYPTO_H
#define SE05X_IOT_CRYPTO_H

#include <openssl/types.h>

#include "../../kernel/se05x_scp.h"

/*
 * A context of its own: what a program loads into the default one may be this project's
 * provider, which would call this library. NULL: no memory.
 */
OSSL_LIB_CTX *siot_crypto(void);

/* A key of AES, prepared for kernel/se05x_scp.c */
struct aes_key {
	EVP_CIPHER_CTX *encrypt;
	EVP_CIPHER_CTX *decrypt;
	bool failed;	/* what was computed with it is wrong */
};

extern const struct se05x_scp_cipher siot_aes;

/* @len: 16, 24 or 32. Return: false if there is no memory. */
bool siot_aes_set(struct aes_key *key, const void *bytes, size_t len);
/* It need not be set. */
void siot_aes_clear(struct aes_key *key);

#endif /* SE05X_IOT_CRYPTO_H */
