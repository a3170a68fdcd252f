// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: names, files, passwords; what the chip said, in words; who may do what */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "tool.h"

/* ---- names ---- */

struct tool *names_of;

int parse_id(const char *text, uint32_t *id)
{
	unsigned int n;
	uint32_t alias;

	if (keys_parse_id(text, id))
		return OK;
	if (keys_looks_like_id(text)) {
		complain("%s: an identifier is 0x and up to eight hex digits, or a decimal number,"
			 " and neither 0 nor 0xFFFFFFFF", text);
		return USAGE;
	}
	n = names_of ? find_chip_name(names_of, text, id) : 0;
	if (n > 1) {
		complain("%s: %u objects in the chip have that name: say the identifier", text, n);
		return USAGE;
	}
	if (!keys_alias(text, &alias)) {
		if (n)
			return OK;
		complain("%s: neither a number (0x and hex digits) nor a name, in the chip or in"
			 " the alias file", text);
		return USAGE;
	}
	if (n && alias != *id) {
		complain("%s: in the chip that is 0x%08X, and in the alias file 0x%08X", text, *id,
			 alias);
		return USAGE;
	}
	*id = alias;
	return OK;
}

const char *alias_of(uint32_t id)
{
	static char name[KEYS_NAME_MAX];

	return keys_alias_of(id, name) ? name : NULL;
}

const char *id_text(uint32_t id)
{
	static char texts[4][300];
	static unsigned int next;
	char *text = texts[next++ % 4];
	const char *alias = alias_of(id);

	snprintf(text, sizeof(texts[0]), "0x%08X%s%s%s", id, alias ? " (" : "", alias ?: "",
		 alias ? ")" : "");
	return text;
}

/* ---- files ---- */

FILE *open_input(const char **path)
{
	static bool taken;
	FILE *file;

	if (*path && strcmp(*path, "-")) {
		file = fopen(*path, "rb");
		if (!file)
			complain("%s: %s", *path, strerror(errno));
		return file;
	}
	*path = "standard input";
	if (taken) {
		complain("two things are to be read from standard input: name a file for one");
		return NULL;
	}
	taken = true;
	return stdin;
}

int read_input(const char *path, uint8_t **data, size_t *len, size_t max)
{
	FILE *file = open_input(&path);
	int ret = USAGE;

	*data = NULL;
	if (!file)
		return USAGE;
	*data = malloc(max + 1);
	if (!*data) {
		complain("%s: %s", path, strerror(errno));
		goto out;
	}
	*len = fread(*data, 1, max + 1, file);
	if (ferror(file))
		complain("%s: %s", path, strerror(errno));
	else if (*len > max)
		complain("%s: more than %zu bytes", path, max);
	else
		ret = OK;
out:
	if (file != stdin)
		fclose(file);
	if (ret) {
		free(*data);
		*data = NULL;
	}
	return ret;
}

int write_bytes(const struct tool *t, const char *name, const void *data, size_t len)
{
	if (t->opt.json)
		printf("{\"%s\":\"", name);
	if (t->opt.json || t->hex)
		print_hex(stdout, data, len);
	else
		fwrite(data, 1, len, stdout);
	if (t->opt.json)
		puts("\"}");
	else if (t->hex)
		puts("");
	return OK;	/* main() and output_end() look whether it went well */
}

/* ---- the chip's answers, in words ---- */

/*
 * 6982 of one command may be its object's; when GetFreeMemory says it too, the chip wants
 * all of them in a secure channel.
 */
static bool wants_channel(const struct tool *t)
{
	struct se05x_call call = { .deadline_ms = t->opt.deadline_ms };
	uint32_t bytes;

	if (t->call.sw != 0x6982 || !t->iot)
		return false;
	se05x_iot_free_memory(t->iot, SE05X_IOT_MEMORY_PERSISTENT, &bytes, &call);
	return call.sw == 0x6982;
}

