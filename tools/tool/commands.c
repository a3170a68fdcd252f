// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: its commands, and what people type instead */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"

static const struct command commands[] = {
	{ .what = "The chip:" },
	{ "info", "", "applet, features, unique number, free memory", 0, 0, iot_info, 0,
	  WITH_CHIP },
	{ "doctor", "", "what is wrong between here and the chip, and what helps", 0, 0,
	  iot_doctor, OPT_DEVICE | OPT_AID | OPT_TIMEOUT | OPT_TRACE, NO_CHIP },
	{ "random", "N", "N random bytes", 1, 1, iot_random, OPT_HEX, WITH_CHIP },
	{ "timestamp", "", "12 bytes that only grow until the chip is reset", 0, 0, iot_timestamp,
	  OPT_HEX, WITH_CHIP },
	{ "list", "", "all objects", 0, 0, iot_list, OPT_IDS, WITH_CHIP },
	{ "show", "ID", "one object, with its policy", 1, 1, iot_show, 0, WITH_CHIP },
	{ "name", "ID [NAME]", "what an object is called, in the chip; '' takes its name away", 0,
	  2, iot_name, OPT_FROM_NXP | OPT_PREPARE, WITH_CHIP },
	{ "delete", "ID...", "delete objects; asks before", 1, 1000, iot_delete, OPT_FORCE,
	  WITH_CHIP },
	{ "curve list", "", "curves, and which are set up", 0, 0, curve_list, 0, WITH_CHIP },
	{ "curve delete", "CURVE", "take a curve away, also one that is set up by half", 1, 1,
	  curve_delete, 0, WITH_CHIP },
	{ .what = "Keys:" },
	{ "keygen", "ID TYPE", "make a key: p256, p384, ..., ed25519, x25519, rsa2048, ...", 2, 2,
	  iot_keygen, OPT_NEW, WITH_CHIP },
	{ "import", "ID FILE", "a key from PEM, DER, OpenSSH's or PKCS#12 (or see --type)", 2, 2,
	  iot_import, OPT_NEW | OPT_TYPE | OPT_PASSIN | OPT_FOR_AUTH | OPT_ATTEMPTS, WITH_CHIP },
	{ "export", "ID", "public key, as PEM", 1, 1, iot_export, OPT_DER | OPT_HEX, WITH_CHIP },
	{ "refpem", "ID", "a PEM file that names the key, for programs that want a file", 0, 1,
	  iot_refpem, OPT_FROM | OPT_KEY_USER | OPT_PASSIN, WITH_CHIP },
	{ "csr", "ID", "a request for a certificate, signed by the key, as PEM", 1, 1, iot_csr,
	  OPT_REQUEST | OPT_DER | OPT_HEX, WITH_CHIP },
	{ "sign", "ID [FILE]", "signature over a file, by --hash", 1, 2, iot_sign,
	  OPT_HASH | OPT_DIGEST | OPT_MODE | OPT_HEX, WITH_CHIP },
	{ "verify", "ID SIG [FILE]", "is SIG the file's signature? (1 if not)", 2, 3, iot_verify,
	  OPT_HASH | OPT_DIGEST | OPT_MODE, WITH_CHIP },
	{ "ecdh", "ID FILE", "secret shared with the owner of that public key", 2, 2, iot_ecdh,
	  OPT_HEX, SECRET },
	{ "encrypt", "ID [FILE]", "by an RSA, AES or DES key", 1, 2, iot_encrypt,
	  OPT_MODE | OPT_IV | OPT_NOPAD | OPT_HEX, WITH_CHIP },
	{ "decrypt", "ID [FILE]", "the same back", 1, 2, iot_decrypt,
	  OPT_MODE | OPT_IV | OPT_NOPAD | OPT_HEX, SECRET },
	{ "seal", "ID [FILE]", "encrypt a file so that only the chip's AES or EC key opens it", 1,
	  2, iot_seal, 0, WITH_CHIP },
	{ "unseal", "ID [FILE]", "open it", 1, 2, iot_unseal, OPT_HEX, SECRET },
	{ "mac", "ID [FILE]", "HMAC or CMAC", 1, 2, iot_mac, OPT_HASH | OPT_HEX, WITH_CHIP },
	{ "hkdf", "ID N", "N bytes derived from an HMAC key", 2, 2, iot_hkdf,
	  OPT_HASH | OPT_SALT | OPT_INFO | OPT_HEX, SECRET },
	{ .what = "Files:" },
	{ "put", "ID [FILE]", "keep a file in the chip", 1, 2, iot_put, OPT_NEW | OPT_UPDATE,
	  WITH_CHIP },
	{ "get", "ID", "read it", 1, 1, iot_get, OPT_HEX, WITH_CHIP },
	{ "cert put", "ID [FILE]", "keep a certificate or a chain (PEM becomes DER)", 1, 2,
	  cert_put, OPT_NEW | OPT_UPDATE, WITH_CHIP },
	{ "cert get", "ID", "read it", 1, 1, cert_get, OPT_DER | OPT_HEX, WITH_CHIP },
	{ "cert enroll", "ID [FILE-ID]", "a certificate for key ID from --ca, kept at FILE-ID or the"
	  " next number", 1, 2, cert_enroll, OPT_REQUEST | OPT_CA | OPT_NEW | OPT_UPDATE,
	  WITH_CHIP },
	{ "counter new", "ID [SIZE [VALUE]]", "a counter that only goes up", 1, 3, counter_new,
	  OPT_NEW, WITH_CHIP },
	{ "counter get", "ID", "its value", 1, 1, counter_get, 0, WITH_CHIP },
	{ "counter add", "ID", "one more", 1, 1, counter_add, 0, WITH_CHIP },
	{ "counter set", "ID VALUE", "up to VALUE", 2, 2, counter_set, 0, WITH_CHIP },
	{ "pcr new", "ID HEX", "a register that can only be extended", 2, 2, pcr_new, OPT_NEW,
	  WITH_CHIP },
	{ "pcr get", "ID", "its value", 1, 1, pcr_get, 0, WITH_CHIP },
	{ "pcr extend", "ID [FILE]", "hash a file into it", 1, 2, pcr_extend, 0, WITH_CHIP },
	{ .what = "Who may:" },
	{ "userid", "ID", "make a UserID, of --password-file or asked for", 1, 1, iot_userid,
	  OPT_NEW | OPT_ATTEMPTS, WITH_CHIP },
	{ "policy", "TEXT", "say what a policy means, and write nothing", 1, 1, iot_policy, 0,
	  NO_CHIP },
	{ "attest", "ID KEY", "the chip's word for what ID holds, signed by KEY", 2, 2,
	  iot_attest, OPT_HASH | OPT_FRESHNESS | OPT_KEY, WITH_CHIP },
	{ "attest verify", "FILE", "is FILE, made by attest, true? needs no chip", 1, 1,
	  attest_verify, OPT_FRESHNESS | OPT_KEY | OPT_ROOT | OPT_UID, NO_CHIP },
	{ .what = "The kernel's secure channel:" },
	{ "channel", "", "is it there, and with which key", 0, 0, channel_show, OPT_DEVICE,
	  NO_CHIP },
	{ "channel load", "[FILE]", "give the kernel this chip's keys, or those that a boot loads",
	  0, 1, channel_load, OPT_DEVICE, NO_CHIP },
	{ "channel probe", "FILE...", "which of these keys has the chip? (1 if none)", 1, 1000,
	  channel_probe, OPT_DEVICE | OPT_AID | OPT_TIMEOUT | OPT_TRACE, NO_CHIP },
	{ "channel rotate", "FILE", "give the chip new keys", 1, 1, channel_rotate,
	  OPT_DEVICE | OPT_TIMEOUT | OPT_TRACE | OPT_FORCE, NO_CHIP },
	{ "channel mandate", "", "have the chip refuse what comes outside the channel", 0, 0,
	  channel_mandate, OPT_FORCE, WITH_CHIP },
	{ "channel unmandate", "", "take that back", 0, 0, channel_unmandate, 0, WITH_CHIP },
	{ .what = "And:" },
	{ "help", "[COMMAND]", "this, or all about one command", 0, 2, iot_help, 0, NO_CHIP },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

/* Ours, and what other programs call it */
static const char *const synonyms[][2] = {
	{ "ls", "list" }, { "readidlist", "list" }, { "rm", "delete" }, { "del", "delete" },
	{ "erase", "delete" }, { "remove", "delete" }, { "generate", "keygen" },
	{ "gen", "keygen" }, { "genkey", "keygen" }, { "rand", "random" }, { "uid", "info" },
	{ "pubkey", "export" }, { "read", "get" }, { "write", "put" }, { "derive", "ecdh" },
	{ "time", "timestamp" }, { "cat", "get" }, { "stat", "show" },
};

/* Edits that make one word of the other, two letters that changed places being one */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int d[32][32];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > 31 || b_len > 31)
		return 99;
	for (size_t i = 0; i <= a_len; i++) {
		for (size_t j = 0; j <= b_len; j++) {
			unsigned int best = i + j;

			if (i && j)
				best = d[i - 1][j - 1] + ((a[i - 1] | 0x20) != (b[j - 1] | 0x20));
			if (i && d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (j && d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[a_len][b_len];
}

const char *most_like(const char *word, const char *const *words)
{
	unsigned int best = strlen(word) > 4 ? 3 : 2, d;
	const char *like = NULL;

	for (; *words; words++) {
		d = distance(word, *words);
		if (d < best) {
			best = d;
			like = *words;
		}
	}
	return like;
}

static const struct command *unknown_command(char **args, int n)
{
	const char *names[COMMANDS + 1] = { }, *like;
	char parts[200] = "", name[64];
	size_t count = 0, len = strlen(args[0]);

	for (size_t i = 0; i < COMMANDS; i++) {
		const char *full = commands[i].name;

		if (!full)
			continue;
		names[count++] = full;
		if (!strncmp(full, args[0], len) && full[len] == ' ')
			snprintf(parts + strlen(parts), sizeof(parts) - strlen(parts), "%s '%s'",
				 *parts ? "," : "", full);
	}
	if (*parts) {
		complain("%s: it is one of%s", args[0], parts);
		return NULL;
	}
	like = most_like(args[0], names);
	if (!like && n > 1 && snprintf(name, sizeof(name), "%s %s", args[0], args[1]) <
			      (int)sizeof(name))
		like = most_like(name, names);
	complain("unknown command: %s%s%s%s (se05x-tool --help tells more)", args[0],
		 like ? ": is '" : "", like ?: "", like ? "' meant?" : "");
	return NULL;
}

const struct command *find_command(char **args, int n, int *used)
{
	const struct command *one = NULL;
	const char *first = args[0];

	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (!strcasecmp(first, synonyms[i][0]))
			first = synonyms[i][1];
	for (size_t i = 0; i < COMMANDS; i++) {
		const char *name = commands[i].name, *second = name ? strchr(name, ' ') : NULL;

		if (second && n > 1 && !strncmp(name, first, second - name) &&
		    !first[second - name] && !strcmp(second + 1, args[1])) {
			*used = 2;
			return &commands[i];
		}
		if (name && !strcmp(name, first))
			one = &commands[i];
	}
	*used = 1;
	return one ?: unknown_command(args, n);
}

void print_usage(void)
{
	char head[64];

	puts("Usage: se05x-tool [OPTION]... COMMAND [ARGUMENT]...\n"
	     "Use the keys, files and random numbers of an NXP EdgeLock SE05x.\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!commands[i].name) {
			puts(commands[i].what);
			continue;
		}
		snprintf(head, sizeof(head), "%s %s", commands[i].name, commands[i].args);
		printf("  %-21s %s\n", head, commands[i].what);
	}
	puts("\nID is 0x and up to eight hex digits, a decimal number, or a name: one that 'name'\n"
	     "keeps in the chip, or of a line NAME = ID in the file $SE05X_ALIASES, or\n"
	     "~/.config/se05x/aliases. A FILE that is not given, or -, is standard input.\n\nOptions:");
	print_all_options();
	puts("\nExit status: 0 done; 1 what was verified is wrong, doctor found something, or no key\n"
	     "fits the channel; 2 bad arguments or input, and nothing was written; 3 the chip or a file\n"
	     "failed, or there is no such object, or one already; 4 you were asked and said no.");
}

int iot_help(struct tool *t, char **args, int n)
{
	const struct command *command;
	int used;

	(void)t;
	if (!n) {
		print_usage();
		return OK;
	}
	command = find_command(args, n, &used);
	if (!command)
		return USAGE;
	if (used == 1 && n == 2) {
		complain("too many arguments: %s", args[1]);
		return USAGE;
	}
	print_command_help(command);
	return OK;
}
