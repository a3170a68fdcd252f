// SPDX-License-Identifier: LGPL-2.1-or-later
/* The hashes that the chip knows, as everybody else calls them */
#include <string.h>
#include <strings.h>

#include <openssl/obj_mac.h>

#include "../common.h"
#include "keys.h"

static const struct keys_hash hashes[] = {
	{ SE05X_IOT_HASH_SHA1, "sha1", 20, NID_ecdsa_with_SHA1 },
	{ SE05X_IOT_HASH_SHA224, "sha224", 28, NID_ecdsa_with_SHA224 },
	{ SE05X_IOT_HASH_SHA256, "sha256", 32, NID_ecdsa_with_SHA256 },
	{ SE05X_IOT_HASH_SHA384, "sha384", 48, NID_ecdsa_with_SHA384 },
	{ SE05X_IOT_HASH_SHA512, "sha512", 64, NID_ecdsa_with_SHA512 },
};

const struct keys_hash *keys_hash_next(const struct keys_hash *before)
{
	const struct keys_hash *next = before ? before + 1 : hashes;

	return next < hashes + ARRAY_SIZE(hashes) ? next : NULL;
}

const struct keys_hash *keys_hash(enum se05x_iot_hash hash)
{
	return (size_t)hash < ARRAY_SIZE(hashes) ? &hashes[hash] : NULL;
}

const struct keys_hash *keys_hash_by_name(const char *name)
{
	const struct keys_hash *h;

	if (strncasecmp(name, "sha", 3))
		return NULL;
	name += 3;
	if (*name == '-')
		name++;
	for (h = hashes; h; h = keys_hash_next(h))
		if (!strcasecmp(name, h->name + 3))
			return h;
	return NULL;
}

const struct keys_hash *keys_hash_by_len(size_t len)
{
	const struct keys_hash *h;

	for (h = hashes; h; h = keys_hash_next(h))
		if (h->len == len)
			return h;
	return NULL;
}

const struct keys_hash *keys_fit_digest(const struct se05x_iot_curve *curve, const void *digest,
					size_t len, uint8_t fitted[KEYS_DIGEST_MAX])
{
	size_t order = curve->size < KEYS_DIGEST_MAX ? curve->size : KEYS_DIGEST_MAX, zeros = 0;
	const struct keys_hash *h = keys_hash_by_len(len);

	memset(fitted, 0, KEYS_DIGEST_MAX);
	if (!h) {
		/* ECDSA takes the leftmost bits, as many as the order has */
		if (len > order && curve->size > KEYS_DIGEST_MAX)
			return NULL;
		if (len > order)
			len = order;
		zeros = order - len;
		for (h = hashes; h && h->len < order; h = keys_hash_next(h))
			;
	}
	memcpy(fitted + zeros, digest, len);
	return h;
}
