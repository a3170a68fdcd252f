// SPDX-License-Identifier: GPL-2.0-only
/* se05x-apdu monitor, stats */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apdu.h"

#ifndef HAVE_NL

int command_monitor(const struct options *opt)
{
	(void)opt;
	complain("monitor: this se05x-apdu was built without libnl (libnl-genl-3-dev)");
	return TROUBLE;
}

int command_stats(const struct options *opt)
{
	(void)opt;
	complain("stats: this se05x-apdu was built without libnl (libnl-genl-3-dev)");
	return TROUBLE;
}

#else

#include <se05x-monitor.h>

#define NS 1000000000ULL

static int open_monitor(const char *what, struct se05x_monitor **monitor)
{
	int ret = se05x_monitor_open(monitor);

	if (!ret)
		return OK;
	if (ret == -ENOENT)
		complain("%s: the kernel does not know the netlink family se05x: is the module"
			 " loaded (modprobe se05x)? In a container: it is in the host's network"
			 " namespace", what);
	else
		complain("%s: %s", what, strerror(-ret));
	return TROUBLE;
}

static void print_device(uint32_t index)
{
	if (index)
		printf("/dev/se05x%u", index);
	else
		printf("/dev/se05x");
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

/* ---- monitor ---- */

static void print_time(uint64_t boottime_ns)
{
	uint64_t ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) + boottime_ns;
	time_t seconds = ns / NS;
	char text[32];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%F %T", &tm);
	printf("%s.%03u", text, (unsigned int)(ns % NS / 1000000));
}

static void print_event(const struct se05x_monitor_event *e)
{
	if (e->lost)
		printf("lost: the kernel could not send %u events\n", e->lost);
	print_time(e->time_ns);
	printf("  ");
	print_device(e->index);
	printf("  %s", se05x_event_name(e->event));
	if (e->event == SE05X_EVENT_RECOVERY)
		printf(" %s", se05x_rung_name(e->rung));
	if (e->event == SE05X_EVENT_LOCK)
		printf(" held for a second");
	if (e->reset)
		printf(" %s", se05x_reset_name(e->reset));
	if (e->by)
		printf(" by %s", se05x_by_name(e->by));
	if (e->count > 1)
		printf(", %u times", e->count);
	putchar('\n');
}

static void print_event_json(const struct se05x_monitor_event *e)
{
	printf("{\"event\":\"%s\",\"device\":\"", se05x_event_name(e->event));
	print_device(e->index);
	printf("\",\"index\":%u,\"time_ns\":%llu", e->index, (unsigned long long)e->time_ns);
	if (e->event == SE05X_EVENT_RECOVERY)
		printf(",\"rung\":\"%s\"", se05x_rung_name(e->rung));
	if (e->reset)
		printf(",\"kind\":\"%s\"", se05x_reset_name(e->reset));
	if (e->by)
		printf(",\"by\":\"%s\"", se05x_by_name(e->by));
	printf(",\"count\":%u,\"lost\":%u}\n", e->count, e->lost);
}

static void print_lost(const struct options *opt)
{
	puts(opt->json ? "{\"event\":\"lost\"}" :
	     "lost: events came faster than they could be read");
}

int command_monitor(const struct options *opt)
{
	struct se05x_monitor_event event;
	struct se05x_monitor *monitor;
	struct pollfd p = { .events = POLLIN };
	int ret = open_monitor("monitor", &monitor);

	if (ret)
		return ret;
	p.fd = se05x_monitor_fd(monitor);
	say(opt, "watching; Ctrl-C ends it");
	while (ret != -ENODEV && !ferror(stdout)) {
		ret = se05x_monitor_next(monitor, &event);
		if (ret == -EAGAIN) {
			fflush(stdout);
			poll(&p, 1, -1);
		} else if (ret == -ENOBUFS) {
			print_lost(opt);
		} else if (ret && ret != -ENODEV) {
			complain("monitor: %s", strerror(-ret));
			break;
		} else if (!ret && opt->json) {
			print_event_json(&event);
		} else if (!ret) {
			print_event(&event);
		}
	}
	if (ret == -ENODEV)
		complain("monitor: the module was unloaded");
	se05x_monitor_close(monitor);
	return TROUBLE;
}

/* ---- stats ---- */

