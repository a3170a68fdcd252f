// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-tool channel mandate, unmandate, rotate: what is asked about twice
 *
 * Whatever happens while keys are changed, the chip has the old keys or the new ones. So both
 * are on the disk under the names that a boot loads, and both in the kernel, before PUT KEY is
 * sent, and none is removed before it is known which of them the chip has.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "channel.h"
#include "hostscp.h"

#define SW_OK		0x9000
#define KCV_LEN		3	/* of a key check value */

/* ---- asking twice ---- */

static int twice(const struct tool *t, const char *what, const char *question)
{
	if (!t->force) {
		complain("%s: %s; --force says that you know", t->command, what);
		return USAGE;
	}
	return confirm(t, question);
}

/* ---- mandate ---- */

static int request(struct tool *t, bool required)
{
	int ret = CHIP(t, se05x_iot_platform_scp, required);

	if (!ret) {
		say(&t->opt, required ? "from now on the chip demands the secure channel" :
		    "the chip does not demand the secure channel any more");
		return OK;
	}
	if (t->call.sw == 0x6985)
		complain_sw(t->call.sw, "%s: the chip takes that from the owner of UserID 0x7FFF0207 only:"
			    " --user-id=0x7FFF0207 --password-file=FILE; 'userid --force 0x7FFF0207'"
			    " makes it", t->command);
	else
		return chip_failed(t, 0x7FFF0207, ret);
	return TROUBLE;
}

int channel_mandate(struct tool *t, char **args, int n)
{
	int ret = twice(t, "without its keys the chip will refuse everything but identification",
			"The chip will refuse every command outside the secure channel, for every"
			" program. Do it?");

	(void)args;
	(void)n;
	return ret ?: request(t, true);
}

int channel_unmandate(struct tool *t, char **args, int n)
{
	(void)args;
	(void)n;
	return request(t, false);
}

/* ---- files ---- */

static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, ret;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = fsync(fd);
	close(fd);
	return ret;
}

static void print_key(FILE *file, const char *name, const uint8_t *key, size_t len)
{
	fprintf(file, "%s ", name);
	for (size_t i = 0; i < len; i++)
		fprintf(file, "%02X", key[i]);
	fputc('\n', file);
}

/* On the disk, whole, before this returns; root's alone. Return: OK or TROUBLE. */
static int write_keys(const char *path, const struct scpkeys *keys)
{
	char fresh[PATH_MAX + 8];
	FILE *file;
	int fd;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file) {
		setvbuf(file, NULL, _IONBF, 0);	/* no copy of the keys is left in a buffer */
		print_key(file, "ENC", keys->enc, keys->len);
		print_key(file, "MAC", keys->mac, keys->len);
		print_key(file, "DEK", keys->dek, keys->dek_len);
		if (!ferror(file) && !fsync(fd) && !fclose(file) && !rename(fresh, path) &&
		    !sync_folder(path))
			return OK;
	}
	complain("%s: %s", path, strerror(errno));
	unlink(fresh);
	return TROUBLE;
}

/* ---- PUT KEY ---- */

struct rotation {
	struct scpkeys old, fresh;
	char location[LOCATION_MAX];
	char old_path[PATH_MAX], next_path[PATH_MAX];
	char own[DESCRIPTION_MAX], next[DESCRIPTION_MAX];
	key_serial_t ring;
};

/* AES on whole blocks, each by itself (PUT KEY: docs/channel.md). Return: false: no memory. */
static bool encrypt_blocks(const uint8_t *key, size_t key_len, const uint8_t *in, size_t len,
			   uint8_t *out)
{
	struct aes_key aes = { };
	bool good = siot_aes_set(&aes, key, key_len);

	for (size_t i = 0; good && i < len; i += SE05X_SCP_BLOCK)
		siot_aes.encrypt(&aes, out + i, in + i);
	good = good && !aes.failed;
	siot_aes_clear(&aes);
	return good;
}

