/* SPDX-License-Identifier: GPL-2.0-only */
/* A command on its way through the IoT applet. Not for the world outside. */
#ifndef SE05X_CALL_H
#define SE05X_CALL_H

#include <time.h>

#include "apdu.h"
#include "scp.h"
#include "store.h"

/* Feature bits as SELECT tells them */
#define FEATURE_ECDSA_ECDH	0x0002
#define FEATURE_EDDSA		0x0004
#define FEATURE_DH_MONT		0x0008
#define FEATURE_HMAC		0x0010
#define FEATURE_RSA_PLAIN	0x0020
#define FEATURE_RSA_CRT		0x0040
#define FEATURE_RSA		(FEATURE_RSA_PLAIN | FEATURE_RSA_CRT)
#define FEATURE_AES		0x0080
#define FEATURE_DES		0x0100
#define FEATURE_PBKDF		0x0200

struct model {
	const char *name;	/* of the product */
	const char *alias;	/* NULL: none */
	uint8_t number;		/* in the state file */
	uint8_t version[7];	/* version 3, features 2, secure box 2 */
	uint16_t payload_max;
	bool v7;
	uint8_t oef[4];		/* which product, to NXP */
	bool se051_atr;
	bool fips;		/* nothing goes to the applet outside the chip's channel */
};

#define SESSIONS_MAX	2

struct session {
	uint8_t id[8];
	uint32_t auth_id;	/* 0: there is no such session */
	bool verified;
	bool closing;		/* at the end of the command under way */
	struct scp scp;		/* opened by an AES key */
	bool limited_apdus;
	bool limited_time;
	bool may_refresh;
	uint16_t max_apdus;
	uint16_t max_seconds;
	uint16_t apdus;		/* left */
	time_t since;
};

struct iot {
	struct store store;
	const struct model *model;
	struct session sessions[SESSIONS_MAX];
	unsigned int rate;	/* see struct applet_config */
	unsigned int commands;	/* since the last refusal */
	char *errors;		/* these four: see there */
	bool short_signature;
	bool locked;
	bool create_montgomery;	/* 7.x only */
};

struct call {
	struct iot *iot;
	const struct apdu *apdu;
	struct tlvs tlvs;
	struct response *rsp;
	struct session *session;	/* NULL: none */
	uint32_t delay_ms;
};

/* INS: what is to be done, and how an object is to be */
#define INS_WRITE	0x01
#define INS_READ	0x02
#define INS_CRYPTO	0x03
#define INS_MGMT	0x04
#define INS_PROCESS	0x05
#define INS_MASK	0x1f
#define INS_TRANSIENT	0x80
#define INS_AUTH	0x40
#define INS_ATTEST	0x20

/* P1: what it is about; bits 6 and 5 say which part of a key */
#define P1_MASK		0x1f
#define P1_EC		0x01
#define P1_RSA		0x02
#define P1_AES		0x03
#define P1_DES		0x04
#define P1_HMAC		0x05
#define P1_BINARY	0x06
#define P1_USERID	0x07
#define P1_COUNTER	0x08
#define P1_PCR		0x09
#define P1_CURVE	0x0b
#define P1_SIGNATURE	0x0c
#define P1_MAC		0x0d
#define P1_CIPHER	0x0e
#define P1_CRYPTO_OBJ	0x10
#define P1_AEAD		0x11
#define P1_PAIR		0x60
#define P1_PRIVATE	0x40
#define P1_PUBLIC	0x20

static inline const struct tlv *arg(const struct call *call, uint8_t tag)
{
	return &call->tlvs.tag[tag];
}

static inline bool has(const struct call *call, uint8_t tag)
{
	return arg(call, tag)->value;
}

static inline bool is_7(const struct call *call)
{
	return call->iot->model->v7;
}

/* By the patch number: so NXP's middleware knows an SE052 */
static inline bool is_52(const struct call *call)
{
	return is_7(call) && call->iot->model->version[2] >> 4 == 1;
}

static inline bool feature(const struct call *call, uint16_t bits)
{
	return get_be(call->iot->model->version + 3, 2) & bits;
}

