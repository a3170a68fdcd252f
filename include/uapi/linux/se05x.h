/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * NXP EdgeLock SE05x secure element: the user interface of /dev/se05x, and of
 * the generic netlink family "se05x" at the end
 *
 * Every ioctl takes a pointer to one fixed-size struct. In all of them:
 *  - the kernel either reads a field or writes it ([out]), never both. So a program
 *    may use a struct again as it came back;
 *  - unknown flags, and padding or reserved_in other than zero, give EINVAL.
 *    So later kernels may give them a meaning;
 *  - [out] fields are ignored on input. Once the kernel has read the struct, it
 *    writes them on every return, also with an error; reserved_out as zero;
 *  - pointers are __u64, so the structs are the same for 32-bit programs.
 */
#ifndef _UAPI_LINUX_SE05X_H
#define _UAPI_LINUX_SE05X_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define SE05X_IOC_MAGIC		0xD4

#define SE05X_ATR_MAX		256
#define SE05X_AID_MAX		16

/**
 * enum se05x_state - &se05x_info.state
 * @SE05X_STATE_ONLINE: the chip is awake, and the block numbers are in step
 * @SE05X_STATE_ASLEEP: the session was ended, the next use wakes the chip
 * @SE05X_STATE_OFF: the power was cut, the next use switches it on
 * @SE05X_STATE_RECOVERING: the link failed and is being mended
 * @SE05X_STATE_GIVEN_UP: no rung of the ladder helped; a later request,
 *	SE05X_IOC_RESET or a rebind may
 *
 * Later kernels may have more states: take them as "not online".
 */
enum se05x_state {
	SE05X_STATE_ONLINE = 1,
	SE05X_STATE_ASLEEP = 2,
	SE05X_STATE_OFF = 3,
	SE05X_STATE_RECOVERING = 4,
	SE05X_STATE_GIVEN_UP = 5,
};

/**
 * enum se05x_flavour - &se05x_info.flavour, the block format on the wire
 * @SE05X_FLAVOUR_UM11225: NXP's own T=1 over I2C (one length byte)
 */
enum se05x_flavour {
	SE05X_FLAVOUR_UM11225 = 1,
};

/* se05x_info.features */
#define SE05X_FEATURE_POWER	(1ULL << 0)	/* SE05X_RESET_POWER can work */
#define SE05X_FEATURE_SIMULATED	(1ULL << 1)	/* a simulated chip: keeps no secret */

/**
 * enum se05x_outcome - what became of the command, also when the ioctl failed
 * @SE05X_OUTCOME_NOT_SENT: the chip did not run it and never will
 * @SE05X_OUTCOME_MAY_HAVE_RUN: it ran once or not at all; nobody can tell
 * @SE05X_OUTCOME_RAN: it ran once
 */
enum se05x_outcome {
	SE05X_OUTCOME_NOT_SENT = 0,
	SE05X_OUTCOME_MAY_HAVE_RUN = 1,
	SE05X_OUTCOME_RAN = 2,
};

/**
 * enum se05x_reason - why the call failed with ESTALE
 * @SE05X_REASON_NONE: the call did not end with ESTALE
 * @SE05X_REASON_GENERATION: the demanded generation has passed
 * @SE05X_REASON_CONTEXT: the demanded generation still holds, but the driver
 *	would have to select the applet again first
 * @SE05X_REASON_LOCK: an administrator's SE05X_IOC_RESET broke this file's lock
 * @SE05X_REASON_CHANNEL: the secure channel that this file had opened is lost
 * @SE05X_REASON_CHAIN: the command is the next piece of a chain that was broken,
 *	or the chip has no answer for this file's GET RESPONSE
 *
 * Later kernels may have more reasons.
 */
enum se05x_reason {
	SE05X_REASON_NONE = 0,
	SE05X_REASON_GENERATION = 1,
	SE05X_REASON_CONTEXT = 2,
	SE05X_REASON_LOCK = 3,
	SE05X_REASON_CHANNEL = 4,
	SE05X_REASON_CHAIN = 5,
};

/**
 * enum se05x_protection - how a command travelled on the bus
 * @SE05X_PROTECTION_NONE: plain, or not at all
 * @SE05X_PROTECTION_VERIFIED: in the kernel's secure channel, and the MAC of the
 *	answer was right
 * @SE05X_PROTECTION_UNVERIFIED: in the kernel's secure channel, but the answer
 *	had no MAC, as with error status words: any device on the bus may have
 *	sent it
 */
