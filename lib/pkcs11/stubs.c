// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is not there yet: each goes when its function comes */
#include "pkcs11.h"

#define STUB(name, arguments)							\
	__attribute__((weak)) CK_RV name arguments { return CKR_FUNCTION_NOT_SUPPORTED; }
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define S CK_SESSION_HANDLE s
#define M CK_MECHANISM *m
#define H CK_OBJECT_HANDLE h
#define T CK_ATTRIBUTE *t, CK_ULONG n
#define IN CK_BYTE *in, CK_ULONG l
#define OUT CK_BYTE *out, CK_ULONG *ol


/* the mechanisms */
STUB(C_GetMechanismList, (CK_SLOT_ID id, CK_MECHANISM_TYPE *l, CK_ULONG *n))
STUB(C_GetMechanismInfo, (CK_SLOT_ID id, CK_MECHANISM_TYPE t, CK_MECHANISM_INFO *i))
STUB(C_EncryptInit, (S, M, H))
STUB(C_Encrypt, (S, IN, OUT))
STUB(C_EncryptUpdate, (S, IN, OUT))
STUB(C_EncryptFinal, (S, OUT))
STUB(C_DecryptInit, (S, M, H))
STUB(C_Decrypt, (S, IN, OUT))
STUB(C_DecryptUpdate, (S, IN, OUT))
STUB(C_DecryptFinal, (S, OUT))
STUB(C_DigestInit, (S, M))
STUB(C_Digest, (S, IN, OUT))
STUB(C_DigestUpdate, (S, IN))
STUB(C_DigestKey, (S, H))
STUB(C_DigestFinal, (S, OUT))
STUB(C_SignInit, (S, M, H))
STUB(C_Sign, (S, IN, OUT))
STUB(C_SignUpdate, (S, IN))
STUB(C_SignFinal, (S, OUT))
STUB(C_SignRecoverInit, (S, M, H))
STUB(C_SignRecover, (S, IN, OUT))
STUB(C_VerifyInit, (S, M, H))
STUB(C_Verify, (S, IN, CK_BYTE *g, CK_ULONG gl))
STUB(C_VerifyUpdate, (S, IN))
STUB(C_VerifyFinal, (S, IN))
STUB(C_VerifyRecoverInit, (S, M, H))
STUB(C_VerifyRecover, (S, IN, OUT))
STUB(C_DigestEncryptUpdate, (S, IN, OUT))
STUB(C_DecryptDigestUpdate, (S, IN, OUT))
STUB(C_SignEncryptUpdate, (S, IN, OUT))
STUB(C_DecryptVerifyUpdate, (S, IN, OUT))
STUB(C_GenerateKey, (S, M, T, CK_OBJECT_HANDLE *h))
STUB(C_GenerateKeyPair, (S, M, T, CK_ATTRIBUTE *t2, CK_ULONG n2, CK_OBJECT_HANDLE *a,
			 CK_OBJECT_HANDLE *b))
STUB(C_WrapKey, (S, M, CK_OBJECT_HANDLE w, H, OUT))
STUB(C_UnwrapKey, (S, M, H, IN, T, CK_OBJECT_HANDLE *k))
STUB(C_DeriveKey, (S, M, H, T, CK_OBJECT_HANDLE *k))
STUB(C_MessageEncryptInit, (S, M, H))
STUB(C_EncryptMessage, (S, void *p, CK_ULONG pl, CK_BYTE *a, CK_ULONG al, IN, OUT))
STUB(C_EncryptMessageBegin, (S, void *p, CK_ULONG pl, CK_BYTE *a, CK_ULONG al))
STUB(C_EncryptMessageNext, (S, void *p, CK_ULONG pl, IN, OUT, CK_FLAGS f))
STUB(C_MessageEncryptFinal, (S))
STUB(C_MessageDecryptInit, (S, M, H))
STUB(C_DecryptMessage, (S, void *p, CK_ULONG pl, CK_BYTE *a, CK_ULONG al, IN, OUT))
STUB(C_DecryptMessageBegin, (S, void *p, CK_ULONG pl, CK_BYTE *a, CK_ULONG al))
STUB(C_DecryptMessageNext, (S, void *p, CK_ULONG pl, IN, OUT, CK_FLAGS f))
STUB(C_MessageDecryptFinal, (S))
STUB(C_MessageSignInit, (S, M, H))
STUB(C_SignMessage, (S, void *p, CK_ULONG pl, IN, OUT))
STUB(C_SignMessageBegin, (S, void *p, CK_ULONG pl))
STUB(C_SignMessageNext, (S, void *p, CK_ULONG pl, IN, OUT))
STUB(C_MessageSignFinal, (S))
STUB(C_MessageVerifyInit, (S, M, H))
STUB(C_VerifyMessage, (S, void *p, CK_ULONG pl, IN, CK_BYTE *g, CK_ULONG gl))
STUB(C_VerifyMessageBegin, (S, void *p, CK_ULONG pl))
STUB(C_VerifyMessageNext, (S, void *p, CK_ULONG pl, IN, CK_BYTE *g, CK_ULONG gl))
STUB(C_MessageVerifyFinal, (S))

__attribute__((weak)) void p11_op_free(struct p11_op *op) { (void)op; }
