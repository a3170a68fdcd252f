/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of /dev/se05x have in common
 *
 * They need the test applet of the simulated chip (AID D2760000850100):
 *	80 10: echoes its data
 *	80 12: answers after P1P2 milliseconds
 *	80 14: answers P1P2 bytes 00 01 02 ...
 *	80 16: echoes its data after those of the pieces that came before it (90 16)
 *	80 18: has an answer of P1P2 bytes 00 01 02 ... for GET RESPONSE (00 C0)
 * 90 12 is a piece, too, and as slow.
 * Where the simulator's debugfs is there, they also ask it what the chip ran.
 */
#ifndef SE05X_TEST_H
#define SE05X_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/se05x.h>

#include "kselftest_harness.h"

#define SIM_DIR		"/sys/kernel/debug/se05x-sim/"
#define NOBODY		65534
#define ANSWER_MAX	4098
#define SW_OK		0x9000

/* Nothing here takes so long, not even emulated and with every check on. */
#define PATIENCE_S	120
#define SLOW_TIMEOUT	240	/* of a test that has slow commands */

static const __u8 test_aid[] = { 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00 };
static const __u8 iot_aid[] = {
	0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
	0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00,
};

static inline const char *device(void)
{
	return getenv("SE05X_DEVICE") ?: "/dev/se05x";
}

/* Before main(): no device, nothing to test. */
static void __attribute__((constructor)) need_device(void)
{
	if (access(device(), F_OK))
		ksft_exit_skip("%s: %s\n", device(), strerror(errno));
}

static inline int open_device(int flags)
{
	return open(device(), flags | O_CLOEXEC);
}

/* 0 or a negative errno, as libraries have it */
static inline int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

/* One ioctl with all that belongs to it, in memory that a child can share */
struct job {
	int fd;
	unsigned long cmd;
	union {
		struct se05x_transceive t;
		struct se05x_select s;
		struct se05x_lock l;
		struct se05x_unlock u;
		struct se05x_reset r;
	};
	__u8 command[4096];
	__u8 response[ANSWER_MAX];
	int ret;
	pid_t pid;
};

static inline struct job *new_job(int fd, unsigned long cmd)
{
	struct job *job = mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (job == MAP_FAILED)
		abort();
	job->fd = fd;
	job->cmd = cmd;
	if (cmd == SE05X_IOC_TRANSCEIVE) {
		job->t.command = (uintptr_t)job->command;
		job->t.response = (uintptr_t)job->response;
		job->t.response_size = sizeof(job->response);
	} else if (cmd == SE05X_IOC_SELECT) {
		job->s.response = (uintptr_t)job->response;
		job->s.response_size = sizeof(job->response);
	}
	return job;
}

static inline struct job *apdu_job(int fd, const void *apdu, size_t len)
{
	struct job *job = new_job(fd, SE05X_IOC_TRANSCEIVE);

	memcpy(job->command, apdu, len);
	job->t.command_len = len;
	return job;
}

static inline struct job *delay_job(int fd, __u16 ms)
{
	__u8 apdu[] = { 0x80, 0x12, ms >> 8, ms & 0xff };

	return apdu_job(fd, apdu, sizeof(apdu));
}

/* Case 4 APDU, extended where its data need it */
static inline struct job *echo_job(int fd, const __u8 *data, size_t len)
{
	struct job *job = new_job(fd, SE05X_IOC_TRANSCEIVE);
	bool extended = len > 255;
	__u8 *p = job->command;

	*p++ = 0x80;
	*p++ = 0x10;
	*p++ = 0;
	*p++ = 0;
	if (extended) {
		*p++ = 0;
		*p++ = len >> 8;
	}
	if (len)
		*p++ = len & 0xff;
	memcpy(p, data, len);
	p += len;
	if (extended)
		*p++ = 0;
	*p++ = 0;
	job->t.command_len = p - job->command;
	return job;
}

static inline void free_job(struct job *job)
{
	munmap(job, sizeof(*job));
}

static inline int run(struct job *job)
{
	job->ret = call(job->fd, job->cmd, &job->t);
	return job->ret;
}

static inline void on_signal(int sig)
{
	(void)sig;
}

/* Run it in a child that has no other file of ours open. */
static inline void start(struct job *job)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	pid_t pid;	/* the job is shared memory: its own is the parent's to set */

	job->ret = 1;
	pid = fork();
	if (pid < 0)
		abort();
	if (pid) {
		job->pid = pid;
		return;
	}
	/* SA_RESTART: a call that the kernel would restart must show itself */
	sigaction(SIGUSR1, &action, NULL);
	if (job->fd > 3)
		close_range(3, job->fd - 1, 0);
	close_range(job->fd + 1, ~0U, 0);
	run(job);
	_exit(0);
}

/* Its ioctl's result; 1 if it was killed before. */
static inline int finish(struct job *job)
{
	waitpid(job->pid, NULL, 0);
	job->pid = 0;
	return job->ret;
}

/* A condition that somebody else brings about, asked for again and again */
#define WAIT_UNTIL(condition) ({					\
	time_t _end = time(NULL) + PATIENCE_S;				\
	bool _done;							\
									\
	while (!(_done = (condition)) && time(NULL) < _end)		\
		usleep(1000);						\
	_done;								\
})

