// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which mechanisms there are, how operations begin and end, what costs nothing in the chip,
 * who may what, and new keys
 */
#include <errno.h>

#include "pkcs11_run.h"

static uint8_t message[3000];

static CK_SLOT_ID slot(void)
{
	CK_SESSION_INFO info;

	OK(f->C_GetSessionInfo(s, &info));
	return info.slotID;
}

/* ---- the table ---- */

static bool is_listed(const CK_MECHANISM_TYPE *list, CK_ULONG n, CK_MECHANISM_TYPE type)
{
	int found = 0;

	for (CK_ULONG i = 0; i < n; i++)
		found += list[i] == type;
	assert_true(found < 2);
	return found;
}

static void list(bool rsa)
{
	static const CK_MECHANISM_TYPE always[] = {
		CKM_EC_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
		CKM_AES_KEY_GEN, CKM_GENERIC_SECRET_KEY_GEN, CKM_ECDSA, CKM_ECDSA_SHA1,
		CKM_ECDSA_SHA224, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512, CKM_EDDSA,
		CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE, CKM_AES_ECB, CKM_AES_CBC,
		CKM_AES_CBC_PAD, CKM_AES_CTR, CKM_AES_GCM, CKM_AES_CCM, CKM_AES_CMAC,
		CKM_AES_CMAC_GENERAL, CKM_SHA_1_HMAC, CKM_SHA256_HMAC, CKM_SHA384_HMAC,
		CKM_SHA512_HMAC, CKM_HKDF_DERIVE, CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384,
		CKM_SHA512,
	}, of_rsa[] = {
		CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA1_RSA_PKCS,
		CKM_SHA224_RSA_PKCS, CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS,
		CKM_RSA_PKCS_PSS, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS,
		CKM_RSA_PKCS_OAEP,
	};
	CK_MECHANISM_TYPE types[128];
	CK_MECHANISM_INFO info;
	CK_ULONG n = 0, few;

	OK(f->C_GetMechanismList(slot(), NULL, &n));
	assert_in_range(n, ARRAY_SIZE(always), ARRAY_SIZE(types));
	few = n - 1;
	IS(CKR_BUFFER_TOO_SMALL, f->C_GetMechanismList(slot(), types, &few));
	assert_int_equal(few, n);
	OK(f->C_GetMechanismList(slot(), types, &few));
	assert_int_equal(few, n);
	for (CK_ULONG i = 0; i < n; i++) {
		OK(f->C_GetMechanismInfo(slot(), types[i], &info));
		assert_true(info.flags & ~CKF_HW);
		assert_true(info.ulMinKeySize <= info.ulMaxKeySize);
		assert_true(is_listed(types, n, types[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		assert_true(is_listed(types, n, always[i]));
	for (size_t i = 0; i < ARRAY_SIZE(of_rsa); i++) {
		assert_int_equal(is_listed(types, n, of_rsa[i]), rsa);
		IS(rsa ? CKR_OK : CKR_MECHANISM_INVALID,
		   f->C_GetMechanismInfo(slot(), of_rsa[i], &info));
	}
	IS(CKR_MECHANISM_INVALID, f->C_GetMechanismInfo(slot(), CKM_DES3_CBC, &info));
	IS(CKR_ARGUMENTS_BAD, f->C_GetMechanismInfo(slot(), CKM_ECDSA, NULL));
	IS(CKR_ARGUMENTS_BAD, f->C_GetMechanismList(slot(), types, NULL));
	IS(CKR_SLOT_ID_INVALID, f->C_GetMechanismList(77, NULL, &n));
	IS(CKR_SLOT_ID_INVALID, f->C_GetMechanismInfo(77, CKM_ECDSA, &info));
}

static void test_list(void **state)
{
	CK_MECHANISM_INFO info;

	(void)state;
	list(true);
	OK(f->C_GetMechanismInfo(slot(), CKM_RSA_PKCS, &info));
	assert_int_equal(info.flags, CKF_HW | CKF_SIGN | CKF_VERIFY | CKF_ENCRYPT | CKF_DECRYPT);
	assert_int_equal(info.ulMinKeySize, 1024);
	assert_int_equal(info.ulMaxKeySize, 4096);
	/* bits; of other secret keys bytes */
	OK(f->C_GetMechanismInfo(slot(), CKM_GENERIC_SECRET_KEY_GEN, &info));
	assert_int_equal(info.ulMaxKeySize, 2048);
	OK(f->C_GetMechanismInfo(slot(), CKM_AES_KEY_GEN, &info));
	assert_int_equal(info.ulMaxKeySize, 32);
}

static void test_list_no_rsa(void **state)
{
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ULONG bits = 2048;
	CK_ATTRIBUTE t[] = { VALUE(CKA_MODULUS_BITS, bits) };
	CK_OBJECT_HANDLE a, b;

	(void)state;
	list(false);
	IS(CKR_MECHANISM_INVALID, f->C_GenerateKeyPair(s, &m, t, 1, NULL, 0, &a, &b));
}

/* ---- how operations begin and end ---- */

static void test_states(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_FALSE);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 }, hashed = { CKM_ECDSA_SHA256, NULL, 0 };
	CK_MECHANISM odd = { CKM_ECDSA, message, 5 }, none = { CKM_ECDSA, NULL, 5 };
	CK_MECHANISM other = { CKM_RSA_PKCS, NULL, 0 }, unknown = { 0x12345678, NULL, 0 };
	uint8_t sig[64];
	CK_ULONG n = sizeof(sig);

	(void)state;
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, message, 32, sig, &n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_SignUpdate(s, message, 32));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_SignFinal(s, sig, &n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Verify(s, message, 32, sig, n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_VerifyUpdate(s, message, 32));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_VerifyFinal(s, sig, n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Encrypt(s, message, 32, sig, &n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_DecryptUpdate(s, message, 32, sig, &n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_DecryptFinal(s, sig, &n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_DigestFinal(s, sig, &n));
	IS(CKR_ARGUMENTS_BAD, f->C_SignInit(s, NULL, ec.private));
	IS(CKR_MECHANISM_INVALID, f->C_SignInit(s, &unknown, ec.private));
	IS(CKR_KEY_HANDLE_INVALID, f->C_SignInit(s, &m, 0x7777));
	IS(CKR_KEY_HANDLE_INVALID, f->C_SignInit(s, &m, CK_INVALID_HANDLE));
	IS(CKR_KEY_TYPE_INCONSISTENT, f->C_SignInit(s, &other, ec.private));
	IS(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_SignInit(s, &m, ec.public));
	IS(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_VerifyInit(s, &m, ec.private));
	IS(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &odd, ec.private));
	IS(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &none, ec.private));
	IS(CKR_MECHANISM_INVALID, f->C_EncryptInit(s, &m, ec.public));
	IS(CKR_SESSION_HANDLE_INVALID, f->C_SignInit(0x7777, &m, ec.private));
	/* none of these began anything */
	OK(f->C_SignInit(s, &m, ec.private));
	IS(CKR_OPERATION_ACTIVE, f->C_SignInit(s, &m, ec.private));
	/* verifying is something else */
	OK(f->C_VerifyInit(s, &m, ec.public));
	OK(f->C_Sign(s, message, 32, sig, &n));
	OK(f->C_Verify(s, message, 32, sig, n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, message, 32, sig, &n));
	/* 3.0: no mechanism ends it */
	OK(f->C_SignInit(s, &m, ec.private));
	OK(f->C_SignInit(s, NULL, 0));
	OK(f->C_SignInit(s, &m, ec.private));
	OK(C_SessionCancel(s, CKF_SIGN));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, message, 32, sig, &n));
	/* bad arguments end it */
	OK(f->C_SignInit(s, &m, ec.private));
	IS(CKR_ARGUMENTS_BAD, f->C_Sign(s, NULL, 32, sig, &n));
	OK(f->C_SignInit(s, &m, ec.private));
	IS(CKR_ARGUMENTS_BAD, f->C_Sign(s, message, 32, sig, NULL));
	OK(f->C_SignInit(s, &m, ec.private));
	IS(CKR_ARGUMENTS_BAD, f->C_SignUpdate(s, NULL, 32));
	OK(f->C_VerifyInit(s, &m, ec.public));
	IS(CKR_ARGUMENTS_BAD, f->C_Verify(s, message, 32, NULL, 64));
	/* what came in parts does not end in one */
	OK(f->C_SignInit(s, &hashed, ec.private));
	OK(f->C_SignUpdate(s, message, 32));
	IS(CKR_OPERATION_ACTIVE, f->C_Sign(s, message, 32, sig, &n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_SignFinal(s, sig, &n));
	free_pair(&ec);
}

static void test_unsupported(void **state)
{
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	CK_ULONG n = sizeof(message);
	CK_OBJECT_HANDLE key;

	(void)state;
	IS(CKR_FUNCTION_NOT_SUPPORTED, f->C_SignRecoverInit(s, &m, 1));
	IS(CKR_FUNCTION_NOT_SUPPORTED, f->C_VerifyRecover(s, message, 1, message, &n));
	IS(CKR_FUNCTION_NOT_SUPPORTED, f->C_DigestEncryptUpdate(s, message, 1, message, &n));
	IS(CKR_FUNCTION_NOT_SUPPORTED, f->C_WrapKey(s, &m, 1, 1, message, &n));
	IS(CKR_FUNCTION_NOT_SUPPORTED, f->C_UnwrapKey(s, &m, 1, message, 1, NULL, 0, &key));
	IS(CKR_FUNCTION_NOT_SUPPORTED, C_MessageSignInit(s, &m, 1));
	IS(CKR_SESSION_HANDLE_INVALID, f->C_SignRecoverInit(0x7777, &m, 1));
}

/* ---- what costs nothing in the chip ---- */

/* Asked without a buffer, and with one that is too short: the same again then */
static void ask(CK_RV (*once)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *),
		CK_RV (*update)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *),
		CK_RV (*final)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG *), bool parts, size_t len,
		CK_ULONG most, CK_ULONG expected)
{
	unsigned int before = commands;
	uint8_t out[4096];
	CK_ULONG n = 0;

	if (parts && update) {
		n = 1;
		OK(update(s, message, len, out, &n));
		assert_int_equal(n, 0);
	} else if (parts) {
		OK(f->C_SignUpdate(s, message, len));
	}
#define GO(out, n) (parts ? final(s, out, n) : once(s, message, len, out, n))
	OK(GO(NULL, &n));
	assert_int_equal(n, most);
	n = 0;
	IS(CKR_BUFFER_TOO_SMALL, GO(out, &n));
	assert_int_equal(n, most);
	if (expected == most) {
		n = most - 1;
		IS(CKR_BUFFER_TOO_SMALL, GO(out, &n));
		assert_int_equal(n, most);
	}
	OK(GO(NULL, &n));
	assert_int_equal(commands, before);
	n = expected;
	OK(GO(out, &n));
	assert_int_equal(n, expected);
	IS(CKR_OPERATION_NOT_INITIALIZED, GO(out, &n));
#undef GO
}

