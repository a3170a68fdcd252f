// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: keys, certificates and randomness of an SE05x, without knowing an APDU */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "options.h"

const char program[] = "se05x-tool";

static int with_chip(struct tool *t, const struct command *command, char **args, int n)
{
	struct auth auth;
	int ret = read_auth(t, &auth);

	if (!ret)
		ret = open_chip(t->opt.device, &t->se);
	if (!ret) {
		ret = open_applet(t);
		if (ret == -ENOPKG) {
			complain("%s: this chip has no IoT applet%s", t->opt.device,
				 t->aid_len ? " of that name" : "; or it has another name: --aid");
			ret = TROUBLE;
		} else if (ret) {
			ret = failed(t->opt.device, ret, &t->call);
		}
	}
	if (!ret)
		ret = open_session(t, &auth);
	clear_auth(&auth);
	names_of = t;
	if (!ret)
		ret = command->run(t, args, n);
	names_of = NULL;
	keys_names_free(t->names);
	se05x_iot_close(t->iot);
	se05x_close(t->se);
	return ret;
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

static int parse_numbers(struct tool *t)
{
	const char *why = "a name has 5 to 16 bytes";
	unsigned long n = 0;
	int ret = OK, len;

	if (t->opt.aid) {
		len = parse_hex(t->opt.aid, t->aid, sizeof(t->aid), &why);
		if (len < 5) {
			complain("--aid: %s", why);
			return USAGE;
		}
		t->aid_len = len;
	}

	if (t->timeout) {
		ret = parse_number("--timeout, in milliseconds,", t->timeout, UINT32_MAX, &n);
		t->opt.deadline_ms = n;
	}
	if (!ret && t->attempts) {
		ret = parse_number("--max-attempts", t->attempts, UINT16_MAX, &n);
		t->max_attempts = n;
	}
	return ret;
}

static int run_command(struct tool *t, char **args, int n, uint64_t given)
{
	const struct command *command;
	int used, ret;

	if (!n) {
		complain("no command (se05x-tool --help tells more)");
		return USAGE;
	}
	command = find_command(args, n, &used);
	if (!command)
		return USAGE;
	if (t->help) {
		print_command_help(command);
		return OK;
	}
	args += used;
	n -= used;
	if (n < command->min || n > command->max) {
		complain(n < command->min ? "something is missing after: %s (it is '%s%s%s')" :
			 "too many arguments: %s (it is '%s%s%s')",
			 n < command->min ? command->name : args[command->max], command->name,
			 *command->args ? " " : "", command->args);
		return USAGE;
	}
	t->command = command->name;
	ret = check_options(command, given) ?: parse_numbers(t) ?:
	      output_begin(t, command->how == SECRET);
	if (ret)
		return ret;
	ret = command->how == NO_CHIP ? command->run(t, args, n) : with_chip(t, command, args, n);
	return output_end(t, ret);
}

int main(int argc, char **argv)
{
	struct tool t = { };
	uint64_t given;
	int ret;

	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			json_errors = true;	/* of the options, too */
	ret = parse_options(&t, argc, argv, &given);
	if (ret)
		return ret;
	json_errors |= t.opt.json;	/* in full or as short as it may be */
	if (t.version) {
		puts("se05x-tool " VERSION);
	} else if (t.help && optind == argc) {
		print_usage();
	} else {
		if (!t.opt.device)
			t.opt.device = secure_getenv("SE05X_DEVICE");
		if (!t.opt.device || !*t.opt.device)
			t.opt.device = "/dev/se05x";
		trace_apdus = t.trace;
		die_properly();
		ret = run_command(&t, argv + optind, argc - optind, given);
	}
	if (fflush(stdout) || ferror(stdout)) {
		complain("standard output: %s", strerror(errno));
		return TROUBLE;
	}
	return ret;
}
