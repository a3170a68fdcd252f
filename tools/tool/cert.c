// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: certificates, one or a chain of them, as DER one after the other */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tool.h"

static void free_certificates(STACK_OF(X509) *certs)
{
	sk_X509_pop_free(certs, X509_free);
}

/* DER after DER; what follows the last one is left. Return: bytes of them. */
static size_t take_der(STACK_OF(X509) *certs, const uint8_t *data, size_t len)
{
	const uint8_t *at = data;
	X509 *cert;

	while ((cert = d2i_X509(NULL, &at, data + len - at)))
		sk_X509_push(certs, cert);
	ERR_clear_error();
	return at - data;
}

/* All of the PEM file; whatever else is in it is named. Return: false after a complaint. */
static bool take_pem(STACK_OF(X509) *certs, const char *path, BIO *bio)
{
	char *name = NULL, *header = NULL;
	uint8_t *body = NULL;
	long body_len;
	bool good = true;

	while (good && PEM_read_bio(bio, &name, &header, &body, &body_len) == 1) {
		const uint8_t *at = body;
		X509 *cert = NULL;

		if (!strcmp(name, PEM_STRING_X509) || !strcmp(name, PEM_STRING_X509_OLD) ||
		    !strcmp(name, PEM_STRING_X509_TRUSTED))
			cert = d2i_X509(NULL, &at, body_len);
		if (cert)
			sk_X509_push(certs, cert);
		else
			complain("%s: that is a PEM file with a %s, not with %s", path, name,
				 sk_X509_num(certs) ? "certificates alone" : "a certificate");
		good = cert;
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(body, body_len);
	}
	return good;
}

bool has_certificate(const uint8_t *data, size_t len)
{
	static const char begin[] = "-----BEGIN " PEM_STRING_X509;
	STACK_OF(X509) *certs = sk_X509_new_null();
	bool der = take_der(certs, data, len);

	free_certificates(certs);
	return der || memmem(data, len, begin, strlen(begin));
}

STACK_OF(X509) *parse_certificates(const char *path, const uint8_t *data, size_t len)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(data, len);
	bool good = take_der(certs, data, len) || take_pem(certs, path, bio);

	if (good && !sk_X509_num(certs)) {
		complain("%s: neither PEM nor DER of a certificate", path);
		good = false;
	}
	BIO_free(bio);
	if (good)
		return certs;
	free_certificates(certs);
	return NULL;
}

STACK_OF(X509) *read_certificates(const char *path)
{
	STACK_OF(X509) *certs;
	uint8_t *data;
	size_t len;

	if (read_input(path, &data, &len, INPUT_MAX))
		return NULL;
	certs = parse_certificates(path ?: "standard input", data, len);
	OPENSSL_cleanse(data, len);
	free(data);
	return certs;
}

/* One DER after the other; *@len: bytes. free() it. NULL: no memory. */
static uint8_t *join(STACK_OF(X509) *certs, size_t *len)
{
	uint8_t *all, *at;
	int one;

	*len = 0;
	for (int i = 0; i < sk_X509_num(certs); i++) {
		one = i2d_X509(sk_X509_value(certs, i), NULL);
		*len += one > 0 ? one : 0;
	}
	all = at = malloc(*len + 1);
	for (int i = 0; all && i < sk_X509_num(certs); i++)
		i2d_X509(sk_X509_value(certs, i), &at);
	return all;
}

int put_certificates(struct tool *t, uint32_t id, STACK_OF(X509) *certs)
{
	char what[40];
	size_t len;
	uint8_t *all = join(certs, &len);
	int ret = OK;

	if (!all)
		return TROUBLE;
	snprintf(what, sizeof(what), sk_X509_num(certs) == 1 ? "certificate" :
		 "chain of %d certificates", sk_X509_num(certs));
	if (len > SE05X_IOT_BINARY_MAX) {
		complain("%s: the %s has %zu bytes, and a file no more than %d", t->command, what,
			 len, SE05X_IOT_BINARY_MAX);
		ret = USAGE;
	}
	ret = ret ?: put_file(t, id, all, len, what);
	free(all);
	return ret;
}

int cert_put(struct tool *t, char **args, int n)
{
	STACK_OF(X509) *certs;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	if (ret)
		return ret;
	certs = read_certificates(n > 1 ? args[1] : NULL);
	if (!certs)
		return USAGE;
	ret = put_certificates(t, id, certs);
	free_certificates(certs);
	return ret;
}

/* All that can be read of a chain, as one PEM file */
static int print_pem(struct tool *t, STACK_OF(X509) *certs)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	for (int i = 0; i < sk_X509_num(certs); i++)
		PEM_write_bio_X509(bio, sk_X509_value(certs, i));
	if (t->opt.json) {
		BIO_write(bio, "", 1);
		BIO_get_mem_data(bio, &text);
		printf("{\"certificates\":%d,\"pem\":", sk_X509_num(certs));
		print_json_string(text);
		puts("}");
	} else {
		len = BIO_get_mem_data(bio, &text);
		fwrite(text, 1, len, stdout);
	}
	BIO_free(bio);
	return OK;
}

int cert_get(struct tool *t, char **args, int n)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	uint8_t *data = NULL;
	size_t len;
	int ret = get_file(t, args[0], &data, &len);

	(void)n;
	if (!ret) {
		len = take_der(certs, data, len);
		if (!len) {
			complain("cert get %s: what is kept there is no certificate ('get' reads"
				 " it as it is)", args[0]);
			ret = TROUBLE;
		} else {
			ret = t->der ? write_bytes(t, "certificate", data, len) :
				       print_pem(t, certs);
		}
	}
	free_certificates(certs);
	free(data);
	return ret;
}
