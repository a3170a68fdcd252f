// SPDX-License-Identifier: GPL-2.0-only
/* libse05x-pkcs11: objects of the host: what they say of themselves, and what they can do */
#include "pkcs11_core.h"
#include "../../lib/pkcs11/pkcs11.h"

#undef PIN

static CK_OBJECT_CLASS data = CKO_DATA, secret = CKO_SECRET_KEY;
static CK_KEY_TYPE generic = CKK_GENERIC_SECRET, aes = CKK_AES;

static CK_OBJECT_HANDLE make_data(CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &data, sizeof(data) }, { CKA_VALUE, "text", 4 },
		{ CKA_APPLICATION, "app", 3 }, { CKA_LABEL, "old", 3 },
	};
	CK_OBJECT_HANDLE o;

	OK(C_CreateObject(s, t, COUNT(t), &o));
	return o;
}

static CK_OBJECT_HANDLE make_secret(CK_SESSION_HANDLE s, CK_KEY_TYPE *type)
{
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &secret, sizeof(secret) }, { CKA_KEY_TYPE, type, sizeof(*type) },
		{ CKA_VALUE, "0123456789abcdef", 16 },
	};
	CK_OBJECT_HANDLE o;

	OK(C_CreateObject(s, t, COUNT(t), &o));
	return o;
}

/* With all that a template can say of what its halves may */
static void make_pair(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_ATTRIBUTE_TYPE what,
		      void *params, CK_ULONG len, CK_OBJECT_HANDLE *public,
		      CK_OBJECT_HANDLE *private)
{
	CK_ATTRIBUTE t[] = {
		{ what, params, len }, { CKA_SIGN, &yes, 1 }, { CKA_DECRYPT, &yes, 1 },
		{ CKA_DERIVE, &yes, 1 }, { CKA_WRAP, &yes, 1 },
	};
	CK_MECHANISM m = { type, NULL, 0 };

	OK(C_GenerateKeyPair(s, &m, t, COUNT(t), NULL, 0, public, private));
}

static bool has(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };
	CK_RV rv = C_GetAttributeValue(s, o, &a, 1);

	if (rv != CKR_ATTRIBUTE_TYPE_INVALID)
		RV(rv, CKR_OK);
	return !rv;
}

/* Each has the attributes of its class, and no other's. */
static void test_classes(void **state)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		bool data, public, private, secret;
	} all[] = {
		{ CKA_UNIQUE_ID, true, true, true, true },
		{ CKA_LABEL, true, true, true, true },
		{ CKA_PRIVATE, true, true, true, true },
		{ CKA_MODIFIABLE, true, true, true, true },
		{ CKA_DESTROYABLE, true, true, true, true },
		{ CKA_COPYABLE, true, true, true, true },
		{ CKA_APPLICATION, true, false, false, false },
		{ CKA_OBJECT_ID, true, false, false, false },
		{ CKA_ID, false, true, true, true },
		{ CKA_KEY_TYPE, false, true, true, true },
		{ CKA_LOCAL, false, true, true, true },
		{ CKA_KEY_GEN_MECHANISM, false, true, true, true },
		{ CKA_START_DATE, false, true, true, true },
		{ CKA_SUBJECT, false, true, true, false },
		{ CKA_TRUSTED, false, true, false, true },
		{ CKA_SENSITIVE, false, false, true, true },
		{ CKA_EXTRACTABLE, false, false, true, true },
		{ CKA_ALWAYS_SENSITIVE, false, false, true, true },
		{ CKA_NEVER_EXTRACTABLE, false, false, true, true },
		{ CKA_WRAP_WITH_TRUSTED, false, false, true, true },
		{ CKA_ALWAYS_AUTHENTICATE, false, false, true, false },
		{ CKA_CERTIFICATE_TYPE, false, false, false, false },
	};
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE d = make_data(s), k = make_secret(s, &aes), public, private;
	CK_ULONG none = 0;
	CK_ATTRIBUTE get = { CKA_KEY_GEN_MECHANISM, &none, sizeof(none) };
	uint8_t id[2][40];
	CK_ATTRIBUTE ids[] = {
		{ CKA_UNIQUE_ID, id[0], sizeof(id[0]) }, { CKA_UNIQUE_ID, id[1], sizeof(id[1]) },
	};

	(void)state;
	make_pair(s, CKM_EC_KEY_PAIR_GEN, CKA_EC_PARAMS, p256, sizeof(p256), &public, &private);
	for (size_t i = 0; i < COUNT(all); i++)
		if (has(s, d, all[i].type) != all[i].data ||
		    has(s, public, all[i].type) != all[i].public ||
		    has(s, private, all[i].type) != all[i].private ||
		    has(s, k, all[i].type) != all[i].secret)
			fail_msg("attribute 0x%lX", all[i].type);
	assert_true(is_bool(s, k, CKA_LOCAL, false) && is_bool(s, k, CKA_ALWAYS_SENSITIVE, false) &&
		    is_bool(s, k, CKA_NEVER_EXTRACTABLE, false));
	OK(C_GetAttributeValue(s, k, &get, 1));
	assert_int_equal(none, CK_UNAVAILABLE_INFORMATION);
	/* 3.0: no other object that is seen has it */
	OK(C_GetAttributeValue(s, public, &ids[0], 1));
	OK(C_GetAttributeValue(s, private, &ids[1], 1));
	assert_true(ids[0].ulValueLen != ids[1].ulValueLen ||
		    memcmp(id[0], id[1], ids[0].ulValueLen));
	assert_int_equal(find(s, &ids[0], 1), 1);
	assert_int_equal(objects[0], public);
}

