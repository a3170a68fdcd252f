// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: keys, certificates and randomness of an SE05x, without knowing an APDU */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

const char program[] = "se05x-tool";

static const char usage[] =
	"Usage: se05x-tool [OPTION]... COMMAND [ARGUMENT]...\n"
	"Use the keys, files and random numbers of an NXP EdgeLock SE05x.\n"
	"\n"
	"The chip:\n"
	"  info                  applet, features, unique number, free memory\n"
	"  random N              N random bytes\n"
	"  list                  all objects\n"
	"  show ID               one object, with its policy\n"
	"  delete ID...          asks before\n"
	"Keys:\n"
	"  keygen ID TYPE        make a key in the chip: p256, p384, ..., ed25519, x25519,\n"
	"                        rsa2048, ...\n"
	"  import ID FILE        a key from a PEM or DER file; with --type aes, des or hmac\n"
	"                        the file's bytes are the key\n"
	"  export ID             public key, as PEM\n"
	"  sign ID [FILE]        signature over a file, by --hash\n"
	"  verify ID SIG [FILE]  is SIG the file's signature? (1 if not)\n"
	"  ecdh ID FILE          secret shared with the owner of that public key\n"
	"  encrypt ID [FILE]     by an RSA, AES or DES key; decrypt the same\n"
	"  mac ID [FILE]         HMAC or CMAC\n"
	"  hkdf ID N             N bytes derived from an HMAC key\n"
	"Files:\n"
	"  put ID [FILE]         keep a file in the chip; get ID reads it\n"
	"  cert put ID [FILE]    keep a certificate (PEM becomes DER); cert get ID\n"
	"  counter new ID [SIZE [VALUE]], counter get|add ID, counter set ID VALUE\n"
	"  pcr new ID HEX, pcr get ID, pcr extend ID [FILE]\n"
	"Who may:\n"
	"  userid ID             make a UserID, of --password-file or asked for\n"
	"  policy TEXT           say what a policy means, and write nothing\n"
	"  attest ID KEY         the chip's word for what ID holds, signed by KEY\n"
	"\n"
	"ID is 0x and up to eight hex digits, or a name: lines NAME = ID in the file\n"
	"$SE05X_ALIASES, or ~/.config/se05x/aliases.\n"
	"\n"
	"Options:\n"
	"  -d, --device=FILE     the chip ($SE05X_DEVICE, or /dev/se05x)\n"
	"  -t, --timeout=MS      wait no longer than that for each answer\n"
	"  -o, --output=FILE     instead of standard output\n"
	"      --hash=NAME       sha1, sha224, sha256 (default), sha384, sha512\n"
	"      --digest          what is to be signed or verified is a digest already\n"
	"      --mode=NAME       rsa: pkcs1, pss, oaep, none; aes, des: cbc, ecb, ctr\n"
	"      --iv=HEX          for cbc and ctr\n"
	"      --nopad           whole blocks only; else PKCS#7 padding, as openssl enc\n"
	"      --salt=HEX --info=HEX   for hkdf\n"
	"      --type=NAME       what is imported: aes, des, hmac\n"
	"      --der             instead of PEM\n"
	"      --hex             instead of bytes\n"
	"      --policy=TEXT     for a new object: who:right,right;who:right (see policy)\n"
	"      --max-attempts=N  for a new UserID\n"
	"      --transient       keep its value in RAM only\n"
	"      --user-id=ID      be the owner of that UserID\n"
	"      --password-file=FILE    its password, instead of asking\n"
	"      --key=FILE        public key that an attestation is checked with\n"
	"  -y, --yes             don't ask\n"
	"      --force           also what is reserved\n"
	"      --json            machine-readable output\n"
	"  -q, --quiet           answers only, no words\n"
	"  -h, --help            this text\n"
	"  -V, --version         version of this program\n"
	"\n"
	"Exit status: 0 done, 1 a signature is wrong or something is not there, 2 bad\n"
	"arguments or input (nothing was written), 3 the chip or a file failed.\n";

