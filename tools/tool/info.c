// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: what the chip is and what is in it */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* ---- info ---- */

/* An early applet may not know each kind of memory; that is no trouble. */
static bool free_memory(struct tool *t, enum se05x_iot_memory memory, uint32_t *bytes)
{
	return !CHIP(t, se05x_iot_free_memory, memory, bytes);
}

static void print_features(uint16_t features, const char *before, const char *between,
			   const char *after)
{
	const char *gap = "";

	for (unsigned int bit = 1; bit < 0x10000; bit <<= 1) {
		const char *name = se05x_iot_feature_name(bit);

		if (!(features & bit) || !name)
			continue;
		printf("%s%s%s%s", gap, before, name, after);
		gap = between;
	}
}

struct facts {
	struct se05x_iot_version v;
	uint8_t uid[SE05X_IOT_UID_LEN];
	bool has_uid;
	uint16_t uid_sw;	/* why it has none */
	bool simulated;
	struct se05x_iot_state state;
	bool has_state;		/* applets before 7.2 don't tell it */
};

static const struct {
	enum se05x_iot_memory memory;
	const char *label;
	const char *json;
} memories[] = {
	{ SE05X_IOT_MEMORY_PERSISTENT, "free flash        ", "free_persistent" },
	{ SE05X_IOT_MEMORY_TRANSIENT_RESET, "free RAM to reset ", "free_transient_reset" },
	{ SE05X_IOT_MEMORY_TRANSIENT_DESELECT, "free RAM to select",
	  "free_transient_deselect" },
};

static const char *restriction_name(unsigned int restriction)
{
	static const char * const names[] = { "none", "new", "all" };

	return restriction < 3 ? names[restriction] : "unknown";
}

static const char *boolean(bool is)
{
	return is ? "true" : "false";
}

static int info_json(struct tool *t, const struct facts *f)
{
	uint32_t bytes;

	printf("{\"applet\":\"%u.%u.%u\",\"features_raw\":\"%04X\",\"features\":[",
	       f->v.major, f->v.minor, f->v.patch, f->v.features);
	print_features(f->v.features, "\"", ",", "\"");
	printf("],\"secure_box\":\"%04X\"", f->v.secure_box);
	if (f->has_uid) {
		printf(",\"unique_id\":\"");
		print_hex(stdout, f->uid, sizeof(f->uid));
		printf("\"");
	}
	printf(",\"simulated\":%s", boolean(f->simulated));
	for (size_t i = 0; i < 3; i++)
		if (free_memory(t, memories[i].memory, &bytes))
			printf(",\"%s\":%u", memories[i].json, bytes);
	if (f->has_state)
		printf(",\"locked\":%s,\"restriction\":\"%s\",\"channel_required\":%s",
		       boolean(f->state.locked), restriction_name(f->state.restriction),
		       boolean(f->state.scp_required));
	puts("}");
	return OK;
}

static void print_state(const struct se05x_iot_state *state)
{
	printf("locked              %s\n", state->locked ?
	       "yes: no object can be made, changed or deleted" : "no");
	printf("restriction         %s\n",
	       state->restriction == SE05X_IOT_RESTRICTION_NEW ? "no new objects" :
	       restriction_name(state->restriction));
	printf("secure channel      %s\n", state->scp_required ? "required" : "not required");
}

static int info_text(struct tool *t, const struct facts *f)
{
	uint32_t bytes;

	if (f->simulated)
		puts("simulated           no place for secrets");
	printf("applet              %u.%u.%u\nfeatures            ", f->v.major, f->v.minor,
	       f->v.patch);
	print_features(f->v.features, "", " ", "");
	printf("\nsecure box          %u.%u\nunique number       ", f->v.secure_box >> 8,
	       f->v.secure_box & 0xff);
	if (f->has_uid)
		print_hex(stdout, f->uid, sizeof(f->uid));
	else
		printf("not told (%04X)", f->uid_sw);
	puts("");
	if (f->has_state)
		print_state(&f->state);
	for (size_t i = 0; i < 3; i++)
		if (free_memory(t, memories[i].memory, &bytes))
			printf("%s  %s%u bytes\n", memories[i].label,
			       bytes == 0x7fff ? "at least " : "", bytes);
	return OK;
}

