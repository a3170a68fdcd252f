// SPDX-License-Identifier: GPL-2.0-only
/* se05x-apdu trace: one APDU as the kernel's tracepoints saw it, block by block */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apdu.h"

/* Of our own, so that nobody else's tracing is disturbed */
static char instance[128];

static const char * const tracefs[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

static int write_to(const char *name, const char *text)
{
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", instance, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/*
 * However we end, a signal of any kind included, the pipe's other end closes, and
 * this child of ours takes the instance away. No handler could: with one set, a
 * signal would not end the call that waits for the chip.
 */
static pid_t cleaner;
static int alive = -1;

static void clean_up(int ended)
{
	char c;

	while (read(ended, &c, 1) < 0 && errno == EINTR)
		;
	/* a file of it may still be open in whoever is ending */
	for (int i = 0; i < 100 && rmdir(instance) && errno == EBUSY; i++)
		usleep(10000);
	_exit(0);
}

static int start_cleaner(struct se05x *se)
{
	int ends[2], ret;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	cleaner = fork();
	ret = cleaner < 0 ? -errno : 0;
	if (!cleaner) {
		setsid();	/* a terminal's signals are not meant for it */
		close(ends[1]);
		close(se05x_fd(se));	/* nor does it hold the chip, or the output */
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		clean_up(ends[0]);
	}
	close(ends[0]);
	alive = ends[1];
	return ret;
}

static void end_tracing(void)
{
	if (alive >= 0)
		close(alive);
	if (cleaner > 0)
		waitpid(cleaner, NULL, 0);
	else if (*instance)
		rmdir(instance);
	alive = -1;
	cleaner = 0;
	*instance = 0;
}

static int cannot_trace(int error)
{
	if (error == EACCES || error == EPERM)
		complain("trace: needs root, to read the kernel's trace events");
	else if (error == ENOENT)
		complain("trace: no trace events of se05x: is the module loaded, and tracefs"
			 " mounted (mount -t tracefs tracefs /sys/kernel/tracing)?");
	else
		complain("trace: tracefs: %s", strerror(error));
	end_tracing();
	return TROUBLE;
}

static int begin_tracing(struct se05x *se)
{
	size_t i;
	int ret;

	for (i = 0; i < 2; i++) {
		snprintf(instance, sizeof(instance), "%s/instances/se05x-apdu-%d", tracefs[i],
			 getpid());
		if (!mkdir(instance, 0700))
			break;
		if (errno != ENOENT || i == 1) {
			ret = errno;
			*instance = 0;
			return cannot_trace(ret);
		}
	}
	ret = start_cleaner(se) ?: write_to("events/se05x/enable", "1");
	return ret ? cannot_trace(-ret) : OK;
}

/* What other programs did until now */
static void forget_events(void)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/trace", instance);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

/* ---- what a PCB says (UM11225, section 2.2) ---- */

static const char *block_name(unsigned int pcb, char *text, size_t size)
{
	static const struct {
		unsigned int kind;
		const char *name;
	} kinds[] = {
		{ 0x00, "RESYNC" }, { 0x01, "IFS" }, { 0x03, "WTX" }, { 0x05, "END SESSION" },
		{ 0x06, "CHIP RESET" }, { 0x07, "GET ATR" }, { 0x0F, "SOFT RESET" },
	};
	static const char * const reasons[] = { "ACK", "NAK, CRC", "NAK", "NAK, 3" };
	const char *name = "?";

	if (!(pcb & 0x80)) {
		snprintf(text, size, "I(%u)%s", pcb >> 6 & 1, pcb & 0x20 ? ", more" : "");
	} else if ((pcb & 0xC0) == 0x80) {
		snprintf(text, size, "R(%u) %s", pcb >> 4 & 1, reasons[pcb & 3]);
	} else {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (kinds[i].kind == (pcb & 0x1F))
				name = kinds[i].name;
		snprintf(text, size, "S(%s %s)", name, pcb & 0x20 ? "response" : "request");
	}
	return text;
}

static const char *result_name(int result)
{
	switch (-result) {
	case ENXIO:
	case EREMOTEIO:
		return "not acknowledged";
	case EBADMSG:
		return "bad CRC";
	default:
		return strerror(-result);
	}
}

/* ---- the timeline ---- */

struct timeline {
	const struct options *opt;
	unsigned int chip;
	double start;		/* s, of the first event; < 0: none yet */
};

static void print_text(const char *event, const char *fields)
{
	unsigned int pcb, len, sw;
	unsigned long long us;
	char name[32], what[32];
	int result;

	if (sscanf(fields, "pcb=%x len=%u result=%d", &pcb, &len, &result) == 3) {
		printf("%c %-24s LEN %-3u", strcmp(event, "frame_out") ? '<' : '>',
		       block_name(pcb, name, sizeof(name)), len);
		if (result < 0)
			printf("  %s", result_name(result));
	} else if (sscanf(fields, "len=%u sw=%x error=%d us=%llu", &len, &sw, &result, &us) == 4) {
		printf("R-APDU of %u bytes, SW %04X, after %llu us", len, sw, us);
		if (result)
			printf(": %s", strerror(-result));
	} else if (sscanf(fields, "len=%u", &len) == 1) {
		printf("C-APDU of %u bytes", len);
	} else if (sscanf(fields, "rung=%31s", what) == 1) {
		printf("recovery: %s", what);
	} else if (sscanf(fields, "what=%31s result=%d", what, &result) == 2) {
		printf("power: %s", what);
		if (result)
			printf(": %s", strerror(-result));
	} else {
		printf("%s %s", event, fields);
	}
	putchar('\n');
}

/* "pcb=00 len=5 result=10" as members of an object */
static void print_json(const char *event, const char *fields)
{
	char copy[256], *rest = copy, *word;
	unsigned int pcb;

	printf(",\"event\":\"%s\"", event);
	if (sscanf(fields, "pcb=%x", &pcb) == 1)
		printf(",\"block\":\"%s\"", block_name(pcb, copy, sizeof(copy)));
	snprintf(copy, sizeof(copy), "%s", fields);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');
		bool text = !strncmp(word, "pcb=", 4) || !strncmp(word, "sw=", 3) ||
			    !strncmp(word, "rung=", 5) || !strncmp(word, "what=", 5);

		if (!value)
			continue;
		*value++ = 0;
		printf(text ? ",\"%s\":\"%s\"" : ",\"%s\":%s", word, value);
	}
	puts("}");
}

/* "... 12.345678: se05x_frame_out: chip=0 pcb=00 len=5 result=10" */
static void print_line(struct timeline *t, char *line)
{
	char *event = strstr(line, ": se05x_"), *fields, *time;
	unsigned int chip;
	double now;
	int skip = 0;

	if (!event)
		return;
	line[strcspn(line, "\n")] = 0;
	*event = 0;
	time = strrchr(line, ' ');
	event += strlen(": se05x_");
	fields = strstr(event, ": ");
	if (!time || !fields)
		return;
	*fields = 0;
	fields += 2;
	if (sscanf(fields, "chip=%u %n", &chip, &skip) != 1 || chip != t->chip)
		return;
	now = strtod(time, NULL);
	if (t->start < 0)
		t->start = now;
	printf(t->opt->json ? "{\"us\":%.0f" : "%10.0f us  ", (now - t->start) * 1e6);
	if (t->opt->json)
		print_json(event, fields + skip);
	else
		print_text(event, fields + skip);
}

static int print_timeline(const struct options *opt, unsigned int chip)
{
	struct timeline t = { .opt = opt, .chip = chip, .start = -1 };
	char path[256], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/trace", instance);
	file = fopen(path, "r");
	if (!file)
		return cannot_trace(errno);
	while (fgets(line, sizeof(line), file))
		print_line(&t, line);
	fclose(file);
	return OK;
}

/* One APDU, in one argument or byte by byte */
static int parse_apdu(char **args, int n, uint8_t *apdu)
{
	char text[3 * COMMAND_MAX] = "";
	size_t used = 0;
	const char *why = "too long";
	int len = -1;

	for (int i = 0; i < n; i++) {
		size_t more = strlen(args[i]);

		if (more + 2 > sizeof(text) - used)
			break;
		memcpy(text + used, args[i], more + 1);
		used += more;
		text[used++] = i + 1 < n ? ' ' : 0;
		if (i + 1 == n)
			len = parse_hex(text, apdu, COMMAND_MAX, &why);
	}
	explicit_bzero(text, sizeof(text));
	if (len >= 0 && se05x_apdu_check(apdu, len)) {
		why = len < 4 ? "shorter than a C-APDU's four bytes" : "Lc does not match";
		len = -1;
	}
	if (len < 0)
		complain("trace: %s", why);
	return len;
}

/*
 * The lock keeps other programs' blocks out of the picture; with --lock it is
 * held already.
 */
static int send_traced(struct se05x *se, const struct options *opt, const uint8_t *apdu,
		       size_t len)
{
	struct se05x_call call = { .deadline_ms = opt->deadline_ms }, lock = call;
	uint8_t response[RESPONSE_MAX];
	size_t room = sizeof(response);
	int ret = opt->lock ? 0 : se05x_lock(se, &lock);

	if (ret)
		return failed("lock", ret, &lock);
	forget_events();
	progress_begin(opt);
	ret = se05x_transceive(se, apdu, len, response, &room, &call);
	progress_end();
	explicit_bzero(response, sizeof(response));
	write_to("tracing_on", "0");
	if (!opt->lock)
		se05x_unlock(se);
	return ret ? failed("trace", ret, &call) : OK;
}

int command_trace(struct se05x *se, const struct options *opt, char **args, int n)
{
	uint8_t apdu[COMMAND_MAX];
	int len = parse_apdu(args, n, apdu);
	struct stat st;
	int ret, shown;

	if (len < 0)
		ret = USAGE;
	else if (fstat(se05x_fd(se), &st))
		ret = TROUBLE;
	else
		ret = begin_tracing(se);
	if (!ret)
		ret = send_traced(se, opt, apdu, len);
	explicit_bzero(apdu, sizeof(apdu));
	if (!*instance)
		return ret;
	shown = print_timeline(opt, minor(st.st_rdev));	/* its index is its minor */
	end_tracing();
	return ret ?: shown;
}
