"""What a stranger has: Debian's `age` opens the recovered segments with the authority's key, and its ffmpeg plays them without a word."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.evidence.age import CHUNK
from tests.rig import payload, pki

if TYPE_CHECKING:
    from hal.sim.crashes import Image

SEGMENT = ".mp4.age"


@dataclass
class StockTools:
    """Opens and plays cards, each content once.  ``opened`` counts segments."""

    folder: Path
    opened: int = 0
    _known: dict[bytes, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._identity = self.folder / "identity"
        self._identity.write_text(f"{pki().authority_identity}\n")

    def check(self, card: Image) -> list[str]:
        """What is wrong with the closed and recovered recordings of a card."""
        found = []
        for number in card.names("recordings"):
            manifest = card.find("recordings", number, "manifest.jws")
            if manifest is None:
                continue
            for each in payload(card.files[manifest])["files"]:
                if each["name"].endswith(SEGMENT) and each["signed"]["length"]:
                    self.opened += 1
                    trouble = self._segment(card, number, each)
                    found += [f"recordings/{number}/{each['name']}: {trouble}"] if trouble else []
        return found

    def _segment(self, card: Image, number: str, listed: dict[str, Any]) -> str | None:
        node = card.find("recordings", number, listed["name"])
        if node is None:
            return "is gone"
        if card.digests[node] not in self._known:
            journal = card.find("recordings", number, "journal.jwsl")
            assert journal is not None
            lines = [line for line in card.files[journal].split(b"\n")[1:-1] if b"\0" not in line]
            flushes = [said for line in lines if (said := payload(line))["file"] == listed["name"]]
            self._known[card.digests[node]] = self._open(card.files[node], flushes)
        return self._known[card.digests[node]]

    def _open(self, cipher: bytes, flushes: list[dict[str, Any]]) -> str | None:
        sealed, plain = self.folder / "segment.age", self.folder / "segment.mp4"
        sealed.write_bytes(cipher)
        plain.unlink(missing_ok=True)
        age = subprocess.run(
            ["age", "-d", "-i", self._identity, "-o", plain, sealed], capture_output=True, text=True, check=False
        )
        closed, signed = flushes[-1]["last"], flushes[-1]["plain"]["length"]
        there = plain.stat().st_size if plain.exists() else 0
        if (closed and age.returncode) or there < signed // CHUNK * CHUNK:
            return f"age gives {there} of {signed} bytes that are signed, and exits with {age.returncode}: {age.stderr.strip()}"
        frames = sum(each["tracks"]["video"]["samples"] for each in flushes if each["tracks"]["video"])
        return self._play(plain, frames)

    @staticmethod
    def _play(plain: Path, frames: int) -> str | None:
        """Decode all of it; silence, and at least the frames that are signed.

        With several threads FFmpeg warns that it does not read the SEI behind a segment's last slice (``Late SEI``); with one it does.
        """
        quiet = ("-v", "warning", "-stats", "-threads", "1")
        command = ["ffmpeg", *quiet, "-i", str(plain), "-map", "0:v", "-f", "null", "-"]
        played = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        told = [line for line in played.stderr.replace("\r", "\n").splitlines() if line.strip()]
        shown = max((int(line.split("frame=")[1].split()[0]) for line in told if "frame=" in line), default=0)
        words = [line for line in told if "frame=" not in line]
        if played.returncode or words:
            return f"ffmpeg says: {' / '.join(words) or played.returncode}"
        return None if shown >= frames else f"ffmpeg shows {shown} of {frames} frames that are signed"
