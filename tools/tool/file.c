// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: files, certificates, counters, PCRs, UserIDs */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

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

static int put(struct tool *t, uint32_t id, const uint8_t *data, size_t len, const char *what)
{
	struct sigaction action = { .sa_handler = interrupted };
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how;
	size_t done;
	int ret = prepare_new(t, id, policy, &how);

	if (ret)
		return ret;
	if (!len) {
		complain("%s: an empty file can't be kept", t->command);
		return USAGE;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ret = CHIP(t, se05x_iot_binary_create, id, data, len, &how, &done);
	if (ret)
		return put_failed(t, id, ret, done, len);
	if (t->opt.json)
		printf("{\"id\":\"0x%08X\",\"size\":%zu}\n", id, len);
	else
		say(&t->opt, "%s: %s of %zu bytes is kept", id_text(id), what, len);
	return OK;
}

int iot_put(struct tool *t, char **args, int n)
{
	uint8_t *data = NULL;
	size_t len;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	ret = ret ?: read_input(n > 1 ? args[1] : NULL, &data, &len, SE05X_IOT_BINARY_MAX);
	ret = ret ?: put(t, id, data, len, "file");
	free(data);
	return ret;
}

static int get(struct tool *t, const char *name, uint8_t **data, size_t *len)
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
	int ret = get(t, args[0], &data, &len);

	(void)n;
	ret = ret ?: write_bytes(t, "data", data, len);
	free(data);
	return ret;
}

/* ---- certificates ---- */

/* PEM or DER. Return: NULL after a complaint. */
static X509 *read_certificate(const char *path)
{
	char *name = NULL, *header = NULL;
	uint8_t *data, *body = NULL;
	X509 *cert = NULL;
	const uint8_t *at;
	long body_len;
	size_t len;
	BIO *bio;

	if (read_input(path, &data, &len, INPUT_MAX))
		return NULL;
	path = path ?: "standard input";
	bio = BIO_new_mem_buf(data, len);
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	at = data;
	if (!cert)
		cert = d2i_X509(NULL, &at, len);
	BIO_reset(bio);
	if (!cert && PEM_read_bio(bio, &name, &header, &body, &body_len) == 1)
		complain("%s: that is a PEM file with a %s, not with a certificate", path, name);
	else if (!cert)
		complain("%s: neither PEM nor DER of a certificate", path);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(body);
	BIO_free(bio);
	free(data);
	return cert;
}

static int cert_put(struct tool *t, const char *name, const char *path)
{
	uint8_t *der = NULL;
	X509 *cert;
	uint32_t id;
	int len, ret = parse_id(name, &id);

	if (ret)
		return ret;
	cert = read_certificate(path);
	if (!cert)
		return USAGE;
	len = i2d_X509(cert, &der);
	X509_free(cert);
	ret = len > 0 ? put(t, id, der, len, "certificate") : TROUBLE;
	OPENSSL_free(der);
	return ret;
}

static int cert_get(struct tool *t, const char *name)
{
	uint8_t *data = NULL;
	X509 *cert = NULL;
	const uint8_t *at;
	char *text;
	size_t len;
	BIO *bio;
	int ret = get(t, name, &data, &len);

	if (ret)
		goto out;
	at = data;
	cert = d2i_X509(NULL, &at, len);
	if (!cert) {
		complain("cert get %s: what is kept there is no certificate ('get' reads it as it"
			 " is)", name);
		ret = TROUBLE;
	} else if (t->der) {
		ret = write_bytes(t, "certificate", data, at - data);
	} else {
		bio = BIO_new(BIO_s_mem());
		PEM_write_bio_X509(bio, cert);
		len = BIO_get_mem_data(bio, &text);
		ret = write_output(t, text, len);
		BIO_free(bio);
	}
	X509_free(cert);
out:
	free(data);
	return ret;
}

int iot_cert(struct tool *t, char **args, int n)
{
	if (!strcmp(args[0], "put"))
		return cert_put(t, args[1], n > 2 ? args[2] : NULL);
	if (!strcmp(args[0], "get") && n == 2)
		return cert_get(t, args[1]);
	complain("cert: 'put ID [FILE]' or 'get ID'");
	return USAGE;
}

/* ---- counters ---- */

static bool parse_u64(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && !*end && end != text && *text != '-';
}

static int counter_new(struct tool *t, uint32_t id, const char *size_text, const char *value_text)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how;
	uint64_t size = 4, value = 0;
	int ret;

	if ((size_text && !parse_u64(size_text, &size)) ||
	    (value_text && !parse_u64(value_text, &value)) ||
	    !size || size > 8 || (size < 8 && value >> 8 * size)) {
		complain("counter new: 1 to 8 bytes, and a value that fits in");
		return USAGE;
	}
	ret = prepare_new(t, id, policy, &how);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_counter_create, id, size, value, &how);
	if (ret)
		return chip_failed(t, id, ret);
	say(&t->opt, "%s: a counter of %u bytes at %llu", id_text(id), (unsigned int)size,
	    (unsigned long long)value);
	return OK;
}

