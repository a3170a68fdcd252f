// SPDX-License-Identifier: LGPL-2.1-or-later
/* RSA keys: made, imported, read, used */
#include "iot.h"

#define P2_CRT	0x00
#define P2_RAW	0x4F

#define NUMBER_MAX	512	/* bytes of RSA-4096's modulus */

static int need_rsa(const struct se05x_iot *iot, struct se05x_call *call)
{
	return siot_need(iot, SE05X_IOT_FEATURE_RSA_PLAIN | SE05X_IOT_FEATURE_RSA_CRT, call);
}

static bool good_bits(unsigned int bits)
{
	static const uint16_t sizes[] = { 512, 1024, 1152, 2048, 3072, 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] == bits)
			return true;
	return false;
}

EXPORT int se05x_iot_rsa_generate(struct se05x_iot *iot, uint32_t id, unsigned int bits,
				  const struct se05x_iot_new *how, struct se05x_call *call)
{
	bool crt = iot->version.features & SE05X_IOT_FEATURE_RSA_CRT;
	struct command cmd;
	int ret = need_rsa(iot, call);

	if (ret)
		return ret;
	if (!good_bits(bits))
		return siot_refuse(-EINVAL, call);
	ret = siot_place(iot, id, how, SE05X_IOT_KIND_RSA, 0, bits / 8, call);
	if (ret)
		return ret;
	siot_begin(&cmd, INS_WRITE, P1_RSA | P1_PAIR, crt ? P2_CRT : P2_RAW, 0);
	siot_new(&cmd, how);
	siot_object(&cmd, id);
	siot_u16(&cmd, TAG_2, bits);
	return siot_run(iot, &cmd, NULL, call);
}

/* ---- import ---- */

/* One number of the key, padded to the length that it has in a key of that size */
struct piece {
	uint8_t tag;
	const struct se05x_iot_number *number;
	size_t len;	/* 0: as long as it is */
};

static bool put_number(struct command *cmd, const struct piece *piece)
{
	uint8_t padded[NUMBER_MAX] = { };
	const uint8_t *bytes = piece->number->bytes;
	size_t n = piece->number->len, len;

	while (n && !*bytes) {
		bytes++;
		n--;
	}
	len = piece->len ? piece->len : n;
	if (!n || n > len || len > sizeof(padded))
		return false;
	memcpy(padded + len - n, bytes, n);
	siot_tlv(cmd, piece->tag, padded, len);
	explicit_bzero(padded, sizeof(padded));
	return true;
}

/* Only the first command tells size, part and policy. */
static int write_piece(struct se05x_iot *iot, uint32_t id, unsigned int bits, uint8_t part,
		       uint8_t p2, const struct piece *piece, const struct se05x_iot_new *how,
		       struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_WRITE, P1_RSA | part, p2, 0);
	if (part) {
		siot_new(&cmd, how);
	} else if (how) {
		/* what says where the value lives belongs to the command, not to the key */
		struct se05x_iot_new flags = { .transient = how->transient, .auth = how->auth };

		siot_new(&cmd, &flags);
	}
	siot_object(&cmd, id);
	if (part)
		siot_u16(&cmd, TAG_2, bits);
	if (!put_number(&cmd, piece)) {
		explicit_bzero(&cmd, sizeof(cmd));
		return siot_refuse(-EINVAL, call);
	}
	return siot_run(iot, &cmd, NULL, call);
}

/* Nothing is begun with a key that will not do. */
static bool good_pieces(const struct piece *pieces, size_t n)
{
	struct command scratch;

	for (size_t i = 0; i < n; i++) {
		bool good;

		siot_begin(&scratch, 0, 0, 0, 0);
		good = put_number(&scratch, &pieces[i]);
		explicit_bzero(&scratch, sizeof(scratch));
		if (!good)
			return false;
	}
	return true;
}

EXPORT int se05x_iot_rsa_import(struct se05x_iot *iot, uint32_t id, unsigned int bits,
				const struct se05x_iot_rsa *key,
				const struct se05x_iot_new *how, bool *begun,
				struct se05x_call *call)
{
	size_t half = bits / 16, whole = bits / 8;
	const struct piece crt[] = {
		{ TAG_3, &key->p, half }, { TAG_4, &key->q, half }, { TAG_5, &key->dp, half },
		{ TAG_6, &key->dq, half }, { TAG_7, &key->qinv, half }, { TAG_8, &key->e, 0 },
		{ TAG_10, &key->n, whole },
	};
	const struct piece raw[] = {
		{ TAG_8, &key->e, 0 }, { TAG_9, &key->d, whole }, { TAG_10, &key->n, whole },
	};
	const struct piece public[] = { { TAG_10, &key->n, whole }, { TAG_8, &key->e, 0 } };
	const struct piece *pieces = public;
	size_t n = ARRAY_SIZE(public);
	uint8_t part = P1_PUBLIC, p2 = P2_RAW;
	int ret;

