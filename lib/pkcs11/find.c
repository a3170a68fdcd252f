// SPDX-License-Identifier: LGPL-2.1-or-later
/* C_FindObjects: what matches, with as few commands as it takes */
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* ---- does an object match? ---- */

static CK_RV has_value(struct p11_object *object, const CK_ATTRIBUTE *a, bool *same)
{
	struct p11_value value;
	CK_RV rv = p11_attribute(object, a->type, &value);

	*same = !rv && value.len == a->ulValueLen &&
		!memcmp(value.bytes, a->pValue ?: "", value.len);
	p11_value_clear(&value);
	/* an attribute that it has not, or does not tell, matches nothing */
	return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ? CKR_OK : rv;
}

/* Cheap ones first: what is known without a command, before what is to be read */
static bool is_cheap(CK_ATTRIBUTE_TYPE type)
{
	return type == CKA_CLASS || type == CKA_TOKEN || type == CKA_KEY_TYPE ||
	       type == CKA_PRIVATE || type == CKA_EC_PARAMS;
}

static CK_RV matches(struct p11_object *object, const struct p11_template *t, bool *match)
{
	CK_RV rv = CKR_OK;

	*match = true;
	for (int cheap = 1; cheap >= 0; cheap--)
		for (CK_ULONG i = 0; i < t->n && *match && !rv; i++)
			if (is_cheap(t->attributes[i].type) == cheap)
				rv = has_value(object, &t->attributes[i], match);
	*match = *match && !rv;
	return rv;
}

static bool found(struct p11_session *s, CK_OBJECT_HANDLE handle)
{
	CK_OBJECT_HANDLE *more;

	/* in steps of 64 */
	if (s->n_found % 64 == 0) {
		more = realloc(s->found, (s->n_found + 64) * sizeof(*more));
		if (!more)
			return false;
		s->found = more;
	}
	s->found[s->n_found++] = handle;
	return true;
}

static CK_RV consider(struct p11_session *s, struct p11_object *object,
		      const struct p11_template *t)
{
	bool match;
	CK_RV rv = matches(object, t, &match);

	if (!rv && match && !found(s, object->handle))
		rv = CKR_HOST_MEMORY;
	return rv;
}

/* ---- session objects ---- */

static CK_RV find_on_host(struct p11_session *s, const struct p11_template *t)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; !rv; i++) {
		struct p11_object *object = NULL;
		bool more;

		pthread_mutex_lock(&p11.lock);
		more = i < p11.objects.n;
		if (more)
			object = p11.objects.places[i].what;
		if (object && (object->chip || !p11_is_visible(s->token, object)))
			object = NULL;
		if (object)
			object->references++;
		pthread_mutex_unlock(&p11.lock);
		if (object)
			rv = consider(s, object, t);
		p11_object_put(object);
		if (!more)
			break;
	}
	return rv;
}

/* ---- the chip's ---- */

/* What a search says of the class, or 0 + 1 more than any */
#define ANY_CLASS	CK_UNAVAILABLE_INFORMATION

static bool is_own_class(CK_OBJECT_CLASS class)
{
	return class == ANY_CLASS || p11_is_key_class(class) || class == CKO_CERTIFICATE ||
	       class == CKO_DATA;
}

/*
 * What is needed to know whether that half is shown: a public half that can be read, and of
 * RSA both only then; a file that can be read
 */
static CK_RV is_shown(struct p11_token *token, struct p11_chipobj *o, size_t half, bool *shown)
{
	CK_OBJECT_CLASS class;
	CK_RV rv = CKR_OK;

	*shown = false;
	if (half && o->info.kind == SE05X_IOT_KIND_BINARY)
		rv = p11_chipobj_file(token, o);
	class = p11_half_class(o, half);
	if (rv || class == CK_UNAVAILABLE_INFORMATION || (!half && o->hidden))
		return rv;
	if (class == CKO_PUBLIC_KEY || o->info.kind == SE05X_IOT_KIND_RSA) {
		rv = p11_chipobj_public(token, o);
		*shown = !rv && o->public;
	} else {
		*shown = true;
	}
	return rv;
}

/* With what is known of its kind only: can it have that class? */
static bool may_have_class(const struct p11_chipobj *o, size_t half, CK_OBJECT_CLASS class)
{
	if (class == ANY_CLASS)
		return true;
	if (o->info.kind == SE05X_IOT_KIND_BINARY)
		return half && !p11_is_key_class(class);
	return p11_half_class(o, half) == class;
}

