// SPDX-License-Identifier: GPL-2.0-only
/* se05x-apdu: APDUs to an SE05x from the command line */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "apdu.h"

const char program[] = "se05x-apdu";

static const char usage[] =
	"Usage: se05x-apdu [OPTION]... COMMAND [ARGUMENT]...\n"
	"Send APDUs to an NXP EdgeLock SE05x secure element.\n"
	"\n"
	"Commands:\n"
	"  info                 what the chip said of itself, and how it is\n"
	"  atr                  its ATR, in hex\n"
	"  send [HEX]...        send C-APDUs, one an argument; without any, one a line\n"
	"                       from --file or standard input\n"
	"  select [AID]         select an applet (without AID: the default one)\n"
	"  reset soft|chip|power\n"
	"  list                 the chips of this machine\n"
	"  monitor              what happens to them, one line an event, until Ctrl-C\n"
	"  stats                what they count; on a terminal each second anew\n"
	"  trace HEX...         send one C-APDU and show its blocks, without payload; root\n"
	"\n"
	"A line may demand an answer, SW included: '80 04 00 20 00 => .. 9000'. There\n"
	"?? is any byte, .. any number of them, and # begins a comment. An APDU given\n"
	"byte by byte, as in 'send 80 04 00 20 00', is one APDU.\n"
	"\n"
	"Options:\n"
	"  -d, --device=FILE    the chip ($SE05X_DEVICE, or /dev/se05x)\n"
	"  -t, --timeout=MS     wait no longer than that for each answer\n"
	"  -s, --select=AID     select this applet first\n"
	"  -l, --lock           keep others out until the last answer\n"
	"  -f, --file=FILE      where send finds its lines; - is standard input\n"
	"      --json           machine-readable output, one object a line\n"
	"  -q, --quiet          answers only, no words\n"
	"  -h, --help           this text\n"
	"  -V, --version        version of this program\n"
	"\n"
	"Exit status: 0 all went well and every demanded answer came, 1 one did not,\n"
	"2 bad arguments or input (nothing was sent), 3 the chip or a file failed.\n";

static int select_applet(struct se05x *se, const struct options *opt, const char *text,
			 bool show)
{
	struct se05x_call call = { .deadline_ms = opt->deadline_ms };
	uint8_t aid[SE05X_AID_MAX], response[258];
	size_t len = sizeof(response);
	const char *why;
	int n = parse_hex(text, aid, sizeof(aid), &why);
	int ret;

	if (n < 0) {
		complain("AID '%s': %s", text, why);
		return USAGE;
	}
	progress_begin(opt);
	ret = se05x_select(se, aid, n, show ? SE05X_SELECT_FRESH : 0, response, &len, &call);
	progress_end();
	if (ret)
		return failed("select", ret, &call);
	if (show && opt->json) {
		printf("{\"response\":\"");
		print_hex(stdout, response, len);
		printf("\",\"sw\":\"%04X\",\"meaning\":\"%s\"}\n", call.sw,
		       se05x_sw_text(call.sw));
	} else if (show) {
		print_hex(stdout, response, len);
		putchar('\n');
	}
	if (call.sw == 0x9000 || (call.sw >= 0x6100 && call.sw <= 0x63ff)) {
		if (show)
			say(opt, "SW %04X: %s", call.sw, se05x_sw_text(call.sw));
		return OK;
	}
	complain("select %s: SW %04X: %s", text, call.sw, se05x_sw_text(call.sw));
	return UNMET;
}

static int reset_chip(struct se05x *se, const struct options *opt, const char *kind)
{
	static const char * const kinds[] = { "soft", "chip", "power" };
	struct se05x_call call = { .deadline_ms = opt->deadline_ms };
	int ret;

	for (uint32_t i = 0; i < 3; i++) {
		if (strcmp(kind, kinds[i]))
			continue;
		progress_begin(opt);
		ret = se05x_reset(se, SE05X_RESET_SOFT + i, 0, &call);
		progress_end();
		if (ret == -EPERM) {
			complain("reset %s: others use the chip: root may, or whoever"
				 " has it open alone", kind);
			return TROUBLE;
		}
		if (ret)
			return failed("reset", ret, &call);
		say(opt, "%s reset done", kind);
		return OK;
	}
	complain("reset: unknown kind '%s': soft, chip or power", kind);
	return USAGE;
}

static int usage_error(const char *what, const char *arg)
{
	complain("%s%s%s (se05x-apdu --help tells more)", what, arg ? ": " : "", arg ?: "");
	return USAGE;
}

