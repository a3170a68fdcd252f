#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# For initramfs-tools, in the test's root: the simulated chip
# shellcheck disable=SC1091 # that is initramfs-tools'
[ "${1:-}" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions

manual_add_modules se05x-sim
copy_exec "$(find /usr/bin /usr/local/bin -name se05x-sim)" /usr/bin/se05x-sim
