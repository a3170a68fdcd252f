#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM, booted from a root with the packages in it: the bus gets a chip, udev
# loads the driver and gives the node to the group. TAP on stdout.
#
#   booted.sh SUITE NUMBER-OF-RESULTS-BEFORE
# shellcheck disable=SC2016 # words for ok's eval
set -uo pipefail

suite=$1
first=$2
n=$first

ok() {	# WHAT COMMAND...
	local what="$suite: $1"
	shift
	n=$((n + 1))
	if "$@" > /tmp/out 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/# /' /tmp/out
	fi
}

wait_for() {	# CONDITION: as long as it takes, but not for ever
	for _ in $(seq 600); do
		! eval "$1" || return 0
		sleep 0.1
	done
	echo "never: $1"
	journalctl -b --no-pager -u 'se05x-*' -u pcscd | tail -n 20
	return 1
}

as() { runuser -u "$1" -- "${@:2}"; }
refused() {
	as "$@" 2> /tmp/said
	[ $? = 3 ] && grep -i "permission denied" /tmp/said && grep "group se05x" /tmp/said
}

ok "systemd and udev are up" eval '[ "$(cat /proc/1/comm)" = systemd ] && udevadm settle'
ok "no driver yet" test ! -e /sys/module/se05x
# the way of docs/raspberry-pi.md for a chip that OP-TEE owns
echo 'blacklist se05x' > /etc/modprobe.d/se05x-optee.conf
udevadm control --reload	# as it is at the next boot
ok "the bus" insmod /src/vm/se05x-sim.ko autobind=1
udevadm settle
ok "a driver that is forbidden is not loaded" test ! -e /sys/module/se05x
rm /etc/modprobe.d/se05x-optee.conf
udevadm control --reload
udevadm trigger --action=add --subsystem-match=i2c
ok "the applet" /src/vm/se05x-sim --device=/dev/se05x-sim --background --state=/run/se05x-state
for _ in $(seq 300); do
	[ ! -e /dev/se05x ] || break
	sleep 0.1
done
udevadm settle
ok "udev loaded the driver that DKMS built" eval \
	'[ -e /sys/module/se05x ] && modinfo -n se05x | grep /updates/'
ok "/dev/se05x is the group's" eval 's=$(stat -c "%U %G %a" /dev/se05x); echo "$s"; [ "$s" = "root se05x 660" ]'
ok "and has a name by its place" eval \
	'[ "$(readlink /dev/se05x-by-location/se05x-sim-48)" = ../se05x ]'
ok "systemd knows it" systemctl is-active dev-se05x.device
ok "a member of the group gets the ATR" eval '[ "$(as alice se05x-apdu atr | wc -c)" -gt 60 ]'
ok "and random numbers" eval '[ "$(as alice se05x-tool --hex random 16 | wc -c)" = 33 ]'
ok "another user is refused, and told why" refused bob se05x-apdu atr
ok "by the other tool too" refused bob se05x-tool info
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/booted_i2cd.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/booted_channel.sh"
dmesg | grep -i se05x | sed 's/^/# /'
echo "1..$((n - first))"
