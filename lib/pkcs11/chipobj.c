// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the chip has, as far as it was asked: nothing is asked twice */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* ---- the list ---- */

struct p11_chipobj *p11_chipobj(struct p11_token *token, uint32_t id)
{
	struct p11_chipobj *_Atomic *link, *o;

	for (o = token->objects; o; o = o->next)
		if (o->id == id && !o->gone)
			return o;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->id = id;
	/* NXP's own come last: ssh offers all keys, one after the other */
	for (link = &token->objects; *link; link = &(*link)->next)
		if (p11_is_reserved((*link)->id) && !p11_is_reserved(id))
			break;
	o->next = *link;
	*link = o;
	return o;
}

struct listing {
	struct p11_token *token;
	uint32_t *ids;
	size_t n;
	struct keys_names *names;
	unsigned int successors;
};

static int list(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct listing *l = arg;
	const struct keys_names *before = l->token->listed ? l->token->names : NULL;
	int ret;

	free(l->ids);
	l->ids = NULL;
	ret = se05x_iot_list(iot, &l->ids, &l->n, call);
	if (!ret)
		ret = keys_names_read_of(iot, l->ids, l->n, before, &l->names, call);
	return ret;
}

static bool is_listed(const struct listing *l, uint32_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->ids[i] == id)
			return true;
	return false;
}

static CK_RV take(struct p11_token *token, const struct listing *l)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&p11.lock);
	if (token->successors != l->successors) {
		pthread_mutex_unlock(&p11.lock);
		keys_names_free(l->names);
		return CKR_DEVICE_REMOVED;
	}
	keys_names_free(token->names);
	token->names = l->names;
	token->listed = true;
	for (size_t i = 0; !rv && i < l->n; i++)
		if (!keys_is_page(l->ids[i]) && !p11_chipobj(token, l->ids[i]))
			rv = CKR_HOST_MEMORY;
	pthread_mutex_unlock(&p11.lock);
	for (struct p11_chipobj *o = token->objects; o; o = o->next)
		if (!o->gone && !is_listed(l, o->id))
			p11_chipobj_gone(o, false);
	return rv;
}

CK_RV p11_refresh(struct p11_token *token)
{
	struct listing l = { .token = token, .successors = token->successors };
	CK_RV rv;

	pthread_mutex_lock(&token->list_lock);
	rv = p11_run(token, list, &l);
	if (!rv)
		rv = take(token, &l);
	pthread_mutex_unlock(&token->list_lock);
	free(l.ids);
	return rv;
}

/* Its memory is freed when no call is under way any more: other threads may be at it. */
void p11_chipobj_gone(struct p11_chipobj *o, bool keep_public)
{
	struct p11_object *halves[2] = { NULL, NULL };

	pthread_mutex_lock(&p11.lock);
	o->gone = true;
	if (!o->holders)
		p11.litter = true;
	for (size_t i = keep_public; i < 2; i++) {
		halves[i] = o->halves[i];
		o->halves[i] = NULL;
		if (halves[i])
			p11_table_remove(&p11.objects, halves[i]->handle);
	}
	pthread_mutex_unlock(&p11.lock);
	p11_object_put(halves[0]);
	p11_object_put(halves[1]);
}

void p11_objects_forget(struct p11_token *token)
{
	for (struct p11_chipobj *o = token->objects; o; o = o->next)
		if (!o->gone)
			p11_chipobj_gone(o, false);
	/* names go with the next list: who is at one reads them */
	pthread_mutex_lock(&p11.lock);
	token->listed = false;
	pthread_mutex_unlock(&p11.lock);
}

static void free_chipobj(struct p11_chipobj *o)
{
	EVP_PKEY_free(o->public);
	free(o->file);
	free(o);
}

void p11_objects_sweep(void)
{
	p11.litter = false;
	for (struct p11_token *token = p11.tokens; token; token = token->next) {
		struct p11_chipobj *_Atomic *link = &token->objects, *o;

		while ((o = *link)) {
			if (!o->gone || o->holders) {
				link = &o->next;
				continue;
			}
			*link = o->next;
			free_chipobj(o);
		}
	}
}

