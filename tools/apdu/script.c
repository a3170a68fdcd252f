// SPDX-License-Identifier: GPL-2.0-only
/* se05x-apdu send: lines with C-APDUs and what is expected of the answers */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apdu.h"

/* What an answer must be like, byte by byte */
enum { ANY_BYTE = 0x100, ANY_NUMBER = 0x101 };

struct line {
	struct line *next;
	char *name;		/* "line 3", for what is said about it */
	uint8_t command[COMMAND_MAX];
	size_t command_len;
	bool expects;
	char *wanted;		/* as it was written */
	uint16_t *pattern;
	size_t pattern_len;
};

struct script {
	struct line *first;
	struct line **end;
};

static int bad(const struct line *line, const char *why)
{
	complain("%s: %s", line->name, why);
	return -1;
}

/* Hex bytes, ?? and .. with or without blanks between them */
static int parse_pattern(struct line *line, const char *text)
{
	const char *why;
	uint8_t byte;

	line->pattern = calloc(strlen(text) / 2 + 1, sizeof(*line->pattern));
	if (!line->pattern)
		return bad(line, strerror(ENOMEM));
	while (*text) {
		char two[3] = { text[0], text[1], 0 };

		if (*text == ' ' || *text == '\t') {
			text++;
			continue;
		}
		if (!strcmp(two, "??"))
			line->pattern[line->pattern_len++] = ANY_BYTE;
		else if (!strcmp(two, ".."))
			line->pattern[line->pattern_len++] = ANY_NUMBER;
		else if (parse_hex(two, &byte, 1, &why) == 1)
			line->pattern[line->pattern_len++] = byte;
		else
			return bad(line, "what is expected must be hex bytes, ?? or ..");
		text += 2;
	}
	return line->pattern_len ? 0 : bad(line, "nothing is expected after =>");
}

static int parse_command(struct line *line, const char *text)
{
	const char *why;
	int len = parse_hex(text, line->command, sizeof(line->command), &why);

	if (len < 0 && !strcmp(why, "too long"))
		return bad(line, "longer than 4096 bytes");
	if (len < 0)
		return bad(line, why);
	line->command_len = len;
	switch (se05x_apdu_check(line->command, len)) {
	case -EINVAL:
		return bad(line, "shorter than a C-APDU's four bytes");
	case -EILSEQ:
		return bad(line, "Lc does not match the number of bytes that follow");
	default:
		return 0;
	}
}

/* Return: 0; -1 after having said why. Blank lines and comments are none. */
static int add_line(struct script *script, const char *name, const char *text)
{
	char *copy = strdup(text), *arrow, *comment;
	struct line *line;
	int ret = 0;

	if (!copy)
		return -1;
	comment = strchr(copy, '#');
	if (comment)
		*comment = 0;
	copy[strcspn(copy, "\r\n")] = 0;
	if (!copy[strspn(copy, " \t")])
		goto out;
	line = calloc(1, sizeof(*line));
	if (!line) {
		ret = -1;
		goto out;
	}
	line->name = strdup(name);
	*script->end = line;
	script->end = &line->next;
	arrow = strstr(copy, "=>");
	if (arrow) {
		*arrow = 0;
		arrow += 2;
		arrow += strspn(arrow, " \t");
		line->expects = true;
		line->wanted = strdup(arrow);
		ret = parse_pattern(line, arrow);
	}
	if (!ret)
		ret = parse_command(line, copy);
out:
	free(copy);
	return ret;
}

static int read_file(struct script *script, const char *path)
{
	bool is_stdin = !path || !strcmp(path, "-");
	const char *shown = is_stdin ? "standard input" : path;
	FILE *file = is_stdin ? stdin : fopen(path, "r");
	char *text = NULL, name[64];
	size_t size = 0;
	int number = 0, ret = 0;

	if (!file) {
		complain("%s: %s", path, strerror(errno));
		return -1;
	}
	while (!ret && getline(&text, &size, file) >= 0) {
		snprintf(name, sizeof(name), "line %d", ++number);
		ret = add_line(script, name, text);
	}
	if (!ret && ferror(file)) {
		complain("%s: %s", shown, strerror(errno));
		ret = -1;
	}
	if (!ret && !script->first) {
		complain("%s: no APDU in it", shown);
		ret = -1;
	}
	free(text);
	if (!is_stdin)
		fclose(file);
	return ret;
}

