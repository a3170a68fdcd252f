/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Put before a file of the driver, this takes its wipes away: what tests/leak
 * would find if the driver forgot one.
 */
#ifdef NO_WIPE_BUFFER
#include <linux/string.h>
#define memzero_explicit(p, len) ((void)(p), (void)(len))
#endif
#ifdef NO_WIPE_FREE
#include <linux/slab.h>
#define kfree_sensitive(p) kfree(p)
#endif
