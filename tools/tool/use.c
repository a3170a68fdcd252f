// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: secrets, ciphers, MACs */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tool.h"

int parse_padding(const struct tool *t, bool sign, enum se05x_iot_padding *padding)
{
	static const struct {
		const char *name;
		enum se05x_iot_padding padding;
		bool sign, crypt;
	} modes[] = {
		{ "pkcs1", SE05X_IOT_PADDING_PKCS1, true, true },
		{ "pss", SE05X_IOT_PADDING_PSS, true, false },
		{ "oaep", SE05X_IOT_PADDING_OAEP, false, true },
		{ "none", SE05X_IOT_PADDING_NONE, false, true },
	};
	const char *mode = t->mode ?: "pkcs1";

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcasecmp(mode, modes[i].name) || !(sign ? modes[i].sign : modes[i].crypt))
			continue;
		*padding = modes[i].padding;
		return OK;
	}
	complain("--mode %s: for that an RSA key has %s", mode,
		 sign ? "pkcs1 and pss" : "pkcs1, oaep and none");
	return USAGE;
}

int iot_ecdh(struct tool *t, char **args, int n)
{
	uint8_t point[SE05X_IOT_POINT_MAX], secret[80];
	size_t secret_len = sizeof(secret);
	const struct se05x_iot_curve *mine, *theirs;
	struct se05x_iot_object object;
	EVP_PKEY *peer;
	bool private;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	(void)n;
	if (ret)
		return ret;
	peer = read_key(t, args[1], &private);
	if (!peer)
		return USAGE;
	theirs = keys_curve(peer);
	ret = find_kind(t, id, SE05X_IOT_KIND_EC, SE05X_IOT_PART_PAIR, &object);
	if (ret)
		goto out;
	mine = se05x_iot_curve(object.curve);
	ret = USAGE;
	if (!mine || mine != theirs || mine->id == SE05X_IOT_CURVE_ED25519)
		complain("ecdh %s: its key is on %s, the one in %s on %s", id_text(id),
			 mine ? mine->name : "an unknown curve", args[1],
			 theirs ? theirs->name : "another kind of curve");
	else if (!key_to_point(peer, theirs, point))
		complain("%s: %s", args[1], crypto_reason());
	else
		ret = OK;
	if (ret)
		goto out;
	ret = CHIP(t, se05x_iot_ecdh, id, mine->id, point, se05x_iot_point_len(mine->id), secret,
		   &secret_len);
	ret = ret ? chip_failed(t, id, ret) : write_bytes(t, "secret", secret, secret_len);
	OPENSSL_cleanse(secret, sizeof(secret));
out:
	EVP_PKEY_free(peer);
	return ret;
}

/* ---- ciphers ---- */

static int crypt_rsa(struct tool *t, uint32_t id, bool encrypt, const uint8_t *in, size_t len)
{
	enum se05x_iot_padding padding;
	uint8_t out[512];
	size_t out_len = sizeof(out);
	int ret = parse_padding(t, false, &padding);

	if (!ret && (t->iv || t->nopad)) {
		complain("%s %s: an RSA key has no --iv and no --nopad", t->command, id_text(id));
		ret = USAGE;
	}
	if (ret)
		return ret;
	if (encrypt)
		ret = CHIP(t, se05x_iot_rsa_encrypt, id, padding, SE05X_IOT_HASH_SHA1, in, len,
			   out, &out_len);
	else
		ret = CHIP(t, se05x_iot_rsa_decrypt, id, padding, SE05X_IOT_HASH_SHA1, in, len,
			   out, &out_len);
	if (ret == -EINVAL || ret == -EBADR || ret == -EILSEQ || ret == -E2BIG) {
		complain("%s %s: %zu bytes do not go with that key and padding, or are not what it"
			 " encrypted", t->command, id_text(id), len);
		return TROUBLE;
	}
	ret = ret ? chip_failed(t, id, ret) : write_bytes(t, "data", out, out_len);
	OPENSSL_cleanse(out, sizeof(out));
	return ret;
}

