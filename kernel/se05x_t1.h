/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * T=1 over I2C (UM11225), the host's side of the link
 *
 * This code uses no I2C, no allocation, no lock and no clock of its own. It reaches
 * the bus, the clock and the power lines through struct se05x_link_ops alone. Its
 * caller makes sure that only one thread uses a link.
 */
#ifndef SE05X_T1_H
#define SE05X_T1_H

#include <linux/types.h>

#include <linux/se05x.h>

#include "se05x_poll.h"

#define SE05X_T1_ATR_MAX	254	/* the ATR comes as one INF field */
#define SE05X_T1_INF_MAX	254	/* LEN FF is reserved (UM11225 table 4) */
#define SE05X_T1_OVERHEAD	5	/* NAD PCB LEN CRC CRC */
#define SE05X_T1_FRAME_MAX	(SE05X_T1_INF_MAX + SE05X_T1_OVERHEAD)

/* How long power is off in a power cycle, in us; other implementations take 2-5 ms */
#define SE05X_T1_OFF_TIME	5000

#define SE05X_T1_COMMAND_MAX	4096
#define SE05X_T1_RESPONSE_MAX	4098	/* SW1 SW2 included */

/**
 * struct se05x_atr - the ATR, decoded
 * @raw: the ATR as read
 * @raw_len: bytes in @raw; 0 until one was read
 * @pver: protocol version
 * @vid: vendor identifier, a registered application provider (5 bytes)
 * @bwt_ms: block waiting time in ms
 * @ifsc: longest INF the chip takes, in bytes
 * @mcf_khz: highest bus clock in kHz
 * @config: interface options
 * @mpot_ms: minimum polling time in ms
 * @segt_us: secure element guard time in microseconds
 * @wut_us: wake-up time in microseconds
 * @hb: offset of the historical bytes in @raw
 * @hb_len: their number
 */
struct se05x_atr {
	u8 raw[SE05X_T1_ATR_MAX];
	u16 raw_len;
	u8 pver;
	u8 vid[5];
	u16 bwt_ms;
	u16 ifsc;
	u16 mcf_khz;
	u8 config;
	u8 mpot_ms;
	u16 segt_us;
	u16 wut_us;
	u8 hb;
	u8 hb_len;
};

/**
 * enum se05x_link_event - what the link reports
 * @SE05X_LINK_FRAME_OUT: one write; arg = PCB << 8 | LEN, result = bytes or errno
 * @SE05X_LINK_FRAME_IN: one block read; arg = PCB << 8 | LEN, result = 0, or
 *	-EBADMSG if its CRC is wrong
 * @SE05X_LINK_RUNG: a rung of the ladder is tried; arg = enum se05x_rung
 * @SE05X_LINK_LOST: a block that resets the counters is tried, or power was cut,
 *	so the applet's state may be gone; arg = enum se05x_rung
 */
enum se05x_link_event {
	SE05X_LINK_FRAME_OUT,
	SE05X_LINK_FRAME_IN,
	SE05X_LINK_RUNG,
	SE05X_LINK_LOST,
};

/**
 * struct se05x_link_ops - how the link reaches the bus, the clock and the power
 * @write: one I2C write message, START to STOP; returns the bytes written or a
 *	negative errno, both as the adapter gave them
 * @read: the same for one read message
 * @sleep: wait for at least that many microseconds. A negative errno: the link
 *	sends no further byte and returns that errno
 * @now: a clock that only goes forward, in microseconds
 * @power: switch the chip off or on, and return as soon as the line is set; the
 *	link waits for the boot. -EOPNOTSUPP if there is nothing to switch.
 * @event: may be NULL; called between transfers, must not call the link
 */
struct se05x_link_ops {
	int (*write)(void *ctx, const u8 *buf, size_t len);
	int (*read)(void *ctx, u8 *buf, size_t len);
	int (*sleep)(void *ctx, u32 us);
	u64 (*now)(void *ctx);
	int (*power)(void *ctx, bool on);
	void (*event)(void *ctx, enum se05x_link_event event, u32 arg, int result);
};

/**
 * struct se05x_link_stats - counts since se05x_link_init()
 * @apdus: commands whose first block was tried
 * @blocks_out: blocks written; each try counts
 * @blocks_in: valid blocks read
 * @bytes_out: bytes written
 * @bytes_in: bytes read
 * @nacks: transfers that the chip did not acknowledge
 * @wtx: waiting time extensions granted
 * @resends: blocks written again because the chip asked
 * @rungs: how often each rung of the ladder was tried
 */
