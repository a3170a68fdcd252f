// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secure channels that programs open: whose they are, and what ends them
 */
#include "se05x_test.h"

/*
 * A secure channel: INITIALIZE UPDATE of the IoT applet, answered 9000. It need
 * not be finished to be one.
 */
FIXTURE(channel)
{
	int a;
	int b;
	struct se05x_transceive opened;
};

static int initialize_update(int fd, struct se05x_transceive *t)
{
	static const __u8 apdu[] = {
		0x80, 0x50, 0x00, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 0x00
	};
	struct job *job = apdu_job(fd, apdu, sizeof(apdu));
	int ret = run(job);

	*t = job->t;
	free_job(job);
	return ret;
}

FIXTURE_SETUP(channel)
{
	struct se05x_select s;

	self->a = open_device(O_RDWR);
	self->b = open_device(O_RDWR);
	ASSERT_LE(0, self->a) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_LE(0, self->b);
	ASSERT_EQ(0, select_aid(self->a, iot_aid, sizeof(iot_aid), SE05X_SELECT_FRESH, &s));
	ASSERT_EQ(SW_OK, s.sw);
	ASSERT_EQ(0, initialize_update(self->a, &self->opened));
	ASSERT_EQ(SW_OK, self->opened.sw);
	ASSERT_NE(s.generation, self->opened.generation);
}

FIXTURE_TEARDOWN(channel)
{
	close(self->a);
	close(self->b);
}

static int version_again(int fd, struct se05x_transceive *t)
{
	static const __u8 apdu[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };
	struct job *job = apdu_job(fd, apdu, sizeof(apdu));
	int ret;

	job->t.demanded = t->demanded;
	ret = run(job);
	*t = job->t;
	free_job(job);
	return ret;
}

/* As long as nobody comes between, nothing is selected and nothing changes. */
TEST_F(channel, kept)
{
	struct se05x_transceive t = { .demanded = self->opened.generation };
	long long runs = sim_count("runs");

	EXPECT_EQ(0, version_again(self->a, &t));
	EXPECT_EQ(self->opened.generation, t.generation);
	if (runs >= 0)
		EXPECT_EQ(runs + 1, sim_count("runs"));
}

FIXTURE_VARIANT(channel)
{
	bool bound;
};

TEST_F(channel, lost_to_a_file_that_never_selected)
{
	struct se05x_transceive t = { 0 };
	long long runs = sim_count("runs");

	EXPECT_EQ(0, version(self->b));
	EXPECT_NE(self->opened.generation, generation(self->b));
	if (runs >= 0)	/* its APDU must not land in the channel */
		EXPECT_EQ(runs + 2, sim_count("runs"));

	EXPECT_EQ(-ESTALE, version_again(self->a, &t));
	EXPECT_EQ(SE05X_REASON_CHANNEL, t.reason);
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	EXPECT_EQ(0, version_again(self->a, &t));
	EXPECT_EQ(SW_OK, t.sw);
}

TEST_F(channel, lost_to_the_same_applet)
{
	struct se05x_transceive t = { 0 };
	struct se05x_select s;

	/* bound already, as far as the name goes; but that is a's channel */
	ASSERT_EQ(0, select_aid(self->b, iot_aid, sizeof(iot_aid), 0, &s));
	EXPECT_EQ(SW_OK, s.sw);
	EXPECT_NE(self->opened.generation, s.generation);
	EXPECT_EQ(0, version(self->b));
	EXPECT_EQ(-ESTALE, version_again(self->a, &t));
	EXPECT_EQ(SE05X_REASON_CHANNEL, t.reason);
	EXPECT_EQ(0, version_again(self->a, &t));
}

TEST_F(channel, lost_to_another_applet)
{
	struct se05x_transceive t = { 0 };

	ASSERT_TRUE(IS_SELECTED(self->b, test_aid));
	EXPECT_EQ(0, echo(self->b, NULL));
	EXPECT_EQ(-ESTALE, version_again(self->a, &t));
	EXPECT_EQ(SE05X_REASON_CHANNEL, t.reason);
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	EXPECT_EQ(0, version_again(self->a, &t));
	EXPECT_EQ(0, echo(self->b, NULL));
}

