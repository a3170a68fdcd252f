#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# se05x-tool channel, as far as it goes without a kernel: files with keys, good and bad, and
# what is asked before a chip is changed. The rest is in tests/vm/channel.sh. TAP.
#
#   channel_tool_test.sh BUILD-FOLDER
# shellcheck disable=SC2034 # what check looks at
set -u

build=$(realpath "${1:?usage: channel_tool_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
keys=$(realpath "$(dirname "$0")/../sim/scp.keys")
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SIM_CHIP=SE050F
cd "$tmp" || exit 1

key_set() {	# BYTES
	local key
	for key in ENC MAC DEK; do
		echo "$key $(openssl rand -hex "$1")"
	done
}

key_set 16 > other
cat other "$keys" > two
fits='*set 1: the chip has these keys'

# ---- forms of a file that are good ----

run channel probe "$keys";       check 'the right keys' 0 "$fits" ''
run --json channel probe other "$keys"
check 'as JSON' 0 '{"file":"other","set":1,"fits":false}?{"file":"*","set":1,"fits":true}' ''
sed 's/$/\r/' "$keys" > good;    run channel probe good; check 'lines end with CR LF' 0 "$fits" ''
sed '/^#/!s/\S*$/\L&/' "$keys" > good; run channel probe good; check 'small letters' 0 "$fits" ''
# shellcheck disable=SC1003 # sed's own
sed 's/^/ /; s/$/  # one/; a\\' "$keys" > good; run channel probe good
check 'comments, blanks and empty lines' 0 "$fits" ''
printf %s "$(cat "$keys")" > good; run channel probe good; check 'no end of line' 0 "$fits" ''
grep -v DEK "$keys" > good;      run channel probe good; check 'no DEK is needed to ask' 0 "$fits" ''
run channel probe two;           check 'the second set' 0 '*set 1: other*set 2: the chip has*' ''
run channel probe other;         check 'other keys' 1 '*other keys' 'none of these keys*'
for bytes in 24 32; do
	key_set $bytes > good
	run channel probe good;  check "other keys of $bytes bytes" 1 '*other keys' 'none of these keys*'
done

# ---- and bad ----

run channel probe nowhere;       check 'no file' 2 '' 'se05x-tool: nowhere: No such file*'
run --json channel probe nowhere; check 'no file, as JSON' 2 '' '{"error":"nowhere: No such file*"}'
run channel probe .;             check 'a folder' 2 '' 'se05x-tool: .: Is a directory*'
run channel probe "$keys" nowhere; check 'what comes after the right keys is not read' 0 "$fits" ''
: > bad;                         run channel probe bad; check 'an empty file' 2 '' '*bad: no keys are in it*ENC*'
echo '# ENC' > bad;              run channel probe bad; check 'only a comment' 2 '' '*bad: no keys are in it*ENC*'
bad() {	# NAME LINE PATTERN
	run channel probe bad;   check "$1" 2 '' "*bad, line $2: $3; a key file has lines ENC, MAC and DEK*"
	# nor is a key in what is said
	case $err in *[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]*) status=9 ;; esac
	check "$1: no key is told" 2 '' '*'
}
for bytes in 1 15 17 33; do
	key_set $bytes > bad;    bad "keys of $bytes bytes" 1 'no key of 16, 24 or 32 bytes*'
done
sed 's/$/0/' other > bad;        bad 'half a byte' 1 'no key of*'
sed 's/ / 0x/' other > bad;      bad '0x before it' 1 'no key of*'
sed 's/$/ more/' other > bad;    bad 'more on the line' 1 'no key of*'
sed 's/ / =/; s/=/:/' other > bad; bad 'a colon' 1 'no key of*'
sed 's/ENC/Enc/' other > bad;    bad 'another name' 1 'neither ENC, MAC nor DEK'
(cat other; grep MAC other) > bad; bad 'MAC twice' 4 'this key was given before'
grep ENC other > bad;            bad 'ENC alone' 1 'ENC and MAC are needed'
(grep ENC other; key_set 32 | grep MAC) > bad; bad 'of two lengths' 2 'the keys differ in length'
head -c 300 /dev/zero | tr '\0' A > bad; bad 'a long line' 1 'a line that is too long'
(cat other; echo MAC) > bad;     run channel probe bad "$keys"; check 'nothing after a bad file' 2 '' '*line 4*'

# ---- a pipe ----

piped() {	# FILE
	rm -f pipe
	mkfifo pipe
	cat "$1" > pipe &
	run channel probe pipe
	wait $!
}
piped "$keys";                   check 'from a pipe' 0 "$fits" ''
piped other;                     check 'other keys from a pipe' 1 '*other keys' 'none*'
piped two;                       check 'two sets from a pipe' 0 '*set 1: other*set 2: the chip has*' ''

# ---- what needs the driver; and what is asked before ----

none='*a simulated chip has no kernel before it*'
run channel;                     check 'the state of no kernel' 2 '' "$none"
run channel load;                check 'keys of a boot, and no kernel' 2 '' "$none"
run channel load "$keys";        check 'keys for no kernel' 2 '' "$none"
run --force --yes channel rotate other; check 'new keys, and no kernel' 2 '' "$none"
run channel bogus;               check 'no such command' 2 '' "*too many arguments: bogus (it is 'channel')"
run channel probe;               check 'no file is named' 2 '' "*(it is 'channel probe FILE...')"
run channel load a b;            check 'two files' 2 '' "*too many arguments: b (it is 'channel load [[]FILE]')"
run --yes channel mandate;       check '--yes alone' 2 '' '*--force says that you know'
run --force channel mandate;     check '--force alone' 2 '' '*no terminal to ask on: --yes does it'
run --force --yes channel mandate; check 'a FIPS part' 3 '' '*(6982)*channel load FILE*'
SIM_CHIP=SE050E
run --force --yes channel mandate; check 'nobody owns it' 3 '' '*0x7FFF0207*'

echo "1..$n"
exit $failed
