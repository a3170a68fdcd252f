// SPDX-License-Identifier: GPL-2.0-only
/*
 * One opener of the device
 *
 * The lock guards all but the guest, which is the thread's. The thread runs a command
 * without the lock: while slave.running is set nobody else touches slave.command.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest.h"
#include "opener.h"
#include "slave.h"
#include "turns.h"

#define STACK_SIZE	(128 * 1024)	/* a response, a read, and what the libraries want */
#define END_S		5		/* an exchange may still be under way */
#define READ_MAX	8192		/* i2c-dev cuts longer reads and writes to that */

struct opener {
	struct opener *next, **at;	/* of all */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	const struct opener_config *config;
	struct slave slave;
	void *reader;		/* one that waits for the answer */
	size_t reader_len;
	bool forget, command, gone;	/* what the thread is to do, in this order */
	struct guest guest;
	struct turns *turns;
};

/* Those that have a thread, and the lock of their list, inside which each one's own is taken */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t one_less = PTHREAD_COND_INITIALIZER;
static struct opener *all;

static struct timespec after(unsigned int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

static uint64_t now_ms(void)
{
	struct timespec t = after(0);

	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

/* Answer a reader, or let it wait */
static void give(struct opener *opener, void *reader, size_t len, bool wait)
{
	uint8_t buf[READ_MAX];
	int ret = slave_read(&opener->slave, buf, len, wait, now_ms());

	if (ret == -EAGAIN) {
		opener->reader = reader;
		opener->reader_len = len;
		return;
	}
	opener->config->reply(reader, buf, ret);
	explicit_bzero(buf, len);
}

/* Who holds the chip must not stand behind those of his user who wait for it. */
static bool begin_turn(struct opener *opener)
{
	if (opener->guest.locked)
		return false;
	turns_begin(opener->turns);
	return true;
}

static void run_command(struct opener *opener)
{
	uint8_t rapdu[GUEST_RESPONSE_MAX];
	size_t len;
	bool turn;

	opener->command = false;
	pthread_mutex_unlock(&opener->lock);
	turn = begin_turn(opener);
	len = guest_run(&opener->guest, opener->slave.command, opener->slave.command_len, rapdu);
	if (turn)
		turns_end(opener->turns);
	pthread_mutex_lock(&opener->lock);
	slave_answer(&opener->slave, rapdu, len);
	explicit_bzero(rapdu, len);
	if (opener->reader) {
		void *reader = opener->reader;

		opener->reader = NULL;
		give(opener, reader, opener->reader_len, true);
	}
}

static void end_all(struct opener *opener)
{
	bool turn = begin_turn(opener);

	guest_forget(&opener->guest);
	if (turn)
		turns_end(opener->turns);
}

static void forget(struct opener *opener)
{
	opener->forget = false;
	pthread_mutex_unlock(&opener->lock);
	end_all(opener);
	pthread_mutex_lock(&opener->lock);
}

static void give_up_chip(struct opener *opener)
{
	pthread_mutex_unlock(&opener->lock);
	guest_unlock(&opener->guest);
	pthread_mutex_lock(&opener->lock);
}

/* Wait for work. A channel keeps the chip from others only so long. */
static void wait_for_work(struct opener *opener)
{
	struct timespec until = after(opener->config->idle_ms);

	while (!opener->forget && !opener->command && !opener->gone) {
		if (!opener->guest.locked)
			pthread_cond_wait(&opener->wake, &opener->lock);
		else if (pthread_cond_timedwait(&opener->wake, &opener->lock, &until))
			give_up_chip(opener);
	}
}

static void destroy(struct opener *opener)
{
	pthread_cond_destroy(&opener->wake);
	pthread_mutex_destroy(&opener->lock);
	if (opener->turns)
		turns_put(opener->turns);
	explicit_bzero(&opener->slave, sizeof(opener->slave));
	free(opener);
}

static void *run(void *arg)
{
	struct opener *opener = arg;

	pthread_mutex_lock(&opener->lock);
	while (!opener->gone) {
		wait_for_work(opener);
		/* it may be asked for once more meanwhile, and comes before what follows it */
		if (opener->forget)
			forget(opener);
		else if (opener->command)
			run_command(opener);
	}
	pthread_mutex_unlock(&opener->lock);
	end_all(opener);

	pthread_mutex_lock(&list_lock);
	*opener->at = opener->next;
	if (opener->next)
		opener->next->at = opener->at;
	pthread_cond_signal(&one_less);
	pthread_mutex_unlock(&list_lock);
	destroy(opener);
	return NULL;
}

static int start(struct opener *opener)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_mutex_lock(&list_lock);
	ret = -pthread_create(&thread, &attr, run, opener);
	if (!ret) {
		opener->next = all;
		opener->at = &all;
		if (all)
			all->at = &opener->next;
		all = opener;
	}
	pthread_mutex_unlock(&list_lock);
	pthread_attr_destroy(&attr);
	return ret;
}

int opener_new(struct opener **new, const struct opener_config *config, uid_t uid)
{
	struct opener *opener = calloc(1, sizeof(*opener));
	struct se05x_info info;
	pthread_condattr_t attr;
	int ret;

	if (!opener)
		return -ENOMEM;
	pthread_mutex_init(&opener->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&opener->wake, &attr);
	pthread_condattr_destroy(&attr);
	opener->config = config;
	ret = turns_get(&opener->turns, uid);
	if (!ret)
		ret = guest_open(&opener->guest, config->device, &info);
	if (!ret) {
		slave_init(&opener->slave, info.atr, info.atr_len);
		ret = start(opener);
	}
	if (ret) {
		guest_forget(&opener->guest);
		destroy(opener);
		return ret;
	}
	*new = opener;
	return 0;
}

void opener_free(struct opener *opener)
{
	pthread_mutex_lock(&opener->lock);
	if (opener->reader)
		opener->config->reply(opener->reader, NULL, -ENODEV);
	opener->reader = NULL;
	opener->gone = true;
	pthread_cond_signal(&opener->wake);
	pthread_mutex_unlock(&opener->lock);
}

void opener_end_all(void)
{
	struct timespec until;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_S;
	pthread_mutex_lock(&list_lock);
	for (struct opener *opener = all; opener; opener = opener->next)
		opener_free(opener);
	while (all && !ret)
		ret = pthread_cond_timedwait(&one_less, &list_lock, &until);
	pthread_mutex_unlock(&list_lock);
}

int opener_write(struct opener *opener, const uint8_t *buf, size_t len)
{
	enum slave_task task;
	int ret;

	pthread_mutex_lock(&opener->lock);
	ret = slave_write(&opener->slave, buf, len, now_ms(), &task);
	opener->forget |= task == SLAVE_FORGET;
	opener->command |= task == SLAVE_COMMAND;
	if (task != SLAVE_NOTHING)
		pthread_cond_signal(&opener->wake);
	pthread_mutex_unlock(&opener->lock);
	return ret;
}

void opener_read(struct opener *opener, void *reader, size_t len, bool wait)
{
	if (len > READ_MAX)
		len = READ_MAX;
	pthread_mutex_lock(&opener->lock);
	/* one reader waits; to another one the chip is as busy as to who can't wait */
	give(opener, reader, len, wait && !opener->reader);
	pthread_mutex_unlock(&opener->lock);
}

void opener_interrupt(struct opener *opener, const void *reader)
{
	pthread_mutex_lock(&opener->lock);
	if (opener->reader == reader) {
		opener->config->reply(opener->reader, NULL, -EINTR);
		opener->reader = NULL;
	}
	pthread_mutex_unlock(&opener->lock);
}