int iot_info(struct tool *t, char **args, int n)
{
	struct facts f = { 0 };
	struct se05x_info info;
	int ret;

	(void)args;
	(void)n;
	f.simulated = !se05x_get_info(t->se, &info) && info.features & SE05X_FEATURE_SIMULATED;
	se05x_iot_version(t->iot, &f.v);
	ret = CHIP(t, se05x_iot_unique_id, f.uid);
	if (ret && (!t->call.sw || t->call.sw == 0x6982))
		return chip_failed(t, SE05X_IOT_ID_UNIQUE, ret);
	f.has_uid = !ret;
	f.uid_sw = t->call.sw;
	f.has_state = !CHIP(t, se05x_iot_state, &f.state);
	return t->opt.json ? info_json(t, &f) : info_text(t, &f);
}

int iot_random(struct tool *t, char **args, int n)
{
	char *end;
	unsigned long len = strtoul(args[0], &end, 10);
	uint8_t *bytes;
	int ret;

	(void)n;
	if (*end || end == args[0] || args[0][0] == '-' || !len || len > INPUT_MAX) {
		complain("random: a number of bytes, 1 to %d, not '%s'", INPUT_MAX, args[0]);
		return USAGE;
	}
	bytes = malloc(len);
	if (!bytes)
		return TROUBLE;
	ret = CHIP(t, se05x_iot_random, bytes, len);
	ret = ret ? chip_failed(t, 0, ret) : write_bytes(t, "random", bytes, len);
	OPENSSL_cleanse(bytes, len);
	free(bytes);
	return ret;
}

int iot_timestamp(struct tool *t, char **args, int n)
{
	uint8_t stamp[12];
	int ret = CHIP(t, se05x_iot_timestamp, stamp);

	(void)args;
	(void)n;
	return ret ? chip_failed(t, 0, ret) : write_bytes(t, "timestamp", stamp, sizeof(stamp));
}

/* ---- list, show ---- */

static const char *part_name(unsigned int part)
{
	static const char * const names[] = { "whole", "pair", "private", "public" };

	return names[part];
}

static void object_json(struct tool *t, const struct se05x_iot_object *object)
{
	const struct se05x_iot_curve *curve = se05x_iot_curve(object->curve);
	const char *alias = chip_name(t, object) ?: alias_of(object->id);

	printf("{\"id\":\"0x%08X\",\"kind\":\"%s\",\"part\":\"%s\",\"type\":\"%02X\","
	       "\"transient\":%s,\"size\":%u", object->id, kind_name(object->kind),
	       part_name(object->part), object->type, object->transient ? "true" : "false",
	       object->size);
	if (curve)
		printf(",\"curve\":\"%s\"", curve->name);
	if (alias) {
		printf(",\"name\":");
		print_json_string(alias);
	}
}

static void list_one(struct tool *t, const struct se05x_iot_object *object)
{
	const char *alias = chip_name(t, object) ?: alias_of(object->id);

	if (t->opt.json) {
		object_json(t, object);
		puts("}");
		return;
	}
	printf("0x%08X  %s%s%s", object->id, object_text(object),
	       object->transient ? ", transient" : "", alias ? "  " : "");
	print_safe(stdout, alias ?: "");
	puts("");
}

/*
 * One that the chip says nothing about does not hide the others. It may have been deleted by
 * somebody else meanwhile: then it is not told of.
 */
static void list_unknown(struct tool *t, uint32_t id, int error)
{
	struct se05x_call call = t->call;
	bool exists;

	if (!CHIP(t, se05x_iot_exists, id, &exists) && !exists)
		return;
	t->call = call;
	if (t->opt.json)
		printf("{\"id\":\"0x%08X\",\"error\":\"%s\",\"sw\":\"%04X\"}\n", id,
		       se05x_iot_error_text(error, &t->call), t->call.sw);
	else
		printf("0x%08X  not told: %s (%04X)\n", id, se05x_iot_error_text(error, &t->call),
		       t->call.sw);
}

