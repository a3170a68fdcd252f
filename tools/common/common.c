// SPDX-License-Identifier: GPL-2.0-only
/* What the tools have in common: words, hex, the chip, and the line that says it is alive */
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

bool json_errors;

/* Bytes of the UTF-8 character at @s that a terminal may get as they are; 0: none */
static size_t harmless(const unsigned char *s)
{
	uint32_t c = s[0] < 0xe0 ? s[0] & 0x1f : s[0] < 0xf0 ? s[0] & 0x0f : s[0] & 0x07;
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		     s[0] < 0xf5 ? 4 : 0;

	if (len < 2)
		return len && s[0] >= 0x20 && s[0] != 0x7f;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* C1 controls, what was encoded too long, surrogates, marks of direction */
	if (c < 0xa0 || (len == 3 && c < 0x800) || (len == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c < 0xe000) || (c >= 0x200e && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		return 0;
	return len;
}

void print_safe(FILE *to, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		size_t len = harmless(s);

		if (len)
			fwrite(s, 1, len, to);
		else
			fprintf(to, "\\x%02X", *s);
		s += len ?: 1;
	}
}

void print_json_to(FILE *to, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', to);
	while (*s) {
		size_t len = harmless(s);

		if (*s == '"' || *s == '\\')
			putc('\\', to);
		if (len)
			fwrite(s, 1, len, to);
		else	/* a byte that is no character stands for itself, as in Latin-1 */
			fprintf(to, "\\u%04x", *s);
		s += len ?: 1;
	}
	putc('"', to);
}

void print_json_string(const char *text)
{
	print_json_to(stdout, text);
}

/* One line to stderr: names and files in it are somebody else's text */
static void line(const char *before, const char *format, va_list ap)
{
	char *text;

	if (vasprintf(&text, format, ap) < 0)
		return;
	fputs(before, stderr);
	print_safe(stderr, text);
	fputc('\n', stderr);
	free(text);
}

/* The same as {"@what":"text"}, with the status word if there is one */
static void json_line(const char *what, uint16_t sw, const char *format, va_list ap)
{
	char *text;

	if (vasprintf(&text, format, ap) < 0)
		return;
	fprintf(stderr, "{\"%s\":", what);
	print_json_to(stderr, text);
	if (sw)
		fprintf(stderr, ",\"sw\":\"%04X\"", sw);
	fputs("}\n", stderr);
	free(text);
}

void say(const struct options *opt, const char *format, ...)
{
	va_list ap;

	if (opt->quiet || opt->json)
		return;
	va_start(ap, format);
	line("", format, ap);
	va_end(ap);
}

static void complain_va(uint16_t sw, const char *format, va_list ap)
{
	char before[32];

	snprintf(before, sizeof(before), "%s: ", program);
	if (json_errors)
		json_line("error", sw, format, ap);
	else
		line(before, format, ap);
}

void complain(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain_va(0, format, ap);
	va_end(ap);
}

void complain_sw(uint16_t sw, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain_va(sw, format, ap);
	va_end(ap);
}

void warn(const struct options *opt, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (json_errors)
		json_line("warning", 0, format, ap);
	else if (!opt->quiet)
		line("warning: ", format, ap);
	va_end(ap);
}

const char *outcome_name(uint32_t outcome)
{
	switch (outcome) {
	case SE05X_OUTCOME_NOT_SENT:
		return "not sent";
	case SE05X_OUTCOME_RAN:
		return "ran";
	default:
		return "may have run";
	}
}

int failed(const char *what, int error, const struct se05x_call *call)
{
	if (call && call->sw)
		complain_sw(call->sw, "%s: %s: the applet answers %04X (%s)", what,
			    se05x_errno_text(error), call->sw, se05x_sw_text(call->sw));
	else
		complain("%s: %s", what, se05x_errno_text(error));
	return TROUBLE;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int parse_hex(const char *text, uint8_t *out, size_t max, const char **why)
{
	size_t len = 0;

	for (;;) {
		int high, low;

		while (*text == ' ' || *text == '\t' || *text == ':')
			text++;
		if (!*text)
			return len;
		high = hex_digit(text[0]);
		low = text[1] ? hex_digit(text[1]) : -1;
		if (high >= 0 && (!text[1] || text[1] == ' ' || text[1] == '\t')) {
			*why = "odd number of hex digits";
			return -1;
		}
		if (high < 0 || low < 0) {
			*why = "not hex";
			return -1;
		}
		if (len == max) {
			*why = "too long";
			return -1;
		}
		out[len++] = high << 4 | low;
		text += 2;
	}
}

void print_hex(FILE *to, const uint8_t *bytes, size_t len)
{
	while (len--)
		fprintf(to, "%02X", *bytes++);
}

/* Who may: the group that the device belongs to */
static void explain_denied(const char *device)
{
	struct stat st;
	struct group *group = stat(device, &st) ? NULL : getgrgid(st.st_gid);

	if (group && group->gr_gid != 0)
		complain("%s: permission denied: it is for members of the group %s"
			 " (sudo usermod -aG %s $USER, then log in anew)",
			 device, group->gr_name, group->gr_name);
	else
		complain("%s: permission denied: it belongs to root; the udev rule that"
			 " gives it to the group se05x is not installed", device);
}

/* A simulated chip has neither driver nor group. */
static void explain_socket(const char *device, int error)
{
	if (error == EACCES)
		complain("%s: permission denied: a simulated chip is for the user who started it", device);
	else
		complain("%s: %s: is se05x-sim running there?", device, strerror(error));
}

int open_chip(const char *device, struct se05x **se)
{
	int ret = se05x_open(device, se);

	if (ret && !strncmp(device, "unix:", 5)) {
		explain_socket(device, -ret);
		return TROUBLE;
	}
	switch (-ret) {
	case 0:
		return OK;
	case ENODEV:
		complain("%s: no such device: is the chip connected and the driver loaded?"
			 " On a Raspberry Pi config.txt needs the line dtoverlay=se05x"
			 " ('sudo dtoverlay se05x' tries it at once; dmesg says more)", device);
		break;
	case EACCES:
		explain_denied(device);
		break;
	case ENOTTY:
		complain("%s: not an SE05x", device);
		break;
	default:
		complain("%s: %s", device, strerror(-ret));
	}
	return TROUBLE;
}

/* ---- progress ---- */

static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool running;
	bool done;
} progress = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *show_progress(void *unused)
{
	struct timespec next;
	unsigned int seconds = 0;

	(void)unused;
	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&progress.lock);
	for (;;) {
		next.tv_sec++;
		while (!progress.done &&
		       pthread_cond_timedwait(&progress.wake, &progress.lock, &next) != ETIMEDOUT)
			;
		if (progress.done)
			break;
		fprintf(stderr, "\rwaiting for the chip: %u s", ++seconds);
	}
	if (seconds)
		fputs("\r\033[K", stderr);
	pthread_mutex_unlock(&progress.lock);
	return NULL;
}

void progress_begin(const struct options *opt)
{
	pthread_condattr_t attr;

	if (opt->quiet || opt->json || !isatty(STDERR_FILENO))
		return;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&progress.wake, &attr);
	progress.done = false;
	progress.running = !pthread_create(&progress.thread, NULL, show_progress, NULL);
}

void progress_end(void)
{
	if (!progress.running)
		return;
	pthread_mutex_lock(&progress.lock);
	progress.done = true;
	pthread_cond_signal(&progress.wake);
	pthread_mutex_unlock(&progress.lock);
	pthread_join(progress.thread, NULL);
	progress.running = false;
}
