// SPDX-License-Identifier: GPL-2.0-only
/*
 * T=1 over I2C (UM11225), the host's side of the link
 *
 * A command is sent as one I-block or a chain of them. exchange() sends one
 * block and waits for the one that may follow it, asking again by R-NAK where
 * something was lost. When that does not help, recover() climbs the ladder:
 * RESYNC, soft reset, chip reset, power cycle. From RESYNC on the command is
 * dead: none of its I-blocks is written again and no answer of it is taken,
 * so it has run at most once.
 */
#include <linux/bitops.h>
#include <linux/crc-ccitt.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include <linux/se05x.h>

#include "se05x_t1.h"

/* NAD, UM11225 table 4 */
#define NAD_TO_CHIP		0x5A
#define NAD_TO_HOST		0xA5

/* PCB: I is 0 N(S) M 00000, R is 100 N(R) 00 e e, S is 11 r c c c c c */
#define PCB_NOT_I		0x80
#define PCB_I_NS(n)		((n) << 6)
#define PCB_I_MORE		0x20
#define PCB_I_ZERO		0x1F
#define PCB_R_MASK		0xEC
#define PCB_R_NR(n)		(0x80 | (n) << 4)
#define PCB_R_CRC		0x01
#define PCB_R_OTHER		0x02
#define PCB_R_ERROR		0x03
#define PCB_S_RESPONSE		0x20
#define PCB_S_RESYNC		0xC0
#define PCB_S_IFS		0xC1
#define PCB_S_ABORT		0xC2
#define PCB_S_WTX		0xC3
#define PCB_S_END_SESSION	0xC5
#define PCB_S_CHIP_RESET	0xC6
#define PCB_S_GET_ATR		0xC7
#define PCB_S_SOFT_RESET	0xCF

#define PLID_I2C		2

#define MS			((u64)1000)	/* this file's clock counts microseconds */
#define SECOND			(1000 * MS)

/* What holds until the ATR says otherwise (values of real parts' ATRs) */
#define DEFAULT_BWT_MS		1000
#define DEFAULT_MPOT_MS		1
#define DEFAULT_SEGT_US		100
#define DEFAULT_HARD_LIMIT	(300 * SECOND)	/* RSA-4096 on a tired chip */

#define WRITE_TIMEOUT_MIN	(500 * MS)	/* cold boots of 20-200 ms were seen */
#define BOOT_TIME		(5 * MS)	/* power wake-up time of UM11225 */
#define SILENCE_MIN		(5 * SECOND)	/* before power is cut in an exchange */
#define RETRY_MIN		SECOND		/* given up: until the next attempt, */
#define RETRY_MAX		(60 * SECOND)	/* twice as long each time */
#define NAP			(100 * MS)	/* between two questions whether to stop */

#define RNAK_TRIES		3
#define RESEND_TRIES		3
#define R_LIMIT			3	/* silicon sticks in R(other) until reset */
#define RESYNC_TRIES		3
#define DROPS_MAX		4
#define CLEARING_READS		4

/* Classes of waits; the low byte says more */
#define WAIT_ANSWER		0x100	/* the R-APDU; bits in the command's length */
#define WAIT_ACK		0x200	/* R-ACK within a chained command */
#define WAIT_MORE		0x300	/* next block of a chained answer */
#define WAIT_RESPONSE		0x400	/* S-response; PCB of the request */

/* What became of one transfer; STOP: link->stop says why nothing may follow */
enum xfer { OK, NACKED, FAILED, STOP };

/* What a look for a block gave */
enum rx {
	RX_NONE,	/* not acknowledged: nothing there (yet) */
	RX_FAILED,	/* not to be read: nobody knows */
	RX_BLOCK,	/* a valid block in link->rx */
	RX_BAD_CRC,
	RX_BAD,		/* something, but no block */
	RX_SILENT,	/* nothing until the block timeout */
	RX_LOST,	/* the exchange can't go on: up the ladder */
	RX_STOP,
};

u16 se05x_t1_crc(const u8 *buf, size_t len)
{
	return crc_ccitt(0xffff, buf, len) ^ 0xffff;
}

static u16 be16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

/**
 * se05x_atr_parse() - decode an ATR by its own length bytes
 * @atr: filled in on success, untouched otherwise
 * @buf: the ATR
 * @len: its length in bytes
 *
 * Longer parameter fields than we know are skipped over.
 *
 * Return: 0, or -EINVAL if a field reaches past the end or is too short.
 */
int se05x_atr_parse(struct se05x_atr *atr, const u8 *buf, size_t len)
{
	size_t dllp = 7, plp, hb;
	struct se05x_atr a = {
		.mpot_ms = DEFAULT_MPOT_MS,
		.segt_us = DEFAULT_SEGT_US,
	};

	/* PVER VID(5) DLLP_LEN DLLP PLID PLP_LEN PLP HB_LEN HB */
	if (len > sizeof(a.raw) || len < dllp || buf[6] < 4)
		return -EINVAL;
	plp = dllp + buf[6] + 2;
	if (len < plp)
		return -EINVAL;
	hb = plp + buf[plp - 1] + 1;
	if (len < hb || len - hb < buf[hb - 1])
		return -EINVAL;

	memcpy(a.raw, buf, len);
	a.raw_len = len;
	a.pver = buf[0];
	memcpy(a.vid, buf + 1, sizeof(a.vid));
	a.bwt_ms = be16(buf + dllp);
	a.ifsc = be16(buf + dllp + 2);
	if (buf[plp - 2] == PLID_I2C) {
		if (buf[plp - 1] < 11)
			return -EINVAL;
		a.mcf_khz = be16(buf + plp);
		a.config = buf[plp + 2];
		a.mpot_ms = buf[plp + 3];
		a.segt_us = be16(buf + plp + 7);
		a.wut_us = be16(buf + plp + 9);
	}
	a.hb = hb;
	a.hb_len = buf[hb - 1];
	*atr = a;
	return 0;
}

static u64 now(struct se05x_link *link)
{
	return link->ops->now(link->ctx);
}

