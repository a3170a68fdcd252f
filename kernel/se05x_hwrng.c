// SPDX-License-Identifier: GPL-2.0-only
/*
 * hw_random: the chip's random numbers for the kernel's pool, where that is wanted
 *
 * It is no client, and stands behind all clients (docs/hwrng.md). hw_random's core
 * calls read() one at a time, under a mutex of its own.
 */
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/hw_random.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "se05x.h"

#define PATIENCE_MS	900	/* together a second, the most that read() may take */
#define REFUSED_MS	100	/* sleep so long after a draw that gave nothing */
#define PREFETCH	64	/* what the core wants at a time */
#define DRAW_MAX	256

/*
 * Bits of entropy in 1024. 0 would mean "take none" up to 6.1 and "full" from 6.2
 * on. The chip's generator is certified, but its bytes come over a bus that anybody
 * at the board can write to.
 */
#define QUALITY		900

static bool hwrng;
module_param(hwrng, bool, 0444);
MODULE_PARM_DESC(hwrng, "feed the kernel's random numbers from the chips (default: those whose device tree node says nxp,hwrng)");

struct hwrng_aid {
	u8 len;
	u8 bytes[SE05X_AID_MAX];
};

/* The IoT applet of all parts (AN12413); other instances of it have other names */
static struct hwrng_aid hwrng_aid = {
	.len = 16,
	.bytes = {
		0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
		0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00,
	},
};

/* 5 to 16 bytes (ISO/IEC 7816-5) */
static int hwrng_aid_set(const char *val, const struct kernel_param *kp)
{
	struct hwrng_aid *aid = kp->arg;
	size_t digits = strcspn(val, "\n"), i;

	if (digits % 2 || digits < 10 || digits > 2 * SE05X_AID_MAX)
		return -EINVAL;
	for (i = 0; i < digits / 2; i++) {
		char byte[] = { val[2 * i], val[2 * i + 1], 0 };

		if (!isxdigit(byte[0]) || kstrtou8(byte, 16, &aid->bytes[i]))
			return -EINVAL;
	}
	aid->len = digits / 2;
	return 0;
}

static int hwrng_aid_get(char *buf, const struct kernel_param *kp)
{
	const struct hwrng_aid *aid = kp->arg;

	return sysfs_emit(buf, "%*phN\n", aid->len, aid->bytes);
}

static const struct kernel_param_ops hwrng_aid_ops = {
	.set = hwrng_aid_set,
	.get = hwrng_aid_get,
};
module_param_cb(hwrng_aid, &hwrng_aid_ops, &hwrng_aid, 0444);
MODULE_PARM_DESC(hwrng_aid, "AID of the applet that gives the random numbers, in hex (default: the IoT applet)");

/**
 * struct se05x_hwrng - one chip as a source
 * @rng: as hw_random's core knows it
 * @name: its name there
 * @chip: the chip
 * @file: its place in the chip's queue
 * @absent: the chip has no such applet
 * @ready: bytes in @prefetch, at its end
 * @prefetch: random bytes for a read() that must not wait
 */
struct se05x_hwrng {
	struct hwrng rng;
	char name[24];
	struct se05x_chip *chip;
	struct se05x_file *file;
	bool absent;
	size_t ready;
	u8 prefetch[PREFETCH];
};

static size_t take_prefetched(struct se05x_hwrng *source, u8 *buf, size_t max)
{
	size_t len = min(max, source->ready);
	u8 *from = source->prefetch + PREFETCH - source->ready;

	memcpy(buf, from, len);
	memzero_explicit(from, len);
	source->ready -= len;
	return len;
}

/* GetRandom's answer: tag 41, its length in one of BER's forms, bytes, SW. */
static const u8 *find_bytes(const u8 *r, size_t len, size_t *n)
{
	size_t head = 2, i;

	len -= 2;
	if (len < head || r[0] != 0x41)
		return NULL;
	*n = r[1];
	if (r[1] & 0x80) {
		head += r[1] & 0x7f;
		if (r[1] < 0x81 || r[1] > 0x82 || len < head)
			return NULL;
		for (*n = 0, i = 2; i < head; i++)
			*n = *n << 8 | r[i];
	}
	return *n == len - head ? r + head : NULL;
}

