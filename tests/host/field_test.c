// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adapters, chips and buses as people have them in the field, each of which an
 * earlier version of the link layer could not cope with
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
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

/* The SE051's: version 1, no high speed, 5 ms to wake up */
static const u8 atr_se051[] = {
	0x01, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
	0x0B, 0x03, 0xE8, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x13, 0x88,
	0x0A, 0x00, 0x65, 0x53, 0x45, 0x30, 0x35, 0x31, 0x00, 0x00, 0x00,
};

static void test_atr_se051(void **state)
{
	struct card_config config = se050;
	struct se05x_atr *atr;
	struct bus bus;
	u64 before;

	(void)state;
	config.atr = atr_se051;
	config.atr_len = sizeof(atr_se051);
	open_bus(&bus, &config);
	atr = &bus.link.atr;
	assert_int_equal(atr->raw_len, sizeof(atr_se051));
	assert_int_equal(atr->pver, 1);
	assert_memory_equal(atr->vid, "\xA0\x00\x00\x03\x96", 5);
	assert_int_equal(atr->bwt_ms, 1000);
	assert_int_equal(atr->ifsc, 254);
	assert_int_equal(atr->mcf_khz, 1000);
	assert_int_equal(atr->config, 0);
	assert_int_equal(atr->mpot_ms, 1);
	assert_int_equal(atr->segt_us, 100);
	assert_int_equal(atr->wut_us, 5000);
	assert_int_equal(atr->hb_len, 10);
	assert_memory_equal(atr->raw + atr->hb, "\0eSE051\0\0\0", 10);
	run(&bus, 300, 1, 0, 300);
	before = bus.time;
	se05x_link_booted(&bus.link);
	assert_int_equal(se05x_link_wake(&bus.link, true), 0);
	assert_true(bus.time - before >= 5000);
	run(&bus, 20, 2, 0, 10);
	clean(&bus);
}

/* ---- adapters ---- */

static void open_adapter(struct bus *bus, const struct adapter *adapter)
{
	bus_init(bus, &se050);
	bus->adapter = *adapter;
	bus->link.retries = adapter->retries;
	assert_int_equal(se05x_link_open(&bus->link, false), 0);
}

/* A few hundred commands, of which every tenth I-block is NACKed once */
static u64 run_many(struct bus *bus)
{
	u64 start = bus->time;

	for (int n = 0; n < 300; n++) {
		struct fault nack = { .kind = FAULT_NACK };

		bus_arm(bus, &nack, n % 10 == 0);
		run(bus, n % 7 ? 20 : 300, n, n % 21, 10 + n % 3 * 200);
	}
	bus_arm(bus, NULL, 0);
	return bus->time - start;
}

/*
 * An adapter that says EIO for a NACK: two starts teach it to the link, and probe
 * makes two. From then on all is as with one that says ENXIO.
 */
static void test_nack_errno(void **state)
{
	static const int errnos[] = { -EIO, -EREMOTEIO, -EPROTO, -EBUSY };
	const struct adapter usual = { .nack = 0 };
	struct bus plain;
	u64 time;

	(void)state;
	open_adapter(&plain, &usual);
	time = run_many(&plain);
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
		for (u32 r_us = 0; r_us <= 4000; r_us += 250) {
			const struct adapter odd = { .nack = errnos[i] };
			struct bus bus;

			bus_init(&bus, &(struct card_config) { .boot_us = 20000, .r_us = r_us });
			bus.adapter = odd;
			assert_int_equal(se05x_link_open(&bus.link, r_us & 1), 0);
			run(&bus, 300, 1, 5, 600);
			assert_int_equal(bus.card.violations[CARD_V_MPOT], 0);
			assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RNAK], 0);
			if (r_us != se050.r_us - 50)
				continue;
			bus.card.config = se050;
			assert_in_range(run_many(&bus), time - time / 1000, time + time / 1000);
			assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RNAK], 0);
			clean(&bus);
		}
	}
	clean(&plain);
}

/* Starts that fail so: what else the errno may mean, and what makes it nothing */
static void start(struct bus *bus)
{
	bus->link.synced = false;
	assert_int_equal(se05x_link_wake(&bus->link, true), 0);
}

