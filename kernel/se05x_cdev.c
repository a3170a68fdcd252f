// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/se05x: user structs in, requests out, results back
 */
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

/* What is found here has not cost anything yet. */
static int probe_user(void __user *arg, size_t size, u64 response, u32 room)
{
	size_t len = min_t(size_t, room, SE05X_T1_RESPONSE_MAX);

	if (fault_in_safe_writeable(arg, size))
		return -EFAULT;
	if (len && fault_in_safe_writeable(u64_to_user_ptr(response), len))
		return -EFAULT;
	return 0;
}

/* What every queued ioctl has to tell */
struct result {
	int error;
	u32 outcome;
	u32 sw;
	u32 response_len;
	u64 generation;
};

static void give_response(struct se05x_request *req, struct result *res, u64 to, u32 room)
{
	u32 len = min(room, req->response_len);

	if (copy_to_user(u64_to_user_ptr(to), req->response, len)) {
		res->error = -EFAULT;
		res->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
	} else if (len < req->response_len) {
		res->error = -EMSGSIZE;
	}
}

/* Queue file->req, wait, and take its results. */
static void perform(struct se05x_file *file, u32 deadline_ms, unsigned long end,
		    bool nonblock, struct result *res)
{
	const struct se05x_request *req;

	res->error = se05x_submit(file, deadline_ms, end, nonblock);
	req = file->req;
	if (req) {
		res->outcome = req->outcome;
		res->sw = req->sw;
		res->response_len = req->response_len;
		res->generation = req->generation;
	} else {	/* left behind with the owner */
		res->outcome = res->error == -ETIMEDOUT ? SE05X_OUTCOME_MAY_HAVE_RUN :
							  SE05X_OUTCOME_NOT_SENT;
	}
	if (!res->generation)
		res->generation = se05x_generation(file->chip);
}

/* Results into the caller's struct; a failed copy is the last word. */
static int give_back(void __user *arg, void *s, size_t size, __u32 *outcome,
		     __u64 *generation, const struct result *res)
{
	*outcome = res->outcome;
	if (res->generation)
		*generation = res->generation;
	return copy_to_user(arg, s, size) ? -EFAULT : res->error;
}

static int take_command(struct se05x_request *req, const struct se05x_transceive *t)
{
	req->command_len = t->command_len;	/* what is to be wiped */
	if (copy_from_user(req->command, u64_to_user_ptr(t->command), t->command_len))
		return -EFAULT;
	return uses_channel(req->command) ? -EOPNOTSUPP : 0;
}

static int do_transceive(struct se05x_file *file, struct se05x_transceive *t,
			 void __user *arg, bool nonblock, struct result *res)
{
	unsigned long end = end_of(t->deadline_ms);
	struct se05x_request *req;
	int ret;

	if (t->flags || t->padding || !is_zero(t->reserved, sizeof(t->reserved)) ||
	    t->command_len < 4)
		return -EINVAL;
	if (t->command_len > SE05X_T1_COMMAND_MAX)
		return -E2BIG;
	ret = probe_user(arg, sizeof(*t), t->response, t->response_size);
	if (!ret)
		ret = se05x_turn_begin(file, end, nonblock);
	if (ret)
		return ret;

	req = file->req;
	req->type = SE05X_TRANSCEIVE;
	req->flags = 0;
	req->demanded = t->generation;
	res->error = take_command(req, t);
	if (!res->error)
		perform(file, t->deadline_ms, end, nonblock, res);
	if (!res->error)
		give_response(req, res, t->response, t->response_size);
	se05x_turn_end(file);
	return res->error;
}

static int ioctl_transceive(struct se05x_file *file, void __user *arg, bool nonblock)
{
	struct se05x_transceive t;
	struct result res = { };

	if (copy_from_user(&t, arg, sizeof(t)))
		return -EFAULT;
	res.error = do_transceive(file, &t, arg, nonblock, &res);
	t.sw = res.sw;
	t.response_len = res.response_len;
	return give_back(arg, &t, sizeof(t), &t.outcome, &t.generation, &res);
}

static int do_select(struct se05x_file *file, struct se05x_select *s,
		     void __user *arg, bool nonblock, struct result *res)
{
	unsigned long end = end_of(s->deadline_ms);
	struct se05x_request *req;
	int ret;

	if ((s->flags & ~SE05X_SELECT_FRESH) || s->padding || s->aid_len > SE05X_AID_MAX ||
	    !is_zero(s->reserved, sizeof(s->reserved)))
		return -EINVAL;
	ret = probe_user(arg, sizeof(*s), s->response, s->response_size);
	if (!ret)
		ret = se05x_turn_begin(file, end, nonblock);
	if (ret)
		return ret;

	req = file->req;
	req->type = SE05X_SELECT;
	req->flags = s->flags;
	req->command_len = 0;
	req->aid_len = s->aid_len;
	memcpy(req->aid, s->aid, s->aid_len);
	perform(file, s->deadline_ms, end, nonblock, res);
	if (!res->error)
		give_response(req, res, s->response, s->response_size);
	se05x_turn_end(file);
	return res->error;
}

static int ioctl_select(struct se05x_file *file, void __user *arg, bool nonblock)
{
	struct se05x_select s;
	struct result res = { };

	if (copy_from_user(&s, arg, sizeof(s)))
		return -EFAULT;
	res.error = do_select(file, &s, arg, nonblock, &res);
	s.sw = res.sw;
	s.response_len = res.response_len;
	return give_back(arg, &s, sizeof(s), &s.outcome, &s.generation, &res);
}

