// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's secure channel to the IoT applet (docs/channel.md): whether there has
 * to be one, opening it, and what goes through it
 *
 * The owner does all of it. Static keys are in the keyring (se05x_keys.c) and nowhere
 * else, session keys in struct se05x_secure_channel, wiped whenever the channel ends.
 */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include <crypto/aes.h>

#include "compat.h"
#include "se05x.h"
#include "se05x_scp.h"

#define COUNTS_ALL	0x0403	/* the first version that counts commands without data */

/* After an opening that led to nothing there is none for so long, doubling */
#define DELAY_MIN_MS	1000
#define DELAY_MAX_MS	60000

/**
 * struct se05x_secure_channel - the secure channel of one chip
 * @place: the mode and the keys of the chip that is there
 * @opened_by: the key that the channel was opened with
 * @slot: which one that is
 * @rejected: the chip has none of the keys
 * @sw: what the chip answered when it refused, or when it ended the channel
 * @delay_ms: how long the last pause after a failed opening was
 * @not_before_us: no opening sooner
 * @opened_us: when it was opened
 * @proven: an answer in it was verified
 * @key: a copy of a static key, while it is tried
 * @scp: the channel
 * @enc: S-ENC, prepared
 * @mac: S-MAC, prepared
 * @rmac: S-RMAC, prepared
 * @command: a protected command
 * @answer: a protected answer
 */
struct se05x_secure_channel {
	struct se05x_place *place;
	struct se05x_key_id opened_by;
	enum se05x_slot slot;
	bool rejected;
	u16 sw;
	u32 delay_ms;
	u64 not_before_us;
	u64 opened_us;
	bool proven;
	struct se05x_static_key key;
	struct se05x_scp scp;
	struct aes_key enc;
	struct aes_key mac;
	struct aes_key rmac;
	u8 command[SE05X_T1_COMMAND_MAX + SE05X_SCP_COMMAND_OVERHEAD];
	u8 answer[SE05X_T1_RESPONSE_MAX + SE05X_SCP_ANSWER_OVERHEAD];
};

static void aes_encrypt_block(const void *key, u8 *out, const u8 *in)
{
	aes_encrypt((const struct aes_key *)key, out, in);
}

static void aes_decrypt_block(const void *key, u8 *out, const u8 *in)
{
	aes_decrypt((const struct aes_key *)key, out, in);
}

static const struct se05x_scp_cipher aes = {
	.encrypt = aes_encrypt_block,
	.decrypt = aes_decrypt_block,
};

static u64 now_us(void)
{
	return ktime_to_us(ktime_get());
}

/* ---- its end ---- */

static void wipe(struct se05x_secure_channel *channel)
{
	se05x_scp_close(&channel->scp);
	memzero_explicit(&channel->enc, sizeof(channel->enc));
	memzero_explicit(&channel->mac, sizeof(channel->mac));
	memzero_explicit(&channel->rmac, sizeof(channel->rmac));
}

/**
 * se05x_channel_drop() - the chip is about to be told something that ends the channel
 * @chip: the chip
 */
void se05x_channel_drop(struct se05x_chip *chip)
{
	if (!chip->channel)
		return;
	wipe(chip->channel);
	spin_lock(&chip->lock);
	if (chip->channel_state == SE05X_CHANNEL_OPEN)
		chip->channel_state = SE05X_CHANNEL_CLOSED;
	spin_unlock(&chip->lock);
}

/* The channel is lost. Only a SELECT makes sure that the chip has none either. */
static void lose_channel(struct se05x_chip *chip)
{
	se05x_channel_drop(chip);
	spin_lock(&chip->lock);
	se05x_break_chain(chip);
	se05x_forget_context(chip);
	spin_unlock(&chip->lock);
}

/* ---- must there be one? ---- */

