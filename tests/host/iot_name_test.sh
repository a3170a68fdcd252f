#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# se05x-tool name: names that are kept in the chip. TAP.
#
#   iot_name_test.sh BUILD-FOLDER
#
# With LONG=1 the power is cut more often, and records are torn at more of their bytes.
# shellcheck disable=SC2034 # what check looks at
set -u

build=$(realpath "${1:?usage: iot_name_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SIM_STATE=$tmp/state SIM_CHIP=SE051 SE05X_ALIASES=$tmp/aliases
cd "$tmp" || exit 1
echo "a message" > message
echo 'elsewhere = 0x01010109' > aliases

run keygen 0x01010101 p256
run keygen 0x01010102 rsa1024
run put 0x01010103 message
printf '0123456789abcdef' > aes.key
run --type=aes import 0x01010104 aes.key
run name 0x01010101;            check 'no name yet' 3 '' '*none in the chip*'
i=0
for name in 'door key' 'RSA' 'Datei Ü' 'a"b\c'; do
	i=$((i + 1))
	run name 0x0101010$i "$name"; check "name $name" 0 "" "*is called '${name//\\/\\\\}' now*"
	run name 0x0101010$i;   check "it is $name" 0 "${name//\\/\\\\}" ''
	run show "$name";       check "and found by that" 0 "*0x0101010$i*" ''
done
run list;                       check 'list' 0 '*EC key pair on P-256  door key*0x01010102*  RSA*Datei Ü*' ''
run --json list;                check 'list --json' 0 '*"name":"door key"*"name":"a\\"b\\\\c"*' ''
run --json name RSA;            check 'name --json' 0 '{"id":"0x01010102","name":"RSA"}' ''
run --hex sign 'door key' message; check 'sign by name' 0 '30*' ''
run show nobody;                check 'a name that nobody has' 2 '' '*nobody: neither*'

for name in 0x12 1key "$(printf %065d 0 | tr 0 x)" $'a\033b' $'\xff' $'a\nb'; do
	run name 0x01010101 "$name"; check 'no name can be that' 2 '' '*1 to 64 bytes*'
done
run name 0x01010101 RSA;        check 'a name of another object' 2 '' "*'RSA' is 0x01010102 already*"
run name 0x01010101 elsewhere;  check 'a name of the alias file' 2 '' '*0x01010109 in the alias file*'
echo 'RSA = 0x01010101' >> aliases
run show RSA;                   check 'chip and alias file contradict' 2 '' '*0x01010102*0x01010101*'
run show 0x01010102;            check 'the identifier works' 0 '*0x01010102*' ''
sed -i '$d' aliases
run name 0x01010199 x;          check 'no such object' 3 '' '*no object*'
run --from-nxp name sss;        check '--from-nxp' 0 "0x$(printf sss | openssl dgst -sha512 -r | cut -c 121-128 | tr a-f A-F)" ''
run name;                       check 'name of what' 2 '' '*--prepare*'

run name RSA '';                check 'a name is taken away' 0 '' '*has no name now'
run show RSA;                   check 'and is gone' 2 '' '*neither*'
run name 0x01010102 'second';   check 'and another given' 0 '' '*'
run -y delete second;           check 'with the object goes its name' 0 '' '*deleted'
run show second;                check 'and is gone' 2 '' '*neither*'

# a key that was replaced inherits no name
SIM_ERRORS=010600=6F00 run -y delete 'door key'; check 'the name can not be deleted' 0 '' '*its name is still*deleted*'
run keygen 0x01010101 p256;     check 'another key in its place' 0 '' '*made'
run list;                       check 'has not its name' 0 '*0x01010101  EC key pair on P-256*0x01010103*' ''
[[ $out != *door* ]]; status=$? out=''; check 'no door' 0 '' ''
run show 'door key';            check 'nor is it found' 2 '' '*neither*'

# ---- nothing depends on it ----

SIM_ERRORS=010600=6A84 run name 0x01010101 full; check 'a full chip' 3 '' '*(6A84)*'
SIM_ERRORS=010600=6986 run name 0x01010101 locked; check 'a chip where nobody may write' 3 '' '*(6986)*'
SIM_ERRORS=020025=6F00 run name 0x01010101 x; check 'a list that is not told' 3 '' '*(6F00)*'
SIM_ERRORS=020025=6F00 run show 0x01010101; check 'keeps no object from use' 0 '*' ''
SIM_ERRORS=020000:5FFFFF00=6F00 run list; check 'nor a page that is not told' 0 '*0x01010101*0x7FFF0206*' ''
run put --force 0x5FFFFF01 message
run --type=aes import 0x5FFFFF02 aes.key
run name 0x01010101 again;      check 'objects of others among the pages' 0 '' '*'
run name 0x01010101;            check 'are passed over' 0 again ''
export SIM_STATE=$tmp/state-2
run put 0x5FFFFF00 message
run put 0x01010103 message
run --prepare name;             check '--prepare' 0 '' ''
SIM_WEAR_LOG=$tmp/again run --prepare name; status=$status$(wc -c < again)
				check 'and a second time nothing' 00 '' ''
run --ids list;                 check 'makes a page where there is room' 0 '*0x5FFFFF01*' ''
run name 0x01010103 file;       check 'where a name goes' 0 '' '*'
run name 0x01010103;            check 'and is' 0 file ''

# ---- one write a name, and pages that get full ----

export SIM_WEAR_LOG=$tmp/wear
run name 0x01010103 worn
run name 0x01010103 worn
status=$(wc -l < wear);         check 'one write, and none for the same name again' 1 '' '*worn*'
: > wear
for i in $(seq 60); do
	run name 0x01010103 "file number x$i"
done
status=$(wc -l < wear)
[ "$status" -gt 66 ] || status=few
				check '60 names in few more than 60 writes' few '' '*'
run name 0x01010103;            check 'the last counts' 0 'file number x60' ''
status=$(run --ids list; grep -c 5FFFFF <<< "$out"); out='' err=''
				check 'on one page beside that of others' 2 '' ''
unset SIM_WEAR_LOG

# ---- the power is cut before each command, whatever is under way ----

cuts=0 names=$((${LONG:+12} + 3))
for i in $(seq 61 $((60 + names))); do
	for at in $(seq 40); do
		cp "$SIM_STATE" before
		SIM_LINK_ERROR=104@$at run name 0x01010103 "file number x$i"
		cut=$status
		run name 0x01010103
		case $out in
		"file number x$i") ;;
		"file number x$((i - 1))") [ "$cut" != 0 ] || status=9 ;;
		*) status=9 ;;
		esac
		if [ "$cut" = 0 ]; then
			[ "$status" = 0 ] || break 2
			break
		fi
		cuts=$((cuts + 1))
		[ "$status" = 0 ] || break 2
		run name 0x01010103 "file number y$i"; [ "$status" = 0 ] || break 2
		cp before "$SIM_STATE"
	done
