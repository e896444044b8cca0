"""The time line: where things stand, and that nothing is said over something else."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.verify.page.timeline import CHARACTER, LEFT, RIGHT, WIDTH, Lane, Mark, Scale, Span, draw, place_labels

BEGIN_MS = 1_795_399_650_000
times = st.integers(BEGIN_MS, BEGIN_MS + 120_000)
marks = st.lists(st.builds(Mark, times, st.just("live"), st.text("abc ", min_size=1, max_size=20)), max_size=12)


@given(begin=times, length=st.integers(0, 3_600_000), at=times, later=st.integers(0, 1_000_000))
def test_later_stands_further_right(begin: int, length: int, at: int, later: int) -> None:
    """And everything is inside the drawing, whatever the time."""
    scale = Scale(begin, begin + length)
    assert LEFT <= scale.x(at) <= scale.x(at + later) <= WIDTH - RIGHT


@given(begin=times, length=st.integers(1000, 6 * 3_600_000))
def test_ticks_are_round_few_and_inside(begin: int, length: int) -> None:
    """An axis that can be read, from a second to a shift."""
    scale = Scale(begin, begin + length)
    ticks = scale.ticks()
    assert all(tick % 1000 == 0 and scale.begin_ms <= tick <= scale.end_ms for tick in ticks)
    assert len(ticks) <= 40
    assert ticks == sorted(set(ticks))


@given(marks)
def test_labels_never_overlap(given_marks: list[Mark]) -> None:
    """In one row a label ends before the next one begins; none is lost."""
    placed = place_labels(given_marks, Scale(BEGIN_MS, BEGIN_MS + 120_000))
    assert sorted(mark.at_ms for mark, _, _ in placed) == sorted(mark.at_ms for mark in given_marks)
    for row in {row for _, row, _ in placed}:
        spans = sorted((begin, begin + len(mark.label) * CHARACTER) for mark, its, begin in placed if its == row)
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))
        assert spans[-1][1] <= WIDTH + 1e-6


def drawn(*lanes: Lane, bands: tuple[Span, ...] = ()) -> ET.Element:
    """The drawing, parsed: it has to be well formed."""
    return ET.fromstring(draw(lanes, bands))  # noqa: S314 - our own


def test_a_whole_drawing() -> None:
    """Spans with labels where they fit, marks, a band behind, times below; what is said is escaped."""
    root = drawn(
        Lane(
            "recording <1>",
            (
                Span(BEGIN_MS, BEGIN_MS + 10_000, "pre", "10 s & more"),
                Span(BEGIN_MS + 10_000, BEGIN_MS + 10_100, "live", "too long to fit"),
            ),
            (Mark(BEGIN_MS + 5_000, "live", "press"),),
        ),
        Lane("dock", (Span(BEGIN_MS + 20_000, BEGIN_MS + 60_000, "dock"),)),
        bands=(Span(BEGIN_MS + 12_000, BEGIN_MS + 15_000, "dark", "no power"),),
    )
    texts = [text.text for text in root.iter("text")]
    assert {"recording <1>", "10 s & more", "press", "dock", "no power"} <= set(texts)
    assert "too long to fit" not in texts
    assert "02:07:40" in texts
    rects = [rect.attrib for rect in root.iter("rect")]
    assert [rect["class"] for rect in rects] == ["dark", "pre", "live", "dock"]
    assert all(float(rect["width"]) > 0 for rect in rects)
    height = float(root.attrib["viewBox"].split()[3])
    assert all(float(rect["y"]) + float(rect["height"]) <= height for rect in rects)


def test_lanes_do_not_touch() -> None:
    """A lane with many labels makes room for them."""
    crowd = tuple(Mark(BEGIN_MS + number, "live", "a label") for number in range(5))
    span = (Span(BEGIN_MS, BEGIN_MS + 1000, "live"),)
    root = drawn(Lane("one", span), Lane("two", span, crowd))
    first, second = (float(rect.attrib["y"]) for rect in root.iter("rect"))
    tops = [float(line.attrib["y1"]) for line in root.iter("line") if line.attrib["class"] == "live"]
    assert first + 22 < min(tops) < second


def test_nothing_to_draw() -> None:
    """A time line of nothing is a mistake of the caller."""
    with pytest.raises(ValueError, match="min"):
        draw([Lane("empty")])
