// SPDX-License-Identifier: GPL-2.0-only
/*
 * A strict SE05x: the chip's side of T=1 over I2C (UM11225), in portable C
 */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#include "card.h"
#include "frame.h"

#define FILLER		0xFF	/* what reads past a frame give is not specified */

/* What an SE050 says of itself; BWT 1 s, IFSC 254, MPOT 1 ms, SEGT 100 us */
static const u8 default_atr[] = {
	0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
	0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00,
	0x0A, 0x4A, 0x43, 0x4F, 0x50, 0x34, 0x20, 0x41, 0x54, 0x50, 0x4F,
};

static void violate(struct card *card, enum card_violation v)
{
	card->violations[v]++;
}

/* ---- what the card sends ---- */

size_t card_frame(u8 *out, u8 nad, u8 pcb, const u8 *inf, size_t len)
{
	if (len)
		memcpy(out + 3, inf, len);
	return frame_finish(out, nad, pcb, len);
}

static void put(struct card *card, u8 pcb, const u8 *inf, size_t len, u64 at)
{
	card->out_len = card_frame(card->out, FRAME_NAD_CHIP, pcb, inf, len);
	card->out_pos = 0;
	card->out_at = at;
}

/* I- and R-blocks may be asked for again. */
static void put_kept(struct card *card, u8 pcb, const u8 *inf, size_t len, u64 at)
{
	put(card, pcb, inf, len, at);
	memcpy(card->last, card->out, card->out_len);
	card->last_len = card->out_len;
	card->last_was_i = !(pcb & 0x80);
	card->last_was_r = !card->last_was_i;
}

static void put_last(struct card *card, u64 at)
{
	memcpy(card->out, card->last, card->last_len);
	card->out_len = card->last_len;
	card->out_pos = 0;
	card->out_at = at;
}

static void put_nak(struct card *card, u8 error, u64 at)
{
	put(card, 0x80 | card->nr << 4 | error, NULL, 0, at);
}

static void put_answer_block(struct card *card, u64 at)
{
	size_t left = card->answer_len - card->answer_pos;
	size_t len = left > card->chunk ? card->chunk : left;
	u8 pcb = card->ns << 6 | (len < left ? 0x20 : 0);

	put_kept(card, pcb, card->answer + card->answer_pos, len, at);
	card->answer_pos += len;
	card->ns ^= 1;
}

/* ---- its states ---- */

static void drop_exchange(struct card *card)
{
	card->command_len = 0;
	card->answer_len = 0;
	card->answer_pos = 0;
	card->running = false;
	card->answered = false;
	card->wtx_asked = false;
	card->deferred = 0;
	card->ifs_asked = false;
	card->last_was_i = false;
	card->last_was_r = false;
	card->out_len = 0;
}

static void reset_numbers(struct card *card)
{
	drop_exchange(card);
	card->ns = 0;
	card->nr = 0;
}

static void boot(struct card *card, u64 now)
{
	reset_numbers(card);
	card->asleep = false;
	card->fresh = true;
	card->cure = CARD_WELL;
	card->ifs_told = false;
	card->ifsc = card->chunk;
	card->ready_at = now + card->config.boot_us;
	card->ops->reset(card->ctx, card);
}

void card_restart(struct card *card, u64 now)
{
	if (card->powered)
		boot(card, now);
}

void card_stick(struct card *card, enum card_cure cure)
{
	drop_exchange(card);
	card->cure = cure;
}

void card_power(struct card *card, bool on, u64 now)
{
	if (on == card->powered)
		return;
	if (!on && card->running)
		violate(card, CARD_V_POWER);
	card->powered = on;
	if (on)
		boot(card, now);
	else
		reset_numbers(card);
}

void card_init(struct card *card, const struct card_config *config,
	       const struct card_ops *ops, void *ctx)
{
	const u8 *atr;

	memset(card, 0, sizeof(*card));
	card->config = *config;
	card->ops = ops;
	card->ctx = ctx;
	if (!config->atr) {
		card->config.atr = default_atr;
		card->config.atr_len = sizeof(default_atr);
	}
	if (!config->wtx)
		card->config.wtx = 1;
	atr = card->config.atr;
	card->bwt_us = (atr[7] << 8 | atr[8]) * 1000;
	card->chunk = atr[9] << 8 | atr[10];
	card->ifsc = card->chunk;
	card->mpot_us = atr[16] * 1000;
	card->segt_us = atr[20] << 8 | atr[21];
}

