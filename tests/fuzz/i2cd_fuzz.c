// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chip's side of se05x-i2cd, to which the fuzzer is the host
 *
 * An operation is a byte that says what it is, a length, and bytes. Most writes get a good
 * header and CRC, or nothing but R-NAKs would be reached.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/i2cd/slave.h"

#define MUST(x) do { \
	if (!(x)) { \
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
		abort(); \
	} \
} while (0)

static struct slave slave;
static uint8_t buf[8192];
static uint64_t now;

static void host_write(const uint8_t *data, size_t len, int how)
{
	enum slave_task task;
	int ret;

	memset(buf, 0, FRAME_MAX);
	memcpy(buf, data, len);
	if (how && len >= 2 && len <= FRAME_INF_MAX)
		len = frame_finish(buf, FRAME_NAD_HOST, data[1], len - 2);
	ret = slave_write(&slave, buf, len, now, &task);
	MUST(ret == 0 || ret == -EREMOTEIO);
	MUST(!ret || task == SLAVE_NOTHING);
	if (task == SLAVE_COMMAND)
		MUST(slave.command_len && slave.command_len <= SLAVE_COMMAND_MAX);
}

static void host_read(size_t len, bool wait)
{
	int ret = slave_read(&slave, buf, len, wait, now);

	MUST(ret == (int)len || ret == -EREMOTEIO ||
	     (ret == -EAGAIN && wait && slave.running && len <= SLAVE_HEADER_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t atr[] = { 0, 0xA0, 0, 0, 3, 0x96, 4, 3, 0xE8, 0, 0xFE };
	static const size_t lens[] = { 0, 1, 2, 3, 5, 259, 260, 8192 };
	static uint8_t rapdu[SLAVE_RESPONSE_MAX];
	uint8_t op, len;

	slave_init(&slave, atr, size & 1 ? sizeof(atr) : size & 2);
	while (size >= 2) {
		op = data[0] & 7;
		len = data[1];
		data += 2;
		size -= 2;
		now += 100;
		switch (op) {
		case 0:
			host_read(lens[len & 7], len & 8);
			break;
		case 1:
			host_read(slave.out_len ? slave.out_len - slave.out_pos : 0, len & 8);
			break;
		case 2:	/* the answer comes; it has 2 bytes at least */
			slave_answer(&slave, rapdu, 2 + len * 16);
			break;
		default:
			if (len > size)
				len = size;
			host_write(data, len, op > 3);
			data += len;
			size -= len;
		}
		MUST(slave.out_len <= FRAME_MAX);
		MUST(!slave.out_len || slave.out_pos < slave.out_len);
		MUST(slave.answer_pos <= slave.answer_len);
		MUST(slave.running || !slave.answered);
	}
	return 0;
}
