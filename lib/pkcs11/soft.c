// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is done on the host, by libcrypto: public operations, and those of keys that live
 * here. A context of its own, so that neither the program's configuration nor its
 * providers are in the way.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "mech.h"

static OSSL_PARAM text(const char *name, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *)value, 0);
}

static OSSL_PARAM bytes(const char *name, const void *value, size_t len)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)value, len);
}

EVP_MD *soft_hash(const struct keys_hash *hash)
{
	return hash ? EVP_MD_fetch(p11.lib, hash->name, NULL) : NULL;
}

/* ---- key pairs ---- */

EVP_PKEY *soft_generate(const struct se05x_iot_curve *curve, size_t bits)
{
	bool ec = curve && curve->id < SE05X_IOT_CURVE_ED25519;
	OSSL_PARAM params[] = { OSSL_PARAM_END, OSSL_PARAM_END };
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(p11.lib, ec ? KEYS_EC : curve ? curve->name :
						       KEYS_RSA, NULL);
	EVP_PKEY *key = NULL;

	if (ec)
		params[0] = text(OSSL_PKEY_PARAM_GROUP_NAME, keys_group(curve));
	else if (!curve)
		params[0] = OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits);
	if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
	    EVP_PKEY_generate(ctx, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *soft_public(EVP_PKEY *key)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	const uint8_t *at = der;
	EVP_PKEY *public = len > 0 ? d2i_PUBKEY_ex(NULL, &at, len, p11.lib, NULL) : NULL;

	OPENSSL_free(der);
	return public;
}

