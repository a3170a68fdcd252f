/* SPDX-License-Identifier: GPL-2.0-only */
/* What the provider's tests have in common: provider_run.c */
#ifndef PROVIDER_RUN_H
#define PROVIDER_RUN_H

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "../../lib/provider/provider.h"

#define ROUNDS	20	/* of what the chip does */

/* A program's OpenSSL, with the providers in that order */
struct setup {
	const char *names[2];
	OSSL_LIB_CTX *ctx;
	OSSL_PROVIDER *providers[2];
};

extern struct setup orders[2];

int load(void **state);
int unload(void **state);
struct provider *provider_of(struct setup *s);
/* Nothing is left in the queue of errors. */
void clean(void);
/* The text of the last error, and no more of them */
const char *last_error(void);
/* That of the first, after which OpenSSL may have raised some of its own */
const char *first_error(void);
/* A new key in the chip. Ours, though the default provider may come first. */
EVP_PKEY *in_chip(struct setup *s, const char *type, const char *group);
/* One that is not in the chip, and ours in the same way */
EVP_PKEY *soft(struct setup *s, const char *type, const char *group);
EVP_PKEY *public_half(struct setup *s, EVP_PKEY *key);
bool sign_and_verify(struct setup *s, EVP_PKEY *key, EVP_PKEY *public, const char *hash);
/* One that the key has signed for itself */
X509 *certificate(struct setup *s, EVP_PKEY *key, const EVP_MD *md);

#define TEST(name, order)	{ #name ": " #order, name, load, unload, &orders[order] }
#define BOTH(name)		TEST(name, 0), TEST(name, 1)

#endif /* PROVIDER_RUN_H */
