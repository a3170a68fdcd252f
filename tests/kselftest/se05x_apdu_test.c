// SPDX-License-Identifier: GPL-2.0-only
/*
 * APDUs through /dev/se05x: sizes, slow commands, deadlines, signals, kills
 */
#include "se05x_test.h"

FIXTURE(apdu)
{
	int fd;
	int other;
};

FIXTURE_SETUP(apdu)
{
	self->fd = open_device(O_RDWR);
	self->other = open_device(O_RDWR);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_LE(0, self->other);
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	ASSERT_TRUE(IS_SELECTED(self->other, test_aid));
}

FIXTURE_TEARDOWN(apdu)
{
	close(self->fd);
	close(self->other);
}

TEST_F(apdu, info)
{
	static const __u8 simulated[] = {
		0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
		0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00,
		0x0A, 'J', 'C', 'O', 'P', '4', ' ', 'A', 'T', 'P', 'O',
	};
	struct se05x_info info;
	size_t i;

	memset(&info, 0, sizeof(info));
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_INFO, &info));
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(SE05X_STATE_ONLINE, info.state);
	EXPECT_NE(0, info.generation);
	EXPECT_EQ(0, info.features & ~SE05X_FEATURE_POWER);
	EXPECT_EQ(SE05X_FLAVOUR_UM11225, info.flavour);
	EXPECT_EQ(4096, info.max_command);
	EXPECT_EQ(4098, info.max_response);
	EXPECT_EQ(0, memcmp(info.vendor, "\xA0\x00\x00\x03\x96", 5));
	EXPECT_EQ(0, memcmp(info.padding, "\0\0\0", 3));
	for (i = info.atr_len; i < sizeof(info.atr); i++)
		EXPECT_EQ(0, info.atr[i]);
	EXPECT_EQ(SE05X_CHANNEL_NONE, info.channel);
	EXPECT_EQ(!info.openings, info.channel_key == SE05X_CHANNEL_KEY_NONE);
	EXPECT_EQ(0, info.overhead_command);
	EXPECT_EQ(0, info.overhead_response);

	if (sim_count("runs") < 0)
		SKIP(return, "a real chip: its ATR is its own");
	ASSERT_EQ(sizeof(simulated), info.atr_len);
	EXPECT_EQ(0, memcmp(info.atr, simulated, sizeof(simulated)));
	EXPECT_EQ(0, info.protocol_version);
	EXPECT_EQ(1000, info.bwt_ms);
	EXPECT_EQ(254, info.ifsc);
	EXPECT_EQ(1000, info.mcf_khz);
	EXPECT_EQ(8, info.config);
	EXPECT_EQ(1, info.mpot_ms);
	EXPECT_EQ(100, info.segt_us);
	EXPECT_EQ(0, info.wut_us);
}

/* What INFO says does not depend on what was in the struct before. */
TEST_F(apdu, info_is_all_output)
{
	struct se05x_info zeros, ones;

	memset(&zeros, 0, sizeof(zeros));
	memset(&ones, 0xFF, sizeof(ones));
	ones.flags = 0;
	memset(ones.padding, 0, sizeof(ones.padding));
	memset(ones.reserved_in, 0, sizeof(ones.reserved_in));
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_INFO, &zeros));
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_INFO, &ones));
	EXPECT_EQ(0, memcmp(&zeros, &ones, sizeof(zeros)));
}

/* To open a chip that is awake costs nothing on the wire, and neither does a close. */
TEST_F(apdu, opening_is_free)
{
	long long before = sim_count("transfers");
	struct se05x_info info = { };
	int fd;

	if (before < 0)
		SKIP(return, "a real chip: nobody counts its transfers");
	fd = open_device(O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(IS_SELECTED(fd, test_aid));	/* remembered */
	ASSERT_EQ(0, call(fd, SE05X_IOC_INFO, &info));
	EXPECT_EQ(SE05X_STATE_ONLINE, info.state);
	close(fd);
	EXPECT_EQ(before, sim_count("transfers"));
	/* the same when nobody has it open; it falls asleep five seconds later */
	close(self->fd);
	close(self->other);
	self->fd = open_device(O_RDWR);
	self->other = open_device(O_RDWR);
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_INFO, &info));
	EXPECT_EQ(SE05X_STATE_ONLINE, info.state);
	EXPECT_EQ(before, sim_count("transfers"));
	EXPECT_EQ(0, echo(self->fd, NULL));
	EXPECT_LT(before, sim_count("transfers"));
}

