// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users take turns: however many files, threads and uids of a user namespace one
 * of them has, another's command waits for one exchange of his. Counted in
 * exchanges of the simulated chip, not in time.
 */
#include "se05x_test.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define FILES		1000
#define STACK		65536
#define DELAY_MS	20	/* of each of their commands */
#define ALICE		1000
#define BOB		1001
#define CAROL		1002
#define ASKED		7	/* how often; the middle one counts */

FIXTURE(turn)
{
	volatile int *ready;	/* shared with the children */
};

FIXTURE_SETUP(turn)
{
	struct rlimit limit = { FILES + 64, FILES + 64 };

	if (sim_count("runs") < 0)
		SKIP(return, "no simulated chip to count");
	if (setrlimit(RLIMIT_NOFILE, &limit))
		SKIP(return, "no room for so many files");
	self->ready = mmap(NULL, sizeof(*self->ready), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->ready);
}

FIXTURE_TEARDOWN(turn)
{
	munmap((void *)self->ready, sizeof(*self->ready));
}

struct hog {
	int fd;
	__u16 delay_ms;
	volatile int *ready;
};

/* One command after the other */
static void *keep_busy(void *arg)
{
	const struct hog *hog = arg;
	struct job *job = delay_job(hog->fd, hog->delay_ms);

	__atomic_fetch_add(hog->ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		run(job);
	return NULL;
}

/* By another's name, but with the rights of root: the node may be root's alone. */
static int open_as(uid_t uid)
{
	int fd;

	if (setresuid(uid, 0, 0))
		return -1;
	fd = open_device(O_RDWR);
	return setresuid(0, 0, 0) ? -1 : fd;
}

static void start_hogs(struct hog *hogs, int n)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (i = 0; i < n; i++)
		if (pthread_create(&thread, &attr, keep_busy, &hogs[i]))
			_exit(1);
}

