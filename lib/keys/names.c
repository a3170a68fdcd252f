// SPDX-License-Identifier: LGPL-2.1-or-later
/* Objects by number, and by the names of the user's alias file */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "../common.h"
#include "keys.h"

bool keys_looks_like_id(const char *text)
{
	return isdigit((unsigned char)text[0]);
}

bool keys_parse_number(const char *text, uint64_t *number)
{
	bool hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	const char *digits = hex ? text + 2 : text;
	size_t len = strlen(digits);
	unsigned long long n;

	/* strtoull() would take signs, blanks, and 0x once more */
	if (!len || strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != len)
		return false;
	/* zeros before a decimal number: that was meant in hex */
	if (!hex && digits[0] == '0' && len > 1)
		return false;
	errno = 0;
	n = strtoull(digits, NULL, hex ? 16 : 10);
	if (errno)
		return false;
	*number = n;
	return true;
}

bool keys_parse_id(const char *text, uint32_t *id)
{
	uint64_t n;

	/* 0x and eight digits, or ten digits */
	if (strlen(text) > 10 || !keys_parse_number(text, &n) || !n || n >= UINT32_MAX)
		return false;
	*id = n;
	return true;
}

/* The pages are behind the last one (pages.c). */
#define ID_FIRST	0x50000000u
#define ID_LAST		0x5FFFFEFFu

int keys_free_id(struct se05x_iot *iot, OSSL_LIB_CTX *ctx, uint32_t *id,
		 struct se05x_call *call)
{
	bool taken = true;
	uint8_t random[4];
	int ret = 0;

	while (!ret && taken) {
		if (RAND_bytes_ex(ctx, random, sizeof(random), 0) != 1)
			return -EIO;
		*id = ID_FIRST + get_be(random, sizeof(random)) % (ID_LAST - ID_FIRST + 1);
		ret = se05x_iot_exists(iot, *id, &taken, call);
	}
	return ret;
}

static FILE *open_aliases(void)
{
	const char *path = secure_getenv("SE05X_ALIASES"), *home = secure_getenv("HOME");
	char own[4096];

	if (!path || !*path) {
		if (!home || snprintf(own, sizeof(own), "%s/.config/se05x/aliases", home) >=
			     (int)sizeof(own))
			return NULL;
		path = own;
	}
	return fopen(path, "re");
}

/* The alias whose name is @name, or whose number is *@id if that is NULL */
static bool find(const char *name, uint32_t *id, char found[KEYS_NAME_MAX])
{
	FILE *file = open_aliases();
	char *line = NULL, *equals, *key, *value, *save;
	bool hit = false;
	size_t room = 0;
	uint32_t n;

	while (file && !hit && getline(&line, &room, file) >= 0) {
		line[strcspn(line, "#\n")] = 0;
		equals = strchr(line, '=');
		if (!equals)
			continue;
		*equals = 0;
		key = strtok_r(line, " \t", &save);
		value = strtok_r(equals + 1, " \t\r", &save);
		if (!key || !value || strlen(key) >= KEYS_NAME_MAX || !keys_parse_id(value, &n) ||
		    (name ? strcmp(key, name) : n != *id))
			continue;
		hit = true;
		*id = n;
		if (found)
			strcpy(found, key);
	}
	free(line);
	if (file)
		fclose(file);
	return hit;
}

bool keys_alias(const char *name, uint32_t *id)
{
	return find(name, id, NULL);
}

bool keys_alias_of(uint32_t id, char name[KEYS_NAME_MAX])
{
	return find(NULL, &id, name);
}
