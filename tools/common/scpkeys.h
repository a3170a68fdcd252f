/* SPDX-License-Identifier: GPL-2.0-only */
/* Files with the keys of a chip's secure channel, in the form of NXP's tools */
#ifndef SE05X_TOOLS_SCPKEYS_H
#define SE05X_TOOLS_SCPKEYS_H

#include <stdint.h>

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
 * scpkeys_read_nth() - the same of a file with several sets, each of which begins with its ENC
 * @path: the file
 * @nth: which, from 1
 * @keys: the keys; their @len is 0 if there are not so many sets
 * @line: the line that is wrong, or where the set ends
 *
 * Return: NULL, or words that say what is wrong with the file.
 */
const char *scpkeys_read_nth(const char *path, unsigned int nth, struct scpkeys *keys,
			     unsigned int *line);

#endif /* SE05X_TOOLS_SCPKEYS_H */
