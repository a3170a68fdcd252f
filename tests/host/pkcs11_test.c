// SPDX-License-Identifier: GPL-2.0-only
/*
 * libse05x-pkcs11: sessions, login, objects, forks, threads and rebinds, and what each costs
 * in APDUs. The chip is se05x-sim by its socket, $SE05X_SIM, which this starts and kills as a
 * bus is bound and unbound. Mechanisms have tests of their own.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "../../lib/keys/keys.h"
#include "../../lib/pkcs11/v30.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PIN		((CK_UTF8CHAR *)"1234")
#define USER		0x0A0B0C0D

#define RV(expression, expected) do {						\
	CK_RV rv_ = (expression);						\
	if (rv_ != (expected))							\
		fail_msg("0x%lX, not 0x%lX: %s", rv_, (CK_RV)(expected), #expression); \
} while (0)
#define OK(expression)	RV(expression, CKR_OK)

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* ---- APDUs are counted: the linker sends them by here ---- */

static _Atomic unsigned int apdus;

int __real_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call);
int __wrap_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call);

int __wrap_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call)
{
	apdus++;
	return __real_se05x_transceive(se, command, command_len, response, response_len, call);
}

int __real_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *call);
int __wrap_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *call);

int __wrap_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *call)
{
	apdus++;
	return __real_se05x_select(se, aid, aid_len, flags, response, response_len, call);
}

/* ---- the chip ---- */

static char folder[] = "/tmp/pkcs11-test-XXXXXX";
static char device[120], path[100], argument[120], file[100], other[120], conf[100];
static pid_t server;

static void start_with(const char *keep, const char *chip, const char *option)
{
	const char *sim = getenv("SE05X_SIM");
	struct se05x *se;

	server = fork();
	if (!server) {
		execl(sim, sim, "--quiet", chip, argument, keep, option, NULL);
		_exit(127);
	}
	while (se05x_open(device, &se)) {
		assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
		usleep(1000);	/* it is not there yet: the loop ends when it is, or is dead */
	}
	se05x_close(se);
}

static void start(const char *keep)
{
	start_with(keep, "--chip=SE051", NULL);
}

static void stop(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(path);
}

static void configure(const char *text)
{
	FILE *f = fopen(conf, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	unlink(conf);
	start(file);
	return C_Initialize(NULL);
}

static int teardown(void **state)
{
	(void)state;
	C_Finalize(NULL);
	stop();
	unlink(file + strlen("--state="));
	unlink(other + strlen("--state="));
	return 0;
}

/* What is to be in the chip without the module's help */
static struct keys_chip *chip;
static struct se05x_call call;
#define CHIP_RUN(function, ...) do {						\
	chip = keys_chip_new(device);						\
	assert_int_equal(KEYS_RUN(chip, &call, function, __VA_ARGS__), 0);	\
	keys_chip_free(chip);							\
} while (0)

static CK_SESSION_HANDLE open_session(CK_FLAGS flags)
{
	CK_SESSION_HANDLE s = 0;

	OK(C_OpenSession(0, CKF_SERIAL_SESSION | flags, NULL, NULL, &s));
	assert_int_not_equal(s, 0);
	return s;
}

static CK_SESSION_HANDLE rw(void)
{
	return open_session(CKF_RW_SESSION);
}

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	OK(C_GetSessionInfo(s, &info));
	assert_int_equal(info.slotID, 0);
	return info.state;
}

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

/* ---- objects ---- */

static CK_OBJECT_HANDLE objects[64];

static CK_ULONG find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_ULONG found = 0;

	OK(C_FindObjectsInit(s, t, n));
	OK(C_FindObjects(s, objects, COUNT(objects), &found));
	OK(C_FindObjectsFinal(s));
	return found;
}

static CK_ULONG find_class(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };

	return find(s, &t, 1);
}

static bool is_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, bool is)
{
	CK_BBOOL value = 7;
	CK_ATTRIBUTE a = { type, &value, sizeof(value) };

	OK(C_GetAttributeValue(s, o, &a, 1));
	return value == is;
}

