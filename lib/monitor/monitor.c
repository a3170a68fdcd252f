// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel's netlink family "se05x" as C functions */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "../common.h"
#include "se05x-monitor.h"

/* The kernel's messages to a group are shorter. */
#define MESSAGE_MAX	8192

struct se05x_monitor {
	struct nl_sock *events;
	struct nl_sock *requests;
	pthread_mutex_t lock;	/* of requests */
	int family;
};

static int to_errno(int nl)
{
	switch (nl < 0 ? -nl : nl) {
	case 0:
		return 0;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	default:
		return -EIO;
	}
}

/* ---- events ---- */

static int join(struct nl_sock *sock, const char *family, const char *group)
{
	int id = genl_ctrl_resolve_grp(sock, family, group);

	return id < 0 ? id : nl_socket_add_membership(sock, id);
}

/* Resolved on a socket of its own: no event must come between. */
static int open_sockets(struct se05x_monitor *monitor)
{
	int ret;

	monitor->requests = nl_socket_alloc();
	monitor->events = nl_socket_alloc();
	if (!monitor->requests || !monitor->events)
		return -ENOMEM;
	ret = genl_connect(monitor->requests);
	if (ret)
		return to_errno(ret);
	monitor->family = genl_ctrl_resolve(monitor->requests, SE05X_GENL_NAME);
	if (monitor->family < 0)
		return to_errno(monitor->family);
	ret = genl_connect(monitor->events);
	if (ret)
		return to_errno(ret);
	/* the controller tells when the family goes */
	ret = join(monitor->events, "nlctrl", "notify");
	if (!ret)
		ret = join(monitor->events, SE05X_GENL_NAME, SE05X_MCGRP_EVENTS);
	return to_errno(ret);
}

EXPORT int se05x_monitor_open(struct se05x_monitor **monitor)
{
	struct se05x_monitor *opened = calloc(1, sizeof(*opened));
	int ret;

	if (!opened)
		return -ENOMEM;
	pthread_mutex_init(&opened->lock, NULL);
	ret = open_sockets(opened);
	if (ret) {
		se05x_monitor_close(opened);
		return ret;
	}
	*monitor = opened;
	return 0;
}

EXPORT void se05x_monitor_close(struct se05x_monitor *monitor)
{
	if (!monitor)
		return;
	nl_socket_free(monitor->events);
	nl_socket_free(monitor->requests);
	pthread_mutex_destroy(&monitor->lock);
	free(monitor);
}

EXPORT int se05x_monitor_fd(const struct se05x_monitor *monitor)
{
	return nl_socket_get_fd(monitor->events);
}

static uint32_t get_u32(struct nlattr **attrs, int attr)
{
	return attrs[attr] ? nla_get_u32(attrs[attr]) : 0;
}

static uint64_t get_u64(struct nlattr **attrs, int attr)
{
	return attrs[attr] ? nla_get_u64(attrs[attr]) : 0;
}

/* Lengths are checked; what is missing counts as 0, what is unknown is skipped. */
static bool parse(struct nlmsghdr *header, struct nlattr **attrs)
{
	static const struct nla_policy policy[SE05X_A_MAX + 1] = {
		[SE05X_A_INDEX ... SE05X_A_STATE] = { .type = NLA_U32 },
		[SE05X_A_RESETS ... SE05X_A_WAIT_US] = { .type = NLA_U64 },
		[SE05X_A_EVENT] = { .type = NLA_U32 },
		[SE05X_A_TIME] = { .type = NLA_U64 },
		[SE05X_A_BY ... SE05X_A_CHANNEL] = { .type = NLA_U32 },
		[SE05X_A_OPENINGS] = { .type = NLA_U64 },
	};

	return !genlmsg_parse(header, 0, attrs, SE05X_A_MAX, policy);
}

/* Does the controller say that our family goes? */
static bool is_farewell(const struct se05x_monitor *monitor, struct nlmsghdr *header)
{
	struct nlattr *attrs[CTRL_ATTR_MAX + 1];
	struct genlmsghdr *generic = nlmsg_data(header);

	if (header->nlmsg_type != GENL_ID_CTRL || generic->cmd != CTRL_CMD_DELFAMILY ||
	    genlmsg_parse(header, 0, attrs, CTRL_ATTR_MAX, NULL))
		return false;
	return attrs[CTRL_ATTR_FAMILY_ID] &&
	       nla_len(attrs[CTRL_ATTR_FAMILY_ID]) >= (int)sizeof(uint16_t) &&
	       nla_get_u16(attrs[CTRL_ATTR_FAMILY_ID]) == monitor->family;
}

