// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing the strict card: the input is what a host writes and when it reads
 *
 * In the simulator the card is kernel code that any user of the bus may drive.
 * Whatever comes, it must stay inside its buffers, give only sound frames, run a
 * command only after a last block, and not fall silent for good.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/types.h>

#include "../card/card.h"

#define MUST(x) do { \
	if (!(x)) { \
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
		abort(); \
	} \
} while (0)

struct host {
	const u8 *in;
	size_t left;
	u64 time;
	u32 runs;	/* C-APDUs that the applet got */
	u32 lasts;	/* sound last blocks written, a tick of the clock apart */
	u32 delay;	/* of the next answer */
	size_t answer;	/* its length */
};

static u8 next(struct host *host)
{
	if (!host->left)
		return 0;
	host->left--;
	return *host->in++;
}

static void apdu(void *ctx, struct card *card, const u8 *buf, size_t len, u64 now)
{
	static u8 answer[CARD_APDU_MAX];
	struct host *host = ctx;
	u8 sum = 0;
	size_t i;

	MUST(len <= CARD_APDU_MAX);
	for (i = 0; i < len; i++)	/* all of it can be read */
		sum += buf[i];
	memset(answer, sum, sizeof(answer));
	MUST(++host->runs <= host->lasts);
	if (host->delay != ~0U)
		card_answer(card, answer, host->answer, now + host->delay);
}

static void reset(void *ctx, struct card *card)
{
	(void)ctx;
	(void)card;
}

static const struct card_ops ops = { .apdu = apdu, .reset = reset };

static void tick(struct host *host, size_t bytes)
{
	host->time += bytes * 25 + next(host) * 100ULL;
}

/* Bytes of the input's choice, mostly made a sound frame */
static void write_frame(struct host *host, struct card *card)
{
	u8 raw[300], f[CARD_FRAME_MAX], how = next(host), pcb = next(host);
	size_t len = next(host) % 255, i;
	u64 start = host->time;

	for (i = 0; i < len; i++)
		raw[i] = next(host);
	tick(host, len);
	if (how % 8 == 0) {	/* as they come, too long and none at all too */
		len = how == 0 ? 0 : len + how;
		memset(raw + (len < 255 ? len : 255), 0, sizeof(raw) - 255);
		card_write(card, raw, len < sizeof(raw) ? len : sizeof(raw), start, host->time);
		return;
	}
	if (pcb & 0x80)
		len = how & 0x40 ? len % 2 : 0;
	len = card_frame(f, 0x5A, pcb, raw, len);
	host->lasts += !(pcb & 0xa0);
	card_write(card, f, len, start, host->time);
}

/* A whole frame, header first, as hosts do, or any number of bytes */
static void read_some(struct host *host, struct card *card)
{
	u8 buf[CARD_FRAME_MAX + 1];
	size_t ask = next(host), rest;
	u64 start = host->time;
	int got;

	tick(host, 5);
	if (ask) {
		got = card_read(card, buf, ask, start, host->time);
		MUST(got == -ENXIO || got == (int)ask);
		return;
	}
	if (card->out_pos)	/* somebody read a part of it */
		return;
	got = card_read(card, buf, 5, start, host->time);
	if (got < 0)
		return;
	MUST(buf[0] == 0xA5 && buf[2] <= 254);
	rest = buf[2];
	if (rest) {
		u8 again[CARD_FRAME_MAX];

		got = card_read(card, buf + 5, rest, host->time + 100, host->time + 200);
		MUST(got == (int)rest);
		MUST(card_frame(again, 0xA5, buf[1], buf + 3, rest) == rest + 5);
		MUST(!memcmp(again, buf, rest + 5));
	}
	host->time += 200;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host host = { .in = data, .left = size };
	struct card_config config = { 0 };
	static struct card card;
	u8 buf[CARD_FRAME_MAX], f[CARD_FRAME_MAX];
	bool answered = false;
	int i;

	config.boot_us = next(&host) * 1000;
	config.wake_us = next(&host) * 100;
	config.r_us = next(&host);
	config.wtx = next(&host) % 4;
	config.takes_writes = next(&host) & 1;
	config.keeps_last = next(&host) & 1;
	config.ifs = next(&host);
	card_init(&card, &config, &ops, &host);
	card_power(&card, true, 0);
	while (host.left) {
		host.answer = 2 + next(&host) * 17 % (CARD_APDU_MAX - 2);
		host.delay = next(&host) * 20000;
		switch (next(&host) % 8) {
		case 0:
			host.time += next(&host) * 50000ULL;
			break;
		case 1:
			card_power(&card, next(&host) & 1, host.time);
			break;
		case 2:
			if (!(next(&host) % 8))
				card_restart(&card, host.time);
			else
				card_forget(&card);
			break;
		case 3: case 4:
			read_some(&host, &card);
			break;
		default:
			write_frame(&host, &card);
		}
	}

	/* A host that knows how gets it going again: RESYNC, and read what comes. */
	card_power(&card, true, host.time);
	host.time += 10000000;
	for (i = 0; i < 200 && !answered; i++) {
		size_t len = card_frame(f, 0x5A, 0xC0, NULL, 0);
		int got;

		card_write(&card, f, len, host.time, host.time + 200);
		host.time += 2000000;
		got = card_read(&card, buf, 5, host.time, host.time + 200);
		host.time += 2000;
		if (got == 5 && buf[0] == 0xA5 && buf[1] == 0xE0)
			answered = true;
		else if (got == 5 && buf[0] == 0xA5 && buf[1] == 0xC3) {
			/* it still computes: more time, and the rest of that block */
			card_read(&card, buf + 5, 1, host.time, host.time + 200);
			host.time += 2000;
			len = card_frame(f, 0x5A, 0xE3, buf + 3, 1);
			card_write(&card, f, len, host.time, host.time + 200);
		} else if (got == 5) {
			card_read(&card, buf, CARD_FRAME_MAX, host.time, host.time + 200);
		}
		host.time += 2000;
	}
	MUST(answered);
	return 0;
}
