// SPDX-License-Identifier: GPL-2.0-only
/* se05x-apdu info, atr, list */
#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "apdu.h"

#define CLASS		"/sys/class/se05x"
#define CONFIG_HS	0x08	/* high-speed mode */

/* ---- info ---- */

const char *state_name(uint32_t state)
{
	static const char * const names[] = {
		[SE05X_STATE_ONLINE] = "online", [SE05X_STATE_ASLEEP] = "asleep",
		[SE05X_STATE_OFF] = "off", [SE05X_STATE_RECOVERING] = "recovering",
		[SE05X_STATE_GIVEN_UP] = "given up",
	};

	return state && state <= SE05X_STATE_GIVEN_UP ? names[state] : "unknown";
}

/* As sysfs has it: whether it is open at the moment is not for everybody. */
const char *channel_name(uint32_t channel)
{
	static const char * const names[] = {
		[SE05X_CHANNEL_NONE] = "plain", [SE05X_CHANNEL_CLOSED] = "protected",
		[SE05X_CHANNEL_OPEN] = "protected", [SE05X_CHANNEL_REJECTED] = "rejected",
	};

	return channel <= SE05X_CHANNEL_REJECTED ? names[channel] : "unknown";
}

/* The ATR's last field. Return: its length; the kernel has checked the lengths. */
static size_t historical(const struct se05x_info *info, const uint8_t **bytes)
{
	size_t at = 7;	/* PVER, VID, length of the data link layer's parameters */

	if (info->atr_len < at)
		return 0;
	at += info->atr[6] + 2;
	if (info->atr_len < at)
		return 0;
	at += info->atr[at - 1] + 1;
	if (info->atr_len < at || info->atr_len - at < info->atr[at - 1])
		return 0;
	*bytes = info->atr + at;
	return info->atr[at - 1];
}

static void show_json(const struct se05x_info *info, const char *device)
{
	const uint8_t *hb = NULL;
	size_t hb_len = historical(info, &hb);

	printf("{\"device\":");
	print_json_string(device);
	printf(",\"state\":\"%s\",\"generation\":%llu,"
	       "\"protocol_version\":%u,\"vendor\":\"", state_name(info->state),
	       (unsigned long long)info->generation, info->protocol_version);
	print_hex(stdout, info->vendor, sizeof(info->vendor));
	printf("\",\"bwt_ms\":%u,\"ifsc\":%u,\"mcf_khz\":%u,\"config\":%u,\"mpot_ms\":%u,"
	       "\"segt_us\":%u,\"wut_us\":%u,\"historical_bytes\":\"", info->bwt_ms,
	       info->ifsc, info->mcf_khz, info->config, info->mpot_ms, info->segt_us,
	       info->wut_us);
	print_hex(stdout, hb, hb_len);
	printf("\",\"channel\":\"%s\"", channel_name(info->channel));
	printf(",\"max_command\":%u,\"max_response\":%u,\"power\":%s,"
	       "\"simulated\":%s,\"atr\":\"",
	       info->max_command, info->max_response,
	       info->features & SE05X_FEATURE_POWER ? "true" : "false",
	       info->features & SE05X_FEATURE_SIMULATED ? "true" : "false");
	print_hex(stdout, info->atr, info->atr_len);
	puts("\"}");
}

static void show_text(const struct se05x_info *info, const char *device)
{
	static const uint8_t nxp[5] = { 0xA0, 0x00, 0x00, 0x03, 0x96 };
	const uint8_t *hb = NULL;
	size_t hb_len = historical(info, &hb), i;

	printf("device            %s\n", device);
	printf("state             %s\n", state_name(info->state));
	printf("channel           %s\n", channel_name(info->channel));
	if (info->features & SE05X_FEATURE_SIMULATED)
		puts("simulated         no place for secrets");
	printf("protocol version  %u\n", info->protocol_version);
	printf("vendor            ");
	print_hex(stdout, info->vendor, sizeof(info->vendor));
	puts(memcmp(info->vendor, nxp, sizeof(nxp)) ? "" : " (NXP)");
	printf("BWT               %u ms\n", info->bwt_ms);
	printf("IFSC              %u bytes\n", info->ifsc);
	printf("speed             up to %u kHz%s\n", info->mcf_khz,
	       info->config & CONFIG_HS ? ", high-speed mode" : "");
	printf("MPOT              %u ms\n", info->mpot_ms);
	printf("SEGT              %u us\n", info->segt_us);
	printf("wake-up time      %u us\n", info->wut_us);
	printf("historical bytes  ");
	print_hex(stdout, hb, hb_len);
	printf(" \"");
	for (i = 0; i < hb_len; i++)
		putchar(isprint(hb[i]) ? hb[i] : '.');
	puts("\"");
	printf("longest C-APDU    %u bytes\n", info->max_command);
	printf("longest R-APDU    %u bytes\n", info->max_response);
	printf("power             %s\n", info->features & SE05X_FEATURE_POWER ?
	       "can be switched" : "cannot be switched");
	printf("generation        %llu\n", (unsigned long long)info->generation);
}

int command_info(struct se05x *se, const struct options *opt, const char *device)
{
	struct se05x_info info;
	int ret = se05x_get_info(se, &info);

	if (ret)
		return failed(device, ret, NULL);
	if (opt->json)
		show_json(&info, device);
	else
		show_text(&info, device);
	return OK;
}

int command_atr(struct se05x *se, const struct options *opt)
{
	struct se05x_info info;
	int ret = se05x_get_info(se, &info);

	if (ret)
		return failed("atr", ret, NULL);
	if (opt->json)
		printf("{\"atr\":\"");
	print_hex(stdout, info.atr, info.atr_len);
	puts(opt->json ? "\"}" : "");
	return OK;
}

/* ---- list ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static int is_chip(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "se05x", 5);
}

/* The device file's name is in the chip's uevent. */
static bool device_name(const char *chip, char *name, size_t size)
{
	char path[512], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), CLASS "/%s/uevent", chip);
	file = fopen(path, "r");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		found = !strncmp(line, "DEVNAME=", 8);
	}
	fclose(file);
	if (found)
		snprintf(name, size, "/dev/%s", line + 8);
	return found;
}

static void list_one(const struct options *opt, const char *chip)
{
	char device[300];
	struct se05x_info info;
	struct se05x *se;
	int ret;

	if (!device_name(chip, device, sizeof(device)))
		return;
	ret = se05x_open(device, &se);
	if (!ret) {
		ret = se05x_get_info(se, &info);
		se05x_close(se);
	}
	if (!opt->json) {
		printf("%s  %s\n", device, ret ? strerror(-ret) : state_name(info.state));
		return;
	}
	printf("{\"device\":");
	print_json_string(device);
	printf(ret ? ",\"error\":\"%s\"}\n" : ",\"state\":\"%s\"}\n",
	       ret ? strerror(-ret) : state_name(info.state));
}

int command_list(const struct options *opt)
{
	struct dirent **entries;
	int i, n = scandir(CLASS, &entries, is_chip, by_name);

	if (n <= 0) {
		say(opt, "no SE05x on this machine");
		return OK;
	}
	for (i = 0; i < n; i++)
		list_one(opt, entries[i]->d_name);
	return OK;
}