void card_answer(struct card *card, const u8 *rapdu, size_t len, u64 at)
{
	if (!card->running)
		return;
	memcpy(card->answer, rapdu, len);
	card->answer_len = len;
	card->answer_pos = 0;
	card->answer_at = at;
	card->answered = true;
}

bool card_forget(struct card *card)
{
	if (card->running || card->out_len || card->command_len ||
	    card->answer_pos < card->answer_len)
		return false;
	card->last_was_i = false;
	card->last_was_r = false;
	memset(card->last, 0, sizeof(card->last));
	memset(card->out, 0, sizeof(card->out));
	memset(card->command, 0, sizeof(card->command));
	memset(card->answer, 0, sizeof(card->answer));
	return true;
}

static void s_request(struct card *card, u8 pcb, u64 at);

/* What has happened by itself until @now */
static void catch_up(struct card *card, u64 now)
{
	if (!card->running || card->wtx_asked || card->ifs_asked)
		return;
	if (card->answered && card->answer_at <= now && card->answer_at <= card->wtx_at) {
		u64 at = card->answer_at;
		u8 deferred = card->deferred;

		card->running = false;
		card->answered = false;
		if (deferred) {
			card->deferred = 0;
			s_request(card, deferred, at);
		} else {
			put_answer_block(card, at);
		}
	} else if (card->wtx_at <= now) {
		put(card, 0xC3, &card->config.wtx, 1, card->wtx_at);
		card->wtx_asked = true;
	}
}

u64 card_next(const struct card *card)
{
	if (card->out_len)
		return card->out_at;
	if (!card->running || card->wtx_asked || card->ifs_asked)
		return ~0ULL;
	if (card->answered && card->answer_at < card->wtx_at)
		return card->answer_at;
	return card->wtx_at;
}

/* It asks for more time when BWT is over, or somewhat before. */
static void compute(struct card *card, u64 now, u32 mult)
{
	card->wtx_asked = false;
	card->wtx_at = now + (u64)mult * card->bwt_us -
		       (card->config.wtx_on_time ? 0 : card->bwt_us / 8);
}

/* ---- what it makes of a frame ---- */

static void ask_ifs(struct card *card, u64 at)
{
	card->ifs_asked = true;
	put(card, 0xC1, &card->config.ifs, 1, at);
}

/* From now on no longer blocks, and what it had to say before it asked */
static void ifs_response(struct card *card, u64 at)
{
	card->ifs_asked = false;
	card->ifs_told = true;
	card->ifsc = card->config.ifs;
	if (!card->running && !card->config.ifs_first)
		put_last(card, at);
}

static void i_block(struct card *card, u8 pcb, const u8 *inf, size_t len, u64 now)
{
	u64 at = now + card->config.r_us;
	bool more = pcb & 0x20;

	if (((pcb >> 6) & 1) != card->nr) {
		violate(card, CARD_V_SEQ);
		if (card->last_was_i || card->last_was_r)
			put_last(card, at);
		else
			put_nak(card, 2, at);
		return;
	}
	if (len > card->ifsc)
		violate(card, CARD_V_IFSC);
	if (more && !len)
		violate(card, CARD_V_EMPTY_CHAIN);
	if (len > card->ifsc || (more && !len) ||
	    card->command_len + len > sizeof(card->command)) {
		put_nak(card, 2, at);
		return;
	}
	if (card->answer_pos < card->answer_len)
		violate(card, CARD_V_SEQ);	/* we are not done yet */
	memcpy(card->command + card->command_len, inf, len);
	card->command_len += len;
	card->nr ^= 1;
	if (more) {
		put_kept(card, 0x80 | card->nr << 4, NULL, 0, at);
		if (card->config.ifs && !card->ifs_told)
			ask_ifs(card, at);
		return;
	}
	len = card->command_len;
	card->command_len = 0;
	card->answer_len = 0;
	card->answer_pos = 0;
	card->running = true;
	card->runs++;
	compute(card, now, 1);
	card->ops->apdu(card->ctx, card, card->command, len, now);
	if (card->config.ifs && !card->ifs_told)
		ask_ifs(card, at);
}

