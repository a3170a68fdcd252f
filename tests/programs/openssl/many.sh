#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A thousand handshakes by eight workers, while another program makes RSA keys and a third
# resets the chip: none with a wrong signature, and what fails says why
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls; numbers
. "$(dirname "$0")/common.sh"

handshakes=${HANDSHAKES:-1000}
cat > server.py <<'EOP'
import os, socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('ec.pem', 'ec.key')
listener = socket.create_server(('127.0.0.1', 4460), backlog=64)
for _ in range(7):
    if os.fork() == 0:
        break
while True:
    peer, _ = listener.accept()
    try:
        peer.settimeout(120)
        with context.wrap_socket(peer, server_side=True) as tls:
            tls.sendall(b'x')
    except ssl.SSLError as e:
        print(e, flush=True)
    except OSError:
        pass
EOP
cat > client.py <<'EOP'
import collections, concurrent.futures, socket, ssl, sys
context = ssl.create_default_context(cafile='ca.pem')
def shake(_):
    try:
        with context.wrap_socket(socket.create_connection(('localhost', 4460), timeout=120),
                                 server_hostname='localhost') as tls:
            return 'good' if tls.recv(1) == b'x' else 'nothing'
    except ssl.SSLCertVerificationError as e:
        return 'WRONG: ' + str(e)
    except ssl.SSLError as e:
        return ('WRONG: ' if 'SIGNATURE' in str(e).upper() else '') + e.reason
    except OSError as e:
        return 'closed'
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    ends = collections.Counter(pool.map(shake, range(int(sys.argv[1]))))
print(dict(ends))
sys.exit(any(e.startswith('WRONG') for e in ends) or ends['good'] < int(sys.argv[1]) * 9 // 10)
EOP

disturbed() {
	(while :; do
		se05x-tool -q keygen 0x01010199 rsa4096 && se05x-tool -q -y delete 0x01010199
	done) > /dev/null 2>&1 &
	local rsa=$!
	(while sleep 1; do se05x-apdu -q reset soft; done) > /dev/null 2>&1 &
	local resets=$!
	python3 client.py "$handshakes"
	local ret=$?
	kill "$rsa" "$resets"
	wait "$rsa" "$resets" 2> /dev/null
	cat server.log
	return $ret
}

ok "a server with eight processes" serve server 4460 python3 server.py
ok "$handshakes handshakes, nothing else" python3 client.py "$handshakes"
ok "$handshakes handshakes, beside RSA keys that are made and resets" disturbed
ok "what failed says why" eval '! grep -v "se05x\|SE05X\|EOF\|eof" server.log | grep -i "error" | grep -q "unspecified\|(null)"'
pkill -f server.py
plan
