"""What each session of a camera does with files, as talks: fetch one of those under way; and, for those that do not lead, wait for
the next."""

from __future__ import annotations

from firmware.dock.messages import Ping, Pong
from firmware.evidence.errors import EvidenceError
from tools.dock.conversation import PING_S, DeclinedError, Pause, Talk, YieldedError, ask, fetch, list_items
from tools.dock.sharing.claims import Seat
from tools.dock.sharing.pool import Claim

BUSY_S = 1.0
LOOK_S = 0.05
"""How often a session looks for something to do while something is under way."""
IDLE_S = 0.5


def _wait_until_idle() -> Talk[None]:
    """Let the camera record."""
    while True:
        yield Pause(BUSY_S)
        if not (yield from ask(Ping(), Pong)).busy:
            return


def bring(claim: Claim) -> Talk[None]:
    """Fetch a file, from where its bytes here end.  What is wrong with it is its recording's error."""
    order = claim.order
    try:
        if claim.open():
            claim.finish((yield from fetch(order.item, order.name, order.length, claim, lambda _size: None)))
    except (EvidenceError, DeclinedError) as error:
        claim.fail(error)
    finally:
        claim.release()


class Waiting:
    """Looks for something to do from time to time, in touch with the camera."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._silent = 0.0

    def talk(self) -> Talk[None]:
        """Let a moment pass."""
        pause = LOOK_S if self._seat.pool.busy else IDLE_S
        self._silent += pause
        yield Pause(pause)
        if self._silent >= PING_S:
            self.over()
            yield from ask(Ping(), Pong)

    def over(self) -> None:
        """Something was said."""
        self._silent = 0.0


class Helper:
    """A session that does not lead."""

    def __init__(self, seat: Seat) -> None:
        """It has taken no stock yet."""
        self._seat = seat
        self._waiting = Waiting(seat)
        self._stock: set[str] = set()

    def talk(self) -> Talk[None]:
        """Fetch files until the visit is over, or this session leads."""
        while not self._seat.over and not self._seat.lead():
            try:
                claim = self._seat.pool.claim(self._seat.hand)
                yield from self._waiting.talk() if claim is None else self._bring(claim)
            except YieldedError:
                yield from _wait_until_idle()

    def _bring(self, claim: Claim) -> Talk[None]:
        self._waiting.over()
        try:
            if claim.order.item not in self._stock:  # what may be asked for is what this session has seen listed
                self._stock = {entry.name for entry in (yield from list_items())}
            yield from bring(claim)
        finally:
            claim.release()
