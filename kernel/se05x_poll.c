// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long the chip took for the like of this before, and when to look for it
 *
 * A look that comes too early is not acknowledged, and the next one may start
 * no sooner than MPOT after it: a *gap* from look to look. All that is ever
 * known of an arrival is that it came after the last look in vain, if there was
 * one, and before the one that found it.
 *
 * A habit says that what is waited for comes between lo and hi. Where these are
 * more than a gap apart (*wide*), looks are spread over the time between, the
 * last of them at hi: the closer they are, the less time is lost and the more
 * looks are in vain. lo and hi are the extremes of a generation of arrivals; a
 * young habit has short ones, and so learns fast.
 *
 * Where they are not (*narrow*), there is one look, at hi. It finds what has
 * come and tells no more, so now and then it is tried earlier, half-way to lo;
 * lo is then the latest time that is known to be too early. Tries cost a gap
 * when they fail, so they are made less often the more that is, and the more
 * often they failed.
 *
 * Both see nothing of a chip that got much faster, since their first look finds
 * the answer whatever happens. So many waits begin with scouts: looks so early
 * that they delay no other, each at a fraction of the time of the next. What one
 * of them finds is not later than that fraction says.
 */
#include <linux/bitops.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "se05x_poll.h"

#define AGE_MAX		5	/* generations of 32 */
#define YOUNG		2	/* too young to know an accident from a habit */
#define PATIENCE_MAX	2	/* tries that failed: four times as rare at most */
#define EARLY_MAX	16	/* arrivals for which one that came early is remembered */
#define UNSEEN		4	/* for which one that nobody looked for is */
#define SHORT		16	/* gaps */
#define SCOUT_SHORT	4	/* one wait in so many */
#define SCOUT_WIDE	22

/**
 * se05x_poll_find() - the habit of a class of waits
 * @habits: the table
 * @header: CLA INS P1 P2 of the command, or 0
 * @what: the rest of what makes the class
 *
 * Return: it, or a new one, for which that used longest ago had to go. Valid as
 * long as no more than SE05X_HABITS - 1 others were looked up since.
 */
struct se05x_habit *se05x_poll_find(struct se05x_habits *habits, u32 header, u32 what)
{
	struct se05x_habit *oldest = habits->habits, *h;
	u32 now = ++habits->clock;

	for (h = habits->habits; h < habits->habits + SE05X_HABITS; h++) {
		if (h->what == what && h->header == header) {
			h->used = now;
			return h;
		}
		if (now - h->used > now - oldest->used)
			oldest = h;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->header = header;
	oldest->what = what;
	oldest->used = now;
	return oldest;
}

static bool is_narrow(const struct se05x_habit *h, u32 gap)
{
	return h->hi - h->lo <= gap + gap / 4;
}

/* Being more exact than 1/512 is not worth a try. */
static u32 grain(const struct se05x_habit *h)
{
	return max_t(u32, h->hi >> 9, 1);
}

/* So many arrivals between tries that those cost no more than 1/256 of the time */
static u32 patience(const struct se05x_habit *h, u32 gap)
{
	return max_t(u32, div64_u64((u64)gap * 256, (u64)h->hi + gap), 4);
}

static bool is_time_to_try(const struct se05x_habit *h, u32 gap)
{
	if (!h->settled)
		return h->hi - h->lo > grain(h);
	return h->run >= patience(h, gap) << h->patience;
}

/* Scouts leave a gap before the look at hi, which is most of a short time. */
static bool is_time_to_dig(const struct se05x_habit *h, u32 gap)
{
	if (!h->settled || h->hi <= gap || h->hi >= 4 * gap)
		return false;
	return h->early == EARLY_MAX || h->count % (patience(h, gap) / 2 | 1) == 0;
}

/* By a hash: what keeps step with the count may keep step with what alternates. */
static bool one_in(const struct se05x_habit *h, u32 n)
{
	return (u16)(h->count * 40503U) < 65536 / n;
}

/* The last arrivals were not as expected. */
static bool is_suspect(const struct se05x_habit *h, bool narrow)
{
	return h->age < AGE_MAX || h->far > UNSEEN || h->early == EARLY_MAX ||
	       (!narrow && h->run > 1);
}

/*
 * At how many eighths of its time the scout before one is; 0: there are none.
 * What may have changed is looked for closely. In a short wait a look in vain
 * counts, so few have scouts; in a long one a few looks are little beside those
 * from first to last, or beside a late answer where there is but one.
 */
static u32 scouts_at(const struct se05x_habit *h, bool narrow, u32 gap)
{
	if (is_suspect(h, narrow))
		return 6;
	if (h->far)
		return 4;
	if (h->hi < SHORT * gap)
		return one_in(h, SCOUT_SHORT) ? 2 : 0;
	if (narrow)
		return 2;
	return h->run || one_in(h, SCOUT_WIDE) ? 1 : 0;
}

/* The looks of a wait: perhaps scouts, and from first to last, step apart */
struct plan {
	u32 eighths, scout, first, last, step;
};

static struct plan make_plan(const struct se05x_habit *h, u32 gap)
{
	struct plan p = { .last = h->hi, .step = gap };
	bool narrow = is_narrow(h, gap);
	u32 width = h->hi - h->lo;

