"""What nobody may sign is refused on both sides, by the camera's reader and by the independent verifier, and each names the field."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import OCSPNoCheck

from firmware.evidence import documents, kinds
from firmware.evidence.certs import Trust
from firmware.evidence.errors import EvidenceError
from tests import samples
from tests.evidence_maker.jose import b64, canonical
from tests.evidence_maker.pki import Authority, Identity, issue, key_of
from tools.verify import certs as desk_certs
from tools.verify import second
from tools.verify.findings import Refused
from tools.verify.signed import verify_chained
from tools.verify.timestamp import load_tsa_roots

ANCHOR = "lapel.anchor.1"
PAYLOAD = samples.anchor(device="cam-0042")
OURS = Authority()
DOCK = OURS.dock
PUBLIC = DOCK.key.public_key()


def signed(
    *,
    header: bytes | None = None,
    payload: bytes | None = None,
    signer: Identity = DOCK,
    sign: Callable[[bytes], bytes] | None = None,
    **members: Any,
) -> bytes:
    """An anchor with something replaced: members of its header, or header, payload, signer or signature altogether."""
    x5c = [base64.b64encode(der).decode() for der in signer.x5c]
    head = canonical({"alg": "ES256", "typ": ANCHOR, "x5c": x5c} | members) if header is None else header
    text = b64(head) + b"." + b64(canonical(PAYLOAD) if payload is None else payload)
    return text + b"." + b64((sign or signer.sign)(text))


def saying(**members: Any) -> bytes:
    """An anchor with other members."""
    return signed(payload=canonical(PAYLOAD | members))


def written(text: str) -> bytes:
    """An anchor whose ``number`` is written in this way."""
    payload = canonical(PAYLOAD)
    assert b'"number":7,' in payload
    return signed(payload=payload.replace(b'"number":7,', f"{text},".encode()))


def without(name: str) -> bytes:
    """An anchor that lacks a member."""
    return signed(payload=canonical({key: value for key, value in PAYLOAD.items() if key != name}))


def other_curve(text: bytes) -> bytes:
    """A signature of P-384."""
    r, s = utils.decode_dss_signature(p384().sign(text, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


def by_public_key(text: bytes) -> bytes:
    """The HMAC that a careless library would check with the public key."""
    return hmac.new(PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), text, hashlib.sha256).digest()


def high_s(text: bytes) -> bytes:
    """The other spelling of the signature."""
    raw = DOCK.sign(text)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")


@cache
def p384() -> ec.EllipticCurvePrivateKey:
    """A key on another curve."""
    return ec.generate_private_key(ec.SECP384R1())


def dock(seed: str = "another dock", **forged: Any) -> Identity:
    """A dock's certificate with something forged."""
    return issue("dock", "dock-1", OURS.dock_ca, seed, **forged)


def with_key(key: Any) -> Identity:
    """A dock's certificate for a key of another kind; what it signs is signed by the real dock."""
    return Identity(DOCK.key, dock(curve_key=key).certificates)


