#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# p11tool and certtool of GnuTLS
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

export GNUTLS_PIN=$PIN
tool() { p11tool --provider "$module" --batch "$@"; }
url=$(tool --list-token-urls | grep -v -e p11-kit -e System | grep -m 1 "$([ $kind = se05x ] || echo token=token)")

ok "--list-tokens" tool --list-tokens
ok "--list-mechanisms" tool --list-mechanisms "$url"
ok "random numbers" tool --generate-random 32 "$url" --outfile random

names="rsa ec ec384"
[ $kind = softhsm2 ] || names+=" ed"
# made NAME OPTION...: a key pair, its public half in NAME.pub
made() {
	local name=$1
	shift
	tool --login --label "$name" --outfile "$name.pub" "$@" "$url"
}
ok "--generate-privkey=rsa" made rsa --generate-privkey=rsa --bits 2048
ok "--generate-privkey=ecdsa" made ec --generate-privkey=ecdsa --curve secp256r1
ok "--generate-privkey=ecdsa, P-384" made ec384 --generate-privkey=ecdsa --curve secp384r1
# softhsm2 takes no CKA_EC_PARAMS with the curve's name, and GnuTLS knows no other way
on se05x "--generate-privkey=ed25519" made ed --generate-privkey=ed25519
ok "--list-privkeys" tool --login --list-privkeys "$url"
for name in $names; do
	ok "$name: listed" said "Label: $name"
done
ok "--list-all" tool --login --list-all "$url"
for name in $names; do
	# of EdDSA it wants a signature with SHA-256
	[ $name = ed ] || ok "$name: --test-sign" tool --login --test-sign "$url;object=$name;type=private"
	ok "$name: --export-pubkey" tool --login --export-pubkey "$url;object=$name;type=private" --outfile again
	ok "$name: is what was made" cmp again $name.pub
	ok "$name: openssl reads it" openssl pkey -pubin -in $name.pub -noout
done

# a certificate for a key in the token: the CA is one too
printf '%s\n' 'cn = "CA in the token"' ca cert_signing_key 'expiration_days = 30' > ca.cfg
printf '%s\n' 'cn = "device"' signing_key tls_www_client 'expiration_days = 30' > device.cfg
tools() { certtool --provider "$module" "$@"; }
ok "certtool: a CA" tools --generate-self-signed --load-privkey "$url;object=ec384;type=private" \
	--load-pubkey ec384.pub --template ca.cfg --outfile ca.pem
ok "certtool: a certificate" tools --generate-certificate --load-ca-certificate ca.pem \
	--load-ca-privkey "$url;object=ec384;type=private" --load-pubkey ec.pub --template device.cfg \
	--outfile device.pem
ok "it is good" openssl verify -CAfile ca.pem device.pem
on se05x "certtool: signed by Ed25519" tools --generate-self-signed --load-privkey "$url;object=ed;type=private" \
	--load-pubkey ed.pub --template ca.cfg --outfile ed.pem
on se05x "it is good" openssl verify -CAfile ed.pem ed.pem
ok "certtool: a request" tools --generate-request --load-privkey "$url;object=rsa;type=private" \
	--load-pubkey rsa.pub --template device.cfg --outfile rsa.csr
ok "it is good" openssl req -in rsa.csr -verify -noout

ok "--write a certificate" tool --login --write --load-certificate device.pem --label device "$url"
ok "--list-certs" tool --login --list-all-certs "$url"
ok "it is there" said 'Label: device'
ok "--export" tool --login --export "$url;object=device;type=cert" --outfile back.pem
ok "it is the same" eval '[ "$(openssl x509 -in back.pem)" = "$(openssl x509 -in device.pem)" ]'
ok "--write a secret key" tool --login --write --secret-key 000102030405060708090a0b0c0d0e0f --label secret "$url"

# TLS: the client has its key and certificate in the token
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout server.key -out server.pem 2> /dev/null
gnutls-serv --port 4433 --x509certfile server.pem --x509keyfile server.key --x509cafile ca.pem \
	--require-client-cert --verify-client-cert --http > server.log 2>&1 &
begun+=($!)
until_ port 4433
connect() {
	echo | gnutls-cli --provider "$module" --port 4433 --x509cafile server.pem "$@" localhost
}
for version in 1.2 1.3; do
	ok "TLS $version" connect --priority "NORMAL:-VERS-ALL:+VERS-TLS$version" \
		--x509certfile device.pem --x509keyfile "$url;object=ec;type=private"
	ok "by the key" said 'Handshake was completed'
	ok "TLS $version: the certificate too" connect --priority "NORMAL:-VERS-ALL:+VERS-TLS$version" \
		--x509certfile "$url;object=device;type=cert" --x509keyfile "$url;object=ec;type=private"
done
ok "without the key nobody gets in" fails connect --priority NORMAL:-VERS-ALL:+VERS-TLS1.2

for name in $names device secret; do
	ok "$name: --delete" tool --login --delete "$url;object=$name"
	ok "$name: gone" eval '! tool --login --list-all "$url" | grep "Label: $name\$"'
done
plan
