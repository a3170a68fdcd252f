// SPDX-License-Identifier: GPL-2.0-only
/* libse05x-pkcs11: objects of the host: what they say of themselves, and what they can do */
#include "pkcs11_core.h"

static CK_OBJECT_CLASS data = CKO_DATA;

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP(test_no_key),
	};

	return test_main("pkcs11 on the host", tests, COUNT(tests));
}
