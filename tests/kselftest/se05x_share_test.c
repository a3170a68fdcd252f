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

TEST(sixteen_programs)
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

TEST_HARNESS_MAIN
