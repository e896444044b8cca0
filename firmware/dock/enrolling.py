"""The messages between a camera that is nobody's and the desk that enrols it (``docs/dock-protocol.md``, section 4.9).

They share framing, numbers and the table of states with a docking, and not one state: what begins as a docking never comes to
these, and what begins as an enrolment comes to nothing else.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from firmware.dock.fields import member, members
from firmware.dock.messages import KIB, MOST_VERSIONS, VERSION, Message, Raw
from firmware.evidence.errors import FormatError
from firmware.evidence.kinds import HASH, IDENTIFIER, LABEL, NAME, WORDS
from firmware.evidence.request import LARGEST as LARGEST_REQUEST
from firmware.evidence.schema import null_or, one_of, text

CERTIFICATES: Final = 3
"""Those of the device and of the device CA, and the root."""
LONGEST_CERTIFICATE: Final = 5464
"""Characters of base64: a certificate has at most 4096 bytes."""
LONGEST_SERIAL: Final = 64
SAMPLE_LIMIT: Final = 64 * KIB
SERIAL: Final = text(rf"[A-Za-z0-9-]{{0,{LONGEST_SERIAL}}}", f"at most {LONGEST_SERIAL} of A-Z a-z 0-9 -")


def _certificate(value: Any, where: str) -> None:
    """A certificate in base64, in its one spelling."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_CERTIFICATE:
        raise FormatError(f"{where}: is not base64 of at most {LONGEST_CERTIFICATE} characters")
    try:
        der = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError(f"{where}: is not base64") from None
    if base64.b64encode(der).decode() != value:
        raise FormatError(f"{where}: is not base64 in its one spelling")


@dataclass(frozen=True, slots=True)
class Introduction(Message):
    """The camera begins: what it is, and that it belongs to nobody.

    ``signer``: where its key lives, or will; ``serial``: the board's own, empty where it has none; ``key``: the hash of the public key
    (SubjectPublicKeyInfo) that is in the signer already, null where none is.
    """

    TYPE: ClassVar[int] = 28
    versions: tuple[int, ...] = members(VERSION, MOST_VERSIONS)
    board: str = member(LABEL)
    serial: str = member(SERIAL)
    firmware: str = member(WORDS)
    signer: str = member(one_of("software", "tpm2", "firmware"))
    key: str | None = member(null_or(HASH))


@dataclass(frozen=True, slots=True)
class MakeKey(Message):
    """Make the key inside the signer, where it has none, and ask for a certificate in this name."""

    TYPE: ClassVar[int] = 29
    version: int = member(VERSION)
    device: str = member(NAME)


class KeyRequest(Raw):
    """A PKCS #10 request in DER, signed by the key."""

    __slots__ = ()
    TYPE: ClassVar[int] = 30
    LIMIT: ClassVar[int] = LARGEST_REQUEST
    LEAST: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Certificates(Message):
    """The camera's certificate, the device CA's and the root, in base64 of DER; ``nonce`` goes into the sample."""

    TYPE: ClassVar[int] = 31
    certificates: tuple[str, ...] = members(_certificate, CERTIFICATES)
    nonce: str = member(IDENTIFIER)

    @property
    def ders(self) -> tuple[bytes, ...]:
        """In DER, in this order."""
        return tuple(base64.b64decode(each) for each in self.certificates)


class Sample(Raw):
    """An age file, sealed as footage will be, to the recipients of the settings."""

    __slots__ = ()
    TYPE: ClassVar[int] = 32
    LIMIT: ClassVar[int] = SAMPLE_LIMIT
    LEAST: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Commit(Message):
    """Keep all of it, and lock.  The hashes are of the camera's certificate in DER and of the settings' line."""

    TYPE: ClassVar[int] = 33
    certificate: str = member(HASH)
    settings: str = member(HASH)


@dataclass(frozen=True, slots=True)
class Enrolled(Message):
    """It is durable, and the camera is locked; it starts again as what it is now."""

    TYPE: ClassVar[int] = 34
    certificate: str = member(HASH)
    settings: str = member(HASH)


def certificates(ders: tuple[bytes, ...], nonce: str) -> Certificates:
    """The message that carries these."""
    return Certificates(tuple(base64.b64encode(der).decode() for der in ders), nonce)


def sample_text(device: str, certificate: str, nonce: str) -> bytes:
    """What a camera seals as a sample: its name, the fingerprint of its certificate, the desk's nonce."""
    return f"lapel sample 1\n{device}\n{certificate}\n{nonce}\n".encode()
