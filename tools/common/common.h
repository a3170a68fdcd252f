/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SE05X_TOOLS_COMMON_H
#define SE05X_TOOLS_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <se05x.h>

#define COMMAND_MAX	4096
#define RESPONSE_MAX	4098

/* Exit codes */
#define OK		0
#define UNMET		1	/* an expectation did not hold */
#define USAGE		2	/* bad arguments or input; nothing was sent */
#define TROUBLE		3	/* the device, or a file */

struct options {
	const char *device;
	const char *file;
	const char *aid;
	uint32_t deadline_ms;
	bool lock;
	bool json;
	bool quiet;
};

extern const char program[];	/* the tool's name */

/* Words for people: to stderr, unless --quiet */
void say(const struct options *opt, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same with the program's name, also with --quiet */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same about a status word, which has a member of its own in JSON */
void complain_sw(uint16_t sw, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What is done nevertheless, but may not be what was meant */
void warn(const struct options *opt, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Complaints and warnings are lines of JSON */
extern bool json_errors;

/* Return: OK, or TROUBLE after having said why, and what helps. */
int open_chip(const char *device, struct se05x **se);
/* A call to the chip failed: say so. Return: TROUBLE. */
int failed(const char *what, int error, const struct se05x_call *call);

/*
 * Bytes from hex, with or without blanks between them, up to @max. Return:
 * their number, or -1 with @why set.
 */
int parse_hex(const char *text, uint8_t *out, size_t max, const char **why);
void print_hex(FILE *to, const uint8_t *bytes, size_t len);
/* Text of others: what could steer a terminal is written as \xNN */
void print_safe(FILE *to, const char *text);
/* In quotes, as JSON wants it */
void print_json_to(FILE *to, const char *text);
void print_json_string(const char *text);	/* to standard output */
const char *outcome_name(uint32_t outcome);

/* A line with the seconds on a terminal, while a call takes long */
void progress_begin(const struct options *opt);
void progress_end(void);

#endif /* SE05X_TOOLS_COMMON_H */
