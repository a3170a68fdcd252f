// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fault matrix: whatever goes wrong on the wire, once, twice or more often,
 * no answer is wrong, no command runs twice, no wait is without bound, and the
 * next APDU works.
 *
 *	faults [SEED [THIN]]
 *
 * THIN: of pairs and draws one in so many; of single faults all, always.
 *
 * A flip is one bit, a garble one byte. A stale block is queued before our
 * write, and the chip wants it read first; or it carries its predecessor's
 * number. After a restart of the chip the command under way may fail and the
 * chip's own error SW is acceptable: what counts is that nothing runs twice and
 * that the link recovers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/se05x.h>

#include "bus.h"

#define WORKERS		2
#define RANDOM_CASES	60000
#define RANDOM_FAULTS	8
#define SAMPLE		16	/* of the pairs on all but the base script, one in so many */
#define ODD_SAMPLE	64	/* the same with an odd chip or adapter */
#define FOREVER		(~0U)

#ifdef CHANNEL
#include "faults_channel.h"
#define IN_CHANNEL	true
#define COSTS		64	/* so much more than without */
#else
#define IN_CHANNEL	false
#define COSTS		1
#define EXCHANGES	1
#define exchange(bus, apdu) se05x_link_transceive(&(bus)->link, apdu)
#define start_channel(bus)
#endif

/* ---- scripts ---- */

enum step_kind { END, APDU, SLEEP, RESET };

struct act {
	enum step_kind kind;
	u16 command_len;	/* RESET: rung */
	u16 delay_ms;
	u16 answer;
};

#define STEPS 6

static const struct script {
	const char *name;
	struct act acts[STEPS];
} scripts[] = {
	{ "base", { { APDU, 20, 0, 10 }, { APDU, 60, 0, 30 }, { APDU, 12, 0, 40 } } },
	{ "chained command", { { APDU, 600, 0, 10 }, { APDU, 20, 0, 10 } } },
	{ "chained answer", { { APDU, 20, 0, 600 }, { APDU, 20, 0, 10 } } },
	{ "both chained", { { APDU, 300, 0, 300 }, { APDU, 20, 0, 10 } } },
	{ "WTX", { { APDU, 20, 2500, 10 }, { APDU, 20, 0, 10 } } },
	{ "sleep", { { APDU, 20, 0, 10 }, { .kind = SLEEP }, { APDU, 20, 0, 10 } } },
	{ "soft reset", { { .kind = RESET, .command_len = SE05X_RUNG_SOFT }, { APDU, 20, 0, 10 } } },
	{ "chip reset", { { .kind = RESET, .command_len = SE05X_RUNG_CHIP }, { APDU, 20, 0, 10 } } },
	{ "power cycle", { { .kind = RESET, .command_len = SE05X_RUNG_POWER }, { APDU, 20, 0, 10 } } },
};

#define SCRIPTS	((int)(sizeof(scripts) / sizeof(scripts[0])))

/* ---- the verdict ---- */

struct totals {
	u64 cases, wrong, twice, unbounded, stuck, given_up;
	u64 longest;		/* of any call, in microseconds */
};

/*
 * The longest a call may take (docs/protocol.md): the hard limit, and after it
 * the tries of every rung, each a write and a wait.
 */
static u64 longest_call(const struct se05x_link *link)
{
	u64 block = link->atr.bwt_ms * MS * 5 / 4 + 100 * MS;

	return link->hard_limit_us + 43 * 2 * block + 20 * block + 100 * MS;
}

static int setup_number;
static const char *why;		/* what was wrong with the case, for the report */

static bool has(const struct fault *f, int n, enum fault_kind kind)
{
	for (int i = 0; i < n; i++)
		if (f[i].kind == kind)
			return true;
	return false;
}

