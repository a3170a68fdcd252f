/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * NXP EdgeLock SE05x secure element: the user interface of /dev/se05x
 *
 * Every ioctl takes a pointer to one fixed-size struct. In all of them:
 *  - flags, padding and reserved must be zero but for the flags named here,
 *    else EINVAL: that is what lets later kernels give them a meaning;
 *  - pointers travel as __u64, so 32-bit programs need no translation;
 *  - fields marked [out] are ignored on input.
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
 * @SE05X_STATE_ONLINE: awake and in step
 * @SE05X_STATE_ASLEEP: the session was ended, the first use wakes the chip
 * @SE05X_STATE_OFF: without power, the first use switches it on
 * @SE05X_STATE_RECOVERING: the link failed and is being mended
 * @SE05X_STATE_GIVEN_UP: nothing helped; SE05X_IOC_RESET or a rebind may
 *
 * Later kernels may know more: take others as "not online".
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
 * struct se05x_info - SE05X_IOC_INFO: what the chip said of itself and how it is
 * @flags: none defined
 * @state: [out] an enum se05x_state
 * @generation: [out] changes whenever the applet's state may be gone, never 0
 * @features: [out] SE05X_FEATURE_*
 * @flavour: [out] an enum se05x_flavour
 * @max_command: [out] the longest C-APDU the driver takes, in bytes. The chip
 *	may take less and says so by its status word.
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
 * @vendor: [out] VID of the ATR, the vendor's registered identifier
 * @padding: must be zero
 * @atr: [out] the ATR as read
 * @reserved: must be zero
 *
 * Needs only an open file; neither waits nor wakes the chip.
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
	__u8 vendor[5];
	__u8 padding[3];
	__u8 atr[SE05X_ATR_MAX];
	__u64 reserved[4];
};

/**
 * struct se05x_transceive - SE05X_IOC_TRANSCEIVE: one C-APDU and its R-APDU
 * @flags: none defined
 * @command_len: bytes at @command, 4 to &se05x_info.max_command
 * @command: the C-APDU
 * @response: where the R-APDU goes; SW1 SW2 are its last two bytes
 * @response_size: room at @response in bytes
 * @response_len: [out] length of the R-APDU. With EMSGSIZE its true length, of
 *	which the first @response_size bytes are there.
 * @deadline_ms: how long the caller waits. 0: 30 s in the queue, then as long
 *	as the driver's hard limit lets the chip compute.
 * @outcome: [out] an enum se05x_outcome
 * @sw: [out] SW1 << 8 | SW2; 0 if the chip gave none
 * @padding: must be zero
 * @generation: [in] 0, or the generation that must still hold when the
 *	command's turn comes, else ESTALE. [out] the generation after it.
 * @reserved: must be zero
 */
struct se05x_transceive {
	__u32 flags;
	__u32 command_len;
	__u64 command;
	__u64 response;
	__u32 response_size;
	__u32 response_len;
	__u32 deadline_ms;
	__u32 outcome;
	__u32 sw;
	__u32 padding;
	__u64 generation;
	__u64 reserved[4];
};

/* se05x_select.flags: send it, even if the AID is selected already */
#define SE05X_SELECT_FRESH	(1U << 0)

/**
 * struct se05x_select - SE05X_IOC_SELECT: bind this open file to an applet
 * @flags: SE05X_SELECT_FRESH or 0
 * @aid_len: bytes in @aid, 0 to 16. 0: the SELECT without AID.
 * @aid: the applet's identifier; bytes past @aid_len are ignored
 * @response: where the answer to the SELECT goes, SW included
 * @response_size: room at @response in bytes
 * @response_len: [out] as in struct se05x_transceive
 * @deadline_ms: as in struct se05x_transceive
 * @outcome: [out] an enum se05x_outcome. A remembered answer counts as RAN.
 * @sw: [out] the chip's status word. Other than success: not bound.
 * @padding: must be zero
 * @generation: [out] the generation after it
 * @reserved: must be zero
 *
 * Returns 0 whenever there is an answer; @sw says which. From then on the
 * driver selects the AID again whenever somebody else's came between.
 */
