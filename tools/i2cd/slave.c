// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chip's side of T=1 over I2C (UM11225; docs/protocol.md)
 */
#include <errno.h>
#include <string.h>

#include "slave.h"

#define PCB_I_NS(pcb)	((pcb) >> 6 & 1)
#define PCB_I_MORE	0x20
#define PCB_R		0x80
#define PCB_R_NR(pcb)	((pcb) >> 4 & 1)
#define PCB_RESPONSE	0x20	/* of an S-block */
#define NAK_CRC		1
#define NAK_OTHER	2

#define S_RESYNC	0xC0
#define S_IFS		0xC1
#define S_ABORT		0xC2
#define S_WTX		0xC3
#define S_END_SESSION	0xC5
#define S_CHIP_RESET	0xC6
#define S_GET_ATR	0xC7
#define S_SOFT_RESET	0xCF

#define WTX_MULTIPLIER	1
#define FILLER		0xFF	/* SDA is high where nobody sends */

void slave_init(struct slave *slave, const uint8_t *atr, size_t len)
{
	memset(slave, 0, sizeof(*slave));
	if (len > sizeof(slave->atr))
		len = sizeof(slave->atr);
	memcpy(slave->atr, atr, len);
	slave->atr_len = len;
	/* PVER, VID(5), length of what follows, BWT(2), IFSC(2) */
	slave->bwt_ms = len >= 11 ? atr[7] << 8 | atr[8] : 0;
	slave->ifsc = len >= 11 && !atr[9] && atr[10] && atr[10] <= FRAME_INF_MAX ?
		      atr[10] : FRAME_INF_MAX;
	slave->chunk = slave->ifsc;
	if (!slave->bwt_ms)
		slave->bwt_ms = 1000;
}

/* ---- what is put out ---- */

static void put(struct slave *slave, uint8_t pcb, const uint8_t *inf, size_t len)
{
	if (len)
		memcpy(slave->out + 3, inf, len);
	slave->out_len = frame_finish(slave->out, FRAME_NAD_CHIP, pcb, len);
	slave->out_pos = 0;
}

/* I-blocks and acknowledgements may be asked for again. */
static void put_kept(struct slave *slave, uint8_t pcb, const uint8_t *inf, size_t len)
{
	put(slave, pcb, inf, len);
	memcpy(slave->last, slave->out, slave->out_len);
	slave->last_len = slave->out_len;
}

static void put_last(struct slave *slave)
{
	memcpy(slave->out, slave->last, slave->last_len);
	slave->out_len = slave->last_len;
	slave->out_pos = 0;
}

static void put_nak(struct slave *slave, uint8_t error)
{
	put(slave, PCB_R | slave->nr << 4 | error, NULL, 0);
}

static void put_wtx(struct slave *slave)
{
	slave->wtx_asked = true;
	put(slave, S_WTX, &(uint8_t) { WTX_MULTIPLIER }, 1);
}

static void put_answer_block(struct slave *slave)
{
	size_t left = slave->answer_len - slave->answer_pos;
	size_t len = left > slave->chunk ? slave->chunk : left;

	put_kept(slave, slave->ns << 6 | (len < left ? PCB_I_MORE : 0),
		 slave->answer + slave->answer_pos, len);
	slave->answer_pos += len;
	slave->ns ^= 1;
}

/* A whole answer, or the first block of it */
static void put_answer(struct slave *slave)
{
	slave->running = false;
	slave->answered = false;
	explicit_bzero(slave->command, slave->command_len);
	slave->command_len = 0;
	put_answer_block(slave);
}

/* ---- what is forgotten ---- */

static void drop_chains(struct slave *slave)
{
	explicit_bzero(slave->command, sizeof(slave->command));
	explicit_bzero(slave->answer, sizeof(slave->answer));
	slave->command_len = 0;
	slave->answer_len = 0;
	slave->answer_pos = 0;
}

static void reset_numbers(struct slave *slave)
{
	drop_chains(slave);
	explicit_bzero(slave->last, sizeof(slave->last));
	slave->last_len = 0;
	slave->ns = 0;
	slave->nr = 0;
}

/* ---- blocks of the host ---- */

static enum slave_task i_block(struct slave *slave, uint8_t pcb, const uint8_t *inf, size_t len,
			       uint64_t now)
{
	bool more = pcb & PCB_I_MORE;

	if (PCB_I_NS(pcb) != slave->nr) {	/* it missed our last block */
		if (slave->last_len)
			put_last(slave);
		else
			put_nak(slave, NAK_OTHER);
		return SLAVE_NOTHING;
	}
	/* an empty block may end a chain, but is none, and no command */
	if (len > slave->ifsc || (!len && (more || !slave->command_len)) ||
	    slave->command_len + len > sizeof(slave->command)) {
		put_nak(slave, NAK_OTHER);
		return SLAVE_NOTHING;
	}
	memcpy(slave->command + slave->command_len, inf, len);
	slave->command_len += len;
	slave->nr ^= 1;
	if (more) {
		put_kept(slave, PCB_R | slave->nr << 4, NULL, 0);
		return SLAVE_NOTHING;
	}
	slave->answer_len = 0;
	slave->answer_pos = 0;
	slave->running = true;
	slave->wtx_at = now + slave->bwt_ms / 8 * 7;
	return SLAVE_COMMAND;
}

