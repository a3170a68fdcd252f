/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's driver does for programs, for those that talk to a simulated chip by
 * a socket: requests in turns, an applet for each client, generation, lock, reset
 */
#ifndef SE05X_DRIVER_H
#define SE05X_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../lib/core/socket.h"
#include "applet.h"

struct driver;
struct client;

/**
 * struct driver_ops - what the driver asks for; none of it waits
 * @exchange: have the chip run a C-APDU of @len bytes; driver_done() when it did
 * @reset: the chip is to be reset; never during an exchange
 * @answer: answer a request by the socket @fd, and close it
 * @drop: the request whose answer would go to @fd is gone; close it
 * @gone: does nobody wait for an answer by @fd any more?
 */
struct driver_ops {
	void (*exchange)(void *ctx, const uint8_t *apdu, size_t len);
	void (*reset)(void *ctx);
	void (*answer)(int fd, const struct se05x_socket_head *head,
		       const union se05x_socket_arg *arg, const uint8_t *data, size_t len);
	void (*drop)(int fd);
	bool (*gone)(int fd);
};

/*
 * @link_error: "104": each TRANSCEIVE fails with that errno and may have run; "104@7":
 * only the seventh, and it is not run. NULL: none. Return: NULL with errno.
 */
struct driver *driver_new(const struct driver_ops *ops, void *ctx, const uint8_t *atr,
			  size_t atr_len, const char *link_error);

/* With all its clients */
void driver_free(struct driver *driver);

/* An open file, and its last close */
struct client *client_open(struct driver *driver, uid_t uid);
void client_close(struct client *client);

/*
 * A request whose answer goes to @fd. @arg: its struct; @command: the C-APDU, if there
 * is to be one. They are copied.
 */
void client_request(struct client *client, uint32_t request,
		    const union se05x_socket_arg *arg, const uint8_t *command, size_t len,
		    int fd);

/* The exchange is over. */
void driver_done(struct driver *driver, const uint8_t *rsp, size_t len);

/*
 * Have everything happen that is due: deadlines, the next exchange. To be called after
 * all of the above. Return: ms until it has to be called again, -1: no need.
 */
int driver_run(struct driver *driver);

/* Return: 0 or the errno with which a request is refused before it is queued. */
int request_check(uint32_t number, const union se05x_socket_arg *arg, const uint8_t *command,
		  bool admin);

#endif /* SE05X_DRIVER_H */
