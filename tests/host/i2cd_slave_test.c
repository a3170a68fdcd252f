// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chip's side of T=1 over I2C of se05x-i2cd: against the driver's link layer, with each
 * fault that a wire between them can have, and by single frames as NXP's code sends them
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/se05x.h>

#include "../../kernel/se05x_t1.h"
#include "../../tools/i2cd/slave.h"

static const uint8_t atr[] = {
	0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
	0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00,
	0x0A, 0x4A, 0x43, 0x4F, 0x50, 0x34, 0x20, 0x41, 0x54, 0x50, 0x4F,
};

/* What happens to one transfer */
enum fault { NONE, NACKED, FAILED, LOST, FLIPPED, CUT, FAULTS };

static struct slave slave;
static struct se05x_link link;
static u64 now_us;
static unsigned int runs, forgets;
static bool computing;
static u64 answer_at;
static u64 chip_us;
static size_t answer_len;
static unsigned int transfers, fault_at, fault_len;
static enum fault fault;

static u64 ms(void)
{
	return now_us / 1000;
}

/* The applet: an answer that depends on the command, SW 9000 at its end */
static void applet(void)
{
	static uint8_t rapdu[SLAVE_RESPONSE_MAX];
	size_t i;

	if (!computing || now_us < answer_at)
		return;
	computing = false;
	for (i = 0; i < answer_len - 2; i++)
		rapdu[i] = slave.command[i % slave.command_len] + i;
	rapdu[answer_len - 2] = 0x90;
	rapdu[answer_len - 1] = 0x00;
	slave_answer(&slave, rapdu, answer_len);
}

static enum fault next_fault(void)
{
	unsigned int at = transfers++;

	now_us += 300;
	applet();
	return at >= fault_at && at < fault_at + fault_len ? fault : NONE;
}

static int wire_write(void *ctx, const u8 *buf, size_t len)
{
	enum fault f = next_fault();
	u8 copy[SE05X_T1_FRAME_MAX];
	enum slave_task task;
	int ret;

	(void)ctx;
	memcpy(copy, buf, len);
	if (f == NACKED)
		return -ENXIO;
	if (f == LOST)		/* a write of which the chip saw nothing it knew */
		return len;
	if (f == FLIPPED)
		copy[len / 2] ^= 0x10;
	if (f == CUT)
		len--;
	ret = slave_write(&slave, copy, len, ms(), &task);
	if (task == SLAVE_COMMAND) {
		runs++;
		computing = true;
		answer_at = now_us + chip_us;
	}
	forgets += task == SLAVE_FORGET;
	if (f == FAILED)	/* though it arrived */
		return -EIO;
	return ret ? ret : (int)(f == CUT ? len + 1 : len);
}

static int wire_read(void *ctx, u8 *buf, size_t len)
{
	enum fault f = next_fault();
	int ret;

	(void)ctx;
	if (f == NACKED)
		return -ENXIO;
	if (f == FAILED)
		return -EIO;
	ret = slave_read(&slave, buf, len, false, ms());
	if (ret > 0 && f == LOST)	/* it was clocked out, and nobody has it */
		return -ETIMEDOUT;
	if (ret > 0 && f == FLIPPED)
		buf[len / 2] ^= 0x10;
	return ret;
}

static int wire_sleep(void *ctx, u32 us)
{
	(void)ctx;
	now_us += us;
	applet();
	return 0;
}

static u64 wire_now(void *ctx)
{
	(void)ctx;
	return now_us;
}

static int wire_power(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
	return -EOPNOTSUPP;
}

static const struct se05x_link_ops ops = {
	.write = wire_write, .read = wire_read, .sleep = wire_sleep, .now = wire_now,
	.power = wire_power,
};

static void begin(void)
{
	slave_init(&slave, atr, sizeof(atr));
	now_us = 1000000;
	computing = false;
	chip_us = 3000;
	answer_len = 20;
	fault = NONE;
	fault_len = 0;
	se05x_link_init(&link, &ops, NULL, 0, 0);
	link.hard_limit_us = 300ULL * 1000000;
	assert_int_equal(se05x_link_open(&link, false), 0);
	assert_memory_equal(link.atr.raw, atr, sizeof(atr));
	assert_int_equal(link.atr.bwt_ms, 1000);
	runs = 0;
	forgets = 0;
}

