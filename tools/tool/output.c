// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: --output, and an end in the middle that leaves nothing behind */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "tool.h"

static struct {
	char path[PATH_MAX];		/* --output, without symbolic links */
	char new[PATH_MAX + 8];		/* the file beside it; "": written in place */
	volatile sig_atomic_t pending;	/* @new is there */
} output;

static struct {
	int fd;
	struct termios old;
	volatile sig_atomic_t hidden;
} terminal;

/* ---- a new file ---- */

/*
 * A device or pipe; what a symbolic link names that is not there yet; or a file that may be
 * written in a folder that may not
 */
static int in_place(const char *path, bool secret)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, secret ? 0600 : 0666);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return fd;
	if (S_ISREG(st.st_mode) && ((secret && fchmod(fd, 0600)) || ftruncate(fd, 0))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A file of its own: who has the old one open does not see what comes */
static int beside(const char *path, bool secret)
{
	struct stat st;
	mode_t mask;
	bool there;
	int fd;

	if (!realpath(path, output.path)) {
		if (!lstat(path, &st))
			return in_place(path, secret);
		snprintf(output.path, sizeof(output.path), "%s", path);
	}
	there = !stat(output.path, &st);
	if (there && !S_ISREG(st.st_mode))
		return in_place(path, secret);
	if (there && access(output.path, W_OK))
		return -1;
	snprintf(output.new, sizeof(output.new), "%s.XXXXXX", output.path);
	fd = mkostemp(output.new, O_CLOEXEC);
	if (fd < 0) {
		output.new[0] = 0;
		return there ? in_place(path, secret) : fd;
	}
	output.pending = 1;
	mask = umask(077);
	umask(mask);
	if (!secret)
		fchmod(fd, there ? st.st_mode & 0777 : 0666 & ~mask);
	return fd;
}

int output_begin(const struct tool *t, bool secret)
{
	int fd;

	if (!t->output || !strcmp(t->output, "-"))
		return OK;
	fd = strlen(t->output) < PATH_MAX ? beside(t->output, secret) : -1;
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) {
		complain("%s: %s", t->output, strerror(errno));
		return TROUBLE;
	}
	close(fd);
	return OK;
}

int output_end(const struct tool *t, int ret)
{
	if (!t->output || !strcmp(t->output, "-"))
		return ret;
	if (fflush(stdout) || ferror(stdout)) {
		complain("%s: %s", t->output, strerror(errno));
		clearerr(stdout);
		ret = TROUBLE;
	}
	if (!output.pending)
		return ret;
	output.pending = 0;
	if (ret != OK && ret != UNMET) {
		unlink(output.new);
	} else if (rename(output.new, output.path)) {
		complain("%s: %s", t->output, strerror(errno));
		unlink(output.new);
		ret = TROUBLE;
	}
	return ret;
}

/* ---- the terminal ---- */

int ask_hidden(const char *question, char *line, size_t size, const char *instead)
{
	FILE *tty = fopen("/dev/tty", "r+");
	struct termios hidden;

	if (!tty || tcgetattr(fileno(tty), &terminal.old)) {
		complain("the password is missing: there is no terminal to ask on; %s names a"
			 " file", instead);
		if (tty)
			fclose(tty);
		return USAGE;
	}
	setvbuf(tty, NULL, _IONBF, 0);	/* no copy of it is left in a buffer */
	terminal.fd = fileno(tty);
	terminal.hidden = 1;
	hidden = terminal.old;
	hidden.c_lflag &= ~ECHO;
	tcsetattr(terminal.fd, TCSAFLUSH, &hidden);
	fputs(question, tty);
	if (!fgets(line, size, tty))
		line[0] = 0;
	tcsetattr(terminal.fd, TCSAFLUSH, &terminal.old);
	terminal.hidden = 0;
	fputc('\n', tty);
	fclose(tty);
	line[strcspn(line, "\n")] = 0;
	return OK;
}

static void die(int signal)
{
	if (terminal.hidden)
		tcsetattr(terminal.fd, TCSANOW, &terminal.old);
	if (output.pending)
		unlink(output.new);
	/* the default comes next: SA_RESETHAND */
	raise(signal);
}

void die_properly(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = die, .sa_flags = SA_RESETHAND | SA_NODEFER };
	struct sigaction old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

/* ---- passwords ---- */

/* The bytes of a file; editors and echo end its last line */
static int password_from(const char *path, char *line, size_t size, size_t *len)
{
	uint8_t *data;
	int ret = read_input(path, &data, len, size);

	if (ret)
		return ret;
	memcpy(line, data, *len);
	OPENSSL_cleanse(data, *len);
	free(data);
	while (*len && (line[*len - 1] == '\n' || line[*len - 1] == '\r'))
		--*len;
	return OK;
}

/* From the terminal; twice what nobody could check otherwise */
static int password_asked(bool new, char *line, size_t size, size_t *len)
{
	char again[64];
	int ret = ask_hidden(new ? "Password of the new UserID: " : "Password of the UserID: ",
			     line, size, "--password-file");

	*len = ret ? 0 : strlen(line);
	if (ret || !new)
		return ret;
	ret = ask_hidden("The same again: ", again, sizeof(again), "--password-file");
	if (!ret && strcmp(line, again)) {
		complain("these were two different passwords: nothing was made");
		ret = USAGE;
	}
	OPENSSL_cleanse(again, sizeof(again));
	return ret;
}

int read_password(const struct tool *t, bool new, uint8_t **password, size_t *len)
{
	char line[64];
	int ret = t->password_file ? password_from(t->password_file, line, sizeof(line), len) :
				     password_asked(new, line, sizeof(line), len);

	*password = NULL;
	if (!ret && (*len < 4 || *len > 16)) {
		complain("a UserID's password has 4 to 16 bytes, not %zu", *len);
		ret = USAGE;
	}
	if (!ret) {
		*password = OPENSSL_memdup(line, sizeof(line));
		ret = *password ? OK : TROUBLE;
	}
	OPENSSL_cleanse(line, sizeof(line));
	return ret;
}

int key_password(char *buf, int size, int writing, void *data)
{
	struct tool *t = data;
	const char *path = t->passin;
	size_t len = 0;
	int ret;

	(void)writing;
	if (t->password_given || t->password_failed)
		return -1;	/* libcrypto tries another way, which is the same question */
	if (!path) {
		ret = ask_hidden("Password of the key: ", buf, size, "--passin");
		len = ret ? 0 : strlen(buf);
	} else if (!strncmp(path, "pass:", 5) || !strncmp(path, "env:", 4)) {
		complain("--passin names a file: others can read the command line and the"
			 " environment");
		ret = USAGE;
	} else {
		/* as with openssl, but for what others could read in the list of processes */
		if (!strncmp(path, "file:", 5))
			path += 5;
		else if (!strcmp(path, "stdin"))
			path = "-";
		ret = password_from(path, buf, size, &len);
	}
	t->password_given = !ret;
	t->password_failed = ret;
	return ret ? -1 : (int)len;
}
