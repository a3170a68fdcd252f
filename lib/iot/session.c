// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sessions that a UserID or a key opens: handles whose commands the chip takes as its owner's */
#include <stdlib.h>

#include "channel.h"

/* CreateSession said 6985: the object is there, so it has a session or all are taken. */
static int why_not(struct se05x_iot *iot, uint32_t id, uint8_t kind, int ret)
{
	struct se05x_iot_object object = { 0 };
	struct se05x_iot_attributes a;

	if (ret != -EMEDIUMTYPE || se05x_iot_object(iot, id, &object, NULL) || object.kind != kind)
		return ret;
	/* a key may be there for other things than authentication */
	if (kind != SE05X_IOT_KIND_USERID && !se05x_iot_attributes(iot, id, &a, NULL) && !a.auth)
		return ret;
	return -EUSERS;
}

static int create(struct se05x_iot *iot, struct se05x_iot *opened, uint32_t id, uint8_t kind,
		  struct se05x_call *call)
{
	const uint8_t *session;
	struct response rsp;
	struct command cmd;
	size_t len;
	int ret;

	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x1B, LE_SHORT);
	siot_object(&cmd, id);
	ret = siot_run_at(iot, &cmd, &rsp, call, &opened->generation);
	if (ret)
		return why_not(iot, id, kind, ret);
	if (!siot_get(&rsp, TAG_1, &session, &len) || len != sizeof(opened->session))
		return -EPROTO;
	memcpy(opened->session, session, len);
	opened->in_session = true;
	return 0;
}

/*
 * The chip took a wrong password for one, or did not look at it any more: AN12413 has 6985
 * for both. How many attempts failed is in the attributes, where the applet and the policy
 * let them be read.
 */
static int wrong_or_blocked(struct se05x_iot *iot, uint32_t id)
{
	struct se05x_iot_attributes a;

	if (!se05x_iot_attributes(iot, id, &a, NULL) && a.max_attempts &&
	    a.failed_attempts >= a.max_attempts)
		return -EKEYREVOKED;
	return -EBADE;
}

/* Once: a second try would cost the owner another attempt. */
static int verify(struct se05x_iot *iot, struct se05x_iot *opened, uint32_t id,
		  const void *value, size_t len, struct se05x_call *call)
{
	struct se05x_call unused = { 0 };
	struct command cmd;
	int ret;

	call = call ? call : &unused;
	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x2C, 0);
	siot_tlv(&cmd, TAG_1, value, len);
	ret = siot_run(opened, &cmd, NULL, call);
	if (!siot_denied(ret))
		return ret;
	/* ISO/IEC 7816-4, 5.6: 63Cx are attempts that are left, and 6983 is blocked */
	if (call->sw == 0x6983 || call->sw == 0x63C0)
		return -EKEYREVOKED;
	if ((call->sw & 0xfff0) == 0x63C0)
		return -EBADE;
	return call->sw == 0x6985 || call->sw == 0x6300 ? wrong_or_blocked(iot, id) : ret;
}

/*
 * A key: of AES with its length, of EC with @len 0. Where the chip refuses to begin, the
 * object is no key of a length or a curve that it takes, or is blocked.
 */
static int authenticate(struct se05x_iot *iot, struct se05x_iot *opened, uint32_t id,
			const void *key, size_t len, struct se05x_call *call)
{
	struct se05x_call unused = { 0 };
	int ret;

	call = call ? call : &unused;
	if (len)
		ret = siot_channel_open(opened, key, len, call);
	else
		ret = siot_channel_open_ec(opened, key, call);
	if (!siot_denied(ret))
		return ret;
	if (call->sw == 0x6982 || call->sw == 0x6300)
		return wrong_or_blocked(iot, id);
	if (call->sw == 0x6985)
		return wrong_or_blocked(iot, id) == -EKEYREVOKED ? -EKEYREVOKED : -EMEDIUMTYPE;
	return ret;
}

/* @kind: of the object @id, whose secret is @value; of EC a struct siot_ec_auth with @len 0 */
static int session_open(struct se05x_iot *iot, uint32_t id, uint8_t kind, const void *value,
			size_t len, struct se05x_iot **session, struct se05x_call *call)
{
	struct se05x_iot *opened;
	int ret;

	opened = malloc(sizeof(*opened));
	if (!opened)
		return siot_refuse(-ENOMEM, call);
	*opened = *iot;
	ret = create(iot, opened, id, kind, call);
	if (!ret)
		ret = (kind == SE05X_IOT_KIND_USERID ? verify : authenticate)(iot, opened, id, value,
									      len, call);
	if (ret)
		se05x_iot_close(opened);	/* half a session would be in others' way */
	else
		*session = opened;
	return ret;
}

EXPORT int se05x_iot_session_open(struct se05x_iot *iot, uint32_t id, const void *value,
				  size_t len, struct se05x_iot **session,
				  struct se05x_call *call)
{
	if (!len || len > 16 || iot->in_session)
		return siot_refuse(-EINVAL, call);
	return session_open(iot, id, SE05X_IOT_KIND_USERID, value, len, session, call);
}

EXPORT int se05x_iot_session_open_aes(struct se05x_iot *iot, uint32_t id, const void *key,
				      size_t len, struct se05x_iot **session,
				      struct se05x_call *call)
{
	if ((len != 16 && len != 24 && len != 32) || iot->in_session)
		return siot_refuse(-EINVAL, call);
	return session_open(iot, id, SE05X_IOT_KIND_AES, key, len, session, call);
}

EXPORT int se05x_iot_session_open_ec(struct se05x_iot *iot, uint32_t id, const void *scalar,
				     const void *point, const void *chip,
				     struct se05x_iot **session, struct se05x_call *call)
{
	struct siot_ec_auth auth;
	uint8_t told[SIOT_POINT_LEN], curve = SE05X_IOT_CURVE_P256;
	size_t len = sizeof(told);
	int ret;

	if (iot->in_session)
		return siot_refuse(-EINVAL, call);
	if (!chip) {
		ret = se05x_iot_ec_public(iot, SE05X_IOT_ID_SESSION_KEY, &curve, told, &len, call);
		if (ret)
			return ret == -ENOENT ? -EOPNOTSUPP : ret;
		if (len != sizeof(told))
			return -EPROTO;
		chip = told;
	}
	ret = siot_ec_prepare(&auth, scalar, point, chip);
	if (ret)
		siot_refuse(ret, call);
	else
		ret = session_open(iot, id, SE05X_IOT_KIND_EC, &auth, 0, session, call);
	siot_ec_clear(&auth);
	return ret;
}

EXPORT int se05x_iot_session_close(struct se05x_iot *session, struct se05x_call *call)
{
	struct command cmd;
	int ret;

	if (!session || !session->in_session)
		return siot_refuse(session ? -EINVAL : 0, call);
	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x1C, 0);
	ret = siot_run(session, &cmd, NULL, call);
	/* lost, or not there any more: as good as closed */
	if (ret == -ESTALE || siot_denied(ret))
		ret = 0;
	session->in_session = false;
	siot_channel_free(session->channel);
	se05x_iot_close(session);
	return ret;
}
