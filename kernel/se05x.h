/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NXP EdgeLock SE05x: the chip object and its owner, the chip's kernel thread
 *
 * chip->lock guards the queue, the states of requests, the open files, the holder
 * of the programs' lock, and what others may read of the chip (state, generation,
 * context, ATR). Only the owner touches chip->link, and with it the chip itself.
 */
#ifndef SE05X_H
#define SE05X_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/key.h>
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

/* AES-256 */
#define SE05X_STATIC_KEY_MAX	32

/**
 * struct se05x_phy_ops - what the bus driver does for the chip
 * @write: one write message; returns the bytes written or the adapter's errno
 * @read: one read message; returns the bytes read or the adapter's errno
 * @power: switch the chip off or on; -EOPNOTSUPP if there is nothing to switch
 */
struct se05x_phy_ops {
	int (*write)(void *phy, const u8 *buf, size_t len);
	int (*read)(void *phy, u8 *buf, size_t len);
	int (*power)(void *phy, bool on);
};

/**
 * struct se05x_setup - what the bus driver knows when it registers a chip
 * @ops: how to reach the chip
 * @phy: the first argument of all @ops
 * @max_write: longest write message the adapter takes, 0: any
 * @max_read: longest read message the adapter takes, 0: any
 * @retries: the adapter repeats transfers by itself
 * @trusted: the board's description says that an SE05x is there
 * @booting: the chip was switched on just now
 * @can_power: there is a line or a supply to switch
 * @hwrng: the board's description asks for a source of hw_random
 * @location: where the chip is, the same at each boot
 * @heard: set by se05x_chip_register(): a device acknowledged the address
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
	const char *location;
};

/*
 * What the chip has selected. SE05X_UNKNOWN: not known; SE05X_CLEAN: nothing since
 * the chip booted; SE05X_SELECTED: an AID, perhaps with one file's secure channel.
 */
enum se05x_context_state { SE05X_UNKNOWN, SE05X_CLEAN, SE05X_SELECTED };

struct se05x_context {
	enum se05x_context_state state;
	u8 aid_len;
	u8 aid[SE05X_AID_MAX];
	u64 channel;		/* id of the file that opened a channel; 0: none */
	bool before;		/* it did so before the kernel had a key */
};

/* How a command changes the context, if the chip carries it out */
struct se05x_said {
	bool select;		/* it is a SELECT by name on the basic channel */
	bool plain;		/* its AID and P2 bind the file */
	bool remember;		/* the driver may give its answer again */
	bool open_channel;
	bool meddles;		/* it is for who opens a channel or changes its keys */
	bool piece;		/* it is not the last piece of a command */
	struct se05x_context name;
};

/* How a command goes to the chip */
struct se05x_way {
	struct se05x_said said;
	int how;		/* what se05x_channel_look() said */
	bool protect;		/* it goes through the kernel's secure channel */
};

/* When commands to the IoT applet are protected */
enum se05x_mode { SE05X_MODE_AUTO, SE05X_MODE_REQUIRED, SE05X_MODE_OFF };

/* The keys that a chip may have: those of enum se05x_channel_key, from 0 on */
enum se05x_slot { SE05X_KEY_OWN, SE05X_KEY_NEXT, SE05X_KEY_DEFAULT, SE05X_KEYS };

/* Which key of the keyring; another payload after an update */
struct se05x_key_id {
	key_serial_t serial;
	const void *payload;
};

/*
 * What outlives a rebind: root's word for the chip at a location, and which keys there
 * were for it. The owner of the chip that is there writes it, and chip->lock guards
 * what others read.
 */
struct se05x_place {
	struct list_head node;
	char *names[SE05X_KEYS];	/* descriptions of its keys */
	enum se05x_mode mode;
	bool written;	/* root has written the mode: look at it */
	bool found;	/* there was a key: nothing goes plain until root writes the mode */
	bool own;	/* also one of its own, so se05x:default is not for this chip */
	bool moved;	/* the next key fitted: it alone is tried until the keys change */
	bool usable[SE05X_KEYS];	/* may be tried, as of the last look */
	struct se05x_key_id ids[SE05X_KEYS];	/* the same */
	char location[];
};

