// SPDX-License-Identifier: GPL-2.0-only
/*
 * The applets of the simulated SE05x: which one gets the C-APDU
 *
 * There is the IoT applet (iot.c), its security domain, a card manager that is selected
 * after each reset and tells what product the chip is, and a test applet with AID
 * D2760000850100:
 *	80 10: echoes its data
 *	80 12: answers after P1P2 milliseconds
 *	80 14: answers P1P2 bytes 00 01 02 ...
 *	80 16: echoes its data after those of the pieces that came before it (90 16)
 *	80 18: has an answer of P1P2 bytes 00 01 02 ... for GET RESPONSE (00 C0)
 * 90 12 is a piece, too, and as slow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "applet.h"
#include "error.h"
#include "iot.h"
#include "scp.h"
#include "store.h"

static const uint8_t nxps_aid[] = {
	0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
	0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00,
};
static const uint8_t aid_manager[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00 };
/* The security domain to which the IoT applet belongs; the chip's channel is its. */
static const uint8_t aid_domain[] = {
	0xD2, 0x76, 0x00, 0x00, 0x85, 0x30, 0x4A, 0x43, 0x4F, 0x90, 0x03,
};
static const uint8_t aid_test[] = { 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x00 };

#define RID_LEN	5	/* of an AID's part that names who registered it */

/* What the test applet keeps from one command to the next */
struct test {
	uint8_t pieces[1024];	/* of a command, before its last one */
	size_t len;
	unsigned int told, left;	/* of an answer */
};

struct applet {
	struct iot *iot;
	struct test test;
	struct scp scp;
	bool no_iot;
	uint8_t aid[16];	/* of the IoT applet */
	size_t aid_len;
	unsigned int speed;
	unsigned int cut;	/* see struct applet_config */
	bool off;		/* it was cut during the command under way */
	enum { MANAGER, DOMAIN, IOT, TEST } selected;
};

static bool take_aid(struct applet *applet, const char *hex)
{
	if (hex) {
		applet->aid_len = parse_hex(hex, applet->aid, sizeof(applet->aid));
	} else {
		applet->aid_len = sizeof(nxps_aid);
		memcpy(applet->aid, nxps_aid, sizeof(nxps_aid));
	}
	return applet->aid_len >= RID_LEN;
}

struct applet *applet_new(const struct applet_config *config)
{
	static const struct applet_config nothing_said;
	struct applet *applet = calloc(1, sizeof(*applet));
	struct applet_config iot;

	if (!applet)
		return NULL;
	if (!config)
		config = &nothing_said;
	if (!take_aid(applet, config->aid)) {
		free(applet);
		errno = EINVAL;
		return NULL;
	}
	applet->speed = config->speed ? config->speed : 1;
	applet->cut = config->cut;
	iot = *config;
	applet->no_iot = iot.model && !strcmp(iot.model, "none");
	if (applet->no_iot)
		iot.model = NULL;
	applet->iot = iot_new(&iot);
	if (!applet->iot) {
		free(applet);
		return NULL;
	}
	applet->scp.count_all = iot_counts_all(applet->iot);
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
	memset(&applet->test, 0, sizeof(applet->test));
	scp_close(&applet->scp);
	iot_reset(applet->iot);
}

void applet_sleep(struct applet *applet)
{
	scp_close(&applet->scp);
}

size_t applet_atr(const struct applet *applet, const uint8_t **atr)
{
	return iot_atr(applet->iot, atr);
}

/* Selecting the IoT applet again ends its sessions, too, and the channel. */
static void deselect(struct applet *applet)
{
	memset(&applet->test, 0, sizeof(applet->test));
	scp_close(&applet->scp);
	if (applet->selected == IOT)
		iot_reset(applet->iot);
}

/* ISO/IEC 7816-4, 8.2.1.2: cut short, but not into the RID, the first that fits is it. */
static bool is_named(const struct apdu *apdu, const uint8_t *aid, size_t len)
{
	return apdu->lc >= RID_LEN && apdu->lc <= len && !memcmp(apdu->data, aid, apdu->lc);
}

