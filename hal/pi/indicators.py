"""Lights, vibration motor and buzzer of a board: patterns and cues played by one thread, which sleeps until the next thing changes.

What a call asks for is on the pins when it returns, and it waits for nothing but a turn of that thread, which is a few writes long.  Should a
write fail later, in the middle of a pattern, the next call says so, and each step tries again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from itertools import accumulate, pairwise

from hal.interface import Colour, Cue, Light, Lights
from hal.patterns import COURSES, brightness, period_ms
from hal.pi.board import CHANNELS, Board, Output
from hal.pi.gpio import Lamp, Pins, boottime_ns

MS = 1_000_000
RAMP_MS = 40
"""How often a light that swells is set anew."""
RETRY_MS = 1000
"""After how long a write that failed is tried again, where the pattern does not come first."""
SILENT_HZ = 440
"""At which a buzzer that is off pulses, which nobody hears."""
LIGHTS, CUE = "lights", "cue"


def level(light: Light, at_ms: int) -> float:
    """How bright a light is in the millisecond that begins ``at_ms`` after its pattern, from 0 to 1."""
    return 0.0 if light.colour is Colour.OFF else brightness(light.pattern, (at_ms + 0.5) / 1000)


def next_look_ms(light: Light, at_ms: int) -> int | None:
    """After how long a light next looks different; None where it never does."""
    course = COURSES[light.pattern]
    if light.colour is Colour.OFF or len({bright for _, bright in course}) == 1:
        return None
    at_ms %= period_ms(light.pattern)
    (_, first), (end, last) = next(pair for pair in pairwise(course) if pair[0][0] <= at_ms < pair[1][0])
    return end - at_ms if first == last else min(end - at_ms, RAMP_MS)


def moment(lengths_ms: Iterable[int], at_ms: int) -> tuple[int, int] | None:
    """Which of these lengths, one after another, it is after ``at_ms``, and how long it goes on; None once all are over."""
    return next(((index, end - at_ms) for index, end in enumerate(accumulate(lengths_ms)) if at_ms < end), None)


class _LightPins:
    """The channels of one light, and since when it shows what it shows."""

    def __init__(self, lamps: Mapping[str, Lamp], colours: Mapping[Colour, tuple[float, float, float]]) -> None:
        self._lamps, self._colours = lamps, colours
        self._light, self._since_ns = Light(Colour.OFF), 0

    def show(self, light: Light, now_ns: int) -> None:
        """Begin a look; one that is shown already goes on."""
        if light != self._light:
            self._light, self._since_ns = light, now_ns

    def shares(self, now_ns: int) -> Iterator[tuple[Lamp, float]]:
        """What each channel has to shine.  A colour for which the light lacks a channel would be another one: it stays dark."""
        mix = dict(zip(CHANNELS, self._colours[self._light.colour], strict=True))
        able = all(name in self._lamps for name, share in mix.items() if share)
        bright = level(self._light, (now_ns - self._since_ns) // MS) if able else 0.0
        return ((lamp, mix[name] * bright) for name, lamp in self._lamps.items())

    def due_ns(self, now_ns: int) -> int | None:
        """When it next looks different."""
        at_ms = (now_ns - self._since_ns) // MS
        after_ms = next_look_ms(self._light, at_ms)
        return None if after_ms is None else self._since_ns + (at_ms + after_ms) * MS


class PiIndicators:
    """Lights, motor and buzzer of a board; what the board lacks is not played."""

    def __init__(self, board: Board, pins: Pins, now: Callable[[], int] = boottime_ns, *, paced: bool = True) -> None:
        """Take their pins, dark and still.  ``now`` is the time in nanoseconds; unless ``paced`` no thread is started, and whoever moves
        that time calls ``poll``.  OSError where a pin cannot be had."""
        with ExitStack() as had:
            self._lights = {name: self._light(board, pins, name, had) for name in board.lights}
            self._motor = had.enter_context(closing(pins.switch(board.vibration))) if board.vibration else None
            self._buzzer = had.enter_context(closing(pins.lamp(board.buzzer, SILENT_HZ))) if board.buzzer else None
            self._parts = had.pop_all()
        self._now = now
        self._lock, self._wake, self._closed = threading.Lock(), threading.Event(), False
        self._cue, self._cue_ns = Cue("", ()), 0
        self._failed: dict[str, OSError] = {}
        self._thread = threading.Thread(target=self._run, name="indicators", daemon=True) if paced else None
        if self._thread:
            self._thread.start()

    @staticmethod
    def _light(board: Board, pins: Pins, name: str, had: ExitStack) -> _LightPins:
        light = board.lights[name]
        lamps = {}
        for channel, pin in light.channels.items():
            lamps[channel] = had.enter_context(closing(pins.lamp(Output(pin, light.high), board.pwm_hz)))
        return _LightPins(lamps, board.colours)

    def show(self, lights: Lights) -> None:
        """Show this until told otherwise.  OSError where a light's pin could not be set."""
        with self._lock:
            now_ns = self._now()
            self._lights["top"].show(lights.top, now_ns)
            self._lights["front"].show(lights.front, now_ns)
            self._step(now_ns)
        self._told(LIGHTS)

    def play(self, cue: Cue) -> None:
        """Begin a cue and return; a newer one replaces one that still plays.  OSError where motor or buzzer could not be set."""
        with self._lock:
            self._cue, self._cue_ns = cue, self._now()
            self._step(self._cue_ns)
        self._told(CUE)

    def poll(self) -> int | None:
        """Set what is due; the time at which something is due next, None for never."""
        with self._lock:
            return self._step(self._now())

    def close(self) -> None:
        """Dark and still, and the pins given back."""
        self._closed = True
        self._wake.set()
        if self._thread:
            self._thread.join()
        with self._lock, self._parts:
            for light in self._lights.values():
                light.show(Light(Colour.OFF), self._now())
            self._cue = Cue("", ())
            self._step(self._now())

    def _told(self, part: str) -> None:
        self._wake.set()
        if error := self._failed.get(part):
            raise OSError(f"indicators: {error}") from error

    def _run(self) -> None:
        while not self._closed:
            self._wake.clear()
            due_ns = self.poll()
            self._wake.wait(None if due_ns is None else max(0, due_ns - self._now()) / 1e9)

    def _step(self, now_ns: int) -> int | None:
        """Set every pin to what it has to be now; one that fails keeps no other one from being set."""
        shares = [each for light in self._lights.values() for each in light.shares(now_ns)]
        at_ms = (now_ns - self._cue_ns) // MS
        buzz, tone = (
            moment(lengths, at_ms) for lengths in (self._cue.buzz_ms, [length for _, length in self._cue.tones])
        )
        self._try(LIGHTS, [partial(lamp.shine, share) for lamp, share in shares])
        motor, buzzer = self._motor, self._buzzer
        self._try(
            CUE,
            [
                *([partial(motor.turn, on=buzz is not None and buzz[0] % 2 == 0)] if motor else []),
                *([partial(buzzer.sound, self._cue.tones[tone[0]][0] if tone else 0)] if buzzer else []),
            ],
        )
        due = [light.due_ns(now_ns) for light in self._lights.values()]
        due += [self._cue_ns + (at_ms + each[1]) * MS for each in (buzz, tone) if each]
        due += [now_ns + RETRY_MS * MS] if self._failed else []
        return min((each for each in due if each is not None), default=None)

    def _try(self, part: str, writes: Iterable[Callable[[], None]]) -> None:
        self._failed.pop(part, None)
        for write in writes:
            try:
                write()
            except OSError as error:
                self._failed[part] = error