/* Blocks that the chip never sent may make an honest host break a rule. */
static bool is_forged(const struct fault *f, int n)
{
	return has(f, n, FAULT_STALE) || has(f, n, FAULT_REPLACE) ||
	       has(f, n, FAULT_DUPLICATE) || has(f, n, FAULT_RESTART) ||
	       has(f, n, FAULT_GARBAGE);
}

static bool has_arrived(const struct fault *f, int n, int error)
{
	for (int i = 0; i < n; i++)
		if (f[i].kind == FAULT_ERRNO_ARRIVED && f[i].arg == error)
			return true;
	return false;
}

/* By another word for a NACK, or since a repeat of the adapter's own was NACKed */
static bool is_nack_of_arrived(const struct bus *bus, const struct fault *f, int n)
{
	return (bus->adapter.nack && has_arrived(f, n, bus->adapter.nack)) ||
	       (bus->adapter.retries && has_arrived(f, n, -EAGAIN));
}

static bool rules_broken(const struct bus *bus, const struct fault *f, int n)
{
	const u32 *v = bus->card.violations;

	if (bus->broken || v[CARD_V_EMPTY] || v[CARD_V_SEGT] || v[CARD_V_MPOT] ||
	    v[CARD_V_EMPTY_CHAIN])
		return true;
	if (is_forged(f, n))
		return false;
	/* what is called a NACK may have arrived: then the chip gets that block twice */
	if (is_nack_of_arrived(bus, f, n))
		return false;
	/* and so it does where the answer to it is lost too, but S(IFS response) is single */
	if (bus->card.config.ifs && has(f, n, FAULT_ERRNO_ARRIVED))
		return false;
	return v[CARD_V_SEQ] || v[CARD_V_WTX] || v[CARD_V_IFSC] ||
	       v[CARD_V_FRAME] || v[CARD_V_CRC];
}

/* How many blocks with that PCB stand for one of the chip's, or @other */
static int forged(const struct fault *f, int n, u8 pcb, u8 other)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += (f[i].kind == FAULT_REPLACE || f[i].kind == FAULT_STALE) &&
			 f[i].arg < 0 && (f[i].pcb == pcb || f[i].pcb == other);
	return count;
}

/*
 * What nobody can see: the chip's answer is lost and "say that again" comes in
 * its stead, and before we do the chip restarts with its counters where ours are.
 * Or a block is lost, and one that acknowledges it is forged; with four blocks and
 * more what the chip says then fits again. Or an empty last block is forged twice.
 */
static bool is_residual(const struct bus *bus, const struct fault *f, int n)
{
	/* repeating what is called a NACK rests on the chip's counter */
	if (is_nack_of_arrived(bus, f, n) && has(f, n, FAULT_RESTART))
		return true;
	if (bus->card.config.ifs && n > 1 && forged(f, n, 0x80, 0x90))
		return true;
	if (forged(f, n, 0x00, 0x40) > 1)
		return true;
	for (int i = 0; i < n; i++)
		if ((f[i].kind == FAULT_REPLACE || f[i].kind == FAULT_STALE) &&
		    (f[i].pcb & 0xEC) == 0x80)
			return has(f, n, FAULT_RESTART);
	return false;
}

static bool residual;

/* One APDU as the driver does it. Return: what the driver would say. */
static int apdu_step(struct bus *bus, const struct act *act, u8 nonce, bool restarted,
		     struct totals *t)
{
	static u8 command[SE05X_T1_COMMAND_MAX];
	static u8 response[SE05X_T1_RESPONSE_MAX];
	struct se05x_apdu apdu = {
		.command = command, .command_len = act->command_len, .response = response,
	};
	u64 start = bus->time;
	int ret = se05x_link_wake(&bus->link, true);
	u32 ran;

