// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's driver does for programs, for those that talk to a simulated chip by
 * a socket: see docs/abi.md
 *
 * Not there: the kernel's own secure channel, power management, and a hard limit, since
 * the simulated chip always answers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "context.h"

#define QUEUE_MS		30000	/* how long who gave no deadline waits for his turn */
#define INS_INITIALIZE_UPDATE	0x50

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* ---- answers ---- */

/* All of it is out but for what tells whether the request is a valid one. */
static void put_info(struct se05x_info *i, const struct driver *d)
{
	struct se05x_info in = *i;

	*i = d->info;
	i->generation = d->generation;
	i->flags = in.flags;
	memcpy(i->padding, in.padding, sizeof(i->padding));
	memcpy(i->reserved_in, in.reserved_in, sizeof(i->reserved_in));
}

static void put_out(struct request *r, uint32_t outcome, uint32_t reason, uint32_t sw)
{
	uint64_t generation = r->client->driver->generation;
	union se05x_socket_arg *arg = &r->arg;
	const size_t reserved = sizeof(arg->info.reserved_out);

	switch (r->number) {
	case SE05X_IOC_INFO:
		put_info(&arg->info, r->client->driver);
		return;
	case SE05X_IOC_TRANSCEIVE:
		arg->transceive.outcome = outcome;
		arg->transceive.reason = reason;
		arg->transceive.sw = sw;
		arg->transceive.protection = SE05X_PROTECTION_NONE;
		arg->transceive.generation = generation;
		break;
	case SE05X_IOC_SELECT:
		arg->select.outcome = outcome;
		arg->select.reason = reason;
		arg->select.sw = sw;
		arg->select.generation = generation;
		break;
	case SE05X_IOC_LOCK:
		arg->lock.outcome = outcome;
		arg->lock.reason = reason;
		arg->lock.generation = generation;
		break;
	case SE05X_IOC_UNLOCK:
		arg->unlock.reason = reason;
		arg->unlock.generation = generation;
		break;
	case SE05X_IOC_RESET:
		arg->reset.outcome = outcome;
		arg->reset.generation = generation;
		break;
	default:
		return;
	}
	/* each of these structs ends in it */
	memset((uint8_t *)arg + _IOC_SIZE(r->number) - reserved, 0, reserved);
}

/* @rsp: the R-APDU; NULL: there is none */
static void answer(struct request *r, int error, uint32_t outcome, uint32_t reason,
		   const uint8_t *rsp, size_t len)
{
	const struct se05x_socket_head head = { .request = r->number, .error = error };
	size_t room = 0;

	if (r->fd < 0)
		return;
	put_out(r, outcome, reason, rsp ? rsp[len - 2] << 8 | rsp[len - 1] : 0);
	if (r->number == SE05X_IOC_TRANSCEIVE) {
		r->arg.transceive.response_len = outcome == SE05X_OUTCOME_RAN ? len : 0;
		room = r->arg.transceive.response_size;
	} else if (r->number == SE05X_IOC_SELECT) {
		r->arg.select.response_len = len;
		room = r->arg.select.response_size;
	}
	r->client->driver->ops->answer(r->fd, &head, &r->arg, rsp,
				       outcome != SE05X_OUTCOME_RAN ? 0 : len < room ? len : room);
	r->fd = -1;
}

/* It is out of the queue, and forgotten. */
static void end(struct request *r)
{
	struct request **at = &r->client->queue;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	if (r->fd >= 0)
		r->client->driver->ops->drop(r->fd);
	OPENSSL_cleanse(r, sizeof(*r));
	free(r);
}

static void refuse(struct request *r, int error, uint32_t reason)
{
	answer(r, error, SE05X_OUTCOME_NOT_SENT, reason, NULL, 0);
	end(r);
}

static void finish(struct request *r, int error, const uint8_t *rsp, size_t len)
{
	answer(r, error, SE05X_OUTCOME_RAN, SE05X_REASON_NONE, rsp, len);
	end(r);
}

/* ---- requests, one after the other ---- */

