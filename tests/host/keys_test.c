// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/keys: names, hashes and public keys; and a chip that is forked, rebound, left alone
 * and used with a PIN. The chip is se05x-sim by its socket, $SE05X_SIM, which this starts
 * and kills as a bus is bound and unbound.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/keys/keys.h"

#define ID	0x01010101
#define PIN_ID	0x0A0B0C0D

extern unsigned int keys_idle_ms;

static struct se05x_call call;

#define GOOD(expression) do {							\
	int good_ret = (expression);						\
	if (good_ret)								\
		fail_msg("%d, SW %04X: %s", good_ret, call.sw, #expression);	\
} while (0)

/* ---- what needs no chip ---- */

static void test_ids(void **state)
{
	static const char *const bad[] = {
		"", "0x", "0x0", "0", "x1", "0x123456789", "0xFFFFFFFF", "4294967295", "4294967296",
		"99999999999999999999", "0x1 ", " 1", "+1", "-1", "1x", "0x0x1", "0x-1", "0x 1",
		"01010101", "00", "1.0", "0xZ", "name",
	};
	static const struct {
		const char *text;
		uint32_t id;
	} good[] = {
		{ "0x01010101", 0x01010101 }, { "0X1", 1 }, { "0xfffffffe", 0xFFFFFFFE },
		{ "1", 1 }, { "4294967294", 0xFFFFFFFE }, { "16843009", 0x01010101 },
	};
	uint32_t id = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (keys_parse_id(bad[i], &id))
			fail_msg("taken: '%s'", bad[i]);
	assert_int_equal(id, 7);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(keys_parse_id(good[i].text, &id));
		assert_int_equal(id, good[i].id);
		assert_true(keys_looks_like_id(good[i].text));
	}
	assert_false(keys_looks_like_id("name"));
}

static void test_aliases(void **state)
{
	char path[] = "/tmp/keys-test-XXXXXX", name[KEYS_NAME_MAX];
	int fd = mkstemp(path);
	uint32_t id;

	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "# a comment = 0x1\nfirst=0x1\n second = 2 # words\nbroken\nempty =\n"
		"bad = 0xZ\r\nlast\t=\t0x3\r\nagain = 0x1\n");
	/* a comment whose tail is no line of its own, and a name that fits nowhere */
	dprintf(fd, "#%*s ghost = 0x77\n%0300d = 0x78\nbehind = 0x79", KEYS_NAME_MAX - 2, "", 0);
	close(fd);
	setenv("SE05X_ALIASES", path, 1);
	assert_true(keys_alias("first", &id));
	assert_int_equal(id, 1);
	assert_true(keys_alias("second", &id));
	assert_int_equal(id, 2);
	assert_true(keys_alias("last", &id));
	assert_int_equal(id, 3);
	assert_false(keys_alias("bad", &id));
	assert_false(keys_alias("broken", &id));
	assert_false(keys_alias("", &id));
	assert_true(keys_alias_of(1, name));
	assert_string_equal(name, "first");
	assert_false(keys_alias_of(4, name));
	assert_false(keys_alias("ghost", &id));
	assert_false(keys_alias_of(0x77, name));
	assert_false(keys_alias_of(0x78, name));
	assert_true(keys_alias("behind", &id));
	assert_int_equal(id, 0x79);
	unlink(path);
	assert_false(keys_alias("first", &id));
	setenv("SE05X_ALIASES", "", 1);
	setenv("HOME", "/nonexistent", 1);
	assert_false(keys_alias("first", &id));
}

static void test_hashes(void **state)
{
	const struct keys_hash *h;
	int n = 0;

	(void)state;
	for (h = keys_hash_next(NULL); h; h = keys_hash_next(h)) {
		assert_ptr_equal(keys_hash(n), h);
		assert_int_equal(h->hash, n++);
		assert_int_equal(h->len, se05x_iot_hash_len(h->hash));
		assert_ptr_equal(keys_hash_by_len(h->len), h);
		assert_ptr_equal(keys_hash_by_name(h->name), h);
	}
	assert_int_equal(n, 5);
	assert_int_equal(keys_hash_by_name("SHA-256")->hash, SE05X_IOT_HASH_SHA256);
	assert_null(keys_hash_by_name("sha3-256"));
	assert_null(keys_hash_by_name("sha2"));
	assert_null(keys_hash_by_name("256"));
	assert_null(keys_hash_by_len(33));
	assert_null(keys_hash(5));
}

