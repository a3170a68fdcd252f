// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies: bytes for the chip, words for people */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "iot.h"

/*
 * A set (AN12413, 3.7.2): length of the rest, authentication object, rights, and
 * for some rights more bytes, in the order of their bits from the top.
 */
#define SET_LEN		8
#define PCR_EXTRA	(4 + 32)	/* which, and its value */
#define KEY_EXTRA	4		/* which */
#define EXTRA_MAX	(PCR_EXTRA + 2 * KEY_EXTRA)
#define FORBID		0x20000000u

static const struct right {
	uint32_t bit;
	const char *name;
	uint8_t extra;
} rights[] = {
	{ 0x80000000, "tls-kdf", 0 },
	{ 0x40000000, "tls-pms", 0 },
	{ FORBID, "forbid", 0 },
	{ 0x10000000, "sign", 0 },
	{ 0x08000000, "verify", 0 },
	{ 0x04000000, "agree", 0 },
	{ 0x02000000, "encrypt", 0 },
	{ 0x01000000, "decrypt", 0 },
	{ 0x00800000, "derive", 0 },
	{ 0x00400000, "wrap", 0 },
	{ 0x00200000, "read", 0 },
	{ 0x00100000, "write", 0 },
	{ 0x00080000, "generate", 0 },
	{ 0x00040000, "delete", 0 },
	{ 0x00020000, "secure-messaging", 0 },
	{ 0x00010000, "pcr", PCR_EXTRA },
	{ 0x00008000, "attest", 0 },
	{ 0x00004000, "desfire-auth", 0 },
	{ 0x00002000, "desfire-dump", 0 },
	{ 0x00001000, "import-export", 0 },
	{ 0x00000800, "forbid-derived-output", 0 },
	{ 0x00000400, "ext-random", 0 },
	{ 0x00000200, "desfire-change", KEY_EXTRA },
	{ 0x00000100, "derived-input", KEY_EXTRA },
	{ 0x00000080, "pbkdf", 0 },
	{ 0x00000040, "desfire-kdf", 0 },
	{ 0x00000020, "forbid-ext-iv", 0 },
	{ 0x00000010, "pepper", 0 },
	{ 0x00000008, "internal-sign", 0 },
};

/* ---- words to bytes ---- */

static bool hex_number(const char *text, size_t len, uint32_t *number)
{
	uint32_t n = 0;

	if (len < 3 || len > 10 || text[0] != '0' || (text[1] | 0x20) != 'x')
		return false;
	for (size_t i = 2; i < len; i++) {
		unsigned char c = text[i];

		if (!isxdigit(c))
			return false;
		n = n << 4 | (isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	*number = n;
	return true;
}

/* 0x01020304, and for a PCR /HEX */
static bool parse_extra(const char *text, size_t len, uint8_t extra[PCR_EXTRA], size_t extra_len)
{
	const char *slash = memchr(text, '/', len);
	size_t id_len = slash ? (size_t)(slash - text) : len;
	uint32_t n;

	if (!hex_number(text, id_len, &n) || (extra_len == PCR_EXTRA) != !!slash)
		return false;
	put_be(extra, n, 4);
	if (!slash)
		return true;
	if (len - id_len != 1 + 64)
		return false;
	for (size_t i = 0; i < 32; i++) {
		char byte[] = { '0', 'x', slash[1 + 2 * i], slash[2 + 2 * i], 0 };

		if (!hex_number(byte, 4, &n))
			return false;
		extra[4 + i] = n;
	}
	return true;
}

struct set {
	uint32_t bits;
	uint8_t extra[ARRAY_SIZE(rights)][PCR_EXTRA];
};

/* One right. Return: false if that is none. */
static bool parse_right(const char *text, size_t len, struct set *set)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		if (strlen(rights[i].name) != name_len ||
		    strncmp(text, rights[i].name, name_len))
			continue;
		set->bits |= rights[i].bit;
		if (!rights[i].extra)
			return !equals;
		return equals && parse_extra(equals + 1, len - name_len - 1, set->extra[i],
					     rights[i].extra);
	}
	if (!hex_number(text, len, &number))
		return false;
	/* bits with a name are written by it: some have more bytes to them */
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (number & rights[i].bit && rights[i].extra)
			return false;
	set->bits |= number;
	return true;
}

/*
 * One set, up to a semicolon or the end, into @bytes. Return: what is wrong there,
 * or NULL.
 */