	if (begun)
		*begun = false;
	if (key->p.len && key->q.len && key->dp.len && key->dq.len && key->qinv.len) {
		pieces = crt;
		n = ARRAY_SIZE(crt);
		part = P1_PAIR;
		p2 = P2_CRT;
		ret = siot_need(iot, SE05X_IOT_FEATURE_RSA_CRT, call);
	} else if (key->d.len) {
		pieces = raw;
		n = ARRAY_SIZE(raw);
		part = P1_PAIR;
		ret = siot_need(iot, SE05X_IOT_FEATURE_RSA_PLAIN, call);
	} else {
		ret = need_rsa(iot, call);
	}
	if (ret)
		return ret;
	if (!good_bits(bits) || key->reserved[0] || key->reserved[1] || !good_pieces(pieces, n))
		return siot_refuse(-EINVAL, call);
	ret = siot_place(iot, id, how, 0, 0, 0, call);
	for (size_t i = 0; !ret && i < n; i++) {
		ret = write_piece(iot, id, bits, i ? 0 : part, p2, &pieces[i], how, call);
		if (i)
			siot_partly(ret, call);
		if (!ret && begun)
			*begun = true;
	}
	return ret;
}

/* ---- reading ---- */

static int read_number(struct se05x_iot *iot, uint32_t id, uint8_t component, void *out,
		       size_t *len, struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_READ, P1_DEFAULT, 0x00, LE_LONG);
	siot_object(&cmd, id);
	siot_u8(&cmd, TAG_4, component);
	return siot_run_bytes(iot, &cmd, out, len, call);
}

EXPORT int se05x_iot_rsa_public(struct se05x_iot *iot, uint32_t id, void *n, size_t *n_len,
				void *e, size_t *e_len, struct se05x_call *call)
{
	int ret = read_number(iot, id, 0x00, n, n_len, call);

	if (!ret)
		ret = read_number(iot, id, 0x01, e, e_len, call);
	return !ret && (!*n_len || !*e_len) ? -EPROTO : ret;
}

/* ---- using ---- */

/* Return: false if there is no such way to sign. */
static bool sign_algorithm(enum se05x_iot_padding padding, enum se05x_iot_hash hash,
			   uint8_t *algorithm)
{
	static const uint8_t pkcs1[] = { 0x0A, 0x27, 0x28, 0x29, 0x2A };
	static const uint8_t pss[] = { 0x15, 0x2B, 0x2C, 0x2D, 0x2E };

	if (!se05x_iot_hash_len(hash) ||
	    (padding != SE05X_IOT_PADDING_PKCS1 && padding != SE05X_IOT_PADDING_PSS))
		return false;
	*algorithm = padding == SE05X_IOT_PADDING_PSS ? pss[hash] : pkcs1[hash];
	return true;
}

static int sign_begin(struct se05x_iot *iot, struct command *cmd, uint8_t p2, uint32_t id,
		      enum se05x_iot_padding padding, enum se05x_iot_hash hash,
		      const void *message, size_t len, struct se05x_call *call)
{
	uint8_t algorithm;
	int ret = need_rsa(iot, call);

	if (ret)
		return ret;
	if (!sign_algorithm(padding, hash, &algorithm))
		return siot_refuse(-EINVAL, call);
	siot_begin(cmd, INS_CRYPTO, P1_SIGNATURE, p2, LE_LONG);
	siot_object(cmd, id);
	siot_u8(cmd, TAG_2, algorithm);
	siot_tlv(cmd, TAG_3, message, len);
	return 0;
}

EXPORT int se05x_iot_rsa_sign(struct se05x_iot *iot, uint32_t id,
			      enum se05x_iot_padding padding, enum se05x_iot_hash hash,
			      const void *message, size_t len, void *sig, size_t *sig_len,
			      struct se05x_call *call)
{
	struct command cmd;
	int ret = sign_begin(iot, &cmd, 0x09, id, padding, hash, message, len, call);

	return ret ? ret : siot_run_bytes(iot, &cmd, sig, sig_len, call);
}

EXPORT int se05x_iot_rsa_verify(struct se05x_iot *iot, uint32_t id,
				enum se05x_iot_padding padding, enum se05x_iot_hash hash,
				const void *message, size_t len, const void *sig,
				size_t sig_len, bool *good, struct se05x_call *call)
{
	struct command cmd;
	int ret = sign_begin(iot, &cmd, 0x0A, id, padding, hash, message, len, call);

	if (ret)
		return ret;
	siot_tlv(&cmd, TAG_5, sig, sig_len);
	return siot_run_yes(iot, &cmd, good, call);
}

