// SPDX-License-Identifier: GPL-2.0-only
/* SCP03, the host's side: a log of real silicon, and a chip of our own on libcrypto */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include <linux/errno.h>

#include "scp_chip.h"

static const u8 silicon_enc[16] = {	/* SE050E, OEF A921: AN12436 */
	0xD2, 0xDB, 0x63, 0xE7, 0xA0, 0xA5, 0xAE, 0xD7, 0x2A, 0x64, 0x60, 0xC4, 0xDF, 0xDC,
	0xAF, 0x64,
};
static const u8 silicon_mac[16] = {
	0x73, 0x8D, 0x5B, 0x79, 0x8E, 0xD2, 0x41, 0xB0, 0xB2, 0x47, 0x68, 0x51, 0x4B, 0xFB,
	0xA9, 0x5B,
};
/* Its answer to INITIALIZE UPDATE (community.nxp.com, 2114523) */
static const u8 silicon_answer[] = {
	0x90, 0x03, 0x13, 0x47, 0x00, 0x00, 0x43, 0x20, 0x23, 0x16, 0x0B, 0x03, 0x00,
	0x05, 0x43, 0x7D, 0x4E, 0x3C, 0x21, 0x3D, 0x20,
	0xC4, 0xD8, 0x89, 0xC1, 0x27, 0x02, 0x64, 0xC4, 0x90, 0x00,
};