struct se05x_link_stats {
	u64 apdus;
	u64 blocks_out;
	u64 blocks_in;
	u64 bytes_out;
	u64 bytes_in;
	u64 nacks;
	u64 wtx;
	u64 resends;
	u64 rungs[SE05X_RUNG_GIVEN_UP + 1];
};

/**
 * struct se05x_link - one link; the caller zeroes it and calls se05x_link_init()
 * @ops: how it reaches the bus, the clock and the power
 * @ctx: the first argument of all @ops
 * @atr: the chip's ATR; defaults until it was read
 * @stats: counts
 * @hard_limit_us: how long one command may keep the link, 300 s by default
 * @trusted: the ladder may be climbed although the chip has never answered RESYNC
 * @retries: the adapter repeats transfers by itself (struct i2c_adapter, retries)
 * @max_write: longest write message the adapter takes, in bytes
 * @max_read: longest read message the adapter takes, in bytes
 * @given_up: the last recovery came to the last rung
 * @synced: the block numbers are in step; otherwise RESYNC comes first
 * @fresh: the chip may have slept or booted and has not answered RESYNC since, so
 *	RESYNC comes before anything else
 *
 * The rest belongs to se05x_t1.c.
 */
struct se05x_link {
	const struct se05x_link_ops *ops;
	void *ctx;
	struct se05x_atr atr;
	struct se05x_link_stats stats;
	u64 hard_limit_us;
	bool trusted;
	bool retries;
	u16 max_write;
	u16 max_read;
	bool given_up;
	bool synced;
	bool fresh;

	/* private: */
	bool known;		/* RESYNC was answered once since init */
	bool in_flight;		/* the chip may be computing */
	int refused;		/* the adapter refused a transfer for good, with this errno */
	bool retrying;		/* given up, and a new attempt is under way */
	u64 retry_at;		/* the earliest time of the next attempt */
	u64 retry_us;		/* the wait between the last attempt and the next */
	bool nack_known;	/* the adapter says ENXIO or EREMOTEIO for a NACK */
	int nack_errno;		/* the learnt errno that it returns instead; 0: none */
	int nack_guess;		/* the last start ended with this errno */
	int error;		/* result of the last transfer */
	bool blind;		/* a look since the last write failed, perhaps by a NACK */
	u32 patience;		/* least time from a write to the first look, in us */
	bool midway;		/* tx is not the first block of its command */
	u8 how;			/* what the last exchange saw last, an enum rx of se05x_t1.c */
	u8 mended_how;		/* the same, of the last command that failed */
	u8 mended;		/* the rung that mended it; 0: a command succeeded since */
	bool first;		/* the chip has taken no I-block since the counters were reset */
	u8 ns;			/* N(S) of our next I-block */
	u8 nr;			/* N(S) expected of the chip's next I-block */
	u8 mult;		/* multiplier of the last WTX granted */
	u16 ifsc;
	int stop;		/* errno: why nothing more may be sent; 0: go on */
	u64 hard;		/* when the hard limit is over */
	u64 limit;		/* no wait may last beyond this time */
	u64 heard;		/* when the chip last gave a byte */
	u64 ready;		/* when the next transfer may start */
	u64 looked;		/* when the last look for a block was due */
	u64 missed;		/* the same, of the last look that found nothing */
	u64 sent;		/* when the last block was written */
	u64 since;		/* when the block that is answered now was written */
	u32 gap;		/* from a look that found nothing to the next: MPOT and the NACK */
	struct se05x_poll_class *wait;	/* known times of such waits; NULL: learn nothing here */
	struct se05x_poll poll;
	u16 rx_len;		/* INF length of the block in rx */
	u16 tx_len;		/* bytes in tx */
	u8 tx[SE05X_T1_FRAME_MAX];	/* I-block or R-ACK: the chip may ask for it again */
	u8 ctl[SE05X_T1_OVERHEAD + 1];	/* other R- and S-blocks */
	u8 rx[SE05X_T1_FRAME_MAX];
};

