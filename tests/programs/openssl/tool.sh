#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# openssl's own commands
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls; numbers
. "$(dirname "$0")/common.sh"

head -c 2000 /dev/urandom > message
for k in ec rsa ed; do
	ok "$k: pkey -pubout" openssl pkey -in $k.key -pubout -out $k.pub
	ok "$k: req" eval "openssl req -in $k.csr -verify -noout"
	ok "$k: the certificate" plain verify -CAfile ca.pem $k.pem
	ok "$k: a CA of its own" openssl req -x509 -key $k.key -subj "/CN=CA $k" -addext basicConstraints=critical,CA:TRUE -days 30 -out $k.ca.pem
	ok "$k: it issues" openssl x509 -req -in ec.csr -CA $k.ca.pem -CAkey $k.key -CAcreateserial -days 30 -out other.pem
	ok "$k: what is good" plain verify -CAfile $k.ca.pem other.pem
	ok "$k: s_server" serve $k 4433 openssl s_server -accept 4433 -cert $k.pem -key $k.key -quiet
	ok "$k: handshakes" both 4433
	stop 4433
	ok "$k: s_client with it" eval 'serve '$k' 4434 openssl s_server -accept 4434 -cert ec.pem -key ec.key \
		-CAfile ca.pem -Verify 1 -verify_return_error -quiet &&
		openssl s_client -connect localhost:4434 -CAfile ca.pem -verify_return_error -brief -cert '$k'.pem \
		-key '$k'.key < /dev/null'
	stop 4434
done
for k in ec rsa; do
	ok "$k: dgst" eval "openssl dgst -sha256 -sign $k.key -out sig message && plain dgst -sha256 -verify $k.pub -signature sig message"
	ok "$k: cms -sign" eval "openssl cms -sign -binary -nodetach -signer $k.pem -inkey $k.key -in message \
		-out signed && plain cms -verify -binary -CAfile ca.pem -purpose any -in signed -out back && cmp back message"
	ok "$k: cms -encrypt and -decrypt" eval "plain cms -encrypt -binary -aes256 -in message -out sealed $k.pem &&
		openssl cms -decrypt -binary -inkey $k.key -recip $k.pem -in sealed -out back && cmp back message"
done
ok "rsa: PSS" eval 'openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sign rsa.key -out sig message &&
	plain dgst -sha256 -sigopt rsa_padding_mode:pss -verify rsa.pub -signature sig message'
ok "rsa: pkeyutl -decrypt, OAEP" eval 'echo secret | plain pkeyutl -encrypt -pubin -inkey rsa.pub -pkeyopt rsa_padding_mode:oaep \
	-out sealed && [ "$(openssl pkeyutl -decrypt -inkey rsa.key -pkeyopt rsa_padding_mode:oaep -in sealed)" = secret ]'
ok "ec: pkeyutl -derive" eval 'plain genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.key &&
	plain pkey -in peer.key -pubout -out peer.pub && openssl pkeyutl -derive -inkey ec.key -peerkey peer.pub -out a &&
	plain pkeyutl -derive -inkey peer.key -peerkey ec.pub -out b && cmp a b'
ok "ed: pkeyutl -sign" eval 'head -c 700 message > short && openssl pkeyutl -sign -rawin -inkey ed.key -in short -out sig &&
	plain pkeyutl -verify -rawin -pubin -inkey ed.pub -in short -sigfile sig'
ok "what is too long for Ed25519 is told" eval '! openssl pkeyutl -sign -rawin -inkey ed.key -in message -out sig > err 2>&1 &&
	cat err && grep -q "more than fits" err'

# ---- a CA, and time stamps ----

cat > ca.cnf <<EOC
openssl_conf = init
[init]
providers = providers
[providers]
se05x = on
default = on
[on]
activate = 1
[ca]
default_ca = door
[door]
dir = .
database = index
serial = serial
new_certs_dir = .
certificate = rsa.ca.pem
private_key = rsa.key
default_md = sha256
default_days = 30
policy = any
[any]
commonName = supplied
[tsa]
default_tsa = stamps
[stamps]
serial = serial
signer_cert = stamp.pem
signer_key = ec.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
certs = ca.pem
EOC
: > index
echo 01 > serial
ok "ca" eval 'OPENSSL_CONF=ca.cnf openssl ca -batch -in ec.csr -out issued.pem && plain verify -CAfile rsa.ca.pem issued.pem'
ok "ts" eval 'echo extendedKeyUsage=critical,timeStamping > stamping &&
	plain x509 -req -in ec.csr -CA ca.pem -CAkey ca.key -extfile stamping -days 30 -out stamp.pem &&
	plain ts -query -data message -sha256 -cert -out query &&
	OPENSSL_CONF=ca.cnf openssl ts -reply -queryfile query -out reply &&
	plain ts -verify -queryfile query -in reply -CAfile ca.pem'

# ---- keys of the host, with the provider first ----

ok "a key of the host, and its certificate" eval 'openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=soft -keyout soft.key -out soft.pem &&
	openssl verify -CAfile soft.pem soft.pem'
ok "PKCS#12, also an old one" eval 'openssl pkcs12 -export -in soft.pem -inkey soft.key -passout pass:x -out a.p12 &&
	openssl pkcs12 -in a.p12 -passin pass:x -nodes -out /dev/null &&
	openssl pkcs12 -export -legacy -provider legacy -in soft.pem -inkey soft.key -passout pass:x -out b.p12'
ok "without the chip they work" eval 'SE05X_DEVICE=unix:nowhere openssl dgst -sha256 -sign soft.key -out sig message'
ok "and the chip's say why not" eval '! SE05X_DEVICE=unix:nowhere openssl dgst -sha256 -sign ec.key -out sig message 2> err &&
	cat err && grep -qi "no such device\|0x01010101" err'
plan
