// SPDX-License-Identifier: GPL-2.0-only
/* Keys that the module makes, who may use them, and keys that are not what they were */
#include <errno.h>

#include "pkcs11_run.h"

static uint8_t message[64];
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

#define SIGN	SE05X_IOT_MAY_SIGN
#define AGREE	SE05X_IOT_MAY_AGREE
#define DECRYPT	SE05X_IOT_MAY_DECRYPT
#define READ	SE05X_IOT_MAY_READ
#define DELETE	SE05X_IOT_MAY_DELETE

static CK_RV sign(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key, uint8_t *sig, CK_ULONG *n)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_RV rv = f->C_SignInit(s, &m, key);

	return rv ? rv : f->C_Sign(s, message, 32, sig, n);
}

/* ---- what their policies are ---- */

/* The policy in words, as the chip keeps it */
static void is_policy(CK_OBJECT_HANDLE key, const char *expected)
{
	struct se05x_iot_attributes a;
	struct se05x_iot *iot = chip_open();
	char text[200];
	uint32_t id = chip_id(key);

	assert_in_range(id, 0x50000000, 0x5FFFFEFF);
	assert_int_equal(se05x_iot_attributes(iot, id, &a, NULL), 0);
	assert_true(se05x_iot_policy_print(a.policy, a.policy_len, text, sizeof(text)) > 0);
	assert_string_equal(text, expected);
	chip_close(iot);
}

#define P256	{ CKA_EC_PARAMS, (void *)"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10 }
#define ED	{ CKA_EC_PARAMS, (void *)"\x06\x03\x2b\x65\x70", 5 }
#define X	{ CKA_EC_PARAMS, (void *)"\x06\x03\x2b\x65\x6e", 5 }

static CK_ULONG bits_2048 = 2048;
#define BITS	VALUE(CKA_MODULUS_BITS, bits_2048)

static const struct {
	CK_MECHANISM_TYPE type;
	CK_ATTRIBUTE public;
	CK_ATTRIBUTE private[3];
	size_t n;
	const char *policy;	/* of everybody, or of the user: before it stands who */
} policies[] = {
	{ CKM_EC_KEY_PAIR_GEN, P256, { }, 0, "sign,read,delete" },
	{ CKM_EC_KEY_PAIR_GEN, P256, { VALUE(CKA_DERIVE, yes) }, 1, "agree,read,delete" },
	{ CKM_EC_KEY_PAIR_GEN, P256, { VALUE(CKA_DERIVE, yes), VALUE(CKA_SIGN, yes) }, 2,
	  "sign,agree,read,delete" },
	{ CKM_EC_KEY_PAIR_GEN, P256, { VALUE(CKA_DESTROYABLE, no) }, 1, "sign,read" },
	{ CKM_EC_EDWARDS_KEY_PAIR_GEN, ED, { }, 0, "sign,read,delete" },
	{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, X, { }, 0, "agree,read,delete" },
	{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, X, { VALUE(CKA_SIGN, yes) }, 1, "agree,read,delete" },
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, BITS, { }, 0, "sign,decrypt,read,delete" },
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, BITS, { VALUE(CKA_SIGN, yes), VALUE(CKA_DECRYPT, no) }, 2,
	  "sign,decrypt,read,delete" },
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, BITS, { VALUE(CKA_DECRYPT, yes) }, 1, "decrypt,read,delete" },
};

static void check_policies(const char *who, const char *others)
{
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		CK_MECHANISM m = { policies[i].type, NULL, 0 };
		CK_OBJECT_HANDLE public, private;
		CK_ATTRIBUTE t[4];
		char expected[100];

		memcpy(t, policies[i].private, sizeof(policies[i].private));
		t[policies[i].n] = (CK_ATTRIBUTE) VALUE(CKA_TOKEN, yes);
		OK(f->C_GenerateKeyPair(s, &m, (CK_ATTRIBUTE *)&policies[i].public, 1, t,
					policies[i].n + 1, &public, &private));
		snprintf(expected, sizeof(expected), "%s:%s%s", who, policies[i].policy, others);
		is_policy(private, expected);
		/* what nobody may delete stays, and says so */
		IS(policies[i].n && policies[i].private[0].type == CKA_DESTROYABLE ?
		   CKR_ACTION_PROHIBITED : CKR_OK, f->C_DestroyObject(s, private));
	}
}

