// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing the secure channel: the input is the commands of a program and the answers that
 * come from the bus, which a thief may send; some get a good MAC, as only the chip's do
 *
 * Whatever comes, what has no good MAC is never verified, a bare 9000 is never handed
 * on, and nothing is read or written outside the buffers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <linux/errno.h>
#include <linux/types.h>

#include "../host/scp_aes.h"

#define MUST(x) do { \
	if (!(x)) { \
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
		abort(); \
	} \
} while (0)

struct input {
	const u8 *in;
	size_t left;
};

static struct scp_aes enc, mac, rmac;
static EVP_MAC_CTX *chip;	/* makes the MAC of answers */

static void prepare(void)
{
	static const u8 key[3][16] = { { 1 }, { 2 }, { 3 } };
	char name[] = "AES-128-CBC";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_CIPHER, name, sizeof(name) - 1),
		OSSL_PARAM_END,
	};

	if (chip)
		return;
	scp_aes_set(&enc, key[0], 16);
	scp_aes_set(&mac, key[1], 16);
	scp_aes_set(&rmac, key[2], 16);
	chip = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "CMAC", NULL));
	MUST(chip && EVP_MAC_init(chip, key[2], 16, params));
}

static size_t number(struct input *input, size_t below)
{
	size_t n = 0, i;

	for (i = 0; i < 2 && input->left; i++, input->left--)
		n = n << 8 | *input->in++;
	return n % below;
}

/* In memory of just that size, where a sanitizer sees each step beyond it */
static u8 *bytes(struct input *input, size_t *len, size_t more)
{
	u8 *copy;

	if (*len > input->left)
		*len = input->left;
	copy = malloc(*len + more + 1);
	MUST(copy);
	copy = realloc(copy, *len + more ? *len + more : 1);
	MUST(copy);
	memcpy(copy, input->in, *len);
	input->in += *len;
	input->left -= *len;
	return copy;
}

/* The program's command. Return: is an answer to be expected? */
static bool ask(struct se05x_scp *scp, struct input *input)
{
	size_t len = number(input, 1100), size = number(input, 1200), i;
	u8 *command = bytes(input, &len, 0), *out = malloc(size + 1);
	bool was_open = scp->open;
	u64 counter = scp->counter;
	int ret;

	MUST(out);
	ret = se05x_scp_wrap(scp, command, len, out, size);
	MUST(scp->open == was_open);
	if (ret < 0) {
		MUST(ret == (was_open ? ret : -ENOTCONN));
		MUST(ret == -EINVAL || ret == -EMSGSIZE || ret == -ENOTCONN);
		MUST(ret != -EMSGSIZE || size < len + SE05X_SCP_COMMAND_OVERHEAD);
		MUST(scp->counter == counter);
	} else {
		MUST((size_t)ret <= size && (size_t)ret <= len + SE05X_SCP_COMMAND_OVERHEAD);
		MUST(ret >= 13 && out[0] == (command[0] | 4));
		for (i = 1; i < 4; i++)
			MUST(out[i] == command[i]);
	}
	free(command);
	free(out);
	return ret >= 0;
}

/* The answer has a good MAC. */
static void seal(const struct se05x_scp *scp, u8 *answer, size_t *len)
{
	size_t body = (*len - 2) / 16 * 16, n;
	u8 sw[2], out[16];

	memcpy(sw, answer + *len - 2, 2);
	MUST(EVP_MAC_init(chip, NULL, 0, NULL) && EVP_MAC_update(chip, scp->chaining, 16) &&
	     EVP_MAC_update(chip, answer, body) && EVP_MAC_update(chip, sw, 2) &&
	     EVP_MAC_final(chip, out, &n, sizeof(out)));
	memcpy(answer + body, out, 8);
	memcpy(answer + body + 8, sw, 2);
	*len = body + 10;
}

static void answer(struct se05x_scp *scp, struct input *input)
{
	size_t len = number(input, 1100);
	bool sealed = number(input, 2), verified = true, was_open = scp->open;
	u8 *rsp = bytes(input, &len, 8);
	int ret;

	sealed = sealed && len >= 2;
	if (sealed)
		seal(scp, rsp, &len);
	ret = se05x_scp_unwrap(scp, rsp, len, &verified);
	MUST(!verified || (sealed && was_open));
	if (ret < 0) {
		MUST(ret == (was_open ? -EBADMSG : -ENOTCONN));
		MUST(!scp->open && !verified);
	} else {
		u8 sw1 = rsp[ret - 2];

		MUST(ret >= 2 && (size_t)ret <= len);
		MUST(verified || ret == 2);
		MUST(verified ? sw1 == 0x90 || sw1 == 0x62 || sw1 == 0x63 :
		     sw1 != 0x90 || rsp[ret - 1]);
	}
	free(rsp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .in = data, .left = size };
	struct se05x_scp scp = { .cipher = &scp_aes, .enc = &enc, .mac = &mac, .rmac = &rmac };

	prepare();
	scp.count_all = number(&input, 2);
	scp.open = true;
	while (input.left)
		if (ask(&scp, &input))
			answer(&scp, &input);
	se05x_scp_close(&scp);
	return 0;
}
