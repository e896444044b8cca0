"""A camera's writer with all below it, on real files: the units of a film go in at one end, sealed evidence is on the disk at the other."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

from firmware.core.cutter import live_from
from firmware.core.memory import captured
from firmware.core.ring import Ring
from firmware.runtime.enrolment import Enrolment
from firmware.runtime.log import Log
from firmware.runtime.mailbox import Mailbox
from firmware.runtime.takes import Takes
from firmware.runtime.vault import Vault
from firmware.runtime.work import Failed, Sealed
from firmware.runtime.writer import Writer
from firmware.service import chosen_settings
from hal.files import FolderOf, GrowingFile
from hal.interface import Hal, Unit
from hal.pi.storage import PiStorage
from hal.sim.build import build
from hal.sim.clock import VirtualClock
from tools.bench.film import VIDEO, Film
from tools.sim.home import Home, provision

PRE_EVENT_S: Final = 30
_NAP_S: Final = 0.001
VALUES: Final = {"profile": "1080p", "pre_event_s": PRE_EVENT_S}


@dataclass(slots=True)
class Syncs:
    """What was made durable, in that order: seconds by the clock behind it, and its name; a directory's ends with a slash."""

    log: list[tuple[float, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, name: str) -> None:
        """One more."""
        self.log.append((time.perf_counter(), name))
        self.counts[name] += 1

    @property
    def names(self) -> list[str]:
        """The names alone."""
        return [name for _, name in self.log]


class CountedStorage(PiStorage):
    """A board's storage, whose syncs are counted."""

    def __init__(self, path: Path, syncs: Syncs) -> None:
        """The directory at ``path``, which exists."""
        super().__init__(path, partition=False)
        self._path, self._syncs = path, syncs

    def root(self) -> Any:
        """Its top directory."""
        return _Folder(self._path, self._syncs)


class _Folder(FolderOf):
    def __init__(self, path: Path, syncs: Syncs) -> None:
        super().__init__(path)
        self._syncs = syncs

    def create(self, name: str) -> GrowingFile:
        return _File(self.make(name), name, self._syncs)

    def open(self, name: str) -> GrowingFile:
        return _File(self.find(name), name, self._syncs)

    def enter(self, name: str, *, create: bool = False) -> _Folder:
        return _Folder(self.folder(name, create=create), self._syncs)

    def sync(self) -> None:
        super().sync()
        self._syncs.note(f"{self._path.name}/")


class _File(GrowingFile):
    def __init__(self, descriptor: int, name: str, syncs: Syncs) -> None:
        super().__init__(descriptor, name)
        self._syncs = syncs

    def _flush(self, descriptor: int) -> None:
        super()._flush(descriptor)
        self._syncs.note(self._name)


class LostError(Exception):
    """The camera did not seal what it was given."""


class Bench:
    """A camera fresh from its enrolment in a directory of its own, that shows nothing and hears nothing but what it is given."""

    def __init__(self, place: Path, film: Film) -> None:
        """Enrol it in ``place``, which is made, and mount its card."""
        self.home, self.syncs, self.clock = Home(place), Syncs(), VirtualClock()
        provision(self.home, VALUES)
        self.home.card.mkdir()
        self.hal = hal = _parts(self.home, self.clock, self.syncs, film)
        log = Log(sys.stderr, self.clock)
        enrolment = Enrolment.load(hal.config.root(), hal.signer)
        self.settings = settings = chosen_settings(enrolment, log)
        self.vault = Vault(hal, settings, enrolment, random=os.urandom)
        self.box = Mailbox[Any](captured(settings.queue_s, settings.bitrate))
        self.answers: list[object] = []
        self.writer = Writer(self.vault, self.box, self.answers.append, self.clock, log)
        self.takes = Takes(self.box, settings, hal)
        self.live_from = live_from(settings.pre_event_s, settings.segment_s)
        self.writer.mount()
        self.settle()

    def settle(self) -> None:
        """Let the writer do all that waits, chores too."""
        while self.writer.step():
            pass

    def saw(self, unit: Unit) -> None:
        """Give it one unit, captured now."""
        self.clock.advance(max(0, unit.time_ns - self.clock.monotonic_ns()))
        self.takes.push(unit)

    def record(self, film: Film, ring: Ring) -> None:
        """Record a film from its first unit to its last, as fast as it goes: the writer is in a thread of its own, as in a camera, and what comes
        waits for it, which nothing does in one.  ``LostError`` where it was not sealed."""
        with self.writing():
            self.takes.begin(ring)
            for unit in film.units:
                while not (self.box.room or self._over):
                    time.sleep(_NAP_S)
                self.saw(unit)
            self.takes.end("officer", self.clock.monotonic_ns())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The writer works until it has sealed what is begun meanwhile; ``LostError`` where it could not."""
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if not any(isinstance(answer, Sealed) for answer in self.answers):
            raise LostError("the writer did not seal the recording")

    @property
    def _over(self) -> bool:
        return any(isinstance(answer, Sealed | Failed) for answer in self.answers)

    def _write(self) -> None:
        while not self._over:
            if not self.writer.step():
                self.box.wait(0.2)


def _parts(home: Home, clock: VirtualClock, syncs: Syncs, film: Film) -> Hal:
    """The simulated parts; but what is written goes to a board's storage, and the lens and the microphone only say what they are."""
    parts = build(home.camera, video=replace(VIDEO, width=160, height=120, bitrate=250_000), replay=True).hal
    sources = {"video": _Silent(VIDEO), "audio": _Silent(film.sound)}
    return replace(parts, **cast("Any", sources), clock=clock, evidence=CountedStorage(home.card, syncs))


@dataclass(frozen=True, slots=True)
class _Silent:
    """A source that never says anything."""

    format: Any

    def start(self, sink: Any) -> None:
        """Nothing comes."""

    def stop(self) -> None:
        """Nothing came."""
