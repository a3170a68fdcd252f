// SPDX-License-Identifier: GPL-2.0-only
/* Sessions of the IoT applet, opened with a UserID, or by a secure channel with a key */
#define _POSIX_C_SOURCE 200809L

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "applet.h"
#include "ec.h"
#include "ecauth.h"
#include "session.h"

/* Session policy, 2 bytes; a number of 2 bytes follows for the first two */
#define LIMIT_APDUS	0x8000
#define LIMIT_TIME	0x4000
#define MAY_REFRESH	0x2000

/* Only a session's own limit looks at this. */
static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void end(struct session *session)
{
	OPENSSL_cleanse(session, sizeof(*session));
}

static bool over(const struct session *session)
{
	return (session->limited_apdus && !session->apdus) ||
	       (session->limited_time && now() - session->since >= session->max_seconds);
}

struct session *session_find(struct iot *iot, uint32_t auth_id)
{
	int i;

	for (i = 0; i < SESSIONS_MAX; i++) {
		if (iot->sessions[i].auth_id && over(&iot->sessions[i]))
			end(&iot->sessions[i]);
		if (iot->sessions[i].auth_id == auth_id)
			return &iot->sessions[i];
	}
	return NULL;
}

uint16_t session_enter(struct call *call, const struct tlv *id)
{
	int i;

	if (id->len != sizeof(call->session->id))
		return SW_DATA;
	for (i = 0; i < SESSIONS_MAX; i++) {
		struct session *session = &call->iot->sessions[i];

		if (!session->auth_id || CRYPTO_memcmp(session->id, id->value, id->len))
			continue;
		if (over(session)) {
			end(session);
			return SW_CONDITIONS;
		}
		call->session = session;
		if (session->limited_apdus)
			session->apdus--;
		return SW_OK;
	}
	return SW_CONDITIONS;
}

static bool used_up(const struct object *object)
{
	return object->max_attempts && object->attempts >= object->max_attempts;
}

/* The count is in flash; without a limit nothing is counted. SW_OK or SW_INTERNAL. */
static uint16_t count_attempt(const struct call *call, struct object *object, bool good)
{
	if (!object->max_attempts || (good && !object->attempts))
		return SW_OK;
	object->attempts = good ? 0 : object->attempts + 1;
	return iot_save_object(call, object);
}

/* INITIALIZE UPDATE with the key on which the session is; it is S-ENC's and S-MAC's. */
static uint16_t initialize(struct call *call)
{
	const struct object *key = store_find(&call->iot->store, call->session->auth_id);
	struct scp_keys keys = { .version = 0, .len = SCP_KEY_LEN };
	uint16_t sw;

	if (!key || key->type != TYPE_AES || key->len != SCP_KEY_LEN || used_up(key))
		return SW_CONDITIONS;
	memcpy(keys.enc, key->value, SCP_KEY_LEN);
	memcpy(keys.mac, key->value, SCP_KEY_LEN);
	call->session->verified = false;
	call->session->scp.count_all = is_7(call);	/* in sessions as in the chip's channel [U] */
	sw = scp_initialize(&call->session->scp, &keys, call->apdu, call->rsp);
	OPENSSL_cleanse(&keys, sizeof(keys));
	return sw;
}

static uint16_t authenticate(struct call *call)
{
	struct session *session = call->session;
	bool begun = session->scp.state == SCP_BEGUN;
	struct object *key = store_find(&call->iot->store, session->auth_id);
	uint16_t sw = scp_authenticate(&session->scp, call->apdu);

	session->verified = sw == SW_OK;
	if (begun && key && count_attempt(call, key, sw == SW_OK) != SW_OK)
		return SW_INTERNAL;
	return sw;
}

/* The EC key on which the session is; NULL: it is none on P-256. */
static struct object *ec_key_of(struct call *call)
{
	struct object *key = store_find(&call->iot->store, call->session->auth_id);

	if (!key || (key->type != TYPE_EC_PAIR && key->type != TYPE_EC_PUBLIC) || key->curve != 3)
		return NULL;
	return key;
}

static uint16_t ec_authenticate(struct call *call)
{
	struct object *key = ec_key_of(call);
	uint16_t sw;

	call->session->verified = false;
	if (!key || used_up(key))
		return SW_CONDITIONS;
	sw = ecauth_authenticate(call, key->value + key->len - ec_point_len(ec_curve(key->curve)));
	if (sw != SW_OK && sw != SW_SECURITY)
		return sw;
	call->session->scp.count_all = is_7(call);
	call->session->verified = sw == SW_OK;
	return count_attempt(call, key, sw == SW_OK) == SW_OK ? sw : SW_INTERNAL;
}

static uint16_t ec_get_data(struct call *call)
{
	if (!ec_key_of(call))
		return SW_CONDITIONS;
	return call->apdu->p1 == 0xBF && call->apdu->p2 == 0x21 ? ecauth_get_data(call) : SW_NO_DATA;
}

