// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-i2cd: an SE05x on an I2C bus of one's own, for programs that know nothing else
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common.h"
#include "cuse.h"

const char program[] = "se05x-i2cd";

#define NAME_LIMIT	62	/* NXP's code takes ports of up to 63 characters, /dev/ and all */

static const char usage[] =
"Usage: se05x-i2cd [OPTION]...\n"
"Serve /dev/se05x-i2c, on which programs that speak T=1 over I2C find an SE05x that is\n"
"theirs alone. In truth they share /dev/se05x.\n"
"\n"
"  -d, --device=PATH    the chip: $SE05X_DEVICE, or /dev/se05x by default\n"
"  -c, --chip=NAME      the chip by its name in /sys/class/se05x, such as se05x0\n"
"  -n, --name=NAME      of the device below /dev; the chip's with -i2c by default\n"
"  -a, --address=ADDR   at which the chip answers, 0x48 by default\n"
"  -u, --user=USER[:GROUP]\n"
"                       become that user as soon as /dev/cuse is open\n"
"  -i, --idle=SECONDS   so long may who has sent INITIALIZE UPDATE keep the chip without\n"
"                       a command, 5 by default\n"
"  -h, --help           this text\n"
"  -V, --version        the version\n"
"\n"
"It stays in the foreground, and ends by SIGTERM.\n";

static const struct option long_options[] = {
	{ "device", required_argument, NULL, 'd' },
	{ "chip", required_argument, NULL, 'c' },
	{ "name", required_argument, NULL, 'n' },
	{ "address", required_argument, NULL, 'a' },
	{ "user", required_argument, NULL, 'u' },
	{ "idle", required_argument, NULL, 'i' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static int wrong(const char *what, const char *text)
{
	complain("%s: %s", what, text);
	return USAGE;
}

static bool number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 0);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *value <= max;
}

static int take_user(struct cuse_config *config, char *text)
{
	char *group = strchr(text, ':');
	const struct passwd *pw;
	const struct group *gr;

	if (group)
		*group++ = 0;
	pw = getpwnam(text);
	if (!pw)
		return wrong("no such user", text);
	config->uid = pw->pw_uid;
	config->gid = pw->pw_gid;
	if (!group)
		return OK;
	gr = getgrnam(group);
	if (!gr)
		return wrong("no such group", group);
	config->gid = gr->gr_gid;
	return OK;
}

/* The node of a chip, which sysfs names: se05x0 is /dev/se05x */
static int node_of(const char *chip, char device[PATH_MAX])
{
	char line[256], name[256] = "";
	FILE *uevent;

	if (strchr(chip, '/') || strlen(chip) > 32)
		return wrong("no name of a chip", chip);
	snprintf(line, sizeof(line), "/sys/class/se05x/%s/uevent", chip);
	uevent = fopen(line, "re");
	if (!uevent)
		return wrong("no such chip in /sys/class/se05x", chip);
	while (fgets(line, sizeof(line), uevent))
		sscanf(line, "DEVNAME=%255s", name);
	fclose(uevent);
	snprintf(device, PATH_MAX, "/dev/%s", name);
	return OK;
}

static int take_option(struct cuse_config *config, int c, char device[PATH_MAX])
{
	unsigned long value;

	switch (c) {
	case 'd':
		snprintf(device, PATH_MAX, "%s", optarg);
		return OK;
	case 'c':
		return node_of(optarg, device);
	case 'n':
		config->name = optarg;
		return OK;
	case 'a':
		if (!number(optarg, 0x7f, &value))
			return wrong("no address on an I2C bus", optarg);
		config->address = value;
		return OK;
	case 'u':
		return take_user(config, optarg);
	case 'i':
		if (!number(optarg, 3600, &value))
			return wrong("seconds are 0 to 3600", optarg);
		config->opener.idle_ms = value * 1000;
		return OK;
	default:
		return USAGE;
	}
}

/* Of /dev/se05x1: se05x1-i2c. What is no device of that kind gives the first one's name. */
static const char *default_name(const char *device)
{
	static char name[NAME_LIMIT + 1];
	const char *base = strrchr(device, '/');

	base = base && !strncmp(device, "/dev/", 5) ? base + 1 : "se05x";
	snprintf(name, sizeof(name), "%.*s-i2c", NAME_LIMIT - 4, base);
	return name;
}

static int prepare(struct cuse_config *config, const char *device)
{
	struct se05x *se;

	if (!config->name)
		config->name = default_name(device);
	if (!*config->name || strlen(config->name) > NAME_LIMIT - strlen("/dev/") ||
	    strpbrk(config->name, "/: \n"))
		return wrong("no name for a device", config->name);
	config->opener.device = device;
	/* what keeps every opener away is said at once */
	if (open_chip(device, &se) != OK)
		return TROUBLE;
	se05x_close(se);
	return OK;
}

int main(int argc, char *argv[])
{
	static char device[PATH_MAX];
	struct cuse_config config = { .address = 0x48, .opener.idle_ms = 5000 };
	const char *given = secure_getenv("SE05X_DEVICE");
	int c, ret;

	snprintf(device, sizeof(device), "%s", given ? given : "/dev/se05x");
	while ((c = getopt_long(argc, argv, "d:c:n:a:u:i:hV", long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return OK;
		}
		if (c == 'V') {
			puts("se05x-i2cd " VERSION);
			return OK;
		}
		ret = take_option(&config, c, device);
		if (ret) {
			if (c == '?')
				fputs("Try se05x-i2cd --help.\n", stderr);
			return ret;
		}
	}
	if (optind < argc)
		return wrong("what is that for", argv[optind]);
	ret = prepare(&config, device);
	if (ret)
		return ret;
	/* PINs go through it */
	setrlimit(RLIMIT_CORE, &(struct rlimit) { 0, 0 });
	prctl(PR_SET_DUMPABLE, 0);
	return cuse_serve(&config) ? TROUBLE : OK;
}