/* Is that child asleep in an ioctl? */
static inline bool in_ioctl(pid_t pid)
{
	char path[64];
	FILE *f;
	long nr = -1;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%ld", &nr) != 1)
		nr = -1;
	fclose(f);
	return nr == SYS_ioctl;
}

/*
 * Does anything keep the chip busy? A demanded generation that can't hold gives
 * ESTALE at its turn and sends nothing.
 */
static inline bool is_busy(void)
{
	static const __u8 apdu[4] = { 0x80, 0x10 };
	struct se05x_transceive t = {
		.command = (uintptr_t)apdu,
		.command_len = sizeof(apdu),
		.demanded = ~0ULL,
	};
	int fd = open_device(O_RDWR | O_NONBLOCK);
	int ret = call(fd, SE05X_IOC_TRANSCEIVE, &t);

	close(fd);
	return ret == -EAGAIN;
}

static inline int select_aid(int fd, const __u8 *aid, size_t len, __u32 flags,
			     struct se05x_select *s)
{
	__u8 answer[258];
	int ret;

	memset(s, 0, sizeof(*s));
	s->flags = flags;
	s->aid_len = len;
	memcpy(s->aid, aid, len);
	s->response = (uintptr_t)answer;
	s->response_size = sizeof(answer);
	ret = call(fd, SE05X_IOC_SELECT, s);
	s->response = 0;
	return ret;
}

static inline bool is_selected(int fd, const __u8 *aid, size_t len)
{
	struct se05x_select s;

	return !select_aid(fd, aid, len, 0, &s) && s.sw == SW_OK;
}

#define IS_SELECTED(fd, aid)	is_selected(fd, aid, sizeof(aid))

/* Only the test applet echoes: 0 if it is that which answers this file. */
static inline int echo(int fd, struct se05x_transceive *t)
{
	static unsigned int count;
	__u8 nonce[12];
	struct job *job;
	int ret;

	snprintf((char *)nonce, sizeof(nonce), "%05d%05u", getpid() % 100000,
		 ++count % 100000);
	job = echo_job(fd, nonce, sizeof(nonce));
	if (t)
		job->t.demanded = t->demanded;
	ret = run(job);
	if (t)
		*t = job->t;
	if (!ret && job->t.sw != SW_OK)
		ret = 1;
	if (!ret && (job->t.response_len != sizeof(nonce) + 2 ||
		     memcmp(job->response, nonce, sizeof(nonce))))
		ret = 2;
	free_job(job);
	return ret;
}

/* Only the IoT applet tells its version: 0 if it is that which answers. */
static inline int version(int fd)
{
	static const __u8 apdu[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };
	static const __u8 expected[] = {
		0x41, 0x82, 0x00, 0x07, 0x07, 0x02, 0x00,
		0x3F, 0x9F, 0xFF, 0xFF, 0x90, 0x00,
	};
	struct job *job = apdu_job(fd, apdu, sizeof(apdu));
	int ret = run(job);

	if (!ret && (job->t.response_len != sizeof(expected) ||
		     memcmp(job->response, expected, sizeof(expected))))
		ret = 1;
	free_job(job);
	return ret;
}

static inline __u64 generation(int fd)
{
	struct se05x_info info = { 0 };

	return call(fd, SE05X_IOC_INFO, &info) ? 0 : info.generation;
}

/* ---- sysfs ---- */

#define SYSFS_DIR	"/sys/class/se05x/se05x0/"

/* Without its newline. 0 or a negative errno */
static inline int get_attr(const char *name, char *buf, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), SYSFS_DIR "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0) {
		n = -errno;
		close(fd);
		return n;
	}
	close(fd);
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return 0;
}

static inline int set_attr(const char *name, const char *value)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), SYSFS_DIR "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static inline bool attr_is(const char *name, const char *value)
{
	char buf[1024];

	return !get_attr(name, buf, sizeof(buf)) && !strcmp(buf, value);
}

static inline long long attr_count(const char *name)
{
	char buf[64];

	return get_attr(name, buf, sizeof(buf)) ? -1 : atoll(buf);
}

/* A number out of the simulator; -1 on a real chip. */
static inline long long sim_count(const char *name)
{
	char path[128];
	long long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), SIM_DIR "%s", name);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%lld", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

/*
 * Does the chip compute, after it had run that many commands? A request may keep
 * it busy that has not come to it yet, and can still be taken back. Without the
 * simulated chip that is as near as one gets.
 */
static inline bool computes(long long runs)
{
	long long now = sim_count("runs");

	return now < 0 ? is_busy() : now > runs;
}

/* Start the simulator's counters, rules broken among them, from 0. */
static inline void sim_clear(void)
{
	int fd = open(SIM_DIR "reset", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1)
		abort();
	close(fd);
}

/* The chip's name on its bus, for bind and unbind */
static inline bool client_name(char *name, size_t size)
{
	char path[256];
	ssize_t len = readlink("/sys/class/se05x/se05x0/device", path, sizeof(path) - 1);
	const char *base;

	if (len <= 0)
		return false;
	path[len] = 0;
	base = strrchr(path, '/');
	return (size_t)snprintf(name, size, "%s", base ? base + 1 : path) < size;
}

/* bind or unbind */
static inline int driver(const char *what, const char *name)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/i2c/drivers/se05x/%s", what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, name, strlen(name)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

#endif /* SE05X_TEST_H */
