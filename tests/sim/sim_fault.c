// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-sim: faults, counters and the log in debugfs
 *
 * A fault is a line of text:
 *	KIND [COUNT] [read|write] [arrived] [@SKIP]
 * Each waits until SKIP transfers have passed and then hits COUNT of them. Of
 * those that are due, the one that was written first hits.
 */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "sim.h"

#define SIM_FAULT_TEXT	512
#define SIM_FOREVER	U32_MAX

static const struct {
	const char *name;
	enum sim_fault_kind kind;
	u32 count;
} sim_fault_kinds[] = {
	{ "nack", SIM_FAULT_NACK, 1 },
	{ "short", SIM_FAULT_SHORT, 1 },
	{ "flip", SIM_FAULT_FLIP, 1 },
	{ "lost", SIM_FAULT_LOST, 1 },
	{ "errno", SIM_FAULT_ERRNO, 1 },
	{ "busy", SIM_FAULT_NACK, SIM_FOREVER },
	{ "silent", SIM_FAULT_SILENT, SIM_FOREVER },
	{ "dead", SIM_FAULT_DEAD, 1 },
	{ "restart", SIM_FAULT_RESTART, 1 },
};

/* What adapters are known to say. */
static const struct {
	const char *name;
	int value;
} sim_errnos[] = {
	{ "EAGAIN", EAGAIN }, { "EBUSY", EBUSY }, { "EINVAL", EINVAL }, { "EIO", EIO },
	{ "ENODEV", ENODEV }, { "ENXIO", ENXIO }, { "EOPNOTSUPP", EOPNOTSUPP },
	{ "EPROTO", EPROTO }, { "EREMOTEIO", EREMOTEIO }, { "ESHUTDOWN", ESHUTDOWN },
	{ "ETIMEDOUT", ETIMEDOUT },
};

static struct dentry *sim_dir;

static void sim_fault_del(struct sim *sim, u32 i)
{
	sim->nfaults--;
	memmove(&sim->faults[i], &sim->faults[i + 1],
		(sim->nfaults - i) * sizeof(sim->faults[0]));
}

/* Which fault hits this transfer, if any; called once for each. */
struct sim_fault sim_fault_next(struct sim *sim, bool read)
{
	struct sim_fault hit = { .kind = SIM_FAULT_NONE };
	int hit_at = -1;
	u32 i;

	lockdep_assert_held(&sim->lock);

	for (i = 0; i < sim->nfaults; i++) {
		struct sim_fault *fault = &sim->faults[i];

		if (!(read ? fault->on_read : fault->on_write))
			continue;
		if (fault->skip)
			fault->skip--;
		else if (hit_at < 0)
			hit_at = i;
	}
	if (hit_at < 0)
		return hit;
	hit = sim->faults[hit_at];
	if (hit.count != SIM_FOREVER && !--sim->faults[hit_at].count)
		sim_fault_del(sim, hit_at);
	return hit;
}

static int sim_errno_parse(const char *word)
{
	int i;

	for (i = 0; word && i < ARRAY_SIZE(sim_errnos); i++)
		if (!strcmp(word, sim_errnos[i].name))
			return -sim_errnos[i].value;
	return -EINVAL;
}

static char *sim_word(char **line)
{
	char *word;

	do
		word = strsep(line, " \t");
	while (word && !*word);
	return word;
}

static int sim_fault_options(struct sim_fault *fault, char *line)
{
	char *word;

	while ((word = sim_word(&line))) {
		if (!strcmp(word, "read"))
			fault->on_write = false;
		else if (!strcmp(word, "write"))
			fault->on_read = false;
		else if (!strcmp(word, "arrived"))
			fault->arrived = true;
		else if (*word == '@' ? kstrtou32(word + 1, 0, &fault->skip) :
					kstrtou32(word, 0, &fault->count))
			return -EINVAL;
	}
	return fault->count && (fault->on_read || fault->on_write) ? 0 : -EINVAL;
}

