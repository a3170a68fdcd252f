// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool doctor: from the module to the applet, what is wrong and what helps */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tool.h"

struct doctor {
	const struct tool *t;
	bool ill;
};

/* One line of the report. @remedy: NULL if @good */
__attribute__((format(printf, 5, 6)))
static void report(struct doctor *d, const char *what, bool good, const char *remedy,
		   const char *format, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	d->ill |= !good;
	if (d->t->opt.json) {
		printf("{\"what\":\"%s\",\"good\":%s,\"found\":", what, good ? "true" : "false");
		print_json_string(text);
		if (remedy && !good) {
			printf(",\"remedy\":");
			print_json_string(remedy);
		}
		puts("}");
		return;
	}
	printf("%-9s %-4s ", what, good ? "ok" : "BAD");
	print_safe(stdout, text);
	if (remedy && !good)
		printf("\n               %s", remedy);
	puts("");
}

/* ---- before the chip: what the kernel knows ---- */

/* A device that the driver has, in sysfs; false: none */
static bool bound_device(char *name, size_t size)
{
	DIR *dir = opendir("/sys/bus/i2c/drivers/se05x");
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		found = strchr(entry->d_name, '-');	/* 1-0048 */
		if (found)
			snprintf(name, size, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The device tree's node that the driver would take, as an I2C device */
static bool tree_device(char *name, size_t size)
{
	DIR *dir = opendir("/sys/bus/i2c/devices");
	struct dirent *entry;
	char path[600], compatible[64];
	bool found = false;
	ssize_t n;
	int fd;

	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/bus/i2c/devices/%s/of_node/compatible",
			 entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, compatible, sizeof(compatible) - 1);
		close(fd);
		found = n > 8 && !strncmp(compatible, "nxp,se05", 8);
		if (found)
			snprintf(name, size, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void check_kernel(struct doctor *d)
{
	struct utsname kernel;
	char name[300] = "";
	bool loaded = !access("/sys/module/se05x", F_OK), bound = bound_device(name, sizeof(name));

	uname(&kernel);
	report(d, "module", loaded, "'sudo modprobe se05x'; if there is none, the package"
	       " se05x-dkms builds it", "the driver is %sloaded in kernel %s",
	       loaded ? "" : "not ", kernel.release);
	if (bound) {
		report(d, "overlay", true, NULL, "the driver has the chip at I2C device %s", name);
		return;
	}
	if (tree_device(name, sizeof(name)))
		report(d, "overlay", false, "dmesg says why: no answer on the bus is wiring, power, the"
		       " address, or an enable line that is off (an SE052's may be active low)",
		       "I2C device %s is there, but no driver has it", name);
	else
		report(d, "overlay", false, "on a Raspberry Pi the line dtoverlay=se05x in config.txt"
		       " ('sudo dtoverlay se05x' tries it); elsewhere a node in the device tree",
		       "no device tree node of an SE05x");
}

/* ---- the device ---- */

static void check_access(struct doctor *d, const char *device, int error)
{
	struct stat st;
	struct group *group;
	char remedy[200];

	if (error != EACCES || stat(device, &st)) {
		report(d, "node", false, error == ENOTTY ?
		       "another device, or a driver older than this program" :
		       "what is BAD above comes first", "%s: %s", device, se05x_errno_text(error));
		return;
	}
	report(d, "node", true, NULL, "%s", device);
	group = getgrgid(st.st_gid);
	snprintf(remedy, sizeof(remedy), st.st_gid ?
		 "'sudo usermod -aG %s $USER', then log in anew" :
		 "it belongs to %s: the udev rule for the group se05x is not installed",
		 group ? group->gr_name : "a group without a name");
	report(d, "group", false, remedy, "you may not open %s", device);
}

static void check_info(struct doctor *d, const struct se05x_info *info)
{
	static const char *const states[] = {
		[SE05X_STATE_ONLINE] = "online", [SE05X_STATE_ASLEEP] = "asleep",
		[SE05X_STATE_OFF] = "off", [SE05X_STATE_RECOVERING] = "recovering",
		[SE05X_STATE_GIVEN_UP] = "given up",
	};
	const char *state = info->state <= SE05X_STATE_GIVEN_UP ? states[info->state] : NULL;

	report(d, "link", info->state != SE05X_STATE_GIVEN_UP,
	       "'se05x-apdu reset chip' tries again; dmesg tells what was tried",
	       "the chip is %s", state ?: "in a state that this program does not know");
	report(d, "line", true, NULL, info->features & SE05X_FEATURE_POWER ?
	       "the driver can switch the chip off and on" :
	       "no enable line: what soft resets don't mend wants a power cycle");
	if (info->features & SE05X_FEATURE_SIMULATED)
		report(d, "chip", true, NULL, "SIMULATED: it keeps no secret");
}

/* ---- the applet ---- */

static void check_channel(struct doctor *d, struct tool *t, const struct se05x_info *info)
{
	uint32_t bytes;
	int ret = CHIP(t, se05x_iot_free_memory, SE05X_IOT_MEMORY_PERSISTENT, &bytes);

	if (info->channel == SE05X_CHANNEL_REJECTED)
		report(d, "key", false, "the key of the secure channel (SCP03) has to be the chip's",
		       "no key that the kernel has opens the chip's secure channel");
	else if (t->call.sw == 0x6982)
		report(d, "key", false, "'sudo se05x-tool channel load FILE' gives the kernel the chip's keys",
		       "the chip wants a secure channel: a FIPS part, or one that was told so");
	else if (ret && !t->call.sw)
		report(d, "key", false, "dmesg says more", "a command failed: %s",
		       se05x_errno_text(ret));
	else
		report(d, "key", true, NULL, info->channel == SE05X_CHANNEL_NONE ?
		       "commands go plain, and the chip takes them" :
		       "commands go through the secure channel");
}

static void check_applet(struct doctor *d, struct tool *t, const struct se05x_info *info)
{
	struct se05x_iot_version v;
	int ret;

	ret = open_applet(t);
	if (ret) {
		report(d, "applet", false, ret == -ENOPKG ?
		       "not an IoT part, or its applet has another name, which --aid tells" : "dmesg says more",
		       "%s", se05x_iot_error_text(ret, &t->call));
		return;
	}
	se05x_iot_version(t->iot, &v);
	report(d, "applet", true, NULL, "IoT applet %u.%u.%u", v.major, v.minor, v.patch);
	check_channel(d, t, info);
	se05x_iot_close(t->iot);
	t->iot = NULL;
}

int iot_doctor(struct tool *t, char **args, int n)
{
	struct doctor d = { .t = t };
	struct se05x_info info = { };
	int ret;

	(void)args;
	(void)n;
	report(&d, "versions", true, NULL, "se05x-tool and its libraries " VERSION);
	ret = se05x_open(t->opt.device, &t->se);
	if (!ret)
		ret = se05x_get_info(t->se, &info);
	/* a simulated chip needs no kernel */
	if (ret || !(info.features & SE05X_FEATURE_SIMULATED))
		check_kernel(&d);
	if (ret) {
		check_access(&d, t->opt.device, -ret);
	} else {
		report(&d, "node", true, NULL, "%s opens", t->opt.device);
		check_info(&d, &info);
		check_applet(&d, t, &info);
	}
	se05x_close(t->se);
	return d.ill ? UNMET : OK;
}
