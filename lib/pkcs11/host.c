// SPDX-License-Identifier: LGPL-2.1-or-later
/* Session objects, which live on the host; and handles of all objects */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>

#include "object.h"

/* ---- references ---- */

static void free_object(struct p11_object *object)
{
	for (CK_ULONG i = 0; i < object->n_attributes; i++)
		free(object->attributes[i].pValue);
	free(object->attributes);
	EVP_PKEY_free(object->key);
	OPENSSL_clear_free(object->secret, object->secret_len);
	free(object);
}

void p11_object_put(struct p11_object *object)
{
	bool last;

	if (!object)
		return;
	pthread_mutex_lock(&p11.lock);
	last = !--object->references;
	if (last && object->chip && !--object->chip->holders && object->chip->gone)
		p11.litter = true;
	pthread_mutex_unlock(&p11.lock);
	if (last)
		free_object(object);
}

bool p11_is_visible(const struct p11_token *token, const struct p11_object *object)
{
	return object->token == token &&
	       (!object->private || !p11_has_user(token) || token->logged_in);
}

CK_RV p11_object_get(struct p11_session *s, CK_OBJECT_HANDLE handle, struct p11_object **object)
{
	pthread_mutex_lock(&p11.lock);
	*object = p11_table_get(&p11.objects, handle);
	if (*object && (!p11_is_visible(s->token, *object) ||
			((*object)->chip && (*object)->chip->gone)))
		*object = NULL;
	if (*object)
		(*object)->references++;
	pthread_mutex_unlock(&p11.lock);
	return *object ? CKR_OK : CKR_OBJECT_HANDLE_INVALID;
}

CK_RV p11_key_get(struct p11_session *s, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE_TYPE usage,
		  struct p11_object **key)
{
	if (p11_object_get(s, handle, key))
		return CKR_KEY_HANDLE_INVALID;
	if (p11_is_key_class((*key)->class)) {
		if (p11_attribute_bool(*key, usage))
			return CKR_OK;
		p11_object_put(*key);
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	}
	p11_object_put(*key);
	return CKR_KEY_HANDLE_INVALID;
}

CK_RV p11_public(struct p11_object *object, EVP_PKEY **key)
{
	struct p11_chipobj *o = object->chip;
	CK_RV rv;

	*key = object->key;
	if (!o)
		return *key ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;
	rv = p11_chipobj_public(object->token, o);
	*key = o->public;
	return rv ? rv : *key ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED;
}

size_t p11_key_size(const struct p11_object *key)
{
	if (!key->chip)
		return key->key ? (size_t)EVP_PKEY_get_bits(key->key) : key->secret_len;
	switch (key->chip->info.kind) {
	case SE05X_IOT_KIND_EC:
		return se05x_iot_curve(key->chip->info.curve)->bits;
	case SE05X_IOT_KIND_RSA:
		return 8 * key->chip->info.size;
	default:
		return key->chip->info.size;
	}
}

/* ---- to be made ---- */

/* Key material is not kept twice. */
static bool is_material(CK_ATTRIBUTE_TYPE type)
{
	switch (type) {
	case CKA_VALUE:
	case CKA_VALUE_LEN:
	case CKA_PRIVATE_EXPONENT:
	case CKA_PRIME_1:
	case CKA_PRIME_2:
	case CKA_EXPONENT_1:
	case CKA_EXPONENT_2:
	case CKA_COEFFICIENT:
	case CKA_MODULUS:
	case CKA_MODULUS_BITS:
	case CKA_PUBLIC_EXPONENT:
	case CKA_EC_PARAMS:
	case CKA_EC_POINT:
	case CKA_PUBLIC_KEY_INFO:
		return true;
	default:
		return false;
	}
}

static bool keep(struct p11_object *object, const CK_ATTRIBUTE *a)
{
	CK_ATTRIBUTE *more = realloc(object->attributes,
				     (object->n_attributes + 1) * sizeof(*more));
	void *bytes = malloc(a->ulValueLen + 1);

	if (more)
		object->attributes = more;
	if (!more || !bytes) {
		free(bytes);
		return false;
	}
	if (a->ulValueLen)
		memcpy(bytes, a->pValue, a->ulValueLen);
	more[object->n_attributes++] = (CK_ATTRIBUTE) { a->type, bytes, a->ulValueLen };
	return true;
}