static void check_bytes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
			const void *bytes, size_t len)
{
	uint8_t value[1200];
	CK_ATTRIBUTE a = { type, value, sizeof(value) };

	OK(C_GetAttributeValue(s, o, &a, 1));
	assert_int_equal(a.ulValueLen, len);
	assert_memory_equal(value, bytes, len);
}

static uint8_t p256[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
static uint8_t scalar[32] = { 1, 2, 3 };

static CK_RV import_ec(CK_SESSION_HANDLE s, bool token, const char *label, const char *id,
		       CK_OBJECT_HANDLE *o)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, token ? &yes : &no, 1 }, { CKA_EC_PARAMS, p256, sizeof(p256) },
		{ CKA_VALUE, scalar, sizeof(scalar) },
		{ CKA_LABEL, (void *)label, strlen(label) }, { CKA_ID, (void *)id, strlen(id) },
	};

	return C_CreateObject(s, t, COUNT(t), o);
}

static void test_import(void **state)
{
	CK_SESSION_HANDLE r = open_session(0), s = rw();
	CK_OBJECT_CLASS public = CKO_PUBLIC_KEY;
	CK_KEY_TYPE ec = CKK_EC;
	uint8_t point[80], raw[65];
	CK_ATTRIBUTE get[] = {
		{ CKA_EC_POINT, point, sizeof(point) }, { CKA_VALUE, point, sizeof(point) },
		{ CKA_LABEL, NULL, 0 }, { CKA_MODULUS, NULL, 0 }, { CKA_ID, point, 1 },
	};
	CK_OBJECT_HANDLE o, again, half;

	(void)state;
	RV(import_ec(r, true, "key", "\1\2", &o), CKR_SESSION_READ_ONLY);
	OK(import_ec(s, true, "key", "\1\2", &o));
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
	assert_int_equal(objects[0], o);	/* NXP's are last */
	assert_true(is_bool(s, o, CKA_TOKEN, true) && is_bool(s, o, CKA_PRIVATE, true) &&
		    is_bool(s, o, CKA_SENSITIVE, true) && is_bool(s, o, CKA_EXTRACTABLE, false) &&
		    is_bool(s, o, CKA_LOCAL, false) && is_bool(s, o, CKA_NEVER_EXTRACTABLE, false) &&
		    is_bool(s, o, CKA_SIGN, true) && is_bool(s, o, CKA_DERIVE, true) &&
		    is_bool(s, o, CKA_DECRYPT, false) && is_bool(s, o, CKA_COPYABLE, false) &&
		    is_bool(s, o, CKA_DESTROYABLE, true) &&
		    is_bool(s, o, CKA_ALWAYS_AUTHENTICATE, false));
	check_bytes(s, o, CKA_LABEL, "key", 3);
	check_bytes(s, o, CKA_ID, "\1\2", 2);
	check_bytes(s, o, CKA_EC_PARAMS, p256, sizeof(p256));
	/* each attribute has its answer, whatever became of another */
	RV(C_GetAttributeValue(s, o, get, COUNT(get)), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(get[0].ulValueLen, 67);
	assert_int_equal(get[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(get[2].ulValueLen, 3);
	assert_int_equal(get[3].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(get[4].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	get[4].ulValueLen = 1;
	RV(C_GetAttributeValue(s, o, &get[4], 1), CKR_BUFFER_TOO_SMALL);
	RV(C_GetAttributeValue(s, o, &get[3], 1), CKR_ATTRIBUTE_TYPE_INVALID);
	RV(C_GetAttributeValue(s, o, NULL, 0), CKR_ARGUMENTS_BAD);
	RV(C_GetAttributeValue(s, 12345, get, 1), CKR_OBJECT_HANDLE_INVALID);

	/* its public half is no second object, written as an OCTET STRING or raw */
	memcpy(raw, point + 2, sizeof(raw));
	for (int i = 0; i < 2; i++) {
		CK_ATTRIBUTE t[] = {
			{ CKA_CLASS, &public, sizeof(public) }, { CKA_KEY_TYPE, &ec, sizeof(ec) },
			{ CKA_TOKEN, &yes, 1 }, { CKA_EC_PARAMS, p256, sizeof(p256) },
			{ CKA_EC_POINT, i ? raw : point, i ? sizeof(raw) : 67 },
		};

		OK(C_CreateObject(s, t, COUNT(t), &again));
		assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 3);
		assert_int_equal(objects[0], again);
	}
	check_bytes(s, again, CKA_LABEL, "key", 3);

	/* destroyed first it is hidden, and nothing is deleted */
	OK(C_DestroyObject(s, again));
	assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 2);
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
	RV(C_DestroyObject(s, again), CKR_OBJECT_HANDLE_INVALID);
	OK(C_DestroyObject(s, o));
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 2);
	RV(C_DestroyObject(s, o), CKR_OBJECT_HANDLE_INVALID);

	/* the other way round: the pair goes, and both are told so */
	OK(import_ec(s, true, "", "", &o));
	assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 3);
	half = objects[0];
	RV(C_DestroyObject(r, o), CKR_SESSION_READ_ONLY);
	OK(C_DestroyObject(s, o));
	assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 2);
	RV(C_GetAttributeValue(s, half, get, 1), CKR_OBJECT_HANDLE_INVALID);
	OK(C_DestroyObject(s, half));
	RV(C_DestroyObject(s, half), CKR_OBJECT_HANDLE_INVALID);

	/* NXP's stay */
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 2);
	RV(C_DestroyObject(s, objects[0]), CKR_ACTION_PROHIBITED);
	assert_true(is_bool(s, objects[0], CKA_MODIFIABLE, false) &&
		    is_bool(s, objects[0], CKA_DESTROYABLE, false));
	RV(C_CopyObject(s, objects[0], NULL, 0, &o), CKR_ACTION_PROHIBITED);
}