/* Return: 0 with an event; -EAGAIN: this was none; -ENODEV. */
static int take_event(const struct se05x_monitor *monitor, struct nlmsghdr *header,
		      struct se05x_monitor_event *event)
{
	struct nlattr *attrs[SE05X_A_MAX + 1];

	if (!genlmsg_valid_hdr(header, 0))
		return -EAGAIN;
	if (is_farewell(monitor, header))
		return -ENODEV;
	if (header->nlmsg_type != monitor->family || !parse(header, attrs) ||
	    !attrs[SE05X_A_EVENT])
		return -EAGAIN;
	*event = (struct se05x_monitor_event) {
		.event = get_u32(attrs, SE05X_A_EVENT),
		.index = get_u32(attrs, SE05X_A_INDEX),
		.by = get_u32(attrs, SE05X_A_BY),
		.reset = get_u32(attrs, SE05X_A_RESET),
		.rung = get_u32(attrs, SE05X_A_RUNG),
		.count = attrs[SE05X_A_COUNT] ? nla_get_u32(attrs[SE05X_A_COUNT]) : 1,
		.lost = get_u32(attrs, SE05X_A_LOST),
		.time_ns = get_u64(attrs, SE05X_A_TIME),
	};
	return 0;
}

/* recvfrom() and not libnl's own: that one makes ENOBUFS an ENOMEM. */
EXPORT int se05x_monitor_next(struct se05x_monitor *monitor, struct se05x_monitor_event *event)
{
	union {
		struct nlmsghdr header;
		char bytes[MESSAGE_MAX];
	} m;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(se05x_monitor_fd(monitor), &m, sizeof(m), MSG_DONTWAIT,
				       (struct sockaddr *)&from, &from_len);
		int ret;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		if (from.nl_pid || !nlmsg_ok(&m.header, len))
			continue;	/* the kernel's own, one a datagram */
		ret = take_event(monitor, &m.header, event);
		if (ret != -EAGAIN)
			return ret;
	}
}

/* ---- chips ---- */

struct list {
	struct se05x_monitor_chip *chips;
	size_t n;
	bool failed;
};

static struct se05x_monitor_chip *find(struct list *list, uint32_t index)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->chips[i].index == index)
			return &list->chips[i];
	return NULL;
}

static int take_chip(struct nl_msg *msg, void *arg)
{
	struct list *list = arg;
	struct se05x_monitor_chip *chips, *chip;
	struct nlattr *attrs[SE05X_A_MAX + 1];

	if (!parse(nlmsg_hdr(msg), attrs) || !attrs[SE05X_A_INDEX])
		return NL_SKIP;
	chips = realloc(list->chips, (list->n + 1) * sizeof(*chips));
	if (!chips) {
		list->failed = true;
		return NL_SKIP;
	}
	list->chips = chips;
	chip = &chips[list->n++];
	*chip = (struct se05x_monitor_chip) {
		.index = get_u32(attrs, SE05X_A_INDEX),
		.state = get_u32(attrs, SE05X_A_STATE),
		.channel = get_u32(attrs, SE05X_A_CHANNEL),
		.resets = get_u64(attrs, SE05X_A_RESETS),
		.recoveries = get_u64(attrs, SE05X_A_RECOVERIES),
	};
	for (int i = 0; i <= SE05X_RUNG_GIVEN_UP; i++)
		chip->rungs[i] = get_u64(attrs, SE05X_A_RUNG_RNAK + i);
	return NL_OK;
}

static int take_counters(struct nl_msg *msg, void *arg)
{
	struct se05x_monitor_chip *chip;
	struct nlattr *attrs[SE05X_A_MAX + 1];

	if (!parse(nlmsg_hdr(msg), attrs) || !attrs[SE05X_A_INDEX])
		return NL_SKIP;
	chip = find(arg, get_u32(attrs, SE05X_A_INDEX));
	if (!chip)
		return NL_SKIP;	/* it came in between */
	chip->has_counters = 1;
	chip->generation = get_u64(attrs, SE05X_A_GENERATION);
	chip->apdus = get_u64(attrs, SE05X_A_APDUS);
	chip->bytes_out = get_u64(attrs, SE05X_A_BYTES_OUT);
	chip->bytes_in = get_u64(attrs, SE05X_A_BYTES_IN);
	chip->blocks_out = get_u64(attrs, SE05X_A_BLOCKS_OUT);
	chip->blocks_in = get_u64(attrs, SE05X_A_BLOCKS_IN);
	chip->polls = get_u64(attrs, SE05X_A_POLLS);
	chip->wtx = get_u64(attrs, SE05X_A_WTX);
	chip->resends = get_u64(attrs, SE05X_A_RESENDS);
	chip->waits = get_u64(attrs, SE05X_A_WAITS);
	chip->wait_us = get_u64(attrs, SE05X_A_WAIT_US);
	chip->openings = get_u64(attrs, SE05X_A_OPENINGS);
	return NL_OK;
}

