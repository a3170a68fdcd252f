/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects, among the files that keep, find, ask and make them */
#ifndef SE05X_PKCS11_OBJECT_H
#define SE05X_PKCS11_OBJECT_H

#include <openssl/x509.h>

#include "token.h"

/* ---- of the chip: chipobj.c ---- */

/* Which identifiers there are, and which names: read anew */
CK_RV p11_refresh(struct p11_token *token);
/* The object at an identifier, known or new; NULL: no memory. With p11.lock held. */
struct p11_chipobj *p11_chipobj(struct p11_token *token, uint32_t id);

/* Which ones are files, if there are some of which nobody knows what they are */
CK_RV p11_type_all(struct p11_token *token, enum se05x_iot_kind kind);
/* Each asks the chip once, and is CKR_OK whenever the chip answered at all. */
CK_RV p11_chipobj_type(struct p11_token *token, struct p11_chipobj *o);
CK_RV p11_chipobj_public(struct p11_token *token, struct p11_chipobj *o);
CK_RV p11_chipobj_attributes(struct p11_token *token, struct p11_chipobj *o);
CK_RV p11_chipobj_file(struct p11_token *token, struct p11_chipobj *o);

/* Its public half is to be had */
static inline bool p11_is_key(const struct p11_chipobj *o)
{
	return o->info.kind == SE05X_IOT_KIND_EC || o->info.kind == SE05X_IOT_KIND_RSA;
}

/* NXP's and the applet's: never written or deleted */
static inline bool p11_is_reserved(uint32_t id)
{
	return id >= SE05X_IOT_ID_PROVISIONED_FIRST ||
	       (id >= SE05X_IOT_ID_RESERVED_FIRST && id <= SE05X_IOT_ID_RESERVED_LAST);
}

/* The class of its half; CK_UNAVAILABLE_INFORMATION: there is no such half */
CK_OBJECT_CLASS p11_half_class(const struct p11_chipobj *o, size_t half);
/* What an application has of that half; NULL: no memory. With p11.lock held. */
struct p11_object *p11_half(struct p11_token *token, struct p11_chipobj *o, size_t half);
/*
 * It is not there any more, and nor are its handles; @keep_public: but that of its public
 * half, which C_DestroyObject takes once more
 */
void p11_chipobj_gone(struct p11_chipobj *o, bool keep_public);

/* ---- names: name.c ---- */

#define P11_LABEL_MAX	(KEYS_LABEL_MAX + 1)

/* The fingerprint of what is known of it; false: more has to be read first */
bool p11_fingerprint(const struct p11_chipobj *o, uint8_t fingerprint[8]);
/* Its record in the chip; *has: out: there is one, and it is its own, not a predecessor's */
CK_RV p11_own_name(struct p11_token *token, struct p11_chipobj *o, struct keys_name *name,
		   bool *has);
/* Its label and CKA_ID, with all that has to be read for them */
CK_RV p11_label(struct p11_token *token, struct p11_chipobj *o, char label[P11_LABEL_MAX]);
CK_RV p11_cka_id(struct p11_token *token, struct p11_chipobj *o, uint8_t id[KEYS_CKA_ID_MAX],
		 size_t *len);
/*
 * Could it have them? Without a command, by what records say: false if certainly not. NULL:
 * any. @key: a key is looked for
 */
bool p11_may_be_named(const struct p11_token *token, const struct p11_chipobj *o, bool key,
		      const CK_ATTRIBUTE *label, const CK_ATTRIBUTE *id);
/* The certificate in a file, in p11.lib; NULL: none. X509_free() it. */
X509 *p11_certificate(const void *der, size_t len);
bool p11_is_certificate(const void *der, size_t len);

/*
 * The name that a template asks for, over @name; an empty one is the default. CKR_ATTRIBUTE_VALUE_INVALID: it can be
 * none, the log says why.
 */
CK_RV p11_name_from(const CK_ATTRIBUTE *label, const CK_ATTRIBUTE *id, struct keys_name *name);
/* Its record, in the chip, under its lock */
int p11_name_write(struct se05x_iot *iot, uint32_t user, const struct keys_name *name,
		   struct se05x_call *call);
/* A page with room for one; before anything is made that is to be named */
int p11_name_prepare(struct se05x_iot *iot, uint32_t user, struct se05x_call *call);

/* make.c: that session may write objects into the chip */
CK_RV p11_may_write(const struct p11_session *s, bool private);
/* host.c: CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT: it says what no object here is */
CK_RV p11_check_promises(const struct p11_template *t);

/* ---- attributes: attribute.c ---- */

struct p11_value {
	uint8_t *bytes;	/* NULL: none, or not told */
	size_t len;
};

/*
 * Return: CKR_OK; CKR_ATTRIBUTE_TYPE_INVALID; CKR_ATTRIBUTE_SENSITIVE; as p11_run(). To be
 * cleared.
 */
CK_RV p11_attribute(struct p11_object *object, CK_ATTRIBUTE_TYPE type, struct p11_value *value);
void p11_value_clear(struct p11_value *value);
/* Is CKA_SIGN, CKA_VERIFY, ... something that a key of its class and type can do? */
bool p11_can(const struct p11_object *object, CK_ATTRIBUTE_TYPE usage);
bool p11_attribute_bool(struct p11_object *object, CK_ATTRIBUTE_TYPE type);

/* Values: CKR_OK or CKR_HOST_MEMORY */
CK_RV p11_put(struct p11_value *value, const void *bytes, size_t len);
CK_RV p11_put_bool(struct p11_value *value, bool is);
CK_RV p11_put_ulong(struct p11_value *value, CK_ULONG number);

/* host.c: may that token's sessions see it now? With p11.lock held */
bool p11_is_visible(const struct p11_token *token, const struct p11_object *object);
/* The same, set; @a was checked, and may be set */
CK_RV p11_host_set(struct p11_object *object, const CK_ATTRIBUTE *a);
/* host.c: the same of an object of the host */
CK_RV p11_host_attribute(const struct p11_object *object, CK_ATTRIBUTE_TYPE type,
			 struct p11_value *value);
/* keyattr.c: what a public key says; CKR_ATTRIBUTE_TYPE_INVALID: nothing of that type */
CK_RV p11_key_attribute(EVP_PKEY *key, CK_ATTRIBUTE_TYPE type, struct p11_value *value);
CK_RV p11_certificate_attribute(const void *der, size_t len, CK_ATTRIBUTE_TYPE type,
				struct p11_value *value);

#endif /* SE05X_PKCS11_OBJECT_H */
