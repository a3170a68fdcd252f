/* SPDX-License-Identifier: GPL-2.0-only */
/* Attested reads */
#ifndef SE05X_ATTEST_H
#define SE05X_ATTEST_H

#include "call.h"

/*
 * Finish an attested read: what the object is, when it was read, from which chip,
 * and a signature over that and over what the response has already.
 */
uint16_t attest(struct call *call, const struct object *object);

/* Just what the object is */
uint16_t attributes(struct call *call, const struct object *object, uint8_t tag);

#endif /* SE05X_ATTEST_H */
