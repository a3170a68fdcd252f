// SPDX-License-Identifier: GPL-2.0-only
/* libse05x-pkcs11: its interfaces, slots, sessions, PINs and configuration */
#include "../../lib/pkcs11/pkcs11.h"
#include "pkcs11_core.h"

#include <dirent.h>

/* ---- what needs no chip ---- */

static void test_not_initialized(void **state)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_SESSION_HANDLE s;
	CK_ULONG n = 7;
	CK_INFO info;

	(void)state;
	RV(C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	RV(C_GetSlotList(CK_TRUE, NULL, &n), CKR_CRYPTOKI_NOT_INITIALIZED);
	RV(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_CRYPTOKI_NOT_INITIALIZED);
	RV(C_CloseSession(1), CKR_CRYPTOKI_NOT_INITIALIZED);
	RV(C_FindObjectsInit(1, NULL, 0), CKR_CRYPTOKI_NOT_INITIALIZED);
	RV(C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	RV(C_Finalize(&n), CKR_ARGUMENTS_BAD);
	args.pReserved = &n;
	RV(C_Initialize(&args), CKR_ARGUMENTS_BAD);
	args.pReserved = NULL;
	args.LockMutex = (CK_LOCKMUTEX)abort;
	RV(C_Initialize(&args), CKR_ARGUMENTS_BAD);
	args.CreateMutex = (CK_CREATEMUTEX)abort;
	args.DestroyMutex = args.UnlockMutex = args.LockMutex;
	args.flags = 0;
	RV(C_Initialize(&args), CKR_CANT_LOCK);
	args.flags = CKF_OS_LOCKING_OK;
	OK(C_Initialize(&args));
	RV(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	OK(C_GetInfo(&info));
	assert_int_equal(info.cryptokiVersion.major, 2);
	RV(C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
	/* no chip is no slot */
	OK(C_GetSlotList(CK_FALSE, NULL, &n));
	assert_int_equal(n, 0);
	RV(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_SLOT_ID_INVALID);
	OK(C_Finalize(NULL));
	RV(C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void test_interfaces(void **state)
{
	static const CK_VERSION v240 = { 2, 40 }, v30 = { 3, 0 }, v31 = { 3, 1 };
	CK_INTERFACE list[4], *one;
	CK_FUNCTION_LIST *functions;
	CK_ULONG n = 0;

	(void)state;
	OK(C_GetFunctionList(&functions));
	assert_int_equal(functions->version.major, 2);
	for (size_t i = 1; i < sizeof(*functions) / sizeof(void *); i++)
		assert_non_null(((void **)functions)[i]);
	RV(C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD);
	OK(C_GetInterfaceList(NULL, &n));
	assert_int_equal(n, 2);
	n = 1;
	RV(C_GetInterfaceList(list, &n), CKR_BUFFER_TOO_SMALL);
	OK(C_GetInterfaceList(list, &n));
	OK(C_GetInterface(NULL, NULL, &one, 0));
	assert_int_equal(((CK_VERSION *)one->pFunctionList)->major, 3);
	assert_string_equal(one->pInterfaceName, "PKCS 11");
	OK(C_GetInterface((CK_UTF8CHAR *)"PKCS 11", (CK_VERSION *)&v240, &one, 0));
	assert_ptr_equal(one->pFunctionList, functions);
	OK(C_GetInterface(NULL, (CK_VERSION *)&v30, &one, 0));
	RV(C_GetInterface(NULL, (CK_VERSION *)&v31, &one, 0), CKR_FUNCTION_FAILED);
	RV(C_GetInterface((CK_UTF8CHAR *)"Vendor", NULL, &one, 0), CKR_FUNCTION_FAILED);
	RV(C_GetInterface(NULL, NULL, &one, CKF_INTERFACE_FORK_SAFE), CKR_FUNCTION_FAILED);
}

/* ---- slots ---- */

static void test_slots(void **state)
{
	CK_SLOT_ID slots[2] = { 7, 7 };
	CK_TOKEN_INFO token;
	CK_SLOT_INFO slot;
	CK_ULONG n = 0;

	(void)state;
	apdus = 0;
	OK(C_GetSlotList(CK_TRUE, NULL, &n));
	assert_int_equal(n, 1);
	n = 0;
	RV(C_GetSlotList(CK_TRUE, slots, &n), CKR_BUFFER_TOO_SMALL);
	OK(C_GetSlotList(CK_TRUE, slots, &n));
	assert_int_equal(slots[0], 0);
	OK(C_GetSlotInfo(0, &slot));
	assert_true(slot.flags & CKF_TOKEN_PRESENT);
	assert_false(slot.flags & CKF_HW_SLOT);
	assert_int_equal(apdus, 0);	/* the chip may sleep */
	RV(C_GetSlotInfo(1, &slot), CKR_SLOT_ID_INVALID);
	RV(C_GetTokenInfo(1, &token), CKR_SLOT_ID_INVALID);
	RV(C_GetTokenInfo(0, NULL), CKR_ARGUMENTS_BAD);
	OK(C_GetTokenInfo(0, &token));
	assert_memory_equal(token.label, "SE05x simulated                 ", 32);
	assert_memory_equal(token.model, "sim SE051 7.2.0 ", 16);
	for (int i = 0; i < 16; i++)
		assert_non_null(strchr("0123456789ABCDEF", token.serialNumber[i]));
	assert_int_equal(token.flags, CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED);
	/* the version and the number, once */
	assert_in_range(apdus, 1, 3);
	n = apdus;
	OK(C_GetTokenInfo(0, &token));
	assert_int_equal(apdus, n);
	RV(C_InitToken(0, PIN, 4, PIN), CKR_FUNCTION_NOT_SUPPORTED);
}

static void test_events(void **state)
{
	CK_SLOT_ID slot = 7;

	(void)state;
	RV(C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL), CKR_ARGUMENTS_BAD);
	RV(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	stop();
	OK(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL));
	assert_int_equal(slot, 0);
	RV(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	start(file);
	OK(C_WaitForSlotEvent(0, &slot, NULL));
}

/* ---- sessions ---- */

static void test_sessions(void **state)
{
	CK_SESSION_HANDLE s, r;
	CK_TOKEN_INFO info;
	CK_ULONG len = 0;
	CK_BYTE byte;

	(void)state;
	RV(C_OpenSession(0, CKF_RW_SESSION, NULL, NULL, &s), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	RV(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
	RV(C_OpenSession(5, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_SLOT_ID_INVALID);
	s = rw();
	r = open_session(0);
	assert_int_equal(state_of(s), CKS_RW_PUBLIC_SESSION);
	assert_int_equal(state_of(r), CKS_RO_PUBLIC_SESSION);
	OK(C_GetTokenInfo(0, &info));
	assert_int_equal(info.ulSessionCount, 2);
	assert_int_equal(info.ulRwSessionCount, 1);
	/* nobody is configured: everybody may log in, and nothing is asked of the chip */
	apdus = 0;
	RV(C_Login(s, CKU_SO, PIN, 4), CKR_USER_TYPE_INVALID);
	RV(C_Login(s, CKU_CONTEXT_SPECIFIC, PIN, 4), CKR_OPERATION_NOT_INITIALIZED);
	RV(C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	OK(C_Login(s, CKU_USER, PIN, 4));
	RV(C_Login(r, CKU_USER, PIN, 4), CKR_USER_ALREADY_LOGGED_IN);
	assert_int_equal(state_of(s), CKS_RW_USER_FUNCTIONS);
	assert_int_equal(state_of(r), CKS_RO_USER_FUNCTIONS);
	OK(C_Logout(r));
	assert_int_equal(state_of(s), CKS_RW_PUBLIC_SESSION);
	assert_int_equal(apdus, 0);
	RV(C_GetOperationState(s, NULL, &len), CKR_OPERATION_NOT_INITIALIZED);
	RV(C_SetOperationState(s, &byte, 1, 0, 0), CKR_SAVED_STATE_INVALID);
	RV(C_GetFunctionStatus(s), CKR_FUNCTION_NOT_PARALLEL);
	RV(C_CancelFunction(s), CKR_FUNCTION_NOT_PARALLEL);
	RV(C_SeedRandom(s, &byte, 1), CKR_RANDOM_SEED_NOT_SUPPORTED);
	RV(C_GenerateRandom(s, NULL, 1), CKR_ARGUMENTS_BAD);
	OK(C_GenerateRandom(s, &byte, 1));
	OK(C_CloseSession(s));
	RV(C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	RV(C_GetSessionInfo(s, NULL), CKR_SESSION_HANDLE_INVALID);
	/* the place is used again, the handle is not */
	assert_int_not_equal(rw(), s);
	RV(C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	/* the last one logs out */
	OK(C_Login(r, CKU_USER, NULL, 0));
	OK(C_CloseAllSessions(0));
	RV(C_CloseSession(r), CKR_SESSION_HANDLE_INVALID);
	assert_int_equal(state_of(rw()), CKS_RW_PUBLIC_SESSION);
	RV(C_CloseAllSessions(3), CKR_SLOT_ID_INVALID);
	/* any number of them */
	for (int i = 0; i < 20000; i++)
		s = open_session(0);
	OK(C_GetTokenInfo(0, &info));
	assert_int_equal(info.ulSessionCount, 20001);
	OK(C_CloseAllSessions(0));
	RV(C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	OK(C_GetTokenInfo(0, &info));
	assert_int_equal(info.ulSessionCount, 0);
}

/* ---- the PIN ---- */

static void test_pin(void **state)
{
	CK_SESSION_HANDLE s = with_user("", 3), r = open_session(0);
	CK_OBJECT_HANDLE o, half;
	CK_TOKEN_INFO info;

	(void)state;
	OK(C_GetTokenInfo(0, &info));
	assert_true(info.flags & CKF_LOGIN_REQUIRED);
	assert_int_equal(info.ulMinPinLen, 4);
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 0);
	assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 2);
	RV(import_ec(s, true, "", "", &o), CKR_USER_NOT_LOGGED_IN);
	apdus = 0;
	RV(C_Login(s, CKU_USER, NULL, 0), CKR_ARGUMENTS_BAD);
	RV(C_Login(s, CKU_USER, PIN, 3), CKR_PIN_INCORRECT);
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"12345678901234567", 17), CKR_PIN_INCORRECT);
	assert_int_equal(apdus, 0);	/* no attempt is gone */
	OK(C_Login(s, CKU_USER, PIN, 4));
	assert_int_equal(state_of(r), CKS_RO_USER_FUNCTIONS);
	OK(import_ec(s, true, "mine", "", &o));
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
	/* it is the user's: nobody else deletes it */
	assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 3);
	half = objects[0];
	OK(C_Logout(s));
	RV(C_DestroyObject(s, o), CKR_OBJECT_HANDLE_INVALID);
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"4321", 4), CKR_PIN_INCORRECT);
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"4321", 4), CKR_PIN_INCORRECT);
	assert_int_equal(state_of(s), CKS_RW_PUBLIC_SESSION);
	OK(C_Login(s, CKU_USER, PIN, 4));
	/* its handle ended with the login; that of its public half, which all see, did not */
	RV(C_DestroyObject(s, o), CKR_OBJECT_HANDLE_INVALID);
	find_class(s, CKO_PUBLIC_KEY);
	assert_int_equal(objects[0], half);
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
	assert_int_not_equal(objects[0], o);
	/* so it is with the last session, which takes the login with it */
	o = objects[0];
	OK(C_CloseAllSessions(0));
	s = rw();
	OK(C_Login(s, CKU_USER, PIN, 4));
	RV(C_DestroyObject(s, o), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
	OK(C_DestroyObject(s, objects[0]));
	OK(C_Logout(s));
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"4321", 4), CKR_PIN_INCORRECT);
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"4321", 4), CKR_PIN_INCORRECT);
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"4321", 4), CKR_PIN_LOCKED);
	RV(C_Login(s, CKU_USER, PIN, 4), CKR_PIN_LOCKED);
}

