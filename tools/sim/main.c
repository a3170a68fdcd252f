// SPDX-License-Identifier: GPL-2.0-only
/* se05x-sim: the applets of the chip that se05x-sim.ko simulates */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../tests/sim/sim_abi.h"
#include "applet.h"

static const char usage[] =
	"Usage: se05x-sim [OPTION]...\n"
	"Play the applets of the chip that se05x-sim.ko simulates.\n"
	"\n"
	"  -d, --device=FILE  where the chip's C-APDUs come from (/dev/" SIM_DEVICE ")\n"
	"  -b, --background   return as soon as the chip can be used\n"
	"  -s, --state=FILE   keep the objects here; without it they are gone with it\n"
	"  -c, --chip=NAME    be an SE050A, SE050C, SE050E (default), SE051 or A5000;\n"
	"                     none: a chip without the IoT applet\n"
	"  -w, --wear-log=FILE\n"
	"                     a line for each write to flash: number, INS P1 P2, object\n"
	"  -x, --speed=N      be N times faster than a chip\n"
	"  -r, --rate=N       refuse each command after N others, with SW 66A6\n"
	"  -e, --errors=LIST  commands that fail: 040022=6A80,020026:01010101=6F00 is\n"
	"                     GetFreeMemory, and ReadType of that object\n"
	"  -S, --short-signature\n"
	"                     ECDSA signatures lack their last byte\n"
	"  -A, --aid=HEX      the IoT applet's name\n"
	"  -m, --create-montgomery\n"
	"                     applet 7.2.0: X25519 and X448 have to be created first\n"
	"  -h, --help         this text\n";

union message {
	struct sim_msg msg;
	uint8_t bytes[sizeof(struct sim_msg) + SIM_PAYLOAD_MAX];
};

static int answer(struct applet *applet, int fd, const struct sim_msg *in)
{
	union message out = { .msg = { .type = SIM_MSG_ANSWER, .id = in->id } };
	size_t len;

	applet_process(applet, in->payload, in->len, out.msg.payload, &len,
		       &out.msg.delay_us);
	out.msg.len = len;
	return write(fd, &out, sizeof(out.msg) + len) < 0 ? -1 : 0;
}

static int serve(struct applet *applet, int fd)
{
	union message in;

	for (;;) {
		ssize_t got = read(fd, &in, sizeof(in));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < (ssize_t)sizeof(in.msg))
			return -1;
		if (in.msg.type == SIM_MSG_RESET)
			applet_reset(applet);
		else if (answer(applet, fd, &in.msg))
			return -1;
	}
}

static unsigned int number(const char *text)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || !n || n > 1000000 || *text == '-') {
		fprintf(stderr, "se05x-sim: not a number from 1 to 1000000: %s\n", text);
		exit(2);
	}
	return n;
}

/* What applet_new() said */
static const char *why(int error)
{
	switch (error) {
	case EINVAL:
		return "no such --chip, --errors or --aid; try --help";
	case EOPNOTSUPP:
		return "a FIPS part answers nothing but identification outside its secure channel "
		       "(Platform SCP03): it needs a driver that opens one, with the chip's keys";
	case EBUSY:
		return "another simulated chip has this state file";
	case EBADMSG:
		return "no state file, or a damaged one";
	case EPROTO:
		return "a state file of another version of se05x-sim";
	case EMEDIUMTYPE:
		return "the state file of another --chip";
	default:
		return strerror(error);
	}
}

static struct applet *start(const struct applet_config *config)
{
	struct applet *applet = applet_new(config);

	if (!applet)
		fprintf(stderr, "se05x-sim: %s: %s\n", errno == EINVAL || errno == EOPNOTSUPP ||
			!config->state ? config->model ?: "the chip" : config->state, why(errno));
	return applet;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "background", no_argument, NULL, 'b' },
		{ "state", required_argument, NULL, 's' },
		{ "chip", required_argument, NULL, 'c' },
		{ "wear-log", required_argument, NULL, 'w' },
		{ "speed", required_argument, NULL, 'x' },
		{ "rate", required_argument, NULL, 'r' },
		{ "errors", required_argument, NULL, 'e' },
		{ "short-signature", no_argument, NULL, 'S' },
		{ "aid", required_argument, NULL, 'A' },
		{ "create-montgomery", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *device = "/dev/" SIM_DEVICE;
	struct applet_config config = { };
	bool background = false;
	struct applet *applet;
	int fd, c;

	while ((c = getopt_long(argc, argv, "d:s:c:w:x:r:e:SA:mbh", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			device = optarg;
			break;
		case 'b':
			background = true;
			break;
		case 's':
			config.state = optarg;
			break;
		case 'c':
			config.model = optarg;
			break;
		case 'w':
			config.wear_log = optarg;
			break;
		case 'x':
			config.speed = number(optarg);
			break;
		case 'r':
			config.rate = number(optarg);
			break;
		case 'e':
			config.errors = optarg;
			break;
		case 'S':
			config.short_signature = true;
			break;
		case 'A':
			config.aid = optarg;
			break;
		case 'm':
			config.create_montgomery = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs("Try 'se05x-sim --help'.\n", stderr);
			return 2;
		}
	}
	applet = start(&config);
	if (!applet)
		return 1;
	fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0 || (background && daemon(1, 1)) || serve(applet, fd))
		fprintf(stderr, "se05x-sim: %s: %s\n", device, strerror(errno));
	applet_free(applet);
	return 1;
}
