// SPDX-License-Identifier: GPL-2.0-only
/*
 * NXP's IoT applet, versions 3.1 and 7.2: which command does what
 *
 * Built from what is public of AN12413 (3.x) and AN12543 (7.x). What neither tells, or
 * what could not be tried with a chip, is marked [U]: there it is as strict as it can be.
 * Not there: TLS, DESFire, the I2C master, SPAKE2+, import and export.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "error.h"
#include "iot.h"
#include "session.h"

/*
 * What SE050A, SE050F, SE052F and A5000 lack is what data sheets say that others have and
 * they have not [U].
 */
static const struct model models[] = {
	{ "SE050E", "7-no-rsa", 0x87, { 0x07, 0x02, 0x00, 0x3F, 0x9F, 0xFF, 0xFF }, 1024, true,
	  { 0x00, 0x01, 0xA9, 0x21 }, false, false },
	{ "SE051", "7", 0x07, { 0x07, 0x02, 0x00, 0x6F, 0xFF, 0xFF, 0xFF }, 1024, true,
	  { 0x00, 0x05, 0xA8, 0xFA }, true, false },	/* SE051C */
	{ "SE050C", "3", 0x03, { 0x03, 0x01, 0x01, 0x6F, 0xFF, 0x01, 0x0B }, 892, false,
	  { 0x00, 0x01, 0xA1, 0xF4 }, false, false },	/* of the development kit */
	{ "SE050A", NULL, 0x83, { 0x03, 0x01, 0x01, 0x6F, 0x9F, 0x01, 0x0B }, 892, false,
	  { 0x00, 0x01, 0xA2, 0x04 }, false, false },
	{ "A5000", NULL, 0xA7, { 0x07, 0x02, 0x00, 0x3F, 0x93, 0xFF, 0xFF }, 1024, true,
	  { 0x00, 0x04, 0xA7, 0x36 }, false, false },
	{ "SE050F", NULL, 0xF3, { 0x03, 0x06, 0x00, 0x6F, 0xF3, 0x01, 0x0B }, 892, false,
	  { 0x00, 0x01, 0xA9, 0x2A }, false, true },
	{ "SE052F", NULL, 0xF7, { 0x07, 0x02, 0x10, 0x6F, 0xF3, 0xFF, 0xFF }, 1024, true,
	  { 0x00, 0x05, 0xB5, 0x01 }, true, true },
};

/* A new chip's, unless there are others: real ones have keys that NXP publishes. */
static const struct scp_keys test_keys = {
	0x0B, 16, "se05x-sim, S-ENC", "se05x-sim, S-MAC", "se05x-sim, S-DEK",
};

/*
 * Protocol version, vendor, data link layer (BWT 1000 ms, IFSC 254), I2C (400 kHz or
 * 1 MHz and high speed, MPOT, SEGT, wake-up time), historical bytes (UM11225, 4.4.2).
 */
static const uint8_t atr_se050[] = {
	0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
	0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00,
	0x0A, 0x4A, 0x43, 0x4F, 0x50, 0x34, 0x20, 0x41, 0x54, 0x50, 0x4F,
};
static const uint8_t atr_se051[] = {
	0x01, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
	0x0B, 0x03, 0xE8, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x13, 0x88,
	0x0A, 0x00, 0x65, 0x53, 0x45, 0x30, 0x35, 0x31, 0x00, 0x00, 0x00,
};

size_t iot_atr(const struct iot *iot, const uint8_t **atr)
{
	*atr = iot->model->se051_atr ? atr_se051 : atr_se050;
	return iot->model->se051_atr ? sizeof(atr_se051) : sizeof(atr_se050);
}

/* TLVs that a command takes */
#define T(n)		(1u << ((n) + 7))	/* TAG_n */
#define POLICY		(1u << (TAG_POLICY - TAG_SESSION))
#define ATTEMPTS	(1u << (TAG_MAX_ATTEMPTS - TAG_SESSION))
#define CHECK		(1u << (TAG_POLICY_CHECK - TAG_SESSION))
#define WRITE		(POLICY | CHECK | T(1) | T(11))
#define ATTEST		(T(5) | T(6) | T(7))	/* with INS_ATTEST only */
#define ONLY_7		(CHECK | T(11))

/* What else there is to a command */
#define F_7		0x01	/* applet 7.x only */
#define F_EMPTY		0x02	/* it needs no data, though it takes some */
#define F_ATTEST	0x04	/* INS_ATTEST can be set */
#define F_PART		0x08	/* P1 says which part of a key, too */