/* Its data, and the answer that says that the chip took it. Return: bytes; 0: no memory. */
static size_t put_key_data(const struct rotation *r, uint8_t *data, uint8_t expected[10])
{
	const uint8_t *keys[] = { r->fresh.enc, r->fresh.mac, r->fresh.dek };
	uint8_t ones[SE05X_SCP_BLOCK], check[SE05X_SCP_BLOCK], *at = data;
	size_t len = r->fresh.len;

	memset(ones, 1, sizeof(ones));
	*at++ = PLATFORM_KVN;
	expected[0] = PLATFORM_KVN;
	for (int i = 0; i < 3; i++) {
		*at++ = 0x88;		/* AES */
		*at++ = len + 1;
		*at++ = len;
		if (!encrypt_blocks(r->old.dek, r->old.dek_len, keys[i], len, at) ||
		    !encrypt_blocks(keys[i], len, ones, sizeof(ones), check))
			return 0;
		at += len;
		*at++ = KCV_LEN;
		at = mempcpy(at, check, KCV_LEN);
		memcpy(expected + 1 + KCV_LEN * i, check, KCV_LEN);
	}
	return at - data;
}

static int select_domain(struct tool *t, struct se05x_call *call)
{
	static const uint8_t domain[] = {
		0xD2, 0x76, 0x00, 0x00, 0x85, 0x30, 0x4A, 0x43, 0x4F, 0x90, 0x03,
	};
	int ret;

	*call = (struct se05x_call) { .deadline_ms = t->opt.deadline_ms };
	ret = se05x_select(t->se, domain, sizeof(domain), SE05X_SELECT_FRESH, NULL, NULL, call);
	return ret ?: call->sw == SW_OK ? 0 : -ENOPKG;
}

enum has { OLD_KEYS, NEW_KEYS, OTHER_KEYS, UNKNOWN };

/* Which keys has the chip? By their cryptogram alone */
static enum has which(struct tool *t, const struct rotation *r)
{
	struct se05x_call call;
	struct hostscp s;
	int ret;

	if (select_domain(t, &call))
		return UNKNOWN;
	ret = hostscp_try(t, &s, &r->fresh);
	hostscp_close(&s);
	if (!ret)
		return NEW_KEYS;
	if (ret != -EKEYREJECTED)
		return UNKNOWN;
	ret = hostscp_try(t, &s, &r->old);
	hostscp_close(&s);
	return !ret ? OLD_KEYS : ret == -EKEYREJECTED ? OTHER_KEYS : UNKNOWN;
}

/* Return: OK: the chip took it; else a complaint, and who knows. *@tried: it may have. */
static int put_key(struct tool *t, const struct rotation *r, bool *tried)
{
	static const uint8_t header[4] = { 0x80, 0xD8, PLATFORM_KVN, 0x81 };
	uint8_t data[1 + 3 * (7 + SCPKEYS_MAX)], expected[10], answer[RESPONSE_MAX];
	size_t len = sizeof(answer), n;
	struct se05x_call call;
	struct hostscp s;
	int ret = select_domain(t, &call);

	if (ret)
		return failed("SELECT of the security domain", ret, &call);
	ret = hostscp_open(t, &s, &r->old);
	if (ret == -EKEYREJECTED && s.call.sw == SW_OK) {
		complain("the chip has other keys than %s", r->old_path);
		ret = TROUBLE;
	} else if (ret) {
		ret = failed("opening a channel with the old keys", ret, &s.call);
	} else {
		n = put_key_data(r, data, expected);
		*tried = n;
		ret = n ? hostscp_send(t, &s, header, data, n, answer, &len) : -ENOMEM;
		OPENSSL_cleanse(data, sizeof(data));
		if (ret)
			ret = failed("PUT KEY", ret, &s.call);
		else if (s.call.sw != SW_OK || len != sizeof(expected) ||
			 CRYPTO_memcmp(answer, expected, len)) {
			complain_sw(s.call.sw, "PUT KEY: the chip's check values are not the new keys'");
			ret = TROUBLE;
		}
	}
	hostscp_close(&s);
	return ret;
}

/* ---- rotate ---- */

