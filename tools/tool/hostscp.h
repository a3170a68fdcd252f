/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A secure channel that the tool opens by itself, under the chip's lock: to find out which keys
 * the chip has, and to change them. What programs use is the kernel's (docs/channel.md).
 */
#ifndef SE05X_TOOLS_HOSTSCP_H
#define SE05X_TOOLS_HOSTSCP_H

#include <crypto.h>

#include "scpkeys.h"
#include "tool.h"

#define PLATFORM_KVN	0x0B	/* key version number of Platform SCP03 */

struct hostscp {
	struct se05x_scp scp;
	struct aes_key enc, mac, rmac;
	struct se05x_call call;		/* of the last command */
};

/*
 * hostscp_try() - has the chip these keys? One INITIALIZE UPDATE, and nothing else
 *
 * Return: 0: it has, and hostscp_open() may go on; -EKEYREJECTED: others; -ENOMEM; -EPROTO:
 * no answer to INITIALIZE UPDATE (@s->call.sw may say why); as se05x_transceive().
 * hostscp_close() it in any case.
 */
int hostscp_try(struct tool *t, struct hostscp *s, const struct scpkeys *keys);
/* The same, and EXTERNAL AUTHENTICATE. -EKEYREJECTED with @s->call.sw: the chip refused that. */
int hostscp_open(struct tool *t, struct hostscp *s, const struct scpkeys *keys);
/*
 * One command with up to 255 bytes of data, protected. @answer: room for @len bytes; *@len:
 * without SW, which is in @s->call. Return: 0: verified; -EBADMSG; as se05x_transceive().
 */
int hostscp_send(struct tool *t, struct hostscp *s, const uint8_t header[4], const void *data,
		 size_t n, uint8_t *answer, size_t *len);
void hostscp_close(struct hostscp *s);

#endif /* SE05X_TOOLS_HOSTSCP_H */
