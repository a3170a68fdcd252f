// SPDX-License-Identifier: GPL-2.0-only
/*
 * leak: does anything of an APDU stay in the kernel once it was answered?
 *
 *	leak			client, applet and judge: TAP on stdout
 *	leak --expect-found	the driver does not wipe: the scan must find that
 *
 * Every command and every answer is a marker of 16 random bytes, over and over.
 * Afterwards it must be nowhere in the machine's memory (/proc/kcore), nor as
 * bytes or hex in what the kernel tells: log, trace, netlink, sysfs, debugfs.
 *
 * So the marker must not be anywhere else either. It is the XOR of two random
 * strings and exists in buffers of this program only while they are needed; it
 * is moved byte by byte by code that the compiler may not turn into vector
 * instructions, or the processor state of a sleeping program would keep it.
 * Needs se05x-sim without its applet, which is played here for that reason.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/se05x.h>

#include "../sim/sim_abi.h"
#include "scan.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define TRACING		"/sys/kernel/tracing/"

#define MARKER		16
#define HEX_MIN		12	/* digits of it in a row, in text */
#define COMMAND		4096
#define ANSWER		4098
#define HIGH_BITS	0x8080808080808080ULL

#define INS_ANSWER	0x10	/* P1P2 bytes of marker */
#define INS_SLOW	0x12	/* the same after two seconds */
#define SLOW_US		2000000

static volatile uint8_t half[2][MARKER];
/* ---- the marker ---- */

static uint8_t marker_byte(size_t i)
{
	return half[0][i % MARKER] ^ half[1][i % MARKER];
}

/* All its bytes have the high bit: that makes the scan fast. */
static void make_marker(void)
{
	int i;

	if (getrandom((void *)half, sizeof(half), 0) != sizeof(half))
		die("getrandom");
	for (i = 0; i < MARKER; i++)
		half[1][i] = (half[1][i] & 0x7f) | (~half[0][i] & 0x80);
}

static void fill(volatile uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = marker_byte(i);
}

static bool is_marker(const volatile uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != marker_byte(i))
			return false;
	return true;
}

/* ---- the chip's applet ---- */

static void answer(int fd, struct sim_msg *msg)
{
	volatile uint8_t *apdu = msg->payload;
	uint8_t ins = apdu[1];
	bool ours = ins == INS_ANSWER || ins == INS_SLOW;
	size_t len = ours ? apdu[2] << 8 | apdu[3] : 0;

	wipe(apdu, SIM_PAYLOAD_MAX);
	fill(apdu, len);
	apdu[len] = 0x90;
	apdu[len + 1] = 0x00;
	msg->type = SIM_MSG_ANSWER;
	msg->delay_us = ins == INS_SLOW ? SLOW_US : 0;
	msg->len = len + 2;
	if (write(fd, msg, sizeof(*msg) + msg->len) < 0)
		_exit(1);
	wipe(apdu, SIM_PAYLOAD_MAX);
}

static pid_t start_applet(void)
{
	struct sim_msg *msg = (void *)buffer(sizeof(*msg) + SIM_PAYLOAD_MAX);
	int fd = open("/dev/" SIM_DEVICE, O_RDWR);
	pid_t pid;

	if (fd < 0)
		die("/dev/" SIM_DEVICE);
	pid = fork();
	if (!pid) {
		for (;;) {
			if (read(fd, msg, sizeof(*msg) + SIM_PAYLOAD_MAX) < 0)
				_exit(1);
			if (msg->type == SIM_MSG_APDU)
				answer(fd, msg);
		}
	}
	close(fd);
	return pid;
}

/* ---- the clients ---- */

struct client {
	int fd;
	uint8_t *command;	/* and an unmapped page after it */
	uint8_t *response;
	struct se05x_transceive t;
};

static struct client *new_client(void)
{
	struct client *c = (void *)buffer(sizeof(*c));

