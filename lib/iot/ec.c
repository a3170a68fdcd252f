// SPDX-License-Identifier: LGPL-2.1-or-later
/* EC keys: made, imported, read, used */
#include "iot.h"

static void copy_reversed(void *to, const void *from, size_t len)
{
	const uint8_t *in = from;
	uint8_t *out = to;

	for (size_t i = 0; i < len; i++)
		out[i] = in[len - 1 - i];
}

/* Between the RFCs' order and the chip's, both ways */
static void copy_for(uint8_t curve, void *to, const void *from, size_t len)
{
	if (curve_is_rfc(curve))
		copy_reversed(to, from, len);
	else
		memcpy(to, from, len);
}

/* A key needs its curve. */
static int provide_curve(struct se05x_iot *iot, uint8_t curve, bool *made,
			 struct se05x_call *call)
{
	bool ready;
	int ret = se05x_iot_curve_ready(iot, curve, &ready, call);

	if (made)
		*made = false;
	if (ret || ready)
		return ret;
	ret = se05x_iot_curve_create(iot, curve, call);
	if (ret == -EEXIST) {
		/* the whole of it, if somebody else was faster */
		ret = se05x_iot_curve_ready(iot, curve, &ready, call);
		if (ret || ready)
			return ret;
		/* a part of it, from when that was interrupted: no key can be on it */
		ret = se05x_iot_curve_delete(iot, curve, call);
		if (!ret)
			ret = se05x_iot_curve_create(iot, curve, call);
	}
	if (!ret && made)
		*made = true;
	return ret;
}

/* A key that is to be written; @scalar and @point may be NULL */
struct key {
	uint32_t id;
	uint8_t curve;
	const void *scalar;
	const void *point;
	const struct se05x_iot_new *how;
};

static int send_key(struct se05x_iot *iot, const struct key *key, struct se05x_call *call)
{
	bool public = key->point && !key->scalar, replace = key->how && key->how->replace;
	size_t size = se05x_iot_curve(key->curve)->size;
	size_t point_len = se05x_iot_point_len(key->curve);
	uint8_t bytes[SE05X_IOT_POINT_MAX];
	struct command cmd;
	int ret;

	siot_begin(&cmd, INS_WRITE, P1_EC | (public ? P1_PUBLIC : P1_PAIR), 0x00, 0);
	if (!replace)
		siot_new(&cmd, key->how);
	siot_object(&cmd, key->id);
	/* the curve of a key that is there must not be told again */
	if (!replace)
		siot_u8(&cmd, TAG_2, key->curve);
	if (key->scalar) {
		/* a seed, not a number: as it is */
		copy_for(key->curve == SE05X_IOT_CURVE_ED25519 ? 0 : key->curve, bytes,
			 key->scalar, size);
		siot_tlv(&cmd, TAG_3, bytes, size);
	}
	if (key->point) {
		copy_for(key->curve, bytes, key->point, point_len);
		siot_tlv(&cmd, TAG_4, bytes, point_len);
	}
	ret = siot_run(iot, &cmd, NULL, call);
	explicit_bzero(bytes, sizeof(bytes));
	return ret;
}

static int write_key(struct se05x_iot *iot, const struct key *key, bool *made,
		     struct se05x_call *call)
{
	struct se05x_call mine = { 0 };
	int ret;

	call = call ? call : &mine;
	if (made)
		*made = false;
	ret = siot_curve_check(iot, key->curve, call);
	if (!ret)
		ret = siot_place(iot, key->id, key->how, SE05X_IOT_KIND_EC, key->curve, 0, call);
	if (!ret)
		ret = provide_curve(iot, key->curve, made, call);
	if (ret)
		return ret;
	ret = send_key(iot, key, call);
	/* some applets of 7.x want these curves to be created before there is a key [U] */
	if (ret == -EBADR && call->sw == 0x6985 && siot_is_montgomery(key->curve)) {
		ret = se05x_iot_curve_create(iot, key->curve, call);
		if (!ret && made)
			*made = true;
		if (!ret)
			ret = send_key(iot, key, call);
	}
	return ret;
}

EXPORT int se05x_iot_ec_generate(struct se05x_iot *iot, uint32_t id, uint8_t curve,
				 const struct se05x_iot_new *how, bool *curve_made,
				 struct se05x_call *call)
{
	const struct key key = { .id = id, .curve = curve, .how = how };

	return write_key(iot, &key, curve_made, call);
}

