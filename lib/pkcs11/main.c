// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an application loads: function lists, C_Initialize, C_Finalize; and fork */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "token.h"

struct p11 p11 = {
	.alive = PTHREAD_RWLOCK_INITIALIZER,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.look_lock = PTHREAD_MUTEX_INITIALIZER,
};

/* ---- fork ---- */

/* So that what the child has is whole */
static void before_fork(void)
{
	pthread_mutex_lock(&p11.lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&p11.lock);
}

/* Other threads, and what they held, are not here. All else waits for C_Initialize. */
static void in_child(void)
{
	pthread_mutex_init(&p11.lock, NULL);
	pthread_mutex_init(&p11.look_lock, NULL);
	pthread_rwlock_init(&p11.alive, NULL);
}

void *p11_private_page(void)
{
	void *page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	if (madvise(page, sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) ||
	    madvise(page, sysconf(_SC_PAGESIZE), MADV_DONTDUMP)) {
		munmap(page, sysconf(_SC_PAGESIZE));
		return NULL;
	}
	mlock(page, sysconf(_SC_PAGESIZE));	/* as far as the limit allows */
	return page;
}

void p11_private_page_free(void *page)
{
	if (!page)
		return;
	explicit_bzero(page, sysconf(_SC_PAGESIZE));
	munmap(page, sysconf(_SC_PAGESIZE));
}

static void crypto_ends(void)
{
	p11.crypto_gone = true;
}

/* What lasts as long as the process */
static CK_RV set_up(void)
{
	static bool done;
	static pid_t owner;

	if (!p11.initialised)
		p11.initialised = p11_private_page();
	/*
	 * In a child a new one: locks of its parent's random numbers, for one, may be held by
	 * threads that are not here. The old one is left, as nobody may touch it.
	 */
	if (owner != getpid())
		p11.lib = NULL;
	owner = getpid();
	if (!p11.lib)
		p11.lib = OSSL_LIB_CTX_new();
	if (!p11.initialised || !p11.lib)
		return CKR_HOST_MEMORY;
	if (done)
		return CKR_OK;
	if (pthread_atfork(before_fork, in_parent, in_child) ||
	    OPENSSL_atexit(crypto_ends) != 1)
		return CKR_HOST_MEMORY;
	done = true;
	return CKR_OK;
}

/* ---- initialised or not ---- */

static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *args)
{
	int functions;

	if (!args)
		return CKR_OK;
	functions = !!args->CreateMutex + !!args->DestroyMutex + !!args->LockMutex +
		    !!args->UnlockMutex;
	if (args->pReserved || (functions && functions != 4))
		return CKR_ARGUMENTS_BAD;
	/* mutexes are the system's here */
	if (functions && !(args->flags & CKF_OS_LOCKING_OK))
		return CKR_CANT_LOCK;
	return CKR_OK;
}

CK_RV C_Initialize(void *arguments)
{
	const CK_C_INITIALIZE_ARGS *args = arguments;
	CK_RV rv = check_arguments(args);

	if (rv)
		return rv;
	pthread_rwlock_wrlock(&p11.alive);
	rv = p11.crypto_gone ? CKR_GENERAL_ERROR : set_up();
	if (!rv && *p11.initialised)
		rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;
	if (!rv) {
		/* in a child: what was the parent's */
		p11_sessions_end();
		p11.no_threads = args && args->flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS;
		for (struct p11_token *token = p11.tokens; token; token = token->next)
			keys_chip_no_threads(token->chip, p11.no_threads);
		*p11.initialised = 1;
	}
	pthread_rwlock_unlock(&p11.alive);
	return rv;
}

CK_RV C_Finalize(void *reserved)
{
	CK_RV rv = CKR_OK;

	if (reserved)
		return CKR_ARGUMENTS_BAD;
	pthread_rwlock_wrlock(&p11.alive);
	if (!p11.initialised || !*p11.initialised) {
		rv = CKR_CRYPTOKI_NOT_INITIALIZED;
	} else {
		*p11.initialised = 0;
		/* at the end of the process there may be no libcrypto to free what it has */
		if (!p11.crypto_gone) {
			p11_sessions_end();
			p11_tokens_end();
		}
	}
	pthread_rwlock_unlock(&p11.alive);
	return rv;
}

