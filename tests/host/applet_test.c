// SPDX-License-Identifier: GPL-2.0-only
/* The simulated chip's applets: what it is, its objects, its memory, its file */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "applet_run.h"

static const char *const models[] = { "3", "7", "7-no-rsa" };

static void test_models(void **state)
{
	static const struct { const char *model, *version; } cases[] = {
		{ NULL, "0702003F9FFFFF" },	/* SE050E */
		{ "7-no-rsa", "0702003F9FFFFF" },
		{ "7", "0702006FFFFFFF" },
		{ "3", "0301016FFF010B" },
		{ "SE050A", "0301016F9F010B" }, { "SE050C", "0301016FFF010B" },
		{ "SE050E", "0702003F9FFFFF" }, { "SE051", "0702006FFFFFFF" },
		{ "A5000", "0702003F93FFFF" },
	};
	char want[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct applet *applet = chip_model(cases[i].model);

		snprintf(want, sizeof(want), "%s9000", cases[i].version);
		assert_string_equal(answer.hex, want);
		snprintf(want, sizeof(want), "41820007%s9000", cases[i].version);
		assert_string_equal(run(applet, "8004002000"), want);
		applet_free(applet);
	}
	assert_null(applet_new(&(struct applet_config) { .model = "8" }));
	assert_int_equal(errno, EINVAL);
}

/* What one chip has and another has not */
static void test_differences(void **state)
{
	static const struct {
		const char *header, *body;
		unsigned int sw_3, sw_7, sw_no_rsa;
	} cases[] = {
		{ "80040021", "", 0x6A86, 0x9000, 0x9000 },	/* GetExtVersion */
		{ "80016200", "41=" ID " 42=0200", 0x9000, 0x9000, 0x6D00 },	/* RSA */
		{ "80030C09", "41=" ID " 42=28 43=00", 0x9000, 0x9000, 0x6985 },
		{ "80030238", "41=" ID " 42=0C 43=00", 0x6A80, 0x6A80, 0x6D00 },
		{ "80031137", "41=" ID, 0x6A86, 0x6985, 0x6985 },	/* AEAD: no AES key */
		{ "8003002F", "41=" ID, 0x6A86, 0x6985, 0x6985 },	/* expand only */
		{ "80016100", "41=02 42=43", 0x6A80, 0x6A80, 0x6A80 },	/* bad number */
		{ "80016100", "41=00000002 42=43", 0x6A80, 0x9000, 0x9000 },	/* X448 */
		{ "80016100", "41=00000003 42=41", 0x9000, 0x9000, 0x9000 },	/* X25519 */
		/* a version of the object */
		{ "80010600", "41=00000004 43=0001 44=00 4B=00000007", 0x6A80, 0x9000, 0x9000 },
		{ "80410700", "41=00000005 42=0102", 0x9000, 0x6A80, 0x6A80 },	/* short UserID */
		{ "80020B36", "41=00000003", 0x9000, 0x9000, 0x9000 },	/* GetECCurveId */
	};

	(void)state;
	for (int m = 0; m < 3; m++) {
		struct applet *applet = chip_model(models[m]);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			const unsigned int sws[] = { cases[i].sw_3, cases[i].sw_7,
						     cases[i].sw_no_rsa };

			xfer(applet, cases[i].header, "%s", cases[i].body);
			if (answer.sw != sws[m])
				fail_msg("%s: %s %s: %04X", models[m], cases[i].header,
					 cases[i].body, answer.sw);
		}
		applet_free(applet);
	}
}

