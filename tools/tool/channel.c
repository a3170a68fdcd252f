// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool channel: the kernel's secure channel, and its keys in the kernel's keyring */
#include <errno.h>
#include <fcntl.h>
#include <keyutils.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "channel.h"
#include "hostscp.h"

/* ---- the chip's place, and the keyring ---- */

/* A file of the chip in sysfs. Return: false: there is none. */
static bool read_sysfs(const struct tool *t, const char *name, char *text, size_t size)
{
	char path[128];
	struct stat st;
	FILE *file;

	if (stat(t->opt.device, &st) || !S_ISCHR(st.st_mode))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/%s", major(st.st_rdev),
		 minor(st.st_rdev), name);
	file = fopen(path, "re");
	if (!file)
		return false;
	*text = 0;
	if (!fgets(text, size, file))
		*text = 0;
	text[strcspn(text, "\n")] = 0;
	fclose(file);
	return *text;
}

int channel_location(const struct tool *t, char location[LOCATION_MAX])
{
	if (!strncmp(t->opt.device, "unix:", 5)) {
		complain("%s: a simulated chip has no kernel before it, which owns the channel",
			 t->opt.device);
		return USAGE;
	}
	if (read_sysfs(t, "location", location, LOCATION_MAX))
		return OK;
	if (access(t->opt.device, F_OK))
		complain("%s: %s; 'se05x-tool doctor' looks why", t->opt.device, strerror(errno));
	else
		complain("%s: the driver does not tell the chip's location", t->opt.device);
	return TROUBLE;
}

key_serial_t channel_keyring(void)
{
	key_serial_t ring = find_key_by_type_and_desc("keyring", ".se05x", 0);

	if (ring < 0)
		complain("no keyring .se05x: %s", access("/sys/module/se05x", F_OK) ?
			 "the driver is not loaded" : geteuid() ? "it is root's" :
			 "this kernel has no keyrings, or no AES for the driver");
	return ring;
}

void channel_description(char text[DESCRIPTION_MAX], const char *location, bool next)
{
	snprintf(text, DESCRIPTION_MAX, "se05x:%s%s", location, next ? ":next" : "");
}

int channel_link(key_serial_t ring, const char *description, const struct scpkeys *keys)
{
	uint8_t payload[1 + 2 * SCPKEYS_MAX] = { PLATFORM_KVN };
	key_serial_t key;
	long ret = -1;

	memcpy(payload + 1, keys->enc, keys->len);
	memcpy(payload + 1 + keys->len, keys->mac, keys->len);
	/* made apart and then linked, so that it takes an old one's place at one stroke */
	key = add_key("logon", description, payload, 1 + 2 * keys->len,
		      KEY_SPEC_PROCESS_KEYRING);
	OPENSSL_cleanse(payload, sizeof(payload));
	if (key >= 0) {
		/* so that channel_unlink() finds it, whoever of root calls that */
		keyctl_setperm(key, KEY_POS_ALL | KEY_USR_VIEW | KEY_USR_SEARCH);
		ret = keyctl_link(key, ring);
		keyctl_unlink(key, KEY_SPEC_PROCESS_KEYRING);
	}
	if (ret < 0) {
		complain("key %s: %s%s", description, strerror(errno),
			 errno == EPERM || errno == EACCES ? ": only root may" : "");
		return TROUBLE;
	}
	return OK;
}

void channel_unlink(key_serial_t ring, const char *description)
{
	key_serial_t key = keyctl_search(ring, "logon", description, 0);

	if (key >= 0)
		keyctl_unlink(key, ring);
}

/* @line: 0: it is the whole file */
static int bad_keys(const char *path, unsigned int line, const char *why)
{
	if (line)
		complain("%s, line %u: %s; a key file has lines ENC, MAC and DEK, each with hex", path,
			 line, why);
	else
		complain("%s: %s", path, why);
	return USAGE;
}

int channel_read_keys(const char *path, struct scpkeys *keys)
{
	unsigned int line;
	const char *why = scpkeys_read(path, keys, &line);

	return why ? bad_keys(path, line, why) : OK;
}