static int list_ids(const struct tool *t, const uint32_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf(t->opt.json ? "{\"id\":\"0x%08X\"}\n" : "0x%08X\n", ids[i]);
	return OK;
}

int iot_list(struct tool *t, char **args, int n)
{
	struct se05x_iot_object object;
	uint32_t *ids;
	size_t count;
	int ret = CHIP(t, se05x_iot_list, &ids, &count);

	(void)args;
	(void)n;
	if (ret)
		return chip_failed(t, 0, ret);
	if (t->ids)
		ret = list_ids(t, ids, count);
	for (size_t i = 0; i < count && !t->ids; i++) {
		ret = CHIP(t, se05x_iot_object, ids[i], &object);
		if (!ret) {
			list_one(t, &object);
			continue;
		}
		if (!t->call.sw) {	/* the chip can't be asked any more */
			ret = chip_failed(t, ids[i], ret);
			break;
		}
		list_unknown(t, ids[i], ret);
		ret = OK;
	}
	free(ids);
	return ret;
}

static const char *origin_name(unsigned int origin)
{
	static const char * const names[] = { "unknown", "outside", "the chip", "NXP" };

	return origin < 4 ? names[origin] : names[0];
}

static void print_policy(const struct se05x_iot_attributes *a)
{
	char text[4096];
	int n = se05x_iot_policy_print(a->policy, a->policy_len, text, sizeof(text));

	fputs(n < 0 || (size_t)n >= sizeof(text) ? "not understood" :
	      n ? text : "the default one", stdout);
}

int iot_show(struct tool *t, char **args, int n)
{
	struct se05x_iot_attributes a;
	struct se05x_iot_object object;
	struct se05x_call call;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	(void)n;
	ret = ret ?: find_object(t, id, &object);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_attributes, id, &a);
	call = t->call;		/* names are asked for below */
	if (ret && ret != -EOPNOTSUPP && !t->call.sw)
		return chip_failed(t, id, ret);
	if (t->opt.json) {
		object_json(t, &object);
		if (!ret) {
			printf(",\"auth\":%s,\"owner\":\"0x%08X\",\"origin\":\"%s\","
			       "\"version\":%u,\"failed_attempts\":%u,\"max_attempts\":%u,"
			       "\"policy\":\"", a.auth ? "true" : "false", a.owner,
			       origin_name(a.origin), a.version, a.failed_attempts,
			       a.max_attempts);
			print_policy(&a);
			printf("\"");
		} else if (ret != -EOPNOTSUPP) {
			printf(",\"error\":\"%s\",\"sw\":\"%04X\"",
			       se05x_iot_error_text(ret, &call), call.sw);
		}
		puts("}");
		return OK;
	}
	printf("object    ");
	print_safe(stdout, id_text(id));
	printf("\nwhat      %s\nkept      %s\n", object_text(&object),
	       object.transient ? "until reset" : "in flash");
	if (ret == -EOPNOTSUPP) {
		puts("policy    this applet does not tell (an attestation does)");
		return OK;
	}
	if (ret) {
		printf("policy    not told: %s (%04X)\n", se05x_iot_error_text(ret, &call),
		       call.sw);
		return OK;
	}
	printf("from      %s\n", origin_name(a.origin));
	if (a.owner)
		printf("made by   0x%08X\n", a.owner);
	if (a.max_attempts)
		printf("attempts  %u of %u failed\n", a.failed_attempts, a.max_attempts);
	printf("policy    ");
	print_policy(&a);
	puts("");
	return OK;
}

int iot_policy(struct tool *t, char **args, int n)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	char text[4096];
	size_t len;
	int ret = parse_policy(args[0], policy, &len);

	(void)n;
	if (ret)
		return ret;
	se05x_iot_policy_print(policy, len, text, sizeof(text));
	if (t->opt.json) {
		printf("{\"policy\":\"%s\",\"deletable\":%s,\"bytes\":\"", text,
		       se05x_iot_policy_rights(policy, len) & SE05X_IOT_MAY_DELETE ?
		       "true" : "false");
		print_hex(stdout, policy, len);
		puts("\"}");
		return OK;
	}
	puts(text);
	explain_policy(policy, len);
	warn_policy(t, policy, len);
	return OK;
}
