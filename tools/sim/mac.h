/* SPDX-License-Identifier: GPL-2.0-only */
/* MACs */
#ifndef SE05X_MAC_H
#define SE05X_MAC_H

#include "call.h"

struct mac_algorithm {
	uint8_t id;
	const char *name;	/* to libcrypto: HMAC or CMAC */
	const char *digest;	/* of HMAC */
	uint8_t type;		/* of the key */
};

/* Return: NULL if there is no such algorithm. */
const struct mac_algorithm *mac_algorithm(uint32_t id);

#endif /* SE05X_MAC_H */
