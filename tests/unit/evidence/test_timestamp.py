"""Time stamps as a camera judges them: what OpenSSL makes it takes, and what the desk's reader refuses, written apart, it refuses too."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from firmware.evidence.cms import load_certificate
from firmware.evidence.errors import EvidenceError, FormatError
from firmware.evidence.timestamp import LONGEST, LOOSEST_MS, Stamper, TimeStamp, verify_timestamp
from tests.evidence_maker import TimeAuthority
from tests.evidence_maker.tsp import integer, oid, sequence
from tests.oracles import needs
from tests.unit.tools.test_verify_stamp import DATA, FORGED, UNBELIEVED, UTC_MS
from tools.demo.tsa import TimeAuthority as StockAuthority
from tools.verify.cms import load_foreign
from tools.verify.findings import Refused
from tools.verify.timestamp import parse_stamp


@pytest.fixture(scope="module")
def authority() -> TimeAuthority:
    """An authority, whose certificate is issued by one below the root."""
    return TimeAuthority()


def ours(token: bytes, authority: TimeAuthority, policy: str | None = None) -> TimeStamp:
    """What a camera whose settings name this authority makes of it."""
    return verify_timestamp(token, DATA, Stamper(authority.root, policy))


def desk(token: bytes, authority: TimeAuthority) -> bool:
    """Whether the desk's reader believes it."""
    try:
        parse_stamp(token, DATA).check_authority((authority.root,))
    except Refused:
        return False
    return True


def refuses(token: bytes, authority: TimeAuthority) -> str:
    """Why a camera refuses it; empty where it does not."""
    try:
        ours(token, authority)
    except EvidenceError as error:
        return str(error)
    return ""


def test_a_stamp(authority: TimeAuthority) -> None:
    """Its time and accuracy, over an issuer in between."""
    token = authority.stamp(DATA, UTC_MS)
    assert ours(token, authority) == TimeStamp(UTC_MS, 1000)
    assert ours(token, authority, "1.2.3.4.1") == TimeStamp(UTC_MS, 1000)
    assert desk(token, authority)


@needs("openssl")
def test_openssl_makes_what_a_camera_takes(tmp_path: Path) -> None:
    """A stock authority's answer to a stock request."""
    stock = StockAuthority(tmp_path / "tsa")
    imprint = sequence(sequence(oid("2.16.840.1.101.3.4.2.1")), b"\x04\x20" + hashlib.sha256(DATA).digest())
    reply = stock.reply(sequence(integer(1), imprint, integer(7), b"\x01\x01\xff"))
    root = base64.b64encode(_der(stock.root.read_bytes())).decode()
    found = verify_timestamp(reply, DATA, Stamper.parse(root, "1.2.3.4.1"))
    assert found.accuracy_ms == 1000
    with pytest.raises(EvidenceError, match="something else"):
        verify_timestamp(reply, DATA + b"x", Stamper.parse(root, ""))


@pytest.mark.parametrize("name", FORGED)
def test_forged(authority: TimeAuthority, name: str) -> None:
    """What the desk refuses of a token a camera refuses, and names it."""
    token = authority.stamp(DATA, UTC_MS, **FORGED[name][0])
    assert refuses(token, authority)
    assert not desk(token, authority)


@pytest.mark.parametrize("name", UNBELIEVED)
def test_unbelieved(name: str) -> None:
    """And so with those who sign."""
    forged, middle, _ = UNBELIEVED[name]
    authority = TimeAuthority(forged=forged, middle=middle)
    token = authority.stamp(DATA, UTC_MS)
    assert refuses(token, authority).startswith("signer: ")
    assert not desk(token, authority)


