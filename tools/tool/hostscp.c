// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: a secure channel of its own */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "hostscp.h"

void hostscp_close(struct hostscp *s)
{
	se05x_scp_close(&s->scp);
	siot_aes_clear(&s->enc);
	siot_aes_clear(&s->mac);
	siot_aes_clear(&s->rmac);
}

static int transceive(struct tool *t, struct hostscp *s, const uint8_t *command, size_t n,
		      uint8_t *answer, size_t *len)
{
	int ret;

	s->call = (struct se05x_call) { .deadline_ms = t->opt.deadline_ms };
	progress_begin(&t->opt);
	ret = se05x_transceive(t->se, command, n, answer, len, &s->call);
	progress_end();
	return ret;
}

/* The session's keys out of the static ones. Return: 0, -ENOMEM or -EPROTO. */
static int derive(struct hostscp *s, const struct scpkeys *keys, const uint8_t *host,
		  const uint8_t *answer, size_t len)
{
	struct aes_key enc = { }, mac = { };
	struct se05x_scp_keys derived = { };
	int ret = -ENOMEM;

	if (siot_aes_set(&enc, keys->enc, keys->len) && siot_aes_set(&mac, keys->mac, keys->len)) {
		ret = se05x_scp_derive(&siot_aes, &enc, &mac, keys->len, host, answer, len,
				       &derived) ? -EPROTO : 0;
		if (!ret && (enc.failed || mac.failed ||
			     !siot_aes_set(&s->enc, derived.enc, keys->len) ||
			     !siot_aes_set(&s->mac, derived.mac, keys->len) ||
			     !siot_aes_set(&s->rmac, derived.rmac, keys->len)))
			ret = -ENOMEM;
	}
	OPENSSL_cleanse(&derived, sizeof(derived));
	siot_aes_clear(&enc);
	siot_aes_clear(&mac);
	return ret;
}

int hostscp_try(struct tool *t, struct hostscp *s, const struct scpkeys *keys)
{
	uint8_t host[SE05X_SCP_CHALLENGE], command[SE05X_SCP_INITIALIZE], answer[RESPONSE_MAX];
	size_t len = sizeof(answer);
	int ret;

	*s = (struct hostscp) { };
	if (getrandom(host, sizeof(host), 0) != sizeof(host))
		return -errno;
	se05x_scp_initialize(PLATFORM_KVN, host, command);
	ret = transceive(t, s, command, sizeof(command), answer, &len);
	if (!ret)
		ret = derive(s, keys, host, answer, len);
	if (ret)
		return ret;
	/* all that goes through it has data, so that the two rules of counting are one */
	s->scp = (struct se05x_scp) {
		.cipher = &siot_aes, .enc = &s->enc, .mac = &s->mac, .rmac = &s->rmac,
		.count_all = true,
	};
	return se05x_scp_begin(&s->scp, host, answer);
}

int hostscp_open(struct tool *t, struct hostscp *s, const struct scpkeys *keys)
{
	uint8_t command[SE05X_SCP_AUTHENTICATE], answer[RESPONSE_MAX];
	size_t len = sizeof(answer);
	int ret = hostscp_try(t, s, keys);

	if (ret)
		return ret;
	se05x_scp_authenticate(&s->scp, command);
	ret = transceive(t, s, command, sizeof(command), answer, &len);
	return ret ?: se05x_scp_authenticated(&s->scp, answer, len);
}

int hostscp_send(struct tool *t, struct hostscp *s, const uint8_t header[4], const void *data,
		 size_t n, uint8_t *answer, size_t *len)
{
	uint8_t plain[5 + 255], command[sizeof(plain) + SE05X_SCP_COMMAND_OVERHEAD];
	bool verified = false;
	int ret;

	memcpy(plain, header, 4);
	plain[4] = n;
	memcpy(plain + 5, data, n);
	ret = se05x_scp_wrap(&s->scp, plain, 5 + n, command, sizeof(command));
	OPENSSL_cleanse(plain, sizeof(plain));
	if (ret < 0)
		return ret;
	ret = transceive(t, s, command, ret, answer, len);
	if (ret)
		return ret;
	ret = se05x_scp_unwrap(&s->scp, answer, *len, &verified);
	if (ret < 0)
		return -EBADMSG;
	s->call.sw = answer[ret - 2] << 8 | answer[ret - 1];
	*len = ret - 2;
	return 0;
}
