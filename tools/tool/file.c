// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: files and UserIDs */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* ---- files ---- */

static void interrupted(int signal)
{
	(void)signal;	/* a call that waits its turn ends with EINTR, and that is told */
}

/* What became of it, said once; nothing stays behind that nobody knows of. */
static int put_failed(struct tool *t, uint32_t id, int error, size_t done, size_t len)
{
	uint32_t room;

	if (error == -EDQUOT && !t->call.sw && !done) {
		if (CHIP(t, se05x_iot_free_memory,
			 t->transient ? SE05X_IOT_MEMORY_TRANSIENT_DESELECT :
			 SE05X_IOT_MEMORY_PERSISTENT, &room))
			room = 0;
		complain("%s: %zu bytes do not fit: the chip has %u free. Nothing was written",
			 t->command, len, room);
		return TROUBLE;
	}
	if (error == -EINTR)
		complain("%s %s: interrupted", t->command, id_text(id));
	else
		chip_failed(t, id, error);
	if (done || t->call.outcome == SE05X_OUTCOME_MAY_HAVE_RUN)
		complain("%zu of %zu bytes are surely written; a file of %zu bytes %s:"
			 " 'se05x-tool delete 0x%08X' removes it", done, len, len,
			 done ? "is left behind" : "may be left behind", id);
	return TROUBLE;
}

/* From then on a signal ends the call that waits, and that is told */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = interrupted };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int tell_kept(struct tool *t, uint32_t id, const char *what, size_t len)
{
	if (t->opt.json)
		printf("{\"id\":\"0x%08X\",\"size\":%zu}\n", id, len);
	else
		say(&t->opt, "%s: %s of %zu bytes is kept", id_text(id), what, len);
	return OK;
}

/* A file keeps its size for ever: what is shorter is followed by zeros. */
static int update(struct tool *t, uint32_t id, const uint8_t *data, size_t len, const char *what)
{
	struct se05x_iot_object object;
	uint8_t *all;
	size_t done;
	int ret = check_reserved(t, id, "writes");

	ret = ret ?: find_kind(t, id, SE05X_IOT_KIND_BINARY, SE05X_IOT_PART_WHOLE, &object);
	if (ret)
		return ret;
	if (t->policy || t->transient) {
		complain("%s --update: policy and place were said when the file was made, and stay",
			 t->command);
		return USAGE;
	}
	if (len > object.size || object.size > SE05X_IOT_BINARY_MAX) {
		complain("%s %s: %zu bytes do not fit into a file of %u: 'se05x-tool delete' and a"
			 " new one. Nothing was written", t->command, id_text(id), len,
			 object.size);
		return USAGE;
	}
	all = calloc(1, object.size);
	if (!all)
		return TROUBLE;
	memcpy(all, data, len);
	catch_signals();
	ret = CHIP(t, se05x_iot_binary_write, id, 0, all, object.size, &done);
	free(all);
	if (ret) {
		chip_failed(t, id, ret);
		complain("%zu of %u bytes are surely new; the rest is as it was", done, object.size);
		return TROUBLE;
	}
	if (len < object.size)
		warn(&t->opt, "%s keeps its %u bytes: after the new %zu there are zeros",
		     id_text(id), object.size, len);
	return tell_kept(t, id, what, len);
}

int put_file(struct tool *t, uint32_t id, const uint8_t *data, size_t len, const char *what)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how;
	size_t done;
	int ret;

	if (!len) {
		complain("%s: an empty file can't be kept", t->command);
		return USAGE;
	}
	if (t->update)
		return update(t, id, data, len, what);
	ret = prepare_new(t, id, policy, &how);
	if (ret)
		return ret;
	catch_signals();
	ret = CHIP(t, se05x_iot_binary_create, id, data, len, &how, &done);
	return ret ? put_failed(t, id, ret, done, len) : tell_kept(t, id, what, len);
}

int iot_put(struct tool *t, char **args, int n)
{
	uint8_t *data = NULL;
	size_t len;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	ret = ret ?: read_input(n > 1 ? args[1] : NULL, &data, &len, SE05X_IOT_BINARY_MAX);
	ret = ret ?: put_file(t, id, data, len, "file");
	free(data);
	return ret;
}

int get_file(struct tool *t, const char *name, uint8_t **data, size_t *len)
{
	struct se05x_iot_object object;
	uint32_t id;
	int ret = parse_id(name, &id);

	ret = ret ?: find_kind(t, id, SE05X_IOT_KIND_BINARY, SE05X_IOT_PART_WHOLE, &object);
	if (ret)
		return ret;
	*len = object.size;
	*data = *len <= SE05X_IOT_BINARY_MAX ? malloc(*len + 1) : NULL;
	if (!*data) {
		complain("%s %s: the chip says it has %zu bytes", t->command, id_text(id), *len);
		return TROUBLE;
	}
	ret = CHIP(t, se05x_iot_binary_read, id, 0, *data, *len);
	return ret ? chip_failed(t, id, ret) : OK;
}

int iot_get(struct tool *t, char **args, int n)
{
	uint8_t *data = NULL;
	size_t len;
	int ret = get_file(t, args[0], &data, &len);

	(void)n;
	ret = ret ?: write_bytes(t, "data", data, len);
	free(data);
	return ret;
}

/* ---- UserIDs ---- */

/* Whoever may delete it can make it anew, with a password of his own. */
static void warn_replaceable(const struct tool *t, uint32_t id, const struct se05x_iot_new *how)
{
	if (how->policy_len && !anybody_may(how->policy, how->policy_len,
					    SE05X_IOT_MAY_DELETE | SE05X_IOT_MAY_WRITE))
		return;
	warn(&t->opt, "anybody may delete %s and make it anew with another password, and then use"
	     " what it guards; --policy=0x%08X:delete keeps that to its owner", id_text(id), id);
}

int iot_userid(struct tool *t, char **args, int n)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX], *password;
	struct se05x_iot_new how;
	size_t len;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	(void)n;
	ret = ret ?: read_password(t, true, &password, &len);
	if (ret)
		return ret;
	ret = prepare_new(t, id, policy, &how);
	if (!ret) {
		ret = CHIP(t, se05x_iot_userid_create, id, password, len, &how);
		ret = ret ? chip_failed(t, id, ret) : OK;
	}
	OPENSSL_clear_free(password, len);
	if (ret)
		return ret;
	warn_replaceable(t, id, &how);
	if (t->opt.json)
		printf("{\"id\":\"0x%08X\"}\n", id);
	else
		say(&t->opt, "%s: UserID made; --user-id=0x%08X opens a session with it",
		    id_text(id), id);
	return OK;
}