static const struct command {
	uint8_t ins;
	uint8_t p1;
	uint8_t p2;
	uint8_t flags;
	uint16_t features;	/* it needs one of them; 0: none */
	uint16_t delay_ms;
	uint32_t tags;		/* 0: it takes no data */
	uint16_t (*run)(struct call *call);
} commands[] = {
	{ INS_MGMT, 0, 0x20, 0, 0, 2, 0, cmd_get_version },
	{ INS_MGMT, 0, 0x21, F_7, 0, 2, 0, cmd_get_ext_version },
	{ INS_MGMT, 0, 0x3d, 0, 0, 2, 0, cmd_get_timestamp },
	{ INS_MGMT, 0, 0x22, 0, 0, 2, T(1), cmd_get_free_memory },
	{ INS_MGMT, 0, 0x49, 0, 0, 3, T(1), cmd_get_random },
	{ INS_MGMT, 0, 0x27, 0, 0, 2, T(1), cmd_check_exists },
	{ INS_MGMT, 0, 0x28, 0, 0, 20, T(1), cmd_delete_object },
	{ INS_MGMT, 0, 0x2a, 0, 0, 200, 0, cmd_delete_all },
	{ INS_MGMT, 0, 0x52, 0, 0, 15, T(1), cmd_set_scp_request },
	{ INS_MGMT, 0, 0x1b, 0, 0, 3, T(1), cmd_create_session },
	{ INS_MGMT, 0, 0x2c, 0, 0, 5, T(1), cmd_verify_userid },
	{ INS_MGMT, 0, 0x1f, 0, 0, 2, T(1), cmd_set_session_policy },
	{ INS_MGMT, 0, 0x1e, F_EMPTY, 0, 2, POLICY, cmd_refresh_session },
	{ INS_MGMT, 0, 0x1c, 0, 0, 2, 0, cmd_close_session },
	{ INS_MGMT, P1_CURVE, 0x28, 0, FEATURE_ECDSA_ECDH, 20, T(1), cmd_delete_curve },
	{ INS_MGMT, P1_CRYPTO_OBJ, 0x28, 0, 0, 15, T(1), cmd_delete_crypto_object },

	{ INS_READ, 0, 0x00, F_ATTEST, 0, 4, T(1) | T(2) | T(3) | T(4) | ATTEST, cmd_read_object },
	{ INS_READ, 0, 0x3b, F_ATTEST, 0, 4, T(1) | ATTEST, cmd_read_attributes },
	{ INS_READ, 0, 0x26, 0, 0, 2, T(1), cmd_read_type },
	{ INS_READ, 0, 0x07, 0, 0, 2, T(1), cmd_read_size },
	{ INS_READ, 0, 0x5b, F_7, 0, 2, 0, cmd_read_state },
	{ INS_READ, 0, 0x25, 0, 0, 4, T(1) | T(2), cmd_read_id_list },
	{ INS_READ, P1_CURVE, 0x25, 0, FEATURE_ECDSA_ECDH, 2, 0, cmd_read_curve_list },
	{ INS_READ, P1_CURVE, 0x36, 0, FEATURE_ECDSA_ECDH, 2, T(1), cmd_get_curve_id },
	{ INS_READ, P1_CRYPTO_OBJ, 0x25, 0, 0, 2, 0, cmd_read_crypto_list },

	{ INS_WRITE, P1_EC, 0x00, F_PART, FEATURE_ECDSA_ECDH, 20,
	  WRITE | ATTEMPTS | T(2) | T(3) | T(4), cmd_write_ec_key },
	{ INS_WRITE, P1_RSA, 0x00, F_PART, FEATURE_RSA, 20,
	  WRITE | T(2) | T(3) | T(4) | T(5) | T(6) | T(7) | T(8) | T(10), cmd_write_rsa_key },
	{ INS_WRITE, P1_RSA, 0x4f, F_PART, FEATURE_RSA_PLAIN, 20,
	  WRITE | T(2) | T(8) | T(9) | T(10), cmd_write_rsa_key },
	{ INS_WRITE, P1_AES, 0x00, 0, FEATURE_AES, 20,
	  WRITE | ATTEMPTS | T(2) | T(3) | T(4) | T(5), cmd_write_symm_key },
	{ INS_WRITE, P1_DES, 0x00, 0, FEATURE_DES, 20, WRITE | ATTEMPTS | T(2) | T(3),
	  cmd_write_symm_key },
	{ INS_WRITE, P1_HMAC, 0x00, 0, FEATURE_HMAC, 20,
	  WRITE | ATTEMPTS | T(2) | T(3) | T(5), cmd_write_symm_key },
	{ INS_WRITE, P1_BINARY, 0x00, 0, 0, 15, WRITE | T(2) | T(3) | T(4), cmd_write_binary },
	{ INS_WRITE, P1_USERID, 0x00, 0, 0, 15, WRITE | ATTEMPTS | T(2), cmd_write_userid },
	{ INS_WRITE, P1_COUNTER, 0x00, 0, 0, 15, WRITE | T(2) | T(3), cmd_write_counter },
	{ INS_WRITE, P1_PCR, 0x00, 0, 0, 15, WRITE | T(2) | T(3), cmd_write_pcr },
	{ INS_WRITE, P1_CURVE, 0x04, 0, FEATURE_ECDSA_ECDH, 15, T(1), cmd_create_curve },
	{ INS_WRITE, P1_CURVE, 0x40, 0, FEATURE_ECDSA_ECDH, 15, T(1) | T(2) | T(3),
	  cmd_set_curve_param },
	{ INS_WRITE, P1_CRYPTO_OBJ, 0x00, 0, 0, 15, T(1) | T(2) | T(3), cmd_create_crypto_object },

	{ INS_CRYPTO, P1_SIGNATURE, 0x09, 0, 0, 40, T(1) | T(2) | T(3) | T(4), cmd_sign },
	{ INS_CRYPTO, P1_SIGNATURE, 0x0a, 0, 0, 40, T(1) | T(2) | T(3) | T(4) | T(5), cmd_verify },
	{ INS_CRYPTO, P1_EC, 0x0f, 0, FEATURE_ECDSA_ECDH | FEATURE_DH_MONT, 60,
	  T(1) | T(2) | T(7), cmd_ecdh },
	{ INS_CRYPTO, P1_EC, 0x59, F_7, FEATURE_ECDSA_ECDH | FEATURE_DH_MONT, 60,
	  T(1) | T(2) | T(7), cmd_ecdh },
	{ INS_CRYPTO, P1_RSA, 0x37, 0, FEATURE_RSA, 30, T(1) | T(2) | T(3), cmd_rsa_encrypt },
	{ INS_CRYPTO, P1_RSA, 0x38, 0, FEATURE_RSA, 200, T(1) | T(2) | T(3), cmd_rsa_decrypt },
	{ INS_CRYPTO, P1_CIPHER, 0x37, 0, 0, 5, T(1) | T(2) | T(3) | T(4), cmd_cipher_one_shot },
	{ INS_CRYPTO, P1_CIPHER, 0x38, 0, 0, 5, T(1) | T(2) | T(3) | T(4), cmd_cipher_one_shot },
	{ INS_CRYPTO, P1_CIPHER, 0x42, 0, 0, 5, T(1) | T(2) | T(4), cmd_cipher_init },
	{ INS_CRYPTO, P1_CIPHER, 0x43, 0, 0, 5, T(1) | T(2) | T(4), cmd_cipher_init },
	{ INS_CRYPTO, P1_CIPHER, 0x0c, 0, 0, 5, T(2) | T(3), cmd_cipher_update },
	{ INS_CRYPTO, P1_CIPHER, 0x0d, 0, 0, 5, T(2) | T(3), cmd_cipher_final },
	{ INS_CRYPTO, P1_AEAD, 0x37, F_7, FEATURE_AES, 8,
	  T(1) | T(2) | T(3) | T(4) | T(5) | T(6), cmd_aead_one_shot },
	{ INS_CRYPTO, P1_AEAD, 0x38, F_7, FEATURE_AES, 8,
	  T(1) | T(2) | T(3) | T(4) | T(5) | T(6), cmd_aead_one_shot },
	{ INS_CRYPTO, P1_MAC, 0x45, 0, 0, 5, T(1) | T(2) | T(3), cmd_mac_one_shot },
	{ INS_CRYPTO, P1_MAC, 0x46, 0, 0, 5, T(1) | T(2) | T(3) | T(5), cmd_mac_one_shot },
	{ INS_CRYPTO, P1_MAC, 0x03, 0, 0, 5, T(1) | T(2), cmd_mac_init },
	{ INS_CRYPTO, P1_MAC, 0x44, 0, 0, 5, T(1) | T(2), cmd_mac_init },
	{ INS_CRYPTO, P1_MAC, 0x0c, 0, 0, 5, T(1) | T(2), cmd_mac_update },
	{ INS_CRYPTO, P1_MAC, 0x0d, 0, 0, 5, T(1) | T(2) | T(3), cmd_mac_final },
	{ INS_CRYPTO, 0, 0x0e, 0, 0, 5, T(1) | T(2), cmd_digest_one_shot },
	{ INS_CRYPTO, 0, 0x0b, 0, 0, 5, T(2), cmd_digest_init },
	{ INS_CRYPTO, 0, 0x0c, 0, 0, 5, T(2) | T(3), cmd_digest_update },
	{ INS_CRYPTO, 0, 0x0d, 0, 0, 5, T(2) | T(3), cmd_digest_final },
	{ INS_CRYPTO, 0, 0x2d, 0, FEATURE_HMAC, 10,
	  T(1) | T(2) | T(3) | T(4) | T(5) | T(6) | T(7), cmd_hkdf },
	{ INS_CRYPTO, 0, 0x2f, F_7, FEATURE_HMAC, 10,
	  T(1) | T(2) | T(3) | T(4) | T(5) | T(6) | T(7), cmd_hkdf },
	{ INS_CRYPTO, 0, 0x2e, 0, FEATURE_PBKDF, 10,
	  T(1) | T(2) | T(3) | T(4) | T(5) | T(6) | T(7), cmd_pbkdf2 },
};

