// SPDX-License-Identifier: LGPL-2.1-or-later
/* A chip that outlives fork, rebind and idleness */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "chip.h"

unsigned int keys_idle_ms = 5000;	/* of a new chip; tests are in more of a hurry */

struct keys_chip {
	char *device;		/* NULL: the default one */
	struct keys_chip *next;	/* in the list of all */
	pthread_mutex_t lock;	/* for all that follows */
	pthread_cond_t changed;
	struct se05x *se;
	struct se05x_iot *iot;	/* NULL: nothing was sent by that file, so it keeps no chip awake */
	bool inherited;		/* opened by the parent: its lock and chains are ours */
	bool gone;		/* ENODEV: to be opened anew when nobody uses it */
	unsigned int users;	/* calls under way */
	uint8_t uid[SE05X_IOT_UID_LEN];
	bool known;		/* that is its unique number */
	/* who lets the chip sleep when it was idle */
	bool no_threads;
	unsigned int idle_ms;
	struct timespec used;
	pthread_t closer;
	bool has_closer;
	bool closer_ended;
	bool stop;
};

/* ---- fork: nothing but our own memory is touched in the child ---- */

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct keys_chip *all;
static struct burst *bursts;	/* those under way */

static void before_fork(void)
{
	pthread_mutex_lock(&all_lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&all_lock);
}

static void init_locks(struct keys_chip *chip)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&chip->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&chip->changed, &attr);
	pthread_condattr_destroy(&attr);
}

/* Other threads, and what they held, are not here. */
static void in_child(void)
{
	pthread_mutex_unlock(&all_lock);
	for (struct keys_chip *chip = all; chip; chip = chip->next) {
		init_locks(chip);
		chip->inherited = true;
		chip->users = 0;
		chip->has_closer = false;
	}
	for (; bursts; bursts = bursts->next) {
		se05x_close(*bursts->owner);
		*bursts->owner = NULL;
	}
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, in_child);
}

struct keys_chip *keys_chip_new(const char *device)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct keys_chip *chip = calloc(1, sizeof(*chip));

	if (!chip)
		return NULL;
	if (device)
		chip->device = strdup(device);
	if (device && !chip->device) {
		free(chip);
		return NULL;
	}
	chip->idle_ms = keys_idle_ms;
	init_locks(chip);
	pthread_once(&once, watch_forks);
	pthread_mutex_lock(&all_lock);
	chip->next = all;
	all = chip;
	pthread_mutex_unlock(&all_lock);
	return chip;
}

/* ---- open and closed ---- */

static void take_file(struct keys_chip *chip, struct se05x *se, struct se05x_iot *iot)
{
	struct se05x_iot *iot_before = chip->iot;
	struct se05x *se_before = chip->se;

	/* first, so that a child forked meanwhile does not use or close what is freed here */
	chip->iot = iot;
	chip->se = se;
	chip->gone = false;
	se05x_iot_close(iot_before);
	se05x_close(se_before);
}

/* @uid: what it has to be, if @known; else it is learnt */
static int begin_file(struct se05x *se, struct se05x_iot **iot, uint8_t uid[SE05X_IOT_UID_LEN],
		      bool *known, struct se05x_call *call)
{
	uint8_t now[SE05X_IOT_UID_LEN];
	int ret;

	*iot = NULL;
	ret = se05x_iot_open(se, NULL, 0, iot, call);
	if (!ret)
		ret = se05x_iot_unique_id(*iot, now, call);
	if (!ret && *known && memcmp(now, uid, sizeof(now))) {
		*call = (struct se05x_call) { .deadline_ms = call->deadline_ms };
		ret = -ENODEV;	/* there is one, but not the one */
	}
	if (ret) {
		se05x_iot_close(*iot);
		*iot = NULL;
		return ret;
	}
	memcpy(uid, now, sizeof(now));
	*known = true;
	return 0;
}

static void clear_answer(struct se05x_call *call)
{
	*call = (struct se05x_call) { .flags = call->flags, .deadline_ms = call->deadline_ms,
				      .demanded = call->demanded };
}

/* Who may not open one goes on with the one that is there: a worker's parent opened it. */
static int begin_old(struct keys_chip *chip, int error, struct se05x_call *call)
{
	struct se05x_iot *iot;
	int ret;

	if (!chip->se || chip->iot)
		return chip->iot ? 0 : error;
	ret = begin_file(chip->se, &iot, chip->uid, &chip->known, call);
	if (!ret)
		chip->iot = iot;
	if (ret != -ENODEV)
		return ret;
	take_file(chip, NULL, NULL);
	clear_answer(call);
	return error;
}

