/* SPDX-License-Identifier: GPL-2.0-only */
/* RSA keys */
#ifndef SE05X_RSA_H
#define SE05X_RSA_H

#include "call.h"

/* ReadObject: modulus or exponent, as TAG_4 wants */
uint16_t rsa_read(struct call *call, const struct object *key);

/*
 * PKCS#1 v1.5 or PSS over a message. @digest: its name to libcrypto.
 * Return: SW_OK; SW_CONDITIONS if the key lacks what is needed; SW_DATA.
 */
uint16_t rsa_sign(const struct object *key, bool pss, const char *digest, uint32_t salt,
		  const uint8_t *message, size_t len, uint8_t *sig, size_t *sig_len);
uint16_t rsa_verify(const struct object *key, bool pss, const char *digest, uint32_t salt,
		    const uint8_t *message, size_t len, const uint8_t *sig, size_t sig_len,
		    bool *good);

/* How long a chip takes for one private operation */
uint32_t rsa_private_ms(const struct object *key);

#endif /* SE05X_RSA_H */
