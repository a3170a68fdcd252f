// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: keys made, imported, exported; and objects deleted */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/pem.h>

#include "tool.h"

/* Say what there is now; in JSON for scripts. It is there, whether the chip tells or not. */
static int made(struct tool *t, uint32_t id, const char *how)
{
	struct se05x_iot_object object;
	bool told = !CHIP(t, se05x_iot_object, id, &object);
	const char *what = told ? object_text(&object) : "what the chip does not tell";

	if (t->opt.json) {
		printf("{\"id\":\"0x%08X\",\"object\":%s%s%s}\n", id, told ? "\"" : "",
		       told ? what : "null", told ? "\"" : "");
		return OK;
	}
	say(&t->opt, "%s: %s %s", id_text(id), what, how);
	return OK;
}

static void tell_curve(const struct tool *t, const struct se05x_iot_curve *curve, bool curve_made)
{
	if (curve_made)
		say(&t->opt, "the chip had no %s yet: it is set up, which wrote flash, once",
		    curve->name);
}

/* Only what this chip has not: other troubles are the same as everywhere. */
static int key_failed(const struct tool *t, uint32_t id, const char *type, int ret)
{
	if (ret != -EOPNOTSUPP)
		return chip_failed(t, id, ret);
	complain("%s: this chip has no %s ('se05x-tool info' tells what it has)", t->command, type);
	return TROUBLE;
}

/* The chip does not take the policy, and that is what a FIPS part would not take. */
static bool wants_both(const struct tool *t, const struct se05x_iot_new *how)
{
	const uint32_t both = SE05X_IOT_MAY_SIGN | SE05X_IOT_MAY_AGREE;

	return t->call.sw == 0x6984 &&
	       (se05x_iot_policy_rights(how->policy, how->policy_len) & both) == both;
}

static int ec_failed(const struct tool *t, uint32_t id, const char *type, int ret,
		     const struct se05x_iot_new *how)
{
	ret = key_failed(t, id, type, ret);
	if (wants_both(t, how))
		complain("%s: an EC key of a FIPS part signs or agrees, not both: --policy says"
			 " which", t->command);
	return ret;
}

int iot_keygen(struct tool *t, char **args, int n)
{
	const struct se05x_iot_curve *curve = curve_called(args[1]);
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how;
	unsigned int bits = 0;
	bool curve_made = false;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	(void)n;
	if (ret)
		return ret;
	if (!curve && !rsa_called(args[1], &bits))
		return unknown_type("keygen", args[1]);
	ret = prepare_new(t, id, policy, &how);
	if (ret)
		return ret;
	if (curve)
		ret = CHIP(t, se05x_iot_ec_generate, id, curve->id, &how, &curve_made);
	else
		ret = CHIP(t, se05x_iot_rsa_generate, id, bits, &how);
	if (curve)
		tell_curve(t, curve, curve_made);
	if (ret == -EINVAL && !t->call.sw) {
		complain("keygen: RSA keys have 512, 1024, 1152, 2048, 3072 or 4096 bits, not %u",
			 bits);
		return USAGE;
	}
	if (ret)
		return curve ? ec_failed(t, id, curve->name, ret, &how) :
			       key_failed(t, id, "RSA", ret);
	return made(t, id, "made");
}

/* ---- import ---- */

/* The file's bytes are the key. */
static int import_secret(struct tool *t, uint32_t id, const char *path,
			 const struct se05x_iot_new *how)
{
	static const struct {
		const char *name;
		unsigned int kind;
		const char *sizes;
	} types[] = {
		{ "aes", SE05X_IOT_KIND_AES, "16, 24 or 32" },
		{ "des", SE05X_IOT_KIND_DES, "8, 16 or 24" },
		{ "hmac", SE05X_IOT_KIND_HMAC, "1 to 256" },
	};
	size_t i, len, count = sizeof(types) / sizeof(types[0]);
	uint8_t *key;
	int ret;

	for (i = 0; i < count && strcasecmp(t->type, types[i].name); i++)
		;
	if (i == count) {
		complain("--type %s: it is one of aes, des, hmac; keys with a public part come in"
			 " PEM or DER, which says what they are", t->type);
		return USAGE;
	}
	ret = read_input(path, &key, &len, INPUT_MAX);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_key_import, id, types[i].kind, key, len, how);
	OPENSSL_cleanse(key, len);
	free(key);
	if (ret == -EINVAL && !t->call.sw) {
		complain("%s: %s keys have %s bytes, not %zu", path, types[i].name,
			 types[i].sizes, len);
		return USAGE;
	}
	return ret ? key_failed(t, id, types[i].name, ret) : made(t, id, "imported");
}

