/* SPDX-License-Identifier: GPL-2.0-only */
/* The chip's side of SCP03 for scp_test.c, by libcrypto alone */
#ifndef SE05X_SCP_CHIP_H
#define SE05X_SCP_CHIP_H

#include <string.h>

#include <openssl/evp.h>

#include "../../kernel/se05x_scp.h"
#include "scp_aes.h"

#define COMMAND_MAX	1100	/* of data; chips take 1024 at most */
#define ROOM		(7 + COMMAND_MAX + 2 + SE05X_SCP_COMMAND_OVERHEAD)

static const u8 host_challenge[8] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };

struct chip {
	size_t key_len;
	u8 enc[32], mac[32], rmac[32];
	u8 chaining[16];
	unsigned int counter;
	bool count_all;
};

/* Host and chip with a channel between them */
struct channel {
	struct se05x_scp scp;
	struct scp_aes enc, mac, rmac;
	struct chip chip;
	u8 initialized[34];	/* the answer to INITIALIZE UPDATE */
};

static void chip_cmac(const u8 *key, size_t key_len, const u8 *data, size_t len, u8 mac[16])
{
	const char *name = key_len == 16 ? "AES-128-CBC" : key_len == 24 ? "AES-192-CBC" :
			   "AES-256-CBC";
	size_t n;

	assert_non_null(EVP_Q_mac(NULL, "CMAC", NULL, name, NULL, key, key_len, data, len,
				  mac, 16, &n));
}

static void chip_derive(const u8 *key, size_t key_len, u8 constant, size_t len,
			const u8 *card, u8 *out)
{
	u8 block[2][16], input[32] = { [11] = constant, [13] = len >> 5, [14] = len << 3 };

	memcpy(input + 16, host_challenge, 8);
	memcpy(input + 24, card, 8);
	for (input[15] = 1; input[15] <= 2; input[15]++)
		chip_cmac(key, key_len, input, sizeof(input), block[input[15] - 1]);
	memcpy(out, block, len);
}

static void chip_cbc(const struct chip *chip, bool answer, u8 *data, size_t len)
{
	const EVP_CIPHER *ecb[] = { EVP_aes_128_ecb(), EVP_aes_192_ecb(), EVP_aes_256_ecb() };
	const EVP_CIPHER *cbc[] = { EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc() };
	u8 iv[16] = { answer ? 0x80 : 0, [14] = chip->counter >> 8, [15] = chip->counter };
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	size_t i = chip->key_len / 8 - 2;
	int n;

	assert_true(EVP_EncryptInit_ex(ctx, ecb[i], NULL, chip->enc, NULL));
	assert_true(EVP_EncryptUpdate(ctx, iv, &n, iv, 16));
	assert_true(EVP_CipherInit_ex(ctx, cbc[i], NULL, chip->enc, iv, answer));
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_true(EVP_CipherUpdate(ctx, data, &n, data, len));
	EVP_CIPHER_CTX_free(ctx);
}

