// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands and answers in pieces (ISO/IEC 7816-4, 5.3.3 and 5.3.4). Between two pieces the
 * chip belongs to their client: another's command would become a part of his.
 */
#include <string.h>

#include "context.h"

#define GAP_MS		100	/* how long others wait for the next piece, */
#define WHOLE_MS	1000	/* for all of them, and for the user's next chain */
#define CLA_PIECE	0x10
#define CLA_LAST	0x9f
#define INS_GET_RESPONSE 0xc0

static bool is_get_response(const uint8_t *apdu)
{
	return apdu[0] < 0x20 && apdu[1] == INS_GET_RESPONSE;
}

void chain_break(struct driver *d)
{
	struct chain *chain = &d->chain;

	if (!chain->client)
		return;
	chain->client->chain_broken = true;
	if (chain->command) {
		memcpy(chain->client->broken, chain->header, sizeof(chain->header));
		context_unknown(d);	/* nobody's command is to become its last piece */
	} else {
		/* only GET RESPONSE goes on with it */
		chain->client->broken[0] = INS_GET_RESPONSE;
		memset(chain->client->broken + 1, 0, 2);
	}
	chain->client = NULL;
}

void chain_interrupt(struct client *c)
{
	if (c->driver->chain.client != c)
		chain_break(c->driver);
}

bool chain_lacks(struct client *c, const uint8_t *apdu)
{
	const struct chain *chain = &c->driver->chain;
	bool broken = c->chain_broken && !memcmp(apdu + 1, c->broken, sizeof(c->broken));

	c->chain_broken = false;
	if (is_get_response(apdu))
		return chain->client != c || chain->command;
	return broken;
}

void chain_note(struct client *c, const uint8_t *apdu, unsigned int sw, int64_t now)
{
	struct chain *chain = &c->driver->chain;
	bool more = sw >> 8 == 0x61;
	bool piece = apdu[0] <= CLA_LAST && apdu[0] & CLA_PIECE && sw == 0x9000;

	if (!more && !piece) {
		chain->client = NULL;
		return;
	}
	if (chain->client != c) {
		chain->preferred = !c->user->preferred || now - c->user->preferred >= WHOLE_MS;
		if (chain->preferred)
			c->user->preferred = now;
		chain->since = now;
	}
	chain->client = c;
	chain->command = !more;
	memcpy(chain->header, apdu + 1, sizeof(chain->header));
	chain->until = now + GAP_MS;
	if (chain->until > chain->since + WHOLE_MS)
		chain->until = chain->since + WHOLE_MS;
}

int64_t chain_left(const struct driver *d, int64_t now)
{
	const struct chain *chain = &d->chain;

	return chain->client && chain->preferred && now < chain->until ? chain->until - now : 0;
}