/* The keys have changed, or somebody has said that it is worth another try. */
static void forgive(struct se05x_chip *chip)
{
	struct se05x_secure_channel *channel = chip->channel;

	channel->rejected = false;
	channel->sw = 0;
	channel->delay_ms = 0;
	channel->not_before_us = 0;
	spin_lock(&chip->lock);
	if (chip->channel_state == SE05X_CHANNEL_REJECTED)
		chip->channel_state = SE05X_CHANNEL_CLOSED;
	spin_unlock(&chip->lock);
}

/* What the others see of it. An event if root has made a protected chip a plain one. */
static void show(struct se05x_chip *chip, int how)
{
	bool was;

	spin_lock(&chip->lock);
	was = chip->guarded;
	chip->guarded = how != 0;
	if (!how)
		chip->channel_state = SE05X_CHANNEL_NONE;
	else if (chip->channel_state == SE05X_CHANNEL_NONE)
		chip->channel_state = SE05X_CHANNEL_CLOSED;
	if (was && !how)
		se05x_event_queue(chip, SE05X_EVENT_CHANNEL_PLAIN, 0, 0);
	spin_unlock(&chip->lock);
	if (was && !how)
		dev_warn(chip->dev.parent,
			 "no secure channel any more: commands go plain from now on\n");
}

/**
 * se05x_channel_look() - must commands to the IoT applet be protected?
 * @chip: the chip
 *
 * An open channel is closed if it must not be, or if its key is gone.
 *
 * Return: 0: no; 1: yes; -ENOKEY: yes, and there is no key to do it with.
 */
int se05x_channel_look(struct se05x_chip *chip)
{
	struct se05x_secure_channel *channel = chip->channel;
	bool changed;
	int how;

	if (!channel)
		return 0;
	how = se05x_place_look(channel->place, &chip->lock, &changed);
	if (changed)
		forgive(chip);
	if (channel->scp.open &&
	    !se05x_place_has(channel->place, channel->slot, &channel->opened_by))
		lose_channel(chip);
	show(chip, how);
	return how;
}

/* Would an opening have to be preceded by a SELECT? It tells the applet's version. */
bool se05x_channel_needs_select(const struct se05x_chip *chip)
{
	lockdep_assert_held(&chip->lock);
	return chip->channel_state != SE05X_CHANNEL_OPEN && !(chip->fresh && chip->version);
}

/**
 * se05x_channel_refuses() - would it have to be opened, and is there a reason not to?
 * @chip: the chip, locked; se05x_channel_look() returned 1
 * @req: for whom; in @sw what the chip said when it refused
 *
 * Return: 0; -EKEYREJECTED; -ENOKEY if there are no random numbers yet. This chip may
 * be what they are to come from, so nobody waits for them.
 */
int se05x_channel_refuses(struct se05x_chip *chip, struct se05x_request *req)
{
	const struct se05x_secure_channel *channel = chip->channel;

	lockdep_assert_held(&chip->lock);
	if (chip->channel_state == SE05X_CHANNEL_OPEN && !se05x_must_select(chip, req->file))
		return 0;
	if (!rng_is_initialized()) {
		dev_notice_once(chip->dev.parent,
				"no secure channel before the kernel has random numbers\n");
		return -ENOKEY;
	}
	if (!channel->rejected && now_us() >= channel->not_before_us)
		return 0;
	req->sw = channel->sw;
	return -EKEYREJECTED;
}

/* ---- opening ---- */

/* What became of the attempt with one key; a negative errno: the link failed */
enum verdict {
	FITS,
	OTHER_KEY,	/* the chip has another one */
	NO_ANSWER,	/* an error instead of a cryptogram */
	REFUSED,	/* the right key, and the chip does not want it */
};

static int send_opening(struct se05x_chip *chip, size_t len, size_t *answer_len)
{
	struct se05x_secure_channel *channel = chip->channel;
	struct se05x_apdu apdu = {
		.command = channel->command,
		.command_len = len,
		.response = channel->answer,
	};
	int ret = se05x_exchange(chip, &apdu);

	*answer_len = apdu.response_len;
	if (!ret)
		channel->sw = channel->answer[apdu.response_len - 2] << 8 |
			      channel->answer[apdu.response_len - 1];
	return ret;
}

