/* SPDX-License-Identifier: GPL-2.0-only */
/* Elliptic curves by libcrypto */
#ifndef SE05X_EC_H
#define SE05X_EC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EC_SCALAR_MAX	66		/* P-521 */
#define EC_POINT_MAX	(1 + 2 * EC_SCALAR_MAX)

/* Curve parameters as SetECCurveParam names them */
#define EC_PARAM_A	0x01
#define EC_PARAM_B	0x02
#define EC_PARAM_G	0x04
#define EC_PARAM_N	0x08
#define EC_PARAM_PRIME	0x10

struct curve {
	uint8_t id;
	const char *name;	/* to libcrypto */
	uint8_t len;		/* bytes of a coordinate; of n too, but for secp160k1's 21 */
	uint16_t generate_ms;	/* what a chip may take; guesses but for the first WTX */
	uint16_t sign_ms;
};

/* Return: NULL if there is no such curve. */
const struct curve *ec_curve(uint32_t id);

static inline size_t ec_point_len(const struct curve *curve)
{
	return 1 + 2 * (size_t)curve->len;
}

/* Is @value what that curve has for that parameter? */
bool ec_param_fits(const struct curve *curve, uint32_t param, const uint8_t *value,
		   size_t len);

/* Write a new pair. Return: false if libcrypto failed. */
bool ec_generate(const struct curve *curve, uint8_t *scalar, uint8_t *point);

/* Is that point on the curve, and, if @scalar is not NULL, is it its own? */
bool ec_key_fits(const struct curve *curve, const uint8_t *scalar, const uint8_t *point);

/*
 * ECDSA over a digest as it is. @sig has room for EC_SIG_MAX bytes of DER.
 * Return: length, 0 on failure.
 */
#define EC_SIG_MAX	(9 + 2 * (EC_SCALAR_MAX + 1))
size_t ec_sign(const struct curve *curve, const uint8_t *scalar, const uint8_t *point,
	       const uint8_t *digest, size_t digest_len, uint8_t *sig);
bool ec_verify(const struct curve *curve, const uint8_t *point, const uint8_t *digest,
	       size_t digest_len, const uint8_t *sig, size_t sig_len);

#endif /* SE05X_EC_H */