static void r_block(struct slave *slave, uint8_t pcb)
{
	uint8_t nr = PCB_R_NR(pcb);
	bool nak = pcb & 3, sent_i = slave->last_len && !(slave->last[1] & PCB_R);

	if (sent_i && nr == PCB_I_NS(slave->last[1]))
		put_last(slave);
	else if (sent_i && !nak && slave->answer_pos < slave->answer_len)
		put_answer_block(slave);
	else if (slave->last_len && !sent_i && nak && nr == slave->ns)
		put_last(slave);
	else
		put_nak(slave, NAK_OTHER);
}

static enum slave_task s_block(struct slave *slave, uint8_t pcb, const uint8_t *inf, size_t len)
{
	if (pcb == S_IFS && len == 1 && inf[0] && inf[0] <= FRAME_INF_MAX) {
		slave->chunk = inf[0];
		put(slave, S_IFS | PCB_RESPONSE, inf, 1);
		return SLAVE_NOTHING;
	}
	switch (len ? 0 : pcb) {
	case S_RESYNC:
		reset_numbers(slave);
		put(slave, S_RESYNC | PCB_RESPONSE, NULL, 0);
		return SLAVE_NOTHING;
	case S_ABORT:
		drop_chains(slave);
		put(slave, S_ABORT | PCB_RESPONSE, NULL, 0);
		return SLAVE_NOTHING;
	case S_GET_ATR:
		put(slave, S_GET_ATR | PCB_RESPONSE, slave->atr, slave->atr_len);
		return SLAVE_NOTHING;
	case S_SOFT_RESET:
		reset_numbers(slave);
		slave->chunk = slave->ifsc;
		put(slave, S_SOFT_RESET | PCB_RESPONSE, slave->atr, slave->atr_len);
		return SLAVE_FORGET;
	case S_CHIP_RESET:
	case S_END_SESSION:
		reset_numbers(slave);
		slave->chunk = slave->ifsc;
		put(slave, pcb | PCB_RESPONSE, NULL, 0);
		return SLAVE_FORGET;
	default:
		put_nak(slave, NAK_OTHER);
		return SLAVE_NOTHING;
	}
}

/* It waits for nothing but the answer to its S(WTX request). */
static void while_running(struct slave *slave, uint8_t pcb, const uint8_t *inf, size_t len,
			  uint64_t now)
{
	if (pcb != (S_WTX | PCB_RESPONSE) || len != 1 || inf[0] != WTX_MULTIPLIER) {
		put_wtx(slave);
		return;
	}
	slave->wtx_asked = false;
	slave->wtx_at = now + slave->bwt_ms / 8 * 7;
	if (slave->answered)
		put_answer(slave);
}

static enum slave_task block(struct slave *slave, const uint8_t *buf, size_t len, uint64_t now)
{
	uint8_t pcb = buf[1];

	if (slave->running) {
		while_running(slave, pcb, buf + 3, len - FRAME_OVERHEAD, now);
		return SLAVE_NOTHING;
	}
	if (!(pcb & 0x9f))
		return i_block(slave, pcb, buf + 3, len - FRAME_OVERHEAD, now);
	if ((pcb & 0xec) == PCB_R && len == FRAME_OVERHEAD) {
		r_block(slave, pcb);
		return SLAVE_NOTHING;
	}
	return s_block(slave, pcb, buf + 3, len - FRAME_OVERHEAD);
}

int slave_write(struct slave *slave, const uint8_t *buf, size_t len, uint64_t now,
		enum slave_task *task)
{
	*task = SLAVE_NOTHING;
	if (slave->running && !slave->wtx_asked)
		return -EREMOTEIO;
	slave->out_len = 0;	/* what it did not read it does not want */
	if (len < FRAME_OVERHEAD || len > FRAME_MAX || buf[0] != FRAME_NAD_HOST ||
	    buf[2] + (size_t)FRAME_OVERHEAD != len)
		put_nak(slave, NAK_OTHER);
	else if (frame_crc(buf, len - 2) != (buf[len - 2] | buf[len - 1] << 8))
		put_nak(slave, NAK_CRC);
	else
		*task = block(slave, buf, len, now);
	return 0;
}

int slave_read(struct slave *slave, uint8_t *buf, size_t len, bool wait, uint64_t now)
{
	size_t left;

	if (!slave->out_len && slave->running && !slave->wtx_asked) {
		if (wait && len <= SLAVE_HEADER_MAX)
			return -EAGAIN;
		if (now >= slave->wtx_at)
			put_wtx(slave);
	}
	if (!slave->out_len)
		return -EREMOTEIO;
	left = slave->out_len - slave->out_pos;
	if (left > len)
		left = len;
	memcpy(buf, slave->out + slave->out_pos, left);
	memset(buf + left, FILLER, len - left);
	slave->out_pos += left;
	if (slave->out_pos == slave->out_len)
		slave->out_len = 0;
	return len;
}

void slave_answer(struct slave *slave, const uint8_t *rapdu, size_t len)
{
	if (!slave->running || slave->answered)
		return;
	memcpy(slave->answer, rapdu, len);
	slave->answer_len = len;
	slave->answer_pos = 0;
	slave->answered = true;
	if (!slave->wtx_asked)
		put_answer(slave);
}