enum se05x_protection {
	SE05X_PROTECTION_NONE = 0,
	SE05X_PROTECTION_VERIFIED = 1,
	SE05X_PROTECTION_UNVERIFIED = 2,
};

/**
 * enum se05x_channel - &se05x_info.channel, the kernel's secure channel
 * @SE05X_CHANNEL_NONE: commands to the IoT applet go plain
 * @SE05X_CHANNEL_CLOSED: the next command to the IoT applet opens it, or is refused
 *	if there is no key
 * @SE05X_CHANNEL_OPEN: it is open
 * @SE05X_CHANNEL_REJECTED: the chip accepted none of the kernel's keys
 *
 * Later kernels may have more states.
 */
enum se05x_channel {
	SE05X_CHANNEL_NONE = 0,
	SE05X_CHANNEL_CLOSED = 1,
	SE05X_CHANNEL_OPEN = 2,
	SE05X_CHANNEL_REJECTED = 3,
};

/**
 * enum se05x_channel_key - &se05x_info.channel_key, the key that the chip
 *	accepted last
 * @SE05X_CHANNEL_KEY_NONE: none so far
 * @SE05X_CHANNEL_KEY_OWN: the key of this chip
 * @SE05X_CHANNEL_KEY_NEXT: the key that is to replace it
 * @SE05X_CHANNEL_KEY_DEFAULT: the key of all chips without a key of their own
 */
enum se05x_channel_key {
	SE05X_CHANNEL_KEY_NONE = 0,
	SE05X_CHANNEL_KEY_OWN = 1,
	SE05X_CHANNEL_KEY_NEXT = 2,
	SE05X_CHANNEL_KEY_DEFAULT = 3,
};

/**
 * struct se05x_info - SE05X_IOC_INFO: the chip's ATR, its limits and its state
 * @flags: none defined
 * @state: [out] an enum se05x_state
 * @generation: [out] changes whenever the applet's state may be gone, never 0
 * @features: [out] SE05X_FEATURE_*
 * @flavour: [out] an enum se05x_flavour
 * @max_command: [out] the longest C-APDU the driver takes, in bytes. The chip
 *	may take less and refuses more by a status word.
 * @max_response: [out] the longest R-APDU the driver gives, SW included
 * @protocol_version: [out] PVER of the ATR
 * @bwt_ms: [out] block waiting time in ms
 * @ifsc: [out] longest information field that the chip takes, in bytes
 * @mcf_khz: [out] highest bus clock in kHz
 * @config: [out] the ATR's CONFIG byte (bit 3: high-speed mode)
 * @mpot_ms: [out] minimum polling time in ms
 * @segt_us: [out] guard time between two transfers in microseconds
 * @wut_us: [out] wake-up time that the chip announces, in microseconds
 * @atr_len: [out] valid bytes in @atr
 * @channel: [out] an enum se05x_channel
 * @channel_key: [out] an enum se05x_channel_key
 * @overhead_command: [out] how many bytes the kernel's secure channel adds to a
 *	C-APDU at most, so that a program's is so much shorter than what the
 *	chip takes; 0 while commands go plain
 * @overhead_response: [out] the same for an R-APDU
 * @openings: [out] how often the channel was opened since the chip was found
 * @vendor: [out] VID of the ATR, the vendor's registered identifier
 * @padding: must be zero
 * @atr: [out] the ATR as read
 * @reserved_in: must be zero
 * @reserved_out: [out] zero
 *
 * Needs only an open file, does not wait and does not wake the chip. The fields
 * hold what the driver last knew of the chip, also with ENODEV.
 */
struct se05x_info {
	__u32 flags;
	__u32 state;
	__u64 generation;
	__u64 features;
	__u32 flavour;
	__u32 max_command;
	__u32 max_response;
	__u32 protocol_version;
	__u32 bwt_ms;
	__u32 ifsc;
	__u32 mcf_khz;
	__u32 config;
	__u32 mpot_ms;
	__u32 segt_us;
	__u32 wut_us;
	__u32 atr_len;
	__u32 channel;
	__u32 channel_key;
	__u32 overhead_command;
	__u32 overhead_response;
	__u64 openings;
	__u8 vendor[5];
	__u8 padding[3];
	__u8 atr[SE05X_ATR_MAX];
	__u64 reserved_in[2];
	__u64 reserved_out[2];
};