static int counter_get(struct tool *t, uint32_t id)
{
	uint64_t value;
	int ret = CHIP(t, se05x_iot_counter_read, id, &value);

	if (ret)
		return chip_failed(t, id, ret);
	printf(t->opt.json ? "{\"value\":%llu}\n" : "%llu\n", (unsigned long long)value);
	return OK;
}

int iot_counter(struct tool *t, char **args, int n)
{
	struct se05x_iot_object object;
	uint64_t value;
	uint32_t id;
	int ret = parse_id(args[1], &id);

	if (ret)
		return ret;
	if (!strcmp(args[0], "new"))
		return counter_new(t, id, n > 2 ? args[2] : NULL, n > 3 ? args[3] : NULL);
	if (strcmp(args[0], "set") ? n != 2 || (strcmp(args[0], "get") && strcmp(args[0], "add")) :
	    n != 3 || !parse_u64(args[2], &value)) {
		complain("counter: 'new ID [SIZE [VALUE]]', 'get ID', 'add ID' or 'set ID VALUE'");
		return USAGE;
	}
	ret = find_kind(t, id, SE05X_IOT_KIND_COUNTER, SE05X_IOT_PART_WHOLE, &object);
	if (ret)
		return ret;
	if (!strcmp(args[0], "add")) {
		ret = CHIP(t, se05x_iot_counter_add, id);
	} else if (!strcmp(args[0], "set")) {
		ret = CHIP(t, se05x_iot_counter_set, id, object.size, value);
		if (ret == -EINVAL || ret == -EMEDIUMTYPE || ret == -EBADR) {
			complain("counter set %s: it only goes up, within its %u bytes", id_text(id),
				 object.size);
			return USAGE;
		}
	}
	return ret ? chip_failed(t, id, ret) : counter_get(t, id);
}

/* ---- PCRs ---- */

int iot_pcr(struct tool *t, char **args, int n)
{
	uint8_t value[SE05X_IOT_PCR_LEN], policy[SE05X_IOT_POLICY_MAX], *data = NULL;
	bool new = !strcmp(args[0], "new"), extend = !strcmp(args[0], "extend");
	struct se05x_iot_object object;
	struct se05x_iot_new how;
	const char *why = "not 32 bytes";
	size_t len;
	uint32_t id;
	int ret = parse_id(args[1], &id);

	if (ret)
		return ret;
	if (!(new && n == 3) && !extend && (strcmp(args[0], "get") || n != 2)) {
		complain("pcr: 'new ID HEX', 'get ID' or 'extend ID [FILE]'");
		return USAGE;
	}
	if (new && parse_hex(args[2], value, sizeof(value), &why) != sizeof(value)) {
		complain("pcr new: its first value: %s", why);
		return USAGE;
	}
	if (new)
		ret = prepare_new(t, id, policy, &how);
	else
		ret = find_kind(t, id, SE05X_IOT_KIND_PCR, SE05X_IOT_PART_WHOLE, &object);
	if (!ret && extend)
		ret = read_input(n > 2 ? args[2] : NULL, &data, &len, INPUT_MAX);
	if (ret)
		return ret;
	if (new)
		ret = CHIP(t, se05x_iot_pcr_create, id, value, &how);
	else if (extend)
		ret = CHIP(t, se05x_iot_pcr_extend, id, data, len);
	free(data);
	if (!ret)
		ret = CHIP(t, se05x_iot_pcr_read, id, value);
	if (ret)
		return chip_failed(t, id, ret);
	t->hex = true;
	return write_bytes(t, "value", value, sizeof(value));
}

/* ---- UserIDs ---- */

int iot_userid(struct tool *t, char **args, int n)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX], *password;
	struct se05x_iot_new how;
	size_t len;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	(void)n;
	ret = ret ?: read_password(t, &password, &len);
	if (ret)
		return ret;
	ret = prepare_new(t, id, policy, &how);
	if (!ret) {
		ret = CHIP(t, se05x_iot_userid_create, id, password, len, &how);
		ret = ret ? chip_failed(t, id, ret) : OK;
	}
	OPENSSL_clear_free(password, len);
	if (!ret && t->opt.json)
		printf("{\"id\":\"0x%08X\"}\n", id);
	else if (!ret)
		say(&t->opt, "%s: UserID made; --user-id=0x%08X opens a session with it",
		    id_text(id), id);
	return ret;
}