static void test_templates(void **state)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY, trust = 0xCE534353;
	CK_SESSION_HANDLE s = rw();
	CK_KEY_TYPE type = CKK_AES;
	CK_OBJECT_HANDLE o;
	uint8_t key[40] = { 0 };
	CK_ULONG before, n;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, 1 }, { CKA_VALUE, key, 16 }, { CKA_LABEL, key, 0 },
	};
	const struct {
		CK_ATTRIBUTE a;	/* instead of the one of its type, or behind them */
		CK_RV rv;
	} bad[] = {
		{ { CKA_CLASS, &class, 3 }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_CLASS, NULL, sizeof(class) }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_CLASS, &trust, sizeof(trust) }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_TOKEN, &yes, 2 }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_VALUE, key, (CK_ULONG)-1 }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_VALUE, key, 15 }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_VALUE, key, 0 }, CKR_TEMPLATE_INCOMPLETE },
		{ { CKA_SENSITIVE, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_EXTRACTABLE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_TRUSTED, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_LOCAL, &yes, 1 }, CKR_ATTRIBUTE_READ_ONLY },
		{ { CKA_VENDOR_DEFINED, &yes, 1 }, CKR_ATTRIBUTE_TYPE_INVALID },
		{ { CKA_LABEL, "0x12", 4 }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_LABEL, "\xff", 1 }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_LABEL, "a\0b", 3 }, CKR_ATTRIBUTE_VALUE_INVALID },
		{ { CKA_ID, path, 65 }, CKR_ATTRIBUTE_VALUE_INVALID },
	};

	(void)state;
	before = find(s, NULL, 0);
	for (size_t i = 0; i < COUNT(bad); i++) {
		CK_ATTRIBUTE now[COUNT(t) + 1];

		memcpy(now, t, sizeof(t));
		now[COUNT(t)] = bad[i].a;
		for (n = 0; now[n].type != bad[i].a.type; n++)
			;
		now[n] = bad[i].a;
		n = n == COUNT(t) ? COUNT(t) + 1 : COUNT(t);
		if (C_CreateObject(s, now, n, &o) != bad[i].rv)
			fail_msg("template %zu: 0x%lX", i, C_CreateObject(s, now, n, &o));
	}
	RV(C_CreateObject(s, t, 1, &o), CKR_TEMPLATE_INCOMPLETE);
	RV(C_CreateObject(s, t + 1, 3, &o), CKR_TEMPLATE_INCOMPLETE);
	RV(C_CreateObject(s, NULL, 1, &o), CKR_ARGUMENTS_BAD);
	RV(C_CreateObject(s, t, 4, NULL), CKR_ARGUMENTS_BAD);
	t[4] = t[3];
	RV(C_CreateObject(s, t, 5, &o), CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(find(s, NULL, 0), before);
	/* searches for what is no attribute of ours find nothing, and that is no error */
	t[0] = (CK_ATTRIBUTE) { CKA_VENDOR_DEFINED | 5, &yes, 1 };
	assert_int_equal(find(s, t, 1), 0);
	t[0] = (CK_ATTRIBUTE) { CKA_CLASS, &trust, sizeof(trust) };
	apdus = 0;
	assert_int_equal(find(s, t, 1), 0);
	assert_int_equal(apdus, 0);
	t[0] = (CK_ATTRIBUTE) { CKA_CLASS, &class, 3 };
	RV(C_FindObjectsInit(s, t, 1), CKR_ATTRIBUTE_VALUE_INVALID);
	RV(C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	OK(C_FindObjectsInit(s, NULL, 0));
	RV(C_FindObjectsInit(s, NULL, 0), CKR_OPERATION_ACTIVE);
	RV(C_FindObjects(s, NULL, 1, &n), CKR_ARGUMENTS_BAD);
	OK(C_FindObjects(s, &o, 1, &n));
	assert_int_equal(n, 1);
	OK(C_SessionCancel(s, 0x40));
	RV(C_FindObjects(s, &o, 1, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void test_session_objects(void **state)
{
	CK_SESSION_HANDLE r = open_session(0), other = open_session(0);
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE, "secret", 6 }, { CKA_LABEL, "s", 1 }, { CKA_SENSITIVE, &no, 1 },
	};
	CK_ATTRIBUTE set[] = { { CKA_LABEL, "other", 5 }, { CKA_SENSITIVE, &yes, 1 } };
	CK_ATTRIBUTE value = { CKA_VALUE, NULL, 0 };
	CK_OBJECT_HANDLE o, key;

	(void)state;
	apdus = 0;
	OK(C_CreateObject(r, t, COUNT(t), &o));
	check_bytes(r, o, CKA_VALUE, "secret", 6);
	check_bytes(r, o, CKA_LABEL, "s", 1);
	assert_true(is_bool(r, o, CKA_TOKEN, false) && is_bool(r, o, CKA_EXTRACTABLE, true) &&
		    is_bool(r, o, CKA_LOCAL, false));
	OK(C_SetAttributeValue(r, o, set, 2));
	check_bytes(other, o, CKA_LABEL, "other", 5);
	RV(C_GetAttributeValue(r, o, &value, 1), CKR_ATTRIBUTE_SENSITIVE);
	set[1].pValue = &no;
	RV(C_SetAttributeValue(r, o, set, 2), CKR_ATTRIBUTE_READ_ONLY);
	t[3].pValue = "t";
	OK(C_CreateObject(r, t, COUNT(t), &key));
	OK(C_DestroyObject(other, key));
	OK(import_ec(r, false, "k", "", &key));
	check_bytes(r, key, CKA_VALUE, scalar, sizeof(scalar));
	assert_int_equal(apdus, 0);	/* all of it on the host */
	OK(C_CloseSession(r));
	RV(C_GetAttributeValue(other, o, &value, 1), CKR_OBJECT_HANDLE_INVALID);
	RV(C_DestroyObject(other, key), CKR_OBJECT_HANDLE_INVALID);
}

/* Its certificate has a key's CKA_ID and label, whenever it came and whatever they are. */
static void test_certificate(void **state)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE x509 = CKC_X_509;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	CK_ATTRIBUTE set[] = { { CKA_LABEL, "2nd", 3 }, { CKA_ID, "\7\7", 2 } };
	CK_SESSION_HANDLE s = rw();
	X509 *cert = X509_new();
	uint8_t padded[1200] = { 0 }, *der = NULL, *name = NULL;
	CK_OBJECT_HANDLE o, k, renewed;
	BIGNUM *d = NULL;
	int len, name_len;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &x509, sizeof(x509) }, { CKA_TOKEN, &yes, 1 },
		{ CKA_VALUE, NULL, 0 }, { CKA_ID, "xyz", 3 },
	};

	(void)state;
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
				   (const uint8_t *)"me", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	assert_true(X509_sign(cert, key, EVP_sha256()));
	len = i2d_X509(cert, &der);
	assert_true(EVP_PKEY_get_bn_param(key, "priv", &d) && BN_bn2binpad(d, scalar, 32) == 32);
	t[3].pValue = der;
	t[3].ulValueLen = len;
	OK(C_CreateObject(s, t, 5, &o));
	check_bytes(s, o, CKA_VALUE, der, len);
	check_bytes(s, o, CKA_ID, "xyz", 3);
	name_len = i2d_X509_NAME(X509_get_subject_name(cert), &name);
	check_bytes(s, o, CKA_SUBJECT, name, name_len);
	check_bytes(s, o, CKA_ISSUER, name, name_len);
	OK(import_ec(s, true, "mine", "abc", &k));
	check_bytes(s, o, CKA_ID, "abc", 3);
	OK(C_SetAttributeValue(s, k, set, 2));
	check_bytes(s, k, CKA_ID, "\7\7", 2);
	check_bytes(s, o, CKA_ID, "\7\7", 2);
	assert_int_equal(find(s, &set[1], 1), 3);	/* with the key's two halves */
	assert_int_equal(find(s, set, 1), 3);
	/* renewed: the new one is the key's, whichever was there first */
	assert_true(X509_gmtime_adj(X509_getm_notBefore(cert), 100) &&
		    X509_sign(cert, key, EVP_sha256()));
	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509(cert, &der);
	t[3].pValue = der;
	t[3].ulValueLen = len;
	OK(C_CreateObject(s, t, 4, &renewed));
	check_bytes(s, renewed, CKA_ID, "\7\7", 2);
	check_bytes(s, renewed, CKA_LABEL, "2nd", 3);
	check_bytes(s, o, CKA_ID, "xyz", 3);
	assert_int_equal(find(s, &set[1], 1), 3);
	OK(C_DestroyObject(s, renewed));
	check_bytes(s, o, CKA_ID, "\7\7", 2);
	OK(C_DestroyObject(s, k));
	check_bytes(s, o, CKA_ID, "xyz", 3);
	/* behind it there may be anything in the file */
	memcpy(padded, der, len);
	CHIP_RUN(se05x_iot_binary_create, 0x01010101, padded, sizeof(padded), NULL, NULL);
	assert_int_equal(find_class(s, CKO_CERTIFICATE), 4);
	check_bytes(s, objects[1], CKA_VALUE, der, len);
	check_bytes(s, objects[1], CKA_ID, "\1\1\1\1", 4);
	t[3].pValue = padded + 4;
	RV(C_CreateObject(s, t, 4, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	BN_free(d);
	OPENSSL_free(der);
	OPENSSL_free(name);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void test_data(void **state)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	uint8_t big[3000];
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 },
		{ CKA_VALUE, big, sizeof(big) }, { CKA_LABEL, "papers", 6 },
		{ CKA_APPLICATION, "app", 3 },
	};
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE o;
	uint8_t value[3000];
	CK_ATTRIBUTE get = { CKA_VALUE, value, sizeof(value) };

	(void)state;
	memset(big, 0xA5, sizeof(big));
	RV(C_CreateObject(s, t, 5, &o), CKR_TEMPLATE_INCONSISTENT);
	OK(C_CreateObject(s, t, 4, &o));
	OK(C_GetAttributeValue(s, o, &get, 1));
	assert_int_equal(get.ulValueLen, sizeof(big));
	assert_memory_equal(value, big, sizeof(big));
	assert_int_equal(find(s, &t[3], 1), 1);
	OK(C_DestroyObject(s, o));
	assert_int_equal(find(s, &t[3], 1), 0);
	/* pages of names are no objects */
	assert_int_equal(find_class(s, CKO_DATA), 1);
	check_bytes(s, objects[0], CKA_LABEL, "se05x:7FFF0206", 14);
}