CK_RV soft_sign(EVP_PKEY *key, const void *digest, size_t len, uint8_t *sig, size_t *sig_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(p11.lib, key, NULL);
	bool good = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
		    EVP_PKEY_sign(ctx, sig, sig_len, digest, len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV soft_eddsa(EVP_PKEY *key, const void *message, size_t len, uint8_t *sig, size_t *sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestSignInit_ex(ctx, NULL, NULL, p11.lib, NULL, key, NULL) == 1 &&
		    EVP_DigestSign(ctx, sig, sig_len, message, len) == 1;

	EVP_MD_CTX_free(ctx);
	return good ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV soft_rsa(EVP_PKEY *key, const uint8_t *in, size_t len, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(p11.lib, key, NULL);
	size_t n = len;
	bool good = ctx && EVP_PKEY_decrypt_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
		    EVP_PKEY_decrypt(ctx, out, &n, in, len) == 1 && n == len;

	EVP_PKEY_CTX_free(ctx);
	return good ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV soft_ecdh(EVP_PKEY *key, EVP_PKEY *peer, uint8_t *secret, size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(p11.lib, key, NULL);
	bool good = ctx && EVP_PKEY_derive_init(ctx) == 1 &&
		    EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
		    EVP_PKEY_derive(ctx, secret, len) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

/* ---- public halves ---- */

bool soft_below_modulus(EVP_PKEY *key, const uint8_t *number, size_t len)
{
	BIGNUM *n = NULL, *m = BN_bin2bn(number, len, NULL);
	bool below = m && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
		     BN_ucmp(m, n) < 0;

	BN_free(n);
	BN_clear_free(m);
	return below;
}

/*
 * RSA's parameters, of signatures and of OAEP; by functions that do it too where an ENGINE
 * has put its methods into @ctx (KEYS_EC), which the parameters of EVP_PKEY_..._init_ex()
 * don't reach.
 */
static bool set_rsa(EVP_PKEY_CTX *ctx, const struct rsa_padding *rsa, const EVP_MD *hash,
		    const EVP_MD *mgf)
{
	static const int modes[] = {
		[SE05X_IOT_PADDING_NONE] = RSA_NO_PADDING,
		[SE05X_IOT_PADDING_PKCS1] = RSA_PKCS1_PADDING,
		[SE05X_IOT_PADDING_PSS] = RSA_PKCS1_PSS_PADDING,
		[SE05X_IOT_PADDING_OAEP] = RSA_PKCS1_OAEP_PADDING,
	};
	bool oaep = rsa->padding == SE05X_IOT_PADDING_OAEP;
	void *label;

	if (EVP_PKEY_CTX_set_rsa_padding(ctx, modes[rsa->padding]) != 1 ||
	    (hash && (oaep ? EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hash) :
			     EVP_PKEY_CTX_set_signature_md(ctx, hash)) != 1) ||
	    (mgf && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf) != 1))
		return false;
	if (rsa->padding == SE05X_IOT_PADDING_PSS)
		return EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, rsa->salt_len) == 1;
	if (!oaep || !rsa->label_len)
		return true;
	label = OPENSSL_memdup(rsa->label, rsa->label_len);
	if (label && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, rsa->label_len) == 1)
		return true;
	OPENSSL_free(label);
	return false;
}

bool soft_verify(EVP_PKEY *key, const struct rsa_padding *rsa, const void *data, size_t len,
		 const void *sig, size_t sig_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(p11.lib, key, NULL);
	EVP_MD *hash = rsa ? soft_hash(rsa->hash) : NULL, *mgf = rsa ? soft_hash(rsa->mgf) : NULL;
	bool good = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		    (!rsa || set_rsa(ctx, rsa, hash, mgf)) &&
		    EVP_PKEY_verify(ctx, sig, sig_len, data, len) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_MD_free(hash);
	EVP_MD_free(mgf);
	return good;
}

CK_RV soft_encrypt(EVP_PKEY *key, const struct rsa_padding *rsa, const void *data, size_t len,
		   uint8_t *out, size_t *out_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(p11.lib, key, NULL);
	EVP_MD *hash = soft_hash(rsa->hash), *mgf = soft_hash(rsa->mgf);
	bool good = ctx && EVP_PKEY_encrypt_init(ctx) == 1 && set_rsa(ctx, rsa, hash, mgf) &&
		    EVP_PKEY_encrypt(ctx, out, out_len, data, len) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_MD_free(hash);
	EVP_MD_free(mgf);
	return good ? CKR_OK : CKR_FUNCTION_FAILED;
}

/* ---- secret keys ---- */

static EVP_CIPHER *fetch_cipher(size_t key_len, const char *mode)
{
	char name[16];

	snprintf(name, sizeof(name), "AES-%zu-%s", 8 * key_len, mode);
	return EVP_CIPHER_fetch(p11.lib, name, NULL);
}

CK_RV soft_cipher(const struct secret *key, enum se05x_iot_cipher mode, bool encrypt,
		  const void *iv, const uint8_t *in, uint8_t *out, size_t len)
{
	static const char *const names[] = {
		[SE05X_IOT_CIPHER_AES_ECB] = "ECB", [SE05X_IOT_CIPHER_AES_CBC] = "CBC",
		[SE05X_IOT_CIPHER_AES_CTR] = "CTR",
	};
	EVP_CIPHER *cipher = fetch_cipher(key->len, names[mode]);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;
	bool good = cipher && ctx && len <= INT_MAX &&
		    EVP_CipherInit_ex2(ctx, cipher, key->value, iv, encrypt, NULL) == 1 &&
		    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
		    EVP_CipherUpdate(ctx, out, &n, in, len) == 1;

	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return good ? CKR_OK : CKR_FUNCTION_FAILED;
}

/* CCM wants all lengths before the first byte; GCM has no say in it. */
static bool aead_begin(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const struct secret *key,
		       const struct aead *a, uint8_t *tag, size_t len)
{
	bool ccm = a->mode == SE05X_IOT_AEAD_CCM;
	int n;

	return EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, !!a->encrypt, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, a->iv_len, NULL) == 1 &&
	       (!ccm && a->encrypt ? 1 : EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, a->tag_len,
							      a->encrypt ? NULL : tag)) == 1 &&
	       EVP_CipherInit_ex2(ctx, NULL, key->value, a->iv, -1, NULL) == 1 &&
	       (!ccm || EVP_CipherUpdate(ctx, NULL, &n, NULL, len) == 1) &&
	       (!a->aad_len || EVP_CipherUpdate(ctx, NULL, &n, a->aad, a->aad_len) == 1);
}

