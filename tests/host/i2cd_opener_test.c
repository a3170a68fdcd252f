// SPDX-License-Identifier: GPL-2.0-only
/*
 * Openers of se05x-i2cd without FUSE: threads, readers that wait, interrupts and deaths.
 * The chip is se05x-sim by its socket, $SE05X_SIM.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../card/frame.h"
#include "../../tools/i2cd/opener.h"
#include "../../tools/i2cd/turns.h"
#include "sim_run.h"

#define THREADS	8
#define ROUNDS	60
#define IDLE_MS	3600000

const char program[] = "i2cd_opener_test";

#define C_APDU(...) ((const uint8_t []) { __VA_ARGS__ }), sizeof((const uint8_t []) { __VA_ARGS__ })
#define SELECT_IOT C_APDU(0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0, 0, 3, 0x96, 0x54, 0x53, \
			  0, 0, 0, 1, 3, 0, 0, 0, 0, 0)
#define GET_VERSION C_APDU(0x80, 0x04, 0x00, 0x20, 0x00)
#define USER_ID C_APDU(0x80, 0x41, 0x07, 0, 0x0E, 0x41, 4, 1, 1, 1, 0x20, \
		       0x42, 6, 'p', 'a', 's', 's', 'w', 'o')
#define CREATE_SESSION C_APDU(0x80, 0x04, 0x00, 0x1B, 6, 0x41, 4, 1, 1, 1, 0x20, 0)
#define INIT_UPDATE C_APDU(0x80, 0x50, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0)

/* One read, and what became of it */
struct reader {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done;
	int len;
	uint8_t buf[FRAME_MAX];
};

/* Who speaks T=1 with one opener */
struct host {
	struct opener *opener;
	struct reader reader;
	unsigned int ns;
	uint8_t in[FRAME_MAX];
};

static struct opener_config config = { .device = sim_device, .idle_ms = IDLE_MS };

static void reply(void *arg, const uint8_t *buf, int len)
{
	struct reader *r = arg;

	pthread_mutex_lock(&r->lock);
	if (r->done)
		abort();	/* twice, or after opener_free() */
	r->done = true;
	r->len = len;
	if (len > 0)
		memcpy(r->buf, buf, len < FRAME_MAX ? len : FRAME_MAX);
	pthread_cond_signal(&r->answered);
	pthread_mutex_unlock(&r->lock);
}

static void begin_read(struct host *host, size_t len, bool wait)
{
	host->reader.done = false;
	opener_read(host->opener, &host->reader, len, wait);
}

static bool is_answered(struct host *host)
{
	bool done;

	pthread_mutex_lock(&host->reader.lock);
	done = host->reader.done;
	pthread_mutex_unlock(&host->reader.lock);
	return done;
}

static int end_read(struct host *host)
{
	struct reader *r = &host->reader;

	pthread_mutex_lock(&r->lock);
	while (!r->done)
		pthread_cond_wait(&r->answered, &r->lock);
	pthread_mutex_unlock(&r->lock);
	return r->len;
}

static void write_frame(struct host *host, uint8_t pcb, const uint8_t *inf, size_t len)
{
	uint8_t frame[FRAME_MAX];

	if (len)
		memcpy(frame + 3, inf, len);
	len = frame_finish(frame, FRAME_NAD_HOST, pcb, len);
	if (opener_write(host->opener, frame, len))
		abort();
}

static void read_rest(struct host *host)
{
	if (end_read(host) != 3)
		abort();
	memcpy(host->in, host->reader.buf, 3);
	begin_read(host, host->in[2] + 2, true);
	if (end_read(host) != host->in[2] + 2)
		abort();
	memcpy(host->in + 3, host->reader.buf, host->in[2] + 2);
}

static void ask(struct host *host, uint8_t pcb)
{
	write_frame(host, pcb, NULL, 0);
	host->ns = 0;
	begin_read(host, 3, true);
	read_rest(host);
	if (host->in[1] != (pcb | 0x20))
		abort();
}

static void put(struct host *host, const uint8_t *capdu, size_t len)
{
	write_frame(host, host->ns << 6, capdu, len);
	host->ns ^= 1;
}

/* Return: SW */
static unsigned int get(struct host *host)
{
	begin_read(host, 3, true);
	read_rest(host);
	return host->in[host->in[2] + 1] << 8 | host->in[host->in[2] + 2];
}

static unsigned int run(struct host *host, const uint8_t *capdu, size_t len)
{
	put(host, capdu, len);
	return get(host);
}

