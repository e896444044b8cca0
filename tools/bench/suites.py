"""The benchmarks there are, in a table: what each asks, how long it may take, and whether a quick run has it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from tools.bench.figure import Figure, Series
from tools.bench.warm import warm


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured.  ``place``: an empty directory of the suite's own, on the disk that counts."""

    quick: bool
    rounds: int
    place: Path

    def warm(self) -> None:
        """Have memory ready for what a contestant writes."""
        warm(self.place, 32 if self.quick else 512)


@dataclass(frozen=True, slots=True)
class Suite:
    """One benchmark: ``tools.bench.MODULE.measure(scale)`` yields its figures.  ``budget_s``: what a whole run may take on two cores, ``quick_s`` a
    quick one; 0 where a quick run leaves it out.  Loaded only when it runs.

    A module that has ``hot(scale)`` can be profiled: it prepares, and returns what takes the time, to be called once, in this process: some
    seconds of the processor, in as many threads as it likes."""

    module: str
    asks: str
    budget_s: int
    quick_s: int = 0

    def measure(self, scale: Scale) -> Iterator[Figure | Series]:
        """Its figures, each as soon as there is one."""
        run = cast("Callable[[Scale], Iterator[Figure | Series]]", import_module(f"tools.bench.{self.module}").measure)
        yield from run(scale)

    def hot(self, scale: Scale) -> Callable[[], object] | None:
        """What takes its time, ready to be called; None where there is nothing to be profiled."""
        prepare = getattr(import_module(f"tools.bench.{self.module}"), "hot", None)
        return None if prepare is None else cast("Callable[[], object]", prepare(scale))


SUITES: Final[Mapping[str, Suite]] = {
    "sealing": Suite("sealing", "from encoded pictures to evidence that is signed, encrypted and synced", 110, 15),
    "preevent": Suite("preevent", "what a press costs, and how fast the minute before it is durable", 60, 6),
    "budget": Suite("budget", "what the whole service takes of a machine, without an encoder", 60, 9),
    "offload": Suite("dock", "what taking over takes, beside TLS and rsync", 100, 10),
    "judge": Suite("judge", "what verifying and exporting take, and how much memory an hour needs", 100, 8),
    "scaling": Suite("scaling", "what grows with hours, and with what is on the card", 120, 8),
    "overlay": Suite("overlay", "what burning words into a frame takes", 10, 4),
    "latency": Suite("latency", "how long from the press to the lights", 35),
}
