"""What is written under the picture, and where the chapters begin: for people, signed by nobody but the desk.

Times are media times in ticks of 1/90000 s.  Pure: the recording's times and notes come in as values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tools.export.cutting import Span
from tools.export.notes import Note
from tools.export.times import FrameTime, FrameTimes
from tools.verify.model import MEDIA_RATE
from tools.verify.times import moment, span

_TICKS_PER_MS = MEDIA_RATE // 1000
_SLIVER = 5 * _TICKS_PER_MS
"""What is shorter is nothing that anybody sees: times are rounded to milliseconds."""

_SOUND = {
    "muted": "sound muted by the officer",
    "failed": "the microphone had failed",
    "none": "no microphone",
}
"""States of the sound that are worth a word; that there is none before the press goes without saying."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A text that is shown from ``start`` to ``end``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the film with a name, up to the next one."""

    start: int
    title: str


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to tell of a recording.  ``press``: where the live part begins; ``notes``: the private part's
    entries, none where they are not to be shown; ``silenced``: spans whose sound the desk took out."""

    device: str
    number: int
    times: FrameTimes
    press: int | None
    notes: Sequence[Note] = ()
    silenced: Sequence[Span] = ()


def captions(story: Story, begin: int, end: int) -> Iterator[Caption]:
    """One caption a second, on the second of UTC where it is known, without a gap from ``begin`` to ``end``; a new one
    also where something else that it says changes."""
    turns = sorted({at for at in _turns(story) if begin < at < end} | {end})
    at = begin
    while at < end:
        found = story.times.at(at)
        after, turn = _next_second(found, at), next(turn for turn in turns if turn > at)
        after = after if after < turn - _SLIVER else turn
        yield Caption(at, after, "\n".join(_lines(story, found, at)))
        at = after


def chapters(story: Story, begin: int, end: int) -> list[Chapter]:
    """The beginning (before the press, where there is such a part), the press and each bookmark."""
    press = _pressed(story)
    early = press is not None and begin < press
    found = [Chapter(begin, "before the press" if early else "recording")]
    if press is not None and begin <= press < end:
        found.append(Chapter(press, "press"))
    marks = [note for note in story.notes if note["kind"] == "bookmark" and note["at"] is not None]
    found += [
        Chapter(note["at"], f"bookmark: {note['label']}".rstrip(": ")) for note in marks if begin <= note["at"] < end
    ]
    found.sort(key=lambda each: each.start)
    # Two that begin together would leave the first without any length.
    return [here for here, after in pairwise(found) if here.start < after.start] + found[-1:]


def _next_second(found: FrameTime, at: int) -> int:
    """Where the second that is shown ends."""
    if found.utc_ms is None:
        return (at // MEDIA_RATE + 1) * MEDIA_RATE
    shown = (found.utc_ms + _SLIVER // _TICKS_PER_MS) // 1000
    return at + ((shown + 1) * 1000 - found.utc_ms) * _TICKS_PER_MS


def _turns(story: Story) -> Iterator[int]:
    if story.press is not None:
        yield story.press
    for each in story.silenced:
        yield each.begin
        yield each.until
    for note in story.notes:
        if note["kind"] in {"assignment", "sound"} and note["at"] is not None:
            yield note["at"]


def _lines(story: Story, found: FrameTime, at: int) -> Iterator[str]:
    yield _time(found, at)
    yield ", ".join([story.device, f"recording {story.number}", *_shift(story, at)])
    if marks := [*_marks(story, found, at)]:
        yield ", ".join(marks)


def _time(found: FrameTime, at: int) -> str:
    date = None if found.utc_ms is None else moment(found.utc_ms + _SLIVER // _TICKS_PER_MS)
    if date is None:
        return f"clock not set, {span(at // MEDIA_RATE)} into the recording"
    known = (
        "by the camera's clock alone" if found.uncertainty_ms is None else f"\u00b1{_seconds(found.uncertainty_ms)} s"
    )
    return f"{date:%Y-%m-%d %H:%M:%S} UTC {known}"


def _seconds(milliseconds: int) -> str:
    """Tenths of a second, never less than it is."""
    return f"{-(-milliseconds // 100) / 10:.1f}"


def _shift(story: Story, at: int) -> list[str]:
    note = _holds(story, "assignment", at)
    if note is None:
        return []
    return ["no shift assigned" if note["shift"] is None else f"shift {note['shift']}"]


def _marks(story: Story, found: FrameTime, at: int) -> Iterator[str]:
    if found.pre_event:
        yield "PRE-EVENT"
    sound = _holds(story, "sound", at)
    if any(each.begin <= at < each.until for each in story.silenced):
        yield "sound removed from this copy"
    elif sound is not None and sound["state"] in _SOUND:
        yield _SOUND[sound["state"]]


def _holds(story: Story, kind: str, at: int) -> Note | None:
    """The last note of a kind by then; one without a time holds from the beginning."""
    found = [note for note in story.notes if note["kind"] == kind and (note["at"] or 0) <= at]
    return max(found, key=lambda note: note["at"] or 0, default=None)


def _pressed(story: Story) -> int | None:
    """When the button was pressed: the live part begins with the keyframe before that."""
    told = [note["at"] for note in story.notes if note["kind"] == "start" and note["at"] is not None]
    return next(iter(told), story.press)