static int parse_cipher(const struct tool *t, bool des, enum se05x_iot_cipher *cipher,
			uint8_t iv[16])
{
	static const struct {
		const char *name;
		enum se05x_iot_cipher aes, des;
	} modes[] = {
		{ "cbc", SE05X_IOT_CIPHER_AES_CBC, SE05X_IOT_CIPHER_DES_CBC },
		{ "ecb", SE05X_IOT_CIPHER_AES_ECB, SE05X_IOT_CIPHER_DES_ECB },
		{ "ctr", SE05X_IOT_CIPHER_AES_CTR, SE05X_IOT_CIPHER_AES_CTR },
	};
	const char *mode = t->mode ?: "cbc", *why = "wrong length";
	size_t i, want;
	int n;

	for (i = 0; i < (des ? 2 : 3) && strcasecmp(mode, modes[i].name); i++)
		;
	if (i == (des ? 2 : 3)) {
		complain("--mode %s: that key has cbc%s ecb%s", mode, des ? " and" : ",",
			 des ? "" : " and ctr");
		return USAGE;
	}
	*cipher = des ? modes[i].des : modes[i].aes;
	want = se05x_iot_cipher_iv(*cipher);
	n = t->iv ? parse_hex(t->iv, iv, 16, &why) : 0;
	if (n < 0 || (size_t)n != want) {
		complain("--iv: %s wants %zu bytes of hex%s%s", mode, want, n < 0 ? ": " : "",
			 n < 0 ? why : "");
		return USAGE;
	}
	return OK;
}

/* PKCS#7, as openssl enc has it, unless --nopad */
static int crypt_blocks(struct tool *t, const struct se05x_iot_object *object, bool encrypt,
			uint8_t *data, size_t len)
{
	enum se05x_iot_cipher cipher;
	uint8_t iv[16], pad = 0;
	size_t block;
	int ret = parse_cipher(t, object->kind == SE05X_IOT_KIND_DES, &cipher, iv);

	if (ret)
		return ret;
	block = se05x_iot_cipher_block(cipher);
	if (!t->nopad && cipher != SE05X_IOT_CIPHER_AES_CTR && encrypt) {
		pad = block - len % block;
		memset(data + len, pad, pad);	/* read_input() left room */
		len += pad;
	}
	if (len % block && cipher != SE05X_IOT_CIPHER_AES_CTR) {
		complain("%s: %zu bytes are not whole blocks of %zu", t->command, len, block);
		return USAGE;
	}
	ret = CHIP(t, se05x_iot_cipher, object->id, cipher, encrypt, iv, data, data, len);
	if (ret)
		return chip_failed(t, object->id, ret);
	if (!t->nopad && cipher != SE05X_IOT_CIPHER_AES_CTR && !encrypt) {
		pad = len ? data[len - 1] : 0;
		ret = !pad || pad > block || pad > len;
		for (size_t i = 1; !ret && i <= pad; i++)
			ret = data[len - i] != pad;
		if (ret) {
			complain("%s: wrong key, IV or data: the padding is not there (--nopad does"
				 " not look)", t->command);
			return TROUBLE;
		}
		len -= pad;
	}
	return write_bytes(t, "data", data, len);
}

static int crypt(struct tool *t, char **args, int n, bool encrypt)
{
	struct se05x_iot_object object;
	uint8_t *data = NULL, *grown;
	size_t len = 0;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	ret = ret ?: read_input(n > 1 ? args[1] : NULL, &data, &len, INPUT_MAX);
	ret = ret ?: find_object(t, id, &object);
	if (ret)
		goto out;
	grown = realloc(data, len + 16);
	if (!grown) {
		ret = TROUBLE;
		goto out;
	}
	data = grown;
	switch (object.kind) {
	case SE05X_IOT_KIND_RSA:
		ret = crypt_rsa(t, id, encrypt, data, len);
		break;
	case SE05X_IOT_KIND_AES:
	case SE05X_IOT_KIND_DES:
		ret = crypt_blocks(t, &object, encrypt, data, len);
		break;
	default:
		complain("%s %s: wrong kind: %s can't do that", t->command, id_text(id),
			 object_text(&object));
		ret = TROUBLE;
	}
	OPENSSL_cleanse(data, len);
out:
	free(data);
	return ret;
}

