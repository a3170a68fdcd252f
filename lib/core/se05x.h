/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libse05x: APDUs to an NXP EdgeLock SE05x through /dev/se05x
 *
 * Every function returns 0 or a negative errno, prints nothing and never exits.
 * A handle may be used by several threads at once: their calls take turns in
 * the kernel. Buffers are the caller's; nothing is kept of them.
 */
#ifndef SE05X_H
#define SE05X_H

#include <stddef.h>
#include <stdint.h>

#include <linux/se05x.h>

#ifdef __cplusplus
extern "C" {
#endif

struct se05x;	/* an open chip: a client with its own applet and its own lock */

/**
 * struct se05x_call - what may be said about a call, and what is to be known after
 * @flags: in, for se05x_transceive(): SE05X_TRANSCEIVE_PROTECTED or 0
 * @deadline_ms: in: how long to wait, in ms. 0: 30 s for the turn, and then as
 *	long as the chip computes.
 * @demanded: in, for se05x_transceive(): the generation that must still hold when
 *	the command's turn comes, else -ESTALE. 0: any.
 * @generation: out: the generation after the call. It changes whenever the
 *	applet's state may be gone.
 * @outcome: out, also on failure: SE05X_OUTCOME_NOT_SENT, _MAY_HAVE_RUN or _RAN
 * @reason: out: which cause -ESTALE had, an enum se05x_reason
 * @protection: out: how the command travelled, an enum se05x_protection
 * @sw: out: status word, 0 without one
 * @padding: must be zero
 * @reserved_in: must be zero
 * @reserved_out: out: zero
 *
 * Zero it before use. It may be used again as it came back. Every function that
 * takes one also takes NULL.
 */
struct se05x_call {
	uint32_t flags;
	uint32_t deadline_ms;
	uint64_t demanded;
	uint64_t generation;
	uint32_t outcome;
	uint32_t reason;
	uint32_t protection;
	uint16_t sw;
	uint16_t padding;
	uint64_t reserved_in[2];
	uint64_t reserved_out[2];
};

/**
 * se05x_open() - become a client of a chip
 * @path: its device, or "unix:" and the socket of se05x-sim(1); NULL: $SE05X_DEVICE,
 *	or /dev/se05x. The environment doesn't count in set-user-ID programs.
 * @se: out: the handle
 *
 * The file is opened for reading and writing, and closed by exec. By a socket a signal
 * ends no call; all else is as with a device.
 *
 * Return: 0; -ENODEV: there is no such device or socket; -ENOTTY: something else than
 * an SE05x; -EACCES, ...: as open(2) or connect(2), -EACCES also for a socket that is
 * neither root's nor the caller's; -ENOMEM.
 */
int se05x_open(const char *path, struct se05x **se);

/**
 * se05x_reopen() - go on with a new file of the same device
 * @se: handle, with the device that it was opened with
 *
 * In a forked child: what was inherited is shared with the parent, with its applet, lock
 * and chains; afterwards the child is a client of its own. After -ENODEV: when the device
 * is there again, as after a rebind; whether it is the same chip is for the caller to find
 * out. The descriptor of se05x_fd() keeps its number. No applet is selected and no lock
 * held any more.
 *
 * Return: 0; as se05x_open(), and then all is as before.
 */
int se05x_reopen(struct se05x *se);

/* se05x_close() - give up handle, lock and applet; NULL is fine */
void se05x_close(struct se05x *se);

/* se05x_fd() - the file descriptor, to poll(2) for POLLHUP; not to be closed */
int se05x_fd(const struct se05x *se);

/**
 * se05x_get_info() - what the chip said of itself, and how it is
 * @se: handle
 * @info: out
 *
 * Neither waits nor wakes the chip.
 */
int se05x_get_info(struct se05x *se, struct se05x_info *info);

/**
 * se05x_transceive() - one C-APDU and its R-APDU
 * @se: handle
 * @command: C-APDU, 4 to 4096 bytes
 * @command_len: its length
 * @response: where the R-APDU goes, SW1 SW2 at its end
 * @response_len: in: room there; out: length of the R-APDU, more than the room
 *	with -EMSGSIZE
 * @call: deadline, demanded generation, and what became of it; may be NULL
 *
 * Return: 0 when the chip answered, whatever it answered; see se05x_errno_text().
 */
int se05x_transceive(struct se05x *se, const void *command, size_t command_len,
		     void *response, size_t *response_len, struct se05x_call *call);

/**
 * se05x_select() - have an applet for one's own
 * @se: handle
 * @aid: its identifier, 0 to 16 bytes
 * @aid_len: its length; 0: SELECT without AID
 * @flags: SE05X_SELECT_FRESH: send it, even if it is selected already
 * @response: where the answer goes; may be NULL
 * @response_len: as se05x_transceive(); NULL if @response is
 * @call: deadline, and what became of it; may be NULL. Its @sw other than
 *	success: not selected.
 *
 * From then on the kernel selects it again whenever somebody else's came between.
 */
int se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
		 void *response, size_t *response_len, struct se05x_call *call);

