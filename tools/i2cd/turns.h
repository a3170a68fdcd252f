/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One exchange at a time for each user
 *
 * To the kernel all openers are one user, this server. So that a user with a hundred
 * openers doesn't push back another's command, only one opener of a user asks the kernel
 * at a time, in the order in which they came.
 */
#ifndef SE05X_I2CD_TURNS_H
#define SE05X_I2CD_TURNS_H

#include <sys/types.h>

struct turns;

/* The line of @uid; NULL: no memory. turns_put() each that was got. */
struct turns *turns_get(uid_t uid);
void turns_put(struct turns *turns);

void turns_begin(struct turns *turns);
void turns_end(struct turns *turns);

#endif /* SE05X_I2CD_TURNS_H */
