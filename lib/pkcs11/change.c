// SPDX-License-Identifier: LGPL-2.1-or-later
/* Objects that are there: renamed, deleted, not copied */
#include <string.h>

#include "object.h"

/* ---- deleted ---- */

static int delete(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	return se05x_iot_delete(iot, *(uint32_t *)arg, call);
}

struct renaming {
	uint32_t user;
	struct keys_name name;
};

static int rename_it(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct renaming *r = arg;

	return p11_name_write(iot, r->user, &r->name, call);
}

static bool has_record(const struct p11_token *token, uint32_t id)
{
	bool has;

	pthread_mutex_lock(&p11.lock);
	has = token->listed && keys_names_of(token->names, id);
	pthread_mutex_unlock(&p11.lock);
	return has;
}

/* The object first, then its name, which means nothing without it. */
static CK_RV destroy_in_chip(struct p11_session *s, struct p11_object *object)
{
	struct p11_token *token = s->token;
	uint32_t id = p11_id(object);
	struct renaming r = { .name = { .id = id } };
	CK_RV rv;

	if (p11_is_reserved(id))
		return CKR_ACTION_PROHIBITED;
	rv = p11_token_writable(token, false);
	if (rv)
		return rv;
	rv = p11_run_as(object, delete, &id);
	if (rv == CKR_KEY_FUNCTION_NOT_PERMITTED)
		return CKR_ACTION_PROHIBITED;
	if (rv && rv != CKR_OBJECT_HANDLE_INVALID)
		return rv;
	if (has_record(token, id)) {
		r.user = token->logged_in ? p11_config(token)->user : 0;
		if (p11_run_locked(token, rename_it, &r))
			p11_log("0x%08X is deleted, its name is not", id);
	}
	p11_chipobj_gone(object->chip, true);
	return rv;
}

/* Of a pair the private half is the object, the public one is how it is seen. */
static CK_RV destroy_half(struct p11_object *object)
{
	struct p11_chipobj *o = object->chip;
	bool was;

	pthread_mutex_lock(&p11.lock);
	was = o->halves[0] == object;	/* unless another thread was faster */
	if (was) {
		o->hidden = true;
		p11_table_remove(&p11.objects, object->handle);
		o->halves[0] = NULL;
	}
	pthread_mutex_unlock(&p11.lock);
	if (was)
		p11_object_put(object);
	return CKR_OK;
}

static CK_RV destroy_on_host(struct p11_object *object)
{
	bool was;

	pthread_mutex_lock(&p11.lock);
	was = p11_table_get(&p11.objects, object->handle);
	p11_table_remove(&p11.objects, object->handle);
	pthread_mutex_unlock(&p11.lock);
	if (was)
		p11_object_put(object);
	return CKR_OK;
}

static CK_RV destroy(struct p11_session *s, struct p11_object *object)
{
	CK_RV rv;

	if (!object->chip)
		return p11_attribute_bool(object, CKA_DESTROYABLE) ? destroy_on_host(object) :
		       CKR_ACTION_PROHIBITED;
	rv = p11_may_write(s, object->private);
	if (rv)
		return rv;
	if (object->class == CKO_PUBLIC_KEY && object->chip->info.part == SE05X_IOT_PART_PAIR)
		return destroy_half(object);
	return destroy_in_chip(s, object);
}

/* The public half of a pair whose other half this process deleted: has it a handle? */
static bool take_left_half(CK_OBJECT_HANDLE handle)
{
	struct p11_object *object;

	pthread_mutex_lock(&p11.lock);
	object = p11_table_get(&p11.objects, handle);
	if (object && !(object->chip && object->chip->gone))
		object = NULL;
	if (object) {
		p11_table_remove(&p11.objects, handle);
		object->chip->halves[0] = NULL;
	}
	pthread_mutex_unlock(&p11.lock);
	p11_object_put(object);
	return object;
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle)
{
	struct p11_object *object;
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	rv = p11_object_get(s, object_handle, &object);
	/* the other half took it along: that is what was wanted */
	if (rv && take_left_half(object_handle))
		return p11_end(s, CKR_OK);
	if (rv)
		return p11_end(s, rv);
	rv = destroy(s, object);
	p11_object_put(object);
	return p11_end(s, rv);
}

/* Keys don't leave the chip, not even for another place in it. */
CK_RV C_CopyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle,
		   CK_ATTRIBUTE *attributes, CK_ULONG n, CK_OBJECT_HANDLE *copy)
{
	struct p11_object *object;
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	if (!copy || (n && !attributes))
		return p11_end(s, CKR_ARGUMENTS_BAD);
	rv = p11_object_get(s, object_handle, &object);
	if (rv)
		return p11_end(s, rv);
	p11_object_put(object);
	return p11_end(s, CKR_ACTION_PROHIBITED);
}

/* ---- renamed ---- */