/* Opened with static keys of so many bytes 01 02 ... and 81 82 ... */
static void open_channel(struct channel *c, size_t key_len, bool count_all)
{
	u8 enc[32], mac[32], answer[34] = { [10] = 0x0B, 0x03, 0x00, 1, 2, 3, 4, 5, 6, 7, 8 };
	u8 command[SE05X_SCP_AUTHENTICATE], input[16 + 13] = { }, expected[16];
	struct scp_aes static_enc, static_mac;
	struct se05x_scp_keys keys;
	size_t i;

	*c = (struct channel) { .chip = { .key_len = key_len, .count_all = count_all } };
	for (i = 0; i < key_len; i++) {
		enc[i] = i + 1;
		mac[i] = i + 0x81;
	}
	chip_derive(enc, key_len, 4, key_len, answer + 13, c->chip.enc);
	chip_derive(mac, key_len, 6, key_len, answer + 13, c->chip.mac);
	chip_derive(mac, key_len, 7, key_len, answer + 13, c->chip.rmac);
	chip_derive(c->chip.mac, key_len, 0, 8, answer + 13, answer + 21);
	chip_derive(c->chip.mac, key_len, 1, 8, answer + 13, expected);
	memcpy(answer + 32, "\x90\x00", 2);	/* 3 bytes of a sequence counter before it */

	scp_aes_set(&static_enc, enc, key_len);
	scp_aes_set(&static_mac, mac, key_len);
	assert_int_equal(se05x_scp_derive(&scp_aes, &static_enc, &static_mac, key_len,
					  host_challenge, answer, sizeof(answer), &keys), 0);
	scp_aes_clear(&static_enc);
	scp_aes_clear(&static_mac);
	assert_memory_equal(keys.enc, c->chip.enc, key_len);
	assert_memory_equal(keys.mac, c->chip.mac, key_len);
	assert_memory_equal(keys.rmac, c->chip.rmac, key_len);

	scp_aes_set(&c->enc, keys.enc, key_len);
	scp_aes_set(&c->mac, keys.mac, key_len);
	scp_aes_set(&c->rmac, keys.rmac, key_len);
	c->scp = (struct se05x_scp) { .cipher = &scp_aes, .enc = &c->enc, .mac = &c->mac,
				      .rmac = &c->rmac, .count_all = count_all };
	assert_int_equal(se05x_scp_begin(&c->scp, host_challenge, answer), 0);
	memcpy(c->initialized, answer, sizeof(answer));
	se05x_scp_authenticate(&c->scp, command);
	assert_memory_equal(command + 5, expected, 8);
	memcpy(input + 16, command, 13);
	chip_cmac(c->chip.mac, key_len, input, sizeof(input), c->chip.chaining);
	assert_memory_equal(command + 13, c->chip.chaining, 8);
	assert_int_equal(se05x_scp_authenticated(&c->scp, (const u8 *)"\x90", 2), 0);
	assert_true(c->scp.open);
}

static void close_channel(struct channel *c)
{
	se05x_scp_close(&c->scp);
	scp_aes_clear(&c->enc);
	scp_aes_clear(&c->mac);
	scp_aes_clear(&c->rmac);
}

/* The chip takes a command. @lc_len: 1 or 3. Return: bytes of plain data. */
static size_t chip_take(struct chip *chip, const u8 *command, size_t len, size_t lc_len,
			size_t le_len, u8 *data)
{
	size_t lc = lc_len == 1 ? command[4] : command[5] << 8 | command[6];
	u8 input[16 + ROOM];

	if (lc_len == 3)
		assert_int_equal(command[4], 0);
	assert_int_equal(len, 4 + lc_len + lc + le_len);
	assert_true(lc >= 8 && lc % 16 == 8);
	memcpy(input, chip->chaining, 16);
	memcpy(input + 16, command, len - le_len - 8);
	chip_cmac(chip->mac, chip->key_len, input, 16 + len - le_len - 8, chip->chaining);
	assert_memory_equal(command + len - le_len - 8, chip->chaining, 8);
	lc -= 8;
	if (lc || chip->count_all)
		chip->counter++;
	if (!lc)
		return 0;
	memcpy(data, command + 4 + lc_len, lc);
	chip_cbc(chip, false, data, lc);
	while (!data[--lc])
		;
	assert_int_equal(data[lc], 0x80);
	return lc;
}

/* The chip answers. @padding: 80 00 ..., as wrong as wanted. Return: bytes of R-APDU. */
static size_t chip_answer(const struct chip *chip, const u8 *data, size_t len,
			  const char *padding, size_t padding_len, u16 sw, u8 *answer)
{
	u8 input[16 + ROOM], mac[16];

	memcpy(answer, data, len);
	memcpy(answer + len, padding, padding_len);
	len += padding_len;
	if (len)
		chip_cbc(chip, true, answer, len);
	answer[len] = sw >> 8;
	answer[len + 1] = sw & 0xff;
	memcpy(input, chip->chaining, 16);
	memcpy(input + 16, answer, len + 2);
	chip_cmac(chip->rmac, chip->key_len, input, 16 + len + 2, mac);
	memmove(answer + len + 8, answer + len, 2);
	memcpy(answer + len, mac, 8);
	return len + 10;
}

/* Well padded */
static size_t chip_says(const struct chip *chip, const u8 *data, size_t len, u16 sw, u8 *answer)
{
	static const char padding[16] = "\x80";

	return chip_answer(chip, data, len, padding, len ? 16 - len % 16 : 0, sw, answer);
}

#endif /* SE05X_SCP_CHIP_H */
