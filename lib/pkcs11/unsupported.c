// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What this module has not: signatures with recovery, functions that do two things at
 * once, wrapped keys, and 3.0's messages. All is asked for a session that is there.
 */
#include "mech.h"

/* Their arguments don't matter. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static CK_RV not_supported(CK_SESSION_HANDLE session)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	return rv ? rv : p11_end(s, CKR_FUNCTION_NOT_SUPPORTED);
}

#define NOT_SUPPORTED(name, ...)						\
	CK_RV name(CK_SESSION_HANDLE session, ##__VA_ARGS__)			\
	{									\
		return not_supported(session);					\
	}
#define KEY	CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key
#define IN	CK_BYTE *in, CK_ULONG in_len
#define OUT	CK_BYTE *out, CK_ULONG *out_len
#define SIG	CK_BYTE *sig, CK_ULONG sig_len
#define PARAM	void *param, CK_ULONG param_len
#define AAD	CK_BYTE *aad, CK_ULONG aad_len

NOT_SUPPORTED(C_SignRecoverInit, KEY)
NOT_SUPPORTED(C_SignRecover, IN, OUT)
NOT_SUPPORTED(C_VerifyRecoverInit, KEY)
NOT_SUPPORTED(C_VerifyRecover, IN, OUT)

NOT_SUPPORTED(C_DigestEncryptUpdate, IN, OUT)
NOT_SUPPORTED(C_DecryptDigestUpdate, IN, OUT)
NOT_SUPPORTED(C_SignEncryptUpdate, IN, OUT)
NOT_SUPPORTED(C_DecryptVerifyUpdate, IN, OUT)

NOT_SUPPORTED(C_WrapKey, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE wrapping,
	      CK_OBJECT_HANDLE key, OUT)
NOT_SUPPORTED(C_UnwrapKey, KEY, IN, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *object)

NOT_SUPPORTED(C_MessageEncryptInit, KEY)
NOT_SUPPORTED(C_EncryptMessage, PARAM, AAD, IN, OUT)
NOT_SUPPORTED(C_EncryptMessageBegin, PARAM, AAD)
NOT_SUPPORTED(C_EncryptMessageNext, PARAM, IN, OUT, CK_FLAGS flags)
NOT_SUPPORTED(C_MessageEncryptFinal)
NOT_SUPPORTED(C_MessageDecryptInit, KEY)
NOT_SUPPORTED(C_DecryptMessage, PARAM, AAD, IN, OUT)
NOT_SUPPORTED(C_DecryptMessageBegin, PARAM, AAD)
NOT_SUPPORTED(C_DecryptMessageNext, PARAM, IN, OUT, CK_FLAGS flags)
NOT_SUPPORTED(C_MessageDecryptFinal)
NOT_SUPPORTED(C_MessageSignInit, KEY)
NOT_SUPPORTED(C_SignMessage, PARAM, IN, OUT)
NOT_SUPPORTED(C_SignMessageBegin, PARAM)
NOT_SUPPORTED(C_SignMessageNext, PARAM, IN, OUT)
NOT_SUPPORTED(C_MessageSignFinal)
NOT_SUPPORTED(C_MessageVerifyInit, KEY)
NOT_SUPPORTED(C_VerifyMessage, PARAM, IN, SIG)
NOT_SUPPORTED(C_VerifyMessageBegin, PARAM)
NOT_SUPPORTED(C_VerifyMessageNext, PARAM, IN, SIG)
NOT_SUPPORTED(C_MessageVerifyFinal)