@pytest.mark.parametrize(
    ("forged", "policy", "why"),
    [
        ({"accuracy": b""}, None, "accuracy: missing"),
        ({"accuracy": b""}, "1.2.3.4.1", ""),
        ({"accuracy": sequence(integer(LOOSEST_MS // 1000))}, None, ""),
        ({"accuracy": sequence(integer(LOOSEST_MS // 1000), integer(1, 0x81))}, None, "60001 ms, at most 60000"),
        ({}, "1.2.3.4.2", "policy: not the one"),
    ],
)
def test_accuracy_and_policy(authority: TimeAuthority, forged: dict[str, Any], policy: str | None, why: str) -> None:
    """One that may be off by more than a minute, one that does not say by how much under any policy, one under another policy."""
    token = authority.stamp(DATA, UTC_MS, **forged)
    if not why:
        assert ours(token, authority, policy).utc_ms == UTC_MS
        return
    with pytest.raises(EvidenceError, match=why):
        ours(token, authority, policy)


def test_any_one_byte(authority: TimeAuthority) -> None:
    """Whichever is changed, it is refused by an error of ours."""
    token = authority.stamp(DATA, UTC_MS)
    survived = []
    for at in range(len(token)):
        changed = bytearray(token)
        changed[at] ^= 1
        if not refuses(bytes(changed), authority):
            survived.append(at)
    assert not survived


def test_cut_longer_and_of_other_length(authority: TimeAuthority) -> None:
    """Neither a part, nor one with something behind it, nor a length that DER does not spell so, nor one that is too long to look at."""
    token = authority.stamp(DATA, UTC_MS)
    for wrong in (b"", token[:-1], token[:40], token + b"\0", b"\x30\x80" + token[2:], b"\xff" * 300, b"\x30\x84" * 9):
        assert refuses(wrong, authority)
    assert refuses(token + bytes(LONGEST), authority).endswith(f"at most {LONGEST} are allowed")


def test_a_certificate_with_a_negative_number(authority: TimeAuthority) -> None:
    """The library reads it and grumbles: one that will refuse it some day must not be the first that does."""
    number = authority.root.serial_number.to_bytes(21, "big").lstrip(b"\0")
    good = authority.root.public_bytes(serialization.Encoding.DER)
    at = good.index(b"\2" + bytes((len(number),)) + number) + 2
    bad = good[:at] + bytes((number[0] | 0x80,)) + good[at + 1 :]
    assert load_certificate(good, "here").serial_number > 0
    with pytest.raises(FormatError, match="here: has a serial number that is not positive"):
        load_certificate(bad, "here")
    with pytest.raises(Refused, match="serial number that is not positive"):
        load_foreign(bad)


def test_nobody_else_is_believed(authority: TimeAuthority) -> None:
    """Another root, or one of the same name."""
    token = authority.stamp(DATA, UTC_MS)
    assert "no path" in refuses(token, TimeAuthority("other"))


def test_the_signer_itself_may_be_named(authority: TimeAuthority) -> None:
    """Settings may name whoever signs, and nobody above."""
    assert verify_timestamp(authority.stamp(DATA, UTC_MS), DATA, Stamper(authority.leaf)).utc_ms == UTC_MS


@pytest.mark.parametrize(
    ("root", "policy", "why"),
    [
        ("AAAA", "", "time_root: is no X.509"),
        ("%%%%", "", "time_root: is not base64"),
        ("AAAB=", "", "time_root: is not base64"),
        ("", "", "time_root: is not base64"),
        (base64.b64encode(bytes(5000)).decode(), "", "time_root"),
    ],
)
def test_settings_that_name_nobody(root: str, policy: str, why: str) -> None:
    """Each is refused by its key."""
    with pytest.raises(FormatError, match=why):
        Stamper.parse(root, policy)


@pytest.mark.parametrize("policy", ["1", "3.1", "1.40", "1.2.03", "1..2", "1.2.", "a.b", "1.2." + "9" * 40])
def test_policies_that_are_none(authority: TimeAuthority, policy: str) -> None:
    """An object identifier in its one spelling."""
    root = base64.b64encode(authority.root.public_bytes(serialization.Encoding.DER)).decode()
    with pytest.raises(FormatError, match="time_policy: .* is no object identifier"):
        Stamper.parse(root, policy)


def _der(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(line for line in pem.splitlines() if not line.startswith(b"-")))
