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
/*
 * Could an object be changed or deleted, or with @creates made? One command asks, where the
 * last answer was not that all may be written.
 * CKR_OK; CKR_TOKEN_WRITE_PROTECTED: its owner forbids it; or as p11_run()
 */
CK_RV p11_token_writable(struct p11_token *token, bool creates);

/*
 * Its device is gone. Handles live on if the chip comes back; if another one is there
 * already, they are gone too.
 */
void p11_token_lost(struct p11_token *token);

/* door.c: keep the PIN if the chip takes it, and be logged in; be it no more */
CK_RV p11_try_pin(struct p11_token *token, const void *pin, size_t len);
void p11_forget_pin(struct p11_token *token);

/* config.c: what is said of the chip with that serial number */
void p11_config_read(const char *serial, struct p11_config *config);

/* session.c: no session of that token is open any more, with p11.lock held or with alive */
void p11_sessions_close(struct p11_token *token);

/*
 * host.c: the handles of a session's objects, or of all private objects of a token, are valid
 * no more; session objects end with them. chipobj.c: all objects, as far as no call uses them.
 */
void p11_handles_end(const struct p11_session *session, const struct p11_token *token);
void p11_objects_end(void);

/* chipobj.c: nothing is known of its objects any more */
void p11_objects_forget(struct p11_token *token);
/* chipobj.c: free the records of what is gone. With p11.alive held for writing: no call reads. */
void p11_objects_sweep(void);

#endif /* SE05X_PKCS11_TOKEN_H */
