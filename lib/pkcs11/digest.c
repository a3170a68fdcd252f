// SPDX-License-Identifier: LGPL-2.1-or-later
/* Digests: by the host, as messages come. The chip would write flash, and is slower. */
#include <openssl/crypto.h>

#include "mech.h"

static CK_RV new_digest(struct p11_session *s, const CK_MECHANISM *mechanism)
{
	const struct mechanism *m = mech_find(s->token, mechanism->mechanism, CKF_DIGEST);
	struct p11_op *op;
	CK_RV rv;

	if (!m)
		return CKR_MECHANISM_INVALID;
	op = OPENSSL_zalloc(sizeof(*op));
	if (!op)
		return CKR_HOST_MEMORY;
	op->mechanism = m;
	rv = op_no_parameter(op, mechanism);
	if (!rv)
		rv = op_digest(op);
	if (rv)
		p11_op_free(op);
	else
		s->ops[P11_DIGEST] = op;
	return rv;
}

static CK_RV end(struct p11_session *s, CK_RV rv)
{
	p11_op_free(s->ops[P11_DIGEST]);
	s->ops[P11_DIGEST] = NULL;
	return rv;
}

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!mechanism)
		return p11_end(s, s->ops[P11_DIGEST] ? end(s, CKR_OK) : CKR_ARGUMENTS_BAD);
	return p11_end(s, s->ops[P11_DIGEST] ? CKR_OPERATION_ACTIVE : new_digest(s, mechanism));
}

/* The end of it; @data: what is hashed before, where it is all at once */
static CK_RV finish(struct p11_session *s, const CK_BYTE *data, CK_ULONG len, CK_BYTE *out,
		    CK_ULONG *out_len)
{
	struct p11_op *op = s->ops[P11_DIGEST];
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t n = mech_hash(op->mechanism)->len;
	CK_RV rv;

	if (!out_len || (!data && len))
		return end(s, CKR_ARGUMENTS_BAD);
	if (!out || *out_len < n) {
		*out_len = n;
		return out ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	}
	if (EVP_DigestUpdate(op->md, data, len) != 1 ||
	    EVP_DigestFinal_ex(op->md, digest, NULL) != 1)
		return end(s, CKR_FUNCTION_FAILED);
	rv = end(s, p11_give(digest, n, out, out_len));
	OPENSSL_cleanse(digest, sizeof(digest));	/* of a secret, maybe */
	return rv;
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *digest,
	       CK_ULONG *digest_len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!s->ops[P11_DIGEST])
		return p11_end(s, CKR_OPERATION_NOT_INITIALIZED);
	if (s->ops[P11_DIGEST]->parts)
		return p11_end(s, end(s, CKR_OPERATION_ACTIVE));
	return p11_end(s, finish(s, data, len, digest, digest_len));
}

static CK_RV update(struct p11_session *s, const CK_BYTE *data, CK_ULONG len)
{
	s->ops[P11_DIGEST]->parts = true;
	if (!data && len)
		return CKR_ARGUMENTS_BAD;
	return EVP_DigestUpdate(s->ops[P11_DIGEST]->md, data, len) == 1 ? CKR_OK :
	       CKR_FUNCTION_FAILED;
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!s->ops[P11_DIGEST])
		return p11_end(s, CKR_OPERATION_NOT_INITIALIZED);
	rv = update(s, data, len);
	return p11_end(s, rv ? end(s, rv) : CKR_OK);
}

/* Secret keys of the host only: the chip gives none of its own away. */
static CK_RV digest_key(struct p11_session *s, CK_OBJECT_HANDLE handle)
{
	struct p11_object *key;
	CK_RV rv;

	if (p11_object_get(s, handle, &key))
		return CKR_KEY_HANDLE_INVALID;
	if (!p11_is_key_class(key->class))
		rv = CKR_KEY_HANDLE_INVALID;
	else if (key->class != CKO_SECRET_KEY || key->chip)
		rv = CKR_KEY_INDIGESTIBLE;
	else
		rv = update(s, key->secret, key->secret_len);
	p11_object_put(key);
	return rv;
}

CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!s->ops[P11_DIGEST])
		return p11_end(s, CKR_OPERATION_NOT_INITIALIZED);
	rv = digest_key(s, key);
	return p11_end(s, rv ? end(s, rv) : CKR_OK);
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE *digest, CK_ULONG *digest_len)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(session, &s);

	if (rv)
		return rv;
	if (!s->ops[P11_DIGEST])
		return p11_end(s, CKR_OPERATION_NOT_INITIALIZED);
	return p11_end(s, finish(s, NULL, 0, digest, digest_len));
}
