// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unbind and bind under open files
 */
#include "se05x_test.h"

FIXTURE(bind)
{
	int fd;
	char name[64];	/* of the client on its bus */
};

FIXTURE_SETUP(bind)
{
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	ASSERT_TRUE(client_name(self->name, sizeof(self->name)));
}

FIXTURE_TEARDOWN(bind)
{
	if (self->fd >= 0)
		close(self->fd);
	driver("bind", self->name);	/* if the test stopped in between */
}

static short events(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&p, 1, 0);
	return p.revents;
}

TEST_F_TIMEOUT(bind, old_files_and_new, SLOW_TIMEOUT)
{
	__u64 before = generation(self->fd);
	struct se05x_info info = { 0 };
	struct se05x_unlock u = { 0 };
	struct job *job = echo_job(self->fd, (const __u8 *)"x", 1);
	int fd;

	EXPECT_EQ(0, events(self->fd));
	ASSERT_EQ(0, driver("unbind", self->name));
	EXPECT_EQ(-1, open_device(O_RDWR));
	EXPECT_EQ(POLLHUP | POLLERR, events(self->fd));
	EXPECT_EQ(-ENODEV, run(job));
	EXPECT_EQ(-ENODEV, call(self->fd, SE05X_IOC_INFO, &info));
	EXPECT_EQ(-ENODEV, call(self->fd, SE05X_IOC_UNLOCK, &u));

	ASSERT_EQ(0, driver("bind", self->name));
	/* under the old open file the name is free again */
	ASSERT_TRUE(WAIT_UNTIL((fd = open_device(O_RDWR)) >= 0));
	EXPECT_NE(before, generation(fd));
	EXPECT_TRUE(IS_SELECTED(fd, test_aid));
	EXPECT_EQ(0, echo(fd, NULL));
	EXPECT_EQ(-ENODEV, run(job));
	close(fd);
	free_job(job);
}

/* An exchange in flight is waited for; whoever is queued is told at once. */
TEST_F_TIMEOUT(bind, exchange_in_flight, SLOW_TIMEOUT)
{
	int other = open_device(O_RDWR);
	struct job *slow = delay_job(self->fd, 4000);
	struct job *queued = echo_job(other, (const __u8 *)"x", 1);
	long long runs = sim_count("runs");

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(computes(runs)));
	start(queued);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(queued->pid)));
	ASSERT_EQ(0, driver("unbind", self->name));
	EXPECT_EQ(-ENODEV, finish(queued));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, queued->t.outcome);
	EXPECT_EQ(0, finish(slow));
	EXPECT_EQ(SE05X_OUTCOME_RAN, slow->t.outcome);
	EXPECT_EQ(SW_OK, slow->t.sw);
	ASSERT_EQ(0, driver("bind", self->name));
	close(other);
	free_job(slow);
	free_job(queued);
}

/* But not for ever. */
TEST_F_TIMEOUT(bind, endless_exchange, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->fd, 40000);
	long long runs = sim_count("runs");

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(computes(runs)));
	ASSERT_EQ(0, driver("unbind", self->name));
	EXPECT_EQ(-ECONNRESET, finish(slow));
	EXPECT_EQ(SE05X_OUTCOME_MAY_HAVE_RUN, slow->t.outcome);
	ASSERT_EQ(0, driver("bind", self->name));
	free_job(slow);
	close(self->fd);
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd);
	EXPECT_TRUE(IS_SELECTED(self->fd, test_aid));
	EXPECT_EQ(0, echo(self->fd, NULL));
}

TEST_HARNESS_MAIN
