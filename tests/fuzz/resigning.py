"""Changing what is signed in other ways than by ES256 over a line: ML-DSA-65, signatures in the picture, time stamps."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from random import Random
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests import samples
from tests.evidence_maker.jose import b64, digest
from tests.evidence_maker.pki import ORDER
from tests.evidence_maker.second import TYP, PqIdentity, issue
from tests.evidence_maker.tsp import TimeAuthority, generalized, integer, sequence
from tests.fuzz.mutators import canonical, plain, spelt, tree
from tests.fuzz.signing import NAME, identities, take_apart
from tests.fuzz.trees import DER

STAMPED: Final = b"a manifest\n"
_SIGNATURE: Final = 78
"""Bytes of the last tag of a signature in the picture."""


@cache
def pq_root() -> PqIdentity:
    """The root of second signatures."""
    return issue("pq-root", None, "fuzzed pq-root")


@cache
def pq_device() -> PqIdentity:
    """The camera's second key."""
    return issue(NAME, pq_root(), f"fuzzed pq {NAME}")


def second_line(payload: dict[str, Any]) -> bytes:
    """A genuine second signature."""
    x5c = [base64.b64encode(pq_device().der).decode()]
    return _second(canonical({"alg": "ML-DSA-65", "typ": TYP, "x5c": x5c}), canonical(payload))


def _second(header: bytes, payload: bytes) -> bytes:
    text = b64(header) + b"." + b64(payload)
    return text + b"." + b64(pq_device().key.sign(text))


def second(data: bytes, draw: Random) -> bytes:
    """A second signature with its payload, its header or its certificate changed, signed again."""
    line = data.removesuffix(b"\n")
    apart = take_apart(line)
    if apart is None or draw.random() < 0.15:
        return plain(data, draw)
    header, payload = apart
    head, body = canonical(header), canonical(payload)
    match draw.randrange(4):
        case 0:
            head = spelt(tree(header, draw), draw)
        case 1:
            der = DER.mutate(pq_device().der, draw)
            head = canonical({**header, "x5c": [base64.b64encode(der).decode()]})
        case _:
            body = spelt(tree(payload, draw), draw)
    return _second(head, body) + data[len(line) :]


def named(data: bytes) -> str:
    """The hash by which a manifest would name the certificate in there."""
    apart = take_apart(data.removesuffix(b"\n"))
    try:
        return digest(base64.b64decode(apart[0]["x5c"][0])) if apart else "0" * 64
    except (KeyError, IndexError, TypeError, ValueError):
        return "0" * 64


def sei(data: bytes, draw: Random) -> bytes:
    """A signature in the picture with its tags changed, signed again by the session key."""
    raw = data[:-1].replace(b"\0\0\3", b"\0\0")
    if len(raw) <= _SIGNATURE or draw.random() < 0.2:
        return plain(data, draw)
    body = _prevented(plain(raw[:-_SIGNATURE], draw))
    key = identities()["session"].key
    r, s = utils.decode_dss_signature(key.sign(body, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    signature = utils.encode_dss_signature(r, min(s, ORDER - s))
    tag = b"\3\0\x4b\1" + len(signature).to_bytes(2, "big") + signature.ljust(72, b"\1")
    return body + tag + b"\x80"


def _prevented(data: bytes) -> bytes:
    made = bytearray()
    for byte in data:
        if byte <= 3 and made.endswith(b"\0\0"):
            made.append(3)
        made.append(byte)
    return bytes(made)


def stamp(data: bytes, draw: Random) -> bytes:
    """A time stamp with something else in what its authority signs, or, as often, one that is changed as it stands."""
    if draw.random() < 0.5:
        return DER.mutate(data, draw)
    utc_ms = int(samples.anchor()["utc_ms"])
    forged: dict[str, Any] = {
        "time": DER.mutate(generalized(utc_ms + draw.randrange(1000)), draw),
        "accuracy": DER.mutate(sequence(integer(1), integer(5, 0x80)), draw),
        "imprint": hashlib.sha256(STAMPED).digest()[: draw.randrange(33)],
        "info_version": draw.choice((0, 1, 2, -1, 2**70)),
        "version": draw.choice((0, 1, 3, 4)),
        "status": draw.choice((0, 1, 2, 256)),
        "signers": draw.randrange(3),
        "certificates": draw.choice(([], [TimeAuthority().root], [TimeAuthority().leaf] * 17)),
    }
    chosen = draw.sample(sorted(forged), draw.choice((1, 1, 2)))
    return TimeAuthority().stamp(STAMPED, utc_ms, **{each: forged[each] for each in chosen})