TEST_F(apdu, version)
{
	ASSERT_TRUE(IS_SELECTED(self->fd, iot_aid));
	EXPECT_EQ(0, version(self->fd));
}

/* Around every border of block and chain, there and back */
TEST_F_TIMEOUT(apdu, sizes, SLOW_TIMEOUT)
{
	static const size_t sizes[] = {
		0, 1, 2, 247, 248, 249, 250, 253, 254, 255, 256, 257, 500, 501, 502,
		506, 507, 508, 509, 892, 1015,
	};
	__u8 data[1024];
	struct job *job;
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + (i >> 8);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		job = echo_job(self->fd, data, sizes[i]);
		ASSERT_EQ(0, run(job)) TH_LOG("%zu bytes", sizes[i]);
		EXPECT_EQ(SE05X_OUTCOME_RAN, job->t.outcome);
		EXPECT_EQ(SW_OK, job->t.sw);
		ASSERT_EQ(sizes[i] + 2, job->t.response_len) TH_LOG("%zu bytes", sizes[i]);
		EXPECT_EQ(0, memcmp(job->response, data, sizes[i]))
			TH_LOG("%zu bytes", sizes[i]);
		EXPECT_EQ(0, memcmp(job->response + sizes[i], "\x90\x00", 2));
		free_job(job);
	}
}

TEST_F_TIMEOUT(apdu, response_sizes, SLOW_TIMEOUT)
{
	static const __u16 sizes[] = {
		0, 1, 2, 251, 252, 253, 254, 255, 256, 257, 505, 506, 507, 508, 509, 510,
		892, 1024, 4096,
	};
	struct job *job;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		__u8 apdu[] = { 0x80, 0x14, sizes[i] >> 8, sizes[i] & 0xff };

		job = apdu_job(self->fd, apdu, sizeof(apdu));
		ASSERT_EQ(0, run(job)) TH_LOG("%u bytes", sizes[i]);
		EXPECT_EQ(SW_OK, job->t.sw);
		ASSERT_EQ(sizes[i] + 2, job->t.response_len) TH_LOG("%u bytes", sizes[i]);
		for (j = 0; j < sizes[i]; j++)
			if (job->response[j] != (j & 0xff))
				break;
		EXPECT_EQ(sizes[i], j);
		free_job(job);
	}
}

/* Longer than BWT: the chip asks for more time, once and several times. */
TEST_F_TIMEOUT(apdu, slow, SLOW_TIMEOUT)
{
	static const __u16 ms[] = { 900, 1300, 3500 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ms); i++) {
		struct job *job = delay_job(self->fd, ms[i]);

		EXPECT_EQ(0, run(job)) TH_LOG("%u ms", ms[i]);
		EXPECT_EQ(SE05X_OUTCOME_RAN, job->t.outcome);
		EXPECT_EQ(SW_OK, job->t.sw);
		EXPECT_EQ(0, echo(self->fd, NULL));
		free_job(job);
	}
}

/* The deadline is the caller's: he goes, the exchange is finished without him. */
TEST_F_TIMEOUT(apdu, deadline_in_flight, SLOW_TIMEOUT)
{
	struct job *job = delay_job(self->fd, 3000);
	long long runs = sim_count("runs");

	job->t.deadline_ms = 1000;
	EXPECT_EQ(-ETIMEDOUT, run(job));
	EXPECT_EQ(SE05X_OUTCOME_MAY_HAVE_RUN, job->t.outcome);
	EXPECT_EQ(0, job->t.sw);
	EXPECT_EQ(0, echo(self->fd, NULL));
	EXPECT_EQ(0, echo(self->other, NULL));
	if (runs >= 0)
		EXPECT_EQ(runs + 3, sim_count("runs"));
	free_job(job);
}

/* Whoever's first byte was not out yet was not sent. */
TEST_F_TIMEOUT(apdu, deadline_in_queue, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->fd, 5000);
	struct job *late = delay_job(self->other, 0);
	struct se05x_select s = { .flags = SE05X_SELECT_FRESH, .deadline_ms = 50 };
	long long runs = sim_count("runs");

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(is_busy()));
	late->t.deadline_ms = 50;
	EXPECT_EQ(-EBUSY, run(late));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, late->t.outcome);
	EXPECT_EQ(-EBUSY, call(self->other, SE05X_IOC_SELECT, &s));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, s.outcome);
	EXPECT_EQ(0, finish(slow));
	EXPECT_EQ(SW_OK, slow->t.sw);
	EXPECT_EQ(0, echo(self->other, NULL));
	if (runs >= 0)
		EXPECT_EQ(runs + 2, sim_count("runs"));
	free_job(slow);
	free_job(late);
}

