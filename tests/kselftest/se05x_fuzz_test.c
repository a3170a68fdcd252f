// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever a program can hand in, by many at once, while files close under them,
 * signals hit them and the driver is unbound and bound: each call gives what is
 * documented, writes where it may, and all is well afterwards.
 *
 * SE05X_FUZZ_SECONDS: how long (15); SE05X_FUZZ_SEED: another course (1).
 */
#include "se05x_ops.h"

#include <pthread.h>
#include <stdarg.h>

#define PROCESSES	4
#define THREADS		3
#define SLOTS		3	/* open files that the threads of a process share */
#define ROOM		8192	/* of a buffer; a page that can't be touched follows */
#define CANARY		0x5A
#define FAILURES	20

/* What all processes share */
struct shared {
	unsigned long calls, bad, done[6];	/* of each ioctl: successes */
	bool stop;
	char failure[FAILURES][160];
};

static struct shared *shared;

static void complain(const char *format, ...)
{
	unsigned long n = __atomic_fetch_add(&shared->bad, 1, __ATOMIC_RELAXED);
	va_list args;

	if (n >= FAILURES)
		return;
	va_start(args, format);
	vsnprintf(shared->failure[n], sizeof(shared->failure[n]), format, args);
	va_end(args);
}

/* One thread: its memory, its random numbers */
struct fuzzer {
	unsigned int seed;
	int *slots;
	unsigned char *command, *response, *arg, *readonly;
};

static unsigned int pick(struct fuzzer *f, unsigned int n)
{
	return rand_r(&f->seed) % n;
}

static bool one_in(struct fuzzer *f, unsigned int n)
{
	return !pick(f, n);
}

static unsigned char *buffer(void)
{
	size_t page = sysconf(_SC_PAGESIZE), room = (ROOM + page - 1) / page * page;
	unsigned char *p = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + room, page, PROT_NONE))
		abort();
	return p + room - ROOM;
}

/* A pointer that is no good, or good in an unusual way */
static __u64 odd_pointer(struct fuzzer *f, size_t len)
{
	switch (pick(f, 8)) {
	case 0: return 0;
	case 1: return 0xffff888000000000ULL + pick(f, 1 << 20);	/* the kernel's */
	case 2: return 1ULL << 63;					/* nobody's */
	case 3: return (uintptr_t)f->readonly;
	case 4: return (uintptr_t)f->command + ROOM;			/* not to be touched */
	case 5: return (uintptr_t)f->command + ROOM - len / 2;		/* half of it */
	case 6: return (uintptr_t)f->arg;				/* the struct itself */
	default: return (uintptr_t)f->command;
	}
}

static const int transceive_errors[] = {
	ENOKEY, EINVAL, EBADF, E2BIG, EAGAIN, EOPNOTSUPP, ENOMEM, EINTR, EBUSY, ESTALE, ENOTCONN,
	ENODEV, ECONNABORTED, ETIMEDOUT, ECONNRESET, EMSGSIZE, EFAULT, 0
};
static const int select_errors[] = {
	EINVAL, EBADF, EAGAIN, ENOMEM, EINTR, EBUSY, ESTALE, ENODEV, ECONNABORTED,
	ETIMEDOUT, ECONNRESET, EMSGSIZE, EFAULT, 0
};
static const int lock_errors[] = {
	EINVAL, EBADF, EAGAIN, EALREADY, ENOMEM, EINTR, EBUSY, ESTALE, ENODEV, EFAULT, 0
};
static const int unlock_errors[] = { EINVAL, EBADF, EPERM, ESTALE, ENODEV, EFAULT, 0 };
static const int reset_errors[] = {
	EINVAL, EBADF, EAGAIN, EPERM, EOPNOTSUPP, ENOMEM, EINTR, EBUSY, ENODEV,
	ETIMEDOUT, ECONNRESET, EFAULT, 0
};
static const int info_errors[] = { EINVAL, EBADF, ENODEV, EFAULT, 0 };

/* In the order of ops[] */
static const int * const errors[] = {
	info_errors, lock_errors, unlock_errors, select_errors, transceive_errors, reset_errors
};

#define OP_TRANSCEIVE	4
#define OP_UNLOCK	2

static __u32 deadline(struct fuzzer *f)
{
	return one_in(f, 50) ? 0 : 1 + pick(f, 300);
}

