// SPDX-License-Identifier: GPL-2.0-only
/* se05x-sim: a simulated SE05x, for programs by a socket, for se05x-sim.ko by its device */
#define _GNU_SOURCE

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/scpkeys.h"
#include "scp.h"
#include "server.h"

static const char usage[] =
	"Usage: se05x-sim [OPTION]... --socket=PATH\n"
	"       se05x-sim [OPTION]... run COMMAND [ARGUMENT]...\n"
	"       se05x-sim [OPTION]... --device=FILE\n"
	"Simulate an SE05x secure element: for programs whose SE05X_DEVICE is unix:PATH, for\n"
	"one command, or for the bus of se05x-sim.ko. It is no place for secrets.\n"
	"\n"
	"  -k, --socket=PATH  where programs connect; only this user's and root's can\n"
	"  -d, --device=FILE  where the C-APDUs of se05x-sim.ko come from\n"
	"  -b, --background   return as soon as the chip can be used\n"
	"  -q, --quiet        don't say that it is no place for secrets\n"
	"  -s, --state=FILE   keep the objects here; without it they are gone with it\n"
	"  -c, --chip=NAME    be an SE050A, SE050C, SE050E (default), SE051 or A5000;\n"
	"                     SE050F and SE052F: FIPS parts, which need the driver's channel;\n"
	"                     none: a chip without the IoT applet\n"
	"  -K, --scp-key-file=FILE\n"
	"                     a new chip's keys of its secure channel: lines ENC hex, MAC hex,\n"
	"                     DEK hex; without it keys for tests\n"
	"  -x, --speed=N      be N times faster than a chip; without it answers come at\n"
	"                     once by a socket, and as late as a chip's by a device\n"
	"\n"
	"For tests:\n"
	"  -w, --wear-log=FILE\n"
	"                     a line for each write to flash: number, INS P1 P2, object\n"
	"  -r, --rate=N       refuse each command after N others, with SW 66A6\n"
	"  -e, --errors=LIST  commands that fail: 040022=6A80,020026:01010101=6F00 is\n"
	"                     GetFreeMemory, and ReadType of that object\n"
	"  -E, --link-error=ERRNO[@N]\n"
	"                     each command fails with that errno, or the Nth only\n"
	"  -S, --short-signature\n"
	"                     ECDSA signatures lack their last byte\n"
	"  -C, --cut-rotation=WHEN\n"
	"                     the chip loses its power at PUT KEY, before or after it has\n"
	"                     the new keys, and once only\n"
	"  -A, --aid=HEX      the IoT applet's name\n"
	"  -m, --create-montgomery\n"
	"                     applet 7.2.0: X25519 and X448 have to be created first\n"
	"  -l, --locked       its owner locked it: objects can't be made, changed or deleted\n"
	"\n"
	"  -h, --help         this text\n"
	"  -V, --version      the program's version\n"
	"\n"
	"The exit status of run is COMMAND's; 2 is a wrong word on the command line.\n";

