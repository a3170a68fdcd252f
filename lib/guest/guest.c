// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that goes by another stack than ours
 */
#include <errno.h>
#include <string.h>

#include "guest.h"

/* what a guest is told where the kernel has no R-APDU: se05x-i2cd(8) has the table */
#define SW_LENGTH	0x6700
#define SW_NO_CHANNELS	0x6881
#define SW_SECURITY	0x6982	/* NXP's code opens its session anew */
#define SW_TROUBLE	0x6F00

/*
 * A guest has no errno for "later": what is refused for lack of a turn ends its session. So it
 * waits as long as the chip may compute for somebody else, and for itself after that.
 */
#define DEADLINE_MS	(2 * 300 * 1000)

static const uint8_t create_session[4] = { 0x80, 0x04, 0x00, 0x1B };
static const uint8_t initialize_update[2] = { 0x80, 0x50 };

int guest_open(struct guest *guest, const char *device, struct se05x_info *info)
{
	int ret;

	memset(guest, 0, sizeof(*guest));
	guest->device = device;
	ret = se05x_open(device, &guest->se);
	if (!ret)
		ret = se05x_get_info(guest->se, info);
	if (ret)
		guest_forget(guest);
	return ret;
}

/* ---- what a C-APDU is ---- */

/* SELECT by name; P2 0C: without an answer. Return: false: any other command. */
static bool is_select(const uint8_t *capdu, size_t len, const uint8_t **aid, size_t *aid_len)
{
	static const uint8_t header[3] = { 0x00, 0xA4, 0x04 };
	size_t data = 5, le = 1;

	if (len < 4 || memcmp(capdu, header, sizeof(header)) || (capdu[3] && capdu[3] != 0x0C))
		return false;
	*aid_len = len > 5 ? capdu[4] : 0;
	if (len > 7 && !*aid_len) {	/* three bytes of Lc, and two of Le */
		*aid_len = capdu[5] << 8 | capdu[6];
		data = 7;
		le = 2;
	}
	*aid = capdu + data;
	return *aid_len <= sizeof(((struct guest *)0)->aid) &&
	       (len <= 5 || (*aid_len && (len == data + *aid_len || len == data + *aid_len + le)));
}

static bool begins(const uint8_t *capdu, size_t len, const uint8_t *with, size_t n)
{
	return len >= n && !memcmp(capdu, with, n);
}

/* ---- one command ---- */

/* Without its applet selected a new file's commands would go to anybody's. */
static int select_again(struct guest *guest, struct se05x_call *call)
{
	int ret;

	if (!guest->stray)
		return 0;
	ret = se05x_select(guest->se, guest->aid, guest->aid_len, 0, NULL, NULL, call);
	if (!ret && call->sw != 0x9000)
		ret = -ENOTCONN;
	guest->stray = ret;
	return ret;
}

static int send(struct guest *guest, const uint8_t *capdu, size_t len, uint8_t *rapdu,
		size_t *rapdu_len, struct se05x_call *call)
{
	const uint8_t *aid;
	size_t aid_len;
	int ret;

	*rapdu_len = GUEST_RESPONSE_MAX;
	*call = (struct se05x_call) { .deadline_ms = DEADLINE_MS };
	if (!guest->se) {
		ret = se05x_open(guest->device, &guest->se);
		if (ret)
			return ret;
	}
	if (is_select(capdu, len, &aid, &aid_len)) {
		guest_unlock(guest);
		guest->channel = false;
		/* not sent where it is selected already, so that nobody's session ends */
		ret = se05x_select(guest->se, aid, aid_len, 0, rapdu, rapdu_len, call);
		if (!ret && call->sw == 0x9000) {	/* else the one before stays */
			guest->selected = true;
			guest->stray = false;
			memcpy(guest->aid, aid, aid_len);
			guest->aid_len = aid_len;
		}
		if (!ret && capdu[3]) {
			memmove(rapdu, rapdu + *rapdu_len - 2, 2);
			*rapdu_len = 2;
		}
		return ret;
	}
	ret = select_again(guest, call);
	if (ret)
		return ret;
	if (begins(capdu, len, initialize_update, 2) && !guest->locked) {
		ret = se05x_lock(guest->se, call);
		if (ret)
			return ret;
		guest->locked = true;
	}
	return se05x_transceive(guest->se, capdu, len, rapdu, rapdu_len, call);
}