/* Return: as se05x_link_transceive(), with a sound answer if that is 0 */
static int exchange(size_t command_len, u8 seed)
{
	static u8 command[SE05X_T1_COMMAND_MAX], response[SE05X_T1_RESPONSE_MAX];
	struct se05x_apdu apdu = {
		.command = command, .command_len = command_len, .response = response,
	};
	unsigned int before = runs;
	size_t i;
	int ret;

	for (i = 0; i < command_len; i++)
		command[i] = seed + 7 * i;
	ret = se05x_link_transceive(&link, &apdu);
	assert_true(runs - before <= 1);
	if (ret) {
		if (runs != before)
			assert_int_equal(apdu.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
		return ret;
	}
	assert_int_equal(runs - before, 1);
	assert_int_equal(apdu.response_len, answer_len);
	for (i = 0; i < answer_len - 2; i++)
		assert_int_equal(response[i], (u8)(command[i % command_len] + i));
	return 0;
}

static void test_lengths(void **state)
{
	static const size_t lens[] = { 4, 5, 254, 255, 508, 509, 1024, 4096 };
	static const size_t answers[] = { 2, 3, 254, 255, 508, 509, 1026, 4098 };
	size_t i, j;

	(void)state;
	begin();
	for (i = 0; i < 8; i++) {
		for (j = 0; j < 8; j++) {
			answer_len = answers[j];
			assert_int_equal(exchange(lens[i], i * 8 + j), 0);
		}
	}
	assert_int_equal(link.stats.wtx, 0);
}

/* A minute of computing: the link is asked for more time each second */
static void test_wtx(void **state)
{
	(void)state;
	begin();
	chip_us = 60ULL * 1000000;
	assert_int_equal(exchange(5, 1), 0);
	assert_in_range(link.stats.wtx, 55, 75);
}

/* Each kind of fault at each transfer of an exchange, one to three times in a row */
static void test_faults(void **state)
{
	/* in 2.5 s the driver looks hundreds of times: of those looks each 11th */
	static const struct { size_t command, answer; u64 chip_us; unsigned int step; } kinds[] = {
		{ 5, 2, 100, 1 }, { 5, 20, 3000, 1 }, { 300, 20, 3000, 1 }, { 5, 600, 3000, 1 },
		{ 600, 600, 3000, 1 }, { 5, 20, 2500000, 11 },
	};
	unsigned int cases = 0, served = 0, n, at;
	size_t k;
	int f;

	(void)state;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		begin();
		chip_us = kinds[k].chip_us;
		answer_len = kinds[k].answer;
		transfers = 0;
		fault_at = ~0U;
		assert_int_equal(exchange(kinds[k].command, 1), 0);
		n = transfers;
		for (f = NACKED; f < FAULTS; f++) {
			for (at = 0; at < 3 * n; at += kinds[k].step) {
				begin();
				chip_us = kinds[k].chip_us;
				answer_len = kinds[k].answer;
				transfers = 0;
				fault = f;
				fault_at = at / 3;
				fault_len = 1 + at % 3;
				served += !exchange(kinds[k].command, at);
				fault = NONE;
				/* and the next one is as if nothing had been */
				if (!link.synced)
					assert_int_equal(se05x_link_wake(&link, true), 0);
				assert_int_equal(exchange(kinds[k].command, at + 1), 0);
				cases++;
			}
		}
	}
	print_message("# %u cases, %u served at once\n", cases, served);
	assert_true(cases > 500);
	assert_true(served > cases / 2);
}

/* ---- single frames ---- */

static enum slave_task task;

/* Write a frame with the chip's CRC, read what comes, whole. Return: its PCB. */
static uint8_t say(uint8_t pcb, const void *inf, size_t len, uint8_t *answer, size_t *n)
{
	uint8_t frame[FRAME_MAX], in[FRAME_MAX];

	if (len)
		memcpy(frame + 3, inf, len);
	assert_int_equal(slave_write(&slave, frame, frame_finish(frame, FRAME_NAD_HOST, pcb, len),
				     ms(), &task), 0);
	if (task == SLAVE_COMMAND)
		return 0;
	/* as NXP's code reads: 2, 1, LEN + 2 */
	assert_int_equal(slave_read(&slave, in, 2, true, ms()), 2);
	assert_int_equal(in[0], FRAME_NAD_CHIP);
	assert_int_equal(slave_read(&slave, in + 2, 1, true, ms()), 1);
	assert_int_equal(slave_read(&slave, in + 3, in[2] + 2, true, ms()), in[2] + 2);
	assert_int_equal(frame_crc(in, in[2] + 3), in[in[2] + 3] | in[in[2] + 4] << 8);
	if (n) {
		*n = in[2];
		memcpy(answer, in + 3, in[2]);
	}
	assert_int_equal(slave_read(&slave, in, 2, true, ms()), -EREMOTEIO);
	return in[1];
}

