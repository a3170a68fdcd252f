// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * SCP03 (GlobalPlatform, Card Specification, Amendment D), the host's side
 *
 * At level 33 only: commands and answers are both encrypted and have a MAC. Three things
 * differ from the specification. Before applet 4.3 a command without data does not advance
 * the counter. An error is a bare status, which counts as other answers do. And the answer
 * to INITIALIZE UPDATE says i = 00 although answers are protected.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#include "se05x_scp.h"

#define BLOCK		SE05X_SCP_BLOCK
#define MAC		SE05X_SCP_MAC
#define CHALLENGE	SE05X_SCP_CHALLENGE

#define LEVEL		0x33	/* an applet that demands SCP takes no less */
#define CLA_SECURE	0x04
#define CLA_SM		0x0C	/* both bits of secure messaging in class bytes 0x and 8x */

/* Derivation constants (Amendment D, 4.1.5) */
#define DERIVE_CARD_CRYPTOGRAM	0x00
#define DERIVE_HOST_CRYPTOGRAM	0x01
#define DERIVE_ENC		0x04
#define DERIVE_MAC		0x06
#define DERIVE_RMAC		0x07

/*
 * Answer to INITIALIZE UPDATE: diversification data 10, key information 3, challenge 8,
 * cryptogram 8, sequence counter 0 or 3, SW 2
 */
#define CARD_CHALLENGE		13
#define CARD_CRYPTOGRAM		21
#define ANSWER_SHORT		31
#define ANSWER_LONG		34

#define SW_OK			0x9000

struct cmac {
	const struct se05x_scp_cipher *cipher;
	const void *key;
	u8 mac[BLOCK];
	size_t n;		/* bytes in the last block */
};

/* A C-APDU, taken apart */
struct parts {
	const u8 *data;
	size_t lc;
	size_t le;		/* bytes of Le: 0, 1 or 2 */
};

/* In constant time */
static bool is_same(const u8 *a, const u8 *b, size_t len)
{
	u8 differ = 0;

	while (len--) {
		differ |= *a++ ^ *b++;
		OPTIMIZER_HIDE_VAR(differ);
	}
	return !differ;
}

static void cmac_add(struct cmac *cmac, const u8 *data, size_t len)
{
	while (len--) {
		if (cmac->n == BLOCK) {
			cmac->cipher->encrypt(cmac->key, cmac->mac, cmac->mac);
			cmac->n = 0;
		}
		cmac->mac[cmac->n++] ^= *data++;
	}
}

/* Times x in GF(2^128), NIST SP 800-38B, 6.1 */
static void cmac_double(u8 *block)
{
	u8 carry = block[0] >> 7;
	int i;

	for (i = 0; i < BLOCK - 1; i++)
		block[i] = block[i] << 1 | block[i + 1] >> 7;
	block[i] = block[i] << 1 ^ (0x87 & -carry);
}

static void cmac_end(struct cmac *cmac, u8 mac[BLOCK])
{
	u8 subkey[BLOCK] = { };
	int i;

	cmac->cipher->encrypt(cmac->key, subkey, subkey);
	cmac_double(subkey);
	if (cmac->n < BLOCK) {
		cmac->mac[cmac->n] ^= 0x80;
		cmac_double(subkey);
	}
	for (i = 0; i < BLOCK; i++)
		cmac->mac[i] ^= subkey[i];
	cmac->cipher->encrypt(cmac->key, mac, cmac->mac);
	memzero_explicit(subkey, sizeof(subkey));
	memzero_explicit(cmac, sizeof(*cmac));
}

/* NIST SP 800-108 in counter mode, as Amendment D, 4.1.5 has it */
static void derive(const struct se05x_scp_cipher *cipher, const void *key, u8 constant,
		   size_t len, const u8 *host, const u8 *card, u8 *out)
{
	u8 label[BLOCK] = { [11] = constant, [13] = len * 8 >> 8, [14] = len * 8 & 0xff };
	u8 block[BLOCK];
	size_t part;

	for (; len; len -= part, out += part) {
		struct cmac cmac = { .cipher = cipher, .key = key };

		label[15]++;
		cmac_add(&cmac, label, sizeof(label));
		cmac_add(&cmac, host, CHALLENGE);
		cmac_add(&cmac, card, CHALLENGE);
		cmac_end(&cmac, block);
		part = len < BLOCK ? len : BLOCK;
		memcpy(out, block, part);
	}
	memzero_explicit(block, sizeof(block));
}

static u16 status(const u8 *answer, size_t len)
{
	return answer[len - 2] << 8 | answer[len - 1];
}

void se05x_scp_initialize(u8 kvn, const u8 *host, u8 *command)
{
	const u8 header[] = { 0x80, 0x50, kvn, 0x00, CHALLENGE };

	memcpy(command, header, sizeof(header));
	memcpy(command + sizeof(header), host, CHALLENGE);
	command[SE05X_SCP_INITIALIZE - 1] = 0;
}

