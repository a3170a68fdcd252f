// SPDX-License-Identifier: GPL-2.0-only
/* libse05x-pkcs11: forks, threads, rebinds, the end; and what each search costs in APDUs */
#include <errno.h>
#include <semaphore.h>

#include "../../lib/pkcs11/token.h"
#include "pkcs11_core.h"

/* ---- fork, threads, rebind ---- */

static int in_child(CK_SESSION_HANDLE s)
{
	CK_SESSION_HANDLE mine;
	CK_SESSION_INFO info;
	CK_ULONG n = 0;

	if (C_GetSessionInfo(s, &info) != CKR_CRYPTOKI_NOT_INITIALIZED ||
	    C_GetSlotList(CK_TRUE, NULL, &n) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 1;
	if (C_Initialize(NULL) || C_Initialize(NULL) != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return 2;
	if (C_GetSessionInfo(s, &info) != CKR_SESSION_HANDLE_INVALID)
		return 3;
	if (C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &mine))
		return 4;
	/* its parent's PIN is not its own */
	if (C_GetSessionInfo(mine, &info) || info.state != CKS_RW_PUBLIC_SESSION)
		return 5;
	if (find_class(mine, CKO_PUBLIC_KEY) != 2 || find_class(mine, CKO_PRIVATE_KEY))
		return 6;
	if (C_Login(mine, CKU_USER, PIN, 4) || find_class(mine, CKO_PRIVATE_KEY) != 2)
		return 7;
	return C_Finalize(NULL) ? 8 : 0;
}

static void test_fork(void **state)
{
	CK_SESSION_HANDLE s = with_user("", 0);

	(void)state;
	OK(C_Login(s, CKU_USER, PIN, 4));
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 2);
	for (int i = 0; i < 3; i++)
		assert_int_equal(child_of(in_child, s), 0);
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 2);
	assert_int_equal(state_of(s), CKS_RW_USER_FUNCTIONS);
}

static int without_rights(CK_SESSION_HANDLE s)
{
	CK_ULONG n = 0;

	unlink(path);	/* who is connected stays so */
	if (C_Initialize(NULL) || C_GetSlotList(CK_TRUE, NULL, &n) || n != 1)
		return 1;
	if (C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s))
		return 2;
	return find_class(s, CKO_PUBLIC_KEY) == 2 ? 0 : 3;
}

/* A worker that may not open the chip is served by the file that it inherited. */
static void test_fork_without_rights(void **state)
{
	CK_SESSION_HANDLE s = rw();

	(void)state;
	assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 2);
	assert_int_equal(child_of(without_rights, s), 0);
}

static OSSL_LIB_CTX *parents;

static int in_context_of_its_own(CK_SESSION_HANDLE s)
{
	(void)s;
	return C_Initialize(NULL) ? 1 : !p11.lib || p11.lib == parents;
}

/*
 * A thread that signs holds locks of libcrypto, which nobody opens in a child that is forked
 * meanwhile: a child's libcrypto begins anew.
 */
static void test_fork_crypto(void **state)
{
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(import_ec(rw(), false, "", "", &o));
	parents = p11.lib;
	assert_int_equal(child_of(in_context_of_its_own, 0), 0);
	OK(C_Finalize(NULL));
	OK(C_Initialize(NULL));
	assert_ptr_equal(p11.lib, parents);
}

static void *work(void *arg)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE o[8];
	uint8_t label[80], random[16];
	CK_ATTRIBUTE get[] = { { CKA_LABEL, label, sizeof(label) }, { CKA_EC_POINT, label, 80 } };
	CK_SESSION_HANDLE s;
	CK_ULONG n;

	for (int i = 0; i < 20; i++) {
		if (C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) ||
		    C_FindObjectsInit(s, &t, 1) || C_FindObjects(s, o, 8, &n) || n < 2 ||
		    C_FindObjectsFinal(s) || C_GetAttributeValue(s, o[n - 1], get, 2) ||
		    C_GenerateRandom(s, random, sizeof(random)) || C_CloseSession(s))
			return arg;
		get[0].ulValueLen = get[1].ulValueLen = sizeof(label);
	}
	return NULL;
}