static void r_block(struct card *card, u8 pcb, u64 now)
{
	u64 at = now + card->config.r_us;
	u8 nr = (pcb >> 4) & 1;

	if (card->ifs_asked) {
		ask_ifs(card, at);
	} else if (card->running) {	/* it was the WTX that got lost */
		put(card, 0xC3, &card->config.wtx, 1, at);
		card->wtx_asked = true;
	} else if (card->last_was_i && nr == ((card->last[1] >> 6) & 1)) {
		put_last(card, at);
	} else if (card->last_was_i && nr == card->ns && !(pcb & 3) &&
		   card->answer_pos < card->answer_len) {
		put_answer_block(card, at);
	} else if (card->last_was_r && nr == card->ns && (pcb & 3)) {
		put_last(card, at);
	} else {
		put_nak(card, 2, at);
	}
}

/* Both counters start anew. Whether the block sent last is forgotten is not specified. */
static void resync(struct card *card)
{
	bool last_was_i = card->last_was_i, last_was_r = card->last_was_r;

	reset_numbers(card);
	if (card->config.keeps_last) {
		card->last_was_i = last_was_i;
		card->last_was_r = last_was_r;
	}
}

/* It is stuck, and this is not what brings it back. */
static bool is_stuck(const struct card *card, u8 pcb)
{
	if (pcb == 0xC0)
		return false;
	return card->cure > (pcb == 0xCF ? CARD_SOFT_RESET :
			     pcb == 0xC6 ? CARD_CHIP_RESET : CARD_WELL);
}

static void s_request(struct card *card, u8 pcb, u64 at)
{
	const struct card_config *c = &card->config;

	if (card->running) {	/* first things first */
		card->deferred = pcb;
		card->ifs_asked = false;
		put(card, 0xC3, &c->wtx, 1, at);
		card->wtx_asked = true;
		return;
	}
	switch (pcb) {
	case 0xC0:
		resync(card);
		put(card, 0xE0, NULL, 0, at);
		break;
	case 0xC2:
		drop_exchange(card);
		put(card, 0xE2, NULL, 0, at);
		break;
	case 0xC5:
	case 0xC6:
		reset_numbers(card);
		put(card, pcb | 0x20, NULL, 0, at);
		break;
	case 0xC7:
		put(card, 0xE7, c->atr, c->atr_len, at);
		break;
	case 0xCF:
		reset_numbers(card);
		card->cure = CARD_WELL;
		card->ops->reset(card->ctx, card);
		put(card, 0xEF, c->atr, c->atr_len, at);
		break;
	}
}

static bool is_request(u8 pcb)
{
	return pcb == 0xC0 || pcb == 0xC2 || (pcb >= 0xC5 && pcb <= 0xC7) || pcb == 0xCF;
}

static void s_block(struct card *card, u8 pcb, const u8 *inf, size_t len, u64 now)
{
	u64 at = now + card->config.r_us;

	if (pcb == 0xE3 && card->wtx_asked && len == 1 && inf[0] == card->config.wtx) {
		compute(card, now, inf[0]);
	} else if (pcb == 0xE1 && card->ifs_asked && len == 1 &&
		   inf[0] == card->config.ifs) {
		ifs_response(card, at);
	} else if (!len && is_request(pcb)) {
		s_request(card, pcb, at);
	} else {
		violate(card, pcb == 0xE3 ? CARD_V_WTX : CARD_V_FRAME);
		put_nak(card, 2, at);
	}
}

static void frame(struct card *card, const u8 *buf, size_t len, u64 now)
{
	u64 at = now + card->config.r_us;
	u8 pcb;

	if (len < 5 || len > CARD_FRAME_MAX || buf[0] != FRAME_NAD_HOST || buf[2] + 5u != len) {
		violate(card, CARD_V_FRAME);
		put_nak(card, 2, at);
		return;
	}
	if (frame_crc(buf, len - 2) != (buf[len - 2] | buf[len - 1] << 8)) {
		violate(card, CARD_V_CRC);
		put_nak(card, 1, at);
		return;
	}
	pcb = buf[1];
	if (card->fresh && pcb != 0xC0)
		violate(card, CARD_V_NOT_RESYNC);
	card->fresh = false;
	if (is_stuck(card, pcb) || (card->deaf && pcb == card->deaf))
		put_nak(card, 2, at);
	else if (!(pcb & 0x9f))
		i_block(card, pcb, buf + 3, len - 5, now);
	else if ((pcb & 0xec) == 0x80 && len == 5)
		r_block(card, pcb, now);
	else
		s_block(card, pcb, buf + 3, len - 5, now);
}

