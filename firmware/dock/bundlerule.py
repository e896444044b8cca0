"""Which firmware bundle a camera takes from a dock, and which one a dock offers: one rule for both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from firmware.dock.facts import Update
from firmware.evidence.bundle import Bundle

LEAST_PERCENT = 30
"""A camera that does not charge takes firmware only with at least this much left."""

KEPT_FREE = 16 * 1024 * 1024
"""Bytes that no bundle takes on the partition that it is received on: settings, assignment and notes have to find room at any time."""


class UnwantedError(Exception):
    """A bundle, or bytes of one, that this camera does not take; ``code`` is its word for it."""

    def __init__(self, code: str, text: str) -> None:
        """Say why."""
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Standing:
    """How a camera stands: its firmware, whether it charges or has charge, and the free bytes, those that it has of the bundle counted in."""

    update: Update
    charged: bool
    free: int


def fits(bundle: Bundle, update: Update) -> None:
    """``UnwantedError`` unless the bundle is this board's, newer than what was installed last, and may follow that."""
    if bundle.board != update.board:
        raise UnwantedError("board", f"board: this is {update.board}, the bundle is for {bundle.board}")
    if bundle.serial <= update.serial:
        raise UnwantedError("serial", f"serial: {bundle.serial} is not above {update.serial}, which was installed")
    if bundle.needs > update.serial:
        raise UnwantedError(
            "serial", f"needs: {bundle.needs} has to be installed before, this camera has {update.serial}"
        )


def judge(bundle: Bundle, at: Standing) -> None:
    """``UnwantedError`` unless the camera may receive this bundle now."""
    fits(bundle, at.update)
    if not at.charged:
        raise UnwantedError("battery", f"battery: less than {LEAST_PERCENT} %, and it does not charge")
    if at.free - KEPT_FREE < bundle.length:
        raise UnwantedError("space", f"length: {bundle.length} bytes, and {max(0, at.free - KEPT_FREE)} are to be had")


def choose(bundles: Iterable[Bundle], update: Update) -> Bundle | None:
    """The newest bundle that a camera can take as it stands: where that one needs another before it, that other one."""
    best: Bundle | None = None
    for bundle in bundles:
        try:
            fits(bundle, update)
        except UnwantedError:
            continue
        if best is None or bundle.serial > best.serial:
            best = bundle
    return best