/* ---- a chip that comes and goes ---- */

static char folder[] = "/tmp/keys-test-XXXXXX";
static char device[120], path[100], argument[120], file[100], other[120];
static pid_t server;

static void start(const char *keep)
{
	const char *sim = getenv("SE05X_SIM");
	struct se05x *se;

	server = fork();
	if (!server) {
		execl(sim, sim, "--quiet", "--chip=SE051", argument, keep, NULL);
		_exit(127);
	}
	while (se05x_open(device, &se)) {
		assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
		usleep(1000);	/* it is not there yet: the loop ends when it is, or is dead */
	}
	se05x_close(se);
}

static void stop(void)
{
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(path);
}

static int setup(void **state)
{
	struct keys_chip *chip;

	call = (struct se05x_call) { 0 };
	start(file);
	chip = keys_chip_new(device);
	*state = chip;
	return !chip;
}

static int teardown(void **state)
{
	keys_chip_free(*state);
	stop();
	unlink(file + strlen("--state="));
	unlink(other + strlen("--state="));
	return 0;
}

static bool exists(struct keys_chip *chip, uint32_t id)
{
	bool yes = false;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_exists, id, &yes));
	return yes;
}

static void test_no_chip(void **state)
{
	struct keys_chip *chip = keys_chip_new("unix:/nonexistent/socket");
	bool yes;

	(void)state;
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ENODEV);
	assert_true(keys_not_sent(-ENODEV, &call));
	keys_chip_free(chip);
	keys_chip_free(NULL);
}

static void test_rebind(void **state)
{
	struct keys_chip *chip = *state;
	bool yes;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, ID, "x", 1, NULL, NULL));
	assert_true(exists(chip, ID));
	stop();
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ENODEV);
	start(file);
	assert_true(exists(chip, ID));
	/* unbound and bound between two calls: nobody notices */
	stop();
	start(file);
	assert_true(exists(chip, ID));
	/* another chip is not the same one */
	stop();
	start(other);
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ENODEV);
	assert_true(keys_not_sent(-ENODEV, &call));
	assert_int_equal(keys_burst(chip, PIN_ID, "1234", 4, NULL, NULL, &call), -ENODEV);
	stop();
	start(file);
	assert_true(exists(chip, ID));
}

