// SPDX-License-Identifier: GPL-2.0-only
/*
 * libse05x by the socket of se05x-sim: threads, forked processes, several handles, a
 * server that goes away. $SE05X_DEVICE is a chip's that takes its time (--speed=1).
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/core/se05x.h"

/* The test applet: 80 10 echoes its data, 80 12 answers after P1 P2 milliseconds */
static const uint8_t test_aid[] = { 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00 };
static const uint8_t iot_aid[] = {
	0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00, 0x00, 0x00, 0x01, 0x03, 0, 0, 0, 0,
};

static struct se05x *open_chip(void)
{
	struct se05x *se;

	assert_int_equal(se05x_open(NULL, &se), 0);
	return se;
}

static struct se05x *open_test(void)
{
	struct se05x *se = open_chip();
	struct se05x_call call = { 0 };

	assert_int_equal(se05x_select(se, test_aid, sizeof(test_aid), 0, NULL, NULL, &call), 0);
	assert_int_equal(call.sw, 0x9000);
	return se;
}

/* Return: is what comes back what was sent? */
static bool echoes(struct se05x *se, uint32_t what)
{
	uint8_t apdu[10] = { 0x80, 0x10, 0, 0, 4, [9] = 0 }, rsp[32];
	size_t len = sizeof(rsp);

	memcpy(apdu + 5, &what, 4);
	return !se05x_transceive(se, apdu, sizeof(apdu), rsp, &len, NULL) && len == 6 &&
	       !memcmp(rsp, &what, 4) && rsp[4] == 0x90;
}

static int wait_in_chip(struct se05x *se, uint16_t ms, struct se05x_call *call)
{
	uint8_t apdu[] = { 0x80, 0x12, ms >> 8, ms & 0xff }, rsp[32];
	size_t len = sizeof(rsp);

	return se05x_transceive(se, apdu, sizeof(apdu), rsp, &len, call);
}

static void test_info(void **state)
{
	struct se05x *se = open_chip();
	struct se05x_info info;

	(void)state;
	assert_int_equal(se05x_get_info(se, &info), 0);
	assert_true(info.features & SE05X_FEATURE_SIMULATED);
	assert_int_equal(info.state, SE05X_STATE_ONLINE);
	assert_int_equal(info.bwt_ms, 1000);
	assert_int_equal(info.max_command, 4096);
	assert_true(info.atr_len > 24 && info.generation);
	se05x_close(se);
}

/* The longest both ways, and an answer that there is no room for */
static void test_lengths(void **state)
{
	static uint8_t apdu[5000], rsp[5000];
	struct se05x *se = open_test();
	struct se05x_call call = { 0 };
	size_t len = sizeof(apdu), n = sizeof(rsp);

	(void)state;
	memset(apdu, 0x5a, sizeof(apdu));
	memcpy(apdu, "\x80\x10\x00\x00\x00\x0F\xF9", 7);	/* 4089 bytes and no Le */
	assert_int_equal(se05x_transceive(se, apdu, 4096, rsp, &n, &call), 0);
	assert_int_equal(n, 4091);
	assert_memory_equal(rsp, apdu + 7, 4089);
	n = 10;
	memset(rsp, 0, sizeof(rsp));
	assert_int_equal(se05x_transceive(se, apdu, 4096, rsp, &n, &call), -EMSGSIZE);
	assert_int_equal(n, 4091);
	assert_int_equal(call.outcome, SE05X_OUTCOME_RAN);
	assert_memory_equal(rsp, apdu + 7, 10);
	assert_int_equal(rsp[10], 0);
	assert_int_equal(se05x_transceive(se, apdu, 4097, rsp, &len, &call), -E2BIG);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_transceive(se, apdu, 3, rsp, &len, &call), -EINVAL);
	se05x_close(se);
}

/* Where no answer can go nothing is sent, as the driver has it. */
static void test_bad_response(void **state)
{
	static const uint8_t echo[] = { 0x80, 0x10, 0, 0, 2, 'h', 'i' };
	struct se05x *se = open_test();
	struct se05x_call call = { 0 };
	long page = sysconf(_SC_PAGESIZE);
	uint8_t *map, *bad[4];
	size_t len;

	(void)state;
	map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	memset(map, 0x5a, 3 * page);
	assert_int_equal(mprotect(map + page, page, PROT_READ), 0);
	bad[0] = (uint8_t *)8;			/* not there */
	bad[1] = map + page;			/* may not be written */
	bad[2] = map + page - 10;		/* its end */
	bad[3] = map + 2 * page - 10;		/* its beginning */
	for (int i = 0; i < 4; i++) {
		len = 64;
		call.outcome = 99;
		assert_int_equal(se05x_transceive(se, echo, sizeof(echo), bad[i], &len, &call),
				 -EFAULT);
		assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
		len = 64;
		call.outcome = 99;
		assert_int_equal(se05x_select(se, test_aid, sizeof(test_aid), SE05X_SELECT_FRESH,
					      bad[i], &len, &call), -EFAULT);
		assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	}
	/* the page between two good ones */
	len = page + 2;
	assert_int_equal(se05x_transceive(se, echo, sizeof(echo), map + page - 1, &len, &call),
			 -EFAULT);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	for (long i = 0; i < 3 * page; i++)
		assert_int_equal(map[i], 0x5a);
	len = 64;
	assert_int_equal(se05x_transceive(se, echo, sizeof(echo), map + page - 64, &len, &call), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(map + page - 64, "hi\x90\x00\x5a", 5);
	assert_int_equal(munmap(map, 3 * page), 0);
	se05x_close(se);
}

static void *echo_often(void *arg)
{
	struct se05x *se = arg;

	for (uint32_t i = 0; i < 100; i++)
		if (!echoes(se, i * 1000003u + (uint32_t)(uintptr_t)&i))
			return se;
	return NULL;
}

static void test_threads(void **state)
{
	struct se05x *se = open_test();
	pthread_t threads[8];
	void *failed;

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, echo_often, se), 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	se05x_close(se);
}