static int read_both(struct tool *t, const char *path, struct rotation *r)
{
	int ret;

	if (access(r->old_path, F_OK)) {
		complain("%s: %s; the keys that the chip has must be there, with their DEK:"
			 " 'sudo install -m 600 FILE %s'", r->old_path, strerror(errno), r->old_path);
		return USAGE;
	}
	ret = channel_read_keys(r->old_path, &r->old) ?: channel_read_keys(path, &r->fresh);
	if (ret)
		return ret;
	if (!r->old.dek_len || !r->fresh.dek_len) {
		complain("%s: without DEK no keys can be changed", r->old.dek_len ? path : r->old_path);
		return USAGE;
	}
	if (r->fresh.len == 24) {
		complain("%s: no chip has keys of 24 bytes", path);
		return USAGE;
	}
	if (r->old.len == r->fresh.len && !CRYPTO_memcmp(&r->old, &r->fresh, sizeof(r->old))) {
		complain("%s: these are the old keys", path);
		return USAGE;
	}
	(void)t;
	return OK;
}

/* The chip has the new keys: so do boot and kernel, under the name that counts. */
static int settle_new(struct rotation *r)
{
	int ret = channel_link(r->ring, r->own, &r->fresh);

	if (ret) {
		complain("but the chip has the new keys: they are in %s, and the next boot tries both",
			 r->next_path);
		return ret;
	}
	if (rename(r->next_path, r->old_path) || sync_folder(r->old_path)) {
		complain("%s: %s; the next boot tries both", r->old_path, strerror(errno));
		return TROUBLE;
	}
	channel_unlink(r->ring, r->next);
	return OK;
}

/* It has the old ones: as if nothing had been */
static void settle_old(struct rotation *r)
{
	channel_unlink(r->ring, r->next);
	unlink(r->next_path);
	sync_folder(r->next_path);
}

static int settle(struct tool *t, struct rotation *r, int ret, bool tried)
{
	enum has has = !ret ? NEW_KEYS : tried ? which(t, r) : OLD_KEYS;

	switch (has) {
	case NEW_KEYS:
		if (ret)
			say(&t->opt, "but the chip has the new keys");
		ret = settle_new(r);
		if (!ret)
			say(&t->opt, "the chip has new keys; a boot loads them from %s",
			    r->old_path);
		return ret;
	case OLD_KEYS:
		settle_old(r);
		complain("nothing was changed: the chip has its old keys");
		return TROUBLE;
	case OTHER_KEYS:
		complain("the chip has neither the old keys nor the new ones: %s and %s are left"
			 " as they are", r->old_path, r->next_path);
		return TROUBLE;
	default:
		complain("which keys the chip has is not known: both are kept, the new ones in %s;"
			 " 'channel probe' finds out, and the next boot tries both", r->next_path);
		return TROUBLE;
	}
}

static int rotate(struct tool *t, struct rotation *r)
{
	struct se05x_call call = { .deadline_ms = t->opt.deadline_ms };
	bool tried = false;
	int ret;

	/* before anything is written: without the lock nothing can be done */
	ret = se05x_lock(t->se, &call);
	if (ret)
		return failed("lock", ret, &call);
	ret = write_keys(r->old_path, &r->old) ?: write_keys(r->next_path, &r->fresh) ?:
	      channel_link(r->ring, r->next, &r->fresh);
	if (ret) {
		settle_old(r);
		return ret;
	}
	ret = put_key(t, r, &tried);
	return settle(t, r, ret, tried);
}

int channel_rotate(struct tool *t, char **args, int n)
{
	struct rotation r = { };
	int ret = channel_location(t, r.location);

	(void)n;
	if (ret)
		return ret;
	channel_path(r.old_path, r.location, false);
	channel_path(r.next_path, r.location, true);
	channel_description(r.own, r.location, false);
	channel_description(r.next, r.location, true);
	r.ring = channel_keyring();
	if (r.ring < 0)
		return TROUBLE;
	if (!access(r.next_path, F_OK)) {
		complain("%s is there: an earlier change was cut off; 'channel probe %s %s' says"
			 " which keys the chip has: keep these as %s, and remove the other file",
			 r.next_path, r.old_path, r.next_path, r.old_path);
		return TROUBLE;
	}
	ret = read_both(t, args[0], &r) ?:
	      twice(t, "a chip whose keys are lost can't be used any more, by anybody",
		    "The chip gets new keys, and the old ones are worth nothing then. Do it?") ?:
	      open_chip(t->opt.device, &t->se);
	if (!ret) {
		ret = rotate(t, &r);
		se05x_close(t->se);
		t->se = NULL;
	}
	OPENSSL_cleanse(&r, sizeof(r));
	return ret;
}