static void test_fork(void **state)
{
	struct keys_chip *chip = *state;
	int status;
	pid_t child;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, ID, "x", 1, NULL, NULL));
	child = fork();
	if (!child) {
		bool yes = false;
		int ret = KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes);
		struct keys_turn turn = { 0 };

		/* a file of its own: its lock is not its parent's */
		if (!ret)
			ret = keys_begin(chip, &turn, &call);
		keys_end(chip, &turn, ret, &call);
		_exit(ret || !yes);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_true(exists(chip, ID));

	/* a child that can't open one: its parent's serves it */
	child = fork();
	if (!child) {
		bool yes = false;

		unlink(path);	/* who is connected stays so */
		_exit(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes) || !yes);
	}
	waitpid(child, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_idle(void **state)
{
	struct keys_turn turn = { 0 };
	struct keys_chip *chip;
	int fds, now;
	bool yes;

	(void)state;
	keys_idle_ms = 0;
	chip = keys_chip_new(device);
	keys_idle_ms = 5000;
	/* while it is used it is open, however long that takes */
	GOOD(keys_begin(chip, &turn, &call));
	fds = dup(0);
	close(fds);
	for (int i = 0; i < 100; i++)
		GOOD(se05x_iot_exists(turn.iot, ID, &yes, &call));
	keys_end(chip, &turn, 0, &call);
	/* then its descriptor is free again; the test would not end else */
	do {
		now = dup(0);
		close(now);
	} while (now >= fds);
	assert_false(exists(chip, ID));
	keys_chip_free(chip);
}

static int read_counter(struct se05x_iot *session, void *value, struct se05x_call *c)
{
	return se05x_iot_counter_read(session, ID, value, c);
}

static int never(struct se05x_iot *session, void *arg, struct se05x_call *c)
{
	(void)session;
	(void)arg;
	(void)c;
	fail();
	return 0;
}

static void test_burst(void **state)
{
	struct keys_chip *chip = *state;
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how = { .policy = policy, .policy_len = sizeof(policy) };
	struct se05x_iot_new two = { .max_attempts = 2 };
	uint64_t value = 0;

	GOOD(se05x_iot_policy_parse("0x0A0B0C0D:read,write,delete", policy, &how.policy_len, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_counter_create, ID, 2, 0, &how));
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_counter_read, ID, &value), -EACCES);
	/* as often as one likes: nothing stays open, and all else goes on */
	for (int i = 0; i < 4; i++) {
		GOOD(keys_burst(chip, PIN_ID, "1234", 4, read_counter, &value, &call));
		assert_int_equal(keys_burst(chip, PIN_ID, "4321", 4, never, NULL, &call), -EBADE);
		assert_true(exists(chip, ID));
	}
	GOOD(keys_burst(chip, PIN_ID, "1234", 4, NULL, NULL, &call));
	/* two attempts, each used once; then the right one is of no use any more */
	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID + 1, "1234", 4, &two));
	assert_int_equal(keys_burst(chip, PIN_ID + 1, "4321", 4, never, NULL, &call), -EBADE);
	assert_int_equal(keys_burst(chip, PIN_ID + 1, "4321", 4, never, NULL, &call), -EKEYREVOKED);
	assert_int_equal(keys_burst(chip, PIN_ID + 1, "1234", 4, never, NULL, &call), -EKEYREVOKED);
	assert_int_equal(keys_burst(chip, ID, "1234", 4, never, NULL, &call), -EMEDIUMTYPE);
	assert_int_equal(keys_burst(chip, ID + 1, "1234", 4, never, NULL, &call), -ENOENT);
}

static int is_there(struct se05x_iot *iot, void *yes, struct se05x_call *c)
{
	return se05x_iot_exists(iot, ID, yes, c);
}

/* Without a PIN: nobody comes between */
static void test_burst_of_nobody(void **state)
{
	struct keys_chip *chip = *state;
	uint8_t uid[SE05X_IOT_UID_LEN];
	bool yes = true;

	assert_false(keys_chip_uid(chip, uid));
	GOOD(keys_burst(chip, 0, NULL, 0, is_there, &yes, &call));
	assert_false(yes);
	assert_true(keys_chip_uid(chip, uid));
	assert_false(keys_chip_inherited(chip));
}

static void test_session(void **state)
{
	struct keys_session *session = NULL;
	struct keys_chip *chip = *state;
	uint64_t value = 7;
	int status;
	pid_t child;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_counter_create, ID, 2, 0, NULL));
	assert_int_equal(keys_session_run(chip, PIN_ID, "4321", 4, &session, never, NULL, &call),
			 -EBADE);
	assert_null(session);
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &session, read_counter, &value, &call));
	assert_int_equal(value, 0);
	/* it is open: the UserID has no second one, and a PIN is not asked for any more */
	assert_int_equal(keys_burst(chip, PIN_ID, "1234", 4, never, NULL, &call), -EUSERS);
	GOOD(keys_session_run(chip, PIN_ID, "4321", 4, &session, read_counter, &value, &call));
	/* a child leaves it alone */
	child = fork();
	if (!child) {
		keys_session_close(session);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &session, read_counter, &value, &call));
	/* it ends with the chip, and begins anew */
	stop();
	start(file);
	assert_int_equal(keys_session_run(chip, PIN_ID, "1234", 4, &session, read_counter, &value,
					  &call), -ENODEV);
	assert_null(session);
	GOOD(keys_session_run(chip, PIN_ID, "1234", 4, &session, read_counter, &value, &call));
	keys_session_close(session);
	GOOD(keys_burst(chip, PIN_ID, "1234", 4, NULL, NULL, &call));
	keys_session_close(NULL);
}