	c->fd = open("/dev/se05x", O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		die("/dev/se05x");
	c->command = buffer(2 * COMMAND);
	munmap(c->command + COMMAND, COMMAND);
	c->response = buffer(2 * COMMAND);
	c->t.command = (uintptr_t)c->command;
	c->t.response = (uintptr_t)c->response;
	c->t.response_size = ANSWER;
	return c;
}

/* @len bytes of command, all marker but for the header */
static void prepare(struct client *c, uint8_t ins, size_t len, size_t wanted)
{
	fill(c->command, len);
	c->command[0] = 0x80;
	c->command[1] = ins;
	c->command[2] = wanted >> 8;
	c->command[3] = wanted & 0xff;
	c->t.command_len = len;
}

static int run(struct client *c)
{
	return ioctl(c->fd, SE05X_IOC_TRANSCEIVE, &c->t) ? -errno : 0;
}

/* The answer is consumed: is it right, and is everything else untouched? */
static bool consume(struct client *c, size_t len)
{
	bool good = is_marker(c->response, len > ANSWER - 2 ? ANSWER - 2 : len);
	size_t i;

	for (i = len + 2; i < 2 * COMMAND; i++)
		good &= !c->response[i];
	wipe(c->command, COMMAND);
	wipe(c->response, 2 * COMMAND);
	return good;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Run it in a child until @sig gets it. */
static int run_until(struct client *c, int sig, useconds_t after)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct sigaction action = { .sa_handler = on_signal };

		sigaction(SIGUSR1, &action, NULL);
		_exit(-run(c) & 0xff);
	}
	usleep(after);
	kill(pid, sig);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/* Each way that an APDU can go, each in a file that stays open */
static size_t run_clients(struct client **c)
{
	static const uint8_t other_channel[] = { 0x01, 0x10, 0, 0 };
	pid_t pid;
	size_t n = 0;

	c[n] = new_client();
	prepare(c[n], INS_ANSWER, 200, 150);
	ok(!run(c[n]) && consume(c[n], 150), "short command and answer");

	c[++n] = new_client();
	prepare(c[n], INS_ANSWER, COMMAND, 4096);
	ok(!run(c[n]) && consume(c[n], 4096), "chained command and answer");

	c[++n] = new_client();
	prepare(c[n], INS_ANSWER, 1000, 1000);
	c[n]->t.response_size = 100;
	ok(run(c[n]) == -EMSGSIZE && consume(c[n], 98), "buffer too short");

	c[++n] = new_client();
	prepare(c[n], INS_ANSWER, COMMAND, 0);
	memcpy(c[n]->command, other_channel, 2);
	ok(run(c[n]) == -EOPNOTSUPP && consume(c[n], 0), "refused");

	c[++n] = new_client();
	prepare(c[n], INS_ANSWER, COMMAND, 0);
	c[n]->t.command += COMMAND / 2;
	ok(run(c[n]) == -EFAULT && consume(c[n], 0), "half of the command can't be read");

	c[++n] = new_client();
	prepare(c[n], INS_ANSWER, COMMAND, 0);
	c[n]->t.demanded = 1;
	ok(run(c[n]) == -ESTALE && consume(c[n], 0), "of another generation");

	/* the first waits for its slow answer while the second is in the queue */
	c[++n] = new_client();
	prepare(c[n], INS_SLOW, 2000, 1000);
	c[++n] = new_client();
	prepare(c[n], INS_ANSWER, 2000, 1000);
	pid = fork();
	if (!pid)
		_exit(run(c[n - 1]) ? 1 : 0);
	usleep(300000);
	ok(run_until(c[n], SIGUSR1, 300000) == -EINTR && consume(c[n], 0), "queued, and a signal");
	waitpid(pid, NULL, 0);
	ok(consume(c[n - 1], 1000), "of a slow chip");

	c[++n] = new_client();
	prepare(c[n], INS_SLOW, 2000, 1000);
	c[n]->t.deadline_ms = 1000;
	ok(run(c[n]) == -ETIMEDOUT && consume(c[n], 0), "deadline passed in flight");

	c[++n] = new_client();
	prepare(c[n], INS_ANSWER, 100, 100);
	ok(!run(c[n]) && consume(c[n], 100), "short ones after long ones");

	put(SIM "faults", "restart read @1\n");
	c[++n] = new_client();
	prepare(c[n], INS_SLOW, 2000, 1000);
	ok(run(c[n]) < 0 && consume(c[n], 0), "the chip restarts");

	/* a killed caller: the last, so that nothing takes its memory again */
	c[++n] = new_client();
	prepare(c[n], INS_SLOW, 3000, 3000);
	ok(run_until(c[n], SIGKILL, 500000) == -EINTR && consume(c[n], 0), "killed in flight");
	c[++n] = new_client();
	prepare(c[n], INS_ANSWER, 4, 0);
	ok(!run(c[n]) && consume(c[n], 0), "the chip is free again");
	return n + 1;
}

/* ---- memory ---- */

static uint64_t word_of_marker(unsigned int from)
{
	uint64_t word = 0;
	int i;

	for (i = 7; i >= 0; i--)
		word = word << 8 | marker_byte(from + i);
	return word;
}

/*
 * Two aligned words in a row: 23 bytes of it, wherever they begin. Eight might
 * be a register that an interrupt saved.
 */
static unsigned int count(const uint64_t *p, size_t words, uint64_t address)
{
	static uint64_t shown;
	unsigned int i, found = 0;
	size_t at;

	for (at = 0; at + 1 < words; at++) {
		if ((p[at] & p[at + 1] & HIGH_BITS) != HIGH_BITS || p[at] == p[at + 1])
			continue;
		for (i = 0; i < MARKER; i++)
			if (p[at] == word_of_marker(i) && p[at + 1] == word_of_marker(i + 8))
				break;
		if (i == MARKER)
			continue;
		found++;
		if (shown++ < 8)
			printf("# marker at physical %#llx\n",
			       (unsigned long long)(address + at * 8));
	}
	return found;
}

/* ---- what the kernel tells ---- */

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int marker_digit(unsigned int i)
{
	return i % 2 ? marker_byte(i / 2) & 15 : marker_byte(i / 2) >> 4;
}

/* As bytes or in hex, whatever is between the digits */
static bool tells(const uint8_t *text, size_t len)
{
	unsigned int run[MARKER] = { 0 }, raw[MARKER] = { 0 }, i;
	size_t at;

	for (at = 0; at < len; at++) {
		int digit = hex_digit(text[at]);

		for (i = 0; i < MARKER; i++) {
			raw[i] = text[at] == marker_byte(i + raw[i]) ? raw[i] + 1 : 0;
			if (digit >= 0)
				run[i] = digit == marker_digit(2 * i + run[i]) ? run[i] + 1 : 0;
			if (run[i] == HEX_MIN || raw[i] == HEX_MIN / 2)
				return true;
		}
	}
	return false;
}

static int telltales;
static size_t told, told_files;

static int look_into(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	static uint8_t text[1 << 22];
	size_t len = 0;
	ssize_t got = 1;
	int fd;

	(void)ftw;
	if (type != FTW_F || !(st->st_mode & 0444))
		return 0;
	fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return 0;
	while (got > 0 && len < sizeof(text)) {
		got = read(fd, text + len, sizeof(text) - len);
		if (got < 0 && errno == EPIPE)	/* kmsg: some were overwritten */
			got = 1;
		else if (got > 0)
			len += got;
	}
	close(fd);
	told += len;
	told_files++;
	if (tells(text, len)) {
		printf("# %s\n", path);
		telltales++;
	}
	return 0;
}

static void look_into_file(const char *path)
{
	struct stat st;

	if (!stat(path, &st))
		look_into(path, &st, FTW_F, NULL);
}

/* Whether the search finds anything: in hex with blanks, as hex dumps have it */
static bool is_found_in_the_log(void)
{
	char line[3 * MARKER + 2];
	int i;

	for (i = 0; i < MARKER; i++)
		sprintf(line + 3 * i, "%02x%c", marker_byte(5 + i), i < MARKER - 1 ? ' ' : '\n');
	put("/dev/kmsg", line);
	telltales = 0;
	look_into_file("/dev/kmsg");
	return telltales == 1;
}

/* Nothing is said without somebody to hear it: join each group there is. */
static void netlink_listen(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), group;

