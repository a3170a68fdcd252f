/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the core's files have of each other, and the mechanisms need not know */
#ifndef SE05X_PKCS11_TOKEN_H
#define SE05X_PKCS11_TOKEN_H

#include <stdio.h>

#include "pkcs11.h"

/* A page that fork wipes and no core file has: main.c. NULL: no memory. */
void *p11_private_page(void);
void p11_private_page_free(void *page);

/* Text with blanks behind it, as PKCS#11 has it */
void p11_pad(CK_UTF8CHAR *field, size_t size, const char *text);

/* Close and forget all; with p11.alive held for writing */
void p11_sessions_end(void);	/* session.c */
void p11_tokens_end(void);	/* token.c */

/* By its slot; NULL: none. token.c */
struct p11_token *p11_token(CK_SLOT_ID slot);
/* Its version, number and configuration, read once: CKR_OK, or as p11_run() */
CK_RV p11_token_learn(struct p11_token *token);

/* config.c: what is said of the chip with that serial number */
void p11_config_read(const char *serial, struct p11_config *config);

#endif /* SE05X_PKCS11_TOKEN_H */
