// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apply an overlay with parameters, as a Raspberry Pi does it at boot:
 *
 *   dtapply BASE.dtb OVERLAY.dtbo RESULT.dtb [PARAMETER[=VALUE]]...
 *
 * Written from "Device Trees, overlays, and parameters" in Raspberry Pi's
 * documentation, sections 2.1 and 2.2; numbers in comments are its sections.
 * Byte strings (2.2.4), lookup tables (2.2.7) and bootargs are refused: the
 * overlay uses none. The result is written only if all went well.
 */
#include <errno.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM	65536	/* to grow into, in bytes */
#define PATH	1024

static void *base, *overlay;

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...)
{
	va_list args;

	fputs("dtapply: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* A libfdt function's result; negative is the end. */
static int ok(int ret, const char *what)
{
	if (ret < 0)
		die("%s: %s", what, fdt_strerror(ret));
	return ret;
}

static void *load(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t size;
	void *fdt;

	if (!f || fseek(f, 0, SEEK_END))
		die("%s: %s", path, strerror(errno));
	size = ftell(f);
	rewind(f);
	fdt = malloc(size + ROOM);
	if (!fdt || fread(fdt, 1, size, f) != size)
		die("%s: can't read it", path);
	fclose(f);
	if (size < sizeof(struct fdt_header) || fdt_totalsize(fdt) > size)
		die("%s: no device tree", path);
	ok(fdt_open_into(fdt, fdt, size + ROOM), path);
	return fdt;
}

static void save(const char *path, void *fdt)
{
	FILE *f = fopen(path, "wb");

	ok(fdt_pack(fdt), "packing");
	if (!f || fwrite(fdt, 1, fdt_totalsize(fdt), f) != fdt_totalsize(fdt) || fclose(f))
		die("%s: %s", path, strerror(errno));
}

static uint32_t get32(const void *p)
{
	fdt32_t v;

	memcpy(&v, p, sizeof(v));
	return fdt32_to_cpu(v);
}

static void put32(void *p, uint32_t value)
{
	fdt32_t v = cpu_to_fdt32(value);

	memcpy(p, &v, sizeof(v));
}

/* ---- 2.1: labels of the base, and phandles of the overlay's own ---- */

static uint32_t base_phandle(const char *label)
{
	const char *path = fdt_getprop(base, ok(fdt_path_offset(base, "/__symbols__"),
						"the base has no symbols"), label, NULL);
	uint32_t phandle;
	int node;

	if (!path)
		die("the base has no label %s", label);
	node = ok(fdt_path_offset(base, path), path);
	phandle = fdt_get_phandle(base, node);
	if (!phandle) {
		ok(fdt_generate_phandle(base, &phandle), "no phandle left");
		ok(fdt_setprop_u32(base, node, "phandle", phandle), label);
	}
	return phandle;
}

/* @where: path:property:offset */
static void fix(const char *where, uint32_t phandle)
{
	char path[PATH], *prop, *offset;
	unsigned int at;
	void *value;
	int len;

	if (strlen(where) >= sizeof(path))
		die("fixup %s is too long", where);
	strcpy(path, where);
	offset = strrchr(path, ':');
	if (!offset)
		die("bad fixup %s", where);
	*offset++ = 0;
	prop = strrchr(path, ':');
	if (!prop)
		die("bad fixup %s", where);
	*prop++ = 0;
	at = strtoul(offset, NULL, 10);
	value = fdt_getprop_w(overlay, ok(fdt_path_offset(overlay, path), where), prop, &len);
	if (!value || at + 4 > (unsigned int)len)
		die("bad fixup %s", where);
	put32((char *)value + at, phandle);
}

static void resolve_labels(void)
{
	int fixups = fdt_path_offset(overlay, "/__fixups__");
	int prop;

	if (fixups < 0)
		return;
	fdt_for_each_property_offset(prop, overlay, fixups) {
		const char *label;
		int len, pos;
		const char *list = fdt_getprop_by_offset(overlay, prop, &label, &len);
		uint32_t phandle = base_phandle(label);

		for (pos = 0; pos < len; pos += strlen(list + pos) + 1)
			fix(list + pos, phandle);
	}
}

/* What __local_fixups__ names is at the same place in the tree. */
static void shift_references(int fixups, int node, uint32_t by)
{
	int prop, child, len, where_len, i;

	fdt_for_each_property_offset(prop, overlay, fixups) {
		const char *name;
		const char *where = fdt_getprop_by_offset(overlay, prop, &name, &where_len);
		char *value = fdt_getprop_w(overlay, node, name, &len);

		for (i = 0; i < where_len; i += 4) {
			int at = get32(where + i);

			if (!value || at + 4 > len)
				die("bad local fixup %s", name);
			put32(value + at, get32(value + at) + by);
		}
	}
	fdt_for_each_subnode(child, overlay, fixups) {
		const char *name = fdt_get_name(overlay, child, NULL);

		shift_references(child, ok(fdt_subnode_offset(overlay, node, name), name), by);
	}
}

static void shift_phandles(void)
{
	int fixups = fdt_path_offset(overlay, "/__local_fixups__");
	uint32_t by, phandle;
	int node;

	ok(fdt_find_max_phandle(base, &by), "base");
	for (node = 0; node >= 0; node = fdt_next_node(overlay, node, NULL)) {
		phandle = fdt_get_phandle(overlay, node);
		if (phandle)
			ok(fdt_setprop_inplace_u32(overlay, node, "phandle", phandle + by),
			   "phandle");
	}
	if (fixups >= 0)
		shift_references(fixups, 0, by);
}

/* ---- 2.2: parameters ---- */

static bool is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(value, *words))
			return true;
	return false;
}

