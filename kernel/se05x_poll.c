// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the chip answered before, and so when to look for its answer
 *
 * A look that comes too early is not acknowledged, and the next one may start
 * no sooner than MPOT after it: a *gap* from look to look. All that is ever
 * known of an arrival is that it came after the last look in vain and before
 * the one that found it.
 *
 * A class of waits remembers its last arrivals. They say how likely the answer
 * is at each time, and the looks are those that cost least if they are right:
 * the time that answers lie unread, and a price for each look in vain. Where
 * the density of arrivals is f and the part still to come is S, such looks are
 * sqrt(2 * price * S / f) apart.
 *
 * Arrivals closer together than a gap can't be told apart that way: one look
 * finds them all. They are a *narrow* group with one edge, where the look is.
 * Now and then it is made earlier, to try whether they all come earlier; a look
 * in vain at the edge moves it up.
 *
 * An arrival that the first look finds may have come long before. *Guards* are
 * looks before the first one that find that out. They end a gap before it at
 * the latest, so they cost no time.
 */
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "se05x_poll.h"

#define FEW		12	/* arrivals that are too few to judge by */
#define PARTS		4	/* points for one arrival */
#define NEIGHBOURS	8	/* arrivals that say how far their group reaches */
#define PRICE_SHIFT	10	/* a look in vain is as bad as 1/1024 of the wait lost */
#define LATE_MAX	61000	/* us between looks where an answer may come */
#define FAILED_MAX	2	/* tries that failed: four times as rare at most */

/**
 * se05x_poll_find() - what is known of a class of waits
 * @poll: the table
 * @header: CLA INS P1 P2 of the command, or 0
 * @what: the rest of what makes the class
 *
 * Return: it, or a new one, for which that used longest ago had to go. Valid as
 * long as no more than SE05X_POLL_CLASSES - 1 others were looked up since.
 */
struct se05x_poll_class *se05x_poll_find(struct se05x_poll *poll, u32 header, u32 what)
{
	struct se05x_poll_class *oldest = poll->classes, *c;
	u32 now = ++poll->clock;

