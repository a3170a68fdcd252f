// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's secure channel: what goes through it, and that nothing goes beside it
 */
#include "se05x_keys.h"

static const __u8 no_object[] = {
	0x80, 0x04, 0x00, 0x28, 0x06, 0x41, 0x04, 0x12, 0x34, 0x56, 0x78
};

/* ---- without a key ---- */

TEST_F_TIMEOUT(scp, plain_without_key, SLOW_TIMEOUT)
{
	struct se05x_info info;

	EXPECT_PLAIN(SEND(self->fd, get_random));
	EXPECT_REFUSED(ENOKEY, SEND_PROTECTED(self->fd, get_random));
	EXPECT_REFUSED(ENOKEY, SEND_PROTECTED(self->other, test_echo));
	info = info_of(self->fd);
	EXPECT_EQ(SE05X_CHANNEL_NONE, info.channel);
	EXPECT_EQ(0, info.overhead_command);
	EXPECT_EQ(0, info.overhead_response);
	EXPECT_TRUE(attr_is("channel", "auto"));
	EXPECT_TRUE(attr_is("channel_state", "plain"));
	EXPECT_EQ(-EINVAL, set_attr("channel", "perhaps"));
}

TEST_F_TIMEOUT(scp, required_without_key, SLOW_TIMEOUT)
{
	ASSERT_EQ(0, set_attr("channel", "required"));
	EXPECT_REFUSED(ENOKEY, SEND(self->fd, get_version));
	EXPECT_REFUSED(ENOKEY, SEND_PROTECTED(self->fd, get_version));
	EXPECT_PLAIN(SEND(self->other, test_echo));
	EXPECT_REFUSED(EPERM, SEND(self->other, initialize));
	EXPECT_REFUSED(EPERM, SEND(self->fd, initialize));
	EXPECT_NE(0, info_of(self->fd).overhead_command);
	EXPECT_TRUE(attr_is("channel_state", "protected"));
	ASSERT_EQ(0, set_attr("channel", "auto"));
	EXPECT_PLAIN(SEND(self->fd, get_version));
}

/* ---- with one ---- */

TEST_F_TIMEOUT(scp, protects, SLOW_TIMEOUT)
{
	__u64 openings = info_of(self->fd).openings;
	struct se05x_info info;
	struct se05x_select s;
	struct result r;
	long long apdus;
	__u64 before;

	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	info = info_of(self->fd);
	EXPECT_EQ(SE05X_CHANNEL_OPEN, info.channel);
	EXPECT_EQ(SE05X_CHANNEL_KEY_OWN, info.channel_key);
	EXPECT_EQ(openings + 1, info.openings);
	EXPECT_NE(0, info.overhead_command);
	EXPECT_NE(0, info.overhead_response);
	EXPECT_TRUE(attr_is("channel_state", "protected"));
	EXPECT_PROTECTED(SEND_PROTECTED(self->fd, get_random));
	EXPECT_EQ(0, version(self->fd));

	/* an error has no MAC: anybody may have sent it; the channel goes on */
	before = generation(self->fd);
	r = SEND(self->fd, no_object);
	EXPECT_EQ(0, r.ret);
	EXPECT_EQ(0x6985, r.sw);
	EXPECT_EQ(SE05X_OUTCOME_MAY_HAVE_RUN, r.outcome);
	EXPECT_EQ(SE05X_PROTECTION_UNVERIFIED, r.protection);
	EXPECT_PROTECTED(SEND(self->fd, get_random));
	EXPECT_EQ(before, generation(self->fd));

	/* the answer to SELECT is remembered, and the channel stays */
	apdus = attr_count("counters/apdus");
	EXPECT_EQ(0, select_aid(self->fd, iot_aid, sizeof(iot_aid), 0, &s));
	EXPECT_EQ(apdus, attr_count("counters/apdus"));
	EXPECT_PROTECTED(SEND(self->fd, get_random));
	EXPECT_EQ(openings + 1, info_of(self->fd).openings);
}