/* An echo, whose answer can be judged, or any bytes. Return: the length. */
static size_t make_command(struct fuzzer *f, bool *echo)
{
	size_t len = one_in(f, 4) ? pick(f, 4200) : 5 + pick(f, 250), i;

	static const __u8 chain[][5] = {
		{ 0x90, 0x16 }, { 0x80, 0x16 }, { 0x80, 0x18, 0, 9 }, { 0x00, 0xC0 },
		{ 0x90, 0x12, 0, 1 },
	};

	*echo = !one_in(f, 3) && len > 5 && len < 256;
	for (i = 0; i < len && i < ROOM; i++)
		f->command[i] = pick(f, 256);
	f->command[0] = one_in(f, 20) ? pick(f, 256) : 0x80;
	if (*echo) {
		f->command[1] = 0x10;
		f->command[4] = len - 5;	/* case 3: the applet answers it all the same */
	} else {
		f->command[1] = one_in(f, 2) ? 0x12 : pick(f, 256);
	}
	/* P1P2 of 80 12 are milliseconds, and nobody should wait for a minute */
	f->command[2] = 0;
	if (one_in(f, 6)) {	/* in pieces, and by GET RESPONSE */
		*echo = false;
		len = sizeof(chain[0]) - one_in(f, 2);
		memcpy(f->command, chain[pick(f, ARRAY_SIZE(chain))], len);
	}
	return len;
}

/* Each byte: what was in is as it was, what is out was written, or nothing at all. */
static void judge_struct(const struct op *op, int ret, const __u8 *before, const __u8 *after)
{
	bool written = ret != -EBADF;
	size_t i;

	for (i = 0; i < op->size; i++) {
		bool out = is_out(op, i);

		if ((!out || !written) && before[i] != after[i])
			complain("%s: %s, byte %zu was changed", op->name, strerror(-ret), i);
		if (out && written && !(i % 4) && get32(after, i) == GARBAGE)
			complain("%s: %s, byte %zu was not written", op->name, strerror(-ret),
				 i);
		if (written && i >= op->reserved_out && after[i])
			complain("%s: %s, reserved byte %zu", op->name, strerror(-ret), i);
	}
	if (!get64(after, op->generation))
		complain("%s: %s, no generation", op->name, strerror(-ret));
}

/* What it says must fit to what the chip is known to have done. */
static void judge(const struct op *op, int ret, const __u8 *before, const __u8 *after)
{
	const int *e = errors[op - ops];
	__u32 outcome = op->outcome ? get32(after, op->outcome) : 0;
	bool known = !ret;

	for (; *e; e++)
		known |= *e == -ret;
	if (!known)
		complain("%s: %s", op->name, strerror(-ret));
	if (ret != -EFAULT)
		judge_struct(op, ret, before, after);
	if (!op->outcome)
		return;
	switch (-ret) {
	case 0:
	case EMSGSIZE:
		known = outcome == SE05X_OUTCOME_RAN;
		break;
	case ECONNRESET:
	case ETIMEDOUT:
		known = outcome == SE05X_OUTCOME_MAY_HAVE_RUN;
		break;
	case EFAULT:
		known = outcome <= SE05X_OUTCOME_MAY_HAVE_RUN || outcome == GARBAGE;
		break;
	case EBADF:	/* found before the struct is read */
		known = outcome == GARBAGE;
		break;
	default:
		known = outcome == SE05X_OUTCOME_NOT_SENT;
	}
	if (!known)
		complain("%s: %s, outcome %u", op->name, strerror(-ret), outcome);
}

static void check_response(struct fuzzer *f, const char *name, int ret, __u32 len,
			   __u32 size, bool echo, __u32 sw)
{
	size_t end = ret && ret != -EMSGSIZE ? 0 : len < size ? len : size, i;

	for (i = end; i < ROOM && f->response[i] == CANARY; i++)
		;
	if (i < ROOM)
		complain("%s: %s, %u of %u, but byte %zu was written", name, strerror(-ret),
			 len, size, i);
	if (echo && !ret && sw == SW_OK &&
	    (len != f->command[4] + 2U || memcmp(f->response, f->command + 5, len - 2)))
		complain("%s: another's answer", name);
}

