/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mechanisms. From above to below:
 *
 *	op.c digest.c generate.c derive.c	the C_ functions, and what goes on in a session
 *	mech.c			the table
 *	sign.c mac.c crypt.c aead.c	the ways to sign, and to encrypt
 *	key.c			what a key is asked for, in the chip or on the host
 *	soft.c			libcrypto
 */
#ifndef SE05X_PKCS11_MECH_H
#define SE05X_PKCS11_MECH_H

#include "pkcs11.h"

#define RSA_MAX		512	/* bytes of the longest modulus */
#define BLOCK		16	/* of AES */
#define SECRET_MAX	256	/* bytes of a secret key; the chip takes no more */

/* ---- parameters that p11-kit's header has not (3.0; CCM: 2.40) ---- */

struct p11_ccm_params {
	CK_ULONG data_len;
	CK_BYTE *nonce;
	CK_ULONG nonce_len;
	CK_BYTE *aad;
	CK_ULONG aad_len;
	CK_ULONG mac_len;
};

struct p11_hkdf_params {
	CK_BBOOL extract;
	CK_BBOOL expand;
	CK_MECHANISM_TYPE hash;
	CK_ULONG salt_type;
	CK_BYTE *salt;
	CK_ULONG salt_len;
	CK_OBJECT_HANDLE salt_key;
	CK_BYTE *info;
	CK_ULONG info_len;
};

/* ---- parameters, as libcrypto and the chip want them ---- */

struct rsa_padding {
	enum se05x_iot_padding padding;
	const struct keys_hash *hash;	/* NULL: what is signed is no digest that we know of */
	const struct keys_hash *mgf;
	int salt_len;
	const uint8_t *label;
	size_t label_len;
};

struct aead {
	enum se05x_iot_aead mode;
	bool encrypt;
	const uint8_t *iv;
	size_t iv_len;
	const uint8_t *aad;
	size_t aad_len;
	size_t tag_len;
	size_t data_len;	/* CCM's parameter says it */
};

struct hkdf {
	bool extract;
	bool expand;
	const struct keys_hash *hash;
	const uint8_t *salt;
	size_t salt_len;
	const uint8_t *info;
	size_t info_len;
};

/* ---- libcrypto: soft.c ---- */

struct secret {
	const uint8_t *value;
	size_t len;
};

/* @curve: NULL: an RSA pair of @bits */
EVP_PKEY *soft_generate(const struct se05x_iot_curve *curve, size_t bits);
/* Its public half alone; NULL: no memory */
EVP_PKEY *soft_public(EVP_PKEY *key);
CK_RV soft_sign(EVP_PKEY *key, const void *digest, size_t len, uint8_t *sig, size_t *sig_len);
CK_RV soft_eddsa(EVP_PKEY *key, const void *message, size_t len, uint8_t *sig, size_t *sig_len);
/* Bare RSA, as long as the modulus */
CK_RV soft_rsa(EVP_PKEY *key, const uint8_t *in, size_t len, uint8_t *out);
CK_RV soft_ecdh(EVP_PKEY *key, EVP_PKEY *peer, uint8_t *secret, size_t *len);
/* @rsa: NULL for ECDSA */
bool soft_verify(EVP_PKEY *key, const struct rsa_padding *rsa, const void *data, size_t len,
		 const void *sig, size_t sig_len);
CK_RV soft_encrypt(EVP_PKEY *key, const struct rsa_padding *rsa, const void *data, size_t len,
		   uint8_t *out, size_t *out_len);
CK_RV soft_cipher(const struct secret *key, enum se05x_iot_cipher mode, bool encrypt,
		  const void *iv, const uint8_t *in, uint8_t *out, size_t len);
CK_RV soft_aead(const struct secret *key, const struct aead *aead, const uint8_t *in,
		uint8_t *out, size_t len, uint8_t *tag);
/* @hash: of HMAC; NULL: CMAC */
CK_RV soft_mac(const struct secret *key, const struct keys_hash *hash, const void *message,
	       size_t len, uint8_t mac[EVP_MAX_MD_SIZE], size_t *mac_len);
