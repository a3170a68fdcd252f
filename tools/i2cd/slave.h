/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The chip's side of T=1 over I2C for one opener: frames in, C-APDUs out, and back
 *
 * It knows neither FUSE nor the chip behind it. One thread at a time may call it. What an
 * opener writes is hostile: whatever it is, the answer is one that a chip could give.
 */
#ifndef SE05X_I2CD_SLAVE_H
#define SE05X_I2CD_SLAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../tests/card/frame.h"

#define SLAVE_COMMAND_MAX	4096
#define SLAVE_RESPONSE_MAX	4098
#define SLAVE_ATR_MAX		FRAME_INF_MAX

/* A read of up to a header's length waits for the answer; one for a whole frame never does */
#define SLAVE_HEADER_MAX	5

/*
 * enum slave_task - what a frame asks of whoever calls slave_write()
 * @SLAVE_NOTHING: it is answered already
 * @SLAVE_COMMAND: run slave->command, then call slave_answer()
 * @SLAVE_FORGET: a reset or the end of the session, answered already: end what the opener
 *	had in the chip
 */
enum slave_task { SLAVE_NOTHING, SLAVE_COMMAND, SLAVE_FORGET };

struct slave {
	uint8_t command[SLAVE_COMMAND_MAX];
	size_t command_len;

	/* private: */
	uint8_t atr[SLAVE_ATR_MAX];
	size_t atr_len;
	uint32_t bwt_ms;
	uint8_t ifsc;		/* longest INF that the chip takes */
	uint8_t chunk;		/* longest that it sends: S(IFS) may change it */
	uint8_t ns, nr;		/* number of our next I-block, and of the host's */

	bool running;		/* from SLAVE_COMMAND until the answer is put out */
	bool answered;
	bool wtx_asked;
	uint64_t wtx_at;

	uint8_t answer[SLAVE_RESPONSE_MAX];
	size_t answer_len, answer_pos;

	uint8_t out[FRAME_MAX];	/* the frame to be read; out_len 0: none */
	size_t out_len, out_pos;
	uint8_t last[FRAME_MAX];	/* the I- or R-block that may be asked for again */
	size_t last_len;
};

/* @atr: as the chip's INFO has it */
void slave_init(struct slave *slave, const uint8_t *atr, size_t len);

/*
 * slave_write() - one write message of the opener
 * @now: in milliseconds, of any clock that goes on
 * @task: out
 *
 * Return: 0; -EREMOTEIO: not acknowledged, since the chip computes.
 */
int slave_write(struct slave *slave, const uint8_t *buf, size_t len, uint64_t now,
		enum slave_task *task);

/*
 * slave_read() - one read message of the opener
 * @wait: the reader can wait, if @len is a header's at most; any other one that reads while
 *	the chip computes is asked for more time (WTX) each BWT
 *
 * Return: @len, of which what is behind the frame is 0xFF; -EREMOTEIO: not acknowledged,
 * since there is nothing to read; -EAGAIN: to be called again after slave_answer().
 */
int slave_read(struct slave *slave, uint8_t *buf, size_t len, bool wait, uint64_t now);

/* The R-APDU of slave->command, which is wiped with it; @len is 2 to SLAVE_RESPONSE_MAX. */
void slave_answer(struct slave *slave, const uint8_t *rapdu, size_t len);

#endif /* SE05X_I2CD_SLAVE_H */
