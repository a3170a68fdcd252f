// SPDX-License-Identifier: GPL-2.0-only
/* What tests of the PKCS#11 module's core have in common */
#include "pkcs11_core.h"

CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
struct keys_chip *chip;
struct se05x_call call;
CK_OBJECT_HANDLE objects[64];

/* ---- APDUs are counted: the linker sends them by here ---- */

_Atomic unsigned int apdus;

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
char device[120], path[100], file[100], other[120], conf[100];
static char argument[120];
static pid_t server;

void start_with(const char *keep, const char *chip, const char *option)
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

void start(const char *keep)
{
	start_with(keep, "--chip=SE051", NULL);
}

void stop(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(path);
}

void configure(const char *text)
{
	FILE *f = fopen(conf, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

int setup(void **state)
{
	(void)state;
	unlink(conf);
	start(file);
	return C_Initialize(NULL);
}

int teardown(void **state)
{
	(void)state;
	C_Finalize(NULL);
	stop();
	unlink(file + strlen("--state="));
	unlink(other + strlen("--state="));
	return 0;
}

/* ---- sessions and objects ---- */

CK_SESSION_HANDLE open_session(CK_FLAGS flags)
{
	CK_SESSION_HANDLE s = 0;

	OK(C_OpenSession(0, CKF_SERIAL_SESSION | flags, NULL, NULL, &s));
	assert_int_not_equal(s, 0);
	return s;
}

CK_SESSION_HANDLE rw(void)
{
	return open_session(CKF_RW_SESSION);
}

CK_STATE state_of(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	OK(C_GetSessionInfo(s, &info));
	assert_int_equal(info.slotID, 0);
	return info.state;
}

CK_ULONG find(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_ULONG found = 0;

	OK(C_FindObjectsInit(s, t, n));
	OK(C_FindObjects(s, objects, COUNT(objects), &found));
	OK(C_FindObjectsFinal(s));
	return found;
}

CK_ULONG find_class(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };

	return find(s, &t, 1);
}

bool is_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, bool is)
{
	CK_BBOOL value = 7;
	CK_ATTRIBUTE a = { type, &value, sizeof(value) };

	OK(C_GetAttributeValue(s, o, &a, 1));
	return value == is;
}

void check_bytes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
			const void *bytes, size_t len)
{
	uint8_t value[1200];
	CK_ATTRIBUTE a = { type, value, sizeof(value) };

	OK(C_GetAttributeValue(s, o, &a, 1));
	assert_int_equal(a.ulValueLen, len);
	assert_memory_equal(value, bytes, len);
}

uint8_t p256[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
uint8_t scalar[32] = { 1, 2, 3 };

CK_RV import_ec(CK_SESSION_HANDLE s, bool token, const char *label, const char *id,
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

int child_of(int (*run)(CK_SESSION_HANDLE s), CK_SESSION_HANDLE s)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(run(s));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* It never logs in */
int in_quiet_child(CK_SESSION_HANDLE s)
{
	if (C_Initialize(NULL) || C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s))
		return 1;
	return find_class(s, CKO_PUBLIC_KEY) < 2 || C_Finalize(NULL);
}

CK_SESSION_HANDLE with_user(const char *more, uint16_t attempts)
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

extern unsigned int keys_idle_ms;

int test_main(const char *name, const struct CMUnitTest *tests, size_t n)
{
	int ret;

	if (!getenv("SE05X_SIM") || !mkdtemp(folder))
		return 1;
	keys_idle_ms = 3600000;	/* a machine that is busy with something else is not idle */
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
	ret = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	unlink(conf);
	rmdir(folder);
	return ret;
}
