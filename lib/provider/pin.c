// SPDX-License-Identifier: LGPL-2.1-or-later
/* PINs of UserIDs: asked of the program, or out of a file */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "provider.h"

/* What a UserID takes (AN12413, 3.2.7) */
#define PIN_MIN	4
#define PIN_MAX	16
/* and a line's end, and one byte by which it is known to be too long */
#define PIN_ROOM	(PIN_MAX + 3)

/*
 * A program that loads a key several times gives its PIN as often. What the chip refused
 * once is known by that. The list only grows, so that nobody waits who reads it.
 */
struct pin {
	struct pin *next;
	struct keys_chip *chip;
	uint32_t user;
	struct keys_secret *secret;
};

/* Takes @secret */
static struct keys_secret *share(struct provider *prov, const struct place *place,
				 struct keys_secret *secret)
{
	struct pin *new = calloc(1, sizeof(*new)), *first = atomic_load(&prov->pins), *p;

	do {
		for (p = first; p; p = p->next) {
			if (p->user != place->user || !keys_secret_same(p->secret, secret) ||
			    !keys_chip_same(p->chip, place->chip))
				continue;
			free(new);
			keys_secret_free(secret);
			return keys_secret_hold(p->secret);
		}
		if (!new)
			return secret;
		*new = (struct pin) { first, place->chip, place->user, secret };
	} while (!atomic_compare_exchange_strong(&prov->pins, &first, new));
	return keys_secret_hold(secret);
}

void pins_free(struct pin *pins)
{
	while (pins) {
		struct pin *next = pins->next;

		keys_secret_free(pins->secret);
		free(pins);
		pins = next;
	}
}

/* Wipes @pin, which has room for PIN_ROOM */
static struct keys_secret *keep(struct provider *prov, const struct place *place,
				const char *whose, char *pin, size_t len)
{
	struct keys_secret *secret = NULL;

	if (len < PIN_MIN || len > PIN_MAX)
		raise_text("%s: a PIN has %d to %d bytes", whose, PIN_MIN, PIN_MAX);
	else
		secret = keys_secret_new(pin, len);
	OPENSSL_cleanse(pin, PIN_ROOM);
	return secret ? share(prov, place, secret) : NULL;
}

struct keys_secret *pin_ask(struct provider *prov, const struct place *place,
			    OSSL_PASSPHRASE_CALLBACK *ask, void *arg)
{
	char whose[40], pin[PIN_ROOM];
	size_t len = 0;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PASSPHRASE_PARAM_INFO, whose, 0),
		OSSL_PARAM_END,
	};

	snprintf(whose, sizeof(whose), "PIN of UserID 0x%08X", place->user);
	params[0].data_size = strlen(whose);
	if (ask && ask(pin, sizeof(pin), &len, params, arg))
		return keep(prov, place, whose, pin, len);
	OPENSSL_cleanse(pin, sizeof(pin));
	raise_text("%s: the key wants it, and the program gave none", whose);
	return NULL;
}

struct keys_secret *pin_read(struct provider *prov, const struct place *place, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char pin[PIN_ROOM];
	ssize_t n, len = 0;

	if (fd < 0) {
		raise_text("pin-file %s: %s", path, strerror(errno));
		return NULL;
	}
	do {
		n = read(fd, pin + len, sizeof(pin) - len);
		len += n > 0 ? n : 0;
	} while (n > 0 && len < (ssize_t)sizeof(pin));
	close(fd);
	/* the line's end is not part of it, whichever system it is of */
	if (len && pin[len - 1] == '\n')
		len--;
	if (len && pin[len - 1] == '\r')
		len--;
	return keep(prov, place, path, pin, len);
}
