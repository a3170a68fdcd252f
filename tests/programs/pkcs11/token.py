# SPDX-License-Identifier: GPL-2.0-only
"""PyKCS11 on the first token of a module: token.py MODULE STEP, with the PIN in $PIN."""

import hashlib
import hmac
import os
import subprocess
import sys
import threading

from PyKCS11 import *  # noqa: F403 pylint: disable=wildcard-import,unused-wildcard-import

P256 = bytes.fromhex("06082a8648ce3d030107")
MESSAGE = open("message", "rb").read()

softhsm = "softhsm" in sys.argv[1]
lib = PyKCS11Lib()
lib.load(sys.argv[1])
slot = lib.getSlotList(tokenPresent=True)[0]
session = lib.openSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
session.login(os.environ["PIN"])


def refused(code, function, *args):
    """The call fails with that code."""
    try:
        function(*args)
    except PyKCS11Error as error:
        assert error.value == code, error
    else:
        raise AssertionError(f"{function} succeeded")


def pair(kind, label, token=True):
    """A key pair: EC or the bits of RSA."""
    public = [(CKA_TOKEN, token), (CKA_VERIFY, True), (CKA_LABEL, label)]
    private = [(CKA_TOKEN, token), (CKA_PRIVATE, True), (CKA_SIGN, True), (CKA_LABEL, label),
               (CKA_SENSITIVE, True)]
    if kind == "EC":
        return session.generateKeyPair(public + [(CKA_EC_PARAMS, P256)], private,
                                       mecha=Mechanism(CKM_EC_KEY_PAIR_GEN))
    public += [(CKA_MODULUS_BITS, kind), (CKA_PUBLIC_EXPONENT, (1, 0, 1)), (CKA_ENCRYPT, True)]
    return session.generateKeyPair(public, private + [(CKA_DECRYPT, True)])


def info():
    assert lib.getInfo().cryptokiVersion >= (2, 40)
    token = lib.getTokenInfo(slot)
    print(token)
    assert "CKF_TOKEN_INITIALIZED" in token.flags2text()
    for mechanism in lib.getMechanismList(slot):
        lib.getMechanismInfo(slot, mechanism)
    assert session.getSessionInfo().state2text() == "CKS_RW_USER_FUNCTIONS"


def random():
    assert session.generateRandom(32) != session.generateRandom(32)


def digest():
    for name, mechanism in (("sha1", CKM_SHA_1), ("sha256", CKM_SHA256), ("sha384", CKM_SHA384),
                            ("sha512", CKM_SHA512)):
        value = bytes(session.digest(MESSAGE, Mechanism(mechanism)))
        assert value == hashlib.new(name, MESSAGE).digest()


def rsa():
    public, private = pair(2048, "python-rsa")
    for mechanism in (CKM_SHA256_RSA_PKCS, CKM_SHA512_RSA_PKCS):
        signature = session.sign(private, MESSAGE, Mechanism(mechanism))
        assert session.verify(public, MESSAGE, signature, Mechanism(mechanism))
        assert not session.verify(public, MESSAGE + b"x", signature, Mechanism(mechanism))
    pss = RSA_PSS_Mechanism(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32)
    signature = session.sign(private, MESSAGE, pss)
    assert session.verify(public, MESSAGE, signature, pss)
    oaep = RSAOAEPMechanism(CKM_SHA_1, CKG_MGF1_SHA1)
    for mechanism in (MechanismRSAPKCS1, oaep):
        cipher = session.encrypt(public, b"a secret", mechanism)
        assert bytes(session.decrypt(private, cipher, mechanism)) == b"a secret"
    if not softhsm:     # CKR_GENERAL_ERROR
        refused(CKR_ENCRYPTED_DATA_LEN_RANGE, session.decrypt, private, b"short", MechanismRSAPKCS1)
    session.destroyObject(private)
    session.destroyObject(public)
    assert not session.findObjects([(CKA_LABEL, "python-rsa")])


def ec():
    for token in True, False:
        public, private = pair("EC", "python-ec", token)
        value = hashlib.sha256(MESSAGE).digest()
        signature = session.sign(private, value, Mechanism(CKM_ECDSA))
        assert len(signature) == 64
        assert session.verify(public, value, signature, Mechanism(CKM_ECDSA))
        assert not session.verify(public, hashlib.sha256(b"").digest(), signature,
                                  Mechanism(CKM_ECDSA))
        assert len(session.findObjects([(CKA_LABEL, "python-ec")])) == 2
        session.destroyObject(private)
        session.destroyObject(public)


def x25519():
    """Which pkcs11-tool 0.23 makes, but can't derive with; softhsm2 takes it for Edwards."""
    if softhsm:
        return
    public, private = session.generateKeyPair(
        [(CKA_TOKEN, True), (CKA_EC_PARAMS, bytes.fromhex("06032b656e"))],
        [(CKA_TOKEN, True), (CKA_DERIVE, True)],
        mecha=Mechanism(CKM_EC_MONTGOMERY_KEY_PAIR_GEN))
    point = bytes(session.getAttributeValue(public, [CKA_EC_POINT])[0])[-32:]
    with open("x.der", "wb") as file:
        file.write(bytes.fromhex("302a300506032b656e032100") + point)
    run = lambda *words: subprocess.run(("openssl",) + words, check=True, stdout=subprocess.PIPE).stdout
    run("genpkey", "-algorithm", "X25519", "-out", "peer.key")
    peer = run("pkey", "-in", "peer.key", "-pubout", "-outform", "DER")[-32:]
    secret = session.deriveKey(private, [
        (CKA_CLASS, CKO_SECRET_KEY), (CKA_KEY_TYPE, CKK_GENERIC_SECRET), (CKA_VALUE_LEN, 32),
        (CKA_SENSITIVE, False), (CKA_EXTRACTABLE, True)], ECDH1_DERIVE_Mechanism(peer))
    assert bytes(session.getAttributeValue(secret, [CKA_VALUE])[0]) == run(
        "pkeyutl", "-derive", "-inkey", "peer.key", "-peerform", "DER", "-peerkey", "x.der")
    session.destroyObject(private)