/* While somebody is logged in the PIN is changed: it is refused once, and not tried again */
static void test_pin_refused(void **state)
{
	CK_SESSION_HANDLE s = with_user("", 2);
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(C_Login(s, CKU_USER, PIN, 4));
	CHIP_RUN(se05x_iot_delete, USER);
	CHIP_RUN(se05x_iot_userid_create, USER, "9999", 4, &(struct se05x_iot_new) { .max_attempts = 3 });
	RV(import_ec(s, true, "", "", &o), CKR_PIN_INCORRECT);
	assert_int_equal(state_of(s), CKS_RW_PUBLIC_SESSION);
	apdus = 0;
	RV(import_ec(s, true, "", "", &o), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(apdus, 0);
	OK(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"9999", 4));
	OK(import_ec(s, true, "", "", &o));
}

/* One session for all, which only ends with the login */
static void test_kept_session(void **state)
{
	CK_SESSION_HANDLE s = with_user("keep-session = yes\n", 0);
	CK_OBJECT_HANDLE o;
	unsigned int first;

	(void)state;
	OK(C_Login(s, CKU_USER, PIN, 4));
	OK(import_ec(s, true, "", "", &o));
	apdus = 0;
	OK(C_DestroyObject(s, o));
	first = apdus;
	assert_int_equal(first, 2);	/* its policy, and DeleteSecureObject */
	/* a child lives without it, and leaves it alone */
	assert_int_equal(child_of(in_quiet_child, s), 0);
	OK(import_ec(s, true, "", "", &o));
	stop();
	start(file);
	RV(C_FindObjectsInit(s, NULL, 0), CKR_DEVICE_REMOVED);
	RV(C_DestroyObject(s, o), CKR_DEVICE_REMOVED);
	OK(C_DestroyObject(s, o));
	OK(C_Logout(s));
	OK(C_Login(s, CKU_USER, PIN, 4));
	RV(C_Login(s, CKU_USER, PIN, 4), CKR_USER_ALREADY_LOGGED_IN);
}

