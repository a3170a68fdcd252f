#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: what an APDU costs beside the bus and the chip, on a bus and with a
# chip that take no time, and what the kernel's secure channel adds: TAP on stdout
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
modules=$top/build/$SE05X_KERNEL
client=$top/build/host/bench/client
tracing=/sys/kernel/tracing
rounds=500

insmod "$modules/tests/sim/se05x-sim.ko" autobind=1 bus_hz=0 compute_us=0
insmod "$modules/kernel/se05x.ko"
for _ in $(seq 100); do [ -e /dev/se05x ] || sleep 0.1; done
echo 8192 > $tracing/buffer_size_kb

trace() {	# EVENT...: run the client with these traced
	local e
	echo 0 > $tracing/tracing_on
	echo nop > $tracing/current_tracer
	echo > $tracing/set_event
	echo > $tracing/trace
	for e in "$@"; do
		[ ! -e "$tracing/events/$e" ] || echo 1 > "$tracing/events/$e/enable"
	done
	"$client" --trace ${iot:+--iot=$iot} se05x /dev/se05x $rounds
}

allocations() {
	trace kmem/kmalloc kmem/kmalloc_node kmem/kmem_cache_alloc kmem/kmem_cache_alloc_node \
		kmem/mm_page_alloc > /dev/null
	count 'bytes_alloc=\|mm_page_alloc:'
}

cpu_us() {	# of an APDU, in that mode of the channel
	echo "$1" > /sys/class/se05x/se05x0/channel
	"$client" --iot=$iot se05x /dev/se05x $rounds | cut -d' ' -f3
}

# The least of three for each, by turns
compare() {
	local plain=999999 protected=999999 us
	for _ in 1 2 3; do
		us=$(cpu_us off)
		[ "$us" -ge "$plain" ] || plain=$us
		us=$(cpu_us auto)
		[ "$us" -ge "$protected" ] || protected=$us
	done
	echo "# $iot bytes: $plain us of CPU plain, $protected us protected," \
		"$((100 * protected / plain)) %"
}

count() { grep -c "$1" $tracing/trace || true; }

n=0
verdict() {	# CONDITION NAME FIGURE
	n=$((n + 1))
	echo "# $3"
	if (($1)); then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

echo "1..5"
# the bus completes at once here, so what is left are the timed waits
switches=$(trace timer/hrtimer_start | sed 's/.* //')
timed=$(count "function=hrtimer_wakeup")
verdict "switches - timed <= 2 * rounds + 50 && timed > 0" "two switches an APDU" \
	"$rounds APDUs: $switches voluntary switches, $timed of them timed waits"

allocated=$(allocations)
verdict "allocated < 10" "nothing is allocated" "$rounds APDUs: $allocated allocations"

# the IoT applet, in the channel and out of it
"$top/build/host/tools/se05x-sim" --device=/dev/se05x-sim --background --speed=1000000
"$top/build/host/tools/se05x-tool" -q channel load "$top/tests/sim/scp.keys"
iot=600
openings=$(cat /sys/class/se05x/se05x0/counters/openings)
allocated=$(allocations)
openings=$(($(cat /sys/class/se05x/se05x0/counters/openings) - openings))
verdict "openings == 1" "all of them in one channel" "$openings openings"
verdict "allocated < 10" "nor is anything in the channel" "$rounds APDUs: $allocated allocations"
for iot in 16 600; do compare; done

violations=$(head -n 1 /sys/kernel/debug/se05x-sim/violations)
verdict "violations == 0" "no rule broken" "$violations rules broken"