static CK_RV consider_half(struct p11_session *s, struct p11_chipobj *o, size_t half,
			   CK_OBJECT_CLASS class, const struct p11_template *t)
{
	struct p11_object *object;
	bool shown, visible;
	CK_RV rv;

	if (!may_have_class(o, half, class))
		return CKR_OK;
	rv = is_shown(s->token, o, half, &shown);
	if (rv || !shown)
		return rv;
	pthread_mutex_lock(&p11.lock);
	object = o->gone ? NULL : p11_half(s->token, o, half);
	visible = object && p11_is_visible(s->token, object);
	if (visible)
		object->references++;
	pthread_mutex_unlock(&p11.lock);
	if (!visible)
		return CKR_OK;
	rv = consider(s, object, t);
	p11_object_put(object);
	return rv;
}

/* Two of which nothing is known: they may be files, and are asked for all at once. */
static CK_RV type_files(struct p11_token *token)
{
	unsigned int unknown = 0;

	for (struct p11_chipobj *o = token->objects; o; o = o->next)
		unknown += !o->typed && !o->gone;
	return unknown > 1 ? p11_type_all(token, SE05X_IOT_KIND_BINARY) : CKR_OK;
}

static CK_RV find_in_chip(struct p11_session *s, const struct p11_template *t)
{
	CK_OBJECT_CLASS class = p11_template_ulong(t, CKA_CLASS, ANY_CLASS);
	const CK_ATTRIBUTE *label = p11_template_find(t, CKA_LABEL);
	const CK_ATTRIBUTE *id = p11_template_find(t, CKA_ID);
	struct p11_chipobj *o;
	CK_RV rv;

	if (!is_own_class(class) || !p11_template_bool(t, CKA_TOKEN, true))
		return CKR_OK;
	rv = p11_refresh(s->token);
	if (!rv && !p11_is_key_class(class))
		rv = type_files(s->token);
	for (o = s->token->objects; o && !rv; o = o->next) {
		if (o->gone || !p11_may_be_named(s->token, o, p11_is_key_class(class), label, id))
			continue;
		rv = p11_chipobj_type(s->token, o);
		if (rv || !p11_may_be_named(s->token, o, p11_is_key_class(class), label, id))
			continue;
		for (size_t half = 0; half < 2 && !rv; half++)
			rv = consider_half(s, o, half, class, t);
	}
	return rv;
}

/* ---- the functions ---- */

static CK_RV init(struct p11_session *s, const CK_ATTRIBUTE *attributes, CK_ULONG n)
{
	struct p11_template t;
	CK_RV rv;

	if (s->searching)
		return CKR_OPERATION_ACTIVE;
	rv = p11_template_check(attributes, n, &t);
	s->n_found = s->given = 0;
	free(s->found);
	s->found = NULL;
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID) {
		s->searching = true;	/* no object has it: NSS and others look for their own */
		return CKR_OK;
	}
	if (rv == CKR_TEMPLATE_INCONSISTENT)
		rv = CKR_ATTRIBUTE_VALUE_INVALID;	/* the same type twice */
	if (!rv)
		rv = find_on_host(s, &t);
	if (!rv)
		rv = find_in_chip(s, &t);
	s->searching = !rv;
	return rv;
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *attributes, CK_ULONG n)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	return rv ? rv : p11_end(s, init(s, attributes, n));
}

CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *objects, CK_ULONG room,
		    CK_ULONG *n)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	if ((!objects && room) || !n)
		return p11_end(s, CKR_ARGUMENTS_BAD);
	if (!s->searching)
		return p11_end(s, CKR_OPERATION_NOT_INITIALIZED);
	*n = s->n_found - s->given < room ? s->n_found - s->given : room;
	if (*n)
		memcpy(objects, s->found + s->given, *n * sizeof(*objects));
	s->given += *n;
	return p11_end(s, CKR_OK);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle)
{
	struct p11_session *s;
	CK_RV rv = p11_begin(handle, &s);

	if (rv)
		return rv;
	if (!s->searching)
		return p11_end(s, CKR_OPERATION_NOT_INITIALIZED);
	s->searching = false;
	return p11_end(s, CKR_OK);
}
