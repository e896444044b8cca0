"""Each vector of the dock protocol: what is judged says what the vector says, and breaks off where it says so."""

from __future__ import annotations

import pytest

from firmware.dock.messages import ReceiptLine
from firmware.dock.protocol import Side
from tests.vector_maker import dock
from tests.vector_maker.dock_scenarios import STREAMS, TALKS, make_stream, make_talk
from tests.vector_maker.dock_talk import Line, replay

NAMES = sorted(path.stem for path in dock.FOLDER.glob("*.vector"))
VECTORS = {name: dock.read(dock.FOLDER / f"{name}.vector") for name in NAMES}
CONVERSATIONS = [name for name in NAMES if VECTORS[name][0]["kind"] == "conversation"]
STREAM_NAMES = [name for name in NAMES if VECTORS[name][0]["kind"] == "link"]


def outcome(lines: list[Line], ended: str | None, judged: Side) -> str:
    """How a conversation went, in the words of the vectors."""
    if ended:
        return ended
    name, _, body = dock.spell(lines[-1]).partition(" ")[2].partition(" ")
    if name == "Bye":
        receipted = any(data[0] == ReceiptLine.TYPE for _, data in lines)
        return "closed" if receipted else "no-receipt"
    assert lines[-1][0] is judged
    return f"refused {dock.NAMES[name].parse(body.encode()).code}" if name == "Refused" else name.lower()  # type: ignore[attr-defined]  # Refused has a code


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversation(name: str) -> None:
    """Line for line what our camera, or our reference dock, says today, to the stated outcome."""
    header, text = VECTORS[name]
    lines = [dock.parse(line) for line in text]
    assert [dock.spell(line) for line in lines] == text
    for judged in Side if header["judges"] == "both" else (Side(header["judges"]),):
        said, ended = replay(lines, judged, dock.setting_of(header))
        assert said == lines
        assert outcome(said, ended, judged) == header["outcome"]


@pytest.mark.parametrize("name", STREAM_NAMES)
def test_stream(name: str) -> None:
    """The frames come out, and the rest is dropped and counted."""
    header, text = VECTORS[name]
    pieces = [bytes.fromhex(line.removeprefix("in ")) for line in text if line.startswith("in ")]
    frames, dropped = dock.deframed(pieces)
    assert (frames, str(dropped)) == ([line for line in text if line.startswith("frame ")], header["dropped"])


def test_the_maker_makes_the_same() -> None:
    """The folder holds what the maker makes today, no more and no less."""
    made = {
        header["scenario"]: (header, lines) for header, lines in (*map(make_talk, TALKS), *map(make_stream, STREAMS))
    }
    assert made == VECTORS
