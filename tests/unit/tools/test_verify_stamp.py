"""Time stamps: what OpenSSL accepts we accept, what is forged is a problem, and whom nobody believes proves nothing."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from tests.evidence_maker import TimeAuthority
from tests.evidence_maker.pki import key_of
from tests.evidence_maker.tsp import der, integer, sequence
from tests.oracles import needs
from tools.verify.findings import Refused
from tools.verify.timestamp import Stamp, load_tsa_roots, parse_stamp

DATA = b"a manifest\n"
UTC_MS = 1_790_000_000_123
AT = datetime(2026, 9, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> TimeAuthority:
    """An authority, whose certificate is issued by one below the root."""
    return TimeAuthority()


def believed(token: bytes, authority: TimeAuthority) -> Stamp:
    """The whole way: parse, and lead the signer to the root."""
    stamp = parse_stamp(token, DATA)
    stamp.check_authority((authority.root,))
    return stamp


def openssl(folder: Path, token: bytes, root: bytes, at_s: int) -> bool:
    """What ``openssl ts -verify`` says, asked as of a time."""
    for name, data in (("data", DATA), ("token", token), ("root", root)):
        (folder / name).write_bytes(data)
    command = f"openssl ts -verify -data {folder}/data -in {folder}/token -CAfile {folder}/root -attime {at_s}"
    return subprocess.run(command.split(), capture_output=True, check=False).returncode == 0


def test_a_stamp(authority: TimeAuthority) -> None:
    """Time and accuracy are what the authority signed, and it leads to the root over its issuer."""
    stamp = believed(authority.stamp(DATA, UTC_MS), authority)
    assert (stamp.utc_ms, stamp.accuracy_ms, stamp.latest_ms) == (UTC_MS, 1000, UTC_MS + 1000)
    assert (stamp.authority, stamp.policy, stamp.serial) == ("CN=tsa authority", "1.2.3.4.1", 7)


@pytest.mark.parametrize(
    ("element", "accuracy_ms"),
    [
        (b"", None),
        (sequence(), 0),
        (sequence(integer(2), integer(3, 0x80), integer(4, 0x81)), 2004),
        (sequence(integer(1, 0x81)), 1),
    ],
)
def test_accuracy(authority: TimeAuthority, element: bytes, accuracy_ms: int | None) -> None:
    """Each spelling of the accuracy, rounded up to milliseconds; none says nothing."""
    assert believed(authority.stamp(DATA, UTC_MS, accuracy=element), authority).accuracy_ms == accuracy_ms


@needs("openssl")
def test_openssl_agrees(authority: TimeAuthority, tmp_path: Path) -> None:
    """What we believe, ``openssl ts -verify`` believes, and for another root neither does."""
    token, other = authority.stamp(DATA, UTC_MS), TimeAuthority("other")
    assert openssl(tmp_path, token, authority.root_pem, UTC_MS // 1000)
    assert not openssl(tmp_path, token, other.root_pem, UTC_MS // 1000)
    with pytest.raises(Refused, match="no certificate of the given file"):
        believed(token, other)


def usage(only: str) -> x509.KeyUsage:
    """A key that may be used for one thing alone."""
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{each: each == only for each in names})


FORGED: dict[str, tuple[dict[str, Any], str]] = {
    "another file's": ({"imprint": b"\0" * 32}, "another manifest"),
    "refused": ({"status": 2}, "gave no time stamp"),
    "granted with changes": ({"status": 1}, "gave no time stamp"),
    "another hash": ({"hash_oid": "2.16.840.1.101.3.4.2.3"}, "hashAlgorithm is not SHA-256"),
    "content changed": ({"digest": b"\0" * 32}, "messageDigest"),
    "certificate swapped": ({"named": b"\0" * 32}, "another certificate signed"),
    "wrong key": ({"key": key_of("stranger")}, "the signature is wrong"),
    "other content": ({"content_type": "1.2.840.113549.1.7.1"}, "another type"),
    "attribute for other content": ({"signed_type": "1.2.840.113549.1.7.1"}, "contentType"),
    "no attributes": ({"attributes": []}, "contentType"),
    "version of the content": ({"info_version": 2}, "TSTInfo: version"),
    "version of the signed data": ({"version": 1}, "signed data: version"),
    "no certificate": ({"certificates": []}, "carries 0 certificates"),
    "two signers": ({"signers": 2}, "2 signers"),
    "no signer": ({"signers": 0}, "0 signers"),
    "accuracy": ({"accuracy": sequence(integer(1000, 0x80))}, "accuracy is out of range"),
    "negative accuracy": ({"accuracy": sequence(integer(-1))}, "accuracy is out of range"),
    "no time": ({"time": der(0x18, b"20269921000000Z")}, "genTime is no time"),
    "local time": ({"time": der(0x18, b"20260921000000+0100")}, "genTime is not in the form"),
    "zeros behind the point": ({"time": der(0x18, b"20260921000000.10Z")}, "genTime is not in the form"),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged(authority: TimeAuthority, name: str) -> None:
    """Each forgery is refused by what is wrong with it."""
    forged, reason = FORGED[name]
    with pytest.raises(Refused, match=reason):
        parse_stamp(authority.stamp(DATA, UTC_MS, **forged), DATA)


UNBELIEVED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "not for time": ({"purposes": (Purpose.CODE_SIGNING,)}, {}, "not for time stamping alone"),
    "for more than time": ({"purposes": (Purpose.TIME_STAMPING, Purpose.CODE_SIGNING)}, {}, "time stamping alone"),
    "not critical": ({"critical": False}, {}, "time stamping alone"),
    "no purpose": ({"purposes": ()}, {}, "time stamping alone"),
    "too early": ({"begin": AT + timedelta(days=1)}, {}, "not valid at the time"),
    "too late": ({"end": AT}, {}, "not valid at the time"),
    "issuer too late": ({}, {"end": AT}, "not valid at the time"),
    "issuer is none": ({}, {"authority": False}, "may not certify"),
    "demands the unknown": (
        {"extra": ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\0"), True),)}, {}, "not known here"
    ),
    "key for other things": (
        {"extra": ((usage("key_encipherment"), True),)}, {}, "not for signatures"
    ),
    "issuer's key for other things": (
        {}, {"extra": ((usage("digital_signature"), True),)}, "may not certify"
    ),
}  # fmt: skip


@needs("openssl")
@pytest.mark.parametrize("name", UNBELIEVED)
def test_unbelieved(name: str, tmp_path: Path) -> None:
    """A token that is whole, under a certificate that proves no time: both OpenSSL and we say so."""
    forged, middle, reason = UNBELIEVED[name]
    authority = TimeAuthority(forged=forged, middle=middle)
    token = authority.stamp(DATA, UTC_MS)
    stamp = parse_stamp(token, DATA)
    with pytest.raises(Refused, match=reason):
        stamp.check_authority((authority.root,))
    assert not openssl(tmp_path, token, authority.root_pem, UTC_MS // 1000)


def test_every_byte(authority: TimeAuthority) -> None:
    """Any one byte changed is refused."""
    token = authority.stamp(DATA, UTC_MS)
    survived = []
    for at in range(len(token)):
        changed = bytearray(token)
        changed[at] ^= 1
        try:
            believed(bytes(changed), authority)
        except Refused:
            continue
        survived.append(at)
    assert not survived


def test_cut_and_longer(authority: TimeAuthority) -> None:
    """Neither a part of a token nor a token with something behind it is one."""
    token = authority.stamp(DATA, UTC_MS)
    for wrong in (b"", token[:-1], token[:40], token + b"\0", b"\x30\x80" + token[2:], b"\xff" * 300):
        with pytest.raises(Refused):
            parse_stamp(wrong, DATA)


def test_roots(tmp_path: Path, authority: TimeAuthority) -> None:
    """A file of roots may hold several; one without any is refused by its name."""
    path = tmp_path / "roots.pem"
    path.write_bytes(authority.root_pem + TimeAuthority("other").root_pem)
    assert len(load_tsa_roots(path)) == 2
    path.write_bytes(b"nothing")
    with pytest.raises(Refused, match=r"roots.pem: holds no certificates"):
        load_tsa_roots(path)
