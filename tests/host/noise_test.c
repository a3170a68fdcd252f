// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link layer on a wire that is shaped by functions: noise that lasts, and
 * chips that say what the strict card never says.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/se05x.h>

#include "bus.h"

#define TAKEN	1	/* a hook's word for "written, don't ask the card" */

static struct bus bus;
static struct se05x_link_ops ops;
static const struct se05x_link_ops *plain;
static void (*shape_read)(u8 *buf, size_t len);		/* what was read */
static int (*shape_write)(const u8 *buf, size_t len);	/* 0, errno or TAKEN */
static int percent;		/* of transfers that noise hits */
static int count;		/* a hook's own */
static u8 command[SE05X_T1_COMMAND_MAX];
static u8 response[SE05X_T1_RESPONSE_MAX];

static int wire_read(void *ctx, u8 *buf, size_t len)
{
	int ret = plain->read(ctx, buf, len);

	if (ret > 0 && shape_read)
		shape_read(buf, len);
	return ret;
}

static int wire_write(void *ctx, const u8 *buf, size_t len)
{
	int ret = shape_write ? shape_write(buf, len) : 0;

	if (!ret)
		return plain->write(ctx, buf, len);
	bus.time += 300;
	return ret == TAKEN ? (int)len : ret;
}

static void open_limits(bool line, size_t max_read)
{
	static const struct card_config config = { .boot_us = 20000, .wake_us = 1000,
						   .r_us = 300 };

	shape_read = NULL;
	shape_write = NULL;
	bus_init_limits(&bus, &config, 0, max_read);
	bus.line = line;
	bus.jump = true;
	plain = bus.link.ops;
	ops = *plain;
	ops.read = wire_read;
	ops.write = wire_write;
	bus.link.ops = &ops;
	assert_int_equal(se05x_link_open(&bus.link, true), 0);
}

static void open_bus(bool line)
{
	open_limits(line, 0);
}

static int run(size_t len, u8 nonce, u16 delay_ms, u16 answer)
{
	struct se05x_apdu apdu = { .command = command, .command_len = len,
				   .response = response };
	int ret;

	bus_command(command, len, nonce, delay_ms, answer);
	ret = se05x_link_transceive(&bus.link, &apdu);
	assert_in_range(bus.ran[nonce], 0, 1);
	if (!ret)
		assert_true(bus_answered(response, apdu.response_len, nonce, answer));
	return ret;
}

/* What the chip says next, whatever the card thinks */
static void chip_says(u8 pcb, const u8 *inf, size_t len)
{
	struct card *card = &bus.card;

	card->out_len = card_frame(card->out, 0xA5, pcb, inf, len);
	card->out_pos = 0;
	card->out_at = bus.time + 300;
	card->last_end = bus.time + 300;	/* when the write is over */
	card->read_nacked = false;
	card->write_nacked = false;
}

/* ---- noise ---- */

static void flip_some(u8 *buf, size_t len)
{
	if (rand() % 100 < percent)
		buf[rand() % len] ^= 1 << rand() % 8;
}

static int flip_some_written(const u8 *buf, size_t len)
{
	u8 wire[CARD_FRAME_MAX];

	if (rand() % 100 >= percent)
		return 0;
	memcpy(wire, buf, len);
	flip_some(wire, len);
	plain->write(&bus, wire, len);
	return TAKEN;
}

/*
 * A minute of computing is some 67 requests for more time. That one of them is
 * garbled now and then, in either direction, must not end it, and no noise may
 * make us cut the power of a chip that talks.
 */
static void noisy_minutes(bool written, int share, int must_succeed)
{
	int good = 0;

	srand(1);
	percent = share;
	for (int i = 0; i < 50; i++) {
		open_bus(true);
		assert_int_equal(run(20, 2, 0, 10), 0);	/* the first may not be asked for again */
		if (written)
			shape_write = flip_some_written;
		else
			shape_read = flip_some;
		good += !run(20, 1, 60000, 20);
		assert_int_equal(bus.card.violations[CARD_V_POWER], 0);
		assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_POWER], 0);
	}
	assert_in_range(good, must_succeed, 50);
}

