// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-tool seal, unseal: a file that only a key of the chip opens
 *
 *	magic 8 | method 1 | curve 1 | key's identifier 4 | chip's number 18 |
 *	length 2 | what the chip needs | AES-256-GCM of the file | tag 16
 *
 * With an EC key the chip needs the point of a key pair made for this file alone, and the
 * file's key is HKDF-SHA256 of the secret shared with it. With an AES key the file's key is
 * random, and goes through the chip's AES-GCM: IV 12, tag 16, 32 bytes. All before the
 * ciphertext is authenticated with it, and the file's key is used once: its IV is zero.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "tool.h"

#define MAGIC		"se05xSE1"
#define METHOD_EC	1
#define METHOD_AES	2
#define HEAD_LEN	(8 + 1 + 1 + 4 + SE05X_IOT_UID_LEN + 2)
#define EXTRA_MAX	SE05X_IOT_POINT_MAX
#define WRAPPED_LEN	(12 + 16 + 32)
#define KEY_LEN		32
#define GCM_TAG		16

struct sealed {
	uint8_t head[HEAD_LEN + EXTRA_MAX];
	size_t head_len;	/* all that is authenticated */
	uint8_t key[KEY_LEN];
};

static void put_head(struct sealed *s, const struct se05x_iot_object *object, const uint8_t *uid,
		     size_t extra)
{
	uint8_t *at = mempcpy(s->head, MAGIC, 8);

	*at++ = object->kind == SE05X_IOT_KIND_EC ? METHOD_EC : METHOD_AES;
	*at++ = object->curve;
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = object->id >> shift;
	at = mempcpy(at, uid, SE05X_IOT_UID_LEN);
	*at++ = extra >> 8;
	*at++ = extra;
	s->head_len = HEAD_LEN + extra;
}

/* The file's key, bound to what is in the head */
static bool derive_key(struct sealed *s, const uint8_t *secret, size_t secret_len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, secret_len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, s->head, s->head_len),
		OSSL_PARAM_construct_end(),
	};
	bool good = ctx && EVP_KDF_derive(ctx, s->key, KEY_LEN, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good;
}

/* AES-256-GCM in place; the tag follows the data. */
static bool gcm(const struct sealed *s, bool encrypt, uint8_t *data, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t iv[12] = { };
	int n;
	bool good = EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), s->key, iv, encrypt, NULL) == 1 &&
		    EVP_CipherUpdate(ctx, NULL, &n, s->head, s->head_len) == 1 &&
		    EVP_CipherUpdate(ctx, data, &n, data, len) == 1 &&
		    (encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG,
						    data + len) == 1) &&
		    EVP_CipherFinal_ex(ctx, data + len, &n) == 1 &&
		    (!encrypt || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG,
						     data + len) == 1);

	EVP_CIPHER_CTX_free(ctx);
	return good;
}

static EVP_PKEY *new_pair(const struct se05x_iot_curve *curve)
{
	return curve->id == SE05X_IOT_CURVE_X25519 || curve->id == SE05X_IOT_CURVE_X448 ?
	       EVP_PKEY_Q_keygen(NULL, NULL, curve->name) : EVP_EC_gen(curve->name);
}

/* A pair for this file alone; the chip is asked for its public key only. */
static int seal_ec(struct tool *t, const struct se05x_iot_object *object, const uint8_t *uid,
		   struct sealed *s)
{
	const struct se05x_iot_curve *curve = se05x_iot_curve(object->curve);
	EVP_PKEY *theirs = NULL, *mine = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	size_t len = 80;
	uint8_t secret[80];
	int ret = read_public(t, object, &theirs);

	if (ret)
		return ret;
	put_head(s, object, uid, se05x_iot_point_len(curve->id));
	mine = new_pair(curve);
	if (mine)
		ctx = EVP_PKEY_CTX_new(mine, NULL);
	if (!ctx || !key_to_point(mine, curve, s->head + HEAD_LEN) ||
	    EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, theirs) != 1 ||
	    EVP_PKEY_derive(ctx, secret, &len) != 1 || !derive_key(s, secret, len)) {
		complain("seal: %s", crypto_reason());
		ret = TROUBLE;
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(theirs);
	return ret;
}

