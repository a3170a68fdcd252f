// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layout and numbers. Each field is in or out, never both: out fields are written on
 * every return, in fields stay, and a struct may be used again as it came back.
 */
#include "se05x_ops.h"

TEST(layout)
{
	EXPECT_EQ(392, sizeof(struct se05x_info));
	EXPECT_EQ(0, offsetof(struct se05x_info, flags));
	EXPECT_EQ(4, offsetof(struct se05x_info, state));
	EXPECT_EQ(8, offsetof(struct se05x_info, generation));
	EXPECT_EQ(16, offsetof(struct se05x_info, features));
	EXPECT_EQ(24, offsetof(struct se05x_info, flavour));
	EXPECT_EQ(28, offsetof(struct se05x_info, max_command));
	EXPECT_EQ(32, offsetof(struct se05x_info, max_response));
	EXPECT_EQ(36, offsetof(struct se05x_info, protocol_version));
	EXPECT_EQ(40, offsetof(struct se05x_info, bwt_ms));
	EXPECT_EQ(44, offsetof(struct se05x_info, ifsc));
	EXPECT_EQ(48, offsetof(struct se05x_info, mcf_khz));
	EXPECT_EQ(52, offsetof(struct se05x_info, config));
	EXPECT_EQ(56, offsetof(struct se05x_info, mpot_ms));
	EXPECT_EQ(60, offsetof(struct se05x_info, segt_us));
	EXPECT_EQ(64, offsetof(struct se05x_info, wut_us));
	EXPECT_EQ(68, offsetof(struct se05x_info, atr_len));
	EXPECT_EQ(72, offsetof(struct se05x_info, channel));
	EXPECT_EQ(76, offsetof(struct se05x_info, channel_key));
	EXPECT_EQ(80, offsetof(struct se05x_info, overhead_command));
	EXPECT_EQ(84, offsetof(struct se05x_info, overhead_response));
	EXPECT_EQ(88, offsetof(struct se05x_info, openings));
	EXPECT_EQ(96, offsetof(struct se05x_info, vendor));
	EXPECT_EQ(101, offsetof(struct se05x_info, padding));
	EXPECT_EQ(104, offsetof(struct se05x_info, atr));
	EXPECT_EQ(360, offsetof(struct se05x_info, reserved_in));
	EXPECT_EQ(376, offsetof(struct se05x_info, reserved_out));

	EXPECT_EQ(104, sizeof(struct se05x_transceive));
	EXPECT_EQ(0, offsetof(struct se05x_transceive, flags));
	EXPECT_EQ(4, offsetof(struct se05x_transceive, command_len));
	EXPECT_EQ(8, offsetof(struct se05x_transceive, command));
	EXPECT_EQ(16, offsetof(struct se05x_transceive, response));
	EXPECT_EQ(24, offsetof(struct se05x_transceive, response_size));
	EXPECT_EQ(28, offsetof(struct se05x_transceive, deadline_ms));
	EXPECT_EQ(32, offsetof(struct se05x_transceive, demanded));
	EXPECT_EQ(40, offsetof(struct se05x_transceive, outcome));
	EXPECT_EQ(44, offsetof(struct se05x_transceive, response_len));
	EXPECT_EQ(48, offsetof(struct se05x_transceive, sw));
	EXPECT_EQ(52, offsetof(struct se05x_transceive, reason));
	EXPECT_EQ(56, offsetof(struct se05x_transceive, protection));
	EXPECT_EQ(60, offsetof(struct se05x_transceive, padding));
	EXPECT_EQ(64, offsetof(struct se05x_transceive, generation));
	EXPECT_EQ(72, offsetof(struct se05x_transceive, reserved_in));
	EXPECT_EQ(88, offsetof(struct se05x_transceive, reserved_out));
}