static void test_threads(void **state)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_SESSION_HANDLE s = rw();
	pthread_t threads[4];
	CK_OBJECT_HANDLE o;
	void *failed;

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, threads), 0);
	for (int i = 0; i < 5; i++) {
		OK(import_ec(s, true, "door", "", &o));
		find(s, &t, 1);
		OK(C_DestroyObject(s, o));
	}
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
}

/* Threads that meet where they would hardly ever: who takes a lock is late by chance */
static _Atomic bool late;

int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);

/* A thread comes to a list's lock, or to its end */
static _Atomic bool watched;
static sem_t met;

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
	static _Atomic unsigned int n;

	if (watched && p11.tokens && mutex == &p11.tokens->list_lock)
		sem_post(&met);
	if (late && n++ % 3 == 0)
		usleep(n % 7 * 20);
	return __real_pthread_mutex_lock(mutex);
}

static CK_OBJECT_HANDLE everybodys;

static void *destroy(void *arg)
{
	CK_RV rv = C_DestroyObject(*(CK_SESSION_HANDLE *)arg, everybodys);

	return rv && rv != CKR_OBJECT_HANDLE_INVALID ? arg : NULL;
}

/* The public half of a pair, destroyed by several threads at once, and there again */
static void test_destroy_at_once(void **state)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_EC;
	uint8_t point[80], params[20];
	CK_ATTRIBUTE t[] = {
		{ CKA_EC_POINT, point, sizeof(point) }, { CKA_EC_PARAMS, params, sizeof(params) },
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, 1 },
	};
	CK_SESSION_HANDLE s[4] = { rw(), rw(), rw(), rw() };
	pthread_t threads[COUNT(s)];
	void *failed;

	(void)state;
	assert_int_equal(find_class(s[0], class), 2);
	OK(C_GetAttributeValue(s[0], objects[0], t, 2));
	late = true;
	for (int round = 0; round < 300; round++) {
		OK(C_CreateObject(s[0], t, COUNT(t), &everybodys));
		for (size_t i = 0; i < COUNT(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, destroy, &s[i]), 0);
		for (size_t i = 0; i < COUNT(threads); i++) {
			pthread_join(threads[i], &failed);
			assert_null(failed);
		}
	}
	late = false;
	OK(C_CreateObject(s[0], t, COUNT(t), &everybodys));
	assert_int_equal(find_class(s[0], class), 2);
}

static CK_RV logins[2];

static void *log_in(void *arg)
{
	CK_SESSION_HANDLE s;
	CK_ULONG i = (CK_RV *)arg - logins;

	logins[i] = C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s) ?:
		    C_Login(s, CKU_USER, i ? (CK_UTF8CHAR *)"9999" : PIN, 4);
	return NULL;
}

/* A wrong PIN and the right one at once: who was let in stays so, and nobody else is */
static void test_login_at_once(void **state)
{
	CK_SESSION_HANDLE s = with_user("", 0);
	pthread_t threads[COUNT(logins)];
	CK_OBJECT_HANDLE o;

	(void)state;
	for (int round = 0; round < 40; round++) {
		late = true;
		for (size_t i = 0; i < COUNT(logins); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, log_in, &logins[i]), 0);
		for (size_t i = 0; i < COUNT(logins); i++)
			pthread_join(threads[i], NULL);
		late = false;
		OK(logins[0]);
		if (logins[1] != CKR_USER_ALREADY_LOGGED_IN)
			RV(logins[1], CKR_PIN_INCORRECT);
		assert_int_equal(state_of(s), CKS_RW_USER_FUNCTIONS);
		OK(import_ec(s, true, "", "", &o));
		OK(C_DestroyObject(s, o));
		OK(C_Logout(s));
	}
}