static void start(struct request *r, const uint8_t *apdu, size_t len)
{
	struct driver *d = r->client->driver;

	d->running = r;
	d->ops->exchange(d->ctx, apdu, len);
}

/* Is it the one that is to fail? */
static bool link_fails(struct driver *d)
{
	return d->error && (!d->error_at || ++d->count == d->error_at);
}

/* docs/abi.md: what each errno says of the command */
static uint32_t outcome_of(int error)
{
	switch (error) {
	case EINTR:
	case EAGAIN:
	case EBUSY:
	case ESTALE:
	case ENOTCONN:
	case ENOLINK:
	case ENODEV:
	case ECONNABORTED:
		return SE05X_OUTCOME_NOT_SENT;
	default:
		return SE05X_OUTCOME_MAY_HAVE_RUN;
	}
}

static void begin_transceive(struct request *r)
{
	struct client *c = r->client;
	struct driver *d = c->driver;
	uint64_t demanded = r->arg.transceive.demanded;
	uint8_t apdu[SELECT_MAX];
	const uint8_t *aid;
	size_t len;

	if (chain_lacks(c, r->command)) {
		refuse(r, ESTALE, SE05X_REASON_CHAIN);
		return;
	}
	if (c->channel_lost) {
		c->channel_lost = false;
		refuse(r, ESTALE, SE05X_REASON_CHANNEL);
		return;
	}
	if (demanded && demanded != d->generation) {
		refuse(r, ESTALE, SE05X_REASON_GENERATION);
		return;
	}
	/* a command chain of another leaves the context unknown */
	if (demanded && !is_select(r->command) &&
	    (needs_selection(c) || (d->chain.client && d->chain.client != c && d->chain.command))) {
		refuse(r, ESTALE, SE05X_REASON_CONTEXT);
		return;
	}
	chain_interrupt(c);
	d->selecting = !is_select(r->command) && needs_selection(c);
	if (link_fails(d)) {
		answer(r, d->error, outcome_of(d->error), SE05X_REASON_NONE, NULL, 0);
		end(r);
	} else if (d->selecting) {
		aid = target(c, &len);
		start(r, apdu, build_select(apdu, aid, len));
	} else {
		start(r, r->command, r->arg.transceive.command_len);
	}
}

/* Selected already: the remembered answer, unless a fresh one is wanted */
static void begin_select(struct request *r)
{
	const struct se05x_select *s = &r->arg.select;
	struct client *c = r->client;
	struct driver *d = c->driver;
	uint8_t apdu[SELECT_MAX];

	chain_interrupt(c);
	d->selecting = false;
	if (s->flags & SE05X_SELECT_FRESH || !d->remembered_len ||
	    !is_selected(d, s->aid, s->aid_len)) {
		start(r, apdu, build_select(apdu, s->aid, s->aid_len));
		return;
	}
	bind_client(c, s->aid, s->aid_len);
	finish(r, s->response_size && s->response_size < d->remembered_len ? EMSGSIZE : 0,
	       d->remembered, d->remembered_len);
}

static bool may_reset(const struct client *c)
{
	const struct client *other;

	if (!c->user->uid)
		return true;
	for (other = c->driver->clients; other; other = other->next)
		if (other != c && other->known)
			return false;
	return true;
}

/* An administrator's breaks another's lock. */
static void do_reset(struct request *r)
{
	struct client *c = r->client;
	struct driver *d = c->driver;

	if (!may_reset(c)) {
		refuse(r, EPERM, SE05X_REASON_NONE);
		return;
	}
	chain_break(d);
	d->ops->reset(d->ctx);
	set_context(d, true, NULL, 0, NULL);
	if (d->holder && d->holder != c) {
		d->holder->lock_broken = true;
		d->holder = NULL;
	}
	finish(r, 0, NULL, 0);
}

static void do_lock(struct request *r)
{
	struct driver *d = r->client->driver;

	if (d->holder == r->client) {
		refuse(r, EALREADY, SE05X_REASON_NONE);
		return;
	}
	chain_interrupt(r->client);
	d->holder = r->client;
	finish(r, 0, NULL, 0);
}

