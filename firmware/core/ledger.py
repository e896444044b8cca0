"""What the audit log says so far: numbers given out, recordings not yet closed, where the next line goes.

The newest number and the newest opening live in the log, and are never derived from names on the card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTHING: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening without a closing: the hash of the opening line, and the boot that wrote it."""

    hash: str
    boot: int


@dataclass(frozen=True, slots=True)
class Newest:
    """Where the log stands: boot, newest line's index and hash, newest recording (0 for none).  One value, so that another thread never
    sees the index of one line with the hash of another."""

    boot: int
    line: int
    head: str
    number: int


@dataclass(slots=True)
class Ledger:
    """The sum of all lines.  ``upcoming`` is the number that the next recording gets.  ``contested``: a dock holds another log of this
    volume, and nothing may be erased any more.  ``counter``: the hardware's at the newest ``boot`` line, ``opened``: openings since.
    ``settings``: serial and hash of the newest settings that a line names, None where none does."""

    boot: int = 0
    line: int = 0
    head: str = NOTHING
    upcoming: int = 1
    opening: str = NOTHING
    unclosed: dict[int, Opening] = field(default_factory=dict)
    resume: bool = False
    contested: bool = False
    counter: int | None = None
    opened: int = 0
    clock: Mapping[str, Any] | None = None
    settings: tuple[int, str] | None = None

    def follow(self, payload: Mapping[str, Any], line_hash: str) -> None:
        """Add one verified line, given its payload."""
        self.boot, self.line, self.head, self.clock = payload["boot"], payload["line"], line_hash, payload["clock"]
        effect = _EFFECTS.get(payload["kind"])
        if effect is not None:
            effect(self, payload["data"])

    def newest(self) -> Newest:
        """Where it stands now."""
        return Newest(self.boot, self.line, self.head, self.upcoming - 1)

    def carry(self) -> dict[str, Any]:
        """What a boot line repeats, so that no older file has to be read."""
        unclosed = [
            {"number": number, "opening": each.hash, "boot": each.boot}
            for number, each in sorted(self.unclosed.items())
        ]
        return {"next": self.upcoming, "opening": self.opening, "open": unclosed, "contested": self.contested}

    def _boot(self, data: Mapping[str, Any]) -> None:
        self.upcoming, self.opening, self.resume = data["next"], data["opening"], False
        self.counter, self.opened, self.contested = data["counter"], 0, data["contested"]
        self.unclosed = {each["number"]: Opening(each["opening"], each["boot"]) for each in data["open"]}

    def _open(self, data: Mapping[str, Any]) -> None:
        self.upcoming, self.opening = data["number"] + 1, data["opening"]
        self.opened += 1
        self.unclosed[data["number"]] = Opening(data["opening"], self.boot)

    def _close(self, data: Mapping[str, Any]) -> None:
        self.unclosed.pop(data["number"], None)

    def _contest(self, _data: Mapping[str, Any]) -> None:
        self.contested = True

    def _set(self, data: Mapping[str, Any]) -> None:
        told = (data["serial"], data["hash"])
        self.settings = told if self.settings is None or told[0] > self.settings[0] else self.settings

    def _stop(self, data: Mapping[str, Any]) -> None:
        self.resume = data["resume"]


_EFFECTS: Final[Mapping[str, Callable[[Ledger, Mapping[str, Any]], None]]] = {
    "boot": Ledger._boot,  # noqa: SLF001 - one table of this module's own methods
    "opening": Ledger._open,  # noqa: SLF001
    "closing": Ledger._close,  # noqa: SLF001
    "void": Ledger._close,  # noqa: SLF001
    "missing": Ledger._close,  # noqa: SLF001
    "conflict": Ledger._contest,  # noqa: SLF001
    "settings": Ledger._set,  # noqa: SLF001
    "stop": Ledger._stop,  # noqa: SLF001
}
