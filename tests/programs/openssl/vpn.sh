#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# openvpn, both ends; wpa_supplicant and hostapd: EAP-TLS over a cable
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls; numbers
. "$(dirname "$0")/common.sh"

vpn() {	# SERVER CLIENT PORT: without a network device, as far as the connection
	openvpn --dev null --local 127.0.0.1 --port "$3" --tls-server --ca ca.pem --cert "$1.pem" \
		--key "$1.key" --dh none --verb 3 > server.log 2>&1 &
	local there=$! here status=0
	until_ grep -q 'UDPv4 link local' server.log
	openvpn --dev null --remote 127.0.0.1 "$3" udp --nobind --tls-client --ca ca.pem --cert "$2.pem" \
		--key "$2.key" --verb 3 > client.log 2>&1 &
	here=$!
	until_ grep -q 'Initialization Sequence Completed' client.log || status=1
	kill $here $there
	wait $here $there
	cat client.log server.log
	return $status
}
ok "openvpn, both keys in the chip: EC" vpn ec ec 1194
ok "openvpn, RSA" vpn rsa rsa 1195

ip link add cable type veth peer name plug && ip link set cable up && ip link set plug up
echo '* TLS' > eap_users
authenticator() {	# KEY
	cat > hostapd.conf <<-EOC
		interface=plug
		driver=wired
		ieee8021x=1
		eap_server=1
		eap_user_file=$tmp/eap_users
		ca_cert=$tmp/ca.pem
		server_cert=$tmp/$1.pem
		private_key=$tmp/$1.key
	EOC
	hostapd hostapd.conf > hostapd.log 2>&1 &
	begun+=($!)
	until_ grep -q AP-ENABLED hostapd.log
}
supplicant() {	# KEY
	cat > wpa.conf <<-EOC
		ap_scan=0
		network={
			key_mgmt=IEEE8021X
			eap=TLS
			eapol_flags=0
			identity="door"
			ca_cert="$tmp/ca.pem"
			client_cert="$tmp/$1.pem"
			private_key="$tmp/$1.key"
		}
	EOC
	wpa_supplicant -D wired -i cable -c wpa.conf > wpa.log 2>&1 &
	local pid=$! status=0
	until_ grep -q 'CTRL-EVENT-EAP-SUCCESS' wpa.log || status=1
	kill $pid
	wait $pid
	cat wpa.log hostapd.log
	return $status
}
ok "hostapd" authenticator ec
ok "wpa_supplicant, EC" supplicant ec
ok "wpa_supplicant, RSA" supplicant rsa
plan
