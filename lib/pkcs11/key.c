// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a key is asked for: of the chip's the chip, as the user where somebody is logged
 * in; of the host's libcrypto.
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "mech.h"
#include "object.h"

/* ---- keys of operations ---- */

static CK_ATTRIBUTE_TYPE usage_of(CK_FLAGS what)
{
	switch (what) {
	case CKF_SIGN:
		return CKA_SIGN;
	case CKF_VERIFY:
		return CKA_VERIFY;
	case CKF_ENCRYPT:
		return CKA_ENCRYPT;
	case CKF_DECRYPT:
		return CKA_DECRYPT;
	default:
		return CKA_DERIVE;
	}
}

CK_RV key_take(struct p11_session *session, CK_OBJECT_HANDLE handle, CK_FLAGS what,
	       struct key *key)
{
	struct p11_object *object;
	CK_RV rv = p11_key_get(session, handle, usage_of(what), &object);

	if (rv)
		return rv;
	*key = (struct key) { .object = object };
	if (object->class == CKO_SECRET_KEY) {
		key->secret = (struct secret) { object->secret, object->secret_len };
		return CKR_OK;
	}
	rv = p11_public(object, &key->pkey);
	/* EC keys whose public half nobody may read sign all the same, and nobody can check it */
	if (rv == CKR_KEY_FUNCTION_NOT_PERMITTED && object->class == CKO_PRIVATE_KEY &&
	    object->key_type != CKK_RSA)
		rv = CKR_OK;
	if (rv)
		key_drop(key);
	return rv;
}

void key_drop(struct key *key)
{
	if (key->object)
		p11_object_put(key->object);
	memset(key, 0, sizeof(*key));
}

/* ---- commands of the chip, for p11_run_as() ---- */

struct job {
	uint32_t id;
	uint8_t curve;
	int how;		/* hash, cipher or MAC */
	enum se05x_iot_padding padding;
	bool encrypt;
	const struct aead *aead;
	const struct hkdf *hkdf;
	const void *iv;
	const uint8_t *in;
	size_t len;
	uint8_t *out;
	size_t out_len;		/* in: room */
	uint8_t *tag;
	size_t tag_len;
	bool good;
};

/* Errors of the door are about objects and arguments; here those are the key's, these @bad. */
static CK_RV run_with(const struct key *key, p11_command command, struct job *job, CK_RV bad)
{
	CK_RV rv;

	job->id = p11_id(key->object);
	rv = p11_run_as(key->object, command, job);
	return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID :
	       rv == CKR_ARGUMENTS_BAD ? bad : rv;
}

static CK_RV run(const struct key *key, p11_command command, struct job *job)
{
	return run_with(key, command, job, CKR_FUNCTION_FAILED);
}

static int run_ecdsa(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;
	size_t len = j->out_len;
	int ret = se05x_iot_ecdsa_sign(iot, j->id, j->how, j->in, j->out, &len, call);

	if (!ret)
		j->out_len = len;
	return ret;
}

CK_RV key_ecdsa(const struct key *key, const uint8_t *digest, size_t len, uint8_t *der,
		size_t *der_len)
{
	uint8_t fitted[KEYS_DIGEST_MAX];
	struct job job = { .in = fitted, .out = der, .out_len = *der_len };
	const struct keys_hash *hash;
	CK_RV rv;

	if (key_is_soft(key))
		return soft_sign(key->pkey, digest, len, der, der_len);
	hash = keys_fit_digest(p11_curve(key->object), digest, len, fitted);
	if (!hash)
		return CKR_DATA_LEN_RANGE;
	job.how = hash->hash;
	rv = run(key, run_ecdsa, &job);
	*der_len = job.out_len;
	return rv;
}

static int run_eddsa(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;

	return se05x_iot_eddsa_sign(iot, j->id, j->in, j->len, j->out, call);
}

CK_RV key_eddsa(const struct key *key, const uint8_t *message, size_t len, uint8_t sig[64])
{
	struct job job = { .in = message, .len = len, .out = sig };
	size_t sig_len = 64;

	return key_is_soft(key) ? soft_eddsa(key->pkey, message, len, sig, &sig_len) :
	       run(key, run_eddsa, &job);
}

