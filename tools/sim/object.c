// SPDX-License-Identifier: GPL-2.0-only
/* What all objects have in common, and the commands that take any of them */

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "attest.h"
#include "ec.h"
#include "object.h"
#include "policy.h"
#include "rsa.h"
#include "session.h"

#define ID_LIST_MAX	200	/* in one answer */

uint16_t find_object(const struct call *call, uint8_t tag, uint32_t right,
		     struct object **object)
{
	uint32_t id;

	if (!tlv_number(arg(call, tag), 4, &id))
		return SW_DATA;
	*object = store_find(&call->iot->store, id);
	if (!*object)
		return SW_CONDITIONS;
	return right ? policy_allows(call, *object, right) : SW_OK;
}

uint16_t find_typed(const struct call *call, uint8_t tag, uint32_t types, uint32_t right,
		    struct object **object)
{
	uint16_t sw = find_object(call, tag, 0, object);

	if (sw != SW_OK)
		return sw;
	if (!(types & IS_TYPE((*object)->type)))
		return SW_CONDITIONS;
	return policy_allows(call, *object, right);
}

static bool is_ec(const struct object *object)
{
	return object->type >= TYPE_EC_PAIR && object->type <= TYPE_EC_PUBLIC;
}

static bool is_rsa(const struct object *object)
{
	return object->type >= TYPE_RSA_PAIR && object->type <= TYPE_RSA_PUBLIC;
}

uint8_t object_type(const struct call *call, const struct object *object)
{
	uint8_t n = object->curve - 1;

	if (!is_ec(object) || !is_7(call))
		return object->type;
	switch (object->curve) {	/* those after the Weierstrass curves */
	case CURVE_ED25519:
		n = 17;
		break;
	case CURVE_X25519:
		n = 18;
		break;
	case CURVE_X448:
		n = 20;
		break;
	}
	return 0x21 + 4 * n + object->type - TYPE_EC_PAIR;
}

size_t object_length(const struct object *object)
{
	if (is_ec(object))
		return ec_curve(object->curve)->len;
	if (is_rsa(object))
		return object->bits / 8;
	return object->type == TYPE_USERID ? 0 : object->len;
}

/* ---- writing ---- */

uint16_t write_begin(const struct call *call, uint8_t type, uint32_t right,
		     struct object **old)
{
	const struct tlv *check = arg(call, TAG_POLICY_CHECK);
	uint16_t sw = find_object(call, TAG_1, 0, old);
	uint32_t version;
	bool transient = call->apdu->ins & INS_TRANSIENT;

	/* nothing is written of a command that is wrong in what is read last */
	if (sw == SW_DATA || arg_optional(call, TAG_11, 4, &version) != SW_OK)
		return SW_DATA;
	/* a file, a counter, an RSA key open no session; what a chip says to that is a guess [U] */
	if (call->apdu->ins & INS_AUTH && !(AUTHENTICATE & IS_TYPE(type)))
		return SW_CONDITIONS;
	if (!*old) {
		uint32_t id = get_be(arg(call, TAG_1)->value, 4);

		/* 0 is "none" wherever a number is asked for */
		return !id || check->value ? SW_CONDITIONS : SW_OK;
	}
	/* what was settled at its birth stays: type, rights, attempts, where it lives */
	if ((*old)->type != type || has(call, TAG_POLICY) || has(call, TAG_MAX_ATTEMPTS) ||
	    (transient && !(*old)->transient))
		return SW_CONDITIONS;
	if (check->value && (check->len != (*old)->policy_len ||
			     memcmp(check->value, (*old)->policy, check->len)))
		return SW_CONDITIONS;
	return policy_allows(call, *old, right);
}