static void test_noisy_minute(void **state)
{
	(void)state;
	noisy_minutes(false, 2, 50);
	noisy_minutes(false, 4, 50);
	noisy_minutes(false, 8, 40);
	noisy_minutes(true, 4, 45);
}

static int garble_i_blocks(const u8 *buf, size_t len)
{
	u8 wire[CARD_FRAME_MAX];

	if ((buf[1] & 0x80) || !count)
		return 0;
	count--;
	memcpy(wire, buf, len);
	wire[len - 1] ^= 1;
	plain->write(&bus, wire, len);
	return TAKEN;
}

/* R(CRC) is no R(other): the chip asks again as often as it is garbled, thrice. */
static void test_r_crc_is_not_stuck(void **state)
{
	(void)state;
	for (int times = 1; times <= 3; times++) {
		open_bus(true);
		count = times;
		shape_write = garble_i_blocks;
		assert_int_equal(run(20, 1, 10, 20), 0);
	}
}

/* A block whose begin is lost is read away whole, however short the reads are. */
static size_t flip_where;

static void flip_header(u8 *buf, size_t len)
{
	if (len == 5 && buf[2] == 0xFE && count) {
		count = 0;
		buf[flip_where] ^= flip_where ? 0x80 : 0x02;
	}
}

static void test_drain_in_pieces(void **state)
{
	static const size_t limits[] = { 6, 8, 16, 32, 64, 128, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		for (flip_where = 0; flip_where <= 2; flip_where += 2) {
			open_limits(false, limits[i]);
			assert_int_equal(run(20, 2, 0, 10), 0);
			count = 1;
			shape_read = flip_header;
			assert_int_equal(run(20, 1, 10, 252), 0);
		}
}

/* ---- resets ---- */

static int restart_without_e6(const u8 *buf, size_t len)
{
	if (buf[1] != 0xC6)
		return 0;
	plain->write(&bus, buf, len);
	card_restart(&bus.card, bus.time);
	return TAKEN;
}

static void garble_e6(u8 *buf, size_t len)
{
	if (len == 5 && buf[1] == 0xE6 && count) {
		count--;
		buf[4] ^= 1;
	}
}

/* The chip rebooted, but we did not hear it say so: there it is all the same. */
static void test_chip_reset_unheard(void **state)
{
	(void)state;
	for (int line = 0; line < 2; line++) {
		open_bus(line);
		count = 1;
		shape_read = garble_e6;
		assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_CHIP, false), 0);
		assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RESYNC], 0);
		assert_int_equal(run(20, 1, 10, 20), 0);

		/* that it was a reset nobody can promise: the owner is told of a recovery */
		open_bus(line);
		shape_write = restart_without_e6;
		assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_CHIP, false), 0);
		assert_true(bus.link.stats.rungs[SE05X_RUNG_RESYNC] > 0);
		shape_write = NULL;
		assert_int_equal(run(20, 2, 10, 20), 0);
		assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_POWER], 0);
	}
}

/* Whoever is stopped in an exchange has not stopped the chip. */
static void test_power_after_cut(void **state)
{
	(void)state;
	open_bus(true);
	bus.stop = -ECANCELED;
	bus.stop_at = bus.time + 500 * MS;
	assert_int_equal(run(20, 1, 20000, 20), -ECONNRESET);
	assert_true(bus.card.running);
	bus.stop = 0;
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_POWER, false), 0);
	assert_int_equal(bus.card.violations[CARD_V_POWER], 0);

	open_bus(true);
	bus.stop = -ECANCELED;
	bus.stop_at = bus.time + 500 * MS;
	assert_int_equal(run(20, 1, 20000, 20), -ECONNRESET);
	bus.stop = 0;
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_POWER, true), 0);
	assert_int_equal(bus.card.violations[CARD_V_POWER], 1);
}

/* ---- what the strict card never says ---- */