static int sim_fault_parse(struct sim *sim, char *line)
{
	struct sim_fault fault = { .on_read = true, .on_write = true };
	char *word = sim_word(&line);
	int i;

	if (!word)
		return 0;
	if (!strcmp(word, "clear")) {
		sim->nfaults = 0;
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(sim_fault_kinds); i++) {
		if (strcmp(word, sim_fault_kinds[i].name))
			continue;
		fault.kind = sim_fault_kinds[i].kind;
		fault.count = sim_fault_kinds[i].count;
	}
	if (fault.kind == SIM_FAULT_NONE || sim->nfaults == SIM_FAULTS)
		return -EINVAL;
	if (fault.kind == SIM_FAULT_ERRNO) {
		word = sim_word(&line);
		fault.result = sim_errno_parse(word);
		if (fault.result == -EINVAL && (!word || strcmp(word, "EINVAL")))
			return -EINVAL;
	}
	if (sim_fault_options(&fault, line))
		return -EINVAL;
	sim->faults[sim->nfaults++] = fault;
	return 0;
}

/* The lines before a bad one stand. */
static ssize_t sim_faults_write(struct file *file, const char __user *buf,
				size_t size, loff_t *pos)
{
	struct sim *sim = file_inode(file)->i_private;
	char *text, *rest, *line;
	int ret = 0;

	if (size > SIM_FAULT_TEXT)
		return -E2BIG;
	text = memdup_user_nul(buf, size);
	if (IS_ERR(text))
		return PTR_ERR(text);
	rest = text;
	mutex_lock(&sim->lock);
	while (!ret && (line = strsep(&rest, "\n")))
		ret = sim_fault_parse(sim, line);
	mutex_unlock(&sim->lock);
	kfree(text);
	return ret ?: size;
}

static int sim_faults_show(struct seq_file *seq, void *unused)
{
	struct sim *sim = seq->private;
	u32 i;

	mutex_lock(&sim->lock);
	for (i = 0; i < sim->nfaults; i++) {
		struct sim_fault *fault = &sim->faults[i];

		seq_printf(seq, "kind %d count %u skip %u\n", fault->kind,
			   fault->count, fault->skip);
	}
	if (sim->dead)
		seq_puts(seq, "dead\n");
	mutex_unlock(&sim->lock);
	return 0;
}

static int sim_faults_open(struct inode *inode, struct file *file)
{
	return single_open(file, sim_faults_show, inode->i_private);
}

