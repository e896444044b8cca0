"""Changing what is signed: with the test authority's keys it is signed again, so that the layers behind the signature are reached.

All keys and certificates come from seeds, so that what was found once is as good as genuine in each later run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509 import SubjectKeyIdentifier

from tests.evidence_maker.jose import b64, digest
from tests.evidence_maker.pki import ORDER, Authority, Identity, issue
from tests.fuzz.mutators import canonical, plain, spelt, tree
from tests.fuzz.trees import DER, Node, read_der, split_der, write_der

NAME: Final = "cam-0042"
_ECDSA: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


@cache
def authority() -> Authority:
    """The root, and all below it."""
    return Authority()


@cache
def identities() -> Mapping[str, Identity]:
    """Who signs in each role."""
    ours = authority()
    device = ours.device(NAME)
    return {
        "session": issue("session", NAME, device, f"{ours.seed} {NAME} session 1"),
        "device": device,
        "dock": ours.dock,
        "settings": issue("settings", "Settings", ours.root, "settings"),
        "update": ours.update,
        "release": issue("release", "Release", ours.root, "release"),
        "device-ca": ours.device_ca,
        "dock-ca": ours.dock_ca,
        "export": ours.desk,
        "root": ours.root,
    }


SIGNERS: Final = {
    "lapel.opening.1": "session",
    "lapel.flush.1": "session",
    "lapel.audit.1": "session",
    "lapel.manifest.1": "device",
    "lapel.volume.1": "device",
    "lapel.receipt.1": "dock",
    "lapel.anchor.1": "dock",
    "lapel.assignment.1": "dock",
    "lapel.log-receipt.1": "dock",
    "lapel.settings.1": "settings",
    "lapel.time.1": "settings",
    "lapel.recall.1": "settings",
    "lapel.release.1": "settings",
    "lapel.consent.1": "release",
    "lapel.bundle.1": "update",
    "lapel.derived.1": "export",
    "lapel.attribution.1": "dock",
}


def line(typ: str, payload: Mapping[str, Any], *, chained: bool = True) -> bytes:
    """A genuine line."""
    signer = identities()[SIGNERS[typ]]
    names = {"x5c": [base64.b64encode(der).decode() for der in signer.x5c]} if chained else {"kid": signer.kid}
    return _signed(canonical({"alg": "ES256", "typ": typ, **names}), canonical(payload), signer)


def _signed(header: bytes, payload: bytes, signer: Identity) -> bytes:
    text = b64(header) + b"." + b64(payload)
    return text + b"." + b64(signer.sign(text))


def take_apart(text: bytes) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Header and payload of a line, if it has them."""
    parts = text.split(b".")
    try:
        found = [json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))) for part in parts[:2]]
    except (ValueError, RecursionError):
        return None
    if len(parts) != 3 or not all(isinstance(each, dict) for each in found):
        return None
    return found[0], found[1]


def signed(data: bytes, draw: Random) -> bytes:
    """A signed line with one thing changed: in its payload, header or chain, in their spelling, or who signed it; signed again."""
    text = data.removesuffix(b"\n")
    apart = take_apart(text)
    if apart is None or draw.random() < 0.1:
        return plain(data, draw)
    header, payload = apart
    signer = identities()[SIGNERS.get(str(header.get("typ")), "session")]
    head, body = canonical(header), canonical(payload)
    match draw.randrange(10):
        case 0:
            head = spelt(tree(header, draw), draw)
        case 1:
            head = canonical(_rechained(header, draw))
        case 2:
            signer = draw.choice(list(identities().values()))
        case 3:
            head = canonical({**header, "alg": draw.choice(("none", "HS256", "ES384", "es256", "RS256", ""))})
        case _:
            body = spelt(tree(payload, draw), draw)
    return _signed(head, body, signer) + data[len(text) :]


def _rechained(header: dict[str, Any], draw: Random) -> dict[str, Any]:
    """A header with another chain: another role's, or one whose certificates were changed."""
    ders = draw.choice(list(identities().values())).x5c
    own = header.get("x5c")
    if isinstance(own, list) and draw.random() < 0.7:
        ders = tuple(_decoded(each) for each in own)
    chain = list(ders)
    if chain and draw.random() < 0.8:
        at = draw.randrange(len(chain))
        chain[at] = certificate(chain[at], draw)
    return {"alg": "ES256", "typ": header.get("typ"), "x5c": [base64.b64encode(der).decode() for der in chain]}


