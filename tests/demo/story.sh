#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A transcript on /dev/se05x: an EC key that one program makes, a second reads
# and a third signs with, while others use the chip too. Nothing stays behind.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/build/host/tools:$PATH
tmp=$(mktemp -d)
cd "$tmp"
iot=A0000003965453000000010300000000
id=01010101
made=

tidy() {
	if [ -n "$made" ]; then
		se05x-apdu -q -s $iot send "80 04 00 28 06 41 04 $id => 9000" > /dev/null
	fi
	rm -rf "$tmp"
}
trap tidy EXIT

# shellcheck source-path=SCRIPTDIR
. "$top/tests/demo/show.sh"
answer() { grep '^41' "$tmp/out" | value; }
# the value of the TLV 41 in an answer: hex, without header and SW
value() { sed -e 's/^4182....//' -e 's/9000$//'; }
apdu() { se05x-apdu -q -s $iot send "$@"; }

param() {	# curve P-256's parameter $1 is $2
	printf '80 01 0B 40 %02X 41 01 03 42 01 %s 43 %02X %s => 9000' \
		$((8 + ${#2} / 2)) "$1" $((${#2} / 2)) "$2"
}

# Curves other than Edwards and Montgomery have to be set up once in a chip's life.
need_p256() {
	local list
	list=$(apdu '80 02 0B 25 00 => .. 9000' | value)
	[ "${list:4:2}" != 02 ] || return 0
	title "This chip has no P-256 yet: it is set up once"
	apdu '80 01 0B 04 03 41 01 03 => 9000' \
	"$(param 01 FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC)" \
	"$(param 02 5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B)" \
	"$(param 04 046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)" \
	"$(param 08 FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551)" \
	"$(param 10 FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF)" > /dev/null
	echo "six APDUs, done"
}

title "The chip, found by its real I2C address"
if [ -e /sys/class/se05x/se05x0/device ]; then
	where=$(readlink -f /sys/class/se05x/se05x0/device)
	addr=$(cat /sys/module/se05x_sim/parameters/addr 2> /dev/null ||
	       echo $((16#${where##*-})))
	printf 'address 0x%02x on %s\n' "$addr" "$(basename "$(dirname "$where")")"
fi
show se05x-apdu info

title "The applet's version, and 16 random bytes"
show se05x-apdu -s $iot send '80 04 00 20 00 => 41 82 00 07 .. 9000'
show se05x-apdu -s $iot send '80 04 00 49 04 41 02 00 10 00 => 41 82 00 10 .. 9000'

need_p256
if [ "$(apdu "80 04 00 27 06 41 04 $id 00 => .. 9000")" != 4101029000 ]; then
	echo "demo: there is an object 0x$id in this chip: it is left alone, and the demo ends" >&2
	exit 1
fi

title "One program makes an EC key at object 0x$id"
show se05x-apdu -s $iot send "80 01 61 00 09 41 04 $id 42 01 03 => 9000"
made=yes

title "Nobody uses the chip for a while: it goes to sleep"
sleep 7	# longer than the driver's idle time
show se05x-apdu info | grep -e '^\$' -e '^state'

title "A second program reads the public key"
show se05x-apdu -s $iot send "80 02 00 00 06 41 04 $id 00 => .. 9000"
{
	# SubjectPublicKeyInfo of a P-256 key, up to the point
	echo 3059301306072A8648CE3D020106082A8648CE3D030107034200
	answer
} | tr -d '\n' | basenc --base16 -d > public.der
openssl pkey -pubin -inform DER -in public.der -out public.pem

title "A third has a digest signed, while four others ask for random numbers"
echo "founded to share" > message
digest=$(openssl dgst -sha256 -r message | cut -d ' ' -f 1)
for i in 1 2 3 4; do
	for _ in 1 2 3 4 5; do
		apdu '80 04 00 49 04 41 02 00 20 00 => 41 82 00 20 .. 9000'
	done > "random$i" &
done
show se05x-apdu -s $iot send "80 03 0C 09 2B 41 04 $id 42 01 21 43 20 $digest 00 => .. 9000"
wait
answer | basenc --base16 -d > signature.der
echo "the others: $(cat random? | wc -l) random numbers," \
	"$(sort -u random? | wc -l) different ones"
[ "$(sort -u random? | wc -l)" = 20 ]

title "This machine's openssl verifies the signature"
show openssl dgst -sha256 -verify public.pem -signature signature.der message

title "Nothing stays behind"
show se05x-apdu -s $iot send "80 04 00 28 06 41 04 $id => 9000" \
	"80 04 00 27 06 41 04 $id 00 => 41 01 02 9000"
made=
