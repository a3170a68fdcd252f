// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands in pieces (CLA bit 0x10) and answers by GET RESPONSE: nobody comes
 * between for a while, and when somebody did, whose chain it is hears of it.
 */
#include "se05x_test.h"

#define PAUSE_US	1200000	/* a user's chains have preference once a second */
#define ROUNDS		10
#define PIECE_MS	200	/* long enough for somebody to queue meanwhile */

FIXTURE(chain)
{
	int a;
	int b;
	struct se05x_transceive t;	/* of the last APDU of send() */
	__u8 answer[ANSWER_MAX];
};

FIXTURE_SETUP(chain)
{
	self->a = open_device(O_RDWR);
	self->b = open_device(O_RDWR);
	ASSERT_LE(0, self->a) TH_LOG("%s: %s", device(), strerror(errno));
	ASSERT_LE(0, self->b);
	ASSERT_TRUE(IS_SELECTED(self->a, test_aid));
	ASSERT_TRUE(IS_SELECTED(self->b, test_aid));
}

FIXTURE_TEARDOWN(chain)
{
	close(self->a);
	close(self->b);
}

/* Case 3 with data, case 1 without; 0 or a negative errno */
static int send(FIXTURE_DATA(chain) *self, int fd, __u32 header, const char *data)
{
	__u8 apdu[64] = { header >> 24, header >> 16, header >> 8, header };
	size_t len = strlen(data);

	apdu[4] = len;
	memcpy(apdu + 5, data, len);
	self->t = (struct se05x_transceive) {
		.command = (uintptr_t)apdu,
		.command_len = len ? 5 + len : 4,
		.response = (uintptr_t)self->answer,
		.response_size = sizeof(self->answer),
		.deadline_ms = PATIENCE_S * 1000,
	};
	return call(fd, SE05X_IOC_TRANSCEIVE, &self->t);
}

/* Case 2: @le bytes at most, 0: 256 */
static int get_response(FIXTURE_DATA(chain) *self, int fd, __u8 le)
{
	__u8 apdu[] = { 0x00, 0xC0, 0x00, 0x00, le };

	self->t = (struct se05x_transceive) {
		.command = (uintptr_t)apdu,
		.command_len = sizeof(apdu),
		.response = (uintptr_t)self->answer,
		.response_size = sizeof(self->answer),
	};
	return call(fd, SE05X_IOC_TRANSCEIVE, &self->t);
}

static bool answered(const FIXTURE_DATA(chain) *self, const char *text)
{
	return self->t.sw == SW_OK && self->t.response_len == strlen(text) + 2 &&
	       !memcmp(self->answer, text, strlen(text));
}

#define PIECE		0x90160000
#define LAST		0x80160000
#define SLOW_PIECE	(0x90120000 | PIECE_MS)
#define SLOW_LAST	(0x80120000 | PIECE_MS)
#define ANSWER(n)	(0x80180000 | (n))
#define ECHO		0x80100000

#define EXPECT_BROKEN(ret) do {							\
	EXPECT_EQ(-ESTALE, ret);						\
	EXPECT_EQ(SE05X_REASON_CHAIN, self->t.reason);				\
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, self->t.outcome);			\
} while (0)

/* The applet does it, and alone nobody is in anybody's way. */
TEST_F(chain, control)
{
	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	EXPECT_TRUE(answered(self, ""));
	ASSERT_EQ(0, send(self, self->a, PIECE, "cd"));
	ASSERT_EQ(0, send(self, self->a, LAST, "ef"));
	EXPECT_TRUE(answered(self, "abcdef"));
	EXPECT_EQ(0, self->t.reason);

	ASSERT_EQ(0, send(self, self->a, ANSWER(300), ""));
	EXPECT_EQ(0x6100, self->t.sw);
	ASSERT_EQ(0, get_response(self, self->a, 0));
	EXPECT_EQ(0x6100 | 44, self->t.sw);
	EXPECT_EQ(258, self->t.response_len);
	ASSERT_EQ(0, get_response(self, self->a, 44));
	EXPECT_EQ(SW_OK, self->t.sw);
	EXPECT_EQ(46, self->t.response_len);
	EXPECT_EQ(0, self->answer[0]);	/* 256 */
	EXPECT_EQ(43, self->answer[43]);
}

