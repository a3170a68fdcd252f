#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: power, absence and disappearance. TAP on stdout.
# shellcheck disable=SC2016,SC2034 # what ok and wait_for get is evaluated by them
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/lib.sh
. "$here/lib.sh"

modules=$top/build/$SE05X_KERNEL

slow() {	# a command of $1 milliseconds, in the background
	se05x-apdu -q -s $test send "80 12 $(printf %04X "$1") => 9000" > /dev/null 2>&1 &
	wait_for '[ "$(cat $sim/runs)" -ge 2 ]'
}

no_chip() {	# nothing is bound, and one line says what was looked for, and where
	[ ! -e /dev/se05x ] && [ "$(dmesg | grep -c 'no SE05x')" = 1 ] &&
		dmesg | grep -q "no SE05x at $1 on i2c-[0-9]* (no enable line): .*$2"
}

new_device() {
	bus=$(dirname "$(grep -lx se05x-sim /sys/class/i2c-adapter/*/name)")
	echo "se050 $1" > "$bus/new_device"
	udevadm settle 2> /dev/null
	wait_for '[ -e /dev/se05x ] || dmesg | grep -q "no SE05x"'
}

generation() { se05x-apdu --json info | sed 's/.*"generation": *\([0-9]*\).*/\1/'; }

rebind() {
	dmesg -C
	echo "$1" > $driver/bind
	wait_for '[ -e /dev/se05x ]'
}

# ---- power-on and boot ----

for personality in se050 se051 se052; do
	boots="0 300000"
	[ $personality != se050 ] || boots="0 5000 20000 100000 300000"
	for boot in $boots; do
		"$top/tests/vm/up.sh" personality=$personality boot_us="$boot" > /dev/null
		ok "$personality boots in $boot us" works
		down
	done
done
"$top/tests/vm/up.sh" reset_line=1 > /dev/null
ok "reset line only" works
ok "power reset by the reset line" se05x-apdu reset power
ok "works after it" works
down

