/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When the chip answered before, and so when to look for its answer
 *
 * Pure: no clock, no allocation, no lock; its caller serialises. Times are in
 * microseconds since the block that the chip answers was out.
 */
#ifndef SE05X_POLL_H
#define SE05X_POLL_H

#include <linux/types.h>

#define SE05X_POLL_CLASSES	64
#define SE05X_POLL_ARRIVALS	40
#define SE05X_POLL_POINTS	(8 * SE05X_POLL_ARRIVALS)

/**
 * struct se05x_poll_arrival - one answer
 * @after: it came later than that, as far as is known
 * @by: it is taken to have come then
 */
struct se05x_poll_arrival {
	u32 after;
	u32 by;
};

/**
 * struct se05x_poll_class - one class of waits; all zero: nothing is known
 * @header: CLA INS P1 P2 of the command, or 0
 * @what: the rest of what makes the class
 * @used: when it was looked up last, by the clock of the table
 * @from: the last arrival came where none was expected: after this
 * @to: and before this; 0: it did not
 * @count: arrivals so far
 * @quiet: arrivals since the edge of a narrow group was moved or tried
 * @known: arrivals in @seen
 * @failed: tries of that edge that failed in a row
 * @lone: no arrival was near the last one
 * @first: the first look found the last one, so it may have come long before
 * @raised: the edge was moved up last
 * @seen: the arrivals; when it is full the oldest goes
 */
struct se05x_poll_class {
	u32 header;
	u32 what;
	u32 used;
	u32 from;
	u32 to;
	u16 count;
	u16 quiet;
	u8 known;
	u8 failed;
	bool lone;
	bool first;
	bool raised;
	struct se05x_poll_arrival seen[SE05X_POLL_ARRIVALS];
};

/**
 * struct se05x_poll - what is known of a chip's times; all zero: nothing
 * @clock: counts look-ups
 * @classes: the table
 * @point: where looks may be best; scratch of se05x_poll_next()
 * @cost: what is lost from each of them on; scratch too
 */
struct se05x_poll {
	u32 clock;
	struct se05x_poll_class classes[SE05X_POLL_CLASSES];
	u32 point[SE05X_POLL_POINTS];
	u64 cost[SE05X_POLL_POINTS];
};

struct se05x_poll_class *se05x_poll_find(struct se05x_poll *poll, u32 header, u32 what);
u32 se05x_poll_next(struct se05x_poll *poll, const struct se05x_poll_class *c, u32 last,
		    u32 after, u32 gap);
void se05x_poll_learn(struct se05x_poll_class *c, u32 last, u32 found, u32 gap);

#endif /* SE05X_POLL_H */
