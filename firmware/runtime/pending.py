"""A press that storage took away together with the service: kept on the small partition, so that the next start records for it.

The audit log cannot hold it: it may be what failed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from firmware.runtime import durable

if TYPE_CHECKING:
    from hal.interface import Directory

NAME: Final = "pending"


def keep(config: Directory) -> None:
    """Note that a recording was wanted when the service ended.  A partition that fails too takes the note with it."""
    with suppress(OSError):
        durable.replace(config, NAME, b"")


def kept(config: Directory) -> bool:
    """Whether such a note stands."""
    try:
        return NAME in config.names()
    except OSError:
        return False


def settle(config: Directory) -> None:
    """A recording has begun: the note has done its work."""
    with suppress(OSError):
        config.remove(NAME)
        config.sync()
