"""What vouches for a dock's time: over this session's nonce, by who may, and of a time that can be."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from firmware.evidence import documents
from firmware.evidence.errors import EvidenceError, FormatError
from firmware.evidence.kinds import TIME_WORD
from firmware.evidence.timestamp import LONGEST, Stamper
from firmware.evidence.timetoken import AUTHORITY, STAMP, Vouched, decode, stamped, stamper, verify_token
from tests.evidence_maker import TimeAuthority
from tests.pki import Pki

NONCE = "0123456789abcdef" * 2
UTC_MS = 1_800_000_000_000
TSA = TimeAuthority("word")


@pytest.fixture(scope="module")
def pki() -> Pki:
    """An authority."""
    return Pki.create()


def word(pki: Pki, nonce: str = NONCE) -> bytes:
    """The authority's word."""
    return documents.sign(TIME_WORD, {"nonce": nonce, "utc_ms": UTC_MS}, pki.settings.sign, pki.settings.chain.ders)


def test_both_kinds(pki: Pki) -> None:
    """A signed line, and a time stamp over a label and the nonce."""
    believed = Stamper(TSA.root)
    assert verify_token(word(pki), NONCE, pki.trust, None, least_ms=UTC_MS) == Vouched(UTC_MS, 0, AUTHORITY)
    token = TSA.stamp(stamped(NONCE), UTC_MS)
    assert stamped(NONCE) == b"lapel time 1" + bytes.fromhex(NONCE)
    assert verify_token(token, NONCE, pki.trust, believed, least_ms=UTC_MS + 1000) == Vouched(UTC_MS, 1000, STAMP)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (lambda pki: word(pki, "f" * 32), "nonce: is not the one expected"),
        (lambda pki: word(Pki.create()), "authorityKeyIdentifier"),
        (lambda pki: TSA.stamp(bytes.fromhex(NONCE), UTC_MS), "something else"),
        (lambda pki: TSA.stamp(stamped("f" * 32), UTC_MS), "something else"),
        (lambda pki: b"", "line"),
        (lambda pki: b"\x30", "cut off"),
    ],
)
def test_what_vouches_for_nothing(pki: Pki, token: Callable[[Pki], bytes], why: str) -> None:
    """For another docking, by another authority, a stamp over something that somebody may have asked for."""
    with pytest.raises(EvidenceError, match=why):
        verify_token(token(pki), NONCE, pki.trust, Stamper(TSA.root), least_ms=0)


def test_a_time_that_is_past_for_certain(pki: Pki) -> None:
    """Whoever signs it: it is before this firmware was made."""
    for token in (word(pki), TSA.stamp(stamped(NONCE), UTC_MS)):
        with pytest.raises(EvidenceError, match="past for certain"):
            verify_token(token, NONCE, pki.trust, Stamper(TSA.root), least_ms=UTC_MS + 1001)


def test_withdrawn(pki: Pki) -> None:
    """A settings certificate that was withdrawn vouches for nothing."""
    trust = type(pki.trust)(pki.root, frozenset({pki.settings.chain.fingerprint}))
    with pytest.raises(EvidenceError, match="withdrawn"):
        verify_token(word(pki), NONCE, trust, None, least_ms=0)


@pytest.mark.parametrize(
    "text", ["", "A", "AAA", "AA=A", "AB==", "AAA\n", "A A=", base64.b64encode(bytes(LONGEST + 1)).decode()]
)
def test_base64_in_one_spelling(text: str) -> None:
    """Of at most so many bytes."""
    if text == "":
        assert decode(text) == b""
        return
    with pytest.raises(FormatError, match="token: "):
        decode(text)


def test_longest() -> None:
    """The longest that Welcome carries."""
    assert decode(base64.b64encode(bytes(LONGEST)).decode()) == bytes(LONGEST)


def test_settings_name_who() -> None:
    """Nobody by default; a policy alone means nothing; what is no text is refused."""
    assert stamper({}) is None
    assert stamper({"time_root": "", "time_policy": ""}) is None
    with pytest.raises(FormatError, match="without time_root"):
        stamper({"time_policy": "1.2.3"})
    with pytest.raises(FormatError, match="not both text"):
        stamper({"time_root": 7})
