#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: GetVersion through se05x-i2cd, by a client with the habits of NXP's programs,
# beside the same through /dev/se05x, on the same simulated chip at 400 kHz. Both take turns,
# and the fastest of each is compared: a busy machine makes many slower, but none faster. TAP.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
modules=$top/build/$SE05X_KERNEL
parameters=/sys/module/se05x_sim/parameters
rounds=100

modprobe -d "$SE05X_KERNEL_DIR" cuse
insmod "$modules/tests/sim/se05x-sim.ko" autobind=1 bus_hz=400000 compute_us=0
insmod "$modules/kernel/se05x.ko"
for _ in $(seq 100); do [ -e /dev/se05x ] || sleep 0.1; done
"$top/build/host/tools/se05x-i2cd" &
server=$!
for _ in $(seq 100); do [ -e /dev/se05x-i2c ] || sleep 0.1; done

both() { "$top/build/host/tests/t1_client" -q -d /dev/se05x -l "$1" 8004002000 2>&1; }
cpu_ms() { awk '{ print ($14 + $15) * 10 }' /proc/$server/stat; }

n=0
verdict() {	# CONDITION NAME FIGURE
	n=$((n + 1))
	echo "# $3"
	if awk "BEGIN { exit !($1) }"; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

echo "1..3"
for us in 2000 40000; do
	echo $us > $parameters/compute_us
	both 20 > /dev/null	# the driver learns when to look
	before=$(cpu_ms)
	read -r one two one_median two_median calls <<< "$(both $rounds)"
	after=$(cpu_ms)
	ratio=$(awk "BEGIN { print $two / $one }")
	words="$us us of chip time: $one ms direct, $two ms through se05x-i2cd, ratio $ratio"
	words+=" (medians $one_median and $two_median)"
	words+="; $calls calls, $(awk "BEGIN { print ($after - $before) / $rounds }") ms CPU of the server"
	if [ $us = 40000 ]; then
		verdict "$ratio <= 1.1" "at most a tenth more at 40 ms" "$words"
		verdict "$calls <= 4" "at most four calls an APDU" "$calls"
	else
		echo "# $words"
	fi
done
kill $server
wait $server || true
violations=$(head -n 1 /sys/kernel/debug/se05x-sim/violations)
verdict "$violations == 0" "no rule broken" "$violations rules broken"
