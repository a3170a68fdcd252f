# shellcheck shell=bash source=tests/programs/common.sh
# SPDX-License-Identifier: GPL-2.0-only
#
# For the parts of openssl.sh: a simulated chip with the keys ec, rsa and ed, whose files are
# ec.key, rsa.key and ed.key, with certificates ec.pem, ... of the CA ca.pem for the name
# localhost; and OPENSSL_CONF, by which every program has the provider. plain is openssl
# without it.

. /se05x/tests/programs/common.sh

plain() { OPENSSL_CONF=/dev/null openssl "$@"; }

# chip OPTION...: a simulated chip at $SE05X_DEVICE
chip() {
	export SE05X_DEVICE=unix:$tmp/chip
	se05x-sim --quiet "$@" --state="$tmp/state" --socket="$tmp/chip" &
	sim=$!
	begun+=("$sim")
	until_ test -S "$tmp/chip"
}

# A key in the chip, its file, and a certificate
key() {	# NAME TYPE ID
	se05x-tool -q keygen "$3" "$2" && se05x-tool refpem "$3" > "$1.key" &&
		openssl req -new -key "$1.key" -subj "/CN=localhost" -out "$1.csr" &&
		plain x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
			-extfile names -out "$1.pem" 2> /dev/null
}

# serve NAME PORT COMMAND...: in the background, until it listens
serve() {
	local log=$1.log port=$2
	shift 2
	"$@" > "$log" 2>&1 &
	server=$!
	begun+=("$server")
	until_ port "$port" || { cat "$log"; return 1; }
}

stop() {	# the last one
	kill "$server"
	wait "$server" 2> /dev/null
	unset 'begun[-1]'
	until_ fails port "$1"
}

# A handshake with whoever listens at that port
shake() {	# PORT 2|3 [OPTION...]
	local port=$1 version=$2
	shift 2
	plain s_client -connect "localhost:$port" "-tls1_$version" -CAfile ca.pem -servername localhost \
		-verify_return_error -brief "$@" < /dev/null 2>&1 | tee hello
	grep -q "Protocol version: TLSv1.$version" hello && grep -q "Verification: OK" hello
}

both() { shake "$1" 2 "${@:2}" && shake "$1" 3 "${@:2}"; }

modules=$(echo /usr/lib/*-linux-gnu*/ossl-modules)
cp -u $build/lib/ossl-modules/se05x.so "$modules/"
cat > "$tmp/openssl.cnf" <<EOC
openssl_conf = init
[init]
providers = providers
[providers]
se05x = on
default = on
[on]
activate = 1
[req]
distinguished_name = name
[name]
EOC
export OPENSSL_CONF=$tmp/openssl.cnf
echo 'subjectAltName=DNS:localhost' > names
plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=CA' \
	-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
	-keyout ca.key -out ca.pem 2> /dev/null
if [ -n "${driver:-}" ]; then
	APPLET=--chip=SE051 bash /se05x/tests/vm/up.sh > /dev/null || exit 1
	chmod 600 /dev/se05x
else
	chip --chip="${CHIP:-SE051}"
fi
if ! { key ec p256 0x01010101 && key rsa rsa2048 0x01010102 && key ed ed25519 0x01010103; }; then
	echo "not ok 1 - $part: keys and certificates"
	echo 1..1
	exit 1
fi
