"""A new system on trial: called good once it has shown that it can record, given up where it does not; and the log says what became of it.

``trial.jws`` beside the bundles is the paper of what was installed, until it is known whether it stays: whichever system then runs notes that.
The restarts that lead into a trial and out of it are this module's to ask for: into one in a dock alone, where the camera rests, and neither
while a recording is written.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from hal.interface import Trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.evidence.bundle import Bundle
    from firmware.runtime.bundles import BundleParts

PATIENCE_NS: Final = 45_000_000_000
"""How long a start of a system on trial may take to show that it can record.  Within it what failed is tried three times; and it is less than
the minute that systemd gives a service to come up, so that one without any picture comes to its end here too."""
RESTED: Final = 5
"""So many looks in a row a camera has rested in its dock before it is restarted."""
MOST_LOOKS: Final = 600
AGAIN_LOOKS: Final = 60
"""An order to restart that came to nothing is given again after so many."""
CONFIRMED, GIVEN_UP = "confirmed", "given-up"


class Tested(Protocol):
    """Who tries whether the camera works, and knows where it is."""

    @property
    def able(self) -> bool:
        """Whether it has shown in this boot that it can record."""

    @property
    def resting(self) -> bool:
        """Whether it stands in a dock that wants nothing of it, and nothing is recorded."""


class Paper(Protocol):
    """Where the paper is kept of what was installed, until it is known whether it stays."""

    def tried(self) -> Bundle | None:
        """What that is; None where there is none, or the bundle still waits."""

    def settled(self) -> None:
        """It is known."""


class Trials:
    """What the thread that installs does about systems that were installed, once a second."""

    def __init__(self, parts: BundleParts, paper: Paper, say: Callable[[str, Bundle, str], None]) -> None:
        """The camera has just been started."""
        self._parts, self._paper, self._say = parts, paper, say
        self._began_ns = parts.now()
        self._known: Trial | None = None
        """How it stood at the start; None until the updater answered."""
        self._good, self._asked_ago, self._ask_after = False, 0, 1
        """Whether the running system was called good; looks since the updater was asked anything, and how many there have to be."""
        self._rested, self._wait = 0, 0

    def look(self, tested: Tested) -> None:
        """Take whatever step is due.  Where the updater cannot be asked it is asked again, ever more rarely."""
        self._asked_ago += 1
        self._wait = max(0, self._wait - 1)
        if not self._good and self._asked_ago >= self._ask_after:
            with suppress(OSError):
                self._judge(tested)
        self._rested = self._rested + 1 if tested.resting and not self._parts.writing() else 0
        with suppress(OSError):
            self._go(tested)

    def _judge(self, tested: Tested) -> None:
        if self._known is None:
            self._ask()
            known = self._parts.updater.trial()
            self._learn(known)
            self._known = known
        if tested.able:
            self._ask()
            self._parts.updater.confirm()
            self._good = True
            if self._known is Trial.RUNNING:
                self._settle(CONFIRMED)
        self._asked_ago, self._ask_after = 0, 1

    def _ask(self) -> None:
        """The updater is about to be asked: should it not answer, the next time is later."""
        self._asked_ago, self._ask_after = 0, min(2 * self._ask_after, MOST_LOOKS)

    def _learn(self, known: Trial) -> None:
        """What the system that runs says of a trial that is over: it was called good, and a cut came before that was noted; or it is the old one."""
        if known is Trial.FAILED:
            self._settle(GIVEN_UP, "the system before it was started again")
        elif known is Trial.NONE and self._paper.tried() is not None and not self._parts.updater.pending():
            self._settle(CONFIRMED)

    def _settle(self, state: str, reason: str = "") -> None:
        bundle = self._paper.tried()
        if bundle is not None:
            self._say(state, bundle, reason)
            self._paper.settled()

    def _go(self, tested: Tested) -> None:
        """Restart, where that is due: out of a trial that fails, or into one."""
        if self._wait or self._parts.writing():
            return
        if self._known is Trial.RUNNING and not self._good and not tested.able:
            if self._parts.now() - self._began_ns >= PATIENCE_NS:
                self._restart()
                self._settle(GIVEN_UP, f"within {PATIENCE_NS // 1_000_000_000} s it has not shown that it can record")
        elif self._rested >= RESTED and self._paper.tried() is not None and self._parts.updater.pending():
            self._restart()

    def _restart(self) -> None:
        self._wait = AGAIN_LOOKS
        self._parts.updater.restart()