static const char *hex(const u8 *data, size_t len)
{
	static char text[2 * ROOM + 1];
	size_t i;

	text[0] = 0;
	for (i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02X", data[i]);
	return text;
}

/* ---- opening ---- */

static void test_silicon(void **state)
{
	struct scp_aes enc, mac, s_enc, s_mac, s_rmac;
	struct se05x_scp_keys keys;
	struct se05x_scp scp = { .cipher = &scp_aes, .enc = &s_enc, .mac = &s_mac,
				 .rmac = &s_rmac, .count_all = true };
	u8 command[SE05X_SCP_AUTHENTICATE], wrong[sizeof(silicon_answer)];
	u8 out[64];
	size_t i;

	(void)state;
	se05x_scp_initialize(0x0B, host_challenge, command);
	assert_string_equal(hex(command, SE05X_SCP_INITIALIZE), "80500B0008112233445566778800");

	scp_aes_set(&enc, silicon_enc, 16);
	scp_aes_set(&mac, silicon_mac, 16);
	assert_int_equal(se05x_scp_derive(&scp_aes, &enc, &mac, 16, host_challenge,
					  silicon_answer, sizeof(silicon_answer), &keys), 0);
	assert_string_equal(hex(keys.enc, 16), "012C3FCDB34F6CFF7E344D075BD048CB");
	assert_string_equal(hex(keys.mac, 16), "5CAE32DEA3A3615E2AAE308D742277E0");
	assert_string_equal(hex(keys.rmac, 16), "5FBBB883F36E0F2C4358130883C7D471");
	scp_aes_set(&s_enc, keys.enc, 16);
	scp_aes_set(&s_mac, keys.mac, 16);
	scp_aes_set(&s_rmac, keys.rmac, 16);

	/* each bit of the cryptogram counts, and nothing goes on after a wrong one */
	for (i = 0; i < 64; i++) {
		memcpy(wrong, silicon_answer, sizeof(wrong));
		wrong[21 + i / 8] ^= 1 << i % 8;
		assert_int_equal(se05x_scp_begin(&scp, host_challenge, wrong), -EKEYREJECTED);
		assert_int_equal(se05x_scp_wrap(&scp, command, 5, out, sizeof(out)), -ENOTCONN);
	}
	assert_int_equal(se05x_scp_begin(&scp, host_challenge, silicon_answer), 0);
	assert_false(scp.open);
	se05x_scp_authenticate(&scp, command);
	assert_string_equal(hex(command, sizeof(command)),
			    "8482330010F00F6091B6F1FDEEBCD19E29C783892D");
	assert_string_equal(hex(scp.chaining, 16), "BCD19E29C783892D1628093AB9E3B64E");
	assert_int_equal(se05x_scp_authenticated(&scp, (const u8 *)"\x90", 2), 0);
	assert_true(scp.open);
	scp_aes_clear(&enc);
	scp_aes_clear(&mac);
	scp_aes_clear(&s_enc);
	scp_aes_clear(&s_mac);
	scp_aes_clear(&s_rmac);
}

/* What is no good answer to INITIALIZE UPDATE, nor to EXTERNAL AUTHENTICATE */
static void test_opening_refused(void **state)
{
	static const struct { const char *text; size_t len; } answers[] = {
		{ "", 0 }, { "\x90", 1 }, { "\x63\x00", 2 }, { "\x69\x82", 2 },
		{ "12345678\x90\x00", 10 },
	};
	struct channel c;
	u8 answer[300];
	size_t len;

	(void)state;
	open_channel(&c, 16, true);
	for (len = 0; len <= sizeof(answer); len++) {
		struct se05x_scp_keys keys;
		int expected = len == 31 || len == 34 ? 0 : -EBADMSG;

		memset(answer, 0, sizeof(answer));
		if (len >= 2)
			answer[len - 2] = 0x90;
		assert_int_equal(se05x_scp_derive(&scp_aes, &c.enc, &c.mac, 16, host_challenge,
						  answer, len, &keys), expected);
		if (len >= 2) {
			answer[len - 2] = 0x63;
			assert_int_equal(se05x_scp_derive(&scp_aes, &c.enc, &c.mac, 16,
							  host_challenge, answer, len, &keys),
					 -EBADMSG);
		}
	}
	for (len = 0; len < sizeof(answers) / sizeof(*answers); len++) {
		c.scp.open = true;
		assert_int_equal(se05x_scp_authenticated(&c.scp, (const u8 *)answers[len].text,
							 answers[len].len), -EKEYREJECTED);
		assert_false(c.scp.open);
	}
	close_channel(&c);
}

/* ---- commands and answers ---- */

/* How a command says how long it is, and what the protected one must look like */
static const struct form {
	bool extended;
	size_t le_len;
} forms[] = { { false, 0 }, { false, 1 }, { true, 0 }, { true, 2 } };

static size_t build(u8 *command, const u8 *data, size_t len, const struct form *form)
{
	size_t n = 4;

	memcpy(command, "\x80\x01\x06\x00", 4);
	if (form->extended && (len || form->le_len))
		command[n++] = 0;
	if (form->extended && len)
		command[n++] = len >> 8;
	if (len)
		command[n++] = len;
	memcpy(command + n, data, len);
	n += len;
	memset(command + n, 0x21, form->le_len);
	return n + form->le_len;
}

/* One command and one answer, each of @len bytes */
static void exchange(struct channel *c, size_t len, const struct form *form)
{
	size_t padded = len ? (len / 16 + 1) * 16 : 0, n, wrapped, le_len;
	bool extended = padded + 8 >= 255 || form->le_len == 2;
	u8 plain[ROOM], out[ROOM], data[ROOM], got[ROOM], answer[ROOM];
	bool verified;
	int ret;

	for (n = 0; n < len; n++)
		data[n] = n * 7 + len;
	n = build(plain, data, len, form);
	le_len = form->le_len ? 1 + extended : 0;
	wrapped = 4 + (extended ? 3 : 1) + padded + 8 + le_len;
	/* a byte too few changes nothing */
	assert_int_equal(se05x_scp_wrap(&c->scp, plain, n, out, wrapped - 1), -EMSGSIZE);
	assert_true(wrapped <= n + SE05X_SCP_COMMAND_OVERHEAD);
	memset(out, 0xA5, sizeof(out));
	assert_int_equal(se05x_scp_wrap(&c->scp, plain, n, out, wrapped), wrapped);
	assert_int_equal(out[wrapped], 0xA5);
	assert_memory_equal(out, "\x84\x01\x06\x00", 4);
	assert_int_equal(chip_take(&c->chip, out, wrapped, extended ? 3 : 1, le_len, got), len);
	assert_memory_equal(got, data, len);
	for (n = 0; n < le_len; n++)
		assert_int_equal(out[wrapped - 1 - n], 0);

	n = chip_says(&c->chip, data, len, 0x9000, answer);
	assert_true(n <= len + 2 + SE05X_SCP_ANSWER_OVERHEAD);
	ret = se05x_scp_unwrap(&c->scp, answer, n, &verified);
	assert_int_equal(ret, len + 2);
	assert_true(verified);
	assert_memory_equal(answer, data, len);
	assert_memory_equal(answer + len, "\x90\x00", 2);
}

static void test_exchanges(void **state)
{
	struct channel c;
	size_t key_len, len, f;
	int rule;

	(void)state;
	for (key_len = 16; key_len <= 32; key_len += 8)
		for (rule = 0; rule < 2; rule++) {
			open_channel(&c, key_len, rule);
			exchange(&c, 0, &forms[0]);	/* also as the first one */
			for (len = 0; len <= COMMAND_MAX; len++)
				for (f = 0; f < 4; f++)
					if (forms[f].extended || len <= 255)
						exchange(&c, len, &forms[f]);
			assert_true(c.chip.counter > 256);
			close_channel(&c);
		}
}

/* The counter is of 16 bytes: it goes on after four, and errors count as successes. */
static void test_counter(void **state)
{
	u8 command[] = { 0x80, 0x04, 0x00, 0x49, 0x01, 0x55, 0x00 }, out[64], got[64];
	struct channel c;
	bool verified;
	int len;

	(void)state;
	open_channel(&c, 16, true);
	for (int i = 0; i < 3; i++) {
		u8 sw[] = { 0x69, 0x85 };

		len = se05x_scp_wrap(&c.scp, command, sizeof(command), out, sizeof(out));
		assert_int_equal(chip_take(&c.chip, out, len, 1, 1, got), 1);
		assert_int_equal(se05x_scp_unwrap(&c.scp, sw, 2, &verified), 2);
	}
	exchange(&c, 1, &forms[1]);
	c.scp.counter = 0xffffffff;
	len = se05x_scp_wrap(&c.scp, command, sizeof(command), out, sizeof(out));
	assert_true(len > 0);
	assert_true(c.scp.counter == 0x100000000);
	close_channel(&c);
}

static void test_no_apdu(void **state)
{
	static const struct { const char *text; size_t len; } commands[] = {
		{ "", 0 }, { "\x80\x04\x00", 3 },
		{ "\x80\x04\x00\x00\x02\x01", 6 },		/* Lc is more than there is */
		{ "\x80\x04\x00\x00\x01\x01\x00\x00", 8 },	/* Le is too long */
		{ "\x80\x04\x00\x00\x00\x01", 6 },
		{ "\x80\x04\x00\x00\x00\x00\x00\x01", 8 },	/* Lc 0 */
		{ "\x80\x04\x00\x00\x00\x00\x02\x01", 8 },
		{ "\x80\x04\x00\x00\x00\x00\x01\x01\x00", 9 },	/* half of Le */
		{ "\x80\x04\x00\x00\x00\x00\x01\x01\x00\x00\x00", 11 },
		{ "\x84\x04\x00\x00\x00", 5 }, { "\x88\x04\x00\x00\x00", 5 },	/* protected */
		{ "\x0C\x04\x00\x00\x00", 5 },
	};
	static u8 big[7 + 65535], out[sizeof(big) + 40];
	struct se05x_scp before;
	struct channel c;
	size_t i;

	(void)state;
	open_channel(&c, 16, true);
	before = c.scp;
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		assert_int_equal(se05x_scp_wrap(&c.scp, (const u8 *)commands[i].text,
						commands[i].len, out, sizeof(out)), -EINVAL);
	memcpy(big, "\x80\x04\x00\x00\x00\xff\xff", 7);
	assert_int_equal(se05x_scp_wrap(&c.scp, big, sizeof(big), out, sizeof(out)), -EMSGSIZE);
	assert_memory_equal(&c.scp, &before, sizeof(before));
	exchange(&c, 3, &forms[1]);
	close_channel(&c);
}

/* ---- answers that are not the chip's ---- */

/* A command with data is on its way; the chip's answer to it is in @answer. */
static size_t ask(struct channel *c, u8 *answer, size_t data_len, u16 sw)
{
	u8 command[] = { 0x80, 0x04, 0x00, 0x49, 0x01, 0x55, 0x00 }, out[64], got[64], data[64];
	int len = se05x_scp_wrap(&c->scp, command, sizeof(command), out, sizeof(out));

	memset(data, 0x42, sizeof(data));
	assert_int_equal(chip_take(&c->chip, out, len, 1, 1, got), 1);
	return chip_says(&c->chip, data, data_len, sw, answer);
}

static void assert_bad(struct channel *c, u8 *answer, size_t len)
{
	static const u8 zero[16];
	bool verified = true;
	u8 command[] = { 0x80, 0x04, 0x00, 0x20, 0x00 }, out[64];

	assert_int_equal(se05x_scp_unwrap(&c->scp, answer, len, &verified), -EBADMSG);
	assert_false(verified);
	assert_false(c->scp.open);
	assert_memory_equal(c->scp.chaining, zero, 16);
	assert_int_equal(se05x_scp_wrap(&c->scp, command, sizeof(command), out, sizeof(out)),
			 -ENOTCONN);
	assert_int_equal(se05x_scp_unwrap(&c->scp, answer, len, &verified), -ENOTCONN);
}

/* Each bit of a good answer flipped: never a success, and never bytes that differ */
static void test_flips(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 40 };
	static const u16 sws[] = { 0x9000, 0x6282, 0x6310 };
	u8 answer[128];
	struct channel c;
	size_t l, s, len, bit;

	(void)state;
	for (l = 0; l < sizeof(lens) / sizeof(*lens); l++)
		for (s = 0; s < sizeof(sws) / sizeof(*sws); s++)
			for (bit = 0; ; bit++) {
				open_channel(&c, 16, true);
				len = ask(&c, answer, lens[l], sws[s]);
				if (bit == len * 8) {
					close_channel(&c);
					break;
				}
				answer[bit / 8] ^= 1 << bit % 8;
				assert_bad(&c, answer, len);
				close_channel(&c);
			}
}

