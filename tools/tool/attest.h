/* SPDX-License-Identifier: GPL-2.0-only */
/* se05x-tool: what attest and attest verify have in common */
#ifndef SE05X_TOOLS_ATTEST_H
#define SE05X_TOOLS_ATTEST_H

#include "tool.h"

struct part {
	const uint8_t *bytes;
	size_t len;
};

/* An attestation's parts, as enum se05x_iot_attested tells of them */
struct attested {
	struct part value, attributes, uid, timestamp, freshness, signature, command, message;
};

/* The bytes under the signature; OPENSSL_free() them. NULL: no memory. */
uint8_t *signed_message(const struct attested *a, const EVP_MD *md, size_t *len);
bool signature_good(EVP_PKEY *key, const EVP_MD *md, const uint8_t *message, size_t len,
		    const struct attested *a);
/* A line, or a member in JSON with its comma */
void print_item(const struct tool *t, const char *name, struct part part);
int parse_freshness(const struct tool *t, uint8_t freshness[16]);
/*
 * --key: a public key, or certificates of which the first is the key's own; these are in
 * *@certs then, else that is NULL. NULL after a complaint.
 */
EVP_PKEY *read_verifier(struct tool *t, STACK_OF(X509) **certs);

#endif /* SE05X_TOOLS_ATTEST_H */
