// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer as the application: the C_ functions of the PKCS#11 module with random calls,
 * templates, parameters, lengths and handles, on the simulated applet in this process
 *
 * Input: for each call one byte that picks it, and what its arguments are made of. Buffers are
 * as long as they are said to be, so that the address sanitizer sees a byte too many.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>

#include "../../lib/pkcs11/mech.h"
#include "../../tools/sim/applet.h"

/* ---- a chip ---- */

struct se05x {
	int unused;
};

static struct applet *applet;

int se05x_open(const char *path, struct se05x **se)
{
	(void)path;
	*se = calloc(1, sizeof(**se));
	return 0;
}

int se05x_reopen(struct se05x *se)
{
	(void)se;
	return 0;
}

void se05x_close(struct se05x *se)
{
	free(se);
}

int se05x_fd(const struct se05x *se)
{
	(void)se;
	return -1;
}

int se05x_get_info(struct se05x *se, struct se05x_info *info)
{
	(void)se;
	memset(info, 0, sizeof(*info));
	return 0;
}

int se05x_lock(struct se05x *se, struct se05x_call *call)
{
	(void)se;
	(void)call;
	return 0;
}

int se05x_unlock(struct se05x *se)
{
	(void)se;
	return 0;
}

int se05x_transceive(struct se05x *se, const void *command, size_t command_len, void *response,
		     size_t *response_len, struct se05x_call *call)
{
	uint8_t rsp[APPLET_RESPONSE_MAX];
	struct se05x_call unused;
	uint32_t delay_us;
	size_t n;

	(void)se;
	call = call ? call : &unused;
	applet_process(applet, command, command_len, rsp, &n, &delay_us);
	call->outcome = SE05X_OUTCOME_RAN;
	call->sw = get_be(rsp + n - 2, 2);
	call->generation = 1;
	memcpy(response, rsp, n < *response_len ? n : *response_len);
	*response_len = n;
	return 0;
}

int se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
		 void *response, size_t *response_len, struct se05x_call *call)
{
	uint8_t apdu[22] = { 0x00, 0xA4, 0x04, 0x00, aid_len }, unused[64];
	size_t unused_len = sizeof(unused);

	(void)flags;
	if (aid_len)
		memcpy(apdu + 5, aid, aid_len);
	return se05x_transceive(se, apdu, 5 + aid_len + 1, response ? response : unused,
				response_len ? response_len : &unused_len, call);
}

/* ---- what the input says ---- */

static const uint8_t *at;
static size_t left;

static uint8_t byte(void)
{
	if (!left)
		return 0;
	left--;
	return *at++;
}

static size_t number(size_t below)
{
	return (byte() << 8 | byte()) % below;
}

/* To be freed all at once */
static void *kept[512];
static size_t n_kept;

static void *keep(size_t len)
{
	void *bytes = malloc(len);

	if (n_kept == ARRAY_SIZE(kept))
		abort();
	kept[n_kept++] = bytes;
	return bytes;
}

static void *zeros(size_t len)
{
	return memset(keep(len), 0, len);
}

static void free_kept(void)
{
	while (n_kept)
		free(kept[--n_kept]);
}

static uint8_t *bytes(size_t len)
{
	uint8_t *to = keep(len);

	for (size_t i = 0; i < len; i++)
		to[i] = byte();
	return to;
}

static CK_OBJECT_HANDLE handles[16];
static CK_SESSION_HANDLE sessions[3];

static CK_OBJECT_HANDLE *handle(void)
{
	return &handles[byte() % ARRAY_SIZE(handles)];
}

static CK_SESSION_HANDLE session(void)
{
	return sessions[byte() % ARRAY_SIZE(sessions)];
}

/* ---- templates ---- */

static const CK_ATTRIBUTE_TYPE types[] = {
	CKA_CLASS, CKA_KEY_TYPE, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_ID, CKA_VALUE, CKA_VALUE_LEN,
	CKA_EC_PARAMS, CKA_EC_POINT, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT,
	CKA_SIGN, CKA_VERIFY, CKA_ENCRYPT, CKA_DECRYPT, CKA_DERIVE, CKA_SENSITIVE, CKA_EXTRACTABLE,
	CKA_MODULUS_BITS, CKA_DESTROYABLE, CKA_CERTIFICATE_TYPE, CKA_START_DATE, CKA_LOCAL,
	CKA_PUBLIC_KEY_INFO, CKA_APPLICATION, 0x12345678,
};