static void test_policies(void **state)
{
	(void)state;
	check_policies("any", "");
}

static void test_policies_pin(void **state)
{
	(void)state;
	check_policies("0x0A0B0C0D", ";any:read");
}

/* ---- what is asked for wrongly ---- */

static void test_templates(void **state)
{
	static CK_OBJECT_CLASS secret = CKO_SECRET_KEY, private_class = CKO_PRIVATE_KEY;
	static CK_KEY_TYPE rsa = CKK_RSA;
	static CK_ULONG odd = 2047, little = 512;
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_ATTRIBUTE public[2];
		CK_ATTRIBUTE private[2];
		CK_RV rv;
	} cases[] = {
		{ CKM_EC_KEY_PAIR_GEN, { BITS }, { }, CKR_TEMPLATE_INCOMPLETE },
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, { P256 }, { }, CKR_TEMPLATE_INCOMPLETE },
		{ CKM_EC_KEY_PAIR_GEN, { ED }, { }, CKR_CURVE_NOT_SUPPORTED },
		{ CKM_EC_EDWARDS_KEY_PAIR_GEN, { P256 }, { }, CKR_CURVE_NOT_SUPPORTED },
		{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, { ED }, { }, CKR_CURVE_NOT_SUPPORTED },
		{ CKM_EC_KEY_PAIR_GEN, { { CKA_EC_PARAMS, (void *)"\x06\x05\x2b\x81\x04\x00\x09", 7 } }, { },
		  CKR_CURVE_NOT_SUPPORTED },	/* secp160k1 */
		{ CKM_EC_KEY_PAIR_GEN, { { CKA_EC_PARAMS, (void *)"\x06\x05", 2 } }, { },
		  CKR_CURVE_NOT_SUPPORTED },
		{ CKM_EC_KEY_PAIR_GEN, { P256, VALUE(CKA_CLASS, private_class) }, { },
		  CKR_TEMPLATE_INCONSISTENT },
		{ CKM_EC_KEY_PAIR_GEN, { P256 }, { VALUE(CKA_CLASS, secret) }, CKR_TEMPLATE_INCONSISTENT },
		{ CKM_EC_KEY_PAIR_GEN, { P256 }, { VALUE(CKA_KEY_TYPE, rsa) }, CKR_TEMPLATE_INCONSISTENT },
		{ CKM_EC_KEY_PAIR_GEN, { P256 }, { VALUE(CKA_SIGN, no), VALUE(CKA_DERIVE, no) },
		  CKR_TEMPLATE_INCONSISTENT },
		{ CKM_EC_EDWARDS_KEY_PAIR_GEN, { ED }, { VALUE(CKA_DERIVE, yes) },
		  CKR_TEMPLATE_INCONSISTENT },
		{ CKM_EC_KEY_PAIR_GEN, { P256, VALUE(CKA_TOKEN, yes) }, { }, CKR_TEMPLATE_INCONSISTENT },
		{ CKM_EC_KEY_PAIR_GEN, { P256 }, { VALUE(CKA_TOKEN, yes), VALUE(CKA_SENSITIVE, no) },
		  CKR_TEMPLATE_INCONSISTENT },
		{ CKM_EC_KEY_PAIR_GEN, { P256 }, { VALUE(CKA_TOKEN, yes), VALUE(CKA_EXTRACTABLE, yes) },
		  CKR_TEMPLATE_INCONSISTENT },
		{ CKM_EC_KEY_PAIR_GEN, { P256 }, { VALUE(CKA_LOCAL, yes) }, CKR_ATTRIBUTE_READ_ONLY },
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, { VALUE(CKA_MODULUS_BITS, odd) }, { },
		  CKR_ATTRIBUTE_VALUE_INVALID },
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, { VALUE(CKA_MODULUS_BITS, little) }, { },
		  CKR_ATTRIBUTE_VALUE_INVALID },
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, { BITS, { CKA_PUBLIC_EXPONENT, (void *)"\x03", 1 } }, { },
		  CKR_ATTRIBUTE_VALUE_INVALID },
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, { BITS, { CKA_PUBLIC_EXPONENT, (void *)"", 0 } }, { },
		  CKR_ATTRIBUTE_VALUE_INVALID },
		{ CKM_AES_KEY_GEN, { P256 }, { }, CKR_MECHANISM_INVALID },
	};
	unsigned int before = commands;
	CK_OBJECT_HANDLE a, b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CK_MECHANISM m = { cases[i].type, NULL, 0 };
		size_t public = cases[i].public[1].pValue ? 2 : 1;
		size_t private = cases[i].private[1].pValue ? 2 : cases[i].private[0].pValue ? 1 : 0;
		CK_RV rv = f->C_GenerateKeyPair(s, &m, (CK_ATTRIBUTE *)cases[i].public, public,
						(CK_ATTRIBUTE *)cases[i].private, private, &a, &b);

		if (rv != cases[i].rv)
			fail_msg("case %zu: 0x%lX", i, rv);
	}
	assert_int_equal(commands, before);
}

