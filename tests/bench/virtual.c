// SPDX-License-Identifier: GPL-2.0-only
/*
 * How close the link layer comes to the limit of the wire, in virtual time
 *
 *	virtual [--seed N] [--mpot MS]		tables
 *	virtual --series drift|jump|alternate|outlier	one line an APDU, for a plot
 *
 * The chip is the strict card; a rule that the link breaks ends the program. The
 * clock counts nanoseconds, since nine bit times are no whole number of
 * microseconds. Nothing here depends on the machine: same seed, same figures.
 *
 * In each line of a table the lower figure is the better one (guard.sh).
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/se05x.h>

#include "../../kernel/se05x_t1.h"
#include "../card/card.h"

#define NS_PER_US	1000ULL
#define NS_PER_MS	1000000ULL
#define NS_PER_S	1000000000ULL

#define WARM_UP		64
#define ROUNDS		400
#define SEEDS		8
#define FIRSTS		256

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* A command: what is sent, how long the chip takes, what it answers, SW included */
struct work {
	u8 ins;
	u16 command_len;
	u16 answer_len;
	u32 chip_us;
};

/* 80 04 00 20 00, and eleven bytes and SW of answer */
static const struct work get_version = { .ins = 0x04, .command_len = 5, .answer_len = 13 };

struct bus {
	struct se05x_link link;
	struct card card;
	u64 time;		/* ns */
	u32 hz;
	u64 chip;		/* how long the chip takes for the next command */
	u64 nacked;
	u64 bytes;		/* on the wire, addresses included */
	u16 answer_len;
	u64 random;
};

static u32 mpot_ms = 1;
static u64 seed = 1;

