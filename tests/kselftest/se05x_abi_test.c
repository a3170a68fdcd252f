// SPDX-License-Identifier: GPL-2.0-only
/*
 * The border of /dev/se05x: whatever bad a caller hands in
 */
#include "se05x_ops.h"

#include <ftw.h>

#define EXPECT_REFUSED(errno_, op, arg, fd, fmt, ...) do {			\
	EXPECT_EQ(-(errno_), call(fd, (op)->cmd, arg))				\
		TH_LOG("%s: " fmt, (op)->name, ##__VA_ARGS__);			\
	if ((op)->outcome)							\
		EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, get32(arg, (op)->outcome))	\
			TH_LOG("%s: outcome with " fmt, (op)->name, ##__VA_ARGS__); \
} while (0)

FIXTURE(abi)
{
	int fd;
	__u8 arg[MAX_ARG] __attribute__((aligned(8)));
};

FIXTURE_SETUP(abi)
{
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
}

FIXTURE_TEARDOWN(abi)
{
	close(self->fd);
}

/* What the others call otherwise valid is valid. */
TEST_F_TIMEOUT(abi, control, SLOW_TIMEOUT)
{
	const struct op *op;

	for_each_op(op) {
		valid(op, self->arg);
		EXPECT_EQ(0, call(self->fd, op->cmd, self->arg))
			TH_LOG("%s: %s", op->name, strerror(errno));
		if (op->outcome)
			EXPECT_EQ(SE05X_OUTCOME_RAN, get32(self->arg, op->outcome))
				TH_LOG("%s", op->name);
	}
}

TEST_F(abi, unknown_ioctl)
{
	int nr;

	valid(&ops[0], self->arg);
	for (nr = 6; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY, call(self->fd, _IOWR(SE05X_IOC_MAGIC, nr, struct se05x_info),
					self->arg))
			TH_LOG("number %d", nr);
	EXPECT_EQ(-ENOTTY, call(self->fd, _IOWR(SE05X_IOC_MAGIC, 0, __u64), self->arg));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IO(SE05X_IOC_MAGIC, 0), self->arg));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IOWR('T', 0, struct se05x_info), self->arg));
}

TEST_F(abi, unknown_flags)
{
	const struct op *op;
	int bit;

	for_each_op(op) {
		for (bit = 0; bit < 32; bit++) {
			if (op->flags & 1U << bit)
				continue;
			valid(op, self->arg);
			put32(self->arg, 0, op->flags | 1U << bit);
			EXPECT_REFUSED(EINVAL, op, self->arg, self->fd, "flag bit %d", bit);
		}
	}
}

TEST_F(abi, padding)
{
	const struct op *op;
	size_t i;

	for_each_op(op) {
		for (i = 0; i < op->reserved_out; i++) {
			bool padding = i - op->padding < op->padding_len;

			if (!padding && i < op->reserved_in)
				continue;
			valid(op, self->arg);
			self->arg[i] = 0x80;
			EXPECT_REFUSED(EINVAL, op, self->arg, self->fd, "byte %zu", i);
		}
	}
}

TEST_F(abi, bad_values)
{
	struct se05x_select s = { .aid_len = SE05X_AID_MAX + 1, .outcome = GARBAGE };
	struct se05x_reset r = { .outcome = GARBAGE };
	static const __u32 kinds[] = { 0, SE05X_RESET_POWER + 1, ~0U };
	size_t i;

	EXPECT_EQ(-EINVAL, call(self->fd, SE05X_IOC_SELECT, &s));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, s.outcome);
	s.aid_len = ~0U;
	EXPECT_EQ(-EINVAL, call(self->fd, SE05X_IOC_SELECT, &s));

	for (s.aid_len = 0; s.aid_len < SE05X_AID_MAX; s.aid_len++) {
		memset(s.aid, 0, sizeof(s.aid));
		s.aid[SE05X_AID_MAX - 1] = 1;
		EXPECT_EQ(-EINVAL, call(self->fd, SE05X_IOC_SELECT, &s));
		s.aid[SE05X_AID_MAX - 1] = 0;
		s.aid[s.aid_len] = 1;
		EXPECT_EQ(-EINVAL, call(self->fd, SE05X_IOC_SELECT, &s));
		EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, s.outcome);
	}

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		r.kind = kinds[i];
		r.outcome = GARBAGE;
		EXPECT_EQ(-EINVAL, call(self->fd, SE05X_IOC_RESET, &r))
			TH_LOG("kind %u", kinds[i]);
		EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, r.outcome);
	}
}

