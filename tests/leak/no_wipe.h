/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Put before a file of the driver, this takes its wipes away, or lets adapters
 * make copies: what tests/leak would find if the driver forgot that.
 */
#ifdef NO_WIPE_BUFFER
#include <linux/string.h>
#define memzero_explicit(p, len) ((void)(p), (void)(len))
#endif
#ifdef NO_WIPE_BOUNCED
#include <linux/i2c.h>
#undef I2C_M_DMA_SAFE
#define I2C_M_DMA_SAFE 0
#endif
#ifdef NO_WIPE_FREE
#include <linux/slab.h>
#define kfree_sensitive(p) kfree(p)
#endif
