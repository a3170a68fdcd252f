// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names that are kept in the chip, on pages: files at 5FFFFF00 to 5FFFFFFF
 *
 *	page: "S5N1", records, zeros
 *	record: A5 | length 2 | id 4 | sequence 4 | fingerprint 8 | bytes of label 1, of
 *	CKA_ID 1 | label | CKA_ID | CRC-32 of all that 4 | 5A
 *
 * Numbers are big-endian. Records are only appended, each by one WriteBinary, so that one
 * that a power cut tore has no good CRC, and is passed over. What is full of old records
 * is written anew on another page before it is deleted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "../common.h"
#include "keys.h"

#define PAGE_FIRST	0x5FFFFF00u
#define PAGES		256
#define PAGE_SIZE	768	/* goes in one command with every applet */
#define MAGIC		"S5N1"
#define MAGIC_LEN	4
#define BEGIN		0xA5
#define END		0x5A
#define HEAD_LEN	21
#define RECORD_MIN	(HEAD_LEN + 5)	/* one that takes a name away */
#define RECORD_MAX	(HEAD_LEN + KEYS_LABEL_MAX + KEYS_CKA_ID_MAX + 5)

struct page {
	uint32_t id;
	size_t used;	/* up to the last byte that is not zero */
	size_t size;
	uint8_t bytes[PAGE_SIZE];
};

struct keys_names {
	struct page *pages;
	size_t n_pages;
	bool taken[PAGES];	/* by a page, or by somebody else's object */
	struct keys_name *names;	/* the last of each object; also those taken away */
	size_t n_names;
	uint32_t sequence;
	uint32_t newest;		/* place of the page that has it */
};

/* IEEE 802.3 */
static uint32_t crc32(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *bytes++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
	}
	return ~crc;
}

/* ---- records ---- */

/* Return: bytes of it */
static size_t pack(const struct keys_name *name, uint8_t record[RECORD_MAX])
{
	size_t label = strlen(name->label), len = HEAD_LEN + label + name->cka_id_len + 5;
	uint8_t *at = record;

	*at++ = BEGIN;
	put_be(at, len, 2);
	put_be(at + 2, name->id, 4);
	put_be(at + 6, name->sequence, 4);
	at = mempcpy(at + 10, name->fingerprint, sizeof(name->fingerprint));
	*at++ = label;
	*at++ = name->cka_id_len;
	at = mempcpy(at, name->label, label);
	at = mempcpy(at, name->cka_id, name->cka_id_len);
	put_be(at, crc32(record, at - record), 4);
	at[4] = END;
	return len;
}

/* Return: bytes of the record that begins there; 0: that is none, or a torn one */
static size_t unpack(const uint8_t *at, size_t left, struct keys_name *name)
{
	size_t len = left >= RECORD_MIN && at[0] == BEGIN ? get_be(at + 1, 2) : 0;
	size_t label = len ? at[19] : 0, cka_id = len ? at[20] : 0;

	if (!len || len > left || len != HEAD_LEN + label + cka_id + 5 ||
	    label > KEYS_LABEL_MAX || cka_id > KEYS_CKA_ID_MAX || at[len - 1] != END ||
	    get_be(at + len - 5, 4) != crc32(at, len - 5))
		return 0;
	memset(name, 0, sizeof(*name));
	name->id = get_be(at + 3, 4);
	name->sequence = get_be(at + 7, 4);
	memcpy(name->fingerprint, at + 11, sizeof(name->fingerprint));
	memcpy(name->label, at + HEAD_LEN, label);
	memcpy(name->cka_id, at + HEAD_LEN + label, cka_id);
	name->cka_id_len = cka_id;
	/* what others wrote goes to terminals too */
	return strlen(name->label) == label && (!label || keys_label_valid(name->label)) ? len : 0;
}

static struct keys_name *find(const struct keys_names *names, uint32_t id)
{
	for (size_t i = 0; i < names->n_names; i++)
		if (names->names[i].id == id)
			return &names->names[i];
	return NULL;
}

