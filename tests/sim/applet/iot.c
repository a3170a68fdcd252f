// SPDX-License-Identifier: GPL-2.0-only
/*
 * NXP's IoT applet 7.2, as far as the simulated chip has it
 *
 * Policies are kept with their objects and not enforced; sessions are not there.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "ec.h"
#include "iot.h"
#include "store.h"

#define PAYLOAD_MAX	1024	/* applet 7.2 and later */

/* INS: what is to be done, and how an object is to be */
#define INS_WRITE	0x01
#define INS_READ	0x02
#define INS_CRYPTO	0x03
#define INS_MGMT	0x04
#define INS_MASK	0x1f
#define INS_TRANSIENT	0x80
#define INS_AUTH	0x40

/* P1: what it is about; bits 6 and 5 say which part of a key */
#define P1_MASK		0x1f
#define P1_EC		0x01
#define P1_BINARY	0x06
#define P1_CURVE	0x0b
#define P1_SIGNATURE	0x0c
#define P1_PAIR		0x60
#define P1_PUBLIC	0x20

#define ID_RESERVED	0x7fff0000u
#define ID_LIST_MAX	200	/* in one answer */

struct iot {
	struct store store;
};

/* A command on its way through */
struct call {
	struct iot *iot;
	const struct apdu *apdu;
	struct tlvs tlvs;
	struct response *rsp;
	uint32_t delay_ms;
};

static const uint8_t version[] = { 0x07, 0x02, 0x00, 0x3F, 0x9F, 0xFF, 0xFF };

void iot_version(struct response *rsp)
{
	rsp_put(rsp, version, sizeof(version));
}

static const struct tlv *arg(const struct call *call, uint8_t tag)
{
	return &call->tlvs.tag[tag];
}

/* Return: SW_OK, SW_DATA without a number, SW_CONDITIONS without an object. */
static uint16_t find_object(const struct call *call, struct object **object)
{
	uint32_t id;

	if (!tlv_number(arg(call, TAG_1), 4, &id))
		return SW_DATA;
	*object = store_find(&call->iot->store, id);
	return *object ? SW_OK : SW_CONDITIONS;
}

static uint16_t save(const struct call *call)
{
	return store_save(&call->iot->store) ? SW_INTERNAL : SW_OK;
}

/* ---- management ---- */

static uint16_t get_version(struct call *call)
{
	rsp_tlv(call->rsp, TAG_1, version, sizeof(version));
	return SW_OK;
}

static uint16_t get_ext_version(struct call *call)
{
	uint8_t *room = rsp_tlv_room(call->rsp, TAG_1, 37);

	if (room) {
		memset(room, 0xff, 37);
		memcpy(room, version, sizeof(version));
	}
	return SW_OK;
}

static uint16_t get_timestamp(struct call *call)
{
	uint8_t stamp[12] = { };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	put_be32(stamp + 4, now.tv_sec);
	put_be32(stamp + 8, now.tv_nsec / 1000);
	rsp_tlv(call->rsp, TAG_1, stamp, sizeof(stamp));
	return SW_OK;
}

static uint16_t get_free_memory(struct call *call)
{
	uint32_t type;

	if (!tlv_number(arg(call, TAG_1), 1, &type) || type < 1 || type > 3)
		return SW_DATA;
	rsp_u16(call->rsp, TAG_1, store_free(&call->iot->store, type != 1));
	return SW_OK;
}

static uint16_t get_random(struct call *call)
{
	uint32_t len;
	uint8_t *room;

	if (!tlv_number(arg(call, TAG_1), 2, &len) || !len || len > PAYLOAD_MAX - 8)
		return SW_DATA;
	room = rsp_tlv_room(call->rsp, TAG_1, len);
	call->delay_ms += len / 32;
	return room && RAND_bytes(room, len) == 1 ? SW_OK : SW_INTERNAL;
}

