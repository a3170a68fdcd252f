// SPDX-License-Identifier: GPL-2.0-only
/* One handle of libse05x-iot in several threads, under the thread sanitizer */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chip.h"

#define ROUNDS	200

static struct se05x_iot *iot;

/* What a thread saw that it should not have; cmocka asserts in the first one only */
static void *reads(void *wrong)
{
	uint8_t first[SE05X_IOT_UID_LEN], uid[SE05X_IOT_UID_LEN], bytes[50];
	bool known = false, yes;

	for (int i = 0; i < ROUNDS; i++) {
		struct se05x_call call = { 0 };

		if (se05x_iot_random(iot, bytes, sizeof(bytes), &call))
			++*(int *)wrong;
		if (se05x_iot_unique_id(iot, uid, &call) ||
		    (known && memcmp(uid, first, sizeof(uid))))
			++*(int *)wrong;
		memcpy(first, uid, sizeof(uid));
		known = true;
		if (se05x_iot_exists(iot, SE05X_IOT_ID_UNIQUE, &yes, &call) || !yes)
			++*(int *)wrong;
	}
	return NULL;
}

static void *sessions(void *wrong)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct se05x_call call = { 0 };

		struct se05x_iot *session;

		if (se05x_iot_session_open(iot, 0x0A0B0C0D, "pass", 4, &session, &call) ||
		    se05x_iot_session_close(session, &call))
			++*(int *)wrong;
	}
	return NULL;
}

/* One session with a secure channel, which has a state */
static struct se05x_iot *shared;

static void *shares(void *wrong)
{
	uint8_t bytes[50];
	bool yes;

	for (int i = 0; i < ROUNDS; i++) {
		struct se05x_call call = { 0 };

		if (se05x_iot_random(shared, bytes, sizeof(bytes), &call))
			++*(int *)wrong;
		if (se05x_iot_exists(shared, SE05X_IOT_ID_UNIQUE, &yes, &call) || !yes)
			++*(int *)wrong;
	}
	return NULL;
}

static void test_shared(void **state)
{
	static const struct se05x_iot_new auth = { .auth = true };
	struct se05x *se = chip_applet("7");
	pthread_t threads[4];
	int wrong[4] = { 0 };

	(void)state;
	assert_int_equal(se05x_iot_open(se, NULL, 0, &iot, NULL), 0);
	assert_int_equal(se05x_iot_key_import(iot, 0x0A0B0C0E, SE05X_IOT_KIND_AES, "0123456789abcdef",
					      16, &auth, NULL), 0);
	assert_int_equal(se05x_iot_session_open_aes(iot, 0x0A0B0C0E, "0123456789abcdef", 16, &shared,
						    NULL), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i ? shares : reads, &wrong[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(wrong[i], 0);
	assert_int_equal(se05x_iot_session_close(shared, NULL), 0);
	se05x_iot_close(iot);
	se05x_close(se);
}

static void test_threads(void **state)
{
	struct se05x *se = chip_applet("7");
	pthread_t threads[4];
	int wrong[4] = { 0 };

	(void)state;
	assert_int_equal(se05x_iot_open(se, NULL, 0, &iot, NULL), 0);
	assert_int_equal(se05x_iot_userid_create(iot, 0x0A0B0C0D, "pass", 4, NULL, NULL), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i ? reads : sessions, &wrong[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(wrong[i], 0);
	se05x_iot_close(iot);
	se05x_close(se);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests_name("iot threads", tests, NULL, NULL);
}
