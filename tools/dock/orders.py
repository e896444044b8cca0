"""What the authority orders of single cameras, handed on: recalls, and the two words that undo one.

They lie below the dock's own directory, ``orders/CAMERA/recall.jws``, ``release.jws`` and ``consent.jws``, as ``lapel provision`` puts them there,
and are looked for at each docking and while a camera rests: nobody has to start a dock anew because a camera was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from firmware.dock.messages import OrderLine
from firmware.evidence.certs import Trust
from firmware.evidence.documents import Kind
from firmware.evidence.errors import EvidenceError
from firmware.evidence.jws import FILE_LIMIT, Signed, from_file
from firmware.evidence.kinds import RECALL
from firmware.evidence.recall import FILES, UNDO, verify_order
from tools.dock import events
from tools.dock.conversation import DeclinedError, Talk, hand_over

Tell = Callable[..., None]


class Orders:
    """The orders in a directory, read anew each time."""

    def __init__(self, directory: Path) -> None:
        """``directory`` need not be there."""
        self._directory = directory

    def about(self, device: str, trust: Trust) -> tuple[dict[Kind, Signed], list[str]]:
        """What is ordered of a camera, and why a file that is there is of no use."""
        found: dict[Kind, Signed] = {}
        troubles: list[str] = []
        for kind, name in FILES.items():
            path = self._directory / device / name
            try:
                with path.open("rb") as file:
                    read, signed = verify_order(from_file(file.read(FILE_LIMIT + 1), name), trust, device=device)
                found[read] = signed
            except FileNotFoundError:
                continue
            except OSError as error:
                troubles.append(f"{name}: {error.strerror}")
            except EvidenceError as error:
                troubles.append(f"{name}: {error}")
            else:
                if read is not kind:
                    del found[read]
                    troubles.append(f"{name}: is a {read.typ}")
        return found, troubles


def standing(orders: Mapping[Kind, Signed]) -> Signed | None:
    """The recall that these orders leave in force."""
    recall = orders.get(RECALL)
    if recall is None or all(kind in orders and orders[kind].payload["recall"] == recall.hash for kind in UNDO):
        return None
    return recall


class Giving:
    """Hands one camera its orders during one docking, each once."""

    def __init__(self, device: str, orders: Orders, tell: Tell) -> None:
        """``tell`` tells of an event."""
        self._device = device
        self._orders = orders
        self._tell = tell
        self._given: set[str] = set()
        self._told: set[str] = set()

    def due(self, trust: Trust) -> list[Signed]:
        """Orders that this camera has not heard in this docking.  What is of no use is told once."""
        orders, troubles = self._orders.about(self._device, trust)
        for trouble in sorted(set(troubles) - self._told):
            self._told.add(trouble)
            self._tell(events.Kind.REJECTED, item="order", text=trouble)
        return [signed for signed in orders.values() if signed.hash not in self._given]

    def talk(self, trust: Trust) -> Talk[None]:
        """Hand over what is due; a camera that has a newer recall, or none, declines."""
        for signed in self.due(trust):
            self._given.add(signed.hash)
            word = signed.typ.split(".")[1]
            recalled = standing(self._orders.about(self._device, trust)[0]) is not None
            try:
                yield from hand_over(OrderLine(signed.line), signed.line)
            except DeclinedError as error:
                self._tell(events.Kind.ORDER, order=word, taken=False, recalled=recalled, text=str(error))
            else:
                self._tell(events.Kind.ORDER, order=word, taken=True, recalled=recalled, text="taken")
