// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secure objects, crypto objects and curves, and the file they live in
 *
 * The file is written anew after each change and moved into place, so that
 * whatever kills the program leaves the state before or after it. It is locked while
 * it is in use: two chips with one state would write over each other's keys.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* the tests' Makefile sets it for all */
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "apdu.h"
#include "factory.h"
#include "store.h"

/* The last character is the version of what follows; first comes the model's number. */
static const char store_magic[7] = "SE05XS6";

/*
 * id 4, type, curve, auth, origin, bits 2, minimum tag length 2, attempts 2, max
 * attempts 2, owner 4, version 4, policy length 2, length 4
 */
#define RECORD_LEN	30
#define CRYPTO_LEN	4	/* id 2, context, subtype */

void object_free(struct object *object)
{
	if (!object)
		return;
	free(object->policy);
	OPENSSL_clear_free(object->value, object->len);
	free(object);
}

struct object *store_find(const struct store *store, uint32_t id)
{
	struct object *object;

	for (object = store->objects; object; object = object->next)
		if (object->id == id)
			return object;
	return NULL;
}

void store_add(struct store *store, struct object *object)
{
	struct object **at = &store->objects;

	while (*at && (*at)->id < object->id)
		at = &(*at)->next;
	object->next = *at;
	*at = object;
}

void store_delete(struct store *store, struct object *object)
{
	struct object **at = &store->objects;

	while (*at != object)
		at = &(*at)->next;
	*at = object->next;
	object_free(object);
}

void crypto_stop(struct crypto_object *crypto)
{
	if (crypto->running)
		crypto->stop(crypto->running);
	crypto->running = NULL;
}

void store_drop_transient(struct store *store)
{
	struct object *object = store->objects, *next;
	int i;

	for (i = 0; i < STORE_CRYPTOS; i++)
		crypto_stop(&store->cryptos[i]);

	for (; object; object = next) {
		next = object->next;
		if (object->transient)
			store_delete(store, object);
	}
}

/* An RSA key comes in pieces; the room for all of them is taken with the first. */
static size_t value_room(const struct object *object)
{
	switch (object->type) {
	case TYPE_RSA_PAIR:
	case TYPE_RSA_PAIR_CRT:
	case TYPE_RSA_PRIVATE:
	case TYPE_RSA_PRIVATE_CRT:
		return object->bits / 16 * 7 + 32;	/* n, p, q, dP, dQ, qInv and e */
	case TYPE_RSA_PUBLIC:
		return object->bits / 8 + 10;
	default:
		return object->len;
	}
}

size_t object_size(const struct object *object)
{
	return RECORD_LEN + object->policy_len + value_room(object);
}

size_t store_free(const struct store *store, bool transient)
{
	size_t room = transient ? STORE_RAM : STORE_FLASH;
	const struct object *object;

	for (object = store->objects; object; object = object->next)
		if (object->transient == transient)
			room -= object_size(object);
	return room;
}

static void store_write_object(FILE *file, const struct object *object)
{
	uint8_t record[RECORD_LEN] = {
		[4] = object->type, [5] = object->curve, [6] = object->auth,
		[7] = object->origin,
	};

	put_be32(record, object->id);
	put_be16(record + 8, object->bits);
	put_be16(record + 10, object->min_tag_len);
	put_be16(record + 12, object->attempts);
	put_be16(record + 14, object->max_attempts);
	put_be32(record + 16, object->owner);
	put_be32(record + 20, object->version);
	put_be16(record + 24, object->policy_len);
	put_be32(record + 26, object->len);
	fwrite(record, sizeof(record), 1, file);
	if (object->policy_len)
		fwrite(object->policy, 1, object->policy_len, file);
	fwrite(object->value, 1, object->len, file);
}

