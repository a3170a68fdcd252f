// SPDX-License-Identifier: LGPL-2.1-or-later
/* What objects are called: by their records in the chip, or by default */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "object.h"

#define DEFAULT_LABEL	"se05x:%08X"

/* ---- is a record its own? ---- */

bool p11_fingerprint(const struct p11_chipobj *o, uint8_t fingerprint[8])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	memset(fingerprint, 0, 8);
	if (p11_is_key(o))
		return o->public && keys_fingerprint(p11.lib, o->public, fingerprint);
	if (o->info.kind != SE05X_IOT_KIND_BINARY) {
		keys_kind_fingerprint(&o->info, fingerprint);
		return true;
	}
	if (!o->file || EVP_Q_digest(p11.lib, "SHA256", NULL, o->file, o->file_len, digest,
				     NULL) != 1)
		return false;
	memcpy(fingerprint, digest, 8);
	return true;
}

/* A record of that object; false: none. It may be another one's, which was there before. */
static bool record(const struct p11_token *token, uint32_t id, struct keys_name *name)
{
	const struct keys_name *found;

	pthread_mutex_lock(&p11.lock);
	found = token->listed ? keys_names_of(token->names, id) : NULL;
	if (found)
		*name = *found;
	pthread_mutex_unlock(&p11.lock);
	return found;
}

/* All that has to be read of it */
static CK_RV read_it(struct p11_token *token, struct p11_chipobj *o)
{
	CK_RV rv = p11_chipobj_type(token, o);

	if (!rv && p11_is_key(o))
		rv = p11_chipobj_public(token, o);
	else if (!rv && o->info.kind == SE05X_IOT_KIND_BINARY)
		rv = p11_chipobj_file(token, o);
	return rv;
}

CK_RV p11_own_name(struct p11_token *token, struct p11_chipobj *o, struct keys_name *name,
		   bool *has)
{
	uint8_t fingerprint[8];
	CK_RV rv;

	*has = record(token, o->id, name);
	if (!*has)
		return CKR_OK;
	rv = read_it(token, o);
	*has = !rv && p11_fingerprint(o, fingerprint) &&
	       !memcmp(fingerprint, name->fingerprint, sizeof(fingerprint));
	return rv;
}

/* ---- certificates and their keys ---- */

