// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OpenSSL provider beside a program that has none: what is written of a key, and what
 * can be done with one that is none of the chip's. The chip is se05x-sim, which runs this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/encoder.h>

#include "../../lib/common.h"
#include "provider_run.h"

static const struct {
	const char *type, *group;
} kinds[] = {
	{ "EC", "P-256" }, { "RSA", NULL }, { "RSA-PSS", NULL }, { "ED25519", NULL },
	{ "X25519", NULL }, { "X448", NULL },
};

/* OpenSSL's default provider alone */
static OSSL_LIB_CTX *plain;
static OSSL_PROVIDER *plain_default;

/* The same key, in that */
static EVP_PKEY *in_plain(EVP_PKEY *key, int selection)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(plain, EVP_PKEY_get0_type_name(key), NULL);
	EVP_PKEY *same = NULL;
	OSSL_PARAM *params;

	assert_int_equal(EVP_PKEY_todata(key, selection, &params), 1);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &same, selection, params), 1);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return same;
}

/* ---- what is written of a key ---- */

/* As a text of its own, however it looks; "": nothing */
static char *written(EVP_PKEY *key, int selection, const char *output, const char *structure)
{
	OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(key, selection, output, structure,
							      NULL);
	unsigned char *data = NULL;
	size_t len = 0;
	char *text;

	if (!OSSL_ENCODER_to_data(ctx, &data, &len))
		len = 0;
	ERR_clear_error();
	text = OPENSSL_buf2hexstr(data, len);
	OPENSSL_free(data);
	OSSL_ENCODER_CTX_free(ctx);
	return text ? text : OPENSSL_strdup("");
}

static void same_written(EVP_PKEY *key, EVP_PKEY *other, int selection, const char *output,
			 const char *structure)
{
	char *a = written(key, selection, output, structure);
	char *b = written(other, selection, output, structure);

	if (strcmp(a, b))
		fail_msg("%s, selection %x, %s, %s:\n%s\nnot\n%s", EVP_PKEY_get0_type_name(key),
			 selection, output, structure ? structure : "any structure", a, b);
	OPENSSL_free(a);
	OPENSSL_free(b);
}

static char *printed(EVP_PKEY *key, int (*print)(BIO *out, const EVP_PKEY *pkey, int indent,
						 ASN1_PCTX *pctx))
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *copy;
	long len;

	assert_int_equal(print(bio, key, 0, NULL), 1);
	len = BIO_get_mem_data(bio, &text);
	copy = OPENSSL_strndup(text, len);
	BIO_free(bio);
	return copy;
}

/* The chip's keys: their name, and all that is public as the default provider has it */
static void test_text(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		EVP_PKEY *key = in_chip(s, kinds[i].type, kinds[i].group);
		EVP_PKEY *public = in_plain(key, EVP_PKEY_PUBLIC_KEY);
		char *text, *expected, name[60];
		uint32_t id;
		OSSL_PARAM ask[] = { OSSL_PARAM_uint32(PARAM_ID, &id), OSSL_PARAM_END };
		int len;

		same_written(key, public, EVP_PKEY_KEY_PARAMETERS, "TEXT", NULL);
		same_written(key, public, EVP_PKEY_PUBLIC_KEY, "TEXT", NULL);
		assert_int_equal(EVP_PKEY_get_params(key, ask), 1);
		len = snprintf(name, sizeof(name), "Private-Key: 0x%08X in an SE05x\n", id);
		text = printed(key, EVP_PKEY_print_private);
		expected = printed(public, EVP_PKEY_print_public);
		assert_memory_equal(text, name, len);
		assert_string_equal(text + len, expected);
		OPENSSL_free(text);
		OPENSSL_free(expected);
		text = printed(key, EVP_PKEY_print_params);
		expected = printed(public, EVP_PKEY_print_params);
		assert_string_equal(text, expected);
		OPENSSL_free(text);
		OPENSSL_free(expected);
		clean();
		EVP_PKEY_free(key);
		EVP_PKEY_free(public);
	}
}

