#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A transcript on /dev/se05x: a key that pkcs11-tool makes in the chip logs in by ssh, while
# four other programs use the chip. The server is an sshd of its own on the loopback
# interface. What it made in the chip it deletes; docs/pkcs11.md explains each step.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/build/host/tools:$PATH:/usr/sbin
export OPENSSL_MODULES=$top/build/host/lib/ossl-modules
module=$top/build/host/lib/pkcs11/libse05x-pkcs11.so
other=0x01010113
tmp=$(mktemp -d)
chmod 755 "$tmp"
cd "$tmp"
# shellcheck source-path=SCRIPTDIR
. "$top/tests/demo/show.sh"
jobs=()

# the server's program: the machine's, or one that was unpacked and not installed
sshd=$(command -v sshd || true)
if [ -z "$sshd" ]; then
	sshd=$top/build/sshd/usr/sbin/sshd
	LD_LIBRARY_PATH=$(dirname "$top"/build/sshd/usr/lib/*/libwrap.so.0)
	export LD_LIBRARY_PATH
fi

exists() { p11 -O 2> /dev/null | grep -q "^ *ID: *$1\$"; }
p11() { pkcs11-tool --module "$module" "$@"; }
tidy() {
	touch stop
	[ ${#jobs[@]} = 0 ] || kill "${jobs[@]}" 2> /dev/null || true
	wait
	for id in 5501 5502; do
		! exists $id || p11 --delete-object --type privkey --id $id > /dev/null 2>&1
	done
	! se05x-tool -q show $other > /dev/null 2>&1 || se05x-tool -q -y delete $other
	rm -rf "$tmp"
}

if exists 5501 || exists 5502 || se05x-tool -q show $other > /dev/null 2>&1; then
	echo "demo: there is a key 5501, 5502 or $other in this chip: it is left alone, and the demo ends" >&2
	exit 1
fi
trap tidy EXIT

title "pkcs11-tool makes a key in the chip"
ln -s "$module" .
show pkcs11-tool --module ./libse05x-pkcs11.so --keypairgen --key-type EC:prime256v1 --id 5501 --label ssh

title "Its public half, as ssh writes it"
show ssh-keygen -D ./libse05x-pkcs11.so
grep ' ssh$' out > key.pub
echo "\$ ssh-keygen -D ./libse05x-pkcs11.so | grep ' ssh\$' > authorized_keys"
cp key.pub authorized_keys

title "A server that knows this key alone"
ssh-keygen -q -t ed25519 -N '' -f host
cat > sshd_config <<EOC
ListenAddress 127.0.0.1
Port 2222
HostKey $tmp/host
AuthorizedKeysFile $tmp/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
LoginGraceTime 0
PidFile none
EOC
if [ "$(id -u)" = 0 ]; then
	id sshd > /dev/null 2>&1 || useradd -r -s /usr/sbin/nologin sshd
	mkdir -p /run/sshd
fi
echo "\$ sshd -D -f sshd_config &"
"$sshd" -D -e -f "$tmp/sshd_config" 2> sshd.log &
jobs+=($!)
for _ in $(seq 600); do
	! (: < /dev/tcp/127.0.0.1/2222) 2> /dev/null || break
	sleep 0.1
done
echo "chip $(cat host.pub)" > known_hosts
cat > config <<EOC
Host chip
HostName 127.0.0.1
Port 2222
HostKeyAlias chip
UserKnownHostsFile $tmp/known_hosts
IdentityFile none
EOC
show cat config

title "ssh logs in"
show ssh -F config -o PKCS11Provider=./libse05x-pkcs11.so chip echo I am in

title "By ssh-agent, and ssh itself knows nothing of the chip"
echo "\$ ssh-agent -a agent"
ssh-agent -D -a agent -P "$module" > /dev/null &
jobs+=($!)
for _ in $(seq 300); do [ ! -S agent ] || break; sleep 0.1; done
export SSH_AUTH_SOCK=$tmp/agent SSH_ASKPASS=/bin/true SSH_ASKPASS_REQUIRE=force
show ssh-add -s ./libse05x-pkcs11.so
show ssh-add -l
show ssh -F config chip echo I am in
unset SSH_AUTH_SOCK

title "While four other programs use the chip"
show se05x-tool keygen $other p256
show pkcs11-tool --module ./libse05x-pkcs11.so --keypairgen --key-type EC:secp384r1 --id 5502 --label other
head -c 48 /dev/urandom > digest

# at_it NAME COMMAND...: again and again until the file stop is there; NAME has the count
at_it() {
	local name=$1 count=0
	shift
	until [ -e stop ]; do
		"$@" > "$name.out" 2>&1 < /dev/null || { cp "$name.out" "$name.failed"; break; }
		count=$((count + 1))
		echo $count > "$name"
	done
}
others=()
at_it random se05x-tool random 200 & others+=($!)
at_it provider openssl dgst -provider default -provider se05x -sha256 -sign se05x:$other \
	-out sig1 config & others+=($!)
at_it tool pkcs11-tool --module "$module" --sign -m ECDSA --id 5502 -i digest -o sig2 & others+=($!)
at_it list se05x-tool list & others+=($!)
for name in random provider tool list; do
	until [ -s $name ] || [ -e $name.failed ]; do sleep 0.1; done
done
for _ in 1 2 3; do
	show ssh -F config -o PKCS11Provider=./libse05x-pkcs11.so chip echo I am in
done
touch stop
wait "${others[@]}"
for name in random:'se05x-tool random' provider:'openssl dgst -sign se05x:' tool:'pkcs11-tool --sign' \
	list:'se05x-tool list'; do
	[ ! -e "${name%%:*}.failed" ] || { cat "${name%%:*}.failed"; exit 1; }
	echo "meanwhile ${name#*:}...: $(cat "${name%%:*}") times"
done

title "Without the key nobody gets in"
show pkcs11-tool --module ./libse05x-pkcs11.so --delete-object --type privkey --id 5501
if ssh -F config -o PKCS11Provider=./libse05x-pkcs11.so -o BatchMode=yes chip echo I am in > out 2>&1; then
	echo "demo: the server let a stranger in" >&2
	exit 1
fi
cat out
echo
echo "A login with a key that never left the chip: done"
