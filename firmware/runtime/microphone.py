"""The microphone's part of a recording: open only when it may listen, and its silence accounted for."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING

from firmware.core.gaps import DriftMeter

if TYPE_CHECKING:
    from collections.abc import Callable

    from hal.interface import AudioSource, Clock, Unit

SILENT_NS = 2_000_000_000
RETRY_NS = 5_000_000_000
ADRIFT_NS = 80_000_000
"""Sound that has moved this far against the clock is about to be seen: lips and words part at some 100 ms."""
SETTLED_NS = 1_000_000_000
"""By then what the source delivered before it was started anew has passed."""
SHOWN_NS = 5_000_000_000


class Sound(Enum):
    """Why there is or is no sound: each a fact of its own, signed in the private part."""

    OFF = "off"
    ON = "on"
    MUTED = "muted"
    FAILED = "failed"
    NONE = "none"


class Microphone:
    """Opens and closes the source.  Driven by the controller's thread; a dead microphone never disturbs the picture."""

    def __init__(self, source: AudioSource | None, clock: Clock, sink: Callable[[Unit], None], *, always: bool) -> None:
        """``always``: the pre-event part has sound too, so it listens between recordings as well."""
        self._source = source
        self._clock = clock
        self._sink = sink
        self._always = always
        self._drift = DriftMeter()
        self._adrift_ns: int | None = None
        self._heard_ns = 0
        self.units = self.bytes = 0  # that came so far
        self._tried_ns = 0
        self._resting = False
        self.state = Sound.NONE if source is None else Sound.OFF

    @property
    def listening(self) -> bool:
        """Whether it should deliver."""
        return self.state in {Sound.ON, Sound.FAILED}

    @property
    def buffered(self) -> Sound:
        """What the pre-event buffer holds of it: nothing, unless it listens always."""
        return self.state if self._always or self._source is None else Sound.OFF

    def open(self, now_ns: int) -> None:
        """Listen from now on."""
        if self._source is None or self.listening or self.state is Sound.MUTED:
            return  # a mute lasts from one recording into the next that takes over from it
        self._heard_ns = now_ns
        self._start(now_ns)

    def mute(self, now_ns: int, *, on: bool) -> None:
        """Stop listening although a recording runs, or listen again."""
        if on and self.listening:
            self._end()
            self.state = Sound.MUTED
        elif not on and self.state is Sound.MUTED:
            self.state = Sound.OFF
            self.open(now_ns)

    def rest(self, *, on: bool) -> None:
        """Do not listen between recordings either, or do so again where it is to listen always."""
        self._resting = on
        if on and self.listening:
            self._end()
            self.state = Sound.OFF

    def close(self) -> None:
        """The recording is over: nothing more is read into memory, unless it listens always."""
        if self._source is None or (self._always and self.state is not Sound.MUTED):
            return
        self._end()
        self.state = Sound.OFF  # a mute ends with the recording that it was meant for

    def heard(self, unit: Unit) -> None:
        """A unit came.  A source that does not keep in step with the clock is started anew, which sets it right for a while."""
        self._heard_ns = now_ns = self._clock.monotonic_ns()
        self.units, self.bytes = self.units + 1, self.bytes + len(unit.data)
        if self.state is Sound.FAILED:
            self.state = Sound.ON
        if now_ns - self._tried_ns < SETTLED_NS or not self.listening:
            return
        if abs(self._drift.see(unit.time_ns, now_ns)) > ADRIFT_NS:
            self._adrift_ns = now_ns
            self._end()
            self._start(now_ns)

    def adrift(self, now_ns: int) -> bool:
        """Whether its sound was found out of step within the last seconds."""
        return self._adrift_ns is not None and now_ns - self._adrift_ns <= SHOWN_NS

    def tick(self, now_ns: int) -> None:
        """Notice that it has gone silent, and try to open it again now and then."""
        if self._always and self.state is Sound.OFF and not self._resting:
            self.open(now_ns)
        if not self.listening or now_ns - self._heard_ns < SILENT_NS:
            return
        self.state = Sound.FAILED
        if self._source is not None and now_ns - self._tried_ns >= RETRY_NS:
            self._end()
            self._start(now_ns)

    def _start(self, now_ns: int) -> None:
        self._tried_ns = now_ns
        self._drift.restart()
        try:
            if self._source is not None:
                self._source.start(self._sink)
            self.state = Sound.ON if self.state is not Sound.FAILED else Sound.FAILED
        except OSError:
            self.state = Sound.FAILED

    def _end(self) -> None:
        with suppress(OSError):  # a microphone that was pulled out cannot be closed either
            if self._source is not None:
                self._source.stop()
