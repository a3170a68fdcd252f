// SPDX-License-Identifier: LGPL-2.1-or-later
/* Objects: which there are, what they are, and the end of them */
#include <stdlib.h>

#include "iot.h"

#define LIST_MAX	65535	/* the offset has two bytes */

/* Types without a curve in them (AN12413, 4.3.5) */
static const struct {
	uint8_t type;
	uint8_t kind;
	uint8_t part;
} types[] = {
	{ 0x01, SE05X_IOT_KIND_EC, SE05X_IOT_PART_PAIR },
	{ 0x02, SE05X_IOT_KIND_EC, SE05X_IOT_PART_PRIVATE },
	{ 0x03, SE05X_IOT_KIND_EC, SE05X_IOT_PART_PUBLIC },
	{ 0x04, SE05X_IOT_KIND_RSA, SE05X_IOT_PART_PAIR },
	{ 0x05, SE05X_IOT_KIND_RSA, SE05X_IOT_PART_PAIR },	/* CRT */
	{ 0x06, SE05X_IOT_KIND_RSA, SE05X_IOT_PART_PRIVATE },
	{ 0x07, SE05X_IOT_KIND_RSA, SE05X_IOT_PART_PRIVATE },	/* CRT */
	{ 0x08, SE05X_IOT_KIND_RSA, SE05X_IOT_PART_PUBLIC },
	{ 0x09, SE05X_IOT_KIND_AES, SE05X_IOT_PART_WHOLE },
	{ 0x0A, SE05X_IOT_KIND_DES, SE05X_IOT_PART_WHOLE },
	{ 0x0B, SE05X_IOT_KIND_BINARY, SE05X_IOT_PART_WHOLE },
	{ 0x0C, SE05X_IOT_KIND_USERID, SE05X_IOT_PART_WHOLE },
	{ 0x0D, SE05X_IOT_KIND_COUNTER, SE05X_IOT_PART_WHOLE },
	{ 0x0F, SE05X_IOT_KIND_PCR, SE05X_IOT_PART_WHOLE },
	{ 0x10, SE05X_IOT_KIND_CURVE, SE05X_IOT_PART_WHOLE },
	{ 0x11, SE05X_IOT_KIND_HMAC, SE05X_IOT_PART_WHOLE },
};

/* Types with a curve in them, applet 6.0 on: pair, private and public of each */
#define TYPE_EC_FIRST	0x21
#define TYPE_EC_STEP	4
static const uint8_t type_curves[] = {
	SE05X_IOT_CURVE_P192, SE05X_IOT_CURVE_P224, SE05X_IOT_CURVE_P256, SE05X_IOT_CURVE_P384,
	SE05X_IOT_CURVE_P521,
	SE05X_IOT_CURVE_BP160, SE05X_IOT_CURVE_BP192, SE05X_IOT_CURVE_BP224, SE05X_IOT_CURVE_BP256,
	SE05X_IOT_CURVE_BP320, SE05X_IOT_CURVE_BP384, SE05X_IOT_CURVE_BP512,
	0x0D,			/* secp160k1 */
	SE05X_IOT_CURVE_SECP192K1,
	0x0F,			/* secp224k1 */
	SE05X_IOT_CURVE_SECP256K1,
	0,			/* a TPM's BN curve */
	SE05X_IOT_CURVE_ED25519, SE05X_IOT_CURVE_X25519, 0, SE05X_IOT_CURVE_X448,
};

static void decode_type(struct se05x_iot_object *object)
{
	size_t n = (object->type - TYPE_EC_FIRST) / TYPE_EC_STEP;
	unsigned int part = (object->type - TYPE_EC_FIRST) % TYPE_EC_STEP;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type != object->type)
			continue;
		object->kind = types[i].kind;
		object->part = types[i].part;
		return;
	}
	if (object->type < TYPE_EC_FIRST || n >= ARRAY_SIZE(type_curves) || part > 2)
		return;
	object->kind = SE05X_IOT_KIND_EC;
	object->part = SE05X_IOT_PART_PAIR + part;
	object->curve = type_curves[n];
}

