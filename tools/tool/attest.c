// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool attest: the chip's word for what an object holds, and is it good? */
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "tool.h"

struct part {
	const uint8_t *bytes;
	size_t len;
};

static struct part part_of(const struct se05x_iot_attestation *a, enum se05x_iot_attested what)
{
	struct part part;

	part.bytes = se05x_iot_attested(a, what, &part.len);
	return part;
}

/* What was signed: applet 7.x puts a digest of the command before it. OPENSSL_free() it. */
static uint8_t *signed_message(const struct se05x_iot_attestation *a, const EVP_MD *md,
			       size_t *len)
{
	struct part command = part_of(a, SE05X_IOT_ATTESTED_COMMAND);
	struct part rest = part_of(a, SE05X_IOT_ATTESTED_MESSAGE);
	uint8_t *message = OPENSSL_malloc(EVP_MAX_MD_SIZE + rest.len);
	unsigned int digest_len = 0;

	if (!message)
		return NULL;
	if (command.len)
		EVP_Digest(command.bytes, command.len, message, &digest_len, md, NULL);
	memcpy(message + digest_len, rest.bytes, rest.len);
	*len = digest_len + rest.len;
	return message;
}

static bool verify(EVP_PKEY *key, const EVP_MD *md, const uint8_t *message, size_t len,
		   const struct se05x_iot_attestation *a)
{
	struct part signature = part_of(a, SE05X_IOT_ATTESTED_SIGNATURE);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, signature.bytes, signature.len, message, len) == 1;

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
	static const struct {
		const char *name;
		enum se05x_iot_attested what;
	} items[] = {
		{ "value", SE05X_IOT_ATTESTED_VALUE },
		{ "attributes", SE05X_IOT_ATTESTED_ATTRIBUTES },
		{ "unique_id", SE05X_IOT_ATTESTED_UNIQUE_ID },
		{ "timestamp", SE05X_IOT_ATTESTED_TIMESTAMP },
		{ "freshness", SE05X_IOT_ATTESTED_FRESHNESS },
		{ "signature", SE05X_IOT_ATTESTED_SIGNATURE },
	};
	struct se05x_iot_attributes attributes;
	char policy[4096];
	struct part bytes = part_of(a, SE05X_IOT_ATTESTED_ATTRIBUTES);
	bool known = !se05x_iot_attributes_parse(t->iot, bytes.bytes, bytes.len, &attributes) &&
		     se05x_iot_policy_print(attributes.policy, attributes.policy_len, policy,
					    sizeof(policy)) >= 0;

	if (t->opt.json)
		putchar('{');
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		bytes = part_of(a, items[i].what);
		print_item(t, items[i].name, bytes.bytes, bytes.len);
	}
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
	struct se05x_iot_attestation *a = NULL;
	uint8_t *message = NULL;
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
	message = signed_message(a, md, &len);
	if (!message) {
		ret = TROUBLE;
		goto out;
	}
	good = verify(key, md, message, len, a);
	if (t->output)
		ret = write_output(t, message, len);
	print_attestation(t, a, message, len, good, t->key_file);
	if (!ret && !good)
		ret = UNMET;
out:
	OPENSSL_free(message);
	se05x_iot_attestation_free(a);
	EVP_PKEY_free(key);
	return ret;
}
