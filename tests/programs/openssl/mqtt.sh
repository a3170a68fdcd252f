#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# mosquitto and its clients: mutual TLS, with both keys in the chip
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls; numbers
. "$(dirname "$0")/common.sh"

for k in ec rsa; do
	cat > mosquitto.conf <<-EOC
		user root
		listener 8883 127.0.0.1
		cafile $tmp/ca.pem
		certfile $tmp/$k.pem
		keyfile $tmp/$k.key
		require_certificate true
		use_identity_as_username true
	EOC
	ok "broker, $k" serve mosquitto 8883 mosquitto -c mosquitto.conf
	for client in ec rsa; do
		for version in tlsv1.2 tlsv1.3; do
			ok "$client, $version: a message there and back" eval '
				mosquitto_sub -h localhost -p 8883 --cafile ca.pem --cert $client.pem --key $client.key \
					--tls-version $version -t door -C 1 -W 60 > got &
				sub=$!
				until_ sh -c "mosquitto_pub -h localhost -p 8883 --cafile ca.pem --cert $client.pem \
					--key $client.key --tls-version $version -r -t door -m opened" && wait $sub && grep opened got'
		done
	done
	ok "a client without a key is refused" fails mosquitto_pub -h localhost -p 8883 --cafile ca.pem -t door -m no
	stop 8883
done
plan
