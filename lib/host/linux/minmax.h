/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's min() and max() for host programs */
#ifndef SE05X_HOST_MINMAX_H
#define SE05X_HOST_MINMAX_H

#define min(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define max(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#define min3(a, b, c) min(a, min(b, c))
#define min_t(t, a, b) min((t)(a), (t)(b))
#define max_t(t, a, b) max((t)(a), (t)(b))

#endif /* SE05X_HOST_MINMAX_H */
