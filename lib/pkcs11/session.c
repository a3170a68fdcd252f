// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sessions, and who is logged in */
#include <stdlib.h>
#include <string.h>

#include "token.h"

/* ---- begin and end of each call ---- */

static void free_session(struct p11_session *s)
{
	for (size_t i = 0; i < P11_ACTIVITIES; i++)
		p11_op_free(s->ops[i]);
	free(s->found);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void put(struct p11_session *s)
{
	bool last;

	pthread_mutex_lock(&p11.lock);
	last = !--s->references;
	pthread_mutex_unlock(&p11.lock);
	if (last)
		free_session(s);
}

CK_RV p11_begin(CK_SESSION_HANDLE handle, struct p11_session **session)
{
	struct p11_session *s;
	CK_RV rv = p11_enter();

	if (rv)
		return rv;
	pthread_mutex_lock(&p11.lock);
	s = p11_table_get(&p11.sessions, handle);
	if (s)
		s->references++;
	pthread_mutex_unlock(&p11.lock);
	if (!s)
		return p11_leave(CKR_SESSION_HANDLE_INVALID);
	pthread_mutex_lock(&s->lock);
	*session = s;
	/* while this waited for another thread's call */
	return s->closed ? p11_end(s, CKR_SESSION_CLOSED) : CKR_OK;
}

CK_RV p11_end(struct p11_session *s, CK_RV rv)
{
	pthread_mutex_unlock(&s->lock);
	put(s);
	return p11_leave(rv);
}

/* ---- open and closed ---- */

static CK_RV open_session(struct p11_token *token, bool rw, CK_SESSION_HANDLE *handle)
{
	struct p11_session *s;
	CK_RV rv = p11_token_learn(token);

	if (rv)
		return rv;
	s = calloc(1, sizeof(*s));
	if (!s)
		return CKR_HOST_MEMORY;
	s->token = token;
	s->rw = rw;
	s->references = 1;	/* the table's */
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_lock(&p11.lock);
	s->handle = p11_table_add(&p11.sessions, s);
	if (s->handle) {
		token->sessions++;
		token->rw_sessions += rw;
		*handle = s->handle;
	}
	pthread_mutex_unlock(&p11.lock);
	if (s->handle)
		return CKR_OK;
	free_session(s);
	return CKR_HOST_MEMORY;
}

CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
		    CK_SESSION_HANDLE *handle)
{
	struct p11_token *token;
	CK_RV rv = p11_enter();

	(void)application;	/* nothing is ever told to it */
	(void)notify;
	if (rv)
		return rv;
	if (!handle)
		return p11_leave(CKR_ARGUMENTS_BAD);
	if (!(flags & CKF_SERIAL_SESSION))
		return p11_leave(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	token = p11_token(slot);
	if (!token)
		return p11_leave(CKR_SLOT_ID_INVALID);
	return p11_leave(open_session(token, flags & CKF_RW_SESSION, handle));
}

/* With p11.lock held; who is in it ends it */
static void unlink_session(struct p11_session *s)
{
	p11_table_remove(&p11.sessions, s->handle);
	s->closed = true;
	s->token->sessions--;
	s->token->rw_sessions -= s->rw;
}

/* Nobody is logged in any more. What was his is found again only after the next login. */
static void end_login(struct p11_token *token)
{
	p11_forget_pin(token);
	if (p11_has_user(token))
		p11_handles_end(NULL, token);
}

/* The last one takes the login with it. */
static void close_session(struct p11_session *s)
{
	bool was_open, last;

	pthread_mutex_lock(&p11.lock);
	was_open = !s->closed;
	if (was_open)
		unlink_session(s);
	last = !s->token->sessions;
	if (last)
		s->token->logged_in = false;
	pthread_mutex_unlock(&p11.lock);
	if (!was_open)
		return;
	if (last)
		end_login(s->token);
	p11_handles_end(s, NULL);
	put(s);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	close_session(s);
	return p11_end(s, CKR_OK);
}

/* The next one of a token, from place *@at on */
static struct p11_session *next_session(const struct p11_token *token, size_t *at)
{
	struct p11_session *s = NULL;

	pthread_mutex_lock(&p11.lock);
	for (; !s && *at < p11.sessions.n; (*at)++) {
		s = p11.sessions.places[*at].what;
		if (s && s->token != token)
			s = NULL;
	}
	if (s)
		s->references++;
	pthread_mutex_unlock(&p11.lock);
	return s;
}

void p11_sessions_close(struct p11_token *token)
{
	struct p11_session *s;
	size_t at = 0;

	while ((s = next_session(token, &at))) {
		close_session(s);
		put(s);
	}
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot)
{
	struct p11_token *token;
	CK_RV rv = p11_enter();

	if (rv)
		return rv;
	token = p11_token(slot);
	if (!token)
		return p11_leave(CKR_SLOT_ID_INVALID);
	p11_sessions_close(token);
	return p11_leave(CKR_OK);
}

/* In a child, what other threads of the parent were in is left as it is. */
void p11_sessions_end(void)
{
	for (size_t i = 0; i < p11.sessions.n; i++) {
		struct p11_session *s = p11.sessions.places[i].what;

		if (!s)
			continue;
		p11_table_remove(&p11.sessions, s->handle);
		if (s->references == 1)
			free_session(s);
	}
	p11_objects_end();
	for (struct p11_token *token = p11.tokens; token; token = token->next) {
		pthread_mutex_init(&token->pin_lock, NULL);
		explicit_bzero(token->pin, sizeof(*token->pin));
		keys_session_close(&token->session);
		token->logged_in = false;
		token->sessions = token->rw_sessions = 0;
	}
}

/* ---- what is asked of one ---- */

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info)
{
	static const CK_STATE states[2][2] = {
		{ CKS_RO_PUBLIC_SESSION, CKS_RO_USER_FUNCTIONS },
		{ CKS_RW_PUBLIC_SESSION, CKS_RW_USER_FUNCTIONS },
	};
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	if (!info)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	info->slotID = s->token->slot;
	info->state = states[s->rw][s->token->logged_in];
	info->flags = CKF_SERIAL_SESSION | (s->rw ? CKF_RW_SESSION : 0);
	info->ulDeviceError = 0;
	return p11_end(s, CKR_OK);
}