int se05x_scp_derive(const struct se05x_scp_cipher *cipher, const void *enc, const void *mac,
		     size_t key_len, const u8 *host, const u8 *answer, size_t len,
		     struct se05x_scp_keys *keys)
{
	const u8 *card = answer + CARD_CHALLENGE;

	if ((len != ANSWER_SHORT && len != ANSWER_LONG) || status(answer, len) != SW_OK)
		return -EBADMSG;
	derive(cipher, enc, DERIVE_ENC, key_len, host, card, keys->enc);
	derive(cipher, mac, DERIVE_MAC, key_len, host, card, keys->mac);
	derive(cipher, mac, DERIVE_RMAC, key_len, host, card, keys->rmac);
	return 0;
}

int se05x_scp_begin(struct se05x_scp *scp, const u8 *host, const u8 *answer)
{
	const u8 *card = answer + CARD_CHALLENGE;
	u8 cryptogram[MAC];
	bool good;

	se05x_scp_close(scp);
	derive(scp->cipher, scp->mac, DERIVE_CARD_CRYPTOGRAM, MAC, host, card, cryptogram);
	good = is_same(cryptogram, answer + CARD_CRYPTOGRAM, MAC);
	memzero_explicit(cryptogram, sizeof(cryptogram));
	if (!good)
		return -EKEYREJECTED;
	memcpy(scp->chaining, host, CHALLENGE);
	memcpy(scp->chaining + CHALLENGE, card, CHALLENGE);
	return 0;
}

/* The MAC of a command is over the MAC before it, too; the whole of it chains on. */
static void put_mac(struct se05x_scp *scp, const u8 *command, size_t len, u8 *mac)
{
	struct cmac cmac = { .cipher = scp->cipher, .key = scp->mac };

	cmac_add(&cmac, scp->chaining, BLOCK);
	cmac_add(&cmac, command, len);
	cmac_end(&cmac, scp->chaining);
	memcpy(mac, scp->chaining, MAC);
}

void se05x_scp_authenticate(struct se05x_scp *scp, u8 *command)
{
	static const u8 header[] = { 0x84, 0x82, LEVEL, 0x00, 2 * MAC };

	memcpy(command, header, sizeof(header));
	derive(scp->cipher, scp->mac, DERIVE_HOST_CRYPTOGRAM, MAC, scp->chaining,
	       scp->chaining + CHALLENGE, command + sizeof(header));
	memset(scp->chaining, 0, BLOCK);
	put_mac(scp, command, sizeof(header) + MAC, command + sizeof(header) + MAC);
}

int se05x_scp_authenticated(struct se05x_scp *scp, const u8 *answer, size_t len)
{
	if (len != 2 || status(answer, len) != SW_OK) {
		se05x_scp_close(scp);
		return -EKEYREJECTED;
	}
	scp->open = true;
	return 0;
}

/* ISO/IEC 7816-3, 12.1.3. Return: false if it is none of these forms. */
static bool take_apart(const u8 *command, size_t len, struct parts *parts)
{
	const u8 *body = command + 4;

	*parts = (struct parts) { };
	if (len < 4)
		return false;
	len -= 4;
	if (len <= 1) {
		parts->le = len;
		return true;
	}
	if (body[0]) {
		parts->lc = body[0];
		parts->data = body + 1;
		parts->le = len - 1 - parts->lc;
		return len > parts->lc && parts->le <= 1;
	}
	if (len < 3)
		return false;
	if (len == 3) {
		parts->le = 2;
		return true;
	}
	parts->lc = body[1] << 8 | body[2];
	parts->data = body + 3;
	parts->le = len - 3 - parts->lc;
	return parts->lc && len - 3 >= parts->lc && (parts->le == 0 || parts->le == 2);
}

/* The first block is the counter, encrypted; in answers its highest bit is set. */
static void start_cbc(const struct se05x_scp *scp, bool answer, u8 iv[BLOCK])
{
	int i;

	memset(iv, 0, BLOCK);
	iv[0] = answer ? 0x80 : 0;
	for (i = 0; i < 8; i++)
		iv[BLOCK - 1 - i] = scp->counter >> 8 * i;
	scp->cipher->encrypt(scp->enc, iv, iv);
}

static void encrypt_cbc(const struct se05x_scp *scp, u8 *data, size_t len)
{
	u8 iv[BLOCK];
	const u8 *last = iv;
	size_t n;
	int i;

	start_cbc(scp, false, iv);
	for (n = 0; n < len; n += BLOCK) {
		for (i = 0; i < BLOCK; i++)
			data[n + i] ^= last[i];
		scp->cipher->encrypt(scp->enc, data + n, data + n);
		last = data + n;
	}
	memzero_explicit(iv, sizeof(iv));
}

