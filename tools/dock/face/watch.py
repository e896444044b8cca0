"""Listens to a visit and to its line, and tells how long the offload will take."""

from __future__ import annotations

from collections.abc import Callable

from firmware.dock.link import Link
from tools.dock.events import DockEvent, Emit, Kind
from tools.dock.face.forecast import Forecaster, Quality

_LOOK_NS = 1_000_000_000
_RESTING = frozenset({Kind.DONE, Kind.WAITING})


class Watch:
    """An ``Emit`` that passes on what it is told, and adds a ``forecast`` where there is one."""

    def __init__(self, forecaster: Forecaster, link: Link | None, monotonic_ns: Callable[[], int], emit: Emit) -> None:
        """``link``: that of a serial line."""
        self._forecaster = forecaster
        self._link = link
        self._clock = monotonic_ns
        self._emit = emit
        self._device = ""
        self._next_ns = 0

    def __call__(self, event: DockEvent) -> None:
        """Hear one event of the visit."""
        self._emit(event)
        self._device = event.device
        facts, forecaster = event.facts, self._forecaster
        if event.kind is Kind.STOCK:
            forecaster.stock(int(facts["size"]))
        elif event.kind is Kind.FETCHING:
            forecaster.fetching(self._clock())
        elif event.kind is Kind.PROGRESS:
            forecaster.left(int(facts["total"]) - int(facts["done"]))
        elif event.kind in _RESTING:
            forecaster.resting()
        else:
            return
        self._tell(self._clock())

    def received(self, size: int, now_ns: int) -> None:
        """So many bytes came from the wire."""
        self._forecaster.received(size, now_ns)
        if now_ns >= self._next_ns:
            self._tell(now_ns)

    def _tell(self, now_ns: int) -> None:
        self._next_ns = now_ns + _LOOK_NS
        link = self._link
        quality = Quality(link.good, link.damaged, link.round_trip_ns) if link else Quality()
        told = self._forecaster.forecast(quality, now_ns)
        if told is not None:
            facts: dict[str, str | int | bool] = {
                "seconds": told.seconds,
                "size": told.size,
                "rate": told.rate,
                "loss": told.loss,
                "basis": told.basis,
                "slow": told.slow,
                "text": told.text,
            }
            self._emit(DockEvent(Kind.FORECAST, self._device, facts))
