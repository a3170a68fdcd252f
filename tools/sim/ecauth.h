/* SPDX-License-Identifier: GPL-2.0-only */
/* How an EC key opens a session, the card's side */
#ifndef SE05X_ECAUTH_H
#define SE05X_ECAUTH_H

#include "call.h"

/*
 * GET DATA BF21: the chip's public key for such sessions, with a signature of its
 * attestation key.
 */
uint16_t ecauth_get_data(const struct call *call);

/*
 * INTERNAL AUTHENTICATE: the host's fresh key, signed by the one whose public part is
 * @point, on P-256. Return: SW_OK: the session's channel is open; SW_SECURITY: it did not
 * sign that.
 */
uint16_t ecauth_authenticate(struct call *call, const uint8_t *point);

#endif /* SE05X_ECAUTH_H */
