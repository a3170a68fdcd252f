// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which applet it is, how applets differ, and what the chip tells of itself */
#include <stdlib.h>

#include "iot.h"

/*
 * From AN12413 (3.x) and AN12543 (6.x, 7.x). The payload of 3.x is what Nitrokey
 * found to work. SE052 has 7.2 with patch 10 and up.
 */
static const struct personality personalities[] = {
	{ 0, 0, 0, .payload = 889 },
	{ 6, 0, 0, .payload = 889, .curve_in_type = true, .attributes = true,
	  .attributes_version = true, .x448 = true },
	{ 7, 2, 0, .payload = 1024, .curve_in_type = true, .attributes = true,
	  .attributes_version = true, .attest_tlvs = true, .x448 = true, .aead = true, .state = true },
};

static uint32_t in_order(uint8_t major, uint8_t minor, uint8_t patch)
{
	return major << 16 | minor << 8 | patch;
}

static const struct personality *personality_of(const struct se05x_iot_version *version)
{
	const struct personality *found = personalities;

	for (size_t i = 0; i < ARRAY_SIZE(personalities); i++)
		if (in_order(personalities[i].major, personalities[i].minor,
			     personalities[i].patch) <=
		    in_order(version->major, version->minor, version->patch))
			found = &personalities[i];
	return found;
}

static const struct {
	uint16_t feature;
	const char *name;
} features[] = {
	{ SE05X_IOT_FEATURE_ECDSA, "ECDSA/ECDH" }, { SE05X_IOT_FEATURE_EDDSA, "EdDSA" },
	{ SE05X_IOT_FEATURE_MONTGOMERY, "X25519/X448" }, { SE05X_IOT_FEATURE_HMAC, "HMAC" },
	{ SE05X_IOT_FEATURE_RSA_PLAIN, "RSA" }, { SE05X_IOT_FEATURE_RSA_CRT, "RSA-CRT" },
	{ SE05X_IOT_FEATURE_AES, "AES" }, { SE05X_IOT_FEATURE_DES, "DES" },
	{ SE05X_IOT_FEATURE_PBKDF, "PBKDF" },
	{ SE05X_IOT_FEATURE_TLS, "TLS" }, { SE05X_IOT_FEATURE_MIFARE, "MIFARE" },
	{ SE05X_IOT_FEATURE_I2CM, "I2C-master" },
};

EXPORT const char *se05x_iot_feature_name(uint16_t feature)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if (features[i].feature == feature)
			return features[i].name;
	return NULL;
}

/* Seven bytes: major, minor, patch, two of features, two of secure box */
#define VERSION_LEN	7

static void take_version(struct se05x_iot *iot, const uint8_t *bytes)
{
	iot->version = (struct se05x_iot_version) {
		.major = bytes[0], .minor = bytes[1], .patch = bytes[2],
		.features = get_be(bytes + 3, 2), .secure_box = get_be(bytes + 5, 2),
	};
	iot->as = personality_of(&iot->version);
}

static const uint8_t default_aid[] = {
	0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
	0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00,
};

static int learn_version(struct se05x_iot *iot, struct se05x_call *call)
{
	struct se05x_call mine = { .deadline_ms = call ? call->deadline_ms : 0 };
	uint8_t answer[64], version[VERSION_LEN];
	size_t len = sizeof(answer);
	struct command cmd;
	int ret = se05x_select(iot->se, iot->aid, iot->aid_len, 0, answer, &len, &mine);

	if (call) {
		mine.flags = call->flags;
		mine.demanded = call->demanded;
		*call = mine;
	}
	if (ret)
		return ret;
	if (mine.sw != 0x9000)
		return mine.sw == 0x6A82 ? -ENOPKG : -EREMOTEIO;
	if (len == VERSION_LEN + 2) {
		take_version(iot, answer);
		return 0;
	}
	/* early applets answer less */
	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x20, LE_SHORT);
	ret = siot_run_fixed(iot, &cmd, version, sizeof(version), call);
	if (!ret)
		take_version(iot, version);
	return ret;
}

EXPORT int se05x_iot_open(struct se05x *se, const void *aid, size_t aid_len,
			  struct se05x_iot **iot, struct se05x_call *call)
{
	struct se05x_iot *opened;
	int ret;

	if (!aid) {
		aid = default_aid;
		aid_len = sizeof(default_aid);
	}
	if (aid_len > SE05X_AID_MAX)
		return siot_refuse(-EINVAL, call);
	opened = calloc(1, sizeof(*opened));
	if (!opened)
		return siot_refuse(-ENOMEM, call);
	opened->se = se;
	opened->as = personalities;
	opened->aid_len = aid_len;
	memcpy(opened->aid, aid, aid_len);
	ret = learn_version(opened, call);
	if (ret) {
		se05x_iot_close(opened);
		return ret;
	}
	*iot = opened;
	return 0;
}

