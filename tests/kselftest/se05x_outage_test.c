// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bus that is silent for longer than the driver tries: given up, and back again
 * without anybody's help
 */
#include "se05x_test.h"

FIXTURE(outage)
{
	int fd;
	int faults;
};

FIXTURE_SETUP(outage)
{
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	self->faults = open(SIM_DIR "faults", O_WRONLY);
	if (self->faults < 0)
		SKIP(return, "no simulated chip");
	ASSERT_EQ(6, write(self->faults, "silent", 6));
	/* as long as the first try takes, or more */
	EXPECT_GT(0, echo(self->fd, NULL));
	ASSERT_TRUE(WAIT_UNTIL(attr_is("state", "given-up")));
}

FIXTURE_TEARDOWN(outage)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };

	if (self->faults >= 0) {
		ASSERT_EQ(5, write(self->faults, "clear", 5));
		close(self->faults);
		/* or the next test would have to wait for its turn to try */
		EXPECT_EQ(0, call(self->fd, SE05X_IOC_RESET, &r));
		sim_clear();
	}
	close(self->fd);
}

/* The chip is tried again by requests, no RESET and no rebind. */
TEST_F_TIMEOUT(outage, comes_back, 2 * SLOW_TIMEOUT)
{
	struct se05x_transceive t = { 0 };

	EXPECT_EQ(-ENOLINK, echo(self->fd, &t));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	ASSERT_EQ(5, write(self->faults, "clear", 5));
	EXPECT_TRUE(WAIT_UNTIL(!echo(self->fd, NULL)));
	EXPECT_TRUE(attr_is("state", "online"));
}

/*
 * Between two tries nothing is written, and while one is under way others get
 * ENOLINK at once. State and events stay as they are.
 */
TEST_F_TIMEOUT(outage, nobody_waits, 2 * SLOW_TIMEOUT)
{
	long long given_up = attr_count("counters/rung_given_up");
	int other = open_device(O_RDWR);
	struct job *job = delay_job(self->fd, 0);
	long long sent;

	ASSERT_LE(0, other);
	do {	/* until one of them is a try, which takes a block timeout */
		sent = sim_count("transfers");
		start(job);
		while (sim_count("transfers") == sent && !waitpid(job->pid, NULL, WNOHANG))
			usleep(100);
	} while (sim_count("transfers") == sent && job->ret == -ENOLINK);
	ASSERT_LT(sent, sim_count("transfers"));
	EXPECT_EQ(-ENOLINK, echo(other, NULL));
	EXPECT_TRUE(in_ioctl(job->pid));
	EXPECT_TRUE(attr_is("state", "given-up"));
	EXPECT_EQ(-ENOLINK, finish(job));
	EXPECT_TRUE(attr_is("state", "given-up"));
	EXPECT_EQ(given_up, attr_count("counters/rung_given_up"));
	close(other);
	free_job(job);
}

TEST_HARNESS_MAIN
