// SPDX-License-Identifier: GPL-2.0-only
/* The simulated chip's applets, driven by tests */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/objects.h>

#include "applet_run.h"

struct answer answer;

const char *hex(const void *data, size_t len)
{
	static char buffers[8][2 * APPLET_RESPONSE_MAX + 1];
	static unsigned int next;
	char *to = buffers[next++ % 8];
	const uint8_t *from = data;
	size_t i;

	to[0] = 0;
	for (i = 0; i < len; i++)
		sprintf(to + 2 * i, "%02X", from[i]);
	return to;
}

size_t unhex(uint8_t *to, const char *from)
{
	size_t len = 0;

	while (*from) {
		if (isspace(*from)) {
			from++;
			continue;
		}
		assert_true(isxdigit(from[0]) && isxdigit(from[1]));
		sscanf(from, "%2hhx", &to[len++]);
		from += 2;
	}
	return len;
}

static void process(struct applet *applet, const uint8_t *apdu, size_t len)
{
	size_t n;

	applet_process(applet, apdu, len, answer.buf, &n, &answer.delay_us);
	assert_true(n >= 2 && n <= APPLET_RESPONSE_MAX);
	strcpy(answer.hex, hex(answer.buf, n));
	answer.len = n - 2;
	answer.sw = answer.buf[n - 2] << 8 | answer.buf[n - 1];
}

const char *run(struct applet *applet, const char *text)
{
	uint8_t apdu[APPLET_COMMAND_MAX];

	process(applet, apdu, unhex(apdu, text));
	return answer.hex;
}

struct applet *chip(const struct applet_config *config)
{
	struct applet *applet = applet_new(config);

	assert_non_null(applet);
	run(applet, "00A4040010A000000396545300000001030000000000");
	assert_int_equal(answer.sw, 0x9000);
	return applet;
}

struct applet *chip_model(const char *model)
{
	return chip(&(struct applet_config) { .model = model });
}

static size_t put_length(uint8_t *to, size_t len)
{
	if (len < 0x80) {
		to[0] = len;
		return 1;
	}
	if (len < 0x100) {
		to[0] = 0x81;
		to[1] = len;
		return 2;
	}
	to[0] = 0x82;
	to[1] = len >> 8;
	to[2] = len;
	return 3;
}

/* "41=01 42=0203" into TLVs */
static size_t put_body(uint8_t *to, const char *body)
{
	size_t len = 0;

	while (*body) {
		uint8_t bytes[APPLET_COMMAND_MAX];
		size_t text, n;
		char *part;

		body += strspn(body, " ");
		text = strcspn(body, " ");
		if (!text)
			break;
		assert_true(text >= 3 && body[2] == '=');
		sscanf(body, "%2hhx", &to[len++]);
		part = strndup(body + 3, text - 3);
		n = unhex(bytes, part);
		free(part);
		len += put_length(to + len, n);
		memcpy(to + len, bytes, n);
		len += n;
		body += text;
	}
	return len;
}

static size_t put_apdu(uint8_t *apdu, const char *header, const uint8_t *data, size_t len)
{
	size_t n = unhex(apdu, header);

	if (len > 255) {
		apdu[n++] = 0;
		apdu[n++] = len >> 8;
	}
	if (len)
		apdu[n++] = len;
	memcpy(apdu + n, data, len);
	n += len;
	apdu[n++] = 0;
	if (len > 255)
		apdu[n++] = 0;
	return n;
}

size_t build(uint8_t *apdu, const char *header, const char *body)
{
	uint8_t data[APPLET_COMMAND_MAX];

	return put_apdu(apdu, header, data, put_body(data, body));
}

unsigned int xfer(struct applet *applet, const char *header, const char *body, ...)
{
	static char text[16384];
	uint8_t apdu[APPLET_COMMAND_MAX];
	va_list ap;

	va_start(ap, body);
	vsnprintf(text, sizeof(text), body, ap);
	va_end(ap);
	process(applet, apdu, build(apdu, header, text));
	return answer.sw;
}

unsigned int xfer_in(struct applet *applet, const char *session, const char *header,
		     const char *body, ...)
{
	static char text[16384];
	uint8_t apdu[APPLET_COMMAND_MAX];
	va_list ap;
	size_t len;

	va_start(ap, body);
	vsnprintf(text, sizeof(text), body, ap);
	va_end(ap);
	len = build(apdu, header, text) - 1;	/* no Le within */
	return xfer(applet, "80050000", "10=%s 41=%s", session, hex(apdu, len));
}

/* Not every answer is made of TLVs. */
const uint8_t *value(uint8_t tag, size_t *len)
{
	const uint8_t *at = answer.buf, *end = at + answer.len;

	while (end - at >= 2) {
		uint8_t this = at[0];
		size_t more = at[1] > 0x80 && at[1] <= 0x82 ? at[1] - 0x80 : 0;

		if ((size_t)(end - at) < 2 + more)
			break;
		*len = at[1];
		if (more)
			*len = more == 1 ? at[2] : at[2] << 8 | at[3];
		at += 2 + more;
		if (*len > (size_t)(end - at))
			break;
		if (this == tag)
			return at;
		at += *len;
	}
	return NULL;
}

const char *value_hex(uint8_t tag)
{
	size_t len;
	const uint8_t *at = value(tag, &len);

	return at ? hex(at, len) : "none";
}

static void set_param(struct applet *applet, unsigned int id, unsigned int param,
		      const BIGNUM *n, int len)
{
	uint8_t buf[70];

	if (BN_num_bytes(n) > len)
		len = BN_num_bytes(n);
	BN_bn2binpad(n, buf, len);
	expect(0x9000, applet, "80010B40", "41=%02X 42=%02X 43=%s", id, param, hex(buf, len));
}

void set_up_curve(struct applet *applet, unsigned int id, const char *name)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_txt2nid(name));
	BIGNUM *p = BN_new(), *a = BN_new(), *b = BN_new();
	uint8_t g[140];
	size_t g_len;
	int len;

	assert_non_null(group);
	EC_GROUP_get_curve(group, p, a, b, NULL);
	len = BN_num_bytes(p);
	g_len = EC_POINT_point2oct(group, EC_GROUP_get0_generator(group),
				   POINT_CONVERSION_UNCOMPRESSED, g, sizeof(g), NULL);
	/* one that is there is made anew */
	if (xfer(applet, "80010B04", "41=%02X", id) == 0x6985) {
		expect(0x9000, applet, "80040B28", "41=%02X", id);
		expect(0x9000, applet, "80010B04", "41=%02X", id);
	}
	set_param(applet, id, 0x01, a, len);
	set_param(applet, id, 0x02, b, len);
	expect(0x9000, applet, "80010B40", "41=%02X 42=04 43=%s", id, hex(g, g_len));
	set_param(applet, id, 0x08, EC_GROUP_get0_order(group), len);
	set_param(applet, id, 0x10, p, len);
	BN_free(p);
	BN_free(a);
	BN_free(b);
	EC_GROUP_free(group);
}

const char *open_session(struct applet *applet, const char *id, const char *userid)
{
	static char sessions[4][17];
	static unsigned int next;
	char *session = sessions[next++ % 4];

	expect(0x9000, applet, "8004001B", "41=%s", id);
	assert_int_equal(strlen(value_hex(0x41)), 16);
	strcpy(session, value_hex(0x41));
	expect_in(0x9000, applet, session, "8004002C", "41=%s", userid);
	return session;
}