EXPORT void se05x_iot_close(struct se05x_iot *iot)
{
	if (!iot)
		return;
	if (iot->in_session) {
		se05x_iot_session_close(iot, NULL);
		return;
	}
	explicit_bzero(iot, sizeof(*iot));
	free(iot);
}

/* Not memcmp(): there is padding between the fields. */
static bool same_version(const struct se05x_iot_version *a, const struct se05x_iot_version *b)
{
	return a->major == b->major && a->minor == b->minor && a->patch == b->patch &&
	       a->features == b->features && a->secure_box == b->secure_box;
}

EXPORT int se05x_iot_reopen(struct se05x_iot *iot, struct se05x_call *call)
{
	struct se05x_iot fresh = *iot;
	int ret;

	if (iot->in_session)
		return siot_refuse(-EINVAL, call);
	ret = se05x_reopen(iot->se);
	if (ret)
		return siot_refuse(ret, call);
	ret = learn_version(&fresh, call);
	if (!ret && !same_version(&fresh.version, &iot->version))
		ret = -ENODEV;	/* another chip */
	return ret;
}

EXPORT void se05x_iot_set_deadline(struct se05x_iot *iot, uint32_t deadline_ms)
{
	iot->deadline_ms = deadline_ms;
}

EXPORT void se05x_iot_version(const struct se05x_iot *iot, struct se05x_iot_version *version)
{
	*version = iot->version;
}

EXPORT int se05x_iot_unique_id(struct se05x_iot *iot, uint8_t uid[SE05X_IOT_UID_LEN],
			       struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x00, LE_LONG);
	siot_u32(&cmd, TAG_1, SE05X_IOT_ID_UNIQUE);
	return siot_run_fixed(iot, &cmd, uid, SE05X_IOT_UID_LEN, call);
}

EXPORT int se05x_iot_free_memory(struct se05x_iot *iot, enum se05x_iot_memory memory,
				 uint32_t *bytes, struct se05x_call *call)
{
	struct command cmd;
	uint8_t number[4];
	size_t len = sizeof(number);
	int ret;

	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x22, LE_SHORT);
	siot_u8(&cmd, TAG_1, memory);
	ret = siot_run_bytes(iot, &cmd, number, &len, call);
	/* SE052 has four bytes, the others two */
	if (!ret && len != 2 && len != 4)
		ret = -EPROTO;
	if (!ret)
		*bytes = get_be(number, len);
	return ret == -ENOSPC ? -EPROTO : ret;
}

EXPORT int se05x_iot_timestamp(struct se05x_iot *iot, uint8_t stamp[12],
			       struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x3D, LE_SHORT);
	return siot_run_fixed(iot, &cmd, stamp, 12, call);
}

EXPORT int se05x_iot_platform_scp(struct se05x_iot *session, bool required,
				  struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x52, 0);
	siot_u8(&cmd, TAG_1, required ? 1 : 2);
	return siot_run(session, &cmd, NULL, call);
}

EXPORT int se05x_iot_state(struct se05x_iot *iot, struct se05x_iot_state *state,
			   struct se05x_call *call)
{
	uint8_t bytes[3];
	struct command cmd;
	int ret;

	if (!iot->as->state)
		return siot_refuse(-EOPNOTSUPP, call);
	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x5B, LE_SHORT);
	ret = siot_run_fixed(iot, &cmd, bytes, sizeof(bytes), call);
	if (!ret)
		*state = (struct se05x_iot_state) {
			.locked = bytes[0] == 1, .restriction = bytes[1],
			.scp_required = bytes[2] == 1,
		};
	return ret;
}

EXPORT int se05x_iot_random(struct se05x_iot *iot, void *buf, size_t len,
			    struct se05x_call *call)
{
	/* an answer is no longer than a command may be */
	size_t most = siot_room(iot, 0), done = 0;
	int ret = siot_refuse(0, call);

	while (!ret && done < len) {
		size_t n = len - done < most ? len - done : most;
		struct command cmd;

		siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x49, LE_LONG);
		siot_u16(&cmd, TAG_1, n);
		ret = siot_run_fixed(iot, &cmd, (uint8_t *)buf + done, n, call);
		done += n;
	}
	if (ret)
		explicit_bzero(buf, len);
	return ret;
}
