// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client is an open file that has had a TRANSCEIVE, SELECT or LOCK served. One
 * that never did is nobody: it keeps nothing and is in nobody's way.
 */
#include "se05x_test.h"

FIXTURE(client)
{
	int a;
	int idle;	/* open, and nothing more */
	char idle_ms[16];
};

FIXTURE_SETUP(client)
{
	self->idle = open_device(O_RDWR);
	self->a = open_device(O_RDWR);
	ASSERT_LE(0, self->idle) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_LE(0, self->a);
	ASSERT_EQ(0, get_attr("idle_ms", self->idle_ms, sizeof(self->idle_ms)));
}

FIXTURE_TEARDOWN(client)
{
	set_attr("idle_ms", self->idle_ms);
	close(self->a);
	close(self->idle);
}

static int reset(int fd)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };

	return call(fd, SE05X_IOC_RESET, &r);
}

/* By somebody without CAP_SYS_ADMIN: 0 if this file is the only client */
static int user_reset(int fd)
{
	int ret;

	if (seteuid(NOBODY))
		return 1;
	ret = reset(fd);
	return seteuid(0) ? 1 : ret;
}

/* ---- what an open file does not do ---- */

TEST_F_TIMEOUT(client, keeps_no_chip_awake, SLOW_TIMEOUT)
{
	ASSERT_EQ(0, set_attr("idle_ms", "1"));
	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	EXPECT_EQ(0, echo(self->a, NULL));
	close(self->a);
	EXPECT_TRUE(WAIT_UNTIL(attr_is("state", "asleep")));
	/* nor does it wake it: opened, looked at, closed */
	self->a = open_device(O_RDWR);
	EXPECT_NE(0, generation(self->a));
	EXPECT_TRUE(attr_is("state", "asleep"));
	EXPECT_EQ(0, echo(self->idle, NULL));
	EXPECT_TRUE(attr_is("state", "online"));
}

/* When the last client is gone nothing is inherited, whoever has the file open. */
TEST_F(client, keeps_no_context)
{
	long long runs;
	__u64 before;

	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	before = generation(self->a);
	close(self->a);
	runs = sim_count("runs");
	EXPECT_EQ(0, echo(self->idle, NULL));
	EXPECT_NE(before, generation(self->idle));
	if (runs >= 0)	/* what was selected last is really selected */
		EXPECT_EQ(runs + 2, sim_count("runs"));
	self->a = open_device(O_RDWR);
}

/* The other way round: closing it takes nothing from those who work. */
TEST_F(client, close_changes_nothing)
{
	long long runs;
	__u64 before;

	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	before = generation(self->a);
	runs = sim_count("runs");
	close(self->idle);
	EXPECT_EQ(0, echo(self->a, NULL));
	EXPECT_EQ(before, generation(self->a));
	if (runs >= 0)
		EXPECT_EQ(runs + 1, sim_count("runs"));
	self->idle = open_device(O_RDWR);
}

TEST_F_TIMEOUT(client, forbids_no_reset, SLOW_TIMEOUT)
{
	EXPECT_EQ(0, user_reset(self->a));	/* also by one that is nobody itself */
	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	EXPECT_EQ(0, user_reset(self->a));
	EXPECT_EQ(-EPERM, user_reset(self->idle));	/* but a is somebody now */
}

/* ---- what makes a client, and what does not ---- */

TEST_F_TIMEOUT(client, is_not_made_by, SLOW_TIMEOUT)
{
	static const __u8 other_channel[] = { 0x01, 0x10, 0x00, 0x00 };
	struct se05x_transceive bad = { .flags = ~0U };
	struct se05x_unlock u = { 0 };
	struct se05x_info info = { 0 };
	struct se05x_lock l = { 0 };
	struct job *job = echo_job(self->idle, (const __u8 *)"x", 1);

	EXPECT_EQ(0, call(self->idle, SE05X_IOC_INFO, &info));
	EXPECT_EQ(0, user_reset(self->a));
	EXPECT_EQ(-EPERM, call(self->idle, SE05X_IOC_UNLOCK, &u));
	EXPECT_EQ(0, user_reset(self->a));
	EXPECT_EQ(-EINVAL, call(self->idle, SE05X_IOC_TRANSCEIVE, &bad));
	EXPECT_EQ(0, user_reset(self->a));
	EXPECT_EQ(0, reset(self->idle));
	EXPECT_EQ(0, user_reset(self->a));

	/* a command that never had its turn */
	ASSERT_EQ(0, call(self->a, SE05X_IOC_LOCK, &l));
	job->t.deadline_ms = 20;
	EXPECT_EQ(-EBUSY, run(job));
	EXPECT_EQ(0, call(self->a, SE05X_IOC_UNLOCK, &u));
	EXPECT_EQ(0, user_reset(self->a));

	/* and one that was refused before */
	memcpy(job->command, other_channel, sizeof(other_channel));
	job->t.command_len = sizeof(other_channel);
	EXPECT_EQ(-EOPNOTSUPP, run(job));
	EXPECT_EQ(0, user_reset(self->a));
	free_job(job);
}