static void store_write(const struct store *store, FILE *file)
{
	const struct object *object;
	uint8_t count[2];
	uint16_t n = 0;
	int i;

	fwrite(store_magic, sizeof(store_magic), 1, file);
	fwrite(&store->model, 1, 1, file);
	fwrite(&store->scp_required, 1, 1, file);
	fwrite(&store->scp_keys, sizeof(store->scp_keys), 1, file);
	fwrite(store->curves, sizeof(store->curves), 1, file);
	for (i = 0; i < STORE_CRYPTOS; i++) {
		const struct crypto_object *crypto = &store->cryptos[i];
		uint8_t record[CRYPTO_LEN] = {
			crypto->id >> 8, crypto->id & 0xff, crypto->context, crypto->subtype,
		};

		fwrite(record, sizeof(record), 1, file);
	}
	for (object = store->objects; object; object = object->next)
		n += !object->transient;
	put_be16(count, n);
	fwrite(count, sizeof(count), 1, file);
	for (object = store->objects; object; object = object->next)
		if (!object->transient)
			store_write_object(file, object);
}

/* The new file is locked before it takes the old one's place. */
static int write_file(struct store *store)
{
	char path[4096];
	FILE *file;
	int fd, ret;

	if (snprintf(path, sizeof(path), "%s.XXXXXX", store->path) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* there are private keys in it: no file that was there, and its owner's alone */
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -1;
	file = fdopen(dup(fd), "w");
	ret = file && !flock(fd, LOCK_EX | LOCK_NB) ? 0 : -1;
	if (!ret)
		store_write(store, file);
	if (file && (ferror(file) || fflush(file) || fsync(fd)))
		ret = -1;
	if (file && fclose(file))
		ret = -1;
	if (ret || rename(path, store->path)) {
		unlink(path);
		close(fd);
		return -1;
	}
	close(store->lock);
	store->lock = fd;
	return 0;
}

int store_save(struct store *store, const uint8_t why[3], uint32_t id)
{
	store->writes++;
	if (store->wear_log) {
		fprintf(store->wear_log, "%lu %02X %02X %02X %08X\n", store->writes,
			why[0], why[1], why[2], id);
		fflush(store->wear_log);
	}
	return store->path ? write_file(store) : 0;
}

/* Return: 0 and one more object, -1 if the file is damaged. */
static int store_read_object(struct store *store, FILE *file)
{
	struct object *object;
	uint8_t record[RECORD_LEN];

	if (fread(record, sizeof(record), 1, file) != 1 || get_be(record + 26, 4) > STORE_FLASH)
		return -1;
	object = calloc(1, sizeof(*object));
	if (!object)
		return -1;
	object->id = get_be(record, 4);
	object->type = record[4];
	object->curve = record[5];
	object->auth = record[6];
	object->origin = record[7];
	object->bits = get_be(record + 8, 2);
	object->min_tag_len = get_be(record + 10, 2);
	object->attempts = get_be(record + 12, 2);
	object->max_attempts = get_be(record + 14, 2);
	object->owner = get_be(record + 16, 4);
	object->version = get_be(record + 20, 4);
	object->policy_len = get_be(record + 24, 2);
	object->len = get_be(record + 26, 4);
	object->policy = malloc(object->policy_len + 1);
	object->value = OPENSSL_malloc(object->len + 1);
	if (!object->policy || !object->value || store_find(store, object->id) ||
	    object_size(object) > store_free(store, false) ||
	    fread(object->policy, 1, object->policy_len, file) != object->policy_len ||
	    fread(object->value, 1, object->len, file) != object->len) {
		object_free(object);
		return -1;
	}
	store_add(store, object);
	return 0;
}

/* As many as were written, and nothing behind them */
static int store_read_objects(struct store *store, FILE *file)
{
	uint8_t count[2];
	uint32_t n;

	if (fread(count, sizeof(count), 1, file) != 1)
		return -1;
	for (n = get_be(count, sizeof(count)); n; n--)
		if (store_read_object(store, file))
			return -1;
	return fgetc(file) == EOF ? 0 : -1;
}

static bool store_read_cryptos(struct store *store, FILE *file)
{
	uint8_t record[CRYPTO_LEN];
	int i;

	for (i = 0; i < STORE_CRYPTOS; i++) {
		if (fread(record, sizeof(record), 1, file) != 1)
			return false;
		store->cryptos[i] = (struct crypto_object) {
			.id = get_be(record, 2), .context = record[2], .subtype = record[3],
		};
	}
	return true;
}

/* Return: 0, or an errno: see store_open(). */
static int check_header(struct store *store, FILE *file)
{
	char magic[sizeof(store_magic)];
	const size_t name = sizeof(magic) - 1;	/* without the version */
	uint8_t model;

	if (fread(magic, sizeof(magic), 1, file) != 1 || memcmp(magic, store_magic, name))
		return EBADMSG;
	if (magic[name] != store_magic[name])
		return EPROTO;
	if (fread(&model, 1, 1, file) != 1)
		return EBADMSG;
	return model == store->model ? 0 : EMEDIUMTYPE;
}

static int store_load(struct store *store, FILE *file)
{
	const struct object *unique;
	int ret = check_header(store, file);

	if (ret) {
		errno = ret;
		return -1;
	}
	if (fread(&store->scp_required, 1, 1, file) != 1 ||
	    fread(&store->scp_keys, sizeof(store->scp_keys), 1, file) != 1 ||
	    (store->scp_keys.len != 16 && store->scp_keys.len != 32) ||
	    fread(store->curves, sizeof(store->curves), 1, file) != 1 ||
	    !store_read_cryptos(store, file) || store_read_objects(store, file))
		ret = -1;
	unique = store_find(store, ID_UNIQUE);
	if (ret || !unique || unique->len != UNIQUE_LEN) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

/* Open and lock the file, which another program may replace meanwhile. -1: errno says. */
static int claim(const char *path)
{
	struct stat ours, there;
	int fd;

	for (;;) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			close(fd);
			errno = EBUSY;
			return -1;
		}
		if (!fstat(fd, &ours) && !stat(path, &there) && ours.st_ino == there.st_ino &&
		    ours.st_dev == there.st_dev)
			return fd;
		close(fd);
	}
}