static void test_buffers(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_FALSE);
	struct pair rsa = make_rsa(2048, CK_TRUE, CK_TRUE, CK_TRUE);
	CK_OBJECT_HANDLE aes = make_secret(CKK_AES, CK_TRUE, message, 16);
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 }, pkcs1 = { CKM_SHA256_RSA_PKCS, NULL, 0 };
	CK_MECHANISM cbc = { CKM_AES_CBC, message, 16 }, pad = { CKM_AES_CBC_PAD, message, 16 };
	CK_GCM_PARAMS p = { .pIv = message, .ulIvLen = 12, .ulIvBits = 96, .ulTagBits = 128 };
	CK_MECHANISM gcm = { CKM_AES_GCM, &p, sizeof(p) };

	(void)state;
	for (int parts = 0; parts < 2; parts++) {
		OK(f->C_SignInit(s, &ecdsa, ec.private));
		ask(f->C_Sign, NULL, f->C_SignFinal, parts, 32, 64, 64);
		OK(f->C_SignInit(s, &pkcs1, rsa.private));
		ask(f->C_Sign, NULL, f->C_SignFinal, parts, 1000, 256, 256);
		OK(f->C_EncryptInit(s, &gcm, aes));
		ask(f->C_Encrypt, f->C_EncryptUpdate, f->C_EncryptFinal, parts, 2000, 2016, 2016);
		if (parts)
			continue;	/* these give out blocks as they come: test_stream */
		OK(f->C_EncryptInit(s, &cbc, aes));
		ask(f->C_Encrypt, f->C_EncryptUpdate, f->C_EncryptFinal, parts, 2000, 2000, 2000);
		OK(f->C_EncryptInit(s, &pad, aes));
		ask(f->C_Encrypt, f->C_EncryptUpdate, f->C_EncryptFinal, parts, 2001, 2016, 2016);
	}
	free_pair(&ec);
	free_pair(&rsa);
	destroy(aes);
}

