#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The overlay on an emulated arm64 machine with Debian 12's kernel: does the driver
# bind because of it, and only because of it? TAP.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
failed=0
boot() { "$top/tests/arch/boot.sh" "$@" || failed=1; }
yes=(/scripts/overlay.sh yes)
no=(/scripts/overlay.sh no)

# without it there is a bus, and nobody on it
boot none "${no[@]}" "se05x_sim: loading"
boot '' "${yes[@]}" 48
# a chip of the secure world's
EXTRA='&i2c1 { secure-element@48 { compatible = "nxp,se050"; reg = <0x48>;
	status = "disabled"; secure-status = "okay"; }; };' \
	boot none "${no[@]}" "se05x_sim: loading"
boot 'addr=0x49 ena_low' "${yes[@]}" 49 addr=0x49 personality=se052
boot 'no_ena reset_pin=17 ena_pin=5' "${yes[@]}" 48 reset_line=1
boot 'softi2c i2c1' "${yes[@]}" 48

# ---- what goes wrong, and what the kernel says then ----

boot 'addr=0x49' "${no[@]}" 'no SE05x at 0x49 .*nothing answers'
EXTRA='&i2c1 { sensor@48 { compatible = "ti,tmp102"; reg = <0x48>; }; };' \
	boot '' "${no[@]}" 'Failed to register i2c client .* at 0x48'
EXTRA='&gpio { hog { gpio-hog; gpios = <22 0>; input; line-name = "somebody"; }; };' \
	boot '' "${no[@]}" 'EBUSY: no enable line: another driver has it'
exit $failed