/**
 * struct se05x_apdu - one command for se05x_link_transceive()
 * @command: C-APDU
 * @command_len: its length, at least 4
 * @response: where the R-APDU goes, room for SE05X_T1_RESPONSE_MAX bytes and @overhead
 * @overhead: how much longer this answer may be
 * @response_len: its length, 0 on failure
 * @outcome: enum se05x_outcome, also on failure
 */
struct se05x_apdu {
	const u8 *command;
	size_t command_len;
	u8 *response;
	size_t overhead;
	size_t response_len;
	u32 outcome;
};

void se05x_link_init(struct se05x_link *link, const struct se05x_link_ops *ops,
		     void *ctx, size_t max_write, size_t max_read);

/**
 * se05x_link_open() - find out whether an SE05x answers, and read its ATR
 * @link: the link
 * @boot: the caller just switched the chip on: wait for its boot first
 *
 * If the chip still computes for an earlier caller, such as the boot loader, this
 * waits for it.
 *
 * Return: 0; -ENODEV if another chip answers, or nothing does; the errno of
 * ops->sleep.
 */
int se05x_link_open(struct se05x_link *link, bool boot);

/**
 * se05x_link_wake() - bring the block numbers in step if they are not
 * @link: the link
 * @retry: if the link is given up, make another attempt, but no sooner than 1 s
 *	after the end of the last one. Each attempt that fails doubles this
 *	time, up to 60 s.
 *
 * If the adapter refused a transfer for good (EOPNOTSUPP, EINVAL, ENODEV) there is
 * no other attempt, and after ESHUTDOWN none before se05x_link_resumed().
 *
 * Return: 0; -ENOLINK if given up, at once if it is too early for an attempt;
 * -ENODEV if the adapter is gone; the errno of ops->sleep.
 */
int se05x_link_wake(struct se05x_link *link, bool retry);

/**
 * se05x_link_is_due() - may se05x_link_wake() try, or does it fail at once?
 * @link: the link
 * @retry: as for se05x_link_wake()
 *
 * Return: false if the link is given up and no attempt is due; true otherwise.
 */
bool se05x_link_is_due(struct se05x_link *link, bool retry);

/**
 * se05x_link_resumed() - the machine slept, and the chip may have lost its power
 * @link: the link
 *
 * The next use starts with RESYNC, also if the adapter had refused transfers because
 * it was asleep (ESHUTDOWN).
 */
void se05x_link_resumed(struct se05x_link *link);

/**
 * se05x_link_booted() - the caller switched the chip off and on again
 * @link: the link
 *
 * No exchange may be in flight. The next use waits for the chip's boot.
 */
void se05x_link_booted(struct se05x_link *link);

/**
 * se05x_link_give_up() - send nothing until a reset or the next attempt is due
 * @link: the link
 */
void se05x_link_give_up(struct se05x_link *link);

/**
 * se05x_link_transceive() - send one C-APDU and get its R-APDU
 * @link: the link, in step: se05x_link_wake() returned 0
 * @apdu: the command; outcome and response are filled in
 *
 * If the link fails, this climbs the ladder before it returns.
 *
 * Return: 0; -ECONNRESET if the command may have run. With any other error it was
 * not sent: -ECONNABORTED (the link is mended), -ENOLINK (given up), -ENODEV (the
 * adapter is gone), the errno of ops->sleep.
 */
int se05x_link_transceive(struct se05x_link *link, struct se05x_apdu *apdu);

/**
 * se05x_link_sleep() - end the APDU session, so that the chip saves power
 * @link: the link
 *
 * Return: 0 if the chip answered. In any case the next use starts with RESYNC.
 */
int se05x_link_sleep(struct se05x_link *link);

/**
 * se05x_link_reset() - reset the chip on request, with no exchange under way
 * @link: the link
 * @rung: SE05X_RUNG_SOFT, SE05X_RUNG_CHIP or SE05X_RUNG_POWER; if it fails, the
 *	ladder is climbed from there
 * @force: power may be cut while the chip computes
 *
 * Return: 0; -EOPNOTSUPP if there is nothing to switch, and nothing was done;
 * -ENOLINK (given up); -ENODEV (the adapter is gone); the errno of ops->sleep.
 */
int se05x_link_reset(struct se05x_link *link, enum se05x_rung rung, bool force);

int se05x_atr_parse(struct se05x_atr *atr, const u8 *buf, size_t len);
u16 se05x_t1_crc(const u8 *buf, size_t len);

#endif /* SE05X_T1_H */
