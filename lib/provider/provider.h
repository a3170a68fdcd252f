/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An OpenSSL 3 provider: EC keys that stay in an SE05x
 *
 * The arrows: provider.c lists what there is; store.c makes keys and certificates of
 * URIs; key.c tells of a key what is public; signature.c has the chip sign.
 */
#ifndef SE05X_PROVIDER_H
#define SE05X_PROVIDER_H

#include <stdatomic.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>

#include "keys.h"

/* One per loaded provider */
struct provider {
	const OSSL_CORE_HANDLE *handle;
	struct keys_chip *chip;	/* opened when it is first needed */
};

/* A key pair in the chip. Its public half is here too, the private one never. */
struct key {
	atomic_int references;
	struct provider *prov;
	uint32_t id;
	const struct se05x_iot_curve *curve;
	const char *group;	/* as libcrypto calls the curve */
	uint8_t point[SE05X_IOT_POINT_MAX];
	size_t point_len;
};

/* Return: NULL with an error raised */
struct key *key_new(struct provider *prov, const struct se05x_iot_object *object);
void key_free(void *key);

/* What openssl's error queue is to say; @call may be NULL */
void raise_chip(const char *what, uint32_t id, int error, const struct se05x_call *call);
void raise_text(const char *text);

/*
 * The name that only keys of this provider ask for, so that libcrypto neither signs
 * with their public half nor lets this provider verify what is not its own.
 */
#define SIGNATURE_NAME	"SE05X-ECDSA"

extern const OSSL_DISPATCH key_functions[];
extern const OSSL_DISPATCH signature_functions[];
extern const OSSL_DISPATCH store_functions[];

/* Members of an OSSL_DISPATCH */
#define FUNCTION(id, function)	{ id, (void (*)(void))(function) }
#define FUNCTION_END		{ 0, NULL }

#endif /* SE05X_PROVIDER_H */
