"""One service a camera: two would write each other's evidence, so whoever comes second is refused."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class TakenError(Exception):
    """Another service has this camera; the message names what of it is taken."""


def take(places: Iterable[Path]) -> ExitStack:
    """Take these directories for this process alone; closing the answer, or the process's end however it comes, gives them back.

    ``TakenError`` where another one has any of them.  A directory that is not there can be nobody's, and is left out; ``OSError`` where one may
    not be opened.  The lock is the kernel's on the directory itself: nothing is written, and nothing is left behind.
    """
    with ExitStack() as held:
        for place in places:
            try:
                descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            held.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = f"another service runs on this camera: it has {place}"
                raise TakenError(message) from error
        return held.pop_all()