static int unseal_ec(struct tool *t, const struct se05x_iot_object *object, struct sealed *s)
{
	const struct se05x_iot_curve *curve = se05x_iot_curve(object->curve);
	uint8_t secret[80];
	size_t len = sizeof(secret);
	int ret = CHIP(t, se05x_iot_ecdh, object->id, curve->id, s->head + HEAD_LEN,
		       se05x_iot_point_len(curve->id), secret, &len);

	if (ret)
		return chip_failed(t, object->id, ret);
	ret = derive_key(s, secret, len) ? OK : TROUBLE;
	OPENSSL_cleanse(secret, sizeof(secret));
	return ret;
}

static int seal_aes(struct tool *t, const struct se05x_iot_object *object, const uint8_t *uid,
		    struct sealed *s)
{
	uint8_t *iv = s->head + HEAD_LEN, *tag = iv + 12, *wrapped = tag + 16;
	int ret;

	put_head(s, object, uid, WRAPPED_LEN);
	if (RAND_bytes(s->key, KEY_LEN) != 1 || RAND_bytes(iv, 12) != 1) {
		complain("seal: no random number: %s", crypto_reason());
		return TROUBLE;
	}
	ret = CHIP(t, se05x_iot_aead_encrypt, object->id, SE05X_IOT_AEAD_GCM, iv, 12, s->head,
		   HEAD_LEN, s->key, wrapped, KEY_LEN, tag, 16);
	return ret ? chip_failed(t, object->id, ret) : OK;
}

static int unseal_aes(struct tool *t, const struct se05x_iot_object *object, struct sealed *s)
{
	const uint8_t *iv = s->head + HEAD_LEN, *tag = iv + 12, *wrapped = tag + 16;
	bool good;
	int ret = CHIP(t, se05x_iot_aead_decrypt, object->id, SE05X_IOT_AEAD_GCM, iv, 12, s->head,
		       HEAD_LEN, wrapped, s->key, KEY_LEN, tag, 16, &good);

	if (ret)
		return chip_failed(t, object->id, ret);
	if (good)
		return OK;
	complain("unseal: that file was changed, or another key sealed it");
	return TROUBLE;
}

/* A pair on a curve for agreement, or an AES key */
static int find_sealer(struct tool *t, const char *name, struct se05x_iot_object *object)
{
	uint32_t id;
	int ret = parse_id(name, &id) ?: find_object(t, id, object);

	if (ret)
		return ret;
	if (object->kind == SE05X_IOT_KIND_AES ||
	    (object->kind == SE05X_IOT_KIND_EC && se05x_iot_curve(object->curve) &&
	     object->curve != SE05X_IOT_CURVE_ED25519 && object->part == SE05X_IOT_PART_PAIR))
		return OK;
	complain("%s %s: wrong kind: %s can't do that; a pair on P-256 or an AES key can",
		 t->command, id_text(id), object_text(object));
	return TROUBLE;
}

/* Whom the key obeys, as far as the chip tells */
static void tell_who(struct tool *t, uint32_t id)
{
	struct se05x_iot_attributes a;
	int ret = CHIP(t, se05x_iot_attributes, id, &a);

	if (t->opt.quiet || t->opt.json)
		return;
	if (ret)
		say(&t->opt, "%s opens it; who may use that key is not told: %s", id_text(id),
		    ret == -EOPNOTSUPP ? "this applet does not tell" :
		    se05x_iot_error_text(ret, &t->call));
	else if (!a.policy_len)
		say(&t->opt, "%s opens it, for anybody who reaches the chip", id_text(id));
	else
		say(&t->opt, "%s opens it, as its policy says:", id_text(id));
	if (!ret && a.policy_len)
		explain_policy(a.policy, a.policy_len);
}