static void test_without_applet(void **state)
{
	CK_SESSION_HANDLE s;
	CK_TOKEN_INFO info;
	CK_ULONG n = 0;

	(void)state;
	C_Finalize(NULL);
	stop();
	start_with("--quiet", "--chip=none", NULL);
	OK(C_Initialize(NULL));
	OK(C_GetSlotList(CK_TRUE, NULL, &n));
	assert_int_equal(n, 1);
	OK(C_GetTokenInfo(0, &info));
	assert_memory_equal(info.serialNumber, "                ", 16);
	RV(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_TOKEN_NOT_RECOGNIZED);
}

static void test_configuration(void **state)
{
	static const char *const bad[] = {
		"user = 12x\n", "user\n", "pin = 1234\n", "keep-session = perhaps\n", "[short]\n",
		"[0123456789ABCDEG]\n", "[0123456789ABCDEF\n", "user = 0\n",
	};
	CK_SESSION_HANDLE s;
	CK_TOKEN_INFO info;
	char text[200];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		configure(bad[i]);
		OK(C_Finalize(NULL));
		OK(C_Initialize(NULL));
		s = rw();
		RV(C_Login(s, CKU_USER, PIN, 4), CKR_USER_PIN_NOT_INITIALIZED);
		OK(C_GetTokenInfo(0, &info));
		assert_true(info.flags & CKF_LOGIN_REQUIRED);
		assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 2);
	}
	/* another chip's section is not this one's */
	configure("# words\n\n[0123456789ABCDEF]\nuser = 0x0A0B0C0D # he\nkeep-session = no\n");
	OK(C_Finalize(NULL));
	OK(C_Initialize(NULL));
	OK(C_GetTokenInfo(0, &info));
	assert_false(info.flags & CKF_LOGIN_REQUIRED);
	OK(C_Login(rw(), CKU_USER, PIN, 4));
	snprintf(text, sizeof(text), "[%.16s]\nuser = 0x0A0B0C0D\n", info.serialNumber);
	configure(text);
	OK(C_Finalize(NULL));
	OK(C_Initialize(NULL));
	s = rw();
	/* no such UserID in the chip */
	RV(C_Login(s, CKU_USER, PIN, 4), CKR_USER_PIN_NOT_INITIALIZED);
	/* a folder is no file */
	unlink(conf);
	assert_int_equal(mkdir(conf, 0700), 0);
	OK(C_Finalize(NULL));
	OK(C_Initialize(NULL));
	RV(C_Login(rw(), CKU_USER, PIN, 4), CKR_USER_PIN_NOT_INITIALIZED);
	rmdir(conf);
}