static const struct command {
	const char *name;
	int min, max;
	int (*run)(struct tool *t, char **args, int n);
	bool no_chip;
} commands[] = {
	{ "info", 0, 0, iot_info, false },
	{ "random", 1, 1, iot_random, false },
	{ "list", 0, 0, iot_list, false },
	{ "show", 1, 1, iot_show, false },
	{ "delete", 1, 1000, iot_delete, false },
	{ "keygen", 2, 2, iot_keygen, false },
	{ "import", 2, 2, iot_import, false },
	{ "export", 1, 1, iot_export, false },
	{ "sign", 1, 2, iot_sign, false },
	{ "verify", 2, 3, iot_verify, false },
	{ "ecdh", 2, 2, iot_ecdh, false },
	{ "encrypt", 1, 2, iot_encrypt, false },
	{ "decrypt", 1, 2, iot_decrypt, false },
	{ "mac", 1, 2, iot_mac, false },
	{ "hkdf", 2, 2, iot_hkdf, false },
	{ "put", 1, 2, iot_put, false },
	{ "get", 1, 1, iot_get, false },
	{ "cert", 2, 3, iot_cert, false },
	{ "counter", 2, 4, iot_counter, false },
	{ "pcr", 2, 3, iot_pcr, false },
	{ "userid", 1, 1, iot_userid, false },
	{ "policy", 1, 1, iot_policy, true },
	{ "attest", 2, 2, iot_attest, false },
};

static int usage_error(const char *what, const char *arg)
{
	complain("%s%s%s (se05x-tool --help tells more)", what, arg ? ": " : "", arg ?: "");
	return USAGE;
}

/* Nobody else's APDU may come between: it could end the session. */
static int open_session(struct tool *t, uint32_t id, const uint8_t *password, size_t len)
{
	struct se05x_call call = { .deadline_ms = t->opt.deadline_ms };
	struct se05x_iot *session;
	int ret;

	progress_begin(&t->opt);
	ret = se05x_lock(t->se, &call);
	progress_end();
	if (ret)
		return failed("lock", ret, &call);
	ret = CHIP(t, se05x_iot_session_open, id, password, len, &session);
	if (ret) {
		complain("--user-id %s: %s", id_text(id), se05x_iot_error_text(ret, &t->call));
		return TROUBLE;
	}
	se05x_iot_close(t->iot);
	t->iot = session;
	return OK;
}

static int with_chip(struct tool *t, const struct command *command, char **args, int n)
{
	uint8_t *password = NULL;
	size_t password_len = 0;
	uint32_t user_id = 0;
	int ret = OK;

	if (t->user_id) {
		ret = parse_id(t->user_id, &user_id);
		if (!ret)
			ret = read_password(t, &password, &password_len);
	}
	if (!ret)
		ret = open_chip(t->opt.device, &t->se);
	if (!ret) {
		t->call = (struct se05x_call) { .deadline_ms = t->opt.deadline_ms };
		progress_begin(&t->opt);
		ret = se05x_iot_open(t->se, NULL, 0, &t->iot, &t->call);
		progress_end();
		if (ret == -ENOPKG) {
			complain("%s: this chip has no IoT applet", t->opt.device);
			ret = TROUBLE;
		} else if (ret) {
			ret = failed(t->opt.device, ret, &t->call);
		}
	}
	if (!ret && t->user_id)
		ret = open_session(t, user_id, password, password_len);
	if (password)
		OPENSSL_clear_free(password, password_len);
	if (!ret)
		ret = command->run(t, args, n);
	se05x_iot_close(t->iot);
	se05x_close(t->se);
	return ret;
}

static int run_command(struct tool *t, const char *name, char **args, int n)
{
	const struct command *command = NULL;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(name, commands[i].name))
			command = &commands[i];
	if (!command)
		return usage_error("unknown command", name);
	if (n < command->min)
		return usage_error("something is missing after", name);
	if (n > command->max)
		return usage_error("too many arguments", args[command->max]);
	t->command = name;
	return command->no_chip ? command->run(t, args, n) : with_chip(t, command, args, n);
}

static int parse_number(const char *name, const char *text, unsigned long max, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || !*n || *n > max) {
		complain("%s wants a number from 1 to %lu: '%s'", name, max, text);
		return USAGE;
	}
	return OK;
}

enum {
	OPT_HASH = 256, OPT_DIGEST, OPT_MODE, OPT_IV, OPT_SALT, OPT_INFO, OPT_TYPE, OPT_DER,
	OPT_HEX, OPT_POLICY, OPT_ATTEMPTS, OPT_TRANSIENT, OPT_USER, OPT_PASSWORD, OPT_KEY,
	OPT_FORCE, OPT_JSON, OPT_NOPAD,
};

