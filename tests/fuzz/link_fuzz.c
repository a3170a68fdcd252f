// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing the link layer: the input is what the bus does
 *
 * Each transfer takes one byte of the input that says how it ends and, for a
 * read, the bytes that come. Time is virtual. Whatever the chip does, the link
 * must stay inside its buffers, come to an end in bounded time, write only
 * sound frames, and never write a command again once its numbers were reset.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/se05x.h>
#include <linux/types.h>

#include "../../kernel/se05x_t1.h"

#define MUST(x) do { \
	if (!(x)) { \
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
		abort(); \
	} \
} while (0)

#define SECOND		1000000ULL
#define HARD_LIMIT	(20 * SECOND)

struct bus {
	const u8 *in;
	size_t left;
	u64 time;
	u64 transfers;
	u64 apdus;		/* which command is on its way */
	bool dead;		/* a block that resets the numbers was tried */
	bool retries;		/* what was NACKed may have arrived */
	u8 block[SE05X_T1_FRAME_MAX];	/* the I-block that may have arrived last */
	size_t block_len;
	u8 frame[SE05X_T1_FRAME_MAX];	/* what the chip gives to read */
	size_t frame_len, frame_pos;
};

static u8 next(struct bus *bus)
{
	if (!bus->left)
		return 0;	/* the end: a NACK for ever */
	bus->left--;
	return *bus->in++;
}

/* How a transfer ends: mostly well, else by any errno that adapters give */
static int ending(u8 how, size_t len)
{
	static const int errnos[] = {
		-ENXIO, -EREMOTEIO, -EIO, -EAGAIN, -ETIMEDOUT, -ENXIO, -ENXIO,
		-EOPNOTSUPP, -EINVAL, -ESHUTDOWN, -ENODEV,
	};

	if (how >= 0x40)
		return len;
	if (how >= 0x30)
		return how % len;
	/* those that end it all are rare, or nothing else would be reached */
	return errnos[how == 0x2f ? 7 + len % 4 : how % 7];
}

static int bus_write(void *ctx, const u8 *buf, size_t len)
{
	struct bus *bus = ctx;
	int ret;
	u16 crc;

	MUST(len >= SE05X_T1_OVERHEAD && len <= SE05X_T1_FRAME_MAX);
	MUST(buf[0] == 0x5a && buf[2] == len - SE05X_T1_OVERHEAD);
	crc = se05x_t1_crc(buf, len - 2);
	MUST(buf[len - 2] == (crc & 0xff) && buf[len - 1] == crc >> 8);
	if (buf[1] == 0xc0 || buf[1] == 0xcf || buf[1] == 0xc6 || buf[1] == 0xc5)
		bus->dead = true;
	if (!(buf[1] & 0x80)) {
		MUST(!bus->dead);
		if (bus->block_len && bus->block[1] == buf[1])
			MUST(bus->block_len == len && !memcmp(bus->block, buf, len));
	}
	bus->time += 25 * len;
	bus->transfers++;
	ret = ending(next(bus), len);
	/* S(IFS) may cut a block that certainly did not arrive, and no other */
	if (!(buf[1] & 0x80) && (bus->retries || (ret != -ENXIO && ret != -EREMOTEIO))) {
		memcpy(bus->block, buf, len);
		bus->block_len = len;
	}
	return ret;
}

/* A sound frame with a PCB and a length of the input's choice */
static void make_frame(struct bus *bus)
{
	u8 len, *f = bus->frame;
	u16 crc;
	int i;

	f[0] = 0xa5;
	f[1] = next(bus);
	len = f[1] & 0x80 ? next(bus) & 1 : next(bus);
	if (len > SE05X_T1_INF_MAX)
		len = 0;
	f[2] = len;
	for (i = 0; i < len; i++)
		f[3 + i] = next(bus);
	crc = se05x_t1_crc(f, len + 3);
	f[3 + len] = crc & 0xff;
	f[4 + len] = crc >> 8;
	bus->frame_len = len + SE05X_T1_OVERHEAD;
	bus->frame_pos = 0;
}

