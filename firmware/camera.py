"""The life of a recording, on one page.

    press -> buffer -> segment -> sealed evidence -> dock -> receipt -> erase

The camera buffers always.  A press takes the minute before it out of the buffer; from then on everything captured goes, in segments that
begin with a keyframe, to the writer, which encrypts, signs and syncs it flush by flush.  The light shows ``recording`` once the opening
and the first live flush are on the card.  A stop seals the recording with a manifest.  A dock fetches it and signs a receipt for exactly
these bytes, and only a durable receipt allows the erasure.  *When* a step is due is the tables' word (``firmware.core.machine``).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from firmware.core.memory import captured
from firmware.runtime.buffer import Buffer
from firmware.runtime.caption import Caption
from firmware.runtime.controller import Controller
from firmware.runtime.docklink import Berth, links
from firmware.runtime.flow import Cause
from firmware.runtime.lens import AHEAD_NS, Lens
from firmware.runtime.mailbox import Mailbox
from firmware.runtime.microphone import Microphone
from firmware.runtime.probe import DeviceProbe
from firmware.runtime.roster import Roster
from firmware.runtime.shelf import CameraShelf
from firmware.runtime.supervise import Part
from firmware.runtime.takes import Takes
from firmware.runtime.troubles import Pulse
from firmware.runtime.work import Remark, Stop, Witness
from firmware.runtime.writer import Writer
from hal.interface import Track

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from firmware.core.indications import Trouble
    from firmware.evidence.recipients import Random
    from firmware.runtime.log import Log
    from firmware.runtime.take import Take
    from firmware.runtime.vault import Vault
    from firmware.settings import Settings
    from hal.interface import Hal, Unit


class Camera:
    """One camera: its parts, and what they do at each step of a recording's life."""

    def __init__(self, hal: Hal, settings: Settings, vault: Vault, log: Log, *, random: Random) -> None:
        queue = captured(settings.queue_s, settings.bitrate)
        self.hal, self.settings, self.vault = hal, settings, vault
        self.inbox, self.work = Mailbox[object](queue), Mailbox[Any](queue)
        put = self.inbox.put
        self.lens = Lens(hal, self.arrive, log)
        self.microphone = Microphone(hal.audio, hal.clock, self.arrive, always=settings.pre_event_sound)
        self.buffer = Buffer(settings, self.microphone, hal.clock)
        self.ring, self.heed = self.buffer.ring, self.buffer.heed
        self.writer = Writer(vault, self.work, put, hal.clock, log)
        self.pulse = Pulse(self.lens, self.microphone, self.writer)
        self.well, self.now, self.counts = self.pulse.well, hal.clock.monotonic_ns, self.pulse.counts
        self.sign = lambda kind, data: self.work.put(Witness(kind, data))
        self.remark = lambda kind, facts, time_ns: self.work.put(Remark(kind, facts, time_ns))
        self.leave = lambda reason, *, resume: self.work.put(Stop(reason, resume))  # behind everything else that waits
        self.device = DeviceProbe(vault.session, hal.clock, random, self.work.put, put)
        self.probe = self.device.ask
        self.shelf, self.berth = CameraShelf(vault, self.writer, hal), Berth(lambda: self.controller.face.senses.hot)
        self.docks = links(hal, self.berth, vault.session, self.shelf, vault.trust, random, put)
        self.roster = Roster(vault, self.work.put, lambda: self.take)
        self.controller: Controller = Controller(hal, settings, self, log)
        self.take: Take | None = None
        self.takes = Takes(self.work, settings, hal)
        self.newest = lambda take: take == self.takes.begun
        self.caption = Caption(hal, vault, settings, lambda: (self.roster.shift, self.take is not None), log)
        self.stopped: Callable[[], None] = lambda: None

    def parts(self) -> tuple[Part, ...]:
        """Everything that runs; losing a vital part means starting anew."""
        return (
            Part("controller", lambda stop: self.controller.run(self.inbox, stop), vital=True),
            Part("writer", self.writer.run, vital=True),
            Part("video", self.lens.keep, vital=True),
            *(Part(link.name, link.run, vital=False) for link in self.docks),
            Part("update", lambda stop: self.shelf.bundles.run(stop, self.controller), vital=False),
            Part("device-key", self.device.run, vital=False),
        )

    # Buffer.  Sources queue what they captured, stamped; from there on everything happens on the controller's thread.

    def arrive(self, unit: Unit) -> None:
        """A source's sink.  What finds no room or no memory, or claims to be of tomorrow, shows as a gap in the times."""
        with suppress(MemoryError):
            if self.inbox.room and unit.time_ns <= self.now() + AHEAD_NS:
                self.inbox.lay(unit, len(unit.data))

    def capture(self, unit: Unit) -> None:
        """Buffer a unit, and record it while a take runs."""
        (self.lens.saw if unit.track is Track.VIDEO else self.microphone.heard)(unit)
        self.buffer.keep(unit)
        (self.roll if self.takes.due(unit) else self.takes.push)(unit)

    # Press.  The minute before leaves the buffer; what follows goes live, ahead of it.

    def begin(self, cause: Cause) -> None:
        """Begin a take."""
        self.take = take = self.takes.begin(self.ring)
        self.buffer.explain(take, self.vault.stamps)
        take.sound(self.microphone.buffered, take.epoch_ns)
        self.microphone.open(self.now())
        self.introduce(take, cause, self.now())
        self.berth.yield_to_recording(recording=True)
        self.caption.look()

    def introduce(self, take: Take, cause: Cause, now_ns: int) -> None:
        """Have a take's private part say whose it is and why."""
        take.sound(self.microphone.state, now_ns)
        take.note("assignment", {"shift": self.roster.shift})
        take.note("start", {"trigger": cause.trigger, "press": self.vault.stamps.at(cause.time_ns)}, cause.time_ns)

    def note(self, kind: str, facts: Mapping[str, object], time_ns: int) -> None:
        """Have the take's private part say so: a bookmark, a stop that was meant."""
        if self.take is not None:
            self.take.note(kind, facts, time_ns)

    def roll(self, keyframe: Unit) -> None:
        """A take that is as long as it may be gives way to another: nothing is missing between them, and nothing is in both."""
        self.take = self.takes.follow(keyframe, sound=self.microphone.listening)
        self.introduce(self.take, Cause("length", keyframe.time_ns), keyframe.time_ns)

    # Seal.  What was captured up to the stop, or for so long behind it, is written; the manifest closes it.

    def seal(self, reason: str) -> None:
        """End the take."""
        self.takes.end(reason, self.now())
        self.take = None
        self.microphone.close()
        self.berth.yield_to_recording(recording=False)
        self.caption.look()

    # Dock, receipt, erase.  The links' threads serve the shelf and keep receipts there; only what those cover may the chores erase.

    def tick(self, now_ns: int) -> frozenset[Trouble]:
        """Watch the sources; what waits for a frame that does not come is flushed."""
        self.caption.look()
        self.microphone.tick(now_ns)
        if self.take is not None:
            self.take.idle(now_ns - self.lens.late_ns)
            self.takes.tick(now_ns)
            self.take.sound(self.microphone.state, now_ns)
        return self.pulse.troubles(now_ns) | self.vault.recalls.troubles
