// SPDX-License-Identifier: LGPL-2.1-or-later
/* The chip: who runs commands, with the PIN or without, and what their errors are here */
#include <errno.h>
#include <string.h>

#include "object.h"

/* ---- errors ---- */

static const struct {
	int error;
	CK_RV rv;
} errors[] = {
	{ 0, CKR_OK },
	{ -ENOMEM, CKR_HOST_MEMORY },
	{ -ENODEV, CKR_DEVICE_REMOVED },
	{ -ENOPKG, CKR_TOKEN_NOT_RECOGNIZED },
	{ -EPERM, CKR_TOKEN_NOT_PRESENT },
	{ -ENOTTY, CKR_TOKEN_NOT_RECOGNIZED },
	{ -EOPNOTSUPP, CKR_FUNCTION_NOT_SUPPORTED },
	{ -E2BIG, CKR_DATA_LEN_RANGE },
	{ -ENOENT, CKR_OBJECT_HANDLE_INVALID },
	{ -EMEDIUMTYPE, CKR_KEY_TYPE_INCONSISTENT },
	{ -EBADE, CKR_PIN_INCORRECT },
	{ -EKEYREVOKED, CKR_PIN_LOCKED },
	{ -EDQUOT, CKR_DEVICE_MEMORY },
	/* CKR_SESSION_COUNT is C_OpenSession's alone, which opens none in the chip */
	{ -EUSERS, CKR_DEVICE_MEMORY },
	/* of which the specification says that the same call may go well later */
	{ -EAGAIN, CKR_FUNCTION_FAILED },
	{ -EBADR, CKR_ARGUMENTS_BAD },
	{ -EINVAL, CKR_ARGUMENTS_BAD },
};

/* By the chip, or by the system when it was to be opened */
static CK_RV denied(struct p11_token *token, const struct se05x_call *call)
{
	if (!keys_answered(call))
		return CKR_TOKEN_NOT_PRESENT;
	token->is_open = false;	/* it may have been locked: the next one that writes asks */
	return p11_has_user(token) && !token->logged_in ? CKR_USER_NOT_LOGGED_IN :
	       CKR_KEY_FUNCTION_NOT_PERMITTED;
}

CK_RV p11_error(struct p11_token *token, int ret, const struct se05x_call *call)
{
	if (ret)
		p11_log("%s: %s (%s, SW %04X), after %u ms", token->device,
			se05x_iot_error_text(ret, call), strerrorname_np(-ret) ?: "?", call->sw,
			p11_now_ms() - p11_call_ms);
	if (ret == -EACCES)
		return denied(token, call);
	/* busy with others until the deadline */
	if (ret == -EBUSY && keys_not_sent(ret, call))
		return CKR_FUNCTION_FAILED;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].error == ret)
			return errors[i].rv;
	return CKR_DEVICE_ERROR;
}

/* ---- without the PIN ---- */

/* A device that went away is told once, before its successor is used. */
bool p11_again(struct p11_token *token, struct keys_turn *turn, int ret,
	       const struct se05x_call *call)
{
	bool again = keys_end(token->chip, turn, ret, call);

	if (ret != -ENODEV)
		return again;
	p11_token_lost(token);
	return false;
}

static int run_turn(struct se05x_iot *iot, p11_command run, void *arg, struct se05x_call *call)
{
	return run(iot, arg, call);
}

CK_RV p11_run(struct p11_token *token, p11_command run, void *arg)
{
	return P11_IOT(token, run_turn, run, arg);
}

/* ---- with it ---- */

static int run_as_user(struct p11_token *token, p11_command run, void *arg,
		       struct se05x_call *call)
{
	const struct p11_config *config = p11_config(token);
	const struct p11_pin *pin = token->pin;

	if (config->keep_session)
		return keys_session_run(token->chip, config->user, pin->value, pin->len,
					&token->session, run, arg, call);
	return keys_burst(token->chip, config->user, pin->value, pin->len, run, arg, call);
}

/* With pin_lock held. A wrong PIN is not tried twice: it may have been changed, or be blocked. */
static int try_burst(struct p11_token *token, p11_command run, void *arg,
		     struct se05x_call *call)
{
	int ret = run_as_user(token, run, arg, call);

