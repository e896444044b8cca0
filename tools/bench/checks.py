"""What is held against evidence that a benchmark wrote before anything is said of how fast that was."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from firmware.runtime import names
from tools.bench.camera import Bench
from tools.verify.report import Verdict
from tools.verify.verifier import verify_path


class BrokenError(Exception):
    """What was written is not what it has to be."""


def check(bench: Bench, seconds: float, *, opened: bool = True) -> None:
    """``BrokenError`` unless the independent verifier calls the one recording whole, and as long as it was; ``opened``: with the authority's key,
    so that samples and the signatures in the picture count too, which takes longer than making them."""
    report = verify_path(bench.home.card, bench.home.certificate, [bench.home.key] if opened else [])
    (made,) = report.every_recording
    proven = not opened or any("ONVIF" in each for each in made.proven)
    if made.verdict is not Verdict.WHOLE or made.problems or not proven:
        raise BrokenError(f"the verifier says {made.verdict}: {'; '.join(map(str, made.problems))}")
    if made.seconds is None or abs(made.seconds - seconds) > 1:
        raise BrokenError(f"{made.seconds} s were recorded of {seconds}")


def counted(bench: Bench) -> int:
    """How many flushes the journal has of picture and sound; ``BrokenError`` unless each of its lines has its two syncs."""
    lines = (bench.home.card / "recordings" / names.recording(1) / names.JOURNAL).read_bytes().splitlines()
    files = Counter(_payload(line)["file"] for line in lines[1:])
    expected = {**files, names.JOURNAL: len(lines)}
    counted = {name: bench.syncs.counts[name] for name in expected}
    if counted != expected:
        raise BrokenError(f"syncs: {counted} instead of {expected}")
    return files.total() - files[names.PRIVATE]


def _payload(line: bytes) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(line.split(b".")[1] + b"=="))
    return found
