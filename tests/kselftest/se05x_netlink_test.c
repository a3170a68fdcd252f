// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family se05x, without a library: what is told, and to whom
 */
#include "se05x_test.h"

#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#define BUFFER		16384

/* A message with its attributes by number */
struct message {
	int error;		/* of an NLMSG_ERROR */
	bool done;
	__u16 type;
	__u8 cmd;
	const struct nlattr *attrs[64];
	char bytes[BUFFER];
};

static int open_netlink(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)))
		abort();
	return fd;
}

/* One request with at most one attribute */
static int ask(int fd, __u16 family, __u8 cmd, __u16 flags, __u16 attr, const void *value,
	       __u16 len)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr generic;
		struct nlattr attr;
		char value[64];
	} m = {
		.header.nlmsg_type = family,
		.header.nlmsg_flags = NLM_F_REQUEST | flags,
		.generic.cmd = cmd,
		.generic.version = SE05X_GENL_VERSION,
		.attr.nla_type = attr,
		.attr.nla_len = NLA_HDRLEN + len,
	};

	m.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	if (attr) {
		memcpy(m.value, value, len);
		m.header.nlmsg_len += NLA_ALIGN(m.attr.nla_len);
	}
	return send(fd, &m, m.header.nlmsg_len, 0) < 0 ? -errno : 0;
}

static void index_attrs(const struct nlattr **attrs, const void *from, size_t len)
{
	const char *p = from, *end = p + len;

	while (end - p >= (ptrdiff_t)NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)p;

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > end - p)
			abort();
		if ((attr->nla_type & NLA_TYPE_MASK) < 64)
			attrs[attr->nla_type & NLA_TYPE_MASK] = attr;
		p += NLA_ALIGN(attr->nla_len);
	}
}

