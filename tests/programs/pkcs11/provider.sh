#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pkcs11-provider, in Debian since 13: openssl, curl and nginx with OpenSSL 3's way to tokens
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/nginx.sh"

# softhsm2 uses libcrypto in C_Finalize, after its end
quirks=
[ $kind = se05x ] || quirks=no-deinit
# Without its preference for the default provider OpenSSL gives public keys of others to
# pkcs11-provider, which can't use them with a token that wants no login.
cat > openssl.cnf <<EOC
openssl_conf = init
[init]
providers = providers
alg_section = algorithms
[algorithms]
default_properties = ?provider=default
[providers]
default = default_section
pkcs11 = pkcs11_section
[default_section]
activate = 1
[pkcs11_section]
module = /usr/lib/x86_64-linux-gnu/ossl-modules/pkcs11.so
pkcs11-module-path = $module
pkcs11-module-token-pin = $PIN
pkcs11-module-quirks = $quirks
pkcs11-module-encode-provider-uri-to-pem = true
activate = 1
[req]
distinguished_name = name
[name]
EOC
certified ec EC:secp256r1 01 localhost
certified ec384 EC:secp384r1 03 localhost
certified rsa rsa:2048 02 localhost
ok "an Ed25519 key" user --keypairgen --key-type EC:edwards25519 --id 04 --label ed
head -c 100 /dev/urandom > message
plain() { openssl "$@"; }
ssl() { OPENSSL_CONF=$tmp/openssl.cnf openssl "$@"; }
uri() { echo "pkcs11:object=$1;type=${2:-private}"; }

ok "openssl list -providers" ssl list -providers
ok "it is there" said 'pkcs11'
ok "openssl storeutl: all of it" ssl storeutl -noout -text pkcs11:
for key in ec ec384 rsa ed; do
	ok "$key: public key" ssl pkey -pubin -in "$(uri $key public)" -pubout -out $key.pem2
	ok "$key: of the private one" ssl pkey -in "$(uri $key)" -pubout -out same.pem
	# of RSA it writes the one as PKCS#1's, the other as PKCS#8's
	[ $key = rsa ] || ok "$key: the same" cmp same.pem $key.pem2
	[ $key != ed ] || break
	ok "$key: dgst -sign" ssl dgst -sha256 -sign "$(uri $key)" -out sig message
	ok "$key: it is good" plain dgst -sha256 -verify $key.pem2 -signature sig message
	ok "$key: dgst -verify" ssl dgst -sha256 -verify "$(uri $key public)" -signature sig message
	ok "$key: request" ssl req -new -key "$(uri $key)" -subj /CN=localhost -out csr
	ok "$key: it is good" plain req -in csr -verify -noout
	ok "$key: certificate" ssl x509 -in "$(uri $key cert)" -noout -subject
done
ok "ed: sign" ssl pkeyutl -sign -rawin -inkey "$(uri ed)" -in message -out sig
ok "ed: it is good" plain pkeyutl -verify -rawin -pubin -inkey ed.pem2 -sigfile sig -in message
ok "rsa: PSS" ssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign "$(uri rsa)" -out sig message
ok "rsa: it is good" plain dgst -sha256 -sigopt rsa_padding_mode:pss -verify rsa.pem2 -signature sig message
# softhsm2: CKR_ARGUMENTS_BAD for OAEP
for padding in pkcs1 $([ $kind = softhsm2 ] || echo oaep); do
	plain pkeyutl -encrypt -pubin -inkey rsa.pem2 -pkeyopt rsa_padding_mode:$padding -in message -out cipher
	hashes=
	[ $padding = pkcs1 ] || hashes="-pkeyopt rsa_oaep_md:sha1 -pkeyopt rsa_mgf1_md:sha1"
	ok "rsa: decrypt, $padding" eval "ssl pkeyutl -decrypt -pkeyopt rsa_padding_mode:$padding $hashes" \
		'-inkey "$(uri rsa)" -in cipher | cmp - message'
