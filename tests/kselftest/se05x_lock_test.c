// SPDX-License-Identifier: GPL-2.0-only
/*
 * LOCK and UNLOCK: who has it, who waits, and how it ends
 */
#include "se05x_test.h"

#include <sys/socket.h>

FIXTURE(lock)
{
	int a;
	int b;
};

FIXTURE_SETUP(lock)
{
	self->a = open_device(O_RDWR);
	self->b = open_device(O_RDWR);
	ASSERT_LE(0, self->a) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_LE(0, self->b);
	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	ASSERT_TRUE(IS_SELECTED(self->b, test_aid));
}

FIXTURE_TEARDOWN(lock)
{
	close(self->a);
	close(self->b);
}

static int lock(int fd, __u32 deadline_ms)
{
	struct se05x_lock l = { .deadline_ms = deadline_ms, .outcome = 99 };
	int ret = call(fd, SE05X_IOC_LOCK, &l);

	if (l.outcome != (ret ? SE05X_OUTCOME_NOT_SENT : SE05X_OUTCOME_RAN))
		return 1000 + l.outcome;
	return ret;
}

static int unlock(int fd)
{
	struct se05x_unlock u = { 0 };

	return call(fd, SE05X_IOC_UNLOCK, &u);
}

/* One echo with a deadline: its errno */
static int try_echo(int fd, __u32 deadline_ms)
{
	struct job *job = echo_job(fd, (const __u8 *)"x", 1);
	int ret;

	job->t.deadline_ms = deadline_ms;
	ret = run(job);
	if (ret && job->t.outcome != SE05X_OUTCOME_NOT_SENT)
		ret = 1000;
	free_job(job);
	return ret;
}

TEST_F(lock, keeps_others_out)
{
	struct se05x_select s = { .flags = SE05X_SELECT_FRESH, .deadline_ms = 100 };
	struct se05x_info info = { 0 };

	ASSERT_EQ(0, lock(self->a, 0));
	EXPECT_EQ(-EALREADY, lock(self->a, 0));
	EXPECT_EQ(0, echo(self->a, NULL));
	EXPECT_EQ(-EBUSY, try_echo(self->b, 100));
	EXPECT_EQ(-EBUSY, call(self->b, SE05X_IOC_SELECT, &s));
	EXPECT_EQ(-EBUSY, lock(self->b, 100));
	EXPECT_EQ(-EPERM, unlock(self->b));
	EXPECT_EQ(0, call(self->b, SE05X_IOC_INFO, &info));
	EXPECT_EQ(0, echo(self->a, NULL));
	EXPECT_EQ(0, unlock(self->a));
	EXPECT_EQ(-EPERM, unlock(self->a));
	EXPECT_EQ(0, echo(self->b, NULL));
}

TEST_F(lock, nonblocking)
{
	int fd = open_device(O_RDWR | O_NONBLOCK);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, lock(self->a, 0));
	EXPECT_EQ(-EAGAIN, lock(fd, 0));
	EXPECT_EQ(-EAGAIN, try_echo(fd, 0));
	ASSERT_EQ(0, unlock(self->a));
	ASSERT_TRUE(WAIT_UNTIL(lock(fd, 0) == 0));
	EXPECT_EQ(0, unlock(fd));
	close(fd);
}

/* Whoever holds the lock need not wait, however many wait for it. */
TEST_F_TIMEOUT(lock, nonblocking_holder, SLOW_TIMEOUT)
{
	int fd = open_device(O_RDWR | O_NONBLOCK);
	struct job *waiter = echo_job(self->b, (const __u8 *)"x", 1);

	ASSERT_LE(0, fd);
	ASSERT_TRUE(WAIT_UNTIL(lock(fd, 0) == 0));
	start(waiter);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(waiter->pid)));
	EXPECT_EQ(0, try_echo(fd, 0));
	EXPECT_EQ(0, unlock(fd));
	EXPECT_EQ(0, finish(waiter));
	close(fd);
	free_job(waiter);
}

