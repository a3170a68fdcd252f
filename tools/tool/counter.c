// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: counters and PCRs */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* ---- counters ---- */

int counter_new(struct tool *t, char **args, int n)
{
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how;
	uint64_t size = 4, value = 0;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	if (ret)
		return ret;
	if ((n > 1 && !keys_parse_number(args[1], &size)) ||
	    (n > 2 && !keys_parse_number(args[2], &value)) || !size || size > 8 ||
	    (size < 8 && value >> 8 * size)) {
		complain("counter new: 1 to 8 bytes, and a value that fits in");
		return USAGE;
	}
	ret = prepare_new(t, id, policy, &how);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_counter_create, id, size, value, &how);
	if (ret)
		return chip_failed(t, id, ret);
	if (t->opt.json)
		printf("{\"id\":\"0x%08X\",\"value\":%llu}\n", id, (unsigned long long)value);
	else
		say(&t->opt, "%s: a counter of %u bytes at %llu", id_text(id), (unsigned int)size,
		    (unsigned long long)value);
	return OK;
}

static int find_counter(struct tool *t, const char *name, uint32_t *id,
			struct se05x_iot_object *object)
{
	return parse_id(name, id) ?:
	       find_kind(t, *id, SE05X_IOT_KIND_COUNTER, SE05X_IOT_PART_WHOLE, object);
}

static int print_counter(struct tool *t, uint32_t id)
{
	uint64_t value;
	int ret = CHIP(t, se05x_iot_counter_read, id, &value);

	if (ret)
		return chip_failed(t, id, ret);
	printf(t->opt.json ? "{\"value\":%llu}\n" : "%llu\n", (unsigned long long)value);
	return OK;
}

int counter_get(struct tool *t, char **args, int n)
{
	struct se05x_iot_object object;
	uint32_t id;

	(void)n;
	return find_counter(t, args[0], &id, &object) ?: print_counter(t, id);
}

int counter_add(struct tool *t, char **args, int n)
{
	struct se05x_iot_object object;
	uint32_t id;
	int ret = find_counter(t, args[0], &id, &object);

	(void)n;
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_counter_add, id);
	return ret ? chip_failed(t, id, ret) : print_counter(t, id);
}

int counter_set(struct tool *t, char **args, int n)
{
	struct se05x_iot_object object;
	uint64_t value;
	uint32_t id;
	int ret;

	(void)n;
	if (!keys_parse_number(args[1], &value)) {
		complain("counter set: a number, decimal or with 0x, not '%s'", args[1]);
		return USAGE;
	}
	ret = find_counter(t, args[0], &id, &object);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_counter_set, id, object.size, value);
	if (ret == -EINVAL || ret == -EMEDIUMTYPE || ret == -EBADR) {
		complain("counter set %s: it only goes up, within its %u bytes", id_text(id),
			 object.size);
		return USAGE;
	}
	return ret ? chip_failed(t, id, ret) : print_counter(t, id);
}

/* ---- PCRs ---- */

static int print_pcr(struct tool *t, uint32_t id)
{
	uint8_t value[SE05X_IOT_PCR_LEN];
	int ret = CHIP(t, se05x_iot_pcr_read, id, value);

	t->hex = true;
	return ret ? chip_failed(t, id, ret) : write_bytes(t, "value", value, sizeof(value));
}

int pcr_new(struct tool *t, char **args, int n)
{
	uint8_t value[SE05X_IOT_PCR_LEN], policy[SE05X_IOT_POLICY_MAX];
	struct se05x_iot_new how;
	const char *why = "not 32 bytes";
	uint32_t id;
	int ret = parse_id(args[0], &id);

	(void)n;
	if (ret)
		return ret;
	if (parse_hex(args[1], value, sizeof(value), &why) != sizeof(value)) {
		complain("pcr new: its first value: %s", why);
		return USAGE;
	}
	ret = prepare_new(t, id, policy, &how);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_pcr_create, id, value, &how);
	return ret ? chip_failed(t, id, ret) : print_pcr(t, id);
}

static int find_pcr(struct tool *t, const char *name, uint32_t *id)
{
	struct se05x_iot_object object;

	return parse_id(name, id) ?:
	       find_kind(t, *id, SE05X_IOT_KIND_PCR, SE05X_IOT_PART_WHOLE, &object);
}

int pcr_get(struct tool *t, char **args, int n)
{
	uint32_t id;

	(void)n;
	return find_pcr(t, args[0], &id) ?: print_pcr(t, id);
}

int pcr_extend(struct tool *t, char **args, int n)
{
	uint8_t *data;
	uint32_t id;
	size_t len;
	int ret = find_pcr(t, args[0], &id);

	ret = ret ?: read_input(n > 1 ? args[1] : NULL, &data, &len, INPUT_MAX);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_pcr_extend, id, data, len);
	free(data);
	return ret ? limit_failed(t, id, ret, SE05X_IOT_MAX_PCR) : print_pcr(t, id);
}