/* How long the text is, only the decrypted padding tells: what did not fit is kept. */
static void test_kept(void **state)
{
	CK_OBJECT_HANDLE aes = make_secret(CKK_AES, CK_TRUE, message, 16);
	CK_MECHANISM m = { CKM_AES_CBC_PAD, message, 16 };
	uint8_t sealed[64], out[64];
	CK_ULONG sealed_len = sizeof(sealed), n;
	unsigned int before;

	(void)state;
	OK(f->C_EncryptInit(s, &m, aes));
	OK(f->C_Encrypt(s, message, 20, sealed, &sealed_len));
	assert_int_equal(sealed_len, 32);
	OK(f->C_DecryptInit(s, &m, aes));
	n = 15;
	before = commands;
	IS(CKR_BUFFER_TOO_SMALL, f->C_Decrypt(s, sealed, sealed_len, out, &n));
	assert_int_equal(commands, before);
	n = 18;
	IS(CKR_BUFFER_TOO_SMALL, f->C_Decrypt(s, sealed, sealed_len, out, &n));
	assert_int_equal(n, 20);
	assert_int_equal(commands, before + 1);
	OK(f->C_Decrypt(s, sealed, sealed_len, out, &n));
	assert_int_equal(commands, before + 1);
	assert_int_equal(n, 20);
	assert_memory_equal(out, message, 20);
	destroy(aes);
}

