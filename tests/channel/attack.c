// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack: somebody on the bus between the driver and the chip changes what the chip says
 *
 * The kernel's secure channel is open. Then one answer is changed: flipped, cut, made
 * longer, replaced by an older one or by a status. No success may come of it, no command
 * runs twice, and the driver opens the channel again. It must not try without end where
 * the chip, or who stands for it, does not let it.
 *
 * Needs se05x-sim.ko without its applet, which is here: with the attacker before it.
 * TAP on stdout.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/keyctl.h>
#include <linux/se05x.h>

#include "../../tools/sim/applet.h"
#include "../sim/sim_abi.h"

#define INITIALIZE	0x50
#define AUTHENTICATE	0x82
#define OTHER		0x04
#define CRYPTOGRAM	(8 * 21)	/* where it begins in an answer, in bits */

enum attack {
	NONE,
	FLIP,		/* a bit */
	CUT,		/* so many bytes before the status */
	GROW,		/* so many bytes more before the status */
	STATUS,		/* a bare status in its stead */
	WITH_STATUS,	/* another status after the data */
	REPLAY,		/* the answer to the command before */
};

/* What the attacker is to do, and what he has seen. Shared with the chip's process. */
struct control {
	enum attack attack;
	uint8_t ins;		/* to answers to which command */
	unsigned int arg;
	unsigned int times;	/* so many of them */
	unsigned int seen[256];	/* how often each INS came */
	uint8_t cla[256];	/* and with which class the last time */
};

static const uint8_t iot[16] = {
	0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
	0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00
};

static volatile struct control *control;
static int test_number, failures;

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void ok(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%sok %d - ", good ? "" : "not ", ++test_number);
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
	failures += !good;
}

/* ---- the chip, and who stands before it ---- */

static void set_status(uint8_t *rsp, size_t *len, unsigned int sw)
{
	rsp[*len - 2] = sw >> 8;
	rsp[*len - 1] = sw;
}

static void change(uint8_t *rsp, size_t *len, const uint8_t *before, size_t before_len)
{
	unsigned int arg = control->arg, sw = rsp[*len - 2] << 8 | rsp[*len - 1];

	switch (control->attack) {
	case NONE:
		break;
	case FLIP:
		rsp[arg / 8] ^= 1 << arg % 8;
		break;
	case CUT:
		*len -= arg;
		set_status(rsp, len, sw);
		break;
	case GROW:
		memset(rsp + *len - 2, 0, arg);
		*len += arg;
		set_status(rsp, len, sw);
		break;
	case STATUS:
		*len = 2;
		set_status(rsp, len, arg);
		break;
	case WITH_STATUS:
		set_status(rsp, len, arg);
		break;
	case REPLAY:
		memcpy(rsp, before, before_len);
		*len = before_len;
		break;
	}
}

static void answer(struct applet *applet, struct sim_msg *msg)
{
	static uint8_t before[APPLET_RESPONSE_MAX];
	static size_t before_len;
	uint8_t rsp[APPLET_RESPONSE_MAX], cla = msg->payload[0], ins = msg->payload[1];
	uint32_t delay_us;
	size_t len;

	applet_process(applet, msg->payload, msg->len, rsp, &len, &delay_us);
	memcpy(msg->payload, rsp, len);
	control->seen[ins]++;
	control->cla[ins] = cla;
	if (control->times && ins == control->ins) {
		control->times--;
		change(msg->payload, &len, before, before_len);
	}
	memcpy(before, rsp, len);
	before_len = len;
	msg->type = SIM_MSG_ANSWER;
	msg->delay_us = 0;
	msg->len = len;
}