static void test_status_words(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		{ "80FF0000", "6D00" },			/* unknown INS */
		{ "8004009900", "6A86" },
		{ "0004002000", "6E00" },
		{ "8004002001AA", "6700" },		/* it takes no data */
		{ "80040049", "6700" },			/* it takes some */
		{ "800400490341010000", "6A80" },	/* one byte is no size */
		{ "80040049044102000000", "6A80" },	/* nothing wanted */
		{ "8004004904410203FA00", "6A80" },	/* more than one answer holds */
		{ "80040049FF41", "6700" },		/* Lc lies */
		{ "8004004907 4102 0010 4201 00 00", "6A80" },	/* a TLV it does not know */
		{ "8004004904 4202 0010 00", "6A80" },
		{ "8004004903 418000 00", "6A80" },	/* lengths that are none */
		{ "8004004906 4184 00000000 00", "6A80" },
		{ "8004004902 4182 00", "6A80" },
		{ "8004004903 418200 00", "6A80" },
		{ "8004004904 418200 02 00", "6A80" },
		{ "80040049 000004 4102 0010 00", "6700" },	/* Le in one byte after a long Lc */
		{ "80040049 000005 4102 0010", "6700" },
		{ "80040049 000000 4102 0010", "6700" },
		{ "8002000006410401010101", "6985" },	/* no such object */
		{ "80040028064104 01010101", "6985" },
		{ "80040027064104 0101010100", "4101029000" },
		{ "8004002806 41047FFF0206", "6986" },	/* the chip's own number stays */
		{ "8004002806 4104F0000100", "6986" },	/* and what NXP put in */
		{ "80010600 0D 4104 F0000101 4202 0000 4401 00", "6986" },
		{ "80016100 09 4104 F0000100 4201 03", "6986" },
		{ "800100000341010300", "6A86" },
		{ "800161000942010341 04 01010101", "6A80" },	/* tags not ascending */
		{ "80016100094104 01010101 42 01 04", "6985" },	/* the curve is not set up */
		{ "80016100094104 01010101 42 01 77", "6A80" },	/* no such curve */
		{ "80016100094104 00000000 42 01 40", "6985" },	/* 0 is no object */
		{ "80014100094104 01010101 42 01 40", "6A80" },	/* without its value */
		{ "8024002000", "6D00" },		/* no attesting of that */
		{ "8002003B06 4104 01010101 00", "6985" },
		{ "8004002A00", "6985" },		/* DeleteAll without its session */
		{ "8004001C00", "6985" },		/* no session to be closed */
		{ "8004001E00", "6985" },
		{ "8004002C06 4104 01020304", "6985" },
		{ "80050000 00", "6A80" },		/* an empty wrapper */
		{ "80050000 10 1008 0102030405060708 4104 80040020", "6985" },
		{ "80050001 10 1008 0102030405060708 4104 80040020", "6A86" },
		{ "00A4040003F0010200", "6A82" },
	};
	struct applet *applet = chip(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(run(applet, cases[i].command), cases[i].answer))
			fail_msg("%s: %s", cases[i].command, answer.hex);
	/* a command that is no C-APDU at all */
	assert_string_equal(run(applet, "8004"), "6700");
	applet_free(applet);
}

static void test_lengths(void **state)
{
	static const struct { const char *model; unsigned int max; } cases[] = {
		{ "3", 892 }, { "7", 1024 },
	};
	struct applet *applet = chip(NULL);

	(void)state;
	run(applet, "8004002100");
	assert_int_equal(answer.len, 4 + 37);
	run(applet, "8004003D00");
	assert_int_equal(answer.len, 4 + 12);
	run(applet, "80040049044102002000");
	assert_int_equal(answer.len, 4 + 32);
	run(applet, "800200000641047FFF020600");
	assert_int_equal(answer.len, 4 + 18);
	run(applet, "8004002203410101");
	assert_int_equal(answer.len, 4);
	/* what the factory put in: number, two keys, two certificates */
	run(applet, "80020025 07 4102 0000 4201 FF 00");
	assert_string_equal(answer.hex, "41010142820014" "7FFF0206" "F0000012" "F0000013"
			    "F0000100" "F0000101" "9000");
	run(applet, "80020025 07 4102 0003 4201 FF 00");
	assert_string_equal(answer.hex, "41010142820008" "F0000100" "F0000101" "9000");
	run(applet, "80020025 07 4102 0000 4201 29 00");	/* P-256 pairs */
	assert_string_equal(answer.hex, "41010142820008" "F0000012" "F0000100" "9000");
	applet_free(applet);

	/* the longest data that each takes */
	for (size_t i = 0; i < 2; i++) {
		uint8_t data[1100] = { };
		unsigned int rest = cases[i].max - 6 - 4 - 4;

		applet = chip_model(cases[i].model);
		expect(0x9000, applet, "80010600", "41=" ID " 43=0400 44=%s",
		       hex(data, rest));
		expect(0x6700, applet, "80010600", "41=" ID " 43=0400 44=%s",
		       hex(data, rest + 1));
		applet_free(applet);
	}
}

