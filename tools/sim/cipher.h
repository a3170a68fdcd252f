/* SPDX-License-Identifier: GPL-2.0-only */
/* Ciphers */
#ifndef SE05X_CIPHER_H
#define SE05X_CIPHER_H

#include "call.h"

struct cipher_mode {
	uint8_t id;
	const char *name;	/* to libcrypto: ECB, CBC, CTR */
	uint8_t type;		/* of the key */
	enum { PAD_NONE, PAD_M1, PAD_M2 } pad;	/* ISO/IEC 9797-1, 6.3 */
};

/* Return: NULL if there is no such mode. */
const struct cipher_mode *cipher_mode(uint32_t id);

#endif /* SE05X_CIPHER_H */