static uint64_t number(const char *param, const char *value)
{
	static const char *const yes[] = { "y", "yes", "on", "true", NULL };
	static const char *const no[] = { "n", "no", "off", "false", NULL };
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 0);
	if (*value && !*end && !errno)
		return n;
	if (!is_one_of(value, yes) && !is_one_of(value, no))
		die("%s=%s: neither a number nor on or off", param, value);
	return is_one_of(value, yes);
}

/* 2.2.1, and the special case in it */
static void set_string(int node, const char *prop, const char *value)
{
	static const char *const on[] = { "1", "y", "yes", "on", "true", NULL };
	static const char *const off[] = { "0", "n", "no", "off", "false", NULL };

	if (!strcmp(prop, "status") && is_one_of(value, on))
		value = "okay";
	if (!strcmp(prop, "status") && is_one_of(value, off))
		value = "disabled";
	if (!strcmp(prop, "name"))
		ok(fdt_set_name(overlay, node, value), value);
	else
		ok(fdt_setprop_string(overlay, node, prop, value), prop);
}

/* 2.2.2, and 2.2.9: a new address becomes part of the node's name */
static void set_integer(int node, const char *prop, int offset, int size, uint64_t value)
{
	const char *name = fdt_get_name(overlay, node, NULL);
	int len, i, base_len = strcspn(name, "@");
	const void *old = fdt_getprop(overlay, node, prop, &len);
	int new_len = len > offset + size ? len : offset + size;
	uint8_t *buf = calloc(1, new_len);
	char renamed[PATH];

	if (!buf)
		die("out of memory");
	if (old)
		memcpy(buf, old, len);
	for (i = size - 1; i >= 0; i--, value >>= 8)
		buf[offset + i] = value;
	ok(fdt_setprop(overlay, node, prop, buf, new_len), prop);
	if (!strcmp(prop, "reg") && !offset && name[base_len]) {
		snprintf(renamed, sizeof(renamed), "%.*s@%x", base_len, name, get32(buf));
		ok(fdt_set_name(overlay, node, renamed), renamed);
	}
	free(buf);
}

/* 2.2.3 */
static void set_bool(int node, const char *prop, bool value)
{
	int ret = value ? fdt_setprop_empty(overlay, node, prop) :
			  fdt_delprop(overlay, node, prop);

	if (ret != -FDT_ERR_NOTFOUND)
		ok(ret, prop);
}

/* 2.2.8: a list of +n, -n, =n, !n */
static void switch_fragments(const char *param, const char *list, const char *value)
{
	char path[PATH], *end;
	bool on;
	int node;

	for (; *list; list = end) {
		char sign = *list;
		unsigned long n = strtoul(list + 1, &end, 10);

		if (!strchr("+-=!", sign) || end == list + 1)
			die("%s: bad fragment list", param);
		on = sign == '+' || (sign == '=' && number(param, value)) ||
		     (sign == '!' && !number(param, value));
		snprintf(path, sizeof(path), "/fragment@%lu/%s", n,
			 on ? "__dormant__" : "__overlay__");
		node = fdt_path_offset(overlay, path);
		if (node >= 0)
			ok(fdt_set_name(overlay, node, on ? "__overlay__" : "__dormant__"), path);
		snprintf(path, sizeof(path), "/fragment@%lu", n);
		ok(fdt_path_offset(overlay, path), path);
	}
}

