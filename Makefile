# SPDX-License-Identifier: GPL-2.0-only
#
# Every entry point. A machine that has make and nothing else can start here:
# what is missing is installed first (tests/setup.sh says what).

all: lib tools

lib tools:
	$(MAKE) -C $@ all

# which makes the archives itself where it is alone: not both at once
tools: lib

# the module, for the running kernel or for KDIR=
module:
	$(MAKE) -C kernel modules

# the Raspberry Pi overlay, build/host/dts-overlay/se05x.dtbo
overlay:
	$(MAKE) -C dts-overlay all

# ---- to be installed: DESTDIR, PREFIX, DKMS=no; see packaging/install.mk ----

include packaging/install.mk

# ---- to be seen ----

demo:
	@tests/setup.sh demo
	@tests/demo/run.sh

# a device certificate for mutual TLS: docs/device-certificate.md
demo-tls:
	@tests/setup.sh demo
	@tests/demo/run.sh tls.sh

# ssh with a key that was made in the chip: docs/pkcs11.md
demo-ssh:
	@tests/setup.sh demo-ssh
	@tests/demo/run.sh ssh.sh

# a FIPS part, which wants the kernel's secure channel: docs/channel.md
demo-fips:
	@tests/setup.sh demo
	@tests/demo/run.sh fips.sh --chip=SE050F

# ---- to be proved ----

check:
	@tests/setup.sh check
	@tests/check.sh debug host distro fuzz leak scp kunit overlay style install \
		new_device bench i2cd programs_pkcs11 programs_pcsc programs_openssl

check-host:
	@tests/setup.sh host
	@tests/check.sh host

# the fault matrix alone; SEED= draws other samples
faults:
	@tests/setup.sh host
	@$(MAKE) -s -C tests/host faults

# which lines and branches of the link layer the host tests reach
coverage:
	@tests/setup.sh host
	@$(MAKE) -s -C tests/host coverage

# the link layer against a fuzzer that plays chip and bus, and the library of the
# applet against one that plays the applet
SECONDS ?= 30
fuzz:
	@tests/setup.sh check
	@$(MAKE) -s -C tests/fuzz fuzz fuzz-iot fuzz-pkcs11 fuzz-ref SECONDS=$(SECONDS)

# everybody at once, with faults on the wire, on the debug kernel
MINUTES ?= 5
soak:
	@tests/setup.sh check
	@MINUTES=$(MINUTES) tests/check.sh soak

# the proof that README's two commands work on a fresh Debian 12; needs root
check-fresh:
	@tests/setup.sh fresh
	@tests/fresh.sh

# what takes long: stages of tests/check.sh, in parts of less than 45 minutes with
# nothing cached
FULL := distro arch debug kernels
FULL_distro := distro_all host_long life events suspend watch iot hotpath leak_controls coverage valgrind \
	programs_pkcs11_12 programs_pkcs11_13 programs_pcsc_13 programs_openssl_12 \
	programs_openssl_13 programs_driver channel i2cd_speed
FULL_arch := arch overlay_boot armhf pages16k i386
FULL_debug := debug_rest kcsan soak life_debug disk
FULL_kernels := kernels strict intree packages

check-full: check $(FULL:%=check-full-%) check-full-fresh

$(FULL:%=check-full-%): check-full-%:
	@tests/setup.sh full
	@tests/check.sh $(FULL_$*)

# in the fresh machine only what needs no debug kernel: it was just built and used
check-full-fresh:
	@tests/setup.sh full
	@tests/fresh.sh make check-host

# ---- to be sent upstream ----

# the driver as patches, in the kernel tree DIR=: docs/upstream.md
intree:
	@tests/setup.sh intree
	@packaging/intree.sh $(DIR)

# ---- to be measured ----

# the figures of docs/speed.md, and its pictures anew
bench:
	@tests/setup.sh bench
	@tests/bench/run.sh

# how close to the limit of the wire, in virtual time; SEED= draws other times
bench-virtual:
	@tests/setup.sh host
	@$(MAKE) -s -C tests/bench virtual

# TLS with keys in a chip, and with keys in files
bench-tls: lib tools
	@tests/setup.sh check
	@tests/programs/openssl.sh bookworm speed

style:
	@tests/setup.sh check
	@tests/style.sh

clean:
	$(RM) -r build tests/kselftest/build tests/kselftest/se05x_*_test

.PHONY: all lib tools module overlay demo demo-tls demo-ssh demo-fips check check-host faults coverage fuzz soak \
	check-fresh check-full $(FULL:%=check-full-%) check-full-fresh intree bench \
	bench-virtual bench-tls style clean
