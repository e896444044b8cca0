"""How long the wearer waited at each start: what the camera noted in its log's private part (section 11.2), against what it promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

STARTING_MS = 50
"""What a camera promises from the edge to ``starting``."""
RECORDING_MS = 1500
"""And from the edge to ``recording``."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start: the recording's number, its first edge by the camera's clock, and the ms from that edge to ``starting`` (None where no
    light said so) and to ``recording``."""

    number: int
    utc_ms: int
    starting_ms: int | None
    recording_ms: int

    @property
    def words(self) -> str:
        """In plain words."""
        starting = (
            "no light could say starting" if self.starting_ms is None else f"starting after {self.starting_ms} ms"
        )
        late = (self.starting_ms or 0) > STARTING_MS, self.recording_ms > RECORDING_MS
        names = [name for name, each in zip(("starting", "recording"), late, strict=True) if each]
        return f"{starting}, recording after {self.recording_ms} ms" + (
            f" ({' and '.join(names)} late)" if names else ""
        )


def start_of(entry: Mapping[str, Any]) -> Start:
    """What a ``latency`` record says."""
    return Start(entry["number"], entry["clock"]["utc_ms"], entry["starting_ms"], entry["recording_ms"])


def summary(starts: Sequence[Start]) -> Iterator[str]:
    """A volume's figures: median and worst, beside what is promised; nothing where nothing was noted."""
    for what, limit, waits in (
        ("starting", STARTING_MS, [each.starting_ms for each in starts if each.starting_ms is not None]),
        ("recording", RECORDING_MS, [each.recording_ms for each in starts]),
    ):
        if waits:
            over = sum(each > limit for each in waits)
            late = f", {over} of {len(waits)} later than that" if over else ""
            yield f"from the press to {what}: median {median(waits):g} ms, worst {max(waits)} ms; promised {limit} ms{late}"