static pid_t start_chip(const char *model)
{
	const struct applet_config config = { .model = model };
	static struct {
		struct sim_msg msg;
		uint8_t bytes[SIM_PAYLOAD_MAX];
	} m;
	struct applet *applet = applet_new(&config);
	int fd = open("/dev/" SIM_DEVICE, O_RDWR);
	pid_t pid;

	if (!applet || fd < 0)
		die("/dev/" SIM_DEVICE);
	pid = fork();
	while (!pid) {
		if (read(fd, &m, sizeof(m)) < 0)
			_exit(1);
		if (m.msg.type == SIM_MSG_RESET)
			applet_reset(applet);
		if (m.msg.type != SIM_MSG_APDU)
			continue;
		answer(applet, &m.msg);
		if (write(fd, &m, sizeof(m.msg) + m.msg.len) < 0)
			_exit(1);
	}
	close(fd);
	return pid;
}

/* ---- the driver ---- */

static int device;

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

/* Another key, though of the same bytes: what was rejected may be tried again */
static void put_key(void)
{
	static const char key[] = "\x0B" "se05x-sim, S-ENC" "se05x-sim, S-MAC";

	if (syscall(SYS_keyctl, KEYCTL_CLEAR, keyring()) ||
	    syscall(SYS_add_key, "logon", "se05x:default", key, sizeof(key) - 1, keyring()) < 0)
		die("key");
}

struct result {
	int ret;
	struct se05x_transceive t;
};

static struct result transceive(const uint8_t *command, size_t len)
{
	static uint8_t response[64];
	struct result r = {
		.t = {
			.command = (uintptr_t)command,
			.command_len = len,
			.response = (uintptr_t)response,
			.response_size = sizeof(response),
		},
	};

	r.ret = ioctl(device, SE05X_IOC_TRANSCEIVE, &r.t) ? errno : 0;
	return r;
}

static struct result get_version(void)
{
	static const uint8_t command[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };

	return transceive(command, sizeof(command));
}

static bool is_verified(struct result r)
{
	return !r.ret && r.t.sw == 0x9000 && r.t.outcome == SE05X_OUTCOME_RAN &&
	       r.t.protection == SE05X_PROTECTION_VERIFIED;
}

static struct result attacked(enum attack attack, uint8_t ins, unsigned int arg,
			      unsigned int times)
{
	control->attack = attack;
	control->ins = ins;
	control->arg = arg;
	control->times = times;
	return get_version();
}

/* ---- answers to commands ---- */

static struct tally {
	unsigned int cases, forged, twice, other, stuck;
} tally;

/* One case: EBADMSG, once on the bus, and all is well afterwards */
static void case_of(enum attack attack, unsigned int arg)
{
	bool fine = is_verified(get_version()) && is_verified(get_version());
	unsigned int seen = control->seen[OTHER];
	struct result r = attacked(attack, OTHER, arg, 1);

	tally.cases++;
	tally.forged += !r.ret;
	tally.twice += control->seen[OTHER] != seen + 1;
	tally.other += r.ret != EBADMSG || r.t.outcome != SE05X_OUTCOME_MAY_HAVE_RUN ||
		       r.t.protection != SE05X_PROTECTION_UNVERIFIED || r.t.response_len;
	tally.stuck += !fine || !is_verified(get_version());
}

static void judge(const char *what)
{
	ok(tally.cases && !tally.forged && !tally.twice && !tally.other && !tally.stuck,
	   "%s: %u cases, %u forged successes, %u ran twice, %u other results, %u stuck", what,
	   tally.cases, tally.forged, tally.twice, tally.other, tally.stuck);
	tally = (struct tally) { };
}

static void attack_answers(size_t len)
{
	static const unsigned int others[] = { 0x6100, 0x6985, 0x9001, 0x6200, 0x63C2 };
	unsigned int i;

	for (i = 0; i < 8 * len; i++)
		case_of(FLIP, i);
	judge("each bit of the answer");
	for (i = 1; i <= len - 2; i++)
		case_of(CUT, i);
	judge("cut");
	for (i = 1; i <= 40; i++)
		case_of(GROW, i);
	judge("made longer");
	case_of(STATUS, 0x9000);
	judge("a bare 9000");
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		case_of(WITH_STATUS, others[i]);
	judge("another status");
	for (i = 0; i < 10; i++)
		case_of(REPLAY, 0);
	judge("the answer before");
}

