#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The OpenSSL provider: keys in the chip by openssl's own commands. TAP.
#
#   provider_test.sh BUILD-FOLDER
# shellcheck disable=SC2034 # what check looks at
set -u

build=$(realpath "${1:?usage: provider_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SIM_STATE=$tmp/state SIM_CHIP=7 SE05X_ALIASES=/dev/null
export OPENSSL_MODULES=$build/lib/ossl-modules
cd "$tmp" || exit 1
echo "a message" > message

# ssl COMMAND ARGUMENT...: openssl with the provider, on a simulated chip
ssl() {
	local command=$1
	shift
	tool=openssl run "$command" -provider default -provider se05x "$@"
}

# plain COMMAND ARGUMENT...: openssl without it
plain() {
	out=$(openssl "$@" 2> "$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}

# the curves that ECDSA can be done on, and the hash that goes with each
id=1
# shellcheck disable=SC2086 # words without blanks
for curve in p256:sha256 p384:sha384 p521:sha512 p224:sha224 secp256k1:sha256 brainpoolP256r1:sha256 brainpoolP384r1:sha1; do
	hash=${curve#*:} curve=${curve%:*}
	run keygen 0x0101010$id $curve; check "keygen $curve" 0 '' '*made'
	run -o pub.pem export 0x0101010$id
	ssl pkey -in se05x:0x0101010$id -pubout -out same.pem
	cmp pub.pem same.pem || status=9; check "$curve: public key" 0 '' ''
	ssl dgst -$hash -sign se05x:0x0101010$id -out sig message; check "$curve: sign" 0 '' ''
	plain dgst -$hash -verify pub.pem -signature sig message; check "$curve: verify" 0 'Verified OK' ''
	id=$((id + 1))
done
plain dgst -sha256 -verify pub.pem -signature sig message; check 'another hash is wrong' 1 'Verification failure' '*'
openssl dgst -sha256 -binary message > digest
run -o pub.pem export 0x01010101
ssl pkeyutl -sign -in digest -inkey se05x:0x01010101 -out sig; check 'a bare digest' 0 '' ''
plain dgst -sha256 -verify pub.pem -signature sig message; check 'it is good' 0 'Verified OK' ''
ssl pkeyutl -sign -in message -inkey se05x:0x01010101 -out sig; check 'a digest of ten bytes' 0 '' ''
plain pkeyutl -verify -pubin -inkey pub.pem -in message -sigfile sig; check 'it is good' 0 '*Verified Successfully*' ''
ssl dgst -sha3-256 -sign se05x:0x01010101 -out sig message; check 'a hash that the chip has not' 0 '' ''
plain dgst -sha3-256 -verify pub.pem -signature sig message; check 'it is good' 0 'Verified OK' ''
ssl pkey -in se05x:0x01010101 -outform DER; check 'the private half stays there' 1 '' '*does not leave the chip*'
ssl pkey -in se05x:0x01010101;  check 'what is written is its name' 0 '*BEGIN SE05X KEY*' ''

# ---- certificates ----

ssl req -new -key se05x:0x01010101 -subj /CN=device -out csr.pem; check 'request' 0 '' ''
plain req -in csr.pem -verify -noout -subject; check 'it is good' 0 'subject=CN = device' '*verify OK*'
ssl req -new -x509 -sha384 -key se05x:0x01010102 -subj '/CN=CA in the chip' -out ca.pem; check 'a CA in the chip' 0 '' ''
plain x509 -in ca.pem -noout -text; check 'its signature is named' 0 '*ecdsa-with-SHA384*' ''
plain verify -CAfile ca.pem ca.pem; check 'and good' 0 'ca.pem: OK' ''
ssl x509 -req -in csr.pem -CA ca.pem -CAkey se05x:0x01010102 -CAcreateserial -days 30 -out cert.pem; check 'it issues' 0 '' '*ok*'
plain verify -CAfile ca.pem cert.pem; check 'the chain is good' 0 'cert.pem: OK' ''
run cert put 0x01010120 cert.pem
ssl x509 -in se05x:0x01010120 -noout -subject; check 'a certificate in the chip' 0 'subject=CN = device' ''

# ---- TLS ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=server \
	-keyout server.key -out server.pem 2> /dev/null

# serve OPTION...: a server at ./socket, until stop
serve() {
	rm -f socket
	openssl s_server -unix socket -www -verify_return_error "$@" > server.log 2>&1 &
	server=$!
	for _ in $(seq 300); do [ ! -S socket ] || return; sleep 0.1; done
}
stop() { kill $server; wait $server 2> /dev/null; }

# connect OPTION...: what came is in $out, with the server's words
connect() {
	printf 'GET / HTTP/1.0\r\n\r\n' > request
	input=request ssl s_client -unix socket -ign_eof -verify_return_error -servername server "$@"
	cat server.log >> "$tmp/err"
	err=$(cat "$tmp/err")
}

serve -cert server.pem -key server.key -CAfile ca.pem -Verify 1
for version in tls1_2 tls1_3; do
	connect -$version -CAfile server.pem -cert cert.pem -key se05x:0x01010101
	check "$version: client's key in the chip" 0 '*HTTP/1.0 200 ok*' '*CN = device*'
	connect -$version -CAfile server.pem -cert se05x:0x01010120 -key se05x:0x01010101
	check "$version: and its certificate" 0 '*HTTP/1.0 200 ok*' '*'
done
connect -tls1_2 -CAfile server.pem; check 'a client without a certificate' 1 '*' '*alert*'
connect -CAfile server.pem -cert cert.pem -key se05x:0x01010102
check 'key and certificate do not match' 1 '' '*key values mismatch*'
connect -CAfile server.pem -cert cert.pem -key se05x:0x01010103
check 'nor do their curves' 1 '' '*'
stop

cat > openssl.cnf <<EOC
openssl_conf = init
[init]
providers = providers
[providers]
default = default_provider
se05x = se05x_provider
[default_provider]
activate = 1
[se05x_provider]
module = $OPENSSL_MODULES/se05x.so
activate = 1
EOC
export OPENSSL_CONF=$tmp/openssl.cnf
tool=openssl run dgst -sha256 -sign se05x:0x01010101 -out sig message; check 'by openssl.cnf' 0 '' ''
tool=openssl run s_client -help; check 'openssl.cnf harms nobody' 0 '*' '*'
unset OPENSSL_CONF

# ---- a chip that signs wrongly ----

out=$("$build/tools/se05x-sim" --quiet --chip=SE051 --state="$SIM_STATE" --short-signature run \
	openssl dgst -provider default -provider se05x -sha256 -sign se05x:0x01010101 message 2> "$tmp/err")
status=$? err=$(cat "$tmp/err")
check 'a signature that is no DER' 1 '' "*the chip's answer makes no sense*"

# ---- bad input ----

ssl pkey -pubout -in se05x:0x01010199; check 'no such object' 1 '' '*no such object (6985)*'
printf 'web = 0x01010101\n' > aliases
SE05X_ALIASES=$PWD/aliases ssl pkey -pubout -in se05x:web -out byname.pem; check 'a key by its alias' 0 '' ''
ssl pkey -pubout -in se05x:web; check 'no such alias' 1 '' '*a name of the alias file*'
ssl pkey -pubout -in se05x:01010101;  check 'bad URI' 1 '' '*se05x:0x and up to eight hex digits*'
ssl pkey -pubout -in se05x:0x123456789; check 'id too long' 1 '' '*se05x:0x and up to eight hex digits*'
ssl pkey -pubout -in se05x:0x7FFF0206; check 'no key' 1 '' '*'
run --policy=any:read,delete keygen 0x01010131 p256
ssl dgst -sha256 -sign se05x:0x01010131 -out sig message; check 'denied by policy' 1 '' '*denied by the object*(6986)*'
export SIM_LINK_ERROR=104
ssl dgst -sha256 -sign se05x:0x01010101 -out sig message; check 'link failed' 1 '' '*may have run*'
unset SIM_LINK_ERROR
device=/dev/no-such-chip
ssl pkey -pubout -in se05x:0x01010101; check 'no chip' 1 '' '*no such device*'

echo "1..$n"
exit $failed
