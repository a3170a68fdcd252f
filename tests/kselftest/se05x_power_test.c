// SPDX-License-Identifier: GPL-2.0-only
/*
 * Idle: end of session, and power off after it; on the simulated chip, whose
 * enable line can be watched
 */
#include "se05x_test.h"

FIXTURE(power)
{
	char idle_ms[16];
};

static bool is_state(const char *state)
{
	return attr_is("state", state);
}

/* Use it once and leave: idle from now on. */
static int visit(void)
{
	int fd = open_device(O_RDWR);
	int ret;

	if (fd < 0)
		return -errno;
	ret = IS_SELECTED(fd, test_aid) ? echo(fd, NULL) : -1;
	close(fd);
	return ret;
}

static int simulate(const char *name, const char *value)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), SIM_DIR "%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	ret = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

FIXTURE_SETUP(power)
{
	if (sim_count("powercycles") < 0)
		SKIP(return, "no simulated chip");
	if (set_attr("power_off_ms", "0"))
		SKIP(return, "no line to switch power by");
	ASSERT_EQ(0, get_attr("idle_ms", self->idle_ms, sizeof(self->idle_ms)));
	ASSERT_EQ(0, set_attr("idle_ms", "20"));
	ASSERT_EQ(0, visit());
}

FIXTURE_TEARDOWN(power)
{
	set_attr("power_off_ms", "0");
	set_attr("idle_ms", self->idle_ms);
	visit();
}

TEST_F_TIMEOUT(power, sleeps_and_wakes, SLOW_TIMEOUT)
{
	long long cuts = sim_count("powercycles");
	struct se05x_info info = { 0 };
	int fd;

	ASSERT_TRUE(WAIT_UNTIL(is_state("asleep")));
	fd = open_device(O_RDWR);
	ASSERT_EQ(0, call(fd, SE05X_IOC_INFO, &info));
	EXPECT_EQ(SE05X_STATE_ASLEEP, info.state);
	ASSERT_TRUE(IS_SELECTED(fd, test_aid));
	EXPECT_EQ(0, echo(fd, NULL));
	EXPECT_TRUE(is_state("online"));
	close(fd);
	/* power-off is off by default */
	ASSERT_TRUE(WAIT_UNTIL(is_state("asleep")));
	EXPECT_EQ(cuts, sim_count("powercycles"));
}

TEST_F_TIMEOUT(power, off_and_on, SLOW_TIMEOUT)
{
	struct se05x_transceive t = { 0 };
	struct se05x_info info = { 0 };
	long long cuts = sim_count("powercycles");
	int fd, i;

	ASSERT_EQ(0, set_attr("power_off_ms", "20"));
	for (i = 1; i <= 3; i++) {
		ASSERT_TRUE(WAIT_UNTIL(is_state("off")));
		EXPECT_EQ(cuts + i, sim_count("powercycles"));
		fd = open_device(O_RDWR);
		ASSERT_EQ(0, call(fd, SE05X_IOC_INFO, &info));
		EXPECT_EQ(SE05X_STATE_OFF, info.state);
		/* what was there before is gone, and nothing is sent to find out */
		t.demanded = info.generation;
		EXPECT_EQ(-ESTALE, echo(fd, &t));
		EXPECT_TRUE(is_state("off"));
		ASSERT_TRUE(IS_SELECTED(fd, test_aid));
		EXPECT_EQ(0, echo(fd, NULL));
		EXPECT_TRUE(is_state("online"));
		EXPECT_NE(info.generation, generation(fd));
		close(fd);
	}
	EXPECT_EQ(0, sim_count("violations"));
}

