/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's division of 64 bits for host programs */
#ifndef SE05X_HOST_MATH64_H
#define SE05X_HOST_MATH64_H

#include <linux/types.h>

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

#endif /* SE05X_HOST_MATH64_H */