/* An argument that is right, its numbers anything. Return: the response's room. */
static __u32 make_arg(struct fuzzer *f, int fd, const struct op *op, bool *echo)
{
	struct se05x_transceive *t = (void *)f->arg;
	struct se05x_select *s = (void *)f->arg;
	struct se05x_reset *r = (void *)f->arg;
	__u32 size = 0;

	memset(f->arg, 0, op->size);
	if (op->cmd == SE05X_IOC_TRANSCEIVE) {
		size = one_in(f, 4) ? pick(f, 300) : ANSWER_MAX;
		t->flags = one_in(f, 30) ? SE05X_TRANSCEIVE_PROTECTED : 0;
		t->command_len = make_command(f, echo);
		t->command = (uintptr_t)f->command;
		t->response = (uintptr_t)f->response;
		t->response_size = size;
		t->deadline_ms = deadline(f);
		t->demanded = one_in(f, 10) ? generation(fd) : 0;
	} else if (op->cmd == SE05X_IOC_SELECT) {
		size = one_in(f, 4) ? pick(f, 20) : ANSWER_MAX;
		s->flags = one_in(f, 4) ? SE05X_SELECT_FRESH : 0;
		s->aid_len = one_in(f, 8) ? pick(f, 18) : sizeof(test_aid);
		memcpy(s->aid, test_aid, sizeof(test_aid));
		s->response = (uintptr_t)f->response;
		s->response_size = size;
		s->deadline_ms = deadline(f);
	} else if (op->cmd == SE05X_IOC_LOCK) {
		((struct se05x_lock *)f->arg)->deadline_ms = 1 + pick(f, 300);
	} else if (op->cmd == SE05X_IOC_RESET) {
		/* power under FORCE would be cut while the chip computes */
		r->kind = 1 + pick(f, 3);
		r->flags = r->kind < 3 && one_in(f, 4) ? SE05X_RESET_FORCE : 0;
		r->deadline_ms = deadline(f);
	}
	return size;
}

/* Something of it wrong. Return: where the ioctl is to find it. */
static void *spoil_arg(struct fuzzer *f, const struct op *op, unsigned long *cmd)
{
	struct se05x_transceive *t = (void *)f->arg;
	struct se05x_select *s = (void *)f->arg;

	if (op->cmd == SE05X_IOC_TRANSCEIVE && one_in(f, 2))
		t->command = odd_pointer(f, t->command_len);
	if (op->cmd == SE05X_IOC_TRANSCEIVE && one_in(f, 2))
		t->response = odd_pointer(f, t->response_size);
	if (op->cmd == SE05X_IOC_SELECT && one_in(f, 2))
		s->response = odd_pointer(f, s->response_size);
	if (one_in(f, 3))	/* flags, padding, reserved, anything */
		f->arg[pick(f, op->size)] ^= 1 << pick(f, 8);
	if (one_in(f, 6))
		*cmd ^= 1UL << pick(f, 32);
	return one_in(f, 6) ? (void *)(uintptr_t)odd_pointer(f, op->size) : f->arg;
}

/* A right one, judged; and perhaps the same again, as it came back */
static int plain_call(struct fuzzer *f, int fd, const struct op *op)
{
	const struct se05x_transceive *t = (void *)f->arg;
	const struct se05x_select *s = (void *)f->arg;
	bool echo = false;
	__u32 size = make_arg(f, fd, op, &echo);
	__u8 before[MAX_ARG];
	int ret;

	do {
		spoil(op, f->arg);
		memcpy(before, f->arg, op->size);
		memset(f->response, CANARY, ROOM);
		ret = call(fd, op->cmd, f->arg);
		judge(op, ret, before, f->arg);
		if (op->cmd == SE05X_IOC_TRANSCEIVE) {
			check_response(f, op->name, ret, t->response_len, size, echo, t->sw);
			if (ret != -EBADF && ret != -EFAULT && (ret == -ESTALE) != !!t->reason)
				complain("TRANSCEIVE: %s, reason %u", strerror(-ret), t->reason);
		} else {
			check_response(f, op->name, ret,
				       op->cmd == SE05X_IOC_SELECT ? s->response_len : 0,
				       size, false, 0);
		}
	} while (op->cmd != SE05X_IOC_LOCK && one_in(f, 4));
	return ret;
}

static int one_call(struct fuzzer *f, int fd, const struct op *op)
{
	unsigned long cmd = op->cmd;
	bool echo;
	void *arg;

	if (!one_in(f, 6))
		return plain_call(f, fd, op);
	make_arg(f, fd, op, &echo);
	arg = spoil_arg(f, op, &cmd);
	return call(fd, cmd, arg);
}

