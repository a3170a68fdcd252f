// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/se05x/se05x0: what can be read by whom, and what can be written
 */
#include "se05x_test.h"

#include <sys/stat.h>

FIXTURE(sysfs)
{
	int fd;
};

FIXTURE_SETUP(sysfs)
{
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	ASSERT_EQ(0, echo(self->fd, NULL));
}

FIXTURE_TEARDOWN(sysfs)
{
	close(self->fd);
}

TEST_F(sysfs, tells_what_info_tells)
{
	struct se05x_info info = { 0 };
	char text[1024], atr[2 * SE05X_ATR_MAX + 1] = "";
	unsigned int i;

	ASSERT_EQ(0, call(self->fd, SE05X_IOC_INFO, &info));
	EXPECT_TRUE(attr_is("state", "online"));
	for (i = 0; i < info.atr_len; i++)
		sprintf(atr + 2 * i, "%02x", info.atr[i]);
	ASSERT_EQ(0, get_attr("atr", text, sizeof(text)));
	EXPECT_STREQ(atr, text);
	ASSERT_EQ(0, get_attr("generation", text, sizeof(text)));
	EXPECT_EQ(info.generation, strtoull(text, NULL, 10));
}

TEST_F(sysfs, counts)
{
	long long apdus = attr_count("counters/apdus");
	long long out = attr_count("counters/blocks_out");
	long long in = attr_count("counters/bytes_in");
	long long waited = attr_count("counters/wait_us");

	ASSERT_LE(1, apdus);
	ASSERT_EQ(0, echo(self->fd, NULL));
	ASSERT_EQ(0, echo(self->fd, NULL));
	EXPECT_EQ(apdus + 2, attr_count("counters/apdus"));
	EXPECT_LE(out + 2, attr_count("counters/blocks_out"));
	EXPECT_LT(in + 2 * 14, attr_count("counters/bytes_in"));
	EXPECT_LE(waited, attr_count("counters/wait_us"));
}

TEST_F(sysfs, counts_waits)
{
	struct job *slow = delay_job(self->fd, 300);
	int other = open_device(O_RDWR);
	long long waits, runs;

	ASSERT_TRUE(IS_SELECTED(other, test_aid));
	waits = attr_count("counters/waits");
	runs = sim_count("runs");
	start(slow);
	/* not is_busy(): its own request may be one to wait for */
	ASSERT_TRUE(WAIT_UNTIL(computes(runs)));
	EXPECT_EQ(0, echo(other, NULL));
	EXPECT_EQ(0, finish(slow));
	EXPECT_EQ(waits + 1, attr_count("counters/waits"));
	close(other);
	free_job(slow);
}

TEST_F(sysfs, counts_resets)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
	long long resets = attr_count("counters/resets");
	long long recoveries = attr_count("counters/recoveries");

	ASSERT_EQ(0, call(self->fd, SE05X_IOC_RESET, &r));
	EXPECT_EQ(resets + 1, attr_count("counters/resets"));
	EXPECT_EQ(recoveries, attr_count("counters/recoveries"));
	EXPECT_EQ(0, attr_count("counters/rung_given_up"));
}

TEST_F(sysfs, what_moves_is_for_root)
{
	static const char * const private[] = {
		"generation", "counters/apdus", "counters/bytes_out", "counters/bytes_in",
		"counters/blocks_out", "counters/blocks_in", "counters/polls", "counters/wtx",
		"counters/resends", "counters/waits", "counters/wait_us",
		"counters/openings",
	};
	static const char * const public[] = {
		"state", "atr", "location", "idle_ms", "power_off_ms", "channel",
		"channel_state", "counters/resets",
		"counters/recoveries", "counters/rung_rnak", "counters/rung_resync",
		"counters/rung_soft", "counters/rung_chip", "counters/rung_power",
		"counters/rung_given_up",
	};
	char buf[1024];
	unsigned int i;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		for (i = 0; i < ARRAY_SIZE(private); i++)
			if (get_attr(private[i], buf, sizeof(buf)) != -EACCES)
				_exit(1 + i);
		for (i = 0; i < ARRAY_SIZE(public); i++)
			if (get_attr(public[i], buf, sizeof(buf)))
				_exit(51 + i);
		if (set_attr("idle_ms", "1") != -EACCES || set_attr("channel", "off") != -EACCES)
			_exit(98);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, WEXITSTATUS(status));
}

/* Of the place, so a rebind does not change it; without bus numbers */
TEST_F_TIMEOUT(sysfs, location, SLOW_TIMEOUT)
{
	char name[64], before[256], after[256], bus[32];
	size_t i;

	ASSERT_EQ(0, get_attr("location", before, sizeof(before)));
	EXPECT_LT(3, strlen(before));
	for (i = 0; before[i]; i++)
		EXPECT_TRUE(before[i] > ' ' && before[i] < 0x7f) TH_LOG("%s", before);
	ASSERT_TRUE(client_name(name, sizeof(name)));
	snprintf(bus, sizeof(bus), "i2c-%d", atoi(name));
	EXPECT_EQ(NULL, strstr(before, bus)) TH_LOG("%s", before);
	EXPECT_EQ(NULL, strstr(before, name)) TH_LOG("%s", before);
	if (sim_count("runs") >= 0 && before[0] != '/')	/* no device tree */
		EXPECT_STREQ("se05x-sim/48", before);

	close(self->fd);
	ASSERT_EQ(0, driver("unbind", name));
	ASSERT_EQ(0, driver("bind", name));
	ASSERT_TRUE(WAIT_UNTIL((self->fd = open_device(O_RDWR)) >= 0));
	ASSERT_EQ(0, get_attr("location", after, sizeof(after)));
	EXPECT_STREQ(before, after);
}

TEST_F(sysfs, settings)
{
	static const char * const names[] = { "idle_ms", "power_off_ms" };
	static const char * const nonsense[] = {
		"\n", "x", "-1", "1.5", "1e3", "0x10", "12 34", "5 s", "2147483648",
		"4294967295", "4294967296", "99999999999999999999",
	};
	char before[64], path[128];
	unsigned int i, n;
	struct stat st;

	for (n = 0; n < 2; n++) {
		snprintf(path, sizeof(path), SYSFS_DIR "%s", names[n]);
		ASSERT_EQ(0, stat(path, &st));
		if (!(st.st_mode & 0200))	/* nothing to switch */
			continue;
		ASSERT_EQ(0, get_attr(names[n], before, sizeof(before)));
		for (i = 0; i < ARRAY_SIZE(nonsense); i++) {
			EXPECT_EQ(-EINVAL, set_attr(names[n], nonsense[i]))
				TH_LOG("number %u", i);
		}
		EXPECT_TRUE(attr_is(names[n], before));
		EXPECT_EQ(0, set_attr(names[n], "2147483647"));
		EXPECT_TRUE(attr_is(names[n], "2147483647"));
		EXPECT_EQ(0, set_attr(names[n], "0\n"));
		EXPECT_TRUE(attr_is(names[n], "0"));
		EXPECT_EQ(0, set_attr(names[n], before));
	}
	EXPECT_EQ(0, echo(self->fd, NULL));
}

TEST_HARNESS_MAIN
