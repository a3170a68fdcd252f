// SPDX-License-Identifier: GPL-2.0-only
/*
 * What se05x-sim does in the driver's place (docs/abi.md): whose applet, whose turn,
 * generation, lock, reset, deadlines. The chip's side is played here, one APDU at a time.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../tools/sim/driver.h"

#define ANSWERS	64

/* What was asked of the chip, and what was answered to clients; a reply's number is its fd */
static uint8_t sent[SE05X_SOCKET_COMMAND_MAX];
static size_t sent_len;
static unsigned int exchanges, resets;
static bool nobody_waits[ANSWERS];
static struct {
	int error;
	union se05x_socket_arg arg;
	size_t len;
	bool answered, dropped;
} answers[ANSWERS];
static int next_fd;
static struct driver *driver;

static void exchange(void *ctx, const uint8_t *apdu, size_t len)
{
	(void)ctx;
	memcpy(sent, apdu, len);
	sent_len = len;
	exchanges++;
}

static void reset(void *ctx)
{
	(void)ctx;
	resets++;
}

static void take_answer(int fd, const struct se05x_socket_head *head,
			const union se05x_socket_arg *arg, const uint8_t *data, size_t len)
{
	(void)data;
	assert_false(answers[fd].answered);
	answers[fd].answered = true;
	answers[fd].error = head->error;
	answers[fd].arg = *arg;
	answers[fd].len = len;
}

static void drop(int fd)
{
	answers[fd].dropped = true;
}

static bool gone(int fd)
{
	return nobody_waits[fd];
}

static const struct driver_ops ops = { exchange, reset, take_answer, drop, gone };

static const uint8_t atr[] = {
	0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
	0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00,
	0x0A, 0x4A,
};

static int set_up(void **state)
{
	(void)state;
	memset(answers, 0, sizeof(answers));
	memset(nobody_waits, 0, sizeof(nobody_waits));
	next_fd = exchanges = resets = 0;
	driver = driver_new(&ops, NULL, atr, sizeof(atr), NULL);
	return !driver;
}

static int tear_down(void **state)
{
	(void)state;
	driver_free(driver);
	return 0;
}

/* Ask; the number of the answer. */
static int ask(struct client *c, uint32_t number, const union se05x_socket_arg *arg,
	       const void *command, size_t len)
{
	client_request(c, number, arg, command, len, next_fd);
	driver_run(driver);
	return next_fd++;
}

static int transceive_at(struct client *c, const char *apdu, size_t len, uint64_t demanded,
			 uint32_t deadline)
{
	union se05x_socket_arg arg = { .transceive = {
		.command_len = len, .response_size = 100, .demanded = demanded,
		.deadline_ms = deadline,
	} };

	return ask(c, SE05X_IOC_TRANSCEIVE, &arg, apdu, len);
}

#define transceive(c, apdu)	transceive_at(c, apdu, sizeof(apdu) - 1, 0, 0)

static int do_select(struct client *c, const char *aid, uint32_t flags)
{
	union se05x_socket_arg arg = { .select = {
		.flags = flags, .aid_len = strlen(aid), .response_size = 100,
	} };

	memcpy(arg.select.aid, aid, strlen(aid));
	return ask(c, SE05X_IOC_SELECT, &arg, NULL, 0);
}

static int simple(struct client *c, uint32_t number)
{
	union se05x_socket_arg arg = { };

	if (number == SE05X_IOC_RESET)
		arg.reset.kind = SE05X_RESET_SOFT;
	return ask(c, number, &arg, NULL, 0);
}

/* The chip got exactly that and answers @sw. */
#define chip(apdu, sw) do { \
	assert_int_equal(sent_len, sizeof(apdu) - 1); \
	assert_memory_equal(sent, apdu, sizeof(apdu) - 1); \
	chip_answers(sw); \
} while (0)

static void chip_answers(unsigned int sw)
{
	const uint8_t rsp[] = { 0x11, 0x22, sw >> 8, sw & 0xff };

	sent_len = 0;
	driver_done(driver, rsp, sizeof(rsp));
	driver_run(driver);
}

#define answered(n, code) do { \
	assert_true(answers[n].answered); \
	assert_int_equal(answers[n].error, code); \
} while (0)

#define T(n)	answers[n].arg.transceive

