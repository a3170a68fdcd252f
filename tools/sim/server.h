/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the simulated chip's C-APDUs come from */
#ifndef SE05X_SERVER_H
#define SE05X_SERVER_H

#include <stdbool.h>

#include "applet.h"

/**
 * struct server_config - how programs get at the chip
 * @path: of the socket, which is made; one that is in use is not taken away
 * @slow: it takes the time that applet_process() tells
 * @background: return as soon as programs can connect, and go on in another process
 * @link_error: see driver_new()
 * @command: run it with $SE05X_DEVICE, and end with it; NULL: serve until SIGTERM
 */
struct server_config {
	const char *path;
	bool slow;
	bool background;
	const char *link_error;
	char **command;
};

/*
 * A Unix socket in the place of /dev/se05x. Return: the command's exit status, 128 and
 * the signal if one killed it; 0 without command; 1 after a message if it can't be.
 */
int serve_socket(struct applet *applet, const struct server_config *config);

/* The device of se05x-sim.ko. Return: 1, after a message. */
int serve_device(struct applet *applet, const char *path, bool background);

#endif /* SE05X_SERVER_H */