static void begin(struct request *r)
{
	struct client *c = r->client;

	if (r->number == SE05X_IOC_RESET) {
		do_reset(r);
		return;
	}
	if (c->lock_broken) {
		c->lock_broken = false;
		refuse(r, ESTALE, SE05X_REASON_LOCK);
		return;
	}
	c->known = true;
	if (r->number == SE05X_IOC_TRANSCEIVE)
		begin_transceive(r);
	else if (r->number == SE05X_IOC_SELECT)
		begin_select(r);
	else
		do_lock(r);
}

/* The SELECT before the command; who gave up meanwhile has nothing sent. */
static void selection_done(struct request *r, const uint8_t *rsp, size_t len)
{
	struct client *c = r->client;
	size_t aid_len;
	const uint8_t *aid = target(c, &aid_len);

	c->driver->chain.client = NULL;
	if (!set_selected(c->driver, aid, aid_len, rsp, len)) {
		answer(r, ENOTCONN, SE05X_OUTCOME_NOT_SENT, SE05X_REASON_NONE, rsp, len);
		end(r);
	} else if (r->fd < 0) {
		end(r);
	} else {
		c->driver->selecting = false;
		start(r, r->command, r->arg.transceive.command_len);
	}
}

static void transceive_done(struct request *r, const uint8_t *rsp, size_t len)
{
	struct client *c = r->client;
	struct driver *d = c->driver;

	chain_note(c, r->command, status(rsp, len), now());
	if (is_select(r->command)) {
		selected_raw(c, r->command, r->arg.transceive.command_len, rsp, len);
	} else if (r->command[1] == INS_INITIALIZE_UPDATE && status(rsp, len) == 0x9000) {
		if (d->selected)
			bind_client(c, d->aid, d->aid_len);
		set_context(d, true, d->selected ? d->aid : NULL, d->aid_len, c);
	}
	finish(r, len > r->arg.transceive.response_size ? EMSGSIZE : 0, rsp, len);
}

static void select_done(struct request *r, const uint8_t *rsp, size_t len)
{
	const struct se05x_select *s = &r->arg.select;

	r->client->driver->chain.client = NULL;
	if (set_selected(r->client->driver, s->aid, s->aid_len, rsp, len))
		bind_client(r->client, s->aid, s->aid_len);
	finish(r, s->response_size && len > s->response_size ? EMSGSIZE : 0, rsp, len);
}

/* ---- clients ---- */

static void client_free(struct client *c)
{
	struct driver *d = c->driver;
	struct client **at = &d->clients;
	bool anybody = false;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	for (at = &d->clients; *at; at = &(*at)->next)
		anybody |= (*at)->known;
	if (d->chain.client == c)
		chain_break(d);
	/* nothing is inherited */
	if (d->channel == c || (c->known && !anybody))
		context_unknown(d);
	free(c);
}

static struct user *find_user(struct driver *d, uid_t uid)
{
	struct user *user;

	for (user = d->users; user; user = user->next)
		if (user->uid == uid)
			return user;
	user = calloc(1, sizeof(*user));
	if (!user)
		abort();
	user->uid = uid;
	user->next = d->users;
	d->users = user;
	return user;
}

struct client *client_open(struct driver *d, uid_t uid)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->driver = d;
	c->user = find_user(d, uid);
	c->next = d->clients;
	d->clients = c;
	return c;
}

void client_close(struct client *c)
{
	struct driver *d = c->driver;
	struct request *r, *next;

	if (d->holder == c)
		d->holder = NULL;
	for (r = c->queue; r; r = next) {
		next = r->next;
		if (r != d->running) {
			end(r);
			continue;
		}
		d->ops->drop(r->fd);
		r->fd = -1;
		c->closed = true;
	}
	if (!c->closed)
		client_free(c);
}

