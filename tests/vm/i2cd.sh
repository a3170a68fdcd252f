#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: se05x-i2cd, and clients that speak T=1 over I2C by themselves, beside programs
# that go to /dev/se05x. TAP.
# shellcheck disable=SC2016 # what wait_for gets is evaluated by it
set -uo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
PATH=$PATH:$top/build/host/tests
node=/dev/se05x-i2c
tmp=$(mktemp -d)
cd "$tmp" || exit 1

version=8004002000
select_iot=00A4040010A000000396545300000001030000000000
random=80040049000004410200100000
create_session=8004001B0641040101012000
rsa=808162000A4104010177774202	# WriteRSAKey: a pair, transient; its size follows

serve() {
	se05x-i2cd &
	server=$!
	wait_for "[ -c $node ]"
}

unserve() {	# SIGNAL
	kill "-$1" $server 2> /dev/null
	wait $server 2> /dev/null
	wait_for "[ ! -e $node ]"
}

sound() { [ "$(head -n 1 $sim/violations)" = 0 ] || { cat $sim/violations; false; }; }

talks() {	# OPTION...: a session as NXP's programs have it
	t1_client "$@" $select_iot $version | tee got
	[ "$(grep -c '9000$' got)" = 2 ]
}

client() {	# COUNT
	local out
	out=$(t1_client -l "$1" $select_iot $version $random) &&
		[ "$(grep -c '9000$' <<< "$out")" = $((3 * $1)) ]
}

sixteen() {
	local i jobs=() failed=0
	for i in 1 2 3; do
		(for _ in 1 2 3 4; do
			se05x-tool --hex random 16 || exit 1
			se05x-apdu -q -s D2760000850100 send '80 10 00 00 01 AA 00 => AA 90 00' || exit 1
		done) > /dev/null &
		jobs+=($!)
	done
	for i in $(seq 16); do
		client 5 & jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i" || failed=$((failed + 1)); done
	echo "failed: $failed"
	[ $failed = 0 ]
}

killed() {
	local i jobs=()
	for i in $(seq 12); do
		t1_client -q -l 1000 $select_iot $version & jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		sleep "0.$((RANDOM % 10))"
		kill -9 "$i"
	done
	wait "${jobs[@]}" 2> /dev/null
	client 2
}

# Who dies leaves no applet session to anybody: a UserID has one, and it must be free again
sessions_end() {
	local how
	for how in -c "" -c; do
		# shellcheck disable=SC2086 # no option is none
		t1_client $how $select_iot "$create_session" | tee got
		grep -q '9000$' got || return 1
		wait_for 'se05x-tool --user-id=0x01010120 --password-file=password random 4 > /dev/null 2>&1' ||
			return 1
	done
}

# INITIALIZE UPDATE keeps the chip, but not for ever
lets_go() {
	t1_client -c -w 60 $select_iot 8050000008010203040506070800 > got &
	local job=$!
	wait_for '[ -s got ]'
	se05x-tool random 4 > /dev/null && kill $job
	local ret=$?	# 0: it was still there, and the chip free
	wait $job 2> /dev/null
	return $ret
}

# Who has to wait for more than half a minute is served then, and not refused
patient() {
	t1_opener lock 35 > got &
	wait_for 'grep -q locked got'
	client 1
}

restarted() {
	t1_client -q -l 10000 $select_iot $version 2> err &
	local job=$!
	sleep 0.5
	unserve KILL
	! wait $job || return 1
	cat err
	serve
	client 2
}

# SIGTERM while a reader waits for a key: he is told, and the server ends in good order
terminated() {
	t1_client -c $select_iot ${rsa}1000 > got 2> err &
	local job=$! status
	wait_for '[ -s got ]'
	kill -TERM $server
	wait $server
	status=$?
	wait $job && echo "the key was there first"
	cat err
	wait_for "[ ! -e $node ]"
	serve
	client 1 && [ $status = 0 ]
}

