// SPDX-License-Identifier: GPL-2.0-only
/*
 * keys: does a key of the kernel's secure channel stay in memory after its time?
 *
 *	keys			TAP on stdout
 *	keys --expect-found	the driver does not wipe: the scan must find that
 *
 * The static keys are a marker of 16 random bytes over and over. The session keys can't
 * be chosen, so this program, which plays the chip, derives them as the driver does. No
 * library will do for that: it would keep copies. All secrets are kept as in leak.c: as
 * two halves whose XOR they are, and whole only byte by byte or in memory that is wiped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <linux/se05x.h>

#include "../sim/sim_abi.h"
#include "scan.h"

#define MARKER		16
#define KEY		32	/* AES-256: long enough to be found wherever it begins */
#define BLOCK		16
#define MAC		8
#define ROUNDS		14
#define KVN		0x0B

enum which { ENC, SMAC, RMAC, STATIC };

/* The marker, then the three session keys, in halves */
struct secrets {
	uint8_t half[2][MARKER + 3 * KEY];
};

/* Where the chip computes; wiped after each answer, but for the chaining value */
struct work {
	uint8_t key[KEY];
	uint8_t round[(ROUNDS + 1) * BLOCK];
	uint8_t block[BLOCK];
	uint8_t shifted[BLOCK];
	uint8_t sub[BLOCK];
	unsigned int n;
};

static volatile struct secrets *secrets;
static volatile struct work *work;
static uint8_t context[2 * MAC], chaining[BLOCK];

static uint8_t secret_byte(enum which which, unsigned int i)
{
	unsigned int at = which == STATIC ? i % MARKER : MARKER + which * KEY + i;

	return secrets->half[0][at] ^ secrets->half[1][at];
}

/* ---- AES-256 and CMAC, in memory that is wiped ---- */

static uint8_t times2(uint8_t a)
{
	return a << 1 ^ (a & 0x80 ? 0x1b : 0);
}

/* FIPS 197, 5.1.1: no table of it, which would be indexed with secrets in the cache */
static uint8_t substitute(uint8_t a)
{
	uint8_t inverse = 1, square = a, out = 0x63;
	int i;

	for (i = 1; i < 8; i++) {	/* a to the power of 254 */
		uint8_t x, y, product = 0;

		for (x = square, y = square; y; y >>= 1, x = times2(x))
			product ^= y & 1 ? x : 0;
		square = product;
		for (product = 0, x = inverse, y = square; y; y >>= 1, x = times2(x))
			product ^= y & 1 ? x : 0;
		inverse = product;
	}
	for (i = 0; i < 5; i++)
		out ^= inverse << i | inverse >> (8 - i);
	return out;
}

static void expand(enum which which)
{
	volatile uint8_t *w = work->round;
	uint8_t constant = 1;
	unsigned int i, j;

	for (i = 0; i < KEY; i++)
		w[i] = secret_byte(which, i);
	for (i = KEY; i < sizeof(work->round); i += 4) {
		for (j = 0; j < 4; j++) {
			uint8_t last = w[i - 4 + (i % KEY ? j : (j + 1) % 4)];

			if (i % BLOCK == 0)
				last = substitute(last);
			w[i + j] = w[i + j - KEY] ^ last;
		}
		if (i % KEY == 0) {
			w[i] ^= constant;
			constant = times2(constant);
		}
	}
}

static void encrypt(void)
{
	volatile uint8_t *b = work->block, *s = work->shifted;
	int round, i;

	for (round = 0; round <= ROUNDS; round++) {
		for (i = 0; i < BLOCK; i++) {
			if (round)
				s[i] = substitute(b[(i + i % 4 * 4) % BLOCK]);
		}
		for (i = 0; round && i < BLOCK; i++) {
			const volatile uint8_t *c = s + i / 4 * 4;
			uint8_t a = c[i % 4], next = c[(i + 1) % 4];

			b[i] = round == ROUNDS ? a : times2(a ^ next) ^ next ^
			       c[(i + 2) % 4] ^ c[(i + 3) % 4];
		}
		for (i = 0; i < BLOCK; i++)
			b[i] ^= work->round[round * BLOCK + i];
	}
}

static void mac_begin(enum which which)
{
	wipe((void *)work, sizeof(*work));
	expand(which);
}

static void mac_add(const volatile uint8_t *data, size_t len)
{
	for (; len; len--, data++) {
		if (work->n == BLOCK) {
			encrypt();
			work->n = 0;
		}
		work->block[work->n++] ^= *data;
	}
}

static void double_sub(void)
{
	uint8_t carry = work->sub[0] & 0x80 ? 0x87 : 0;
	int i;

	for (i = 0; i < BLOCK - 1; i++)
		work->sub[i] = work->sub[i] << 1 | work->sub[i + 1] >> 7;
	work->sub[BLOCK - 1] = work->sub[BLOCK - 1] << 1 ^ carry;
}