static void test_secrets(void **state)
{
	static CK_ULONG lens[] = { 0, 1, 15, 16, 24, 32, 33, 256, 257 };
	CK_OBJECT_HANDLE key;
	uint8_t out[32];
	CK_ULONG n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++)
		for (int token = 0; token < 2; token++) {
			CK_BBOOL is_token = token;
			CK_ATTRIBUTE t[] = { VALUE(CKA_VALUE_LEN, lens[i]), VALUE(CKA_TOKEN, is_token) };
			CK_MECHANISM aes = { CKM_AES_KEY_GEN, NULL, 0 };
			CK_MECHANISM generic = { CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
			bool good = lens[i] == 16 || lens[i] == 24 || lens[i] == 32;
			CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };

			IS(good ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID, f->C_GenerateKey(s, &aes, t, 2, &key));
			if (good) {
				uint8_t *local = attribute(key, CKA_LOCAL, &n);

				assert_int_equal(*local, CK_FALSE);
				free(local);
				n = sizeof(out);
				OK(f->C_EncryptInit(s, &ecb, key));
				OK(f->C_Encrypt(s, message, 32, out, &n));
				destroy(key);
			}
			good = lens[i] >= 1 && lens[i] <= 256;
			IS(good ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID,
			   f->C_GenerateKey(s, &generic, t, 2, &key));
			n = sizeof(out);
			if (good) {
				OK(sign(CKM_SHA256_HMAC, key, out, &n));
				destroy(key);
			}
			IS(CKR_TEMPLATE_INCOMPLETE, f->C_GenerateKey(s, &aes, t + 1, 1, &key));
		}
	IS(CKR_MECHANISM_INVALID,
	   f->C_GenerateKey(s, &(CK_MECHANISM) { CKM_DES3_KEY_GEN, NULL, 0 }, NULL, 0, &key));
	IS(CKR_ARGUMENTS_BAD, f->C_GenerateKey(s, NULL, NULL, 0, &key));
}

/* ---- session keys are the host's ---- */

