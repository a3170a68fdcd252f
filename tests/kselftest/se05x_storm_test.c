// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sixteen programs while the bus fails in every way that the simulator knows:
 * right answers or documented errors, true outcomes, and everybody is served
 * when the storm is over.
 *
 * SE05X_STORM_SECONDS: how long (10); SE05X_STORM_SEED: other faults (1).
 */
#include "se05x_test.h"

#define PROGRAMS	16

struct tally {
	unsigned long right, refused, lost, aborted, busy, given_up, wrong, odd;
};

static volatile bool *over;

static void client(struct tally *tally, bool iot)
{
	int fd = -1;

	while (!*over) {
		struct se05x_transceive t = { 0 };
		int ret;

		if (fd < 0) {
			fd = open_device(O_RDWR);
			if (!(iot ? IS_SELECTED(fd, iot_aid) : IS_SELECTED(fd, test_aid))) {
				close(fd);
				fd = -1;
				usleep(1000);
				continue;
			}
		}
		ret = iot ? version(fd) : echo(fd, &t);
		if (!ret)
			tally->right++;
		else if (ret == 1)	/* a chip that restarted knows no such command */
			tally->refused++;
		else if (ret == 2)
			tally->wrong++;
		else if (ret == -ECONNRESET)
			tally->lost++;
		else if (ret == -ECONNABORTED || ret == -ENOTCONN)
			tally->aborted++;
		else if (ret == -EBUSY)	/* thirty seconds in the queue */
			tally->busy++;
		else if (ret == -ENOLINK)
			tally->given_up++;
		else
			tally->odd++;
		if (!iot && ret <= 0 &&
		    t.outcome != (ret == 0 ? SE05X_OUTCOME_RAN :
				  ret == -ECONNRESET ? SE05X_OUTCOME_MAY_HAVE_RUN :
						       SE05X_OUTCOME_NOT_SENT))
			tally->odd++;
		if (ret == -ENOLINK)
			usleep(10000);
	}
	_exit(0);
}

static void put_fault(unsigned int *seed)
{
	/* not "flip write": that is a rule broken by us, for all the card knows */
	static const char * const faults[] = {
		"nack 1", "nack 3", "nack 40", "short", "short arrived", "flip read",
		"flip 3 read", "lost write", "lost read", "lost 2 read", "errno EIO",
		"errno EIO write arrived", "errno EAGAIN 2", "errno ETIMEDOUT read",
		"errno ETIMEDOUT write arrived", "errno EREMOTEIO 2", "restart", "dead",
	};
	unsigned int which = rand_r(seed) % ARRAY_SIZE(faults);
	char line[64];
	int fd = open(SIM_DIR "faults", O_WRONLY);

	if (fd < 0)
		abort();
	if (which == ARRAY_SIZE(faults) - 1 && rand_r(seed) % 8)
		which = 0;	/* what only a power cycle mends takes its time */
	snprintf(line, sizeof(line), "%s @%u\n", faults[which], rand_r(seed) % 8);
	if (write(fd, line, strlen(line)) < 0 && errno != EINVAL)	/* it is full */
		abort();
	close(fd);
}

static void clear_faults(void)
{
	int fd = open(SIM_DIR "faults", O_WRONLY);

	if (fd < 0 || write(fd, "clear\n", 6) < 0)
		abort();
	close(fd);
}

static void bring_back(int fd)
{
	struct se05x_info info = { 0 };
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };

	if (!call(fd, SE05X_IOC_INFO, &info) && info.state == SE05X_STATE_GIVEN_UP)
		call(fd, SE05X_IOC_RESET, &r);
}

static unsigned int number(const char *name, unsigned int otherwise)
{
	return getenv(name) ? atoi(getenv(name)) : otherwise;
}

FIXTURE(storm)
{
	int fd;
	struct tally *tally;
};

FIXTURE_SETUP(storm)
{
	if (access(SIM_DIR "faults", W_OK))
		SKIP(return, "no simulated chip");
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd);
	self->tally = mmap(NULL, (PROGRAMS + 1) * sizeof(*self->tally), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->tally);
	over = (bool *)&self->tally[PROGRAMS];
}

FIXTURE_TEARDOWN(storm)
{
	clear_faults();
	sim_clear();
	close(self->fd);
}

TEST_F_TIMEOUT(storm, sixteen_programs, 7200)
{
	unsigned int seed = number("SE05X_STORM_SEED", 1);
	time_t end = time(NULL) + number("SE05X_STORM_SECONDS", 10);
	struct tally sum = { 0 };
	pid_t pid[PROGRAMS];
	int i;

	for (i = 0; i < PROGRAMS; i++) {
		pid[i] = fork();
		if (!pid[i])
			client(&self->tally[i], i % 4 == 0);
	}
	while (time(NULL) < end) {
		put_fault(&seed);
		usleep(rand_r(&seed) % 200000);
		bring_back(self->fd);
	}
	clear_faults();
	bring_back(self->fd);
	EXPECT_TRUE(WAIT_UNTIL(IS_SELECTED(self->fd, test_aid)));
	for (i = 0; i < PROGRAMS; i++) {
		unsigned long before = self->tally[i].right;

		EXPECT_TRUE(WAIT_UNTIL(self->tally[i].right > before)) TH_LOG("program %d", i);
	}
	*over = true;
	for (i = 0; i < PROGRAMS; i++)
		waitpid(pid[i], NULL, 0);
	for (i = 0; i < PROGRAMS; i++) {
		const struct tally *t = &self->tally[i];

		sum.right += t->right;
		sum.refused += t->refused;
		sum.lost += t->lost;
		sum.aborted += t->aborted + t->busy;
		sum.given_up += t->given_up;
		sum.wrong += t->wrong;
		sum.odd += t->odd;
	}
	TH_LOG("%lu right, %lu refused, %lu may have run, %lu not sent, %lu given up",
	       sum.right, sum.refused, sum.lost, sum.aborted, sum.given_up);
	EXPECT_EQ(0, sum.wrong);
	EXPECT_EQ(0, sum.odd);
	EXPECT_EQ(0, echo(self->fd, NULL));
}

TEST_HARNESS_MAIN
