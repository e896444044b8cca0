"""Reading lines that a power cut may have ended anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.evidence.errors import FormatError
from firmware.evidence.jws import LINE_LIMIT
from firmware.evidence.keys import hash_of
from firmware.evidence.lines import Ending, LineReader


def read(*pieces: bytes) -> tuple[list[bytes], LineReader]:
    """The lines accepted, which are those that begin with ``a``, and the reader."""
    lines: list[bytes] = []

    def accept(line: bytes) -> None:
        if not line.startswith(b"a"):
            raise FormatError("not a")
        lines.append(line)

    reader = LineReader(accept)
    for piece in pieces:
        reader.feed(piece)
    return lines, reader


@pytest.mark.parametrize(
    ("data", "lines", "valid", "ending", "refused"),
    [
        (b"", [], 0, Ending.WHOLE, False),
        (b"a1\na2\n", [b"a1", b"a2"], 6, Ending.WHOLE, False),
        (b"a1\na2", [b"a1"], 3, Ending.TORN, False),
        (b"a1\n" + bytes(100), [b"a1"], 3, Ending.TORN, False),
        (b"a1\n" + bytes(LINE_LIMIT * 3), [b"a1"], 3, Ending.TORN, True),
        (b"a1\n\0\0\0\n", [b"a1"], 3, Ending.TORN, True),
        (b"a1\nb\na2\n", [b"a1"], 3, Ending.REFUSED, True),
        (b"a1\n\n", [b"a1"], 3, Ending.REFUSED, True),
        (b"a1\n" + b"a" * (LINE_LIMIT + 1), [b"a1"], 3, Ending.REFUSED, True),
    ],
)
def test_endings(data: bytes, lines: list[bytes], valid: int, ending: Ending, *, refused: bool) -> None:
    """Good lines are handed out up to the first that is not, and what ends the file is told apart."""
    found, reader = read(data)
    tail = reader.tail()
    assert (found, tail.valid_length, tail.ending, tail.refusal is not None) == (lines, valid, ending, refused)
    assert tail.damaged is (ending is Ending.REFUSED)
    assert (reader.length, reader.hash) == (len(data), hash_of(data))


@given(st.lists(st.sampled_from([b"a1\n", b"a\n", b"a2", b"b\n", b"\0", b"\n"])), st.integers(1, 4))
def test_pieces(parts: list[bytes], size: int) -> None:
    """How a file is cut into pieces for reading makes no difference."""
    data = b"".join(parts)
    whole, one = read(data)
    cut, other = read(*(data[at : at + size] for at in range(0, len(data), size)))
    assert whole == cut
    assert (one.length, one.hash) == (other.length, other.hash)
    tails = [(tail.valid_length, tail.ending, str(tail.refusal)) for tail in (one.tail(), other.tail())]
    assert tails[0] == tails[1]
