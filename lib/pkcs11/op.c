// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operations of a session that take a key: begun, fed and ended. Digests are made as their
 * message comes, and ciphers that can work in parts as theirs does, if no PIN is shown for
 * each. All else is collected, and goes to the chip in one burst at the end: to ask how long
 * the answer is costs nothing there.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "mech.h"

/* ---- one operation ---- */

void p11_op_free(struct p11_op *op)
{
	if (!op)
		return;
	key_drop(&op->key);
	EVP_MD_CTX_free(op->md);
	OPENSSL_free(op->copy);
	OPENSSL_clear_free(op->data, op->room);
	OPENSSL_clear_free(op->result, op->result_len);
	OPENSSL_clear_free(op, sizeof(*op));
}

uint8_t *op_copy(struct p11_op *op, const void *first, size_t first_len, const void *second,
		 size_t second_len)
{
	if (first_len > SIZE_MAX / 2 || second_len > SIZE_MAX / 2)
		return NULL;
	op->copy = OPENSSL_malloc(first_len + second_len);
	if (!op->copy)
		return NULL;
	memcpy(op->copy, first, first_len);
	if (second_len)
		memcpy(op->copy + first_len, second, second_len);
	return op->copy;
}

CK_RV op_no_parameter(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	(void)op;
	return mechanism->ulParameterLen ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
}

