// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link layer and the secure channel inside the kernel: its own crc_ccitt() and AES,
 * its compiler flags, its sanitizers. What they do at each fault is the business of
 * tests/host.
 */
#include <crypto/aes.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include <linux/se05x.h>

#include "../../kernel/compat.h"
#include "../../kernel/se05x_scp.h"
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

static void scp_encrypt(const void *key, u8 *out, const u8 *in)
{
	aes_encrypt(key, out, in);
}

static void scp_decrypt(const void *key, u8 *out, const u8 *in)
{
	aes_decrypt(key, out, in);
}

static const struct se05x_scp_cipher scp_aes = {
	.encrypt = scp_encrypt,
	.decrypt = scp_decrypt,
};

/* The answer of a real SE050E, with the keys that were published for it (AN12436) */
static const u8 scp_host[] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };

static const u8 scp_answer[] = {
	0x90, 0x03, 0x13, 0x47, 0x00, 0x00, 0x43, 0x20, 0x23, 0x16, 0x0B, 0x03, 0x00,
	0x05, 0x43, 0x7D, 0x4E, 0x3C, 0x21, 0x3D, 0x20,
	0xC4, 0xD8, 0x89, 0xC1, 0x27, 0x02, 0x64, 0xC4, 0x90, 0x00,
};

static const u8 scp_static[2][16] = {
	{ 0xD2, 0xDB, 0x63, 0xE7, 0xA0, 0xA5, 0xAE, 0xD7,
	  0x2A, 0x64, 0x60, 0xC4, 0xDF, 0xDC, 0xAF, 0x64 },
	{ 0x73, 0x8D, 0x5B, 0x79, 0x8E, 0xD2, 0x41, 0xB0,
	  0xB2, 0x47, 0x68, 0x51, 0x4B, 0xFB, 0xA9, 0x5B },
};

static const u8 scp_authenticate[] = {
	0x84, 0x82, 0x33, 0x00, 0x10, 0xF0, 0x0F, 0x60, 0x91, 0xB6, 0xF1, 0xFD, 0xEE,
	0xBC, 0xD1, 0x9E, 0x29, 0xC7, 0x83, 0x89, 0x2D,
};

static const u8 scp_version[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };

static struct aes_key *scp_key(struct kunit *test, const u8 *bytes)
{
	struct aes_key *key = kunit_kzalloc(test, sizeof(*key), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, key);
	KUNIT_ASSERT_EQ(test, 0, aes_preparekey(key, bytes, 16));
	return key;
}

static void scp_test(struct kunit *test)
{
	struct aes_key *enc = scp_key(test, scp_static[0]);
	struct aes_key *mac = scp_key(test, scp_static[1]);
	struct se05x_scp scp = { .cipher = &scp_aes, .count_all = true };
	u8 command[64], answer[64] = { 0x90 };
	struct se05x_scp_keys keys;
	bool verified;

	KUNIT_ASSERT_EQ(test, 0, se05x_scp_derive(&scp_aes, enc, mac, 16, scp_host, scp_answer,
						  sizeof(scp_answer), &keys));
	scp.enc = scp_key(test, keys.enc);
	scp.mac = scp_key(test, keys.mac);
	scp.rmac = scp_key(test, keys.rmac);
	KUNIT_ASSERT_EQ(test, 0, se05x_scp_begin(&scp, scp_host, scp_answer));
	se05x_scp_authenticate(&scp, command);
	KUNIT_EXPECT_EQ(test, 0, memcmp(command, scp_authenticate, sizeof(scp_authenticate)));
	KUNIT_ASSERT_EQ(test, 0, se05x_scp_authenticated(&scp, answer, 2));
	KUNIT_EXPECT_EQ(test, 14, se05x_scp_wrap(&scp, scp_version, sizeof(scp_version),
						 command, sizeof(command)));
	/* a bare 9000 is a forgery */
	KUNIT_EXPECT_EQ(test, -EBADMSG, se05x_scp_unwrap(&scp, answer, 2, &verified));
	KUNIT_EXPECT_FALSE(test, scp.open);
}

static struct kunit_case se05x_cases[] = {
	KUNIT_CASE(crc_test),
	KUNIT_CASE(atr_test),
	KUNIT_CASE(sizes_test),
	KUNIT_CASE(wtx_test),
	KUNIT_CASE(sleep_test),
	KUNIT_CASE(reset_test),
	KUNIT_CASE(lossy_test),
	KUNIT_CASE(scp_test),
	{ }
};

static struct kunit_suite se05x_suite = {
	.name = "se05x",
	.init = bus_init,
	.test_cases = se05x_cases,
};

kunit_test_suite(se05x_suite);

MODULE_DESCRIPTION("KUnit tests of the SE05x link layer and secure channel");
MODULE_LICENSE("GPL");
