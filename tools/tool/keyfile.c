// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: files that hold a key: PEM, DER, PKCS#12, and OpenSSH's */
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "tool.h"

/* Why there is no key in it: said once */
static void wrong_file(const struct tool *t, const char *path, const uint8_t *data, size_t len)
{
	char *name = NULL, *header = NULL;
	BIO *bio = BIO_new_mem_buf(data, len);
	uint8_t *body = NULL;
	long body_len;

	if (t->password_given)
		complain("%s: wrong password, or the file is damaged", path);
	else if (PEM_read_bio(bio, &name, &header, &body, &body_len) != 1)
		complain("%s: neither PEM nor DER of a key", path);
	else
		complain("%s: that is a PEM file with a %s, not with a key (or it is damaged)",
			 path, name);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(body);
	BIO_free(bio);
}

/* ---- PKCS#12 ---- */

/* The key alone. *@is: it is PKCS#12; then NULL comes after a complaint. */
static EVP_PKEY *read_pkcs12(struct tool *t, const char *path, const uint8_t *data, size_t len,
			     bool *is)
{
	const uint8_t *at = data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, len);
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	char password[1024] = "";
	int n = 0;

	*is = p12;
	if (!p12)
		return NULL;
	if (!PKCS12_verify_mac(p12, NULL, 0) && !PKCS12_verify_mac(p12, "", 0)) {
		n = key_password(password, sizeof(password) - 1, 0, t);
		if (n >= 0)
			password[n] = 0;
	}
	if (n < 0) {
		PKCS12_free(p12);
		return NULL;	/* that was told */
	}
	if (n && !PKCS12_verify_mac(p12, password, n))
		complain("%s: wrong password, or the PKCS#12 is damaged", path);
	else if (PKCS12_parse(p12, password, &key, &cert, NULL) != 1)
		complain("%s: %s ('openssl pkcs12 -legacy -in FILE -nodes' may read what is old)", path,
			 crypto_reason());
	else if (!key)
		complain("%s: there is no key in that PKCS#12", path);
	if (key && cert)
		say(&t->opt, "its certificate stays where it is: 'se05x-tool cert put' keeps one");
	OPENSSL_cleanse(password, sizeof(password));
	X509_free(cert);
	PKCS12_free(p12);
	return key;
}

/* ---- OpenSSH: PROTOCOL.key of its sources ---- */

struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static uint32_t get_u32(struct reader *r)
{
	uint32_t n;

	if (r->left < 4) {
		r->bad = true;
		return 0;
	}
	n = (uint32_t)r->at[0] << 24 | r->at[1] << 16 | r->at[2] << 8 | r->at[3];
	r->at += 4;
	r->left -= 4;
	return n;
}

static struct reader get_string(struct reader *r)
{
	struct reader s = { .left = get_u32(r) };

	if (r->bad || s.left > r->left) {
		r->bad = true;
		return (struct reader){ };
	}
	s.at = r->at;
	r->at += s.left;
	r->left -= s.left;
	return s;
}

static bool is(const struct reader *s, const char *text)
{
	return s->left == strlen(text) && !memcmp(s->at, text, s->left);
}

static void push(OSSL_PARAM_BLD *bld, const char *name, BIGNUM **bn, const struct reader *s)
{
	*bn = BN_secure_new();
	if (*bn && BN_bin2bn(s->at, s->left, *bn))
		OSSL_PARAM_BLD_push_BN(bld, name, *bn);
}

static EVP_PKEY *ssh_rsa(struct reader *r)
{
	struct reader n = get_string(r), e = get_string(r), d = get_string(r);
	struct reader qinv = get_string(r), p = get_string(r), q = get_string(r);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *bn[8] = { }, *one = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	EVP_PKEY *key = NULL;

	push(bld, OSSL_PKEY_PARAM_RSA_N, &bn[0], &n);
	push(bld, OSSL_PKEY_PARAM_RSA_E, &bn[1], &e);
	push(bld, OSSL_PKEY_PARAM_RSA_D, &bn[2], &d);
	push(bld, OSSL_PKEY_PARAM_RSA_FACTOR1, &bn[3], &p);
	push(bld, OSSL_PKEY_PARAM_RSA_FACTOR2, &bn[4], &q);
	push(bld, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &bn[5], &qinv);
	bn[6] = BN_secure_new();
	bn[7] = BN_secure_new();
	/* the exponents modulo p - 1 and q - 1 are not in the file */
	if (!r->bad && BN_sub(one, bn[3], BN_value_one()) && BN_mod(bn[6], bn[2], one, ctx) &&
	    BN_sub(one, bn[4], BN_value_one()) && BN_mod(bn[7], bn[2], one, ctx) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT1, bn[6]) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT2, bn[7]))
		key = build_key("RSA", EVP_PKEY_KEYPAIR, bld);
	for (size_t i = 0; i < 8; i++)
		BN_clear_free(bn[i]);
	BN_clear_free(one);
	BN_CTX_free(ctx);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

