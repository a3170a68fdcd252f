/* SPDX-License-Identifier: GPL-2.0-only */
/* Crypto objects: what a computation over several commands is kept in */
#ifndef SE05X_CRYPTOBJ_H
#define SE05X_CRYPTOBJ_H

#include "call.h"

enum { CONTEXT_DIGEST = 1, CONTEXT_CIPHER, CONTEXT_MAC, CONTEXT_AEAD };

/* The one whose number is in @tag. SW_OK, SW_DATA, SW_CONDITIONS. */
uint16_t find_crypto(const struct call *call, uint8_t tag, uint8_t context,
		     struct crypto_object **crypto);

/* The same, and a computation is under way in it. */
uint16_t find_running(const struct call *call, uint8_t tag, uint8_t context,
		      struct crypto_object **crypto);

/* One begins: @running is the crypto object's from now on. */
void crypto_start(struct crypto_object *crypto, void *running, void (*stop)(void *running));

#endif /* SE05X_CRYPTOBJ_H */
