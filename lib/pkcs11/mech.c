// SPDX-License-Identifier: LGPL-2.1-or-later
/* The table of mechanisms, and what of it a token has */
#include <string.h>

#include "mech.h"
#include "token.h"

#define SIGNS		(CKF_SIGN | CKF_VERIFY)
#define CRYPTS		(CKF_ENCRYPT | CKF_DECRYPT)
/* curves over a prime field, by their names, and points that are not compressed */
#define ON_CURVE	(CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define CHIP		CKF_HW

/* Kinds of keys: their sizes in bits, and in bytes where they are secret */
#define FEATURE(name)	.features = SE05X_IOT_FEATURE_##name
#define SIZES(min, max)	.min_size = (min), .max_size = (max)
#define EC		SIZES(160, 521), FEATURE(ECDSA), .key_type = CKK_EC
#define EDWARDS		SIZES(255, 255), FEATURE(EDDSA), .key_type = CKK_EC_EDWARDS
#define MONTGOMERY	SIZES(255, 448), FEATURE(MONTGOMERY), .key_type = CKK_EC_MONTGOMERY
#define RSA		SIZES(1024, 4096), FEATURE(RSA_PLAIN) | SE05X_IOT_FEATURE_RSA_CRT, \
			.key_type = CKK_RSA
#define AES		SIZES(16, 32), FEATURE(AES), .key_type = CKK_AES
#define SECRET		SIZES(1, 256), FEATURE(HMAC), .key_type = CKK_GENERIC_SECRET

/* Ways to use them */
#define RSA_SIGN(p)	RSA, .method = &rsa_sign_method, .how = SE05X_IOT_PADDING_##p
#define RSA_CRYPT(p)	RSA, .method = &rsa_crypt_method, .how = SE05X_IOT_PADDING_##p
#define CIPHER(mode)	AES, .method = &cipher_method, .how = SE05X_IOT_CIPHER_AES_##mode
#define AEAD(mode)	AES, .method = &aead_method, .how = SE05X_IOT_AEAD_##mode
#define MAC		.method = &mac_method
#define GENERAL		.how = true	/* its parameter says how long the MAC is to be */
#define HASH(h)		.hash = SE05X_IOT_HASH_##h + 1
#define DIGESTS(h)	HASH(h), .digests = true

