// SPDX-License-Identifier: LGPL-2.1-or-later
/* /etc/se05x/pkcs11.conf: whose PIN a chip's is. libse05x-pkcs11(8) */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "token.h"

#define PATH	"/etc/se05x/pkcs11.conf"

/* Without blanks around it */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]))
		*--end = 0;
	return text;
}

static bool take_setting(char *line, struct p11_config *config)
{
	char *equals = strchr(line, '='), *key, *value;

	if (!equals)
		return false;
	*equals = 0;
	key = trim(line);
	value = trim(equals + 1);
	if (!strcmp(key, "user"))
		return keys_parse_id(value, &config->user);
	if (strcmp(key, "keep-session") || (strcmp(value, "yes") && strcmp(value, "no")))
		return false;
	config->keep_session = !strcmp(value, "yes");
	return true;
}

/* [SERIAL]; @matches: out: that is the chip, or could be as long as nobody knows */
static bool take_section(char *line, const char *serial, bool *matches)
{
	size_t len = strlen(line);

	if (len != P11_SERIAL_LEN + 2 || line[len - 1] != ']')
		return false;
	line[len - 1] = 0;
	if (strspn(line + 1, "0123456789abcdefABCDEF") != P11_SERIAL_LEN)
		return false;
	*matches = !*serial || !strcasecmp(line + 1, serial);
	return true;
}

static bool take_line(char *line, const char *serial, bool *matches, struct p11_config *config)
{
	struct p11_config unused;

	line[strcspn(line, "#")] = 0;
	line = trim(line);
	if (!*line)
		return true;
	if (*line == '[')
		return take_section(line, serial, matches);
	return take_setting(line, *matches ? config : &unused);
}

void p11_config_read(const char *serial, struct p11_config *config)
{
	const char *path = secure_getenv("SE05X_PKCS11_CONF") ?: PATH;
	FILE *file = fopen(path, "re");
	unsigned int number = 0;
	bool matches = true;	/* what is before the first section is for all */
	char *line = NULL;
	size_t room = 0;

	*config = (struct p11_config) { 0 };
	if (!file) {
		config->wrong = errno != ENOENT && errno != ENOTDIR;
		if (config->wrong)
			p11_log("%s: %s: nobody can log in", path, strerror(errno));
		return;
	}
	while (!config->wrong && getline(&line, &room, file) >= 0) {
		number++;
		config->wrong = !take_line(line, serial, &matches, config);
	}
	if (config->wrong)
		p11_log("%s:%u: neither 'user = ID', 'keep-session = yes' or 'no', nor a serial "
			"number in []: nobody can log in", path, number);
	if (ferror(file))
		config->wrong = true;
	free(line);
	fclose(file);
}