static void test_control(void **state)
{
	uint8_t answer[FRAME_MAX];
	size_t n;

	(void)state;
	begin();
	assert_int_equal(say(0xC0, NULL, 0, answer, &n), 0xE0);
	assert_int_equal(n, 0);
	assert_int_equal(say(0xC7, NULL, 0, answer, &n), 0xE7);
	assert_int_equal(n, sizeof(atr));
	assert_memory_equal(answer, atr, n);
	assert_int_equal(task, SLAVE_NOTHING);
	assert_int_equal(say(0xCF, NULL, 0, answer, &n), 0xEF);
	assert_int_equal(n, sizeof(atr));
	assert_int_equal(task, SLAVE_FORGET);
	assert_int_equal(say(0xC6, NULL, 0, NULL, NULL), 0xE6);
	assert_int_equal(task, SLAVE_FORGET);
	assert_int_equal(say(0xC5, NULL, 0, NULL, NULL), 0xE5);
	assert_int_equal(task, SLAVE_FORGET);
	assert_int_equal(say(0xC2, NULL, 0, NULL, NULL), 0xE2);
	assert_int_equal(say(0xC1, "\x20", 1, answer, &n), 0xE1);
	assert_int_equal(n, 1);
	/* and none of these: no such request, none of the chip's, with what it can't have */
	assert_int_equal(say(0xC4, NULL, 0, NULL, NULL), 0x82);
	assert_int_equal(say(0xE3, "\1", 1, NULL, NULL), 0x82);
	assert_int_equal(say(0xC0, "\1", 1, NULL, NULL), 0x82);
	assert_int_equal(say(0xC1, "\xff", 1, NULL, NULL), 0x82);
	assert_int_equal(say(0xC1, "\0", 1, NULL, NULL), 0x82);
	assert_int_equal(say(0x20, NULL, 0, NULL, NULL), 0x82);
	assert_int_equal(say(0x00, NULL, 0, NULL, NULL), 0x82);
	assert_int_equal(say(0x13, NULL, 0, NULL, NULL), 0x82);
	assert_int_equal(say(0x40, "abcd", 4, NULL, NULL), 0x82);
}

/* S(IFS) of 32: an answer of 100 bytes comes in four blocks, each asked for twice */
static void test_chain_by_hand(void **state)
{
	uint8_t answer[FRAME_MAX], pcb, inf[4] = { 1, 2, 3, 4 }, whole[100];
	size_t n, got = 0;
	int block;

	(void)state;
	begin();
	answer_len = 100;
	say(0xC0, NULL, 0, NULL, NULL);
	say(0xC1, "\x20", 1, NULL, NULL);
	assert_int_equal(say(0x20, inf, 4, NULL, NULL), 0x90);
	/* the same block again: the acknowledgement again, and the bytes count once */
	assert_int_equal(say(0x20, inf, 4, NULL, NULL), 0x90);
	say(0x40, inf, 4, NULL, NULL);
	assert_int_equal(task, SLAVE_COMMAND);
	assert_int_equal(slave.command_len, 8);
	computing = true;
	answer_at = 0;
	applet();
	for (block = 0; block < 4; block++) {
		pcb = say(0x81 | (block & 1) << 4, NULL, 0, answer, &n);	/* R-NAK */
		assert_int_equal(pcb, (block & 1) << 6 | (block < 3 ? 0x20 : 0));
		memcpy(whole + got, answer, n);
		got += n;
		if (block < 3)
			assert_int_equal(say(0x80 | (~block & 1) << 4, NULL, 0, NULL, NULL) & 0xbf,
					 block < 2 ? 0x20 : 0);
	}
	assert_int_equal(got, 100);
	assert_int_equal(whole[98] << 8 | whole[99], 0x9000);
	/* the answer and all that was there of it can be read nowhere any more */
	say(0xC5, NULL, 0, NULL, NULL);
	for (n = 0; n < sizeof(slave.answer); n++)
		assert_int_equal(slave.answer[n], 0);
	for (n = 0; n < sizeof(slave.command); n++)
		assert_int_equal(slave.command[n], 0);
}