#define CMD	"\x80\x04\x00\x20\x00"
#define SEL_A	"\x00\xA4\x04\x00\x05" "AAAAA" "\x00"
#define SEL_B	"\x00\xA4\x04\x00\x05" "BBBBB" "\x00"
#define NO_AID	"\x00\xA4\x04\x00\x00"

/* Each has its own applet, which is selected again when another's came between. */
static void test_binding(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	int n;

	(void)state;
	n = transceive(a, CMD);		/* after a boot: as it is */
	chip(CMD, 0x9000);
	answered(n, 0);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_RAN);
	assert_int_equal(T(n).sw, 0x9000);
	assert_int_equal(T(n).response_len, 4);
	n = do_select(a, "AAAAA", 0);
	chip(SEL_A, 0x9000);
	answered(n, 0);
	n = do_select(b, "BBBBB", 0);
	chip(SEL_B, 0x9000);
	n = transceive(a, CMD);
	chip(SEL_A, 0x9000);
	assert_false(answers[n].answered);
	chip(CMD, 0x6A80);
	answered(n, 0);
	assert_int_equal(T(n).sw, 0x6A80);
	transceive(a, CMD);		/* it is selected still */
	chip(CMD, 0x9000);
	/* a SELECT of what is selected is answered from memory, unless it is to be fresh */
	n = do_select(a, "AAAAA", 0);
	answered(n, 0);
	assert_int_equal(answers[n].arg.select.sw, 0x9000);
	assert_int_equal(answers[n].len, 4);
	do_select(a, "AAAAA", SE05X_SELECT_FRESH);
	chip(SEL_A, 0x9000);
	/* one that fails leaves the binding, and the context unknown */
	n = do_select(a, "BBBBB", 0);
	chip(SEL_B, 0x6A82);
	answered(n, 0);
	assert_int_equal(answers[n].arg.select.sw, 0x6A82);
	n = transceive(a, CMD);
	chip(SEL_A, 0x6A82);
	answered(n, ENOTCONN);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(T(n).sw, 0x6A82);
	assert_int_equal(T(n).response_len, 0);
}

/* A SELECT by name of one's own binds as well; with another P2 it unbinds. */
static void test_raw_select(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);

	(void)state;
	transceive(a, SEL_A);
	chip(SEL_A, 0x9000);
	transceive(b, "\x00\xA4\x04\x0C\x05" "BBBBB");
	chip("\x00\xA4\x04\x0C\x05" "BBBBB", 0x9000);
	transceive(a, CMD);
	chip(SEL_A, 0x9000);
	chip(CMD, 0x9000);
	transceive(b, CMD);
	chip(SEL_B, 0x9000);
	chip(CMD, 0x9000);
	transceive(a, "\x00\xA4\x04\x02\x05" "AAAAA");
	chip("\x00\xA4\x04\x02\x05" "AAAAA", 0x9000);
	transceive(a, CMD);		/* nobody's any more: where the last one was */
	chip(SEL_B, 0x9000);
	chip(CMD, 0x9000);
}

/* A file that never selected goes to what was selected last, by a name that is known. */
static void test_unbound(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);

	(void)state;
	do_select(a, "AAAAA", 0);
	chip(SEL_A, 0x9000);
	transceive(b, CMD);
	chip(CMD, 0x9000);
	transceive(a, "\x00\xA4\x04\x00\x05" "XXXXX" "\x00");
	chip("\x00\xA4\x04\x00\x05" "XXXXX" "\x00", 0x6A82);
	transceive(b, CMD);		/* the context was unknown */
	chip(SEL_A, 0x9000);
	chip(CMD, 0x9000);
	/* nothing is inherited from who is gone */
	client_close(a);
	client_close(b);
	a = client_open(driver, 1);
	transceive(a, CMD);
	chip(SEL_A, 0x9000);
	chip(CMD, 0x9000);
}

