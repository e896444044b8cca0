"""Firmware bundles on the camera: received on the small partition, held against their paper, handed to the updater.

They lie in ``update/`` there, away from all evidence: ``offer.jws``, the paper of what is being received or waits; ``bundle.part``,
its bytes so far; ``bundle``, all of it, verified; ``installed.jws``, the paper of what was installed last, below whose serial nothing
goes back; ``trial.jws``, the same paper until it is known whether that stays (``firmware.runtime.trial``).  A cut leaves each of them whole or not at all, but for ``bundle.part``, which may end anywhere.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from firmware.dock.bundlerule import LEAST_PERCENT, Standing, UnwantedError, judge
from firmware.dock.facts import Update
from firmware.evidence.bundle import Bundle, verify_bundle
from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import from_file
from firmware.evidence.kinds import words
from firmware.runtime import durable
from firmware.runtime.intake import PIECE, Intake
from firmware.runtime.trial import Tested, Trials

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.evidence.certs import Trust
    from hal.interface import Directory, File, Power, Storage, Updater

DIRECTORY: Final = "update"
OFFER: Final = "offer.jws"
PART: Final = "bundle.part"
WHOLE: Final = "bundle"
INSTALLED: Final = "installed.jws"
TRIAL: Final = "trial.jws"

MOST_SAID: Final = 16
"""The most offers and refusals that one boot writes into its log: a dock may ask more often than that."""

MOST_WRONG: Final = 3
"""So often in one boot may all bytes of a bundle arrive and be others than its paper says."""

UNKNOWN: Final = Update("unknown", 0, "none")
"""What is said of firmware where nothing can be: no bundle is for such a board."""

_LOOK_S = 1.0
_RETRY_S = 60.0
_NAP_S = 0.2


class StoppingError(Exception):
    """The service ends while a bundle is being installed: the next start begins that anew."""


@dataclass(frozen=True, slots=True)
class BundleParts:
    """What bundles need of a camera.

    ``trust`` is asked anew each time; ``note`` writes an ``update`` line into the audit log; ``writing`` tells whether a recording is
    being written: storage is its own then.  ``now`` is the monotonic clock, in nanoseconds.
    """

    storage: Storage
    updater: Updater
    power: Power
    trust: Callable[[], Trust]
    note: Callable[[str, dict[str, object]], None]
    writing: Callable[[], bool]
    now: Callable[[], int]


class Bundles:
    """Receives one bundle at a time, for the dock thread, and installs it, on a thread of its own."""

    def __init__(self, parts: BundleParts) -> None:
        self._parts = parts
        self._lock = threading.RLock()
        self._intake: Intake | None = None
        self._said: set[tuple[str, str]] = set()
        self._wrong: Counter[str] = Counter()
        self._handed: set[str] = set()
        self._failed: set[str] = set()
        """Papers whose bundles were handed over in this boot, and those of them that the updater did not take."""
        self.trials = Trials(parts, self, self._say)
        self._found: tuple[int, Bundle | None] | None = None

    # -- for the dock thread

    def facts(self) -> Update:
        """How it stands, as a dock is told.  Trouble with the small partition, or with the updater, keeps no evidence from leaving."""
        with suppress(OSError):
            return self._facts()
        return UNKNOWN

    def _facts(self) -> Update:
        serial, waiting = self._standing()
        updater = self._parts.updater
        known = (("waiting", waiting is not None), ("installed", updater.pending()), ("failed", bool(self._failed)))
        return Update(updater.board(), serial, next((state for state, true in known if true), "none"))

    def offer(self, line: bytes) -> Intake | None:
        """What takes the bytes of the bundle with this paper; None where all of it waits already.

        ``UnwantedError``, which is noted, for a paper that holds, and ``EvidenceError``, which is the caller's to note, for one that does not.
        """
        bundle = verify_bundle(line, self._parts.trust())
        try:
            with self._lock:
                _, waiting = self._standing()
                if waiting is not None and waiting.paper == bundle.paper:
                    return None
                self._judge(bundle, waiting)
                intake, fresh = self._receive(bundle)
        except UnwantedError as error:
            self._say_once(error.code, "refused", bundle, str(error))
            raise
        if fresh:
            self._say_once("", "offered", bundle)
        return intake

    def _judge(self, bundle: Bundle, waiting: Bundle | None) -> None:
        """``UnwantedError`` unless it can be received now."""
        if waiting is not None:
            raise UnwantedError("waiting", f"serial: {waiting.serial} waits to be installed")
        if bundle.paper in self._failed:
            raise UnwantedError(
                "failed", "in this boot the updater refused this bundle, or other bytes came again and again"
            )
        free = self._parts.storage.space().free
        folder = self._directory()
        free += sum(durable.size(folder, name) for name in {PART} & set(folder.names()))
        judge(bundle, Standing(self._facts(), self._charged(), free))

    def _receive(self, bundle: Bundle) -> tuple[Intake, bool]:
        """Go on where an earlier docking with the same paper ended, or begin; whether it begins."""
        folder = self._directory()
        if self._intake is not None:
            self._intake.close()
        there = set(folder.names())
        same = {OFFER, PART} <= there and durable.read(folder, OFFER) == bundle.line + b"\n"
        fresh = not same or durable.size(folder, PART) > bundle.length
        if fresh:
            self._discard()
            durable.replace(folder, OFFER, bundle.line + b"\n")
            folder.create(PART).close()
            folder.sync()
        self._intake = Intake(bundle, folder.open(PART), lambda: self._keep(bundle), lambda: self._throw(bundle))
        return self._intake, fresh

    def _keep(self, bundle: Bundle) -> None:
        """All of it is here, verified and synced."""
        folder = self._directory()
        with self._lock:
            folder.rename(PART, WHOLE)
            folder.sync()
            self._found = None
        self._say("received", bundle)

    def _throw(self, bundle: Bundle) -> None:
        """What arrived is of no use."""
        self._wrong[bundle.paper] += 1
        if self._wrong[bundle.paper] >= MOST_WRONG:
            self._failed.add(bundle.paper)
        self._discard()

    # -- the installing thread

    def run(self, stopping: threading.Event, tested: Tested) -> None:
        """Hand over what waits, until ``stopping``.  ``tested`` knows whether this boot has shown that it can record.

        Trouble with the storage, which shows elsewhere, is given time to pass.
        """
        while not stopping.is_set():
            pause_s = _LOOK_S
            try:
                self.trials.look(tested)
                self.step(stopping)
            except StoppingError:
                return
            except OSError:
                pause_s = _RETRY_S
            stopping.wait(pause_s)

    def step(self, stopping: threading.Event) -> bool:
        """Hand the bundle that waits to the updater, if there is one and nothing is in the way; whether that was done."""
        _, bundle = self._standing()
        if bundle is None or bundle.paper in self._handed or self._parts.writing() or not self._charged():
            return False
        trouble = self._hand_over(bundle, stopping)
        self._handed.add(bundle.paper)
        if trouble is not None:
            self._failed.add(bundle.paper)
        self._discard()
        self._say("installed" if trouble is None else "failed", bundle, trouble or "")
        return True

    def _hand_over(self, bundle: Bundle, stopping: threading.Event) -> str | None:
        """Read it once more, and install it; what went wrong, in words."""

        def pause() -> None:
            while self._parts.writing() and not stopping.is_set():
                stopping.wait(_NAP_S)
            if stopping.is_set():
                raise StoppingError

        try:
            verify_bundle(bundle.line, self._parts.trust())  # its signer may have been withdrawn since
            with closing(self._directory().open(WHOLE)) as file:
                if _hashed(file, pause) != (bundle.length, bundle.hash):
                    return "hash: the bundle is not what was received"
                self._say("handed-over", bundle)
                self._parts.updater.install(file, pause)
            for name in (TRIAL, INSTALLED):
                durable.replace(self._directory(), name, bundle.line + b"\n")
        except (EvidenceError, OSError) as error:
            return str(error)
        return None

    # -- what lies there

    def _directory(self) -> Directory:
        root = self._parts.storage.root()
        if DIRECTORY not in root.names():
            root.enter(DIRECTORY, create=True)
            root.sync()
        return root.enter(DIRECTORY)

    def _standing(self) -> tuple[int, Bundle | None]:
        """The serial that was installed last, and the whole bundle that waits.  Read once: only this object changes it."""
        with self._lock:
            if self._found is None:
                root = self._parts.storage.root()
                if DIRECTORY not in root.names():
                    return 0, None
                folder = root.enter(DIRECTORY)
                trust = replace(self._parts.trust(), at=None)
                last, waiting = _paper(folder, INSTALLED, trust), None
                if WHOLE in folder.names():
                    # Whether its signer was withdrawn since is asked, and told, when it is handed over.
                    waiting = _paper(folder, OFFER, replace(trust, revoked=frozenset()))
                    if waiting is None or (last is not None and last.paper == waiting.paper):
                        self._remove(folder)  # a cut came between the end of an installation and this
                        waiting = None
                self._found = (last.serial if last else 0, waiting)
            return self._found

    def tried(self) -> Bundle | None:
        """What was installed, and is not known to stay; None also where a cut came before its installation had ended."""
        if self._standing()[1] is not None or DIRECTORY not in self._parts.storage.root().names():
            return None
        return _paper(self._directory(), TRIAL, replace(self._parts.trust(), at=None, revoked=frozenset()))

    def settled(self) -> None:
        """It is known whether it stays."""
        folder = self._directory()
        if TRIAL in folder.names():
            folder.remove(TRIAL)
            folder.sync()

    def _discard(self) -> None:
        """Throw away what was received, whole or not."""
        with self._lock:
            self._found = None
            self._remove(self._directory())

    @staticmethod
    def _remove(folder: Directory) -> None:
        """All of it is gone before another paper comes, so that no rest is ever taken for a part of another bundle."""
        for name in (WHOLE, PART, OFFER):
            if name in folder.names():
                folder.remove(name)
                folder.sync()

    # -- the rest

    def _charged(self) -> bool:
        """Whether there is charge enough.  A gauge that cannot be read says no: firmware has time."""
        with suppress(OSError):
            battery = self._parts.power.battery()
            return battery.charging or battery.percent >= LEAST_PERCENT
        return False

    def _say_once(self, code: str, state: str, bundle: Bundle, reason: str = "") -> None:
        """Note what a dock brings about, once a boot for each paper and code."""
        if (bundle.paper, code) not in self._said and len(self._said) < MOST_SAID:
            self._said.add((bundle.paper, code))
            self._say(state, bundle, reason)

    def _say(self, state: str, bundle: Bundle, reason: str = "") -> None:
        told = {"serial": bundle.serial, "version": bundle.version, "reason": words(reason)}
        self._parts.note("update", {"state": state, "paper": bundle.paper, **told})


def _paper(folder: Directory, name: str, trust: Trust) -> Bundle | None:
    """A paper that was kept; None without one that can be believed."""
    if name not in folder.names():
        return None
    try:
        return verify_bundle(from_file(durable.read(folder, name), name), trust)
    except EvidenceError:
        return None


def _hashed(file: File, pause: Callable[[], None]) -> tuple[int, str]:
    """Length and hash of what is in a file."""
    sha256, offset = hashlib.sha256(), 0
    while piece := file.read(offset, PIECE):
        sha256.update(piece)
        offset += len(piece)
        pause()
    return offset, sha256.hexdigest()
