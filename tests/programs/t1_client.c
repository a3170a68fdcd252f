// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that speaks T=1 over I2C by itself over an i2c-dev node, with the habits that are
 * known of NXP's programs: reads of 2, 1 and LEN + 2 bytes, drains of 260 or 512, a failed
 * read tried again after 1, 2, ... 200 ms, WTX answered, C5 at the end.
 *
 *	t1_client [OPTION]... C-APDU...
 *
 * Each C-APDU is hex and sent in its turn; the R-APDU goes to standard output in hex.
 *
 *	-p NODE		/dev/se05x-i2c by default
 *	-n		drains of 512 bytes, no GET ATR
 *	-r		RESYNC alone at the beginning: it resumes
 *	-z		five zero bytes and a read before each C-APDU
 *	-c		no C5 at the end: as if it had crashed
 *	-l COUNT	all of it so often, within one opening
 *	-w SECONDS	wait before the end
 *	-q		no R-APDUs
 *	-d DEVICE	each C-APDU goes to DEVICE, a chip of the driver, too; at the end, on
 *			standard error, what one took there and here: the fastest and the
 *			median, in ms, and calls of read and write. As they take turns,
 *			what else the machine does hits both alike.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/i2c.h>
#include <linux/i2c-dev.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/se05x.h>

#include "../card/frame.h"

#define POLLS	500
#define WTXS	500
#define NAKS	3
#define TIMES	10000

static int fd;
static uint8_t in[FRAME_MAX];	/* the frame that was read last */
static unsigned int ns, nr;	/* of the next I-block: ours, and the chip's */
static unsigned long calls;	/* of read and write */