FIXTURE(made)
{
	int a;
	int b;
};

FIXTURE_VARIANT(made)
{
	unsigned long cmd;
};

FIXTURE_VARIANT_ADD(made, transceive)
{
	.cmd = SE05X_IOC_TRANSCEIVE,
};

FIXTURE_VARIANT_ADD(made, select)
{
	.cmd = SE05X_IOC_SELECT,
};

FIXTURE_VARIANT_ADD(made, lock)
{
	.cmd = SE05X_IOC_LOCK,
};

FIXTURE_SETUP(made)
{
	self->a = open_device(O_RDWR);
	self->b = open_device(O_RDWR);
	ASSERT_LE(0, self->a) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_LE(0, self->b);
}

FIXTURE_TEARDOWN(made)
{
	close(self->a);
	close(self->b);
}

/* It stays one until it is closed, also after UNLOCK. */
TEST_F_TIMEOUT(made, forbids_reset, SLOW_TIMEOUT)
{
	struct job *job = variant->cmd == SE05X_IOC_TRANSCEIVE ?
			  echo_job(self->b, (const __u8 *)"x", 1) :
			  new_job(self->b, variant->cmd);
	struct se05x_unlock u = { 0 };

	EXPECT_EQ(0, user_reset(self->a));
	ASSERT_EQ(0, run(job));
	if (variant->cmd == SE05X_IOC_LOCK)
		EXPECT_EQ(0, call(self->b, SE05X_IOC_UNLOCK, &u));
	EXPECT_EQ(-EPERM, user_reset(self->a));
	EXPECT_EQ(0, user_reset(self->b));	/* to whom a is nobody */
	close(self->b);
	EXPECT_EQ(0, user_reset(self->a));
	self->b = open_device(O_RDWR);
	free_job(job);
}

TEST_F_TIMEOUT(made, keeps_awake, SLOW_TIMEOUT)
{
	struct job *job = variant->cmd == SE05X_IOC_TRANSCEIVE ?
			  echo_job(self->b, (const __u8 *)"x", 1) :
			  new_job(self->b, variant->cmd);
	char idle_ms[16];

	ASSERT_EQ(0, get_attr("idle_ms", idle_ms, sizeof(idle_ms)));
	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	ASSERT_EQ(0, run(job));
	ASSERT_EQ(0, set_attr("idle_ms", "1"));
	close(self->a);
	usleep(200000);	/* nothing is to happen */
	EXPECT_TRUE(attr_is("state", "online"));
	close(self->b);
	EXPECT_TRUE(WAIT_UNTIL(attr_is("state", "asleep")));
	EXPECT_EQ(0, set_attr("idle_ms", idle_ms));
	self->a = open_device(O_RDWR);
	self->b = open_device(O_RDWR);
	free_job(job);
}

/* ---- RESET asks for a privilege only where nothing else allows it ---- */

#define PF_SUPERPRIV	0x00000100	/* of the kernel's flags in /proc/PID/stat */

/* RESET by a child that is root. Return: whether it needed to be; -1 if it failed. */
static int reset_needs_root(int fd)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		char text[512], *end;
		unsigned int flags = 0;
		FILE *f;

		if (reset(fd))
			_exit(2);
		f = fopen("/proc/self/stat", "r");
		if (!f || !fgets(text, sizeof(text), f))
			_exit(2);
		end = strrchr(text, ')');
		if (!end || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
			_exit(2);
		_exit(!!(flags & PF_SUPERPRIV));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) < 2 ? WEXITSTATUS(status) : -1;
}

TEST_F_TIMEOUT(client, reset_needs_no_privilege, SLOW_TIMEOUT)
{
	EXPECT_EQ(0, reset_needs_root(self->a));
	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	EXPECT_EQ(0, reset_needs_root(self->a));
	EXPECT_EQ(1, reset_needs_root(self->idle));
}

TEST_HARNESS_MAIN
