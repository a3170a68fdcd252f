/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libse05x-monitor: what happens to the SE05x chips of this machine
 *
 * A library of its own, since it needs libnl: programs that only send APDUs do
 * without. Every function returns 0 or a negative errno, prints nothing and never
 * exits. A handle may be used by several threads at once.
 */
#ifndef SE05X_MONITOR_H
#define SE05X_MONITOR_H

#include <stddef.h>
#include <stdint.h>

#include <linux/se05x.h>

#ifdef __cplusplus
extern "C" {
#endif

struct se05x_monitor;	/* a place where events are waited for */

/**
 * struct se05x_monitor_event - something that happened
 * @event: enum se05x_event, or one that a later kernel knows
 * @index: N of /sys/class/se05x/se05xN
 * @by: enum se05x_by; 0: the event does not say
 * @reset: enum se05x_reset_kind; 0: the same
 * @rung: enum se05x_rung, with SE05X_EVENT_RECOVERY
 * @count: how many in a row became this one, 1 or more
 * @lost: events that the kernel could not send before this one
 * @padding: 0
 * @time_ns: CLOCK_BOOTTIME, in nanoseconds
 * @reserved: 0
 */
struct se05x_monitor_event {
	uint32_t event;
	uint32_t index;
	uint32_t by;
	uint32_t reset;
	uint32_t rung;
	uint32_t count;
	uint32_t lost;
	uint32_t padding;
	uint64_t time_ns;
	uint64_t reserved[4];
};

/**
 * struct se05x_monitor_chip - a chip, how it is and what it counted since it was bound
 * @index: N of /sys/class/se05x/se05xN
 * @state: enum se05x_state
 * @resets: resets on request
 * @recoveries: how often the link had to be mended
 * @rungs: tries of each rung of the ladder, by enum se05x_rung
 * @has_counters: 1: what follows @channel is there; 0: that needs CAP_NET_ADMIN
 * @channel: enum se05x_channel, but never SE05X_CHANNEL_OPEN: whether it is open at the
 *	moment shows when others use the chip
 * @generation: as in struct se05x_info
 * @apdus: commands whose first block was tried
 * @bytes_out: bytes written
 * @bytes_in: bytes read
 * @blocks_out: blocks written, each try
 * @blocks_in: valid blocks read
 * @polls: transfers that the chip did not acknowledge
 * @wtx: waiting time extensions granted
 * @resends: blocks written again because the chip asked
 * @waits: requests that had to wait for another or for a lock
 * @wait_us: how long all requests were in the queue, in microseconds
 * @openings: how often the kernel's secure channel was opened
 * @reserved: 0
 */
struct se05x_monitor_chip {
	uint32_t index;
	uint32_t state;
	uint64_t resets;
	uint64_t recoveries;
	uint64_t rungs[SE05X_RUNG_GIVEN_UP + 1];
	uint32_t has_counters;
	uint32_t channel;
	uint64_t generation;
	uint64_t apdus;
	uint64_t bytes_out;
	uint64_t bytes_in;
	uint64_t blocks_out;
	uint64_t blocks_in;
	uint64_t polls;
	uint64_t wtx;
	uint64_t resends;
	uint64_t waits;
	uint64_t wait_us;
	uint64_t openings;
	uint64_t reserved[7];
};

/**
 * se05x_monitor_open() - watch from now on
 * @monitor: out: the handle
 *
 * Return: 0; -ENOENT: the kernel module is not loaded, or this is not the initial
 * network namespace; -ENOMEM; another errno of socket(2).
 */
int se05x_monitor_open(struct se05x_monitor **monitor);

/**
 * se05x_monitor_close() - stop watching
 * @monitor: the handle; NULL is fine
 */
void se05x_monitor_close(struct se05x_monitor *monitor);

/**
 * se05x_monitor_fd() - the file descriptor, to poll(2) for POLLIN
 * @monitor: the handle
 *
 * Return: the file descriptor; not to be read or closed.
 */
int se05x_monitor_fd(const struct se05x_monitor *monitor);

/**
 * se05x_monitor_next() - the next event
 * @monitor: the handle
 * @event: out
 *
 * Does not wait.
 *
 * Return: 0; -EAGAIN: none now; -ENOBUFS: this program was too slow, and events
 * were lost: se05x_monitor_chips() tells how things are now; -ENODEV: the module
 * was unloaded, nothing will come any more.
 */
int se05x_monitor_next(struct se05x_monitor *monitor, struct se05x_monitor_event *event);

/**
 * se05x_monitor_chips() - the chips as they are now, ordered by index
 * @monitor: the handle
 * @chips: out: an array, the caller's to free(3); NULL if there are none
 * @n: out: their number
 *
 * Return: 0; -ENOENT: the kernel module is not loaded any more; -ENOMEM; -EIO.
 */
int se05x_monitor_chips(struct se05x_monitor *monitor, struct se05x_monitor_chip **chips,
			size_t *n);

/**
 * se05x_event_name() - what an event is called
 * @event: enum se05x_event
 *
 * Return: static text, never NULL; "unknown" for what a later kernel knows.
 */
const char *se05x_event_name(uint32_t event);

/**
 * se05x_by_name() - who did it
 * @by: enum se05x_by
 *
 * Return: static text, never NULL.
 */
const char *se05x_by_name(uint32_t by);

/**
 * se05x_reset_name() - what kind of reset
 * @kind: enum se05x_reset_kind
 *
 * Return: static text, never NULL.
 */
const char *se05x_reset_name(uint32_t kind);

/**
 * se05x_rung_name() - a rung of the ladder
 * @rung: enum se05x_rung
 *
 * Return: static text, never NULL.
 */
const char *se05x_rung_name(uint32_t rung);

#ifdef __cplusplus
}
#endif

#endif /* SE05X_MONITOR_H */