	bus_command(command, act->command_len, nonce, act->delay_ms, act->answer);
	if (!ret)
		ret = exchange(bus, &apdu);
	ran = bus->ran[nonce];
	if (IN_CHANNEL && !ret && apdu.outcome == SE05X_OUTCOME_RAN &&
	    (ran != 1 || !bus_answered(response, apdu.response_len, nonce, act->answer))) {
		t->wrong++;
		why = "a success that was forged";
	}
	/* a chip that has restarted has no channel, and says so in its own way */
	if (IN_CHANNEL && (restarted || residual) &&
	    (ret == -EBADMSG || ret == -EKEYREJECTED))
		return ret;
	if (ran > 1 && !residual) {
		t->twice++;
		why = "twice";
	}
	if (!ret && !bus_answered(response, apdu.response_len, nonce, act->answer) &&
	    !(restarted && apdu.response_len == 2) && !residual) {
		t->wrong++;
		why = "wrong answer";
	} else if (!ret && (ran != 1 || apdu.outcome != SE05X_OUTCOME_RAN) && !restarted &&
		   !residual) {
		t->wrong++;
		why = "success without a run";
	} else if (ret && apdu.outcome == SE05X_OUTCOME_NOT_SENT && ran) {
		t->wrong++;
		why = "ran, but 'not sent'";
	} else if (ret && (apdu.response_len || (apdu.outcome == SE05X_OUTCOME_MAY_HAVE_RUN) !=
						 (ret == -ECONNRESET))) {
		t->wrong++;
		why = "outcome and errno don't agree";
	} else if (ret && ret != -ECONNRESET && ret != -ECONNABORTED && ret != -ENOLINK &&
		   ret != -ENODEV) {
		t->wrong++;
		why = "undocumented errno";
	}
	if (bus->time - start > t->longest)
		t->longest = bus->time - start;
	if (bus->time - start > EXCHANGES * longest_call(&bus->link)) {
		t->unbounded++;
		why = "too long";
	}
	return ret;
}

static void do_step(struct bus *bus, const struct act *act, u8 nonce, bool restarted,
		    struct totals *t)
{
	u64 start = bus->time;

	if (act->kind == APDU) {
		apdu_step(bus, act, nonce, restarted, t);
		return;
	}
	if (act->kind == SLEEP) {
		if (bus->link.synced)
			se05x_link_sleep(&bus->link);
	} else {
		se05x_link_reset(&bus->link, (enum se05x_rung)act->command_len, false);
	}
	if (bus->time - start > longest_call(&bus->link)) {
		t->unbounded++;
		why = "too long";
	}
}

/* Without RESET: by the next command after its time, if the chip can be reached. */
static void by_itself(const struct bus *bus, int tries, bool restarted, struct totals *t)
{
	static const struct act next = { APDU, 30, 0, 20 };
	struct bus alone;
	u8 nonce = 50;

	if (bus->dead || bus->link.refused)
		return;
	bus_copy(&alone, bus);
	while (tries--) {
		alone.time += 2 * SECOND;
		if (!apdu_step(&alone, &next, nonce++, restarted, t))
			return;
	}
	t->stuck++;
	why = "it does not come back by itself";
}

/* The wire is good again: the next APDU works, after a RESET if it must be. */
static void afterwards(struct bus *bus, bool restarted, struct totals *t)
{
	static const struct act next = { APDU, 30, 0, 20 };
	/* what it does not know yet costs it one command */
	int tries = restarted || bus->dead ? 2 : 1;
	u8 nonce = 60;

	if (bus->card.cure)	/* and this a rung each; it may have failed otherwise before */
		tries = bus->card.cure + 3;
	bus_arm(bus, NULL, 0);
	if (bus->link.given_up && bus->time < bus->link.retry_at &&
	    se05x_link_wake(&bus->link, true) != -ENOLINK) {
		t->wrong++;
		why = "given up, but not ENOLINK";
	}
	bus->time = bus->time < bus->outage ? bus->outage : bus->time;
	if (bus->link.given_up) {
		if (t->given_up++ % 4 == 0)
			by_itself(bus, tries, restarted, t);
		if (se05x_link_reset(&bus->link, SE05X_RUNG_SOFT, false)) {
			t->stuck++;
			why = "RESET does not bring it back";
			return;
		}
	}
	while (tries--)
		if (!apdu_step(bus, &next, nonce++, restarted, t))
			return;
	t->stuck++;
	why = "the next APDU fails";
}