	if (narrow) {
		if (is_time_to_try(h, gap))
			p.last -= width / 2;
		else if (is_time_to_dig(h, gap))
			p.last -= gap / 2;
		p.first = p.last;
	} else {
		/*
		 * Looks d apart lose d / 2 and are in vain width / 2d times. One
		 * in vain is taken as bad as the loss of 13/64 gap, more for long
		 * waits: that bounds their number. d is the best of it.
		 */
		p.step = max_t(u32, gap, int_sqrt(width) *
			       int_sqrt(gap * 13 / 4 + width / 40) / 4);
		p.first = p.last - (width - p.step / 4) / p.step * p.step;
	}
	p.eighths = scouts_at(h, narrow, gap);
	if (p.eighths && p.first > gap)
		p.scout = min(narrow ? p.first : h->lo, p.first - gap);
	return p;
}

/**
 * se05x_poll_next() - when to look next
 * @h: the habit
 * @last: the last look of this wait, in vain; 0: none
 * @after: earliest possible time of the next, SEGT and MPOT considered
 * @gap: the least time between a look in vain and the next
 *
 * Return: when, @after or later. Where nothing is known it is @after, and from
 * 4096 gaps on, which is four seconds by MPOT, 1/4096 of what was waited.
 */
u32 se05x_poll_next(const struct se05x_habit *h, u32 last, u32 after, u32 gap)
{
	u32 unknown = max(after, last + last / 4096);
	struct plan p;
	u32 at;

	if (!h->hi)
		return unknown;
	p = make_plan(h, gap);
	if (p.scout && after <= p.scout) {
		for (at = p.scout; at / 8 * p.eighths >= max(after, gap);)
			at = at / 8 * p.eighths;
		return at;
	}
	/* a scout that came late may delay it a bit */
	if (after <= p.first || last + p.step / 2 < p.first)
		return max(after, p.first);
	at = p.first + ((last + p.step / 2 - p.first) / p.step + 1) * p.step;
	return at <= p.last ? max(after, at) : unknown;
}

static void begin_generation(struct se05x_habit *h, u8 age)
{
	h->low = ~0;
	h->high = 0;
	h->seen = 0;
	h->age = min_t(u8, age, AGE_MAX);
}

static void begin_habit(struct se05x_habit *h, u32 lo, u32 hi)
{
	h->lo = lo;
	h->hi = hi;
	h->run = 0;
	h->patience = 0;
	h->settled = false;
	h->tried = false;
	begin_generation(h, 0);
}

/* It came before lo: that holds for a generation at least. */
static void lower(struct se05x_habit *h, u32 lo, u8 age)
{
	h->lo = lo;
	begin_generation(h, age);
	h->low = lo;
}

/* The look at hi was in vain. */
static void raise(struct se05x_habit *h, u32 width, u32 found, u32 gap)
{
	if (h->tried)
		width /= 2;	/* back to where it was before */
	else if ((u64)h->run * width < gap / 16)
		width *= 2;	/* what is lost by looking later is little */
	h->lo = h->hi;
	h->hi = min(h->hi + max(width, grain(h)), found);
	h->tried = false;
	h->settled = true;
	h->patience = 0;
	h->run -= h->run / 4;	/* what is raised often is still to be tried */
}

static void learn_narrow(struct se05x_habit *h, u32 last, u32 found, u32 gap)
{
	u32 width = max(h->hi - h->lo, grain(h));
	u32 lowest;

	if (found <= h->lo) {
		h->run = 0;
		lower(h, max(last, found - min(found, max(gap, found / 8))), 2);
		return;
	}
	if (last <= h->lo)
		last = 0;
	if (last > h->hi + gap / 2) {	/* two looks late */
		h->hi = found;
		h->run = 0;
		h->settled = false;
		begin_generation(h, 1);
		return;
	}
	begin_generation(h, h->age + 1);
	if (last >= h->hi) {
		raise(h, width, found, gap);
	} else if (last > h->lo) {		/* a try that failed */
		h->lo = last;
		if (h->settled && h->run)
			h->patience = min(h->patience + 1, PATIENCE_MAX);
		h->run = 0;
	} else if (found < h->hi - width / 8) {	/* one that did not */
		h->hi = found;
		if (h->settled) {
			h->lo -= min(h->lo, h->tried ? 3 * width / 2 : width / 2);
			h->tried = true;
			h->patience = 0;
		}
		h->run = 0;
	} else if (h->run < U16_MAX) {
		h->run++;
	}
	if (h->hi - h->lo > grain(h))
		return;
	h->settled = true;
	lowest = h->hi - min(h->hi, gap + gap / 4);	/* or it would be wide */
	if (is_time_to_try(h, gap) && h->lo > lowest)	/* what was too early long ago */
		h->lo = max(h->lo - min3(h->lo, 2 * grain(h), gap / 2), lowest);
}

static void learn_wide(struct se05x_habit *h, u32 last, u32 found, u32 gap)
{
	u32 width = h->hi - h->lo;

	if (found <= h->lo) {
		/* once more: it got faster */
		if (h->run >= 3) {
			begin_habit(h, last, found);
			return;
		}
		width = max(width / (h->age < AGE_MAX ? 4 : 8), gap) << h->run;
		lower(h, h->lo - min(h->lo, width), h->age + 1);
		h->run += 2;
		return;
	}
	/* found by the first look it may have been there for long */
	h->run = last ? h->run / 2 : max_t(u16, h->run, 1);
	h->hi = max(h->hi, found);
	h->low = min(h->low, last ?: h->lo);
	h->high = max(h->high, found);
	if (++h->seen < 1 << h->age)
		return;
	h->lo = max(h->lo, h->low);
	h->hi = min(h->hi, h->high);
	begin_generation(h, h->age + 1);
	if (is_narrow(h, gap)) {
		u8 age = h->age;

		begin_habit(h, h->lo, h->hi);
		h->age = age;
	}
}

/* A scout found it, or who dug, not who tried. */
static bool is_early(const struct se05x_habit *h, u32 found, u32 gap)
{
	return h->settled && found + (h->hi < 4 * gap ? gap / 4 : gap) <= h->hi;
}

/**
 * se05x_poll_learn() - learn from an arrival
 * @h: the habit
 * @last: the last look in vain; 0: there was none
 * @found: the look that found it, later than @last; both as planned
 * @gap: as for se05x_poll_next()
 *
 * One arrival far from all others changes nothing; two in a row begin a new
 * habit.
 */
void se05x_poll_learn(struct se05x_habit *h, u32 last, u32 found, u32 gap)
{
	bool narrow = is_narrow(h, gap);
	bool late = h->hi && last >= h->hi &&
		    (h->age >= YOUNG || last - h->hi > h->hi / 2) &&
		    last - h->hi > max(h->hi - h->lo, gap / 2);
	bool far = found <= h->hi / 2;
	/* before lo, and no look was anywhere near */
	bool unseen = h->hi && !narrow && found <= h->lo && last <= found / 2;
	bool early = h->hi && last <= h->lo && (narrow ? is_early(h, found, gap) : far);

	h->count++;
	if (!h->hi || (late && h->late) || (early && h->early == EARLY_MAX))
		begin_habit(h, last, found);
	else if (early && h->early && !far)
		begin_habit(h, found - min(found, 4 * gap), h->hi);
	else if (!late && !early && narrow)
		learn_narrow(h, last, found, gap);
	else if (!late && !early)
		learn_wide(h, last, found, gap);
	h->late = late;
	h->early = early ? EARLY_MAX : h->early - !!h->early;
	if (early && far)
		h->far = EARLY_MAX;
	else if (unseen)
		h->far = max_t(u8, h->far, UNSEEN);
	else
		h->far -= !!h->far;
}
