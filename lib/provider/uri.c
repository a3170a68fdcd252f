// SPDX-License-Identifier: LGPL-2.1-or-later
/* se05x:NAME?user=0x7A&pin-file=/etc/key.pin: what a URI says, and nothing is opened for it */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../common.h"
#include "provider.h"

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'Z' ? c | 0x20 : c) : NULL;

	return at ? at - digits : -1;
}

/* %41 is A; in place. Return: false where no hex digits or a control character follow. */
static bool unescape(char *text)
{
	char *to = text;

	for (; *text; text++, to++) {
		*to = *text;
		if (*text != '%')
			continue;
		if (hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0)
			return false;
		*to = hex_digit(text[1]) << 4 | hex_digit(text[2]);
		if ((unsigned char)*to < ' ' || *to == 0x7f)
			return false;
		text += 2;
	}
	*to = 0;
	return true;
}

static bool take_type(struct uri *uri, const char *text)
{
	static const struct {
		const char *name;
		enum want want;
	} types[] = {
		{ "private", WANT_PRIVATE }, { "public", WANT_PUBLIC }, { "cert", WANT_CERT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types) && !uri->type; i++) {
		if (strcmp(text, types[i].name))
			continue;
		uri->type = types[i].want;
		return true;
	}
	raise_text("type=%s: it is private, public or cert, once", text);
	return false;
}

static bool take_once(char **where, const char *name, const char *value)
{
	if (*where || !*value) {
		raise_text(*value ? "%s= is there twice" : "%s= without a value", name);
		return false;
	}
	*where = strdup(value);
	return *where;
}

/* user=0x0A0B0C0D, or what else may be behind the question mark */
static bool take_pair(struct uri *uri, char *pair)
{
	char *value = strchr(pair, '=');

	if (!value || !unescape(value + 1)) {
		raise_text("'%s': that is no NAME=VALUE", pair);
		return false;
	}
	*value++ = 0;
	if (!strcmp(pair, "type"))
		return take_type(uri, value);
	if (!strcmp(pair, "device"))
		return take_once(&uri->device, pair, value);
	if (!strcmp(pair, "pin-file"))
		return take_once(&uri->pin_file, pair, value);
	if (strcmp(pair, "user")) {
		raise_text("'%s=': it is user=, pin-file=, device= or type=", pair);
		return false;
	}
	if (!uri->user && keys_parse_id(value, &uri->user))
		return true;
	raise_text("user=%s: it is 0x and up to eight hex digits, once", value);
	return false;
}

static bool take_name(struct uri *uri, char *name)
{
	/* a name may begin with a digit, but not with 0x, and digits alone are a number */
	if (!unescape(name) || (*name && !keys_parse_id(name, &uri->id) &&
				(!strncasecmp(name, "0x", 2) ||
				 !name[strspn(name, "0123456789")]))) {
		raise_text("'%s': it is se05x:0x and up to eight hex digits, or se05x: and a name",
			   name);
		return false;
	}
	uri->name = strdup(name);
	return uri->name;
}

bool uri_parse(const char *text, struct uri *uri)
{
	char *copy, *pair, *save;
	bool good;

	*uri = (struct uri) { };
	if (strncasecmp(text, SCHEME, strlen(SCHEME)))
		return false;
	copy = strdup(text + strlen(SCHEME));
	if (!copy)
		return false;
	pair = strchr(copy, '?');
	if (pair)
		*pair++ = 0;
	good = take_name(uri, copy);
	for (pair = pair ? strtok_r(pair, "&", &save) : NULL; good && pair;
	     pair = strtok_r(NULL, "&", &save))
		good = take_pair(uri, pair);
	free(copy);
	if (good && uri->pin_file && !uri->user) {
		raise_text("pin-file= is for user=, and that is missing");
		good = false;
	}
	if (!good)
		uri_clear(uri);
	return good;
}

void uri_clear(struct uri *uri)
{
	free(uri->name);
	free(uri->device);
	free(uri->pin_file);
	*uri = (struct uri) { };
}

/* What is no letter or digit, and can't be in a URI as it is */
static size_t escape(char *to, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text; text++) {
		bool plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~/", *text);

		used += snprintf(used < size ? to + used : NULL, used < size ? size - used : 0,
				 plain ? "%c" : "%%%02X", (unsigned char)*text);
	}
	return used;
}

bool uri_of(const struct uri *from, uint32_t id, char *text, size_t size)
{
	const struct {
		const char *name, *value;
	} pairs[] = { { "pin-file", from->pin_file }, { "device", from->device } };
	size_t used = snprintf(text, size, SCHEME "0x%08X", id);
	char separator = '?';

	if (from->user) {
		used += snprintf(text + used, size - used, "?user=0x%08X", from->user);
		separator = '&';
	}
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (!pairs[i].value)
			continue;
		if (used >= size)
			return false;
		used += snprintf(text + used, size - used, "%c%s=", separator, pairs[i].name);
		if (used >= size)
			return false;
		used += escape(text + used, size - used, pairs[i].value);
		separator = '&';
	}
	return used < size;
}
