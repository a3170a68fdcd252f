#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# OpenVPN by pkcs11-helper, and wpa_supplicant by libengine-pkcs11-openssl: EAP-TLS over
# a cable to hostapd
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

certified ec EC:secp256r1 01
certified rsa rsa:2048 02
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout server.key \
	-out server.csr 2> /dev/null
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem 2> /dev/null

# ---- OpenVPN: without a network device, as far as the connection ----

serial() {	# LABEL: the name that pkcs11-helper gives to its certificate
	openvpn --show-pkcs11-ids "$module" | awk -v want="CN=$1" '
		/DN:/ { there = index($0, want) } /Serialized id:/ && there { print $3; exit }'
}
ok "openvpn --show-pkcs11-ids" openvpn --show-pkcs11-ids "$module"
vpn() {	# LABEL PORT
	openvpn --dev null --local 127.0.0.1 --port $2 --tls-server --ca ca.pem --cert server.pem \
		--key server.key --dh none --verb 3 > server.$1.log 2>&1 &
	local server=$! pid status=0
	until_ grep -q 'UDPv4 link local' server.$1.log
	openvpn --dev null --remote 127.0.0.1 $2 udp --nobind --tls-client --ca ca.pem --pkcs11-providers "$module" \
		--pkcs11-id "$(serial "$1")" --verb 3 > vpn.$1.log 2>&1 &
	pid=$!
	until_ grep -q 'Initialization Sequence Completed' vpn.$1.log || status=1
	kill $pid $server
	wait $pid $server
	cat vpn.$1.log server.$1.log
	return $status
}
# a PIN it takes from a terminal only
if [ $variant = se05x ]; then
	for label in ec:1194 rsa:1195; do
		ok "openvpn, ${label%:*}" vpn ${label%:*} ${label#*:}
		ok "the server knows it" said "VERIFY OK.*CN=${label%:*}"
	done
fi

# ---- wpa_supplicant ----

ip link show cable > /dev/null 2>&1 || ip link add cable type veth peer name port
ip link set cable up
ip link set port up
cat > hostapd.conf <<EOC
interface=port
driver=wired
ieee8021x=1
eap_server=1
eap_user_file=$tmp/eap_users
ca_cert=$tmp/ca.pem
server_cert=$tmp/server.pem
private_key=$tmp/server.key
EOC
echo '* TLS' > eap_users
hostapd hostapd.conf > hostapd.log 2>&1 &
begun+=($!)
until_ grep -q AP-ENABLED hostapd.log
supplicant() {	# LABEL
	cat > wpa.conf <<-EOC
		ctrl_interface=$tmp/wpa
		ap_scan=0
		pkcs11_engine_path=/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so
		pkcs11_module_path=$module
		network={
			key_mgmt=IEEE8021X
			eap=TLS
			identity="$1"
			ca_cert="$tmp/ca.pem"
			client_cert="$tmp/$1.pem"
			engine=1
			engine_id="pkcs11"
			key_id="pkcs11:object=$1;type=private"
			pin="$PIN"
		}
	EOC
	wpa_supplicant -D wired -i cable -c wpa.conf > wpa.$1.log 2>&1 &
	local pid=$! status=0
	until_ grep -q CTRL-EVENT-CONNECTED wpa.$1.log || status=1
	kill $pid
	wait $pid
	cat wpa.$1.log
	return $status
}
for label in ec rsa; do
	ok "wpa_supplicant, $label" supplicant $label
done
plan
