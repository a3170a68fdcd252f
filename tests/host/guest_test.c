// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/guest, the client behind se05x-i2cd and the PC/SC reader: what it does in its user's
 * name and what it must leave alone. The chip is se05x-sim by its socket, $SE05X_SIM.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/guest/guest.h"
#include "scp_aes.h"
#include "sim_run.h"

#define SELECT_IOT	"00A4040010A000000396545300000001030000000000"
#define GET_VERSION	"8004002000"
#define INIT_UPDATE	"8050000008010203040506070800"
#define USER_1		"01010120"
#define USER_2		"01010121"
#define CREATE(user)	"8004001B064104" user "00"

static struct guest guest, other;
static uint8_t rapdu[GUEST_RESPONSE_MAX];
static size_t rapdu_len;

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; *hex; hex += 2)
		assert_int_equal(sscanf(hex, "%2hhx", &out[n++]), 1);
	return n;
}

/* Return: SW */
static unsigned int run(struct guest *who, const char *hex)
{
	uint8_t capdu[300];

	rapdu_len = guest_run(who, capdu, unhex(hex, capdu), rapdu);
	assert_in_range(rapdu_len, 2, sizeof(rapdu));
	return rapdu[rapdu_len - 2] << 8 | rapdu[rapdu_len - 1];
}

/* CreateSession's answer, as a CloseSession of that session */
static void closing(char hex[60])
{
	int n = sprintf(hex, "80050000101008");
	size_t i;

	for (i = rapdu_len - 10; i < rapdu_len - 2; i++)
		n += sprintf(hex + n, "%02X", rapdu[i]);
	sprintf(hex + n, "41048004001C");
}

/* ---- a secure channel of its own ---- */

static struct se05x_scp scp;
static struct scp_aes keys[3];

static void open_channel(struct guest *who)
{
	uint8_t command[SE05X_SCP_AUTHENTICATE];
	const uint8_t host[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };	/* of INIT_UPDATE */
	struct scp_aes enc, mac;
	struct se05x_scp_keys session;
	uint8_t answer[GUEST_RESPONSE_MAX];

	assert_int_equal(run(who, "80500B0008010203040506070800"), 0x9000);
	memcpy(answer, rapdu, rapdu_len);
	scp_aes_set(&enc, (const uint8_t *)"se05x-sim, S-ENC", 16);
	scp_aes_set(&mac, (const uint8_t *)"se05x-sim, S-MAC", 16);
	assert_int_equal(se05x_scp_derive(&scp_aes, &enc, &mac, 16, host, answer, rapdu_len,
					  &session), 0);
	scp_aes_clear(&enc);
	scp_aes_clear(&mac);
	scp_aes_set(&keys[0], session.enc, 16);
	scp_aes_set(&keys[1], session.mac, 16);
	scp_aes_set(&keys[2], session.rmac, 16);
	scp = (struct se05x_scp) { .cipher = &scp_aes, .enc = &keys[0], .mac = &keys[1],
				   .rmac = &keys[2], .count_all = true };
	assert_int_equal(se05x_scp_begin(&scp, host, answer), 0);
	se05x_scp_authenticate(&scp, command);
	rapdu_len = guest_run(who, command, sizeof(command), rapdu);
	assert_int_equal(se05x_scp_authenticated(&scp, rapdu, rapdu_len), 0);
}

static void close_channel(void)
{
	se05x_scp_close(&scp);
	for (int i = 0; i < 3; i++)
		scp_aes_clear(&keys[i]);
}

/* As run(), in the channel */
static unsigned int run_wrapped(struct guest *who, const char *hex)
{
	uint8_t capdu[100], wrapped[200];
	bool verified;
	int len;

	len = se05x_scp_wrap(&scp, capdu, unhex(hex, capdu), wrapped, sizeof(wrapped));
	assert_true(len > 0);
	len = se05x_scp_unwrap(&scp, rapdu, guest_run(who, wrapped, len, rapdu), &verified);
	assert_true(len >= 2);
	rapdu_len = len;
	return rapdu[len - 2] << 8 | rapdu[len - 1];
}

/* ---- the tests ---- */