int chip_failed(const struct tool *t, uint32_t id, int error)
{
	const char *hint = "", *text = se05x_iot_error_text(error, &t->call);
	char sw[8] = "";

	if (t->call.sw)
		snprintf(sw, sizeof(sw), " (%04X)", t->call.sw);
	switch (error) {
	case -EACCES:
		if (wants_channel(t))
			hint = "; the chip takes commands in a secure channel (SCP03) only: a FIPS"
			       " part, or one that was told so. 'sudo se05x-tool channel load FILE'"
			       " gives the kernel its keys";
		else if (!t->owner)
			hint = "; if it belongs to a UserID or a key, --user-id or --auth helps";
		break;
	case -ESTALE:
		hint = "; run the command again";
		break;
	case -EAGAIN:
		hint = "; wait, and run the command again";
		break;
	case -ETIMEDOUT:
	case -ECONNRESET:
		hint = "; 'se05x-tool list' tells what is there";
		break;
	case -EOPNOTSUPP:
		/* a card manager says that too, which is there alone after a restart */
		if (t->call.sw)
			hint = "; or the chip was reset: run the command again";
		break;
	case -EDQUOT:
		hint = t->call.sw ? "; 'se05x-tool info' tells how much is free" : "";
		break;
	}
	if (id)
		complain_sw(t->call.sw, "%s %s: %s%s%s", t->command, id_text(id), text, sw, hint);
	else
		complain_sw(t->call.sw, "%s: %s%s%s", t->command, text, sw, hint);
	return TROUBLE;
}

int limit_failed(const struct tool *t, uint32_t id, int error, enum se05x_iot_limit limit)
{
	if (error != -E2BIG)
		return chip_failed(t, id, error);
	complain("%s %s: that is more than fits into one command: up to %zu bytes always do",
		 t->command, id_text(id), se05x_iot_max(t->iot, limit));
	return TROUBLE;
}

int open_applet(struct tool *t)
{
	int ret;

	t->call = (struct se05x_call) { .deadline_ms = t->opt.deadline_ms };
	progress_begin(&t->opt);
	ret = se05x_iot_open(t->se, t->aid_len ? t->aid : NULL, t->aid_len, &t->iot, &t->call);
	progress_end();
	return ret;
}

