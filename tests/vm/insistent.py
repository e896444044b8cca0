"""A dock that offers a camera the bundle with the lowest serial, whatever the camera has: the reference dock would not."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from firmware.dock.facts import Update
from firmware.evidence.bundle import Bundle
from tools.__main__ import main
from tools.dock.updating import handing


def insist(bundles: Iterable[Bundle], _: Update) -> Bundle | None:
    """In the place of the rule that dock and camera share."""
    return min(bundles, key=lambda each: each.serial, default=None)


if __name__ == "__main__":
    setattr(handing, "choose", insist)  # noqa: B010 - in the place of a function that it imports
    sys.exit(main(sys.argv[1:]))
