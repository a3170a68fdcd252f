#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the arm64 machine: is there a chip because the device tree says so? TAP.
#
#   overlay.sh yes ADDRESS [PARAMETER...]	bound at that address, and it talks
#   overlay.sh no WORDS [PARAMETER...]	nothing is bound, and the kernel says why
#
# The parameters are se05x-sim's.
set -u

PATH=/tools:$PATH
sim=/sys/kernel/debug/se05x-sim
n=0
failed=0

ok() {	# ok NAME COMMAND...
	n=$((n + 1))
	name=$1
	shift
	if "$@" > /tmp/out 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' /tmp/out
		dmesg | tail -n 8 | sed 's/^/# /'
		failed=1
	fi
}

ends() { [ "$failed" = 0 ]; exit; }

expect=$1
what=$2
shift 2
while read -r m; do
	case $m in
	se05x-sim.ko) insmod "/modules/$m" "$@" && se05x-sim --device=/dev/se05x-sim --background --state=/run/state ;;
	*) insmod "/modules/$m" ;;
	esac
done < /modules/list
for _ in $(seq 300); do
	[ ! -e /dev/se05x ] || break
	[ "$expect" = yes ] || ! dmesg | grep -qE "$what" || break
	sleep 0.1
done
if [ "$expect" = no ]; then
	ok "no device" [ ! -e /dev/se05x ]
	ok "nothing is bound" sh -c "! ls -d /sys/bus/i2c/drivers/se05x/*-*"
	ok "the kernel says: $what" sh -c "dmesg | grep -E '$what'"
	sed 's/^/# /' /tmp/out
	echo "1..$n"
	ends
fi

address=$what
test=D2760000850100
ok "with the overlay alone: /dev/se05x" [ -c /dev/se05x ]
node=/sys/class/se05x/se05x0/device/of_node
ok "its node is the overlay's" [ "$(tr -d '\0' < $node/compatible)" = nxp,se050 ]
ok "at 0x$address" [ "$(basename "$(readlink -f $node)")" = "secure-element@$address" ]
for a in arm64 armhf; do
	# not every kernel with pages of 16 KiB runs 32-bit programs
	[ $a = arm64 ] || [ -e /proc/sys/abi/cp15_barrier ] || continue
	ok "se05x-apdu for $a: info" se05x-apdu-$a info
	sed 's/^/# /' /tmp/out
	ok "se05x-apdu for $a: an APDU there and back" se05x-apdu-$a -q -s $test \
		send '80 10 00 00 02 AB CD 00 => AB CD 90 00'
done
ok "no rule of the wire broken" [ "$(head -n 1 $sim/violations)" = 0 ]
uname -a | sed 's/^/# /'
echo "1..$n"
ends