static void unlock(struct request *r)
{
	struct client *c = r->client;

	if (c->lock_broken) {
		c->lock_broken = false;
		refuse(r, ESTALE, SE05X_REASON_LOCK);
	} else if (c->driver->holder != c) {
		refuse(r, EPERM, SE05X_REASON_NONE);
	} else {
		c->driver->holder = NULL;
		finish(r, 0, NULL, 0);
	}
}

/* With FORCE nobody waits for the exchange in flight; the reset itself has to. */
static void give_up(const struct driver *d)
{
	if (d->running && d->selecting)
		answer(d->running, ECONNABORTED, SE05X_OUTCOME_NOT_SENT, SE05X_REASON_NONE, NULL, 0);
	else if (d->running)
		answer(d->running, ECONNRESET, SE05X_OUTCOME_MAY_HAVE_RUN, SE05X_REASON_NONE,
		       NULL, 0);
}

static uint32_t deadline_ms(const struct request *r)
{
	switch (r->number) {
	case SE05X_IOC_TRANSCEIVE:
		return r->arg.transceive.deadline_ms;
	case SE05X_IOC_SELECT:
		return r->arg.select.deadline_ms;
	case SE05X_IOC_LOCK:
		return r->arg.lock.deadline_ms;
	default:
		return r->arg.reset.deadline_ms;
	}
}

void client_request(struct client *c, uint32_t number, const union se05x_socket_arg *arg,
		    const uint8_t *command, size_t len, int fd)
{
	struct request *r = calloc(1, sizeof(*r)), **at = &c->queue;
	int error;

	if (!r)
		abort();
	r->client = c;
	r->number = number;
	r->arg = *arg;
	r->fd = fd;
	while (*at)
		at = &(*at)->next;
	*at = r;
	error = request_check(number, arg, command, !c->user->uid);
	if (error) {
		refuse(r, error, SE05X_REASON_NONE);
	} else if (number == SE05X_IOC_INFO) {
		finish(r, 0, NULL, 0);
	} else if (number == SE05X_IOC_UNLOCK) {
		unlock(r);
	} else {
		if (len)
			memcpy(r->command, command, len);
		r->endless = !deadline_ms(r);
		r->deadline = now() + (r->endless ? QUEUE_MS : deadline_ms(r));
		if (number == SE05X_IOC_RESET && arg->reset.flags)
			give_up(c->driver);
	}
}

/* ---- turns ---- */

/* Users take turns, and the clients of one user among themselves. */
static bool before(const struct client *a, const struct client *b)
{
	if (a->user != b->user)
		return a->user->served < b->user->served;
	return a->served < b->served;
}

/* An administrator's RESET goes before all others; then who is in mid-chain; the lock's holder. */
static struct request *pick(struct driver *d)
{
	struct client *c, *best = NULL;
	struct request *r;

	for (c = d->clients; c; c = c->next)
		for (r = c->queue; r; r = r->next)
			if (r->number == SE05X_IOC_RESET && !c->user->uid)
				return r;
	if (chain_left(d, now()))
		return d->chain.client->queue;
	for (c = d->clients; c; c = c->next)
		if (c->queue && (!d->holder || d->holder == c) && (!best || before(c, best)))
			best = c;
	return best ? best->queue : NULL;
}

/* Return: ms to its deadline, -1 if it has none any more. */
static int64_t expire(struct request *r, int64_t time)
{
	struct driver *d = r->client->driver;
	bool running = d->running == r;

	if (r->fd < 0 || (running && r->endless))
		return -1;
	if (time < r->deadline)
		return r->deadline - time;
	if (!running)
		refuse(r, EBUSY, SE05X_REASON_NONE);
	else if (d->selecting)
		answer(r, EBUSY, SE05X_OUTCOME_NOT_SENT, SE05X_REASON_NONE, NULL, 0);
	else
		answer(r, ETIMEDOUT, SE05X_OUTCOME_MAY_HAVE_RUN, SE05X_REASON_NONE, NULL, 0);
	return -1;
}

