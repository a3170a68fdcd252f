// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Signatures and MACs. What the chip signed is verified on the host with the public half
 * that its caller was shown: a key that was replaced, or a chip that signs wrongly, is
 * found out before anybody else does.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "mech.h"

/* ---- ECDSA: r and s, each as long as the order ---- */

static size_t order_len(const struct p11_op *op)
{
	/* of all curves of the chip as long as the field is */
	return p11_curve(op->key.object)->size;
}

static CK_RV ec_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	if (!p11_curve(op->key.object))
		return CKR_KEY_TYPE_INCONSISTENT;
	return op_no_parameter(op, mechanism);
}

static size_t ecdsa_room(const struct p11_op *op, size_t len)
{
	(void)len;
	return 2 * order_len(op);
}

static bool der_to_raw(const uint8_t *der, size_t der_len, uint8_t *raw, size_t n)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, der_len);
	bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, n) == (int)n &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + n, n) == (int)n;

	ECDSA_SIG_free(sig);
	return good;
}

/* Return: length of the DER, 0: no memory. To be freed with OPENSSL_free(). */
static int raw_to_der(const uint8_t *raw, size_t n, uint8_t **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, n, NULL), *s = BN_bin2bn(raw + n, n, NULL);
	int len = 0;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		r = NULL;
		s = NULL;
		len = i2d_ECDSA_SIG(sig, der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len > 0 ? len : 0;
}

static CK_RV ecdsa_sign(struct p11_op *op, const uint8_t *digest, size_t len, uint8_t *out,
			size_t *out_len)
{
	uint8_t der[SE05X_IOT_SIG_MAX];
	size_t der_len = sizeof(der), n = order_len(op);
	CK_RV rv = key_ecdsa(&op->key, digest, len, der, &der_len);

	if (rv)
		return rv;
	if (!key_is_soft(&op->key) && op->key.pkey &&
	    !soft_verify(op->key.pkey, NULL, digest, len, der, der_len))
		return CKR_DEVICE_ERROR;
	*out_len = 2 * n;
	return der_to_raw(der, der_len, out, n) ? CKR_OK : CKR_DEVICE_ERROR;
}

static CK_RV ecdsa_verify(struct p11_op *op, const uint8_t *digest, size_t len,
			  const uint8_t *sig, size_t sig_len)
{
	uint8_t *der = NULL;
	bool good;
	int n;

	if (sig_len != 2 * order_len(op))
		return CKR_SIGNATURE_LEN_RANGE;
	n = raw_to_der(sig, sig_len / 2, &der);
	if (!n)
		return CKR_HOST_MEMORY;
	good = soft_verify(op->key.pkey, NULL, digest, len, der, n);
	OPENSSL_free(der);
	return good ? CKR_OK : CKR_SIGNATURE_INVALID;
}

const struct method ecdsa_method = {
	.init = ec_init, .room = ecdsa_room, .run = ecdsa_sign, .verify = ecdsa_verify,
};

/* ---- Ed25519: the chip takes all of the message at once ---- */

#define ED25519_LEN	64

static size_t eddsa_room(const struct p11_op *op, size_t len)
{
	(void)op;
	(void)len;
	return ED25519_LEN;
}

static bool eddsa_good(const struct p11_op *op, const uint8_t *message, size_t len,
		       const uint8_t *sig)
{
	return keys_verify(p11.lib, op->key.pkey, SE05X_IOT_PADDING_NONE, NULL, message, len, sig,
			   ED25519_LEN);
}

static CK_RV eddsa_sign(struct p11_op *op, const uint8_t *message, size_t len, uint8_t *out,
			size_t *out_len)
{
	CK_RV rv = key_eddsa(&op->key, message, len, out);

	if (!rv && !key_is_soft(&op->key) && op->key.pkey && !eddsa_good(op, message, len, out))
		rv = CKR_DEVICE_ERROR;
	*out_len = ED25519_LEN;
	return rv;
}

