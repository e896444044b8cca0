"""What has to hold, and whether it did: the table that the demo ends with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

AREAS = ("recorded", "recovered", "kept secret", "offloaded", "verified", "exported", "erased")


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: its area, what was to hold, what was found, and whether that is as it should be."""

    area: str
    what: str
    found: str
    ok: bool


class Checks:
    """All checks, in the order in which they were made."""

    def __init__(self) -> None:
        """None yet."""
        self._made: list[Check] = []

    def __iter__(self) -> Iterator[Check]:
        """Area by area."""
        return iter(sorted(self._made, key=lambda check: AREAS.index(check.area)))

    def hold(self, area: str, what: str, found: str, ok: object) -> None:
        """Note one."""
        self._made.append(Check(area, what, found, bool(ok)))

    @property
    def missing(self) -> tuple[str, ...]:
        """Areas of which nothing was checked."""
        seen = {check.area for check in self._made}
        return tuple(area for area in AREAS if area not in seen)

    @property
    def all_held(self) -> bool:
        """Whether everything was checked and held."""
        return not self.missing and all(check.ok for check in self._made)


def table(checks: Iterable[Check], missing: Iterable[str] = ()) -> Table:
    """The checks as a table; ``missing`` areas were not reached."""
    drawn = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    drawn.add_column("")
    drawn.add_column("area", no_wrap=True)
    drawn.add_column("what had to hold")
    drawn.add_column("what was found")
    before = ""
    for check in checks:
        mark = "[bold green]ok[/]" if check.ok else "[bold red]NO[/]"
        drawn.add_row(mark, check.area if check.area != before else "", check.what, check.found)
        before = check.area
    for area in missing:
        drawn.add_row("[bold red]--[/]", area, "", "was not reached")
    return drawn
