// SPDX-License-Identifier: GPL-2.0-only
/* What the chip says of itself */
#define _POSIX_C_SOURCE 200809L

#include <string.h>

#include <openssl/rand.h>

#include "object.h"

#define EXT_VERSION_LEN	37

uint16_t cmd_get_version(struct call *call)
{
	rsp_tlv(call->rsp, TAG_1, call->iot->model->version,
		sizeof(call->iot->model->version));
	return SW_OK;
}

uint16_t cmd_get_ext_version(struct call *call)
{
	uint8_t *room = rsp_tlv_room(call->rsp, TAG_1, EXT_VERSION_LEN);

	if (room) {
		memset(room, 0xff, EXT_VERSION_LEN);
		memcpy(room, call->iot->model->version, sizeof(call->iot->model->version));
	}
	return SW_OK;
}

void chip_time(uint8_t stamp[12])
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	put_be32(stamp, 0);
	put_be32(stamp + 4, now.tv_sec);
	put_be32(stamp + 8, now.tv_nsec / 1000);
}

uint16_t cmd_get_timestamp(struct call *call)
{
	uint8_t stamp[12];

	chip_time(stamp);
	rsp_tlv(call->rsp, TAG_1, stamp, sizeof(stamp));
	return SW_OK;
}

/* SE052F has more than two bytes can tell. */
uint16_t cmd_get_free_memory(struct call *call)
{
	uint8_t room[4];
	uint32_t type;

	if (!tlv_number(arg(call, TAG_1), 1, &type) || type < 1 || type > 3)
		return SW_DATA;
	put_be32(room, store_free(&call->iot->store, type != 1));
	if (is_52(call))
		rsp_tlv(call->rsp, TAG_1, room, sizeof(room));
	else
		rsp_u16(call->rsp, TAG_1, get_be(room + 2, 2));
	return SW_OK;
}

uint16_t cmd_get_random(struct call *call)
{
	uint32_t len;
	uint8_t *room;

	if (!tlv_number(arg(call, TAG_1), 2, &len) || !len ||
	    len > call->iot->model->payload_max - 8u)
		return SW_DATA;
	room = rsp_tlv_room(call->rsp, TAG_1, len);
	call->delay_ms += len / 32;
	return room && RAND_bytes(room, len) == 1 ? SW_OK : SW_INTERNAL;
}

/* In a session on that reserved number only. 1: required, 2: not */
uint16_t cmd_set_scp_request(struct call *call)
{
	uint32_t request;

	if (caller(call) != ID_PLATFORM_SCP)
		return SW_CONDITIONS;
	if (!tlv_number(arg(call, TAG_1), 1, &request) || request < 1 || request > 2)
		return SW_DATA;
	call->iot->store.scp_required = request == 1;
	return iot_save(call);
}

/* Locked or not, nothing restricted, the chip's channel required or not: 1 is yes, 2 is no */
uint16_t cmd_read_state(struct call *call)
{
	const struct iot *iot = call->iot;
	bool required = iot->model->fips || iot->store.scp_required == 1;

	rsp_tlv(call->rsp, TAG_1, (uint8_t[]) { iot->locked ? 1 : 2, 0, required ? 1 : 2 }, 3);
	return SW_OK;
}

/* What creates, changes or deletes something; a result that goes into an object does, too. */
bool lock_refuses(const struct call *call)
{
	const struct apdu *apdu = call->apdu;

	if (!call->iot->locked)
		return false;
	switch (apdu->ins & INS_MASK) {
	case INS_WRITE:
		return true;
	case INS_MGMT:
		return apdu->p2 == 0x28 || apdu->p2 == 0x2a || apdu->p2 == 0x52;
	case INS_CRYPTO:
		return has(call, TAG_7);
	default:
		return false;
	}
}
