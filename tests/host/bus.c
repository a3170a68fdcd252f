// SPDX-License-Identifier: GPL-2.0-only
/* The link layer and the strict card on a bus in virtual time, with faults */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"

/* ---- the applet ---- */

#define APPLET_CLA	0x80
#define APPLET_INS	0x10

void bus_command(u8 *apdu, size_t len, u8 nonce, u16 delay_ms, u16 answer)
{
	apdu[0] = APPLET_CLA;
	apdu[1] = APPLET_INS;
	apdu[2] = nonce;
	apdu[3] = 0;
	apdu[4] = delay_ms >> 8;
	apdu[5] = delay_ms & 0xff;
	apdu[6] = answer >> 8;
	apdu[7] = answer & 0xff;
	apdu[8] = (len - 10) >> 8;
	apdu[9] = (len - 10) & 0xff;
	for (size_t i = 10; i < len; i++)
		apdu[i] = nonce + i;
}

static void fill(u8 *rsp, u8 nonce, u16 answer)
{
	for (size_t i = 0; i < answer; i++)
		rsp[i] = nonce ^ (i * 7);
	rsp[answer] = 0x90;
	rsp[answer + 1] = 0x00;
}

bool bus_answered(const u8 *rsp, size_t len, u8 nonce, u16 answer)
{
	u8 want[CARD_APDU_MAX];

	fill(want, nonce, answer);
	return len == answer + 2u && !memcmp(rsp, want, len);
}

static void applet_run(void *ctx, struct card *card, const u8 *apdu, size_t len, u64 now)
{
	static const u8 wrong[] = { 0x6D, 0x00 };
	struct bus *bus = ctx;
	u8 rsp[CARD_APDU_MAX];
	u16 answer;
	u64 at = now + bus->delay_us;

	if (bus->mute)
		return;
	if (bus->applet) {
		bus->applet(bus, apdu, len, at);
		return;
	}
	if (bus->canned) {
		card_answer(card, bus->canned, bus->canned_len, at);
		return;
	}
	if (len < 10 || apdu[0] != APPLET_CLA || apdu[1] != APPLET_INS ||
	    len != 10u + (apdu[8] << 8 | apdu[9])) {
		bus->nonsense++;
		card_answer(card, wrong, sizeof(wrong), at);
		return;
	}
	answer = apdu[6] << 8 | apdu[7];
	bus->ran[apdu[2] % BUS_NONCES]++;
	fill(rsp, apdu[2], answer);
	card_answer(card, rsp, answer + 2u, at + (apdu[4] << 8 | apdu[5]) * MS);
}

static void applet_reset(void *ctx, struct card *card)
{
	struct bus *bus = ctx;

	(void)card;
	if (bus->applet_reset)
		bus->applet_reset(bus);
}

static const struct card_ops applet_ops = { .apdu = applet_run, .reset = applet_reset };

/* ---- rules that only the wire shows ---- */

static bool resets_numbers(u8 pcb)
{
	return pcb == 0xC0 || pcb == 0xCF || pcb == 0xC6 || pcb == 0xC5;
}

static bool is_nack(const struct bus *bus, int result)
{
	return result == -ENXIO || result == -EREMOTEIO ||
	       (result < 0 && result == bus->adapter.nack);
}

/*
 * S(IFS) was granted, and no try of the block may have arrived, one of the adapter's own
 * included: then it may be cut.
 */
static bool may_be_cut(const struct bus *bus, const u8 *buf, size_t len)
{
	return bus->granted && !bus->tried && !bus->adapter.retries && len < bus->block_len &&
	       (buf[1] & 0x20) && !memcmp(buf + 3, bus->block + 3, len - 5);
}

