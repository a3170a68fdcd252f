// SPDX-License-Identifier: GPL-2.0-only
/* lib/keys: names on pages that are full, old, copied, or somebody else's */
#include <endian.h>

#include "keys_run.h"

#define PAGE_SIZE	768
#define LONG		"a name of sixty-four bytes, which is as long as any of them can be"

static void write_name(struct keys_chip *chip, uint32_t id, const char *label, int len)
{
	struct keys_name name = { .id = id };
	struct keys_names *names;

	snprintf(name.label, sizeof(name.label), "%.*s", len, label);
	GOOD(KEYS_RUN(chip, &call, keys_names_read, &names));
	GOOD(KEYS_RUN(chip, &call, keys_names_write, names, &name, NULL));
	keys_names_free(names);
}

/* What it is called; "": it has no name */
static const char *name_of(struct keys_chip *chip, uint32_t id)
{
	static char label[KEYS_LABEL_MAX + 1];
	const struct keys_name *name;
	struct keys_names *names;

	GOOD(KEYS_RUN(chip, &call, keys_names_read, &names));
	name = keys_names_of(names, id);
	snprintf(label, sizeof(label), "%s", name ? name->label : "");
	keys_names_free(names);
	return label;
}

static unsigned int pages(struct keys_chip *chip)
{
	unsigned int count = 0;
	uint32_t *ids;
	size_t n;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_list, &ids, &n));
	while (n--)
		count += keys_is_page(ids[n]);
	free(ids);
	return count;
}

/* The one page there is */
static uint32_t only_page(struct keys_chip *chip, uint8_t bytes[PAGE_SIZE])
{
	uint32_t *ids, id = 0;
	size_t n;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_list, &ids, &n));
	while (n--)
		if (keys_is_page(ids[n]))
			id = ids[n];
	free(ids);
	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_read, id, 0, bytes, PAGE_SIZE));
	return id;
}

static void rename_often(struct keys_chip *chip, uint32_t id, int times)
{
	char label[20];

	for (int i = 1; i <= times; i++) {
		snprintf(label, sizeof(label), "name %d", i);
		write_name(chip, id, label, 20);
	}
	assert_string_equal(name_of(chip, id), label);
}

/* A record ends where its page does. */
static void test_last_record(void **state)
{
	struct keys_chip *chip = *state;

	for (int i = 0; i < 7; i++)
		write_name(chip, ID + i, LONG, 64);
	for (int i = 7; i < 9; i++)
		write_name(chip, ID + i, LONG, 28);
	assert_string_not_equal(name_of(chip, ID), "");
	write_name(chip, ID, "", 0);
	assert_int_equal(pages(chip), 1);
	assert_string_equal(name_of(chip, ID), "");
	assert_string_not_equal(name_of(chip, ID + 8), "");
}

/* That a name was taken away is not forgotten as long as an older page has that name. */
static void test_taken_away(void **state)
{
	struct keys_chip *chip = *state;

	for (int i = 0; i < 8; i++)
		write_name(chip, ID + i, LONG, 64);
	write_name(chip, ID + 8, LONG, 18);
	assert_int_equal(pages(chip), 1);
	write_name(chip, ID, "", 0);
	rename_often(chip, ID + 9, 60);
	assert_int_equal(pages(chip), 2);
	assert_string_equal(name_of(chip, ID), "");
	/* but no longer than that */
	for (int i = 1; i < 9; i++)
		write_name(chip, ID + i, "", 0);
	rename_often(chip, ID + 9, 60);
	assert_int_equal(pages(chip), 1);
	assert_string_equal(name_of(chip, ID + 1), "");
}

/* A page that was full and is gone is not mistaken for the one that is at its place now. */
static void test_read_again(void **state)
{
	struct keys_chip *chip = *state;
	struct keys_names *before, *now;
	uint32_t *ids;
	size_t n;

	rename_often(chip, ID, 23);	/* it is full now */
	GOOD(KEYS_RUN(chip, &call, keys_names_read, &before));
	for (int i = 0; i < 100; i++) {
		char label[20];

		snprintf(label, sizeof(label), "other %d", i);
		write_name(chip, ID, label, 20);
		GOOD(KEYS_RUN(chip, &call, se05x_iot_list, &ids, &n));
		GOOD(KEYS_RUN(chip, &call, keys_names_read_of, ids, n, before, &now));
		assert_string_equal(keys_names_of(now, ID)->label, label);
		keys_names_free(now);
		free(ids);
	}
	keys_names_free(before);
}