uint16_t session_run(struct call *call, uint16_t (*run)(struct call *call))
{
	struct session *session = call->session;
	const struct apdu *apdu = call->apdu;
	uint8_t buf[APPLET_COMMAND_MAX];
	struct apdu plain;
	uint16_t sw;

	if (apdu->cla == 0x80 && apdu->ins == INS_INITIALIZE_UPDATE)
		return initialize(call);
	if (apdu->cla == 0x84 && apdu->ins == INS_EXTERNAL_AUTHENTICATE)
		return authenticate(call);
	if (session->scp.state != SCP_OPEN && apdu->cla == 0x84 &&
	    apdu->ins == INS_INTERNAL_AUTHENTICATE)
		return ec_authenticate(call);
	if (session->scp.state != SCP_OPEN && apdu->cla == 0x80 && apdu->ins == INS_GET_DATA)
		return ec_get_data(call);
	if (session->scp.state != SCP_OPEN)
		return run(call);
	/* in a channel nothing goes without it */
	sw = scp_unwrap(&session->scp, apdu, buf, &plain);
	if (sw != SW_OK) {
		end(session);
		return sw;
	}
	call->apdu = &plain;
	sw = run(call);
	OPENSSL_cleanse(buf, sizeof(buf));
	return call->rsp->bare ? sw : scp_wrap(&session->scp, call->rsp, sw);
}

void session_leave(struct call *call)
{
	if (call->session->closing || (call->session->auth_id && over(call->session)))
		end(call->session);
}

uint16_t cmd_create_session(struct call *call)
{
	struct session *session;
	struct object *object;
	uint32_t id;

	if (!tlv_number(arg(call, TAG_1), 4, &id))
		return SW_DATA;
	object = store_find(&call->iot->store, id);
	if (!object || !object->auth || session_find(call->iot, id))
		return SW_CONDITIONS;
	session = session_find(call->iot, 0);
	if (!session)
		return SW_CONDITIONS;
	if (RAND_bytes(session->id, sizeof(session->id)) != 1)
		return SW_INTERNAL;
	session->auth_id = id;
	rsp_tlv(call->rsp, TAG_1, session->id, sizeof(session->id));
	return SW_OK;
}

uint16_t cmd_verify_userid(struct call *call)
{
	const struct tlv *value = arg(call, TAG_1);
	struct object *object;
	bool good;

	if (!value->value)
		return SW_DATA;
	if (!call->session || call->session->verified)
		return SW_CONDITIONS;
	object = store_find(&call->iot->store, call->session->auth_id);
	if (!object || object->type != TYPE_USERID)
		return SW_CONDITIONS;
	if (used_up(object))
		return SW_CONDITIONS;
	good = value->len == object->len &&
	       !CRYPTO_memcmp(value->value, object->value, value->len);
	call->session->verified = good;
	if (count_attempt(call, object, good) != SW_OK)
		return SW_INTERNAL;
	return good ? SW_OK : SW_CONDITIONS;
}

/* len | header 2 | maximum of APDUs 2 | maximum of seconds 2, each if the header says so */
static uint16_t take_policy(struct session *session, const struct tlv *policy)
{
	const uint8_t *at = policy->value + 3;
	uint32_t header;

	if (policy->len < 3 || policy->value[0] != policy->len - 1)
		return SW_DATA;
	header = get_be(policy->value + 1, 2);
	if (header & ~(LIMIT_APDUS | LIMIT_TIME | MAY_REFRESH) ||
	    policy->len != 3 + (header & LIMIT_APDUS ? 2u : 0) + (header & LIMIT_TIME ? 2u : 0))
		return SW_DATA;
	session->limited_apdus = header & LIMIT_APDUS;
	if (session->limited_apdus) {
		session->max_apdus = get_be(at, 2);
		at += 2;
	}
	session->limited_time = header & LIMIT_TIME;
	if (session->limited_time)
		session->max_seconds = get_be(at, 2);
	session->may_refresh = header & MAY_REFRESH;
	session->apdus = session->max_apdus;
	session->since = now();
	return SW_OK;
}

uint16_t cmd_set_session_policy(struct call *call)
{
	if (!call->session || !call->session->verified)
		return SW_CONDITIONS;
	if (!has(call, TAG_1))
		return SW_DATA;
	return take_policy(call->session, arg(call, TAG_1));
}

uint16_t cmd_refresh_session(struct call *call)
{
	struct session *session = call->session;

	if (!session || !session->verified)
		return SW_CONDITIONS;
	/* a session without a policy has nothing that runs out */
	if ((session->limited_apdus || session->limited_time) && !session->may_refresh)
		return SW_CONDITIONS;
	if (has(call, TAG_POLICY))
		return take_policy(session, arg(call, TAG_POLICY));
	session->apdus = session->max_apdus;
	session->since = now();
	return SW_OK;
}

uint16_t cmd_close_session(struct call *call)
{
	if (!call->session)
		return SW_CONDITIONS;
	call->session->closing = true;
	return SW_OK;
}