static uint16_t check_exists(struct call *call)
{
	uint32_t id;

	if (!tlv_number(arg(call, TAG_1), 4, &id))
		return SW_DATA;
	rsp_u8(call->rsp, TAG_1, store_find(&call->iot->store, id) ? 1 : 2);
	return SW_OK;
}

static uint16_t delete_object(struct call *call)
{
	struct object *object;
	uint16_t sw = find_object(call, &object);

	if (sw != SW_OK)
		return sw;
	if ((object->id & 0xffff0000u) == ID_RESERVED)
		return SW_DENIED;
	store_delete(&call->iot->store, object);
	return save(call);
}

/* ---- reading ---- */

static uint8_t type_of(const struct object *object)
{
	/* applet 7.x names the curve too: pair, private, public of the first, ... */
	if (object->type == TYPE_EC_PAIR || object->type == TYPE_EC_PUBLIC)
		return 0x21 + 4 * (object->curve - 1) + object->type - TYPE_EC_PAIR;
	return object->type;
}

static uint16_t read_object(struct call *call)
{
	const struct tlv *offset_arg = arg(call, TAG_2), *len_arg = arg(call, TAG_3);
	struct object *object;
	uint16_t sw = find_object(call, &object);
	uint32_t offset = 0, len;

	if (sw != SW_OK)
		return sw;
	if (object->type != TYPE_BINARY) {	/* keys: all of the public part */
		const struct curve *curve = ec_curve(object->curve);
		size_t point = ec_point_len(curve);

		if (offset_arg->value || len_arg->value)
			return SW_DATA;
		rsp_tlv(call->rsp, TAG_1, object->value + object->len - point, point);
		return SW_OK;
	}
	len = object->len;
	if (offset_arg->value && !tlv_number(offset_arg, 2, &offset))
		return SW_DATA;
	if (offset > object->len)
		return SW_DATA;
	len -= offset;
	if (len_arg->value && (!tlv_number(len_arg, 2, &len) || len > object->len - offset))
		return SW_DATA;
	if (len > PAYLOAD_MAX)
		return SW_LENGTH;
	rsp_tlv(call->rsp, TAG_1, object->value + offset, len);
	return SW_OK;
}

static uint16_t read_type(struct call *call)
{
	struct object *object;
	uint16_t sw = find_object(call, &object);

	if (sw != SW_OK)
		return sw;
	rsp_u8(call->rsp, TAG_1, type_of(object));
	rsp_u8(call->rsp, TAG_2, object->transient ? 2 : 1);
	return SW_OK;
}

static uint16_t read_size(struct call *call)
{
	struct object *object;
	uint16_t sw = find_object(call, &object);

	if (sw != SW_OK)
		return sw;
	rsp_u16(call->rsp, TAG_1, object->type == TYPE_BINARY ? object->len :
		ec_curve(object->curve)->len);
	return SW_OK;
}

static uint16_t read_id_list(struct call *call)
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
		if (filter != 0xff && filter != type_of(object) && filter != object->type)
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

/* ---- curves ---- */

static uint16_t curve_arg(const struct call *call, uint8_t tag, const struct curve **curve)
{
	uint32_t id;

	if (!tlv_number(arg(call, tag), 1, &id))
		return SW_DATA;
	*curve = ec_curve(id);
	return *curve ? SW_OK : SW_DATA;
}

static uint8_t *curve_state(const struct call *call, const struct curve *curve)
{
	return &call->iot->store.curves[curve->id - 1];
}

static uint16_t create_curve(struct call *call)
{
	const struct curve *curve;
	uint16_t sw = curve_arg(call, TAG_1, &curve);

	if (sw != SW_OK)
		return sw;
	if (*curve_state(call, curve))
		return SW_CONDITIONS;
	*curve_state(call, curve) = CURVE_CREATED;
	return save(call);
}

