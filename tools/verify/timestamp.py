"""Time stamps (RFC 3161): what somebody who has nothing to do with the camera signed about ``manifest.jws``.

``parse_stamp`` refuses what is no good in itself: another file's, altered, or malformed.  Whether the authority that
signed it is believed is asked separately (``Stamp.check_authority``), because that is a question of whom one trusts.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tools.verify import files
from tools.verify.certs import MALFORMED
from tools.verify.cms import SignedData, load_foreign, read_signed_data
from tools.verify.der import BOOLEAN, GENERALIZED_TIME, INTEGER, OCTETS, OID, SEQUENCE, Fields, read
from tools.verify.findings import Refused, need
from tools.verify.tsapath import find_path

NAME = "manifest.tsr"
LARGEST = 65536
_SHA256 = "2.16.840.1.101.3.4.2.1"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_TIME = re.compile(rb"([0-9]{14})(?:\.([0-9]{0,8}[1-9]))?Z\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp over the right bytes, rightly signed under the certificate that it carries: ``utc_ms`` is the
    authority's time, ``accuracy_ms`` how far that may be off (None: not stated)."""

    utc_ms: int
    accuracy_ms: int | None
    policy: str
    serial: int
    signed: SignedData

    @property
    def latest_ms(self) -> int:
        """By when the stamped bytes were there."""
        return self.utc_ms + (self.accuracy_ms or 0)

    @property
    def authority(self) -> str:
        """What the authority calls itself."""
        return self.signed.signer.subject.rfc4514_string()

    def check_authority(self, roots: tuple[x509.Certificate, ...]) -> None:
        """``Refused`` unless the authority's certificate leads to one of ``roots``, judged at the stamp's time."""
        find_path(self.signed.signer, self.signed.certificates, roots, _EPOCH + timedelta(milliseconds=self.utc_ms))


def load_tsa_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file, each of which is believed to certify authorities; ``Refused`` if it has none."""
    try:
        found = x509.load_pem_x509_certificates(files.read_small(path, 1 << 20))
        return tuple(load_foreign(each.public_bytes(serialization.Encoding.DER)) for each in found)
    except (ValueError, Refused, *MALFORMED):
        raise Refused(f"{path}: holds no certificates in PEM form") from None


def parse_stamp(data: bytes, stamped: bytes) -> Stamp:
    """Take a TimeStampResp in DER apart and check all but who signed it; ``stamped``: the bytes of ``manifest.jws``."""
    response = read(data, "the response").children() if data[:1] == bytes([SEQUENCE]) else None
    need(response is not None, "is no time stamp")
    assert response is not None  # noqa: S101 - refused above
    status = response.take(SEQUENCE, "the status").children().take(INTEGER, "the status").integer()
    need(status == 0, f"the authority gave no time stamp (status {status})")
    signed = read_signed_data(response.take(SEQUENCE, "the token").raw, _TST_INFO)
    response.end("the response")
    info = read(signed.content, "the signed content")
    need(info.tag == SEQUENCE, "the signed content is no TSTInfo")
    return _info(info.children(), stamped, signed)


def _info(info: Fields, stamped: bytes, signed: SignedData) -> Stamp:
    need(info.take(INTEGER, "TSTInfo: version").integer() == 1, "TSTInfo: version is not 1")
    policy = info.take(OID, "TSTInfo: policy").oid()
    imprint = info.take(SEQUENCE, "TSTInfo: messageImprint").children()
    algorithm = imprint.take(SEQUENCE, "messageImprint: hashAlgorithm").children().take(OID, "hashAlgorithm").oid()
    need(algorithm == _SHA256, "messageImprint: hashAlgorithm is not SHA-256")
    hashed = imprint.take(OCTETS, "messageImprint: hashedMessage").content
    imprint.end("messageImprint")
    need(hashed == hashlib.sha256(stamped).digest(), "it was given for another manifest")
    serial = info.take(INTEGER, "TSTInfo: serialNumber").integer()
    utc_ms = _time(info.take(GENERALIZED_TIME, "TSTInfo: genTime").content)
    accuracy = info.maybe(SEQUENCE)
    accuracy_ms = None if accuracy is None else _accuracy(accuracy.children())
    info.maybe(BOOLEAN)
    info.maybe(INTEGER)  # the nonce was for whoever asked
    info.maybe(0xA0)
    info.maybe(0xA1)
    info.end("TSTInfo")
    return Stamp(utc_ms, accuracy_ms, policy, serial, signed)


def _time(text: bytes) -> int:
    match = _TIME.fullmatch(text)
    try:
        need(match, "TSTInfo: genTime is not in the form of RFC 3161")
        assert match is not None  # noqa: S101 - refused above
        whole = datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise Refused("TSTInfo: genTime is no time") from None
    fraction = int((match[2] or b"").ljust(3, b"0")[:3])
    return (whole - _EPOCH) // timedelta(milliseconds=1) + fraction


def _accuracy(fields: Fields) -> int:
    """Seconds, milliseconds and microseconds, rounded up to milliseconds."""
    seconds = fields.maybe(INTEGER)
    parts = [0 if seconds is None else seconds.integer()]
    for tag in (0x80, 0x81):
        part = fields.maybe(tag)
        parts.append(0 if part is None else int.from_bytes(part.content, "big", signed=True))
    fields.end("accuracy")
    need(0 <= parts[0] < 1 << 31 and all(0 <= part <= 999 for part in parts[1:]), "accuracy is out of range")
    return 1000 * parts[0] + parts[1] + (parts[2] > 0)
