// SPDX-License-Identifier: GPL-2.0-only
/* Commands that are to fail: struct applet_config's @errors */

#include <ctype.h>
#include <string.h>

#include "error.h"

size_t parse_hex(const char *text, uint8_t *to, size_t max)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = strlen(text), i;

	if (len % 2 || len / 2 > max)
		return 0;
	memset(to, 0, len / 2);
	for (i = 0; i < len; i++) {
		const char *digit = strchr(digits, toupper((unsigned char)text[i]));

		if (!digit)
			return 0;
		to[i / 2] = to[i / 2] << 4 | (digit - digits);
	}
	return len / 2;
}

struct error {
	uint8_t header[3];	/* INS P1 P2 */
	bool one;		/* for @object only */
	uint32_t object;
	uint16_t sw;
};

/* INS P1 P2, perhaps a colon and an object, then = and an SW, up to @len. */
static bool parse(const char *text, size_t len, struct error *error)
{
	char copy[24], *object, *sw;
	uint8_t bytes[4];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = 0;
	sw = strchr(copy, '=');
	if (!sw)
		return false;
	*sw++ = 0;
	object = strchr(copy, ':');
	if (object)
		*object++ = 0;
	error->one = object;
	if (object) {
		if (parse_hex(object, bytes, 4) != 4)
			return false;
		error->object = get_be(bytes, 4);
	}
	if (parse_hex(copy, error->header, 3) != 3 || parse_hex(sw, bytes, 2) != 2)
		return false;
	error->sw = get_be(bytes, 2);
	return error->sw != SW_OK;
}

/* The next one of the list at @at, which moves on. Return: false if it is none. */
static bool next(const char **at, struct error *error)
{
	size_t len = strcspn(*at, ",");
	bool good = parse(*at, len, error);

	*at += len;
	if (**at)
		good = *++*at && good;
	return good;
}

bool errors_valid(const char *errors)
{
	struct error error;

	if (!errors)
		return true;
	do {
		if (!next(&errors, &error))
			return false;
	} while (*errors);
	return true;
}

uint16_t errors_find(const char *errors, const struct call *call)
{
	const struct apdu *apdu = call->apdu;
	const uint8_t header[3] = { apdu->ins & INS_MASK, apdu->p1, apdu->p2 };
	struct error error;
	uint32_t object;

	while (errors && *errors && next(&errors, &error)) {
		if (memcmp(header, error.header, sizeof(header)))
			continue;
		if (!error.one ||
		    (tlv_number(arg(call, TAG_1), 4, &object) && object == error.object))
			return error.sw;
	}
	return SW_OK;
}
