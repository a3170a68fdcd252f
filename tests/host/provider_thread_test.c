// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OpenSSL provider under the thread sanitizer: threads and forked children read files that
 * name keys, and sign, while the chip is idle after each use and its driver is bound anew
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>

#include "provider_run.h"
#include "sim_run.h"

#define WORKERS	6	/* threads, and as many children */

extern unsigned int keys_idle_ms;
const char *__tsan_default_options(void);

/*
 * libcrypto is not made for the sanitizer, which knows its locks but not its atomic counters.
 * A child that ends by _exit() leaves its threads.
 */
const char *__tsan_default_options(void)
{
	return "ignore_noninstrumented_modules=1:report_thread_leaks=0";
}

static const char *const kinds[][2] = {
	{ "EC", "P-256" }, { "RSA", NULL }, { "ED25519", NULL },
};

static struct file {
	char text[2000];
	EVP_PKEY *public;
} files[3];

static struct setup *s = &orders[0];
static atomic_uint signatures, failures, wrong;
static atomic_bool enough;

static bool sign(EVP_PKEY *key, const char *hash, unsigned char *sig, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestSignInit_ex(ctx, NULL, hash, s->ctx, NULL, key, NULL) == 1 &&
		    EVP_DigestSign(ctx, sig, len, (const unsigned char *)"message", 7) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

static bool verify(EVP_PKEY *key, const char *hash, const unsigned char *sig, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit_ex(ctx, NULL, hash, s->ctx, NULL, key, NULL) == 1 &&
		    EVP_DigestVerify(ctx, sig, len, (const unsigned char *)"message", 7) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

static EVP_PKEY *read_key(const struct file *file)
{
	BIO *bio = BIO_new_mem_buf(file->text, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, s->ctx, NULL);

	BIO_free(bio);
	return key;
}

/* As a server with many clients, and keys that it reads again and again */
static void use(unsigned int n)
{
	const struct file *file = &files[n % 3];
	EVP_PKEY *key = read_key(file);
	const char *hash = n % 3 == 2 ? NULL : "SHA256", *why = "";
	unsigned char sig[512];
	size_t len = sizeof(sig);

	if (!key) {
		atomic_fetch_add(&wrong, 1);	/* that needs no chip */
	} else if (sign(key, hash, sig, &len)) {
		atomic_fetch_add(&signatures, 1);
		if (!verify(file->public, hash, sig, len))
			atomic_fetch_add(&wrong, 1);
	} else {
		atomic_fetch_add(&failures, 1);
		ERR_peek_last_error_data(&why, NULL);
		if (strncmp(why, RAISED, strlen(RAISED)))
			atomic_fetch_add(&wrong, 1);
	}
	ERR_clear_error();
	EVP_PKEY_free(key);
}

static void *work(void *n)
{
	for (unsigned int i = (uintptr_t)n; !atomic_load(&enough); i++)
		use(i);
	return NULL;
}

static pid_t start_child(unsigned int n)
{
	pid_t child = fork();

	if (child)
		return child;
	for (unsigned int i = n; i < n + ROUNDS; i++)
		use(i);
	_exit(wrong || failures || signatures != ROUNDS);
}

static void write_files(int to)
{
	for (int i = 0; i < 3; i++) {
		EVP_PKEY *key = in_chip(s, kinds[i][0], kinds[i][1]);
		BIO *bio = BIO_new(BIO_s_mem());
		char text[sizeof(files[i].text)] = "";

		PEM_write_bio_PrivateKey_ex(bio, key, NULL, NULL, 0, NULL, NULL, s->ctx, NULL);
		BIO_read(bio, text, sizeof(text) - 1);
		if (write(to, text, sizeof(text)) != sizeof(text))
			_exit(1);
	}
}

/*
 * By a child, so that this process, which forks, has no thread yet: the sanitizer takes a
 * parent's threads for the child's too.
 */
static void make_files(void)
{
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	if (!fork()) {
		write_files(ends[1]);
		_exit(0);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	for (int i = 0; i < 3; i++) {
		EVP_PKEY *key;

		assert_int_equal(read(ends[0], files[i].text, sizeof(files[i].text)),
				 sizeof(files[i].text));
		key = read_key(&files[i]);
		files[i].public = public_half(s, key);
		EVP_PKEY_free(key);
	}
	close(ends[0]);
	close(ends[1]);
}

static void until_more(void)
{
	unsigned int before = atomic_load(&signatures);

	while (atomic_load(&signatures) < before + ROUNDS)
		sched_yield();
}

static char option[100];

static int setup(void **state)
{
	snprintf(option, sizeof(option), "--state=%s.state", sim_device + strlen("unix:"));
	sim_start(option);
	return load(state);
}

static int teardown(void **state)
{
	sim_stop();
	unlink(option + strlen("--state="));
	return unload(state);
}

static void test_threads(void **state)
{
	pthread_t threads[WORKERS];
	int status;

	(void)state;
	make_files();
	/* first: libcrypto's locks are not to be used in a child of many threads */
	for (int i = 0; i < WORKERS; i++)
		start_child(i);
	for (uintptr_t i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (int i = 0; i < WORKERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < 3; i++) {
		until_more();
		sim_stop();
		sim_start(option);
	}
	until_more();
	atomic_store(&enough, true);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wrong, 0);
	for (int i = 0; i < 3; i++)
		EVP_PKEY_free(files[i].public);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "test_threads", test_threads, setup, teardown, &orders[0] },
	};
	int ret;

	keys_idle_ms = 0;
	sim_chip = "--chip=SE051";
	if (sim_begin())
		return 1;
	setenv("SE05X_DEVICE", sim_device, 1);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	return sim_end(ret);
}
