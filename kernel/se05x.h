/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NXP EdgeLock SE05x: the chip object and its owner
 *
 * Lock rule: chip->lock guards the queue, the states of requests, who has the
 * chip open or locked, and what others may read of it (state, generation,
 * context, ATR); the chip itself, which is chip->link, is touched by the owner
 * only.
 */
#ifndef SE05X_H
#define SE05X_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/se05x.h>

#include "se05x_t1.h"

/**
 * struct se05x_phy_ops - what the bus driver does for the chip
 * @write: one write message; bytes or errno as the adapter gave them
 * @read: one read message, the same
 * @power: switch the chip off or on, -EOPNOTSUPP without anything to switch
 */
struct se05x_phy_ops {
	int (*write)(void *phy, const u8 *buf, size_t len);
	int (*read)(void *phy, u8 *buf, size_t len);
	int (*power)(void *phy, bool on);
};

/**
 * struct se05x_setup - what the bus driver knows when it registers a chip
 * @ops: how to reach it
 * @phy: handed back to @ops
 * @max_write: longest write message the adapter takes, 0: any
 * @max_read: longest read message the adapter takes, 0: any
 * @retries: the adapter repeats transfers by itself
 * @trusted: it is certain that an SE05x is there
 * @booting: it was switched on just now
 * @can_power: there is something to switch
 * @hwrng: the board wants it to feed the kernel's random numbers
 * @heard: told by se05x_chip_register(): something acknowledged
 */
struct se05x_setup {
	const struct se05x_phy_ops *ops;
	void *phy;
	size_t max_write;
	size_t max_read;
	bool retries;
	bool trusted;
	bool booting;
	bool can_power;
	bool hwrng;
	bool heard;
};

/* SE05X_SELECTED: an AID, perhaps with one file's secure channel in it */
enum se05x_context_state { SE05X_UNKNOWN, SE05X_CLEAN, SE05X_SELECTED };

struct se05x_context {
	enum se05x_context_state state;
	u8 aid_len;
	u8 aid[SE05X_AID_MAX];
	u64 channel;		/* id of the file that opened it, 0: none */
};

/* What a command says about contexts, if it is carried out */
struct se05x_said {
	bool select;		/* a SELECT by name on the basic channel */
	bool plain;		/* with an AID and a P2 that bind its file */
	bool remember;		/* whose answer may be given again */
	bool open_channel;
	struct se05x_context name;
};

#define SE05X_MINORS	64

#define LOCK_WATCH		HZ	/* who holds the lock longer is told of */

/* SE05X_RANDOM: a command to an AID, by no client (hwrng) */
enum se05x_request_type {
	SE05X_TRANSCEIVE,
	SE05X_SELECT,
	SE05X_LOCK,
	SE05X_RESET,
	SE05X_RANDOM,
};

enum se05x_request_state { SE05X_IDLE, SE05X_QUEUED, SE05X_TAKEN, SE05X_DONE };

struct se05x_file;

/* One per open file, made at open: nothing is allocated on the way to the wire. */
struct se05x_request {
	struct kref ref;
	struct list_head node;		/* chip->queue */
	struct se05x_file *file;
	wait_queue_head_t wait;
	enum se05x_request_state state;
	bool started;			/* the command's own first byte may be out */
	bool decided;			/* the verdict is given: wait for it */
	bool abandoned;			/* nobody waits any more */

	/* in */
	enum se05x_request_type type;
	bool privileged;		/* CAP_SYS_ADMIN at the time of the call */
	u32 flags;
	u32 kind;
	u64 demanded;
	u8 aid_len;
	u8 aid[SE05X_AID_MAX];
	u32 command_len;
	u64 queued_us;			/* when it was */

	/* out */
	int error;
	u32 outcome;
	u32 sw;
	u32 reason;			/* enum se05x_reason */
	u64 generation;
	u32 response_len;

	u8 command[SE05X_T1_COMMAND_MAX];
	u8 response[SE05X_T1_RESPONSE_MAX];
};

/*
 * A command that came in pieces, or an answer that waits to be fetched in pieces
 * (ISO/IEC 7816-4, 5.3.3 and 5.3.4): INS P1 P2 say what goes on.
 */
struct se05x_chain {
	struct se05x_file *file;	/* whose it is; NULL: there is none */
	bool command;			/* more pieces of a command, not of an answer */
	bool preferred;			/* nobody is served between, for a while */
	u8 ins, p1, p2;
	u64 begun_us;
	u64 until_us;			/* when the preference ends */
};

/* Who has open files of a chip; users take turns. */
struct se05x_user {
	struct list_head node;		/* chip->users */
	kuid_t uid;
	u32 files;			/* that refer to it */
	u64 served;			/* chip->served at its last turn */
	u64 preferred_us;		/* when a chain of it last had preference */
};

/*
 * An open file description. Lives on while the owner serves it. It is a client
 * from the moment that the owner takes its first TRANSCEIVE, SELECT or LOCK;
 * before that it is in nobody's way.
 */