static void parse(struct message *m, const struct nlmsghdr *header)
{
	const struct genlmsghdr *generic = NLMSG_DATA(header);

	memset(m->attrs, 0, sizeof(m->attrs));
	m->type = header->nlmsg_type;
	m->error = 0;
	m->done = header->nlmsg_type == NLMSG_DONE;
	if (header->nlmsg_type == NLMSG_ERROR)
		m->error = ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
	if (header->nlmsg_type < NLMSG_MIN_TYPE)
		return;
	m->cmd = generic->cmd;
	index_attrs(m->attrs, (const char *)generic + GENL_HDRLEN,
		    header->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
}

/* The next datagram's first message: 0 or a negative errno */
static int hear(int fd, int flags, struct message *m)
{
	ssize_t len = recv(fd, m->bytes, sizeof(m->bytes), flags);

	if (len < 0)
		return -errno;
	parse(m, (const struct nlmsghdr *)m->bytes);
	return 0;
}

static __u32 get_u32(const struct message *m, int attr)
{
	return m->attrs[attr] ? *(const __u32 *)((const char *)m->attrs[attr] + NLA_HDRLEN) : ~0U;
}

static __u64 get_u64(const struct message *m, int attr)
{
	__u64 value = ~0ULL;

	if (m->attrs[attr])
		memcpy(&value, (const char *)m->attrs[attr] + NLA_HDRLEN, sizeof(value));
	return value;
}

FIXTURE(netlink)
{
	int fd;		/* the chip */
	int ask;
	int events;
	__u16 family;
	__u32 group;
	struct message m;
};

/* What the controller knows of the family; left in m */
static int resolve(FIXTURE_DATA(netlink) *self)
{
	const struct nlattr *groups[64] = { 0 }, *group[64] = { 0 };
	int ret;

	ask(self->ask, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, CTRL_ATTR_FAMILY_NAME,
	    SE05X_GENL_NAME, sizeof(SE05X_GENL_NAME));
	ret = hear(self->ask, 0, &self->m) ?: self->m.error;
	if (ret)
		return ret;
	self->family = get_u32(&self->m, CTRL_ATTR_FAMILY_ID) & 0xffff;
	if (!self->m.attrs[CTRL_ATTR_MCAST_GROUPS])
		return -1;
	index_attrs(groups, (const char *)self->m.attrs[CTRL_ATTR_MCAST_GROUPS] + NLA_HDRLEN,
		    self->m.attrs[CTRL_ATTR_MCAST_GROUPS]->nla_len - NLA_HDRLEN);
	if (!groups[1] || groups[2])
		return -1;
	index_attrs(group, (const char *)groups[1] + NLA_HDRLEN, groups[1]->nla_len - NLA_HDRLEN);
	if (strcmp((const char *)group[CTRL_ATTR_MCAST_GRP_NAME] + NLA_HDRLEN,
		   SE05X_MCGRP_EVENTS))
		return -1;
	self->group = *(const __u32 *)((const char *)group[CTRL_ATTR_MCAST_GRP_ID] + NLA_HDRLEN);
	return 0;
}

static int listen_to_events(FIXTURE_DATA(netlink) *self)
{
	self->events = open_netlink();
	return setsockopt(self->events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &self->group,
			  sizeof(self->group)) ? -errno : 0;
}

FIXTURE_SETUP(netlink)
{
	self->events = -1;
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	ASSERT_EQ(0, echo(self->fd, NULL));
	self->ask = open_netlink();
	ASSERT_LE(0, self->ask);
	ASSERT_EQ(0, resolve(self));
	ASSERT_EQ(0, listen_to_events(self));
}

FIXTURE_TEARDOWN(netlink)
{
	close(self->fd);
	close(self->ask);
	close(self->events);
}

/* Read events until one of this kind comes; others are skipped. */
static bool heard(FIXTURE_DATA(netlink) *self, enum se05x_event event)
{
	struct pollfd p = { .fd = self->events, .events = POLLIN };

	while (poll(&p, 1, PATIENCE_S * 1000) == 1) {
		if (hear(self->events, MSG_DONTWAIT, &self->m))
			return false;
		if (self->m.type == self->family && self->m.cmd == SE05X_CMD_EVENT &&
		    get_u32(&self->m, SE05X_A_EVENT) == event)
			return true;
	}
	return false;
}

static int get(FIXTURE_DATA(netlink) *self, __u8 cmd, __u32 index)
{
	int ret = ask(self->ask, self->family, cmd, 0, SE05X_A_INDEX, &index, sizeof(index));

	return ret ?: hear(self->ask, 0, &self->m) ?: self->m.error;
}

/* The family's operations are those of the header, and no more. */
TEST_F(netlink, operations)
{
	const struct nlattr *ops[64] = { 0 };
	int i, n = 0;

	ASSERT_EQ(0, resolve(self));
	EXPECT_EQ(SE05X_GENL_VERSION, get_u32(&self->m, CTRL_ATTR_VERSION));
	ASSERT_NE(NULL, self->m.attrs[CTRL_ATTR_OPS]);
	index_attrs(ops, (const char *)self->m.attrs[CTRL_ATTR_OPS] + NLA_HDRLEN,
		    self->m.attrs[CTRL_ATTR_OPS]->nla_len - NLA_HDRLEN);
	for (i = 0; i < 64; i++) {
		const struct nlattr *op[64] = { 0 };
		__u32 cmd, flags;

		if (!ops[i])
			continue;
		n++;
		index_attrs(op, (const char *)ops[i] + NLA_HDRLEN, ops[i]->nla_len - NLA_HDRLEN);
		cmd = *(const __u32 *)((const char *)op[CTRL_ATTR_OP_ID] + NLA_HDRLEN);
		flags = *(const __u32 *)((const char *)op[CTRL_ATTR_OP_FLAGS] + NLA_HDRLEN);
		EXPECT_TRUE(cmd == SE05X_CMD_CHIP_GET || cmd == SE05X_CMD_COUNTERS_GET);
		EXPECT_TRUE(flags & GENL_CMD_CAP_DO);
		EXPECT_TRUE(flags & GENL_CMD_CAP_DUMP);
		EXPECT_EQ(cmd == SE05X_CMD_COUNTERS_GET, !!(flags & GENL_ADMIN_PERM));
	}
	EXPECT_EQ(2, n);
}

TEST_F(netlink, one_chip)
{
	__u64 apdus;
	int i;

	ASSERT_EQ(0, get(self, SE05X_CMD_CHIP_GET, 0));
	EXPECT_EQ(0, get_u32(&self->m, SE05X_A_INDEX));
	EXPECT_EQ(SE05X_STATE_ONLINE, get_u32(&self->m, SE05X_A_STATE));
	for (i = SE05X_A_RESETS; i <= SE05X_A_RUNG_GIVEN_UP; i++)
		EXPECT_NE(NULL, self->m.attrs[i]) TH_LOG("attribute %d", i);
	/* nothing that moves with each APDU */
	for (i = SE05X_A_GENERATION; i <= SE05X_A_WAIT_US; i++)
		EXPECT_EQ(NULL, self->m.attrs[i]) TH_LOG("attribute %d", i);
	EXPECT_EQ(NULL, self->m.attrs[SE05X_A_OPENINGS]);
	EXPECT_EQ(SE05X_CHANNEL_NONE, get_u32(&self->m, SE05X_A_CHANNEL));

	ASSERT_EQ(0, get(self, SE05X_CMD_COUNTERS_GET, 0));
	EXPECT_EQ(generation(self->fd), get_u64(&self->m, SE05X_A_GENERATION));
	for (i = SE05X_A_GENERATION; i <= SE05X_A_WAIT_US; i++)
		EXPECT_NE(NULL, self->m.attrs[i]) TH_LOG("attribute %d", i);
	EXPECT_NE(NULL, self->m.attrs[SE05X_A_OPENINGS]);
	apdus = get_u64(&self->m, SE05X_A_APDUS);
	ASSERT_EQ(0, echo(self->fd, NULL));
	ASSERT_EQ(0, get(self, SE05X_CMD_COUNTERS_GET, 0));
	EXPECT_EQ(apdus + 1, get_u64(&self->m, SE05X_A_APDUS));
}

TEST_F(netlink, bad_requests)
{
	__u32 value = 0;

	EXPECT_EQ(-ENODEV, get(self, SE05X_CMD_CHIP_GET, 63));
	EXPECT_EQ(-ENODEV, get(self, SE05X_CMD_CHIP_GET, ~0U));
	/* no chip named; one named in half a number; another attribute */
	ask(self->ask, self->family, SE05X_CMD_CHIP_GET, 0, 0, NULL, 0);
	ASSERT_EQ(0, hear(self->ask, 0, &self->m));
	EXPECT_EQ(-EINVAL, self->m.error);
	ask(self->ask, self->family, SE05X_CMD_CHIP_GET, 0, SE05X_A_INDEX, &value, 2);
	ASSERT_EQ(0, hear(self->ask, 0, &self->m));
	EXPECT_GT(0, self->m.error);
	ask(self->ask, self->family, SE05X_CMD_CHIP_GET, 0, SE05X_A_STATE, &value, 4);
	ASSERT_EQ(0, hear(self->ask, 0, &self->m));
	EXPECT_EQ(-EINVAL, self->m.error);
	/* events are sent, and not asked for */
	ask(self->ask, self->family, SE05X_CMD_EVENT, 0, 0, NULL, 0);
	ASSERT_EQ(0, hear(self->ask, 0, &self->m));
	EXPECT_EQ(-EOPNOTSUPP, self->m.error);
	ask(self->ask, self->family, 99, 0, 0, NULL, 0);
	ASSERT_EQ(0, hear(self->ask, 0, &self->m));
	EXPECT_EQ(-EOPNOTSUPP, self->m.error);
}

TEST_F(netlink, dump)
{
	const struct nlmsghdr *header;
	int chips = 0;
	ssize_t len;

	ask(self->ask, self->family, SE05X_CMD_CHIP_GET, NLM_F_DUMP, 0, NULL, 0);
	for (self->m.done = false; !self->m.done;) {
		len = recv(self->ask, self->m.bytes, sizeof(self->m.bytes), 0);
		ASSERT_LT(0, len);
		for (header = (void *)self->m.bytes; NLMSG_OK(header, len);
		     header = NLMSG_NEXT(header, len)) {
			parse(&self->m, header);
			ASSERT_EQ(0, self->m.error);
			if (self->m.done)
				break;
			EXPECT_EQ(chips, get_u32(&self->m, SE05X_A_INDEX));
			chips++;
		}
	}
	EXPECT_LE(1, chips);
}

TEST_F(netlink, counters_are_for_admins)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		close(self->ask);
		close(self->events);
		self->ask = open_netlink();
		if (resolve(self) || get(self, SE05X_CMD_CHIP_GET, 0))
			_exit(1);
		if (get(self, SE05X_CMD_COUNTERS_GET, 0) != -EPERM)
			_exit(2);
		ask(self->ask, self->family, SE05X_CMD_COUNTERS_GET, NLM_F_DUMP, 0, NULL, 0);
		if (hear(self->ask, 0, &self->m) || self->m.error != -EPERM)
			_exit(3);
		/* events are for all */
		_exit(listen_to_events(self) ? 4 : 0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_F(netlink, no_event_moves_with_an_apdu)
{
	int other = open_device(O_RDWR);
	int i;

	/* two applets in turn, so that each APDU needs a SELECT */
	ASSERT_TRUE(IS_SELECTED(other, iot_aid));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, echo(self->fd, NULL));
		ASSERT_EQ(0, version(other));
	}
	EXPECT_EQ(-EAGAIN, hear(self->events, MSG_DONTWAIT, &self->m));
	close(other);
}

