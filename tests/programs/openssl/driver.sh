#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM of driver.sh: nginx with two workers as www-data and mosquitto as its own user, who
# may not open /dev/se05x
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls; numbers
driver=yes
. "$(dirname "$0")/common.sh"

serves() {	# PORT: eight handshakes at once, of both versions
	local i jobs=() bad=0
	for i in 1 2 3 4 5 6 7 8; do
		plain s_client -connect "localhost:$1" "-tls1_$((2 + i % 2))" -CAfile ca.pem \
			-servername localhost -verify_return_error -brief < /dev/null > hello.$i 2>&1 &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i" || bad=$((bad + 1)); done
	cat hello.*
	[ $bad = 0 ]
}

workers() { pgrep -P "$(cat nginx.pid)"; }
renewed() { [ "$(workers | wc -l)" = 2 ] && ! workers | grep -qxF "$before"; }
asleep() { [ "$(cat /sys/class/se05x/se05x0/state)" = asleep ]; }

ok "they may not open the chip" fails su -s /bin/sh www-data -c ': < /dev/se05x'
for k in ec rsa; do
	cat > nginx.conf <<-EOC
		daemon off;
		user www-data;
		worker_processes 2;
		pid $tmp/nginx.pid;
		error_log $tmp/nginx.error info;
		env OPENSSL_CONF;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $tmp;
			server {
				listen 127.0.0.1:4441 ssl;
				ssl_protocols TLSv1.2 TLSv1.3;
				ssl_certificate $tmp/$k.pem;
				ssl_certificate_key $tmp/$k.key;
				root $tmp;
			}
		}
	EOC
	ok "nginx, $k" serve nginx 4441 nginx -c "$tmp/nginx.conf"
	ok "keys that nobody uses keep no chip awake" until_ asleep
	ok "its workers sign" serves 4441
	sleep 6	# longer than a file stays that nobody uses
	before=$(workers)
	ok "workers that died are started anew" eval 'kill -9 $before && until_ renewed'
	ok "they sign" serves 4441
	ok "a reload" nginx -c "$tmp/nginx.conf" -s reload
	ok "they sign" serves 4441
	stop 4441
	cat > mosquitto.conf <<-EOC
		user mosquitto
		listener 8883 127.0.0.1
		allow_anonymous true
		cafile $tmp/ca.pem
		certfile $tmp/$k.pem
		keyfile $tmp/$k.key
	EOC
	# it gives up its rights before it looks at a key
	chmod 644 $k.key $k.pem
	chgrp mosquitto /dev/se05x
	chmod 660 /dev/se05x
	ok "mosquitto, $k" serve mosquitto 8883 mosquitto -c mosquitto.conf
	ok "it signs" serves 8883
	ok "a client with a key in the chip, too" mosquitto_pub -h localhost -p 8883 --cafile ca.pem \
		--cert $k.pem --key $k.key -t door -m open
	stop 8883
done
chmod 600 /dev/se05x
for k in ec rsa; do
	cat $k.pem $k.key > $k.both
	cat > haproxy.cfg <<-EOC
		global
			chroot /var/lib/haproxy
			user haproxy
			group haproxy
		defaults
			mode http
			timeout connect 60s
			timeout client 60s
			timeout server 60s
		frontend f
			bind 127.0.0.1:4443 ssl crt $tmp/$k.both
			http-request return status 200 content-type text/plain string hello
	EOC
	ok "haproxy in its chroot, $k" serve haproxy 4443 haproxy -db -f haproxy.cfg
	ok "it signs" serves 4443
	sleep 7	# longer than a file stays open that nobody uses
	ok "also after some idle seconds" serves 4443
	stop 4443
done
ok "no rule of the wire was broken" eval '[ "$(head -n 1 /sys/kernel/debug/se05x-sim/violations)" = 0 ]'
plan
