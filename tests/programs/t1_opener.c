// SPDX-License-Identifier: GPL-2.0-only
/*
 * Openers of /dev/se05x-i2c that behave badly
 *
 *	t1_opener calls		each call of i2c-dev, with what it may and may not be given
 *	t1_opener deaths N	N processes that open it, write a command or half of one, and die
 *	t1_opener limit N	root opens it N times and no more, and another user can
 *	t1_opener lock SECONDS	not of it: has the chip for itself, by /dev/se05x, and says so
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/i2c.h>
#include <linux/i2c-dev.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/se05x.h>

#include "../card/frame.h"

static const char node[] = "/dev/se05x-i2c";
static int failures;

#define MUST(x) do { \
	if (!(x)) { \
		printf("line %d: %s (errno %d, %s)\n", __LINE__, #x, errno, strerror(errno)); \
		failures++; \
	} \
} while (0)

#define FAILS(x, error) do { \
	errno = 0; \
	MUST((x) < 0 && errno == (error)); \
} while (0)

static int open_node(int flags)
{
	int fd = open(node, O_RDWR | flags);

	if (fd < 0) {
		perror(node);
		exit(1);
	}
	return fd;
}

static void say(int fd, uint8_t pcb, const void *inf, size_t len)
{
	uint8_t frame[FRAME_MAX];

	if (len)
		memcpy(frame + 3, inf, len);
	len = frame_finish(frame, FRAME_NAD_HOST, pcb, len);
	MUST(write(fd, frame, len) == (ssize_t)len);
}

static void calls(void)
{
	static uint8_t big[100000];
	unsigned long funcs[2] = { 0, 0x5a5a5a5a };	/* and what is behind */
	int fd = open_node(0), other = open_node(O_NONBLOCK);

	/* nobody is at the address 0, where i2c-dev begins, nor at another one */
	FAILS(write(fd, big, 5), EREMOTEIO);
	FAILS(read(fd, big, 5), EREMOTEIO);
	MUST(!ioctl(fd, I2C_SLAVE, 0x50));
	FAILS(write(fd, big, 5), EREMOTEIO);
	FAILS(ioctl(fd, I2C_SLAVE, 0x80), EINVAL);
	MUST(!ioctl(fd, I2C_SLAVE_FORCE, 0x48));
	MUST(!ioctl(other, I2C_SLAVE, 0x48));

	MUST(!ioctl(fd, I2C_FUNCS, funcs) && (funcs[0] & I2C_FUNC_I2C));
	MUST(!(funcs[0] & I2C_FUNC_SMBUS_BYTE));
	MUST(funcs[1] == 0x5a5a5a5a);
	FAILS(ioctl(fd, I2C_FUNCS, NULL), EFAULT);
	FAILS(ioctl(fd, I2C_FUNCS, 4096), EFAULT);
	MUST(!ioctl(fd, I2C_PEC, 0));
	MUST(!ioctl(fd, I2C_PEC, 1));
	MUST(!ioctl(fd, I2C_TENBIT, 0));
	FAILS(ioctl(fd, I2C_TENBIT, 1), EINVAL);
	MUST(!ioctl(fd, I2C_TIMEOUT, 10));
	FAILS(ioctl(fd, I2C_TIMEOUT, -1L), EINVAL);
	MUST(!ioctl(fd, I2C_RETRIES, 3));
	FAILS(ioctl(fd, I2C_RETRIES, -1L), EINVAL);
	FAILS(ioctl(fd, I2C_RDWR, big), ENOTTY);
	FAILS(ioctl(fd, I2C_SMBUS, big), ENOTTY);
	FAILS(ioctl(fd, 0x1234, big), ENOTTY);
	FAILS(ioctl(fd, _IOWR(0xD4, 1, char[128]), big), ENOTTY);

	/* with nothing to be read each read fails at once */
	FAILS(read(fd, big, 1), EREMOTEIO);
	FAILS(read(fd, big, 3), EREMOTEIO);
	FAILS(read(fd, big, sizeof(big)), EREMOTEIO);
	MUST(read(fd, big, 0) == 0);

	/* a chip of one's own: what one said, the other can't read */
	say(fd, 0xC0, NULL, 0);
	FAILS(read(other, big, 5), EREMOTEIO);
	MUST(read(fd, big, 1) == 1 && big[0] == 0xA5);
	MUST(read(fd, big, 3) == 3 && big[0] == 0xE0 && big[1] == 0);
	MUST(read(fd, big, 260) == 260 && big[0] == 0x19 && big[1] == 0xFF && big[259] == 0xFF);
	FAILS(read(fd, big, 260), EREMOTEIO);
	say(fd, 0xC7, NULL, 0);
	MUST(read(fd, big, sizeof(big)) > 259 && big[1] == 0xE7);
	/* more than any frame has: an R-NAK */
	MUST(write(fd, big, sizeof(big)) > 259);
	MUST(read(fd, big, 5) == 5 && big[1] == 0x82);

	/* who may not wait is not acknowledged while the chip computes */
	say(other, 0xC0, NULL, 0);
	MUST(read(other, big, 5) == 5);
	say(other, 0, "\x80\x04\x00\x20", 4);
	while (read(other, big, 5) < 0)
		MUST(errno == EREMOTEIO);
	MUST(big[0] == 0xA5 && big[1] == 0);
	close(fd);
	close(other);
}