LINES: dict[str, tuple[Callable[[], bytes], str]] = {
    # numbers
    "a number below its range": (lambda: saying(boot=0), "boot"),
    "a number beyond its range": (lambda: saying(number=100_000_000), "number"),
    "a number inside beyond its range": (lambda: saying(audit={"line": 0, "head": samples.HASH}), r"audit\.line"),
    "a number below zero": (lambda: saying(utc_ms=-1), "utc_ms"),
    "a number beyond 2^53-1": (lambda: written('"number":9007199254740992'), "number"),
    "a number of 400 digits": (lambda: written(f'"number":{"9" * 400}'), "number"),
    "a floating-point number": (lambda: written('"number":7.0'), "number"),
    "a number in powers of ten": (lambda: written('"number":7e0'), "number"),
    "no number": (lambda: written('"number":NaN'), "number"),
    "true for a number": (lambda: saying(number=True), "number"),
    "text for a number": (lambda: saying(number="7"), "number"),
    "null for a number": (lambda: saying(number=None), "number"),
    # keys
    "a doubled key": (lambda: written('"number":7,"number":7'), "number"),
    "a doubled key with another value": (lambda: written('"number":7,"number":8'), "number"),
    "a doubled key in the header": (lambda: signed(header=b'{"alg":"ES256","alg":"none","typ":"t"}'), "header.*alg"),
    "a key too many": (lambda: saying(officer="x"), "officer"),
    "a key too few": (lambda: without("nonce"), "nonce"),
    "a header with a key too many": (lambda: signed(crit=["exp"]), "header.*members"),
    "a key of its own in the header": (lambda: signed(jwk={"kty": "EC"}), "header.*members"),
    "an address for the key in the header": (lambda: signed(jku="https://example.org"), "header.*members"),
    "both x5c and kid": (lambda: signed(kid=DOCK.kid), "header.*members"),
    # versions
    "a later version": (lambda: signed(typ="lapel.anchor.2"), "typ"),
    "an earlier version": (lambda: signed(typ="lapel.anchor.0"), "typ"),
    "another object": (lambda: signed(typ="lapel.receipt.1"), "typ"),
    "a type that is no text": (lambda: signed(typ=1), "typ"),
    # trailing bytes
    "bytes behind the signature": (lambda: signed() + b"AA", "signature"),
    "padding behind the signature": (lambda: signed() + b"==", "signature"),
    "a line feed too many": (lambda: signed() + b"\n", "signature"),
    "a fourth part": (lambda: signed() + b".AA", "line|compact"),
    "bytes behind the payload": (lambda: signed(payload=canonical(PAYLOAD) + b"\n"), "payload"),
    "bytes behind the header": (lambda: signed(header=b'{"alg":"ES256","kid":"x","typ":"t"} '), "header"),
    "bytes behind a certificate": (
        lambda: signed(x5c=[base64.b64encode(DOCK.x5c[0] + b"\0").decode(), base64.b64encode(DOCK.x5c[1]).decode()]),
        "certificate",
    ),
    # algorithms
    "no algorithm and no signature": (lambda: signed(alg="none", sign=lambda _: b""), "alg|signature"),
    "no algorithm": (lambda: signed(alg="none"), "alg"),
    "HMAC with the public key": (lambda: signed(alg="HS256", sign=by_public_key), "alg|signature"),
    "HMAC with the public key, called ES256": (lambda: signed(sign=by_public_key), "signature"),
    "another curve": (lambda: signed(alg="ES384", sign=other_curve), "alg|signature"),
    "another curve, called ES256": (lambda: signed(sign=other_curve), "signature"),
    "the algorithm in small letters": (lambda: signed(alg="es256"), "alg"),
    "a signature of zeros": (lambda: signed(sign=lambda _: bytes(64)), "signature"),
    "a high s": (lambda: signed(sign=high_s), "signature.*s"),
    "a signature in DER": (
        lambda: signed(sign=lambda text: DOCK.key.sign(text, ec.ECDSA(hashes.SHA256()))),
        "signature",
    ),
    # certificates
    "a camera for a dock": (lambda: signed(signer=OURS.device("cam-0042")), "dock.*(basicConstraints|keyUsage)"),
    "a dock that a camera minted": (
        lambda: signed(signer=issue("dock", "dock-1", OURS.device("cam-0042"), "minted")),
        "3 certificates",
    ),
    "a dock below the device CA": (lambda: signed(signer=issue("dock", "dock-1", OURS.device_ca, "astray")), "dock-ca"),
    "a CA for a dock": (lambda: signed(signer=dock(shape="dock-ca")), "basicConstraints"),
    "a session for a dock": (lambda: signed(signer=dock(shape="session")), "extendedKeyUsage"),
    "an extension too many": (
        lambda: signed(signer=dock(extra=[(OCSPNoCheck(), False)])),
        r"1\.3\.6\.1\.5\.5\.7\.48\.1\.5",
    ),
    "a dock with a key on another curve": (lambda: signed(signer=with_key(p384())), "key"),
    "a dock with an Ed25519 key": (lambda: signed(signer=with_key(ed25519.Ed25519PrivateKey.generate())), "key"),
    "a dock with an RSA key": (lambda: signed(signer=with_key(rsa.generate_private_key(65537, 2048))), "key"),
    "a dock signed on another curve": (lambda: signed(signer=dock(signer=p384())), "dock.*(ecdsa-with-SHA256|high s)"),
    "a dock signed by a stranger": (
        lambda: signed(signer=dock(signer=key_of("stranger"))),
        "dock.*(authorityKeyIdentifier|not issued)",
    ),
    "no certificates": (lambda: signed(x5c=[]), "x5c"),
    "a certificate that is no base64": (lambda: signed(x5c=["?", "?"]), "x5c"),
}


@pytest.mark.parametrize("case", LINES)
def test_both_readers_name_the_field(case: str) -> None:
    """Numbers out of range, doubled keys, unknown versions, trailing bytes, wrong algorithms, certificates of another role or shape."""
    make, field = LINES[case]
    line = make()
    with pytest.raises(EvidenceError) as ours:
        documents.verify(kinds.ANCHOR, line, Trust.load(OURS.root_pem))
    with pytest.raises(Refused) as theirs:
        verify_chained(line, ANCHOR, desk_certs.Role.DOCK, desk_certs.Trust(desk_certs.load_root(OURS.root_pem)))
    assert re.search(field, str(ours.value)), ours.value
    assert re.search(field, str(theirs.value)), theirs.value


def test_both_readers_take_the_genuine_line() -> None:
    """Or else the refusals above would say nothing."""
    trust = desk_certs.Trust(desk_certs.load_root(OURS.root_pem))
    assert documents.verify(kinds.ANCHOR, signed(), Trust.load(OURS.root_pem)).payload == PAYLOAD
    assert verify_chained(signed(), ANCHOR, desk_certs.Role.DOCK, trust).payload == PAYLOAD


def test_certificate_files_of_no_known_version(tmp_path: Path) -> None:
    """Whoever reads a certificate file refuses one whose version X.509 does not have, like any other that holds no certificate."""
    der = OURS.root.certificates[0].public_bytes(Encoding.DER)
    odd = der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x0a", 1)
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(odd).decode()}-----END CERTIFICATE-----\n".encode()
    path = tmp_path / "root.pem"
    path.write_bytes(pem)
    with pytest.raises(EvidenceError, match="root certificate: not PEM"):
        Trust.load(pem)
    for read in (
        lambda: desk_certs.load_root(pem),
        lambda: second.load_root(pem),
        lambda: load_tsa_roots(path),
    ):
        with pytest.raises(Refused, match="holds no certificates? in PEM form"):
            read()
