// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: requests, whose turn it is, and those who wait
 *
 * What the owner does with a request is in se05x_owner.c.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "se05x.h"

static atomic64_t file_ids;

/* ---- requests ---- */

static struct se05x_request *request_alloc(void)
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

static void file_release(struct kref *ref)
{
	struct se05x_file *file = container_of(ref, struct se05x_file, ref);

	put_device(&file->chip->dev);
	kfree(file);
}

/* The request leaves the queue's or the owner's hands. */
static void request_drop(struct se05x_request *req)
{
	struct se05x_file *file = req->file;

	kref_put(&req->ref, request_release);
	kref_put(&file->ref, file_release);
}

static void request_finish(struct se05x_chip *chip, struct se05x_request *req)
{
	lockdep_assert_held(&chip->lock);
	req->generation = chip->generation;
	req->state = SE05X_DONE;
	wake_up(&req->wait);
}

/*
 * A reset by the administrator, or of a chip that is given up, goes before queue
 * and lock; with FORCE before those, for whose sake nothing may be cut. Then the
 * holder of the lock, or the first.
 */
static int urgency(const struct se05x_chip *chip, const struct se05x_request *req)
{
	if (req->type == SE05X_RESET && (req->flags & SE05X_RESET_FORCE))
		return 3;
	if (req->type == SE05X_RESET &&
	    (req->privileged || chip->state == SE05X_STATE_GIVEN_UP))
		return 2;
	return !chip->holder || chip->holder == req->file;
}

/* Whose turn it is */
static struct se05x_request *pick(struct se05x_chip *chip)
{
	struct se05x_request *req, *best = NULL;
	int most = 0;

	lockdep_assert_held(&chip->lock);
	if (chip->parked || chip->dead)
		return NULL;
	list_for_each_entry(req, &chip->queue, node)
		if (urgency(chip, req) > most) {
			best = req;
			most = urgency(chip, req);
		}
	return best;
}

void se05x_owner_free(struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	chip->busy = false;
	wake_up_all(&chip->wait);
}

/* Somebody who waits may cut what is in flight; nobody else. */
static void see_to_cut(struct se05x_chip *chip)
{
	struct se05x_request *req;
	bool cut = false;

	lockdep_assert_held(&chip->lock);
	list_for_each_entry(req, &chip->queue, node)
		cut |= req->type == SE05X_RESET && (req->flags & SE05X_RESET_FORCE);
	WRITE_ONCE(chip->cut, cut && chip->busy);
}

/* The owner's work: everything that is in the queue, one after the other. */
static void serve_work(struct kthread_work *work)
{
	struct se05x_chip *chip = container_of(work, struct se05x_chip, serve);
	struct se05x_request *req;

	for (;;) {
		spin_lock(&chip->lock);
		req = pick(chip);
		if (!req) {
			spin_unlock(&chip->lock);
			break;
		}
		list_del_init(&req->node);
		chip->wait_us += ktime_to_us(ktime_get()) - req->queued_us;
		req->state = SE05X_TAKEN;
		chip->busy = true;
		chip->current_req = req;
		see_to_cut(chip);
		spin_unlock(&chip->lock);

		chip->link.hard_limit_us = se05x_hard_limit_us();
		se05x_owner_serve(chip, req);

		spin_lock(&chip->lock);
		chip->current_req = NULL;
		request_finish(chip, req);
		se05x_owner_free(chip);
		se05x_idle_start(chip);	/* where nobody waits for it any more */
		spin_unlock(&chip->lock);
		request_drop(req);
		se05x_event_send(chip);
	}
	se05x_event_send(chip);
}

/* ---- those who wait ---- */

static long left_until(unsigned long end)
{
	return time_after(end, jiffies) ? (long)(end - jiffies) : 0;
}

/*
 * Wait for @cond in @state_ until jiffies reach @end: 1, 0 when the time is up,
 * -ERESTARTSYS by a signal.
 */
#define wait_until(wq, cond, state_, end) \
	___wait_event(wq, ___wait_cond_timeout(cond), (state_), 0, \
		      left_until(end), __ret = schedule_timeout(__ret))

/*
 * No caller of ours may spoil a suspend. But whoever reads from hw_random holds
 * its locks, which others want in their resume; it waits for a second at most.
 */
static unsigned int freezable(const struct se05x_request *req)
{
	return req->type == SE05X_RANDOM ? 0 : TASK_FREEZABLE;
}