static void die(const char *what)
{
	fprintf(stderr, "t1_client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void refuse(const char *what)
{
	fprintf(stderr, "t1_client: %s\n", what);
	exit(1);
}

static void put(uint8_t pcb, const void *inf, size_t len)
{
	uint8_t frame[FRAME_MAX];

	if (len)
		memcpy(frame + 3, inf, len);
	len = frame_finish(frame, FRAME_NAD_HOST, pcb, len);
	usleep(1000);
	calls++;
	if (write(fd, frame, len) != (ssize_t)len)
		die("write");
}

/* Exactly so many bytes, or a failure, which is tried again with growing pauses */
static int get_bytes(uint8_t *to, size_t len, int polls)
{
	int pause = 1;

	while (calls++, read(fd, to, len) != (ssize_t)len) {
		if (errno == ENODEV || errno == ENOTCONN || !--polls)
			return -1;
		usleep(1000 * pause);
		if (pause < 200)
			pause++;
	}
	return 0;
}

/* Return: false if it was no sound frame */
static bool get(void)
{
	if (get_bytes(in, 2, POLLS))
		die("read");
	if (in[0] != FRAME_NAD_CHIP) {
		if (in[1] != FRAME_NAD_CHIP)
			return false;
		in[0] = in[1];
		if (get_bytes(in + 1, 1, POLLS))
			die("read");
	}
	if (get_bytes(in + 2, 1, POLLS) || in[2] > FRAME_INF_MAX ||
	    get_bytes(in + 3, in[2] + 2, POLLS))
		die("read");
	return frame_crc(in, in[2] + 3) == (in[in[2] + 3] | in[in[2] + 4] << 8);
}

/* The next block that is not WTX */
static void get_block(void)
{
	int naks = 0, wtx = 0;

	for (;;) {
		if (!get()) {
			if (naks++ == NAKS)
				refuse("no sound frame");
			put(0x81 | nr << 4, NULL, 0);
		} else if (in[1] == 0xC3) {
			if (wtx++ == WTXS)
				refuse("WTX without end");
			usleep(3000);
			put(0xE3, in + 3, 1);
		} else {
			return;
		}
	}
}

static void ask(uint8_t pcb)
{
	put(pcb, NULL, 0);
	get_block();
	if (in[1] != (pcb | 0x20))
		refuse("another answer to an S-request");
}

static void begin(bool resume, bool nano)
{
	uint8_t drain[512];
	size_t len = nano ? 512 : 260;

	put(0xC0, NULL, 0);
	if (resume) {
		get_block();
	} else {
		int wtx = 0;

		/* what waits comes padded, and it may be a request for more time */
		while (read(fd, drain, len) == (ssize_t)len && drain[1] == 0xC3 && wtx++ < 40)
			put(0xE3, drain + 3, 1);
		if (read(fd, drain, len) >= 0)
			refuse("something to drain after the drain");
		ask(0xC0);
		if (!nano)
			ask(0xC7);
	}
	ns = 0;
	nr = 0;
}

static size_t transceive(const uint8_t *capdu, size_t len, uint8_t *rapdu)
{
	size_t got = 0, n;

	for (; len; len -= n, capdu += n) {
		n = len > FRAME_INF_MAX ? FRAME_INF_MAX : len;
		put(ns << 6 | (n < len ? 0x20 : 0), capdu, n);
		ns ^= 1;
		get_block();
		if (n < len && (in[1] != (0x80 | ns << 4)))
			refuse("a chain is not acknowledged");
	}
	for (;;) {
		if (in[1] & 0x9f || (in[1] >> 6 & 1) != nr)
			refuse("no I-block, or not the next");
		nr ^= 1;
		memcpy(rapdu + got, in + 3, in[2]);
		got += in[2];
		if (!(in[1] & 0x20))
			return got;
		put(0x80 | nr << 4, NULL, 0);
		get_block();
	}
}

static size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;
	unsigned int byte;

	for (; sscanf(text, "%2x", &byte) == 1; text += 2) {
		out[n++] = byte;
		if (!text[1])
			refuse("odd hex");
	}
	return n;
}

static void open_node(const char *node, bool nano)
{
	unsigned long funcs;

	fd = open(node, O_RDWR);
	if (fd < 0)
		die(node);
	ioctl(fd, I2C_SLAVE, 0x48);
	if (nano) {
		ioctl(fd, I2C_TIMEOUT, 10);
		ioctl(fd, I2C_RETRIES, 3);
		return;
	}
	ioctl(fd, I2C_PEC, 0);
	if (ioctl(fd, I2C_FUNCS, &funcs) || !(funcs & I2C_FUNC_I2C))
		die("I2C_FUNCS");
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The same command without us */
static void by_driver(int device, const uint8_t *capdu, size_t len)
{
	static uint8_t rapdu[8192];
	struct se05x_transceive t = {
		.command = (uintptr_t)capdu, .command_len = len,
		.response = (uintptr_t)rapdu, .response_size = sizeof(rapdu),
	};

	if (ioctl(device, SE05X_IOC_TRANSCEIVE, &t))
		die("TRANSCEIVE");
}

static double median(double *took, size_t n)
{
	qsort(took, n, sizeof(*took), compare);
	return took[n / 2];
}

static struct options {
	const char *node, *device;
	bool nano, resume, zeros, crash, quiet;
	long loops, pause;
} opt = { .node = "/dev/se05x-i2c", .loops = 1 };

/* What a C-APDU took, here and at opt.device */
static double here[TIMES], there[TIMES];
static size_t done;

static void run(const char *hex, int device)
{
	static uint8_t capdu[8192], rapdu[8192];
	size_t len = unhex(hex, capdu);
	double start = now_ms();

	if (opt.device)
		by_driver(device, capdu, len);
	there[done % TIMES] = now_ms() - start;
	start = now_ms();
	if (opt.zeros) {
		if (write(fd, "\x5A\0\0\0", 5) != 5)
			die("write of zeros");
		get();
	}
	len = transceive(capdu, len, rapdu);
	here[done++ % TIMES] = now_ms() - start;
	if (opt.quiet)
		return;
	for (size_t i = 0; i < len; i++)
		printf("%02X", rapdu[i]);
	putchar('\n');
}

static bool take_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "p:nrzcl:w:qd:")) != -1) {
		switch (c) {
		case 'p': opt.node = optarg; break;
		case 'n': opt.nano = true; break;
		case 'r': opt.resume = true; break;
		case 'z': opt.zeros = true; break;
		case 'c': opt.crash = true; break;
		case 'l': opt.loops = atol(optarg); break;
		case 'w': opt.pause = atol(optarg); break;
		case 'q': opt.quiet = true; break;
		case 'd': opt.device = optarg; break;
		default: return false;
		}
	}
	return true;
}

int main(int argc, char *argv[])
{
	int device = -1;

	if (!take_options(argc, argv))
		return 2;
	if (opt.device) {
		device = open(opt.device, O_RDWR);
		if (device < 0)
			die(opt.device);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);	/* who waits for a line of it is not to wait for the end */
	open_node(opt.node, opt.nano);
	begin(opt.resume, opt.nano);
	calls = 0;
	while (opt.loops--)
		for (int i = optind; i < argc; i++)
			run(argv[i], device);
	if (opt.device && done) {
		size_t n = done < TIMES ? done : TIMES;
		double m = median(there, n), l = median(here, n);	/* and then they are sorted */

		fprintf(stderr, "%.3f %.3f %.3f %.3f %.2f\n", there[0], here[0], m, l,
			(double)calls / done);
	}
	fflush(stdout);
	sleep(opt.pause);
	if (!opt.crash)
		ask(0xC5);
	return 0;
}
