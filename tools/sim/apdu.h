/* SPDX-License-Identifier: GPL-2.0-only */
/* C-APDUs (ISO/IEC 7816-4, 5.1) and the IoT applet's TLVs, taken apart and put together */
#ifndef SE05X_APDU_H
#define SE05X_APDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SW_OK			0x9000
#define SW_MORE			0x6100	/* an answer waits for GET RESPONSE */
#define SW_LENGTH		0x6700
#define SW_RATE			0x66a6	/* too many commands in too little time */
#define SW_CHANNEL		0x6881
#define SW_SECURITY		0x6982
#define SW_POLICY		0x6984	/* no policy for such an object */
#define SW_CONDITIONS		0x6985
#define SW_DENIED		0x6986	/* by policy */
#define SW_DATA			0x6a80
#define SW_NOT_FOUND		0x6a82
#define SW_MEMORY		0x6a84
#define SW_NO_DATA		0x6a88	/* no such data, no such key */
#define SW_P1P2			0x6a86
#define SW_INS			0x6d00
#define SW_CLA			0x6e00
#define SW_INTERNAL		0x6f00

struct apdu {
	uint8_t cla;
	uint8_t ins;
	uint8_t p1;
	uint8_t p2;
	const uint8_t *data;
	size_t lc;
	size_t le;		/* 0: none; 256 and 65536 are what 00 and 00 00 mean */
	bool secure;		/* it came by secure messaging */
	const uint8_t *raw;	/* as it came ... */
	size_t raw_len;		/* ... without Le */
};

/* Return: SW_OK, or SW_LENGTH if no case of ISO/IEC 7816-3, 12.1.3 fits. */
uint16_t apdu_parse(struct apdu *apdu, const uint8_t *buf, size_t len);

/* Tags of the IoT applet */
#define TAG_SESSION		0x10
#define TAG_POLICY		0x11
#define TAG_MAX_ATTEMPTS	0x12
#define TAG_POLICY_CHECK	0x15
#define TAG_1			0x41
#define TAG_2			0x42
#define TAG_3			0x43
#define TAG_4			0x44
#define TAG_5			0x45
#define TAG_6			0x46
#define TAG_7			0x47
#define TAG_8			0x48
#define TAG_9			0x49
#define TAG_10			0x4a
#define TAG_11			0x4b
#define TAG_TIMESTAMP		0x4f
#define TAG_SIGNATURE		0x52
#define TAG_MAX			0x52

struct tlv {
	const uint8_t *value;	/* NULL: absent */
	size_t len;
};

/* All of a command's TLVs by their tag */
struct tlvs {
	struct tlv tag[TAG_MAX + 1];
	uint32_t seen;		/* tag_bit() of each */
};

/* One bit for each tag that a command can have: 10-15, 41-4B. Others share bit 31. */
static inline uint32_t tag_bit(uint8_t tag)
{
	if (tag >= TAG_SESSION && tag <= TAG_POLICY_CHECK)
		return 1u << (tag - TAG_SESSION);
	if (tag >= TAG_1 && tag <= TAG_11)
		return 1u << (tag - TAG_1 + 8);
	return 1u << 31;
}

/* Return: SW_OK, or SW_DATA: cut short, tags not ascending, or unheard of. */
uint16_t tlvs_parse(struct tlvs *tlvs, const uint8_t *buf, size_t len);

/* Big-endian number of exactly @size bytes. Return: false if it is not that. */
bool tlv_number(const struct tlv *tlv, size_t size, uint32_t *number);

/* A response in the making; too much is dropped and remembered */
struct response {
	uint8_t *buf;
	size_t len;
	size_t max;
	bool overflow;
	bool bare;		/* no secure channel secures it, and none goes on after it */
};

void rsp_put(struct response *rsp, const void *data, size_t len);
void rsp_u8(struct response *rsp, uint8_t tag, uint8_t value);
void rsp_u16(struct response *rsp, uint8_t tag, uint16_t value);
void rsp_tlv(struct response *rsp, uint8_t tag, const void *value, size_t len);

/* Room for @len bytes as the value of @tag, NULL if there is none. */
uint8_t *rsp_tlv_room(struct response *rsp, uint8_t tag, size_t len);

static inline void put_be16(uint8_t *to, uint16_t n)
{
	to[0] = n >> 8;
	to[1] = n;
}

static inline void put_be32(uint8_t *to, uint32_t n)
{
	put_be16(to, n >> 16);
	put_be16(to + 2, n);
}

static inline uint32_t get_be(const uint8_t *from, size_t len)
{
	uint32_t n = 0;

	while (len--)
		n = n << 8 | *from++;
	return n;
}

#endif /* SE05X_APDU_H */
