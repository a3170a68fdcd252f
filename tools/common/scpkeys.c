// SPDX-License-Identifier: GPL-2.0-only
/* Files with the keys of a chip's secure channel, in the form of NXP's tools */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* explicit_bzero() */
#endif

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "scpkeys.h"

static int digit(int c)
{
	if (isdigit(c))
		return c - '0';
	return isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* Return: bytes; 0: these are no 16, 24 or 32. */
static size_t take_hex(const char *text, uint8_t *key)
{
	size_t n;

	for (n = 0; text[2 * n]; n++) {
		int high = digit((unsigned char)text[2 * n]);
		int low = high < 0 ? -1 : digit((unsigned char)text[2 * n + 1]);

		if (low < 0 || n == SCPKEYS_MAX)
			return 0;
		key[n] = high << 4 | low;
	}
	return n == 16 || n == 24 || n == 32 ? n : 0;
}

/* Return: NULL, or what is wrong with the line. */
static const char *take_line(char *line, struct scpkeys *keys, size_t len[3])
{
	static const char names[3][4] = { "ENC", "MAC", "DEK" };
	uint8_t *to[3] = { keys->enc, keys->mac, keys->dek };
	char *rest, *name, *value;
	int i;

	line[strcspn(line, "#\r\n")] = 0;
	name = strtok_r(line, " \t", &rest);
	if (!name)
		return NULL;
	value = strtok_r(NULL, " \t", &rest);
	for (i = 0; i < 3 && strcmp(name, names[i]); i++)
		;
	if (i == 3)
		return "neither ENC, MAC nor DEK";
	if (len[i])
		return "this key was given before";
	len[i] = value && !strtok_r(NULL, " \t", &rest) ? take_hex(value, to[i]) : 0;
	return len[i] ? NULL : "no key of 16, 24 or 32 bytes in hex";
}

/* @several: ENC once more begins the next set, and that line waits for it */
static const char *read_set(struct scpkeys_file *f, bool several, struct scpkeys *keys)
{
	const char *why = NULL;
	size_t len[3] = { };
	char *text = f->text;

	*keys = (struct scpkeys) { };
	while (!why && (f->ahead || fgets(text, sizeof(f->text), f->file))) {
		f->ahead = several && len[0] && !strncmp(text + strspn(text, " \t"), "ENC", 3);
		if (f->ahead)
			break;
		f->line++;
		if (!strchr(text, '\n') && !feof(f->file))
			why = "a line that is too long";
		else
			why = take_line(text, keys, len);
	}
	if (!why && ferror(f->file))
		why = strerror(errno);
	else if (!why && (!len[0] || !len[1]) && !(several && !len[0] && !len[1] && !len[2]))
		why = "ENC and MAC are needed";
	else if (!why && (len[0] != len[1] || (len[2] && len[2] != len[0])))
		why = "the keys differ in length";
	keys->len = len[0];
	keys->dek_len = len[2];
	if (why)
		explicit_bzero(keys, sizeof(*keys));
	return why;
}

const char *scpkeys_open(const char *path, struct scpkeys_file *f)
{
	*f = (struct scpkeys_file) { .file = fopen(path, "re") };
	if (!f->file)
		return strerror(errno);
	setvbuf(f->file, NULL, _IONBF, 0);	/* no copy of the keys is left in a buffer */
	return NULL;
}

const char *scpkeys_next(struct scpkeys_file *f, struct scpkeys *keys)
{
	return read_set(f, true, keys);
}

void scpkeys_close(struct scpkeys_file *f)
{
	if (f->file)
		fclose(f->file);
	explicit_bzero(f, sizeof(*f));
}

const char *scpkeys_read(const char *path, struct scpkeys *keys, unsigned int *line)
{
	struct scpkeys_file f;
	const char *why = scpkeys_open(path, &f);

	*keys = (struct scpkeys) { };
	*line = 0;
	if (!why) {
		why = read_set(&f, false, keys);
		if (why && !feof(f.file))	/* else nothing is wrong, or the whole file */
			*line = f.line;
	}
	scpkeys_close(&f);
	return why;
}