/*
 * se05x_transceive.flags: send the command through the kernel's secure channel,
 * or fail with ENOKEY and send nothing, not even a SELECT
 */
#define SE05X_TRANSCEIVE_PROTECTED	(1U << 0)

/**
 * struct se05x_transceive - SE05X_IOC_TRANSCEIVE: one C-APDU and its R-APDU
 * @flags: SE05X_TRANSCEIVE_PROTECTED or 0
 * @command_len: bytes at @command, 4 to &se05x_info.max_command
 * @command: the C-APDU
 * @response: where the R-APDU goes; SW1 SW2 are its last two bytes
 * @response_size: room at @response in bytes
 * @deadline_ms: how long the caller waits. 0: 30 s in the queue, then as long
 *	as the driver's hard limit lets the chip compute.
 * @demanded: 0, or a generation: if it has passed when the command has its turn,
 *	the call fails with ESTALE
 * @outcome: [out] an enum se05x_outcome
 * @response_len: [out] length of the R-APDU. With EMSGSIZE its true length;
 *	@response has its first @response_size bytes.
 * @sw: [out] SW1 << 8 | SW2; 0 if the chip gave none
 * @reason: [out] an enum se05x_reason
 * @protection: [out] an enum se05x_protection
 * @padding: must be zero
 * @generation: [out] the generation after it
 * @reserved_in: must be zero
 * @reserved_out: [out] zero
 */
struct se05x_transceive {
	__u32 flags;
	__u32 command_len;
	__u64 command;
	__u64 response;
	__u32 response_size;
	__u32 deadline_ms;
	__u64 demanded;
	__u32 outcome;
	__u32 response_len;
	__u32 sw;
	__u32 reason;
	__u32 protection;
	__u32 padding;
	__u64 generation;
	__u64 reserved_in[2];
	__u64 reserved_out[2];
};

/* se05x_select.flags: send a SELECT to the chip, even if the AID is selected */
#define SE05X_SELECT_FRESH	(1U << 0)

/**
 * struct se05x_select - SE05X_IOC_SELECT: bind this open file to an applet
 * @flags: SE05X_SELECT_FRESH or 0
 * @aid_len: bytes in @aid, 0 to 16. 0: the SELECT without AID.
 * @aid: the applet's identifier; bytes past @aid_len must be zero
 * @response: where the answer to the SELECT goes, SW included
 * @response_size: room at @response in bytes. 0: the kernel gives no answer and
 *	does not fail with EMSGSIZE.
 * @deadline_ms: as in struct se05x_transceive
 * @outcome: [out] an enum se05x_outcome. A remembered answer counts as RAN.
 * @response_len: [out] the answer's true length, whatever @response_size is
 * @sw: [out] the chip's status word. Unless it is a success, the file stays bound
 *	as it was.
 * @reason: [out] an enum se05x_reason
 * @generation: [out] the generation after it
 * @reserved_in: must be zero
 * @reserved_out: [out] zero
 *
 * Returns 0 whenever there is an answer, also if @sw is an error. Once the file is
 * bound, the driver selects the AID again before the file's next command whenever
 * another one was selected in between.
 */
struct se05x_select {
	__u32 flags;
	__u32 aid_len;
	__u8 aid[SE05X_AID_MAX];
	__u64 response;
	__u32 response_size;
	__u32 deadline_ms;
	__u32 outcome;
	__u32 response_len;
	__u32 sw;
	__u32 reason;
	__u64 generation;
	__u64 reserved_in[2];
	__u64 reserved_out[2];
};

/**
 * struct se05x_lock - SE05X_IOC_LOCK: no other file's APDU until unlock or close
 * @flags: none defined
 * @deadline_ms: how long to wait for the lock; 0: 30 s
 * @outcome: [out] an enum se05x_outcome, RAN when the lock is held
 * @reason: [out] an enum se05x_reason
 * @generation: [out] the generation now
 * @reserved_in: must be zero
 * @reserved_out: [out] zero
 *
 * The lock belongs to the open file description, as with flock(2).
 */
struct se05x_lock {
	__u32 flags;
	__u32 deadline_ms;
	__u32 outcome;
	__u32 reason;
	__u64 generation;
	__u64 reserved_in[2];
	__u64 reserved_out[2];
};

