// SPDX-License-Identifier: GPL-2.0-only
/*
 * The owner's thread: requests and whose turn it is, timers, parking
 *
 * What the owner does with a request is in se05x_owner.c; who waits for one is
 * in se05x_client.c. Events are sent by chip->send_events, which core sets.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/suspend.h>

#include "compat.h"
#include "se05x.h"

static unsigned int idle_ms = 5000;
module_param(idle_ms, uint, 0644);
MODULE_PARM_DESC(idle_ms, "time from the last close to the end of the session, in ms, of each chip whose own is not set");

#define HARD_LIMIT_MIN_MS	10000
#define QUIESCE_TIME		(10 * HZ)	/* for an exchange in flight */
#define WAKEUP_LOOK		(HZ / 10)	/* meanwhile, for wake-up events */

static unsigned int hard_limit_ms = 300000;
module_param(hard_limit_ms, uint, 0644);
MODULE_PARM_DESC(hard_limit_ms, "how long one command may keep the chip, in ms, 10000 or more");

/* Past it power may be cut. So it is never shorter than a slow command may need. */
static u64 hard_limit_us(void)
{
	return max_t(u64, hard_limit_ms, HARD_LIMIT_MIN_MS) * 1000;
}

/* ---- requests ---- */

struct se05x_request *se05x_request_alloc(void)
{
	struct se05x_request *req = kzalloc(sizeof(*req), GFP_KERNEL_ACCOUNT);

	if (req) {
		kref_init(&req->ref);
		INIT_LIST_HEAD(&req->node);
		init_waitqueue_head(&req->wait);
	}
	return req;
}

static void request_release(struct kref *ref)
{
	kfree_sensitive(container_of(ref, struct se05x_request, ref));
}

void se05x_request_put(struct se05x_request *req)
{
	kref_put(&req->ref, request_release);
}

static void file_release(struct kref *ref)
{
	struct se05x_file *file = container_of(ref, struct se05x_file, ref);
	struct se05x_chip *chip = file->chip;

	spin_lock(&chip->lock);
	file->user->files--;
	file->user->seen_us = ktime_to_us(ktime_get());
	spin_unlock(&chip->lock);
	put_device(&chip->dev);
	kfree(file);
}

void se05x_file_put(struct se05x_file *file)
{
	kref_put(&file->ref, file_release);
}

/* Drop the reference that the queue, and then the owner, holds. */
static void request_drop(struct se05x_request *req)
{
	struct se05x_file *file = req->file;

	se05x_request_put(req);
	se05x_file_put(file);
}

static void request_finish(struct se05x_chip *chip, struct se05x_request *req)
{
	lockdep_assert_held(&chip->lock);
	req->generation = chip->generation;
	req->state = SE05X_DONE;
	wake_up(&req->wait);
}

/*
 * What is served first: RESET with FORCE; RESET by the administrator; RESET of a
 * chip that is given up; the file in mid-chain, while it has preference; the
 * holder of the lock; then turns. 0: not now.
 */
static int urgency(const struct se05x_chip *chip, const struct se05x_request *req,
		   const struct se05x_file *preferred)
{
	if (req->type == SE05X_RESET && (req->flags & SE05X_RESET_FORCE))
		return 4;
	if (req->type == SE05X_RESET && req->privileged)
		return 3;
	if (req->type == SE05X_RESET && chip->state == SE05X_STATE_GIVEN_UP)
		return 2;
	if (preferred)
		return preferred == req->file;
	/* RESET does not wait for the lock: the owner refuses it with EPERM. */
	return !chip->holder || chip->holder == req->file || req->type == SE05X_RESET;
}

/* For how long nobody else is served between the pieces of a chain, in us */
static u64 chain_time_left(const struct se05x_chip *chip)
{
	const struct se05x_chain *chain = &chip->chain;
	u64 now = ktime_to_us(ktime_get());

	if (!chain->file || !chain->preferred || now >= chain->until_us)
		return 0;
	return chain->until_us - now;
}

/*
 * Whose turn it is: the most urgent; of these the user whose last turn is longest
 * ago, and of his requests the first. So no other user gets more than one turn
 * before somebody who waits, however many files or processes he has.
 */
static struct se05x_request *pick(struct se05x_chip *chip)
{
	const struct se05x_file *preferred = NULL;
	struct se05x_request *req, *best = NULL;
	int most = 0;

