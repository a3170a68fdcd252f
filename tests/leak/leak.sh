#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: look for what is left of APDUs and of keys; then the same with drivers that
# forget to wipe, which shows that the search finds. The adapter bounces what it may,
# as some do: nobody wipes its copies. TAP on stdout.
#
#   leak.sh DRIVER...	of build/distro/leak/DRIVER.ko
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
modules=$top/build/$SE05X_KERNEL
kernel=$SE05X_KERNEL_DIR

insmod "$(find "$kernel/lib/modules" -name 'nlmon.ko*')"
busybox ip link add name nlmon0 type nlmon && busybox ip link set nlmon0 up || exit 1

status=0
for name in '' "$@"; do
	driver=$modules/${name:+leak/}${name:-kernel/se05x}.ko
	"$top/tests/vm/up.sh" bounce=1 > /dev/null || exit 1
	rmmod se05x
	pkill -x se05x-sim	# the test plays it
	while pkill -0 -x se05x-sim; do sleep 0.1; done
	insmod "$driver"
	for _ in $(seq 100); do
		[ ! -e /dev/se05x ] || break
		sleep 0.1
	done
	echo "# ${name:-the driver as it is}"
	if [ "$name" != channel ]; then
		"$here/leak" ${name:+--expect-found} || status=1
	fi
	case $name in
	'' | channel) "$here/keys" ${name:+--expect-found} || status=1 ;;
	esac
	rmmod se05x
	rmmod se05x-sim
done
exit $status