/* Lock and applet, as the options say */
static int prepare(struct se05x *se, const struct options *opt)
{
	struct se05x_call call = { .deadline_ms = opt->deadline_ms };
	int ret;

	if (opt->lock) {
		progress_begin(opt);
		ret = se05x_lock(se, &call);
		progress_end();
		if (ret)
			return failed("lock", ret, &call);
	}
	return opt->aid ? select_applet(se, opt, opt->aid, false) : OK;
}

static int with_chip(const struct options *opt, const char *command, char **args, int n,
		     const struct script *script)
{
	const char *device = opt->device;
	struct se05x *se;
	int ret = open_chip(device, &se);

	if (ret)
		return ret;
	if (!strcmp(command, "info"))
		ret = command_info(se, opt, device);
	else if (!strcmp(command, "atr"))
		ret = command_atr(se, opt);
	else
		ret = prepare(se, opt);
	if (!ret && !strcmp(command, "send"))
		ret = script_run(se, opt, script);
	else if (!ret && !strcmp(command, "select"))
		ret = select_applet(se, opt, n ? args[0] : "", true);
	else if (!ret && !strcmp(command, "trace"))
		ret = command_trace(se, opt, args, n);
	else if (!ret && !strcmp(command, "reset"))
		ret = reset_chip(se, opt, args[0]);
	se05x_close(se);
	return ret;
}

/* Everything that can be wrong with the words themselves, before the chip is opened */
static int run_command(const struct options *opt, const char *command, char **args, int n)
{
	static const struct {
		const char *name;
		int min, max;
	} commands[] = {
		{ "info", 0, 0 }, { "atr", 0, 0 }, { "list", 0, 0 },
		{ "send", 0, 1 << 20 }, { "select", 0, 1 }, { "reset", 1, 1 },
		{ "monitor", 0, 0 }, { "stats", 0, 0 }, { "trace", 1, 1 << 20 },
	};
	struct script *script = NULL;
	size_t i;
	int ret;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(command, commands[i].name))
			break;
	if (i == sizeof(commands) / sizeof(commands[0]))
		return usage_error("unknown command", command);
	if (n < commands[i].min)
		return usage_error(*command == 'r' ? "the kind of reset is missing" :
				   "the APDU is missing", NULL);
	if (n > commands[i].max)
		return usage_error("too many arguments", args[commands[i].max]);
	if (opt->file && strcmp(command, "send"))
		return usage_error("--file is for send", NULL);
	if (!strcmp(command, "list"))
		return command_list(opt);
	if (!strcmp(command, "monitor"))
		return command_monitor(opt);
	if (!strcmp(command, "stats"))
		return command_stats(opt);
	if (!strcmp(command, "send")) {
		script = script_read(opt, args, n);
		if (!script)
			return USAGE;
	}
	ret = with_chip(opt, command, args, n, script);
	script_free(script);
	return ret;
}

static int once(const char **to, const char *value, const char *name)
{
	if (*to)
		return usage_error("given twice", name);
	*to = value;
	return OK;
}

static int parse_timeout(const char *text, uint32_t *ms)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || !n || n > UINT32_MAX)
		return usage_error("--timeout wants milliseconds, 1 or more", text);
	*ms = n;
	return OK;
}

static int parse_option(struct options *opt, int c)
{
	switch (c) {
	case 'd':
		return once(&opt->device, optarg, "--device");
	case 's':
		return once(&opt->aid, optarg, "--select");
	case 'f':
		return once(&opt->file, optarg, "--file");
	case 't':
		return parse_timeout(optarg, &opt->deadline_ms);
	case 'l':
		opt->lock = true;
		return OK;
	case 'j':
		opt->json = json_errors = true;
		return OK;
	case 'q':
		opt->quiet = true;
		return OK;
	default:
		return usage_error("bad option", NULL);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "timeout", required_argument, NULL, 't' },
		{ "select", required_argument, NULL, 's' },
		{ "lock", no_argument, NULL, 'l' },
		{ "file", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	struct options opt = { 0 };
	int c, ret;

	while ((c = getopt_long(argc, argv, "d:t:s:lf:qhV", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return OK;
		}
		if (c == 'V') {
			puts("se05x-apdu " VERSION);
			return OK;
		}
		ret = parse_option(&opt, c);
		if (ret)
			return ret;
	}
	if (optind == argc)
		return usage_error("no command", NULL);
	if (!opt.device)
		opt.device = secure_getenv("SE05X_DEVICE");
	if (!opt.device || !*opt.device)
		opt.device = "/dev/se05x";
	ret = run_command(&opt, argv[optind], argv + optind + 1, argc - optind - 1);
	if (fflush(stdout) || ferror(stdout)) {
		complain("standard output: %s", strerror(errno));
		return TROUBLE;
	}
	return ret;
}
