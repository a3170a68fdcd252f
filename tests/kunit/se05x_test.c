// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link layer inside the kernel: its own crc_ccitt(), its compiler flags, its
 * sanitizers. What it does at each fault is the business of tests/host.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include <linux/se05x.h>

#include "../../kernel/se05x_t1.h"
#include "../card/card.h"

/* A bus in virtual time: the link on one side, the card on the other */
struct bus {
	struct se05x_link link;
	struct card card;
	u64 time;
	u32 delay_us;
	int lose;		/* lose every so many transfers */
	int transfers;
	u8 command[SE05X_T1_COMMAND_MAX];
	u8 response[SE05X_T1_RESPONSE_MAX];
	u8 answer[SE05X_T1_RESPONSE_MAX];
	size_t answer_len;
	u8 got[SE05X_T1_COMMAND_MAX];
	size_t got_len;
};

static bool lost(struct bus *bus)
{
	return bus->lose && ++bus->transfers % bus->lose == 0;
}

static int bus_write(void *ctx, const u8 *buf, size_t len)
{
	struct bus *bus = ctx;
	u64 start = bus->time;
	int ret;

	bus->time += len * 23;
	if (lost(bus))
		return -EREMOTEIO;
	ret = card_write(&bus->card, buf, len, start, bus->time);
	return ret < 0 ? -EREMOTEIO : ret;
}

static int bus_read(void *ctx, u8 *buf, size_t len)
{
	struct bus *bus = ctx;
	u64 start = bus->time;
	int ret;

	bus->time += len * 23;
	ret = card_read(&bus->card, buf, len, start, bus->time);
	if (ret < 0)
		return -EREMOTEIO;
	return lost(bus) ? -EIO : ret;
}

static int bus_sleep(void *ctx, u32 us)
{
	((struct bus *)ctx)->time += us;
	return 0;
}

static u64 bus_now(void *ctx)
{
	return ((struct bus *)ctx)->time;
}

static int bus_power(void *ctx, bool on)
{
	struct bus *bus = ctx;

	card_power(&bus->card, on, bus->time);
	return 0;
}

static const struct se05x_link_ops bus_ops = {
	.write = bus_write,
	.read = bus_read,
	.sleep = bus_sleep,
	.now = bus_now,
	.power = bus_power,
};

static void applet_run(void *ctx, struct card *card, const u8 *apdu, size_t len, u64 now)
{
	struct bus *bus = ctx;

	memcpy(bus->got, apdu, len);
	bus->got_len = len;
	card_answer(card, bus->answer, bus->answer_len, now + bus->delay_us);
}

static void applet_reset(void *ctx, struct card *card)
{
}

static const struct card_ops applet_ops = { .apdu = applet_run, .reset = applet_reset };

static int bus_init(struct kunit *test)
{
	static const struct card_config config = { .boot_us = 30000, .r_us = 300 };
	struct bus *bus = kunit_kzalloc(test, sizeof(*bus), GFP_KERNEL);

	if (!bus)
		return -ENOMEM;
	test->priv = bus;
	bus->time = 1000000;
	card_init(&bus->card, &config, &applet_ops, bus);
	card_power(&bus->card, true, bus->time);
	se05x_link_init(&bus->link, &bus_ops, bus, 0, 0);
	return se05x_link_open(&bus->link, true);
}

static void run(struct kunit *test, size_t command_len, size_t answer_len)
{
	struct bus *bus = test->priv;
	u32 runs = bus->card.runs;
	struct se05x_apdu apdu = {
		.command = bus->command,
		.command_len = command_len,
		.response = bus->response,
	};
	size_t i;

	for (i = 0; i < command_len; i++)
		bus->command[i] = i * 3 + command_len;
	for (i = 0; i < answer_len; i++)
		bus->answer[i] = i * 5 + answer_len;
	bus->answer_len = answer_len;

	KUNIT_ASSERT_EQ(test, 0, se05x_link_transceive(&bus->link, &apdu));
	KUNIT_EXPECT_EQ(test, (u32)SE05X_OUTCOME_RAN, apdu.outcome);
	KUNIT_EXPECT_EQ(test, runs + 1, bus->card.runs);
	KUNIT_ASSERT_EQ(test, command_len, bus->got_len);
	KUNIT_EXPECT_EQ(test, 0, memcmp(bus->command, bus->got, command_len));
	KUNIT_ASSERT_EQ(test, answer_len, apdu.response_len);
	KUNIT_EXPECT_EQ(test, 0, memcmp(bus->answer, bus->response, answer_len));
}