TEST_F_TIMEOUT(abi, command_length, SLOW_TIMEOUT)
{
	static __u8 command[8192] = { 0x80, 0x10 };
	static const struct {
		__u32 len;
		int errnum;
	} cases[] = {
		{ 0, EINVAL }, { 1, EINVAL }, { 2, EINVAL }, { 3, EINVAL },
		{ 4097, E2BIG }, { 8192, E2BIG }, { 0x80000000, E2BIG }, { ~0U, E2BIG },
		{ 4, 0 }, { 4096, 0 },
	};
	struct se05x_transceive t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		valid_transceive(&t);
		t.command = (uintptr_t)command;
		t.command_len = cases[i].len;
		t.outcome = GARBAGE;
		EXPECT_EQ(-cases[i].errnum, call(self->fd, SE05X_IOC_TRANSCEIVE, &t))
			TH_LOG("%u bytes", cases[i].len);
		EXPECT_EQ(cases[i].errnum ? SE05X_OUTCOME_NOT_SENT : SE05X_OUTCOME_RAN,
			  t.outcome)
			TH_LOG("%u bytes", cases[i].len);
	}
}

/* A page that may be used and one behind it that may not */
FIXTURE(pages)
{
	int fd;
	long long runs;
	long size;
	__u8 *page;
	__u8 *edge;
};

FIXTURE_VARIANT(pages)
{
	int prot;		/* of the second page; -1: not mapped */
};

FIXTURE_VARIANT_ADD(pages, unmapped)
{
	.prot = -1,
};

FIXTURE_VARIANT_ADD(pages, readonly)
{
	.prot = PROT_READ,
};

