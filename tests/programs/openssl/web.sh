#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nginx, apache, haproxy; curl as client and against each of them
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls; numbers
. "$(dirname "$0")/common.sh"

echo hello > index.html
get() {	# PORT [OPTION...]
	[ "$(curl -sS --fail --cacert ca.pem "https://localhost:$1/index.html" "${@:2}")" = hello ]
}

# ---- nginx: two workers, and a reload under load ----

nginx_conf() {	# KEY
	cat > nginx.conf <<-EOC
		daemon off;
		user root;
		worker_processes 2;
		pid $tmp/nginx.pid;
		error_log $tmp/nginx.error info;
		env OPENSSL_CONF;
		env SE05X_DEVICE;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $tmp;
			server {
				listen 127.0.0.1:4441 ssl;
				ssl_protocols TLSv1.2 TLSv1.3;
				ssl_certificate $tmp/$1.pem;
				ssl_certificate_key $tmp/$1.key;
				ssl_client_certificate $tmp/ca.pem;
				ssl_verify_client optional;
				root $tmp;
			}
		}
	EOC
}

under_load() {	# a reload while handshakes go on: none may fail
	local i jobs=() bad=0
	for i in 1 2 3 4; do
		(for _ in $(seq 10); do get 4441 > /dev/null || exit 1; done) & jobs+=($!)
	done
	for i in 1 2 3; do sleep 0.3; nginx -c "$tmp/nginx.conf" -s reload 2> /dev/null; done
	for i in "${jobs[@]}"; do wait "$i" || bad=$((bad + 1)); done
	[ $bad = 0 ]
}

for k in ec rsa ed; do
	nginx_conf $k
	ok "nginx, $k" serve nginx 4441 nginx -c "$tmp/nginx.conf"
	ok "TLS 1.2 and 1.3" both 4441
	if [ $k != ed ]; then
		ok "curl" get 4441
		ok "reloads under load" under_load
	fi
	stop 4441
done
nginx_conf ec
ok "nginx once more, for curl's own key" serve nginx 4441 nginx -c "$tmp/nginx.conf"
for k in ec rsa; do
	ok "curl --key $k.key" get 4441 --cert $k.pem --key $k.key
done
stop 4441
nginx_conf ec
sed -i 's/ec.key/gone.key/' nginx.conf
sed 's/^M/N/' ec.key > gone.key
ok "a file that is damaged: nginx does not start, and says why" eval \
	'! nginx -c $tmp/nginx.conf -t 2> err && cat err && grep -q gone.key err'

# ---- apache ----

for k in ec rsa; do
	cat > apache.conf <<-EOC
		ServerRoot $tmp
		ServerName localhost
		PidFile $tmp/apache.pid
		ErrorLog $tmp/apache.error
		LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
		LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
		LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
		StartServers 2
		User root
		Listen 127.0.0.1:4442
		DocumentRoot $tmp
		SSLEngine on
		SSLCertificateFile $tmp/$k.pem
		SSLCertificateKeyFile $tmp/$k.key
	EOC
	sed -i 's/^User root/User www-data/' apache.conf
	chmod 711 "$tmp"
	chmod 666 "$tmp/chip"
	ok "apache, $k" serve apache 4442 apache2 -X -f "$tmp/apache.conf"
	ok "TLS 1.2 and 1.3" both 4442
	stop 4442
done

# ---- haproxy ----

for k in ec rsa; do
	cat $k.pem $k.key > $k.both
	cat > haproxy.cfg <<-EOC
		defaults
			mode http
			timeout connect 5s
			timeout client 5s
			timeout server 5s
		frontend f
			bind 127.0.0.1:4443 ssl crt $tmp/$k.both
			http-request return status 200 content-type text/plain string hello
	EOC
	ok "haproxy, $k" serve haproxy 4443 haproxy -db -f haproxy.cfg
	ok "TLS 1.2 and 1.3" both 4443
	ok "curl" get 4443
	stop 4443
done
plan
