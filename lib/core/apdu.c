// SPDX-License-Identifier: LGPL-2.1-or-later
/* C-APDUs, short and extended, all four cases (ISO/IEC 7816-3, 12.1.3) */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../common.h"
#include "se05x.h"

#define HEADER_LEN	4
#define SHORT_LC_MAX	255
#define SHORT_LE_MAX	256
#define LC_MAX		65535
#define LE_MAX		65536

static uint8_t *put(uint8_t *to, size_t value, bool extended)
{
	if (extended)
		*to++ = value >> 8;
	*to++ = value;	/* the largest Le of its kind is coded as 0 */
	return to;
}

EXPORT int se05x_apdu_build(void *apdu, size_t *apdu_len, const uint8_t header[4],
			    const void *data, size_t lc, size_t le)
{
	bool extended = lc > SHORT_LC_MAX || le > SHORT_LE_MAX;
	uint8_t *p = apdu;
	size_t len = HEADER_LEN + lc;

	if (lc > LC_MAX || le > LE_MAX)
		return -EINVAL;
	if (lc)
		len += extended ? 2 : 1;
	if (le)
		len += extended ? 2 : 1;
	len += extended;	/* the 00 that says so */
	if (len > *apdu_len) {
		*apdu_len = len;
		return -ENOSPC;
	}

	memcpy(p, header, HEADER_LEN);
	p += HEADER_LEN;
	if (extended)
		*p++ = 0;
	if (lc) {
		p = put(p, lc, extended);
		memcpy(p, data, lc);
		p += lc;
	}
	if (le)
		put(p, le, extended);
	*apdu_len = len;
	return 0;
}

EXPORT int se05x_apdu_check(const void *apdu, size_t len)
{
	const uint8_t *body = (const uint8_t *)apdu + HEADER_LEN;
	size_t lc;

	if (len < HEADER_LEN)
		return -EINVAL;
	len -= HEADER_LEN;
	if (len <= 1)		/* cases 1 and 2S */
		return 0;
	if (body[0]) {		/* cases 3S and 4S */
		lc = body[0];
		return len == 1 + lc || len == 2 + lc ? 0 : -EILSEQ;
	}
	if (len == 3)		/* case 2E */
		return 0;
	if (len < 3)
		return -EILSEQ;
	lc = body[1] << 8 | body[2];	/* cases 3E and 4E */
	return lc && (len == 3 + lc || len == 5 + lc) ? 0 : -EILSEQ;
}
