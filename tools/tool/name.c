// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool name: what objects are called, in the chip */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

struct keys_names *chip_names(struct tool *t)
{
	if (!t->names && CHIP(t, keys_names_read, &t->names))
		t->names = NULL;
	return t->names;
}

/* A key that was replaced inherits no name. */
static bool still_its_own(struct tool *t, const struct keys_name *name,
			  const struct se05x_iot_object *object)
{
	uint8_t now[8];

	return !CHIP(t, keys_object_fingerprint, object, NULL, now) &&
	       !memcmp(now, name->fingerprint, sizeof(now));
}

const char *chip_name(struct tool *t, const struct se05x_iot_object *object)
{
	struct keys_names *names = chip_names(t);
	const struct keys_name *name = names ? keys_names_of(names, object->id) : NULL;

	return name && still_its_own(t, name, object) ? name->label : NULL;
}

unsigned int find_chip_name(struct tool *t, const char *label, uint32_t *id)
{
	struct keys_names *names = chip_names(t);
	const struct keys_name *name = NULL;
	struct se05x_iot_object object;
	unsigned int n = 0;

	while (names && !CHIP(t, keys_names_find, names, NULL, label, &name, &object) && name) {
		*id = name->id;
		n++;
	}
	return n;
}

/* Between reading and writing nobody else may write. */
static int lock_names(struct tool *t)
{
	struct se05x_call call = { .deadline_ms = t->opt.deadline_ms };
	int ret = t->owner ? 0 : se05x_lock(t->se, &call);	/* a session is locked already */

	if (ret)
		return failed("lock", ret, &call);
	keys_names_free(t->names);
	t->names = NULL;
	ret = CHIP(t, keys_names_read, &t->names);
	return ret ? chip_failed(t, 0, ret) : OK;
}

/* @name: NULL: there is to be room for one */
static int write_name(struct tool *t, const struct keys_name *name)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how = { .policy = policy };
	char text[64] = "any:read,write,delete";
	int ret;

	if (t->owner)
		snprintf(text, sizeof(text), "any:read;0x%08X:read,write,delete", t->owner);
	ret = parse_policy(text, policy, &how.policy_len);
	if (ret)
		return ret;
	return name ? CHIP(t, keys_names_write, t->names, name, &how) :
		      CHIP(t, keys_names_prepare, t->names, &how);
}

void forget_name(struct tool *t, uint32_t id)
{
	struct keys_names *names = chip_names(t);
	struct keys_name name = { .id = id };

	int ret;

	if (!names || !keys_names_of(names, id) || lock_names(t))
		return;
	ret = write_name(t, &name);
	if (ret)
		warn(&t->opt, "its name is still in the chip, and of no use: %s",
		     se05x_iot_error_text(ret, &t->call));
	if (!t->owner)
		se05x_unlock(t->se);
	keys_names_free(t->names);
	t->names = NULL;
}

/* NXP's PKCS#11 module: the last four bytes of SHA-512 of the label */
static int from_nxp(const struct tool *t, const char *label)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int len;
	const uint8_t *at;

	if (EVP_Digest(label, strlen(label), digest, &len, EVP_sha512(), NULL) != 1) {
		complain("name: %s", crypto_reason());
		return TROUBLE;
	}
	at = digest + len - 4;
	printf(t->opt.json ? "{\"id\":\"0x%02X%02X%02X%02X\"}\n" : "0x%02X%02X%02X%02X\n", at[0],
	       at[1], at[2], at[3]);
	return OK;
}

static int show_name(struct tool *t, const struct se05x_iot_object *object)
{
	const char *name = chip_name(t, object);

	if (!name) {
		complain("name: %s has none in the chip", id_text(object->id));
		return TROUBLE;
	}
	if (t->opt.json) {
		printf("{\"id\":\"0x%08X\",\"name\":", object->id);
		print_json_string(name);
		puts("}");
	} else {
		print_safe(stdout, name);
		puts("");
	}
	return OK;
}

/* May it be called that? */
static int check_name(struct tool *t, uint32_t id, const char *label)
{
	uint32_t other;

	if (!*label)
		return OK;
	/* others may give such names; here a digit begins a number */
	if (!keys_label_valid(label) || keys_looks_like_id(label)) {
		complain("name: 1 to %d bytes of UTF-8 without control characters, and no digit in"
			 " front", KEYS_LABEL_MAX);
		return USAGE;
	}
	if (keys_alias(label, &other) && other != id) {
		complain("name: '%s' is 0x%08X in the alias file", label, other);
		return USAGE;
	}
	if (find_chip_name(t, label, &other) && other != id) {
		complain("name: '%s' is 0x%08X already", label, other);
		return USAGE;
	}
	return OK;
}

static int set_name(struct tool *t, const struct se05x_iot_object *object, const char *label)
{
	struct keys_name name = { .id = object->id };
	const struct keys_name *old;
	int ret = lock_names(t) ?: check_name(t, object->id, label);

	if (ret)
		return ret;
	ret = CHIP(t, keys_object_fingerprint, object, NULL, name.fingerprint);
	if (ret)
		return chip_failed(t, object->id, ret);
	old = keys_names_of(t->names, object->id);
	if (old && !memcmp(old->fingerprint, name.fingerprint, sizeof(name.fingerprint))) {
		memcpy(name.cka_id, old->cka_id, sizeof(name.cka_id));
		name.cka_id_len = old->cka_id_len;
	}
	if (!*label && !old)
		return OK;	/* it had none */
	snprintf(name.label, sizeof(name.label), "%s", label);
	/* what it is called already is not written once more */
	ret = old && !strcmp(old->label, label) &&
	      !memcmp(old->fingerprint, name.fingerprint, sizeof(name.fingerprint)) ? 0 :
	      write_name(t, &name);
	if (ret)
		return chip_failed(t, object->id, ret);
	if (t->opt.json) {
		printf("{\"id\":\"0x%08X\",\"name\":", object->id);
		print_json_string(label);
		puts("}");
	} else {
		say(&t->opt, *label ? "0x%08X is called '%s' now%s" : "0x%08X has no name now",
		    object->id, label, t->owner ? "" : "; who reaches the chip can change that");
	}
	return OK;
}

static int prepare(struct tool *t)
{
	int ret = lock_names(t) ?: write_name(t, NULL);

	return ret && ret != TROUBLE ? chip_failed(t, 0, ret) : ret;
}

int iot_name(struct tool *t, char **args, int n)
{
	struct se05x_iot_object object;
	uint32_t id;
	int ret;

	if (t->from_nxp && !t->prepare && n == 1)
		return from_nxp(t, args[0]);
	if (t->prepare && !t->from_nxp && !n)
		return prepare(t);
	if (t->from_nxp || t->prepare || !n) {
		complain("name: 'ID', 'ID NAME', '--from-nxp LABEL' or '--prepare'");
		return USAGE;
	}
	ret = parse_id(args[0], &id) ?: find_object(t, id, &object);
	if (ret)
		return ret;
	return n == 1 ? show_name(t, &object) : set_name(t, &object, args[1]);
}
