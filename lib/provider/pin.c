// SPDX-License-Identifier: LGPL-2.1-or-later
/* PINs of UserIDs: asked of the program, or out of a file */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "provider.h"

/* What a UserID takes (AN12413, 3.2.7) */
#define PIN_MIN	4
#define PIN_MAX	16

/* Wipes @pin, which has room for PIN_MAX + 2 */
static struct keys_secret *keep(const char *whose, char *pin, size_t len)
{
	struct keys_secret *secret = NULL;

	if (len < PIN_MIN || len > PIN_MAX)
		raise_text("%s: a PIN has %d to %d bytes", whose, PIN_MIN, PIN_MAX);
	else
		secret = keys_secret_new(pin, len);
	OPENSSL_cleanse(pin, PIN_MAX + 2);
	return secret;
}

struct keys_secret *pin_ask(uint32_t user, OSSL_PASSPHRASE_CALLBACK *ask, void *arg)
{
	char whose[40], pin[PIN_MAX + 2];
	size_t len = 0;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PASSPHRASE_PARAM_INFO, whose, 0),
		OSSL_PARAM_END,
	};

	snprintf(whose, sizeof(whose), "PIN of UserID 0x%08X", user);
	params[0].data_size = strlen(whose);
	if (ask && ask(pin, sizeof(pin), &len, params, arg))
		return keep(whose, pin, len);
	OPENSSL_cleanse(pin, sizeof(pin));
	raise_text("%s: the key wants it, and the program gave none", whose);
	return NULL;
}

struct keys_secret *pin_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char pin[PIN_MAX + 2];
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
	/* the line's end is not part of it */
	if (len && pin[len - 1] == '\n')
		len--;
	return keep(path, pin, len);
}
