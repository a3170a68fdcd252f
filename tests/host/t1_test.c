// SPDX-License-Identifier: GPL-2.0-only
/* The link layer against the strict card and the fact sheet's known answers */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/se05x.h>

#include "bus.h"

static const struct card_config se050 = { .boot_us = 20000, .wake_us = 1000, .r_us = 300 };

static u8 command[SE05X_T1_COMMAND_MAX];
static u8 response[SE05X_T1_RESPONSE_MAX];

static void open_bus(struct bus *bus, const struct card_config *config)
{
	bus_init(bus, config);
	assert_int_equal(se05x_link_open(&bus->link, true), 0);
	assert_true(bus->link.synced);
}

static int exchange(struct bus *bus, const u8 *c, size_t len, struct se05x_apdu *apdu)
{
	*apdu = (struct se05x_apdu) {
		.command = c, .command_len = len, .response = response,
	};
	return se05x_link_transceive(&bus->link, apdu);
}

/* Run one command and hold it against what the applet answers. */
static void run(struct bus *bus, size_t len, u8 nonce, u16 delay_ms, u16 answer)
{
	struct se05x_apdu apdu;

	bus_command(command, len, nonce, delay_ms, answer);
	assert_int_equal(exchange(bus, command, len, &apdu), 0);
	assert_int_equal(apdu.outcome, SE05X_OUTCOME_RAN);
	assert_true(bus_answered(response, apdu.response_len, nonce, answer));
	assert_int_equal(bus->ran[nonce % BUS_NONCES], 1);
	bus->ran[nonce % BUS_NONCES] = 0;
}

static void clean(struct bus *bus)
{
	if (bus_broken(bus))
		bus_print(bus);
	assert_int_equal(bus_broken(bus), 0);
}

/* ---- known answers ---- */

static void test_crc(void **state)
{
	(void)state;
	assert_int_equal(se05x_t1_crc((const u8 *)"123456789", 9), 0x906E);
}

/* A bus that writes down what is sent and answers from a list */
struct tape {
	const u8 *answers;
	size_t left;
	u8 sent[16][SE05X_T1_FRAME_MAX];
	size_t sent_len[16];
	int count;
	u64 time;
};

static int tape_write(void *ctx, const u8 *buf, size_t len)
{
	struct tape *tape = ctx;

	assert_in_range(tape->count, 0, 15);
	memcpy(tape->sent[tape->count], buf, len);
	tape->sent_len[tape->count++] = len;
	return len;
}

static int tape_read(void *ctx, u8 *buf, size_t len)
{
	struct tape *tape = ctx;

	if (tape->left && tape->answers[0] == 'N') {	/* one NACK */
		tape->answers++;
		tape->left--;
		return -EREMOTEIO;
	}
	if (tape->left < len)
		return -EREMOTEIO;
	memcpy(buf, tape->answers, len);
	tape->answers += len;
	tape->left -= len;
	return len;
}

static int tape_sleep(void *ctx, u32 us)
{
	((struct tape *)ctx)->time += us;
	return 0;
}

static u64 tape_now(void *ctx)
{
	return ((struct tape *)ctx)->time;
}

static int tape_power(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
	return -EOPNOTSUPP;
}

static const struct se05x_link_ops tape_ops = {
	.write = tape_write, .read = tape_read, .sleep = tape_sleep,
	.now = tape_now, .power = tape_power,
};

#define E0	0xA5, 0xE0, 0x00, 0x3F, 0x19
#define ATR	0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02, \
		0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00, \
		0x0A, 0x4A, 0x43, 0x4F, 0x50, 0x34, 0x20, 0x41, 0x54, 0x50, 0x4F
#define EF	0xA5, 0xEF, 0x23, ATR, 0x87, 0x77

static void assert_sent(const struct tape *tape, int i, const u8 *want, size_t len)
{
	assert_in_range(i, 0, tape->count - 1);
	assert_int_equal(tape->sent_len[i], len);
	assert_memory_equal(tape->sent[i], want, len);
}

#define SENT(tape, i, ...) \
	assert_sent(tape, i, (const u8[]) { __VA_ARGS__ }, sizeof((u8[]) { __VA_ARGS__ }))

static void tape_init(struct tape *tape, struct se05x_link *link, const u8 *answers,
		      size_t len)
{
	memset(tape, 0, sizeof(*tape));
	memset(link, 0, sizeof(*link));
	tape->answers = answers;
	tape->left = len;
	se05x_link_init(link, &tape_ops, tape, 0, 0);
	link->trusted = true;
}

