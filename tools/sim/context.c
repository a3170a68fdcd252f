// SPDX-License-Identifier: GPL-2.0-only
/* Whose applet is selected in the simulated chip */
#include <string.h>

#include "context.h"

#define INS_SELECT	0xa4

void set_context(struct driver *d, bool known, const uint8_t *aid, size_t len,
		 struct client *channel)
{
	if (d->channel && d->channel != channel)
		d->channel->channel_lost = true;
	d->known = known;
	d->selected = aid;
	d->aid_len = len;
	if (aid)
		memmove(d->aid, aid, len);
	d->channel = channel;
	d->remembered_len = 0;
	d->generation++;
}

void context_unknown(struct driver *d)
{
	set_context(d, false, d->selected ? d->aid : NULL, d->aid_len, NULL);
}

static bool good(unsigned int sw)
{
	return sw == 0x9000 || (sw >> 8 >= 0x61 && sw >> 8 <= 0x63);
}

bool set_selected(struct driver *d, const uint8_t *aid, size_t aid_len, const uint8_t *rsp,
		  size_t len)
{
	if (!good(status(rsp, len))) {
		context_unknown(d);
		return false;
	}
	set_context(d, true, aid, aid_len, NULL);
	if (status(rsp, len) == 0x9000) {
		memcpy(d->remembered, rsp, len);
		d->remembered_len = len;
	}
	return true;
}

void bind_client(struct client *c, const uint8_t *aid, size_t len)
{
	c->bound = true;
	memmove(c->aid, aid, len);
	c->aid_len = len;
	c->channel_lost = false;
}

bool is_selected(const struct driver *d, const uint8_t *aid, size_t len)
{
	return d->known && d->selected && !d->channel && d->aid_len == len &&
	       !memcmp(d->aid, aid, len);
}

bool needs_selection(const struct client *c)
{
	const struct driver *d = c->driver;

	if (d->known && d->channel == c)
		return false;
	if (c->bound)
		return !is_selected(d, c->aid, c->aid_len);
	return !d->known || d->channel;
}

const uint8_t *target(const struct client *c, size_t *len)
{
	const struct driver *d = c->driver;

	*len = c->bound ? c->aid_len : d->selected ? d->aid_len : 0;
	return c->bound ? c->aid : d->aid;
}

size_t build_select(uint8_t apdu[SELECT_MAX], const uint8_t *aid, size_t len)
{
	memcpy(apdu, (uint8_t[]) { 0x00, INS_SELECT, 0x04, 0x00, len }, 5);
	memcpy(apdu + 5, aid, len);
	apdu[5 + len] = 0x00;
	return len ? 5 + len + 1 : 5;
}

bool is_select(const uint8_t *apdu)
{
	return apdu[0] == 0x00 && apdu[1] == INS_SELECT && apdu[2] == 0x04;
}

void selected_raw(struct client *c, const uint8_t *apdu, size_t apdu_len, const uint8_t *rsp,
		  size_t len)
{
	size_t aid_len = apdu_len > 5 ? apdu[4] : 0;
	bool plain = aid_len <= SE05X_AID_MAX &&
		     (apdu_len <= 5 || (aid_len && apdu_len >= 5 + aid_len));
	struct driver *d = c->driver;

	if (plain && apdu[3] == 0x00) {
		if (set_selected(d, apdu + 5, aid_len, rsp, len))
			bind_client(c, apdu + 5, aid_len);
	} else if (plain && apdu[3] == 0x0c && good(status(rsp, len))) {
		set_context(d, true, apdu + 5, aid_len, NULL);
		bind_client(c, apdu + 5, aid_len);
	} else {
		c->bound = c->bound && !good(status(rsp, len));
		context_unknown(d);
	}
}