FIXTURE_SETUP(pages)
{
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
	self->size = sysconf(_SC_PAGESIZE);
	self->page = mmap(NULL, 2 * self->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	self->edge = self->page + self->size;
	memcpy(self->edge + self->size / 2, echo_apdu, sizeof(echo_apdu));
	if (variant->prot < 0) {
		ASSERT_EQ(0, munmap(self->edge, self->size));
	} else {
		ASSERT_EQ(0, mprotect(self->edge, self->size, variant->prot));
	}
	self->runs = sim_count("runs");
}

FIXTURE_TEARDOWN(pages)
{
	close(self->fd);
}

/* NULL, across the edge and behind it: EFAULT and nothing done. */
TEST_F(pages, bad_struct)
{
	const struct op *op;
	size_t in;

	for_each_op(op) {
		__u8 arg[MAX_ARG] __attribute__((aligned(8)));

		valid(op, arg);
		EXPECT_EQ(-EFAULT, call(self->fd, op->cmd, NULL)) TH_LOG("%s", op->name);
		EXPECT_EQ(-EFAULT, call(self->fd, op->cmd, (void *)-8L))
			TH_LOG("%s", op->name);
		EXPECT_EQ(-EFAULT, call(self->fd, op->cmd, (void *)(1UL << (8 * sizeof(long) - 1))))
			TH_LOG("%s", op->name);
		for (in = 8; in < op->size; in += 8) {
			memcpy(self->edge - in, arg, in);
			EXPECT_EQ(-EFAULT, call(self->fd, op->cmd, self->edge - in))
				TH_LOG("%s: %zu bytes there", op->name, in);
		}
	}
	EXPECT_EQ(self->runs, sim_count("runs"));
}

TEST_F_TIMEOUT(pages, struct_that_just_fits, SLOW_TIMEOUT)
{
	const struct op *op;

	for_each_op(op) {
		__u8 arg[MAX_ARG] __attribute__((aligned(8)));

		valid(op, arg);
		memcpy(self->edge - op->size, arg, op->size);
		EXPECT_EQ(0, call(self->fd, op->cmd, self->edge - op->size))
			TH_LOG("%s", op->name);
	}
}

TEST_F(pages, bad_command)
{
	struct se05x_transceive t;
	__u8 *bad[] = { NULL, (__u8 *)-8L, self->edge - 1, self->edge - 4, self->edge };
	size_t i;

	/* what may only be read is good enough for a command */
	memcpy(self->edge - 4, echo_apdu, 4);
	for (i = 0; i < ARRAY_SIZE(bad) && variant->prot < 0; i++) {
		valid_transceive(&t);
		t.command = (uintptr_t)bad[i];
		t.outcome = GARBAGE;
		EXPECT_EQ(-EFAULT, call(self->fd, SE05X_IOC_TRANSCEIVE, &t))
			TH_LOG("command at %p", bad[i]);
		EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	}
	EXPECT_EQ(self->runs, sim_count("runs"));

	if (variant->prot == PROT_READ) {
		valid_transceive(&t);
		t.command = (uintptr_t)self->edge + self->size / 2;
		EXPECT_EQ(0, call(self->fd, SE05X_IOC_TRANSCEIVE, &t));
	}
	memcpy(self->edge - sizeof(echo_apdu), echo_apdu, sizeof(echo_apdu));
	valid_transceive(&t);
	t.command = (uintptr_t)self->edge - sizeof(echo_apdu);
	EXPECT_EQ(0, call(self->fd, SE05X_IOC_TRANSCEIVE, &t));
	EXPECT_EQ(SW_OK, t.sw);
}

/* Found before the command is queued: the chip ran nothing. */
TEST_F(pages, bad_response)
{
	__u8 *bad[] = { NULL, (__u8 *)-8L, self->edge - 1, self->edge - 8, self->edge };
	struct se05x_transceive t;
	struct se05x_select s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		valid_transceive(&t);
		t.response = (uintptr_t)bad[i];
		t.response_size = 64;
		t.outcome = GARBAGE;
		EXPECT_EQ(-EFAULT, call(self->fd, SE05X_IOC_TRANSCEIVE, &t))
			TH_LOG("response at %p", bad[i]);
		EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);

		valid(&ops[3], (void *)&s);
		s.flags = SE05X_SELECT_FRESH;
		s.response = (uintptr_t)bad[i];
		s.response_size = 64;
		EXPECT_EQ(-EFAULT, call(self->fd, SE05X_IOC_SELECT, &s))
			TH_LOG("response at %p", bad[i]);
		EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, s.outcome);
	}
	EXPECT_EQ(self->runs, sim_count("runs"));

	valid_transceive(&t);
	t.response = (uintptr_t)self->edge - 64;
	t.response_size = 64;
	EXPECT_EQ(0, call(self->fd, SE05X_IOC_TRANSCEIVE, &t));
	EXPECT_EQ(0, memcmp(self->edge - 64, "hello\x90\x00", 7));
}

/* The struct can be read but its results can't be written. */
TEST_F(pages, struct_readonly)
{
	struct se05x_unlock u = { 0 };
	const struct op *op;

	for_each_op(op) {
		__u8 arg[MAX_ARG] __attribute__((aligned(8)));

		valid(op, arg);
		ASSERT_EQ(0, mprotect(self->page, self->size, PROT_READ | PROT_WRITE));
		memcpy(self->page, arg, op->size);
		ASSERT_EQ(0, mprotect(self->page, self->size, PROT_READ));
		EXPECT_EQ(-EFAULT, call(self->fd, op->cmd, self->page))
			TH_LOG("%s", op->name);
	}
	EXPECT_EQ(self->runs, sim_count("runs"));
	/* and LOCK left no lock behind that nobody was told of */
	EXPECT_EQ(-EPERM, call(self->fd, SE05X_IOC_UNLOCK, &u));
}

