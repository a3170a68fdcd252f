// SPDX-License-Identifier: GPL-2.0-only
/*
 * How an EC key opens a session, the card's side
 *
 * The host signs a fresh public key. It and the chip's own key agree on a secret, of
 * which a digest is the master key; of that come the channel's keys and its first
 * chaining value. Known from what NXP's hosts send: the chip's signature over its key and
 * its receipt are not verified by any of them, so here they are a guess and random bytes [U].
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "ec.h"
#include "ecauth.h"

#define P256		0x03
#define POINT_LEN	65
#define SECRET_LEN	32
#define RANDOM_LEN	16

#define SCP_OPTIONS	0x01
#define LEVEL		0x33
#define TYPE_OF_AES	0x88
#define KEY_LEN		16

/* Derivation constants: as SCP03's, and one more for the chaining value */
#define DERIVE_ENC	0x04
#define DERIVE_MAC	0x06
#define DERIVE_RMAC	0x07
#define DERIVE_CHAINING	0x08

/* A public key: 7F49, key type B0 with the point, parameter F0 */
static const uint8_t key_head[] = { 0x7F, 0x49, 0x46, 0xB0, POINT_LEN };
static const uint8_t key_tail[] = { 0xF0, 0x01, 0x03 };
#define KEY_TLV_LEN	(sizeof(key_head) + POINT_LEN + sizeof(key_tail))

/* What INTERNAL AUTHENTICATE begins with: the applet, SCP, type and length of the keys */
static const uint8_t terms[] = {
	0xA6, 0x1D,
	0x4F, 0x10, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
	0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00,
	0x90, 0x03, 0xAB, SCP_OPTIONS, LEVEL,
	0x80, 0x01, TYPE_OF_AES,
	0x81, 0x01, KEY_LEN,
};

uint16_t ecauth_get_data(const struct call *call)
{
	static const uint8_t wanted[] = { 0xA6, 0x04, 0x83, 0x02, 0x00, 0x00 };
	const struct object *own = store_find(&call->iot->store, ID_SESSION_KEY);
	const struct object *signer = store_find(&call->iot->store, ID_ATTEST_KEY);
	const struct curve *curve = ec_curve(P256);
	uint8_t digest[32], sig[EC_SIG_MAX];
	size_t len;

	if (call->apdu->lc != sizeof(wanted) || memcmp(call->apdu->data, wanted, sizeof(wanted)))
		return SW_DATA;
	rsp_put(call->rsp, key_head, sizeof(key_head));
	rsp_put(call->rsp, own->value + curve->len, POINT_LEN);
	rsp_put(call->rsp, key_tail, sizeof(key_tail));
	if (!EVP_Q_digest(NULL, "SHA256", NULL, call->rsp->buf, KEY_TLV_LEN, digest, NULL))
		return SW_INTERNAL;
	len = ec_sign(curve, signer->value, signer->value + curve->len, digest, sizeof(digest),
		      sig);
	if (!len)
		return SW_INTERNAL;
	rsp_put(call->rsp, (uint8_t[]) { 0x5F, 0x37, len }, 3);
	rsp_put(call->rsp, sig, len);
	return SW_OK;
}

/* Terms, the host's fresh key, and 5F37 with the signature over both */
static uint16_t check(const struct apdu *apdu, const uint8_t *point, const uint8_t **fresh)
{
	const size_t len = sizeof(terms) + KEY_TLV_LEN;
	const uint8_t *key = apdu->data + sizeof(terms), *sig = apdu->data + len;
	uint8_t digest[32];

	if (apdu->lc < len + 3 || memcmp(apdu->data, terms, sizeof(terms)) ||
	    memcmp(key, key_head, sizeof(key_head)) ||
	    memcmp(key + KEY_TLV_LEN - sizeof(key_tail), key_tail, sizeof(key_tail)) ||
	    sig[0] != 0x5F || sig[1] != 0x37 || sig[2] != apdu->lc - len - 3)
		return SW_DATA;
	if (!EVP_Q_digest(NULL, "SHA256", NULL, apdu->data, len, digest, NULL))
		return SW_INTERNAL;
	*fresh = key + sizeof(key_head);
	return ec_verify(ec_curve(P256), point, digest, sizeof(digest), sig + 3, sig[2]) ?
	       SW_OK : SW_SECURITY;
}

/* As SCP03 derives, without a context */
static bool derive(const uint8_t *master, uint8_t constant, uint8_t *out)
{
	const uint8_t input[16] = { [11] = constant, [14] = 8 * KEY_LEN, [15] = 1 };
	size_t n;

	return EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, master, KEY_LEN, input,
			 sizeof(input), out, KEY_LEN, &n);
}

/* From applet 3.5 on a counter comes first. */
static bool master_key(const struct model *model, const uint8_t *secret, const uint8_t *random,
		       uint8_t master[32])
{
	uint8_t input[4 + SECRET_LEN + RANDOM_LEN + 4] = { 0, 0, 0, 1 };
	bool counter = model->v7 || model->version[0] > 3 || model->version[1] >= 5;
	size_t from = counter ? 0 : 4;
	bool ok;

	memcpy(input + 4, secret, SECRET_LEN);
	memcpy(input + 4 + SECRET_LEN, random, RANDOM_LEN);
	memcpy(input + 4 + SECRET_LEN + RANDOM_LEN,
	       (uint8_t[]) { SCP_OPTIONS, LEVEL, TYPE_OF_AES, KEY_LEN }, 4);
	ok = EVP_Q_digest(NULL, "SHA256", NULL, input + from, sizeof(input) - from, master, NULL);
	OPENSSL_cleanse(input, sizeof(input));
	return ok;
}

uint16_t ecauth_authenticate(struct call *call, const uint8_t *point)
{
	const struct object *own = store_find(&call->iot->store, ID_SESSION_KEY);
	uint8_t secret[SECRET_LEN], master[32], answer[2][RANDOM_LEN];
	const struct curve *curve = ec_curve(P256);
	struct scp *scp = &call->session->scp;
	const uint8_t *fresh;
	uint16_t sw = check(call->apdu, point, &fresh);

	scp_close(scp);
	if (sw != SW_OK)
		return sw;
	if (!ec_agree(curve, own->value, own->value + curve->len, fresh, secret))
		return SW_DATA;
	scp->key_len = KEY_LEN;
	if (RAND_bytes(answer[0], sizeof(answer)) != 1 ||
	    !master_key(call->iot->model, secret, answer[0], master) ||
	    !derive(master, DERIVE_ENC, scp->enc) || !derive(master, DERIVE_MAC, scp->mac) ||
	    !derive(master, DERIVE_RMAC, scp->rmac) ||
	    !derive(master, DERIVE_CHAINING, scp->chaining)) {
		sw = SW_INTERNAL;
	} else {
		scp->state = SCP_OPEN;
		rsp_put(call->rsp, (uint8_t[]) { 0x85, RANDOM_LEN }, 2);
		rsp_put(call->rsp, answer[0], RANDOM_LEN);
		rsp_put(call->rsp, (uint8_t[]) { 0x86, RANDOM_LEN }, 2);
		rsp_put(call->rsp, answer[1], RANDOM_LEN);
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(master, sizeof(master));
	return sw;
}