/* What is no frame: an R-NAK, as of a chip */
static void test_garbage(void **state)
{
	uint8_t frame[300] = { 0x5A, 0, 0, 0, 0 }, in[260];
	size_t len;

	(void)state;
	begin();
	/* five zero bytes, which some builds of NXP's code send: NAD is 5A by then */
	assert_int_equal(slave_write(&slave, frame, 5, ms(), &task), 0);
	assert_int_equal(slave_read(&slave, in, 5, true, ms()), 5);
	assert_int_equal(in[1], 0x81);
	for (len = 0; len <= sizeof(frame); len++) {
		frame[2] = len;
		assert_int_equal(slave_write(&slave, frame, len, ms(), &task), 0);
		assert_int_equal(task, SLAVE_NOTHING);
		assert_int_equal(slave_read(&slave, in, 5, true, ms()), 5);
		assert_int_equal(in[1], 0x82);
	}
}

/* The drains of 260 and 512 bytes: padded if there is something, at once if not */
static void test_drain(void **state)
{
	uint8_t frame[FRAME_MAX], in[512];
	size_t i;

	(void)state;
	begin();
	assert_int_equal(slave_read(&slave, in, 260, true, ms()), -EREMOTEIO);
	slave_write(&slave, frame, frame_finish(frame, FRAME_NAD_HOST, 0xC0, 0), ms(), &task);
	assert_int_equal(slave_read(&slave, in, 512, true, ms()), 512);
	assert_int_equal(in[1], 0xE0);
	for (i = 5; i < 512; i++)
		assert_int_equal(in[i], 0xFF);
	assert_int_equal(slave_read(&slave, in, 512, true, ms()), -EREMOTEIO);
	/* while it computes a header can be waited for, a drain can't */
	memset(frame + 3, 0, 4);
	slave_write(&slave, frame, frame_finish(frame, FRAME_NAD_HOST, 0, 4), ms(), &task);
	assert_int_equal(task, SLAVE_COMMAND);
	assert_int_equal(slave_read(&slave, in, 2, true, ms()), -EAGAIN);
	assert_int_equal(slave_read(&slave, in, 5, true, ms()), -EAGAIN);
	assert_int_equal(slave_read(&slave, in, 260, true, ms()), -EREMOTEIO);
	assert_int_equal(slave_read(&slave, in, 2, false, ms()), -EREMOTEIO);
	assert_int_equal(slave_write(&slave, frame, 5, ms(), &task), -EREMOTEIO);
}

/*
 * Who reads whole frames can't be made to wait either: without a request for more time he
 * gives up after a BWT
 */
static void test_long_reads(void **state)
{
	uint8_t frame[FRAME_MAX] = { 0 }, in[260];
	size_t n = frame_finish(frame, FRAME_NAD_HOST, 0, 4);

	(void)state;
	begin();
	assert_int_equal(slave_write(&slave, frame, n, 0, &task), 0);
	assert_int_equal(task, SLAVE_COMMAND);
	assert_int_equal(slave_read(&slave, in, 260, true, 500), -EREMOTEIO);
	assert_int_equal(slave_read(&slave, in, 2, true, 999), -EAGAIN);
	assert_int_equal(slave_read(&slave, in, 260, true, 999), 260);
	assert_int_equal(in[1], 0xC3);
	assert_int_equal(slave_read(&slave, in, 260, true, 999), -EREMOTEIO);
	frame[3] = in[3];
	n = frame_finish(frame, FRAME_NAD_HOST, 0xE3, 1);
	assert_int_equal(slave_write(&slave, frame, n, 999, &task), 0);
	assert_int_equal(slave_read(&slave, in, 260, true, 1500), -EREMOTEIO);
	slave_answer(&slave, (const uint8_t []) { 0x90, 0 }, 2);
	assert_int_equal(slave_read(&slave, in, 260, true, 1500), 260);
	assert_int_equal(in[1], 0);
}

/* A command that is longer than any: the chain is refused, and RESYNC mends it */
static void test_too_long(void **state)
{
	static uint8_t inf[254];
	unsigned int i;
	uint8_t pcb;

	(void)state;
	begin();
	say(0xC0, NULL, 0, NULL, NULL);
	for (i = 0; i < SLAVE_COMMAND_MAX / 254; i++) {
		pcb = say(0x20 | (i & 1) << 6, inf, 254, NULL, NULL);
		assert_int_equal(pcb, 0x80 | (~i & 1) << 4);
	}
	assert_int_equal(say(0x20 | (i & 1) << 6, inf, 254, NULL, NULL) & 0xef, 0x82);
	assert_int_equal(say(0xC0, NULL, 0, NULL, NULL), 0xE0);
	say(0x00, inf, 4, NULL, NULL);
	assert_int_equal(task, SLAVE_COMMAND);
	assert_int_equal(slave.command_len, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_wtx),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_chain_by_hand),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_long_reads),
		cmocka_unit_test(test_too_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