static const struct mechanism mechanisms[] = {
	{ CKM_EC_KEY_PAIR_GEN, CHIP | CKF_GENERATE_KEY_PAIR | ON_CURVE, EC },
	{ CKM_EC_EDWARDS_KEY_PAIR_GEN, CHIP | CKF_GENERATE_KEY_PAIR | ON_CURVE, EDWARDS },
	{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CHIP | CKF_GENERATE_KEY_PAIR | ON_CURVE, MONTGOMERY },
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, CHIP | CKF_GENERATE_KEY_PAIR, RSA },
	{ CKM_AES_KEY_GEN, CKF_GENERATE, AES },
	/* of this one the sizes are bits */
	{ CKM_GENERIC_SECRET_KEY_GEN, CKF_GENERATE, SIZES(8, 2048), FEATURE(HMAC),
	  .key_type = CKK_GENERIC_SECRET },

	{ CKM_ECDSA, CHIP | SIGNS | ON_CURVE, EC, .method = &ecdsa_method },
	{ CKM_ECDSA_SHA1, CHIP | SIGNS | ON_CURVE, EC, .method = &ecdsa_method, DIGESTS(SHA1) },
	{ CKM_ECDSA_SHA224, CHIP | SIGNS | ON_CURVE, EC, .method = &ecdsa_method, DIGESTS(SHA224) },
	{ CKM_ECDSA_SHA256, CHIP | SIGNS | ON_CURVE, EC, .method = &ecdsa_method, DIGESTS(SHA256) },
	{ CKM_ECDSA_SHA384, CHIP | SIGNS | ON_CURVE, EC, .method = &ecdsa_method, DIGESTS(SHA384) },
	{ CKM_ECDSA_SHA512, CHIP | SIGNS | ON_CURVE, EC, .method = &ecdsa_method, DIGESTS(SHA512) },
	{ CKM_EDDSA, CHIP | SIGNS | ON_CURVE, EDWARDS, .method = &eddsa_method },
	{ CKM_ECDH1_DERIVE, CHIP | CKF_DERIVE | ON_CURVE, EC },
	{ CKM_ECDH1_COFACTOR_DERIVE, CHIP | CKF_DERIVE | ON_CURVE, EC },

	{ CKM_RSA_PKCS, CHIP | SIGNS, RSA_SIGN(PKCS1) },
	{ CKM_RSA_PKCS, CHIP | CRYPTS, RSA_CRYPT(PKCS1) },
	{ CKM_RSA_X_509, CHIP | SIGNS, RSA_SIGN(NONE) },
	{ CKM_RSA_X_509, CHIP | CRYPTS, RSA_CRYPT(NONE) },
	{ CKM_SHA1_RSA_PKCS, CHIP | SIGNS, RSA_SIGN(PKCS1), DIGESTS(SHA1) },
	{ CKM_SHA224_RSA_PKCS, CHIP | SIGNS, RSA_SIGN(PKCS1), DIGESTS(SHA224) },
	{ CKM_SHA256_RSA_PKCS, CHIP | SIGNS, RSA_SIGN(PKCS1), DIGESTS(SHA256) },
	{ CKM_SHA384_RSA_PKCS, CHIP | SIGNS, RSA_SIGN(PKCS1), DIGESTS(SHA384) },
	{ CKM_SHA512_RSA_PKCS, CHIP | SIGNS, RSA_SIGN(PKCS1), DIGESTS(SHA512) },
	{ CKM_RSA_PKCS_PSS, CHIP | SIGNS, RSA_SIGN(PSS) },
	{ CKM_SHA1_RSA_PKCS_PSS, CHIP | SIGNS, RSA_SIGN(PSS), DIGESTS(SHA1) },
	{ CKM_SHA224_RSA_PKCS_PSS, CHIP | SIGNS, RSA_SIGN(PSS), DIGESTS(SHA224) },
	{ CKM_SHA256_RSA_PKCS_PSS, CHIP | SIGNS, RSA_SIGN(PSS), DIGESTS(SHA256) },
	{ CKM_SHA384_RSA_PKCS_PSS, CHIP | SIGNS, RSA_SIGN(PSS), DIGESTS(SHA384) },
	{ CKM_SHA512_RSA_PKCS_PSS, CHIP | SIGNS, RSA_SIGN(PSS), DIGESTS(SHA512) },
	{ CKM_RSA_PKCS_OAEP, CHIP | CRYPTS, RSA_CRYPT(OAEP) },

	{ CKM_AES_ECB, CHIP | CRYPTS, CIPHER(ECB) },
	{ CKM_AES_CBC, CHIP | CRYPTS, CIPHER(CBC) },
	{ CKM_AES_CBC_PAD, CHIP | CRYPTS, CIPHER(CBC) | CIPHER_PADDED },
	{ CKM_AES_CTR, CHIP | CRYPTS, CIPHER(CTR) },
	{ CKM_AES_GCM, CHIP | CRYPTS, AEAD(GCM) },
	{ CKM_AES_CCM, CHIP | CRYPTS, AEAD(CCM) },
	{ CKM_AES_CMAC, CHIP | SIGNS, AES, MAC },
	{ CKM_AES_CMAC_GENERAL, CHIP | SIGNS, AES, MAC, GENERAL },

	/* the chip has no HMAC by SHA-224: for keys of the host only */
	{ CKM_SHA_1_HMAC, CHIP | SIGNS, SECRET, MAC, HASH(SHA1) },
	{ CKM_SHA224_HMAC, SIGNS, SECRET, MAC, HASH(SHA224) },
	{ CKM_SHA256_HMAC, CHIP | SIGNS, SECRET, MAC, HASH(SHA256) },
	{ CKM_SHA384_HMAC, CHIP | SIGNS, SECRET, MAC, HASH(SHA384) },
	{ CKM_SHA512_HMAC, CHIP | SIGNS, SECRET, MAC, HASH(SHA512) },
	{ CKM_SHA_1_HMAC_GENERAL, CHIP | SIGNS, SECRET, MAC, HASH(SHA1), GENERAL },
	{ CKM_SHA224_HMAC_GENERAL, SIGNS, SECRET, MAC, HASH(SHA224), GENERAL },
	{ CKM_SHA256_HMAC_GENERAL, CHIP | SIGNS, SECRET, MAC, HASH(SHA256), GENERAL },
	{ CKM_SHA384_HMAC_GENERAL, CHIP | SIGNS, SECRET, MAC, HASH(SHA384), GENERAL },
	{ CKM_SHA512_HMAC_GENERAL, CHIP | SIGNS, SECRET, MAC, HASH(SHA512), GENERAL },
	{ CKM_HKDF_DERIVE, CHIP | CKF_DERIVE, SECRET },

	{ CKM_SHA_1, CKF_DIGEST, HASH(SHA1) },
	{ CKM_SHA224, CKF_DIGEST, HASH(SHA224) },
	{ CKM_SHA256, CKF_DIGEST, HASH(SHA256) },
	{ CKM_SHA384, CKF_DIGEST, HASH(SHA384) },
	{ CKM_SHA512, CKF_DIGEST, HASH(SHA512) },
};

/* ---- what of it a token has ---- */

bool mech_is_fips(const struct p11_token *token)
{
	const struct se05x_iot_version *v = &token->learnt->version;

	/* SE050F: 3.4 and more of 3.x; SE052F: 7.2 with 10 to 1F as its last number */
	return (v->major == 3 && v->minor >= 4) || (v->major == 7 && v->patch >> 4 == 1);
}

bool mech_can_be(const struct p11_token *token, CK_KEY_TYPE type, uint32_t rights)
{
	const uint32_t both = SE05X_IOT_MAY_SIGN | SE05X_IOT_MAY_AGREE;

	/* an EC pair of a FIPS chip signs or agrees */
	return rights && !(mech_is_fips(token) && type == CKK_EC && (rights & both) == both);
}