static int dump(struct se05x_monitor *monitor, uint8_t cmd, nl_recvmsg_msg_cb_t take,
		struct list *list)
{
	int ret = genl_send_simple(monitor->requests, monitor->family, cmd,
				   SE05X_GENL_VERSION, NLM_F_DUMP);

	if (ret < 0)
		return to_errno(ret);
	nl_socket_modify_cb(monitor->requests, NL_CB_VALID, NL_CB_CUSTOM, take, list);
	return to_errno(nl_recvmsgs_default(monitor->requests));
}

EXPORT int se05x_monitor_chips(struct se05x_monitor *monitor, struct se05x_monitor_chip **chips,
			       size_t *n)
{
	struct list list = { 0 };
	int ret;

	pthread_mutex_lock(&monitor->lock);
	ret = dump(monitor, SE05X_CMD_CHIP_GET, take_chip, &list);
	if (!ret && list.failed)
		ret = -ENOMEM;
	if (!ret) {
		ret = dump(monitor, SE05X_CMD_COUNTERS_GET, take_counters, &list);
		if (ret == -EPERM)
			ret = 0;	/* the chips tell by has_counters */
	}
	pthread_mutex_unlock(&monitor->lock);
	if (ret) {
		free(list.chips);
		return ret;
	}
	*chips = list.chips;
	*n = list.n;
	return 0;
}

/* ---- names ---- */

static const char *name_of(const char * const *names, size_t n, uint32_t value)
{
	return value < n && names[value] ? names[value] : "unknown";
}

#define NAME(names, value) name_of(names, sizeof(names) / sizeof((names)[0]), value)

EXPORT const char *se05x_event_name(uint32_t event)
{
	static const char * const names[] = {
		[SE05X_EVENT_ADDED] = "added", [SE05X_EVENT_REMOVED] = "removed",
		[SE05X_EVENT_ONLINE] = "online", [SE05X_EVENT_ASLEEP] = "asleep",
		[SE05X_EVENT_OFF] = "off", [SE05X_EVENT_RESET] = "reset",
		[SE05X_EVENT_RECOVERY] = "recovery", [SE05X_EVENT_GIVEN_UP] = "given-up",
		[SE05X_EVENT_GENERATION] = "generation", [SE05X_EVENT_LOCK] = "lock",
		[SE05X_EVENT_CHANNEL_REJECTED] = "channel-rejected",
		[SE05X_EVENT_CHANNEL_LOST] = "channel-lost",
		[SE05X_EVENT_CHANNEL_PLAIN] = "channel-plain",
	};

	return NAME(names, event);
}

EXPORT const char *se05x_by_name(uint32_t by)
{
	static const char * const names[] = {
		[SE05X_BY_USER] = "user", [SE05X_BY_RECOVERY] = "recovery",
		[SE05X_BY_RESUME] = "resume",
	};

	return NAME(names, by);
}

EXPORT const char *se05x_reset_name(uint32_t kind)
{
	static const char * const names[] = {
		[SE05X_RESET_SOFT] = "soft", [SE05X_RESET_CHIP] = "chip",
		[SE05X_RESET_POWER] = "power",
	};

	return NAME(names, kind);
}

EXPORT const char *se05x_rung_name(uint32_t rung)
{
	static const char * const names[] = {
		[SE05X_RUNG_RNAK] = "r-nak", [SE05X_RUNG_RESYNC] = "resync",
		[SE05X_RUNG_SOFT] = "soft-reset", [SE05X_RUNG_CHIP] = "chip-reset",
		[SE05X_RUNG_POWER] = "power-cycle", [SE05X_RUNG_GIVEN_UP] = "given-up",
	};

	return NAME(names, rung);
}