/* The frames of the fact sheet, byte by byte, computed by neither side here */
static void test_known_frames(void **state)
{
	static const u8 answers[] = {
		E0, 'N', 0xA5, 0xE7, 0x23, ATR, 0x87, 0x77,	/* E7: wrong CRC here */
	};
	static const u8 reset[] = { EF, 'N' };
	static const u8 chip[] = { 0xA5, 0xE6, 0x00, 0xEF, 0x4D, E0, 'N' };
	static const u8 end[] = { 0xA5, 0xE5, 0x00, 0x87, 0x67 };
	struct tape tape;
	struct se05x_link link;

	(void)state;
	tape_init(&tape, &link, answers, sizeof(answers));
	se05x_link_open(&link, true);
	SENT(&tape, 0, 0x5A, 0xC0, 0x00, 0xFF, 0xFC);
	SENT(&tape, 1, 0x5A, 0xC7, 0x00, 0xF7, 0xB1);

	tape_init(&tape, &link, reset, sizeof(reset));
	assert_int_equal(se05x_link_reset(&link, SE05X_RUNG_SOFT, false), 0);
	SENT(&tape, 0, 0x5A, 0xCF, 0x00, 0x37, 0x7F);
	assert_int_equal(link.atr.raw_len, 35);
	assert_int_equal(link.atr.bwt_ms, 1000);

	tape_init(&tape, &link, chip, sizeof(chip));
	se05x_link_reset(&link, SE05X_RUNG_CHIP, false);
	SENT(&tape, 0, 0x5A, 0xC6, 0x00, 0x2F, 0xA8);

	tape_init(&tape, &link, end, sizeof(end));
	se05x_link_sleep(&link);
	SENT(&tape, 0, 0x5A, 0xC5, 0x00, 0x47, 0x82);
}

/* WTX and R-NAK blocks as they are on real wires */
static void test_known_exchange(void **state)
{
	static const u8 apdu_bytes[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };
	static const u8 version[] = {
		0x41, 0x82, 0x00, 0x07, 0x07, 0x02, 0x00, 0x3F, 0x9F, 0xFF, 0xFF, 0x90, 0x00,
	};
	u8 answers[64] = { EF, 'N' };
	size_t n = 41;
	struct tape tape;
	struct se05x_link link;
	struct se05x_apdu apdu = {
		.command = apdu_bytes, .command_len = sizeof(apdu_bytes), .response = response,
	};
	u8 all[128];

	(void)state;
	memcpy(all, answers, n);
	memcpy(all + n, (const u8[]) { 0xA5, 0xC3, 0x01, 0x01, 0x1B, 0xDD }, 6);
	n += 6;
	n += card_frame(all + n, 0xA5, 0x00, version, sizeof(version));
	all[n - 1] ^= 1;	/* once with a wrong CRC */
	memcpy(all + n, "N", 1);
	n += 1;
	n += card_frame(all + n, 0xA5, 0x00, version, sizeof(version));
	tape_init(&tape, &link, all, n);
	assert_int_equal(se05x_link_reset(&link, SE05X_RUNG_SOFT, false), 0);
	tape.count = 0;
	assert_int_equal(se05x_link_transceive(&link, &apdu), 0);
	assert_int_equal(apdu.response_len, sizeof(version));
	assert_memory_equal(response, version, sizeof(version));
	assert_int_equal(tape.sent[0][1], 0x00);
	SENT(&tape, 1, 0x5A, 0xE3, 0x01, 0x01, 0xF2, 0x1B);
	SENT(&tape, 2, 0x5A, 0x81, 0x00, 0x41, 0xA3);
}

/* ---- the ATR ---- */

static const u8 atr35[] = { ATR };

static void test_atr(void **state)
{
	struct se05x_atr atr = { };

	(void)state;
	assert_int_equal(se05x_atr_parse(&atr, atr35, sizeof(atr35)), 0);
	assert_int_equal(atr.pver, 0);
	assert_memory_equal(atr.vid, "\xA0\x00\x00\x03\x96", 5);
	assert_int_equal(atr.bwt_ms, 1000);
	assert_int_equal(atr.ifsc, 254);
	assert_int_equal(atr.mcf_khz, 1000);
	assert_int_equal(atr.config, 8);
	assert_int_equal(atr.mpot_ms, 1);
	assert_int_equal(atr.segt_us, 100);
	assert_int_equal(atr.wut_us, 0);
	assert_int_equal(atr.hb_len, 10);
	assert_memory_equal(atr.raw + atr.hb, "JCOP4 ATPO", 10);
}