static int run_rsa(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;
	size_t len = j->len;
	int ret = se05x_iot_rsa_decrypt(iot, j->id, SE05X_IOT_PADDING_NONE, 0, j->in, j->len,
					j->out, &len, call);

	return !ret && len != j->len ? -EPROTO : ret;
}

CK_RV key_rsa(const struct key *key, const uint8_t *in, uint8_t *out, size_t len)
{
	struct job job = { .in = in, .len = len, .out = out };

	return key_is_soft(key) ? soft_rsa(key->pkey, in, len, out) : run(key, run_rsa, &job);
}

bool key_only_signs(const struct key *key)
{
	return !key_is_soft(key) && !p11_attribute_bool(key->object, CKA_DECRYPT);
}

static int run_rsa_sign(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;
	size_t len = j->out_len;
	int ret = se05x_iot_rsa_sign(iot, j->id, j->padding, j->how, j->in, j->len, j->out, &len,
				     call);

	return !ret && len != j->out_len ? -EPROTO : ret;
}

CK_RV key_rsa_sign(const struct key *key, enum se05x_iot_padding padding,
		   const struct keys_hash *hash, const uint8_t *message, size_t len,
		   uint8_t *sig, size_t sig_len)
{
	struct job job = {
		.padding = padding, .how = hash->hash, .in = message, .len = len, .out = sig,
		.out_len = sig_len,
	};

	return run(key, run_rsa_sign, &job);
}

static int run_ecdh(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;
	size_t len = j->out_len;

	return se05x_iot_ecdh(iot, j->id, j->curve, j->in, j->len, j->out, &len, call);
}

CK_RV key_ecdh(const struct key *key, EVP_PKEY *peer, const uint8_t *point, uint8_t *secret,
	       size_t *len)
{
	const struct se05x_iot_curve *curve = p11_curve(key->object);
	struct job job = {
		.curve = curve->id, .in = point, .len = se05x_iot_point_len(curve->id),
		.out = secret, .out_len = *len,
	};

	if (key_is_soft(key))
		return soft_ecdh(key->pkey, peer, secret, len);
	*len = curve->size;
	return run_with(key, run_ecdh, &job, CKR_MECHANISM_PARAM_INVALID);
}

/* ---- secret keys ---- */

static int run_cipher(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;

	return se05x_iot_cipher(iot, j->id, j->how, j->encrypt, j->iv, j->in, j->out, j->len, call);
}

CK_RV key_cipher(const struct key *key, enum se05x_iot_cipher mode, bool encrypt, const void *iv,
		 const uint8_t *in, uint8_t *out, size_t len)
{
	struct job job = {
		.how = mode, .encrypt = encrypt, .iv = iv, .in = in, .out = out, .len = len,
	};

	return key_is_soft(key) ? soft_cipher(&key->secret, mode, encrypt, iv, in, out, len) :
	       run(key, run_cipher, &job);
}

static int run_aead(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;
	const struct aead *a = j->aead;

	if (a->encrypt)
		return se05x_iot_aead_encrypt(iot, j->id, a->mode, a->iv, a->iv_len, a->aad,
					      a->aad_len, j->in, j->out, j->len, j->tag,
					      a->tag_len, call);
	return se05x_iot_aead_decrypt(iot, j->id, a->mode, a->iv, a->iv_len, a->aad, a->aad_len,
				      j->in, j->out, j->len, j->tag, a->tag_len, &j->good, call);
}

CK_RV key_aead(const struct key *key, const struct aead *aead, const uint8_t *in, uint8_t *out,
	       size_t len, uint8_t *tag)
{
	struct job job = { .aead = aead, .in = in, .len = len, .out = out, .tag = tag };
	CK_RV rv;

	if (key_is_soft(key))
		return soft_aead(&key->secret, aead, in, out, len, tag);
	rv = run(key, run_aead, &job);
	return !rv && !aead->encrypt && !job.good ? CKR_ENCRYPTED_DATA_INVALID : rv;
}

