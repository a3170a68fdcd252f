// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sessions that a UserID opens */
#include "iot.h"

static void forget(struct se05x_iot *iot)
{
	pthread_mutex_lock(&iot->lock);
	iot->in_session = false;
	explicit_bzero(iot->session, sizeof(iot->session));
	pthread_mutex_unlock(&iot->lock);
}

EXPORT int se05x_iot_session_open(struct se05x_iot *iot, uint32_t id, const void *value,
				  size_t len, struct se05x_call *call)
{
	struct response rsp;
	struct command cmd;
	const uint8_t *session;
	uint64_t generation;
	size_t session_len;
	int ret;

	if (!len || len > 16)
		return siot_refuse(-EINVAL, call);
	forget(iot);
	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x1B, LE_SHORT);
	siot_object(&cmd, id);
	ret = siot_run_at(iot, &cmd, &rsp, call, &generation);
	if (ret)
		return ret;
	if (!siot_get(&rsp, TAG_1, &session, &session_len) ||
	    session_len != sizeof(iot->session))
		return -EPROTO;

	pthread_mutex_lock(&iot->lock);
	memcpy(iot->session, session, sizeof(iot->session));
	iot->generation = generation;
	iot->in_session = true;
	pthread_mutex_unlock(&iot->lock);

	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x2C, 0);
	siot_tlv(&cmd, TAG_1, value, len);
	ret = siot_run(iot, &cmd, NULL, call);
	if (ret) {
		/* half a session would take one of the chip's two for nothing */
		se05x_iot_session_close(iot, NULL);
		forget(iot);
	}
	return ret;
}

EXPORT int se05x_iot_session_close(struct se05x_iot *iot, struct se05x_call *call)
{
	struct command cmd;
	bool in_session;
	int ret;

	pthread_mutex_lock(&iot->lock);
	in_session = iot->in_session;
	pthread_mutex_unlock(&iot->lock);
	if (!in_session)
		return siot_refuse(0, call);
	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x1C, 0);
	ret = siot_run(iot, &cmd, NULL, call);
	/* lost, or not there: closed either way, unless it could not be asked */
	if (!ret || ret == -ESTALE || ret == -ENOENT || ret == -EACCES) {
		forget(iot);
		ret = 0;
	}
	return ret;
}