static int list(struct se05x_iot *iot, uint8_t type, uint32_t **ids, size_t *n,
		struct se05x_call *call)
{
	uint32_t *list = NULL, *grown, more;
	size_t have = 0, len;
	struct response rsp;
	struct command cmd;
	const uint8_t *page;
	int ret;

	do {
		siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x25, LE_LONG);
		siot_u16(&cmd, TAG_1, have);
		siot_u8(&cmd, TAG_2, type);
		ret = siot_run(iot, &cmd, &rsp, call);
		if (ret)
			break;
		ret = -EPROTO;
		if (!siot_get_number(&rsp, TAG_1, 1, &more) ||
		    !siot_get(&rsp, TAG_2, &page, &len) || len % 4 ||
		    (!len && more == 2) || have + len / 4 > LIST_MAX)
			break;
		ret = -ENOMEM;
		grown = realloc(list, (have + len / 4 + 1) * sizeof(*list));
		if (!grown)
			break;
		list = grown;
		for (; len; page += 4, len -= 4)
			list[have++] = get_be(page, 4);
		ret = 0;
	} while (more == 2);	/* 1: that was all; 0 is seen too */
	if (ret) {
		free(list);
		return ret;
	}
	*ids = list;
	*n = have;
	return 0;
}

EXPORT int se05x_iot_list(struct se05x_iot *iot, uint32_t **ids, size_t *n,
			  struct se05x_call *call)
{
	return list(iot, 0xFF, ids, n, call);	/* of every type */
}

EXPORT int se05x_iot_list_kind(struct se05x_iot *iot, enum se05x_iot_kind kind, uint32_t **ids,
			       size_t *n, struct se05x_call *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].kind == kind && types[i].part == SE05X_IOT_PART_WHOLE)
			return list(iot, types[i].type, ids, n, call);
	return siot_refuse(-EINVAL, call);
}

static int read_type(struct se05x_iot *iot, struct se05x_iot_object *object,
		     struct se05x_call *call)
{
	uint32_t type, transient = RESULT_YES;
	struct response rsp;
	struct command cmd;
	int ret;

	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x26, LE_SHORT);
	siot_object(&cmd, object->id);
	ret = siot_run(iot, &cmd, &rsp, call);
	if (ret)
		return ret;
	if (!siot_get_number(&rsp, TAG_1, 1, &type) || !siot_get_number(&rsp, TAG_2, 1, &transient))
		return -EPROTO;
	object->type = type;
	object->transient = transient == 2;
	decode_type(object);
	return 0;
}

int siot_size(struct se05x_iot *iot, uint32_t id, uint32_t *size, struct se05x_call *call)
{
	struct command cmd;
	uint8_t bytes[4];
	size_t len = sizeof(bytes);
	int ret;

	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x07, LE_SHORT);
	siot_object(&cmd, id);
	ret = siot_run_bytes(iot, &cmd, bytes, &len, call);
	if (!ret && len != 2 && len != 4)
		ret = -EPROTO;
	if (!ret)
		*size = get_be(bytes, len);
	return ret == -ENOSPC ? -EPROTO : ret;
}

static int read_curve(struct se05x_iot *iot, struct se05x_iot_object *object,
		      struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_READ, P1_CURVE, 0x36, LE_SHORT);
	siot_object(&cmd, object->id);
	return siot_run_fixed(iot, &cmd, &object->curve, 1, call);
}

EXPORT int se05x_iot_object(struct se05x_iot *iot, uint32_t id,
			    struct se05x_iot_object *object, struct se05x_call *call)
{
	const struct se05x_iot_curve *curve;
	int ret;

	*object = (struct se05x_iot_object) { .id = id };
	ret = read_type(iot, object, call);
	if (ret)
		return ret;
	/* what the policy forbids to know is not known: that is an answer too */
	if (object->kind == SE05X_IOT_KIND_EC && !object->curve) {
		ret = read_curve(iot, object, call);
		if (ret && !siot_denied(ret))
			return ret;
	}
	curve = se05x_iot_curve(object->curve);
	if (curve) {
		object->size = curve->size;
		return 0;
	}
	if (object->kind == SE05X_IOT_KIND_USERID)
		return 0;	/* it would be refused */
	ret = siot_size(iot, id, &object->size, call);
	return siot_denied(ret) ? 0 : ret;
}

