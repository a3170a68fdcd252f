// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link layer and a chip that says what it is told to say: the corners that
 * neither the strict card nor the fault matrix gets to (make coverage)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/se05x.h>
#include <linux/types.h>

#include "../../kernel/se05x_t1.h"
#include "../card/card.h"

#define SECOND		1000000ULL
#define OUT_OF(a)	(sizeof(a) / sizeof((a)[0]))
#define FOREVER		1000000

/* What the chip says to one write; NAD 0 is meant, pcb 0 with len 0 is not sent */
struct say {
	u8 nad, pcb;
	u8 len;
	u8 inf[254];
};

static struct wire {
	u64 time;
	u32 read_us;		/* what each read costs */
	const struct say *script;	/* for the next I- and R-blocks, one each */
	size_t left;
	const struct say *always;	/* to all I-, R- and WTX blocks after it */
	u8 atr[255];
	size_t atr_len;
	int refuse;		/* so many writes are NACKed, and a block is there */
	const struct say *stale;	/* this one */
	u8 stop_at;		/* this PCB is the last: then we are told to stop */
	bool stop_reading;	/* or this PCB read */
	int stop;
	int power_on;		/* what switching on gives */
	u8 out[CARD_FRAME_MAX];
	size_t out_len, out_pos;
	int refuse_after;	/* so many I-blocks, the next are refused twice */
	const struct say *late;	/* what it says by itself */
	u64 late_at;		/* then */
	int cuts;		/* of its power */
	bool mute;		/* it says nothing to S-responses */
	u32 i_blocks;
	u8 wrote[64];		/* PCBs of what was taken */
	size_t wrote_len;
	u8 inf_len[64];		/* of those of them that are I-blocks */
} wire;

static const u8 atr[] = {
	0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
	0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00,
	0x00,
};

static const struct say good = { 0xA5, 0x00, 2, { 0x90, 0x00 } };
static const struct say good_1 = { 0xA5, 0x40, 2, { 0x90, 0x00 } };
static const struct say wtx = { 0xA5, 0xC3, 1, { 1 } };

static void say(const struct say *s)
{
	wire.out_len = card_frame(wire.out, s->nad, s->pcb, s->inf, s->len);
	wire.out_pos = 0;
}

static void answer(u8 pcb)
{
	struct say s = { 0xA5, pcb | 0x20, 0, { 0 } };

	switch (pcb) {
	case 0xC0: case 0xC5: case 0xC6:
		break;
	case 0xC7: case 0xCF:
		s.len = wire.atr_len;
		memcpy(s.inf, wire.atr, wire.atr_len);
		break;
	default:
		if (wire.mute && (pcb & 0xE0) == 0xE0)
			return;
		if (wire.left) {
			wire.left--;
			say(wire.script++);
		} else if (wire.always) {
			say(wire.always);
		}
		return;
	}
	say(&s);
}

static int wire_write(void *ctx, const u8 *buf, size_t len)
{
	(void)ctx;
	if (wire.refuse) {	/* one byte, the address */
		wire.time += 25;
		wire.refuse--;
		say(wire.stale);
		return -ENXIO;
	}
	wire.time += 25 * len;
	if (!(buf[1] & 0x80))
		wire.inf_len[wire.i_blocks++ % sizeof(wire.inf_len)] = buf[2];
	if (wire.wrote_len < sizeof(wire.wrote))
		wire.wrote[wire.wrote_len++] = buf[1];
	if (wire.refuse_after && !(buf[1] & 0x80) && !--wire.refuse_after)
		wire.refuse = 2;
	answer(buf[1]);
	if (buf[1] == wire.stop_at)
		wire.stop = -ECANCELED;
	return len;
}