CK_RV soft_aead(const struct secret *key, const struct aead *a, const uint8_t *in, uint8_t *out,
		size_t len, uint8_t *tag)
{
	bool ccm = a->mode == SE05X_IOT_AEAD_CCM;
	EVP_CIPHER *cipher = fetch_cipher(key->len, ccm ? "CCM" : "GCM");
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t none[16];
	int n;
	bool good = cipher && ctx && len <= INT_MAX && a->aad_len <= INT_MAX &&
		    aead_begin(ctx, cipher, key, a, tag, len) &&
		    EVP_CipherUpdate(ctx, len ? out : none, &n, len ? in : none, len) == 1 &&
		    (ccm || EVP_CipherFinal_ex(ctx, none, &n) == 1) &&
		    (!a->encrypt ||
		     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, a->tag_len, tag) == 1);

	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return good ? CKR_OK : a->encrypt ? CKR_FUNCTION_FAILED : CKR_ENCRYPTED_DATA_INVALID;
}

CK_RV soft_mac(const struct secret *key, const struct keys_hash *hash, const void *message,
	       size_t len, uint8_t mac[EVP_MAX_MD_SIZE], size_t *mac_len)
{
	char cipher[40];
	OSSL_PARAM params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };

	snprintf(cipher, sizeof(cipher), "AES-%zu-CBC", 8 * key->len);
	params[0] = hash ? text(OSSL_MAC_PARAM_DIGEST, hash->name) :
		    text(OSSL_MAC_PARAM_CIPHER, cipher);
	return EVP_Q_mac(p11.lib, hash ? "HMAC" : "CMAC", NULL, NULL, params, key->value,
			 key->len, message, len, mac, EVP_MAX_MD_SIZE, mac_len) ?
	       CKR_OK : CKR_FUNCTION_FAILED;
}

static CK_RV run_kdf(const char *name, const OSSL_PARAM *params, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(p11.lib, name, NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	bool good = ctx && EVP_KDF_derive(ctx, out, len, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good ? CKR_OK : CKR_FUNCTION_FAILED;
}

CK_RV soft_hkdf(const struct secret *key, const struct hkdf *h, uint8_t *out, size_t len)
{
	int mode = h->extract && h->expand ? EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND :
		   h->extract ? EVP_KDF_HKDF_MODE_EXTRACT_ONLY : EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	OSSL_PARAM params[6], *p = params;

	*p++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	*p++ = text(OSSL_KDF_PARAM_DIGEST, h->hash->name);
	*p++ = bytes(OSSL_KDF_PARAM_KEY, key->value, key->len);
	if (h->salt_len)
		*p++ = bytes(OSSL_KDF_PARAM_SALT, h->salt, h->salt_len);
	if (h->info_len)
		*p++ = bytes(OSSL_KDF_PARAM_INFO, h->info, h->info_len);
	*p = OSSL_PARAM_construct_end();
	return run_kdf("HKDF", params, out, len);
}

CK_RV soft_x963(const struct secret *z, const struct keys_hash *hash, const void *info,
		size_t info_len, uint8_t *out, size_t len)
{
	OSSL_PARAM params[4], *p = params;

	*p++ = text(OSSL_KDF_PARAM_DIGEST, hash->name);
	*p++ = bytes(OSSL_KDF_PARAM_KEY, z->value, z->len);
	if (info_len)
		*p++ = bytes(OSSL_KDF_PARAM_INFO, info, info_len);
	*p = OSSL_PARAM_construct_end();
	return run_kdf("X963KDF", params, out, len);
}
