#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The OpenSSL provider in openssl.cnf, before and after OpenSSL's own, on a machine without
# a chip: programs with software keys work as if it weren't there. TAP.
#
#   provider_pass_test.sh BUILD-FOLDER
set -u

build=$(realpath "${1:?usage: provider_pass_test.sh BUILD-FOLDER}")
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SE05X_DEVICE=/dev/no-such-chip
out='' err=''

# conf NAME...: an openssl.cnf with these providers, in that order
conf() {
	printf 'openssl_conf = init\n[init]\nproviders = providers\n[providers]\n'
	local p
	for p; do printf '%s = the_%s\n' "$p" "$p"; done
	printf '[the_default]\nactivate = 1\n[the_se05x]\nmodule = %s\nactivate = 1\n' \
		"$build/lib/ossl-modules/se05x.so"
	printf '[req]\ndistinguished_name = name\n[name]\n'
}

# try NAME COMMAND...: it succeeds
try() {
	local name=$1
	shift
	"$@" > "$tmp/log" 2>&1
	status=$? err=$(tail -n 5 "$tmp/log")
	check "$order: $name" 0 '' '*'
}

curve() {
	local c=$1
	try "$c" openssl genpkey -algorithm EC -pkeyopt "group:$c" -out "$c.pem"
	try "$c: public" openssl pkey -in "$c.pem" -pubout -out "$c.pub"
	try "$c: sign" openssl dgst -sha256 -sign "$c.pem" -out sig "$c.pem"
	try "$c: verify" openssl dgst -sha256 -verify "$c.pub" -signature sig "$c.pem"
	try "$c: derive" openssl pkeyutl -derive -inkey "$c.pem" -peerkey "$c.pub" -out secret
	try "$c: text" openssl pkey -in "$c.pem" -text
}

keys() {
	for c in P-256 secp521r1 sect283k1 brainpoolP256r1; do curve $c; done
	try 'a key of parameters' openssl ecparam -name prime256v1 -genkey -out ec.pem
	try 'explicit parameters' openssl ecparam -name prime256v1 -param_enc explicit -out explicit.pem
	try 'a key of them' openssl genpkey -paramfile explicit.pem -out key.pem
	try 'parameters' openssl genpkey -genparam -algorithm EC -pkeyopt group:P-256 -out group.pem
	try 'a key of a file' openssl genpkey -paramfile group.pem -out key.pem
	try 'openssl ec' openssl ec -in ec.pem -aes256 -passout pass:x -out key.pem
	try 'RSA' openssl genrsa -out rsa.pem 2048
	try 'RSA: check' openssl rsa -in rsa.pem -check -noout
	try 'RSA: public' openssl rsa -in rsa.pem -pubout -out rsa.pub
	try 'RSA of three primes' openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_primes:3 -pkeyopt rsa_keygen_bits:3072 -out key.pem
	for pad in pkcs1 oaep; do
		try "$pad" openssl pkeyutl -encrypt -pubin -inkey rsa.pub -in sig -pkeyopt rsa_padding_mode:$pad -out sealed
		try "$pad: back" openssl pkeyutl -decrypt -inkey rsa.pem -in sealed -pkeyopt rsa_padding_mode:$pad -out opened
		try "$pad: the same" cmp sig opened
	done
	try 'RSA-PSS with rules' openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 \
		-pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32 -out pss.pem
	try 'its certificate' openssl req -x509 -key pss.pem -subj /CN=pss -out pss.crt
	try 'is good' openssl verify -CAfile pss.crt pss.crt
	for a in ED25519 X25519 X448 ED448; do
		try $a openssl genpkey -algorithm $a -out $a.pem
		try "$a: text" openssl pkey -in $a.pem -text -noout
	done
	try 'X25519: public' openssl pkey -in X25519.pem -pubout -out X25519.pub
	try 'X25519: derive' openssl pkeyutl -derive -inkey X25519.pem -peerkey X25519.pub -out secret
}

# certificate KIND NEWKEY-OPTION...
certificate() {
	local k=$1
	shift
	try "$k: certificate" openssl req -x509 -nodes -subj /CN=localhost -keyout "$k.key" -out "$k.crt" "$@"
	try "$k: PKCS #12" openssl pkcs12 -export -in "$k.crt" -inkey "$k.key" -passout pass:x -out bag
	try "$k: out of it" openssl pkcs12 -in bag -passin pass:x -nodes -out bag.pem
	[ "$k" != ed ] || return
	try "$k: sign CMS" openssl cms -sign -in openssl.cnf -signer "$k.crt" -inkey "$k.key" -out cms
	try "$k: verify CMS" openssl cms -verify -in cms -CAfile "$k.crt" -purpose any -out opened
	try "$k: encrypt CMS" openssl cms -encrypt -in openssl.cnf -aes256 -out cms "$k.crt"
	try "$k: decrypt CMS" openssl cms -decrypt -in cms -recip "$k.crt" -inkey "$k.key" -out opened
}

# What else comes with the machine
programs() {
	try 'speed' openssl speed -seconds 1 ecdsap256 ed25519
	try 'python' python3 -c 'import ssl, hashlib; ssl.create_default_context(); hashlib.sha256(b"x").digest()'
	try 'python cryptography' python3 -c 'try:
	from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
	from cryptography.hazmat.primitives import hashes
	k = ec.generate_private_key(ec.SECP256R1())
	k.public_key().verify(k.sign(b"x", ec.ECDSA(hashes.SHA256())), b"x", ec.ECDSA(hashes.SHA256()))
	rsa.generate_private_key(65537, 2048)
	a, b = x25519.X25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()
	assert a.exchange(b.public_key()) == b.exchange(a.public_key())
except ImportError:
	pass'
}

for order in 'se05x default' 'default se05x'; do
	mkdir -p "$tmp/$order" && cd "$tmp/$order" || exit 1
	# shellcheck disable=SC2086 # two words
	conf $order > openssl.cnf
	export OPENSSL_CONF=$PWD/openssl.cnf
	try 'both are there' sh -c 'openssl list -providers | grep -c active | grep -x 2'
	keys
	certificate ec -newkey ec -pkeyopt ec_paramgen_curve:P-256
	certificate rsa -newkey rsa:2048
	certificate ed -newkey ed25519
	programs
done

echo "1..$n"
exit $failed
