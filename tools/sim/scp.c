// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCP03 (GlobalPlatform, Card Specification, Amendment D): the card's side
 *
 * At level 33 only: commands and answers both encrypted and with a MAC. Two things are
 * NXP's: before applet 4.3 a command without data does not advance the counter, and an
 * error is a bare SW, which counts as other answers do.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "applet.h"
#include "scp.h"

#define LEVEL		0x33
#define BLOCK		16
#define SW_CRYPTOGRAM	0x6300	/* GlobalPlatform, Card Specification, 11.1.3 */

/* Derivation constants (Amendment D, 4.1.5) */
#define DERIVE_CARD_CRYPTOGRAM	0x00
#define DERIVE_HOST_CRYPTOGRAM	0x01
#define DERIVE_ENC		0x04
#define DERIVE_MAC		0x06
#define DERIVE_RMAC		0x07

void scp_close(struct scp *scp)
{
	bool count_all = scp->count_all;

	OPENSSL_cleanse(scp, sizeof(*scp));
	*scp = (struct scp) { .count_all = count_all };
}

/* A key and its length: what all functions of this file take */
struct key {
	const uint8_t *bytes;
	size_t len;
};

/* CMAC over @head (NULL: nothing), @data and @tail (NULL: nothing) */
static bool cmac(struct key key, const uint8_t head[16], const uint8_t *data, size_t len,
		 const uint8_t tail[2], uint8_t mac[16])
{
	static char names[][12] = { "AES-128-CBC", "AES-192-CBC", "AES-256-CBC" };
	char *cipher = names[key.len / 8 - 2];
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, sizeof(*names) - 1),
		OSSL_PARAM_END,
	};
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(algorithm);
	size_t mac_len = 0;
	bool ok = ctx && EVP_MAC_init(ctx, key.bytes, key.len, params) &&
		  (!head || EVP_MAC_update(ctx, head, 16)) &&
		  EVP_MAC_update(ctx, data, len) && (!tail || EVP_MAC_update(ctx, tail, 2)) &&
		  EVP_MAC_final(ctx, mac, &mac_len, 16) && mac_len == 16;

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(algorithm);
	return ok;
}

/* NIST SP 800-108 in counter mode, as Amendment D, 4.1.5 has it */
static bool derive(struct key key, uint8_t constant, uint16_t bits, const uint8_t *context,
		   uint8_t *out)
{
	uint8_t input[32] = { [11] = constant, [13] = bits >> 8, [14] = bits & 0xff, [15] = 1 };
	uint8_t blocks[2 * BLOCK];
	bool ok;

	memcpy(input + 16, context, 16);
	ok = cmac(key, NULL, input, sizeof(input), NULL, blocks);
	input[15] = 2;
	ok = ok && cmac(key, NULL, input, sizeof(input), NULL, blocks + BLOCK);
	memcpy(out, blocks, bits / 8);
	OPENSSL_cleanse(blocks, sizeof(blocks));
	return ok;
}

bool scp_derive(struct scp *scp, const struct scp_keys *keys, const uint8_t *host,
		const uint8_t *card, uint8_t card_cryptogram[8])
{
	struct key enc = { keys->enc, keys->len }, mac = { keys->mac, keys->len };
	uint8_t context[16];

	memcpy(context, host, 8);
	memcpy(context + 8, card, 8);
	scp->key_len = keys->len;
	if (!derive(enc, DERIVE_ENC, 8 * keys->len, context, scp->enc) ||
	    !derive(mac, DERIVE_MAC, 8 * keys->len, context, scp->mac) ||
	    !derive(mac, DERIVE_RMAC, 8 * keys->len, context, scp->rmac))
		return false;
	mac.bytes = scp->mac;
	if (!derive(mac, DERIVE_CARD_CRYPTOGRAM, 64, context, card_cryptogram) ||
	    !derive(mac, DERIVE_HOST_CRYPTOGRAM, 64, context, scp->host_cryptogram))
		return false;
	scp->state = SCP_BEGUN;
	return true;
}

/* Diversification data 10, key version, 03 for SCP03, its i, challenge 8, cryptogram 8 */
uint16_t scp_initialize(struct scp *scp, const struct scp_keys *keys, const struct apdu *apdu,
			struct response *rsp)
{
	uint8_t answer[29] = { [10] = keys->version, [11] = 0x03, [12] = 0x00 };