/* The MAC is in work->block then. */
static void mac_end(void)
{
	uint8_t byte;
	int i;

	for (i = 0; i < BLOCK; i++) {	/* the subkey needs the block */
		work->sub[i] = work->block[i];
		work->block[i] = 0;
	}
	encrypt();
	for (i = 0; i < BLOCK; i++) {
		byte = work->sub[i];
		work->sub[i] = work->block[i];
		work->block[i] = byte;
	}
	double_sub();
	if (work->n < BLOCK) {
		work->block[work->n] ^= 0x80;
		double_sub();
	}
	for (i = 0; i < BLOCK; i++)
		work->block[i] ^= work->sub[i];
	encrypt();
}

/* ---- the chip ---- */

static void derive(enum which with, uint8_t constant, unsigned int bits, uint8_t counter)
{
	uint8_t label[BLOCK] = { [11] = constant, [13] = bits >> 8, [14] = bits, [15] = counter };

	mac_begin(with);
	mac_add(label, sizeof(label));
	mac_add(context, sizeof(context));
	mac_end();
}

static void derive_session(enum which key, uint8_t constant)
{
	int half, i;

	for (half = 0; half < 2; half++) {
		derive(STATIC, constant, 8 * KEY, half + 1);
		for (i = 0; i < BLOCK; i++) {
			unsigned int at = MARKER + key * KEY + half * BLOCK + i;

			secrets->half[1][at] = secrets->half[0][at] ^ work->block[i];
		}
	}
}

/* INITIALIZE UPDATE. Return: the answer's length */
static size_t initialize(uint8_t *apdu)
{
	static const uint8_t head[13] = { [10] = KVN, [11] = 0x03 };
	int i;

	memcpy(context, apdu + 5, MAC);
	if (getrandom(context + MAC, MAC, 0) != MAC)
		_exit(1);
	derive_session(ENC, 0x04);
	derive_session(SMAC, 0x06);
	derive_session(RMAC, 0x07);
	derive(SMAC, 0x00, 8 * MAC, 1);
	memcpy(apdu, head, sizeof(head));
	memcpy(apdu + sizeof(head), context + MAC, MAC);
	for (i = 0; i < MAC; i++)
		apdu[sizeof(head) + MAC + i] = work->block[i];
	memset(chaining, 0, sizeof(chaining));
	return sizeof(head) + 2 * MAC;
}

/* What was protected is not looked at, but for its MAC. Return: the answer's length */
static size_t protected(uint8_t *apdu)
{
	static const uint8_t sw[2] = { 0x90, 0x00 };
	size_t data = apdu[4] ? 5 : 7;
	size_t lc = apdu[4] ? apdu[4] : apdu[5] << 8 | apdu[6];
	int i;

	mac_begin(SMAC);
	mac_add(chaining, sizeof(chaining));
	mac_add(apdu, data + lc - MAC);
	mac_end();
	for (i = 0; i < BLOCK; i++)
		chaining[i] = work->block[i];
	if (apdu[1] == 0x82)	/* EXTERNAL AUTHENTICATE, whose answer has none */
		return 0;
	mac_begin(RMAC);
	mac_add(chaining, sizeof(chaining));
	mac_add(sw, sizeof(sw));
	mac_end();
	for (i = 0; i < MAC; i++)
		apdu[i] = work->block[i];
	return MAC;
}

static size_t answer(uint8_t *apdu)
{
	static const uint8_t version[] = { 0x07, 0x02, 0x00, 0x3F, 0x9F, 0xFF, 0xFF };
	size_t len = 0;

	if (apdu[1] == 0xA4) {
		memcpy(apdu, version, sizeof(version));
		len = sizeof(version);
	} else if (apdu[1] == 0x50) {
		len = initialize(apdu);
	} else if (apdu[0] & 0x04) {
		len = protected(apdu);
	}
	wipe((void *)work, sizeof(*work));
	apdu[len] = 0x90;
	apdu[len + 1] = 0x00;
	return len + 2;
}

static pid_t start_chip(void)
{
	struct sim_msg *msg = (void *)buffer(sizeof(*msg) + SIM_PAYLOAD_MAX);
	int fd = open("/dev/" SIM_DEVICE, O_RDWR);
	pid_t pid;

	if (fd < 0)
		die("/dev/" SIM_DEVICE);
	pid = fork();
	while (!pid) {
		if (read(fd, msg, sizeof(*msg) + SIM_PAYLOAD_MAX) < 0)
			_exit(1);
		if (msg->type != SIM_MSG_APDU)
			continue;
		msg->len = answer(msg->payload);
		msg->type = SIM_MSG_ANSWER;
		msg->delay_us = 0;
		if (write(fd, msg, sizeof(*msg) + msg->len) < 0)
			_exit(1);
	}
	close(fd);
	return pid;
}

/* ---- the kernel ---- */

static int keyring(void)
{
	FILE *f = fopen("/proc/keys", "r");
	char line[512];
	int id = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " .se05x: "))
			id = strtoul(line, NULL, 16);
	if (f)
		fclose(f);
	return id;
}

