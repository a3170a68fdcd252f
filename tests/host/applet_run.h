/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated chip's applets, driven by tests: TLVs in hex in, TLVs out
 *
 * A body is written "41=01010101 42=03": tag = value, in hex, value by value; the
 * lengths are put in.
 */
#ifndef SE05X_APPLET_RUN_H
#define SE05X_APPLET_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "../../tools/sim/applet.h"

#define ID	"01010101"	/* what most tests call their object */
#define NOTHING	"%s", ""	/* a body */

/* The answer to the last command */
struct answer {
	uint8_t buf[APPLET_RESPONSE_MAX];
	size_t len;		/* without SW */
	unsigned int sw;
	uint32_t delay_us;
	char hex[2 * APPLET_RESPONSE_MAX + 1];	/* all of it */
};
extern struct answer answer;

/* Start and select. NULL members of @config as in struct applet_config. */
struct applet *chip(const struct applet_config *config);
struct applet *chip_model(const char *model);

/* As it is. Return: answer.hex */
const char *run(struct applet *applet, const char *hex);

/*
 * @header: CLA INS P1 P2 in hex. @body: as above, printf()-like; "": no data.
 * Le is always there. Return: SW.
 */
unsigned int xfer(struct applet *applet, const char *header, const char *body, ...)
	__attribute__((format(printf, 3, 4)));

/* The same in PROCESS of the session whose number is @session, in hex */
unsigned int xfer_in(struct applet *applet, const char *session, const char *header,
		     const char *body, ...) __attribute__((format(printf, 4, 5)));

/* Build the C-APDU only. Return: its length. */
size_t build(uint8_t *apdu, const char *header, const char *body);

#define expect(sw, ...) assert_int_equal(xfer(__VA_ARGS__), sw)
#define expect_in(sw, ...) assert_int_equal(xfer_in(__VA_ARGS__), sw)

/* The value of that tag in the answer. NULL: none. */
const uint8_t *value(uint8_t tag, size_t *len);

/* The same in hex, in one of a few buffers */
const char *value_hex(uint8_t tag);
const char *hex(const void *data, size_t len);

/* Hex digits, with or without spaces. Return: bytes. */
size_t unhex(uint8_t *to, const char *hex);

/* Create curve @id, which libcrypto calls @name, with its parameters. */
void set_up_curve(struct applet *applet, unsigned int id, const char *name);

/* Open a session on that authentication object. Return: its number in hex. */
const char *open_session(struct applet *applet, const char *id, const char *userid);

#endif /* SE05X_APPLET_RUN_H */
