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
	assert_int_equal(se05x_link_wake(&bus.link), 0);
	assert_true(bus.time - before >= 5000);
	run(&bus, 20, 2, 0, 10);
	clean(&bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atr_se051),
	};

	return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