/* The session keys; each schedule is that of a static key before. */
static int derive_session(struct se05x_secure_channel *channel, const u8 *host, size_t len)
{
	const struct se05x_static_key *key = &channel->key;
	struct se05x_scp_keys keys;
	int ret;

	aes_preparekey(&channel->enc, key->enc, key->len);
	aes_preparekey(&channel->mac, key->mac, key->len);
	ret = se05x_scp_derive(&aes, &channel->enc, &channel->mac, key->len, host,
			       channel->answer, len, &keys);
	if (!ret) {
		aes_preparekey(&channel->enc, keys.enc, key->len);
		aes_preparekey(&channel->mac, keys.mac, key->len);
		aes_preparekey(&channel->rmac, keys.rmac, key->len);
	}
	memzero_explicit(&keys, sizeof(keys));
	return ret;
}

static int try_key(struct se05x_chip *chip)
{
	struct se05x_secure_channel *channel = chip->channel;
	u8 host[SE05X_SCP_CHALLENGE];
	size_t len;
	int ret;

	get_random_bytes(host, sizeof(host));
	se05x_scp_initialize(channel->key.kvn, host, channel->command);
	ret = send_opening(chip, SE05X_SCP_INITIALIZE, &len);
	if (ret)
		return ret;
	if (derive_session(channel, host, len))
		return NO_ANSWER;
	if (se05x_scp_begin(&channel->scp, host, channel->answer))
		return OTHER_KEY;
	se05x_scp_authenticate(&channel->scp, channel->command);
	ret = send_opening(chip, SE05X_SCP_AUTHENTICATE, &len);
	if (ret)
		return ret;
	return se05x_scp_authenticated(&channel->scp, channel->answer, len) ? REFUSED : FITS;
}

/* One INITIALIZE UPDATE for each key, until one fits. -ENOKEY: they have just gone */
static int try_keys(struct se05x_chip *chip)
{
	static const u8 order[] = { SE05X_KEY_OWN, SE05X_KEY_DEFAULT, SE05X_KEY_NEXT };
	struct se05x_secure_channel *channel = chip->channel;
	int verdict = -ENOKEY, i;
	u16 sw = 0;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		int ret;

		channel->slot = order[i];
		if (se05x_place_key(channel->place, channel->slot, &channel->opened_by,
				    &channel->key))
			continue;
		ret = try_key(chip);
		memzero_explicit(&channel->key, sizeof(channel->key));
		if (ret != OTHER_KEY && ret != NO_ANSWER)
			return ret;
		if (ret == NO_ANSWER)
			sw = channel->sw;
		verdict = max(verdict, ret);
	}
	channel->sw = sw;
	return verdict;
}

static void note_open(struct se05x_chip *chip)
{
	struct se05x_secure_channel *channel = chip->channel;

	channel->delay_ms = 0;
	channel->not_before_us = 0;
	channel->opened_us = now_us();
	channel->proven = false;
	spin_lock(&chip->lock);
	se05x_place_fits(channel->place, channel->slot);
	chip->channel_state = SE05X_CHANNEL_OPEN;
	chip->channel_key = SE05X_CHANNEL_KEY_OWN + channel->slot;
	chip->openings++;
	spin_unlock(&chip->lock);
}

/* No opening until the keys change, or for a while if the chip may want later. */
static void note_rejected(struct se05x_chip *chip, enum verdict verdict)
{
	struct se05x_secure_channel *channel = chip->channel;
	bool was;

	channel->rejected = verdict == OTHER_KEY;
	channel->delay_ms = clamp(2 * channel->delay_ms, DELAY_MIN_MS, DELAY_MAX_MS);
	channel->not_before_us = now_us() + channel->delay_ms * USEC_PER_MSEC;
	spin_lock(&chip->lock);
	was = chip->channel_state == SE05X_CHANNEL_REJECTED;
	chip->channel_state = SE05X_CHANNEL_REJECTED;
	if (!was)
		se05x_event_queue(chip, SE05X_EVENT_CHANNEL_REJECTED, 0, 0);
	spin_unlock(&chip->lock);
	if (!was && channel->rejected)
		dev_warn(chip->dev.parent, "the chip has none of the keys for its channel\n");
	else if (!was)
		dev_warn(chip->dev.parent, "the chip refuses the secure channel: SW %04x\n",
			 channel->sw);
}

