#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# se05x-apdu: good use and every kind of bad input. TAP on stdout.
#
#   tool_test.sh BUILD-FOLDER
set -u

build=${1:?usage: tool_test.sh BUILD-FOLDER}
tool=$build/tools/se05x-apdu
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

iot=A0000003965453000000010300000000

run --help;                         check help 0 'Usage: se05x-apdu*' ''
run --version;                      check version 0 'se05x-apdu [0-9]*' ''
run;                                check 'no command' 2 '' '*no command*--help*'
run nonsense;                       check 'unknown command' 2 '' '*unknown command: nonsense*'
run --nonsense info;                check 'unknown option' 2 '' '*nonsense*'
run -d /a --device=/b info;         check 'two --device' 2 '' '*given twice: --device*'
run info extra;                     check 'too many arguments' 2 '' '*too many arguments: extra*'
run -t x info;                      check 'bad timeout' 2 '' '*milliseconds*: x*'
run -t 0 info;                      check 'no timeout' 2 '' '*milliseconds*: 0*'
run -t -5 info;                     check 'negative timeout' 2 '' '*milliseconds*: -5*'
run reset;                          check 'reset what' 2 '' '*kind of reset is missing*'
run --json reset hard;              check 'errors are JSON' 2 '' "{\"error\":\"*unknown kind 'hard'*\"}"
run reset hard;                     check 'unknown reset' 2 '' "*unknown kind 'hard'*"
run reset soft;                     check 'reset' 0 '' 'soft reset done'

run monitor extra;                  check 'monitor what' 2 '' '*too many arguments: extra*'
run stats extra;                    check 'stats of what' 2 '' '*too many arguments: extra*'
run trace;                          check 'trace what' 2 '' '*the APDU is missing*'
run trace 8004002;                  check 'trace odd hex' 2 '' '*trace: odd number*'
run trace 80 04;                    check 'trace too short' 2 '' "*trace: shorter than a C-APDU's*"
run trace 80 04 00 49 04 41;        check 'trace bad Lc' 2 '' '*trace: Lc does not match*'
if [ ! -e /sys/module/se05x ]; then
run monitor;                        check 'monitor without the module' 3 '' '*monitor: *is the module loaded*'
run stats;                          check 'stats without the module' 3 '' '*stats: *is the module loaded*'
fi
# who only sends APDUs needs no libnl
out=$(readelf -d "$build/lib/libse05x.so" | grep NEEDED | grep -c nl) status=0 err=
                                    check 'libse05x without libnl' 0 0 ''

device=/dev/no-such-chip
run info;                           check 'no device' 3 '' '*/dev/no-such-chip: no such device*dtoverlay=se05x*'
device=/dev/null
run info;                           check 'another device' 3 '' '*/dev/null: not an SE05x*'
unset device

run info;                           check info 0 '*vendor *A000000396 (NXP)*BWT *1000 ms*"JCOP4 ATPO"*' ''
run --json info;                    check 'info --json' 0 '{"device":"unix:*/socket","state":"online",*"bwt_ms":1000,*}' ''
run atr;                            check atr 0 00A0000003960403E800FE020B03E80801000000006400000A4A434F5034204154504F ''

run select $iot;                    check select 0 '0702003F9FFFFF9000' 'SW 9000: success'
run -q select $iot;                 check 'select --quiet' 0 '0702003F9FFFFF9000' ''
run --json select $iot;             check 'select --json' 0 '{"response":"0702003F9FFFFF9000","sw":"9000","meaning":"success"}' ''
run select F00102;                  check 'no such applet' 1 '6A82' '*SW 6A82: applet or file not found*'
run select A00;                     check 'odd AID' 2 '' '*odd number of hex digits*'
run select 000102030405060708090A0B0C0D0E0F10; check 'long AID' 2 '' '*too long*'

run -s $iot send 8004002000;        check send 0 '4182000707*9000' 'SW 9000: success'
run -s $iot send 80 04 00 20 00;    check 'send byte by byte' 0 '41820007*9000' '*'
run -s $iot send '80:04:00:20:00';  check 'send with colons' 0 '41820007*9000' '*'
run -q -s $iot send 8004002000 800400490441020008; \
                                    check 'two APDUs' 0 '41820007*9000?418200*9000' ''
