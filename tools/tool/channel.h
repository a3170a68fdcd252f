/* SPDX-License-Identifier: GPL-2.0-only */
/* se05x-tool channel: what its commands have in common */
#ifndef SE05X_TOOLS_CHANNEL_H
#define SE05X_TOOLS_CHANNEL_H

#include <keyutils.h>
#include <limits.h>

#include "scpkeys.h"
#include "tool.h"

#define CHANNEL_DIR	"/etc/se05x/channel"	/* whose files a boot loads */
#define LOCATION_MAX	256
#define DESCRIPTION_MAX	(LOCATION_MAX + 16)

/* The chip's place, by which its keys are found. Return: OK, or a complaint's code. */
int channel_location(const struct tool *t, char location[LOCATION_MAX]);
/* The driver's keyring; negative after a complaint */
key_serial_t channel_keyring(void);
/* What a key of that chip is called in it */
void channel_description(char text[DESCRIPTION_MAX], const char *location, bool next);
/* Return: OK, or TROUBLE after a complaint. */
int channel_link(key_serial_t ring, const char *description, const struct scpkeys *keys);
void channel_unlink(key_serial_t ring, const char *description);
/* The file that a boot loads for that chip */
void channel_path(char path[PATH_MAX], const char *location, bool next);
/* Return: OK, or USAGE after a complaint. @keys are to be cleared. */
int channel_read_keys(const char *path, struct scpkeys *keys);

#endif /* SE05X_TOOLS_CHANNEL_H */
