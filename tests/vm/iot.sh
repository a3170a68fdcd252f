#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: se05x-tool and the provider through the kernel: both applets, several
# programs at once, a chip that restarts in the middle, mutual TLS, and ssh. TAP.
# shellcheck disable=SC2016 # what ok gets is evaluated by it
set -uo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/build/host/tools:$PATH
export OPENSSL_MODULES=$top/build/host/lib/ossl-modules
provider=(-provider default -provider se05x)
sim=/sys/kernel/debug/se05x-sim
tmp=$(mktemp -d)
cd "$tmp" || exit 1
n=0

ok() {	# ok NAME COMMAND
	n=$((n + 1))
	if eval "$2" > out 2>&1; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' out
	fi
}

down() {
	rmmod se05x
	while pkill -x se05x-sim; do sleep 0.1; done
	rmmod se05x-sim
	rm -f /run/se05x-state
}

verified() { openssl dgst -sha256 -verify "$1" -signature "$2" message; }

# By openssl, with the key that $1 names
signed() {
	openssl dgst "${provider[@]}" -sha256 -sign "$1" -out sig message && verified pub.pem sig
}

# A URI opens no other device than a chip.
no_other_device() {
	local path
	for path in /dev/null /dev/tty /dev/i2c-0 /run; do
		! openssl pkey "${provider[@]}" -in "se05x:0x01010101?device=$path" 2> err &&
			grep "se05x: device=$path: " err || return 1
	done
}

# Signatures by one program, and random numbers by four others
together() {
	local i jobs=()
	for i in 1 2 3 4; do
		for _ in 1 2 3 4 5; do se05x-tool --hex random 24; done > "random$i" &
		jobs+=($!)
	done
	for i in 1 2 3 4 5; do
		se05x-tool -o sig sign 0x01010101 message && verified pub.pem sig || return 1
	done
	wait "${jobs[@]}"
	[ "$(cat random? | sort -u | grep -c '^[0-9A-F]\{48\}$')" = 20 ]
}

# In a session, while another program selects another applet all the time
private() {
	local other
	while se05x-apdu -q -s D2760000850100 send '80 10 00 00 01 AA 00 => AA 90 00'; do :; done \
		> /dev/null 2>&1 &
	other=$!
	se05x-tool --user-id=0x01010120 --password-file=password put 0x01010121 long &&
		se05x-tool --user-id=0x01010120 --password-file=password -o back get 0x01010121 &&
		cmp long back
	local ret=$?
	kill $other
	wait $other 2> /dev/null
	return $ret
}

# The chip restarts after $1 transfers. Either the file is whole, or its absence or
# remains are told, and can be removed. A status word may be the card manager's,
# which got the next command, or the rest of one.
restarted() {
	local status
	echo "restart @$1" > $sim/faults
	se05x-tool put 0x01010130 long 2> err
	status=$?
	echo clear > $sim/faults
	cat err
	if [ $status = 0 ]; then
		se05x-tool -o back get 0x01010130 && cmp long back || return 1
	elif [ $status != 3 ] || ! grep -q 'not sent\|may have run\|makes no sense\|([0-9A-F]\{4\})' err; then
		return 1
	elif se05x-tool show 0x01010130 2> /dev/null; then
		grep -q 'left behind' err || return 1
	else
		return 0
	fi
	se05x-tool -y delete 0x01010130
}

# The chip vanishes while it makes a key: never a success
vanished() {
	local before status job
	before=$(cat $sim/runs)
	se05x-tool keygen 0x01010140 rsa2048 2> err &
	job=$!
	for _ in $(seq 600); do
		[ "$(cat $sim/runs)" -lt $((before + 2)) ] || break
		sleep 0.1
	done
	echo 0 > $sim/plug
	wait $job
	status=$?
	cat err
	echo 1 > $sim/plug
	for _ in $(seq 600); do
		[ ! -e /dev/se05x ] || break
		sleep 0.1
	done
	[ $status = 3 ] && grep -q "se05x-tool: " err
}

echo "a message" > message
seq 1500 > long
echo secret > password
for applet in 3 7; do
	APPLET="--chip=$applet --speed=10" "$top/tests/vm/up.sh" > /dev/null || exit 1
	a="applet $applet:"
	ok "$a info" 'se05x-tool info | grep -q "^applet *$applet\."'
	ok "$a keygen" 'se05x-tool keygen 0x01010101 p256'
	ok "$a export" 'se05x-tool -o pub.pem export 0x01010101'
	ok "$a five programs at once" together
	# it takes 1.2 seconds here, and a terminal shows them
	ok "$a RSA, with a line of progress" 'script -qec "se05x-tool keygen 0x01010102 rsa2048" log \
			> /dev/null && grep -q "waiting for the chip: 1 s" log &&
		se05x-tool -o rsa.pem export 0x01010102 &&
		se05x-tool -o sig sign 0x01010102 message && verified rsa.pem sig'
	ok "$a Ed25519" 'se05x-tool keygen 0x01010103 ed25519 && se05x-tool -o ed.pem export 0x01010103 &&
		se05x-tool -o sig sign 0x01010103 message &&
		openssl pkeyutl -verify -pubin -inkey ed.pem -rawin -in message -sigfile sig'
	ok "$a a file" 'se05x-tool put 0x01010104 long && se05x-tool -o back get 0x01010104 && cmp long back'
	ok "$a UserID" 'se05x-tool --password-file=password userid 0x01010120'
	ok "$a a file that names a key" 'se05x-tool -o key.pem refpem 0x01010101 && signed key.pem'
	ok "$a a URI with a device" 'signed "se05x:0x01010101?device=/dev/se05x" && no_other_device'
	ok "$a a session holds against another program" private
	for at in 5 12 20 30 45; do
		ok "$a the chip restarts after $at transfers" "restarted $at"
	done
	ok "$a the chip vanishes while it computes" vanished
	ok "$a it is there again" 'se05x-tool -o sig sign 0x01010101 message && verified pub.pem sig'
	ok "$a no rule of the wire was broken" '[ "$(head -n 1 $sim/violations)" = 0 ] || ! cat $sim/violations'
	down
done
"$top/tests/vm/up.sh" > /dev/null || exit 1
ok "device certificate and mutual TLS" '"$top/tests/demo/tls.sh" | tee log &&
	grep -q "Mutual TLS with a key that never left the chip: done" log'
ok "ssh" '"$top/tests/demo/ssh.sh" | tee log &&
	grep -q "A login with a key that never left the chip: done" log'
down
echo "1..$n"