/* An error without a MAC is handed on, as what it is: anybody's word */
static void attack_with_errors(void)
{
	static const unsigned int end[] = {
		0x6982, 0x6987, 0x6988, 0x6700, 0x6883, 0x6E00
	};
	unsigned int i, bad = 0;

	for (i = 0; i < 0x10000; i += 0x111) {
		unsigned int sw = i ^ 0x6A82;
		struct result r;

		if (sw >> 8 == 0x90)
			continue;
		bad += !is_verified(get_version());
		r = attacked(STATUS, OTHER, sw, 1);
		bad += r.ret || r.t.sw != sw || r.t.outcome != SE05X_OUTCOME_MAY_HAVE_RUN ||
		       r.t.protection != SE05X_PROTECTION_UNVERIFIED;
	}
	ok(!bad, "errors without a MAC are told as such");
	for (i = 0, bad = 0; i < sizeof(end) / sizeof(end[0]); i++) {
		unsigned int openings;

		bad += !is_verified(get_version());
		openings = control->seen[INITIALIZE];
		bad += attacked(STATUS, OTHER, end[i], 1).t.sw != end[i];
		bad += !is_verified(get_version()) || control->seen[INITIALIZE] != openings + 1;
	}
	ok(!bad, "some of them end the channel");
}

/* The rest of an answer is fetched in the channel, too. */
static void get_response(void)
{
	static const uint8_t command[] = { 0x00, 0xC0, 0x00, 0x00, 0x00 };
	bool good = is_verified(get_version()) &&
		    attacked(STATUS, OTHER, 0x6110, 1).t.sw == 0x6110;
	struct result r = transceive(command, sizeof(command));

	ok(good && !r.ret && r.t.protection == SE05X_PROTECTION_UNVERIFIED &&
	   control->cla[command[1]] == 0x04, "GET RESPONSE is protected");
}

/* ---- openings ---- */

/* Return: false if more than @most INITIALIZE UPDATE were sent, or anything else */
static bool is_rejected(enum attack attack, uint8_t ins, unsigned int arg, unsigned int most,
			unsigned int sw)
{
	unsigned int openings, commands, i;
	struct result r;
	bool good;

	put_key();
	openings = control->seen[INITIALIZE];
	commands = control->seen[OTHER];
	r = attacked(attack, ins, arg, 1000);
	good = r.ret == EKEYREJECTED && r.t.outcome == SE05X_OUTCOME_NOT_SENT && r.t.sw == sw &&
	       control->seen[INITIALIZE] == openings + most;
	for (i = 0; i < 10; i++)
		good &= get_version().ret == EKEYREJECTED;
	good &= control->seen[INITIALIZE] == openings + most && control->seen[OTHER] == commands;
	if (!good)
		printf("# ret %d, sw %04x, outcome %u, %u openings, %u commands\n", r.ret, r.t.sw,
		       r.t.outcome, control->seen[INITIALIZE] - openings,
		       control->seen[OTHER] - commands);
	control->times = 0;
	put_key();
	return good && is_verified(get_version());
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Refused until a second has passed since @begun, and with that status word */
static bool is_paused(uint64_t begun, unsigned int openings, unsigned int sw)
{
	unsigned int refused = 0;
	struct result r = get_version();
	bool good = true;

	for (; r.ret == EKEYREJECTED; r = get_version()) {
		good &= r.t.sw == sw && control->seen[INITIALIZE] == openings;
		refused++;
	}
	printf("# %u refused\n", refused);
	return good && is_verified(r) && control->seen[INITIALIZE] == openings + 1 &&
	       now_ns() - begun >= 1000000000ULL;
}

/* An opening that no verified command follows is not repeated within a second. */
static void attack_first_command(void)
{
	static const struct { unsigned int first, end; const char *name; } cases[] = {
		{ 0, 0x6E00, "the first answer ends it" },
		{ 0x6985, 0x6E00, "the second one does, and the first was an error" },
		{ 0x6985, 0x9000, "the second one is forged" },
	};
	unsigned int openings;
	uint64_t begun;
	bool good;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_key();
		openings = control->seen[INITIALIZE] + 1;
		begun = now_ns();
		good = !cases[i].first ||
		       attacked(STATUS, OTHER, cases[i].first, 1).t.sw == cases[i].first;
		good &= attacked(STATUS, OTHER, cases[i].end, 1).ret ==
			(cases[i].end == 0x9000 ? EBADMSG : 0);
		ok(good && is_paused(begun, openings, cases[i].end),
		   "an opening that led to nothing: no other one for a second: %s", cases[i].name);
	}
}

