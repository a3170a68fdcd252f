// SPDX-License-Identifier: GPL-2.0-only
/* What the programs that look for leaks have in common */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scan.h"

#define CHUNK		(1 << 20)

int test_number, failures;

void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

void ok(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%sok %d - ", good ? "" : "not ", ++test_number);
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
	failures += !good;
}

void wipe(volatile uint8_t *p, size_t len)
{
	while (len--)
		*p++ = 0;
}

uint8_t *buffer(size_t len)
{
	uint8_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int ret = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return ret;
}

unsigned int scan_memory(count_fn *count, uint64_t *scanned)
{
	uint64_t *chunk = (void *)buffer(CHUNK);
	int fd = open("/proc/kcore", O_RDONLY);
	unsigned int found = 0;
	Elf64_Phdr phdr;
	Elf64_Ehdr ehdr;
	int i;

	*scanned = 0;
	if (fd < 0 || pread(fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		die("/proc/kcore");
	for (i = 0; i < ehdr.e_phnum; i++) {
		uint64_t at;

		if (pread(fd, &phdr, sizeof(phdr), ehdr.e_phoff + i * sizeof(phdr)) !=
		    sizeof(phdr))
			die("/proc/kcore");
		/* vmalloc and the like, which is RAM seen again, has no address */
		if (phdr.p_type != PT_LOAD || phdr.p_paddr == (Elf64_Addr)-1)
			continue;
		for (at = 0; at < phdr.p_filesz; at += CHUNK) {
			uint64_t left = phdr.p_filesz - at;
			ssize_t got = pread(fd, chunk, left < CHUNK ? left : CHUNK,
					    phdr.p_offset + at);

			if (got <= 0)
				continue;
			*scanned += got;
			found += count(chunk, got / 8, phdr.p_paddr + at);
		}
	}
	close(fd);
	wipe((void *)chunk, CHUNK);
	munmap(chunk, CHUNK);
	return found;
}