/* Run a script with these faults. @bus is left as it was when the script ended. */
static void run_case(struct bus *bus, const struct bus *fresh, const struct script *script,
		     const struct fault *f, int n, struct totals *t)
{
	struct totals before = *t;
	struct bus after;
	bool restarted = has(f, n, FAULT_RESTART);

	residual = is_residual(fresh, f, n);
	bus_copy(bus, fresh);
	bus_arm(bus, f, n);
	for (int i = 0; i < STEPS && script->acts[i].kind != END; i++)
		do_step(bus, &script->acts[i], i + 1, restarted, t);
	bus_copy(&after, bus);
	afterwards(&after, restarted, t);
	if (rules_broken(&after, f, n)) {
		t->wrong++;
		why = "a rule of the link broken";
	}
	if (after.nonsense && !has(f, n, FAULT_REPLACE) && !has(f, n, FAULT_STALE)) {
		t->wrong++;
		why = "a command that nobody sent";
	}
	t->cases++;
	if (t->wrong + t->twice + t->unbounded + t->stuck ==
	    before.wrong + before.twice + before.unbounded + before.stuck)
		return;
	printf("setup %d: %s: %s:", setup_number, script->name, why);
	for (int i = 0; i < n; i++)
		printf(" {kind %d at %u count %u arg %d pcb %02X pos %u}", f[i].kind, f[i].at,
		       f[i].count, f[i].arg, f[i].pcb, f[i].pos);
	putchar('\n');
	if (getenv("FAULTS_VERBOSE"))
		bus_print(&after);
	fflush(stdout);
}

/* ---- faults ---- */

static const int errnos[] = {
	-EIO, -EAGAIN, -ETIMEDOUT, -EREMOTEIO, -ENXIO, -EBUSY, -EPROTO, -EOPNOTSUPP, -EINVAL,
	-ESHUTDOWN, -ENODEV,
};

/* Blocks that come out of nowhere; I-blocks only where they are no answer */
static const struct { u8 pcb; int inf; } blocks[] = {
	{ 0x80, -1 }, { 0x90, -1 }, { 0x81, -1 }, { 0x91, -1 }, { 0x82, -1 }, { 0x92, -1 },
	{ 0x83, -1 }, { 0x93, -1 }, { 0xC0, -1 }, { 0xC1, 32 }, { 0xC2, -1 }, { 0xC3, 1 },
	{ 0xC3, 3 }, { 0xC5, -1 }, { 0xC6, -1 }, { 0xC7, -1 }, { 0xCF, -1 }, { 0xE0, -1 },
	{ 0xE1, 32 }, { 0xE2, -1 }, { 0xE3, 1 }, { 0xE5, -1 }, { 0xE6, -1 }, { 0xE7, -1 },
	{ 0xEF, -1 }, { 0x00, -1 }, { 0x40, -1 }, { 0x20, -1 }, { 0x60, -1 }, { 0x1F, -1 }, { 0xFF, -1 },
};

struct list {
	struct fault faults[4096];
	int n;
};

static void add(struct list *list, struct fault f)
{
	if (list->n == (int)(sizeof(list->faults) / sizeof(list->faults[0])))
		abort();
	list->faults[list->n++] = f;
}

/* Where the adapter repeats by itself, the link can't tell it from one that came after. */
static bool may_answer(u8 pcb)
{
	return !(pcb & 0x80) || (pcb & 0xEF) == 0x80 || (pcb & 0xE0) == 0xE0;
}

/* Adapters that have another word for a NACK don't use the usual ones. */
static bool may_say(const struct adapter *adapter, int error)
{
	return !adapter->nack || (error != -ENXIO && error != -EREMOTEIO);
}

