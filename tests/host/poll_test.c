// SPDX-License-Identifier: GPL-2.0-only
/* When the link layer looks: what it learns of a chip's times, and how fast */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/minmax.h>

#include "../../kernel/se05x_poll.h"

#define GAP	1028	/* MPOT of 1 ms and a NACK at 400 kHz */
#define SEGT	100
#define WIRE	813	/* the rest of an exchange, GetVersion at 400 kHz */

static u64 random_state;

/* only for what se05x_poll_next() needs room for */
static struct se05x_poll scratch;

static u32 draw(u32 below)
{
	u64 x = random_state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return (x ^ x >> 31) % below;
}

struct result {
	u32 found;
	u32 nacks;
};

/* One wait for a chip that takes so long, as the link does it */
static struct result wait_for(struct se05x_poll_class *h, u32 time, u32 gap)
{
	struct result r = { 0 };
	u32 last = 0, after = SEGT;

	for (;;) {
		u32 at = se05x_poll_next(&scratch, h, last, after, gap);

		assert_true(at >= after);
		if (at >= time) {
			se05x_poll_learn(h, last, at, gap);
			r.found = at;
			return r;
		}
		r.nacks++;
		last = at;
		after = at + gap;
	}
}

static struct se05x_poll_class *known(struct se05x_poll *poll, u32 time)
{
	struct se05x_poll_class *h;

	memset(poll, 0, sizeof(*poll));
	h = se05x_poll_find(poll, 1, 1);
	for (int i = 0; i < 40; i++)
		wait_for(h, time, GAP);
	return h;
}

/* Of what nothing is known it looks as soon and as often as it may. */
static void test_first_sight(void **state)
{
	struct se05x_poll_class h = { };

	(void)state;
	assert_int_equal(se05x_poll_next(&scratch, &h, 0, SEGT, GAP), SEGT);
	for (u32 t = SEGT; t < 4000000; t += GAP)
		assert_int_equal(se05x_poll_next(&scratch, &h, t, t + GAP, GAP), t + GAP);
	/* a wait of minutes need not be known to the millisecond */
	assert_in_range(se05x_poll_next(&scratch, &h, 60000000, 60000000 + GAP, GAP), 60010000, 60020000);
}

static const u32 times[] = { 200, 500, 1000, 2000, 10000, 60000, 300000, 2500000, 40000000 };

#define TIMES	(sizeof(times) / sizeof(times[0]))

/* What never varies costs next to nothing, tries included. */
static void test_constant(void **state)
{
	struct se05x_poll poll;

	(void)state;
	for (size_t i = 0; i < TIMES; i++) {
		struct se05x_poll_class *h = known(&poll, times[i]);
		u64 sum = 0, nacks = 0;

		for (int n = 0; n < 1000; n++) {
			struct result r = wait_for(h, times[i], GAP);

			sum += r.found + WIRE;
			nacks += r.nacks;
		}
		assert_in_range(sum, 0, (times[i] + WIRE) * 1010ULL);
		assert_in_range(nacks, 0, 9000);
	}
}

/* Spread over 5 % to both sides: the figures that were asked for */
static void test_spread(void **state)
{
	static const struct { u32 time, ratio, nacks; } want[] = {
		{ 200, 10400, 100 }, { 2000, 10600, 100 }, { 10000, 10600, 150 },
		{ 60000, 10120, 400 }, { 300000, 10070, 600 }, { 2500000, 10060, 1100 },
	};
	struct se05x_poll poll;

	(void)state;
	for (u32 seed = 0; seed < 8; seed++)
		for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
			u64 sum = 0, least = 0, nacks = 0;
			struct se05x_poll_class *h;

			random_state = seed;
			memset(&poll, 0, sizeof(poll));
			h = se05x_poll_find(&poll, 1, 1);
			for (int n = 0; n < 1100; n++) {
				u32 time = want[i].time / 100 * 95 +
					   draw(want[i].time / 10 + 1);
				struct result r = wait_for(h, time, GAP);

				if (n < 100)
					continue;
				sum += r.found + WIRE;
				least += time + WIRE;
				nacks += r.nacks;
			}
			assert_in_range(sum * 10000 / least, 10000, want[i].ratio);
			assert_in_range(nacks / 10, 0, want[i].nacks);
		}
}

/* How many waits until the loss is less than a gap and 1/32 for good */
static int recovery(struct se05x_poll_class *h, u32 time)
{
	int bad = 0;

	for (int n = 1; n <= 60; n++)
		if (wait_for(h, time, GAP).found > time + GAP + time / 32)
			bad = n;
	return bad;
}