static uint16_t set_curve_param(struct call *call)
{
	const struct curve *curve;
	uint32_t param;
	uint16_t sw = curve_arg(call, TAG_1, &curve);

	if (sw != SW_OK)
		return sw;
	if (!(*curve_state(call, curve) & CURVE_CREATED))
		return SW_CONDITIONS;
	if (!tlv_number(arg(call, TAG_2), 1, &param) ||
	    !ec_param_fits(curve, param, arg(call, TAG_3)->value, arg(call, TAG_3)->len))
		return SW_DATA;
	*curve_state(call, curve) |= param;
	return save(call);
}

static uint16_t read_curve_list(struct call *call)
{
	uint8_t list[STORE_CURVES];
	int i;

	for (i = 0; i < STORE_CURVES; i++)
		list[i] = call->iot->store.curves[i] == CURVE_SET ? 2 : 1;
	rsp_tlv(call->rsp, TAG_1, list, sizeof(list));
	return SW_OK;
}

static uint16_t delete_curve(struct call *call)
{
	const struct curve *curve;
	uint16_t sw = curve_arg(call, TAG_1, &curve);

	if (sw != SW_OK)
		return sw;
	if (!*curve_state(call, curve))
		return SW_CONDITIONS;
	*curve_state(call, curve) = 0;
	return save(call);
}

/* ---- writing ---- */

static uint16_t new_object(const struct call *call, uint32_t id, uint8_t type, size_t len,
			   struct object **made)
{
	const struct tlv *policy = arg(call, TAG_POLICY);
	struct object *object = calloc(1, sizeof(*object));
	uint32_t number = 0;

	if (!object)
		return SW_MEMORY;
	object->id = id;
	object->type = type;
	object->len = len;
	object->transient = call->apdu->ins & INS_TRANSIENT;
	object->auth = call->apdu->ins & INS_AUTH;
	object->policy_len = policy->len;
	object->policy = malloc(policy->len + 1);
	object->value = OPENSSL_zalloc(len + 1);
	if (tlv_number(arg(call, TAG_MAX_ATTEMPTS), 2, &number))
		object->max_attempts = number;
	if (tlv_number(arg(call, TAG_11), 4, &number))
		object->version = number;
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

/* Fill in what comes with the command, or make a new pair. */
static uint16_t fill_key(const struct call *call, const struct curve *curve, bool pair,
			 struct object *object)
{
	const struct tlv *scalar = arg(call, TAG_3), *point = arg(call, TAG_4);
	uint8_t *to = object->value;