/* ---- show ---- */

static const char *state_text(const struct se05x_info *info)
{
	switch (info->channel) {
	case SE05X_CHANNEL_NONE:
		return "none: commands go plain";
	case SE05X_CHANNEL_CLOSED:
		return "closed: the next command opens it";
	case SE05X_CHANNEL_OPEN:
		return "open";
	case SE05X_CHANNEL_REJECTED:
		return "rejected: the chip has none of the keys";
	default:
		return "in a state that this program does not know";
	}
}

static const char *key_text(uint32_t key)
{
	static const char *const names[] = { "none so far", "own", "next", "default" };

	return key < sizeof(names) / sizeof(names[0]) ? names[key] : "unknown";
}

int channel_show(struct tool *t, char **args, int n)
{
	char location[LOCATION_MAX], mode[32] = "unknown";
	struct se05x_info info;
	struct se05x *se;
	int ret = channel_location(t, location) ?: open_chip(t->opt.device, &se);

	(void)args;
	(void)n;
	if (ret)
		return ret;
	ret = se05x_get_info(se, &info);
	se05x_close(se);
	if (ret)
		return failed("INFO", ret, NULL);
	read_sysfs(t, "channel", mode, sizeof(mode));
	if (t->opt.json) {
		printf("{\"location\":");
		print_json_string(location);
		printf(",\"mode\":\"%s\",\"channel\":%u,\"key\":%u,\"openings\":%llu,"
		       "\"overhead_command\":%u,\"overhead_response\":%u}\n", mode, info.channel,
		       info.channel_key, (unsigned long long)info.openings,
		       info.overhead_command, info.overhead_response);
		return OK;
	}
	printf("location   ");
	print_safe(stdout, location);
	printf("\nmode       %s\nchannel    %s\nkey        %s\nopenings   %llu\n", mode,
	       state_text(&info), key_text(info.channel_key),
	       (unsigned long long)info.openings);
	return OK;
}

/* ---- load ---- */

void channel_path(char path[PATH_MAX], const char *location, bool next)
{
	int n = snprintf(path, PATH_MAX, CHANNEL_DIR "/%s%s.keys", location, next ? ".next" : "");

	for (char *c = path + strlen(CHANNEL_DIR "/"); n > 0 && *c; c++)
		if (*c == '/')
			*c = '-';
}

/* What systemd decrypted for the unit */
static bool credential_path(char path[PATH_MAX], bool next)
{
	const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");

	if (folder)
		snprintf(path, PATH_MAX, "%s/%s", folder, next ? "se05x.next" : "se05x");
	return folder && !access(path, F_OK);
}

static bool file_path(char path[PATH_MAX], const char *location, bool next)
{
	channel_path(path, location, next);
	return !access(path, F_OK);
}

/*
 * Where the keys are that a boot loads: a credential, or a file. A credential may be older
 * than the file beside it, which "rotate" writes: so that is tried next. Return: false:
 * there are none.
 */
static bool boot_path(char path[PATH_MAX], const char *location, bool next)
{
	return credential_path(path, next) || file_path(path, location, next) ||
	       (next && credential_path(path, false) && file_path(path, location, false));
}

static int load(struct tool *t, const char *path, const char *description)
{
	key_serial_t ring = channel_keyring();
	struct scpkeys keys;
	int ret;

	if (ring < 0)
		return TROUBLE;
	ret = channel_read_keys(path, &keys) ?: channel_link(ring, description, &keys);
	OPENSSL_cleanse(&keys, sizeof(keys));
	if (!ret)
		say(&t->opt, "%s: loaded as %s", path, description);
	return ret;
}

static int load_at_boot(struct tool *t, const char *location)
{
	char path[PATH_MAX], description[DESCRIPTION_MAX];
	int ret = OK, found = 0;

	for (int next = 0; next < 2 && !ret; next++) {
		if (!boot_path(path, location, next))
			continue;
		found++;
		channel_description(description, location, next);
		ret = load(t, path, description);
	}
	if (!found && !access(CHANNEL_DIR "/default.keys", F_OK))
		return load(t, CHANNEL_DIR "/default.keys", "se05x:default");
	if (!found) {
		channel_path(path, location, false);
		complain("no keys for this chip: %s is what a boot loads", path);
		return TROUBLE;
	}
	return ret;
}

