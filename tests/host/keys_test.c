// SPDX-License-Identifier: GPL-2.0-only
/* lib/keys: names, hashes and public keys */
#include "keys_run.h"

/* ---- what needs no chip ---- */

static void test_ids(void **state)
{
	static const char *const bad[] = {
		"", "0x", "0x0", "0", "x1", "0x123456789", "0xFFFFFFFF", "4294967295", "4294967296",
		"99999999999999999999", "0x1 ", " 1", "+1", "-1", "1x", "0x0x1", "0x-1", "0x 1",
		"01010101", "00", "1.0", "0xZ", "name",
	};
	static const struct {
		const char *text;
		uint32_t id;
	} good[] = {
		{ "0x01010101", 0x01010101 }, { "0X1", 1 }, { "0xfffffffe", 0xFFFFFFFE },
		{ "1", 1 }, { "4294967294", 0xFFFFFFFE }, { "16843009", 0x01010101 },
	};
	uint32_t id = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (keys_parse_id(bad[i], &id))
			fail_msg("taken: '%s'", bad[i]);
	assert_int_equal(id, 7);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(keys_parse_id(good[i].text, &id));
		assert_int_equal(id, good[i].id);
		assert_true(keys_looks_like_id(good[i].text));
	}
	assert_false(keys_looks_like_id("name"));
}

static void test_aliases(void **state)
{
	char path[] = "/tmp/keys-test-XXXXXX", name[KEYS_NAME_MAX];
	int fd = mkstemp(path);
	uint32_t id;

	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "# a comment = 0x1\nfirst=0x1\n second = 2 # words\nbroken\nempty =\n"
		"bad = 0xZ\r\nlast\t=\t0x3\r\nagain = 0x1\n");
	/* a comment whose tail is no line of its own, and a name that fits nowhere */
	dprintf(fd, "#%*s ghost = 0x77\n%0300d = 0x78\nbehind = 0x79", KEYS_NAME_MAX - 2, "", 0);
	close(fd);
	setenv("SE05X_ALIASES", path, 1);
	assert_true(keys_alias("first", &id));
	assert_int_equal(id, 1);
	assert_true(keys_alias("second", &id));
	assert_int_equal(id, 2);
	assert_true(keys_alias("last", &id));
	assert_int_equal(id, 3);
	assert_false(keys_alias("bad", &id));
	assert_false(keys_alias("broken", &id));
	assert_false(keys_alias("", &id));
	assert_true(keys_alias_of(1, name));
	assert_string_equal(name, "first");
	assert_false(keys_alias_of(4, name));
	assert_false(keys_alias("ghost", &id));
	assert_false(keys_alias_of(0x77, name));
	assert_false(keys_alias_of(0x78, name));
	assert_true(keys_alias("behind", &id));
	assert_int_equal(id, 0x79);
	unlink(path);
	assert_false(keys_alias("first", &id));
	setenv("SE05X_ALIASES", "", 1);
	setenv("HOME", "/nonexistent", 1);
	assert_false(keys_alias("first", &id));
}

static void test_hashes(void **state)
{
	const struct keys_hash *h;
	int n = 0;

	(void)state;
	for (h = keys_hash_next(NULL); h; h = keys_hash_next(h)) {
		assert_ptr_equal(keys_hash(n), h);
		assert_int_equal(h->hash, n++);
		assert_int_equal(h->len, se05x_iot_hash_len(h->hash));
		assert_ptr_equal(keys_hash_by_len(h->len), h);
		assert_ptr_equal(keys_hash_by_name(h->name), h);
	}
	assert_int_equal(n, 5);
	assert_int_equal(keys_hash_by_name("SHA-256")->hash, SE05X_IOT_HASH_SHA256);
	assert_null(keys_hash_by_name("sha3-256"));
	assert_null(keys_hash_by_name("sha2"));
	assert_null(keys_hash_by_name("256"));
	assert_null(keys_hash_by_len(33));
	assert_null(keys_hash(5));
}

/* ---- names ---- */

static void test_names(void **state)
{
	struct keys_name name = { .id = ID, .label = "1st" }, page = { .id = ID + 1, .label = "x" };
	struct keys_chip *chip = *state;
	struct keys_names *names, *again;
	uint32_t *ids;
	size_t n;

	assert_true(keys_label_valid("1st"));
	assert_false(keys_label_valid("0x1st"));
	GOOD(KEYS_RUN(chip, &call, keys_names_read, &names));
	GOOD(KEYS_RUN(chip, &call, keys_names_prepare, names, NULL));
	keys_names_free(names);
	GOOD(KEYS_RUN(chip, &call, se05x_iot_list, &ids, &n));
	assert_true(keys_is_page(ids[0]) || keys_is_page(ids[n - 1]));
	GOOD(KEYS_RUN(chip, &call, keys_names_read, &names));
	/* there is room for any, so nothing is made */
	GOOD(KEYS_RUN(chip, &call, keys_names_prepare, names, NULL));
	GOOD(KEYS_RUN(chip, &call, keys_names_write, names, &name, NULL));
	GOOD(KEYS_RUN(chip, &call, keys_names_read_of, ids, n, names, &again));
	assert_string_equal(keys_names_of(again, ID)->label, "1st");
	assert_null(keys_names_of(names, ID));
	keys_names_free(names);
	GOOD(KEYS_RUN(chip, &call, keys_names_write, again, &page, NULL));
	GOOD(KEYS_RUN(chip, &call, keys_names_read_of, ids, n, again, &names));
	assert_string_equal(keys_names_of(names, ID + 1)->label, "x");
	keys_names_free(names);
	keys_names_free(again);
	free(ids);
}

