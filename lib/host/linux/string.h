/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
#include <string.h>

#define memzero_explicit(p, len) explicit_bzero(p, len)
