"""Whose shift it is, and what is told of that: in the log's private part always, in a recording's where it changes in the middle.

Belongs to the controller; what has to outlive a power-off is the writer's to keep (``Custody``).
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from firmware.core.duty import Duty, ran_ms
from firmware.runtime.stamps import NS_PER_MS
from firmware.runtime.work import Remark
from firmware.runtime.writer import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.runtime.enrolment import Given
    from firmware.runtime.take import Take
    from firmware.runtime.vault import Vault


class Roster:
    """One camera's assignment.  ``put`` hands work to the writer; ``take`` is what is being recorded."""

    def __init__(self, vault: Vault, put: Callable[[object], None], take: Callable[[], Take | None]) -> None:
        self._take = take
        self._vault = vault
        self._put = put
        self._duty = Duty()
        self._begun: Given | None = None
        kept = vault.custody.on_duty
        if kept is not None:
            now_ns = vault.stamps.now_ns()
            ran = ran_ms(kept.began, vault.stamps.at(now_ns))
            self._begun, self._duty = kept.given, Duty().begin(kept.given.shift, now_ns // NS_PER_MS, ran)
            self._say(now_ns)
            if self.shift is None:  # its 14 hours passed while the camera was off
                self._ask(vault.custody.end_shift)

    @property
    def shift(self) -> str | None:
        """The shift that is running."""
        return self._duty.running

    def taken_out(self, now_ns: int) -> None:
        """The camera left its dock, or began outside of any: what was given last begins, unless it did."""
        given = self._vault.custody.given
        if given is None or given == self._begun:
            return
        began = self._vault.stamps.at(now_ns)
        self._begun = given
        self._become(self._duty.begin(given.shift, now_ns // NS_PER_MS), now_ns)
        self._ask(lambda: self._vault.custody.begin_shift(given, began))

    def put_in(self, now_ns: int) -> None:
        """The camera stands in a dock: what ran ends; what that dock has given waits."""
        self._become(self._duty.end(), now_ns)

    def tick(self, now_ns: int) -> None:
        """Time passes: after 14 hours it is nobody's, in the middle of a recording too, which goes on."""
        self._become(self._duty.at(now_ns // NS_PER_MS), now_ns)

    def _become(self, duty: Duty, now_ns: int) -> None:
        """From now on it is somebody else's shift, or nobody's; or nothing changed."""
        before, self._duty = self._duty, duty
        if duty.running == before.running:
            return
        self._say(now_ns)
        if (take := self._take()) is not None:
            take.note("assignment", {"shift": self.shift}, now_ns)
        if self.shift is None:
            self._ask(self._vault.custody.end_shift)

    def _say(self, now_ns: int) -> None:
        self._put(Remark("shift", {"shift": self.shift}, now_ns))

    def _ask(self, action: Callable[[], None]) -> None:
        """Have the writer do it when it comes to that; nobody waits."""
        self._put(Call(action, Future()))