/* The chip is another file now: after a rebind, or in the hope of one */
static int open_again(struct guest *guest)
{
	int ret;

	guest->locked = false;
	guest->channel = false;
	guest->n_ids = 0;
	ret = se05x_reopen(guest->se);
	if (!ret)
		guest->stray = guest->selected;
	return ret;
}

/*
 * What was not sent may be tried once more. But the bytes of a channel that is lost are
 * worth nothing, and the last piece of a broken chain would be a command of its own: these
 * are to begin anew.
 */
static bool again(struct guest *guest, int error, const struct se05x_call *call)
{
	bool whole = !guest->channel && !guest->chain;

	switch (error) {
	case -ENODEV:
		return !open_again(guest) && whole;
	case -ESTALE:
		return whole && call->reason != SE05X_REASON_CHAIN;
	case -ECONNABORTED:
		return !guest->chain;
	case -EINTR:
		return true;
	default:
		return false;
	}
}

/* The kernel says once that a channel is lost, or the lock that kept it. */
static void note_loss(struct guest *guest, int error, const struct se05x_call *call)
{
	if (error != -ESTALE ||
	    (call->reason != SE05X_REASON_CHANNEL && call->reason != SE05X_REASON_LOCK))
		return;
	guest_unlock(guest);
	guest->channel = false;
}

/* @begun: it is of a channel, or of a chain, or to begin one */
static uint16_t refused(int error, bool sent, bool begun)
{
	if (sent)
		return SW_TROUBLE;
	switch (error) {
	case -E2BIG:
	case -EINVAL:
		return SW_LENGTH;
	case -EOPNOTSUPP:
		return SW_NO_CHANNELS;
	case -EPERM:
	case -ENOKEY:
	case -EKEYREJECTED:
	case -ESTALE:
		return SW_SECURITY;
	default:
		return begun ? SW_SECURITY : SW_TROUBLE;
	}
}

/* Process, with CloseSession in it: 80 05 00 00 Lc, TAG_SESSION_ID, TAG_1 */
static void note_closed(struct guest *guest, const uint8_t *capdu, size_t len)
{
	static const uint8_t process[2] = { 0x80, 0x05 }, close[3] = { 0x04, 0x00, 0x1C };
	const uint8_t *id, *end = capdu + len;
	unsigned int i;

	for (i = 0; begins(capdu, len, process, 2) && i < guest->n_ids; i++) {
		id = memmem(capdu, len, guest->ids[i], 8);
		if (!id || end - id < 14 || id[8] != 0x41 || memcmp(id + 11, close, 3))
			continue;
		guest->n_ids--;
		memmove(guest->ids[i], guest->ids[i + 1], (guest->n_ids - i) * 8);
	}
}

/* What it has in the chip after a command that was answered 9000 */
static void note(struct guest *guest, const uint8_t *capdu, size_t len,
		 const uint8_t *rapdu, size_t rapdu_len, uint64_t generation)
{
	guest->chain = capdu[0] & 0x10;
	if (begins(capdu, len, initialize_update, 2)) {
		guest->channel = true;
		guest->generation = generation;
	}
	note_closed(guest, capdu, len);
	/* TAG_1, the session's number, SW; the length may be coded long */
	if (!begins(capdu, len, create_session, 4) || rapdu_len < 12 || rapdu[0] != 0x41)
		return;
	if (generation != guest->ids_generation)	/* then those before are gone */
		guest->n_ids = 0;
	guest->ids_generation = generation;
	if (guest->n_ids == GUEST_SESSIONS) {	/* then the oldest is closed already */
		memmove(guest->ids[0], guest->ids[1], sizeof(guest->ids[0]));
		guest->n_ids--;
	}
	memcpy(guest->ids[guest->n_ids++], rapdu + rapdu_len - 10, 8);
}