static void test_nack_errno_not_learnt(void **state)
{
	static const int never[] = { -EAGAIN, -ETIMEDOUT };
	const struct adapter usual = { .nack = 0 }, eio = { .nack = -EIO };
	struct bus bus;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct adapter odd = { .nack = never[i] };

		bus_init(&bus, &(struct card_config) { .r_us = 0 });
		bus.adapter = odd;
		assert_int_equal(se05x_link_open(&bus.link, false), 0);
		start(&bus);
		start(&bus);
		assert_int_equal(bus.link.stats.nacks, 0);
	}

	/* it has another word already: EIO is what it is */
	open_adapter(&bus, &usual);
	bus.adapter = eio;
	start(&bus);
	start(&bus);
	assert_int_equal(bus.link.nack_errno, 0);

	/* it had learnt EIO, and then comes the real word */
	open_adapter(&bus, &eio);
	assert_int_equal(bus.link.nack_errno, -EIO);
	bus.adapter = usual;
	run(&bus, 20, 1, 5, 10);
	assert_int_equal(bus.link.nack_errno, 0);
	clean(&bus);
}

/*
 * The bus is stuck for a minute while the clearing reads are made: each start
 * needs an answer, so that alone teaches nothing.
 */
static void test_nack_errno_of_one_start(void **state)
{
	const struct fault faults[][3] = {
		{ { .kind = FAULT_ERRNO, .at = 2, .count = 4, .arg = -EIO } },
		/* fewer bytes, and no errno */
		{ { .kind = FAULT_ERRNO, .at = 2, .count = 4, .arg = 3 } },
		/* two starts and two errnos */
		{ { .kind = FAULT_ERRNO, .at = 2, .count = 4, .arg = -EIO },
		  { .kind = FAULT_ERRNO, .at = 8, .count = 4, .arg = -EPROTO } },
		/* bytes that were lost between them */
		{ { .kind = FAULT_ERRNO, .at = 2, .count = 4, .arg = -EIO },
		  { .kind = FAULT_ERRNO, .at = 7, .arg = -EIO },
		  { .kind = FAULT_ERRNO, .at = 11, .count = 4, .arg = -EIO } },
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct bus bus;

		bus_init(&bus, &(struct card_config) { .r_us = 0 });
		bus_arm(&bus, faults[i], i < 2 ? 1 : i);
		assert_int_equal(se05x_link_open(&bus.link, false), 0);
		assert_int_equal(bus.link.nack_errno, 0);
		bus_arm(&bus, NULL, 0);
		run(&bus, 20, 1, 5, 10);
		clean(&bus);
	}
}

/* No errno at all, but what a bus reads that nobody drives */
static void test_filler_for_nack(void **state)
{
	const struct adapter usual = { .nack = 0 };
	struct bus plain;
	u64 time;

	(void)state;
	open_adapter(&plain, &usual);
	time = run_many(&plain);
	for (int ones = 0; ones < 2; ones++) {
		const struct adapter fills = { .fills = true, .filler = ones ? 0xff : 0 };
		struct bus bus;

		open_adapter(&bus, &fills);
		assert_in_range(run_many(&bus), time - time / 1000, time + time / 1000);
		assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RNAK], 0);
		clean(&bus);
		run(&bus, 20, 1, 2500, 10);
		assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_POWER, false), 0);
		run(&bus, 20, 2, 0, 10);
		clean(&bus);
	}
}

/* The frame arrived, the adapter repeated it, and that was NACKed. */
static void test_adapter_retries(void **state)
{
	const struct adapter repeats = { .retries = 3 };

	(void)state;
	for (u32 at = 0; at < 12; at++) {
		struct fault again = { .kind = FAULT_ERRNO_ARRIVED, .at = at, .arg = -EAGAIN };
		struct bus bus;

		open_adapter(&bus, &repeats);
		run(&bus, 20, 1, 0, 10);
		bus_arm(&bus, &again, 1);
		run(&bus, 600, 2, at & 1 ? 5 : 1200, 600);
		bus_arm(&bus, NULL, 0);
		run(&bus, 20, 3, 0, 10);
		assert_int_equal(bus.card.violations[CARD_V_SEQ], 0);
	}
}

/*
 * It arrived, the adapter says it did not, and the repeat is NACKed: the chip has
 * it, and nothing more is written until it was read.
 */