done
plain genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.key
plain pkey -in peer.key -pubout -out peer.pub
ok "ec: derive" ssl pkeyutl -derive -inkey "$(uri ec)" -peerkey peer.pub -out secret
ok "ec: the same secret" eval 'plain pkeyutl -derive -inkey peer.key -peerkey ec.pem2 | cmp - secret'
ok "genpkey, EC" ssl genpkey -propquery provider=pkcs11 -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
	-pkeyopt "pkcs11_uri:pkcs11:object=generated;id=%0a" -out made.key
ok "it is there" ssl pkey -in "$(uri generated)" -pubout
ok "by the file, too" ssl pkey -in made.key -pubout
ok "genpkey, RSA" ssl genpkey -propquery provider=pkcs11 -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	-pkeyopt "pkcs11_uri:pkcs11:object=generated-rsa;id=%0b" -out made-rsa.key
ok "it is there" ssl pkey -in "$(uri generated-rsa)" -pubout
# with CKA_ALLOWED_MECHANISMS first, and without it where the token has no such attribute
ok "genpkey, RSA-PSS" ssl genpkey -propquery provider=pkcs11 -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 \
	-pkeyopt rsa_pss_keygen_md:SHA256 -pkeyopt "pkcs11_uri:pkcs11:object=generated-pss;id=%0c" -out made-pss.key
ok "its public half" eval 'ssl pkey -in "$(uri generated-pss)" -pubout > pss.pub'
ok "it signs" ssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
	-sign "$(uri generated-pss)" -out sig message
ok "it is good" plain dgst -sha256 -sigopt rsa_padding_mode:pss -verify pss.pub -signature sig message
ok "no such key" fails ssl pkey -in "$(uri nobody)" -pubout

# ---- TLS ----

serve() {	# KEY PORT
	OPENSSL_CONF=$tmp/openssl.cnf openssl s_server -accept 127.0.0.1:$2 -cert $1.pem -key "$(uri $1)" -CAfile ca.pem \
		-Verify 1 -verify_return_error -www > server.$1.log 2>&1 &
	begun+=($!)
	until_ port $2
}
connect() {	# KEY PORT OPTION...
	local key=$1 port=$2
	shift 2
	printf 'GET / HTTP/1.0\r\n\r\n' | OPENSSL_CONF=$tmp/openssl.cnf timeout 60 openssl s_client \
		-connect 127.0.0.1:$port -CAfile ca.pem -verify_return_error -ign_eof -cert $key.pem -key "$(uri $key)" "$@" |
		grep 'HTTP/1.0 200 ok'
}
port=4500
for key in ec ec384 rsa; do
	port=$((port + 1))
	serve $key $port
	for version in tls1_2 tls1_3; do
		ok "s_server and s_client, $key, $version" connect $key $port -$version
	done
done

# a PEM file that names a key, for programs that know only files
pem() {	# URI
	printf '%s\n' asn1=SEQUENCE:key '[key]' 'a=VISIBLESTRING:PKCS\#11 Provider URI v1.0' "b=UTF8:$1" > conf
	echo '-----BEGIN PKCS#11 PROVIDER URI-----'
	openssl asn1parse -genconf conf -noout -out - | openssl base64
	echo '-----END PKCS#11 PROVIDER URI-----'
}
for key in ec rsa; do
	pem "$(uri $key)" > $key.key
done
export OPENSSL_CONF=$tmp/openssl.cnf
key_of() { echo "$tmp/$1.key"; }
start_nginx ''
for key in ec:8443 rsa:8444; do
	for version in 1.2 1.3; do
		ok "nginx, ${key%:*}, TLS $version" get ${key#*:} --tlsv$version --tls-max $version
		# it can't use public keys of clients with a token that nobody logged in to
		[ $variant != se05x ] || continue
		ok "curl, ${key%:*}, TLS $version" get ${key#*:} --tlsv$version --tls-max $version \
			--cert ${key%:*}.pem --key ${key%:*}.key
		ok "nginx knows it" said "TLSv$version SUCCESS"
	done
done
plan