/* A child with that many opens of one user, each with a command all the time */
static pid_t start_user(uid_t uid, int files, volatile int *ready)
{
	static struct hog hogs[FILES];
	pid_t pid = fork();
	int i;

	if (pid)
		return pid;
	for (i = 0; i < files; i++) {
		hogs[i] = (struct hog) { open_as(uid), DELAY_MS, ready };
		if (hogs[i].fd < 0)
			_exit(1);
	}
	if (!IS_SELECTED(hogs[0].fd, test_aid))
		_exit(1);
	start_hogs(hogs, files);
	pause();
	_exit(0);
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int compare(const void *a, const void *b)
{
	long long d = *(const long long *)a - *(const long long *)b;

	return (d > 0) - (d < 0);
}

/*
 * How many commands the chip ran from a question to its answer. Some more may run
 * before the question is in the queue, so it is asked often.
 */
static long long exchanges(int fd)
{
	long long n[ASKED];
	int i;

	for (i = 0; i < ASKED; i++) {
		long long before = sim_count("runs");

		if (echo(fd, NULL))
			return -1;
		n[i] = sim_count("runs") - before;
	}
	qsort(n, ASKED, sizeof(*n), compare);
	return n[ASKED / 2];
}

/* The one in flight, one of hers, the own, one that came before or after */
#define BOUND(users)	(2 + 2 * (users))

TEST_F_TIMEOUT(turn, a_thousand_opens, 2 * SLOW_TIMEOUT)
{
	int bob = open_as(BOB);
	pid_t alice;

	ASSERT_LE(0, bob);
	ASSERT_TRUE(IS_SELECTED(bob, test_aid));
	alice = start_user(ALICE, FILES, self->ready);
	ASSERT_TRUE(WAIT_UNTIL(*self->ready == FILES));
	EXPECT_GE(BOUND(1), exchanges(bob));
	stop(alice);
	close(bob);
}

/* Two others with many files each: a turn of each of them, no more */
TEST_F_TIMEOUT(turn, two_others, 2 * SLOW_TIMEOUT)
{
	int bob = open_as(BOB);
	pid_t alice, carol;

	ASSERT_LE(0, bob);
	ASSERT_TRUE(IS_SELECTED(bob, test_aid));
	alice = start_user(ALICE, 100, self->ready);
	carol = start_user(CAROL, 100, self->ready);
	ASSERT_TRUE(WAIT_UNTIL(*self->ready == 200));
	EXPECT_GE(BOUND(2), exchanges(bob));
	stop(alice);
	stop(carol);
	close(bob);
}

/* The files of one user take turns among themselves: none is left out. */
TEST_F_TIMEOUT(turn, own_files, SLOW_TIMEOUT)
{
	int file = open_as(ALICE);
	pid_t alice;

	ASSERT_LE(0, file);
	ASSERT_TRUE(IS_SELECTED(file, test_aid));
	alice = start_user(ALICE, 50, self->ready);
	ASSERT_TRUE(WAIT_UNTIL(*self->ready == 50));
	EXPECT_GE(BOUND(50), exchanges(file));
	stop(alice);
	close(file);
}

/* A child that has command after command run by @uid, and counts them */
static pid_t start_counter(uid_t uid, bool reopens, volatile int *turns)
{
	pid_t pid = fork();
	struct job *job;
	int fd = -1;

	if (pid)
		return pid;
	for (;;) {
		if (fd < 0)
			fd = open_as(uid);
		job = delay_job(fd, DELAY_MS);
		*turns += !run(job);
		free_job(job);
		if (reopens) {
			close(fd);
			fd = -1;
		}
	}
}

/* To close and open again gives nobody a turn before his time. */
TEST_F_TIMEOUT(turn, who_opens_anew, SLOW_TIMEOUT)
{
	volatile int *turns = mmap(NULL, 4 * sizeof(*turns), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[4];
	int i;

	ASSERT_NE(MAP_FAILED, (void *)turns);
	for (i = 0; i < 4; i++)
		pids[i] = start_counter(ALICE + i, !i, turns + i);
	EXPECT_TRUE(WAIT_UNTIL(turns[1] > 60));
	for (i = 0; i < 4; i++)
		stop(pids[i]);
	TH_LOG("turns: who opens anew %d, the others %d %d %d", turns[0], turns[1],
	       turns[2], turns[3]);
	EXPECT_GE(turns[1] + 10, turns[0]);
	munmap((void *)turns, 4 * sizeof(*turns));
}

/* A descriptor that is passed on stays its opener's. */
TEST_F_TIMEOUT(turn, by_opener, SLOW_TIMEOUT)
{
	int bob = open_as(BOB), status;
	pid_t alice, pid;

	ASSERT_LE(0, bob);
	ASSERT_TRUE(IS_SELECTED(bob, test_aid));
	alice = start_user(ALICE, 100, self->ready);
	ASSERT_TRUE(WAIT_UNTIL(*self->ready == 100));
	pid = fork();
	if (!pid)	/* alice uses it */
		_exit(setresuid(ALICE, 0, 0) ? 255 : exchanges(bob));
	waitpid(pid, &status, 0);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_GE(BOUND(1), WEXITSTATUS(status));
	stop(alice);
	close(bob);
}

/* ---- user namespaces ---- */

#define INSIDE	40	/* uids that a namespace of hers has */

static bool put(pid_t pid, const char *file, const char *text)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

/*
 * Alice makes a user namespace. Root lends her uids for it, 5000 and up; within she
 * takes another one for each file. The node is everybody's for this test.
 */
static void inside(volatile int *ready, int *pipefd)
{
	static struct hog hogs[INSIDE];
	char byte;
	int i;

	if (setresuid(ALICE, ALICE, ALICE) || unshare(CLONE_NEWUSER))
		_exit(10);
	__atomic_store_n(ready, -1, __ATOMIC_SEQ_CST);
	if (read(pipefd[0], &byte, 1) != 1 || setresuid(0, 0, 0))
		_exit(11);
	for (i = 0; i < INSIDE; i++) {
		if (setresuid(i, 0, 0))
			_exit(12);
		hogs[i] = (struct hog) { open_device(O_RDWR), DELAY_MS, ready };
		if (hogs[i].fd < 0 || setresuid(0, 0, 0))
			_exit(13);
	}
	if (!IS_SELECTED(hogs[0].fd, test_aid))
		_exit(14);
	__atomic_store_n(ready, 0, __ATOMIC_SEQ_CST);
	start_hogs(hogs, INSIDE);
	pause();
	_exit(0);
}

TEST_F_TIMEOUT(turn, namespace_is_one_user, 2 * SLOW_TIMEOUT)
{
	int bob = open_as(BOB), pipefd[2];
	mode_t mode = 0600;
	struct stat st;
	pid_t alice;

	ASSERT_LE(0, bob);
	ASSERT_TRUE(IS_SELECTED(bob, test_aid));
	if (access("/proc/self/ns/user", F_OK))
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, pipe(pipefd));
	if (!stat(device(), &st))
		mode = st.st_mode & 0777;
	ASSERT_EQ(0, chmod(device(), 0666));
	alice = fork();
	if (!alice)
		inside(self->ready, pipefd);
	ASSERT_TRUE(WAIT_UNTIL(*self->ready == -1 || waitpid(alice, NULL, WNOHANG)));
	if (*self->ready != -1) {
		chmod(device(), mode);
		SKIP(return, "no user namespace for everybody");
	}
	EXPECT_TRUE(put(alice, "uid_map", "0 5000 100"));
	EXPECT_EQ(1, write(pipefd[1], "x", 1));
	EXPECT_TRUE(WAIT_UNTIL(*self->ready == INSIDE));
	EXPECT_GE(BOUND(1), exchanges(bob));
	stop(alice);
	EXPECT_EQ(0, chmod(device(), mode));
	close(pipefd[0]);
	close(pipefd[1]);
	close(bob);
}

TEST_HARNESS_MAIN