/* A copy of a key of the keyring, which whoever asked for it wipes */
struct se05x_static_key {
	u8 kvn;
	u8 len;
	u8 enc[SE05X_STATIC_KEY_MAX];
	u8 mac[SE05X_STATIC_KEY_MAX];
};

#define SE05X_MINORS	64

#define LOCK_WATCH		HZ	/* a lock held longer gives an event */

/* SE05X_RANDOM: hwrng sends a command to an AID; hwrng is no client */
enum se05x_request_type {
	SE05X_TRANSCEIVE,
	SE05X_SELECT,
	SE05X_LOCK,
	SE05X_RESET,
	SE05X_RANDOM,
};

enum se05x_request_state { SE05X_IDLE, SE05X_QUEUED, SE05X_TAKEN, SE05X_DONE };

struct se05x_file;

/*
 * Each open file has one, allocated at open. So a call allocates nothing, unless
 * the owner still has the request of a caller who has left.
 */
struct se05x_request {
	struct kref ref;
	struct list_head node;		/* chip->queue */
	struct se05x_file *file;
	wait_queue_head_t wait;
	enum se05x_request_state state;
	bool started;			/* the command's own first byte may be out */
	bool decided;			/* the owner has the result: the caller waits for it */
	bool abandoned;			/* the caller has left */

	/* in */
	enum se05x_request_type type;
	bool privileged;		/* CAP_SYS_ADMIN at the time of the call */
	u32 flags;
	u32 kind;
	u64 demanded;
	u8 aid_len;
	u8 aid[SE05X_AID_MAX];
	u32 command_len;
	u64 queued_us;			/* when it was queued */

	/* out */
	int error;
	u32 outcome;
	u32 sw;
	u32 reason;			/* enum se05x_reason */
	u32 protection;			/* enum se05x_protection */
	u64 generation;
	u32 response_len;

	u8 command[SE05X_T1_COMMAND_MAX];
	u8 response[SE05X_T1_RESPONSE_MAX];
};

/*
 * A command that comes in pieces, or an answer that is fetched in pieces (ISO/IEC
 * 7816-4, 5.3.3 and 5.3.4). The next piece of a command has the same INS P1 P2.
 */
struct se05x_chain {
	struct se05x_file *file;	/* whose chain it is; NULL: there is none */
	bool command;			/* pieces of a command, not of an answer */
	bool preferred;			/* no other file is served until until_us */
	u8 ins, p1, p2;
	u64 begun_us;
	u64 until_us;			/* when the preference ends */
};

/* A user who has open files of a chip. Users take turns. */
struct se05x_user {
	struct list_head node;		/* chip->users */
	kuid_t uid;
	u32 files;			/* how many files refer to it */
	u64 served;			/* chip->served at its last turn */
	u64 preferred_us;		/* when a chain of this user last had preference */
	u64 seen_us;			/* when it last opened or closed a file */
};

/*
 * An open file description. It is freed after its close, once the owner has no
 * request of it. It is a client from the moment when the owner takes its first
 * TRANSCEIVE, SELECT or LOCK until its close.
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
	bool lost_lock;			/* its next call fails with ESTALE, once */
	u32 left_protection;		/* of a request that was left behind */
	struct se05x_chain broken;	/* its chain that was broken; .file is NULL if none was */
	struct se05x_context bound;	/* .state is SE05X_SELECTED, or the file is not bound */
	struct se05x_request *req;	/* belongs to the call that has the turn */
};

/* An event in the queue. It is sent after the callers have their answers. */
struct se05x_queued_event {
	u64 time;			/* CLOCK_BOOTTIME, ns */
	u32 event;			/* enum se05x_event */
	u32 by;				/* enum se05x_by; 0: the event has none */
	u32 detail;			/* enum se05x_reset_kind or se05x_rung */
	u32 count;
	u32 lost;			/* events lost before this one */
};

/* A request queues a dozen events at most, or more if R-NAK and RESYNC alternate. */
#define SE05X_EVENTS_MAX	16

#define SE05X_IDLE_DEFAULT	U32_MAX	/* use the module parameter */

/* What the trace event se05x_power reports */
enum se05x_power { SE05X_POWER_OFF, SE05X_POWER_ON, SE05X_POWER_WAKE, SE05X_POWER_SLEEP };

