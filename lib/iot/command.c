// SPDX-License-Identifier: LGPL-2.1-or-later
/* Commands out, answers in, and what status words mean */
#include "channel.h"

/* ---- commands ---- */

void siot_begin(struct command *cmd, uint8_t ins, uint8_t p1, uint8_t p2, size_t le)
{
	cmd->header[0] = 0x80;
	cmd->header[1] = ins;
	cmd->header[2] = p1;
	cmd->header[3] = p2;
	cmd->len = 0;
	cmd->le = le;
	cmd->object = 0;
	cmd->creates = false;
	cmd->overflow = false;
}

/* AN12413, 3.3.4: BER, lengths of one to three bytes */
static size_t put_head(uint8_t head[4], uint8_t tag, size_t len)
{
	head[0] = tag;
	if (len <= 0x7f) {
		head[1] = len;
		return 2;
	}
	if (len <= 0xff) {
		head[1] = 0x81;
		head[2] = len;
		return 3;
	}
	head[1] = 0x82;
	put_be(head + 2, len, 2);
	return 4;
}

void siot_tlv(struct command *cmd, uint8_t tag, const void *value, size_t len)
{
	uint8_t head[4];
	size_t n = put_head(head, tag, len);

	if (cmd->overflow || len > sizeof(cmd->data) || n + len > sizeof(cmd->data) - cmd->len) {
		cmd->overflow = true;
		return;
	}
	memcpy(cmd->data + cmd->len, head, n);
	if (len)
		memcpy(cmd->data + cmd->len + n, value, len);
	cmd->len += n + len;
}

static void cmd_number(struct command *cmd, uint8_t tag, uint32_t value, size_t size)
{
	uint8_t bytes[4];

	put_be(bytes, value, size);
	siot_tlv(cmd, tag, bytes, size);
}

void siot_u8(struct command *cmd, uint8_t tag, uint8_t value)
{
	cmd_number(cmd, tag, value, 1);
}

void siot_u16(struct command *cmd, uint8_t tag, uint16_t value)
{
	cmd_number(cmd, tag, value, 2);
}

void siot_u32(struct command *cmd, uint8_t tag, uint32_t value)
{
	cmd_number(cmd, tag, value, 4);
}

void siot_object(struct command *cmd, uint32_t id)
{
	cmd->object = id;
	siot_u32(cmd, TAG_1, id);
}

void siot_new(struct command *cmd, const struct se05x_iot_new *how)
{
	cmd->creates = !how || !how->replace;
	if (!how)
		return;
	if (how->transient)
		cmd->header[1] |= INS_TRANSIENT;
	if (how->auth)
		cmd->header[1] |= INS_AUTH;
	if (how->policy_len)
		siot_tlv(cmd, TAG_POLICY, how->policy, how->policy_len);
	if (how->max_attempts)
		siot_u16(cmd, TAG_MAX_ATTEMPTS, how->max_attempts);
}

/*
 * A session wraps a command in 10 08 ..., 41 82 hh ll and the inner header. A secure
 * channel, the chip's and the session's own, pads it and puts a MAC behind.
 */
#define SESSION_OVERHEAD	(10 + 4 + 4 + 3)
#define CHANNEL_OVERHEAD	(16 + 8)

size_t siot_room(const struct se05x_iot *iot, size_t others)
{
	/* with or without them: what is cut in pieces is cut the same way */
	size_t room = iot->as->payload - SESSION_OVERHEAD - CHANNEL_OVERHEAD - others - 4;

	return iot->channel ? room - CHANNEL_OVERHEAD : room;
}

bool siot_fits(const struct se05x_iot *iot, const struct command *cmd)
{
	return !cmd->overflow && cmd->len <= siot_room(iot, 0);
}

/* ---- status words ---- */

static int sw_errno(uint16_t sw)
{
	switch (sw) {
	case 0x9000:
		return 0;
	case 0x6700:
	case 0x6984:
	case 0x6A80:
	case 0x6A86:
		return -EBADR;
	case 0x6982:
	case 0x6983:
	case 0x6986:
	case 0x6300:
		return -EACCES;
	case 0x6985:
	case 0x6A82:
	case 0x6A88:
		return -ENOENT;
	case 0x6A84:
		return -EDQUOT;
	case 0x66A6:
		return -EAGAIN;
	case 0x6A81:
	case 0x6D00:
	case 0x6E00:
		return -EOPNOTSUPP;
	default:
		return (sw & 0xfff0) == 0x63C0 ? -EACCES : -EREMOTEIO;
	}
}

bool siot_denied(int ret)
{
	switch (ret) {
	case -EACCES:
	case -EBADR:
	case -EDQUOT:
	case -EMEDIUMTYPE:
	case -ENOENT:
	case -EOPNOTSUPP:
	case -EREMOTEIO:
		return true;
	default:
		return false;
	}
}