	if (pair && !scalar->value && !point->value)
		return ec_generate(curve, to, to + curve->len) ? SW_OK : SW_INTERNAL;
	if (point->len != ec_point_len(curve) ||
	    (pair ? scalar->len != curve->len : !!scalar->value))
		return SW_DATA;
	if (!ec_key_fits(curve, pair ? scalar->value : NULL, point->value))
		return SW_DATA;
	if (pair)
		memcpy(to, scalar->value, scalar->len);
	memcpy(to + (pair ? curve->len : 0), point->value, point->len);
	return SW_OK;
}

static uint16_t write_ec_key(struct call *call)
{
	bool pair = (call->apdu->p1 & ~P1_MASK) == P1_PAIR;
	struct object *old, *object;
	const struct curve *curve;
	uint32_t id;
	uint16_t sw;

	if (!pair && (call->apdu->p1 & ~P1_MASK) != P1_PUBLIC)
		return SW_DATA;	/* private parts alone are not taken any more */
	if (!tlv_number(arg(call, TAG_1), 4, &id))
		return SW_DATA;
	old = store_find(&call->iot->store, id);
	if (old && (old->type == TYPE_BINARY || (id & 0xffff0000u) == ID_RESERVED))
		return SW_CONDITIONS;
	if (old && !arg(call, TAG_2)->value)
		curve = ec_curve(old->curve);
	else if (curve_arg(call, TAG_2, &curve) != SW_OK)
		return SW_DATA;
	if (old && curve->id != old->curve)
		return SW_CONDITIONS;
	if (*curve_state(call, curve) != CURVE_SET)
		return SW_CONDITIONS;

	sw = new_object(call, id, pair ? TYPE_EC_PAIR : TYPE_EC_PUBLIC,
			(pair ? curve->len : 0) + ec_point_len(curve), &object);
	if (sw != SW_OK)
		return sw;
	object->curve = curve->id;
	sw = fill_key(call, curve, pair, object);
	if (sw != SW_OK) {
		object_free(object);
		return sw;
	}
	if (pair && !arg(call, TAG_3)->value)
		call->delay_ms = curve->generate_ms;
	if (old)
		store_delete(&call->iot->store, old);
	store_add(&call->iot->store, object);
	return save(call);
}

static uint16_t write_binary(struct call *call)
{
	const struct tlv *data = arg(call, TAG_4);
	struct object *object;
	uint32_t id, offset = 0, len;
	uint16_t sw;

	if (!tlv_number(arg(call, TAG_1), 4, &id))
		return SW_DATA;
	if (arg(call, TAG_2)->value && !tlv_number(arg(call, TAG_2), 2, &offset))
		return SW_DATA;
	object = store_find(&call->iot->store, id);
	if (object && (id & 0xffff0000u) == ID_RESERVED)
		return SW_DENIED;
	if (object && object->type != TYPE_BINARY)
		return SW_CONDITIONS;
	if (!object) {
		if (!tlv_number(arg(call, TAG_3), 2, &len) || offset + data->len > len)
			return SW_DATA;
		sw = new_object(call, id, TYPE_BINARY, len, &object);
		if (sw != SW_OK)
			return sw;
		store_add(&call->iot->store, object);
	}
	if (offset + data->len > object->len)
		return SW_DATA;
	if (data->len)
		memcpy(object->value + offset, data->value, data->len);
	return save(call);
}

/* ---- signatures ---- */

/* Return: length of the digest that goes with an ECDSA algorithm, 0: none. */
static size_t digest_len(uint32_t algorithm)
{
	switch (algorithm) {
	case 0x11: return 20;
	case 0x25: return 28;
	case 0x21: return 32;
	case 0x22: return 48;
	case 0x26: return 64;
	default: return 0;
	}
}

static uint16_t signature_args(const struct call *call, struct object **object,
			       const struct curve **curve)
{
	uint16_t sw = find_object(call, object);
	uint32_t algorithm;

	if (sw != SW_OK)
		return sw;
	if ((*object)->type == TYPE_BINARY)
		return SW_CONDITIONS;
	if (!tlv_number(arg(call, TAG_2), 1, &algorithm) || !digest_len(algorithm) ||
	    arg(call, TAG_3)->len != digest_len(algorithm))
		return SW_DATA;
	*curve = ec_curve((*object)->curve);
	return SW_OK;
}

static uint16_t ecdsa_sign(struct call *call)
{
	uint8_t sig[EC_SIG_MAX];
	const struct curve *curve;
	struct object *object;
	uint16_t sw = signature_args(call, &object, &curve);
	size_t len;

	if (sw != SW_OK)
		return sw;
	if (object->type != TYPE_EC_PAIR)
		return SW_CONDITIONS;
	len = ec_sign(curve, object->value, object->value + curve->len,
		      arg(call, TAG_3)->value, arg(call, TAG_3)->len, sig);
	if (!len)
		return SW_INTERNAL;
	call->delay_ms = curve->sign_ms;
	rsp_tlv(call->rsp, TAG_1, sig, len);
	return SW_OK;
}

static uint16_t ecdsa_verify(struct call *call)
{
	const struct tlv *sig = arg(call, TAG_5);
	const struct curve *curve;
	struct object *object;
	uint16_t sw = signature_args(call, &object, &curve);

	if (sw != SW_OK)
		return sw;
	if (!sig->value)
		return SW_DATA;
	call->delay_ms = curve->sign_ms;
	rsp_u8(call->rsp, TAG_1,
	       ec_verify(curve, object->value + object->len - ec_point_len(curve),
			 arg(call, TAG_3)->value, arg(call, TAG_3)->len,
			 sig->value, sig->len) ? 1 : 2);
	return SW_OK;
}

/* ---- which is which ---- */

static const struct command {
	uint8_t ins;
	uint8_t p1;
	uint8_t p2;
	bool data;	/* it has some */
	uint16_t delay_ms;
	uint16_t (*run)(struct call *call);
} commands[] = {
	{ INS_MGMT, 0, 0x20, false, 2, get_version },
	{ INS_MGMT, 0, 0x21, false, 2, get_ext_version },
	{ INS_MGMT, 0, 0x3d, false, 2, get_timestamp },
	{ INS_MGMT, 0, 0x22, true, 2, get_free_memory },
	{ INS_MGMT, 0, 0x49, true, 3, get_random },
	{ INS_MGMT, 0, 0x27, true, 2, check_exists },
	{ INS_MGMT, 0, 0x28, true, 20, delete_object },
	{ INS_MGMT, P1_CURVE, 0x28, true, 20, delete_curve },
	{ INS_READ, 0, 0x00, true, 4, read_object },
	{ INS_READ, 0, 0x26, true, 2, read_type },
	{ INS_READ, 0, 0x07, true, 2, read_size },
	{ INS_READ, 0, 0x25, true, 4, read_id_list },
	{ INS_READ, P1_CURVE, 0x25, false, 2, read_curve_list },
	{ INS_WRITE, P1_EC, 0x00, true, 20, write_ec_key },
	{ INS_WRITE, P1_BINARY, 0x00, true, 15, write_binary },
	{ INS_WRITE, P1_CURVE, 0x04, true, 15, create_curve },
	{ INS_WRITE, P1_CURVE, 0x40, true, 15, set_curve_param },
	{ INS_CRYPTO, P1_SIGNATURE, 0x09, true, 40, ecdsa_sign },
	{ INS_CRYPTO, P1_SIGNATURE, 0x0a, true, 40, ecdsa_verify },
};

static uint16_t find_command(const struct apdu *apdu, const struct command **found)
{
	uint16_t sw = SW_INS;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];
		uint8_t flags = c->ins == INS_WRITE ? INS_TRANSIENT | INS_AUTH : 0;
		uint8_t p1 = c->run == write_ec_key ? apdu->p1 & P1_MASK : apdu->p1;

