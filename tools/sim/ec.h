/* SPDX-License-Identifier: GPL-2.0-only */
/* Elliptic curves by libcrypto */
#ifndef SE05X_EC_H
#define SE05X_EC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#define EC_SCALAR_MAX	66		/* P-521 */
#define EC_POINT_MAX	(1 + 2 * EC_SCALAR_MAX)

/* Curve parameters as SetECCurveParam names them */
#define EC_PARAM_A	0x01
#define EC_PARAM_B	0x02
#define EC_PARAM_G	0x04
#define EC_PARAM_N	0x08
#define EC_PARAM_PRIME	0x10

#define CURVE_ED25519	0x40
#define CURVE_X25519	0x41
#define CURVE_X448	0x43

struct curve {
	uint8_t id;
	const char *name;	/* to libcrypto */
	uint8_t len;		/* bytes of a coordinate; of n too, but for secp160k1's 21 */
	uint16_t generate_ms;	/* what a chip may take; guesses but for the first WTX */
	uint16_t sign_ms;
};

/* Return: NULL if there is no such curve. */
const struct curve *ec_curve(uint32_t id);

/* Ed25519, X25519 and X448 are in the chip; the others have parameters to be set. */
static inline bool ec_built_in(const struct curve *curve)
{
	return curve->id >= CURVE_ED25519;
}

/* Of a public key: 04 X Y, or one number */
static inline size_t ec_point_len(const struct curve *curve)
{
	return ec_built_in(curve) ? curve->len : 1 + 2 * (size_t)curve->len;
}

/*
 * Numbers are big-endian here as they are on the wire, for the built-in curves too:
 * there RFC 7748 and RFC 8032 have them little-endian, and hosts that work with real
 * chips reverse public keys, X25519 and X448 private keys, shared secrets, and each
 * half of an Ed25519 signature. Ed25519's private key is a string of bytes, not a
 * number, and is not reversed. [U]
 */

/* Is @value what that curve has for that parameter? */
bool ec_param_fits(const struct curve *curve, uint32_t param, const uint8_t *value,
		   size_t len);

/* Write a new pair. Return: false if libcrypto failed. */
bool ec_generate(const struct curve *curve, uint8_t *scalar, uint8_t *point);

/* The point that belongs to @scalar. Return: false if it is no private key of that curve. */
bool ec_public(const struct curve *curve, const uint8_t *scalar, uint8_t *point);

/* Is that point on the curve, and, if @scalar is not NULL, is it its own? */
bool ec_key_fits(const struct curve *curve, const uint8_t *scalar, const uint8_t *point);

/* Without @scalar a public key. Return: NULL if libcrypto does not like it. */
EVP_PKEY *ec_key(const struct curve *curve, const uint8_t *scalar, const uint8_t *point);

/*
 * ECDSA over a digest, or EdDSA over a message. @sig has room for EC_SIG_MAX bytes.
 * Return: length of the signature, DER or R S; 0 on failure.
 */
#define EC_SIG_MAX	(9 + 2 * (EC_SCALAR_MAX + 1))
size_t ec_sign(const struct curve *curve, const uint8_t *scalar, const uint8_t *point,
	       const uint8_t *data, size_t len, uint8_t *sig);
bool ec_verify(const struct curve *curve, const uint8_t *point, const uint8_t *data,
	       size_t len, const uint8_t *sig, size_t sig_len);

/* The X coordinate, curve->len bytes. Return: false if @peer is no point of the curve. */
bool ec_agree(const struct curve *curve, const uint8_t *scalar, const uint8_t *point,
	      const uint8_t *peer, uint8_t *secret);

#endif /* SE05X_EC_H */