static void test_rebind(void **state)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE o;
	CK_SLOT_INFO info;
	CK_ULONG n;

	(void)state;
	OK(import_ec(s, true, "mine", "", &o));
	stop();
	RV(C_FindObjectsInit(s, &t, 1), CKR_DEVICE_REMOVED);
	RV(C_FindObjectsInit(s, &t, 1), CKR_DEVICE_REMOVED);
	OK(C_GetSlotInfo(0, &info));
	assert_false(info.flags & CKF_TOKEN_PRESENT);
	OK(C_GetSlotList(CK_TRUE, NULL, &n));
	assert_int_equal(n, 0);
	start(file);
	/* the same: handles live on */
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
	assert_int_equal(objects[0], o);
	check_bytes(s, o, CKA_LABEL, "mine", 4);
	/* bound anew between two calls: told once */
	stop();
	start(file);
	RV(C_FindObjectsInit(s, &t, 1), CKR_DEVICE_REMOVED);
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
	assert_int_equal(objects[0], o);
	/* another one: nothing is what it was */
	stop();
	start(other);
	RV(C_FindObjectsInit(s, &t, 1), CKR_DEVICE_REMOVED);
	RV(C_FindObjectsInit(s, &t, 1), CKR_SESSION_HANDLE_INVALID);
	s = rw();
	RV(C_GetAttributeValue(s, o, &t, 1), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 2);
}

/* What others do while a thread lists: before it reads the names, or after it */
static void (*meanwhile)(void);
static bool after_names;

int __real_keys_names_read_of(struct se05x_iot *iot, const uint32_t *ids, size_t n,
			      const struct keys_names *before, struct keys_names **names,
			      struct se05x_call *call);
int __wrap_keys_names_read_of(struct se05x_iot *iot, const uint32_t *ids, size_t n,
			      const struct keys_names *before, struct keys_names **names,
			      struct se05x_call *call);

int __wrap_keys_names_read_of(struct se05x_iot *iot, const uint32_t *ids, size_t n,
			      const struct keys_names *before, struct keys_names **names,
			      struct se05x_call *call)
{
	void (*others)(void) = meanwhile;
	int ret;

	meanwhile = NULL;
	if (others && !after_names)
		others();
	ret = __real_keys_names_read_of(iot, ids, n, before, names, call);
	if (others && after_names)
		others();
	return ret;
}

static void swap_chips(void)
{
	stop();
	start(other);
	p11_token_lost(p11.tokens);
}

/* Another chip is there before the list of the one before is entered: it is not. */
static void test_rebind_while_listing(void **state)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE o;
	CK_SESSION_HANDLE s;

	(void)state;
	for (int after = 0; after < 2; after++) {
		s = rw();
		OK(import_ec(s, true, "mine", "", &o));
		assert_int_equal(find_class(s, class), 3 + after);
		after_names = after;
		meanwhile = swap_chips;
		RV(C_FindObjectsInit(s, &t, 1), CKR_DEVICE_REMOVED);
		s = rw();
		RV(C_GetAttributeValue(s, o, &t, 1), CKR_OBJECT_HANDLE_INVALID);
		assert_int_equal(find_class(s, class), 2);
		OK(C_Finalize(NULL));
		stop();
		start(file);
		OK(C_Initialize(NULL));
	}
}

static pthread_t maker;
static CK_OBJECT_HANDLE made;

static void *make(void *arg)
{
	CK_SESSION_HANDLE s;
	CK_RV rv = C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) ?:
		   import_ec(s, true, "", "", &made);

	sem_post(&met);
	return rv ? arg : NULL;
}

static void make_one(void)
{
	watched = true;
	assert_int_equal(pthread_create(&maker, NULL, make, &made), 0);
	sem_wait(&met);
	watched = false;
}

/* What was made since the chip was asked what it has is not taken for deleted. */
static void test_make_while_listing(void **state)
{
	CK_SESSION_HANDLE s = rw();
	void *failed;

	(void)state;
	sem_init(&met, 0, 0);
	after_names = true;
	meanwhile = make_one;
	/* the list is from before it was made; it may be entered before the search goes on */
	assert_in_range(find_class(s, CKO_PRIVATE_KEY), 2, 3);
	pthread_join(maker, &failed);
	assert_null(failed);
	check_bytes(s, made, CKA_EC_PARAMS, p256, sizeof(p256));
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
}

/* ---- the end of a process ---- */

static void finalize(void)
{
	CK_ULONG n;

	/* libcrypto is gone already: it was used first after this was registered */
	if (C_GetSlotList(CK_TRUE, NULL, &n) != CKR_CRYPTOKI_NOT_INITIALIZED || C_Finalize(NULL))
		_exit(3);
}