static EVP_PKEY *ssh_ec(struct reader *r)
{
	struct reader name = get_string(r), point = get_string(r), scalar = get_string(r);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	const struct se05x_iot_curve *curve;
	EVP_PKEY *key = NULL;
	BIGNUM *bn = NULL;
	char text[32];

	snprintf(text, sizeof(text), "%.*s", (int)(name.left < 31 ? name.left : 31),
		 (const char *)name.at ?: "");
	curve = curve_called(text);
	push(bld, OSSL_PKEY_PARAM_PRIV_KEY, &bn, &scalar);
	if (!r->bad && curve &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.at, point.left))
		key = build_key("EC", EVP_PKEY_KEYPAIR, bld);
	BN_clear_free(bn);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

static EVP_PKEY *ssh_ed25519(struct reader *r)
{
	struct reader public = get_string(r), both = get_string(r);

	return !r->bad && public.left == 32 && both.left == 64 ?
	       EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, both.at, 32) : NULL;
}

/* One key that is not encrypted. NULL after a complaint. */
static EVP_PKEY *parse_ssh(const char *path, const uint8_t *body, size_t len)
{
	static const char magic[] = "openssh-key-v1";	/* with its NUL */
	struct reader r = { body, len, false }, cipher, inner, type;
	EVP_PKEY *key = NULL;

	if (len < sizeof(magic) || memcmp(body, magic, sizeof(magic))) {
		complain("%s: damaged", path);
		return NULL;
	}
	r.at += sizeof(magic);
	r.left -= sizeof(magic);
	cipher = get_string(&r);
	get_string(&r);		/* how the password makes a key */
	get_string(&r);
	if (!r.bad && !is(&cipher, "none")) {
		complain("%s: OpenSSH's own encryption is not read here: 'ssh-keygen -p -m PKCS8 -f"
			 " COPY' writes a copy that --passin opens", path);
		return NULL;
	}
	if (get_u32(&r) != 1)
		r.bad = true;
	get_string(&r);		/* the public key, which comes again */
	inner = get_string(&r);
	if (get_u32(&inner) != get_u32(&inner))
		r.bad = true;
	type = get_string(&inner);
	if (is(&type, "ssh-rsa"))
		key = ssh_rsa(&inner);
	else if (is(&type, "ssh-ed25519"))
		key = ssh_ed25519(&inner);
	else if (type.left > 11 && !memcmp(type.at, "ecdsa-sha2-", 11))
		key = ssh_ec(&inner);
	if (r.bad || !key) {
		complain("%s: damaged, or a kind of key that the chip has not", path);
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static EVP_PKEY *read_ssh(const char *path, const uint8_t *data, size_t len, bool *is_one)
{
	char *name = NULL, *header = NULL;
	BIO *bio = BIO_new_mem_buf(data, len);
	uint8_t *body = NULL;
	EVP_PKEY *key = NULL;
	long body_len = 0;

	*is_one = PEM_read_bio(bio, &name, &header, &body, &body_len) == 1 &&
		  !strcmp(name, "OPENSSH PRIVATE KEY");
	if (*is_one)
		key = parse_ssh(path, body, body_len);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(body, body_len);
	BIO_free(bio);
	return key;
}

/* ---- all of them ---- */

/* A password is asked for at most once: only one of these forms can be encrypted. */
static EVP_PKEY *read_openssl(struct tool *t, const uint8_t *data, size_t len, bool *private)
{
	BIO *bio = BIO_new_mem_buf(data, len);
	const uint8_t *at = data;
	EVP_PKEY *key;

	*private = true;
	ERR_clear_error();	/* libcrypto looks at what failed before */
	key = PEM_read_bio_PrivateKey(bio, NULL, key_password, t);
	if (!key && !t->password_failed)
		key = d2i_AutoPrivateKey(NULL, &at, len);
	BIO_reset(bio);
	if (!key && !t->password_failed)
		key = d2i_PKCS8PrivateKey_bio(bio, NULL, key_password, t);
	if (!key && !t->password_failed) {
		*private = false;
		BIO_reset(bio);
		at = data;
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) ?: d2i_PUBKEY(NULL, &at, len);
	}
	BIO_free(bio);
	return key;
}

EVP_PKEY *parse_key(struct tool *t, const char *path, const uint8_t *data, size_t len,
		    bool *private)
{
	EVP_PKEY *key;
	bool is_one;

	*private = true;
	key = read_pkcs12(t, path, data, len, &is_one);
	if (!is_one)
		key = read_ssh(path, data, len, &is_one);
	if (!is_one) {
		key = read_openssl(t, data, len, private);
		if (!key && !t->password_failed)
			wrong_file(t, path, data, len);
	}
	ERR_clear_error();
	return key;
}

EVP_PKEY *read_key(struct tool *t, const char *path, bool *private)
{
	EVP_PKEY *key;
	uint8_t *data;
	size_t len;

	if (read_input(path, &data, &len, INPUT_MAX))
		return NULL;
	key = parse_key(t, path, data, len, private);
	OPENSSL_cleanse(data, len);
	free(data);
	return key;
}
