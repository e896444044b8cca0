"""The controller's side of one recording: what is captured becomes work for the writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.core.cutter import Cutter, live_from
from firmware.core.gaps import GapMeter
from firmware.core.overlaps import Reach
from firmware.media.signing import Origin
from firmware.runtime.microphone import Sound
from firmware.runtime.work import Before, Begin, End, Gaps, Live, Note
from hal.interface import Track

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.core.cutter import Flush
    from firmware.core.ring import Ring
    from firmware.runtime.mailbox import Mailbox
    from firmware.runtime.work import Job, Overlap
    from firmware.settings import Settings
    from hal.interface import Hal, Unit

NS = 1_000_000_000
MINUTE_NS = 60 * NS
MOST_SEGMENTS = 4320
"""Twelve hours in segments of ten seconds.  A recording has to fit into one manifest, however long it may be and however short its segments."""


class Take:
    """One running recording.

    The ring's closed GOPs are the pre-event part, to be written beside the live part; its open GOP is the head of the live part, so
    that the live part starts with a keyframe and nothing is lost, doubled or reordered where the two meet.
    """

    def __init__(
        self,
        number: int,
        box: Mailbox[Job],
        settings: Settings,
        hal: Hal,
        *,
        continues: Take | None,
        buffered: bool = True,
        overlaps: tuple[Overlap, ...] = (),
    ) -> None:
        """``continues``: a running take that this one takes over from; ``buffered``: what was captured before belongs to it, of which
        earlier takes may have a part too, the ``overlaps``."""
        video, audio = hal.video.format, hal.audio.format if hal.audio is not None else None
        self.id = number
        self._full = False
        self._longest_ns = settings.max_length_min * MINUTE_NS - NS // video.fps // 2
        self._newest_ns = self._last_ns = 0
        self._origin: Origin | None = None
        self._priority = False
        self._heard: Sound | None = None
        self._box = box
        self._segment_s = settings.segment_s
        self._live_from = live_from(settings.pre_event_s, settings.segment_s) if buffered else 0
        self._fps = video.fps
        self._cutter = Cutter(self._live_from, segment_s=settings.segment_s, fps=video.fps)
        self._frames = GapMeter(NS // video.fps)
        self._sound = GapMeter(NS * audio.samples_per_unit // audio.rate) if audio else None
        self._overflow = 0
        self._behind = False
        box.put(Begin(number, continues.id if continues else 0, self._live_from, overlaps))

    @property
    def epoch_ns(self) -> int | None:
        """The capture time of its first frame; None while it has none."""
        return self._origin.epoch_ns if self._origin is not None else None

    @property
    def reach(self) -> Reach | None:
        """From which frame to which it went to the writer; None without any."""
        return Reach(self.id, self._origin.epoch_ns, self._last_ns) if self._origin is not None else None

    def join(self, ring: Ring) -> None:
        """Take over from the ring: live first, the minute before it behind."""
        before, current = ring.snapshot()
        keyframes = [gop.units[0].data for gop in before]
        origin = Origin.before(keyframes, before[0].start_ns, self._live_from) if before else None
        self._origin = origin
        if origin is None and current and self._box.room:
            self._origin = Origin(current[0].time_ns, self._live_from)
        for gop in before:
            for unit in gop.units:
                self._measure(unit)
        for unit in current:
            self.push(unit)
        self._send(self._cutter.now())
        if origin is not None:
            self._last_ns = max(self._last_ns, before[-1].start_ns)
            self._box.put(Before(self.id, origin, before, self._fps, self._segment_s))
        if ring.short:
            self.note("fault", {"text": f"pre-event buffer too small: {ring.short} groups of pictures left it early"})

    def push(self, unit: Unit) -> None:
        """One captured unit.  Where the writer lags too far behind it is dropped and counted, up to the next keyframe."""
        self._measure(unit)
        keyframe = unit.track is Track.VIDEO and unit.key
        self._behind = not self._box.room or (self._behind and not keyframe)
        if self._behind:
            self._overflow += 1
            return
        if unit.track is Track.VIDEO:
            self._newest_ns = max(self._newest_ns, unit.time_ns)
        first = keyframe and self._origin is None
        if first:
            self._origin = Origin(unit.time_ns, self._live_from)
        self._send(self._cutter.push(unit))
        if first:
            self._send(self._cutter.now())  # the opening has waited for it, and nothing else waits any longer

    def over(self, unit: Unit) -> bool:
        """Whether this take is as long as it may be before ``unit``, and another one can begin with it.  While storage lags it goes on: what
        cannot be written now could not be written to the next one either."""
        if not (unit.key and unit.track is Track.VIDEO and self._box.room) or self._origin is None:
            return False
        long = self._full or unit.time_ns - self._origin.epoch_ns >= self._longest_ns
        return long and unit.time_ns > self._newest_ns

    def lead(self, keyframe: Unit) -> None:
        """Begin with this keyframe, and with nothing from before it."""
        self.push(keyframe)

    def give_way(self, keyframe: Unit) -> None:
        """Another take begins with ``keyframe``.  Frames that are missing right before it are missing in this one."""
        self._measure(keyframe)

    def left(self, keyframe: Unit, sound: Unit | None) -> None:
        """Nothing more comes: everything captured before ``keyframe`` goes to the writer, then the order to seal.  ``sound`` is the first
        that belongs to the next take, None where none has come."""
        if sound is not None:
            self._measure(sound)
        self._send(self._cutter.give_way(keyframe))
        self._close("length", keyframe.time_ns)

    def idle(self, now_ns: int) -> None:
        """Time passed: what waits for a frame that does not come is flushed."""
        self._send(self._cutter.idle(now_ns))

    def sound(self, state: Sound, time_ns: int | None) -> None:
        """From ``time_ns`` on there is sound, or there is none for this reason; None while nothing was captured."""
        if state is self._heard or time_ns is None:
            return
        self._heard = state
        if self._sound is not None and state is not Sound.FAILED:
            self._sound.restart()  # a pause on purpose is no gap
        self.note("sound", {"state": state.value}, time_ns)

    def note(self, kind: str, facts: Mapping[str, object], time_ns: int | None = None) -> None:
        """A record for the private part.  What a bookmark is called is private, that there is one makes the recording urgent."""
        self._priority |= kind == "bookmark"
        self._box.put(Note(self.id, kind, facts, time_ns))

    def end(self, reason: str, end_ns: int) -> None:
        """Everything captured up to the stop goes to the writer, then the order to seal."""
        self._frames.end(end_ns)
        self._send(self._cutter.finish(end_ns))
        self._close(reason, end_ns)

    def _close(self, reason: str, end_ns: int) -> None:
        self.note("stop", {"reason": reason}, end_ns)
        self._box.put(End(self.id, reason, self._priority))

    def _measure(self, unit: Unit) -> None:
        """Look for units of its track that are missing before this one."""
        meter = self._frames if unit.track is Track.VIDEO else self._sound
        if meter is not None:
            meter.see(unit.time_ns)

    def _send(self, flushes: list[Flush]) -> None:
        for flush in flushes:
            self._full = flush.segment >= MOST_SEGMENTS
            gaps = Gaps(self._frames.missing, self._sound.missing if self._sound else 0, self._overflow)
            frames = [unit.time_ns for part in flush.fragments for unit in part.video]
            self._last_ns = max(self._last_ns, *frames) if frames else self._last_ns
            self._box.put(Live(self.id, self._origin or Origin(0, self._live_from), flush, gaps), flush.size)
