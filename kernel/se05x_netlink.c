// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink: events, and what the chips count
 *
 * Events are queued under chip->lock where they happen. The owner sends them after
 * the request is done, so that no caller waits for that.
 */
#include <linux/err.h>
#include <linux/kobject.h>
#include <linux/ktime.h>
#include <net/genetlink.h>

#include "se05x.h"

static struct genl_family se05x_family;

static const struct genl_multicast_group mcgrps[] = {
	{ .name = SE05X_MCGRP_EVENTS },
};

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, SE05X_A_PAD);
}

/* ---- events ---- */

static int put_event(struct sk_buff *skb, u32 index, const struct se05x_queued_event *event)
{
	if (nla_put_u32(skb, SE05X_A_INDEX, index) ||
	    nla_put_u32(skb, SE05X_A_EVENT, event->event) ||
	    put_u64(skb, SE05X_A_TIME, event->time) ||
	    nla_put_u32(skb, SE05X_A_COUNT, event->count))
		return -EMSGSIZE;
	if (event->by && nla_put_u32(skb, SE05X_A_BY, event->by))
		return -EMSGSIZE;
	if (event->event == SE05X_EVENT_RESET && event->detail &&
	    nla_put_u32(skb, SE05X_A_RESET, event->detail))
		return -EMSGSIZE;
	if (event->event == SE05X_EVENT_RECOVERY &&
	    nla_put_u32(skb, SE05X_A_RUNG, event->detail))
		return -EMSGSIZE;
	if (event->lost && nla_put_u32(skb, SE05X_A_LOST, event->lost))
		return -EMSGSIZE;
	return 0;
}

/* Return: false if it is lost. A reader that is too slow gets ENOBUFS instead. */
static bool send_event(u32 index, const struct se05x_queued_event *event)
{
	struct sk_buff *skb;
	void *header;

	if (!genl_has_listeners(&se05x_family, &init_net, 0))
		return true;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return false;
	header = genlmsg_put(skb, 0, 0, &se05x_family, 0, SE05X_CMD_EVENT);
	if (!header || put_event(skb, index, event)) {
		nlmsg_free(skb);
		return false;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast(&se05x_family, skb, 0, 0, GFP_KERNEL);
	return true;
}

/*
 * For udev rules: a "change" when the chip is given up, and when it works again.
 * The driver core itself tells when a chip is added and removed.
 */
static void send_uevent(struct se05x_chip *chip, u32 event)
{
	bool gave_up = event == SE05X_EVENT_GIVEN_UP;
	char *env[2] = { gave_up ? "SE05X_STATE=given-up" : "SE05X_STATE=online" };
	bool changed;

	if (!gave_up && event != SE05X_EVENT_ONLINE)
		return;
	spin_lock(&chip->lock);
	changed = chip->gave_up != gave_up;
	chip->gave_up = gave_up;
	spin_unlock(&chip->lock);
	if (changed)
		kobject_uevent_env(&chip->dev.kobj, KOBJ_CHANGE, env);
}

/**
 * se05x_event_send() - send what is queued
 * @chip: the chip
 *
 * May sleep.
 */
void se05x_event_send(struct se05x_chip *chip)
{
	struct se05x_queued_event events[SE05X_EVENTS_MAX];
	u32 i, n, lost = 0;

	if (!READ_ONCE(chip->nevents))	/* one that is queued after this wakes the owner */
		return;
	spin_lock(&chip->lock);
	n = chip->nevents;
	memcpy(events, chip->events, n * sizeof(events[0]));
	chip->nevents = 0;
	spin_unlock(&chip->lock);

	for (i = 0; i < n; i++) {
		send_uevent(chip, events[i].event);
		events[i].lost += lost;
		lost = send_event(chip->index, &events[i]) ? 0 : events[i].lost + events[i].count;
	}
	if (lost) {
		spin_lock(&chip->lock);
		chip->events_lost += lost;
		spin_unlock(&chip->lock);
	}
}

/* ---- requests ---- */

static int put_chip(struct sk_buff *skb, const struct se05x_counts *counts)
{
	u32 channel = counts->channel;
	int i;

	/* Whether it is open changes with each APDU where two applets are in use. */
	if (channel == SE05X_CHANNEL_OPEN)
		channel = SE05X_CHANNEL_CLOSED;
	if (nla_put_u32(skb, SE05X_A_STATE, counts->state) ||
	    nla_put_u32(skb, SE05X_A_CHANNEL, channel) ||
	    put_u64(skb, SE05X_A_RESETS, counts->resets) ||
	    put_u64(skb, SE05X_A_RECOVERIES, counts->recoveries))
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(counts->link.rungs); i++)
		if (put_u64(skb, SE05X_A_RUNG_RNAK + i, counts->link.rungs[i]))
			return -EMSGSIZE;
	return 0;
}