		if ((apdu->ins & ~flags) != c->ins)
			continue;
		sw = SW_P1P2;
		if (p1 == c->p1 && apdu->p2 == c->p2) {
			*found = c;
			return SW_OK;
		}
	}
	return sw;
}

uint16_t iot_process(struct iot *iot, const struct apdu *apdu, struct response *rsp,
		     uint32_t *delay_us)
{
	struct call call = { .iot = iot, .apdu = apdu, .rsp = rsp };
	const struct command *command;
	uint16_t sw;

	if (apdu->cla != 0x80)
		return SW_CLA;
	if (apdu->lc > PAYLOAD_MAX)
		return SW_LENGTH;
	sw = find_command(apdu, &command);
	if (sw != SW_OK)
		return sw;
	if (command->data != (apdu->lc != 0))
		return SW_LENGTH;
	sw = tlvs_parse(&call.tlvs, apdu->data, apdu->lc);
	if (sw != SW_OK)
		return sw;
	call.delay_ms = command->delay_ms;
	sw = command->run(&call);
	*delay_us = call.delay_ms * 1000;
	return sw;
}

struct iot *iot_new(const char *state)
{
	struct iot *iot = calloc(1, sizeof(*iot));

	if (iot && store_open(&iot->store, state)) {
		int error = errno;

		iot_free(iot);
		errno = error;
		return NULL;
	}
	return iot;
}

void iot_free(struct iot *iot)
{
	if (iot)
		store_close(&iot->store);
	free(iot);
}

void iot_reset(struct iot *iot)
{
	store_drop_transient(&iot->store);
}
