// SPDX-License-Identifier: LGPL-2.1-or-later
/* Slots and tokens: a slot is a device, its token the chip */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "token.h"

#define CLASS_FOLDER	"/sys/class/se05x"
#define SERIAL_DEADLINE_MS	1000
#define POLL_MS		500

/* ---- which there are ---- */

/* Neither waits for the chip nor wakes it */
static bool is_there(struct p11_token *token)
{
	struct se05x_info info;
	struct se05x *se;

	if (se05x_open(token->device, &se))
		/* a worker that may not open it has its parent's file */
		return keys_chip_inherited(token->chip);
	if (!se05x_get_info(se, &info))
		token->simulated = info.features & SE05X_FEATURE_SIMULATED;
	se05x_close(se);
	return true;
}

static struct p11_token *token_of(CK_SLOT_ID slot)
{
	struct p11_token *token;

	pthread_mutex_lock(&p11.lock);
	for (token = p11.tokens; token; token = token->next)
		if (token->slot == slot)
			break;
	pthread_mutex_unlock(&p11.lock);
	return token;
}

/* Its place in the list is by its slot. */
static void add(struct p11_token *token)
{
	struct p11_token **link = &p11.tokens;

	while (*link && (*link)->slot < token->slot)
		link = &(*link)->next;
	token->next = *link;
	*link = token;
}

static void free_token(struct p11_token *token)
{
	struct p11_learnt *learnt;

	while ((learnt = token->learnt)) {
		token->learnt = learnt->before;
		free(learnt);
	}
	keys_chip_free(token->chip);
	p11_private_page_free(token->pin);
	pthread_mutex_destroy(&token->pin_lock);
	pthread_mutex_destroy(&token->list_lock);
	free(token->device);
	free(token);
}

static void note(CK_SLOT_ID slot, const char *device)
{
	struct p11_token *token;

	if (token_of(slot))
		return;
	token = calloc(1, sizeof(*token));
	if (!token)
		return;
	token->slot = slot;
	pthread_mutex_init(&token->pin_lock, NULL);
	pthread_mutex_init(&token->list_lock, NULL);
	token->device = strdup(device);
	token->chip = keys_chip_new(device);
	token->pin = p11_private_page();
	token->learnt = calloc(1, sizeof(*token->learnt));
	if (!token->device || !token->chip || !token->pin || !token->learnt || !is_there(token)) {
		free_token(token);
		return;
	}
	keys_chip_no_threads(token->chip, p11.no_threads);
	p11_config_read("", &token->learnt->config);
	/* what is there from the beginning did not come */
	token->seen = !p11.looked;
	pthread_mutex_lock(&p11.lock);
	add(token);
	pthread_mutex_unlock(&p11.lock);
}

/* se05x0 is /dev/se05x, se05x1 is /dev/se05x1 */
static void note_device(const char *name)
{
	unsigned int number;
	char device[64], rest;

	if (sscanf(name, "se05x%u%c", &number, &rest) != 1)
		return;
	if (number)
		snprintf(device, sizeof(device), "/dev/se05x%u", number);
	else
		strcpy(device, "/dev/se05x");
	note(number, device);
}

/* One thread at a time: a slot is noted once */
static void look(void)
{
	const char *said = secure_getenv("SE05X_DEVICE");
	struct dirent *entry;
	DIR *folder;

	pthread_mutex_lock(&p11.look_lock);
	folder = said && *said ? NULL : opendir(CLASS_FOLDER);
	if (said && *said)
		note(0, said);
	else if (!folder)
		note_device("se05x0");	/* a container may have the node and no sysfs */
	while (folder && (entry = readdir(folder)))
		note_device(entry->d_name);
	if (folder)
		closedir(folder);
	p11.looked = true;
	pthread_mutex_unlock(&p11.look_lock);
}

struct p11_token *p11_token(CK_SLOT_ID slot)
{
	struct p11_token *token = token_of(slot);

	if (token)
		return token;
	look();
	token = token_of(slot);
	return token && is_there(token) ? token : NULL;
}

static struct p11_token *next_token(struct p11_token *before)
{
	struct p11_token *next;

	pthread_mutex_lock(&p11.lock);
	next = before ? before->next : p11.tokens;
	pthread_mutex_unlock(&p11.lock);
	return next;
}

void p11_tokens_end(void)
{
	struct p11_token *token;

	while ((token = p11.tokens)) {
		p11.tokens = token->next;
		free_token(token);
	}
	p11.looked = false;
}

/* ---- what it is ---- */

struct learning {
	struct se05x_iot_version version;
	struct se05x_iot_state state;
	bool has_state;
	unsigned int successors;
};

static int learn(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct learning *l = arg;

	(void)call;
	se05x_iot_version(iot, &l->version);
	return 0;
}

