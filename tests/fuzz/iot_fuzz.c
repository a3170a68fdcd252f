// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer as the chip's applet: libse05x-iot believes none of its lengths
 *
 * Input: seven bytes of version; then for each call one byte that picks it, and for
 * each APDU that it sends two bytes of length and as many of an answer. A call that
 * runs out of answers gets an empty one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/iot/se05x-iot.h"

struct se05x {
	const uint8_t *at;
	size_t left;
};

static size_t feed(struct se05x *se, uint8_t *to, size_t max)
{
	size_t len;

	if (se->left < 2)
		return 0;
	len = (se->at[0] << 8 | se->at[1]) % 4200;
	se->at += 2;
	se->left -= 2;
	if (len > se->left)
		len = se->left;
	memcpy(to, se->at, len < max ? len : max);
	se->at += len;
	se->left -= len;
	return len;
}

int se05x_transceive(struct se05x *se, const void *command, size_t command_len, void *response,
		     size_t *response_len, struct se05x_call *call)
{
	size_t max = *response_len;

	if (se05x_apdu_check(command, command_len))
		abort();	/* whatever the chip said before */
	*response_len = feed(se, response, max);
	call->outcome = SE05X_OUTCOME_RAN;
	call->sw = 0x9000;
	call->generation = 1;
	return *response_len > max ? -EMSGSIZE : 0;
}

int se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
		 void *response, size_t *response_len, struct se05x_call *call)
{
	size_t n = se->left < 7 ? se->left : 7;

	(void)aid;
	(void)aid_len;
	(void)flags;
	memcpy(response, se->at, n);
	memcpy((uint8_t *)response + n, "\x90\x00", 2);
	se->at += n;
	se->left -= n;
	*response_len = n + 2;
	call->sw = 0x9000;
	return 0;
}

int se05x_reopen(struct se05x *se)
{
	(void)se;
	return 0;
}

void se05x_close(struct se05x *se)
{
	(void)se;
}

static void attributes(const struct se05x_iot_attributes *a)
{
	char text[600];
	int n = se05x_iot_policy_print(a->policy, a->policy_len, text, sizeof(text));
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	size_t len = sizeof(policy);

	/* what it prints it must understand */
	if (n > 0 && (size_t)n < sizeof(text) &&
	    se05x_iot_policy_parse(text, policy, &len, NULL) == -ENOSPC)
		abort();
	se05x_iot_policy_rights(a->policy, a->policy_len);
}

static void notation(struct se05x *se)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX], again[SE05X_IOT_POLICY_MAX], text[1000];
	size_t n = feed(se, text, sizeof(text) - 1), len = sizeof(policy), again_len = sizeof(again);
	char printed[2000];

	text[n < sizeof(text) ? n : sizeof(text) - 1] = 0;
	if (se05x_iot_policy_parse((char *)text, policy, &len, NULL))
		return;
	if (se05x_iot_policy_print(policy, len, printed, sizeof(printed)) < 0 ||
	    se05x_iot_policy_parse(printed, again, &again_len, NULL) || again_len != len ||
	    memcmp(policy, again, len))
		abort();
}