TEST_F(netlink, reset)
{
	struct se05x_reset r = { .kind = SE05X_RESET_CHIP };
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_RESET, &r));
	ASSERT_TRUE(heard(self, SE05X_EVENT_RESET));
	EXPECT_EQ(0, get_u32(&self->m, SE05X_A_INDEX));
	EXPECT_EQ(SE05X_BY_USER, get_u32(&self->m, SE05X_A_BY));
	EXPECT_EQ(SE05X_RESET_CHIP, get_u32(&self->m, SE05X_A_RESET));
	EXPECT_EQ(1, get_u32(&self->m, SE05X_A_COUNT));
	EXPECT_EQ(NULL, self->m.attrs[SE05X_A_LOST]);
	EXPECT_LE(now.tv_sec * 1000000000ULL + now.tv_nsec, get_u64(&self->m, SE05X_A_TIME));
	EXPECT_TRUE(heard(self, SE05X_EVENT_GENERATION));
	EXPECT_TRUE(heard(self, SE05X_EVENT_ONLINE));
}

TEST_F_TIMEOUT(netlink, recovery, SLOW_TIMEOUT)
{
	long long recoveries = attr_count("counters/recoveries");
	int fd = open(SIM_DIR "faults", O_WRONLY);

	if (fd < 0)
		SKIP(return, "no simulated chip");
	/* a frame that is lost unseen: R-NAK, and where that may not help RESYNC */
	ASSERT_EQ(6, write(fd, "lost 1", 6));
	echo(self->fd, NULL);
	ASSERT_TRUE(heard(self, SE05X_EVENT_RECOVERY));
	EXPECT_EQ(SE05X_RUNG_RNAK, get_u32(&self->m, SE05X_A_RUNG));
	/* a chip that hears nothing until its power is cut */
	ASSERT_EQ(0, echo(self->fd, NULL));
	ASSERT_EQ(6, write(fd, "dead 1", 6));
	EXPECT_GT(0, echo(self->fd, NULL));
	do {
		ASSERT_TRUE(heard(self, SE05X_EVENT_RECOVERY));
	} while (get_u32(&self->m, SE05X_A_RUNG) < SE05X_RUNG_SOFT);
	ASSERT_TRUE(heard(self, SE05X_EVENT_RESET));
	EXPECT_EQ(SE05X_BY_RECOVERY, get_u32(&self->m, SE05X_A_BY));
	EXPECT_EQ(SE05X_RESET_SOFT, get_u32(&self->m, SE05X_A_RESET));
	ASSERT_TRUE(heard(self, SE05X_EVENT_RESET));
	EXPECT_EQ(SE05X_RESET_CHIP, get_u32(&self->m, SE05X_A_RESET));
	EXPECT_TRUE(heard(self, attr_is("state", "given-up") ? SE05X_EVENT_GIVEN_UP :
							       SE05X_EVENT_ONLINE));
	EXPECT_LT(recoveries, attr_count("counters/recoveries"));
	close(fd);
	sim_clear();
}

