"""What a reader of tags says, line by line: an officer's badge, then a camera; or a badge alone, for the next camera that is ready.

Readers present themselves as a keyboard, so that anybody can type anything: a line does nothing that a registered badge does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.dock.shifts.badges import DEVICE, TAG, Camera, Officer

PATIENCE_MS = 30_000
"""How long a badge waits for its camera."""

LONGEST = 64
"""Characters of a line that are looked at."""


@dataclass(frozen=True, slots=True)
class Taking:
    """An officer takes a camera; ``device`` None: the next one that is ready."""

    officer: str
    device: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a line: words for the officer, and what is to be entered, if anything is."""

    text: str
    taking: Taking | None = None
    refused: bool = False


class Counter:
    """Where officers take cameras.

    ``tags`` gives what each tag stands for now; ``known`` whether a camera of this name was ever in a dock of this store; with
    ``pick`` a badge is enough.
    """

    def __init__(
        self, tags: Callable[[], Mapping[str, Officer | Camera]], known: Callable[[str], bool], *, pick: bool = False
    ) -> None:
        """Nobody stands there."""
        self._tags = tags
        self._known = known
        self._pick = pick
        self._waiting: tuple[str, int] | None = None

    def hear(self, line: str, now_ms: int) -> Heard:
        """Take one line, without its end, at a time of a clock that does not run back."""
        line = line.removesuffix("\r")
        if self._waiting is not None and now_ms - self._waiting[1] > PATIENCE_MS:
            self._waiting = None
        if len(line) > LONGEST or not line.isascii() or not line.isprintable() or not line:
            return _refusal(f"that is nothing a reader says ({len(line)} characters)")
        meaning = self._tags().get(line) if TAG.fullmatch(line) else None
        if isinstance(meaning, Officer):
            return self._badge(meaning.name, now_ms)
        device = meaning.device if isinstance(meaning, Camera) else line
        if not DEVICE.fullmatch(device) or not self._known(device):
            return _refusal(f"no badge and no camera of this dock: {_masked(line)}")
        return self._camera(device)

    def _badge(self, officer: str, now_ms: int) -> Heard:
        if self._pick:
            return Heard(f"{officer}: takes the next camera that is ready", Taking(officer, None))
        self._waiting = (officer, now_ms)
        return Heard(f"{officer}: now the camera, within {PATIENCE_MS // 1000} seconds")

    def _camera(self, device: str) -> Heard:
        if self._waiting is None:
            return _refusal(f"{device}: a badge has to come first")
        officer, self._waiting = self._waiting[0], None
        return Heard(f"{officer}: takes {device}", Taking(officer, device))


def _refusal(text: str) -> Heard:
    return Heard(text, refused=True)


def _masked(line: str) -> str:
    """What was said, without telling who looks on what a badge's number is."""
    return f"...{line[-3:]}" if len(line) > 6 else "..."