/**
 * se05x_channel_open() - open the channel
 * @chip: the chip; the IoT applet is selected and has had no command
 * @last: this is not to be tried once more if the chip refuses
 * @sw: out: what the chip said when it refused
 *
 * Return: 0; -EAGAIN: the chip refused, try all of it, SELECT included, once more;
 * -EKEYREJECTED; -ENOKEY: there is no key any more; -ECONNABORTED or another errno of a
 * link that failed. But for 0 the context is unknown.
 */
int se05x_channel_open(struct se05x_chip *chip, bool last, u32 *sw)
{
	struct se05x_secure_channel *channel = chip->channel;
	int ret;

	channel->scp.count_all = chip->version >= COUNTS_ALL;
	ret = try_keys(chip);
	memzero_explicit(channel->command, SE05X_SCP_AUTHENTICATE);
	memzero_explicit(channel->answer, sizeof(channel->answer));
	if (ret == FITS) {
		note_open(chip);
		return 0;
	}
	lose_channel(chip);
	if (ret == -ECONNRESET || ret == -ECANCELED)
		return chip->link.given_up ? -ENOLINK : -ECONNABORTED;
	if (ret < 0)
		return ret;
	if (ret != OTHER_KEY && !last)
		return -EAGAIN;
	note_rejected(chip, ret);
	*sw = channel->sw;
	return -EKEYREJECTED;
}

/* An administrator's RESET: the chip may be another one now. */
void se05x_channel_forgive(struct se05x_chip *chip)
{
	if (chip->channel)
		forgive(chip);
}

/* ---- what goes through it ---- */

static void note_bad_answer(struct se05x_chip *chip)
{
	spin_lock(&chip->lock);
	se05x_event_queue(chip, SE05X_EVENT_CHANNEL_LOST, 0, 0);
	spin_unlock(&chip->lock);
	dev_warn_ratelimited(chip->dev.parent,
			     "an answer in the secure channel was not the chip's\n");
}

/* Take the answer out of its protection, to where the caller wants it. */
static int unwrap(struct se05x_chip *chip, struct se05x_apdu *apdu, size_t len)
{
	struct se05x_secure_channel *channel = chip->channel;
	bool verified;
	int ret = se05x_scp_unwrap(&channel->scp, channel->answer, len, &verified);

	if (ret < 0 || ret > SE05X_T1_RESPONSE_MAX) {
		note_bad_answer(chip);
		lose_channel(chip);
		apdu->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		return -EBADMSG;
	}
	memcpy(apdu->response, channel->answer, ret);
	apdu->response_len = ret;
	if (verified)
		channel->proven = true;
	else
		apdu->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
	if (!channel->scp.open) {
		channel->sw = apdu->response[0] << 8 | apdu->response[1];
		lose_channel(chip);
	}
	return 0;
}

/*
 * The channel has ended by what came over the bus, before anything in it was verified: who
 * is there must not have the driver open it again and again. A program that ends it, by
 * a SELECT, keeps nobody waiting.
 */
static void pause_openings(struct se05x_secure_channel *channel)
{
	if (!channel->proven)
		channel->not_before_us = channel->opened_us + DELAY_MIN_MS * USEC_PER_MSEC;
}

/**
 * se05x_channel_transceive() - send a command through the open channel
 * @chip: the chip
 * @apdu: the plain command; the plain answer. If its outcome is "may have run" and the
 *	link did not fail, the answer is a bare status that anybody may have sent.
 *
 * A protected command is never sent again. If the link fails the channel is lost.
 *
 * Return: 0; -EBADMSG if the answer is not the chip's; -EINVAL if this is no C-APDU;
 * the errno of a link that failed.
 */