/* Unless another thread was faster, or another chip took its place meanwhile */
static CK_RV take(struct p11_token *token, const struct learning *l)
{
	struct p11_learnt *new = calloc(1, sizeof(*new));
	uint8_t digest[EVP_MAX_MD_SIZE];
	CK_RV rv = CKR_OK;

	if (!new)
		return CKR_HOST_MEMORY;
	new->version = l->version;
	if (keys_chip_uid(token->chip, new->uid) &&
	    EVP_Q_digest(p11.lib, "SHA256", NULL, new->uid, sizeof(new->uid), digest, NULL) == 1)
		for (size_t i = 0; i < P11_SERIAL_LEN / 2; i++)
			sprintf(new->serial + 2 * i, "%02X", digest[i]);
	p11_config_read(new->serial, &new->config);
	pthread_mutex_lock(&p11.lock);
	if (token->successors != l->successors) {
		rv = CKR_DEVICE_REMOVED;
	} else if (!token->known) {
		new->before = token->learnt;
		token->learnt = new;
		token->known = true;
		new = NULL;
	}
	pthread_mutex_unlock(&p11.lock);
	free(new);
	return rv;
}

CK_RV p11_token_learn(struct p11_token *token)
{
	struct learning l = { .successors = token->successors };
	CK_RV rv;

	if (token->known)
		return CKR_OK;
	rv = p11_run(token, learn, &l);
	return rv ? rv : take(token, &l);
}

/* ---- whether it can be written ---- */

/* What does not tell it is as good as open: the chip itself refuses what it does not want. */
static int ask_state(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct learning *l = arg;
	int ret = se05x_iot_state(iot, &l->state, call);

	if (ret == -EOPNOTSUPP || (ret && keys_answered(call))) {
		l->state = (struct se05x_iot_state) { 0 };
		ret = 0;
	}
	l->has_state = !ret;
	return ret;
}

static void take_state(struct p11_token *token, const struct learning *l)
{
	pthread_mutex_lock(&p11.lock);
	if (l->has_state && token->successors == l->successors) {
		token->is_open = !l->state.locked && !l->state.restriction;
		token->is_protected = l->state.locked ||
				      l->state.restriction == SE05X_IOT_RESTRICTION_ALL;
	}
	pthread_mutex_unlock(&p11.lock);
}

/* Who was refused asks again: its owner may unlock it while programs run. */
CK_RV p11_token_writable(struct p11_token *token, bool creates)
{
	struct learning l = { .successors = token->successors };
	CK_RV rv;

	if (token->is_open)
		return CKR_OK;
	rv = p11_run(token, ask_state, &l);
	if (rv)
		return rv;
	take_state(token, &l);
	if (!l.state.locked && !(creates && l.state.restriction))
		return CKR_OK;
	p11_log("%s: %s", token->device, l.state.locked ? "the chip is locked" :
		"the chip takes no new objects");
	return CKR_TOKEN_WRITE_PROTECTED;
}

/* Its state too, if there is time left. Without it nothing is lost: whoever writes asks for it. */
static int learn_all(struct se05x_iot *iot, void *arg, struct se05x_call *call)
{
	struct learning *l = arg;
	uint32_t passed = p11_now_ms() - p11_call_ms;

	learn(iot, l, call);
	if (passed >= SERIAL_DEADLINE_MS)
		return 0;
	call->deadline_ms = SERIAL_DEADLINE_MS - passed;
	ask_state(iot, l, call);
	return 0;
}

/* For a list of tokens: who is busy for a second has a blank one */
static void learn_soon(struct p11_token *token)
{
	struct se05x_call call = { .deadline_ms = SERIAL_DEADLINE_MS };
	struct learning l = { .successors = token->successors };

	if (token->asked)
		return;
	token->asked = true;
	if (KEYS_RUN(token->chip, &call, learn_all, &l))
		return;
	if (!token->known)
		take(token, &l);
	take_state(token, &l);
}

/* Which part of the family that is, as far as features tell: docs/simulator.md has them */
static const char *part(const struct se05x_iot_version *v)
{
	bool rsa = v->features & (SE05X_IOT_FEATURE_RSA_PLAIN | SE05X_IOT_FEATURE_RSA_CRT);
	bool edwards = v->features & SE05X_IOT_FEATURE_EDDSA;

	if (v->major < 6)
		return rsa ? "SE050" : "SE050A";
	if (rsa)
		return "SE051";
	return edwards ? "SE050E" : "A5000";
}

CK_RV C_GetSlotList(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count)
{
	struct p11_token *token = NULL;
	CK_ULONG n = 0, room;
	CK_RV rv = p11_enter();

	(void)present;	/* a device without its chip is no slot */
	if (rv)
		return rv;
	if (!count)
		return p11_leave(CKR_ARGUMENTS_BAD);
	room = list ? *count : 0;
	look();
	while ((token = next_token(token))) {
		if (!is_there(token))
			continue;
		if (list && n < room)
			list[n] = token->slot;
		n++;
	}
	*count = n;
	return p11_leave(list && n > room ? CKR_BUFFER_TOO_SMALL : CKR_OK);
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	struct p11_token *token;
	CK_RV rv = p11_enter();

	if (rv)
		return rv;
	token = p11_token(slot);
	if (!token || !info)
		return p11_leave(info ? CKR_SLOT_ID_INVALID : CKR_ARGUMENTS_BAD);
	memset(info, 0, sizeof(*info));
	info->flags = is_there(token) ? CKF_TOKEN_PRESENT : 0;
	if (!token->simulated)
		info->flags |= CKF_HW_SLOT;
	p11_pad(info->slotDescription, sizeof(info->slotDescription), token->device);
	p11_pad(info->manufacturerID, sizeof(info->manufacturerID), P11_MANUFACTURER);
	return p11_leave(CKR_OK);
}