/* Every length of data, with each form of Lc and Le; 7.2 takes 1024 bytes, wrapped. */
TEST_F_TIMEOUT(scp, lengths, 4 * SLOW_TIMEOUT)
{
	__u8 apdu[4096] = { 0x80, 0x04, 0x00, 0x49 };
	__u64 openings;
	size_t n;

	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	openings = info_of(self->fd).openings;
	for (n = 1; n <= 900; n += n < 300 ? 1 : 37) {
		struct result r;

		/* GetRandom of n bytes */
		apdu[4] = 0;
		apdu[5] = 0;
		apdu[6] = 4;
		apdu[7] = 0x41;
		apdu[8] = 2;
		apdu[9] = n >> 8;
		apdu[10] = n & 0xff;
		apdu[11] = 0;
		apdu[12] = 0;
		r = send_with(self->fd, apdu, 13, 0, 0);
		EXPECT_PROTECTED(r);
		EXPECT_LE(n + 2, r.len);
		/* n bytes that it can't make sense of: an error, but not of the channel */
		memset(apdu + 4, 0, sizeof(apdu) - 4);
		apdu[5] = n >> 8;
		apdu[6] = n & 0xff;
		r = send_with(self->fd, apdu, 7 + n, 0, 0);
		EXPECT_EQ(0, r.ret);
		EXPECT_EQ(SE05X_PROTECTION_UNVERIFIED, r.protection);
		ASSERT_NE(0x6982, r.sw);
	}
	/* the longest that the driver takes is longer than the chip does */
	apdu[5] = (sizeof(apdu) - 7) >> 8;
	apdu[6] = (sizeof(apdu) - 7) & 0xff;
	EXPECT_EQ(0x6700, send_with(self->fd, apdu, sizeof(apdu), 0, 0).sw);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	EXPECT_LE(openings, info_of(self->fd).openings);
}

TEST_F_TIMEOUT(scp, other_applets_go_plain, SLOW_TIMEOUT)
{
	__u64 openings;
	int i;

	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	openings = info_of(self->fd).openings;
	EXPECT_REFUSED(ENOKEY, SEND_PROTECTED(self->other, test_echo));
	for (i = 1; i <= 5; i++) {
		EXPECT_PLAIN(SEND(self->other, test_echo));
		EXPECT_PROTECTED(SEND(self->fd, get_version));
		EXPECT_EQ(openings + i, info_of(self->fd).openings);
	}
}

