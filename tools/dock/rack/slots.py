"""Which slot of the rack a camera stands in: where it is plugged in has a name, and a file may say what stands on the
rack there.

A camera that offers a serial line and a network over one plug is in one slot: both are known by the USB location.

    # slots.toml
    [slots]
    A1 = "1-1.2"
    A2 = ["1-1.3", "/dev/ttyAMA0"]
    office = "192.0.2.7"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LONGEST_FILE = 64 * 1024
MOST_SLOTS = 1000
LONGEST_LABEL = 32
LONGEST_PLACE = 128

_LOCATION = re.compile(r"(\d{1,3}-\d{1,3}(?:\.\d{1,3}){0,6})(?::\d{1,3}\.\d{1,3})?")


class SlotsError(Exception):
    """The file of slots cannot be used; the message names what is wrong in it."""


def usb_location(text: str) -> str | None:
    """The place of a USB device, ``1-1.2``, from what the system calls it or one of its functions (``1-1.2:1.0``);
    None where it is no such thing."""
    found = _LOCATION.fullmatch(text)
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Rack:
    """The labels on the rack, by place."""

    labels: Mapping[str, str] = field(default_factory=dict)

    def slot(self, place: str) -> str:
        """The name of the slot at a place: its label, or where there is none the place itself."""
        return self.labels.get(place, place)


def read_slots(data: bytes) -> Rack:
    """Read a file of slots: one table ``slots``, and for each label one place or several; ``SlotsError`` for anything
    else.

    At most 64 KiB and 1000 labels; labels have 1 to 32 characters and places 1 to 128, all of them printable and
    none a space at an end; no place is in two slots.
    """
    if len(data) > LONGEST_FILE:
        raise SlotsError(f"it has more than {LONGEST_FILE} bytes")
    try:
        content = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # of TOML, and of UTF-8
        raise SlotsError(str(error) or "nested too deeply") from None
    if set(content) != {"slots"} or not isinstance(table := content["slots"], dict):
        raise SlotsError("it has to hold one table, [slots], and nothing else")
    if len(table) > MOST_SLOTS:
        raise SlotsError(f"slots: more than {MOST_SLOTS}")
    labels: dict[str, str] = {}
    for label, given in table.items():
        _check(label, f"slots: the label {label!r}", LONGEST_LABEL)
        for place in _places(label, given):
            if place in labels:
                raise SlotsError(f"slots.{label}: {place} is in {labels[place]} already")
            labels[place] = label
    return Rack(labels)


def _places(label: str, given: object) -> Iterator[str]:
    several = given if isinstance(given, list) else [given]
    if not several:
        raise SlotsError(f"slots.{label}: no place")
    for place in several:
        if not isinstance(place, str):
            raise SlotsError(f"slots.{label}: a place is a text, or several are a list of texts")
        _check(place, f"slots.{label}: the place {place!r}", LONGEST_PLACE)
        yield place


def _check(text: str, what: str, longest: int) -> None:
    if not 1 <= len(text) <= longest or not text.isprintable() or text != text.strip():
        raise SlotsError(f"{what} is not 1 to {longest} printable characters without spaces at its ends")
