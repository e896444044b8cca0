"""Time stamps (RFC 3161) as a camera believes them: of an authority that its own authority named, over bytes of its choice."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509

from firmware.evidence.certs import LARGEST
from firmware.evidence.cms import check_path, load_certificate, read_signed
from firmware.evidence.der import (
    BOOLEAN,
    CONTEXT,
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OCTETS,
    OID,
    SEQUENCE,
    Element,
    Elements,
    oid,
)
from firmware.evidence.errors import FormatError, MismatchError

LONGEST = 12_288
"""Bytes of an answer that a camera looks at."""

LOOSEST_MS = 60_000
"""How far off a time stamp may say that it is."""

_TST_INFO = oid("1.2.840.113549.1.9.16.1.4")
_SHA256 = oid("2.16.840.1.101.3.4.2.1")
_TIME = re.compile(rb"([0-9]{14})(?:\.([0-9]{0,8}[1-9]))?Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLI, _MICRO = 0x80, 0x81
"""Members 0 and 1 of Accuracy."""


@dataclass(frozen=True, slots=True)
class Stamper:
    """Whose time stamps are believed: those that lead to this certificate, and only under this policy (None: any)."""

    root: x509.Certificate
    policy: str | None = None

    @classmethod
    def parse(cls, root: str, policy: str) -> Stamper:
        """From settings: a certificate in base64, and an object identifier with dots or nothing; ``FormatError`` names which is wrong."""
        try:
            der = base64.b64decode(root, validate=True)
        except (binascii.Error, ValueError):
            der = b""
        if not der or base64.b64encode(der).decode() != root or len(der) > LARGEST:
            raise FormatError(f"time_root: is not base64 of a certificate of at most {LARGEST} bytes")
        if policy:
            try:
                oid(policy)
            except FormatError as error:
                raise FormatError(f"time_policy: {error}") from None
        return cls(load_certificate(der, "time_root"), policy or None)


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """What a time-stamping authority says: its time, and how far that may be off; both in milliseconds."""

    utc_ms: int
    accuracy_ms: int


def verify_timestamp(response: bytes, stamped: bytes, stamper: Stamper) -> TimeStamp:
    """Verify a TimeStampResp in DER over SHA-256 of ``stamped``; an ``EvidenceError`` names what does not hold.

    One that does not say how exact it is counts as exact only under a policy that was asked for, which says it then.
    """
    if len(response) > LONGEST:
        raise FormatError(f"time stamp: {len(response)} bytes, at most {LONGEST} are allowed")
    outer = Elements(response, "time stamp")
    answer = outer.take(SEQUENCE, "TimeStampResp").inside()
    outer.end()
    status = answer.take(SEQUENCE, "status").inside().take(INTEGER, "status").integer()
    if status != 0:
        raise FormatError(f"time stamp: status: {status}, and 0 is granted")
    token = answer.take(SEQUENCE, "timeStampToken")
    answer.end()
    signed = read_signed(token, _TST_INFO)
    content = Elements(signed.content, "TSTInfo")
    info = content.take(SEQUENCE, "TSTInfo").inside()
    content.end()
    stamp = _read_info(info, hashlib.sha256(stamped).digest(), stamper.policy)
    check_path(signed, stamper.root, _EPOCH + timedelta(milliseconds=stamp.utc_ms))
    return stamp


def _read_info(info: Elements, imprint: bytes, policy: str | None) -> TimeStamp:
    if info.take(INTEGER, "version").integer() != 1:
        raise FormatError("TSTInfo: version: is not 1")
    under = info.take(OID, "policy").content
    if policy is not None and under != oid(policy):
        raise MismatchError("TSTInfo: policy: not the one that the authority asks for")
    of = info.take(SEQUENCE, "messageImprint").inside()
    algorithm = of.take(SEQUENCE, "hashAlgorithm").inside()
    if algorithm.take(OID, "algorithm").content != _SHA256:
        raise FormatError("TSTInfo: hashAlgorithm: is not SHA-256")
    algorithm.maybe(NULL, "parameters")
    algorithm.end()
    hashed = of.take(OCTETS, "hashedMessage").content
    of.end()
    if hashed != imprint:
        raise MismatchError("TSTInfo: hashedMessage: it was given for something else")
    info.take(INTEGER, "serialNumber")
    utc_ms = _moment(info.take(GENERALIZED_TIME, "genTime"))
    accuracy = info.maybe(SEQUENCE, "accuracy")
    for tag, name in ((BOOLEAN, "ordering"), (INTEGER, "nonce"), (CONTEXT, "tsa"), (CONTEXT + 1, "extensions")):
        info.maybe(tag, name)
    info.end()
    if accuracy is None and policy is None:
        raise FormatError("TSTInfo: accuracy: missing, and no policy is asked for that would say it")
    return TimeStamp(utc_ms, 0 if accuracy is None else _accuracy(accuracy))


def _moment(element: Element) -> int:
    match = _TIME.fullmatch(element.content)
    try:
        if match is None:
            raise ValueError
        whole = datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise FormatError("TSTInfo: genTime: no time in UTC as RFC 3161 writes it") from None
    utc_ms = (whole - _EPOCH) // timedelta(milliseconds=1) + int((match[2] or b"").ljust(3, b"0")[:3])
    if utc_ms < 0:
        raise FormatError("TSTInfo: genTime: before 1970")
    return utc_ms


def _accuracy(element: Element) -> int:
    """Seconds, milliseconds and microseconds, rounded up to milliseconds."""
    fields = element.inside()
    seconds = fields.maybe(INTEGER, "seconds")
    parts = [0 if seconds is None else seconds.integer()]
    for tag, name in ((_MILLI, "millis"), (_MICRO, "micros")):
        part = fields.maybe(tag, name)
        parts.append(0 if part is None else part.integer())
    fields.end()
    if any(part > 999 for part in parts[1:]):
        raise FormatError("TSTInfo: accuracy: out of range")
    total = 1000 * parts[0] + parts[1] + (parts[2] > 0)
    if total > LOOSEST_MS:
        raise FormatError(f"TSTInfo: accuracy: {total} ms, at most {LOOSEST_MS} help")
    return total
