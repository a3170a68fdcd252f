/* SPDX-License-Identifier: GPL-2.0-only */
/* Files with the keys of a chip's secure channel, in the form of NXP's tools */
#ifndef SE05X_TOOLS_SCPKEYS_H
#define SE05X_TOOLS_SCPKEYS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SCPKEYS_MAX	32

/**
 * struct scpkeys - one key set; wipe it after use
 * @len: of each key: 16, 24 or 32
 * @dek_len: of @dek: @len, or 0 if the file has none
 */
struct scpkeys {
	uint8_t len;
	uint8_t dek_len;
	uint8_t enc[SCPKEYS_MAX];
	uint8_t mac[SCPKEYS_MAX];
	uint8_t dek[SCPKEYS_MAX];
};

/**
 * scpkeys_read() - read lines "ENC hex", "MAC hex", "DEK hex", and comments after #
 * @path: the file
 * @keys: the keys
 * @line: the line that is wrong; 0: not a single one
 *
 * Return: NULL, or words that say what is wrong with the file.
 */
const char *scpkeys_read(const char *path, struct scpkeys *keys, unsigned int *line);

/**
 * struct scpkeys_file - a file with several sets, each of which begins with its ENC
 * @line: the last one that was read
 * @ahead: @text is the first line of the next set
 *
 * It is read once, from beginning to end: it may be a pipe.
 */
struct scpkeys_file {
	FILE *file;
	unsigned int line;
	bool ahead;
	char text[200];
};

/* Return: NULL, or why it can't be opened. In either case it is to be closed. */
const char *scpkeys_open(const char *path, struct scpkeys_file *f);
/* The next set; @len is 0 if there is none. Return: NULL, or what is wrong with the file. */
const char *scpkeys_next(struct scpkeys_file *f, struct scpkeys *keys);
void scpkeys_close(struct scpkeys_file *f);

#endif /* SE05X_TOOLS_SCPKEYS_H */
