/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The applets of the simulated SE05x: C-APDU in, R-APDU out
 *
 * se05x-applet puts them behind se05x-sim.ko; host tests call them directly.
 */
#ifndef SE05X_APPLET_H
#define SE05X_APPLET_H

#include <stddef.h>
#include <stdint.h>

#define APPLET_COMMAND_MAX	4352	/* what the simulated chip hands over */
#define APPLET_RESPONSE_MAX	4098	/* SW1 SW2 included */

struct applet;

/**
 * applet_new() - a chip's applets with their objects
 * @state: file with the persistent objects, made if it does not exist;
 *	NULL: they live as long as the process
 *
 * Return: NULL with errno set; EBADMSG if the file is damaged.
 */
struct applet *applet_new(const char *state);
void applet_free(struct applet *applet);

/**
 * applet_process() - run one C-APDU
 * @applet: the applets
 * @apdu: C-APDU
 * @len: its length; any
 * @rsp: room for APPLET_RESPONSE_MAX bytes
 * @rsp_len: length of the R-APDU, at least 2
 * @delay_us: how long a chip would take for it
 */
void applet_process(struct applet *applet, const uint8_t *apdu, size_t len,
		    uint8_t *rsp, size_t *rsp_len, uint32_t *delay_us);

/* Power loss, chip reset or interface soft reset: transient things go. */
void applet_reset(struct applet *applet);

#endif /* SE05X_APPLET_H */