/* Flags that INS can have beside what is to be done */
static uint8_t ins_flags(const struct command *c)
{
	if (c->ins == INS_WRITE && c->p1 != P1_CURVE && c->p1 != P1_CRYPTO_OBJ)
		return INS_TRANSIENT | INS_AUTH;
	return c->flags & F_ATTEST ? INS_ATTEST : 0;
}

/*
 * Return: SW_INS for what this chip lacks, be it the instruction or a feature;
 * SW_P1P2 for what no chip has.
 */
static uint16_t find_command(const struct call *call, const struct command **found)
{
	const struct apdu *apdu = call->apdu;
	uint16_t sw = SW_INS;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];
		uint8_t p1 = c->flags & F_PART ? apdu->p1 & P1_MASK : apdu->p1;

		if ((apdu->ins & ~ins_flags(c)) != c->ins)
			continue;
		if (c->flags & F_7 && !is_7(call))
			continue;
		sw = SW_P1P2;
		if (p1 != c->p1 || apdu->p2 != c->p2)
			continue;
		if (c->features && !feature(call, c->features))
			return SW_INS;
		*found = c;
		return SW_OK;
	}
	return sw;
}

static uint16_t check_data(struct call *call, const struct command *command)
{
	uint32_t tags = command->tags;
	uint16_t sw;

	if (!call->apdu->lc)
		return tags && !(command->flags & F_EMPTY) ? SW_LENGTH : SW_OK;
	if (!tags)
		return SW_LENGTH;
	if (!is_7(call))
		tags &= ~ONLY_7;
	if (command->flags & F_ATTEST && !(call->apdu->ins & INS_ATTEST))
		tags &= ~ATTEST;
	sw = tlvs_parse(&call->tlvs, call->apdu->data, call->apdu->lc);
	if (sw != SW_OK)
		return sw;
	return call->tlvs.seen & ~tags ? SW_DATA : SW_OK;
}

