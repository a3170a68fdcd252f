// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keys are made in the chip if, and only if, somebody says where: se05x-id. All others
 * are made by the host as if this provider weren't there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/params.h>

#include "../common.h"
#include "provider.h"

#define PARAM_POLICY	"se05x-policy"

struct generation {
	struct provider *prov;
	enum type type;
	int selection;
	const struct host *host;
	void *ctx;		/* the host's */
	bool in_chip;
	uint32_t id;		/* 0: any that is free */
	char group[80];		/* of an EC key; empty: not said */
	size_t bits, primes;	/* of an RSA key */
	uint64_t exponent;
	bool restricted;	/* RSA-PSS, with rules */
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	size_t policy_len;
	OSSL_PARAM settable[40];
};

/* What a key of that type can be used for, by anybody; who reads it has to know it. */
static const char *const default_policy[TYPES] = {
	[TYPE_EC] = "any:sign,verify,agree,read,delete",
	[TYPE_RSA] = "any:sign,verify,encrypt,decrypt,read,delete",
	[TYPE_RSA_PSS] = "any:sign,verify,encrypt,decrypt,read,delete",
	[TYPE_ED25519] = "any:sign,verify,read,delete",
	[TYPE_X25519] = "any:agree,read,delete",
	[TYPE_X448] = "any:agree,read,delete",
};

void *generate_init(struct provider *prov, enum type type, int selection,
		    const OSSL_PARAM params[])
{
	const struct host *host = host_of(prov, type);
	struct generation *g = host ? calloc(1, sizeof(*g)) : NULL;

	if (!g)
		return NULL;
	g->prov = prov;
	g->type = type;
	g->selection = selection;
	g->host = host;
	g->bits = 2048;
	g->primes = 2;
	g->exponent = 65537;
	g->policy_len = sizeof(g->policy);
	se05x_iot_policy_parse(default_policy[type], g->policy, &g->policy_len, NULL);
	g->ctx = CALL_KEYS(g, NULL, KEYMGMT_GEN_INIT, keymgmt_gen_init, host->ctx, selection,
			   NULL);
	if (g->ctx && generate_set_params(g, params))
		return g;
	generate_cleanup(g);
	return NULL;
}

void generate_cleanup(void *ctx)
{
	struct generation *g = ctx;

	if (g && g->ctx)
		CALL_KEYS(g, (void)0, KEYMGMT_GEN_CLEANUP, keymgmt_gen_cleanup, g->ctx);
	free(g);
}

/* Only the curve is taken from there; where there is none, as with X25519, nothing. */
int generate_set_template(void *ctx, void *data)
{
	struct generation *g = ctx;
	struct key *key = data;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, g->group, sizeof(g->group)),
		OSSL_PARAM_END,
	};

	if (g->type == TYPE_EC)
		CALL_KEYS(g, 0, KEYMGMT_GET_PARAMS, keymgmt_get_params, key->data, params);
	return CALL_KEYS(g, 1, KEYMGMT_GEN_SET_TEMPLATE, keymgmt_gen_set_template, g->ctx,
			 key->data);
}

/* ---- what is said of it ---- */

static bool set_id(struct generation *g, const OSSL_PARAM *p)
{
	const char *text;

	if (!OSSL_PARAM_get_utf8_string_ptr(p, &text))
		return false;
	g->in_chip = true;
	g->id = 0;
	if (!strcmp(text, "auto") || keys_parse_id(text, &g->id))
		return true;
	raise_text("%s: no identifier, it is 0x and up to eight hex digits, or auto", text);
	return false;
}

static bool set_policy(struct generation *g, const OSSL_PARAM *p)
{
	const char *text, *where;

	if (!OSSL_PARAM_get_utf8_string_ptr(p, &text))
		return false;
	g->policy_len = sizeof(g->policy);
	if (!se05x_iot_policy_parse(text, g->policy, &g->policy_len, &where))
		return true;
	raise_text("policy: wrong at \"%s\"", where);
	return false;
}

static bool set_exponent(struct generation *g, const OSSL_PARAM *p)
{
	uint64_t e = 0;

	if (p->data_size > sizeof(e) || !OSSL_PARAM_get_uint64(p, &e))
		e = 0;	/* another one, however large */
	g->exponent = e;
	return true;
}

static bool note_restriction(struct generation *g, const OSSL_PARAM *p)
{
	(void)p;
	g->restricted = true;
	return true;
}

static bool set_group(struct generation *g, const OSSL_PARAM *p)
{
	char *group = g->group;

	return OSSL_PARAM_get_utf8_string(p, &group, sizeof(g->group));
}

static bool set_bits(struct generation *g, const OSSL_PARAM *p)
{
	return OSSL_PARAM_get_size_t(p, &g->bits);
}

static bool set_primes(struct generation *g, const OSSL_PARAM *p)
{
	return OSSL_PARAM_get_size_t(p, &g->primes);
}

/* Ours, and of the host's what the chip has to know too */
static const struct {
	const char *name;
	bool (*set)(struct generation *g, const OSSL_PARAM *p);
} settings[] = {
	{ PARAM_ID, set_id },
	{ PARAM_POLICY, set_policy },
	{ OSSL_PKEY_PARAM_GROUP_NAME, set_group },
	{ OSSL_PKEY_PARAM_RSA_BITS, set_bits },
	{ OSSL_PKEY_PARAM_RSA_PRIMES, set_primes },
	{ OSSL_PKEY_PARAM_RSA_E, set_exponent },
	{ OSSL_PKEY_PARAM_RSA_DIGEST, note_restriction },
	{ OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, note_restriction },
	{ OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, note_restriction },
};