/* Of a name in pieces nobody would know which applet its last piece selects. */
TEST_F(chain, select_in_pieces)
{
	long long apdus = attr_count("counters/apdus");

	EXPECT_EQ(-EOPNOTSUPP, send(self, self->a, 0x10A40400, "\xA0"));
	EXPECT_EQ(SE05X_OUTCOME_NOT_SENT, self->t.outcome);
	EXPECT_EQ(apdus, attr_count("counters/apdus"));
	ASSERT_EQ(0, send(self, self->a, ECHO, "ab"));
	EXPECT_TRUE(answered(self, "ab"));
}

/*
 * While a piece is on its way somebody else's request joins the queue, and then
 * the next piece: that goes first. It has 100 ms to come, which a slow machine may
 * miss, so once out of some is enough; without preference it is never. Return:
 * -ESTALE also if somebody else's applet came between, which the generation tells.
 */
static int pieces_go_first(FIXTURE_DATA(chain) *self, struct job *other)
{
	long long runs = sim_count("runs");
	struct job *piece = delay_job(self->a, PIECE_MS);
	int ret;

	piece->command[0] |= 0x10;
	start(piece);
	if (!WAIT_UNTIL(computes(runs)))
		return -EIO;
	start(other);
	if (!WAIT_UNTIL(in_ioctl(other->pid)) || finish(piece))
		return -EIO;
	ret = send(self, self->a, SLOW_LAST, "");
	if (!ret && self->t.generation != piece->t.generation)
		ret = -ESTALE;
	free_job(piece);
	return ret;
}

TEST_F_TIMEOUT(chain, goes_before_apdus, SLOW_TIMEOUT)
{
	static const __u8 version[] = { 0x80, 0x04, 0x00, 0x20, 0x00 };
	int i, ret = -ESTALE;

	ASSERT_TRUE(IS_SELECTED(self->b, iot_aid));
	for (i = 0; i < ROUNDS && ret; i++) {
		struct job *other = apdu_job(self->b, version, sizeof(version));

		usleep(PAUSE_US);
		ret = pieces_go_first(self, other);
		ASSERT_TRUE(!ret || ret == -ESTALE) TH_LOG("%s", strerror(-ret));
		EXPECT_EQ(0, finish(other));
		EXPECT_EQ(SW_OK, other->t.sw);
		free_job(other);
	}
	EXPECT_EQ(0, ret);
}

TEST_F_TIMEOUT(chain, goes_before_a_lock, SLOW_TIMEOUT)
{
	struct se05x_unlock u = { 0 };
	int i, ret = -ESTALE;

	for (i = 0; i < ROUNDS && ret; i++) {
		struct job *other = new_job(self->b, SE05X_IOC_LOCK);

		usleep(PAUSE_US);
		/* the lock's holder is not to keep the late piece waiting */
		other->fd = open_device(O_RDWR);
		ret = pieces_go_first(self, other);
		ASSERT_TRUE(!ret || ret == -ESTALE || ret == -EBUSY)
			TH_LOG("%s", strerror(-ret));
		EXPECT_EQ(0, finish(other));
		close(other->fd);	/* the child's is gone: so is the lock */
		free_job(other);
	}
	EXPECT_EQ(0, ret);
	EXPECT_EQ(-EPERM, call(self->b, SE05X_IOC_UNLOCK, &u));
}

/* Nobody waits for ever for the end of a chain that does not come. */
TEST_F_TIMEOUT(chain, does_not_keep_others_out, SLOW_TIMEOUT)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
		ASSERT_EQ(0, send(self, self->b, ECHO, "x"));
		EXPECT_TRUE(answered(self, "x"));
		EXPECT_BROKEN(send(self, self->a, PIECE, "cd"));
	}
}

/* Nor does one that never ends: a second, and then it is the others' turn. */
TEST_F_TIMEOUT(chain, endless, SLOW_TIMEOUT)
{
	volatile int *pieces = mmap(NULL, sizeof(*pieces), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();
	int i;

	if (!pid) {
		for (;;) {
			if (!send(self, self->a, 0x90120000, ""))
				++*pieces;
		}
	}
	EXPECT_TRUE(WAIT_UNTIL(*pieces > 10));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, send(self, self->b, ECHO, "x"));
		EXPECT_TRUE(answered(self, "x"));
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap((void *)pieces, sizeof(*pieces));
}

