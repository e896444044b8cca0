"""A card at rest, after its camera was killed: what the audit log gives out, what the journals vouch for, what must never change again."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.rig import payload
from tools.verify.report import Report, Verdict
from tools.verify.verifier import verify_path

RATE: Final = 90_000
PROVEN: Final = frozenset({Verdict.WHOLE, Verdict.RECOVERED})


def lines(path: Path) -> list[dict[str, Any]]:
    """The payloads of a file of signed lines, unverified; a line that was cut off is none."""
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [payload(line) for line in whole.splitlines()]


def complaints(report: Report, allowed: frozenset[Verdict] = PROVEN) -> list[str]:
    """Everything that the independent verifier holds against a card or a recording."""
    found = [f"{path}/{each.file}: {each.reason}" for path, problems in report.every_problem for each in problems]
    found += [f"{each.path}: {each.verdict}" for each in report.every_recording if each.verdict not in allowed]
    return found


@dataclass(frozen=True, slots=True)
class Log:
    """What the audit log says: the numbers opened, in order, and those of them that are neither closed nor void nor missing."""

    opened: tuple[int, ...]
    unclosed: frozenset[int]

    @property
    def cut(self) -> int | None:
        """The recording that the next start has to go on with."""
        return self.opened[-1] if self.opened and self.opened[-1] in self.unclosed else None

    @classmethod
    def read(cls, card: Path) -> Log:
        """From all its files."""
        opened, gone = list[int](), set[int]()
        for path in sorted((card / "audit").glob("*.jwsl")):
            for line in lines(path):
                if line["kind"] == "opening":
                    opened.append(line["data"]["number"])
                elif line["kind"] in {"closing", "void", "missing"}:
                    gone.add(line["data"]["number"])
        return cls(tuple(opened), frozenset(opened) - gone)


@dataclass(frozen=True, slots=True)
class Journal:
    """What the journal of one recording vouches for at one moment."""

    opening: dict[str, Any]
    flushes: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, directory: Path) -> Journal:
        """``OSError`` or ``ValueError`` where no opening can be read."""
        opening, *flushes = lines(directory / "journal.jwsl")
        return cls(opening, tuple(flushes))

    @property
    def seconds(self) -> float:
        """How much media time there is: from the first picture, which is the buffer's where that was written already, to the last."""
        pictures = [each["tracks"]["video"] for each in self._video]
        first = min((each["from"] for each in pictures), default=0)
        return (max((each["until"] for each in self._video), default=first) - first) / RATE

    @property
    def captured_ms(self) -> int:
        """When its newest frame was captured, by the camera's monotonic clock: a line says when it was made, and how long before that the
        last of its frames was captured."""
        return max(int(each["clock"]["mono_ms"] - each["lag_ms"]) for each in self._video)

    @property
    def _video(self) -> list[dict[str, Any]]:
        return [each for each in self.flushes if each["tracks"] and each["tracks"]["video"]]


@dataclass
class Sealed:
    """Recordings with a manifest: each is judged once when it appears, and no byte of it may change from then on."""

    card: Path
    root: Path
    key: Path
    files: dict[int, dict[str, str]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)

    def look(self) -> Iterator[str]:
        """What is wrong by now."""
        for number, known in self.files.items():
            if self._hashes(number) != known:
                yield f"recording {number}, sealed before, has changed"
        for directory in sorted((self.card / "recordings").iterdir()):
            number = int(directory.name)
            if (directory / "manifest.jws").exists() and number not in self.files:
                report = verify_path(directory, self.root, [self.key])
                yield from (f"recording {number}: {each}" for each in complaints(report))
                self.files[number] = self._hashes(number)
                self.seconds[number] = report.recordings[0].seconds or 0.0

    def judge(self) -> Iterator[str]:
        """What is wrong in the end, when everything has been closed: of the whole card, and of its numbers."""
        yield from complaints(verify_path(self.card, self.root, [self.key]))
        opened = Log.read(self.card).opened
        if opened != tuple(range(1, len(opened) + 1)):
            yield f"numbers are skipped or used again: {opened}"

    def segments(self) -> list[Path]:
        """All segments of the recordings that have a manifest."""
        return [
            path for path in sorted(self.card.glob("recordings/*/*.mp4.age")) if int(path.parent.name) in self.files
        ]

    def _hashes(self, number: int) -> dict[str, str]:
        folder = self.card / "recordings" / f"{number:08d}"
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*"))}


def open_with_stock_tools(segment: Path, key: Path, scratch: Path) -> str | None:
    """Decrypt with ``age`` and play with ffmpeg what the journal vouches for of a segment; what went wrong, None if nothing did.

    ``age`` gives out what it could authenticate of a file that was cut off, and then fails.  Behind what is vouched for there may be more.
    """
    said = [each for each in Journal.read(segment.parent).flushes if each["file"] == segment.name]
    if not said:
        return None  # nothing of it was vouched for
    opened = subprocess.run(["age", "-d", "-i", str(key), str(segment)], capture_output=True, check=False)
    plain = opened.stdout[: said[-1]["plain"]["length"]]
    if hashlib.sha256(plain).hexdigest() != said[-1]["plain"]["hash"]:
        return f"{segment}: age gives out {len(plain)} bytes that are not those of the journal"
    if said[-1]["last"] and opened.returncode:
        return f"{segment}: is closed, and age says {opened.stderr.decode(errors='replace').strip()}"
    scratch.write_bytes(plain)
    play = ["ffmpeg", "-v", "error", "-i", str(scratch), "-f", "null", "-"]
    played = subprocess.run(play, capture_output=True, text=True, check=False)
    return f"{segment}: ffmpeg says {played.stderr.strip()}" if played.stderr or played.returncode else None
