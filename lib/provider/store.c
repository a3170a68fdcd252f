// SPDX-License-Identifier: LGPL-2.1-or-later
/* se05x: URIs: a key, a file with certificates, all objects of a name, or a list of all */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <openssl/core_object.h>
#include <openssl/params.h>
#include <openssl/store.h>

#include "provider.h"

struct loader {
	struct provider *prov;
	struct uri uri;
	struct keys_chip *chip;
	struct keys_secret *pin;
	int expect;		/* OSSL_STORE_INFO_PKEY, ... */
	struct se05x_iot_object *objects;
	size_t n, at;
	struct keys_names *names;	/* of a list: what it tells beside each URI */
	uint8_t *certs;		/* rest of a chain, one DER after the other */
	size_t certs_len, certs_at;
};

/* ---- which chip ---- */

/* Who writes a URI must not have this program open anything else: a tty, a tape. */
static bool is_chip(const char *path)
{
	char link[64], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	/* unix: in front would be a socket */
	if (*path != '/' || stat(path, &st)) {
		raise_text("device=%s: %s", path, *path == '/' ? strerror(errno) :
			   "it is a path that begins with /");
		return false;
	}
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/subsystem", major(st.st_rdev),
		 minor(st.st_rdev));
	n = S_ISCHR(st.st_mode) ? readlink(link, target, sizeof(target) - 1) : -1;
	if (n > 0) {
		const char *name;

		target[n] = 0;
		name = strrchr(target, '/');
		if (name && !strcmp(name, "/se05x"))
			return true;
	}
	raise_text("device=%s: that is no SE05x", path);
	return false;
}

/* ---- which objects ---- */

static bool is_key(const struct se05x_iot_object *object)
{
	return object->kind == SE05X_IOT_KIND_EC || object->kind == SE05X_IOT_KIND_RSA;
}

static bool add(struct loader *l, const struct se05x_iot_object *object)
{
	struct se05x_iot_object *more = realloc(l->objects, (l->n + 1) * sizeof(*more));

	if (!more)
		return false;
	l->objects = more;
	more[l->n++] = *object;
	return true;
}

static int add_id(struct se05x_iot *iot, uint32_t id, struct loader *l, struct se05x_call *call)
{
	struct se05x_iot_object object;
	int ret = se05x_iot_object(iot, id, &object, call);

	l->n = 0;
	return ret ? ret : add(l, &object) ? 0 : -ENOMEM;
}

/* All keys, and what may be a certificate */
static int add_all(struct se05x_iot *iot, struct loader *l, struct se05x_call *call)
{
	struct se05x_iot_object object;
	uint32_t *ids = NULL;
	bool wanted;
	size_t n;
	int ret = se05x_iot_list(iot, &ids, &n, call);

	l->n = 0;
	for (size_t i = 0; !ret && i < n; i++) {
		ret = se05x_iot_object(iot, ids[i], &object, call);
		if (ret && keys_answered(call)) {
			ret = 0;	/* deleted meanwhile, or it does not say what it is */
			continue;
		}
		if (!ret && !(wanted = is_key(&object)))
			ret = cert_is_file(iot, &object, &wanted, call);
		if (!ret && wanted && !add(l, &object))
			ret = -ENOMEM;
	}
	free(ids);
	return ret;
}

/* Two private keys of a name: nobody knows which is meant. */
static int add_named(struct se05x_iot *iot, struct loader *l, struct se05x_call *call)
{
	const struct keys_name *name = NULL;
	struct se05x_iot_object object;
	struct keys_names *names;
	int ret = keys_names_read(iot, &names, call);

	l->n = 0;
	if (ret)
		return keys_answered(call) ? 0 : ret;	/* a chip that tells no names has none */
	do {
		ret = keys_names_find(iot, names, l->prov->own, l->uri.name, &name, &object, call);
		if (!ret && name && !add(l, &object))
			ret = -ENOMEM;
	} while (!ret && name);
	keys_names_free(names);
	return ret;
}

static bool check_named(const struct loader *l)
{
	uint32_t alias = 0;
	bool another = keys_alias(l->uri.name, &alias);
	unsigned int pairs = 0;

	for (size_t i = 0; i < l->n; i++) {
		pairs += is_key(&l->objects[i]) && l->objects[i].part != SE05X_IOT_PART_PUBLIC;
		another &= l->objects[i].id != alias;
	}
	if (pairs > 1)
		raise_text("%s: %u private keys in the chip have that name: say the identifier",
			   l->uri.name, pairs);
	else if (another)
		raise_text("%s: in the chip that is 0x%08X, and in the alias file 0x%08X",
			   l->uri.name, l->objects[0].id, alias);
	return pairs < 2 && !another;
}

/* For a list, which goes without them too */
static void read_names(struct loader *l)
{
	struct se05x_call call = { 0 };

	if (KEYS_RUN(l->chip, &call, keys_names_read, &l->names))
		l->names = NULL;
}