static void may(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, bool sign, bool verify, bool encrypt,
		bool decrypt, bool derive)
{
	assert_true(is_bool(s, o, CKA_SIGN, sign) && is_bool(s, o, CKA_VERIFY, verify) &&
		    is_bool(s, o, CKA_ENCRYPT, encrypt) && is_bool(s, o, CKA_DECRYPT, decrypt) &&
		    is_bool(s, o, CKA_DERIVE, derive) && is_bool(s, o, CKA_WRAP, false));
}

/* What it can by its kind, unless the template said less. No template makes it able to more. */
static void test_usage(void **state)
{
	static uint8_t ed25519[] = { 0x06, 0x03, 0x2B, 0x65, 0x70 };
	static uint8_t x25519[] = { 0x06, 0x03, 0x2B, 0x65, 0x6E };
	static uint8_t digest[32], sig[64];
	CK_ATTRIBUTE set = { CKA_SIGN, &no, 1 };
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_OBJECT_HANDLE public, private, k;
	CK_SESSION_HANDLE s = rw();
	CK_ULONG bits = 1024, n = sizeof(sig);

	(void)state;
	make_pair(s, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKA_EC_PARAMS, ed25519, sizeof(ed25519),
		  &public, &private);
	may(s, public, false, true, false, false, false);
	may(s, private, true, false, false, false, false);
	make_pair(s, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKA_EC_PARAMS, x25519, sizeof(x25519),
		  &public, &private);
	may(s, public, false, false, false, false, false);
	may(s, private, false, false, false, false, true);
	make_pair(s, CKM_RSA_PKCS_KEY_PAIR_GEN, CKA_MODULUS_BITS, &bits, sizeof(bits), &public,
		  &private);
	may(s, public, false, true, true, false, false);
	may(s, private, true, false, false, true, false);
	k = make_secret(s, &aes);
	may(s, k, true, true, true, true, false);
	k = make_secret(s, &generic);
	may(s, k, true, true, false, false, true);
	make_pair(s, CKM_EC_KEY_PAIR_GEN, CKA_EC_PARAMS, p256, sizeof(p256), &public, &private);
	may(s, public, false, true, false, false, false);
	may(s, private, true, false, false, false, true);
	RV(C_SignInit(s, &ecdsa, public), CKR_KEY_FUNCTION_NOT_PERMITTED);
	/* taken away, and given again; and what it can't is not to be had */
	OK(C_SetAttributeValue(s, private, &set, 1));
	RV(C_SignInit(s, &ecdsa, private), CKR_KEY_FUNCTION_NOT_PERMITTED);
	set.pValue = &yes;
	OK(C_SetAttributeValue(s, private, &set, 1));
	OK(C_SignInit(s, &ecdsa, private));
	OK(C_Sign(s, digest, sizeof(digest), sig, &n));
	RV(C_SetAttributeValue(s, public, &set, 1), CKR_ATTRIBUTE_READ_ONLY);
}