EXPORT const char *se05x_iot_error_text(int error, const struct se05x_call *call)
{
	/* what was found out says more than the status word */
	switch (error < 0 ? -error : error) {
	case ENOENT:
		return "no such object";
	case EMEDIUMTYPE:
		return "the object is of another kind, or in no state for that";
	case EUSERS:
		return "no session is free: the chip has two, and one for each UserID";
	case EBADE:
		return "wrong password, or blocked after too many wrong ones";
	case EKEYREJECTED:
		return "the chip has another key; none of its attempts is gone";
	case EKEYREVOKED:
		return "blocked: too many wrong passwords, and no attempt is left";
	case EEXIST:
		return "there is such an object already";
	case EDQUOT:
		return "no memory is left in the chip";
	case ENOPKG:
		return "the chip has no such applet";
	}
	if (call && call->sw && call->sw != 0x9000)
		return se05x_sw_text(call->sw);
	switch (error < 0 ? -error : error) {
	case EOPNOTSUPP:
		return "this chip can't do that";
	case E2BIG:
		return "more than fits into one command";
	case EBADMSG:
		return "the answer is not the chip's: its MAC is wrong; the command may have run";
	case ENOSPC:
		return "the buffer is too small";
	case EPROTO:
		return "the chip's answer makes no sense; the command ran";
	case EILSEQ:
		return "wrong padding: it was encrypted for another key, or otherwise";
	default:
		return se05x_errno_text(error);
	}
}

int siot_refuse(int error, struct se05x_call *call)
{
	if (call) {
		call->outcome = SE05X_OUTCOME_NOT_SENT;
		call->reason = SE05X_REASON_NONE;
		call->protection = SE05X_PROTECTION_NONE;
		call->sw = 0;
	}
	return error;
}

int siot_partly(int ret, struct se05x_call *call)
{
	if (ret && call && call->outcome == SE05X_OUTCOME_NOT_SENT)
		call->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
	return ret;
}

int siot_need(const struct se05x_iot *iot, uint16_t features, struct se05x_call *call)
{
	return iot->version.features & features ? 0 : siot_refuse(-EOPNOTSUPP, call);
}

/* ---- to the chip and back ---- */

/*
 * The command as part of the session, and of its channel @c if it has one. The inner one
 * has no Le.
 */
static int wrap(struct command *cmd, const uint8_t session[8], struct channel *c)
{
	uint8_t inner[SE05X_APDU_SIZE(COMMAND_MAX) + SE05X_SCP_COMMAND_OVERHEAD];
	size_t inner_len = sizeof(inner);
	int ret = 0;

	se05x_apdu_build(inner, &inner_len, cmd->header, cmd->data, cmd->len, 0);
	if (c)
		ret = siot_channel_wrap(c, inner, &inner_len, sizeof(inner));
	/* it answers what the inner one answers: always with Le */
	siot_begin(cmd, INS_PROCESS, 0, 0, cmd->le ? cmd->le : LE_SHORT);
	siot_tlv(cmd, TAG_SESSION, session, 8);
	siot_tlv(cmd, TAG_1, inner, inner_len);
	explicit_bzero(inner, sizeof(inner));
	return ret;
}

static int exchange(struct se05x_iot *iot, struct command *cmd, uint8_t *answer, size_t *len,
		    struct se05x_call *call)
{
	uint8_t apdu[SE05X_APDU_SIZE(COMMAND_MAX)];
	size_t apdu_len = sizeof(apdu);
	int ret;

	if (iot->in_session && !call->demanded)
		call->demanded = iot->generation;
	if (cmd->overflow)
		return -E2BIG;
	if (iot->in_session) {
		ret = wrap(cmd, iot->session, iot->channel);
		if (ret)
			return ret;
	}
	if (cmd->overflow || cmd->len > iot->as->payload)
		ret = -E2BIG;
	else	/* where Lc has three bytes Le has two, and says: as much as there is */
		ret = se05x_apdu_build(apdu, &apdu_len, cmd->header, cmd->data, cmd->len,
				       cmd->le && cmd->len > 255 ? LE_LONG : cmd->le);
	if (!ret)
		ret = se05x_transceive(iot->se, apdu, apdu_len, answer, len, call);
	if (iot->channel)
		ret = siot_channel_unwrap(iot->channel, ret, answer, len, call);
	explicit_bzero(apdu, sizeof(apdu));
	return ret;
}

/*
 * 6985 says that there is no such object, or that it can't do that. The difference
 * costs one more command, and only who fails pays it.
 */
static int no_object(struct se05x_iot *iot, uint32_t id)
{
	bool there;
	int ret = se05x_iot_exists(iot, id, &there, NULL);

	return !ret && there ? -EMEDIUMTYPE : -ENOENT;
}

