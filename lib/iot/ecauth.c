// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A session that an EC key opens, on P-256
 *
 * The host signs a fresh public key. It and the chip's own key (7FFF0201) agree on a secret.
 * Its digest is the master key, of which the channel's keys and its first chaining value
 * are derived. The applets' manuals don't say this; it is known from what hosts send. The
 * chip's answer ends in a receipt that no known host verifies, and neither does this [U]: that
 * the chip has the right keys shows in its first answer.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "channel.h"
#include "crypto.h"

#define POINT_LEN	SIOT_POINT_LEN
#define SECRET_LEN	32
#define RANDOM_LEN	16
#define KEY_LEN		16
#define SIG_MAX		72		/* DER of two numbers of 32 bytes */

#define SCP_OPTIONS	0x01
#define LEVEL		0x33
#define TYPE_OF_AES	0x88

#define DERIVE_ENC	0x04
#define DERIVE_MAC	0x06
#define DERIVE_RMAC	0x07
#define DERIVE_CHAINING	0x08

/* GlobalPlatform's tags of INTERNAL AUTHENTICATE: applet, SCP, and the keys to be made */
static const uint8_t terms[] = {
	0xA6, 0x1D,
	0x4F, 0x10, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
	0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00,
	0x90, 0x03, 0xAB, SCP_OPTIONS, LEVEL,
	0x80, 0x01, TYPE_OF_AES,
	0x81, 0x01, KEY_LEN,
};
#define AID_AT	4

/* The host's fresh key: its point, and the parameter that hosts send for P-256 */
static const uint8_t key_head[] = { 0x7F, 0x49, 0x46, 0xB0, POINT_LEN };
static const uint8_t key_tail[] = { 0xF0, 0x01, 0x03 };

/* A key on P-256; without @scalar a public one. NULL: it is none, or there is no memory. */
static EVP_PKEY *make_key(const uint8_t *scalar, const uint8_t *point)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(siot_crypto(), "EC", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *number = scalar ? BN_bin2bn(scalar, SECRET_LEN, NULL) : NULL;
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (ctx && build && (number || !scalar) &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_LEN) &&
	    (!number || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number)))
		params = OSSL_PARAM_BLD_to_param(build);
	if (!params || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, number ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
			      params) <= 0)
		key = NULL;
	OSSL_PARAM_free(params);
	BN_clear_free(number);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Does the point belong to the scalar? A signature that can't be good costs an attempt. */
static bool is_pair(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(siot_crypto(), key, NULL);
	bool good = ctx && EVP_PKEY_pairwise_check(ctx) > 0;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static bool sign(EVP_PKEY *key, const uint8_t *data, size_t len, uint8_t *sig, size_t *sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestSignInit_ex(ctx, NULL, "SHA256", siot_crypto(), NULL, key,
						 NULL) > 0 &&
		    EVP_DigestSign(ctx, sig, sig_len, data, len) > 0;

	EVP_MD_CTX_free(ctx);
	return good;
}

/* Return: false if @peer is no point of the curve, or there is no memory. */
static bool agree(EVP_PKEY *key, const uint8_t *peer, uint8_t secret[SECRET_LEN])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(siot_crypto(), key, NULL);
	EVP_PKEY *other = make_key(NULL, peer);
	size_t len = SECRET_LEN;
	bool good = ctx && other && EVP_PKEY_derive_init(ctx) > 0 &&
		    EVP_PKEY_derive_set_peer(ctx, other) > 0 &&
		    EVP_PKEY_derive(ctx, secret, &len) > 0 && len == SECRET_LEN;

	EVP_PKEY_free(other);
	EVP_PKEY_CTX_free(ctx);
	return good;
}

/* As SCP03 derives (SP 800-108, counter mode), without a context */
static bool derive(const uint8_t *master, uint8_t constant, uint8_t *out)
{
	const uint8_t input[16] = { [11] = constant, [14] = 8 * KEY_LEN, [15] = 1 };
	size_t len;

	return EVP_Q_mac(siot_crypto(), "CMAC", NULL, "AES-128-CBC", NULL, master, KEY_LEN,
			 input, sizeof(input), out, KEY_LEN, &len);
}

/* From applet 3.5 on a counter is hashed first. */
static bool master_key(const struct se05x_iot_version *v, const uint8_t *secret,
		       const uint8_t *random, uint8_t master[32])
{
	static const uint8_t last[] = { SCP_OPTIONS, LEVEL, TYPE_OF_AES, KEY_LEN };
	uint8_t input[4 + SECRET_LEN + RANDOM_LEN + sizeof(last)] = { 0, 0, 0, 1 };
	size_t from = v->major > 3 || (v->major == 3 && v->minor >= 5) ? 0 : 4;
	bool good;

	memcpy(input + 4, secret, SECRET_LEN);
	memcpy(input + 4 + SECRET_LEN, random, RANDOM_LEN);
	memcpy(input + 4 + SECRET_LEN + RANDOM_LEN, last, sizeof(last));
	good = siot_hash(SE05X_IOT_HASH_SHA256, input + from, sizeof(input) - from, master);
	explicit_bzero(input, sizeof(input));
	return good;
}

