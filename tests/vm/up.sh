#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: load the simulated chip and the driver, and wait for /dev/se05x.
#
#   up.sh [PARAMETER=VALUE...]	parameters of se05x-sim
#
# $BIND: autobind (the client comes with the bus, with an enable line) or
# new_device (somebody writes it into sysfs, no line). The applet keeps its
# objects in $STATE, by default /run/se05x-state, and has the options in $APPLET,
# by default none: it is an SE050E's.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
modules=$top/build/$SE05X_KERNEL
autobind=1
[ "${BIND:-autobind}" = autobind ] || autobind=0

insmod "$modules/tests/sim/se05x-sim.ko" autobind=$autobind "$@"
# shellcheck disable=SC2086 # words are meant
"$top/build/host/tools/se05x-sim" --device=/dev/se05x-sim --background --state="${STATE:-/run/se05x-state}" \
	${APPLET:-}
insmod "$modules/kernel/se05x.ko"
if [ $autobind = 0 ]; then
	bus=$(dirname "$(grep -lx se05x-sim /sys/class/i2c-adapter/*/name)")
	echo se050 0x48 > "$bus/new_device"
fi
for _ in $(seq 300); do
	[ ! -e /dev/se05x ] || exit 0
	sleep 0.1
done
echo "up.sh: no /dev/se05x; the kernel says:" >&2
dmesg | tail -n 20 >&2
exit 1