static bool is_active(const struct p11_session *s)
{
	for (size_t i = 0; i < P11_ACTIVITIES; i++)
		if (s->ops[i])
			return true;
	return false;
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE handle, CK_BYTE *state, CK_ULONG *len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	(void)state;
	if (rv)
		return rv;
	if (!len)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	return p11_end(s, is_active(s) ? CKR_STATE_UNSAVEABLE : CKR_OPERATION_NOT_INITIALIZED);
}

/* No state was ever given. */
CK_RV C_SetOperationState(CK_SESSION_HANDLE handle, CK_BYTE *state, CK_ULONG len,
			  CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE other)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	(void)len;
	(void)key;
	(void)other;
	if (rv)
		return rv;
	return p11_end(s, state ? CKR_SAVED_STATE_INVALID : CKR_ARGUMENTS_BAD);
}

#define CKF_FIND_OBJECTS_30	0x40UL	/* of C_SessionCancel */

CK_RV C_SessionCancel(CK_SESSION_HANDLE handle, CK_FLAGS flags)
{
	static const CK_FLAGS activities[P11_ACTIVITIES] = {
		[P11_SIGN] = CKF_SIGN, [P11_VERIFY] = CKF_VERIFY, [P11_ENCRYPT] = CKF_ENCRYPT,
		[P11_DECRYPT] = CKF_DECRYPT, [P11_DIGEST] = CKF_DIGEST,
	};
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	for (size_t i = 0; i < P11_ACTIVITIES; i++) {
		if (!(flags & activities[i]))
			continue;
		p11_op_free(s->ops[i]);
		s->ops[i] = NULL;
	}
	if (flags & CKF_FIND_OBJECTS_30)
		s->searching = false;
	return p11_end(s, CKR_OK);
}

