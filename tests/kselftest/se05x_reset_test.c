// SPDX-License-Identifier: GPL-2.0-only
/*
 * RESET: each kind, who may, what it costs the others
 */
#include "se05x_test.h"

FIXTURE(reset)
{
	int a;
};

FIXTURE_SETUP(reset)
{
	self->a = open_device(O_RDWR);
	ASSERT_LE(0, self->a) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
}

FIXTURE_TEARDOWN(reset)
{
	close(self->a);
}

static int reset(int fd, __u32 kind, __u32 flags)
{
	struct se05x_reset r = { .kind = kind, .flags = flags, .outcome = 99 };
	int ret = call(fd, SE05X_IOC_RESET, &r);

	if (r.outcome != (ret ? SE05X_OUTCOME_NOT_SENT : SE05X_OUTCOME_RAN))
		return 1000 + r.outcome;
	return ret;
}

/* The same by somebody without CAP_SYS_ADMIN */
static int user_reset(int fd, __u32 kind, __u32 flags)
{
	int ret;

	if (seteuid(NOBODY))
		return 1;
	ret = reset(fd, kind, flags);
	return seteuid(0) ? 1 : ret;
}

static bool has_power(int fd)
{
	struct se05x_info info = { 0 };

	return !call(fd, SE05X_IOC_INFO, &info) && (info.features & SE05X_FEATURE_POWER);
}

static __u32 state(int fd)
{
	struct se05x_info info = { 0 };

	return call(fd, SE05X_IOC_INFO, &info) ? 0 : info.state;
}

TEST_F_TIMEOUT(reset, kinds, SLOW_TIMEOUT)
{
	__u32 kind;

	for (kind = SE05X_RESET_SOFT; kind <= SE05X_RESET_POWER; kind++) {
		struct se05x_transceive t = { .demanded = generation(self->a) };
		__u64 before = t.demanded;

		if (kind == SE05X_RESET_POWER && !has_power(self->a)) {
			EXPECT_EQ(-EOPNOTSUPP, reset(self->a, kind, 0));
			continue;
		}
		ASSERT_EQ(0, reset(self->a, kind, 0)) TH_LOG("kind %u", kind);
		EXPECT_NE(before, generation(self->a));
		EXPECT_EQ(SE05X_STATE_ONLINE, state(self->a));
		EXPECT_EQ(-ESTALE, echo(self->a, &t)) TH_LOG("kind %u", kind);
		/* its applet is selected again */
		EXPECT_EQ(0, echo(self->a, NULL)) TH_LOG("kind %u", kind);
	}
}

TEST_F_TIMEOUT(reset, only_client, SLOW_TIMEOUT)
{
	int b;

	EXPECT_EQ(0, user_reset(self->a, SE05X_RESET_SOFT, 0));
	EXPECT_EQ(-EPERM, user_reset(self->a, SE05X_RESET_SOFT, SE05X_RESET_FORCE));
	b = open_device(O_RDWR);
	ASSERT_LE(0, b);
	ASSERT_TRUE(IS_SELECTED(b, test_aid));
	EXPECT_EQ(-EPERM, user_reset(self->a, SE05X_RESET_SOFT, 0));
	close(b);
	EXPECT_EQ(0, user_reset(self->a, SE05X_RESET_SOFT, 0));
}

/* The lock does not make it more: there is no other client, or it is refused. */
TEST_F_TIMEOUT(reset, holder, SLOW_TIMEOUT)
{
	struct se05x_lock l = { 0 };
	int b = open_device(O_RDWR);

	ASSERT_LE(0, b);
	ASSERT_EQ(0, call(self->a, SE05X_IOC_LOCK, &l));
	EXPECT_EQ(0, user_reset(self->a, SE05X_RESET_SOFT, 0));
	/* a lock of one's own is not broken */
	memset(&l, 0, sizeof(l));
	EXPECT_EQ(-EALREADY, call(self->a, SE05X_IOC_LOCK, &l));
	struct se05x_unlock u = { 0 };

	ASSERT_EQ(0, call(self->a, SE05X_IOC_UNLOCK, &u));
	ASSERT_TRUE(IS_SELECTED(b, test_aid));
	ASSERT_EQ(0, call(self->a, SE05X_IOC_LOCK, &l));
	EXPECT_EQ(-EPERM, user_reset(self->a, SE05X_RESET_SOFT, 0));
	close(b);
}

/*
 * Somebody who may open the device and nothing more: the chip is not his to take
 * from the others, nor his lock to keep root out.
 */
