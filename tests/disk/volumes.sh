#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM, booted from a root with this project in it: volumes that systemd unlocks by
# PKCS#11, by the commands of docs/disk-encryption.md. First with SoftHSM, which shows that
# all the rest is right, then with the chip, without and with a PIN. TAP on stdout.
#
#   volumes.sh SUITE NUMBER-OF-RESULTS-BEFORE
set -uo pipefail

# shellcheck source=tests/disk/lib.sh
. "$(dirname "$0")/lib.sh"

# its spare slot makes systemd's list of tokens fail: the URI is known
softhsm_up() {
	module=$(find /usr/lib -maxdepth 3 -name libsofthsm2.so -print -quit)
	login="--login --pin 1234"
	uri=pkcs11:token=disk
	softhsm2-util --init-token --free --label disk --pin 1234 --so-pin 1234
}

se05x_up() {
	rm /usr/share/p11-kit/modules/softhsm2.module
	module=$(find /usr/lib /usr/local/lib -maxdepth 3 -name libse05x-pkcs11.so)
	login=
	chip_up && systemd-cryptenroll --pkcs11-token-uri=list &&
		uri=pkcs11:$(systemd-cryptenroll --pkcs11-token-uri=list | grep -o "serial=[0-9A-F]*")
}

# the same chip, whose new keys obey a UserID
with_pin_up() {
	login="--login --pin 1234"
	mkdir -p /etc/se05x
	echo "user = 0x20000009" > /etc/se05x/pkcs11.conf
	echo 1234 > pin
	se05x-tool --password-file=pin --max-attempts=8 --policy=0x20000009:delete userid 0x20000009
}

# what the page says below a heading, with this module, volume and key
typed() {	# HEADING [WORD-IN-THE-COMMAND]
	page "$1" | grep "${2-}" | sed "s|--module [^ ]*|--module $module $login|; s|RSA:2048|$type|
		s|usage-decrypt|usage-$usage|; s|--id 21|--id $id|; s|label disk|label $key|
		s|'pkcs11:.*object=disk'|'$uri;object=$key'|
		s|/dev/sda1|$loop|" |
		bash -exo pipefail
}

formatted() {
	truncate -s 32M image
	loop=$(losetup --find --show image) &&
		cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$loop" recovery
}

marked() { [ "$(dd if=/dev/mapper/data bs=1 count=6 status=none)" = marker ]; }

by_passphrase() {
	cryptsetup open --key-file recovery "$loop" data &&
		printf marker | dd of=/dev/mapper/data bs=512 conv=sync status=none &&
		marked && cryptsetup close data
}

enrolled() { PASSWORD=$(cat recovery) PIN=1234 typed "$1" && cryptsetup luksDump "$loop"; }

# somebody at the console, who knows the PIN and the passphrase
answers() {
	local question word
	while sleep 0.2; do
		question=$(grep -ls ^Socket= /run/systemd/ask-password/ask.* | head -n 1)
		[ "$question" ] || continue
		word=$(sed -n 's/^Message=//p' "$question")
		echo "$word" >> asked
		case $word in
		*PIN*) word=1234 ;;
		*) word=$(cat recovery) ;;
		esac
		printf %s "$word" |
			/lib/systemd/systemd-reply-password 1 "$(sed -n 's/^Socket=//p' "$question")"
		while [ -e "$question" ]; do sleep 0.2; done
	done
}
asked() {	# WORD: for that, and for nothing else; without it for nothing
	cat asked
	[ "$(grep -c "${1:-.}" asked)" = $# ] && [ "$(wc -l < asked)" = $# ]
}

# What was typed for one volume systemd takes for the next, from root's keyring: keyctl_clear()
forget() { perl -e 'exit syscall(250, 7, -4) != 0'; }

# as at boot; for a PIN somebody is asked where new keys have one
by_systemd() {
	local pin=(PIN)
	[ "$token" != se05x ] || pin=()
	: > asked
	forget
	typed "$1" || { journalctl -n 20; return 1; }
	asked "${pin[@]}" && marked && systemctl stop systemd-cryptsetup@data && [ ! -e /dev/mapper/data ]
}

# systemd asks for the chip, and it appears
late() {
	local driver=/sys/bus/i2c/drivers/se05x since
	since=$(date +%s)
	forget
	echo i2c-se05x-sim > $driver/unbind
	systemctl start --no-block systemd-cryptsetup@data
	until journalctl -u systemd-cryptsetup@data --since "@$since" | grep "plug it in" ||
		[ "$(systemctl is-active systemd-cryptsetup@data)" = failed ]; do
		sleep 0.2
	done
	echo i2c-se05x-sim > $driver/bind
	while [ "$(systemctl is-active systemd-cryptsetup@data)" = activating ]; do sleep 0.2; done
	marked && systemctl stop systemd-cryptsetup@data && return
	journalctl -n 20
	return 1
}

# the chip does not come: the passphrase is asked for
without() {
	sed -i "s|auto|&,token-timeout=2|" /etc/crypttab
	systemctl daemon-reload
	: > asked
	forget
	echo i2c-se05x-sim > /sys/bus/i2c/drivers/se05x/unbind
	systemctl start systemd-cryptsetup@data || journalctl -n 20
	echo i2c-se05x-sim > /sys/bus/i2c/drivers/se05x/bind
	asked passphrase && marked && systemctl stop systemd-cryptsetup@data
}

# a broken chip's key
wiped() {
	PASSWORD=$(cat recovery) typed '^## When the chip breaks' wipe-slot &&
		! by_hand && by_passphrase
}

by_hand() {
	printf 1234 | cryptsetup open --token-only "$loop" data && marked && cryptsetup close data
}

printf 'recovery words' > recovery
answers &

# systemd 252 knows RSA only
kinds="rsa:RSA:2048:decrypt ec:EC:prime256v1:derive"
[ "$suite" != bookworm ] || kinds=${kinds%% *}
id=20

for token in softhsm se05x with_pin; do
	ok "$token: it is there" "${token}_up"
	for kind in $kinds; do
		usage=${kind##*:} type=${kind#*:} id=$((id + 1))
		type=${type%:*} key=$token-${kind%%:*}
		ok "$key: a volume with a passphrase" formatted
		ok "$key: a key" typed '^## Other volumes: the key'
		ok "$key: systemd-cryptenroll" enrolled '^## Other volumes: the volume'
		ok "$key: the passphrase opens it" by_passphrase
		ok "$key: systemd does" by_systemd '^## Other volumes: at boot'
		[ $token = softhsm ] || ok "$key: with a chip that comes late" late
		[ $token != se05x ] || ok "$key: the passphrase does, without the chip" without
		ok "$key: cryptsetup does" by_hand
		ok "$key: its slot wiped, the passphrase does" wiped
		: > /etc/crypttab
		losetup -d "$loop"
		rm image
	done
done
echo "1..$((n - first))"