/* The power was cut between the new page and the end of the old one: both say the same. */
static void test_copy(void **state)
{
	struct keys_chip *chip = *state;
	uint8_t bytes[PAGE_SIZE];

	rename_often(chip, ID, 22);
	write_name(chip, ID + 1, "beside", 6);
	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, only_page(chip, bytes) + 7, bytes,
		      PAGE_SIZE, NULL, NULL));
	assert_int_equal(pages(chip), 2);
	rename_often(chip, ID, 90);
	assert_string_equal(name_of(chip, ID + 1), "beside");
	assert_int_equal(pages(chip), 1);
}

/* A page that can't be deleted costs nothing but its place. */
static void test_others_page(void **state)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX], bytes[PAGE_SIZE];
	struct se05x_iot_new how = { .policy = policy, .policy_len = sizeof(policy) };
	struct keys_chip *chip = *state;
	uint32_t page;

	rename_often(chip, ID, 22);
	write_name(chip, ID + 1, "theirs", 6);
	page = only_page(chip, bytes);
	GOOD(KEYS_RUN(chip, &call, se05x_iot_delete, page));
	GOOD(se05x_iot_policy_parse("any:read", policy, &how.policy_len, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, page, bytes, PAGE_SIZE, &how, NULL));
	rename_often(chip, ID + 2, 200);
	assert_string_equal(name_of(chip, ID), "name 22");
	assert_string_equal(name_of(chip, ID + 1), "theirs");
	assert_in_range(pages(chip), 2, 3);
}

/* ---- what a name may be ---- */

static const char *const bad_labels[] = {
	"0X1", "a\033[2J", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
	"\xf4\x90\x80\x80", "\xc2\x9b" "2J", "\xe4\xf6", "\xe2\x82",
};

static void test_labels(void **state)
{
	static const char *const good[] = {
		"door key", "T\xc3\xbcr", "\xe2\x82\xac", "\xf0\x9f\x94\x91", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xf4\x8f\xbf\xbf", "\xc2\xa0", "\xe0\xa0\x80", "\xf0\x90\x80\x80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(keys_label_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad_labels) / sizeof(bad_labels[0]); i++)
		assert_false(keys_label_valid(bad_labels[i]));
}

static uint32_t crc32(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *bytes++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
	}
	return ~crc;
}

/* Others' records are held to the same rule: their names go to terminals. */
static void test_others_labels(void **state)
{
	struct keys_chip *chip = *state;
	uint8_t bytes[PAGE_SIZE], *record;

	for (size_t i = 0; i < sizeof(bad_labels) / sizeof(bad_labels[0]); i++) {
		size_t len = strlen(bad_labels[i]);
		uint32_t crc, page;

		write_name(chip, ID, "good", 4);
		write_name(chip, ID + 1, LONG, len);
		page = only_page(chip, bytes);
		/* the last record ends in 5A, and zeros follow */
		for (record = bytes + PAGE_SIZE - 1; *record != 0x5A; record--)
			;
		record -= len + 25;
		memcpy(record + 21, bad_labels[i], len);
		crc = htobe32(crc32(record, len + 21));
		memcpy(record + 21 + len, &crc, 4);
		GOOD(KEYS_RUN(chip, &call, se05x_iot_delete, page));
		GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, page, bytes, PAGE_SIZE, NULL,
			      NULL));
		assert_string_equal(name_of(chip, ID + 1), "");
		assert_string_equal(name_of(chip, ID), "good");
		GOOD(KEYS_RUN(chip, &call, se05x_iot_delete, page));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHIP(test_last_record), CHIP(test_taken_away), CHIP(test_read_again),
		CHIP(test_copy), CHIP(test_others_page), cmocka_unit_test(test_labels),
		CHIP(test_others_labels),
	};

	return test_main("keys_pages", tests, sizeof(tests) / sizeof(tests[0]));
}
