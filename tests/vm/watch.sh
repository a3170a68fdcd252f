#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: se05x-apdu monitor, stats and trace. TAP on stdout.
# shellcheck disable=SC2016,SC2034 # what ok and wait_for get is evaluated by them
set -uo pipefail

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
chip=/sys/class/se05x/se05x0
tmp=$(mktemp -d)
chmod 755 "$tmp"

nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
said() { wait_for "grep -q '$1' $tmp/text" && wait_for "grep -q '$2' $tmp/json"; }
has() { cat "$tmp/seen"; grep -qE "$1" "$tmp/seen"; }
has_not() { cat "$tmp/seen"; ! grep -qE "$1" "$tmp/seen"; }
lines() { cat "$tmp/seen"; [ "$(wc -l < "$tmp/seen")" = "$1" ]; }

"$top/tests/vm/up.sh" > /dev/null
cp "$top/build/host/tools/se05x-apdu" "$tmp/tool"	# where nobody may read it

# ---- monitor ----

se05x-apdu monitor > "$tmp/text" 2> "$tmp/words" &
nobody "$tmp/tool" --json monitor > "$tmp/json" 2> /dev/null &
ok "monitor says that it watches" wait_for "grep -q watching $tmp/words"
# a reset is heard by both once both listen
ok "a reset, by whom" eval 'wait_for "se05x-apdu -q reset soft && grep -q reset $tmp/json"; said \
	"/dev/se05x  reset soft by user" "\"event\":\"reset\",.*\"kind\":\"soft\",\"by\":\"user\""'
# not the first block after a reset: that one is followed by RESYNC
se05x-apdu -q -s $test send 80100000 > /dev/null
echo 'lost 1' > $sim/faults
ok "a recovery, step by step" eval 'se05x-apdu -q -s $test send 80100000 > /dev/null 2>&1; said "recovery r-nak" "\"rung\":\"r-nak\""'
echo 100 > $chip/idle_ms
ok "sleep" said "/dev/se05x  asleep" '"event":"asleep"'
echo 100 > $chip/power_off_ms
ok "power off" said "/dev/se05x  off" '"event":"off"'
ok "back" eval 'se05x-apdu -q -s $test send 80100000 > /dev/null; said online "\"event\":\"online\""'
echo i2c-se05x-sim > /sys/bus/i2c/drivers/se05x/unbind
ok "removed" said removed '"event":"removed"'
echo i2c-se05x-sim > /sys/bus/i2c/drivers/se05x/bind
ok "added" said added '"event":"added"'
reader=$(pgrep -f "json monitor")
kill -STOP "$reader"
for _ in $(seq 100); do se05x-apdu -q reset soft; done
kill -CONT "$reader"
ok "a reader that is too slow is told so" wait_for "grep -q '{\"event\":\"lost\"}' $tmp/json"
sed -i '/{"event":"lost"}/d' "$tmp/json"
ok "each line is an object" eval '! grep -vE "^\{\"event\":\"[a-z-]+\",\"device\":\"/dev/se05x\",\"index\":0,\"time_ns\":[0-9]+.*\}$" $tmp/json'

# ---- stats ----

se05x-apdu -q -s $test send 80100000 > /dev/null
se05x-apdu stats > "$tmp/seen"
ok "stats" has '^/dev/se05x  online$'
ok "the chip's APDUs, for root" has '^  APDUs +[1-9]'
se05x-apdu --json stats > "$tmp/seen"
ok "as one object" lines 1
ok "with counters" has '"state":"online","channel":"plain","resets":100,.*"apdus":[1-9]'
nobody "$tmp/tool" stats > "$tmp/seen" 2>&1
ok "for nobody without what moves" has_not '^  APDUs'
ok "which needs root" has 'root \(CAP_NET_ADMIN\)'
ok "but with resets" has '^  resets +100'
# a terminal, for two seconds: what a second brought
timeout 4 script -qc 'se05x-apdu stats' /dev/null < /dev/null > "$tmp/seen" 2>&1 &
for _ in 1 2 3 4 5 6; do se05x-apdu -q -s $test send 80100000 > /dev/null; sleep 0.5; done
wait $!
ok "on a terminal again and again" has 'APDUs.*\+[0-9]+/s'

# ---- trace ----

