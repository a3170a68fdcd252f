// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool: what people call kinds of keys, and the curves of the chip */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"

/* What openssl, OpenSSH, NXP's ssscli and the standards say, small and without signs */
static const char *const other_names[][2] = {
	{ "p192", "P-192" }, { "p224", "P-224" }, { "p256", "P-256" }, { "p384", "P-384" },
	{ "p521", "P-521" }, { "secp192r1", "P-192" }, { "prime192v1", "P-192" },
	{ "secp224r1", "P-224" }, { "secp256r1", "P-256" }, { "prime256v1", "P-256" },
	{ "secp384r1", "P-384" }, { "secp521r1", "P-521" }, { "ec", "P-256" },
	{ "ecc", "P-256" }, { "ecdsa", "P-256" }, { "curve25519", "X25519" },
	{ "montdh25519", "X25519" }, { "curve448", "X448" }, { "montdh448", "X448" },
	{ "edwards25519", "Ed25519" }, { "brainpool160", "brainpoolP160r1" },
	{ "brainpool192", "brainpoolP192r1" }, { "brainpool224", "brainpoolP224r1" },
	{ "brainpool256", "brainpoolP256r1" }, { "brainpool320", "brainpoolP320r1" },
	{ "brainpool384", "brainpoolP384r1" }, { "brainpool512", "brainpoolP512r1" },
};

/* Small letters and digits of a name; NIST_P256 is P-256 */
static void plain_name(const char *text, char *name, size_t size)
{
	size_t n = 0;

	for (; *text && n + 1 < size; text++)
		if (isalnum((unsigned char)*text))
			name[n++] = tolower((unsigned char)*text);
	name[n] = 0;
	if (!strncmp(name, "nistp", 5))
		memmove(name, name + 4, n - 3);
}

const struct se05x_iot_curve *curve_called(const char *text)
{
	const struct se05x_iot_curve *curve = se05x_iot_curve_by_name(text);
	char name[32];

	if (curve)
		return curve;
	plain_name(text, name, sizeof(name));
	for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++)
		if (!strcmp(name, other_names[i][0]))
			return se05x_iot_curve_by_name(other_names[i][1]);
	return se05x_iot_curve_by_name(name);
}

bool rsa_called(const char *text, unsigned int *bits)
{
	char name[32], *end;

	plain_name(text, name, sizeof(name));
	if (strncmp(name, "rsa", 3))
		return false;
	*bits = name[3] ? strtoul(name + 3, &end, 10) : 2048;
	return !name[3] || !*end;
}

int unknown_type(const char *command, const char *text)
{
	static const char *const types[] = {
		"p192", "p224", "p256", "p384", "p521", "brainpoolP160r1", "brainpoolP192r1",
		"brainpoolP224r1", "brainpoolP256r1", "brainpoolP320r1", "brainpoolP384r1",
		"brainpoolP512r1", "secp192k1", "secp256k1", "secp256r1", "ed25519", "x25519",
		"x448", "rsa2048", "rsa3072", "rsa4096", NULL
	};
	const char *like = most_like(text, types);

	complain("%s: unknown type '%s'%s%s%s: p192 to p521, brainpoolP160r1 to brainpoolP512r1,"
		 " secp192k1, secp256k1, ed25519, x25519, x448, rsa512 to rsa4096", command, text,
		 like ? ", is '" : "", like ?: "", like ? "' meant?" : "");
	return USAGE;
}

int curve_list(struct tool *t, char **args, int n)
{
	const struct se05x_iot_curve *curve;
	bool ready;
	int ret;

	(void)args;
	(void)n;
	for (unsigned int id = 1; id < 256; id++) {
		curve = se05x_iot_curve(id);
		if (!curve)
			continue;
		ret = CHIP(t, se05x_iot_curve_ready, id, &ready);
		if (ret)
			return chip_failed(t, 0, ret);
		if (t->opt.json)
			printf("{\"curve\":\"%s\",\"ready\":%s}\n", curve->name,
			       ready ? "true" : "false");
		else
			printf("%-16s  %s\n", curve->name, ready ? "ready" : "not set up");
	}
	return OK;
}

int curve_delete(struct tool *t, char **args, int n)
{
	const struct se05x_iot_curve *curve = curve_called(args[0]);
	char question[160];
	int ret;

	(void)n;
	if (!curve)
		return unknown_type("curve delete", args[0]);
	snprintf(question, sizeof(question), "Delete the curve %s? No key on it can be used until"
		 " it is set up again, by the next keygen.", curve->name);
	ret = confirm(t, question);
	if (ret)
		return ret;
	ret = CHIP(t, se05x_iot_curve_delete, curve->id);
	if (ret)
		return chip_failed(t, 0, ret);
	if (t->opt.json)
		printf("{\"curve\":\"%s\",\"deleted\":true}\n", curve->name);
	else
		say(&t->opt, "%s: deleted", curve->name);
	return OK;
}