static void test_soft(void **state)
{
	struct setup *s = *state;
	static const int selections[] = {
		EVP_PKEY_KEY_PARAMETERS, EVP_PKEY_PUBLIC_KEY, EVP_PKEY_KEYPAIR,
	};
	static const char *const structures[] = {
		"PrivateKeyInfo", "SubjectPublicKeyInfo", "type-specific", "pkcs1", NULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		EVP_PKEY *key = soft(s, kinds[i].type, kinds[i].group);
		EVP_PKEY *same = in_plain(key, EVP_PKEY_KEYPAIR);

		for (size_t j = 0; j < ARRAY_SIZE(selections); j++) {
			same_written(key, same, selections[j], "TEXT", NULL);
			for (size_t k = 0; k < ARRAY_SIZE(structures); k++) {
				same_written(key, same, selections[j], "PEM", structures[k]);
				same_written(key, same, selections[j], "DER", structures[k]);
			}
		}
		EVP_PKEY_free(key);
		EVP_PKEY_free(same);
	}
}

/* A provider as OpenSSL's fips is: it has the default's keys, and writes none. */
static const OSSL_ALGORITHM *query_bare(void *ctx, int operation, int *no_cache)
{
	(void)ctx;
	if (operation == OSSL_OP_ENCODER || operation == OSSL_OP_DECODER)
		return NULL;
	return OSSL_PROVIDER_query_operation(plain_default, operation, no_cache);
}

static int init_bare(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
		     const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH functions[] = {
		FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query_bare), FUNCTION_END
	};

	(void)handle;
	(void)in;
	*out = functions;
	*ctx = OSSL_PROVIDER_get0_provider_ctx(plain_default);
	return 1;
}

OSSL_provider_init_fn OSSL_provider_init;

static void test_bare(void **state)
{
	static const char *const names[] = { "se05x", "bare", "base" };
	static const char *const outputs[] = { "PEM", "DER", "TEXT" };
	struct setup s = { .ctx = OSSL_LIB_CTX_new() };
	OSSL_PROVIDER *providers[3];

	(void)state;
	OSSL_PROVIDER_add_builtin(s.ctx, "se05x", OSSL_provider_init);
	OSSL_PROVIDER_add_builtin(s.ctx, "bare", init_bare);
	for (int i = 0; i < 3; i++)
		providers[i] = OSSL_PROVIDER_load(s.ctx, names[i]);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		EVP_PKEY *key = soft(&s, kinds[i].type, kinds[i].group);
		EVP_PKEY *same = in_plain(key, EVP_PKEY_KEYPAIR);

		for (size_t j = 0; j < ARRAY_SIZE(outputs); j++) {
			same_written(key, same, EVP_PKEY_KEYPAIR, outputs[j], NULL);
			same_written(key, same, EVP_PKEY_PUBLIC_KEY, outputs[j], NULL);
		}
		same_written(key, same, EVP_PKEY_KEY_PARAMETERS, "TEXT", NULL);
		same_written(key, same, EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo");
		EVP_PKEY_free(key);
		EVP_PKEY_free(same);
	}
	for (int i = 0; i < 3; i++)
		OSSL_PROVIDER_unload(providers[i]);
	OSSL_LIB_CTX_free(s.ctx);
}

/* ---- what can be done with a key ---- */

/* Every function of the default provider, of one name: what we lack nobody has. */
static void has_all(struct setup *s, int operation, const char *its_name, const char *our_name)
{
	bool we = !strcmp(s->names[0], "se05x");
	const OSSL_DISPATCH *its = NULL, *ours = NULL;
	int no_cache;

	for (int i = 0; i < 2; i++) {
		const OSSL_ALGORITHM *a = OSSL_PROVIDER_query_operation(s->providers[i], operation,
									&no_cache);
		const char *name = (i == 0) == we ? our_name : its_name;

		while (a && a->algorithm_names && !host_is_named(a->algorithm_names, name))
			a++;
		if (a && a->algorithm_names && (i == 0) == we)
			ours = a->implementation;
		else if (a && a->algorithm_names)
			its = a->implementation;
	}
	assert_non_null(its);
	assert_non_null(ours);
	for (; its->function_id; its++)
		if (!host_function(ours, its->function_id))
			fail_msg("%s: function %d", our_name, its->function_id);
}