static int wire_read(void *ctx, u8 *buf, size_t len)
{
	size_t left = wire.out_len - wire.out_pos, i;

	(void)ctx;
	wire.time += 25 * len + wire.read_us;
	if (!left && wire.late && wire.time >= wire.late_at) {
		say(wire.late);
		wire.late = NULL;
		left = wire.out_len;
	}
	if (!left)
		return -ENXIO;
	for (i = 0; i < len; i++)
		buf[i] = i < left ? wire.out[wire.out_pos + i] : 0xff;
	wire.out_pos += len < left ? len : left;
	if (wire.stop_reading && wire.out_pos == wire.out_len && wire.out[1] == wire.stop_at)
		wire.stop = -ECANCELED;
	return len;
}

static int wire_sleep(void *ctx, u32 us)
{
	(void)ctx;
	wire.time += us;
	return wire.stop;
}

static u64 wire_now(void *ctx)
{
	(void)ctx;
	return wire.time;
}

static int wire_power(void *ctx, bool on)
{
	(void)ctx;
	wire.out_len = 0;
	wire.out_pos = 0;
	wire.cuts += !on;
	return on ? wire.power_on : 0;
}

static const struct se05x_link_ops ops = {
	.write = wire_write,
	.read = wire_read,
	.sleep = wire_sleep,
	.now = wire_now,
	.power = wire_power,
};

static struct se05x_link link;
static u8 response[SE05X_T1_RESPONSE_MAX];

static void make(const u8 *with_atr, size_t len)
{
	memset(&wire, 0, sizeof(wire));
	memset(&link, 0, sizeof(link));
	memcpy(wire.atr, with_atr, len);
	wire.atr_len = len;
	wire.stop_at = 0xFF;	/* never */
	wire.always = &good;
	se05x_link_init(&link, &ops, NULL, 0, 0);
	link.trusted = true;
}

static void open_link(void)
{
	make(atr, sizeof(atr));
	assert_int_equal(0, se05x_link_open(&link, true));
}

static int transceive(size_t len)
{
	static u8 command[600] = { 0x80, 0x10 };
	struct se05x_apdu apdu = {
		.command = command,
		.command_len = len,
		.response = response,
	};

	return se05x_link_transceive(&link, &apdu);
}

/* Blocks that are none of ours: asked again by R-NAK, and then the answer comes. */
static void no_answer(void **state)
{
	static const struct say odd[] = {
		{ 0x00, 0x80, 0, { 0 } },	/* NAD 00: good for an R-NAK only */
		{ 0x00, 0x82, 1, { 0 } },
		{ 0x00, 0x00, 2, { 0x90, 0x00 } },
		{ 0xA5, 0xC2, 1, { 0 } },	/* S(ABORT) has no INF */
		{ 0xA5, 0xC3, 0, { 0 } },	/* S(WTX) has one byte */
		{ 0xA5, 0xC3, 2, { 1, 1 } },
		{ 0xA5, 0xC1, 0, { 0 } },	/* S(IFS) too, 1 to 254 */
		{ 0xA5, 0xC1, 1, { 0 } },
		{ 0xA5, 0xC1, 1, { 0xFF } },
		{ 0xA5, 0x82, 1, { 0 } },	/* R-blocks have no INF */
	};
	size_t i;

	(void)state;
	for (i = 0; i < OUT_OF(odd); i++) {
		open_link();
		assert_int_equal(0, transceive(5));	/* the first may not be asked for again */
		wire.always = &good_1;
		wire.script = &odd[i];
		wire.left = 1;
		assert_int_equal(0, transceive(5));
		assert_int_equal(2, wire.i_blocks);
		assert_int_equal(1, link.stats.rungs[SE05X_RUNG_RNAK]);
		assert_int_equal(0, link.stats.rungs[SE05X_RUNG_RESYNC]);
	}
}

/* An R-NAK by NAD 00 is one: the block is written again. */
static void nad_zero(void **state)
{
	static const struct say nak = { 0x00, 0x81, 0, { 0 } };

	(void)state;
	open_link();
	wire.script = &nak;
	wire.left = 1;
	assert_int_equal(0, transceive(5));
	assert_int_equal(2, wire.i_blocks);
}