struct se05x_select {
	__u32 flags;
	__u32 aid_len;
	__u8 aid[SE05X_AID_MAX];
	__u64 response;
	__u32 response_size;
	__u32 response_len;
	__u32 deadline_ms;
	__u32 outcome;
	__u32 sw;
	__u32 padding;
	__u64 generation;
	__u64 reserved[4];
};

/**
 * struct se05x_lock - SE05X_IOC_LOCK: nobody else's APDU until unlock or close
 * @flags: none defined
 * @deadline_ms: how long to wait for it; 0: 30 s
 * @outcome: [out] an enum se05x_outcome, RAN when the lock is held
 * @padding: must be zero
 * @generation: [out] the generation now
 * @reserved: must be zero
 *
 * The lock belongs to the open file description, as with flock(2).
 */
struct se05x_lock {
	__u32 flags;
	__u32 deadline_ms;
	__u32 outcome;
	__u32 padding;
	__u64 generation;
	__u64 reserved[4];
};

/**
 * struct se05x_unlock - SE05X_IOC_UNLOCK: let the others go on
 * @flags: none defined
 * @padding: must be zero
 * @generation: [out] the generation now
 * @reserved: must be zero
 */
struct se05x_unlock {
	__u32 flags;
	__u32 padding;
	__u64 generation;
	__u64 reserved[4];
};

/* se05x_reset.flags: cut an exchange in flight; needs CAP_SYS_ADMIN */
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
 * struct se05x_reset - SE05X_IOC_RESET: start afresh
 * @flags: SE05X_RESET_FORCE or 0
 * @kind: an enum se05x_reset_kind
 * @deadline_ms: as in struct se05x_transceive
 * @outcome: [out] an enum se05x_outcome
 * @generation: [out] the generation after it
 * @reserved: must be zero
 *
 * For the only opener; for the holder of the lock while no other file is
 * bound or queued; for anybody once the chip is given up; for CAP_SYS_ADMIN
 * at any time, past queue and lock. Others: EPERM.
 */
struct se05x_reset {
	__u32 flags;
	__u32 kind;
	__u32 deadline_ms;
	__u32 outcome;
	__u64 generation;
	__u64 reserved[4];
};

/*
 * errno		meaning					outcome
 * EINVAL ENOTTY EBADF E2BIG EPERM EAGAIN EALREADY
 * EOPNOTSUPP ENOMEM	refused					NOT_SENT
 * EINTR		a signal while queued			NOT_SENT
 * EBUSY		the deadline passed while waiting	NOT_SENT
 * ESTALE		generation, lock or channel was lost	NOT_SENT
 * ENOTCONN		the applet could not be selected again	NOT_SENT
 * ENOLINK		the chip is given up			NOT_SENT
 * ENODEV		the chip is gone			NOT_SENT
 * ENOKEY EKEYREJECTED	reserved				NOT_SENT
 * ECONNABORTED		link failed before the last block	NOT_SENT
 * ETIMEDOUT		the deadline passed in flight		MAY_HAVE_RUN
 * ECONNRESET		link failed after the last block	MAY_HAVE_RUN
 * EMSGSIZE		the answer is longer than the buffer	RAN
 * EFAULT		a bad pointer				see outcome
 * any other		take it as				MAY_HAVE_RUN
 */
#define SE05X_IOC_INFO		_IOWR(SE05X_IOC_MAGIC, 0x00, struct se05x_info)
#define SE05X_IOC_TRANSCEIVE	_IOWR(SE05X_IOC_MAGIC, 0x01, struct se05x_transceive)
#define SE05X_IOC_SELECT	_IOWR(SE05X_IOC_MAGIC, 0x02, struct se05x_select)
#define SE05X_IOC_LOCK		_IOWR(SE05X_IOC_MAGIC, 0x03, struct se05x_lock)
#define SE05X_IOC_UNLOCK	_IOWR(SE05X_IOC_MAGIC, 0x04, struct se05x_unlock)
#define SE05X_IOC_RESET		_IOWR(SE05X_IOC_MAGIC, 0x05, struct se05x_reset)

#endif /* _UAPI_LINUX_SE05X_H */
