/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One exchange at a time for each user, and so many openers
 *
 * To the kernel all openers are one user, this server. So that a user with a hundred
 * openers doesn't push back another's command, only one opener of a user asks the kernel
 * at a time, in the order in which they came. Each opener is a thread and a file of the
 * server: no user may have all of them.
 */
#ifndef SE05X_I2CD_TURNS_H
#define SE05X_I2CD_TURNS_H

#include <sys/types.h>

#define TURNS_OPENERS	256	/* of one user; the server's files are enough for many such */

struct turns;

/*
 * One more opener in the line of @uid. turns_put() each that was got.
 *
 * Return: 0; -EMFILE: the user has TURNS_OPENERS already; -ENOMEM.
 */
int turns_get(struct turns **turns, uid_t uid);
void turns_put(struct turns *turns);

void turns_begin(struct turns *turns);
void turns_end(struct turns *turns);

#endif /* SE05X_I2CD_TURNS_H */
