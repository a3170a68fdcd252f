# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sourced by booted.sh: se05x-i2cd as udev and systemd run it, and the chip as a reader of pcscd
# as its service and polkit have it
# shellcheck disable=SC2016,SC2154 # words for eval; what booted.sh has

node=/dev/se05x-i2c
unit=se05x-i2cd@se05x0
driver=/sys/bus/i2c/drivers/se05x
i2c_id=i2c-se05x-sim
select_iot=00A4040010A000000396545300000001030000000000
version=8004002000

server() { systemctl show --property=MainPID --value $unit; }
is_groups() { [ "$(stat -c '%U %G %a' $node 2> /dev/null)" = "root se05x 660" ]; }

talks() {	# USER
	as "$1" /src/vm/t1_client $select_iot $version | tee /tmp/said
	[ "$(grep -c '9000$' /tmp/said)" = 2 ]
}
there() { wait_for "systemctl is-active -q $unit && is_groups" && talks alice; }

without_rights() {
	grep -E '^(Uid|Groups|CapEff|NoNewPrivs|Seccomp):' "/proc/$(server)/status" | tee /tmp/said
	[ "$(ps_user)" = se05x-i2cd ] && grep -q '^CapEff:.*0000000000000000' /tmp/said &&
		grep -q '^NoNewPrivs:.*1' /tmp/said && grep -q '^Seccomp:.*2' /tmp/said
}
ps_user() { stat -c %U "/proc/$(server)"; }

outsider() { ! as bob /src/vm/t1_client $version 2> /tmp/said && grep 'Permission denied' /tmp/said; }

killed() {
	local before
	before=$(server)
	kill -KILL "$before"
	wait_for '[ "$(server)" != 0 ] && [ "$(server)" != '"$before ]" && there
}

unbound() {
	echo $i2c_id > $driver/unbind &&
		wait_for "[ ! -e $node ] && ! systemctl is-active -q $unit" && ! systemctl is-failed -q $unit
}

bound() { echo $i2c_id > $driver/bind && there; }

for_a_moment() {
	echo $i2c_id > $driver/unbind && echo $i2c_id > $driver/bind && udevadm settle &&
		wait_for 'talks alice > /dev/null 2>&1'
}

ok "udev starts the server of $node" wait_for "systemctl is-active -q $unit"
ok "$node is the group's" wait_for is_groups
ok "systemd knows $node" wait_for 'systemctl is-active -q "dev-se05x\x2di2c.device"'
ok "a member of the group has a chip there" talks alice
ok "another user is refused" outsider
ok "the server has no rights but the group's" without_rights
ok "killed, it is started anew" killed
ok "the chip is unbound: the server ends" unbound
ok "it is bound again: so is the server" bound
ok "unbound for a moment" for_a_moment
systemd-analyze security --no-pager $unit | tail -n 1 | sed 's/^[^A-Za-z]*/# /'

# ---- PC/SC ----

# pcscd asks polkit, and both want the bus, which is up on any system that has more than this
[ ! -e /usr/lib/systemd/system/polkit.service ] || systemctl start dbus.socket polkit

readers() { opensc-tool -l 2>&1 | tee /tmp/said; }
exchange() {	# USER
	as "$1" opensc-tool -r 'NXP SE05x 00 00' -s $select_iot -s $version 2>&1 | tee /tmp/said
	[ "$(grep -c 'SW1=0x90, SW2=0x00' /tmp/said)" = 2 ]
}
without_chip() {
	echo $i2c_id > $driver/unbind && systemctl restart pcscd &&
		wait_for 'readers | grep "No .*NXP SE05x"' && echo $i2c_id > $driver/bind &&
		wait_for 'readers | grep "Yes .*NXP SE05x"' && exchange alice
}
# whatever else the machine gives him
outsider_polkit() {
	cat > /etc/polkit-1/rules.d/60-all.rules <<-END
		polkit.addRule(function(action, subject) {
			if (action.id.indexOf("org.debian.pcsc-lite.") == 0)
				return polkit.Result.YES;
		});
	END
	wait_for 'as bob opensc-tool -l | grep "NXP SE05x"' && ! exchange bob
	local ret=$?
	rm /etc/polkit-1/rules.d/60-all.rules
	return $ret
}

ok "no reader of it until it is asked for" eval 'readers && ! grep "NXP SE05x" /tmp/said'
cp /usr/share/se05x/se05x.reader /etc/reader.conf.d/se05x
systemctl restart pcscd
ok "then pcscd has it" wait_for 'readers | grep "Yes .*NXP SE05x"'
ok "a member of the group may use it" exchange alice
if [ -d /usr/share/polkit-1/actions ] && ldd /usr/sbin/pcscd | grep -q polkit; then
	ok "another user may not, even if polkit gives him all other readers" outsider_polkit
fi
ok "pcscd starts without the chip, which comes later" without_chip
systemctl stop pcscd.socket pcscd
rm /etc/reader.conf.d/se05x
