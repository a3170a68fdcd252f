// SPDX-License-Identifier: GPL-2.0-only
/* lib/keys: a chip that is forked, rebound and left alone, and used by many threads */
#include <pthread.h>
#include <sys/stat.h>

#include "keys_run.h"

/* What comes between on the way to the first command: a signal, a mended link */
static int select_fails;
static int times;

int __real_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *sel);
int __wrap_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *sel);

int __wrap_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *sel)
{
	int ret = times > 0 ? select_fails : 0;

	times--;
	if (!ret)
		return __real_se05x_select(se, aid, aid_len, flags, response, response_len, sel);
	sel->sw = 0;
	sel->outcome = SE05X_OUTCOME_NOT_SENT;
	return ret;
}

static void test_interrupted_open(void **state)
{
	static const int passing[] = { -EINTR, -EAGAIN, -ECONNABORTED, -ESTALE };
	struct keys_chip *chip;
	bool yes;

	(void)state;
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		chip = keys_chip_new(device);
		select_fails = passing[i];
		/* signals may be many */
		times = select_fails == -EINTR ? 5 : 1;
		GOOD(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes));
		keys_chip_free(chip);
	}
	chip = keys_chip_new(device);
	select_fails = -ECONNABORTED;
	times = 2;
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ECONNABORTED);
	select_fails = -ETIMEDOUT;
	times = 1;
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ETIMEDOUT);
	keys_chip_free(chip);
}

static void test_no_chip(void **state)
{
	struct keys_chip *chip = keys_chip_new("unix:/nonexistent/socket");
	bool yes;

	(void)state;
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ENODEV);
	assert_true(keys_not_sent(-ENODEV, &call));
	keys_chip_free(chip);
	keys_chip_free(NULL);
}

static void test_rebind(void **state)
{
	struct keys_chip *chip = *state;
	bool yes;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, ID, "x", 1, NULL, NULL));
	assert_true(exists(chip, ID));
	stop();
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ENODEV);
	start(file);
	assert_true(exists(chip, ID));
	/* unbound and bound between two calls: nobody notices */
	stop();
	start(file);
	assert_true(exists(chip, ID));
	/* another chip is not the same one */
	stop();
	start(other);
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ENODEV);
	assert_true(keys_not_sent(-ENODEV, &call));
	assert_int_equal(keys_burst(chip, PIN_ID, "1234", 4, NULL, NULL, &call), -ENODEV);
	stop();
	start(file);
	assert_true(exists(chip, ID));
}

static void test_fork(void **state)
{
	struct keys_chip *chip = *state;
	int status;
	pid_t child;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, ID, "x", 1, NULL, NULL));
	child = fork();
	if (!child) {
		bool yes = false;
		int ret = KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes);
		struct keys_turn turn = { 0 };

		/* a file of its own: its lock is not its parent's */
		if (!ret)
			ret = keys_begin(chip, &turn, &call);
		keys_end(chip, &turn, ret, &call);
		_exit(ret || !yes);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_true(exists(chip, ID));

	/* a child that can't open one: its parent's serves it */
	child = fork();
	if (!child) {
		bool yes = false;

		unlink(path);	/* who is connected stays so */
		_exit(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes) || !yes);
	}
	waitpid(child, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_idle(void **state)
{
	struct keys_turn turn = { 0 };
	struct keys_chip *chip;
	int fds, now;
	bool yes;

	(void)state;
	keys_idle_ms = 0;
	chip = keys_chip_new(device);
	keys_idle_ms = 5000;
	/* while it is used it is open, however long that takes */
	GOOD(keys_begin(chip, &turn, &call));
	fds = dup(0);
	close(fds);
	for (int i = 0; i < 100; i++)
		GOOD(se05x_iot_exists(turn.iot, ID, &yes, &call));
	keys_end(chip, &turn, 0, &call);
	/* then its descriptor is free again; the test would not end else */
	do {
		now = dup(0);
		close(now);
	} while (now >= fds);
	assert_false(exists(chip, ID));
	keys_chip_free(chip);
}

/* As somebody who is not root: allowed while nobody else is a client of the chip */
static bool may_reset(void)
{
	pid_t child = fork();
	struct se05x *se;
	int status;

	if (!child) {
		if (!getuid() && (chmod(folder, 0711) || chmod(path, 0666) || setuid(65534)))
			_exit(127);
		_exit(se05x_open(device, &se) || se05x_reset(se, SE05X_RESET_SOFT, 0, &call));
	}
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 127);
	return !status;
}