CK_RV p11_enter(void)
{
	p11_call_ms = p11_now_ms();
	pthread_rwlock_rdlock(&p11.alive);
	if (p11.initialised && *p11.initialised && !p11.crypto_gone)
		return CKR_OK;
	return p11_leave(CKR_CRYPTOKI_NOT_INITIALIZED);
}

CK_RV p11_leave(CK_RV rv)
{
	pthread_rwlock_unlock(&p11.alive);
	/* whoever leaves last; while others are at work it can wait */
	if (p11.litter && !pthread_rwlock_trywrlock(&p11.alive)) {
		if (*p11.initialised && !p11.crypto_gone)
			p11_objects_sweep();
		pthread_rwlock_unlock(&p11.alive);
	}
	return rv;
}

CK_RV p11_give(const void *bytes, size_t len, CK_BYTE *buffer, CK_ULONG *buffer_len)
{
	CK_ULONG room = *buffer_len;

	*buffer_len = len;
	if (!buffer)
		return CKR_OK;
	if (room < len)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(buffer, bytes, len);
	return CKR_OK;
}

void p11_pad(CK_UTF8CHAR *field, size_t size, const char *text)
{
	size_t len = strlen(text);

	memset(field, ' ', size);
	memcpy(field, text, len < size ? len : size);
}

static CK_VERSION own_version(void)
{
	unsigned int major = 0, minor = 0;

	sscanf(VERSION, "%u.%u", &major, &minor);
	return (CK_VERSION) { major, minor };
}

static CK_RV get_info(CK_INFO *info, CK_VERSION version)
{
	CK_RV rv = p11_enter();

	if (rv)
		return rv;
	if (!info)
		return p11_leave(CKR_ARGUMENTS_BAD);
	memset(info, 0, sizeof(*info));
	info->cryptokiVersion = version;
	p11_pad(info->manufacturerID, sizeof(info->manufacturerID), P11_MANUFACTURER);
	p11_pad(info->libraryDescription, sizeof(info->libraryDescription),
		"NXP EdgeLock SE05x");
	info->libraryVersion = own_version();
	return p11_leave(CKR_OK);
}

CK_RV C_GetInfo(CK_INFO *info)
{
	return get_info(info, (CK_VERSION) { 2, 40 });
}

static CK_RV get_info_30(CK_INFO *info)
{
	return get_info(info, (CK_VERSION) { 3, 0 });
}

/* ---- function lists ---- */