static void test_generation(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	uint64_t generation;
	int n;

	(void)state;
	n = do_select(a, "AAAAA", 0);
	chip(SEL_A, 0x9000);
	generation = answers[n].arg.select.generation;
	assert_int_not_equal(generation, 0);
	n = transceive_at(a, CMD, 5, generation, 0);
	chip(CMD, 0x9000);
	assert_true(T(n).generation == generation);
	n = transceive_at(a, CMD, 5, generation + 1, 0);
	answered(n, ESTALE);
	assert_int_equal(T(n).reason, SE05X_REASON_GENERATION);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_NOT_SENT);
	n = do_select(b, "BBBBB", 0);
	chip(SEL_B, 0x9000);
	n = transceive_at(a, CMD, 5, answers[n].arg.select.generation, 0);
	answered(n, ESTALE);
	assert_int_equal(T(n).reason, SE05X_REASON_CONTEXT);
	n = simple(a, SE05X_IOC_INFO);
	answered(n, 0);
	assert_true(answers[n].arg.info.generation > generation);
	assert_true(answers[n].arg.info.features & SE05X_FEATURE_SIMULATED);
	assert_int_equal(answers[n].arg.info.bwt_ms, 1000);
	assert_int_equal(answers[n].arg.info.segt_us, 100);
	assert_int_equal(answers[n].arg.info.atr_len, sizeof(atr));
}

#define INIT	"\x80\x50\x0B\x00\x08" "12345678"

/* A secure channel is its opener's: another's command ends it, and he is told once. */
static void test_channel(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	uint64_t generation;
	int n;

	(void)state;
	do_select(a, "AAAAA", 0);
	chip(SEL_A, 0x9000);
	do_select(b, "AAAAA", 0);
	n = transceive(a, INIT);
	generation = T(n - 1).generation;
	chip(INIT, 0x9000);
	assert_true(T(n).generation != generation);
	transceive(a, CMD);
	chip(CMD, 0x9000);
	transceive(b, CMD);		/* in the same applet, but not in the channel */
	chip(SEL_A, 0x9000);
	chip(CMD, 0x9000);
	n = transceive(a, CMD);
	answered(n, ESTALE);
	assert_int_equal(T(n).reason, SE05X_REASON_CHANNEL);
	transceive(a, CMD);
	chip(CMD, 0x9000);
	/* a SELECT of his own is no loss to be told */
	transceive(a, INIT);
	chip(INIT, 0x9000);
	transceive(b, CMD);
	chip(SEL_A, 0x9000);
	chip(CMD, 0x9000);
	n = do_select(a, "AAAAA", 0);
	answered(n, 0);
	n = transceive(a, CMD);
	chip(CMD, 0x9000);
	answered(n, 0);
	/* with him it goes */
	transceive(a, INIT);
	chip(INIT, 0x9000);
	client_close(a);
	transceive(b, CMD);
	chip(SEL_A, 0x9000);
	chip(CMD, 0x9000);
}

static void pass_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
	driver_run(driver);
}

static void test_lock(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	int n, m;

	(void)state;
	n = simple(a, SE05X_IOC_UNLOCK);
	answered(n, EPERM);
	n = simple(a, SE05X_IOC_LOCK);
	answered(n, 0);
	assert_int_equal(answers[n].arg.lock.outcome, SE05X_OUTCOME_RAN);
	n = simple(a, SE05X_IOC_LOCK);
	answered(n, EALREADY);
	n = transceive_at(b, CMD, 5, 0, 20);	/* to its deadline */
	m = simple(b, SE05X_IOC_LOCK);
	assert_false(answers[n].answered);
	transceive(a, CMD);
	chip(CMD, 0x9000);
	pass_ms(30);
	answered(n, EBUSY);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_NOT_SENT);
	assert_false(answers[m].answered);
	n = simple(a, SE05X_IOC_UNLOCK);
	answered(n, 0);
	answered(m, 0);
	client_close(b);		/* and so is the lock */
	n = transceive(a, CMD);
	chip(CMD, 0x9000);
	answered(n, 0);
}

static void test_deadline(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	int n, m;

	(void)state;
	n = transceive_at(a, CMD, 5, 0, 10);
	m = transceive_at(b, CMD, 5, 0, 5000);
	pass_ms(20);
	answered(n, ETIMEDOUT);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_false(answers[m].answered);
	chip(CMD, 0x9000);		/* nobody wants that any more */
	chip(CMD, 0x9000);
	answered(m, 0);
	/* while the applet is selected again nothing was sent yet, and nothing will be */
	do_select(a, "AAAAA", 0);
	chip(SEL_A, 0x9000);
	do_select(b, "BBBBB", 0);
	chip(SEL_B, 0x9000);
	n = transceive_at(a, CMD, 5, 0, 10);
	pass_ms(20);
	answered(n, EBUSY);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_NOT_SENT);
	chip(SEL_A, 0x9000);
	assert_int_equal(sent_len, 0);
}

