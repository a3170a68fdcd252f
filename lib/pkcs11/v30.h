/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What PKCS#11 3.0 has and p11-kit's header of Debian 12 (0.24) has not: numbers of the
 * OASIS standard "PKCS #11 Cryptographic Token Interface 3.0", and its functions. Debian
 * 13's (0.25) has most of it.
 */
#ifndef SE05X_PKCS11_V30_H
#define SE05X_PKCS11_V30_H

#include <p11-kit/pkcs11.h>

#ifndef CKA_UNIQUE_ID
#define CKA_UNIQUE_ID			0x04UL
#endif
#ifndef CKK_EC_MONTGOMERY
#define CKK_EC_MONTGOMERY		0x41UL
#endif
#ifndef CKK_HKDF
#define CKK_HKDF			0x42UL
#endif
#ifndef CKM_EC_MONTGOMERY_KEY_PAIR_GEN
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN	0x1056UL
#endif
#ifndef CKM_ECDSA_SHA224
#define CKM_ECDSA_SHA224		0x1043UL
#define CKM_ECDSA_SHA256		0x1044UL
#define CKM_ECDSA_SHA384		0x1045UL
#define CKM_ECDSA_SHA512		0x1046UL
#endif
#ifndef CKM_HKDF_DERIVE
#define CKM_HKDF_DERIVE			0x402AUL
#endif
#ifndef CKF_HKDF_SALT_NULL
#define CKF_HKDF_SALT_NULL		0x01UL
#define CKF_HKDF_SALT_DATA		0x02UL
#define CKF_HKDF_SALT_KEY		0x04UL
#endif
#ifndef CKF_INTERFACE_FORK_SAFE
#define CKF_INTERFACE_FORK_SAFE		0x01UL
typedef struct {
	char *pInterfaceName;
	void *pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
#endif

/* 3.0's functions, after those of 2.40 */
#define P11_FUNCTIONS_30(X)							\
	X(C_GetInterfaceList, (CK_INTERFACE *list, CK_ULONG *count))	\
	X(C_GetInterface, (CK_UTF8CHAR *name, CK_VERSION *version,		\
			   CK_INTERFACE **interface, CK_FLAGS flags))	\
	X(C_LoginUser, (CK_SESSION_HANDLE session, CK_USER_TYPE type, CK_UTF8CHAR *pin, \
			CK_ULONG pin_len, CK_UTF8CHAR *name, CK_ULONG name_len)) \
	X(C_SessionCancel, (CK_SESSION_HANDLE session, CK_FLAGS flags))		\
	X(C_MessageEncryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, \
				 CK_OBJECT_HANDLE key))				\
	X(C_EncryptMessage, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, \
			     CK_BYTE *aad, CK_ULONG aad_len, CK_BYTE *in, CK_ULONG in_len, \
			     CK_BYTE *out, CK_ULONG *out_len))			\
	X(C_EncryptMessageBegin, (CK_SESSION_HANDLE session, void *param,	\
				  CK_ULONG param_len, CK_BYTE *aad, CK_ULONG aad_len)) \
	X(C_EncryptMessageNext, (CK_SESSION_HANDLE session, void *param,	\
				 CK_ULONG param_len, CK_BYTE *in, CK_ULONG in_len, \
				 CK_BYTE *out, CK_ULONG *out_len, CK_FLAGS flags)) \
	X(C_MessageEncryptFinal, (CK_SESSION_HANDLE session))			\
	X(C_MessageDecryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, \
				 CK_OBJECT_HANDLE key))				\
	X(C_DecryptMessage, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, \
			     CK_BYTE *aad, CK_ULONG aad_len, CK_BYTE *in, CK_ULONG in_len, \
			     CK_BYTE *out, CK_ULONG *out_len))			\
	X(C_DecryptMessageBegin, (CK_SESSION_HANDLE session, void *param,	\
				  CK_ULONG param_len, CK_BYTE *aad, CK_ULONG aad_len)) \
	X(C_DecryptMessageNext, (CK_SESSION_HANDLE session, void *param,	\
				 CK_ULONG param_len, CK_BYTE *in, CK_ULONG in_len, \
				 CK_BYTE *out, CK_ULONG *out_len, CK_FLAGS flags)) \
	X(C_MessageDecryptFinal, (CK_SESSION_HANDLE session))			\
	X(C_MessageSignInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, \
			      CK_OBJECT_HANDLE key))				\
	X(C_SignMessage, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, \
			  CK_BYTE *data, CK_ULONG len, CK_BYTE *sig, CK_ULONG *sig_len)) \
	X(C_SignMessageBegin, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len)) \
	X(C_SignMessageNext, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, \
			      CK_BYTE *data, CK_ULONG len, CK_BYTE *sig, CK_ULONG *sig_len)) \
	X(C_MessageSignFinal, (CK_SESSION_HANDLE session))			\
	X(C_MessageVerifyInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, \
				CK_OBJECT_HANDLE key))				\
	X(C_VerifyMessage, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, \
			    CK_BYTE *data, CK_ULONG len, CK_BYTE *sig, CK_ULONG sig_len)) \
	X(C_VerifyMessageBegin, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len)) \
	X(C_VerifyMessageNext, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, \
				CK_BYTE *data, CK_ULONG len, CK_BYTE *sig, CK_ULONG sig_len)) \
	X(C_MessageVerifyFinal, (CK_SESSION_HANDLE session))

#define P11_DECLARE(name, arguments)	CK_RV name arguments;
P11_FUNCTIONS_30(P11_DECLARE)

#endif /* SE05X_PKCS11_V30_H */
