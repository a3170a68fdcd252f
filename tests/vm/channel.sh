#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: the keys of the kernel's secure channel, from the file to the chip and back, by
# se05x-tool. TAP.
# shellcheck disable=SC2016 # what eval and wait_for get
set -uo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
tmp=$(mktemp -d)
cd "$tmp" || exit 1
keys=$top/tests/sim/scp.keys
folder=/etc/se05x/channel

fails() { ! "$@"; }
says() {	# PATTERN COMMAND...: it fails, and says so
	local pattern=$1
	shift
	! "$@" > said 2>&1 || { cat said; return 1; }
	cat said
	grep -q "$pattern" said
}

up() {	# CHIP [OPTION...]
	APPLET="--chip=$*" STATE=$tmp/state "$top/tests/vm/up.sh" > /dev/null || exit 1
	place=$(tr / - < $chip/location)
	own=$folder/$place.keys
	next=$folder/$place.next.keys
}

afresh() {	# a driver without keys, and a chip with the keys of its state
	down
	up "$@"
}

plain() { says 6982 se05x-tool list; }
works() { se05x-tool --hex random 16; }
channel() { se05x-tool --json channel | tee said; grep -q "\"channel\":$1" said; }
key() { se05x-tool --json channel | tee said; grep -q "\"key\":$1" said; }

new_keys() {	# FILE BYTES
	local key
	for key in ENC MAC DEK; do
		echo "$key $(openssl rand -hex "$2")"
	done > "$1"
}

wrong() {
	sed 's/^MAC ../MAC 00/' "$keys" > other
	se05x-tool channel load other && says 'another key' se05x-tool random 4 && channel 3
}

# ---- how it begins ----

afresh_with() {	# [PARAMETER=VALUE]: the driver anew
	rmmod se05x
	insmod "$top/build/$SE05X_KERNEL/kernel/se05x.ko" "$@" && wait_for '[ -e /dev/se05x ]'
}

begins_required() {
	afresh_with channel=required && [ "$(cat $chip/channel)" = required ] &&
		says 'there is no key' se05x-tool random 4 && channel 1 &&
		se05x-apdu -q -s $test send '80 10 00 00 02 AB CD 00 => AB CD 9000' &&
		se05x-tool channel load "$keys" && works
}

begins_off() {
	afresh_with channel=off && [ "$(cat $chip/channel)" = off ] &&
		se05x-tool channel load "$keys" && works && channel 0 || return 1
	echo auto > $chip/channel
	works && channel '[12]'
}

no_such_mode() {
	! afresh_with channel=perhaps || return 1
	insmod "$top/build/$SE05X_KERNEL/kernel/se05x.ko" && wait_for '[ -e /dev/se05x ]' &&
		[ "$(cat $chip/channel)" = auto ]
}

# What a chip has selected after it booted might be the IoT applet.
nothing_selected() {	# RUNS
	se05x-apdu reset power && echo 1 > $sim/reset &&
		se05x-apdu send '80 CA 9F 7F 00 => .. 9000' && cat $sim/runs && [ "$(cat $sim/runs)" = "$1" ]
}

# ---- keys into the kernel ----

bad_files() {
	printf 'ENC 00\n' > short
	says 'line 1: no key of 16, 24 or 32 bytes' se05x-tool channel load short || return 1
	printf 'ENC %032d\n' 0 > half
	says 'ENC and MAC are needed' se05x-tool channel load half || return 1
	says 'No such file' se05x-tool channel load nowhere || return 1
	says 'what a boot loads' se05x-tool channel load
}

not_root() {
	chmod 666 /dev/se05x
	install -m 644 "$keys" keys.copy
	chmod 755 "$tmp"
	says 'only root\|root.s' setpriv --reuid=nobody --clear-groups \
		"$top/build/host/tools/se05x-tool" channel load keys.copy
}

# what the systemd unit does
from_credential() {
	mkdir -p credentials
	cp "$keys" credentials/se05x
	CREDENTIALS_DIRECTORY=$tmp/credentials se05x-tool channel load && works && key 1
}

# keys were changed since the credential was encrypted
old_credential() {
	cp "$own" credentials/se05x
	new_keys fresh 16
	rotate fresh || return 1
	afresh SE050E
	CREDENTIALS_DIRECTORY=$tmp/credentials se05x-tool channel load && works && key 2
}

from_folder() {
	install -D -m 600 "$keys" "$own"
	se05x-tool channel load && works && key 1
}

# ---- rotation ----

rotate() { se05x-tool --force --yes channel rotate "$1"; }

rotated() {	# BYTES
	new_keys "new$1" "$1"
	rotate "new$1" && works && key 1 && cmp <(grep -i . "new$1" | tr a-f A-F) \
		<(tr a-f A-F < "$own") && [ ! -e "$next" ] &&
		wait_for '! grep -q "se05x:.*:next" /proc/keys'
}

asks_twice() {
	new_keys fresh 16
	says 'force' se05x-tool --yes channel rotate fresh &&
		says 'no terminal to ask on' se05x-tool --force channel rotate fresh
}

same_keys() { says 'these are the old keys' rotate "$own"; }
no_dek() { grep -v DEK fresh > short; says 'without DEK' rotate short; }

old_file_is_wrong() {
	cp "$own" saved
	sed -i 's/^MAC ../MAC 5A/' "$own"
	says 'the chip has other keys than' rotate fresh
	local ret=$?
	cp saved "$own"
	[ $ret = 0 ] && [ ! -e "$next" ] && se05x-tool channel load && works
}

