/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* The kernel's word that the compiler must not reason about a variable's value */
#ifndef SE05X_HOST_COMPILER_H
#define SE05X_HOST_COMPILER_H

#define OPTIMIZER_HIDE_VAR(var) __asm__ ("" : "=r" (var) : "0" (var))

#endif /* SE05X_HOST_COMPILER_H */
