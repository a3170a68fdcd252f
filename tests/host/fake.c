// SPDX-License-Identifier: GPL-2.0-only
/*
 * A chip for programs on a host without one, by LD_PRELOAD: opening the path in
 * $SE05X_FAKE gives the simulator's applets behind the driver's ioctls. What the
 * driver does with queue, lock and generations is the business of kselftest.
 *
 * $SE05X_FAKE_APPLET, _STATE, _WEAR, _RATE, _ERRORS, _AID: see struct applet_config.
 * $SE05X_FAKE_ERROR: every TRANSCEIVE fails with that errno, outcome 1; 104@7: only
 * the seventh, and is not run.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/se05x.h>

#include "../../tools/sim/applet.h"

static int fake_fd = -1;
static struct applet *applet;

static const unsigned char atr[] = {
	0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
	0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00,
	0x0A, 0x4A, 0x43, 0x4F, 0x50, 0x34, 0x20, 0x41, 0x54, 0x50, 0x4F,
};

/* nothing else of this library is to be seen by the program */
#define EXPORT	__attribute__((visibility("default")))

EXPORT int open(const char *path, int flags, ...)
{
	static int (*real)(const char *path, int flags, ...);
	const char *fake = getenv("SE05X_FAKE");
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, int) : 0;
	va_end(ap);
	if (!real)
		real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	if (!fake || strcmp(path, fake))
		return real(path, flags, mode);
	if (!applet) {
		const char *rate = getenv("SE05X_FAKE_RATE");
		struct applet_config config = {
			.model = getenv("SE05X_FAKE_APPLET"),
			.state = getenv("SE05X_FAKE_STATE"),
			.wear_log = getenv("SE05X_FAKE_WEAR"),
			.rate = rate ? atoi(rate) : 0,
			.errors = getenv("SE05X_FAKE_ERRORS"),
			.aid = getenv("SE05X_FAKE_AID"),
		};

		applet = applet_new(&config);
		if (!applet)
			return -1;
	}
	fake_fd = real("/dev/null", O_RDWR | O_CLOEXEC);
	return fake_fd;
}

/* 0 or the errno, as all below */
static int run(const void *command, size_t len, __u64 response, __u32 size, __u32 *out_len,
	       __u32 *sw)
{
	uint8_t rsp[APPLET_RESPONSE_MAX];
	uint32_t delay_us;
	size_t n;

	applet_process(applet, command, len, rsp, &n, &delay_us);
	*out_len = n;
	*sw = rsp[n - 2] << 8 | rsp[n - 1];
	memcpy((void *)(uintptr_t)response, rsp, n < size ? n : size);
	return n > size ? EMSGSIZE : 0;
}

static int fake_info(struct se05x_info *i)
{
	*i = (struct se05x_info) {
		.state = SE05X_STATE_ONLINE,
		.generation = 1,
		.features = SE05X_FEATURE_SIMULATED,
		.flavour = SE05X_FLAVOUR_UM11225,
		.max_command = 4096,
		.max_response = 4098,
		.bwt_ms = 1000,
		.ifsc = 254,
		.mcf_khz = 1000,
		.config = 8,
		.mpot_ms = 1,
		.segt_us = 100,
		.atr_len = sizeof(atr),
	};
	memcpy(i->atr, atr, sizeof(atr));
	memcpy(i->vendor, atr + 1, 5);
	return 0;
}

static int fake_transceive(struct se05x_transceive *t)
{
	const char *error = getenv("SE05X_FAKE_ERROR");
	const char *at = error ? strchr(error, '@') : NULL;
	static int count;

	t->response_len = t->sw = t->reason = t->protection = 0;
	t->generation = 1;
	t->outcome = SE05X_OUTCOME_NOT_SENT;
	if (t->flags & SE05X_TRANSCEIVE_PROTECTED)
		return ENOKEY;
	if (error && (!at || atoi(at + 1) == ++count)) {
		t->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		return atoi(error);
	}
	t->outcome = SE05X_OUTCOME_RAN;
	return run((void *)(uintptr_t)t->command, t->command_len, t->response,
		   t->response_size, &t->response_len, &t->sw);
}

static int fake_select(struct se05x_select *s)
{
	uint8_t apdu[22] = { 0x00, 0xA4, 0x04, 0x00, s->aid_len };
	int error;

	memcpy(apdu + 5, s->aid, s->aid_len);
	s->reason = SE05X_REASON_NONE;
	s->generation = 1;
	s->outcome = SE05X_OUTCOME_RAN;
	error = run(apdu, 5 + s->aid_len + !!s->aid_len, s->response, s->response_size,
		    &s->response_len, &s->sw);
	return s->response_size ? error : 0;
}

static int fake_lock(struct se05x_lock *l)
{
	l->outcome = SE05X_OUTCOME_RAN;
	l->reason = SE05X_REASON_NONE;
	l->generation = 1;
	return 0;
}

static int fake_unlock(struct se05x_unlock *u)
{
	u->reason = SE05X_REASON_NONE;
	u->generation = 1;
	return 0;
}

static int fake_reset(struct se05x_reset *r)
{
	applet_reset(applet);
	r->outcome = SE05X_OUTCOME_RAN;
	r->generation = 1;
	return 0;
}

static int fake_ioctl(unsigned long cmd, void *arg)
{
	switch (cmd) {
	case SE05X_IOC_INFO:
		return fake_info(arg);
	case SE05X_IOC_TRANSCEIVE:
		return fake_transceive(arg);
	case SE05X_IOC_SELECT:
		return fake_select(arg);
	case SE05X_IOC_LOCK:
		return fake_lock(arg);
	case SE05X_IOC_UNLOCK:
		return fake_unlock(arg);
	case SE05X_IOC_RESET:
		return fake_reset(arg);
	default:
		return ENOTTY;
	}
}

EXPORT int ioctl(int fd, unsigned long cmd, ...)
{
	static int (*real)(int fd, unsigned long cmd, ...);
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!real)
		real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	if (fd != fake_fd)
		return real(fd, cmd, arg);
	errno = fake_ioctl(cmd, arg);
	return errno ? -1 : 0;
}
