// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool attest verify: what attest wrote, checked far from the chip */
#include <stdlib.h>
#include <string.h>

#include <openssl/x509_vfy.h>

#include "attest.h"

/* The value of a TLV among others, as the applet codes lengths; NULL: none */
static const uint8_t *tlv(const uint8_t *at, size_t left, uint8_t tag, size_t *len)
{
	while (left >= 2) {
		size_t head = at[1] < 0x80 ? 2 : at[1] == 0x81 ? 3 : 4;

		if (left < head)
			return NULL;
		*len = head == 2 ? at[1] : head == 3 ? at[2] : (size_t)at[2] << 8 | at[3];
		if (left - head < *len)
			return NULL;
		if (*at == tag)
			return at + head;
		at += head + *len;
		left -= head + *len;
	}
	return NULL;
}

static bool tlv_is(struct part tlvs, uint8_t tag, struct part part)
{
	size_t got = 0;
	const uint8_t *value = tlv(tlvs.bytes, tlvs.len, tag, &got);

	return value ? got == part.len && !memcmp(value, part.bytes, got) : !part.len;
}

/* AN12543, 4.7.1: what 7.x signs are the TLVs; the parts shown must be those in it. */
static bool tlvs_agree(const struct attested *a)
{
	/* header and Lc are seven bytes */
	struct part command = { a->command.bytes + 7, a->command.len - 7 };

	return a->command.len > 7 && tlv_is(command, 0x47, a->freshness) &&
	       tlv_is(a->message, 0x41, a->value) && tlv_is(a->message, 0x42, a->uid) &&
	       tlv_is(a->message, 0x43, a->attributes) &&
	       tlv_is(a->message, 0x4F, a->timestamp);
}

/* The value of @name in what print_attestation() wrote; NULL: none */
static char *find_item(const char *text, const char *name)
{
	const char *json = strchr(text, '{'), *at = text;
	char quoted[32];
	size_t len;

	snprintf(quoted, sizeof(quoted), "\"%s\":\"", name);
	if (json == text) {
		at = strstr(text, quoted);
		if (!at)
			return NULL;
		at += strlen(quoted);
		return strndup(at, strcspn(at, "\""));
	}
	for (len = strlen(name); *at; at += strcspn(at, "\n"), at += *at == '\n') {
		if (strncmp(at, name, len) || at[len] != ' ')
			continue;
		at += len + strspn(at + len, " ");
		return strndup(at, strcspn(at, "\r\n"));
	}
	return NULL;
}

/* Bytes of the item @name go to *@to, which moves on. */
static bool take_bytes(const char *text, const char *name, uint8_t **to, struct part *part)
{
	char *hex = find_item(text, name);
	const char *why;
	int n = hex ? parse_hex(hex, *to, strlen(hex), &why) : -1;

	free(hex);
	*part = (struct part){ *to, n < 0 ? 0 : n };
	*to += part->len;
	return n >= 0;
}

static bool take_fixed(const char *text, const char *name, uint8_t **to, struct part *part,
		       size_t want)
{
	return take_bytes(text, name, to, part) && part->len == want;
}

/*
 * Read what attest wrote; @room is as large as twice @text. The message is put together
 * from the parts that are shown, so that nothing is shown that was not signed.
 */
static bool take_attestation(const char *text, uint8_t *room, struct attested *a)
{
	if (!take_bytes(text, "value", &room, &a->value) ||
	    !take_bytes(text, "attributes", &room, &a->attributes) || a->attributes.len < 4 ||
	    !take_fixed(text, "timestamp", &room, &a->timestamp, 12) ||
	    !take_fixed(text, "freshness", &room, &a->freshness, 16) ||
	    !take_fixed(text, "unique_id", &room, &a->uid, SE05X_IOT_UID_LEN))
		return false;
	/* up to 6.x the values one after the other, as they are there now */
	a->message = (struct part){ a->value.bytes, room - a->value.bytes };
	if (!take_bytes(text, "signature", &room, &a->signature))
		return false;
	return !take_bytes(text, "command", &room, &a->command) ||
	       (take_bytes(text, "answer", &room, &a->message) && tlvs_agree(a));
}