se05x-apdu -s $test trace 80 10 00 00 02 AB CD 00 > "$tmp/seen" 2>&1
ok "trace begins with the C-APDU" has '^ +0 us  C-APDU of 8 bytes$'
ok "block out" has '> I\([01]\) +LEN 8'
ok "block in" has '< I\([01]\) +LEN 4'
ok "R-APDU" has 'R-APDU of 4 bytes, SW 9000, after [0-9]+ us$'
ok "no payload" has_not 'AB ?CD'
se05x-apdu --json -s $test trace 80 12 08 00 > "$tmp/seen" 2>&1
ok "WTX, as objects" has '^\{"us":[0-9]+,"event":"frame_in","block":"S\(WTX request\)","pcb":"c3","len":1,"result":0\}$'
ok "nothing is left of it" eval '[ -z "$(ls /sys/kernel/tracing/instances)" ]'
se05x-apdu -s $test trace 80 12 27 10 > "$tmp/seen" 2>&1 &
ok "a trace of ten seconds" wait_for 'grep -qs pcb=c3 /sys/kernel/tracing/instances/*/trace'
kill -TERM $!
wait $!
se05x-apdu -q --timeout 500 -s $test send 80100000 > "$tmp/seen" 2>&1
ok "interrupted ends before the chip does" has 'busy until the deadline'
ok "and leaves nothing, too" wait_for '[ -z "$(ls /sys/kernel/tracing/instances)" ]'
echo 100 > $chip/idle_ms
ok "it sleeps" wait_for '[ "$(cat $chip/state)" = asleep ]'
se05x-apdu trace 80100000 > "$tmp/seen" 2>&1
ok "the wake-up of one that never selected" has '> S\(RESYNC request\)'
chmod 666 /dev/se05x
nobody "$tmp/tool" -s $test trace 80100000 > "$tmp/seen" 2>&1
ok "trace needs root" has 'trace: needs root'

# ---- the end ----

rmmod se05x
ok "the module's end is told" wait_for "grep -q 'module was unloaded' $tmp/words"
se05x-apdu monitor > "$tmp/seen" 2>&1
ok "without the module" has 'monitor: .*is the module loaded'

# ---- hw_random and a chip without the IoT applet ----

pkill -x se05x-sim
wait_for '! pgrep -x se05x-sim'
rmmod se05x-sim
dmesg -C
APPLET=--chip=none "$top/tests/vm/up.sh" > /dev/null
rmmod se05x
for aid in A0 A000000396545 A000000396545300000001030000000000 A00000039654xx; do
	ok "no AID: $aid" eval '! insmod "$top/build/$SE05X_KERNEL/kernel/se05x.ko" hwrng_aid=$aid'
done
insmod "$top/build/$SE05X_KERNEL/kernel/se05x.ko" hwrng=1
ok "it is a source" grep -q se05x-rng-0 /sys/class/misc/hw_random/rng_current
ok "that gives nothing" eval '! timeout 3 head -c 1 /dev/hwrng | grep -qz .'
before=$(cat $chip/counters/apdus)
ok "and is not asked again" eval 'timeout 3 head -c 1 /dev/hwrng > /dev/null
	[ "$before" -gt 0 ] && [ "$(cat $chip/counters/apdus)" = "$before" ]'
ok "quietly" eval '! dmesg | grep "se05x.*random"'
ok "the chip works" eval 'se05x-apdu -q -s $test send "80 10 00 00 01 AA 00 => AA 9000"'

# ---- hw_random and an IoT applet of another name ----

rmmod se05x
pkill -x se05x-sim
wait_for '! pgrep -x se05x-sim'
rmmod se05x-sim
other=A00000039654530000000103000001
APPLET=--aid=$other "$top/tests/vm/up.sh" > /dev/null
rmmod se05x
insmod "$top/build/$SE05X_KERNEL/kernel/se05x.ko" hwrng=1
ok "by its usual name it gives nothing" eval '! timeout 3 head -c 1 /dev/hwrng | grep -qz .'
rmmod se05x
insmod "$top/build/$SE05X_KERNEL/kernel/se05x.ko" hwrng=1 hwrng_aid=$other
ok "the name is told" grep -qix $other /sys/module/se05x/parameters/hwrng_aid
ok "by that name it gives numbers" eval 'timeout 10 head -c 16 /dev/hwrng | wc -c | grep -qx 16'
echo "1..$n"
