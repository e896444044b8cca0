"""What was done to a rig's storage, in lines to read and to compare."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hal.sim.volume import Append, Create, Operation, Remove, Rename, Sync
from tests.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hal.sim.memory import MemoryStorage


def told(log: Iterable[Operation]) -> list[str]:
    """Operations by path; an append and the sync that follows at once are one ``write``."""
    paths, lines = {0: "."}, []

    def path(directory: int, name: str) -> str:
        return f"{paths[directory]}/{name}".removeprefix("./")

    for each in log:
        match each:
            case Create(directory, name, node, _):
                paths[node] = path(directory, name)
                lines.append(f"create {paths[node]}")
            case Append(node, _):
                lines.append(f"append {paths[node]}")
            case Sync(node):
                lines.append(f"sync {paths[node]}")
            case Rename(directory, name, into, new):
                old, to = path(directory, name), path(into, new)
                moved = {node: to + was[len(old) :] for node, was in paths.items() if f"{was}/".startswith(f"{old}/")}
                paths.update(moved)
                lines.append(f"rename {old} -> {to}")
            case Remove(directory, name):
                lines.append(f"remove {path(directory, name)}")
    return together(lines)


def together(lines: list[str]) -> list[str]:
    """Write as one what was appended and synced."""
    pairs = [*pairwise(lines), (lines[-1], "")] if lines else []
    merged = [
        first.replace("append", "write") if second == first.replace("append", "sync") else first
        for first, second in pairs
    ]
    return [
        line
        for line, before in zip(merged, ["", *merged], strict=False)
        if line != before.replace("write", "sync") or line == before
    ]


class Watched:
    """A rig, and what was done to its storage since it was last asked."""

    def __init__(self, rig: Rig, known: int = 0) -> None:
        self.rig = rig
        self._known = known
        rig.camera.writer.ask = lambda action: action()  # type: ignore[method-assign]  # one thread here

    def since(self) -> list[str]:
        """What was done."""
        # the whole log is told, for its paths, and what is known already taken away
        before, self._known = self._known, len(self.rig.evidence.log)
        return told(self.rig.evidence.log)[len(told(self.rig.evidence.log[:before])) :]

    def room(self, which: int = -1) -> dict[str, int]:
        """Bytes set aside for each file, by name; of several with a name the newest, or the one in this place."""
        made: dict[str, list[int]] = {}
        for each in self.rig.evidence.log:
            if isinstance(each, Create):
                made.setdefault(each.name, []).append(self.rig.evidence.trouble._used.get(each.node, 0))
        return {name: rooms[which] for name, rooms in made.items()}

    def held(self) -> list[str]:
        """The files that are open, but for the log's."""
        names = {each.node: each.name for each in self.rig.evidence.log if isinstance(each, Create)}
        return sorted(names[node] for node in self.rig.evidence.held if not names[node].startswith("0000000"))


def started(survivor: MemoryStorage, was: Rig) -> Watched:
    """The next boot on what is left."""
    known = len(survivor.log)
    return Watched(Rig.start(survivor, was.config.crash(), was.clock.power_cycle(), was.signer, was.values), known)
