/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * T=1 over I2C (UM11225), the host's side of the link
 *
 * Pure: no I2C, no allocation, no lock, no clock of its own. It reaches the
 * world through struct se05x_link_ops alone, and its caller serialises.
 */
#ifndef SE05X_T1_H
#define SE05X_T1_H

#include <linux/types.h>

#include <linux/se05x.h>

#include "se05x_poll.h"

#define SE05X_T1_ATR_MAX	254	/* it comes as one INF field */
#define SE05X_T1_INF_MAX	254	/* LEN FF is reserved (UM11225 table 4) */
#define SE05X_T1_OVERHEAD	5	/* NAD PCB LEN CRC CRC */
#define SE05X_T1_FRAME_MAX	(SE05X_T1_INF_MAX + SE05X_T1_OVERHEAD)

/* Without power, in microseconds; other stacks take 2-5 ms */
#define SE05X_T1_OFF_TIME	5000

#define SE05X_T1_COMMAND_MAX	4096
#define SE05X_T1_RESPONSE_MAX	4098	/* SW1 SW2 included */

/**
 * struct se05x_atr - the ATR, decoded
 * @raw: as it came
 * @raw_len: bytes in @raw, 0 as long as none is known
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
 * enum se05x_link_event - what the link tells of itself
 * @SE05X_LINK_FRAME_OUT: one write; arg = PCB << 8 | LEN, result its count or errno
 * @SE05X_LINK_FRAME_IN: one block read; arg = PCB << 8 | LEN, result 0 or why not
 * @SE05X_LINK_RUNG: a rung of the ladder is tried; arg = enum se05x_rung
 * @SE05X_LINK_LOST: a block that resets counters was tried or power changed:
 *	what the applet held may be gone; arg = enum se05x_rung
 */
enum se05x_link_event {
	SE05X_LINK_FRAME_OUT,
	SE05X_LINK_FRAME_IN,
	SE05X_LINK_RUNG,
	SE05X_LINK_LOST,
};

/**
 * struct se05x_link_ops - all the link knows of the world
 * @write: one I2C write message, START to STOP; bytes written or negative errno,
 *	both as the adapter gave them
 * @read: the same for one read message
 * @sleep: wait for at least that many microseconds; negative: stop now, no
 *	further byte is sent and that errno is handed up
 * @now: a clock that only goes forward, in microseconds
 * @power: switch the chip off or on; returns after the line has moved, the link
 *	does the waiting. -EOPNOTSUPP without anything to switch.
 * @event: may be NULL; called between transfers, must not call back
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
 * struct se05x_link_stats - counts since the link was made
 * @apdus: commands whose first block was tried
 * @blocks_out: frames written, each try
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
 * @ops: the world
 * @ctx: handed back to @ops
 * @atr: what the chip said of itself; defaults until it did
 * @stats: counts
 * @hard_limit_us: how long one command may keep the link, 300 s by default
 * @trusted: before the first answer more than RESYNC may be written
 * @retries: the adapter repeats transfers by itself (struct i2c_adapter, retries)
 * @max_write: longest write message the adapter takes, in bytes
 * @max_read: longest read message the adapter takes, in bytes
 * @given_up: the last ladder ended on its last rung
 * @synced: block numbers are known; otherwise RESYNC comes first
 * @fresh: it may be asleep or booted, and no E0 since: RESYNC before anything else
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
	bool known;		/* a valid E0 was seen since init */
	bool in_flight;		/* the chip may be computing */
	int refused;		/* by the adapter with this errno: it will never transfer that */
	bool retrying;		/* an attempt after it was given up is under way */
	u64 retry_at;		/* the next one not before */
	u64 retry_us;		/* so long after the last */
	bool nack_known;	/* the adapter says ENXIO or EREMOTEIO for a NACK */
	int nack_errno;		/* it says this instead, as learnt; 0: nothing learnt */
	int nack_guess;		/* a start ended with this */
	int error;		/* what the last transfer gave */
	bool blind;		/* since the last write a look failed that may be a NACK */
	u32 patience;		/* so long after a write comes the first look */
	bool midway;		/* tx is not the first block of its command */
	u8 how;			/* what the last exchange saw last, an enum of se05x_t1.c */
	u8 mended_how;		/* the same of the last command that failed */
	u8 mended;		/* rung that mended it; 0: a command succeeded since */
	bool first;		/* no I-block was taken since the counters were reset */
	u8 ns;			/* N(S) of our next I-block */
	u8 nr;			/* N(S) expected of the chip's next */
	u8 mult;		/* multiplier of the WTX granted last */
	u16 ifsc;
	int stop;		/* why nothing more may be sent */
	u64 hard;		/* when the hard limit strikes */
	u64 limit;		/* no wait goes beyond */
	u64 heard;		/* when the chip last gave a byte */
	u64 ready;		/* when the next transfer may start */
	u64 looked;		/* when the last look for a block was due */
	u64 missed;		/* the same, of the last one in vain */
	u64 sent;		/* when the last block was out */
	u64 since;		/* the same, of the block that is answered now */
	u32 gap;		/* between two looks, the first in vain: MPOT and the NACK */
	struct se05x_poll_class *wait;	/* what is known of this wait; NULL: don't learn from it */
	struct se05x_poll poll;
	u16 rx_len;		/* INF length of the block in rx */
	u16 tx_len;		/* bytes in tx */
	u8 tx[SE05X_T1_FRAME_MAX];	/* I-block or R-ACK, as it may be asked for again */
	u8 ctl[SE05X_T1_OVERHEAD + 1];	/* other R- and S-blocks */
	u8 rx[SE05X_T1_FRAME_MAX];
};

