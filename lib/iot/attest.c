// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attested reads (AN12413, 4.7.1; AN12543, 4.7.1)
 *
 * Up to 6.x the signed message is the values of T1 to T5 one after the other. 7.2
 * signs a digest of the command (header, Lc of three bytes, data), and then the
 * answer's TLVs as they are, up to the signature.
 */
#include <stdlib.h>

#include "iot.h"

struct se05x_iot_attestation {
	uint32_t object_size;
	uint8_t timestamp[12];
	uint8_t freshness[16];
	uint8_t uid[SE05X_IOT_UID_LEN];
	/* as long as an answer can be, and what goes before it */
	size_t value_len, attributes_len, signature_len, command_len, message_len;
	uint8_t value[RESPONSE_MAX];
	uint8_t attributes[RESPONSE_MAX];
	uint8_t signature[SE05X_IOT_SIG_MAX];
	uint8_t command[COMMAND_MAX + 7];
	uint8_t message[RESPONSE_MAX];
};

/* A TLV's value into a buffer. Return: false if it is not there, or does not fit. */
static bool take(const struct response *rsp, uint8_t tag, void *to, size_t max, size_t *len)
{
	const uint8_t *value;

	if (!siot_get(rsp, tag, &value, len) || *len > max)
		return false;
	memcpy(to, value, *len);
	return true;
}

static bool take_fixed(const struct response *rsp, uint8_t tag, void *to, size_t want)
{
	size_t len;

	return take(rsp, tag, to, want, &len) && len == want;
}

/* Values one after the other */
static bool unpack_values(const struct response *rsp, struct se05x_iot_attestation *a)
{
	uint8_t freshness[sizeof(a->freshness)];
	uint8_t *at = a->message;

	if (!take(rsp, TAG_1, a->value, sizeof(a->value), &a->value_len) ||
	    !take(rsp, TAG_2, a->attributes, sizeof(a->attributes), &a->attributes_len) ||
	    !take_fixed(rsp, TAG_3, a->timestamp, sizeof(a->timestamp)) ||
	    !take_fixed(rsp, TAG_4, freshness, sizeof(freshness)) ||
	    memcmp(freshness, a->freshness, sizeof(freshness)) ||
	    !take_fixed(rsp, TAG_5, a->uid, sizeof(a->uid)) ||
	    !take(rsp, TAG_6, a->signature, sizeof(a->signature), &a->signature_len))
		return false;
	at = mempcpy(at, a->value, a->value_len);
	at = mempcpy(at, a->attributes, a->attributes_len);
	at = mempcpy(at, a->timestamp, sizeof(a->timestamp));
	at = mempcpy(at, freshness, sizeof(freshness));
	at = mempcpy(at, a->uid, sizeof(a->uid));
	a->message_len = at - a->message;
	return true;
}

/* TLVs as they came */
static bool unpack_tlvs(const struct response *rsp, struct se05x_iot_attestation *a)
{
	const uint8_t *signature, *head;
	uint8_t size[4];
	size_t size_len, len;

	/* a policy without the right to read leaves the value out */
	if (siot_get(rsp, TAG_1, &signature, &len) &&
	    !take(rsp, TAG_1, a->value, sizeof(a->value), &a->value_len))
		return false;
	if (!take_fixed(rsp, TAG_2, a->uid, sizeof(a->uid)) ||
	    !take(rsp, TAG_3, a->attributes, sizeof(a->attributes), &a->attributes_len) ||
	    !take(rsp, TAG_4, size, sizeof(size), &size_len) ||
	    !take_fixed(rsp, TAG_TIMESTAMP, a->timestamp, sizeof(a->timestamp)) ||
	    !take(rsp, TAG_SIGNATURE, a->signature, sizeof(a->signature), &a->signature_len))
		return false;
	a->object_size = get_be(size, size_len);
	head = siot_find(rsp, TAG_SIGNATURE, &signature, &len);
	a->message_len = head - rsp->bytes;
	if (signature + len != rsp->bytes + rsp->len || a->message_len > sizeof(a->message))
		return false;
	memcpy(a->message, rsp->bytes, a->message_len);
	return true;
}

