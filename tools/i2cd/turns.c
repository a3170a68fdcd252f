// SPDX-License-Identifier: GPL-2.0-only
/*
 * One exchange at a time for each user, and so many openers
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common.h"
#include "turns.h"

struct turns {
	struct turns *next;
	uid_t uid;
	unsigned int openers;
	bool told;		/* that there are too many */
	unsigned long first, last;	/* tickets: served now, given next */
	pthread_cond_t moved;
};

/* guards all of them, and their list */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct turns *all;

/* The line of @uid, a new one if need be; NULL: no memory */
static struct turns *line_of(uid_t uid)
{
	struct turns *turns;

	for (turns = all; turns; turns = turns->next)
		if (turns->uid == uid)
			return turns;
	turns = calloc(1, sizeof(*turns));
	if (turns) {
		turns->uid = uid;
		pthread_cond_init(&turns->moved, NULL);
		turns->next = all;
		all = turns;
	}
	return turns;
}

int turns_get(struct turns **turns, uid_t uid)
{
	int ret = 0;

	pthread_mutex_lock(&lock);
	*turns = line_of(uid);
	if (!*turns) {
		ret = -ENOMEM;
	} else if ((*turns)->openers < TURNS_OPENERS) {
		(*turns)->openers++;
	} else {
		if (!(*turns)->told)
			complain("user %u has %d openers, and gets no more", (unsigned int)uid,
				 TURNS_OPENERS);
		(*turns)->told = true;
		*turns = NULL;
		ret = -EMFILE;
	}
	pthread_mutex_unlock(&lock);
	return ret;
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