/* What is set to what it is already is no change. */
static CK_RV is_same(struct p11_object *object, const CK_ATTRIBUTE *a, bool *same)
{
	struct p11_value value;
	CK_RV rv = p11_attribute(object, a->type, &value);

	*same = !rv && value.len == a->ulValueLen &&
		!memcmp(value.bytes, a->pValue ?: "", value.len);
	p11_value_clear(&value);
	return rv == CKR_ATTRIBUTE_SENSITIVE ? CKR_OK : rv;
}

/* A default CKA_ID is an identifier: it must not be that of another object. */
static bool is_others_id(struct p11_token *token, const struct p11_chipobj *o,
			 const CK_ATTRIBUTE *a)
{
	uint32_t id = a && a->ulValueLen == 4 ? get_be(a->pValue, 4) : o->id;

	if (id == o->id)
		return false;
	for (struct p11_chipobj *other = token->objects; other; other = other->next)
		if (other->id == id && !other->gone)
			return true;
	return false;
}

static CK_RV present_name(struct p11_token *token, struct p11_chipobj *o, struct keys_name *name)
{
	bool has;
	CK_RV rv = p11_own_name(token, o, name, &has);

	if (!has)
		*name = (struct keys_name) { 0 };
	name->id = o->id;
	return rv ? rv : p11_fingerprint(o, name->fingerprint) ? CKR_OK : CKR_ACTION_PROHIBITED;
}

static CK_RV set_name(struct p11_session *s, struct p11_object *object,
		      const CK_ATTRIBUTE *label, const CK_ATTRIBUTE *id)
{
	struct p11_token *token = s->token;
	struct p11_chipobj *o = object->chip;
	struct renaming r = { .user = token->logged_in ? p11_config(token)->user : 0 };
	CK_RV rv;

	if (p11_is_reserved(o->id))
		return CKR_ACTION_PROHIBITED;
	if (is_others_id(token, o, id))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	rv = p11_token_writable(token, false);
	if (!rv && p11_is_key(o))
		rv = p11_chipobj_public(token, o);
	if (!rv)
		rv = present_name(token, o, &r.name);
	if (!rv)
		rv = p11_name_from(label, id, &r.name);
	if (!rv)
		rv = p11_run_locked(token, rename_it, &r);
	return rv ? rv : p11_refresh(token);
}

static CK_RV set_in_chip(struct p11_session *s, struct p11_object *object,
			 const struct p11_template *t)
{
	const CK_ATTRIBUTE *label = NULL, *id = NULL;
	CK_RV rv = p11_may_write(s, object->private);

	for (CK_ULONG i = 0; !rv && i < t->n; i++) {
		const CK_ATTRIBUTE *a = &t->attributes[i];
		bool same;

		rv = is_same(object, a, &same);
		if (rv || same)
			continue;
		if (a->type == CKA_LABEL)
			label = a;
		else if (a->type == CKA_ID)
			id = a;
		else if (a->type == CKA_SUBJECT)
			p11_log("SUBJECT of a key is not kept: its certificate says it");
		else
			rv = CKR_ATTRIBUTE_READ_ONLY;
	}
	return rv || (!label && !id) ? rv : set_name(s, object, label, id);
}

/* Names and usage; of what guards a secret only what guards it better */
static bool may_set(const struct p11_object *object, const CK_ATTRIBUTE *a)
{
	switch (a->type) {
	case CKA_LABEL:
	case CKA_ID:
	case CKA_SUBJECT:
	case CKA_START_DATE:
	case CKA_END_DATE:
		return true;
	case CKA_SIGN:
	case CKA_VERIFY:
	case CKA_ENCRYPT:
	case CKA_DECRYPT:
	case CKA_DERIVE:
		return p11_can(object, a->type);
	case CKA_SENSITIVE:
		return *(const CK_BBOOL *)a->pValue;
	case CKA_EXTRACTABLE:
		return !*(const CK_BBOOL *)a->pValue;
	default:
		return false;
	}
}

static CK_RV set_on_host(struct p11_object *object, const struct p11_template *t)
{
	CK_RV rv = p11_attribute_bool(object, CKA_MODIFIABLE) ? CKR_OK : CKR_ACTION_PROHIBITED;
	bool same;

	for (CK_ULONG i = 0; !rv && i < t->n; i++) {
		rv = is_same(object, &t->attributes[i], &same);
		if (!rv && !same && !may_set(object, &t->attributes[i]))
			rv = CKR_ATTRIBUTE_READ_ONLY;
	}
	for (CK_ULONG i = 0; !rv && i < t->n; i++)
		if (may_set(object, &t->attributes[i]))
			rv = p11_host_set(object, &t->attributes[i]);
	return rv;
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle,
			  CK_ATTRIBUTE *attributes, CK_ULONG n)
{
	struct p11_object *object;
	struct p11_template t;
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	rv = attributes && n ? p11_object_get(s, object_handle, &object) : CKR_ARGUMENTS_BAD;
	if (rv)
		return p11_end(s, rv);
	rv = p11_template_check(attributes, n, &t);
	if (!rv)
		rv = object->chip ? set_in_chip(s, object, &t) : set_on_host(object, &t);
	p11_object_put(object);
	return p11_end(s, rv);
}
