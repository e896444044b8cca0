"""Runs that are the same to the last byte, and pure checks that are made once.

A hundred thousand cameras that differ in a few bytes ask for the same signatures and verify the same lines again and again.  Here keys
and serial numbers come from a seed and signatures are deterministic (RFC 6979), so that like runs write like bytes; and the functions
in ``PURE``, whose answer depends on their arguments alone, remember it.  Nothing else of firmware or verifier is touched.
"""

from __future__ import annotations

import marshal
import random
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from firmware.evidence import documents, jws, second
from firmware.evidence.errors import EvidenceError
from tools.verify import signed as verifier
from tools.verify import verifier as desk
from tools.verify.findings import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST = 50_000
"""Answers that one function remembers."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Pure:
    """A function of a module, and what its answer depends on."""

    module: Any
    name: str
    key: Callable[..., object]


def _trust(trust: Any) -> object:
    return trust.root.der, trust.revoked, trust.at


def _given(trust: Any) -> object:
    return None if trust.root is None else trust.root.serial_number, trust.at_ms


def _sign(payload: Any, typ: str, _sign: Any, *, x5c: Any = (), kid: str | None = None) -> object:
    """The signer is the key of the certificate that is named."""
    return marshal.dumps(payload), typ, tuple(x5c), kid


PURE = (
    Pure(jws, "sign", _sign),
    Pure(second.SecondKey, "sign", lambda key, volume, number, manifest: (key.der, volume, number, manifest)),
    Pure(documents, "check", lambda kind, payload: (kind.typ, marshal.dumps(payload))),
    Pure(jws, "verify_chain", lambda ders, trust, role: (tuple(ders), _trust(trust), role)),
    Pure(documents, "verify", lambda kind, line, trust: (kind.typ, line, _trust(trust))),
    Pure(documents, "verify_keyed", lambda kind, line, chain: (kind.typ, line, chain.fingerprint)),
    Pure(
        desk, "load_given", lambda root, keys, progress=None, **more: (root, tuple(keys), progress, tuple(more.items()))
    ),
    Pure(verifier, "_parse", lambda line, typ: (line, typ)),
    Pure(verifier, "verify_chain", lambda ders, role, trust: (tuple(ders), role, _given(trust))),
    Pure(
        verifier,
        "_finish",
        lambda parsed, typ, chain: (parsed.signing_input, parsed.signature, typ, chain.fingerprint),
    ),
)


@contextmanager
def same_each_time(seed: int = 1) -> Iterator[None]:
    """Keys, serial numbers and signatures from ``seed`` until the end of the block, so that two runs write the same bytes."""
    chance = random.Random(seed)

    def new_key() -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(chance.randrange(1, _ORDER), ec.SECP256R1())

    steady = ec.ECDSA(utils.Prehashed(hashes.SHA256()), deterministic_signing=True)
    with ExitStack() as stack:
        for module in ("firmware.evidence.session", "firmware.evidence.issue", "tests.pki"):
            stack.enter_context(patch(f"{module}.new_key", new_key))
        stack.enter_context(patch("firmware.evidence.keys._PREHASHED", steady))
        stack.enter_context(patch("cryptography.x509.random_serial_number", lambda: chance.getrandbits(159)))
        yield


@contextmanager
def remembered() -> Iterator[None]:
    """Let the functions in ``PURE`` remember their answers until the end of the block."""
    with ExitStack() as stack:
        for pure in PURE:
            stack.enter_context(patch.object(pure.module, pure.name, _remembering(pure)))
        yield


def _remembering(pure: Pure) -> Callable[..., Any]:
    """The function, with a memory of answers and of refusals."""
    function: Callable[..., Any] = getattr(pure.module, pure.name)
    known: dict[object, tuple[bool, Any]] = {}

    def remember(*arguments: Any, **named: Any) -> Any:
        key = pure.key(*arguments, **named)
        if key not in known:
            if len(known) >= MOST:
                known.clear()
            try:
                known[key] = True, function(*arguments, **named)
            except (EvidenceError, Refused) as refusal:
                known[key] = False, refusal
        good, answer = known[key]
        if good:
            return answer
        raise type(answer)(*answer.args)

    return remember