static CK_RV eddsa_verify(struct p11_op *op, const uint8_t *message, size_t len,
			  const uint8_t *sig, size_t sig_len)
{
	if (sig_len != ED25519_LEN)
		return CKR_SIGNATURE_LEN_RANGE;
	return eddsa_good(op, message, len, sig) ? CKR_OK : CKR_SIGNATURE_INVALID;
}

const struct method eddsa_method = {
	.init = ec_init, .room = eddsa_room, .run = eddsa_sign, .verify = eddsa_verify,
};

/* ---- RSA ---- */

static size_t modulus_len(const struct p11_op *op)
{
	return EVP_PKEY_get_size(op->key.pkey);
}

static CK_RV pss_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	const CK_RSA_PKCS_PSS_PARAMS *p = mechanism->pParameter;

	if (!p || mechanism->ulParameterLen != sizeof(*p))
		return CKR_MECHANISM_PARAM_INVALID;
	if (!op->rsa.hash)
		op->rsa.hash = mech_hash_named(p->hashAlg);
	op->rsa.mgf = mech_hash_of_mgf(p->mgf);
	if (!op->rsa.hash || op->rsa.hash != mech_hash_named(p->hashAlg) || !op->rsa.mgf ||
	    p->sLen > RSA_MAX || op->rsa.hash->len + p->sLen + 2 > modulus_len(op))
		return CKR_MECHANISM_PARAM_INVALID;
	op->rsa.salt_len = p->sLen;
	return CKR_OK;
}

/* The chip's own padding has MGF1 by the same hash, and a salt as long as the digest. */
static CK_RV check_whole(struct p11_op *op)
{
	if (op->what != CKF_SIGN || !key_only_signs(&op->key))
		return CKR_OK;
	op->whole = true;
	if (!op->mechanism->digests)
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return op->rsa.padding == SE05X_IOT_PADDING_PSS &&
	       (op->rsa.mgf != op->rsa.hash || (size_t)op->rsa.salt_len != op->rsa.hash->len) ?
	       CKR_MECHANISM_PARAM_INVALID : CKR_OK;
}

static CK_RV rsa_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	CK_RV rv;

	op->rsa.padding = op->mechanism->how;
	op->rsa.hash = mech_hash(op->mechanism);
	if (modulus_len(op) > RSA_MAX)
		return CKR_KEY_SIZE_RANGE;
	rv = op->rsa.padding == SE05X_IOT_PADDING_PSS ? pss_init(op, mechanism) :
	     op_no_parameter(op, mechanism);
	return rv ? rv : check_whole(op);
}

static size_t rsa_room(const struct p11_op *op, size_t len)
{
	(void)len;
	return modulus_len(op);
}

/* The number that is to be signed, as long as the modulus */
static CK_RV pad(const struct p11_op *op, const uint8_t *data, size_t len, uint8_t *em)
{
	size_t n = modulus_len(op);
	EVP_MD *md = soft_hash(op->rsa.hash), *mgf = soft_hash(op->rsa.mgf);
	bool good = false;

	switch (op->rsa.padding) {
	case SE05X_IOT_PADDING_PKCS1:
		good = keys_rsa_pad_pkcs1(md, data, len, em, n);
		break;
	case SE05X_IOT_PADDING_PSS:
		good = len == op->rsa.hash->len &&
		       keys_rsa_pad_pss(p11.lib, md, mgf, op->rsa.salt_len, data, em,
				    EVP_PKEY_get_bits(op->key.pkey));
		break;
	default:
		good = len <= n;
		if (good) {
			memset(em, 0, n - len);
			memcpy(em + n - len, data, len);
		}
	}
	EVP_MD_free(md);
	EVP_MD_free(mgf);
	return good ? CKR_OK : CKR_DATA_LEN_RANGE;
}

/* PSS has random numbers in it. Of the others there is one signature, of @em. */
static bool rsa_good(const struct p11_op *op, const uint8_t *data, size_t len, const uint8_t *em,
		     const uint8_t *sig)
{
	static const struct rsa_padding none = { SE05X_IOT_PADDING_NONE };
	uint8_t again[RSA_MAX];
	size_t n = modulus_len(op);

	if (op->rsa.padding == SE05X_IOT_PADDING_PSS)
		return soft_verify(op->key.pkey, &op->rsa, data, len, sig, n);
	return !soft_encrypt(op->key.pkey, &none, sig, n, again, &n) && !memcmp(again, em, n);
}

