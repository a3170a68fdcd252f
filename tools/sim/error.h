/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that are to fail: struct applet_config's @errors */
#ifndef SE05X_ERROR_H
#define SE05X_ERROR_H

#include "call.h"

/* Bytes in hex, as many as there are digits for. Return: their number; 0: no hex, or too many. */
size_t parse_hex(const char *text, uint8_t *to, size_t max);

/* Is @errors well-formed? NULL is. */
bool errors_valid(const char *errors);

/* Return: the SW with which this command is to fail, SW_OK if it is not. */
uint16_t errors_find(const char *errors, const struct call *call);

#endif /* SE05X_ERROR_H */