def _decoded(text: object) -> bytes:
    """What base64 says, or might say."""
    try:
        return base64.b64decode(str(text) + "==")
    except ValueError:
        return str(text).encode("utf-8", "replace")


def lines(data: bytes, draw: Random) -> bytes:
    """A file of signed lines with one of them changed, taken out, doubled or moved; most often the chain behind it is made good again."""
    rows = data.split(b"\n")
    if len(rows) < 2 or draw.random() < 0.1:
        return plain(data, draw)
    at = draw.randrange(len(rows) - 1)
    match draw.randrange(7):
        case 0:
            del rows[at]
        case 1:
            rows.insert(at, rows[at])
        case 2:
            other = draw.randrange(len(rows) - 1)
            rows[at], rows[other] = rows[other], rows[at]
        case _:
            rows[at] = signed(rows[at], draw)
    if draw.random() < 0.7:
        _chain_again(rows, at)
    return b"\n".join(rows)


def _chain_again(rows: list[bytes], start: int) -> None:
    """Number and chain the lines from ``start`` on as they stand now."""
    for index in range(max(1, start), len(rows) - 1):
        apart = take_apart(rows[index])
        if apart is None:
            continue
        header, payload = apart
        before = take_apart(rows[index - 1])
        number = before[1].get("line", 0) if before else 0
        if index > start:
            payload |= {"prev": digest(rows[index - 1])} | ({"line": number + 1} if type(number) is int else {})
        rows[index] = _signed(
            canonical(header), canonical(payload), identities()[SIGNERS.get(str(header.get("typ")), "session")]
        )


def certificate(der: bytes, draw: Random) -> bytes:
    """A certificate with one element changed, signed again by the issuer that it names."""
    nodes = read_der(der)
    if not nodes or not nodes[0].inside or len(nodes[0].inside) != 3 or draw.random() < 0.15:
        return DER.mutate(der, draw)
    issuer = next((each for each in identities().values() if _issued(der, each)), identities()["root"])
    split = split_der(der)
    outer = split_der(split[0]) if split else None
    if split is None or outer is None:
        return DER.mutate(der, draw)
    tbs = DER.mutate(split[0][: len(split[0]) - len(outer[1])], draw)
    r, s = utils.decode_dss_signature(issuer.key.sign(tbs, _ECDSA))
    signature = utils.encode_dss_signature(r, min(s, ORDER - s))
    algorithm = DER.text(nodes[0].inside[1:2])
    return write_der(b"\x30", tbs + algorithm + DER.text([Node(b"\3", b"\0" + signature)]))


def _issued(der: bytes, issuer: Identity) -> bool:
    """Whether the authority key identifier in there is this issuer's."""
    found = SubjectKeyIdentifier.from_public_key(issuer.key.public_key()).digest
    return b"\x30\x16\x80\x14" + found in der


def chain_input(role: int, ders: tuple[bytes, ...]) -> bytes:
    """A chain as the targets for certificates take it: which role is asked for, and the certificates in a row."""
    return bytes((role,)) + b"".join(ders)


def split_chain(data: bytes) -> list[bytes]:
    """The certificates in a row, and at the end what is none."""
    found = []
    while data:
        split = split_der(data)
        size = len(data) if split is None else len(data) - len(split[1])
        found.append(data[:size])
        data = data[size:]
    return found


def chain(data: bytes, draw: Random) -> bytes:
    """A chain with one certificate changed, or out of place."""
    ders = split_chain(data[1:])
    if not ders or draw.random() < 0.1:
        return plain(data, draw)
    at = draw.randrange(len(ders))
    match draw.randrange(8):
        case 0:
            ders[at] = draw.choice(draw.choice(list(identities().values())).x5c or ders)
        case 1:
            del ders[at]
        case _:
            ders[at] = certificate(ders[at], draw)
    role = data[0] if draw.random() < 0.9 else draw.randrange(256)
    return chain_input(role, tuple(ders))


def fingerprint(data: bytes) -> str:
    """A short name for an input."""
    return hashlib.sha256(data).hexdigest()[:16]
