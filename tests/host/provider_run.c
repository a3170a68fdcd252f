// SPDX-License-Identifier: GPL-2.0-only
/* OpenSSL with the provider, loaded before and after OpenSSL's own; keys in the chip */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "provider_run.h"

OSSL_provider_init_fn OSSL_provider_init;

struct setup orders[2] = { { .names = { "se05x", "default" } },
				 { .names = { "default", "se05x" } } };

static OSSL_PROVIDER *nothing;

int load(void **state)
{
	struct setup *s = *state;

	/* whoever uses the default context by mistake finds nothing there */
	nothing = OSSL_PROVIDER_load(NULL, "null");
	s->ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER_add_builtin(s->ctx, "se05x", OSSL_provider_init);
	for (int i = 0; i < 2; i++) {
		s->providers[i] = OSSL_PROVIDER_load(s->ctx, s->names[i]);
		assert_non_null(s->providers[i]);
	}
	return 0;
}

int unload(void **state)
{
	struct setup *s = *state;

	for (int i = 0; i < 2; i++)
		OSSL_PROVIDER_unload(s->providers[i]);
	OSSL_LIB_CTX_free(s->ctx);
	OSSL_PROVIDER_unload(nothing);
	return 0;
}

struct provider *provider_of(struct setup *s)
{
	return OSSL_PROVIDER_get0_provider_ctx(s->providers[strcmp(s->names[0], "se05x") != 0]);
}

void clean(void)
{
	unsigned long error = ERR_peek_error();

	if (error)
		fail_msg("left in the queue: %s", ERR_error_string(error, NULL));
}

static const char *error(unsigned long (*peek)(const char **data, int *flags))
{
	static char text[500];
	const char *data = "";

	peek(&data, NULL);
	snprintf(text, sizeof(text), "%s", data);
	ERR_clear_error();
	return text;
}

const char *first_error(void)
{
	return error(ERR_peek_error_data);
}

const char *last_error(void)
{
	return error(ERR_peek_last_error_data);
}

static EVP_PKEY *make_key(struct setup *s, const char *type, const char *properties,
			  const char *group, const char *id)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(s->ctx, type, properties);
	OSSL_PARAM params[3], *p = params;
	EVP_PKEY *key = NULL;

	if (group)
		*p++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0);
	if (id)
		*p++ = OSSL_PARAM_construct_utf8_string(PARAM_ID, (char *)id, 0);
	*p = OSSL_PARAM_construct_end();
	assert_non_null(ctx);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
	if (EVP_PKEY_generate(ctx, &key) != 1)
		fail_msg("%s: %s", type, last_error());
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *in_chip(struct setup *s, const char *type, const char *group)
{
	return make_key(s, type, "provider=se05x", group, "auto");
}

EVP_PKEY *soft(struct setup *s, const char *type, const char *group)
{
	return make_key(s, type, "provider=se05x", group, NULL);
}

EVP_PKEY *public_half(struct setup *s, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	int len = i2d_PUBKEY(key, &der);
	EVP_PKEY *public;

	assert_true(len > 0);
	p = der;
	public = d2i_PUBKEY_ex(NULL, &p, len, s->ctx, NULL);
	assert_non_null(public);
	OPENSSL_free(der);
	return public;
}

bool sign_and_verify(struct setup *s, EVP_PKEY *key, EVP_PKEY *public, const char *hash)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t len = sizeof(sig);
	bool good = EVP_DigestSignInit_ex(ctx, NULL, hash, s->ctx, NULL, key, NULL) == 1 &&
		    EVP_DigestSign(ctx, sig, &len, (const unsigned char *)"message", 7) == 1;

	EVP_MD_CTX_free(ctx);
	ctx = EVP_MD_CTX_new();
	good = good && EVP_DigestVerifyInit_ex(ctx, NULL, hash, s->ctx, NULL, public, NULL) == 1 &&
	       EVP_DigestVerify(ctx, sig, len, (const unsigned char *)"message", 7) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

X509 *certificate(struct setup *s, EVP_PKEY *key, const EVP_MD *md)
{
	X509 *cert = X509_new_ex(s->ctx, NULL);
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, md) > 0);
	assert_int_equal(X509_verify(cert, key), 1);
	return cert;
}