static void decrypt_cbc(const struct se05x_scp *scp, u8 *data, size_t len)
{
	u8 iv[BLOCK], last[BLOCK];
	size_t n;
	int i;

	start_cbc(scp, true, iv);
	for (n = 0; n < len; n += BLOCK) {
		memcpy(last, data + n, BLOCK);
		scp->cipher->decrypt(scp->enc, data + n, data + n);
		for (i = 0; i < BLOCK; i++)
			data[n + i] ^= iv[i];
		memcpy(iv, last, BLOCK);
	}
	memzero_explicit(iv, sizeof(iv));
}

int se05x_scp_wrap(struct se05x_scp *scp, const u8 *command, size_t len, u8 *out, size_t size)
{
	size_t padded, lc, n = 4;
	struct parts parts;
	bool extended;

	if (!scp->open)
		return -ENOTCONN;
	if (!take_apart(command, len, &parts) || command[0] & CLA_SM)
		return -EINVAL;
	padded = parts.lc ? (parts.lc / BLOCK + 1) * BLOCK : 0;
	lc = padded + MAC;
	/* the MAC covers Lc, so its form counts: what NXP's host sends */
	extended = lc >= 0xff || parts.le == 2;
	if (lc > 0xffff || 4 + (extended ? 3 : 1) + lc + (parts.le ? 1 + extended : 0) > size)
		return -EMSGSIZE;

	memcpy(out, command, 4);
	out[0] |= CLA_SECURE;
	if (extended) {
		out[n++] = 0;
		out[n++] = lc >> 8;
	}
	out[n++] = lc;
	if (parts.lc || scp->count_all)
		scp->counter++;
	if (parts.lc) {
		memcpy(out + n, parts.data, parts.lc);
		memset(out + n + parts.lc, 0, padded - parts.lc);
		out[n + parts.lc] = 0x80;
		encrypt_cbc(scp, out + n, padded);
		n += padded;
	}
	put_mac(scp, out, n, out + n);
	n += MAC;
	/* as much as there is: the answer is longer than the plain one */
	if (parts.le) {
		out[n++] = 0;
		if (extended)
			out[n++] = 0;
	}
	return n;
}

/* Is @answer the chip's answer to the last command? Both lengths leave the SW out. */
static bool verify(const struct se05x_scp *scp, u8 *answer, size_t body, size_t *plain)
{
	struct cmac cmac = { .cipher = scp->cipher, .key = scp->rmac };
	size_t len = body - MAC;
	u8 mac[BLOCK];
	bool good;

	if (body < MAC || len % BLOCK)
		return false;
	cmac_add(&cmac, scp->chaining, BLOCK);
	cmac_add(&cmac, answer, len);
	cmac_add(&cmac, answer + body, 2);
	cmac_end(&cmac, mac);
	good = is_same(mac, answer + len, MAC);
	memzero_explicit(mac, sizeof(mac));
	if (!good)
		return false;
	*plain = len;
	if (!len)
		return true;
	/* what is decrypted has been verified: its padding tells an attacker nothing */
	decrypt_cbc(scp, answer, len);
	while (*plain > len - BLOCK && !answer[*plain - 1])
		--*plain;
	if (*plain > len - BLOCK && answer[*plain - 1] == 0x80) {
		--*plain;
		return true;
	}
	memzero_explicit(answer, len);
	return false;
}

/*
 * 6982, 6987, 6988: the chip has no channel any more (Amendment D, 6.2.3). 67xx, 68xx,
 * 6Exx: it may have refused the command before it looked at its MAC.
 */
static bool is_end(u16 sw)
{
	switch (sw >> 8) {
	case 0x69:
		return sw == 0x6982 || sw == 0x6987 || sw == 0x6988;
	case 0x67:
	case 0x68:
	case 0x6E:
		return true;
	default:
		return false;
	}
}

int se05x_scp_unwrap(struct se05x_scp *scp, u8 *answer, size_t len, bool *verified)
{
	size_t body = len - 2, plain;
	bool has_mac;
	u16 sw;

	*verified = false;
	if (!scp->open)
		return -ENOTCONN;
	if (len < 2)
		goto bad;
	sw = status(answer, len);
	/* with a warning a chip may send a MAC or not (Amendment D, 6.2.5) */
	has_mac = sw == SW_OK || (body && (sw >> 8 == 0x62 || sw >> 8 == 0x63));
	if (!has_mac) {
		if (body)
			goto bad;
		if (is_end(sw))
			se05x_scp_close(scp);
		return len;
	}
	if (!verify(scp, answer, body, &plain))
		goto bad;
	answer[plain] = sw >> 8;
	answer[plain + 1] = sw & 0xff;
	*verified = true;
	return plain + 2;
bad:
	se05x_scp_close(scp);
	return -EBADMSG;
}

void se05x_scp_close(struct se05x_scp *scp)
{
	scp->open = false;
	scp->counter = 0;
	memzero_explicit(scp->chaining, sizeof(scp->chaining));
}
