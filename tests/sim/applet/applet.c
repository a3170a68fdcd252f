// SPDX-License-Identifier: GPL-2.0-only
/*
 * The applets of the simulated SE05x: which one gets the C-APDU
 *
 * There is the IoT applet (iot.c), a card manager that is selected after each
 * reset, and a test applet with AID D2760000850100:
 *	80 10: echoes its data
 *	80 12: answers after P1P2 milliseconds
 *	80 14: answers P1P2 bytes 00 01 02 ...
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "applet.h"
#include "iot.h"

static const uint8_t aid_iot[] = {
	0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
	0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00,
};
static const uint8_t aid_manager[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00 };
static const uint8_t aid_test[] = { 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00 };

/* Keys that GlobalPlatform's examples use; this chip guards nothing. */
static const uint8_t scp_key[16] = {
	0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
	0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F,
};

struct applet {
	struct iot *iot;
	unsigned int speed;
	enum { MANAGER, IOT, TEST } selected;
};

struct applet *applet_new(const struct applet_config *config)
{
	static const struct applet_config nothing_said;
	struct applet *applet = calloc(1, sizeof(*applet));

	if (!applet)
		return NULL;
	if (!config)
		config = &nothing_said;
	applet->speed = config->speed ? config->speed : 1;
	applet->iot = iot_new(config);
	if (!applet->iot) {
		free(applet);
		return NULL;
	}
	return applet;
}

void applet_free(struct applet *applet)
{
	if (applet)
		iot_free(applet->iot);
	free(applet);
}

void applet_reset(struct applet *applet)
{
	applet->selected = MANAGER;
	iot_reset(applet->iot);
}

/* Selecting the IoT applet again ends its sessions, too. */
static void deselect(struct applet *applet)
{
	if (applet->selected == IOT)
		iot_reset(applet->iot);
}

static uint16_t select_by_name(struct applet *applet, const struct apdu *apdu,
			       struct response *rsp)
{
	if (apdu->lc == sizeof(aid_iot) && !memcmp(apdu->data, aid_iot, apdu->lc)) {
		deselect(applet);
		applet->selected = IOT;
		if (apdu->p2 == 0x00)
			iot_version(applet->iot, rsp);
		return SW_OK;
	}
	if (apdu->lc == sizeof(aid_test) && !memcmp(apdu->data, aid_test, apdu->lc)) {
		deselect(applet);
		applet->selected = TEST;
		return SW_OK;
	}
	if (!apdu->lc ||
	    (apdu->lc == sizeof(aid_manager) && !memcmp(apdu->data, aid_manager, apdu->lc))) {
		deselect(applet);
		applet->selected = MANAGER;
		if (apdu->p2 == 0x00) {
			/* FCI template with the name, as GlobalPlatform has it */
			rsp_put(rsp, (uint8_t[]) { 0x6F, 2 + sizeof(aid_manager), 0x84,
						   sizeof(aid_manager) }, 4);
			rsp_put(rsp, aid_manager, sizeof(aid_manager));
		}
		return SW_OK;
	}
	return SW_NOT_FOUND;
}

static bool cmac(const uint8_t *key, const uint8_t *data, size_t len, uint8_t *mac)
{
	char cipher[] = "AES-128-CBC";
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, sizeof(cipher) - 1),
		OSSL_PARAM_END,
	};
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(algorithm);
	size_t mac_len = 0;
	bool ok = ctx && EVP_MAC_init(ctx, key, 16, params) &&
		  EVP_MAC_update(ctx, data, len) &&
		  EVP_MAC_final(ctx, mac, &mac_len, 16) && mac_len == 16;

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(algorithm);
	return ok;
}

/* NIST SP 800-108 counter mode as SCP03 uses it (GPC Amendment D, 4.1.5) */
static bool derive(const uint8_t *key, uint8_t constant, uint16_t bits,
		   const uint8_t *context, uint8_t *out)
{
	uint8_t input[32] = { [11] = constant, [13] = bits >> 8, [14] = bits & 0xff, [15] = 1 };

	memcpy(input + 16, context, 16);
	return cmac(key, input, sizeof(input), out);
}

/*
 * INITIALIZE UPDATE of SCP03: a real card cryptogram. The channel itself goes
 * no further: nothing here takes wrapped commands.
 */
static uint16_t initialize_update(const struct apdu *apdu, struct response *rsp)
{
	uint8_t context[16], mac_key[16], cryptogram[16];
	uint8_t head[13] = { [10] = 0x0B, [11] = 0x03, [12] = 0x00 };

	if (apdu->lc != 8)
		return SW_LENGTH;
	memcpy(context, apdu->data, 8);
	if (RAND_bytes(context + 8, 8) != 1 ||
	    !derive(scp_key, 0x06, 128, context, mac_key) ||
	    !derive(mac_key, 0x00, 64, context, cryptogram))
		return SW_INTERNAL;
	rsp_put(rsp, head, sizeof(head));
	rsp_put(rsp, context + 8, 8);
	rsp_put(rsp, cryptogram, 8);
	return SW_OK;
}

static uint16_t test_process(const struct apdu *apdu, struct response *rsp,
			     uint32_t *delay_us)
{
	unsigned int n = apdu->p1 << 8 | apdu->p2;
	uint8_t byte;

	if (apdu->cla != 0x80)
		return SW_CLA;
	switch (apdu->ins) {
	case 0x10:
		rsp_put(rsp, apdu->data, apdu->lc);
		return SW_OK;
	case 0x12:
		*delay_us = n * 1000;
		return SW_OK;
	case 0x14:
		for (byte = 0; n; n--, byte++)
			rsp_put(rsp, &byte, 1);
		return SW_OK;
	default:
		return SW_INS;
	}
}

static uint16_t process(struct applet *applet, const struct apdu *apdu,
			struct response *rsp, uint32_t *delay_us)
{
	if (apdu->cla == 0x00 && apdu->ins == 0xA4 && apdu->p1 == 0x04)
		return select_by_name(applet, apdu, rsp);
	switch (applet->selected) {
	case IOT:
		if (apdu->cla == 0x80 && apdu->ins == 0x50)
			return initialize_update(apdu, rsp);
		return iot_process(applet->iot, apdu, rsp, delay_us);
	case TEST:
		return test_process(apdu, rsp, delay_us);
	default:
		if (apdu->cla == 0x80 && apdu->ins == 0x50)
			return initialize_update(apdu, rsp);
		return apdu->cla & 0x60 ? SW_CLA : SW_INS;
	}
}

void applet_process(struct applet *applet, const uint8_t *buf, size_t len,
		    uint8_t *out, size_t *out_len, uint32_t *delay_us)
{
	struct response rsp = { .buf = out, .max = APPLET_RESPONSE_MAX - 2 };
	struct apdu apdu;
	uint16_t sw = apdu_parse(&apdu, buf, len);

	*delay_us = 1500;
	if (sw == SW_OK)
		sw = process(applet, &apdu, &rsp, delay_us);
	*delay_us /= applet->speed;
	if (rsp.overflow)
		sw = SW_LENGTH;
	if (sw != SW_OK)
		rsp.len = 0;
	put_be16(out + rsp.len, sw);
	*out_len = rsp.len + 2;
}
