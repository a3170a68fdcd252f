// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated chip for programs: a Unix socket in the place of /dev/se05x
 *
 * One thread has sockets and clocks and never waits for the chip, which computes in
 * another one: so a deadline passes while an RSA key is made.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "driver.h"
#include "server.h"

#define CONNECTIONS_MAX	1024

enum { LISTEN, SIGNALS, DONE, DELAY, CONNECTIONS };

struct server {
	struct applet *applet;
	struct driver *driver;
	bool slow;
	pid_t child;		/* the command; 0: none */

	/* of the thread that computes, from @go to @done */
	int go;
	uint8_t command[APPLET_COMMAND_MAX];
	size_t command_len;
	uint8_t rsp[APPLET_RESPONSE_MAX];
	size_t rsp_len;
	uint32_t delay_us;

	struct pollfd fds[CONNECTIONS + CONNECTIONS_MAX];
	struct client *clients[CONNECTIONS + CONNECTIONS_MAX];	/* by the same index */
	nfds_t n;
};

/* ---- what the driver asks for ---- */

static void kick(int fd)
{
	if (write(fd, &(uint64_t) { 1 }, sizeof(uint64_t)) < 0)
		abort();
}

static void *compute(void *arg)
{
	struct server *s = arg;
	uint64_t n;

	while (read(s->go, &n, sizeof(n)) == sizeof(n)) {
		applet_process(s->applet, s->command, s->command_len, s->rsp, &s->rsp_len,
			       &s->delay_us);
		OPENSSL_cleanse(s->command, s->command_len);
		kick(s->fds[DONE].fd);
	}
	return NULL;
}

static void exchange(void *ctx, const uint8_t *apdu, size_t len)
{
	struct server *s = ctx;

	memcpy(s->command, apdu, len);
	s->command_len = len;
	kick(s->go);
}

static void reset(void *ctx)
{
	struct server *s = ctx;

	applet_reset(s->applet);
}

static void send_answer(int fd, const struct se05x_socket_head *head,
			const union se05x_socket_arg *arg, const uint8_t *data, size_t len)
{
	struct iovec iov[] = {
		{ (void *)head, sizeof(*head) },
		{ (void *)arg, _IOC_SIZE(head->request) },
		{ (void *)data, len },
	};
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 3 };

	/* who is gone misses nothing */
	if (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		shutdown(fd, SHUT_RDWR);
	close(fd);
}

static void drop(int fd)
{
	close(fd);
}

static bool gone(int fd)
{
	struct pollfd poll_fd = { .fd = fd };

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLHUP | POLLERR);
}

static const struct driver_ops ops = {
	.exchange = exchange, .reset = reset, .answer = send_answer, .drop = drop, .gone = gone,
};

/* ---- connections ---- */

static void connection_open(struct server *s)
{
	int fd = accept4(s->fds[LISTEN].fd, NULL, NULL, SOCK_CLOEXEC);
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	if (fd < 0)
		return;
	if (s->n == CONNECTIONS + CONNECTIONS_MAX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		close(fd);
		return;
	}
	s->clients[s->n] = client_open(s->driver, peer.uid);
	if (!s->clients[s->n]) {
		close(fd);
		return;
	}
	s->fds[s->n++] = (struct pollfd) { .fd = fd, .events = POLLIN };
}

static void connection_close(struct server *s, nfds_t i)
{
	close(s->fds[i].fd);
	client_close(s->clients[i]);
	s->fds[i] = s->fds[--s->n];
	s->clients[i] = s->clients[s->n];
}

/* The socket for the answer; others that came are closed. -1: none came. */
static int take_fd(struct msghdr *msg)
{
	struct cmsghdr *c;
	int fd = -1, fds[8];
	size_t n, i;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
		for (i = 0; i < n; i++) {
			if (fd >= 0)
				close(fd);
			fd = fds[i];
		}
	}
	return fd;
}

/* Is it a whole request? @len: without the head */
static bool is_whole(uint32_t request, const union se05x_socket_arg *arg, size_t len)
{
	size_t size = _IOC_SIZE(request);

	if (size > sizeof(*arg) || len < size)
		return false;
	len -= size;
	if (request != SE05X_IOC_TRANSCEIVE)
		return !len;
	return len == arg->transceive.command_len ||
	       (!len && arg->transceive.command_len > SE05X_SOCKET_COMMAND_MAX);
}