static void watch_write(struct bus *bus, const u8 *buf, size_t len, int result)
{
	u8 pcb = len > 1 ? buf[1] : 0;

	if (bus->link.stats.apdus != bus->apdus) {	/* a new command */
		bus->apdus = bus->link.stats.apdus;
		bus->numbers_lost = false;
		bus->block_len = 0;
	}
	if (bus->quiet && pcb != bus->quiet && pcb != 0xC0 && pcb != 0xE3)
		bus->broken++;	/* the first frame is RESYNC */
	if (pcb == 0xC5 || pcb == 0xC6)
		bus->quiet = pcb;
	else if (pcb == 0xC0)
		bus->quiet = 0;
	if (resets_numbers(pcb))
		bus->numbers_lost = true;
	if (pcb != 0xE3)	/* while it asks for time it still owes that answer */
		bus->request = (pcb & 0xE0) == 0xC0 ? pcb : 0;
	if (pcb == 0xE1)
		bus->granted = true;
	if (pcb & 0x80)
		return;
	if (bus->numbers_lost)
		bus->broken++;	/* that command is dead for ever */
	if (bus->block_len && !((bus->block[1] ^ pcb) & 0x40)) {
		/* the same block again: only the very same, and only if it may be */
		bool same = len == bus->block_len && !memcmp(buf, bus->block, len);

		if (!(same || may_be_cut(bus, buf, len)) || (!bus->asked && !bus->refused))
			bus->broken++;
	} else {
		bus->tried = false;
		bus->granted = false;
	}
	memcpy(bus->block, buf, len);
	bus->block_len = len;
	bus->asked = false;
	bus->refused = is_nack(bus, result);
	bus->tried |= result != -ENXIO && result != -EREMOTEIO;
}

/* Put blocks together from reads, as the host must. */
static void watch_read(struct bus *bus, const u8 *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!bus->seen_want && !i && len > 1 && buf[1] == 0xA5)
			continue;	/* a byte of garbage */
		if (!bus->seen_want && buf[i] != 0xA5 && buf[i] != 0x00)
			return;
		if (!bus->seen_want)
			bus->seen_len = 0;
		bus->seen[bus->seen_len++] = buf[i];
		bus->seen_want = bus->seen_len < 3 ? 3 : bus->seen[2] + 5;
		if (bus->seen_len == bus->seen_want || bus->seen_len == sizeof(bus->seen)) {
			if ((bus->seen[1] & 0xEC) == 0x80 && bus->block_len &&
			    !(((bus->seen[1] << 2) ^ bus->block[1]) & 0x40))
				bus->asked = true;
			bus->seen_want = 0;
			return;
		}
	}
}

u32 bus_broken(const struct bus *bus)
{
	return bus->broken + card_violations(&bus->card);
}

/* ---- the wire ---- */

static u64 wire_time(size_t bytes)	/* at 400 kHz */
{
	return (bytes * 45 + 1) / 2;
}

static void log_step(struct bus *bus, bool read, const u8 *buf, size_t len, int result)
{
	if (bus->transfers < BUS_TRACE)
		bus->trace[bus->transfers] = (struct step) {
			.read = read, .len = len, .result = result,
			.pcb = !read || result > 1 ? buf[1] : 0,
		};
	bus->transfers++;
}

static void put_extra(struct bus *bus, const struct fault *f)
{
	u8 inf = f->arg;

	bus->extra_len = card_frame(bus->extra, 0xA5, f->pcb, &inf, f->arg >= 0);
	bus->extra_pos = 0;
}

/* An answer that is no answer must be older than the block that asks for it. */
static bool is_fair(const struct fault *f, bool read, u8 pcb)
{
	bool answer = f->kind == FAULT_DUPLICATE || (f->kind == FAULT_STALE && f->pcb < 0x80);

	return !answer || (!read && pcb < 0x80);
}