struct se05x_hwrng;
struct se05x_secure_channel;

/* A chip, from its probe to the last close. A comment over each group says who may touch it. */
struct se05x_chip {
	/* Constant from registration to removal: everybody may read them. */
	struct device dev;
	struct cdev cdev;
	u32 index;
	const struct se05x_phy_ops *phy_ops;
	void *phy;
	bool can_power;
	char *location;
	struct kthread_worker *worker;	/* the owner */
	struct se05x_hwrng *hwrng;	/* NULL: no source of hw_random */
	void (*send_events)(struct se05x_chip *chip);

	/* Works and wait queues, which have locks of their own */
	struct kthread_work serve;
	struct kthread_work quiesce;
	struct kthread_delayed_work idle;
	struct kthread_delayed_work chain_end;
	struct delayed_work lock_watch;
	wait_queue_head_t wait;		/* the owner is free */
	wait_queue_head_t gone;		/* poll waits here until the chip is gone */

	/*
	 * Only the owner touches these. Before there is an owner the probe does, and
	 * while the owner is parked the callbacks of system sleep do.
	 */
	struct se05x_link link;
	bool power_lost;		/* power was cut since this was last set to false */
	bool climbed;			/* the link was mended since this was last set to false */
	bool asleep;
	bool powered;			/* the owner holds a usage count of runtime PM */
	bool resetting;			/* a RESET is carried out */
	u8 answer[258];			/* answer to the SELECT of the context */
	u16 answer_len;			/* 0: there is none to be given again */
	u16 version;			/* of the applet; 0: SELECT did not tell */
	bool fresh;			/* nothing was sent since the SELECT */
	struct se05x_secure_channel *channel;	/* NULL: this kernel has none */

	/* Flags that the owner reads during an exchange */
	bool stop;			/* send no further byte */
	bool cut;			/* a RESET with FORCE waits: end the exchange in flight */

	/* The lock guards all the rest. */
	spinlock_t lock;
	struct list_head queue;
	struct list_head files;		/* open files */
	struct list_head users;
	u64 served;			/* turns given so far */
	u32 clients;			/* how many of the files are clients */
	struct se05x_request *current_req;
	struct se05x_file *holder;	/* the file that holds the lock */
	unsigned long held_since;	/* jiffies */
	bool busy;			/* the owner is at work */
	bool parked;			/* the owner must start nothing */
	bool dead;
	bool off;			/* runtime PM has cut its power */
	bool cold;			/* its power was cut, and it has not booted since */
	bool rested;		/* it answered the end of session, nothing was sent since */
	bool quiet;			/* hwrng without a client: keep the generation */
	u32 idle_ms;
	u32 power_off_ms;		/* 0: never */
	u32 state;
	u64 generation;
	struct se05x_chain chain;
	struct se05x_context context;
	struct se05x_context last;	/* the AID that was selected last */
	bool guarded;			/* commands to the IoT applet don't go plain */
	u32 channel_state;		/* enum se05x_channel */
	u32 channel_key;		/* enum se05x_channel_key */
	u64 openings;
	struct se05x_atr atr;
	struct se05x_link_stats stats;	/* link.stats after the last request */
	u64 resets;
	u64 recoveries;
	u64 waits;
	u64 wait_us;
	struct se05x_queued_event events[SE05X_EVENTS_MAX];
	u32 nevents;
	u32 events_lost;
	bool gave_up;			/* the last uevent said so */
};

/* What netlink and sysfs report of a chip, read at one instant */
struct se05x_counts {
	u32 state;
	u64 generation;
	u64 resets;
	u64 recoveries;
	u64 waits;
	u64 wait_us;
	u32 channel;
	u64 openings;
	struct se05x_link_stats link;
};

/* Each file below calls only the files above it (docs/architecture.md). */

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
bool se05x_is_iot(const struct se05x_context *context);
void se05x_note_version(struct se05x_chip *chip, u32 sw, const u8 *answer, size_t len);
void se05x_note_select(struct se05x_chip *chip, const struct se05x_file *file,
		       const struct se05x_context *selected, u32 sw,
		       const u8 *answer, size_t len);