static void test_functions(void **state)
{
	struct setup *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		has_all(s, OSSL_OP_KEYMGMT, kinds[i].type, kinds[i].type);
	has_all(s, OSSL_OP_SIGNATURE, "ECDSA", NAME_ECDSA);
	has_all(s, OSSL_OP_SIGNATURE, "RSA", NAME_RSA);
	has_all(s, OSSL_OP_SIGNATURE, "ED25519", NAME_ED25519);
	has_all(s, OSSL_OP_ASYM_CIPHER, "RSA", NAME_RSA);
	has_all(s, OSSL_OP_KEYEXCH, "ECDH", NAME_ECDH);
	has_all(s, OSSL_OP_KEYEXCH, "X25519", NAME_X25519);
	has_all(s, OSSL_OP_KEYEXCH, "X448", NAME_X448);
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT	/* OpenSSL 3.4 and later */
	has_all(s, OSSL_OP_SIGNATURE, "RSA-SHA256", "RSA-SHA256");
	has_all(s, OSSL_OP_SIGNATURE, "ECDSA-SHA256", "ECDSA-SHA256");
#endif
}

#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT

static OSSL_PARAM ph[] = { OSSL_PARAM_utf8_string("instance", "Ed25519ph", 9), OSSL_PARAM_END };
static const unsigned char message[] = "a message";

static bool is_ph(EVP_PKEY *key, const unsigned char sig[64])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good;

	assert_int_equal(EVP_DigestVerifyInit_ex(md, NULL, NULL, plain, NULL, key, ph), 1);
	good = EVP_DigestVerify(md, sig, 64, message, sizeof(message)) == 1;
	EVP_MD_CTX_free(md);
	return good;
}

/* What is not plain Ed25519 may be said before the message, or of a digest. */
static void test_soft_ed25519(void **state)
{
	struct setup *s = *state;
	EVP_PKEY *key = soft(s, "ED25519", NULL), *same = in_plain(key, EVP_PKEY_KEYPAIR);
	EVP_PKEY_CTX *ctx;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char sig[64], digest[64];
	size_t len = sizeof(sig);

	assert_int_equal(EVP_DigestSignInit_ex(md, &ctx, NULL, s->ctx, NULL, key, NULL), 1);
	assert_non_null(EVP_PKEY_CTX_settable_params(ctx));
	assert_int_equal(EVP_PKEY_CTX_set_params(ctx, ph), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &len, message, sizeof(message)), 1);
	assert_true(is_ph(same, sig));
	EVP_MD_CTX_free(md);
	assert_int_equal(EVP_Q_digest(plain, "SHA512", NULL, message, sizeof(message), digest,
				      NULL), 1);
	ctx = EVP_PKEY_CTX_new_from_pkey(s->ctx, key, NULL);
	assert_int_equal(EVP_PKEY_sign_init_ex(ctx, ph), 1);
	memset(sig, 0, sizeof(sig));
	assert_int_equal(EVP_PKEY_sign(ctx, sig, &len, digest, sizeof(digest)), 1);
	assert_true(is_ph(same, sig));
	assert_int_equal(EVP_PKEY_verify_init_ex(ctx, ph), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, sig, len, digest, sizeof(digest)), 1);
	clean();
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	EVP_PKEY_free(same);
}

#endif

static int load_plain(void **state)
{
	(void)state;
	plain = OSSL_LIB_CTX_new();
	plain_default = OSSL_PROVIDER_load(plain, "default");
	return !plain_default;
}

static int unload_plain(void **state)
{
	(void)state;
	OSSL_PROVIDER_unload(plain_default);
	OSSL_LIB_CTX_free(plain);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_text), BOTH(test_soft), cmocka_unit_test(test_bare),
		BOTH(test_functions),
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
		BOTH(test_soft_ed25519),
#endif
	};

	return cmocka_run_group_tests(tests, load_plain, unload_plain);
}