/* Users take turns, and files of one user among themselves; one file's requests in order. */
static void test_turns(void **state)
{
	struct client *many[5], *one = client_open(driver, 2);
	int theirs[5], mine, again, i;

	(void)state;
	for (i = 0; i < 5; i++)
		many[i] = client_open(driver, 1);
	for (i = 0; i < 5; i++)
		theirs[i] = transceive(many[i], CMD);
	again = transceive(many[0], CMD);
	mine = transceive(one, CMD);
	chip(CMD, 0x9000);
	answered(theirs[0], 0);
	chip(CMD, 0x9000);
	answered(mine, 0);		/* who came last, after one of the others' */
	for (i = 1; i < 5; i++)
		chip(CMD, 0x9000);
	for (i = 1; i < 5; i++)
		answered(theirs[i], 0);
	assert_false(answers[again].answered);
	chip(CMD, 0x9000);
	answered(again, 0);
}

#define PIECE	"\x90\x16\x00\x00\x01\x42"
#define LAST	"\x80\x16\x00\x00\x01\x43\x00"
#define MORE	"\x00\xC0\x00\x00\x00"

/* Between the pieces of a command nobody else is served, for a while, and once a second. */
static void test_command_chain(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	int n, m;

	(void)state;
	do_select(a, "AAAAA", 0);
	chip(SEL_A, 0x9000);
	transceive(a, PIECE);
	n = transceive(b, CMD);
	m = simple(b, SE05X_IOC_LOCK);
	chip(PIECE, 0x9000);
	assert_int_equal(sent_len, 0);	/* b waits */
	transceive(a, LAST);
	chip(LAST, 0x9000);
	chip(CMD, 0x9000);
	answered(n, 0);
	answered(m, 0);
	simple(b, SE05X_IOC_UNLOCK);
	/* the same user's next one within the second has no preference, and is broken */
	transceive(a, PIECE);
	n = transceive(b, CMD);
	chip(PIECE, 0x9000);
	chip(SEL_A, 0x9000);		/* or CMD would become its last piece */
	chip(CMD, 0x9000);
	answered(n, 0);
	n = transceive(a, LAST);
	answered(n, ESTALE);
	assert_int_equal(T(n).reason, SE05X_REASON_CHAIN);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_NOT_SENT);
	transceive(a, LAST);		/* told once */
	chip(LAST, 0x9000);
	/* another user's, who then takes his time */
	transceive(b, PIECE);
	chip(PIECE, 0x9000);
	n = transceive(a, CMD);
	assert_int_equal(sent_len, 0);
	pass_ms(150);
	chip(SEL_A, 0x9000);
	chip(CMD, 0x9000);
	answered(n, 0);
	transceive(b, CMD);		/* something else: nothing is lost by it */
	chip(CMD, 0x9000);
	transceive(b, LAST);
	chip(LAST, 0x9000);
}

/* GET RESPONSE is for whose answer it is. */
static void test_answer_chain(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	int n;

	(void)state;
	n = transceive(a, MORE);
	answered(n, ESTALE);
	assert_int_equal(T(n).reason, SE05X_REASON_CHAIN);
	transceive(a, CMD);
	chip(CMD, 0x6110);
	n = transceive(b, MORE);
	assert_false(answers[n].answered);	/* waits, to be told */
	transceive(a, MORE);
	chip(MORE, 0x6104);
	transceive(a, MORE);
	chip(MORE, 0x9000);
	answered(n, ESTALE);
	assert_int_equal(T(n).reason, SE05X_REASON_CHAIN);
	/* a reset ends it */
	transceive(b, CMD);
	chip(CMD, 0x6110);
	simple(client_open(driver, 0), SE05X_IOC_RESET);
	n = transceive(b, MORE);
	answered(n, ESTALE);
	assert_int_equal(T(n).reason, SE05X_REASON_CHAIN);
	/* so does who had it and is gone: the next has the chip to himself */
	transceive(b, PIECE);
	chip(PIECE, 0x9000);
	n = transceive(a, CMD);
	client_close(b);
	driver_run(driver);
	chip(NO_AID, 0x9000);
	chip(CMD, 0x9000);
	answered(n, 0);
}

