/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver knows of clients and chip. For driver.c, context.c and chain.c only. */
#ifndef SE05X_CONTEXT_H
#define SE05X_CONTEXT_H

#include "driver.h"

struct request {
	struct request *next;	/* of the same client */
	struct client *client;
	uint32_t number;
	union se05x_socket_arg arg;
	uint8_t command[SE05X_SOCKET_COMMAND_MAX];
	int fd;			/* -1: answered already, the chip is still at it */
	int64_t deadline;	/* ms */
	bool endless;		/* the deadline is for the turn only */
};

struct client {
	struct client *next;
	struct driver *driver;
	struct user *user;
	struct request *queue;
	bool known;		/* it has had a request of its own taken */
	bool bound;		/* to this applet */
	uint8_t aid[SE05X_AID_MAX];
	size_t aid_len;
	bool lock_broken;	/* to be told once */
	bool channel_lost;
	bool chain_broken;	/* to be told to what goes on with it: */
	uint8_t broken[3];	/* INS P1 P2 */
	uint64_t served;	/* its last turn */
	bool closed;		/* but the chip is still at a request of it */
};

struct user {
	struct user *next;
	uid_t uid;
	uint64_t served;
	int64_t preferred;	/* when a chain of his last had preference; 0: never */
};

struct chain {
	struct client *client;	/* in the midst of it; NULL: nobody is */
	bool command;		/* a command's pieces, not an answer's */
	uint8_t header[3];	/* INS P1 P2 of the last piece */
	bool preferred;
	int64_t since, until;	/* ms */
};

struct driver {
	const struct driver_ops *ops;
	void *ctx;
	struct se05x_info info;
	struct client *clients;
	struct user *users;
	struct client *holder;	/* of the lock */
	uint64_t generation;
	uint64_t turn;

	bool known;		/* what is selected in the chip */
	bool selected;		/* this name; else nothing, as after a boot */
	uint8_t aid[SE05X_AID_MAX];
	size_t aid_len;
	struct client *channel;	/* who opened a secure channel in it */
	uint8_t remembered[SE05X_SOCKET_RESPONSE_MAX];	/* what the SELECT answered */
	size_t remembered_len;	/* 0: not known */

	struct chain chain;
	struct request *running;
	bool selecting;		/* the applet, before the command that runs */

	int error;		/* see driver_new() */
	unsigned int error_at;
	unsigned int count;
};

/* Another context than before. @aid: NULL: nothing is selected. Who loses a channel is told. */
void set_context(struct driver *d, bool known, const uint8_t *aid, size_t len,
		 struct client *channel);

/* The name stays: to it go the commands of who never selected. */
void context_unknown(struct driver *d);

/* A SELECT with P2 00 was answered. Return: is it selected? */
bool set_selected(struct driver *d, const uint8_t *aid, size_t aid_len, const uint8_t *rsp,
		  size_t len);

void bind_client(struct client *c, const uint8_t *aid, size_t len);
bool is_selected(const struct driver *d, const uint8_t *aid, size_t len);

/* Has the client's applet to be selected before its command? */
bool needs_selection(const struct client *c);

/* The AID to which the client's commands go: its own, or the one selected last */
const uint8_t *target(const struct client *c, size_t *len);

/* Return: the C-APDU's length, at most SELECT_MAX. */
#define SELECT_MAX	(5 + SE05X_AID_MAX + 1)
size_t build_select(uint8_t apdu[SELECT_MAX], const uint8_t *aid, size_t len);

/* SELECT by name */
bool is_select(const uint8_t *apdu);

/* What such a command of the client's own did. Names are found in short C-APDUs only. */
void selected_raw(struct client *c, const uint8_t *apdu, size_t apdu_len, const uint8_t *rsp,
		  size_t len);

/* ---- chain.c ---- */

/* Another's command or a reset comes in between; what goes on with the chain will be told. */
void chain_break(struct driver *d);

/* A command of @c goes to the chip next: that breaks a chain of another. */
void chain_interrupt(struct client *c);

/* Is it a piece of a broken chain, or a GET RESPONSE without anything to be had? */
bool chain_lacks(struct client *c, const uint8_t *apdu);

/* It was answered: a chain begins, goes on, or is over. */
void chain_note(struct client *c, const uint8_t *apdu, unsigned int sw, int64_t now);

/* Return: for how long others have to wait, in ms. */
int64_t chain_left(const struct driver *d, int64_t now);

/* SW1 SW2 */
static inline unsigned int status(const uint8_t *rsp, size_t len)
{
	return rsp[len - 2] << 8 | rsp[len - 1];
}

#endif /* SE05X_CONTEXT_H */