	if (ret == -EBADE || ret == -EKEYREVOKED) {
		explicit_bzero(token->pin, sizeof(*token->pin));
		token->logged_in = false;
		p11_log("the chip refused the PIN: logged out");
	}
	return ret;
}

static CK_RV burst(struct p11_token *token, p11_command run, void *arg)
{
	struct se05x_call call = { 0 };
	int ret;

	pthread_mutex_lock(&token->pin_lock);
	if (!token->pin->len) {
		pthread_mutex_unlock(&token->pin_lock);
		return CKR_USER_NOT_LOGGED_IN;
	}
	ret = try_burst(token, run, arg, &call);
	pthread_mutex_unlock(&token->pin_lock);
	if (ret == -ENODEV)
		p11_token_lost(token);
	return p11_error(token, ret, &call);
}

/* One that a set of the policy names, or who knows: then he is asked for. */
static bool is_users(const struct p11_chipobj *o, uint32_t user)
{
	const uint8_t *at = o->attributes.policy;
	size_t left = o->attributes.policy_len;

	if (!o->has_attributes)
		return true;
	/* length, authentication object, rights: AN12413, 3.7 */
	while (left > 8 && at[0] >= 8 && left > at[0]) {
		if (get_be(at + 1, 4) == user)
			return true;
		left -= 1 + at[0];
		at += 1 + at[0];
	}
	return false;
}

bool p11_needs_pin(struct p11_object *object)
{
	struct p11_token *token = object->token;

	if (!p11_config(token)->user || !token->logged_in)
		return false;
	p11_chipobj_attributes(token, object->chip);
	return is_users(object->chip, p11_config(token)->user);
}

CK_RV p11_run_as(struct p11_object *object, p11_command run, void *arg)
{
	return (p11_needs_pin(object) ? burst : p11_run)(object->token, run, arg);
}

CK_RV p11_run_locked(struct p11_token *token, p11_command run, void *arg)
{
	struct se05x_call call = { 0 };
	int ret;

	if (p11_config(token)->user && token->logged_in)
		return burst(token, run, arg);
	ret = keys_burst(token->chip, 0, NULL, 0, run, arg, &call);
	if (ret == -ENODEV)
		p11_token_lost(token);
	return p11_error(token, ret, &call);
}

/* Nothing is done; for who reads the log it is said that anybody could take the PIN away. */
static int only_try(struct se05x_iot *session, void *arg, struct se05x_call *call)
{
	struct p11_token *token = arg;
	struct se05x_iot_attributes a;

	(void)call;
	if (p11_logs() && !se05x_iot_attributes(session, p11_config(token)->user, &a, NULL) &&
	    (!a.policy_len ||
	     se05x_iot_policy_rights(a.policy, a.policy_len) & SE05X_IOT_MAY_DELETE))
		p11_log("warning: UserID 0x%08X may be deleted, and made anew with another PIN",
			p11_config(token)->user);
	return 0;
}

static void wipe_pin(struct p11_token *token)
{
	explicit_bzero(token->pin, sizeof(*token->pin));
	keys_session_close(&token->session);
	token->logged_in = false;
}

/* One login at a time: another one's PIN does not take the place of this one's. */
CK_RV p11_try_pin(struct p11_token *token, const void *pin, size_t len)
{
	struct se05x_call call = { 0 };
	CK_RV rv;
	int ret;

	pthread_mutex_lock(&token->pin_lock);
	if (token->logged_in) {
		pthread_mutex_unlock(&token->pin_lock);
		return CKR_USER_ALREADY_LOGGED_IN;
	}
	memcpy(token->pin->value, pin, len);
	token->pin->len = len;
	ret = try_burst(token, only_try, token, &call);
	if (ret)
		wipe_pin(token);
	else
		token->logged_in = true;
	pthread_mutex_unlock(&token->pin_lock);
	if (ret == -ENODEV)
		p11_token_lost(token);
	rv = p11_error(token, ret, &call);
	/* which UserID that is, and whether it is one, is the configuration's */
	return rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_TYPE_INCONSISTENT ?
	       CKR_USER_PIN_NOT_INITIALIZED : rv;
}

void p11_forget_pin(struct p11_token *token)
{
	pthread_mutex_lock(&token->pin_lock);
	wipe_pin(token);
	pthread_mutex_unlock(&token->pin_lock);
}