/* A child that may not open the chip */
static bool worker_serves(struct keys_chip *chip)
{
	char hidden[110];
	int status;
	pid_t child;

	snprintf(hidden, sizeof(hidden), "%s.hidden", path);
	assert_int_equal(rename(path, hidden), 0);
	child = fork();
	if (!child) {
		bool yes = true;

		_exit(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes) || yes);
	}
	waitpid(child, &status, 0);
	assert_int_equal(rename(hidden, path), 0);
	return !status;
}

/* A server's master that did not use the chip for long, and a worker that is started anew */
static void test_idle_worker(void **state)
{
	struct keys_chip *chip;

	(void)state;
	keys_idle_ms = 0;
	chip = keys_chip_new(device);
	keys_idle_ms = 5000;
	keys_chip_open(chip);
	assert_true(may_reset());	/* nothing was sent */
	for (int i = 0; i < 3; i++) {
		assert_true(worker_serves(chip));
		assert_false(exists(chip, ID));
		/* the chip may sleep; the test would not end else */
		while (!may_reset())
			;
	}
	stop();
	start(file);
	assert_false(worker_serves(chip));
	/* the master reads its keys again */
	keys_chip_open(chip);
	assert_true(worker_serves(chip));
	keys_chip_free(chip);
}

/* Another chip is the one, if that is said. */
static void test_forget(void **state)
{
	struct keys_chip *chip = *state;
	bool yes;

	assert_false(exists(chip, ID));
	stop();
	start(other);
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ENODEV);
	keys_chip_forget(chip);
	assert_false(exists(chip, ID));
}

/* ---- the same by hand, without lib/keys ---- */

static void test_reopen(void **state)
{
	struct se05x *se;
	struct se05x_iot *iot;
	int fd, status;
	bool yes;
	pid_t child;

	(void)state;
	GOOD(se05x_open(device, &se));
	GOOD(se05x_iot_open(se, NULL, 0, &iot, &call));
	fd = se05x_fd(se);
	GOOD(se05x_lock(se, &call));
	child = fork();
	if (!child) {
		struct se05x_call mine = { .deadline_ms = 50 };

		/* its parent's lock is its own, until it has a file of its own */
		if (se05x_iot_exists(iot, ID, &yes, &mine) || se05x_reopen(se) ||
		    se05x_iot_exists(iot, ID, &yes, &mine) != -EBUSY)
			_exit(1);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	GOOD(se05x_unlock(se));
	/* rebound */
	stop();
	assert_int_equal(se05x_iot_exists(iot, ID, &yes, &call), -ENODEV);
	assert_int_equal(se05x_iot_reopen(iot, &call), -ENODEV);
	start(file);
	GOOD(se05x_iot_reopen(iot, &call));
	assert_int_equal(se05x_fd(se), fd);
	GOOD(se05x_iot_exists(iot, ID, &yes, &call));
	se05x_iot_close(iot);
	se05x_close(se);
}

static void *work(void *chip)
{
	struct se05x_call mine = { 0 };
	bool yes;

	for (int i = 0; i < 100; i++)
		if (KEYS_RUN(chip, &mine, se05x_iot_exists, ID, &yes))
			return chip;
	return NULL;
}

/* Many threads, and the file closed under them all the time */
static void test_threads(void **state)
{
	struct keys_chip *chip;
	pthread_t threads[4];
	void *failed;

	(void)state;
	keys_idle_ms = 0;
	chip = keys_chip_new(device);
	keys_idle_ms = 5000;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, chip), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	keys_chip_free(chip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_chip), CHIP(test_rebind), CHIP(test_fork),
		CHIP(test_interrupted_open),
		CHIP(test_idle), CHIP(test_idle_worker), CHIP(test_forget), CHIP(test_reopen),
		CHIP(test_threads),
	};

	return test_main("keys chip", tests, sizeof(tests) / sizeof(tests[0]));
}