/* Do the certificates of --key lead to --root? */
static bool chain_good(const struct tool *t, STACK_OF(X509) *certs, STACK_OF(X509) *roots)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool good;

	X509_STORE_CTX_init(ctx, NULL, sk_X509_value(certs, 0), certs);
	X509_STORE_CTX_set0_trusted_stack(ctx, roots);
	/* what is given is trusted, a root of all or an authority below it */
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
	good = X509_verify_cert(ctx) == 1;
	if (!good)
		complain("%s does not lead to %s: %s", t->key_file, t->root,
			 X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	return good;
}

/* All that --root, --freshness and --unique-id want. Return: OK, UNMET or USAGE. */
static int check_claims(const struct tool *t, const struct attested *a,
			STACK_OF(X509) *certs)
{
	uint8_t freshness[16], uid[SE05X_IOT_UID_LEN];
	const char *why = "it has 18 bytes";
	STACK_OF(X509) *roots;
	bool good = true;

	if (t->freshness && parse_freshness(t, freshness))
		return USAGE;
	if (t->unique_id && parse_hex(t->unique_id, uid, sizeof(uid), &why) != sizeof(uid)) {
		complain("--unique-id: %s", why);
		return USAGE;
	}
	if (t->root && !certs) {
		complain("--root: a bare public key leads nowhere; --key wants certificates");
		return USAGE;
	}
	if (t->root) {
		roots = read_certificates(t->root);
		if (!roots)
			return USAGE;
		good = chain_good(t, certs, roots);
		sk_X509_pop_free(roots, X509_free);
	}
	if (t->freshness && memcmp(freshness, a->freshness.bytes, sizeof(freshness))) {
		complain("another challenge was signed than --freshness");
		good = false;
	}
	if (t->unique_id && memcmp(uid, a->uid.bytes, sizeof(uid))) {
		complain("another chip signed than --unique-id");
		good = false;
	}
	if (!t->freshness)
		warn(&t->opt, "without --freshness this may be an old answer");
	if (!t->root)
		warn(&t->opt, "without --root nobody says that the key is a chip's");
	return good ? OK : UNMET;
}

static void print_verified(const struct tool *t, const struct attested *a, bool good)
{
	if (t->opt.json)
		putchar('{');
	print_item(t, "object", (struct part){ a->attributes.bytes, 4 });
	print_item(t, "value", a->value);
	print_item(t, "attributes", a->attributes);
	print_item(t, "unique_id", a->uid);
	print_item(t, "timestamp", a->timestamp);
	if (t->opt.json)
		printf("\"verified\":%s}\n", good ? "true" : "false");
	else
		printf("%-12s%s\n", "verified", good ? "yes" : "NO");
}

static int check_attestation(struct tool *t, const struct attested *a, const EVP_MD *md)
{
	STACK_OF(X509) *certs = NULL;
	EVP_PKEY *key = read_verifier(t, &certs);
	uint8_t *message;
	size_t len;
	int ret;

	if (!key)
		return USAGE;
	message = signed_message(a, md, &len);
	ret = message ? check_claims(t, a, certs) : TROUBLE;
	if (message && !signature_good(key, md, message, len, a)) {
		complain("the signature is wrong");
		ret = ret == USAGE ? USAGE : UNMET;
	}
	if (ret == OK || ret == UNMET)
		print_verified(t, a, !ret);
	OPENSSL_free(message);
	sk_X509_pop_free(certs, X509_free);
	EVP_PKEY_free(key);
	return ret;
}

int attest_verify(struct tool *t, char **args, int n)
{
	uint8_t *data, *room;
	struct attested a = { };
	const struct keys_hash *h;
	const EVP_MD *md;
	char *text, *name;
	size_t len;
	int ret;

	(void)n;
	if (!t->key_file) {
		complain("attest verify: --key=FILE is missing, the key or certificates to check"
			 " with");
		return USAGE;
	}
	ret = read_input(args[0], &data, &len, INPUT_MAX);
	if (ret)
		return ret;
	text = (char *)data;
	text[len] = 0;	/* read_input() left room */
	room = malloc(2 * len + 1);
	name = find_item(text, "hash");
	h = name ? keys_hash_by_name(name) : NULL;
	md = h ? EVP_get_digestbyname(h->name) : NULL;
	if (room && md && take_attestation(text, room, &a)) {
		ret = check_attestation(t, &a, md);
	} else {
		complain("%s: not what 'se05x-tool attest' writes, or its parts contradict each"
			 " other", args[0]);
		ret = USAGE;
	}
	free(name);
	free(room);
	free(data);
	return ret;
}