static u64 bwt(struct se05x_link *link)
{
	return (link->atr.bwt_ms ?: DEFAULT_BWT_MS) * MS;
}

static u64 block_timeout(struct se05x_link *link)
{
	u64 time = max_t(u64, link->mult, 1) * bwt(link);

	return time + (time >> 2) + 100 * MS;
}

/* from the end of a transfer that was not acknowledged to the next */
static u64 poll_time(struct se05x_link *link)
{
	return max_t(u64, link->atr.mpot_ms * MS, link->atr.segt_us);
}

static void tell(struct se05x_link *link, enum se05x_link_event event, u32 arg,
		 int result)
{
	if (link->ops->event)
		link->ops->event(link->ctx, event, arg, result);
}

/* Of a link that was given up nothing is told until an attempt helped. */
static void count_rung(struct se05x_link *link, enum se05x_rung rung)
{
	link->stats.rungs[rung]++;
	if (!link->retrying)
		tell(link, SE05X_LINK_RUNG, rung, 0);
}

void se05x_link_give_up(struct se05x_link *link)
{
	link->synced = false;
	if (!link->given_up) {
		count_rung(link, SE05X_RUNG_GIVEN_UP);
		link->given_up = true;
		link->retry_us = RETRY_MIN;
	} else {
		link->retry_us = min(2 * link->retry_us, RETRY_MAX);
	}
	link->retry_at = now(link) + link->retry_us;
}

/* Wait; also with nothing to wait for, since that is how we are told to stop. */
static enum xfer pause_for(struct se05x_link *link, u64 us)
{
	int ret = link->stop ?: link->ops->sleep(link->ctx, us);

	if (ret >= 0)
		return OK;
	link->stop = ret;
	return STOP;
}

/*
 * Before each transfer: SEGT since the end of the last one, MPOT if that was
 * not acknowledged.
 */
static enum xfer wait_guard(struct se05x_link *link)
{
	enum xfer x;

	do {
		u64 time = now(link);

		x = pause_for(link, link->ready > time ? min(link->ready - time, NAP) : 0);
	} while (x == OK && now(link) < link->ready);
	return x;
}

/*
 * Adapters have different words for a NACK. ENXIO and EREMOTEIO mean nothing else
 * (bcm2835 and designware say the latter); another one may have been learnt, and
 * is forgotten as soon as the adapter is heard to say one of these.
 */
static bool says_nack(struct se05x_link *link, int ret)
{
	if (ret == -ENXIO || ret == -EREMOTEIO) {
		link->nack_known = true;
		link->nack_errno = 0;
		link->nack_guess = 0;
		link->patience = 0;
		return true;
	}
	return ret < 0 && ret == link->nack_errno;
}

/*
 * A start ended in a clearing read that failed, where nearly always nothing is
 * left to be read. If two starts end with the same errno, and no bytes were lost
 * between them, that is this adapter's word for a NACK: EIO on LPI2C of i.MX and
 * on Xilinx AXI IIC. EAGAIN and ETIMEDOUT are about the bus, never about the chip.
 */
static void guess_nack(struct se05x_link *link)
{
	int error = link->error;

	if (link->nack_known || error >= 0 || error == -EAGAIN || error == -ETIMEDOUT)
		return;
	if (error == link->nack_guess) {
		link->nack_errno = error;
		link->patience = 0;
	}
	link->nack_guess = error;
}

/* What an errno of an adapter means, and when the next transfer may start */
static enum xfer judge(struct se05x_link *link, int ret, size_t len)
{
	u64 pause = ret < 0 ? poll_time(link) : link->atr.segt_us;

	link->ready = now(link) + pause;
	link->error = ret;
	if (says_nack(link, ret)) {
		link->stats.nacks++;
		return NACKED;
	}
	switch (ret) {
	case -EOPNOTSUPP:
	case -EINVAL:
	case -ESHUTDOWN:
	case -ENODEV:
		link->stop = ret;
		link->refused = ret;
		se05x_link_give_up(link);
		return STOP;
	}
	return ret == (int)len ? OK : FAILED;
}

static enum xfer bus_write(struct se05x_link *link, const u8 *buf, size_t len)
{
	int ret;

	if (wait_guard(link) == STOP)
		return STOP;
	ret = link->ops->write(link->ctx, buf, len);
	link->stats.blocks_out++;
	link->stats.bytes_out += max(ret, 0);
	tell(link, SE05X_LINK_FRAME_OUT, buf[1] << 8 | buf[2], ret);
	return judge(link, ret, len);
}

static enum xfer bus_read(struct se05x_link *link, u8 *buf, size_t len)
{
	int ret;

	if (wait_guard(link) == STOP)
		return STOP;
	ret = link->ops->read(link->ctx, buf, len);
	link->stats.bytes_in += max(ret, 0);
	return judge(link, ret, len);
}

/* The rest of a block: the chip may let us wait, the adapter may want pieces. */
static enum xfer bus_read_rest(struct se05x_link *link, u8 *buf, size_t len,
			       u64 deadline)
{
	while (len) {
		size_t piece = min_t(size_t, len, link->max_read);
		enum xfer x = bus_read(link, buf, piece);

		if (x == NACKED && now(link) < deadline)
			continue;
		if (x != OK)
			return x;
		buf += piece;
		len -= piece;
	}
	return OK;
}

/*
 * Where a block begins is lost: empty the chip's buffer, whatever is in it. An
 * adapter that reads in small pieces does so until there is nothing left.
 */
static enum rx drain(struct se05x_link *link, enum rx good, enum rx bad)
{
	size_t len = min_t(size_t, SE05X_T1_FRAME_MAX, link->max_read);
	size_t done = 0;

	link->nack_guess = 0;
	while (done < SE05X_T1_FRAME_MAX) {
		enum xfer x;

		/* what failed, or gave nothing but filler, may have been a NACK */
		link->ready = now(link) + poll_time(link);
		x = bus_read(link, link->rx, len);

		if (x == STOP)
			return RX_STOP;
		if (x != OK)
			break;
		link->heard = now(link);
		done += len;
	}
	link->ready = now(link) + poll_time(link);
	return done ? good : bad;
}