EXPORT int se05x_iot_ec_import(struct se05x_iot *iot, uint32_t id, uint8_t curve,
			       const void *scalar, const void *point,
			       const struct se05x_iot_new *how, bool *curve_made,
			       struct se05x_call *call)
{
	const struct key key = {
		.id = id, .curve = curve, .scalar = scalar, .point = point, .how = how,
	};

	if (!point)
		return siot_refuse(-EINVAL, call);
	return write_key(iot, &key, curve_made, call);
}

/* The curve of a key, if the caller does not know it */
static int find_curve(struct se05x_iot *iot, uint32_t id, uint8_t *curve,
		      struct se05x_call *call)
{
	struct se05x_iot_object object;
	int ret;

	if (*curve)
		return se05x_iot_curve(*curve) ? 0 : siot_refuse(-EINVAL, call);
	ret = se05x_iot_object(iot, id, &object, call);
	if (ret)
		return ret;
	if (object.kind != SE05X_IOT_KIND_EC)
		return siot_refuse(-EMEDIUMTYPE, call);
	if (!se05x_iot_curve(object.curve))
		return siot_refuse(-EOPNOTSUPP, call);
	*curve = object.curve;
	return 0;
}

/* A buffer of @need bytes? Return: 0, or -ENOSPC and what is needed is told. */
static int room_for(size_t *len, size_t need, struct se05x_call *call)
{
	bool enough = *len >= need;

	*len = need;
	return enough ? 0 : siot_refuse(-ENOSPC, call);
}

EXPORT int se05x_iot_ec_public(struct se05x_iot *iot, uint32_t id, uint8_t *curve, void *point,
			       size_t *len, struct se05x_call *call)
{
	uint8_t bytes[SE05X_IOT_POINT_MAX];
	struct command cmd;
	int ret = find_curve(iot, id, curve, call);

	if (!ret)
		ret = room_for(len, se05x_iot_point_len(*curve), call);
	if (ret)
		return ret;
	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x00, LE_LONG);
	siot_object(&cmd, id);
	ret = siot_run_fixed(iot, &cmd, bytes, *len, call);
	if (ret)
		return ret;
	if (!curve_is_rfc(*curve) && bytes[0] != 0x04)
		return -EPROTO;
	copy_for(*curve, point, bytes, *len);
	return 0;
}

/* ---- signatures ---- */

static const struct {
	size_t len;
	uint8_t ecdsa;
} hashes[] = {
	[SE05X_IOT_HASH_SHA1] = { 20, 0x11 },
	[SE05X_IOT_HASH_SHA224] = { 28, 0x25 },
	[SE05X_IOT_HASH_SHA256] = { 32, 0x21 },
	[SE05X_IOT_HASH_SHA384] = { 48, 0x22 },
	[SE05X_IOT_HASH_SHA512] = { 64, 0x26 },
};

EXPORT size_t se05x_iot_hash_len(enum se05x_iot_hash hash)
{
	return (size_t)hash < ARRAY_SIZE(hashes) ? hashes[hash].len : 0;
}

uint8_t siot_ecdsa_algorithm(enum se05x_iot_hash hash)
{
	return hashes[hash].ecdsa;
}

#define EDDSA_PURE	0xA3

static void signature_begin(struct command *cmd, uint8_t p2, uint32_t id, uint8_t algorithm,
			    const void *data, size_t len)
{
	siot_begin(cmd, INS_CRYPTO, P1_SIGNATURE, p2, LE_SHORT);
	siot_object(cmd, id);
	siot_u8(cmd, TAG_2, algorithm);
	siot_tlv(cmd, TAG_3, data, len);
}

/* A positive INTEGER at *@at, written as short as can be (X.690, 8.3 and 10.1) */
static bool take_integer(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *p = *at;
	size_t len;

	if (end - p < 3 || p[0] != 0x02)
		return false;
	len = p[1];	/* of P-521 67 at most: one byte says it */
	if (!len || len > 0x7f || len > (size_t)(end - p - 2) || p[2] & 0x80 ||
	    (len > 1 && !p[2] && !(p[3] & 0x80)))
		return false;
	*at = p + 2 + len;
	return true;
}

/* ECDSA-Sig-Value: a SEQUENCE of two INTEGERs, and nothing behind it */
static bool is_signature(const uint8_t *sig, size_t len)
{
	const uint8_t *at = sig + 2, *end = sig + len;

	if (len < 2 || sig[0] != 0x30)
		return false;
	if (sig[1] == 0x81) {
		if (len < 3 || sig[2] < 0x80 || sig[2] != len - 3)
			return false;
		at++;
	} else if (sig[1] != len - 2 || sig[1] > 0x7f) {
		return false;
	}
	return take_integer(&at, end) && take_integer(&at, end) && at == end;
}