/* ---- who may what, and what goes wrong ---- */

static void test_policy(void **state)
{
	struct pair agree = make_ec("prime256v1", CK_TRUE, CK_FALSE, CK_TRUE);
	struct pair sign = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_FALSE);
	struct pair rsa = make_rsa(2048, CK_TRUE, CK_FALSE, CK_TRUE);
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 }, pkcs1 = { CKM_RSA_PKCS, NULL, 0 };
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, 0, NULL };
	CK_MECHANISM ecdh = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_HANDLE key;

	(void)state;
	p.pPublicData = attribute(sign.public, CKA_EC_POINT, &p.ulPublicDataLen);
	IS(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_SignInit(s, &ecdsa, agree.private));
	IS(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_DeriveKey(s, &ecdh, sign.private, NULL, 0, &key));
	IS(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_SignInit(s, &pkcs1, rsa.private));
	OK(f->C_DeriveKey(s, &ecdh, agree.private, NULL, 0, &key));
	free(p.pPublicData);
	free_pair(&agree);
	free_pair(&sign);
	free_pair(&rsa);
}

/* Applet 3.1 does not tell the policy: the chip refuses. */
static void test_policy_3(void **state)
{
	struct pair agree = make_ec("prime256v1", CK_TRUE, CK_FALSE, CK_TRUE);
	struct pair rsa = make_rsa(2048, CK_TRUE, CK_FALSE, CK_TRUE);
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	uint8_t sig[64];
	CK_ULONG n = sizeof(sig);

	(void)state;
	OK(f->C_SignInit(s, &ecdsa, agree.private));
	IS(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_Sign(s, message, 32, sig, &n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, message, 32, sig, &n));
	free_pair(&agree);
	free_pair(&rsa);
}

