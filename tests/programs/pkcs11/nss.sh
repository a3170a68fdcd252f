#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# NSS, as in Firefox, Chromium and Thunderbird: modutil, certutil, and TLS by tstclnt
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

echo "$PIN" > pin
db="-d sql:$tmp/db"
mkdir db
head -c 100 /dev/urandom > noise
label=$(p11 -L | sed -n 's/^ *token label *: *//p' | head -n 1)

ok "certutil -N" certutil -N $db --empty-password
ok "modutil -add" modutil -dbdir sql:$tmp/db -force -add chip -libfile "$module"
ok "modutil -list" modutil -dbdir sql:$tmp/db -list chip
ok "has the token" said "$label"
ok "certutil -K, an empty token" eval 'certutil -K $db -h "$label" -f pin; [ $? -le 255 ]'
for key in rsa ec; do
	kind_of="-k rsa -g 2048"
	[ $key = rsa ] || kind_of="-k ec -q nistp256"
	ok "certutil -S, $key" certutil -S $db -h "$label" -f pin -z noise $kind_of -n $key \
		-s "CN=localhost $key" -x -t ,, -8 localhost -m $RANDOM
	ok "certutil -L, $key" certutil -L $db -h "$label" -f pin -n "$label:$key" -a
	cp out $key.pem
	ok "$key: it is a good certificate" openssl verify -CAfile $key.pem $key.pem
done
ok "certutil -K" certutil -K $db -h "$label" -f pin
ok "certutil -R" certutil -R $db -h "$label" -f pin -z noise -k ec -q nistp384 -s CN=request -a -o csr
ok "a good request" openssl req -in csr -verify -noout
# keys that another program made, with a certificate of the same CKA_ID
certified other EC:secp256r1 77
ok "certutil -K, a key of pkcs11-tool" certutil -K $db -h "$label" -f pin
ok "by its certificate" said other
ok "certutil -L has all" certutil -L $db -h all -f pin

# a browser's mutual TLS
cat ca.pem rsa.pem ec.pem > clients.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key \
	-addext subjectAltName=DNS:localhost -out server.pem 2> /dev/null
openssl s_server -accept 127.0.0.1:4433 -cert server.pem -key server.key -CAfile clients.pem -Verify 1 \
	-verify_return_error -www > server.log 2>&1 &
begun+=($!)
until_ port 4433
ok "certutil -A, the server's" certutil -A $db -n server -t CT,C,C -i server.pem
connect() {	# NAME VERSION
	printf 'GET / HTTP/1.0\r\n\r\n' > request
	timeout 60 tstclnt -4 -h localhost -p 4433 $db -n "$label:$1" -W pin -V $2:$2 -Q < request &&
		grep -q "depth=0 CN *= *$3" server.log
}
for version in tls1.2 tls1.3; do
	ok "tstclnt, RSA, $version" connect rsa $version "localhost rsa"
	ok "tstclnt, EC, $version" connect ec $version "localhost ec"
	ok "tstclnt, a key of pkcs11-tool, $version" connect other $version other
done
for key in rsa ec; do
	ok "certutil -D, $key" certutil -D $db -h "$label" -f pin -n "$label:$key"
done
plan