/* ---- errors ---- */

static void test_errors(void **state)
{
	static const struct {
		int error;
		uint16_t sw;
		CK_RV rv;
	} cases[] = {
		{ 0, 0x9000, CKR_OK }, { -ENOMEM, 0, CKR_HOST_MEMORY },
		{ -ENODEV, 0, CKR_DEVICE_REMOVED }, { -ENOPKG, 0x6A82, CKR_TOKEN_NOT_RECOGNIZED },
		{ -EPERM, 0, CKR_TOKEN_NOT_PRESENT }, { -EACCES, 0, CKR_TOKEN_NOT_PRESENT },
		{ -EACCES, 0x6986, CKR_KEY_FUNCTION_NOT_PERMITTED },
		{ -EOPNOTSUPP, 0x6D00, CKR_FUNCTION_NOT_SUPPORTED },
		{ -E2BIG, 0, CKR_DATA_LEN_RANGE }, { -ENOENT, 0x6985, CKR_OBJECT_HANDLE_INVALID },
		{ -EMEDIUMTYPE, 0x6985, CKR_KEY_TYPE_INCONSISTENT },
		{ -EBADE, 0x6985, CKR_PIN_INCORRECT }, { -EKEYREVOKED, 0x6983, CKR_PIN_LOCKED },
		{ -EDQUOT, 0x6A84, CKR_DEVICE_MEMORY }, { -EUSERS, 0x6985, CKR_DEVICE_MEMORY },
		{ -EBADR, 0x6A80, CKR_ARGUMENTS_BAD }, { -EINVAL, 0, CKR_ARGUMENTS_BAD },
		/* whatever else, known today or not */
		{ -EIO, 0, CKR_DEVICE_ERROR }, { -EREMOTEIO, 0x6F00, CKR_DEVICE_ERROR },
		{ -EPROTO, 0x9000, CKR_DEVICE_ERROR }, { -EXFULL, 0, CKR_DEVICE_ERROR },
		/* later it may go well */
		{ -EBUSY, 0, CKR_FUNCTION_FAILED }, { -EAGAIN, 0x66A6, CKR_FUNCTION_FAILED },
	};
	struct se05x_call half = { .outcome = SE05X_OUTCOME_MAY_HAVE_RUN };

	(void)state;
	rw();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct se05x_call c = { .sw = cases[i].sw };

		RV(p11_error(p11.tokens, cases[i].error, &c), cases[i].rv);
	}
	/* busy at a later command of a call that has done something already */
	RV(p11_error(p11.tokens, -EBUSY, &half), CKR_DEVICE_ERROR);
}