done
[ "$status" != 0 ] || [ "$cuts" -gt $((6 * names)) ] || status=8
out='' err="$i $at $cuts $cut"; check 'the old name is there or the new, and there can be another' 0 '' '*'

# ---- a record that is written by half ----

run put 0x01010104 message
run name 0x01010104 'other'
page=$(run --ids list; grep 5FFFFF <<< "$out" | tail -n 1)
run -o page get "$page"
run name 0x01010103 torn
run -o page2 get "$page"
cmp -s page page2 && echo "not ok - the page did not change" && failed=1
first=$(cmp page page2 | sed 's/.*byte \([0-9]*\),.*/\1/')
last=$(cmp -l page page2 | tail -n 1 | awk '{ print $1 }')
status=0 bad=
for at in $(seq $((first - 1)) "${LONG:-8}" $((last - 1))); do
	{ head -c "$at" page2; tail -c +$((at + 1)) page; } > half
	run --update put "$page" half
	run name 0x01010103;    [ "$out" = "file number x$((60 + names))" ] || bad+=" $at:$out"
	run name 0x01010104;    [ "$out" = other ] || bad+=" $at:$out"
	run name 0x01010103 after; run name 0x01010103; [ "$out" = after ] || bad+=" $at:$out"
done
out='' err=$bad;                check "half a record, from byte $first to $last" 0 '' ''
for at in 5 6 7 10 20 40; do
	cp page2 half
	printf '\xff' | dd of=half bs=1 seek=$at conv=notrunc status=none
	run --update put "$page" half
	run name 0x01010104;    check "a byte of the page is wrong, $at" 0 other ''
done

echo "1..$n"
exit $failed