static void test_repeat_is_nacked(void **state)
{
	struct bus clean_run, bus;
	int hit = 0;

	(void)state;
	open_bus(&clean_run, &se050);
	run(&clean_run, 20, 1, 0, 10);
	clean_run.jump = true;
	bus_arm(&clean_run, NULL, 0);
	bus_copy(&bus, &clean_run);
	run(&clean_run, 600, 2, 2500, 600);
	for (u32 at = 0; at < clean_run.transfers && at < BUS_TRACE; at++) {
		struct fault eio = { .kind = FAULT_ERRNO_ARRIVED, .at = at, .arg = -EIO };
		const struct step *step = &clean_run.trace[at];
		struct bus one;
		int writes = 0;

		if (step->read || !(step->pcb & 0x80))
			continue;
		bus_copy(&one, &bus);
		bus_arm(&one, &eio, 1);
		run(&one, 600, 2, 2500, 600);
		for (u32 i = at; i < BUS_TRACE && !(one.trace[i].read && one.trace[i].result > 0);
		     i++)
			writes += !one.trace[i].read;
		assert_in_range(writes, 1, 2);
		clean(&one);
		hit++;
	}
	assert_true(hit >= 4);	/* two of each */
}

/* ---- chips of another kind ---- */

/* RESYNC left the answer of before where an R-NAK finds it, with the right number. */
static void test_block_of_before(void **state)
{
	static const struct fault faults[] = {
		{ .kind = FAULT_LOST }, { .kind = FAULT_SILENT, .count = 2 },
		{ .kind = FAULT_FLIP, .at = 1, .pos = 1 }, { .kind = FAULT_LOST, .at = 1 },
		{ .kind = FAULT_REPLACE, .at = 1, .pcb = 0xE0, .arg = -1 },
		{ .kind = FAULT_ERRNO, .arg = -EIO },
	};
	struct card_config config = se050;

	(void)state;
	config.keeps_last = true;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct se05x_apdu apdu;
		struct bus bus;
		int ret;

		open_bus(&bus, &config);
		run(&bus, 20, 1, 0, 10);
		bus.link.synced = false;
		assert_int_equal(se05x_link_wake(&bus.link, true), 0);
		bus_arm(&bus, &faults[i], 1);
		bus_command(command, 20, 2, 0, 10);
		ret = exchange(&bus, command, 20, &apdu);
		if (!ret)
			assert_true(bus_answered(response, apdu.response_len, 2, 10));
		else
			assert_int_equal(ret, -ECONNRESET);
		bus_arm(&bus, NULL, 0);
		run(&bus, 20, 3, 0, 10);
	}
}

/* A sound but empty block closes the answer too early: it is asked for once more. */
static void test_empty_last_block(void **state)
{
	(void)state;
	for (u32 at = 0; at < 20; at++)
		for (u8 pcb = 0; pcb <= 0x40; pcb += 0x40) {
			struct fault empty = { .kind = FAULT_REPLACE, .at = at, .pcb = pcb,
					       .arg = -1 };
			struct se05x_apdu apdu;
			struct bus bus;

			open_bus(&bus, &se050);
			bus_command(command, 20, 1, 0, 700);
			bus_arm(&bus, &empty, 1);
			if (!exchange(&bus, command, 20, &apdu))
				assert_true(bus_answered(response, apdu.response_len, 1, 700));
		}
}

/* It asks for short blocks after each boot: no RESYNC and no soft reset ends that. */
static void test_ifs_lasts(void **state)
{
	struct card_config config = se050;
	struct bus bus;

	(void)state;
	config.ifs = 32;
	open_bus(&bus, &config);
	run(&bus, 600, 1, 5, 600);
	run(&bus, 600, 2, 5, 600);
	bus.link.synced = false;
	assert_int_equal(se05x_link_wake(&bus.link, true), 0);
	run(&bus, 600, 3, 5, 600);
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_SOFT, false), 0);
	run(&bus, 600, 4, 5, 600);
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_CHIP, false), 0);
	run(&bus, 600, 5, 5, 600);
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_POWER, false), 0);
	run(&bus, 600, 6, 5, 600);
	assert_int_equal(se05x_link_sleep(&bus.link), 0);
	assert_int_equal(se05x_link_wake(&bus.link, true), 0);
	run(&bus, 600, 7, 5, 600);
	bus.card.deaf = 0xC6;	/* that was asked for, but no restart was heard */
	assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_CHIP, false), 0);
	bus.card.deaf = 0;
	run(&bus, 600, 8, 5, 600);
	clean(&bus);
}

