// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/se05x: user structs in, requests out, results back
 */
#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "se05x.h"
#include "se05x_scp.h"

#define CLA_ISO_LAST		0x1F	/* basic channels, ISO/IEC 7816-4, 5.4.1 */
#define CLA_CHANNEL		0x03
#define INS_MANAGE_CHANNEL	0x70

#define QUEUE_TIME_MS		30000	/* where a caller names no deadline */

static unsigned long end_of(u32 deadline_ms)
{
	/* with HZ 1000 on 32 bits the longest would be over already */
	return jiffies + min_t(unsigned long, msecs_to_jiffies(deadline_ms ?: QUEUE_TIME_MS),
			       MAX_JIFFY_OFFSET - 1) + 1;
}

static bool is_zero(const void *p, size_t len)
{
	return !memchr_inv(p, 0, len);
}

/*
 * Other logical channels have contexts of their own, which the owner does not
 * keep: refuse them, and the command that opens them.
 */
static bool uses_channel(const u8 *c)
{
	u8 cla = c[0];

	if (cla <= CLA_ISO_LAST || (cla & 0xE0) == 0x80)
		return (cla & CLA_CHANNEL) ||
		       (cla <= CLA_ISO_LAST && c[1] == INS_MANAGE_CHANNEL);
	return (cla >= 0x40 && cla <= 0x7F) || (cla >= 0xC0 && cla <= 0xFE);
}

/* Find a bad pointer before anything is sent. */
static int probe_user(void __user *arg, size_t size, u64 response, u32 room)
{
	size_t len = min_t(size_t, room, SE05X_T1_RESPONSE_MAX);

	if (fault_in_safe_writeable(arg, size))
		return -EFAULT;
	if (len && fault_in_safe_writeable(u64_to_user_ptr(response), len))
		return -EFAULT;
	return 0;
}

/* The open file of a call, and where its struct came from */
struct call {
	struct se05x_file *file;
	void __user *arg;
	size_t size;
	bool nonblock;
};

/* What every queued ioctl has to tell */
struct result {
	u32 outcome;
	u32 sw;
	u32 response_len;
	u32 reason;
	u32 protection;
	u64 generation;
};

/* As much of the answer as there is room for */
static int give_response(struct se05x_request *req, struct result *res, u64 to, u32 room)
{
	u32 len = min(room, req->response_len);

	if (copy_to_user(u64_to_user_ptr(to), req->response, len)) {
		res->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		return -EFAULT;
	}
	return len < req->response_len ? -EMSGSIZE : 0;
}

/* Queue file->req, wait, and take its results. */
static int perform(const struct call *call, u32 deadline_ms, unsigned long end,
		   struct result *res)
{
	struct se05x_file *file = call->file;
	int ret = se05x_submit(file, deadline_ms, end, call->nonblock);
	const struct se05x_request *req = file->req;

	if (req) {
		res->outcome = req->outcome;
		res->sw = req->sw;
		res->response_len = req->response_len;
		res->reason = req->reason;
		res->protection = req->protection;
		res->generation = req->generation;
	} else if (ret == -ETIMEDOUT) {	/* left behind with the owner */
		res->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		res->protection = file->left_protection;
	}
	return ret;
}

static int take_command(struct se05x_request *req, const struct se05x_transceive *t)
{
	req->command_len = t->command_len;	/* se05x_turn_end() wipes so much */
	if (copy_from_user(req->command, u64_to_user_ptr(t->command), t->command_len))
		return -EFAULT;
	return uses_channel(req->command) ? -EOPNOTSUPP : 0;
}

static int do_transceive(const struct call *call, const struct se05x_transceive *t,
			 struct result *res)
{
	unsigned long end = end_of(t->deadline_ms);
	struct se05x_file *file = call->file;
	struct se05x_request *req;
	int ret;

