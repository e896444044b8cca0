"""What a tag stands for: an officer's badge, or the tag on a camera.  The register of them lies beside that of shifts, at the dock alone."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from tools.dock import durable

FILE = "badges.jsonl"
MODE = 0o600
LONGEST = 8 << 20
"""Bytes of the register: some 100 000 tags."""

TAG = re.compile(r"[0-9A-Za-z]{4,32}")
DEVICE = re.compile(r"[a-z0-9-]{1,32}")
LONGEST_OFFICER = 128


class BadgeError(Exception):
    """The register of tags cannot be read, or something cannot be entered; the message says what."""


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer's badge; ``name`` is a name or number."""

    name: str


@dataclass(frozen=True, slots=True)
class Camera:
    """The tag on a camera."""

    device: str


class Badges:
    """JSON lines, of which the newest about a tag counts: ``{"tag", "officer"}``, ``{"tag", "camera"}``, or ``{"tag"}`` alone for one
    that was withdrawn.  Nobody but their owner may read or write them, and no line may hold anything else."""

    def __init__(self, store: Path) -> None:
        """Use the register in this store."""
        self._path = store / FILE

    def enter(self, tag: str, *, officer: str | None = None, camera: str | None = None) -> None:
        """Enter what a tag stands for from now on; with neither, nothing."""
        entry = {"tag": tag} | ({} if officer is None else {"officer": officer})
        entry |= {} if camera is None else {"camera": camera}
        _read(entry, "the entry")
        try:
            with durable.alone(self._path):
                self.all()  # a register that is damaged is not written over
                before = self._path.read_bytes() if self._path.exists() else b""
                line = json.dumps(entry, sort_keys=True, ensure_ascii=False).encode() + b"\n"
                durable.write(self._path, before + line, mode=MODE)
        except OSError as error:
            raise BadgeError(f"{self._path}: {error.strerror}") from None

    def all(self) -> dict[str, Officer | Camera]:
        """Each tag that stands for something; ``BadgeError`` says what is wrong with the file, or names the line."""
        try:
            held = self._path.stat()
            if stat.S_IMODE(held.st_mode) & 0o077:
                raise BadgeError(f"{self._path}: others than its owner may read or write it: chmod 600 it")
            if held.st_size > LONGEST:
                raise BadgeError(f"{self._path}: more than {LONGEST} bytes")
            return read_badges(self._path.read_bytes(), str(self._path))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise BadgeError(f"{self._path}: {error.strerror}") from None


def read_badges(data: bytes, where: str) -> dict[str, Officer | Camera]:
    """What a register says of each tag; ``BadgeError`` names the line that is wrong."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadgeError(f"{where}: is no text") from None
    if text and not text.endswith("\n"):
        raise BadgeError(f"{where}: the last line has no end")
    found: dict[str, Officer | Camera] = {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        place = f"{where}: line {number}"
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            raise BadgeError(f"{place}: is no JSON") from None
        tag, meaning = _read(entry, place)
        found.pop(tag, None)
        if meaning is not None:
            found[tag] = meaning
    return found


def _read(entry: object, where: str) -> tuple[str, Officer | Camera | None]:
    """One line's meaning."""
    if not isinstance(entry, dict) or not set(entry) <= {"tag", "officer", "camera"} or len(entry) > 2:
        raise BadgeError(f"{where}: not a tag, and an officer or a camera")
    tag, officer, camera = entry.get("tag"), entry.get("officer"), entry.get("camera")
    if not (isinstance(tag, str) and TAG.fullmatch(tag)):
        raise BadgeError(f"{where}: {str(tag)[:40]!r} is no tag (4 to 32 digits and letters)")
    if "officer" in entry:
        if not (
            isinstance(officer, str) and officer.strip() and officer.isprintable() and len(officer) <= LONGEST_OFFICER
        ):
            raise BadgeError(f"{where}: an officer's name or number has 1 to {LONGEST_OFFICER} printable characters")
        return tag, Officer(officer)
    if "camera" in entry:
        if not (isinstance(camera, str) and DEVICE.fullmatch(camera)):
            raise BadgeError(f"{where}: {str(camera)[:40]!r} is no camera's name (1 to 32 of a-z 0-9 -)")
        return tag, Camera(camera)
    return tag, None