static int setup(void **state)
{
	struct se05x_info info;

	(void)state;
	sim_start("--scp-key-file=" KEYS);
	if (guest_open(&guest, sim_device, &info) || guest_open(&other, sim_device, &info))
		return -1;
	/* two UserIDs, of which each has one session at a time */
	if (run(&other, SELECT_IOT) != 0x9000 ||
	    run(&other, "804107000E4104" USER_1 "420670617373776F") != 0x9000 ||
	    run(&other, "804107000E4104" USER_2 "420670617373776F") != 0x9000)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	guest_forget(&guest);
	guest_forget(&other);
	sim_stop();
	return 0;
}

/* Of two sessions one is closed by the guest itself, and another one opened */
static void test_sessions(void **state)
{
	char close[60];

	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	assert_int_equal(run(&guest, CREATE(USER_1)), 0x9000);
	assert_int_equal(run(&guest, CREATE(USER_2)), 0x9000);
	closing(close);
	assert_int_equal(run(&guest, close), 0x9000);
	assert_int_equal(run(&guest, CREATE(USER_2)), 0x9000);
	guest_forget(&guest);
	assert_int_equal(run(&other, CREATE(USER_1)), 0x9000);
	assert_int_equal(run(&other, CREATE(USER_2)), 0x9000);
}

/*
 * A session that was opened within a channel can't be seen, and needs not: with the channel
 * a SELECT ends all sessions
 */
static void test_wrapped_session(void **state)
{
	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	open_channel(&guest);
	assert_int_equal(run_wrapped(&guest, CREATE(USER_1)), 0x9000);
	assert_int_equal(guest.n_ids, 0);
	assert_int_equal(run_wrapped(&guest, CREATE(USER_1)), 0x6985);	/* one at a time */
	guest_forget(&guest);
	assert_int_equal(run(&other, CREATE(USER_1)), 0x9000);
	guest_forget(&other);
	/* and so it is if it has lost the channel to another one before */
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	close_channel();
	open_channel(&guest);
	assert_int_equal(run_wrapped(&guest, CREATE(USER_1)), 0x9000);
	guest_unlock(&guest);
	assert_int_equal(run(&other, SELECT_IOT), 0x9000);
	assert_int_equal(run(&other, CREATE(USER_1)), 0x9000);
	close_channel();
}

/* Sessions that another one's SELECT has ended are left alone, and so is he */
static void test_dead_sessions(void **state)
{
	struct se05x_info before, after;

	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	assert_int_equal(run(&guest, CREATE(USER_1)), 0x9000);
	assert_int_equal(run(&other, "00A4040000"), 0x9000);
	assert_int_equal(se05x_get_info(other.se, &before), 0);
	guest_forget(&guest);
	assert_int_equal(se05x_get_info(other.se, &after), 0);
	assert_int_equal(before.generation, after.generation);
}

/* SELECT with Lc in its long form is the same to a chip that comes back, too */
static void test_long_select(void **state)
{
	(void)state;
	assert_int_equal(run(&guest, "00A4040000"), 0x9000);
	assert_int_equal(run(&guest, "00A40400000010A0000003965453000000010300000000"), 0x9000);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
	sim_stop();
	sim_start(NULL);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
	assert_int_equal(run(&guest, "00A4040C000010A00000039654530000000103000000000000"), 0x9000);
	assert_int_equal(rapdu_len, 2);
}

/* SELECT without an answer of what is selected already ends nobody's session either */
static void test_select(void **state)
{
	char close[60];

	(void)state;
	assert_int_equal(run(&other, CREATE(USER_1)), 0x9000);
	closing(close);
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	assert_in_range(rapdu_len, 3, 20);
	assert_int_equal(run(&guest, "00A4040C10A0000003965453000000010300000000"), 0x9000);
	assert_int_equal(rapdu_len, 2);
	assert_int_equal(run(&other, close), 0x9000);
}

/* Another one has used the chip since the guest's channel: nothing of his may end */
static void test_lost_channel(void **state)
{
	char close[60];

	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	assert_int_equal(run(&guest, INIT_UPDATE), 0x9000);
	assert_true(guest.locked);
	guest_unlock(&guest);
	assert_int_equal(run(&other, CREATE(USER_1)), 0x9000);
	closing(close);
	guest_forget(&guest);
	assert_int_equal(run(&other, close), 0x9000);
}