	scp_close(scp);
	if (apdu->lc != SCP_CHALLENGE_LEN)
		return SW_LENGTH;
	if (apdu->p1 && apdu->p1 != keys->version)
		return SW_NO_DATA;
	if (RAND_bytes(answer + 13, SCP_CHALLENGE_LEN) != 1 ||
	    !scp_derive(scp, keys, apdu->data, answer + 13, answer + 21))
		return SW_INTERNAL;
	rsp_put(rsp, answer, sizeof(answer));
	return SW_OK;
}

/*
 * The MAC covers Lc as the chip has it: one byte where that is enough and Le is no longer,
 * whatever the host sent. So another form is a wrong MAC.
 */
static bool is_lc_right(const struct apdu *apdu)
{
	bool extended = apdu->lc && !apdu->raw[4];

	return extended == (apdu->lc >= 0xff || (extended && apdu->le));
}

/* The MAC at the end of a command is over all before it; all of it chains on. */
static bool check_mac(struct scp *scp, const struct apdu *apdu)
{
	struct key key = { scp->mac, scp->key_len };
	uint8_t mac[16];

	if (apdu->lc < SCP_MAC_LEN || !is_lc_right(apdu) ||
	    !cmac(key, scp->chaining, apdu->raw, apdu->raw_len - SCP_MAC_LEN, NULL, mac) ||
	    CRYPTO_memcmp(mac, apdu->data + apdu->lc - SCP_MAC_LEN, SCP_MAC_LEN))
		return false;
	memcpy(scp->chaining, mac, sizeof(mac));
	return true;
}

uint16_t scp_authenticate(struct scp *scp, const struct apdu *apdu)
{
	uint16_t sw = SW_OK;

	if (scp->state != SCP_BEGUN)
		return SW_CONDITIONS;
	if (apdu->lc != sizeof(scp->host_cryptogram) + SCP_MAC_LEN)
		sw = SW_LENGTH;
	else if (apdu->p1 != LEVEL || apdu->p2)
		sw = SW_P1P2;
	else if (!check_mac(scp, apdu))
		sw = SW_SECURITY;
	else if (CRYPTO_memcmp(apdu->data, scp->host_cryptogram, sizeof(scp->host_cryptogram)))
		sw = SW_CRYPTOGRAM;
	if (sw != SW_OK) {
		scp_close(scp);
		return sw;
	}
	scp->state = SCP_OPEN;
	return SW_OK;
}

static const EVP_CIPHER *ecb(size_t key_len)
{
	return key_len == 16 ? EVP_aes_128_ecb() : key_len == 24 ? EVP_aes_192_ecb() :
	       EVP_aes_256_ecb();
}

static const EVP_CIPHER *cbc(size_t key_len)
{
	return key_len == 16 ? EVP_aes_128_cbc() : key_len == 24 ? EVP_aes_192_cbc() :
	       EVP_aes_256_cbc();
}

