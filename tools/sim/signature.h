/* SPDX-License-Identifier: GPL-2.0-only */
/* Signatures: ECDSA, EdDSA, RSA */
#ifndef SE05X_SIGNATURE_H
#define SE05X_SIGNATURE_H

#include "call.h"

#define SIGNATURE_MAX	512	/* RSA-4096 */

/* The digest that goes with that algorithm. Return: its length, 0: no such algorithm. */
size_t signature_digest(uint32_t algorithm, const uint8_t *data, size_t len,
			uint8_t digest[64]);

/* Digest and sign a message with one of PAIRS. SW_OK, SW_DATA, SW_CONDITIONS. */
uint16_t signature_make(const struct object *key, uint32_t algorithm, const uint8_t *message,
			size_t len, uint8_t sig[SIGNATURE_MAX], size_t *sig_len);

#endif /* SE05X_SIGNATURE_H */