static uint16_t run(struct call *call)
{
	const struct command *command;
	uint16_t sw;

	if (call->apdu->cla != 0x80)
		return SW_CLA;
	sw = find_command(call, &command);
	if (sw == SW_OK)
		sw = check_data(call, command);
	if (sw == SW_OK)
		sw = errors_find(call->iot->errors, call);
	if (sw == SW_OK && lock_refuses(call))
		sw = SW_DENIED;
	if (sw != SW_OK)
		return sw;
	call->delay_ms = command->delay_ms;
	return command->run(call);
}

/* The C-APDU in a session's wrapper; it is run as if it came alone. */
static uint16_t process(struct call *call)
{
	struct apdu inner;
	uint16_t sw = tlvs_parse(&call->tlvs, call->apdu->data, call->apdu->lc);

	if (sw != SW_OK)
		return sw;
	if (!has(call, TAG_1))
		return SW_DATA;
	sw = session_enter(call, arg(call, TAG_SESSION));
	if (sw != SW_OK)
		return sw;
	sw = apdu_parse(&inner, arg(call, TAG_1)->value, arg(call, TAG_1)->len);
	if (sw != SW_OK)
		return sw;
	inner.secure = call->apdu->secure;
	call->apdu = &inner;
	memset(&call->tlvs, 0, sizeof(call->tlvs));
	sw = inner.ins == INS_PROCESS ? SW_CONDITIONS : session_run(call, run);
	session_leave(call);
	return sw;
}

