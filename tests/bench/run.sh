#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make bench: the figures of docs/speed.md, and its pictures anew
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cd "$top"
data=$top/build/bench
mkdir -p "$data" docs/speed

make -s -C tests/bench all
virtual=build/host/bench/virtual

echo "== virtual time (tests/bench/virtual.c says what the words mean)"
$virtual | tee "$data/virtual.txt"
for name in drift jump alternate outlier; do
	$virtual --series $name > "$data/$name.txt"
done
gnuplot -c tests/bench/plot.gp "$data" docs/speed

echo "== memory, in bytes"
tests/vm/modules.sh distro > /dev/null
size -A build/distro/kernel/se05x.ko |
	awk '/^\.(text|rodata|data|bss|init\.text)/ { print "section", $1, $2 }'

echo "== beside the wire (bus and chip take no time)"
tests/vm/run.sh distro tests/bench/hotpath.sh

echo "== real-time priority of the owner: tests/bench/load.sh says what the columns are"
tests/vm/run.sh distro tests/bench/load.sh

echo "== real time in the VM: microseconds of an APDU, medians of three runs"
echo "#          Hz chip_us    median     p99     cpu   plain: median     p99     cpu   ratio of medians"
tests/vm/run.sh distro tests/bench/realtime.sh "$(tests/vm/kernel.sh distro)" > "$data/realtime.txt"
awk '
	function median(column,    i, v) {
		for (i = 1; i <= 3; i++)
			v[i] = at[i, column]
		return v[1] + v[2] + v[3] - max(v) - min(v)
	}
	function max(v) { return v[1] > v[2] ? (v[1] > v[3] ? v[1] : v[3]) : (v[2] > v[3] ? v[2] : v[3]) }
	function min(v) { return v[1] < v[2] ? (v[1] < v[3] ? v[1] : v[3]) : (v[2] < v[3] ? v[2] : v[3]) }
	$1 != "realtime" { print; next }
	{
		n++
		for (i = 4; i <= 9; i++)
			at[n, i] = $i
	}
	n == 3 {
		printf "realtime %d %7d %9d %7d %7d %15d %7d %7d %18.2f\n", $2, $3, median(4),
			median(5), median(6), median(7), median(8), median(9), median(4) / median(7)
		n = 0
	}' "$data/realtime.txt"