/* Does udev hear that the chip is @state now? */
static bool udev_hears(int fd, const char *state)
{
	char message[BUFFER], want[64];
	ssize_t len, at;

	snprintf(want, sizeof(want), "SE05X_STATE=%s", state);
	while ((len = recv(fd, message, sizeof(message) - 1, 0)) > 0) {
		message[len] = 0;
		if (strncmp(message, "change@", 7))
			continue;
		for (at = 0; at < len; at += strlen(message + at) + 1)
			if (!strcmp(message + at, want))
				return true;
	}
	return false;
}

TEST_F_TIMEOUT(netlink, uevents, SLOW_TIMEOUT)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct timeval patience = { .tv_sec = 20 };
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
	int faults = open(SIM_DIR "faults", O_WRONLY);
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	if (faults < 0)
		SKIP(return, "no simulated chip");
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)));
	/* an adapter that will never transfer this */
	ASSERT_EQ(18, write(faults, "errno EOPNOTSUPP 1", 18));
	EXPECT_GT(0, echo(self->fd, NULL));
	EXPECT_TRUE(attr_is("state", "given-up"));
	EXPECT_TRUE(udev_hears(fd, "given-up"));
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_RESET, &r));
	EXPECT_TRUE(udev_hears(fd, "online"));
	close(fd);
	close(faults);
	sim_clear();
}