/* One target, "property" and what follows it. Return: the bytes it used of @rest. */
static int set_target(const char *param, const char *value, int node, const char *target,
		      const char *rest, int rest_len)
{
	static const char sizes[] = ".;:#";	/* 8, 16, 32, 64 bits */
	int name_len = strcspn(target, ".;:#?![{=");
	const char *literal = strchr(target, '=');
	char sep = target[name_len], cell[16];
	char prop[PATH];
	int used = 0;

	if (name_len >= PATH || strpbrk(target, "[{"))
		die("%s: can't do '%s'", param, target);
	memcpy(prop, target, name_len);
	prop[name_len] = 0;
	if (literal) {	/* 2.2.6 */
		value = literal + 1;
		if (!*value && sep && strchr(sizes, sep)) {
			if (rest_len < 4)
				die("%s: no cell after '%s'", param, target);
			snprintf(cell, sizeof(cell), "%u", get32(rest));
			value = cell;
			used = 4;
		}
	}
	if (!sep || sep == '=')
		set_string(node, prop, value);
	else if (sep == '?' || sep == '!')
		set_bool(node, prop, !number(param, value) == (sep == '!'));
	else
		set_integer(node, prop, atoi(target + name_len + 1),
			    1 << (strchr(sizes, sep) - sizes), number(param, value));
	return used;
}

/* 2.2.5: phandle and target, as often as there are any */
static void apply_parameter(char *param)
{
	int overrides = fdt_path_offset(overlay, "/__overrides__");
	char *equals = strchr(param, '=');
	const char *value = equals ? equals + 1 : "true";
	const void *found;
	char *list;
	int len, pos, node;

	if (equals)
		*equals = 0;
	found = overrides < 0 ? NULL : fdt_getprop(overlay, overrides, param, &len);
	if (!found)
		die("the overlay has no parameter %s", param);
	list = malloc(len + 1);	/* the tree moves when it changes */
	if (!list)
		die("out of memory");
	memcpy(list, found, len);
	list[len] = 0;
	for (pos = 0; pos + 4 < len;) {
		uint32_t phandle = get32(list + pos);
		char *target = list + pos + 4;

		pos += 4 + strlen(target) + 1;
		if (!phandle) {
			switch_fragments(param, target, value);
			continue;
		}
		node = ok(fdt_node_offset_by_phandle(overlay, phandle), param);
		pos += set_target(param, value, node, target, list + pos, len - pos);
	}
	free(list);
}

/* ---- the merge ---- */

static void merge(int to, int from, bool top)
{
	char path[PATH];
	int prop, child, len;

	fdt_for_each_property_offset(prop, overlay, from) {
		const char *name;
		const void *value = fdt_getprop_by_offset(overlay, prop, &name, &len);

		if (!top || strcmp(name, "phandle"))
			ok(fdt_setprop(base, to, name, value, len), name);
	}
	ok(fdt_get_path(base, to, path, sizeof(path)), "path");
	fdt_for_each_subnode(child, overlay, from) {
		const char *name = fdt_get_name(overlay, child, NULL);
		int sub;

		to = ok(fdt_path_offset(base, path), path);
		sub = fdt_subnode_offset(base, to, name);
		if (sub < 0)
			sub = ok(fdt_add_subnode(base, to, name), name);
		merge(sub, child, false);
	}
}

static void merge_fragments(void)
{
	int fragment;

	fdt_for_each_subnode(fragment, overlay, 0) {
		const char *name = fdt_get_name(overlay, fragment, NULL);
		int content = fdt_subnode_offset(overlay, fragment, "__overlay__");
		const char *path = fdt_getprop(overlay, fragment, "target-path", NULL);
		const void *target = fdt_getprop(overlay, fragment, "target", NULL);
		int node;

		if (content < 0)
			continue;	/* dormant, or no fragment */
		if (path)
			node = ok(fdt_path_offset(base, path), path);
		else if (target)
			node = ok(fdt_node_offset_by_phandle(base, get32(target)), name);
		else
			die("%s has no target", name);
		merge(node, content, true);
	}
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 4) {
		fputs("usage: dtapply BASE.dtb OVERLAY.dtbo RESULT.dtb [PARAMETER[=VALUE]]...\n",
		      stderr);
		return 2;
	}
	base = load(argv[1]);
	overlay = load(argv[2]);
	resolve_labels();
	shift_phandles();
	for (i = 4; i < argc; i++)
		apply_parameter(argv[i]);
	merge_fragments();
	save(argv[3], base);
	free(base);
	free(overlay);
	return 0;
}