static void test_names(void **state)
{
	CK_ATTRIBUTE label = { CKA_LABEL, "new", 3 }, id = { CKA_ID, "\1\1\1\1", 4 };
	CK_SESSION_HANDLE s = rw(), r = open_session(0);
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE by_id[] = { { CKA_CLASS, &class, sizeof(class) },
				 { CKA_ID, "\1\1\1\2", 4 } };
	CK_OBJECT_HANDLE o;

	(void)state;
	CHIP_RUN(se05x_iot_ec_generate, 0x01010101, SE05X_IOT_CURVE_P256, NULL, NULL);
	CHIP_RUN(se05x_iot_ec_generate, 0x01010102, SE05X_IOT_CURVE_P256, NULL, NULL);
	assert_int_equal(find(s, by_id, 2), 1);
	o = objects[0];
	check_bytes(s, o, CKA_LABEL, "se05x:01010102", 14);
	assert_true(is_bool(s, o, CKA_LOCAL, true) && is_bool(s, o, CKA_ALWAYS_SENSITIVE, true) &&
		    is_bool(s, o, CKA_NEVER_EXTRACTABLE, true));
	RV(C_SetAttributeValue(r, o, &label, 1), CKR_SESSION_READ_ONLY);
	OK(C_SetAttributeValue(s, o, &label, 1));
	check_bytes(s, o, CKA_LABEL, "new", 3);
	check_bytes(s, o, CKA_ID, "\1\1\1\2", 4);
	/* that is the other one's by default */
	RV(C_SetAttributeValue(s, o, &id, 1), CKR_ATTRIBUTE_VALUE_INVALID);
	id.pValue = "some longer one";
	id.ulValueLen = 15;
	OK(C_SetAttributeValue(s, o, &id, 1));
	check_bytes(s, o, CKA_ID, "some longer one", 15);
	check_bytes(s, o, CKA_LABEL, "new", 3);
	assert_int_equal(find(s, by_id, 2), 0);
	/* an empty one takes it away */
	label.ulValueLen = 0;
	OK(C_SetAttributeValue(s, o, &label, 1));
	check_bytes(s, o, CKA_LABEL, "se05x:01010102", 14);
	check_bytes(s, o, CKA_ID, "some longer one", 15);
	id.ulValueLen = 0;
	OK(C_SetAttributeValue(s, o, &id, 1));
	assert_int_equal(find(s, by_id, 2), 1);
	/* nor may a new object have the identifier of one that is there */
	RV(import_ec(s, true, "", "\1\1\1\1", &o), CKR_ATTRIBUTE_VALUE_INVALID);
	o = objects[0];
	id = (CK_ATTRIBUTE) { CKA_TOKEN, &no, 1 };
	RV(C_SetAttributeValue(s, o, &id, 1), CKR_ATTRIBUTE_READ_ONLY);
	id = (CK_ATTRIBUTE) { CKA_TOKEN, &yes, 1 };
	OK(C_SetAttributeValue(s, o, &id, 1));
	/* a key in its place inherits nothing */
	CHIP_RUN(se05x_iot_delete, 0x01010102);
	OK(C_FindObjectsInit(s, NULL, 0));
	OK(C_FindObjectsFinal(s));
	RV(C_GetAttributeValue(s, o, &id, 1), CKR_OBJECT_HANDLE_INVALID);
	CHIP_RUN(se05x_iot_ec_generate, 0x01010102, SE05X_IOT_CURVE_P256, NULL, NULL);
	assert_int_equal(find(s, by_id, 2), 1);
	check_bytes(s, objects[0], CKA_LABEL, "se05x:01010102", 14);
}

