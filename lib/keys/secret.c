// SPDX-License-Identifier: LGPL-2.1-or-later
/* PINs that a program goes on with, and its forked children */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/crypto.h>

#include "keys.h"

/* Each in pages of its own: locked, so not swapped out, and in no core file */
struct keys_secret {
	struct keys_secret *next;	/* in the list of all */
	atomic_int references;
	atomic_bool *refused;		/* shared with forked children */
	size_t len;
	uint8_t bytes[KEYS_SECRET_MAX];
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct keys_secret *all;

static void before_fork(void)
{
	pthread_mutex_lock(&all_lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&all_lock);
}

/* Locks on memory are not inherited. A limit may forbid them; the PIN is there anyway. */
static void in_child(void)
{
	pthread_mutex_unlock(&all_lock);
	for (struct keys_secret *secret = all; secret; secret = secret->next)
		mlock(secret, sizeof(*secret));
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, in_child);
}

static void *map(size_t size, int flags)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

struct keys_secret *keys_secret_new(const void *bytes, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct keys_secret *secret;

	if (len > KEYS_SECRET_MAX)
		return NULL;
	secret = map(sizeof(*secret), MAP_PRIVATE);
	if (!secret)
		return NULL;
	secret->refused = map(sizeof(*secret->refused), MAP_SHARED);
	if (!secret->refused) {
		munmap(secret, sizeof(*secret));
		return NULL;
	}
	mlock(secret, sizeof(*secret));
	madvise(secret, sizeof(*secret), MADV_DONTDUMP);
	atomic_init(&secret->references, 1);
	secret->len = len;
	memcpy(secret->bytes, bytes, len);
	pthread_once(&once, watch_forks);
	pthread_mutex_lock(&all_lock);
	secret->next = all;
	all = secret;
	pthread_mutex_unlock(&all_lock);
	return secret;
}

struct keys_secret *keys_secret_hold(struct keys_secret *secret)
{
	if (secret)
		atomic_fetch_add(&secret->references, 1);
	return secret;
}

void keys_secret_free(struct keys_secret *secret)
{
	struct keys_secret **link;

	if (!secret || atomic_fetch_sub(&secret->references, 1) != 1)
		return;
	pthread_mutex_lock(&all_lock);
	for (link = &all; *link != secret; link = &(*link)->next)
		;
	*link = secret->next;
	pthread_mutex_unlock(&all_lock);
	explicit_bzero(secret->bytes, sizeof(secret->bytes));
	munmap(secret->refused, sizeof(*secret->refused));
	munmap(secret, sizeof(*secret));
}

int keys_secret_burst(struct keys_chip *chip, uint32_t id, struct keys_secret *secret,
		      keys_run *run, void *arg, struct se05x_call *call)
{
	return keys_chip_burst(chip, id, secret->bytes, secret->len, secret->refused, run, arg,
			       call);
}

bool keys_secret_refused(const struct keys_secret *secret)
{
	return atomic_load(secret->refused);
}

bool keys_secret_same(const struct keys_secret *a, const struct keys_secret *b)
{
	return a->len == b->len && !CRYPTO_memcmp(a->bytes, b->bytes, a->len);
}
