// SPDX-License-Identifier: LGPL-2.1-or-later
/* The requests of /dev/se05x by a socket: see socket.h */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "socket.h"
#include "transport.h"

/* Only root's word and our own is taken: who serves the socket sees keys and PINs. */
static int check_peer(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return -errno;
	return !peer.uid || peer.uid == geteuid() ? 0 : -EACCES;
}

int se05x_socket_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		ret = -errno;
	else
		ret = check_peer(fd);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* @reply: to which socket the answer is to go */
static int send_request(int fd, int reply, const struct iovec *iov)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = { 0 } };
	struct msghdr msg = {
		.msg_iov = (struct iovec *)iov, .msg_iovlen = 3,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	ssize_t sent;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &reply, sizeof(int));
	do
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EFAULT ? -EFAULT : -ENODEV;
	return 0;
}

/* Return: 0 or a negative errno; -ENODEV: whoever was there is gone, or can't be heard. */
static int receive_answer(int fd, const struct iovec *iov)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = 3 };
	const struct se05x_socket_head *head = iov[0].iov_base;
	ssize_t got;

	do
		got = recvmsg(fd, &msg, 0);
	while (got < 0 && errno == EINTR);
	if (got < (ssize_t)(iov[0].iov_len + iov[1].iov_len))
		return -ENODEV;
	return -head->error;
}

/* It was sent, and there was no answer. */
static int lost(uint32_t request, void *arg)
{
	switch (request) {
	case SE05X_IOC_TRANSCEIVE:
		((struct se05x_transceive *)arg)->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		return -ECONNRESET;
	case SE05X_IOC_SELECT:
		((struct se05x_select *)arg)->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		return -ECONNRESET;
	default:
		return -ENODEV;
	}
}

/*
 * Find a bad pointer before anything is sent, as the driver does: a byte of each page is
 * read and written back. Where a sandbox forbids that nothing is found.
 */
static int probe_response(char *response, size_t len)
{
	char bytes[3];
	struct iovec ours = { bytes, sizeof(bytes) }, theirs[3];
	ssize_t n;

	if (!len)
		return 0;
	/* so short that it is in three pages at most: then the second is in the middle */
	if (len > SE05X_SOCKET_RESPONSE_MAX)
		len = SE05X_SOCKET_RESPONSE_MAX;
	theirs[0] = (struct iovec) { response, 1 };
	theirs[1] = (struct iovec) { response + len / 2, 1 };
	theirs[2] = (struct iovec) { response + len - 1, 1 };
	n = process_vm_readv(getpid(), &ours, 1, theirs, 3, 0);
	if (n == sizeof(bytes))
		n = process_vm_writev(getpid(), &ours, 1, theirs, 3, 0);
	return n == sizeof(bytes) || (n < 0 && errno != EFAULT) ? 0 : -EFAULT;
}

int se05x_socket_call(int fd, uint32_t request, void *arg)
{
	const struct se05x_transceive *t = arg;
	const struct se05x_select *s = arg;
	struct se05x_socket_head head = { .request = request };
	struct iovec iov[3] = { { &head, sizeof(head) }, { arg, _IOC_SIZE(request) } };
	struct iovec answer[3];
	int pair[2], ret;

	memcpy(answer, iov, sizeof(answer));
	if (request == SE05X_IOC_TRANSCEIVE) {
		if (t->command_len <= SE05X_SOCKET_COMMAND_MAX)
			iov[2] = (struct iovec) { (void *)(uintptr_t)t->command, t->command_len };
		answer[2] = (struct iovec) { (void *)(uintptr_t)t->response, t->response_size };
	} else if (request == SE05X_IOC_SELECT && s->response_size) {
		answer[2] = (struct iovec) { (void *)(uintptr_t)s->response, s->response_size };
	}
	ret = probe_response(answer[2].iov_base, answer[2].iov_len);
	if (ret)
		return ret;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	ret = send_request(fd, pair[1], iov);
	close(pair[1]);
	if (!ret) {
		ret = receive_answer(pair[0], answer);
		if (ret == -ENODEV)
			ret = lost(request, arg);
	}
	close(pair[0]);
	return ret;
}
