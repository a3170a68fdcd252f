// SPDX-License-Identifier: GPL-2.0-only
/* The simulated chip for se05x-sim.ko: C-APDUs of its bus, by its device */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../tests/sim/sim_abi.h"
#include "server.h"

union message {
	struct sim_msg msg;
	uint8_t bytes[sizeof(struct sim_msg) + SIM_PAYLOAD_MAX];
};

static int answer(struct applet *applet, int fd, const struct sim_msg *in)
{
	union message out = { .msg = { .type = SIM_MSG_ANSWER, .id = in->id } };
	size_t len;

	applet_process(applet, in->payload, in->len, out.msg.payload, &len,
		       &out.msg.delay_us);
	/* the bus has no way to say that the chip lost its power */
	if (!len) {
		memcpy(out.msg.payload, "\x6F", 2);
		len = 2;
	}
	out.msg.len = len;
	return write(fd, &out, sizeof(out.msg) + len) < 0 ? -1 : 0;
}

static int serve(struct applet *applet, int fd)
{
	union message in;

	for (;;) {
		ssize_t got = read(fd, &in, sizeof(in));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < (ssize_t)sizeof(in.msg))
			return -1;
		if (in.msg.type == SIM_MSG_RESET)
			applet_reset(applet);
		else if (in.msg.type == SIM_MSG_SLEEP)
			applet_sleep(applet);
		else if (answer(applet, fd, &in.msg))
			return -1;
	}
}

int serve_device(struct applet *applet, const char *path, bool background)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || (background && daemon(1, 1)) || serve(applet, fd))
		fprintf(stderr, "se05x-sim: %s: %s\n", path, strerror(errno));
	applet_free(applet);
	return 1;
}