/* What no template may say: 2.40, table 10, footnotes 2 and 4 */
static bool is_told_only(CK_ATTRIBUTE_TYPE type)
{
	return type == CKA_LOCAL || type == CKA_KEY_GEN_MECHANISM || type == CKA_UNIQUE_ID ||
	       type == CKA_ALWAYS_SENSITIVE || type == CKA_NEVER_EXTRACTABLE;
}

CK_RV p11_check_promises(const struct p11_template *t)
{
	for (CK_ULONG i = 0; t && i < t->n; i++)
		if (is_told_only(t->attributes[i].type))
			return CKR_ATTRIBUTE_READ_ONLY;
	return p11_template_bool(t, CKA_TRUSTED, false) ||
	       p11_template_bool(t, CKA_ALWAYS_AUTHENTICATE, false) ||
	       p11_template_bool(t, CKA_WRAP_WITH_TRUSTED, false) ? CKR_TEMPLATE_INCONSISTENT :
	       CKR_OK;
}

CK_RV p11_host_new(struct p11_session *s, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
		   const struct p11_template *t, struct p11_object **made)
{
	bool private = p11_template_bool(t, CKA_PRIVATE, false);
	struct p11_object *object;
	CK_RV rv = p11_check_promises(t);

	if (rv)
		return rv;
	if (private && p11_has_user(s->token) && !s->token->logged_in)
		return CKR_USER_NOT_LOGGED_IN;
	object = calloc(1, sizeof(*object));
	if (!object)
		return CKR_HOST_MEMORY;
	object->references = 1;
	object->class = class;
	object->key_type = type;
	object->token = s->token;
	object->session = s;
	object->private = private;
	for (CK_ULONG i = 0; t && i < t->n; i++) {
		const CK_ATTRIBUTE *a = &t->attributes[i];

		if (!is_material(a->type) && !keep(object, a)) {
			p11_object_put(object);
			return CKR_HOST_MEMORY;
		}
	}
	*made = object;
	return CKR_OK;
}

CK_RV p11_publish(struct p11_object *object, CK_OBJECT_HANDLE *handle)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&p11.lock);
	object->handle = object->session->closed ? 0 : p11_table_add(&p11.objects, object);
	if (!object->handle)
		rv = object->session->closed ? CKR_SESSION_CLOSED : CKR_HOST_MEMORY;
	*handle = object->handle;
	pthread_mutex_unlock(&p11.lock);
	if (rv)
		p11_object_put(object);
	return rv;
}

static bool ends(const struct p11_object *object, const struct p11_session *session,
		 const struct p11_token *token)
{
	return session ? object->session == session : object->token == token && object->private;
}

/* With p11.lock held. What the chip has gets another handle when it is found again. */
static void take_handle(struct p11_object *object)
{
	p11_table_remove(&p11.objects, object->handle);
	if (object->chip)
		object->chip->halves[1] = NULL;	/* private ones are always this */
}

void p11_handles_end(const struct p11_session *session, const struct p11_token *token)
{
	for (size_t i = 0;; i++) {
		struct p11_object *object = NULL;
		bool more;

		pthread_mutex_lock(&p11.lock);
		more = i < p11.objects.n;
		if (more)
			object = p11.objects.places[i].what;
		if (object && ends(object, session, token))
			take_handle(object);
		else
			object = NULL;
		pthread_mutex_unlock(&p11.lock);
		p11_object_put(object);
		if (!more)
			return;
	}
}

/* ---- attributes ---- */

/* Another thread may set it meanwhile. */
static bool flag(const struct p11_object *object, CK_ATTRIBUTE_TYPE type, bool missing)
{
	bool is;

	pthread_mutex_lock(&p11.lock);
	is = p11_template_bool(&(struct p11_template) { object->attributes,
							object->n_attributes }, type, missing);
	pthread_mutex_unlock(&p11.lock);
	return is;
}