/* A bus that nobody drives reads all ones or, shorted, all zeros. */
static bool nobody_there(const u8 *header)
{
	u8 ones = 0xff, zeros = 0;
	int i;

	for (i = 0; i < SE05X_T1_OVERHEAD; i++) {
		ones &= header[i];
		zeros |= header[i];
	}
	return ones == 0xff || !zeros;
}

static bool is_r(u8 pcb)
{
	return (pcb & PCB_R_MASK) == PCB_R_NR(0);
}

/* NAD 00 was seen in the R-NAK by which a chip answers what it did not get. */
static bool nad_ok(const u8 *rx)
{
	return rx[0] == NAD_TO_HOST ||
	       (!rx[0] && is_r(rx[1]) && (rx[1] & PCB_R_ERROR) && !rx[2]);
}

static enum rx in_vain(struct se05x_link *link)
{
	link->gap = max_t(u32, min(link->ready - link->looked, 2 * poll_time(link)), 1);
	return RX_NONE;
}

/*
 * One look for a block: a header read, then exactly the rest. The five bytes
 * of the header are a whole R- or S-block in one transfer.
 */
static enum rx look(struct se05x_link *link, u64 deadline)
{
	u8 *rx = link->rx;
	size_t have = SE05X_T1_OVERHEAD, total;
	enum xfer x;
	u16 crc;

	/* the due time, not the actual start: late wake-ups would shift the learned time */
	link->looked = max(now(link), link->ready);
	x = bus_read(link, rx, have);
	if (x == STOP)
		return RX_STOP;
	if (x == NACKED)
		return in_vain(link);
	if (x == FAILED)
		return RX_FAILED;
	if (nobody_there(rx)) {	/* some adapters have no other word for a NACK */
		link->stats.nacks++;
		link->ready = now(link) + poll_time(link);
		return in_vain(link);
	}
	link->heard = now(link);
	if (rx[1] == NAD_TO_HOST)	/* one byte of garbage in front */
		memmove(rx, rx + 1, --have);
	if (!nad_ok(rx) || rx[2] > SE05X_T1_INF_MAX)
		return drain(link, RX_BAD, RX_BAD);

	total = rx[2] + SE05X_T1_OVERHEAD;
	x = bus_read_rest(link, rx + have, total - have, deadline);
	if (x == STOP)
		return RX_STOP;
	if (x != OK)
		return drain(link, RX_BAD, RX_BAD);
	crc = se05x_t1_crc(rx, total - 2);
	if (rx[total - 2] != (crc & 0xff) || rx[total - 1] != crc >> 8) {
		tell(link, SE05X_LINK_FRAME_IN, rx[1] << 8 | rx[2], -EBADMSG);
		return drain(link, RX_BAD_CRC, RX_BAD_CRC);
	}

	tell(link, SE05X_LINK_FRAME_IN, rx[1] << 8 | rx[2], 0);
	link->stats.blocks_in++;
	link->rx_len = rx[2];
	if (rx[1] != PCB_S_WTX)
		link->mult = 1;
	return RX_BLOCK;
}

/* microseconds, as far as a class of waits can remember them */
static u32 since(u64 time, u64 start)
{
	return time > start ? min_t(u64, time - start, U32_MAX / 2) : 0;
}

/*
 * The same where the header read may have failed in mid-block. As long as the
 * adapter's word for a NACK is not known, each look that comes too early is
 * followed by a drain, which may eat the answer. So from then on no look comes
 * sooner after a write than the latest one that found something.
 */
static enum rx look_or_drain(struct se05x_link *link, u64 deadline)
{
	enum rx r = look(link, deadline);

	if (r == RX_FAILED) {
		link->wait = NULL;
		link->blind = !link->nack_known && !link->nack_errno;
		r = drain(link, RX_BAD, RX_FAILED);
	}
	if (r != RX_NONE && r != RX_FAILED && link->blind)
		link->patience = max(link->patience,
				     min_t(u32, since(now(link), link->sent), bwt(link)));
	return r;
}

/* Only a wait without faults or requests in between is learnt from: else wait is NULL. */
static void learn(struct se05x_link *link)
{
	if (link->wait)
		se05x_poll_learn(link->wait, since(link->missed, link->since),
				 since(link->looked, link->since), link->gap);
}

/*
 * When to look next: when the block will most likely have come, by what the poller
 * learned. A chip that needs longer than BWT asks for more time then, so no look is
 * later than that. Where nothing is known, and after BWT, the time between looks
 * grows with the time waited so far.
 */
static u64 next_look(struct se05x_link *link, u64 start)
{
	u64 time = max(now(link), link->ready);
	u64 asks = link->sent + max_t(u64, link->mult, 1) * bwt(link);
	u64 waited = since(link->missed, start);
	u64 next = start + waited + (waited >> (link->wait ? 12 : 6));

	if (time >= asks)
		return max(time, next);
	if (link->wait)
		next = link->since + se05x_poll_next(&link->poll, link->wait,
						     since(link->missed, link->since),
						     since(time, link->since), link->gap);
	return max(time, min(next, asks));
}

/* Look until something is there or the block timeout, or the limit, is over. */
static enum rx receive(struct se05x_link *link)
{
	u64 start = now(link);
	u64 deadline = min(start + block_timeout(link), link->limit);

	for (;;) {
		enum rx r;

		link->ready = max(link->ready, min(next_look(link, start), deadline));
		r = look_or_drain(link, deadline);
		if (r != RX_NONE && r != RX_FAILED)
			return r;
		if (now(link) >= deadline)
			return RX_SILENT;
		link->missed = link->looked;
	}
}

/* A chip that restarted in mid-chain would take a block of number 0 for a new command. */
static bool is_tail(struct se05x_link *link, u8 pcb)
{
	return link->midway && pcb == (pcb & PCB_I_MORE);
}

/*
 * A chip that has just acknowledged a block has nothing to do, so one that then is
 * busy for half the time of a boot may be in one.
 */