/* The chip's RSA and nothing else, or its own padding around it */
static int crypt(struct se05x_iot *iot, uint8_t p2, uint32_t id, uint8_t algorithm,
		 const void *in, size_t in_len, void *out, size_t *out_len,
		 struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, INS_CRYPTO, P1_RSA, p2, LE_LONG);
	siot_object(&cmd, id);
	siot_u8(&cmd, TAG_2, algorithm);
	siot_tlv(&cmd, TAG_3, in, in_len);
	return siot_run_bytes(iot, &cmd, out, out_len, call);
}

#define ENCRYPT		0x37
#define DECRYPT		0x38
#define BARE		0x0C
#define CHIPS_PKCS1	0x0A

/* Bytes of a key's modulus */
static int read_modulus_len(struct se05x_iot *iot, uint32_t id, uint32_t *len,
			    struct se05x_call *call)
{
	int ret = siot_size(iot, id, len, call);

	return !ret && (!*len || *len > NUMBER_MAX) ? -EMEDIUMTYPE : ret;
}

EXPORT int se05x_iot_rsa_sign_digest(struct se05x_iot *iot, uint32_t id,
				     enum se05x_iot_padding padding, enum se05x_iot_hash hash,
				     const void *digest, void *sig, size_t *sig_len,
				     struct se05x_call *call)
{
	uint8_t em[NUMBER_MAX], unused;
	uint32_t len;
	int ret = need_rsa(iot, call);

	if (ret)
		return ret;
	if (!sign_algorithm(padding, hash, &unused))
		return siot_refuse(-EINVAL, call);
	ret = read_modulus_len(iot, id, &len, call);
	if (ret)
		return ret;
	if (!siot_pad_signature(padding, hash, digest, em, len))
		return siot_refuse(-EINVAL, call);
	return crypt(iot, DECRYPT, id, BARE, em, len, sig, sig_len, call);
}

EXPORT int se05x_iot_rsa_encrypt(struct se05x_iot *iot, uint32_t id,
				 enum se05x_iot_padding padding, enum se05x_iot_hash hash,
				 const void *in, size_t in_len, void *out, size_t *out_len,
				 struct se05x_call *call)
{
	uint8_t em[NUMBER_MAX];
	uint32_t len;
	int ret = need_rsa(iot, call);

	if (ret)
		return ret;
	switch (padding) {
	case SE05X_IOT_PADDING_NONE:
		return crypt(iot, ENCRYPT, id, BARE, in, in_len, out, out_len, call);
	case SE05X_IOT_PADDING_PKCS1:
		return crypt(iot, ENCRYPT, id, CHIPS_PKCS1, in, in_len, out, out_len, call);
	case SE05X_IOT_PADDING_OAEP:
		break;
	default:
		return siot_refuse(-EINVAL, call);
	}
	if (!se05x_iot_hash_len(hash))
		return siot_refuse(-EINVAL, call);
	ret = read_modulus_len(iot, id, &len, call);
	if (!ret && !siot_pad_oaep(hash, in, in_len, em, len))
		ret = siot_refuse(-EINVAL, call);
	if (!ret)
		ret = crypt(iot, ENCRYPT, id, BARE, em, len, out, out_len, call);
	explicit_bzero(em, sizeof(em));
	return ret;
}

EXPORT int se05x_iot_rsa_decrypt(struct se05x_iot *iot, uint32_t id,
				 enum se05x_iot_padding padding, enum se05x_iot_hash hash,
				 const void *in, size_t in_len, void *out, size_t *out_len,
				 struct se05x_call *call)
{
	uint8_t em[NUMBER_MAX];
	size_t room = *out_len, len = sizeof(em);
	int ret = need_rsa(iot, call);

	if (ret)
		return ret;
	if (padding == SE05X_IOT_PADDING_NONE)
		return crypt(iot, DECRYPT, id, BARE, in, in_len, out, out_len, call);
	if ((padding != SE05X_IOT_PADDING_PKCS1 && padding != SE05X_IOT_PADDING_OAEP) ||
	    (padding == SE05X_IOT_PADDING_OAEP &&
	     (!se05x_iot_hash_len(hash) || in_len < 2 * se05x_iot_hash_len(hash) + 2)) ||
	    in_len < 11 || in_len > sizeof(em))
		return siot_refuse(-EINVAL, call);
	/* how long the message is must not show in whether it fits */
	*out_len = in_len;
	if (room < in_len)
		return siot_refuse(-ENOSPC, call);
	ret = crypt(iot, DECRYPT, id, BARE, in, in_len, em, &len, call);
	if (!ret && len != in_len)
		ret = -EPROTO;
	if (!ret)
		ret = siot_unpad(padding, hash, em, len, out, out_len);
	explicit_bzero(em, sizeof(em));
	return ret;
}
