"""A device's enrolment, checked before it goes onto a card: what is wrong with it is said here and not by a camera that will not record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware.evidence.certs import Trust, read_pem, verify_chain
from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import FILE_LIMIT, from_file
from firmware.evidence.keys import load_key, public_der
from firmware.evidence.roles import Role
from firmware.evidence.settings_doc import trust_under, verify_settings

ROOT: Final = "root.crt.pem"
DEVICE: Final = "device.crt.pem"
SETTINGS: Final = "settings.jws"
KEY: Final = "device.key.pem"
_NEEDED: Final = (ROOT, DEVICE, SETTINGS)
_ALLOWED: Final = frozenset({*_NEEDED, KEY, "device-pq.crt.pem", "device-pq.key.pem"})


class EnrolmentError(Exception):
    """This is no enrolment that a camera would take; the message says why."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Whose camera it will be.  ``software``: its private key goes onto the card with it."""

    device: str
    files: Mapping[str, bytes]
    software: bool


def read(directory: Path) -> Enrolled:
    """Read what ``lapel provision device`` wrote, and hold it against itself.  ``EnrolmentError`` or ``OSError`` if it is of no use."""
    names = {each.name for each in directory.iterdir()}
    if missing := sorted(set(_NEEDED) - names):
        raise EnrolmentError(f"{directory}: {', '.join(missing)} missing: is this what `lapel provision device` wrote?")
    if strange := sorted(names - _ALLOWED):
        raise EnrolmentError(f"{directory}: {', '.join(strange)} has no place on a camera")
    files = {name: _bounded(directory / name) for name in sorted(names)}
    try:
        root = Trust.load(files[ROOT])
        settings = verify_settings(from_file(files[SETTINGS], SETTINGS), root)
        chain = verify_chain(read_pem(files[DEVICE]), trust_under(settings, root), Role.DEVICE, DEVICE)
        if KEY in files and public_der(load_key(files[KEY]).public_key()) != public_der(chain.leaf.key):
            raise EnrolmentError(f"{directory}: {KEY} is not the key that {DEVICE} is for")
    except EvidenceError as error:
        raise EnrolmentError(f"{directory}: {error}") from error
    return Enrolled(chain.name, files, KEY in files)


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(FILE_LIMIT + 1)
    if len(data) > FILE_LIMIT:
        raise EnrolmentError(f"{path}: has more than {FILE_LIMIT} bytes")
    return data