struct se05x_file {
	struct kref ref;
	struct list_head node;		/* chip->files */
	struct se05x_chip *chip;
	struct se05x_user *user;
	u64 id;				/* never 0, never used again */
	wait_queue_head_t turn;
	bool busy;			/* one of its calls has the turn */
	bool closed;
	bool client;
	bool lost_lock;			/* tell it once, by ESTALE */
	struct se05x_chain broken;	/* the same; .file is set if there is one */
	struct se05x_context bound;	/* SE05X_SELECTED or not at all */
	struct se05x_request *req;	/* who has the turn has this */
};

/* What happened, until the callers know and the events can be sent */
struct se05x_queued_event {
	u64 time;			/* CLOCK_BOOTTIME, ns */
	u32 event;			/* enum se05x_event */
	u32 by;				/* enum se05x_by, 0: does not say */
	u32 detail;			/* enum se05x_reset_kind or se05x_rung */
	u32 count;
	u32 lost;			/* events lost before this one */
};

/* A request queues a dozen at most: more only where R-NAK and RESYNC alternate. */
#define SE05X_EVENTS_MAX	16

#define SE05X_IDLE_DEFAULT	U32_MAX	/* the module parameter's */

/* What the trace event se05x_power tells */
enum se05x_power { SE05X_POWER_OFF, SE05X_POWER_ON, SE05X_POWER_WAKE, SE05X_POWER_SLEEP };

struct se05x_hwrng;

/* A chip, from its probe to the last close. Each group says who may touch it. */
struct se05x_chip {
	/* Constant from registration to removal: everybody reads them. */
	struct device dev;
	struct cdev cdev;
	u32 index;
	const struct se05x_phy_ops *phy_ops;
	void *phy;
	bool can_power;
	struct kthread_worker *worker;	/* the owner */
	struct se05x_hwrng *hwrng;	/* NULL: not wanted */
	void (*send_events)(struct se05x_chip *chip);

	/* Works and wait queues, which bring their own locks */
	struct kthread_work serve;
	struct kthread_work quiesce;
	struct kthread_delayed_work idle;
	struct kthread_delayed_work chain_end;
	struct delayed_work lock_watch;
	wait_queue_head_t wait;		/* the owner is free */
	wait_queue_head_t gone;		/* poll: the chip is */

	/*
	 * The owner's: its thread touches them; the probe does before there is one,
	 * and power management's callbacks do while it is parked.
	 */
	struct se05x_link link;
	bool power_lost;		/* since this was last set to false */
	bool climbed;			/* the ladder, since the same */
	bool asleep;
	bool powered;			/* the owner's usage count of runtime PM */
	bool resetting;			/* on somebody's request */
	u8 answer[258];			/* to the SELECT of the context */
	u16 answer_len;			/* 0: not to be remembered */

	/* Flags: written by WRITE_ONCE, and the owner reads them in mid-exchange. */
	bool stop;			/* not one byte more */
	bool cut;			/* somebody may cut the exchange in flight */

	/* Under the lock: all the rest */
	spinlock_t lock;
	struct list_head queue;
	struct list_head files;		/* open files */
	struct list_head users;
	u64 served;			/* turns so far */
	u32 clients;			/* those of them that had a request served */
	struct se05x_request *current_req;
	struct se05x_file *holder;	/* of the lock */
	unsigned long held_since;	/* jiffies */
	bool busy;			/* the owner is at work */
	bool parked;			/* the owner must not start anything */
	bool dead;
	bool off;			/* runtime PM has cut its power */
	bool cold;			/* and it has not booted since */
	bool rested;		/* the end of session was answered, nothing was sent since */
	bool quiet;			/* nobody's request: no generation is at stake */
	u32 idle_ms;
	u32 power_off_ms;		/* 0: never */
	u32 state;
	u64 generation;
	struct se05x_chain chain;
	struct se05x_context context;
	struct se05x_context last;	/* selected last */
	struct se05x_atr atr;
	struct se05x_link_stats stats;	/* link.stats after the last request */
	u64 resets;
	u64 recoveries;
	u64 waits;
	u64 wait_us;
	struct se05x_queued_event events[SE05X_EVENTS_MAX];
	u32 nevents;
	u32 events_lost;
	bool gave_up;			/* udev was told so last */
};

/* What netlink and sysfs tell of a chip, taken at one instant */
struct se05x_counts {
	u32 state;
	u64 generation;
	u64 resets;
	u64 recoveries;
	u64 waits;
	u64 wait_us;
	struct se05x_link_stats link;
};

/* Below, each file calls only those above it: docs/architecture.md */

