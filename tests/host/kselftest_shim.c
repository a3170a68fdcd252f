// SPDX-License-Identifier: GPL-2.0-only
/*
 * LD_PRELOAD for kselftests: to open the socket file in $SE05X_DEVICE is to connect to
 * it, and an ioctl on a connection goes by it
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../lib/core/transport.h"

#define EXPORT	__attribute__((visibility("default")))

static int result(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

EXPORT int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	const char *device = getenv("SE05X_DEVICE");
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, int) : 0;
	va_end(ap);
	if (device && !strcmp(path, device))
		return result(se05x_socket_open(path));
	return real(path, flags, mode);
}

EXPORT int ioctl(int fd, unsigned long cmd, ...)
{
	int (*real)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	struct sockaddr address;
	socklen_t len = sizeof(address);
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!getsockname(fd, &address, &len) && address.sa_family == AF_UNIX)
		return result(se05x_socket_call(fd, cmd, arg));
	return real(fd, cmd, arg);
}
