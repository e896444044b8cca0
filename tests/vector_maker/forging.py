"""Whoever holds some keys: changes what is said before it is signed, signs for others, spells in other ways."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from typing import Any

from tests.evidence_maker import Identity, issue
from tests.evidence_maker.pki import ORDER
from tests.evidence_maker.recording import Line
from tests.vector_maker.bases import OURS

OPENING, FLUSH, MANIFEST, RECEIPT, AUDIT, ANCHOR, VOLUME = (
    f"lapel.{each}.1" for each in ("opening", "flush", "manifest", "receipt", "audit", "anchor", "volume")
)
CAMERA = OURS.device("cam-0042")
SESSION = issue("session", "cam-0042", CAMERA, "authority cam-0042 session 1")
Payload = dict[str, Any]
Edit = Callable[[Payload], Payload]
Forger = Callable[..., Line]


def editing(typ: str, edit: Edit, at: int = 0) -> Forger:
    """Change the payload of the ``at``-th line of a type; the signatures stay good."""
    count = itertools.count()

    def forge(found: str, payload: Payload, signer: Identity, chained: bool) -> Line:  # noqa: FBT001
        return (edit(payload) if found == typ and next(count) == at else payload), signer, chained

    return forge


def signing(typ: str, identity: Identity, *, chained: bool | None = None, at: int | None = None) -> Forger:
    """Let somebody else sign a type, or its ``at``-th line."""
    count = itertools.count()

    def forge(found: str, payload: Payload, signer: Identity, chain: bool) -> Line:  # noqa: FBT001
        if found != typ or (next(count) != at and at is not None):
            return payload, signer, chain
        return payload, identity, chain if chained is None else chained

    return forge


def session_of(device: Identity) -> Identity:
    """A session below a device."""
    return issue("session", device.name, device, "a session")


# -- members -----------------------------------------------------------------------------------------------------------


def having(**members: object) -> Edit:
    """Members that are other ones, or more."""
    return lambda old: {**old, **members}


def without(member: str) -> Edit:
    """A member less."""
    return lambda old: {key: value for key, value in old.items() if key != member}


def deep(outer: str, **members: object) -> Edit:
    """Members of a member."""
    return lambda old: {**old, outer: {**old[outer], **members}}


def track(kind: str, **members: object) -> Edit:
    """Members of a flush's track."""
    return lambda old: {**old, "tracks": {**old["tracks"], kind: {**old["tracks"][kind], **members}}}


def first_file(**members: object) -> Edit:
    """Members of the first file that is listed."""
    return lambda old: {**old, "files": [{**old["files"][0], **members}, *old["files"][1:]]}


def later(by: int) -> Edit:
    """A flush that says another time."""

    def edit(old: Payload) -> Payload:
        moved = {kind: each and {**each, "from": max(each["from"] + by, 0)} for kind, each in old["tracks"].items()}
        return {**old, "tracks": moved, "until": old["until"] + by}

    return edit


# -- lines -------------------------------------------------------------------------------------------------------------

Respell = Callable[[bytes], bytes]


def lines(data: bytes, edit: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Change the lines of a file."""
    return b"".join(line + b"\n" for line in edit(data.split(b"\n")[:-1]))


def last_line(data: bytes, respell: Respell) -> bytes:
    """Respell the last line of a file."""
    *before, last, _ = data.split(b"\n")
    return b"\n".join([*before, respell(last), b""])


def part(index: int, respell: Respell) -> Respell:
    """Respell header (0), payload (1) or signature (2) of a line."""

    def respelt(line: bytes) -> bytes:
        split = line.split(b".")
        split[index] = respell(split[index])
        return b".".join(split)

    return respelt


def unpadded(text: bytes) -> bytes:
    """What a part stands for."""
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def padded(data: bytes) -> bytes:
    """A part."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def high_s(text: bytes) -> bytes:
    """The other half of a signature."""
    data = unpadded(text)
    return padded(data[:32] + (ORDER - int.from_bytes(data[32:], "big")).to_bytes(32, "big"))


def spare_bits(text: bytes) -> bytes:
    """Other unused bits in the last character."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    at = alphabet.index(text[-1:]) | 1
    return text[:-1] + alphabet[at : at + 1]


def signed_anew(
    line: bytes, identity: Identity, *, header: Respell | None = None, payload: Respell | None = None
) -> bytes:
    """A line whose header or payload has other bytes, under a good signature."""
    head, body, _ = line.split(b".")
    head = padded(header(unpadded(head))) if header else head
    body = padded(payload(unpadded(body))) if payload else body
    return head + b"." + body + b"." + padded(identity.sign(head + b"." + body))
