// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of the kernel's secure channel: which it takes, and what happens when they go
 */
#include <linux/capability.h>

#include "se05x_keys.h"

/* ---- never plain once there was a key ---- */

static void never_plain(struct __test_metadata *_metadata, int fd)
{
	EXPECT_REFUSED(ENOKEY, SEND(fd, get_version));
	EXPECT_REFUSED(ENOKEY, SEND_PROTECTED(fd, get_version));
	EXPECT_REFUSED(EPERM, SEND(fd, initialize));
	EXPECT_EQ(SE05X_CHANNEL_CLOSED, info_of(fd).channel);
}

TEST_F_TIMEOUT(scp, key_unlinked, SLOW_TIMEOUT)
{
	int key = add_key("", right_key);

	ASSERT_LT(0, key);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	ASSERT_EQ(0, unlink_key(key));
	never_plain(_metadata, self->fd);
	EXPECT_PLAIN(SEND(self->other, test_echo));
	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

TEST_F_TIMEOUT(scp, key_revoked, SLOW_TIMEOUT)
{
	int key = hold_key(own_name(""), right_key, KEY_LEN);

	ASSERT_LT(0, key);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	ASSERT_EQ(0, key_ctl(KEYCTL_REVOKE, key, 0));
	never_plain(_metadata, self->fd);
	ASSERT_EQ(0, set_attr("channel", "auto"));
	EXPECT_REFUSED(ENOKEY, SEND(self->fd, get_version));	/* it is there still */
	ASSERT_EQ(0, forget_keys());
	EXPECT_PLAIN(SEND(self->fd, get_version));
}

TEST_F_TIMEOUT(scp, key_expires, SLOW_TIMEOUT)
{
	int key = hold_key(own_name(""), right_key, KEY_LEN);

	ASSERT_LT(0, key);
	ASSERT_EQ(0, key_ctl(KEYCTL_SET_TIMEOUT, key, 3600));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	ASSERT_EQ(0, key_ctl(KEYCTL_SET_TIMEOUT, key, 1));
	EXPECT_TRUE(WAIT_UNTIL(SEND(self->fd, get_version).ret == -ENOKEY));
	never_plain(_metadata, self->fd);
}

TEST_F_TIMEOUT(scp, keyring_cleared, SLOW_TIMEOUT)
{
	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	ASSERT_EQ(0, key_ctl(KEYCTL_CLEAR, keyring(), 0));
	never_plain(_metadata, self->fd);
}

/* One that the kernel may not find is one that can't be used. */
TEST_F_TIMEOUT(scp, key_without_permission, SLOW_TIMEOUT)
{
	int key = hold_key(own_name(""), right_key, KEY_LEN);

	ASSERT_LT(0, key);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	/* all to the possessor but to search */
	ASSERT_EQ(0, key_ctl(KEYCTL_SETPERM, key, 0x37000000));
	never_plain(_metadata, self->fd);
	ASSERT_EQ(0, key_ctl(KEYCTL_CLEAR, KEY_SPEC_PROCESS_KEYRING, 0));
	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* A key that goes after the driver has looked, and before the opening, is no wrong key. */
TEST_F_TIMEOUT(scp, key_gone_before_the_opening, SLOW_TIMEOUT)
{
	struct job *job = apdu_job(self->fd, get_version, sizeof(get_version));
	long long sent;
	int key;

	if (sim_count("transfers") < 0)
		SKIP(return, "no simulated chip");
	do {	/* until it goes while the driver selects the applet */
		EXPECT_PLAIN(SEND(self->other, test_echo));
		key = add_key("", right_key);
		ASSERT_LT(0, key);
		sent = sim_count("transfers");
		start(job);
		while (sim_count("transfers") == sent && !waitpid(job->pid, NULL, WNOHANG))
			usleep(100);
		ASSERT_EQ(0, unlink_key(key));
		ASSERT_NE(-EKEYREJECTED, finish(job));
		ASSERT_NE(SE05X_CHANNEL_REJECTED, info_of(self->fd).channel);
	} while (job->ret != -ENOKEY);
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, job->t.outcome);
	EXPECT_EQ(SE05X_PROTECTION_NONE, job->t.protection);
	never_plain(_metadata, self->fd);
	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	free_job(job);
}

TEST_F_TIMEOUT(scp, key_seen_and_never_used, SLOW_TIMEOUT)
{
	int key = add_key("", right_key);

	ASSERT_LT(0, key);
	EXPECT_PLAIN(SEND(self->other, test_echo));
	ASSERT_EQ(0, unlink_key(key));
	never_plain(_metadata, self->fd);
}

/* Others than root's word do not change it: a rebind */
TEST_F_TIMEOUT(scp, rebind, SLOW_TIMEOUT)
{
	int key = add_key("", right_key), fd;
	char name[64];

	ASSERT_LT(0, key);
	ASSERT_EQ(0, set_attr("channel", "auto"));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	ASSERT_TRUE(client_name(name, sizeof(name)));
	ASSERT_EQ(0, driver("unbind", name));
	ASSERT_EQ(0, unlink_key(key));
	ASSERT_EQ(0, driver("bind", name));
	ASSERT_TRUE(WAIT_UNTIL((fd = open_device(O_RDWR)) >= 0));
	ASSERT_TRUE(IS_SELECTED(fd, iot_aid));
	never_plain(_metadata, fd);
	ASSERT_EQ(0, set_attr("channel", "required"));
	close(fd);
	ASSERT_EQ(0, driver("unbind", name));
	ASSERT_EQ(0, driver("bind", name));
	ASSERT_TRUE(WAIT_UNTIL((fd = open_device(O_RDWR)) >= 0));
	EXPECT_TRUE(attr_is("channel", "required"));
	ASSERT_TRUE(IS_SELECTED(fd, iot_aid));
	EXPECT_REFUSED(ENOKEY, SEND(fd, get_version));
	close(fd);
}

TEST_F_TIMEOUT(scp, off, SLOW_TIMEOUT)
{
	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	ASSERT_EQ(0, set_attr("channel", "off"));
	EXPECT_PLAIN(SEND(self->fd, get_version));
	EXPECT_EQ(SE05X_CHANNEL_NONE, info_of(self->fd).channel);
	EXPECT_REFUSED(ENOKEY, SEND_PROTECTED(self->fd, get_version));
	EXPECT_PLAIN(SEND(self->fd, initialize));
	ASSERT_EQ(0, set_attr("channel", "auto"));
	EXPECT_PLAIN(SEND(self->other, test_echo));
	SEND(self->fd, get_version);	/* its own channel is lost */
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* ---- which keys ---- */

static int min_0(int n)
{
	return n < 0 ? n : 0;
}

/* Root without the capability */
static int add_key_without(int where)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { };

	if (syscall(SYS_capset, &header, data))
		return -EIO;
	return make_key(where, "logon", "elsewhere:next", right_key, KEY_LEN);
}

/* Its possessor may all but change that, root may view, read, write and search it. */
static bool is_keyring_roots(void)
{
	FILE *f = fopen("/proc/keys", "r");
	char line[512];
	bool is = false;

	while (f && fgets(line, sizeof(line), f))
		is |= strstr(line, " .se05x: ") && strstr(line, " 1f0f0000     0     0 keyring ");
	if (f)
		fclose(f);
	return is;
}

TEST_F_TIMEOUT(scp, what_the_keyring_takes, SLOW_TIMEOUT)
{
	int where = keyring(), len, status;
	__u8 bytes[100] = { 0x0B };
	char name[32];

	for (len = 1; len < sizeof(bytes); len++) {
		int expected = len == 33 || len == 49 || len == 65 ? 0 : -EINVAL;

		sprintf(name, "made%d", len);
		EXPECT_EQ(expected, min_0(make_key(where, "logon", name, bytes, len)));
		sprintf(name, "linked%d", len);
		EXPECT_EQ(expected, min_0(put_key(name, bytes, len)));
	}
	EXPECT_TRUE(is_keyring_roots());
	EXPECT_EQ(-EINVAL, make_key(where, "user", "elsewhere", bytes, KEY_LEN));
	EXPECT_EQ(-EINVAL, make_key(where, "keyring", "elsewhere", NULL, 0));
	if (!fork())
		_exit(-add_key_without(where));
	wait(&status);
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
	if (!fork()) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		_exit(-make_key(where, "logon", "elsewhere", bytes, KEY_LEN));
	}
	wait(&status);
	EXPECT_EQ(EACCES, WEXITSTATUS(status));
	/* it may not be linked to where it would outlive the module */
	EXPECT_EQ(-EACCES, key_ctl(KEYCTL_LINK, where, KEY_SPEC_PROCESS_KEYRING));
	/* a key of another place is none of this chip's */
	EXPECT_PLAIN(SEND(self->fd, get_version));
}

