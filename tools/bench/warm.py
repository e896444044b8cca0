"""Memory that is there before it is measured.

A virtual machine may give what has been free for some seconds back to its host (the balloon's free page reporting), and then the first touch of each
page costs far more than what is done in it: whoever happens to be given such pages, for a file's cache above all, looks much slower than it is.  Who
works in memory that somebody else has just used does not notice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PIECE: Final = bytes(1 << 20)


def warm(place: Path, pieces: int) -> None:
    """Use so many MiB of what is free for a file in ``place``, which no disk ever sees, and give them back."""
    path = place / "warm"
    with path.open("wb", buffering=0) as file:
        for _ in range(pieces):
            file.write(_PIECE)
    path.unlink()