TEST_F_TIMEOUT(netlink, lock_held, SLOW_TIMEOUT)
{
	struct se05x_lock l = { 0 };
	struct se05x_unlock u = { 0 };

	ASSERT_EQ(0, call(self->fd, SE05X_IOC_LOCK, &l));
	EXPECT_TRUE(heard(self, SE05X_EVENT_LOCK));
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_UNLOCK, &u));
}

TEST_F_TIMEOUT(netlink, sleep, SLOW_TIMEOUT)
{
	char idle[16];

	ASSERT_EQ(0, get_attr("idle_ms", idle, sizeof(idle)));
	ASSERT_EQ(0, set_attr("idle_ms", "1"));
	close(self->fd);
	EXPECT_TRUE(heard(self, SE05X_EVENT_ASLEEP));
	EXPECT_EQ(0, set_attr("idle_ms", idle));
	self->fd = open_device(O_RDWR);
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	EXPECT_TRUE(heard(self, SE05X_EVENT_ONLINE));
}

TEST_F_TIMEOUT(netlink, added_and_removed, SLOW_TIMEOUT)
{
	char name[64];

	ASSERT_TRUE(client_name(name, sizeof(name)));
	close(self->fd);
	ASSERT_EQ(0, driver("unbind", name));
	EXPECT_TRUE(heard(self, SE05X_EVENT_REMOVED));
	EXPECT_EQ(-ENODEV, get(self, SE05X_CMD_CHIP_GET, 0));
	ASSERT_EQ(0, driver("bind", name));
	EXPECT_TRUE(heard(self, SE05X_EVENT_ADDED));
	EXPECT_EQ(0, get_u32(&self->m, SE05X_A_INDEX));
	ASSERT_TRUE(WAIT_UNTIL((self->fd = open_device(O_RDWR)) >= 0));
	EXPECT_EQ(0, get(self, SE05X_CMD_CHIP_GET, 0));
}

/* Who does not read loses events, and is told so. */
TEST_F_TIMEOUT(netlink, slow_reader, SLOW_TIMEOUT)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
	int i, ret, small = 1;

	ASSERT_EQ(0, setsockopt(self->events, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, call(self->fd, SE05X_IOC_RESET, &r));
	}
	for (i = 0; i < 100; i++) {
		ret = hear(self->events, MSG_DONTWAIT, &self->m);
		if (ret)
			break;
	}
	EXPECT_EQ(-ENOBUFS, ret);
}

TEST_HARNESS_MAIN