EXPORT int se05x_iot_ecdsa_sign(struct se05x_iot *iot, uint32_t id, enum se05x_iot_hash hash,
				const void *digest, void *sig, size_t *sig_len,
				struct se05x_call *call)
{
	struct command cmd;
	int ret = siot_need(iot, SE05X_IOT_FEATURE_ECDSA, call);

	if (ret)
		return ret;
	if (!se05x_iot_hash_len(hash))
		return siot_refuse(-EINVAL, call);
	signature_begin(&cmd, 0x09, id, hashes[hash].ecdsa, digest, hashes[hash].len);
	ret = siot_run_bytes(iot, &cmd, sig, sig_len, call);
	return !ret && !is_signature(sig, *sig_len) ? -EPROTO : ret;
}

EXPORT int se05x_iot_ecdsa_verify(struct se05x_iot *iot, uint32_t id, enum se05x_iot_hash hash,
				  const void *digest, const void *sig, size_t sig_len,
				  bool *good, struct se05x_call *call)
{
	struct command cmd;
	int ret = siot_need(iot, SE05X_IOT_FEATURE_ECDSA, call);

	if (ret)
		return ret;
	if (!se05x_iot_hash_len(hash))
		return siot_refuse(-EINVAL, call);
	signature_begin(&cmd, 0x0A, id, hashes[hash].ecdsa, digest, hashes[hash].len);
	siot_tlv(&cmd, TAG_5, sig, sig_len);
	return siot_run_yes(iot, &cmd, good, call);
}

EXPORT int se05x_iot_eddsa_sign(struct se05x_iot *iot, uint32_t id, const void *message,
				size_t len, uint8_t sig[64], struct se05x_call *call)
{
	struct command cmd;
	uint8_t bytes[64];
	int ret = siot_need(iot, SE05X_IOT_FEATURE_EDDSA, call);

	if (ret)
		return ret;
	signature_begin(&cmd, 0x09, id, EDDSA_PURE, message, len);
	ret = siot_run_fixed(iot, &cmd, bytes, sizeof(bytes), call);
	if (ret)
		return ret;
	copy_reversed(sig, bytes, 32);
	copy_reversed(sig + 32, bytes + 32, 32);
	return 0;
}

EXPORT int se05x_iot_eddsa_verify(struct se05x_iot *iot, uint32_t id, const void *message,
				  size_t len, const uint8_t sig[64], bool *good,
				  struct se05x_call *call)
{
	struct command cmd;
	uint8_t bytes[64];
	int ret = siot_need(iot, SE05X_IOT_FEATURE_EDDSA, call);

	if (ret)
		return ret;
	copy_reversed(bytes, sig, 32);
	copy_reversed(bytes + 32, sig + 32, 32);
	signature_begin(&cmd, 0x0A, id, EDDSA_PURE, message, len);
	siot_tlv(&cmd, TAG_5, bytes, sizeof(bytes));
	return siot_run_yes(iot, &cmd, good, call);
}

EXPORT int se05x_iot_ecdh(struct se05x_iot *iot, uint32_t id, uint8_t curve, const void *peer,
			  size_t peer_len, void *secret, size_t *secret_len,
			  struct se05x_call *call)
{
	uint8_t bytes[SE05X_IOT_POINT_MAX];
	struct command cmd;
	int ret = find_curve(iot, id, &curve, call);

	if (!ret)
		ret = siot_curve_check(iot, curve, call);
	if (ret)
		return ret;
	if (curve == SE05X_IOT_CURVE_ED25519 || peer_len != se05x_iot_point_len(curve))
		return siot_refuse(-EINVAL, call);
	ret = room_for(secret_len, se05x_iot_curve(curve)->size, call);
	if (ret)
		return ret;
	copy_for(curve, bytes, peer, peer_len);
	siot_begin(&cmd, INS_CRYPTO, P1_EC, 0x0F, LE_LONG);
	siot_object(&cmd, id);
	siot_tlv(&cmd, TAG_2, bytes, peer_len);
	ret = siot_run_fixed(iot, &cmd, bytes, *secret_len, call);
	if (!ret)
		copy_for(curve, secret, bytes, *secret_len);
	explicit_bzero(bytes, sizeof(bytes));
	return ret;
}