/* Another chip is the one, if that is said. */
static void test_forget(void **state)
{
	struct keys_chip *chip = *state;
	bool yes;

	assert_false(exists(chip, ID));
	stop();
	start(other);
	assert_int_equal(KEYS_RUN(chip, &call, se05x_iot_exists, ID, &yes), -ENODEV);
	keys_chip_forget(chip);
	assert_false(exists(chip, ID));
}

/* ---- names ---- */

static void test_names(void **state)
{
	struct keys_name name = { .id = ID, .label = "1st" }, page = { .id = ID + 1, .label = "x" };
	struct keys_chip *chip = *state;
	struct keys_names *names, *again;
	uint32_t *ids;
	size_t n;

	assert_true(keys_label_valid("1st"));
	assert_false(keys_label_valid("0x1st"));
	GOOD(KEYS_RUN(chip, &call, keys_names_read, &names));
	GOOD(KEYS_RUN(chip, &call, keys_names_prepare, names, NULL));
	keys_names_free(names);
	GOOD(KEYS_RUN(chip, &call, se05x_iot_list, &ids, &n));
	assert_true(keys_is_page(ids[0]) || keys_is_page(ids[n - 1]));
	GOOD(KEYS_RUN(chip, &call, keys_names_read, &names));
	/* there is room for any, so nothing is made */
	GOOD(KEYS_RUN(chip, &call, keys_names_prepare, names, NULL));
	GOOD(KEYS_RUN(chip, &call, keys_names_write, names, &name, NULL));
	GOOD(KEYS_RUN(chip, &call, keys_names_read_of, ids, n, names, &again));
	assert_string_equal(keys_names_of(again, ID)->label, "1st");
	assert_null(keys_names_of(names, ID));
	keys_names_free(names);
	GOOD(KEYS_RUN(chip, &call, keys_names_write, again, &page, NULL));
	GOOD(KEYS_RUN(chip, &call, keys_names_read_of, ids, n, again, &names));
	assert_string_equal(keys_names_of(names, ID + 1)->label, "x");
	keys_names_free(names);
	keys_names_free(again);
	free(ids);
}

static void test_secret(void **state)
{
	struct keys_chip *chip = *state;
	struct se05x_iot_new three = { .max_attempts = 3 };
	struct keys_secret *good, *bad;
	int status;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, &three));
	good = keys_secret_new("1234", 4);
	bad = keys_secret_hold(keys_secret_new("4321", 4));
	assert_null(keys_secret_new("", KEYS_SECRET_MAX + 1));
	GOOD(keys_secret_burst(chip, PIN_ID, good, NULL, NULL, &call));
	/* refused in a child: not shown again by its parent, nor by the next one */
	for (int i = 0; i < 2; i++) {
		if (!fork())
			_exit(keys_secret_burst(chip, PIN_ID, bad, never, NULL, &call) != -EBADE ||
			      (call.sw == 0) != i);
		wait(&status);
		assert_int_equal(status, 0);
		assert_true(keys_secret_refused(bad));
	}
	for (int i = 0; i < 5; i++) {
		assert_int_equal(keys_secret_burst(chip, PIN_ID, bad, never, NULL, &call), -EBADE);
		assert_int_equal(call.sw, 0);
	}
	/* the right one is good in children too */
	if (!fork())
		_exit(keys_secret_burst(chip, PIN_ID, good, NULL, NULL, &call) != 0);
	wait(&status);
	assert_int_equal(status, 0);
	GOOD(keys_secret_burst(chip, PIN_ID, good, NULL, NULL, &call));
	assert_false(keys_secret_refused(good));
	keys_secret_free(good);
	keys_secret_free(bad);
	keys_secret_free(bad);
	keys_secret_free(NULL);
}

