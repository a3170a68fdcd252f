/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long the chip took for the like of this before, and when to look for it
 *
 * Pure: no clock, no allocation, no lock; its caller serialises. Times are in
 * microseconds since the block that the chip answers was out.
 */
#ifndef SE05X_POLL_H
#define SE05X_POLL_H

#include <linux/types.h>

#define SE05X_HABITS	64

/**
 * struct se05x_habit - one class of waits; all zero: nothing is known
 * @header: CLA INS P1 P2 of the command, or 0
 * @what: the rest of what makes the class
 * @used: when it was looked up last, by the clock of the table
 * @lo: it comes later than that, as far as is known
 * @hi: it nearly always has come by then; 0: nothing is known
 * @low: the earliest @lo by the arrivals of this generation
 * @high: the latest @hi by them
 * @run: narrow: arrivals since @lo or @hi moved; wide: how likely it is that
 *	they come before @lo
 * @count: arrivals
 * @seen: arrivals in this generation
 * @age: a generation is 1 << @age arrivals
 * @patience: tries that failed in a row
 * @early: so long ago came one much earlier than @hi, counted down
 * @far: so long ago came one in half the time of @hi or less, or may have,
 *	counted down
 * @late: the last one came much later than @hi
 * @settled: narrow: @lo and @hi have met once
 * @tried: narrow: @hi is where a try succeeded
 */
struct se05x_habit {
	u32 header;
	u32 what;
	u32 used;
	u32 lo;
	u32 hi;
	u32 low;
	u32 high;
	u16 run;
	u16 count;
	u8 seen;
	u8 age;
	u8 patience;
	u8 early;
	u8 far;
	bool late;
	bool settled;
	bool tried;
};

/**
 * struct se05x_habits - a chip's habits; all zero: none is known
 * @clock: counts look-ups
 * @habits: the table
 */
struct se05x_habits {
	u32 clock;
	struct se05x_habit habits[SE05X_HABITS];
};

struct se05x_habit *se05x_poll_find(struct se05x_habits *habits, u32 header, u32 what);
u32 se05x_poll_next(const struct se05x_habit *habit, u32 last, u32 after, u32 gap);
void se05x_poll_learn(struct se05x_habit *habit, u32 last, u32 found, u32 gap);

#endif /* SE05X_POLL_H */