EXPORT int se05x_iot_exists(struct se05x_iot *iot, uint32_t id, bool *exists,
			    struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x27, LE_SHORT);
	siot_u32(&cmd, TAG_1, id);
	return siot_run_yes(iot, &cmd, exists, call);
}

EXPORT int se05x_iot_delete(struct se05x_iot *iot, uint32_t id, struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_MGMT, P1_DEFAULT, 0x28, 0);
	siot_object(&cmd, id);
	return siot_run(iot, &cmd, NULL, call);
}

/* ---- making ---- */

int siot_place(struct se05x_iot *iot, uint32_t id, const struct se05x_iot_new *how,
	       uint8_t kind, uint8_t curve, uint32_t size, struct se05x_call *call)
{
	struct se05x_iot_object object;
	bool exists;
	int ret;

	if (how && (how->reserved[0] || how->reserved[1]))
		return siot_refuse(-EINVAL, call);
	/* attempts at what can't be attempted: the chip would say 6A80 */
	if (how && how->max_attempts && !how->auth && kind != SE05X_IOT_KIND_USERID)
		return siot_refuse(-EINVAL, call);
	if (!how || !how->replace) {
		ret = se05x_iot_exists(iot, id, &exists, call);
		return !ret && exists ? siot_refuse(-EEXIST, call) : ret;
	}
	if (!kind)
		return siot_refuse(-EOPNOTSUPP, call);
	/* what is there keeps its policy, and where it lives */
	if (how->policy_len || how->max_attempts || how->transient || how->auth)
		return siot_refuse(-EINVAL, call);
	ret = se05x_iot_object(iot, id, &object, call);
	if (ret)
		return ret;
	if (object.kind != kind || (curve && object.curve && object.curve != curve) ||
	    (size && object.size && object.size != size))
		return siot_refuse(-EMEDIUMTYPE, call);
	return 0;
}

/* ---- attributes ---- */

/* id 4, type 1, authentication 1, failed 2, owner 4, most attempts 2: AN12543, 3.2.5 */
#define ATTRIBUTES_HEAD	14
#define INDICATOR_SET	2

EXPORT int se05x_iot_attributes_parse(const struct se05x_iot *iot, const uint8_t *bytes,
				      size_t len, struct se05x_iot_attributes *attributes)
{
	size_t tail = iot->as->attributes_version ? 5 : 1;

	memset(attributes, 0, sizeof(*attributes));
	if (len < ATTRIBUTES_HEAD + tail ||
	    len - ATTRIBUTES_HEAD - tail > sizeof(attributes->policy))
		return -EPROTO;
	attributes->auth = bytes[5] == INDICATOR_SET;
	if (attributes->auth) {
		attributes->failed_attempts = get_be(bytes + 6, 2);
		attributes->max_attempts = get_be(bytes + 12, 2);
	}
	attributes->owner = get_be(bytes + 8, 4);
	attributes->policy_len = len - ATTRIBUTES_HEAD - tail;
	memcpy(attributes->policy, bytes + ATTRIBUTES_HEAD, attributes->policy_len);
	attributes->origin = bytes[len - tail];
	if (tail > 1)
		attributes->version = get_be(bytes + len - 4, 4);
	return 0;
}

EXPORT int se05x_iot_attributes(struct se05x_iot *iot, uint32_t id,
				struct se05x_iot_attributes *attributes,
				struct se05x_call *call)
{
	const uint8_t *bytes;
	struct response rsp;
	struct command cmd;
	size_t len;
	int ret;

	if (!iot->as->attributes)
		return siot_refuse(-EOPNOTSUPP, call);
	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x3B, LE_LONG);
	siot_object(&cmd, id);
	ret = siot_run(iot, &cmd, &rsp, call);
	if (ret)
		return ret;
	/* by the document TAG_2; applets of 7.x were seen to use TAG_3 [U] */
	if (!siot_get(&rsp, TAG_2, &bytes, &len) && !siot_get(&rsp, TAG_3, &bytes, &len))
		return -EPROTO;
	return se05x_iot_attributes_parse(iot, bytes, len, attributes);
}