static int take(struct keys_names *names, const struct keys_name *name)
{
	struct keys_name *there = find(names, name->id), *more;

	if (name->sequence > names->sequence)
		names->sequence = name->sequence;
	if (there) {
		if (name->sequence >= there->sequence)
			*there = *name;
		return 0;
	}
	more = realloc(names->names, (names->n_names + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	names->names = more;
	more[names->n_names++] = *name;
	return 0;
}

/* ---- pages ---- */

/*
 * The next record from *@at on; what is none is passed over byte by byte. Return: bytes of it,
 * which are before *@at then; 0: there is none.
 */
static size_t next_record(const struct page *page, size_t *at, struct keys_name *name)
{
	size_t len = 0;

	while (!len && *at < page->used) {
		len = unpack(page->bytes + *at, page->size - *at, name);
		*at += len ? len : 1;
	}
	return len;
}

static int take_page(struct keys_names *names, struct page *page)
{
	struct keys_name name;
	size_t at = MAGIC_LEN;
	int ret = 0;

	for (page->used = page->size; page->used > MAGIC_LEN; page->used--)
		if (page->bytes[page->used - 1])
			break;
	while (!ret && next_record(page, &at, &name)) {
		ret = take(names, &name);
		if (name.sequence == names->sequence)
			names->newest = page->id - PAGE_FIRST;
	}
	return ret;
}

bool keys_is_page(uint32_t id)
{
	return id >= PAGE_FIRST && id - PAGE_FIRST < PAGES;
}

/*
 * One command reads a page, which is as long as pages are. What answers otherwise is a file
 * of others, or a shorter page of who knows whom: it is asked what it is.
 */
static int read_bytes(struct se05x_iot *iot, struct page *page, struct se05x_call *call)
{
	struct se05x_iot_object object;
	int ret;

	page->size = PAGE_SIZE;
	ret = se05x_iot_binary_read(iot, page->id, 0, page->bytes, PAGE_SIZE, call);
	if (!ret || !keys_answered(call))
		return ret;
	page->size = 0;
	ret = se05x_iot_object(iot, page->id, &object, call);
	if (!ret && (object.kind != SE05X_IOT_KIND_BINARY || object.size > PAGE_SIZE ||
		     object.size <= MAGIC_LEN))
		return 0;
	if (!ret)
		ret = se05x_iot_binary_read(iot, page->id, 0, page->bytes, object.size, call);
	if (!ret)
		page->size = object.size;
	return ret && keys_answered(call) ? 0 : ret;
}

/* A file of others at a page's place is left alone, and one that can't be read, too. */
static int read_page(struct se05x_iot *iot, struct keys_names *names, uint32_t id,
		     struct se05x_call *call)
{
	struct page page = { .id = id }, *more;
	int ret = read_bytes(iot, &page, call);

	names->taken[id - PAGE_FIRST] = true;
	if (ret || page.size <= MAGIC_LEN || memcmp(page.bytes, MAGIC, MAGIC_LEN))
		return ret;
	more = realloc(names->pages, (names->n_pages + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	names->pages = more;
	more[names->n_pages] = page;
	return take_page(names, &more[names->n_pages++]);
}

/*
 * A page that this process has read and need not read again: it is full, so nobody adds to it.
 * Nor is another page in its place: new_page() takes that place only after all others.
 */
static const struct page *full_page(const struct keys_names *names, uint32_t id)
{
	for (size_t i = 0; names && i < names->n_pages; i++)
		if (names->pages[i].id == id &&
		    names->pages[i].size - names->pages[i].used < RECORD_MIN)
			return &names->pages[i];
	return NULL;
}

static int keep_page(struct keys_names *names, const struct page *page)
{
	struct page *more = realloc(names->pages, (names->n_pages + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	names->pages = more;
	names->taken[page->id - PAGE_FIRST] = true;
	more[names->n_pages] = *page;
	return take_page(names, &more[names->n_pages++]);
}

int keys_names_read_of(struct se05x_iot *iot, const uint32_t *ids, size_t n,
		       const struct keys_names *before, struct keys_names **names,
		       struct se05x_call *call)
{
	struct keys_names *now = calloc(1, sizeof(*now));
	int ret = now ? 0 : -ENOMEM;

	if (now)
		now->newest = PAGES - 1;
	for (size_t i = 0; !ret && i < n; i++) {
		const struct page *full;

		if (!keys_is_page(ids[i]))
			continue;
		full = full_page(before, ids[i]);
		ret = full ? keep_page(now, full) : read_page(iot, now, ids[i], call);
	}
	if (ret) {
		keys_names_free(now);
		now = NULL;
	}
	*names = now;
	return ret;
}

int keys_names_read(struct se05x_iot *iot, struct keys_names **names, struct se05x_call *call)
{
	uint32_t *ids = NULL;
	size_t n = 0;
	int ret = se05x_iot_list(iot, &ids, &n, call);

	*names = NULL;
	if (!ret)
		ret = keys_names_read_of(iot, ids, n, NULL, names, call);
	free(ids);
	return ret;
}

void keys_names_free(struct keys_names *names)
{
	if (!names)
		return;
	free(names->pages);
	free(names->names);
	free(names);
}

const struct keys_name *keys_names_of(const struct keys_names *names, uint32_t id)
{
	const struct keys_name *name = find(names, id);

	return name && name->label[0] ? name : NULL;
}

const struct keys_name *keys_names_next(const struct keys_names *names,
					const struct keys_name *before)
{
	size_t i = before ? before - names->names + 1 : 0;

	while (i < names->n_names && !names->names[i].label[0])
		i++;
	return i < names->n_names ? &names->names[i] : NULL;
}

/* ---- writing ---- */

/*
 * Does a record still count, and is it nowhere else? Copies are left by a compaction that did
 * not end. That a name was taken away counts as long as another page has that name.
 */
static bool counts(const struct keys_names *names, const struct page *page,
		   const struct keys_name *record)
{
	const struct keys_name *last = find(names, record->id);
	bool needed = last->label[0];
	struct keys_name other;

	if (last->sequence != record->sequence)
		return false;
	for (size_t i = 0; i < names->n_pages; i++) {
		const struct page *another = &names->pages[i];

		for (size_t at = MAGIC_LEN; another != page && next_record(another, &at, &other);) {
			if (other.id != record->id)
				continue;
			if (other.sequence == record->sequence)
				return false;
			needed = true;
		}
	}
	return needed;
}

/* All that still counts on a page, one after the other. Return: bytes of it. */
static size_t live(const struct keys_names *names, const struct page *page, uint32_t except,
		   uint8_t out[PAGE_SIZE])
{
	struct keys_name name;
	size_t used = 0;

	for (size_t at = MAGIC_LEN, len; (len = next_record(page, &at, &name));) {
		if (name.id == except || !counts(names, page, &name))
			continue;
		memcpy(out + used, page->bytes + at - len, len);
		used += len;
	}
	return used;
}

static int new_page(struct se05x_iot *iot, struct keys_names *names, const uint8_t *records,
		    size_t len, const struct se05x_iot_new *how, struct se05x_call *call)
{
	uint8_t bytes[PAGE_SIZE] = MAGIC;
	uint32_t place = names->newest;

	do
		place = (place + 1) % PAGES;
	while (names->taken[place] && place != names->newest);
	if (names->taken[place])
		return -EDQUOT;
	if (len)
		memcpy(bytes + MAGIC_LEN, records, len);
	return se05x_iot_binary_create(iot, PAGE_FIRST + place, bytes, sizeof(bytes), how, NULL,
				       call);
}

/* The page that has least left that counts, if the new record goes with that on one page */
static struct page *worth_compacting(const struct keys_names *names, uint32_t except, size_t len)
{
	struct page *best = NULL;
	uint8_t out[PAGE_SIZE];
	size_t least = PAGE_SIZE / 2;

	for (size_t i = 0; i < names->n_pages; i++) {
		size_t n = live(names, &names->pages[i], except, out);

		/* what has nothing that counts is deleted anyway */
		if (n && n < least && MAGIC_LEN + n + len <= PAGE_SIZE) {
			least = n;
			best = &names->pages[i];
		}
	}
	return best;
}

/* Somebody else's page stays where it is: it says the same. */
static int delete_page(struct se05x_iot *iot, struct page *page, struct se05x_call *call)
{
	int ret = se05x_iot_delete(iot, page->id, call);

	if (!ret)
		page->used = 0;
	return ret == -EACCES ? 0 : ret;
}

/*
 * Delete @copied, whose records are on the new page now, and each page of which nothing counts.
 * @copied goes first: a record that another page has too counts there only after that.
 */
static int delete_old(struct se05x_iot *iot, struct keys_names *names, struct page *copied,
		      uint32_t except, struct se05x_call *call)
{
	int ret = copied ? delete_page(iot, copied, call) : 0;
	uint8_t out[PAGE_SIZE];

	for (size_t i = 0; !ret && i < names->n_pages; i++)
		if (&names->pages[i] != copied && !live(names, &names->pages[i], except, out))
			ret = delete_page(iot, &names->pages[i], call);
	return ret;
}

int keys_names_write(struct se05x_iot *iot, struct keys_names *names,
		     const struct keys_name *name, const struct se05x_iot_new *how,
		     struct se05x_call *call)
{
	uint8_t records[PAGE_SIZE + RECORD_MAX], *record = records;
	struct keys_name new = *name;
	struct page *old;
	size_t len, before = 0;
	int ret;

	if (new.label[0] && !keys_label_valid(new.label))
		return -EINVAL;
	new.sequence = names->sequence + 1;
	len = pack(&new, record);
	for (size_t i = 0; i < names->n_pages; i++) {
		struct page *page = &names->pages[i];

		if (page->size - page->used < len)
			continue;
		ret = se05x_iot_binary_write(iot, page->id, page->used, record, len, NULL, call);
		/* somebody else's page, which only he writes */
		if (ret != -EACCES)
			return ret;
	}
	old = worth_compacting(names, new.id, len);
	if (old)
		before = live(names, old, new.id, records);
	len = pack(&new, records + before);
	ret = new_page(iot, names, records, before + len, how, call);
	/* if that fails both are there, and say the same */
	return ret ? ret : delete_old(iot, names, old, new.id, call);
}

int keys_names_prepare(struct se05x_iot *iot, struct keys_names *names,
		       const struct se05x_iot_new *how, struct se05x_call *call)
{
	for (size_t i = 0; i < names->n_pages; i++)
		if (names->pages[i].size - names->pages[i].used >= RECORD_MAX)
			return 0;
	return new_page(iot, names, NULL, 0, how, call);
}

/* ---- what a name may be, and whether it is still that object's ---- */

bool keys_label_valid(const char *label)
{
	size_t len = strlen(label);

	if (!len || len > KEYS_LABEL_MAX || (label[0] == '0' && (label[1] | 0x20) == 'x'))
		return false;
	for (const unsigned char *s = (const unsigned char *)label; *s; ) {
		size_t n = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 :
			   *s < 0xf5 ? 4 : 0;
		/* of the second byte: no longer than it must be, no control, no half of a pair */
		unsigned int least = *s == 0xc2 || *s == 0xe0 ? 0xa0 : *s == 0xf0 ? 0x90 : 0x80;
		unsigned int most = *s == 0xed ? 0x9f : *s == 0xf4 ? 0x8f : 0xbf;

		if (!n || *s < 0x20 || *s == 0x7f || (n > 1 && (s[1] < least || s[1] > most)))
			return false;
		for (size_t i = 1; i < n; i++)
			if ((s[i] & 0xc0) != 0x80)
				return false;
		s += n;
	}
	return true;
}

static int hash_file(struct se05x_iot *iot, const struct se05x_iot_object *object,
		     OSSL_LIB_CTX *ctx, uint8_t fingerprint[8], struct se05x_call *call)
{
	uint8_t *data = malloc(object->size + 1), digest[EVP_MAX_MD_SIZE];
	int ret = data ? se05x_iot_binary_read(iot, object->id, 0, data, object->size, call) :
			 -ENOMEM;

	if (!ret && EVP_Q_digest(ctx, "SHA256", NULL, data, object->size, digest, NULL) != 1)
		ret = -ENOMEM;
	if (!ret)
		memcpy(fingerprint, digest, 8);
	free(data);
	return ret;
}

/* Nobody can read what it holds. */
void keys_kind_fingerprint(const struct se05x_iot_object *object, uint8_t fingerprint[8])
{
	memset(fingerprint, 0, 8);
	fingerprint[0] = object->kind;
	put_be(fingerprint + 4, object->size, 4);
}

int keys_object_fingerprint(struct se05x_iot *iot, const struct se05x_iot_object *object,
			    OSSL_LIB_CTX *ctx, uint8_t fingerprint[8], struct se05x_call *call)
{
	EVP_PKEY *key;
	int ret;

	memset(fingerprint, 0, 8);
	switch (object->kind) {
	case SE05X_IOT_KIND_EC:
	case SE05X_IOT_KIND_RSA:
		ret = keys_public(iot, object, ctx, &key, call);
		if (ret)
			return ret;
		ret = keys_fingerprint(ctx, key, fingerprint) ? 0 : -EPROTO;
		EVP_PKEY_free(key);
		return ret;
	case SE05X_IOT_KIND_BINARY:
		return hash_file(iot, object, ctx, fingerprint, call);
	default:
		keys_kind_fingerprint(object, fingerprint);
		return 0;
	}
}

int keys_names_find(struct se05x_iot *iot, const struct keys_names *names, OSSL_LIB_CTX *ctx,
		    const char *label, const struct keys_name **name,
		    struct se05x_iot_object *object, struct se05x_call *call)
{
	uint8_t now[8];
	int ret;

	while ((*name = keys_names_next(names, *name))) {
		if (strcmp((*name)->label, label))
			continue;
		ret = se05x_iot_object(iot, (*name)->id, object, call);
		if (!ret)
			ret = keys_object_fingerprint(iot, object, ctx, now, call);
		if (!ret && !memcmp(now, (*name)->fingerprint, sizeof(now)))
			return 0;
		if (ret && !keys_answered(call))
			return ret;
	}
	return 0;
}
