/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs that look for leaks have in common */
#ifndef SE05X_SCAN_H
#define SE05X_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM		"/sys/kernel/debug/se05x-sim/"

extern int test_number, failures;

void die(const char *what);
void ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Byte by byte: see leak.c. */
void wipe(volatile uint8_t *p, size_t len);

/* Pages that stay where they are, and that a killed child leaves to us */
uint8_t *buffer(size_t len);

/* Write @text into a file: 0 or a negative errno */
int put(const char *path, const char *text);

/* How often is it in these words? @address: where they are */
typedef unsigned int count_fn(const uint64_t *p, size_t words, uint64_t address);

/* All of the machine's memory, once. @scanned: out: bytes */
unsigned int scan_memory(count_fn *count, uint64_t *scanned);

#endif /* SE05X_SCAN_H */
