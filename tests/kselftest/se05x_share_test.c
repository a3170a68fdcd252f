// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many programs at once: everybody gets his own answer, from his own applet
 */
#include "se05x_test.h"

#define PROGRAMS	16
#define ROUNDS		20

struct tally {
	int wrong;
	int done;
};

/* Half of them know the test applet, the others the IoT applet. */
static int client(int n)
{
	int fd = open_device(O_RDWR);
	int i, wrong = 0;
	bool iot = n & 1;

	if (fd < 0)
		return ROUNDS;
	if (iot ? !IS_SELECTED(fd, iot_aid) : !IS_SELECTED(fd, test_aid))
		wrong++;
	for (i = 0; i < ROUNDS; i++)
		if (iot ? version(fd) : echo(fd, NULL))
			wrong++;
	close(fd);
	return wrong;
}

FIXTURE(share)
{
	int fd;
	int other;
};

FIXTURE_SETUP(share)
{
	self->fd = open_device(O_RDWR);
	self->other = open_device(O_RDWR);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_LE(0, self->other);
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	ASSERT_TRUE(IS_SELECTED(self->other, iot_aid));
}

FIXTURE_TEARDOWN(share)
{
	close(self->fd);
	close(self->other);
}

TEST_F_TIMEOUT(share, sixteen_programs, SLOW_TIMEOUT)
{
	struct tally *tally = mmap(NULL, PROGRAMS * sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[PROGRAMS];
	int i;

	ASSERT_NE(MAP_FAILED, tally);
	for (i = 0; i < PROGRAMS; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			tally[i].wrong = client(i);
			tally[i].done = 1;
			_exit(0);
		}
	}
	for (i = 0; i < PROGRAMS; i++)
		waitpid(pid[i], NULL, 0);
	for (i = 0; i < PROGRAMS; i++) {
		EXPECT_EQ(1, tally[i].done);
		EXPECT_EQ(0, tally[i].wrong) TH_LOG("program %d", i);
	}
	munmap(tally, PROGRAMS * sizeof(*tally));
}

#define FAIR_MS		5	/* of the chip for each command */

/* Everybody asks all the time: between two instants all are served alike. */
TEST_F_TIMEOUT(share, fair, SLOW_TIMEOUT)
{
	volatile unsigned int *count = mmap(NULL, PROGRAMS * sizeof(*count),
					    PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int from[PROGRAMS], most = 0, least = ~0U;
	pid_t pid[PROGRAMS];
	int i;

	ASSERT_NE(MAP_FAILED, (void *)count);
	for (i = 0; i < PROGRAMS; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			int fd = open_device(O_RDWR);
			struct job *job = delay_job(fd, FAIR_MS);

			if (!IS_SELECTED(fd, test_aid))
				_exit(1);
			while (!run(job))
				count[i]++;
			_exit(1);
		}
	}
	for (i = 0; i < PROGRAMS; i++)
		EXPECT_TRUE(WAIT_UNTIL(count[i] >= 3)) TH_LOG("program %d", i);
	for (i = 0; i < PROGRAMS; i++)
		from[i] = count[i];
	EXPECT_TRUE(WAIT_UNTIL(count[0] - from[0] >= 30));
	for (i = 0; i < PROGRAMS; i++)
		from[i] = count[i] - from[i];
	for (i = 0; i < PROGRAMS; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
		if (from[i] > most)
			most = from[i];
		if (from[i] < least)
			least = from[i];
	}
	/*
	 * The queue itself is first come, first served. A program that gets no
	 * processor for a whole round, PROGRAMS times FAIR_MS, misses one.
	 */
	EXPECT_GE(most / 4, most - least) TH_LOG("most %u, least %u", most, least);
	munmap((void *)count, PROGRAMS * sizeof(*count));
}

/* Callers that are killed at any moment leave nothing behind. */
TEST_F_TIMEOUT(share, a_thousand_killed, 2 * SLOW_TIMEOUT)
{
	unsigned int seed = 1;
	int i;

	for (i = 0; i < 1000; i++) {
		pid_t pid = fork();

		if (!pid) {
			int fd = open_device(O_RDWR);
			struct se05x_lock l = { 0 };

			if (i % 3 == 0)
				call(fd, SE05X_IOC_LOCK, &l);
			if (i % 5 == 0)
				IS_SELECTED(fd, iot_aid);
			for (;;)
				echo(fd, NULL);
		}
		usleep(rand_r(&seed) % 10000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	EXPECT_EQ(0, echo(self->fd, NULL));
	EXPECT_EQ(0, version(self->other));
}

TEST_HARNESS_MAIN