/* With the lock held */
static int provide(struct keys_chip *chip, struct se05x_call *call)
{
	struct se05x_iot *iot;
	struct se05x *se;
	int ret;

	while (chip->gone && chip->users)
		pthread_cond_wait(&chip->changed, &chip->lock);
	if (chip->gone)
		take_file(chip, NULL, NULL);
	if (chip->iot && !chip->inherited)
		return 0;
	clear_answer(call);
	ret = se05x_open(chip->device, &se);
	if (ret)
		return begin_old(chip, ret, call);
	ret = begin_file(se, &iot, chip->uid, &chip->known, call);
	if (ret) {
		se05x_close(se);
		return ret;
	}
	take_file(chip, se, iot);
	chip->inherited = false;
	return 0;
}

void keys_chip_open(struct keys_chip *chip)
{
	struct se05x_info info;
	struct se05x *se;
	bool serves;

	pthread_mutex_lock(&chip->lock);
	/* one of before a rebind is of no use */
	serves = chip->users || (chip->iot && !se05x_get_info(chip->se, &info));
	if (!serves && !se05x_open(chip->device, &se)) {
		take_file(chip, se, NULL);
		chip->inherited = false;
	}
	pthread_mutex_unlock(&chip->lock);
}

/* ---- idleness ---- */