/* Two handles, two applets: each finds its own however often the other came between. */
static void test_handles(void **state)
{
	static const uint8_t version[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };
	struct se05x *a = open_test(), *b = open_chip();
	struct se05x_call call = { 0 };
	uint8_t rsp[64];
	size_t len;

	(void)state;
	assert_int_equal(se05x_select(b, iot_aid, sizeof(iot_aid), 0, NULL, NULL, &call), 0);
	for (uint32_t i = 0; i < 20; i++) {
		assert_true(echoes(a, i));
		len = sizeof(rsp);
		assert_int_equal(se05x_transceive(b, version, sizeof(version), rsp, &len, &call), 0);
		assert_int_equal(call.sw, 0x9000);
		assert_int_equal(len, 13);
	}
	call.demanded = call.generation;
	assert_true(echoes(a, 1));
	len = sizeof(rsp);
	assert_int_equal(se05x_transceive(b, version, sizeof(version), rsp, &len, &call), -ESTALE);
	assert_int_equal(call.reason, SE05X_REASON_GENERATION);
	se05x_close(a);
	se05x_close(b);
}

static int child_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The handle is its open file's: over a fork too, and until the last of them closes it. */
static void test_fork(void **state)
{
	struct se05x *se = open_test(), *other = open_test();
	struct se05x_call call = { .deadline_ms = 20 };
	pid_t pid;

	(void)state;
	assert_int_equal(se05x_lock(se, NULL), 0);
	pid = fork();
	if (!pid) {
		bool good = se05x_lock(se, NULL) == -EALREADY && echoes(se, 7);

		se05x_close(se);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(child_status(pid), 0);
	assert_int_equal(se05x_lock(other, &call), -EBUSY);	/* locked still */
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	pid = fork();
	if (!pid) {
		for (uint32_t i = 0; i < 100; i++)
			if (!echoes(se, i))
				_exit(1);
		_exit(0);
	}
	for (uint32_t i = 0; i < 100; i++)
		assert_true(echoes(se, ~i));
	assert_int_equal(child_status(pid), 0);
	se05x_close(se);
	assert_int_equal(se05x_lock(other, NULL), 0);
	se05x_close(other);
}

/* Who is killed in the queue or in the chip leaves nothing behind. */
static void test_killed(void **state)
{
	struct se05x *se = open_test();
	pid_t in_chip, queued;

	(void)state;
	in_chip = fork();
	if (!in_chip) {
		wait_in_chip(open_test(), 1000, NULL);
		_exit(0);
	}
	queued = fork();
	if (!queued) {
		wait_in_chip(open_test(), 1000, NULL);
		_exit(0);
	}
	while (!echoes(se, 1))
		;
	kill(in_chip, SIGKILL);
	kill(queued, SIGKILL);
	child_status(in_chip);
	child_status(queued);
	assert_true(echoes(se, 2));
	se05x_close(se);
}

static void test_deadline(void **state)
{
	struct se05x *se = open_test();
	struct se05x_call call = { .deadline_ms = 50 };
	struct se05x_info info;
	int ret;

	(void)state;
	do {	/* on a busy machine it may not come to the chip in that time */
		ret = wait_in_chip(se, 2000, &call);
	} while (ret == -EBUSY);
	assert_int_equal(ret, -ETIMEDOUT);
	assert_int_equal(call.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	assert_int_equal(se05x_get_info(se, &info), 0);	/* while the chip is at it */
	assert_int_equal(wait_in_chip(se, 1, &call), -EBUSY);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	assert_true(echoes(se, 3));
	se05x_close(se);
}

static void *kill_later(void *arg)
{
	sleep(1);	/* by then the command is under way, on a busy machine too */
	kill(*(pid_t *)arg, SIGKILL);
	return NULL;
}

/* The last one: what it is to a program when the simulator dies */
static void test_server_dies(void **state)
{
	struct se05x *se = open_test();
	struct pollfd hup = { .fd = se05x_fd(se) };
	struct se05x_call call = { 0 };
	pid_t server = atoi(getenv("SERVER"));
	struct se05x_info info;
	pthread_t thread;

	(void)state;
	assert_int_equal(poll(&hup, 1, 0), 0);
	assert_int_equal(pthread_create(&thread, NULL, kill_later, &server), 0);
	assert_int_equal(wait_in_chip(se, 60000, &call), -ECONNRESET);
	assert_int_equal(call.outcome, SE05X_OUTCOME_MAY_HAVE_RUN);
	pthread_join(thread, NULL);
	assert_int_equal(poll(&hup, 1, -1), 1);
	assert_true(hup.revents & POLLHUP);
	assert_int_equal(wait_in_chip(se, 1, &call), -ENODEV);
	assert_int_equal(call.outcome, SE05X_OUTCOME_NOT_SENT);
	assert_int_equal(se05x_get_info(se, &info), -ENODEV);
	se05x_close(se);
	assert_int_equal(se05x_open(NULL, &se), -ECONNREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_bad_response),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_server_dies),
	};

	return cmocka_run_group_tests_name("libse05x by a socket", tests, NULL, NULL);
}
