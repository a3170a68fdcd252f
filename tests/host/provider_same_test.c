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
		BOTH(test_text), BOTH(test_soft),
	};

	return cmocka_run_group_tests(tests, load_plain, unload_plain);
}