static struct timespec later(struct timespec t, unsigned int ms)
{
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

static bool passed(struct timespec t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > t.tv_sec || (now.tv_sec == t.tv_sec && now.tv_nsec >= t.tv_nsec);
}

/* A new file is nobody to the chip. Who may not open one, as in a chroot, keeps what he has. */
static void *close_when_idle(void *arg)
{
	struct keys_chip *chip = arg;
	struct se05x *se;

	pthread_mutex_lock(&chip->lock);
	while (!chip->stop && chip->iot) {
		struct timespec end = later(chip->used, chip->idle_ms);

		if (chip->users)
			pthread_cond_wait(&chip->changed, &chip->lock);
		else if (!passed(end))
			pthread_cond_timedwait(&chip->changed, &chip->lock, &end);
		else if (!se05x_open(chip->device, &se))
			take_file(chip, se, NULL);
		else
			break;
	}
	chip->closer_ended = true;
	pthread_mutex_unlock(&chip->lock);
	return NULL;
}

/* With the lock held. Without a thread the file stays: no harm but to the chip's sleep. */
static void watch_idleness(struct keys_chip *chip)
{
	sigset_t every, before;

	/* what is the parent's could not be opened again */
	if (chip->inherited || chip->no_threads || (chip->has_closer && !chip->closer_ended))
		return;
	if (chip->has_closer)
		pthread_join(chip->closer, NULL);
	chip->closer_ended = false;
	sigfillset(&every);	/* signals are the program's */
	pthread_sigmask(SIG_SETMASK, &every, &before);
	chip->has_closer = !pthread_create(&chip->closer, NULL, close_when_idle, chip);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void keys_chip_free(struct keys_chip *chip)
{
	struct keys_chip **link;

	if (!chip)
		return;
	pthread_mutex_lock(&all_lock);
	for (link = &all; *link != chip; link = &(*link)->next)
		;
	*link = chip->next;
	pthread_mutex_unlock(&all_lock);
	pthread_mutex_lock(&chip->lock);
	chip->stop = true;
	pthread_cond_broadcast(&chip->changed);
	pthread_mutex_unlock(&chip->lock);
	if (chip->has_closer)
		pthread_join(chip->closer, NULL);
	take_file(chip, NULL, NULL);
	pthread_cond_destroy(&chip->changed);
	pthread_mutex_destroy(&chip->lock);
	free(chip->device);
	free(chip);
}

/* ---- use ---- */

int keys_begin(struct keys_chip *chip, struct keys_turn *turn, struct se05x_call *call)
{
	int ret;

	pthread_mutex_lock(&chip->lock);
	ret = provide(chip, call);
	turn->iot = ret ? NULL : chip->iot;
	if (!ret) {
		chip->users++;
		watch_idleness(chip);
	}
	pthread_mutex_unlock(&chip->lock);
	return ret;
}

bool keys_again(int ret, const struct se05x_call *call, unsigned int *tries)
{
	if (!keys_not_sent(ret, call))
		return false;
	switch (ret) {
	case -EINTR:
		return true;
	case -EAGAIN:
	case -ECONNABORTED:
	case -ESTALE:
		return !(*tries)++;
	default:
		return false;
	}
}

static void end_use(struct keys_chip *chip, int ret)
{
	pthread_mutex_lock(&chip->lock);
	chip->users--;
	clock_gettime(CLOCK_MONOTONIC, &chip->used);
	if (ret == -ENODEV)
		chip->gone = true;
	pthread_cond_broadcast(&chip->changed);
	pthread_mutex_unlock(&chip->lock);
}

bool keys_end(struct keys_chip *chip, struct keys_turn *turn, int ret,
	      const struct se05x_call *call)
{
	if (turn->iot)
		end_use(chip, ret);
	/* without a turn it was looked for just now */
	if (ret == -ENODEV && turn->iot && keys_not_sent(ret, call))
		return !turn->tries++;
	return keys_again(ret, call, &turn->tries);
}

/* From now on it is that one. */
static void learn(struct keys_chip *chip, const uint8_t uid[SE05X_IOT_UID_LEN])
{
	pthread_mutex_lock(&chip->lock);
	if (!chip->known)
		memcpy(chip->uid, uid, sizeof(chip->uid));
	chip->known = true;
	pthread_mutex_unlock(&chip->lock);
}

bool keys_chip_uid(struct keys_chip *chip, uint8_t uid[SE05X_IOT_UID_LEN])
{
	bool known;

	pthread_mutex_lock(&chip->lock);
	memcpy(uid, chip->uid, SE05X_IOT_UID_LEN);
	known = chip->known;
	pthread_mutex_unlock(&chip->lock);
	return known;
}

/* As se05x_open() finds it */
static bool node_of(const struct keys_chip *chip, struct stat *node)
{
	const char *path = chip->device ?: secure_getenv("SE05X_DEVICE");

	if (!path || !*path)
		path = "/dev/se05x";
	return !stat(strncmp(path, "unix:", 5) ? path : path + 5, node);
}

bool keys_chip_same(struct keys_chip *a, struct keys_chip *b)
{
	uint8_t uid_a[SE05X_IOT_UID_LEN], uid_b[SE05X_IOT_UID_LEN];
	struct stat node_a, node_b;

	if (a == b)
		return true;
	if (keys_chip_uid(a, uid_a) && keys_chip_uid(b, uid_b))
		return !memcmp(uid_a, uid_b, sizeof(uid_a));
	return node_of(a, &node_a) && node_of(b, &node_b) && node_a.st_dev == node_b.st_dev &&
	       node_a.st_ino == node_b.st_ino;
}

void keys_chip_no_threads(struct keys_chip *chip, bool none)
{
	chip->no_threads = none;
}

void keys_chip_forget(struct keys_chip *chip)
{
	pthread_mutex_lock(&chip->lock);
	chip->known = false;
	chip->gone = true;
	pthread_mutex_unlock(&chip->lock);
}

bool keys_chip_inherited(struct keys_chip *chip)
{
	bool inherited;

	pthread_mutex_lock(&chip->lock);
	inherited = chip->se && chip->inherited;
	pthread_mutex_unlock(&chip->lock);
	return inherited;
}

void keys_burst_begins(struct burst *burst, struct se05x **owner)
{
	burst->owner = owner;
	pthread_mutex_lock(&all_lock);
	burst->next = bursts;
	bursts = burst;
	pthread_mutex_unlock(&all_lock);
}

void keys_burst_ends(const struct burst *burst)
{
	struct burst **link;

	pthread_mutex_lock(&all_lock);
	for (link = &bursts; *link != burst; link = &(*link)->next)
		;
	*link = burst->next;
	pthread_mutex_unlock(&all_lock);
}

int keys_open_own(struct keys_chip *chip, struct se05x **se, struct se05x_iot **iot,
		  struct se05x_call *call)
{
	uint8_t uid[SE05X_IOT_UID_LEN];
	bool known = keys_chip_uid(chip, uid);
	int ret;

	clear_answer(call);
	ret = se05x_open(chip->device, se);
	if (ret)
		return ret;
	ret = begin_file(*se, iot, uid, &known, call);
	if (ret)
		se05x_close(*se);
	else
		learn(chip, uid);
	return ret;
}