int se05x_channel_transceive(struct se05x_chip *chip, struct se05x_apdu *apdu)
{
	struct se05x_secure_channel *channel = chip->channel;
	struct se05x_apdu wrapped = {
		.command = channel->command,
		.response = channel->answer,
		.overhead = SE05X_SCP_ANSWER_OVERHEAD,
	};
	int ret = se05x_scp_wrap(&channel->scp, apdu->command, apdu->command_len,
				 channel->command, sizeof(channel->command));

	if (ret < 0)
		return ret;
	wrapped.command_len = ret;
	ret = se05x_exchange(chip, &wrapped);
	apdu->outcome = wrapped.outcome;
	if (ret)
		lose_channel(chip);
	else
		ret = unwrap(chip, apdu, wrapped.response_len);
	if (!channel->scp.open)
		pause_openings(channel);
	memzero_explicit(channel->command, wrapped.command_len);
	memzero_explicit(channel->answer, sizeof(channel->answer));
	return ret;
}

/**
 * se05x_channel_settle() - wipe the keys of a channel that has ended meanwhile
 * @chip: the chip
 *
 * Contexts are forgotten by others, too, as when a file is closed. Also look at what
 * root has written.
 */
void se05x_channel_settle(struct se05x_chip *chip)
{
	struct se05x_secure_channel *channel = chip->channel;
	bool ended;

	if (!channel)
		return;
	if (READ_ONCE(channel->place->written))
		se05x_channel_look(chip);
	if (!channel->scp.open)
		return;
	spin_lock(&chip->lock);
	ended = chip->channel_state != SE05X_CHANNEL_OPEN ||
		chip->context.state != SE05X_SELECTED;
	spin_unlock(&chip->lock);
	if (ended)
		se05x_channel_drop(chip);
}

/* ---- settings ---- */

const char *se05x_channel_mode(struct se05x_chip *chip)
{
	return chip->channel ? se05x_modes[READ_ONCE(chip->channel->place->mode)] : "off";
}

/**
 * se05x_channel_set_mode() - root's word: it counts from the next command on
 * @chip: the chip
 * @word: "auto", "required", "off"
 *
 * Return: 0; -EINVAL.
 */
int se05x_channel_set_mode(struct se05x_chip *chip, const char *word)
{
	int mode = sysfs_match_string(se05x_modes, word);

	if (mode < 0)
		return mode;
	spin_lock(&chip->lock);
	se05x_place_set_mode(chip->channel->place, mode);
	chip->context.before = false;
	if (mode == SE05X_MODE_OFF && chip->channel_state == SE05X_CHANNEL_OPEN) {
		se05x_break_chain(chip);
		se05x_forget_context(chip);
	}
	if (!chip->dead)
		kthread_queue_work(chip->worker, &chip->serve);
	spin_unlock(&chip->lock);
	return 0;
}

/**
 * se05x_channel_add() - a chip was found: the mode and the keys that it begins with
 * @chip: the chip
 *
 * Return: 0 or -ENOMEM.
 */
int se05x_channel_add(struct se05x_chip *chip)
{
	struct se05x_secure_channel *channel = kzalloc(sizeof(*channel), GFP_KERNEL);

	if (!channel)
		return -ENOMEM;
	channel->place = se05x_place_find(chip->location);
	if (!channel->place) {
		kfree(channel);
		return -ENOMEM;
	}
	chip->channel = channel;
	channel->scp.cipher = &aes;
	channel->scp.enc = &channel->enc;
	channel->scp.mac = &channel->mac;
	channel->scp.rmac = &channel->rmac;
	se05x_channel_look(chip);
	return 0;
}

/* After this nobody sends a command to the chip, and nobody sets its mode. */
void se05x_channel_del(struct se05x_chip *chip)
{
	struct se05x_secure_channel *channel = chip->channel;

	chip->channel = NULL;
	kfree_sensitive(channel);
}