uint16_t object_new(const struct call *call, uint8_t type, size_t len, struct object **made)
{
	const struct tlv *policy = arg(call, TAG_POLICY);
	struct object *object;
	uint32_t attempts = 0;
	uint16_t sw = SW_OK;

	if (policy->value)
		sw = policy_check(call, type, policy);
	if (sw != SW_OK)
		return sw;
	if (arg_optional(call, TAG_MAX_ATTEMPTS, 2, &attempts) != SW_OK ||
	    (has(call, TAG_MAX_ATTEMPTS) && !(call->apdu->ins & INS_AUTH)))
		return SW_DATA;
	/* a secret that opens sessions must not be lost with the power */
	if (call->apdu->ins & INS_AUTH && call->apdu->ins & INS_TRANSIENT)
		return SW_CONDITIONS;
	object = calloc(1, sizeof(*object));
	if (!object)
		return SW_MEMORY;
	object->id = get_be(arg(call, TAG_1)->value, 4);
	object->type = type;
	object->len = len;
	object->origin = ORIGIN_EXTERNAL;
	object->transient = call->apdu->ins & INS_TRANSIENT;
	object->auth = call->apdu->ins & INS_AUTH;
	object->owner = caller(call);
	object->max_attempts = attempts;
	object_set_version(call, object);
	object->policy_len = policy->len;
	object->policy = malloc(policy->len + 1);
	object->value = OPENSSL_zalloc(len + 1);
	if (!object->policy || !object->value ||
	    object_size(object) > store_free(&call->iot->store, object->transient)) {
		object_free(object);
		return SW_MEMORY;
	}
	if (policy->len)
		memcpy(object->policy, policy->value, policy->len);
	*made = object;
	return SW_OK;
}

void object_set_version(const struct call *call, struct object *object)
{
	arg_optional(call, TAG_11, 4, &object->version);
}

uint16_t object_set_value(const struct call *call, struct object *object,
			  const uint8_t *value, size_t len)
{
	size_t room = store_free(&call->iot->store, object->transient) + object_size(object);
	struct object bigger = *object;
	uint8_t *copy;

	bigger.len = len;
	if (object_size(&bigger) > room)
		return SW_MEMORY;
	copy = OPENSSL_malloc(len + 1);
	if (!copy)
		return SW_MEMORY;
	memcpy(copy, value, len);
	OPENSSL_clear_free(object->value, object->len);
	object->value = copy;
	object->len = len;
	return SW_OK;
}

/* ---- removing ---- */

uint16_t cmd_check_exists(struct call *call)
{
	uint32_t id;

	if (!tlv_number(arg(call, TAG_1), 4, &id))
		return SW_DATA;
	rsp_u8(call->rsp, TAG_1, store_find(&call->iot->store, id) ? 1 : 2);
	return SW_OK;
}

uint16_t cmd_delete_object(struct call *call)
{
	struct object *object;
	uint16_t sw = find_object(call, TAG_1, RIGHT_DELETE, &object);
	bool transient;

	if (sw != SW_OK)
		return sw;
	if (session_find(call->iot, object->id))
		return SW_CONDITIONS;
	transient = object->transient;
	store_delete(&call->iot->store, object);
	return transient ? SW_OK : iot_save(call);
}

/*
 * What NXP put into the chip stays, and reserved numbers do. The answer is never secured:
 * whose session it was is gone. That the chip's own channel ends too is a guess [U].
 */
uint16_t cmd_delete_all(struct call *call)
{
	struct store *store = &call->iot->store;
	struct object *object, *next;
	int i;

	if (caller(call) != ID_FACTORY_RESET)
		return SW_CONDITIONS;
	for (object = store->objects; object; object = next) {
		next = object->next;
		if (object->origin != ORIGIN_PROVISIONED &&
		    (object->id & ID_RESERVED_MASK) != ID_RESERVED)
			store_delete(store, object);
	}
	for (i = 0; i < STORE_CRYPTOS; i++) {
		crypto_stop(&store->cryptos[i]);
		store->cryptos[i].id = 0;
	}
	memset(store->curves, 0, sizeof(store->curves));
	memset(call->iot->sessions, 0, sizeof(call->iot->sessions));
	call->rsp->bare = true;
	return iot_save(call);
}

/* ---- reading ---- */

static uint16_t read_binary(struct call *call, const struct object *object)
{
	uint32_t offset = 0, len;

	if (arg_optional(call, TAG_2, 2, &offset) != SW_OK || offset > object->len)
		return SW_DATA;
	len = object->len - offset;
	if (has(call, TAG_3) &&
	    (!tlv_number(arg(call, TAG_3), 2, &len) || len > object->len - offset))
		return SW_DATA;
	if (len > call->iot->model->payload_max)
		return SW_LENGTH;
	rsp_tlv(call->rsp, TAG_1, object->value + offset, len);
	return SW_OK;
}

