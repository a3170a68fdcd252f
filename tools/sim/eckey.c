// SPDX-License-Identifier: GPL-2.0-only
/* EC keys, the curves they need, and key agreement */

#include <string.h>

#include <openssl/crypto.h>

#include "ec.h"
#include "object.h"
#include "policy.h"

/* ---- curves ---- */

#define WEIERSTRASS	16	/* numbers of those that have parameters: 1 to this */

static bool curve_here(const struct call *call, const struct curve *curve)
{
	switch (curve->id) {
	case CURVE_ED25519:
		return feature(call, FEATURE_EDDSA);
	case CURVE_X25519:
		return feature(call, FEATURE_DH_MONT);
	case CURVE_X448:
		return is_7(call) && feature(call, FEATURE_DH_MONT);
	}
	return true;
}

static uint16_t curve_arg(const struct call *call, uint8_t tag, const struct curve **curve)
{
	uint32_t id;

	if (!tlv_number(arg(call, tag), 1, &id))
		return SW_DATA;
	*curve = ec_curve(id);
	return *curve && curve_here(call, *curve) ? SW_OK : SW_DATA;
}

/* One that has parameters */
static uint16_t weierstrass_arg(const struct call *call, const struct curve **curve)
{
	uint16_t sw = curve_arg(call, TAG_1, curve);

	return sw == SW_OK && ec_built_in(*curve) ? SW_DATA : sw;
}

static uint8_t *curve_state(const struct call *call, const struct curve *curve)
{
	return &call->iot->store.curves[curve->id - 1];
}

/* Can there be keys on it? */
static bool curve_ready(const struct call *call, const struct curve *curve)
{
	if (curve->id == CURVE_ED25519 ||
	    (ec_built_in(curve) && !call->iot->create_montgomery))
		return true;
	return *curve_state(call, curve) == CURVE_SET;
}

uint16_t cmd_create_curve(struct call *call)
{
	const struct curve *curve;
	uint16_t sw = curve_arg(call, TAG_1, &curve);

	if (sw != SW_OK)
		return sw;
	if (curve->id == CURVE_ED25519 || (ec_built_in(curve) && !is_7(call)))
		return SW_DATA;
	if (*curve_state(call, curve) || curve_ready(call, curve))
		return SW_CONDITIONS;
	*curve_state(call, curve) = ec_built_in(curve) ? CURVE_SET : CURVE_CREATED;
	return iot_save(call);
}

uint16_t cmd_set_curve_param(struct call *call)
{
	const struct curve *curve;
	uint32_t param;
	uint16_t sw = weierstrass_arg(call, &curve);

	if (sw != SW_OK)
		return sw;
	if (!(*curve_state(call, curve) & CURVE_CREATED))
		return SW_CONDITIONS;
	if (!tlv_number(arg(call, TAG_2), 1, &param) ||
	    !ec_param_fits(curve, param, arg(call, TAG_3)->value, arg(call, TAG_3)->len))
		return SW_DATA;
	*curve_state(call, curve) |= param;
	return iot_save(call);
}

uint16_t cmd_read_curve_list(struct call *call)
{
	uint8_t list[WEIERSTRASS];
	int i;

	for (i = 0; i < WEIERSTRASS; i++)
		list[i] = call->iot->store.curves[i] == CURVE_SET ? 2 : 1;
	rsp_tlv(call->rsp, TAG_1, list, sizeof(list));
	return SW_OK;
}

uint16_t cmd_get_curve_id(struct call *call)
{
	struct object *object;
	uint16_t sw = find_object(call, TAG_1, 0, &object);

	if (sw != SW_OK)
		return sw;
	if (!object->curve)
		return SW_CONDITIONS;
	rsp_u8(call->rsp, TAG_1, object->curve);
	return SW_OK;
}

/* Not while a key needs it [U] */
uint16_t cmd_delete_curve(struct call *call)
{
	const struct object *object;
	const struct curve *curve;
	uint16_t sw = curve_arg(call, TAG_1, &curve);

	if (sw == SW_OK && ec_built_in(curve) &&
	    (curve->id == CURVE_ED25519 || !call->iot->create_montgomery))
		sw = SW_DATA;
	if (sw != SW_OK)
		return sw;
	if (!*curve_state(call, curve))
		return SW_CONDITIONS;
	for (object = call->iot->store.objects; object; object = object->next)
		if (object->curve == curve->id && object->origin != ORIGIN_PROVISIONED)
			return SW_CONDITIONS;
	*curve_state(call, curve) = 0;
	return iot_save(call);
}

/* ---- keys ---- */

/*
 * What comes with the command, or a new pair, into @value: private part, if it is to have
 * one, and point, which is there even where the chip has the private part only.
 * Return: SW_OK, SW_DATA, ...
 */
