// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <se05x.h>

#include "sim_run.h"

char sim_device[80];
const char *sim_chip = "--chip=SE050E";
static char folder[] = "/tmp/se05x_test.XXXXXX", argument[80];
static pid_t server;

int sim_begin(void)
{
	if (!getenv("SE05X_SIM") || !mkdtemp(folder))
		return -1;
	snprintf(sim_device, sizeof(sim_device), "unix:%s/socket", folder);
	snprintf(argument, sizeof(argument), "--socket=%s/socket", folder);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return 0;
}

int sim_end(int ret)
{
	rmdir(folder);
	return ret;
}

void sim_start(const char *option)
{
	const char *sim = getenv("SE05X_SIM");
	struct se05x *se;

	server = fork();
	if (!server) {
		execl(sim, sim, "--quiet", argument, sim_chip, option, NULL);
		_exit(127);
	}
	while (se05x_open(sim_device, &se)) {
		assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
		usleep(1000);	/* it is not there yet: the loop ends when it is, or is dead */
	}
	se05x_close(se);
}

void sim_stop(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(sim_device + 5);
}
