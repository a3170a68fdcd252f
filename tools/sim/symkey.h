/* SPDX-License-Identifier: GPL-2.0-only */
/* What ciphers and MACs share */
#ifndef SE05X_SYMKEY_H
#define SE05X_SYMKEY_H

#include <openssl/evp.h>

#include "call.h"

/*
 * The cipher of that name (CBC, ECB, CTR, GCM, CCM) that fits the key.
 * Return: NULL if libcrypto has none. The caller frees it.
 */
EVP_CIPHER *symm_cipher(const struct object *key, const char *mode);

/* The key as that cipher wants it: a DES key of 8 or 16 bytes becomes three. */
const uint8_t *symm_key(const struct object *key, uint8_t room[24]);

#endif /* SE05X_SYMKEY_H */
