/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of T=1 over I2C (UM11225), for what plays the chip: the strict card of the tests,
 * and tools/i2cd. The host's side, kernel/se05x_t1.c, has its own, which is judged by this.
 */
#ifndef SE05X_CARD_FRAME_H
#define SE05X_CARD_FRAME_H

#include <linux/types.h>

#define FRAME_NAD_HOST	0x5A	/* from the host */
#define FRAME_NAD_CHIP	0xA5	/* from the chip */
#define FRAME_INF_MAX	254
#define FRAME_OVERHEAD	5	/* NAD, PCB, LEN and CRC */
#define FRAME_MAX	(FRAME_INF_MAX + FRAME_OVERHEAD)

/* CRC-16/X-25, the low byte of which goes first */
static inline __u16 frame_crc(const __u8 *buf, unsigned int len)
{
	__u16 crc = 0xffff;
	int bit;

	while (len--) {
		crc ^= *buf++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1;
	}
	return crc ^ 0xffff;
}

/* Finish the frame in @frame, which has @len bytes of INF already. Return: its length. */
static inline unsigned int frame_finish(__u8 *frame, __u8 nad, __u8 pcb, unsigned int len)
{
	__u16 crc;

	frame[0] = nad;
	frame[1] = pcb;
	frame[2] = len;
	crc = frame_crc(frame, len + 3);
	frame[len + 3] = crc & 0xff;
	frame[len + 4] = crc >> 8;
	return len + FRAME_OVERHEAD;
}

#endif /* SE05X_CARD_FRAME_H */