/* Return: false if the connection is over: closed, or what came is no request. */
static bool take_request(struct server *s, nfds_t i)
{
	struct {
		struct se05x_socket_head head;
		uint8_t rest[sizeof(union se05x_socket_arg) + SE05X_SOCKET_COMMAND_MAX];
	} in;
	union {
		char buf[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { &in, sizeof(in) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	union se05x_socket_arg arg = { };
	ssize_t got;
	size_t size;
	int fd;

	in.head.request = 0;
	got = recvmsg(s->fds[i].fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	fd = take_fd(&msg);
	size = _IOC_SIZE(in.head.request);
	if (got >= (ssize_t)sizeof(in.head) && size <= sizeof(arg))
		memcpy(&arg, in.rest, size);
	if (got < (ssize_t)sizeof(in.head) || fd < 0 || msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    !is_whole(in.head.request, &arg, got - sizeof(in.head))) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	client_request(s->clients[i], in.head.request, &arg, in.rest + size,
		       got - sizeof(in.head) - size, fd);
	OPENSSL_cleanse(&in, sizeof(in));
	return true;
}

/* ---- the loop ---- */

/* It computed; it is not through before it took as long as a chip. */
static void computed(struct server *s)
{
	struct itimerspec delay = { };
	uint64_t n;

	/* what it computed is ours from here on */
	if (read(s->fds[DONE].fd, &n, sizeof(n)) < 0)
		return;
	delay.it_value.tv_sec = s->delay_us / 1000000;
	delay.it_value.tv_nsec = s->delay_us % 1000000 * 1000;
	if (s->slow && s->delay_us)
		timerfd_settime(s->fds[DELAY].fd, 0, &delay, NULL);
	else
		driver_done(s->driver, s->rsp, s->rsp_len);
}

static void delayed(struct server *s)
{
	uint64_t n;

	if (read(s->fds[DELAY].fd, &n, sizeof(n)) > 0)
		driver_done(s->driver, s->rsp, s->rsp_len);
}

/* Return: the status to end with, -1: go on. */
static int take_signal(struct server *s)
{
	struct signalfd_siginfo info;
	int status;

	if (read(s->fds[SIGNALS].fd, &info, sizeof(info)) < 0)
		return -1;
	if (info.ssi_signo != SIGCHLD) {
		/* ^C went to the command as well; in any case it is waited for */
		if (s->child && info.ssi_signo != SIGINT)
			kill(s->child, info.ssi_signo);
		return s->child ? -1 : 0;
	}
	if (waitpid(s->child, &status, WNOHANG) != s->child)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int loop(struct server *s)
{
	int status = -1;
	nfds_t i;

	while (status < 0) {
		if (poll(s->fds, s->n, driver_run(s->driver)) < 0)
			continue;
		if (s->fds[DONE].revents)
			computed(s);
		if (s->fds[DELAY].revents)
			delayed(s);
		for (i = s->n; i-- > CONNECTIONS;)
			if (s->fds[i].revents && !take_request(s, i))
				connection_close(s, i);
		if (s->fds[LISTEN].revents)
			connection_open(s);
		if (s->fds[SIGNALS].revents)
			status = take_signal(s);
	}
	return status;
}

/* ---- to begin with ---- */

/* A socket file that nobody listens at any more */
static bool is_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct stat st;
	bool stale;

	stale = fd >= 0 && !lstat(address->sun_path, &st) && S_ISSOCK(st.st_mode) &&
		connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
		errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct sockaddr *at = (const struct sockaddr *)&address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	mode_t mask = umask(0177);
	int ret;

	if (strlen(path) >= sizeof(address.sun_path)) {
		umask(mask);
		close(fd);
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	ret = bind(fd, at, sizeof(address));
	if (ret && errno == EADDRINUSE && is_stale(&address) && !unlink(path))
		ret = bind(fd, at, sizeof(address));
	umask(mask);
	if (ret || listen(fd, 64)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * Last in PATH is the folder of this program, where se05x-tool is as well: so it is
 * found before anything was installed. Return: 0, or -1 without memory.
 */
static int extend_path(void)
{
	const char *path = getenv("PATH") ?: "/usr/bin:/bin";
	char self[4096], *longer;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return 0;
	self[len] = 0;
	if (asprintf(&longer, "%s:%s", path, dirname(self)) < 0)
		return -1;
	return setenv("PATH", longer, 1);
}

static void run_command(const char *path, char **command, const sigset_t *old_mask)
{
	char *device;

	if (asprintf(&device, "unix:%s", path) < 0 || setenv("SE05X_DEVICE", device, 1) ||
	    extend_path())
		_exit(126);
	sigprocmask(SIG_SETMASK, old_mask, NULL);
	execvp(command[0], command);
	fprintf(stderr, "se05x-sim: %s: %s\n", command[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int failed(const char *what)
{
	fprintf(stderr, "se05x-sim: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Return: 0, or -1 with errno. */
static int make_fds(struct server *s, const char *path, const sigset_t *signals)
{
	const int fds[] = {
		[LISTEN] = listen_at(path),
		[SIGNALS] = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK),
		[DONE] = eventfd(0, EFD_CLOEXEC),
		[DELAY] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
	};

	if (fds[LISTEN] < 0)
		return -1;
	for (s->n = 0; s->n < CONNECTIONS; s->n++)
		s->fds[s->n] = (struct pollfd) { .fd = fds[s->n], .events = POLLIN };
	s->go = eventfd(0, EFD_CLOEXEC);
	return 0;
}

int serve_socket(struct applet *applet, const struct server_config *config)
{
	static struct server s;
	const uint8_t *atr;
	size_t atr_len = applet_atr(applet, &atr);
	sigset_t signals, old_mask;
	pthread_t thread;
	int status;

	s.applet = applet;
	s.slow = config->slow;
	s.driver = driver_new(&ops, &s, atr, atr_len, config->link_error);
	if (!s.driver)
		return failed("--link-error");
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (config->command)
		sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, &old_mask);
	if (make_fds(&s, config->path, &signals))
		return failed(config->path);
	if (config->background && daemon(1, 0))
		return failed("--background");
	if (config->command) {
		s.child = fork();
		if (!s.child)
			run_command(config->path, config->command, &old_mask);
	}
	if (s.child < 0 || pthread_create(&thread, NULL, compute, &s))
		status = failed("can't begin");
	else
		status = loop(&s);
	unlink(config->path);
	return status;
}
