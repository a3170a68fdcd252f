/* SPDX-License-Identifier: GPL-2.0-only */
/* Every difference between kernel versions, from 6.1 on, and nothing else. */
#ifndef SE05X_COMPAT_H
#define SE05X_COMPAT_H

#include <linux/version.h>

/* class.devnode takes a const device since 6.2 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define se05x_devnode_const const
#else
#define se05x_devnode_const
#endif

/* i2c_driver.probe takes the client alone since 6.3, .probe_new did before */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define se05x_i2c_probe_member probe
#else
#define se05x_i2c_probe_member probe_new
#endif

/* gpio_chip.set tells whether it worked since 6.17 (tests/sim) */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define compat_gpio_set_t int
#define COMPAT_GPIO_SET_OK 0
#else
#define compat_gpio_set_t void
#define COMPAT_GPIO_SET_OK
#endif

#endif /* SE05X_COMPAT_H */