static void test_reset(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	struct client *root = client_open(driver, 0);
	union se05x_socket_arg force = { .reset = {
		.kind = SE05X_RESET_POWER, .flags = SE05X_RESET_FORCE,
	} };
	int n, m;

	(void)state;
	do_select(a, "AAAAA", 0);
	chip(SEL_A, 0x9000);
	n = simple(a, SE05X_IOC_RESET);		/* the others never did anything */
	answered(n, 0);
	assert_int_equal(resets, 1);
	n = transceive(a, CMD);
	chip(SEL_A, 0x9000);
	chip(CMD, 0x9000);
	simple(b, SE05X_IOC_LOCK);
	n = simple(b, SE05X_IOC_RESET);
	answered(n, EPERM);
	assert_int_equal(answers[n].arg.reset.outcome, SE05X_OUTCOME_NOT_SENT);
	/* root's goes before queue and lock, and breaks it; the old holder is told once */
	n = transceive(b, CMD);
	m = simple(root, SE05X_IOC_RESET);
	assert_false(answers[m].answered);	/* it waits for the exchange in flight */
	chip(CMD, 0x9000);
	answered(n, 0);
	answered(m, 0);
	assert_int_equal(resets, 2);
	n = transceive(b, CMD);
	answered(n, ESTALE);
	assert_int_equal(T(n).reason, SE05X_REASON_LOCK);
	n = ask(a, SE05X_IOC_RESET, &force, NULL, 0);
	answered(n, EPERM);
	/* with FORCE nobody waits */
	n = transceive(b, CMD);
	m = ask(root, SE05X_IOC_RESET, &force, NULL, 0);
	answered(n, ECONNRESET);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_false(answers[m].answered);
	chip(CMD, 0x9000);
	answered(m, 0);
}

/* Who is gone has nothing sent; what is in flight is finished. */
static void test_gone(void **state)
{
	struct client *a = client_open(driver, 1), *b = client_open(driver, 2);
	int n, m;

	(void)state;
	n = transceive(a, CMD);
	m = transceive(b, CMD);
	transceive(a, CMD);
	nobody_waits[m] = true;
	client_close(a);
	assert_true(answers[n].dropped && answers[n + 2].dropped);
	chip(CMD, 0x9000);
	assert_true(answers[m].dropped);
	assert_int_equal(exchanges, 1);
	n = transceive(b, CMD);
	chip(NO_AID, 0x9000);	/* the only client so far was gone: nothing is inherited */
	chip(CMD, 0x9000);
	answered(n, 0);
}