static int exit_late(void)
{
	CK_OBJECT_HANDLE o;
	CK_SESSION_HANDLE s;
	CK_ULONG n;

	atexit(finalize);
	if (C_Initialize(NULL) ||
	    C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s) ||
	    import_ec(s, false, "", "", &o) || C_FindObjectsInit(s, NULL, 0) ||
	    C_FindObjects(s, objects, COUNT(objects), &n) || n < 8)
		return 2;
	return 0;
}

static void test_exit(void **state)
{
	pid_t child;
	int status;

	(void)state;
	child = fork();
	if (!child) {
		execl(program_invocation_name, "pkcs11_test", "exit", NULL);
		_exit(9);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- a process that lives long ---- */

static unsigned int records(void)
{
	unsigned int n = 0;

	for (struct p11_chipobj *o = p11.tokens->objects; o; o = o->next)
		n++;
	return n;
}

/* What is deleted leaves nothing behind once nobody has a handle or an operation of it. */
static void test_records(void **state)
{
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE o, first = 0;
	uint8_t sig[64], key[80];
	CK_ATTRIBUTE get = { CKA_EC_POINT, key, sizeof(key) };
	CK_ULONG n = sizeof(sig);
	unsigned int before;

	(void)state;
	find(s, NULL, 0);
	before = records();
	for (int i = 0; i < 20; i++) {
		OK(import_ec(s, true, "", "", &o));
		first = first ? first : o;
		OK(C_DestroyObject(s, o));
		assert_int_equal(records(), before);
		RV(C_GetAttributeValue(s, first, &get, 1), CKR_OBJECT_HANDLE_INVALID);
	}
	/* in use while it is deleted */
	OK(import_ec(s, true, "", "", &o));
	OK(C_SignInit(s, &ecdsa, o));
	OK(C_DestroyObject(s, o));
	assert_int_equal(records(), before + 1);
	RV(C_Sign(s, scalar, sizeof(scalar), sig, &n), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(records(), before);
	/* the public half is destroyed after the private one: as long as it is, it is known */
	OK(import_ec(s, true, "", "", &o));
	assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 3);
	first = objects[0];
	OK(C_DestroyObject(s, o));
	assert_int_equal(records(), before + 1);
	OK(C_DestroyObject(s, first));
	RV(C_DestroyObject(s, first), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(records(), before);
}

/* A handle of what is gone names nothing else, however often its place is used. */
static void test_handles(void **state)
{
	struct p11_table table = { 0 };
	CK_ULONG old = p11_table_add(&table, &table), again;

	(void)state;
	for (int i = 0; i < (sizeof(old) > 4 ? 10000 : 2000); i++) {
		p11_table_remove(&table, i ? again : old);
		assert_null(p11_table_get(&table, old));
		again = p11_table_add(&table, &table);
		assert_int_not_equal(again, old);
	}
	free(table.places);
}

/* ---- several processes ---- */

/* Makes, names, finds and deletes; what others do meanwhile is no matter */
static int busy_child(void)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	char text[20];
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 },
		{ CKA_VALUE, text, sizeof(text) }, { CKA_LABEL, text, 0 },
	};
	CK_OBJECT_HANDLE o, other;
	CK_SESSION_HANDLE s;
	CK_ULONG n;

	if (C_Initialize(NULL) ||
	    C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s))
		return 1;
	for (int i = 0; i < 6; i++) {
		memset(text, 0, sizeof(text));
		t[3].ulValueLen = snprintf(text, sizeof(text), "file %d %d", getpid(), i);
		if (C_CreateObject(s, t, 4, &o))
			return 2;
		t[3].ulValueLen = snprintf(text, sizeof(text), "again %d %d", getpid(), i);
		if (C_SetAttributeValue(s, o, &t[3], 1))
			return 3;
		if (C_FindObjectsInit(s, &t[3], 1) || C_FindObjects(s, &other, 1, &n) || n != 1 ||
		    other != o || C_FindObjectsFinal(s))
			return 4;
		if (C_DestroyObject(s, o))
			return 5;
	}
	return C_Finalize(NULL) ? 6 : 0;
}

static void test_processes(void **state)
{
	pid_t children[3];
	int status;

	(void)state;
	/* without a thread: it may hold the address sanitizer's locks, for ever in a child */
	OK(C_Finalize(NULL));
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (!children[i])
			_exit(busy_child());
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		waitpid(children[i], &status, 0);
		assert_int_equal(status, 0);
	}
	OK(C_Initialize(NULL));
	assert_int_equal(find(rw(), NULL, 0), 7);
}

