// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/sim/applet.h"
#include "chip.h"

struct se05x {
	struct applet *applet;
	const char *const *pairs;
	uint8_t version[9];
	unsigned int commands;
	uint32_t deadline_ms;
	uint64_t generation;
	int fail_at, error;
	uint32_t outcome;
	size_t (*hostile)(void *ctx, uint8_t *rsp, size_t len, size_t max);
	void *ctx;
};

static size_t unhex(const char *text, uint8_t *out, size_t max, bool *open_end)
{
	size_t n = 0;

	*open_end = false;
	for (; *text; text++) {
		unsigned int byte;

		if (isspace((unsigned char)*text))
			continue;
		if (*text == '.') {
			*open_end = true;
			break;
		}
		assert_true(n < max && sscanf(text, "%2x", &byte) == 1);
		out[n++] = byte;
		text++;
	}
	return n;
}

static struct se05x *new_chip(void)
{
	struct se05x *se = calloc(1, sizeof(*se));

	assert_non_null(se);
	se->fail_at = -1;
	se->generation = 1;
	return se;
}

struct se05x *chip_config(const struct applet_config *config)
{
	struct se05x *se = new_chip();

	se->applet = applet_new(config);
	assert_non_null(se->applet);
	return se;
}

struct se05x *chip_applet(const char *model)
{
	return chip_config(&(struct applet_config) { .model = model });
}

struct se05x *chip_script(const char *version, const char *const *pairs)
{
	struct se05x *se = new_chip();
	bool open_end;

	se->pairs = pairs;
	assert_int_equal(unhex(version, se->version, 7, &open_end), 7);
	memcpy(se->version + 7, "\x90\x00", 2);
	return se;
}

void chip_done(struct se05x *se)
{
	if (se->pairs && se->pairs[0])
		fail_msg("never sent: %s", se->pairs[0]);
	se05x_close(se);
}

int se05x_reopen(struct se05x *se)
{
	(void)se;
	return 0;
}

void se05x_close(struct se05x *se)
{
	if (se)
		applet_free(se->applet);
	free(se);
}

void chip_fail(struct se05x *se, unsigned int n, int error, uint32_t outcome)
{
	se->fail_at = n;
	se->error = error;
	se->outcome = outcome;
}

void chip_hostile(struct se05x *se, size_t (*hostile)(void *ctx, uint8_t *rsp, size_t len,
						      size_t max), void *ctx)
{
	se->hostile = hostile;
	se->ctx = ctx;
}

unsigned int chip_commands(const struct se05x *se)
{
	return se->commands;
}

uint32_t chip_deadline(const struct se05x *se)
{
	return se->deadline_ms;
}

void chip_generation(struct se05x *se, uint64_t generation)
{
	se->generation = generation;
}

static size_t play(struct se05x *se, const uint8_t *apdu, size_t len, uint8_t *rsp)
{
	static uint8_t want[5000];
	bool open_end, unused;
	size_t n;

	if (!se->pairs[0])
		fail_msg("one command too many: %02X%02X%02X%02X", apdu[0], apdu[1], apdu[2],
			 apdu[3]);
	n = unhex(se->pairs[0], want, sizeof(want), &open_end);
	if (open_end ? len < n : len != n)
		print_error("length %zu, wanted %zu: %s\n", len, n, se->pairs[0]);
	if ((open_end ? len < n : len != n) || memcmp(apdu, want, n)) {
		for (size_t i = 0; i < len; i++)
			print_error("%02X", apdu[i]);
		print_error("\n");
		fail_msg("wanted %s", se->pairs[0]);
	}
	n = unhex(se->pairs[1], rsp, APPLET_RESPONSE_MAX, &unused);
	se->pairs += 2;
	return n;
}

/*
 * As in the kernel: one after the other. Not so with a script, which is for one thread: what
 * is not in it fails the test by a jump, and would leave the lock behind.
 */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static int run(struct se05x *se, const uint8_t *apdu, size_t len, void *response,
	       size_t *response_len, struct se05x_call *call)
{
	uint8_t rsp[APPLET_RESPONSE_MAX];
	uint32_t delay_us;
	size_t n;

	/* exactly as long, so that ASan sees a byte too many */
	uint8_t *copy = malloc(len);

	memcpy(copy, apdu, len);
	if (se->applet)
		applet_process(se->applet, copy, len, rsp, &n, &delay_us);
	else
		n = play(se, copy, len, rsp);
	free(copy);
	if (se->hostile)
		n = se->hostile(se->ctx, rsp, n, sizeof(rsp));
	call->outcome = SE05X_OUTCOME_RAN;
	call->sw = n >= 2 ? rsp[n - 2] << 8 | rsp[n - 1] : 0;
	memcpy(response, rsp, n < *response_len ? n : *response_len);
	call->generation = se->generation;
	if (n > *response_len) {
		*response_len = n;
		return -EMSGSIZE;
	}
	*response_len = n;
	return 0;
}

static int transceive(struct se05x *se, const void *command, size_t command_len, void *response,
		      size_t *response_len, struct se05x_call *call)
{
	se->commands++;
	se->deadline_ms = call->deadline_ms;
	if (call->demanded && call->demanded != se->generation) {
		call->outcome = SE05X_OUTCOME_NOT_SENT;
		call->reason = SE05X_REASON_GENERATION;
		return -ESTALE;
	}
	if (se->fail_at-- == 0) {
		call->outcome = se->outcome;
		*response_len = 0;
		return se->error;
	}
	return run(se, command, command_len, response, response_len, call);
}

int se05x_transceive(struct se05x *se, const void *command, size_t command_len, void *response,
		     size_t *response_len, struct se05x_call *call)
{
	struct se05x_call unused = { 0 };
	int ret;

	call = call ? call : &unused;
	if (!se->applet)
		return transceive(se, command, command_len, response, response_len, call);
	pthread_mutex_lock(&turn);
	ret = transceive(se, command, command_len, response, response_len, call);
	pthread_mutex_unlock(&turn);
	return ret;
}

int se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
		 void *response, size_t *response_len, struct se05x_call *call)
{
	uint8_t apdu[22] = { 0x00, 0xA4, 0x04, 0x00, aid_len };
	struct se05x_call unused = { 0 };

	(void)flags;
	call = call ? call : &unused;
	if (!se->applet) {
		memcpy(response, se->version, sizeof(se->version));
		*response_len = sizeof(se->version);
		call->sw = 0x9000;
		call->outcome = SE05X_OUTCOME_RAN;
		return 0;
	}
	memcpy(apdu + 5, aid, aid_len);
	return run(se, apdu, 5 + aid_len + 1, response, response_len, call);
}
