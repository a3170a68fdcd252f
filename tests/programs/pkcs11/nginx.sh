# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For parts with nginx: it has the keys ec at port 8443 and rsa at 8444, with the
# certificates ec.pem and rsa.pem, and knows clients by ca.pem.
# shellcheck disable=SC2154,SC2034 # from common.sh, and for it

# Who is not root may not open this chip: workers use the file that they got from the master
# process, which no PIN goes with. key_of LABEL says what nginx takes for a key.
start_nginx() {	# [LINE-OF-ITS-CONFIGURATION]
	local key
	cat > nginx.conf <<-EOC
		daemon off;
		master_process on;
		worker_processes 2;
		user $([ "$variant" = se05x ] && echo www-data || echo root);
		pid $tmp/nginx.pid;
		error_log $tmp/error.log;
		env SE05X_DEVICE;
		env SE05X_PKCS11_CONF;
		env SOFTHSM2_CONF;
		env OPENSSL_CONF;
		${1:-}
		events {}
		http {
			access_log off;
			ssl_verify_client optional;
			ssl_client_certificate $tmp/ca.pem;
			ssl_session_cache off;
			ssl_session_tickets off;
	EOC
	for key in ec:8443 rsa:8444; do
		cat >> nginx.conf <<-EOC
			server {
				listen 127.0.0.1:${key#*:} ssl;
				ssl_protocols TLSv1.2 TLSv1.3;
				ssl_certificate $tmp/${key%:*}.pem;
				ssl_certificate_key "$(key_of "${key%:*}")";
				location / { return 200 "\$ssl_protocol \$ssl_client_verify\n"; }
			}
		EOC
	done
	echo "}" >> nginx.conf
	ok "nginx: its configuration" nginx -t -c "$tmp/nginx.conf"
	nginx -c "$tmp/nginx.conf" 2> nginx.err &
	begun+=($!)
	until_ port 8444 || cat nginx.err
}

# get PORT CURL-OPTION...: what nginx answers
get() {
	local port=$1
	shift
	curl -sS -m 60 --cacert ca.pem "$@" "https://localhost:$port/" ||
		{ tail -n 5 error.log; return 1; }
}