CK_RV op_digest(struct p11_op *op)
{
	EVP_MD *md = soft_hash(mech_hash(op->mechanism));
	bool good;

	op->md = EVP_MD_CTX_new();
	good = md && op->md && EVP_DigestInit_ex2(op->md, md, NULL) == 1;
	EVP_MD_free(md);
	return good ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV op_check_type(struct p11_session *s, const struct mechanism *m, CK_OBJECT_HANDLE handle)
{
	struct p11_object *object;
	bool key, good;

	if (p11_object_get(s, handle, &object))
		return CKR_KEY_HANDLE_INVALID;
	key = p11_is_key_class(object->class);
	good = key && mech_takes(m, object->key_type);
	p11_object_put(object);
	return good ? CKR_OK : key ? CKR_KEY_TYPE_INCONSISTENT : CKR_KEY_HANDLE_INVALID;
}

static CK_RV new_op(struct p11_session *s, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle,
		    CK_FLAGS what, struct p11_op **new)
{
	const struct mechanism *m = mech_find(s->token, mechanism->mechanism, what);
	struct p11_op *op;
	CK_RV rv;

	if (!m)
		return CKR_MECHANISM_INVALID;
	if (mechanism->ulParameterLen && !mechanism->pParameter)
		return CKR_MECHANISM_PARAM_INVALID;
	rv = op_check_type(s, m, handle);
	if (rv)
		return rv;
	op = OPENSSL_zalloc(sizeof(*op));
	if (!op)
		return CKR_HOST_MEMORY;
	op->mechanism = m;
	op->what = what;
	rv = key_take(s, handle, what, &op->key);
	if (!rv)
		rv = m->method->init(op, mechanism);
	if (!rv && m->digests && !op->whole)
		rv = op_digest(op);
	if (!rv && m->method->part)
		op->streams = key_is_soft(&op->key) || !p11_needs_pin(op->key.object);
	if (rv) {
		p11_op_free(op);
		return rv;
	}
	*new = op;
	return CKR_OK;
}

static CK_RV feed(struct p11_op *op, const uint8_t *in, size_t len)
{
	size_t room = op->room ? op->room : 256;
	uint8_t *more;

	if (op->md)
		return EVP_DigestUpdate(op->md, in, len) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
	while (room - op->len < len) {
		if (room > SIZE_MAX / 4)
			return CKR_HOST_MEMORY;
		room *= 2;
	}
	if (room != op->room) {
		more = OPENSSL_clear_realloc(op->data, op->room, room);
		if (!more)
			return CKR_HOST_MEMORY;
		op->data = more;
		op->room = room;
	}
	if (len)
		memcpy(op->data + op->len, in, len);
	op->len += len;
	return CKR_OK;
}

/* What the key is to work on: a digest of all that came, or all that came */
static CK_RV input(struct p11_op *op, uint8_t digest[EVP_MAX_MD_SIZE], const uint8_t **in,
		   size_t *len)
{
	unsigned int n;

	*in = op->data;
	*len = op->len;
	if (!op->md)
		return CKR_OK;
	*in = digest;
	if (EVP_DigestFinal_ex(op->md, digest, &n) != 1)
		return CKR_FUNCTION_FAILED;
	*len = n;
	return CKR_OK;
}

/* The work itself; what comes out is kept until its caller has room for it. */
static CK_RV work(struct p11_op *op)
{
	size_t room = op->mechanism->method->room(op, op->len), len;
	uint8_t digest[EVP_MAX_MD_SIZE];
	const uint8_t *in;
	CK_RV rv = input(op, digest, &in, &len);

	if (rv)
		return rv;
	op->result = OPENSSL_zalloc(room + !room);
	if (!op->result)
		return CKR_HOST_MEMORY;
	op->result_len = room;
	rv = op->mechanism->method->run(op, in, len, op->result, &room);
	/* what is behind it is zeros, as far as it was not written */
	if (!rv) {
		OPENSSL_cleanse(op->result + room, op->result_len - room);
		op->result_len = room;
	}
	return rv;
}

/*
 * Fewest bytes that can come out where most are @room: only of padding that the chip's
 * answer tells the length of. Of RSA's, how long the message is must not show in whether
 * it fits.
 */
static size_t least(const struct p11_op *op, size_t room)
{
	bool padded = op->mechanism->method == &cipher_method &&
		      op->mechanism->how & CIPHER_PADDED && op->what == CKF_DECRYPT;

	return padded && room > BLOCK ? room - BLOCK : padded ? 0 : room;
}

/*
 * NULL or too short a buffer for what comes of @in_len bytes? *@len says how much, and
 * nothing was done yet.
 */
static bool is_short(const struct p11_op *op, size_t in_len, const CK_BYTE *out, CK_ULONG *len)
{
	size_t room = op->mechanism->method->room(op, in_len);

	if (op->result || (out && *len >= least(op, room)))
		return false;
	*len = room;
	return true;
}

/* ---- of a session ---- */

static CK_FLAGS flag_of(enum p11_activity activity)
{
	static const CK_FLAGS flags[] = {
		[P11_SIGN] = CKF_SIGN, [P11_VERIFY] = CKF_VERIFY, [P11_ENCRYPT] = CKF_ENCRYPT,
		[P11_DECRYPT] = CKF_DECRYPT, [P11_DIGEST] = CKF_DIGEST,
	};

	return flags[activity];
}

static CK_RV end(struct p11_session *s, enum p11_activity activity, CK_RV rv)
{
	p11_op_free(s->ops[activity]);
	s->ops[activity] = NULL;
	return rv;
}

/* What was worked out, to its caller. It goes on only where a buffer was missing. */
static CK_RV give(struct p11_session *s, enum p11_activity activity, CK_RV rv, CK_BYTE *out,
		  CK_ULONG *out_len)
{
	const struct p11_op *op = s->ops[activity];

	if (!rv)
		rv = p11_give(op->result, op->result_len, out, out_len);
	return rv == CKR_BUFFER_TOO_SMALL || (!rv && !out) ? rv : end(s, activity, rv);
}

static CK_RV start(CK_SESSION_HANDLE handle, enum p11_activity activity,
		   const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	/* 3.0: no mechanism ends what goes on */
	if (!mechanism)
		return p11_end(s, s->ops[activity] ? end(s, activity, CKR_OK) : CKR_ARGUMENTS_BAD);
	if (s->ops[activity])
		return p11_end(s, CKR_OPERATION_ACTIVE);
	return p11_end(s, new_op(s, mechanism, key, flag_of(activity), &s->ops[activity]));
}

static CK_RV do_once(struct p11_session *s, enum p11_activity activity, const CK_BYTE *in,
		     CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct p11_op *op = s->ops[activity];
	CK_RV rv = CKR_OK;

	if (!op)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (op->parts)
		return end(s, activity, CKR_OPERATION_ACTIVE);
	if (!out_len || (!in && in_len))
		return end(s, activity, CKR_ARGUMENTS_BAD);
	if (is_short(op, in_len, out, out_len))
		return out ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	if (!op->result) {
		rv = feed(op, in, in_len);
		if (!rv)
			rv = work(op);
	}
	return give(s, activity, rv, out, out_len);
}

static CK_RV once(CK_SESSION_HANDLE handle, enum p11_activity activity, const CK_BYTE *in,
		  CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	return rv ? rv : p11_end(s, do_once(s, activity, in, in_len, out, out_len));
}

static CK_RV do_part(struct p11_session *s, enum p11_activity activity, const CK_BYTE *in,
		     CK_ULONG len)
{
	struct p11_op *op = s->ops[activity];
	CK_RV rv;

	if (!op)
		return CKR_OPERATION_NOT_INITIALIZED;
	op->parts = true;
	rv = !in && len ? CKR_ARGUMENTS_BAD : op->result ? CKR_OPERATION_ACTIVE :
	     feed(op, in, len);
	return rv ? end(s, activity, rv) : CKR_OK;
}

static CK_RV part(CK_SESSION_HANDLE handle, enum p11_activity activity, const CK_BYTE *in,
		  CK_ULONG len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	return rv ? rv : p11_end(s, do_part(s, activity, in, len));
}

/* What is ready of what was collected goes out, and the rest moves up. */
static CK_RV stream(struct p11_op *op, CK_BYTE *out, size_t n)
{
	CK_RV rv = n ? op->mechanism->method->part(op, op->data, n, out) : CKR_OK;

	if (!rv && n) {
		op->len -= n;
		memmove(op->data, op->data + n, op->len);
	}
	return rv;
}

/*
 * To ask how long this one's answer is says something even where none comes before the end,
 * so that nobody asks for ever with no buffer at all.
 */
static CK_RV do_crypt_part(struct p11_session *s, enum p11_activity activity, const CK_BYTE *in,
			   CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct p11_op *op = s->ops[activity];
	CK_ULONG room;
	size_t n;
	CK_RV rv;

	if (!op)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (!out_len || len > SIZE_MAX / 4)
		return end(s, activity, out_len ? CKR_HOST_MEMORY : CKR_ARGUMENTS_BAD);
	room = *out_len;
	n = op->streams ? op->mechanism->method->ready(op, op->len + len) : 0;
	*out_len = out ? n : op->len + len;
	if (!out || room < n)
		return out ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	rv = do_part(s, activity, in, len);
	if (rv)
		return rv;
	rv = stream(op, out, n);
	return rv ? end(s, activity, rv) : CKR_OK;
}

static CK_RV crypt_part(CK_SESSION_HANDLE handle, enum p11_activity activity, const CK_BYTE *in,
			CK_ULONG len, CK_BYTE *out, CK_ULONG *out_len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	return rv ? rv : p11_end(s, do_crypt_part(s, activity, in, len, out, out_len));
}

static CK_RV do_finish(struct p11_session *s, enum p11_activity activity, CK_BYTE *out,
		       CK_ULONG *out_len)
{
	struct p11_op *op = s->ops[activity];

	if (!op)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (!out_len)
		return end(s, activity, CKR_ARGUMENTS_BAD);
	if (is_short(op, op->len, out, out_len))
		return out ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	return give(s, activity, op->result ? CKR_OK : work(op), out, out_len);
}

static CK_RV finish(CK_SESSION_HANDLE handle, enum p11_activity activity, CK_BYTE *out,
		    CK_ULONG *out_len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	return rv ? rv : p11_end(s, do_finish(s, activity, out, out_len));
}

/* ---- verifying ---- */

static CK_RV verify(struct p11_op *op, const CK_BYTE *sig, CK_ULONG sig_len)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	const uint8_t *in;
	size_t len;
	CK_RV rv = input(op, digest, &in, &len);

	if (!sig)
		return sig_len ? CKR_ARGUMENTS_BAD : CKR_SIGNATURE_LEN_RANGE;
	return rv ? rv : op->mechanism->method->verify(op, in, len, sig, sig_len);
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return start(session, P11_VERIFY, mechanism, key);
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *sig,
	       CK_ULONG sig_len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!s->ops[P11_VERIFY])
		return p11_end(s, CKR_OPERATION_NOT_INITIALIZED);
	rv = s->ops[P11_VERIFY]->parts ? CKR_OPERATION_ACTIVE : !data && len ? CKR_ARGUMENTS_BAD :
	     feed(s->ops[P11_VERIFY], data, len);
	if (!rv)
		rv = verify(s->ops[P11_VERIFY], sig, sig_len);
	return p11_end(s, end(s, P11_VERIFY, rv));
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len)
{
	return part(session, P11_VERIFY, data, len);
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE *sig, CK_ULONG sig_len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!s->ops[P11_VERIFY])
		return p11_end(s, CKR_OPERATION_NOT_INITIALIZED);
	return p11_end(s, end(s, P11_VERIFY, verify(s->ops[P11_VERIFY], sig, sig_len)));
}

/* ---- signing, encrypting, decrypting ---- */

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return start(session, P11_SIGN, mechanism, key);
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *sig,
	     CK_ULONG *sig_len)
{
	return once(session, P11_SIGN, data, len, sig, sig_len);
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len)
{
	return part(session, P11_SIGN, data, len);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE *sig, CK_ULONG *sig_len)
{
	return finish(session, P11_SIGN, sig, sig_len);
}

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return start(session, P11_ENCRYPT, mechanism, key);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		CK_ULONG *out_len)
{
	return once(session, P11_ENCRYPT, in, len, out, out_len);
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		      CK_ULONG *out_len)
{
	return crypt_part(session, P11_ENCRYPT, in, len, out, out_len);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE *out, CK_ULONG *out_len)
{
	return finish(session, P11_ENCRYPT, out, out_len);
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	return start(session, P11_DECRYPT, mechanism, key);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		CK_ULONG *out_len)
{
	return once(session, P11_DECRYPT, in, len, out, out_len);
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG len, CK_BYTE *out,
		      CK_ULONG *out_len)
{
	return crypt_part(session, P11_DECRYPT, in, len, out, out_len);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE *out, CK_ULONG *out_len)
{
	return finish(session, P11_DECRYPT, out, out_len);
}