/* Return: false: the chip has no such MAC. */
static bool chips_mac(const struct keys_hash *hash, int *mac)
{
	static const int macs[] = {
		[SE05X_IOT_HASH_SHA1] = SE05X_IOT_MAC_HMAC_SHA1,
		[SE05X_IOT_HASH_SHA224] = -1,
		[SE05X_IOT_HASH_SHA256] = SE05X_IOT_MAC_HMAC_SHA256,
		[SE05X_IOT_HASH_SHA384] = SE05X_IOT_MAC_HMAC_SHA384,
		[SE05X_IOT_HASH_SHA512] = SE05X_IOT_MAC_HMAC_SHA512,
	};

	*mac = hash ? macs[hash->hash] : SE05X_IOT_MAC_CMAC_AES;
	return *mac >= 0;
}

static int run_mac(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;
	size_t len = EVP_MAX_MD_SIZE;
	int ret = se05x_iot_mac(iot, j->id, j->how, j->in, j->len, j->out, &len, call);

	j->out_len = len;
	return ret;
}

CK_RV key_mac(const struct key *key, const struct keys_hash *hash, const uint8_t *message,
	      size_t len, uint8_t mac[EVP_MAX_MD_SIZE], size_t *mac_len)
{
	struct job job = { .in = message, .len = len, .out = mac };
	CK_RV rv;

	if (key_is_soft(key))
		return soft_mac(&key->secret, hash, message, len, mac, mac_len);
	if (!chips_mac(hash, &job.how))
		return CKR_KEY_TYPE_INCONSISTENT;
	rv = run(key, run_mac, &job);
	*mac_len = job.out_len;
	return !rv && *mac_len != (hash ? hash->len : BLOCK) ? CKR_DEVICE_ERROR : rv;
}

static int run_mac_verify(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;

	return se05x_iot_mac_verify(iot, j->id, j->how, j->in, j->len, j->tag, j->tag_len,
				    &j->good, call);
}

CK_RV key_mac_verify(const struct key *key, const struct keys_hash *hash, const uint8_t *message,
		     size_t len, const uint8_t *mac, size_t mac_len)
{
	struct job job = {
		.in = message, .len = len, .tag = (uint8_t *)mac, .tag_len = mac_len,
	};
	uint8_t computed[EVP_MAX_MD_SIZE];
	size_t n = hash ? hash->len : BLOCK;
	CK_RV rv;

	/* the chip knows whole MACs only */
	if (key_is_soft(key) || mac_len != n) {
		rv = key_mac(key, hash, message, len, computed, &n);
		job.good = !rv && !CRYPTO_memcmp(computed, mac, mac_len);
		OPENSSL_cleanse(computed, sizeof(computed));
	} else if (!chips_mac(hash, &job.how)) {
		return CKR_KEY_TYPE_INCONSISTENT;
	} else {
		rv = run(key, run_mac_verify, &job);
	}
	return rv ? rv : job.good ? CKR_OK : CKR_SIGNATURE_INVALID;
}

static int run_hkdf(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct job *j = arg;
	const struct hkdf *h = j->hkdf;

	return se05x_iot_hkdf(iot, j->id, h->hash->hash, h->salt, h->salt_len, h->info,
			      h->info_len, j->out, j->out_len, call);
}

CK_RV key_hkdf(const struct key *key, const struct hkdf *hkdf, uint8_t *out, size_t len)
{
	struct job job = { .hkdf = hkdf, .out = out, .out_len = len };

	if (key_is_soft(key))
		return soft_hkdf(&key->secret, hkdf, out, len);
	/* the chip does both at once, and only that; se05x-iot.h says how long they may be */
	if (!hkdf->extract || !hkdf->expand || hkdf->hash->hash == SE05X_IOT_HASH_SHA224 ||
	    hkdf->salt_len > 64 || hkdf->info_len > 80)
		return CKR_MECHANISM_PARAM_INVALID;
	return run(key, run_hkdf, &job);
}