static void test_session_keys(void **state)
{
	static const struct {
		const char *curve;
		CK_MECHANISM_TYPE mechanism;
	} curves[] = {
		{ "prime256v1", CKM_ECDSA }, { "ED25519", CKM_EDDSA },
	};
	CK_SESSION_HANDLE rw = s;
	CK_SESSION_INFO info;
	unsigned int before = commands;
	uint8_t sig[512];
	CK_ULONG n;

	(void)state;
	OK(f->C_GetSessionInfo(s, &info));
	OK(f->C_OpenSession(info.slotID, CKF_SERIAL_SESSION, NULL, NULL, &s));
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		struct pair pair = make_ec(curves[i].curve, CK_FALSE, CK_TRUE, CK_FALSE);
		uint8_t *local = attribute(pair.private, CKA_LOCAL, &n);

		assert_int_equal(*local, CK_FALSE);
		free(local);
		n = sizeof(sig);
		OK(sign(curves[i].mechanism, pair.private, sig, &n));
		free_pair(&pair);
	}
	assert_int_equal(commands, before);
	/* and the token's are not made in a session that only reads */
	{
		CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
		CK_ATTRIBUTE public[] = { P256 }, private[] = { VALUE(CKA_TOKEN, yes) };
		CK_OBJECT_HANDLE a, b;

		IS(CKR_SESSION_READ_ONLY, f->C_GenerateKeyPair(s, &m, public, 1, private, 1, &a, &b));
	}
	OK(f->C_CloseSession(s));
	s = rw;
}

/* ---- keys that are not what they were ---- */

/* Another key at the same place, with the same rights */
static void replace(CK_OBJECT_HANDLE key, uint8_t curve, unsigned int bits)
{
	struct se05x_iot *iot = chip_open();
	uint32_t id = chip_id(key);

	assert_int_equal(se05x_iot_delete(iot, id, NULL), 0);
	if (curve)
		assert_int_equal(se05x_iot_ec_generate(iot, id, curve, NULL, NULL, NULL), 0);
	else if (bits)
		assert_int_equal(se05x_iot_rsa_generate(iot, id, bits, NULL, NULL), 0);
	chip_close(iot);
}

static void test_replaced(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_FALSE);
	struct pair ed = make_ec("ED25519", CK_TRUE, CK_TRUE, CK_FALSE);
	struct pair rsa = make_rsa(1024, CK_TRUE, CK_TRUE, CK_FALSE);
	uint8_t sig[128], before[128];
	CK_ULONG n = sizeof(sig);

	(void)state;
	OK(sign(CKM_ECDSA, ec.private, sig, &n));
	replace(ec.private, SE05X_IOT_CURVE_P256, 0);
	replace(ed.private, SE05X_IOT_CURVE_ED25519, 0);
	replace(rsa.private, 0, 1024);
	memset(sig, 0x55, sizeof(sig));
	memcpy(before, sig, sizeof(sig));
	n = sizeof(sig);
	IS(CKR_DEVICE_ERROR, sign(CKM_ECDSA, ec.private, sig, &n));
	IS(CKR_DEVICE_ERROR, sign(CKM_ECDSA_SHA256, ec.private, sig, &n));
	IS(CKR_DEVICE_ERROR, sign(CKM_EDDSA, ed.private, sig, &n));
	IS(CKR_DEVICE_ERROR, sign(CKM_RSA_PKCS, rsa.private, sig, &n));
	IS(CKR_DEVICE_ERROR, sign(CKM_SHA256_RSA_PKCS, rsa.private, sig, &n));
	/* nothing of a signature that is not the key's comes out */
	assert_memory_equal(sig, before, sizeof(sig));
	replace(ec.private, 0, 0);
	IS(CKR_KEY_HANDLE_INVALID, sign(CKM_ECDSA, ec.private, sig, &n));
	EVP_PKEY_free(ec.key);
	free_pair(&ed);
	free_pair(&rsa);
}