int siot_run_at(struct se05x_iot *iot, struct command *cmd, struct response *rsp,
	       struct se05x_call *call, uint64_t *generation)
{
	struct response unwanted;
	struct se05x_call mine = {
		.flags = call ? call->flags : 0,
		.deadline_ms = call && call->deadline_ms ? call->deadline_ms : iot->deadline_ms,
		.demanded = call ? call->demanded : 0,
	};
	size_t len = RESPONSE_MAX;
	uint32_t object = cmd->object;
	bool creates = cmd->creates;
	int ret;

	if (!rsp)
		rsp = &unwanted;
	rsp->len = 0;
	ret = exchange(iot, cmd, rsp->bytes, &len, &mine);
	explicit_bzero(cmd, sizeof(*cmd));
	if (!ret && (len < 2 || len > RESPONSE_MAX))
		ret = -EPROTO;
	if (!ret) {
		mine.sw = get_be(rsp->bytes + len - 2, 2);
		ret = sw_errno(mine.sw);
		rsp->len = ret ? 0 : len - 2;
	}
	if (ret == -ENOENT && creates)
		ret = -EBADR;
	else if (ret == -ENOENT && object)
		ret = no_object(iot, object);
	if (rsp == &unwanted)
		explicit_bzero(&unwanted, sizeof(unwanted));
	if (call) {
		/* the session's generation and the handle's deadline are not the caller's */
		mine.demanded = call->demanded;
		mine.deadline_ms = call->deadline_ms;
		*call = mine;
	}
	if (generation)
		*generation = mine.generation;
	return ret;
}

int siot_run(struct se05x_iot *iot, struct command *cmd, struct response *rsp,
	    struct se05x_call *call)
{
	return siot_run_at(iot, cmd, rsp, call, NULL);
}

/* ---- answers ---- */

/* Take one TLV off. Return: false if that is none, or its length a lie. */
static bool next_tlv(const uint8_t **at, size_t *left, uint8_t *tag, size_t *len)
{
	const uint8_t *p = *at;
	size_t n = *left, size = 0;

	if (n < 2)
		return false;
	*tag = *p++;
	*len = *p++;
	n -= 2;
	if (*len > 0x7f) {
		size = *len & 0x7f;
		if (size < 1 || size > 2 || n < size)
			return false;
		*len = get_be(p, size);
		p += size;
		n -= size;
	}
	if (n < *len)
		return false;
	*at = p;
	*left = n;
	return true;
}

const uint8_t *siot_find(const struct response *rsp, uint8_t want, const uint8_t **value,
			size_t *value_len)
{
	const uint8_t *at = rsp->bytes, *head, *found = NULL;
	size_t left = rsp->len, len;
	uint8_t tag;

	while (left) {
		head = at;
		if (!next_tlv(&at, &left, &tag, &len))
			return NULL;
		if (tag == want && !found) {
			found = head;
			*value = at;
			*value_len = len;
		}
		at += len;
		left -= len;
	}
	return found;
}

bool siot_get(const struct response *rsp, uint8_t tag, const uint8_t **value, size_t *len)
{
	return siot_find(rsp, tag, value, len);
}

bool siot_get_number(const struct response *rsp, uint8_t tag, size_t size, uint32_t *number)
{
	const uint8_t *value;
	size_t len;

	if (!siot_get(rsp, tag, &value, &len) || len != size)
		return false;
	*number = get_be(value, size);
	return true;
}

int siot_run_bytes(struct se05x_iot *iot, struct command *cmd, void *out, size_t *len,
		  struct se05x_call *call)
{
	struct response rsp;
	const uint8_t *value;
	size_t got = 0;
	int ret = siot_run(iot, cmd, &rsp, call);

	if (!ret && !siot_get(&rsp, TAG_1, &value, &got))
		ret = -EPROTO;
	if (!ret && got > *len)
		ret = -ENOSPC;
	if (!ret)
		memcpy(out, value, got);
	if (!ret || ret == -ENOSPC)
		*len = got;
	explicit_bzero(&rsp, sizeof(rsp));
	return ret;
}

int siot_run_fixed(struct se05x_iot *iot, struct command *cmd, void *out, size_t len,
		  struct se05x_call *call)
{
	struct response rsp;
	const uint8_t *value;
	size_t got;
	int ret = siot_run(iot, cmd, &rsp, call);

	if (!ret && (!siot_get(&rsp, TAG_1, &value, &got) || got != len))
		ret = -EPROTO;
	if (!ret && len)
		memcpy(out, value, len);
	explicit_bzero(&rsp, sizeof(rsp));
	return ret;
}

int siot_run_yes(struct se05x_iot *iot, struct command *cmd, bool *yes,
		struct se05x_call *call)
{
	uint8_t result;
	int ret = siot_run_fixed(iot, cmd, &result, 1, call);

	if (!ret && result != RESULT_YES && result != RESULT_NO)
		ret = -EPROTO;
	if (!ret)
		*yes = result == RESULT_YES;
	return ret;
}