size_t guest_run(struct guest *guest, const uint8_t *capdu, size_t len, uint8_t *rapdu)
{
	struct se05x_call call;
	size_t rapdu_len;
	uint16_t sw;
	int ret = send(guest, capdu, len, rapdu, &rapdu_len, &call);
	bool begun = guest->channel || guest->chain || begins(capdu, len, initialize_update, 2);

	if (ret && guest->se && call.outcome == SE05X_OUTCOME_NOT_SENT && again(guest, ret, &call))
		ret = send(guest, capdu, len, rapdu, &rapdu_len, &call);
	note_loss(guest, ret, &call);
	guest->chain = false;
	if (guest->locked && !guest->channel && (ret || call.sw != 0x9000))
		guest_unlock(guest);
	if (!ret) {
		if (call.sw == 0x9000)
			note(guest, capdu, len, rapdu, rapdu_len, call.generation);
		return rapdu_len;
	}
	sw = refused(ret, guest->se && call.outcome != SE05X_OUTCOME_NOT_SENT, begun);
	rapdu[0] = sw >> 8;
	rapdu[1] = sw & 0xff;
	return 2;
}

/* ---- the end ---- */

void guest_unlock(struct guest *guest)
{
	if (guest->locked && guest->se)
		se05x_unlock(guest->se);
	guest->locked = false;
}

/*
 * Process, with CloseSession in it (80 04 00 1C). It is not sent if the session is gone, or
 * goes with the SELECT that comes next: another one's applet is not selected away for it.
 */
static void close_applet_session(struct guest *guest, const uint8_t id[8])
{
	struct se05x_call call = { .demanded = guest->ids_generation };
	uint8_t capdu[] = {
		0x80, 0x05, 0x00, 0x00, 16, 0x10, 8, 0, 0, 0, 0, 0, 0, 0, 0,
		0x41, 4, 0x80, 0x04, 0x00, 0x1C,
	};
	uint8_t rapdu[GUEST_RESPONSE_MAX];
	size_t len = sizeof(rapdu);

	memcpy(capdu + 7, id, 8);
	se05x_transceive(guest->se, capdu, sizeof(capdu), rapdu, &len, &call);
}

/* Nobody else has had the chip since its channel was opened */
static bool has_channel(const struct guest *guest)
{
	struct se05x_info info;

	return guest->channel && !se05x_get_info(guest->se, &info) &&
	       info.generation == guest->generation;
}

void guest_rest(struct guest *guest)
{
	if (!guest->se || guest->locked || guest->channel || guest->chain || guest->n_ids)
		return;
	se05x_close(guest->se);
	guest->se = NULL;
	guest->stray = guest->selected;
}

void guest_forget(struct guest *guest)
{
	while (guest->se && guest->n_ids)
		close_applet_session(guest, guest->ids[--guest->n_ids]);
	/*
	 * It is ended by nothing but a SELECT that is sent, which ends everybody's sessions:
	 * those too that were opened within the channel, which are not in ids. If another one
	 * has the chip, his SELECT has ended them.
	 */
	if (guest->se && guest->selected && has_channel(guest))
		se05x_select(guest->se, guest->aid, guest->aid_len, SE05X_SELECT_FRESH,
			     NULL, NULL, NULL);
	se05x_close(guest->se);
	guest->se = NULL;
	guest->locked = false;
	guest->channel = false;
	guest->chain = false;
	guest->selected = false;
	guest->stray = false;
	guest->n_ids = 0;
}