/* What happens before the transfer proper. Return: the fault that shapes it. */
static const struct fault *before(struct bus *bus, bool read, u8 pcb)
{
	static const struct fault calm = { .kind = FAULT_SILENT, .count = 1000 };
	const struct fault *hit = NULL;

	for (int i = 0; i < bus->nfaults; i++) {
		const struct fault *f = &bus->faults[i];

		if (bus->transfers < f->at || bus->transfers - f->at >= (f->count ?: 1))
			continue;
		if (!is_fair(f, read, pcb))
			continue;
		if ((f->kind == FAULT_STALE || f->kind == FAULT_REPLACE) &&
		    (f->pcb & 0xE0) == 0xE0 && (f->pcb ^ 0x20) == bus->request)
			continue;
		switch (f->kind) {
		case FAULT_STALE:
			if (f->count > 1) {	/* a storm: one each BWT, as chips do */
				if (!bus->extra_len && bus->time < bus->storm) {
					hit = &calm;
					break;
				}
				bus->storm = bus->time + 900 * MS;
			}
			put_extra(bus, f);
			bus->blocked = true;
			bus->swallow = false;
			break;
		case FAULT_REPLACE:
			put_extra(bus, f);
			bus->swallow = true;
			bus->blocked = false;
			break;
		case FAULT_DUPLICATE:
			if (bus->seen_len >= 5 && !bus->seen_want) {
				memcpy(bus->extra, bus->seen, bus->seen_len);
				bus->extra_len = bus->seen_len;
				bus->extra_pos = 0;
				bus->blocked = true;
				bus->swallow = false;
			}
			break;
		case FAULT_GARBAGE:
			bus->prefix = true;
			bus->prefix_byte = f->arg;
			break;
		case FAULT_RESTART:
			card_restart(&bus->card, bus->time);
			break;
		case FAULT_DEAD:
			bus->dead = true;
			break;
		case FAULT_STICK:
			card_stick(&bus->card, f->arg);
			break;
		case FAULT_OUTAGE:
			bus->outage = bus->time + 60 * SECOND;
			bus->outage_errno = f->arg;
			break;
		default:
			hit = f;
		}
	}
	bus->hopeless = hit && hit->count > 100;
	return hit;
}

static void shape(const struct fault *f, u8 *buf, size_t len)
{
	if (f->kind == FAULT_FLIP)
		buf[f->pos % len] ^= 1 << (f->arg & 7);
	if (f->kind == FAULT_GARBLE)
		buf[f->pos % len] ^= f->arg;
}

static int do_write(struct bus *bus, const struct fault *f, const u8 *buf, size_t len,
		    u64 end)
{
	u8 wire[CARD_FRAME_MAX + 1];
	int ret;

	if (bus->dead || (bus->blocked && bus->extra_len))
		return -ENXIO;
	if (!f)
		return card_write(&bus->card, buf, len, bus->time, end);
	memcpy(wire, buf, len);
	switch (f->kind) {
	case FAULT_NACK:
		return -ENXIO;
	case FAULT_ERRNO:
		return f->arg;
	case FAULT_ERRNO_ARRIVED:
		/* what was not acknowledged did not arrive */
		if (f->arg == -ENXIO || f->arg == -EREMOTEIO)
			return f->arg;
		ret = card_write(&bus->card, wire, len, bus->time, end);
		return ret < 0 ? ret : f->arg;
	case FAULT_LOST:
	case FAULT_SILENT:
		return len;
	case FAULT_SHORT:
		ret = card_write(&bus->card, wire, len - 1, bus->time,
				 bus->time + wire_time(len));
		return ret < 0 ? ret : (int)len - 1;
	default:
		shape(f, wire, len);
		return card_write(&bus->card, wire, len, bus->time, end);
	}
}

/* What the adapter calls it */
static int said(const struct bus *bus, int result)
{
	return result == -ENXIO && bus->adapter.nack ? bus->adapter.nack : result;
}

static bool is_out(const struct bus *bus)
{
	return bus->time < bus->outage;
}

