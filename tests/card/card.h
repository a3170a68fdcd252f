/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strict SE05x: the chip's side of T=1 over I2C, in portable C
 *
 * One source for the host tests, KUnit and the simulated bus. It knows no
 * clock: each call says what time it is, in microseconds, and the card acts as
 * a chip would have acted until then. So waiting costs nothing in virtual time.
 *
 * Built from the facts about the chip (docs/protocol.md), never from
 * kernel/se05x_t1.c, which it is there to judge.
 */
#ifndef SE05X_CARD_H
#define SE05X_CARD_H

#include <linux/types.h>

#define CARD_APDU_MAX	4352	/* more than any chip takes */
#define CARD_FRAME_MAX	259

/* what the host did wrong; card->violations counts each */
enum card_violation {
	CARD_V_EMPTY,		/* empty write or read */
	CARD_V_FRAME,		/* LEN or size wrong, over 259 bytes, bad NAD or PCB */
	CARD_V_CRC,
	CARD_V_SEQ,		/* I-block with a number that is not its turn */
	CARD_V_SEGT,		/* a transfer too early after the one before */
	CARD_V_MPOT,		/* too early after one that was NACKed */
	CARD_V_REPEATED_START,	/* counted by the bus: the card can't see it */
	CARD_V_NOT_RESYNC,	/* first frame after sleep or power-on is not RESYNC */
	CARD_V_UNREAD,		/* I-block while a block waits to be read */
	CARD_V_IFSC,		/* INF longer than the card's IFSC */
	CARD_V_WTX,		/* wrong or unasked multiplier */
	CARD_V_EMPTY_CHAIN,	/* M=1 with LEN 0 */
	CARD_V_POWER,		/* power cut while a command ran */
	CARD_V_SUPPLY,		/* enabled without its supply: counted by the board */
	CARD_V_MAX
};

struct card;

/**
 * struct card_ops - what is behind the card
 * @apdu: a whole C-APDU has arrived at time @now. The callee answers by
 *	card_answer(), at once or later.
 * @reset: the applet forgets its volatile state (power, chip or soft reset)
 * @sleep: the host ended the APDU session, and with it the secure channel; may be NULL
 */
struct card_ops {
	void (*apdu)(void *ctx, struct card *card, const u8 *apdu, size_t len, u64 now);
	void (*reset)(void *ctx, struct card *card);
	void (*sleep)(void *ctx, struct card *card);
};

/**
 * struct card_config - how this chip is
 * @atr: NULL: the ATR of the fact sheet
 * @atr_len: its length, up to 254
 * @boot_us: it NACKs everything so long after power-on or chip reset
 * @wake_us: the same after the access that wakes it, itself NACKed
 * @r_us: the time it takes for R- and S-blocks and between blocks of a chain
 * @wtx: multiplier it asks for; 0: 1
 * @wtx_on_time: it asks for WTX when BWT is over, not an eighth of it sooner
 * @takes_writes: while it computes or wants to be read it takes R- and S-blocks
 *	all the same, and answers what waits first
 * @keeps_last: RESYNC leaves the block it sent last where an R-NAK finds it
 * @ifs: after a boot it asks by S(IFS) for no more than that in one block; 0: never
 * @ifs_first: it does so before it takes an I-block, not after the first one
 */
struct card_config {
	const u8 *atr;
	size_t atr_len;
	u32 boot_us;
	u32 wake_us;
	u32 r_us;
	u8 wtx;
	bool wtx_on_time;
	bool takes_writes;
	bool keeps_last;
	u8 ifs;
	bool ifs_first;
};

/* What brings back a chip that answers R(other) to all but RESYNC */
enum card_cure { CARD_WELL, CARD_SOFT_RESET, CARD_CHIP_RESET, CARD_POWER };

struct card {
	struct card_config config;
	const struct card_ops *ops;
	void *ctx;
	u32 violations[CARD_V_MAX];
	u8 deaf;		/* an S-request that it does not know; 0: none */
	u32 runs;		/* C-APDUs handed to the applet */
	u32 bwt_us;
	u32 mpot_us;
	u32 segt_us;
	u16 ifsc;		/* what it takes in one block */
	u16 chunk;		/* what it sends in one */

	/* private: */
	bool powered;
	bool asleep;
	bool fresh;		/* no RESYNC since power-on or sleep */
	u64 ready_at;		/* end of boot or wake-up */
	u64 last_end;		/* of the last transfer */
	bool read_nacked;
	bool write_nacked;
	u8 ns, nr;		/* our next, host's next */

	bool running;
	bool answered;
	bool wtx_asked;
	u8 deferred;		/* S-request that waits for the command's end */
	bool ifs_asked;		/* S(IFS) is not answered yet */
	bool ifs_told;		/* it was, since the last boot */
	enum card_cure cure;	/* it is stuck until that */
	u64 answer_at;
	u64 wtx_at;

	size_t command_len;
	size_t answer_len;
	size_t answer_pos;
	bool last_was_i;	/* last block sent: I, or R */
	bool last_was_r;
	size_t last_len;
	size_t out_len;		/* 0: nothing to be read */
	size_t out_pos;
	u64 out_at;
	u8 last[CARD_FRAME_MAX];
	u8 out[CARD_FRAME_MAX];
	u8 command[CARD_APDU_MAX];
	u8 answer[CARD_APDU_MAX];
};

void card_init(struct card *card, const struct card_config *config,
	       const struct card_ops *ops, void *ctx);

/* The enable line or supply moved: true is "chip has power". */
void card_power(struct card *card, bool on, u64 now);

/* It restarts by itself: nobody's fault. */
void card_restart(struct card *card, u64 now);

/* From now on it answers R(other) to everything but RESYNC, until @cure or more. */
void card_stick(struct card *card, enum card_cure cure);

/*
 * One write or read message on the wire, from its START at @start to its STOP
 * at @end. Return the number of bytes, or -ENXIO where the chip does not
 * acknowledge its address. Reads past the end of a frame give filler bytes.
 */
int card_write(struct card *card, const u8 *buf, size_t len, u64 start, u64 end);
int card_read(struct card *card, u8 *buf, size_t len, u64 start, u64 end);

/*
 * The applet's R-APDU, SW included, which is ready at the time @at (now or
 * later); until then the card computes and asks for WTX each BWT.
 */
void card_answer(struct card *card, const u8 *rapdu, size_t len, u64 at);

/*
 * Wipe what is left of past exchanges, which nobody may ask for again then.
 * Return: false while one is under way, and nothing was done.
 */
bool card_forget(struct card *card);

/*
 * When the card will next have something to say, which a virtual clock may jump
 * to; ~0 if it waits for the host.
 */
u64 card_next(const struct card *card);

/* A whole frame into @out, which has room for CARD_FRAME_MAX. Return: length. */
size_t card_frame(u8 *out, u8 nad, u8 pcb, const u8 *inf, size_t len);

u32 card_violations(const struct card *card);
const char *card_violation_name(enum card_violation v);

#endif /* SE05X_CARD_H */