static void free_objects(struct p11_token *token)
{
	struct p11_chipobj *o;

	while ((o = token->objects)) {
		token->objects = o->next;
		free_chipobj(o);
	}
	keys_names_free(token->names);
	token->names = NULL;
	token->listed = false;
}

void p11_objects_end(void)
{
	for (size_t i = 0; i < p11.objects.n; i++) {
		struct p11_object *object = p11.objects.places[i].what;

		if (!object)
			continue;
		p11_table_remove(&p11.objects, object->handle);
		p11_object_put(object);
	}
	for (struct p11_token *token = p11.tokens; token; token = token->next) {
		pthread_mutex_init(&token->list_lock, NULL);
		free_objects(token);
	}
}

/* ---- what it is ---- */

/* All of a kind by one command, instead of each by one or two */
CK_RV p11_type_all(struct p11_token *token, enum se05x_iot_kind kind)
{
	unsigned int successors = token->successors;
	uint32_t *ids = NULL;
	size_t n = 0;
	CK_RV rv;

	pthread_mutex_lock(&token->list_lock);
	rv = P11_IOT(token, se05x_iot_list_kind, kind, &ids, &n);
	pthread_mutex_lock(&p11.lock);
	if (token->successors != successors)
		rv = CKR_DEVICE_REMOVED;
	for (size_t i = 0; i < n && !rv; i++) {
		struct p11_chipobj *o = keys_is_page(ids[i]) ? NULL : p11_chipobj(token, ids[i]);

		if (!o || o->typed)
			continue;
		o->info.id = o->id;
		o->info.kind = kind;
		o->typed = true;
	}
	pthread_mutex_unlock(&p11.lock);
	pthread_mutex_unlock(&token->list_lock);
	free(ids);
	return rv;
}

/* The chip's word for it is kept, an error of the link is not. */
static bool is_lasting(CK_RV rv)
{
	return rv != CKR_DEVICE_REMOVED && rv != CKR_DEVICE_ERROR && rv != CKR_DEVICE_MEMORY &&
	       rv != CKR_FUNCTION_FAILED && rv != CKR_HOST_MEMORY && rv != CKR_TOKEN_NOT_PRESENT &&
	       rv != CKR_TOKEN_NOT_RECOGNIZED;
}

CK_RV p11_chipobj_type(struct p11_token *token, struct p11_chipobj *o)
{
	struct se05x_iot_object info;
	CK_RV rv;

	if (o->typed)
		return CKR_OK;
	rv = P11_IOT(token, se05x_iot_object, o->id, &info);
	if (!is_lasting(rv))
		return rv;
	pthread_mutex_lock(&p11.lock);
	if (!rv && !o->typed)
		o->info = info;
	o->typed = true;	/* what does not say what it is, is not shown */
	pthread_mutex_unlock(&p11.lock);
	return CKR_OK;
}

struct reading {
	struct p11_chipobj *o;
	EVP_PKEY *key;
};

static int read_public(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct reading *r = arg;

	return keys_public(iot, &r->o->info, p11.lib, &r->key, call);
}

CK_RV p11_chipobj_public(struct p11_token *token, struct p11_chipobj *o)
{
	struct reading r = { .o = o };
	EVP_PKEY *loser = NULL;
	CK_RV rv;

	if (o->public || o->public_rv)
		return CKR_OK;
	rv = p11_run(token, read_public, &r);
	if (!is_lasting(rv))
		return rv;
	pthread_mutex_lock(&p11.lock);
	if (o->public)
		loser = r.key;	/* another thread was faster */
	else
		o->public = rv ? NULL : r.key;
	o->public_rv = rv;
	pthread_mutex_unlock(&p11.lock);
	EVP_PKEY_free(loser);
	return CKR_OK;
}