/* Somebody with keys of these names in keyrings of his own. What his command came to */
static int with_own_keys(int fd)
{
	static const int wheres[] = { KEY_SPEC_PROCESS_KEYRING, KEY_SPEC_USER_KEYRING };
	int i, status;

	if (!fork()) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		for (i = 0; i < ARRAY_SIZE(wheres); i++)
			if (make_key(wheres[i], "logon", own_name(""), wrong_key, KEY_LEN) < 0 ||
			    make_key(wheres[i], "logon", "default", wrong_key, KEY_LEN) < 0)
				_exit(98);
		_exit(-SEND(fd, get_version).ret);
	}
	wait(&status);
	return WEXITSTATUS(status);
}

TEST_F_TIMEOUT(scp, keys_of_others, SLOW_TIMEOUT)
{
	EXPECT_EQ(0, with_own_keys(self->fd));
	EXPECT_EQ(SE05X_CHANNEL_NONE, info_of(self->fd).channel);
	ASSERT_LT(0, add_key("", right_key));
	EXPECT_EQ(0, with_own_keys(self->fd));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* An update can't be refused: its length is looked at when the channel is opened. */
TEST_F_TIMEOUT(scp, key_updated, SLOW_TIMEOUT)
{
	int key = hold_key(own_name(""), right_key, KEY_LEN);
	__u64 openings;

	ASSERT_LT(0, key);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	ASSERT_LE(0, syscall(SYS_keyctl, KEYCTL_UPDATE, key, right_key, 10, 0));
	never_plain(_metadata, self->fd);
	ASSERT_LE(0, syscall(SYS_keyctl, KEYCTL_UPDATE, key, right_key, KEY_LEN, 0));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	openings = info_of(self->fd).openings;
	ASSERT_LE(0, syscall(SYS_keyctl, KEYCTL_UPDATE, key, wrong_key, KEY_LEN, 0));
	EXPECT_EQ(-EKEYREJECTED, SEND(self->fd, get_version).ret);
	EXPECT_EQ(openings, info_of(self->fd).openings);
}

/* One INITIALIZE UPDATE, and no more until something has changed */
TEST_F_TIMEOUT(scp, wrong_key, SLOW_TIMEOUT)
{
	struct se05x_reset reset = { .kind = SE05X_RESET_SOFT };
	struct result r;
	long long runs;
	int i;

	ASSERT_LT(0, add_key("", wrong_key));
	runs = sim_count("runs");
	r = SEND(self->fd, get_version);
	EXPECT_EQ(-EKEYREJECTED, r.ret);
	EXPECT_EQ(0, r.sw);
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, r.outcome);
	if (runs >= 0)
		EXPECT_EQ(runs + 2, sim_count("runs"));	/* SELECT, INITIALIZE UPDATE */
	EXPECT_EQ(SE05X_CHANNEL_REJECTED, info_of(self->fd).channel);
	EXPECT_TRUE(attr_is("channel_state", "rejected"));
	for (i = 0; i < 10; i++) {
		EXPECT_REFUSED(EKEYREJECTED, SEND(self->fd, get_version));
		EXPECT_REFUSED(EKEYREJECTED, SEND_PROTECTED(self->fd, get_version));
	}
	EXPECT_REFUSED(EPERM, SEND(self->fd, initialize));
	EXPECT_PLAIN(SEND(self->other, test_echo));

	/* an administrator's RESET: the chip may be another one */
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_RESET, &reset));
	runs = sim_count("runs");
	EXPECT_EQ(-EKEYREJECTED, SEND(self->fd, get_version).ret);
	if (runs >= 0)
		EXPECT_EQ(runs + 2, sim_count("runs"));
	EXPECT_REFUSED(EKEYREJECTED, SEND(self->fd, get_version));

	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* RESET by who is no administrator is no reason to try the keys again. */
