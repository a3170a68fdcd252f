// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-sim: the enable and the reset line
 *
 * A line keeps its level until it is driven: requesting or releasing it does
 * not move it, as on a board where a pull or a jumper holds it.
 */

#include <linux/module.h>
#include <linux/of.h>

#include "../../kernel/compat.h"
#include "sim.h"

static bool lines_forget;
module_param(lines_forget, bool, 0644);
MODULE_PARM_DESC(lines_forget, "the lines' controller loses its state in system sleep: they are inputs then, and a pull takes the chip's power");

/* What the levels mean for the chip. Reset is active-low. */
bool sim_enabled(struct sim *sim)
{
	return sim->line[SIM_ENABLE] != sim_enable_active_low() && sim->line[SIM_RESET];
}

void sim_power(struct sim *sim)
{
	bool on = sim_enabled(sim) && sim->supply && !sim->cut;

	lockdep_assert_held(&sim->lock);

	if (on == sim->powered)
		return;
	if (!on) {
		sim->powercycles++;
		sim->dead = false;
	}
	sim->powered = on;
	card_power(&sim->card, on, sim_now());
}

/* The machine sleeps. */
void sim_lines_sleep(struct sim *sim)
{
	lockdep_assert_held(&sim->lock);
	if (!lines_forget)
		return;
	memset(sim->output, 0, sizeof(sim->output));
	sim->line[SIM_ENABLE] = sim_enable_active_low();
	sim_power(sim);
}

static int sim_gpio_get_direction(struct gpio_chip *gpio, unsigned int line)
{
	struct sim *sim = gpiochip_get_data(gpio);

	return sim->output[line] ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int sim_gpio_get(struct gpio_chip *gpio, unsigned int line)
{
	struct sim *sim = gpiochip_get_data(gpio);
	int level;

	mutex_lock(&sim->lock);
	level = sim->line[line];
	mutex_unlock(&sim->lock);
	return level;
}

static compat_gpio_set_t sim_gpio_set(struct gpio_chip *gpio, unsigned int line,
				      int level)
{
	struct sim *sim = gpiochip_get_data(gpio);

	mutex_lock(&sim->lock);
	sim->line[line] = level;
	if (!sim->supply && sim_enabled(sim))
		sim->card.violations[CARD_V_SUPPLY]++;
	sim_power(sim);
	mutex_unlock(&sim->lock);
	return COMPAT_GPIO_SET_OK;
}

static int sim_gpio_direction_input(struct gpio_chip *gpio, unsigned int line)
{
	struct sim *sim = gpiochip_get_data(gpio);

	sim->output[line] = false;
	return 0;
}

static int sim_gpio_direction_output(struct gpio_chip *gpio, unsigned int line,
				     int level)
{
	struct sim *sim = gpiochip_get_data(gpio);

	sim->output[line] = true;
	sim_gpio_set(gpio, line, level);
	return 0;
}

/*
 * No .owner: whoever holds a line would pin this module, and it could not be
 * unloaded with the driver bound. gpiolib copes with a chip that goes away, and
 * comes again, as long as the lines have no names (6.1).
 */
static int sim_gpio_add(struct sim *sim)
{
	memset(&sim->gpio, 0, sizeof(sim->gpio));
	sim->gpio.label = "se05x-sim";
	sim->gpio.fwnode = of_fwnode_handle(sim->node);
	sim->gpio.base = -1;
	sim->gpio.ngpio = SIM_LINES;
	sim->gpio.can_sleep = true;
	sim->gpio.get_direction = sim_gpio_get_direction;
	sim->gpio.direction_input = sim_gpio_direction_input;
	sim->gpio.direction_output = sim_gpio_direction_output;
	sim->gpio.get = sim_gpio_get;
	sim->gpio.set = sim_gpio_set;
	return gpiochip_add_data(&sim->gpio, sim);
}

/* The controller comes and goes; the levels stay. */
int sim_lines(struct sim *sim, bool on)
{
	int ret = 0;

	mutex_lock(&sim->plug_lock);
	if (on && !sim->lines)
		ret = sim_gpio_add(sim);
	else if (!on && sim->lines)
		gpiochip_remove(&sim->gpio);
	if (!ret)
		sim->lines = on;
	mutex_unlock(&sim->plug_lock);
	return ret;
}