/* Calls of which each has a parser of its own */
static void one_call(struct se05x *se, struct se05x_iot *iot, unsigned int pick)
{
	struct se05x_iot_attestation *a;
	static const struct se05x_iot_rsa rsa = { { "\x01", 1 }, { "\x03", 1 } };
	static uint8_t data[2500], out[2500];
	struct se05x_iot_attributes attr;
	struct se05x_iot_object object;
	struct se05x_iot_state chip;
	struct se05x_call call = { 0 };
	size_t len = 600, e_len = 8;
	struct se05x_iot *session;
	uint32_t *ids, number;
	uint64_t value;
	uint8_t curve;
	bool yes;

	switch (pick % 32) {
	case 0: se05x_iot_unique_id(iot, out, &call); break;
	case 1:
		se05x_iot_free_memory(iot, 1, &number, &call);
		se05x_iot_state(iot, &chip, &call);
		break;
	case 2: se05x_iot_random(iot, out, 2500, &call); break;
	case 3:
		if (!se05x_iot_list(iot, &ids, &len, &call))
			free(ids);
		break;
	case 4: se05x_iot_object(iot, 1, &object, &call); break;
	case 5: se05x_iot_exists(iot, 1, &yes, &call); break;
	case 6:
		if (!se05x_iot_attributes(iot, 1, &attr, &call))
			attributes(&attr);
		break;
	case 7: se05x_iot_curve_ready(iot, SE05X_IOT_CURVE_SECP256K1, &yes, &call); break;
	case 8: se05x_iot_ec_generate(iot, 1, SE05X_IOT_CURVE_P521, NULL, &yes, &call); break;
	case 9: curve = SE05X_IOT_CURVE_P521; se05x_iot_ec_public(iot, 1, &curve, out, &len, &call); break;
	case 10: curve = 0; se05x_iot_ec_public(iot, 1, &curve, out, &len, &call); break;
	case 11:
		len = 72;
		se05x_iot_ecdsa_sign(iot, 1, SE05X_IOT_HASH_SHA256, data, out, &len, &call);
		break;
	case 12: se05x_iot_eddsa_sign(iot, 1, data, 10, out, &call); break;
	case 13: se05x_iot_ecdh(iot, 1, SE05X_IOT_CURVE_P384, data, 97, out, &len, &call); break;
	case 14: se05x_iot_rsa_public(iot, 1, out, &len, out + 1000, &e_len, &call); break;
	case 15: se05x_iot_rsa_sign(iot, 1, 1, 2, data, 10, out, &len, &call); break;
	case 16: se05x_iot_rsa_decrypt(iot, 1, 1 + pick / 32 % 2 * 2, 2, data, 128, out, &len, &call); break;
	case 17: se05x_iot_cipher(iot, 1, pick / 32 % 3, true, data, data, out, 2400, &call); break;
	case 18:
		se05x_iot_mac(iot, 1, pick / 32 % 2 ? SE05X_IOT_MAC_CMAC_AES : 1, data,
			      pick / 32 % 2 ? 2000 : 10, out, &len, &call);
		break;
	case 19: se05x_iot_hkdf(iot, 1, SE05X_IOT_HASH_SHA256, data, 5, data, 5, out, 100,
				&call); break;
	case 20: se05x_iot_digest(iot, SE05X_IOT_HASH_SHA512, data, 5, out, &call); break;
	case 21: se05x_iot_binary_create(iot, 1, data, 2500, NULL, &len, &call); break;
	case 22: se05x_iot_binary_read(iot, 1, 5, out, 2500, &call); break;
	case 23: se05x_iot_counter_read(iot, 1, &value, &call); break;
	case 24: se05x_iot_pcr_read(iot, 1, out, &call); break;
	case 25:
		if (!se05x_iot_attest(iot, 1, 0, 2, SE05X_IOT_HASH_SHA256, data, 0, 0, &a, &call)) {
			const uint8_t *bytes = se05x_iot_attested(a, SE05X_IOT_ATTESTED_ATTRIBUTES,
								  &len);

			if (!se05x_iot_attributes_parse(iot, bytes, len, &attr))
				attributes(&attr);
			se05x_iot_attestation_free(a);
		}
		break;
	case 26:
		if (!se05x_iot_session_open(iot, 1, "pass", 4, &session, &call))
			se05x_iot_session_close(session, &call);
		break;
	case 27:
		if (!se05x_iot_session_open(iot, 1, "pass", 4, &session, &call)) {
			se05x_iot_counter_read(session, 1, &value, &call);
			se05x_iot_close(session);
		}
		break;
	case 28: se05x_iot_rsa_import(iot, 1, 512, &rsa, NULL, &yes, &call); break;
	case 29:
		se05x_iot_timestamp(iot, out, &call);
		/* what the chip does, and what is put together here */
		len = pick / 32 % 2 ? 100 : 2000;
		se05x_iot_aead_encrypt(iot, 1, pick / 64 % 2, data, 12, data, 5, data, out, len,
				       out + 2200, 16, &call);
		se05x_iot_aead_decrypt(iot, 1, pick / 64 % 2, data, 12, data, 5, data, out, len,
				       data, 16, &yes, &call);
		break;
	case 30: notation(se); break;
	case 31: se05x_iot_rsa_verify(iot, 1, 1, 2, data, 10, data, 64, &yes, &call); break;
	}
	se05x_iot_error_text(-5, &call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct se05x se = { data, size };
	struct se05x_iot *iot;

	if (se05x_iot_open(&se, NULL, 0, &iot, NULL))
		return 0;
	while (se.left) {
		unsigned int pick = *se.at++;

		se.left--;
		one_call(&se, iot, pick);
	}
	se05x_iot_close(iot);
	return 0;
}