static CK_RV not_parallel(CK_SESSION_HANDLE handle)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	return rv ? rv : p11_end(s, CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE handle)
{
	return not_parallel(handle);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE handle)
{
	return not_parallel(handle);
}

/* ---- login ---- */

static CK_RV login(struct p11_session *s, CK_USER_TYPE type, const void *pin, size_t len)
{
	struct p11_token *token = s->token;

	if (type == CKU_CONTEXT_SPECIFIC)
		return CKR_OPERATION_NOT_INITIALIZED;	/* no key asks for it */
	if (type != CKU_USER)
		return CKR_USER_TYPE_INVALID;
	if (token->logged_in)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (p11_config(token)->wrong) {
		p11_log("login: pkcs11.conf is wrong");
		return CKR_USER_PIN_NOT_INITIALIZED;
	}
	if (!pin && len)
		return CKR_ARGUMENTS_BAD;
	if (p11_config(token)->user) {
		if (!pin)
			return CKR_ARGUMENTS_BAD;
		/* no UserID has it; CKR_PIN_LEN_RANGE is for who sets a PIN */
		if (len < P11_PIN_MIN || len > P11_PIN_MAX)
			return CKR_PIN_INCORRECT;
		return p11_try_pin(token, pin, len);
	}
	pthread_mutex_lock(&p11.lock);
	token->logged_in = true;
	pthread_mutex_unlock(&p11.lock);
	return CKR_OK;
}

CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE type, CK_UTF8CHAR *pin, CK_ULONG len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	return rv ? rv : p11_end(s, login(s, type, pin, len));
}

CK_RV C_LoginUser(CK_SESSION_HANDLE handle, CK_USER_TYPE type, CK_UTF8CHAR *pin, CK_ULONG len,
		  CK_UTF8CHAR *name, CK_ULONG name_len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	(void)name;
	if (rv)
		return rv;
	/* the chip's users have numbers, and the configuration says which one it is */
	return p11_end(s, name_len ? CKR_USER_TYPE_INVALID : login(s, type, pin, len));
}

CK_RV C_Logout(CK_SESSION_HANDLE handle)
{
	struct p11_session *s;
	struct p11_token *token;
	bool was;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	token = s->token;
	pthread_mutex_lock(&p11.lock);
	was = token->logged_in;
	token->logged_in = false;
	pthread_mutex_unlock(&p11.lock);
	if (!was)
		return p11_end(s, CKR_USER_NOT_LOGGED_IN);
	end_login(token);
	return p11_end(s, CKR_OK);
}

/* PINs are UserIDs of the chip, which its owner makes. */
static CK_RV not_here(const char *what)
{
	CK_RV rv = p11_enter();

	if (rv)
		return rv;
	p11_log("%s: by 'se05x-tool userid', and 'user =' in /etc/se05x/pkcs11.conf", what);
	return p11_leave(CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR *pin, CK_ULONG len, CK_UTF8CHAR *label)
{
	(void)slot;
	(void)pin;
	(void)len;
	(void)label;
	return not_here("C_InitToken");
}

CK_RV C_InitPIN(CK_SESSION_HANDLE handle, CK_UTF8CHAR *pin, CK_ULONG len)
{
	(void)handle;
	(void)pin;
	(void)len;
	return not_here("C_InitPIN");
}

CK_RV C_SetPIN(CK_SESSION_HANDLE handle, CK_UTF8CHAR *old, CK_ULONG old_len, CK_UTF8CHAR *pin,
	       CK_ULONG len)
{
	(void)handle;
	(void)old;
	(void)old_len;
	(void)pin;
	(void)len;
	return not_here("C_SetPIN");
}

/* ---- random numbers ---- */

CK_RV C_SeedRandom(CK_SESSION_HANDLE handle, CK_BYTE *seed, CK_ULONG len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	(void)seed;
	(void)len;
	return rv ? rv : p11_end(s, CKR_RANDOM_SEED_NOT_SUPPORTED);
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE handle, CK_BYTE *bytes, CK_ULONG len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	if (!bytes)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	return p11_end(s, len ? P11_IOT(s->token, se05x_iot_random, bytes, len) : CKR_OK);
}