/**
 * struct se05x_unlock - SE05X_IOC_UNLOCK: release the lock
 * @flags: none defined
 * @reason: [out] an enum se05x_reason
 * @generation: [out] the generation now
 * @reserved_in: must be zero
 * @reserved_out: [out] zero
 */
struct se05x_unlock {
	__u32 flags;
	__u32 reason;
	__u64 generation;
	__u64 reserved_in[2];
	__u64 reserved_out[2];
};

/* se05x_reset.flags: don't wait for the exchange in flight; needs CAP_SYS_ADMIN */
#define SE05X_RESET_FORCE	(1U << 0)

/**
 * enum se05x_reset_kind - &se05x_reset.kind
 * @SE05X_RESET_SOFT: interface soft reset (S-block CF)
 * @SE05X_RESET_CHIP: chip reset by S-block (C6)
 * @SE05X_RESET_POWER: by enable line, supply or reset line, else EOPNOTSUPP
 */
enum se05x_reset_kind {
	SE05X_RESET_SOFT = 1,
	SE05X_RESET_CHIP = 2,
	SE05X_RESET_POWER = 3,
};

/**
 * struct se05x_reset - SE05X_IOC_RESET: reset the chip
 * @flags: SE05X_RESET_FORCE or 0
 * @kind: an enum se05x_reset_kind
 * @deadline_ms: as in struct se05x_transceive
 * @outcome: [out] an enum se05x_outcome
 * @generation: [out] the generation after it
 * @reserved_in: must be zero
 * @reserved_out: [out] zero
 *
 * A file with write access may reset the chip while there is no other client; the
 * lock gives no further right. Once the chip is given up every such file may.
 * CAP_SYS_ADMIN may at any time: that RESET goes before the queue and the lock, and
 * breaks the lock. Otherwise the call fails with EPERM. A file is a client from the
 * moment when its first TRANSCEIVE, SELECT or LOCK has its turn until its close.
 */
struct se05x_reset {
	__u32 flags;
	__u32 kind;
	__u32 deadline_ms;
	__u32 outcome;
	__u64 generation;
	__u64 reserved_in[2];
	__u64 reserved_out[2];
};

/*
 * Before the kernel reads the struct it finds, in this order, ENOTTY, EBADF, and
 * EFAULT for the struct itself. After that it finds ENODEV first.
 *
 * errno		meaning					outcome
 * EINVAL ENOTTY EBADF E2BIG EPERM EAGAIN EALREADY
 * EOPNOTSUPP ENOMEM	refused					NOT_SENT
 * EINTR		a signal while queued			NOT_SENT
 * EBUSY		the deadline passed while waiting	NOT_SENT
 * ESTALE		see enum se05x_reason			NOT_SENT
 * ENOTCONN		the applet could not be selected again	NOT_SENT
 * ENOLINK		the chip is given up			NOT_SENT
 * ENODEV		the chip is gone			NOT_SENT
 * ENOKEY		no key for the channel demanded		NOT_SENT
 * EKEYREJECTED		the chip has another key		NOT_SENT
 * ECONNABORTED		link failed before the last block	NOT_SENT
 * ETIMEDOUT		the deadline passed in flight		MAY_HAVE_RUN
 * ECONNRESET		link failed after the last block	MAY_HAVE_RUN
 * EBADMSG		the answer's protection is wrong	MAY_HAVE_RUN
 * EMSGSIZE		the answer is longer than the buffer	RAN
 * EFAULT		a bad pointer				see outcome
 * any other		assume					MAY_HAVE_RUN
 */
#define SE05X_IOC_INFO		_IOWR(SE05X_IOC_MAGIC, 0x00, struct se05x_info)
#define SE05X_IOC_TRANSCEIVE	_IOWR(SE05X_IOC_MAGIC, 0x01, struct se05x_transceive)
#define SE05X_IOC_SELECT	_IOWR(SE05X_IOC_MAGIC, 0x02, struct se05x_select)
#define SE05X_IOC_LOCK		_IOWR(SE05X_IOC_MAGIC, 0x03, struct se05x_lock)
#define SE05X_IOC_UNLOCK	_IOWR(SE05X_IOC_MAGIC, 0x04, struct se05x_unlock)
#define SE05X_IOC_RESET		_IOWR(SE05X_IOC_MAGIC, 0x05, struct se05x_reset)

