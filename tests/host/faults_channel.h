/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver in the fault matrix with the secure channel: what se05x_channel.c does, on
 * se05x_scp.c as it is. What a fault did to the channel's state shows in the verdict: a
 * verified success is the chip's own, whatever happened on the wire.
 */
#ifndef SE05X_FAULTS_CHANNEL_H
#define SE05X_FAULTS_CHANNEL_H

#define OPENSSL_SUPPRESS_DEPRECATED	/* schedules that can be copied */
#include <openssl/aes.h>

#include "../../kernel/se05x_scp.h"

/* SELECT, INITIALIZE UPDATE and EXTERNAL AUTHENTICATE, twice, and the command */
#define EXCHANGES	7

struct both { AES_KEY encrypt, decrypt; };

/* What goes with a copy of the bus */
struct host {
	struct se05x_scp scp;
	struct both enc, mac, rmac;
	u32 lost;		/* bus->events[SE05X_LINK_LOST], last time */
	u32 openings;
};

_Static_assert(sizeof(struct host) <= sizeof(((struct bus *)0)->host_state), "too small");

void bus_secure(struct bus *bus);

static void encrypt_block(const void *key, u8 *out, const u8 *in)
{
	AES_encrypt(in, out, &((const struct both *)key)->encrypt);
}

static void decrypt_block(const void *key, u8 *out, const u8 *in)
{
	AES_decrypt(in, out, &((const struct both *)key)->decrypt);
}

static const struct se05x_scp_cipher aes = { encrypt_block, decrypt_block };

static void set_key(struct both *both, const u8 *key)
{
	AES_set_encrypt_key(key, 128, &both->encrypt);
	AES_set_decrypt_key(key, 128, &both->decrypt);
}

/* A copied bus has its own */
static struct host *host_of(struct bus *bus)
{
	struct host *host = (struct host *)bus->host_state;

	host->scp.cipher = &aes;
	host->scp.enc = &host->enc;
	host->scp.mac = &host->mac;
	host->scp.rmac = &host->rmac;
	host->scp.count_all = true;
	return host;
}

static void start_channel(struct bus *bus)
{
	bus_secure(bus);
	host_of(bus)->lost = bus->events[SE05X_LINK_LOST];
}

static int send_plain(struct bus *bus, const u8 *command, size_t len, u8 *response,
		      size_t *response_len)
{
	struct se05x_apdu apdu = {
		.command = command, .command_len = len, .response = response,
	};
	int ret = se05x_link_wake(&bus->link, true);

	ret = ret ? ret : se05x_link_transceive(&bus->link, &apdu);
	*response_len = apdu.response_len;
	return ret;
}

static int open_once(struct bus *bus)
{
	static u8 command[64], response[SE05X_T1_RESPONSE_MAX];
	static const u8 select[] = { 0x00, 0xA4, 0x04, 0x00, 0x02, 0xA0, 0x00 };
	struct host *host = host_of(bus);
	u8 challenge[SE05X_SCP_CHALLENGE] = { };
	struct se05x_scp_keys keys;
	struct both enc, mac;
	size_t len;
	int ret = send_plain(bus, select, sizeof(select), response, &len);

	if (ret)
		return ret;
	host->openings++;
	memcpy(challenge, &host->openings, sizeof(host->openings));
	se05x_scp_initialize(0x0B, challenge, command);
	ret = send_plain(bus, command, SE05X_SCP_INITIALIZE, response, &len);
	if (ret)
		return ret;
	set_key(&enc, (const u8 *)"se05x-sim, S-ENC");
	set_key(&mac, (const u8 *)"se05x-sim, S-MAC");
	if (se05x_scp_derive(&aes, &enc, &mac, 16, challenge, response, len, &keys))
		return -EKEYREJECTED;
	set_key(&host->enc, keys.enc);
	set_key(&host->mac, keys.mac);
	set_key(&host->rmac, keys.rmac);
	if (se05x_scp_begin(&host->scp, challenge, response))
		return -EKEYREJECTED;
	se05x_scp_authenticate(&host->scp, command);
	ret = send_plain(bus, command, SE05X_SCP_AUTHENTICATE, response, &len);
	return ret ? ret : se05x_scp_authenticated(&host->scp, response, len);
}

/* Whatever went wrong, all of it once more */
static int open_channel(struct bus *bus)
{
	int ret = open_once(bus);

	if (ret && ret != -ENOLINK && ret != -ENODEV)
		ret = open_once(bus);
	if (ret)
		se05x_scp_close(&host_of(bus)->scp);
	host_of(bus)->lost = bus->events[SE05X_LINK_LOST];
	return ret == -ECONNRESET ? -ECONNABORTED : ret;
}

/* 80 10 nonce 00, the rest as data */
static size_t as_apdu(const u8 *command, size_t len, u8 *out)
{
	size_t lc = len - 4, n = 4;

	memcpy(out, command, 4);
	out[n++] = 0;
	out[n++] = lc >> 8;
	out[n++] = lc & 0xff;
	memcpy(out + n, command + 4, lc);
	n += lc;
	out[n++] = 0;
	out[n++] = 0;
	return n;
}

/* The command's own exchange, in the channel that is open */
static int in_channel(struct bus *bus, struct se05x_apdu *apdu)
{
	static u8 plain[SE05X_T1_COMMAND_MAX + 16], command[SE05X_T1_COMMAND_MAX + 64];
	static u8 response[SE05X_T1_RESPONSE_MAX + SE05X_SCP_ANSWER_OVERHEAD];
	struct se05x_apdu wrapped = {
		.command = command, .response = response,
		.overhead = SE05X_SCP_ANSWER_OVERHEAD,
	};
	struct host *host = host_of(bus);
	size_t len = as_apdu(apdu->command, apdu->command_len, plain);
	bool verified;
	int ret;

	wrapped.command_len = se05x_scp_wrap(&host->scp, plain, len, command, sizeof(command));
	ret = se05x_link_transceive(&bus->link, &wrapped);
	apdu->outcome = wrapped.outcome;
	if (ret) {
		se05x_scp_close(&host->scp);
		return ret;
	}
	ret = se05x_scp_unwrap(&host->scp, response, wrapped.response_len, &verified);
	if (!verified)
		apdu->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
	if (ret < 0)
		return ret;
	memcpy(apdu->response, response, ret);
	apdu->response_len = ret;
	return 0;
}

static int exchange(struct bus *bus, struct se05x_apdu *apdu)
{
	struct host *host = host_of(bus);
	int ret = 0;

	if (host->lost != bus->events[SE05X_LINK_LOST])	/* the context is unknown */
		se05x_scp_close(&host->scp);
	if (!host->scp.open)
		ret = open_channel(bus);
	return ret ? ret : in_channel(bus, apdu);
}

#endif /* SE05X_FAULTS_CHANNEL_H */
