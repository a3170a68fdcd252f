// SPDX-License-Identifier: GPL-2.0-only
/* libse05x-pkcs11: objects that are made, found, asked, named and deleted */
#include "pkcs11_core.h"

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
	t[0] = t[1] = (CK_ATTRIBUTE) { CKA_CLASS, &class, sizeof(class) };
	RV(C_FindObjectsInit(s, t, 2), CKR_ATTRIBUTE_VALUE_INVALID);
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

/* What nothing here is or keeps to is not promised, on the host either. */
static void test_promises(void **state)
{
	static const CK_ATTRIBUTE_TYPE refused[] = {
		CKA_TRUSTED, CKA_ALWAYS_AUTHENTICATE, CKA_WRAP_WITH_TRUSTED,
	};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE, "secret", 6 }, { CKA_COPYABLE, &yes, 1 },
	};
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE o, copy;

	(void)state;
	OK(C_CreateObject(s, t, COUNT(t), &o));
	assert_true(is_bool(s, o, CKA_COPYABLE, false));
	RV(C_CopyObject(s, o, NULL, 0, &copy), CKR_ACTION_PROHIBITED);
	for (size_t i = 0; i < COUNT(refused); i++) {
		t[3] = (CK_ATTRIBUTE) { refused[i], &yes, 1 };
		RV(C_CreateObject(s, t, COUNT(t), &o), CKR_TEMPLATE_INCONSISTENT);
		t[3].pValue = &no;
		OK(C_CreateObject(s, t, COUNT(t), &o));
		assert_true(is_bool(s, o, refused[i], false));
	}
	/* a private one, which only who logged in would see */
	t[3] = (CK_ATTRIBUTE) { CKA_PRIVATE, &yes, 1 };
	OK(C_CreateObject(s, t, COUNT(t), &o));
	s = with_user("", 3);
	RV(C_CreateObject(s, t, COUNT(t), &o), CKR_USER_NOT_LOGGED_IN);
	OK(C_Login(s, CKU_USER, PIN, 4));
	OK(C_CreateObject(s, t, COUNT(t), &o));
}

/* Numbers that are longer than those of the longest modulus have no room anywhere. */
static void test_long_numbers(void **state)
{
	static uint8_t modulus[513], exponent[513], out[600];
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_MODULUS, modulus, 513 }, { CKA_PUBLIC_EXPONENT, "\1\0\1", 3 },
		{ CKA_PRIVATE_EXPONENT, exponent, 513 },
	};
	CK_ATTRIBUTE get = { CKA_PRIVATE_EXPONENT, out, sizeof(out) };
	CK_SESSION_HANDLE s = rw();
	CK_OBJECT_HANDLE o;

	(void)state;
	memset(modulus, 0xff, sizeof(modulus));
	memset(exponent, 0xee, sizeof(exponent));
	RV(C_CreateObject(s, t, COUNT(t), &o), CKR_ATTRIBUTE_VALUE_INVALID);
	modulus[0] = exponent[0] = 0;
	OK(C_CreateObject(s, t, COUNT(t), &o));
	OK(C_GetAttributeValue(s, o, &get, 1));
	assert_int_equal(get.ulValueLen, 512);
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

/* What the chip does not take, or has not, is a fault of the template's. */
static void test_refused(void **state)
{
	static uint8_t modulus[192];
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, 1 }, { CKA_MODULUS, modulus, sizeof(modulus) },
		{ CKA_PUBLIC_EXPONENT, "\1\0\1", 3 },
	};
	CK_OBJECT_HANDLE o;

	(void)state;
	memset(modulus, 0xff, sizeof(modulus));
	RV(C_CreateObject(rw(), t, COUNT(t), &o), CKR_ATTRIBUTE_VALUE_INVALID);
	/* the chip would, but no mechanism has keys as short as that */
	t[3].ulValueLen = 64;
	RV(C_CreateObject(rw(), t, COUNT(t), &o), CKR_ATTRIBUTE_VALUE_INVALID);
	OK(C_Finalize(NULL));
	stop();
	start_with(other, "--chip=SE050E", NULL);
	OK(C_Initialize(NULL));
	t[3].ulValueLen = 128;
	RV(C_CreateObject(rw(), t, COUNT(t), &o), CKR_ATTRIBUTE_VALUE_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP(test_import), CHIP(test_templates), CHIP(test_session_objects), CHIP(test_promises),
		CHIP(test_long_numbers),
		CHIP(test_certificate), CHIP(test_data), CHIP(test_names),
		CHIP(test_broken_creation), CHIP(test_link_errors), CHIP(test_not_destroyable),
		CHIP(test_refused),
	};

	return test_main("pkcs11 objects", tests, COUNT(tests));
}
