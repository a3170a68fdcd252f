// SPDX-License-Identifier: LGPL-2.1-or-later
/* Keys: those of the chip, with their public half in the hands of another provider */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "provider.h"

struct key *key_new(struct provider *prov, enum type type)
{
	const struct host *host = host_of(prov, type);
	struct key *key = host ? calloc(1, sizeof(*key)) : NULL;

	if (!key)
		return NULL;
	key->references = 1;
	key->prov = prov;
	key->type = type;
	key->host = host;
	return key;
}

struct key *key_hold(struct key *key)
{
	if (key)
		atomic_fetch_add(&key->references, 1);
	return key;
}

static void free_data(struct key *key)
{
	if (key->data)
		HOST(key->host->keys, KEYMGMT_FREE, keymgmt_free)(key->data);
	key->data = NULL;
}

void key_free(void *data)
{
	struct key *key = data;

	if (!key || atomic_fetch_sub(&key->references, 1) != 1)
		return;
	free_data(key);
	EVP_PKEY_free(key->public);
	keys_secret_free(key->pin);
	OPENSSL_clear_free(key->rejection, KEYS_REJECTION_LEN);
	free(key);
}

/* ---- of the chip ---- */

static int import_public(const OSSL_PARAM params[], void *arg)
{
	struct key *key = arg;

	return HOST(key->host->keys, KEYMGMT_IMPORT, keymgmt_import)
		(key->data, OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS,
		 params);
}

bool key_set_type(struct key *key, enum type type)
{
	const struct host *host = host_of(key->prov, type);

	if (!host)
		return false;
	free_data(key);
	key->type = type;
	key->host = host;
	key->data = HOST(host->keys, KEYMGMT_NEW, keymgmt_new)(host->ctx);
	if (key->data && EVP_PKEY_export(key->public, EVP_PKEY_PUBLIC_KEY, import_public, key) == 1)
		return true;
	raise_text("0x%08X: its public half is no good %s key", key->id, type_name(type));
	return false;
}

struct key *key_claim(struct provider *prov, const struct place *place, EVP_PKEY *public)
{
	const char *name = EVP_PKEY_get0_type_name(public);
	enum type type = name ? type_by_name(name) : TYPES;
	struct key *key;

	if (type == TYPES) {
		raise_text("0x%08X: no support for %s keys", place->id, name ? name : "such");
		return NULL;
	}
	key = key_new(prov, type);
	if (!key)
		return NULL;
	key->chip = place->chip;
	key->id = place->id;
	key->user = place->user;
	key->pin = keys_secret_hold(place->pin);
	key->has_uid = place->uid;
	if (place->uid)
		memcpy(key->uid, place->uid, sizeof(key->uid));
	key->curve = keys_curve(public);
	key->size = EVP_PKEY_get_size(public);
	EVP_PKEY_up_ref(public);
	key->public = public;
	if (key_set_type(key, type))
		return key;
	key_free(key);
	return NULL;
}

/* What the chip is asked for a key of which nothing is known yet */
struct question {
	struct provider *prov;
	uint32_t id;
	struct se05x_iot_object object;
	EVP_PKEY *public;
};

static int ask(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct question *q = arg;
	int ret = 0;

	if (!q->object.id)
		ret = se05x_iot_object(iot, q->id, &q->object, call);
	return ret ? ret : keys_public(iot, &q->object, q->prov->own, &q->public, call);
}

/* As the key's user, if it has one */
static int run_at(const struct place *place,
		  int (*run)(struct se05x_iot *iot, void *arg, struct se05x_call *call),
		  void *arg, struct se05x_call *call)
{
	if (!place->user || !place->pin)
		return KEYS_RUN(place->chip, call, run, arg);
	return keys_secret_burst(place->chip, place->user, place->pin, run, arg, call);
}

/* What anybody may read as a rule: nobody's PIN is shown to the chip for it. */
static int read_at(const struct place *place,
		   int (*run)(struct se05x_iot *iot, void *arg, struct se05x_call *call),
		   void *arg, struct se05x_call *call)
{
	int ret = KEYS_RUN(place->chip, call, run, arg);

	if (ret != -EACCES || !keys_answered(call) || !place->user || !place->pin)
		return ret;
	return run_at(place, run, arg, call);
}

