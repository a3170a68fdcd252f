// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-sim: the I2C adapter
 *
 * A transfer happens at once for the card, which is told when its START and
 * STOP are on the wire; then the caller is kept for as long as that takes.
 */

#include <linux/delay.h>
#include <linux/module.h>

#include "sim.h"

static bool busy_wait;
module_param(busy_wait, bool, 0644);
MODULE_PARM_DESC(busy_wait, "the adapter keeps the processor while it transfers, as i2c-gpio does");

static bool bounce;
module_param(bounce, bool, 0644);
MODULE_PARM_DESC(bounce, "the adapter copies what is not flagged as safe for DMA into memory that it doesn't wipe, as i2c-qcom-geni does");

/* A byte is eight bits and the acknowledge; @bytes includes the address. */
static u64 sim_wire_us(size_t bytes)
{
	u32 hz = READ_ONCE(sim_bus_hz);

	return hz ? DIV_ROUND_UP_ULL(bytes * 9ULL * USEC_PER_SEC, hz) : 0;
}

static void sim_wait_until(u64 end)
{
	u64 now = sim_now();
	u32 us;

	if (end <= now)
		return;
	us = end - now;
	if (READ_ONCE(busy_wait))
		while (sim_now() < end)
			cpu_relax();
	else if (us <= 10)
		udelay(us);
	else
		usleep_range(us, us + us / 16 + 20);
}

static void sim_log_pcb(struct sim *sim, u16 entry)
{
	sim->log[sim->logged++ % SIM_LOG] = entry;
}

/*
 * Find the PCBs in what is read, wherever the host cuts a frame. Nothing else
 * of a frame is kept, and what is read beyond its end is no frame.
 */
static void sim_log_read(struct sim *sim, const u8 *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (sim->pos == 0 && buf[i] != 0xa5)
			return;
		if (sim->pos == 1)
			sim_log_pcb(sim, buf[i]);
		if (sim->pos == 2)
			sim->left = buf[i] + 2;
		if (sim->pos++ > 2 && !--sim->left) {
			sim->pos = 0;
			return;
		}
	}
}

static void sim_log_write(struct sim *sim, const u8 *buf, size_t len)
{
	sim->pos = 0;
	if (len > 1)
		sim_log_pcb(sim, buf[1] | BIT(8));
}

/* Another bit each time, so that NAD, PCB, LEN, INF and CRC all get their turn. */
static void sim_flip(struct sim *sim, struct i2c_msg *msg)
{
	msg->buf[sim->flips % msg->len] ^= BIT(sim->flips % 8);
}

static int sim_card(struct sim *sim, struct i2c_msg *msg, u64 start, u64 end)
{
	int ret;

	if (!(msg->flags & I2C_M_RD)) {
		ret = card_write(&sim->card, msg->buf, msg->len, start, end);
		if (ret >= 0)
			sim_log_write(sim, msg->buf, msg->len);
		return ret;
	}

	ret = card_read(&sim->card, msg->buf, msg->len, start, end);
	if (ret >= 0)
		sim_log_read(sim, msg->buf, msg->len);
	else
		sim->pos = 0;
	return ret;
}

/* Return: 1 message done, 0 for a short transfer, or a negative errno. */
static int sim_message(struct sim *sim, struct i2c_msg *msg, u64 start, u64 end)
{
	bool read = msg->flags & I2C_M_RD;
	struct sim_fault fault = sim_fault_next(sim, read);
	int ret;

	switch (fault.kind) {
	case SIM_FAULT_RESTART:
		card_restart(&sim->card, start);
		break;
	case SIM_FAULT_DEAD:
		sim->dead = true;
		break;
	case SIM_FAULT_NACK:
		return -ENXIO;
	case SIM_FAULT_SILENT:
		return read ? -ENXIO : 1;
	case SIM_FAULT_LOST:
		if (!read)
			return 1;
		break;
	case SIM_FAULT_SHORT:
	case SIM_FAULT_ERRNO:
		if (!fault.arrived)
			return fault.result;
		break;
	case SIM_FAULT_FLIP:
		if (!read)
			sim_flip(sim, msg);
		break;
	default:
		break;
	}
	if (sim->dead)
		return -ENXIO;

	ret = sim_card(sim, msg, start, end);

	if (fault.kind == SIM_FAULT_FLIP) {
		/* what the host wrote is his: put it back */
		sim_flip(sim, msg);
		sim->flips++;
	}
	if (ret < 0)
		return ret;
	if (fault.kind == SIM_FAULT_LOST)
		memset(msg->buf, 0xff, msg->len);
	if (fault.kind == SIM_FAULT_SHORT || fault.kind == SIM_FAULT_ERRNO)
		return fault.result;
	return 1;
}

