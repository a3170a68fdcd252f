/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The six ioctls as bytes: what is where, and an argument that is right
 */
#ifndef SE05X_OPS_H
#define SE05X_OPS_H

#include "se05x_test.h"

#define GARBAGE		0xAAAAAAAAU
#define MAX_ARG		sizeof(struct se05x_info)

/* What each ioctl takes, and where in it is what */
struct op {
	const char *name;
	unsigned long cmd;
	size_t size;
	size_t out;		/* from here to reserved_in, but for the padding */
	size_t reserved_in, reserved_out;
	size_t padding, padding_len;
	size_t generation;
	size_t outcome;		/* 0: it has none */
	__u32 flags;		/* that it knows */
};

#define OP(_name, _type, _out, _flags, ...) {			\
	.name = #_name,						\
	.cmd = SE05X_IOC_##_name,				\
	.size = sizeof(struct _type),				\
	.out = offsetof(struct _type, _out),			\
	.reserved_in = offsetof(struct _type, reserved_in),	\
	.reserved_out = offsetof(struct _type, reserved_out),	\
	.generation = offsetof(struct _type, generation),	\
	.flags = _flags,					\
	__VA_ARGS__						\
}
#define OUTCOME(_type)	.outcome = offsetof(struct _type, outcome)
#define PADDING(_type)	.padding = offsetof(struct _type, padding), \
			.padding_len = sizeof(((struct _type *)0)->padding)

static const struct op ops[] = {
	OP(INFO, se05x_info, state, 0, PADDING(se05x_info)),
	OP(LOCK, se05x_lock, outcome, 0, OUTCOME(se05x_lock)),
	OP(UNLOCK, se05x_unlock, reason, 0),
	OP(SELECT, se05x_select, outcome, SE05X_SELECT_FRESH, OUTCOME(se05x_select)),
	OP(TRANSCEIVE, se05x_transceive, outcome, SE05X_TRANSCEIVE_PROTECTED,
	   PADDING(se05x_transceive), OUTCOME(se05x_transceive)),
	OP(RESET, se05x_reset, outcome, SE05X_RESET_FORCE, OUTCOME(se05x_reset)),
};

#define for_each_op(op) for (op = ops; op < ops + ARRAY_SIZE(ops); op++)

/* Does the kernel write this byte? */
static inline bool is_out(const struct op *op, size_t at)
{
	if (at >= op->reserved_in)
		return at >= op->reserved_out;
	return at >= op->out && at - op->padding >= op->padding_len;
}

static const __u8 echo_apdu[] = {
	0x80, 0x10, 0x00, 0x00, 0x05, 'h', 'e', 'l', 'l', 'o', 0x00
};
static __u8 answer[ANSWER_MAX];

static inline void put32(__u8 *arg, size_t offset, __u32 value)
{
	memcpy(arg + offset, &value, sizeof(value));
}

static inline __u32 get32(const __u8 *arg, size_t offset)
{
	__u32 value;

	memcpy(&value, arg + offset, sizeof(value));
	return value;
}

static inline __u64 get64(const __u8 *arg, size_t offset)
{
	__u64 value;

	memcpy(&value, arg + offset, sizeof(value));
	return value;
}

static inline void valid_transceive(struct se05x_transceive *t)
{
	memset(t, 0, sizeof(*t));
	t->command = (uintptr_t)echo_apdu;
	t->command_len = sizeof(echo_apdu);
	t->response = (uintptr_t)answer;
	t->response_size = sizeof(answer);
}

/* An argument that nothing is wrong with, its outcome not yet told */
static inline void valid(const struct op *op, __u8 *arg)
{
	struct se05x_select *s = (void *)arg;

	memset(arg, 0, op->size);
	switch (op->cmd) {
	case SE05X_IOC_TRANSCEIVE:
		valid_transceive((void *)arg);
		break;
	case SE05X_IOC_SELECT:
		s->aid_len = sizeof(test_aid);
		memcpy(s->aid, test_aid, sizeof(test_aid));
		s->response = (uintptr_t)answer;
		s->response_size = sizeof(answer);
		break;
	case SE05X_IOC_RESET:
		((struct se05x_reset *)arg)->kind = SE05X_RESET_SOFT;
		break;
	}
	if (op->outcome)
		put32(arg, op->outcome, GARBAGE);
}

/* Everything that the kernel is to write holds something else. */
static inline void spoil(const struct op *op, __u8 *arg)
{
	size_t i;

	for (i = 0; i < op->size; i++)
		if (is_out(op, i))
			arg[i] = GARBAGE & 0xff;
}

#endif /* SE05X_OPS_H */