static const struct {
	const char *bytes;
	size_t len;
} values[] = {
	{ "\1", 1 }, { "\0", 1 }, { "", 0 }, { "name", 4 },
	{ "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10 }, { "\x06\x03\x2b\x65\x70", 5 },
	{ "\x06\x03\x2b\x65\x6e", 5 }, { "\x06\x05\x2b\x81\x04\x00\x23", 7 },
	{ "0123456789abcdef", 16 }, { "0123456789abcdef0123456789abcdef", 32 },
};

static CK_ATTRIBUTE attribute(void)
{
	CK_ATTRIBUTE a = { types[byte() % ARRAY_SIZE(types)], NULL, 0 };
	uint8_t how = byte();
	CK_ULONG n = how >> 2;

	switch (how % 4) {
	case 0:
		a.ulValueLen = sizeof(n);
		a.pValue = keep(sizeof(n));
		memcpy(a.pValue, &n, sizeof(n));
		break;
	case 1:
		n = n % ARRAY_SIZE(values);
		a.ulValueLen = values[n].len;
		a.pValue = keep(a.ulValueLen);
		memcpy(a.pValue, values[n].bytes, a.ulValueLen);
		break;
	case 2:
		a.ulValueLen = n;
		a.pValue = bytes(n);
		break;
	default:	/* nonsense that a caller can say without harm to himself */
		a.ulValueLen = n % 2 ? (CK_ULONG)-1 : n;
	}
	return a;
}

static CK_ATTRIBUTE *template(CK_ULONG *n)
{
	CK_ATTRIBUTE *t;

	*n = byte() % 8;
	t = keep(*n * sizeof(*t));
	for (CK_ULONG i = 0; i < *n; i++)
		t[i] = attribute();
	return *n ? t : NULL;
}

/* ---- mechanisms ---- */

static void *piece(CK_ULONG *len)
{
	*len = byte() % 70;
	return *len % 7 == 6 ? NULL : bytes(*len);
}

static void *param(CK_MECHANISM_TYPE type, CK_ULONG *len)
{
	CK_GCM_PARAMS *gcm;
	CK_RSA_PKCS_OAEP_PARAMS *oaep;
	CK_ECDH1_DERIVE_PARAMS *ecdh;
	struct p11_ccm_params *ccm;
	struct p11_hkdf_params *hkdf;

#define NEW(p)	(p = zeros(sizeof(*p)), *len = sizeof(*p))
	switch (type) {
	case CKM_AES_GCM:
		NEW(gcm);
		gcm->pIv = piece(&gcm->ulIvLen);
		gcm->pAAD = piece(&gcm->ulAADLen);
		gcm->ulTagBits = byte();
		return gcm;
	case CKM_AES_CCM:
		NEW(ccm);
		ccm->nonce = piece(&ccm->nonce_len);
		ccm->aad = piece(&ccm->aad_len);
		ccm->data_len = byte();
		ccm->mac_len = byte() % 20;
		return ccm;
	case CKM_RSA_PKCS_OAEP:
		NEW(oaep);
		oaep->pSourceData = piece(&oaep->ulSourceDataLen);
		oaep->hashAlg = CKM_SHA_1 + byte();
		oaep->mgf = byte() % 7;
		oaep->source = byte() % 3;
		return oaep;
	case CKM_ECDH1_DERIVE:
	case CKM_ECDH1_COFACTOR_DERIVE:
		NEW(ecdh);
		ecdh->pSharedData = piece(&ecdh->ulSharedDataLen);
		ecdh->pPublicData = piece(&ecdh->ulPublicDataLen);
		ecdh->kdf = byte() % 10;
		return ecdh;
	case CKM_HKDF_DERIVE:
		NEW(hkdf);
		hkdf->salt = piece(&hkdf->salt_len);
		hkdf->info = piece(&hkdf->info_len);
		hkdf->hash = CKM_SHA_1 + byte() % 128;
		hkdf->extract = byte() % 2;
		hkdf->expand = byte() % 2;
		hkdf->salt_type = byte() % 6;
		hkdf->salt_key = *handle();
		return hkdf;
	default:	/* no pointers in it, or too short to have one */
		*len = (const uint8_t[]) { 0, 16, sizeof(CK_ULONG), sizeof(CK_RSA_PKCS_PSS_PARAMS),
					   sizeof(CK_AES_CTR_PARAMS), 5 }[byte() % 6];
		return *len ? bytes(*len) : NULL;
	}
}

static CK_MECHANISM *mechanism(void)
{
	static CK_MECHANISM_TYPE list[128];
	static CK_ULONG n;
	CK_MECHANISM *m = keep(sizeof(*m));

	if (!n) {
		n = ARRAY_SIZE(list);
		C_GetMechanismList(0, list, &n);
	}
	memset(m, 0, sizeof(*m));
	m->mechanism = list[byte() % n];
	/* of the slow ones there is one beforehand */
	if (m->mechanism == CKM_RSA_PKCS_KEY_PAIR_GEN)
		m->mechanism = CKM_EC_KEY_PAIR_GEN;
	m->pParameter = param(m->mechanism, &m->ulParameterLen);
	return m;
}

/* ---- calls ---- */

static void operate(void)
{
	static CK_RV (*const init[])(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE) = {
		C_SignInit, C_VerifyInit, C_EncryptInit, C_DecryptInit,
	};
	static CK_RV (*const once[])(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *) = {
		C_Sign, C_Digest, C_Encrypt, C_Decrypt, C_EncryptUpdate, C_DecryptUpdate,	/* as init */
	};
	static CK_RV (*const last[])(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG *) = {
		C_SignFinal, C_DigestFinal, C_EncryptFinal, C_DecryptFinal,
	};
	CK_SESSION_HANDLE s = session();
	CK_ULONG len = number(1100), sig_len = number(520), room = number(1200);
	CK_BYTE *in = len % 11 == 10 ? NULL : keep(len), *out = room % 5 == 4 ? NULL : keep(room);
	uint8_t which = byte();

	if (in)
		memset(in, which, len);
	switch (byte() % 8) {
	case 0:
		init[which % 4](s, mechanism(), *handle());
		break;
	case 1:
		/* all of it, as most programs do it */
		if (init[which % 4](s, mechanism(), *handle()))
			break;
		if (which % 4 == 1)
			C_Verify(s, in, len, bytes(sig_len), sig_len);
		else
			once[which % 4](s, in, len, out, &room);
		break;
	case 2:
		once[which % 6](s, in, len, out, &room);
		break;
	case 3:
		last[which % 4](s, out, &room);
		break;
	case 4:
		(which % 3 == 0 ? C_SignUpdate : which % 3 == 1 ? C_VerifyUpdate : C_DigestUpdate)
			(s, in, len);
		break;
	case 5:
		C_Verify(s, in, len, bytes(sig_len), sig_len);
		break;
	case 6:
		C_VerifyFinal(s, bytes(sig_len), sig_len);
		break;
	default:
		C_DigestInit(s, mechanism());
		C_DigestKey(s, *handle());
	}
}

static void find(void)
{
	CK_SESSION_HANDLE s = session();
	CK_ULONG n;
	CK_ATTRIBUTE *t = template(&n);

	C_FindObjectsInit(s, t, n);
	C_FindObjects(s, handles, byte() % ARRAY_SIZE(handles), &n);
	C_FindObjectsFinal(s);
}

static void get(void)
{
	CK_SESSION_HANDLE s = session();
	CK_ATTRIBUTE a = { types[byte() % ARRAY_SIZE(types)], NULL, 0 };

	if (!C_GetAttributeValue(s, *handle(), &a, 1) && a.ulValueLen < 10000) {
		a.pValue = keep(a.ulValueLen);
		C_GetAttributeValue(s, *handle(), &a, 1);
	}
}

static void call(void)
{
	CK_SESSION_HANDLE s = session();
	CK_ULONG n, m;
	CK_ATTRIBUTE *t = template(&n);

	switch (byte() % 12) {
	case 0:
		C_GenerateKeyPair(s, mechanism(), t, n, template(&m), m, handle(), handle());
		break;
	case 1:
		C_GenerateKey(s, mechanism(), t, n, handle());
		break;
	case 2:
		C_CreateObject(s, t, n, handle());
		break;
	case 3:
		C_DeriveKey(s, mechanism(), *handle(), t, n, handle());
		break;
	case 4:
		C_CopyObject(s, *handle(), t, n, handle());
		break;
	case 5:
		C_SetAttributeValue(s, *handle(), t, n);
		break;
	case 6:
		C_DestroyObject(s, *handle());
		break;
	case 7:
		find();
		break;
	case 8:
		get();
		break;
	case 9:
		C_SessionCancel(s, 1UL << byte() % 32);
		break;
	case 10:
		C_CloseSession(s);
		C_OpenSession(0, CKF_SERIAL_SESSION | (byte() % 2 ? CKF_RW_SESSION : 0), NULL, NULL,
			      &sessions[byte() % ARRAY_SIZE(sessions)]);
		break;
	default:
		byte() % 2 ? C_Login(s, CKU_USER, NULL, 0) : C_Logout(s);
	}
}

/* ---- keys of each kind, so that not all calls end at once ---- */

static CK_BBOOL yes = CK_TRUE;

static void make_secrets(CK_OBJECT_HANDLE *to)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE aes = CKK_AES, generic = CKK_GENERIC_SECRET;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &aes, sizeof(aes) },
		{ CKA_VALUE, "0123456789abcdef", 16 }, { CKA_TOKEN, &yes, sizeof(yes) },
	};

	C_CreateObject(sessions[0], t, 3, to++);
	C_CreateObject(sessions[0], t, 4, to++);
	t[1].pValue = &generic;
	C_CreateObject(sessions[0], t, 3, to++);
	C_CreateObject(sessions[0], t, 4, to);
}

