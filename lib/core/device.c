// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ioctls of /dev/se05x as C functions */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../common.h"
#include "se05x.h"
#include "transport.h"

struct se05x {
	int fd;
	bool is_socket;
	char path[];
};

static int call_kernel(const struct se05x *se, unsigned long cmd, void *arg)
{
	if (se->is_socket)
		return se05x_socket_call(se->fd, cmd, arg);
	return ioctl(se->fd, cmd, arg) < 0 ? -errno : 0;
}

/* A device, or unix: and the path of a simulated chip's socket */
static int open_chip(struct se05x *se, const char *path)
{
	static const char prefix[] = "unix:";

	se->is_socket = !strncmp(path, prefix, strlen(prefix));
	if (se->is_socket)
		se->fd = se05x_socket_open(path + strlen(prefix));
	else
		se->fd = open(path, O_RDWR | O_CLOEXEC);
	if (se->fd >= 0)
		return 0;
	return se->is_socket ? se->fd : -errno;
}

/* A device of another kind must not get APDUs as ioctls. */
static int open_checked(struct se05x *se, const char *path)
{
	struct se05x_info info;
	int ret = open_chip(se, path);

	if (ret)
		return ret == -ENOENT || ret == -ENXIO ? -ENODEV : ret;
	ret = se05x_get_info(se, &info);
	if (ret)
		close(se->fd);
	return ret;
}

EXPORT int se05x_open(const char *path, struct se05x **se)
{
	struct se05x *opened;
	int ret;

	if (!path)
		path = secure_getenv("SE05X_DEVICE");
	if (!path || !*path)
		path = "/dev/se05x";
	opened = malloc(sizeof(*opened) + strlen(path) + 1);
	if (!opened)
		return -ENOMEM;
	strcpy(opened->path, path);
	ret = open_checked(opened, path);
	if (ret)
		free(opened);
	else
		*se = opened;
	return ret;
}

EXPORT int se05x_reopen(struct se05x *se)
{
	struct se05x fresh;
	int ret = open_checked(&fresh, se->path);

	if (ret)
		return ret;
	/* the number stays: threads that are about to use it use the new file */
	if (dup3(fresh.fd, se->fd, O_CLOEXEC) < 0)
		ret = -errno;
	close(fresh.fd);
	return ret;
}

EXPORT void se05x_close(struct se05x *se)
{
	if (!se)
		return;
	close(se->fd);
	free(se);
}

EXPORT int se05x_fd(const struct se05x *se)
{
	return se->fd;
}

EXPORT int se05x_get_info(struct se05x *se, struct se05x_info *info)
{
	memset(info, 0, sizeof(*info));
	return call_kernel(se, SE05X_IOC_INFO, info);
}

/* What a later library may give a meaning is not silently passed over. */
static bool unknown(const struct se05x_call *call)
{
	return call && (call->padding || call->reserved_in[0] || call->reserved_in[1]);
}

/* What an ioctl told into the caller's struct; kernels say no less on failure. */
static void tell(struct se05x_call *call, uint32_t outcome, uint32_t reason,
		 uint64_t generation, uint16_t sw)
{
	if (!call)
		return;
	call->outcome = outcome;
	call->reason = reason;
	call->protection = SE05X_PROTECTION_NONE;
	call->generation = generation;
	call->sw = sw;
	memset(call->reserved_out, 0, sizeof(call->reserved_out));
}

EXPORT int se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call)
{
	struct se05x_transceive t = {
		.flags = call ? call->flags : 0,
		.command = (uintptr_t)command,
		.command_len = command_len > UINT32_MAX ? UINT32_MAX : command_len,
		.response = (uintptr_t)response,
		.response_size = *response_len > UINT32_MAX ? UINT32_MAX : *response_len,
		.deadline_ms = call ? call->deadline_ms : 0,
		.demanded = call ? call->demanded : 0,
	};
	int ret = unknown(call) ? -EINVAL : call_kernel(se, SE05X_IOC_TRANSCEIVE, &t);

	tell(call, t.outcome, t.reason, t.generation, t.sw);
	if (call)
		call->protection = t.protection;
	*response_len = t.response_len;
	return ret;
}

EXPORT int se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *call)
{
	struct se05x_select s = {
		.flags = flags,
		.aid_len = aid_len,
		.response = (uintptr_t)response,
		.response_size = response && response_len ? *response_len : 0,
		.deadline_ms = call ? call->deadline_ms : 0,
	};
	int ret;

	if (aid_len > sizeof(s.aid) || unknown(call))
		return -EINVAL;
	if (aid_len)
		memcpy(s.aid, aid, aid_len);
	ret = call_kernel(se, SE05X_IOC_SELECT, &s);
	tell(call, s.outcome, s.reason, s.generation, s.sw);
	if (response_len)
		*response_len = s.response_len;
	return ret;
}

EXPORT int se05x_lock(struct se05x *se, struct se05x_call *call)
{
	struct se05x_lock l = { .deadline_ms = call ? call->deadline_ms : 0 };
	int ret = unknown(call) ? -EINVAL : call_kernel(se, SE05X_IOC_LOCK, &l);

	tell(call, l.outcome, l.reason, l.generation, 0);
	return ret;
}

EXPORT int se05x_unlock(struct se05x *se)
{
	struct se05x_unlock u = { 0 };

	return call_kernel(se, SE05X_IOC_UNLOCK, &u);
}

EXPORT int se05x_reset(struct se05x *se, uint32_t kind, uint32_t flags,
		       struct se05x_call *call)
{
	struct se05x_reset r = {
		.flags = flags,
		.kind = kind,
		.deadline_ms = call ? call->deadline_ms : 0,
	};
	int ret = unknown(call) ? -EINVAL : call_kernel(se, SE05X_IOC_RESET, &r);

	tell(call, r.outcome, SE05X_REASON_NONE, r.generation, 0);
	return ret;
}
