// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: options, what they mean, and which commands take them */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/* @at: the word, or where @arg is NULL the flag, in struct tool */
static const struct row {
	const char *name;
	uint64_t bit;
	char letter;
	const char *arg;
	size_t at;
	const char *what;
} rows[] = {
#define AT(member) offsetof(struct tool, member)
	{ "device", OPT_DEVICE, 'd', "FILE", AT(opt.device),
	  "the chip ($SE05X_DEVICE, or /dev/se05x)" },
	{ "aid", OPT_AID, 0, "HEX", AT(opt.aid), "the IoT applet's name, if it is not NXP's" },
	{ "timeout", OPT_TIMEOUT, 't', "MS", AT(timeout), "wait no longer than that for each answer" },
	{ "user-id", OPT_USER, 0, "ID", AT(user_id), "be the owner of that UserID" },
	{ "password-file", OPT_PASSWORD, 0, "FILE", AT(password_file),
	  "its password, instead of asking" },
	{ "auth", OPT_AUTH, 0, "KIND:ID:FILE", AT(auth),
	  "be the owner of that key, aes or ec, in a secure channel" },
	{ "trace", OPT_TRACE, 0, NULL, AT(trace), "tell of each APDU its name and length" },
	{ "hash", OPT_HASH, 0, "NAME", AT(hash), "sha1, sha224, sha256 (default), sha384, sha512" },
	{ "digest", OPT_DIGEST, 0, NULL, AT(digest),
	  "what is to be signed or verified is a digest already" },
	{ "mode", OPT_MODE, 0, "NAME", AT(mode),
	  "rsa: pkcs1, pss, oaep, none; aes, des: cbc, ecb, ctr" },
	{ "iv", OPT_IV, 0, "HEX", AT(iv), "for cbc and ctr" },
	{ "nopad", OPT_NOPAD, 0, NULL, AT(nopad),
	  "whole blocks only; else PKCS#7 padding, as openssl enc" },
	{ "salt", OPT_SALT, 0, "HEX", AT(salt), "of HKDF" },
	{ "info", OPT_INFO, 0, "HEX", AT(info), "of HKDF" },
	{ "type", OPT_TYPE, 0, "NAME", AT(type), "the file's bytes are a key: aes, des, hmac" },
	{ "passin", OPT_PASSIN, 0, "FILE", AT(passin),
	  "password of an encrypted key or PKCS#12, instead of asking" },
	{ "der", OPT_DER, 0, NULL, AT(der), "instead of PEM" },
	{ "hex", OPT_HEX, 0, NULL, AT(hex), "instead of bytes" },
	{ "update", OPT_UPDATE, 0, NULL, AT(update),
	  "into a file that is there and large enough" },
	{ "ids", OPT_IDS, 0, NULL, AT(ids), "identifiers only, and nothing else is asked" },
	{ "from-nxp", OPT_FROM_NXP, 0, NULL, AT(from_nxp), "the identifier that NXP's module gives a label" },
	{ "prepare", OPT_PREPARE, 0, NULL, AT(prepare), "make room for names, and give none" },
	{ "from", OPT_FROM, 0, "FILE", AT(from), "a reference key of NXP's, by which the key is found" },
	{ "user", OPT_KEY_USER, 0, "ID", AT(key_user),
	  "UserID whose password programs have to give with the key" },
	{ "subject", OPT_SUBJECT, 0, "NAME", AT(subject),
	  "/CN=device-0001/O=Example, or a common name" },
	{ "san", OPT_SAN, 0, "NAMES", AT(san), "other names: a.example.org,192.0.2.1" },
	{ "usage", OPT_USAGE, 0, "NAMES", AT(usage),
	  "client, server, or openssl's words such as codeSigning" },
	{ "ca", OPT_CA, 0, "COMMAND", AT(ca),
	  "for the shell: gets the request, gives the certificate" },
	{ "policy", OPT_POLICY, 0, "TEXT", AT(policy),
	  "who may do what: any:sign,read;0x0A0B0C0D:delete (see 'policy')" },
	{ "max-attempts", OPT_ATTEMPTS, 0, "N", AT(attempts),
	  "so many wrong passwords, and it is blocked for ever" },
	{ "for-auth", OPT_FOR_AUTH, 0, NULL, AT(for_auth),
	  "the key opens sessions (--auth), and does nothing else" },
	{ "transient", OPT_TRANSIENT, 0, NULL, AT(transient), "keep its value in RAM only" },
	{ "freshness", OPT_FRESHNESS, 0, "HEX", AT(freshness),
	  "the verifier's challenge, 16 bytes" },
	{ "key", OPT_KEY, 0, "FILE", AT(key_file),
	  "public key or certificates that the attestation is checked with" },
	{ "root", OPT_ROOT, 0, "FILE", AT(root), "certificate that those lead to" },
	{ "unique-id", OPT_UID, 0, "HEX", AT(unique_id), "number that the chip must have" },
	{ "force", OPT_FORCE, 0, NULL, AT(force), "also what is reserved" },
	{ "output", OPT_OUTPUT, 'o', "FILE", AT(output),
	  "instead of standard output; written as a whole, or not at all" },
	{ "yes", OPT_YES, 'y', NULL, AT(yes), "don't ask" },
	{ "json", OPT_JSON, 0, NULL, AT(opt.json), "answers and complaints for programs" },
	{ "quiet", OPT_QUIET, 'q', NULL, AT(opt.quiet), "answers only, no words" },
	{ "help", OPT_HELP, 'h', NULL, AT(help), "this text; with a command, that one's" },
#undef AT
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))

