// SPDX-License-Identifier: GPL-2.0-only
/* lib/keys: a chip that is used with a PIN */
#include <fcntl.h>

#include "keys_run.h"

static int read_counter(struct se05x_iot *session, void *value, struct se05x_call *c)
{
	return se05x_iot_counter_read(session, ID, value, c);
}

static void test_burst(void **state)
{
	struct keys_chip *chip = *state;
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how = { .policy = policy, .policy_len = sizeof(policy) };
	struct se05x_iot_new two = { .max_attempts = 2 };
	uint64_t value = 0;

	GOOD(se05x_iot_policy_parse("0x0A0B0C0D:read,write,delete", policy, &how.policy_len, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_counter_create, ID, 2, 0, &how));
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_counter_read, ID, &value), -EACCES);
	/* as often as one likes: nothing stays open, and all else goes on */
	for (int i = 0; i < 4; i++) {
		GOOD(keys_burst(chip, PIN_ID, "1234", 4, read_counter, &value, &call));
		assert_int_equal(keys_burst(chip, PIN_ID, "4321", 4, never, NULL, &call), -EBADE);
		assert_true(exists(chip, ID));
	}
	GOOD(keys_burst(chip, PIN_ID, "1234", 4, NULL, NULL, &call));
	/* two attempts, each used once; then the right one is of no use any more */
	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID + 1, "1234", 4, &two));
	assert_int_equal(keys_burst(chip, PIN_ID + 1, "4321", 4, never, NULL, &call), -EBADE);
	assert_int_equal(keys_burst(chip, PIN_ID + 1, "4321", 4, never, NULL, &call), -EKEYREVOKED);
	assert_int_equal(keys_burst(chip, PIN_ID + 1, "1234", 4, never, NULL, &call), -EKEYREVOKED);
	assert_int_equal(keys_burst(chip, ID, "1234", 4, never, NULL, &call), -EMEDIUMTYPE);
	assert_int_equal(keys_burst(chip, ID + 1, "1234", 4, never, NULL, &call), -ENOENT);
}

static int is_there(struct se05x_iot *iot, void *yes, struct se05x_call *c)
{
	return se05x_iot_exists(iot, ID, yes, c);
}

/* Without a PIN: nobody comes between */
static void test_burst_of_nobody(void **state)
{
	struct keys_chip *chip = *state;
	uint8_t uid[SE05X_IOT_UID_LEN];
	bool yes = true;

	assert_false(keys_chip_uid(chip, uid));
	GOOD(keys_burst(chip, 0, NULL, 0, is_there, &yes, &call));
	assert_false(yes);
	assert_true(keys_chip_uid(chip, uid));
	assert_false(keys_chip_inherited(chip));
}

static void test_session(void **state)
{
	struct keys_session *session = NULL;
	struct keys_chip *chip = *state;
	uint64_t value = 7;
	int status;
	pid_t child;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_counter_create, ID, 2, 0, NULL));
	assert_int_equal(keys_session_run(chip, PIN_ID, "4321", 4, &session, never, NULL, &call),
			 -EBADE);
	assert_null(session);
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &session, read_counter, &value, &call));
	assert_int_equal(value, 0);
	/* it is open: the UserID has no second one, and a PIN is not asked for any more */
	assert_int_equal(keys_burst(chip, PIN_ID, "1234", 4, never, NULL, &call), -EUSERS);
	GOOD(keys_session_run(chip, PIN_ID, "4321", 4, &session, read_counter, &value, &call));
	/* a child leaves it alone */
	child = fork();
	if (!child) {
		keys_session_close(&session);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &session, read_counter, &value, &call));
	/* it ends with the chip, and begins anew */
	stop();
	start(file);
	assert_int_equal(keys_session_run(chip, PIN_ID, "1234", 4, &session, read_counter, &value,
					  &call), -ENODEV);
	assert_null(session);
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &session, read_counter, &value, &call));
	keys_session_close(&session);
	GOOD(keys_burst(chip, PIN_ID, "1234", 4, NULL, NULL, &call));
	keys_session_close(&session);
}