static void test_free_id(void **state)
{
	struct keys_chip *chip = *state;
	uint32_t ids[20];

	for (int i = 0; i < 20; i++) {
		GOOD(KEYS_RUN(chip, &call, keys_free_id, NULL, &ids[i]));
		assert_in_range(ids[i], 0x50000000, 0x5FFFFEFF);
		assert_int_not_equal(ids[i], i ? ids[i - 1] : 0);
		assert_false(exists(chip, ids[i]));
	}
}

/* ---- public keys ---- */

static void test_public(void **state)
{
	static const uint8_t curves[] = {
		SE05X_IOT_CURVE_P256, SE05X_IOT_CURVE_P521, SE05X_IOT_CURVE_BP384,
		SE05X_IOT_CURVE_SECP256K1, SE05X_IOT_CURVE_ED25519, SE05X_IOT_CURVE_X25519,
	};
	struct keys_chip *chip = *state;
	uint8_t digest[64] = { 1 }, sig[SE05X_IOT_SIG_MAX], print[2][8];
	struct se05x_iot_object object;
	EVP_PKEY *key;
	size_t len;

	for (size_t i = 0; i < sizeof(curves); i++) {
		const struct keys_hash *hash = keys_hash(i % 5);

		GOOD(KEYS_RUN(chip, &call, se05x_iot_ec_generate, ID + i, curves[i], NULL, NULL));
		GOOD(KEYS_RUN(chip, &call, se05x_iot_object, ID + i, &object));
		GOOD(KEYS_RUN(chip, &call, keys_public, &object, NULL, &key));
		assert_ptr_equal(keys_curve(key), se05x_iot_curve(curves[i]));
		assert_true(keys_fingerprint(NULL, key, print[i & 1]));
		if (i)
			assert_memory_not_equal(print[0], print[1], 8);
		len = sizeof(sig);
		if (curves[i] < SE05X_IOT_CURVE_ED25519) {
			GOOD(KEYS_RUN(chip, &call, se05x_iot_ecdsa_sign, ID + i, hash->hash, digest,
				      sig, &len));
			assert_true(keys_verify(NULL, key, 0, hash, digest, hash->len, sig, len));
			digest[0] ^= 1;
			assert_false(keys_verify(NULL, key, 0, hash, digest, hash->len, sig, len));
		} else if (curves[i] == SE05X_IOT_CURVE_ED25519) {
			GOOD(KEYS_RUN(chip, &call, se05x_iot_eddsa_sign, ID + i, "abc", 3, sig));
			assert_true(keys_verify(NULL, key, 0, NULL, "abc", 3, sig, 64));
			assert_false(keys_verify(NULL, key, 0, NULL, "abd", 3, sig, 64));
		}
		EVP_PKEY_free(key);
	}
	GOOD(KEYS_RUN(chip, &call, se05x_iot_rsa_generate, ID + 20, 1024, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_object, ID + 20, &object));
	GOOD(KEYS_RUN(chip, &call, keys_public, &object, NULL, &key));
	for (int padding = SE05X_IOT_PADDING_PKCS1; padding <= SE05X_IOT_PADDING_PSS; padding++) {
		const struct keys_hash *hash = keys_hash(SE05X_IOT_HASH_SHA256);

		len = sizeof(sig);
		GOOD(KEYS_RUN(chip, &call, se05x_iot_rsa_sign_digest, ID + 20, padding, hash->hash,
			      digest, sig, &len));
		assert_true(keys_verify(NULL, key, padding, hash, digest, hash->len, sig, len));
		digest[0] ^= 1;
		assert_false(keys_verify(NULL, key, padding, hash, digest, hash->len, sig, len));
	}
	EVP_PKEY_free(key);
	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, ID + 21, "x", 1, NULL, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_object, ID + 21, &object));
	assert_int_equal(KEYS_RUN(chip, &call, keys_public, &object, NULL, &key), -EMEDIUMTYPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids), cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_hashes), CHIP(test_free_id), CHIP(test_names),
		CHIP(test_public),
	};

	return test_main("keys", tests, sizeof(tests) / sizeof(tests[0]));
}