/* Bytes that end like an error may be handed on, but never as the chip's word. */
static bool unwraps(struct channel *c, u8 *answer, size_t len)
{
	bool verified;

	se05x_scp_unwrap(&c->scp, answer, len, &verified);
	return verified;
}

static void test_truncated(void **state)
{
	u8 answer[128], cut[128];
	struct channel c;
	size_t keep, len;

	(void)state;
	for (keep = 0; ; keep++) {	/* so many of its first bytes, and the SW */
		open_channel(&c, 16, true);
		len = ask(&c, answer, 40, 0x9000);
		if (keep == len - 2) {
			close_channel(&c);
			break;
		}
		memcpy(cut, answer, keep);
		memcpy(cut + keep, "\x90\x00", 2);
		assert_bad(&c, cut, keep + 2);
		close_channel(&c);
	}
	for (keep = 0; keep < len; keep++) {	/* so many of its first bytes */
		open_channel(&c, 16, true);
		len = ask(&c, answer, 40, 0x9000);
		if (keep < 2)
			assert_bad(&c, answer, keep);
		else
			assert_false(unwraps(&c, answer, keep));
		close_channel(&c);
	}
	for (keep = 1; keep <= 16; keep++) {	/* too long */
		open_channel(&c, 16, true);
		len = ask(&c, answer, 40, 0x9000);
		memmove(answer + keep, answer, len);
		assert_bad(&c, answer, len + keep);
		close_channel(&c);
	}
}

