// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: signatures. What the chip can't take in one command is hashed here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* More than any applet takes in one command */
#define WHOLE_MAX	2048

/* What is to be signed: its digest, and itself if it is short */
struct input {
	uint8_t message[WHOLE_MAX];
	size_t len;		/* of @message; 0 with @digest_only */
	bool digest_only;	/* too long, or --digest */
	uint8_t digest[EVP_MAX_MD_SIZE];
};

/* Of any length; only the digest is kept of what is long. */
static int read_message(const struct tool *t, const char *path, const EVP_MD *md,
			struct input *in)
{
	size_t n;
	uint8_t block[4096];
	EVP_MD_CTX *ctx;
	int ret = OK;
	FILE *file;

	if (t->digest) {
		in->digest_only = true;
		in->len = 0;
		return digest_input(t, path, md, in->digest);
	}
	file = open_input(&path);
	if (!file)
		return USAGE;
	ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, md, NULL);
	in->len = fread(in->message, 1, WHOLE_MAX, file);
	EVP_DigestUpdate(ctx, in->message, in->len);
	in->digest_only = false;
	while ((n = fread(block, 1, sizeof(block), file))) {
		in->digest_only = true;
		EVP_DigestUpdate(ctx, block, n);
	}
	if (ferror(file)) {
		complain("%s: %s", path, strerror(errno));
		ret = USAGE;
	}
	EVP_DigestFinal_ex(ctx, in->digest, NULL);
	EVP_MD_CTX_free(ctx);
	if (file != stdin)
		fclose(file);
	return ret;
}

int find_signer(struct tool *t, uint32_t id, bool pair, struct se05x_iot_object *object)
{
	int ret = find_object(t, id, object);

	if (ret)
		return ret;
	if ((object->kind == SE05X_IOT_KIND_EC || object->kind == SE05X_IOT_KIND_RSA) &&
	    (!pair || object->part != SE05X_IOT_PART_PUBLIC) &&
	    object->curve != SE05X_IOT_CURVE_X25519 && object->curve != SE05X_IOT_CURVE_X448)
		return OK;
	complain("%s %s: wrong kind: %s can't do that", t->command, id_text(id),
		 object_text(object));
	return TROUBLE;
}

/* The bare RSA operation of the chip, over what was hashed here and padded by the library */
static int sign_digest(struct tool *t, const struct se05x_iot_object *object,
		       enum se05x_iot_padding padding, enum se05x_iot_hash hash,
		       const uint8_t *digest, uint8_t *sig, size_t *sig_len)
{
	int ret;

	*sig_len = SE05X_IOT_SIG_MAX;
	ret = CHIP(t, se05x_iot_rsa_sign_digest, object->id, padding, hash, digest, sig, sig_len);
	if (ret == -EINVAL) {
		complain("sign %s: a key of %u bits is too short for that hash", id_text(object->id),
			 8 * object->size);
		return USAGE;
	}
	if (ret == -EACCES && t->call.sw == 0x6986)
		complain("sign %s: for a long message or a digest the chip does a bare RSA operation,"
			 " which wants the right decrypt: that key has sign alone, and signs what"
			 " fits into one command", id_text(object->id));
	return ret ? chip_failed(t, object->id, ret) : OK;
}

/* What came: by --hash and --mode */
static int sign_input(struct tool *t, const struct se05x_iot_object *object,
		      const struct input *in, uint8_t *sig, size_t *sig_len)
{
	enum se05x_iot_padding padding;
	enum se05x_iot_hash hash;
	const EVP_MD *md;
	int ret = parse_hash(t, &hash, &md);

	if (!ret && object->kind == SE05X_IOT_KIND_EC) {
		ret = CHIP(t, se05x_iot_ecdsa_sign, object->id, hash, in->digest, sig, sig_len);
		return ret ? chip_failed(t, object->id, ret) : OK;
	}
	ret = ret ?: parse_padding(t, true, &padding);
	if (ret)
		return ret;
	ret = in->digest_only ? -E2BIG : CHIP(t, se05x_iot_rsa_sign, object->id, padding, hash,
					      in->message, in->len, sig, sig_len);
	if (ret == -E2BIG)
		return sign_digest(t, object, padding, hash, in->digest, sig, sig_len);
	return ret ? chip_failed(t, object->id, ret) : OK;
}

/* Ed25519 signs the message itself, in one command. */
static int sign_whole(struct tool *t, uint32_t id, const uint8_t *message, size_t len,
		      uint8_t *sig, size_t *sig_len)
{
	int ret = CHIP(t, se05x_iot_eddsa_sign, id, message, len, sig);

	*sig_len = 64;
	return ret ? limit_failed(t, id, ret, SE05X_IOT_MAX_ED25519) : OK;
}

int sign_message(struct tool *t, const struct se05x_iot_object *object, const uint8_t *message,
		 size_t len, uint8_t *sig, size_t *sig_len)
{
	struct input in = { .len = len, .digest_only = len > WHOLE_MAX };
	enum se05x_iot_hash hash;
	const EVP_MD *md;
	int ret;

	if (object->curve == SE05X_IOT_CURVE_ED25519)
		return sign_whole(t, object->id, message, len, sig, sig_len);
	ret = parse_hash(t, &hash, &md);
	if (ret)
		return ret;
	if (!in.digest_only)
		memcpy(in.message, message, len);
	if (EVP_Digest(message, len, in.digest, NULL, md, NULL) != 1) {
		complain("%s: %s", t->command, crypto_reason());
		return TROUBLE;
	}
	return sign_input(t, object, &in, sig, sig_len);
}

