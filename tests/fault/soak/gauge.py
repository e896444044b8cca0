"""How much memory a shift takes: all Python objects that are alive, without what lies on the simulated card."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass, field

from tests.fault.soak.shift import Shift

KIB = 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds of the shift, which boot it is, bytes of all objects but the card's, and file handles open."""

    seconds: float
    boot: int
    bytes: int
    handles: int


@dataclass
class Gauge:
    """Looks every so many seconds of the shift."""

    every_s: float
    samples: list[Sample] = field(default_factory=list)
    _due_s: float = 0

    def look(self, shift: Shift) -> None:
        """Look, if it is time to."""
        if shift.seconds >= self._due_s and shift.rig is not None:
            self._due_s = shift.seconds + self.every_s
            boot = shift.rig.camera.vault.volume.audit.ledger.boot
            self.samples.append(Sample(shift.seconds, boot, weigh(shift), shift.card.held.total()))

    def growth(self) -> int:
        """Bytes by which the mean grows from the first to the second half of the samples; 0 for fewer than four."""
        taken = [each.bytes for each in self.samples]
        half = len(taken) // 2
        return 0 if half < 2 else sum(taken[-half:]) // half - sum(taken[:half]) // half

    @property
    def most(self) -> int:
        """The most bytes seen."""
        return max((each.bytes for each in self.samples), default=0)

    @property
    def most_handles(self) -> int:
        """The most handles seen open."""
        return max((each.handles for each in self.samples), default=0)


def weigh(shift: Shift) -> int:
    """Bytes of all objects that the collector knows and of what they refer to, without the card's."""
    gc.collect()
    seen = {id(data) for data in shift.card.contents}
    total = 0
    for owner in gc.get_objects():
        for each in (owner, *gc.get_referents(owner)):
            if id(each) not in seen:
                seen.add(id(each))
                total += sys.getsizeof(each, 0)
    return total