/* All that can happen to one transfer; @every: at each byte, else one a field */
static void faults_at(struct list *list, const struct adapter *adapter,
		      const struct step *step, u32 at, bool every)
{
	static const u32 counts[] = { 1, 3, 2000 };
	static const u8 garbage[] = { 0x00, 0xFF, 0x55, 0xA5 };
	size_t i;
	u16 pos;

	list->n = 0;
	for (i = 0; i < 3; i++) {
		add(list, (struct fault) { .kind = FAULT_NACK, .at = at, .count = counts[i] });
		add(list, (struct fault) { .kind = FAULT_SILENT, .at = at, .count = counts[i] });
	}
	add(list, (struct fault) { .kind = FAULT_SILENT, .at = at, .count = FOREVER });
	add(list, (struct fault) { .kind = FAULT_DEAD, .at = at });
	add(list, (struct fault) { .kind = FAULT_RESTART, .at = at });
	for (i = CARD_SOFT_RESET; i <= CARD_POWER; i++)
		if (every || i == 1 + at % 3)
			add(list, (struct fault) { .kind = FAULT_STICK, .at = at, .arg = i });
	for (i = 0; i < 3; i++) {
		static const int why_out[] = { 0, -EIO, -ETIMEDOUT };

		if (every || i == at % 3)
			add(list, (struct fault) { .kind = FAULT_OUTAGE, .at = at,
						   .arg = why_out[i] });
	}
	add(list, (struct fault) { .kind = FAULT_SHORT, .at = at });
	add(list, (struct fault) { .kind = FAULT_LOST, .at = at });
	for (i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
		if (!may_say(adapter, errnos[i]))
			continue;
		add(list, (struct fault) { .kind = FAULT_ERRNO, .at = at, .arg = errnos[i] });
		add(list, (struct fault) { .kind = FAULT_ERRNO_ARRIVED, .at = at,
					   .arg = errnos[i] });
	}
	add(list, (struct fault) { .kind = FAULT_ERRNO, .at = at, .count = 2000, .arg = -EIO });
	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		if (!step->read && adapter->retries && may_answer(blocks[i].pcb))
			continue;
		add(list, (struct fault) { .kind = step->read ? FAULT_REPLACE : FAULT_STALE,
					   .at = at, .pcb = blocks[i].pcb,
					   .arg = blocks[i].inf });
	}
	if (!step->read && !(step->pcb & 0x80)) {	/* an answer of before, whatever its number */
		if (!adapter->retries) {
			add(list, (struct fault) { .kind = FAULT_STALE, .at = at, .pcb = 0x00,
						   .arg = 0x90 });
			add(list, (struct fault) { .kind = FAULT_STALE, .at = at, .pcb = 0x40,
						   .arg = 0x90 });
		}
		add(list, (struct fault) { .kind = FAULT_DUPLICATE, .at = at });
	}
	add(list, (struct fault) { .kind = FAULT_STALE, .at = at, .count = FOREVER, .pcb = 0xC3,
				   .arg = 1 });
	for (i = 0; step->read && i < sizeof(garbage); i++)
		add(list, (struct fault) { .kind = FAULT_GARBAGE, .at = at, .arg = garbage[i] });
	for (pos = 0; pos < step->len; pos++) {
		/* NAD, PCB, LEN, one of INF, both of CRC */
		if (!every && pos > 3 && pos < step->len - 2)
			continue;
		add(list, (struct fault) { .kind = FAULT_FLIP, .at = at, .pos = pos,
					   .arg = (at + pos) % 8 });
		add(list, (struct fault) { .kind = FAULT_GARBLE, .at = at, .pos = pos,
					   .arg = 0xFF ^ (pos * 37 & 0x7F) });
	}
}