static void test_refused(void **state)
{
	static const struct { const char *apdu; size_t len; int error; } apdus[] = {
		{ "\x80\x04\x00", 3, EINVAL }, { "\x01\xA4\x00\x00", 4, EOPNOTSUPP },
		{ "\x40\xA4\x00\x00", 4, EOPNOTSUPP }, { "\xC0\xA4\x00\x00", 4, EOPNOTSUPP },
		{ "\x00\x70\x00\x00", 4, EOPNOTSUPP }, { "\x83\x04\x00\x20", 4, EOPNOTSUPP },
	};
	struct client *a = client_open(driver, 1);
	static const char zero[5];
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(apdus) / sizeof(apdus[0]); i++) {
		n = transceive_at(a, apdus[i].apdu, apdus[i].len, 0, 0);
		answered(n, apdus[i].error);
		assert_int_equal(T(n).outcome, SE05X_OUTCOME_NOT_SENT);
	}
	n = ask(a, SE05X_IOC_TRANSCEIVE, &(union se05x_socket_arg) { .transceive = {
		.command_len = SE05X_SOCKET_COMMAND_MAX + 1 } }, NULL, 0);
	answered(n, E2BIG);
	n = ask(a, SE05X_IOC_TRANSCEIVE, &(union se05x_socket_arg) { .transceive = {
		.command_len = 5, .flags = SE05X_TRANSCEIVE_PROTECTED } }, zero, 5);
	answered(n, ENOKEY);
	n = ask(a, SE05X_IOC_TRANSCEIVE, &(union se05x_socket_arg) { .transceive = {
		.command_len = 5, .flags = 2 } }, zero, 5);
	answered(n, EINVAL);
	n = ask(a, SE05X_IOC_TRANSCEIVE, &(union se05x_socket_arg) { .transceive = {
		.command_len = 5, .reserved_in = { 0, 1 } } }, zero, 5);
	answered(n, EINVAL);
	n = ask(a, SE05X_IOC_SELECT, &(union se05x_socket_arg) { .select = {
		.aid_len = 1, .aid = "AB" } }, NULL, 0);
	answered(n, EINVAL);
	n = ask(a, SE05X_IOC_SELECT, &(union se05x_socket_arg) { .select = {
		.aid_len = 17 } }, NULL, 0);
	answered(n, EINVAL);
	n = ask(a, SE05X_IOC_RESET, &(union se05x_socket_arg) { .reset = { .kind = 4 } }, NULL, 0);
	answered(n, EINVAL);
	n = ask(a, SE05X_IOC_INFO, &(union se05x_socket_arg) { .info = { .flags = 1 } }, NULL, 0);
	answered(n, EINVAL);		/* and told all the same */
	assert_int_equal(answers[n].arg.info.flags, 1);
	assert_int_equal(answers[n].arg.info.max_command, 4096);
	n = ask(a, _IO(SE05X_IOC_MAGIC, 0x7f), &(union se05x_socket_arg) { }, NULL, 0);
	answered(n, ENOTTY);
	assert_int_equal(exchanges, 0);
	/* none of that made a client of it */
	n = simple(client_open(driver, 2), SE05X_IOC_RESET);
	answered(n, 0);
	/* an answer that is longer than there is room for */
	n = ask(a, SE05X_IOC_TRANSCEIVE, &(union se05x_socket_arg) { .transceive = {
		.command_len = 5, .response_size = 3 } }, CMD, 5);
	chip_answers(0x9000);
	answered(n, EMSGSIZE);
	assert_int_equal(T(n).response_len, 4);
	assert_int_equal(answers[n].len, 3);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_RAN);
}

/* Links that fail, for tests of programs */
static void test_link_error(void **state)
{
	static const char *const wrong[] = { "", "x", "0", "-1", "104@", "104@0", "104@2x", "5000" };
	struct client *a;
	int n, i;

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_null(driver_new(&ops, NULL, atr, sizeof(atr), wrong[i]));
		assert_int_equal(errno, EINVAL);
	}
	driver_free(driver);
	driver = driver_new(&ops, NULL, atr, sizeof(atr), "104@2");
	a = client_open(driver, 1);
	transceive(a, CMD);
	chip(CMD, 0x9000);
	n = transceive(a, CMD);
	answered(n, ECONNRESET);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(exchanges, 1);
	transceive(a, CMD);
	chip(CMD, 0x9000);
	driver_free(driver);
	driver = driver_new(&ops, NULL, atr, sizeof(atr), "103");
	n = transceive(client_open(driver, 1), CMD);
	answered(n, ECONNABORTED);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_NOT_SENT);
}

/* The chip lost its power in a command, or in the SELECT before one. */
static void test_power_lost(void **state)
{
	struct client *a = client_open(driver, 1);
	uint64_t generation;
	int n;

	(void)state;
	n = transceive(a, CMD);
	chip(CMD, 0x9000);
	generation = T(n).generation;
	n = transceive(a, CMD);
	driver_done(driver, NULL, 0);
	driver_run(driver);
	answered(n, ECONNRESET);
	assert_int_equal(T(n).outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	/* whatever is selected now: the default applet again, first */
	n = transceive(a, CMD);
	driver_done(driver, NULL, 0);
	driver_run(driver);
	answered(n, ECONNRESET);
	n = transceive(a, CMD);
	chip(NO_AID, 0x9000);
	chip(CMD, 0x9000);
	answered(n, 0);
	assert_int_not_equal(T(n).generation, generation);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_binding), TEST(test_raw_select), TEST(test_unbound),
		TEST(test_generation), TEST(test_channel), TEST(test_lock), TEST(test_deadline),
		TEST(test_turns), TEST(test_command_chain), TEST(test_answer_chain), TEST(test_reset), TEST(test_gone), TEST(test_refused),
		TEST(test_link_error), TEST(test_power_lost),
	};

	return cmocka_run_group_tests_name("se05x-sim as the driver", tests, NULL, NULL);
}