static void test_free_id(void **state)
{
	struct keys_chip *chip = *state;
	uint32_t ids[20];

	for (int i = 0; i < 20; i++) {
		GOOD(KEYS_RUN(chip, &call, keys_free_id, NULL, &ids[i]));
		assert_in_range(ids[i], 0x50000000, 0x5FFFFEFF);
		assert_int_not_equal(ids[i], i ? ids[i - 1] : 0);
		assert_false(exists(chip, ids[i]));
	}
}

/* A child of another thread that lives on has the burst's descriptor too. */
static int fork_child(struct se05x_iot *session, void *arg, struct se05x_call *c)
{
	pid_t *child = arg;

	(void)session;
	(void)c;
	*child = fork();
	if (!*child) {
		pause();
		_exit(0);
	}
	return 0;
}

static void test_burst_fork(void **state)
{
	struct keys_chip *chip = *state;
	struct se05x *se;
	pid_t child;
	int ret;

	GOOD(KEYS_RUN(chip, &call, se05x_iot_userid_create, PIN_ID, "1234", 4, NULL));
	GOOD(keys_burst(chip, PIN_ID, "1234", 4, fork_child, &child, &call));
	GOOD(se05x_open(device, &se));
	call = (struct se05x_call) { .deadline_ms = 200 };
	ret = se05x_lock(se, &call);
	se05x_close(se);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(ret, 0);
}

/* Who only ever made bursts knows his chip as well. */
static void test_burst_rebind(void **state)
{
	struct keys_chip *chip = *state;

	assert_int_equal(keys_burst(chip, PIN_ID, "1234", 4, never, NULL, &call), -ENOENT);
	stop();
	start(other);
	assert_int_equal(keys_burst(chip, PIN_ID, "1234", 4, never, NULL, &call), -ENODEV);
}

/* ---- the same by hand, without lib/keys ---- */