/* The answer to another command, of this channel or of one before it */
static void test_replayed(void **state)
{
	u8 old[128], other[128];
	struct channel c;
	bool verified;
	size_t len;

	(void)state;
	open_channel(&c, 16, true);
	len = ask(&c, old, 20, 0x9000);
	memcpy(other, old, len);
	assert_int_equal(se05x_scp_unwrap(&c.scp, other, len, &verified), 22);
	ask(&c, other, 20, 0x9000);
	assert_bad(&c, old, len);
	close_channel(&c);

	/* the same commands once more: another place in the channel */
	open_channel(&c, 16, false);
	len = ask(&c, old, 0, 0x9000);
	memcpy(other, old, len);
	assert_int_equal(se05x_scp_unwrap(&c.scp, other, len, &verified), 2);
	ask(&c, other, 0, 0x9000);
	assert_bad(&c, old, len);
	close_channel(&c);

	/* two answers swapped */
	open_channel(&c, 16, true);
	ask(&c, old, 20, 0x9000);
	len = ask(&c, other, 20, 0x6282);
	assert_bad(&c, old, len);
	close_channel(&c);

	/* the host's own command comes back */
	open_channel(&c, 16, true);
	ask(&c, old, 20, 0x9000);
	memcpy(other, c.scp.chaining, 8);
	memcpy(other + 8, "\x90\x00", 2);
	assert_bad(&c, other, 10);
	close_channel(&c);
}

static unsigned long ways;

/* The compiler calls it in each branch of se05x_scp.c. */
void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
	ways++;
}