uint16_t iot_process(struct iot *iot, const struct apdu *apdu, struct response *rsp,
		     uint32_t *delay_us)
{
	struct call call = { .iot = iot, .apdu = apdu, .rsp = rsp };
	uint16_t sw;

	if (iot->rate && iot->commands++ == iot->rate) {
		iot->commands = 0;
		return SW_RATE;
	}
	if ((iot->model->fips || iot->store.scp_required == 1) && !apdu->secure)
		return SW_SECURITY;
	if (apdu->lc > iot->model->payload_max)
		return SW_LENGTH;
	if (apdu->cla == 0x80 && apdu->ins == INS_PROCESS)
		sw = apdu->p1 || apdu->p2 ? SW_P1P2 : process(&call);
	else
		sw = run(&call);
	if (call.delay_ms)
		*delay_us = call.delay_ms * 1000;
	return sw;
}

const struct scp_keys *iot_scp_keys(const struct iot *iot)
{
	return &iot->store.scp_keys;
}

/* Longer keys: with applet 7.2 (NXP's middleware from 04.07 on) */
uint16_t iot_put_key(struct iot *iot, const struct apdu *apdu, struct response *rsp)
{
	static const uint8_t why[] = { INS_PUT_KEY, 0, 0 };
	uint16_t sw = scp_put_key(&iot->store.scp_keys, iot->model->v7, apdu, rsp);

	return sw == SW_OK && store_save(&iot->store, why, 0) ? SW_INTERNAL : sw;
}

bool iot_counts_all(const struct iot *iot)
{
	return iot->model->v7;
}

const uint8_t *iot_oef(const struct iot *iot)
{
	return iot->model->oef;
}

const uint8_t *iot_unique(const struct iot *iot)
{
	return store_find(&iot->store, ID_UNIQUE)->value;
}

void iot_version(const struct iot *iot, struct response *rsp)
{
	rsp_put(rsp, iot->model->version, sizeof(iot->model->version));
}

uint16_t iot_save_object(const struct call *call, const struct object *object)
{
	return object->transient ? SW_OK : iot_save(call);
}

uint16_t iot_save(const struct call *call)
{
	const uint8_t why[] = { call->apdu->ins, call->apdu->p1, call->apdu->p2 };
	const struct tlv *id = arg(call, TAG_1);

	/* the number in TAG_1: of an object, a crypto object or a curve */
	return store_save(&call->iot->store, why, id->len <= 4 ?
			  get_be(id->value, id->len) : 0) ? SW_INTERNAL : SW_OK;
}

uint16_t arg_optional(const struct call *call, uint8_t tag, size_t size, uint32_t *number)
{
	return !has(call, tag) || tlv_number(arg(call, tag), size, number) ? SW_OK : SW_DATA;
}

static const struct model *find_model(const char *name)
{
	size_t i;

	if (!name)
		return &models[0];
	for (i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (!strcmp(models[i].name, name) ||
		    (models[i].alias && !strcmp(models[i].alias, name)))
			return &models[i];
	errno = EINVAL;
	return NULL;
}

struct iot *iot_new(const struct applet_config *config)
{
	const struct model *model = find_model(config->model);
	struct iot *iot = NULL;

	if (model && !errors_valid(config->errors))
		errno = EINVAL;
	else if (model)
		iot = calloc(1, sizeof(*iot));
	if (!iot)
		return NULL;
	iot->model = model;
	iot->rate = config->rate;
	iot->create_montgomery = model->v7 && config->create_montgomery;
	iot->short_signature = config->short_signature;
	iot->locked = config->locked;
	if (config->errors)
		iot->errors = strdup(config->errors);
	if (store_open(&iot->store, config->state, config->wear_log, model->number,
		       config->scp_keys ?: &test_keys)) {
		int error = errno;

		iot_free(iot);
		errno = error;
		return NULL;
	}
	return iot;
}

void iot_free(struct iot *iot)
{
	if (!iot)
		return;
	store_close(&iot->store);
	free(iot->errors);
	free(iot);
}

void iot_reset(struct iot *iot)
{
	memset(iot->sessions, 0, sizeof(iot->sessions));
	store_drop_transient(&iot->store);
}
