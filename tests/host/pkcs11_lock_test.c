// SPDX-License-Identifier: GPL-2.0-only
/* libse05x-pkcs11 on a chip that its owner lets nobody write */
#include "pkcs11_core.h"

static int restriction = -1;	/* what the chip says; -1: what it says by itself */

int __real_se05x_iot_state(struct se05x_iot *iot, struct se05x_iot_state *state,
			   struct se05x_call *call);
int __wrap_se05x_iot_state(struct se05x_iot *iot, struct se05x_iot_state *state,
			   struct se05x_call *call);

int __wrap_se05x_iot_state(struct se05x_iot *iot, struct se05x_iot_state *state,
			   struct se05x_call *call)
{
	int ret = __real_se05x_iot_state(iot, state, call);

	if (!ret && restriction >= 0)
		state->restriction = restriction;
	return ret;
}

static void start_anew(const char *model, const char *option)
{
	C_Finalize(NULL);
	stop();
	start_with(file, model, option);
	OK(C_Initialize(NULL));
}

static bool is_protected(void)
{
	CK_TOKEN_INFO info;

	OK(C_GetTokenInfo(0, &info));
	return info.flags & CKF_WRITE_PROTECTED;
}

static CK_RV make_data(CK_SESSION_HANDLE s, CK_BBOOL *token, CK_OBJECT_HANDLE *o)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, token, 1 },
		{ CKA_VALUE, "x", 1 },
	};

	return C_CreateObject(s, t, COUNT(t), o);
}

static CK_RV make_pair(CK_SESSION_HANDLE s, CK_BBOOL *token)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, token, 1 } };
	CK_OBJECT_HANDLE a, b;

	return C_GenerateKeyPair(s, &m, public, 1, private, 1, &a, &b);
}

static CK_RV make_secret(CK_SESSION_HANDLE s, CK_BBOOL *token)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG len = 16;
	CK_ATTRIBUTE t[] = { { CKA_TOKEN, token, 1 }, { CKA_VALUE_LEN, &len, sizeof(len) } };
	CK_OBJECT_HANDLE o;

	return C_GenerateKey(s, &m, t, COUNT(t), &o);
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { CKM_ECDSA_SHA256, NULL, 0 };
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);

	return C_SignInit(s, &m, key) ?: C_Sign(s, p256, sizeof(p256), signature, &len);
}

/* Keys work, and nothing is made, named or deleted: that much is asked, and no more. */
static void test_locked(void **state)
{
	CK_ATTRIBUTE label = { CKA_LABEL, "other", 5 };
	CK_OBJECT_HANDLE key, o;
	CK_SESSION_HANDLE s;

	(void)state;
	OK(import_ec(rw(), true, "mine", "", &key));
	assert_false(is_protected());
	start_anew("--chip=SE051", "--locked");
	assert_true(is_protected());
	/* a session that could write: OpenSSH opens no other kind */
	s = rw();
	assert_int_equal(find(s, &(CK_ATTRIBUTE) { CKA_LABEL, "mine", 4 }, 1), 2);
	key = objects[is_bool(s, objects[1], CKA_SIGN, true)];
	OK(sign(s, key));
	apdus = 0;
	RV(make_data(s, &yes, &o), CKR_TOKEN_WRITE_PROTECTED);
	RV(import_ec(s, true, "", "", &o), CKR_TOKEN_WRITE_PROTECTED);
	RV(make_pair(s, &yes), CKR_TOKEN_WRITE_PROTECTED);
	RV(make_secret(s, &yes), CKR_TOKEN_WRITE_PROTECTED);
	RV(C_SetAttributeValue(s, key, &label, 1), CKR_TOKEN_WRITE_PROTECTED);
	RV(C_DestroyObject(s, key), CKR_TOKEN_WRITE_PROTECTED);
	assert_int_equal(apdus, 6);
	RV(make_data(open_session(0), &yes, &o), CKR_SESSION_READ_ONLY);
	/* what is on the host is the caller's */
	OK(make_data(s, &no, &o));
	OK(C_DestroyObject(s, o));
	OK(make_pair(s, &no));
	OK(make_secret(s, &no));
	OK(sign(s, key));
	/* its owner took the lock away while this process was at it */
	stop();
	start(file);
	RV(make_data(s, &yes, &o), CKR_DEVICE_REMOVED);
	OK(make_data(s, &yes, &o));
	assert_false(is_protected());
	apdus = 0;
	OK(C_DestroyObject(s, o));
	assert_in_range(apdus, 1, 2);	/* its policy, and DeleteSecureObject: nothing is asked */
	/* and put it there again, which no file that stays open hears of */
	stop();
	start_with(file, "--chip=SE051", "--locked");
	RV(make_data(s, &yes, &o), CKR_DEVICE_ERROR);
	RV(make_data(s, &yes, &o), CKR_DEVICE_REMOVED);
	RV(make_data(s, &yes, &o), CKR_TOKEN_WRITE_PROTECTED);
	assert_true(is_protected());
	/* it went away and came back: what it was is not known any more */
	stop();
	start(file);
	RV(make_data(s, &yes, &o), CKR_DEVICE_REMOVED);
	OK(make_data(s, &yes, &o));
	stop();
	start_with(file, "--chip=SE051", "--locked");
	RV(C_FindObjectsInit(s, NULL, 0), CKR_DEVICE_REMOVED);
	assert_true(is_protected());
	RV(make_data(s, &yes, &o), CKR_TOKEN_WRITE_PROTECTED);
}

