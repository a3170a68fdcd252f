// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever a program can hand in, by many at once, while files close under them,
 * signals hit them and the driver is unbound and bound: each call gives what is
 * documented, writes where it may, and all is well afterwards.
 *
 * SE05X_FUZZ_SECONDS: how long (15); SE05X_FUZZ_SEED: another course (1).
 */
#include "se05x_test.h"

#include <pthread.h>
#include <stdarg.h>

#define PROCESSES	4
#define THREADS		3
#define SLOTS		3	/* open files that the threads of a process share */
#define ROOM		8192	/* of a buffer; a page that can't be touched follows */
#define CANARY		0x5A
#define UNTOUCHED	0x77777777U
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
	EINVAL, EBADF, E2BIG, EAGAIN, EOPNOTSUPP, ENOMEM, EINTR, EBUSY, ESTALE, ENOTCONN,
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

static const struct op {
	const char *name;
	unsigned long cmd;
	size_t size;
	size_t outcome;		/* where it is, 0: nowhere */
	const int *errors;
} ops[] = {
	{ "TRANSCEIVE", SE05X_IOC_TRANSCEIVE, sizeof(struct se05x_transceive),
	  offsetof(struct se05x_transceive, outcome), transceive_errors },
	{ "SELECT", SE05X_IOC_SELECT, sizeof(struct se05x_select),
	  offsetof(struct se05x_select, outcome), select_errors },
	{ "LOCK", SE05X_IOC_LOCK, sizeof(struct se05x_lock),
	  offsetof(struct se05x_lock, outcome), lock_errors },
	{ "UNLOCK", SE05X_IOC_UNLOCK, sizeof(struct se05x_unlock), 0, unlock_errors },
	{ "RESET", SE05X_IOC_RESET, sizeof(struct se05x_reset),
	  offsetof(struct se05x_reset, outcome), reset_errors },
	{ "INFO", SE05X_IOC_INFO, sizeof(struct se05x_info), 0, info_errors },
};

static __u32 deadline(struct fuzzer *f)
{
	return one_in(f, 50) ? 0 : 1 + pick(f, 300);
}

/* An echo, whose answer can be judged, or any bytes. Return: the length. */
static size_t make_command(struct fuzzer *f, bool *echo)
{
	size_t len = one_in(f, 4) ? pick(f, 4200) : 5 + pick(f, 250), i;

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
	return len;
}

/* What @res says must fit to what the chip is known to have done. */
static void judge(const struct op *op, int ret, __u32 outcome)
{
	bool known = !ret;
	int i;

	for (i = 0; op->errors[i]; i++)
		known |= op->errors[i] == -ret;
	if (!known)
		complain("%s: %s", op->name, strerror(-ret));
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
		known = outcome <= SE05X_OUTCOME_MAY_HAVE_RUN || outcome == UNTOUCHED;
		break;
	case ENODEV:	/* may be found before the struct is read */
	case EBADF:
		known = outcome == SE05X_OUTCOME_NOT_SENT || outcome == UNTOUCHED;
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

static int one_call(struct fuzzer *f, int fd, const struct op *op)
{
	bool plain = !one_in(f, 6), echo = false;
	unsigned long cmd = op->cmd;
	void *arg = f->arg;
	__u32 size = 0;
	int ret;

	memset(f->arg, 0, op->size);
	if (op->outcome)
		memset(f->arg + op->outcome, 0x77, sizeof(__u32));
	if (op->cmd == SE05X_IOC_TRANSCEIVE) {
		struct se05x_transceive *t = arg;

		size = one_in(f, 4) ? pick(f, 300) : ANSWER_MAX;
		t->command_len = make_command(f, &echo);
		t->command = (uintptr_t)f->command;
		t->response = (uintptr_t)f->response;
		t->response_size = size;
		t->deadline_ms = deadline(f);
		t->demanded = one_in(f, 10) ? generation(fd) : 0;
		if (!plain && one_in(f, 2))
			t->command = odd_pointer(f, t->command_len);
		if (!plain && one_in(f, 2))
			t->response = odd_pointer(f, size);
	} else if (op->cmd == SE05X_IOC_SELECT) {
		struct se05x_select *s = arg;

		size = one_in(f, 4) ? pick(f, 20) : ANSWER_MAX;
		s->flags = one_in(f, 4) ? SE05X_SELECT_FRESH : 0;
		s->aid_len = one_in(f, 8) ? pick(f, 18) : sizeof(test_aid);
		memcpy(s->aid, test_aid, sizeof(test_aid));
		s->response = (uintptr_t)f->response;
		s->response_size = size;
		s->deadline_ms = deadline(f);
		if (!plain && one_in(f, 2))
			s->response = odd_pointer(f, size);
	} else if (op->cmd == SE05X_IOC_LOCK) {
		((struct se05x_lock *)arg)->deadline_ms = 1 + pick(f, 300);
	} else if (op->cmd == SE05X_IOC_RESET) {
		struct se05x_reset *r = arg;

		/* power under FORCE would be cut while the chip computes */
		r->kind = 1 + pick(f, 3);
		r->flags = r->kind < 3 && one_in(f, 4) ? SE05X_RESET_FORCE : 0;
		r->deadline_ms = deadline(f);
	}
	if (!plain && one_in(f, 3))	/* flags, padding, reserved, anything */
		f->arg[pick(f, op->size)] ^= 1 << pick(f, 8);
	if (!plain && one_in(f, 6))
		arg = (void *)(uintptr_t)odd_pointer(f, op->size);
	if (!plain && one_in(f, 6))
		cmd ^= 1UL << pick(f, 32);

	memset(f->response, CANARY, ROOM);
	ret = call(fd, cmd, arg);
	if (plain) {
		__u32 outcome = 0, len = 0, sw = 0;

		if (op->outcome)
			memcpy(&outcome, f->arg + op->outcome, sizeof(outcome));
		judge(op, ret, outcome);
		if (op->cmd == SE05X_IOC_TRANSCEIVE) {
			len = ((struct se05x_transceive *)arg)->response_len;
			sw = ((struct se05x_transceive *)arg)->sw;
		} else if (op->cmd == SE05X_IOC_SELECT) {
			len = ((struct se05x_select *)arg)->response_len;
		}
		check_response(f, op->name, ret, len, size, echo, sw);
	}
	return ret;
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
		static const int weights[] = { 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 5 };
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
			one_call(f, f->slots[slot], &ops[0]);
			if (!call(f->slots[slot], SE05X_IOC_UNLOCK, &unlock))
				__atomic_fetch_add(&shared->done[3], 1, __ATOMIC_RELAXED);
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