/* It asks for short blocks before it takes any: the one it did not take is cut. */
static void test_ifs_first(void **state)
{
	struct card_config config = se050;
	struct bus bus;

	(void)state;
	config.ifs = 32;
	config.ifs_first = true;
	for (u32 len = 31; len <= 600; len = len < 34 ? len + 1 : 2 * len) {
		open_bus(&bus, &config);
		run(&bus, len, 1, 5, 600);
		assert_int_equal(bus.card.ifsc, 32);
		run(&bus, len, 2, 5, 600);
		clean(&bus);
	}
}

/* It answers RESYNC and nothing else: each failure is mended one rung higher. */
static void test_stuck_until_reset(void **state)
{
	(void)state;
	for (int cure = CARD_SOFT_RESET; cure <= CARD_POWER; cure++) {
		struct se05x_apdu apdu;
		struct bus bus;
		int failed = 0;

		open_bus(&bus, &se050);
		run(&bus, 20, 1, 0, 10);
		card_stick(&bus.card, cure);
		bus_command(command, 20, 2, 0, 10);
		while (se05x_link_wake(&bus.link, true) ||
		       exchange(&bus, command, 20, &apdu)) {
			assert_in_range(++failed, 1, cure + 1);
			assert_int_equal(bus.ran[2], 0);
		}
		assert_false(bus.link.given_up);
		clean(&bus);

		/* all is forgotten with the first success */
		memset(bus.link.stats.rungs, 0, sizeof(bus.link.stats.rungs));
		card_stick(&bus.card, CARD_SOFT_RESET);
		assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
		assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_RESYNC], 1);
	}
}

/* Other failures, or a success between: RESYNC comes first. */
static void test_memory_is_of_one_failure(void **state)
{
	struct se05x_apdu apdu;
	struct bus bus;

	(void)state;
	open_bus(&bus, &se050);
	run(&bus, 20, 1, 0, 10);
	for (int i = 0; i < 8; i++) {
		bus_command(command, 20, 2, 0, 10);
		if (i & 1)
			card_stick(&bus.card, CARD_POWER);
		else
			bus.card.cure = CARD_WELL;
		bus.outage = i & 1 ? 0 : bus.time + 2 * SECOND;
		assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
		assert_int_equal(bus.link.stats.rungs[SE05X_RUNG_SOFT], 0);
		assert_int_equal(se05x_link_wake(&bus.link, true), 0);
	}
}

/*
 * The chip restarts at any moment of a chained command. What the new one takes for
 * a command of its own is a tail that nobody sent.
 */
static void test_restart_in_chain(void **state)
{
	static const u16 lens[] = { 300, 600, 900, 1100 };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		for (u32 at = 0; at < 40; at++) {
			struct fault restart = { .kind = FAULT_RESTART, .at = at };
			struct se05x_apdu apdu;
			struct bus bus;

			open_bus(&bus, &se050);
			run(&bus, 20, 1, 0, 10);
			run(&bus, 20, 2, 0, 10);
			for (int odd = 0; odd < 2; odd++) {
				bus_command(command, lens[i], 3, 0, 10);
				bus_arm(&bus, &restart, 1);
				exchange(&bus, command, lens[i], &apdu);
				bus_arm(&bus, NULL, 0);
				if (bus.nonsense)
					bus_print(&bus);
				assert_int_equal(bus.nonsense, 0);
				bus.ran[3] = 0;
				assert_int_equal(se05x_link_wake(&bus.link, true), 0);
				bus_command(command, 20, 4, 0, 10);
				if (exchange(&bus, command, 20, &apdu))
					run(&bus, 20, 4, 0, 10);
				bus.ran[4] = 0;
			}
		}
}

/* A single NACK, and a host that wakes up late: that is no boot, as R-NAK shows. */
static void test_late_in_chain(void **state)
{
	struct bus bus, clean_run;

	(void)state;
	open_bus(&bus, &se050);
	bus.jump = true;
	run(&bus, 20, 1, 0, 10);
	run(&bus, 20, 2, 0, 10);
	bus_arm(&bus, NULL, 0);
	bus_copy(&clean_run, &bus);
	run(&clean_run, 1100, 3, 0, 10);
	for (u32 at = 0; at < clean_run.transfers; at++) {
		struct fault nack = { .kind = FAULT_NACK, .at = at };
		struct bus one;

		bus_copy(&one, &bus);
		bus_arm(&one, &nack, 1);
		run(&one, 1100, 3, 0, 10);
		clean(&one);
	}
}

/* ---- given up is not for ever ---- */

