/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between signature.c and message.c */
#ifndef SE05X_PROVIDER_SIGNATURE_H
#define SE05X_PROVIDER_SIGNATURE_H

#include "provider.h"

/* A way to sign, by its names at the host */
struct algorithm {
	enum type type;		/* of the key */
	const char *name;	/* "RSA": what else there is to say is said by parameters */
	const char *whole;	/* "RSA-SHA256", of OpenSSL 3.4 and later; NULL */
	const char *hash;	/* then: "SHA256" */
};

struct context {
	struct provider *prov;
	const struct algorithm *algorithm;
	char *properties;
	const OSSL_DISPATCH *functions;	/* the host's; NULL: not known yet */
	void *ctx;			/* the host's */
	struct key *key;
	bool in_chip;		/* it signs, and the key is there */
	EVP_MD_CTX *md;		/* while a message is hashed here */
	bool message;		/* it is a message that is signed, not a digest */
};

void *signature_new(struct provider *prov, const char *properties,
		    const struct algorithm *algorithm);
void signature_free(void *ctx);
void *signature_dup(void *ctx);
/*
 * Go on with a key, NULL: with the same, and have a context of the host for that: to sign
 * with a key in the chip it is that of somebody who verifies.
 */
bool signature_begin(struct context *c, struct key *key, bool to_sign);
/* Refuses, with an error raised, what is asked of a signature that the chip does not make so. */
bool signature_can_be(const struct context *c, const OSSL_PARAM params[]);
bool signature_set_digest(struct context *c, const char *name);
EVP_MD *signature_digest(struct context *c, const char *param);
/* NULL @sig: how long it can be */
int signature_in_chip(struct context *c, uint8_t *sig, size_t *sig_len, size_t size,
		      const uint8_t *in, size_t len);

/* As OpenSSL calls them */
int signature_sign_init(void *ctx, void *key, const OSSL_PARAM params[]);
int signature_sign(void *ctx, uint8_t *sig, size_t *sig_len, size_t size, const uint8_t *in,
		   size_t len);
int signature_verify_init(void *ctx, void *key, const OSSL_PARAM params[]);
int signature_verify(void *ctx, const uint8_t *sig, size_t sig_len, const uint8_t *in,
		     size_t len);
int signature_recover_init(void *ctx, void *key, const OSSL_PARAM params[]);
int signature_recover(void *ctx, uint8_t *out, size_t *out_len, size_t size,
		      const uint8_t *sig, size_t sig_len);
int signature_set_params(void *ctx, const OSSL_PARAM params[]);
int signature_get_params(void *ctx, OSSL_PARAM params[]);
const OSSL_PARAM *signature_settable_params(void *ctx, void *prov);
const OSSL_PARAM *signature_gettable_params(void *ctx, void *prov);
/* message.c: the digest of the message that was hashed so far */
int message_sign(struct context *c, uint8_t *sig, size_t *sig_len, size_t size);
bool message_add(struct context *c, const uint8_t *message, size_t len);

#endif /* SE05X_PROVIDER_SIGNATURE_H */