/* ---- children ---- */

static int child_of(int (*run)(CK_SESSION_HANDLE s), CK_SESSION_HANDLE s)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(run(s));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

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

/* It never logs in */
static int in_quiet_child(CK_SESSION_HANDLE s)
{
	if (C_Initialize(NULL) || C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s))
		return 1;
	return find_class(s, CKO_PUBLIC_KEY) < 2 || C_Finalize(NULL);
}

/* ---- the PIN ---- */

static CK_SESSION_HANDLE with_user(const char *more, uint16_t attempts)
{
	struct se05x_iot_new how = { .max_attempts = attempts };
	char text[200];

	CHIP_RUN(se05x_iot_userid_create, USER, "1234", 4, attempts ? &how : NULL);
	snprintf(text, sizeof(text), "user = 0x%08X\n%s", USER, more);
	configure(text);
	OK(C_Finalize(NULL));
	OK(C_Initialize(NULL));
	return rw();
}

static void test_pin(void **state)
{
	CK_SESSION_HANDLE s = with_user("", 3), r = open_session(0);
	CK_OBJECT_HANDLE o;
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
	RV(C_Login(s, CKU_USER, PIN, 3), CKR_PIN_LEN_RANGE);
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"12345678901234567", 17), CKR_PIN_LEN_RANGE);
	assert_int_equal(apdus, 0);	/* no attempt is gone */
	OK(C_Login(s, CKU_USER, PIN, 4));
	assert_int_equal(state_of(r), CKS_RO_USER_FUNCTIONS);
	OK(import_ec(s, true, "mine", "", &o));
	assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 3);
	/* it is the user's: nobody else deletes it */
	assert_int_equal(find_class(s, CKO_PUBLIC_KEY), 3);
	OK(C_Logout(s));
	RV(C_DestroyObject(s, o), CKR_OBJECT_HANDLE_INVALID);
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"4321", 4), CKR_PIN_INCORRECT);
	RV(C_Login(s, CKU_USER, (CK_UTF8CHAR *)"4321", 4), CKR_PIN_INCORRECT);
	assert_int_equal(state_of(s), CKS_RW_PUBLIC_SESSION);
	OK(C_Login(s, CKU_USER, PIN, 4));
	OK(C_DestroyObject(s, o));
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