static bool find(struct loader *l)
{
	struct se05x_call call = { 0 };
	uint32_t id = l->uri.id;
	int ret = 0;

	if (!*l->uri.name) {
		ret = KEYS_RUN(l->chip, &call, add_all, l);
		if (!ret)
			read_names(l);
	} else if (!id) {
		ret = KEYS_RUN(l->chip, &call, add_named, l);
		if (!ret && l->n)
			return check_named(l);
		if (!ret && !keys_alias(l->uri.name, &id)) {
			raise_text("%s: neither a name in the chip nor a name of the alias file",
				   l->uri.name);
			return false;
		}
	}
	if (!ret && id)
		ret = KEYS_RUN(l->chip, &call, add_id, id, l);
	if (ret)
		raise_chip("object", id, ret, &call);
	return !ret;
}

static int close_loader(void *data)
{
	struct loader *l = data;

	uri_clear(&l->uri);
	keys_secret_free(l->pin);
	free(l->objects);
	keys_names_free(l->names);
	free(l->certs);
	free(l);
	return 1;
}

static void *open_uri(void *data, const char *text)
{
	struct loader *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->prov = data;
	if (uri_parse(text, &l->uri) && (!l->uri.device || is_chip(l->uri.device))) {
		l->chip = provider_chip(l->prov, l->uri.device);
		if (l->chip && find(l))
			return l;
	}
	close_loader(l);
	return NULL;
}

/* ---- what is given ---- */

/* Does the program, or the URI, want nothing else than others? */
static bool wants(const struct loader *l, enum want what)
{
	static const enum want expected[] = {
		[OSSL_STORE_INFO_PKEY] = WANT_PRIVATE, [OSSL_STORE_INFO_PUBKEY] = WANT_PUBLIC,
		[OSSL_STORE_INFO_CERT] = WANT_CERT,
	};
	bool known = l->expect > 0 && l->expect <= OSSL_STORE_INFO_CERT;

	if (l->uri.type && l->uri.type != what)
		return false;
	return !l->expect || (known && expected[l->expect] == what);
}

/* What it is called, if it is that object still; "": nothing */
static const char *label(struct loader *l, const struct se05x_iot_object *object)
{
	const struct keys_name *name = l->names ? keys_names_of(l->names, object->id) : NULL;
	struct se05x_call call = { 0 };
	uint8_t now[8];

	if (!name || KEYS_RUN(l->chip, &call, keys_object_fingerprint, object, l->prov->own, now) ||
	    memcmp(now, name->fingerprint, sizeof(now)))
		return "";
	return name->label;
}

static int give_name(struct loader *l, const struct se05x_iot_object *object,
		     OSSL_CALLBACK *callback, void *arg)
{
	const struct se05x_iot_curve *curve = se05x_iot_curve(object->curve);
	char uri[2 * PATH_MAX], what[64 + KEYS_LABEL_MAX];
	const char *name = label(l, object);
	int type = OSSL_OBJECT_NAME;
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA, uri, 0),
		OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DESC, what, 0),
		OSSL_PARAM_END,
	};

	if (!uri_of(&l->uri, object->id, uri, sizeof(uri)))
		return 0;
	if (object->kind == SE05X_IOT_KIND_BINARY)
		snprintf(what, sizeof(what), "certificate");
	else if (object->kind == SE05X_IOT_KIND_RSA)
		snprintf(what, sizeof(what), "RSA key of %u bits", 8 * object->size);
	else
		snprintf(what, sizeof(what), "EC key%s%s", curve ? " on " : "",
			 curve ? curve->name : "");
	if (*name)
		snprintf(what + strlen(what), sizeof(what) - strlen(what), ", %s", name);
	params[1].data_size = strlen(uri);
	params[2].data_size = strlen(what);
	return callback(params, arg);
}

static bool get_pin(struct loader *l, OSSL_PASSPHRASE_CALLBACK *ask, void *arg)
{
	const struct place place = { .chip = l->chip, .user = l->uri.user };

	if (!l->uri.user || l->pin)
		return true;
	l->pin = l->uri.pin_file ? pin_read(l->prov, &place, l->uri.pin_file) :
				   pin_ask(l->prov, &place, ask, arg);
	return l->pin;
}

static int give_key(struct loader *l, const struct se05x_iot_object *object, bool private,
		    OSSL_CALLBACK *callback, void *arg)
{
	const struct place place = {
		.chip = l->chip, .id = object->id, .user = l->uri.user, .pin = l->pin,
	};
	struct key *key = key_open(l->prov, &place, object);
	const char *name = key ? type_name(key->type) : "";
	int type = OSSL_OBJECT_PKEY, ok;
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, (char *)name, strlen(name)),
		OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key)),
		OSSL_PARAM_END,
	};

	if (!key)
		return 0;
	if (!private)
		key->chip = NULL;	/* its public half, as a key of its own */
	ok = callback(params, arg);
	key_free(key);	/* who took it counted */
	return ok;
}

