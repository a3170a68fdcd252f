// SPDX-License-Identifier: LGPL-2.1-or-later
/* Objects are made in the chip: whole, with their names, or not at all */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "object.h"

/* Where new objects go; the pages of names are behind it */
#define ID_FIRST	0x50000000u
#define ID_COUNT	0x0FFFFF00u

/* ---- what its templates allow ---- */

static CK_RV check_template(const struct p11_template *t, bool hidden)
{
	CK_RV rv = p11_check_promises(t);

	if (rv)
		return rv;
	if (hidden && (!p11_template_bool(t, CKA_SENSITIVE, true) ||
		       p11_template_bool(t, CKA_EXTRACTABLE, false))) {
		p11_log("what is kept in the chip is SENSITIVE and not EXTRACTABLE");
		return CKR_TEMPLATE_INCONSISTENT;
	}
	return p11_template_bool(t, CKA_MODIFIABLE, true) ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

CK_RV p11_may_write(const struct p11_session *s, bool private)
{
	if (!s->rw)
		return CKR_SESSION_READ_ONLY;
	if (private && p11_has_user(s->token) && !s->token->logged_in)
		return CKR_USER_NOT_LOGGED_IN;
	return CKR_OK;
}

/* ---- policy ---- */

static size_t put_set(uint8_t *policy, uint32_t who, uint32_t rights)
{
	policy[0] = 8;	/* AN12413, 3.7: length, who, rights */
	put_be(policy + 1, who, 4);
	put_be(policy + 5, rights, 4);
	return 9;
}

/* The user's, if there is one who is logged in; else everybody's */
static size_t put_policy(uint8_t *policy, uint32_t user, uint32_t rights)
{
	size_t len = put_set(policy, user, rights);

	if (user && rights & SE05X_IOT_MAY_READ)
		len += put_set(policy + len, 0, SE05X_IOT_MAY_READ);
	return len;
}

/* ---- at work, under the chip's lock ---- */

struct work {
	const struct p11_making *making;
	uint32_t user;
	uint8_t policy[2 * 9];
	struct se05x_iot_new how;
	struct keys_name name;
	bool to_be_named;
	bool is_others_id;		/* the CKA_ID */
	struct p11_chipobj made;	/* what it came to be */
	unsigned int successors;	/* of its chip, when this began */
};

static bool is_taken(const uint32_t *ids, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* A CKA_ID of four bytes is an identifier: it must not be that of another object. */
static bool is_others(const struct work *w, const uint32_t *ids, size_t n)
{
	return w->name.cka_id_len == 4 && is_taken(ids, n, get_be(w->name.cka_id, 4));
}

/* A random one that is free, so that two programs that name what they make never meet */
static int choose(struct se05x_iot *iot, struct work *w, uint32_t *id, struct se05x_call *call)
{
	uint32_t *ids, random;
	size_t n;
	int ret = se05x_iot_list(iot, &ids, &n, call);

	if (ret)
		return ret;
	w->is_others_id = is_others(w, ids, n);
	do {
		if (RAND_bytes_ex(p11.lib, (uint8_t *)&random, sizeof(random), 0) != 1) {
			ret = -EIO;
			break;
		}
		*id = ID_FIRST + random % ID_COUNT;
	} while (is_taken(ids, n, *id));
	free(ids);
	return w->is_others_id ? -EINVAL : ret;
}

/* What it came to be, as the chip has it */
static int read_back(struct se05x_iot *iot, struct p11_chipobj *made, struct se05x_call *call)
{
	EVP_PKEY *key = NULL;
	void *file = NULL;
	int ret = se05x_iot_object(iot, made->id, &made->info, call);

	if (!ret && p11_is_key(made))
		ret = keys_public(iot, &made->info, p11.lib, &key, call);
	else if (!ret && made->info.kind == SE05X_IOT_KIND_BINARY)
		ret = se05x_iot_binary_load(iot, made->id, &file, &made->file_len, call);
	made->public = key;
	made->file = file;
	return ret;
}

static int give_name(struct se05x_iot *iot, struct work *w, struct se05x_call *call)
{
	if (!w->to_be_named)
		return 0;
	w->name.id = w->made.id;
	if (!p11_fingerprint(&w->made, w->name.fingerprint))
		return -EPROTO;
	return p11_name_write(iot, w->user, &w->name, call);
}

/*
 * It was seen absent, so what is there now is ours: as long as nobody could come between.
 * A reset breaks the lock, and then the generation is another one.
 */
static void take_back(struct se05x_iot *iot, uint32_t id, uint64_t generation)
{
	struct se05x_call call = { .demanded = generation };
	int ret = se05x_iot_delete(iot, id, &call);

	if (ret && ret != -ENOENT)
		p11_log("0x%08X may be in the chip, half made, and can't be deleted: %s", id,
			se05x_iot_error_text(ret, &call));
}

static int do_make(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct work *w = arg;
	bool begun = false;
	uint64_t generation;
	uint32_t id;
	int ret = choose(iot, w, &id, call);

	if (!ret && w->to_be_named)
		ret = p11_name_prepare(iot, w->user, call);
	if (ret)
		return ret;
	generation = call->generation;
	call->demanded = generation;
	w->made.id = id;
	ret = w->making->make(iot, id, &w->how, &begun, w->making->arg, call);
	if (!ret) {
		begun = true;
		ret = read_back(iot, &w->made, call) ?: give_name(iot, w, call);
	} else if (call->outcome != SE05X_OUTCOME_NOT_SENT && !keys_answered(call)) {
		begun = true;
	}
	call->demanded = 0;
	if (!ret || !begun)
		return ret;
	EVP_PKEY_free(w->made.public);
	free(w->made.file);
	w->made = (struct p11_chipobj) { 0 };
	take_back(iot, id, generation);
	call->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;	/* never a second time */
	return ret;
}

/* ---- before and after ---- */

static CK_RV prepare(struct p11_session *s, const struct p11_making *m, struct work *w)
{
	CK_OBJECT_CLASS class = p11_template_ulong(m->private, CKA_CLASS, CKO_PRIVATE_KEY);
	bool hidden = m->public || class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY;
	uint32_t rights = m->rights;
	CK_RV rv = p11_may_write(s, hidden);

	if (!rv)
		rv = check_template(m->private, hidden);
	if (!rv)
		rv = check_template(m->public, false);
	if (!rv)
		rv = p11_name_from(p11_template_find(m->public, CKA_LABEL),
				   p11_template_find(m->public, CKA_ID), &w->name);
	if (!rv)
		rv = p11_name_from(p11_template_find(m->private, CKA_LABEL),
				   p11_template_find(m->private, CKA_ID), &w->name);
	if (rv)
		return rv;
	w->to_be_named = w->name.label[0] || w->name.cka_id_len;
	if (p11_template_bool(m->private, CKA_DESTROYABLE, true) &&
	    p11_template_bool(m->public, CKA_DESTROYABLE, true))
		rights |= SE05X_IOT_MAY_DELETE;
	w->user = s->token->logged_in ? p11_config(s->token)->user : 0;
	w->how.policy = w->policy;
	w->how.policy_len = put_policy(w->policy, w->user, rights);
	return p11_token_writable(s->token, true);
}

/* It is known now, without being read once more. NULL: no memory, or the chip went away. */
static struct p11_chipobj *enter(struct p11_token *token, struct work *w)
{
	struct p11_chipobj *made = &w->made, *o = NULL;

	made->is_certificate = made->file && p11_is_certificate(made->file, made->file_len);
	/* a list that was asked for before it was made is not entered after it */
	pthread_mutex_lock(&token->list_lock);
	pthread_mutex_lock(&p11.lock);
	if (token->successors == w->successors)
		o = p11_chipobj(token, made->id);
	if (o && !o->typed) {
		o->info = made->info;
		o->public = made->public;
		o->is_certificate = made->is_certificate;
		o->file_len = made->file_len;
		o->file = made->file;
		o->typed = true;
		made->public = NULL;
		made->file = NULL;
	}
	pthread_mutex_unlock(&p11.lock);
	pthread_mutex_unlock(&token->list_lock);
	return o;
}

static CK_RV give_handles(struct p11_token *token, struct p11_chipobj *o,
			  CK_OBJECT_HANDLE *object, CK_OBJECT_HANDLE *public)
{
	struct p11_object *half, *other = NULL;

	pthread_mutex_lock(&p11.lock);
	half = p11_half(token, o, o->info.part != SE05X_IOT_PART_PUBLIC);
	if (public)
		other = p11_half(token, o, 0);
	if (half)
		*object = half->handle;
	if (other)
		*public = other->handle;
	pthread_mutex_unlock(&p11.lock);
	return half && (other || !public) ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV p11_make(struct p11_session *s, const struct p11_making *making,
	       CK_OBJECT_HANDLE *object, CK_OBJECT_HANDLE *public)
{
	struct work w = { .making = making, .successors = s->token->successors };
	struct p11_chipobj *o;
	CK_RV rv = prepare(s, making, &w);

	if (!rv)
		rv = p11_run_locked(s->token, do_make, &w);
	if (!rv) {
		o = enter(s->token, &w);
		/* where that fails the next search has its name */
		if (o && w.to_be_named)
			p11_refresh(s->token);
		EVP_PKEY_free(w.made.public);
		free(w.made.file);
		if (!o && s->token->successors != w.successors)
			return CKR_DEVICE_REMOVED;
		return o ? give_handles(s->token, o, object, public) : CKR_HOST_MEMORY;
	}
	if (w.is_others_id)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	/* what is not there, or not to be had, was no object of the caller's */
	return rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_FUNCTION_NOT_PERMITTED ?
	       CKR_DEVICE_ERROR : rv;
}