/* se05x_state.c */
void se05x_state_init(struct se05x_chip *chip);
int se05x_state_reserve(struct se05x_chip *chip);
void se05x_state_show(struct se05x_chip *chip);
void se05x_state_hide(struct se05x_chip *chip);
void se05x_state_free(struct se05x_chip *chip);
struct se05x_chip *se05x_chip_next(unsigned long *index, unsigned long last);
void se05x_renew(struct se05x_chip *chip);
void se05x_forget_context(struct se05x_chip *chip);
void se05x_break_chain(struct se05x_chip *chip);
void se05x_lose_context(struct se05x_chip *chip);
void se05x_event_queue(struct se05x_chip *chip, enum se05x_event event, u32 by, u32 detail);
void se05x_publish(struct se05x_chip *chip);
u64 se05x_generation(struct se05x_chip *chip);
bool se05x_is_dead(struct se05x_chip *chip);
void se05x_chip_counts(struct se05x_chip *chip, struct se05x_counts *counts);
void se05x_state_setup(void);
void se05x_state_cleanup(void);

/* se05x_context.c */
bool se05x_same_aid(const struct se05x_context *a, const struct se05x_context *b);
void se05x_set_aid(struct se05x_context *context, const u8 *aid, size_t len);
const struct se05x_context *se05x_target(struct se05x_chip *chip,
					 const struct se05x_file *file);
bool se05x_must_select(struct se05x_chip *chip, const struct se05x_file *file);
bool se05x_is_heir(struct se05x_chip *chip, const struct se05x_file *file);
bool se05x_is_success(u32 sw);
void se05x_note_select(struct se05x_chip *chip, const struct se05x_file *file,
		       const struct se05x_context *selected, u32 sw,
		       const u8 *answer, size_t len);
struct se05x_said se05x_parse_command(const u8 *c, size_t len);
void se05x_interrupt_chain(struct se05x_chip *chip, const struct se05x_file *file);
bool se05x_lacks_chain(struct se05x_chip *chip, struct se05x_request *req);
void se05x_note_chain(struct se05x_chip *chip, const struct se05x_request *req,
		      const u8 *command, int error);

/* se05x_link.c */
extern const struct se05x_link_ops se05x_owner_ops;
int se05x_owner_power_up(struct se05x_chip *chip);
int se05x_owner_wake(struct se05x_chip *chip, bool retry);
void se05x_owner_sleep(struct se05x_chip *chip);
void se05x_owner_idle(struct se05x_chip *chip);

/* se05x_owner.c */
void se05x_owner_serve(struct se05x_chip *chip, struct se05x_request *req);

/* se05x_worker.c */
struct se05x_request *se05x_request_alloc(void);
void se05x_request_put(struct se05x_request *req);
void se05x_file_put(struct se05x_file *file);
int se05x_worker_add(struct se05x_file *file, struct se05x_request *req, bool nonblock);
bool se05x_worker_take_back(struct se05x_chip *chip, struct se05x_request *req);
u32 se05x_idle_ms(struct se05x_chip *chip);
void se05x_idle_start(struct se05x_chip *chip);
void se05x_worker_init(struct se05x_chip *chip);
int se05x_worker_start(struct se05x_chip *chip);
void se05x_worker_stop(struct se05x_chip *chip);
void se05x_worker_disconnect(struct se05x_chip *chip);
bool se05x_worker_quiesce(struct se05x_chip *chip);
int se05x_worker_park(struct se05x_chip *chip);
void se05x_worker_unpark(struct se05x_chip *chip);

/* se05x_client.c */
struct se05x_file *se05x_file_alloc(struct se05x_chip *chip, kuid_t uid);
void se05x_file_free(struct se05x_file *file);
struct se05x_file *se05x_file_open(struct se05x_chip *chip);
void se05x_file_close(struct se05x_file *file);
int se05x_turn_begin(struct se05x_file *file, unsigned long end, bool nonblock);
void se05x_turn_end(struct se05x_file *file);
int se05x_submit(struct se05x_file *file, u32 deadline_ms, unsigned long end,
		 bool nonblock);
bool se05x_reset_disturbs(struct se05x_file *file);
int se05x_unlock(struct se05x_file *file, u64 *generation);

/* se05x_cdev.c */
extern const struct file_operations se05x_fops;

/* se05x_sysfs.c */
extern const struct attribute_group *se05x_groups[];

/* se05x_netlink.c */
void se05x_event_send(struct se05x_chip *chip);
int se05x_netlink_init(void);
void se05x_netlink_exit(void);

/* se05x_hwrng.c */
#if IS_ENABLED(CONFIG_SE05X_HWRNG)
int se05x_hwrng_add(struct se05x_chip *chip, bool wanted);
void se05x_hwrng_del(struct se05x_chip *chip);
#else
static inline int se05x_hwrng_add(struct se05x_chip *chip, bool wanted)
{
	return 0;
}

static inline void se05x_hwrng_del(struct se05x_chip *chip)
{
}
#endif

/* se05x_core.c */
struct se05x_chip *se05x_chip_register(struct device *parent,
				       struct se05x_setup *setup);
bool se05x_chip_unregister(struct se05x_chip *chip);
int se05x_chip_suspend(struct se05x_chip *chip);
void se05x_chip_resume(struct se05x_chip *chip);
int se05x_chip_power_off(struct se05x_chip *chip);
int se05x_chip_power_on(struct se05x_chip *chip);
int se05x_core_init(void);
void se05x_core_exit(void);

#endif /* SE05X_H */