/* A program asks each 700 ms. Return: how long after the bus was well it was served. */
static u64 ask_through(struct bus *bus, u64 outage, int outage_errno)
{
	struct se05x_apdu apdu;
	u64 well = bus->time + outage, last_failed = 0, wait = SECOND;
	u32 events;
	int ret;

	bus->outage = well;
	bus->outage_errno = outage_errno;
	for (;;) {
		u64 before = bus->time;
		u32 transfers = bus->transfers;
		bool was = bus->link.given_up;

		events = bus->events[SE05X_LINK_RUNG];
		ret = se05x_link_wake(&bus->link, true);
		if (ret) {
			assert_int_equal(ret, -ENOLINK);
			if (bus->transfers == transfers)
				assert_int_equal(bus->time, before);
		} else {
			bus_command(command, 20, 5, 0, 10);
			ret = exchange(bus, command, 20, &apdu);
		}
		if (was && bus->transfers != transfers && last_failed) {
			/* no sooner, and twice as long the next time */
			assert_true(before >= last_failed + wait);
			assert_in_range(before, 0, last_failed + wait + 2 * SECOND);
			wait = wait < 30 * SECOND ? 2 * wait : 60 * SECOND;
		}
		if (was && bus->link.given_up)
			assert_int_equal(bus->events[SE05X_LINK_RUNG], events);
		if (!was && bus->link.given_up)
			wait = SECOND;
		if (bus->link.given_up && bus->transfers != transfers)
			last_failed = bus->time;
		if (!ret)
			return bus->time > well ? bus->time - well : 0;
		bus->time += 700 * MS;
	}
}

static void test_outage(void **state)
{
	static const u64 outages[] = { 1, 3, 5, 10, 20, 60, 200, 600, 3600 };
	static const int errnos[] = { 0, -EIO, -ETIMEDOUT, -EAGAIN };

	(void)state;
	for (size_t i = 0; i < sizeof(outages) / sizeof(outages[0]); i++)
		for (int e = 0; e < 4; e++)
			for (int line = 0; line < 2; line++) {
				struct bus bus;

				open_bus(&bus, &se050);
				bus.line = line;
				run(&bus, 20, 1, 0, 10);
				assert_in_range(ask_through(&bus, outages[i] * SECOND, errnos[e]),
						0, 64 * SECOND);
				run(&bus, 20, 2, 0, 10);
			}
}

/* Who must not try does not, and neither does anybody where it is for good. */
static void test_given_up_for_good(void **state)
{
	static const int errnos[] = { -EOPNOTSUPP, -EINVAL, -ENODEV, -ESHUTDOWN };

	(void)state;
	for (int e = 0; e < 4; e++) {
		struct fault refused = { .kind = FAULT_ERRNO, .arg = errnos[e] };
		struct se05x_apdu apdu;
		u32 transfers;
		struct bus bus;

		open_bus(&bus, &se050);
		run(&bus, 20, 1, 0, 10);
		bus_command(command, 20, 2, 0, 10);
		bus_arm(&bus, &refused, 1);
		assert_int_equal(exchange(&bus, command, 20, &apdu), -ECONNRESET);
		bus_arm(&bus, NULL, 0);
		transfers = bus.transfers;
		for (int i = 0; i < 100; i++) {
			bus.time += 61 * SECOND;
			assert_false(se05x_link_is_due(&bus.link, i & 1));
			assert_int_equal(se05x_link_wake(&bus.link, i & 1), -ENOLINK);
		}
		assert_int_equal(bus.transfers, transfers);

		se05x_link_resumed(&bus.link);
		assert_int_equal(se05x_link_wake(&bus.link, false), -ENOLINK);
		if (errnos[e] == -ESHUTDOWN) {
			assert_int_equal(se05x_link_wake(&bus.link, true), 0);
		} else {
			assert_int_equal(se05x_link_wake(&bus.link, true), -ENOLINK);
			assert_int_equal(bus.transfers, transfers);
			assert_int_equal(se05x_link_reset(&bus.link, SE05X_RUNG_SOFT, false), 0);
		}
		run(&bus, 20, 3, 0, 10);
	}
}