	if (se05x_is_dead(file->chip))
		return -ENODEV;
	if ((t->flags & ~SE05X_TRANSCEIVE_PROTECTED) || t->padding ||
	    !is_zero(t->reserved_in, sizeof(t->reserved_in)) || t->command_len < 4)
		return -EINVAL;
	if (t->command_len > SE05X_T1_COMMAND_MAX)
		return -E2BIG;
	ret = probe_user(call->arg, call->size, t->response, t->response_size);
	if (!ret)
		ret = se05x_turn_begin(file, end, call->nonblock);
	if (ret)
		return ret;

	req = file->req;
	req->type = SE05X_TRANSCEIVE;
	req->flags = t->flags;
	req->privileged = false;
	req->demanded = t->demanded;
	ret = take_command(req, t);
	if (!ret)
		ret = perform(call, t->deadline_ms, end, res);
	/* an administrator with the lock may open a channel of his own */
	if (ret == -EPERM && se05x_holds_lock(file) && capable(CAP_SYS_ADMIN)) {
		req->privileged = true;
		ret = perform(call, t->deadline_ms, end, res);
	}
	if (!ret)
		ret = give_response(req, res, t->response, t->response_size);
	se05x_turn_end(file);
	return ret;
}

static int ioctl_transceive(const struct call *call, struct se05x_transceive *t)
{
	struct result res = { };
	int ret = do_transceive(call, t, &res);

	t->outcome = res.outcome;
	t->response_len = res.response_len;
	t->sw = res.sw;
	t->reason = res.reason;
	t->protection = res.protection;
	t->generation = res.generation ?: se05x_generation(call->file->chip);
	memset(t->reserved_out, 0, sizeof(t->reserved_out));
	return ret;
}

static int do_select(const struct call *call, const struct se05x_select *s,
		     struct result *res)
{
	unsigned long end = end_of(s->deadline_ms);
	struct se05x_file *file = call->file;
	struct se05x_request *req;
	int ret;

	if (se05x_is_dead(file->chip))
		return -ENODEV;
	if ((s->flags & ~SE05X_SELECT_FRESH) || s->aid_len > SE05X_AID_MAX ||
	    !is_zero(s->aid + s->aid_len, SE05X_AID_MAX - s->aid_len) ||
	    !is_zero(s->reserved_in, sizeof(s->reserved_in)))
		return -EINVAL;
	ret = probe_user(call->arg, call->size, s->response, s->response_size);
	if (!ret)
		ret = se05x_turn_begin(file, end, call->nonblock);
	if (ret)
		return ret;

	req = file->req;
	req->type = SE05X_SELECT;
	req->flags = s->flags;
	req->command_len = 0;
	req->aid_len = s->aid_len;
	memcpy(req->aid, s->aid, s->aid_len);
	ret = perform(call, s->deadline_ms, end, res);
	if (!ret && s->response_size)
		ret = give_response(req, res, s->response, s->response_size);
	se05x_turn_end(file);
	return ret;
}

static int ioctl_select(const struct call *call, struct se05x_select *s)
{
	struct result res = { };
	int ret = do_select(call, s, &res);

	s->outcome = res.outcome;
	s->response_len = res.response_len;
	s->sw = res.sw;
	s->reason = res.reason;
	s->generation = res.generation ?: se05x_generation(call->file->chip);
	memset(s->reserved_out, 0, sizeof(s->reserved_out));
	return ret;
}

static int do_lock(const struct call *call, const struct se05x_lock *l,
		   struct result *res)
{
	unsigned long end = end_of(l->deadline_ms);
	struct se05x_file *file = call->file;
	int ret;

	if (se05x_is_dead(file->chip))
		return -ENODEV;
	if (l->flags || !is_zero(l->reserved_in, sizeof(l->reserved_in)))
		return -EINVAL;
	ret = probe_user(call->arg, call->size, 0, 0) ?:
	      se05x_turn_begin(file, end, call->nonblock);
	if (ret)
		return ret;
	file->req->type = SE05X_LOCK;
	file->req->command_len = 0;
	ret = perform(call, l->deadline_ms, end, res);
	se05x_turn_end(file);
	return ret;
}

static int ioctl_lock(const struct call *call, struct se05x_lock *l)
{
	struct result res = { };
	int ret = do_lock(call, l, &res);

	l->outcome = res.outcome;
	l->reason = res.reason;
	l->generation = res.generation ?: se05x_generation(call->file->chip);
	memset(l->reserved_out, 0, sizeof(l->reserved_out));
	return ret;
}

