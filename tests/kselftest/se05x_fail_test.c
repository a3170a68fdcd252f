// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy of each call fails once: a documented errno,
 * an outcome that is true, and the chip as good as before. Needs a kernel with
 * fault injection.
 */
#include "se05x_test.h"

#define FAILSLAB	"/sys/kernel/debug/failslab/"

FIXTURE(fail)
{
	int fd;
};

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

FIXTURE_SETUP(fail)
{
	if (access("/proc/self/fail-nth", F_OK))
		SKIP(return, "no fault injection in this kernel");
	put(FAILSLAB "ignore-gfp-wait", "N");
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
}

FIXTURE_TEARDOWN(fail)
{
	close(self->fd);
}

/* From here the nth chance to fail is taken. */
static int arm(int n)
{
	char text[16];
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	snprintf(text, sizeof(text), "%d", n);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	return fd;
}

/* Was it? There were not that many chances if not. */
static bool disarm(int fd)
{
	char text[16] = "";
	/* reading it is a chance too: if that failed, none was taken before */
	bool taken = pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;

	if (!taken && pwrite(fd, "0", 1, 0) < 0 && pwrite(fd, "0", 1, 0) < 0)
		abort();
	close(fd);
	return taken;
}

TEST_F_TIMEOUT(fail, open, SLOW_TIMEOUT)
{
	bool taken = true;
	int n, fd, fail, err;

	for (n = 1; taken; n++) {
		fail = arm(n);
		fd = open_device(O_RDWR);
		err = errno;
		taken = disarm(fail);
		if (fd < 0) {
			EXPECT_TRUE(err == ENOMEM || err == EFAULT)	/* the path */
				TH_LOG("chance %d: %s", n, strerror(err));
		} else {
			close(fd);
		}
		ASSERT_GT(1000, n);
	}
	EXPECT_EQ(0, echo(self->fd, NULL));
}

TEST_F_TIMEOUT(fail, ioctls, 2 * SLOW_TIMEOUT)
{
	static const unsigned long cmds[] = {
		SE05X_IOC_INFO, SE05X_IOC_TRANSCEIVE, SE05X_IOC_SELECT, SE05X_IOC_LOCK,
		SE05X_IOC_UNLOCK, SE05X_IOC_RESET,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		bool taken = true;
		int n;

		for (n = 1; taken; n++) {
			struct job *job = cmds[i] == SE05X_IOC_TRANSCEIVE ?
					  echo_job(self->fd, (const __u8 *)"x", 1) :
					  new_job(self->fd, cmds[i]);
			struct se05x_info info = { 0 };
			int fail, ret;

			if (cmds[i] == SE05X_IOC_SELECT) {
				job->s.flags = SE05X_SELECT_FRESH;
				job->s.aid_len = sizeof(test_aid);
				memcpy(job->s.aid, test_aid, sizeof(test_aid));
			} else if (cmds[i] == SE05X_IOC_RESET) {
				job->r.kind = SE05X_RESET_SOFT;
			}
			fail = arm(n);
			ret = cmds[i] == SE05X_IOC_INFO ? call(self->fd, cmds[i], &info) :
							  run(job);
			taken = disarm(fail);
			/* LOCK is held already, UNLOCK has nothing to unlock from the second on */
			EXPECT_TRUE(ret == 0 || ret == -ENOMEM || ret == -EFAULT ||
				    ret == -EALREADY || ret == -EPERM)
				TH_LOG("ioctl %zu, chance %d: %s", i, n, strerror(-ret));
			free_job(job);
			ASSERT_GT(1000, n);
		}
		EXPECT_EQ(0, echo(self->fd, NULL)) TH_LOG("after ioctl %zu", i);
	}
}

/* A probe whose nth allocation fails: no device and nothing left of it, or a good one. */
TEST_F_TIMEOUT(fail, bind, 4 * SLOW_TIMEOUT)
{
	bool taken = true;
	int n, fail, ret, bound = 0, refused = 0, nameless = 0;
	char name[64];

	ASSERT_TRUE(client_name(name, sizeof(name)));
	close(self->fd);
	ASSERT_EQ(0, driver("unbind", name));
	for (n = 1; taken; n++) {
		int bind = open("/sys/bus/i2c/drivers/se05x/bind", O_WRONLY | O_CLOEXEC);

		ASSERT_LE(0, bind);
		fail = arm(n);
		ret = write(bind, name, strlen(name)) < 0 ? -errno : 0;
		taken = disarm(fail);
		close(bind);
		if (ret) {
			/* EFAULT: what we wrote; ENODEV: the bus says so of it all */
			EXPECT_TRUE(ret == -ENOMEM || ret == -EFAULT || ret == -ENODEV)
				TH_LOG("chance %d: %s", n, strerror(-ret));
			EXPECT_EQ(-1, access(device(), F_OK)) TH_LOG("chance %d", n);
			refused++;
		} else {
			self->fd = open_device(O_RDWR);
			if (self->fd < 0 && errno == ENOENT) {
				nameless++;	/* devtmpfs does without nodes that fail */
			} else {
				EXPECT_LE(0, self->fd) TH_LOG("chance %d", n);
				EXPECT_TRUE(IS_SELECTED(self->fd, test_aid))
					TH_LOG("chance %d", n);
				EXPECT_EQ(0, echo(self->fd, NULL)) TH_LOG("chance %d", n);
				close(self->fd);
			}
			bound++;
			ASSERT_EQ(0, driver("unbind", name));
		}
		ASSERT_GT(1000, n);
	}
	TH_LOG("%d chances: %d refused, %d bound", n - 2, refused, bound - 1);
	EXPECT_GE(2, nameless);
	ASSERT_EQ(0, driver("bind", name));
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd);
	EXPECT_TRUE(IS_SELECTED(self->fd, test_aid));
}

TEST_HARNESS_MAIN