static int put_counters(struct sk_buff *skb, const struct se05x_counts *counts)
{
	const struct se05x_link_stats *link = &counts->link;

	if (put_u64(skb, SE05X_A_GENERATION, counts->generation) ||
	    put_u64(skb, SE05X_A_APDUS, link->apdus) ||
	    put_u64(skb, SE05X_A_BYTES_OUT, link->bytes_out) ||
	    put_u64(skb, SE05X_A_BYTES_IN, link->bytes_in) ||
	    put_u64(skb, SE05X_A_BLOCKS_OUT, link->blocks_out) ||
	    put_u64(skb, SE05X_A_BLOCKS_IN, link->blocks_in) ||
	    put_u64(skb, SE05X_A_POLLS, link->nacks) ||
	    put_u64(skb, SE05X_A_WTX, link->wtx) ||
	    put_u64(skb, SE05X_A_RESENDS, link->resends) ||
	    put_u64(skb, SE05X_A_WAITS, counts->waits) ||
	    put_u64(skb, SE05X_A_WAIT_US, counts->wait_us) ||
	    put_u64(skb, SE05X_A_OPENINGS, counts->openings))
		return -EMSGSIZE;
	return 0;
}

static int put_answer(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd,
		      struct se05x_chip *chip)
{
	struct se05x_counts counts;
	void *header;
	int ret;

	header = genlmsg_put(skb, portid, seq, &se05x_family, flags, cmd);
	if (!header)
		return -EMSGSIZE;
	se05x_chip_counts(chip, &counts);
	ret = nla_put_u32(skb, SE05X_A_INDEX, chip->index);
	if (!ret)
		ret = cmd == SE05X_CMD_CHIP_GET ? put_chip(skb, &counts) :
						  put_counters(skb, &counts);
	if (ret) {
		genlmsg_cancel(skb, header);
		return ret;
	}
	genlmsg_end(skb, header);
	return 0;
}

static int get_one(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SE05X_A_INDEX];
	struct se05x_chip *chip;
	struct sk_buff *skb;
	unsigned long index;
	int ret;

	if (GENL_REQ_ATTR_CHECK(info, SE05X_A_INDEX))
		return -EINVAL;
	index = nla_get_u32(attr);
	chip = se05x_chip_next(&index, index);
	if (!chip) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such chip");
		return -ENODEV;
	}
	ret = -ENOMEM;
	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (skb)
		ret = put_answer(skb, info->snd_portid, info->snd_seq, 0,
				 info->genlhdr->cmd, chip);
	put_device(&chip->dev);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	return genlmsg_reply(skb, info);
}

static int get_all(struct sk_buff *skb, struct netlink_callback *cb)
{
	u8 cmd = ((struct genlmsghdr *)nlmsg_data(cb->nlh))->cmd;
	unsigned long index = cb->args[0];
	struct se05x_chip *chip;

	while ((chip = se05x_chip_next(&index, ULONG_MAX))) {
		int ret = put_answer(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				     NLM_F_MULTI, cmd, chip);

		put_device(&chip->dev);
		if (ret)	/* full: the next message begins with this chip */
			break;
		index++;
	}
	cb->args[0] = index;
	return skb->len;
}

static const struct nla_policy policy[SE05X_A_INDEX + 1] = {
	[SE05X_A_INDEX] = { .type = NLA_U32 },
};

static const struct genl_small_ops ops[] = {
	{
		.cmd = SE05X_CMD_CHIP_GET,
		.doit = get_one,
		.dumpit = get_all,
	},
	{
		.cmd = SE05X_CMD_COUNTERS_GET,
		.flags = GENL_ADMIN_PERM,
		.doit = get_one,
		.dumpit = get_all,
	},
};

static struct genl_family se05x_family __ro_after_init = {
	.name = SE05X_GENL_NAME,
	.version = SE05X_GENL_VERSION,
	.module = THIS_MODULE,
	.maxattr = SE05X_A_INDEX,
	.policy = policy,
	.small_ops = ops,
	.n_small_ops = ARRAY_SIZE(ops),
	.mcgrps = mcgrps,
	.n_mcgrps = ARRAY_SIZE(mcgrps),
};

int __init se05x_netlink_init(void)
{
	return genl_register_family(&se05x_family);
}

void se05x_netlink_exit(void)
{
	genl_unregister_family(&se05x_family);
}
