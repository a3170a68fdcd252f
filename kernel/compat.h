/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All differences between kernels, from 6.1 on, are handled here. compat.mk finds
 * out which of them the kernel's headers have.
 */
#ifndef SE05X_COMPAT_H
#define SE05X_COMPAT_H

/* class.devnode takes a const struct device since 6.2 */
#ifdef COMPAT_DEVNODE_CONST
#define se05x_devnode_const const
#else
#define se05x_devnode_const
#endif

/*
 * i2c_driver.probe has the client as its only argument since 6.3. Before that
 * .probe_new had; it is there up to 6.5.
 */
#ifdef COMPAT_I2C_PROBE_NEW
#define se05x_i2c_probe_member probe_new
#else
#define se05x_i2c_probe_member probe
#endif

/* Since 6.14 kthread_create_worker() does not start the thread, but this does. */
#ifndef COMPAT_KTHREAD_RUN_WORKER
#define kthread_run_worker kthread_create_worker
#endif

/* struct aes_key and aes_preparekey() since 7.0: before that lib/crypto had but these. */
#ifndef COMPAT_AES_KEY
#define aes_key crypto_aes_ctx
#define aes_preparekey aes_expandkey
#endif

/* gpio_chip.set returns an int since 6.17 (used by tests/sim) */
#ifdef COMPAT_GPIO_SET_INT
#define compat_gpio_set_t int
#define COMPAT_GPIO_SET_OK 0
#else
#define compat_gpio_set_t void
#define COMPAT_GPIO_SET_OK
#endif

#endif /* SE05X_COMPAT_H */
