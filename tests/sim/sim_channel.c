// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-sim: /dev/se05x-sim, where a program plays the chip's applets
 *
 * The program read()s C-APDUs and resets and write()s R-APDUs. While it does
 * not answer, the chip computes. Without a program each APDU is answered 6F00, or
 * after compute_us like a GetVersion.
 */

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "sim.h"

static struct sim *sim_channel_sim;

static void sim_channel_refuse(struct sim *sim, u64 now)
{
	static const u8 sw_no_diagnosis[] = { 0x6f, 0x00 };

	card_answer(&sim->card, sw_no_diagnosis, sizeof(sw_no_diagnosis), now);
}

/* A chip that only takes its time: for measurements */
static void sim_channel_compute(struct sim *sim, u32 us, u64 now)
{
	static const u8 version[] = {
		0x03, 0x01, 0x01, 0x6f, 0xff, 0x01, 0x0b, 0x00, 0x00, 0x00, 0x00, 0x90, 0x00,
	};

	card_answer(&sim->card, version, sizeof(version),
		    now + us - us / 20 + get_random_u32() % (us / 10 + 1));
}

static void sim_channel_apdu(void *ctx, struct card *card, const u8 *apdu,
			     size_t len, u64 now)
{
	struct sim *sim = ctx;
	struct sim_channel *ch = &sim->channel;

	lockdep_assert_held(&sim->lock);

	sim->runs++;
	if (!ch->open && sim_compute_us >= 0) {
		sim_channel_compute(sim, sim_compute_us, now);
		return;
	}
	if (!ch->open || len > sizeof(ch->apdu)) {
		sim_channel_refuse(sim, now);
		return;
	}
	memcpy(ch->apdu, apdu, len);
	ch->len = len;
	ch->id++;
	ch->since = now;
	ch->unread = true;
	ch->running = true;
	wake_up_interruptible(&ch->wait);
}

static void sim_channel_reset(void *ctx, struct card *card)
{
	struct sim *sim = ctx;
	struct sim_channel *ch = &sim->channel;

	lockdep_assert_held(&sim->lock);

	ch->unread = false;
	ch->running = false;
	ch->sleep = false;
	ch->reset = true;
	wake_up_interruptible(&ch->wait);
}

static void sim_channel_sleep(void *ctx, struct card *card)
{
	struct sim *sim = ctx;

	lockdep_assert_held(&sim->lock);

	sim->channel.sleep = true;
	wake_up_interruptible(&sim->channel.wait);
}

const struct card_ops sim_card_ops = {
	.apdu = sim_channel_apdu,
	.reset = sim_channel_reset,
	.sleep = sim_channel_sleep,
};

static int sim_channel_open(struct inode *inode, struct file *file)
{
	struct sim *sim = sim_channel_sim;
	int ret = 0;

	mutex_lock(&sim->lock);
	if (sim->channel.open) {
		ret = -EBUSY;
	} else {
		sim->channel.open = true;
		sim->channel.reset = false;
		sim->channel.sleep = false;
	}
	mutex_unlock(&sim->lock);
	if (ret)
		return ret;
	file->private_data = sim;
	return nonseekable_open(inode, file);
}

static int sim_channel_release(struct inode *inode, struct file *file)
{
	struct sim *sim = file->private_data;
	struct sim_channel *ch = &sim->channel;

	mutex_lock(&sim->lock);
	if (ch->running)
		sim_channel_refuse(sim, sim_now());
	ch->open = false;
	ch->running = false;
	ch->unread = false;
	memzero_explicit(ch->apdu, sizeof(ch->apdu));
	mutex_unlock(&sim->lock);
	return 0;
}

static ssize_t sim_channel_take(struct sim_channel *ch, char __user *buf, size_t size)
{
	struct sim_msg msg = { .id = ch->id };

	if (ch->reset) {
		msg.type = SIM_MSG_RESET;
	} else if (ch->sleep) {
		msg.type = SIM_MSG_SLEEP;
	} else if (ch->unread) {
		msg.type = SIM_MSG_APDU;
		msg.len = ch->len;
	} else {
		return -EAGAIN;
	}
	if (size < sizeof(msg) + msg.len)
		return -EINVAL;
	if (copy_to_user(buf, &msg, sizeof(msg)) ||
	    copy_to_user(buf + sizeof(msg), ch->apdu, msg.len))
		return -EFAULT;
	if (ch->reset)
		ch->reset = false;
	else if (ch->sleep)
		ch->sleep = false;
	else
		ch->unread = false;
	return sizeof(msg) + msg.len;
}

static ssize_t sim_channel_read(struct file *file, char __user *buf, size_t size,
				loff_t *pos)
{
	struct sim *sim = file->private_data;
	struct sim_channel *ch = &sim->channel;
	ssize_t ret;

	for (;;) {
		mutex_lock(&sim->lock);
		ret = sim_channel_take(ch, buf, size);
		mutex_unlock(&sim->lock);
		if (ret != -EAGAIN || file->f_flags & O_NONBLOCK)
			return ret;
		ret = wait_event_interruptible(ch->wait,
					       READ_ONCE(ch->reset) || READ_ONCE(ch->sleep) ||
					       READ_ONCE(ch->unread));
		if (ret)
			return ret;
	}
}

static ssize_t sim_channel_write(struct file *file, const char __user *buf,
				 size_t size, loff_t *pos)
{
	struct sim *sim = file->private_data;
	struct sim_channel *ch = &sim->channel;
	struct sim_msg *msg;

	/* two bytes at least: SW1 SW2 */
	if (size < sizeof(*msg) + 2 || size > sizeof(*msg) + SIM_PAYLOAD_MAX)
		return -EINVAL;
	msg = memdup_user(buf, size);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	if (msg->type != SIM_MSG_ANSWER || msg->len != size - sizeof(*msg)) {
		kfree_sensitive(msg);
		return -EINVAL;
	}

	mutex_lock(&sim->lock);
	if (ch->running && !ch->unread && msg->id == ch->id) {
		ch->running = false;
		card_answer(&sim->card, msg->payload, msg->len,
			    max(ch->since + msg->delay_us, sim_now()));
	}
	mutex_unlock(&sim->lock);

	kfree_sensitive(msg);
	return size;
}

static __poll_t sim_channel_poll(struct file *file, poll_table *wait)
{
	struct sim *sim = file->private_data;
	struct sim_channel *ch = &sim->channel;

	poll_wait(file, &ch->wait, wait);
	return READ_ONCE(ch->reset) || READ_ONCE(ch->sleep) || READ_ONCE(ch->unread) ?
	       EPOLLIN | EPOLLOUT : EPOLLOUT;
}

static const struct file_operations sim_channel_fops = {
	.owner = THIS_MODULE,
	.open = sim_channel_open,
	.release = sim_channel_release,
	.read = sim_channel_read,
	.write = sim_channel_write,
	.poll = sim_channel_poll,
};

static struct miscdevice sim_channel_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = SIM_DEVICE,
	.fops = &sim_channel_fops,
	.mode = 0600,
};

int sim_channel_add(struct sim *sim)
{
	init_waitqueue_head(&sim->channel.wait);
	sim_channel_sim = sim;
	return misc_register(&sim_channel_misc);
}

void sim_channel_del(void)
{
	misc_deregister(&sim_channel_misc);
}