CK_RV soft_hkdf(const struct secret *key, const struct hkdf *hkdf, uint8_t *out, size_t len);
/* X9.63's KDF (SEC 1, 3.6.1), which PKCS#11 has for ECDH */
CK_RV soft_x963(const struct secret *z, const struct keys_hash *hash, const void *info,
		size_t info_len, uint8_t *out, size_t len);
/* To be freed with EVP_MD_free(). NULL of NULL. */
EVP_MD *soft_hash(const struct keys_hash *hash);
/* Is the number, as long as the modulus, one that RSA can do? */
bool soft_below_modulus(EVP_PKEY *key, const uint8_t *number, size_t len);

/* ---- keys: key.c ---- */

/* A key that is used */
struct key {
	struct p11_object *object;
	EVP_PKEY *pkey;		/* a host's pair; of the chip's the public half, or NULL: unreadable */
	struct secret secret;	/* a host's secret key */
};

static inline bool key_is_soft(const struct key *key)
{
	return !key->object->chip;
}

/*
 * key_take() - the key of an operation, that may do it
 * @what: CKF_SIGN, CKF_VERIFY, ...: which attribute has to allow it
 */
CK_RV key_take(struct p11_session *session, CK_OBJECT_HANDLE handle, CK_FLAGS what,
	       struct key *key);
void key_drop(struct key *key);

CK_RV key_ecdsa(const struct key *key, const uint8_t *digest, size_t len, uint8_t *der,
		size_t *der_len);
CK_RV key_eddsa(const struct key *key, const uint8_t *message, size_t len, uint8_t sig[64]);
CK_RV key_rsa(const struct key *key, const uint8_t *in, uint8_t *out, size_t len);
/*
 * A key that signs and does not decrypt: then the chip hashes and pads, and has to be given
 * the whole message. @sig: as long as the modulus.
 */
bool key_only_signs(const struct key *key);
CK_RV key_rsa_sign(const struct key *key, enum se05x_iot_padding padding,
		   const struct keys_hash *hash, const uint8_t *message, size_t len,
		   uint8_t *sig, size_t sig_len);
/* @point: the other side's as the chip wants it; @peer: the same for libcrypto */
CK_RV key_ecdh(const struct key *key, EVP_PKEY *peer, const uint8_t *point, uint8_t *secret,
	       size_t *len);
CK_RV key_cipher(const struct key *key, enum se05x_iot_cipher mode, bool encrypt, const void *iv,
		 const uint8_t *in, uint8_t *out, size_t len);
CK_RV key_aead(const struct key *key, const struct aead *aead, const uint8_t *in, uint8_t *out,
	       size_t len, uint8_t *tag);
CK_RV key_mac(const struct key *key, const struct keys_hash *hash, const uint8_t *message,
	      size_t len, uint8_t mac[EVP_MAX_MD_SIZE], size_t *mac_len);
/* CKR_SIGNATURE_INVALID: it is another one */
CK_RV key_mac_verify(const struct key *key, const struct keys_hash *hash, const uint8_t *message,
		     size_t len, const uint8_t *mac, size_t mac_len);
CK_RV key_hkdf(const struct key *key, const struct hkdf *hkdf, uint8_t *out, size_t len);

/* ---- the table: mech.c ---- */

struct p11_op;

/* How a family of mechanisms does it. NULL: it does not. */
struct method {
	/*
	 * Parameter and key are checked before anything else. What is needed of the
	 * parameter is copied: it may be gone afterwards.
	 */
	CK_RV (*init)(struct p11_op *op, const CK_MECHANISM *mechanism);
	/* Most bytes that can come out of @len bytes */
	size_t (*room)(const struct p11_op *op, size_t len);
	/* Sign, encrypt or decrypt; @out has room for these, *@out_len is their number */
	CK_RV (*run)(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out,
		     size_t *out_len);
	CK_RV (*verify)(struct p11_op *op, const uint8_t *data, size_t len, const uint8_t *sig,
			size_t sig_len);
	/*
	 * What comes in parts may go out in parts: bytes of @len that are whole blocks and not
	 * needed at the end, and the work on them, after which @op goes on behind them
	 */
	size_t (*ready)(const struct p11_op *op, size_t len);
	CK_RV (*part)(struct p11_op *op, const uint8_t *in, size_t len, uint8_t *out);
};

