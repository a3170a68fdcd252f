// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of the chips: the list of them, and of each the context, the
 * generation, the state and counts that others read, and the events to be sent
 *
 * chip->lock guards all of it.
 */
#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "se05x.h"

static DEFINE_XARRAY_ALLOC(chips);	/* NULL: the index is taken, but nobody may see the chip */
static atomic64_t generations;

/* ---- the list of chips ---- */

/**
 * se05x_state_init() - nothing is known yet
 * @chip: a new chip
 */
void se05x_state_init(struct se05x_chip *chip)
{
	spin_lock_init(&chip->lock);
}

/* Take an index for the chip. Others don't see it yet. */
int se05x_state_reserve(struct se05x_chip *chip)
{
	const struct xa_limit limit = XA_LIMIT(0, SE05X_MINORS - 1);

	return xa_alloc(&chips, &chip->index, NULL, limit, GFP_KERNEL);
}

void se05x_state_show(struct se05x_chip *chip)
{
	xa_store(&chips, chip->index, chip, GFP_KERNEL);
}

/* Nobody finds the chip any more. It keeps its index. */
void se05x_state_hide(struct se05x_chip *chip)
{
	xa_store(&chips, chip->index, NULL, GFP_KERNEL);
}

void se05x_state_free(struct se05x_chip *chip)
{
	xa_erase(&chips, chip->index);
}

/**
 * se05x_chip_next() - the chips, one after the other
 * @index: from which index on; out: the one found
 * @last: up to which
 *
 * Return: a chip, the caller's to put_device(); NULL if there is none.
 */
struct se05x_chip *se05x_chip_next(unsigned long *index, unsigned long last)
{
	struct se05x_chip *chip;

	xa_lock(&chips);
	chip = xa_find(&chips, index, last, XA_PRESENT);
	if (chip)
		get_device(&chip->dev);
	xa_unlock(&chips);
	return chip;
}

/* ---- context and generation ---- */

/* What the applet held may be gone: a new generation begins. */
void se05x_renew(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	chip->generation = atomic64_inc_return(&generations);
}

void se05x_forget_context(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	chip->context.state = SE05X_UNKNOWN;
	chip->context.channel = 0;
	chip->context.before = false;
	if (chip->channel_state == SE05X_CHANNEL_OPEN)	/* a SELECT comes next */
		chip->channel_state = SE05X_CHANNEL_CLOSED;
	if (!chip->quiet)
		se05x_renew(chip);
}

/*
 * End the chain. Its file gets ESTALE when it tries to go on. Pieces of a command
 * stay in the chip, and the next file's command must not become the last of them:
 * so the context is unknown, and a SELECT comes first.
 */
void se05x_break_chain(struct se05x_chip *chip)
{
	struct se05x_chain *chain = &chip->chain;

	lockdep_assert_held(&chip->lock);
	if (!chain->file)
		return;
	chain->file->broken = *chain;
	chain->file = NULL;
	if (chain->command && chip->context.state != SE05X_UNKNOWN)
		se05x_forget_context(chip);
}

/* The context is lost, and not because a program asked for it. */
void se05x_lose_context(struct se05x_chip *chip)
{
	se05x_forget_context(chip);
	se05x_break_chain(chip);
	if (!chip->quiet)
		se05x_event_queue(chip, SE05X_EVENT_GENERATION, 0, 0);
}

/* ---- events ---- */

/**
 * se05x_event_queue() - queue an event for se05x_event_send()
 * @chip: the chip, locked
 * @event: what
 * @by: who did it, enum se05x_by, or 0
 * @detail: enum se05x_reset_kind or enum se05x_rung, as the event wants it
 *
 * Equal events in a row become one with a count.
 */
void se05x_event_queue(struct se05x_chip *chip, enum se05x_event event, u32 by, u32 detail)
{
	struct se05x_queued_event *last = NULL;

	lockdep_assert_held(&chip->lock);
	if (chip->nevents)
		last = &chip->events[chip->nevents - 1];
	if (last && last->event == event && last->by == by && last->detail == detail) {
		last->count++;
		return;
	}
	if (chip->nevents == SE05X_EVENTS_MAX) {
		chip->events_lost++;
		return;
	}
	chip->events[chip->nevents++] = (struct se05x_queued_event) {
		.time = ktime_get_boottime_ns(),
		.event = event,
		.by = by,
		.detail = detail,
		.count = 1,
		.lost = chip->events_lost,
	};
	chip->events_lost = 0;
}

/* ---- what others read ---- */

static u32 state_of(struct se05x_chip *chip)
{
	const struct se05x_link *link = &chip->link;

	if (link->given_up)
		return SE05X_STATE_GIVEN_UP;
	if (chip->off)
		return SE05X_STATE_OFF;
	if (link->synced)
		return SE05X_STATE_ONLINE;
	return chip->asleep ? SE05X_STATE_ASLEEP : SE05X_STATE_RECOVERING;
}

/* The owner has changed something: let the others see it. */
void se05x_publish(struct se05x_chip *chip)
{
	static const u8 events[] = {
		[SE05X_STATE_ONLINE] = SE05X_EVENT_ONLINE,
		[SE05X_STATE_ASLEEP] = SE05X_EVENT_ASLEEP,
		[SE05X_STATE_OFF] = SE05X_EVENT_OFF,
		[SE05X_STATE_RECOVERING] = 0,
		[SE05X_STATE_GIVEN_UP] = SE05X_EVENT_GIVEN_UP,
	};
	u32 state;

	spin_lock(&chip->lock);
	state = state_of(chip);
	if (state != chip->state && events[state])
		se05x_event_queue(chip, events[state], 0, 0);
	chip->state = state;
	chip->atr = chip->link.atr;
	chip->stats = chip->link.stats;
	spin_unlock(&chip->lock);
}

u64 se05x_generation(struct se05x_chip *chip)
{
	u64 generation;

	spin_lock(&chip->lock);
	generation = chip->generation;
	spin_unlock(&chip->lock);
	return generation;
}

bool se05x_is_dead(struct se05x_chip *chip)
{
	bool dead;

	spin_lock(&chip->lock);
	dead = chip->dead;
	spin_unlock(&chip->lock);
	return dead;
}

/**
 * se05x_chip_counts() - a chip's state and counts
 * @chip: the chip
 * @counts: out; what an exchange in flight adds is not in it yet
 */
void se05x_chip_counts(struct se05x_chip *chip, struct se05x_counts *counts)
{
	spin_lock(&chip->lock);
	counts->state = chip->state;
	counts->generation = chip->generation;
	counts->resets = chip->resets;
	counts->recoveries = chip->recoveries;
	counts->waits = chip->waits;
	counts->wait_us = chip->wait_us;
	counts->channel = chip->channel_state;
	counts->openings = chip->openings;
	counts->link = chip->stats;
	spin_unlock(&chip->lock);
}

/*
 * Generations start anywhere, so that no load of the module gives out what an
 * earlier one did, whatever the clock says. With 63 bits they don't come to 0.
 */
void __init se05x_state_setup(void)
{
	atomic64_set(&generations, get_random_u64() >> 1);
}

void se05x_state_cleanup(void)
{
	xa_destroy(&chips);
}
