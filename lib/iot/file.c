// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files, UserIDs, counters and PCRs */
#include <stdlib.h>

#include "iot.h"

/* 41 04 id, 42 02 offset, 43 02 length */
#define WRITE_OVERHEAD	(6 + 4 + 4)

/*
 * @file_len: of a file to be made, 0 if it is there. *@done counts what the chip
 * has said to have.
 */
static int write_pieces(struct se05x_iot *iot, uint32_t id, size_t offset, size_t file_len,
			const uint8_t *data, size_t len, const struct se05x_iot_new *how,
			size_t *done, struct se05x_call *call)
{
	size_t policy_len = how && file_len ? how->policy_len + 8 : 0;
	int ret = siot_refuse(0, call);

	*done = 0;
	while (!ret && *done < len) {
		bool first = file_len && !*done;
		size_t most = siot_room(iot, WRITE_OVERHEAD + (first ? policy_len : 0));
		size_t n = len - *done < most ? len - *done : most;
		struct command cmd;

		siot_begin(&cmd, INS_WRITE, P1_BINARY, 0x00, 0);
		if (first)
			siot_new(&cmd, how);
		siot_object(&cmd, id);
		if (offset + *done)
			siot_u16(&cmd, TAG_2, offset + *done);
		if (first)
			siot_u16(&cmd, TAG_3, file_len);
		siot_tlv(&cmd, TAG_4, data + *done, n);
		ret = siot_run(iot, &cmd, NULL, call);
		if (!ret)
			*done += n;
	}
	return *done ? siot_partly(ret, call) : ret;
}

EXPORT int se05x_iot_binary_create(struct se05x_iot *iot, uint32_t id, const void *data,
				   size_t len, const struct se05x_iot_new *how, size_t *done,
				   struct se05x_call *call)
{
	size_t mine;
	uint32_t room;
	int ret;

	done = done ? done : &mine;
	*done = 0;
	if (!len || len > SE05X_IOT_BINARY_MAX)
		return siot_refuse(-EINVAL, call);
	ret = siot_place(iot, id, how, 0, 0, 0, call);
	if (ret)
		return ret;
	ret = se05x_iot_free_memory(iot, how && how->transient ?
				    SE05X_IOT_MEMORY_TRANSIENT_DESELECT :
				    SE05X_IOT_MEMORY_PERSISTENT, &room, call);
	/* chips with much in their flash were seen to answer 6A80: then nobody knows */
	if (siot_denied(ret))
		ret = 0;
	else if (!ret && len > room)
		ret = siot_refuse(-EDQUOT, call);
	if (ret)
		return ret;
	return write_pieces(iot, id, 0, len, data, len, how, done, call);
}

EXPORT int se05x_iot_binary_write(struct se05x_iot *iot, uint32_t id, size_t offset,
				  const void *data, size_t len, size_t *done,
				  struct se05x_call *call)
{
	size_t mine;

	done = done ? done : &mine;
	*done = 0;
	if (offset > SE05X_IOT_BINARY_MAX || len > SE05X_IOT_BINARY_MAX - offset)
		return siot_refuse(-EINVAL, call);
	return write_pieces(iot, id, offset, 0, data, len, NULL, done, call);
}

EXPORT int se05x_iot_binary_read(struct se05x_iot *iot, uint32_t id, size_t offset,
				 void *data, size_t len, struct se05x_call *call)
{
	/* an answer is no longer than a command may be */
	size_t most = siot_room(iot, 0), done = 0;
	int ret = siot_refuse(0, call);

	if (offset > SE05X_IOT_BINARY_MAX || len > SE05X_IOT_BINARY_MAX - offset)
		return siot_refuse(-EINVAL, call);
	while (!ret && done < len) {
		size_t n = len - done < most ? len - done : most;
		struct command cmd;

		siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x00, LE_LONG);
		siot_object(&cmd, id);
		if (offset + done)
			siot_u16(&cmd, TAG_2, offset + done);
		siot_u16(&cmd, TAG_3, n);
		ret = siot_run_fixed(iot, &cmd, (uint8_t *)data + done, n, call);
		done += n;
	}
	return ret;
}

/* An answer of so many bytes no applet has cut short. */
#define SURELY_WHOLE	512

EXPORT int se05x_iot_binary_load(struct se05x_iot *iot, uint32_t id, void **data, size_t *len,
				 struct se05x_call *call)
{
	uint8_t first[RESPONSE_MAX];
	size_t n = sizeof(first);
	struct command cmd;
	uint32_t size = 0;
	int ret, got;

	/* without a length: all of it */
	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x00, LE_LONG);
	siot_object(&cmd, id);
	got = siot_run_bytes(iot, &cmd, first, &n, call);
	if (got && !siot_denied(got))
		return got;
	ret = got || n >= SURELY_WHOLE ? siot_size(iot, id, &size, call) : 0;
	if (ret)
		return got && siot_denied(ret) ? got : ret;
	*len = size ? size : n;
	*data = malloc(*len + 1);
	if (!*data)
		return siot_refuse(-ENOMEM, call);
	if (!got && n == *len)
		memcpy(*data, first, n);
	else
		ret = se05x_iot_binary_read(iot, id, 0, *data, *len, call);
	explicit_bzero(first, sizeof(first));
	if (ret) {
		free(*data);
		*data = NULL;
	}
	return ret;
}