const char *kind_name(unsigned int kind)
{
	static const char * const names[] = {
		[SE05X_IOT_KIND_EC] = "EC key", [SE05X_IOT_KIND_RSA] = "RSA key",
		[SE05X_IOT_KIND_AES] = "AES key", [SE05X_IOT_KIND_DES] = "DES key",
		[SE05X_IOT_KIND_HMAC] = "HMAC key", [SE05X_IOT_KIND_BINARY] = "file",
		[SE05X_IOT_KIND_USERID] = "UserID", [SE05X_IOT_KIND_COUNTER] = "counter",
		[SE05X_IOT_KIND_PCR] = "PCR", [SE05X_IOT_KIND_CURVE] = "curve",
	};

	return kind && kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

const char *object_text(const struct se05x_iot_object *object)
{
	static const char * const parts[] = {
		[SE05X_IOT_PART_WHOLE] = "", [SE05X_IOT_PART_PAIR] = " pair",
		[SE05X_IOT_PART_PRIVATE] = " (private part)",
		[SE05X_IOT_PART_PUBLIC] = " (public part)",
	};
	const struct se05x_iot_curve *curve = se05x_iot_curve(object->curve);
	static char text[80];
	char more[40] = "";

	if (object->kind == SE05X_IOT_KIND_UNKNOWN) {
		snprintf(text, sizeof(text), "type 0x%02X", object->type);
		return text;
	}
	if (curve)
		snprintf(more, sizeof(more), " on %s", curve->name);
	else if (object->size && object->kind == SE05X_IOT_KIND_BINARY)
		snprintf(more, sizeof(more), " of %u bytes", object->size);
	else if (object->size && object->kind != SE05X_IOT_KIND_PCR &&
		 object->kind != SE05X_IOT_KIND_EC)
		snprintf(more, sizeof(more), " of %u bits", 8 * object->size);
	snprintf(text, sizeof(text), "%s%s%s", kind_name(object->kind), parts[object->part],
		 more);
	return text;
}

int find_object(struct tool *t, uint32_t id, struct se05x_iot_object *object)
{
	int ret = CHIP(t, se05x_iot_object, id, object);

	if (ret == -ENOENT) {
		complain_sw(t->call.sw, "%s: there is no object %s", t->command, id_text(id));
		return TROUBLE;
	}
	return ret ? chip_failed(t, id, ret) : OK;
}

int find_kind(struct tool *t, uint32_t id, unsigned int kind, unsigned int part,
	      struct se05x_iot_object *object)
{
	int ret = find_object(t, id, object);

	if (ret)
		return ret;
	if (object->kind != kind || (part && object->part != part)) {
		complain("%s %s: wrong kind: %s, not %s%s", t->command, id_text(id),
			 object_text(object), kind_name(kind),
			 part == SE05X_IOT_PART_PAIR ? " pair" : "");
		return TROUBLE;
	}
	return OK;
}

/* ---- policies ---- */

/* POLICY_OBJ_REQUIRE_SM: AN12413, 3.7.3 */
#define MAY_SECURE_MESSAGING	0x00020000u

int parse_policy(const char *text, uint8_t *policy, size_t *len)
{
	const char *where;
	int ret;

	*len = SE05X_IOT_POLICY_MAX;
	ret = se05x_iot_policy_parse(text, policy, len, &where);
	if (ret == -EINVAL)
		complain("policy '%s': not understood from '%s' on; it is like"
			 " any:sign,read;0x0A0B0C0D:delete", text, where);
	else if (ret)
		complain("policy '%s': too long", text);
	return ret ? USAGE : OK;
}

/* One line per set: the words are the notation's own. */
void explain_policy(const uint8_t *policy, size_t len)
{
	char text[4096], *set, *colon, *save;
	int n = se05x_iot_policy_print(policy, len, text, sizeof(text));

	if (n < 0 || (size_t)n >= sizeof(text)) {
		fputs("  (the chip's bytes are not understood)\n", stderr);
		return;
	}
	for (set = strtok_r(text, ";", &save); set; set = strtok_r(NULL, ";", &save)) {
		colon = strchr(set, ':');
		*colon = 0;
		if (!strcmp(set, "any"))
			fprintf(stderr, "  anybody may: %s\n", colon + 1);
		else
			fprintf(stderr, "  who opened a session with %s may: %s\n", set, colon + 1);
	}
	if (!(se05x_iot_policy_rights(policy, len) & SE05X_IOT_MAY_DELETE))
		fputs("  nobody may ever delete it: the slot is taken for the chip's life\n",
		      stderr);
}

/* Each set is its length, who (4 bytes, 0: anybody), rights (4 bytes) and more. */
bool anybody_may(const uint8_t *policy, size_t len, uint32_t rights)
{
	for (size_t at = 0; at + 9 <= len; at += 1 + policy[at]) {
		const uint8_t *p = policy + at + 1;
		uint32_t has = (uint32_t)p[4] << 24 | p[5] << 16 | p[6] << 8 | p[7];

		if (!(p[0] | p[1] | p[2] | p[3]) && has & rights)
			return true;
	}
	return false;
}

void warn_policy(const struct tool *t, const uint8_t *policy, size_t len)
{
	if (se05x_iot_policy_rights(policy, len) & MAY_SECURE_MESSAGING)
		warn(&t->opt, "secure-messaging in a policy: commands to that object must come in a"
		     " secure channel: a session that a key opened (--auth), or the chip's own");
}

int confirm(const struct tool *t, const char *question)
{
	char line[16];
	FILE *tty;

	if (t->yes)
		return OK;
	tty = fopen("/dev/tty", "r+");
	if (!tty) {
		complain("%s: that can't be undone, and there is no terminal to ask on:"
			 " --yes does it", t->command);
		return USAGE;
	}
	print_safe(tty, question);
	fputs(" [y/N] ", tty);
	fflush(tty);
	if (!fgets(line, sizeof(line), tty))
		line[0] = 0;
	fclose(tty);
	if (line[0] == 'y' || line[0] == 'Y')
		return OK;
	complain("%s: left as it was", t->command);
	return DECLINED;
}

int check_reserved(const struct tool *t, uint32_t id, const char *what)
{
	const char *whose = NULL;

	if (id >= SE05X_IOT_ID_RESERVED_FIRST && id <= SE05X_IOT_ID_RESERVED_LAST)
		whose = "is reserved for the applet itself";
	else if (id >= SE05X_IOT_ID_PROVISIONED_FIRST)
		whose = "is where NXP provisions keys and certificates";
	if (!whose || t->force)
		return OK;
	complain("%s %s: that %s; --force %s it anyway", t->command, id_text(id), whose, what);
	return USAGE;
}

int prepare_new(struct tool *t, uint32_t id, uint8_t *policy, struct se05x_iot_new *how)
{
	struct se05x_iot_object object;
	size_t len = 0;
	bool exists;
	int ret = check_reserved(t, id, "writes");

	if (!ret && t->policy)
		ret = parse_policy(t->policy, policy, &len);
	if (ret)
		return ret;
	*how = (struct se05x_iot_new) {
		.policy = policy, .policy_len = len,
		.max_attempts = t->max_attempts, .transient = t->transient, .auth = t->for_auth,
	};
	ret = CHIP(t, se05x_iot_exists, id, &exists);
	if (ret)
		return chip_failed(t, id, ret);
	if (exists) {
		ret = find_object(t, id, &object);
		if (!ret)
			complain("%s %s: that is taken: %s; 'se05x-tool delete' makes room",
				 t->command, id_text(id), object_text(&object));
		return TROUBLE;
	}
	if (!t->policy)
		return OK;
	if (!t->opt.quiet && !t->opt.json) {
		say(&t->opt, "%s:", id_text(id));
		explain_policy(policy, len);
	}
	warn_policy(t, policy, len);
	if (se05x_iot_policy_rights(policy, len) & SE05X_IOT_MAY_DELETE)
		return OK;
	return confirm(t, "Nobody will ever be able to delete this object. Make it?");
}

/* ---- digests ---- */

int parse_hash(const struct tool *t, enum se05x_iot_hash *hash, const EVP_MD **md)
{
	const struct keys_hash *h = keys_hash_by_name(t->hash ?: "sha256");

	if (!h) {
		complain("--hash %s: it is one of sha1, sha224, sha256, sha384, sha512", t->hash);
		return USAGE;
	}
	*hash = h->hash;
	*md = EVP_get_digestbyname(h->name);
	return OK;
}

int digest_input(const struct tool *t, const char *path, const EVP_MD *md, uint8_t *digest)
{
	FILE *file = open_input(&path);
	EVP_MD_CTX *ctx;
	uint8_t block[4096];
	size_t n, total = 0;
	int ret = USAGE;

	if (!file)
		return USAGE;
	ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, md, NULL);
	while ((n = fread(block, 1, sizeof(block), file))) {
		if (t->digest && total + n <= EVP_MAX_MD_SIZE)
			memcpy(digest + total, block, n);
		EVP_DigestUpdate(ctx, block, n);
		total += n;
	}
	if (ferror(file))
		complain("%s: %s", path, strerror(errno));
	else if (t->digest && total != (size_t)EVP_MD_get_size(md))
		complain("%s: a digest by --hash has %d bytes, not %zu", path,
			 EVP_MD_get_size(md), total);
	else
		ret = OK;
	if (!ret && !t->digest)
		EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	if (file != stdin)
		fclose(file);
	return ret;
}

const char *crypto_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason ?: "no reason given";
}