/* What a program may not do beside the kernel */
TEST_F_TIMEOUT(scp, nobody_meddles, SLOW_TIMEOUT)
{
	static const __u8 apdus[][14] = {
		{ 0x80, 0x50, 0x0B, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 0x00 },
		{ 0x84, 0x82, 0x33, 0x00, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
		{ 0x80, 0xD8, 0x0B, 0x81, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
		{ 0x84, 0xD8, 0x0B, 0x81, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
		{ 0x84, 0x04, 0x00, 0x20, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
		{ 0x0C, 0xA4, 0x04, 0x00, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
		{ 0x08, 0xC0, 0x00, 0x00, 0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
	};
	static const __u8 piece[] = { 0x90, 0x04, 0x00, 0x49, 0x01, 0x41 };
	struct se05x_lock l = { 0 };
	struct se05x_unlock u = { 0 };
	int i, status;

	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	for (i = 0; i < ARRAY_SIZE(apdus); i++) {
		EXPECT_REFUSED(EPERM, SEND(self->fd, apdus[i]));
		EXPECT_REFUSED(EPERM, SEND(self->other, apdus[i]));
	}
	EXPECT_REFUSED(EOPNOTSUPP, SEND(self->fd, piece));
	EXPECT_EQ(SE05X_CHANNEL_OPEN, info_of(self->fd).channel);

	/* nor with the lock, unless it is an administrator's */
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_LOCK, &l));
	if (!fork()) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(99);
		_exit(-SEND(self->fd, initialize).ret);
	}
	wait(&status);
	EXPECT_EQ(EPERM, WEXITSTATUS(status));
	EXPECT_EQ(0, call(self->fd, SE05X_IOC_UNLOCK, &u));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* An administrator with the lock has a channel of his own, for as long as he has that. */
TEST_F_TIMEOUT(scp, administrator_with_lock, SLOW_TIMEOUT)
{
	static const __u8 secured[] = {
		0x84, 0x04, 0x00, 0x20, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 0x00
	};
	struct se05x_lock l = { 0 };
	struct se05x_unlock u = { 0 };
	struct result r;

	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_LOCK, &l));
	EXPECT_PLAIN(SEND(self->fd, initialize));
	EXPECT_EQ(SE05X_CHANNEL_CLOSED, info_of(self->fd).channel);
	EXPECT_REFUSED(ENOKEY, SEND_PROTECTED(self->fd, get_version));
	EXPECT_PLAIN(SEND(self->fd, get_version));
	r = SEND(self->fd, secured);	/* the chip's word, not the kernel's */
	EXPECT_EQ(0, r.ret);
	EXPECT_NE(SW_OK, r.sw);
	EXPECT_EQ(SE05X_PROTECTION_NONE, r.protection);
	EXPECT_PLAIN(SEND(self->fd, initialize));
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_UNLOCK, &u));
	EXPECT_REFUSED(EPERM, SEND(self->fd, secured));
	EXPECT_REFUSED(EPERM, SEND(self->fd, initialize));
	r = SEND(self->fd, get_version);
	EXPECT_EQ(-ESTALE, r.ret);
	EXPECT_EQ(SE05X_REASON_CHANNEL, r.reason);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* Who breaks the lock takes his channel from him, and what the lock allowed. */
TEST_F_TIMEOUT(scp, administrator_loses_lock, SLOW_TIMEOUT)
{
	struct se05x_reset reset = { .kind = SE05X_RESET_SOFT, .flags = SE05X_RESET_FORCE };
	struct se05x_lock l = { 0 };
	struct result r;

	ASSERT_LT(0, add_key("", right_key));
	ASSERT_EQ(0, call(self->fd, SE05X_IOC_LOCK, &l));
	EXPECT_PLAIN(SEND(self->fd, initialize));
	ASSERT_EQ(0, call(self->other, SE05X_IOC_RESET, &reset));
	r = SEND(self->fd, initialize);
	EXPECT_EQ(-ESTALE, r.ret);
	EXPECT_EQ(SE05X_REASON_LOCK, r.reason);
	EXPECT_REFUSED(EPERM, SEND(self->fd, initialize));
	r = SEND(self->fd, get_version);
	EXPECT_EQ(-ESTALE, r.ret);
	EXPECT_EQ(SE05X_REASON_CHANNEL, r.reason);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* A channel that a program had before there was a key is its own until it ends. */
TEST_F_TIMEOUT(scp, own_channel_before_the_key, SLOW_TIMEOUT)
{
	static const __u8 secured[] = {
		0x84, 0x82, 0x33, 0x00, 0x10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8
	};
	struct result r;

	EXPECT_PLAIN(SEND(self->fd, initialize));
	ASSERT_LT(0, add_key("", right_key));
	r = SEND(self->fd, secured);
	EXPECT_EQ(0, r.ret);
	EXPECT_EQ(SE05X_PROTECTION_NONE, r.protection);
	EXPECT_PLAIN(SEND(self->fd, initialize));
	EXPECT_PLAIN(SEND(self->other, test_echo));	/* that ends it */
	EXPECT_REFUSED(EPERM, SEND(self->fd, initialize));
	r = SEND(self->fd, get_version);
	EXPECT_EQ(-ESTALE, r.ret);
	EXPECT_EQ(SE05X_REASON_CHANNEL, r.reason);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
}

/* The generation is the SELECT's; in a context that was used another SELECT comes. */
TEST_F_TIMEOUT(scp, generations, SLOW_TIMEOUT)
{
	struct se05x_select s;
	struct result r;

	ASSERT_LT(0, add_key("", right_key));
	r = send_with(self->fd, get_version, sizeof(get_version), 0, generation(self->fd));
	EXPECT_EQ(-ESTALE, r.ret);
	EXPECT_EQ(SE05X_REASON_CONTEXT, r.reason);
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, r.outcome);
	ASSERT_EQ(0, select_aid(self->fd, iot_aid, sizeof(iot_aid), SE05X_SELECT_FRESH, &s));
	r = send_with(self->fd, get_version, sizeof(get_version), 0, s.generation);
	EXPECT_PROTECTED(r);
	EXPECT_EQ(s.generation, r.generation);
	r = send_with(self->fd, get_random, sizeof(get_random), 0, s.generation);
	EXPECT_PROTECTED(r);
	EXPECT_EQ(s.generation, r.generation);
}

/* A SELECT that tells no version is followed by one that does. */
TEST_F_TIMEOUT(scp, version_not_told, SLOW_TIMEOUT)
{
	__u8 select[5 + sizeof(iot_aid)] = { 0x00, 0xA4, 0x04, 0x0C, sizeof(iot_aid) };
	struct result r;

	memcpy(select + 5, iot_aid, sizeof(iot_aid));
	ASSERT_LT(0, add_key("", right_key));
	EXPECT_REFUSED(ENOKEY, SEND_PROTECTED(self->fd, select));
	r = SEND(self->fd, select);
	EXPECT_PLAIN(r);
	EXPECT_PROTECTED(SEND(self->fd, get_random));
	EXPECT_NE(r.generation, generation(self->fd));
	/* by a shorter name, as the chip takes it */
	select[3] = 0x00;
	select[4] = 5;
	EXPECT_PLAIN(send_with(self->fd, select, 10, 0, 0));
	EXPECT_PROTECTED(SEND(self->fd, get_random));
}

/* Each of these ends the channel, and the next command opens it again. */
TEST_F_TIMEOUT(scp, what_ends_it, SLOW_TIMEOUT)
{
	static const __u32 kinds[] = { SE05X_RESET_SOFT, SE05X_RESET_CHIP, SE05X_RESET_POWER };
	struct se05x_select s;
	__u64 openings;
	int i;

	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	openings = info_of(self->fd).openings;
	ASSERT_EQ(0, select_aid(self->fd, iot_aid, sizeof(iot_aid), SE05X_SELECT_FRESH, &s));
	EXPECT_EQ(SE05X_CHANNEL_CLOSED, info_of(self->fd).channel);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	EXPECT_EQ(++openings, info_of(self->fd).openings);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct se05x_reset r = { .kind = kinds[i] };
		int ret = call(self->fd, SE05X_IOC_RESET, &r);

		if (ret == -EOPNOTSUPP)
			continue;
		ASSERT_EQ(0, ret);
		EXPECT_EQ(SE05X_CHANNEL_CLOSED, info_of(self->fd).channel);
		EXPECT_PROTECTED(SEND(self->fd, get_version));
		EXPECT_EQ(++openings, info_of(self->fd).openings);
	}
}