static int log_ends[2], err;

static void log_begin(void)
{
	assert_int_equal(pipe(log_ends), 0);
	err = dup(2);
	setenv("SE05X_PKCS11_DEBUG", "1", 1);
	dup2(log_ends[1], 2);
}

/* What was logged since */
static const char *logged(void)
{
	static char text[2000];
	ssize_t n;

	dup2(err, 2);
	unsetenv("SE05X_PKCS11_DEBUG");
	close(log_ends[1]);
	n = read(log_ends[0], text, sizeof(text) - 1);
	assert_in_range(n, 1, sizeof(text) - 1);
	text[n] = 0;
	close(log_ends[0]);
	close(err);
	return text;
}

/* Who reads the log sees why, and how long it took. */
static void test_log(void **state)
{
	CK_SESSION_INFO info;
	struct se05x_call c = { 0 };
	const char *after;

	(void)state;
	OK(C_GetSessionInfo(rw(), &info));	/* a call of this thread began */
	log_begin();
	p11_error(p11.tokens, -EBUSY, &c);
	after = strstr(logged(), "the chip was busy until the deadline; not sent (EBUSY, SW 0000), after ");
	assert_non_null(after);
	assert_non_null(strstr(after, " ms\n"));
}

/* A UserID that anybody may delete is no guard, and the log says so: without the PIN. */
static void test_warning(void **state)
{
	CK_SESSION_HANDLE s = with_user("", 3);
	const char *text;

	(void)state;
	log_begin();
	OK(C_Login(s, CKU_USER, PIN, 4));
	text = logged();
	assert_non_null(strstr(text, "warning: UserID 0x0A0B0C0D may be deleted"));
	assert_null(strstr(text, "1234"));
}