TEST_F_TIMEOUT(lock, waiter_gets_it, SLOW_TIMEOUT)
{
	struct job *waiter = new_job(self->b, SE05X_IOC_LOCK);

	ASSERT_EQ(0, lock(self->a, 0));
	start(waiter);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(waiter->pid)));
	ASSERT_EQ(0, unlock(self->a));
	EXPECT_EQ(0, finish(waiter));
	EXPECT_EQ(SE05X_OUTCOME_RAN, waiter->l.outcome);
	/* the description is ours too, so the lock outlives the child */
	EXPECT_EQ(-EBUSY, try_echo(self->a, 100));
	EXPECT_EQ(0, unlock(self->b));
	free_job(waiter);
}

/* What was queued before the lock is served before it. */
TEST_F_TIMEOUT(lock, takes_its_place_in_the_queue, SLOW_TIMEOUT)
{
	int c = open_device(O_RDWR);
	struct job *slow = delay_job(self->a, 3000);
	struct job *first = delay_job(self->b, 0);
	struct job *second = new_job(c, SE05X_IOC_LOCK);

	start(slow);
	ASSERT_TRUE(WAIT_UNTIL(is_busy()));
	start(first);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(first->pid)));
	start(second);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(second->pid)));
	EXPECT_EQ(0, finish(slow));
	EXPECT_EQ(0, finish(first));
	EXPECT_EQ(0, finish(second));
	close(c);
	free_job(slow);
	free_job(first);
	free_job(second);
}

/* The last close of the description, not of the descriptor, ends it. */
TEST_F(lock, belongs_to_the_description)
{
	int again = dup(self->a);

	ASSERT_LE(0, again);
	ASSERT_EQ(0, lock(self->a, 0));
	EXPECT_EQ(-EALREADY, lock(again, 0));
	close(self->a);
	EXPECT_EQ(-EBUSY, try_echo(self->b, 100));
	EXPECT_EQ(0, echo(again, NULL));
	close(again);
	EXPECT_EQ(0, try_echo(self->b, 0));
	self->a = open_device(O_RDWR);
}

TEST_F(lock, unlock_through_a_duplicate)
{
	int again = dup(self->a);

	ASSERT_EQ(0, lock(self->a, 0));
	EXPECT_EQ(0, unlock(again));
	EXPECT_EQ(0, try_echo(self->b, 0));
	close(again);
}