static CK_RV sign_whole(struct p11_op *op, const uint8_t *message, size_t len, uint8_t *out,
			size_t *out_len)
{
	const struct keys_hash *hash = op->rsa.hash;
	uint8_t digest[EVP_MAX_MD_SIZE];
	CK_RV rv;

	*out_len = modulus_len(op);
	rv = key_rsa_sign(&op->key, op->rsa.padding, hash, message, len, out, *out_len);
	if (rv)
		return rv;
	return EVP_Q_digest(p11.lib, hash->name, NULL, message, len, digest, NULL) == 1 &&
	       soft_verify(op->key.pkey, &op->rsa, digest, hash->len, out, *out_len) ?
	       CKR_OK : CKR_DEVICE_ERROR;
}

static CK_RV rsa_sign(struct p11_op *op, const uint8_t *data, size_t len, uint8_t *out,
		      size_t *out_len)
{
	size_t n = modulus_len(op);
	uint8_t em[RSA_MAX];
	CK_RV rv;

	if (op->whole)
		return sign_whole(op, data, len, out, out_len);
	rv = pad(op, data, len, em);
	if (!rv && !soft_below_modulus(op->key.pkey, em, n))
		rv = CKR_DATA_INVALID;
	if (!rv)
		rv = key_rsa(&op->key, em, out, n);
	if (!rv && !rsa_good(op, data, len, em, out))
		rv = CKR_DEVICE_ERROR;
	OPENSSL_cleanse(em, sizeof(em));
	*out_len = n;
	return rv;
}

static CK_RV rsa_verify(struct p11_op *op, const uint8_t *data, size_t len, const uint8_t *sig,
			size_t sig_len)
{
	uint8_t em[RSA_MAX];
	CK_RV rv;

	if (sig_len != modulus_len(op))
		return CKR_SIGNATURE_LEN_RANGE;
	rv = pad(op, data, len, em);
	return rv ? rv : rsa_good(op, data, len, em, sig) ? CKR_OK : CKR_SIGNATURE_INVALID;
}

const struct method rsa_sign_method = {
	.init = rsa_init, .room = rsa_room, .run = rsa_sign, .verify = rsa_verify,
};

/* ---- MACs ---- */

/* Those that are told how long they shall be have "general" in their names. */
static CK_RV mac_init(struct p11_op *op, const CK_MECHANISM *mechanism)
{
	const struct keys_hash *hash = mech_hash(op->mechanism);
	CK_ULONG len;

	op->mac_len = hash ? hash->len : BLOCK;
	if (!op->mechanism->how)
		return op_no_parameter(op, mechanism);
	if (!mechanism->pParameter || mechanism->ulParameterLen != sizeof(len))
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(&len, mechanism->pParameter, sizeof(len));
	if (!len || len > op->mac_len)
		return CKR_MECHANISM_PARAM_INVALID;
	op->mac_len = len;
	return CKR_OK;
}

static size_t mac_room(const struct p11_op *op, size_t len)
{
	(void)len;
	return op->mac_len;
}

static CK_RV mac_sign(struct p11_op *op, const uint8_t *message, size_t len, uint8_t *out,
		      size_t *out_len)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	size_t n;
	CK_RV rv = key_mac(&op->key, mech_hash(op->mechanism), message, len, mac, &n);

	if (!rv)
		memcpy(out, mac, op->mac_len);
	OPENSSL_cleanse(mac, sizeof(mac));
	*out_len = op->mac_len;
	return rv;
}

static CK_RV mac_verify(struct p11_op *op, const uint8_t *message, size_t len,
			const uint8_t *sig, size_t sig_len)
{
	if (sig_len != op->mac_len)
		return CKR_SIGNATURE_LEN_RANGE;
	return key_mac_verify(&op->key, mech_hash(op->mechanism), message, len, sig, sig_len);
}

const struct method mac_method = {
	.init = mac_init, .room = mac_room, .run = mac_sign, .verify = mac_verify,
};
