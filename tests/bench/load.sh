#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: what real-time priority of the owner's thread would give to its callers,
# and take from everybody else. One processor, none to four programs that compute all
# the time, a chip that takes 2 ms. The adapter sleeps while it transfers, or keeps the
# processor, as i2c-gpio does.
#
# A line for each case: adapter keeps the processor (N, Y), bus clock, computing
# programs, policy of the owner; the median and the 99th percentile of an APDU in
# microseconds; the owner's share of the processor and that of the computing programs,
# in percent of the wall time. Each figure is the median of three runs; the policies
# take turns, so that what disturbs one disturbs the other.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
modules=$top/build/$SE05X_KERNEL
client=$top/build/host/bench/client
parameters=/sys/module/se05x_sim/parameters
rounds=150
runs=3

insmod "$modules/tests/sim/se05x-sim.ko" autobind=1 compute_us=2000
insmod "$modules/kernel/se05x.ko"
for _ in $(seq 100); do [ -e /dev/se05x ] || sleep 0.1; done
echo 0 > /sys/devices/system/cpu/cpu1/online
owner=$(pgrep -x se05x0)

ran() {	# PROCESS...: how long they had the processor, in ns
	local pid ns sum=0
	for pid in "$@"; do
		read -r ns _ < "/proc/$pid/schedstat"
		sum=$((sum + ns))
	done
	echo $sum
}

now() { date +%s%N; }

measure() {	# PROGRAMS
	local busy=() begin ours theirs median p99 wall
	while [ ${#busy[@]} -lt "$1" ]; do
		while :; do :; done &
		busy+=($!)
	done
	begin=$(now) ours=$(ran "$owner") theirs=$(ran "${busy[@]}")
	read -r median p99 _ < <("$client" se05x /dev/se05x $rounds)
	wall=$(($(now) - begin))
	ours=$(($(ran "$owner") - ours)) theirs=$(($(ran "${busy[@]}") - theirs))
	echo "$median $p99 $((ours * 100 / wall)) $((theirs * 100 / wall))"
	[ ${#busy[@]} = 0 ] || kill "${busy[@]}"
}

medians() {	# LINE...: of each column
	local column
	for column in 1 2 3 4; do
		printf '%s\n' "$@" | cut -d ' ' -f $column | sort -n | sed -n $((runs / 2 + 1))p
	done | paste -sd ' '
}

for keeps in N Y; do
	echo $keeps > $parameters/busy_wait
	for hz in 400000 100000; do
		echo $hz > $parameters/bus_hz
		for programs in 0 1 4; do
			normal=() fifo=()
			for _ in $(seq $runs); do
				chrt -o -p 0 "$owner"
				normal+=("$(measure $programs)")
				chrt -f -p 1 "$owner"
				fifo+=("$(measure $programs)")
			done
			echo "load $keeps $hz $programs normal $(medians "${normal[@]}")"
			echo "load $keeps $hz $programs fifo $(medians "${fifo[@]}")"
		done
	done
done