/*
 * Generic netlink: events and counters of the chips. It changes nothing. Everybody
 * may have the events and SE05X_CMD_CHIP_GET, so these tell nothing that changes
 * with each APDU. SE05X_CMD_COUNTERS_GET needs CAP_NET_ADMIN. The family is in the
 * initial network namespace.
 */
#define SE05X_GENL_NAME		"se05x"
#define SE05X_GENL_VERSION	1
#define SE05X_MCGRP_EVENTS	"events"

/**
 * enum se05x_cmd - commands of the family
 * @SE05X_CMD_CHIP_GET: one chip (@SE05X_A_INDEX) or, as a dump, all: its state,
 *	the secure channel's, and how often it was reset and recovered
 * @SE05X_CMD_COUNTERS_GET: one chip or all, the same way: its counters; needs
 *	CAP_NET_ADMIN
 * @SE05X_CMD_EVENT: sent to the group "events"
 */
enum se05x_cmd {
	SE05X_CMD_CHIP_GET = 1,
	SE05X_CMD_COUNTERS_GET,
	SE05X_CMD_EVENT,
};

#define SE05X_CMD_MAX	SE05X_CMD_EVENT

/**
 * enum se05x_attr - attributes of all commands
 * @SE05X_A_PAD: aligns the 64-bit ones
 * @SE05X_A_INDEX: u32, N of /sys/class/se05x/se05xN
 * @SE05X_A_STATE: u32, an enum se05x_state
 * @SE05X_A_RESETS: u64, resets on request that were carried out
 * @SE05X_A_RECOVERIES: u64, how often the link had to be mended
 * @SE05X_A_RUNG_RNAK: u64, blocks asked for again by R-NAK
 * @SE05X_A_RUNG_RESYNC: u64, S(RESYNC) in a recovery
 * @SE05X_A_RUNG_SOFT: u64, interface soft resets in a recovery
 * @SE05X_A_RUNG_CHIP: u64, chip resets in a recovery
 * @SE05X_A_RUNG_POWER: u64, power cycles in a recovery
 * @SE05X_A_RUNG_GIVEN_UP: u64, recoveries that did not help
 * @SE05X_A_GENERATION: u64, as in &se05x_info.generation
 * @SE05X_A_APDUS: u64, commands whose first block was tried
 * @SE05X_A_BYTES_OUT: u64, bytes written to the chip
 * @SE05X_A_BYTES_IN: u64, bytes read from it
 * @SE05X_A_BLOCKS_OUT: u64, blocks written; each try counts
 * @SE05X_A_BLOCKS_IN: u64, valid blocks read
 * @SE05X_A_POLLS: u64, transfers that the chip did not acknowledge
 * @SE05X_A_WTX: u64, waiting time extensions granted
 * @SE05X_A_RESENDS: u64, blocks written again because the chip asked
 * @SE05X_A_WAITS: u64, requests that had to wait for another or for a lock
 * @SE05X_A_WAIT_US: u64, how long all requests were in the queue, in microseconds
 * @SE05X_A_EVENT: u32, an enum se05x_event
 * @SE05X_A_TIME: u64, CLOCK_BOOTTIME at the event, in nanoseconds
 * @SE05X_A_BY: u32, an enum se05x_by, with @SE05X_EVENT_RESET
 * @SE05X_A_RESET: u32, an enum se05x_reset_kind, with @SE05X_EVENT_RESET; absent
 *	with @SE05X_BY_RESUME
 * @SE05X_A_RUNG: u32, an enum se05x_rung, with @SE05X_EVENT_RECOVERY
 * @SE05X_A_COUNT: u32, how many events of this kind in a row became this one
 * @SE05X_A_LOST: u32, events that the kernel could not send before this one
 * @SE05X_A_CHANNEL: u32, an enum se05x_channel, but never @SE05X_CHANNEL_OPEN: where
 *	two applets are in use that changes with each APDU
 * @SE05X_A_OPENINGS: u64, how often the kernel's secure channel was opened
 */
