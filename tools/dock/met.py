"""What a visit knows of the camera that it met, and the moment it turns out that this is not the camera that it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from firmware.dock.messages import Conflict, Hello, Ping, Pong, Stored
from firmware.evidence.certs import Trust
from firmware.evidence.keys import hash_of
from firmware.evidence.kinds import words
from tools.dock import custody
from tools.dock.conversation import DeclinedError, Talk, ask
from tools.dock.events import Kind
from tools.dock.identity import DockIdentity
from tools.dock.store import Store, Volume


class Tell(Protocol):
    """Emits an event about the camera."""

    def __call__(self, kind: Kind, **facts: str | int | bool) -> None:
        """Emit it."""


@dataclass(slots=True)
class Met:
    """One camera in one session.

    ``last``: the anchor that was countersigned last.  ``apart``: the camera contradicts what is stored under its name: everything of it is
    kept beside that, and nothing of it is receipted or countersigned.
    """

    identity: DockIdentity
    store: Store
    tell: Tell
    utc_ms: Callable[[], int]
    hello: Hello
    volume: Volume = field(init=False)
    last: dict[str, Any] | None = field(init=False)
    apart: bool = False
    _unsaid: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look up what is known of this camera."""
        self.volume = self.store.volume(self.hello.facts.device, self.hello.facts.volume)
        self.last = self.volume.last_anchor(self.identity.trusted)

    def look(self) -> Talk[None]:
        """A camera that contradicts what is known of it is kept apart from now on.

        It said Hello before another session of the same camera came to its end, perhaps, and before that one's anchor: so it is asked
        again before anything is made of that.
        """
        if custody.contradiction(self.last, self.hello.facts):
            pong = yield from ask(Ping(), Pong)
            if reason := custody.contradiction(self.last, pong.facts):
                self.conflict(reason)

    @property
    def trust(self) -> Trust:
        """What to believe of this camera now."""
        return self.identity.trust(self.utc_ms())

    @property
    def whose(self) -> dict[str, str]:
        """The members that say that something is about this camera and its card."""
        return {"device": self.hello.facts.device, "volume": self.hello.facts.volume}

    @property
    def signing(self) -> dict[str, Any]:
        """The members of whatever this dock signs now."""
        return {"dock": self.identity.name, "utc_ms": self.utc_ms(), "nonce": self.hello.nonce}

    def conflict(self, reason: str) -> None:
        """Keep the camera apart, and tell people; the store's own list of conflicts has it durably."""
        self.apart = True
        self._unsaid.append(reason)
        self.store.note_conflict({**self.whose, "dock": self.identity.name, "utc_ms": self.utc_ms(), "reason": reason})
        self.tell(Kind.CONFLICT, text=f"{reason}: two cameras with one identity? Kept apart, nothing overwritten")

    def say_conflicts(self) -> Talk[None]:
        """Tell the camera, which notes it in its log and erases nothing from then on."""
        while self._unsaid:
            conflict = Conflict(words(self._unsaid[0]))
            try:
                stored = yield from ask(conflict, Stored)
            except DeclinedError as error:
                self.tell(Kind.REJECTED, item="conflict", text=str(error))
            else:
                if stored.hash != hash_of(conflict.body()):
                    self.tell(Kind.REJECTED, item="conflict", text="the camera stored something else")
            self._unsaid.pop(0)