/* May its value leave? */
static bool is_open(const struct p11_object *object)
{
	return !flag(object, CKA_SENSITIVE, false) && flag(object, CKA_EXTRACTABLE, true);
}

static CK_RV put_private_number(const struct p11_object *object, CK_ATTRIBUTE_TYPE type,
				struct p11_value *value)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *rsa, *ec;
	} numbers[] = {
		{ CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D, NULL },
		{ CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1, NULL },
		{ CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2, NULL },
		{ CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1, NULL },
		{ CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2, NULL },
		{ CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, NULL },
		{ CKA_VALUE, NULL, OSSL_PKEY_PARAM_PRIV_KEY },
	};
	uint8_t bytes[SE05X_IOT_SIG_MAX];
	const char *name = NULL;
	size_t len = 0;
	BIGNUM *n = NULL;
	CK_RV rv;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].type == type)
			name = object->key_type == CKK_RSA ? numbers[i].rsa : numbers[i].ec;
	if (!name)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (!is_open(object))
		return CKR_ATTRIBUTE_SENSITIVE;
	if (object->key_type != CKK_RSA && object->key_type != CKK_EC) {
		if (EVP_PKEY_get_octet_string_param(object->key, name, bytes, sizeof(bytes),
						    &len) != 1)
			return CKR_GENERAL_ERROR;
	} else {
		if (EVP_PKEY_get_bn_param(object->key, name, &n) != 1)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		len = BN_bn2bin(n, bytes);
	}
	rv = p11_put(value, bytes, len);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	BN_clear_free(n);
	return rv;
}

static CK_RV put_secret(const struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			struct p11_value *value)
{
	switch (type) {
	case CKA_VALUE:
		if (object->class == CKO_SECRET_KEY && !is_open(object))
			return CKR_ATTRIBUTE_SENSITIVE;
		return p11_put(value, object->secret, object->secret_len);
	case CKA_VALUE_LEN:
		return object->class == CKO_SECRET_KEY ? p11_put_ulong(value, object->secret_len) :
		       CKR_ATTRIBUTE_TYPE_INVALID;
	default:
		return object->class == CKO_CERTIFICATE ?
		       p11_certificate_attribute(object->secret, object->secret_len, type, value) :
		       CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

static CK_RV material(const struct p11_object *object, CK_ATTRIBUTE_TYPE type,
		      struct p11_value *value)
{
	CK_RV rv;

	if (object->secret)
		return put_secret(object, type, value);
	if (!object->key)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	rv = p11_key_attribute(object->key, type, value);
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID && object->class == CKO_PRIVATE_KEY)
		rv = put_private_number(object, type, value);
	return rv;
}

/* Classes, which are numbers from 0 on, as bits */
#define DATA		(1u << CKO_DATA)
#define CERTIFICATE	(1u << CKO_CERTIFICATE)
#define PUBLIC		(1u << CKO_PUBLIC_KEY)
#define HIDDEN		(1u << CKO_PRIVATE_KEY | 1u << CKO_SECRET_KEY)
#define KEYS		(PUBLIC | HIDDEN)
#define ALL		(DATA | CERTIFICATE | KEYS)

/* Where a template said nothing */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	unsigned int classes;	/* that have it */
	const char *value;	/* a CK_BBOOL, or empty */
	size_t len;
} defaults[] = {
	{ CKA_LABEL, ALL, "", 0 },
	{ CKA_PRIVATE, ALL, "\0", 1 },
	{ CKA_MODIFIABLE, ALL, "\1", 1 },
	{ CKA_DESTROYABLE, ALL, "\1", 1 },
	{ CKA_APPLICATION, DATA, "", 0 },
	{ CKA_OBJECT_ID, DATA, "", 0 },
	{ CKA_ID, CERTIFICATE | KEYS, "", 0 },
	{ CKA_TRUSTED, CERTIFICATE | PUBLIC | 1u << CKO_SECRET_KEY, "\0", 1 },
	{ CKA_SUBJECT, PUBLIC | 1u << CKO_PRIVATE_KEY, "", 0 },
	{ CKA_START_DATE, KEYS, "", 0 },
	{ CKA_END_DATE, KEYS, "", 0 },
	{ CKA_SENSITIVE, HIDDEN, "\0", 1 },
	{ CKA_EXTRACTABLE, HIDDEN, "\1", 1 },
	{ CKA_WRAP_WITH_TRUSTED, HIDDEN, "\0", 1 },
	{ CKA_ALWAYS_AUTHENTICATE, 1u << CKO_PRIVATE_KEY, "\0", 1 },
};

