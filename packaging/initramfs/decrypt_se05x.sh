#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Keyscript for /etc/crypttab: the chip gives the key of a volume
#
#	NAME SOURCE ID:FILE[:USER] luks,keyscript=decrypt_se05x
#
# FILE is what "se05x-tool seal ID" made of the key. Where that key of the chip obeys a
# UserID only, USER is that one, and its password is asked for. If the chip does not give
# the key, stderr says why and the passphrase is asked for: docs/disk-encryption.md.

PATH=$PATH:/lib/cryptsetup	# askpass
id=${1%%:*}
file=${1#*:}
user=${file##*:}
[ "$user" != "$file" ] || user=
file=${file%":$user"}
volume=${CRYPTTAB_NAME:-the volume}

say() {
	echo "decrypt_se05x: $volume: $*" >&2
	# a splash screen, on which askpass asks, hides that
	! plymouth --ping 2> /dev/null || plymouth display-message --text="decrypt_se05x: $volume: $*"
}

# The tool writes nothing before it has seen that all of it is right.
ask_chip() {	# DEVICE
	set -- --device="$1" --timeout=10000
	if [ "$user" ]; then
		askpass "Password of $user in the chip, for $volume: " |
			se05x-tool "$@" --user-id="$user" --password-file=/proc/self/fd/0 unseal "$id" "$file"
	else
		se05x-tool "$@" unseal "$id" "$file"
	fi
}

# Of several chips the right one is known by the file. A password is given to the first
# alone: another one could count it as a wrong one.
unseal() {
	if [ "${SE05X_DEVICE:-}" ]; then
		ask_chip "$SE05X_DEVICE"
		return
	fi
	# the driver may be at it still; without a chip the tool tells what helps
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -e /dev/se05x ] || break
		sleep 1
	done
	ask_chip /dev/se05x && return
	[ -z "$user" ] || return
	for chip in /dev/se05x[1-9]*; do
		[ ! -e "$chip" ] || ! ask_chip "$chip" || return 0
	done
	return 1
}

if [ -z "$file" ] || [ "$id" = "$file" ]; then
	say "crypttab has '$1' for its key, which should be ID:FILE"
elif [ ! -r "$file" ]; then
	say "there is no $file: 'se05x-tool seal $id' makes it, then update-initramfs -u"
elif [ "${CRYPTTAB_TRIED:-0}" != 0 ]; then
	say "what came last does not open it"
elif unseal; then
	exit 0
else
	say "the chip does not unlock it"
fi
exec askpass "Passphrase of $volume: "
