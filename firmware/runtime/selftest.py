"""The self-test of a running camera, on the controller's thread: it begins, lets two seconds pass beside everything else, and tells.

It delays nothing.  Frames are counted where they are counted anyway, storage and key are tried where they are used, and a press in the
middle of it records as ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from firmware.core import selftest
from firmware.core.forecast import Budget
from firmware.core.selftest import Check, Due, Result, Seen
from firmware.runtime.hands import level
from hal.interface import Button, ClockQuality

if TYPE_CHECKING:
    from firmware.core.indications import Trouble
    from firmware.runtime.flow import Flow
    from firmware.runtime.log import Log
    from firmware.runtime.probe import Proven
    from firmware.runtime.senses import Senses
    from firmware.runtime.work import Probed
    from firmware.settings import Settings
    from hal.interface import Hal

_NS: Final = 1_000_000_000
_MS: Final = 1_000_000
SLOWEST: Final = 1
"""Bytes a second of storage that has not answered yet."""
BOOT, UNDOCK, AGAIN = "boot", "undock", "again"


@dataclass(frozen=True, slots=True)
class Counts:
    """What came from the sources so far: frames and their bytes, units of sound and theirs; and whether the microphone listens
    between recordings too."""

    frames: int
    frame_bytes: int
    sounds: int
    sound_bytes: int
    listens: bool


@dataclass(frozen=True, slots=True)
class _Begun:
    """How everything stood when a test began."""

    when: str
    mono_ns: int
    utc_ms: int
    counts: Counts
    held: frozenset[Button]


class SelfTest:
    """Tries everything, tells the audit log, and remembers what failed until it does no more."""

    def __init__(self, flow: Flow, hal: Hal, settings: Settings, senses: Senses, log: Log) -> None:
        write = Budget(settings.bitrate, settings.pre_event_s, settings.queue_s, settings.segment_s).rate
        video, audio = hal.video.format, hal.audio.format if hal.audio is not None else None
        self._flow = flow
        self._hal = hal
        self._senses = senses
        self._log = log
        self._due = Due(video.fps, video.bitrate, audio.rate / audio.samples_per_unit if audio else 0.0, write)
        self._due_for: str | None = None
        self._begun: _Begun | None = None
        self._probed: Probed | None = None
        self._proven: Proven | None = None
        self._again_ns: int | None = None
        self._tried: frozenset[Check] = frozenset(Check)
        self._lost = False  # storage failed in this boot: it is not tried again
        self._verdict: selftest.Verdict = {}
        self.wanted = True

    @property
    def troubles(self) -> frozenset[Trouble]:
        """What failed last."""
        return selftest.troubles(self._verdict)

    @property
    def able(self) -> bool:
        """Whether it has shown in this boot that it can record."""
        return selftest.able(self._verdict)

    def begin(self, when: str) -> None:
        """Begin a test as soon as the one that runs is over, and a lens that has just been opened shows anything at all."""
        if self.wanted:
            self._due_for = when

    def _begin(self, when: str) -> None:
        self._due_for = None
        self._probed = self._proven = self._again_ns = None
        now_ns, wall = self._hal.clock.monotonic_ns(), self._hal.clock.utc()
        self._tried = selftest.failed(self._verdict) if when == AGAIN else frozenset(Check)
        self._begun = _Begun(when, now_ns, wall.utc_ms, self._flow.counts(), self._down())
        if self._probes:
            self._flow.probe(storage=Check.STORAGE in self._tried and not self._lost)

    @property
    def _probes(self) -> bool:
        """Whether it asks for anything that costs something: cards and keys wear."""
        return bool(self._tried & {Check.STORAGE, Check.SIGNATURE, Check.DEVICE})

    def probed(self, answer: Probed) -> None:
        """The writer has done its part."""
        self._probed = answer
        self._lost |= answer.wrote == 0

    def proven(self, answer: Proven) -> None:
        """The device key has done its part."""
        self._proven = answer

    def tick(self, now_ns: int) -> None:
        """Time passed."""
        begun = self._begun
        if self._verdict.get(Check.BUTTONS) is Result.FAILED and not self._down():
            self._verdict = {**self._verdict, Check.BUTTONS: Result.OK}  # somebody held it, and lets go
        if begun is None:
            again = AGAIN if self._again_ns is not None and now_ns >= self._again_ns else None
            if (when := self._due_for or again) is not None and self._flow.counts().frames:
                self._begin(when)
            return
        lasted = now_ns - begun.mono_ns
        answered = not self._probes or (self._probed is not None and self._proven is not None)
        if lasted >= (selftest.WINDOW_NS if answered else selftest.DEADLINE_NS):
            self._begun = None
            self._end(begun, now_ns)

    def _end(self, begun: _Begun, now_ns: int) -> None:
        seen = self._seen(begun, now_ns)
        verdict, before = selftest.judge(seen, self._due), self._verdict
        for check in before:
            if check not in self._tried or (check in selftest.failed(before) and verdict[check] is Result.NOT_TRIED):
                verdict[check] = before[check]
        self._verdict = verdict
        wrong = selftest.failed(verdict)
        self._again_ns = now_ns + selftest.AGAIN_NS if wrong else None
        self._log.event("self-test", when=begun.when, failed=sorted(check.value for check in wrong))
        if begun.when != AGAIN or verdict != before:
            device_ms = self._proven.took_ms if self._proven is not None else None
            self._flow.sign("self-test", selftest.facts(begun.when, verdict, seen, device_ms))

    def _seen(self, begun: _Begun, now_ns: int) -> Seen:
        counts, wall = self._flow.counts(), self._hal.clock.utc()
        lasted = now_ns - begun.mono_ns
        return Seen(
            seconds=lasted / _NS,
            frames=counts.frames - begun.counts.frames,
            frame_bytes=counts.frame_bytes - begun.counts.frame_bytes,
            sound=counts.listens,
            sounds=counts.sounds - begun.counts.sounds,
            sound_bytes=counts.sound_bytes - begun.counts.sound_bytes,
            wrote=self._probed.wrote if self._probed is not None else SLOWEST,
            signs=self._probed.signs if self._probed is not None else None,
            device_signs=self._proven.signs if self._proven is not None else None,
            clock_set=wall.quality is not ClockQuality.UNSET,
            skew_ms=wall.utc_ms - begun.utc_ms - lasted // _MS,
            gauge=bool(self._senses.answers),
            held=bool(begun.held & self._down()),
        )

    def _down(self) -> frozenset[Button]:
        return frozenset(button for button in Button if level(self._hal.buttons, button))