/* A new chip. Only who creates the file writes it. */
static int create(struct store *store)
{
	static const uint8_t factory[3];
	FILE *log = store->wear_log;
	int ret;

	if (factory_make(store))
		return -1;
	if (store->path) {
		store->lock = open(store->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (store->lock < 0)
			return -1;
	}
	/* what the factory writes is no wear */
	store->wear_log = NULL;
	ret = store_save(store, factory, 0);
	store->wear_log = log;
	store->writes = 0;
	return ret;
}

int store_open(struct store *store, const char *path, const char *wear_log, uint8_t model,
	       const struct scp_keys *scp_keys)
{
	FILE *file;
	int ret;

	memset(store, 0, sizeof(*store));
	store->model = model;
	store->scp_keys = *scp_keys;
	store->lock = -1;
	if (wear_log) {
		store->wear_log = fopen(wear_log, "a");
		if (!store->wear_log)
			return -1;
	}
	if (!path)
		return create(store);
	store->path = strdup(path);
	if (!store->path)
		return -1;
	store->lock = claim(path);
	if (store->lock < 0)
		return errno == ENOENT ? create(store) : -1;
	file = fdopen(dup(store->lock), "r");
	if (!file)
		return -1;
	ret = store_load(store, file);
	fclose(file);
	return ret;
}

void store_close(struct store *store)
{
	int i;

	for (i = 0; i < STORE_CRYPTOS; i++)
		crypto_stop(&store->cryptos[i]);
	while (store->objects)
		store_delete(store, store->objects);
	if (store->wear_log)
		fclose(store->wear_log);
	if (store->lock >= 0)
		close(store->lock);
	OPENSSL_cleanse(&store->scp_keys, sizeof(store->scp_keys));
	free(store->path);
}
