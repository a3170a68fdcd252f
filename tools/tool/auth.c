// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: who it is to the chip: --user-id, --auth */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "auth.h"

/* Room for the words aes or ec, and an object */
#define WORD_MAX	8
#define ID_MAX		64

/* KIND:ID:FILE. Return: FILE, or NULL after a complaint. */
static const char *take_apart(const char *text, struct auth *auth)
{
	const char *id = strchr(text, ':'), *file = id ? strchr(id + 1, ':') : NULL;
	char kind[WORD_MAX], word[ID_MAX];

	if (!file || id - text >= WORD_MAX || file - id > ID_MAX || !file[1]) {
		complain("--auth=%s: it is aes:ID:FILE or ec:ID:FILE", text);
		return NULL;
	}
	snprintf(kind, sizeof(kind), "%.*s", (int)(id - text), text);
	snprintf(word, sizeof(word), "%.*s", (int)(file - id - 1), id + 1);
	if (!strcmp(kind, "aes")) {
		auth->how = AUTH_AES;
	} else if (!strcmp(kind, "ec")) {
		auth->how = AUTH_EC;
	} else {
		complain("--auth=%s: a session is opened by aes or ec, not %s", text, kind);
		return NULL;
	}
	return parse_id(word, &auth->id) ? NULL : file + 1;
}

static int read_aes(const char *path, struct auth *auth)
{
	uint8_t *key;
	size_t len;
	int ret = read_input(path, &key, &len, INPUT_MAX);

	if (ret)
		return ret;
	if (len == 16 || len == 24 || len == 32) {
		memcpy(auth->secret, key, len);
		auth->len = len;
	} else {
		complain("%s: AES keys have 16, 24 or 32 bytes, not %zu", path, len);
		ret = USAGE;
	}
	OPENSSL_cleanse(key, len);
	free(key);
	return ret;
}

static int read_ec(const struct tool *t, const char *path, struct auth *auth)
{
	const struct se05x_iot_curve *p256 = se05x_iot_curve(SE05X_IOT_CURVE_P256);
	struct tool mine = *t;
	bool private;
	EVP_PKEY *key;
	int ret = USAGE;

	mine.passin = NULL;	/* that is another key's */
	key = read_key(&mine, path, &private);
	if (!key)
		return USAGE;
	if (!private)
		complain("%s: that is a public key: the private one opens the session", path);
	else if (keys_curve(key) != p256)
		complain("%s: only an EC key on P-256 opens a session", path);
	else if (!key_to_point(key, p256, auth->point) || !key_to_scalar(key, p256, auth->secret))
		complain("%s: the key is not whole: %s", path, crypto_reason());
	else
		ret = OK;
	EVP_PKEY_free(key);
	return ret;
}

static int read_userid(const struct tool *t, struct auth *auth)
{
	uint8_t *password;
	int ret = parse_id(t->user_id, &auth->id);

	ret = ret ?: read_password(t, false, &password, &auth->len);
	if (ret)
		return ret;
	auth->how = AUTH_USERID;
	memcpy(auth->secret, password, auth->len);
	OPENSSL_clear_free(password, auth->len);
	return OK;
}

int read_auth(const struct tool *t, struct auth *auth)
{
	const char *path;

	*auth = (struct auth) { };
	if (t->auth && (t->user_id || t->password_file)) {
		complain("--auth names a key: --%s goes with a UserID, and one of the two is enough",
			 t->user_id ? "user-id" : "password-file");
		return USAGE;
	}
	if (t->user_id)
		return read_userid(t, auth);
	if (!t->auth)
		return OK;
	path = take_apart(t->auth, auth);
	if (!path)
		return USAGE;
	return auth->how == AUTH_AES ? read_aes(path, auth) : read_ec(t, path, auth);
}

/* Nobody else's APDU may come between: it could end the session. */
int open_session(struct tool *t, const struct auth *auth)
{
	struct se05x_call call = { .deadline_ms = t->opt.deadline_ms };
	struct se05x_iot *session;
	int ret;

	if (auth->how == AUTH_NONE)
		return OK;
	progress_begin(&t->opt);
	ret = se05x_lock(t->se, &call);
	progress_end();
	if (ret)
		return failed("lock", ret, &call);
	if (auth->how == AUTH_USERID)
		ret = CHIP(t, se05x_iot_session_open, auth->id, auth->secret, auth->len, &session);
	else if (auth->how == AUTH_AES)
		ret = CHIP(t, se05x_iot_session_open_aes, auth->id, auth->secret, auth->len, &session);
	else
		ret = CHIP(t, se05x_iot_session_open_ec, auth->id, auth->secret, auth->point, NULL,
			   &session);
	if (ret) {
		complain_sw(t->call.sw, "%s %s: %s", auth->how == AUTH_USERID ? "--user-id" : "--auth",
			    id_text(auth->id), se05x_iot_error_text(ret, &t->call));
		return TROUBLE;
	}
	se05x_iot_close(t->iot);
	t->iot = session;
	t->owner = auth->id;
	return OK;
}

void clear_auth(struct auth *auth)
{
	OPENSSL_cleanse(auth, sizeof(*auth));
}
