/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One opener of the device: a chip that is its alone, with a thread that runs its commands
 *
 * No function but opener_new() waits for the chip, and that one only opens its device.
 */
#ifndef SE05X_I2CD_OPENER_H
#define SE05X_I2CD_OPENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct opener;

/*
 * struct opener_config - of all openers
 * @device: as se05x_open()
 * @idle_ms: so long a channel may keep the chip without a command
 * @reply: answer to a read: @len bytes of @buf, or a negative errno. It is called under
 *	the opener's lock and must not call the opener.
 */
struct opener_config {
	const char *device;
	unsigned int idle_ms;
	void (*reply)(void *reader, const uint8_t *buf, int len);
};

/*
 * Return: 0; as se05x_open(); -EMFILE: @uid, the caller, has too many; -ENOMEM, -EAGAIN: no
 * thread.
 */
int opener_new(struct opener **opener, const struct opener_config *config, uid_t uid);
/*
 * Returns at once; the thread ends what the opener has in the chip. A read that still waits
 * is answered by -ENODEV, and there is no reply after it.
 */
void opener_free(struct opener *opener);

/* As slave_write() */
int opener_write(struct opener *opener, const uint8_t *buf, size_t len);

/*
 * opener_read() - a read of @len bytes, answered by @reply, now or when the answer is there
 * @reader: for @reply
 * @wait: it may be later
 */
void opener_read(struct opener *opener, void *reader, size_t len, bool wait);
/* A read that still waits is answered by -EINTR */
void opener_interrupt(struct opener *opener, const void *reader);

/* At the end: opener_free() all that there are, and give them some seconds to end */
void opener_end_all(void);

#endif /* SE05X_I2CD_OPENER_H */
