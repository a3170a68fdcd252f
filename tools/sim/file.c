// SPDX-License-Identifier: GPL-2.0-only
/* Objects that are no keys: binary files, counters, PCRs, UserIDs */

#include <string.h>

#include <openssl/evp.h>

#include "object.h"
#include "policy.h"

#define COUNTER_MAX	8	/* bytes */
#define PCR_LEN		32
#define USERID_MAX	16

static uint16_t add(struct call *call, struct object *object)
{
	store_add(&call->iot->store, object);
	return iot_save_object(call, object);
}

/* It was there before. */
static uint16_t changed(struct call *call, struct object *object)
{
	object_set_version(call, object);
	return iot_save_object(call, object);
}

/* TAG_3 sets the size of a new file; what is not written is 0. */
uint16_t cmd_write_binary(struct call *call)
{
	const struct tlv *data = arg(call, TAG_4);
	struct object *object;
	uint32_t offset = 0, len;
	uint16_t sw = write_begin(call, TYPE_BINARY, RIGHT_WRITE, &object);
	bool made = false;

	if (sw != SW_OK)
		return sw;
	if (arg_optional(call, TAG_2, 2, &offset) != SW_OK)
		return SW_DATA;
	if (!object) {
		if (!tlv_number(arg(call, TAG_3), 2, &len) || !len || offset + data->len > len)
			return SW_DATA;
		sw = object_new(call, TYPE_BINARY, len, &object);
		if (sw != SW_OK)
			return sw;
		made = true;
	} else if (has(call, TAG_3) &&
		   (!tlv_number(arg(call, TAG_3), 2, &len) || len != object->len)) {
		return SW_CONDITIONS;	/* a file does not change its size */
	}
	if (offset + data->len > object->len || (!made && !data->value))
		return SW_DATA;
	if (data->len)
		memcpy(object->value + offset, data->value, data->len);
	return made ? add(call, object) : changed(call, object);
}

/* Big-endian; it only goes up. */
static uint16_t count_up(struct object *counter, const struct tlv *to)
{
	size_t i = counter->len;

	if (to->value) {
		if (to->len != counter->len)
			return SW_DATA;
		if (memcmp(to->value, counter->value, to->len) <= 0)
			return SW_CONDITIONS;
		memcpy(counter->value, to->value, to->len);
		return SW_OK;
	}
	while (i && counter->value[i - 1] == 0xff)
		i--;
	if (!i)
		return SW_CONDITIONS;	/* it is full */
	counter->value[i - 1]++;
	memset(counter->value + i, 0, counter->len - i);
	return SW_OK;
}

/* A size makes one, a value sets it, neither increments it. */
uint16_t cmd_write_counter(struct call *call)
{
	const struct tlv *value = arg(call, TAG_3);
	struct object *object;
	uint32_t len;
	uint16_t sw = write_begin(call, TYPE_COUNTER, RIGHT_WRITE, &object);

	if (sw != SW_OK)
		return sw;
	if (!object) {
		if (!has(call, TAG_2))
			return SW_CONDITIONS;
		if (!tlv_number(arg(call, TAG_2), 2, &len) || !len || len > COUNTER_MAX ||
		    (value->value && value->len != len))
			return SW_DATA;
		sw = object_new(call, TYPE_COUNTER, len, &object);
		if (sw != SW_OK)
			return sw;
		if (value->value)
			memcpy(object->value, value->value, len);
		return add(call, object);
	}
	if (has(call, TAG_2))
		return SW_CONDITIONS;
	sw = count_up(object, value);
	return sw == SW_OK ? changed(call, object) : sw;
}

/* PCR = SHA-256(PCR | data) */
static bool extend(struct object *pcr, const struct tlv *data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
		  EVP_DigestUpdate(ctx, pcr->value, PCR_LEN) &&
		  EVP_DigestUpdate(ctx, data->value, data->len) &&
		  EVP_DigestFinal_ex(ctx, pcr->value, NULL);

	EVP_MD_CTX_free(ctx);
	return ok;
}

/* A new one needs its first value; after that it can only be extended [U]. */
uint16_t cmd_write_pcr(struct call *call)
{
	const struct tlv *first = arg(call, TAG_2), *data = arg(call, TAG_3);
	struct object *object;
	uint16_t sw = write_begin(call, TYPE_PCR, RIGHT_WRITE, &object);
	bool made = !object;

	if (sw != SW_OK)
		return sw;
	if (made) {
		if (first->len != PCR_LEN)
			return SW_DATA;
		sw = object_new(call, TYPE_PCR, PCR_LEN, &object);
		if (sw != SW_OK)
			return sw;
		memcpy(object->value, first->value, PCR_LEN);
	} else if (first->value) {
		return SW_CONDITIONS;
	} else if (!data->value) {
		return SW_DATA;
	}
	if (data->value && !extend(object, data))
		return SW_INTERNAL;
	return made ? add(call, object) : changed(call, object);
}

/* Always an authentication object. 1 to 16 bytes until applet 3.4, from then on 4 to 16. */
uint16_t cmd_write_userid(struct call *call)
{
	const struct tlv *value = arg(call, TAG_2);
	struct object *object;
	uint16_t sw;

	if (!(call->apdu->ins & INS_AUTH))
		return SW_CONDITIONS;
	if (value->len < (is_7(call) || call->iot->model->fips ? 4 : 1) || value->len > USERID_MAX)
		return SW_DATA;
	sw = write_begin(call, TYPE_USERID, RIGHT_WRITE, &object);
	if (sw != SW_OK)
		return sw;
	if (object) {
		sw = object_set_value(call, object, value->value, value->len);
		object->attempts = 0;
		return sw == SW_OK ? changed(call, object) : sw;
	}
	sw = object_new(call, TYPE_USERID, value->len, &object);
	if (sw != SW_OK)
		return sw;
	memcpy(object->value, value->value, value->len);
	return add(call, object);
}