static void nothing(int sig)
{
	(void)sig;
}

/* A reader that waits for a second of RSA is interrupted by a signal */
static void interrupted(void)
{
	static const uint8_t select_iot[] = {
		0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
		0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	static const uint8_t rsa[] = {	/* WriteRSAKey: a pair of 4096 bits, transient */
		0x80, 0x81, 0x62, 0x00, 0x0A, 0x41, 4, 0x01, 0x01, 0x77, 0x77,
		0x42, 2, 0x10, 0x00,
	};
	const struct sigaction action = { .sa_handler = nothing };
	uint8_t in[260];
	int fd = open_node(0);

	MUST(!ioctl(fd, I2C_SLAVE, 0x48));
	say(fd, 0xC0, NULL, 0);
	MUST(read(fd, in, 5) == 5);
	say(fd, 0, select_iot, sizeof(select_iot));
	MUST(read(fd, in, 5) == 5 && read(fd, in, in[2] + 5) > 0);
	say(fd, 0x40, rsa, sizeof(rsa));
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	/* the key may be there sooner; else the signal ends the wait */
	if (read(fd, in, 5) < 0)
		MUST(errno == EINTR);
	close(fd);
}

static void deaths(int n)
{
	int i;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid) {
			int fd = open_node(0);

			ioctl(fd, I2C_SLAVE, 0x48);
			if (i & 1)
				say(fd, 0, "\x80\x04\x00\x20", 4);
			if (i & 2)
				say(fd, 0x40, "\x80\x04\x00\x20", 4);
			raise(SIGKILL);
		}
		if (i % 20 == 19)
			while (wait(NULL) > 0)
				;
	}
	while (wait(NULL) > 0)
		;
}

static void limit(int n)
{
	int fd, status;

	while (n--)
		open_node(0);
	FAILS(open(node, O_RDWR), EMFILE);
	MUST(!chmod(node, 0666));
	if (!fork()) {
		if (setuid(65534))
			_exit(2);
		fd = open_node(0);
		if (ioctl(fd, I2C_SLAVE, 0x48))
			_exit(3);
		say(fd, 0xC0, NULL, 0);
		_exit(failures);
	}
	MUST(wait(&status) > 0 && status == 0);
	MUST(!chmod(node, 0600));
}

static void lock(int seconds)
{
	struct se05x_lock l = { 0 };
	int fd = open("/dev/se05x", O_RDWR);

	MUST(fd >= 0 && !ioctl(fd, SE05X_IOC_LOCK, &l));
	puts("locked");
	fflush(stdout);
	sleep(seconds);
}

int main(int argc, char *argv[])
{
	if (argc == 3 && !strcmp(argv[1], "deaths")) {
		deaths(atoi(argv[2]));
	} else if (argc == 3 && !strcmp(argv[1], "limit")) {
		limit(atoi(argv[2]));
	} else if (argc == 3 && !strcmp(argv[1], "lock")) {
		lock(atoi(argv[2]));
	} else if (argc == 2 && !strcmp(argv[1], "calls")) {
		calls();
		interrupted();
	} else {
		fputs("usage: t1_opener calls | deaths N | limit N | lock SECONDS\n", stderr);
		return 2;
	}
	return failures != 0;
}
