/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * SCP03 (GlobalPlatform, Card Specification, Amendment D), the host's side
 *
 * Pure: no allocation, no lock, no cipher of its own; it reaches AES through struct
 * se05x_scp_cipher alone. Its caller makes sure that only one thread uses a channel.
 *
 * A channel is opened in these steps:
 *
 *	se05x_scp_initialize()		INITIALIZE UPDATE, for the chip
 *	se05x_scp_derive()		from its answer: the session keys, as bytes
 *	(the caller prepares the three keys and wipes the bytes)
 *	se05x_scp_begin()		does the chip know the static keys?
 *	se05x_scp_authenticate()	EXTERNAL AUTHENTICATE, for the chip
 *	se05x_scp_authenticated()	its answer
 *
 * Then se05x_scp_wrap() and se05x_scp_unwrap() take turns.
 */
#ifndef SE05X_SCP_H
#define SE05X_SCP_H

#include <linux/types.h>

#define SE05X_SCP_BLOCK		16	/* of AES */
#define SE05X_SCP_KEY_MAX	32
#define SE05X_SCP_CHALLENGE	8
#define SE05X_SCP_MAC		8	/* what is sent of a MAC */

#define SE05X_SCP_INITIALIZE	14	/* bytes of INITIALIZE UPDATE, Le included */
#define SE05X_SCP_AUTHENTICATE	21	/* bytes of EXTERNAL AUTHENTICATE */

/*
 * How much longer than the plain ones a protected command (padding, MAC, two bytes of Lc
 * and one of Le) and a protected answer (padding, MAC) may be
 */
#define SE05X_SCP_COMMAND_OVERHEAD	(SE05X_SCP_BLOCK + SE05X_SCP_MAC + 4)
#define SE05X_SCP_ANSWER_OVERHEAD	(SE05X_SCP_BLOCK + SE05X_SCP_MAC)

/**
 * struct se05x_scp_cipher - AES on one block, with a key that the caller prepared
 * @encrypt: @in and @out may be the same
 * @decrypt: the same
 */
struct se05x_scp_cipher {
	void (*encrypt)(const void *key, u8 *out, const u8 *in);
	void (*decrypt)(const void *key, u8 *out, const u8 *in);
};

/**
 * struct se05x_scp_keys - the session keys as bytes; each as long as the static keys
 * @enc: S-ENC
 * @mac: S-MAC
 * @rmac: S-RMAC
 */
struct se05x_scp_keys {
	u8 enc[SE05X_SCP_KEY_MAX];
	u8 mac[SE05X_SCP_KEY_MAX];
	u8 rmac[SE05X_SCP_KEY_MAX];
};

/**
 * struct se05x_scp - one channel; all zero: closed
 * @cipher: AES
 * @enc: S-ENC, prepared. The three keys are the caller's, who wipes them when the
 *	channel is closed.
 * @mac: S-MAC, prepared
 * @rmac: S-RMAC, prepared
 * @open: commands can be wrapped
 * @count_all: commands without data advance the counter, too (applet 4.3 and later)
 * @counter: of the last command
 * @chaining: the MAC of the last command, whole; before the first one both challenges
 */
struct se05x_scp {
	const struct se05x_scp_cipher *cipher;
	const void *enc;
	const void *mac;
	const void *rmac;
	bool open;
	bool count_all;
	u64 counter;
	u8 chaining[SE05X_SCP_BLOCK];
};

/**
 * se05x_scp_initialize() - build INITIALIZE UPDATE
 * @kvn: key version number: 0x0B for the chip's channel, 0 for a session of the applet
 * @host: the host challenge, SE05X_SCP_CHALLENGE random bytes, used once
 * @command: SE05X_SCP_INITIALIZE bytes; the last one is Le, which isn't sent in a session
 */
void se05x_scp_initialize(u8 kvn, const u8 *host, u8 *command);

/**
 * se05x_scp_derive() - derive the session keys
 * @cipher: AES
 * @enc: the static key ENC, prepared
 * @mac: the static key MAC, prepared
 * @key_len: length of both: 16, 24 or 32
 * @host: the host challenge
 * @answer: the R-APDU of INITIALIZE UPDATE
 * @len: its length; any
 * @keys: the session keys; the caller wipes them
 *
 * Return: 0; -EBADMSG if @answer is not a good answer to INITIALIZE UPDATE.
 */
int se05x_scp_derive(const struct se05x_scp_cipher *cipher, const void *enc, const void *mac,
		     size_t key_len, const u8 *host, const u8 *answer, size_t len,
		     struct se05x_scp_keys *keys);

/**
 * se05x_scp_begin() - begin a channel if the chip has the same static keys
 * @scp: the channel, with cipher, enc, mac and rmac set, and count_all
 * @host: the host challenge
 * @answer: the R-APDU from which the keys were derived
 *
 * The card cryptogram is compared in constant time.
 *
 * Return: 0; -EKEYREJECTED if the chip has other keys: send no EXTERNAL AUTHENTICATE.
 */
int se05x_scp_begin(struct se05x_scp *scp, const u8 *host, const u8 *answer);

/**
 * se05x_scp_authenticate() - build EXTERNAL AUTHENTICATE
 * @scp: the channel; se05x_scp_begin() returned 0
 * @command: SE05X_SCP_AUTHENTICATE bytes
 */
void se05x_scp_authenticate(struct se05x_scp *scp, u8 *command);

/**
 * se05x_scp_authenticated() - take the answer to EXTERNAL AUTHENTICATE
 * @scp: the channel, which is open if the answer is 9000
 * @answer: the R-APDU, which is never protected
 * @len: its length; any
 *
 * Return: 0; -EKEYREJECTED if the chip refused; the channel is closed then.
 */
int se05x_scp_authenticated(struct se05x_scp *scp, const u8 *answer, size_t len);

/**
 * se05x_scp_wrap() - protect a command
 * @scp: the channel
 * @command: the plain C-APDU
 * @len: its length; any
 * @out: where the protected one goes; must not overlap @command
 * @size: room in @out; SE05X_SCP_COMMAND_OVERHEAD more than @len is enough
 *
 * Once this has returned a length, the command must be sent exactly as it is, or
 * the channel be closed: the chip counts commands, too.
 *
 * Return: the length of the protected command. Errors leave the channel as it is:
 * -EINVAL if @command is no C-APDU, or its class says that it is protected already;
 * -EMSGSIZE if it doesn't fit into @out or an APDU; -ENOTCONN if the channel is closed.
 */
int se05x_scp_wrap(struct se05x_scp *scp, const u8 *command, size_t len, u8 *out, size_t size);

/**
 * se05x_scp_unwrap() - verify the answer to the command that was wrapped last
 * @scp: the channel
 * @answer: the R-APDU, which is replaced by the plain one
 * @len: its length; any
 * @verified: true if it is the chip's word. A bare error status isn't: chips send it
 *	without a MAC, and so can anybody on the bus.
 *
 * Some errors tell that the chip has no channel any more, or may not have counted the
 * command; then @scp is closed, too.
 *
 * Return: the length of the plain R-APDU, at least 2; -EBADMSG if this is no answer that
 * the chip can have sent; @scp is closed then and nothing of @answer may be used;
 * -ENOTCONN if the channel is closed.
 */
int se05x_scp_unwrap(struct se05x_scp *scp, u8 *answer, size_t len, bool *verified);

/**
 * se05x_scp_close() - close the channel and wipe what @scp has
 * @scp: the channel; cipher, keys and count_all stay
 *
 * The caller wipes the prepared keys.
 */
void se05x_scp_close(struct se05x_scp *scp);

#endif /* SE05X_SCP_H */