/* Options that are for other keys */
static int check_key_options(const struct tool *t, const struct se05x_iot_object *object)
{
	bool ed25519 = object->curve == SE05X_IOT_CURVE_ED25519;

	if (!(t->mode && object->kind != SE05X_IOT_KIND_RSA) &&
	    !(ed25519 && (t->hash || t->digest)))
		return OK;
	complain("%s %s: %s has no %s", t->command, id_text(object->id), object_text(object),
		 ed25519 ? "--mode, --hash and --digest: Ed25519 signs the message itself" :
		 "--mode");
	return USAGE;
}

int iot_sign(struct tool *t, char **args, int n)
{
	const char *path = n > 1 ? args[1] : NULL;
	uint8_t sig[SE05X_IOT_SIG_MAX], *message = NULL;
	struct se05x_iot_object object;
	size_t len = sizeof(sig), message_len;
	enum se05x_iot_hash hash;
	struct input in;
	const EVP_MD *md;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	ret = ret ?: find_signer(t, id, true, &object);
	ret = ret ?: check_key_options(t, &object);
	if (!ret && object.curve == SE05X_IOT_CURVE_ED25519) {
		ret = read_input(path, &message, &message_len, INPUT_MAX) ?:
		      sign_whole(t, id, message, message_len, sig, &len);
		free(message);
	} else {
		ret = ret ?: parse_hash(t, &hash, &md) ?: read_message(t, path, md, &in) ?:
		      sign_input(t, &object, &in, sig, &len);
	}
	return ret ?: write_bytes(t, "signature", sig, len);
}

/* What is too long for the chip is verified here, with the public key that it gives. */
static int verify_here(struct tool *t, const struct se05x_iot_object *object,
		       enum se05x_iot_padding padding, enum se05x_iot_hash hash,
		       const uint8_t *digest, const uint8_t *sig, size_t sig_len, bool *good)
{
	const struct keys_hash *h = keys_hash(hash);
	EVP_PKEY *key = NULL;
	int ret = read_public(t, object, &key);

	if (ret)
		return ret;
	*good = keys_verify(NULL, key, padding, h, digest, h->len, sig, sig_len);
	EVP_PKEY_free(key);
	return OK;
}

static int verify_rsa(struct tool *t, const struct se05x_iot_object *object, const char *path,
		      const uint8_t *sig, size_t sig_len, bool *good)
{
	enum se05x_iot_padding padding;
	enum se05x_iot_hash hash;
	struct input in;
	const EVP_MD *md;
	int ret = parse_padding(t, true, &padding) ?: parse_hash(t, &hash, &md) ?:
		  read_message(t, path, md, &in);

	if (ret)
		return ret;
	ret = in.digest_only ? -E2BIG : CHIP(t, se05x_iot_rsa_verify, object->id, padding, hash,
					     in.message, in.len, sig, sig_len, good);
	if (ret == -E2BIG)
		return verify_here(t, object, padding, hash, in.digest, sig, sig_len, good);
	return ret ? chip_failed(t, object->id, ret) : OK;
}

static int verify_ec(struct tool *t, const struct se05x_iot_object *object, const char *path,
		     const uint8_t *sig, size_t sig_len, bool *good)
{
	uint8_t digest[EVP_MAX_MD_SIZE], *message;
	enum se05x_iot_hash hash;
	const EVP_MD *md;
	size_t len;
	int ret;

	if (object->curve == SE05X_IOT_CURVE_ED25519) {
		ret = read_input(path, &message, &len, INPUT_MAX);
		if (ret)
			return ret;
		if (sig_len == 64)
			ret = CHIP(t, se05x_iot_eddsa_verify, object->id, message, len, sig, good);
		free(message);
	} else {
		ret = parse_hash(t, &hash, &md) ?: digest_input(t, path, md, digest);
		if (ret)
			return ret;
		ret = CHIP(t, se05x_iot_ecdsa_verify, object->id, hash, digest, sig, sig_len, good);
	}
	return ret ? limit_failed(t, object->id, ret, SE05X_IOT_MAX_ED25519) : OK;
}

int iot_verify(struct tool *t, char **args, int n)
{
	const char *path = n > 2 ? args[2] : NULL;
	struct se05x_iot_object object;
	uint8_t *sig = NULL;
	size_t sig_len;
	bool good = false;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	ret = ret ?: read_input(args[1], &sig, &sig_len, SE05X_IOT_SIG_MAX);
	ret = ret ?: find_signer(t, id, false, &object);
	ret = ret ?: check_key_options(t, &object);
	ret = ret ?: (object.kind == SE05X_IOT_KIND_RSA ? verify_rsa : verify_ec)
		     (t, &object, path, sig, sig_len, &good);
	free(sig);
	if (ret)
		return ret;
	if (t->opt.json)
		printf("{\"verified\":%s}\n", good ? "true" : "false");
	else
		say(&t->opt, good ? "the signature is good" : "the signature is wrong");
	return good ? OK : UNMET;
}