static void test_jumps(void **state)
{
	struct se05x_poll poll;

	(void)state;
	for (size_t i = 0; i < TIMES; i++)
		for (size_t j = 0; j < TIMES; j++) {
			struct se05x_poll_class *h = known(&poll, times[i]);
			int most = j > i ? 1 : times[i] < 16 * GAP ? 6 : 3;

			/* up: each look after the edge finds it; down: a guard must see it first */
			assert_in_range(recovery(h, times[j]), 0, most);
		}
	/* within a gap no guard sees it, only tries do */
	assert_in_range(wait_for(known(&poll, 2000), 1000, GAP).found, 1900, 2100);
	for (int n = 0; n < 400; n++)
		wait_for(&poll.classes[0], 1000, GAP);
	assert_in_range(wait_for(&poll.classes[0], 1000, GAP).found, 1000, 1100);
}

/* Of what is spread the first look tells, once; then it is known. */
static void test_jumps_from_spread(void **state)
{
	static const u32 from[] = { 60000, 300000, 900000 }, to[] = { 500, 2000, 5000 };
	struct se05x_poll poll;

	(void)state;
	random_state = 1;
	for (int n = 40; n < 140; n += 4)
		for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
			for (size_t j = 0; j < sizeof(to) / sizeof(to[0]); j++) {
				struct se05x_poll_class *h = known(&poll, from[i]);

				for (int k = 0; k < n; k++)
					wait_for(h, from[i] / 100 * 95 + draw(from[i] / 10), GAP);
				assert_in_range(recovery(h, to[j]), 0, 4);
				/* and one late answer is what it costs */
				h = known(&poll, from[i]);
				for (int k = 0; k < n; k++)
					wait_for(h, from[i] / 100 * 95 + draw(from[i] / 10), GAP);
				wait_for(h, to[j], GAP);
				/* by a guard at a quarter of the first look */
				assert_in_range(wait_for(h, to[j], GAP).found, to[j], from[i] / 50 * 13);
			}
}

static void test_drift(void **state)
{
	struct se05x_poll poll;
	struct se05x_poll_class *h;

	(void)state;
	for (int up = 0; up < 2; up++)
		for (size_t i = 3; i < TIMES; i++) {
			u64 sum = 0, least = 0;
			u32 time = times[i];

			h = known(&poll, time);
			for (int n = 0; n < 500; n++) {	/* to e or 1/e of it */
				time = up ? time + time / 500 : time - time / 500;
				sum += wait_for(h, time, GAP).found;
				least += time;
			}
			assert_in_range(sum * 100 / least, 100, times[i] < 60000 ? 125 : 106);
		}
}