X509 *p11_certificate(const void *der, size_t len)
{
	const uint8_t *at = der;
	X509 *cert = X509_new_ex(p11.lib, NULL);

	if (!cert || len > INT32_MAX || !d2i_X509(&cert, &at, len)) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

bool p11_is_certificate(const void *der, size_t len)
{
	X509 *cert = p11_certificate(der, len);

	X509_free(cert);
	return cert;
}

/* By comparing; key N and certificate N + 1 where the key's public half can't be read */
static CK_RV find_key(struct p11_token *token, struct p11_chipobj *o, EVP_PKEY *public,
		      struct p11_chipobj **key)
{
	*key = NULL;
	for (struct p11_chipobj *k = token->objects; k; k = k->next) {
		CK_RV rv = k->gone ? CKR_OK : p11_chipobj_type(token, k);

		if (rv)
			return rv;
		if (k->gone || !p11_is_key(k) || k->info.part == SE05X_IOT_PART_PUBLIC)
			continue;
		rv = p11_chipobj_public(token, k);
		if (rv)
			return rv;
		if (k->public && public && EVP_PKEY_eq(k->public, public) == 1) {
			*key = k;
			return CKR_OK;
		}
		if (!k->public && k->id + 1 == o->id)
			*key = k;
	}
	return CKR_OK;
}

/* Does @b carry the same key, and was made later? Of two that are as old: the one before. */
static bool replaces(X509 *b, X509 *a, bool before)
{
	int order = ASN1_TIME_compare(X509_get0_notBefore(b), X509_get0_notBefore(a));
	EVP_PKEY *key = X509_get0_pubkey(a), *other = X509_get0_pubkey(b);

	return key && other && EVP_PKEY_eq(key, other) == 1 && (order > 0 || (!order && before));
}

/* Where a certificate was renewed, and the old one is still there, the new one is the key's. */
static CK_RV is_newest(struct p11_token *token, const struct p11_chipobj *o, X509 *cert,
		       bool *newest)
{
	bool before = true;
	CK_RV rv = CKR_OK;

	*newest = true;
	for (struct p11_chipobj *b = token->objects; b && *newest && !rv; b = b->next) {
		X509 *other;

		if (b == o) {
			before = false;
			continue;
		}
		rv = b->gone ? CKR_OK : p11_chipobj_type(token, b);
		if (rv || b->gone || b->info.kind != SE05X_IOT_KIND_BINARY)
			continue;
		rv = p11_chipobj_file(token, b);
		other = b->file && b->is_certificate ? p11_certificate(b->file, b->file_len) : NULL;
		*newest = !other || !replaces(other, cert, before);
		X509_free(other);
	}
	return rv;
}

/* *key: out: the key whose public half the certificate carries; NULL: none */
static CK_RV key_of(struct p11_token *token, struct p11_chipobj *o, struct p11_chipobj **key)
{
	bool newest = true;
	X509 *cert;
	CK_RV rv;

	*key = NULL;
	if (!o->file || !o->is_certificate)
		return CKR_OK;
	rv = token->listed ? CKR_OK : p11_refresh(token);
	if (rv)
		return rv;
	cert = p11_certificate(o->file, o->file_len);
	if (!cert)
		return CKR_HOST_MEMORY;
	rv = find_key(token, o, X509_get0_pubkey(cert), key);
	if (!rv && *key)
		rv = is_newest(token, o, cert, &newest);
	if (!newest)
		*key = NULL;
	X509_free(cert);
	return rv;
}

/* ---- label and CKA_ID ---- */

CK_RV p11_label(struct p11_token *token, struct p11_chipobj *o, char label[P11_LABEL_MAX])
{
	char own[P11_LABEL_MAX] = "";
	struct p11_chipobj *key = NULL;
	struct keys_name name;
	bool has;
	CK_RV rv = p11_own_name(token, o, &name, &has);

	snprintf(own, sizeof(own), DEFAULT_LABEL, o->id);
	has = has && strcmp(name.label, own);
	if (!rv && !has && o->info.kind == SE05X_IOT_KIND_BINARY) {
		rv = read_it(token, o);
		if (!rv)
			rv = key_of(token, o, &key);
	}
	if (rv)
		return rv;
	if (key)
		return p11_label(token, key, label);
	memcpy(label, has ? name.label : own, P11_LABEL_MAX);
	return CKR_OK;
}

CK_RV p11_cka_id(struct p11_token *token, struct p11_chipobj *o, uint8_t id[KEYS_CKA_ID_MAX],
		 size_t *len)
{
	struct p11_chipobj *key = NULL;
	struct keys_name name;
	bool has;
	CK_RV rv = CKR_OK;

	if (o->info.kind == SE05X_IOT_KIND_BINARY) {
		rv = read_it(token, o);
		if (!rv)
			rv = key_of(token, o, &key);
	}
	if (!rv)
		rv = key ? p11_cka_id(token, key, id, len) : p11_own_name(token, o, &name, &has);
	if (rv || key)
		return rv;
	*len = has && name.cka_id_len ? name.cka_id_len : 4;
	if (has && name.cka_id_len)
		memcpy(id, name.cka_id, name.cka_id_len);
	else
		put_be(id, o->id, 4);
	return CKR_OK;
}

static bool is(const CK_ATTRIBUTE *wanted, const void *bytes, size_t len)
{
	return wanted->ulValueLen == len && !memcmp(wanted->pValue ?: "", bytes, len);
}

bool p11_may_be_named(const struct p11_token *token, const struct p11_chipobj *o, bool key,
		      const CK_ATTRIBUTE *label, const CK_ATTRIBUTE *id)
{
	char text[P11_LABEL_MAX];
	struct keys_name name;
	uint8_t bytes[4];
	bool has;

	/* a certificate has its key's */
	if (!key && (!o->typed || o->info.kind == SE05X_IOT_KIND_BINARY))
		return true;
	has = record(token, o->id, &name);
	snprintf(text, sizeof(text), DEFAULT_LABEL, o->id);
	put_be(bytes, o->id, 4);
	return (!label || is(label, text, strlen(text)) ||
		(has && is(label, name.label, strlen(name.label)))) &&
	       (!id || is(id, bytes, sizeof(bytes)) ||
		(has && is(id, name.cka_id, name.cka_id_len)));
}

/* ---- to be written ---- */

CK_RV p11_name_from(const CK_ATTRIBUTE *label, const CK_ATTRIBUTE *id, struct keys_name *name)
{
	if (label && !label->ulValueLen) {
		name->label[0] = 0;
	} else if (label) {
		if (label->ulValueLen > KEYS_LABEL_MAX ||
		    memchr(label->pValue, 0, label->ulValueLen))
			goto bad;
		memcpy(name->label, label->pValue, label->ulValueLen);
		name->label[label->ulValueLen] = 0;
		if (!keys_label_valid(name->label))
			goto bad;
	}
	if (id) {
		if (id->ulValueLen > KEYS_CKA_ID_MAX)
			goto bad;
		if (id->ulValueLen)
			memcpy(name->cka_id, id->pValue, id->ulValueLen);
		name->cka_id_len = id->ulValueLen;
	}
	return CKR_OK;
bad:
	p11_log("a label is UTF-8 of up to %d bytes without control characters, and does not "
		"begin with 0x; a CKA_ID has up to %d bytes", KEYS_LABEL_MAX, KEYS_CKA_ID_MAX);
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

/* A page: everybody reads it; it is the user's, if there is one */
static int page_policy(uint32_t user, uint8_t policy[SE05X_IOT_POLICY_MAX],
		       struct se05x_iot_new *how)
{
	char text[64] = "any:read,write,delete";

	if (user)
		snprintf(text, sizeof(text), "any:read;0x%08X:read,write,delete", user);
	how->policy = policy;
	how->policy_len = SE05X_IOT_POLICY_MAX;
	return se05x_iot_policy_parse(text, policy, &how->policy_len, NULL);
}

int p11_name_write(struct se05x_iot *iot, uint32_t user, const struct keys_name *name,
		   struct se05x_call *call)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct keys_name full = *name;
	struct se05x_iot_new how = { 0 };
	struct keys_names *names;
	int ret = keys_names_read(iot, &names, call);

	if (ret)
		return ret;
	/* a record without a label would say that it has no name */
	if (!full.label[0] && full.cka_id_len)
		snprintf(full.label, sizeof(full.label), DEFAULT_LABEL, full.id);
	ret = page_policy(user, policy, &how);
	if (!ret)
		ret = keys_names_write(iot, names, &full, &how, call);
	keys_names_free(names);
	return ret;
}

int p11_name_prepare(struct se05x_iot *iot, uint32_t user, struct se05x_call *call)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how = { 0 };
	struct keys_names *names;
	int ret = keys_names_read(iot, &names, call);

	if (ret)
		return ret;
	ret = page_policy(user, policy, &how);
	if (!ret)
		ret = keys_names_prepare(iot, names, &how, call);
	keys_names_free(names);
	return ret;
}
