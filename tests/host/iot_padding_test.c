// SPDX-License-Identifier: GPL-2.0-only
/* RSA's paddings and their hashes, inside libse05x-iot; libcrypto is the judge */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "../../lib/iot/iot.h"

static const char *const md_names[] = { "SHA1", "SHA224", "SHA256", "SHA384", "SHA512" };

/* Each length around the ends of one, two and three blocks */
static void test_hashes(void **state)
{
	uint8_t want[64], got[64];

	(void)state;
	for (int hash = SE05X_IOT_HASH_SHA1; hash <= SE05X_IOT_HASH_SHA512; hash++) {
		for (size_t len = 0; len < 600; len++) {
			/* exactly as long, so that ASan sees a byte too many */
			uint8_t *data = malloc(len ? len : 1);

			for (size_t i = 0; i < len; i++)
				data[i] = i * 7 + len;
			EVP_Digest(data, len, want, NULL, EVP_get_digestbyname(md_names[hash]), NULL);
			siot_hash(hash, data, len, got);
			assert_memory_equal(got, want, se05x_iot_hash_len(hash));
			free(data);
		}
	}
}

/* 00 02, @pad bytes of padding, a separator, the message @len bytes long */
static size_t encrypted(uint8_t *em, size_t size, size_t len)
{
	memset(em, 0x55, size);
	em[0] = 0x00;
	em[1] = 0x02;
	em[size - len - 1] = 0x00;
	memset(em + size - len, 0xAA, len);
	return size - len - 1;
}

static void test_pkcs1(void **state)
{
	enum { SIZE = 128 };
	uint8_t em[SIZE], out[SIZE];
	size_t len, at;

	(void)state;
	for (size_t n = 0; n <= SIZE - 11; n++) {
		encrypted(em, SIZE, n);
		assert_int_equal(siot_unpad(SE05X_IOT_PADDING_PKCS1, 0, em, SIZE, out, &len), 0);
		assert_int_equal(len, n);
		for (size_t i = 0; i < SIZE; i++)
			assert_int_equal(out[i], i < n ? 0xAA : 0);
	}
	/* each byte that has to be something else, one at a time */
	for (at = 0; at < 2 + 8; at++) {
		encrypted(em, SIZE, 20);
		em[at] = at == 0 || at == 1 ? em[at] ^ 0x01 : 0x00;
		assert_int_equal(siot_unpad(SE05X_IOT_PADDING_PKCS1, 0, em, SIZE, out, &len),
				 -EILSEQ);
		assert_int_equal(len, 0);
		for (size_t i = 0; i < SIZE; i++)
			assert_int_equal(out[i], 0);
	}
	/* no separator; a zero in the message is the message's */
	at = encrypted(em, SIZE, 20);
	em[at] = 0x55;
	assert_int_equal(siot_unpad(SE05X_IOT_PADDING_PKCS1, 0, em, SIZE, out, &len), -EILSEQ);
	at = encrypted(em, SIZE, 20);
	em[at + 3] = 0x00;
	assert_int_equal(siot_unpad(SE05X_IOT_PADDING_PKCS1, 0, em, SIZE, out, &len), 0);
	assert_int_equal(len, 20);
}

static void test_oaep(void **state)
{
	enum { SIZE = 256 };
	uint8_t message[SIZE], em[SIZE], good[SIZE], out[SIZE];

	(void)state;
	memset(message, 0x01, sizeof(message));	/* looks like the separator */
	for (int hash = SE05X_IOT_HASH_SHA1; hash <= SE05X_IOT_HASH_SHA512; hash++) {
		size_t most = SIZE - 2 * se05x_iot_hash_len(hash) - 2, len;

		assert_false(siot_pad_oaep(hash, message, most + 1, em, SIZE));
		for (size_t n = 0; n <= most; n++) {
			assert_true(siot_pad_oaep(hash, message, n, em, SIZE));
			assert_int_equal(siot_unpad(SE05X_IOT_PADDING_OAEP, hash, em, SIZE, out,
						    &len), 0);
			assert_int_equal(len, n);
			assert_memory_equal(out, message, n);
		}
		/* whichever bit was changed */
		assert_true(siot_pad_oaep(hash, message, 10, good, SIZE));
		for (size_t i = 0; i < SIZE; i++) {
			memcpy(em, good, SIZE);
			em[i] ^= 1 << i % 8;
			assert_int_equal(siot_unpad(SE05X_IOT_PADDING_OAEP, hash, em, SIZE, out,
						    &len), -EILSEQ);
		}
	}
	assert_false(siot_pad_oaep(SE05X_IOT_HASH_SHA512, "", 0, em, 128));
}

static void test_too_short(void **state)
{
	uint8_t em[512], digest[64] = { 1 };

	(void)state;
	for (int hash = SE05X_IOT_HASH_SHA1; hash <= SE05X_IOT_HASH_SHA512; hash++) {
		size_t n = se05x_iot_hash_len(hash);

		assert_false(siot_pad_signature(SE05X_IOT_PADDING_PSS, hash, digest, em, 2 * n + 1));
		assert_true(siot_pad_signature(SE05X_IOT_PADDING_PSS, hash, digest, em, 2 * n + 2));
		assert_false(siot_pad_signature(SE05X_IOT_PADDING_PKCS1, hash, digest, em,
						n + (hash ? 19 : 15) + 10));
		assert_true(siot_pad_signature(SE05X_IOT_PADDING_PKCS1, hash, digest, em,
					       n + (hash ? 19 : 15) + 11));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_pkcs1),
		cmocka_unit_test(test_oaep),
		cmocka_unit_test(test_too_short),
	};

	return cmocka_run_group_tests_name("iot padding", tests, NULL, NULL);
}