/* Keys and chaining value from what both sides know now. Return: 0 or -ENOMEM. */
static int start(struct se05x_iot *opened, const uint8_t *secret, const uint8_t *random)
{
	uint8_t master[32], chaining[SE05X_SCP_BLOCK];
	struct se05x_scp_keys keys;
	int ret = -ENOMEM;

	if (master_key(&opened->version, secret, random, master) &&
	    derive(master, DERIVE_ENC, keys.enc) && derive(master, DERIVE_MAC, keys.mac) &&
	    derive(master, DERIVE_RMAC, keys.rmac) && derive(master, DERIVE_CHAINING, chaining))
		ret = siot_channel_start(opened, &keys, KEY_LEN, chaining);
	explicit_bzero(master, sizeof(master));
	explicit_bzero(chaining, sizeof(chaining));
	explicit_bzero(&keys, sizeof(keys));
	return ret;
}

/* INTERNAL AUTHENTICATE. @random: out: the chip's */
static int authenticate(struct se05x_iot *opened, const struct siot_ec_auth *auth,
			uint8_t random[RANDOM_LEN], struct se05x_call *call)
{
	/* a C-APDU of 84 88 00 00, with Lc */
	uint8_t apdu[5 + sizeof(terms) + sizeof(key_head) + POINT_LEN + sizeof(key_tail) + 3 +
		     SIG_MAX] = { 0x84, 0x88 };
	uint8_t *data = apdu + 5, *at = data + sizeof(terms);
	size_t sig_len = SIG_MAX, len;
	struct response rsp;
	int ret;

	memcpy(data, terms, sizeof(terms));
	/* the applet's own name, where it has another one of that length */
	if (opened->aid_len == data[AID_AT - 1])
		memcpy(data + AID_AT, opened->aid, opened->aid_len);
	memcpy(at, key_head, sizeof(key_head));
	at += sizeof(key_head);
	if (!EVP_PKEY_get_octet_string_param(auth->fresh, OSSL_PKEY_PARAM_PUB_KEY, at, POINT_LEN,
					     &len) ||
	    len != POINT_LEN)
		return siot_refuse(-ENOMEM, call);
	memcpy(at + POINT_LEN, key_tail, sizeof(key_tail));
	at += POINT_LEN + sizeof(key_tail);
	if (!sign(auth->own, data, at - data, at + 3, &sig_len))
		return siot_refuse(-ENOMEM, call);
	at[0] = 0x5F;
	at[1] = 0x37;
	at[2] = sig_len;
	apdu[4] = at + 3 + sig_len - data;
	ret = siot_channel_run(opened, apdu, 5 + apdu[4], &rsp, call);
	if (ret)
		return ret;
	/* 85 random, 86 receipt */
	if (rsp.len != 2 + RANDOM_LEN + 2 + 16 || rsp.bytes[0] != 0x85 ||
	    rsp.bytes[1] != RANDOM_LEN || rsp.bytes[2 + RANDOM_LEN] != 0x86 ||
	    rsp.bytes[3 + RANDOM_LEN] != 16)
		return -EPROTO;
	memcpy(random, rsp.bytes + 2, RANDOM_LEN);
	return 0;
}

int siot_ec_prepare(struct siot_ec_auth *auth, const uint8_t *scalar, const uint8_t *point,
		    const uint8_t *chip)
{
	*auth = (struct siot_ec_auth) { 0 };
	if (!siot_crypto())
		return -ENOMEM;
	auth->own = make_key(scalar, point);
	auth->fresh = EVP_PKEY_Q_keygen(siot_crypto(), NULL, "EC", "P-256");
	if (!auth->fresh)
		return -ENOMEM;
	return auth->own && is_pair(auth->own) && agree(auth->fresh, chip, auth->secret) ? 0 :
	       -EINVAL;
}

void siot_ec_clear(struct siot_ec_auth *auth)
{
	EVP_PKEY_free(auth->own);
	EVP_PKEY_free(auth->fresh);
	explicit_bzero(auth, sizeof(*auth));
}

int siot_channel_open_ec(struct se05x_iot *opened, const struct siot_ec_auth *auth,
			 struct se05x_call *call)
{
	uint8_t random[RANDOM_LEN];
	int ret = authenticate(opened, auth, random, call);

	return ret ? ret : start(opened, auth->secret, random);
}