/* It is told once that its channel is lost, and is as any other from then on */
static void test_channel_told(void **state)
{
	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	assert_int_equal(run(&guest, INIT_UPDATE), 0x9000);
	guest_unlock(&guest);
	assert_int_equal(run(&other, GET_VERSION), 0x9000);
	assert_int_equal(run(&guest, GET_VERSION), 0x6982);
	assert_false(guest.channel);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
	assert_int_equal(run(&guest, INIT_UPDATE), 0x9000);
	assert_true(guest.locked);
}

/* The last piece of a chain that was broken is no command of its own */
static void test_chain(void **state)
{
	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	assert_int_equal(run(&guest, "900400490441020008"), 0x9000);
	usleep(150000);	/* after 100 ms others are served */
	assert_int_equal(run(&other, GET_VERSION), 0x9000);
	assert_int_equal(run(&guest, "8004004900"), 0x6982);
	assert_int_equal(run(&guest, "80040049000004410200080000"), 0x9000);
}

/* A chip that comes back has no channel and no half command */
static void test_rebind(void **state)
{
	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	sim_stop();
	sim_start(NULL);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
	assert_int_equal(run(&guest, INIT_UPDATE), 0x9000);
	sim_stop();
	sim_start(NULL);
	assert_int_equal(run(&guest, "8482000008000000000000000000"), 0x6982);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
	assert_int_equal(run(&guest, "900400490441020008"), 0x9000);
	sim_stop();
	sim_start(NULL);
	assert_int_equal(run(&guest, GET_VERSION), 0x6982);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
}

/* What was meant for an applet goes to no other one: not in a new file either */
static void test_other_chip(void **state)
{
	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	sim_stop();
	sim_start("--chip=none");
	assert_int_equal(run(&guest, GET_VERSION), 0x6F00);
	assert_int_equal(run(&guest, GET_VERSION), 0x6F00);
	sim_stop();
	sim_start(NULL);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
}

/* An applet that could not be selected leaves the one before */
static void test_failed_select(void **state)
{
	(void)state;
	assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
	assert_int_equal(run(&guest, "00A4040005A000000099"), 0x6A82);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
	sim_stop();
	sim_start(NULL);
	assert_int_equal(run(&guest, GET_VERSION), 0x9000);
}

/* Each errno of the driver, once and for good: an R-APDU comes whatever it is */
static void test_errnos(void **state)
{
	static const struct { int error; bool once_more; unsigned int sw; } table[] = {
		{ ESTALE, true, 0x6982 }, { EINTR, true, 0x6F00 }, { ECONNABORTED, true, 0x6F00 },
		{ EBUSY, false, 0x6F00 }, { ENOTCONN, false, 0x6F00 }, { ENOLINK, false, 0x6F00 },
		{ ETIMEDOUT, false, 0x6F00 }, { ECONNRESET, false, 0x6F00 },
		{ EBADMSG, false, 0x6F00 }, { EIO, false, 0x6F00 },
	};
	struct se05x_info info;
	char option[40];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (int once = 0; once < 2; once++) {
			sim_stop();
			snprintf(option, sizeof(option), "--link-error=%d%s", table[i].error,
				 once ? "@1" : "");
			sim_start(option);
			guest_forget(&guest);
			assert_int_equal(guest_open(&guest, sim_device, &info), 0);
			assert_int_equal(run(&guest, SELECT_IOT), 0x9000);
			assert_int_equal(run(&guest, GET_VERSION),
					 once && table[i].once_more ? 0x9000 : table[i].sw);
			/* and INITIALIZE UPDATE that is not taken is 6982, so that it begins anew */
			if (!once && table[i].error == EBUSY)
				assert_int_equal(run(&guest, INIT_UPDATE), 0x6982);
			assert_false(guest.locked);
		}
	}
}

#define GUEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUEST(test_sessions), GUEST(test_wrapped_session), GUEST(test_dead_sessions),
		GUEST(test_select), GUEST(test_long_select), GUEST(test_lost_channel),
		GUEST(test_channel_told), GUEST(test_chain), GUEST(test_rebind), GUEST(test_other_chip),
		GUEST(test_failed_select), GUEST(test_errnos),
	};

	return sim_main(tests);
}