/* The turn on the own file counts too. */
TEST_F_TIMEOUT(apdu, deadline_in_turn, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->fd, 5000);
	struct job *late = delay_job(self->fd, 0);

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(is_busy()));
	late->t.deadline_ms = 50;
	EXPECT_EQ(-EBUSY, run(late));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, late->t.outcome);
	EXPECT_EQ(0, finish(slow));
	free_job(slow);
	free_job(late);
}

TEST_F_TIMEOUT(apdu, nonblock, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->fd, 3000);
	int fd = open_device(O_RDWR | O_NONBLOCK);
	struct se05x_lock l = { 0 };
	struct se05x_select s = { .flags = SE05X_SELECT_FRESH };
	struct job *job = delay_job(fd, 0);
	__u8 apdu[] = { 0x80, 0x12, 0x05, 0x14 };	/* the exchange is waited for */

	ASSERT_LE(0, fd);
	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(is_busy()));
	EXPECT_EQ(-EAGAIN, run(job));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, job->t.outcome);
	EXPECT_EQ(-EAGAIN, call(fd, SE05X_IOC_LOCK, &l));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, l.outcome);
	EXPECT_EQ(-EAGAIN, call(fd, SE05X_IOC_SELECT, &s));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, s.outcome);
	EXPECT_EQ(0, finish(slow));

	memcpy(job->command, apdu, sizeof(apdu));
	EXPECT_EQ(0, run(job));
	EXPECT_EQ(SE05X_OUTCOME_RAN, job->t.outcome);
	close(fd);
	free_job(slow);
	free_job(job);
}

/* A signal ends the wait in the queue, and the kernel never restarts the call. */
TEST_F_TIMEOUT(apdu, signal_while_queued, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->fd, 5000);
	struct job *queued = delay_job(self->other, 0);

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(is_busy()));
	start(queued);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(queued->pid)));
	kill(queued->pid, SIGUSR1);
	EXPECT_EQ(-EINTR, finish(queued));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, queued->t.outcome);
	EXPECT_EQ(0, finish(slow));
	free_job(slow);
	free_job(queued);
}

/* In flight it does nothing: the answer comes. */
TEST_F_TIMEOUT(apdu, signal_in_flight, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->fd, 3000);
	long long runs = sim_count("runs");

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(computes(runs)));
	kill(slow->pid, SIGUSR1);
	EXPECT_EQ(0, finish(slow));
	EXPECT_EQ(SE05X_OUTCOME_RAN, slow->t.outcome);
	EXPECT_EQ(SW_OK, slow->t.sw);
	free_job(slow);
}

/* The exchange goes on without its caller, and nobody gets its answer. */
TEST_F_TIMEOUT(apdu, killed_in_flight, SLOW_TIMEOUT)
{
	int i;

	for (i = 0; i < 3; i++) {
		struct job *slow = delay_job(self->fd, 2000);
		long long runs = sim_count("runs");

		start(slow);
		ASSERT_TRUE(WAIT_UNTIL(computes(runs)));
		kill(slow->pid, SIGKILL);
		EXPECT_EQ(1, finish(slow));
		/* gone before the chip was done */
		EXPECT_TRUE(is_busy());
		EXPECT_EQ(0, echo(self->fd, NULL));
		EXPECT_EQ(0, echo(self->other, NULL));
		free_job(slow);
	}
}

TEST_F_TIMEOUT(apdu, killed_while_queued, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->fd, 2000);
	struct job *queued = delay_job(self->other, 0);
	long long runs = sim_count("runs");

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(is_busy()));
	start(queued);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(queued->pid)));
	kill(queued->pid, SIGKILL);
	EXPECT_EQ(1, finish(queued));
	EXPECT_EQ(0, finish(slow));
	EXPECT_EQ(0, echo(self->other, NULL));
	if (runs >= 0)
		EXPECT_EQ(runs + 2, sim_count("runs"));
	free_job(slow);
	free_job(queued);
}

/* The strict chip saw no rule of the wire broken by any of this. */
TEST_F(apdu, no_violation)
{
	if (sim_count("violations") < 0)
		SKIP(return, "a real chip keeps it to itself");
	EXPECT_EQ(0, sim_count("violations"));
}

TEST_HARNESS_MAIN
