// SPDX-License-Identifier: LGPL-2.1-or-later
/* The certificate of a key: the file in the chip whose certificate has its public half */
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "provider.h"

struct search {
	struct provider *prov;
	const struct se05x_iot_object *key;
	EVP_PKEY *public;	/* NULL: nobody may read it */
	struct se05x_iot_object *file;
	ASN1_TIME *since;	/* of the best one so far; NULL: there is none */
};

size_t cert_len(const uint8_t *at, size_t left)
{
	size_t len;

	if (left < 4 || at[0] != 0x30 || (at[1] != 0x81 && at[1] != 0x82))
		return 0;
	len = at[1] == 0x81 ? 3u + at[2] : 4u + (at[2] << 8 | at[3]);
	return len <= left ? len : 0;
}

int cert_is_file(struct se05x_iot *iot, const struct se05x_iot_object *object, bool *is,
		 struct se05x_call *call)
{
	uint8_t head[4];
	int ret;

	*is = false;
	if (object->kind != SE05X_IOT_KIND_BINARY || object->size < CERT_MIN ||
	    object->size > SE05X_IOT_BINARY_MAX)
		return 0;
	ret = se05x_iot_binary_read(iot, object->id, 0, head, sizeof(head), call);
	if (ret)
		return keys_answered(call) ? 0 : ret;	/* nobody may read it */
	*is = cert_len(head, object->size);
	return 0;
}

/* Of several the one that is valid since the latest time */
static void compare(struct search *s, const uint8_t *der, const struct se05x_iot_object *file)
{
	X509 *cert = X509_new_ex(s->prov->own, NULL);
	const uint8_t *at = der;
	int newer;

	ERR_set_mark();
	if (cert && d2i_X509(&cert, &at, cert_len(der, file->size)) &&
	    EVP_PKEY_eq(X509_get0_pubkey(cert), s->public) == 1) {
		newer = s->since ? ASN1_TIME_compare(X509_get0_notBefore(cert), s->since) : 1;
		if (newer > 0) {
			ASN1_TIME_free(s->since);
			s->since = ASN1_STRING_dup(X509_get0_notBefore(cert));
			*s->file = *file;
		}
	}
	ERR_pop_to_mark();
	X509_free(cert);
}

static int look_at(struct se05x_iot *iot, struct search *s, uint32_t id, struct se05x_call *call)
{
	struct se05x_iot_object file;
	uint8_t *der;
	bool is;
	int ret = se05x_iot_object(iot, id, &file, call);

	if (!ret)
		ret = cert_is_file(iot, &file, &is, call);
	if (ret || !is)
		return keys_answered(call) ? 0 : ret;	/* gone, or it does not say what it is */
	if (!s->public) {
		if (id == s->key->id + 1)
			*s->file = file;	/* where a certificate is by custom */
		return 0;
	}
	der = malloc(file.size);
	ret = der ? se05x_iot_binary_read(iot, id, 0, der, file.size, call) : -ENOMEM;
	if (!ret)
		compare(s, der, &file);
	free(der);
	return ret;
}

static int search(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct search *s = arg;
	uint32_t *ids = NULL;
	size_t n = 0;
	int ret = keys_public(iot, s->key, s->prov->own, &s->public, call);

	if (ret && keys_answered(call)) {
		s->public = NULL;
		return look_at(iot, s, s->key->id + 1, call);
	}
	if (!ret)
		ret = se05x_iot_list(iot, &ids, &n, call);
	for (size_t i = 0; !ret && i < n; i++)
		ret = look_at(iot, s, ids[i], call);
	free(ids);
	EVP_PKEY_free(s->public);
	return ret;
}

bool cert_of(struct provider *prov, struct keys_chip *chip, const struct se05x_iot_object *key,
	     struct se05x_iot_object *file)
{
	struct search s = { .prov = prov, .key = key, .file = file };
	struct se05x_call call = { 0 };
	int ret;

	file->id = 0;
	ret = KEYS_RUN(chip, &call, search, &s);
	ASN1_TIME_free(s.since);
	if (ret)
		raise_chip("certificate of", key->id, ret, &call);
	return !ret;
}