/* What is written stays over a reset and a new process, what is transient does not. */
static void test_persistence(void **state)
{
	char path[] = "/tmp/se05x-applet-test.XXXXXX";
	const struct applet_config config = { .state = path }, other = { "3", .state = path };
	struct applet *applet;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	applet = chip(&config);
	expect(0x9000, applet, "80010600", "41=00000001 43=0004 44=41424344");
	expect(0x9000, applet, "80810600", "41=00000002 43=0004 44=51525354");
	expect(0x9000, applet, "80011000", "41=0007 42=01 43=04");
	expect(0x9000, applet, "80010800", "41=00000003 42=0004 43=00000009");
	assert_string_equal(run(applet, "80020026 06 4104 00000002 00"), "41010B4201029000");
	applet_reset(applet);
	assert_string_equal(run(applet, "80020000 06 4104 00000001 00"), "6D00");	/* nothing selected */
	run(applet, "00A4040010A000000396545300000001030000000000");
	assert_string_equal(run(applet, "80020000 06 4104 00000001 00"), "41820004414243449000");
	expect(0x6985, applet, "80020000", "41=00000002");
	applet_free(applet);

	applet = chip(&config);
	assert_string_equal(run(applet, "80020000 0E 4104 00000001 4202 0001 4302 0002 00"), "4182000242439000");
	assert_string_equal(run(applet, "80020007 06 4104 00000001 00"), "410200049000");
	assert_string_equal(run(applet, "80021025 00"), "41820004000701049000");
	assert_string_equal(run(applet, "80020000 06 4104 00000003 00"), "41820004000000099000");
	expect(0x9000, applet, "80040028", "41=00000001");
	applet_free(applet);
	applet = chip(&config);
	expect(0x6985, applet, "80020000", "41=00000001");
	applet_free(applet);

	/* another chip's is refused, not taken for an empty chip */
	assert_null(applet_new(&other));
	assert_int_equal(errno, EMEDIUMTYPE);
	unlink(path);
}

static void overwrite(const char *path, long at, const char *text)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	fputs(text, file);
	fclose(file);
}

/* What is wrong with the file is told apart; none is taken for a new chip, or changed. */
static void test_state_file(void **state)
{
	char path[] = "/tmp/se05x-applet-test.XXXXXX", odd[] = "/tmp/se05x-applet-no-such-folder/x";
	const struct applet_config config = { .state = path };
	struct applet *applet;
	struct stat before, after;

	(void)state;
	close(mkstemp(path));
	assert_null(applet_new(&config));		/* it was there, and is empty */
	assert_int_equal(errno, EBADMSG);
	unlink(path);
	assert_null(applet_new(&(struct applet_config) { .state = odd }));
	assert_int_equal(errno, ENOENT);

	/* two chips don't share one, whatever the first has written meanwhile */
	applet = chip(&config);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	for (int i = 0; i < 2; i++) {
		assert_null(applet_new(&config));
		assert_int_equal(errno, EBUSY);
		expect(0x9000, applet, "80010600", "41=0000000%d 43=0004", i + 1);
	}
	assert_null(applet_new(&config));
	assert_int_equal(errno, EBUSY);
	applet_free(applet);
	applet = chip(&config);
	expect(0x9000, applet, "80020000", "41=00000002");
	applet_free(applet);

	overwrite(path, 6, "3");	/* of an older version */
	assert_null(applet_new(&config));
	assert_int_equal(errno, EPROTO);
	overwrite(path, 0, "SE05XS6");
	applet_free(chip(&config));
	overwrite(path, 0, "#!/bin/");
	assert_null(applet_new(&config));
	assert_int_equal(errno, EBADMSG);
	overwrite(path, 0, "SE05XS6");
	assert_int_equal(stat(path, &before), 0);
	for (long len = before.st_size - 1; len >= 0; len--) {
		assert_int_equal(truncate(path, len), 0);
		assert_null(applet_new(&config));
		assert_int_equal(errno, EBADMSG);
		assert_int_equal(stat(path, &after), 0);
		assert_int_equal(after.st_size, len);
	}
	unlink(path);
}

/* Each write to flash is a line; what is only read or is transient is none. */
static void test_wear(void **state)
{
	char path[] = "/tmp/se05x-applet-wear.XXXXXX", line[64];
	struct applet *applet;
	FILE *log;
	static const char *const want[] = {
		"1 01 06 00 01010101\n", "2 01 06 00 01010101\n", "3 01 0B 04 00000004\n",
		"4 04 00 28 01010101\n",
	};

	(void)state;
	close(mkstemp(path));
	applet = chip(&(struct applet_config) { .wear_log = path });
	expect(0x9000, applet, "80010600", "41=" ID " 43=0002 44=4142");
	expect(0x9000, applet, "80020000", "41=" ID);
	expect(0x9000, applet, "80010600", "41=" ID " 44=43");
	expect(0x6A80, applet, "80010600", "41=" ID " 44=434445");	/* too long */
	expect(0x9000, applet, "80810600", "41=00000002 43=0002 44=4142");
	expect(0x9000, applet, "80040028", "41=00000002");
	expect(0x9000, applet, "8003000E", "41=04 42=00");
	expect(0x9000, applet, "80010B04", "41=04");
	expect(0x6985, applet, "80010B04", "41=04");
	expect(0x9000, applet, "80040028", "41=" ID);
	applet_free(applet);
	log = fopen(path, "r");
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_non_null(fgets(line, sizeof(line), log));
		assert_string_equal(line, want[i]);
	}
	assert_null(fgets(line, sizeof(line), log));
	fclose(log);
	unlink(path);
}

