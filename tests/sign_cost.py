"""What signing the picture costs, against one pass of SHA-256 over it, in the same run: ``python -m tests.sign_cost``."""

from __future__ import annotations

import hashlib
import random
import time
from typing import TYPE_CHECKING, Final

from rich.console import Console

from firmware.evidence.certs import write_pem
from firmware.media.fmp4 import Sample
from firmware.media.h264 import behind_lengths
from firmware.media.sei import Signatory
from firmware.media.signing import GopSigner, Origin
from tests.pki import Pki

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS: Final = 60
FPS: Final = 30
TICK: Final = 90_000 // FPS
RUNS: Final = 5


def film(bitrate: int) -> list[Sample]:
    """A minute at so many bit/s, a GOP a second."""
    size, draw = bitrate // 8 // FPS, random.Random(1)
    frames = []
    for index in range(SECONDS * FPS):
        head = b"\x41\x80" if index % FPS else b"\x65\x80"
        data = behind_lengths([head + draw.randbytes(size - 6)])
        frames.append(Sample(index * TICK, TICK, data, key=not index % FPS))
    return frames


def best(piece: Callable[[], object]) -> float:
    """Processor seconds of the quickest of a few runs."""
    taken = []
    for _ in range(RUNS):
        began = time.process_time()
        piece()
        taken.append(time.process_time() - began)
    return min(taken)


def ratio(bitrate: int) -> tuple[float, float]:
    """Processor time of signing in passes of SHA-256 over the picture, and by which part it grows."""
    session = Pki.create().session()
    signatory = Signatory(session.sign_picture, write_pem(session.chain.ders), "1.0.0", session.device, 0)
    samples = film(bitrate)
    signed = GopSigner(signatory, Origin(0, 0), 0).sign(samples)
    size = sum(sample.size for sample in samples)
    grown = sum(sample.size for sample in signed)
    signing = best(lambda: GopSigner(signatory, Origin(0, 0), 0).sign(samples))
    hashing = best(lambda: [hashlib.sha256(sample.pieces[1]).digest() for sample in samples])
    return signing / hashing, grown / size - 1


def main() -> None:
    """Print it for a few bitrates."""
    console = Console(highlight=False)
    console.print("Mbit/s   passes of SHA-256    size")
    for megabits in (1, 4, 8, 12):
        passes, grown = ratio(megabits * 1_000_000)
        console.print(f"{megabits:6}   {passes:18.2f}   {grown:.2%}")


if __name__ == "__main__":
    main()
