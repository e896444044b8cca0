"""How long the officer waits for an answer: followed from each start, shown when it is too long, told to the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.core.latency import Latency
from firmware.runtime.wishes import RESUME

if TYPE_CHECKING:
    from firmware.core.indications import Trouble
    from firmware.core.machine import Recording
    from firmware.runtime.flow import Cause, Flow


class Waits:
    """The starts of one camera."""

    def __init__(self, flow: Flow) -> None:
        self.number = 0
        """Of the newest recording that is durable."""
        self._flow = flow
        self._latency = Latency()

    def begun(self, cause: Cause) -> None:
        """A recording was asked for."""
        self._latency.begun(cause.asked_ns, measured=cause.trigger != RESUME)

    def shown(self, recording: Recording, now_ns: int, *, lit: bool) -> None:
        """A state is shown, or, where not ``lit``, would be."""
        waited = self._latency.shown(recording, now_ns, lit=lit)
        if waited is not None:
            took = {"starting_ms": waited.starting_ms, "recording_ms": waited.recording_ms}
            self._flow.remark("latency", {"number": self.number, **took}, waited.edge_ns)

    def troubles(self, now_ns: int) -> frozenset[Trouble]:
        """Whether a start takes too long, or took too long a moment ago."""
        return self._latency.troubles(now_ns)
