// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages, for who asks for them */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pkcs11.h"

_Thread_local uint32_t p11_call_ms;

uint32_t p11_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool p11_logs(void)
{
	const char *wanted = secure_getenv("SE05X_PKCS11_DEBUG");

	return wanted && *wanted && *wanted != '0';
}

void p11_log(const char *format, ...)
{
	char line[400];
	va_list args;

	if (!p11_logs())
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* one write: threads don't mix their lines */
	fprintf(stderr, "se05x-pkcs11: %s\n", line);
}