/* Who begins with an error and then uses another applet keeps nobody waiting. */
static void select_after_error(void)
{
	struct se05x_select s = { .aid_len = sizeof(iot), .flags = SE05X_SELECT_FRESH };
	unsigned int openings, i;
	bool good = true;

	memcpy(s.aid, iot, sizeof(iot));
	put_key();
	openings = control->seen[INITIALIZE];
	for (i = 0; i < 5; i++) {
		good &= attacked(STATUS, OTHER, 0x6985, 1).t.sw == 0x6985;
		good &= !ioctl(device, SE05X_IOC_SELECT, &s) && s.sw == 0x9000;
	}
	ok(good && is_verified(get_version()) && control->seen[INITIALIZE] == openings + 6,
	   "a SELECT after an error: opened again at once");
}

static void attack_openings(void)
{
	unsigned int authentications = control->seen[AUTHENTICATE], i;
	bool good = true;

	for (i = 0; i < 64; i += 7)
		good &= is_rejected(FLIP, INITIALIZE, CRYPTOGRAM + i, 1, 0);
	ok(good, "a foreign cryptogram: one INITIALIZE UPDATE each");
	/* one for each time that all was well again, and none for the others */
	ok(control->seen[AUTHENTICATE] - authentications == 10, "and no EXTERNAL AUTHENTICATE");
	ok(is_rejected(FLIP, INITIALIZE, 8 * 15, 1, 0), "a changed challenge: the same");
	ok(is_rejected(STATUS, INITIALIZE, 0x6A88, 2, 0x6A88), "INITIALIZE UPDATE is refused: twice");
	ok(is_rejected(CUT, INITIALIZE, 1, 2, 0x9000), "its answer is cut: twice");
	ok(is_rejected(STATUS, AUTHENTICATE, 0x6982, 2, 0x6982),
	   "EXTERNAL AUTHENTICATE is refused: twice");
	ok(is_rejected(GROW, AUTHENTICATE, 8, 2, 0x9000), "its answer has data: twice");
}

static void attack(const char *model)
{
	struct se05x_reset reset = { .kind = SE05X_RESET_CHIP };
	struct se05x_select s = { .aid_len = sizeof(iot) };
	pid_t chip;

	printf("# %s\n", model);
	chip = start_chip(model);
	if (ioctl(device, SE05X_IOC_RESET, &reset))
		die("reset");
	memcpy(s.aid, iot, sizeof(iot));
	put_key();
	ok(!ioctl(device, SE05X_IOC_SELECT, &s) && s.sw == 0x9000, "the IoT applet is selected");
	ok(is_verified(get_version()), "the channel is open");
	attack_answers(16 + 8 + 2);
	attack_with_errors();
	get_response();
	attack_first_command();
	select_after_error();
	attack_openings();
	kill(chip, SIGKILL);
	waitpid(chip, NULL, 0);
}

/* Two counters' rules: applet 7.2 counts each command, 3.6 those with data */
int main(void)
{
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	device = open("/dev/se05x", O_RDWR | O_CLOEXEC);
	if (device < 0)
		die("/dev/se05x");
	attack("SE050E");
	attack("SE050F");
	printf("1..%d\n", test_number);
	return failures != 0;
}