/* Chips in the field that fail in one thing: by status word, by signature, by name */
static void test_faulty(void **state)
{
	static const char *const wrong[] = {
		"", "040022", "040022=6A8", "040022=6A801", "0400=6A80", "040022:0101=6A80",
		"04002G=6A80", "040022=9000", "040022=6A80,", ",040022=6A80", "040022:01010101",
	};
	struct applet *applet = chip(&(struct applet_config) {
		.errors = "040022=6A80,020026:01010101=6F00,020026:00000002=6985" });
	size_t len;

	(void)state;
	expect(0x9000, applet, "80010600", "41=" ID " 43=0004 44=41424344");
	expect(0x9000, applet, "80010600", "41=00000002 43=0004");
	expect(0x9000, applet, "80010600", "41=00000003 43=0004");
	expect(0x6A80, applet, "80040022", "41=01");
	expect(0x6F00, applet, "80020026", "41=" ID);
	expect(0x6985, applet, "80020026", "41=00000002");
	expect(0x9000, applet, "80020026", "41=00000003");
	expect(0x9000, applet, "80020000", "41=" ID);	/* all else works */
	expect(0x9000, applet, "80040020", NOTHING);
	applet_free(applet);

	/* what is refused is not run */
	applet = chip(&(struct applet_config) { .errors = "010600=6A84" });
	expect(0x6A84, applet, "80010600", "41=" ID " 43=0004");
	expect(0x9000, applet, "80040027", "41=" ID);
	assert_string_equal(value_hex(0x41), "02");
	applet_free(applet);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(applet_new(&(struct applet_config) { .errors = wrong[i] }));
		assert_int_equal(errno, EINVAL);
	}

	/* a signature that is a byte short of what its DER says */
	applet = chip(&(struct applet_config) { .short_signature = true });
	expect(0x9000, applet, "80016100", "41=" ID " 42=03");
	expect(0x9000, applet, "80030C09", "41=" ID " 42=21 43=%064d", 0);
	assert_true(value(0x41, &len)[1] == len - 1);
	applet_free(applet);

	/* the IoT applet by another name */
	applet = applet_new(&(struct applet_config) { .aid = "A0000003965453000000010300000001" });
	assert_string_equal(run(applet, "00A4040010A000000396545300000001030000000000"), "6A82");
	assert_string_equal(run(applet, "00A4040010A000000396545300000001030000000100"),
			    "0702003F9FFFFF9000");
	applet_free(applet);
	assert_null(applet_new(&(struct applet_config) { .aid = "A0000003" }));
	assert_int_equal(errno, EINVAL);
	assert_null(applet_new(&(struct applet_config) { .aid = "A00000039654530000000103000000012" }));
	assert_null(applet_new(&(struct applet_config) { .aid = "hello, world" }));
}

static void test_rate_and_speed(void **state)
{
	struct applet *applet = chip(&(struct applet_config) { .rate = 3 });
	uint32_t slow;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++)
			expect(0x9000, applet, "80040020", NOTHING);
		expect(0x66A6, applet, "80040020", NOTHING);
	}
	applet_free(applet);

	applet = chip(NULL);
	run(applet, "8004002000");
	assert_true(answer.delay_us < 100000);
	run(applet, "00A4040007D276000085010000");
	assert_string_equal(run(applet, "801209C4"), "9000");
	assert_int_equal(answer.delay_us, 2500000);
	applet_free(applet);

	/* what is slow on a chip is slow here, and as much faster as one wants */
	applet = chip_model("7");
	expect(0x9000, applet, "80016200", "41=" ID " 42=0400");
	slow = answer.delay_us;
	assert_true(slow > 1000000);
	applet_free(applet);
	applet = chip(&(struct applet_config) { .model = "7", .speed = 100 });
	expect(0x9000, applet, "80016200", "41=" ID " 42=0400");
	assert_int_equal(answer.delay_us, slow / 100);
	applet_free(applet);
}

static unsigned int free_memory(struct applet *applet, const char *type)
{
	size_t len;
	const uint8_t *at;

	expect(0x9000, applet, "80040022", "41=%s", type);
	at = value(0x41, &len);
	assert_int_equal(len, 2);
	return at[0] << 8 | at[1];
}