static u64 write_timeout(struct se05x_link *link, u8 pcb)
{
	if (is_tail(link, pcb))
		return BOOT_TIME / 2;
	return max(block_timeout(link), WRITE_TIMEOUT_MIN);
}

/*
 * Write a block until the chip takes it. A busy chip does not acknowledge, and
 * neither does one that wants to be read first: so look now and then. Where
 * the adapter can't say what became of the frame, an I-block is not repeated:
 * only the chip may ask for that. Other blocks are, but if the repeat is NACKed
 * the chip has the first one, and works on it or wants to be read.
 *
 * Return: RX_NONE once the block is out, or what was read in its stead; @out
 * tells whether that may be an answer to it.
 */
static enum rx send(struct se05x_link *link, const u8 *buf, size_t len, bool *out)
{
	u64 deadline = min(now(link) + write_timeout(link, buf[1]), link->limit);
	bool first = true;

	*out = false;
	for (;;) {
		enum xfer x = bus_write(link, buf, len);

		if (x == STOP)
			return RX_STOP;
		if (x == NACKED && *out)
			return RX_NONE;
		if (x != NACKED)
			*out = true;
		if (x == FAILED)
			link->wait = NULL;
		link->sent = now(link);
		link->blind = false;
		if (x == OK || (x == FAILED && !(buf[1] & PCB_NOT_I))) {
			link->ready = max(link->ready, link->sent + link->patience);
			return RX_NONE;
		}
		if (x == FAILED || !first) {
			enum rx r = look_or_drain(link, deadline);

			if (r != RX_NONE && r != RX_FAILED)
				return r;
		}
		first = false;
		if (wait_guard(link) == STOP)
			return RX_STOP;
		if (now(link) < deadline)	/* checked when the next try may begin */
			continue;
		/* Where a NACK is not certain the chip may be working on this block: read. */
		if (!is_tail(link, buf[1]) || !(link->retries || link->nack_errno))
			return RX_SILENT;
		*out = true;
		return RX_NONE;
	}
}

static size_t frame(u8 *buf, u8 pcb, const u8 *inf, u8 len)
{
	u16 crc;

	buf[0] = NAD_TO_CHIP;
	buf[1] = pcb;
	buf[2] = len;
	if (len)
		memmove(buf + 3, inf, len);
	crc = se05x_t1_crc(buf, len + 3);
	buf[len + 3] = crc & 0xff;
	buf[len + 4] = crc >> 8;
	return len + SE05X_T1_OVERHEAD;
}

/* R- and S-blocks of which nothing is kept */
static enum rx send_control(struct se05x_link *link, u8 pcb, const u8 *inf, u8 len)
{
	bool out;

	return send(link, link->ctl, frame(link->ctl, pcb, inf, len), &out);
}

/* Write a block that is answered; @wait: what is known of the time that takes */
static enum rx ask(struct se05x_link *link, struct se05x_poll_class *wait, const u8 *buf,
		   size_t len, bool *out)
{
	enum rx r;

	link->wait = wait;
	r = send(link, buf, len, out);
	link->since = link->sent;
	return r;
}

static bool is_abort(struct se05x_link *link)
{
	return link->rx[1] == PCB_S_ABORT && !link->rx_len;
}

static bool is_wtx(struct se05x_link *link)
{
	return link->rx[1] == PCB_S_WTX && link->rx_len == 1;
}

/* The chip asked for more time: grant the multiplier it asked for. */
static enum rx grant_wtx(struct se05x_link *link)
{
	u8 mult = link->rx[3];

	link->mult = mult;
	link->missed = link->looked;	/* the answer was not there */
	link->stats.wtx++;
	return send_control(link, PCB_S_WTX | PCB_S_RESPONSE, &mult, 1);
}

/* S(IFS request): from now on shorter, or longer, blocks */
static bool is_ifs(struct se05x_link *link)
{
	return link->rx[1] == PCB_S_IFS && link->rx_len == 1 &&
	       link->rx[3] && link->rx[3] <= SE05X_T1_INF_MAX;
}

static enum rx grant_ifs(struct se05x_link *link)
{
	u8 ifsc = link->rx[3];

	link->wait = NULL;
	link->ifsc = ifsc;
	return send_control(link, PCB_S_IFS | PCB_S_RESPONSE, &ifsc, 1);
}

/* May the block in rx follow the one in tx? */
static bool is_expected(struct se05x_link *link)
{
	u8 pcb = link->rx[1], tx = link->tx[1];

	if (!(tx & PCB_NOT_I) && (tx & PCB_I_MORE))
		return pcb == PCB_R_NR(link->ns ^ 1) && !link->rx_len;
	if (pcb & (PCB_NOT_I | PCB_I_ZERO))
		return false;
	if ((pcb & PCB_I_MORE) && !link->rx_len)
		return false;	/* a chain of empty blocks would never end */
	return (pcb & ~PCB_I_MORE) == PCB_I_NS(link->nr);
}

/* An R-block that is no acknowledgment we wait for */
static bool is_nak(struct se05x_link *link)
{
	return is_r(link->rx[1]) && !link->rx_len;
}

/*
 * Does the chip ask for the block in tx? For an I-block by its number only; for
 * an R-ACK also by saying again what that acknowledged.
 */
static bool is_asked_again(struct se05x_link *link)
{
	if (!(link->tx[1] & PCB_NOT_I))
		return is_nak(link) &&
		       (link->rx[1] & PCB_R_NR(1)) == PCB_R_NR(link->ns);
	return is_nak(link) || (link->rx[1] & ~PCB_I_MORE) == PCB_I_NS(link->nr ^ 1);
}

/*
 * A chip that restarted unseen expects number 0, and says so when it gets an
 * R-NAK or a WTX response. It may have run the command before, so a last block
 * of that number is not given to it again. By itself it says nothing.
 */
static bool may_have_restarted(struct se05x_link *link, bool spoken)
{
	bool begins = (link->tx[1] & PCB_I_MORE) && !link->midway;

	return spoken && !(link->tx[1] & PCB_NOT_I) && !begins && !link->ns;
}