static void describe(const struct p11_token *token, CK_TOKEN_INFO *info)
{
	const struct p11_learnt *l = token->learnt;
	char model[32] = "SE05x";

	if (token->known)
		snprintf(model, sizeof(model), "%s%s %u.%u.%u", token->simulated ? "sim " : "",
			 part(&l->version), l->version.major % 100, l->version.minor % 100,
			 l->version.patch % 100);
	else if (token->simulated)
		strcpy(model, "sim SE05x");
	p11_pad(info->label, sizeof(info->label), token->simulated ? "SE05x simulated" : "SE05x");
	p11_pad(info->manufacturerID, sizeof(info->manufacturerID), "NXP");
	p11_pad(info->model, sizeof(info->model), model);
	p11_pad(info->serialNumber, sizeof(info->serialNumber),
		token->known ? l->serial : "");
	p11_pad((CK_UTF8CHAR *)info->utcTime, sizeof(info->utcTime), "");
	info->firmwareVersion = (CK_VERSION) { l->version.major, l->version.minor };
	info->flags = CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;
	if (p11_has_user(token))
		info->flags |= CKF_LOGIN_REQUIRED;
	if (token->is_protected)
		info->flags |= CKF_WRITE_PROTECTED;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	struct p11_token *token;
	CK_RV rv = p11_enter();

	if (rv)
		return rv;
	token = p11_token(slot);
	if (!token || !info)
		return p11_leave(info ? CKR_SLOT_ID_INVALID : CKR_ARGUMENTS_BAD);
	if (!is_there(token))
		return p11_leave(CKR_TOKEN_NOT_PRESENT);
	learn_soon(token);
	memset(info, 0, sizeof(*info));
	pthread_mutex_lock(&p11.lock);
	describe(token, info);
	info->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
	info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
	info->ulSessionCount = token->sessions;
	info->ulRwSessionCount = token->rw_sessions;
	pthread_mutex_unlock(&p11.lock);
	info->ulMinPinLen = p11_has_user(token) ? P11_PIN_MIN : 0;
	info->ulMaxPinLen = p11_has_user(token) ? P11_PIN_MAX : 255;
	info->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
	return p11_leave(CKR_OK);
}

/* ---- coming and going ---- */

/* Is another chip there now? Its own number says so. */
static bool is_other(const struct p11_token *token, const struct p11_learnt *before)
{
	uint8_t uid[SE05X_IOT_UID_LEN];
	struct se05x_iot *iot;
	struct se05x *se;
	bool other;

	if (!token->known || se05x_open(token->device, &se))
		return false;
	other = !se05x_iot_open(se, NULL, 0, &iot, NULL);
	if (other) {
		other = !se05x_iot_unique_id(iot, uid, NULL) &&
			memcmp(uid, before->uid, sizeof(uid));
		se05x_iot_close(iot);
	}
	se05x_close(se);
	return other;
}

void p11_token_lost(struct p11_token *token)
{
	const struct p11_learnt *before = token->learnt;
	bool first;

	/* it may come back locked, or unlocked */
	token->is_open = token->asked = false;
	if (!is_other(token, before))
		return;
	/* first, so that nothing that the old one answered is entered after it */
	pthread_mutex_lock(&p11.lock);
	first = token->known && token->learnt == before;
	if (first) {
		token->known = token->is_protected = false;
		token->successors++;
	}
	pthread_mutex_unlock(&p11.lock);
	if (!first)
		return;
	p11_log("%s is another chip now", token->device);
	p11_forget_pin(token);
	p11_sessions_close(token);
	p11_objects_forget(token);
	keys_chip_forget(token->chip);
}

/* Return: a slot whose token came or went since it was asked last */
static bool changed(CK_SLOT_ID *slot)
{
	struct p11_token *token = NULL;

	look();
	while ((token = next_token(token))) {
		bool there = is_there(token);

		if (there == token->seen)
			continue;
		token->seen = there;
		*slot = token->slot;
		return true;
	}
	return false;
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved)
{
	CK_RV rv;

	for (;;) {
		rv = p11_enter();
		if (rv)
			return rv;
		if (!slot || reserved)
			return p11_leave(CKR_ARGUMENTS_BAD);
		if (changed(slot))
			return p11_leave(CKR_OK);
		if (flags & CKF_DONT_BLOCK)
			return p11_leave(CKR_NO_EVENT);
		p11_leave(CKR_OK);
		poll(NULL, 0, POLL_MS);
	}
}