/* A child has the description too: the lock is there until both have closed. */
TEST_F_TIMEOUT(lock, outlives_its_taker_in_a_child, SLOW_TIMEOUT)
{
	int pipefd[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(0, lock(self->a, 0));
	pid = fork();
	if (!pid) {
		char byte;

		close(self->b);
		close(pipefd[1]);
		/* until the parent says so, or is gone */
		_exit(read(pipefd[0], &byte, 1) < 0);
	}
	close(self->a);
	EXPECT_EQ(-EBUSY, try_echo(self->b, 100));
	close(pipefd[1]);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(0, try_echo(self->b, 0));
	close(pipefd[0]);
	self->a = open_device(O_RDWR);
}

static int pass(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(sock, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* It goes with the description, also while that is nowhere but in a socket. */
TEST_F_TIMEOUT(lock, goes_with_a_passed_descriptor, SLOW_TIMEOUT)
{
	int sock[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	ASSERT_EQ(0, lock(self->a, 0));
	ASSERT_EQ(0, pass(sock[0], self->a));
	close(self->a);
	EXPECT_EQ(-EBUSY, try_echo(self->b, 100));
	fd = receive(sock[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EALREADY, lock(fd, 0));
	EXPECT_EQ(0, echo(fd, NULL));	/* the binding went with it */
	close(fd);
	EXPECT_EQ(0, try_echo(self->b, 0));

	/* nobody takes it out */
	self->a = open_device(O_RDWR);
	ASSERT_EQ(0, lock(self->a, 0));
	ASSERT_EQ(0, pass(sock[0], self->a));
	close(self->a);
	EXPECT_EQ(-EBUSY, try_echo(self->b, 100));
	close(sock[0]);
	close(sock[1]);
	EXPECT_EQ(0, try_echo(self->b, 0));
	self->a = open_device(O_RDWR);
}

TEST_F_TIMEOUT(lock, killed_holder, SLOW_TIMEOUT)
{
	int pipefd[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipefd));
	pid = fork();
	if (!pid) {
		int fd = open_device(O_RDWR);

		if (lock(fd, 0) || write(pipefd[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	ASSERT_EQ(1, read(pipefd[0], &byte, 1));
	EXPECT_EQ(-EBUSY, try_echo(self->b, 100));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(0, try_echo(self->b, 0));
	close(pipefd[0]);
	close(pipefd[1]);
}

/* Who was killed while he waited for the lock does not get it. */
TEST_F_TIMEOUT(lock, killed_waiter, SLOW_TIMEOUT)
{
	int c = open_device(O_RDWR);
	struct job *waiter = new_job(c, SE05X_IOC_LOCK);

	ASSERT_EQ(0, lock(self->a, 0));
	start(waiter);
	close(c);
	ASSERT_TRUE(WAIT_UNTIL(in_ioctl(waiter->pid)));
	kill(waiter->pid, SIGKILL);
	EXPECT_EQ(1, finish(waiter));
	ASSERT_EQ(0, unlock(self->a));
	EXPECT_EQ(0, try_echo(self->b, 0));
	free_job(waiter);
}

/* The administrator's reset: the old holder is told so, once. */
TEST_F_TIMEOUT(lock, broken_by_reset, SLOW_TIMEOUT)
{
	int i;

	for (i = 0; i < 4; i++) {
		struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
		struct job *job = echo_job(self->a, (const __u8 *)"x", 1);
		struct se05x_select s = { 0 };
		struct se05x_lock l = { 0 };
		struct se05x_unlock u = { 0 };
		__u32 reason;
		int ret = 0;

		ASSERT_EQ(0, lock(self->a, 0));
		ASSERT_EQ(0, call(self->b, SE05X_IOC_RESET, &r));
		EXPECT_EQ(0, try_echo(self->b, 0));
		if (i == 0)
			ret = run(job);
		else if (i == 1)
			ret = call(self->a, SE05X_IOC_SELECT, &s);
		else if (i == 2)
			ret = call(self->a, SE05X_IOC_LOCK, &l);
		else
			ret = call(self->a, SE05X_IOC_UNLOCK, &u);
		reason = job->t.reason | s.reason | l.reason | u.reason;
		free_job(job);
		EXPECT_EQ(-ESTALE, ret) TH_LOG("way %d", i);
		EXPECT_EQ(SE05X_REASON_LOCK, reason) TH_LOG("way %d", i);
		EXPECT_EQ(0, try_echo(self->a, 0)) TH_LOG("way %d", i);
		EXPECT_EQ(-EPERM, unlock(self->a));
	}
}

/* Told at the next call, not when that would have its turn */
TEST_F_TIMEOUT(lock, broken_and_taken, SLOW_TIMEOUT)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
	int flags = fcntl(self->a, F_GETFL);

	ASSERT_EQ(0, lock(self->a, 0));
	ASSERT_EQ(0, call(self->b, SE05X_IOC_RESET, &r));
	ASSERT_EQ(0, lock(self->b, 0));
	EXPECT_EQ(-ESTALE, try_echo(self->a, 100));
	EXPECT_EQ(-EBUSY, try_echo(self->a, 100));

	ASSERT_EQ(0, unlock(self->b));
	ASSERT_EQ(0, lock(self->a, 0));
	ASSERT_EQ(0, call(self->b, SE05X_IOC_RESET, &r));
	ASSERT_EQ(0, lock(self->b, 0));
	ASSERT_EQ(0, fcntl(self->a, F_SETFL, flags | O_NONBLOCK));
	EXPECT_EQ(-ESTALE, try_echo(self->a, 0));
	EXPECT_EQ(-EAGAIN, try_echo(self->a, 0));
}

/* Who only waits for the chip to go is not woken by what others send to it. */
static long switches(pid_t pid)
{
	char path[64], line[128];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

TEST_F(lock, poller_sleeps_on)
{
	pid_t pid = fork();
	long before;
	int i;

	if (!pid) {
		struct pollfd p = { .fd = self->b, .events = POLLIN };

		poll(&p, 1, -1);
		_exit(0);
	}
	ASSERT_TRUE(WAIT_UNTIL(switches(pid) > 0));
	ASSERT_EQ(0, try_echo(self->a, 0));
	before = switches(pid);
	for (i = 0; i < 50; i++)
		ASSERT_EQ(0, try_echo(self->a, 0));
	EXPECT_GE(before + 2, switches(pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_HARNESS_MAIN