/* In mid-chain: an acknowledgement with an INF field is none. */
static void acknowledgement(void **state)
{
	static const struct say acks[] = {
		{ 0xA5, 0x80, 1, { 0 } }, { 0xA5, 0x80, 0, { 0 } },
		{ 0xA5, 0x90, 0, { 0 } },
	};

	(void)state;
	open_link();
	assert_int_equal(0, transceive(5));
	wire.always = &good_1;
	wire.script = acks;
	wire.left = OUT_OF(acks);
	assert_int_equal(0, transceive(600));
	assert_int_equal(4, wire.i_blocks);
	assert_int_equal(1, link.stats.rungs[SE05X_RUNG_RNAK]);
}

/* The first I-block is NACKed for ever, and each time something else is there. */
static void never_taken(void **state)
{
	static const struct say other = { 0xA5, 0x40, 2, { 0x90, 0x00 } };

	(void)state;
	open_link();
	wire.refuse = 13;
	wire.stale = &other;
	assert_int_equal(-ECONNRESET, transceive(5));
	assert_int_equal(0, wire.i_blocks);
	assert_int_equal(1, link.stats.rungs[SE05X_RUNG_RESYNC]);
	assert_int_equal(0, transceive(5));
}

/* S(IFS) again and again is granted a few times. */
static void ifs_storm(void **state)
{
	static const struct say ifs = { 0xA5, 0xC1, 1, { 32 } };

	(void)state;
	open_link();
	wire.always = &ifs;
	assert_int_equal(-ECONNRESET, transceive(5));
	wire.always = &good;
	assert_int_equal(0, se05x_link_wake(&link, true));
	assert_int_equal(0, transceive(5));
}

