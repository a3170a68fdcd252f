/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What chip.c and burst.c have between them */
#ifndef SE05X_KEYS_CHIP_H
#define SE05X_KEYS_CHIP_H

#include "keys.h"

/* keys_end()'s rule, but for a rebind; @tries: 0 before the first call */
bool keys_again(int ret, const struct se05x_call *call, unsigned int *tries);

/* A file of its own, of that very chip: a PIN is shown to no other one */
int keys_open_own(struct keys_chip *chip, struct se05x **se, struct se05x_iot **iot,
		  struct se05x_call *call);

/* The file of a burst under way: a child that kept it would hold the chip's lock. */
struct burst {
	struct burst *next;
	struct se05x **owner;	/* who closes it, unless a child did */
};

void keys_burst_begins(struct burst *burst, struct se05x **owner);
void keys_burst_ends(const struct burst *burst);

#endif /* SE05X_KEYS_CHIP_H */