/* Without new objects a token can still be cleared up. */
static void test_restricted(void **state)
{
	CK_OBJECT_HANDLE o;
	CK_SESSION_HANDLE s = rw();

	(void)state;
	for (restriction = 0; restriction < 3; restriction++) {
		int now = restriction;

		restriction = -1;
		OK(make_data(s, &yes, &o));
		restriction = now;
		C_Finalize(NULL);
		OK(C_Initialize(NULL));
		s = rw();
		assert_int_equal(is_protected(), restriction == SE05X_IOT_RESTRICTION_ALL);
		RV(make_pair(s, &yes), restriction ? CKR_TOKEN_WRITE_PROTECTED : CKR_OK);
		assert_int_equal(find(s, &(CK_ATTRIBUTE) { CKA_VALUE, "x", 1 }, 1), 1);
		OK(C_DestroyObject(s, objects[0]));
	}
	restriction = -1;
}

/* Older applets don't tell; a chip that says something else about it is taken for open. */
static void test_not_told(void **state)
{
	CK_OBJECT_HANDLE o;
	CK_SESSION_HANDLE s;
	CK_TOKEN_INFO info;
	unsigned int first;

	(void)state;
	/* its number is told, and that is not */
	start_anew("--chip=SE051", "--link-error=104@2");
	OK(C_GetTokenInfo(0, &info));
	assert_int_not_equal(info.serialNumber[0], ' ');
	assert_false(info.flags & CKF_WRITE_PROTECTED);
	s = rw();
	apdus = 0;
	OK(make_data(s, &yes, &o));
	first = apdus;
	OK(C_DestroyObject(s, o));
	apdus = 0;
	OK(make_data(s, &yes, &o));
	assert_int_equal(apdus, first - 1);
	start_anew("--chip=SE051", "--errors=02005B=6D00,040022=6F00");
	assert_false(is_protected());
	s = rw();
	OK(make_data(s, &yes, &o));
	OK(C_DestroyObject(s, o));
	start_anew("--chip=SE051", "--errors=02005B=6985");
	assert_false(is_protected());
	OK(make_data(rw(), &yes, &o));
	unlink(file + strlen("--state="));
	start_anew("--chip=SE050C", "--locked");
	assert_false(is_protected());
	s = rw();
	/* by the chip itself, which gives no reason */
	RV(make_data(s, &yes, &o), CKR_DEVICE_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP(test_locked), CHIP(test_restricted), CHIP(test_not_told),
	};

	return test_main("pkcs11 lock", tests, COUNT(tests));
}