/* What is shown, and in which order */
static const struct {
	const char *name;
	const char *json;
	size_t at;
	bool private;
} rows[] = {
#define ROW(name, field, private) \
	{ name, #field, offsetof(struct se05x_monitor_chip, field), private }
#define RUNG(name, json, rung) \
	{ name, json, offsetof(struct se05x_monitor_chip, rungs[rung]), false }
	ROW("resets", resets, false),
	ROW("recoveries", recoveries, false),
	RUNG("  R-NAK", "rung_rnak", SE05X_RUNG_RNAK),
	RUNG("  RESYNC", "rung_resync", SE05X_RUNG_RESYNC),
	RUNG("  soft reset", "rung_soft", SE05X_RUNG_SOFT),
	RUNG("  chip reset", "rung_chip", SE05X_RUNG_CHIP),
	RUNG("  power cycle", "rung_power", SE05X_RUNG_POWER),
	RUNG("  given up", "rung_given_up", SE05X_RUNG_GIVEN_UP),
	ROW("APDUs", apdus, true),
	ROW("bytes out", bytes_out, true),
	ROW("bytes in", bytes_in, true),
	ROW("blocks out", blocks_out, true),
	ROW("blocks in", blocks_in, true),
	ROW("polls (NACK)", polls, true),
	ROW("WTX", wtx, true),
	ROW("blocks resent", resends, true),
	ROW("waits", waits, true),
	ROW("waited, us", wait_us, true),
	ROW("channel openings", openings, true),
	ROW("generation", generation, true),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static uint64_t value_of(const struct se05x_monitor_chip *chip, size_t row)
{
	return *(const uint64_t *)((const char *)chip + rows[row].at);
}

static void print_chip_json(const struct se05x_monitor_chip *chip)
{
	printf("{\"device\":\"");
	print_device(chip->index);
	printf("\",\"index\":%u,\"state\":\"%s\",\"channel\":\"%s\"", chip->index,
	       state_name(chip->state), channel_name(chip->channel));
	for (size_t i = 0; i < ROWS; i++)
		if (!rows[i].private || chip->has_counters)
			printf(",\"%s\":%llu", rows[i].json,
			       (unsigned long long)value_of(chip, i));
	puts("}");
}

/* @before: the same chip a second ago, or NULL */
static void print_chip(const struct se05x_monitor_chip *chip,
		       const struct se05x_monitor_chip *before)
{
	print_device(chip->index);
	printf("  %s", state_name(chip->state));
	if (chip->channel)
		printf(", %s", channel_name(chip->channel));
	putchar('\n');
	for (size_t i = 0; i < ROWS; i++) {
		uint64_t value = value_of(chip, i);

		if (rows[i].private && !chip->has_counters)
			continue;
		printf("  %-16s %20llu", rows[i].name, (unsigned long long)value);
		if (before && value > value_of(before, i) && rows[i].at !=
		    offsetof(struct se05x_monitor_chip, generation))
			printf("  +%llu/s", (unsigned long long)(value - value_of(before, i)));
		putchar('\n');
	}
}

static const struct se05x_monitor_chip *same(const struct se05x_monitor_chip *list, size_t n,
					     uint32_t index)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].index == index)
			return &list[i];
	return NULL;
}

static void explain_private(const struct options *opt)
{
	say(opt, "APDUs, bytes, blocks, polls, WTX and waits are shown to root"
	    " (CAP_NET_ADMIN) alone: they tell what others do");
}

static int show_once(const struct options *opt, const struct se05x_monitor_chip *chips, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (opt->json)
			print_chip_json(&chips[i]);
		else
			print_chip(&chips[i], NULL);
	}
	if (!n)
		say(opt, "no SE05x on this machine");
	else if (!chips[0].has_counters)
		explain_private(opt);
	return OK;
}

/* On a terminal: again and again, with what a second brought */
static int show_live(const struct options *opt, struct se05x_monitor *monitor)
{
	struct se05x_monitor_chip *before = NULL, *chips;
	size_t n_before = 0, n;
	int ret;

	for (;;) {
		ret = se05x_monitor_chips(monitor, &chips, &n);
		if (ret)
			break;
		fputs("\033[H\033[J", stdout);
		for (size_t i = 0; i < n; i++)
			print_chip(&chips[i], same(before, n_before, chips[i].index));
		puts(n ? "" : "no SE05x on this machine\n");
		if (n && !chips[0].has_counters)
			explain_private(opt);
		puts("each second; Ctrl-C ends it");
		fflush(stdout);
		free(before);
		before = chips;
		n_before = n;
		sleep(1);
	}
	free(before);
	complain("stats: %s", ret == -ENOENT ? "the module was unloaded" : strerror(-ret));
	return TROUBLE;
}

int command_stats(const struct options *opt)
{
	struct se05x_monitor_chip *chips;
	struct se05x_monitor *monitor;
	size_t n;
	int ret = open_monitor("stats", &monitor);

	if (ret)
		return ret;
	if (!opt->json && isatty(STDOUT_FILENO)) {
		ret = show_live(opt, monitor);
	} else {
		ret = se05x_monitor_chips(monitor, &chips, &n);
		if (ret) {
			complain("stats: %s", strerror(-ret));
			ret = TROUBLE;
		} else {
			ret = show_once(opt, chips, n);
			free(chips);
		}
	}
	se05x_monitor_close(monitor);
	return ret;
}

#endif
