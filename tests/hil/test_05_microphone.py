"""The microphone hears, without a gap, and in step with the clock.

Silence and then speech, as AAC by way of ALSA; both are brought to this desk and decoded. Speech has to be well above silence: a dead microphone gives sound without a gap too.

Wiring:
    {pins: I2S microphone}
    An I2S MEMS microphone on 3.3 V and ground, its L/R pin on ground. A USB sound card needs no pin: HIL_CARD names it.

When all is well it prints:
    <number> units in <number> s, <number> gaps
    the clock is off by <number> ppm
    quiet at <number> dB, speech at <number> dB

When not, look at:
    - no card: `arecord -l`; the overlay of the microphone in `config.txt`; HIL_CARD
    - "cannot be opened": another program has it; a card that lacks mono, 48 kHz or 16 bits needs a `plug` in `/etc/asound.conf`
    - speech no louder than silence: the L/R pin, the data pin; `alsamixer` for a USB card's gain
    - gaps: what else runs; a `dsnoop` with longer periods
"""

from __future__ import annotations

import io
import math
from itertools import pairwise

import av
import numpy as np
import pytest

from hal.pi.instep import RATE, UNIT
from tests.hil.answers import Answer
from tests.hil.bench import Bench
from tests.hil.plugin import Note

pytestmark = pytest.mark.timeout(1800)
SECONDS = 6
INTO = "/run/lapel-hil-sound"
FEWEST = 0.9
LOUDER_DB = 10.0
SILENCE_DB = -100.0
PPM = 2000.0
_ADTS_RATE = 3  # 48 kHz


def heard(board: Bench, name: str) -> tuple[Answer, float]:
    """What the board heard just now: its times, and how loud it was, in dB of the fullest."""
    told = board.ask("sound", 60 + SECONDS, card=board.card, seconds=SECONDS, into=INTO)
    return told, loudness(framed(board.fetch(INTO, name)))


def framed(data: bytes) -> bytes:
    """Units behind their lengths, as a stream that any decoder takes: AAC-LC, 48 kHz, mono, with ADTS headers (ISO/IEC 14496-3, 1.A.2.2.1)."""
    out = bytearray()
    while data:
        size = int.from_bytes(data[:4], "big")
        unit, data = data[4 : 4 + size], data[4 + size :]
        whole = len(unit) + 7
        out += bytes(
            (
                *(0xFF, 0xF1, 0x40 | _ADTS_RATE << 2, 0x40 | whole >> 11),
                *(whole >> 3 & 0xFF, (whole & 7) << 5 | 0x1F, 0xFC),
            )
        )
        out += unit
    return bytes(out)


def loudness(stream: bytes) -> float:
    """The middle of a stream, in dB below the fullest."""
    with av.open(io.BytesIO(stream), mode="r", format="aac") as opened:
        parts = [frame.to_ndarray().ravel() for frame in opened.decode(audio=0)]
    samples = np.concatenate(parts)
    middle = samples[len(samples) // 4 :]
    power = float(np.mean(np.square(middle)))
    return max(SILENCE_DB, 10 * math.log10(power)) if power else SILENCE_DB


def test_it_hears_speech(board: Bench, note: Note) -> None:
    """Every unit comes, and speech is louder than silence."""
    if not board.card:
        pytest.skip("not possible here: this board's file has no microphone, and HIL_CARD names none")
    board.hands.do("quiet")
    told, quiet = heard(board, "quiet.aac-units")
    board.hands.do("speak")
    _, speech = heard(board, "speech.aac-units")
    times = told.numbers("times_ms")
    assert len(times) >= SECONDS * RATE / UNIT * FEWEST, f"{len(times)} units"
    step = UNIT * 1000 / RATE
    gaps = sum(later - earlier > 1.5 * step for earlier, later in pairwise(times))
    note(f"{len(times)} units in {times[-1] / 1000:.1f} s, {gaps} gaps")
    off = (times[-1] / ((len(times) - 1) * step) - 1) * 1e6
    note(f"the clock is off by {off:.0f} ppm")
    note(f"quiet at {quiet:.0f} dB, speech at {speech:.0f} dB")
    assert gaps == 0
    assert abs(off) <= PPM
    assert speech - quiet >= LOUDER_DB
