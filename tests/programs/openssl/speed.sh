#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How many handshakes a second nginx makes with keys in a chip that takes its time, beside how
# many signatures that chip makes, and beside keys in files: rows for docs/speed.md
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2046,SC2086,SC2317 # what ok evaluates and calls; numbers
. "$(dirname "$0")/common.sh"

seconds=${SECONDS_EACH:-10}

# the keys are there: from now on it is as slow as a chip
kill "$sim"
wait "$sim" 2> /dev/null
rm -f "$tmp/chip"
chip --chip="${CHIP:-SE051}" --speed=1

soft() {	# NAME OPTION...: the same with a key in a file
	plain req -new -nodes -newkey "${@:2}" -subj /CN=localhost -keyout "soft-$1.key" \
		-out "soft-$1.csr" 2> /dev/null &&
		plain x509 -req -in "soft-$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
			-extfile names -out "soft-$1.pem" 2> /dev/null
}

# What the chip can do at most: the mean of signatures one after the other, by libse05x-iot
signature_ms() {	# ec|rsa
	python3 - "$1" <<-'EOP'
		import ctypes, sys, time
		libs = '/se05x/build/host/lib/libse05x'
		se05x, iot = ctypes.CDLL(libs + '.so.1'), ctypes.CDLL(libs + '-iot.so.1')
		se, chip, call = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.create_string_buffer(256)
		assert se05x.se05x_open(None, ctypes.byref(se)) == 0
		assert iot.se05x_iot_open(se, None, ctypes.c_size_t(0), ctypes.byref(chip), call) == 0
		out = ctypes.create_string_buffer(512)
		def sign():
		    n = ctypes.c_size_t(512)
		    if sys.argv[1] == 'ec':		# SHA-256
		        return iot.se05x_iot_ecdsa_sign(chip, 0x01010101, 2, bytes(32), out, ctypes.byref(n), call)
		    return iot.se05x_iot_rsa_decrypt(chip, 0x01010102, 0, 0, bytes(256), ctypes.c_size_t(256),
		                                     out, ctypes.byref(n), call)	# no padding
		sign()
		begun = time.monotonic()
		for _ in range(20):
		    assert sign() == 0
		print('%.1f' % ((time.monotonic() - begun) * 50))
	EOP
}

# Ticks of the processor, of nginx and its workers
ticks() { cat /proc/$server/stat $(printf '/proc/%s/stat ' $(pgrep -P "$server")) |
	awk '{ sum += $14 + $15 } END { print sum }'; }

# Handshakes a second of so many clients, and milliseconds of nginx's processor time for each
shakes() {	# PORT VERSION CLIENTS
	local i jobs=() before made begun_at=${EPOCHREALTIME/./}
	before=$(ticks)
	for ((i = 0; i < $3; i++)); do
		plain s_time -connect "localhost:$1" -new -time "$seconds" "-tls1_$2" > "time.$i" 2>&1 &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	made=$(cat time.* | awk '/real seconds/ { sum += $1 } END { print sum + 0 }')
	rm -f time.*
	awk -v n="$made" -v us="$((${EPOCHREALTIME/./} - begun_at))" -v t="$(($(ticks) - before))" -v hz="$(getconf CLK_TCK)" \
		'BEGIN { printf "%.1f %.2f\n", n * 1000000 / us, n ? 1000 * t / hz / n : 0; exit !n }'
}

port_of() { case $1 in ec) echo 4441 ;; rsa) echo 4442 ;; soft-ec) echo 4443 ;; soft-rsa) echo 4444 ;; esac; }

soft ec ec -pkeyopt ec_paramgen_curve:P-256 && soft rsa rsa:2048
{
	cat <<-EOC
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
			ssl_session_cache off;
			ssl_session_tickets off;
	EOC
	for k in ec rsa soft-ec soft-rsa; do
		echo "server { listen 127.0.0.1:$(port_of $k) ssl; ssl_certificate $tmp/$k.pem;"
		echo "ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate_key $tmp/$k.key; root $tmp; }"
	done
	echo "}"
} > nginx.conf
ok "nginx" serve nginx 4441 nginx -c "$tmp/nginx.conf"
for k in ec rsa; do
	ok "$k: the chip's signatures" signature_ms $k
	ms=$(cat said)
	echo "# $k: a signature takes the chip $ms ms: at most $(awk "BEGIN { printf \"%.1f\", 1000 / $ms }")/s"
	for version in 2 3; do
		for clients in 1 4 16; do
			ok "$k, TLS 1.$version, $clients clients" shakes "$(port_of $k)" $version $clients
			read -r rate cpu < said
			ok "the same, key in a file" shakes "$(port_of soft-$k)" $version $clients
			read -r soft_rate soft_cpu < said
			echo "# | $k | 1.$version | $clients | $rate |" \
				"$(awk "BEGIN { printf \"%.0f\", $rate * $ms / 10 }") % | $cpu | $soft_rate | $soft_cpu |"
		done
	done
done
ok "nginx complains of nothing" eval '! grep -q se05x nginx.error'
stop 4441
plan