int iot_seal(struct tool *t, char **args, int n)
{
	uint8_t uid[SE05X_IOT_UID_LEN], *data = NULL, *grown;
	struct se05x_iot_object object;
	struct sealed s = { };
	size_t len;
	int ret = find_sealer(t, args[0], &object);

	ret = ret ?: read_input(n > 1 ? args[1] : NULL, &data, &len, INPUT_MAX);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_unique_id, uid);
	ret = ret ? chip_failed(t, SE05X_IOT_ID_UNIQUE, ret) :
	      object.kind == SE05X_IOT_KIND_EC ? seal_ec(t, &object, uid, &s) :
	      seal_aes(t, &object, uid, &s);
	grown = realloc(data, len + GCM_TAG);
	data = grown ?: data;
	if (!ret && (!grown || !gcm(&s, true, data, len))) {
		complain("seal: %s", crypto_reason());
		ret = TROUBLE;
	}
	if (!ret && t->opt.json) {
		printf("{\"sealed\":\"");
		print_hex(stdout, s.head, s.head_len);
		print_hex(stdout, data, len + GCM_TAG);
		puts("\"}");
	} else if (!ret) {
		fwrite(s.head, 1, s.head_len, stdout);
		fwrite(data, 1, len + GCM_TAG, stdout);
	}
	if (!ret)
		tell_who(t, object.id);
	OPENSSL_cleanse(s.key, sizeof(s.key));
	OPENSSL_cleanse(data, len);
	free(data);
	return ret;
}

/* Take the head off. Return: false if that is no sealed file. */
static bool take_head(struct sealed *s, const uint8_t *data, size_t len)
{
	size_t extra;

	if (len < HEAD_LEN || memcmp(data, MAGIC, 8))
		return false;
	extra = data[HEAD_LEN - 2] << 8 | data[HEAD_LEN - 1];
	if (len < HEAD_LEN + extra + GCM_TAG ||
	    extra != (data[8] == METHOD_EC ? se05x_iot_point_len(data[9]) : WRAPPED_LEN))
		return false;
	s->head_len = HEAD_LEN + extra;
	memcpy(s->head, data, s->head_len);
	return data[8] == METHOD_EC || data[8] == METHOD_AES;
}

/* Was it this key of this chip? Else the tag would only say "wrong". */
static int check_head(struct tool *t, const struct se05x_iot_object *object,
		      const struct sealed *s)
{
	uint8_t uid[SE05X_IOT_UID_LEN];
	const uint8_t *id = s->head + 10;
	bool ec = object->kind == SE05X_IOT_KIND_EC;
	int ret = CHIP(t, se05x_iot_unique_id, uid);

	if (ret)
		return chip_failed(t, SE05X_IOT_ID_UNIQUE, ret);
	if (memcmp(uid, s->head + 14, sizeof(uid)))
		complain("unseal: another chip's key sealed that file");
	else if (((uint32_t)id[0] << 24 | id[1] << 16 | id[2] << 8 | id[3]) != object->id ||
		 s->head[8] != (ec ? METHOD_EC : METHOD_AES) || s->head[9] != object->curve)
		complain("unseal %s: the key 0x%02X%02X%02X%02X sealed that file", id_text(object->id),
			 id[0], id[1], id[2], id[3]);
	else
		return OK;
	return TROUBLE;
}

int iot_unseal(struct tool *t, char **args, int n)
{
	struct se05x_iot_object object;
	struct sealed s = { };
	uint8_t *data = NULL;
	size_t len;
	int ret = read_input(n > 1 ? args[1] : NULL, &data, &len,
			     INPUT_MAX + HEAD_LEN + EXTRA_MAX + GCM_TAG);

	if (ret)
		return ret;
	if (!take_head(&s, data, len)) {
		complain("unseal: not a file that 'se05x-tool seal' made");
		ret = USAGE;
	}
	ret = ret ?: find_sealer(t, args[0], &object);
	ret = ret ?: check_head(t, &object, &s);
	ret = ret ?: (s.head[8] == METHOD_EC ? unseal_ec : unseal_aes)(t, &object, &s);
	if (!ret) {
		len -= s.head_len + GCM_TAG;
		if (gcm(&s, false, data + s.head_len, len)) {
			ret = write_bytes(t, "data", data + s.head_len, len);
		} else {
			complain("unseal: that file was changed, or another key sealed it");
			ret = TROUBLE;
		}
		OPENSSL_cleanse(data + s.head_len, len);
	}
	OPENSSL_cleanse(s.key, sizeof(s.key));
	free(data);
	return ret;
}