# enabled never without its supply, which is off before and after
supply_is() { grep -qx "$1" /sys/class/regulator/*/state; }
"$top/tests/vm/up.sh" supply=1 > /dev/null
ok "supply and enable line" works
ok "the supply is on" supply_is enabled
echo 1 > $sim/reset
ok "power reset by both" se05x-apdu reset power
ok "power was cut" eval '[ "$(cat $sim/powercycles)" = 1 ]'
ok "works after it" works
echo i2c-se05x-sim > $driver/unbind
ok "without the driver it is off" supply_is disabled
rebind i2c-se05x-sim
ok "in this order, each time" works
down
"$top/tests/vm/up.sh" supply=1 personality=se052 > /dev/null
ok "supply and active-low enable line" works
down

state_is() { [ "$(se05x-apdu info | sed -n 's/^state *//p')" = "$1" ]; }
switches_off() {	# at idle, without the chip being cut by anything else
	echo 100 > $chip/idle_ms
	echo 100 > $chip/power_off_ms
	works && wait_for 'state_is off'
	echo 0 > $chip/power_off_ms
	echo 5000 > $chip/idle_ms
}

# the enable line cuts the chip, whether the supply can be switched off or not
"$top/tests/vm/up.sh" supply=1 > /dev/null
works > /dev/null
echo 1 > $sim/reset
echo Y > $parameters/supply_sticks
ok "the supply can't be switched off: power reset all the same" se05x-apdu reset power
ok "power was cut" eval '[ "$(cat $sim/powercycles)" = 1 ]'
ok "works after it" works
ok "it is switched off when idle" switches_off
ok "works after it" works
echo N > $parameters/supply_sticks
ok "power reset by both again" se05x-apdu reset power
echo i2c-se05x-sim > $driver/unbind
ok "without the driver the supply is off" supply_is disabled
rebind i2c-se05x-sim
down

# Each failure doubles the time until the next attempt, and no request comes before it.
"$top/tests/vm/up.sh" supply=1 > /dev/null
works > /dev/null
ok "it is switched off when idle" switches_off
echo 1000 > $parameters/supply_fails
for _ in $(seq 40); do
	works > /dev/null 2>&1 && echo "not ok - it works without its supply"
done
ok "the supply fails: it is given up" state_is 'given up'
ok "and not tried by each request" eval '[ "$(cat $parameters/supply_fails)" -gt 980 ]'
echo 0 > $parameters/supply_fails
ok "works when it is time" wait_for works
down

# ---- an enable line of the wrong polarity ----

for personality in se050 se052; do
	insmod "$modules/tests/sim/se05x-sim.ko" autobind=1 personality=$personality wrong_polarity=1
	dmesg -C
	insmod "$modules/kernel/se05x.ko"
	ok "$personality, enable line of the wrong polarity" wait_for 'dmesg | grep -q "no SE05x"'
	ok "one line says how to turn it" eval \
		'[ "$(dmesg | grep "no SE05x at 0x48" | grep "nothing answers" | grep -c ena_low)" = 1 ]'
	down
done

# ---- nobody there, somebody else there ----

BIND=new_device "$top/tests/vm/up.sh" > /dev/null
echo 0x48 > "$(dirname "$(grep -lx se05x-sim /sys/class/i2c-adapter/*/name)")/delete_device"
dmesg -C
ok "nothing at that address" new_device 0x49
ok "one line says so" no_chip 0x49 'nothing answers'
echo 'lost 100000' > $sim/faults
dmesg -C
ok "another chip at 0x48" new_device 0x48
ok "one line says so" no_chip 0x48 'another chip'
echo clear > $sim/faults
ok "the chip that appears after a rebind" rebind "${bus##*-}-0048"
ok "works" works
down

# the empty place is looked at first, and longer than the chip takes
ok "an empty place beside the chip: /dev/se05x is there" "$top/tests/vm/up.sh" vacant=0x49
ok "works" works
ok "the empty place has no index" eval '[ "$(ls /sys/class/se05x)" = se05x0 ]'
down

# ---- a chip that sleeps ----

for wake in 0 5000 150000; do
	"$top/tests/vm/up.sh" wake_us=$wake > /dev/null
	echo 200 > /sys/module/se05x/parameters/idle_ms
	ok "works before it sleeps" works
	ok "it is put to sleep" wait_for 'grep -q "> C5" $sim/log'
	sleep 1	# the chip falls asleep after its answer was read
	ok "wakes up in $wake us" works
	down
done

# ---- gone ----

"$top/tests/vm/up.sh" > /dev/null
exec 7<> /dev/se05x
ok "an open file keeps the module" eval '! rmmod se05x'
exec 7>&-
slow 3000
ok "the adapter disappears in an exchange" eval 'echo 0 > $sim/plug'
wait
ok "the device is gone" wait_for '[ ! -e /dev/se05x ]'
ok "the adapter comes back" eval 'echo 1 > $sim/plug; wait_for "[ -e /dev/se05x ]"'
ok "works" works
for _ in $(seq 20); do
	echo i2c-se05x-sim > $driver/unbind
	echo i2c-se05x-sim > $driver/bind
done
ok "works after twenty times unbind and bind" wait_for works

# ---- taken ----

bus=$(dirname "$(grep -lx se05x-sim /sys/class/i2c-adapter/*/name)")
ok "the address is taken: refused" eval '! echo se050 0x48 > $bus/new_device'
ok "works" works
echo i2c-se05x-sim > $driver/unbind
gpioset --mode=signal se05x-sim 22=0 &
wait_for 'gpioinfo se05x-sim | grep -q "line *22:.*gpioset"'
dmesg -C
ok "the enable line is taken: refused" eval '! echo i2c-se05x-sim > $driver/bind'
ok "one line says so" [ "$(dmesg | grep -c 'no enable line: another driver has it')" = 1 ]
kill $!
wait $!
ok "it is free again" rebind i2c-se05x-sim
ok "works" works
down

# ---- system sleep ----

"$top/tests/vm/up.sh" > /dev/null
works > /dev/null
echo 1 > $sim/reset
before=$(generation)
slow 2000
job=$!
ok "suspend waits for the exchange" eval 'echo 1 > $sim/sleep'
ok "which ends well" wait $job
se05x-apdu -q -s $test send '80 10 00 00 01 AA 00 => AA 90 00' &
job=$!
sleep 1
ok "nothing is sent while the machine sleeps" eval '[ "$(cat $sim/runs)" = 2 ]'
ok "resume" eval 'echo 0 > $sim/sleep'
ok "what waited is done" wait $job
ok "the generation is another" eval '[ "$(generation)" != "$before" ]'
ok "works" works
echo 1 > $sim/reset
slow 30000
ok "a chip that computes on keeps the machine awake" eval '! echo 1 > $sim/sleep'
ok "and is not cut" eval '[ "$(head -n 1 $sim/violations)" = 0 ]'
pkill -x se05x-apdu
down

# Without the event the exchange would be waited for.
"$top/tests/vm/up.sh" > /dev/null
works > /dev/null
echo 1 > $sim/reset
slow 6000
job=$!
read -r events < /sys/power/wakeup_count
echo "$events" > /sys/power/wakeup_count	# from now on they count
echo 300 > $sim/wakeup
ok "a wake-up event ends the wait for the exchange" eval '! echo 1 > $sim/sleep'
ok "which goes on and ends well" wait $job
ok "works" works

session_ended() {
	grep -q '> C5' $sim/log && [ "$(tail -n 1 $sim/log)" = '< E5' ]
}
for who in nobody somebody; do
	[ $who = nobody ] || exec 7<> /dev/se05x
	works > /dev/null
	echo 1 > $sim/reset
	echo 1 > $sim/sleep
	ok "$who has the chip open: the session is ended before sleep" session_ended
	echo 0 > $sim/sleep
	ok "works" works
	exec 7>&-
done
down

# A controller that forgets in sleep what its lines were told
"$top/tests/vm/up.sh" lines_forget=1 > /dev/null
works > /dev/null
nap() { echo 1 > $sim/sleep && echo 0 > $sim/sleep; }
ok "the line was lost in sleep: resume" nap
ok "works" works
ok "power reset" se05x-apdu reset power
ok "works" works
nap
ok "it is switched off when idle" switches_off
echo 1 > $sim/reset
ok "resume of a chip that is off" nap
ok "it is off still" eval 'state_is off && [ "$(cat $sim/powercycles)" = 0 ]'
ok "works" works
nap
works > /dev/null
echo 1 > $sim/reset
echo dead > $sim/faults
se05x-apdu -q -s $test send '80 10 00 00 01 AA 00' > /dev/null 2>&1
ok "the chip hung and was cut" eval '[ "$(cat $sim/powercycles)" = 1 ]'
ok "works" works
down

# ---- a clock that is set back ----

"$top/tests/vm/up.sh" > /dev/null
works > /dev/null
before=$(generation)
rmmod se05x
date -s "@$(($(date +%s) - 3600))" > /dev/null
insmod "$modules/kernel/se05x.ko"
wait_for '[ -e /dev/se05x ]'
works > /dev/null
after=$(generation)
# an hour is 3.6e12 ns; two numbers out of 2^63 are that near once in 500,000 times
ok "generations do not begin where the clock is" eval \
	'[ $((before > after ? before - after : after - before)) -gt 10000000000000 ]'
date -s "@$(($(date +%s) + 3600))" > /dev/null
down
echo "1..$n"