/* Made by others: what does not decrypt signs too, where the chip does all of it. */
static void test_only_signs(void **state)
{
	static const CK_MECHANISM_TYPE types[] = {
		CKM_SHA1_RSA_PKCS, CKM_SHA224_RSA_PKCS, CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS,
		CKM_SHA512_RSA_PKCS,
	};
	CK_RSA_PKCS_PSS_PARAMS p = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM pss = { CKM_SHA256_RSA_PKCS_PSS, &p, sizeof(p) }, m = { CKM_RSA_PKCS, NULL, 0 };
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY, public_class = CKO_PUBLIC_KEY;
	CK_BYTE id[] = { 1, 2, 3, 4 };
	CK_ATTRIBUTE t[] = { VALUE(CKA_CLASS, class), VALUE(CKA_ID, id) };
	uint8_t policy[32], sig[256];
	struct se05x_iot_new how = { .policy = policy, .policy_len = sizeof(policy) };
	struct se05x_iot *iot = chip_open();
	CK_OBJECT_HANDLE key, public;
	CK_ULONG n;

	(void)state;
	assert_int_equal(se05x_iot_policy_parse("any:sign,read,delete", policy, &how.policy_len, NULL), 0);
	assert_int_equal(se05x_iot_rsa_generate(iot, 0x01020304, 2048, &how, NULL), 0);
	chip_close(iot);
	OK(f->C_FindObjectsInit(s, t, 2));
	OK(f->C_FindObjects(s, &key, 1, &n));
	assert_int_equal(n, 1);
	OK(f->C_FindObjectsFinal(s));
	t[0] = (CK_ATTRIBUTE) VALUE(CKA_CLASS, public_class);
	OK(f->C_FindObjectsInit(s, t, 2));
	OK(f->C_FindObjects(s, &public, 1, &n));
	OK(f->C_FindObjectsFinal(s));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		CK_MECHANISM v = { types[i], NULL, 0 };

		n = sizeof(sig);
		OK(sign(types[i], key, sig, &n));
		OK(f->C_VerifyInit(s, &v, public));
		OK(f->C_Verify(s, message, 32, sig, n));
	}
	OK(f->C_SignInit(s, &pss, key));
	OK(f->C_SignUpdate(s, message, 20));
	OK(f->C_SignUpdate(s, message + 20, 12));
	n = sizeof(sig);
	OK(f->C_SignFinal(s, sig, &n));
	OK(f->C_VerifyInit(s, &pss, public));
	OK(f->C_Verify(s, message, 32, sig, n));
	p.sLen = 20;
	IS(CKR_MECHANISM_PARAM_INVALID, f->C_SignInit(s, &pss, key));
	IS(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_SignInit(s, &m, key));
	IS(CKR_KEY_FUNCTION_NOT_PERMITTED, f->C_DecryptInit(s, &m, key));
	replace(key, 0, 2048);
	n = sizeof(sig);
	IS(CKR_DEVICE_ERROR, sign(CKM_SHA256_RSA_PKCS, key, sig, &n));
}

static void test_liar(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_FALSE);
	uint8_t sig[64];
	CK_ULONG n = sizeof(sig);

	(void)state;
	IS(CKR_DEVICE_ERROR, sign(CKM_ECDSA, ec.private, sig, &n));
	IS(CKR_OPERATION_NOT_INITIALIZED, f->C_Sign(s, message, 32, sig, &n));
	free_pair(&ec);
}

/* ---- a link that breaks ---- */

static size_t count_objects(void)
{
	struct se05x_iot *iot = chip_open();
	uint32_t *ids;
	size_t n;

	assert_int_equal(se05x_iot_list(iot, &ids, &n, NULL), 0);
	free(ids);
	chip_close(iot);
	return n;
}

static CK_RV make_token_pair(CK_MECHANISM_TYPE type, CK_ATTRIBUTE public, CK_OBJECT_HANDLE *key)
{
	CK_ATTRIBUTE private[] = { VALUE(CKA_TOKEN, yes), BYTES(CKA_LABEL, "name", 4) };
	CK_MECHANISM m = { type, NULL, 0 };
	CK_OBJECT_HANDLE other;

	return f->C_GenerateKeyPair(s, &m, &public, 1, private, 2, &other, key);
}