static void test_atr_cut_short(void **state)
{
	struct se05x_atr atr, before;

	(void)state;
	memset(&atr, 0x55, sizeof(atr));
	before = atr;
	for (size_t len = 0; len < sizeof(atr35); len++) {
		u8 exact[sizeof(atr35)];	/* a sanitizer sees reads past it */

		memcpy(exact, atr35, len);
		assert_int_equal(se05x_atr_parse(&atr, exact, len), -EINVAL);
		assert_memory_equal(&atr, &before, sizeof(atr));
	}
}

static void test_atr_lengths(void **state)
{
	u8 longer[64];
	struct se05x_atr atr;

	(void)state;
	/* two more bytes in DLLP than we know, one more in PLP */
	memcpy(longer, atr35, 11);
	memcpy(longer + 11, "\xAA\xBB", 2);
	memcpy(longer + 13, atr35 + 11, 13);
	longer[26] = 0xCC;
	memcpy(longer + 27, atr35 + 24, 11);
	longer[6] = 6;
	longer[14] = 12;
	assert_int_equal(se05x_atr_parse(&atr, longer, 38), 0);
	assert_int_equal(atr.bwt_ms, 1000);
	assert_int_equal(atr.segt_us, 100);
	assert_int_equal(atr.hb_len, 10);
	assert_memory_equal(atr.raw + atr.hb, "JCOP4 ATPO", 10);

	/* length bytes that lie */
	for (int i = 0; i < 3; i++) {
		static const int at[] = { 6, 12, 24 };

		memcpy(longer, atr35, sizeof(atr35));
		longer[at[i]] = 0xff;
		assert_int_equal(se05x_atr_parse(&atr, longer, sizeof(atr35)), -EINVAL);
	}
	memcpy(longer, atr35, sizeof(atr35));
	longer[6] = 3;	/* BWT and IFSC need four */
	assert_int_equal(se05x_atr_parse(&atr, longer, sizeof(atr35)), -EINVAL);
	memcpy(longer, atr35, sizeof(atr35));
	longer[11] = 1;	/* another physical layer: its parameters are not ours */
	assert_int_equal(se05x_atr_parse(&atr, longer, sizeof(atr35)), 0);
	assert_int_equal(atr.segt_us, 100);
	memcpy(longer, (const u8[]) { 0, 1, 2, 3, 4, 5, 4, 3, 0xE8, 0, 0xFE, 2, 2, 1, 1, 0 }, 16);
	assert_int_equal(se05x_atr_parse(&atr, longer, 16), -EINVAL);	/* PLP too short */
}

/* ---- opening ---- */

static void test_boot_times(void **state)
{
	(void)state;
	for (u32 ms = 0; ms <= 300; ms += 5) {
		struct card_config config = se050;
		struct bus bus;

		config.boot_us = ms * 1000;
		bus_init(&bus, &config);
		assert_int_equal(se05x_link_open(&bus.link, true), 0);
		assert_int_equal(bus.link.atr.raw_len, 35);
		run(&bus, 20, 1, 0, 10);
		clean(&bus);
	}
}

static void test_open_running_chip(void **state)
{
	struct bus bus;

	(void)state;
	bus_init(&bus, &se050);
	bus.time += SECOND;
	assert_int_equal(se05x_link_open(&bus.link, false), 0);
	run(&bus, 20, 1, 0, 10);
	clean(&bus);
}

/* An earlier boot left it computing: it is waited for and never cut. */
static void test_open_busy_chip(void **state)
{
	struct card_config config = se050;
	struct bus bus, old;

	(void)state;
	for (int takes = 0; takes < 2; takes++) {
		struct se05x_apdu apdu;

		config.takes_writes = takes;
		open_bus(&old, &config);
		bus_command(command, 20, 1, 60000, 5);
		old.stop = -ECANCELED;
		old.stop_at = old.time + 3 * SECOND;
		assert_int_equal(exchange(&old, command, 20, &apdu), -ECONNRESET);
		/* another kernel comes up and finds the same chip */
		bus = old;
		bus.stop = 0;
		bus.card.ctx = &bus;
		memset(&bus.link, 0, sizeof(bus.link));
		se05x_link_init(&bus.link, old.link.ops, &bus, 0, 0);
		bus.link.trusted = true;
		assert_int_equal(se05x_link_open(&bus.link, false), 0);
		assert_in_range(bus.time, 55 * SECOND, 70 * SECOND);
		assert_int_equal(bus.card.violations[CARD_V_POWER], 0);
		run(&bus, 20, 2, 0, 10);
	}
}

/* ---- exchanges ---- */

