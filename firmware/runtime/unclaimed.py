"""A camera that belongs to no authority, or has no storage: it refuses to record, loudly, since nobody could ever read or prove what it made.

What it lacks it looks for, ever more rarely; once that is there the service begins anew, and records.  One that belongs to nobody lets itself
be enrolled besides, over any of its dock ports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.core.indications import Trouble
from firmware.runtime.claim import Facts, Unowned
from firmware.runtime.claimlink import ClaimLink
from firmware.runtime.controller import Controller, Quit
from firmware.runtime.mailbox import Mailbox
from firmware.runtime.selftest import Counts
from firmware.runtime.supervise import Part

FIRST_S: Final = 1.0
LONGEST_S: Final = 60.0
"""How long it waits before it looks again: twice as long each time, up to the longest."""

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from firmware.core.flags import Flag
    from firmware.evidence.recipients import Random
    from firmware.runtime.flow import Cause
    from firmware.runtime.log import Log
    from firmware.settings import Settings
    from hal.interface import Hal, Unit


class Nobody:
    """Who has no authority has no shifts."""

    def taken_out(self, now_ns: int) -> None:
        """Nothing begins."""

    def put_in(self, now_ns: int) -> None:
        """Nothing ends."""

    def tick(self, now_ns: int) -> None:
        """Nor does anything run."""


class Unclaimed:
    """Lights, buttons, and desks that enrol it.  Its controller denies every press, so that of a recording's life nothing ever begins."""

    def __init__(
        self,
        hal: Hal,
        settings: Settings,
        log: Log,
        bar: Trouble = Trouble.NOT_ENROLLED,
        found: Callable[[], bool] = bool,
        *,
        random: Random,
    ) -> None:
        """``bar``: what is shown; ``found`` says whether what it lacks is there by now, and is asked on a thread of its own."""
        self.inbox: Mailbox[object] = Mailbox(1)
        self.roster = Nobody()
        self._look = found
        self.found = False
        """Whether it ended because it can do more now."""
        self.controller = Controller(hal, settings, self, log, bar=bar)
        self.stopped: Callable[[], None] = lambda: None
        self._unowned = Unowned(hal.config.root(), hal.signer, Facts(hal.updater.board(), hal.serial), random)
        self._links = [
            ClaimLink(port, hal.clock, self._unowned, log, self._claimed)
            for port in (hal.docks if bar is Trouble.NOT_ENROLLED else ())
        ]

    def parts(self) -> tuple[Part, ...]:
        """Everything that runs."""
        links = [Part(f"enrol-{rank}", link.run, vital=False) for rank, link in enumerate(self._links, 1)]
        return (
            Part("controller", lambda stop: self.controller.run(self.inbox, stop), vital=True),
            Part("waiting", self.wait, vital=False),
            *links,
        )

    def wait(self, stop: threading.Event) -> None:
        """Look for what it lacks until that is there, or until ``stop``."""
        pause_s = FIRST_S
        while not stop.wait(pause_s):
            pause_s = min(2 * pause_s, LONGEST_S)
            if not self.found and self._look() and not self._unowned.closing:
                self.found = True
                self.inbox.put(Quit("found"))

    @property
    def claimed(self) -> bool:
        """Whether it was enrolled: it ends then, for the service to start again as a camera."""
        return self._unowned.claimed

    def _claimed(self) -> None:
        self.inbox.put(Quit("enrolled"))

    def capture(self, unit: Unit) -> None:
        """Nothing is captured."""

    def begin(self, cause: Cause) -> None:
        """Nothing begins."""

    def note(self, kind: str, facts: Mapping[str, object], time_ns: int) -> None:
        """Nothing is noted."""

    def heed(self, flags: frozenset[Flag]) -> None:
        """There is neither microphone nor buffer."""

    def seal(self, reason: str) -> None:
        """Nothing is sealed."""

    def newest(self, take: int) -> bool:  # noqa: ARG002 - there is none
        """There is no take."""
        return False

    def tick(self, now_ns: int) -> frozenset[Trouble]:  # noqa: ARG002 - no source has to be watched
        """No source is open."""
        return frozenset()

    def well(self, now_ns: int) -> bool:  # noqa: ARG002 - nothing else lives here
        """It does all that it can."""
        return True

    def sign(self, kind: str, data: Mapping[str, object]) -> None:
        """There is no audit log."""

    def remark(self, kind: str, facts: Mapping[str, object], time_ns: int) -> None:
        """Nor has it a private part."""

    def counts(self) -> Counts:
        """Nothing comes."""
        return Counts(0, 0, 0, 0, listens=False)

    def probe(self, *, storage: bool) -> None:
        """Nothing is tried."""

    def leave(self, reason: str, *, resume: bool) -> None:  # noqa: ARG002 - there is no audit log
        """Nothing waits to be written."""
        self.stopped()