/* An exchange so far: one block of ours, until the one that may follow it is read */
struct exchange {
	struct se05x_poll_class *wait;	/* what is known of the time that takes */
	bool out;	/* our block may have arrived: what is read may answer it */
	bool tried;	/* it may have, also when it was written before or its NACK is in doubt */
	bool spoken;	/* and the chip got an R-NAK or a WTX response after it */
	bool checked;	/* by R-NAK, whether the chip still has what came before our block */
	bool doubted;	/* an empty last block was asked for again */
	u8 naks;	/* R-NAKs written */
	u8 others;	/* R(other) in a row */
	u8 resends;	/* how often the chip asked for our block */
	u8 drops;	/* blocks read while our block was not out */
	u8 ifs;		/* S(IFS) granted */
};

/*
 * May what was read answer our block? An adapter that repeats by itself reports a
 * NACK of its last try, and an earlier one may have arrived.
 */
static bool is_younger(struct se05x_link *link, bool out)
{
	return out || link->retries;
}

static enum rx write_block(struct se05x_link *link, struct exchange *x)
{
	enum rx r = ask(link, x->wait, link->tx, link->tx_len, &x->out);

	x->tried |= x->out || link->retries || link->nack_errno;
	return r;
}

/* The chip works on the command, so earlier losses are over: count tries anew. */
static enum rx on_wtx(struct se05x_link *link, struct exchange *x)
{
	enum rx r = grant_wtx(link);

	x->naks = 0;
	x->others = 0;
	x->resends = 0;
	if (x->out) {
		x->spoken = true;
		link->first = false;
	}
	return r == RX_NONE && !x->out ? write_block(link, x) : r;
}

/*
 * If the chip wants shorter blocks before it took this one, the rest of it is left to
 * the next ones. But what may have arrived is never written in another form.
 */
static enum rx on_ifs(struct se05x_link *link, struct exchange *x)
{
	enum rx r = grant_ifs(link);

	x->ifs++;
	x->spoken |= x->out;
	if (x->out || r == RX_STOP)
		return r;
	if (link->tx_len > link->ifsc + SE05X_T1_OVERHEAD) {
		if (x->tried)
			return RX_LOST;
		x->wait = NULL;
		link->tx_len = frame(link->tx, link->tx[1] | PCB_I_MORE, link->tx + 3,
				     link->ifsc);
	}
	return r == RX_NONE ? write_block(link, x) : r;
}

/* The chip drops the chain, and with it the command, unless that was not begun yet. */
static enum rx on_abort(struct se05x_link *link, struct exchange *x)
{
	enum rx r = send_control(link, PCB_S_ABORT | PCB_S_RESPONSE, NULL, 0);

	if (r == RX_STOP)
		return r;
	if (x->out || link->midway || x->drops++ == DROPS_MAX)
		return RX_LOST;
	return r == RX_NONE ? write_block(link, x) : r;
}

static enum rx on_asked_again(struct se05x_link *link, struct exchange *x)
{
	x->resends++;
	if (may_have_restarted(link, x->spoken))
		return RX_LOST;
	link->stats.resends++;
	x->wait = NULL;
	return write_block(link, x);
}

/*
 * Nothing useful was read: ask for the chip's last block. Not before the chip took a
 * first I-block after a counter reset: its last block may be one from before the
 * reset, and would have the right number [U].
 */
static enum rx write_nak(struct se05x_link *link, struct exchange *x, enum rx r)
{
	u8 error = r == RX_BAD_CRC ? PCB_R_CRC : PCB_R_OTHER;

	if (link->first || x->naks++ == RNAK_TRIES)
		return RX_LOST;
	count_rung(link, SE05X_RUNG_RNAK);
	x->spoken = true;
	link->wait = NULL;
	return send_control(link, PCB_R_NR(link->nr) | error, NULL, 0);
}

/*
 * Our block is not out, so what was read is older and does not answer it. If the chip
 * NACKs the tail of a chain it may have restarted. R-NAK finds out: a chip that did
 * not restart repeats its last acknowledgment.
 */
static enum rx on_older(struct se05x_link *link, struct exchange *x, enum rx r)
{
	bool acked = r == RX_BLOCK && link->rx[1] == PCB_R_NR(link->ns) && !link->rx_len;

	if (x->checked && !acked)
		return RX_LOST;
	if (r == RX_SILENT && is_tail(link, link->tx[1])) {
		x->checked = true;
		return write_nak(link, x, r);
	}
	if (r == RX_SILENT || x->drops++ == DROPS_MAX)
		return RX_LOST;
	return write_block(link, x);
}

/* What to do about @r, which is not what may follow our block. */
static enum rx go_on(struct se05x_link *link, struct exchange *x, enum rx r)
{
	bool block = r == RX_BLOCK;

	if (block && is_wtx(link))
		return on_wtx(link, x);
	if (block && is_ifs(link) && x->ifs < DROPS_MAX)
		return on_ifs(link, x);
	if (block && is_abort(link))
		return on_abort(link, x);
	if (!x->out)
		return on_older(link, x, r);
	if (!block || !is_nak(link) || (link->rx[1] & PCB_R_ERROR) == PCB_R_CRC)
		x->others = 0;
	else if (++x->others == R_LIMIT)
		return RX_LOST;
	if (block && is_asked_again(link) && x->resends < RESEND_TRIES)
		return on_asked_again(link, x);
	return write_nak(link, x, r);
}

/* An empty last block probably ends the answer too early: ask for it once more. */
static bool is_doubtful(struct se05x_link *link, struct exchange *x)
{
	bool empty = (link->tx[1] & PCB_NOT_I) && !link->rx_len;
	bool doubtful = empty && !x->doubted;

	x->doubted |= empty;
	return doubtful;
}

/*
 * Send the block in tx and get the one that may follow it into rx; @wait: what
 * is known of the time that takes.
 *
 * Return: 0; -EIO if R-NAK did not help; link->stop.
 */