static uint16_t select_by_name(struct applet *applet, const struct apdu *apdu,
			       struct response *rsp)
{
	if (apdu->p2 == 0x02)
		return SW_NOT_FOUND;	/* the next that fits: there is one of each only */
	if (!applet->no_iot && is_named(apdu, applet->aid, applet->aid_len)) {
		deselect(applet);
		applet->selected = IOT;
		if (apdu->p2 == 0x00)
			iot_version(applet->iot, rsp);
		return SW_OK;
	}
	if (!applet->no_iot && is_named(apdu, aid_domain, sizeof(aid_domain))) {
		deselect(applet);
		applet->selected = DOMAIN;
		return SW_OK;
	}
	if (is_named(apdu, aid_test, sizeof(aid_test))) {
		deselect(applet);
		applet->selected = TEST;
		return SW_OK;
	}
	if (!apdu->lc || is_named(apdu, aid_manager, sizeof(aid_manager))) {
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

/* 61xx says how much waits, 00: 256 or more. */
static uint16_t test_more(const struct test *test)
{
	return test->left ? SW_MORE | (test->left < 256 ? test->left : 0) : SW_OK;
}

static uint16_t test_get_response(struct test *test, const struct apdu *apdu,
				  struct response *rsp)
{
	size_t n = apdu->le < test->left ? apdu->le : test->left;

	if (!test->left)
		return SW_CONDITIONS;
	for (test->left -= n; n; n--)
		rsp_put(rsp, (uint8_t[]) { test->told++ }, 1);
	return test_more(test);
}

/* The pieces of one command; any other command drops them. */
static uint16_t test_piece(struct test *test, const struct apdu *apdu, struct response *rsp)
{
	if (apdu->lc > sizeof(test->pieces) - test->len)
		return SW_LENGTH;
	memcpy(test->pieces + test->len, apdu->data, apdu->lc);
	test->len += apdu->lc;
	if (apdu->cla == 0x90)
		return SW_OK;
	rsp_put(rsp, test->pieces, test->len);
	test->len = 0;
	return SW_OK;
}

static uint16_t test_process(struct test *test, const struct apdu *apdu,
			     struct response *rsp, uint32_t *delay_us)
{
	unsigned int n = apdu->p1 << 8 | apdu->p2;
	uint8_t byte;

	if (apdu->cla == 0x00 && apdu->ins == 0xC0)
		return test_get_response(test, apdu, rsp);
	test->told = test->left = 0;
	if (apdu->ins == 0x16 && (apdu->cla & 0xEF) == 0x80)
		return test_piece(test, apdu, rsp);
	test->len = 0;
	if (apdu->cla != 0x80 && !(apdu->cla == 0x90 && apdu->ins == 0x12))
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
	case 0x18:
		test->left = n;
		return test_more(test);
	default:
		return SW_INS;
	}
}

static void put_part(struct response *rsp, uint8_t tag, const void *value, size_t len)
{
	rsp_put(rsp, (uint8_t[]) { tag, len }, 2);
	rsp_put(rsp, value, len);
}

/*
 * Card identification data (JCOP's IDENTIFY). Its configuration ID begins with the OEF,
 * by which hosts know the product; the rest is made up.
 */
static uint16_t identify(const struct applet *applet, const struct apdu *apdu,
			 struct response *rsp)
{
	static const char build[24] = "SIMULATED CHIP";
	uint8_t configuration[12] = { }, nothing[8] = { };

