#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# stunnel, python, node: servers and clients
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls; numbers
. "$(dirname "$0")/common.sh"

serve back 4450 openssl s_server -accept 4450 -cert ec.pem -key ec.key -quiet
for k in ec rsa ed; do
	cat > stunnel.conf <<-EOC
		foreground = yes
		pid =
		[s]
		accept = 127.0.0.1:4451
		connect = 127.0.0.1:4450
		cert = $tmp/$k.pem
		key = $tmp/$k.key
	EOC
	ok "stunnel, $k" serve stunnel 4451 stunnel stunnel.conf
	ok "TLS 1.2 and 1.3" both 4451
	stop 4451
done

cat > server.py <<'EOP'
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + '.pem', sys.argv[1] + '.key')
listener = socket.create_server(('127.0.0.1', int(sys.argv[2])))
while True:
    peer, _ = listener.accept()
    try:
        with context.wrap_socket(peer, server_side=True) as tls:
            tls.recv(1)
    except (ssl.SSLError, OSError):
        pass
EOP
cat > client.py <<'EOP'
import socket, ssl, sys
context = ssl.create_default_context(cafile='ca.pem')
context.load_cert_chain(sys.argv[1] + '.pem', sys.argv[1] + '.key')
with context.wrap_socket(socket.create_connection(('localhost', int(sys.argv[2]))),
                         server_hostname='localhost') as tls:
    tls.sendall(b'x')
    print(tls.version())
EOP
for k in ec rsa ed; do
	ok "python, $k" serve python 4452 python3 server.py $k 4452
	ok "TLS 1.2 and 1.3" both 4452
	ok "python as client" python3 client.py $k 4452
	stop 4452
done

cat > server.js <<'EOP'
const tls = require('tls'), fs = require('fs'), [, , key, port] = process.argv;
tls.createServer({ key: fs.readFileSync(key + '.key'), cert: fs.readFileSync(key + '.pem') },
	s => s.on('error', () => 0)).listen(port, '127.0.0.1');
EOP
# node has a configuration of its own unless it is told otherwise
for k in ec rsa; do
	ok "node, $k" serve node 4453 node --openssl-shared-config server.js $k 4453
	ok "TLS 1.2 and 1.3" both 4453
	stop 4453
done
plan