struct key *key_open(struct provider *prov, const struct place *place,
		     const struct se05x_iot_object *object)
{
	struct question q = { .prov = prov, .id = place->id };
	struct se05x_call call = { 0 };
	struct key *key;
	int ret;

	if (object)
		q.object = *object;
	ret = read_at(place, ask, &q, &call);
	if (ret == -EMEDIUMTYPE && !keys_answered(&call))
		raise_text("0x%08X is no EC or RSA key", place->id);
	else if (ret)
		raise_chip("public key of", place->id, ret, &call);
	if (ret)
		return NULL;
	key = key_claim(prov, place, q.public);
	EVP_PKEY_free(q.public);
	if (!key)
		return NULL;
	key->checked = !place->uid;
	if (q.object.part == SE05X_IOT_PART_PUBLIC)
		key->chip = NULL;	/* there is no more of it than we have here */
	return key;
}

/* ---- used ---- */

/* An RSA-PSS key has rules that the chip knows nothing of: only the numbers count. */
static bool same_key(EVP_PKEY *a, EVP_PKEY *b)
{
	BIGNUM *n1 = NULL, *n2 = NULL;
	bool same;

	if (!EVP_PKEY_is_a(a, "RSA-PSS"))
		return EVP_PKEY_eq(a, b) == 1;
	same = EVP_PKEY_get_bn_param(a, OSSL_PKEY_PARAM_RSA_N, &n1) &&
	       EVP_PKEY_get_bn_param(b, OSSL_PKEY_PARAM_RSA_N, &n2) && !BN_cmp(n1, n2);
	BN_free(n1);
	BN_free(n2);
	return same;
}

/* Is it the key that its owner has in mind, in that chip? */
static int check(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct key *key = arg;
	struct se05x_iot_object object = {
		.id = key->id,
		.kind = key->curve ? SE05X_IOT_KIND_EC : SE05X_IOT_KIND_RSA,
	};
	uint8_t uid[SE05X_IOT_UID_LEN];
	EVP_PKEY *public;
	int ret = 0, same;

	if (key->has_uid) {
		ret = se05x_iot_unique_id(iot, uid, call);
		if (!ret && memcmp(uid, key->uid, sizeof(uid)))
			ret = -EXDEV;
	}
	if (!ret)
		ret = keys_public(iot, &object, key->prov->own, &public, call);
	if (ret)
		return ret == -EMEDIUMTYPE ? -EKEYREJECTED : ret;
	same = same_key(key->public, public);
	EVP_PKEY_free(public);
	if (!same)
		return -EKEYREJECTED;
	atomic_store(&key->checked, true);
	return 0;
}

static void raise_use(const struct key *key, const char *what, int error,
		      const struct se05x_call *call)
{
	switch (error) {
	case -EXDEV:
		raise_text("%s 0x%08X: that is another chip than the one that has the key", what,
			   key->id);
		break;
	case -EKEYREJECTED:
		raise_text("%s 0x%08X: the chip has another key there: it was replaced", what,
			   key->id);
		break;
	case -EBADE:
	case -EKEYREVOKED:
		raise_text("%s 0x%08X: the PIN of UserID 0x%08X %s; it is not tried again", what,
			   key->id, key->user, call->sw ? "is wrong" : "was refused before");
		break;
	default:
		raise_chip(what, key->id, error, call);
	}
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

bool key_run(struct key *key, const char *what,
	     int (*run)(struct se05x_iot *iot, void *arg, struct se05x_call *call), void *arg)
{
	const struct place place = {
		.chip = key->chip, .id = key->id, .user = key->user, .pin = key->pin,
	};
	struct se05x_call call = { 0 };
	long long from = now_ms(), waited;
	int ret = 0;

	if (!atomic_load(&key->checked))
		ret = read_at(&place, check, key, &call);
	if (!ret)
		ret = run_at(&place, run, arg, &call);
	if (!ret)
		return true;
	raise_use(key, what, ret, &call);
	waited = now_ms() - from;
	if (waited > 1000)
		raise_text("%s 0x%08X: after %lld ms", what, key->id, waited);
	return false;
}