int generate_set_params(void *ctx, const OSSL_PARAM params[])
{
	struct generation *g = ctx;

	for (size_t i = 0; params && i < ARRAY_SIZE(settings); i++) {
		const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, settings[i].name);

		if (p && !settings[i].set(g, p))
			return 0;
	}
	return CALL_KEYS(g, 1, KEYMGMT_GEN_SET_PARAMS, keymgmt_gen_set_params, g->ctx, params);
}

/* Ours before the host's */
const OSSL_PARAM *generate_settable_params(void *ctx, void *prov)
{
	static const OSSL_PARAM ours[] = {
		OSSL_PARAM_utf8_string(PARAM_ID, NULL, 0),
		OSSL_PARAM_utf8_string(PARAM_POLICY, NULL, 0),
		OSSL_PARAM_END,
	};
	struct generation *g = ctx;
	const OSSL_PARAM *theirs;
	size_t n = 2;

	(void)prov;
	if (!g)
		return ours;
	theirs = CALL_KEYS(g, NULL, KEYMGMT_GEN_SETTABLE_PARAMS, keymgmt_gen_settable_params,
			   g->ctx, g->host->ctx);
	memcpy(g->settable, ours, n * sizeof(*ours));
	while (theirs && theirs->key && n < ARRAY_SIZE(g->settable) - 1)
		g->settable[n++] = *theirs++;
	g->settable[n] = (OSSL_PARAM)OSSL_PARAM_END;
	return g->settable;
}

#ifdef OSSL_FUNC_KEYMGMT_GEN_GET_PARAMS	/* OpenSSL 3.4 and later */

/* ---- what is told of it: the host's ---- */

int generate_get_params(void *ctx, OSSL_PARAM params[])
{
	struct generation *g = ctx;

	return CALL_KEYS(g, 0, KEYMGMT_GEN_GET_PARAMS, keymgmt_gen_get_params, g->ctx, params);
}

const OSSL_PARAM *generate_gettable_params(void *ctx, void *prov)
{
	struct generation *g = ctx;

	(void)prov;
	return g ? CALL_KEYS(g, NULL, KEYMGMT_GEN_GETTABLE_PARAMS, keymgmt_gen_gettable_params,
			     g->ctx, g->host->ctx) : NULL;
}

#endif

/* ---- made ---- */

/* One key; the request may be for another one after that */
struct made {
	const struct generation *g;
	uint32_t id;		/* 0: none is found yet */
};

static int make(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct made *made = arg;
	const struct generation *g = made->g;
	const struct se05x_iot_new how = { .policy = g->policy, .policy_len = g->policy_len };
	const struct se05x_iot_curve *curve =
		se05x_iot_curve_by_name(g->group[0] ? g->group : type_name(g->type));
	int ret = made->id ? 0 : keys_free_id(iot, g->prov->own, &made->id, call);

	if (ret)
		return ret;
	if (g->type == TYPE_RSA || g->type == TYPE_RSA_PSS)
		return se05x_iot_rsa_generate(iot, made->id, g->bits, &how, call);
	return se05x_iot_ec_generate(iot, made->id, curve->id, &how, NULL, call);
}

/* What the chip can't do is said before it is asked. */
static bool good_request(const struct generation *g)
{
	if (!(g->selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)) {
		raise_text("parameters are not made in the chip: leave %s away", PARAM_ID);
		return false;
	}
	if (g->type == TYPE_RSA || g->type == TYPE_RSA_PSS) {
		if (g->primes == 2 && g->exponent == 65537 && !g->restricted)
			return true;
		raise_text("the chip makes RSA keys of two primes, with the exponent 65537 and"
			   " no rules for PSS");
		return false;
	}
	if (g->type != TYPE_EC || se05x_iot_curve_by_name(g->group))
		return true;
	raise_text("the chip has no curve %s", g->group[0] ? g->group : "without a name");
	return false;
}

/* The chip does not take the policy, and that is what a FIPS part would not take. */
static bool wants_both(const struct generation *g, const struct se05x_call *call)
{
	const uint32_t both = SE05X_IOT_MAY_SIGN | SE05X_IOT_MAY_AGREE;

	return g->type == TYPE_EC && call->sw == 0x6984 &&
	       (se05x_iot_policy_rights(g->policy, g->policy_len) & both) == both;
}

static struct key *generate_in_chip(const struct generation *g)
{
	struct place place = { .chip = provider_chip(g->prov, NULL) };
	struct made made = { g, g->id };
	struct se05x_call call = { 0 };
	struct key *key;
	int ret;

	if (!place.chip || !good_request(g))
		return NULL;
	ret = KEYS_RUN(place.chip, &call, make, &made);
	if (ret == -EINVAL && !call.sw)
		raise_text("the chip makes RSA keys of 1024, 2048, 3072 and 4096 bits");
	else if (ret)
		raise_chip("generate", made.id, ret, &call);
	if (ret && wants_both(g, &call))
		raise_text("an EC key of a FIPS part signs or agrees, not both: %s says which",
			   PARAM_POLICY);
	if (ret)
		return NULL;
	place.id = made.id;
	key = key_open(g->prov, &place, NULL);
	/* of which type the chip does not know: RSA-PSS is RSA to it */
	if (key && (key->type == g->type || key_set_type(key, g->type)))
		return key;
	key_free(key);
	raise_text("0x%08X was made, but can't be used now", made.id);
	return NULL;
}

void *generate(void *ctx, OSSL_CALLBACK *callback, void *arg)
{
	struct generation *g = ctx;
	struct key *key;

	if (g->in_chip)
		return generate_in_chip(g);
	key = key_new(g->prov, g->type);
	if (!key)
		return NULL;
	key->data = CALL_KEYS(g, NULL, KEYMGMT_GEN, keymgmt_gen, g->ctx, callback, arg);
	if (key->data)
		return key;
	key_free(key);
	return NULL;
}