/* 2.40's, in its order */
#define FUNCTIONS(INFO)								\
	.C_Initialize = C_Initialize, .C_Finalize = C_Finalize, .C_GetInfo = INFO, \
	.C_GetFunctionList = C_GetFunctionList, .C_GetSlotList = C_GetSlotList,	\
	.C_GetSlotInfo = C_GetSlotInfo, .C_GetTokenInfo = C_GetTokenInfo,	\
	.C_GetMechanismList = C_GetMechanismList, .C_GetMechanismInfo = C_GetMechanismInfo, \
	.C_InitToken = C_InitToken, .C_InitPIN = C_InitPIN, .C_SetPIN = C_SetPIN, \
	.C_OpenSession = C_OpenSession, .C_CloseSession = C_CloseSession,	\
	.C_CloseAllSessions = C_CloseAllSessions, .C_GetSessionInfo = C_GetSessionInfo, \
	.C_GetOperationState = C_GetOperationState, .C_SetOperationState = C_SetOperationState, \
	.C_Login = C_Login, .C_Logout = C_Logout, .C_CreateObject = C_CreateObject, \
	.C_CopyObject = C_CopyObject, .C_DestroyObject = C_DestroyObject,	\
	.C_GetObjectSize = C_GetObjectSize, .C_GetAttributeValue = C_GetAttributeValue, \
	.C_SetAttributeValue = C_SetAttributeValue, .C_FindObjectsInit = C_FindObjectsInit, \
	.C_FindObjects = C_FindObjects, .C_FindObjectsFinal = C_FindObjectsFinal, \
	.C_EncryptInit = C_EncryptInit, .C_Encrypt = C_Encrypt,			\
	.C_EncryptUpdate = C_EncryptUpdate, .C_EncryptFinal = C_EncryptFinal,	\
	.C_DecryptInit = C_DecryptInit, .C_Decrypt = C_Decrypt,			\
	.C_DecryptUpdate = C_DecryptUpdate, .C_DecryptFinal = C_DecryptFinal,	\
	.C_DigestInit = C_DigestInit, .C_Digest = C_Digest, .C_DigestUpdate = C_DigestUpdate, \
	.C_DigestKey = C_DigestKey, .C_DigestFinal = C_DigestFinal,		\
	.C_SignInit = C_SignInit, .C_Sign = C_Sign, .C_SignUpdate = C_SignUpdate, \
	.C_SignFinal = C_SignFinal, .C_SignRecoverInit = C_SignRecoverInit,	\
	.C_SignRecover = C_SignRecover, .C_VerifyInit = C_VerifyInit, .C_Verify = C_Verify, \
	.C_VerifyUpdate = C_VerifyUpdate, .C_VerifyFinal = C_VerifyFinal,	\
	.C_VerifyRecoverInit = C_VerifyRecoverInit, .C_VerifyRecover = C_VerifyRecover, \
	.C_DigestEncryptUpdate = C_DigestEncryptUpdate,				\
	.C_DecryptDigestUpdate = C_DecryptDigestUpdate,				\
	.C_SignEncryptUpdate = C_SignEncryptUpdate,				\
	.C_DecryptVerifyUpdate = C_DecryptVerifyUpdate, .C_GenerateKey = C_GenerateKey, \
	.C_GenerateKeyPair = C_GenerateKeyPair, .C_WrapKey = C_WrapKey,		\
	.C_UnwrapKey = C_UnwrapKey, .C_DeriveKey = C_DeriveKey,			\
	.C_SeedRandom = C_SeedRandom, .C_GenerateRandom = C_GenerateRandom,	\
	.C_GetFunctionStatus = C_GetFunctionStatus, .C_CancelFunction = C_CancelFunction, \
	.C_WaitForSlotEvent = C_WaitForSlotEvent

static CK_FUNCTION_LIST functions = { .version = { 2, 40 }, FUNCTIONS(C_GetInfo) };

#define MEMBER(name, arguments)	CK_RV (*name) arguments;
#define POINTER(name, arguments)	.name = name,

static struct {
	CK_FUNCTION_LIST base;
	P11_FUNCTIONS_30(MEMBER)
} functions_30 = {
	.base = { .version = { 3, 0 }, FUNCTIONS(get_info_30) },
	P11_FUNCTIONS_30(POINTER)
};

/* The default one first. Not fork safe in 3.0's sense: a child has to initialise itself. */
static CK_INTERFACE interfaces[] = {
	{ "PKCS 11", &functions_30, 0 },
	{ "PKCS 11", &functions, 0 },
};

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	if (!list)
		return CKR_ARGUMENTS_BAD;
	*list = &functions;
	return CKR_OK;
}

EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count)
{
	CK_ULONG room;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = ARRAY_SIZE(interfaces);
	if (!list)
		return CKR_OK;
	if (room < ARRAY_SIZE(interfaces))
		return CKR_BUFFER_TOO_SMALL;
	memcpy(list, interfaces, sizeof(interfaces));
	return CKR_OK;
}

EXPORT CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version,
			    CK_INTERFACE **interface, CK_FLAGS flags)
{
	if (!interface)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
		/* every function list begins with its version */
		const CK_VERSION *has = interfaces[i].pFunctionList;

		if ((name && strcmp((const char *)name, interfaces[i].pInterfaceName)) ||
		    (version && (version->major != has->major || version->minor != has->minor)) ||
		    (flags & ~interfaces[i].flags))
			continue;
		*interface = &interfaces[i];
		return CKR_OK;
	}
	return CKR_FUNCTION_FAILED;
}