/**
 * se05x_lock() - nobody else's APDU until se05x_unlock() or se05x_close()
 * @se: handle
 * @call: deadline, and what became of it; may be NULL
 *
 * Takes its place in the same queue as APDUs. Meanwhile others wait, up to their
 * own deadlines.
 *
 * Return: 0; -EALREADY: locked by this handle; -EBUSY: not before the deadline.
 * se05x_unlock(): -EPERM: not locked by this handle; -ESTALE: a RESET by root broke
 * the lock.
 */
int se05x_lock(struct se05x *se, struct se05x_call *call);
int se05x_unlock(struct se05x *se);

/**
 * se05x_reset() - start afresh; everybody's applet state is gone
 * @se: handle
 * @kind: SE05X_RESET_SOFT, SE05X_RESET_CHIP or SE05X_RESET_POWER
 * @flags: SE05X_RESET_FORCE: cut the exchange in flight
 * @call: deadline, and what became of it; may be NULL
 */
int se05x_reset(struct se05x *se, uint32_t kind, uint32_t flags, struct se05x_call *call);

/* Longest C-APDU that se05x_apdu_build() makes of @lc bytes of data */
#define SE05X_APDU_SIZE(lc)	(4 + 3 + (lc) + 2)

/**
 * se05x_apdu_build() - put a C-APDU together (ISO/IEC 7816-3, 12.1.3)
 * @apdu: out: SE05X_APDU_SIZE(@lc) bytes are always enough
 * @apdu_len: in: room there; out: length of the C-APDU
 * @header: CLA INS P1 P2
 * @data: command data; NULL if @lc is 0
 * @lc: bytes of it, up to 65535
 * @le: most bytes of response data that are expected; 0: none
 *
 * Short where both lengths allow (@lc up to 255, @le up to 256), else extended.
 *
 * Return: 0; -EINVAL: @lc or @le (over 65536) can't be coded; -ENOSPC:
 * @apdu_len is now the room that is needed.
 */
int se05x_apdu_build(void *apdu, size_t *apdu_len, const uint8_t header[4],
		     const void *data, size_t lc, size_t le);

/**
 * se05x_apdu_check() - is that a C-APDU?
 * @apdu: bytes
 * @len: their number
 *
 * Return: 0; -EINVAL: shorter than a header; -EILSEQ: Lc does not match.
 */
int se05x_apdu_check(const void *apdu, size_t len);

/* se05x_sw_text() - what a status word says; never NULL. Static text, safe in any thread. */
const char *se05x_sw_text(uint16_t sw);

/*
 * se05x_errno_text() - what an errno of these functions says, positive or negative;
 * never NULL. Static text, safe in any thread.
 */
const char *se05x_errno_text(int error);

#ifdef __cplusplus
}
#endif

#endif /* SE05X_H */
