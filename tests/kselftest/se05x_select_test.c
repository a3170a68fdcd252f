// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who the chip belongs to: selected applets, generations, secure channels
 */
#include "se05x_test.h"

static const __u8 nobodys_aid[] = { 0xF0, 0x00, 0x01, 0x02, 0x03 };

FIXTURE(select)
{
	int a;
	int b;
	struct se05x_select s;
};

FIXTURE_SETUP(select)
{
	self->a = open_device(O_RDWR);
	self->b = open_device(O_RDWR);
	ASSERT_LE(0, self->a) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_LE(0, self->b);
	/* whatever was selected before is not now */
	ASSERT_EQ(0, select_aid(self->a, test_aid, sizeof(test_aid), SE05X_SELECT_FRESH,
				&self->s));
	ASSERT_EQ(SW_OK, self->s.sw);
}

FIXTURE_TEARDOWN(select)
{
	close(self->a);
	close(self->b);
}

static int demanding_select(int fd, const __u8 *aid, size_t len, __u8 p2, __u64 generation,
			    struct se05x_transceive *t)
{
	__u8 apdu[22] = { 0x00, 0xA4, 0x04, p2, len };
	struct job *job;
	int ret;

	memcpy(apdu + 5, aid, len);
	job = apdu_job(fd, apdu, len + 6);
	job->t.demanded = generation;
	ret = run(job);
	*t = job->t;
	free_job(job);
	return ret;
}

static int raw_select(int fd, const __u8 *aid, size_t len, __u8 p2,
		      struct se05x_transceive *t)
{
	return demanding_select(fd, aid, len, p2, 0, t);
}

TEST_F(select, remembered)
{
	long long runs = sim_count("runs");
	struct se05x_select first = self->s, again;

	/* by its own file and by another */
	ASSERT_EQ(0, select_aid(self->a, test_aid, sizeof(test_aid), 0, &again));
	EXPECT_EQ(SE05X_OUTCOME_RAN, again.outcome);
	EXPECT_EQ(SW_OK, again.sw);
	EXPECT_EQ(first.response_len, again.response_len);
	EXPECT_EQ(first.generation, again.generation);
	ASSERT_EQ(0, select_aid(self->b, test_aid, sizeof(test_aid), 0, &again));
	EXPECT_EQ(first.generation, again.generation);
	EXPECT_EQ(runs, sim_count("runs"));
	EXPECT_EQ(0, echo(self->b, NULL));
}

TEST_F(select, remembered_answer_is_the_chips)
{
	__u8 answers[2][258] = { 0 };
	struct se05x_select s;
	int i;

	for (i = 0; i < 2; i++) {
		memset(&s, 0, sizeof(s));
		s.flags = i ? 0 : SE05X_SELECT_FRESH;
		s.aid_len = sizeof(iot_aid);
		memcpy(s.aid, iot_aid, sizeof(iot_aid));
		s.response = (uintptr_t)answers[i];
		s.response_size = sizeof(answers[i]);
		ASSERT_EQ(0, call(self->a, SE05X_IOC_SELECT, &s));
		ASSERT_LE(2, s.response_len);
		EXPECT_EQ(0, memcmp(answers[i] + s.response_len - 2, "\x90\x00", 2));
	}
	EXPECT_EQ(0, memcmp(answers[0], answers[1], sizeof(answers[0])));
}

TEST_F(select, fresh)
{
	long long runs = sim_count("runs");
	struct se05x_select again;

	ASSERT_EQ(0, select_aid(self->a, test_aid, sizeof(test_aid), SE05X_SELECT_FRESH,
				&again));
	EXPECT_EQ(SW_OK, again.sw);
	EXPECT_NE(self->s.generation, again.generation);
	EXPECT_EQ(again.generation, generation(self->b));
	if (runs >= 0)
		EXPECT_EQ(runs + 1, sim_count("runs"));
}