static int host_write(void *ctx, const u8 *buf, size_t len)
{
	struct bus *bus = ctx;
	const struct fault *f = before(bus, false, buf[1]);
	u64 end = bus->time + wire_time(len + 1);
	u32 crc = bus->card.violations[CARD_V_CRC], frame = bus->card.violations[CARD_V_FRAME];
	int ret = is_out(bus) ? bus->outage_errno ?: -ENXIO : do_write(bus, f, buf, len, end);

	for (int n = 0; ret == -EAGAIN && n < bus->adapter.retries; n++) {
		bus->time = end + MS;
		end = bus->time + wire_time(len + 1);
		ret = do_write(bus, NULL, buf, len, end);
	}

	if (f) {	/* what the wire did is not the host's fault */
		bus->card.violations[CARD_V_CRC] = crc;
		bus->card.violations[CARD_V_FRAME] = frame;
	}
	bus->time = ret == -ENXIO ? bus->time + wire_time(1) : end;
	watch_write(bus, buf, len, said(bus, ret));
	if (ret != -ENXIO && ret != -EREMOTEIO)
		bus->asks = end + bus->card.bwt_us * (buf[1] == 0xE3 && len == 6 ? buf[3] : 1ULL);
	log_step(bus, false, buf, len, ret);
	return said(bus, ret);
}

/* From the card, or from what stands in for it */
static int chip_read(struct bus *bus, u8 *buf, size_t len, u64 end)
{
	size_t n = 0, skip = bus->prefix && len > 1;
	int ret;

	if (bus->dead)
		return -ENXIO;
	if (bus->swallow && (bus->extra[1] ^ 0x20) == bus->request) {
		bus->swallow = false;	/* that would be no fault, but a forgery */
		bus->extra_len = 0;
	}
	if (bus->extra_len) {
		if (bus->swallow) {	/* not before the card has something */
			ret = card_read(&bus->card, buf, CARD_FRAME_MAX < len ? len : len,
					bus->time, end);
			if (ret < 0)
				return ret;
			while (bus->card.out_len)
				card_read(&bus->card, buf, 1, end, end);
			bus->card.violations[CARD_V_SEGT] = 0;
			bus->swallow = false;
		}
		n = bus->extra_len - bus->extra_pos;
		if (n > len)
			n = len;
		memcpy(buf, bus->extra + bus->extra_pos, n);
		memset(buf + n, 0xff, len - n);
		bus->extra_pos += n;
		if (bus->extra_pos == bus->extra_len) {
			bus->extra_len = 0;
			bus->blocked = false;
		}
		return len;
	}
	ret = card_read(&bus->card, buf + skip, len - skip, bus->time,
			bus->time + wire_time(len - skip + 1));
	if (ret < 0)
		return ret;
	if (skip) {
		buf[0] = bus->prefix_byte;
		bus->prefix = false;
	}
	return len;
}

static int do_read(struct bus *bus, const struct fault *f, u8 *buf, size_t len, u64 end)
{
	int ret;

	if (f && (f->kind == FAULT_NACK || f->kind == FAULT_SILENT))
		return -ENXIO;
	if (f && (f->kind == FAULT_ERRNO ||
		  (f->kind == FAULT_ERRNO_ARRIVED && (f->arg == -ENXIO || f->arg == -EREMOTEIO))))
		return f->arg;
	ret = chip_read(bus, buf, len, end);
	if (!f || ret < 0)
		return ret;
	switch (f->kind) {
	case FAULT_ERRNO_ARRIVED:
		return f->arg;
	case FAULT_LOST:
		return -EIO;
	case FAULT_SHORT:
		return len - 1;
	default:
		shape(f, buf, len);
		return ret;
	}
}

