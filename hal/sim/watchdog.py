"""The simulated watchdog: it bites nobody and remembers when it was fed."""

from __future__ import annotations

from hal.interface import Clock


class SimWatchdog:
    """Remembers what the service said of itself."""

    def __init__(self, clock: Clock) -> None:
        """Nothing said yet."""
        self._clock = clock
        self.state = "starting"
        self.feeds = 0
        self.fed_ns: int | None = None
        self.longest_ns = 0

    def ready(self) -> None:
        """The service buffers."""
        self.state = "ready"

    def feed(self) -> None:
        """The service is well."""
        now_ns = self._clock.monotonic_ns()
        if self.fed_ns is not None:
            self.longest_ns = max(self.longest_ns, now_ns - self.fed_ns)
        self.feeds += 1
        self.fed_ns = now_ns

    def stopping(self) -> None:
        """The service ends on purpose."""
        self.state = "stopping"