	if (fd < 0 || bind(fd, (void *)&addr, sizeof(addr)))
		die("netlink");
	for (group = 1; group < 256; group++)
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

/* Everything that is said by netlink, to whomever: nlmon0 shows it. */
static int netlink_open(void)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex("nlmon0"),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
	int room = 1 << 20;

	if (fd < 0 || !addr.sll_ifindex || bind(fd, (void *)&addr, sizeof(addr)))
		die("nlmon0");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	return fd;
}

static bool netlink_tells(int fd, int *packets)
{
	static uint8_t packet[65536];
	bool found = false;
	ssize_t got;

	for (*packets = 0; (got = recv(fd, packet, sizeof(packet), 0)) > 0; (*packets)++)
		found |= tells(packet, got);
	return found;
}

/* ---- the judge ---- */

int main(int argc, char **argv)
{
	bool netlink_told, expect_found = argc > 1 && !strcmp(argv[1], "--expect-found");
	unsigned int when_open, when_closed;
	uint64_t scanned, again;
	struct client *clients[16];
	size_t n, i;
	pid_t applet;
	int netlink, packets, keep;	/* open: as long as it is, no hwrng asks the applet */

	make_marker();
	put(TRACING "events/se05x/enable", "1");
	netlink_listen();
	netlink = netlink_open();
	keep = open("/dev/se05x", O_RDONLY | O_CLOEXEC);
	if (keep < 0)
		die("/dev/se05x");
	applet = start_applet();
	n = run_clients(clients);
	kill(applet, SIGKILL);
	waitpid(applet, NULL, 0);
	if (put(SIM "forget", "1"))
		die(SIM "forget");

	when_open = scan_memory(count, &scanned);
	for (i = 0; i < n; i++)
		close(clients[i]->fd);
	close(keep);
	when_closed = scan_memory(count, &again);
	printf("# %llu MiB scanned\n", (unsigned long long)(scanned >> 20));
	if (expect_found) {
		ok(when_open, "a driver that does not wipe is found out");
		printf("1..%d\n", test_number);
		return failures != 0;
	}
	ok(scanned >> 20 >= 256 && again == scanned, "all of the memory was scanned");
	ok(!when_open, "nothing is left while the files are open");
	ok(!when_closed, "nothing is left after they are closed");

	look_into_file("/dev/kmsg");
	look_into_file(TRACING "trace");
	nftw("/sys/class/se05x/", look_into, 16, FTW_PHYS);
	nftw("/sys/class/se05x/se05x0/", look_into, 16, FTW_PHYS);
	nftw("/sys/class/se05x/se05x0/device/", look_into, 16, FTW_PHYS);
	nftw("/sys/module/se05x", look_into, 16, FTW_PHYS);
	nftw(DEBUGFS "se05x", look_into, 16, FTW_PHYS);
	nftw(DEBUGFS "se05x-sim", look_into, 16, FTW_PHYS);
	printf("# %zu files, %zu bytes\n", told_files, told);
	ok(told_files > 10 && !telltales, "log, trace, sysfs and debugfs don't tell");
	netlink_told = netlink_tells(netlink, &packets);
	ok(packets && !netlink_told, "netlink does not tell, in %d messages", packets);
	ok(is_found_in_the_log(), "a log that tells is found out");
	printf("1..%d\n", test_number);
	return failures != 0;
}