extern const struct method ecdsa_method, eddsa_method, rsa_sign_method, mac_method,
	rsa_crypt_method, cipher_method, aead_method;

struct mechanism {
	CK_MECHANISM_TYPE type;
	CK_FLAGS flags;
	CK_ULONG min_size;
	CK_ULONG max_size;
	uint16_t features;	/* the chip has to have one of these; 0: it takes none */
	CK_KEY_TYPE key_type;	/* what goes beside it: mech_takes() */
	const struct method *method;
	int how;		/* enum se05x_iot_padding, _cipher or _aead */
	int hash;		/* enum se05x_iot_hash, and one more; 0: none */
	bool digests;		/* what is signed is hashed first */
};

#define CIPHER_PADDED	0x100	/* with enum se05x_iot_cipher: PKCS#7's padding */

/* NULL: the token has no such mechanism, or not for that */
const struct mechanism *mech_find(const struct p11_token *token, CK_MECHANISM_TYPE type,
				  CK_FLAGS what);
bool mech_takes(const struct mechanism *mechanism, CK_KEY_TYPE type);
const struct keys_hash *mech_hash(const struct mechanism *mechanism);
/* The hash that a parameter names; NULL: none that we have */
const struct keys_hash *mech_hash_named(CK_MECHANISM_TYPE type);
const struct keys_hash *mech_hash_of_mgf(CK_RSA_PKCS_MGF_TYPE mgf);
/* Its chip keeps the rules of FIPS 140 */
bool mech_is_fips(const struct p11_token *token);
/* Can a private key of that type be made in it with those rights (SE05X_IOT_MAY_*)? */
bool mech_can_be(const struct p11_token *token, CK_KEY_TYPE type, uint32_t rights);

/* ---- what goes on in a session: op.c ---- */

struct p11_op {
	const struct mechanism *mechanism;
	CK_FLAGS what;			/* CKF_SIGN, CKF_VERIFY, ... */
	struct key key;
	struct rsa_padding rsa;
	struct aead aead;
	uint8_t iv[BLOCK];
	unsigned int counter_bits;	/* CTR */
	uint64_t blocks;		/* CTR: counted so far */
	size_t mac_len;
	uint8_t *copy;			/* of what the parameter pointed to */
	bool whole;			/* the chip does what the host would hash for */
	bool parts;			/* Update was called */
	bool streams;			/* and gives out what is ready */
	EVP_MD_CTX *md;			/* what is hashed as it comes */
	uint8_t *data;			/* what is collected */
	size_t len, room;
	uint8_t *result;		/* until its caller has room for it */
	size_t result_len;
};

/*
 * Two pieces of what a parameter points to, kept until the operation ends. Return: the
 * first's copy, and the second's is behind it; NULL: no memory, or no piece.
 */
uint8_t *op_copy(struct p11_op *op, const void *first, size_t first_len, const void *second,
		 size_t second_len);
/* CKR_MECHANISM_PARAM_INVALID unless there is none */
CK_RV op_no_parameter(struct p11_op *op, const CK_MECHANISM *mechanism);

/* Begin to hash by the mechanism's hash */
CK_RV op_digest(struct p11_op *op);
/*
 * CKR_KEY_HANDLE_INVALID: no key; CKR_KEY_TYPE_INCONSISTENT: not one for that mechanism,
 * whatever it may be used for
 */
CK_RV op_check_type(struct p11_session *session, const struct mechanism *mechanism,
		    CK_OBJECT_HANDLE key);

/* Can a secret key of that type be that long? generate.c */
bool mech_good_secret(CK_KEY_TYPE type, CK_ULONG len);

#endif /* SE05X_PKCS11_MECH_H */