	lockdep_assert_held(&chip->lock);
	if (chip->parked || chip->dead)
		return NULL;
	if (chain_time_left(chip))
		preferred = chip->chain.file;
	list_for_each_entry(req, &chip->queue, node) {
		int now = urgency(chip, req, preferred);

		if (now < most || !now)
			continue;
		if (now == most && req->file->user->served >= best->file->user->served)
			continue;
		best = req;
		most = now;
	}
	return best;
}

static void owner_free(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	chip->busy = false;
	wake_up_all(&chip->wait);
}

/* The exchange in flight is cut while a RESET with FORCE waits, and only then. */
static void see_to_cut(struct se05x_chip *chip)
{
	struct se05x_request *req;
	bool cut = false;

	lockdep_assert_held(&chip->lock);
	list_for_each_entry(req, &chip->queue, node)
		cut |= req->type == SE05X_RESET && (req->flags & SE05X_RESET_FORCE);
	WRITE_ONCE(chip->cut, cut && chip->busy);
}

/* A file becomes a client by its first TRANSCEIVE, SELECT or LOCK. */
static void become_client(struct se05x_chip *chip, const struct se05x_request *req)
{
	lockdep_assert_held(&chip->lock);
	if (req->type == SE05X_RESET || req->type == SE05X_RANDOM || req->file->client)
		return;
	req->file->client = true;
	chip->clients++;
}

/* While a chain has preference the others wait. Serve them when that ends. */
static void watch_chain(struct se05x_chip *chip)
{
	u64 left = chain_time_left(chip);

	lockdep_assert_held(&chip->lock);
	if (left && !list_empty(&chip->queue) && !chip->dead)
		kthread_mod_delayed_work(chip->worker, &chip->chain_end,
					 usecs_to_jiffies(left) + 1);
}

/* Everything that is in the queue and may be served now, one after the other */
static void serve(struct se05x_chip *chip)
{
	struct se05x_request *req;

	for (;;) {
		spin_lock(&chip->lock);
		req = pick(chip);
		if (!req) {
			watch_chain(chip);
			spin_unlock(&chip->lock);
			break;
		}
		list_del_init(&req->node);
		chip->wait_us += ktime_to_us(ktime_get()) - req->queued_us;
		req->state = SE05X_TAKEN;
		req->file->user->served = ++chip->served;
		chip->busy = true;
		chip->current_req = req;
		become_client(chip, req);
		see_to_cut(chip);
		spin_unlock(&chip->lock);

		chip->link.hard_limit_us = hard_limit_us();
		se05x_owner_serve(chip, req);

		spin_lock(&chip->lock);
		chip->current_req = NULL;
		request_finish(chip, req);
		owner_free(chip);
		se05x_idle_start(chip);
		spin_unlock(&chip->lock);
		request_drop(req);
		chip->send_events(chip);
	}
	se05x_channel_settle(chip);
	chip->send_events(chip);
}

static void serve_work(struct kthread_work *work)
{
	serve(container_of(work, struct se05x_chip, serve));
}

static void chain_end_work(struct kthread_work *work)
{
	serve(container_of(work, struct se05x_chip, chain_end.work));
}

/**
 * se05x_worker_take_back() - take a request out of the queue again
 * @chip: the chip
 * @req: the request
 *
 * Return: false if the owner has it already.
 */
bool se05x_worker_take_back(struct se05x_chip *chip, struct se05x_request *req)
{
	bool queued;

	spin_lock(&chip->lock);
	queued = req->state == SE05X_QUEUED;
	if (queued) {
		list_del_init(&req->node);
		req->state = SE05X_IDLE;
		see_to_cut(chip);
	}
	spin_unlock(&chip->lock);
	if (queued)
		request_drop(req);
	return queued;
}

/* A chip that is given up is just tried again for one request: others don't wait. */
static bool is_in_vain(struct se05x_chip *chip, const struct se05x_request *req)
{
	lockdep_assert_held(&chip->lock);
	return chip->state == SE05X_STATE_GIVEN_UP && chip->current_req &&
	       (req->type == SE05X_TRANSCEIVE || req->type == SE05X_SELECT);
}

/**
 * se05x_worker_add() - put a request into the queue
 * @file: whose it is
 * @req: the request, filled in
 * @nonblock: only if the owner can take it at once
 *
 * Return: 0; -EAGAIN, -ENODEV; -ESTALE if the file's lock was broken; -ENOLINK.
 */