static const struct option options[] = {
	{ "socket", required_argument, NULL, 'k' },
	{ "device", required_argument, NULL, 'd' },
	{ "background", no_argument, NULL, 'b' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "state", required_argument, NULL, 's' },
	{ "chip", required_argument, NULL, 'c' },
	{ "speed", required_argument, NULL, 'x' },
	{ "wear-log", required_argument, NULL, 'w' },
	{ "rate", required_argument, NULL, 'r' },
	{ "errors", required_argument, NULL, 'e' },
	{ "link-error", required_argument, NULL, 'E' },
	{ "short-signature", no_argument, NULL, 'S' },
	{ "scp-key-file", required_argument, NULL, 'K' },
	{ "cut-rotation", required_argument, NULL, 'C' },
	{ "aid", required_argument, NULL, 'A' },
	{ "create-montgomery", no_argument, NULL, 'm' },
	{ "locked", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

struct arguments {
	struct applet_config chip;
	struct server_config server;
	const char *device;
	bool quiet;
};

static int wrong(const char *what)
{
	fprintf(stderr, "se05x-sim: %s\nTry 'se05x-sim --help'.\n", what);
	return 2;
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

/* For as long as the program runs: it is no place for secrets. */
static const struct scp_keys *read_keys(const char *path)
{
	static struct scp_keys keys;
	struct scpkeys file;
	unsigned int line;
	const char *why = scpkeys_read(path, &file, &line);

	if (!why && file.len == 24)
		why = "no chip has keys of 24 bytes";
	if (!why && !file.dek_len)
		why = "DEK is needed";
	if (why && line)
		fprintf(stderr, "se05x-sim: %s, line %u: %s\n", path, line, why);
	else if (why)
		fprintf(stderr, "se05x-sim: %s: %s\n", path, why);
	if (why)
		exit(2);
	keys = (struct scp_keys) { .version = 0x0B, .len = file.len };
	memcpy(keys.enc, file.enc, sizeof(keys.enc));
	memcpy(keys.mac, file.mac, sizeof(keys.mac));
	memcpy(keys.dek, file.dek, sizeof(keys.dek));
	return &keys;
}

static unsigned int cut(const char *when)
{
	if (!strcmp(when, "before"))
		return 1;
	if (!strcmp(when, "after"))
		return 2;
	fprintf(stderr, "se05x-sim: power is cut before or after, not %s\n", when);
	exit(2);
}

static void take_option(struct arguments *args, int c)
{
	switch (c) {
	case 'k':
		args->server.path = optarg;
		break;
	case 'd':
		args->device = optarg;
		break;
	case 'b':
		args->server.background = true;
		break;
	case 'q':
		args->quiet = true;
		break;
	case 's':
		args->chip.state = optarg;
		break;
	case 'c':
		args->chip.model = optarg;
		break;
	case 'x':
		args->chip.speed = number(optarg);
		args->server.slow = true;
		break;
	case 'w':
		args->chip.wear_log = optarg;
		break;
	case 'r':
		args->chip.rate = number(optarg);
		break;
	case 'e':
		args->chip.errors = optarg;
		break;
	case 'E':
		args->server.link_error = optarg;
		break;
	case 'S':
		args->chip.short_signature = true;
		break;
	case 'K':
		args->chip.scp_keys = read_keys(optarg);
		break;
	case 'C':
		args->chip.cut = cut(optarg);
		break;
	case 'A':
		args->chip.aid = optarg;
		break;
	case 'm':
		args->chip.create_montgomery = true;
		break;
	case 'l':
		args->chip.locked = true;
		break;
	}
}

/* What applet_new() said */
static const char *why(int error)
{
	switch (error) {
	case EINVAL:
		return "no such --chip, --errors or --aid";
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
	bool option = errno == EINVAL || !config->state;

	if (!applet)
		fprintf(stderr, "se05x-sim: %s: %s\n",
			option ? config->model ?: "the chip" : config->state, why(errno));
	return applet;
}

/* One chip for one command, by a socket in a folder of its own if no other is given */
static int run(struct arguments *args, struct applet *applet)
{
	const char *tmp = getenv("TMPDIR") ?: "/tmp";
	char folder[4000], path[4096];
	int status;

	if (args->server.path)
		return serve_socket(applet, &args->server);
	snprintf(folder, sizeof(folder), "%s/se05x-sim.XXXXXX", tmp);
	if (!mkdtemp(folder)) {
		fprintf(stderr, "se05x-sim: %s: %s\n", folder, strerror(errno));
		return 1;
	}
	snprintf(path, sizeof(path), "%s/socket", folder);
	args->server.path = path;
	status = serve_socket(applet, &args->server);
	rmdir(folder);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments args = { };
	struct applet *applet;
	int c;

	while ((c = getopt_long(argc, argv, "+k:d:bqs:c:x:w:r:e:E:SK:C:A:mlhV", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("se05x-sim " VERSION);
			return 0;
		case '?':
			return wrong("see above");
		default:
			take_option(&args, c);
		}
	}
	if (optind < argc && !strcmp(argv[optind], "run"))
		args.server.command = &argv[optind + 1];
	else if (optind < argc)
		return wrong("only run takes words that are no options");
	if (args.server.command && !args.server.command[0])
		return wrong("run what?");
	if (!!args.device + (args.server.command || args.server.path) != 1)
		return wrong("one of --socket, --device and run is needed");
	if (args.server.command && args.server.background)
		return wrong("run is over when COMMAND is: no --background");

	applet = start(&args.chip);
	if (!applet)
		return 1;
	if (!args.quiet && !args.device)
		fprintf(stderr, "se05x-sim: a simulated chip, no place for secrets: its keys are "
			"readable in %s\n", args.chip.state ?: "memory");
	if (args.device)
		return serve_device(applet, args.device, args.server.background);
	return run(&args, applet);
}