/* The public part of a key, or the value of what is no secret */
static uint16_t read_value(struct call *call, const struct object *object)
{
	if (object->type == TYPE_BINARY)
		return has(call, TAG_4) ? SW_DATA : read_binary(call, object);
	if (has(call, TAG_2) || has(call, TAG_3))
		return SW_DATA;
	if (is_rsa(object))
		return rsa_read(call, object);
	if (has(call, TAG_4))
		return SW_DATA;
	if (is_ec(object) && object->type != TYPE_EC_PRIVATE) {
		size_t point = ec_point_len(ec_curve(object->curve));

		rsp_tlv(call->rsp, TAG_1, object->value + object->len - point, point);
		return SW_OK;
	}
	if (object->type != TYPE_COUNTER && object->type != TYPE_PCR)
		return SW_CONDITIONS;	/* a secret */
	rsp_tlv(call->rsp, TAG_1, object->value, object->len);
	return SW_OK;
}

uint16_t cmd_read_object(struct call *call)
{
	bool attested = call->apdu->ins & INS_ATTEST;
	struct object *object;
	uint16_t sw = find_object(call, TAG_1, 0, &object);
	bool readable;

	if (sw != SW_OK)
		return sw;
	readable = policy_allows(call, object, RIGHT_READ) == SW_OK;
	/* applet 7.x attests what an object is even to whom it does not tell its value */
	if (!readable && !(attested && is_7(call)))
		return SW_DENIED;
	sw = readable ? read_value(call, object) : SW_OK;
	if (sw == SW_CONDITIONS && attested && is_7(call))
		sw = SW_OK;
	return sw == SW_OK && attested ? attest(call, object) : sw;
}

uint16_t cmd_read_attributes(struct call *call)
{
	struct object *object;
	uint16_t sw = find_object(call, TAG_1, 0, &object);

	if (sw != SW_OK)
		return sw;
	if (call->apdu->ins & INS_ATTEST)
		return attest(call, object);
	/* 3.x says TAG_2, 7.x TAG_3, as they do when they attest */
	return attributes(call, object, is_7(call) ? TAG_3 : TAG_2);
}

uint16_t cmd_read_type(struct call *call)
{
	struct object *object;
	uint16_t sw = find_object(call, TAG_1, 0, &object);

	if (sw != SW_OK)
		return sw;
	rsp_u8(call->rsp, TAG_1, object_type(call, object));
	rsp_u8(call->rsp, TAG_2, object->transient ? 2 : 1);
	return SW_OK;
}

uint16_t cmd_read_size(struct call *call)
{
	struct object *object;
	uint16_t sw = find_object(call, TAG_1, 0, &object);

	if (sw != SW_OK)
		return sw;
	if (!object_length(object))
		return SW_CONDITIONS;
	rsp_u16(call->rsp, TAG_1, object_length(object));
	return SW_OK;
}

uint16_t cmd_read_id_list(struct call *call)
{
	uint8_t ids[4 * ID_LIST_MAX];
	const struct object *object;
	uint32_t offset, filter;
	size_t n = 0;
	bool more = false;

	if (!tlv_number(arg(call, TAG_1), 2, &offset) ||
	    !tlv_number(arg(call, TAG_2), 1, &filter))
		return SW_DATA;
	for (object = call->iot->store.objects; object; object = object->next) {
		/* the applet's own, which no host was seen to find in a list [U] */
		if (object->id == ID_SESSION_KEY)
			continue;
		if (filter != 0xff && filter != object_type(call, object) &&
		    filter != object->type)
			continue;
		if (offset) {
			offset--;
			continue;
		}
		more = n == ID_LIST_MAX;
		if (more)
			break;
		put_be32(ids + 4 * n++, object->id);
	}
	rsp_u8(call->rsp, TAG_1, more ? 2 : 1);
	rsp_tlv(call->rsp, TAG_2, ids, 4 * n);
	return SW_OK;
}