/* A SELECT that fails says so by its SW, and the old binding stays. */
TEST_F(select, failed)
{
	struct se05x_select s;

	ASSERT_EQ(0, select_aid(self->a, nobodys_aid, sizeof(nobodys_aid), 0, &s));
	EXPECT_EQ(SE05X_OUTCOME_RAN, s.outcome);
	EXPECT_EQ(0x6A82, s.sw);
	EXPECT_EQ(2, s.response_len);
	EXPECT_NE(self->s.generation, s.generation);
	EXPECT_EQ(0, echo(self->a, NULL));

	/* it is not remembered either */
	ASSERT_EQ(0, select_aid(self->b, nobodys_aid, sizeof(nobodys_aid), 0, &s));
	EXPECT_EQ(0x6A82, s.sw);
	EXPECT_EQ(0, echo(self->a, NULL));
}

/* AIDs are the bytes that were given: a shorter name is another context. */
TEST_F(select, no_aid)
{
	struct se05x_select s;
	long long runs;

	ASSERT_EQ(0, select_aid(self->b, NULL, 0, 0, &s));
	EXPECT_EQ(SE05X_OUTCOME_RAN, s.outcome);
	EXPECT_EQ(SW_OK, s.sw);
	EXPECT_NE(self->s.generation, s.generation);
	runs = sim_count("runs");
	ASSERT_EQ(0, select_aid(self->b, NULL, 0, 0, &s));
	EXPECT_EQ(SW_OK, s.sw);
	EXPECT_EQ(runs, sim_count("runs"));
	EXPECT_EQ(0, echo(self->a, NULL));
}

/* A file that never selected works with what was selected last. */
TEST_F(select, never_selected)
{
	EXPECT_EQ(0, echo(self->b, NULL));
	ASSERT_TRUE(IS_SELECTED(self->a, iot_aid));
	EXPECT_EQ(0, version(self->b));
	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	EXPECT_EQ(0, echo(self->b, NULL));
}

TEST_F_TIMEOUT(select, two_applets_interleaved, SLOW_TIMEOUT)
{
	__u64 last = 0, now;
	int i;

	ASSERT_TRUE(IS_SELECTED(self->b, iot_aid));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, echo(self->a, NULL));
		now = generation(self->a);
		EXPECT_NE(last, now);
		last = now;
		EXPECT_EQ(0, version(self->b));
		now = generation(self->b);
		EXPECT_NE(last, now);
		last = now;
	}
	/* and without a change none */
	EXPECT_EQ(0, version(self->b));
	EXPECT_EQ(last, generation(self->b));
}

TEST_F(select, raw)
{
	static const __u8 p2s[] = { 0x00, 0x0C };
	struct se05x_transceive t;
	struct se05x_select s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(p2s); i++) {
		__u64 before = generation(self->b);

		ASSERT_EQ(0, raw_select(self->b, iot_aid, sizeof(iot_aid), p2s[i], &t));
		ASSERT_EQ(SW_OK, t.sw) TH_LOG("P2 %02X", p2s[i]);
		EXPECT_NE(before, t.generation);
		EXPECT_EQ(t.generation, generation(self->b));
		EXPECT_EQ(0, version(self->b));
		EXPECT_EQ(0, echo(self->a, NULL));
		EXPECT_EQ(0, version(self->b));

		/* the other way round for the next one */
		ASSERT_EQ(0, select_aid(self->b, test_aid, sizeof(test_aid), 0, &s));
	}
}

/* A raw SELECT always goes to the chip: only the ioctl remembers. */
TEST_F(select, raw_is_sent)
{
	long long runs = sim_count("runs");
	struct se05x_transceive t;

	ASSERT_EQ(0, raw_select(self->a, test_aid, sizeof(test_aid), 0x00, &t));
	EXPECT_EQ(SW_OK, t.sw);
	EXPECT_NE(self->s.generation, t.generation);
	if (runs >= 0)
		EXPECT_EQ(runs + 1, sim_count("runs"));
}

TEST_F(select, raw_failed)
{
	struct se05x_transceive t;

	ASSERT_EQ(0, raw_select(self->a, nobodys_aid, sizeof(nobodys_aid), 0x00, &t));
	EXPECT_EQ(0x6A82, t.sw);
	EXPECT_NE(self->s.generation, t.generation);
	EXPECT_EQ(0, echo(self->a, NULL));
}