TEST_F(abi, answer_longer_than_buffer)
{
	static const __u8 whole[] = { 'h', 'e', 'l', 'l', 'o', 0x90, 0x00 };
	struct se05x_transceive t;
	__u8 buf[16], rest[16];
	size_t size;

	memset(rest, 0x55, sizeof(rest));
	for (size = 0; size <= sizeof(whole) + 1; size++) {
		bool fits = size >= sizeof(whole);

		memset(buf, 0x55, sizeof(buf));
		valid_transceive(&t);
		t.response = size ? (uintptr_t)buf : 0;
		t.response_size = size;
		EXPECT_EQ(fits ? 0 : -EMSGSIZE, call(self->fd, SE05X_IOC_TRANSCEIVE, &t))
			TH_LOG("room for %zu", size);
		EXPECT_EQ(SE05X_OUTCOME_RAN, t.outcome);
		EXPECT_EQ(SW_OK, t.sw);
		EXPECT_EQ(sizeof(whole), t.response_len);
		EXPECT_EQ(0, memcmp(buf, whole, fits ? sizeof(whole) : size))
			TH_LOG("room for %zu", size);
		EXPECT_EQ(0, memcmp(buf + size, rest, sizeof(buf) - size))
			TH_LOG("room for %zu", size);
	}
}

TEST_F(abi, select_answer_longer_than_buffer)
{
	struct se05x_select s;
	__u32 len;
	int fresh;

	for (fresh = 0; fresh < 2; fresh++) {
		valid(&ops[3], (void *)&s);
		s.flags = fresh ? SE05X_SELECT_FRESH : 0;
		ASSERT_EQ(0, call(self->fd, SE05X_IOC_SELECT, &s));
		len = s.response_len;
		ASSERT_LE(2, len);
		s.response_size = 1;
		EXPECT_EQ(-EMSGSIZE, call(self->fd, SE05X_IOC_SELECT, &s));
		EXPECT_EQ(SE05X_OUTCOME_RAN, s.outcome);
		EXPECT_EQ(SW_OK, s.sw);
		EXPECT_EQ(len, s.response_len);

		/* not wanted; where it would go doesn't matter then */
		s.response = -8;
		s.response_size = 0;
		EXPECT_EQ(0, call(self->fd, SE05X_IOC_SELECT, &s));
		EXPECT_EQ(SE05X_OUTCOME_RAN, s.outcome);
		EXPECT_EQ(SW_OK, s.sw);
		EXPECT_EQ(len, s.response_len);
	}
}

/* There is no secure channel of the kernel's yet: nothing is sent, nothing selected. */
TEST_F(abi, protected)
{
	long long runs = sim_count("runs");
	struct se05x_transceive t;

	valid_transceive(&t);
	t.flags = SE05X_TRANSCEIVE_PROTECTED;
	t.outcome = t.protection = GARBAGE;
	EXPECT_EQ(-ENOKEY, call(self->fd, SE05X_IOC_TRANSCEIVE, &t));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	EXPECT_EQ(SE05X_PROTECTION_NONE, t.protection);
	EXPECT_EQ(runs, sim_count("runs"));
}

/* Number, access, struct, chip, contents: that is the order of what is looked at. */
TEST_F(abi, order_of_refusals)
{
	int fd = open_device(O_RDONLY);
	const struct op *op;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOTTY, call(fd, _IOWR(SE05X_IOC_MAGIC, 99, __u64), NULL));
	for_each_op(op) {
		bool open_is_enough = op->cmd == SE05X_IOC_INFO;

		EXPECT_EQ(open_is_enough ? -EFAULT : -EBADF, call(fd, op->cmd, NULL))
			TH_LOG("%s", op->name);
		memset(self->arg, 0xff, sizeof(self->arg));
		EXPECT_EQ(open_is_enough ? -EINVAL : -EBADF, call(fd, op->cmd, self->arg))
			TH_LOG("%s", op->name);
	}
	close(fd);
}

