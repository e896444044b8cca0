"""The benchmarks' film as files that a simulated camera hands out: an H.264 stream, and its sound beside it."""

from __future__ import annotations

from pathlib import Path

from hal.interface import Track
from hal.sim.film import SOUND
from tools.bench.film import film


def write(path: Path, seconds: int) -> Path:
    """So many seconds of it, at ``path``, which ends in ``.h264``."""
    made = film(seconds)
    path.write_bytes(b"".join(unit.data for unit in made.units if unit.track is Track.VIDEO))
    sound = (adts(unit.data, made.sound.config) for unit in made.units if unit.track is Track.AUDIO)
    path.with_suffix(SOUND).write_bytes(b"".join(sound))
    return path


def adts(frame: bytes, config: bytes) -> bytes:
    """An AAC frame behind the header that its AudioSpecificConfig asks for (ISO/IEC 13818-7), without a checksum."""
    head = int.from_bytes(config[:2], "big")
    profile, rate, channels = (head >> 11) - 1, head >> 7 & 0xF, head >> 3 & 0xF
    word = 0xFFF1 << 40 | profile << 38 | rate << 34 | channels << 30 | (len(frame) + 7) << 13 | 0x7FF << 2
    return word.to_bytes(7, "big") + frame