static int exchange(struct se05x_link *link, struct se05x_poll_class *wait)
{
	struct exchange x = { .wait = wait };
	enum rx r = write_block(link, &x);

	while (r != RX_LOST && r != RX_STOP) {
		link->how = r;
		if (r == RX_NONE) {
			r = receive(link);
		} else if (r == RX_BLOCK && is_younger(link, x.out) && is_expected(link) &&
			   !is_doubtful(link, &x)) {
			learn(link);
			link->first = false;
			return 0;
		} else if (now(link) >= link->limit) {
			r = RX_LOST;
		} else {
			r = go_on(link, &x, r);
		}
	}
	return r == RX_STOP ? link->stop : -EIO;
}

/* Only an ATR has an INF field. */
static bool is_response(struct se05x_link *link, u8 pcb)
{
	return link->rx[1] == (pcb | PCB_S_RESPONSE) &&
	       (!link->rx_len || pcb == PCB_S_GET_ATR || pcb == PCB_S_SOFT_RESET);
}

/*
 * Send an S-request until its response is in rx. Anything else is read whole
 * and dropped, and the request repeated, since it may have crossed it. While
 * the chip asks for more time no try is lost.
 *
 * Return: 0; -EIO; link->stop.
 */
static int s_request(struct se05x_link *link, u8 pcb, int all)
{
	struct se05x_poll_class *wait = se05x_poll_find(&link->poll, 0, WAIT_RESPONSE | pcb);
	int drops = 0, tries = all;

	while (tries) {
		bool out, crossed = false;
		enum rx r;

		/* WTX may stretch this, but past the hard limit no longer */
		link->mult = 1;
		link->limit = max(link->hard, now(link) +
				  max(block_timeout(link), WRITE_TIMEOUT_MIN));
		r = ask(link, wait, link->ctl, frame(link->ctl, pcb, NULL, 0), &out);
		for (;;) {
			if (r == RX_NONE)
				r = receive(link);
			if (r == RX_STOP)
				return link->stop;
			if (r != RX_BLOCK || !is_wtx(link) || now(link) >= link->limit)
				break;
			r = grant_wtx(link);
			if (now(link) < link->hard)
				tries = all;
			crossed = !out && now(link) < link->hard;
			if (crossed && r != RX_STOP)
				break;	/* our request never got out */
		}
		if (crossed)
			continue;
		if (r != RX_BLOCK)
			tries--;
		else if (is_younger(link, out) && is_response(link, pcb))
			break;
		else if (drops++ == DROPS_MAX)
			return -EIO;
	}
	if (!tries)
		return -EIO;
	learn(link);
	return 0;
}

/* Tell the owner that the applet's state may be lost from here on. */
static void lose(struct se05x_link *link, enum se05x_rung rung)
{
	link->synced = false;
	tell(link, SE05X_LINK_LOST, rung, 0);
}

/*
 * Both counters are 0 now. Before the next I-block read away what is left of
 * an older exchange, until nothing is.
 */
static int start_over(struct se05x_link *link)
{
	bool left = false;
	int i;

	link->ns = 0;
	link->nr = 0;
	link->first = true;
	for (i = 0; i < CLEARING_READS; i++) {
		switch (look(link, now(link) + block_timeout(link))) {
		case RX_NONE:
			return 0;
		case RX_STOP:
			return link->stop;
		case RX_FAILED:	/* some adapters have no other word for a NACK */
			continue;
		default:
			left = true;
		}
	}
	if (left)
		return -EIO;
	guess_nack(link);
	return 0;
}

static int resync(struct se05x_link *link, int tries)
{
	int ret;

	lose(link, SE05X_RUNG_RESYNC);
	ret = s_request(link, PCB_S_RESYNC, tries);
	if (ret)
		return ret;
	link->known = true;
	link->fresh = false;
	return start_over(link);
}

/* The ATR's IFSC holds from a boot to S(IFS). RESYNC and soft reset may not end that [U]. */
static void take_ifsc(struct se05x_link *link)
{
	link->ifsc = min_t(u16, link->atr.ifsc ?: SE05X_T1_INF_MAX, SE05X_T1_INF_MAX);
}

static int take_atr(struct se05x_link *link)
{
	bool first = !link->atr.raw_len;
	int ret = se05x_atr_parse(&link->atr, link->rx + 3, link->rx_len);

	if (!ret && first)
		take_ifsc(link);
	return ret;
}

static int soft_reset(struct se05x_link *link)
{
	int ret;

	lose(link, SE05X_RUNG_SOFT);
	ret = s_request(link, PCB_S_SOFT_RESET, 1);
	if (ret)
		return ret;
	/* an ATR that was understood before still holds */
	if (take_atr(link) && !link->atr.raw_len)
		return -EIO;
	return start_over(link);
}

static u64 boot_time(struct se05x_link *link)
{
	return max_t(u64, BOOT_TIME, link->atr.wut_us);
}

/* After power-on, and after the wake-up time it announced, RESYNC comes first. */
static int boot(struct se05x_link *link)
{
	if (pause_for(link, boot_time(link)) == STOP)
		return link->stop;
	return resync(link, RESYNC_TRIES);
}

/*
 * If the response was not heard the chip may have restarted or not. So put it in step
 * and ask once more. If that is not heard either, the chip is at least in step, and
 * this counts as a recovery by RESYNC.
 */
static int chip_reset(struct se05x_link *link)
{
	int tries = 2, unheard, ret;

	lose(link, SE05X_RUNG_CHIP);
	do {
		link->fresh = true;
		unheard = s_request(link, PCB_S_CHIP_RESET, 1);
		if (link->stop)
			return link->stop;
		if (!unheard)
			take_ifsc(link);
		ret = boot(link);
	} while (unheard && !ret && --tries);
	if (unheard && !ret)
		count_rung(link, SE05X_RUNG_RESYNC);
	return ret;
}

static int power_cycle(struct se05x_link *link)
{
	int ret = link->ops->power(link->ctx, false);

	if (ret)
		return ret;
	lose(link, SE05X_RUNG_POWER);
	link->in_flight = false;
	link->fresh = true;
	/* after -ENODEV the lines belong to somebody else */
	if (pause_for(link, SE05X_T1_OFF_TIME) == STOP) {
		if (link->stop != -ENODEV)
			link->ops->power(link->ctx, true);
		link->ready = now(link) + BOOT_TIME;
		return link->stop;
	}
	take_ifsc(link);
	ret = link->ops->power(link->ctx, true);
	return ret ?: boot(link);
}