int iot_encrypt(struct tool *t, char **args, int n)
{
	return crypt(t, args, n, true);
}

int iot_decrypt(struct tool *t, char **args, int n)
{
	return crypt(t, args, n, false);
}

/* ---- MAC, HKDF ---- */

int iot_mac(struct tool *t, char **args, int n)
{
	static const enum se05x_iot_mac macs[] = {
		[SE05X_IOT_HASH_SHA1] = SE05X_IOT_MAC_HMAC_SHA1,
		[SE05X_IOT_HASH_SHA256] = SE05X_IOT_MAC_HMAC_SHA256,
		[SE05X_IOT_HASH_SHA384] = SE05X_IOT_MAC_HMAC_SHA384,
		[SE05X_IOT_HASH_SHA512] = SE05X_IOT_MAC_HMAC_SHA512,
	};
	uint8_t mac[SE05X_IOT_MAC_MAX], *message = NULL;
	size_t len, mac_len = sizeof(mac);
	struct se05x_iot_object object;
	enum se05x_iot_hash hash;
	const EVP_MD *md;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	ret = ret ?: parse_hash(t, &hash, &md);
	ret = ret ?: find_object(t, id, &object);
	if (ret)
		return ret;
	if (object.kind != SE05X_IOT_KIND_HMAC && object.kind != SE05X_IOT_KIND_AES) {
		complain("mac %s: wrong kind: %s can't do that", id_text(id), object_text(&object));
		return TROUBLE;
	}
	if (t->hash && object.kind == SE05X_IOT_KIND_AES) {
		complain("mac %s: an AES key makes a CMAC, which has no --hash", id_text(id));
		return USAGE;
	}
	if (hash == SE05X_IOT_HASH_SHA224 && object.kind == SE05X_IOT_KIND_HMAC) {
		complain("mac: the chip has no HMAC with SHA-224");
		return USAGE;
	}
	ret = read_input(n > 1 ? args[1] : NULL, &message, &len, INPUT_MAX);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_mac, id,
		   object.kind == SE05X_IOT_KIND_AES ? SE05X_IOT_MAC_CMAC_AES :
		   macs[hash], message, len, mac, &mac_len);
	free(message);
	return ret ? limit_failed(t, id, ret, SE05X_IOT_MAX_HMAC) : write_bytes(t, "mac", mac, mac_len);
}

static int parse_bytes(const char *name, const char *hex, uint8_t *bytes, size_t max, size_t *len)
{
	const char *why;
	int n = hex ? parse_hex(hex, bytes, max, &why) : 0;

	if (n < 0) {
		complain("%s: %s", name, why);
		return USAGE;
	}
	*len = n;
	return OK;
}

int iot_hkdf(struct tool *t, char **args, int n)
{
	uint8_t salt[64], info[80], out[768];
	struct se05x_iot_object object;
	size_t salt_len, info_len;
	enum se05x_iot_hash hash;
	unsigned long len;
	const EVP_MD *md;
	uint32_t id;
	char *end;
	int ret = parse_id(args[0], &id);

	(void)n;
	len = strtoul(args[1], &end, 10);
	if (!ret && (*end || end == args[1] || !len || len > sizeof(out))) {
		complain("hkdf: 1 to %zu bytes, not '%s'", sizeof(out), args[1]);
		ret = USAGE;
	}
	ret = ret ?: parse_hash(t, &hash, &md);
	ret = ret ?: parse_bytes("--salt", t->salt, salt, sizeof(salt), &salt_len);
	ret = ret ?: parse_bytes("--info", t->info, info, sizeof(info), &info_len);
	ret = ret ?: find_kind(t, id, SE05X_IOT_KIND_HMAC, SE05X_IOT_PART_WHOLE, &object);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_hkdf, id, hash, salt, salt_len, info, info_len, out, len);
	ret = ret ? chip_failed(t, id, ret) : write_bytes(t, "derived", out, len);
	OPENSSL_cleanse(out, sizeof(out));
	return ret;
}