/* ---- cost ---- */

static void fill(const char *model)
{
	C_Finalize(NULL);
	stop();
	unlink(file + strlen("--state="));
	start_with(file, model, NULL);
	for (uint32_t i = 0; i < 3; i++)
		CHIP_RUN(se05x_iot_ec_generate, 0x01010101 + i, SE05X_IOT_CURVE_P256, NULL, NULL);
	for (uint32_t i = 0; i < 2; i++)
		CHIP_RUN(se05x_iot_rsa_generate, 0x01010201 + i, 1024, NULL);
	for (uint32_t i = 0; i < 4; i++)
		CHIP_RUN(se05x_iot_binary_create, 0x01010301 + i, "words", 5, NULL, NULL);
	OK(C_Initialize(NULL));
}

static void test_cost(void **state)
{
	static const char *const models[] = { "--chip=SE050C", "--chip=SE051" };
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY, secret = CKO_SECRET_KEY;
	CK_ATTRIBUTE by_id[] = { { CKA_CLASS, &class, sizeof(class) },
				 { CKA_ID, "\1\1\1\2", 4 } };
	CK_ATTRIBUTE label = { CKA_LABEL, "mine", 4 }, none = { CKA_CLASS, &secret, sizeof(secret) };
	CK_OBJECT_HANDLE o;

	(void)state;
	for (size_t i = 0; i < COUNT(models); i++) {
		unsigned int ec = 3 + 2, rsa = 2, files = 4 + 3;	/* NXP's too */
		CK_SESSION_HANDLE s;
		uint8_t point[80];
		CK_ATTRIBUTE get = { CKA_EC_POINT, point, sizeof(point) };

		fill(models[i]);
		/* one key, by its identifier: all that is needed to sign with it */
		apdus = 0;
		s = rw();
		assert_int_equal(find(s, by_id, 2), 1);
		o = objects[0];
		OK(C_GetAttributeValue(s, o, &get, 1));
		print_message("# %s: one key by id: %u\n", models[i], apdus);
		assert_in_range(apdus, 1, 7);
		OK(C_SetAttributeValue(s, o, &label, 1));
		/* by its name, in another process as good as */
		OK(C_Finalize(NULL));
		OK(C_Initialize(NULL));
		apdus = 0;
		s = rw();
		by_id[1] = label;
		assert_int_equal(find(s, by_id, 2), 1);
		get.ulValueLen = sizeof(point);
		OK(C_GetAttributeValue(s, objects[0], &get, 1));
		print_message("# %s: one key by name: %u\n", models[i], apdus);
		assert_in_range(apdus, 1, 7);
		by_id[1] = (CK_ATTRIBUTE) { CKA_ID, "\1\1\1\2", 4 };
		/* all of them; and again: the list and the page */
		OK(C_Finalize(NULL));
		OK(C_Initialize(NULL));
		apdus = 0;
		s = rw();
		assert_int_equal(find(s, NULL, 0), 2 * (ec + rsa) + files);
		print_message("# %s: all: %u of %u\n", models[i], apdus,
			      3 * ec + 5 * rsa + files + 1 + 3);
		assert_in_range(apdus, 1, 3 * ec + 5 * rsa + files + 1 + 3);
		apdus = 0;
		assert_int_equal(find(s, NULL, 0), 2 * (ec + rsa) + files);
		assert_int_equal(apdus, 2);
		apdus = 0;
		assert_int_equal(find(s, &none, 1), 0);
		assert_in_range(apdus, 0, 2);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CHIP(test_fork), CHIP(test_fork_without_rights), CHIP(test_threads),
		CHIP(test_destroy_at_once), CHIP(test_fork_crypto),
		CHIP(test_login_at_once),
		CHIP(test_rebind), CHIP(test_rebind_while_listing), CHIP(test_make_while_listing),
		CHIP(test_records), cmocka_unit_test(test_handles), CHIP(test_exit),
		CHIP(test_processes), CHIP(test_cost),
	};

	(void)argv;
	if (argc > 1)
		return exit_late();
	return test_main("pkcs11 life", tests, COUNT(tests));
}