static CK_RV make_token_secret(CK_OBJECT_HANDLE *key)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG len = 16;
	CK_ATTRIBUTE t[] = { VALUE(CKA_TOKEN, yes), VALUE(CKA_VALUE_LEN, len) };

	return f->C_GenerateKey(s, &m, t, 2, key);
}

/* At each command in turn: then there is no key, or it is said that there is one. */
static void each_command(int error, int kind)
{
	/* whatever makes the curve and the page of names is there before */
	CK_OBJECT_HANDLE key;
	size_t before;
	int n = 0;
	CK_RV rv;

	OK(make_token_pair(CKM_EC_KEY_PAIR_GEN, (CK_ATTRIBUTE) P256, &key));
	before = count_objects();
	for (bool failed = true; failed; n++) {
		fail_command(n, 0, error);
		rv = kind == 0 ? make_token_pair(CKM_EC_KEY_PAIR_GEN, (CK_ATTRIBUTE) P256, &key) :
		     kind == 1 ? make_token_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, (CK_ATTRIBUTE) BITS, &key) :
		     make_token_secret(&key);
		failed = fail_command(-1, 0, 0);
		if (rv && count_objects() != before)
			fail_msg("kind %d, command %d, error %d: 0x%lX, and it is there", kind, n, error, rv);
		if (!rv) {
			assert_int_equal(count_objects(), before + 1);
			destroy(key);
		}
		if (!failed)
			assert_int_equal(rv, CKR_OK);
		assert_true(n < 60);
	}
	assert_true(n > 3);
}

static void test_each_command(void **state)
{
	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		each_command(-EIO, kind);
		each_command(EIO, kind);
	}
}

/* ---- with a PIN ---- */

static void test_pin(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_TRUE);
	struct pair rsa = make_rsa(2048, CK_TRUE, CK_TRUE, CK_TRUE);
	CK_OBJECT_HANDLE aes = make_secret(CKK_AES, CK_TRUE, message, 16);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 }, cbc = { CKM_AES_CBC, message, 16 };
	struct se05x_iot *iot, *sessions[2];
	uint8_t sig[256], out[64];
	unsigned int before, once;
	CK_ULONG n = sizeof(sig);

	(void)state;
	OK(sign(CKM_ECDSA, ec.private, sig, &n));
	for (int i = 0; i < 2; i++) {	/* once to ask who may use it */
		n = sizeof(sig);
		before = commands;
		OK(sign(CKM_SHA256_RSA_PKCS, rsa.private, sig, &n));
	}
	once = commands - before;
	/* parts are one burst too */
	OK(f->C_SignInit(s, &(CK_MECHANISM) { CKM_SHA256_RSA_PKCS, NULL, 0 }, rsa.private));
	for (int i = 0; i < 10; i++)
		OK(f->C_SignUpdate(s, message, sizeof(message)));
	before = commands;
	OK(f->C_SignFinal(s, NULL, &n));
	assert_int_equal(commands, before);
	OK(f->C_SignFinal(s, sig, &n));
	assert_int_equal(commands - before, once);
	OK(f->C_EncryptInit(s, &cbc, aes));
	n = sizeof(out);
	OK(f->C_Encrypt(s, message, 64, out, &n));
	/* nothing stays open: both of the chip's sessions are free, and the UserID's one is */
	iot = chip_open();
	assert_int_equal(se05x_iot_session_open(iot, PIN_USER, PIN, 4, &sessions[0], NULL), 0);
	se05x_iot_session_close(sessions[0], NULL);
	/* and nobody else may use them */
	assert_int_equal(se05x_iot_ecdsa_sign(iot, chip_id(ec.private), SE05X_IOT_HASH_SHA256, message,
					      sig, &(size_t) { sizeof(sig) }, NULL), -EACCES);
	chip_close(iot);
	/* who logged out has no private keys */
	OK(f->C_SignInit(s, &m, ec.private));
	OK(f->C_Logout(s));
	n = sizeof(sig);
	IS(CKR_USER_NOT_LOGGED_IN, f->C_Sign(s, message, 32, sig, &n));
	IS(CKR_KEY_HANDLE_INVALID, f->C_SignInit(s, &m, ec.private));
	/* nor, after the next login, under the handles of before */
	OK(f->C_Login(s, CKU_USER, (CK_UTF8CHAR *)PIN, 4));
	IS(CKR_KEY_HANDLE_INVALID, f->C_SignInit(s, &m, ec.private));
	IS(CKR_KEY_HANDLE_INVALID, f->C_EncryptInit(s, &cbc, aes));
	EVP_PKEY_free(ec.key);
	EVP_PKEY_free(rsa.key);
}