/* Told once; and nobody's command becomes the last piece of another's. */
TEST_F(chain, broken_by_apdu)
{
	__u64 before;
	long long runs;

	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	before = generation(self->a);
	runs = sim_count("runs");
	ASSERT_EQ(0, send(self, self->b, LAST, "cd"));
	EXPECT_TRUE(answered(self, "cd"));
	EXPECT_NE(before, self->t.generation);
	EXPECT_EQ(runs + 2, sim_count("runs"));	/* the SELECT, too */

	EXPECT_BROKEN(send(self, self->a, LAST, "ef"));
	EXPECT_EQ(runs + 2, sim_count("runs"));
	ASSERT_EQ(0, send(self, self->a, LAST, "ef"));
	EXPECT_TRUE(answered(self, "ef"));
	EXPECT_EQ(SE05X_REASON_NONE, self->t.reason);
}

TEST_F(chain, broken_by_lock)
{
	struct se05x_lock l = { 0 };
	struct se05x_unlock u = { 0 };

	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	ASSERT_EQ(0, call(self->b, SE05X_IOC_LOCK, &l));
	ASSERT_EQ(0, send(self, self->b, LAST, "cd"));
	EXPECT_TRUE(answered(self, "cd"));
	ASSERT_EQ(0, call(self->b, SE05X_IOC_UNLOCK, &u));
	EXPECT_BROKEN(send(self, self->a, LAST, "ef"));
}

TEST_F_TIMEOUT(chain, broken_by_reset, SLOW_TIMEOUT)
{
	struct se05x_reset r = { .kind = SE05X_RESET_SOFT };

	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	ASSERT_EQ(0, call(self->b, SE05X_IOC_RESET, &r));
	EXPECT_BROKEN(send(self, self->a, LAST, "cd"));
	ASSERT_EQ(0, send(self, self->a, LAST, "cd"));
	EXPECT_TRUE(answered(self, "cd"));

	ASSERT_EQ(0, send(self, self->a, ANSWER(4), ""));
	ASSERT_EQ(0x6104, self->t.sw);
	ASSERT_EQ(0, call(self->b, SE05X_IOC_RESET, &r));
	EXPECT_BROKEN(get_response(self, self->a, 4));
}

/* Somebody else's SELECT of the other applet, and of the same */
TEST_F(chain, broken_by_select)
{
	struct se05x_select s;

	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	ASSERT_EQ(0, select_aid(self->b, iot_aid, sizeof(iot_aid), 0, &s));
	EXPECT_BROKEN(send(self, self->a, LAST, "cd"));
	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	ASSERT_EQ(0, select_aid(self->b, test_aid, sizeof(test_aid), SE05X_SELECT_FRESH, &s));
	EXPECT_BROKEN(send(self, self->a, LAST, "cd"));
}

/* Whose chain it is may give it up by himself. */
TEST_F(chain, given_up)
{
	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	ASSERT_EQ(0, send(self, self->a, ECHO, "x"));
	EXPECT_TRUE(answered(self, "x"));
	ASSERT_EQ(0, send(self, self->a, LAST, "cd"));
	EXPECT_TRUE(answered(self, "cd"));
}

TEST_F(chain, closed)
{
	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	close(self->a);
	ASSERT_EQ(0, send(self, self->b, LAST, "cd"));
	EXPECT_TRUE(answered(self, "cd"));
	self->a = open_device(O_RDWR);
}

/* A piece that the chip refused is none. */
/* Whoever is killed in a piece leaves nothing for the next command, neither. */
TEST_F_TIMEOUT(chain, killed_in_a_piece, SLOW_TIMEOUT)
{
	static const __u8 piece[] = { 0x90, 0x12, PIECE_MS >> 8, PIECE_MS & 0xff };
	long long runs = sim_count("runs");
	struct job *job;
	__u64 before;

	if (runs < 0)
		SKIP(return, "no simulated chip to count");
	close(self->a);
	self->a = open_device(O_RDWR);
	job = apdu_job(self->a, piece, sizeof(piece));
	start(job);	/* in a child, so that closing it here makes it the last */
	close(self->a);
	ASSERT_TRUE(WAIT_UNTIL(sim_count("runs") > runs));
	kill(job->pid, SIGKILL);
	finish(job);
	runs = sim_count("runs");
	before = generation(self->b);
	ASSERT_EQ(0, send(self, self->b, ECHO, "cd"));
	EXPECT_TRUE(answered(self, "cd"));
	EXPECT_EQ(runs + 2, sim_count("runs"));	/* a SELECT first */
	EXPECT_NE(before, self->t.generation);
	free_job(job);
	self->a = open_device(O_RDWR);
}

