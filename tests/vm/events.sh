#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: whatever can happen to a driver, while nobody has the chip open, with
# open files, while an exchange runs, and with others waiting for it. Nobody hangs,
# nobody is told a wrong thing, and the chip works again afterwards. TAP on stdout.
# shellcheck disable=SC2016,SC2034 # what ok and wait_for get is evaluated by them
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/lib.sh
. "$here/lib.sh"

client=i2c-se05x-sim
jobs=()

ask() {	# HEX: a program of its own, whose exit status tells
	se05x-apdu -q -s $test send "$1" > /dev/null 2>&1 &
	jobs+=($!)
}

# ---- before ----

state_idle() { :; }

state_open() { exec 7<> /dev/se05x; }

slow() {	# MILLISECONDS in hex
	exec 7<> /dev/se05x
	ask "80 12 $1 => 9000"
	wait_for '[ "$(cat $sim/runs)" -ge 2 ]'
}

state_exchange() { slow 0A00; }

in_ioctl() {	# PROGRAM
	local nr
	read -r nr _ < "/proc/$1/syscall" && [ "$nr" = 16 ]
} 2> /dev/null

# All of them are, or the first has ended: then it all begins again.
all_wait() {
	local job
	for job in "${jobs[@]}"; do
		in_ioctl "$job" || { ! kill -0 "${jobs[0]}"; return; }
	done
} 2> /dev/null

state_queue() {
	slow 1400
	for _ in 1 2 3; do ask '80 10 00 00 01 AA 00 => AA 9000'; done
	wait_for all_wait
}

# ---- what happens, and how it is undone ----

# The exchange in flight is waited for, who queues is told at once. Nothing cuts.
event_unbind() { echo $client > $driver/unbind; }
after_unbind() { echo $client > $driver/bind; }
expect_unbind() { [ "$1" = 0 ]; }

# All of it is gone at once, the chip too.
event_unplug() { echo 0 > $sim/plug; }
after_unplug() { echo 1 > $sim/plug; }
expect_unplug() { false; }

# The enable line's controller is gone: everything works but what needs the line.
event_lines() { echo 0 > $sim/lines; }
after_lines() {
	[ "$state" = idle ] || [ "$(se05x-apdu info | sed -n 's/^state *//p')" = online ] || return
	works || return
	! se05x-apdu -q reset power && works || return
	echo $client > $driver/unbind
	echo 1 > $sim/lines
	echo $client > $driver/bind
}
expect_lines() { true; }

event_sleep() { echo 1 > $sim/sleep; }
after_sleep() { echo 0 > $sim/sleep; }
expect_sleep() { true; }

# The end of the system, and kexec: as a removal, but the lines stay as they are.
event_shutdown() { echo 1 > $sim/shutdown; }
after_shutdown() {
	[ ! -e /dev/se05x ] && [ "$(cat $sim/powercycles)" = 0 ] || return
	echo $client > $driver/unbind
	echo $client > $driver/bind
}
expect_shutdown() { [ "$1" = 0 ]; }

# ---- the matrix ----

# On a busy machine all may be over before it can happen.
prepare() {
	while :; do
		echo 1 > $sim/reset
		"state_$state"
		[ ${#jobs[@]} = 0 ] || kill -0 "${jobs[0]}" 2> /dev/null && return
		wait "${jobs[@]}"
		jobs=()
		exec 7>&-	# the next SELECT is sent again
	done
}

# Each program that asked: the first is in flight, the others wait.
all_ended() {
	local i status bad=0
	for i in "${!jobs[@]}"; do
		wait_for "! kill -0 ${jobs[$i]} 2> /dev/null" || return
		wait "${jobs[$i]}"
		status=$?
		if "expect_$event" "$i"; then
			[ $status = 0 ] || { echo "program $i: exit status $status"; bad=1; }
		else
			[ $status != 0 ] || { echo "program $i: success"; bad=1; }
		fi
	done
	jobs=()
	return $bad
}

for state in idle open exchange queue; do
	for event in unbind unplug lines sleep shutdown; do
		"$here/up.sh" > /dev/null
		works > /dev/null
		prepare
		ok "$event, $state" "event_$event"
		case $event in
		sleep | lines)
			ok "undone" "after_$event"
			ok "everybody is served" all_ended
			;;
		*)
			ok "everybody is told" all_ended
			ok "undone" "after_$event"
			;;
		esac
		ok "works again" eval 'wait_for "[ -e /dev/se05x ]" && works'
		ok "no rule was broken" eval '[ "$(head -n 1 $sim/violations)" = 0 ]'
		exec 7>&-
		down
	done
done
echo "1..$n"