static const char *parse_set(const char **text, uint8_t bytes[1 + SET_LEN + EXTRA_MAX])
{
	const char *at = *text, *colon = at + strcspn(at, ":;");
	struct set set = { };
	uint32_t who = 0;

	if (*colon != ':')
		return at;
	if ((colon - at != 3 || strncmp(at, "any", 3)) &&
	    (!hex_number(at, colon - at, &who) || !who))
		return at;
	at = colon;
	do {
		size_t len = strcspn(++at, ",;");

		if (!parse_right(at, len, &set))
			return at;
		at += len;
	} while (*at == ',');
	bytes[0] = SET_LEN;
	put_be(bytes + 1, who, 4);
	put_be(bytes + 5, set.bits, 4);
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		if (!(set.bits & rights[i].bit) || !rights[i].extra)
			continue;
		memcpy(bytes + 1 + bytes[0], set.extra[i], rights[i].extra);
		bytes[0] += rights[i].extra;
	}
	*text = at;
	return NULL;
}

EXPORT int se05x_iot_policy_parse(const char *text, uint8_t *policy, size_t *policy_len,
				  const char **where)
{
	size_t len = 0;
	const char *wrong;

	for (;;) {
		uint8_t set[1 + SET_LEN + EXTRA_MAX];

		wrong = parse_set(&text, set);
		if (wrong)
			break;
		if (len + 1 + set[0] > *policy_len || len + 1 + set[0] > SE05X_IOT_POLICY_MAX)
			return -ENOSPC;
		memcpy(policy + len, set, 1 + set[0]);
		len += 1 + set[0];
		if (!*text) {
			*policy_len = len;
			return 0;
		}
		text++;
	}
	if (where)
		*where = wrong;
	return -EINVAL;
}

/* ---- bytes to words ---- */

struct words {
	char *to;
	size_t size;
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) put(struct words *w, const char *format, ...)
{
	size_t left = w->len < w->size ? w->size - w->len : 0;
	va_list ap;

	va_start(ap, format);
	w->len += vsnprintf(left ? w->to + w->len : NULL, left, format, ap);
	va_end(ap);
}

static bool print_set(struct words *w, const uint8_t *set)
{
	uint32_t who = get_be(set + 1, 4), bits = get_be(set + 5, 4), bit;
	const uint8_t *extra = set + 1 + SET_LEN;
	size_t extra_len = set[0] - SET_LEN;
	const char *comma = "";

	if (who)
		put(w, "0x%08X:", who);
	else
		put(w, "any:");
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		bit = bits & rights[i].bit;
		if (!bit)
			continue;
		put(w, "%s%s", comma, rights[i].name);
		comma = ",";
		bits &= ~bit;
		if (!rights[i].extra)
			continue;
		if (extra_len < rights[i].extra)
			return false;
		put(w, "=0x%08X%s", get_be(extra, 4), rights[i].extra > 4 ? "/" : "");
		for (size_t j = 4; j < rights[i].extra; j++)
			put(w, "%02X", extra[j]);
		extra += rights[i].extra;
		extra_len -= rights[i].extra;
	}
	if (bits || !*comma)
		put(w, "%s0x%08X", comma, bits);
	return true;
}

/* Is there one more set at @at? Return: bytes of it, 0 if that is none. */
static size_t whole_set(const uint8_t *at, size_t left)
{
	return left && at[0] >= SET_LEN && at[0] < left ? 1u + at[0] : 0;
}

EXPORT int se05x_iot_policy_print(const uint8_t *policy, size_t policy_len, char *text,
				  size_t size)
{
	struct words w = { .to = text, .size = size };
	size_t n;

	if (size)
		text[0] = 0;
	for (size_t at = 0; at < policy_len; at += n) {
		n = whole_set(policy + at, policy_len - at);
		if (!n)
			return -EINVAL;
		if (at)
			put(&w, ";");
		if (!print_set(&w, policy + at))
			return -EINVAL;
	}
	return w.len;
}

EXPORT uint32_t se05x_iot_policy_rights(const uint8_t *policy, size_t policy_len)
{
	uint32_t bits = 0;
	size_t n;

	for (size_t at = 0; at < policy_len; at += n) {
		n = whole_set(policy + at, policy_len - at);
		if (!n)
			return 0;
		if (!(get_be(policy + at + 5, 4) & FORBID))
			bits |= get_be(policy + at + 5, 4);
	}
	return bits;
}