static int sim_transfer_one(struct sim *sim, struct i2c_msg *msg)
{
	u64 start, end;
	int ret;

	mutex_lock(&sim->lock);
	start = sim_now();
	end = start + sim_wire_us(msg->len + 1);
	if (sim->gone)
		ret = -ESHUTDOWN;
	else if (msg->addr != sim_addr)
		ret = -ENXIO;
	else
		ret = sim_message(sim, msg, start, end);
	sim->transfers++;
	sim->nacks += ret == -ENXIO;
	mutex_unlock(&sim->lock);

	if (ret == -ENXIO) {
		end = start + sim_wire_us(1);
		ret = -READ_ONCE(sim_nack_errno);
	}
	sim_wait_until(end);
	return ret;
}

static int sim_transfer(struct sim *sim, struct i2c_msg *msg)
{
	struct i2c_msg copy = *msg;
	int ret;

	if (!READ_ONCE(bounce))
		return sim_transfer_one(sim, msg);
	copy.buf = i2c_get_dma_safe_msg_buf(msg, 1);
	if (!copy.buf)
		return -ENOMEM;
	ret = sim_transfer_one(sim, &copy);
	i2c_put_dma_safe_msg_buf(copy.buf, msg, ret > 0);
	return ret;
}

static int sim_xfer(struct i2c_adapter *adapter, struct i2c_msg *msgs, int num)
{
	struct sim *sim = i2c_get_adapdata(adapter);
	int i, ret;

	if (num > 1) {
		mutex_lock(&sim->lock);
		sim->card.violations[CARD_V_REPEATED_START]++;
		mutex_unlock(&sim->lock);
	}
	for (i = 0; i < num; i++) {
		ret = sim_transfer(sim, &msgs[i]);
		if (ret < 0)
			return ret;
		if (!ret)
			return i;
	}
	return num;
}

static u32 sim_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C;
}

static const struct i2c_algorithm sim_algorithm = {
	.master_xfer = sim_xfer,
	.functionality = sim_functionality,
};

int sim_bus_add(struct sim *sim, u16 max_read, u16 max_write)
{
	/* left over from an earlier plug, and i2c_add_adapter() wants zeroes */
	memset(&sim->adapter, 0, sizeof(sim->adapter));
	sim->quirks = (struct i2c_adapter_quirks) {
		.flags = I2C_AQ_NO_ZERO_LEN,
		.max_read_len = max_read,
		.max_write_len = max_write,
	};
	sim->adapter.owner = THIS_MODULE;
	sim->adapter.dev.parent = sim->adapter_parent;
	sim->adapter.algo = &sim_algorithm;
	sim->adapter.quirks = &sim->quirks;
	sim->adapter.dev.of_node = sim->node;	/* what is below it gets clients */
	strscpy(sim->adapter.name, "se05x-sim", sizeof(sim->adapter.name));
	i2c_set_adapdata(&sim->adapter, sim);
	return i2c_add_adapter(&sim->adapter);
}

/* Unbinds and removes the clients. Waits until i2c-dev's users are gone. */
void sim_bus_del(struct sim *sim)
{
	i2c_del_adapter(&sim->adapter);
}