/* What is written takes memory, what is deleted gives it back, and it ends. */
static void test_memory(void **state)
{
	struct applet *applet = chip_model("7");
	unsigned int before = free_memory(applet, "01"), n;

	(void)state;
	expect(0x9000, applet, "80010600", "41=" ID " 43=0400");
	assert_true(free_memory(applet, "01") + 0x400 <= before);
	expect(0x9000, applet, "80040028", "41=" ID);
	assert_int_equal(free_memory(applet, "01"), before);
	/* the room for an RSA key is taken with its first part */
	expect(0x9000, applet, "80016200", "41=" ID " 42=0800 48=010001");
	n = free_memory(applet, "01");
	assert_true(n + 0x300 <= before);
	expect(0x9000, applet, "80010200", "41=" ID " 43=%0256d", 1);
	assert_int_equal(free_memory(applet, "01"), n);

	for (n = 1; xfer(applet, "80010600", "41=%08X 43=0800", n) == 0x9000; n++)
		assert_true(n < 100);
	assert_int_equal(answer.sw, 0x6A84);
	/* to the last byte; but for the other parts there is room */
	expect(0x9000, applet, "80010600", "41=00000F00 43=%04X", free_memory(applet, "01") - 30);
	assert_int_equal(free_memory(applet, "01"), 0);
	expect(0x9000, applet, "80010200", "41=" ID " 44=%0256d", 1);
	expect(0x9000, applet, "80040027", "41=%08X", n);
	assert_string_equal(value_hex(0x41), "02");	/* nothing of it is there */
	/* the same for what is transient, which takes none of the flash */
	before = free_memory(applet, "01");
	for (n = 1; xfer(applet, "80810600", "41=%08X 43=0080", n + 100) == 0x9000; n++)
		assert_true(n < 100);
	assert_int_equal(answer.sw, 0x6A84);
	assert_int_equal(free_memory(applet, "01"), before);
	applet_free(applet);
}

static void test_binary(void **state)
{
	struct applet *applet = chip(NULL);

	(void)state;
	expect(0x6A80, applet, "80010600", "41=" ID " 44=41");		/* what size? */
	expect(0x6A80, applet, "80010600", "41=" ID " 43=0000");
	expect(0x6A80, applet, "80010600", "41=" ID " 42=0003 43=0004 44=4142");
	expect(0x9000, applet, "80010600", "41=" ID " 42=0002 43=0006 44=4344");
	expect(0x9000, applet, "80020000", "41=" ID);
	assert_string_equal(value_hex(0x41), "000043440000");
	expect(0x9000, applet, "80010600", "41=" ID " 44=4142");
	expect(0x6A80, applet, "80010600", "41=" ID " 42=0005 44=4142");	/* over the end */
	expect(0x6A80, applet, "80010600", "41=" ID);			/* no data */
	expect(0x6985, applet, "80010600", "41=" ID " 43=0007 44=41");	/* another size */
	expect(0x9000, applet, "80010600", "41=" ID " 43=0006 44=61");
	expect(0x9000, applet, "80020000", "41=" ID " 42=0001 43=0005");
	assert_string_equal(value_hex(0x41), "4243440000");
	expect(0x9000, applet, "80020000", "41=" ID " 42=0001 43=0003");
	assert_string_equal(value_hex(0x41), "424344");
	expect(0x9000, applet, "80020000", "41=" ID " 42=0006");
	assert_string_equal(value_hex(0x41), "");
	expect(0x6A80, applet, "80020000", "41=" ID " 42=0007");
	expect(0x6A80, applet, "80020000", "41=" ID " 42=0003 43=0004");
	expect(0x6A80, applet, "80020000", "41=" ID " 44=00");		/* it is no RSA key */
	/* a version that is none: nothing of it is written */
	expect(0x6A80, applet, "80010600", "41=" ID " 44=FF 4B=00");
	expect(0x9000, applet, "80020000", "41=" ID " 43=0001");
	assert_string_equal(value_hex(0x41), "61");
	/* one that is longer than one answer */
	expect(0x9000, applet, "80010600", "41=00000002 43=0600");
	expect(0x6700, applet, "80020000", "41=00000002");
	expect(0x9000, applet, "80020000", "41=00000002 42=0200");
	assert_int_equal(answer.len, 4 + 0x400);
	/* it is a file and stays one */
	expect(0x6985, applet, "80010300", "41=" ID " 43=%032d", 0);
	expect(0x6985, applet, "80030C09", "41=" ID " 42=21 43=%064d", 0);
	expect(0x6985, applet, "80030E37", "41=" ID " 42=0E 43=%032d", 0);
	expect(0x6985, applet, "8003010F", "41=" ID " 42=04");
	expect(0x6985, applet, "80020B36", "41=" ID);
	applet_free(applet);
}