def imports():
    key = os.urandom(32)
    common = [(CKA_CLASS, CKO_SECRET_KEY), (CKA_PRIVATE, True), (CKA_VALUE, key),
              (CKA_TOKEN, True), (CKA_SENSITIVE, True)]
    secret = session.createObject(common + [
        (CKA_KEY_TYPE, CKK_GENERIC_SECRET), (CKA_LABEL, "python-hmac"), (CKA_SIGN, True)])
    value = bytes(session.sign(secret, MESSAGE, Mechanism(CKM_SHA256_HMAC)))
    assert value == hmac.new(key, MESSAGE, "sha256").digest()
    assert session.getAttributeValue(secret, [CKA_VALUE]) == [None]
    session.destroyObject(secret)
    secret = session.createObject(common + [
        (CKA_KEY_TYPE, CKK_AES), (CKA_LABEL, "python-aes"), (CKA_ENCRYPT, True),
        (CKA_DECRYPT, True)])
    for mechanism in (Mechanism(CKM_AES_CBC_PAD, bytes(16)),
                      AES_GCM_Mechanism(bytes(12), b"header", 128)):
        cipher = session.encrypt(secret, MESSAGE, mechanism)
        assert bytes(cipher) != MESSAGE
        assert bytes(session.decrypt(secret, cipher, mechanism)) == MESSAGE
    session.destroyObject(secret)


def attributes():
    public, private = pair("EC", "python-attributes")
    assert session.getAttributeValue(private, [
        CKA_CLASS, CKA_KEY_TYPE, CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, CKA_EXTRACTABLE,
        CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE]) == [
            CKO_PRIVATE_KEY, CKK_EC, True, True, True, False, True, True, True]
    assert bytes(session.getAttributeValue(public, [CKA_EC_PARAMS])[0]) == P256
    point = bytes(session.getAttributeValue(public, [CKA_EC_POINT])[0])
    assert point[:3] == b"\x04\x41\x04" and len(point) == 67
    assert session.getAttributeValue(private, [CKA_VALUE]) == [None]
    session.setAttributeValue(private, [(CKA_LABEL, "renamed"), (CKA_ID, (1, 2, 3))])
    assert session.findObjects([(CKA_ID, (1, 2, 3)), (CKA_CLASS, CKO_PRIVATE_KEY)])
    assert session.getAttributeValue(private, [CKA_LABEL]) == ["renamed"]
    session.destroyObject(private)
    session.destroyObject(public)


def forever():
    """A key that may not be destroyed: CKR_ACTION_PROHIBITED."""
    if softhsm:
        return
    _, private = session.generateKeyPair(
        [(CKA_TOKEN, True), (CKA_EC_PARAMS, P256)],
        [(CKA_TOKEN, True), (CKA_SIGN, True), (CKA_DESTROYABLE, b"\0"), (CKA_LABEL, "forever")],
        mecha=Mechanism(CKM_EC_KEY_PAIR_GEN))
    assert session.getAttributeValue(private, [CKA_DESTROYABLE])[0] in (False, (0,))
    refused(0x1B, session.destroyObject, private)
    session.sign(private, bytes(32), Mechanism(CKM_ECDSA))


def handles():
    public, private = pair("EC", "python-handles")
    session.destroyObject(private)
    refused(CKR_OBJECT_HANDLE_INVALID, session.destroyObject, private)
    session.destroyObject(public)
    session.closeSession()
    refused(CKR_SESSION_HANDLE_INVALID, session.generateRandom, 8)


def sessions():
    _, private = pair("EC", "python-sessions", False)
    others = [lib.openSession(slot) for _ in range(50)]
    for other in others:
        assert len(other.findObjects([(CKA_LABEL, "python-sessions")])) == 2
        assert len(other.generateRandom(8)) == 8
    for other in others:
        other.closeSession()
    session.logout()
    if not softhsm:     # CKR_OK
        refused(CKR_USER_NOT_LOGGED_IN, session.logout)
    session.login(os.environ["PIN"])
    refused(CKR_USER_ALREADY_LOGGED_IN, session.login, os.environ["PIN"])
    del private


def threads():
    public, private = pair("EC", "python-threads")
    bad = []

    def work(number):
        own = lib.openSession(slot)
        for turn in range(10):
            value = hashlib.sha256(b"%d %d" % (number, turn)).digest()
            signature = own.sign(private, value, Mechanism(CKM_ECDSA))
            if not own.verify(public, value, signature, Mechanism(CKM_ECDSA)):
                bad.append(number)
        own.closeSession()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not bad
    session.destroyObject(private)
    session.destroyObject(public)


def fork():
    """The child begins anew, the parent goes on."""
    public, private = pair("EC", "python-fork")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if not softhsm:     # which goes on
                refused(CKR_CRYPTOKI_NOT_INITIALIZED, session.generateRandom, 8)
                lib.lib.C_Initialize()
            own = lib.openSession(slot)
            if not softhsm:     # which goes on
                own.login(os.environ["PIN"])
            key = own.findObjects([(CKA_LABEL, "python-fork"), (CKA_CLASS, CKO_PRIVATE_KEY)])[0]
            own.sign(key, bytes(32), Mechanism(CKM_ECDSA))
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    session.sign(private, bytes(32), Mechanism(CKM_ECDSA))
    session.destroyObject(private)
    session.destroyObject(public)


globals()[sys.argv[2]]()
