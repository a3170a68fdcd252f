// SPDX-License-Identifier: LGPL-2.1-or-later
/* Several commands, and nobody else's between them; as the owner of a UserID */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "chip.h"

/* A session of its own file; it is closed in the chip too */
static int run_in_session(struct se05x *se, struct se05x_iot *iot, uint32_t id, const void *pin,
			  size_t len, atomic_bool *refused, keys_run *run, void *arg,
			  struct se05x_call *call)
{
	struct se05x_iot *session;
	bool left;
	int ret;

	/* whoever tried it meanwhile had the chip's lock */
	if (refused && atomic_load(refused)) {
		*call = (struct se05x_call) { .deadline_ms = call->deadline_ms };
		return -EBADE;
	}
	ret = se05x_iot_session_open(iot, id, pin, len, &session, call);
	left = ret && !keys_answered(call) && call->outcome != SE05X_OUTCOME_NOT_SENT;
	if (refused && (ret == -EBADE || ret == -EKEYREVOKED))
		atomic_store(refused, true);
	if (!ret) {
		if (run)
			ret = run(session, arg, call);
		left = se05x_iot_session_close(session, NULL);
	}
	/* one that may still be there is in everybody's way: it ends when something else is selected */
	if (left)
		se05x_select(se, NULL, 0, SE05X_SELECT_FRESH, NULL, NULL, NULL);
	return ret;
}

static int burst_once(struct keys_chip *chip, uint32_t id, const void *pin, size_t len,
		      atomic_bool *refused, keys_run *run, void *arg, struct se05x_call *call)
{
	struct se05x_iot *iot;
	struct burst burst;
	struct se05x *se;
	int ret = keys_open_own(chip, &se, &iot, call);

	if (ret)
		return ret;
	keys_burst_begins(&burst, &se);
	ret = se05x_lock(se, call);
	if (!ret)
		ret = pin ? run_in_session(se, iot, id, pin, len, refused, run, arg, call) :
			    run(iot, arg, call);
	se05x_iot_close(iot);
	/* a child forked meanwhile has the file too, and would hold the lock */
	se05x_unlock(se);
	keys_burst_ends(&burst);
	se05x_close(se);
	return ret;
}

int keys_chip_burst(struct keys_chip *chip, uint32_t id, const void *pin, size_t len,
		    atomic_bool *refused, keys_run *run, void *arg, struct se05x_call *call)
{
	unsigned int tries = 0;
	int ret;

	do
		ret = burst_once(chip, id, pin, len, refused, run, arg, call);
	while (keys_again(ret, call, &tries));
	return ret;
}

int keys_burst(struct keys_chip *chip, uint32_t id, const void *pin, size_t len, keys_run *run,
	       void *arg, struct se05x_call *call)
{
	return keys_chip_burst(chip, id, pin, len, NULL, run, arg, call);
}

/* ---- a session that stays open ---- */

struct keys_session {
	struct se05x *se;
	struct se05x_iot *iot;
	pid_t owner;
};

static int open_session(struct keys_chip *chip, uint32_t id, const void *pin, size_t len,
			struct keys_session **session, struct se05x_call *call)
{
	struct keys_session *s = calloc(1, sizeof(*s));
	struct se05x_iot *iot;
	int ret = s ? keys_open_own(chip, &s->se, &iot, call) : -ENOMEM;

	if (ret) {
		free(s);
		return ret;
	}
	s->owner = getpid();
	ret = se05x_iot_session_open(iot, id, pin, len, &s->iot, call);
	se05x_iot_close(iot);
	if (ret) {
		se05x_close(s->se);
		free(s);
		return ret;
	}
	*session = s;
	return 0;
}

void keys_session_close(struct keys_session **session)
{
	struct keys_session *s = *session;

	if (!s)
		return;
	/* first, so that a child forked meanwhile does not close what is freed here */
	*session = NULL;
	/* in a child it is the parent's, and has to stay open in the chip */
	if (s->owner == getpid())
		se05x_iot_session_close(s->iot, NULL);
	else
		free(s->iot);
	se05x_close(s->se);
	free(s);
}

static int session_once(struct keys_chip *chip, uint32_t id, const void *pin, size_t len,
			struct keys_session **session, keys_run *run, void *arg,
			struct se05x_call *call)
{
	struct burst burst;
	int ret = 0;

	*call = (struct se05x_call) { .deadline_ms = call->deadline_ms };
	if (!*session)
		ret = open_session(chip, id, pin, len, session, call);
	if (ret)
		return ret;
	keys_burst_begins(&burst, &(*session)->se);
	ret = se05x_lock((*session)->se, call);
	if (!ret && run)
		ret = run((*session)->iot, arg, call);
	se05x_unlock((*session)->se);
	keys_burst_ends(&burst);
	/* whoever selected another applet, or reset the chip, ended it */
	if (ret && !keys_answered(call))
		keys_session_close(session);
	return ret;
}

int keys_session_run(struct keys_chip *chip, uint32_t id, const void *pin, size_t len,
		     struct keys_session **session, keys_run *run, void *arg,
		     struct se05x_call *call)
{
	unsigned int tries = 0;
	int ret;

	do
		ret = session_once(chip, id, pin, len, session, run, arg, call);
	while (keys_again(ret, call, &tries));
	return ret;
}