static void test_counter(void **state)
{
	struct applet *applet = chip(NULL);

	(void)state;
	expect(0x6985, applet, "80010800", "41=" ID);		/* there is none */
	expect(0x6A80, applet, "80010800", "41=" ID " 42=0000");
	expect(0x6A80, applet, "80010800", "41=" ID " 42=0009");
	expect(0x6A80, applet, "80010800", "41=" ID " 42=0002 43=01");
	expect(0x9000, applet, "80010800", "41=" ID " 42=0002");
	expect(0x6985, applet, "80010800", "41=" ID " 42=0002");	/* made already */
	expect(0x9000, applet, "80010800", "41=" ID);
	expect(0x9000, applet, "80020000", "41=" ID);
	assert_string_equal(value_hex(0x41), "0001");
	expect(0x9000, applet, "80010800", "41=" ID " 43=00FF");
	expect(0x6985, applet, "80010800", "41=" ID " 43=00FE");	/* never down */
	expect(0x6985, applet, "80010800", "41=" ID " 43=00FF");
	expect(0x6A80, applet, "80010800", "41=" ID " 43=FFFFFF");
	expect(0x9000, applet, "80010800", "41=" ID);
	expect(0x9000, applet, "80020000", "41=" ID);
	assert_string_equal(value_hex(0x41), "0100");
	expect(0x9000, applet, "80010800", "41=" ID " 43=FFFF");
	expect(0x6985, applet, "80010800", "41=" ID);		/* it is full */
	expect(0x9000, applet, "80020026", "41=" ID);
	assert_string_equal(value_hex(0x41), "0D");
	expect(0x9000, applet, "80020007", "41=" ID);
	assert_string_equal(value_hex(0x41), "0002");
	applet_free(applet);
}

static void test_pcr(void **state)
{
	struct applet *applet = chip(NULL);
	uint8_t pcr[32 + 2] = { 0x11, 0x22, [32] = 0x41, [33] = 0x42 };
	size_t len;

	(void)state;
	expect(0x6A80, applet, "80010900", "41=" ID " 43=4142");
	expect(0x6A80, applet, "80010900", "41=" ID " 42=00");
	expect(0x9000, applet, "80010900", "41=" ID " 42=%s", hex(pcr, 32));
	expect(0x6985, applet, "80010900", "41=" ID " 42=%s", hex(pcr, 32));
	expect(0x6A80, applet, "80010900", "41=" ID);
	expect(0x9000, applet, "80010900", "41=" ID " 43=4142");
	assert_true(EVP_Q_digest(NULL, "SHA256", NULL, pcr, sizeof(pcr), pcr, &len));
	expect(0x9000, applet, "80020000", "41=" ID);
	assert_string_equal(value_hex(0x41), hex(pcr, 32));
	expect(0x9000, applet, "80020026", "41=" ID);
	assert_string_equal(value_hex(0x41), "0F");
	applet_free(applet);
}

static void test_userid(void **state)
{
	struct applet *applet = chip(NULL);

	(void)state;
	expect(0x6985, applet, "80010700", "41=" ID " 42=31323334");	/* it opens sessions */
	expect(0x6985, applet, "80C10700", "41=" ID " 42=31323334");	/* it is not transient */
	expect(0x6A80, applet, "80410700", "41=" ID " 42=313233");
	expect(0x6A80, applet, "80410700", "41=" ID " 42=%034d", 0);
	expect(0x9000, applet, "80410700", "41=00000002 42=%032d", 0);
	expect(0x9000, applet, "80410700", "12=0003 41=" ID " 42=31323334");
	expect(0x6985, applet, "80020007", "41=" ID);
	expect(0x6985, applet, "80020000", "41=" ID);
	expect(0x9000, applet, "80020026", "41=" ID);
	assert_string_equal(value_hex(0x41), "0C");
	applet_free(applet);
}

/* More than one answer holds: page by page, by the number of objects seen. */
static void test_list(void **state)
{
	struct applet *applet = chip(NULL);
	size_t n = 0, len;

	(void)state;
	for (unsigned int i = 1; i <= 450; i++)
		expect(0x9000, applet, "80010600", "41=%08X 43=0001", i);
	do {
		const uint8_t *ids;

		expect(0x9000, applet, "80020025", "41=%04zX 42=FF", n);
		ids = value(0x42, &len);
		for (size_t i = 0; i < len && n + i / 4 < 450; i += 4)
			assert_int_equal(ids[i + 2] << 8 | ids[i + 3], n + i / 4 + 1);
		n += len / 4;
	} while (!strcmp(value_hex(0x41), "02"));
	assert_string_equal(value_hex(0x41), "01");
	assert_int_equal(n, 450 + 5);
	expect(0x9000, applet, "80020025", "41=%04zX 42=FF", n + 10);
	assert_string_equal(answer.hex, "410101428200009000");
	expect(0x9000, applet, "80020025", "41=0000 42=0D");	/* counters */
	assert_string_equal(answer.hex, "410101428200009000");
	applet_free(applet);
}