static void test_sizes(void **state)
{
	static const u16 sizes[] = {
		10, 11, 252, 253, 254, 255, 256, 507, 508, 509, 762, 763, 892, 1024, 4096,
	};
	struct bus bus;
	u8 nonce = 0;

	(void)state;
	open_bus(&bus, &se050);
	for (size_t c = 0; c < sizeof(sizes) / sizeof(sizes[0]); c++)
		for (size_t r = 0; r < sizeof(sizes) / sizeof(sizes[0]); r++)
			run(&bus, sizes[c], ++nonce, 0, sizes[r]);
	run(&bus, 10, ++nonce, 0, 0);
	for (u16 n = 240; n < 270; n++)
		run(&bus, 20, ++nonce, 0, n);
	clean(&bus);
	assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RNAK], 0);
}

static void test_response_too_long(void **state)
{
	struct bus bus;
	struct se05x_apdu apdu;

	(void)state;
	open_bus(&bus, &se050);
	bus_command(command, 20, 1, 0, 4097);
	assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
	assert_int_equal(apdu.response_len, 0);
	assert_int_equal(apdu.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	run(&bus, 20, 2, 0, 10);
}

static void test_answer_without_sw(void **state)
{
	struct bus bus;
	struct se05x_apdu apdu;

	(void)state;
	open_bus(&bus, &se050);
	bus.canned = (const u8 *)"\x90";
	bus.canned_len = 1;
	assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
	bus.canned = NULL;
	run(&bus, 20, 2, 0, 10);
}

static void test_wtx(void **state)
{
	static const u8 mults[] = { 1, 2, 3, 10, 59, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof(mults); i++) {
		struct card_config config = se050;
		struct bus bus;

		config.wtx = mults[i];
		open_bus(&bus, &config);
		run(&bus, 300, 1, 2500, 300);
		assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RNAK], 0);
		assert_true(bus.link.stats.wtx > 0);
		run(&bus, 20, 2, 45000, 20);
		clean(&bus);
	}
}

/* A known command: a few looks, and as few for each WTX, which is asked for at BWT. */
static void test_habit(void **state)
{
	static const u16 delays[] = { 5, 300, 950, 1050, 2500, 5000 };
	struct card_config config = se050;

	(void)state;
	config.wtx_on_time = true;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		u64 nacks, wtx, start, time;
		struct bus bus;

		open_bus(&bus, &config);
		for (int n = 0; n < 40; n++) {
			run(&bus, 20, 1, delays[i], 10);
			bus.time += 20 * MS;
		}
		nacks = bus.link.stats.nacks;
		wtx = bus.link.stats.wtx;
		start = bus.time;
		for (int n = 0; n < 40; n++)
			run(&bus, 20, 1, delays[i], 10);
		time = (bus.time - start) / 40;
		assert_in_range(time, delays[i] * MS, delays[i] * MS * 1003 / 1000 + 2 * MS);
		assert_int_equal(bus.link.stats.wtx - wtx, 40 * ((delays[i] - 1) / 1000));
		assert_in_range(bus.link.stats.nacks - nacks, 0,
				6 * (40 + bus.link.stats.wtx - wtx));
		clean(&bus);
	}
}

/* However long it takes, who stops the link need not wait for the next look. */
static void test_stop_in_long_wait(void **state)
{
	struct se05x_apdu apdu;
	struct bus bus;

	(void)state;
	open_bus(&bus, &se050);
	for (int n = 0; n < 20; n++)
		run(&bus, 20, 1, 800, 10);
	bus_command(command, 20, 1, 800, 10);
	bus.stop = -ENODEV;
	bus.stop_at = bus.time + 300 * MS;
	assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
	assert_in_range(bus.time, bus.stop_at, bus.stop_at + 100 * MS);
}

