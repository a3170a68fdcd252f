// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool attest: the chip's word for what an object holds, and is it good? */
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "tool.h"

/* What was signed: applet 7.x puts a digest of the command before it. */
static size_t signed_message(const struct se05x_iot_attestation *a, const EVP_MD *md,
			     uint8_t *message)
{
	unsigned int len = 0;

	if (a->command_len)
		EVP_Digest(a->command, a->command_len, message, &len, md, NULL);
	memcpy(message + len, a->message, a->message_len);
	return len + a->message_len;
}

static bool verify(EVP_PKEY *key, const EVP_MD *md, const uint8_t *message, size_t len,
		   const struct se05x_iot_attestation *a)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, a->signature, a->signature_len, message, len) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

static void print_item(const struct tool *t, const char *name, const uint8_t *bytes, size_t len)
{
	printf(t->opt.json ? "\"%s\":\"" : "%-12s", name);
	print_hex(stdout, bytes, len);
	fputs(t->opt.json ? "\"," : "\n", stdout);
}

static void print_attestation(const struct tool *t, const struct se05x_iot_attestation *a,
			      const uint8_t *message, size_t len, bool good, bool own_key)
{
	struct se05x_iot_attributes attributes;
	char policy[4096];
	bool known = !se05x_iot_attributes_parse(t->iot, a->attributes, a->attributes_len,
						 &attributes) &&
		     se05x_iot_policy_print(attributes.policy, attributes.policy_len, policy,
					    sizeof(policy)) >= 0;

	if (t->opt.json)
		putchar('{');
	print_item(t, "value", a->value, a->value_len);
	print_item(t, "attributes", a->attributes, a->attributes_len);
	print_item(t, "unique_id", a->uid, sizeof(a->uid));
	print_item(t, "timestamp", a->timestamp, sizeof(a->timestamp));
	print_item(t, "freshness", a->freshness, sizeof(a->freshness));
	print_item(t, "signature", a->signature, a->signature_len);
	if (t->opt.json) {
		print_item(t, "message", message, len);
		printf("\"policy\":\"%s\",\"key\":\"%s\",\"verified\":%s}\n",
		       known ? policy : "", own_key ? "given" : "from the chip",
		       good ? "true" : "false");
		return;
	}
	if (known)
		printf("%-12s%s\n", "policy", *policy ? policy : "the default one");
	printf("%-12s%s\n", "verified", !good ? "NO: the signature is wrong" :
	       own_key ? "yes, with the key that was given" :
	       "yes, but with a key that the chip itself showed: --key=FILE is worth more");
}

int iot_attest(struct tool *t, char **args, int n)
{
	static struct se05x_iot_attestation a;
	static uint8_t message[EVP_MAX_MD_SIZE + sizeof(a.message)];
	struct se05x_iot_object object, signer;
	enum se05x_iot_hash hash;
	uint8_t freshness[16];
	EVP_PKEY *key = NULL;
	const EVP_MD *md;
	uint32_t id, with;
	bool private, good;
	size_t len;
	int ret = parse_id(args[0], &id) ?: parse_id(args[1], &with) ?: parse_hash(t, &hash, &md);

	(void)n;
	if (ret)
		return ret;
	if (t->key_file) {
		key = read_key(t->key_file, &private);
		if (!key)
			return USAGE;
	}
	ret = find_object(t, id, &object);
	ret = ret ?: find_kind(t, with, SE05X_IOT_KIND_EC, SE05X_IOT_PART_PAIR, &signer);
	if (!ret && !key)
		ret = read_public(t, &signer, &key);
	if (ret)
		goto out;
	if (RAND_bytes(freshness, sizeof(freshness)) != 1) {
		complain("attest: no random number: %s", crypto_reason());
		ret = TROUBLE;
		goto out;
	}
	ret = CHIP(t, se05x_iot_attest, id, object.kind, with, hash, freshness, 0, 0, &a);
	if (ret) {
		ret = chip_failed(t, id, ret);
		goto out;
	}
	len = signed_message(&a, md, message);
	good = verify(key, md, message, len, &a);
	if (t->output)
		ret = write_output(t, message, len);
	print_attestation(t, &a, message, len, good, t->key_file);
	if (!ret && !good)
		ret = UNMET;
out:
	EVP_PKEY_free(key);
	return ret;
}
