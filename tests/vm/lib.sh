# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts have in common that test the driver's life in the VM
# shellcheck disable=SC2034 # for them

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$top/build/host/tools:$PATH
sim=/sys/kernel/debug/se05x-sim
driver=/sys/bus/i2c/drivers/se05x
chip=/sys/class/se05x/se05x0
parameters=/sys/module/se05x_sim/parameters
test=D2760000850100
n=0

ok() {	# ok NAME COMMAND...
	local name=$1
	n=$((n + 1))
	shift
	if "$@" > /tmp/out 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' /tmp/out
		dmesg | tail -n 5 | sed 's/^/# /'
	fi
}

down() {
	pkill -x se05x-apdu
	wait
	rmmod se05x
	while pkill -x se05x-sim; do sleep 0.1; done
	rmmod se05x-sim
	dmesg -C
}

# wait_for CONDITION: as long as it takes, but not for ever
wait_for() {
	for _ in $(seq 600); do
		eval "$1" && return
		sleep 0.1
	done
	echo "never: $1"
	return 1
}

works() {
	cat $sim/violations
	se05x-apdu -q -s $test send '80 10 00 00 02 AB CD 00 => AB CD 90 00' &&
		[ "$(head -n 1 $sim/violations)" = 0 ]
}