/* It is known before anything is done whether an attempt is due. */
static void test_retry_due(void **state)
{
	struct bus bus;

	(void)state;
	open_bus(&bus, &se050);
	for (int retry = 0; retry < 2; retry++) {
		assert_true(se05x_link_is_due(&bus.link, retry));
		bus.link.synced = false;
		assert_true(se05x_link_is_due(&bus.link, retry));
	}
	for (u64 wait = SECOND; wait < 60 * SECOND; wait *= 2) {
		se05x_link_give_up(&bus.link);
		bus.time += wait - 1;
		assert_false(se05x_link_is_due(&bus.link, true));
		bus.time++;
		assert_true(se05x_link_is_due(&bus.link, true));
		assert_false(se05x_link_is_due(&bus.link, false));
	}
	assert_int_equal(se05x_link_wake(&bus.link, true), 0);
	assert_true(se05x_link_is_due(&bus.link, false));
	run(&bus, 20, 1, 0, 10);
}

/* An answer to that RESYNC, but no start: then upwards, as usual. */
static void test_retry_climbs(void **state)
{
	struct bus bus;

	(void)state;
	open_bus(&bus, &se050);
	run(&bus, 20, 1, 0, 10);
	se05x_link_give_up(&bus.link);
	bus.card.deaf = 0xC0;
	bus.time += 2 * SECOND;
	assert_int_equal(se05x_link_wake(&bus.link, true), 0);
	assert_true(bus.link.stats.rungs[SE05X_RUNG_SOFT] > 0);
	run(&bus, 20, 2, 0, 10);
}

/* It answers, but no rung helps: nothing is told of the attempt. */
static void test_retry_in_vain(void **state)
{
	u32 told;
	struct bus bus;

	(void)state;
	open_bus(&bus, &se050);
	bus.line = false;
	se05x_link_give_up(&bus.link);
	told = bus.events[SE05X_LINK_RUNG];
	card_stick(&bus.card, CARD_POWER);
	bus.card.deaf = 0xC0;
	bus.time += 2 * SECOND;
	assert_int_equal(se05x_link_wake(&bus.link, true), -ENOLINK);
	assert_true(bus.link.stats.rungs[SE05X_RUNG_CHIP] > 0);
	assert_int_equal(bus.events[SE05X_LINK_RUNG], told);
}

/* Told to stop, or refused, in the middle of such an attempt */
static void test_retry_cut_short(void **state)
{
	struct fault refused = { .kind = FAULT_ERRNO, .arg = -EINVAL };
	struct bus bus;

	(void)state;
	for (u32 us = 0; us < 3000; us += 100) {
		int ret;

		open_bus(&bus, &se050);
		se05x_link_give_up(&bus.link);
		bus.time += 2 * SECOND;
		bus.stop = -ECANCELED;
		bus.stop_at = bus.time + us;
		ret = se05x_link_wake(&bus.link, true);
		assert_true(ret == -ECANCELED || !ret);
		bus.stop = 0;
		bus.time += 4 * SECOND;
		assert_int_equal(se05x_link_wake(&bus.link, true), 0);
		run(&bus, 20, 1, 0, 10);
		assert_int_equal(card_violations(&bus.card), 0);
	}

	open_bus(&bus, &se050);
	se05x_link_give_up(&bus.link);
	bus.time += 2 * SECOND;
	bus_arm(&bus, &refused, 1);
	assert_int_equal(se05x_link_wake(&bus.link, true), -ENOLINK);
	bus_arm(&bus, NULL, 0);
	bus.time += 100 * SECOND;
	assert_int_equal(se05x_link_wake(&bus.link, true), -ENOLINK);
	assert_int_equal(bus.transfers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atr_se051),
		cmocka_unit_test(test_nack_errno),
		cmocka_unit_test(test_nack_errno_not_learnt),
		cmocka_unit_test(test_nack_errno_of_one_start),
		cmocka_unit_test(test_filler_for_nack),
		cmocka_unit_test(test_adapter_retries),
		cmocka_unit_test(test_repeat_is_nacked),
		cmocka_unit_test(test_block_of_before),
		cmocka_unit_test(test_empty_last_block),
		cmocka_unit_test(test_ifs_lasts),
		cmocka_unit_test(test_ifs_first),
		cmocka_unit_test(test_stuck_until_reset),
		cmocka_unit_test(test_memory_is_of_one_failure),
		cmocka_unit_test(test_restart_in_chain),
		cmocka_unit_test(test_late_in_chain),
		cmocka_unit_test(test_outage),
		cmocka_unit_test(test_given_up_for_good),
		cmocka_unit_test(test_retry_due),
		cmocka_unit_test(test_retry_climbs),
		cmocka_unit_test(test_retry_in_vain),
		cmocka_unit_test(test_retry_cut_short),
	};

	return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
