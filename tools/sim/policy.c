// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what with an object
 *
 * A policy set has entries: length (8 and what follows the rules), authentication
 * object 4 (0: whoever has no entry of his own), access rules 4, and for some rules
 * more: REQUIRE_PCR has the PCR's number 4 and its value 32, two of 7.x have 4.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "policy.h"

#define ENTRY_MIN	8
#define PCR_LEN		32

/* What makes sense for anything, and what only for keys */
#define RULES_ALL	(RIGHT_FORBID_ALL | RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE | \
			 RIGHT_REQUIRE_SM | RIGHT_REQUIRE_PCR | RIGHT_ATTEST | \
			 RIGHT_IMPORT_EXPORT)
#define RULES_3		(RULES_ALL | RIGHT_SIGN | RIGHT_VERIFY | RIGHT_KA | RIGHT_ENC | \
			 RIGHT_DEC | RIGHT_KDF | RIGHT_WRAP | RIGHT_GEN | RIGHT_DESFIRE)

/* What a FIPS part lets an EC pair do one of, whoever asks for it */
#define RIGHTS_APART	(RIGHT_SIGN | RIGHT_KA)

/*
 * Without a policy: everything but attesting and leaving the chip [U]; the EC pair of a FIPS
 * part signs [U].
 */
#define DEFAULT_FILE	(RIGHT_READ | RIGHT_WRITE | RIGHT_DELETE)
#define DEFAULT_KEY	(DEFAULT_FILE | RIGHT_SIGN | RIGHT_VERIFY | RIGHT_KA | RIGHT_ENC | \
			 RIGHT_DEC | RIGHT_KDF | RIGHT_WRAP | RIGHT_GEN | RIGHT_PBKDF)

static bool is_file(uint8_t type)
{
	return type == TYPE_BINARY || type == TYPE_USERID || type == TYPE_COUNTER ||
	       type == TYPE_PCR;
}

static size_t extension(uint32_t rules)
{
	return (rules & RIGHT_REQUIRE_PCR ? 4 + PCR_LEN : 0) +
	       (rules & RIGHT_DESFIRE_KEY ? 4 : 0) + (rules & RIGHT_DERIVED_INPUT ? 4 : 0);
}

/* The entry of that authentication object. @set is a sound one. NULL: it has none. */
static const uint8_t *find_entry(const uint8_t *set, size_t len, uint32_t auth_id)
{
	const uint8_t *at;

	for (at = set; at < set + len; at += 1 + at[0])
		if (get_be(at + 1, 4) == auth_id)
			return at;
	return NULL;
}

static bool signs_or_agrees(const struct call *call, uint8_t type)
{
	return call->iot->model->fips && (type == TYPE_EC_PAIR || type == TYPE_EC_PRIVATE);
}

uint16_t policy_check(const struct call *call, uint8_t type, const struct tlv *set)
{
	uint32_t known = is_file(type) ? RULES_ALL : RULES_3, all = 0;
	const uint8_t *at = set->value, *end = at + set->len;

	if (is_7(call) && !is_file(type))
		known |= RIGHT_7_ONLY;
	if (at == end)
		return SW_DATA;
	while (at < end) {
		uint32_t rules;

		if (at[0] < ENTRY_MIN || at[0] > end - at - 1)
			return SW_DATA;
		rules = get_be(at + 5, 4);
		if (rules & ~known || at[0] != ENTRY_MIN + extension(rules))
			return SW_POLICY;
		/* two entries for one would contradict each other */
		if (find_entry(set->value, at - set->value, get_be(at + 1, 4)))
			return SW_POLICY;
		all |= rules;
		at += 1 + at[0];
	}
	if (signs_or_agrees(call, type) && (all & RIGHTS_APART) == RIGHTS_APART)
		return SW_POLICY;
	return SW_OK;
}

static uint32_t default_rules(const struct call *call, uint8_t type)
{
	if (is_file(type))
		return DEFAULT_FILE;
	return signs_or_agrees(call, type) ? DEFAULT_KEY & ~RIGHT_KA : DEFAULT_KEY;
}

static bool pcr_matches(const struct call *call, const uint8_t *want)
{
	const struct object *pcr = store_find(&call->iot->store, get_be(want, 4));

	return pcr && pcr->type == TYPE_PCR &&
	       !CRYPTO_memcmp(pcr->value, want + 4, PCR_LEN);
}

/*
 * Who has an entry of his own gets that, and not also what everybody else gets [U].
 * By secure messaging is what comes in a channel of the chip or of a session [U].
 */
uint32_t policy_rules(const struct call *call, const struct object *object)
{
	const uint8_t *entry;
	uint32_t rules;

	if (!object->policy_len)
		return default_rules(call, object->type);
	entry = find_entry(object->policy, object->policy_len, caller(call));
	if (!entry)
		entry = find_entry(object->policy, object->policy_len, 0);
	rules = entry ? get_be(entry + 5, 4) : 0;
	if (rules & RIGHT_FORBID_ALL || (rules & RIGHT_REQUIRE_SM && !call->apdu->secure))
		return 0;
	if (rules & RIGHT_REQUIRE_PCR && !pcr_matches(call, entry + 9))
		return 0;
	return rules;
}

uint16_t policy_allows(const struct call *call, const struct object *object, uint32_t right)
{
	return policy_rules(call, object) & right ? SW_OK : SW_DENIED;
}

void policy_default(const struct call *call, uint8_t type, uint8_t set[9])
{
	memset(set, 0, 9);
	set[0] = ENTRY_MIN;
	put_be32(set + 5, default_rules(call, type));
}
