/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the libraries have in common; not installed */
#ifndef SE05X_LIB_COMMON_H
#define SE05X_LIB_COMMON_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT		__attribute__((visibility("default")))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Numbers with the highest byte first, as the chip has them */
static inline uint32_t get_be(const uint8_t *from, size_t len)
{
	uint32_t n = 0;

	while (len--)
		n = n << 8 | *from++;
	return n;
}

static inline void put_be(uint8_t *to, uint64_t n, size_t len)
{
	while (len--) {
		to[len] = n;
		n >>= 8;
	}
}

#endif /* SE05X_LIB_COMMON_H */
