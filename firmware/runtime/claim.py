"""How a camera that is nobody's becomes somebody's: what a desk says is checked in full, and kept all at once, or nothing of it is.

The *production lock* is the authority's root under its name.  It is written last, after everything else is durable, in one rename: with it
the camera is enrolled and locked, without it neither.  While it is there, and whatever it holds, no conversation enrols the camera again.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from firmware.dock.enrolling import (
    CERTIFICATES,
    Certificates,
    Commit,
    Enrolled,
    Introduction,
    KeyRequest,
    Sample,
    sample_text,
)
from firmware.dock.errors import RemoteProtocolError
from firmware.dock.messages import Refused
from firmware.dock.protocol import VERSIONS
from firmware.evidence.age import AgeWriter
from firmware.evidence.certs import Trust, read_certificate, verify_chain, write_pem
from firmware.evidence.errors import ChainError, EvidenceError, FormatError, MismatchError
from firmware.evidence.keys import hash_of, public_der
from firmware.evidence.kinds import words
from firmware.evidence.request import make_request
from firmware.evidence.roles import Role
from firmware.evidence.session import Session
from firmware.evidence.settings_doc import recipients, trust_under, verify_settings
from firmware.runtime import durable
from firmware.runtime.choosing import choose
from firmware.runtime.enrolment import DEVICE, ROOT, SETTINGS
from firmware.version import VERSION

if TYPE_CHECKING:
    from firmware.dock.messages import Message
    from firmware.evidence.certs import Chain
    from firmware.evidence.jws import Signed
    from firmware.evidence.recipients import Random
    from hal.interface import Directory, Signer

LOCK: Final = ROOT


class LockedError(Exception):
    """The production lock is closed: the camera belongs to somebody, whether it can make use of that or not."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a camera says of itself: its board, and the board's own serial number, empty where it has none."""

    board: str
    serial: str


class Unowned:
    """A camera's small partition and its signer, while nobody has locked them.  The links of one camera share it."""

    def __init__(self, config: Directory, signer: Signer, facts: Facts, random: Random) -> None:
        """Nothing is read or made yet."""
        self.config, self.signer, self.facts, self.random = config, signer, facts, random
        self.claimed = False
        """Whether it is enrolled now: whoever runs the service starts it again."""
        self.closing = False
        """Whether that is under way, or done: the desk is still to hear of it."""
        self._one = threading.Lock()

    @property
    def locked(self) -> bool:
        """Whether the production lock is closed.  ``OSError`` where the partition cannot be read."""
        return LOCK in self.config.names()

    def key(self) -> str | None:
        """The hash of the public key that the signer holds; None where it holds none, or cannot say."""
        try:
            return hash_of(self.signer.public_key())
        except OSError:
            return None

    def keep(self, root: bytes, device: bytes, settings: bytes) -> None:
        """Make all of it durable, and lock.  ``LockedError`` where another link was quicker.

        ``OSError`` where the lock is open still, or where nobody knows: then ``claimed`` is set as well, and the next start finds out.
        """
        with self._one:
            if self.locked:
                raise LockedError("it was enrolled meanwhile")
            self.closing = True
            try:
                durable.replace(self.config, DEVICE, device)
                durable.replace(self.config, SETTINGS, settings)
                durable.replace(self.config, LOCK, root)
            finally:
                self.closing = self.claimed = self.locked


Saying = Generator["Message | None", Any, None]
"""Yields what the camera says, None where the desk goes on, and is sent what the desk says, in the order of the table of states."""


def claim(at: Unowned) -> Saying:
    """One enrolment, from the greeting on.  The first thing that is not done ends it, and leaves the camera as it was."""
    try:
        yield from _claim(at)
    except LockedError as error:
        yield Refused("locked", words(str(error)))
    except EvidenceError as error:
        yield Refused("evidence", words(str(error)))
    except OSError as error:
        yield Refused("storage", words(f"config partition or signer: {error}"))


def _claim(at: Unowned) -> Saying:
    _refuse_locked(at)
    facts = at.facts
    call = yield Introduction(VERSIONS, facts.board, facts.serial, words(VERSION), at.signer.kind, at.key())
    if call.version not in VERSIONS:
        raise RemoteProtocolError(f"version {call.version} was not offered", "version")
    _refuse_locked(at)
    public = at.signer.create()
    sent = yield KeyRequest(make_request(call.device, public, at.signer.sign_digest))
    line = yield None
    root, own, settings = _believe(sent, line.data, call.device, public)
    Session.begin(own, at.signer.sign_digest)  # as the next start will
    writer = AgeWriter(recipients(settings), at.random)
    sample = writer.close(sample_text(own.name, own.fingerprint, sent.nonce))
    commit = yield Sample(writer.header + bytes(sample))
    ours = Commit(own.fingerprint, settings.hash)
    if commit != ours:
        raise MismatchError("commit: is not for what was sent")
    at.keep(write_pem([root]), write_pem(own.ders), settings.line + b"\n")
    yield Enrolled(ours.certificate, ours.settings)


def _refuse_locked(at: Unowned) -> None:
    if at.locked:
        raise LockedError("this camera belongs to an authority, and is locked")


def _believe(sent: Certificates, line: bytes, name: str, public: bytes) -> tuple[bytes, Chain, Signed]:
    """Root, own chain and settings, all of it checked as each start of the camera will, and further: for this name and this key, with
    settings that are not only signed but can be in force."""
    if len(sent.ders) != CERTIFICATES:
        raise ChainError(f"certificates: {len(sent.ders)} instead of {CERTIFICATES}")
    *chain, root = sent.ders
    trust = Trust(read_certificate(root, Role.ROOT, None, "root certificate"))
    settings = verify_settings(line, trust)
    own = verify_chain(chain, trust_under(settings, trust), Role.DEVICE, "certificates")
    if own.name != name:
        raise MismatchError(f"certificates: subject: {own.name!r} is not the name that was asked for")
    if public_der(own.leaf.key) != public:
        raise MismatchError("certificates: public key: is not this camera's")
    if problems := choose(settings.payload["values"]).problems:
        raise FormatError(f"settings: values: {problems[0]}")
    return root, own, settings