/* The IV is the counter, encrypted; for answers its highest bit is set. */
static bool crypt(const struct scp *scp, bool encrypt, const uint8_t *in, size_t len,
		  uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t counter[BLOCK] = { encrypt ? 0x80 : 0 }, iv[BLOCK];
	int n;
	bool ok;

	put_be32(counter + 12, scp->counter);
	ok = ctx && EVP_EncryptInit_ex(ctx, ecb(scp->key_len), NULL, scp->enc, NULL) &&
	     EVP_CIPHER_CTX_set_padding(ctx, 0) &&
	     EVP_EncryptUpdate(ctx, iv, &n, counter, BLOCK) &&
	     EVP_CipherInit_ex(ctx, cbc(scp->key_len), NULL, scp->enc, iv, encrypt) &&
	     EVP_CIPHER_CTX_set_padding(ctx, 0) && EVP_CipherUpdate(ctx, out, &n, in, len);
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* Without 80 00 ... Return: false if there is no such padding. */
static bool unpad(const uint8_t *data, size_t *len)
{
	while (*len && !data[*len - 1])
		--*len;
	return *len && data[--*len] == 0x80;
}

/* The plain command, coded as the secured one was */
static uint16_t rebuild(const struct apdu *apdu, const uint8_t *data, size_t len, uint8_t *buf,
			struct apdu *plain)
{
	bool extended = apdu->lc && !apdu->raw[4];
	size_t n = 4;

	memcpy(buf, apdu->raw, 4);
	buf[0] &= ~0x04;
	if (extended && (len || apdu->le))
		buf[n++] = 0;
	if (len && extended)
		buf[n++] = len >> 8;
	if (len)
		buf[n++] = len;
	memcpy(buf + n, data, len);
	n += len;
	if (apdu->le && extended)
		buf[n++] = apdu->le >> 8;
	if (apdu->le)
		buf[n++] = apdu->le;
	return apdu_parse(plain, buf, n);
}

uint16_t scp_unwrap(struct scp *scp, const struct apdu *apdu, uint8_t *buf,
		    struct apdu *plain)
{
	uint8_t data[APPLET_COMMAND_MAX];
	size_t len = apdu->lc - SCP_MAC_LEN;
	uint16_t sw = SW_SECURITY;

	if (scp->state != SCP_OPEN || !check_mac(scp, apdu) || len > sizeof(data) || len % BLOCK)
		goto out;
	if (len || scp->count_all)
		scp->counter++;
	if (len && (!crypt(scp, false, apdu->data, len, data) || !unpad(data, &len)))
		goto out;
	sw = rebuild(apdu, data, len, buf, plain);
	plain->secure = true;
out:
	OPENSSL_cleanse(data, sizeof(data));
	if (sw != SW_OK)
		scp_close(scp);
	return sw;
}

uint16_t scp_wrap(struct scp *scp, struct response *rsp, uint16_t sw)
{
	uint8_t mac[16], status[2] = { sw >> 8, sw & 0xff }, data[APPLET_RESPONSE_MAX];
	struct key rmac = { scp->rmac, scp->key_len };

	if (sw != SW_OK || rsp->overflow) {
		rsp->len = 0;
	} else {
		if (rsp->len) {
			/* rsp_put() says if there is no room for that */
			rsp_put(rsp, "\x80", 1);
			while (rsp->len % BLOCK && !rsp->overflow)
				rsp_put(rsp, "", 1);
			memcpy(data, rsp->buf, rsp->len);
			if (rsp->overflow || !crypt(scp, true, data, rsp->len, rsp->buf))
				return SW_INTERNAL;
		}
		if (!cmac(rmac, scp->chaining, rsp->buf, rsp->len, status, mac))
			return SW_INTERNAL;
		rsp_put(rsp, mac, SCP_MAC_LEN);
	}
	OPENSSL_cleanse(data, sizeof(data));
	return sw;
}

/* One block after the other, with no IV */
static bool crypt_ecb(struct key key, bool encrypt, const uint8_t *in, size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;
	bool ok = ctx && EVP_CipherInit_ex(ctx, ecb(key.len), NULL, key.bytes, NULL, encrypt) &&
		  EVP_CIPHER_CTX_set_padding(ctx, 0) && EVP_CipherUpdate(ctx, out, &n, in, len);

	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* Type 88 (AES), length + 1, length, the key under the DEK, 03, key check value 3 */
static uint16_t take_key(struct key dek, const uint8_t *in, size_t len, uint8_t *key,
			 uint8_t check[3])
{
	uint8_t ones[BLOCK], value[BLOCK];
	uint16_t sw = SW_OK;

	if (in[0] != 0x88 || in[1] != len + 1 || in[2] != len || in[3 + len] != 3)
		return SW_DATA;
	memset(ones, 1, sizeof(ones));
	if (!crypt_ecb(dek, false, in + 3, len, key) ||
	    !crypt_ecb((struct key) { key, len }, true, ones, BLOCK, value))
		sw = SW_INTERNAL;
	else if (CRYPTO_memcmp(value, in + 4 + len, 3))
		sw = SW_DATA;
	memcpy(check, value, 3);
	return sw;
}

uint16_t scp_put_key(struct scp_keys *keys, bool longer, const struct apdu *apdu,
		     struct response *rsp)
{
	struct key dek = { keys->dek, keys->len };
	size_t len = apdu->lc == 1 + 3 * (7 + 32) && longer ? 32 : 16, i;
	struct scp_keys fresh = { .version = keys->version, .len = len };
	uint8_t *to[] = { fresh.enc, fresh.mac, fresh.dek }, answer[10] = { keys->version };
	uint16_t sw = SW_OK;

	/* the version replaced, and 01 for the first of several keys at once */
	if (apdu->p1 != keys->version || apdu->p2 != 0x81)
		return SW_NO_DATA;
	if (apdu->lc != 1 + 3 * (7 + len) || apdu->data[0] != keys->version)
		return SW_DATA;
	for (i = 0; i < 3 && sw == SW_OK; i++)
		sw = take_key(dek, apdu->data + 1 + i * (7 + len), len, to[i],
			      answer + 1 + 3 * i);
	if (sw == SW_OK) {
		*keys = fresh;
		rsp_put(rsp, answer, sizeof(answer));
	}
	OPENSSL_cleanse(&fresh, sizeof(fresh));
	return sw;
}