/* INFO needs an open file only, the others one that may be written to. */
TEST_F(abi, access)
{
	static const int modes[] = { O_RDONLY, O_WRONLY };
	const struct op *op;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		fd = open_device(modes[i]);
		ASSERT_LE(0, fd);
		for_each_op(op) {
			bool allowed = op->cmd == SE05X_IOC_INFO || modes[i] != O_RDONLY;

			/* as root past the second opener, which may not reset */
			if (allowed && op->cmd == SE05X_IOC_RESET)
				continue;
			valid(op, self->arg);
			EXPECT_EQ(allowed ? 0 : -EBADF, call(fd, op->cmd, self->arg))
				TH_LOG("%s", op->name);
		}
		close(fd);
	}
}

TEST_F(abi, file_operations)
{
	struct pollfd poll_fd = {
		.fd = self->fd,
		.events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP,
	};
	char c = 0;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(0, poll(&poll_fd, 1, 0));
	EXPECT_EQ(0, poll_fd.revents);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

/* The basic channel is the only one that is shared: contracts, section 4. */
TEST_F_TIMEOUT(abi, class_filter, SLOW_TIMEOUT)
{
	__u8 command[] = { 0x00, 0x10, 0x00, 0x00 };
	struct se05x_transceive t;
	int cla;

	for (cla = 0; cla < 256; cla++) {
		bool other_channel = (cla < 0x20 || (cla >= 0x80 && cla < 0xA0)) && (cla & 3);
		bool refused = other_channel || (cla >= 0x40 && cla < 0x80) ||
			       (cla >= 0xC0 && cla < 0xFF);

		command[0] = cla;
		valid_transceive(&t);
		t.command = (uintptr_t)command;
		t.command_len = sizeof(command);
		t.outcome = GARBAGE;
		EXPECT_EQ(refused ? -EOPNOTSUPP : 0, call(self->fd, SE05X_IOC_TRANSCEIVE, &t))
			TH_LOG("CLA %02X", cla);
		EXPECT_EQ(refused ? SE05X_OUTCOME_NOT_SENT : SE05X_OUTCOME_RAN, t.outcome)
			TH_LOG("CLA %02X", cla);
	}
}

TEST_F_TIMEOUT(abi, manage_channel_filter, SLOW_TIMEOUT)
{
	__u8 command[] = { 0x00, 0x70, 0x00, 0x00, 0x01 };
	struct se05x_transceive t;
	int cla;

	for (cla = 0; cla < 256; cla += 4) {
		if (cla >= 0x40 && cla < 0x80)
			continue;
		if (cla >= 0xC0)
			break;
		command[0] = cla;
		valid_transceive(&t);
		t.command = (uintptr_t)command;
		t.command_len = sizeof(command);
		EXPECT_EQ(cla < 0x20 ? -EOPNOTSUPP : 0,
			  call(self->fd, SE05X_IOC_TRANSCEIVE, &t))
			TH_LOG("CLA %02X", cla);
	}
}

static int writable;

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	if (type == FTW_F && (st->st_uid || st->st_mode & 0022)) {
		printf("# %s is for others to write\n", path);
		writable++;
	}
	return 0;
}

/* Nobody but root puts anything into the driver but by its device. */
TEST(only_root_writes)
{
	static const char * const trees[] = {
		"/sys/kernel/debug/se05x", "/sys/kernel/debug/se05x-sim",
		"/sys/class/se05x/se05x0/", "/sys/class/se05x/se05x0/device/",
		"/sys/module/se05x",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(trees); i++)
		nftw(trees[i], look_at, 16, FTW_PHYS);
	EXPECT_EQ(0, writable);
}

TEST_HARNESS_MAIN