static void add_key(void)
{
	volatile uint8_t *key = buffer(4096);
	unsigned int i;

	key[0] = KVN;
	for (i = 0; i < 2 * KEY; i++)
		key[1 + i] = secret_byte(STATIC, i);
	if (syscall(SYS_add_key, "logon", "se05x:default", key, 1 + 2 * KEY, keyring()) < 0)
		die("add_key");
	wipe(key, 4096);
}

/* Gone, and its memory freed, which the kernel does later */
static void forget_key(void)
{
	if (syscall(SYS_keyctl, KEYCTL_CLEAR, keyring()))
		die("keyctl");
	sleep(2);
}

static bool select_aid(int fd, uint8_t rid)
{
	struct se05x_select s = {
		.aid_len = 16,
		.aid = { rid, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
			 0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00 },
	};

	return !ioctl(fd, SE05X_IOC_SELECT, &s) && s.sw == 0x9000;
}

static bool is_protected(int fd)
{
	static const uint8_t command[] = { 0x80, 0x10, 0x00, 0x00, 0x02, 0xAB, 0xCD, 0x00 };
	uint8_t response[64];
	struct se05x_transceive t = {
		.flags = SE05X_TRANSCEIVE_PROTECTED,
		.command = (uintptr_t)command,
		.command_len = sizeof(command),
		.response = (uintptr_t)response,
		.response_size = sizeof(response),
	};

	if (ioctl(fd, SE05X_IOC_TRANSCEIVE, &t))
		printf("# %s, SW %04x\n", strerror(errno), t.sw);
	return t.protection == SE05X_PROTECTION_VERIFIED;
}

/* ---- the judge ---- */

static unsigned int static_found, session_found;
static bool maybe[65536];	/* the last 16 bits of a word that is looked for */

static uint64_t word_of(enum which which, unsigned int from)
{
	uint64_t word = 0;
	int i;

	for (i = 7; i >= 0; i--)
		word = word << 8 | secret_byte(which, from + i);
	return word;
}

/* Where two words of a key may begin */
static unsigned int begins(enum which which)
{
	return which == STATIC ? MARKER : KEY - 16 + 1;
}

static unsigned int count(const uint64_t *p, size_t words, uint64_t address)
{
	unsigned int found = 0, which, i;
	size_t at;

	(void)address;
	for (at = 0; at + 1 < words; at++) {
		if (!maybe[p[at] & 0xffff])
			continue;
		for (which = ENC; which <= STATIC; which++)
			for (i = 0; i < begins(which); i++)
				if (p[at] == word_of(which, i) && p[at + 1] == word_of(which, i + 8)) {
					*(which == STATIC ? &static_found : &session_found) += 1;
					found++;
				}
	}
	return found;
}

static void scan(uint64_t *scanned)
{
	unsigned int which, i;

	static_found = session_found = 0;
	memset(maybe, 0, sizeof(maybe));
	for (which = ENC; which <= STATIC; which++)
		for (i = 0; i < begins(which); i++)
			maybe[word_of(which, i) & 0xffff] = true;
	scan_memory(count, scanned);
	printf("# %llu MiB scanned: static keys %u times, session keys %u times\n",
	       (unsigned long long)(*scanned >> 20), static_found, session_found);
}

int main(int argc, char **argv)
{
	bool expect_found = argc > 1 && !strcmp(argv[1], "--expect-found");
	uint64_t scanned;
	pid_t chip;
	int fd;

	secrets = (void *)buffer(sizeof(*secrets));
	work = (void *)buffer(sizeof(*work));
	if (getrandom((void *)secrets, sizeof(*secrets), 0) != sizeof(*secrets))
		die("getrandom");
	chip = start_chip();
	add_key();
	fd = open("/dev/se05x", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/se05x");
	ok(select_aid(fd, 0xA0) && is_protected(fd) && is_protected(fd), "the channel is open");
	if (!expect_found) {
		scan(&scanned);
		ok(static_found, "the static keys are found in the keyring");
		ok(session_found, "the session keys are found while the channel is open");
	}
	ok(select_aid(fd, 0xB0), "another applet is selected, which ends it");
	forget_key();
	scan(&scanned);
	ok(scanned >> 20 >= 256, "all of the memory was scanned");
	ok(!!static_found == expect_found, "static keys that were %s", expect_found ?
	   "not wiped are found" : "taken away are nowhere");
	ok(!!session_found == expect_found, "session keys of a channel that ended %s",
	   expect_found ? "without a wipe are found" : "are nowhere");
	if (!expect_found) {
		add_key();
		ok(select_aid(fd, 0xA0) && is_protected(fd), "the channel is open again");
		close(fd);
		forget_key();
		scan(&scanned);
		ok(!static_found && !session_found, "closed with the channel open: nothing is left");
	}
	kill(chip, SIGKILL);
	waitpid(chip, NULL, 0);
	printf("1..%d\n", test_number);
	return failures != 0;
}
