"""Hears all that a camera's controller hears in one boot, and holds the camera to it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from firmware.core.flags import LONGEST_NS, Flag
from firmware.core.indications import Trouble, indicate, look
from firmware.core.latency import RECORDING_NS
from firmware.core.machine import RUNNING, Place, Recording
from firmware.runtime.work import Durable, Failed, Sealed
from hal.interface import Track, Unit
from tests.fault.soak.footage import FRAME_NS
from tests.rig import NS, Rig

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.runtime.flow import Cause
    from tests.fault.soak.watch import Watch

SHOWN: Final = frozenset({Recording.RECORDING, Recording.STOP_ASKED, Recording.POST_EVENT})
DOCKED: Final = frozenset({Place.DOCKED, Place.OFFLOADING})
_FRAMES: Final = 2000
TICK_NS: Final = NS // 5
CONFIRM_NS: Final = 6 * NS
"""A stop that was asked for waits for five seconds, and for a press that is under way."""


class Ear(list[object]):
    """Takes the place of the rig's list, which would grow for hours.  ``boot`` counts starts of the service."""

    def __init__(self, rig: Rig, watch: Watch, need: Callable[[bool, str], None], boot: int) -> None:
        super().__init__()
        self.takes: dict[int, tuple[int, int]] = {}
        """Number and epoch of the acknowledged takes that may still be running."""
        self.boot = boot
        self._rig = rig
        self._watch = watch
        self._need = need
        self._frames: deque[int] = deque(maxlen=_FRAMES)
        self._fresh_ns: int | None = None
        """The first keyframe that the buffer may have: since the start, or since it was paused."""
        self._paused_ns: int | None = None
        self._state, self._since_ns = Recording.IDLE, 0
        self._flags: dict[Flag, int] = {}
        self._docked = False
        camera = rig.camera
        tick, begin = camera.controller.tick, camera.begin

        def ticked(now_ns: int) -> None:
            tick(now_ns)
            self.look(now_ns)

        def begun(cause: Cause) -> None:
            begin(cause)
            self._joined()

        camera.controller.tick = ticked  # type: ignore[method-assign]  # replaced by the test
        camera.begin = begun  # type: ignore[method-assign]  # replaced by the test

    def append(self, item: object) -> None:
        """Hear one item."""
        match item:
            case Unit(track=Track.VIDEO, time_ns=time_ns) if not self._frames or time_ns > self._frames[-1]:
                self._frames.append(time_ns)
                if item.key and self._fresh_ns is None and Flag.STANDBY not in self._rig.camera.controller.flags:
                    self._fresh_ns = time_ns
                if self._rig.state in SHOWN:
                    self._watch.footage.owed.append((self.boot, time_ns))
            case Durable(take):
                self._acknowledged(take)
            case Failed(take):
                self._watch.broke(self)
                if take in self.takes:
                    self._watch.owe(*self.takes.pop(take), self)
            case Sealed(number=number):
                self._sealed(number)
            case _:
                pass

    def _acknowledged(self, take: int) -> None:
        running, written = self._rig.camera.take, self._rig.camera.writer.takes.get(take)
        if running is not None and running.id == take and running.epoch_ns is not None and written is not None:
            self.takes = {take: (written.number, running.epoch_ns)}

    def _joined(self) -> None:
        """A recording begins: what was captured before is in it, as far as there is any."""
        take = self._rig.camera.take
        if take is None or self._fresh_ns is None or not self._frames:
            return
        window_ns = self._rig.camera.settings.pre_event_s * NS
        wanted_ns = max(self._frames[-1] - window_ns, self._fresh_ns)
        short = take.epoch_ns is None or take.epoch_ns > wanted_ns + FRAME_NS // 2
        self._need(not short, f"the buffer of take {take.id} is shorter than it has to be")
        lacks = self._fresh_ns > self._frames[-1] - window_ns + NS
        if lacks and self._paused_ns is not None:
            self._watch.paused.add((self.boot, take.id))

    def newest_ns(self, before_ns: int) -> int | None:
        """The capture time of the newest frame that was captured before then."""
        return next((each for each in reversed(self._frames) if each <= before_ns), None)

    def cut(self) -> None:
        """The power or the service went just now."""
        self.note()
        self._watch.broke(self)
        take = self._rig.camera.take
        if take is not None and take.id in self.takes and self._rig.state in SHOWN:
            self._watch.owe(*self.takes[take.id], self)

    @property
    def now_ns(self) -> int:
        """The camera's time."""
        return self._rig.clock.monotonic_ns()

    def note(self) -> None:
        """Remember which recordings are being made, and which frame each of them begins with."""
        camera = self._rig.camera
        take = camera.take
        written = None if take is None else camera.writer.takes.get(take.id)
        if take is not None and written is not None and take.epoch_ns is not None:
            self._watch.footage.epochs[written.number] = (self.boot, take.epoch_ns)
            if (self.boot, take.id) in self._watch.paused:
                self._watch.lacking.add(written.number)

    def _sealed(self, number: int) -> None:
        manifest = self._watch.manifest(self._rig, number)
        if manifest is None:
            return
        self._watch.footage.closed(number, manifest)
        span = self._watch.footage.spans.get(number)
        if span is None or any(manifest["gaps"].values()) or not self._frames or self._frames[0] > span.from_ns:
            return
        heard = sum(span.from_ns <= each < span.until_ns - FRAME_NS // 2 for each in self._frames)
        had: int = manifest["samples"]["video"]
        self._need(heard == had, f"recording {number} has {had} frames of {heard}, and says nothing of a gap")

    # -- with each tick

    def look(self, now_ns: int) -> None:
        """What must hold at every moment."""
        self.note()
        self._lights()
        self._lasts(now_ns)
        self._turned(now_ns)

    def _lights(self) -> None:
        """The light says what the table says, and the table what is true."""
        rig, state = self._rig, self._rig.camera.controller
        facts = state.recording, state.place, state.face.troubles, state.flags
        hush_front = rig.camera.settings.hush_front
        if not state.face._dark:
            shown = indicate(*facts, hush_front=hush_front)
            self._need(rig.indicators.lights == shown, f"the lights do not say {look(*facts).value}")
        if state.recording in SHOWN:
            confirmed = rig.camera.take is not None and rig.camera.take.id in rig.camera.writer._confirmed
            self._need(confirmed, "the light says recording, and nothing of it is durable")

    def _lasts(self, now_ns: int) -> None:
        """No state lasts longer than it may."""
        state = self._rig.state
        if state is not self._state:
            if state is Recording.IDLE:
                self._need(Flag.HUSH not in self._rig.camera.controller.flags, "a hush outlives its recording")
            self._state, self._since_ns = state, now_ns
        lasted_ns = now_ns - self._since_ns
        post_ns = self._rig.camera.settings.post_event_s * NS
        most = {Recording.STOP_ASKED: CONFIRM_NS, Recording.POST_EVENT: post_ns}
        if state in most:
            self._need(lasted_ns <= most[state] + TICK_NS, f"{state.value} lasts for {lasted_ns / NS:.1f} s")
        if state is Recording.STARTING and lasted_ns > RECORDING_NS + TICK_NS:
            late = Trouble.START_LATE in self._rig.camera.controller.face.troubles
            self._need(late, "a recording does not begin, and nothing says so")

    def _turned(self, now_ns: int) -> None:
        """Flags are as they are allowed to be, and end."""
        controller, settings = self._rig.camera.controller, self._rig.camera.settings
        flags = controller.flags
        allowed = {
            Flag.HUSH: settings.hush_allowed,
            Flag.MUTE: settings.mute_allowed,
            Flag.STANDBY: settings.standby_allowed,
        }
        self._flags = {flag: self._flags.get(flag, now_ns) for flag in flags}
        for flag, since_ns in self._flags.items():
            self._need(allowed[flag], f"{flag.value} is not allowed")
            self._need(now_ns - since_ns <= LONGEST_NS[flag] + TICK_NS, f"{flag.value} does not end")
        state = controller.recording
        self._need(Flag.MUTE not in flags or state in RUNNING, f"muted while it is {state.value}")
        self._need(Flag.STANDBY not in flags or state not in RUNNING, f"on standby while it is {state.value}")
        if Flag.STANDBY in flags:
            self._need(not self._rig.camera.ring.bytes, "frames are kept on standby")
            self._fresh_ns, self._paused_ns = None, now_ns
        docked = controller.place in DOCKED
        self._need(not (docked and not self._docked and flags), "a flag outlives a docking")
        self._docked = docked

    def dump(self) -> dict[str, Any]:
        """For whoever looks into a finding."""
        return {"state": self._state, "since_ns": self._since_ns, "flags": self._flags, "boot": self.boot}