/* LOCK and RESET: no command, no answer */
static int do_plain(struct se05x_file *file, enum se05x_request_type type, u32 kind,
		    u32 flags, u32 deadline_ms, bool nonblock, struct result *res)
{
	unsigned long end = end_of(deadline_ms);
	int ret = se05x_turn_begin(file, end, nonblock);

	if (ret)
		return ret;
	file->req->type = type;
	file->req->privileged = type == SE05X_RESET && capable(CAP_SYS_ADMIN);
	file->req->kind = kind;
	file->req->flags = flags;
	file->req->command_len = 0;
	perform(file, deadline_ms, end, nonblock, res);
	se05x_turn_end(file);
	return res->error;
}

static int ioctl_lock(struct se05x_file *file, void __user *arg, bool nonblock)
{
	struct se05x_lock l;
	struct result res = { };

	if (copy_from_user(&l, arg, sizeof(l)))
		return -EFAULT;
	if (l.flags || l.padding || !is_zero(l.reserved, sizeof(l.reserved)))
		res.error = -EINVAL;
	else
		res.error = probe_user(arg, sizeof(l), 0, 0);
	if (!res.error)
		res.error = do_plain(file, SE05X_LOCK, 0, 0, l.deadline_ms, nonblock, &res);
	return give_back(arg, &l, sizeof(l), &l.outcome, &l.generation, &res);
}

static int ioctl_reset(struct se05x_file *file, void __user *arg, bool nonblock)
{
	struct se05x_reset r;
	struct result res = { };

	if (copy_from_user(&r, arg, sizeof(r)))
		return -EFAULT;
	if ((r.flags & ~SE05X_RESET_FORCE) || r.kind < SE05X_RESET_SOFT ||
	    r.kind > SE05X_RESET_POWER || !is_zero(r.reserved, sizeof(r.reserved)))
		res.error = -EINVAL;
	else if ((r.flags & SE05X_RESET_FORCE) && !capable(CAP_SYS_ADMIN))
		res.error = -EPERM;
	else if (r.kind == SE05X_RESET_POWER && !file->chip->can_power)
		res.error = -EOPNOTSUPP;
	else
		res.error = probe_user(arg, sizeof(r), 0, 0);
	if (!res.error)
		res.error = do_plain(file, SE05X_RESET, r.kind, r.flags, r.deadline_ms,
				     nonblock, &res);
	return give_back(arg, &r, sizeof(r), &r.outcome, &r.generation, &res);
}

static int ioctl_unlock(struct se05x_file *file, void __user *arg)
{
	struct se05x_unlock u;
	u64 generation;
	int ret;

	if (copy_from_user(&u, arg, sizeof(u)))
		return -EFAULT;
	if (u.flags || u.padding || !is_zero(u.reserved, sizeof(u.reserved)))
		return -EINVAL;
	if (probe_user(arg, sizeof(u), 0, 0))
		return -EFAULT;
	ret = se05x_unlock(file, &generation);
	u.generation = generation;
	return copy_to_user(arg, &u, sizeof(u)) ? -EFAULT : ret;
}

static int ioctl_info(struct se05x_file *file, void __user *arg)
{
	struct se05x_chip *chip = file->chip;
	struct se05x_info i;
	struct se05x_atr atr;
	u32 state;
	u64 generation;

	if (copy_from_user(&i, arg, sizeof(i)))
		return -EFAULT;
	if (i.flags || !is_zero(i.padding, sizeof(i.padding)) ||
	    !is_zero(i.reserved, sizeof(i.reserved)))
		return -EINVAL;
	spin_lock(&chip->lock);
	state = chip->state;
	generation = chip->generation;
	atr = chip->atr;
	spin_unlock(&chip->lock);

	memset(&i, 0, sizeof(i));
	i.state = state;
	i.generation = generation;
	i.features = chip->can_power ? SE05X_FEATURE_POWER : 0;
	i.flavour = SE05X_FLAVOUR_UM11225;
	i.max_command = SE05X_T1_COMMAND_MAX;
	i.max_response = SE05X_T1_RESPONSE_MAX;
	i.protocol_version = atr.pver;
	i.bwt_ms = atr.bwt_ms;
	i.ifsc = atr.ifsc;
	i.mcf_khz = atr.mcf_khz;
	i.config = atr.config;
	i.mpot_ms = atr.mpot_ms;
	i.segt_us = atr.segt_us;
	i.wut_us = atr.wut_us;
	i.atr_len = atr.raw_len;
	memcpy(i.vendor, atr.vid, sizeof(i.vendor));
	memcpy(i.atr, atr.raw, atr.raw_len);
	return copy_to_user(arg, &i, sizeof(i)) ? -EFAULT : 0;
}

static long se05x_ioctl(struct file *filp, unsigned int cmd, unsigned long ul)
{
	struct se05x_file *file = filp->private_data;
	void __user *arg = (void __user *)ul;
	bool nonblock = filp->f_flags & O_NONBLOCK;

	if (se05x_is_dead(file->chip))
		return -ENODEV;
	switch (cmd) {
	case SE05X_IOC_INFO:
		return ioctl_info(file, arg);
	case SE05X_IOC_TRANSCEIVE:
	case SE05X_IOC_SELECT:
	case SE05X_IOC_LOCK:
	case SE05X_IOC_UNLOCK:
	case SE05X_IOC_RESET:
		break;
	default:
		return -ENOTTY;
	}
	if (!(filp->f_mode & FMODE_WRITE))
		return -EBADF;
	switch (cmd) {
	case SE05X_IOC_TRANSCEIVE:
		return ioctl_transceive(file, arg, nonblock);
	case SE05X_IOC_SELECT:
		return ioctl_select(file, arg, nonblock);
	case SE05X_IOC_LOCK:
		return ioctl_lock(file, arg, nonblock);
	case SE05X_IOC_UNLOCK:
		return ioctl_unlock(file, arg);
	default:
		return ioctl_reset(file, arg, nonblock);
	}
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