/* What was no clean wait teaches nothing. */
static void test_habit_of_faults(void **state)
{
	static const struct fault faults[] = {
		{ .kind = FAULT_SILENT, .count = 3 }, { .kind = FAULT_LOST },
		{ .kind = FAULT_FLIP, .pos = 4 }, { .kind = FAULT_ERRNO, .arg = -EIO },
		{ .kind = FAULT_REPLACE, .arg = -1, .pcb = 0x82 },
		{ .kind = FAULT_REPLACE, .arg = 32, .pcb = 0xC1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		for (u32 at = 0; at < 4; at++) {
			struct fault fault = faults[i];
			struct se05x_apdu apdu;
			struct bus bus;
			u64 start;

			open_bus(&bus, &se050);
			for (int n = 0; n < 20; n++)
				run(&bus, 20, 1, 60, 10);
			fault.at = at;
			bus_arm(&bus, &fault, 1);
			exchange(&bus, command, 20, &apdu);
			bus.ran[1] = 0;
			bus_arm(&bus, NULL, 0);
			assert_int_equal(se05x_link_wake(&bus.link, true), 0);
			run(&bus, 20, 1, 60, 10);
			start = bus.time;
			run(&bus, 20, 1, 60, 10);
			assert_in_range(bus.time - start, 60 * MS, 63 * MS);
		}
}

/* An ATR without guard times: looks as close as the wire lets them be */
static void test_no_guard_times(void **state)
{
	static const u8 atr[] = {
		0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
		0x0B, 0x03, 0xE8, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	const struct card_config config = { .boot_us = 20000, .wake_us = 1000, .r_us = 300,
					    .atr = atr, .atr_len = sizeof(atr) };
	struct bus bus;

	(void)state;
	open_bus(&bus, &config);
	assert_int_equal(bus.link.atr.mpot_ms + bus.link.atr.segt_us, 0);
	for (u16 delay = 0; delay < 60; delay++)
		run(&bus, 20, delay, delay % 3, 10);
	assert_true(bus.link.gap > 0);	/* what se05x_poll.c divides by */
	clean(&bus);
}

static void test_adapter_limits(void **state)
{
	static const u16 limits[][2] = { { 32, 32 }, { 6, 6 }, { 0, 16 }, { 64, 0 }, { 255, 255 } };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct bus bus;

		bus_init_limits(&bus, &se050, limits[i][0], limits[i][1]);
		assert_int_equal(se05x_link_open(&bus.link, true), 0);
		run(&bus, 900, 1, 0, 900);
		run(&bus, 10, 2, 0, 10);
		clean(&bus);
		for (u32 t = 0; t < bus.transfers && t < BUS_TRACE; t++) {
			u16 limit = limits[i][bus.trace[t].read];

			if (limit)
				assert_in_range(bus.trace[t].len, 1, limit);
		}
	}
}

/* An IFSC below 254 by the ATR */
static void test_small_ifsc(void **state)
{
	u8 atr[sizeof(atr35)];
	struct card_config config = se050;
	struct bus bus;

	(void)state;
	memcpy(atr, atr35, sizeof(atr));
	atr[10] = 32;
	config.atr = atr;
	config.atr_len = sizeof(atr);
	open_bus(&bus, &config);
	run(&bus, 500, 1, 0, 500);
	clean(&bus);
}

static void test_sleep_and_wake(void **state)
{
	static const u32 wakes[] = { 0, 1000, 5000, 100000, 200000 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct card_config config = se050;
		struct bus bus;

		config.wake_us = wakes[i];
		open_bus(&bus, &config);
		run(&bus, 20, 1, 0, 10);
		assert_int_equal(se05x_link_sleep(&bus.link), 0);
		assert_false(bus.link.synced);
		bus.time += 60 * SECOND;
		assert_int_equal(se05x_link_wake(&bus.link, true), 0);
		run(&bus, 20, 2, 0, 10);
		clean(&bus);
		assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RESYNC], 0);
	}
}

static void test_resets(void **state)
{
	struct bus bus;

	(void)state;
	open_bus(&bus, &se050);
	run(&bus, 20, 1, 0, 10);
	for (int rung = SE05X_RUNG_SOFT; rung <= SE05X_RUNG_POWER; rung++) {
		assert_int_equal(se05x_link_reset(&bus.link, rung, false), 0);
		run(&bus, 300, rung, 0, 300);
	}
	clean(&bus);
	bus.line = false;
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_POWER, false), -EOPNOTSUPP);
	run(&bus, 20, 9, 0, 10);
}

/* ---- who is not our chip ---- */

static u8 foreign_byte;
static bool foreign_acks, foreign_noise;

static int foreign_read(void *ctx, u8 *buf, size_t len)
{
	(void)ctx;
	if (!foreign_acks)
		return -EREMOTEIO;
	memset(buf, foreign_byte, len);
	for (size_t i = 0; foreign_noise && i < len; i++)
		buf[i] = rand();
	return len;
}

static void test_foreign(void **state)
{
	struct se05x_link_ops ops = tape_ops;

	(void)state;
	ops.read = foreign_read;
	srand(1);
	for (int b = 0; b < 1000; b++) {
		struct tape tape;
		struct se05x_link link;

		tape_init(&tape, &link, NULL, 0);
		link.ops = &ops;
		link.trusted = false;
		foreign_byte = b;
		foreign_acks = b != 256;
		foreign_noise = b > 256;
		assert_int_equal(se05x_link_open(&link, false), -ENODEV);
		assert_in_range(tape.count, 1, 5);
		for (int i = 0; i < tape.count; i++)
			SENT(&tape, i, 0x5A, 0xC0, 0x00, 0xFF, 0xFC);
	}
}

