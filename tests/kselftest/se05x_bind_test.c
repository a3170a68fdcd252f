// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unbind and bind under open files
 */
#include "se05x_test.h"

#include <limits.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

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

static bool put_in(const char *dir, const char *file, const char *text)
{
	char path[PATH_MAX];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/* A place without a chip has no number, also while it is being looked for. */
TEST_F_TIMEOUT(bind, empty_place, SLOW_TIMEOUT)
{
	char bus[PATH_MAX - 16];
	long long nacks;
	pid_t pid;

	if (sim_count("nacks") < 0)
		SKIP(return, "on a real bus somebody else may be at that address");
	ASSERT_NE(NULL, realpath(SYSFS_DIR "device/..", bus));
	ASSERT_EQ(0, driver("unbind", self->name));
	nacks = sim_count("nacks");
	pid = fork();
	if (!pid)
		_exit(!put_in(bus, "new_device", "se050 0x49"));
	ASSERT_TRUE(WAIT_UNTIL(sim_count("nacks") > nacks));
	ASSERT_EQ(0, driver("bind", self->name));
	EXPECT_EQ(0, access(SYSFS_DIR, F_OK));
	EXPECT_TRUE(WAIT_UNTIL(!access(device(), F_OK)));
	waitpid(pid, NULL, 0);
	EXPECT_TRUE(put_in(bus, "delete_device", "0x49"));
	EXPECT_EQ(0, access(SYSFS_DIR, F_OK));
	close(self->fd);
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	EXPECT_EQ(0, echo(self->fd, NULL));
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

/* Take the chip's device number for another device, or give it back (0). */
static bool squat(dev_t devt)
{
	char number[24];
	int fd = open(SIM_DIR "squat", O_WRONLY | O_CLOEXEC);
	bool done;

	/* as the kernel has it, with 20 bits of minor number */
	snprintf(number, sizeof(number), "%u", major(devt) << 20 | minor(devt));
	done = fd >= 0 && write(fd, number, strlen(number)) > 0;
	close(fd);
	return done;
}

/* The child: whichever open of that number succeeds, and what INFO says later on. */
static void open_early(int opened, int failed)
{
	struct se05x_info info = { 0 };
	char byte = 0;
	int fd;

	do
		fd = open("/dev/se05x-squatter", O_RDWR | O_CLOEXEC);
	while (fd < 0);
	if (write(opened, &byte, 1) != 1)
		_exit(1);
	while (read(failed, &byte, 1) > 0)	/* until the parent closes its end */
		;
	_exit(-call(fd, SE05X_IOC_INFO, &info));
}

/*
 * The device can't be added after its number was given to programs already. A file
 * that was opened meanwhile finds that the chip is gone.
 */
TEST_F_TIMEOUT(bind, opened_before_it_failed, SLOW_TIMEOUT)
{
	int opened[2], failed[2], status, tries = 0;
	struct stat st;
	pid_t pid;

	if (access(SIM_DIR "squat", W_OK))
		SKIP(return, "no simulated chip");
	ASSERT_EQ(0, fstat(self->fd, &st));
	ASSERT_EQ(0, driver("unbind", self->name));
	ASSERT_TRUE(squat(st.st_rdev));
	ASSERT_EQ(0, pipe(opened) | pipe(failed));
	pid = fork();
	if (!pid) {
		close(failed[1]);
		open_early(opened[1], failed[0]);
	}
	while (!(events(opened[0]) & POLLIN) && tries++ < 500)
		EXPECT_EQ(-EEXIST, driver("bind", self->name));
	close(failed[1]);
	if (tries > 500)
		kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(ENODEV, WEXITSTATUS(status));
	close(failed[0]);
	close(opened[0]);
	close(opened[1]);
	EXPECT_TRUE(squat(0));
	ASSERT_EQ(0, driver("bind", self->name));
	close(self->fd);
	ASSERT_TRUE(WAIT_UNTIL((self->fd = open_device(O_RDWR)) >= 0));
	EXPECT_TRUE(IS_SELECTED(self->fd, test_aid));
	EXPECT_EQ(0, echo(self->fd, NULL));
}

TEST_HARNESS_MAIN