enum se05x_attr {
	SE05X_A_PAD = 1,
	SE05X_A_INDEX,
	SE05X_A_STATE,
	SE05X_A_RESETS,
	SE05X_A_RECOVERIES,
	SE05X_A_RUNG_RNAK,
	SE05X_A_RUNG_RESYNC,
	SE05X_A_RUNG_SOFT,
	SE05X_A_RUNG_CHIP,
	SE05X_A_RUNG_POWER,
	SE05X_A_RUNG_GIVEN_UP,
	SE05X_A_GENERATION,
	SE05X_A_APDUS,
	SE05X_A_BYTES_OUT,
	SE05X_A_BYTES_IN,
	SE05X_A_BLOCKS_OUT,
	SE05X_A_BLOCKS_IN,
	SE05X_A_POLLS,
	SE05X_A_WTX,
	SE05X_A_RESENDS,
	SE05X_A_WAITS,
	SE05X_A_WAIT_US,
	SE05X_A_EVENT,
	SE05X_A_TIME,
	SE05X_A_BY,
	SE05X_A_RESET,
	SE05X_A_RUNG,
	SE05X_A_COUNT,
	SE05X_A_LOST,
	SE05X_A_CHANNEL,
	SE05X_A_OPENINGS,
};

#define SE05X_A_MAX	SE05X_A_OPENINGS

/**
 * enum se05x_event - @SE05X_A_EVENT; programs must skip events that they don't know
 * @SE05X_EVENT_ADDED: a chip was found
 * @SE05X_EVENT_REMOVED: a chip is gone, and its index is free
 * @SE05X_EVENT_ONLINE: the chip is awake, and the block numbers are in step (again)
 * @SE05X_EVENT_ASLEEP: the session was ended
 * @SE05X_EVENT_OFF: the power was cut
 * @SE05X_EVENT_RESET: the chip was reset
 * @SE05X_EVENT_RECOVERY: a rung of the ladder was tried
 * @SE05X_EVENT_GIVEN_UP: no rung helped
 * @SE05X_EVENT_GENERATION: the applet's state may be gone, by a reset, a recovery,
 *	sleep, power off or resume
 * @SE05X_EVENT_LOCK: somebody has held the lock for a second
 * @SE05X_EVENT_CHANNEL_REJECTED: the chip refused the kernel's secure channel
 * @SE05X_EVENT_CHANNEL_LOST: an answer in the channel was not the chip's
 * @SE05X_EVENT_CHANNEL_PLAIN: commands to the IoT applet go plain from now on, and
 *	went protected before; root wanted it so
 */
enum se05x_event {
	SE05X_EVENT_ADDED = 1,
	SE05X_EVENT_REMOVED,
	SE05X_EVENT_ONLINE,
	SE05X_EVENT_ASLEEP,
	SE05X_EVENT_OFF,
	SE05X_EVENT_RESET,
	SE05X_EVENT_RECOVERY,
	SE05X_EVENT_GIVEN_UP,
	SE05X_EVENT_GENERATION,
	SE05X_EVENT_LOCK,
	SE05X_EVENT_CHANNEL_REJECTED,
	SE05X_EVENT_CHANNEL_LOST,
	SE05X_EVENT_CHANNEL_PLAIN,
};

/**
 * enum se05x_by - @SE05X_A_BY: who reset the chip
 * @SE05X_BY_USER: SE05X_IOC_RESET
 * @SE05X_BY_RECOVERY: the link had failed
 * @SE05X_BY_RESUME: the machine slept, and the chip may have been without power
 */
enum se05x_by {
	SE05X_BY_USER = 1,
	SE05X_BY_RECOVERY,
	SE05X_BY_RESUME,
};

/**
 * enum se05x_rung - @SE05X_A_RUNG: how far a recovery went, lowest first
 * @SE05X_RUNG_RNAK: R-NAK, the block is asked for again
 * @SE05X_RUNG_RESYNC: S(RESYNC), block numbers start at 0
 * @SE05X_RUNG_SOFT: S(interface soft reset)
 * @SE05X_RUNG_CHIP: S(chip reset)
 * @SE05X_RUNG_POWER: power cycle
 * @SE05X_RUNG_GIVEN_UP: no rung helped
 */
enum se05x_rung {
	SE05X_RUNG_RNAK,
	SE05X_RUNG_RESYNC,
	SE05X_RUNG_SOFT,
	SE05X_RUNG_CHIP,
	SE05X_RUNG_POWER,
	SE05X_RUNG_GIVEN_UP,
};

#endif /* _UAPI_LINUX_SE05X_H */
