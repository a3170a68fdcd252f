/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SE05X_I2CD_CUSE_H
#define SE05X_I2CD_CUSE_H

#include <stdint.h>

#include "opener.h"

struct cuse_config {
	const char *name;	/* of the device, below /dev */
	uint16_t address;	/* at which the chip answers */
	uid_t uid;		/* what the server becomes once it has /dev/cuse; 0: it stays */
	gid_t gid;
	struct opener_config opener;
};

/* Serve the device until a signal ends it. Return: 0; -1 after having said why. */
int cuse_serve(struct cuse_config *config);

#endif /* SE05X_I2CD_CUSE_H */
