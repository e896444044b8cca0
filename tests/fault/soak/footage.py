"""What was captured while the light said recording, and where it is: every such frame is in a recording, up to a second before whatever
broke it off, and none is in two that follow each other without a gap."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from firmware.evidence.transcript import TICKS
from tests.rig import NS

LOSS_NS: Final = NS
"""What a cut may take of the live footage of an acknowledged recording."""
FRAME_NS: Final = NS // 10
_ROUND_NS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """Frames of one boot, by their capture times: from the first up to the end of the last."""

    boot: int
    from_ns: int
    until_ns: int


@dataclass
class Footage:
    """Of a whole shift.  ``epochs``: by number, the boot in which a recording was made and when its first frame was captured."""

    epochs: dict[int, tuple[int, int]] = field(default_factory=dict)
    spans: dict[int, Span] = field(default_factory=dict)
    holes: list[Span] = field(default_factory=list)
    """What may be lost, and why it may is somebody else's to say."""
    owed: list[tuple[int, int]] = field(default_factory=list)
    """Boots and capture times of frames that were acknowledged, and were not found yet."""

    def broke(self, boot: int, now_ns: int, stall_ns: int) -> None:
        """Something broke a recording off now: a second may be lost, and what storage stood still for."""
        self.holes.append(Span(boot, now_ns - LOSS_NS - stall_ns, now_ns + FRAME_NS))

    def closed(self, number: int, manifest: dict[str, Any]) -> None:
        """The manifest of a recording is on the card."""
        if number in self.epochs and manifest["span"] and number not in self.spans:
            boot, epoch_ns = self.epochs[number]
            until_ns = epoch_ns + manifest["span"]["until"] * NS // TICKS
            self.spans[number] = Span(boot, epoch_ns - _ROUND_NS, until_ns + _ROUND_NS)

    def settle(self) -> None:
        """Forget the frames that were found, or may be lost."""
        spans = (*self.spans.values(), *self.holes)
        self.owed = [each for each in self.owed if not any(_has(span, *each) for span in spans)]

    def lost(self) -> list[str]:
        """Frames that are nowhere, in words; the first of each second."""
        self.settle()
        seconds = {(boot, time_ns // NS): time_ns for boot, time_ns in reversed(self.owed)}
        return [
            f"a frame captured {time_ns / NS:.2f} s into boot {boot} while the light said recording is in no recording"
            for (boot, _), time_ns in sorted(seconds.items())
        ]


def _has(span: Span, boot: int, time_ns: int) -> bool:
    return span.boot == boot and span.from_ns <= time_ns < span.until_ns