int se05x_worker_add(struct se05x_file *file, struct se05x_request *req, bool nonblock)
{
	struct se05x_chip *chip = file->chip;
	bool waits = false;
	int ret = 0;

	req->file = file;
	req->started = false;
	req->decided = false;
	req->abandoned = false;
	req->error = 0;
	req->outcome = SE05X_OUTCOME_NOT_SENT;
	req->sw = 0;
	req->reason = SE05X_REASON_NONE;
	req->protection = SE05X_PROTECTION_NONE;
	req->response_len = 0;
	req->generation = 0;
	req->queued_us = ktime_to_us(ktime_get());

	spin_lock(&chip->lock);
	list_add_tail(&req->node, &chip->queue);
	if (chip->dead)
		ret = -ENODEV;
	else if (req->type != SE05X_RESET && file->lost_lock)
		ret = -ESTALE;	/* at once, not when its turn comes */
	else if (is_in_vain(chip, req))
		ret = -ENOLINK;
	else
		waits = chip->current_req || pick(chip) != req;
	if (waits && nonblock)
		ret = -EAGAIN;
	if (ret == -ESTALE) {
		file->lost_lock = false;
		req->reason = SE05X_REASON_LOCK;
	}
	if (ret) {
		list_del_init(&req->node);
	} else {
		kref_get(&req->ref);
		kref_get(&file->ref);
		req->state = SE05X_QUEUED;
		chip->waits += waits;
		see_to_cut(chip);
		kthread_queue_work(chip->worker, &chip->serve);
	}
	spin_unlock(&chip->lock);
	return ret;
}

/* ---- timers ---- */

u32 se05x_idle_ms(struct se05x_chip *chip)
{
	u32 ms = READ_ONCE(chip->idle_ms);

	return ms == SE05X_IDLE_DEFAULT ? READ_ONCE(idle_ms) : ms;
}

/* Without a client the chip is idle from now on. */
void se05x_idle_start(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	if (!chip->clients && !chip->dead)
		kthread_mod_delayed_work(chip->worker, &chip->idle,
					 msecs_to_jiffies(se05x_idle_ms(chip)));
}

/* The chip has had no client for a while: let it save power. */
static void idle_work(struct kthread_work *work)
{
	struct se05x_chip *chip = container_of(work, struct se05x_chip, idle.work);

	spin_lock(&chip->lock);
	if (chip->clients || chip->parked || chip->dead) {
		spin_unlock(&chip->lock);
		return;
	}
	chip->busy = true;
	spin_unlock(&chip->lock);

	se05x_owner_idle(chip);
	se05x_channel_settle(chip);

	spin_lock(&chip->lock);
	owner_free(chip);
	spin_unlock(&chip->lock);
	chip->send_events(chip);
}

/* Somebody has held the lock for LOCK_WATCH. The owner may be busy, so send it here. */
static void lock_watch_work(struct work_struct *work)
{
	struct se05x_chip *chip = container_of(work, struct se05x_chip, lock_watch.work);
	bool held;

	spin_lock(&chip->lock);
	held = chip->holder && time_is_before_eq_jiffies(chip->held_since + LOCK_WATCH);
	if (held)
		se05x_event_queue(chip, SE05X_EVENT_LOCK, 0, 0);
	spin_unlock(&chip->lock);
	if (held)
		chip->send_events(chip);
}

static void quiesce_work(struct kthread_work *work)
{
	struct se05x_chip *chip = container_of(work, struct se05x_chip, quiesce);

	se05x_owner_sleep(chip);
	se05x_channel_settle(chip);
	spin_lock(&chip->lock);
	owner_free(chip);
	spin_unlock(&chip->lock);
}

/**
 * se05x_worker_disconnect() - the chip is gone: everybody who waits gets -ENODEV
 * @chip: the chip
 */
void se05x_worker_disconnect(struct se05x_chip *chip)
{
	struct se05x_request *req, *next;
	struct se05x_file *file;
	LIST_HEAD(queued);

	spin_lock(&chip->lock);
	chip->dead = true;
	WRITE_ONCE(chip->cut, false);
	list_splice_init(&chip->queue, &queued);
	list_for_each_entry(req, &queued, node) {
		req->error = -ENODEV;
		request_finish(chip, req);
	}
	list_for_each_entry(file, &chip->files, node)
		wake_up_all(&file->turn);
	wake_up_all(&chip->gone);
	wake_up_all(&chip->wait);
	spin_unlock(&chip->lock);
	list_for_each_entry_safe(req, next, &queued, node) {
		list_del_init(&req->node);
		request_drop(req);
	}
}

