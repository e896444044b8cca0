"""Which USB serial ports are cameras, and which of them nobody attends yet: pure decisions over what a scan has
found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tools.dock.rack.slots import usb_location

USB = "usb"
"""The name of this place among ports.  It says where the dock looks, as ``tcp:`` and a tty's path do.  "auto" would say nothing of
what is found by it, "gadget" is the camera's word for its own end, and "serial" is what a UART is too."""

CAMERAS: Mapping[tuple[int, int], str] = {
    (0x1D6B, 0x0104): "Linux gadget of several functions, as our cameras present themselves",
    (0x0525, 0xA4A7): "Linux gadget, serial alone",
    (0x0525, 0xA4AA): "Linux gadget, serial and network",
}
"""USB vendor and product of what is taken for a camera.  That it is one is known only once its certificates are believed."""

PRODUCT = "lapel"
"""A product of any vendor whose description has this word is taken for a camera too."""

_FILTER = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Tty:
    """A serial port as a scan finds it.  ``location``, ``vendor`` and ``product`` are None where it is not on USB."""

    path: str
    location: str | None = None
    vendor: int | None = None
    product: int | None = None
    description: str = ""

    @property
    def place(self) -> str | None:
        """Where it is plugged in; None where it is not on USB."""
        return usb_location(self.location or "")


@dataclass(frozen=True, slots=True)
class Stand:
    """A camera's serial port at its place."""

    place: str
    path: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is taken for a camera: one vendor and product, or, with None, whatever the tables above say."""

    only: tuple[int, int] | None = None

    def takes(self, tty: Tty) -> bool:
        """Whether this is one."""
        if tty.vendor is None or tty.product is None or tty.place is None:
            return False
        which = (tty.vendor, tty.product)
        if self.only is not None:
            return which == self.only
        return which in CAMERAS or PRODUCT in re.findall("[a-z]+", tty.description.lower())


def is_usb(spec: str) -> bool:
    """Whether a port's name is ``usb`` or ``usb:...``."""
    return spec == USB or spec.startswith(f"{USB}:")


def wanted(spec: str) -> Wanted:
    """What ``usb`` or ``usb:VENDOR:PRODUCT`` (four hexadecimal digits each) asks for; ``ValueError`` for anything
    else."""
    if spec == USB:
        return Wanted()
    found = _FILTER.fullmatch(spec)
    if found is None:
        raise ValueError(f"{spec!r} is not of the form usb or usb:VENDOR:PRODUCT")
    return Wanted((int(found[1], 16), int(found[2], 16)))


def stands(ttys: Iterable[Tty], wants: Collection[Wanted], *, apart_from: Collection[str] = ()) -> frozenset[Stand]:
    """Where cameras stand now, by any of ``wants``.  ``apart_from``: paths that are looked after by somebody else."""
    return frozenset(
        Stand(tty.place, tty.path)
        for tty in ttys
        if tty.place is not None and any(want.takes(tty) for want in wants) and tty.path not in apart_from
    )


def arrivals(now: frozenset[Stand], attended: Collection[Stand]) -> list[Stand]:
    """Those that nobody attends yet, in the order of their places.

    A port is known by place *and* path: a path that went over to another place is a new arrival there, and so is a
    place whose port came back under another path.
    """
    return sorted(now.difference(attended), key=lambda stand: (stand.place, stand.path))