TEST(layout_of_the_small)
{
	EXPECT_EQ(96, sizeof(struct se05x_select));
	EXPECT_EQ(0, offsetof(struct se05x_select, flags));
	EXPECT_EQ(4, offsetof(struct se05x_select, aid_len));
	EXPECT_EQ(8, offsetof(struct se05x_select, aid));
	EXPECT_EQ(24, offsetof(struct se05x_select, response));
	EXPECT_EQ(32, offsetof(struct se05x_select, response_size));
	EXPECT_EQ(36, offsetof(struct se05x_select, deadline_ms));
	EXPECT_EQ(40, offsetof(struct se05x_select, outcome));
	EXPECT_EQ(44, offsetof(struct se05x_select, response_len));
	EXPECT_EQ(48, offsetof(struct se05x_select, sw));
	EXPECT_EQ(52, offsetof(struct se05x_select, reason));
	EXPECT_EQ(56, offsetof(struct se05x_select, generation));
	EXPECT_EQ(64, offsetof(struct se05x_select, reserved_in));
	EXPECT_EQ(80, offsetof(struct se05x_select, reserved_out));

	EXPECT_EQ(56, sizeof(struct se05x_lock));
	EXPECT_EQ(0, offsetof(struct se05x_lock, flags));
	EXPECT_EQ(4, offsetof(struct se05x_lock, deadline_ms));
	EXPECT_EQ(8, offsetof(struct se05x_lock, outcome));
	EXPECT_EQ(12, offsetof(struct se05x_lock, reason));
	EXPECT_EQ(16, offsetof(struct se05x_lock, generation));
	EXPECT_EQ(24, offsetof(struct se05x_lock, reserved_in));
	EXPECT_EQ(40, offsetof(struct se05x_lock, reserved_out));

	EXPECT_EQ(48, sizeof(struct se05x_unlock));
	EXPECT_EQ(0, offsetof(struct se05x_unlock, flags));
	EXPECT_EQ(4, offsetof(struct se05x_unlock, reason));
	EXPECT_EQ(8, offsetof(struct se05x_unlock, generation));
	EXPECT_EQ(16, offsetof(struct se05x_unlock, reserved_in));
	EXPECT_EQ(32, offsetof(struct se05x_unlock, reserved_out));

	EXPECT_EQ(56, sizeof(struct se05x_reset));
	EXPECT_EQ(0, offsetof(struct se05x_reset, flags));
	EXPECT_EQ(4, offsetof(struct se05x_reset, kind));
	EXPECT_EQ(8, offsetof(struct se05x_reset, deadline_ms));
	EXPECT_EQ(12, offsetof(struct se05x_reset, outcome));
	EXPECT_EQ(16, offsetof(struct se05x_reset, generation));
	EXPECT_EQ(24, offsetof(struct se05x_reset, reserved_in));
	EXPECT_EQ(40, offsetof(struct se05x_reset, reserved_out));
}

TEST(numbers)
{
	EXPECT_EQ(0xC188D400UL, SE05X_IOC_INFO);
	EXPECT_EQ(0xC068D401UL, SE05X_IOC_TRANSCEIVE);
	EXPECT_EQ(0xC060D402UL, SE05X_IOC_SELECT);
	EXPECT_EQ(0xC038D403UL, SE05X_IOC_LOCK);
	EXPECT_EQ(0xC030D404UL, SE05X_IOC_UNLOCK);
	EXPECT_EQ(0xC038D405UL, SE05X_IOC_RESET);
	EXPECT_EQ(1, SE05X_TRANSCEIVE_PROTECTED);
	EXPECT_EQ(1, SE05X_SELECT_FRESH);
	EXPECT_EQ(1, SE05X_RESET_FORCE);
	EXPECT_EQ(1, SE05X_FEATURE_POWER);
	EXPECT_EQ(2, SE05X_FEATURE_SIMULATED);
}

FIXTURE(structs)
{
	int fd;
	__u8 arg[MAX_ARG] __attribute__((aligned(8)));
};

FIXTURE_SETUP(structs)
{
	self->fd = open_device(O_RDWR);
	ASSERT_LE(0, self->fd) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_TRUE(IS_SELECTED(self->fd, test_aid));
}

FIXTURE_TEARDOWN(structs)
{
	close(self->fd);
}

/* Call it, and look at each byte. Return: how many things are wrong. */
static int call_and_look(const struct op *op, int fd, __u8 *arg, int expected)
{
	__u8 before[MAX_ARG];
	int wrong = 0, ret;
	size_t i;

	spoil(op, arg);
	memcpy(before, arg, op->size);
	ret = call(fd, op->cmd, arg);
	if (ret != expected) {
		printf("# %s: %s, not %s\n", op->name, strerror(-ret), strerror(-expected));
		wrong++;
	}
	for (i = 0; i < op->size; i++) {
		if (!is_out(op, i) && arg[i] != before[i]) {
			printf("# %s: %s wrote byte %zu\n", op->name, strerror(-ret), i);
			wrong++;
		}
		if (i >= op->reserved_out && arg[i]) {
			printf("# %s: %s left byte %zu in reserved_out\n", op->name,
			       strerror(-ret), i);
			wrong++;
		}
		if (is_out(op, i) && !(i % 4) && get32(arg, i) == GARBAGE) {
			printf("# %s: %s did not write byte %zu\n", op->name, strerror(-ret), i);
			wrong++;
		}
	}
	if (!get64(arg, op->generation)) {
		printf("# %s: %s, generation 0\n", op->name, strerror(-ret));
		wrong++;
	}
	if (ret && op->outcome && get32(arg, op->outcome) != SE05X_OUTCOME_NOT_SENT) {
		printf("# %s: %s, outcome %u\n", op->name, strerror(-ret),
		       get32(arg, op->outcome));
		wrong++;
	}
	return wrong;
}