/* ---- fork, threads, rebind ---- */

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

/* ---- what breaks off ---- */

/* 1024 bits; each number of it, by its name for libcrypto */
static CK_RV import_rsa(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *o)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *name;
	} numbers[] = {
		{ CKA_MODULUS, "n" }, { CKA_PUBLIC_EXPONENT, "e" }, { CKA_PRIVATE_EXPONENT, "d" },
		{ CKA_PRIME_1, "rsa-factor1" }, { CKA_PRIME_2, "rsa-factor2" },
		{ CKA_EXPONENT_1, "rsa-exponent1" }, { CKA_EXPONENT_2, "rsa-exponent2" },
		{ CKA_COEFFICIENT, "rsa-coefficient1" },
	};
	EVP_PKEY *key = EVP_RSA_gen(1024);
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE t[3 + COUNT(numbers)] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, 1 },
	};
	uint8_t bytes[COUNT(numbers)][128];
	CK_RV rv;

	for (size_t i = 0; i < COUNT(numbers); i++) {
		BIGNUM *n = NULL;

		assert_true(EVP_PKEY_get_bn_param(key, numbers[i].name, &n));
		t[3 + i] = (CK_ATTRIBUTE) { numbers[i].type, bytes[i], BN_bn2bin(n, bytes[i]) };
		BN_free(n);
	}
	rv = C_CreateObject(s, t, COUNT(t), o);
	if (!rv)
		check_bytes(s, *o, CKA_MODULUS, t[3].pValue, t[3].ulValueLen);
	EVP_PKEY_free(key);
	return rv;
}