TEST_F(select, demanded_generation)
{
	struct se05x_transceive t = { .demanded = self->s.generation };
	long long runs;

	EXPECT_EQ(0, echo(self->a, &t));
	EXPECT_EQ(self->s.generation, t.generation);

	/* somebody else's applet came between: ESTALE before any re-selection */
	ASSERT_TRUE(IS_SELECTED(self->b, iot_aid));
	runs = sim_count("runs");
	t.demanded = self->s.generation;
	EXPECT_EQ(-ESTALE, echo(self->a, &t));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	EXPECT_EQ(SE05X_REASON_GENERATION, t.reason);
	EXPECT_EQ(runs, sim_count("runs"));

	/* also if the number holds but the applet is not this file's */
	t.demanded = generation(self->a);
	EXPECT_EQ(-ESTALE, echo(self->a, &t));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, t.outcome);
	EXPECT_EQ(SE05X_REASON_CONTEXT, t.reason);
	EXPECT_EQ(runs, sim_count("runs"));

	/* and it may be asked again as often as one likes */
	t.demanded = 0;
	EXPECT_EQ(0, echo(self->a, &t));
	EXPECT_EQ(t.generation, generation(self->a));
	EXPECT_NE(self->s.generation, t.generation);
	EXPECT_EQ(0, echo(self->a, &t));
}

TEST_F(select, generation_after_reset)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };
	struct se05x_transceive t = { .demanded = self->s.generation };

	close(self->b);		/* the only client may reset */
	ASSERT_EQ(0, call(self->a, SE05X_IOC_RESET, &r));
	EXPECT_NE(self->s.generation, r.generation);
	EXPECT_EQ(-ESTALE, echo(self->a, &t));
	EXPECT_EQ(0, echo(self->a, NULL));
	self->b = open_device(O_RDWR);
}

static bool is_asleep(void)
{
	char word[16] = "";
	FILE *f = fopen("/sys/class/se05x/se05x0/state", "r");

	if (f && !fgets(word, sizeof(word), f))
		word[0] = 0;
	if (f)
		fclose(f);
	return !strcmp(word, "asleep\n");
}

/*
 * A raw SELECT needs no applet to be selected again, so it may demand what INFO
 * says of a chip that is asleep.
 */
TEST_F_TIMEOUT(select, demanded_asleep, SLOW_TIMEOUT)
{
	static const char idle_ms[] = "/sys/class/se05x/se05x0/idle_ms";
	struct se05x_transceive t = { 0 };
	struct se05x_info info = { 0 };
	char before[16] = "";
	int fd = open(idle_ms, O_RDWR);

	if (fd < 0)
		SKIP(return, "%s: %s", idle_ms, strerror(errno));
	ASSERT_LT(0, read(fd, before, sizeof(before) - 1));
	ASSERT_EQ(1, write(fd, "1", 1));
	close(self->a);
	close(self->b);
	ASSERT_TRUE(WAIT_UNTIL(is_asleep()));
	self->a = open_device(O_RDWR);
	self->b = open_device(O_RDWR);
	EXPECT_LT(0, pwrite(fd, before, strlen(before), 0));
	close(fd);
	ASSERT_EQ(0, call(self->a, SE05X_IOC_INFO, &info));
	ASSERT_EQ(SE05X_STATE_ASLEEP, info.state);
	t.demanded = info.generation;
	EXPECT_EQ(-ESTALE, echo(self->a, &t));	/* an APDU does need one */
	EXPECT_EQ(0, demanding_select(self->a, test_aid, sizeof(test_aid), 0x00,
				      info.generation, &t));
	EXPECT_EQ(SW_OK, t.sw);
}

TEST_F(select, no_violation)
{
	if (sim_count("violations") < 0)
		SKIP(return, "a real chip keeps it to itself");
	EXPECT_EQ(0, sim_count("violations"));
}

TEST_HARNESS_MAIN