CK_RV p11_chipobj_attributes(struct p11_token *token, struct p11_chipobj *o)
{
	struct se05x_iot_attributes attributes;
	CK_RV rv;

	if (o->asked_attributes)
		return CKR_OK;
	rv = token->learnt->version.major < 6 ? CKR_FUNCTION_NOT_SUPPORTED :
	     P11_IOT(token, se05x_iot_attributes, o->id, &attributes);
	if (!is_lasting(rv))
		return rv;
	pthread_mutex_lock(&p11.lock);
	if (!rv && !o->asked_attributes)
		o->attributes = attributes;
	if (!o->asked_attributes)
		o->has_attributes = !rv;
	o->asked_attributes = true;
	pthread_mutex_unlock(&p11.lock);
	return CKR_OK;
}

CK_RV p11_chipobj_file(struct p11_token *token, struct p11_chipobj *o)
{
	void *bytes = NULL;
	size_t len;
	bool certificate;
	CK_RV rv;

	if (o->file || o->unreadable)
		return CKR_OK;
	rv = P11_IOT(token, se05x_iot_binary_load, o->id, &bytes, &len);
	if (!is_lasting(rv))
		return rv;
	certificate = !rv && p11_is_certificate(bytes, len);
	pthread_mutex_lock(&p11.lock);
	if (!rv && !o->file) {
		o->is_certificate = certificate;
		o->file_len = len;
		o->file = bytes;
		bytes = NULL;
	}
	o->unreadable = !o->file;
	pthread_mutex_unlock(&p11.lock);
	free(bytes);
	return CKR_OK;
}

/* ---- its halves ---- */

CK_OBJECT_CLASS p11_half_class(const struct p11_chipobj *o, size_t half)
{
	switch (o->info.kind) {
	case SE05X_IOT_KIND_EC:
		if (!se05x_iot_curve(o->info.curve))
			break;
		/* fall through */
	case SE05X_IOT_KIND_RSA:
		if (o->info.part == (half ? SE05X_IOT_PART_PUBLIC : SE05X_IOT_PART_PRIVATE))
			break;
		return half ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY;
	case SE05X_IOT_KIND_AES:
	case SE05X_IOT_KIND_HMAC:
		return half ? CKO_SECRET_KEY : CK_UNAVAILABLE_INFORMATION;
	case SE05X_IOT_KIND_BINARY:
		if (half && o->file)
			return o->is_certificate ? CKO_CERTIFICATE : CKO_DATA;
	}
	return CK_UNAVAILABLE_INFORMATION;
}

static CK_KEY_TYPE key_type(const struct se05x_iot_object *info)
{
	switch (info->kind) {
	case SE05X_IOT_KIND_RSA:
		return CKK_RSA;
	case SE05X_IOT_KIND_AES:
		return CKK_AES;
	case SE05X_IOT_KIND_HMAC:
		return CKK_GENERIC_SECRET;
	}
	switch (info->curve) {
	case SE05X_IOT_CURVE_ED25519:
		return CKK_EC_EDWARDS;
	case SE05X_IOT_CURVE_X25519:
	case SE05X_IOT_CURVE_X448:
		return CKK_EC_MONTGOMERY;
	}
	return CKK_EC;
}

struct p11_object *p11_half(struct p11_token *token, struct p11_chipobj *o, size_t half)
{
	struct p11_object *object = o->halves[half];

	if (object)
		return object;
	object = calloc(1, sizeof(*object));
	if (!object)
		return NULL;
	object->references = 1;
	object->class = p11_half_class(o, half);
	object->private = object->class == CKO_PRIVATE_KEY || object->class == CKO_SECRET_KEY;
	object->key_type = key_type(&o->info);
	object->token = token;
	object->chip = o;
	object->handle = p11_table_add(&p11.objects, object);
	if (!object->handle) {
		free(object);
		return NULL;
	}
	o->holders++;
	o->halves[half] = object;
	return object;
}
