"""What a run shows: a bar on a terminal, plain lines otherwise, and a table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from tests.mutation.verdicts import Result

WIDTH = 24
EVERY = 50


class Display:
    """Shows how far a run is.  Survivors are told as they are found."""

    def __init__(self, stream: TextIO, total: int, reviewed: Mapping[str, str]) -> None:
        self._stream = stream
        self._total = total
        self._reviewed = reviewed
        self._live = stream.isatty()
        self._done = self._caught = 0

    def tick(self, share: float, text: str) -> None:
        """Show a share of something, from 0 to 1."""
        if self._live:
            filled = round(share * WIDTH)
            self._stream.write(f"\r\x1b[K[{'#' * filled}{'.' * (WIDTH - filled)}] {text}")
            self._stream.flush()

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.clear()
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def tell(self, result: Result) -> None:
        """Count a result."""
        self._done += 1
        self._caught += result.verdict.caught
        if result.verdict.survived and result.mutant.id not in self._reviewed:
            self.say(f"{result.verdict.value}: {result.mutant.id}")
        text = f"{self._done} of {self._total}, {self._caught} caught"
        self.tick(self._done / self._total, text)
        if not self._live and self._done % EVERY == 0:
            self.say(text)

    def clear(self) -> None:
        """Take the bar away."""
        if self._live:
            self._stream.write("\r\x1b[K")


def summary(results: Sequence[Result], reviewed: Mapping[str, str]) -> Iterator[str]:
    """Caught and all, by module and together."""
    modules = dict.fromkeys(each.mutant.module for each in results)
    for module in modules:
        mine = [each for each in results if each.mutant.module == module]
        kept = sum(each.verdict.survived and each.mutant.id in reviewed for each in mine)
        told = f", {kept} reviewed" if kept else ""
        yield f"{module:<32}{sum(each.verdict.caught for each in mine):>4} / {len(mine)}{told}"
    counts = Counter(each.verdict.value for each in results if not each.verdict.caught)
    counts.update(each.verdict.value for each in results if each.verdict.name == "HUNG")
    rest = "".join(f", {count} {what}" for what, count in sorted(counts.items()))
    yield f"caught / all: {sum(each.verdict.caught for each in results)} / {len(results)}{rest}"
