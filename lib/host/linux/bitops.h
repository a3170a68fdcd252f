/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's fls() for host programs: the number of the highest bit, from 1 */
#ifndef SE05X_HOST_BITOPS_H
#define SE05X_HOST_BITOPS_H

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

#endif /* SE05X_HOST_BITOPS_H */
