/* SPDX-License-Identifier: GPL-2.0-only */
/* A host of the simulated chip's secure channels, of its own and of sessions */
#ifndef SE05X_APPLET_HOST_H
#define SE05X_APPLET_HOST_H

#include "../../tools/sim/scp.h"
#include "applet_run.h"

#define HOST	"1122334455667788"	/* the host challenge */

/* A new simulated chip's */
extern const struct scp_keys test_keys;

struct host {
	struct applet *applet;
	const char *session;	/* NULL: the chip's own channel */
	bool bare;		/* the next answer is not secured */
	bool cut;		/* the next answer does not come */
	bool only_data;		/* applet before 4.3: only commands with data are counted */
	uint8_t enc[32], mac[32], rmac[32], chaining[16];
	unsigned int counter;
};

/* Lc and Le in three and two bytes even where one would do */
extern bool long_form;

/* INITIALIZE UPDATE, EXTERNAL AUTHENTICATE. Return: SW; 0: the chip has other keys. */
unsigned int authenticate(struct host *host, const struct scp_keys *keys, const char *kvn);

/* A command in the channel; header and body as xfer() has them. Return: SW. */
unsigned int secure(struct host *host, const char *header, const char *body);

#define secured(sw, ...) assert_int_equal(secure(__VA_ARGS__), sw)

/* Its parts: as it is, or in the session's wrapper */
unsigned int forward(struct host *host, const uint8_t *apdu, size_t len);
/* Append the MAC of @apdu, whose Lc counts it already. Return: the new length. */
size_t put_mac(struct host *host, uint8_t *apdu, size_t len);
/* CBC with the IV of the counter, of an answer if @answer_iv */
void cbc(struct host *host, bool encrypt, bool answer_iv, uint8_t *data, size_t len);
/* Take the answer out of its wrapping; an error has none. */
void open_answer(struct host *host);

#endif /* SE05X_APPLET_HOST_H */