static int check_reset(struct se05x_chip *chip, const struct se05x_reset *r)
{
	if (se05x_is_dead(chip))
		return -ENODEV;
	if ((r->flags & ~SE05X_RESET_FORCE) || r->kind < SE05X_RESET_SOFT ||
	    r->kind > SE05X_RESET_POWER || !is_zero(r->reserved_in, sizeof(r->reserved_in)))
		return -EINVAL;
	if ((r->flags & SE05X_RESET_FORCE) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	return r->kind == SE05X_RESET_POWER && !chip->can_power ? -EOPNOTSUPP : 0;
}

/*
 * Ask for the privilege only where nothing else allows the RESET. If another client
 * came between and the owner refuses, ask for it then and try again.
 */
static int do_reset(const struct call *call, const struct se05x_reset *r,
		    struct result *res)
{
	bool force = r->flags & SE05X_RESET_FORCE;
	unsigned long end = end_of(r->deadline_ms);
	struct se05x_file *file = call->file;
	struct se05x_request *req;
	int ret;

	ret = check_reset(file->chip, r) ?: probe_user(call->arg, call->size, 0, 0) ?:
	      se05x_turn_begin(file, end, call->nonblock);
	if (ret)
		return ret;
	req = file->req;
	req->type = SE05X_RESET;
	req->privileged = force || (se05x_reset_disturbs(file) && capable(CAP_SYS_ADMIN));
	req->kind = r->kind;
	req->flags = r->flags;
	req->command_len = 0;
	ret = perform(call, r->deadline_ms, end, res);
	if (ret == -EPERM && !req->privileged && capable(CAP_SYS_ADMIN)) {
		req->privileged = true;
		ret = perform(call, r->deadline_ms, end, res);
	}
	se05x_turn_end(file);
	return ret;
}

static int ioctl_reset(const struct call *call, struct se05x_reset *r)
{
	struct result res = { };
	int ret = do_reset(call, r, &res);

	r->outcome = res.outcome;
	r->generation = res.generation ?: se05x_generation(call->file->chip);
	memset(r->reserved_out, 0, sizeof(r->reserved_out));
	return ret;
}

static int ioctl_unlock(const struct call *call, struct se05x_unlock *u)
{
	u64 generation = 0;
	int ret;

	if (se05x_is_dead(call->file->chip))
		ret = -ENODEV;
	else if (u->flags || !is_zero(u->reserved_in, sizeof(u->reserved_in)))
		ret = -EINVAL;
	else
		ret = probe_user(call->arg, call->size, 0, 0) ?:
		      se05x_unlock(call->file, &generation);
	u->reason = ret == -ESTALE ? SE05X_REASON_LOCK : SE05X_REASON_NONE;
	u->generation = generation ?: se05x_generation(call->file->chip);
	memset(u->reserved_out, 0, sizeof(u->reserved_out));
	return ret;
}

static int ioctl_info(const struct call *call, struct se05x_info *i)
{
	struct se05x_chip *chip = call->file->chip;
	struct se05x_atr atr;
	int ret = 0;

	if (i->flags || !is_zero(i->padding, sizeof(i->padding)) ||
	    !is_zero(i->reserved_in, sizeof(i->reserved_in)))
		ret = -EINVAL;
	spin_lock(&chip->lock);
	if (chip->dead)
		ret = -ENODEV;
	i->state = chip->state;
	i->generation = chip->generation;
	i->channel = chip->channel_state;
	i->channel_key = chip->channel_key;
	i->openings = chip->openings;
	atr = chip->atr;
	spin_unlock(&chip->lock);

	i->features = chip->can_power ? SE05X_FEATURE_POWER : 0;
	i->flavour = SE05X_FLAVOUR_UM11225;
	i->max_command = SE05X_T1_COMMAND_MAX;
	i->max_response = SE05X_T1_RESPONSE_MAX;
	i->protocol_version = atr.pver;
	i->bwt_ms = atr.bwt_ms;
	i->ifsc = atr.ifsc;
	i->mcf_khz = atr.mcf_khz;
	i->config = atr.config;
	i->mpot_ms = atr.mpot_ms;
	i->segt_us = atr.segt_us;
	i->wut_us = atr.wut_us;
	i->atr_len = atr.raw_len;
	i->overhead_command = i->channel ? SE05X_SCP_COMMAND_OVERHEAD : 0;
	i->overhead_response = i->channel ? SE05X_SCP_ANSWER_OVERHEAD : 0;
	memcpy(i->vendor, atr.vid, sizeof(i->vendor));
	memset(i->atr, 0, sizeof(i->atr));
	memcpy(i->atr, atr.raw, atr.raw_len);
	memset(i->reserved_out, 0, sizeof(i->reserved_out));
	return ret;
}

/* The same sizes on 32 and 64 bits, for ever */
static_assert(sizeof(struct se05x_info) == 392);
static_assert(sizeof(struct se05x_transceive) == 104);
static_assert(sizeof(struct se05x_select) == 96);
static_assert(sizeof(struct se05x_lock) == 56);
static_assert(sizeof(struct se05x_unlock) == 48);
static_assert(sizeof(struct se05x_reset) == 56);

/*
 * Numbers and access are checked before the struct is read. From then on it goes
 * back to the caller whatever happens, with all its [out] fields.
 */
static long se05x_ioctl(struct file *filp, unsigned int cmd, unsigned long ul)
{
	struct call call = {
		.file = filp->private_data,
		.arg = (void __user *)ul,
		.size = _IOC_SIZE(cmd),
		.nonblock = filp->f_flags & O_NONBLOCK,
	};
	union {
		struct se05x_info info;
		struct se05x_transceive transceive;
		struct se05x_select select;
		struct se05x_lock lock;
		struct se05x_unlock unlock;
		struct se05x_reset reset;
	} s;
	int ret;

	switch (cmd) {
	case SE05X_IOC_INFO:
		break;
	case SE05X_IOC_TRANSCEIVE:
	case SE05X_IOC_SELECT:
	case SE05X_IOC_LOCK:
	case SE05X_IOC_UNLOCK:
	case SE05X_IOC_RESET:
		if (!(filp->f_mode & FMODE_WRITE))
			return -EBADF;
		break;
	default:
		return -ENOTTY;
	}
	if (copy_from_user(&s, call.arg, call.size))
		return -EFAULT;
	switch (cmd) {
	case SE05X_IOC_INFO:
		ret = ioctl_info(&call, &s.info);
		break;
	case SE05X_IOC_TRANSCEIVE:
		ret = ioctl_transceive(&call, &s.transceive);
		break;
	case SE05X_IOC_SELECT:
		ret = ioctl_select(&call, &s.select);
		break;
	case SE05X_IOC_LOCK:
		ret = ioctl_lock(&call, &s.lock);
		break;
	case SE05X_IOC_UNLOCK:
		ret = ioctl_unlock(&call, &s.unlock);
		break;
	default:
		ret = ioctl_reset(&call, &s.reset);
		break;
	}
	return copy_to_user(call.arg, &s, call.size) ? -EFAULT : ret;
}

static __poll_t se05x_poll(struct file *filp, poll_table *wait)
{
	struct se05x_file *file = filp->private_data;

	poll_wait(filp, &file->chip->gone, wait);
	return se05x_is_dead(file->chip) ? EPOLLHUP | EPOLLERR : 0;
}

static int se05x_open(struct inode *inode, struct file *filp)
{
	struct se05x_chip *chip = container_of(inode->i_cdev, struct se05x_chip, cdev);
	struct se05x_file *file = se05x_file_open(chip);

	if (IS_ERR(file))
		return PTR_ERR(file);
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

static int se05x_release(struct inode *inode, struct file *filp)
{
	se05x_file_close(filp->private_data);
	return 0;
}

const struct file_operations se05x_fops = {
	.owner = THIS_MODULE,
	.open = se05x_open,
	.release = se05x_release,
	.unlocked_ioctl = se05x_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = se05x_poll,
};
