/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SE05X_HOST_LIMITS_H
#define SE05X_HOST_LIMITS_H

#include_next <linux/limits.h>

#define U16_MAX	((u16)~0U)
#define U32_MAX	((u32)~0U)

#endif /* SE05X_HOST_LIMITS_H */