static bool read_certs(struct loader *l, const struct se05x_iot_object *object)
{
	struct se05x_call call = { 0 };
	size_t len = object->size;
	int ret;

	free(l->certs);
	l->certs_len = l->certs_at = 0;
	l->certs = len <= SE05X_IOT_BINARY_MAX ? malloc(len + 1) : NULL;
	if (!l->certs)
		return false;
	ret = KEYS_RUN(l->chip, &call, se05x_iot_binary_read, object->id, 0, l->certs, len);
	if (ret)
		raise_chip("read", object->id, ret, &call);
	else
		l->certs_len = len;
	return !ret;
}

static int give_cert(struct loader *l, OSSL_CALLBACK *callback, void *arg)
{
	uint8_t *der = l->certs + l->certs_at;
	size_t len = cert_len(der, l->certs_len - l->certs_at);
	int type = OSSL_OBJECT_CERT;
	OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
		OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_DATA, der, len),
		OSSL_PARAM_END,
	};

	l->certs_at += len;
	if (!cert_len(l->certs + l->certs_at, l->certs_len - l->certs_at))
		l->certs_at = l->certs_len;	/* what follows the last one */
	return callback(params, arg);
}

/* A file, or with @key the one that has its certificate */
static int give_file(struct loader *l, const struct se05x_iot_object *object, bool key,
		     OSSL_CALLBACK *callback, void *arg)
{
	struct se05x_iot_object file = *object;

	if (key && !cert_of(l->prov, l->chip, object, &file))
		return 0;
	if (!file.id)
		return -1;
	if (file.kind != SE05X_IOT_KIND_BINARY) {
		raise_text("0x%08X is no EC or RSA key, and no file with a certificate", file.id);
		return 0;
	}
	if (!read_certs(l, &file))
		return 0;
	if (cert_len(l->certs, l->certs_len))
		return give_cert(l, callback, arg);
	l->certs_at = l->certs_len;
	raise_text("0x%08X: there is no certificate in that file", file.id);
	return 0;
}

/* Who asks a key for a certificate gets its own, unless a file has the same name. */
static bool wants_its_cert(const struct loader *l)
{
	if (l->expect != OSSL_STORE_INFO_CERT && l->uri.type != WANT_CERT)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (!is_key(&l->objects[i]))
			return false;
	return wants(l, WANT_CERT) && *l->uri.name;
}

/* Return: -1: nothing that is wanted */
static int give(struct loader *l, const struct se05x_iot_object *object, OSSL_CALLBACK *callback,
		void *arg, OSSL_PASSPHRASE_CALLBACK *ask, void *ask_arg)
{
	bool pair = object->part != SE05X_IOT_PART_PUBLIC, cert = !is_key(object);

	if (!cert && wants_its_cert(l))
		return give_file(l, object, true, callback, arg);
	if (!wants(l, cert ? WANT_CERT : pair ? WANT_PRIVATE : WANT_PUBLIC) &&
	    !(pair && !cert && wants(l, WANT_PUBLIC)))
		return -1;
	if (!*l->uri.name)
		return give_name(l, object, callback, arg);
	if (cert)
		return give_file(l, object, false, callback, arg);
	pair = pair && wants(l, WANT_PRIVATE);
	return (!pair || get_pin(l, ask, ask_arg)) && give_key(l, object, pair, callback, arg);
}

static int load(void *data, OSSL_CALLBACK *callback, void *arg, OSSL_PASSPHRASE_CALLBACK *ask,
		void *ask_arg)
{
	struct loader *l = data;
	int ret = -1;

	if (l->certs_at < l->certs_len)
		return give_cert(l, callback, arg);
	while (ret < 0 && l->at < l->n) {
		size_t at = l->at++;

		ret = give(l, &l->objects[at], callback, arg, ask, ask_arg);
	}
	return ret > 0;
}

static int eof(void *data)
{
	const struct loader *l = data;

	return l->at == l->n && l->certs_at == l->certs_len;
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct loader *l = data;
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);

	return !p || OSSL_PARAM_get_int(p, &l->expect);
}

static const OSSL_PARAM *settable_params(void *data)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
		OSSL_PARAM_END,
	};

	(void)data;
	return params;
}

const OSSL_DISPATCH store_functions[] = {
	FUNCTION(OSSL_FUNC_STORE_OPEN, open_uri),
	FUNCTION(OSSL_FUNC_STORE_LOAD, load),
	FUNCTION(OSSL_FUNC_STORE_EOF, eof),
	FUNCTION(OSSL_FUNC_STORE_CLOSE, close_loader),
	FUNCTION(OSSL_FUNC_STORE_SET_CTX_PARAMS, set_params),
	FUNCTION(OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, settable_params),
	FUNCTION_END
};
