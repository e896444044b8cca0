"""The parts of the self-test that take their time: storage on the writer's thread, a piece at a time, and the device key on one of its own."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.core.selftest import PROBE
from firmware.evidence.errors import EvidenceError
from firmware.evidence.keys import check_signature
from firmware.evidence.session import check_proof
from firmware.runtime.work import Probe, Probed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from firmware.evidence.recipients import Random
    from firmware.evidence.session import Session
    from firmware.runtime.vault import Vault
    from hal.interface import Clock, Directory, File

PLACE: Final = "self-test"
"""In ``erasing/``: what a cut leaves of it goes with the next start, like all that stands there."""
PIECE: Final = 64 << 10
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Proven:
    """The device key's part: whether its signature was right, and how long that took."""

    signs: bool
    took_ms: int


def probe(
    job: Probe, vault: Vault, clock: Clock, busy: Callable[[], bool], answer: Callable[[Probed], None]
) -> Iterator[None]:
    """Write a file beside the evidence, sync it and remove it, in small pieces: a flush never waits for more than one.

    A recording that begins meanwhile says more about storage than any test: then only what was written goes.  It stands in ``erasing/``, and
    nothing of it is ever evidence.  What failed is not tried again.
    """
    signs = _signs(vault.session)
    if busy() or not job.storage:
        answer(Probed(None, signs))
        return
    try:
        took = yield from _written(vault.volume.erasing, clock, busy)
    except OSError:
        answer(Probed(0, signs))
        raise
    answer(Probed(None if took is None else PROBE * _NS // max(1, took), signs))


def _written(erasing: Directory, clock: Clock, busy: Callable[[], bool]) -> Generator[None, None, int | None]:
    """Nanoseconds that writing and syncing took; None where a recording came between."""
    directory = erasing.enter(PLACE, create=True)
    for left in directory.names():
        directory.remove(left)
    file = directory.create(PLACE)
    try:
        took = yield from _timed(file, clock, busy)
    finally:
        file.close()
    directory.remove(PLACE)
    yield
    erasing.remove(PLACE)
    return took


def _timed(file: File, clock: Clock, busy: Callable[[], bool]) -> Generator[None, None, int | None]:
    data, took = bytes(PIECE), 0
    for step in (*[lambda: file.append(data)] * (PROBE // PIECE), file.sync):
        if busy():
            return None
        began_ns = clock.monotonic_ns()
        step()
        took += clock.monotonic_ns() - began_ns
        yield
    return took


def _signs(session: Session) -> bool:
    """Whether what this boot's key signs verifies."""
    sha256 = hashlib.sha256(PLACE.encode()).digest()
    try:
        check_signature(session.chain.leaf.key, session.sign_picture(sha256), sha256, PLACE)
    except EvidenceError:
        return False
    return True


class DeviceProbe:
    """Has the device key sign that it is there, when it is asked to.  Nothing waits for it: hardware takes up to half a second, and more where
    it is broken."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        random: Random,
        order: Callable[[Probe], None],
        tell: Callable[[Proven], None],
    ) -> None:
        """``order`` hands the writer its part, ``tell`` hears of the device key."""
        self._order = order
        self._session = session
        self._clock = clock
        self._random = random
        self._tell = tell
        self._asked = threading.Event()

    def ask(self, *, storage: bool) -> None:
        """Do it once, and have the writer do its part, with storage or without."""
        self._order(Probe(storage))
        self._asked.set()

    def run(self, stop: threading.Event) -> None:
        """Do it whenever it is asked for, until ``stop``."""
        while not stop.is_set():
            if self._asked.wait(1.0):  # nobody waits for its end
                self.step()

    def step(self) -> None:
        """Do it, if it was asked for: a proof for no connection at all, over bytes that nobody chose."""
        if not self._asked.is_set():
            return
        self._asked.clear()
        began_ns, nothing = self._clock.monotonic_ns(), bytes(self._random(32))
        try:
            check_proof(self._session.link_chain, nothing, self._session.prove(nothing))
            signs = True
        except (OSError, EvidenceError):
            signs = False
        self._tell(Proven(signs, (self._clock.monotonic_ns() - began_ns) // 1_000_000))