/* 3.x and 7.x call EC keys by different types, which the list filters by. */
static void test_types(void **state)
{
	static const struct { const char *curve, *name; const char *type_7; } cases[] = {
		{ "01", "prime192v1", "21" }, { "02", "secp224r1", "25" },
		{ "04", "secp384r1", "2D" }, { "06", "brainpoolP160r1", "35" },
		{ "10", "secp256k1", "5D" }, { "40", NULL, "65" }, { "41", NULL, "69" },
		{ "43", NULL, "71" },
	};

	(void)state;
	for (int m = 0; m < 2; m++) {
		struct applet *applet = chip_model(models[m]);

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			unsigned int id;

			sscanf(cases[i].curve, "%x", &id);
			if (m == 0 && id == 0x43)
				continue;
			if (cases[i].name)
				set_up_curve(applet, id, cases[i].name);
			expect(0x9000, applet, "80016100", "41=%08X 42=%s", id, cases[i].curve);
			expect(0x9000, applet, "80020026", "41=%08X", id);
			assert_string_equal(value_hex(0x41), m ? cases[i].type_7 : "01");
			expect(0x9000, applet, "80020B36", "41=%08X", id);
			assert_string_equal(value_hex(0x41), cases[i].curve);
		}
		applet_free(applet);
	}
}

/* What an object is: number, type, whether it opens sessions, owner, rights, origin */
static void test_attributes(void **state)
{
	struct applet *applet = chip_model("7");

	(void)state;
	expect(0x9000, applet, "80010600", "11=080000000000240000 41=" ID " 43=0001 4B=00000005");
	expect(0x9000, applet, "8002003B", "41=" ID);
	assert_string_equal(answer.hex, "4382001C" ID "0B01" "0000" "00000000" "0000"
			    "080000000000240000" "01" "00000005" "9000");
	expect(0x9000, applet, "80410700", "12=0003 41=00000002 42=31323334");
	expect(0x9000, applet, "8002003B", "41=00000002");
	assert_string_equal(value_hex(0x43), "00000002" "0C02" "0000" "00000000" "0003"
			    "080000000000340000" "01" "00000000");
	expect(0x9000, applet, "80016100", "41=00000003 42=40");	/* made in the chip */
	expect(0x9000, applet, "8002003B", "41=00000003");
	assert_memory_equal(value_hex(0x43) + 46, "02", 2);
	expect(0x9000, applet, "8002003B", "41=7FFF0206");	/* made by NXP */
	assert_memory_equal(value_hex(0x43) + 46, "03", 2);
	applet_free(applet);

	applet = chip_model("3");
	expect(0x9000, applet, "80010600", "41=" ID " 43=0001");
	expect(0x9000, applet, "8002003B", "41=" ID);
	assert_string_equal(value_hex(0x42), ID "0B01" "0000" "00000000" "0000"
			    "080000000000340000" "01");
	applet_free(applet);
}

/* ISO/IEC 7816-4, 8.2.1.2: an AID may be cut short, and the first applet that fits is it. */
static void test_select(void **state)
{
	static const struct { const char *command, *answer; } cases[] = {
		{ "00A404000CA00000039654530000000103 00", "0702003F9FFFFF9000" },
		{ "00A4040005A000000396 00", "0702003F9FFFFF9000" },
		{ "00A404000FA00000039654530000000103000000 00", "0702003F9FFFFF9000" },
		{ "00A4040010A0000003965453000000010300000001 00", "6A82" },
		{ "00A4040004A0000003 00", "6A82" },		/* no RID [U] */
		{ "00A4040005A000000151 00", "6F0A8408A0000001510000009000" },
		{ "00A4040005D276000085 00", "9000" },
		{ "00A4040000", "6F0A8408A0000001510000009000" },
		{ "00A4040C05A000000396", "9000" },		/* no answer is wanted */
		{ "00A4040205A000000396 00", "6A82" },		/* the next that fits: there is none */
		{ "00A4040011A000000396545300000001030000000000 00", "6A82" },
	};
	struct applet *applet = chip(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(run(applet, cases[i].command), cases[i].answer))
			fail_msg("%s: %s", cases[i].command, answer.hex);
	run(applet, "00A4040005A000000396 00");
	assert_string_equal(run(applet, "8004002000"), "418200070702003F9FFFFF9000");
	/* what finds nothing leaves what was selected */
	run(applet, "00A4040004A0000003 00");
	assert_string_equal(run(applet, "8004002000"), "418200070702003F9FFFFF9000");
	applet_free(applet);
}

/* A new chip has P-256, since its factory keys are on it. */
static void test_factory_curve(void **state)
{
	(void)state;
	for (size_t m = 0; m < sizeof(models) / sizeof(models[0]); m++) {
		struct applet *applet = chip_model(models[m]);

		assert_string_equal(run(applet, "80020B2500"),
				    "41820010" "01010201010101010101010101010101" "9000");
		assert_string_equal(run(applet, "80016100 09 4104 01010101 420103"), "9000");
		expect(0x6985, applet, "80010B04", "41=03");
		applet_free(applet);
	}
}