static void come(struct host *host, uid_t uid)
{
	memset(host, 0, sizeof(*host));
	pthread_mutex_init(&host->reader.lock, NULL);
	pthread_cond_init(&host->reader.answered, NULL);
	if (opener_new(&host->opener, &config, uid))
		abort();
}

/* A reply after it is one too many */
static void leave(struct host *host)
{
	opener_free(host->opener);
	pthread_mutex_lock(&host->reader.lock);
	host->reader.done = true;
	pthread_mutex_unlock(&host->reader.lock);
}

static struct turns *line_of(uid_t uid)
{
	struct turns *turns;

	assert_int_equal(turns_get(&turns, uid), 0);
	return turns;
}

/* ---- one opener or two ---- */

/* Two resets in a row come before the command that follows them, not one of them after it */
static void test_order(void **state)
{
	struct turns *turns = line_of(1);
	uint8_t use[] = { 0x80, 0x05, 0, 0, 21, 0x10, 8, 0, 0, 0, 0, 0, 0, 0, 0,
			  0x41, 9, 0x80, 4, 0, 0x20, 0, 0, 0, 0, 0 };
	struct host host;

	(void)state;
	come(&host, 1);
	assert_int_equal(run(&host, SELECT_IOT), 0x9000);
	assert_int_equal(run(&host, USER_ID), 0x9000);
	turns_begin(turns);
	ask(&host, 0xC5);
	usleep(20000);	/* it may have begun to forget, and waits for its turn */
	ask(&host, 0xC6);
	put(&host, CREATE_SESSION);
	turns_end(turns);
	assert_int_equal(get(&host), 0x9000);
	memcpy(use + 7, host.in + host.in[2] + 3 - 10, 8);
	/* CloseSession of it */
	use[4] = 16;
	use[16] = 4;
	use[20] = 0x1C;
	assert_int_equal(run(&host, use, 21), 0x9000);
	leave(&host);
	turns_put(turns);
}

static void test_interrupt(void **state)
{
	struct turns *turns = line_of(1);
	struct host host;
	int i;

	(void)state;
	come(&host, 1);
	assert_int_equal(run(&host, SELECT_IOT), 0x9000);
	turns_begin(turns);
	put(&host, GET_VERSION);
	for (i = 0; i < 3; i++) {
		begin_read(&host, 2, true);
		opener_interrupt(host.opener, &config);		/* somebody else's */
		assert_false(is_answered(&host));
		opener_interrupt(host.opener, &host.reader);
		assert_int_equal(end_read(&host), -EINTR);
	}
	/* who can't wait does not */
	begin_read(&host, 2, false);
	assert_int_equal(end_read(&host), -EREMOTEIO);
	begin_read(&host, 260, true);
	assert_int_equal(end_read(&host), -EREMOTEIO);
	turns_end(turns);
	assert_int_equal(get(&host), 0x9000);
	leave(&host);
	turns_put(turns);
}

/* Two threads read: one waits, the other is not acknowledged */
static void test_two_readers(void **state)
{
	struct turns *turns = line_of(1);
	struct host host, second;

	(void)state;
	come(&host, 1);
	come(&second, 2);
	leave(&second);
	assert_int_equal(run(&host, SELECT_IOT), 0x9000);
	turns_begin(turns);
	put(&host, GET_VERSION);
	begin_read(&host, 3, true);
	second.reader.done = false;
	opener_read(host.opener, &second.reader, 3, true);
	assert_int_equal(end_read(&second), -EREMOTEIO);
	assert_false(is_answered(&host));
	turns_end(turns);
	read_rest(&host);
	leave(&host);
	turns_put(turns);
}

/* Its reader is answered by opener_free() or never */
static void test_free_with_reader(void **state)
{
	struct turns *turns = line_of(1);
	struct host host;

	(void)state;
	come(&host, 1);
	assert_int_equal(run(&host, SELECT_IOT), 0x9000);
	turns_begin(turns);
	put(&host, GET_VERSION);
	begin_read(&host, 3, true);
	opener_free(host.opener);
	assert_true(is_answered(&host));
	assert_int_equal(end_read(&host), -ENODEV);
	turns_end(turns);
	turns_put(turns);
	opener_end_all();
}

