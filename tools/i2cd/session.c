// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one opener has at the chip
 */
#include <errno.h>
#include <string.h>

#include "session.h"

/* what an opener is told where the kernel has no R-APDU: docs/i2cd.md has the table */
#define SW_LENGTH	0x6700
#define SW_NO_CHANNELS	0x6881
#define SW_SECURITY	0x6982	/* NXP's code opens its session anew */
#define SW_TROUBLE	0x6F00

static const uint8_t create_session[4] = { 0x80, 0x04, 0x00, 0x1B };
static const uint8_t initialize_update[2] = { 0x80, 0x50 };

int session_open(struct session *session, const char *device, uid_t uid,
		 uint8_t atr[SLAVE_ATR_MAX], size_t *len)
{
	struct se05x_info info;
	int ret;

	memset(session, 0, sizeof(*session));
	session->device = device;
	session->turns = turns_get(uid);
	if (!session->turns)
		return -ENOMEM;
	ret = se05x_open(device, &session->se);
	if (!ret)
		ret = se05x_get_info(session->se, &info);
	if (ret) {
		session_close(session);
		return ret;
	}
	*len = info.atr_len < SLAVE_ATR_MAX ? info.atr_len : SLAVE_ATR_MAX;
	memcpy(atr, info.atr, *len);
	return 0;
}

/* ---- what a C-APDU is ---- */

/* SELECT by name whose answer is wanted. Return: false: any other command. */
static bool is_select(const uint8_t *capdu, size_t len, const uint8_t **aid, size_t *aid_len)
{
	static const uint8_t header[4] = { 0x00, 0xA4, 0x04, 0x00 };

	if (len < sizeof(header) || memcmp(capdu, header, sizeof(header)))
		return false;
	*aid = capdu + 5;
	*aid_len = len > 5 ? capdu[4] : 0;
	return *aid_len <= sizeof(((struct session *)0)->aid) &&
	       (len <= 5 || (*aid_len && (len == 5 + *aid_len || len == 6 + *aid_len)));
}

static bool begins(const uint8_t *capdu, size_t len, const uint8_t *with, size_t n)
{
	return len >= n && !memcmp(capdu, with, n);
}

/* ---- one command ---- */

static int send(struct session *session, const uint8_t *capdu, size_t len, uint8_t *rapdu,
		size_t *rapdu_len, struct se05x_call *call)
{
	const uint8_t *aid;
	size_t aid_len;
	int ret;

	*rapdu_len = SLAVE_RESPONSE_MAX;
	memset(call, 0, sizeof(*call));
	if (!session->se) {
		ret = se05x_open(session->device, &session->se);
		if (ret)
			return ret;
	}
	if (is_select(capdu, len, &aid, &aid_len)) {
		session_unlock(session);
		session->channel = false;
		/* not sent where it is selected already, so that nobody's session ends */
		ret = se05x_select(session->se, aid, aid_len, 0, rapdu, rapdu_len, call);
		session->selected = !ret && call->sw == 0x9000;
		memcpy(session->aid, aid, session->selected ? aid_len : 0);
		session->aid_len = aid_len;
		return ret;
	}
	if (begins(capdu, len, initialize_update, 2) && !session->locked) {
		ret = se05x_lock(session->se, call);
		if (ret)
			return ret;
		session->locked = true;
	}
	return se05x_transceive(session->se, capdu, len, rapdu, rapdu_len, call);
}

/* The chip is another file now: after a rebind, or in the hope of one */
static int open_again(struct session *session)
{
	int ret;

	session->locked = false;
	session->channel = false;
	session->n_ids = 0;
	ret = se05x_reopen(session->se);
	if (!ret && session->selected)
		ret = se05x_select(session->se, session->aid, session->aid_len, 0, NULL, NULL,
				   NULL);
	return ret;
}

/*
 * What was not sent may be tried once more. But the bytes of a channel that is lost are
 * worth nothing: its opener is to begin anew.
 */