static CK_RV put_default(const struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			 struct p11_value *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (defaults[i].type == type && defaults[i].classes & 1u << object->class)
			return p11_put(value, defaults[i].value, defaults[i].len);
	return CKR_ATTRIBUTE_TYPE_INVALID;
}

/* 3.0: no two that a session sees have the same; those of the chip have another form */
static CK_RV put_unique(const struct p11_object *object, struct p11_value *value)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "session-%lX", object->handle);

	return p11_put(value, text, len);
}

/* Of keys: what no template says, or not alone. None was made in the chip. */
static CK_RV put_told_of_key(const struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			     struct p11_value *value)
{
	switch (type) {
	case CKA_KEY_TYPE:
		return p11_put_ulong(value, object->key_type);
	case CKA_KEY_GEN_MECHANISM:
		return p11_put_ulong(value, CK_UNAVAILABLE_INFORMATION);
	case CKA_SIGN:
	case CKA_VERIFY:
	case CKA_ENCRYPT:
	case CKA_DECRYPT:
	case CKA_DERIVE:
		/* a template may say less than its kind can, not more */
		return p11_put_bool(value, p11_can(object, type) && flag(object, type, true));
	case CKA_LOCAL:
	case CKA_WRAP:	/* no key is wrapped here */
	case CKA_UNWRAP:
	case CKA_SIGN_RECOVER:
	case CKA_VERIFY_RECOVER:
		return p11_put_bool(value, false);
	case CKA_ALWAYS_SENSITIVE:
	case CKA_NEVER_EXTRACTABLE:
		return object->class == CKO_PUBLIC_KEY ? CKR_ATTRIBUTE_TYPE_INVALID :
		       p11_put_bool(value, false);
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

static CK_RV put_told(const struct p11_object *object, CK_ATTRIBUTE_TYPE type,
		      struct p11_value *value)
{
	switch (type) {
	case CKA_CLASS:
		return p11_put_ulong(value, object->class);
	case CKA_TOKEN:
	case CKA_COPYABLE:
		return p11_put_bool(value, false);
	case CKA_UNIQUE_ID:
		return put_unique(object, value);
	default:
		return p11_is_key_class(object->class) ? put_told_of_key(object, type, value) :
		       CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

CK_RV p11_host_attribute(const struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			 struct p11_value *value)
{
	const CK_ATTRIBUTE *a;
	CK_RV rv = put_told(object, type, value);

	if (rv != CKR_ATTRIBUTE_TYPE_INVALID)
		return rv;
	rv = material(object, type, value);
	if (rv != CKR_ATTRIBUTE_TYPE_INVALID)
		return rv;
	pthread_mutex_lock(&p11.lock);
	a = p11_template_find(&(struct p11_template) { object->attributes,
						       object->n_attributes }, type);
	if (a)
		rv = p11_put(value, a->pValue, a->ulValueLen);
	pthread_mutex_unlock(&p11.lock);
	return a ? rv : put_default(object, type, value);
}

static CK_RV set(struct p11_object *object, const CK_ATTRIBUTE *a)
{
	CK_ULONG i, last;

	for (i = 0; i < object->n_attributes; i++)
		if (object->attributes[i].type == a->type)
			break;
	if (!keep(object, a))
		return CKR_HOST_MEMORY;
	last = object->n_attributes - 1;
	if (i == last)
		return CKR_OK;	/* there was none */
	free(object->attributes[i].pValue);
	object->attributes[i] = object->attributes[last];
	object->n_attributes--;
	return CKR_OK;
}

CK_RV p11_host_set(struct p11_object *object, const CK_ATTRIBUTE *a)
{
	CK_RV rv;

	pthread_mutex_lock(&p11.lock);
	rv = set(object, a);
	pthread_mutex_unlock(&p11.lock);
	return rv;
}
