/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The applets of the simulated SE05x: C-APDU in, R-APDU out
 *
 * se05x-sim puts them behind se05x-sim.ko; host tests call them directly.
 */
#ifndef SE05X_APPLET_H
#define SE05X_APPLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APPLET_COMMAND_MAX	4352	/* what the simulated chip hands over */
#define APPLET_RESPONSE_MAX	4098	/* SW1 SW2 included */

struct applet;
struct scp_keys;

/**
 * struct applet_config - which chip it is, and what else tests want of it
 * @model: "SE050A" or "SE050C" (applet 3.1.1, the first without RSA), "SE050E" (7.2.0
 *	without RSA), "SE051" (7.2.0), "A5000" (7.2.0 without RSA, EdDSA and Montgomery),
 *	"SE050F" (3.6.0) or "SE052F" (7.2.16), FIPS parts without EdDSA and Montgomery;
 *	"3", "7", "7-no-rsa": SE050C, SE051, SE050E; "none" (no IoT applet); NULL: SE050E
 * @state: file with the persistent objects, made if it does not exist;
 *	NULL: they live as long as the process
 * @wear_log: file that gets a line for each write to flash: ordinal, INS P1 P2
 *	and the object's number; NULL: none
 * @speed: how many times faster than a chip it claims to be, in applet_process()'s
 *	delay_us; 0: as slow as a chip
 * @rate: so many commands to the IoT applet are answered, the next one with
 *	66A6 and not run, and so on; 0: no limit
 * @errors: commands that fail, and are not run: "040022=6A80,020026:01010101=6F00" is
 *	GetFreeMemory (INS P1 P2 in hex) with that SW, and ReadType of that object; NULL: none
 * @short_signature: ECDSA signatures lack their last byte
 * @aid: the IoT applet's name, 5 to 16 bytes in hex; NULL: NXP's
 * @scp_keys: what a new chip's own channel has for keys; NULL: a set for tests
 * @cut: at PUT KEY power is cut: 1 before the keys are in flash, 2 after
 * @create_montgomery: with applet 7.2 X25519 and X448 have to be created (CreateECCurve)
 *	before there can be a key; else they are built in. Nobody here knows which it is [U].
 * @locked: its owner locked it (SetLockState): what would create, change or delete an object
 *	is refused with 6986. With which SW a chip does that nobody here knows [U].
 */
struct applet_config {
	const char *model;
	const char *state;
	const char *wear_log;
	unsigned int speed;
	unsigned int rate;
	const char *errors;
	const char *aid;
	const struct scp_keys *scp_keys;
	unsigned int cut;
	bool short_signature;
	bool create_montgomery;
	bool locked;
};

/**
 * applet_new() - a chip's applets with their objects
 * @config: what chip; NULL: all its members are 0
 *
 * Return: NULL with errno set; EINVAL if a text in @config says nothing that it can,
 *	and of the state file: EBUSY if another program has it,
 *	EBADMSG if it is damaged, EPROTO if it is of another version of this program,
 *	EMEDIUMTYPE if it is another model's.
 */
struct applet *applet_new(const struct applet_config *config);
void applet_free(struct applet *applet);

/**
 * applet_process() - run one C-APDU
 * @applet: the applets
 * @apdu: C-APDU
 * @len: its length; any
 * @rsp: room for APPLET_RESPONSE_MAX bytes
 * @rsp_len: length of the R-APDU, at least 2; 0 if the chip lost its power meanwhile
 * @delay_us: how long a chip would take for it
 */
void applet_process(struct applet *applet, const uint8_t *apdu, size_t len,
		    uint8_t *rsp, size_t *rsp_len, uint32_t *delay_us);

/* The chip's ATR, of at most 255 bytes. Return: its length. */
size_t applet_atr(const struct applet *applet, const uint8_t **atr);

/* The host ended the APDU session: the chip's secure channel is closed. */
void applet_sleep(struct applet *applet);

/* Power loss, chip reset or interface soft reset: transient things go. */
void applet_reset(struct applet *applet);

#endif /* SE05X_APPLET_H */
