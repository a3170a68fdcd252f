#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libengine-pkcs11-openssl: openssl, curl and nginx
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/nginx.sh"

cat > openssl.cnf <<EOC
openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = $module
init = 1
[req]
distinguished_name = name
[name]
EOC
export OPENSSL_CONF=$tmp/openssl.cnf
plain() { OPENSSL_CONF=/dev/null openssl "$@"; }
uri() { echo "pkcs11:object=$1;type=${2:-private}?pin-value=$PIN"; }
engine="-engine pkcs11 -keyform engine"

made ec EC:secp256r1 01
made rsa rsa:2048 02
head -c 100 /dev/urandom > message
printf %s "$PIN" > pin-file

# ---- openssl ----

for key in ec rsa; do
	ok "$key: public key" openssl pkey -engine pkcs11 -inform engine -in "$(uri $key)" -pubout -out $key.pub
	ok "$key: dgst -sign" openssl dgst $engine -sha256 -sign "$(uri $key)" -out sig message
	ok "$key: it is good" plain dgst -sha256 -verify $key.pub -signature sig message
	ok "$key: req -x509" openssl req $engine -new -x509 -key "$(uri $key)" -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -out $key.pem
	ok "$key: it is good" plain verify -CAfile $key.pem $key.pem
	openssl x509 -in $key.pem -outform DER -out $key.der
	user --write-object $key.der --type cert --id "$([ $key = ec ] && echo 01 || echo 02)" \
		--label $key > /dev/null 2>&1
done
ok "rsa: PSS" openssl dgst $engine -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
	-sign "$(uri rsa)" -out sig message
ok "rsa: it is good" plain dgst -sha256 -sigopt rsa_padding_mode:pss -verify rsa.pub -signature sig message
plain pkeyutl -encrypt -pubin -inkey rsa.pub -in message -out cipher
ok "rsa: decrypt" eval 'openssl pkeyutl $engine -decrypt -inkey "$(uri rsa)" -in cipher | cmp - message'
plain pkeyutl -encrypt -pubin -inkey rsa.pub -pkeyopt rsa_padding_mode:oaep -in message -out cipher
ok "rsa: decrypt, OAEP" eval 'openssl pkeyutl $engine -decrypt -pkeyopt rsa_padding_mode:oaep \
	-inkey "$(uri rsa)" -in cipher | cmp - message'
ok "rsa: cms -sign" openssl cms $engine -sign -nodetach -signer rsa.pem -inkey "$(uri rsa)" -in message -binary \
	-outform PEM -out signed
ok "rsa: it is good" plain cms -verify -binary -CAfile rsa.pem -inform PEM -in signed -out /dev/null
plain ecparam -name prime256v1 -genkey -noout -out peer.key
plain pkey -in peer.key -pubout -out peer.pub
ok "ec: derive" openssl pkeyutl $engine -derive -inkey "$(uri ec)" -peerform PEM -peerkey peer.pub -out secret
ok "ec: the same secret" eval 'plain pkeyutl -derive -inkey peer.key -peerkey ec.pub | cmp - secret'
ok "ec: the PIN in a file" openssl pkey -engine pkcs11 -inform engine -pubout -out again.pub \
	-in "pkcs11:object=ec;type=private?pin-source=file:$tmp/pin-file"
ok "ec: the same key" cmp again.pub ec.pub
ok "no such key" fails openssl pkey -engine pkcs11 -inform engine -in "$(uri nobody)" -pubout

# ---- curl with nginx, each with its key in the token ----

cat ec.pem rsa.pem > ca.pem
key_of() { echo "engine:pkcs11:$(uri "$1")"; }
start_nginx "ssl_engine pkcs11;"
for key in ec:8443 rsa:8444; do
	port=${key#*:} key=${key%:*}
	for version in 1.2 1.3; do
		ok "nginx, $key, TLS $version" get $port --tlsv$version --tls-max $version
		ok "says TLS $version" said "TLSv$version NONE"
		ok "curl, $key, TLS $version" get $port --tlsv$version --tls-max $version \
			--engine pkcs11 --key-type ENG --key "$(uri $key)" --cert $key.pem
		ok "nginx knows it" said "TLSv$version SUCCESS"
	done
done
ok "curl, the certificate in the token too" get 8443 --engine pkcs11 --key-type ENG --key "$(uri ec)" \
	--cert-type ENG --cert "$(uri ec cert)"
ok "nginx knows it" said SUCCESS
many() {
	local i jobs=()
	for i in $(seq 8); do
		for _ in $(seq 5); do get 8443 && get 8444 || exit 1; done & jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i" || return 1; done
}
ok "80 handshakes of 8 clients, EC and RSA" many
kill -HUP "$(cat nginx.pid)"
ok "after a reload" eval 'get 8443 && get 8444 && many'
plan