static void test_reopen(void **state)
{
	struct se05x *se;
	struct se05x_iot *iot;
	int fd, status;
	bool yes;
	pid_t child;

	(void)state;
	GOOD(se05x_open(device, &se));
	GOOD(se05x_iot_open(se, NULL, 0, &iot, &call));
	fd = se05x_fd(se);
	GOOD(se05x_lock(se, &call));
	child = fork();
	if (!child) {
		struct se05x_call mine = { .deadline_ms = 50 };

		/* its parent's lock is its own, until it has a file of its own */
		if (se05x_iot_exists(iot, ID, &yes, &mine) || se05x_reopen(se) ||
		    se05x_iot_exists(iot, ID, &yes, &mine) != -EBUSY)
			_exit(1);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	GOOD(se05x_unlock(se));
	/* rebound */
	stop();
	assert_int_equal(se05x_iot_exists(iot, ID, &yes, &call), -ENODEV);
	assert_int_equal(se05x_iot_reopen(iot, &call), -ENODEV);
	start(file);
	GOOD(se05x_iot_reopen(iot, &call));
	assert_int_equal(se05x_fd(se), fd);
	GOOD(se05x_iot_exists(iot, ID, &yes, &call));
	se05x_iot_close(iot);
	se05x_close(se);
}

/* ---- public keys ---- */

static void test_public(void **state)
{
	static const uint8_t curves[] = {
		SE05X_IOT_CURVE_P256, SE05X_IOT_CURVE_P521, SE05X_IOT_CURVE_BP384,
		SE05X_IOT_CURVE_SECP256K1, SE05X_IOT_CURVE_ED25519, SE05X_IOT_CURVE_X25519,
	};
	struct keys_chip *chip = *state;
	uint8_t digest[64] = { 1 }, sig[SE05X_IOT_SIG_MAX], print[2][8];
	struct se05x_iot_object object;
	EVP_PKEY *key;
	size_t len;

	for (size_t i = 0; i < sizeof(curves); i++) {
		const struct keys_hash *hash = keys_hash(i % 5);

		GOOD(KEYS_RUN(chip, &call, se05x_iot_ec_generate, ID + i, curves[i], NULL, NULL));
		GOOD(KEYS_RUN(chip, &call, se05x_iot_object, ID + i, &object));
		GOOD(KEYS_RUN(chip, &call, keys_public, &object, NULL, &key));
		assert_ptr_equal(keys_curve(key), se05x_iot_curve(curves[i]));
		assert_true(keys_fingerprint(NULL, key, print[i & 1]));
		if (i)
			assert_memory_not_equal(print[0], print[1], 8);
		len = sizeof(sig);
		if (curves[i] < SE05X_IOT_CURVE_ED25519) {
			GOOD(KEYS_RUN(chip, &call, se05x_iot_ecdsa_sign, ID + i, hash->hash, digest,
				      sig, &len));
			assert_true(keys_verify(NULL, key, 0, hash, digest, hash->len, sig, len));
			digest[0] ^= 1;
			assert_false(keys_verify(NULL, key, 0, hash, digest, hash->len, sig, len));
		} else if (curves[i] == SE05X_IOT_CURVE_ED25519) {
			GOOD(KEYS_RUN(chip, &call, se05x_iot_eddsa_sign, ID + i, "abc", 3, sig));
			assert_true(keys_verify(NULL, key, 0, NULL, "abc", 3, sig, 64));
			assert_false(keys_verify(NULL, key, 0, NULL, "abd", 3, sig, 64));
		}
		EVP_PKEY_free(key);
	}
	GOOD(KEYS_RUN(chip, &call, se05x_iot_rsa_generate, ID + 20, 1024, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_object, ID + 20, &object));
	GOOD(KEYS_RUN(chip, &call, keys_public, &object, NULL, &key));
	for (int padding = SE05X_IOT_PADDING_PKCS1; padding <= SE05X_IOT_PADDING_PSS; padding++) {
		const struct keys_hash *hash = keys_hash(SE05X_IOT_HASH_SHA256);

		len = sizeof(sig);
		GOOD(KEYS_RUN(chip, &call, se05x_iot_rsa_sign_digest, ID + 20, padding, hash->hash,
			      digest, sig, &len));
		assert_true(keys_verify(NULL, key, padding, hash, digest, hash->len, sig, len));
		digest[0] ^= 1;
		assert_false(keys_verify(NULL, key, padding, hash, digest, hash->len, sig, len));
	}
	EVP_PKEY_free(key);
	GOOD(KEYS_RUN(chip, &call, se05x_iot_binary_create, ID + 21, "x", 1, NULL, NULL));
	GOOD(KEYS_RUN(chip, &call, se05x_iot_object, ID + 21, &object));
	assert_int_equal(KEYS_RUN(chip, &call, keys_public, &object, NULL, &key), -EMEDIUMTYPE);
}

static void *work(void *chip)
{
	struct se05x_call mine = { 0 };
	bool yes;

	for (int i = 0; i < 100; i++)
		if (KEYS_RUN(chip, &mine, se05x_iot_exists, ID, &yes))
			return chip;
	return NULL;
}

/* Many threads, and the file closed under them all the time */
static void test_threads(void **state)
{
	struct keys_chip *chip;
	pthread_t threads[4];
	void *failed;

	(void)state;
	keys_idle_ms = 0;
	chip = keys_chip_new(device);
	keys_idle_ms = 5000;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, chip), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	keys_chip_free(chip);
}

#define CHIP(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids), cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_hashes), cmocka_unit_test(test_no_chip), CHIP(test_secret),
		CHIP(test_free_id),
		CHIP(test_rebind), CHIP(test_fork), CHIP(test_idle), CHIP(test_burst),
		CHIP(test_burst_of_nobody), CHIP(test_session), CHIP(test_forget), CHIP(test_names),
		CHIP(test_burst_fork), CHIP(test_burst_rebind),
		CHIP(test_reopen), CHIP(test_public), CHIP(test_threads),
	};
	int ret;

	if (!getenv("SE05X_SIM") || !mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(device, sizeof(device), "unix:%s", path);
	snprintf(argument, sizeof(argument), "--socket=%s", path);
	snprintf(file, sizeof(file), "--state=%s/state", folder);
	snprintf(other, sizeof(other), "--state=%s/other", folder);
	ret = cmocka_run_group_tests_name("keys", tests, NULL, NULL);
	rmdir(folder);
	return ret;
}
