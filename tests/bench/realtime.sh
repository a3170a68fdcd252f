#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: the driver against a plain client on the simulated bus, with bit
# times and a chip whose times are spread over 5 %
#
#   realtime.sh FOLDER	with the kernel's modules in it
#
# A table on stdout: chip time and, in microseconds of an APDU, median, 99th
# percentile and CPU time of both. Only what is side by side is to be compared.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
modules=$top/build/$SE05X_KERNEL
client=$top/build/host/bench/client
parameters=/sys/module/se05x_sim/parameters
hz=400000

tracing=/sys/kernel/tracing

# Bytes that the driver's own code allocates meanwhile
allocated() {
	echo > $tracing/trace
	echo 1 > $tracing/events/kmem/kmalloc/enable
	"$@"
	echo 0 > $tracing/events/kmem/kmalloc/enable
	awk '/call_site=(se05x|chip_alloc|request_alloc|transfer)/ && match($0, /bytes_alloc=[0-9]+/) {
		sum += substr($0, RSTART + 12, RLENGTH - 12)
	} END { print sum + 0 }' $tracing/trace
}

rounds() { echo $((4000000 / ($1 + 5000) < 20 ? 20 : 4000000 / ($1 + 5000))); }

modprobe -d "$1" i2c-dev
insmod "$modules/tests/sim/se05x-sim.ko" autobind=1 bus_hz=$hz compute_us=0
insmod "$modules/kernel/se05x.ko"
adapter=$(dirname "$(grep -lx se05x-sim /sys/class/i2c-adapter/*/name)")
bus=/dev/${adapter##*/}
driver=/sys/bus/i2c/drivers/se05x
device=i2c-se05x-sim
# one processor: on a busy host two emulated ones wait for each other
echo 0 > /sys/devices/system/cpu/cpu1/online
set_driver() { echo $device > $driver/"$1"; }

# in turn, so that what disturbs one disturbs the other
for us in 200 2000 10000 60000 300000; do
	echo $us > $parameters/compute_us
	for _ in 1 2 3; do
		[ -e $driver/$device ] || set_driver bind
		ours=$("$client" se05x /dev/se05x "$(rounds $us)")
		set_driver unbind
		plain=$("$client" plain "$bus" "$(rounds $us)")
		echo "realtime $hz $us $ours $plain"
	done
done
echo "memory chip $(allocated set_driver bind)"
open() { exec 9< /dev/se05x; }
echo "memory file $(allocated open)"
echo "memory module $(cat /sys/module/se05x/coresize)"