	for (c = poll->classes; c < poll->classes + SE05X_POLL_CLASSES; c++) {
		if (c->what == what && c->header == header) {
			c->used = now;
			return c;
		}
		if (now - c->used > now - oldest->used)
			oldest = c;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->header = header;
	oldest->what = what;
	oldest->used = now;
	return oldest;
}

/* 16 bits that keep step with nothing that the chip does */
static u32 chance(const struct se05x_poll_class *c, u32 salt)
{
	u32 x = (c->count + salt * 7919) * 2654435761U;

	x = (x ^ x >> 15) * 2246822519U;
	return (x ^ x >> 13) >> 16;
}

/* Being more exact than 1/512 is not worth a try. */
static u32 grain(u32 by)
{
	return max_t(u32, by >> 9, 1);
}

/* So many arrivals between tries that those cost no more than 1/512 of the time */
static bool is_time_to_try(const struct se05x_poll_class *c, u32 by, u32 gap)
{
	u32 every = max_t(u32, div64_u64((u64)gap * 512, (u64)by + gap), 4);

	return c->quiet >= every << c->failed;
}

static bool in_group(const struct se05x_poll_arrival *a, u32 by, u32 gap)
{
	return a->by <= by && a->by + gap / 4 * 3 > by;
}

/* Do so many come just before @by, and none near, that one look is enough? */
static bool is_narrow(const struct se05x_poll_class *c, u32 by, u32 gap, u32 *after)
{
	const struct se05x_poll_arrival *a;
	u32 near = 2 * gap + by / 8;
	u32 same = 0;

	*after = 0;
	for (a = c->seen; a < c->seen + c->known; a++) {
		if (in_group(a, by, gap)) {
			same++;
			*after = max(*after, a->after);
		} else if (a->by + near > by && a->by < by + near) {
			return false;
		}
	}
	return same * 4 >= c->known && by - *after <= gap + gap / 4;
}

/* Too few to judge by, unless nothing but the first gap or two is left to know. */
static bool is_new(const struct se05x_poll_class *c, u32 gap)
{
	u32 i;

	for (i = 0; i < c->known && c->seen[i].by < 2 * gap; i++)
		;
	return c->known < (i == c->known ? 1 : FEW);
}

static u32 sort_arrivals(const struct se05x_poll_class *c, u32 *at)
{
	u32 i, k;

	for (i = 0; i < c->known; i++) {
		for (k = i; k && at[k - 1] > c->seen[i].by; k--)
			at[k] = at[k - 1];
		at[k] = c->seen[i].by;
	}
	return c->known;
}

/* Put PARTS points evenly between @from and @to, the last of them there. */
static u32 spread(u32 *point, u32 n, u32 last, u32 from, u32 to)
{
	u32 k, x;

	for (k = PARTS; k-- > 0;) {
		x = to - (to - from) / PARTS * k;
		if (x > last && (!n || x >= point[n - 1]))
			point[n++] = x;
	}
	return n;
}

/*
 * Where the answer may be after @last: each arrival spread over the time since
 * the one before it. Where a group of them begins or ends, it may come as far
 * outside as the next few are apart.
 */
static u32 spread_arrivals(u32 *point, const u32 *at, u32 count, u32 last, u32 gap)
{
	u32 n = 0, prev = 0, i, width;

	for (i = 0; i < count; prev = at[i++]) {
		width = at[i] - prev;
		if (width > at[i] / 3) {
			u32 tail = prev ? prev - at[i - 1 - min_t(u32, i - 1, NEIGHBOURS)] : 0;

			tail = max(gap, min3(tail, width / 2, prev / 3));
			if (prev && width > tail)
				n = spread(point, n, last, prev, prev + tail);
			width = min(at[min(i + NEIGHBOURS, count - 1)] - at[i], at[i] / 3);
		}
		n = spread(point, n, last, at[i] - (width < gap / 2 ? 0 : width), at[i]);
	}
	return n;
}

/* The first look, @after or later, of those that cost least, found backwards */
static u32 cheapest(const u32 *point, u64 *cost, int n, u32 after, u32 gap)
{
	u32 first = after;
	int i, j;

	for (i = n - 1; i >= -1; i--) {
		u32 earliest = i < 0 ? after : point[i] + gap;
		u64 sum = 0, best = ~0ULL;

		if (i >= 0 && i + 1 < n && point[i + 1] == point[i])
			continue;	/* the same look finds it */
		for (j = i + 1; j < n; j++) {
			u32 at = max(point[j], earliest);
			u64 late, all;

			sum += point[j];
			if (j + 1 < n && point[j + 1] <= at)
				continue;
			late = (u64)at * (j - i) - sum;
			if (late >= best)
				break;
			all = late + (u64)min(at >> PRICE_SHIFT, gap) * (n - j) + cost[j];
			if (all < best) {
				best = all;
				first = at;
			}
		}
		if (i >= 0)
			cost[i] = i == n - 1 ? 0 : best;
	}
	return first;
}

/*
 * Is this a wait with guards before the look at @at? In a short wait a look in
 * vain counts, so few have them; in a long one a few are little beside a late
 * answer.
 */
static bool is_guarded(const struct se05x_poll_class *c, u32 at, bool narrow, u32 gap)
{
	if (at < 16 * gap)
		return chance(c, 1) % (narrow ? 4 : 16) == 0;
	return narrow || c->first || chance(c, 1) % 32 == 0;
}

/* The first guard before @at, @after or later: 1, 4, 16, ... gaps before it */
static u32 first_guard(const struct se05x_poll_class *c, u32 at, u32 prev, u32 after,
		       bool narrow, u32 gap)
{
	u32 d = narrow ? gap : 4 * gap, x;

	if (c->first && !prev && after <= at / 4) {	/* or at a quarter, a 16th, ... */
		for (x = at / 4; x / 4 >= max(after, gap);)
			x /= 4;
		return x;
	}
	if (at < 16 * gap)	/* one of them is enough */
		d = at <= 4 * gap || chance(c, 3) % 2 ? gap : 4 * gap;
	if (at - prev <= at / 8 || at < d || at - d < after)
		return at;
	while (at >= 16 * gap && d < (at - prev) / 4 && at - 4 * d >= after)
		d *= 4;
	return at - d;
}

/**
 * se05x_poll_next() - when to look next
 * @poll: the table, for its scratch
 * @c: the class
 * @last: the last look of this wait, in vain; 0: none
 * @after: earliest possible time of the next, SEGT and MPOT considered
 * @gap: the least time between a look in vain and the next
 *
 * Return: when, @after or later. Where nothing is known it is @after, and from
 * 4096 gaps on, which is four seconds by MPOT, 1/4096 of what was waited.
 */
u32 se05x_poll_next(struct se05x_poll *poll, const struct se05x_poll_class *c, u32 last,
		    u32 after, u32 gap)
{
	u32 at[SE05X_POLL_ARRIVALS], count, look, edge, lo, low, prev = 0, i;
	bool narrow;

	if (is_new(c, gap))
		return max(after, last + last / 4096);
	count = sort_arrivals(c, at);
	if (at[count - 1] <= last)
		return max(after, last + last / 4096);
	look = cheapest(poll->point, poll->cost,
			spread_arrivals(poll->point, at, count, last, gap), after, gap);

	edge = look;
	for (i = 0; i < count && at[i] < look + gap / 2; i++)
		edge = max(edge, at[i]);
	narrow = is_narrow(c, edge, gap, &lo);
	if (narrow)
		look = edge;
	if (narrow && ((!c->failed && look - lo > grain(look)) || is_time_to_try(c, look, gap)))
		look = max(look - min(look, max((look - lo) / 2, grain(look))), after);

	low = at[0] - min(at[0], (at[count - 1] - at[0]) / 2);
	if (look - last > LATE_MAX && last + LATE_MAX > low)
		look = max(after, last + LATE_MAX);
	if (c->to > max(last, after))
		look = min(look, max(after, max(c->from, last) + max(gap, (c->to - c->from) / 16)));

	for (i = 0; i < count && at[i] <= last; i++)
		prev = at[i];
	if (!is_guarded(c, look, narrow, gap))
		return look;
	return first_guard(c, look, prev, after, narrow, gap);
}

static void remember(struct se05x_poll_class *c, u32 after, u32 by)
{
	u32 i = c->known < SE05X_POLL_ARRIVALS ? c->known++ : c->count % SE05X_POLL_ARRIVALS;

	c->count++;
	c->seen[i].after = after;
	c->seen[i].by = by;
}

/* The edge of the narrow group at @from is between @after and @by, so one more came. */
static void move_edge(struct se05x_poll_class *c, u32 from, u32 gap, u32 after, u32 by)
{
	struct se05x_poll_arrival *a;

	for (a = c->seen; a < c->seen + c->known; a++)
		if (in_group(a, from, gap)) {
			a->after = after;
			a->by = by;
		}
	remember(c, after, by);
}

/* It was found where the edge is. */
static void learn_at_edge(struct se05x_poll_class *c, u32 edge, u32 lo, u32 last, u32 gap)
{
	if (last > lo || (last && last + 2 * grain(edge) >= edge)) {	/* a try that failed */
		if (is_time_to_try(c, edge, gap))
			c->failed = min(c->failed + 1, FAILED_MAX);
		c->quiet = 0;
	} else if (c->quiet < U16_MAX) {
		c->quiet++;
	}
	move_edge(c, edge, gap, max(last, lo), edge);
}

/* It was found by a look before the edge. */
static void lower_edge(struct se05x_poll_class *c, u32 edge, u32 lo, u32 last, u32 found, u32 gap)
{
	lo = min(lo, found - 1);
	if (c->failed || c->quiet)	/* try further the next time */
		lo -= min(lo, (edge - lo) / 2 * 3);
	c->raised = false;
	c->failed = 0;
	c->quiet -= c->quiet / 4;	/* and soon */
	move_edge(c, edge, gap, max(lo, last), found);
}

/*
 * The look at the edge was in vain. Where that is so again and again the steps
 * grow: what is lost by a look a bit late is little beside a look in vain.
 */
static void raise_edge(struct se05x_poll_class *c, u32 edge, u32 lo, u32 found, u32 gap)
{
	u32 step = edge - lo;

	if (c->raised && (u64)c->quiet * step < 2 * gap)
		step += step / 4 + 1;
	c->raised = true;
	c->failed = max_t(u8, c->failed, 1);
	c->quiet -= c->quiet / 4;
	move_edge(c, edge, gap, edge, min(edge + max(step, grain(edge)), found));
}

/* Two in a row far from all others, and near each other: what was known is over. */
static void forget_if_changed(struct se05x_poll_class *c, u32 found, u32 gap)
{
	u32 low = U32_MAX, high = 0, near = 0, far;
	const struct se05x_poll_arrival *a;
	bool lone;

	for (a = c->seen; a < c->seen + c->known; a++) {
		low = min(low, a->by);
		high = max(high, a->by);
	}
	far = max(found, high - min(low, high)) / 8 + 2 * gap;
	for (a = c->seen; a < c->seen + c->known; a++)
		near += a->by + far > found && a->by < found + far;
	lone = c->known >= FEW && near <= c->lone;
	if (lone && c->lone)
		c->known = 0;
	c->lone = lone;
}

/*
 * It came between @low and @found, and nothing tells when: so at any time
 * between, by chance. A fixed one would be found again and again by that look,
 * and all arrivals would end up there.
 */
static void remember_between(struct se05x_poll_class *c, u32 low, u32 found)
{
	remember(c, low, found - (u32)((u64)(found - low) * chance(c, 2) >> 16));
}

/**
 * se05x_poll_learn() - learn from an arrival
 * @c: the class
 * @last: the last look in vain; 0: there was none
 * @found: the look that found it, later than @last; both as planned
 * @gap: as for se05x_poll_next()
 */
void se05x_poll_learn(struct se05x_poll_class *c, u32 last, u32 found, u32 gap)
{
	u32 below = 0, low = U32_MAX, hit = 0, above = 0, lo;
	u32 limit = found + 1;	/* looks are no more exact */
	const struct se05x_poll_arrival *a;
	u32 width = found - last;

	forget_if_changed(c, found, gap);
	for (a = c->seen; a < c->seen + c->known; a++) {
		if (a->by > limit) {
			if (a->by - found < gap)
				above = max(above, a->by);
		} else if (a->by > last) {
			low = min(low, a->by);
			hit = max(hit, a->by);
		} else {
			below = max(below, a->by);
		}
	}
	c->to = 0;
	c->first = false;
	if (is_new(c, gap)) {
		remember(c, last, found);
	} else if (hit && is_narrow(c, hit, gap, &lo)) {
		learn_at_edge(c, hit, lo, last, gap);
	} else if (hit) {
		c->first = width > found / 4 + 4 * gap;
		low = min(low, found);
		/* where a group begins it is near the others, else anywhere since the last look */
		low -= min(low, (found - low) / 4 + found / 256);
		if (low < last || (below && found > 16 * gap && found - below < found / 3))
			low = last;
		remember_between(c, found - low > gap / 8 ? low : found, found);
	} else if (above && is_narrow(c, above, gap, &lo) && found + gap / 2 > lo) {
		lower_edge(c, above, lo, last, found, gap);
	} else if (below && last <= below + gap / 2 && width <= gap + gap / 4 &&
		   is_narrow(c, below, gap, &lo)) {
		raise_edge(c, below, lo, found, gap);
	} else if (width > gap + gap / 4 && width <= found / 8) {
		remember_between(c, last, found);
	} else {
		if (width > gap + gap / 4) {
			c->from = last;
			c->to = found;
		}
		remember(c, max(last, found - min(found, max(gap, found / 8))), found);
	}
}
