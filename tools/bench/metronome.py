"""The least that a program in Python can do with a camera's frames: wake for each, read it, and keep the newest.  ``python -m tools.bench.metronome FILM``.

What a wake-up and a copy cost on this machine at this moment, with whatever else it does: the measure for a service that does more with each.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

FPS: Final = 30
FRAME: Final = 8_000_000 // 8 // FPS
KEPT: Final = 30 * FPS
_NS: Final = 1_000_000_000


def main(path: Path) -> None:
    """Until it is ended."""
    waiting, kept = threading.Event(), deque[bytes](maxlen=KEPT)
    with path.open("rb", buffering=0) as film:
        size, began, number = os.fstat(film.fileno()).st_size, time.monotonic_ns(), 0
        while True:
            number += 1
            late_ns = time.monotonic_ns() - began - number * _NS // FPS
            if late_ns < 0:
                waiting.wait(-late_ns / _NS)
            kept.append(os.pread(film.fileno(), FRAME, number * FRAME % max(1, size - FRAME)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