/* One APDU an argument; but given byte by byte they are one together. */
static int read_args(struct script *script, char **args, int n)
{
	char name[64], *text, *end;
	size_t size = 1;
	int i, ret = 0;

	if (strlen(args[0]) > 2) {
		for (i = 0; !ret && i < n; i++) {
			snprintf(name, sizeof(name), "argument %d", i + 1);
			ret = add_line(script, name, args[i]);
		}
	} else {
		for (i = 0; i < n; i++)
			size += strlen(args[i]) + 1;
		text = end = calloc(1, size);
		if (!text)
			return -1;
		for (i = 0; i < n; i++)
			end += sprintf(end, "%s ", args[i]);
		ret = add_line(script, "APDU", text);
		free(text);
	}
	if (!ret && !script->first) {
		complain("no APDU in the arguments");
		ret = -1;
	}
	return ret;
}

struct script *script_read(const struct options *opt, char **args, int n)
{
	struct script *script = calloc(1, sizeof(*script));
	int ret;

	if (!script)
		return NULL;
	script->end = &script->first;
	if (n && opt->file) {
		complain("APDUs as arguments and --file: one of them");
		ret = -1;
	} else {
		ret = n ? read_args(script, args, n) : read_file(script, opt->file);
	}
	if (!ret)
		return script;
	script_free(script);
	return NULL;
}

void script_free(struct script *script)
{
	struct line *line, *next;

	if (!script)
		return;
	for (line = script->first; line; line = next) {
		next = line->next;
		explicit_bzero(line->command, sizeof(line->command));
		free(line->pattern);
		free(line->wanted);
		free(line->name);
		free(line);
	}
	free(script);
}

static bool matches(const uint16_t *pattern, size_t pattern_len, const uint8_t *bytes,
		    size_t len)
{
	/* the last .. and where it stood: a later start of the rest may do */
	size_t p = 0, b = 0, star = pattern_len, retry = 0;

	while (b < len) {
		if (p < pattern_len && pattern[p] == ANY_NUMBER) {
			star = p++;
			retry = b;
		} else if (p < pattern_len &&
			   (pattern[p] == ANY_BYTE || pattern[p] == bytes[b])) {
			p++;
			b++;
		} else if (star < pattern_len) {
			p = star + 1;
			b = ++retry;
		} else {
			return false;
		}
	}
	while (p < pattern_len && pattern[p] == ANY_NUMBER)
		p++;
	return p == pattern_len;
}

static void print_result(const struct options *opt, const struct line *line,
			 const uint8_t *response, size_t len,
			 const struct se05x_call *call, bool held)
{
	if (!opt->json) {
		print_hex(stdout, response, len);
		putchar('\n');
		return;
	}
	printf("{\"command\":\"");
	print_hex(stdout, line->command, line->command_len);
	printf("\",\"response\":\"");
	print_hex(stdout, response, len);
	printf("\",\"sw\":\"%04X\",\"meaning\":\"%s\",\"outcome\":\"%s\","
	       "\"generation\":%llu,\"held\":%s}\n", call->sw, se05x_sw_text(call->sw),
	       outcome_name(call->outcome), (unsigned long long)call->generation,
	       held ? "true" : "false");
}

static int run_line(struct se05x *se, const struct options *opt, const struct line *line)
{
	struct se05x_call call = { .deadline_ms = opt->deadline_ms };
	uint8_t response[RESPONSE_MAX];
	size_t len = sizeof(response);
	bool held;
	int ret;

	progress_begin(opt);
	ret = se05x_transceive(se, line->command, line->command_len, response, &len, &call);
	progress_end();
	if (ret)
		return failed(line->name, ret, &call);
	held = !line->expects || matches(line->pattern, line->pattern_len, response, len);
	print_result(opt, line, response, len, &call, held);
	fflush(stdout);
	if (held)
		say(opt, "SW %04X: %s", call.sw, se05x_sw_text(call.sw));
	else
		complain("%s: expected %s, got SW %04X: %s", line->name, line->wanted,
			 call.sw, se05x_sw_text(call.sw));
	explicit_bzero(response, sizeof(response));
	return held ? OK : UNMET;
}

int script_run(struct se05x *se, const struct options *opt, const struct script *script)
{
	const struct line *line;
	int worst = OK;

	for (line = script->first; line; line = line->next) {
		int ret = run_line(se, opt, line);

		if (ret == TROUBLE)
			return ret;
		if (ret)
			worst = ret;
	}
	return worst;
}
