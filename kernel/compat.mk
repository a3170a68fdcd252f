# SPDX-License-Identifier: GPL-2.0-only
# Find out for compat.h what the kernel's headers have. The kernel's version would not
# tell, since later changes are backported to long-term kernels. In the patterns below
# a dot stands for a parenthesis.
compat = $(if $(shell grep -e '$(2)' $(srctree)/include/$(1)),-D$(3))

# In a kernel tree Kconfig sets this.
CONFIG_SE05X_HWRNG := $(if $(CONFIG_HW_RANDOM),y)
ccflags-$(CONFIG_SE05X_HWRNG) += -DCONFIG_SE05X_HWRNG

# The kernel's secure channel takes keys from a keyring, and AES from lib/crypto.
CONFIG_SE05X_CHANNEL := $(if $(CONFIG_KEYS),$(if $(CONFIG_CRYPTO_LIB_AES),y))
ccflags-$(CONFIG_SE05X_CHANNEL) += -DCONFIG_SE05X_CHANNEL

ccflags-y += $(call compat,linux/device/class.h,devnode..const struct device,COMPAT_DEVNODE_CONST)
ccflags-y += $(call compat,linux/i2c.h,.\*probe_new..struct i2c_client,COMPAT_I2C_PROBE_NEW)
ccflags-y += $(call compat,linux/kthread.h,kthread_run_worker,COMPAT_KTHREAD_RUN_WORKER)
ccflags-y += $(call compat,linux/gpio/driver.h,int[[:space:]]*.\*set..struct gpio_chip,COMPAT_GPIO_SET_INT)
ccflags-y += $(call compat,crypto/aes.h,int aes_preparekey,COMPAT_AES_KEY)