/* ---- the thread ---- */

/**
 * se05x_worker_init() - an empty queue, no open file
 * @chip: a new chip
 */
void se05x_worker_init(struct se05x_chip *chip)
{
	INIT_LIST_HEAD(&chip->queue);
	INIT_LIST_HEAD(&chip->files);
	INIT_LIST_HEAD(&chip->users);
	init_waitqueue_head(&chip->wait);
	init_waitqueue_head(&chip->gone);
	kthread_init_work(&chip->serve, serve_work);
	kthread_init_work(&chip->quiesce, quiesce_work);
	kthread_init_delayed_work(&chip->idle, idle_work);
	kthread_init_delayed_work(&chip->chain_end, chain_end_work);
	INIT_DELAYED_WORK(&chip->lock_watch, lock_watch_work);
	chip->idle_ms = SE05X_IDLE_DEFAULT;
	chip->link.hard_limit_us = hard_limit_us();
}

/**
 * se05x_worker_start() - make the owner's thread
 * @chip: the chip; from now on only that thread touches it
 *
 * Return: 0 or an errno.
 */
int se05x_worker_start(struct se05x_chip *chip)
{
	struct kthread_worker *worker = kthread_run_worker(0, "se05x%u", chip->index);

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	chip->worker = worker;
	return 0;
}

/* End the thread and all timers: nothing touches the chip any more. */
void se05x_worker_stop(struct se05x_chip *chip)
{
	cancel_delayed_work_sync(&chip->lock_watch);
	kthread_cancel_delayed_work_sync(&chip->idle);
	kthread_cancel_delayed_work_sync(&chip->chain_end);
	kthread_destroy_worker(chip->worker);
}

static bool owner_is_free(struct se05x_chip *chip)
{
	bool is_free;

	spin_lock(&chip->lock);
	is_free = !chip->busy;
	spin_unlock(&chip->lock);
	return is_free;
}

/*
 * Wait for the owner until @end, in jiffies. On the way to system sleep a wake-up
 * event ends the wait: it wakes nobody who waits here, so it is looked for.
 */
static bool wait_for_owner(struct se05x_chip *chip, unsigned long end, bool to_sleep)
{
	while (!wait_event_timeout(chip->wait, owner_is_free(chip), WAKEUP_LOOK))
		if (time_after_eq(jiffies, end) || (to_sleep && pm_wakeup_pending()))
			return false;
	return true;
}

/*
 * Let the exchange in flight end, ten seconds at most since the chip may be writing,
 * then end the session. Nothing else is to be started: the chip is dead or parked.
 */
static bool quiesce(struct se05x_chip *chip, bool to_sleep)
{
	unsigned long end = jiffies + QUIESCE_TIME;

	if (!wait_for_owner(chip, end, to_sleep))
		return false;
	spin_lock(&chip->lock);
	chip->busy = true;
	spin_unlock(&chip->lock);
	kthread_queue_work(chip->worker, &chip->quiesce);
	return wait_for_owner(chip, end, to_sleep);
}

/**
 * se05x_worker_quiesce() - let the exchange in flight end, then end the session
 * @chip: the chip, disconnected
 *
 * The exchange gets ten seconds: the chip may be writing. After this returns
 * nothing is sent.
 *
 * Return: false if the chip computes still.
 */
bool se05x_worker_quiesce(struct se05x_chip *chip)
{
	bool quiet = quiesce(chip, false);

	if (!quiet)
		WRITE_ONCE(chip->stop, true);
	return quiet;
}

/* Undo se05x_worker_park(). */
void se05x_worker_unpark(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	WRITE_ONCE(chip->parked, false);
	kthread_queue_work(chip->worker, &chip->serve);
	se05x_idle_start(chip);
}

/**
 * se05x_worker_park() - before system sleep: the owner starts nothing more
 * @chip: the chip
 *
 * Return: 0 once the exchange in flight and the session have ended; -EBUSY, and the
 * owner goes on, if they have not after ten seconds, or if a wake-up event came first.
 */
int se05x_worker_park(struct se05x_chip *chip)
{
	spin_lock(&chip->lock);
	WRITE_ONCE(chip->parked, true);
	spin_unlock(&chip->lock);
	if (quiesce(chip, true))
		return 0;
	spin_lock(&chip->lock);
	se05x_worker_unpark(chip);
	spin_unlock(&chip->lock);
	return -EBUSY;
}