/**
 * struct se05x_apdu - one command for se05x_link_transceive()
 * @command: C-APDU
 * @command_len: its length, 4 to SE05X_T1_COMMAND_MAX
 * @response: where the R-APDU goes, room for SE05X_T1_RESPONSE_MAX bytes
 * @response_len: its length, 0 on failure
 * @outcome: enum se05x_outcome, also true on failure
 */
struct se05x_apdu {
	const u8 *command;
	size_t command_len;
	u8 *response;
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
 * Also how a chip is found again after a reset of the link's owner: a chip
 * that still computes for an earlier caller is waited for.
 *
 * Return: 0; -ENODEV if what answers is no SE05x, or nothing does; what
 * ops->sleep gave.
 */
int se05x_link_open(struct se05x_link *link, bool boot);

/**
 * se05x_link_wake() - put the link in step if it is not, climbing the ladder
 * @link: the link
 * @retry: if it was given up, try again, but no sooner than 1 s after the end of
 *	the last attempt, and twice as long, up to 60 s, each time that fails
 *
 * What an adapter refused for good (EOPNOTSUPP, EINVAL, ENODEV) is not tried again,
 * and after ESHUTDOWN not before se05x_link_resumed().
 *
 * Return: 0; -ENOLINK when given up, at once if it is not time yet; -ENODEV when
 * the adapter is gone; what ops->sleep gave.
 */
int se05x_link_wake(struct se05x_link *link, bool retry);

/**
 * se05x_link_resumed() - the machine slept, and the chip may have lost its power
 * @link: the link
 *
 * The next use starts with RESYNC, also on an adapter that was asleep (ESHUTDOWN).
 */
void se05x_link_resumed(struct se05x_link *link);

/**
 * se05x_link_booted() - the caller switched the chip off and on again
 * @link: the link
 *
 * With nothing in flight. The next use waits for its boot.
 */
void se05x_link_booted(struct se05x_link *link);

/**
 * se05x_link_give_up() - nothing is sent until a reset, or an attempt at its time
 * @link: the link
 */
void se05x_link_give_up(struct se05x_link *link);

/**
 * se05x_link_transceive() - send one C-APDU and get its R-APDU
 * @link: the link, in step: se05x_link_wake() returned 0
 * @apdu: the command; outcome and response are filled in
 *
 * A link that fails is mended before this returns.
 *
 * Return: 0; -ECONNRESET if the command may have run; else it was not sent:
 * -ECONNABORTED (the link is mended), -ENOLINK (given up), -ENODEV (the adapter
 * is gone), what ops->sleep gave.
 */
int se05x_link_transceive(struct se05x_link *link, struct se05x_apdu *apdu);

/**
 * se05x_link_sleep() - end the APDU session, the chip starts saving power
 * @link: the link
 *
 * Return: 0 when the chip answered. Whatever it returns, the next use starts
 * with RESYNC.
 */
int se05x_link_sleep(struct se05x_link *link);

/**
 * se05x_link_reset() - reset the chip on purpose, with nothing in flight
 * @link: the link
 * @rung: SE05X_RUNG_SOFT, SE05X_RUNG_CHIP or SE05X_RUNG_POWER; the ladder goes
 *	on from there if it fails
 * @force: power may be cut while the chip computes
 *
 * Return: 0; -EOPNOTSUPP (nothing to switch, nothing done); -ENOLINK.
 */
int se05x_link_reset(struct se05x_link *link, enum se05x_rung rung, bool force);

int se05x_atr_parse(struct se05x_atr *atr, const u8 *buf, size_t len);
u16 se05x_t1_crc(const u8 *buf, size_t len);

#endif /* SE05X_T1_H */
