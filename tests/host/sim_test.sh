#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# se05x-sim as a program, its socket and its state, and every kind of bad input. TAP.
#
#   sim_test.sh BUILD-FOLDER
# shellcheck disable=SC2034,SC2016 # what check looks at; variables of an inner shell
set -u

build=$(realpath "${1:?usage: sim_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
here=$(realpath "$(dirname "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/tool.sh"
sim=$build/tools/se05x-sim
cd "$tmp" || exit 1

# what COMMAND... says
says() {
	out=$("$@" 2> "$tmp/err" < /dev/null)
	status=$?
	err=$(cat "$tmp/err")
}

# in the background until `stop`; it can be used as soon as this returns
start() {
	"$sim" --quiet --socket=socket "$@" &
	server=$!
	until "$build/tools/se05x-apdu" -d unix:socket info > /dev/null 2>&1; do
		kill -0 $server 2> /dev/null || break
	done
}

stop() {
	kill "-${1:-TERM}" $server
	{ wait $server; } 2> /dev/null
}

# ---- run ----

secrets='*no place for secrets*'
says "$sim" run true;            check 'run' 0 '' "$secrets"
says "$sim" -q run sh -c 'exit 7'; check 'the exit status' 7 '' ''
says "$sim" -q run sh -c 'kill -9 $$'; check 'a signal' 137 '' ''
says "$sim" -q run ./no-such-program; check 'no such program' 127 '' '*no-such-program: No such file*'
says "$sim" -q run /dev/null;    check 'no program at all' 126 '' '*Permission denied*'
says "$sim" -q run sh -c 'echo $SE05X_DEVICE'; check 'where the chip is' 0 'unix:/*/socket' ''
[ ! -e "${out#unix:}" ] && [ ! -e "$(dirname "${out#unix:}")" ]; status=$? out='' err=''
check 'nothing is left of it' 0 '' ''
says "$sim" -q run "$tool" keygen 0x1 p256; check 'a key' 0 '' '*EC key pair on P-256 made'
says env PATH=/usr/bin:/bin "$sim" -q run se05x-tool keygen 0x1 p256
check 'the tool is found beside it' 0 '' '*EC key pair on P-256 made'
says "$sim" -q run "$tool" show 0x1; check 'each run has a new chip' 3 '' '*no object*'
says "$sim" --state=state run "$tool" keygen 0x1 p256; check 'unless it has a state' 0 '' "$secrets"'in state*made'
says "$sim" -q -s state run "$tool" show 0x1; check 'which stays' 0 '*P-256*' ''
for chip in SE050A SE050C SE050E SE051 A5000; do
	says "$sim" -q --chip=$chip run "$tool" keygen 0x1 p256; check "$chip" 0 '' '*made'
done
says "$sim" -q --chip=SE051 run "$build/tools/se05x-apdu" --json info; check 'its ATR' 0 '*"simulated":true*"atr":"01A0*' ''

# ---- words ----

says "$sim";                     check 'nothing to do' 2 '' '*one of --socket, --device and run*'
says "$sim" -k a -d b;           check 'two things to do' 2 '' '*one of*'
says "$sim" run;                 check 'run nothing' 2 '' '*run what?*'
says "$sim" walk;                check 'another word' 2 '' '*only run*'
says "$sim" -b run true;         check 'in the background' 2 '' '*no --background*'
says "$sim" --colour run true;   check 'unknown option' 2 '' '*colour*'
says "$sim" -c SE999 run true;   check 'unknown chip' 1 '' '*SE999: no such --chip*'
says "$sim" -q -c SE050F run "$tool" list; check 'FIPS part' 3 '' '*6982*'
says "$sim" -q -c SE052F run "$tool" list; check 'another' 3 '' '*6982*'
printf '# a comment\nENC %032d\nMAC\t%032d # here too\n' 1 2 > keys
for word in ENC MAC DEK; do
	status=0 out=$(sed -n "s/^$word //p" "$here/../sim/scp.keys" | basenc --base16 -d -i) err=''
	check "the test keys' file, $word" 0 "se05x-sim, S-$word" ''
done
says "$sim" -K keys run true;    check 'keys without DEK' 2 '' '*keys: DEK is needed*'
echo 'DEK 00' >> keys
says "$sim" -K keys run true;    check 'a short key' 2 '' '*keys, line 4: no key of 16, 24 or 32 bytes*'
sed -i '$d' keys; printf 'DEK %064d\n' 3 >> keys
says "$sim" -K keys run true;    check 'one that is longer' 2 '' '*keys: the keys differ in length*'
sed -i '$d' keys; printf 'DEK %032d\n' 3 >> keys
says "$sim" -q -K keys run true; check 'keys' 0 '' ''
printf 'ENC %032d\n' 3 >> keys
says "$sim" -K keys run true;    check 'a key twice' 2 '' '*keys, line 5: this key was given before*'
says "$sim" -K none run true;    check 'no such keys' 2 '' '*none: No such file*'
says "$sim" -C now run true;     check 'power cut' 2 '' '*before or after, not now*'
says "$sim" -q -E x run true;    check 'link error' 1 '' '*--link-error*'
says "$sim" -x 0 run true;       check 'speed' 2 '' '*not a number from 1*'
says "$sim" --version;           check 'version' 0 'se05x-sim [0-9]*' ''
says "$sim" --help;              check 'help' 0 'Usage:*--socket*--state*' ''

# ---- state files ----

says "$sim" -q -c SE051 -s state run true; check "another chip's" 1 '' '*state: the state file of another --chip*'
cp state old && printf 3 | dd of=old bs=1 seek=6 conv=notrunc 2> /dev/null
says "$sim" -q -s old run true;  check 'of another version' 1 '' '*old: a state file of another version*'
head -c 100 state > short
says "$sim" -q -s short run true; check truncated 1 '' '*short: no state file, or a damaged one*'
: > empty
says "$sim" -q -s empty run true; check empty 1 '' '*empty: no state file, or a damaged one*'
start --state=pair.new
says "$sim" -q -s pair run true; check "beside another's" 0 '' ''
stop
says "$sim" -q -s pair.new run true; check 'which is as it was' 0 '' ''
touch open.new && chmod 644 open.new
says "$sim" -q -s open run stat -c %a open; check "the user's own, too" 0 600 ''
says "$sim" -q -s /no/where run true; check 'no such folder' 1 '' '*/no/where: No such file*'
start --state=state
says "$sim" -q -s state run true; check 'in use' 1 '' '*state: another simulated chip has this*'
stop
says "$sim" -q -s state run "$tool" show 0x1; check 'free again' 0 '*P-256*' ''

# ---- the socket ----

start --state=state
status=0 out=$(stat -c %a socket) err=''; check "the user's own" 0 600 ''
device=unix:socket
run list;                        check 'through it' 0 '*0x00000001*' ''
says "$sim" -q -k socket;        check 'a second chip there' 1 '' '*socket: Address already in use*'
run list;                        check 'does not harm the first' 0 '*0x00000001*' ''
for i in 1 2 3 4; do SE05X_DEVICE=$device "$tool" random 200 > "random$i" & pids[i]=$!; done
wait "${pids[@]}"
status=0 out=$(cat random? | wc -c) err=''; check 'four programs' 0 800 ''
stop
run list;                        check 'it ended' 3 '' '*o such device*is se05x-sim running there?'
[ ! -e socket ]; status=$? out='' err=''; check 'and took the socket along' 0 '' ''
says "$sim" -q -b --socket="$tmp/behind"; check 'in the background' 0 '' ''
device=unix:$tmp/behind
run list;                        check 'it can be used at once' 0 '*' ''
kill "$(pgrep -f "socket=$tmp/behind")"
while [ -e behind ]; do kill -0 $$; done
device=unix:socket
start; stop KILL
run list;                        check 'it was killed' 3 '' '*onnection refused*is se05x-sim running there?'
start
run list;                        check 'a stale socket is replaced' 0 '*' ''
# whatever is sent to it, it lives
python3 - <<'EOF'
import array, os, random, socket, struct
random.seed(1)
for n in range(3000):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("socket")
    request = random.choice((0xc0000000, 0x80000000)) | random.choice((0, 96, 104, 120, 368, 5000)) << 16 | 0xd400 | n % 8
    data = struct.pack("=Ii", request, 0) + os.urandom(random.randrange(600))
    data = data[:random.randrange(len(data) + 1)] if n % 3 else data
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fds = [pair[1].fileno()] * random.randrange(0, 4)
    try:
        s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
    except BrokenPipeError:
        pass
EOF
run list;                        check 'whatever is sent to it' 0 '*' ''
stop
: > file
says "$sim" -q -k file;          check 'a file is not taken away' 1 '' '*file: Address already in use*'
[ -f file ]; status=$? out='' err=''; check 'it is there' 0 '' ''
long=$(printf '%0120d' 0)
says "$sim" -q -k "$long";       check 'a long path' 1 '' '*name too long*'
device=unix:$long
run list;                        check 'for the tool too' 3 '' '*name too long*'
device=unix:file
run list;                        check 'no socket' 3 '' '*onnection refused*'
unset device

# ---- somebody else's ----

if [ "$(id -u)" = 0 ]; then
	chmod 755 .
	mkdir theirs && chown 65534 theirs
	: > said
	setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind("theirs/socket")
s.listen()
print("listens", flush=True)
s.accept()[0].recv(10000)
' > said &
	server=$!
	until grep -q listens said; do kill -0 $server || break; done
	device=unix:theirs/socket
	# only who is root can connect to what is not his own; so root plays somebody
	run list;                check 'root takes nobody else for a chip' 3 '' '*permission denied: a simulated chip*'
	unset device
	kill $server 2> /dev/null
	# the environment does not lead programs that have more rights than who calls them
	cp "$tool" suid && chown 65534 suid && chmod 4755 suid
	start
	says setpriv --reuid=65533 --clear-groups env SE05X_DEVICE=unix:socket ./suid info
	check 'a set-user-ID program' 3 '' '*/dev/se05x*'
	stop
fi

# ---- programs, threads, forks ----

start --speed=1
{	# the test kills the server at its end, and bash would say so
	SE05X_DEVICE=unix:socket SERVER=$server CMOCKA_MESSAGE_OUTPUT=TAP \
		"$build/tests/socket_test" > out 2>&1
	status=$? out='' err=$(grep '^not ok\|ERROR' out)
	kill $server
	wait $server
} 2> /dev/null
check 'libse05x by a socket' 0 '' ''

echo "1..$n"
exit $failed
