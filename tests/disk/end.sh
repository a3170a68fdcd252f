#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# /sbin/init of the root file system that the test unlocks: it says that it is there
busybox stty -F /dev/ttyS1 raw	# bytes as they are
exec > /dev/ttyS1
busybox cat /marker
busybox mount -t debugfs debug /sys/kernel/debug
[ ! -e /sys/kernel/debug/se05x-sim ] ||
	echo "violations $(busybox head -n 1 /sys/kernel/debug/se05x-sim/violations)"
[ ! -e /run/cryptroot.key ] || echo "a key is left"
busybox sed -n 's,^/dev/mapper/\([^ ]*\) / .*,from \1,p' /proc/mounts
busybox stty -F /dev/ttyS1 > /dev/null	# returns when the line is drained
busybox reboot -f	# qemu takes it as the end