/*
 * Wherever the link fails before the command: the opening is done once more. A command of
 * one block that was tried may have run.
 */
TEST_F_TIMEOUT(scp, link_fails, 4 * SLOW_TIMEOUT)
{
	int faults = open(SIM_DIR "faults", O_WRONLY);
	int skip, mended = 0, lost = 0;
	char fault[64];

	if (faults < 0)
		SKIP(return, "no simulated chip");
	ASSERT_LT(0, add_key("", right_key));
	for (skip = 0; skip < 20; skip++) {
		long long recoveries = attr_count("counters/recoveries");
		struct result r;

		EXPECT_PLAIN(SEND(self->other, test_echo));
		sprintf(fault, "flip 12 read @%d", skip);
		ASSERT_EQ((ssize_t)strlen(fault), write(faults, fault, strlen(fault)));
		r = SEND(self->fd, get_version);
		ASSERT_EQ(5, write(faults, "clear", 5));
		if (!r.ret) {
			EXPECT_PROTECTED(r);
			mended += attr_count("counters/recoveries") != recoveries;
			continue;
		}
		EXPECT_EQ(-ECONNRESET, r.ret);
		EXPECT_EQ(SE05X_OUTCOME_MAY_HAVE_RUN, r.outcome);
		EXPECT_EQ(SE05X_PROTECTION_UNVERIFIED, r.protection);
		lost++;
		EXPECT_TRUE(WAIT_UNTIL(!SEND(self->fd, get_version).ret));
	}
	EXPECT_LT(0, mended);
	EXPECT_LT(0, lost);
	close(faults);
}