/* LEN 255 and the like come by garbling; here is the fault at every bit of LEN and PCB. */
static void singles(const struct bus *fresh, const struct script *script, int worker,
		    struct totals *t)
{
	static struct list list;
	struct bus clean, bus;
	struct totals ignored = { 0 };
	u32 at;

	run_case(&clean, fresh, script, NULL, 0, &ignored);
	for (at = 0; at < clean.transfers && at < BUS_TRACE; at++) {
		if ((int)(at % WORKERS) != worker)
			continue;
		faults_at(&list, &fresh->adapter, &clean.trace[at], at, true);
		for (int i = 0; i < list.n; i++)
			run_case(&bus, fresh, script, &list.faults[i], 1, t);
		for (int bit = 0; bit < 24; bit++) {
			struct fault f = { .kind = FAULT_FLIP, .at = at, .pos = bit / 8,
					   .arg = bit % 8 };

			run_case(&bus, fresh, script, &f, 1, t);
		}
	}
}

static u32 seed_of(u32 seed, u32 n)
{
	u32 x = seed + n * 2654435761U;

	x ^= x >> 16;
	x *= 0x7feb352d;
	x ^= x >> 15;
	x *= 0x846ca68b;
	return x ^ x >> 16;
}

/* The second fault is drawn from the trace after the first. */
static void pairs(const struct bus *fresh, const struct script *script, int worker, u32 seed,
		  u32 sample, struct totals *t)
{
	static struct list first, second;
	struct bus clean, one, both;
	struct totals ignored = { 0 };
	u32 at, next, number = 0;

	run_case(&clean, fresh, script, NULL, 0, &ignored);
	for (at = 0; at < clean.transfers && at < BUS_TRACE; at++) {
		faults_at(&first, &fresh->adapter, &clean.trace[at], at, false);
		for (int i = 0; i < first.n; i++) {
			if (++number % WORKERS != (u32)worker)
				continue;
			ignored = (struct totals) { 0 };
			run_case(&one, fresh, script, &first.faults[i], 1, &ignored);
			for (next = at + 1; next < one.transfers && next < BUS_TRACE &&
			     next < at + 40; next++) {
				faults_at(&second, &fresh->adapter, &one.trace[next],
					  next, false);
				for (int j = 0; j < second.n; j++) {
					struct fault f[2] = { first.faults[i], second.faults[j] };

					if (seed_of(seed, number * 65537 + next * 4096 + j) % sample)
						continue;
					run_case(&both, fresh, script, f, 2, t);
				}
			}
		}
	}
}

static void randoms(const struct bus *fresh, int worker, u32 seed, u32 cases,
		    struct totals *t)
{
	static struct list list;
	struct totals ignored;

	for (u32 i = worker; i < cases; i += WORKERS) {
		const struct script *script = &scripts[seed_of(seed, i) % SCRIPTS];
		u32 n = 1 + seed_of(seed, i + 1000000) % RANDOM_FAULTS;
		struct fault f[RANDOM_FAULTS];
		struct bus bus;
		u32 at = 0;

		ignored = (struct totals) { 0 };
		run_case(&bus, fresh, script, NULL, 0, &ignored);
		for (u32 k = 0; k < n; k++) {
			u32 r = seed_of(seed, i * 16 + k);

			at += 1 + r % 6;
			faults_at(&list, &fresh->adapter,
				  &bus.trace[at % (bus.transfers < BUS_TRACE ?
						   bus.transfers : BUS_TRACE)],
				  at, false);
			f[k] = list.faults[(r >> 8) % list.n];
		}
		run_case(&bus, fresh, script, f, n, t);
	}
}

#define USUAL	.boot_us = 20000, .wake_us = 1000, .r_us = 300

