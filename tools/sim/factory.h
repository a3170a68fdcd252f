/* SPDX-License-Identifier: GPL-2.0-only */
/* The chip as it leaves the factory */
#ifndef SE05X_FACTORY_H
#define SE05X_FACTORY_H

#include "store.h"

/*
 * Put what NXP provisions into the empty @store: the unique number, an attestation
 * key and a device key, both P-256, with their certificates, and that curve.
 * Return: 0, or -1 with errno.
 */
int factory_make(struct store *store);

#endif /* SE05X_FACTORY_H */