/* An answer that is none, or an error at any of the commands: the operation ends, and works again. */
static void test_failures(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_TRUE);
	CK_OBJECT_HANDLE aes = make_secret(CKK_AES, CK_TRUE, message, 16);
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 }, ecb = { CKM_AES_ECB, NULL, 0 };
	static const struct {
		uint16_t sw;
		int error;
		CK_RV rv;
	} cases[] = {
		{ 0x6986, 0, CKR_KEY_FUNCTION_NOT_PERMITTED }, { 0x6982, 0, CKR_KEY_FUNCTION_NOT_PERMITTED },
		{ 0x6985, 0, CKR_KEY_TYPE_INCONSISTENT }, { 0x6A80, 0, CKR_FUNCTION_FAILED },
		{ 0x6F00, 0, CKR_DEVICE_ERROR }, { 0x9000, 0, CKR_DEVICE_ERROR },
		{ 0, -EIO, CKR_DEVICE_ERROR }, { 0, -ETIMEDOUT, CKR_DEVICE_ERROR },
	};
	uint8_t out[64];
	CK_ULONG n = sizeof(out);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		OK(f->C_SignInit(s, &ecdsa, ec.private));
		fail_command(0, cases[i].sw, cases[i].error);
		IS(cases[i].rv, f->C_Sign(s, message, 32, out, &n));
		IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, message, 32, out, &n));
		OK(f->C_EncryptInit(s, &ecb, aes));
		fail_command(0, cases[i].sw, cases[i].error);
		IS(cases[i].rv, f->C_Encrypt(s, message, 32, out, &n));
		OK(f->C_SignInit(s, &ecdsa, ec.private));
		n = sizeof(out);
		OK(f->C_Sign(s, message, 32, out, &n));
		n = sizeof(out);
	}
	free_pair(&ec);
	destroy(aes);
}

static CK_ULONG count_all(void)
{
	CK_OBJECT_HANDLE all[64];
	CK_ULONG n = 0;

	OK(f->C_FindObjectsInit(s, NULL, 0));
	OK(f->C_FindObjects(s, all, 64, &n));
	OK(f->C_FindObjectsFinal(s));
	return n;
}

static void begin_anew(void)
{
	OK(f->C_Finalize(NULL));
	OK(f->C_Initialize(NULL));
	OK(f->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s));
}

/* What fails once in a search is not taken for the chip's word for ever. */
static void test_failed_search(void **state)
{
	static const int errors[] = { EPERM, ENOTTY, ENOPKG, EIO };
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_FALSE);
	CK_ULONG all = count_all();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		bool failed = true;

		for (int n = 0; failed; n++) {
			begin_anew();
			fail_command(n, 0, -errors[i]);
			if (!f->C_FindObjectsInit(s, NULL, 0))
				f->C_FindObjectsFinal(s);
			failed = fail_command(-1, 0, 0);
			if (count_all() != all)
				fail_msg("%d objects of %d after error %d of command %d",
					 (int)count_all(), (int)all, errors[i], n);
		}
	}
	EVP_PKEY_free(ec.key);	/* its handles are of another time */
}

/* An EC key of a FIPS chip signs or agrees, of another both. */
static void test_fips(void **state)
{
	static const struct { struct se05x_iot_version version; bool fips; } chips[] = {
		{ { .major = 3, .minor = 1 }, false }, { { .major = 3, .minor = 6 }, true },
		{ { .major = 7, .minor = 2 }, false },
		{ { .major = 7, .minor = 2, .patch = 0x10 }, true },
	};
	const uint32_t sign = SE05X_IOT_MAY_SIGN, agree = SE05X_IOT_MAY_AGREE;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(chips); i++) {
		struct p11_learnt learnt = { .version = chips[i].version };
		const struct p11_token token = { .learnt = &learnt };

		assert_int_equal(mech_can_be(&token, CKK_EC, sign | agree), !chips[i].fips);
		assert_true(mech_can_be(&token, CKK_EC, sign) && mech_can_be(&token, CKK_EC, agree));
		assert_true(mech_can_be(&token, CKK_RSA, sign | SE05X_IOT_MAY_DECRYPT));
		assert_false(mech_can_be(&token, CKK_EC, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fips),
		ON_7(test_list), ON_3(test_list), ON_NO_RSA(test_list_no_rsa), ON_7(test_states),
		ON_7(test_unsupported), ON_7(test_failed_search), ON_3(test_failed_search),
		ON_7(test_buffers), ON_3(test_buffers), ON_7(test_kept),
		ON_7(test_policy), ON_3(test_policy_3), ON_7(test_failures), ON_3(test_failures),
	};

	fill(message, sizeof(message));
	return test_main("pkcs11: operations", tests, ARRAY_SIZE(tests));
}