	if (apdu->lc != 2 || memcmp(apdu->data, "\xDF\x28", 2))
		return SW_DATA;
	memcpy(configuration, iot_oef(applet->iot), 4);
	rsp_put(rsp, (uint8_t[]) { 0xFE, 0x45, 0xDF, 0x28, 0x42 }, 5);
	put_part(rsp, 0x01, configuration, sizeof(configuration));
	put_part(rsp, 0x02, nothing, 8);	/* patch */
	put_part(rsp, 0x03, build, sizeof(build));
	put_part(rsp, 0x05, nothing, 1);	/* FIPS mode */
	put_part(rsp, 0x07, nothing, 1);	/* state of personalization */
	put_part(rsp, 0x08, nothing, 8);	/* ROM */
	return SW_OK;
}

/*
 * Card production life cycle data (GlobalPlatform, Card Specification, 11.3.3.1): 42 bytes,
 * of which the fabricator is NXP, the serial number is this chip's, and nothing else is told.
 */
static uint16_t cplc(const struct applet *applet, const struct apdu *apdu, struct response *rsp)
{
	uint8_t data[42] = { 0x47, 0x90 };

	if (apdu->lc)
		return SW_LENGTH;
	memcpy(data + 12, iot_unique(applet->iot) + UNIQUE_LEN - 4, 4);
	rsp_put(rsp, (uint8_t[]) { 0x9F, 0x7F, sizeof(data) }, 3);
	rsp_put(rsp, data, sizeof(data));
	return SW_OK;
}

static uint16_t get_data(const struct applet *applet, const struct apdu *apdu,
			 struct response *rsp)
{
	switch (apdu->p1 << 8 | apdu->p2) {
	case 0x00FE:
		return identify(applet, apdu, rsp);
	case 0x9F7F:
		return cplc(applet, apdu, rsp);
	default:
		return SW_NO_DATA;
	}
}

/* Only in the channel; one cut of the power is enough. */
static uint16_t put_key(struct applet *applet, const struct apdu *apdu, struct response *rsp)
{
	unsigned int cut = applet->cut;
	uint16_t sw;

	if (!apdu->secure)
		return SW_SECURITY;
	applet->cut = 0;
	sw = cut == 1 ? SW_OK : iot_put_key(applet->iot, apdu, rsp);
	applet->off = cut;
	return sw;
}

static uint16_t plain_process(struct applet *applet, const struct apdu *apdu,
			      struct response *rsp, uint32_t *delay_us)
{
	switch (applet->selected) {
	case IOT:
		/* taken and dropped: no command of it comes in pieces */
		if (apdu->cla == 0x90)
			return SW_OK;
		return iot_process(applet->iot, apdu, rsp, delay_us);
	default:
		if (applet->selected == DOMAIN && apdu->cla == 0x80 && apdu->ins == INS_PUT_KEY)
			return put_key(applet, apdu, rsp);
		if (apdu->cla == 0x80 && apdu->ins == 0xCA)
			return get_data(applet, apdu, rsp);
		return apdu->cla & 0x60 ? SW_CLA : SW_INS;
	}
}

/* In the channel of the whole chip nothing goes without it; that ends it [U]. */
static uint16_t secure_process(struct applet *applet, const struct apdu *apdu,
			       struct response *rsp, uint32_t *delay_us)
{
	uint8_t buf[APPLET_COMMAND_MAX];
	struct apdu plain;
	uint16_t sw = scp_unwrap(&applet->scp, apdu, buf, &plain);

	if (sw != SW_OK)
		return sw;
	sw = plain_process(applet, &plain, rsp, delay_us);
	OPENSSL_cleanse(buf, sizeof(buf));
	if (!rsp->bare)
		return scp_wrap(&applet->scp, rsp, sw);
	scp_close(&applet->scp);
	return sw;
}

static uint16_t process(struct applet *applet, const struct apdu *apdu,
			struct response *rsp, uint32_t *delay_us)
{
	if (apdu->cla == 0x00 && apdu->ins == 0xA4 && apdu->p1 == 0x04)
		return select_by_name(applet, apdu, rsp);
	if (applet->selected == TEST)
		return test_process(&applet->test, apdu, rsp, delay_us);
	/* the card manager has a channel of its own, with keys that nobody here has */
	if (apdu->cla == 0x80 && apdu->ins == INS_INITIALIZE_UPDATE && applet->selected == MANAGER)
		return SW_NO_DATA;
	if (apdu->cla == 0x80 && apdu->ins == INS_INITIALIZE_UPDATE)
		return scp_initialize(&applet->scp, iot_scp_keys(applet->iot), apdu, rsp);
	if (apdu->cla == 0x84 && apdu->ins == INS_EXTERNAL_AUTHENTICATE)
		return scp_authenticate(&applet->scp, apdu);
	if (applet->scp.state == SCP_OPEN)
		return secure_process(applet, apdu, rsp, delay_us);
	return plain_process(applet, apdu, rsp, delay_us);
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
	if (applet->off) {
		applet->off = false;
		applet_reset(applet);
		*out_len = 0;
		return;
	}
	if (rsp.overflow)
		sw = SW_LENGTH;
	if (sw != SW_OK && sw >> 8 != SW_MORE >> 8)
		rsp.len = 0;
	put_be16(out + rsp.len, sw);
	*out_len = rsp.len + 2;
}