/* Which byte of a MAC or a cryptogram is wrong makes no difference. */
static void test_constant_time(void **state)
{
	unsigned long mac_ways = 0, cryptogram_ways = 0;
	u8 answer[128];
	struct channel c;
	size_t i, len;

	(void)state;
	for (i = 0; i < 8; i++) {
		open_channel(&c, 16, true);
		c.initialized[21 + i] ^= 1;
		ways = 0;
		assert_int_equal(se05x_scp_begin(&c.scp, host_challenge, c.initialized),
				 -EKEYREJECTED);
		if (!i)
			cryptogram_ways = ways;
		assert_int_equal(ways, cryptogram_ways);
		close_channel(&c);

		open_channel(&c, 16, true);
		len = ask(&c, answer, 40, 0x9000);
		answer[len - 10 + i] ^= 1;
		ways = 0;
		assert_bad(&c, answer, len);
		if (!i)
			mac_ways = ways;
		assert_int_equal(ways, mac_ways);
		close_channel(&c);
	}
	assert_true(mac_ways > 100 && cryptogram_ways > 50);
}

/* A good MAC over bad padding is the same error, and no byte of it is left. */
static void test_padding(void **state)
{
	static const struct { const char *text; size_t len; } paddings[] = {
		{ "\0\0\0\0\0\0\0\0", 8 }, { "\x80\0\0\0\0\0\0\x01", 8 },
		{ "\x81\0\0\0\0\0\0\0", 8 }, { "\x40\0\0\0\0\0\0\0", 8 },
		{ "\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24 },
	};
	static const u8 zero[32];
	u8 answer[128];
	struct channel c;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(paddings) / sizeof(*paddings); i++) {
		open_channel(&c, 16, true);
		ask(&c, answer, 0, 0x9000);
		len = chip_answer(&c.chip, (const u8 *)"12345678", 8, paddings[i].text,
				  paddings[i].len, 0x9000, answer);
		assert_bad(&c, answer, len);
		assert_memory_equal(answer, zero, 8 + paddings[i].len);
		close_channel(&c);
	}
}

/* Each SW, bare: 9000 is a forgery, all else is handed on and never verified. */
static void test_bare(void **state)
{
	struct channel c;
	unsigned int sw;

	(void)state;
	for (sw = 0; sw <= 0xffff; sw++) {
		u8 answer[] = { sw >> 8, sw & 0xff }, scratch[128];
		bool ends = sw == 0x6982 || sw == 0x6987 || sw == 0x6988 ||
			    sw >> 8 == 0x67 || sw >> 8 == 0x68 || sw >> 8 == 0x6e;
		bool verified = true;

		/* opening takes its time: only where the last one closed it */
		if (!sw || !c.scp.open) {
			if (sw)
				close_channel(&c);
			open_channel(&c, 16, true);
		}
		ask(&c, scratch, 0, 0x9000);
		if (sw == 0x9000) {
			assert_bad(&c, answer, 2);
			continue;
		}
		assert_int_equal(se05x_scp_unwrap(&c.scp, answer, 2, &verified), 2);
		assert_false(verified);
		assert_int_equal(answer[0] << 8 | answer[1], sw);
		assert_int_equal(c.scp.open, !ends);
	}
	close_channel(&c);
}

/* Warnings come bare or with a MAC; other errors with data are nothing a chip sends. */
static void test_warnings(void **state)
{
	static const u16 errors[] = { 0x6985, 0x6982, 0x6700, 0x6110, 0x6C00, 0x9001, 0x6400 };
	u8 answer[128];
	struct channel c;
	bool verified;
	size_t len, i;
	int sw;

	(void)state;
	open_channel(&c, 16, true);
	for (sw = 0x6200; sw <= 0x63ff; sw++)
		for (i = 0; i < 3; i++) {
			len = ask(&c, answer, i * 20, sw);
			assert_int_equal(se05x_scp_unwrap(&c.scp, answer, len, &verified),
					 i * 20 + 2);
			assert_true(verified);
			assert_int_equal(answer[i * 20] << 8 | answer[i * 20 + 1], sw);
		}
	close_channel(&c);
	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		open_channel(&c, 16, true);
		len = ask(&c, answer, 20, errors[i]);
		assert_bad(&c, answer, len);
		close_channel(&c);
	}
	for (len = 1; len < 8; len++) {
		open_channel(&c, 16, true);
		ask(&c, answer, 0, 0x9000);
		memcpy(answer + len, "\x62\x82", 2);
		assert_bad(&c, answer, len + 2);
		close_channel(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silicon),
		cmocka_unit_test(test_opening_refused),
		cmocka_unit_test(test_exchanges),
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_no_apdu),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_replayed),
		cmocka_unit_test(test_constant_time),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
