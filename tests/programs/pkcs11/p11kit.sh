#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# p11-kit: its list of modules, its server, and remote
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

made ec EC:secp256r1 01
head -c 32 /dev/urandom > digest
if [ $kind = se05x ]; then
	cp /se05x/packaging/se05x.module /usr/share/p11-kit/modules/ 2> /dev/null ||
		echo "module: libse05x-pkcs11.so" > /usr/share/p11-kit/modules/se05x.module
	entry=se05x
else
	entry=softhsm2
fi
ok "p11-kit list-modules" p11-kit list-modules
ok "it is there" said "^ *\(module: *\)\?$entry"
ok "p11tool without a module" p11tool --list-tokens
ok "finds the token" said "$([ $kind = se05x ] && echo SE05x || echo SoftHSM)"
ok "the proxy module" pkcs11-tool --module /usr/lib/x86_64-linux-gnu/p11-kit-proxy.so -L
ok "ssh-keygen by the proxy" eval 'ssh-keygen -D /usr/lib/x86_64-linux-gnu/p11-kit-proxy.so | grep ecdsa'

client=/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so
p11-kit server --foreground --provider "$module" --name "$tmp/server" pkcs11: > server.out 2>&1 &
begun+=($!)
until_ test -S server
export P11_KIT_SERVER_ADDRESS=unix:path=$tmp/server
# the other process needs neither chip nor token folder
other() { env -u SE05X_DEVICE -u SOFTHSM2_CONF pkcs11-tool --module $client --login --pin env:PIN "$@"; }
ok "server: another process lists" other -O
ok "the key is there" said "label: *ec"
ok "server: another process signs" other --sign -m ECDSA --id 01 -i digest -o sig
ok "it is good" verify -m ECDSA --id 01 -i digest --signature-file sig
ok "server: another process makes a key" other --keypairgen --key-type EC:secp256r1 --id 02 --label far
ok "which is in the token" eval 'user -O --type privkey | grep far'
together() {
	local i jobs=()
	for i in 1 2 3 4; do
		for _ in 1 2 3; do
			other --sign -m ECDSA --id 01 -i digest -o sig$i &&
				verify -m ECDSA --id 01 -i digest --signature-file sig$i || exit 1
		done & jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i" || return 1; done
}
ok "server: four processes at once" together

# p11-kit remote, as over ssh
mkdir -p /etc/pkcs11/modules
echo "remote: |p11-kit remote $module" > /etc/pkcs11/modules/far.module
ok "remote" pkcs11-tool --module /usr/lib/x86_64-linux-gnu/p11-kit-proxy.so -L
rm /etc/pkcs11/modules/far.module
plan
