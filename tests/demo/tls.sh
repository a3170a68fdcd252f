#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A transcript on /dev/se05x: from a chip without a key to mutual TLS, by openssl, curl and
# nginx, with a device certificate whose private key was made in the chip and never left it.
# What it made in the chip it deletes; docs/device-certificate.md and docs/openssl.md explain
# each step.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/build/host/tools:$PATH:$top/build/nginx/usr/sbin
export OPENSSL_MODULES=$top/build/host/lib/ossl-modules
key=0x01010111
cert=0x01010112
tmp=$(mktemp -d)
cd "$tmp"
# shellcheck source-path=SCRIPTDIR
. "$top/tests/demo/show.sh"
server=
nginx=

tidy() {
	for pid in $server $nginx; do kill "$pid" 2> /dev/null || true; done
	for id in $key $cert; do
		! se05x-tool -q show "$id" > /dev/null 2>&1 || se05x-tool -q -y delete "$id"
	done
	rm -rf "$tmp"
}

for id in $key $cert; do
	if se05x-tool -q show "$id" > /dev/null 2>&1; then
		echo "demo: there is an object $id in this chip: it is left alone, and the demo ends" >&2
		exit 1
	fi
done
trap tidy EXIT

title "The factory's CA, on another machine (here: in a file)"
show openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
	-subj '/CN=Factory CA' -keyout ca.key -out ca.pem

title "The device makes its key in the chip: nobody ever sees the private half"
show se05x-tool --policy=any:sign,read,delete keygen $key p256
show se05x-tool show $key

title "The chip signs the request for a certificate"
show openssl req -new -provider default -provider se05x -key se05x:$key \
	-subj '/CN=device-0001' -out device.csr

title "The CA checks it, and issues the certificate"
show openssl req -in device.csr -verify -noout -subject
show openssl x509 -req -in device.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
	-out device.pem

title "The chip keeps the certificate too"
show se05x-tool cert put $cert device.pem
show se05x-tool list

title "A server that wants to see a certificate of that CA"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=server.test' \
	-keyout server.key -out server.csr 2> /dev/null
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
	-out server.pem 2> /dev/null
echo '$ openssl s_server -cert server.pem -key server.key -CAfile ca.pem -Verify 1 ... &'
openssl s_server -unix "$tmp/server" -cert server.pem -key server.key -CAfile ca.pem -Verify 1 \
	-verify_return_error -www > server.log 2>&1 &
server=$!
for _ in $(seq 300); do
	[ ! -S "$tmp/server" ] || break
	sleep 0.1
done

# connect OPTION...: ask the server for its page, and tell what became of it
connect() {
	local ok=0
	echo "\$ openssl s_client $* -verify_return_error"
	printf 'GET / HTTP/1.0\r\n\r\n' |
		timeout 120 openssl s_client -unix "$tmp/server" -CAfile ca.pem -ign_eof \
			-verify_return_error -servername server.test "$@" > client.log 2>&1 || ok=1
	if [ $ok = 0 ]; then
		grep -m 2 -E '^(New, |Verification)' client.log
	else
		grep -E 'alert|se05x:' client.log
	fi
	return $ok
}

seen=0
chip="-provider default -provider se05x -cert se05x:$cert -key se05x:$key"
for version in -tls1_3 -tls1_2; do
	title "The device connects (${version#-}): certificate and key are the chip's"
	# shellcheck disable=SC2086 # words
	connect $version $chip
	grep -q 'HTTP/1.0 200 ok' client.log
	seen=$((seen + 1))
	[ "$(grep -c '^depth=0 CN = device-0001' server.log)" = $seen ]
	echo "the server says: client verified, CN = device-0001"
done

title "curl wants a file, device.key: this one names the key, and has no secret in it"
show se05x-tool refpem $key
cp out device.key
sed "s|^module.*|module = $OPENSSL_MODULES/se05x.so|" "$top/build/host/lib/openssl-se05x.cnf" > openssl.cnf
# shellcheck disable=SC2016 # to be read
echo '$ export OPENSSL_CONF=openssl.cnf	# names the provider'
get=(curl -sS --fail --unix-socket server --cacert ca.pem --cert device.pem)
OPENSSL_CONF=openssl.cnf show "${get[@]}" --key device.key -o page https://server.test/
grep -q 's_server' page
[ "$(grep -c '^depth=0 CN = device-0001' server.log)" = $((seen + 1)) ]
echo "the server says: client verified, CN = device-0001"

title "nginx serves with that key, and its worker is nobody to the chip"
if command -v nginx > /dev/null; then
	cat > nginx.conf <<- EOC
		daemon off;
		user nobody nogroup;
		pid $tmp/nginx.pid;
		error_log $tmp/nginx.log;
		events { }
		http {
			access_log off;
			client_body_temp_path $tmp;
			proxy_temp_path $tmp;
			fastcgi_temp_path $tmp;
			uwsgi_temp_path $tmp;
			scgi_temp_path $tmp;
			server {
				listen unix:$tmp/nginx ssl;
				ssl_certificate $tmp/device.pem;
				ssl_certificate_key $tmp/device.key;
				return 200 "hello from nginx\n";
			}
		}
	EOC
	show grep ssl_certificate nginx.conf
	echo '$ nginx -c nginx.conf &'
	OPENSSL_CONF=openssl.cnf nginx -c "$tmp/nginx.conf" 2> nginx.err &
	nginx=$!
	for _ in $(seq 300); do
		[ ! -S nginx ] || break
		sleep 0.1
	done
	show curl -sS --fail --unix-socket nginx --cacert ca.pem https://device-0001/
	grep -q 'hello from nginx' out
else
	echo "(no nginx here)"
fi

title "Without the chip nobody gets in"
! connect -tls1_2 || { echo "demo: the server let a stranger in" >&2; exit 1; }

title "Nothing stays behind"
show se05x-tool -y delete $key $cert
echo
echo "Mutual TLS with a key that never left the chip: done"
