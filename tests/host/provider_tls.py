#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
#
# A TLS server and clients with their keys in the chip, in this process and in forked ones:
#
#   provider_tls.py CERTIFICATE-FILE KEY-FILE [PIN-FILE [refused]]
#
# refused: every handshake has to fail, with keys that are loaded again and again
import os
import ssl
import sys

WORKERS = 4
cert, key = sys.argv[1:3]
pin = open(sys.argv[3]).read().strip() if len(sys.argv) > 3 else None


def context(purpose):
    c = ssl.SSLContext(purpose)
    c.load_cert_chain(cert, key, password=pin)
    c.load_verify_locations(cert)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_REQUIRED
    return c


server, client = context(ssl.PROTOCOL_TLS_SERVER), context(ssl.PROTOCOL_TLS_CLIENT)


def handshake(version):
    """Both sides in one thread, over memory"""
    client.maximum_version = version
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(to_client, to_server),
             server.wrap_bio(to_server, to_client, server_side=True)]
    todo = list(sides)
    for _ in range(20):
        for side in list(todo):
            try:
                side.do_handshake()
                todo.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert not todo, "no end of it"
    sides[0].write(b"hello")
    assert sides[1].read(5) == b"hello"
    assert sides[1].getpeercert(True) == sides[0].getpeercert(True)


if sys.argv[4:]:
    for i in range(4):
        if i == 2:
            os.fork()   # both go on
        server, client = context(ssl.PROTOCOL_TLS_SERVER), context(ssl.PROTOCOL_TLS_CLIENT)
        try:
            handshake(ssl.TLSVersion.TLSv1_3)
            sys.exit("it was not refused")
        except ssl.SSLError:
            pass
    sys.exit()
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
for v in VERSIONS:
    handshake(v)
children = []
for _ in range(WORKERS):
    pid = os.fork()
    if not pid:
        for v in VERSIONS * 3:
            handshake(v)
        os._exit(0)
    children.append(pid)
for v in VERSIONS:
    handshake(v)    # meanwhile
failed = [p for p in children if os.waitpid(p, 0)[1]]
sys.exit(f"{len(failed)} workers failed" if failed else 0)
