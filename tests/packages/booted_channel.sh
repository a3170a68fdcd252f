# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Part of booted.sh: a FIPS part, whose keys udev and systemd load when the chip is found,
# from a file and from a credential
# shellcheck disable=SC2016 # words for ok's eval

channel_folder=/etc/se05x/channel
channel_keys=/src/vm/scp.keys
node=/sys/class/se05x/se05x0

plug() {
	insmod /src/vm/se05x-sim.ko autobind=1
	/src/vm/se05x-sim --chip=SE050F --device=/dev/se05x-sim --background --state=/run/fips-state
	wait_for '[ -e /dev/se05x ]' && udevadm settle
}

unplug() {
	systemctl stop 'se05x-i2cd@*'	# it may have the chip open
	modprobe -r se05x
	while pid=$(grep -lx se05x-sim /proc/[0-9]*/comm | cut -d/ -f3); [ -n "$pid" ]; do
		kill "$pid"
		sleep 0.1
	done
	rmmod se05x-sim
}

# The unit runs after the node is there; until then a FIPS part refuses.
gets_random() { [ "$(as alice se05x-tool --hex random 16 2> /tmp/said | wc -c)" = 33 ]; }
loaded() { wait_for gets_random && [ "$(cat $node/channel_state)" = protected ]; }
remedy() { ! as alice se05x-tool random 4 2> /tmp/said && grep "channel load" /tmp/said; }
key_fits() {
	se05x-tool --json channel | tee /tmp/said
	grep '"key":1' /tmp/said && ! grep '"openings":0' /tmp/said
}
hex_keys() { sed -n 's/^\(ENC\|MAC\|DEK\) *//p' $channel_keys; }
not_in() { ! grep -qiF "$(hex_keys)" "$1"; }
not_logged() { journalctl -b --no-pager > /tmp/journal && grep -q se05x: /tmp/journal && not_in /tmp/journal; }

# as docs/channel.md has it
use_credential() {
	rm $channel_folder/*.keys
	systemd-creds encrypt --with-key=host --name=se05x $channel_keys $channel_folder/se05x.cred &&
		not_in $channel_folder/se05x.cred || return 1
	mkdir -p /etc/systemd/system/se05x-channel@.service.d
	cat > /etc/systemd/system/se05x-channel@.service.d/override.conf <<- END
	[Unit]
	RequiresMountsFor=/var/lib/systemd
	[Service]
	LoadCredentialEncrypted=se05x:$channel_folder/se05x.cred
	END
	systemctl daemon-reload
}

channel_results() {
	local file
	ok "channel: another chip is plugged in, a FIPS part" eval 'unplug; plug'
	ok "channel: without its keys it is refused, and the remedy is named" remedy
	file=$channel_folder/$(tr / - < $node/location).keys
	ok "channel: a file with its keys, and the chip anew" eval \
		'install -D -m 600 $channel_keys '"$file"' && unplug && plug'
	ok "channel: udev had systemd load them, and a member of the group gets an answer" loaded
	ok "channel: the key fits" key_fits
	ok "channel: another user is refused as before" refused bob se05x-tool info
	ok "channel: no log has the keys" not_logged
	ok "channel: the driver alone is loaded anew" eval \
		'systemctl stop "se05x-i2cd@*"; modprobe -r se05x && modprobe se05x && wait_for "[ -e /dev/se05x ]"'
	ok "channel: its keys, too" loaded
	ok "channel: a credential that only this machine can decrypt" use_credential
	ok "channel: the chip anew" eval 'unplug && plug'
	ok "channel: systemd decrypted it for the unit" eval 'loaded && key_fits'
}

channel_results
