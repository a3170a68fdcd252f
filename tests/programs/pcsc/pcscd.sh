#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Inside the root: pcscd with two simulated chips as two readers
set -uo pipefail

build=/se05x/build/host
tmp=$(mktemp -d)
cd "$tmp" || exit 1
PATH=$build/tools:$PATH
n=0
trap 'kill $(jobs -p) 2> /dev/null; rm -rf "$tmp"' EXIT

select_iot=00A4040010A000000396545300000001030000000000
version=8004002000

ok() {	# ok NAME COMMAND...
	local name=$1
	n=$((n + 1))
	shift
	if "$@" > out 2>&1 < /dev/null; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' out
	fi
}

until_() {
	for _ in $(seq 300); do
		! "$@" > /dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "waited in vain: $*" >&2
	return 1
}

# A chip at socket$1
chip() {
	se05x-sim --quiet --chip="$2" --state="state$1" --socket="socket$1" &
	chips[$1]=$!
	until_ test -S "socket$1"
}

entry() {	# NUMBER NAME
	printf 'FRIENDLYNAME "%s"\nDEVICENAME unix:%s\nLIBPATH %s\nCHANNELID %s\n' \
		"$2" "$tmp/socket$1" $build/lib/pcsc/libifdse05x.so "$1"
}

start() {
	local polkit=
	# there is no polkit here to ask; older ones have no such option
	! pcscd --help | grep -q disable-polkit || polkit=--disable-polkit
	pcscd --foreground $polkit --config "$tmp/readers" > log 2>&1 &
	daemon=$!
	until_ test -S /run/pcscd/pcscd.comm
}

tool() { opensc-tool --reader "$1" "${@:2}"; }

lists_both() {
	opensc-tool -l | tee list
	grep -q '^0  *Yes  *NXP SE05x 00 00' list && grep -q '^1  *Yes  *NXP SE05x second 01 00' list
}

atr() {	# READER PERSONALITY'S HISTORICAL BYTES, T=1 and a right TCK
	local atr
	atr=$(tool "$1" -a | tr -d : | tail -n 1)
	echo "$atr"
	python3 - "$atr" "$2" << 'END'
import functools, operator, sys
atr = bytes.fromhex(sys.argv[1])
assert atr[0] == 0x3B and atr[2:5] == b'\x81\x11\xfe'
assert len(atr) == 5 + (atr[1] & 15) + 1
assert functools.reduce(operator.xor, atr[1:]) == 0
assert sys.argv[2].encode() in atr, atr
END
}

answers() {
	local said
	said=$(tool "$1" -s $select_iot -s $version)
	echo "$said"
	[ "$(grep -c 'SW1=0x90, SW2=0x00' <<< "$said")" = 2 ]
}

scripted() {
	printf 'reset\n%s\n%s\n' "$(fold -w 2 <<< $select_iot | paste -sd ' ')" "80 04 00 20 00" |
		scriptor -r "NXP SE05x 00 00" | tee said
	[ "$(grep -c '90 00 :' said)" = 2 ]
}

scanned() {
	timeout 3 pcsc_scan -n > said 2>&1
	grep -q 'NXP SE05x second 01 00' said && grep -q 'Card inserted' said
}

# the longest data, and a byte 00 that fits nowhere
features() {
	python3 - << 'END'
from smartcard.System import readers
from smartcard.scard import SCARD_CTL_CODE
c = readers()[0].createConnection()
c.connect()
features = c.control(SCARD_CTL_CODE(3400), [])
assert features[:2] == [0x12, 4], features
code = int.from_bytes(bytes(features[2:6]), 'big')
tlv = c.control(code, [])
assert tlv[:2] == [10, 4] and int.from_bytes(bytes(tlv[2:6]), 'little') > 1000, tlv
sel = list(bytes.fromhex('00A4040010A000000396545300000001030000000000'))
assert c.transmit(sel)[1:] == (0x90, 0)
assert c.transmit(list(bytes.fromhex('8004002000')))[1:] == (0x90, 0)
# Lc 6, six bytes, Le, and 00 behind it
assert c.transmit(list(bytes.fromhex('80040049000004410200200000') + b'\0'))[1:] == (0x90, 0)
END
}

# A program that goes on beside it, by the socket, has its own applet and session
shared() {
	local i failed=0 jobs=()
	for i in 1 2 3 4; do
		(for _ in 1 2 3 4 5; do answers 0 > /dev/null || exit 1; done) & jobs+=($!)
	done
	for _ in 1 2 3 4 5; do
		SE05X_DEVICE=unix:socket0 se05x-tool --hex random 16 || failed=1
	done
	for i in "${jobs[@]}"; do wait "$i" || failed=1; done
	return $failed
}

# a session that a card reset has to end: a UserID has one at a time
ends_sessions() {
	export SE05X_DEVICE=unix:socket0
	echo password > password
	se05x-tool --password-file=password userid 0x01010120 || return 1
	tool 0 -s $select_iot -s 8004001B0641040101012000 | tee said
	[ "$(grep -c 'SW1=0x90, SW2=0x00' said)" = 2 ] || return 1
	! se05x-tool --user-id=0x01010120 --password-file=password random 4 || echo "free at once"
	tool 0 --reset
	until_ se05x-tool --user-id=0x01010120 --password-file=password random 4
}

files() { find "/proc/$daemon/fd" -lname 'socket:*' | wc -l; }

# pcscd powers the card down five seconds after its last use: then no file is open
lets_sleep() {
	local idle
	sleep 1
	until_ test "$(files)" -ge 0
	answers 0 > /dev/null
	idle=$(files)
	until_ sh -c "[ \$(find /proc/$daemon/fd -lname 'socket:*' | wc -l) -lt $idle ]"
}

gone() {
	answers 1 > /dev/null || return 1
	kill "${chips[1]}"
	wait "${chips[1]}" 2> /dev/null
	rm -f socket1
	until_ sh -c 'opensc-tool -l | grep -q "^1  *No .*second"' && answers 0
}

again() {
	chip 1 SE051
	until_ lists_both && answers 1
}

# pcscd starts without the chips, as our reader.conf gives them: by number
late() {
	kill "$daemon" "${chips[1]}"
	wait "$daemon" "${chips[1]}" 2> /dev/null
	: > socket1	# as pcscd wants it of a name
	{
		entry 0 "NXP SE05x"
		entry 1 "NXP SE05x second"
		entry 99 "NXP SE05x third" | grep -v DEVICENAME
	} > readers
	start
	until_ sh -c 'opensc-tool -l | grep -q "^2  *No .*third"' && answers 0 || return 1
	rm socket1
	chip 1 SE051
	until_ lists_both && answers 1
}

chip 0 SE050E
chip 1 SE051
{ entry 0 "NXP SE05x"; entry 1 "NXP SE05x second"; } > readers
start
ok "two readers, two chips" until_ lists_both
ok "its ATR" atr 0 "JCOP4 ATPO"
ok "the second's ATR" atr 1 SE051
ok "opensc-tool" answers 0
ok "opensc-tool on the second" answers 1
ok "scriptor" scripted
ok "pcsc_scan" scanned
ok "pyscard: properties, and a byte too many" features
ok "beside other programs" shared
ok "a reset ends the card's applet sessions" ends_sessions
ok "powered down it keeps no file open" lets_sleep
ok "a chip that goes is a card that is taken out" gone
ok "it comes back" again
ok "pcscd starts before the chips" late
kill $daemon
echo "1..$n"