/* Who has the UserID's only session: a login says that there is no room, and tries no PIN. */
static void test_no_free_session(void **state)
{
	CK_SESSION_HANDLE s = with_user("", 3);
	struct keys_session *others = NULL;

	(void)state;
	chip = keys_chip_new(device);
	assert_int_equal(keys_session_run(chip, USER, "1234", 4, &others, NULL, NULL, &call), 0);
	for (int i = 0; i < 4; i++)
		RV(C_Login(s, CKU_USER, PIN, 4), CKR_DEVICE_MEMORY);
	keys_session_close(&others);
	keys_chip_free(chip);
	OK(C_Login(s, CKU_USER, PIN, 4));
}

/* An object whose session another thread closed gets no handle, and the caller is told why. */
static void test_publish(void **state)
{
	struct p11_object *object;
	struct p11_session *s;
	CK_OBJECT_HANDLE o = 7;
	CK_SESSION_HANDLE handle = rw();

	(void)state;
	OK(p11_begin(handle, &s));
	OK(p11_host_new(s, CKO_DATA, 0, NULL, &object));
	OK(C_CloseAllSessions(0));
	RV(p11_publish(object, &o), CKR_SESSION_CLOSED);
	assert_int_equal(o, 0);
	RV(p11_end(s, CKR_OK), CKR_OK);
}

/* ---- threads of its own ---- */

static CK_C_INITIALIZE_ARGS no_threads = { .flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS };

static int count_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int n = 0;

	while (readdir(tasks))
		n++;
	closedir(tasks);
	return n;
}

/* How many are begun when the chip is used */
static int own_threads(void *arguments)
{
	int before = count_threads();

	OK(C_Initialize(arguments));
	find_class(rw(), CKO_PUBLIC_KEY);
	return count_threads() - before;
}

static int in_child_without(CK_SESSION_HANDLE s)
{
	(void)s;
	return own_threads(&no_threads);
}

static int in_child_with(CK_SESSION_HANDLE s)
{
	(void)s;
	return own_threads(NULL);
}

/* The one that lets the chip sleep is not begun where the application forbids it. */
static void test_no_threads(void **state)
{
	(void)state;
	OK(C_Finalize(NULL));
	assert_int_equal(own_threads(NULL), 1);
	assert_int_equal(child_of(in_child_without, 0), 0);
	OK(C_Finalize(NULL));
	assert_int_equal(own_threads(&no_threads), 0);
	assert_int_equal(child_of(in_child_with, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_initialized), cmocka_unit_test(test_interfaces),
		CHIP(test_slots), CHIP(test_events), CHIP(test_sessions), CHIP(test_pin),
		CHIP(test_pin_refused), CHIP(test_kept_session), CHIP(test_without_applet),
		CHIP(test_configuration), CHIP(test_errors), CHIP(test_log), CHIP(test_warning),
		CHIP(test_no_free_session),
		CHIP(test_publish), CHIP(test_no_threads),
	};

	return test_main("pkcs11", tests, COUNT(tests));
}