static const struct option options[] = {
	{ "device", required_argument, NULL, 'd' },
	{ "timeout", required_argument, NULL, 't' },
	{ "output", required_argument, NULL, 'o' },
	{ "hash", required_argument, NULL, OPT_HASH },
	{ "digest", no_argument, NULL, OPT_DIGEST },
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "iv", required_argument, NULL, OPT_IV },
	{ "salt", required_argument, NULL, OPT_SALT },
	{ "info", required_argument, NULL, OPT_INFO },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "der", no_argument, NULL, OPT_DER },
	{ "hex", no_argument, NULL, OPT_HEX },
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "max-attempts", required_argument, NULL, OPT_ATTEMPTS },
	{ "transient", no_argument, NULL, OPT_TRANSIENT },
	{ "user-id", required_argument, NULL, OPT_USER },
	{ "password-file", required_argument, NULL, OPT_PASSWORD },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "yes", no_argument, NULL, 'y' },
	{ "nopad", no_argument, NULL, OPT_NOPAD },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

/* Options that are a flag, or that take a word; the word may be given once. */
static int parse_option(struct tool *t, int c)
{
	const struct {
		int c;
		const char *name;
		const char **word;
		bool *flag;
	} simple[] = {
		{ 'd', "--device", &t->opt.device, NULL },
		{ 'o', "--output", &t->output, NULL },
		{ OPT_HASH, "--hash", &t->hash, NULL },
		{ OPT_MODE, "--mode", &t->mode, NULL },
		{ OPT_IV, "--iv", &t->iv, NULL },
		{ OPT_SALT, "--salt", &t->salt, NULL },
		{ OPT_INFO, "--info", &t->info, NULL },
		{ OPT_TYPE, "--type", &t->type, NULL },
		{ OPT_POLICY, "--policy", &t->policy, NULL },
		{ OPT_USER, "--user-id", &t->user_id, NULL },
		{ OPT_PASSWORD, "--password-file", &t->password_file, NULL },
		{ OPT_KEY, "--key", &t->key_file, NULL },
		{ OPT_DIGEST, NULL, NULL, &t->digest },
		{ OPT_DER, NULL, NULL, &t->der },
		{ OPT_HEX, NULL, NULL, &t->hex },
		{ OPT_TRANSIENT, NULL, NULL, &t->transient },
		{ OPT_NOPAD, NULL, NULL, &t->nopad },
		{ OPT_FORCE, NULL, NULL, &t->force },
		{ OPT_JSON, NULL, NULL, &t->opt.json },
		{ 'y', NULL, NULL, &t->yes },
		{ 'q', NULL, NULL, &t->opt.quiet },
	};
	unsigned long n;
	int ret;

	for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
		if (simple[i].c != c)
			continue;
		if (simple[i].flag) {
			*simple[i].flag = true;
			return OK;
		}
		if (*simple[i].word)
			return usage_error("given twice", simple[i].name);
		*simple[i].word = optarg;
		return OK;
	}
	if (c == 't') {
		ret = parse_number("--timeout, in milliseconds,", optarg, UINT32_MAX, &n);
		t->opt.deadline_ms = n;
		return ret;
	}
	if (c == OPT_ATTEMPTS) {
		ret = parse_number("--max-attempts", optarg, UINT16_MAX, &n);
		t->max_attempts = n;
		return ret;
	}
	return usage_error("bad option", NULL);
}

int main(int argc, char **argv)
{
	struct tool t = { };
	int c, ret;

	while ((c = getopt_long(argc, argv, "d:t:o:yqhV", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return OK;
		}
		if (c == 'V') {
			puts("se05x-tool " VERSION);
			return OK;
		}
		ret = parse_option(&t, c);
		if (ret)
			return ret;
	}
	if (optind == argc)
		return usage_error("no command", NULL);
	if (!t.opt.device)
		t.opt.device = secure_getenv("SE05X_DEVICE");
	if (!t.opt.device || !*t.opt.device)
		t.opt.device = "/dev/se05x";
	ret = run_command(&t, argv[optind], argv + optind + 1, argc - optind - 1);
	if (fflush(stdout) || ferror(stdout)) {
		complain("standard output: %s", strerror(errno));
		return TROUBLE;
	}
	return ret;
}