/* Close, open, duplicate: under the others' calls */
static void shuffle(struct fuzzer *f, int slot)
{
	static const int modes[] = { O_RDWR, O_RDWR, O_RDWR | O_NONBLOCK, O_RDONLY };
	int old, fd;

	if (one_in(f, 3))
		fd = dup(f->slots[pick(f, SLOTS)]);
	else
		fd = open_device(modes[pick(f, ARRAY_SIZE(modes))]);
	old = __atomic_exchange_n(&f->slots[slot], fd, __ATOMIC_SEQ_CST);
	if (old >= 0)
		close(old);
}

static void *fuzz(void *arg)
{
	struct fuzzer *f = arg;
	bool gone = true;

	f->command = buffer();
	f->response = buffer();
	f->arg = buffer();
	f->readonly = mmap(NULL, ROOM, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		static const int weights[] = { 4, 4, 4, 4, 4, 4, 3, 3, 1, 2, 2, 2, 5, 0 };
		struct se05x_unlock unlock = { 0 };
		int slot = pick(f, SLOTS), ret;
		const struct op *op = &ops[weights[pick(f, ARRAY_SIZE(weights))]];

		if (gone || one_in(f, 15))
			shuffle(f, slot);
		__atomic_fetch_add(&shared->calls, 1, __ATOMIC_RELAXED);
		ret = one_call(f, f->slots[slot], op);
		gone = ret == -ENODEV || ret == -EBADF;
		if (!ret)
			__atomic_fetch_add(&shared->done[op - ops], 1, __ATOMIC_RELAXED);
		/* whoever keeps the lock lets nothing happen */
		if (!ret && op->cmd == SE05X_IOC_LOCK && !one_in(f, 10)) {
			one_call(f, f->slots[slot], &ops[OP_TRANSCEIVE]);
			if (!call(f->slots[slot], SE05X_IOC_UNLOCK, &unlock))
				__atomic_fetch_add(&shared->done[OP_UNLOCK], 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

static pid_t start_process(unsigned int seed)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct fuzzer fuzzers[THREADS];
	pthread_t threads[THREADS];
	int slots[SLOTS] = { -1, -1, -1 }, i;
	pid_t pid = fork();

	if (pid)
		return pid;
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < THREADS; i++) {
		fuzzers[i] = (struct fuzzer) { .seed = seed * THREADS + i, .slots = slots };
		if (pthread_create(&threads[i], NULL, fuzz, &fuzzers[i]))
			_exit(1);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

static unsigned int number(const char *name, unsigned int otherwise)
{
	return getenv(name) ? atoi(getenv(name)) : otherwise;
}

FIXTURE(fuzz)
{
	char client[64];
};

FIXTURE_SETUP(fuzz)
{
	ASSERT_TRUE(client_name(self->client, sizeof(self->client)));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)shared);
}

FIXTURE_TEARDOWN(fuzz)
{
	munmap(shared, sizeof(*shared));
}

TEST_F_TIMEOUT(fuzz, ioctls, 7200)
{
	unsigned int seconds = number("SE05X_FUZZ_SECONDS", 15);
	unsigned int seed = number("SE05X_FUZZ_SEED", 1), unbinds = 0;
	time_t end = time(NULL) + seconds;
	pid_t pid[PROCESSES];
	int i, fd;

	for (i = 0; i < PROCESSES; i++)
		pid[i] = start_process(seed * 1000 + i);
	for (; time(NULL) < end; seed = rand_r(&seed)) {
		usleep(seed % 200000);
		i = seed / 7 % PROCESSES;
		switch (seed / 64 % 8) {
		case 0:		/* die at any moment */
			kill(pid[i], SIGKILL);
			waitpid(pid[i], NULL, 0);
			pid[i] = start_process(seed);
			break;
		case 1:
			if (!driver("unbind", self->client))
				unbinds++;
			EXPECT_EQ(0, driver("bind", self->client));
			break;
		default:
			kill(pid[i], SIGUSR1);
		}
	}
	shared->stop = true;
	for (i = 0; i < PROCESSES; i++)
		waitpid(pid[i], NULL, 0);

	TH_LOG("%lu calls, %u times unbound", shared->calls, unbinds);
	for (i = 0; i < FAILURES && i < shared->bad; i++)
		TH_LOG("%s", shared->failure[i]);
	EXPECT_EQ(0, shared->bad);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		TH_LOG("%s: %lu succeeded", ops[i].name, shared->done[i]);
		EXPECT_LT(0, shared->done[i]);
	}
	fd = open_device(O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(IS_SELECTED(fd, test_aid));
	EXPECT_EQ(0, echo(fd, NULL));
	close(fd);
}

TEST_HARNESS_MAIN
