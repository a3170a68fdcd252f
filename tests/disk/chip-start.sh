#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the test's initramfs, before cryptroot: a chip appears on a bus, if there is one
[ "${1:-}" != prereqs ] && [ -e /chip ] || exit 0
modprobe se05x-sim autobind=1
se05x-sim --quiet --chip=SE051 --device=/dev/se05x-sim --background --state=/chip
