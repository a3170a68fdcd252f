# shellcheck shell=bash source=tests/programs/common.sh disable=SC2034 # for it
# SPDX-License-Identifier: GPL-2.0-only
#
# For the parts of pkcs11.sh: a token of the module in $1, softhsm2, se05x or se05x-pin, in
# $module; its PIN is in $PIN, and what is in $tmp goes with the part. $kind is softhsm2 or
# se05x, which takes any PIN; with se05x-pin $user is the UserID that has it.

variant=${1:?usage: PART.sh softhsm2|se05x|se05x-pin}
kind=${variant%-pin}
user=
suite_of=$variant
export PIN=123456
. /se05x/tests/programs/common.sh

# on MODULE NAME COMMAND...: a test for one module, if the other can't or needn't
on() {
	[ "$kind" = "$1" ] || return 0
	shift
	ok "$@"
}

# chip OPTION...: a simulated chip at $SE05X_DEVICE
chip() {
	export SE05X_DEVICE=unix:$tmp/chip
	se05x-sim --quiet "$@" --socket="$tmp/chip" &
	begun+=($!)
	until_ test -S "$tmp/chip"
}

case $kind in
se05x)
	# where packages put it, and wpa_supplicant takes no other
	module=$(echo /usr/lib/*-linux-gnu*/pkcs11)/libse05x-pkcs11.so
	cp -u $build/lib/pkcs11/libse05x-pkcs11.so "$module"
	chip --chip="${CHIP:-SE051}"
	if [ "$variant" = se05x-pin ]; then
		user=0x0A0B0C0D
		echo $PIN > pin
		se05x-tool -q --max-attempts=3 --password-file=pin userid $user
		echo "user = $user" > pkcs11.conf
		export SE05X_PKCS11_CONF=$tmp/pkcs11.conf
	fi
	;;
softhsm2)
	module=/usr/lib/softhsm/libsofthsm2.so
	mkdir tokens
	echo "directories.tokendir = $tmp/tokens" > softhsm2.conf
	export SOFTHSM2_CONF=$tmp/softhsm2.conf
	softhsm2-util --init-token --free --label token --pin $PIN --so-pin 12345678 > /dev/null
	;;
esac

p11() { pkcs11-tool --module "$module" "$@"; }
user() { p11 --login --pin env:PIN "$@"; }
# pkcs11-tool 0.23 exits with 0 after bad signatures too
verify() { user --verify "$@" | grep 'Signature is valid'; }

# made LABEL TYPE ID: a key pair as pkcs11-tool makes it, its public half in LABEL.pub
made() {
	{ user --keypairgen --key-type "$2" --id "$3" --label "$1" &&
		p11 --read-object --type pubkey --id "$3" -o "$1.pub"; } > made.log 2>&1 || cat made.log >&2
}

# certified LABEL TYPE ID [SUBJECT]: and with a certificate of the CA in ca.pem: LABEL.pem
certified() {
	[ -e ca.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=CA \
		-keyout ca.key -out ca.pem 2> /dev/null
	made "$1" "$2" "$3"
	openssl req -new -key ca.key -subj "/CN=${4:-$1}" | openssl x509 -req -force_pubkey "$1.pub" \
		-CA ca.pem -CAkey ca.key -CAcreateserial -out "$1.pem" 2> /dev/null
	openssl x509 -in "$1.pem" -outform DER -out "$1.der"
	user --write-object "$1.der" --type cert --id "$3" --label "$1" > made.log 2>&1 || cat made.log >&2
}