/* 0: nobody */
static inline uint32_t caller(const struct call *call)
{
	return call->session && call->session->verified ? call->session->auth_id : 0;
}

/* The command changed what is in flash. SW_OK or SW_INTERNAL. */
uint16_t iot_save(const struct call *call);

/* The same if @object is in flash. */
uint16_t iot_save_object(const struct call *call, const struct object *object);

/* A number that may be missing; then @number stays. SW_OK or SW_DATA. */
uint16_t arg_optional(const struct call *call, uint8_t tag, size_t size, uint32_t *number);

/* Names of digests to libcrypto; NULL: no such algorithm. */
const char *digest_name(uint32_t mode);

/* ---- the commands, by file ---- */

/* manage.c */
uint16_t cmd_get_version(struct call *call);
uint16_t cmd_get_ext_version(struct call *call);
uint16_t cmd_get_timestamp(struct call *call);
uint16_t cmd_get_free_memory(struct call *call);
uint16_t cmd_get_random(struct call *call);
uint16_t cmd_set_scp_request(struct call *call);
uint16_t cmd_read_state(struct call *call);
bool lock_refuses(const struct call *call);
void chip_time(uint8_t stamp[12]);

/* object.c */
uint16_t cmd_check_exists(struct call *call);
uint16_t cmd_delete_object(struct call *call);
uint16_t cmd_delete_all(struct call *call);
uint16_t cmd_read_object(struct call *call);
uint16_t cmd_read_attributes(struct call *call);
uint16_t cmd_read_type(struct call *call);
uint16_t cmd_read_size(struct call *call);
uint16_t cmd_read_id_list(struct call *call);

/* file.c */
uint16_t cmd_write_binary(struct call *call);
uint16_t cmd_write_counter(struct call *call);
uint16_t cmd_write_pcr(struct call *call);
uint16_t cmd_write_userid(struct call *call);

/* eckey.c */
uint16_t cmd_create_curve(struct call *call);
uint16_t cmd_set_curve_param(struct call *call);
uint16_t cmd_read_curve_list(struct call *call);
uint16_t cmd_get_curve_id(struct call *call);
uint16_t cmd_delete_curve(struct call *call);
uint16_t cmd_write_ec_key(struct call *call);
uint16_t cmd_ecdh(struct call *call);

/* signature.c */
uint16_t cmd_sign(struct call *call);
uint16_t cmd_verify(struct call *call);

/* rsa.c */
uint16_t cmd_write_rsa_key(struct call *call);
uint16_t cmd_rsa_encrypt(struct call *call);
uint16_t cmd_rsa_decrypt(struct call *call);

/* symkey.c */
uint16_t cmd_write_symm_key(struct call *call);

/* cipher.c */
uint16_t cmd_cipher_one_shot(struct call *call);
uint16_t cmd_cipher_init(struct call *call);
uint16_t cmd_cipher_update(struct call *call);
uint16_t cmd_cipher_final(struct call *call);

/* aead.c */
uint16_t cmd_aead_one_shot(struct call *call);

/* mac.c */
uint16_t cmd_mac_one_shot(struct call *call);
uint16_t cmd_mac_init(struct call *call);
uint16_t cmd_mac_update(struct call *call);
uint16_t cmd_mac_final(struct call *call);

/* kdf.c */
uint16_t cmd_hkdf(struct call *call);
uint16_t cmd_pbkdf2(struct call *call);

/* digest.c */
uint16_t cmd_digest_one_shot(struct call *call);
uint16_t cmd_digest_init(struct call *call);
uint16_t cmd_digest_update(struct call *call);
uint16_t cmd_digest_final(struct call *call);

/* cryptobj.c */
uint16_t cmd_create_crypto_object(struct call *call);
uint16_t cmd_read_crypto_list(struct call *call);
uint16_t cmd_delete_crypto_object(struct call *call);

/* session.c */
uint16_t cmd_create_session(struct call *call);
uint16_t cmd_verify_userid(struct call *call);
uint16_t cmd_set_session_policy(struct call *call);
uint16_t cmd_refresh_session(struct call *call);
uint16_t cmd_close_session(struct call *call);

#endif /* SE05X_CALL_H */