/* A SELECT of its own is carried out and clears the loss. */
TEST_F(channel, selected_again)
{
	struct se05x_select s;

	ASSERT_TRUE(IS_SELECTED(self->b, test_aid));
	ASSERT_EQ(0, select_aid(self->a, iot_aid, sizeof(iot_aid), 0, &s));
	EXPECT_EQ(SW_OK, s.sw);
	EXPECT_EQ(0, version(self->a));
}

/* Selecting the applet in one's own channel ends the channel: no remembering. */
TEST_F(channel, own_select_is_sent)
{
	long long runs = sim_count("runs");
	struct se05x_select s;

	ASSERT_EQ(0, select_aid(self->a, iot_aid, sizeof(iot_aid), SE05X_SELECT_FRESH, &s));
	EXPECT_EQ(SW_OK, s.sw);
	EXPECT_NE(self->opened.generation, s.generation);
	if (runs >= 0)
		EXPECT_EQ(runs + 1, sim_count("runs"));
	EXPECT_EQ(0, version(self->a));
}

/* Who holds the lock keeps his channel. */
TEST_F_TIMEOUT(channel, locked, SLOW_TIMEOUT)
{
	struct se05x_transceive t = { .demanded = self->opened.generation };
	struct se05x_lock l = { 0 };
	struct se05x_unlock u = { 0 };
	struct job *job = delay_job(self->b, 0);

	ASSERT_EQ(0, call(self->a, SE05X_IOC_LOCK, &l));
	job->t.deadline_ms = 50;
	EXPECT_EQ(-EBUSY, run(job));
	EXPECT_EQ(0, version_again(self->a, &t));
	EXPECT_EQ(0, call(self->a, SE05X_IOC_UNLOCK, &u));
	EXPECT_EQ(self->opened.generation, u.generation);
	free_job(job);
}

/* Nobody inherits a channel. */
TEST_F(channel, owner_closed)
{
	long long runs;

	close(self->a);
	runs = sim_count("runs");
	EXPECT_EQ(0, version(self->b));
	EXPECT_NE(self->opened.generation, generation(self->b));
	if (runs >= 0)
		EXPECT_EQ(runs + 2, sim_count("runs"));
	self->a = open_device(O_RDWR);
}

TEST_F(channel, lost_by_reset)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
	struct se05x_transceive t = { 0 };

	close(self->b);
	ASSERT_EQ(0, call(self->a, SE05X_IOC_RESET, &r));
	EXPECT_EQ(-ESTALE, version_again(self->a, &t));
	EXPECT_EQ(SE05X_REASON_CHANNEL, t.reason);
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	EXPECT_EQ(0, version_again(self->a, &t));
	self->b = open_device(O_RDWR);
}

/* A command of the channel's is cut: the channel is gone, and its file is told so. */
TEST_F_TIMEOUT(channel, lost_by_force, SLOW_TIMEOUT)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT, .flags = SE05X_RESET_FORCE };
	struct se05x_transceive t = { 0 };

	ASSERT_EQ(0, call(self->b, SE05X_IOC_RESET, &r));
	EXPECT_EQ(-ESTALE, version_again(self->a, &t));
	EXPECT_EQ(SE05X_REASON_CHANNEL, t.reason);
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	EXPECT_EQ(0, version_again(self->a, &t));
}

/* A lost channel is told once, with a demanded generation as without. */
TEST_F_TIMEOUT(channel, lost_is_told_once, SLOW_TIMEOUT)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
	struct se05x_transceive t = { .demanded = self->opened.generation };

	ASSERT_EQ(0, call(self->b, SE05X_IOC_RESET, &r));
	EXPECT_EQ(-ESTALE, version_again(self->a, &t));
	EXPECT_EQ(SE05X_REASON_CHANNEL, t.reason);
	t.demanded = 0;
	EXPECT_EQ(0, version_again(self->a, &t));
}

TEST_HARNESS_MAIN