/**
 * se05x_turn_begin() - the calls of one open file come one after the other
 * @file: the open file
 * @end: when the caller's time is up, in jiffies
 * @nonblock: don't wait
 *
 * Return: 0, file->req is the caller's now; -EAGAIN, -EBUSY, -EINTR, -ENODEV,
 * -ENOMEM.
 */
int se05x_turn_begin(struct se05x_file *file, unsigned long end, bool nonblock)
{
	struct se05x_chip *chip = file->chip;
	bool mine, dead;
	long ret;

	for (;;) {
		spin_lock(&chip->lock);
		dead = chip->dead;
		mine = !dead && !file->busy;
		if (mine)
			file->busy = true;
		spin_unlock(&chip->lock);
		if (dead)
			return -ENODEV;
		if (mine)
			break;
		if (nonblock)
			return -EAGAIN;
		ret = wait_until(file->turn,
				 !READ_ONCE(file->busy) || READ_ONCE(chip->dead),
				 TASK_INTERRUPTIBLE | TASK_FREEZABLE, end);
		if (ret <= 0)
			return ret ? -EINTR : -EBUSY;
	}
	/* the last one was left behind with the owner */
	if (!file->req)
		file->req = request_alloc();
	if (!file->req) {
		se05x_turn_end(file);
		return -ENOMEM;
	}
	return 0;
}

/* The caller has taken what it wanted; no APDU stays in the buffers. */
void se05x_turn_end(struct se05x_file *file)
{
	struct se05x_request *req = file->req;

	if (req) {
		memzero_explicit(req->command, req->command_len);
		memzero_explicit(req->response, sizeof(req->response));
	}
	spin_lock(&file->chip->lock);
	file->busy = false;
	wake_up(&file->turn);
	spin_unlock(&file->chip->lock);
}

/* Out of the queue again. False: the owner has it already. */
static bool take_back(struct se05x_chip *chip, struct se05x_request *req)
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

/*
 * Leave the request with the owner, unless it is done by now. True: left; what
 * to tell is in @ret.
 */
static bool leave_behind(struct se05x_file *file, struct se05x_request *req, int *ret)
{
	struct se05x_chip *chip = file->chip;
	bool left;

	spin_lock(&chip->lock);
	left = req->state != SE05X_DONE && !req->decided;
	if (left) {
		req->abandoned = true;
		*ret = req->started ? -ETIMEDOUT : -EBUSY;
	}
	spin_unlock(&chip->lock);
	return left;
}