static void crc_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, (u16)0x906E, se05x_t1_crc("123456789", 9));
}

static void atr_test(struct kunit *test)
{
	struct bus *bus = test->priv;

	KUNIT_EXPECT_EQ(test, (u16)35, bus->link.atr.raw_len);
	KUNIT_EXPECT_EQ(test, (u16)1000, bus->link.atr.bwt_ms);
	KUNIT_EXPECT_EQ(test, (u16)100, bus->link.atr.segt_us);
}

static void sizes_test(struct kunit *test)
{
	static const u16 sizes[] = { 4, 253, 254, 255, 508, 509, 1024, 4096 };
	struct bus *bus = test->priv;
	size_t c, r;

	for (c = 0; c < ARRAY_SIZE(sizes); c++)
		for (r = 0; r < ARRAY_SIZE(sizes); r++)
			run(test, sizes[c], sizes[r]);
	run(test, 4, 2);
	run(test, 4, SE05X_T1_RESPONSE_MAX);
	KUNIT_EXPECT_EQ(test, 0u, card_violations(&bus->card));
}

static void wtx_test(struct kunit *test)
{
	struct bus *bus = test->priv;

	bus->delay_us = 4500000;
	run(test, 20, 20);
	KUNIT_EXPECT_GE(test, bus->link.stats.wtx, 3ULL);
	KUNIT_EXPECT_EQ(test, 0u, card_violations(&bus->card));
}

static void sleep_test(struct kunit *test)
{
	struct bus *bus = test->priv;

	KUNIT_EXPECT_EQ(test, 0, se05x_link_sleep(&bus->link));
	bus->time += 1000000;
	KUNIT_ASSERT_EQ(test, 0, se05x_link_wake(&bus->link, true));
	run(test, 20, 20);
	KUNIT_EXPECT_EQ(test, 0u, card_violations(&bus->card));
}

static void reset_test(struct kunit *test)
{
	struct bus *bus = test->priv;
	enum se05x_rung rung;

	for (rung = SE05X_RUNG_SOFT; rung <= SE05X_RUNG_POWER; rung++) {
		KUNIT_ASSERT_EQ(test, 0, se05x_link_reset(&bus->link, rung, false));
		run(test, 300, 300);
	}
}

/* Every seventh transfer fails: answers stay right, and the link is mended. */
static void lossy_test(struct kunit *test)
{
	struct bus *bus = test->priv;
	int i;

	bus->lose = 7;
	for (i = 0; i < 50; i++)
		run(test, 4 + i * 20, 2 + i * 15);
	KUNIT_EXPECT_GT(test, bus->link.stats.rungs[SE05X_RUNG_RNAK], 0ULL);
}

static struct kunit_case se05x_cases[] = {
	KUNIT_CASE(crc_test),
	KUNIT_CASE(atr_test),
	KUNIT_CASE(sizes_test),
	KUNIT_CASE(wtx_test),
	KUNIT_CASE(sleep_test),
	KUNIT_CASE(reset_test),
	KUNIT_CASE(lossy_test),
	{ }
};

static struct kunit_suite se05x_suite = {
	.name = "se05x",
	.init = bus_init,
	.test_cases = se05x_cases,
};

kunit_test_suite(se05x_suite);

MODULE_DESCRIPTION("KUnit tests of the SE05x link layer");
MODULE_LICENSE("GPL");