/* A client keeps its power as it is, also while it does nothing. */
TEST_F_TIMEOUT(power, client_keeps_it_awake, SLOW_TIMEOUT)
{
	long long cuts = sim_count("powercycles");
	int fd = open_device(O_RDWR);

	ASSERT_TRUE(IS_SELECTED(fd, test_aid));
	ASSERT_EQ(0, set_attr("power_off_ms", "1"));
	ASSERT_EQ(0, set_attr("idle_ms", "1"));
	usleep(200000);	/* of many times both; nothing is to happen */
	EXPECT_TRUE(is_state("online"));
	EXPECT_EQ(cuts, sim_count("powercycles"));
	EXPECT_EQ(0, echo(fd, NULL));
	close(fd);
}

TEST_F_TIMEOUT(power, reset_of_a_chip_that_is_off, SLOW_TIMEOUT)
{
	static const __u32 kinds[] = { SE05X_RESET_SOFT, SE05X_RESET_CHIP, SE05X_RESET_POWER };
	unsigned int i;

	ASSERT_EQ(0, set_attr("power_off_ms", "20"));
	for (i = 0; i < 3; i++) {
		struct se05x_reset r = { .kind = kinds[i] };
		int fd;

		ASSERT_TRUE(WAIT_UNTIL(is_state("off")));
		fd = open_device(O_RDWR);
		EXPECT_EQ(0, call(fd, SE05X_IOC_RESET, &r)) TH_LOG("kind %u", kinds[i]);
		EXPECT_EQ(SE05X_OUTCOME_RAN, r.outcome);
		ASSERT_TRUE(IS_SELECTED(fd, test_aid));
		EXPECT_EQ(0, echo(fd, NULL));
		close(fd);
	}
	EXPECT_EQ(0, sim_count("violations"));
}

/* The chip may be writing its flash: only a chip that said good-bye is cut. */
TEST_F_TIMEOUT(power, not_without_good_bye, SLOW_TIMEOUT)
{
	long long cuts, rnak;
	int fd = open_device(O_RDWR);

	ASSERT_TRUE(IS_SELECTED(fd, test_aid));
	ASSERT_EQ(0, set_attr("power_off_ms", "1"));
	cuts = sim_count("powercycles");
	rnak = attr_count("counters/polls");
	/* from its next write on it says nothing, and forgets what it got */
	ASSERT_EQ(0, simulate("faults", "silent 100000"));
	close(fd);
	ASSERT_TRUE(WAIT_UNTIL(is_state("asleep")));
	EXPECT_LT(rnak, attr_count("counters/polls"));
	usleep(200000);	/* of many times power_off_ms */
	EXPECT_TRUE(is_state("asleep"));
	EXPECT_EQ(cuts, sim_count("powercycles"));
	ASSERT_EQ(0, simulate("faults", "clear"));
	ASSERT_EQ(0, visit());
	EXPECT_TRUE(WAIT_UNTIL(is_state("off")));
	sim_clear();
}

/* Runtime PM is the kernel's own: its user interface holds too. */
TEST_F_TIMEOUT(power, control, SLOW_TIMEOUT)
{
	ASSERT_EQ(0, set_attr("power_off_ms", "20"));
	ASSERT_TRUE(WAIT_UNTIL(is_state("off")));
	ASSERT_EQ(0, set_attr("device/power/control", "on"));
	/* it has power, boots, and nobody uses it: its session is ended */
	ASSERT_TRUE(WAIT_UNTIL(is_state("asleep")));
	EXPECT_TRUE(attr_is("device/power/runtime_status", "active"));
	EXPECT_EQ(0, visit());
	ASSERT_EQ(0, set_attr("device/power/control", "auto"));
	EXPECT_TRUE(WAIT_UNTIL(is_state("off")));
	EXPECT_EQ(0, visit());
	EXPECT_EQ(0, sim_count("violations"));
}

/* Set to 0 between sleep and power-off: it stays on. */
TEST_F_TIMEOUT(power, second_thoughts, SLOW_TIMEOUT)
{
	long long cuts = sim_count("powercycles");

	ASSERT_EQ(0, set_attr("power_off_ms", "500"));
	ASSERT_EQ(0, visit());
	ASSERT_TRUE(WAIT_UNTIL(is_state("asleep")));
	ASSERT_EQ(0, set_attr("power_off_ms", "0"));
	usleep(1000000);	/* nothing is to happen */
	EXPECT_TRUE(is_state("asleep"));
	EXPECT_EQ(cuts, sim_count("powercycles"));
}

