// SPDX-License-Identifier: LGPL-2.1-or-later
/* The secure channel of a session: SCP03 inside PROCESS */
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "channel.h"
#include "crypto.h"

/* The applet counts commands without data, too, from 4.3 on. */
#define COUNTS_ALL_MAJOR	4
#define COUNTS_ALL_MINOR	3

#define SW_TOO_MANY		0x66A6

struct channel {
	pthread_mutex_t lock;
	struct se05x_scp scp;
	struct se05x_scp before;	/* the command that is under way */
	struct aes_key enc;
	struct aes_key mac;
	struct aes_key rmac;
};

static bool failed(const struct channel *c)
{
	return c->enc.failed || c->mac.failed || c->rmac.failed;
}

static struct channel *channel_new(const struct se05x_iot_version *version)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	c->scp = (struct se05x_scp) {
		.cipher = &siot_aes, .enc = &c->enc, .mac = &c->mac, .rmac = &c->rmac,
		.count_all = version->major > COUNTS_ALL_MAJOR ||
			     (version->major == COUNTS_ALL_MAJOR &&
			      version->minor >= COUNTS_ALL_MINOR),
	};
	return c;
}

void siot_channel_free(struct channel *c)
{
	if (!c)
		return;
	se05x_scp_close(&c->scp);
	siot_aes_clear(&c->enc);
	siot_aes_clear(&c->mac);
	siot_aes_clear(&c->rmac);
	pthread_mutex_destroy(&c->lock);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

static bool set_keys(struct channel *c, const struct se05x_scp_keys *keys, size_t len)
{
	return siot_aes_set(&c->enc, keys->enc, len) && siot_aes_set(&c->mac, keys->mac, len) &&
	       siot_aes_set(&c->rmac, keys->rmac, len);
}

int siot_channel_start(struct se05x_iot *opened, const struct se05x_scp_keys *keys, size_t len,
		       const uint8_t chaining[SE05X_SCP_BLOCK])
{
	struct channel *c = channel_new(&opened->version);

	if (!c || !set_keys(c, keys, len)) {
		siot_channel_free(c);
		return -ENOMEM;
	}
	memcpy(c->scp.chaining, chaining, SE05X_SCP_BLOCK);
	c->scp.open = true;
	opened->channel = c;
	return 0;
}

/* ---- opening by an AES key ---- */

/*
 * One key is ENC and MAC (AN12413, 3.6.3.2). @answer: of INITIALIZE UPDATE. Return: 0 or an
 * errno.
 */
static int derive(struct channel *c, const void *key, size_t key_len, const uint8_t *host,
		  const uint8_t *answer, size_t len)
{
	struct aes_key fixed = { 0 };
	struct se05x_scp_keys keys;
	int ret = -ENOMEM;

	if (!siot_aes_set(&fixed, key, key_len))
		goto out;
	ret = se05x_scp_derive(&siot_aes, &fixed, &fixed, key_len, host, answer, len, &keys);
	if (ret)
		ret = -EPROTO;
	else if (fixed.failed || !set_keys(c, &keys, key_len))
		ret = -ENOMEM;
	explicit_bzero(&keys, sizeof(keys));
out:
	siot_aes_clear(&fixed);
	return ret;
}

int siot_channel_run(struct se05x_iot *opened, const uint8_t *apdu, size_t len,
		     struct response *rsp, struct se05x_call *call)
{
	struct command cmd;

	siot_begin(&cmd, apdu[1], apdu[2], apdu[3], 0);
	cmd.header[0] = apdu[0];
	cmd.len = len - 5;
	memcpy(cmd.data, apdu + 5, cmd.len);
	return siot_run(opened, &cmd, rsp, call);
}

static int authenticate(struct channel *c, struct se05x_iot *opened, struct se05x_call *call)
{
	uint8_t command[SE05X_SCP_AUTHENTICATE];
	struct response rsp;
	int ret;

	se05x_scp_authenticate(&c->scp, command);
	if (failed(c))
		return siot_refuse(-ENOMEM, call);
	ret = siot_channel_run(opened, command, sizeof(command), &rsp, call);
	if (!ret && rsp.len)
		ret = -EPROTO;
	if (!ret)
		ret = se05x_scp_authenticated(&c->scp, (const uint8_t[]) { 0x90, 0x00 }, 2);
	return ret;
}

int siot_channel_open(struct se05x_iot *opened, const void *key, size_t key_len,
		      struct se05x_call *call)
{
	struct channel *c = channel_new(&opened->version);
	uint8_t host[SE05X_SCP_CHALLENGE], command[SE05X_SCP_INITIALIZE];
	struct response rsp;
	int ret = -ENOMEM;

	if (!c || getrandom(host, sizeof(host), 0) != sizeof(host)) {
		siot_channel_free(c);
		return siot_refuse(ret, call);
	}
	se05x_scp_initialize(0, host, command);
	ret = siot_channel_run(opened, command, sizeof(command) - 1, &rsp, call);
	if (!ret) {
		/* which has its status word behind it */
		ret = derive(c, key, key_len, host, rsp.bytes, rsp.len + 2);
		if (!ret)
			ret = se05x_scp_begin(&c->scp, host, rsp.bytes);
		if (failed(c))
			ret = -ENOMEM;
	}
	if (!ret)
		ret = authenticate(c, opened, call);
	if (ret)
		siot_channel_free(c);
	else
		opened->channel = c;
	return ret;
}

/* ---- commands ---- */

int siot_channel_wrap(struct channel *c, uint8_t *apdu, size_t *len, size_t size)
{
	uint8_t plain[SE05X_APDU_SIZE(COMMAND_MAX)];
	size_t plain_len = *len;
	int ret;

	pthread_mutex_lock(&c->lock);
	memcpy(plain, apdu, plain_len);
	c->before = c->scp;
	ret = se05x_scp_wrap(&c->scp, plain, plain_len, apdu, size);
	explicit_bzero(plain, sizeof(plain));
	if (ret >= 0 && !failed(c)) {
		*len = ret;
		return 0;
	}
	if (ret >= 0)
		se05x_scp_close(&c->scp);
	pthread_mutex_unlock(&c->lock);
	if (ret >= 0)
		return -ENOMEM;
	return ret == -ENOTCONN ? -ESTALE : -E2BIG;
}

/*
 * A command of which no byte was sent does not count. Where an aborted one ended nobody
 * knows.
 */
static bool was_sent(int ret, const struct se05x_call *call)
{
	return call->outcome != SE05X_OUTCOME_NOT_SENT || ret == -ECONNABORTED;
}

int siot_channel_unwrap(struct channel *c, int ret, uint8_t *answer, size_t *len,
			struct se05x_call *call)
{
	bool verified = false;

	/* a chip that gets too many commands may refuse the wrapper, or what is in it [U] */
	if (!ret && *len == 2 && get_be(answer, 2) == SW_TOO_MANY)
		se05x_scp_close(&c->scp);
	else if (ret && was_sent(ret, call)) {
		se05x_scp_close(&c->scp);
	} else if (ret) {
		c->scp = c->before;
	} else {
		ret = se05x_scp_unwrap(&c->scp, answer, *len, &verified);
		if (failed(c)) {
			se05x_scp_close(&c->scp);
			ret = -EBADMSG;
		}
		/* who is on the bus may have said it, and the command run or not */
		if (!verified)
			call->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
		if (ret >= 0)
			*len = ret;
		else
			call->sw = 0;
		ret = ret < 0 ? -EBADMSG : 0;
	}
	explicit_bzero(&c->before, sizeof(c->before));
	pthread_mutex_unlock(&c->lock);
	return ret;
}