/* Who does not wait any more goes; who waited too long is told. Return: as driver_run() */
static int64_t look_at_queues(struct driver *d)
{
	int64_t time = now(), next = -1, left;
	struct request *r, *after;
	struct client *c;

	for (c = d->clients; c; c = c->next) {
		for (r = c->queue; r; r = after) {
			after = r->next;
			if (r != d->running && d->ops->gone(r->fd)) {
				end(r);
				continue;
			}
			left = expire(r, time);
			if (left >= 0 && (next < 0 || left < next))
				next = left;
		}
	}
	return next;
}

int driver_run(struct driver *d)
{
	struct request *r;
	int64_t next, left;

	look_at_queues(d);
	while (!d->running && (r = pick(d))) {
		r->client->served = ++d->turn;
		r->client->user->served = d->turn;
		begin(r);
	}
	next = look_at_queues(d);
	left = chain_left(d, now());
	if (left && (next < 0 || left < next))
		next = left;
	return next > 1000000 ? 1000000 : next;
}

void driver_done(struct driver *d, const uint8_t *rsp, size_t len)
{
	struct request *r = d->running;
	struct client *c = r->client;

	d->running = NULL;
	if (!len) {	/* the chip lost its power */
		context_unknown(d);
		d->selecting = false;
		answer(r, ECONNRESET, SE05X_OUTCOME_MAY_HAVE_RUN, SE05X_REASON_NONE, NULL, 0);
		end(r);
	} else if (d->selecting)
		selection_done(r, rsp, len);
	else if (r->number == SE05X_IOC_SELECT)
		select_done(r, rsp, len);
	else
		transceive_done(r, rsp, len);
	if (c->closed && !d->running)
		client_free(c);
}

/* UM11225, 4.4.2: what is told of the ATR beside its bytes */
static void set_info(struct se05x_info *i, const uint8_t *atr, size_t len)
{
	i->state = SE05X_STATE_ONLINE;
	i->features = SE05X_FEATURE_POWER | SE05X_FEATURE_SIMULATED;
	i->flavour = SE05X_FLAVOUR_UM11225;
	i->max_command = SE05X_SOCKET_COMMAND_MAX;
	i->max_response = SE05X_SOCKET_RESPONSE_MAX;
	i->protocol_version = atr[0];
	memcpy(i->vendor, atr + 1, sizeof(i->vendor));
	i->bwt_ms = atr[7] << 8 | atr[8];
	i->ifsc = atr[9] << 8 | atr[10];
	i->mcf_khz = atr[13] << 8 | atr[14];
	i->config = atr[15];
	i->mpot_ms = atr[16];
	i->segt_us = atr[20] << 8 | atr[21];
	i->wut_us = atr[22] << 8 | atr[23];
	i->atr_len = len;
	memcpy(i->atr, atr, len);
}

static bool parse_link_error(struct driver *d, const char *text)
{
	char *end;

	if (!text)
		return true;
	d->error = strtoul(text, &end, 10);
	if (*end == '@') {
		d->error_at = strtoul(end + 1, &end, 10);
		if (!d->error_at)
			return false;
	}
	return !*end && d->error > 0 && d->error < 4096;
}

struct driver *driver_new(const struct driver_ops *ops, void *ctx, const uint8_t *atr,
			  size_t atr_len, const char *link_error)
{
	struct driver *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	if (!parse_link_error(d, link_error)) {
		free(d);
		errno = EINVAL;
		return NULL;
	}
	d->ops = ops;
	d->ctx = ctx;
	d->known = true;
	/* of another one's no value comes again; half of it is enough for ever */
	RAND_bytes((unsigned char *)&d->generation, sizeof(d->generation));
	d->generation = d->generation >> 1 | 1;
	set_info(&d->info, atr, atr_len);
	return d;
}

void driver_free(struct driver *d)
{
	struct user *user;

	/* an exchange in flight has nobody to tell */
	d->running = NULL;
	while (d->clients)
		client_close(d->clients);
	while ((user = d->users)) {
		d->users = user->next;
		free(user);
	}
	free(d);
}