/* Chips and adapters; the first two are tried in full, of the others a sample */
static const struct setup {
	struct card_config card;
	struct adapter adapter;
} setups[] = {
	{ .card = { USUAL } },
	{ .card = { USUAL, .takes_writes = true } },
	{ .card = { USUAL }, .adapter = { .nack = -EIO } },
	{ .card = { USUAL }, .adapter = { .fills = true, .filler = 0xFF } },
	{ .card = { USUAL }, .adapter = { .retries = 3 } },
	{ .card = { USUAL, .keeps_last = true } },
	{ .card = { USUAL, .ifs = 32 } },
	{ .card = { USUAL, .ifs = 32, .ifs_first = true } },
};

#define SETUPS	((int)(sizeof(setups) / sizeof(setups[0])))

static void set_up(struct bus *bus, const struct setup *setup)
{
	bus_init(bus, &setup->card);
	bus->adapter = setup->adapter;
	bus->link.retries = setup->adapter.retries;
	bus->jump = true;
	if (se05x_link_open(&bus->link, true))
		abort();
	start_channel(bus);
}

static void work(int worker, u32 seed, u32 thin, struct totals *t)
{
	for (int c = 0; c < SETUPS; c++) {
		bool odd = c > 1;
		struct bus fresh;

		setup_number = c;
		set_up(&fresh, &setups[c]);
		for (int s = 0; s < SCRIPTS && !(IN_CHANNEL && odd); s++)
			singles(&fresh, &scripts[s], worker, t);
		for (int s = 0; s < SCRIPTS; s++)
			pairs(&fresh, &scripts[s], worker, seed,
			      thin * (odd ? ODD_SAMPLE : s ? SAMPLE : 1), t);
		randoms(&fresh, worker, seed + c, RANDOM_CASES / (odd ? 4 : 1) / thin, t);
	}
}

/* One case, in words: script, setup, and faults as the report names them */
static int one_case(char **argv)
{
	const char *setup = getenv("FAULTS_SETUP");
	struct totals t = { 0 };
	struct bus fresh, bus;
	struct fault f[RANDOM_FAULTS];
	int n = 0;

	set_up(&fresh, &setups[setup ? atoi(setup) : 0]);
	for (argv++; argv[0]; argv++, n++)
		if (sscanf(argv[0], "%u %u %u %d %hhx %hu", (u32 *)&f[n].kind, &f[n].at,
			   &f[n].count, &f[n].arg, &f[n].pcb, &f[n].pos) != 6)
			return 2;
	setenv("FAULTS_VERBOSE", "1", 1);
	run_case(&bus, &fresh, &scripts[atoi(getenv("FAULTS_SCRIPT"))], f, n, &t);
	bus_print(&bus);
	return 0;
}

int main(int argc, char **argv)
{
	if (getenv("FAULTS_SCRIPT"))
		return one_case(argv);
	u32 seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	u32 thin = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	struct totals *t = mmap(NULL, WORKERS * sizeof(*t), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct totals sum = { 0 };
	bool died = false;
	int status;

	if (t == MAP_FAILED)
		return 2;
	for (int w = 0; w < WORKERS; w++) {
		if (!fork()) {
			work(w, seed, COSTS * thin, &t[w]);
			exit(0);
		}
	}
	while (wait(&status) > 0)
		died |= status != 0;
	for (int w = 0; w < WORKERS; w++) {
		sum.cases += t[w].cases;
		sum.wrong += t[w].wrong;
		sum.twice += t[w].twice;
		sum.unbounded += t[w].unbounded;
		sum.stuck += t[w].stuck;
		sum.given_up += t[w].given_up;
		if (t[w].longest > sum.longest)
			sum.longest = t[w].longest;
	}
	printf("seed %u; given up and brought back by RESET: %llu; longest call: %llu s\n", seed,
	       sum.given_up, sum.longest / SECOND);
	printf("%llu cases, %llu wrong, %llu twice, %llu unbounded, %llu stuck\n", sum.cases,
	       sum.wrong, sum.twice, sum.unbounded, sum.stuck);
	return died || sum.wrong || sum.twice || sum.unbounded || sum.stuck;
}