EXPORT int se05x_iot_userid_create(struct se05x_iot *iot, uint32_t id, const void *value,
				   size_t len, const struct se05x_iot_new *how,
				   struct se05x_call *call)
{
	struct command cmd;
	int ret;

	if (len < 4 || len > 16)
		return siot_refuse(-EINVAL, call);
	ret = siot_place(iot, id, how, SE05X_IOT_KIND_USERID, 0, 0, call);
	if (ret)
		return ret;
	siot_begin(&cmd, INS_WRITE | INS_AUTH, P1_USERID, 0x00, 0);
	siot_new(&cmd, how);
	siot_object(&cmd, id);
	siot_tlv(&cmd, TAG_2, value, len);
	return siot_run(iot, &cmd, NULL, call);
}

/* ---- counters ---- */

static bool counter_holds(size_t size, uint64_t value)
{
	return size >= 1 && size <= 8 && (size == 8 || !(value >> 8 * size));
}

EXPORT int se05x_iot_counter_create(struct se05x_iot *iot, uint32_t id, size_t size,
				    uint64_t value, const struct se05x_iot_new *how,
				    struct se05x_call *call)
{
	struct command cmd;
	int ret;

	if (!counter_holds(size, value))
		return siot_refuse(-EINVAL, call);
	ret = siot_place(iot, id, how, 0, 0, 0, call);
	if (ret)
		return ret;
	siot_begin(&cmd, INS_WRITE, P1_COUNTER, 0x00, 0);
	siot_new(&cmd, how);
	siot_object(&cmd, id);
	siot_u16(&cmd, TAG_2, size);
	ret = siot_run(iot, &cmd, NULL, call);
	if (!ret && value)
		ret = siot_partly(se05x_iot_counter_set(iot, id, size, value, call), call);
	return ret;
}

EXPORT int se05x_iot_counter_set(struct se05x_iot *iot, uint32_t id, size_t size,
				 uint64_t value, struct se05x_call *call)
{
	struct command cmd;
	uint8_t bytes[8];

	if (!counter_holds(size, value))
		return siot_refuse(-EINVAL, call);
	put_be(bytes, value, size);
	siot_begin(&cmd, INS_WRITE, P1_COUNTER, 0x00, 0);
	siot_object(&cmd, id);
	siot_tlv(&cmd, TAG_3, bytes, size);
	return siot_run(iot, &cmd, NULL, call);
}

EXPORT int se05x_iot_counter_add(struct se05x_iot *iot, uint32_t id, struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_WRITE, P1_COUNTER, 0x00, 0);
	siot_object(&cmd, id);
	return siot_run(iot, &cmd, NULL, call);
}

EXPORT int se05x_iot_counter_read(struct se05x_iot *iot, uint32_t id, uint64_t *value,
				  struct se05x_call *call)
{
	struct command cmd;
	uint8_t bytes[8];
	size_t len = sizeof(bytes);
	int ret;

	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x00, LE_LONG);
	siot_object(&cmd, id);
	ret = siot_run_bytes(iot, &cmd, bytes, &len, call);
	if (ret == -ENOSPC || (!ret && !len))
		return -EPROTO;
	if (ret)
		return ret;
	*value = 0;
	for (size_t i = 0; i < len; i++)
		*value = *value << 8 | bytes[i];
	return 0;
}

/* ---- PCRs ---- */

static int write_pcr(struct se05x_iot *iot, uint32_t id, uint8_t tag, const void *data,
		     size_t len, const struct se05x_iot_new *how, struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_WRITE, P1_PCR, 0x00, 0);
	if (tag == TAG_2)
		siot_new(&cmd, how);
	siot_object(&cmd, id);
	siot_tlv(&cmd, tag, data, len);
	return siot_run(iot, &cmd, NULL, call);
}

EXPORT int se05x_iot_pcr_create(struct se05x_iot *iot, uint32_t id,
				const uint8_t value[SE05X_IOT_PCR_LEN],
				const struct se05x_iot_new *how, struct se05x_call *call)
{
	int ret = siot_place(iot, id, how, 0, 0, 0, call);

	return ret ? ret : write_pcr(iot, id, TAG_2, value, SE05X_IOT_PCR_LEN, how, call);
}

EXPORT int se05x_iot_pcr_extend(struct se05x_iot *iot, uint32_t id, const void *data,
				size_t len, struct se05x_call *call)
{
	return write_pcr(iot, id, TAG_3, data, len, NULL, call);
}

EXPORT int se05x_iot_pcr_read(struct se05x_iot *iot, uint32_t id,
			      uint8_t value[SE05X_IOT_PCR_LEN], struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x00, LE_LONG);
	siot_object(&cmd, id);
	return siot_run_fixed(iot, &cmd, value, SE05X_IOT_PCR_LEN, call);
}