/* After a resume nobody knows how it is: it is put to sleep again. */
TEST_F_TIMEOUT(power, resume_with_nobody_there, SLOW_TIMEOUT)
{
	long long out;

	ASSERT_TRUE(WAIT_UNTIL(is_state("asleep")));
	out = attr_count("counters/blocks_out");
	ASSERT_EQ(0, simulate("sleep", "1"));
	EXPECT_EQ(out, attr_count("counters/blocks_out"));
	ASSERT_EQ(0, simulate("sleep", "0"));
	/* RESYNC and end of session, two blocks at least */
	EXPECT_TRUE(WAIT_UNTIL(attr_count("counters/blocks_out") >= out + 2 &&
			       is_state("asleep")));
	EXPECT_EQ(0, visit());
	EXPECT_EQ(0, sim_count("violations"));
}

TEST_F_TIMEOUT(power, resume_of_a_chip_that_is_off, SLOW_TIMEOUT)
{
	long long cuts, out;

	ASSERT_EQ(0, set_attr("power_off_ms", "20"));
	ASSERT_TRUE(WAIT_UNTIL(is_state("off")));
	cuts = sim_count("powercycles");
	out = attr_count("counters/blocks_out");
	ASSERT_EQ(0, simulate("sleep", "1"));
	ASSERT_EQ(0, simulate("sleep", "0"));
	usleep(200000);
	EXPECT_TRUE(is_state("off"));
	EXPECT_EQ(cuts, sim_count("powercycles"));
	EXPECT_EQ(out, attr_count("counters/blocks_out"));
	EXPECT_EQ(0, visit());
}

/* Whoever opened the chip and sent nothing is no client, and keeps no power on. */
TEST_F_TIMEOUT(power, off_under_a_file_that_sent_nothing, SLOW_TIMEOUT)
{
	long long cuts = sim_count("powercycles");
	int fd;

	ASSERT_EQ(0, set_attr("power_off_ms", "1000"));
	ASSERT_EQ(0, visit());
	fd = open_device(O_RDWR);
	EXPECT_TRUE(WAIT_UNTIL(is_state("off")));
	EXPECT_EQ(cuts + 1, sim_count("powercycles"));
	close(fd);
}

/* Another power_off_ms counts from now on, not when the old one is over. */
TEST_F_TIMEOUT(power, sooner_than_thought, SLOW_TIMEOUT)
{
	ASSERT_EQ(0, set_attr("power_off_ms", "3600000"));
	ASSERT_EQ(0, visit());
	ASSERT_TRUE(WAIT_UNTIL(is_state("asleep")));
	ASSERT_EQ(0, set_attr("power_off_ms", "20"));
	EXPECT_TRUE(WAIT_UNTIL(is_state("off")));
}

/* The driver core resumes what it unbinds; that chip has not said good-bye again. */
TEST_F_TIMEOUT(power, unbind_of_a_chip_that_is_off, SLOW_TIMEOUT)
{
	long long cuts;
	char name[64];

	if (!client_name(name, sizeof(name)))
		SKIP(return, "no client");
	ASSERT_EQ(0, set_attr("power_off_ms", "20"));
	ASSERT_TRUE(WAIT_UNTIL(is_state("off")));
	cuts = sim_count("powercycles");
	ASSERT_EQ(0, driver("unbind", name));
	EXPECT_EQ(cuts, sim_count("powercycles"));
	ASSERT_EQ(0, driver("bind", name));
	ASSERT_EQ(0, set_attr("idle_ms", "20"));
	EXPECT_EQ(0, visit());
	EXPECT_EQ(0, sim_count("violations"));
}

TEST_HARNESS_MAIN