static void test_secret(void **state)
{
	struct keys_chip *chip = *state;
	struct se05x_iot_new three = { .max_attempts = 3 };
	struct keys_secret *good, *bad;
	int status;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, &three));
	good = keys_secret_new("1234", 4);
	bad = keys_secret_hold(keys_secret_new("4321", 4));
	assert_null(keys_secret_new("", KEYS_SECRET_MAX + 1));
	GOOD(keys_secret_burst(chip, PIN_ID, good, NULL, NULL, &call));
	/* refused in a child: not shown again by its parent, nor by the next one */
	for (int i = 0; i < 2; i++) {
		if (!fork())
			_exit(keys_secret_burst(chip, PIN_ID, bad, never, NULL, &call) != -EBADE ||
			      (call.sw == 0) != i);
		wait(&status);
		assert_int_equal(status, 0);
		assert_true(keys_secret_refused(bad));
	}
	for (int i = 0; i < 5; i++) {
		assert_int_equal(keys_secret_burst(chip, PIN_ID, bad, never, NULL, &call), -EBADE);
		assert_int_equal(call.sw, 0);
	}
	/* the right one is good in children too */
	if (!fork())
		_exit(keys_secret_burst(chip, PIN_ID, good, NULL, NULL, &call) != 0);
	wait(&status);
	assert_int_equal(status, 0);
	GOOD(keys_secret_burst(chip, PIN_ID, good, NULL, NULL, &call));
	assert_false(keys_secret_refused(good));
	keys_secret_free(good);
	keys_secret_free(bad);
	keys_secret_free(bad);
	keys_secret_free(NULL);
}

/* A child of another thread that lives on has the burst's descriptor too. */
static int fork_child(struct se05x_iot *session, void *arg, struct se05x_call *c)
{
	pid_t *child = arg;

	(void)session;
	(void)c;
	*child = fork();
	if (!*child) {
		pause();
		_exit(0);
	}
	return 0;
}

static void test_burst_fork(void **state)
{
	struct keys_chip *chip = *state;
	struct se05x *se;
	pid_t child;
	int ret;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, NULL));
	GOOD(keys_burst(chip, PIN_ID, "1234", 4, fork_child, &child, &call));
	GOOD(se05x_open(device, &se));
	call = (struct se05x_call) { .deadline_ms = 200 };
	ret = se05x_lock(se, &call);
	se05x_close(se);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(ret, 0);
}

/* ---- a child closes no file of a stranger ---- */

static struct keys_session *kept;

/* Files of others take the numbers that are free: closing one twice closes theirs. */
static int close_among_strangers(void)
{
	int strangers[16], closed = 0;

	for (int i = 0; i < 16; i++)
		strangers[i] = dup(0);
	keys_session_close(&kept);
	for (int i = 0; i < 16; i++)
		closed += fcntl(strangers[i], F_GETFD) < 0;
	return closed;
}

static int fork_and_close(struct se05x_iot *session, void *arg, struct se05x_call *c)
{
	int *status = arg;
	pid_t child = fork();

	(void)session;
	(void)c;
	if (!child)
		_exit(close_among_strangers());
	waitpid(child, status, 0);
	return 0;
}

static void test_session_fork(void **state)
{
	struct keys_chip *chip = *state;
	int status = -1;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, NULL));
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &kept, fork_and_close, &status, &call));
	assert_int_equal(status, 0);
	/* between two bursts the child's copy is its own to close */
	fork_and_close(NULL, &status, NULL);
	assert_int_equal(status, 0);
	GOOD(keys_session_run(chip, PIN_ID, "4321", 4, &kept, NULL, NULL, &call));
	keys_session_close(&kept);
}

/* Another thread may fork while a session is closed: the linker sends that by here. */
static int *fork_at_close;

void __real_se05x_close(struct se05x *se);
void __wrap_se05x_close(struct se05x *se);

void __wrap_se05x_close(struct se05x *se)
{
	int *status = fork_at_close;

	__real_se05x_close(se);
	fork_at_close = NULL;
	if (status)
		fork_and_close(NULL, status, NULL);
}

static void test_session_close_fork(void **state)
{
	struct keys_chip *chip = *state;
	uint64_t value;
	int status = -1;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, NULL));
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &kept, NULL, NULL, &call));
	fork_at_close = &status;
	keys_session_close(&kept);
	assert_int_equal(status, 0);
	/* and where the chip ended it */
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &kept, NULL, NULL, &call));
	stop();
	start(file);
	status = -1;
	fork_at_close = &status;
	assert_int_equal(keys_session_run(chip, PIN_ID, "1234", 4, &kept, read_counter, &value,
					  &call), -ENODEV);
	assert_int_equal(status, 0);
}

/* Who only ever made bursts knows his chip as well. */
static void test_burst_rebind(void **state)
{
	struct keys_chip *chip = *state;

	assert_int_equal(keys_burst(chip, PIN_ID, "1234", 4, never, NULL, &call), -ENOENT);
	stop();
	start(other);
	assert_int_equal(keys_burst(chip, PIN_ID, "1234", 4, never, NULL, &call), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP(test_secret), CHIP(test_burst), CHIP(test_burst_of_nobody),
		CHIP(test_session), CHIP(test_burst_fork), CHIP(test_burst_rebind),
		CHIP(test_session_fork), CHIP(test_session_close_fork),
	};

	return test_main("keys pin", tests, sizeof(tests) / sizeof(tests[0]));
}