static int enqueue(struct se05x_file *file, struct se05x_request *req, bool nonblock)
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
	req->response_len = 0;
	req->generation = 0;
	req->queued_us = ktime_to_us(ktime_get());

	spin_lock(&chip->lock);
	list_add_tail(&req->node, &chip->queue);
	if (chip->dead)
		ret = -ENODEV;
	else if (req->type != SE05X_RESET && file->lost_lock)
		ret = -ESTALE;	/* told now, not when its turn comes */
	else
		waits = chip->current_req || pick(chip) != req;
	if (waits && nonblock)
		ret = -EAGAIN;
	if (ret) {
		list_del_init(&req->node);
		file->lost_lock &= ret != -ESTALE;
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

/**
 * se05x_submit() - have the owner serve file->req, and wait for it
 * @file: the open file; the caller has its turn
 * @deadline_ms: as the caller gave it; 0: only @end bounds the queue, and
 *	nothing the exchange
 * @end: the deadline in jiffies
 * @nonblock: don't wait for others
 *
 * While it is queued a signal takes it back. Once the owner has it only a fatal
 * signal or the deadline ends the wait, and the request is left behind:
 * file->req is NULL then.
 *
 * Return: the request's error; with it left behind -ETIMEDOUT if the command
 * may have run and -EBUSY if it has not and never will.
 */
int se05x_submit(struct se05x_file *file, u32 deadline_ms, unsigned long end,
		 bool nonblock)
{
	struct se05x_chip *chip = file->chip;
	struct se05x_request *req = file->req;
	long ret;
	int err;

	err = enqueue(file, req, nonblock);
	if (err)
		return err;

	/* mostly all there is to it: the owner does not wake us when it begins */
	ret = wait_until(req->wait, READ_ONCE(req->state) == SE05X_DONE,
			 TASK_INTERRUPTIBLE | freezable(req), end);
	if (ret <= 0 && take_back(chip, req))
		return ret ? -EINTR : -EBUSY;

	if (!deadline_ms)
		end = jiffies + MAX_JIFFY_OFFSET;
	ret = wait_until(req->wait, READ_ONCE(req->state) == SE05X_DONE,
			 TASK_KILLABLE | freezable(req), end);
	if (ret <= 0 && leave_behind(file, req, &err)) {
		file->req = NULL;
		kref_put(&req->ref, request_release);
		return err;
	}
	/* decided in that moment: it is done without the chip */
	wait_event(req->wait, READ_ONCE(req->state) == SE05X_DONE);
	spin_lock(&chip->lock);	/* the owner wrote before it said so under this */
	req->state = SE05X_IDLE;
	spin_unlock(&chip->lock);
	return req->error;
}

/**
 * se05x_unlock() - let the others go on
 * @file: who holds the lock
 * @generation: what it is now
 *
 * Return: 0; -EPERM if it does not; -ESTALE, once, if it was broken; -ENODEV.
 */
int se05x_unlock(struct se05x_file *file, u64 *generation)
{
	struct se05x_chip *chip = file->chip;
	int ret = 0;

	spin_lock(&chip->lock);
	if (chip->dead) {
		ret = -ENODEV;
	} else if (file->lost_lock) {
		file->lost_lock = false;
		ret = -ESTALE;
	} else if (chip->holder != file) {
		ret = -EPERM;
	} else {
		chip->holder = NULL;
		kthread_queue_work(chip->worker, &chip->serve);
	}
	*generation = chip->generation;
	spin_unlock(&chip->lock);
	return ret;
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

/* ---- open files ---- */

/* A client that does not count as one: nobody has the chip open by it. */
struct se05x_file *se05x_file_alloc(struct se05x_chip *chip)
{
	struct se05x_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return NULL;
	file->req = request_alloc();
	if (!file->req) {
		kfree(file);
		return NULL;
	}
	kref_init(&file->ref);
	init_waitqueue_head(&file->turn);
	file->id = atomic64_inc_return(&file_ids);
	file->chip = chip;
	INIT_LIST_HEAD(&file->node);
	get_device(&chip->dev);
	return file;
}

/* No call of it is under way any more; the owner may still have its request. */
void se05x_file_free(struct se05x_file *file)
{
	if (file->req)
		kref_put(&file->req->ref, request_release);
	kref_put(&file->ref, file_release);
}

struct se05x_file *se05x_file_open(struct se05x_chip *chip)
{
	struct se05x_file *file = se05x_file_alloc(chip);
	int ret = 0;

	if (!file)
		return ERR_PTR(-ENOMEM);
	spin_lock(&chip->lock);
	if (chip->dead)
		ret = -ENODEV;
	else
		list_add_tail(&file->node, &chip->files);
	spin_unlock(&chip->lock);
	if (ret) {
		se05x_file_free(file);
		return ERR_PTR(ret);
	}
	return file;
}

/* The last close of an open file: no call of it is under way any more. */
void se05x_file_close(struct se05x_file *file)
{
	struct se05x_chip *chip = file->chip;

	spin_lock(&chip->lock);
	file->closed = true;
	list_del(&file->node);
	if (chip->holder == file)
		chip->holder = NULL;
	if (chip->midway == file->id)
		chip->midway = 0;
	if (!chip->dead) {
		kthread_queue_work(chip->worker, &chip->serve);
		/* nobody inherits a channel, or from the last one anything */
		if (chip->context.channel == file->id || list_empty(&chip->files))
			se05x_forget_context(chip);
		se05x_idle_start(chip);
	}
	spin_unlock(&chip->lock);
	se05x_file_free(file);
}

/**
 * se05x_worker_disconnect() - the chip is gone for the programs: whoever waits is told so
 * @chip: the chip
 */
void se05x_worker_disconnect(struct se05x_chip *chip)
{
	struct se05x_request *req, *next;
	struct se05x_file *file;
	LIST_HEAD(queued);

	spin_lock(&chip->lock);
	chip->dead = true;
	chip->cut = false;
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

/**
 * se05x_worker_init() - an empty queue, nobody has the chip open
 * @chip: a new chip
 */
void se05x_worker_init(struct se05x_chip *chip)
{
	spin_lock_init(&chip->lock);
	INIT_LIST_HEAD(&chip->queue);
	INIT_LIST_HEAD(&chip->files);
	init_waitqueue_head(&chip->wait);
	init_waitqueue_head(&chip->gone);
	kthread_init_work(&chip->serve, serve_work);
}
