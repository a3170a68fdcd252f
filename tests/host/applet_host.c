// SPDX-License-Identifier: GPL-2.0-only
/* A host of the simulated chip's secure channels */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "applet_host.h"

const struct scp_keys test_keys = {
	0x0B, 16, "se05x-sim, S-ENC", "se05x-sim, S-MAC", "se05x-sim, S-DEK",
};

static size_t key_len = 16;	/* of all keys: 16 or 32 */

static void cmac(const uint8_t *key, const uint8_t *data, size_t len, uint8_t mac[16])
{
	size_t n;

	assert_non_null(EVP_Q_mac(NULL, "CMAC", NULL, key_len == 16 ? "AES-128-CBC" : "AES-256-CBC",
				  NULL, key, key_len, data, len, mac, 16, &n));
}

/* @bits 0: a key */
static void derive(const uint8_t *key, uint8_t constant, uint8_t bits, const char *context,
		   uint8_t *out)
{
	size_t len = bits ? bits : 8 * key_len;
	uint8_t input[32] = { [11] = constant, [13] = len >> 8, [14] = len, [15] = 1 };

	unhex(input + 16, context);
	cmac(key, input, sizeof(input), out);
	input[15] = 2;
	if (len > 128)
		cmac(key, input, sizeof(input), out + 16);
}

void cbc(struct host *host, bool encrypt, bool answer_iv, uint8_t *data, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t iv[16] = { answer_iv ? 0x80 : 0, [14] = host->counter >> 8, [15] = host->counter };
	int n;

	EVP_EncryptInit_ex(ctx, key_len == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(), NULL,
			   host->enc, NULL);
	EVP_EncryptUpdate(ctx, iv, &n, iv, 16);
	EVP_CipherInit_ex(ctx, key_len == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(), NULL,
			  host->enc, iv, encrypt);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	EVP_CipherUpdate(ctx, data, &n, data, len);
	EVP_CIPHER_CTX_free(ctx);
}

unsigned int forward(struct host *host, const uint8_t *apdu, size_t len)
{
	if (host->cut) {
		size_t n;

		applet_process(host->applet, apdu, len, answer.buf, &n, &answer.delay_us);
		assert_int_equal(n, 0);
		return answer.sw = 0;
	}
	if (!host->session) {
		run(host->applet, hex(apdu, len));
		return answer.sw;
	}
	return xfer(host->applet, "80050000", "10=%s 41=%s", host->session, hex(apdu, len));
}

size_t put_mac(struct host *host, uint8_t *apdu, size_t len)
{
	uint8_t input[2048];

	memcpy(input, host->chaining, 16);
	memcpy(input + 16, apdu, len);
	cmac(host->mac, input, 16 + len, host->chaining);
	memcpy(apdu + len, host->chaining, 8);
	return len + 8;
}

unsigned int authenticate(struct host *host, const struct scp_keys *keys, const char *kvn)
{
	uint8_t apdu[64], cryptogram[16];
	char context[33];

	key_len = keys->len;
	memset(host->chaining, 0, 16);
	snprintf((char *)apdu, sizeof(apdu), "8050%s0008" HOST "00", kvn);
	forward(host, apdu, unhex(apdu, strdupa((char *)apdu)));
	if (answer.sw != 0x9000)
		return answer.sw;
	assert_int_equal(answer.len, 29);
	snprintf(context, sizeof(context), HOST "%s", hex(answer.buf + 13, 8));
	derive(keys->enc, 0x04, 0, context, host->enc);
	derive(keys->mac, 0x06, 0, context, host->mac);
	derive(keys->mac, 0x07, 0, context, host->rmac);
	derive(host->mac, 0x00, 0x40, context, cryptogram);
	if (memcmp(cryptogram, answer.buf + 21, 8))
		return 0;	/* not our card */
	derive(host->mac, 0x01, 0x40, context, cryptogram);
	memcpy(apdu + unhex(apdu, "8482330010"), cryptogram, 8);
	forward(host, apdu, put_mac(host, apdu, 13));
	host->counter = 0;
	return answer.sw;
}

void open_answer(struct host *host)
{
	uint8_t input[4200], mac[16];
	size_t len = answer.len - 8;

	if (answer.sw != 0x9000) {
		assert_int_equal(answer.len, 0);
		return;
	}
	assert_true(answer.len >= 8 && len % 16 == 0);
	memcpy(input, host->chaining, 16);
	memcpy(input + 16, answer.buf, len);
	memcpy(input + 16 + len, "\x90\x00", 2);
	cmac(host->rmac, input, 16 + len + 2, mac);
	assert_memory_equal(mac, answer.buf + len, 8);
	if (len) {
		cbc(host, false, true, answer.buf, len);
		while (!answer.buf[len - 1])
			len--;
		assert_int_equal(answer.buf[--len], 0x80);
	}
	answer.len = len;
}

bool long_form;

unsigned int secure(struct host *host, const char *header, const char *body)
{
	uint8_t plain[2048], apdu[2048], secret[2048];
	size_t len = build(plain, header, body), data = 0, pad = 0, lc, n, from = 5;

	if (len > 6 && !plain[4]) {	/* extended, with Le in two bytes */
		from = 7;
		data = len - 9;
	} else if (len > 6) {
		data = len - 6;
	}
	memcpy(apdu, plain, 4);
	apdu[0] = 0x84;
	memcpy(secret, plain + from, data);
	if (data || !host->only_data)
		host->counter++;
	if (data) {
		secret[data] = 0x80;
		for (pad = 1; (data + pad) % 16; pad++)
			secret[data + pad] = 0;
		cbc(host, true, false, secret, data + pad);
	}
	lc = data + pad + 8;
	n = 4;
	if (lc > 255 || long_form) {
		apdu[n++] = 0;
		apdu[n++] = lc >> 8;
	}
	apdu[n++] = lc;
	memcpy(apdu + n, secret, data + pad);
	n = put_mac(host, apdu, n + data + pad);
	if (!host->session) {
		apdu[n++] = 0;
		if (lc > 255 || long_form)
			apdu[n++] = 0;
	}
	forward(host, apdu, n);
	if (host->bare)
		assert_int_equal(answer.len, 0);
	else
		open_answer(host);
	return answer.sw;
}