struct se05x_said se05x_parse_command(const u8 *c, size_t len);
int se05x_find_way(struct se05x_chip *chip, const struct se05x_request *req,
		   struct se05x_way *way);
void se05x_interrupt_chain(struct se05x_chip *chip, const struct se05x_file *file);
bool se05x_lacks_chain(struct se05x_chip *chip, struct se05x_request *req);
void se05x_note_chain(struct se05x_chip *chip, const struct se05x_request *req,
		      const u8 *command, int error);

/* se05x_keys.c */
#if IS_ENABLED(CONFIG_SE05X_CHANNEL)
extern const char * const se05x_modes[SE05X_MODE_OFF + 1];
struct se05x_place *se05x_place_find(const char *location);
void se05x_place_set_mode(struct se05x_place *place, enum se05x_mode mode);
int se05x_place_look(struct se05x_place *place, spinlock_t *lock, bool *changed);
bool se05x_place_has(const struct se05x_place *place, enum se05x_slot slot,
		     const struct se05x_key_id *id);
int se05x_place_key(const struct se05x_place *place, enum se05x_slot slot,
		    struct se05x_key_id *id, struct se05x_static_key *copy);
void se05x_place_fits(struct se05x_place *place, enum se05x_slot slot);
int se05x_keys_init(void);
void se05x_keys_exit(void);
#else
static inline int se05x_keys_init(void)
{
	return 0;
}

static inline void se05x_keys_exit(void)
{
}
#endif

/* se05x_link.c */
extern const struct se05x_link_ops se05x_owner_ops;
int se05x_exchange(struct se05x_chip *chip, struct se05x_apdu *apdu);
int se05x_owner_power_up(struct se05x_chip *chip);
int se05x_owner_wake(struct se05x_chip *chip, bool retry);
void se05x_owner_sleep(struct se05x_chip *chip);
void se05x_owner_idle(struct se05x_chip *chip);

/* se05x_channel.c */
#if IS_ENABLED(CONFIG_SE05X_CHANNEL)
int se05x_channel_look(struct se05x_chip *chip);
bool se05x_channel_needs_select(const struct se05x_chip *chip);
int se05x_channel_refuses(struct se05x_chip *chip, struct se05x_request *req);
int se05x_channel_open(struct se05x_chip *chip, bool last, u32 *sw);
int se05x_channel_transceive(struct se05x_chip *chip, struct se05x_apdu *apdu);
void se05x_channel_drop(struct se05x_chip *chip);
void se05x_channel_forgive(struct se05x_chip *chip);
void se05x_channel_settle(struct se05x_chip *chip);
const char *se05x_channel_mode(struct se05x_chip *chip);
int se05x_channel_set_mode(struct se05x_chip *chip, const char *word);
int se05x_channel_add(struct se05x_chip *chip);
void se05x_channel_del(struct se05x_chip *chip);
#else
static inline int se05x_channel_look(struct se05x_chip *chip)
{
	return 0;
}

static inline bool se05x_channel_needs_select(const struct se05x_chip *chip)
{
	return false;
}

static inline int se05x_channel_refuses(struct se05x_chip *chip, struct se05x_request *req)
{
	return -ENOKEY;
}

static inline int se05x_channel_open(struct se05x_chip *chip, bool last, u32 *sw)
{
	return -ENOKEY;
}

static inline int se05x_channel_transceive(struct se05x_chip *chip, struct se05x_apdu *apdu)
{
	return -ENOKEY;
}

static inline void se05x_channel_drop(struct se05x_chip *chip)
{
}

static inline void se05x_channel_forgive(struct se05x_chip *chip)
{
}

static inline void se05x_channel_settle(struct se05x_chip *chip)
{
}

static inline const char *se05x_channel_mode(struct se05x_chip *chip)
{
	return "off";
}

static inline int se05x_channel_set_mode(struct se05x_chip *chip, const char *word)
{
	return -EOPNOTSUPP;
}

static inline int se05x_channel_add(struct se05x_chip *chip)
{
	return 0;
}

static inline void se05x_channel_del(struct se05x_chip *chip)
{
}
#endif

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
bool se05x_holds_lock(struct se05x_file *file);
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