/* ---- when things go wrong ---- */

static void test_r_other_goes_up(void **state)
{
	struct bus bus;
	struct se05x_apdu apdu;
	struct fault stuck[] = { { .kind = FAULT_REPLACE, .at = 1, .count = 1, .arg = -1, .pcb = 0x82 },
				 { .kind = FAULT_REPLACE, .at = 3, .count = 1, .arg = -1, .pcb = 0x82 },
				 { .kind = FAULT_REPLACE, .at = 5, .count = 1, .arg = -1, .pcb = 0x82 } };

	(void)state;
	open_bus(&bus, &se050);
	bus_command(command, 20, 1, 0, 10);
	bus_arm(&bus, stuck, 3);
	exchange(&bus, command, 20, &apdu);
	assert_true(bus.ran[1] <= 1);
	run(&bus, 20, 2, 0, 10);
	assert_true(bus.link.synced);
}

/*
 * The chip ran the command, restarted, and asks for its block by number 0: it
 * must not get it again.
 */
static void test_restart_runs_nothing_twice(void **state)
{
	static const u16 delays[] = { 0, 2500 };

	(void)state;
	for (u32 at = 1; at < 20; at++)
		for (int d = 0; d < 2; d++) {
			struct fault restart = { .kind = FAULT_RESTART, .at = at };
			struct se05x_apdu apdu;
			struct bus bus;

			open_bus(&bus, &se050);
			bus_command(command, 20, 1, delays[d], 10);
			bus_arm(&bus, &restart, 1);
			exchange(&bus, command, 20, &apdu);
			assert_in_range(bus.ran[1], 0, 1);
			bus_arm(&bus, NULL, 0);
			if (se05x_link_wake(&bus.link, true) || exchange(&bus, command, 20, &apdu))
				assert_int_equal(exchange(&bus, command, 20, &apdu), 0);
		}
}

/* A stale ATR that waits before our soft reset is not its answer. */
static void test_stale_answer_to_request(void **state)
{
	struct fault stale = { .kind = FAULT_STALE, .at = 0, .arg = -1, .pcb = 0xEF };
	struct bus bus;

	(void)state;
	open_bus(&bus, &se050);
	bus_arm(&bus, &stale, 1);
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_SOFT, false), 0);
	run(&bus, 20, 1, 0, 10);
}

static void test_hard_limit(void **state)
{
	struct bus bus;
	struct se05x_apdu apdu;
	u64 start;

	(void)state;
	open_bus(&bus, &se050);
	bus.mute = true;	/* WTX for ever */
	start = bus.time;
	bus_command(command, 20, 1, 0, 10);
	assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
	assert_int_equal(apdu.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_in_range(bus.time - start, 300 * SECOND, 330 * SECOND);
	bus.mute = false;
	assert_int_equal(bus.link.given_up, false);
	run(&bus, 20, 2, 0, 10);
}

static void test_given_up(void **state)
{
	struct bus bus;
	struct se05x_apdu apdu;
	struct fault silent = { .kind = FAULT_SILENT, .at = 0, .count = ~0U };

	(void)state;
	open_bus(&bus, &se050);
	bus_command(command, 20, 1, 0, 10);
	bus_arm(&bus, &silent, 1);
	assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
	assert_true(bus.link.given_up);
	assert_int_equal(se05x_link_wake(&bus.link, true), -ENOLINK);
	bus_arm(&bus, NULL, 0);
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_SOFT, false), 0);
	assert_false(bus.link.given_up);
	assert_int_equal(bus.ran[1], 0);
	run(&bus, 20, 2, 0, 10);
	clean(&bus);
}

/* Told to stop: not one byte more. */
static void test_stop(void **state)
{
	struct bus bus;
	struct se05x_apdu apdu;
	u32 transfers;

	(void)state;
	open_bus(&bus, &se050);
	bus_command(command, 20, 1, 5000, 10);
	bus.stop = -ENODEV;
	bus.stop_at = bus.time + 2 * SECOND;
	assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
	transfers = bus.transfers;
	assert_int_equal(se05x_link_wake(&bus.link, true), -ENODEV);
	assert_int_equal(bus.transfers, transfers);
}

