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
		s|/dev/sda1|$loop|; s|pkcs11-uri=auto|&,headless=yes|" |
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

# as at boot
by_systemd() {
	typed "$1" || { journalctl -n 20; return 1; }
	marked && systemctl stop systemd-cryptsetup@data && [ ! -e /dev/mapper/data ]
}

# systemd asks for the chip, and it appears
late() {
	local driver=/sys/bus/i2c/drivers/se05x since
	since=$(date +%s)
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

# a broken chip's key
wiped() {
	PASSWORD=$(cat recovery) typed '^## When the chip breaks' wipe-slot &&
		! by_hand && by_passphrase
}

by_hand() {
	printf 1234 | cryptsetup open --token-only "$loop" data && marked && cryptsetup close data
}

# a PIN where somebody would be asked for it
printf 'recovery words' > recovery
mkdir -p /run/systemd/system/systemd-cryptsetup@data.service.d
printf '[Service]\nEnvironment=PIN=1234\n' > /run/systemd/system/systemd-cryptsetup@data.service.d/pin.conf

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
		ok "$key: cryptsetup does" by_hand
		ok "$key: its slot wiped, the passphrase does" wiped
		: > /etc/crypttab
		losetup -d "$loop"
		rm image
	done
done
echo "1..$((n - first))"
