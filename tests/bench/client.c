// SPDX-License-Identifier: GPL-2.0-only
/*
 * APDUs on a real kernel: by /dev/se05x, and by i2c-dev as programs without a
 * driver do it
 *
 *	client [--trace] [--iot=BYTES] se05x|plain DEVICE ROUNDS
 *
 * Prints the median and the 99th percentile of an APDU's time, and the CPU time
 * of an APDU, the owner's included, all in microseconds. The first rounds are
 * not counted. With --trace, tracing is on while it counts, for this process
 * and the owner's, and the voluntary switches of both are printed. With --iot the
 * driver's APDUs go to the IoT applet, which gives that many random bytes; without,
 * they are GetVersion.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/i2c-dev.h>
#include <linux/se05x.h>
#include <linux/types.h>

#include "../card/card.h"

#define ADDRESS		0x48
#define WARM_UP		40
#define TRACING		"/sys/kernel/tracing/"

#define BYTES_MAX	800

static const u8 get_version[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };
static u8 get_random[] = {
	0x80, 0x04, 0x00, 0x49, 0x00, 0x00, 0x04, 0x41, 0x02, 0x00, 0x00, 0x00, 0x00
};
static const u8 iot_aid[] = {
	0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00, 0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00
};
static unsigned int iot_bytes;	/* 0: GetVersion */

static void die(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- by the driver ---- */

static void by_driver(int fd)
{
	u8 response[BYTES_MAX + 258];
	struct se05x_transceive t = {
		.command = (uintptr_t)get_version, .command_len = sizeof(get_version),
		.response = (uintptr_t)response, .response_size = sizeof(response),
	};

	if (iot_bytes) {
		t.command = (uintptr_t)get_random;
		t.command_len = sizeof(get_random);
	}
	if (ioctl(fd, SE05X_IOC_TRANSCEIVE, &t))
		die("TRANSCEIVE");
	if (iot_bytes && t.response_len != iot_bytes + 6) {
		fprintf(stderr, "client: not %u random bytes: SW %04x\n", iot_bytes, t.sw);
		exit(1);
	}
}

static void select_iot(int fd)
{
	struct se05x_select s = { .aid_len = sizeof(iot_aid) };

	memcpy(s.aid, iot_aid, sizeof(iot_aid));
	if (ioctl(fd, SE05X_IOC_SELECT, &s) || s.sw != 0x9000)
		die("SELECT");
	get_random[9] = iot_bytes >> 8;
	get_random[10] = iot_bytes & 0xff;
}

/* ---- without: write, and look each millisecond ---- */

static u8 ns;

static void put(int fd, u8 pcb, const u8 *inf, size_t len)
{
	u8 frame[CARD_FRAME_MAX];
	size_t n = card_frame(frame, 0x5A, pcb, inf, len);

	while (write(fd, frame, n) != (ssize_t)n) {
		if (errno != ENXIO && errno != EREMOTEIO)
			die("write");
		usleep(1000);
	}
}

/* A block; the guard times are kept by the millisecond before each look. */
static u8 get(int fd, u8 *inf)
{
	u8 header[3], rest[CARD_FRAME_MAX];

	do
		usleep(1000);
	while (read(fd, header, sizeof(header)) != sizeof(header));
	usleep(100);
	if (read(fd, rest, header[2] + 2) != header[2] + 2)
		die("read");
	memcpy(inf, rest, header[2]);
	return header[1];
}

static void by_polling(int fd)
{
	u8 inf[CARD_FRAME_MAX], pcb;

	put(fd, ns << 6, get_version, sizeof(get_version));
	while ((pcb = get(fd, inf)) == 0xC3)
		put(fd, 0xE3, inf, 1);
	if (pcb & 0xbf)
		die("no I-block");
	ns ^= 1;
}

static int open_plain(const char *device)
{
	u8 inf[CARD_FRAME_MAX];
	int fd = open(device, O_RDWR);

	if (fd < 0)
		die(device);
	if (ioctl(fd, I2C_SLAVE, ADDRESS))
		die("I2C_SLAVE");
	put(fd, 0xC0, NULL, 0);
	if (get(fd, inf) != 0xE0)
		die("no answer to RESYNC");
	return fd;
}

/* ---- what it costs ---- */

static int owner;	/* 0: none */

static void find_owner(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	while (proc && (d = readdir(proc))) {
		char path[300], comm[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/comm", d->d_name);
		f = atoi(d->d_name) ? fopen(path, "r") : NULL;
		if (!f)
			continue;
		if (fgets(comm, sizeof(comm), f) && !strcmp(comm, "se05x0\n"))
			owner = atoi(d->d_name);
		fclose(f);
	}
	if (proc)
		closedir(proc);
	if (!owner)
		die("no owner thread");
}

static unsigned long long number_in(int pid, const char *file, const char *key)
{
	unsigned long long n = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			n = strtoull(line + strlen(key), NULL, 10);
	fclose(f);
	return n;
}

static unsigned long long cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec +
	       (owner ? number_in(owner, "schedstat", "") : 0);
}

static unsigned long long switches(void)
{
	return number_in(getpid(), "status", "voluntary_ctxt_switches:") +
	       (owner ? number_in(owner, "status", "voluntary_ctxt_switches:") : 0);
}

static void tracing(const char *file, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static void trace_us(void)
{
	char pids[64];

	snprintf(pids, sizeof(pids), "%d %d", getpid(), owner);
	tracing("set_event_pid", pids);
}

/* ---- main ---- */

static int by_size(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void measure(void (*exchange)(int fd), int fd, int rounds, bool trace)
{
	double *us = calloc(rounds, sizeof(*us));
	unsigned long long cpu, sw;
	int on = -1;

	for (int i = 0; i < WARM_UP; i++)
		exchange(fd);
	for (int i = 0; i < rounds; i++)	/* no page of it is missing later */
		us[i] = 1;
	if (trace) {
		trace_us();
		on = open(TRACING "tracing_on", O_WRONLY);
	}
	sw = switches();
	cpu = cpu_ns();
	if (on >= 0 && write(on, "1", 1) != 1)
		die("tracing_on");
	for (int i = 0; i < rounds; i++) {
		double start = now_us();

		exchange(fd);
		us[i] = now_us() - start;
	}
	if (on >= 0 && write(on, "0", 1) != 1)
		die("tracing_on");
	cpu = cpu_ns() - cpu;
	sw = switches() - sw;
	qsort(us, rounds, sizeof(*us), by_size);
	if (trace)
		printf("switches %llu\n", sw);
	else
		printf("%.0f %.0f %.0f\n", us[rounds / 2], us[rounds * 99 / 100],
		       cpu / 1e3 / rounds);
	free(us);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "trace", no_argument, NULL, 't' }, { "iot", required_argument, NULL, 'i' }, { }
	};
	bool trace = false, plain;
	int fd, c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) == 't' || c == 'i') {
		if (c == 't')
			trace = true;
		else
			iot_bytes = atoi(optarg);
	}
	if (c != -1 || argc - optind != 3 || iot_bytes > BYTES_MAX) {
		fprintf(stderr, "usage: client [--trace] [--iot=BYTES] se05x|plain DEVICE ROUNDS\n");
		return 2;
	}
	plain = !strcmp(argv[optind], "plain");
	if (plain) {
		fd = open_plain(argv[optind + 1]);
	} else {
		find_owner();
		fd = open(argv[optind + 1], O_RDWR);
		if (fd < 0)
			die(argv[optind + 1]);
		if (iot_bytes)
			select_iot(fd);
	}
	measure(plain ? by_polling : by_driver, fd, atoi(argv[optind + 2]), trace);
	return 0;
}