/*
 * X25519 and X448: hosts of NXP's create them on 7.x before they make a key, and go on if
 * that is 6985. Whether a chip needs it is not known; the simulated one can be either.
 */
static void test_montgomery(void **state)
{
	char path[] = "/tmp/se05x-applet-test.XXXXXX";
	struct applet *applet = chip(NULL);

	(void)state;
	expect(0x6985, applet, "80010B04", "41=41");
	expect(0x6985, applet, "80010B04", "41=43");
	expect(0x9000, applet, "80016100", "41=" ID " 42=41");
	applet_free(applet);

	close(mkstemp(path));
	unlink(path);
	for (int i = 0; i < 2; i++) {
		const char *model = i ? "3" : "7";

		applet = chip(&(struct applet_config) { .model = model, .create_montgomery = true,
							.state = i ? NULL : path });
		expect(i ? 0x9000 : 0x6985, applet, "80016100", "41=" ID " 42=41");
		expect(0x9000, applet, "80016100", "41=00000002 42=40");
		expect(i ? 0x6A80 : 0x9000, applet, "80010B04", "41=41");
		expect(i ? 0x6A80 : 0x6985, applet, "80010B04", "41=41");
		expect(0x6A80, applet, "80010B04", "41=40");
		expect(0x6A80, applet, "80010B40", "41=41 42=01 43=00");	/* it has none */
		expect(0x9000, applet, "80016100", "41=" ID " 42=41");
		applet_free(applet);
	}
	/* it is kept, and deleted as others are */
	applet = chip(&(struct applet_config) { .model = "7", .create_montgomery = true,
						.state = path });
	expect(0x6985, applet, "80010B04", "41=41");
	expect(0x6985, applet, "80040B28", "41=41");	/* a key needs it */
	expect(0x9000, applet, "80040028", "41=" ID);
	expect(0x9000, applet, "80040B28", "41=41");
	expect(0x6985, applet, "80016100", "41=" ID " 42=41");
	expect(0x6985, applet, "80016100", "41=" ID " 42=43");
	applet_free(applet);
	unlink(path);
}

static void test_curves(void **state)
{
	struct applet *applet = chip(NULL);

	(void)state;
	expect(0x9000, applet, "80040B28", "41=03");	/* it came with the chip */
	expect(0x6985, applet, "80010B40", "41=03 42=01 43=00");	/* create it first */
	expect(0x6A80, applet, "80010B04", "41=40");		/* that one is there */
	expect(0x6A80, applet, "80010B04", "41=11");
	expect(0x6985, applet, "80040B28", "41=03");
	expect(0x9000, applet, "80010B04", "41=03");
	expect(0x6A80, applet, "80010B40", "41=03 42=01 43=%064d", 0);	/* not its A */
	expect(0x6A80, applet, "80010B40", "41=03 42=03 43=00");		/* no such thing */
	expect(0x9000, applet, "80010B40", "41=03 42=01 43=FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC");
	expect(0x9000, applet, "80010B40", "41=03 42=02 43=5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");
	expect(0x9000, applet, "80010B40", "41=03 42=04 43=046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5");
	expect(0x9000, applet, "80010B40", "41=03 42=08 43=FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
	/* one parameter is missing */
	assert_string_equal(run(applet, "80020B2500"), "41820010" "01010101010101010101010101010101" "9000");
	expect(0x6985, applet, "80016100", "41=" ID " 42=03");
	expect(0x9000, applet, "80010B40", "41=03 42=10 43=FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
	assert_string_equal(run(applet, "80020B2500"), "41820010" "01010201010101010101010101010101" "9000");
	expect(0x9000, applet, "80016100", "41=" ID " 42=03");
	expect(0x6985, applet, "80040B28", "41=03");	/* a key needs it */
	expect(0x9000, applet, "80040028", "41=" ID);
	expect(0x9000, applet, "80040B28", "41=03");
	expect(0x6985, applet, "80016100", "41=" ID " 42=03");
	applet_free(applet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_status_words),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_persistence),
		cmocka_unit_test(test_state_file),
		cmocka_unit_test(test_wear),
		cmocka_unit_test(test_faulty),
		cmocka_unit_test(test_rate_and_speed),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_pcr),
		cmocka_unit_test(test_userid),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_factory_curve),
		cmocka_unit_test(test_montgomery),
		cmocka_unit_test(test_curves),
	};

	return cmocka_run_group_tests_name("applet", tests, NULL, NULL);
}