static bool again(struct session *session, int error)
{
	switch (error) {
	case -ENODEV:
		return !open_again(session);
	case -ESTALE:
		return !session->channel;
	case -ECONNABORTED:
	case -EINTR:
		return true;
	default:
		return false;
	}
}

static uint16_t refused(const struct session *session, int error, bool sent)
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
		return session->channel ? SW_SECURITY : SW_TROUBLE;
	}
}

static void note(struct session *session, const uint8_t *capdu, size_t len,
		 const uint8_t *rapdu, size_t rapdu_len)
{
	if (begins(capdu, len, initialize_update, 2))
		session->channel = true;
	/* TAG_1, the session's number, SW; the length may be coded long */
	if (!begins(capdu, len, create_session, 4) || rapdu_len < 12 || rapdu[0] != 0x41)
		return;
	if (session->n_ids == SESSION_IDS) {	/* then the oldest is closed already */
		memmove(session->ids[0], session->ids[1], sizeof(session->ids[0]));
		session->n_ids--;
	}
	memcpy(session->ids[session->n_ids++], rapdu + rapdu_len - 10, 8);
}

static size_t run(struct session *session, const uint8_t *capdu, size_t len, uint8_t *rapdu)
{
	struct se05x_call call;
	size_t rapdu_len;
	uint16_t sw;
	int ret = send(session, capdu, len, rapdu, &rapdu_len, &call);

	if (ret && session->se && call.outcome == SE05X_OUTCOME_NOT_SENT &&
	    again(session, ret))
		ret = send(session, capdu, len, rapdu, &rapdu_len, &call);
	if (session->locked && !session->channel && (ret || call.sw != 0x9000))
		session_unlock(session);
	if (!ret) {
		if (call.sw == 0x9000)
			note(session, capdu, len, rapdu, rapdu_len);
		return rapdu_len;
	}
	sw = refused(session, ret, session->se && call.outcome != SE05X_OUTCOME_NOT_SENT);
	rapdu[0] = sw >> 8;
	rapdu[1] = sw & 0xff;
	return 2;
}

size_t session_run(struct session *session, const uint8_t *capdu, size_t len, uint8_t *rapdu)
{
	/* who holds the chip must not stand behind those who wait for it */
	bool turn = !session->locked;
	size_t n;

	if (turn)
		turns_begin(session->turns);
	n = run(session, capdu, len, rapdu);
	if (turn)
		turns_end(session->turns);
	return n;
}

/* ---- the end ---- */

void session_unlock(struct session *session)
{
	if (session->locked && session->se)
		se05x_unlock(session->se);
	session->locked = false;
}

/* Process, with CloseSession in it (80 04 00 1C) */
static void close_applet_session(struct session *session, const uint8_t id[8])
{
	uint8_t capdu[] = {
		0x80, 0x05, 0x00, 0x00, 16, 0x10, 8, 0, 0, 0, 0, 0, 0, 0, 0,
		0x41, 4, 0x80, 0x04, 0x00, 0x1C,
	};
	uint8_t rapdu[SLAVE_RESPONSE_MAX];

	memcpy(capdu + 7, id, 8);
	session_run(session, capdu, sizeof(capdu), rapdu);
}

void session_forget(struct session *session)
{
	while (session->se && session->n_ids)
		close_applet_session(session, session->ids[--session->n_ids]);
	/* a channel is ended by nothing but a SELECT that is sent */
	if (session->se && session->channel && session->selected)
		se05x_select(session->se, session->aid, session->aid_len, SE05X_SELECT_FRESH,
			     NULL, NULL, NULL);
	se05x_close(session->se);
	session->se = NULL;
	session->locked = false;
	session->channel = false;
	session->selected = false;
	session->n_ids = 0;
}

void session_close(struct session *session)
{
	session_forget(session);
	turns_put(session->turns);
}
