// SPDX-License-Identifier: GPL-2.0-only
/*
 * One exchange at a time for each user
 */
#include <pthread.h>
#include <stdlib.h>

#include "turns.h"

struct turns {
	struct turns *next;
	uid_t uid;
	unsigned int openers;
	unsigned long first, last;	/* tickets: served now, given next */
	pthread_cond_t moved;
};

/* guards all of them, and their list */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct turns *all;

struct turns *turns_get(uid_t uid)
{
	struct turns *turns;

	pthread_mutex_lock(&lock);
	for (turns = all; turns && turns->uid != uid; turns = turns->next)
		;
	if (!turns) {
		turns = calloc(1, sizeof(*turns));
		if (turns) {
			turns->uid = uid;
			pthread_cond_init(&turns->moved, NULL);
			turns->next = all;
			all = turns;
		}
	}
	if (turns)
		turns->openers++;
	pthread_mutex_unlock(&lock);
	return turns;
}

void turns_put(struct turns *turns)
{
	struct turns **at;

	pthread_mutex_lock(&lock);
	if (!--turns->openers) {
		for (at = &all; *at != turns; at = &(*at)->next)
			;
		*at = turns->next;
		pthread_cond_destroy(&turns->moved);
		free(turns);
	}
	pthread_mutex_unlock(&lock);
}

void turns_begin(struct turns *turns)
{
	unsigned long ticket;

	pthread_mutex_lock(&lock);
	ticket = turns->last++;
	while (ticket != turns->first)
		pthread_cond_wait(&turns->moved, &lock);
	pthread_mutex_unlock(&lock);
}

void turns_end(struct turns *turns)
{
	pthread_mutex_lock(&lock);
	turns->first++;
	pthread_cond_broadcast(&turns->moved);
	pthread_mutex_unlock(&lock);
}