/* A burst that breaks at any of its commands is an error, and the next one works. */
static void test_pin_breaks(void **state)
{
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_FALSE);
	uint8_t sig[64];
	CK_ULONG n = sizeof(sig);
	CK_RV rv;

	(void)state;
	for (int error = -EIO; error <= EIO; error += 2 * EIO) {
		bool failed = true;

		for (int i = 0; failed; i++) {
			fail_command(i, 0, error);
			rv = sign(CKM_ECDSA, ec.private, sig, &n);
			failed = fail_command(-1, 0, 0);
			if (!failed)
				assert_int_equal(rv, CKR_OK);
			rv = sign(CKM_ECDSA, ec.private, sig, &n);
			if (rv)
				fail_msg("command %d, error %d: 0x%lX", i, error, rv);
			assert_true(i < 30);
		}
	}
	free_pair(&ec);
}

/* A PIN that was changed meanwhile is tried once, and then forgotten. */
static void test_pin_changed(void **state)
{
	const struct se05x_iot_new how = { .max_attempts = 3 };
	struct pair ec = make_ec("prime256v1", CK_TRUE, CK_TRUE, CK_FALSE);
	struct se05x_iot_attributes a;
	struct se05x_iot *iot = chip_open();
	uint8_t sig[64];
	CK_ULONG n = sizeof(sig);

	(void)state;
	assert_int_equal(se05x_iot_delete(iot, PIN_USER, NULL), 0);
	assert_int_equal(se05x_iot_userid_create(iot, PIN_USER, "4321", 4, &how, NULL), 0);
	IS(CKR_PIN_INCORRECT, sign(CKM_ECDSA, ec.private, sig, &n));
	IS(CKR_KEY_HANDLE_INVALID, sign(CKM_ECDSA, ec.private, sig, &n));
	assert_int_equal(se05x_iot_attributes(iot, PIN_USER, &a, NULL), 0);
	assert_int_equal(a.failed_attempts, 1);
	chip_close(iot);
	OK(f->C_Login(s, CKU_USER, (CK_UTF8CHAR *)"4321", 4));
	OK(sign(CKM_ECDSA, ec.private, sig, &n));
	free_pair(&ec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_7(test_policies), { "test_policies_pin", test_policies_pin, setup_pin, teardown, NULL },
		ON_7(test_templates), ON_7(test_secrets), ON_3(test_secrets), ON_7(test_session_keys),
		ON_7(test_replaced), ON_3(test_replaced), ON_7(test_only_signs),
		ON_7(test_each_command), ON_3(test_each_command),
		{ "test_liar", test_liar, setup_liar, teardown, NULL },
		{ "test_pin", test_pin, setup_pin, teardown, NULL },
		{ "test_pin_breaks", test_pin_breaks, setup_pin, teardown, NULL },
		{ "test_pin_changed", test_pin_changed, setup_pin, teardown, NULL },
	};

	fill(message, sizeof(message));
	return test_main("pkcs11: keys", tests, ARRAY_SIZE(tests));
}
