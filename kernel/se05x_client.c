// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files: the turns of their calls, and waiting for the owner
 */
#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "se05x.h"

#define USER_MEMORY_US	USEC_PER_SEC	/* a user has preference once in that time */

static atomic64_t file_ids;

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
 * A caller who waits must not delay a suspend, so it may be frozen. Not so a reader
 * of hw_random: it holds locks of hw_random that others need to resume. It waits
 * for a second at most.
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
			WRITE_ONCE(file->busy, true);
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
	/* the owner still has the last one */
	if (!file->req)
		file->req = se05x_request_alloc();
	if (!file->req) {
		se05x_turn_end(file);
		return -ENOMEM;
	}
	return 0;
}

/* The caller has taken its results: wipe the APDUs, let the next call begin. */
void se05x_turn_end(struct se05x_file *file)
{
	struct se05x_request *req = file->req;

	if (req) {
		memzero_explicit(req->command, req->command_len);
		memzero_explicit(req->response, sizeof(req->response));
	}
	spin_lock(&file->chip->lock);
	WRITE_ONCE(file->busy, false);
	wake_up(&file->turn);
	spin_unlock(&file->chip->lock);
}

/*
 * The caller waits no longer: leave the request with the owner.
 *
 * Return: true, and @ret is what the caller gets; false if it is done by now.
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
		file->left_protection = req->protection;
	}
	spin_unlock(&chip->lock);
	return left;
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

	err = se05x_worker_add(file, req, nonblock);
	if (err)
		return err;

	/* The owner wakes us once, when it is done, and not when it begins. */
	ret = wait_until(req->wait, READ_ONCE(req->state) == SE05X_DONE,
			 TASK_INTERRUPTIBLE | freezable(req), end);
	if (ret <= 0 && se05x_worker_take_back(chip, req))
		return ret ? -EINTR : -EBUSY;

	if (!deadline_ms)
		end = jiffies + MAX_JIFFY_OFFSET;
	ret = wait_until(req->wait, READ_ONCE(req->state) == SE05X_DONE,
			 TASK_KILLABLE | freezable(req), end);
	if (ret <= 0 && leave_behind(file, req, &err)) {
		file->req = NULL;
		se05x_request_put(req);
		return err;
	}
	/* decided just now: done soon, since the chip is not needed any more */
	wait_event(req->wait, READ_ONCE(req->state) == SE05X_DONE);
	spin_lock(&chip->lock);	/* pairs with request_finish(): see all results */
	req->state = SE05X_IDLE;
	spin_unlock(&chip->lock);
	return req->error;
}

/**
 * se05x_reset_disturbs() - may only an administrator reset the chip?
 * @file: who asks
 *
 * The owner decides at the request's turn: this only tells beforehand whether a
 * privilege will have to be shown. It is also what ends the wait of a chip that
 * rejected the keys of its channel.
 */
bool se05x_reset_disturbs(struct se05x_file *file)
{
	struct se05x_chip *chip = file->chip;
	bool others;

	spin_lock(&chip->lock);
	others = chip->clients > file->client && chip->state != SE05X_STATE_GIVEN_UP;
	others |= chip->channel_state == SE05X_CHANNEL_REJECTED;
	spin_unlock(&chip->lock);
	return others;
}

bool se05x_holds_lock(struct se05x_file *file)
{
	struct se05x_chip *chip = file->chip;
	bool holds;

	spin_lock(&chip->lock);
	holds = chip->holder == file;
	spin_unlock(&chip->lock);
	return holds;
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

/* ---- open files ---- */

/*
 * The file belongs to the user of that uid: one that is known already, or @user. A
 * user without files is known for another USER_MEMORY_US, or closing and opening
 * again would give him a turn, and preference, before all others.
 */
static void join_user(struct se05x_file *file, struct se05x_user *user)
{
	struct se05x_chip *chip = file->chip;
	u64 now = ktime_to_us(ktime_get());
	struct se05x_user *known, *next;

	spin_lock(&chip->lock);
	list_for_each_entry_safe(known, next, &chip->users, node) {
		if (uid_eq(known->uid, user->uid)) {
			file->user = known;
		} else if (!known->files && now - known->seen_us >= USER_MEMORY_US) {
			list_del(&known->node);
			kfree(known);
		}
	}
	if (!file->user) {
		user->served = chip->served;
		list_add(&user->node, &chip->users);
		file->user = user;
	}
	file->user->files++;
	file->user->seen_us = now;
	spin_unlock(&chip->lock);
	if (file->user != user)
		kfree(user);
}

/* A file that is not among the open ones, for hwrng */
struct se05x_file *se05x_file_alloc(struct se05x_chip *chip, kuid_t uid)
{
	struct se05x_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	struct se05x_user *user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);

	if (!file || !user)
		goto free;
	file->req = se05x_request_alloc();
	if (!file->req)
		goto free;
	kref_init(&file->ref);
	init_waitqueue_head(&file->turn);
	file->id = atomic64_inc_return(&file_ids);
	file->chip = chip;
	INIT_LIST_HEAD(&file->node);
	get_device(&chip->dev);
	user->uid = uid;
	join_user(file, user);
	return file;

free:
	kfree(user);
	kfree(file);
	return NULL;
}

/* For a file without a call under way; the owner may still have a request of it. */
void se05x_file_free(struct se05x_file *file)
{
	if (file->req)
		se05x_request_put(file->req);
	se05x_file_put(file);
}

/*
 * The user who opens. A user namespace counts as one user: the one outside who made
 * it or its outermost parent. Inside, a process could take a new uid for each file.
 */
static kuid_t opener(void)
{
	const struct user_namespace *ns = current_user_ns();
	kuid_t uid = current_uid();

	for (; ns != &init_user_ns; ns = ns->parent)
		uid = ns->owner;
	return uid;
}

struct se05x_file *se05x_file_open(struct se05x_chip *chip)
{
	struct se05x_file *file = se05x_file_alloc(chip, opener());
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

/* The last close of an open file; no call of it is under way. */
void se05x_file_close(struct se05x_file *file)
{
	struct se05x_chip *chip = file->chip;

	spin_lock(&chip->lock);
	file->closed = true;
	list_del(&file->node);
	if (chip->holder == file)
		chip->holder = NULL;
	if (chip->chain.file == file)
		se05x_break_chain(chip);
	chip->clients -= file->client;
	if (!chip->dead) {
		kthread_queue_work(chip->worker, &chip->serve);
		/* its channel ends with it, and every context with the last client */
		if (chip->context.channel == file->id || (file->client && !chip->clients))
			se05x_forget_context(chip);
		if (file->client)
			se05x_idle_start(chip);
	}
	spin_unlock(&chip->lock);
	se05x_file_free(file);
}