static u64 draw(struct bus *bus)	/* splitmix64 */
{
	u64 x = bus->random += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* ---- the wire ---- */

/* START, nine bits for the address and for each byte, STOP */
static u64 wire(const struct bus *bus, size_t bytes)
{
	return (9 * (bytes + 1) + 2) * NS_PER_S / bus->hz;
}

static int bus_write(void *ctx, const u8 *buf, size_t len)
{
	struct bus *bus = ctx;
	int ret = card_write(&bus->card, buf, len, bus->time, bus->time + wire(bus, len));

	bus->bytes += ret < 0 ? 1 : len + 1;
	bus->time += wire(bus, ret < 0 ? 0 : len);
	if (ret < 0)	/* START and STOP are not shares of it */
		bus->card.last_end = bus->time;
	return ret;
}

static int bus_read(void *ctx, u8 *buf, size_t len)
{
	struct bus *bus = ctx;
	int ret = card_read(&bus->card, buf, len, bus->time, bus->time + wire(bus, len));

	bus->nacked += ret < 0;
	bus->bytes += ret < 0 ? 1 : len + 1;
	bus->time += wire(bus, ret < 0 ? 0 : len);
	if (ret < 0)
		bus->card.last_end = bus->time;
	return ret;
}

static int bus_sleep(void *ctx, u32 us)
{
	((struct bus *)ctx)->time += us * NS_PER_US;
	return 0;
}

static u64 bus_now(void *ctx)
{
	return ((struct bus *)ctx)->time / NS_PER_US;
}

static int bus_power(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
	return -EOPNOTSUPP;
}

static const struct se05x_link_ops ops = {
	.write = bus_write, .read = bus_read, .sleep = bus_sleep, .now = bus_now,
	.power = bus_power,
};

static void applet_run(void *ctx, struct card *card, const u8 *apdu, size_t len, u64 now)
{
	static u8 answer[CARD_APDU_MAX];
	struct bus *bus = ctx;

	(void)apdu;
	(void)len;
	card_answer(card, answer, bus->answer_len, now + bus->chip);
}

static void applet_reset(void *ctx, struct card *card)
{
	(void)ctx;
	(void)card;
}

static const struct card_ops applet = { .apdu = applet_run, .reset = applet_reset };

/* The card's clock has no unit of its own: here it counts nanoseconds. */
static void open_bus(struct bus *bus, u32 hz, u64 random)
{
	static u8 atr[] = {
		0x00, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x04, 0x03, 0xE8, 0x00, 0xFE, 0x02,
		0x0B, 0x03, 0xE8, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00,
		0x0A, 0x4A, 0x43, 0x4F, 0x50, 0x34, 0x20, 0x41, 0x54, 0x50, 0x4F,
	};
	const struct card_config config = {
		.atr = atr, .atr_len = sizeof(atr), .r_us = 300 * NS_PER_US, .wtx_on_time = true,
	};

	atr[16] = mpot_ms;
	memset(bus, 0, sizeof(*bus));
	bus->hz = hz;
	bus->random = random;
	bus->time = NS_PER_S;
	card_init(&bus->card, &config, &applet, bus);
	bus->card.bwt_us *= NS_PER_US;
	bus->card.mpot_us *= NS_PER_US;
	bus->card.segt_us *= NS_PER_US;
	card_power(&bus->card, true, 0);
	se05x_link_init(&bus->link, &ops, bus, 0, 0);
	if (se05x_link_open(&bus->link, false)) {
		fprintf(stderr, "virtual: the chip does not answer\n");
		exit(1);
	}
	/* it said only now how often it likes to be asked */
	memset(bus->card.violations, 0, sizeof(bus->card.violations));
}

/* ---- the limit ---- */

/*
 * The time of a host that knows when the chip is ready: each frame once, SEGT
 * between transfers, and a look exactly when there is something. While it asks
 * for more time the chip computes on; what is ready then waits for the frames.
 */
static u64 limit(const struct bus *bus, const struct work *work, u64 chip, u64 *bytes)
{
	u64 segt = bus->card.segt_us, bwt = bus->card.bwt_us, r = bus->card.config.r_us;
	u64 time = 0, ready, asks;
	size_t left = work->command_len, n;

	*bytes = 0;
	for (; left > 254; left -= 254) {	/* I-block, R-ACK */
		time += wire(bus, 259) + (r > segt ? r : segt) + wire(bus, 5) + segt;
		*bytes += 260 + 6;
	}
	time += wire(bus, left + 5);
	*bytes += left + 6;
	ready = time + (chip > segt ? chip : segt);
	for (asks = time + bwt; asks < ready; asks = time + bwt) {
		time = asks + wire(bus, 5) + segt + wire(bus, 1) + segt + wire(bus, 6);
		if (ready < time + segt)
			ready = time + segt;
		*bytes += 6 + 2 + 7;
	}
	time = ready;
	for (left = work->answer_len;; left -= n) {
		n = left > 254 ? 254 : left;
		time += wire(bus, 5) + segt + wire(bus, n);
		*bytes += 6 + n + 1;
		if (n == left)
			return time;
		time += segt + wire(bus, 5) + (r > segt ? r : segt);	/* R-ACK */
		*bytes += 6;
	}
}

/* ---- runs ---- */

struct sum {
	u64 apdus;
	u64 time, limit;
	u64 nacked;
	u64 bytes, least;	/* on the wire, and those that a host needs that knows all */
};

static double ratio(const struct sum *sum)
{
	return (double)sum->time / sum->limit;
}

static double polls(const struct sum *sum)
{
	return (double)sum->nacked / sum->apdus;
}

static void broken(const struct bus *bus)
{
	fprintf(stderr, "virtual: an exchange failed or broke a rule\n");
	for (int v = 0; v < CARD_V_MAX; v++)
		if (bus->card.violations[v])
			fprintf(stderr, "virtual: %s\n", card_violation_name(v));
	exit(1);
}

/* One APDU. @p1 makes a class of its own. */
static void run(struct bus *bus, const struct work *work, u8 p1, u64 chip, struct sum *sum)
{
	static u8 command[SE05X_T1_COMMAND_MAX], response[SE05X_T1_RESPONSE_MAX];
	struct se05x_apdu apdu = {
		.command = command, .command_len = work->command_len, .response = response,
	};
	u64 nacked = bus->nacked, bytes = bus->bytes, start, least;

	/* the caller does something before, and the guard time is over */
	bus->time += NS_PER_MS + draw(bus) % NS_PER_MS;
	start = bus->time;
	memcpy(command, (const u8[]) { 0x80, work->ins, p1, 0x20 }, 4);
	bus->chip = chip;
	bus->answer_len = work->answer_len;
	if (se05x_link_transceive(&bus->link, &apdu) || card_violations(&bus->card) ||
	    apdu.response_len != work->answer_len)
		broken(bus);
	sum->apdus++;
	sum->time += bus->time - start;
	sum->limit += limit(bus, work, chip, &least);
	sum->nacked += bus->nacked - nacked;
	sum->bytes += bus->bytes - bytes;
	sum->least += least;
}

/* evenly spread over 5 % to both sides */
static u64 spread(struct bus *bus, u32 us)
{
	return us * 950ULL + draw(bus) % (us * 100ULL + 1);
}

/* ---- one command ---- */

/* What one APDU would cost by a look at each MPOT */
static void look_each_mpot(const struct bus *bus, u64 chip, struct sum *sum)
{
	u64 gap = bus->card.mpot_us + wire(bus, 0), at = bus->card.segt_us, least;
	u64 best = limit(bus, &get_version, chip, &least);

	for (; at < chip; at += gap)
		sum->nacked++;
	sum->apdus++;
	sum->limit += best;
	sum->time += best + at - (chip > bus->card.segt_us ? chip : bus->card.segt_us);
}

static void plain(u32 hz, u32 chip_us)
{
	struct sum sum = { 0 };
	struct bus bus;

	for (u64 s = 0; s < FIRSTS; s++) {
		open_bus(&bus, hz, seed * 1000 + s);
		look_each_mpot(&bus, spread(&bus, chip_us), &sum);
	}
	printf("plain %u %u %.4f %.2f\n", hz, chip_us, ratio(&sum), polls(&sum));
}

/*
 * The best that a host can do that knows that times are evenly spread over 5 %
 * to both sides, and no more: looks a gap apart or, with no more of them in vain
 * than ours, further, the last when the answer must have come.
 */
static double best(const struct sum *ours, u32 hz, u32 chip_us, bool as_many)
{
	struct bus bus;
	double width = chip_us * 100.0, gap, part, lost, n, mean;
	u64 least;

	open_bus(&bus, hz, seed);
	gap = bus.card.mpot_us + wire(&bus, 0);
	if (as_many && width / (2 * polls(ours) + 1) > gap)
		gap = width / (2 * polls(ours) + 1);
	n = (int)(width / gap);
	part = width - n * gap;
	lost = (n * gap * gap + part * part) / 2 / width;
	mean = limit(&bus, &get_version, chip_us * NS_PER_US, &least);
	return (mean + lost) / mean;
}

static void cell(u32 hz, u32 chip_us, bool is_spread)
{
	struct sum sum = { 0 }, first = { 0 };
	struct bus bus;

	for (u64 s = 0; s < SEEDS; s++) {
		open_bus(&bus, hz, seed * 1000 + s);
		for (int i = 0; i < WARM_UP + ROUNDS; i++) {
			u64 chip = is_spread ? spread(&bus, chip_us) : chip_us * NS_PER_US;
			struct sum ignored = { 0 };

			run(&bus, &get_version, 0, chip, i < WARM_UP ? &ignored : &sum);
		}
	}
	for (u64 s = 0; s < FIRSTS; s++) {
		open_bus(&bus, hz, seed * 1000 + s);
		run(&bus, &get_version, 0, spread(&bus, chip_us), &first);
	}
	printf("%s %u %u %.4f %.2f\n", is_spread ? "cell" : "steady", hz, chip_us, ratio(&sum),
	       polls(&sum));
	if (!is_spread)
		return;
	printf("bytes %u %u %.3f\n", hz, chip_us, (double)sum.bytes / sum.least);
	printf("best %u %u %.4f %.4f\n", hz, chip_us, best(&sum, hz, chip_us, true),
	       best(&sum, hz, chip_us, false));
	printf("first %u %u %.4f %.2f\n", hz, chip_us, ratio(&first), polls(&first));
	plain(hz, chip_us);
}

/* ---- times that are not evenly spread around one ---- */

#define SHAPE_WARM_UP	100
#define SHAPE_ROUNDS	500
#define SHAPE_SEEDS	10

static double part(struct bus *bus)	/* of 1 */
{
	return (draw(bus) >> 11) * 0x1p-53;
}

/* what a signature takes, with the host's and the chip's own retries */
static u64 lognormal(struct bus *bus, int i)
{
	double radius = sqrt(-2 * log(1 - part(bus)));

	(void)i;
	return 40e6 * exp(0.3 * radius * cos(2 * M_PI * part(bus)));
}

/* a cache that hits four times of five */
static u64 cached(struct bus *bus, int i)
{
	(void)i;
	return spread(bus, draw(bus) % 5 ? 2000 : 40000);
}

/* two keys behind one header */
static u64 two_keys(struct bus *bus, int i)
{
	(void)i;
	return spread(bus, draw(bus) % 2 ? 10000 : 60000);
}

static u64 rsa_generation(struct bus *bus, int i)
{
	(void)i;
	return 5e9 + 55e9 * part(bus);
}

/* to the double within 500 */
static u64 drifting(struct bus *bus, int i)
{
	return spread(bus, 1000 + (i > 0 ? 2 * i : 0));
}

static const struct shape {
	const char *name;
	u64 (*time)(struct bus *bus, int i);
	u32 late_ms;	/* none may be found later than that; 0: any */
} shapes[] = {
	{ "lognormal", lognormal, 0 },
	{ "2or40", cached, 0 },
	{ "10or60", two_keys, 0 },
	{ "rsa", rsa_generation, 100 },
	{ "drift", drifting, 0 },
};

static void shape(const struct shape *shape, u32 hz)
{
	double mean = 0, looks = 0;
	struct sum each = { 0 };

	for (u64 s = 0; s < SHAPE_SEEDS; s++) {
		struct sum sum = { 0 };
		struct bus bus;

		open_bus(&bus, hz, seed * 1000 + s);
		for (int i = -SHAPE_WARM_UP; i < SHAPE_ROUNDS; i++) {
			u64 chip = shape->time(&bus, i);
			struct sum one = { 0 };

			run(&bus, &get_version, 0, chip, &one);
			if (i < 0)
				continue;
			look_each_mpot(&bus, chip, &each);
			if (shape->late_ms && one.time > one.limit + shape->late_ms * NS_PER_MS) {
				fprintf(stderr, "virtual: %s: found %.1f ms late\n", shape->name,
					(double)(one.time - one.limit) / NS_PER_MS);
				exit(1);
			}
			sum.apdus++;
			sum.time += one.time;
			sum.limit += one.limit;
			sum.nacked += one.nacked;
		}
		mean += ratio(&sum) / SHAPE_SEEDS;
		looks += polls(&sum) / SHAPE_SEEDS;
	}
	printf("cell %u %s %.4f %.2f\n", hz, shape->name, mean, looks);
	printf("plain %u %s %.4f %.2f\n", hz, shape->name, ratio(&each), polls(&each));
}

/* ---- many commands ---- */

/* What a TLS server and its key store might ask for; times are of that order */
static const struct work mix[] = {
	{ 0x04, 5, 13, 2000 },		/* GetVersion */
	{ 0x05, 10, 262, 4000 },	/* GetRandom, 256 bytes: two blocks */
	{ 0x02, 13, 602, 6000 },	/* ReadObject: three */
	{ 0x01, 310, 2, 25000 },	/* WriteBinary: a chained command */
	{ 0x03, 48, 74, 60000 },	/* ECDSASign */
	{ 0x06, 122, 6, 45000 },	/* ECDSAVerify */
	{ 0x07, 80, 38, 50000 },	/* ECDHGenerateSharedSecret */
	{ 0x08, 280, 262, 300000 },	/* RSASign, 2048 bits */
};

static void mixed(u32 hz)
{
	struct sum sum = { 0 };
	struct bus bus;

	open_bus(&bus, hz, seed);
	for (u32 i = 0; i < WARM_UP * COUNT(mix) + 8000; i++) {
		const struct work *work = &mix[draw(&bus) % COUNT(mix)];
		struct sum ignored = { 0 };

		run(&bus, work, 0, spread(&bus, work->chip_us),
		    i < WARM_UP * COUNT(mix) ? &ignored : &sum);
	}
	printf("mixed %u %.4f %.2f %.3f\n", hz, ratio(&sum), polls(&sum),
	       (double)sum.bytes / sum.least);
}

/* What the secure channel costs on the wire, in us: padding, MACs, Lc (docs/speed.md) */
static void channel(u32 hz)
{
	struct bus bus;
	u64 bytes;

	open_bus(&bus, hz, seed);
	for (size_t i = 0; i < COUNT(mix); i++) {
		struct work work = mix[i];
		u64 plain = limit(&bus, &work, 0, &bytes);
		u16 data = work.command_len > 260 ? work.command_len - 9 :
			   work.command_len > 5 ? work.command_len - 6 : 0;
		u16 lc = data + 8 + (data ? 16 - data % 16 : 0), answer = work.answer_len - 2;

		work.command_len = 4 + lc + (lc > 254 ? 5 : 2);
		work.answer_len += 8 + (answer ? 16 - answer % 16 : 0);
		printf("channel %u %02X %.0f %.0f\n", hz, work.ins, plain / 1e3,
		       limit(&bus, &work, 0, &bytes) / 1e3);
	}
}

/* Time of the same work by many callers, each with a class of its own, over one's */
static void contention(u32 hz)
{
	static const u32 callers[] = { 1, 4, 16 };
	double alone = 0;

	for (size_t i = 0; i < COUNT(callers); i++) {
		struct sum sum = { 0 };
		struct bus bus;

		open_bus(&bus, hz, seed);
		for (u32 n = 0; n < 16 * 1000; n++) {
			u32 who = n % callers[i];
			const struct work *work = &mix[n / 16 % 3];
			struct sum ignored = { 0 };

			run(&bus, work, who, spread(&bus, work->chip_us),
			    n < 4000 ? &ignored : &sum);
		}
		if (!i)
			alone = ratio(&sum);
		printf("callers %u %u %.4f\n", hz, callers[i], ratio(&sum) / alone);
	}
}

/* ---- how it behaves when times change ---- */

#define SERIES	200

static u64 at_step(struct bus *bus, const char *name, int i)
{
	if (!strcmp(name, "drift"))	/* up to the double, and back */
		return spread(bus, 30000 + 300 * (i < SERIES / 2 ? i : SERIES - i)) / 10 +
		       (30000 + 300 * (i < SERIES / 2 ? i : SERIES - i)) * 900ULL;
	if (!strcmp(name, "jump"))
		return spread(bus, i < 60 ? 60000 : i < 130 ? 120000 : 30000);
	if (!strcmp(name, "alternate"))
		return spread(bus, i & 1 ? 30000 : 10000);
	if (!strcmp(name, "outlier"))
		return spread(bus, i % 25 == 24 ? 90000 : 30000);
	fprintf(stderr, "virtual: no series %s\n", name);
	exit(2);
}

/* number, chip's time in ms, time at which it was found in ms, looks in vain */
static void series(const char *name)
{
	struct bus bus;

	open_bus(&bus, 400000, seed);
	for (int i = 0; i < SERIES; i++) {
		u64 chip = at_step(&bus, name, i);
		struct sum sum = { 0 };

		run(&bus, &get_version, 0, chip, &sum);
		printf("%d %.3f %.3f %llu\n", i, (double)chip / NS_PER_MS,
		       (double)(chip + sum.time - sum.limit) / NS_PER_MS, sum.nacked);
	}
}

/* ---- main ---- */

static void tables(void)
{
	static const u32 clocks[] = { 100000, 400000, 1000000 };
	static const u32 chips[] = { 200, 2000, 10000, 60000, 300000, 2500000 };

	for (size_t i = 0; i < COUNT(shapes); i++)
		shape(&shapes[i], 400000);
	for (size_t h = 0; h < COUNT(clocks); h++) {
		for (size_t t = 0; t < COUNT(chips); t++) {
			cell(clocks[h], chips[t], true);
			cell(clocks[h], chips[t], false);
		}
		mixed(clocks[h]);
		contention(clocks[h]);
		channel(clocks[h]);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "mpot", required_argument, NULL, 'm' },
		{ "series", required_argument, NULL, 'n' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'm':
			mpot_ms = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			series(optarg);
			return 0;
		default:
			fprintf(stderr, "usage: virtual [--seed N] [--mpot MS] [--series NAME]\n");
			return 2;
		}
	}
	tables();
	return 0;
}