/*
 * The chip may be writing its flash: before its power is cut it must have been
 * silent for long, or past the hard limit.
 *
 * Return: 0 to cut; -EAGAIN if the chip came back to life; link->stop.
 */
static int wait_for_silence(struct se05x_link *link)
{
	u64 quiet = max(SILENCE_MIN, 3 * bwt(link));

	link->wait = NULL;
	while (now(link) < min(link->heard + quiet, link->hard)) {
		enum rx r;

		link->limit = min(link->heard + quiet, link->hard);
		r = receive(link);
		if (r == RX_STOP)
			return link->stop;
		if (r == RX_BLOCK && is_wtx(link) && grant_wtx(link) == RX_STOP)
			return link->stop;
		if (r != RX_SILENT)	/* a garbled block is no silence either */
			return -EAGAIN;
	}
	return 0;
}

static int climb(struct se05x_link *link, enum se05x_rung rung, bool on_purpose)
{
	int ret = 0;

	switch (rung) {
	case SE05X_RUNG_SOFT:
		return soft_reset(link);
	case SE05X_RUNG_CHIP:
		return chip_reset(link);
	case SE05X_RUNG_POWER:
		if (link->in_flight || !on_purpose)
			ret = wait_for_silence(link);
		return ret ?: power_cycle(link);
	default:
		return resync(link, RESYNC_TRIES);
	}
}

static void in_step(struct se05x_link *link)
{
	link->in_flight = false;
	link->synced = true;
	link->given_up = false;
}

/*
 * Climb the ladder from @from until the link is in step again. @on_purpose:
 * that rung is wanted for itself and is no recovery.
 */
static int recover(struct se05x_link *link, enum se05x_rung from, bool on_purpose)
{
	enum se05x_rung rung = from;
	enum se05x_rung reached = from;

	while (rung < SE05X_RUNG_GIVEN_UP) {
		bool wanted;
		int ret;

		/* what never answered RESYNC may be somebody else's chip */
		if (rung > SE05X_RUNG_RESYNC && !link->known && !link->trusted)
			break;
		wanted = on_purpose && rung == from;
		if (!wanted)
			count_rung(link, rung);
		ret = climb(link, rung, wanted);
		if (!ret) {
			link->in_flight = false;
			if (rung < from && on_purpose) {	/* idle now: power may be cut */
				rung = from;
				continue;
			}
			if (!wanted)
				link->mended = max(rung, reached);
			in_step(link);
			return 0;
		}
		if (link->stop)
			return link->stop;
		if (wanted && ret == -EOPNOTSUPP)
			return ret;
		rung++;
		if (ret == -EAGAIN) {	/* power was not cut */
			reached = min_t(enum se05x_rung, reached, SE05X_RUNG_CHIP);
			rung = SE05X_RUNG_RESYNC;
		}
	}
	se05x_link_give_up(link);
	return -ENOLINK;
}

/*
 * The first rung for a command that failed. If it failed the same way as the one
 * before it, the last mend did not help: start one rung higher than that.
 */
static enum se05x_rung first_rung(struct se05x_link *link)
{
	enum se05x_rung rung = SE05X_RUNG_RESYNC;

	if (link->mended && link->mended_how == link->how)
		rung = link->mended + 1;
	link->mended_how = link->how;
	return rung;
}

static void begin(struct se05x_link *link)
{
	link->stop = 0;
	link->refused = 0;
	link->wait = NULL;
	link->gap = link->gap ?: max_t(u32, poll_time(link), 1);
	link->heard = now(link);
	link->hard = link->heard + link->hard_limit_us;
	link->limit = link->hard;
}

/* APDUs don't stay in our buffers. An adapter that refused ends the link. */
static int end(struct se05x_link *link, int ret)
{
	if (link->refused)
		ret = link->refused == -ENODEV ? -ENODEV : -ENOLINK;
	memzero_explicit(link->tx, sizeof(link->tx));
	memzero_explicit(link->rx, sizeof(link->rx));
	return ret;
}

/**
 * se05x_link_init() - make a link that knows nothing yet
 * @link: the link, zeroed
 * @ops: the world
 * @ctx: handed back to @ops
 * @max_write: longest write message the adapter takes, in bytes, 0: any
 * @max_read: longest read message the adapter takes, in bytes, 0: any
 *
 * Both limits must let a whole S-block with one byte through: 6 or more.
 */
void se05x_link_init(struct se05x_link *link, const struct se05x_link_ops *ops,
		     void *ctx, size_t max_write, size_t max_read)
{
	link->ops = ops;
	link->ctx = ctx;
	link->max_write = min_t(size_t, max_write ?: SE05X_T1_FRAME_MAX, SE05X_T1_FRAME_MAX);
	link->max_read = min_t(size_t, max_read ?: SE05X_T1_FRAME_MAX, SE05X_T1_FRAME_MAX);
	link->hard_limit_us = DEFAULT_HARD_LIMIT;
	link->mult = 1;
	link->ifsc = SE05X_T1_INF_MAX;
	link->atr.bwt_ms = DEFAULT_BWT_MS;
	link->atr.ifsc = SE05X_T1_INF_MAX;
	link->atr.mpot_ms = DEFAULT_MPOT_MS;
	link->atr.segt_us = DEFAULT_SEGT_US;
}

int se05x_link_open(struct se05x_link *link, bool booting)
{
	int ret;

	begin(link);
	/* an earlier boot stage may have left the chip computing */
	link->in_flight = !booting;
	if (booting && pause_for(link, BOOT_TIME) == STOP)
		return link->stop;
	ret = recover(link, SE05X_RUNG_RESYNC, true);
	if (!ret && link->nack_guess)	/* the second start shows whether it is right */
		ret = recover(link, SE05X_RUNG_RESYNC, true);
	if (!ret && !link->atr.raw_len) {
		ret = s_request(link, PCB_S_GET_ATR, RESYNC_TRIES);
		if (ret || take_atr(link))
			ret = link->stop ?: recover(link, SE05X_RUNG_SOFT, false);
	}
	if (!ret && !link->atr.raw_len)
		ret = -ENODEV;
	ret = end(link, ret);
	return ret == -ENOLINK ? -ENODEV : ret;
}