static bool has(const struct p11_token *token, const struct mechanism *m)
{
	/* these write flash, which a FIPS chip does not let everybody */
	if (mech_is_fips(token) && (m->type == CKM_EC_MONTGOMERY_KEY_PAIR_GEN ||
				    m->type == CKM_HKDF_DERIVE))
		return false;
	return !m->features || p11_feature(token, m->features);
}

const struct mechanism *mech_find(const struct p11_token *token, CK_MECHANISM_TYPE type,
				  CK_FLAGS what)
{
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++)
		if (mechanisms[i].type == type && mechanisms[i].flags & what)
			return has(token, &mechanisms[i]) ? &mechanisms[i] : NULL;
	return NULL;
}

bool p11_mechanism(struct p11_token *token, size_t n, CK_MECHANISM_TYPE *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		/* of two rows with the same type the first counts */
		if (!has(token, &mechanisms[i]) ||
		    (i && mechanisms[i].type == mechanisms[i - 1].type) || n--)
			continue;
		*type = mechanisms[i].type;
		return true;
	}
	return false;
}

CK_RV p11_mechanism_info(struct p11_token *token, CK_MECHANISM_TYPE type,
			 CK_MECHANISM_INFO *info)
{
	memset(info, 0, sizeof(*info));
	for (size_t i = 0; i < ARRAY_SIZE(mechanisms); i++) {
		const struct mechanism *m = &mechanisms[i];

		if (m->type != type || !has(token, m))
			continue;
		info->ulMinKeySize = m->min_size;
		info->ulMaxKeySize = m->max_size;
		info->flags |= m->flags;
	}
	return info->flags ? CKR_OK : CKR_MECHANISM_INVALID;
}

/* The token of a slot, and its version is known */
static CK_RV token_of(CK_SLOT_ID slot, struct p11_token **token)
{
	*token = p11_token(slot);
	return *token ? p11_token_learn(*token) : CKR_SLOT_ID_INVALID;
}

static CK_RV list(CK_SLOT_ID slot, CK_MECHANISM_TYPE *types, CK_ULONG *count)
{
	CK_MECHANISM_TYPE all[ARRAY_SIZE(mechanisms)];
	struct p11_token *token;
	CK_ULONG n = 0, room;
	CK_RV rv;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	rv = token_of(slot, &token);
	if (rv)
		return rv;
	while (p11_mechanism(token, n, &all[n]))
		n++;
	room = *count;
	*count = n;
	if (!types)
		return CKR_OK;
	if (room < n)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(types, all, n * sizeof(*all));
	return CKR_OK;
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *types, CK_ULONG *count)
{
	CK_RV rv = p11_enter();

	return rv ? rv : p11_leave(list(slot, types, count));
}

static CK_RV info_of(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	struct p11_token *token;
	CK_RV rv;

	if (!info)
		return CKR_ARGUMENTS_BAD;
	rv = token_of(slot, &token);
	return rv ? rv : p11_mechanism_info(token, type, info);
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	CK_RV rv = p11_enter();

	return rv ? rv : p11_leave(info_of(slot, type, info));
}

/* ---- keys and hashes that go with them ---- */

static const struct {
	CK_MECHANISM_TYPE digest;
	CK_RSA_PKCS_MGF_TYPE mgf;
	CK_KEY_TYPE hmac;
} hashes[] = {
	[SE05X_IOT_HASH_SHA1] = { CKM_SHA_1, CKG_MGF1_SHA1, CKK_SHA_1_HMAC },
	[SE05X_IOT_HASH_SHA224] = { CKM_SHA224, CKG_MGF1_SHA224, CKK_SHA224_HMAC },
	[SE05X_IOT_HASH_SHA256] = { CKM_SHA256, CKG_MGF1_SHA256, CKK_SHA256_HMAC },
	[SE05X_IOT_HASH_SHA384] = { CKM_SHA384, CKG_MGF1_SHA384, CKK_SHA384_HMAC },
	[SE05X_IOT_HASH_SHA512] = { CKM_SHA512, CKG_MGF1_SHA512, CKK_SHA512_HMAC },
};

bool mech_takes(const struct mechanism *m, CK_KEY_TYPE type)
{
	if (type == m->key_type)
		return true;
	switch (m->key_type) {
	case CKK_EC:
		return m->flags & CKF_DERIVE && type == CKK_EC_MONTGOMERY;
	case CKK_GENERIC_SECRET:
		if (m->flags & CKF_DERIVE)
			return type == CKK_HKDF;
		return m->hash && type == hashes[m->hash - 1].hmac;
	default:
		return false;
	}
}

const struct keys_hash *mech_hash(const struct mechanism *m)
{
	return m->hash ? keys_hash(m->hash - 1) : NULL;
}

const struct keys_hash *mech_hash_named(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		if (hashes[i].digest == type)
			return keys_hash(i);
	return NULL;
}

const struct keys_hash *mech_hash_of_mgf(CK_RSA_PKCS_MGF_TYPE mgf)
{
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		if (hashes[i].mgf == mgf)
			return keys_hash(i);
	return NULL;
}
