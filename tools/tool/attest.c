// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool attest: the chip's word for what an object holds, and is it good? */
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "attest.h"

static struct attested parts_of(const struct se05x_iot_attestation *from)
{
	struct attested a;
	const struct {
		enum se05x_iot_attested what;
		struct part *part;
	} parts[] = {
		{ SE05X_IOT_ATTESTED_VALUE, &a.value },
		{ SE05X_IOT_ATTESTED_ATTRIBUTES, &a.attributes },
		{ SE05X_IOT_ATTESTED_UNIQUE_ID, &a.uid },
		{ SE05X_IOT_ATTESTED_TIMESTAMP, &a.timestamp },
		{ SE05X_IOT_ATTESTED_FRESHNESS, &a.freshness },
		{ SE05X_IOT_ATTESTED_SIGNATURE, &a.signature },
		{ SE05X_IOT_ATTESTED_COMMAND, &a.command },
		{ SE05X_IOT_ATTESTED_MESSAGE, &a.message },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i].part->bytes = se05x_iot_attested(from, parts[i].what, &parts[i].part->len);
	return a;
}

/* What was signed: applet 7.x puts a digest of the command before it. */
uint8_t *signed_message(const struct attested *a, const EVP_MD *md, size_t *len)
{
	uint8_t *message = OPENSSL_malloc(EVP_MAX_MD_SIZE + a->message.len);
	unsigned int digest_len = 0;

	if (!message)
		return NULL;
	if (a->command.len)
		EVP_Digest(a->command.bytes, a->command.len, message, &digest_len, md, NULL);
	memcpy(message + digest_len, a->message.bytes, a->message.len);
	*len = digest_len + a->message.len;
	return message;
}

bool signature_good(EVP_PKEY *key, const EVP_MD *md, const uint8_t *message, size_t len,
		    const struct attested *a)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, a->signature.bytes, a->signature.len, message, len) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

void print_item(const struct tool *t, const char *name, struct part part)
{
	printf(t->opt.json ? "\"%s\":\"" : "%-12s", name);
	print_hex(stdout, part.bytes, part.len);
	fputs(t->opt.json ? "\"," : "\n", stdout);
}

/* These lines, or the JSON, are what attest_verify() reads again. */
static void print_attestation(const struct tool *t, const struct attested *a, const EVP_MD *md,
			      struct part message, bool good)
{
	struct se05x_iot_attributes attributes;
	char policy[4096], hash[16];
	bool known = !se05x_iot_attributes_parse(t->iot, a->attributes.bytes, a->attributes.len,
						 &attributes) &&
		     se05x_iot_policy_print(attributes.policy, attributes.policy_len, policy,
					    sizeof(policy)) >= 0;

	if (t->opt.json)
		putchar('{');
	print_item(t, "value", a->value);
	print_item(t, "attributes", a->attributes);
	print_item(t, "unique_id", a->uid);
	print_item(t, "timestamp", a->timestamp);
	print_item(t, "freshness", a->freshness);
	print_item(t, "signature", a->signature);
	snprintf(hash, sizeof(hash), "sha%d", EVP_MD_get_size(md) == 20 ? 1 :
		 8 * EVP_MD_get_size(md));
	printf(t->opt.json ? "\"hash\":\"%s\"," : "hash        %s\n", hash);
	if (a->command.len) {
		print_item(t, "command", a->command);
		print_item(t, "answer", a->message);
	}
	if (t->opt.json) {
		print_item(t, "message", message);
		printf("\"policy\":\"%s\",\"key\":\"%s\",\"verified\":%s}\n",
		       known ? policy : "", t->key_file ? "given" : "from the chip",
		       good ? "true" : "false");
		return;
	}
	if (known)
		printf("%-12s%s\n", "policy", *policy ? policy : "the default one");
	printf("%-12s%s\n", "verified", !good ? "NO: the signature is wrong" :
	       t->key_file ? "yes, with the key that was given" :
	       "yes, but with a key that the chip itself showed: --key=FILE is worth more");
}

int parse_freshness(const struct tool *t, uint8_t freshness[16])
{
	const char *why = "it has 16 bytes";

	if (parse_hex(t->freshness, freshness, 16, &why) == 16)
		return OK;
	complain("--freshness: %s", why);
	return USAGE;
}

EVP_PKEY *read_verifier(struct tool *t, STACK_OF(X509) **certs)
{
	EVP_PKEY *key = NULL;
	uint8_t *data;
	bool private;
	size_t len;

	*certs = NULL;
	if (read_input(t->key_file, &data, &len, INPUT_MAX))
		return NULL;
	if (has_certificate(data, len)) {
		*certs = parse_certificates(t->key_file, data, len);
		key = *certs ? X509_get_pubkey(sk_X509_value(*certs, 0)) : NULL;
	} else {
		key = parse_key(t, t->key_file, data, len, &private);
	}
	OPENSSL_cleanse(data, len);
	free(data);
	return key;
}

/* A new challenge, or the verifier's */
static int choose_freshness(const struct tool *t, uint8_t freshness[16])
{
	if (t->freshness)
		return parse_freshness(t, freshness);
	if (RAND_bytes(freshness, 16) == 1)
		return OK;
	complain("attest: no random number: %s", crypto_reason());
	return TROUBLE;
}

int iot_attest(struct tool *t, char **args, int n)
{
	struct se05x_iot_attestation *attestation = NULL;
	struct attested a;
	uint8_t *message = NULL;
	struct se05x_iot_object object, signer;
	STACK_OF(X509) *certs = NULL;
	enum se05x_iot_hash hash;
	uint8_t freshness[16];
	EVP_PKEY *key = NULL;
	const EVP_MD *md;
	uint32_t id, with;
	size_t len;
	bool good;
	int ret = parse_id(args[0], &id) ?: parse_id(args[1], &with) ?:
		  parse_hash(t, &hash, &md) ?: choose_freshness(t, freshness);

	(void)n;
	if (ret)
		return ret;
	if (t->key_file) {
		key = read_verifier(t, &certs);
		if (!key)
			return USAGE;
	}
	ret = find_object(t, id, &object);
	ret = ret ?: find_kind(t, with, SE05X_IOT_KIND_EC, SE05X_IOT_PART_PAIR, &signer);
	if (!ret && !key)
		ret = read_public(t, &signer, &key);
	if (ret)
		goto out;
	ret = CHIP(t, se05x_iot_attest, id, object.kind, with, hash, freshness, 0, 0,
		   &attestation);
	if (ret) {
		ret = chip_failed(t, id, ret);
		if (object.kind == SE05X_IOT_KIND_BINARY && t->call.sw == 0x6700)
			complain("a file of %u bytes is more than the chip attests in one answer",
				 object.size);
		goto out;
	}
	a = parts_of(attestation);
	message = signed_message(&a, md, &len);
	if (!message) {
		ret = TROUBLE;
		goto out;
	}
	good = signature_good(key, md, message, len, &a);
	print_attestation(t, &a, md, (struct part){ message, len }, good);
	ret = good ? OK : UNMET;
out:
	OPENSSL_free(message);
	se05x_iot_attestation_free(attestation);
	sk_X509_pop_free(certs, X509_free);
	EVP_PKEY_free(key);
	return ret;
}
