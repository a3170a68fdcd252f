// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who else in this program does a type of key: its other providers, by their own
 * functions. Looked for when first needed, since they may be loaded after this one.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "../common.h"
#include "provider.h"

/* Nobody but this provider says so of itself. What the program wants else, such as
 * fips=yes, is added by libcrypto. */
#define OTHERS	"provider!=se05x"

static const char *const names[TYPES] = {
	[TYPE_EC] = "EC", [TYPE_RSA] = "RSA", [TYPE_RSA_PSS] = "RSA-PSS",
	[TYPE_ED25519] = "ED25519", [TYPE_X25519] = "X25519", [TYPE_X448] = "X448",
};

const char *type_name(enum type type)
{
	return names[type];
}

enum type type_by_name(const char *name)
{
	enum type type = 0;

	while (type < TYPES && strcasecmp(names[type], name))
		type++;
	return type;
}

static OSSL_PARAM *and_id(const struct host *host)
{
	static const OSSL_PARAM id[] = { OSSL_PARAM_uint32(PARAM_ID, NULL), OSSL_PARAM_END };
	OSSL_FUNC_keymgmt_gettable_params_fn *f =
		HOST(host->keys, KEYMGMT_GETTABLE_PARAMS, keymgmt_gettable_params);

	return OSSL_PARAM_merge(f ? f(host->ctx) : NULL, id);
}

static struct host *find_host(struct provider *prov, enum type type)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		return NULL;
	ERR_set_mark();
	host->keymgmt = EVP_KEYMGMT_fetch(prov->child, names[type], OTHERS);
	if (!host->keymgmt)
		host->keymgmt = EVP_KEYMGMT_fetch(prov->own, names[type], NULL);
	ERR_pop_to_mark();
	if (!host->keymgmt) {
		free(host);
		raise_text("no other provider has %s keys", names[type]);
		return NULL;
	}
	host->provider = EVP_KEYMGMT_get0_provider(host->keymgmt);
	host->ctx = OSSL_PROVIDER_get0_provider_ctx(host->provider);
	host->keys = host_functions(host, OSSL_OP_KEYMGMT, names[type]);
	host->gettable = host->keys ? and_id(host) : NULL;
	if (host->gettable)
		return host;
	host_free(host);
	return NULL;
}

const struct host *host_of(struct provider *prov, enum type type)
{
	const struct host *host = atomic_load(&prov->hosts[type]), *before = NULL;

	if (host)
		return host;
	host = find_host(prov, type);
	/* another thread was faster */
	if (host && !atomic_compare_exchange_strong(&prov->hosts[type], &before, host)) {
		host_free(host);
		host = before;
	}
	return host;
}

void host_free(const struct host *host)
{
	if (!host)
		return;
	OSSL_PARAM_free(host->gettable);
	EVP_KEYMGMT_free(host->keymgmt);
	free((void *)host);
}

bool host_is_named(const char *list, const char *name)
{
	for (size_t len; list; list = list[len] ? list + len + 1 : NULL) {
		len = strcspn(list, ":");
		if (!strncasecmp(list, name, len) && !name[len])
			return true;
	}
	return false;
}

const OSSL_DISPATCH *host_functions(const struct host *host, int operation, const char *name)
{
	int no_cache;
	const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(host->provider, operation,
								&no_cache);

	for (; a && a->algorithm_names; a++)
		if (host_is_named(a->algorithm_names, name))
			return a->implementation;
	raise_text("the provider %s does no %s", OSSL_PROVIDER_get0_name(host->provider), name);
	return NULL;
}

void (*host_function(const OSSL_DISPATCH *functions, int id))(void)
{
	while (functions && functions->function_id && functions->function_id != id)
		functions++;
	return functions ? functions->function : NULL;
}

/* ---- TLS groups ---- */

struct groups {
	const char *algorithm;
	OSSL_CALLBACK *callback;
	void *arg;
};

static int pass_group(const OSSL_PARAM params[], void *arg)
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_CAPABILITY_TLS_GROUP_ALG);
	const struct groups *g = arg;
	const char *algorithm;

	if (!p || !OSSL_PARAM_get_utf8_string_ptr(p, &algorithm) ||
	    strcasecmp(algorithm, g->algorithm))
		return 1;
	return g->callback(params, g->arg);
}

/*
 * libssl takes a group from the provider whose key management it would get, so those of
 * the hosts' are ours too if we come before them.
 */
int host_capabilities(void *ctx, const char *capability, OSSL_CALLBACK *callback, void *arg)
{
	static const enum type types[] = { TYPE_EC, TYPE_X25519, TYPE_X448 };
	struct provider *prov = ctx;

	if (strcasecmp(capability, "TLS-GROUP"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct groups g = { names[types[i]], callback, arg };
		const struct host *host = host_of(prov, types[i]);

		if (host && !OSSL_PROVIDER_get_capabilities(host->provider, capability, pass_group,
							    &g))
			return 0;
	}
	return 1;
}

EVP_MD *host_digest(struct provider *prov, const char *name, const char *properties)
{
	EVP_MD *md;

	ERR_set_mark();
	md = EVP_MD_fetch(prov->child, name, properties);
	if (!md)
		md = EVP_MD_fetch(prov->own, name, properties);
	ERR_pop_to_mark();
	if (!md)
		raise_text("nobody has the digest %s", name);
	return md;
}