/* The same at every moment of a reset; told to cut, the chip stays switched on. */
static void test_stop_in_reset(void **state)
{
	static const int stops[] = { -ENODEV, -ECANCELED };

	(void)state;
	for (int rung = SE05X_RUNG_SOFT; rung <= SE05X_RUNG_POWER; rung++)
		for (u32 us = 0; us < 60000; us += 200) {
			int stop = stops[us / 200 & 1];
			struct bus bus;
			int ret;

			open_bus(&bus, &se050);
			bus.stop = stop;
			bus.stop_at = bus.time + us;
			ret = se05x_link_reset(&bus.link, rung, false);
			assert_true(ret == 0 || ret == stop);
			if (ret && stop == -ECANCELED) {
				bus.stop = 0;
				assert_int_equal(se05x_link_wake(&bus.link, true), 0);
				run(&bus, 20, 1, 0, 10);
				assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_POWER], 0);
			}
		}
}

static void test_stop_in_open(void **state)
{
	struct bus bus;

	(void)state;
	bus_init(&bus, &se050);
	bus.stop = -ENODEV;
	assert_int_equal(se05x_link_open(&bus.link, true), -ENODEV);
	assert_int_equal(bus.transfers, 0);
}

/* A silent chip may be writing: power is cut after silence, or by force at once. */
static void test_silence(void **state)
{
	struct fault silent = { .kind = FAULT_SILENT, .at = 1, .count = ~0U };
	struct se05x_apdu apdu;
	struct bus bus;
	u64 start;

	(void)state;
	for (int s = 0; s < 30; s++) {
		open_bus(&bus, &se050);
		bus_command(command, 20, 1, 0, 10);
		bus_arm(&bus, &silent, 1);
		bus.stop = -ECANCELED;
		bus.stop_at = bus.time + s * SECOND;
		assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
		bus_arm(&bus, NULL, 0);
		bus.stop = 0;
		start = bus.time;
		assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_POWER, true), 0);
		assert_in_range(bus.time - start, 0, SECOND);
		run(&bus, 20, 2, 0, 10);
	}
}

/* Reset of a chip that still computes: it is waited for, then its power is cut. */
static void test_power_after_it_answered(void **state)
{
	struct se05x_apdu apdu;
	struct bus bus;
	u32 runs;

	(void)state;
	open_bus(&bus, &se050);
	bus_command(command, 20, 1, 20000, 10);
	bus.stop = -ECANCELED;
	bus.stop_at = bus.time + 3 * SECOND;
	assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
	bus.stop = 0;
	bus.link.in_flight = true;	/* as after another kernel's command */
	runs = bus.events[SE05X_LINK_LOST];
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_POWER, false), 0);
	assert_int_equal(bus.card.violations[CARD_V_POWER], 0);
	assert_true(bus.events[SE05X_LINK_LOST] > runs);
	run(&bus, 20, 2, 0, 10);
}

static void test_not_in_step(void **state)
{
	struct bus bus;
	struct se05x_apdu apdu;

	(void)state;
	open_bus(&bus, &se050);
	se05x_link_sleep(&bus.link);
	assert_int_equal(exchange(&bus, command, 20, &apdu), -ENOLINK);
	assert_int_equal(apdu.outcome, SE05X_OUTCOME_NOT_SENT);
}

/* A bus that reads all ones for a while, after the chip was known */
static void test_nobody_for_a_while(void **state)
{
	static const u8 ok[] = { 0x90, 0x00 };
	struct se05x_apdu apdu = {
		.command = (const u8[]) { 0x80, 0x04, 0x00, 0x20 }, .command_len = 4,
		.response = response,
	};
	u8 all[128] = { E0, 'N', 0xA5, 0xE7, 0x23, ATR };
	struct tape tape;
	struct se05x_link link;
	size_t n = 6;

	(void)state;
	n += card_frame(all + n, 0xA5, 0xE7, atr35, sizeof(atr35));
	memset(all + n, 0xff, 10);
	n += 10;
	n += card_frame(all + n, 0xA5, 0x00, ok, sizeof(ok));
	tape_init(&tape, &link, all, n);
	assert_int_equal(se05x_link_open(&link, true), 0);
	assert_int_equal(se05x_link_transceive(&link, &apdu), 0);
	assert_int_equal(apdu.response_len, 2);
}