TEST_F_TIMEOUT(scp, reset_by_others, SLOW_TIMEOUT)
{
	struct se05x_reset reset = { .kind = SE05X_RESET_SOFT };
	int status;

	ASSERT_LT(0, add_key("", wrong_key));
	EXPECT_EQ(-EKEYREJECTED, SEND(self->fd, get_version).ret);
	close(self->other);	/* it would forbid that RESET */
	if (!fork()) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		_exit(-call(self->fd, SE05X_IOC_RESET, &reset));
	}
	wait(&status);
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_REFUSED(EKEYREJECTED, SEND(self->fd, get_version));
	EXPECT_EQ(SE05X_CHANNEL_REJECTED, info_of(self->fd).channel);
	self->other = open_device(O_RDWR);
	EXPECT_LE(0, self->other);
}

/* A version number that the chip does not know: twice, then not for a second */
TEST_F_TIMEOUT(scp, refused, SLOW_TIMEOUT)
{
	__u8 key[KEY_LEN + 1];
	struct result r;
	long long runs;

	memcpy(key, right_key, sizeof(key));
	key[0] = 0x55;
	ASSERT_LT(0, add_key("", key));
	runs = sim_count("runs");
	r = SEND(self->fd, get_version);
	EXPECT_EQ(-EKEYREJECTED, r.ret);
	EXPECT_NE(0, r.sw);
	if (runs >= 0)
		EXPECT_EQ(runs + 4, sim_count("runs"));
	EXPECT_REFUSED(EKEYREJECTED, SEND(self->fd, get_version));
	EXPECT_EQ(r.sw, SEND(self->fd, get_version).sw);
	/* then the chip may be asked again, once in a while */
	EXPECT_TRUE(WAIT_UNTIL(SEND(self->fd, get_version).ret == -EKEYREJECTED &&
			       sim_count("runs") != runs + 4));
	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* While keys change the old one is tried first, and never again once the next fits. */
TEST_F_TIMEOUT(scp, next_key, SLOW_TIMEOUT)
{
	long long runs;
	int next;

	ASSERT_LT(0, add_key("", wrong_key));
	next = add_key(":next", right_key);
	ASSERT_LT(0, next);
	runs = sim_count("runs");
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	EXPECT_EQ(SE05X_CHANNEL_KEY_NEXT, info_of(self->fd).channel_key);
	if (runs >= 0)
		EXPECT_EQ(runs + 5, sim_count("runs"));
	EXPECT_PLAIN(SEND(self->other, test_echo));
	runs = sim_count("runs");
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	if (runs >= 0)
		EXPECT_EQ(runs + 4, sim_count("runs"));
	/* the old one is displaced, the next one goes */
	ASSERT_LT(0, add_key("", right_key));
	ASSERT_EQ(0, unlink_key(next));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	EXPECT_EQ(SE05X_CHANNEL_KEY_OWN, info_of(self->fd).channel_key);
}

/* se05x:default is for chips that never had a key of their own. */
TEST_F_TIMEOUT(scp, default_key, SLOW_TIMEOUT)
{
	int key = put_key("default", right_key, KEY_LEN);

	ASSERT_LT(0, key);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	EXPECT_EQ(SE05X_CHANNEL_KEY_DEFAULT, info_of(self->fd).channel_key);
	key = add_key("", wrong_key);
	ASSERT_LT(0, key);
	EXPECT_EQ(-EKEYREJECTED, SEND(self->fd, get_version).ret);
	ASSERT_EQ(0, unlink_key(key));
	EXPECT_REFUSED(ENOKEY, SEND(self->fd, get_version));
}

TEST_HARNESS_MAIN
