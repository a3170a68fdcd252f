// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attested reads
 *
 * What is signed [U: known from what hosts verify]:
 * 3.x: the values of TAG_1 to TAG_5 of the response, without tags and lengths;
 * 7.x: the digest of the C-APDU without Le, then the response's TLVs up to the
 *	signature, tags and lengths included, each length in three bytes.
 */
#include <string.h>

#include "attest.h"
#include "object.h"
#include "policy.h"
#include "signature.h"

#define FRESHNESS_LEN	16

/*
 * Number 4, type, is it an authentication object (1 no, 2 yes), failed attempts or
 * minimum tag length 2, owner 4, maximum of attempts 2, policy, origin, version 4 (7.x)
 */
uint16_t attributes(struct call *call, const struct object *object, uint8_t tag)
{
	size_t policy_len = object->policy_len ? object->policy_len : 9;
	uint8_t *at = rsp_tlv_room(call->rsp, tag, 14 + policy_len + 1 + (is_7(call) ? 4 : 0));

	if (!at)
		return SW_LENGTH;
	put_be32(at, object->id);
	at[4] = object_type(call, object);
	at[5] = object->auth ? 2 : 1;
	put_be16(at + 6, object->auth ? object->attempts : object->min_tag_len);
	put_be32(at + 8, object->owner);
	put_be16(at + 12, object->auth ? object->max_attempts : 0);
	if (object->policy_len)
		memcpy(at + 14, object->policy, policy_len);
	else
		policy_default(call, object->type, at + 14);
	at[14 + policy_len] = object->origin;
	if (is_7(call))
		put_be32(at + 15 + policy_len, object->version);
	return SW_OK;
}

static void put_timestamp(struct call *call, uint8_t tag)
{
	uint8_t stamp[12];

	chip_time(stamp);
	rsp_tlv(call->rsp, tag, stamp, sizeof(stamp));
}

/* The values of the TLVs in @rsp, all coded by rsp_tlv() */
static size_t values(const struct response *rsp, uint8_t *to)
{
	const uint8_t *at = rsp->buf, *end = at + rsp->len;
	size_t n = 0;

	while (at < end) {
		size_t len = get_be(at + 2, 2);

		memcpy(to + n, at + 4, len);
		n += len;
		at += 4 + len;
	}
	return n;
}

static uint16_t attest_3(struct call *call, const struct object *object,
			 const struct object *unique)
{
	if (attributes(call, object, TAG_2) != SW_OK)
		return SW_LENGTH;
	put_timestamp(call, TAG_3);
	rsp_tlv(call->rsp, TAG_4, arg(call, TAG_7)->value, FRESHNESS_LEN);
	rsp_tlv(call->rsp, TAG_5, unique->value, unique->len);
	return SW_OK;
}

static uint16_t attest_7(struct call *call, const struct object *object,
			 const struct object *unique)
{
	uint8_t size[2];

	put_be16(size, object_length(object));
	rsp_tlv(call->rsp, TAG_2, unique->value, unique->len);
	if (attributes(call, object, TAG_3) != SW_OK)
		return SW_LENGTH;
	rsp_tlv(call->rsp, TAG_4, size, sizeof(size));
	put_timestamp(call, TAG_TIMESTAMP);
	return SW_OK;
}

uint16_t attest(struct call *call, const struct object *object)
{
	const struct object *unique = store_find(&call->iot->store, ID_UNIQUE);
	uint8_t message[64 + 4096], sig[SIGNATURE_MAX];
	size_t len = 0, sig_len;
	struct object *key;
	uint32_t algorithm;
	uint16_t sw = find_typed(call, TAG_5, PAIRS, RIGHT_ATTEST, &key);

	if (sw != SW_OK)
		return sw;
	if (!tlv_number(arg(call, TAG_6), 1, &algorithm) ||
	    arg(call, TAG_7)->len != FRESHNESS_LEN)
		return SW_DATA;
	sw = is_7(call) ? attest_7(call, object, unique) : attest_3(call, object, unique);
	if (sw != SW_OK || call->rsp->overflow)
		return SW_LENGTH;
	if (is_7(call)) {
		len = signature_digest(algorithm, call->apdu->raw, call->apdu->raw_len, message);
		if (!len)
			return SW_DATA;
		memcpy(message + len, call->rsp->buf, call->rsp->len);
		len += call->rsp->len;
	} else {
		len = values(call->rsp, message);
	}
	sw = signature_make(key, algorithm, message, len, sig, &sig_len);
	if (sw == SW_OK)
		rsp_tlv(call->rsp, is_7(call) ? TAG_SIGNATURE : TAG_6, sig, sig_len);
	call->delay_ms += 60;
	return sw;
}