/* INITIALIZE UPDATE of two of one user: the second waits for the first to go */
static void test_lock(void **state)
{
	struct host first, second, third;

	(void)state;
	come(&first, 1);
	come(&second, 1);
	come(&third, 2);
	assert_int_equal(run(&first, SELECT_IOT), 0x9000);
	assert_int_equal(run(&first, INIT_UPDATE), 0x9000);
	put(&second, SELECT_IOT);
	begin_read(&second, 3, true);
	put(&third, SELECT_IOT);
	begin_read(&third, 3, true);
	assert_int_equal(run(&first, INIT_UPDATE), 0x9000);
	assert_false(is_answered(&second));
	assert_false(is_answered(&third));
	ask(&first, 0xC5);
	read_rest(&second);
	read_rest(&third);
	assert_int_equal(run(&second, INIT_UPDATE), 0x9000);
	put(&first, INIT_UPDATE);
	begin_read(&first, 3, true);
	leave(&second);		/* it dies: the next one has it */
	read_rest(&first);
	leave(&first);
	assert_int_equal(run(&third, GET_VERSION), 0x9000);
	leave(&third);
}

/* A channel without a command lets others have the chip, and its owner is told */
static void test_idle(void **state)
{
	struct host first, second;

	(void)state;
	config.idle_ms = 10;
	come(&first, 1);
	come(&second, 2);
	assert_int_equal(run(&first, SELECT_IOT), 0x9000);
	assert_int_equal(run(&first, INIT_UPDATE), 0x9000);
	assert_int_equal(run(&second, SELECT_IOT), 0x9000);
	assert_int_equal(run(&second, GET_VERSION), 0x9000);
	assert_int_equal(run(&first, GET_VERSION), 0x6982);
	assert_int_equal(run(&first, GET_VERSION), 0x9000);
	leave(&first);
	leave(&second);
	opener_end_all();
	config.idle_ms = IDLE_MS;
}

/* ---- many ---- */

static void live(struct host *host, unsigned int *seed)
{
	int commands = rand_r(seed) % 5;

	if (run(host, SELECT_IOT) != 0x9000)
		abort();
	while (commands--) {
		put(host, GET_VERSION);
		begin_read(host, 3, true);
		if (rand_r(seed) % 3 == 0)
			opener_interrupt(host->opener, &host->reader);
		if (end_read(host) == -EINTR)
			begin_read(host, 3, true);
		read_rest(host);
		if (host->in[host->in[2] + 1] != 0x90)
			abort();
		if (rand_r(seed) % 4 == 0)
			ask(host, rand_r(seed) & 1 ? 0xC5 : 0xC6);
	}
}

static void *many(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		/* one each time: a late reply must not hit the next one's reader */
		struct host *host = malloc(sizeof(*host));

		come(host, 1 + seed % 3);
		live(host, &seed);
		switch (rand_r(&seed) % 4) {
		case 0:		/* it dies with a command under way */
			put(host, GET_VERSION);
			break;
		case 1:		/* and a reader */
			put(host, GET_VERSION);
			begin_read(host, 3, true);
			break;
		case 2:
			ask(host, 0xC5);
		}
		leave(host);
		free(host);
	}
	return NULL;
}

static void test_many(void **state)
{
	pthread_t threads[THREADS];
	uintptr_t i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many, (void *)(i + 1)), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	opener_end_all();
}

/* A user has so many openers, and then none until one of them has ended; another user has his */
static void test_limit(void **state)
{
	static struct host hosts[TURNS_OPENERS], host;
	struct opener *none;
	int i;

	(void)state;
	for (i = 0; i < TURNS_OPENERS; i++)
		come(&hosts[i], 1);
	for (i = 0; i < 3; i++)
		assert_int_equal(opener_new(&none, &config, 1), -EMFILE);
	come(&host, 2);
	assert_int_equal(run(&host, SELECT_IOT), 0x9000);
	leave(&host);
	leave(&hosts[0]);
	while ((i = opener_new(&hosts[0].opener, &config, 1)) == -EMFILE)
		usleep(1000);	/* its thread has not ended yet */
	assert_int_equal(i, 0);
	for (i = 0; i < TURNS_OPENERS; i++)
		leave(&hosts[i]);
}

/* ---- the chip ---- */

static int setup(void **state)
{
	(void)state;
	config.reply = reply;
	sim_start(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	opener_end_all();
	sim_stop();
	return 0;
}

#define OPENER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPENER(test_order), OPENER(test_interrupt), OPENER(test_two_readers),
		OPENER(test_free_with_reader), OPENER(test_lock), OPENER(test_idle),
		OPENER(test_many), OPENER(test_limit),
	};

	return sim_main(tests);
}