/* ---- the wire ---- */

/* Is it there to be talked to? What wakes it is not acknowledged. */
static bool awake(struct card *card, u64 now)
{
	if (!card->powered)
		return false;
	if (card->asleep) {
		card->asleep = false;
		card->ready_at = now + card->config.wake_us;
		return false;
	}
	return now >= card->ready_at;
}

static void check_times(struct card *card, bool read, u64 start)
{
	bool nacked = read ? card->read_nacked : card->write_nacked;

	if (!card->last_end)
		return;
	if (start < card->last_end + card->segt_us)
		violate(card, CARD_V_SEGT);
	if (nacked && start < card->last_end + card->mpot_us)
		violate(card, CARD_V_MPOT);
}

/* Nothing but the address was on the wire. */
static int nack(struct card *card, bool read, size_t len, u64 start, u64 end)
{
	card->last_end = start + (u32)(end - start) / (u32)(len + 1);
	card->read_nacked = read;
	card->write_nacked = !read;
	return -ENXIO;
}

static int done(struct card *card, size_t len, u64 end)
{
	card->last_end = end;
	card->read_nacked = false;
	card->write_nacked = false;
	return len;
}

int card_write(struct card *card, const u8 *buf, size_t len, u64 start, u64 end)
{
	bool control = len > 1 && (buf[1] & 0x80);

	check_times(card, false, start);
	if (!len)
		violate(card, CARD_V_EMPTY);
	if (!awake(card, start))
		return nack(card, false, len, start, end);
	catch_up(card, start);
	if (!control && card->config.ifs_first && !card->ifs_told && !card->fresh) {
		if (!card->out_len)
			ask_ifs(card, end + card->config.r_us);
		return nack(card, false, len, start, end);
	}
	if (card->running || card->out_len) {
		bool readable = card->out_len && card->out_at <= start;

		if (readable && !control)
			violate(card, CARD_V_UNREAD);
		/* it waits for the answer to its WTX or IFS */
		if ((card->wtx_asked || card->ifs_asked) && !card->out_len)
			goto take;
		if (!card->config.takes_writes || !control)
			return nack(card, false, len, start, end);
		if (card->running && (buf[1] & 0xe0) == 0xc0 && len == 5)
			card->deferred = buf[1];
		if (card->running || readable)
			return done(card, len, end);
	}
take:
	frame(card, buf, len, end);
	return done(card, len, end);
}

/* A block was read whole: what comes of that */
static void block_read(struct card *card, u64 now)
{
	u8 pcb = card->out[1];

	card->out_len = 0;
	if (pcb == 0xE5) {
		card->asleep = true;
		card->fresh = true;
		if (card->ops->sleep)
			card->ops->sleep(card->ctx, card);
	} else if (pcb == 0xE6) {
		boot(card, now);
	}
}

int card_read(struct card *card, u8 *buf, size_t len, u64 start, u64 end)
{
	size_t left;

	check_times(card, true, start);
	if (!len)
		violate(card, CARD_V_EMPTY);
	if (!awake(card, start))
		return nack(card, true, len, start, end);
	catch_up(card, start);
	if (!card->out_len || card->out_at > start)
		return nack(card, true, len, start, end);
	left = card->out_len - card->out_pos;
	if (left > len)
		left = len;
	memcpy(buf, card->out + card->out_pos, left);
	memset(buf + left, FILLER, len - left);
	card->out_pos += left;
	if (card->out_pos == card->out_len)
		block_read(card, end);
	return done(card, len, end);
}

u32 card_violations(const struct card *card)
{
	u32 sum = 0;
	int i;

	for (i = 0; i < CARD_V_MAX; i++)
		sum += card->violations[i];
	return sum;
}

const char *card_violation_name(enum card_violation v)
{
	static const char * const names[CARD_V_MAX] = {
		"empty", "frame", "crc", "seq", "segt", "mpot", "repeated_start",
		"not_resync", "unread", "ifsc", "wtx", "empty_chain", "power",
		"supply",
	};

	return names[v];
}
