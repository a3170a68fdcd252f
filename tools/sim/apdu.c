// SPDX-License-Identifier: GPL-2.0-only
/* C-APDUs and the IoT applet's TLVs, taken apart and put together */

#include <string.h>

#include "apdu.h"

/* Lc and Le of one byte each: cases 1, 2S, 3S, 4S */
static uint16_t apdu_parse_short(struct apdu *apdu, const uint8_t *buf, size_t len)
{
	if (len == 0)
		return SW_OK;
	if (len == 1) {
		apdu->le = buf[0] ? buf[0] : 256;
		return SW_OK;
	}
	apdu->lc = buf[0];
	if (!apdu->lc || len - 1 < apdu->lc || len - 1 > apdu->lc + 1)
		return SW_LENGTH;
	apdu->data = buf + 1;
	if (len - 1 > apdu->lc)
		apdu->le = buf[len - 1] ? buf[len - 1] : 256;
	return SW_OK;
}

/* A leading 00, then two bytes each: cases 2E, 3E, 4E */
static uint16_t apdu_parse_extended(struct apdu *apdu, const uint8_t *buf, size_t len)
{
	size_t le;

	if (len == 3) {
		le = get_be(buf + 1, 2);
		apdu->le = le ? le : 65536;
		return SW_OK;
	}
	apdu->lc = get_be(buf + 1, 2);
	len -= 3;
	if (!apdu->lc || (len != apdu->lc && len != apdu->lc + 2))
		return SW_LENGTH;
	apdu->data = buf + 3;
	if (len > apdu->lc) {
		le = get_be(apdu->data + apdu->lc, 2);
		apdu->le = le ? le : 65536;
	}
	return SW_OK;
}

uint16_t apdu_parse(struct apdu *apdu, const uint8_t *buf, size_t len)
{
	uint16_t sw;

	memset(apdu, 0, sizeof(*apdu));
	if (len < 4)
		return SW_LENGTH;
	apdu->raw = buf;
	apdu->cla = buf[0];
	apdu->ins = buf[1];
	apdu->p1 = buf[2];
	apdu->p2 = buf[3];
	buf += 4;
	len -= 4;
	if (len >= 3 && buf[0] == 0)
		sw = apdu_parse_extended(apdu, buf, len);
	else
		sw = apdu_parse_short(apdu, buf, len);
	apdu->raw_len = apdu->data ? (size_t)(apdu->data + apdu->lc - apdu->raw) : 4;
	return sw;
}

uint16_t tlvs_parse(struct tlvs *tlvs, const uint8_t *buf, size_t len)
{
	const uint8_t *end = buf + len;
	uint8_t last = 0;

	memset(tlvs, 0, sizeof(*tlvs));
	while (buf < end) {
		size_t more = 0;
		uint8_t tag = *buf++;

		if (tag <= last || tag > TAG_MAX || buf == end)
			return SW_DATA;
		last = tag;
		len = *buf++;
		if (len > 0x7f) {
			more = len & 0x7f;
			if (more < 1 || more > 2 || (size_t)(end - buf) < more)
				return SW_DATA;
			len = get_be(buf, more);
			buf += more;
		}
		if ((size_t)(end - buf) < len)
			return SW_DATA;
		tlvs->seen |= tag_bit(tag);
		tlvs->tag[tag] = (struct tlv) { .value = buf, .len = len };
		buf += len;
	}
	return SW_OK;
}

bool tlv_number(const struct tlv *tlv, size_t size, uint32_t *number)
{
	if (!tlv->value || tlv->len != size)
		return false;
	*number = get_be(tlv->value, size);
	return true;
}

void rsp_put(struct response *rsp, const void *data, size_t len)
{
	if (rsp->max - rsp->len < len) {
		rsp->overflow = true;
		return;
	}
	if (len)
		memcpy(rsp->buf + rsp->len, data, len);
	rsp->len += len;
}

void rsp_u8(struct response *rsp, uint8_t tag, uint8_t value)
{
	rsp_put(rsp, (uint8_t[]) { tag, 1, value }, 3);
}

void rsp_u16(struct response *rsp, uint8_t tag, uint16_t value)
{
	rsp_put(rsp, (uint8_t[]) { tag, 2, value >> 8, value & 0xff }, 4);
}

/* Length in three bytes, even where one would do: so do real ones. */
uint8_t *rsp_tlv_room(struct response *rsp, uint8_t tag, size_t len)
{
	uint8_t *room;

	if (rsp->max - rsp->len < len + 4) {
		rsp->overflow = true;
		return NULL;
	}
	room = rsp->buf + rsp->len;
	room[0] = tag;
	room[1] = 0x82;
	put_be16(room + 2, len);
	rsp->len += len + 4;
	return room + 4;
}

void rsp_tlv(struct response *rsp, uint8_t tag, const void *value, size_t len)
{
	uint8_t *room = rsp_tlv_room(rsp, tag, len);

	if (room && len)
		memcpy(room, value, len);
}
