"""What the camera's side of a docking needs from the camera: the evidence, the clock, and somewhere to put what a dock
hands over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from firmware.dock.facts import Facts
from firmware.evidence.timetoken import Vouched


@dataclass(frozen=True, slots=True)
class Item:
    """Something to fetch, with its files as (name, length in bytes), sorted by name.

    ``kind`` and ``name``: ``recording`` with its eight digits, ``audit`` with ``audit``, ``volume`` with ``volume``.
    """

    kind: str
    name: str
    priority: bool
    files: tuple[tuple[str, int], ...]


class Intake(Protocol):
    """A firmware bundle on its way into the camera.  Whatever it raises, the bytes that it had stay for another time, unless they are wrong."""

    @property
    def offset(self) -> int:
        """Bytes that are here, those of earlier dockings included."""

    def catch_up(self) -> Iterator[None]:
        """Read what earlier dockings left, a piece at each step; to be done before anything else."""

    def take(self, data: bytes) -> None:
        """Keep the next bytes.  ``UnwantedError`` if there are none, or more than the paper says."""

    def complete(self) -> bool:
        """Whether all bytes are here.  Then they were held against the paper and are durable; ``UnwantedError`` if they are others,
        which are thrown away."""


class Shelf(Protocol):
    """Called on the threads of all links, at any time: whoever implements it sees to it that one call does not disturb
    another.  Refusals are ``EvidenceError``, trouble with the storage is ``OSError``; both say why."""

    def hello(self) -> Facts:
        """What the camera says about itself, as it is now."""

    def items(self) -> Sequence[Item]:
        """All there is to fetch: marked recordings first, then the most recent; only sealed ones, without those
        receipted.

        The audit log and ``volume.jws`` are always there.  The newest files of the log grow: their lengths here are of whole lines,
        and of what these vouch for.
        """

    def read(self, item: str, file: str, offset: int, size: int) -> bytes:
        """Up to ``size`` bytes of a file that ``items`` named; fewer only at its end."""

    def signed(self, item: str, file: str) -> str | None:
        """The hash that the manifest of a recording signs of a whole file; None where there is none, and only reading it tells.

        A dock holds what arrives against the manifest in any case, so that nobody has to read a file only for its hash.
        """

    def receipt(self, number: int, line: bytes, nonce: str) -> None:
        """Verify a receipt for recording ``number`` and return once it is durable.  Only that allows an erasure."""

    def anchor(self, line: bytes, nonce: str) -> None:
        """Verify a countersigned audit head and return once it is durable.

        The head may be any line that ``items`` had listed: the log has grown since.
        """

    def log_receipt(self, line: bytes, nonce: str) -> None:
        """Verify a receipt for finished files of the audit log and return once it is durable.  Only that allows their removal."""

    def conflict(self, dock: str, reason: str) -> None:
        """Note in the audit log that a dock holds another log of this volume.  From then on nothing is erased."""

    def settings(self, line: bytes) -> None:
        """Verify settings of the authority and return once they are durable."""

    def assign(self, line: bytes) -> None:
        """Verify an assignment and return once it is durable."""

    def order(self, line: bytes) -> None:
        """Verify a recall of this camera, or one of the two words that undo it, and return once it is durable and in force."""

    def bundle(self, line: bytes) -> Intake | None:
        """Verify the paper of a bundle and return what takes its bytes; None where all of them wait for the updater already.

        ``UnwantedError`` if the paper holds but the camera does not want it.
        """

    def vouched(self, token: bytes, nonce: str) -> Vouched:
        """Verify what vouches for a dock's time over the nonce of this session, and return that time."""

    def set_clock(self, utc_ms: int, source: str) -> None:
        """Set the wall clock on the word of ``source`` and note it in the audit log.  The rule was applied before; what is refused
        here, because a recording began meanwhile, is an ``EvidenceError``."""

    def dock_event(self, dock: str, outcome: str) -> None:
        """Note in the audit log that a dock was met: ``accepted`` or the reason of the refusal.  ``dock`` is empty if
        unknown."""