static int import_ec(struct tool *t, uint32_t id, const char *path, EVP_PKEY *key, bool private,
		     const struct se05x_iot_new *how)
{
	const struct se05x_iot_curve *curve = keys_curve(key);
	uint8_t point[SE05X_IOT_POINT_MAX], scalar[80];
	bool curve_made = false;
	int ret;

	if (!curve) {
		complain("%s: the chip has no key of that kind or on that curve", path);
		return USAGE;
	}
	if (t->for_auth && curve->id != SE05X_IOT_CURVE_P256) {
		complain("%s: only an EC key on P-256 opens sessions", path);
		return USAGE;
	}
	if (!key_to_point(key, curve, point) || (private && !key_to_scalar(key, curve, scalar))) {
		complain("%s: the key is not whole: %s", path, crypto_reason());
		return USAGE;
	}
	ret = CHIP(t, se05x_iot_ec_import, id, curve->id, private ? scalar : NULL, point, how,
		   &curve_made);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	tell_curve(t, curve, curve_made);
	return ret ? ec_failed(t, id, curve->name, ret, how) : made(t, id, "imported");
}

int iot_import(struct tool *t, char **args, int n)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how;
	EVP_PKEY *key = NULL;
	bool private;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	(void)n;
	if (ret)
		return ret;
	if (t->type && t->passin) {
		complain("import: with --type the file's bytes are the key, without a password");
		return USAGE;
	}
	if (t->max_attempts && !t->for_auth) {
		complain("import: only a key that opens sessions counts attempts: --for-auth");
		return USAGE;
	}
	if (t->for_auth && t->type && strcasecmp(t->type, "aes")) {
		complain("import: --for-auth is for AES keys and EC keys");
		return USAGE;
	}
	if (!t->type) {
		key = read_key(t, args[1], &private);
		if (!key)
			return USAGE;
		if (t->for_auth && EVP_PKEY_is_a(key, "RSA")) {
			complain("import: --for-auth is for AES keys and EC keys");
			EVP_PKEY_free(key);
			return USAGE;
		}
		/* who opens the session keeps the private part */
		private = private && !t->for_auth;
	}
	ret = prepare_new(t, id, policy, &how);
	if (!ret && t->type)
		ret = import_secret(t, id, args[1], &how);
	else if (!ret && EVP_PKEY_is_a(key, "RSA"))
		ret = import_rsa(t, id, key, private, &how) ?: made(t, id, "imported");
	else if (!ret)
		ret = import_ec(t, id, args[1], key, private, &how);
	EVP_PKEY_free(key);
	return ret;
}

/* ---- export ---- */

int iot_export(struct tool *t, char **args, int n)
{
	struct se05x_iot_object object;
	BIO *bio = BIO_new(BIO_s_mem());
	EVP_PKEY *key = NULL;
	char *text;
	uint32_t id;
	long len;
	int ret = parse_id(args[0], &id);

	(void)n;
	ret = ret ?: find_object(t, id, &object);
	ret = ret ?: read_public(t, &object, &key);
	if (!ret && (t->der ? i2d_PUBKEY_bio(bio, key) : PEM_write_bio_PUBKEY(bio, key)) != 1) {
		complain("export: %s", crypto_reason());
		ret = TROUBLE;
	}
	if (!ret && t->hex && !t->der) {
		complain("export: --hex is for --der: PEM is text");
		ret = USAGE;
	} else if (!ret && t->opt.json && !t->der) {
		BIO_write(bio, "", 1);
		BIO_get_mem_data(bio, &text);
		printf("{\"id\":\"0x%08X\",\"public_key\":", id);
		print_json_string(text);
		puts("}");
	} else if (!ret) {
		len = BIO_get_mem_data(bio, &text);
		if (t->der)
			write_bytes(t, "public_key", text, len);
		else
			fwrite(text, 1, len, stdout);
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	return ret;
}

/* ---- delete ---- */

static int delete_one(struct tool *t, uint32_t id)
{
	struct se05x_iot_object object;
	char question[200];
	int ret = check_reserved(t, id, "deletes");

	ret = ret ?: find_object(t, id, &object);
	if (ret)
		return ret;
	snprintf(question, sizeof(question), "Delete %s: %s? Nothing brings it back.",
		 id_text(id), object_text(&object));
	ret = confirm(t, question);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_delete, id);
	if (ret)
		return chip_failed(t, id, ret);
	forget_name(t, id);
	if (t->opt.json)
		printf("{\"id\":\"0x%08X\",\"deleted\":true}\n", id);
	else
		say(&t->opt, "%s: deleted", id_text(id));
	return OK;
}

int iot_delete(struct tool *t, char **args, int n)
{
	uint32_t id;
	int ret = OK;

	/* all of the words are read before anything is gone */
	for (int i = 0; i < n && !ret; i++)
		ret = parse_id(args[i], &id);
	for (int i = 0; i < n && !ret; i++)
		ret = parse_id(args[i], &id) ?: delete_one(t, id);
	return ret;
}