# a boot loads default.keys, but that is not what is changed
no_old_file() {
	mv "$own" "$folder/default.keys"
	says "$own: No such file.*install -m 600 FILE $own" rotate fresh
	local ret=$?
	mv "$folder/default.keys" "$own"
	return $ret
}

# nothing is left of what could not be written
disk_is_full() {
	cp "$own" saved
	mount -t tmpfs -o size=4k none "$folder" && install -m 600 saved "$own" || return 1
	says 'No space left' rotate fresh && [ "$(ls -A "$folder")" = "$(basename "$own")" ] &&
		cmp saved "$own" && works
	local ret=$?
	umount "$folder"
	return $ret
}

# The chip loses its power in PUT KEY, before or after it has the new keys
cut() {	# WHEN
	afresh SE050E "--cut-rotation=$1"
	se05x-tool channel load && works || return 1
	cp "$own" before
	new_keys fresh 16
	rotate fresh
	local ret=$?
	# whatever was found out then, the next boot's keys fit
	afresh SE050E
	se05x-tool channel load && works || return 1
	if [ "$1" = after ]; then
		[ $ret = 0 ] && cmp <(tr a-f A-F < fresh) "$own"
	else
		[ $ret = 3 ] && cmp before "$own" && [ ! -e "$next" ]
	fi
}

# The tool dies between two steps: both files are there, and the next boot tries both
died() {
	cp "$own" old
	new_keys fresh 16
	cp fresh "$next"
	afresh SE050E
	se05x-tool channel load && works && key 1 &&
		says 'an earlier change was cut off' rotate fresh && rm "$next"
	# and with the chip on the other side of it
	rotate fresh && cp old "$own" && cp fresh "$next" || return 1
	afresh SE050E
	se05x-tool channel load && works && key 2
	rm "$next"
	cp fresh "$own"
	se05x-tool channel load && works
}

# ---- the demand ----

mandated() {
	echo password > password
	se05x-tool --force --password-file=password userid 0x7FFF0207 || return 1
	says 'force' se05x-tool --yes channel mandate || return 1
	says '7FFF0207' se05x-tool --force --yes channel mandate || return 1
	se05x-tool --user-id=0x7FFF0207 --password-file=password --force --yes channel mandate &&
		works || return 1
	afresh SE050E
	plain || return 1
	se05x-tool channel load && works &&
		se05x-tool --user-id=0x7FFF0207 --password-file=password channel unmandate || return 1
	afresh SE050E
	works
}

either() {
	local genpkey=(openssl genpkey -provider default -provider se05x -propquery '?provider=se05x'
		-algorithm EC -pkeyopt group:P-256 -pkeyopt se05x-id:0x01010103 -out key)

	export OPENSSL_MODULES=$top/build/host/lib/ossl-modules
	says 'not both' se05x-tool --policy=any:sign,agree,delete keygen 0x01010102 p256 &&
		se05x-tool --policy=any:agree,delete keygen 0x01010102 p256 &&
		says 'not both' "${genpkey[@]}" &&
		"${genpkey[@]}" -pkeyopt se05x-policy:any:sign,read,delete &&
		says TEMPLATE_INCONSISTENT pair --usage-sign --usage-derive &&
		pair --usage-derive && pair --usage-sign
}

pair() {
	pkcs11-tool --module "$top/build/host/lib/pkcs11/libse05x-pkcs11.so" --keypairgen \
		--key-type EC:prime256v1 "$@"
}

up SE050E
ok "no channel without keys" channel 0
ok "all works plain" works
ok "it begins as required" begins_required
ok "it begins as off" begins_off
ok "there is no such mode" no_such_mode
ok "nothing is selected, no key: a command goes as it is" nothing_selected 1
ok "with a key after a SELECT" eval 'se05x-tool channel load "$keys" && nothing_selected 2'
afresh SE050E
ok "bad key files" bad_files
ok "a wrong key: refused, and never plain" wrong
ok "only root may" not_root
ok "probe: the kernel has a key, and root may try others" eval \
	'se05x-tool channel probe other "$keys" | tee said && grep -q "scp.keys, set 1: the chip has" said'
ok "the right key" eval 'se05x-tool channel load "$keys" && works && channel "[12]" && key 1'
afresh SE050E
ok "from a credential" from_credential
afresh SE050E
ok "from the folder of the boot" from_folder
ok "it asks twice" asks_twice
ok "the old keys are no new ones" same_keys
ok "keys cannot be changed without DEK" no_dek
ok "the old file is another chip's" old_file_is_wrong
ok "there is no old file" no_old_file
ok "the disk is full" disk_is_full
ok "new keys" rotated 16
ok "and once more" rotated 16
ok "longer ones" rotated 32
ok "shorter ones again" rotated 16
ok "a credential that is older than the file" old_credential
ok "power cut before the chip has them" cut before
ok "power cut after it" cut after
ok "the tool dies in the middle" died
ok "the chip demands the channel, and no more" mandated
down
for c in SE050F SE052F; do
	rm -f state "$folder"/*
	up $c
	ok "$c: refused without keys, and the remedy is named" eval \
		'says 6982 se05x-tool list && grep -q "channel load" said'
	ok "$c: with keys all works" eval 'se05x-tool channel load "$keys" && works &&
		se05x-tool keygen 0x01010101 p256 && se05x-tool list'
	ok "$c: an EC key signs or agrees, not both" either
	down
done
echo "1..$n"
