// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool refpem: a file that names a key of the chip, for programs that want a file */
#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "tool.h"

/* ---- NXP's reference keys: software keys by their looks, with an identifier inside ---- */

static const uint8_t magic[] = { 0xA5, 0xA6, 0xB5, 0xB6 };

/* The private number is 10, zeros, identifier, the magic number twice, a class and an index. */
static bool nxp_ec(EVP_PKEY *key, uint32_t *id)
{
	int size = (EVP_PKEY_get_bits(key) + 7) / 8;
	uint8_t bytes[66], zeros[66] = { 0x10 }, *at = bytes + size - 14;
	BIGNUM *number = NULL;
	bool good;

	good = size > 14 && size <= (int)sizeof(bytes) &&
	       EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
	       BN_bn2binpad(number, bytes, size) == size && !memcmp(bytes, zeros, size - 14) &&
	       !memcmp(at + 4, magic, 4) && !memcmp(at + 8, magic, 4);
	BN_clear_free(number);
	if (good)
		*id = (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return good;
}

/* The first prime is 1, the second the identifier, the coefficient the magic number. */
static bool nxp_rsa(EVP_PKEY *key, uint32_t *id)
{
	BIGNUM *p = NULL, *q = NULL, *coefficient = NULL, *wanted = BN_bin2bn(magic, 4, NULL);
	uint8_t bytes[4];
	bool good;

	good = wanted && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR1, &p) == 1 &&
	       EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR2, &q) == 1 &&
	       EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &coefficient) == 1 &&
	       BN_is_one(p) && !BN_cmp(coefficient, wanted) && BN_bn2binpad(q, bytes, 4) == 4;
	if (good)
		*id = (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
	BN_clear_free(p);
	BN_clear_free(q);
	BN_clear_free(coefficient);
	BN_free(wanted);
	return good;
}

/* *@key: what the file says its public half is */
static int read_nxp(struct tool *t, const char *path, uint32_t *id, EVP_PKEY **key)
{
	bool private;

	*key = read_key(t, path, &private);
	if (!*key)
		return USAGE;
	if (private && (EVP_PKEY_is_a(*key, "RSA") ? nxp_rsa : nxp_ec)(*key, id) && *id &&
	    *id != UINT32_MAX)
		return OK;
	complain("%s: no reference key of NXP's: %s", path, private ?
		 "it is a key of its own, which 'import' takes" : "a public key");
	EVP_PKEY_free(*key);
	*key = NULL;
	return USAGE;
}

/* ---- ours ---- */

/* Whose PIN the programs have to give: an identifier that has to be a UserID's */
static int find_user(struct tool *t, struct keys_ref *ref)
{
	struct se05x_iot_object object;

	if (!t->key_user)
		return OK;
	return parse_id(t->key_user, &ref->user) ?:
	       find_kind(t, ref->user, SE05X_IOT_KIND_USERID, SE05X_IOT_PART_WHOLE, &object);
}

static int print_ref(const struct tool *t, const struct keys_ref *ref)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (!bio || !keys_ref_write(bio, ref)) {
		complain("refpem: %s", crypto_reason());
		BIO_free(bio);
		return TROUBLE;
	}
	len = BIO_get_mem_data(bio, &text);
	if (!t->opt.json) {
		fwrite(text, 1, len, stdout);
	} else {
		BIO_write(bio, "", 1);
		BIO_get_mem_data(bio, &text);
		printf("{\"id\":\"0x%08X\",\"unique_number\":\"", ref->id);
		print_hex(stdout, ref->chip, sizeof(ref->chip));
		if (ref->user)
			printf("\",\"user\":\"0x%08X", ref->user);
		fputs("\",\"pem\":", stdout);
		print_json_string(text);
		puts("}");
	}
	BIO_free(bio);
	return OK;
}

static int make_ref(struct tool *t, EVP_PKEY *key, struct keys_ref *ref)
{
	int ret = CHIP(t, se05x_iot_unique_id, ref->chip);

	if (ret)
		return chip_failed(t, SE05X_IOT_ID_UNIQUE, ret);
	ret = i2d_PUBKEY(key, &ref->spki);
	if (ret <= 0) {
		complain("refpem: %s", crypto_reason());
		return TROUBLE;
	}
	ref->spki_len = ret;
	return OK;
}

static int find_pair(struct tool *t, uint32_t id, EVP_PKEY **key)
{
	struct se05x_iot_object object;
	int ret = find_object(t, id, &object) ?: read_public(t, &object, key);

	if (!ret && object.part == SE05X_IOT_PART_PUBLIC) {
		complain("refpem %s: wrong kind: %s: there is no private half", id_text(id),
			 object_text(&object));
		ret = TROUBLE;
	}
	return ret;
}

int iot_refpem(struct tool *t, char **args, int n)
{
	EVP_PKEY *said = NULL, *key = NULL;
	struct keys_ref ref = { };
	int ret;

	if (!n == !t->from) {
		complain("refpem: 'ID', or '--from=FILE' with a reference key of NXP's");
		return USAGE;
	}
	ret = n ? parse_id(args[0], &ref.id) : read_nxp(t, t->from, &ref.id, &said);
	ret = ret ?: find_pair(t, ref.id, &key);
	if (!ret && said && EVP_PKEY_eq(said, key) != 1) {
		complain("refpem %s: the public key in %s is not the one in the chip: another chip,"
			 " or the key was replaced", id_text(ref.id), t->from);
		ret = TROUBLE;
	}
	ret = ret ?: find_user(t, &ref);
	ret = ret ?: make_ref(t, key, &ref);
	ret = ret ?: print_ref(t, &ref);
	EVP_PKEY_free(said);
	EVP_PKEY_free(key);
	keys_ref_clear(&ref);
	return ret;
}