static int lose_r_ack(const u8 *buf, size_t len)
{
	struct card *card = &bus.card;

	(void)len;
	if ((buf[1] & 0xEF) == 0x80 && count) {	/* and it says its block again */
		count--;
		chip_says(card->last[1], card->last + 3, card->last_len - 5);
		return TAKEN;
	}
	if ((buf[1] & 0xEC) == 0x80 && (buf[1] & 3)) {	/* R-NAK: the same */
		chip_says(card->last[1], card->last + 3, card->last_len - 5);
		return TAKEN;
	}
	return 0;
}

/* A block of the answer that comes twice was not acknowledged: do that again. */
static void test_repeated_block(void **state)
{
	(void)state;
	open_bus(true);
	count = 1;
	shape_write = lose_r_ack;
	assert_int_equal(run(20, 1, 10, 600), 0);
	assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RESYNC], 0);
}

static bool granted;

static int abort_second(const u8 *buf, size_t len)
{
	(void)len;
	if (buf[1] == 0xE2) {
		granted = true;
		bus.card.command_len = 0;
		return TAKEN;
	}
	if ((buf[1] & 0x80) || ++count != 2)
		return 0;
	bus.card.nr ^= 1;
	chip_says(0xC2, NULL, 0);
	return TAKEN;
}

/* S(ABORT request): the chain is dropped, nothing ran, and no R-NAK is wasted. */
static void test_chip_aborts(void **state)
{
	(void)state;
	open_bus(true);
	count = 0;
	granted = false;
	shape_write = abort_second;
	assert_int_equal(run(1000, 1, 10, 20), -ECONNABORTED);
	assert_true(granted);
	assert_int_equal(bus.ran[1], 0);
	assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RNAK], 0);
	shape_write = NULL;
	assert_int_equal(run(20, 2, 10, 20), 0);
}

static int fail_reads;

static int glitch_read(void *ctx, u8 *buf, size_t len)
{
	int ret;

	if (count && fail_reads) {
		fail_reads--;
		bus.time += 100;
		return -EIO;
	}
	ret = plain->read(ctx, buf, len);
	if (ret == 5 && buf[1] == 0xE0 && !count) {
		count = 1;
		chip_says(0x00, (const u8[]) { 0x90, 0x00 }, 2);
	}
	return ret;
}

/* That reads fail says nothing of whether something is left to be read. */
static void test_clearing_reads_fail(void **state)
{
	(void)state;
	open_bus(true);
	count = 0;
	fail_reads = 2;	/* header and drain */
	ops.read = glitch_read;
	bus.link.synced = false;
	assert_int_equal(se05x_link_wake(&bus.link, true), 0);
	assert_int_equal(bus.card.out_len, 0);
	assert_int_equal(run(20, 1, 10, 20), 0);

	/* an adapter that says EIO for NACK: nothing there is nothing there */
	open_bus(true);
	count = 1;
	fail_reads = 0;
	bus.link.synced = false;
	assert_int_equal(se05x_link_wake(&bus.link, true), 0);
}

static void long_response(u8 *buf, size_t len)
{
	if (len == 5 && buf[1] == 0xE0 && count) {
		count--;
		chip_says(0xE0, (const u8[]) { 0x55 }, 1);
		bus.card.out_at = bus.time;
		plain->read(&bus, buf, len);
	}
}

/* The answer to RESYNC has no INF; what has some is none. */
static void test_response_with_inf(void **state)
{
	(void)state;
	open_bus(true);
	count = 1;
	shape_read = long_response;
	bus.link.synced = false;
	assert_int_equal(se05x_link_wake(&bus.link, true), 0);
	assert_int_equal(count, 0);
	assert_true(bus.link.stats.blocks_out >= 4);	/* RESYNC, GET ATR, RESYNC twice */
	assert_int_equal(run(20, 1, 10, 20), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noisy_minute),
		cmocka_unit_test(test_r_crc_is_not_stuck),
		cmocka_unit_test(test_drain_in_pieces),
		cmocka_unit_test(test_chip_reset_unheard),
		cmocka_unit_test(test_power_after_cut),
		cmocka_unit_test(test_repeated_block),
		cmocka_unit_test(test_chip_aborts),
		cmocka_unit_test(test_clearing_reads_fail),
		cmocka_unit_test(test_response_with_inf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
