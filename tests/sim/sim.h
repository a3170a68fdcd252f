/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * se05x-sim: an I2C bus and an enable line with a simulated SE05x on them
 */
#ifndef SE05X_SIM_H
#define SE05X_SIM_H

#include <linux/gpio/driver.h>
#include <linux/i2c.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/wait.h>

#include "../card/card.h"
#include "sim_abi.h"

#define SIM_FAULTS	16
#define SIM_LOG		1024

/* As many as a Raspberry Pi has, and where the overlay looks for them by default */
/* The chip's fixed client name: "i2c-" is put before it by the I2C core. */
#define SIM_CLIENT	"se05x-sim"

enum sim_line { SIM_RESET = 17, SIM_ENABLE = 22, SIM_LINES = 54 };

enum sim_fault_kind {
	SIM_FAULT_NONE,
	SIM_FAULT_NACK,
	SIM_FAULT_SHORT,
	SIM_FAULT_FLIP,
	SIM_FAULT_LOST,
	SIM_FAULT_ERRNO,
	SIM_FAULT_SILENT,
	SIM_FAULT_DEAD,
	SIM_FAULT_RESTART,
};

/**
 * struct sim_fault - what goes wrong on the bus
 * @kind: which fault
 * @count: how many transfers it still hits
 * @skip: how many transfers pass before
 * @result: what the adapter says, for short and errno
 * @on_read: it hits reads
 * @on_write: it hits writes
 * @arrived: the chip takes part in the transfer all the same
 */
struct sim_fault {
	enum sim_fault_kind kind;
	u32 count;
	u32 skip;
	int result;
	bool on_read;
	bool on_write;
	bool arrived;
};

/**
 * struct sim_channel - the way to the program that plays the applets
 * @wait: it waits here for something to read
 * @open: it is there
 * @reset: a reset was not read yet
 * @sleep: the end of a session was not read yet
 * @unread: the C-APDU was not read yet
 * @running: the chip waits for the R-APDU
 * @id: of the newest C-APDU
 * @since: when the chip had the C-APDU, in microseconds
 * @len: bytes in @apdu
 * @apdu: the C-APDU
 */
struct sim_channel {
	wait_queue_head_t wait;
	bool open;
	bool reset;
	bool sleep;
	bool unread;
	bool running;
	u32 id;
	u64 since;
	size_t len;
	u8 apdu[SIM_PAYLOAD_MAX];
};

/**
 * struct sim - one simulated bus with its chip
 * @lock: guards everything below but @adapter and @gpio
 * @adapter: the bus
 * @adapter_parent: the board that it is on
 * @quirks: its limits
 * @gpio: the lines
 * @node: the bus and the lines in the device tree, NULL without one
 * @plugged: @adapter is registered; under @plug_lock
 * @plug_lock: one plug or unplug at a time
 * @lines: @gpio is registered; under @plug_lock
 * @squatter: a device with the chip's number, NULL without; under @plug_lock
 * @gone: @adapter is on its way out
 * @card: the chip
 * @channel: the way to its applets
 * @line: physical levels
 * @output: directions
 * @supply: its supply is on
 * @cut: the board has taken the chip's power, whatever the lines say
 * @powered: the chip has power
 * @dead: it says nothing until power is cut
 * @faults: waiting, in the order they were written
 * @nfaults: how many
 * @flips: how many bits were flipped, decides where the next one is
 * @runs: C-APDUs run
 * @powercycles: how often power was cut
 * @transfers: messages on the bus, and
 * @nacks: those of them that were not acknowledged
 * @pos: how far the frame is read, for the log
 * @left: bytes of it that are still to be read
 * @logged: PCBs logged since the last reset of the counters
 * @log: the newest of them: bit 8 says "to the chip", the low byte is the PCB
 */
struct sim {
	struct mutex lock;	/* of the bus and the chip */
	struct i2c_adapter adapter;
	struct device *adapter_parent;
	struct i2c_adapter_quirks quirks;
	struct gpio_chip gpio;
	struct mutex plug_lock;	/* of plugging in and out */
	struct device_node *node;
	bool plugged;
	bool lines;
	struct device *squatter;
	bool gone;
	struct card card;
	struct sim_channel channel;
	bool line[SIM_LINES];
	bool output[SIM_LINES];
	bool supply;
	bool cut;
	bool powered;
	bool dead;
	struct sim_fault faults[SIM_FAULTS];
	u32 nfaults;
	u32 flips;
	u32 runs;
	u32 powercycles;
	u32 transfers;
	u32 nacks;
	u32 pos;
	u32 left;
	u32 logged;
	u16 log[SIM_LOG];
};

/* Module parameters */
extern uint sim_bus_hz;
extern int sim_compute_us;
extern int sim_nack_errno;
extern ushort sim_addr;

static inline u64 sim_now(void)
{
	return ktime_to_us(ktime_get());
}

/* sim_bus.c */
int sim_bus_add(struct sim *sim, u16 max_read, u16 max_write);
void sim_bus_del(struct sim *sim);

/* sim_board.c */
int sim_board_add(struct sim *sim);
void sim_board_del(void);
int sim_sleep(struct sim *sim, bool on);
int sim_shutdown(struct sim *sim);
int sim_squat(struct sim *sim, u32 devt);
void sim_wakeup(u32 ms);

/* sim_supply.c */
int sim_supply_add(struct sim *sim, struct device *board);

/* sim_gpio.c */
bool sim_enabled(struct sim *sim);
int sim_lines(struct sim *sim, bool on);
void sim_lines_sleep(struct sim *sim);
void sim_power(struct sim *sim);

/* sim_fault.c */
struct sim_fault sim_fault_next(struct sim *sim, bool read);
void sim_debugfs_add(struct sim *sim);
void sim_debugfs_del(void);

/* sim_channel.c */
extern const struct card_ops sim_card_ops;
int sim_channel_add(struct sim *sim);
void sim_channel_del(void);

/* sim_main.c */
int sim_plug(struct sim *sim);
void sim_unplug(struct sim *sim);
bool sim_enable_active_low(void);

#endif /* SE05X_SIM_H */
