/* SPDX-License-Identifier: GPL-2.0-only */
/* se05x-tool's command line: what there is to say, and to whom it can be said */
#ifndef SE05X_TOOLS_OPTIONS_H
#define SE05X_TOOLS_OPTIONS_H

#include "tool.h"

/* An option's bit, for struct command's @options */
enum {
	OPT_HASH = 1 << 0, OPT_DIGEST = 1 << 1, OPT_MODE = 1 << 2, OPT_IV = 1 << 3,
	OPT_NOPAD = 1 << 4, OPT_SALT = 1 << 5, OPT_INFO = 1 << 6, OPT_TYPE = 1 << 7,
	OPT_PASSIN = 1 << 8, OPT_DER = 1 << 9, OPT_HEX = 1 << 10, OPT_UPDATE = 1 << 11,
	OPT_IDS = 1 << 12, OPT_POLICY = 1 << 13, OPT_ATTEMPTS = 1 << 14,
	OPT_TRANSIENT = 1 << 15, OPT_FRESHNESS = 1 << 16, OPT_KEY = 1 << 17,
	OPT_ROOT = 1 << 18, OPT_UID = 1 << 19, OPT_FORCE = 1 << 20,
	/* of all commands that talk to the chip */
	OPT_DEVICE = 1 << 21, OPT_TIMEOUT = 1 << 22, OPT_USER = 1 << 23,
	OPT_PASSWORD = 1 << 24, OPT_TRACE = 1 << 25,
	/* of all */
	OPT_OUTPUT = 1 << 26, OPT_YES = 1 << 27, OPT_JSON = 1 << 28, OPT_QUIET = 1 << 29,
	OPT_HELP = 1 << 30,
	OPT_FROM_NXP = 1ull << 31, OPT_PREPARE = 1ull << 32,	/* of name */
	OPT_AID = 1ull << 33, OPT_AUTH = 1ull << 34,	/* of all that talk to the chip */
	OPT_FOR_AUTH = 1ull << 35,	/* of import */
	OPT_FROM = 1ull << 36, OPT_KEY_USER = 1ull << 37,	/* of refpem */
	OPT_SUBJECT = 1ull << 38, OPT_SAN = 1ull << 39, OPT_USAGE = 1ull << 40,	/* of requests */
	OPT_CA = 1ull << 41,
};

#define OPT_CHIP	(OPT_DEVICE | OPT_AID | OPT_TIMEOUT | OPT_USER | OPT_PASSWORD | \
			 OPT_AUTH | OPT_TRACE)
#define OPT_ALL		(OPT_OUTPUT | OPT_YES | OPT_JSON | OPT_QUIET | OPT_HELP)
#define OPT_REQUEST	(OPT_HASH | OPT_SUBJECT | OPT_SAN | OPT_USAGE)
#define OPT_NEW		(OPT_POLICY | OPT_TRANSIENT | OPT_FORCE)	/* that make an object */

/**
 * struct command - one word of the command line, or two
 * @name: as it is typed; NULL: a heading of the help, which is @what
 * @args: as the help shows them
 * @what: what it does
 * @min: so many arguments at least
 * @max: and at most
 * @run: does it
 * @options: that it takes, beside OPT_ALL and, with a chip, OPT_CHIP
 * @how: with the chip or without; or with it, and what it puts out is nobody else's business
 */
struct command {
	const char *name, *args, *what;
	int min, max;
	int (*run)(struct tool *t, char **args, int n);
	uint64_t options;
	enum { WITH_CHIP, NO_CHIP, SECRET } how;
};

/*
 * The command that @args begin with, of which @used are its name; NULL after a
 * complaint, which has a suggestion if there is one.
 */
const struct command *find_command(char **args, int n, int *used);
/* The word of @words (the last is NULL) that is most like @word; NULL: none is */
const char *most_like(const char *word, const char *const *words);

/*
 * Options into @t; *@given: which. Return: OK, or USAGE after a complaint; then
 * argv[optind] is the first argument.
 */
int parse_options(struct tool *t, int argc, char **argv, uint64_t *given);
/* Do all @given go with that command? */
int check_options(const struct command *command, uint64_t given);

void print_usage(void);
void print_all_options(void);
void print_command_help(const struct command *command);

#endif /* SE05X_TOOLS_OPTIONS_H */
