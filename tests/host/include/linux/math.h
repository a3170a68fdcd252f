/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's int_sqrt() for host programs */
#ifndef SE05X_HOST_MATH_H
#define SE05X_HOST_MATH_H

static inline unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0, bit = 1UL << (sizeof(long) * 8 - 2);

	while (bit) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
		bit >>= 2;
	}
	return root;
}

#endif /* SE05X_HOST_MATH_H */