/* One GetRandom: bytes into @buf, and what is left of them into the prefetch. */
static size_t draw(struct se05x_hwrng *source, u8 *buf, size_t max)
{
	size_t room = PREFETCH - source->ready;
	size_t want = min_t(size_t, max + room, DRAW_MAX);
	const u8 command[] = {	/* extended, as GetRandom wants it (AN12413) */
		0x80, 0x04, 0x00, 0x49, 0x00, 0x00, 0x04,
		0x41, 0x02, want >> 8, want & 0xff, 0x00, 0x00,
	};
	unsigned long end = jiffies + msecs_to_jiffies(PATIENCE_MS);
	struct se05x_request *req;
	const u8 *bytes = NULL;
	size_t n = 0, spare;
	int ret;

	if (se05x_turn_begin(source->file, end, false))
		return 0;
	req = source->file->req;
	req->type = SE05X_RANDOM;
	req->aid_len = hwrng_aid.len;
	memcpy(req->aid, hwrng_aid.bytes, hwrng_aid.len);
	req->command_len = sizeof(command);
	memcpy(req->command, command, sizeof(command));
	ret = se05x_submit(source->file, PATIENCE_MS, end, false);
	if (!ret && req->sw == 0x9000)
		bytes = find_bytes(req->response, req->response_len, &n);
	if (ret == -ENOTCONN && req->sw == 0x6A82) {
		source->absent = true;
		dev_notice(source->chip->dev.parent,
			   "no IoT applet, so %s gives nothing; rng_current names another source\n",
			   source->name);
	}
	if (bytes) {
		spare = min(n - min(n, max), room);
		n = min(n, max);
		memcpy(buf, bytes, n);
		memcpy(source->prefetch + room - spare, bytes + n, spare);
		source->ready += spare;
	}
	se05x_turn_end(source->file);
	return bytes ? n : 0;
}

static int se05x_hwrng_read(struct hwrng *rng, void *buf, size_t max, bool wait)
{
	struct se05x_hwrng *source = container_of(rng, struct se05x_hwrng, rng);

	size_t len;

	if (READ_ONCE(source->chip->parked))
		return 0;
	if (!wait)
		return take_prefetched(source, buf, max);
	len = source->absent ? 0 : draw(source, buf, max);
	if (!len)	/* the core would ask again at once */
		msleep_interruptible(REFUSED_MS);
	return len;
}

/**
 * se05x_hwrng_add() - offer a chip to hw_random, if that is wanted
 * @chip: the chip
 * @wanted: the board's description asks for it
 *
 * Return: 0, also where it is not wanted; an errno.
 */
int se05x_hwrng_add(struct se05x_chip *chip, bool wanted)
{
	struct se05x_hwrng *source;
	int ret = -ENOMEM;

	if (!wanted && !hwrng)
		return 0;
	source = kzalloc(sizeof(*source), GFP_KERNEL);
	if (!source)
		return -ENOMEM;
	source->chip = chip;
	source->file = se05x_file_alloc(chip, INVALID_UID);
	if (!source->file)
		goto free;
	snprintf(source->name, sizeof(source->name), "se05x-rng-%u", chip->index);
	source->rng.name = source->name;
	source->rng.read = se05x_hwrng_read;
	source->rng.quality = QUALITY;
	ret = hwrng_register(&source->rng);
	if (ret)
		goto free_file;
	chip->hwrng = source;
	return 0;

free_file:
	se05x_file_free(source->file);
free:
	kfree(source);
	return ret;
}

/* After this nobody calls read(). The owner may still have a request of it. */
void se05x_hwrng_del(struct se05x_chip *chip)
{
	struct se05x_hwrng *source = chip->hwrng;

	if (!source)
		return;
	hwrng_unregister(&source->rng);
	se05x_file_free(source->file);
	kfree_sensitive(source);
	chip->hwrng = NULL;
}