static void make_pairs(CK_OBJECT_HANDLE *to)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		int params;	/* in values */
	} pairs[] = { { CKM_EC_KEY_PAIR_GEN, 4 }, { CKM_EC_EDWARDS_KEY_PAIR_GEN, 5 } };
	CK_ATTRIBUTE private[] = {
		{ CKA_SIGN, &yes, sizeof(yes) }, { CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_DERIVE, &yes, sizeof(yes) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		CK_MECHANISM m = { pairs[i].type, NULL, 0 };
		CK_ATTRIBUTE public = {
			CKA_EC_PARAMS, (void *)values[pairs[i].params].bytes, values[pairs[i].params].len,
		};

		C_GenerateKeyPair(sessions[0], &m, &public, 1, private, 1, to, to + 1);
		C_GenerateKeyPair(sessions[0], &m, &public, 1, private, i ? 2 : 3, to + 2, to + 3);
		to += 4;
	}
}

/* One RSA pair of the host for all inputs: its numbers are made once. */
static void make_rsa(CK_OBJECT_HANDLE *to)
{
	static const char *const names[] = { "n", "e", "d" };
	static CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, NULL, sizeof(CK_OBJECT_CLASS) }, { CKA_KEY_TYPE, NULL, sizeof(CK_KEY_TYPE) },
		{ CKA_MODULUS, NULL, 0 }, { CKA_PUBLIC_EXPONENT, NULL, 0 },
		{ CKA_PRIVATE_EXPONENT, NULL, 0 },
	};
	CK_OBJECT_CLASS public = CKO_PUBLIC_KEY, private = CKO_PRIVATE_KEY;
	CK_KEY_TYPE rsa = CKK_RSA;
	EVP_PKEY *key = t[2].pValue ? NULL : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);

	for (size_t i = 0; key && i < ARRAY_SIZE(names); i++) {
		BIGNUM *n = NULL;

		EVP_PKEY_get_bn_param(key, names[i], &n);
		t[2 + i].ulValueLen = BN_num_bytes(n);
		t[2 + i].pValue = malloc(BN_num_bytes(n));
		BN_bn2bin(n, t[2 + i].pValue);
		BN_free(n);
	}
	EVP_PKEY_free(key);
	t[0].pValue = &public;
	t[1].pValue = &rsa;
	C_CreateObject(sessions[0], t, 4, to);
	t[0].pValue = &private;
	C_CreateObject(sessions[0], t, 5, to + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	at = data;
	left = size;
	setenv("SE05X_DEVICE", "/dev/se05x", 1);
	applet = applet_new(&(struct applet_config) { .model = "SE051" });
	if (!applet || C_Initialize(NULL))
		abort();
	memset(handles, 0, sizeof(handles));
	for (size_t i = 0; i < ARRAY_SIZE(sessions); i++)
		C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &sessions[i]);
	make_secrets(handles);
	make_pairs(handles + 4);
	make_rsa(handles + 12);
	while (left) {
		byte() % 2 ? operate() : call();
		free_kept();
	}
	if (C_Finalize(NULL))
		abort();
	applet_free(applet);
	return 0;
}