/* S(IFS) and S(ABORT), read while our block is not taken, are answered before it goes on. */
static void request_before_ours(void **state)
{
	static const struct say requests[] = {
		{ 0xA5, 0xC1, 1, { 32 } }, { 0xA5, 0xC2, 0, { 0 } }, { 0xA5, 0xC3, 1, { 2 } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < OUT_OF(requests); i++) {
		open_link();
		wire.refuse = 2;
		wire.stale = &requests[i];
		wire.mute = true;
		wire.wrote_len = 0;
		assert_int_equal(0, transceive(5));
		assert_int_equal(1, wire.i_blocks);
		assert_int_equal(2, wire.wrote_len);	/* of those that were taken */
		assert_int_equal(requests[i].pcb | 0x20, wire.wrote[0]);
		assert_int_equal(0, wire.wrote[1]);
	}

	/* in mid-chain S(ABORT) ends the command, and no tail of it is written */
	open_link();
	wire.script = &(const struct say) { 0xA5, 0x90, 0, { 0 } };
	wire.left = 1;
	wire.refuse_after = 1;
	wire.stale = &requests[1];
	assert_int_equal(-ECONNABORTED, transceive(600));
	assert_int_equal(1, wire.i_blocks);
}

/*
 * S(IFS) before a block of a chain is taken: what was acknowledged stays, and the rest
 * is cut anew. Where an earlier try of the adapter's own may have arrived, it is not.
 */
static void ifs_before_ours(void **state)
{
	static const struct say ifs = { 0xA5, 0xC1, 1, { 200 } };
	static const struct say acks[] = { { 0xA5, 0x90, 0, { 0 } }, { 0xA5, 0x80, 0, { 0 } } };
	int retries;

	(void)state;
	for (retries = 0; retries < 2; retries++) {
		open_link();
		link.retries = retries;
		wire.script = acks;
		wire.left = 2;
		wire.refuse_after = 1;
		wire.stale = &ifs;
		wire.mute = true;
		assert_int_equal(retries ? -ECONNRESET : 0, transceive(500));
		assert_int_equal(retries ? 1 : 3, wire.i_blocks);
		assert_int_equal(254, wire.inf_len[0]);
		assert_int_equal(retries ? 0 : 200, wire.inf_len[1]);
		assert_int_equal(retries ? 0 : 46, wire.inf_len[2]);
	}
}

/* Before the last block of a chain, which is not taken: blocks that mean nothing */
static void odd_before_tail(void **state)
{
	static const struct say acks[] = { { 0xA5, 0x90, 0, { 0 } }, { 0xA5, 0x80, 0, { 0 } } };
	static const struct say odd[] = { { 0xA5, 0x80, 1, { 0 } }, { 0xA5, 0x91, 0, { 0 } } };
	size_t i;

	(void)state;
	for (i = 0; i < OUT_OF(odd); i++) {
		open_link();
		wire.script = acks;
		wire.left = OUT_OF(acks);
		wire.refuse_after = 2;
		wire.stale = &odd[i];
		assert_int_equal(0, transceive(600));
		assert_int_equal(3, wire.i_blocks);
		assert_int_equal(0, link.stats.rungs[SE05X_RUNG_RNAK]);
	}
}

/* It asks to end the chain again and again, and takes no block: up the ladder. */
static void abort_storm(void **state)
{
	static const struct say stop = { 0xA5, 0xC2, 0, { 0 } };

	(void)state;
	open_link();
	wire.refuse = FOREVER;
	wire.stale = &stop;
	assert_int_equal(-ECONNRESET, transceive(5));
	assert_int_equal(0, wire.i_blocks);
}

/* WTX to everything, RESYNC too, until the hard limit and not longer. */
static void wtx_for_ever(void **state)
{
	u64 before;

	(void)state;
	open_link();
	link.hard_limit_us = 5 * SECOND;
	wire.read_us = SECOND / 2;
	wire.always = &wtx;
	wire.refuse = FOREVER;
	wire.stale = &wtx;
	before = wire.time;
	assert_int_equal(-ECONNRESET, transceive(5));
	assert_in_range(wire.time - before, 5 * SECOND, 60 * SECOND);
}

/* ---- ATRs ---- */

static void atr_of_zeros(void **state)
{
	static const struct say acks[] = { { 0xA5, 0x90, 0, { 0 } }, { 0xA5, 0x80, 0, { 0 } } };
	u8 zero[sizeof(atr)];

	(void)state;
	memcpy(zero, atr, sizeof(atr));
	memset(zero + 7, 0, 4);		/* BWT and IFSC: what we had before holds */
	make(zero, sizeof(zero));
	assert_int_equal(0, se05x_link_open(&link, true));
	wire.script = acks;
	wire.left = OUT_OF(acks);
	assert_int_equal(0, transceive(600));
	assert_int_equal(3, wire.i_blocks);
}

static void atr_too_long(void **state)
{
	struct se05x_atr parsed;
	u8 buf[255];

	(void)state;
	memcpy(buf, atr, sizeof(atr));
	assert_int_equal(-EINVAL, se05x_atr_parse(&parsed, buf, sizeof(buf)));
}

/* Nothing that can be read as an ATR, ever: no SE05x */
static void atr_never(void **state)
{
	(void)state;
	make(atr, 5);
	assert_int_equal(-ENODEV, se05x_link_open(&link, true));
}

/* A soft reset whose ATR says nothing: what the chip said before still holds. */
static void atr_of_soft_reset(void **state)
{
	(void)state;
	open_link();
	wire.atr_len = 5;
	assert_int_equal(0, se05x_link_reset(&link, SE05X_RUNG_SOFT, false));
	assert_int_equal(sizeof(atr), link.atr.raw_len);
	assert_int_equal(0, transceive(5));
}

/* ---- told to stop, at bad moments ---- */

static void stop_at_atr(void **state)
{
	(void)state;
	make(atr, sizeof(atr));
	wire.stop_at = 0xC7;
	assert_int_equal(-ECANCELED, se05x_link_open(&link, true));
}

static void stop_before_reset(void **state)
{
	(void)state;
	open_link();
	assert_int_equal(0, se05x_link_sleep(&link));
	wire.stop_at = 0xC0;
	assert_int_equal(-ECANCELED, se05x_link_reset(&link, SE05X_RUNG_SOFT, false));
}

/* While it waits for silence the chip asks for time, and there we are stopped. */
static void stop_in_silence(void **state)
{
	(void)state;
	open_link();
	link.in_flight = true;
	say(&wtx);
	wire.stop_at = 0xC3;
	wire.stop_reading = true;
	assert_int_equal(-ECANCELED, se05x_link_reset(&link, SE05X_RUNG_POWER, false));
}

/* ---- power ---- */

/*
 * Mended by a chip reset the last time, so now its power would be cut. But while we
 * wait for silence it speaks, and RESYNC helps: it is not cut after all.
 */
static void speaks_before_power(void **state)
{
	static const struct say other = { 0xA5, 0x82, 0, { 0 } };
	int rung;

	(void)state;
	for (rung = SE05X_RUNG_RESYNC; rung < SE05X_RUNG_POWER; rung++) {
		open_link();
		assert_int_equal(0, transceive(5));
		wire.always = &other;
		for (; link.mended < rung;)
			assert_int_equal(-ECONNRESET, transceive(5));
		wire.late = &good;
		wire.late_at = wire.time + 2 * SECOND;
		wire.cuts = 0;
		assert_int_equal(-ECONNRESET, transceive(5));
		wire.late = NULL;
		if (rung == SE05X_RUNG_CHIP) {	/* so power comes next, and not the end */
			assert_int_equal(0, wire.cuts);
			assert_int_equal(-ECONNRESET, transceive(5));
			assert_int_equal(1, wire.cuts);
			assert_false(link.given_up);
		}
		wire.always = &good;
		assert_int_equal(0, transceive(5));
	}
}

/* No mend helps for long: it is given up, and then nothing is sent before RESYNC. */
static void given_up_by_memory(void **state)
{
	static const struct say other = { 0xA5, 0x82, 0, { 0 } };
	u32 i_blocks;

	(void)state;
	open_link();
	assert_int_equal(0, transceive(5));
	wire.always = &other;
	while (!link.given_up)
		assert_int_equal(-ECONNRESET, transceive(5));
	assert_false(link.synced);
	wire.always = &good;
	i_blocks = wire.i_blocks;
	wire.time += SECOND;
	assert_int_equal(-ENOLINK, transceive(5));
	assert_int_equal(i_blocks, wire.i_blocks);
	wire.wrote_len = 0;
	assert_int_equal(0, se05x_link_wake(&link, true));
	assert_int_equal(0xC0, wire.wrote[0]);
	assert_int_equal(0, transceive(5));
}

static void no_power_again(void **state)
{
	(void)state;
	open_link();
	wire.power_on = -EIO;
	assert_int_equal(-ENOLINK, se05x_link_reset(&link, SE05X_RUNG_POWER, false));
	wire.power_on = 0;
	assert_int_equal(0, se05x_link_reset(&link, SE05X_RUNG_POWER, false));
	assert_int_equal(0, transceive(5));
}

/* Somebody else switched it off and on. */
static void booted(void **state)
{
	u64 before;

	(void)state;
	open_link();
	before = wire.time;
	se05x_link_booted(&link);
	assert_int_equal(-ENOLINK, transceive(5));
	assert_int_equal(0, se05x_link_wake(&link, true));
	assert_true(wire.time - before >= 5000);
	assert_int_equal(0, transceive(5));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_answer),
		cmocka_unit_test(nad_zero),
		cmocka_unit_test(acknowledgement),
		cmocka_unit_test(never_taken),
		cmocka_unit_test(ifs_storm),
		cmocka_unit_test(request_before_ours),
		cmocka_unit_test(ifs_before_ours),
		cmocka_unit_test(odd_before_tail),
		cmocka_unit_test(abort_storm),
		cmocka_unit_test(wtx_for_ever),
		cmocka_unit_test(atr_of_zeros),
		cmocka_unit_test(atr_too_long),
		cmocka_unit_test(atr_never),
		cmocka_unit_test(atr_of_soft_reset),
		cmocka_unit_test(stop_at_atr),
		cmocka_unit_test(stop_before_reset),
		cmocka_unit_test(stop_in_silence),
		cmocka_unit_test(speaks_before_power),
		cmocka_unit_test(given_up_by_memory),
		cmocka_unit_test(no_power_again),
		cmocka_unit_test(booted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
