// SPDX-License-Identifier: GPL-2.0-only
#include "keys_run.h"

struct se05x_call call;

char folder[] = "/tmp/keys-test-XXXXXX";
char device[120], path[100], file[100], other[120];
static char argument[120];
static pid_t server;

void start(const char *keep)
{
	const char *sim = getenv("SE05X_SIM");
	struct se05x *se;

	server = fork();
	if (!server) {
		execl(sim, sim, "--quiet", "--chip=SE051", argument, keep, NULL);
		_exit(127);
	}
	while (se05x_open(device, &se)) {
		assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
		usleep(1000);	/* it is not there yet: the loop ends when it is, or is dead */
	}
	se05x_close(se);
}

void stop(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(path);
}

int setup(void **state)
{
	struct keys_chip *chip;

	call = (struct se05x_call) { 0 };
	start(file);
	chip = keys_chip_new(device);
	*state = chip;
	return !chip;
}

int teardown(void **state)
{
	keys_chip_free(*state);
	stop();
	unlink(file + strlen("--state="));
	unlink(other + strlen("--state="));
	return 0;
}

bool exists(struct keys_chip *chip, uint32_t id)
{
	bool yes = false;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_exists, id, &yes));
	return yes;
}

int never(struct se05x_iot *session, void *arg, struct se05x_call *c)
{
	(void)session;
	(void)arg;
	(void)c;
	fail();
	return 0;
}

int test_main(const char *name, const struct CMUnitTest *tests, size_t n)
{
	int ret;

	if (!getenv("SE05X_SIM") || !mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(device, sizeof(device), "unix:%s", path);
	snprintf(argument, sizeof(argument), "--socket=%s", path);
	snprintf(file, sizeof(file), "--state=%s/state", folder);
	snprintf(other, sizeof(other), "--state=%s/other", folder);
	ret = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	rmdir(folder);
	return ret;
}