static void test_broken_creation(void **state)
{
	/* the second number of an RSA key; a name; what a chip says that is full */
	static const char *const errors[] = {
		"--errors=010600=6F00", "--errors=016100=6A84", "--errors=016100=6F00",
		"--errors=010200=6F00",
	};
	static const CK_RV rvs[] = { CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR,
				     CKR_DEVICE_ERROR };
	CK_OBJECT_HANDLE o;

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		CK_SESSION_HANDLE s;

		C_Finalize(NULL);
		stop();
		start_with(file, "--chip=SE051", errors[i]);
		OK(C_Initialize(NULL));
		s = rw();
		if (i == 3)
			RV(import_rsa(s, &o), rvs[i]);
		else
			RV(import_ec(s, true, i ? "" : "name", "", &o), rvs[i]);
		assert_int_equal(find_class(s, CKO_PRIVATE_KEY), 2);
		assert_int_equal(find(s, NULL, 0), 7);
		if (i != 3)
			OK(import_rsa(s, &o));
		else
			OK(import_ec(s, true, "", "", &o));
		OK(C_DestroyObject(s, o));
	}
}

/* The link fails at each command in turn: nothing half made is left, or it is said so. */
static void test_link_errors(void **state)
{
	char option[40];

	(void)state;
	for (unsigned int i = 1; i <= 16; i++) {
		CK_SESSION_HANDLE s;
		CK_OBJECT_HANDLE o;
		CK_ULONG n;
		CK_RV rv;

		C_Finalize(NULL);
		stop();
		snprintf(option, sizeof(option), "--link-error=%u@%u", ECONNRESET, i);
		start_with(file, "--chip=SE051", option);
		OK(C_Initialize(NULL));
		rv = C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
		if (rv) {
			RV(rv, CKR_DEVICE_ERROR);
			continue;
		}
		rv = import_ec(s, true, "name", "", &o);
		if (rv)
			RV(rv, CKR_DEVICE_ERROR);
		while (C_FindObjectsInit(s, NULL, 0))
			;	/* it may be what fails: once */
		OK(C_FindObjects(s, objects, COUNT(objects), &n));
		OK(C_FindObjectsFinal(s));
		assert_int_equal(n, rv ? 7 : 9);
		if (!rv)
			OK(C_DestroyObject(s, o));
	}
}