TEST_F_TIMEOUT(structs, success, SLOW_TIMEOUT)
{
	const struct op *op;

	for_each_op(op) {
		valid(op, self->arg);
		EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, 0));
		EXPECT_EQ(generation(self->fd), get64(self->arg, op->generation))
			TH_LOG("%s", op->name);
	}
}

/* As it came back, twice over; LOCK and UNLOCK follow each other in the table. */
TEST_F_TIMEOUT(structs, used_again, SLOW_TIMEOUT)
{
	__u8 args[ARRAY_SIZE(ops)][MAX_ARG] __attribute__((aligned(8)));
	size_t i, round;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		valid(&ops[i], args[i]);
	for (round = 0; round < 3; round++)
		for (i = 0; i < ARRAY_SIZE(ops); i++)
			EXPECT_EQ(0, call(self->fd, ops[i].cmd, args[i]));
}

TEST_F(structs, refused)
{
	const struct op *op;

	for_each_op(op) {
		valid(op, self->arg);
		put32(self->arg, 0, 1U << 31);
		EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -EINVAL));
		valid(op, self->arg);
		self->arg[op->reserved_in] = 1;
		EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -EINVAL));
	}
}

/* Refused later than at the door: in the queue, for the lock, by what they name. */
TEST_F(structs, refused_later)
{
	int other = open_device(O_RDWR);
	struct se05x_transceive *t = (void *)self->arg;
	struct se05x_lock l = { 0 };
	const struct op *op;

	ASSERT_EQ(0, call(other, SE05X_IOC_LOCK, &l));
	for_each_op(op) {
		int expected = op->cmd == SE05X_IOC_UNLOCK ? -EPERM : -EBUSY;

		if (op->cmd == SE05X_IOC_INFO || op->cmd == SE05X_IOC_RESET)
			continue;
		valid(op, self->arg);
		if (op->cmd == SE05X_IOC_TRANSCEIVE)
			t->deadline_ms = 20;
		else if (op->cmd == SE05X_IOC_SELECT)
			((struct se05x_select *)self->arg)->deadline_ms = 20;
		else if (op->cmd == SE05X_IOC_LOCK)
			((struct se05x_lock *)self->arg)->deadline_ms = 20;
		EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, expected));
	}
	close(other);

	op = &ops[4];
	valid_transceive(t);
	t->command_len = 4097;
	EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -E2BIG));
	valid_transceive(t);
	t->command = -8;
	EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -EFAULT));
	valid_transceive(t);
	t->response = -8;
	EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -EFAULT));
	valid_transceive(t);
	t->flags = SE05X_TRANSCEIVE_PROTECTED;
	EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -ENOKEY));
	valid_transceive(t);
	t->demanded = ~0ULL;
	EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -ESTALE));
	EXPECT_EQ(SE05X_REASON_GENERATION, t->reason);
}

/* The chip is gone: told before anything that is wrong with the struct. */
TEST_F_TIMEOUT(structs, gone, SLOW_TIMEOUT)
{
	const struct op *op;
	__u64 last = 0;
	char name[64];

	ASSERT_TRUE(client_name(name, sizeof(name)));
	ASSERT_EQ(0, driver("unbind", name));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IO(SE05X_IOC_MAGIC, 99), NULL));
	for_each_op(op) {
		EXPECT_EQ(-EFAULT, call(self->fd, op->cmd, NULL)) TH_LOG("%s", op->name);
		valid(op, self->arg);
		EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -ENODEV));
		if (!last)
			last = get64(self->arg, op->generation);
		EXPECT_EQ(last, get64(self->arg, op->generation)) TH_LOG("%s", op->name);
		put32(self->arg, 0, ~0U);
		EXPECT_EQ(0, call_and_look(op, self->fd, self->arg, -ENODEV));
	}
	ASSERT_EQ(0, driver("bind", name));
	ASSERT_TRUE(WAIT_UNTIL(!access(device(), F_OK)));
}

TEST_HARNESS_MAIN