int channel_load(struct tool *t, char **args, int n)
{
	char location[LOCATION_MAX], description[DESCRIPTION_MAX];
	int ret = channel_location(t, location);

	if (ret)
		return ret;
	if (!n)
		return load_at_boot(t, location);
	channel_description(description, location, false);
	return load(t, args[0], description);
}

/* ---- probe ---- */

static int probe_set(struct tool *t, const char *path, unsigned int nth,
		     const struct scpkeys *keys, bool *fits)
{
	struct hostscp s;
	int ret = hostscp_try(t, &s, keys);

	hostscp_close(&s);
	*fits = !ret;
	if (ret == -EPERM) {
		complain("the kernel has a key for this chip and lets only root try others; "
			 "'se05x-tool channel' shows which key it has");
		return TROUBLE;
	}
	if (ret == -EPROTO && s.call.sw && s.call.sw != 0x9000) {
		complain_sw(s.call.sw, "INITIALIZE UPDATE: %s", se05x_sw_text(s.call.sw));
		return TROUBLE;
	}
	if (ret && ret != -EKEYREJECTED)
		return failed("INITIALIZE UPDATE", ret, &s.call);
	if (t->opt.json) {
		printf("{\"file\":");
		print_json_string(path);
		printf(",\"set\":%u,\"fits\":%s}\n", nth, *fits ? "true" : "false");
	} else {
		print_safe(stdout, path);
		printf(", set %u: %s\n", nth, *fits ? "the chip has these keys" : "other keys");
	}
	return OK;
}

/* The chip's IoT applet, which has the channel's security domain; a SELECT ends what was tried. */
static int select_afresh(struct tool *t, struct se05x_call *call)
{
	static const uint8_t iot[] = {
		0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00, 0x00, 0x00, 0x01, 0x03, 0x00,
		0x00, 0x00, 0x00,
	};
	bool own = t->aid_len;

	*call = (struct se05x_call) { .deadline_ms = t->opt.deadline_ms };
	return se05x_select(t->se, own ? t->aid : iot, own ? t->aid_len : sizeof(iot),
			    SE05X_SELECT_FRESH, NULL, NULL, call);
}

static int probe_file(struct tool *t, const char *path, bool *any)
{
	struct scpkeys_file f;
	struct scpkeys keys;
	bool fits = false;
	const char *why = scpkeys_open(path, &f);
	int ret = OK;

	for (unsigned int nth = 1; !ret && !fits; nth++) {
		if (!why)
			why = scpkeys_next(&f, &keys);
		if (!why && !keys.len && nth > 1)
			break;	/* no more sets */
		if (why)
			ret = bad_keys(path, f.line, why);
		else if (!keys.len)
			ret = bad_keys(path, 0, "no keys are in it: no line ENC, MAC or DEK with hex");
		else
			ret = probe_set(t, path, nth, &keys, &fits);
		OPENSSL_cleanse(&keys, sizeof(keys));
	}
	scpkeys_close(&f);
	*any |= fits;
	return ret;
}

int channel_probe(struct tool *t, char **args, int n)
{
	struct se05x_call call = { .deadline_ms = t->opt.deadline_ms };
	bool any = false;
	int ret = open_chip(t->opt.device, &t->se);

	if (ret)
		return ret;
	ret = se05x_lock(t->se, &call);
	if (ret) {
		failed("lock", ret, &call);
	} else {
		ret = select_afresh(t, &call);
		if (ret)
			failed("SELECT", ret, &call);
	}
	ret = ret ? TROUBLE : OK;
	for (int i = 0; i < n && !ret && !any; i++)
		ret = probe_file(t, args[i], &any);
	select_afresh(t, &call);
	se05x_close(t->se);
	t->se = NULL;
	if (ret)
		return ret;
	if (!any)
		say(&t->opt, "none of these keys is the chip's");
	return any ? OK : UNMET;
}
