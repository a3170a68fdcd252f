/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#define memzero_explicit(p, len) explicit_bzero(p, len)