/* A key that nobody may delete is said to be so */
static void test_not_destroyable(void **state)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 },
		{ CKA_VALUE, "x", 1 }, { CKA_DESTROYABLE, &no, 1 },
	};
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(C_CreateObject(s, t, COUNT(t), &o));
	assert_true(is_bool(s, o, CKA_DESTROYABLE, false));
	RV(C_DestroyObject(s, o), CKR_ACTION_PROHIBITED);
	check_bytes(s, o, CKA_VALUE, "x", 1);
	t[1].pValue = &no;
	OK(C_CreateObject(s, t, COUNT(t), &o));
	RV(C_DestroyObject(s, o), CKR_ACTION_PROHIBITED);
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
		execl("/proc/self/exe", "pkcs11_test", "exit", NULL);
		_exit(9);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- several processes ---- */

/* Makes, names, finds and deletes; what others do meanwhile is no matter */
static int busy_child(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	char text[20];
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 },
		{ CKA_VALUE, text, sizeof(text) }, { CKA_LABEL, text, 0 },
	};
	CK_OBJECT_HANDLE o, other;
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
	CK_SESSION_HANDLE s = rw();
	pid_t children[3];
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (!children[i])
			_exit(busy_child(s));
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		waitpid(children[i], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(find(s, NULL, 0), 7);
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

#define CHIP(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_initialized), cmocka_unit_test(test_interfaces),
		CHIP(test_slots), CHIP(test_events), CHIP(test_sessions), CHIP(test_import),
		CHIP(test_templates), CHIP(test_session_objects), CHIP(test_certificate),
		CHIP(test_data), CHIP(test_names), CHIP(test_pin), CHIP(test_pin_refused),
		CHIP(test_kept_session), CHIP(test_without_applet),
		CHIP(test_configuration), CHIP(test_fork), CHIP(test_fork_without_rights),
		CHIP(test_threads), CHIP(test_rebind), CHIP(test_broken_creation),
		CHIP(test_link_errors), CHIP(test_not_destroyable), CHIP(test_exit), CHIP(test_processes), CHIP(test_cost),
	};
	int ret;

	(void)argv;
	if (argc > 1)
		return exit_late();
	if (!getenv("SE05X_SIM") || !mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(device, sizeof(device), "unix:%s", path);
	snprintf(argument, sizeof(argument), "--socket=%s", path);
	snprintf(file, sizeof(file), "--state=%s/state", folder);
	snprintf(other, sizeof(other), "--state=%s/other", folder);
	snprintf(conf, sizeof(conf), "%s/pkcs11.conf", folder);
	setenv("SE05X_DEVICE", device, 1);
	setenv("SE05X_PKCS11_CONF", conf, 1);
	if (getenv("TEST_FILTER"))
		cmocka_set_test_filter(getenv("TEST_FILTER"));
	ret = cmocka_run_group_tests_name("pkcs11", tests, NULL, NULL);
	unlink(conf);
	rmdir(folder);
	return ret;
}