static uint16_t take_key(struct call *call, const struct curve *curve, uint8_t type,
			 uint8_t *value)
{
	const struct tlv *scalar = arg(call, TAG_3), *point = arg(call, TAG_4);
	bool private = type != TYPE_EC_PUBLIC, public = type != TYPE_EC_PRIVATE;

	if (type == TYPE_EC_PAIR && !scalar->value && !point->value) {
		call->delay_ms = curve->generate_ms;
		return ec_generate(curve, value, value + curve->len) ? SW_OK : SW_INTERNAL;
	}
	if (!!scalar->value != private || !!point->value != public)
		return SW_DATA;
	if ((private && scalar->len != curve->len) ||
	    (public && point->len != ec_point_len(curve)))
		return SW_CONDITIONS;
	if (private) {
		memcpy(value, scalar->value, scalar->len);
		value += scalar->len;
	}
	if (!public)
		return ec_public(curve, scalar->value, value) ? SW_OK : SW_DATA;
	memcpy(value, point->value, point->len);
	return ec_key_fits(curve, scalar->value, point->value) ? SW_OK : SW_DATA;
}

static uint16_t put_key(struct call *call, struct object *old, const struct curve *curve,
			uint8_t type, const uint8_t *value)
{
	size_t len = (type == TYPE_EC_PUBLIC ? 0 : curve->len) + ec_point_len(curve);
	struct object *object = old;
	uint16_t sw;

	if (old) {
		sw = object_set_value(call, old, value, len);
		object_set_version(call, old);
	} else {
		sw = object_new(call, type, len, &object);
		if (sw == SW_OK) {
			object->curve = curve->id;
			memcpy(object->value, value, len);
			store_add(&call->iot->store, object);
		}
	}
	if (sw != SW_OK)
		return sw;
	object->origin = has(call, TAG_3) || has(call, TAG_4) ? ORIGIN_EXTERNAL :
								ORIGIN_INTERNAL;
	return iot_save_object(call, object);
}

uint16_t cmd_write_ec_key(struct call *call)
{
	static const uint8_t types[] = {
		[P1_PAIR >> 5] = TYPE_EC_PAIR, [P1_PRIVATE >> 5] = TYPE_EC_PRIVATE,
		[P1_PUBLIC >> 5] = TYPE_EC_PUBLIC,
	};
	uint8_t part = call->apdu->p1 >> 5, value[EC_SCALAR_MAX + EC_POINT_MAX], type;
	const struct curve *curve;
	struct object *old;
	uint16_t sw;

	type = part < sizeof(types) ? types[part] : 0;
	if (!type)
		return SW_DATA;
	sw = write_begin(call, type, has(call, TAG_3) || has(call, TAG_4) ? RIGHT_WRITE :
									  RIGHT_GEN, &old);
	if (sw != SW_OK)
		return sw;
	if (old && !has(call, TAG_2))
		curve = ec_curve(old->curve);
	else if (curve_arg(call, TAG_2, &curve) != SW_OK)
		return SW_DATA;
	if (old && curve->id != old->curve)
		return SW_CONDITIONS;
	if (!curve_ready(call, curve))
		return SW_CONDITIONS;
	sw = take_key(call, curve, type, value);
	if (sw == SW_OK)
		sw = put_key(call, old, curve, type, value);
	OPENSSL_cleanse(value, sizeof(value));
	return sw;
}

/* ---- agreement ---- */

/* The secret becomes the value of an object instead of leaving the chip (7.x). */
static uint16_t keep_secret(struct call *call, const uint8_t *secret, size_t len)
{
	struct object *target;
	uint16_t sw = find_typed(call, TAG_7, IS_TYPE(TYPE_HMAC) | IS_TYPE(TYPE_AES),
				 RIGHT_WRITE, &target);

	if (sw != SW_OK)
		return sw;
	if (target->type == TYPE_AES && len != target->len)
		return SW_CONDITIONS;
	sw = object_set_value(call, target, secret, len);
	return sw == SW_OK ? iot_save_object(call, target) : sw;
}

uint16_t cmd_ecdh(struct call *call)
{
	const struct tlv *peer = arg(call, TAG_2);
	uint8_t secret[EC_SCALAR_MAX], swapped[EC_SCALAR_MAX];
	const struct curve *curve;
	struct object *object;
	uint16_t sw = find_typed(call, TAG_1, EC_SECRETS, RIGHT_KA, &object);
	size_t i;

	if (sw != SW_OK)
		return sw;
	if (object->curve == CURVE_ED25519)
		return SW_CONDITIONS;
	if (has(call, TAG_7) && !is_7(call))
		return SW_DATA;
	curve = ec_curve(object->curve);
	if (peer->len != ec_point_len(curve) ||
	    !ec_agree(curve, object->value, object->value + curve->len, peer->value, secret))
		return SW_DATA;
	call->delay_ms = curve->sign_ms + 20;
	if (call->apdu->p2 == 0x59) {	/* the other way round */
		for (i = 0; i < curve->len; i++)
			swapped[i] = secret[curve->len - 1 - i];
		memcpy(secret, swapped, curve->len);
		OPENSSL_cleanse(swapped, sizeof(swapped));
	}
	if (has(call, TAG_7))
		sw = keep_secret(call, secret, curve->len);
	else
		rsp_tlv(call->rsp, TAG_1, secret, curve->len);
	OPENSSL_cleanse(secret, sizeof(secret));
	return sw;
}