static const struct file_operations sim_faults_fops = {
	.owner = THIS_MODULE,
	.open = sim_faults_open,
	.read = seq_read,
	.write = sim_faults_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int sim_violations_show(struct seq_file *seq, void *unused)
{
	struct sim *sim = seq->private;
	int i;

	mutex_lock(&sim->lock);
	seq_printf(seq, "%u\n", card_violations(&sim->card));
	for (i = 0; i < CARD_V_MAX; i++)
		if (sim->card.violations[i])
			seq_printf(seq, "%s %u\n", card_violation_name(i),
				   sim->card.violations[i]);
	mutex_unlock(&sim->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sim_violations);

/* One PCB a line: > to the chip, < from it. */
static int sim_log_show(struct seq_file *seq, void *unused)
{
	struct sim *sim = seq->private;
	u32 i;

	mutex_lock(&sim->lock);
	i = sim->logged > SIM_LOG ? sim->logged - SIM_LOG : 0;
	for (; i < sim->logged; i++) {
		u16 entry = sim->log[i % SIM_LOG];

		seq_printf(seq, "%c %02X\n", entry & BIT(8) ? '>' : '<', entry & 0xff);
	}
	mutex_unlock(&sim->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sim_log);

static int sim_reset_counters(void *data, u64 value)
{
	struct sim *sim = data;

	mutex_lock(&sim->lock);
	memset(sim->card.violations, 0, sizeof(sim->card.violations));
	sim->runs = 0;
	sim->powercycles = 0;
	sim->transfers = 0;
	sim->nacks = 0;
	sim->logged = 0;
	mutex_unlock(&sim->lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(sim_reset_fops, NULL, sim_reset_counters, "%llu\n");

/* Where APDUs are looked for that the driver kept, ours must not be found. */
static int sim_forget(void *data, u64 value)
{
	struct sim *sim = data;
	int ret = -EBUSY;

	mutex_lock(&sim->lock);
	if (!sim->channel.running && card_forget(&sim->card)) {
		memzero_explicit(sim->channel.apdu, sizeof(sim->channel.apdu));
		ret = 0;
	}
	mutex_unlock(&sim->lock);
	return ret;
}
DEFINE_DEBUGFS_ATTRIBUTE(sim_forget_fops, NULL, sim_forget, "%llu\n");

static int sim_plug_get(void *data, u64 *value)
{
	struct sim *sim = data;

	mutex_lock(&sim->plug_lock);
	*value = sim->plugged;
	mutex_unlock(&sim->plug_lock);
	return 0;
}

static int sim_plug_set(void *data, u64 value)
{
	if (value)
		return sim_plug(data);
	sim_unplug(data);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(sim_plug_fops, sim_plug_get, sim_plug_set, "%llu\n");

static int sim_sleep_set(void *data, u64 value)
{
	return sim_sleep(data, value);
}
DEFINE_DEBUGFS_ATTRIBUTE(sim_sleep_fops, NULL, sim_sleep_set, "%llu\n");

static int sim_shutdown_set(void *data, u64 value)
{
	return sim_shutdown(data);
}
DEFINE_DEBUGFS_ATTRIBUTE(sim_shutdown_fops, NULL, sim_shutdown_set, "%llu\n");

static int sim_lines_set(void *data, u64 value)
{
	return sim_lines(data, value);
}
DEFINE_DEBUGFS_ATTRIBUTE(sim_lines_fops, NULL, sim_lines_set, "%llu\n");

static int sim_squat_set(void *data, u64 value)
{
	return sim_squat(data, value);
}
DEFINE_DEBUGFS_ATTRIBUTE(sim_squat_fops, NULL, sim_squat_set, "%llu\n");

static int sim_wakeup_set(void *data, u64 value)
{
	sim_wakeup(value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(sim_wakeup_fops, NULL, sim_wakeup_set, "%llu\n");

void sim_debugfs_add(struct sim *sim)
{
	sim_dir = debugfs_create_dir("se05x-sim", NULL);
	debugfs_create_file("faults", 0600, sim_dir, sim, &sim_faults_fops);
	debugfs_create_file("violations", 0400, sim_dir, sim, &sim_violations_fops);
	debugfs_create_file("log", 0400, sim_dir, sim, &sim_log_fops);
	debugfs_create_file("reset", 0200, sim_dir, sim, &sim_reset_fops);
	debugfs_create_file("forget", 0200, sim_dir, sim, &sim_forget_fops);
	debugfs_create_file("plug", 0600, sim_dir, sim, &sim_plug_fops);
	debugfs_create_file("lines", 0200, sim_dir, sim, &sim_lines_fops);
	debugfs_create_file("shutdown", 0200, sim_dir, sim, &sim_shutdown_fops);
	debugfs_create_file("sleep", 0200, sim_dir, sim, &sim_sleep_fops);
	debugfs_create_file("squat", 0200, sim_dir, sim, &sim_squat_fops);
	debugfs_create_file("wakeup", 0200, sim_dir, sim, &sim_wakeup_fops);
	debugfs_create_u32("runs", 0400, sim_dir, &sim->runs);
	debugfs_create_u32("powercycles", 0400, sim_dir, &sim->powercycles);
	debugfs_create_u32("transfers", 0400, sim_dir, &sim->transfers);
	debugfs_create_u32("nacks", 0400, sim_dir, &sim->nacks);
}

void sim_debugfs_del(void)
{
	debugfs_remove(sim_dir);
}
