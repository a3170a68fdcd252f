/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How requests get to the chip where it is no device but a socket */
#ifndef SE05X_TRANSPORT_H
#define SE05X_TRANSPORT_H

#include <stdint.h>

/*
 * Connect to the server at @path. Return: the descriptor or a negative errno; -EACCES:
 * it is somebody else's.
 */
int se05x_socket_open(const char *path);

/* As ioctl(2) with the driver. Return: 0 or a negative errno. */
int se05x_socket_call(int fd, uint32_t request, void *arg);

#endif /* SE05X_TRANSPORT_H */