static int bus_read(void *ctx, u8 *buf, size_t len)
{
	struct bus *bus = ctx;
	u8 how = next(bus);
	int i, ret = ending(how, len);

	MUST(len && len <= SE05X_T1_FRAME_MAX);
	bus->time += 25 * len;
	bus->transfers++;
	/* random bytes would all die of their CRC: most are a sound frame */
	if (ret > 0 && bus->frame_pos == bus->frame_len && how % 8)
		make_frame(bus);
	for (i = 0; i < ret; i++)
		buf[i] = bus->frame_pos < bus->frame_len ?
			 bus->frame[bus->frame_pos++] : next(bus);
	return ret;
}

static int bus_sleep(void *ctx, u32 us)
{
	struct bus *bus = ctx;

	/* an owner that oversleeps is in the rules, and keeps silence cheap */
	bus->time += us < 10000 ? us * 30ULL : us;
	return next(bus) == 0xff ? -ECANCELED : 0;
}

static u64 bus_now(void *ctx)
{
	return ((struct bus *)ctx)->time;
}

static int bus_power(void *ctx, bool on)
{
	struct bus *bus = ctx;

	(void)on;
	bus->dead = true;
	return next(bus) & 1 ? 0 : -EOPNOTSUPP;
}

static const struct se05x_link_ops ops = {
	.write = bus_write,
	.read = bus_read,
	.sleep = bus_sleep,
	.now = bus_now,
	.power = bus_power,
};

static void transceive(struct se05x_link *link, struct bus *bus, size_t len)
{
	static u8 command[SE05X_T1_COMMAND_MAX], response[SE05X_T1_RESPONSE_MAX];
	struct se05x_apdu apdu = {
		.command = command,
		.command_len = len,
		.response = response,
	};
	int ret;

	bus->dead = false;
	bus->block_len = 0;
	memset(command, ++bus->apdus, len);
	ret = se05x_link_transceive(link, &apdu);
	if (!ret) {
		MUST(apdu.outcome == SE05X_OUTCOME_RAN);
		MUST(apdu.response_len >= 2 && apdu.response_len <= sizeof(response));
	} else {
		MUST(apdu.outcome == (ret == -ECONNRESET ? SE05X_OUTCOME_MAY_HAVE_RUN :
				      SE05X_OUTCOME_NOT_SENT));
		MUST(!apdu.response_len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t lens[] = { 4, 5, 254, 255, 700 };
	static struct se05x_link link;
	struct bus bus = { .in = data, .left = size };
	u64 before, worst;
	int i;

	memset(&link, 0, sizeof(link));
	link.trusted = next(&bus) & 1;
	bus.retries = next(&bus) & 1;
	link.retries = bus.retries;
	se05x_link_init(&link, &ops, &bus, next(&bus) & 1 ? 32 : 0,
			next(&bus) & 1 ? 32 : 0);
	link.hard_limit_us = HARD_LIMIT;
	if (se05x_link_open(&link, next(&bus) & 1)) {
		/* as if it had answered, so that the rest is reached too */
		link.synced = true;
		link.known = true;
		link.given_up = false;
	}
	link.atr.bwt_ms = 1000;	/* 65 s would make the bound below say nothing */
	for (i = 0; i < 6; i++) {
		before = bus.time;
		switch (next(&bus) % 8) {
		case 0:
			se05x_link_reset(&link, SE05X_RUNG_SOFT + next(&bus) % 3, false);
			break;
		case 1:
			se05x_link_sleep(&link);
			break;
		case 2:
			se05x_link_resumed(&link);
			bus.time += next(&bus) * SECOND;
			before = bus.time;
			break;
		default:
			if (!se05x_link_wake(&link, next(&bus) & 1))
				transceive(&link, &bus, lens[next(&bus) % 5]);
			break;
		}
		/* the hard limit, then each try of each rung without WTX: about 45 s */
		worst = 4 * HARD_LIMIT;
		MUST(bus.time - before <= worst);
	}
	return 0;
}
