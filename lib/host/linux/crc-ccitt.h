/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's crc_ccitt() computes: reflected, polynomial 0x8408 */
#ifndef SE05X_HOST_CRC_CCITT_H
#define SE05X_HOST_CRC_CCITT_H

#include <linux/types.h>

static inline u16 crc_ccitt(u16 crc, const u8 *buf, size_t len)
{
	static u16 table[256];

	if (!table[1])
		for (int i = 0; i < 256; i++) {
			u16 c = i;

			for (int bit = 0; bit < 8; bit++)
				c = c & 1 ? c >> 1 ^ 0x8408 : c >> 1;
			table[i] = c;
		}
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *buf++) & 0xff];
	return crc;
}

#endif /* SE05X_HOST_CRC_CCITT_H */
