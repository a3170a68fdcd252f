/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys for the kernel's secure channel, which the tests put into the keyring .se05x; and
 * what a command came to, protected or not
 *
 * They need a simulated chip, whose keys are known and hold nothing.
 */
#ifndef SE05X_KEYS_H
#define SE05X_KEYS_H

#include <linux/keyctl.h>

#include "se05x_test.h"

#define KEY_LEN		33

/* Version number, ENC, MAC: those of a new simulated chip */
static const __u8 right_key[KEY_LEN + 1] = "\x0Bse05x-sim, S-ENCse05x-sim, S-MAC";
static const __u8 wrong_key[KEY_LEN + 1] = "\x0Bse05x-sim, S-ENCse05x-sim, other";

/* The keyring's number; 0: this kernel has none */
static inline int keyring(void)
{
	FILE *f = fopen("/proc/keys", "r");
	unsigned int id = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, " .se05x: "))
			id = strtoul(line, NULL, 16);
	}
	if (f)
		fclose(f);
	return id;
}

/* Before main(): no keys, nothing to test. */
static void __attribute__((constructor)) need_keyring(void)
{
	if (geteuid() || !keyring())
		ksft_exit_skip("no root, or no keyring .se05x\n");
}

static inline long key_ctl(int op, long a, long b)
{
	return syscall(SYS_keyctl, op, a, b, 0, 0) < 0 ? -errno : 0;
}

/* Make a key in this process's keyring, or in another. Its number or a negative errno */
static inline int make_key(int where, const char *type, const char *name, const __u8 *key,
			   size_t len)
{
	char description[512];
	long id;

	snprintf(description, sizeof(description), "se05x:%s", name);
	id = syscall(SYS_add_key, type, description, key, len, where);
	return id < 0 ? -errno : id;
}

/*
 * Put a key into .se05x, in place of one of the same name. Only while it is in the
 * process's keyring, too, may it be revoked, updated or given a time.
 */
static inline int hold_key(const char *name, const __u8 *key, size_t len)
{
	int id = make_key(KEY_SPEC_PROCESS_KEYRING, "logon", name, key, len);

	return id < 0 ? id : key_ctl(KEYCTL_LINK, id, keyring()) ?: id;
}

static inline int put_key(const char *name, const __u8 *key, size_t len)
{
	int id = hold_key(name, key, len);

	key_ctl(KEYCTL_CLEAR, KEY_SPEC_PROCESS_KEYRING, 0);
	return id;
}

/* A key for the chip that is there. @what: "" its own, ":next" */
static inline const char *own_name(const char *what)
{
	static char name[300];
	char where[256];

	if (get_attr("location", where, sizeof(where)))
		abort();
	snprintf(name, sizeof(name), "%s%s", where, what);
	return name;
}

static inline int add_key(const char *what, const __u8 *key)
{
	return put_key(own_name(what), key, KEY_LEN);
}

static inline int unlink_key(int id)
{
	return key_ctl(KEYCTL_UNLINK, id, keyring());
}

/* No key, and root's word that this is meant */
static inline int forget_keys(void)
{
	return key_ctl(KEYCTL_CLEAR, keyring(), 0) ?: set_attr("channel", "auto");
}

static inline struct se05x_info info_of(int fd)
{
	struct se05x_info info = { 0 };

	if (call(fd, SE05X_IOC_INFO, &info))
		info.channel = ~0U;
	return info;
}

static const __u8 get_version[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };
static const __u8 get_random[] = {
	0x80, 0x04, 0x00, 0x49, 0x00, 0x00, 0x04, 0x41, 0x02, 0x00, 0x10, 0x00, 0x00
};
static const __u8 test_echo[] = { 0x80, 0x10, 0x00, 0x00, 0x02, 0xAB, 0xCD, 0x00 };
static const __u8 initialize[] = {
	0x80, 0x50, 0x0B, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 0x00
};

/* What a command came to */
struct result {
	int ret;
	__u32 sw, outcome, protection, reason, len;
	__u64 generation;
};

static inline struct result send_with(int fd, const void *apdu, size_t len, __u32 flags,
				      __u64 demanded)
{
	struct job *job = apdu_job(fd, apdu, len);
	struct result r;

	job->t.flags = flags;
	job->t.demanded = demanded;
	run(job);
	r = (struct result) {
		.ret = job->ret,
		.sw = job->t.sw,
		.outcome = job->t.outcome,
		.protection = job->t.protection,
		.reason = job->t.reason,
		.len = job->t.response_len,
		.generation = job->t.generation,
	};
	free_job(job);
	return r;
}

#define SEND(fd, apdu)	send_with(fd, apdu, sizeof(apdu), 0, 0)
#define SEND_PROTECTED(fd, apdu) \
	send_with(fd, apdu, sizeof(apdu), SE05X_TRANSCEIVE_PROTECTED, 0)

#define EXPECT_SENT(_r, _protection) do {			\
	struct result _result = (_r);				\
	EXPECT_EQ(0, _result.ret);				\
	EXPECT_EQ(SW_OK, _result.sw);				\
	EXPECT_EQ(SE05X_OUTCOME_RAN, _result.outcome);		\
	EXPECT_EQ(_protection, _result.protection);		\
} while (0)
#define EXPECT_PLAIN(r)		EXPECT_SENT(r, SE05X_PROTECTION_NONE)
#define EXPECT_PROTECTED(r)	EXPECT_SENT(r, SE05X_PROTECTION_VERIFIED)

/* With that errno, and the chip saw nothing of it */
#define EXPECT_REFUSED(_error, _r) do {				\
	long long _apdus = attr_count("counters/apdus");	\
	struct result _result = (_r);				\
	EXPECT_EQ(-(_error), _result.ret);			\
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, _result.outcome);	\
	EXPECT_EQ(SE05X_PROTECTION_NONE, _result.protection);	\
	EXPECT_EQ(_apdus, attr_count("counters/apdus"));	\
} while (0)

FIXTURE(scp)
{
	int fd;		/* selected the IoT applet */
	int other;	/* selected the test applet */
};

FIXTURE_SETUP(scp)
{
	ASSERT_EQ(0, forget_keys());
	self->fd = open_device(O_RDWR);
	self->other = open_device(O_RDWR);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	ASSERT_TRUE(IS_SELECTED(self->other, test_aid));
	ASSERT_TRUE(IS_SELECTED(self->fd, iot_aid));
	EXPECT_PLAIN(SEND(self->fd, get_version));
	ASSERT_EQ(SE05X_CHANNEL_NONE, info_of(self->fd).channel);
}

FIXTURE_TEARDOWN(scp)
{
	close(self->fd);
	close(self->other);
	EXPECT_EQ(0, forget_keys());
}

#endif /* SE05X_KEYS_H */
