"""What no library lets one draw again: ML-DSA signatures and stanzas of the hybrid class are kept from the first time.

``keys/pinned.json`` has each by the hash of what it was made from.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from tests.evidence_maker.second import PqIdentity, issue
from tests.vector_maker.files import VECTORS

PATH = VECTORS / "keys" / "pinned.json"


@cache
def _kept() -> dict[str, str]:
    kept: dict[str, str] = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    return kept


def pinned(make: Callable[[], bytes], *made_from: bytes) -> bytes:
    """What ``make`` made when it was first asked for this."""
    name = hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in made_from)).hexdigest()
    if name not in _kept():
        _kept()[name] = base64.b64encode(make()).decode()
    _used.add(name)
    return base64.b64decode(_kept()[name])


_used: set[str] = set()


def keep() -> None:
    """Write down what was used; called once all vectors are made."""
    kept = {name: _kept()[name] for name in sorted(_used)}
    PATH.write_text(json.dumps(kept, indent=0) + "\n", encoding="utf-8")


class PinnedKey:
    """An ML-DSA-65 key that signs the same bytes with the same signature each time."""

    def __init__(self, seed: str) -> None:
        self._seed = hashlib.sha256(seed.encode()).digest()
        self.key = MLDSA65PrivateKey.from_seed_bytes(self._seed)

    def sign(self, data: bytes) -> bytes:
        """A signature."""
        return pinned(lambda: self.key.sign(data), b"ml-dsa-65", self._seed, data)


def pq_issue(name: str, above: PqIdentity | None, seed: str, **forged: object) -> PqIdentity:
    """As ``issue``, the same each time; its key signs the same each time."""

    def make() -> bytes:
        return issue(name, _bare(above), seed, **forged).der

    told = repr((name, above and above.der, sorted(forged))).encode()
    certificate = x509.load_der_x509_certificate(pinned(make, b"certificate", seed.encode(), told))
    return PqIdentity(PinnedKey(seed), certificate)  # type: ignore[arg-type]  # signs like one


def _bare(identity: PqIdentity | None) -> PqIdentity | None:
    if identity is None or not isinstance(identity.key, PinnedKey):
        return identity
    return PqIdentity(identity.key.key, identity.certificate)


@cache
def pq_root() -> PqIdentity:
    """The root of second signatures."""
    return pq_issue("Test pq-root", None, "pq-root")


@cache
def pq_device() -> PqIdentity:
    """The camera's second key."""
    return pq_issue("cam-0042", pq_root(), "pq cam-0042")


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate as a file holds it."""
    return certificate.public_bytes(serialization.Encoding.PEM)