/* A SELECT of its own ends a file's command chain, and is not answered from memory. */
TEST_F(chain, own_select)
{
	struct se05x_select s;

	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	ASSERT_EQ(0, select_aid(self->a, test_aid, sizeof(test_aid), 0, &s));
	ASSERT_EQ(0, send(self, self->a, LAST, "cd"));
	EXPECT_TRUE(answered(self, "cd"));
}

/* Who lost the rest of an answer begins anew by the same command. */
TEST_F(chain, answer_anew)
{
	ASSERT_EQ(0, send(self, self->a, ANSWER(4), ""));
	ASSERT_EQ(0, send(self, self->b, ECHO, "x"));
	EXPECT_EQ(0, send(self, self->a, ANSWER(4), ""));
}

TEST_F(chain, refused_piece)
{
	ASSERT_EQ(0, send(self, self->a, 0x90140000, ""));
	EXPECT_EQ(0x6E00, self->t.sw);
	ASSERT_EQ(0, send(self, self->b, ECHO, "x"));
	ASSERT_EQ(0, send(self, self->a, 0x80140000, ""));
	EXPECT_EQ(SW_OK, self->t.sw);
}

/* The answer that waits belongs to who asked; the applet stays selected. */
TEST_F(chain, answer_is_lost)
{
	long long runs;
	__u64 before;

	ASSERT_EQ(0, send(self, self->a, ANSWER(4), ""));
	ASSERT_EQ(0x6104, self->t.sw);
	before = generation(self->a);
	ASSERT_EQ(0, send(self, self->b, ECHO, "x"));
	EXPECT_EQ(before, generation(self->a));
	runs = sim_count("runs");
	EXPECT_BROKEN(get_response(self, self->a, 4));
	EXPECT_BROKEN(get_response(self, self->a, 4));	/* there is still none */
	EXPECT_EQ(runs, sim_count("runs"));
}

/* Nobody fetches what another asked for, nor what nobody asked for. */
TEST_F(chain, answer_of_another)
{
	long long runs;

	ASSERT_EQ(0, send(self, self->a, ANSWER(4), ""));
	runs = sim_count("runs");
	EXPECT_BROKEN(get_response(self, self->b, 4));
	EXPECT_EQ(runs, sim_count("runs"));
	ASSERT_EQ(0, get_response(self, self->a, 4));
	EXPECT_EQ(SW_OK, self->t.sw);
	EXPECT_EQ(6, self->t.response_len);
	EXPECT_EQ(0, memcmp(self->answer, "\0\1\2\3", 4));

	runs = sim_count("runs");
	EXPECT_BROKEN(get_response(self, self->a, 4));
	ASSERT_EQ(0, send(self, self->a, ECHO, "x"));
	EXPECT_BROKEN(get_response(self, self->a, 4));
	EXPECT_EQ(runs + 1, sim_count("runs"));
}

/* By hand on a quiet chip: longer after than any preference lasts */
TEST_F_TIMEOUT(chain, by_hand, SLOW_TIMEOUT)
{
	ASSERT_EQ(0, send(self, self->a, ANSWER(4), ""));
	usleep(PAUSE_US);
	ASSERT_EQ(0, get_response(self, self->a, 4));
	EXPECT_EQ(SW_OK, self->t.sw);
	ASSERT_EQ(0, send(self, self->a, PIECE, "ab"));
	usleep(PAUSE_US);
	ASSERT_EQ(0, send(self, self->a, LAST, "cd"));
	EXPECT_TRUE(answered(self, "abcd"));
}

TEST_F(chain, no_violation)
{
	if (sim_count("violations") < 0)
		SKIP(return, "a real chip keeps it to itself");
	EXPECT_EQ(0, sim_count("violations"));
}

TEST_HARNESS_MAIN