/* Two values in turn: neither is lost sight of. */
static void test_alternation(void **state)
{
	static const u32 pairs[][2] = {
		{ 10000, 30000 }, { 30000, 10000 }, { 2000, 300000 }, { 300000, 2000 },
		{ 10000, 20000 }, { 60000, 120000 }, { 200, 60000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct se05x_poll poll = { };
		struct se05x_poll_class *h = se05x_poll_find(&poll, 1, 1);
		u64 sum = 0;

		for (int n = 0; n < 400; n++) {
			struct result r = wait_for(h, pairs[i][n & 1], GAP);

			if (n >= 60)
				sum += r.found;
		}
		assert_in_range(sum / 170, pairs[i][0] + pairs[i][1],
				(pairs[i][0] + pairs[i][1]) * 107ULL / 100);
	}
}

static u32 plain(u32 time)
{
	return SEGT + (time > SEGT ? (time - SEGT + GAP - 1) / GAP * GAP : 0);
}

/* Whatever the turns are, they cost hardly more than looking at each MPOT. */
static void test_turns(void **state)
{
	static const struct { u32 n, time[4]; } turns[] = {
		{ 3, { 300000, 300000, 2000 } }, { 3, { 300000, 2000, 2000 } },
		{ 3, { 60000, 60000, 2000 } }, { 3, { 10000, 10000, 2000 } },
		{ 4, { 300000, 300000, 2000, 2000 } }, { 3, { 400000, 60000, 60000 } },
		{ 2, { 300000, 2000 } }, { 4, { 60000, 60000, 60000, 5000 } },
		{ 3, { 850000, 850000, 106000 } }, { 4, { 300000, 300000, 300000, 38000 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++)
		for (u32 spread = 0; spread <= 5; spread += 5)
			for (int phase = 0; phase < 11; phase += 5) {
				struct se05x_poll_class h = { };
				u64 sum = 0, usual = 0;

				random_state = phase;
				for (int n = 0; n < 1000; n++) {
					u32 time = turns[i].time[n < 60 + phase ? 0 : n % turns[i].n];
					u32 found;

					time = time / 100 * (100 - spread) +
					       draw(time / 50 * spread + 1);
					found = wait_for(&h, time, GAP).found;
					if (n < 300)
						continue;
					sum += found + WIRE;
					usual += plain(time) + WIRE;
				}
				assert_in_range(sum * 1000 / usual, 900, 1060);
			}
}

/* Now and then one comes a bit later: the others are still found in time. */
static void test_sometimes_later(void **state)
{
	static const u32 ms[] = { 1, 2, 5, 17 };

	(void)state;
	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++)
		for (u32 often = 5; often <= 20; often += 5) {
			struct se05x_poll_class h = { };
			u64 sum = 0, least = 0;

			random_state = often;
			for (int n = 0; n < 3000; n++) {
				u32 time = ms[i] * (draw(often) ? 990 : 1485);
				u32 found = wait_for(&h, time, GAP).found;

				if (n < 200)
					continue;
				sum += found + WIRE;
				least += time + WIRE;
			}
			assert_in_range(sum * 1000 / least, 1000, 1260);
		}
}

/* Flash wears, and now and then a command takes its time: that is no change. */
static void test_outlier(void **state)
{
	struct se05x_poll poll;

	(void)state;
	for (size_t i = 0; i < TIMES - 1; i++) {
		struct se05x_poll_class *h = known(&poll, times[i]);
		struct result before, after;

		wait_for(h, times[i] + 400000, GAP);
		before.found = times[i] + times[i] / 64 + GAP;
		after = wait_for(h, times[i], GAP);
		assert_in_range(after.found, times[i], before.found);
	}
}

/* Guards are over before the first look: they cost no time. */
static void test_guards(void **state)
{
	static const struct { u32 time, least, most; } want[] = {
		{ 10000, 6, 10 }, { 60000, 30, 30 }, { 300000, 30, 30 },
	};
	struct se05x_poll poll;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct se05x_poll_class *h = known(&poll, want[i].time);
		u32 guarded = 0, sum = 0;

		for (int n = 0; n < 30; n++) {
			struct result r = wait_for(h, want[i].time, GAP);

			guarded += r.nacks > 0;
			sum += r.found;
		}
		assert_in_range(sum / 30, want[i].time, want[i].time / 200 * 201);
		assert_in_range(guarded, want[i].least, want[i].most);
	}
}

/* As late as the latest arrival that it remembers, and as it may come a bit later */
static u32 latest(const struct se05x_poll_class *h)
{
	u32 by = 0;

	for (int i = 0; i < h->known; i++)
		by = max(by, h->seen[i].by);
	return by;
}

/* Whatever comes, it keeps its own rules and looks again in bounded time. */
static void test_anything(void **state)
{
	(void)state;
	random_state = 1;
	for (int n = 0; n < 2000; n++) {
		struct se05x_poll poll = { };
		struct se05x_poll_class *h = se05x_poll_find(&poll, 1, 1);
		u32 range = 1U << (1 + draw(30));

		for (int i = 0; i < 200; i++) {
			u32 gap = 1 + draw(n & 1 ? 2 * GAP : 260000);
			u32 last = draw(4) ? draw(range) : 0;
			u32 found = last + 1 + draw(draw(2) ? range : gap);
			u32 at;

			if (!draw(50))
				found = last = 0;
			se05x_poll_learn(h, last, found, gap);
			last = draw(4) ? draw(range) : 0;
			at = se05x_poll_next(&scratch, h, last, last + gap, gap);
			assert_true(at >= last + gap);
			assert_true(at <= max(latest(h), last + gap + last / 4096));
		}
	}
}

/* A million classes come by: the table does not grow, and what is in use stays. */
static void test_bounded(void **state)
{
	struct se05x_poll poll = { };
	struct se05x_poll_class *mine = se05x_poll_find(&poll, 0x80040020, 3);

	(void)state;
	wait_for(mine, 60000, GAP);
	for (u32 i = 0; i < 1000000; i++) {
		struct se05x_poll_class *h = se05x_poll_find(&poll, i, 1 + i % 7);

		assert_true(h >= poll.classes && h < poll.classes + SE05X_POLL_CLASSES);
		assert_int_equal(h->known, 0);
		wait_for(h, 300, GAP);
		if (i % (SE05X_POLL_CLASSES - 2) == 0)
			assert_ptr_equal(se05x_poll_find(&poll, 0x80040020, 3), mine);
	}
	assert_in_range(latest(mine), 60000, 61028);
	/* the clock of the table wraps and nothing happens */
	poll.clock = ~0U - 10;
	for (u32 i = 0; i < 1000; i++) {
		se05x_poll_find(&poll, i, 1);
		assert_ptr_equal(se05x_poll_find(&poll, 0x80040020, 3), mine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_sight),
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_jumps_from_spread),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_alternation),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_sometimes_later),
		cmocka_unit_test(test_outlier),
		cmocka_unit_test(test_guards),
		cmocka_unit_test(test_anything),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests_name("poll", tests, NULL, NULL);
}