/*
 * One more attempt for a link that was given up: one RESYNC, and the ladder if the
 * chip says anything at all.
 */
static int try_again(struct se05x_link *link)
{
	u64 heard = link->heard;
	enum se05x_rung mended = SE05X_RUNG_RESYNC;
	int ret;

	link->retrying = true;
	ret = resync(link, 1);
	if (!ret) {
		in_step(link);
	} else if (!link->stop && link->heard != heard) {
		ret = recover(link, SE05X_RUNG_RESYNC, false);
		mended = link->mended;
	} else if (!link->stop) {
		se05x_link_give_up(link);
		ret = -ENOLINK;
	}
	link->retrying = false;
	if (!ret) {
		link->mended = mended;
		tell(link, SE05X_LINK_RUNG, mended, 0);
	}
	return ret;
}

bool se05x_link_is_due(struct se05x_link *link, bool retry)
{
	return !link->given_up || (retry && !link->refused && now(link) >= link->retry_at);
}

int se05x_link_wake(struct se05x_link *link, bool retry)
{
	if (link->synced)
		return 0;
	if (!se05x_link_is_due(link, retry))
		return -ENOLINK;
	begin(link);
	return end(link, link->given_up ? try_again(link) :
			 recover(link, SE05X_RUNG_RESYNC, true));
}

void se05x_link_resumed(struct se05x_link *link)
{
	link->synced = false;
	link->fresh = true;
	if (link->refused == -ESHUTDOWN) {
		link->refused = 0;
		link->retry_at = 0;
	}
}

void se05x_link_booted(struct se05x_link *link)
{
	link->synced = false;
	link->fresh = true;
	link->in_flight = false;
	link->ready = now(link) + boot_time(link);
	take_ifsc(link);
}

static u32 be32(const u8 *p)
{
	return (u32)be16(p) << 16 | be16(p + 2);
}

static int send_command(struct se05x_link *link, struct se05x_apdu *apdu)
{
	struct se05x_poll_class *answer, *ack;
	size_t pos = 0;

	answer = se05x_poll_find(&link->poll, be32(apdu->command),
				 WAIT_ANSWER | fls(apdu->command_len));
	ack = se05x_poll_find(&link->poll, 0, WAIT_ACK);

	while (pos < apdu->command_len) {
		/* S(IFS) may change it in mid-chain, and cut the block that is not out */
		size_t chunk = min_t(size_t, link->ifsc, link->max_write - SE05X_T1_OVERHEAD);
		size_t len = min(chunk, apdu->command_len - pos);
		bool last = pos + len == apdu->command_len;
		int ret;

		link->tx_len = frame(link->tx, PCB_I_NS(link->ns) |
				     (last ? 0 : PCB_I_MORE), apdu->command + pos, len);
		link->midway = pos > 0;
		if (last)	/* whatever the adapter says, it may arrive */
			apdu->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		ret = exchange(link, last ? answer : ack);
		if (ret)
			return ret;
		link->ns ^= 1;
		pos += link->tx_len - SE05X_T1_OVERHEAD;
	}
	return 0;
}

static int take_response(struct se05x_link *link, struct se05x_apdu *apdu)
{
	struct se05x_poll_class *more = se05x_poll_find(&link->poll, 0, WAIT_MORE);

	for (;;) {
		int ret;

		if (link->rx_len > SE05X_T1_RESPONSE_MAX + apdu->overhead - apdu->response_len)
			return -EIO;
		memcpy(apdu->response + apdu->response_len, link->rx + 3, link->rx_len);
		apdu->response_len += link->rx_len;
		link->nr ^= 1;
		if (!(link->rx[1] & PCB_I_MORE))
			return apdu->response_len < 2 ? -EIO : 0;	/* no SW */
		link->tx_len = frame(link->tx, PCB_R_NR(link->nr), NULL, 0);
		link->midway = true;
		ret = exchange(link, more);
		if (ret)
			return ret;
	}
}

int se05x_link_transceive(struct se05x_link *link, struct se05x_apdu *apdu)
{
	int ret;

	apdu->outcome = SE05X_OUTCOME_NOT_SENT;
	apdu->response_len = 0;
	if (!link->synced)
		return -ENOLINK;

	begin(link);
	link->stats.apdus++;
	link->in_flight = true;
	ret = send_command(link, apdu) ?: take_response(link, apdu);
	if (!ret) {
		link->in_flight = false;
		link->mended = 0;
		apdu->outcome = SE05X_OUTCOME_RAN;
		return end(link, 0);
	}

	apdu->response_len = 0;
	if (link->stop)
		lose(link, SE05X_RUNG_RNAK);
	else
		ret = recover(link, first_rung(link), false) ?: -ECONNABORTED;
	ret = end(link, ret);
	return apdu->outcome == SE05X_OUTCOME_MAY_HAVE_RUN ? -ECONNRESET : ret;
}

int se05x_link_sleep(struct se05x_link *link)
{
	begin(link);
	lose(link, SE05X_RUNG_RNAK);
	link->fresh = true;
	/* only once: a chip that took it is asleep, and then RESYNC comes first */
	return end(link, s_request(link, PCB_S_END_SESSION, 1));
}

int se05x_link_reset(struct se05x_link *link, enum se05x_rung rung, bool force)
{
	int ret = 0;

	begin(link);
	if (force)
		link->in_flight = false;
	/* the first block after sleep or power-on is RESYNC, answered or not */
	if (link->fresh && rung < SE05X_RUNG_POWER)
		ret = resync(link, RESYNC_TRIES);
	if (!link->stop)
		ret = recover(link, rung, true);
	return end(link, ret);
}