static const char rights[] =
	"Rights in a policy: sign verify agree encrypt decrypt derive wrap read write\n"
	"generate delete attest import-export secure-messaging forbid tls-kdf tls-pms\n"
	"forbid-derived-output ext-random pbkdf forbid-ext-iv pepper desfire-auth\n"
	"desfire-dump desfire-kdf internal-sign derived-input=ID desfire-change=ID\n"
	"pcr=ID/HEX. A set is WHO:RIGHT,RIGHT where WHO is 'any' or the ID of a UserID\n"
	"or of a key that opens sessions; a semicolon goes between sets. Quote it: the\n"
	"shell knows the semicolon too.\n";

static void print_options(uint64_t mask)
{
	char head[32];

	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].bit & mask))
			continue;
		snprintf(head, sizeof(head), "%c%c%c --%s%s%s", rows[i].letter ? '-' : ' ',
			 rows[i].letter ?: ' ', rows[i].letter ? ',' : ' ', rows[i].name,
			 rows[i].arg ? "=" : "", rows[i].arg ?: "");
		printf("  %-25s %s\n", head, rows[i].what);
	}
}

void print_command_help(const struct command *command)
{
	uint64_t own = command->options;

	printf("Usage: se05x-tool [OPTION]... %s%s%s\n\n  %s\n\n", command->name,
	       *command->args ? " " : "", command->args, command->what);
	if (own) {
		puts("Its options:");
		print_options(own);
		puts("");
	}
	puts("Of every command:");
	print_options(OPT_ALL | (command->how == NO_CHIP ? 0 : OPT_CHIP));
	if (own & OPT_POLICY || !strcmp(command->name, "policy"))
		printf("\n%s", rights);
}

void print_all_options(void)
{
	print_options(~0ull);
	printf("  -V, --version             version of this program\n\n%s", rights);
}

static int usage_error(const char *format, const char *arg)
{
	complain(format, arg);
	return USAGE;
}

static int unknown_option(const char *arg)
{
	const char *names[ROWS + 1] = { }, *like;
	char word[64];

	for (size_t i = 0; i < ROWS; i++)
		names[i] = rows[i].name;
	snprintf(word, sizeof(word), "%s", arg + strspn(arg, "-"));
	word[strcspn(word, "=")] = 0;
	like = !strncmp(arg, "--", 2) ? most_like(word, names) : NULL;
	complain("unknown option: %s%s%s%s (se05x-tool --help tells more)", arg,
		 like ? ": is --" : "", like ?: "", like ? " meant?" : "");
	return USAGE;
}

static int take_option(struct tool *t, const struct row *row, uint64_t *given)
{
	char *at = (char *)t + row->at;

	if (!row->arg) {
		*(bool *)at = true;
	} else {
		if (*given & row->bit)
			return usage_error("given twice: --%s", row->name);
		*(const char **)at = optarg;
	}
	*given |= row->bit;
	return OK;
}

int parse_options(struct tool *t, int argc, char **argv, uint64_t *given)
{
	struct option options[ROWS + 2] = { };
	int c, index = 0, ret;
	size_t i;

	for (i = 0; i < ROWS; i++)
		options[i] = (struct option){ rows[i].name, rows[i].arg ? required_argument :
					      no_argument, NULL, 0 };
	options[ROWS] = (struct option){ "version", no_argument, NULL, 'V' };
	opterr = 0;
	*given = 0;
	while ((c = getopt_long(argc, argv, ":d:t:o:yqhV", options, &index)) != -1) {
		if (c == 'V') {
			t->version = true;
			continue;
		}
		if (c == ':')
			return usage_error("%s wants a word after it", argv[optind - 1]);
		if (c == '?') {
			if (!optopt)
				return unknown_option(argv[optind - 1]);
			return usage_error("bad option: %s", argv[optind - 1]);
		}
		for (i = c ? 0 : index; c && rows[i].letter != c; i++)
			;
		ret = take_option(t, &rows[i], given);
		if (ret)
			return ret;
	}
	return OK;
}

int check_options(const struct command *command, uint64_t given)
{
	given &= ~(command->options | OPT_ALL | (command->how == NO_CHIP ? 0 : OPT_CHIP));
	for (size_t i = 0; i < ROWS; i++) {
		if (!(given & rows[i].bit))
			continue;
		complain("--%s has no meaning for '%s' ('se05x-tool help %s' shows what has)%s",
			 rows[i].name, command->name, command->name,
			 rows[i].bit == OPT_ATTEMPTS ? ": only who can authenticate, a UserID"
			 " or a key that opens sessions, counts attempts" : "");
		return USAGE;
	}
	return OK;
}
