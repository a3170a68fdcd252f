// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in one device tree and not in the other, property by property:
 *
 *   dtdiff OLD.dtb NEW.dtb
 *
 * Prints "NODE PROPERTY VALUE" for each that is new or has changed, "NODE" for
 * each new node, and both with a minus in front for what is gone. Values are
 * text if they are printable strings, else hexadecimal cells. Phandles of nodes
 * and the table of labels are left out.
 */
#include <ctype.h>
#include <libfdt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH	1024

static void *load(const char *path)
{
	FILE *f = fopen(path, "rb");
	void *fdt = NULL;
	long size;

	if (f && !fseek(f, 0, SEEK_END) && (size = ftell(f)) > 0) {
		rewind(f);
		fdt = malloc(size);
		if (fdt && fread(fdt, 1, size, f) != (size_t)size)
			size = 0;
		fclose(f);
	}
	if (!fdt || fdt_check_full(fdt, size)) {
		fprintf(stderr, "dtdiff: %s: no device tree\n", path);
		exit(2);
	}
	return fdt;
}

static bool is_text(const char *value, int len)
{
	int i;

	if (!len || value[len - 1] || !value[0])
		return false;
	for (i = 0; i < len - 1; i++)
		if (!isprint((unsigned char)value[i]) && (value[i] || !value[i + 1]))
			return false;
	return true;
}

static void print_value(const char *value, int len)
{
	int i;

	if (is_text(value, len)) {
		for (i = 0; i < len; i += strlen(value + i) + 1)
			printf(" %s", value + i);
	} else {
		for (i = 0; i < len; i++)
			printf("%s%02x", i % 4 ? "" : " ", (unsigned char)value[i]);
	}
	putchar('\n');
}

static void compare(const void *old, const void *new, const char *sign, bool values)
{
	char path[PATH];
	int node, prop;

	for (node = 0; node >= 0; node = fdt_next_node(new, node, NULL)) {
		int there, len, old_len;

		if (fdt_get_path(new, node, path, sizeof(path)))
			exit(2);
		if (!strncmp(path, "/__symbols__", 12))
			continue;
		there = fdt_path_offset(old, path);
		if (there < 0)
			printf("%s%s\n", sign, path);
		fdt_for_each_property_offset(prop, new, node) {
			const char *name;
			const char *value = fdt_getprop_by_offset(new, prop, &name, &len);
			const void *before = there < 0 ? NULL :
				fdt_getprop(old, there, name, &old_len);

			if (!strcmp(name, "phandle") ||
			    (before && (!values || (old_len == len && !memcmp(before, value, len)))))
				continue;
			printf("%s%s %s", sign, path, name);
			print_value(value, len);
		}
	}
}

int main(int argc, char **argv)
{
	void *old, *new;

	if (argc != 3) {
		fputs("usage: dtdiff OLD.dtb NEW.dtb\n", stderr);
		return 2;
	}
	old = load(argv[1]);
	new = load(argv[2]);
	compare(old, new, "", true);
	compare(new, old, "-", false);
	free(old);
	free(new);
	return 0;
}
