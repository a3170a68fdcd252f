/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The link layer and the strict card on a bus in virtual time, with faults
 *
 * Who ran what how often is counted behind the card, never in the driver.
 */
#ifndef SE05X_BUS_H
#define SE05X_BUS_H

#include <linux/types.h>

#include "../../kernel/se05x_t1.h"
#include "../card/card.h"

#define MS		1000ULL
#define SECOND		1000000ULL
#define BUS_FAULTS	8
#define BUS_TRACE	512
#define BUS_NONCES	64

enum fault_kind {
	FAULT_NACK,	/* not acknowledged; the chip took no part */
	FAULT_ERRNO,	/* the adapter says arg; the chip took no part */
	FAULT_ERRNO_ARRIVED,	/* the same, but the chip took part */
	FAULT_SHORT,	/* all but the last byte arrives, and the adapter says so */
	FAULT_LOST,	/* write: OK, but it never arrives; read: bytes are gone, EIO */
	FAULT_FLIP,	/* one bit: pos, arg = bit */
	FAULT_GARBLE,	/* one byte: pos, arg = what it is XORed with */
	FAULT_STALE,	/* a block of pcb waits before ours (arg = INF byte or -1) */
	FAULT_REPLACE,	/* the chip's next block is lost, one of pcb comes instead */
	FAULT_DUPLICATE,	/* the block read last comes once more */
	FAULT_GARBAGE,	/* one byte arg before the chip's next block */
	FAULT_RESTART,	/* the chip restarts before this transfer */
	FAULT_SILENT,	/* writes go nowhere, reads are NACKed */
	FAULT_DEAD,	/* all NACKed until power is cut */
	FAULT_STICK,	/* the chip answers R(other) until arg, an enum card_cure */
	FAULT_OUTAGE,	/* nothing gets through for a minute; the adapter says arg, 0: a NACK */
	FAULT_KINDS
};

struct fault {
	enum fault_kind kind;
	u32 at;		/* first transfer it hits, counted from bus_arm() */
	u32 count;	/* how many; 0: one */
	int arg;
	u8 pcb;
	u16 pos;	/* byte of the transfer, modulo its length */
};

struct step {		/* one transfer, as it was */
	bool read;
	u8 pcb;
	u16 len;
	int result;
};

/**
 * struct adapter - how a host adapter differs from the usual ones
 * @nack: the errno it has for a NACK; 0: ENXIO
 * @fills: it has none, and a read that is NACKed gives @filler
 * @filler: all ones or all zeros
 * @retries: so often it repeats a transfer by itself that failed with EAGAIN
 */
struct adapter {
	int nack;
	bool fills;
	u8 filler;
	int retries;
};

struct bus {
	struct se05x_link link;
	struct card card;
	struct adapter adapter;
	u64 time;
	bool jump;		/* waiting goes to where the card acts */
	bool line;		/* its power can be switched */
	u64 outage;		/* until then nothing gets through */
	int outage_errno;	/* what the adapter says of it; 0: a NACK */
	int stop;		/* sleep gives this back */
	u64 stop_at;		/* from then on */

	struct fault faults[BUS_FAULTS];
	int nfaults;
	u32 transfers;		/* since bus_arm() */
	struct step trace[BUS_TRACE];
	bool dead;
	bool hopeless;		/* a fault that lasts: waiting may go far */
	u64 storm;		/* when the next WTX of a storm comes */
	u8 extra[CARD_FRAME_MAX];	/* a block that the card knows nothing of */
	size_t extra_len, extra_pos;
	u8 request;		/* S-request written last: its answer is never forged */
	u8 seen[CARD_FRAME_MAX];	/* block read last */
	size_t seen_len, seen_want;
	bool swallow;		/* drop the card's block, extra stands for it */
	bool blocked;		/* extra wants to be read before anything is written */
	bool prefix;
	u8 prefix_byte;

	/* the at-most-once rules, watched on the wire */
	u64 apdus;
	bool numbers_lost;
	u8 quiet;		/* after this S-request, or power-on (FF), comes RESYNC */
	bool asked;		/* an R-block with that N(S) was read */
	bool refused;		/* the last try to write it was NACKed */
	bool tried;		/* a try of it was not, and so it may have arrived */
	bool granted;		/* S(IFS) was, since it was first tried */
	u64 asks;		/* BWT after the chip's last block: it may ask for more time */
	u64 pause;		/* end of MPOT after the last look in vain */
	u8 block[CARD_FRAME_MAX];
	size_t block_len;
	u32 broken;		/* rules broken: see bus_broken() */
	u32 events[4];		/* by enum se05x_link_event */

	/* the applet */
	u32 ran[BUS_NONCES];
	u32 nonsense;		/* commands that nobody sent */
	u32 delay_us;		/* of every answer, beside what it was asked for */
	bool mute;		/* the applet never answers */
	const u8 *canned;	/* answers this to everything */
	size_t canned_len;
	/* another applet, and what it and its host keep */
	void (*applet)(struct bus *bus, const u8 *apdu, size_t len, u64 now);
	void (*applet_reset)(struct bus *bus);
	u64 applet_state[64];
	u64 host_state[224];
};

/* A powered chip and a link that knows nothing of it yet. */
void bus_init(struct bus *bus, const struct card_config *config);
/* The same with adapter limits */
void bus_init_limits(struct bus *bus, const struct card_config *config,
		     size_t max_write, size_t max_read);
/* Count transfers from here, and let these faults happen. */
void bus_arm(struct bus *bus, const struct fault *faults, int n);

/* A copy that lives its own life */
void bus_copy(struct bus *to, const struct bus *from);
/* Rules that were broken, on the wire or as the card saw it */
u32 bus_broken(const struct bus *bus);
void bus_print(const struct bus *bus);

/*
 * A command for the applet behind the card: run number @nonce, @len bytes in
 * all (10 at least), to be answered after @delay_ms by @answer bytes and 9000.
 */
void bus_command(u8 *apdu, size_t len, u8 nonce, u16 delay_ms, u16 answer);
/* Is it what the applet answers to that? */
bool bus_answered(const u8 *rsp, size_t len, u8 nonce, u16 answer);

#endif /* SE05X_BUS_H */