/* A caller that leaves takes nothing with it: the owner sees to the answer. */
TEST_F_TIMEOUT(scp, left_in_flight, SLOW_TIMEOUT)
{
	struct job *job;
	__u64 openings;
	int i;

	ASSERT_LT(0, add_key("", right_key));
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	openings = info_of(self->fd).openings;
	for (i = 0; i < 50; i++) {
		job = apdu_job(self->fd, get_random, sizeof(get_random));
		if (i & 1) {
			start(job);
			usleep(i * 100);
			kill(job->pid, SIGKILL);
			finish(job);
		} else {
			job->t.deadline_ms = 1;
			run(job);
			if (job->ret == -ETIMEDOUT)
				EXPECT_EQ(SE05X_PROTECTION_UNVERIFIED, job->t.protection);
		}
		free_job(job);
	}
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	EXPECT_EQ(openings, info_of(self->fd).openings);
}

/* Nor does who leaves before his command was sent: nothing was, and the opening goes on. */
TEST_F_TIMEOUT(scp, left_in_the_opening, SLOW_TIMEOUT)
{
	struct job *job = apdu_job(self->fd, get_version, sizeof(get_version));
	int i, left = 0;

	ASSERT_LT(0, add_key("", right_key));
	for (i = 0; i < 40; i++) {
		EXPECT_PLAIN(SEND(self->other, test_echo));
		job->t.deadline_ms = 1 + i % 10;
		run(job);
		if (job->ret == -ETIMEDOUT) {
			EXPECT_EQ(SE05X_OUTCOME_MAY_HAVE_RUN, job->t.outcome);
			EXPECT_EQ(SE05X_PROTECTION_UNVERIFIED, job->t.protection);
			continue;
		}
		if (job->ret) {
			EXPECT_EQ(-EBUSY, job->ret);
			EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, job->t.outcome);
			EXPECT_EQ(SE05X_PROTECTION_NONE, job->t.protection);
			left++;
		}
	}
	EXPECT_LT(0, left);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	free_job(job);
}

/* RESET with FORCE cuts an opening: nothing of the command was sent. */
TEST_F_TIMEOUT(scp, opening_cut, SLOW_TIMEOUT)
{
	struct se05x_reset reset = { .kind = SE05X_RESET_SOFT, .flags = SE05X_RESET_FORCE };
	struct job *job = apdu_job(self->fd, get_version, sizeof(get_version));
	long long sent;

	if (sim_count("transfers") < 0)
		SKIP(return, "no simulated chip");
	ASSERT_LT(0, add_key("", right_key));
	do {	/* until it hits the opening */
		EXPECT_TRUE(WAIT_UNTIL(!SEND(self->fd, get_version).ret));
		EXPECT_PLAIN(SEND(self->other, test_echo));
		sent = sim_count("transfers");
		start(job);
		while (sim_count("transfers") == sent && !waitpid(job->pid, NULL, WNOHANG))
			usleep(100);
		ASSERT_EQ(0, call(self->other, SE05X_IOC_RESET, &reset));
		finish(job);
	} while (!job->ret || job->ret == -ECONNRESET);
	EXPECT_EQ(-ECONNABORTED, job->ret);
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, job->t.outcome);
	EXPECT_EQ(SE05X_PROTECTION_NONE, job->t.protection);
	EXPECT_PROTECTED(SEND(self->fd, get_version));
	free_job(job);
}

TEST_HARNESS_MAIN
