// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chip as a source of random numbers: it takes nothing from anybody
 */
#include "se05x_test.h"

#define HWRNG_DIR	"/sys/class/misc/hw_random/"
#define PARKED_MS	1500	/* longer than any read of one chip */

static bool is_current(void)
{
	char text[64] = "";
	int fd = open(HWRNG_DIR "rng_current", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	close(fd);
	return !strncmp(text, "se05x-rng-", 10);
}

FIXTURE(hwrng)
{
	int fd;		/* /dev/hwrng */
};

FIXTURE_SETUP(hwrng)
{
	__u8 left[256];

	if (!is_current())
		SKIP(return, "the chip feeds no random numbers here (module parameter hwrng)");
	self->fd = open("/dev/hwrng", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ASSERT_LE(0, self->fd);
	/* what the core has left from the test before */
	while (read(self->fd, left, sizeof(left)) > 0)
		;
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, 0));
}

FIXTURE_TEARDOWN(hwrng)
{
	close(self->fd);
}

static void read_one(int fd)
{
	__u8 bytes[48];

	_exit(read(fd, bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : 1);
}

/* A reader that waits for as long as it takes */
static pid_t start_reader(int fd)
{
	pid_t pid = fork();

	if (!pid) {
		close_range(fd + 1, ~0U, 0);	/* it has no chip open */
		read_one(fd);
	}
	return pid;
}

static int end_of_reader(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F_TIMEOUT(hwrng, gives_numbers, SLOW_TIMEOUT)
{
	__u8 a[64] = { 0 }, b[64] = { 0 };

	ASSERT_EQ(sizeof(a), read(self->fd, a, sizeof(a)));
	ASSERT_EQ(sizeof(b), read(self->fd, b, sizeof(b)));
	EXPECT_NE(0, memcmp(a, b, sizeof(a)));
	/* and no half of it comes again, from the prefetch or elsewhere */
	EXPECT_NE(0, memcmp(a, a + 32, 32));
	EXPECT_NE(0, memcmp(a + 32, b, 32));
	EXPECT_NE(0, memcmp(a, b + 32, 32));
}

/* Who does not want to wait starts nothing. */
TEST_F_TIMEOUT(hwrng, nonblocking_sends_nothing, SLOW_TIMEOUT)
{
	__u8 bytes[4096];
	long long apdus;

	ASSERT_EQ(64, read(self->fd, bytes, 64));
	apdus = attr_count("counters/apdus");
	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	while (read(self->fd, bytes, sizeof(bytes)) > 0)
		;
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(apdus, attr_count("counters/apdus"));
}

/* With another applet selected by an open file: nothing, until that is closed. */
TEST_F_TIMEOUT(hwrng, leaves_open_files_alone, SLOW_TIMEOUT)
{
	int chip = open_device(O_RDWR);
	__u64 before;
	long long apdus;
	pid_t reader;

	ASSERT_TRUE(IS_SELECTED(chip, test_aid));
	before = generation(chip);
	apdus = attr_count("counters/apdus");
	reader = start_reader(self->fd);
	usleep(PARKED_MS * 1000);	/* nothing is to happen */
	EXPECT_EQ(0, waitpid(reader, NULL, WNOHANG));
	EXPECT_EQ(apdus, attr_count("counters/apdus"));
	EXPECT_EQ(before, generation(chip));
	EXPECT_EQ(0, echo(chip, NULL));
	EXPECT_EQ(before, generation(chip));
	close(chip);
	EXPECT_EQ(0, end_of_reader(reader));
}

/* A file that is only open stops nothing, whatever was selected before. */
TEST_F_TIMEOUT(hwrng, ignores_who_does_nothing, SLOW_TIMEOUT)
{
	int chip = open_device(O_RDWR), idle = open_device(O_RDWR);
	long long apdus;

	ASSERT_TRUE(IS_SELECTED(chip, test_aid));
	close(chip);
	apdus = attr_count("counters/apdus");
	EXPECT_EQ(0, end_of_reader(start_reader(self->fd)));
	EXPECT_LT(apdus, attr_count("counters/apdus"));
	close(idle);
}

/*
 * With its own applet selected it may, and nobody notices. Where that is protected, the
 * channel must be open already.
 */
TEST_F_TIMEOUT(hwrng, shares_its_applet, SLOW_TIMEOUT)
{
	int chip = open_device(O_RDWR);
	struct se05x_transceive t = { 0 };
	__u64 before;

	ASSERT_TRUE(IS_SELECTED(chip, iot_aid));
	EXPECT_EQ(0, version(chip));
	before = generation(chip);
	EXPECT_EQ(0, end_of_reader(start_reader(self->fd)));
	EXPECT_EQ(before, generation(chip));
	EXPECT_EQ(0, version(chip));
	EXPECT_EQ(before, generation(chip));
	t.demanded = before;
	EXPECT_NE(-ESTALE, echo(chip, &t));
	close(chip);
}

/* It opens no channel for itself while there is a client, who may want to do that. */
TEST_F_TIMEOUT(hwrng, opens_no_channel_under_a_client, SLOW_TIMEOUT)
{
	int chip = open_device(O_RDWR);
	long long openings, apdus;
	pid_t reader;

	if (!attr_is("channel_state", "protected"))
		SKIP(return, "no key for the kernel's secure channel");
	ASSERT_TRUE(IS_SELECTED(chip, iot_aid));
	openings = attr_count("counters/openings");
	apdus = attr_count("counters/apdus");
	reader = start_reader(self->fd);
	usleep(PARKED_MS * 1000);
	EXPECT_EQ(0, waitpid(reader, NULL, WNOHANG));
	EXPECT_EQ(apdus, attr_count("counters/apdus"));
	EXPECT_EQ(openings, attr_count("counters/openings"));
	EXPECT_EQ(0, version(chip));
	EXPECT_EQ(0, end_of_reader(reader));
	EXPECT_EQ(openings + 1, attr_count("counters/openings"));
	close(chip);
}

/* But not while somebody has locked it. */
TEST_F_TIMEOUT(hwrng, waits_for_the_lock, SLOW_TIMEOUT)
{
	int chip = open_device(O_RDWR);
	struct se05x_lock l = { 0 };
	struct se05x_unlock u = { 0 };
	long long apdus;
	pid_t reader;

	ASSERT_TRUE(IS_SELECTED(chip, iot_aid));
	EXPECT_EQ(0, version(chip));
	ASSERT_EQ(0, call(chip, SE05X_IOC_LOCK, &l));
	apdus = attr_count("counters/apdus");
	reader = start_reader(self->fd);
	usleep(PARKED_MS * 1000);
	EXPECT_EQ(0, waitpid(reader, NULL, WNOHANG));
	EXPECT_EQ(apdus, attr_count("counters/apdus"));
	ASSERT_EQ(0, call(chip, SE05X_IOC_UNLOCK, &u));
	EXPECT_EQ(0, end_of_reader(reader));
	close(chip);
}

/* Nor between the commands of a chain */
TEST_F_TIMEOUT(hwrng, waits_for_the_end_of_a_chain, SLOW_TIMEOUT)
{
	static const __u8 first[] = { 0x90, 0x04, 0x00, 0x49, 0x01, 0x41 };
	int chip = open_device(O_RDWR);
	struct job *job = apdu_job(chip, first, sizeof(first));
	long long apdus;
	pid_t reader;

	ASSERT_TRUE(IS_SELECTED(chip, iot_aid));
	if (attr_is("channel_state", "protected"))
		SKIP(return, "no pieces in the kernel's secure channel");
	ASSERT_EQ(0, run(job));
	free_job(job);
	apdus = attr_count("counters/apdus");
	reader = start_reader(self->fd);
	usleep(PARKED_MS * 1000);
	EXPECT_EQ(0, waitpid(reader, NULL, WNOHANG));
	EXPECT_EQ(apdus, attr_count("counters/apdus"));
	EXPECT_EQ(0, version(chip));
	EXPECT_EQ(0, end_of_reader(reader));
	close(chip);
}

/* What it selected is nobody's: a file that never selected finds it not. */
TEST_F_TIMEOUT(hwrng, leaves_no_applet_behind, SLOW_TIMEOUT)
{
	int chip = open_device(O_RDWR);

	ASSERT_TRUE(IS_SELECTED(chip, test_aid));
	close(chip);
	EXPECT_EQ(0, end_of_reader(start_reader(self->fd)));
	chip = open_device(O_RDWR);
	EXPECT_EQ(0, echo(chip, NULL));	/* selected last by a program */
	close(chip);
}

/* The generation never changes under a file, also one opened in mid-draw. */
TEST_F_TIMEOUT(hwrng, files_opened_meanwhile, SLOW_TIMEOUT)
{
	pid_t reader = fork();
	__u8 bytes[64];
	int i;

	if (!reader)
		for (;;)
			if (read(self->fd, bytes, sizeof(bytes)) < 0)
				_exit(1);
	for (i = 0; i < 50; i++) {
		int chip = open_device(O_RDWR);
		__u64 before;

		ASSERT_LE(0, chip);
		before = generation(chip);
		usleep(20000);
		EXPECT_EQ(before, generation(chip));
		close(chip);
		usleep(i * 1000);
	}
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
}

/* It is no client: no reason to refuse somebody else a reset. */
TEST_F_TIMEOUT(hwrng, does_not_count_as_client, SLOW_TIMEOUT)
{
	int chip = open_device(O_RDWR), status;
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
	pid_t reader = start_reader(self->fd);
	pid_t pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		_exit(-call(chip, SE05X_IOC_RESET, &r));
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, WEXITSTATUS(status));
	close(chip);
	EXPECT_EQ(0, end_of_reader(reader));
}

/* Asleep or awake, it ends asleep: nobody has it open. */
TEST_F_TIMEOUT(hwrng, goes_to_sleep_again, SLOW_TIMEOUT)
{
	char idle[16];

	ASSERT_EQ(0, get_attr("idle_ms", idle, sizeof(idle)));
	ASSERT_EQ(0, set_attr("idle_ms", "20"));
	ASSERT_TRUE(WAIT_UNTIL(attr_is("state", "asleep")));
	EXPECT_EQ(0, end_of_reader(start_reader(self->fd)));
	EXPECT_TRUE(WAIT_UNTIL(attr_is("state", "asleep")));
	EXPECT_EQ(0, set_attr("idle_ms", idle));
}

TEST_HARNESS_MAIN
