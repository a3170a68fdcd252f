/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client that goes by another stack than ours: se05x-i2cd's and the PC/SC reader's
 *
 * It has a file of /dev/se05x of its own. Every command gets an R-APDU, whatever happens:
 * NXP's code polls for a quarter of an hour if it is left without one. One thread at a time
 * may use a guest. Not installed; on libse05x alone.
 */
#ifndef SE05X_GUEST_H
#define SE05X_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <se05x.h>

#define GUEST_RESPONSE_MAX	4098
#define GUEST_SESSIONS		2	/* the IoT applet has no more */

struct guest {
	const char *device;
	struct se05x *se;	/* NULL: opened by the next command */
	uint8_t aid[16];	/* the applet that it selected last */
	size_t aid_len;
	bool selected;
	bool stray;		/* but not yet in this file, which is a new one */
	bool channel;		/* its INITIALIZE UPDATE was answered 9000 */
	uint64_t generation;	/* of that channel: another one, and it is lost */
	bool locked;		/* for that channel */
	bool chain;		/* its last command is to go on: CLA bit 0x10 */
	uint8_t ids[GUEST_SESSIONS][8];	/* applet sessions that it was given, in no channel */
	unsigned int n_ids;
	uint64_t ids_generation;	/* of these; another one, and they are gone */
};

/*
 * guest_open() - open @device, which must stay as long as the guest, and ask what it is
 *
 * Return: 0; as se05x_open(). guest_forget() ends what guest_open() began.
 */
int guest_open(struct guest *guest, const char *device, struct se05x_info *info);

/*
 * guest_run() - one C-APDU
 * @rapdu: room for GUEST_RESPONSE_MAX
 *
 * SELECT by name is answered from memory where that applet is selected already, so that
 * nobody's session ends. INITIALIZE UPDATE takes the kernel's lock first.
 *
 * Return: bytes of the R-APDU, 2 at least.
 */
size_t guest_run(struct guest *guest, const uint8_t *capdu, size_t len, uint8_t *rapdu);

/* Give up the lock: others may have their turn, and the channel is lost if they take it. */
void guest_unlock(struct guest *guest);

/*
 * guest_rest() - close the file, so that the chip may sleep, if nothing in the chip is the
 *		  guest's but the choice of an applet
 *
 * guest_run() opens the file again, and has that applet.
 */
void guest_rest(struct guest *guest);

/*
 * guest_forget() - end all that it has in the chip, and close the file
 *
 * As after a reset of the chip. Others notice nothing, unless the guest had a channel.
 * guest_run() opens the file again.
 */
void guest_forget(struct guest *guest);

#endif /* SE05X_GUEST_H */