/* It answers RESYNC, but tells nothing of itself: not a chip to work with. */
static void test_no_atr(void **state)
{
	u8 all[128] = { E0, 'N' };
	struct tape tape;
	struct se05x_link link;
	size_t n = 6;

	(void)state;
	n += card_frame(all + n, 0xA5, 0xE7, NULL, 0);
	n += card_frame(all + n, 0xA5, 0xEF, NULL, 0);
	n += card_frame(all + n, 0xA5, 0xE6, NULL, 0);
	n += card_frame(all + n, 0xA5, 0xE0, NULL, 0);
	all[n++] = 'N';
	tape_init(&tape, &link, all, n);
	assert_int_equal(se05x_link_open(&link, true), -ENODEV);
}

/* What never ends after E0 is no clean start. */
static void test_endless_leftovers(void **state)
{
	static const u8 left[] = { 1, 2, 3 };
	u8 all[256];
	struct tape tape;
	struct se05x_link link;
	size_t n = card_frame(all, 0xA5, 0xE0, NULL, 0);

	(void)state;
	for (int i = 0; i < 4; i++)
		n += card_frame(all + n, 0xA5, 0x00, left, sizeof(left));
	n += card_frame(all + n, 0xA5, 0xEF, atr35, sizeof(atr35));
	all[n++] = 'N';
	tape_init(&tape, &link, all, n);
	assert_int_equal(se05x_link_open(&link, true), 0);
	assert_int_equal(link.stats.rungs[SE05X_RUNG_SOFT], 1);
}

/* S(IFS) in mid-chain: the rest goes in pieces of that size. */
static void test_ifs_in_mid_chain(void **state)
{
	struct fault ifs = { .kind = FAULT_REPLACE, .at = 1, .arg = 32, .pcb = 0xC1 };
	struct se05x_apdu apdu;
	struct bus bus;

	(void)state;
	open_bus(&bus, &se050);
	bus_command(command, 600, 1, 0, 10);
	bus_arm(&bus, &ifs, 1);
	exchange(&bus, command, 600, &apdu);
	assert_in_range(bus.ran[1], 0, 1);
	for (u32 i = 6; i < bus.transfers && i < BUS_TRACE; i++)
		if (!bus.trace[i].read && bus.trace[i].pcb < 0x80)
			assert_in_range(bus.trace[i].len, 6, 37);
}

/* Buffers of the link keep nothing of an APDU. */
static void test_wiped(void **state)
{
	struct bus bus;
	static const u8 marker[] = { 0x4D, 0x41, 0x52, 0x4B, 0x45, 0x52 };
	const u8 *p = (const u8 *)&bus.link;

	(void)state;
	open_bus(&bus, &se050);
	bus.canned = marker;
	bus.canned_len = sizeof(marker);
	memset(command, 0, 20);
	memcpy(command + 5, marker, sizeof(marker));
	struct se05x_apdu apdu;

	assert_int_equal(exchange(&bus, command, 20, &apdu), 0);
	assert_memory_equal(response, marker, sizeof(marker));
	for (size_t i = 0; i + sizeof(marker) <= sizeof(bus.link); i++)
		assert_memory_not_equal(p + i, marker, sizeof(marker));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),
		cmocka_unit_test(test_known_frames),
		cmocka_unit_test(test_known_exchange),
		cmocka_unit_test(test_atr),
		cmocka_unit_test(test_atr_cut_short),
		cmocka_unit_test(test_atr_lengths),
		cmocka_unit_test(test_boot_times),
		cmocka_unit_test(test_open_running_chip),
		cmocka_unit_test(test_open_busy_chip),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_response_too_long),
		cmocka_unit_test(test_answer_without_sw),
		cmocka_unit_test(test_wtx),
		cmocka_unit_test(test_habit),
		cmocka_unit_test(test_stop_in_long_wait),
		cmocka_unit_test(test_habit_of_faults),
		cmocka_unit_test(test_no_guard_times),
		cmocka_unit_test(test_adapter_limits),
		cmocka_unit_test(test_small_ifsc),
		cmocka_unit_test(test_sleep_and_wake),
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_r_other_goes_up),
		cmocka_unit_test(test_restart_runs_nothing_twice),
		cmocka_unit_test(test_stale_answer_to_request),
		cmocka_unit_test(test_hard_limit),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_in_reset),
		cmocka_unit_test(test_stop_in_open),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_power_after_it_answered),
		cmocka_unit_test(test_not_in_step),
		cmocka_unit_test(test_nobody_for_a_while),
		cmocka_unit_test(test_no_atr),
		cmocka_unit_test(test_endless_leftovers),
		cmocka_unit_test(test_ifs_in_mid_chain),
		cmocka_unit_test(test_wiped),
	};

	return cmocka_run_group_tests_name("t1", tests, NULL, NULL);
}
