// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secure objects and curves, and the file they live in
 *
 * The file is written anew after each change and moved into place, so that
 * whatever kills the program leaves the state before or after it.
 */

#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "apdu.h"
#include "store.h"

static const char store_magic[8] = "SE05XSIM";

/* id 4, type, curve, auth, 0, max attempts 2, policy length 2, version 4, length 4 */
#define RECORD_LEN	20

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

void store_drop_transient(struct store *store)
{
	struct object *object = store->objects, *next;

	for (; object; object = next) {
		next = object->next;
		if (object->transient)
			store_delete(store, object);
	}
}

size_t object_size(const struct object *object)
{
	return RECORD_LEN + object->policy_len + object->len;
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
	};

	put_be32(record, object->id);
	put_be16(record + 8, object->max_attempts);
	put_be16(record + 10, object->policy_len);
	put_be32(record + 12, object->version);
	put_be32(record + 16, object->len);
	fwrite(record, sizeof(record), 1, file);
	if (object->policy_len)
		fwrite(object->policy, 1, object->policy_len, file);
	fwrite(object->value, 1, object->len, file);
}

int store_save(const struct store *store)
{
	const struct object *object;
	char path[4096];
	mode_t mask;
	FILE *file;
	int ret;

	if (!store->path)
		return 0;
	if (snprintf(path, sizeof(path), "%s.new", store->path) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	mask = umask(077);	/* there are private keys in it */
	file = fopen(path, "w");
	umask(mask);
	if (!file)
		return -1;
	fwrite(store_magic, sizeof(store_magic), 1, file);
	fwrite(store->curves, sizeof(store->curves), 1, file);
	for (object = store->objects; object; object = object->next)
		if (!object->transient)
			store_write_object(file, object);
	ret = ferror(file) || fflush(file) || fsync(fileno(file)) ? -1 : 0;
	if (fclose(file))
		ret = -1;
	return ret ? ret : rename(path, store->path);
}

/* Return: 1 and one more object, 0 at the end, -1 if the file is damaged. */
static int store_read_object(struct store *store, FILE *file)
{
	struct object *object;
	uint8_t record[RECORD_LEN];
	size_t got = fread(record, 1, sizeof(record), file);

	if (!got)
		return 0;
	if (got < sizeof(record) || get_be(record + 16, 4) > STORE_FLASH)
		return -1;
	object = calloc(1, sizeof(*object));
	if (!object)
		return -1;
	object->id = get_be(record, 4);
	object->type = record[4];
	object->curve = record[5];
	object->auth = record[6];
	object->max_attempts = get_be(record + 8, 2);
	object->policy_len = get_be(record + 10, 2);
	object->version = get_be(record + 12, 4);
	object->len = get_be(record + 16, 4);
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
	return 1;
}

static int store_load(struct store *store, FILE *file)
{
	char magic[sizeof(store_magic)];
	int ret;

	if (fread(magic, sizeof(magic), 1, file) != 1 ||
	    memcmp(magic, store_magic, sizeof(magic)) ||
	    fread(store->curves, sizeof(store->curves), 1, file) != 1)
		ret = -1;
	else
		do
			ret = store_read_object(store, file);
		while (ret > 0);
	if (ret || !store_find(store, ID_UNIQUE)) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

/* A chip as it leaves the factory: it has a number and no curve. */
static int store_make(struct store *store)
{
	/* the first bytes tell the product [U]; what matters is that it is unique */
	static const uint8_t prefix[] = { 0x04, 0x00, 0x50, 0x01 };
	struct object *unique = calloc(1, sizeof(*unique));

	if (!unique)
		return -1;
	unique->id = ID_UNIQUE;
	unique->type = TYPE_BINARY;
	unique->len = UNIQUE_LEN;
	unique->value = OPENSSL_malloc(UNIQUE_LEN);
	store_add(store, unique);
	if (!unique->value || RAND_bytes(unique->value, UNIQUE_LEN) != 1)
		return -1;
	memcpy(unique->value, prefix, sizeof(prefix));
	return store_save(store);
}

int store_open(struct store *store, const char *path)
{
	FILE *file = NULL;
	int ret;

	memset(store, 0, sizeof(*store));
	if (path) {
		store->path = strdup(path);
		if (!store->path)
			return -1;
		file = fopen(path, "r");
		if (!file && errno != ENOENT)
			return -1;
	}
	if (!file)
		return store_make(store);
	ret = store_load(store, file);
	fclose(file);
	return ret;
}

void store_close(struct store *store)
{
	while (store->objects)
		store_delete(store, store->objects);
	free(store->path);
}