static int host_read(void *ctx, u8 *buf, size_t len)
{
	struct bus *bus = ctx;
	const struct fault *f = before(bus, true, 0);
	u64 end = bus->time + wire_time(len + 1);
	int ret = is_out(bus) ? bus->outage_errno ?: -ENXIO : do_read(bus, f, buf, len, end);

	for (int n = 0; ret == -EAGAIN && n < bus->adapter.retries; n++) {
		bus->time = end + MS;
		end = bus->time + wire_time(len + 1);
		ret = do_read(bus, NULL, buf, len, end);
	}

	/* a look is never put off beyond BWT; who oversleeps can't be held to it */
	if (len == 5 && bus->asks && bus->time >= bus->asks) {
		bus->broken += !bus->jump && bus->time > bus->asks && bus->time > bus->pause;
		bus->asks = 0;
	}
	if (ret > 0)
		bus->asks = 0;
	bus->time = ret == -ENXIO ? bus->time + wire_time(1) : end;
	if (ret == -ENXIO || ret == -EREMOTEIO)
		bus->pause = bus->time + bus->card.mpot_us;
	if (len == 5)	/* a header: whatever was under way is given up */
		bus->seen_want = 0;
	if (ret == (int)len)
		watch_read(bus, buf, len);
	else if (ret != -ENXIO && ret != -EREMOTEIO)
		bus->seen_want = 0;
	log_step(bus, true, buf, len, ret);
	if (ret == -ENXIO && bus->adapter.fills) {
		memset(buf, bus->adapter.filler, len);
		return len;
	}
	return said(bus, ret);
}

static int host_sleep(void *ctx, u32 us)
{
	struct bus *bus = ctx;
	u64 next;

	if (bus->stop && bus->time >= bus->stop_at)
		return bus->stop;
	if (!us)
		return 0;
	bus->time += us;
	if (bus->jump && us >= MS) {	/* at least as long: so it may be longer */
		next = card_next(&bus->card);
		if (bus->dead || bus->hopeless || next > bus->time + 200 * MS)
			next = bus->time + 200 * MS;
		if (next > bus->time)
			bus->time = next;
	}
	return bus->stop && bus->time >= bus->stop_at ? bus->stop : 0;
}

static u64 host_now(void *ctx)
{
	return ((struct bus *)ctx)->time;
}

static int host_power(void *ctx, bool on)
{
	struct bus *bus = ctx;

	if (!bus->line)
		return -EOPNOTSUPP;
	bus->numbers_lost = true;
	if (!on)
		bus->dead = false;
	bus->quiet = 0xFF;
	card_power(&bus->card, on, bus->time);
	return 0;
}

static void host_event(void *ctx, enum se05x_link_event event, u32 arg, int result)
{
	(void)arg;
	(void)result;
	((struct bus *)ctx)->events[event]++;
}

static const struct se05x_link_ops host_ops = {
	.write = host_write,
	.read = host_read,
	.sleep = host_sleep,
	.now = host_now,
	.power = host_power,
	.event = host_event,
};

void bus_init_limits(struct bus *bus, const struct card_config *config,
		     size_t max_write, size_t max_read)
{
	memset(bus, 0, sizeof(*bus));
	bus->time = SECOND;
	bus->line = true;
	card_init(&bus->card, config, &applet_ops, bus);
	card_power(&bus->card, true, bus->time);
	se05x_link_init(&bus->link, &host_ops, bus, max_write, max_read);
	bus->link.trusted = true;
}

void bus_copy(struct bus *to, const struct bus *from)
{
	*to = *from;
	to->link.ctx = to;
	to->card.ctx = to;
}

void bus_init(struct bus *bus, const struct card_config *config)
{
	bus_init_limits(bus, config, 0, 0);
}

void bus_arm(struct bus *bus, const struct fault *faults, int n)
{
	if (n)
		memcpy(bus->faults, faults, n * sizeof(*faults));
	bus->nfaults = n;
	bus->transfers = 0;
	bus->prefix = false;
	if (bus->swallow) {	/* what was to be replaced never came */
		bus->swallow = false;
		bus->extra_len = 0;
	}
}

void bus_print(const struct bus *bus)
{
	for (u32 i = 0; i < bus->transfers && i < BUS_TRACE; i++)
		printf("  %3u %s %02X len %u -> %d\n", i, bus->trace[i].read ? "<" : ">",
		       bus->trace[i].pcb, bus->trace[i].len, bus->trace[i].result);
	for (int v = 0; v < CARD_V_MAX; v++)
		if (bus->card.violations[v])
			printf("  card: %s %u\n", card_violation_name(v),
			       bus->card.violations[v]);
	if (bus->broken)
		printf("  wire: %u rules broken\n", bus->broken);
}