/* With the private half goes the private number, and the public one still verifies. */
static void test_public_half(void **state)
{
	static uint8_t digest[32], sig[128];
	static const struct {
		CK_MECHANISM_TYPE make, sign;
		CK_ATTRIBUTE_TYPE what;
		const char *number;
	} kinds[] = {
		{ CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKA_EC_PARAMS, "priv" },
		{ CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, CKA_MODULUS_BITS, "d" },
	};
	CK_OBJECT_HANDLE public, private;
	CK_SESSION_HANDLE s = rw();
	CK_ULONG bits = 1024, n;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		CK_MECHANISM m = { kinds[i].sign, NULL, 0 };
		struct p11_object *o;
		BIGNUM *number = NULL;

		make_pair(s, kinds[i].make, kinds[i].what, i ? (void *)&bits : p256,
			  i ? sizeof(bits) : sizeof(p256), &public, &private);
		n = sizeof(sig);
		OK(C_SignInit(s, &m, private));
		OK(C_Sign(s, digest, sizeof(digest), sig, &n));
		OK(C_DestroyObject(s, private));
		OK(C_VerifyInit(s, &m, public));
		OK(C_Verify(s, digest, sizeof(digest), sig, n));
		o = p11_table_get(&p11.objects, public);
		assert_int_not_equal(EVP_PKEY_get_bn_param(o->key, kinds[i].number, &number), 1);
		BN_free(number);
	}
}

/* A handle of what is no key is no key's; and a key that is not secret is not digested. */
static void test_no_key(void **state)
{
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE d = make_data(s), public, private, o;
	CK_MECHANISM hmac = { CKM_SHA256_HMAC, NULL, 0 }, hash = { CKM_SHA256, NULL, 0 };
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, 0, NULL };
	CK_MECHANISM ecdh = { CKM_ECDH1_DERIVE, &p, sizeof(p) };

	(void)state;
	RV(C_SignInit(s, &hmac, d), CKR_KEY_HANDLE_INVALID);
	RV(C_DeriveKey(s, &ecdh, d, NULL, 0, &o), CKR_KEY_HANDLE_INVALID);
	OK(C_DigestInit(s, &hash));
	RV(C_DigestKey(s, d), CKR_KEY_HANDLE_INVALID);
	make_pair(s, CKM_EC_KEY_PAIR_GEN, CKA_EC_PARAMS, p256, sizeof(p256), &public, &private);
	OK(C_DigestInit(s, &hash));
	RV(C_DigestKey(s, private), CKR_KEY_INDIGESTIBLE);
	OK(C_DigestInit(s, &hash));
	RV(C_DigestKey(s, public), CKR_KEY_INDIGESTIBLE);
}

/* Data may have no value; a secret key has one, as long as its template says. */
static void test_values(void **state)
{
	CK_ULONG len = 16;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &data, sizeof(data) }, { CKA_TOKEN, &no, 1 },
	}, k[] = {
		{ CKA_CLASS, &secret, sizeof(secret) }, { CKA_KEY_TYPE, &aes, sizeof(aes) },
		{ CKA_VALUE, "0123456789abcdef", 16 }, { CKA_VALUE_LEN, &len, sizeof(len) },
	};
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(C_CreateObject(s, t, COUNT(t), &o));
	check_bytes(s, o, CKA_VALUE, "", 0);
	t[1].pValue = &yes;	/* the chip has no empty files */
	RV(C_CreateObject(s, t, COUNT(t), &o), CKR_TEMPLATE_INCOMPLETE);
	OK(C_CreateObject(s, k, COUNT(k), &o));
	len = 32;
	RV(C_CreateObject(s, k, COUNT(k), &o), CKR_TEMPLATE_INCONSISTENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP(test_classes), CHIP(test_usage), CHIP(test_public_half), CHIP(test_no_key),
		CHIP(test_values),
	};

	return test_main("pkcs11 on the host", tests, COUNT(tests));
}