# The chip goes and comes: who has it open goes on, in a new file of the chip's
rebound() {
	local job id
	id=$(basename "$(echo $driver/*-0048)")
	t1_client -l 300 $select_iot $version > got 2> err &
	job=$!
	sleep 0.3
	echo "$id" > $driver/unbind
	sleep 0.3
	echo "$id" > $driver/bind
	wait_for '[ -c /dev/se05x ]'
	wait $job || { cat err; return 1; }
	sort got | uniq -c
	[ "$(tail -n 1 got | grep -c '9000$')" = 1 ]
}

hundred() {
	local i jobs=()
	for i in $(seq 100); do
		t1_client $select_iot $version > /dev/null & jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i" || return 1; done
}

files_of() { find "/proc/$server/fd" -type l | wc -l; }
threads_of() { find "/proc/$server/task" -mindepth 1 -maxdepth 1 | wc -l; }

thousand_deaths() {
	local before after
	before=$(files_of)
	t1_opener deaths 1000 || return 1
	wait_for '[ "$(threads_of)" = 1 ]' || return 1
	after=$(files_of)
	echo "$before files, then $after"
	[ "$before" = "$after" ]
}

# one user's openers leave files and threads for another's, and are all given back
limited() {
	t1_opener limit 256 || return 1
	wait_for '[ "$(threads_of)" = 1 ]' && client 1
}

no_cuse() {
	mv /dev/cuse /dev/cuse.away
	se05x-i2cd --name=other-i2c 2> err
	local status=$?
	mv /dev/cuse.away /dev/cuse
	cat err
	[ $status = 3 ] && grep -q CONFIG_CUSE err
}

no_chip() {
	se05x-i2cd --device=/dev/se05x7 --name=other-i2c 2> err
	[ $? = 3 ] && grep -q se05x7 err
}

twice() {
	se05x-i2cd 2> err
	[ $? = 3 ] && grep -q 'served already' err
}

as_nobody() {
	chgrp games /dev/se05x
	chmod 660 /dev/se05x
	se05x-i2cd --user=nobody:games --name=other-i2c &
	local other=$!
	wait_for '[ -c /dev/other-i2c ]'
	grep -q "^Uid:	65534	65534" "/proc/$other/status" &&
		t1_client -p /dev/other-i2c $select_iot $version
	local ret=$?
	kill $other
	wait $other 2> /dev/null
	return $ret
}

modprobe -d "$SE05X_KERNEL_DIR" cuse || { echo "1..0 # SKIP no module cuse"; exit 1; }
echo secretpin > password
"$top/tests/vm/up.sh" > /dev/null || exit 1
se05x-tool --password-file=password userid 0x01010120 || exit 1
serve
ok "a session of NXP's programs" talks
ok "drains of 512 bytes" talks -n
ok "it resumes" talks -r
ok "five zero bytes before each command" talks -z
ok "no C5 at its end" talks -c
ok "i2c-dev's calls, one by one" t1_opener calls
ok "the same by a caller of 32 bits" t1_opener_32 calls
ok "sixteen at once, beside programs on /dev/se05x" sixteen
ok "a hundred at once" hundred
ok "killed at random" killed
ok "who dies or says C5 leaves no applet session behind" sessions_end
ok "INITIALIZE UPDATE keeps the chip for some seconds at most" lets_go
ok "somebody else has the chip for half a minute" patient
ok "the server is killed and started again" restarted
ok "the server is ended while a reader waits" terminated
ok "the chip is unbound and bound again" rebound
ok "a thousand deaths leave nothing behind" thousand_deaths
ok "a user opens it 256 times and no more" limited
ok "no /dev/cuse: the kernel option is named" no_cuse
ok "no chip" no_chip
ok "a second server for one name" twice
ok "no rights but the group's" as_nobody
ok "no rule of the wire was broken" sound
unserve TERM
down
echo "1..$n"
