// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/se05x/se05xN: state and settings (docs/ABI/testing/sysfs-class-se05x)
 *
 * Only root reads the counters that change with each APDU.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/sysfs.h>

#include "se05x.h"

static struct se05x_chip *to_chip(struct device *dev)
{
	return container_of(dev, struct se05x_chip, dev);
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	static const char * const names[] = {
		[SE05X_STATE_ONLINE] = "online",
		[SE05X_STATE_ASLEEP] = "asleep",
		[SE05X_STATE_OFF] = "off",
		[SE05X_STATE_RECOVERING] = "recovering",
		[SE05X_STATE_GIVEN_UP] = "given-up",
	};
	struct se05x_counts counts;

	se05x_chip_counts(to_chip(dev), &counts);
	return sysfs_emit(buf, "%s\n", names[counts.state]);
}
static DEVICE_ATTR_RO(state);

static ssize_t atr_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct se05x_chip *chip = to_chip(dev);
	struct se05x_atr atr;
	int at, len = 0;

	spin_lock(&chip->lock);
	atr = chip->atr;
	spin_unlock(&chip->lock);
	for (at = 0; at < atr.raw_len; at += 64)	/* the most that %ph takes */
		len += sysfs_emit_at(buf, len, "%*phN", min(64, atr.raw_len - at),
				     atr.raw + at);
	return len + sysfs_emit_at(buf, len, "\n");
}
static DEVICE_ATTR_RO(atr);

static ssize_t location_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_chip(dev)->location);
}
static DEVICE_ATTR_RO(location);

/* Set a time in ms that the idle timer uses, and start that timer anew. */
static ssize_t set_time(struct se05x_chip *chip, u32 *setting, const char *buf, size_t len)
{
	u32 ms;
	int ret = kstrtou32(buf, 10, &ms);

	if (ret)
		return ret == -ERANGE ? -EINVAL : ret;
	if (ms > INT_MAX)	/* what runtime PM can count */
		return -EINVAL;
	spin_lock(&chip->lock);
	WRITE_ONCE(*setting, ms);
	se05x_idle_start(chip);
	spin_unlock(&chip->lock);
	return len;
}

static ssize_t idle_ms_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", se05x_idle_ms(to_chip(dev)));
}

static ssize_t idle_ms_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	struct se05x_chip *chip = to_chip(dev);

	return set_time(chip, &chip->idle_ms, buf, len);
}
static DEVICE_ATTR_RW(idle_ms);

static ssize_t power_off_ms_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_chip(dev)->power_off_ms));
}

static ssize_t power_off_ms_store(struct device *dev, struct device_attribute *attr,
				  const char *buf, size_t len)
{
	struct se05x_chip *chip = to_chip(dev);

	return set_time(chip, &chip->power_off_ms, buf, len);
}
static DEVICE_ATTR_RW(power_off_ms);

static ssize_t channel_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", se05x_channel_mode(to_chip(dev)));
}

static ssize_t channel_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t len)
{
	return se05x_channel_set_mode(to_chip(dev), buf) ?: len;
}
static DEVICE_ATTR_RW(channel);

/* Whether it is open at the moment would show when others use the chip. */
static ssize_t channel_state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	static const char * const names[] = {
		[SE05X_CHANNEL_NONE] = "plain",
		[SE05X_CHANNEL_CLOSED] = "protected",
		[SE05X_CHANNEL_OPEN] = "protected",
		[SE05X_CHANNEL_REJECTED] = "rejected",
	};
	struct se05x_counts counts;

	se05x_chip_counts(to_chip(dev), &counts);
	return sysfs_emit(buf, "%s\n", names[counts.channel]);
}
static DEVICE_ATTR_RO(channel_state);

#define COUNT_ATTR(_name, _mode, _field)					\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	struct se05x_counts counts;						\
										\
	se05x_chip_counts(to_chip(dev), &counts);				\
	return sysfs_emit(buf, "%llu\n", counts._field);			\
}										\
static struct device_attribute dev_attr_##_name = __ATTR(_name, _mode, _name##_show, NULL)

COUNT_ATTR(resets, 0444, resets);
COUNT_ATTR(recoveries, 0444, recoveries);
COUNT_ATTR(rung_rnak, 0444, link.rungs[SE05X_RUNG_RNAK]);
COUNT_ATTR(rung_resync, 0444, link.rungs[SE05X_RUNG_RESYNC]);
COUNT_ATTR(rung_soft, 0444, link.rungs[SE05X_RUNG_SOFT]);
COUNT_ATTR(rung_chip, 0444, link.rungs[SE05X_RUNG_CHIP]);
COUNT_ATTR(rung_power, 0444, link.rungs[SE05X_RUNG_POWER]);
COUNT_ATTR(rung_given_up, 0444, link.rungs[SE05X_RUNG_GIVEN_UP]);
COUNT_ATTR(generation, 0400, generation);
COUNT_ATTR(apdus, 0400, link.apdus);
COUNT_ATTR(bytes_out, 0400, link.bytes_out);
COUNT_ATTR(bytes_in, 0400, link.bytes_in);
COUNT_ATTR(blocks_out, 0400, link.blocks_out);
COUNT_ATTR(blocks_in, 0400, link.blocks_in);
COUNT_ATTR(polls, 0400, link.nacks);
COUNT_ATTR(wtx, 0400, link.wtx);
COUNT_ATTR(resends, 0400, link.resends);
COUNT_ATTR(waits, 0400, waits);
COUNT_ATTR(wait_us, 0400, wait_us);
COUNT_ATTR(openings, 0400, openings);

static struct attribute *chip_attrs[] = {
	&dev_attr_state.attr,
	&dev_attr_atr.attr,
	&dev_attr_location.attr,
	&dev_attr_idle_ms.attr,
	&dev_attr_power_off_ms.attr,
	&dev_attr_channel.attr,
	&dev_attr_channel_state.attr,
	&dev_attr_generation.attr,
	NULL
};

/*
 * power_off_ms can't be set without a line or supply to switch, nor channel on a kernel
 * that has none.
 */
static umode_t chip_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	struct se05x_chip *chip = to_chip(kobj_to_dev(kobj));

	if ((attr == &dev_attr_power_off_ms.attr && !chip->can_power) ||
	    (attr == &dev_attr_channel.attr && !chip->channel))
		return 0444;
	return attr->mode;
}

static const struct attribute_group chip_group = {
	.attrs = chip_attrs,
	.is_visible = chip_visible,
};

static struct attribute *count_attrs[] = {
	&dev_attr_resets.attr,
	&dev_attr_recoveries.attr,
	&dev_attr_rung_rnak.attr,
	&dev_attr_rung_resync.attr,
	&dev_attr_rung_soft.attr,
	&dev_attr_rung_chip.attr,
	&dev_attr_rung_power.attr,
	&dev_attr_rung_given_up.attr,
	&dev_attr_apdus.attr,
	&dev_attr_bytes_out.attr,
	&dev_attr_bytes_in.attr,
	&dev_attr_blocks_out.attr,
	&dev_attr_blocks_in.attr,
	&dev_attr_polls.attr,
	&dev_attr_wtx.attr,
	&dev_attr_resends.attr,
	&dev_attr_waits.attr,
	&dev_attr_wait_us.attr,
	&dev_attr_openings.attr,
	NULL
};

static const struct attribute_group count_group = {
	.name = "counters",
	.attrs = count_attrs,
};

const struct attribute_group *se05x_groups[] = {
	&chip_group,
	&count_group,
	NULL
};
