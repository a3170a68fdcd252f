// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chip in the fault matrix with the secure channel: the simulated chip's SCP03, and
 * behind it the applet that runs a number and answers as bus_command() has it
 */
#include <string.h>

#include "bus.h"
#include "../../tools/sim/scp.h"

#define INS_SELECT	0xA4
#define CLA_SECURE	0x04

static const struct scp_keys keys = {
	0x0B, 16, "se05x-sim, S-ENC", "se05x-sim, S-MAC", "se05x-sim, S-DEK",
};

#define CHALLENGES	63	/* in applet_state: how many there were */

static u64 challenge;

/* In place of libcrypto's, so that a case can be repeated: another one each time */
int RAND_bytes(unsigned char *buf, int n)
{
	memset(buf, 0, n);
	memcpy(buf, &challenge, sizeof(challenge));
	return 1;
}

_Static_assert(sizeof(struct scp) <= CHALLENGES * sizeof(u64), "too large");

static struct scp *state(struct bus *bus)
{
	return (struct scp *)bus->applet_state;
}

static void channel_reset(struct bus *bus)
{
	scp_close(state(bus));
	state(bus)->count_all = true;
}

/* The command is as bus_command() made it, its body as data. */
static uint16_t run(struct bus *bus, const struct apdu *apdu, struct response *rsp, u64 *at)
{
	const uint8_t *data = apdu->data;
	u16 answer;

	if (apdu->ins != 0x10 || apdu->lc < 6 || apdu->lc != 6u + (data[4] << 8 | data[5])) {
		bus->nonsense++;
		return SW_INS;
	}
	bus->ran[apdu->p1 % BUS_NONCES]++;
	*at += (data[0] << 8 | data[1]) * MS;
	answer = data[2] << 8 | data[3];
	for (u16 i = 0; i < answer; i++)
		rsp_put(rsp, (uint8_t[]) { apdu->p1 ^ (i * 7) }, 1);
	return SW_OK;
}

static uint16_t process(struct bus *bus, const struct apdu *apdu, struct response *rsp, u64 *at)
{
	uint8_t buf[CARD_APDU_MAX];
	struct apdu plain;
	uint16_t sw;

	if (apdu->ins == INS_SELECT) {
		channel_reset(bus);
		return SW_OK;
	}
	challenge = ++bus->applet_state[CHALLENGES];
	if (apdu->ins == INS_INITIALIZE_UPDATE)
		return scp_initialize(state(bus), &keys, apdu, rsp);
	if (apdu->ins == INS_EXTERNAL_AUTHENTICATE)
		return scp_authenticate(state(bus), apdu);
	if (!(apdu->cla & CLA_SECURE))
		return SW_SECURITY;	/* as a FIPS part does */
	sw = scp_unwrap(state(bus), apdu, buf, &plain);
	if (sw != SW_OK)
		return sw;
	return scp_wrap(state(bus), rsp, run(bus, &plain, rsp, at));
}

static void channel_apdu(struct bus *bus, const u8 *buf, size_t len, u64 at)
{
	uint8_t out[CARD_APDU_MAX];
	struct response rsp = { .buf = out, .max = sizeof(out) - 2 };
	struct apdu apdu;
	uint16_t sw = apdu_parse(&apdu, buf, len);

	if (sw == SW_OK)
		sw = process(bus, &apdu, &rsp, &at);
	if (sw != SW_OK)
		rsp.len = 0;
	out[rsp.len] = sw >> 8;
	out[rsp.len + 1] = sw & 0xff;
	card_answer(&bus->card, out, rsp.len + 2, at);
}

void bus_secure(struct bus *bus)
{
	bus->applet = channel_apdu;
	bus->applet_reset = channel_reset;
	channel_reset(bus);
}