run -s $iot send '8004002000 => .. 9000'; check 'expected' 0 '*9000' '*success*'
run -s $iot send '8004002000 => 41 82 00 07 ?? 02 00 .. 9000'; check 'expected bytes' 0 '*9000' '*'
run -s $iot send '8004002000 => 9000'; check 'expected no data' 1 '*9000' '*expected 9000, got SW 9000*'
run -s $iot send '8004002000 => .. 6A82' '80FF0000 => 6D00'; \
                                    check 'one of two unmet' 1 '*9000?6D00' '*argument 1: expected .. 6A82, got SW 9000*'
run --json -s $iot send '80FF0000 => 9000'; \
                                    check 'unmet --json' 1 '{"command":"80FF0000","response":"6D00","sw":"6D00",*"outcome":"ran",*"held":false}' '{"error":"argument 1: expected 9000*"}'
run send 800;                       check 'odd hex' 2 '' '*odd number of hex digits*'
run send 80 04 0;                   check 'odd hex by bytes' 2 '' '*odd number*'
run send 80040g2000;                check 'not hex' 2 '' '*not hex*'
run send 800400;                    check 'too short' 2 '' "*shorter than a C-APDU's four bytes*"
run send 80040049044102;            check 'Lc does not match' 2 '' '*Lc does not match*'
run send 8004002000 800400490441;   check 'nothing sent before all is read' 2 '' '*argument 2: Lc*'
run send '8004002000 =>';           check 'nothing expected' 2 '' '*nothing is expected after =>*'
run send '8004002000 => 9';         check 'bad pattern' 2 '' '*must be hex bytes*'
run send "80100000$(printf '00%04X%08192d' 4096 0)"; check 'too long' 2 '' '*longer than 4096 bytes*'
run send '# only a comment';        check 'no APDU' 2 '' '*no APDU*'
run -f x send 8004002000;           check 'file and arguments' 2 '' '*one of them*'
run -f "$tmp/none" send;            check 'no such file' 2 '' "*$tmp/none: No such file*"
run -f x info;                      check 'file for info' 2 '' '*--file is for send*'

: > "$tmp/empty"
run -f "$tmp/empty" send;           check 'empty file' 2 '' '*no APDU in it*'
input=$tmp/empty
run send;                           check 'empty input' 2 '' '*standard input: no APDU in it*'
printf '# version\n\n00A4040010%s00 => .. 9000\r\n8004002000 => .. 9000 # yes\n' $iot > "$tmp/script"
input=$tmp/script
run -q send;                        check 'script from standard input' 0 '*9000?*9000' ''
unset input
run -q -f "$tmp/script" send;       check 'script from a file' 0 '*9000?*9000' ''
printf '8004002000\n80040\n' > "$tmp/bad"
run -f "$tmp/bad" send;             check 'bad line is named' 2 '' '*line 2: odd*'

export SIM_LINK_ERROR=104 # ECONNRESET
run send 8004002000;                check 'link failed' 3 '' '*argument 1: the link failed; the command may have run*'
unset SIM_LINK_ERROR
out=$(sim "$tool" info 2> "$tmp/err" > /dev/full)
status=$? err=$(cat "$tmp/err");    check 'full disk' 3 '' '*standard output*'

# a chip that is listed and can't be opened
# shellcheck disable=SC2016 # the variables are of the inner shell
inside='mount -t tmpfs none /sys/class && mkdir -p /sys/class/se05x/se05x0 &&
	echo DEVNAME=no-such-chip > /sys/class/se05x/se05x0/uevent && exec "$@"'
alone=(unshare --mount)
[ "$(id -u)" = 0 ] || alone+=(--map-root-user)
# listed ARGUMENT...: run, where there is such a chip
listed() {
	out=$("${alone[@]}" sh -ec "$inside" - "$(realpath "$tool")" "$@" 2> "$tmp/err")
	status=$? err=$(cat "$tmp/err")
}
if "${alone[@]}" sh -ec "$inside" - true 2> /dev/null; then
listed list;                        check 'list: no such device' 0 '/dev/no-such-chip  No such device' ''
listed --json list;                 check 'list --json says so too' 0 '{"device":"/dev/no-such-chip","error":"No such device"}' ''
fi

# permission: the group is named
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp"
	: > "$tmp/chip"
	chgrp daemon "$tmp/chip" && chmod 660 "$tmp/chip"
	cp "$tool" "$tmp/tool"
	out=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$tmp/tool" -d "$tmp/chip" info 2> "$tmp/err")
	status=$? err=$(cat "$tmp/err"); check 'permission denied' 3 '' '*members of the group daemon*usermod -aG daemon*'
fi

echo "1..$n"
exit $failed