TEST_F_TIMEOUT(reset, member, SLOW_TIMEOUT)
{
	struct se05x_lock l = { .deadline_ms = 1000 };
	int b = open_device(O_RDWR), ret, err;
	__u32 kind;

	ASSERT_LE(0, b);
	ASSERT_TRUE(IS_SELECTED(b, test_aid));
	ASSERT_EQ(0, seteuid(NOBODY));
	ret = open_device(O_RDWR);
	err = errno;
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(-1, ret);	/* without udev it is root's */
	EXPECT_EQ(EACCES, err);

	/* with the lock and without */
	EXPECT_EQ(-EPERM, user_reset(b, SE05X_RESET_SOFT, 0));
	ASSERT_EQ(0, seteuid(NOBODY));
	ret = call(b, SE05X_IOC_LOCK, &l);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, ret);
	for (kind = SE05X_RESET_SOFT; kind <= SE05X_RESET_CHIP; kind++) {
		EXPECT_EQ(-EPERM, user_reset(b, kind, 0)) TH_LOG("kind %u", kind);
		EXPECT_EQ(-EPERM, user_reset(b, kind, SE05X_RESET_FORCE));
	}
	EXPECT_EQ(0, echo(b, NULL));
	EXPECT_EQ(0, reset(self->a, SE05X_RESET_SOFT, 0));
	EXPECT_EQ(0, echo(self->a, NULL));	/* the lock is broken */
	EXPECT_EQ(-ESTALE, echo(b, NULL));
	close(b);
}

/* Root goes before the queue, but waits for the exchange in flight. */
TEST_F_TIMEOUT(reset, waits_for_the_exchange, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->a, 3000);
	int b = open_device(O_RDWR);
	long long runs = sim_count("runs");

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(computes(runs)));
	EXPECT_EQ(0, reset(b, SE05X_RESET_SOFT, 0));
	EXPECT_EQ(0, finish(slow));
	EXPECT_EQ(SW_OK, slow->t.sw);
	close(b);
	free_job(slow);
}

TEST_F_TIMEOUT(reset, force_cuts, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->a, 60000);
	int b = open_device(O_RDWR);
	__u32 kind = has_power(b) ? SE05X_RESET_POWER : SE05X_RESET_CHIP;

	EXPECT_GE(0, sim_count("violations"));
	sim_clear();
	start(slow);
	/* let it be on the wire */
	ASSERT_TRUE(WAIT_UNTIL(computes(0)));
	EXPECT_EQ(0, reset(b, kind, SE05X_RESET_FORCE));
	/* power was cut while the chip computed: that was what FORCE asked for */
	if (kind == SE05X_RESET_POWER && sim_count("runs") >= 0)
		EXPECT_EQ(1, sim_count("violations"));
	sim_clear();
	EXPECT_NE(0, finish(slow));
	EXPECT_TRUE(slow->ret == -ECONNRESET || slow->ret == -ECONNABORTED)
		TH_LOG("%s", strerror(-slow->ret));
	EXPECT_EQ(slow->ret == -ECONNRESET ? SE05X_OUTCOME_MAY_HAVE_RUN :
					     SE05X_OUTCOME_NOT_SENT, slow->t.outcome);
	EXPECT_EQ(0, echo(self->a, NULL));
	close(b);
	free_job(slow);
}

/* Only for FORCE's own sake may power be cut, not for that of another reset. */
TEST_F_TIMEOUT(reset, force_of_another, SLOW_TIMEOUT)
{
	struct job *slow = delay_job(self->a, 3000);
	int b = open_device(O_RDWR), c = open_device(O_RDWR);
	struct job *power = new_job(b, SE05X_IOC_RESET);

	if (!has_power(b))
		SKIP(return, "no power to switch");
	if (sim_count("violations") < 0)
		SKIP(return, "no simulated chip that would tell");
	power->r.kind = SE05X_RESET_POWER;
	sim_clear();
	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(sim_count("runs") > 0));
	start(power);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(power->pid)));
	EXPECT_EQ(0, reset(c, SE05X_RESET_SOFT, SE05X_RESET_FORCE));
	EXPECT_EQ(0, finish(power));
	EXPECT_EQ(-ECONNRESET, finish(slow));
	EXPECT_EQ(0, sim_count("violations"));
	EXPECT_EQ(0, echo(self->a, NULL));
	close(b);
	close(c);
	free_job(slow);
	free_job(power);
}

TEST_HARNESS_MAIN