static int attest(struct se05x_iot *iot, struct command *cmd, struct se05x_iot_attestation *a,
		  struct se05x_call *call)
{
	struct response rsp;
	int ret;

	if (iot->as->attest_tlvs) {
		memcpy(a->command, cmd->header, 4);
		put_be(a->command + 4, cmd->len, 3);
		memcpy(a->command + 7, cmd->data, cmd->len);
		a->command_len = 7 + cmd->len;
	}
	ret = siot_run(iot, cmd, &rsp, call);
	if (!ret && !(iot->as->attest_tlvs ? unpack_tlvs : unpack_values)(&rsp, a))
		ret = -EPROTO;
	explicit_bzero(&rsp, sizeof(rsp));
	return ret;
}

EXPORT int se05x_iot_attest(struct se05x_iot *iot, uint32_t id, enum se05x_iot_kind kind,
			    uint32_t key, enum se05x_iot_hash hash,
			    const uint8_t freshness[16], size_t offset, size_t len,
			    struct se05x_iot_attestation **attestation,
			    struct se05x_call *call)
{
	struct se05x_iot_attestation *a;
	struct command cmd;
	int ret = siot_need(iot, SE05X_IOT_FEATURE_ECDSA, call);

	if (ret)
		return ret;
	if (!se05x_iot_hash_len(hash) || offset > SE05X_IOT_BINARY_MAX ||
	    len > SE05X_IOT_BINARY_MAX)
		return siot_refuse(-EINVAL, call);
	a = calloc(1, sizeof(*a));
	if (!a)
		return siot_refuse(-ENOMEM, call);
	memcpy(a->freshness, freshness, sizeof(a->freshness));
	siot_begin(&cmd, INS_READ | INS_ATTEST, P1_DEFAULT, 0x00, LE_LONG);
	siot_object(&cmd, id);
	if (offset)
		siot_u16(&cmd, TAG_2, offset);
	if (len)
		siot_u16(&cmd, TAG_3, len);
	if (kind == SE05X_IOT_KIND_RSA)
		siot_u8(&cmd, TAG_4, 0x00);	/* the modulus */
	siot_u32(&cmd, TAG_5, key);
	siot_u8(&cmd, TAG_6, siot_ecdsa_algorithm(hash));
	siot_tlv(&cmd, TAG_7, freshness, 16);
	ret = attest(iot, &cmd, a, call);
	if (ret)
		se05x_iot_attestation_free(a);
	else
		*attestation = a;
	return ret;
}

EXPORT void se05x_iot_attestation_free(struct se05x_iot_attestation *a)
{
	if (!a)
		return;
	explicit_bzero(a, sizeof(*a));
	free(a);
}

EXPORT const uint8_t *se05x_iot_attested(const struct se05x_iot_attestation *a,
					 enum se05x_iot_attested what, size_t *len)
{
	const struct {
		const uint8_t *bytes;
		size_t len;
	} parts[] = {
		[SE05X_IOT_ATTESTED_VALUE] = { a->value, a->value_len },
		[SE05X_IOT_ATTESTED_ATTRIBUTES] = { a->attributes, a->attributes_len },
		[SE05X_IOT_ATTESTED_UNIQUE_ID] = { a->uid, sizeof(a->uid) },
		[SE05X_IOT_ATTESTED_TIMESTAMP] = { a->timestamp, sizeof(a->timestamp) },
		[SE05X_IOT_ATTESTED_FRESHNESS] = { a->freshness, sizeof(a->freshness) },
		[SE05X_IOT_ATTESTED_SIGNATURE] = { a->signature, a->signature_len },
		[SE05X_IOT_ATTESTED_COMMAND] = { a->command, a->command_len },
		[SE05X_IOT_ATTESTED_MESSAGE] = { a->message, a->message_len },
	};

	if ((size_t)what >= ARRAY_SIZE(parts))
		return NULL;
	*len = parts[what].len;
	return parts[what].bytes;
}

EXPORT uint32_t se05x_iot_attested_size(const struct se05x_iot_attestation *a)
{
	return a->object_size;
}
